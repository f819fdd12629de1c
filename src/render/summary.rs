//! What every rendering says of a plan, in the same words.

use crate::kinds::HazardKind;
use crate::kinds::hazard::Basis;
use crate::pg::LockMode;
use crate::plan::{BrokenQuery, Document, Impact, Phase, StatementEvidence, StepRecord};
use std::collections::{BTreeMap, BTreeSet};

/// What an empty plan says.
pub(super) const NOTHING: &str = "nothing to do: live is as desired";

/// The plan in one line: impact, size, what it was rehearsed on, whether it arrives.
pub(super) fn verdict(document: &Document) -> Vec<String> {
    let evidence = &document.evidence;
    let differences = evidence.residual.len();
    if document.is_empty() {
        return match differences {
            0 => vec![NOTHING.to_owned()],
            n => vec![format!(
                "no steps, yet {} from the desired schema",
                count(n, "difference")
            )],
        };
    }
    let mut parts = Vec::new();
    parts.push(match evidence.impact {
        Impact::Online => "online".to_owned(),
        Impact::Bounded => "online (bounded: small tables only)".to_owned(),
        Impact::Blocking => "BLOCKING".to_owned(),
        Impact::NotRehearsed => "impact unknown".to_owned(),
    });
    if data_loss(document) > 0 {
        parts.push("DATA LOSS".to_owned());
    }
    if !super::data::in_the_way(document).is_empty() {
        parts.push("ROWS IN THE WAY".to_owned());
    }
    match broken(document).len() {
        0 => {}
        1 => parts.push("BREAKS 1 QUERY".to_owned()),
        n => parts.push(format!("BREAKS {n} QUERIES")),
    }
    let phases = document.phases.iter().filter(|p| !p.steps.is_empty());
    parts.push(format!(
        "{} in {}",
        count(document.steps().count(), "step"),
        count(phases.count(), "phase")
    ));
    parts.push(match &evidence.rehearsed_on {
        None => "NOT REHEARSED".to_owned(),
        Some(server) if evidence.not_rehearsed.is_empty() => {
            format!("rehearsed on {}", server_name(server))
        }
        Some(server) => format!("rehearsed in part on {}", server_name(server)),
    });
    // Without a rehearsal nobody has seen where the plan leads: an empty residual proves nothing.
    if differences > 0 {
        parts.push(format!(
            "DOES NOT ARRIVE: {} left",
            count(differences, "difference")
        ));
    } else if evidence.rehearsed_on.is_some() {
        parts.push("arrives at the desired schema".to_owned());
    }
    parts
}

fn server_name(server: &str) -> String {
    if server.starts_with(|c: char| c.is_ascii_digit()) {
        format!("PostgreSQL {server}")
    } else {
        server.to_owned()
    }
}

/// How many steps destroy data.
pub(super) fn data_loss(document: &Document) -> usize {
    let loses = |s: &StepRecord| s.hazards.iter().any(|h| h.kind == HazardKind::DataLoss);
    document.steps().filter(|(_, s)| loses(s)).count()
}

/// The queries that no later step mends.
pub(super) fn broken(document: &Document) -> Vec<&BrokenQuery> {
    let broken = document.evidence.checked_queries.broken.iter();
    broken.filter(|b| b.mended_by.is_none()).collect()
}

/// `1 step`, `2 steps`.
pub(super) fn count(n: usize, noun: &str) -> String {
    match n {
        1 => format!("1 {noun}"),
        _ => format!("{n} {noun}s"),
    }
}

/// Something to know before the plan is applied.
pub(super) struct Alert<'a> {
    /// A hazard's name, or `blocking`.
    pub what: &'static str,
    pub step: &'a str,
    pub text: String,
    pub declared: bool,
}

/// The hazards that stop, break or destroy something, worst first; then in the order of steps.
pub(super) fn alerts(document: &Document) -> Vec<Alert<'_>> {
    const ORDER: [HazardKind; 7] = [
        HazardKind::DataLoss,
        HazardKind::BlocksReads,
        HazardKind::BlocksWrites,
        HazardKind::RejectsWrites,
        HazardKind::BreaksQueries,
        HazardKind::Replication,
        HazardKind::Irreversible,
    ];
    let mut alerts = Vec::new();
    for kind in ORDER {
        for (_, step) in document.steps() {
            for hazard in step.hazards.iter().filter(|h| h.kind == kind) {
                alerts.push(Alert {
                    what: kind.name(),
                    step: &step.id,
                    text: hazard.text.clone(),
                    declared: hazard.basis == Basis::Declared,
                });
            }
        }
        if kind == HazardKind::BlocksWrites {
            alerts.extend(document.steps().filter_map(|(_, s)| blocking(s)));
        }
    }
    alerts
}

/// A blocking step that has no hazard which says so.
fn blocking(step: &StepRecord) -> Option<Alert<'_>> {
    let said = step
        .hazards
        .iter()
        .any(|h| matches!(h.kind, HazardKind::BlocksReads | HazardKind::BlocksWrites));
    (step.evidence.impact == Impact::Blocking && !said).then(|| {
        let summary = Measured::of(step);
        let held: Vec<String> = summary
            .locks
            .iter()
            .filter(|(mode, _)| mode.blocks_writes())
            .map(|(mode, on)| format!("{mode} on {}", listed(on, 3)))
            .collect();
        Alert {
            what: "blocking",
            step: &step.id,
            text: match held.is_empty() {
                true => step.title.clone(),
                false => format!("{}: holds {}", step.title, held.join(", ")),
            },
            declared: summary.declared.is_some(),
        }
    })
}

/// The evidence of all statements of a step together.
#[derive(Default)]
pub(super) struct Measured {
    /// Strongest first; each relation under its strongest lock only.
    pub locks: Vec<(LockMode, Vec<String>)>,
    pub scanned: Vec<String>,
    pub rewritten: Vec<String>,
    pub index_builds: Vec<String>,
    /// Why it was not measured.
    pub declared: Option<String>,
}

impl Measured {
    pub fn of(step: &StepRecord) -> Self {
        let mut strongest: BTreeMap<&str, LockMode> = BTreeMap::new();
        let statements = &step.evidence.statements;
        for (relation, mode) in statements.iter().flat_map(|s| &s.locks) {
            let held = strongest.entry(relation).or_insert(*mode);
            *held = (*held).max(*mode);
        }
        let mut by_mode: BTreeMap<LockMode, Vec<String>> = BTreeMap::new();
        for (relation, mode) in strongest {
            by_mode.entry(mode).or_default().push(relation.to_owned());
        }
        let united = |of: fn(&StatementEvidence) -> &Vec<String>| -> Vec<String> {
            let all: BTreeSet<&String> = statements.iter().flat_map(of).collect();
            all.into_iter().cloned().collect()
        };
        let reasons: BTreeSet<&str> = statements
            .iter()
            .filter_map(|s| s.declared.as_deref())
            .collect();
        Self {
            locks: by_mode.into_iter().rev().collect(),
            scanned: united(|s| &s.scanned),
            rewritten: united(|s| &s.rewritten),
            index_builds: united(|s| &s.index_builds),
            declared: (!reasons.is_empty())
                .then(|| reasons.into_iter().collect::<Vec<_>>().join("; ")),
        }
    }

    /// Whether anybody looked: a step without a statement's evidence was never run.
    pub fn is_known(step: &StepRecord) -> bool {
        step.evidence.impact != Impact::NotRehearsed || !step.evidence.statements.is_empty()
    }
}

/// The first `at_most` names, and how many more there are.
pub(super) fn listed(names: &[String], at_most: usize) -> String {
    let shown = names.get(..at_most.min(names.len())).unwrap_or_default();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The evidence of the whole plan as label and text, in the order of PRODUCT.md.
pub(super) fn evidence(document: &Document) -> Vec<(&'static str, String)> {
    let evidence = &document.evidence;
    let mut lines = Vec::new();
    let mut rollback: Vec<(&String, &String)> = evidence.rollback.iter().collect();
    rollback.sort_by_key(|(phase, _)| Phase::ALL.iter().position(|p| p.name() == *phase));
    lines.extend(
        rollback
            .into_iter()
            .map(|(phase, text)| ("rollback", format!("{phase}: {text}"))),
    );
    if !evidence.queries.is_empty() {
        lines.push(("queries", evidence.queries.clone()));
    }
    lines.push(("data", super::data::summary(document)));
    lines
}
