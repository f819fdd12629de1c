//! The samples: the rehearsed plan of schemas/shop in every format, as it stands in plans/, and
//! the blocks of the README taken from it. `UPDATE_EXPECTED=1` writes them anew.

mod support;

use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::plan::artifact::{self, Format};
use pgrehearse::plan::{Document, Impact};
use pgrehearse::render::{Colour, markdown, mermaid, sql, text};
use pgrehearse::source::Source;
use pgrehearse::strategy::{Drops, SmallTable};
use std::path::Path;

fn shop() -> Document {
    let server = support::server(ServerVersion::V17).expect("a server of the samples' version");
    let mut options = support::options(&server);
    options.small = SmallTable::default();
    options.drops = Drops::default();
    let from = Source::Files("schemas/shop/v1".into());
    let to = Source::Files("schemas/shop/v2".into());
    let plan = pipeline::plan(&from, &to, &options).expect("the sample is planned");
    let mut document = plan.document().clone();
    // What differs from run to run is no part of a sample.
    document.evidence.run.clear();
    document
}

fn as_yaml(document: &Document) -> String {
    artifact::write_document(document, Format::Yaml).expect("a plan has a text form")
}

fn compare(path: &Path, got: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, got).expect("write the expectation");
        return;
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    if wanted != got {
        let diff = similar::TextDiff::from_lines(wanted.as_str(), got);
        let diff = diff.unified_diff().context_radius(2).to_string();
        panic!(
            "{} is not up to date (UPDATE_EXPECTED=1 writes it):\n{diff}",
            path.display()
        );
    }
}

/// The first lines of the plan and one step of each phase.
fn excerpt(plan: &str) -> String {
    let mut lines: Vec<&str> = plan.lines().take(7).collect();
    lines.push("  …");
    for phase in ["EXPAND", "MIGRATE", "CONTRACT"] {
        let from = plan.lines().skip_while(|l| !l.starts_with(phase));
        let mut block: Vec<&str> = Vec::new();
        let mut blanks = 0;
        for line in from {
            blanks += usize::from(line.is_empty());
            if blanks == 2 {
                break;
            }
            block.push(line);
        }
        lines.push("");
        lines.extend(block);
        lines.push("  …");
    }
    lines.join("\n")
}

#[test]
fn the_plans_of_the_shop_are_up_to_date() {
    let document = shop();
    assert!(
        document.evidence.residual.is_empty(),
        "{:?}",
        document.evidence.residual
    );
    assert!(
        document.evidence.not_rehearsed.is_empty(),
        "{:?}",
        document.evidence.not_rehearsed
    );
    assert_eq!(document.evidence.impact, Impact::Online);
    let again = shop();
    let (one, two) = (as_yaml(&document), as_yaml(&again));
    let diff = similar::TextDiff::from_lines(one.as_str(), two.as_str());
    assert!(
        one == two,
        "not the same plan:\n{}",
        diff.unified_diff().context_radius(3)
    );
    let plan = text::plan(&document, 100, Colour::No);
    compare(Path::new("plans/shop.txt"), &plan);
    compare(Path::new("plans/shop.sql"), &sql::plan(&document));
    compare(Path::new("plans/shop.md"), &markdown::plan(&document));
    let chart = mermaid::plan(&document, mermaid::MOST_STEPS);
    compare(Path::new("plans/shop.mmd"), &chart);
    for (format, path) in [
        (Format::Yaml, "plans/shop.yaml"),
        (Format::Json, "plans/shop.json"),
    ] {
        let file = artifact::write_document(&document, format).expect("a plan has a text form");
        compare(Path::new(path), &file);
        let read = artifact::read(&file).expect("our own file is read");
        assert_eq!(read.document(), &document, "{path}");
        assert!(!read.is_edited(), "{path}");
    }
    let readme = std::fs::read_to_string("README.md").expect("read README.md");
    let (head, rest) = readme
        .split_once("<!-- plan:shop -->\n")
        .expect("the block's begin");
    let (_, tail) = rest
        .split_once("<!-- /plan:shop -->")
        .expect("the block's end");
    let block = format!("```text\n{}\n```\n", excerpt(&plan));
    let readme = format!("{head}<!-- plan:shop -->\n{block}<!-- /plan:shop -->{tail}");
    compare(Path::new("README.md"), &readme);
}
