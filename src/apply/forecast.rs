//! What a run would do now, without doing it.

use super::blocker::{self, Blocker};
use super::executor::{asked, begin};
use super::ledger::Ledger;
use super::lock_retry::blocking_locks;
use super::{ApplyError, Observer, Options, Session, StepState, brake, gate, lock};
use crate::plan::{Document, Phase};

/// What a run would do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// The steps that would run, in their order.
    pub steps: Vec<Foreseen>,
    /// Why it would not begin now, or which gate it would come to.
    pub stops: Option<String>,
}

/// A step that would run.
#[derive(Clone, Debug, PartialEq)]
pub struct Foreseen {
    pub id: String,
    pub title: String,
    pub phase: Phase,
    /// It was begun, and goes on.
    pub begun: bool,
    /// Who has locks now that conflict with its own.
    pub blockers: Vec<Blocker>,
}

/// Foresees what [`run`](super::run) would do now. Writes nothing, and takes no lock.
///
/// # Errors
/// Those that refuse the run, and what reading says.
pub fn forecast(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Forecast, ApplyError> {
    let position = begin(session, plan, options, observer)?;
    let mut found = Forecast::default();
    if let Some(stop) = brake::first_check(session, options)? {
        found.stops = Some(stop.to_string());
    } else if let Some(holder) = lock::holder(&mut session.client, &options.ledger_schema)? {
        found.stops = Some(format!("another run works on this database: {holder}"));
    }
    let ledger = Ledger::new(&options.ledger_schema);
    for (phase, step) in asked(plan, options) {
        let state = position.state(&step.id);
        if state.is_done() {
            continue;
        }
        let client = &mut session.client;
        if let Some(gate) = options.gates.closed(step)
            && let Some(waits) = gate::foreseen(client, &ledger, plan, gate)?
        {
            found
                .stops
                .get_or_insert_with(|| format!("the gate of {}: {waits}", step.id));
            break;
        }
        let locks = blocking_locks(step);
        found.steps.push(Foreseen {
            id: step.id.clone(),
            title: step.title.clone(),
            phase,
            begun: matches!(state, StepState::HalfDone | StepState::Filling),
            blockers: blocker::conflicting(client, &locks).map_err(ApplyError::ledger)?,
        });
    }
    Ok(found)
}
