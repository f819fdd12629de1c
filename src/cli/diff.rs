//! `pgrehearse diff`.

use super::{CliError, Context, Exit, not_built};
use crate::source::Source;

/// Show the differences of two schemas alone, object by object
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schema as it is [default: the live database]
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,
    /// The schema as it shall be [default: `schema` of the settings]
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<String>,
    /// Exit with 4 when there are differences
    #[arg(long)]
    pub exit_code: bool,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let from = context.source_or_live(self.from.as_deref())?;
        let to = context.source_or_desired(self.to.as_deref())?;
        diff(self, &from, &to, context)
    }
}

fn diff(_: &Arguments, _: &Source, _: &Source, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("diff"))
}
