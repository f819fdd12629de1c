//! What a backfill waits for between two batches: who reads the WAL and is behind, and the WAL of its own.

use super::{Run, failed};
use crate::apply::amount::{Bytes, Seconds};
use crate::apply::error::is_lost;
use crate::apply::lock_retry::Failure;
use crate::apply::replication::{self, Readers, Replica, Slot};
use crate::apply::{Event, FillPolicy, Lag, Stop, brake};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Between two marks of the WAL clock at least.
const TICK: Duration = Duration::from_millis(100);
/// The marks that are kept. Who is behind all of them is behind by at least so many ticks.
const MARKS: usize = 3600;

/// What is known about the WAL since the backfill began.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    clock: WalClock,
    /// Where the WAL ended before the batch at hand, when its rate is limited.
    begun: Option<u64>,
    /// This server has no WAL positions: nothing is waited for.
    is_blind: bool,
}

/// Where the WAL ended at which time, the oldest first.
///
/// `pg_stat_replication.replay_lag` tells how late the last change was that a replica has applied. One whose
/// replay stands still applies none, and its lag stands still as well, or is NULL.
#[derive(Debug, Default)]
struct WalClock(VecDeque<(Instant, u64)>);

impl WalClock {
    fn tick(&mut self, now: Instant, wal: u64) {
        let is_new = self
            .0
            .back()
            .is_none_or(|(at, end)| *end < wal && now.duration_since(*at) >= TICK);
        if is_new {
            self.0.push_back((now, wal));
        }
        if self.0.len() > MARKS {
            self.0.pop_front();
        }
    }

    /// How long ago the WAL that `replica` lacks began to be written, as far as is known.
    fn lag(&self, now: Instant, wal: u64, replica: &Replica) -> Duration {
        let applied = wal.saturating_sub(replica.behind);
        let first_missing = self.0.iter().find(|(_, end)| *end > applied);
        let Some((at, _)) = first_missing else {
            return Duration::ZERO;
        };
        let seen = now.duration_since(*at);
        // It was behind before we came: the server knows how late its last change was.
        let came_behind = self.0.front().is_some_and(|(_, end)| *end > applied);
        match replica.lag {
            Some(lag) if came_behind => seen.max(lag),
            _ => seen,
        }
    }
}

/// Who is further behind than the settings allow; the first of them, in words.
fn behind(
    clock: &WalClock,
    now: Instant,
    readers: &Readers,
    policy: &FillPolicy,
) -> Option<String> {
    let waits_for = |name: &String| !policy.ignore_replicas.contains(name);
    let replica = |replica: &Replica| match policy.max_lag? {
        Lag::Time(limit) => {
            let lag = clock.lag(now, readers.wal, replica);
            (lag > limit).then(|| format!("{} behind, {}", Seconds(lag), Seconds(limit)))
        }
        Lag::Wal(limit) => (replica.behind > limit)
            .then(|| format!("{} behind, {}", Bytes(replica.behind), Bytes(limit))),
    };
    let slow = readers
        .replicas
        .iter()
        .filter(|r| waits_for(&r.name))
        .find_map(|r| {
            Some(format!(
                "{r} is {} are allowed (backfill.max_replica_lag)",
                replica(r)?
            ))
        });
    let slot = |slot: &Slot| {
        let name = &slot.name;
        if slot.is_lost {
            return None;
        }
        if let Some(left) = slot.soon_lost {
            return Some(format!(
                "replication slot {name} is lost after {} more of WAL (max_slot_wal_keep_size)",
                Bytes(left)
            ));
        }
        let limit = policy.max_slot_wal.filter(|limit| slot.kept > *limit)?;
        Some(format!(
            "replication slot {name} keeps {} of WAL, {} are allowed (backfill.max_slot_wal)",
            Bytes(slot.kept),
            Bytes(limit)
        ))
    };
    let slots = || {
        let slots = readers.slots.iter().filter(|s| waits_for(&s.name));
        slots.into_iter().find_map(slot)
    };
    slow.or_else(slots)
}

impl Run<'_, '_> {
    /// Waits until nobody is behind, for at most `lock.max_wait`.
    pub(super) fn wait_for_readers(&mut self) -> Result<(), Failure> {
        let since = Instant::now();
        while let Some(why) = self.look_at_readers()? {
            if let Some(stop) = brake::check(self.session, self.options).map_err(failed)? {
                return Err(Failure::Stop(stop));
            }
            let waited = since.elapsed();
            let step = self.job.step.id.clone();
            if waited >= self.options.lock.max_wait {
                return Err(Failure::Stop(Stop::Behind { step, waited, why }));
            }
            self.observer.event(Event::Throttled { step, why, waited });
            brake::rest(self.options.poll, self.options);
        }
        Ok(())
    }

    fn look_at_readers(&mut self) -> Result<Option<String>, Failure> {
        if self.throttle.is_blind {
            return Ok(None);
        }
        let readers = match replication::read(&mut self.session.client) {
            Ok(readers) => readers,
            Err(e) if is_lost(&e) => return Err(failed(e)),
            Err(e) => {
                self.throttle.is_blind = true;
                self.observer.event(Event::Message {
                    text: format!(
                        "{}: how far replicas are cannot be seen, and they are not waited for: {e}",
                        self.job.step.id
                    ),
                });
                return Ok(None);
            }
        };
        let now = Instant::now();
        let clock = &mut self.throttle.clock;
        clock.tick(now, readers.wal);
        Ok(behind(clock, now, &readers, &self.options.backfill))
    }

    /// Notes where the WAL ends before a batch.
    pub(super) fn note_wal(&mut self) {
        if self.options.backfill.max_wal_rate.is_some() && !self.throttle.is_blind {
            self.throttle.begun = replication::made(&mut self.session.client).ok();
        }
    }

    /// The pause after a batch that took `took`: `backfill.pause`, or longer when it wrote much WAL.
    ///
    /// What others wrote meanwhile counts; what they write in the pause does not, so that it ends.
    pub(super) fn pause(&mut self, took: Duration) -> Duration {
        let policy = &self.options.backfill;
        let (Some(rate), Some(begun)) = (policy.max_wal_rate, self.throttle.begun.take()) else {
            return policy.pause;
        };
        let Ok(end) = replication::made(&mut self.session.client) else {
            return policy.pause;
        };
        let written = end.saturating_sub(begun);
        let pause = pace(written, took, rate).max(policy.pause);
        if pause > policy.pause.max(Duration::from_secs(1)) {
            self.observer.event(Event::Throttled {
                step: self.job.step.id.clone(),
                why: format!(
                    "{} of WAL in {}, {} a second are allowed (backfill.max_wal_rate)",
                    Bytes(written),
                    Seconds(took),
                    Bytes(rate)
                ),
                waited: Duration::ZERO,
            });
        }
        pause
    }
}

/// How long to pause after `took`, so that `written` bytes are no more than `rate` a second.
fn pace(written: u64, took: Duration, rate: u64) -> Duration {
    let needed = u128::from(written) * 1000 / u128::from(rate.max(1));
    let needed = Duration::from_millis(u64::try_from(needed).unwrap_or(u64::MAX));
    needed.saturating_sub(took)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(behind: u64, lag: Option<Duration>) -> Replica {
        Replica {
            name: "standby".to_owned(),
            address: None,
            behind,
            lag,
        }
    }

    #[test]
    fn a_replica_is_behind_since_what_it_lacks_was_written() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut clock = WalClock::default();
        for (seconds, wal) in [(0, 100), (1, 200), (2, 300), (30, 300)] {
            clock.tick(at(seconds), wal);
        }
        let lag = |behind, lag| clock.lag(at(30), 300, &replica(behind, lag)).as_secs();
        assert_eq!(lag(0, None), 0);
        assert_eq!(lag(1, None), 28);
        assert_eq!(lag(100, None), 28);
        assert_eq!(lag(101, None), 29);
        // What the server says counts only for one that was behind before.
        assert_eq!(lag(100, Some(Duration::from_secs(500))), 28);
        assert_eq!(lag(250, Some(Duration::from_secs(500))), 500);
        assert_eq!(lag(250, None), 30);
    }

    #[test]
    fn the_first_who_is_too_far_behind_is_named() {
        let now = Instant::now();
        let clock = WalClock(VecDeque::from([(now - Duration::from_secs(20), 50)]));
        let slot = |kept, soon_lost| Slot {
            name: "cdc".to_owned(),
            is_active: false,
            kept,
            is_lost: false,
            soon_lost,
        };
        let readers = |behind: u64, slot| Readers {
            wal: 100,
            replicas: vec![replica(behind, None)],
            slots: vec![slot],
            hidden: 0,
        };
        let mut policy = FillPolicy {
            max_slot_wal: Some(10 << 30),
            ..FillPolicy::default()
        };
        let said = |policy: &FillPolicy, readers: &Readers| {
            behind(&clock, now, readers, policy).unwrap_or_default()
        };
        let late = readers(80, slot(1, None));
        assert_eq!(
            said(&policy, &late),
            "replica standby is 20 s behind, 10 s are allowed (backfill.max_replica_lag)"
        );
        assert_eq!(said(&policy, &readers(10, slot(1, None))), "");
        let kept = readers(0, slot(12 << 30, None));
        assert!(said(&policy, &kept).contains("cdc keeps 12 GB of WAL, 10 GB are"));
        let soon = readers(0, slot(1, Some(5 << 20)));
        assert!(said(&policy, &soon).contains("cdc is lost after 5.0 MB"));
        policy.max_lag = Some(Lag::Wal(64));
        assert!(said(&policy, &late).contains("1 kB behind, 1 kB are"));
        policy.ignore_replicas = vec!["standby".to_owned(), "cdc".to_owned()];
        assert_eq!(said(&policy, &late), "");
        assert_eq!(said(&policy, &soon), "");
    }

    #[test]
    fn the_pause_makes_up_for_the_wal() {
        let took = Duration::from_millis(200);
        assert_eq!(pace(1_000_000, took, 1_000_000), Duration::from_millis(800));
        assert_eq!(pace(1_000, took, 1_000_000), Duration::ZERO);
    }
}
