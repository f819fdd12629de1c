//! docs/strategies.md: what the steps of each strategy were measured to lock and to work on, from the
//! cases in [`CASES`]. `UPDATE_EXPECTED=1` writes it anew.

mod support;

use pgrehearse::pg::{LockMode, ServerVersion};
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, StepRecord};
use pgrehearse::source::{Source, read_files};
use pgrehearse::strategy::Drops;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use support::{Live, options, server};

/// A change, the files of src/strategy that plan it, and the case that shows it.
const CASES: &[(&str, &str, &str)] = &[
    (
        "A column with a constant default is added",
        "direct",
        "column/add-nullable-and-constant-defaults",
    ),
    (
        "A column with a volatile default is added",
        "volatile_default",
        "column/add-with-a-volatile-default",
    ),
    (
        "A NOT NULL column is added, filled by a hint",
        "filled, add_column",
        "column/a-hint-fills-a-new-column",
    ),
    (
        "An identity column is added and becomes the key",
        "identity, filling",
        "column/an-identity-is-added-and-becomes-the-key",
    ),
    (
        "A column that is there becomes an identity",
        "identity",
        "column/a-column-without-an-index-becomes-identity",
    ),
    (
        "A column becomes NOT NULL",
        "set_not_null",
        "column/set-and-drop-not-null",
    ),
    (
        "A column is renamed",
        "rename, replace",
        "column/renamed-under-constraints-a-trigger-and-a-view",
    ),
    (
        "int becomes bigint, with key, index and foreign key",
        "replace",
        "column/int-becomes-bigint-with-key-index-and-foreign-key",
    ),
    (
        "text becomes an enum, by a hint",
        "convert, replace",
        "column/text-becomes-an-enum-with-the-hint",
    ),
    (
        "text is narrowed to varchar(n)",
        "replace",
        "column/text-narrowed-to-varchar-that-fits",
    ),
    ("A collation changes", "replace", "column/collation-changes"),
    (
        "Types are widened without a rewrite",
        "direct",
        "column/safe-widening-varchar-numeric-timestamp-bit",
    ),
    (
        "A stored generated column is added",
        "copy",
        "copy/a-generated-column-is-added",
    ),
    (
        "Values of an enum are removed and reordered",
        "replace",
        "enum/values-are-removed-and-reordered",
    ),
    (
        "A CHECK is added, dropped and redefined",
        "constraint, checks",
        "constraint/check-added-dropped-and-redefined",
    ),
    (
        "A foreign key is added",
        "constraint",
        "constraint/foreign-key-on-an-existing-column",
    ),
    (
        "UNIQUE is added and dropped",
        "key",
        "constraint/unique-added-and-dropped",
    ),
    (
        "A primary key is added, on nullable columns",
        "key, set_not_null",
        "constraint/primary-key-on-nullable-columns",
    ),
    (
        "An exclusion constraint is added: no online way",
        "direct",
        "constraint/exclusion-of-overlapping-ranges",
    ),
    (
        "Indexes are created",
        "index",
        "index/create-plain-unique-partial-and-expression",
    ),
    (
        "An index is redefined under its name",
        "index",
        "index/redefined-under-the-same-name",
    ),
    (
        "A table becomes partitioned",
        "copy",
        "copy/a-table-becomes-partitioned",
    ),
    (
        "An index of a partitioned table comes",
        "partition",
        "partition/an-index-comes-and-goes-over-two-levels",
    ),
    (
        "UNIQUE on a partitioned table",
        "partition, key",
        "partition/a-unique-constraint-over-two-levels",
    ),
    (
        "A foreign key between partitioned tables",
        "partition",
        "partition/a-foreign-key-between-two-partitioned-tables",
    ),
    (
        "A partition is added",
        "partition",
        "partition/a-month-is-added",
    ),
    (
        "A filled table becomes a partition",
        "partition",
        "partition/a-filled-table-is-attached-with-its-foreign-key",
    ),
    (
        "A partition gives way to two",
        "partition",
        "partition/a-year-gives-way-to-two-halves",
    ),
    (
        "A trigger fires otherwise on one partition",
        "partition",
        "trigger/a-state-on-single-partitions",
    ),
    (
        "A table is renamed",
        "rename",
        "table/renamed-with-the-hint",
    ),
    (
        "Columns move to a table of their own",
        "split",
        "split/columns-move-to-a-new-table",
    ),
    (
        "A column is dropped",
        "retire",
        "retire/a-column-waits-without-its-not-null-and-check",
    ),
    (
        "A table is dropped, with a backup",
        "retire",
        "retire/a-table-waits-with-a-backup-and-a-new-one-takes-its-name",
    ),
    (
        "A role gets privileges and loses others",
        "grant",
        "grant/privileges-and-options-change",
    ),
    (
        "An extension gets the version that the files state",
        "extension",
        "extension/updated-where-the-files-say-version",
    ),
];

const VERSIONS: [ServerVersion; 2] = [ServerVersion::V14, ServerVersion::V18];

const HEAD: &str = "\
# Strategies, as measured

For each change, the steps of its plan with what the server showed while they ran on the clone: the strongest lock and
where it was held, and the work on rows under it. Generated from cases of `tests/cases` by `cargo test --test strategies`
(`UPDATE_EXPECTED=1` writes it), on PostgreSQL 14 and 18; where both do the same there is one table. The rule for small
tables is off. How each strategy goes, why, and where it ends stands at the top of its file in `src/strategy`.

A step is online when no lock that blocks reads or writes (SHARE and stronger) is held over work that grows with the table.
";

fn plan(folder: &str, version: ServerVersion) -> Result<Document, String> {
    let server = server(version)?;
    let folder = Path::new("tests/cases").join(folder);
    let old = read_files(&folder.join("old.sql")).map_err(|e| e.to_string())?;
    let live = Live::from_files(&server, &old)?;
    let seed = std::fs::read_to_string(folder.join("seed.sql")).unwrap_or_default();
    live.client()
        .batch_execute(&seed)
        .map_err(|e| e.to_string())?;
    let mut options = options(&server);
    if folder.starts_with("tests/cases/retire") {
        options.drops = Drops {
            backup: folder.to_string_lossy().contains("backup"),
            ..Drops::default()
        };
    }
    let to = Source::Files(folder.join("new.sql"));
    let plan = pipeline::plan(&live.source(), &to, &options)
        .map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(plan.document().clone())
}

/// The strongest lock of a step and the relations that have it.
fn lock(step: &StepRecord) -> String {
    let mut held: BTreeMap<&str, LockMode> = BTreeMap::new();
    for (relation, mode) in step.evidence.statements.iter().flat_map(|s| &s.locks) {
        let strongest = held.entry(relation).or_insert(*mode);
        *strongest = (*strongest).max(*mode);
    }
    let Some(strongest) = held.values().max().copied() else {
        return "none".to_owned();
    };
    let on: Vec<&str> = held
        .iter()
        .filter(|(_, mode)| **mode == strongest)
        .map(|(relation, _)| relation.strip_prefix("public.").unwrap_or(relation))
        .collect();
    match on.as_slice() {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!(
                "{strongest}: {first}, {second}, {third}, {} more",
                rest.len()
            )
        }
        all => format!("{strongest}: {}", all.join(", ")),
    }
}

fn work(step: &StepRecord) -> String {
    let measured = &step.evidence.statements;
    let each =
        |verb: &str, of: fn(&pgrehearse::plan::document::StatementEvidence) -> &Vec<String>| {
            let names: BTreeSet<&str> = measured
                .iter()
                .flat_map(of)
                .map(|r| r.strip_prefix("public.").unwrap_or(r))
                .collect();
            let names: Vec<&str> = names.into_iter().collect();
            (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
        };
    let mut works = Vec::new();
    if step.backfill.is_some() {
        works.push("in batches".to_owned());
    }
    works.extend(each("rewrites", |s| &s.rewritten));
    if step.backfill.is_none() {
        works.extend(each("reads", |s| &s.scanned));
    }
    works.extend(each("builds", |s| &s.index_builds));
    works.join("; ")
}

fn table(document: &Document) -> String {
    let mut text =
        String::from("| step | what | strongest lock | work on rows | |\n|---|---|---|---|---|\n");
    for (_, step) in document.steps() {
        let gate = if step.gate.is_some() { ", gated" } else { "" };
        let _ = writeln!(
            text,
            "| {} | {}{gate} | {} | {} | {} |",
            step.id,
            step.title.replace('|', "\\|"),
            lock(step).replace('|', "\\|"),
            work(step).replace('|', "\\|"),
            step.evidence.impact.name(),
        );
    }
    text
}

#[test]
fn docs_strategies_is_up_to_date() {
    let mut page = HEAD.to_owned();
    for (change, files, case) in CASES {
        let files: Vec<String> = files.split(", ").map(|f| format!("`{f}`")).collect();
        let _ = write!(
            page,
            "\n## {change}\n\nBy {} · `tests/cases/{case}`\n",
            files.join(", ")
        );
        let tables: Vec<String> = VERSIONS
            .iter()
            .map(|v| table(&plan(case, *v).expect("the case is planned")))
            .collect();
        if tables.iter().all(|t| *t == tables[0]) {
            let _ = write!(page, "\n{}", tables[0]);
            continue;
        }
        for (version, table) in VERSIONS.iter().zip(tables) {
            let _ = write!(page, "\nPostgreSQL {}:\n\n{table}", version.major());
        }
    }
    let path = Path::new("docs/strategies.md");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, &page).expect("write the page");
        return;
    }
    let wanted = std::fs::read_to_string(path).unwrap_or_default();
    let diff = similar::TextDiff::from_lines(wanted.as_str(), page.as_str());
    assert!(
        wanted == page,
        "docs/strategies.md is not up to date (UPDATE_EXPECTED=1 writes it):\n{}",
        diff.unified_diff().context_radius(2)
    );
}

/// Every file of src/strategy is shown by a case.
#[test]
fn no_strategy_is_left_out() {
    let shown: BTreeSet<&str> = CASES
        .iter()
        .flat_map(|(_, files, _)| files.split(", "))
        .collect();
    let there: BTreeSet<String> = std::fs::read_dir("src/strategy")
        .expect("src/strategy")
        .filter_map(|e| {
            Some(
                Path::new(&e.ok()?.file_name())
                    .file_stem()?
                    .to_str()?
                    .to_owned(),
            )
        })
        // What `replication` says of the others' steps is in tests/replication.rs, what `rewritten` refuses in
        // tests/refused.rs; that of `materialized_view` is online in tests/cases/materialized-view, `owner` is shown
        // in tests/cases/owner.
        .filter(|name| {
            let elsewhere = [
                "mod",
                "replication",
                "rewritten",
                "materialized_view",
                "owner",
            ];
            !elsewhere.contains(&name.as_str())
        })
        .collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(there, shown);
}
