//! What can be wrong with a source.

use super::text::Excerpt;
use super::token::Problem;
use std::{io, path::PathBuf};

/// Why a source cannot be read; every case is something the user can change.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("the source is empty")]
    Empty,
    #[error("\"{text}\" is not a source")]
    UnknownScheme { text: String },
    #[error("\"{text}\" names no revision and path")]
    GitForm { text: String },
    #[error("\"{rev}\" is not a revision")]
    BadRevision { rev: String },
    #[error("git could not be run")]
    GitMissing { source: io::Error },
    #[error("git {command}: {message}")]
    Git {
        command: &'static str,
        message: String,
    },
    #[error("{path} does not exist in {rev}")]
    NotInRevision { rev: String, path: String },
    #[error("{} does not exist", path.display())]
    Missing { path: PathBuf },
    #[error("{} holds no .sql file", path.display())]
    NoFiles { path: PathBuf },
    #[error("{} holds no migrations", path.display())]
    NoMigrations { path: PathBuf },
    #[error("{} is a migration that is code", path.display())]
    CodeMigration { path: PathBuf },
    #[error("{} has no number that tells when it is run", path.display())]
    NoNumber { path: PathBuf },
    #[error("{} and {} have the same version {version}", first.display(), second.display())]
    SameVersion {
        version: String,
        first: PathBuf,
        second: PathBuf,
    },
    #[error("there is no line \"-- {mark}\"")]
    NoUpSection { mark: String, excerpt: Box<Excerpt> },
    #[error("this file is not read: {what}")]
    Include {
        what: &'static str,
        excerpt: Box<Excerpt>,
    },
    #[error("{what}")]
    SqitchPlan {
        what: &'static str,
        excerpt: Box<Excerpt>,
    },
    #[error("\"{command}\" is no command: a quote is not closed, or nothing follows a backslash")]
    ExecForm { command: String },
    #[error("{program} could not be run")]
    ExecMissing { program: String, source: io::Error },
    #[error("\"{command}\" ended with {status}")]
    ExecFailed {
        command: String,
        status: String,
        /// Its last lines.
        stderr: String,
    },
    #[error("\"{command}\" printed no statement")]
    ExecEmpty { command: String, stderr: String },
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} is larger than {} MiB", limit >> 20)]
    TooLarge { path: String, limit: u64 },
    #[error("{path} is not UTF-8 at byte {offset}")]
    NotUtf8 {
        path: String,
        /// Counted from 0.
        offset: usize,
        excerpt: Box<Excerpt>,
    },
    #[error("{problem}")]
    Syntax {
        problem: Problem,
        excerpt: Box<Excerpt>,
    },
    #[error("{problem}")]
    Hint {
        problem: HintProblem,
        excerpt: Box<Excerpt>,
    },
}

/// What can be wrong with a hint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintProblem {
    #[error("unknown hint \"{verb}\"")]
    UnknownVerb { verb: String },
    #[error("hint is not of the form {form}")]
    Malformed { form: &'static str },
    #[error("hint after code on the same line")]
    Trailing,
    #[error("hint in a /* */ comment")]
    BlockComment,
    #[error("continuation of no hint")]
    NothingToContinue,
    #[error("hint is not directly above what it is about")]
    Detached,
    #[error("hint above {what}")]
    Misplaced { what: &'static str },
    #[error("{verb} is no hint for a {kind}")]
    WrongTarget { verb: &'static str, kind: String },
}

impl SourceError {
    /// The line to show, when the error is in a file.
    pub fn excerpt(&self) -> Option<&Excerpt> {
        match self {
            Self::NotUtf8 { excerpt, .. }
            | Self::Syntax { excerpt, .. }
            | Self::Hint { excerpt, .. }
            | Self::NoUpSection { excerpt, .. }
            | Self::Include { excerpt, .. }
            | Self::SqitchPlan { excerpt, .. } => Some(excerpt),
            _ => None,
        }
    }

    /// What a program printed to standard error.
    pub fn printed(&self) -> Option<&str> {
        match self {
            Self::ExecFailed { stderr, .. } | Self::ExecEmpty { stderr, .. } => {
                Some(stderr).filter(|s| !s.is_empty()).map(String::as_str)
            }
            _ => None,
        }
    }

    /// The next command or edit.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Empty | Self::UnknownScheme { .. } => {
                "a source is postgres://…, a .sql file or a directory of them, git:REV:PATH, migrations:DIR, exec:COMMAND, or a snapshot (.yaml, .json)"
            }
            Self::NoMigrations { .. } => {
                "known are the files of Flyway, golang-migrate, dbmate, goose, Sqitch, Prisma, Rails (structure.sql) and numbered .sql files"
            }
            Self::CodeMigration { .. } => {
                "let the tool write the SQL: exec:COMMAND, such as exec:alembic upgrade head --sql; or give a database that it has migrated"
            }
            Self::NoNumber { .. } => {
                "begin its name with a number, such as 0007_, or move it elsewhere"
            }
            Self::SameVersion { .. } => "give one of them another version: the tool runs but one",
            Self::NoUpSection { .. } => {
                "write that line above the statements, as the files beside it have it"
            }
            Self::Include { .. } => {
                "\\i and \\ir take in files of the same directory and below it, named from there; or give the directory as the source"
            }
            Self::SqitchPlan { .. } => {
                "mend sqitch.plan; `sqitch status` shows what it makes of it"
            }
            Self::ExecForm { .. } => "close the quote; a shell is written out: exec:sh -c '…'",
            Self::ExecMissing { .. } => {
                "the program is looked for in PATH, without a shell; with one: exec:sh -c '…'"
            }
            Self::ExecFailed { .. } => {
                "run the command by itself until it prints the schema as SQL"
            }
            Self::ExecEmpty { .. } => "its standard output should be the SQL that makes the schema",
            Self::GitForm { .. } => "write git:REV:PATH, such as git:main:schemas",
            Self::BadRevision { .. } => "give a branch, tag or commit of this repository",
            Self::GitMissing { .. } => "install git, or give the files themselves",
            Self::Git { .. } => {
                "run it inside the repository; `git rev-parse REV` must know the revision"
            }
            Self::NotInRevision { .. } => {
                "the path is counted from the top of the repository; `git ls-tree -r REV` lists them"
            }
            Self::Missing { .. } => "check the path, or run `pgrehearse init` to make one",
            Self::NoFiles { .. } => {
                "put CREATE statements into files *.sql there; hidden files are not read"
            }
            Self::Unreadable { .. } => return None,
            Self::TooLarge { .. } => "a schema file holds no data: dump it with `pg_dump -s`",
            Self::NotUtf8 { .. } => "save the file as UTF-8",
            Self::Syntax { problem, .. } => return syntax_help(*problem).map(str::to_owned),
            Self::Hint { problem, .. } => return Some(hint_help(problem)),
        };
        Some(help.to_owned())
    }

    /// The stable code; docs/errors has a page for each.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "source::empty",
            Self::UnknownScheme { .. } => "source::unknown_scheme",
            Self::NoMigrations { .. } => "source::no_migrations",
            Self::CodeMigration { .. } => "source::code_migration",
            Self::NoNumber { .. } => "source::no_number",
            Self::SameVersion { .. } => "source::same_version",
            Self::NoUpSection { .. } => "source::no_up_section",
            Self::Include { .. } => "source::include",
            Self::SqitchPlan { .. } => "source::sqitch_plan",
            Self::ExecForm { .. } => "source::exec_form",
            Self::ExecMissing { .. } => "source::exec_missing",
            Self::ExecFailed { .. } => "source::exec_failed",
            Self::ExecEmpty { .. } => "source::exec_empty",
            Self::GitForm { .. } => "source::git_form",
            Self::BadRevision { .. } => "source::bad_revision",
            Self::GitMissing { .. } => "source::git_missing",
            Self::Git { .. } => "source::git",
            Self::NotInRevision { .. } => "source::not_in_revision",
            Self::Missing { .. } => "source::missing",
            Self::NoFiles { .. } => "source::no_files",
            Self::Unreadable { .. } => "source::unreadable",
            Self::TooLarge { .. } => "source::too_large",
            Self::NotUtf8 { .. } => "source::not_utf8",
            Self::Syntax { problem, .. } => match problem {
                Problem::UnterminatedString => "source::unterminated_string",
                Problem::UnterminatedName => "source::unterminated_name",
                Problem::UnterminatedDollarQuote => "source::unterminated_dollar_quote",
                Problem::UnterminatedComment => "source::unterminated_comment",
                Problem::UnterminatedCopy => "source::unterminated_copy",
                Problem::TextAfterCopy => "source::text_after_copy",
                Problem::PsqlInsideStatement => "source::psql_inside_statement",
                Problem::NulByte => "source::nul_byte",
            },
            Self::Hint { problem, .. } => match problem {
                HintProblem::UnknownVerb { .. } => "source::unknown_hint",
                HintProblem::Malformed { .. } => "source::malformed_hint",
                HintProblem::Trailing => "source::trailing_hint",
                HintProblem::BlockComment => "source::hint_in_block_comment",
                HintProblem::NothingToContinue => "source::continued_nothing",
                HintProblem::Detached => "source::detached_hint",
                HintProblem::Misplaced { .. } => "source::misplaced_hint",
                HintProblem::WrongTarget { .. } => "source::wrong_hint_target",
            },
        }
    }
}

fn syntax_help(problem: Problem) -> Option<&'static str> {
    match problem {
        Problem::UnterminatedString => {
            Some("close it with ' (a quote inside is doubled, or escaped in E'…')")
        }
        Problem::UnterminatedName => Some("close it with \""),
        Problem::UnterminatedDollarQuote => Some("close it with the same tag"),
        Problem::UnterminatedComment => {
            Some("close it with */ (comments nest: each /* needs its own)")
        }
        Problem::UnterminatedCopy => {
            Some("dump without data (`pg_dump -s`), or end the block with a line \\.")
        }
        Problem::TextAfterCopy => Some("move it to the line after \\."),
        Problem::PsqlInsideStatement => Some("end the statement with ; before it"),
        Problem::NulByte => Some("save the file as UTF-8 text"),
    }
}

fn hint_help(problem: &HintProblem) -> String {
    match problem {
        HintProblem::UnknownVerb { .. } => {
            "hints are: renamed from, backfill, convert using, split from, merge from (docs/hints.md)"
                .to_owned()
        }
        HintProblem::Malformed { form } => format!("write -- pgrehearse: {form}"),
        HintProblem::Trailing => "put it on a line of its own directly above".to_owned(),
        HintProblem::BlockComment => "write it as -- pgrehearse: …".to_owned(),
        HintProblem::NothingToContinue => {
            "-- pgrehearse+ stands on the line after the hint that it continues".to_owned()
        }
        HintProblem::Detached => {
            "only other comment lines may stand between a hint and its object".to_owned()
        }
        HintProblem::Misplaced { .. } => {
            "hints stand above a column, a named constraint, an enum label or a CREATE statement"
                .to_owned()
        }
        HintProblem::WrongTarget { .. } => {
            "backfill and convert are for columns, split and merge for tables, renamed for all".to_owned()
        }
    }
}
