//! The difference of the schemas, object by object: the SQL before and after.

use super::escape::{code, fence, html_code};
use crate::plan::{DifferenceKind, DifferenceRecord, Document};
use crate::render::summary::count;
use std::fmt::Write as _;

/// Names in one line.
const NAMES: usize = 20;

pub(super) fn changes(out: &mut String, document: &Document, at_most: usize) {
    let all = &document.differences;
    if all.is_empty() {
        return;
    }
    out.push_str("\n#### What changes\n");
    for (kind, verb) in [
        (DifferenceKind::Create, "New"),
        (DifferenceKind::Drop, "Gone at the end"),
    ] {
        let found: Vec<String> = all
            .iter()
            .filter(|d| d.change == kind)
            .map(|d| code(&d.object.human()))
            .collect();
        if !found.is_empty() {
            let mut line = found.iter().take(NAMES).cloned().collect::<Vec<_>>();
            if found.len() > NAMES {
                line.push(format!("{} more", found.len() - NAMES));
            }
            let _ = writeln!(out, "\n{verb}: {}", line.join(", "));
        }
    }
    let with_text: Vec<&DifferenceRecord> = all
        .iter()
        .filter(|d| d.change != DifferenceKind::Create)
        .collect();
    if !with_text.is_empty() && at_most > 0 {
        out.push('\n');
    }
    for difference in with_text.iter().take(at_most) {
        one(out, difference);
    }
    if with_text.len() > at_most {
        let _ = writeln!(
            out,
            "\n⚠️ **{} not shown**: the comment would be too long; see the plan file.",
            match with_text.len() - at_most {
                1 => "1 difference is".to_owned(),
                n => format!("{} are", count(n, "difference")),
            }
        );
    }
}

fn one(out: &mut String, difference: &DifferenceRecord) {
    let lines = |sign: char| {
        let lines = difference.diff.lines();
        lines.filter(|line| line.starts_with(sign)).count()
    };
    let renamed = match &difference.renamed_from {
        Some(from) => format!(", until now {}", html_code(&from.human())),
        None => String::new(),
    };
    let title = format!("{}{renamed}", html_code(&difference.object.human()));
    if difference.diff.is_empty() {
        // A line of HTML by itself, so that the next fold begins as HTML, too.
        let _ = writeln!(out, "<p>{title}</p>\n");
        return;
    }
    let said: Vec<String> = [(lines('+'), "added"), (lines('-'), "removed")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, verb)| format!("{} {verb}", count(n, "line")))
        .collect();
    let _ = writeln!(
        out,
        "<details><summary>{title}: {}</summary>\n",
        said.join(", ")
    );
    fence(out, "diff", &difference.diff);
    out.push_str("\n</details>\n");
}
