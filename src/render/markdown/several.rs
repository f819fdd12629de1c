//! The plans of several environments in one comment: what is equal is said once.

use super::escape::{code, prose};
use super::overview::{self, more};
use super::{CommentOptions, Shown, cut, marker, parts, steps};
use crate::plan::{Document, Phase, StepRecord};
use crate::render::data;
use crate::render::mask::clip;
use crate::render::summary::{self, Alert, count};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The plan of one environment.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'d> {
    pub name: &'d str,
    pub document: &'d Document,
}

/// Steps of one environment alone whose SQL is shown.
const OWN_STEPS: usize = 20;

/// The comment for several environments: a row for each, what differs between them, then the plan
/// of the one with the most steps, which stands for all that is equal.
///
/// Its marker is the one without an environment, or that of `options`. With one environment it is
/// [`comment`](super::comment); with none, a text that says so.
pub fn comment_of_several(environments: &[Environment<'_>], options: &CommentOptions) -> String {
    let marker = marker(options.environment.as_deref());
    // The last of equals: production is named last.
    let Some(base) = environments
        .iter()
        .max_by_key(|e| e.document.steps().count())
    else {
        return format!("{marker}\n### Schema plan\n\nno environment\n");
    };
    cut(
        &marker,
        options.limit,
        base.document,
        |shown| body(environments, base, shown),
        || {
            let mut out = "### Schema plan\n".to_owned();
            table(&mut out, environments);
            out.push_str("\nNone of the steps is shown: the comment would be too long.\n");
            out
        },
    )
}

fn body(environments: &[Environment<'_>], base: &Environment<'_>, shown: Shown) -> String {
    let names: Vec<String> = environments.iter().map(|e| prose(e.name)).collect();
    let mut out = format!("### Schema plan for {}\n", listed(&names));
    table(&mut out, environments);
    let others: Vec<&Environment> = environments
        .iter()
        .filter(|e| !std::ptr::eq(e.document, base.document))
        .collect();
    let differing: Vec<(&Environment, Differing)> = others
        .into_iter()
        .map(|e| (e, Differing::of(e.document, base.document)))
        .filter(|(_, differing)| !differing.is_empty())
        .collect();
    if differing.is_empty() {
        if environments.len() > 1 {
            out.push_str("\nThe plans are equal, step by step.\n");
        }
    } else {
        let _ = writeln!(out, "\n#### What differs from {}", prose(base.name));
        for (environment, differing) in &differing {
            differing.write(&mut out, environment, base, shown);
        }
    }
    let equal: Vec<String> = environments
        .iter()
        .filter(|e| {
            !differing
                .iter()
                .any(|(d, _)| std::ptr::eq(d.document, e.document))
        })
        .map(|e| prose(e.name))
        .collect();
    let _ = writeln!(out, "\n### The plan of {}", listed(&equal));
    parts(&mut out, base.document, shown);
    out
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn table(out: &mut String, environments: &[Environment<'_>]) {
    out.push_str("\n| environment | verdict | from | plan |\n|---|---|---|---|\n");
    for Environment { name, document } in environments {
        let rows = match data::in_the_way(document).len() {
            0 => String::new(),
            n => format!("<br>{} on which it fails", count(n, "kind of row")),
        };
        let _ = writeln!(
            out,
            "| **{}** | {}{rows} | {} | {} |",
            prose(name),
            overview::verdict(document),
            code(&document.from),
            code(&clip(&document.id, 13)),
        );
    }
}

/// What of one plan is not in the other.
struct Differing<'d> {
    /// Steps that only the environment has.
    own: Vec<(Phase, &'d StepRecord)>,
    /// Steps that only the other has.
    missing: Vec<&'d StepRecord>,
    /// Steps of both that mean something else for the application there.
    changed: Vec<String>,
    alerts: Vec<Alert<'d>>,
    /// `rows in the way` and doubts, as sentences.
    facts: Vec<String>,
}

impl<'d> Differing<'d> {
    fn of(document: &'d Document, base: &'d Document) -> Self {
        let has = |of: &Document, phase: Phase, step: &StepRecord| {
            of.steps().any(|(p, s)| p == phase && is_same(s, step))
        };
        let own = document
            .steps()
            .filter(|(phase, step)| !has(base, *phase, step))
            .collect();
        let missing = base
            .steps()
            .filter(|(phase, step)| !has(document, *phase, step))
            .map(|(_, step)| step)
            .collect();
        let mut changed = Vec::new();
        for (phase, step) in document.steps() {
            let twin = base.steps().find(|(p, s)| *p == phase && is_same(s, step));
            let Some((_, twin)) = twin else { continue };
            if twin.evidence.impact != step.evidence.impact {
                changed.push(format!(
                    "{}: {} here, {} there",
                    step.title,
                    step.evidence.impact.name(),
                    twin.evidence.impact.name()
                ));
            }
            if twin.gate != step.gate {
                let gate = |s: &StepRecord| match &s.gate {
                    Some(gate) => gate.to_string(),
                    None => "no gate".to_owned(),
                };
                changed.push(format!(
                    "{}: {} here, {} there",
                    step.title,
                    gate(step),
                    gate(twin)
                ));
            }
        }
        let known: BTreeSet<(&str, String)> = summary::alerts(base)
            .into_iter()
            .map(|a| (a.what, a.text))
            .collect();
        let mut alerts = summary::alerts(document);
        alerts.retain(|a| !known.contains(&(a.what, a.text.clone())));
        let mut facts: Vec<String> = Vec::new();
        let there: Vec<String> = data::in_the_way(base).iter().map(|c| c.text()).collect();
        for checked in data::in_the_way(document) {
            let text = checked.text();
            if !there.contains(&text) {
                facts.push(format!("rows in the way: {text}"));
            }
        }
        let doubts = |d: &'d Document| d.evidence.not_rehearsed.iter().chain(&d.evidence.residual);
        let there: Vec<&String> = doubts(base).collect();
        facts.extend(doubts(document).filter(|d| !there.contains(d)).cloned());
        if document.server_version != base.server_version {
            facts.push(format!(
                "PostgreSQL {} here, {} there",
                document.server_version, base.server_version
            ));
        }
        for (label, text) in summary::evidence(document) {
            let there = summary::evidence(base);
            // Of the rows, only what is in the way matters.
            if label != "data" && !there.contains(&(label, text.clone())) {
                facts.push(format!("{label}: {text}"));
            }
        }
        Self {
            own,
            missing,
            changed,
            alerts,
            facts,
        }
    }

    fn is_empty(&self) -> bool {
        let Self {
            own,
            missing,
            changed,
            alerts,
            facts,
        } = self;
        own.is_empty()
            && missing.is_empty()
            && changed.is_empty()
            && alerts.is_empty()
            && facts.is_empty()
    }

    fn write(
        &self,
        out: &mut String,
        environment: &Environment<'_>,
        base: &Environment<'_>,
        shown: Shown,
    ) {
        let (name, other) = (prose(environment.name), prose(base.name));
        let _ = writeln!(out, "\n**{name}**");
        overview::alerts(out, &self.alerts, shown.alerts);
        let titles = |steps: &mut dyn Iterator<Item = &StepRecord>| -> Vec<String> {
            steps.map(|s| s.title.clone()).collect()
        };
        let own = titles(&mut self.own.iter().map(|(_, s)| *s));
        let missing = titles(&mut self.missing.iter().copied());
        let only = format!("{} that {other} has not", count(own.len(), "step"));
        overview::list(out, &only, &own, shown.alerts);
        let not = format!(
            "{} of {other} that {name} has not",
            count(missing.len(), "step")
        );
        overview::list(out, &not, &missing, shown.alerts);
        overview::list(out, "Not the same", &self.changed, shown.alerts);
        overview::list(out, "Besides", &self.facts, shown.alerts);
        if !self.own.is_empty() && shown.sql > 0 {
            let _ = writeln!(out, "\n<details><summary>SQL of these steps</summary>");
            for (_, step) in self.own.iter().take(OWN_STEPS) {
                steps::sql(out, environment.document, step);
            }
            if self.own.len() > OWN_STEPS {
                out.push('\n');
                more(out, self.own.len(), OWN_STEPS);
            }
            out.push_str("\n</details>\n");
        }
    }
}

/// Whether two steps do the same, by whatever number.
fn is_same(a: &StepRecord, b: &StepRecord) -> bool {
    a.title == b.title
        && a.statements == b.statements
        && a.rollback == b.rollback
        && a.backfill == b.backfill
}
