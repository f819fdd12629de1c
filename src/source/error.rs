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
    #[error("sources of the form {form} are not supported yet")]
    Unsupported { form: &'static str },
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
            | Self::Hint { excerpt, .. } => Some(excerpt),
            _ => None,
        }
    }

    /// The next command or edit.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Empty | Self::UnknownScheme { .. } => {
                "a source is postgres://…, a .sql file or a directory of them, git:REV:PATH, or a snapshot (.yaml, .json)"
            }
            Self::Unsupported { .. } => "write the SQL to a file and give that file",
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
            Self::Unsupported { .. } => "source::unsupported",
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
