//! `pgrehearse check`.

use super::{CliError, Context, Exit, not_built};
use crate::source::Source;

/// Look for drift: exit 4 and the differences when live is not as desired
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schema as it shall be [default: `schema` of the settings]
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<String>,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let to = context.source_or_desired(self.to.as_deref())?;
        check(context.database()?, &to, context)
    }
}

fn check(_: &str, _: &Source, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("check"))
}
