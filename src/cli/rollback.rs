//! `pgrehearse rollback`.

use super::{CliError, Context, Exit, not_built};

/// Take applied steps back, the last one first
///
/// Stops at a step that cannot be taken back, and says why.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plan [default: the only open one]
    #[arg(long, value_name = "ID")]
    pub plan: Option<String>,
    /// Keep the steps up to the end of this phase
    #[arg(long, value_enum, value_name = "PHASE")]
    pub to_phase: Option<KeptPhase>,
    /// Do not ask before the first statement
    #[arg(long, short)]
    pub yes: bool,
}

/// `--to-phase`: the last phase that stays applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeptPhase {
    Expand,
    Migrate,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        rollback(self, context.database()?, context)
    }
}

fn rollback(_: &Arguments, _: &str, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("rollback"))
}
