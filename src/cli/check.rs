//! `pgrehearse check`.

use super::diff::{find, show};
use super::{CliError, Context, Exit};
use crate::source::Source;

/// Look for drift: exit 4 and the differences when live is not as desired
///
/// What pgrehearse does not model yet is named, and is no drift.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schema as it shall be [default: `schema` of the settings]
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<String>,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let to = context.source_or_desired(self.to.as_deref())?;
        let live = Source::parse(context.database()?)?;
        let found = find(&live, &to, context)?;
        show(&found, context);
        let one_sided = found.unmodeled.iter().filter(|u| u.side != "both").count();
        if one_sided > 0 && !context.ui.is_json() {
            context.ui.warn(&format!(
                "{one_sided} objects that are not compared stand on one side only: alone they are \
                 no drift"
            ));
        }
        Ok(match found.is_empty() {
            true => Exit::Done,
            false => Exit::Different,
        })
    }
}
