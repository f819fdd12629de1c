//! `pgrehearse init`.

use super::config::{FILE_NAME, settings_file};
use super::{CliError, Context, Exit, not_built};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Write pgrehearse.yaml, and the live schema into schemas/
///
/// With --db (or DATABASE_URL) the live schema is written as a tree of SQL files; without one,
/// only the settings. A file that is there already is never overwritten.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder for the schema files
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    pub dir: PathBuf,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let path = context.config.as_deref().unwrap_or(Path::new(FILE_NAME));
        let text = settings_file(&self.dir.display().to_string());
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes()));
        match written {
            Ok(()) => context.ui.note(&format!("wrote {}", path.display())),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
                context
                    .ui
                    .note(&format!("{} is there already and stays", path.display()));
            }
            Err(e) => {
                let message = format!("{} cannot be written", path.display());
                return Err(
                    CliError::new("cli::unwritable", message, Exit::Failed).cause(e.to_string())
                );
            }
        }
        match &context.settings.database {
            Some(url) => dump(url, &self.dir, context),
            None => Ok(Exit::Done),
        }
    }
}

fn dump(_: &str, _: &Path, _: &Context) -> Result<Exit, CliError> {
    Err(not_built("init with a database"))
}
