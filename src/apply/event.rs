//! What is told while a plan runs.

use super::Blocker;
use crate::plan::Phase;
use std::time::Duration;

/// Something that happened, or is about to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A step begins, forward or back.
    StepStarted {
        step: String,
        phase: Phase,
        title: String,
    },
    /// A statement of the step is about to be sent; `place` counts from 1.
    Statement {
        step: String,
        place: usize,
        of: usize,
    },
    /// The ledger row of the step is about to be written.
    Recording {
        step: String,
    },
    /// Nothing is done until these let go. Told again at each look.
    Waiting {
        step: Option<String>,
        /// The phase of an index build, as the server names it.
        phase: Option<String>,
        waiting: Vec<Blocker>,
        since: Duration,
    },
    /// An attempt failed on a lock; the next one comes after `pause`.
    Retry {
        step: String,
        attempt: u32,
        of: u32,
        pause: Duration,
        why: String,
        blockers: Vec<Blocker>,
    },
    /// How far a long statement is: `done` of `total` of the unit that `what` names.
    Progress {
        step: String,
        done: u64,
        total: u64,
        what: String,
    },
    /// A batch of a backfill is committed.
    Filled {
        step: String,
        /// Rows that were walked, those of earlier runs with them.
        done: u64,
        /// All rows; an estimate of the statistics.
        total: u64,
        /// Rows a second, pauses included.
        rate: u64,
        /// The time that the rest takes at this rate.
        left: Option<Duration>,
    },
    /// No batch begins for `why`. Told again at each look.
    Throttled {
        step: String,
        why: String,
        waited: Duration,
    },
    StepDone {
        step: String,
        took: Duration,
    },
    /// A step that stays pending, with its gate.
    Gated {
        step: String,
        gate: String,
    },
    /// Advice.
    Note {
        text: String,
    },
    /// A warning or remark.
    Message {
        text: String,
    },
}

/// Is told what happens.
pub trait Observer {
    fn event(&mut self, event: Event);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: Event) {}
}

impl<F: FnMut(Event)> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}
