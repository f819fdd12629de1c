//! What a run may do and how long it may wait.

use super::Brake;
use crate::data::Limits;
use crate::pg::Ident;
use crate::plan::{Gate, Phase, StepRecord};
use std::collections::BTreeSet;
use std::time::Duration;

/// Which gates are taken as open; the others by their own condition. A step whose gate is closed stays pending, and
/// so does all that comes after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gates {
    /// Those before drops: `drops.gate=none`.
    pub drops: bool,
    /// Those that only a person can open, of the steps with these ids: `--confirm`.
    pub confirmed: BTreeSet<String>,
}

impl Gates {
    /// The condition that may keep `step` from running.
    pub fn closed<'a>(&self, step: &'a StepRecord) -> Option<&'a Gate> {
        let gate = step.gate.as_ref()?;
        let open = match gate {
            Gate::Confirm { .. } => self.confirmed.contains(&step.id),
            Gate::Audit { .. } | Gate::Wait { .. } => self.drops,
        };
        (!open).then_some(gate)
    }
}

/// How locks that block the application are asked for (`lock.*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockPolicy {
    /// `lock_timeout` of the first attempt; also the age from which a transaction that holds a conflicting
    /// lock is waited for outside the queue. A younger one is expected to end by itself.
    pub first: Duration,
    /// What `lock_timeout` grows to.
    pub timeout: Duration,
    /// Attempts at one transaction.
    pub attempts: u32,
    /// How long older transactions are waited for before one attempt.
    pub max_wait: Duration,
    /// A statement that others of the application wait for longer than this is cancelled and tried again.
    pub max_block: Duration,
    /// Blockers that have been idle in their transaction for this long are ended.
    pub end_idle: Option<Duration>,
    /// The pause after the first failed attempt; it grows by half each time, up to `max_pause`.
    pub pause: Duration,
    pub max_pause: Duration,
}

impl Default for LockPolicy {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(100),
            timeout: Duration::from_secs(5),
            attempts: 30,
            max_wait: Duration::from_secs(600),
            max_block: Duration::from_millis(250),
            end_idle: None,
            pause: Duration::from_millis(200),
            max_pause: Duration::from_secs(10),
        }
    }
}

impl LockPolicy {
    /// `lock_timeout` of an attempt, counted from 1.
    ///
    /// ```
    /// use pgrehearse::apply::LockPolicy;
    /// let policy = LockPolicy::default();
    /// assert_eq!(policy.timeout_of(1).as_millis(), 100);
    /// assert_eq!(policy.timeout_of(2).as_millis(), 150);
    /// assert_eq!(policy.timeout_of(30).as_secs(), 5);
    /// ```
    pub fn timeout_of(&self, attempt: u32) -> Duration {
        grown(self.first, attempt).min(self.timeout)
    }

    /// The pause after a failed attempt; `jitter` is 0 to 1 and moves it by up to half either way, so
    /// that it does not keep step with something periodic.
    pub fn pause_after(&self, attempt: u32, jitter: f64) -> Duration {
        grown(self.pause, attempt)
            .min(self.max_pause)
            .mul_f64(0.5 + jitter.clamp(0.0, 1.0))
    }
}

/// How far behind a replica may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lag {
    /// Since the first change that it has not applied.
    Time(Duration),
    /// Bytes of WAL that it has not applied.
    Wal(u64),
}

/// The size of a backfill's batches, and what slows them down (`backfill.*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillPolicy {
    /// The time that one batch should take.
    pub target: Duration,
    pub min_rows: u64,
    pub max_rows: u64,
    /// Slept after each batch.
    pub pause: Duration,
    /// No batch begins while a replica is further behind.
    pub max_lag: Option<Lag>,
    /// No batch begins while the server keeps more bytes of WAL for a replication slot.
    pub max_slot_wal: Option<u64>,
    /// The pause grows so that no more bytes of WAL than this are written a second.
    pub max_wal_rate: Option<u64>,
    /// The names of replicas (their `application_name`) and slots that are not waited for.
    pub ignore_replicas: Vec<String>,
    /// The tables that are filled at the same time.
    pub jobs: u32,
}

impl Default for FillPolicy {
    fn default() -> Self {
        Self {
            // A request for a row of the batch waits as long as it: with 200 ms up to 154 ms were seen.
            target: Duration::from_millis(100),
            min_rows: 100,
            max_rows: 50_000,
            pause: Duration::from_millis(50),
            max_lag: Some(Lag::Time(Duration::from_secs(10))),
            max_slot_wal: None,
            max_wal_rate: None,
            ignore_replicas: Vec::new(),
            jobs: 1,
        }
    }
}

impl FillPolicy {
    /// The rows of the next batch, when one of `rows` took `took`: never more than twice as many, nor
    /// fewer than half.
    ///
    /// ```
    /// use pgrehearse::apply::FillPolicy;
    /// use std::time::Duration;
    /// let policy = FillPolicy::default();
    /// assert_eq!(policy.next(1000, Duration::from_millis(80)), 1250);
    /// assert_eq!(policy.next(1000, Duration::from_millis(1)), 2000);
    /// assert_eq!(policy.next(1000, Duration::from_secs(60)), 500);
    /// assert_eq!(policy.next(150, Duration::from_secs(60)), 100);
    /// assert_eq!(policy.next(40_000, Duration::ZERO), 50_000);
    /// ```
    pub fn next(&self, rows: u64, took: Duration) -> u64 {
        let wanted = u128::from(rows) * self.target.as_micros() / took.as_micros().max(1);
        let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
        let max = self.max_rows.max(1);
        wanted
            .clamp(rows / 2, rows.saturating_mul(2))
            .clamp(self.min_rows.clamp(1, max), max)
    }

    /// Half of `rows`, for a batch that was in somebody's way: fewer rows meet fewer locks, and hold fewer.
    pub(super) fn smaller(&self, rows: u64) -> u64 {
        (rows / 2).max(self.min_rows).max(1)
    }
}

fn grown(start: Duration, attempt: u32) -> Duration {
    let steps = i32::try_from(attempt.saturating_sub(1)).map_or(40, |n| n.min(40));
    start.mul_f64(1.5_f64.powi(steps))
}

/// What a run may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The phases to run, of those the plan has.
    pub phases: BTreeSet<Phase>,
    /// The id of the last step to run.
    pub until: Option<String>,
    pub gates: Gates,
    /// Opens an audit that cannot be made.
    pub yes: bool,
    /// A step whose gate counts as closed: it was when leave was asked for what runs.
    pub hold: Option<String>,
    /// `ledger.schema`.
    pub ledger_schema: Ident,
    pub lock: LockPolicy,
    pub backfill: FillPolicy,
    pub brake: Brake,
    /// Of a statement that blocks the application or does not grow with a table.
    pub statement_timeout: Duration,
    /// How much the server is asked about its rows before the first statement.
    pub data: Limits,
    /// `index.max_wait`: how long a statement without time-outs (CONCURRENTLY, VALIDATE) may wait for
    /// one lock before it is cancelled.
    pub max_concurrent_wait: Duration,
    /// How long to wait for another apply on this database; longer than the server takes to notice that the
    /// program of a session is gone.
    pub wait_for_other: Duration,
    /// Between two looks at what we wait for.
    pub poll: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            phases: Phase::ALL.into_iter().collect(),
            until: None,
            gates: Gates::default(),
            yes: false,
            hold: None,
            ledger_schema: Ident::new(super::ledger::SCHEMA),
            lock: LockPolicy::default(),
            backfill: FillPolicy::default(),
            brake: Brake::default(),
            statement_timeout: Duration::from_secs(60),
            data: Limits::default(),
            max_concurrent_wait: Duration::from_secs(3600),
            wait_for_other: Duration::from_secs(5),
            poll: Duration::from_millis(200),
        }
    }
}

/// Milliseconds as the server's time-outs take them; never 0, which would turn them off.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::from(i32::MAX))
}
