//! `pgrehearse inspect`.

use super::options::Work;
use super::{CliError, Context, Exit, files};
use crate::pipeline::{self, Inspected};
use crate::render::schema;
use crate::source::Source;
use serde_json::json;
use std::path::{Path, PathBuf};

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
    pub tree: Option<PathBuf>,
    /// Write one file
    #[arg(long, value_name = "FILE", conflicts_with = "tree")]
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
        let format = match (self.format, &self.out) {
            (None, _) if context.ui.is_json() => Format::Json,
            (None, Some(path)) => Format::of_file(path),
            (format, _) => format.unwrap_or(Format::Sql),
        };
        let format = match self.tree {
            Some(_) if self.format.is_none() => Format::Sql,
            _ => format,
        };
        if self.tree.is_some() && format != Format::Sql {
            let message = "--tree writes SQL files";
            return Err(CliError::new("cli::usage", message, Exit::Usage)
                .help("leave --format out, or write one file with --out"));
        }
        let found = read(&source, context)?;
        if let Some(folder) = &self.tree {
            let written = write_tree(&found, folder, Existing::Refused, context)?;
            if context.ui.is_json() {
                context.ui.print_json(&json!({"written": written}));
            }
            return Ok(Exit::Done);
        }
        let text = match format {
            Format::Sql => schema::file(&found.catalog, &found.steps),
            Format::Yaml => yaml_serde::to_string(&found.catalog)
                .map_err(|e| CliError::of("cli::snapshot", &e, Exit::Failed))?,
            Format::Json => serde_json::to_string_pretty(&found.catalog)
                .map_err(|e| CliError::of("cli::snapshot", &e, Exit::Failed))?,
        };
        match &self.out {
            Some(path) => {
                files::write(path, &text)?;
                context.ui.note(&format!("wrote {}", path.display()));
                if context.ui.is_json() {
                    let written = path.display().to_string();
                    context.ui.print_json(&json!({"written": [written]}));
                }
            }
            None => context.ui.print(&text),
        }
        Ok(Exit::Done)
    }
}

impl Format {
    fn of_file(path: &Path) -> Self {
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        match extension.to_lowercase().as_str() {
            "yaml" | "yml" => Self::Yaml,
            "json" => Self::Json,
            _ => Self::Sql,
        }
    }
}

/// Reads a schema and says what is not in it.
pub(super) fn read(source: &Source, context: &Context) -> Result<Inspected, CliError> {
    let work = Work::new(context, &[source])?;
    let found = pipeline::inspect(source, &work.options);
    work.quiet();
    let found = found?;
    for notice in &found.notices {
        context.ui.note(notice);
    }
    for one in &found.catalog.unmodeled {
        context
            .ui
            .warn(&format!("{one} is left out: it is not modelled yet"));
    }
    Ok(found)
}

/// What happens to `.sql` files that are in the folder already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// They would be part of the schema: nothing is written.
    Refused,
    /// Those of the same name are written over.
    Overwritten,
}

/// Writes the schema as a tree of files below `folder`.
pub(super) fn write_tree(
    found: &Inspected,
    folder: &Path,
    existing: Existing,
    context: &Context,
) -> Result<Vec<String>, CliError> {
    let tree = schema::tree(&found.catalog, &found.steps);
    if existing == Existing::Refused && files::holds_sql(folder) {
        let message = format!("{} holds .sql files already", folder.display());
        return Err(CliError::new("cli::folder_in_use", message, Exit::Usage)
            .help("name a new folder: old files beside the new ones would be one schema"));
    }
    let mut written = Vec::with_capacity(tree.len());
    for (path, text) in &tree {
        let path = folder.join(path);
        files::write(&path, text)?;
        written.push(path.display().to_string());
    }
    context.ui.note(&format!(
        "wrote {} files into {}",
        tree.len(),
        folder.display()
    ));
    Ok(written)
}
