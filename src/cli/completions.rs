//! `pgrehearse completions`.

use super::ui::Ui;
use super::{CliError, Exit};
use clap_complete::Shell;
use serde_json::json;

/// Print the completion script of a shell
///
/// bash: source <(pgrehearse completions bash); zsh, fish, elvish and powershell as their manuals say.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: Shell,
}

impl Arguments {
    /// Needs no settings: a broken file must not break a shell.
    pub fn run(&self, mut command: clap::Command, ui: &Ui) -> Result<Exit, CliError> {
        let mut script = Vec::new();
        let name = command.get_name().to_owned();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let script = String::from_utf8_lossy(&script);
        match ui.is_json() {
            true => ui.print_json(&json!({"shell": self.shell.to_string(), "script": script})),
            false => ui.print(&script),
        }
        Ok(Exit::Done)
    }
}
