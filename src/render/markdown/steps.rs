//! The steps: what they are and lock as tables, what they run in folds.

use super::escape::{code, fence, prose};
use super::overview::more;
use crate::pg::LockMode;
use crate::plan::{Document, Impact, Phase, Rollback, StepRecord};
use crate::render::guard::terminated;
use crate::render::mask::{clip, one_line};
use crate::render::summary::{self, Measured};
use crate::render::{data, promise};
use std::fmt::Write as _;

/// At most this many relations in one cell: a partitioned table has thousands.
const RELATIONS: usize = 8;

/// Steps of a plan whose tables need no fold.
const FEW: usize = 12;

/// A table of each phase; a long plan's are folded.
pub(super) fn tables(out: &mut String, document: &Document, at_most: usize) {
    let steps = document.steps().count();
    if steps == 0 {
        return;
    }
    out.push_str("\n#### Steps\n");
    let mut left = at_most;
    for record in document.phases.iter().filter(|p| !p.steps.is_empty()) {
        let shown: Vec<&StepRecord> = record.steps.iter().take(left).collect();
        left -= shown.len();
        let title = format!(
            "<b>{}</b> · {} · {}",
            record.phase,
            summary::count(record.steps.len(), "step"),
            promise::work(record.phase)
        );
        if shown.is_empty() {
            continue;
        }
        let folded = steps > FEW;
        match folded {
            true => {
                let _ = writeln!(out, "\n<details><summary>{title}</summary>\n");
            }
            false => {
                let _ = writeln!(out, "\n{title}\n");
            }
        }
        table(out, &shown);
        if folded {
            out.push_str("\n</details>\n");
        }
    }
    if steps > at_most {
        let _ = writeln!(
            out,
            "\n⚠️ **{} of {} are not shown**: the comment would be too long; see the plan file.",
            steps - at_most,
            summary::count(steps, "step"),
        );
    }
}

fn table(out: &mut String, steps: &[&StepRecord]) {
    out.push_str("| step | what | locks and work | undo |\n|---|---|---|---|\n");
    for step in steps {
        let impact = match step.evidence.impact {
            Impact::Online => String::new(),
            Impact::Bounded => "bounded · ".to_owned(),
            impact => format!("**{}** · ", impact.name()),
        };
        let gate = match &step.gate {
            Some(_) => "<br>waits at a gate",
            None => "",
        };
        let _ = writeln!(
            out,
            "| {} | {impact}{}{gate} | {} | {} |",
            id(&step.id),
            prose(&clip(&step.title, 300)),
            locks_and_work(step),
            undo(&step.rollback),
        );
    }
}

/// A step's name, which no narrow screen breaks.
fn id(id: &str) -> String {
    code(id).replace('-', "\u{2011}")
}

pub(in crate::render) fn names(relations: &[String]) -> String {
    let shown: Vec<String> = relations.iter().take(RELATIONS).map(|r| code(r)).collect();
    match relations.len().saturating_sub(RELATIONS) {
        0 => shown.join(", "),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}

/// The locks that keep anybody out, else the strongest; the plan file has all.
fn locks_and_work(step: &StepRecord) -> String {
    if !Measured::is_known(step) {
        return "not measured".to_owned();
    }
    let measured = Measured::of(step);
    let strong = |mode: LockMode| mode > LockMode::RowExclusive;
    let any = measured.locks.iter().any(|(mode, _)| strong(*mode));
    let mut lines: Vec<String> = measured
        .locks
        .iter()
        .enumerate()
        .filter(|(n, (mode, _))| match any {
            true => strong(*mode),
            false => *n == 0,
        })
        .map(|(_, (mode, on))| format!("{mode} on {}", names(on)))
        .collect();
    if lines.is_empty() {
        lines.push("no lock on what is there".to_owned());
    }
    let works = [
        ("scans", &measured.scanned),
        ("rewrites", &measured.rewritten),
        ("builds", &measured.index_builds),
    ];
    let works = works.into_iter().filter(|(_, on)| !on.is_empty());
    lines.extend(works.map(|(verb, on)| format!("{verb} {}", names(on))));
    if let Some(reason) = &measured.declared {
        lines.push(format!("(declared: {})", prose(&clip(reason, 300))));
    }
    lines.join("<br>")
}

fn undo(rollback: &Rollback) -> String {
    match rollback {
        Rollback::Run(statements) => match statements.len() {
            0 => "nothing to undo".to_owned(),
            n => summary::count(n, "statement"),
        },
        Rollback::Leave { what, why } => format!(
            "leaves {}: {}",
            prose(&clip(&what.human(), 150)),
            prose(&clip(why, 200))
        ),
        Rollback::Irreversible { why } => format!("**none**: {}", prose(&clip(why, 200))),
    }
}

/// The SQL of each phase with the reasons, folded.
pub(super) fn folds(out: &mut String, document: &Document, at_most: usize) {
    let steps = document.steps().count();
    if steps == 0 {
        return;
    }
    out.push_str("\n#### SQL\n");
    let mut left = at_most;
    for record in document.phases.iter().filter(|p| !p.steps.is_empty()) {
        let shown = record.steps.len().min(left);
        left -= shown;
        if shown > 0 {
            fold(out, document, record.phase, &record.steps, shown);
        }
    }
    if steps > at_most {
        let _ = writeln!(
            out,
            "\n⚠️ **The SQL of {} of {} is not shown**: the comment would be too long; see the plan file.",
            steps - at_most,
            summary::count(steps, "step"),
        );
    }
}

fn fold(out: &mut String, document: &Document, phase: Phase, steps: &[StepRecord], shown: usize) {
    let of = match shown < steps.len() {
        true => format!("{shown} of {}", summary::count(steps.len(), "step")),
        false => summary::count(steps.len(), "step"),
    };
    let _ = writeln!(
        out,
        "\n<details><summary>SQL of <b>{phase}</b> · {of}</summary>"
    );
    for step in steps.iter().take(shown) {
        sql(out, document, step);
    }
    out.push_str("\n</details>\n");
}

/// One step with its reason, its conditions, its SQL and the way back.
pub(super) fn sql(out: &mut String, document: &Document, step: &StepRecord) {
    let _ = writeln!(
        out,
        "\n**{}** {}\n",
        code(&step.id),
        prose(&clip(&step.title, 300))
    );
    if !step.why.is_empty() {
        let _ = writeln!(out, "{}\n", prose(&clip(&step.why, 1000)));
    }
    if let Some(gate) = &step.gate {
        let _ = writeln!(out, "Gate: {}\n", prose(&clip(&gate.to_string(), 500)));
    }
    const MOST: usize = 20;
    for hazard in step.hazards.iter().take(MOST) {
        let _ = writeln!(
            out,
            "- {}: {}",
            hazard.kind,
            prose(&clip(&hazard.text, 500))
        );
    }
    more(out, step.hazards.len(), MOST);
    let checks = data::of_step(document, step);
    for checked in checks.iter().take(MOST) {
        let _ = writeln!(out, "- rows: {}", prose(&clip(&checked.text(), 500)));
    }
    more(out, checks.len(), MOST);
    if !step.hazards.is_empty() || !checks.is_empty() {
        out.push('\n');
    }
    let mut sql = String::new();
    if step.statements.len() > 1 && step.is_transactional() {
        let _ = writeln!(
            sql,
            "-- {} statements in one transaction",
            step.statements.len()
        );
    }
    if let Some(backfill) = &step.backfill {
        let way = one_line(&backfill.way());
        let _ = writeln!(sql, "-- {way}, one transaction each");
    }
    for statement in &step.statements {
        if !statement.transactional {
            sql.push_str("-- outside a transaction\n");
        }
        sql.push_str(&terminated(&statement.sql));
        sql.push('\n');
    }
    fence(out, "sql", &sql);
    if let Rollback::Run(statements) = &step.rollback
        && !statements.is_empty()
    {
        let sql: Vec<String> = statements.iter().map(|s| terminated(&s.sql)).collect();
        out.push_str("\nUndo:\n\n");
        fence(out, "sql", &(sql.join("\n") + "\n"));
    }
}
