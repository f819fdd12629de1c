//! Takes steps back, in reverse order.

use super::error::is_lost;
use super::executor::{Failed, failed, is_duplicate, is_missing, step_error};
use super::ledger::{Ledger, ROLLING_BACK, plan_state};
use super::lock_retry::{self, Attempts, Failure, Manner, Work};
use super::mention;
use super::{
    ApplyError, Event, Finding, Observer, Options, Progress, Session, StepState, Stop, brake, lock,
    outside, preflight, resume,
};
use crate::data;
use crate::kinds::ObjectId;
use crate::pg::{LockMode, Qualified, Sql};
use crate::plan::data_check::Names;
use crate::plan::{Document, Impact, Phase, Rollback, StatementRecord, StepRecord, Verdict};
use crate::sql;
use std::collections::BTreeSet;
use std::time::Instant;

/// A harmless remainder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub step: String,
    pub what: ObjectId,
    pub why: String,
}

/// A step that cannot be taken back, nor any before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barrier {
    pub step: String,
    pub why: String,
}

/// What a rollback did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undone {
    /// The steps taken back by this run, in the order in which it was done; those that leave something
    /// are among them.
    pub undone: Vec<String>,
    /// What stays, harmlessly.
    pub left: Vec<Left>,
    /// Steps that were to be taken back and still stand, the next one first.
    pub remaining: Vec<String>,
    pub barrier: Option<Barrier>,
    pub stopped: Option<Stop>,
}

impl Undone {
    /// 0 when it came to where it should, 5 when it stopped in a safe state, 1 when a step in the way
    /// cannot be taken back. (When that is the very first one, [`run`] gives an error with 3.)
    pub fn exit_code(&self) -> i32 {
        match (&self.stopped, &self.barrier) {
            (Some(_), _) => 5,
            (None, Some(_)) => 1,
            (None, None) => 0,
        }
    }
}

/// Takes back the done steps of `plan` in reverse, down to the end of `to_phase`, or all of them.
///
/// Resumable like apply: each transactional part commits together with the ledger.
///
/// # Errors
/// [`ApplyError::NoLedger`]; [`ApplyError::Irreversible`] when nothing can be done at all; what a
/// statement says.
pub fn run(
    session: &mut Session<'_>,
    plan: &Document,
    to_phase: Option<Phase>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Undone, ApplyError> {
    if let Err(holder) = lock::take(&mut session.client, options)? {
        return Ok(Undone {
            stopped: Some(Stop::Held { holder }),
            ..Undone::default()
        });
    }
    let result = run_alone(session, plan, to_phase, options, observer);
    lock::release(&mut session.client, options);
    result
}

fn run_alone(
    session: &mut Session<'_>,
    plan: &Document,
    to_phase: Option<Phase>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Undone, ApplyError> {
    let ledger = Ledger::new(&options.ledger_schema);
    if !ledger.exists(&mut session.client)? {
        return Err(ApplyError::NoLedger);
    }
    let position = resume::position(&mut session.client, plan, &options.ledger_schema)?;
    let stopped = brake::first_check(session, options)?;
    let mut steps: Vec<(Phase, &StepRecord, StepState)> = plan
        .steps()
        .map(|(phase, step)| (phase, step, position.state(&step.id)))
        .filter(|(phase, _, state)| to_phase.is_none_or(|to| *phase > to) && stands(*state))
        .collect();
    steps.reverse();
    if let Some((_, step, _)) = steps.first()
        && let Rollback::Irreversible { why } = &step.rollback
    {
        return Err(ApplyError::Irreversible {
            step: step.id.clone(),
            why: why.clone(),
        });
    }
    if stopped.is_some() {
        return Ok(Undone {
            remaining: steps.iter().map(|(_, step, _)| step.id.clone()).collect(),
            stopped,
            ..Undone::default()
        });
    }
    // Nothing is taken back while rows are in the way of any of it.
    let until_barrier = steps
        .iter()
        .take_while(|(_, step, _)| !matches!(step.rollback, Rollback::Irreversible { .. }));
    let mut findings = Vec::new();
    for (_, step, _) in until_barrier {
        findings.extend(rows_in_the_way(session, step, options)?);
    }
    if !findings.is_empty() {
        return Err(ApplyError::Refused { findings });
    }
    if !steps.is_empty() {
        let message = Some(ROLLING_BACK);
        ledger
            .end_plan(&mut session.client, &plan.id, plan_state::RUNNING, message)
            .map_err(ApplyError::ledger)?;
    }
    let mut run = Run {
        session,
        ledger,
        plan,
        options,
        observer,
        outcome: Undone {
            remaining: steps.iter().map(|(_, step, _)| step.id.clone()).collect(),
            ..Undone::default()
        },
    };
    let result = run.steps(&steps);
    let Run {
        session,
        ledger,
        outcome,
        ..
    } = run;
    let is_left =
        |step: &StepRecord| stands(position.state(&step.id)) && !outcome.undone.contains(&step.id);
    let stands = plan.steps().any(|(_, step)| is_left(step));
    let (state, message) = match (&result, &outcome.stopped) {
        (Err(error), _) => (plan_state::FAILED, Some(format!("{ROLLING_BACK}: {error}"))),
        (Ok(()), Some(stop)) => (plan_state::STOPPED, Some(format!("{ROLLING_BACK}: {stop}"))),
        (Ok(()), None) if stands => (plan_state::WAITING, None),
        (Ok(()), None) => (plan_state::ROLLED_BACK, None),
    };
    // Without a connection it stays as it is; when nothing was to do, too, unless only that was left to note.
    if !steps.is_empty() || !stands {
        drop(ledger.end_plan(&mut session.client, &plan.id, state, message.as_deref()));
    }
    result.map(|()| outcome)
}

/// Whether anything of a step is there that can be taken back.
fn stands(state: StepState) -> bool {
    use StepState::{Left, Pending, RolledBack};
    !matches!(state, Pending | RolledBack | Left)
}

struct Run<'r, 's> {
    session: &'r mut Session<'s>,
    ledger: Ledger,
    plan: &'r Document,
    options: &'r Options,
    observer: &'r mut dyn Observer,
    outcome: Undone,
}

impl Run<'_, '_> {
    fn steps(&mut self, steps: &[(Phase, &StepRecord, StepState)]) -> Result<(), ApplyError> {
        for (phase, step, state) in steps {
            let stop = brake::check(self.session, self.options);
            if let Some(stop) = stop.map_err(ApplyError::ledger)? {
                self.outcome.stopped = Some(stop);
                return Ok(());
            }
            let since = Instant::now();
            if !self.outcome.undone.is_empty() {
                let findings = rows_in_the_way(self.session, step, self.options)?;
                if !findings.is_empty() {
                    self.outcome.stopped = Some(Stop::Rows {
                        step: step.id.clone(),
                        findings,
                    });
                    return Ok(());
                }
            }
            self.observer.event(Event::StepStarted {
                step: step.id.clone(),
                phase: *phase,
                title: step.title.clone(),
            });
            let result = match (&step.rollback, state) {
                (Rollback::Run(statements), StepState::HalfDone) => self
                    .clean(step)
                    .and_then(|()| self.finished(step, statements)),
                (_, StepState::HalfDone) => self.clean(step).and_then(|()| self.row(step, 0, true)),
                (Rollback::Run(statements), StepState::RollingBack { undone }) => {
                    self.take_back(step, statements, *undone, Doubt::Yes)
                }
                (Rollback::Run(statements), _) => self.take_back(step, statements, 0, Doubt::No),
                (Rollback::Leave { what, why }, _) => {
                    self.outcome.left.push(Left {
                        step: step.id.clone(),
                        what: what.clone(),
                        why: why.clone(),
                    });
                    let row = self.ledger.left(&self.plan.id, &step.id);
                    self.record(step, &row)
                }
                (Rollback::Irreversible { why }, _) => {
                    self.outcome.barrier = Some(Barrier {
                        step: step.id.clone(),
                        why: why.clone(),
                    });
                    return Ok(());
                }
            };
            match result {
                Ok(()) => {
                    self.outcome.remaining.retain(|id| *id != step.id);
                    self.outcome.undone.push(step.id.clone());
                    self.observer.event(Event::StepDone {
                        step: step.id.clone(),
                        took: since.elapsed(),
                    });
                }
                Err(Failed::Stop(stop)) => {
                    self.outcome.stopped = Some(stop);
                    return Ok(());
                }
                Err(Failed::Error(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_back(
        &mut self,
        step: &StepRecord,
        statements: &[StatementRecord],
        undone: usize,
        mut doubt: Doubt,
    ) -> Result<(), Failed> {
        let of = statements.len();
        if undone >= of {
            return self.row(step, undone, true);
        }
        let mut place = undone;
        while let Some(statement) = statements.get(place) {
            if statement.transactional {
                let rest = &statements[place..];
                let together = rest.iter().take_while(|s| s.transactional);
                let work = Work {
                    step: &step.id,
                    statements: together.map(|s| s.sql.as_str()).collect(),
                    first_place: place,
                    of,
                    locks: strongest(step),
                    manner: match step.evidence.impact {
                        Impact::Blocking => Manner::WithLeave,
                        _ => Manner::Brief,
                    },
                };
                let end = place + work.statements.len();
                let (ledger, plan) = (&self.ledger, self.plan);
                let record = |_| ledger.taken_back(&plan.id, &step.id, end, end == of);
                lock_retry::transact(self.session, &work, &record, self.options, self.observer)
                    .map_err(|failure| self.failed(step, failure))?;
                place = end;
            } else {
                self.row(step, place, false)?;
                self.alone(step, place, of, &statement.sql, doubt)?;
                place += 1;
                self.row(step, place, place == of)?;
            }
            doubt = Doubt::No;
        }
        Ok(())
    }

    // A statement outside a transaction. In doubt it may have happened before we were killed: then what
    // it drops is missing, or what it makes is there, valid or INVALID.
    fn alone(
        &mut self,
        step: &StepRecord,
        place: usize,
        of: usize,
        statement: &str,
        mut doubt: Doubt,
    ) -> Result<(), Failed> {
        let mut attempts = Attempts::new(&step.id);
        loop {
            attempts.begin();
            self.observer.event(Event::Statement {
                step: step.id.clone(),
                place: place + 1,
                of,
            });
            let failure = match self.outside(step, statement) {
                Ok(()) => return Ok(()),
                Err(failure) => failure.at(place + 1),
            };
            let in_doubt = doubt == Doubt::Yes;
            if in_doubt && failure.is(is_missing) {
                return Ok(());
            }
            let is_there = in_doubt && failure.is(is_duplicate);
            if !failure.is_passing() && !is_there {
                return Err(self.failed(step, failure));
            }
            let invalid = self.drop_invalid(step, statement)?;
            if !invalid && is_there {
                return Ok(());
            }
            doubt = Doubt::No;
            let said = failure.said();
            attempts
                .pause(said, Vec::new(), self.session, self.options, self.observer)
                .map_err(Failed::Stop)?;
        }
    }

    // A failed CREATE or DROP INDEX CONCURRENTLY leaves the index that it names INVALID, and one that was left
    // by a run that was killed is not what the rollback promises.
    fn drop_invalid(&mut self, step: &StepRecord, statement: &str) -> Result<bool, Failed> {
        let names: Vec<String> = mention::names(statement).collect();
        const QUERY: &str = "
            SELECT n.nspname::pg_catalog.text, c.relname::pg_catalog.text
            FROM pg_catalog.pg_index i
                JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT i.indisvalid
                -- On a partitioned table an index is invalid until every partition has its own.
                AND c.relkind = 'i'
                AND n.nspname = ANY ($1::pg_catalog.text[])
                AND c.relname = ANY ($1::pg_catalog.text[])
            LIMIT 1";
        let found = self.session.client.query_opt(QUERY, &[&names]);
        let Some(row) = found.map_err(ApplyError::ledger)? else {
            return Ok(false);
        };
        let index = Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1));
        let drop = sql!("DROP INDEX CONCURRENTLY {}", index);
        match self.outside(step, drop.as_str()) {
            Ok(()) => Ok(true),
            Err(failure) if failure.is(is_missing) => Ok(true),
            Err(failure) => Err(self.failed(step, failure)),
        }
    }

    fn clean(&mut self, step: &StepRecord) -> Result<(), Failed> {
        outside::clean(self.session, step, self.options, self.observer)
            .map_err(|failure| self.failed(step, failure))
    }

    // A DETACH PENDING has no way back: cleaning it completes it, and that is taken back. Nor has an index
    // that a broken DROP INDEX CONCURRENTLY left INVALID: it is dropped to the end, and built again.
    fn finished(&mut self, step: &StepRecord, back: &[StatementRecord]) -> Result<(), Failed> {
        let mut gone = resume::has_happened(&mut self.session.client, step)? == Some(true);
        for statement in back.iter().filter(|s| !s.transactional) {
            gone = gone || self.drop_invalid(step, &statement.sql)?;
        }
        match gone {
            true => self.take_back(step, back, 0, Doubt::No),
            false => self.row(step, 0, true),
        }
    }

    fn outside(&mut self, step: &StepRecord, statement: &str) -> Result<(), Failure> {
        outside::run(
            self.session,
            &step.id,
            statement,
            self.options,
            self.observer,
        )
    }

    fn row(&mut self, step: &StepRecord, undone: usize, all: bool) -> Result<(), Failed> {
        self.observer.event(Event::Recording {
            step: step.id.clone(),
        });
        let row = self.ledger.taken_back(&self.plan.id, &step.id, undone, all);
        self.record(step, &row)
    }

    fn record(&mut self, step: &StepRecord, row: &Sql) -> Result<(), Failed> {
        let result = self.session.client.batch_execute(row.as_str());
        result.map_err(|source| {
            Failed::Error(if is_lost(&source) {
                step_error(step, 0, source, self.progress())
            } else {
                ApplyError::ledger(source)
            })
        })
    }

    fn failed(&self, step: &StepRecord, failure: Failure) -> Failed {
        failed(step, failure, self.progress())
    }

    // Seen from the rollback: what is taken back, and what still is to be.
    fn progress(&self) -> Progress {
        Progress {
            done: self.outcome.undone.clone(),
            pending: self.outcome.remaining.clone(),
        }
    }
}

/// Rows on which taking `step` back would fail. What is not there yet under its name, because a later step
/// is still to be taken back, is asked about when its turn comes.
fn rows_in_the_way(
    session: &mut Session<'_>,
    step: &StepRecord,
    options: &Options,
) -> Result<Vec<Finding>, ApplyError> {
    let version = session.version();
    let mut findings = Vec::new();
    for check in &step.rollback_checks {
        // Half taken back, it may have its old names again.
        for names in [Names::BeforeRenames, Names::AfterRenames] {
            let run = data::ask(&mut session.client, check, names, version, options.data)
                .map_err(ApplyError::ledger)?;
            if run.verdict == Verdict::NotChecked {
                continue;
            }
            let show = || check.showing(names, version).map(|s| s.to_string());
            findings.extend(preflight::finding(check, &run, show));
            break;
        }
    }
    Ok(findings)
}

/// Whether an earlier run may have done the statement without recording it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    Yes,
    No,
}

// The rollback's locks are not in the evidence of the step. Dropping takes ACCESS EXCLUSIVE where making
// took less (a trigger, a foreign key: LOCKS.md, surprises 1 and 11), and on what the step has made, too.
fn strongest(step: &StepRecord) -> Vec<(String, LockMode)> {
    let mut names: BTreeSet<String> = lock_retry::blocking_locks(step)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    // What is no relation is not found under that name.
    if let [schema, name] = step.object.path.as_slice() {
        names.insert(Qualified::new(schema.as_str(), name.as_str()).to_string());
    }
    names
        .into_iter()
        .map(|name| (name, LockMode::AccessExclusive))
        .collect()
}
