//! Every folder of tests/lifecycle: a plan is applied, taken back and applied again while two clients
//! write, during every step. No write that the server acknowledged is lost, no client gets an error
//! that the plan does not announce, going back leaves nothing, and the end is the desired schema.
//!
//! A folder has old.sql, new.sql, seed.sql, the scripts old_app.sql and new_app.sql (without it the new
//! application is the old one), and perhaps case.toml (see [`Case`]). A script is a list of statements
//! in sections, each statement ended by `;` at the end of a line:
//!
//! - `-- insert`: takes a fresh number as `$1::bigint`, returns the state of the row as text;
//! - `-- update`: takes the number of a row of this client's, returns the state of the row;
//! - `-- delete`: the same, returns anything as text;
//! - `-- read`: takes the number of a row; what it returns is not looked at, so that its type may change;
//! - `-- replica`: an insert that runs with session_replication_role = replica, until contract;
//! - `-- check`: returns number and state of every row;
//! - `-- side by side`: run once after migrate, `{table.column}` being the temporary name of the new
//!   column; a statement that returns a boolean has to return true;
//! - `-- at the end`: the same after everything.
//!
//! The state is what both applications agree on: where they write values differently, each writes it
//! in the words of the new one. A client owns the rows whose number is its own modulo 2, the seed's
//! among them. Before [`Case::new_from`] both clients are the old application, as two of its processes.

#[path = "lifecycle/app.rs"]
mod app;
#[path = "lifecycle/gate.rs"]
mod gate;
#[path = "lifecycle/judge.rs"]
mod judge;
mod support;

use app::{Announced, Moment, Rules, Script, Shared};
use judge::Judge;
use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::apply::{self, Event, Gates, LockPolicy, Session, rollback};
use pgrehearse::kinds::HazardKind;
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Gate, Phase, Rollback, StepRecord, artifact};
use pgrehearse::source::{Source, read_files};
use postgres::{Config, NoTls};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use support::plans::{message, proved, show};
use support::{Live, options, server};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    min_version: Option<u32>,
    /// When the second client becomes the new application: `start`, `migrated` or `swapped`. By
    /// itself at the swap, or at the start where the plan has none.
    new_from: Option<String>,
    /// When the first client stops being the old application: `swapped`, `retiring`, or never.
    old_until: Option<String>,
    /// Errors that the plan announces: `MOMENT SQLSTATE HAZARD`, with commas, each perhaps with a number that
    /// there may be at most. The plan must have a step with that hazard.
    errors: Option<String>,
    /// The plan is refused with these words.
    refused: Option<String>,
    /// The plan must have a step of this operation: it is about that.
    operation: Option<String>,
    /// Drops go through the gate, which opens after seconds instead of days.
    gated: bool,
}

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let mut trials = Vec::new();
    for (number, folder) in folders(Path::new("tests/lifecycle"))
        .into_iter()
        .enumerate()
    {
        let name = folder.file_name().expect("a folder").to_string_lossy();
        let case = read_case(&folder);
        for version in support::by_turns(number, case.min_version.unwrap_or_default()) {
            let (folder, case) = (folder.clone(), case.clone());
            let name = format!("{name} on {}", version.major());
            let trial = Trial::test(name.clone(), move || {
                run(&name, &folder, &case, version).map_err(Failed::from)
            });
            trials.push(trial);
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root).expect("the folder of the cases");
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|p| p.join("old.sql").exists());
    paths.sort();
    paths
}

fn read_case(folder: &Path) -> Case {
    let text = std::fs::read_to_string(folder.join("case.toml")).unwrap_or_default();
    // The few `key = value` lines of a case read as YAML once the sign is changed.
    let lines = text.lines().filter(|l| !l.trim_start().starts_with('#'));
    let yaml: String = lines.map(|l| l.replacen(" = ", ": ", 1) + "\n").collect();
    if yaml.trim().is_empty() {
        return Case::default();
    }
    yaml_serde::from_str(&yaml).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
}

fn moment(name: &str) -> Moment {
    match name {
        "start" => Moment::Start,
        "expanding" => Moment::Expanding,
        "migrating" => Moment::Migrating,
        "migrated" => Moment::Migrated,
        "contracting" => Moment::Contracting,
        "swapping" => Moment::Swapping,
        "swapped" => Moment::Swapped,
        "retiring" => Moment::Retiring,
        other => panic!("no such moment: {other}"),
    }
}

/// What puts the new in the place of the old, for a column or a table.
fn is_swap(step: &StepRecord) -> bool {
    matches!(step.operation.as_str(), "swap column" | "swap table")
        || step.operation == "rename" && step.title.contains("becomes the view")
}

/// What takes the old away.
fn is_retirement(phase: Phase, step: &StepRecord) -> bool {
    phase == Phase::Contract
        && (matches!(step.operation.as_str(), "drop column" | "stop sync")
            || step.operation == "drop table" && step.strategy == "table copy"
            || step.operation == "drop view" && step.strategy == "rename")
}

/// One run on one server.
struct Run<'a> {
    shared: &'a Arc<Shared>,
    judge: &'a Judge<'a>,
    plan: &'a Document,
    config: &'a Config,
}

fn run(name: &str, folder: &Path, case: &Case, version: ServerVersion) -> Result<(), String> {
    let server = match case.gated {
        true => support::counting_server(version)?,
        false => server(version)?,
    };
    let files = |name: &str| read_files(&folder.join(name)).map_err(|e| e.to_string());
    let live = Live::from_files(&server, &files("old.sql")?)?;
    let wanted = files("new.sql")?;
    let owner = support::owner(&server, &live)?;
    let mut client = live.client();
    let seed = std::fs::read_to_string(folder.join("seed.sql")).map_err(|e| e.to_string())?;
    client
        .batch_execute(&format!("{seed}\nANALYZE;"))
        .map_err(|e| format!("seed: {}", message(&e)))?;
    let mut options = options(&server);
    if case.gated {
        gate::shorten(&mut options, &mut client)?;
    }
    let (from, to) = (live.source(), Source::Files(folder.join("new.sql")));
    let plan = match (pipeline::plan(&from, &to, &options), &case.refused) {
        (Ok(plan), None) => plan,
        (Ok(_), Some(words)) => return Err(format!("planned, and not refused with {words:?}")),
        (Err(error), Some(words)) if error.to_string().contains(words) => return Ok(()),
        (Err(error), _) => {
            return Err(format!(
                "plan: {error}; {}",
                error.help().unwrap_or_default()
            ));
        }
    };
    let mut document = plan.document().clone();
    let shown = show(&document);
    check(&document, case).map_err(|e| format!("{e}\n{shown}"))?;
    let gated = !case.gated && close_the_last(&mut document);
    let script = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        Some(Script::parse(&text))
    };
    let old = script("old_app.sql").ok_or("no old_app.sql")?;
    let new = script("new_app.sql").unwrap_or_else(|| old.clone());
    let rules = rules(case, &document, old.clone(), new.clone())?;
    let shared = Shared::new(rules);
    let judge = Judge::new(&live, &options.scope, &document, old, new);
    shared.seen().acknowledged = judge.seed()?;
    let workers: Vec<_> = (0..app::CLIENTS)
        .map(|number| app::start(number, &shared, &owner, &live.config))
        .collect::<Result<_, _>>()?;
    let run = Run {
        shared: &shared,
        judge: &judge,
        plan: &document,
        config: &owner,
    };
    let mut result = match case.gated {
        true => run.through_the_gates(),
        false => run.through(gated),
    };
    shared.stop();
    for worker in workers {
        let died = worker.join().is_err();
        if died && result.is_ok() {
            result = Err("a client panicked".to_owned());
        }
    }
    result = result.and_then(|()| match shared.seen().problems.first() {
        Some(problem) => Err(problem.clone()),
        None => Ok(()),
    });
    result.map_err(|e| format!("{e}\n{shown}"))?;
    let again = pipeline::plan(&from, &to, &options).map_err(|e| format!("second plan: {e}"))?;
    if !again.document().is_empty() {
        let again = show(again.document());
        return Err(format!(
            "the second plan is not empty:\n{again}\nthe first was:\n{shown}"
        ));
    }
    let wanted = Live::from_files(&server, &wanted)?;
    if case.gated {
        let made = wanted.client().batch_execute(gate::EXTENSION);
        made.map_err(|e| message(&e))?;
    }
    if support::pg_dump().is_ok() {
        support::dumps_alike(&server, &live, &wanted)
            .map_err(|diff| format!("pg_dump differs:\n{diff}\n{shown}"))?;
    }
    let seen = shared.seen();
    eprintln!(
        "{name}: {} writes acknowledged, errors {:?}, the longest statement took {} ms",
        seen.total,
        seen.errors,
        seen.longest.as_millis()
    );
    Ok(())
}

/// A gate before the first drop of what is old, or other step that cannot go back, so that going back over the swap can be tried.
fn close_the_last(document: &mut Document) -> bool {
    let goes_back = |s: &StepRecord| is_swap(s) || s.operation == "start sync";
    let swaps = document.steps().any(|(_, step)| goes_back(step));
    let mut steps = document
        .phases
        .iter_mut()
        .flat_map(|p| p.steps.iter_mut().map(|s| (p.phase, s)));
    let stays = |step: &StepRecord| matches!(step.rollback, Rollback::Irreversible { .. });
    let last = steps.find(|(phase, step)| is_retirement(*phase, step) || stays(step));
    let (Some((_, step)), true) = (last, swaps) else {
        return false;
    };
    step.gate = Some(Gate::Confirm {
        what: "the old application is gone".to_owned(),
    });
    document.id = artifact::content_id(document);
    true
}

fn rules(case: &Case, plan: &Document, old: Script, new: Script) -> Result<Rules, String> {
    let swaps = plan.steps().any(|(_, step)| is_swap(step));
    let by_itself = if swaps {
        Moment::Swapped
    } else {
        Moment::Start
    };
    let has = |kind: &str| {
        let mut hazards = plan.steps().flat_map(|(_, s)| &s.hazards);
        hazards.any(|h| h.kind.name() == kind)
    };
    let mut announced = Vec::new();
    if swaps && has(HazardKind::BreaksQueries.name()) {
        announced.push(Announced {
            from: Moment::Swapping,
            code: "0A000".to_owned(),
            most: None,
        });
    }
    for line in case.errors.iter().flat_map(|e| e.split(',')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (from, code, hazard, most) = match words[..] {
            [from, code, hazard] => (from, code, hazard, None),
            [from, code, hazard, most] => (from, code, hazard, most.parse().ok()),
            _ => return Err(format!("case.toml: {line}")),
        };
        if !has(hazard) {
            return Err(format!(
                "the plan does not announce {hazard}:\n{}",
                show(plan)
            ));
        }
        announced.push(Announced {
            from: moment(from),
            code: code.to_owned(),
            most,
        });
    }
    Ok(Rules {
        old,
        new,
        new_from: case.new_from.as_deref().map_or(by_itself, moment),
        old_until: case.old_until.as_deref().map_or(Moment::Never, moment),
        announced,
    })
}

impl Run<'_> {
    fn through(&self, gated: bool) -> Result<(), String> {
        let before = self.judge.picture()?;
        self.shared.let_them_write(20)?;
        self.there_and_back(&before)?;
        if gated {
            self.apply(Phase::Contract, &Gates::default())?;
            self.judge.look(self.shared)?;
            self.roll_back(Some(Phase::Migrate))?;
            self.shared.enter(Moment::Migrated);
            self.judge.look(self.shared)?;
        }
        let open = Gates {
            drops: true,
            confirmed: self.plan.steps().map(|(_, step)| step.id.clone()).collect(),
        };
        self.apply(Phase::Contract, &open)?;
        self.shared.let_them_write(20)?;
        self.judge.look(self.shared)?;
        self.judge.at_the_end(self.shared)
    }

    /// Both phases before contract: applied, taken back, applied.
    fn there_and_back(&self, before: &judge::Picture) -> Result<(), String> {
        for phases in [&[Phase::Expand][..], &[Phase::Expand, Phase::Migrate]] {
            for phase in phases {
                self.apply(*phase, &Gates::default())?;
                self.judge.look(self.shared)?;
            }
            self.roll_back(None)?;
            self.shared.enter(Moment::Start);
            self.judge.look(self.shared)?;
            let after = self.judge.picture()?;
            before
                .compare(&after)
                .map_err(|e| format!("{}: {e}", self.shared.here()))?;
        }
        self.apply(Phase::Expand, &Gates::default())?;
        self.judge.look(self.shared)?;
        self.apply(Phase::Migrate, &Gates::default())?;
        self.judge.look(self.shared)?;
        self.judge.side_by_side(self.shared)
    }

    fn options(&self) -> apply::Options {
        apply::Options {
            lock: LockPolicy {
                first: Duration::from_millis(50),
                timeout: Duration::from_millis(400),
                attempts: 60,
                max_wait: Duration::from_secs(60),
                pause: Duration::from_millis(20),
                max_pause: Duration::from_millis(200),
                ..LockPolicy::default()
            },
            wait_for_other: Duration::from_secs(30),
            poll: Duration::from_millis(20),
            ..apply::Options::default()
        }
    }

    /// In every state between two steps the clients write, and go on while the next one runs. What is
    /// left of the phase is returned.
    fn apply(&self, phase: Phase, gates: &Gates) -> Result<Vec<String>, String> {
        if self.plan.phases.iter().all(|p| p.phase != phase) {
            return Ok(Vec::new());
        }
        let is_whole = phase != Phase::Contract || gates.drops;
        let options = apply::Options {
            phases: [phase].into(),
            gates: gates.clone(),
            ..self.options()
        };
        self.shared.take_writes();
        self.shared.label(&format!("{phase}"));
        if self.shared.moment() < Moment::Swapped {
            self.shared.enter(match phase {
                Phase::Expand => Moment::Expanding,
                Phase::Migrate => Moment::Migrating,
                Phase::Contract => Moment::Contracting,
            });
        }
        let mut trouble = None;
        let mut observer = |event: Event| {
            if let Err(problem) = self.follow(&event) {
                trouble.get_or_insert(problem);
            }
        };
        let open = || self.config.connect(NoTls);
        let failed = |e: &dyn std::fmt::Display| format!("apply, {}: {e}", self.shared.here());
        let mut session = Session::open(&open).map_err(|e| failed(&e))?;
        let outcome = apply::run(&mut session, self.plan, &options, &mut observer)
            .map_err(|e| failed(&format!("{e}; {:?}", std::error::Error::source(&e))))?;
        if let Some(problem) = trouble {
            return Err(problem);
        }
        if let Some(stop) = outcome.stopped {
            return Err(failed(&stop));
        }
        if is_whole && !outcome.pending.is_empty() {
            return Err(failed(&format!(
                "{:?} is pending: {:?}",
                outcome.pending, outcome.gate
            )));
        }
        match phase {
            Phase::Migrate => self.shared.enter(Moment::Migrated),
            Phase::Contract if is_whole => self.shared.enter(Moment::Done),
            _ => {}
        }
        self.wrote()?;
        Ok(outcome.pending)
    }

    fn follow(&self, event: &Event) -> Result<(), String> {
        let of = |id: &str| self.plan.steps().find(|(_, s)| s.id == id);
        match event {
            Event::StepStarted { step, title, .. } => {
                self.shared.label(&format!("{step} ({title})"));
                let Some((phase, record)) = of(step) else {
                    return Ok(());
                };
                if is_swap(record) {
                    self.shared.enter(Moment::Swapping);
                } else if is_retirement(phase, record) {
                    self.shared.enter(Moment::Retiring);
                }
                self.shared.let_them_write(3)
            }
            Event::StepDone { step, .. } => {
                if self.is_swap(step) {
                    self.shared.enter(Moment::Swapped);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn is_swap(&self, step: &str) -> bool {
        self.plan.steps().any(|(_, s)| s.id == step && is_swap(s))
    }

    fn roll_back(&self, to: Option<Phase>) -> Result<(), String> {
        self.shared.take_writes();
        if to.is_none() {
            // The new application is taken back first.
            self.shared.enter(Moment::Expanding);
        }
        let mut trouble = None;
        let mut observer = |event: Event| {
            let problem = match &event {
                Event::StepStarted { step, title, .. } => {
                    self.shared.label(&format!("rollback of {step} ({title})"));
                    self.shared.let_them_write(3)
                }
                Event::StepDone { step, .. } if self.is_swap(step) => {
                    self.shared.enter(Moment::Contracting);
                    Ok(())
                }
                _ => Ok(()),
            };
            if let Err(problem) = problem {
                trouble.get_or_insert(problem);
            }
        };
        let open = || self.config.connect(NoTls);
        let failed = |e: &dyn std::fmt::Display| format!("{}: {e}", self.shared.here());
        let mut session = Session::open(&open).map_err(|e| failed(&e))?;
        let undone = rollback::run(&mut session, self.plan, to, &self.options(), &mut observer)
            .map_err(|e| failed(&format!("{e}; {:?}", std::error::Error::source(&e))))?;
        if let Some(problem) = trouble {
            return Err(problem);
        }
        if undone.exit_code() != 0 || !undone.remaining.is_empty() {
            return Err(failed(&format!("{undone:?}")));
        }
        self.wrote()
    }

    /// Each client had writes acknowledged since the phase began.
    fn wrote(&self) -> Result<(), String> {
        self.shared.let_them_write(3)?;
        let writes = self.shared.take_writes();
        for client in 0..app::CLIENTS {
            if !writes.keys().any(|(c, _)| *c == client) {
                return Err(format!(
                    "{}: client {client} wrote nothing",
                    self.shared.here()
                ));
            }
        }
        Ok(())
    }
}

/// What holds of every plan, that going back over a swap reads nothing, and that it is about what it says.
fn check(document: &Document, case: &Case) -> Result<(), String> {
    proved(document)?;
    for (_, step) in document.steps().filter(|(_, s)| is_swap(s)) {
        let Rollback::Run(back) = &step.rollback else {
            continue;
        };
        let reads = |sql: &str| sql.contains(" FOREIGN KEY ") && !sql.ends_with(" NOT VALID");
        if let Some(s) = back.iter().find(|s| s.transactional && reads(&s.sql)) {
            return Err(format!("going back reads rows under the lock: {}", s.sql));
        }
    }
    if let Some(operation) = &case.operation
        && !document.steps().any(|(_, s)| s.operation == *operation)
    {
        return Err(format!("no step is a {operation}"));
    }
    Ok(())
}
