//! The settings file of the revision that a pull request is to be merged into.

use super::ui::Ui;
use super::{CliError, Exit};
use crate::source::database::Environment;
use crate::source::{self, SourceFile};
use std::path::Path;

/// The file as of `given`, or of the target branch that the CI names; nothing where there is none.
///
/// Not the merge base: the author of a pull request chooses where a branch begins, and could begin it
/// where the settings were still weak.
///
/// # Errors
/// `cli::base` when `given` is no revision of this repository.
pub(super) fn settings(
    given: Option<&str>,
    path: &Path,
    ui: &Ui,
) -> Result<Option<SourceFile>, CliError> {
    let relative = path.to_str().filter(|_| path.is_relative());
    let Some(relative) = relative else {
        return Ok(None);
    };
    let read = |rev: &str| source::read_git_file(Path::new("."), rev, relative);
    if let Some(rev) = given {
        return read(rev).map_err(|error| {
            let message = format!("the base revision {rev} cannot be read");
            CliError::new("cli::base", message, Exit::Usage)
                .cause(error.to_string())
                .help("fetch it (git fetch origin BRANCH), and pass --base FETCH_HEAD")
        });
    }
    let Some(branch) = target_branch(ui.environment()) else {
        return Ok(None);
    };
    let rev = format!("origin/{branch}");
    match read(&rev) {
        Ok(file) => Ok(file),
        Err(_) => {
            ui.note(&format!(
                "{rev} is not here: guarded settings hold from flags and variables only \
                 (git fetch origin {branch}, then --base FETCH_HEAD)"
            ));
            Ok(None)
        }
    }
}

fn target_branch(env: &Environment) -> Option<&str> {
    ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"]
        .into_iter()
        .find_map(|name| env.get(name).map(String::as_str).filter(|v| !v.is_empty()))
}
