//! `pgrehearse plan`.

use super::{CliError, Context, Exit, not_built};
use crate::source::Source;
use std::path::PathBuf;

/// Plan the way from one schema to another, and rehearse it
///
/// Compares two schemas, orders the changes, makes online steps of risky ones and executes the
/// whole plan on a scratch clone. Prints it with what was measured, or writes it with --out for
/// review. Nothing is written to the live database.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schema as it is [default: the live database]
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,
    /// The schema as it shall be [default: `schema` of the settings]
    #[arg(long, value_name = "SOURCE")]
    pub to: Option<String>,
    /// Write the plan to this file (.yaml or .json), such as plans/add_login.yaml
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to print it [default: text]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Files with queries of the application, checked after each phase; may be repeated
    #[arg(long, value_name = "FILE")]
    pub queries: Vec<PathBuf>,
    /// Exit with 4 when there are changes
    #[arg(long)]
    pub exit_code: bool,
    /// Say why each step stands where it does
    #[arg(long)]
    pub why: bool,
    /// Give leave for steps that block reads or writes
    #[arg(long)]
    pub allow_blocking: bool,
    /// Give leave for steps that lose data
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Sql,
    Markdown,
    Json,
    Yaml,
    Mermaid,
}

/// What `plan` was asked for.
#[derive(Debug)]
pub struct Request {
    pub from: Source,
    pub to: Source,
    pub format: Format,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let format = match self.format {
            None if context.ui.is_json() => Format::Json,
            format => format.unwrap_or(Format::Text),
        };
        let request = Request {
            from: context.source_or_live(self.from.as_deref())?,
            to: context.source_or_desired(self.to.as_deref())?,
            format,
        };
        plan(self, &request, context)
    }
}

fn plan(_: &Arguments, _: &Request, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("plan"))
}
