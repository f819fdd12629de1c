//! `pgrehearse rehearse`.

use super::apply::leave::{self, Leave, Words};
use super::options::Work;
use super::{CliError, Context, Exit};
use crate::pipeline::{self, Scripted};
use crate::rehearse::script::{Failure, Report, Together};
use crate::render::{self, Colour, difference};
use crate::source::{self, DesiredFiles};
use std::path::PathBuf;

/// Measure hand-written SQL on a clone: locks, rewrites, scans, what fails
///
/// Runs the files, as psql would, on a clone of a schema with a few rows in it, and reads from the server what each
/// statement locks, rewrites, scans and builds. Says what would block the application, how the same is had online,
/// what the catalog differs in afterwards. Nothing is run on the live database.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// SQL files, in the order in which they are run; - is standard input
    #[arg(value_name = "FILE.sql", required = true)]
    pub files: Vec<PathBuf>,
    /// The schema that they are run on [default: the live database]
    #[arg(long, value_name = "SOURCE")]
    pub from: Option<String>,
    /// Run each file in one transaction, as most migration tools do
    #[arg(long, short = '1')]
    pub single_transaction: bool,
    /// How to print it [default: text]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Accept statements that block the application
    #[arg(long)]
    pub allow_blocking: bool,
    /// Accept statements that lose data
    #[arg(long)]
    pub allow_data_loss: bool,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Markdown,
    Json,
}

const WORDS: Words = Words {
    whole: "the file",
    data_loss: "rehearse::data_loss",
    blocking: "rehearse::blocking",
    policy: "rehearse::policy",
};

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let from = context.source_or_live(self.from.as_deref())?;
        let format = match self.format {
            None if context.ui.is_json() => Format::Json,
            format => format.unwrap_or(Format::Text),
        };
        let files = self.read(context)?;
        let together = match self.single_transaction {
            true => Together::EachFile,
            false => Together::EachStatement,
        };
        let work = Work::new(context, &[&from])?;
        let found = pipeline::script(&from, &files, together, &work.options);
        work.quiet();
        let found = found?;
        let refused = self.refused(&found.report, context);
        show(&found, &from.to_string(), format, refused.as_ref(), context);
        let error = found.report.failure().map(fails).or(refused);
        let Some(error) = error else {
            return Ok(Exit::Done);
        };
        context.ui.complain(&error);
        Ok(error.exit)
    }

    fn read(&self, context: &Context) -> Result<DesiredFiles, CliError> {
        let mut all = Vec::new();
        for path in &self.files {
            match path.to_str() {
                Some("-") => all.push(source::standard_input()?),
                _ => all.extend(source::read_files(path)?.files),
            }
        }
        let files = DesiredFiles::from_files(all)?;
        if files.statements.is_empty() {
            context.ui.warn("there is no statement in the files");
        }
        Ok(files)
    }

    /// What the settings forbid.
    fn refused(&self, report: &Report, context: &Context) -> Option<CliError> {
        let found: Vec<_> = report
            .statements()
            .flat_map(|statement| {
                let place = statement.place.to_string();
                statement.hazards.iter().map(move |h| (place.clone(), h))
            })
            .collect();
        let leave = Leave {
            blocking: self.allow_blocking,
            data_loss: self.allow_data_loss,
            asking: false,
        };
        let warn = &mut |text: &str| context.ui.warn(text);
        let (_, refused) = leave::weigh(found, leave, &context.settings, warn);
        leave::refusal(&WORDS, refused)
    }
}

fn show(
    found: &Scripted,
    from: &str,
    format: Format,
    refused: Option<&CliError>,
    context: &Context,
) {
    let report = &found.report;
    let look = context.ui.look();
    let after = |colour| difference::text(&found.differences, look.width, colour);
    match format {
        Format::Text => {
            let after = after(look.into());
            let text = render::script::text(report, from, &after, look.width, look.into());
            context.ui.print(&text);
        }
        Format::Markdown => {
            let text = render::script_markdown::markdown(report, from, &after(Colour::No));
            context.ui.print(&text);
        }
        Format::Json => {
            let refused: Vec<String> = refused
                .into_iter()
                .flat_map(|e| std::iter::once(&e.message).chain(&e.also).cloned())
                .collect();
            let after = difference::json(&found.differences);
            context
                .ui
                .print_json(&render::script::json(report, from, &after, &refused));
        }
    }
}

fn fails(failure: &Failure) -> CliError {
    let mut error = CliError::new("rehearse::fails", failure.message.clone(), Exit::Failed)
        .excerpt(Some(failure.excerpt.clone()));
    if !failure.sqlstate.is_empty() {
        error = error.server(format!("the server said: {}", failure.sqlstate));
    }
    error.causes.extend(failure.detail.clone());
    error.maybe_help(failure.hint.clone())
}
