//! `pgrehearse status`.

use super::{CliError, Context, Exit, not_built};

/// Show where each plan stands and what blocks its next step
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        status(context.database()?, context)
    }
}

fn status(_: &str, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("status"))
}
