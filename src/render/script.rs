//! Hand-written SQL with what was measured: for the terminal and as JSON.

use super::Colour;
use super::mask::{one_line, visible};
use super::summary::count;
use super::text::{BAD, BOLD, DIM, GOOD, Page, WARN, wrap_sql};
use crate::kinds::HazardKind;
use crate::pg::LockMode;
use crate::plan::Impact;
use crate::plan::document::StatementEvidence;
use crate::rehearse::script::{Report, Statement, Transaction, Way};
use anstyle::Style;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The lines of one statement that are shown.
const LINES: usize = 12;

/// The report for a terminal of `width` columns; run times are not shown. `after` are the differences that the files
/// make, as text.
pub fn text(report: &Report, from: &str, after: &str, width: usize, colour: Colour) -> String {
    let mut page = Page::new(width, colour);
    let style = match (report.failed(), report.impact) {
        (Some(_), _) | (None, Impact::Blocking | Impact::NotRehearsed) => BAD,
        (None, Impact::Bounded) => WARN,
        (None, Impact::Online) => GOOD.bold(),
    };
    page.wrapped(&verdict(report).join(" · "), style);
    page.labelled(0, "from", &one_line(from), DIM, Style::new());
    let mut file = "";
    for transaction in &report.transactions {
        let first = transaction.statements.first();
        if let Some(first) = first.filter(|s| s.place.file != file) {
            page.line("");
            let name = page.paint(BOLD, &one_line(&first.place.file));
            page.line(&name);
            file = &first.place.file;
        }
        self::transaction(&mut page, transaction);
    }
    if report.not_run > 0 {
        page.line("");
        let text = format!("{} after it: not run", count(report.not_run, "statement"));
        page.wrapped(&text, WARN);
    }
    page.section("Notices", BOLD, &report.notices);
    page.line("");
    let title = page.paint(BOLD, "What the catalog differs in afterwards");
    page.line(&title);
    page.line("");
    let mut out = page.finish();
    out.push_str(after);
    out
}

/// The report in one line.
pub(super) fn verdict(report: &Report) -> Vec<String> {
    let mut parts = vec![match (report.failed(), report.impact) {
        (Some(failed), _) => format!("FAILS at {}", failed.place),
        (None, Impact::Online) => "online".to_owned(),
        (None, Impact::Bounded) => "online (bounded: small tables only)".to_owned(),
        (None, Impact::Blocking) => "BLOCKING".to_owned(),
        (None, Impact::NotRehearsed) => "impact unknown".to_owned(),
    }];
    let losing = |s: &&Statement| s.hazards.iter().any(|h| h.kind == HazardKind::DataLoss);
    if report.statements().filter(losing).count() > 0 {
        parts.push("DATA LOSS".to_owned());
    }
    parts.push(format!(
        "{} in {}",
        count(report.statements().count(), "statement"),
        count(report.transactions.len(), "transaction")
    ));
    parts.push(format!("measured on {}", report.rehearsed_on));
    parts
}

/// What stands above the statements of a transaction; nothing for one by itself.
pub(super) fn heading(transaction: &Transaction) -> Option<String> {
    let n = transaction.statements.len();
    let together = count(n, "statement");
    match transaction.way {
        Way::Own | Way::Outside => None,
        Way::Block => Some(format!("BEGIN … COMMIT: {together} in one transaction")),
        Way::RolledBack => Some(format!("BEGIN … ROLLBACK: {together}, taken back")),
        Way::File => Some(format!("the whole file: {together} in one transaction")),
    }
}

pub(super) fn impact(statement: &Statement) -> &'static str {
    match (&statement.failure, statement.evidence.declared.is_some()) {
        (Some(_), _) => "fails",
        (None, true) => "not measured",
        (None, false) => statement.impact.name(),
    }
}

/// The locks of a statement, strongest first.
pub(super) fn locks(evidence: &StatementEvidence) -> Vec<(LockMode, Vec<&str>)> {
    let mut by_mode: BTreeMap<LockMode, Vec<&str>> = BTreeMap::new();
    for (relation, mode) in &evidence.locks {
        by_mode.entry(*mode).or_default().push(relation);
    }
    by_mode.into_iter().rev().collect()
}

/// The work of a statement, as label and relations.
pub(super) fn work(evidence: &StatementEvidence) -> [(&'static str, &[String]); 3] {
    [
        ("scans", &evidence.scanned),
        ("rewrites", &evidence.rewritten),
        ("builds", &evidence.index_builds),
    ]
}

fn transaction(page: &mut Page, transaction: &Transaction) {
    if let Some(heading) = heading(transaction) {
        page.line("");
        page.labelled(2, "", &heading, DIM, DIM);
    }
    for statement in &transaction.statements {
        self::statement(page, statement, transaction.way);
    }
}

fn statement(page: &mut Page, statement: &Statement, way: Way) {
    page.line("");
    let style = match (&statement.failure, statement.impact) {
        (Some(_), _) | (None, Impact::Blocking) => BAD,
        (None, Impact::Bounded | Impact::NotRehearsed) => WARN,
        (None, Impact::Online) if statement.evidence.declared.is_some() => WARN,
        (None, Impact::Online) => GOOD,
    };
    let place = format!("{}:{}", statement.place.line, statement.place.column);
    let mut shown = format!(
        "  {}  {}",
        page.paint(BOLD, &place),
        page.paint(style, impact(statement))
    );
    if way == Way::Outside {
        shown.push_str(&page.paint(DIM, "  outside a transaction"));
    }
    page.line(&shown);
    let lines = wrap_sql(&visible(&statement.sql), page.room());
    for (n, line) in lines.iter().take(LINES).enumerate() {
        let label = match n {
            0 => page.paint(DIM, &format!("{:<9}", "sql")),
            _ => " ".repeat(9),
        };
        page.line(&format!("    {label}{line}"));
    }
    if lines.len() > LINES {
        let more = format!("… {}", count(lines.len() - LINES, "more line"));
        page.labelled(4, "", &more, DIM, DIM);
    }
    if let Some(failure) = &statement.failure {
        let code = match failure.sqlstate.as_str() {
            "" => String::new(),
            code => format!(" (SQLSTATE {code})"),
        };
        let text = format!("{}: {}{code}", failure.place, failure.message);
        page.labelled(4, "fails", &one_line(&text), BAD, Style::new());
        for (label, text) in [("detail", &failure.detail), ("hint", &failure.hint)] {
            if let Some(text) = text {
                page.labelled(4, label, &one_line(text), DIM, Style::new());
            }
        }
    } else if let Some(reason) = &statement.evidence.declared {
        page.labelled(4, "because", &one_line(reason), DIM, Style::new());
    } else {
        measured(page, statement, way);
    }
    for hazard in &statement.hazards {
        let style = match hazard.kind {
            HazardKind::DataLoss | HazardKind::BlocksReads | HazardKind::BlocksWrites => BAD,
            _ => WARN,
        };
        let text = format!("{}: {}", hazard.kind, one_line(&hazard.text));
        page.labelled(4, "hazard", &text, style, Style::new());
    }
    if let Some(help) = &statement.help {
        page.labelled(4, "help", help, GOOD, Style::new());
    }
}

/// What is said where no lock was seen.
fn no_locks(way: Way) -> &'static str {
    match way {
        Way::Own => "none on relations that existed before",
        Way::Block | Way::RolledBack | Way::File => "no more than those held already",
        Way::Outside => "none that waits for writers of its tables",
    }
}

fn measured(page: &mut Page, statement: &Statement, way: Way) {
    let evidence = &statement.evidence;
    if evidence.locks.is_empty() {
        page.field("locks", no_locks(way));
    }
    for (n, (mode, relations)) in locks(evidence).iter().enumerate() {
        let text = format!("{mode} on {}", one_line(&relations.join(", ")));
        let label = if n == 0 { "locks" } else { "" };
        let style = match (mode.blocks_reads(), mode.blocks_writes()) {
            (true, _) if statement.impact == Impact::Blocking => BAD,
            (_, true) => WARN,
            _ => Style::new(),
        };
        page.labelled(4, label, &text, DIM, style);
    }
    for (n, (relation, lock)) in statement.held.iter().enumerate() {
        let (line, column) = (lock.since.line, lock.since.column);
        let text = format!("{} on {relation} since {line}:{column}", lock.mode);
        let label = if n == 0 { "held" } else { "" };
        page.labelled(4, label, &one_line(&text), DIM, BAD);
    }
    for (label, relations) in work(evidence) {
        if !relations.is_empty() {
            page.field(label, &one_line(&relations.join(", ")));
        }
    }
}

/// The one JSON document; `after` are the differences as JSON, `refused` is what the settings forbid.
pub fn json(report: &Report, from: &str, after: &Value, refused: &[String]) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Value::Object(map) = &mut value {
        map.insert("from".to_owned(), json!(from));
        map.insert("refused".to_owned(), json!(refused));
        for key in ["differences", "unmodeled"] {
            map.insert(key.to_owned(), after[key].clone());
        }
    }
    value
}
