//! Files that commands write and read.

use super::{CliError, Exit};
use crate::source::SourceFile;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes `text` beside its place and moves it there: a reader never sees half of it.
pub(super) fn write(path: &Path, text: &str) -> Result<(), CliError> {
    replace(path, text).map_err(|e| {
        let message = format!("{} cannot be written", path.display());
        CliError::new("cli::unwritable", message, Exit::Failed).cause(e.to_string())
    })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    // A temporary file is the owner's alone; what is written here is for the repository.
    let mode = std::fs::metadata(path).map_or(0o644, |m| m.permissions().mode() & 0o777);
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.persist(path)?;
    Ok(())
}

/// Reads a text file that an argument names.
pub(super) fn read(path: &Path) -> Result<SourceFile, CliError> {
    let fail = |cause: String| {
        let message = format!("{} cannot be read", path.display());
        CliError::new("cli::unreadable", message, Exit::Usage).cause(cause)
    };
    let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8".to_owned()))?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

/// Whether there is a `.sql` file in `folder` or below it.
pub(super) fn holds_sql(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        // A link to a folder may lead round in a circle; the reader of schemas follows none.
        let is_folder = entry.file_type().is_ok_and(|t| t.is_dir());
        (is_folder && holds_sql(&path)) || path.extension().is_some_and(|e| e == "sql")
    })
}
