//! From sorted steps to the shape of a plan file, still without evidence.

use super::document::{
    DataEvidence, FORMAT, Fingerprints, PlanEvidence, QueryEvidence, StatementRecord, StepEvidence,
    UnmodeledRecord,
};
use super::{
    Action, Backfill, Document, Draft, Era, Fill, Gate, Impact, Node, Phase, PhaseRecord, Rollback,
    Step, StepRecord, Undo,
};
use crate::kinds::ObjectId;
use std::collections::{BTreeMap, BTreeSet};

/// The plan of `draft` before its rehearsal: nothing in it is claimed.
pub fn document(
    draft: &Draft,
    from: String,
    to: String,
    unmodeled: Vec<UnmodeledRecord>,
) -> Document {
    let ids = ids(&draft.steps);
    let id = |at: usize| ids.get(at).cloned().unwrap_or_default();
    let nearest = nearest(&draft.steps);
    let phases = Phase::ALL
        .into_iter()
        .map(|phase| {
            let steps = draft.steps.iter().enumerate().zip(&nearest);
            let steps = steps
                .filter(|((_, s), _)| s.phase() == phase)
                .map(|((at, s), follows)| {
                    let mut step = record(s, id(at), follows.iter().map(|&f| id(f)).collect());
                    for check in &mut step.checks {
                        let converted = std::mem::take(&mut check.converted);
                        check.mended_by = conversion(&converted, &draft.steps[..=at]).map(id);
                    }
                    step
                })
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
        roles: draft.roles.iter().cloned().collect(),
        owners: draft.owners.iter().cloned().collect(),
        touches: draft.touched.iter().cloned().collect(),
        phases,
        unmodeled,
        notices: draft.notices.clone(),
        differences: Vec::new(),
        evidence: PlanEvidence {
            rehearsed_on: None,
            not_rehearsed: Vec::new(),
            impact: Impact::Online,
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: "not checked".to_owned(),
            checked_queries: QueryEvidence::default(),
            data: DataEvidence {
                checks,
                not_checked: None,
            },
            run: BTreeMap::new(),
        },
    }
}

/// The last of `steps` that converts the values of one of `columns`.
fn conversion(columns: &[ObjectId], steps: &[Step]) -> Option<usize> {
    let nodes: Vec<Node> = columns.iter().map(|c| (c.clone(), Era::After)).collect();
    let converts = |step: &Step| nodes.iter().any(|node| step.produces.contains(node));
    steps.iter().rposition(converts)
}

/// The ids of sorted steps: phase and place in it.
fn ids(steps: &[Step]) -> Vec<String> {
    let mut last: BTreeMap<Phase, usize> = BTreeMap::new();
    let id = |step: &Step| {
        let place = last.entry(step.phase()).or_default();
        *place += 1;
        format!("{}-{place}", step.phase())
    };
    steps.iter().map(id).collect()
}

/// Of what each sorted step follows, what none of the others follows already.
fn nearest(steps: &[Step]) -> Vec<BTreeSet<usize>> {
    // Bit n of an entry: step n comes before it.
    let words = steps.len().div_ceil(64);
    let mut before: Vec<Vec<u64>> = Vec::with_capacity(steps.len());
    let mut nearest = Vec::with_capacity(steps.len());
    for step in steps {
        let mut all = vec![0_u64; words];
        let mut near = BTreeSet::new();
        // A later one cannot come before an earlier one.
        for &at in step.follows.iter().rev() {
            let bit = 1_u64 << (at % 64);
            if all[at / 64] & bit == 0 {
                near.insert(at);
                for (word, more) in all.iter_mut().zip(&before[at]) {
                    *word |= more;
                }
                all[at / 64] |= bit;
            }
        }
        before.push(all);
        nearest.push(near);
    }
    nearest
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

fn record(step: &Step, id: String, follows: Vec<String>) -> StepRecord {
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
        id,
        title: step.title.clone(),
        operation: step.operation.to_owned(),
        object: step.object.clone(),
        strategy: step.strategy.to_owned(),
        why: step.why.clone(),
        follows,
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
