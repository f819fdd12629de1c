//! E6 in words: what the rows of the live database say to a plan.

use super::summary::count;
use crate::plan::{CheckRun, DataCheck, Document, StepRecord, Verdict};

/// A check with its result, if it was made.
pub(super) struct Checked<'d> {
    pub step: &'d StepRecord,
    pub check: &'d DataCheck,
    pub run: Option<&'d CheckRun>,
}

/// The checks of a step.
pub(super) fn of_step<'d>(document: &'d Document, step: &'d StepRecord) -> Vec<Checked<'d>> {
    let runs = document.evidence.run.get(&step.id);
    let checks = step.checks.iter().enumerate();
    checks
        .map(|(n, check)| Checked {
            step,
            check,
            run: runs.and_then(|r| r.checks.get(n)),
        })
        .collect()
}

/// Each question once: adding a constraint and validating it ask the same.
fn questions(document: &Document) -> Vec<Checked<'_>> {
    let mut all: Vec<Checked> = Vec::new();
    for checked in document.steps().flat_map(|(_, s)| of_step(document, s)) {
        let known =
            |c: &Checked| c.check.what == checked.check.what && c.check.show == checked.check.show;
        if !all.iter().any(known) {
            all.push(checked);
        }
    }
    all
}

/// The checks that found rows in the way.
pub(super) fn in_the_way(document: &Document) -> Vec<Checked<'_>> {
    let mut found = questions(document);
    found.retain(|c| c.run.is_some_and(|r| r.verdict == Verdict::Violated));
    found
}

impl Checked<'_> {
    /// `12 rows: NULL in public.orders.note`.
    pub fn text(&self) -> String {
        let what = &self.check.what;
        let Some(run) = self.run else {
            return what.clone();
        };
        let sample = if run.sampled { " in a sample" } else { "" };
        match (run.verdict, run.found) {
            (Verdict::Allowed, _) => format!("none{sample}: {what}"),
            (Verdict::Violated, Some(n)) => {
                let more = if run.more { "more than " } else { "" };
                format!("{more}{n}{sample}: {what}")
            }
            (Verdict::Violated, None) | (Verdict::NotChecked, _) => {
                let word = match run.verdict {
                    Verdict::Violated => "fails",
                    _ => "not checked",
                };
                let why = run.why.as_deref().unwrap_or_default();
                format!("{what}: {word}: {why}")
            }
        }
    }
}

/// The evidence in one line.
pub(super) fn summary(document: &Document) -> String {
    let questions = questions(document);
    if questions.is_empty() {
        return "no step depends on the rows there are".to_owned();
    }
    let all = count(questions.len(), "check");
    if let Some(why) = &document.evidence.data.not_checked {
        return format!("{all}, not checked: {why}");
    }
    let of = |verdict: Verdict| {
        let same = |c: &&Checked| c.run.is_some_and(|r| r.verdict == verdict);
        questions.iter().filter(same).count()
    };
    let sampled = questions
        .iter()
        .filter(|c| c.run.is_some_and(|r| r.sampled))
        .count();
    let mut parts = Vec::new();
    for (n, word) in [
        (of(Verdict::Allowed), "allowed"),
        (of(Verdict::Violated), "violated"),
        (
            questions.len() - of(Verdict::Allowed) - of(Verdict::Violated),
            "not checked",
        ),
        (sampled, "on a sample"),
    ] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    format!("{all} on the live rows: {}", parts.join(", "))
}
