//! Where a plan stands: which steps are done, and how the one in doubt is decided.

use super::ApplyError;
use super::ledger::{Ledger, RowState};
use crate::pg::Ident;
use crate::plan::{Document, StepRecord};
use postgres::Client;

/// Where one step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Pending,
    Done,
    /// It was begun outside a transaction, and `done_when` says that it has happened: only its row is missing.
    DoneUnrecorded,
    /// It was begun outside a transaction and has not happened: `clean`, then again.
    HalfDone,
    /// A backfill that was begun and goes on at its position: rows of the batches until then are filled.
    Filling,
    /// It is being taken back: so many statements of its rollback are done.
    RollingBack {
        undone: usize,
    },
    /// It was taken back; for apply the same as pending.
    RolledBack,
    /// The plan was taken back, and what the step made stays: for apply it is done.
    Left,
}

impl StepState {
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::DoneUnrecorded | Self::Left)
    }
}

/// Where a plan stands, step by step in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    steps: Vec<(String, StepState)>,
}

impl Position {
    pub fn steps(&self) -> &[(String, StepState)] {
        &self.steps
    }

    pub fn state(&self, step: &str) -> StepState {
        self.steps
            .iter()
            .find(|(id, _)| id == step)
            .map_or(StepState::Pending, |(_, state)| *state)
    }

    /// Whether anything of the plan stands in the database.
    pub fn is_fresh(&self) -> bool {
        self.steps.iter().all(|(_, state)| {
            use StepState::{Left, Pending, RolledBack};
            matches!(state, Pending | RolledBack | Left)
        })
    }

    /// Whether a rollback left something: no fingerprint of the plan is that of live then.
    pub fn has_left(&self) -> bool {
        self.steps
            .iter()
            .any(|(_, state)| *state == StepState::Left)
    }

    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|(_, state)| state.is_done())
    }

    /// The steps that are done, in the plan's order.
    pub fn done(&self) -> Vec<String> {
        let done = self.steps.iter().filter(|(_, state)| state.is_done());
        done.map(|(id, _)| id.clone()).collect()
    }

    /// The fingerprints of the touched objects that live may have (RULES.md): the one after the last step
    /// that is done, and with a step in doubt the one before or after it.
    pub fn accepted_fingerprints<'a>(&self, plan: &'a Document) -> Vec<&'a str> {
        let mut accepted = vec![plan.fingerprints.before.as_str()];
        for (_, step) in plan.steps() {
            match self.state(&step.id) {
                StepState::Done | StepState::DoneUnrecorded => {
                    accepted = vec![step.fingerprints.after.as_str()];
                }
                StepState::HalfDone | StepState::Filling | StepState::RollingBack { .. } => {
                    accepted.push(step.fingerprints.before.as_str());
                    accepted.push(step.fingerprints.after.as_str());
                }
                StepState::Pending | StepState::RolledBack | StepState::Left => {}
            }
        }
        accepted.dedup();
        accepted
    }
}

/// Reads where `plan` stands and decides a step in doubt by its `done_when`. Writes nothing.
///
/// # Errors
/// [`ApplyError::Undecidable`] for a step that was begun outside a transaction and has no `done_when`;
/// what reading the ledger says.
pub fn position(
    client: &mut Client,
    plan: &Document,
    ledger_schema: &Ident,
) -> Result<Position, ApplyError> {
    let rows = Ledger::new(ledger_schema).rows(client, &plan.id)?;
    let mut steps = Vec::new();
    for (_, step) in plan.steps() {
        let row = rows.iter().find(|row| row.step == step.id);
        let state = match row.map(|row| (row.state, row.undone)) {
            None => StepState::Pending,
            Some((RowState::Done, _)) => StepState::Done,
            Some((RowState::RolledBack, _)) => StepState::RolledBack,
            Some((RowState::Left, _)) => StepState::Left,
            Some((RowState::RollingBack, undone)) => StepState::RollingBack {
                undone: usize::try_from(undone).unwrap_or(0),
            },
            Some((RowState::Running, _)) if step.backfill.is_some() => StepState::Filling,
            Some((RowState::Running, _)) => match has_happened(client, step)? {
                Some(true) => StepState::DoneUnrecorded,
                Some(false) => StepState::HalfDone,
                None => {
                    return Err(ApplyError::Undecidable {
                        step: step.id.clone(),
                    });
                }
            },
        };
        steps.push((step.id.clone(), state));
    }
    Ok(Position { steps })
}

/// What `done_when` says; `None` without one. NULL is no: a probe of an object that is not there.
pub(super) fn has_happened(
    client: &mut Client,
    step: &StepRecord,
) -> Result<Option<bool>, ApplyError> {
    let Some(probe) = &step.done_when else {
        return Ok(None);
    };
    let row = client
        .query_opt(probe.as_str(), &[])
        .map_err(ApplyError::ledger)?;
    Ok(Some(
        row.and_then(|row| row.try_get::<_, Option<bool>>(0).ok().flatten())
            .unwrap_or(false),
    ))
}
