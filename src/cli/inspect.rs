//! `pgrehearse inspect`.

use super::{CliError, Context, Exit, not_built};
use crate::source::Source;
use std::path::PathBuf;

/// Write the catalog of a schema as canonical SQL, YAML or JSON
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The schema [default: the live database]
    #[arg(value_name = "SOURCE")]
    pub source: Option<String>,
    /// How to write it [default: sql]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write a tree of files into this folder, one for each table
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Write one file
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    pub out: Option<PathBuf>,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Sql,
    Yaml,
    Json,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let source = context.source_or_live(self.source.as_deref())?;
        let format = match self.format {
            None if context.ui.is_json() => Format::Json,
            format => format.unwrap_or(Format::Sql),
        };
        inspect(self, &source, format, context)
    }
}

fn inspect(_: &Arguments, _: &Source, _: Format, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("inspect"))
}
