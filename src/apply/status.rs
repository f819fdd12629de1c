//! Where every plan of the ledger stands, and what is in the way of its next step.

use super::blocker::{self, Blocker};
use super::ledger::{Ledger, ROLLING_BACK, plan_state};
use super::lock::{self, Holder};
use super::lock_retry::blocking_locks;
use super::{ApplyError, FillPosition, Position, StepState, gate, resume};
use crate::pg::Ident;
use crate::plan::{Document, Phase, Rollback};
use crate::sql;
use postgres::Client;

/// The ledger of one database at a glance.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The plan that was begun last comes first.
    pub plans: Vec<PlanStatus>,
    /// Who works on this database now.
    pub holder: Option<Holder>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlanStatus {
    pub id: String,
    pub from: String,
    pub to: String,
    /// `running`, `waiting`, `stopped`, `failed`, `done`, `rolled back`, or `interrupted`: the ledger says
    /// running, and nobody is.
    pub state: String,
    /// What the last run ended with, when it did not go through.
    pub message: Option<String>,
    /// Times of the server, UTC, as `2026-01-31T12:00:00Z`.
    pub started_at: String,
    pub started_by: String,
    pub finished_at: Option<String>,
    pub phases: Vec<PhaseStatus>,
    /// How far it is taken back, while that is not at its end.
    pub rollback: Option<HalfBack>,
    pub next: Option<NextStep>,
    /// The gates of the steps that are not done, in their order.
    pub gates: Vec<PendingGate>,
}

/// A gate that is still to be passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingGate {
    pub step: String,
    /// What it waits for, and until when where that is known.
    pub waits_for: String,
}

/// A rollback that is not at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfBack {
    /// The steps that are taken back, in the plan's order.
    pub undone: Vec<String>,
    /// The one that is half taken back: then `apply` is refused.
    pub half: Option<HalfStep>,
    /// The steps that stand, that one with them, the next to be taken back first.
    pub remaining: Vec<String>,
}

/// A step with so many of the statements of its rollback done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfStep {
    pub id: String,
    pub undone: usize,
    pub of: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseStatus {
    pub phase: Phase,
    pub done: Vec<String>,
    pub pending: Vec<String>,
}

/// The step that comes next, and what keeps it now.
#[derive(Clone, Debug, PartialEq)]
pub struct NextStep {
    pub id: String,
    pub title: String,
    pub phase: Phase,
    /// It was begun and is half done, or half taken back.
    pub begun: bool,
    /// How far it is, when it is a backfill.
    pub filled: Option<FillPosition>,
    pub gate: Option<String>,
    /// Transactions that hold locks which conflict with those the step takes.
    pub blockers: Vec<Blocker>,
}

/// Reads the status; empty where nothing was ever applied. Writes nothing.
///
/// # Errors
/// What reading the ledger says.
pub fn read(client: &mut Client, ledger_schema: &Ident) -> Result<Status, ApplyError> {
    if !Ledger::new(ledger_schema).exists(client)? {
        return Ok(Status::default());
    }
    let holder = lock::holder(client, ledger_schema)?;
    let query = sql!(
        "SELECT
            id,
            state,
            message,
            pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            started_by,
            pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            document
         FROM {}.plan
         ORDER BY started_at DESC, id",
        ledger_schema
    );
    let rows = client
        .query(query.as_str(), &[])
        .map_err(ApplyError::ledger)?;
    let mut plans = Vec::new();
    for row in rows {
        let id: String = row.get(0);
        let text: String = row.get(6);
        let plan: Document = serde_json::from_str(&text).map_err(|e| ApplyError::Document {
            plan: id.clone(),
            message: e.to_string(),
        })?;
        let position = resume::position(client, &plan, ledger_schema)?;
        let (recorded, message): (String, Option<String>) = (row.get(1), row.get(2));
        let state = match recorded.as_str() {
            plan_state::RUNNING if holder.is_none() => ended(&position).to_owned(),
            _ => recorded,
        };
        let is_back = message
            .as_ref()
            .is_some_and(|m| m.starts_with(ROLLING_BACK));
        let rollback = half_back(
            &plan,
            &position,
            is_back && state != plan_state::ROLLED_BACK,
        );
        let (phases, next, gates) = standing(client, &plan, &position, ledger_schema, &state)?;
        plans.push(PlanStatus {
            id,
            state,
            message,
            started_at: row.get(3),
            started_by: row.get(4),
            finished_at: row.get(5),
            from: plan.from,
            to: plan.to,
            phases,
            rollback,
            next,
            gates,
        });
    }
    Ok(Status { plans, holder })
}

type Standing = (Vec<PhaseStatus>, Option<NextStep>, Vec<PendingGate>);

/// The state of a plan whose run was killed: only its end may have been missing.
fn ended(position: &Position) -> &'static str {
    let mut states = position.steps().iter().map(|(_, state)| state);
    let was_back = states.clone().any(|s| *s == StepState::RolledBack);
    if position.is_complete() {
        plan_state::DONE
    } else if was_back && states.all(|s| matches!(s, StepState::RolledBack | StepState::Pending)) {
        plan_state::ROLLED_BACK
    } else {
        "interrupted"
    }
}

fn half_back(plan: &Document, position: &Position, was_begun: bool) -> Option<HalfBack> {
    let half = plan.steps().find_map(|(_, step)| {
        let (StepState::RollingBack { undone }, Rollback::Run(back)) =
            (position.state(&step.id), &step.rollback)
        else {
            return None;
        };
        Some(HalfStep {
            id: step.id.clone(),
            undone,
            of: back.len(),
        })
    });
    if half.is_none() && !was_begun {
        return None;
    }
    let ids = |keep: fn(StepState) -> bool| {
        let steps = position.steps().iter().filter(move |(_, s)| keep(*s));
        steps.map(|(id, _)| id.clone())
    };
    let stands = |s| !matches!(s, StepState::Pending | StepState::RolledBack);
    let mut remaining: Vec<String> = ids(stands).collect();
    remaining.reverse();
    Some(HalfBack {
        undone: ids(|s| s == StepState::RolledBack).collect(),
        half,
        remaining,
    })
}

fn standing(
    client: &mut Client,
    plan: &Document,
    position: &Position,
    ledger_schema: &Ident,
    state: &str,
) -> Result<Standing, ApplyError> {
    let phases = plan
        .phases
        .iter()
        .map(|record| {
            let ids = record.steps.iter().map(|step| step.id.clone());
            let (done, pending) = ids.partition(|id| position.state(id).is_done());
            PhaseStatus {
                phase: record.phase,
                done,
                pending,
            }
        })
        .collect();
    let next = plan
        .steps()
        .find(|(_, step)| !position.state(&step.id).is_done())
        .filter(|_| state != plan_state::ROLLED_BACK);
    let Some((phase, step)) = next else {
        return Ok((phases, None, Vec::new()));
    };
    let ledger = Ledger::new(ledger_schema);
    let mut gates = Vec::new();
    for (_, step) in plan.steps() {
        if let (Some(gate), false) = (&step.gate, position.state(&step.id).is_done()) {
            gates.push(PendingGate {
                step: step.id.clone(),
                waits_for: gate::standing(client, &ledger, plan, gate)?,
            });
        }
    }
    let locks = blocking_locks(step);
    let blockers = if locks.is_empty() {
        Vec::new()
    } else {
        blocker::conflicting(client, &locks).map_err(ApplyError::ledger)?
    };
    let filled = match position.state(&step.id) {
        StepState::Filling => {
            let rows = Ledger::new(ledger_schema).rows(client, &plan.id)?;
            let row = rows.into_iter().find(|row| row.step == step.id);
            row.and_then(|row| row.filled)
        }
        _ => None,
    };
    let next = NextStep {
        filled,
        id: step.id.clone(),
        title: step.title.clone(),
        phase,
        begun: matches!(
            position.state(&step.id),
            StepState::HalfDone | StepState::Filling | StepState::RollingBack { .. }
        ),
        gate: gates
            .iter()
            .find(|g| g.step == step.id)
            .map(|g| g.waits_for.clone()),
        blockers,
    };
    Ok((phases, Some(next), gates))
}

/// A plan that was begun here and has steps left.
#[derive(Clone, Debug)]
pub struct OpenPlan {
    pub document: Document,
    /// The ids of the steps that are done, in the plan's order.
    pub done: Vec<String>,
}

impl OpenPlan {
    /// The steps that are left, in their order.
    pub fn remaining(&self) -> impl Iterator<Item = &crate::plan::StepRecord> {
        let steps = self.document.steps().map(|(_, step)| step);
        steps.filter(|step| !self.done.contains(&step.id))
    }
}

/// The plans under way, the one that was begun first before the others. Writes nothing.
///
/// # Errors
/// What reading the ledger says.
pub fn open_plans(client: &mut Client, ledger_schema: &Ident) -> Result<Vec<OpenPlan>, ApplyError> {
    let ledger = Ledger::new(ledger_schema);
    if !ledger.exists(client)? {
        return Ok(Vec::new());
    }
    let query = sql!(
        "SELECT id FROM {}.plan WHERE state NOT IN ('done', 'rolled back') ORDER BY started_at, id",
        ledger_schema
    );
    let rows = client
        .query(query.as_str(), &[])
        .map_err(ApplyError::ledger)?;
    let mut open = Vec::new();
    for row in rows {
        let id: String = row.get(0);
        let document = ledger.document(client, Some(&id))?;
        let position = resume::position(client, &document, ledger_schema)?;
        let done = position.done();
        if !done.is_empty() && !position.is_complete() {
            open.push(OpenPlan { document, done });
        }
    }
    Ok(open)
}
