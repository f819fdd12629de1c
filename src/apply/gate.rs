//! Whether a gate is open, by what the live server says.

use super::audit::{self, Verdict};
use super::ledger::Ledger;
use super::{ApplyError, Options, Position};
use crate::plan::{Document, Gate, StepRecord};
use crate::sql;
use postgres::Client;

/// What came of looking at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// With what a person should know about it.
    Open(Option<String>),
    /// What is waited for, and until when.
    Closed(String),
}

/// Looks at the gate of `step`; an audit notes in the ledger what it saw.
pub(super) fn look(
    client: &mut Client,
    ledger: &Ledger,
    plan: &Document,
    step: &StepRecord,
    options: &Options,
) -> Result<Look, ApplyError> {
    let Some(gate) = options.gates.closed(step) else {
        return Ok(Look::Open(None));
    };
    let look = match gate {
        Gate::Confirm { what } => Look::Closed(format!("{what}; --confirm {} says so", step.id)),
        Gate::Wait { after, seconds } => match waited(client, ledger, plan, after, *seconds)? {
            Waited::Over => Look::Open(None),
            Waited::Until(until) => Look::Closed(format!("{gate}, until {until}")),
            Waited::NotBegun => Look::Closed(gate.to_string()),
        },
        Gate::Audit { object, seconds } => match audit::look(client, ledger, object, *seconds)? {
            Verdict::Passed => Look::Open(None),
            Verdict::Unaudited(why) if options.yes => {
                Look::Open(Some(format!("unaudited, and opened by --yes: {why}")))
            }
            Verdict::Unaudited(why) => Look::Closed(format!("unaudited: {why}; --yes opens it")),
            Verdict::Closed(why) => Look::Closed(why),
        },
    };
    Ok(match look {
        // Leave was asked for what could run, not for this.
        Look::Open(_) if options.hold.as_ref() == Some(&step.id) => {
            Look::Closed("it opened while this run began: run it again".to_owned())
        }
        look => look,
    })
}

/// The first step asked for whose waiting time is not over: neither it nor what comes after it can
/// run now.
///
/// # Errors
/// What reading the ledger says.
pub fn first_waiting(
    client: &mut Client,
    plan: &Document,
    position: &Position,
    options: &Options,
) -> Result<Option<String>, ApplyError> {
    let ledger = Ledger::new(&options.ledger_schema);
    for (phase, step) in plan.steps() {
        if !options.phases.contains(&phase) || position.state(&step.id).is_done() {
            continue;
        }
        let Some(Gate::Wait { after, seconds }) = options.gates.closed(step) else {
            continue;
        };
        let waits = match waited(client, &ledger, plan, after, *seconds)? {
            Waited::Over => false,
            Waited::Until(_) => true,
            Waited::NotBegun => *seconds > 0,
        };
        if waits {
            return Ok(Some(step.id.clone()));
        }
    }
    Ok(None)
}

/// What a pending gate waits for, without looking at the queries: for reading only.
pub(super) fn standing(
    client: &mut Client,
    ledger: &Ledger,
    plan: &Document,
    gate: &Gate,
) -> Result<String, ApplyError> {
    Ok(match gate {
        Gate::Confirm { .. } => gate.to_string(),
        Gate::Wait { after, seconds } => match waited(client, ledger, plan, after, *seconds)? {
            Waited::Over => format!("{gate}: over, it is open"),
            Waited::Until(until) => format!("{gate}, until {until}"),
            Waited::NotBegun => gate.to_string(),
        },
        Gate::Audit { object, seconds } => match audit::noted(client, ledger, object, *seconds)? {
            None => format!("{gate}; the first look is not taken yet"),
            Some((first, until)) => {
                format!("{gate}; first look {first}, the second from {until}")
            }
        },
    })
}

/// What a gate waits for, as far as it can be told without looking at the queries; `None`: it is open.
pub(super) fn foreseen(
    client: &mut Client,
    ledger: &Ledger,
    plan: &Document,
    gate: &Gate,
) -> Result<Option<String>, ApplyError> {
    if let Gate::Wait { after, seconds } = gate
        && matches!(waited(client, ledger, plan, after, *seconds)?, Waited::Over)
    {
        return Ok(None);
    }
    standing(client, ledger, plan, gate).map(Some)
}

enum Waited {
    Over,
    /// By the server's clock, UTC.
    Until(String),
    /// The step that it runs from is not done.
    NotBegun,
}

fn waited(
    client: &mut Client,
    ledger: &Ledger,
    plan: &Document,
    after: &str,
    seconds: u64,
) -> Result<Waited, ApplyError> {
    if after.is_empty() {
        return Ok(Waited::Over);
    }
    if !ledger.exists(client)? {
        return Ok(Waited::NotBegun);
    }
    let query = sql!(
        "SELECT
            finished_at + pg_catalog.make_interval(secs => $3) <= pg_catalog.clock_timestamp(),
            pg_catalog.to_char((finished_at + pg_catalog.make_interval(secs => $3)) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
         FROM {}.step
         WHERE plan_id = $1 AND step_id = $2 AND state = 'done'",
        ledger.schema()
    );
    let row = client
        .query_opt(query.as_str(), &[&plan.id, &after, &seconds_of(seconds)])
        .map_err(ApplyError::ledger)?;
    Ok(match row {
        None => Waited::NotBegun,
        Some(row) if row.get::<_, Option<bool>>(0) == Some(true) => Waited::Over,
        Some(row) => Waited::Until(row.get::<_, Option<String>>(1).unwrap_or_default()),
    })
}

/// Seconds as `make_interval` takes them; a setting of more than 68 years is one of 68 years.
pub(super) fn seconds_of(seconds: u64) -> f64 {
    f64::from(u32::try_from(seconds).unwrap_or(u32::MAX).min(1 << 31))
}
