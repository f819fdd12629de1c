//! Runs the steps of the chosen phases, after what the ledger has as done.

use super::error::is_lost;
use super::gate::{self, Look};
use super::ledger::{Ledger, plan_state};
use super::lock_retry::{self, Attempts, Failure, Manner, Work};
use super::{
    ApplyError, Event, Level, Observer, Options, Outcome, Position, Progress, Session, StepState,
    Stop, audit, backfill, brake, lock, outside, preflight, resume, together,
};
use crate::pg::Sql;
use crate::plan::{Backfill, Document, Gate, Phase, StepRecord};
use crate::sql;
use postgres::error::SqlState;
use std::time::Instant;

/// Runs `plan`'s steps of `options.phases` in order, going on from what the ledger has as done.
///
/// Takes the advisory lock, reads the position, runs the preflight, makes the ledger, and only then the
/// first statement. A step with a closed gate, and all after it, stays pending. Safe to run again at any
/// time: what is done is not done twice.
///
/// # Errors
/// Those with exit code 3 before the first statement; [`ApplyError::Statement`],
/// [`ApplyError::ConnectionLost`] and the like with what was done until then.
pub fn run(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Outcome, ApplyError> {
    if let Err(holder) = lock::take(&mut session.client, options)? {
        let position = resume::position(&mut session.client, plan, &options.ledger_schema);
        let done = position.map(|p| p.done()).unwrap_or_default();
        return Ok(stopped(plan, options, &done, Stop::Held { holder }));
    }
    let result = run_alone(session, plan, options, observer);
    lock::release(&mut session.client, options);
    result
}

/// The steps that the run is asked for.
pub(super) fn asked<'a>(
    plan: &'a Document,
    options: &'a Options,
) -> impl Iterator<Item = (Phase, &'a StepRecord)> {
    let last = options
        .until
        .as_ref()
        .and_then(|id| plan.steps().position(|(_, step)| step.id == *id));
    plan.steps()
        .take(last.map_or(usize::MAX, |n| n + 1))
        .filter(|(phase, _)| options.phases.contains(phase))
}

/// A run that ended before its first statement.
fn stopped(plan: &Document, options: &Options, done: &[String], stop: Stop) -> Outcome {
    Outcome {
        done: done.to_vec(),
        pending: asked(plan, options)
            .map(|(_, step)| step.id.clone())
            .filter(|id| !done.contains(id))
            .collect(),
        stopped: Some(stop),
        ..Outcome::default()
    }
}

/// Looks whether the run may begin, and says what should be known. Writes nothing.
///
/// # Errors
/// Those with exit code 3 and 2.
pub(super) fn begin(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Position, ApplyError> {
    let unknown = |id: &&String| plan.steps().all(|(_, step)| step.id != **id);
    let mut named = options.until.iter().chain(&options.gates.confirmed);
    if let Some(step) = named.find(unknown) {
        return Err(ApplyError::UnknownStep { step: step.clone() });
    }
    let position = resume::position(&mut session.client, plan, &options.ledger_schema)?;
    check_order(plan, options, &position)?;
    let findings = preflight::check(session, plan, options, &position)?;
    let (refused, warned): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|f| f.level == Level::Refuse);
    if !refused.is_empty() {
        return Err(ApplyError::Refused { findings: refused });
    }
    for finding in warned {
        observer.event(Event::Message {
            text: finding.to_string(),
        });
    }
    Ok(position)
}

fn run_alone(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<Outcome, ApplyError> {
    let position = begin(session, plan, options, observer)?;
    if let Some(stop) = brake::first_check(session, options)? {
        return Ok(stopped(plan, options, &position.done(), stop));
    }
    let ledger = Ledger::new(&options.ledger_schema);
    ledger.create(&mut session.client)?;
    ledger.begin_plan(&mut session.client, plan)?;
    let mut run = Run {
        session,
        ledger,
        plan,
        options,
        observer,
        done: position.done(),
    };
    let result = run.steps(&position);
    run.end(&result);
    result
}

// A phase runs when the ones before it are done, or are asked for too.
fn check_order(plan: &Document, options: &Options, position: &Position) -> Result<(), ApplyError> {
    if let Some((step, _)) = position
        .steps()
        .iter()
        .find(|(_, state)| matches!(state, StepState::RollingBack { .. }))
    {
        return Err(ApplyError::RollbackUnderWay {
            plan: plan.id.clone(),
            step: step.clone(),
        });
    }
    for (wanted, step) in asked(plan, options) {
        if position.state(&step.id).is_done() {
            continue;
        }
        let missing = plan.steps().find(|(phase, earlier)| {
            *phase < wanted
                && !options.phases.contains(phase)
                && !position.state(&earlier.id).is_done()
        });
        if let Some((missing, step)) = missing {
            return Err(ApplyError::PhaseOrder {
                wanted,
                missing,
                step: step.id.clone(),
            });
        }
    }
    Ok(())
}

pub(super) struct Run<'r, 's> {
    pub session: &'r mut Session<'s>,
    pub ledger: Ledger,
    pub plan: &'r Document,
    pub options: &'r Options,
    pub observer: &'r mut dyn Observer,
    /// The steps that are done, in the plan's order.
    pub done: Vec<String>,
}

impl Run<'_, '_> {
    fn steps(&mut self, position: &Position) -> Result<Outcome, ApplyError> {
        let mut outcome = Outcome::default();
        for (phase, step) in asked(self.plan, self.options) {
            let state = position.state(&step.id);
            let found = match state {
                StepState::DoneUnrecorded => Some("found done after an interruption"),
                StepState::Left => Some("left by a rollback"),
                _ => None,
            };
            if found.is_some() {
                let row = self.ledger.done(self.plan, step, 0, found);
                self.record(step, &row)?;
            }
            // Or it was filled together with one before.
            if state.is_done() || self.done.contains(&step.id) {
                continue;
            }
            let stop = brake::check(self.session, self.options);
            if let Some(stop) = stop.map_err(ApplyError::ledger)? {
                outcome.stopped = Some(stop);
                break;
            }
            let (client, ledger) = (&mut self.session.client, &self.ledger);
            match gate::look(client, ledger, self.plan, step, self.options)? {
                Look::Open(None) => {}
                Look::Open(Some(text)) => self.observer.event(Event::Message {
                    text: format!("{}: {text}", step.id),
                }),
                Look::Closed(why) => {
                    self.observer.event(Event::Gated {
                        step: step.id.clone(),
                        gate: why.clone(),
                    });
                    outcome.gate = Some(why);
                    self.other_audits(step, position)?;
                    break;
                }
            }
            let group = together::group(self.plan, self.options, position, step);
            if group.len() > 1 {
                match self.fill_together(phase, &group, &mut outcome.now) {
                    Ok(()) => continue,
                    Err(Failed::Stop(stop)) => {
                        outcome.stopped = Some(stop);
                        break;
                    }
                    Err(Failed::Error(error)) => return Err(error),
                }
            }
            self.observer.event(Event::StepStarted {
                step: step.id.clone(),
                phase,
                title: step.title.clone(),
            });
            let since = Instant::now();
            let result = if let Some(backfill) = &step.backfill {
                self.fill(step, backfill)
            } else if step.is_transactional() {
                self.inside(step)
            } else {
                self.outside(step, state)
            };
            match result {
                Ok(()) => {
                    self.done.push(step.id.clone());
                    outcome.now.push(step.id.clone());
                    self.observer.event(Event::StepDone {
                        step: step.id.clone(),
                        took: since.elapsed(),
                    });
                }
                Err(Failed::Stop(stop)) => {
                    outcome.stopped = Some(stop);
                    break;
                }
                Err(Failed::Error(error)) => return Err(error),
            }
        }
        outcome.done = self.done.clone();
        outcome.pending = asked(self.plan, self.options)
            .map(|(_, step)| step.id.clone())
            .filter(|id| !self.done.contains(id))
            .collect();
        Ok(outcome)
    }

    // The audits of later steps begin with the first one's: one after the other each would take its day.
    fn other_audits(&mut self, first: &StepRecord, position: &Position) -> Result<(), ApplyError> {
        let mut seen: Vec<&Gate> = first.gate.iter().collect();
        let later = asked(self.plan, self.options).skip_while(|(_, step)| step.id != first.id);
        for (_, step) in later.skip(1) {
            let Some(gate @ Gate::Audit { .. }) = &step.gate else {
                continue;
            };
            if position.state(&step.id).is_done() || seen.contains(&gate) {
                continue;
            }
            seen.push(gate);
            let client = &mut self.session.client;
            if let Look::Closed(gate) =
                gate::look(client, &self.ledger, self.plan, step, self.options)?
            {
                self.observer.event(Event::Gated {
                    step: step.id.clone(),
                    gate,
                });
            }
        }
        Ok(())
    }

    /// Notes in the ledger how the run ended; without a connection it stays as it is.
    fn end(&mut self, result: &Result<Outcome, ApplyError>) {
        let complete = self
            .plan
            .steps()
            .all(|(_, step)| self.done.contains(&step.id));
        let (state, message) = match result {
            Ok(Outcome {
                stopped: Some(stop),
                ..
            }) => (plan_state::STOPPED, Some(stop.to_string())),
            Ok(_) if complete => (plan_state::DONE, None),
            Ok(_) => (plan_state::WAITING, None),
            Err(error) => (plan_state::FAILED, Some(error.to_string())),
        };
        let client = &mut self.session.client;
        drop(
            self.ledger
                .end_plan(client, &self.plan.id, state, message.as_deref()),
        );
    }

    fn inside(&mut self, step: &StepRecord) -> Result<(), Failed> {
        let work = Work {
            step: &step.id,
            statements: step.statements.iter().map(|s| s.sql.as_str()).collect(),
            first_place: 0,
            of: step.statements.len(),
            locks: lock_retry::blocking_locks(step),
            manner: Manner::of(step),
        };
        let (ledger, plan) = (&self.ledger, self.plan);
        let audited = match (&step.gate, &step.retires) {
            (Some(Gate::Audit { object, .. }), Some(_)) => {
                let noted = ledger.has_audit(&mut self.session.client)?;
                noted.then(|| audit::forget(ledger, object))
            }
            _ => None,
        };
        let record = |attempts| {
            let done = ledger.done(plan, step, attempts, None);
            match &audited {
                Some(forget) => sql!("{}; {}", done, forget),
                None => done,
            }
        };
        lock_retry::transact(self.session, &work, &record, self.options, self.observer)
            .map(drop)
            .map_err(|failure| self.failed(step, failure))
    }

    pub fn fill(&mut self, step: &StepRecord, backfill: &Backfill) -> Result<(), Failed> {
        let row = self.ledger.running(self.plan, step, 1);
        self.record(step, &row)?;
        let job = backfill::Job {
            ledger: &self.ledger,
            plan: self.plan,
            step,
            backfill,
        };
        backfill::run(self.session, &job, self.options, self.observer)
            .map_err(|failure| self.failed(step, failure))?;
        self.observer.event(Event::Recording {
            step: step.id.clone(),
        });
        let row = self.ledger.done(self.plan, step, 0, None);
        Ok(self.record(step, &row)?)
    }

    // A step that cannot be rolled back by the server: begun, decided by its probe, cleaned, tried again.
    fn outside(&mut self, step: &StepRecord, state: StepState) -> Result<(), Failed> {
        let mut ours = state == StepState::HalfDone;
        if ours {
            self.clean(step)?;
            if self.is_finished(step)? {
                let row = self.ledger.done(self.plan, step, 0, None);
                return Ok(self.record(step, &row)?);
            }
        } else {
            if resume::has_happened(&mut self.session.client, step)? == Some(true) {
                let row = self
                    .ledger
                    .done(self.plan, step, 0, Some("was so before this plan ran"));
                return Ok(self.record(step, &row)?);
            }
            self.check_names(step)?;
        }
        let mut attempts = Attempts::new(&step.id);
        loop {
            attempts.begin();
            let row = self.ledger.running(self.plan, step, 1);
            self.record(step, &row)?;
            let failure = match self.statements(step) {
                Ok(()) => break,
                Err(failure) => failure,
            };
            if let Failure::Stop(_) = failure
                && let Some(text) = outside::left(self.session, step)
            {
                self.observer.event(Event::Message { text });
            }
            if failure.is_lost() || matches!(failure, Failure::Stop(_)) {
                return Err(self.failed(step, failure));
            }
            let said = failure.said();
            let note = self.ledger.note(&self.plan.id, &step.id, &said);
            self.record(step, &note)?;
            // Somebody else's object of that name: `clean` would remove it.
            if !ours && failure.is(is_duplicate) {
                let row = self.ledger.taken_back(&self.plan.id, &step.id, 0, true);
                self.record(step, &row)?;
                return Err(self.failed(step, failure));
            }
            ours = true;
            self.clean(step)?;
            if self.is_finished(step)? {
                break;
            }
            if !failure.is_passing() {
                return Err(self.failed(step, failure));
            }
            attempts
                .pause(said, Vec::new(), self.session, self.options, self.observer)
                .map_err(Failed::Stop)?;
        }
        self.observer.event(Event::Recording {
            step: step.id.clone(),
        });
        if resume::has_happened(&mut self.session.client, step)? == Some(false) {
            return Err(Failed::Error(ApplyError::NotDone {
                step: step.id.clone(),
                state: Box::new(self.progress()),
            }));
        }
        let row = self.ledger.done(self.plan, step, 0, None);
        Ok(self.record(step, &row)?)
    }

    fn statements(&mut self, step: &StepRecord) -> Result<(), Failure> {
        let of = step.statements.len();
        for (statement, place) in step.statements.iter().zip(1..) {
            if statement.transactional {
                let work = Work {
                    step: &step.id,
                    statements: vec![&statement.sql],
                    first_place: place - 1,
                    of,
                    locks: lock_retry::blocking_locks(step),
                    manner: Manner::Brief,
                };
                let nothing = |_| Sql::constant("SELECT 1");
                lock_retry::transact(self.session, &work, &nothing, self.options, self.observer)?;
                continue;
            }
            self.observer.event(Event::Statement {
                step: step.id.clone(),
                place,
                of,
            });
            let sql = &statement.sql;
            outside::run(self.session, &step.id, sql, self.options, self.observer)
                .map_err(|failure| failure.at(place))?;
        }
        Ok(())
    }

    // A DETACH PENDING has no way back: cleaning it completes it.
    fn is_finished(&mut self, step: &StepRecord) -> Result<bool, Failed> {
        Ok(resume::has_happened(&mut self.session.client, step)? == Some(true))
    }

    fn clean(&mut self, step: &StepRecord) -> Result<(), Failed> {
        outside::clean(self.session, step, self.options, self.observer)
            .map_err(|failure| self.failed(step, failure))
    }

    // An index of that name that is there before our first attempt is somebody else's: after a crash
    // `clean` could not tell it from ours.
    fn check_names(&mut self, step: &StepRecord) -> Result<(), Failed> {
        let evidence = step.evidence.statements.iter();
        let builds: Vec<&str> = evidence
            .flat_map(|s| s.index_builds.iter().map(String::as_str))
            .collect();
        const QUERY: &str = "
            SELECT name
            FROM pg_catalog.unnest($1::pg_catalog.text[]) AS name
            WHERE pg_catalog.to_regclass(name) IS NOT NULL";
        let taken = self
            .session
            .client
            .query_opt(&format!("{QUERY} LIMIT 1"), &[&builds])
            .map_err(ApplyError::ledger)?;
        match taken {
            Some(row) if !step.clean.is_empty() => Err(Failed::Error(ApplyError::NameTaken {
                step: step.id.clone(),
                name: row.get(0),
                state: Box::new(self.progress()),
            })),
            _ => Ok(()),
        }
    }

    fn record(&mut self, step: &StepRecord, row: &Sql) -> Result<(), ApplyError> {
        let result = self.session.client.batch_execute(row.as_str());
        result.map_err(|source| {
            if is_lost(&source) {
                ApplyError::ConnectionLost {
                    step: Some(step.id.clone()),
                    source,
                    state: Box::new(self.progress()),
                }
            } else {
                ApplyError::ledger(source)
            }
        })
    }

    fn failed(&self, step: &StepRecord, failure: Failure) -> Failed {
        failed(step, failure, self.progress())
    }

    fn progress(&self) -> Progress {
        Progress {
            done: self.done.clone(),
            pending: asked(self.plan, self.options)
                .map(|(_, step)| step.id.clone())
                .filter(|id| !self.done.contains(id))
                .collect(),
        }
    }
}

pub(super) fn step_error(
    step: &StepRecord,
    place: usize,
    source: postgres::Error,
    state: Progress,
) -> ApplyError {
    let (step, state) = (step.id.clone(), Box::new(state));
    if is_lost(&source) {
        ApplyError::ConnectionLost {
            step: Some(step),
            source,
            state,
        }
    } else {
        ApplyError::Statement {
            step,
            place,
            source,
            state,
        }
    }
}

/// Why a step did not come to its end.
pub(super) enum Failed {
    Stop(Stop),
    Error(ApplyError),
}

/// What ends the run when `step` failed.
pub(super) fn failed(step: &StepRecord, failure: Failure, state: Progress) -> Failed {
    match failure {
        Failure::Stop(stop) => Failed::Stop(stop),
        Failure::Statement { place, source } => {
            Failed::Error(step_error(step, place, source, state))
        }
        Failure::GaveWay(_) => Failed::Stop(Stop::Attempts {
            step: step.id.clone(),
            attempts: 1,
            why: failure.said(),
            blockers: Vec::new(),
        }),
    }
}

impl From<ApplyError> for Failed {
    fn from(error: ApplyError) -> Self {
        Self::Error(error)
    }
}

pub(super) fn is_duplicate(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::DUPLICATE_TABLE || *code == SqlState::DUPLICATE_OBJECT
    )
}

pub(super) fn is_missing(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(code) if *code == SqlState::UNDEFINED_OBJECT || *code == SqlState::UNDEFINED_TABLE
    )
}
