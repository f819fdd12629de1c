//! `pgrehearse plan`.

use super::options::Work;
use super::{CliError, Context, Exit};
use crate::pipeline;
use crate::plan::{Document, artifact};
use crate::render;
use crate::source::Source;
use std::path::{Path, PathBuf};

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
    /// Files or folders with the application's queries: none of them may break [besides the setting
    /// `queries` and pg_stat_statements]
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub queries: Vec<PathBuf>,
    /// Write the plan to this file (.yaml or .json), such as plans/add_login.yaml
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to print it [default: text]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Exit with 4 when there are changes
    #[arg(long)]
    pub exit_code: bool,
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

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let format = match self.format {
            None if context.ui.is_json() => Format::Json,
            format => format.unwrap_or(Format::Text),
        };
        if let Some(path) = &self.out {
            file_format(path)?;
        }
        let from = context.source_or_live(self.from.as_deref())?;
        let to = context.source_or_desired(self.to.as_deref())?;
        plan(self, &from, &to, format, context)
    }
}

fn plan(
    arguments: &Arguments,
    from: &Source,
    to: &Source,
    format: Format,
    context: &Context,
) -> Result<Exit, CliError> {
    let mut work = Work::new(context, &[from, to])?;
    work.options.queries.extend(arguments.queries.clone());
    let rehearsed = pipeline::plan(from, to, &work.options);
    work.quiet();
    let rehearsed = rehearsed?;
    let document = rehearsed.document();
    match (&arguments.out, arguments.format) {
        // The file is the result; what is asked for besides is printed.
        (Some(_), None) if !context.ui.is_json() => {
            let look = context.ui.look();
            let head = render::text::head(document, look.width, look.into());
            context.ui.print(&head);
        }
        _ => context.ui.print(&shown(document, format, context)?),
    }
    if let Some(path) = &arguments.out {
        write_file(path, document)?;
        context.ui.note(&format!("wrote {}", path.display()));
    }
    Ok(exit(document, arguments.exit_code))
}

/// 1 for a plan that is not proved: what was printed says why.
fn exit(document: &Document, with_changes: bool) -> Exit {
    let proved = document.is_empty() || document.is_rehearsed();
    match (
        proved && document.evidence.residual.is_empty(),
        document.is_empty(),
    ) {
        (false, _) => Exit::Failed,
        (true, false) if with_changes => Exit::Different,
        _ => Exit::Done,
    }
}

/// The plan in the wanted form.
fn shown(document: &Document, format: Format, context: &Context) -> Result<String, CliError> {
    let look = context.ui.look();
    let artifact = |format| {
        artifact::write_document(document, format)
            .map_err(|e| CliError::of("plan::write", &e, Exit::Failed))
    };
    Ok(match format {
        Format::Text => render::text::plan(document, look.width, look.into()),
        Format::Sql => render::sql::plan(document),
        Format::Markdown => render::markdown::plan(document),
        Format::Mermaid => render::mermaid::plan(document, render::mermaid::MOST_STEPS),
        Format::Json => artifact(artifact::Format::Json)?,
        Format::Yaml => artifact(artifact::Format::Yaml)?,
    })
}

fn file_format(path: &Path) -> Result<artifact::Format, CliError> {
    let extension = path.extension().and_then(|e| e.to_str());
    match extension.map(str::to_lowercase).as_deref() {
        Some("yaml" | "yml") => Ok(artifact::Format::Yaml),
        Some("json") => Ok(artifact::Format::Json),
        _ => {
            let message = format!("{} is no name for a plan file", path.display());
            Err(CliError::new("cli::plan_name", message, Exit::Usage)
                .help("end it with .yaml or .json"))
        }
    }
}

/// Writes the plan beside its place and moves it there: a reader never sees half of it.
fn write_file(path: &Path, document: &Document) -> Result<(), CliError> {
    let text = artifact::write_document(document, file_format(path)?)
        .map_err(|e| CliError::of("plan::write", &e, Exit::Failed))?;
    super::files::write(path, &text)
}
