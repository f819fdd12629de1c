//! `pgrehearse comment`.

use super::{CliError, Context, Exit, files};
use crate::plan::{Recorded, artifact};
use crate::render::markdown::{self, CommentOptions, Environment};
use crate::render::post::{self, Posted};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Write the pull request comment of a plan (Markdown)
///
/// Prints it, or posts it with --post: a comment posted before is updated. With several plans, each
/// NAME=FILE, one comment shows all environments: what differs between them, and once what is equal.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A plan file; with a name before it (production=plans/x.yaml), that of an environment
    #[arg(long = "plan", value_name = "[NAME=]FILE", required = true)]
    pub plans: Vec<String>,
    /// Post it; token, repository and number come from the CI's environment
    #[arg(long, value_enum)]
    pub post: Option<Forge>,
    /// The address of the API [default: from the CI's environment]
    #[arg(long, value_name = "URL", requires = "post")]
    pub api: Option<String>,
    /// The pull or merge request's number [default: from the CI's environment]
    #[arg(long, value_name = "NUMBER", requires = "post")]
    pub number: Option<u64>,
}

/// `--post`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Forge {
    Github,
    Gitlab,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut plans: Vec<(Option<String>, Recorded)> = Vec::new();
        for text in &self.plans {
            let (name, path) = named(text);
            plans.push((name, read(&path, context)?));
        }
        let options = CommentOptions {
            environment: context.environment.clone(),
            limit: match self.post {
                Some(Forge::Gitlab) => markdown::GITLAB_LIMIT,
                _ => markdown::LIMIT,
            },
        };
        let (options, body) = match plans.as_slice() {
            [(name, plan)] => {
                let options = CommentOptions {
                    environment: name.clone().or(options.environment),
                    ..options
                };
                let body = markdown::comment(plan.document(), &options);
                (options, body)
            }
            plans => {
                let environments = environments(plans)?;
                let body = markdown::comment_of_several(&environments, &options);
                (options, body)
            }
        };
        let marker = markdown::marker(options.environment.as_deref());
        let posted = match self.post {
            None if context.ui.is_json() => {
                context.ui.print_json(&json!({"comment": body}));
                return Ok(Exit::Done);
            }
            None => {
                context.ui.print(&body);
                return Ok(Exit::Done);
            }
            Some(Forge::Github) => self.to_github(context, &marker, &body)?,
            Some(Forge::Gitlab) => self.to_gitlab(context, &marker, &body)?,
        };
        match context.ui.is_json() {
            true => context
                .ui
                .print_json(&json!({"url": posted.url, "updated": posted.updated})),
            false => context.ui.print(&posted.url),
        }
        Ok(Exit::Done)
    }

    fn to_github(&self, context: &Context, marker: &str, body: &str) -> Result<Posted, CliError> {
        let env = context.env();
        let event = env.get("GITHUB_EVENT_PATH").filter(|p| !p.is_empty());
        // The number is also in GITHUB_REF; without both it is said what is missing.
        let event = event.and_then(|p| files::read(Path::new(p)).ok());
        let get = |name: &str| match (name, &self.api) {
            ("GITHUB_API_URL", Some(api)) => Some(api.clone()),
            _ => env.get(name).cloned(),
        };
        let text = event.as_ref().map(|file| file.text.as_str());
        let target = post::github_from_environment(get, text, self.number)?;
        Ok(post::upsert_github(&target, marker, body)?)
    }

    fn to_gitlab(&self, context: &Context, marker: &str, body: &str) -> Result<Posted, CliError> {
        let env = context.env();
        let get = |name: &str| match (name, &self.api) {
            ("CI_API_V4_URL", Some(api)) => Some(api.clone()),
            _ => env.get(name).cloned(),
        };
        let target = post::gitlab_from_environment(get, self.number)?;
        Ok(post::upsert_gitlab(&target, marker, body)?)
    }
}

/// `production=plans/x.yaml` in its parts; a file that has a `=` in its name is a file.
fn named(text: &str) -> (Option<String>, PathBuf) {
    match text.split_once('=') {
        Some((name, file))
            if !name.is_empty() && !name.contains('/') && !Path::new(text).exists() =>
        {
            (Some(name.to_owned()), file.into())
        }
        _ => (None, text.into()),
    }
}

fn environments<'p>(
    plans: &'p [(Option<String>, Recorded)],
) -> Result<Vec<Environment<'p>>, CliError> {
    let fail = |message: String| {
        CliError::new("cli::environments", message, Exit::Usage)
            .help("write each plan as --plan NAME=FILE, each name once")
    };
    let mut seen = BTreeSet::new();
    plans
        .iter()
        .map(|(name, plan)| {
            let Some(name) = name else {
                return Err(fail("of several plans one has no name".to_owned()));
            };
            if !seen.insert(name) {
                return Err(fail(format!("two plans are named {name}")));
            }
            Ok(Environment {
                name,
                document: plan.document(),
            })
        })
        .collect()
}

fn read(path: &Path, context: &Context) -> Result<Recorded, CliError> {
    let file = files::read(path)?;
    let recorded = artifact::read(&file.text).map_err(|e| CliError::of_plan_file(&file, &e))?;
    if recorded.is_edited() {
        let file = path.display();
        context
            .ui
            .warn(&format!("{file} was edited after it was rehearsed"));
    }
    Ok(recorded)
}
