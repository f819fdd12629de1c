//! `exec:COMMAND`: a program whose standard output is SQL, such as the DDL dump of an ORM.
//!
//! The command is split into words as a shell does it, and run without one: no variables, pipes or patterns, unless
//! a shell is written (`exec:sh -c '…'`).

use super::error::SourceError;
use super::files;
use super::text::SourceFile;
use super::{DesiredFiles, hide_password};
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;

/// The last lines of standard error that are shown.
const LINES: usize = 12;

/// Runs `command` and reads what it prints.
///
/// # Errors
/// [`SourceError`] when it cannot be started, fails, prints nothing, or prints what cannot be split.
pub fn read_exec(command: &str) -> Result<DesiredFiles, SourceError> {
    let words = words(command)?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(SourceError::Empty);
    };
    let shown = shown(command);
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| SourceError::ExecMissing {
            program: program.clone(),
            source,
        })?;
    let stderr = child.stderr.take();
    // Both are read at once: a full pipe stops the program.
    let messages = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            // What cannot be read any more is not shown.
            stderr.read_to_end(&mut text).ok();
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let output = child.stdout.take();
    let read = match output {
        Some(output) => files::decode_from(&format!("exec:{shown}"), output),
        None => Ok(SourceFile::new("", "")),
    };
    if read.is_err() {
        // It may go on writing for ever.
        child.kill().ok();
    }
    let status = child.wait().map_err(|source| SourceError::ExecMissing {
        program: program.clone(),
        source,
    })?;
    let messages = messages.join().unwrap_or_default();
    let file = read?;
    if !status.success() {
        return Err(SourceError::ExecFailed {
            command: shown,
            status: status.to_string(),
            stderr: last_lines(&messages),
        });
    }
    let files = DesiredFiles::from_files(vec![file])?;
    if files.statements.is_empty() {
        return Err(SourceError::ExecEmpty {
            command: shown,
            stderr: last_lines(&messages),
        });
    }
    Ok(files)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// The command without the passwords of URLs in it.
pub fn shown(command: &str) -> String {
    let words = command.split(' ').map(|word| match word.contains("://") {
        true => hide_password(word),
        false => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Splits a command into words: blanks part them, quotes and backslashes keep them together.
fn words(command: &str) -> Result<Vec<String>, SourceError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = command.chars();
    let form = || SourceError::ExecForm {
        command: shown(command),
    };
    while let Some(c) = characters.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or_else(form)? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next().ok_or_else(form)? {
                        '"' => break,
                        '\\' => match characters.next().ok_or_else(form)? {
                            c @ ('"' | '\\' | '$' | '`') => word.push(c),
                            c => word.extend(['\\', c]),
                        },
                        c => word.push(c),
                    }
                }
            }
            '\\' => {
                let next = characters.next().ok_or_else(form)?;
                word.get_or_insert_default().push(next);
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does_it() {
        let split = |text| words(text).map_err(|e| e.code());
        let wanted = |words: &[&str]| Ok(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(split("a  b\tc"), wanted(&["a", "b", "c"]));
        assert_eq!(split("a 'b c'\"d e\"f ''"), wanted(&["a", "b cd ef", ""]));
        assert_eq!(split("a\\ b \"\\\"$x\\n\""), wanted(&["a b", "\"$x\\n"]));
        assert_eq!(split("a 'b"), Err("source::exec_form"));
        assert_eq!(split("a \\"), Err("source::exec_form"));
    }

    #[test]
    fn a_password_in_a_command_is_not_shown() {
        let text = shown("pg_dump -s postgres://app:geheim@db/shop");
        assert_eq!(text, "pg_dump -s postgres://app:***@db/shop");
    }
}
