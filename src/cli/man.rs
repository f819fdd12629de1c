//! `pgrehearse man`.

use super::ui::Ui;
use super::{CliError, Exit, files};
use clap::Command;
use clap_mangen::Man;
use serde_json::json;
use std::path::PathBuf;

/// Print the manual page, or write one for each command
///
/// To read it: pgrehearse man | man -l -
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Write pgrehearse.1 and a page for each command into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

impl Arguments {
    /// Needs no settings, as the help does not.
    pub fn run(&self, mut command: Command, ui: &Ui) -> Result<Exit, CliError> {
        command.build();
        let Some(folder) = &self.dir else {
            let page = page(&command)?;
            match ui.is_json() {
                true => ui.print_json(&json!({"page": page})),
                false => ui.print(&page),
            }
            return Ok(Exit::Done);
        };
        let mut written = Vec::new();
        let of_commands = command.get_subcommands().filter(|c| c.get_name() != "help");
        for one in std::iter::once(&command).chain(of_commands) {
            let name = one.get_display_name().unwrap_or(one.get_name()).to_owned();
            let path = folder.join(format!("{name}.1"));
            files::write(&path, &page(one)?)?;
            written.push(path.display().to_string());
        }
        match ui.is_json() {
            true => ui.print_json(&json!({"written": written})),
            false => ui.note(&format!(
                "wrote {} pages into {}",
                written.len(),
                folder.display()
            )),
        }
        Ok(Exit::Done)
    }
}

fn page(command: &Command) -> Result<String, CliError> {
    let mut page = Vec::new();
    // Dates and system names would make it differ from run to run.
    let man = Man::new(command.clone()).source(format!("pgrehearse {}", env!("CARGO_PKG_VERSION")));
    man.render(&mut page)
        .map_err(|e| CliError::of("cli::unwritable", &e, Exit::Failed))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
