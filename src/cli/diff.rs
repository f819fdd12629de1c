//! `pgrehearse diff`.

use super::options::Work;
use super::{CliError, Context, Exit};
use crate::pipeline::{self, Differences};
use crate::render::difference;
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
        let found = find(&from, &to, context)?;
        show(&found, context);
        Ok(match found.is_empty() {
            false if self.exit_code => Exit::Different,
            _ => Exit::Done,
        })
    }
}

/// The differences of two sources.
pub(super) fn find(from: &Source, to: &Source, context: &Context) -> Result<Differences, CliError> {
    let work = Work::new(context, &[from, to])?;
    let found = pipeline::differences(from, to, &work.options);
    work.quiet();
    Ok(found?)
}

/// Prints the differences, and what is said besides.
pub(super) fn show(found: &Differences, context: &Context) {
    if context.ui.is_json() {
        context.ui.print_json(&difference::json(found));
        return;
    }
    let look = context.ui.look();
    context
        .ui
        .print(&difference::text(found, look.width, look.into()));
    for notice in &found.notices {
        context.ui.note(notice);
    }
}
