//! Files that a file takes in with `\i` and `\ir`, as psql does.
//!
//! Only those in the directory of the first file and below it: in a pull request nobody is to read other files of the host.

use super::error::SourceError;
use super::files::{Found, read_file, unreadable};
use super::scan::{Skipped, scan};
use super::text::SourceFile;
use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The same words for what is not there: which files the host has is not to be told.
const ELSEWHERE: &str = "there is none of that name in the directory of the first one or below it";

/// Whether the psql command `name` takes in a file.
pub(super) fn is_include(name: &str) -> bool {
    is_relative(name) || matches!(name, "i" | "include")
}

fn is_relative(name: &str) -> bool {
    matches!(name, "ir" | "include_relative")
}

/// Refuses a file that takes in another, where nothing can be taken in.
///
/// # Errors
/// [`SourceError::Include`] at the first such command.
pub(super) fn none(file: &SourceFile) -> Result<(), SourceError> {
    match commands(file).into_iter().next() {
        None => Ok(()),
        Some((range, _)) => Err(SourceError::Include {
            what: "a single file of a revision takes in no other",
            excerpt: Box::new(file.excerpt(range)),
        }),
    }
}

/// Adds what the file in `found`, which is at `main`, takes in, and what that does, each once.
///
/// # Errors
/// [`SourceError::Include`] for a file that is not there or lies elsewhere.
pub(super) fn follow(main: &Path, found: &mut Found) -> Result<(), SourceError> {
    // What takes in nothing may be no file of a directory: a pipe.
    if found.files.iter().all(|file| commands(file).is_empty()) {
        return Ok(());
    }
    let directory = match main.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let real = |path: &Path| fs::canonicalize(path).map_err(|e| unreadable(path, e));
    let root = real(directory)?;
    let mut known = BTreeSet::from([real(main)?]);
    let mut paths = vec![main.to_owned()];
    let mut at = 0;
    while let (Some(file), Some(path)) = (found.files.get(at), paths.get(at).cloned()) {
        at += 1;
        let mut taken = Vec::new();
        for (range, name) in commands(file) {
            let wrong = |what: &'static str| SourceError::Include {
                what,
                excerpt: Box::new(file.excerpt(range.clone())),
            };
            let argument = argument(file.text.get(range.clone()).unwrap_or_default(), &name)
                .ok_or_else(|| wrong("the name of the file cannot be told"))?;
            let beside = path.parent().unwrap_or(directory);
            let below = match is_relative(&name) {
                true => [beside, beside],
                false => [directory, beside],
            };
            let target = below
                .into_iter()
                .map(|folder| folder.join(&argument))
                .find(|target| target.is_file())
                .ok_or_else(|| wrong(ELSEWHERE))?;
            let place = real(&target)?;
            if !place.starts_with(&root) {
                return Err(wrong(ELSEWHERE));
            }
            if known.insert(place) {
                taken.push(target);
            }
        }
        for target in taken {
            found.files.push(read_file(&target)?);
            paths.push(target);
        }
    }
    Ok(())
}

/// The commands of `file` that take in another; what cannot be split is somebody else's to say.
fn commands(file: &SourceFile) -> Vec<(Range<usize>, String)> {
    let skipped = scan(&file.text).map(|scan| scan.skipped);
    let includes = skipped.into_iter().flatten().filter_map(|item| match item {
        Skipped::PsqlCommand { range, name } if is_include(&name) => Some((range, name)),
        _ => None,
    });
    includes.collect()
}

/// The path behind the command: a word, or in quotes; a variable is none.
fn argument(command: &str, name: &str) -> Option<PathBuf> {
    let rest = command.split_once(name)?.1.trim().trim_end_matches(';');
    let word = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.strip_suffix('\'')?.replace("''", "'"),
        None => rest.to_owned(),
    };
    let plain = !word.is_empty() && !word.starts_with([':', '`', '"', '|']);
    plain.then(|| PathBuf::from(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let main = folder.path().join("s/main.sql");
        match crate::source::read_files(&main) {
            Err(error) => Err(error.to_string()),
            Ok(found) => {
                let texts = found.statements.iter();
                let mut said: Vec<String> =
                    texts.map(|s| found.statement_text(s).to_owned()).collect();
                said.extend(found.notices.into_iter().map(|n| n.text));
                Ok(said)
            }
        }
    }

    #[test]
    fn what_a_file_takes_in_is_read_once() {
        let found = read(&[
            (
                "s/main.sql",
                "\\i t/a.sql\n\\ir t/b.sql\n\\echo x\nselect 1;",
            ),
            ("s/t/a.sql", "select 2;"),
            ("s/t/b.sql", "\\i t/a.sql\n\\ir c.sql\n\\i c.sql\nselect 3;"),
            ("s/t/c.sql", "\\i main.sql\nselect 4"),
        ]);
        let wanted = ["select 1", "select 2", "select 3", "select 4"];
        let notice = "psql command \\echo skipped";
        let wanted: Vec<String> = wanted
            .into_iter()
            .chain([notice])
            .map(str::to_owned)
            .collect();
        assert_eq!(found, Ok(wanted));
    }

    #[test]
    fn what_is_not_there_or_elsewhere_is_an_error() {
        let elsewhere = [("s/main.sql", "\\i ../o.sql"), ("o.sql", "select 1")];
        let error = read(&elsewhere).unwrap_err();
        assert!(error.contains(ELSEWHERE), "{error}");
        let error = read(&[("s/main.sql", "\\ir a.sql")]).unwrap_err();
        assert!(error.contains(ELSEWHERE), "{error}");
    }

    #[test]
    fn a_path_is_a_word_or_in_quotes() {
        let path = |command: &str, name: &str| argument(command, name);
        assert_eq!(path("\\i a/b.sql", "i"), Some("a/b.sql".into()));
        assert_eq!(path("\\ir 'it''s.sql'", "ir"), Some("it's.sql".into()));
        assert_eq!(path("\\i :file", "i"), None);
        assert_eq!(path("\\i", "i"), None);
    }
}
