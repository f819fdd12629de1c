//! Hand-written SQL with what was measured, as Markdown.

use super::markdown::{code, fenced, list, names, prose};
use super::mask::clip;
use super::script::{heading, impact, locks, verdict, work};
use crate::plan::Impact;
use crate::rehearse::script::{Report, Statement};
use std::fmt::Write as _;

/// A table of the statements, then each of those that one should look at. `after` are the differences that the files
/// make, as text without colours.
pub fn markdown(report: &Report, from: &str, after: &str) -> String {
    let mut out = "### Hand-written SQL, measured\n\n".to_owned();
    let sign = match (report.failed(), report.impact) {
        (Some(_), _) => "❌",
        (None, Impact::Blocking) => "⚠️",
        (None, Impact::NotRehearsed) => "❔",
        (None, Impact::Online | Impact::Bounded) => "✅",
    };
    let _ = writeln!(out, "{sign} **{}**", prose(&verdict(report).join(" · ")));
    let _ = writeln!(out, "\non a clone of {}", code(from));
    table(&mut out, report);
    if report.not_run > 0 {
        let left = super::summary::count(report.not_run, "statement");
        let _ = writeln!(out, "\n**{left} after it: not run**");
    }
    for statement in report.statements() {
        if statement.failure.is_some() || !statement.hazards.is_empty() || statement.help.is_some()
        {
            detail(&mut out, statement);
        }
    }
    list(&mut out, "Notices", &report.notices, usize::MAX);
    let _ = writeln!(
        out,
        "\n<details><summary>What the catalog differs in afterwards</summary>\n"
    );
    fenced(&mut out, "diff", after.trim_end());
    out.push_str("\n</details>\n");
    out
}

fn place(statement: &Statement) -> String {
    let at = &statement.place;
    code(&format!("{}:{}:{}", at.file, at.line, at.column))
}

fn table(out: &mut String, report: &Report) {
    if report.transactions.is_empty() {
        return;
    }
    out.push_str("\n| where | impact | statement | locks | work |\n|---|---|---|---|---|\n");
    for transaction in &report.transactions {
        if let Some(heading) = heading(transaction) {
            let _ = writeln!(out, "| | | *{heading}* | | |");
        }
        for statement in &transaction.statements {
            let word = impact(statement);
            let word = match word {
                "blocking" | "fails" | "not rehearsed" => format!("**{word}**"),
                word => word.to_owned(),
            };
            let owned = |on: &[&str]| on.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>();
            let mut held: Vec<String> = locks(&statement.evidence)
                .iter()
                .map(|(mode, on)| format!("{mode} on {}", names(&owned(on))))
                .collect();
            held.extend(statement.held.iter().map(|(relation, lock)| {
                let (line, column) = (lock.since.line, lock.since.column);
                let on = code(relation);
                format!("held since {line}:{column}: {} on {on}", lock.mode)
            }));
            let done: Vec<String> = work(&statement.evidence)
                .iter()
                .filter(|(_, on)| !on.is_empty())
                .map(|(verb, on)| format!("{verb} {}", names(on)))
                .collect();
            let sql = super::mask::one_line(&statement.sql);
            let _ = writeln!(
                out,
                "| {} | {word} | {} | {} | {} |",
                place(statement),
                code(&clip(&sql, 120)),
                held.join("<br>"),
                done.join("<br>"),
            );
        }
    }
}

fn detail(out: &mut String, statement: &Statement) {
    let _ = writeln!(
        out,
        "\n**{}** {}\n",
        prose(impact(statement)),
        place(statement)
    );
    fenced(out, "sql", &clip(&statement.sql, 4000));
    out.push('\n');
    if let Some(failure) = &statement.failure {
        let at = format!("{}", failure.place);
        let _ = writeln!(
            out,
            "- {}: **{}** (SQLSTATE {})",
            code(&at),
            prose(&failure.message),
            prose(&failure.sqlstate)
        );
        for text in failure.detail.iter().chain(&failure.hint) {
            let _ = writeln!(out, "- {}", prose(text));
        }
    }
    for hazard in &statement.hazards {
        let _ = writeln!(
            out,
            "- **{}**: {}",
            hazard.kind,
            prose(&clip(&hazard.text, 500))
        );
    }
    if let Some(help) = &statement.help {
        let _ = writeln!(out, "- help: {}", prose(help));
    }
}
