//! A drop through the gate, while two clients write: shut as long as the old application is there, then the
//! rename, back over it, the rename again, the wait, and the drop.

use super::app::Moment;
use super::{Gates, Phase, Run};
use pgrehearse::pipeline::Options;
use pgrehearse::plan::Gate;
use pgrehearse::strategy::{DropGate, Drops};
use postgres::Client;
use std::time::{Duration, Instant};

pub const EXTENSION: &str = "CREATE EXTENSION pg_stat_statements";
const SHORT: Duration = Duration::from_secs(1);

/// The gate with short times, and what its audit reads.
pub fn shorten(options: &mut Options, client: &mut Client) -> Result<(), String> {
    options.drops = Drops {
        gate: DropGate::Audit,
        audit: SHORT,
        wait: SHORT,
        backup: false,
    };
    // An administrator's extension, in no file of the application.
    options.scope.ignore = vec!["pg_stat_statements".to_owned()];
    let role = options.running.as_ref().map_or("", |s| s.role());
    let statements = format!("{EXTENSION}; GRANT pg_read_all_stats TO {role}");
    client
        .batch_execute(&statements)
        .map_err(|e| super::message(&e))
}

impl Run<'_> {
    pub fn through_the_gates(&self) -> Result<(), String> {
        let before = self.judge.picture()?;
        self.shared.let_them_write(20)?;
        let phases = &self.plan.phases;
        if phases.iter().any(|p| p.phase < Phase::Contract) {
            self.there_and_back(&before)?;
        }
        let before = self.judge.picture()?;
        self.up_to_the_wait()?;
        self.roll_back(Some(Phase::Migrate))?;
        self.shared.enter(Moment::Migrated);
        self.judge.look(self.shared)?;
        before.compare(&self.judge.picture()?)?;
        self.shared.let_them_write(20)?;
        self.up_to_the_wait()?;
        self.until(|pending| pending.is_empty())?;
        self.shared.enter(Moment::Done);
        self.shared.let_them_write(20)?;
        self.judge.look(self.shared)?;
        self.judge.at_the_end(self.shared)
    }

    /// The old application keeps the audit shut; without it what is dropped is renamed, and waits.
    fn up_to_the_wait(&self) -> Result<(), String> {
        for _ in 0..2 {
            let pending = self.apply(Phase::Contract, &Gates::default())?;
            match self.gate_of(&pending) {
                Some(Gate::Audit { .. }) => {}
                gate => return Err(format!("{}: stands at {gate:?}", self.shared.here())),
            }
            self.judge.look(self.shared)?;
            std::thread::sleep(SHORT + SHORT / 5);
        }
        self.shared.enter(Moment::Retiring);
        self.until(|pending| matches!(self.gate_of(pending), Some(Gate::Wait { .. }) | None))?;
        self.judge.look(self.shared)
    }

    /// The gate of the first step that is left.
    fn gate_of(&self, pending: &[String]) -> Option<&Gate> {
        let first = pending.first()?;
        let mut steps = self.plan.steps();
        steps.find(|(_, s)| s.id == *first)?.1.gate.as_ref()
    }

    fn until(&self, there: impl Fn(&[String]) -> bool) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let pending = self.apply(Phase::Contract, &Gates::default())?;
            if there(&pending) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("{}: {pending:?} is left", self.shared.here()));
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}
