//! What a reviewer reads first: verdict, hazards, promises, evidence.

use super::escape::{code, fence, prose};
use crate::kinds::HazardKind;
use crate::plan::{Document, Impact, Phase};
use crate::render::guard::terminated;
use crate::render::mask::clip;
use crate::render::summary::{self, Alert, Measured, count};
use crate::render::{data, promise};
use std::fmt::Write as _;

/// Hazards of one kind that are shown without a fold.
const FEW: usize = 3;

/// The sign and the verdict in one line.
pub(super) fn verdict(document: &Document) -> String {
    let sign = match document.evidence.impact {
        _ if !document.evidence.residual.is_empty() => "❌",
        _ if !data::in_the_way(document).is_empty() => "⛔",
        _ if summary::data_loss(document) > 0 => "⚠️",
        _ if document.is_empty() => "✅",
        Impact::Online | Impact::Bounded => "✅",
        Impact::Blocking => "⚠️",
        Impact::NotRehearsed => "❔",
    };
    let verdict = prose(&summary::verdict(document).join(" · "));
    format!("{sign} **{verdict}**")
}

/// What stands in the way of believing the plan.
pub(super) fn doubts(out: &mut String, document: &Document, at_most: usize) {
    let evidence = &document.evidence;
    list(out, "❔ Not rehearsed", &evidence.not_rehearsed, at_most);
    let title = "❌ Does not arrive: what differs from the desired schema after the last step";
    list(out, title, &evidence.residual, at_most);
}

pub(in crate::render) fn list(out: &mut String, title: &str, items: &[String], at_most: usize) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n**{title}**\n");
    for item in items.iter().take(at_most) {
        let _ = writeln!(out, "- {}", prose(&clip(item, 1000)));
    }
    more(out, items.len(), at_most);
}

pub(super) fn more(out: &mut String, all: usize, at_most: usize) {
    if all > at_most {
        let _ = writeln!(out, "- … and {} more, in the plan file", all - at_most);
    }
}

/// The hazards, worst first: those that destroy or stop something one by one, many of another kind
/// in a fold.
pub(super) fn alerts(out: &mut String, alerts: &[Alert<'_>], at_most: usize) {
    if alerts.is_empty() {
        return;
    }
    out.push_str("\n**Before you apply**\n\n");
    let severe = [
        HazardKind::DataLoss.name(),
        HazardKind::BlocksReads.name(),
        HazardKind::BlocksWrites.name(),
        "blocking",
    ];
    let mut left = at_most;
    for kind in alerts.chunk_by(|a, b| a.what == b.what) {
        let Some(what) = kind.first().map(|a| a.what) else {
            continue;
        };
        let shown = kind.len().min(left);
        left -= shown;
        let one_by_one = severe.contains(&what) || kind.len() <= FEW;
        if one_by_one {
            for alert in kind.iter().take(shown) {
                let _ = writeln!(out, "- **{}** in {}", alert.what, said(alert));
            }
            continue;
        }
        let steps = count(kind.len(), "time");
        let declared = match kind.iter().all(|a| a.declared) {
            true => ", declared",
            false => "",
        };
        // A fold inside an item is one of the list.
        let _ = writeln!(
            out,
            "- <details><summary><b>{what}</b>: {steps}{declared}</summary>\n"
        );
        for alert in kind.iter().take(shown) {
            let _ = writeln!(out, "  - {}", said(alert));
        }
        if shown < kind.len() {
            let _ = writeln!(
                out,
                "  - … and {} more, in the plan file",
                kind.len() - shown
            );
        }
        out.push_str("\n  </details>\n");
    }
    more(out, alerts.len(), at_most);
}

fn said(alert: &Alert<'_>) -> String {
    let declared = if alert.declared { " (declared)" } else { "" };
    format!(
        "{}: {}{declared}",
        code(alert.step),
        prose(&clip(&alert.text, 500))
    )
}

pub(super) fn rows_in_the_way(out: &mut String, document: &Document, at_most: usize) {
    let found = data::in_the_way(document);
    if found.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n**Rows in the way: `apply` refuses the plan while they stand**\n"
    );
    for checked in found.iter().take(at_most) {
        let _ = writeln!(
            out,
            "- {} {}\n",
            code(&checked.step.id),
            prose(&clip(&checked.text(), 500))
        );
        if let Some(show) = &checked.check.show {
            fence(out, "sql", &terminated(&clip(show.as_str(), 2000)));
            out.push('\n');
        }
    }
    more(out, found.len(), at_most);
}

/// The queries of the application that were seen to fail, with the step and what the server says.
pub(super) fn queries(out: &mut String, document: &Document, at_most: usize) {
    let broken = &document.evidence.checked_queries.broken;
    if broken.is_empty() {
        return;
    }
    out.push_str("\n**Queries that stop working**\n\n");
    for one in broken.iter().take(at_most) {
        let mended = match &one.mended_by {
            Some(step) => format!(" (works again from {} on)", code(step)),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "- {} breaks {}: {}{mended}",
            code(&one.step),
            code(&one.query),
            prose(&clip(&one.message, 300))
        );
    }
    more(out, broken.len(), at_most);
    const MOST: usize = 20;
    let shown = at_most.min(MOST);
    if shown > 0 {
        out.push_str("\n<details><summary>Their SQL</summary>\n");
        for one in broken.iter().take(shown) {
            let _ = writeln!(out, "\n{}:\n", code(&one.query));
            fence(out, "sql", &clip(&one.sql, 2000));
        }
        out.push_str("\n</details>\n");
    }
}

/// What each phase does and promises the running application, and whether it can be taken back.
pub(super) fn phases(out: &mut String, document: &Document) {
    let phases: Vec<Phase> = document
        .phases
        .iter()
        .filter(|p| !p.steps.is_empty())
        .map(|p| p.phase)
        .collect();
    if phases.is_empty() {
        return;
    }
    out.push_str("\n**What the running application meets**\n\n");
    for phase in phases {
        let steps = document.steps().filter(|(p, _)| *p == phase);
        let (mut number, mut worst) = (0, Impact::Online);
        for (_, step) in steps {
            number += 1;
            worst = worst.max(step.evidence.impact);
        }
        let _ = writeln!(
            out,
            "- **{phase}** {}: {}, {}",
            promise::work(phase),
            count(number, "step"),
            match worst {
                Impact::Blocking => "**blocking**",
                worst => worst.name(),
            }
        );
        for promise in promise::promises(document, phase) {
            let _ = writeln!(out, "  - {}", prose(&promise));
        }
    }
}

/// E1 to E6: what was proved, and what was not.
pub(super) fn evidence(out: &mut String, document: &Document, at_most: usize) {
    if document.is_empty() {
        return;
    }
    let evidence = &document.evidence;
    let steps = document.steps().count();
    let measured = document
        .steps()
        .filter(|(_, s)| Measured::is_known(s) && Measured::of(s).declared.is_none())
        .count();
    let mut lines: Vec<(&str, String)> = Vec::new();
    match &evidence.rehearsed_on {
        None => {
            lines.push((
                "runs",
                "not rehearsed: no statement was executed".to_owned(),
            ));
            lines.push(("arrives", "not known: not rehearsed".to_owned()));
        }
        Some(_) => {
            let in_part = match evidence.not_rehearsed.is_empty() {
                true => String::new(),
                false => ", but not all is as on the live server: see above".to_owned(),
            };
            lines.push((
                "runs",
                format!("every statement was executed on a clone{in_part}"),
            ));
            lines.push((
                "arrives",
                match evidence.residual.len() {
                    0 => "after the last step the clone is as desired".to_owned(),
                    n => format!("no: {} left", count(n, "difference")),
                },
            ));
        }
    }
    lines.push((
        "locks",
        match (measured, steps - measured) {
            (_, 0) => "measured for every step".to_owned(),
            (0, _) => "not measured".to_owned(),
            (some, rest) => format!(
                "measured for {} of {}; of {rest} declared",
                some,
                count(steps, "step")
            ),
        },
    ));
    lines.extend(summary::evidence(document));
    out.push_str("\n#### Evidence\n\n");
    for (label, text) in lines.iter().take(at_most) {
        let _ = writeln!(out, "- {label}: {}", prose(&clip(text, 1000)));
    }
    more(out, lines.len(), at_most);
}

/// Remarks; a hint in one stands in a block of its own, to be copied.
pub(super) fn notices(out: &mut String, document: &Document, at_most: usize) {
    const HINT: &str = "-- pgrehearse: ";
    let notices = &document.notices;
    if notices.is_empty() {
        return;
    }
    out.push_str("\n#### Notices\n\n");
    for notice in notices.iter().take(at_most) {
        match notice.split_once(HINT) {
            Some((text, hint)) if hint.len() < 500 && !hint.contains('\n') => {
                let _ = writeln!(out, "- {}\n", prose(&clip(text.trim_end(), 1000)));
                fence(out, "sql", &format!("{HINT}{hint}"));
                out.push('\n');
            }
            _ => {
                let _ = writeln!(out, "- {}", prose(&clip(notice, 1000)));
            }
        }
    }
    more(out, notices.len(), at_most);
}
