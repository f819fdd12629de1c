//! `pgrehearse comment`.

use super::{CliError, Context, Exit, files};
use crate::plan::artifact;
use crate::render::markdown::{self, CommentOptions};
use crate::render::post;
use serde_json::json;
use std::path::{Path, PathBuf};

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
        let file = files::read(&self.plan)?;
        let recorded = artifact::read(&file.text).map_err(|e| CliError::of_plan_file(&file, &e))?;
        if recorded.is_edited() {
            let file = self.plan.display();
            context
                .ui
                .warn(&format!("{file} was edited after it was rehearsed"));
        }
        let options = CommentOptions {
            environment: context.environment.clone(),
            ..CommentOptions::default()
        };
        let body = markdown::comment(recorded.document(), &options);
        match self.post {
            None if context.ui.is_json() => context.ui.print_json(&json!({"comment": body})),
            None => context.ui.print(&body),
            Some(Forge::Gitlab) => {
                let message = "--post gitlab is not there yet";
                return Err(CliError::new("cli::not_built", message, Exit::Usage)
                    .help("leave --post out: the text is printed, post it with curl"));
            }
            Some(Forge::Github) => {
                let env = context.env();
                let event = env.get("GITHUB_EVENT_PATH").filter(|p| !p.is_empty());
                // The number is also in GITHUB_REF; without both it is said what is missing.
                let event = event.and_then(|p| files::read(Path::new(p)).ok());
                let get = |name: &str| match (name, &self.api) {
                    ("GITHUB_API_URL", Some(api)) => Some(api.clone()),
                    _ => env.get(name).cloned(),
                };
                let text = event.as_ref().map(|file| file.text.as_str());
                let target = post::github_from_environment(get, text)?;
                let marker = markdown::marker(options.environment.as_deref());
                let posted = post::upsert_github(&target, &marker, &body)?;
                match context.ui.is_json() {
                    true => context
                        .ui
                        .print_json(&json!({"url": posted.url, "updated": posted.updated})),
                    false => context.ui.print(&posted.url),
                }
            }
        }
        Ok(Exit::Done)
    }
}
