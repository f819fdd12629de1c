//! `pgrehearse apply`.

mod foreseen;
pub(in crate::cli) mod leave;
mod ready;

use super::manners::{self, Manners};
use super::observer::Teller;
use super::options::{self, Work};
use super::{CliError, Context, Exit};
use crate::apply::{self, Outcome, Session, status};
use crate::pipeline;
use crate::plan::{self, Document};
use crate::source::Source;
use leave::Leave;
use ready::Ready;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Apply a plan to the live database
///
/// Rehearses the plan again on a fresh clone, compares the evidence and runs the steps of the
/// phases whose gates are open. It can be stopped and started again at any moment.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Arguments {
    /// The plan file to apply
    #[arg(long, value_name = "FILE", group = "what")]
    pub plan: Option<PathBuf>,
    /// Plan to this schema and apply in one go
    #[arg(long, value_name = "SOURCE", group = "what")]
    pub to: Option<String>,
    /// The phase to run; an earlier one must be done
    #[arg(long, value_enum, default_value = "all")]
    pub phase: Phase,
    /// The last step to run, by its id in the plan
    #[arg(long, value_name = "STEP")]
    pub until: Option<String>,
    /// Do everything but write to the live database, and say what would run
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before the first statement
    #[arg(long, short)]
    pub yes: bool,
    /// Exit with 5 when gates leave steps pending
    #[arg(long)]
    pub require_complete: bool,
    /// A step whose gate only a person can open: what it waits for is done (several: again)
    #[arg(long, value_name = "STEP")]
    pub confirm: Vec<String>,
    /// Apply a plan file that was edited after it was rehearsed
    #[arg(long, requires = "plan")]
    pub allow_edited: bool,
    /// Give leave for steps that block reads or writes
    #[arg(long)]
    pub allow_blocking: bool,
    /// Give leave for steps that lose data
    #[arg(long)]
    pub allow_data_loss: bool,
    /// The number of tables that are filled at the same time [default: backfill.jobs]
    #[arg(long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroU32>,
    #[command(flatten)]
    pub manners: Manners,
}

/// `--phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Phase {
    Expand,
    Migrate,
    Contract,
    All,
}

impl Phase {
    fn phases(self) -> BTreeSet<plan::Phase> {
        match self {
            Self::Expand => BTreeSet::from([plan::Phase::Expand]),
            Self::Migrate => BTreeSet::from([plan::Phase::Migrate]),
            Self::Contract => BTreeSet::from([plan::Phase::Contract]),
            Self::All => plan::Phase::ALL.into(),
        }
    }
}

/// What every plan of one command has in common.
#[derive(Clone, Copy)]
struct Run<'r> {
    live: &'r Source,
    phases: &'r BTreeSet<plan::Phase>,
    options: &'r apply::Options,
    context: &'r Context,
}

/// Whether live is otherwise because a plan that is not `own` is half way.
fn in_the_way(error: CliError, own: &str, open: &[status::OpenPlan]) -> CliError {
    let other = open.iter().find(|plan| plan.document.id != own);
    let (Some(other), "apply::live_changed") = (other, error.code.as_str()) else {
        return error;
    };
    let short = super::status::short(&other.document.id);
    let message = format!("plan {short} is half way and in the way of this one");
    CliError::new("apply::unfinished", message, Exit::Refused).help(
        "let it come to its end first (pgrehearse status says what it waits for), or take it back with pgrehearse \
         rollback",
    )
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let url = context.database()?;
        let live = Source::parse(url)?;
        let phases = self.phase.phases();
        let mut options = options::apply(&context.settings, phases.clone());
        options.yes = self.yes;
        options.until.clone_from(&self.until);
        options.gates.confirmed.extend(self.confirm.iter().cloned());
        if let Some(jobs) = self.jobs {
            options.backfill.jobs = jobs.get();
        }
        self.manners.set(&mut options);
        let (config, connect) = context.live()?;
        let connect = || connect(&config);
        let mut session = Session::open(&connect)?;
        let mut work = Work::new(context, &[&live])?;

        let document = match &self.plan {
            Some(path) => Some(ready::read_file(path, self.allow_edited, context)?),
            None => None,
        };
        let run = Run {
            live: &live,
            phases: &phases,
            options: &options,
            context,
        };
        if let Some(document) = document {
            if session.version() != document.server_version {
                let message = format!(
                    "the plan was made for PostgreSQL {}, this server is {}",
                    document.server_version,
                    session.version()
                );
                return Err(
                    CliError::new("apply::server_version", message, Exit::Refused)
                        .help("plan again from this database"),
                );
            }
            return self.recorded(document, &run, &mut session, &mut work);
        }
        // A plan that is half way comes first: this one starts from where it leads.
        let open = status::open_plans(session.client(), &options.ledger_schema)?;
        for plan in open {
            let short = super::status::short(&plan.document.id).to_owned();
            context.ui.note(&format!("going on with plan {short}"));
            let is_last = |id: &String| plan.document.steps().any(|(_, step)| step.id == *id);
            let ends = self.dry_run || self.until.as_ref().is_some_and(is_last);
            let exit = self.recorded(plan.document, &run, &mut session, &mut work)?;
            if exit != Exit::Done || ends || context.ui.is_json() {
                return Ok(exit);
            }
        }
        let desired = context.source_or_desired(self.to.as_deref())?;
        work.start(session.version())?;
        let ready = ready::fresh(&live, &desired, &work);
        let left = status::open_plans(session.client(), &options.ledger_schema)?;
        let ready = ready.map_err(|error| in_the_way(error, "", &left));
        // What was said of the plan that is half way stands: it leads to what is desired.
        if !left.is_empty() && ready.as_ref().is_ok_and(|ready| ready.document.is_empty()) {
            work.quiet();
            return Ok(Exit::Done);
        }
        self.go(ready, Some(&desired), &run, &mut session, &work)
    }

    /// Goes on with a plan that was made before.
    fn recorded(
        &self,
        document: Document,
        run: &Run<'_>,
        session: &mut Session<'_>,
        work: &mut Work,
    ) -> Result<Exit, CliError> {
        let ledger = &run.options.ledger_schema;
        let position = ready::position(session.client(), &document, ledger)?;
        if position.is_complete() {
            let text = "the plan is applied already";
            return Ok(nothing(&document, text, run.context));
        }
        work.start(session.version())?;
        let own = document.id.clone();
        let ready = ready::again(document, &position, run.live, self.allow_blocking, work);
        let open = status::open_plans(session.client(), ledger)?;
        let ready = ready.map_err(|error| in_the_way(error, &own, &open));
        self.go(ready, None, run, session, work)
    }

    fn go(
        &self,
        ready: Result<Ready, CliError>,
        desired: Option<&Source>,
        run: &Run<'_>,
        session: &mut Session<'_>,
        work: &Work,
    ) -> Result<Exit, CliError> {
        let Run {
            live,
            phases,
            options,
            context,
        } = *run;
        work.quiet();
        let ready = ready?;
        if ready.document.is_empty() {
            let text = "nothing to do: live is as desired";
            return Ok(nothing(&ready.document, text, context));
        }
        if !ready.has_work(phases) {
            let text = "nothing to do: the steps of this phase are done";
            return Ok(nothing(&ready.document, text, context));
        }
        self.others(session, &ready, context)?;
        let ledger = &options.ledger_schema;
        let position = ready::position(session.client(), &ready.document, ledger)?;
        let mut options = options.clone();
        options.hold =
            apply::first_waiting(session.client(), &ready.document, &position, &options)?;
        self.ask(&ready, phases, options.hold.as_deref(), context)?;
        ready.still(live, work)?;
        work.quiet();

        let mut teller = Teller::new(&context.ui);
        if self.dry_run {
            let found = apply::forecast(session, &ready.document, &options, &mut teller);
            drop(teller);
            foreseen::show(&ready.document, &found?, context);
            return Ok(Exit::Done);
        }
        let gently = manners::stop_by_signal(&options, &context.ui);
        let outcome = apply::run(session, &ready.document, &options, &mut teller);
        drop((teller, gently));
        let outcome = outcome?;
        let complete = ready
            .document
            .steps()
            .all(|(_, step)| outcome.done.contains(&step.id));
        if complete && outcome.stopped.is_none() {
            let arrived = arrives(&ready.document, live, desired, work);
            work.quiet();
            arrived?;
        }
        self.report(&ready.document, &outcome, complete, context)
    }

    /// Says which other plans are under way here.
    fn others(
        &self,
        session: &mut Session<'_>,
        ready: &Ready,
        context: &Context,
    ) -> Result<(), CliError> {
        let ledger = options::apply(&context.settings, BTreeSet::new()).ledger_schema;
        let known = status::read(session.client(), &ledger)?;
        for plan in known.plans {
            let open = !["done", "rolled back"].contains(&plan.state.as_str());
            if open && plan.id != ready.document.id && plan.next.is_some() {
                context.ui.warn(&format!(
                    "plan {} is not finished here ({}): this one starts from where it stands",
                    super::status::short(&plan.id),
                    plan.state
                ));
            }
        }
        Ok(())
    }

    /// Refuses without leave; else asks, naming what is lost.
    fn ask(
        &self,
        ready: &Ready,
        phases: &BTreeSet<plan::Phase>,
        hold: Option<&str>,
        context: &Context,
    ) -> Result<(), CliError> {
        let leave = Leave {
            blocking: self.allow_blocking,
            data_loss: self.allow_data_loss,
            asking: !self.yes && (self.dry_run || context.ui.can_ask()),
        };
        let able = ready.able(hold, self.until.as_deref());
        let losses = ready.losses(phases, &able, leave, context)?;
        if self.yes {
            return Ok(());
        }
        for loss in &losses {
            context.ui.warn(&format!("data loss: {loss}"));
        }
        if self.dry_run {
            return Ok(());
        }
        let steps = ready
            .document
            .steps()
            .filter(|(phase, s)| phases.contains(phase) && able.contains(&s.id));
        let question = match losses.len() {
            0 => format!("Apply {} steps?", steps.count()),
            _ => format!("Apply {} steps and lose these data?", steps.count()),
        };
        match context.ui.confirm(&question)? {
            true => Ok(()),
            false => Err(CliError::new(
                "apply::declined",
                "nothing was applied: the answer was not yes",
                Exit::Refused,
            )),
        }
    }

    fn report(
        &self,
        document: &Document,
        outcome: &Outcome,
        complete: bool,
        context: &Context,
    ) -> Result<Exit, CliError> {
        let all = document.steps().count();
        let exit = match outcome.exit_code(self.require_complete) {
            0 => Exit::Done,
            _ => Exit::Stopped,
        };
        if context.ui.is_json() {
            context.ui.print_json(&json(document, outcome, complete));
        }
        let progress = format!("{} of {all} steps done", outcome.done.len());
        if let Some(stop) = &outcome.stopped {
            let error = CliError::new(stop.code(), stop.to_string(), Exit::Stopped)
                .help(stop.help())
                .state(progress);
            if context.ui.is_json() {
                context.ui.warn(&error.message);
                return Ok(exit);
            }
            return Err(error);
        }
        if context.ui.is_json() {
            return Ok(exit);
        }
        let id = super::status::short(&document.id);
        context.ui.print(&match complete {
            true => format!("applied plan {id}: {progress}, live is as the plan promised"),
            false => format!("applied of plan {id}: {progress}"),
        });
        if !outcome.pending.is_empty() {
            let gate = outcome.gate.as_deref();
            let why = gate
                .map(|g| format!(", waiting for: {g}"))
                .unwrap_or_default();
            context
                .ui
                .print(&format!("pending: {}{why}", outcome.pending.join(", ")));
        } else if let Some((phase, _)) = document
            .steps()
            .find(|(_, step)| !outcome.done.contains(&step.id))
        {
            context
                .ui
                .print(&format!("next: pgrehearse apply --phase {phase}"));
        }
        Ok(exit)
    }
}

fn nothing(document: &Document, text: &str, context: &Context) -> Exit {
    if context.ui.is_json() {
        context.ui.print_json(&json!({
            "state": "nothing to do", "plan": document.id,
            "done": [], "now": [], "pending": [], "gate": null, "stopped": null,
        }));
    } else {
        context.ui.print(text);
    }
    Exit::Done
}

fn json(document: &Document, outcome: &Outcome, complete: bool) -> Value {
    let state = match (&outcome.stopped, complete) {
        (Some(_), _) => "stopped",
        (None, true) => "done",
        (None, false) => "pending",
    };
    let left = document.steps().map(|(_, step)| step.id.as_str());
    let left: Vec<&str> = left
        .filter(|id| !outcome.done.iter().any(|d| d == id))
        .collect();
    json!({
        "state": state,
        "plan": document.id,
        "done": outcome.done,
        "now": outcome.now,
        "pending": left,
        "gate": outcome.gate,
        "stopped": outcome.stopped.as_ref().map(|stop| json!({
            "code": stop.code(), "message": stop.to_string(), "help": stop.help(),
        })),
    })
}

/// Compares live once more, after the last step.
fn arrives(
    document: &Document,
    live: &Source,
    desired: Option<&Source>,
    work: &Work,
) -> Result<(), CliError> {
    let state = "all steps done";
    let elsewhere = |also: Vec<String>| {
        let message = "all steps ran, but live is not as the plan promised";
        let mut error = CliError::new("apply::residual", message, Exit::Failed)
            .help("somebody else changed it meanwhile: plan again")
            .state(state);
        error.also = also;
        error
    };
    match desired {
        Some(desired) => {
            let found = pipeline::differences(live, desired, &work.options)?;
            let left: Vec<String> = found.changes.keys().map(|id| id.human()).collect();
            match left.is_empty() {
                true => Ok(()),
                false => Err(elsewhere(left)),
            }
        }
        None => {
            let now = pipeline::read_live(live, &document.touches, &work.options)?;
            let found = pipeline::fingerprint_of(&now, &document.touches);
            match found == document.fingerprints.after {
                true => Ok(()),
                false => Err(elsewhere(Vec::new())),
            }
        }
    }
}
