//! `pgrehearse comment`.

use super::{CliError, Context, Exit, not_built};
use std::path::PathBuf;

/// Write the pull request comment of a plan (Markdown)
///
/// Prints it, or posts it with --post: a comment posted before is updated.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plan file
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,
    /// Post it; token, repository and number come from the CI's environment
    #[arg(long, value_enum)]
    pub post: Option<Forge>,
    /// The address of the API [default: from the CI's environment]
    #[arg(long, value_name = "URL", requires = "post")]
    pub api: Option<String>,
}

/// `--post`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Forge {
    Github,
    Gitlab,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        comment(self, context)
    }
}

fn comment(_: &Arguments, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("comment"))
}
