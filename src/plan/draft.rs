//! From sorted steps to the shape of a plan file, still without evidence.

use super::document::{
    DataEvidence, FORMAT, Fingerprints, PlanEvidence, StatementRecord, StepEvidence,
    UnmodeledRecord,
};
use super::{
    Action, Backfill, Document, Draft, Fill, Gate, Impact, Phase, PhaseRecord, Rollback, Step,
    StepRecord, Undo,
};
use crate::kinds::ObjectId;
use std::collections::BTreeMap;

/// The plan of `draft` before its rehearsal: nothing in it is claimed.
pub fn document(
    draft: &Draft,
    from: String,
    to: String,
    unmodeled: Vec<UnmodeledRecord>,
) -> Document {
    let phases = Phase::ALL
        .into_iter()
        .map(|phase| {
            let steps = draft.steps.iter().filter(|s| s.phase() == phase);
            let steps = steps
                .enumerate()
                .map(|(i, s)| record(s, phase, i + 1))
                .collect();
            PhaseRecord { phase, steps }
        })
        .filter(|p: &PhaseRecord| !p.steps.is_empty())
        .collect();
    let phases = mended(waits_since(phases));
    let checks = phases.iter().flat_map(|p| &p.steps);
    let checks = checks.map(|s| s.checks.len()).sum();
    Document {
        format: FORMAT,
        id: String::new(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        server_version: draft.server_version,
        from,
        to,
        fingerprints: no_fingerprints(),
        touches: draft.touched.iter().cloned().collect(),
        phases,
        unmodeled,
        notices: draft.notices.clone(),
        evidence: PlanEvidence {
            rehearsed_on: None,
            not_rehearsed: Vec::new(),
            impact: Impact::Online,
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: "not checked".to_owned(),
            data: DataEvidence {
                checks,
                not_checked: None,
            },
            run: BTreeMap::new(),
        },
    }
}

/// A waiting time runs since the last step before it that is about the same object.
fn waits_since(mut phases: Vec<PhaseRecord>) -> Vec<PhaseRecord> {
    let mut last: BTreeMap<ObjectId, String> = BTreeMap::new();
    for step in phases.iter_mut().flat_map(|p| &mut p.steps) {
        if let Some(Gate::Wait { after, .. }) = &mut step.gate
            && let Some(id) = last.get(&step.object)
        {
            after.clone_from(id);
        }
        last.insert(step.object.clone(), step.id.clone());
    }
    phases
}

/// Rows that a backfill fills are in nobody's way once it is done.
fn mended(mut phases: Vec<PhaseRecord>) -> Vec<PhaseRecord> {
    let mut fills: Vec<(String, Backfill)> = Vec::new();
    for step in phases.iter_mut().flat_map(|p| &mut p.steps) {
        for check in step.checks.iter_mut().filter(|c| c.mended_by.is_none()) {
            let columns = check.columns();
            let fill = fills.iter().rev().find(|(_, backfill)| {
                let Fill::Update { set, .. } = &backfill.work else {
                    return false;
                };
                backfill.table == check.table && set.iter().any(|a| columns.contains(&a.column))
            });
            check.mended_by = fill.map(|(id, _)| id.clone());
        }
        fills.extend(step.backfill.clone().map(|b| (step.id.clone(), b)));
    }
    phases
}

fn no_fingerprints() -> Fingerprints {
    Fingerprints {
        before: String::new(),
        after: String::new(),
    }
}

fn record(step: &Step, phase: Phase, place: usize) -> StepRecord {
    let (done_when, clean) = match step.action() {
        Action::Transaction(_) | Action::Backfill { .. } => (None, Vec::new()),
        Action::Outside { done, clean, .. } => (
            Some(done.0.to_string()),
            clean.iter().map(ToString::to_string).collect(),
        ),
    };
    let mut hazards = step.hazards.clone();
    hazards.sort();
    hazards.dedup();
    StepRecord {
        id: format!("{phase}-{place}"),
        title: step.title.clone(),
        operation: step.operation.to_owned(),
        object: step.object.clone(),
        strategy: step.strategy.to_owned(),
        why: step.why.clone(),
        tables: step.tables.clone(),
        statements: statements(std::slice::from_ref(step.action())),
        backfill: match step.action() {
            Action::Backfill { backfill, .. } => Some(backfill.clone()),
            _ => None,
        },
        done_when,
        clean,
        rollback: match step.undo() {
            Undo::Run(actions) => Rollback::Run(statements(actions)),
            Undo::Leave { what, why } => Rollback::Leave {
                what: what.clone(),
                why: why.clone(),
            },
            Undo::Irreversible { why } => Rollback::Irreversible { why: why.clone() },
        },
        hazards,
        gate: step.gate.clone(),
        checks: step.checks.clone(),
        rollback_checks: step.back_checks.clone(),
        retires: step.retires.clone(),
        fingerprints: no_fingerprints(),
        evidence: StepEvidence {
            impact: Impact::NotRehearsed,
            statements: Vec::new(),
        },
    }
}

fn statements(actions: &[Action]) -> Vec<StatementRecord> {
    actions
        .iter()
        .flat_map(|action| {
            let transactional = !matches!(action, Action::Outside { .. });
            action.statements().iter().map(move |sql| StatementRecord {
                sql: sql.to_string(),
                transactional,
            })
        })
        .collect()
}
