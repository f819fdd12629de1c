//! Fills rows in batches, one transaction each.

use super::lock_retry::Failure;
use super::outside;
use super::{Event, Observer, Options, Session};
use crate::plan::{Backfill, StepRecord};

/// Fills the rows of `backfill`.
pub(super) fn run(
    session: &mut Session<'_>,
    step: &StepRecord,
    backfill: &Backfill,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    observer.event(Event::Statement {
        step: step.id.clone(),
        place: 1,
        of: 1,
    });
    outside::without_timeouts(session).map_err(|source| Failure::Statement { place: 1, source })?;
    let statement = backfill.statement();
    outside::watched(session, &step.id, statement.as_str(), options, observer)
}
