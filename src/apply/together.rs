//! Several tables that are filled at the same time (`backfill.jobs`).
//!
//! Each one has a session of its own. The main one does nothing meanwhile but keep the advisory lock, and tells what
//! happens.

use super::error::is_lost;
use super::executor::{Failed, Run, asked};
use super::{ApplyError, Brake, Event, Interrupt, Options, Position};
use crate::pg::LockMode;
use crate::plan::{Backfill, Document, Fill, Phase, StepRecord};
use std::collections::{BTreeSet, VecDeque};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often it is looked whether the run is to stop, and the main session is still there.
const LOOK: Duration = Duration::from_millis(200);
const PING: Duration = Duration::from_secs(2);

/// `first` and the backfills right behind it that may run beside it; else `first` alone.
pub(super) fn group<'a>(
    plan: &'a Document,
    options: &'a Options,
    position: &Position,
    first: &'a StepRecord,
) -> Vec<&'a StepRecord> {
    let mut group = vec![first];
    if options.backfill.jobs < 2 || first.backfill.is_none() {
        return group;
    }
    let mut steps = asked(plan, options).skip_while(|(_, step)| step.id != first.id);
    let Some((phase, _)) = steps.next() else {
        return group;
    };
    for (of, step) in steps {
        if position.state(&step.id).is_done() {
            continue;
        }
        let fits = of == phase
            && step.backfill.is_some()
            && step.gate.is_none()
            && group.iter().all(|other| are_independent(other, step));
        if !fits {
            break;
        }
        group.push(step);
    }
    group
}

/// Neither writes what the other reads or writes.
fn are_independent(a: &StepRecord, b: &StepRecord) -> bool {
    let (written_a, used_a) = tables(a);
    let (written_b, used_b) = tables(b);
    written_a.is_disjoint(&used_b) && written_b.is_disjoint(&used_a)
}

/// What a backfill writes, and what it reads or writes, as it says itself and as was measured.
fn tables(step: &StepRecord) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut written, mut used) = (BTreeSet::new(), BTreeSet::new());
    if let Some(Backfill { table, work, .. }) = &step.backfill {
        used.insert(table.to_string());
        written.insert(match work {
            Fill::Insert { into, .. } | Fill::Merge { into, .. } => into.to_string(),
            Fill::Update { .. } | Fill::Delete { .. } => table.to_string(),
        });
    }
    let locks = step.evidence.statements.iter().flat_map(|s| &s.locks);
    for (name, mode) in locks {
        used.insert(name.clone());
        if *mode >= LockMode::RowExclusive {
            written.insert(name.clone());
        }
    }
    used.extend(written.iter().cloned());
    (written, used)
}

/// What a session tells.
enum Told {
    Event(Event),
    Ended(String, Result<(), Failed>),
}

impl Run<'_, '_> {
    /// Fills the tables of `group`, as many at the same time as `backfill.jobs` says.
    ///
    /// When one does not come to its end, the others stop after their batch.
    pub(super) fn fill_together(
        &mut self,
        phase: Phase,
        group: &[&StepRecord],
        now: &mut Vec<String>,
    ) -> Result<(), Failed> {
        let jobs = usize::try_from(self.options.backfill.jobs).unwrap_or(usize::MAX);
        let mut sessions = Vec::new();
        for _ in 0..jobs.min(group.len()) {
            sessions.push(self.session.another()?);
        }
        let halt = Interrupt::default();
        let options = Options {
            brake: Brake {
                interrupt: halt.clone(),
                ..self.options.brake.clone()
            },
            ..self.options.clone()
        };
        let waiting = Mutex::new(group.iter().copied().collect::<VecDeque<_>>());
        let next = || {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.pop_front().filter(|_| !halt.is_set())
        };
        let (ledger, plan, done) = (self.ledger.clone(), self.plan, self.done.clone());
        let (sender, receiver) = channel();
        let mut failed = None;
        std::thread::scope(|threads| {
            for mut session in sessions {
                let sender = sender.clone();
                let (next, options, halt) = (&next, &options, &halt);
                let (ledger, done) = (ledger.clone(), done.clone());
                threads.spawn(move || {
                    while let Some(step) = next() {
                        let mut observer = |event| drop(sender.send(Told::Event(event)));
                        let mut run = Run {
                            session: &mut session,
                            ledger: ledger.clone(),
                            plan,
                            options,
                            observer: &mut observer,
                            done: done.clone(),
                        };
                        let ended = run.fill_one(phase, step);
                        let stops = ended.is_err();
                        drop(sender.send(Told::Ended(step.id.clone(), ended)));
                        // After its reason is told: what stops the others is none.
                        if stops {
                            halt.set();
                        }
                    }
                });
            }
            drop(sender);
            let mut pinged = Instant::now();
            loop {
                match receiver.recv_timeout(LOOK) {
                    Ok(Told::Event(event)) => self.observer.event(event),
                    Ok(Told::Ended(id, Ok(()))) => {
                        self.done.push(id.clone());
                        now.push(id);
                    }
                    Ok(Told::Ended(_, Err(why))) => drop(failed.get_or_insert(why)),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                if self.options.brake.interrupt.is_set() {
                    halt.set();
                }
                if pinged.elapsed() >= PING {
                    pinged = Instant::now();
                    // Without it another run could begin beside this one.
                    if let Err(source) = self.session.client.batch_execute("")
                        && is_lost(&source)
                    {
                        failed.get_or_insert(Failed::Error(ApplyError::ledger(source)));
                        halt.set();
                    }
                }
            }
        });
        match failed {
            Some(why) => Err(why),
            None => Ok(()),
        }
    }

    fn fill_one(&mut self, phase: Phase, step: &StepRecord) -> Result<(), Failed> {
        self.observer.event(Event::StepStarted {
            step: step.id.clone(),
            phase,
            title: step.title.clone(),
        });
        let since = Instant::now();
        if let Some(backfill) = &step.backfill {
            self.fill(step, backfill)?;
        }
        self.observer.event(Event::StepDone {
            step: step.id.clone(),
            took: since.elapsed(),
        });
        Ok(())
    }
}
