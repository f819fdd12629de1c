//! `pgrehearse init`.

use super::config::{FILE_NAME, settings_file};
use super::inspect::{Existing, read, write_tree};
use super::{CliError, Context, Exit, files};
use crate::source::Source;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Write pgrehearse.yaml, and the live schema into schemas/
///
/// With --db (or DATABASE_URL) the live schema is written as a tree of SQL files; without one,
/// only the settings. What is there already stays, unless --force is given.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder for the schema files
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub dir: PathBuf,
    /// Write over files that are there already
    #[arg(long)]
    pub force: bool,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut written: Vec<String> = Vec::new();
        let path = context.config.as_deref().unwrap_or(Path::new(FILE_NAME));
        if path.exists() && !self.force {
            let text = format!("{} is there already and stays", path.display());
            context.ui.note(&text);
        } else {
            files::write(path, &settings_file(&self.dir.display().to_string()))?;
            context.ui.note(&format!("wrote {}", path.display()));
            written.push(path.display().to_string());
        }
        written.extend(self.schema(context)?);
        if context.ui.is_json() {
            context.ui.print_json(&json!({"written": written}));
        }
        Ok(Exit::Done)
    }

    /// Writes the live schema, where there is one, and returns the files.
    fn schema(&self, context: &Context) -> Result<Vec<String>, CliError> {
        let Some(url) = &context.settings.database else {
            return Ok(Vec::new());
        };
        if files::holds_sql(&self.dir) && !self.force {
            let text = format!("{} holds a schema already and stays", self.dir.display());
            context.ui.note(&text);
            return Ok(Vec::new());
        }
        let found = read(&Source::parse(url)?, context)?;
        write_tree(&found, &self.dir, Existing::Overwritten, context)
    }
}
