//! `migrations:DIR`: the directory of a migration tool, in the order in which the tool runs it.
//!
//! What is taken back (`.down.sql`, undo and revert scripts, sections behind `-- migrate:down`) is left out. A section
//! that is left out inside a file becomes white space, so that every place stays where it is.

mod order;
mod section;
mod sqitch;

use super::error::SourceError;
use super::files;
use super::text::SourceFile;
use super::{DesiredFiles, Notice, Place};
use order::Version;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Whose files they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    Flyway,
    GolangMigrate,
    Dbmate,
    Goose,
    Sqitch,
    Prisma,
    /// `up.sql` in a folder each, as Diesel has them.
    Folders,
    /// structure.sql of Rails.
    Structure,
    /// Any other numbered files: Atlas, sqlx, one's own.
    Numbered,
}

impl Tool {
    pub fn name(self) -> &'static str {
        match self {
            Self::Flyway => "Flyway",
            Self::GolangMigrate => "golang-migrate",
            Self::Dbmate => "dbmate",
            Self::Goose => "goose",
            Self::Sqitch => "Sqitch",
            Self::Prisma => "Prisma Migrate",
            Self::Folders => "folders with up.sql",
            Self::Structure => "structure.sql",
            Self::Numbered => "numbered files",
        }
    }

    /// The tables in which the tools keep what they have run, as patterns of the setting `ignore`: they are in no
    /// migration, and no reason to drop them.
    pub fn own_tables() -> &'static [&'static str] {
        &[
            "*.flyway_schema_history*",
            "*.schema_migrations*",
            "*.schema_lock*",
            "*.ar_internal_metadata*",
            "*.goose_db_version*",
            "*._prisma_migrations*",
            "*.__diesel_schema_migrations*",
            "*._sqlx_migrations*",
            "*.databasechangelog*",
            "atlas_schema_revisions",
            "*.atlas_schema_revisions*",
            "sqitch",
        ]
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The history of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrations {
    pub tool: Tool,
    pub files: DesiredFiles,
    /// One for each file, in their order.
    pub migrations: Vec<Migration>,
}

/// One migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its statements among those of the files.
    pub statements: Range<usize>,
    /// The tool is told to run it without a transaction.
    pub transactional: bool,
}

/// A file of a directory: its path, and the path below the directory with slashes.
pub(super) struct Entry {
    path: PathBuf,
    below: String,
}

impl Entry {
    fn name(&self) -> &str {
        self.below.rsplit('/').next().unwrap_or_default()
    }

    fn folder(&self) -> &str {
        self.below.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// A file that is replayed.
pub(super) struct Chosen {
    file: SourceFile,
    transactional: bool,
}

/// Reads the migrations in `path`.
///
/// # Errors
/// [`SourceError`] when no tool's form is recognised, when the order cannot be told, and for migrations that are code.
pub fn read_migrations(path: &Path) -> Result<Migrations, SourceError> {
    let root = fs::metadata(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => SourceError::Missing {
            path: path.to_owned(),
        },
        _ => files::unreadable(path, source),
    })?;
    if !root.is_dir() {
        return single(path);
    }
    let entries = list(path)?;
    let tool = recognise(path, &entries)?;
    let mut notices = Vec::new();
    let chosen = match tool {
        Tool::Sqitch => sqitch::read(path)?,
        Tool::Structure => return single(&path.join("structure.sql")),
        _ => in_order(tool, path, entries, &mut notices)?,
    };
    if chosen.is_empty() {
        return Err(SourceError::NoMigrations {
            path: path.to_owned(),
        });
    }
    Migrations::of(tool, chosen, notices)
}

fn single(path: &Path) -> Result<Migrations, SourceError> {
    let file = files::read_file(path)?;
    let chosen = section::up(Tool::of_text(&file.text).unwrap_or(Tool::Structure), file)?;
    Migrations::of(Tool::Structure, vec![chosen], Vec::new())
}

impl Migrations {
    fn of(tool: Tool, chosen: Vec<Chosen>, notices: Vec<Notice>) -> Result<Self, SourceError> {
        let transactional: Vec<bool> = chosen.iter().map(|c| c.transactional).collect();
        let sources = chosen.into_iter().map(|c| c.file).collect();
        let mut files = DesiredFiles::from_files(sources)?;
        files.notices.retain(|n| {
            n.text.starts_with("COPY block") || !n.text.ends_with(super::DATA_IS_NOT_SCHEMA)
        });
        files.notices.extend(notices);
        let mut migrations = Vec::with_capacity(transactional.len());
        let mut start = 0;
        for (index, transactional) in transactional.into_iter().enumerate() {
            let end = files.statements.partition_point(|s| s.file <= index);
            migrations.push(Migration {
                statements: start..end,
                transactional,
            });
            start = end;
        }
        Ok(Self {
            tool,
            files,
            migrations,
        })
    }
}

/// The files below `root`, hidden ones left out, by the bytes of their paths.
fn list(root: &Path) -> Result<Vec<Entry>, SourceError> {
    let mut entries = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        let found = fs::read_dir(&folder).map_err(|e| files::unreadable(&folder, e))?;
        for entry in found {
            let entry = entry.map_err(|e| files::unreadable(&folder, e))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|e| files::unreadable(&path, e))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let below = match below.as_str() {
                "" => name,
                above => format!("{above}/{name}"),
            };
            match kind {
                kind if kind.is_dir() => folders.push((path, below)),
                kind if kind.is_file() => entries.push(Entry { path, below }),
                // What a link leads to may lie outside of the directory.
                _ => {}
            }
        }
    }
    entries.sort_by(|a, b| a.below.cmp(&b.below));
    Ok(entries)
}

impl Tool {
    /// What the marks in a file tell.
    fn of_text(text: &str) -> Option<Self> {
        let mark = |line: &str| {
            let line = line.trim_start();
            let rest = line.strip_prefix("--")?.trim_start();
            match rest {
                rest if rest.starts_with("migrate:up") => Some(Self::Dbmate),
                rest if rest.to_ascii_lowercase().starts_with("+goose up") => Some(Self::Goose),
                _ => None,
            }
        };
        text.lines().find_map(mark)
    }
}

fn recognise(root: &Path, entries: &[Entry]) -> Result<Tool, SourceError> {
    let has = |test: &dyn Fn(&Entry) -> bool| entries.iter().any(test);
    if has(&|e| e.below == "sqitch.plan") {
        return Ok(Tool::Sqitch);
    }
    if has(&|e| order::flyway(e.name()).is_some()) {
        return Ok(Tool::Flyway);
    }
    if has(&|e| e.name() == "migration.sql" && !e.folder().is_empty()) {
        return Ok(Tool::Prisma);
    }
    if has(&|e| e.name().ends_with(".up.sql")) {
        return Ok(Tool::GolangMigrate);
    }
    if has(&|e| e.name() == "up.sql" && !e.folder().is_empty()) {
        return Ok(Tool::Folders);
    }
    let mut sql = entries.iter().filter(|e| e.name().ends_with(".sql"));
    let Some(first) = sql.next() else {
        return Err(match entries.iter().find(|e| order::is_code(e.name())) {
            Some(code) => SourceError::CodeMigration {
                path: code.path.clone(),
            },
            None => SourceError::NoMigrations {
                path: root.to_owned(),
            },
        });
    };
    if first.below == "structure.sql" && sql.next().is_none() {
        return Ok(Tool::Structure);
    }
    for entry in entries.iter().filter(|e| e.name().ends_with(".sql")) {
        if let Some(tool) = Tool::of_text(&files::read_file(&entry.path)?.text) {
            return Ok(tool);
        }
    }
    Ok(Tool::Numbered)
}

fn in_order(
    tool: Tool,
    root: &Path,
    entries: Vec<Entry>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Chosen>, SourceError> {
    let mut ordered: BTreeMap<Version, Entry> = BTreeMap::new();
    for entry in entries {
        let version = match tool {
            Tool::Flyway => order::flyway(entry.name()),
            Tool::GolangMigrate => order::up(entry.name()),
            Tool::Prisma | Tool::Folders => order::folder(tool, entry.name(), entry.folder()),
            _ => order::numbered(tool, entry.name(), entry.folder()),
        };
        let Some(version) = version else {
            // A migration that is no SQL leaves a hole in the history.
            if order::is_code(entry.name()) {
                return Err(SourceError::CodeMigration { path: entry.path });
            }
            let undone = order::is_taking_back(entry.name());
            if entry.name().ends_with(".sql") && !undone {
                if matches!(tool, Tool::Numbered | Tool::Dbmate | Tool::Goose) {
                    return Err(SourceError::NoNumber { path: entry.path });
                }
                notices.push(Notice {
                    place: Place {
                        file: entry.path.display().to_string(),
                        line: 1,
                        column: 1,
                    },
                    text: format!("left out: it has no name of a {tool} migration"),
                });
            }
            continue;
        };
        if version.is_undo() {
            continue;
        }
        if let Some(other) = ordered.get(&version) {
            return Err(SourceError::SameVersion {
                version: version.to_string(),
                first: other.path.clone(),
                second: entry.path,
            });
        }
        ordered.insert(version, entry);
    }
    order::from_baseline(&mut ordered);
    let mut chosen = Vec::with_capacity(ordered.len());
    for entry in ordered.into_values() {
        let mut one = section::up(tool, files::read_file(&entry.path)?)?;
        one.transactional &= !section::is_configured_without(tool, &entry.path);
        chosen.push(one);
    }
    if chosen.is_empty() {
        return Err(SourceError::NoMigrations {
            path: root.to_owned(),
        });
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests;
