//! `pgrehearse apply`.

use super::{CliError, Context, Exit, not_built};
use crate::source::Source;
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
    /// The phase up to which steps are run
    #[arg(long, value_enum, default_value = "all")]
    pub phase: Phase,
    /// Do not ask before the first statement
    #[arg(long, short)]
    pub yes: bool,
    /// Exit with 5 when gates leave steps pending
    #[arg(long)]
    pub require_complete: bool,
    /// Apply a plan file that was edited after it was rehearsed
    #[arg(long, requires = "plan")]
    pub allow_edited: bool,
    /// Give leave for steps that block reads or writes
    #[arg(long)]
    pub allow_blocking: bool,
    /// Give leave for steps that lose data
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// `--phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Phase {
    Expand,
    Migrate,
    Contract,
    All,
}

/// Where the plan comes from.
#[derive(Debug)]
pub enum Request {
    File(PathBuf),
    To(Source),
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let database = context.database()?;
        let request = match &self.plan {
            Some(plan) => Request::File(plan.clone()),
            None => Request::To(context.source_or_desired(self.to.as_deref())?),
        };
        apply(self, database, &request, context)
    }
}

fn apply(_: &Arguments, _: &str, _: &Request, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("apply"))
}
