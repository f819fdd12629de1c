//! What can go wrong between two sources and a plan.

use crate::apply::Blocker;
use crate::catalog::ReadError;
use crate::diff::Impossible;
use crate::order::Cycle;
use crate::pg::ServerVersion;
use crate::rehearse::{CloneError, RehearseError};
use crate::scratch::ScratchError;
use crate::scratch::elaborate::ElaborateError;
use crate::source::SourceError;
use crate::source::database::ConnectError;
use crate::strategy::Refusal;
use std::path::PathBuf;

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    #[error(transparent)]
    Source(#[from] SourceError),
    /// No connection to a database of the user.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The files were run on a scratch server of this version.
    #[error("{source}")]
    Elaborate {
        version: ServerVersion,
        source: Box<ElaborateError>,
    },
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Somebody holds ACCESS EXCLUSIVE for longer than is waited.
    #[error("the catalog cannot be read behind a lock: {}", holders(.by))]
    Locked { by: Vec<Blocker> },
    #[error("the server said: {}", crate::rehearse::message_of(.0))]
    Server(#[from] postgres::Error),
    /// What plans are under way cannot be told.
    #[error(transparent)]
    Ledger(Box<crate::apply::ApplyError>),
    #[error("PostgreSQL {version} is not supported")]
    Unsupported { version: ServerVersion },
    #[error(
        "the scratch server is PostgreSQL {scratch}, live is {wanted}: nothing measured there would hold"
    )]
    OtherVersion {
        scratch: ServerVersion,
        wanted: ServerVersion,
    },
    #[error("{}", list(.0, |i| format!("{}: {}: {}", i.object.human(), i.attribute, i.why)))]
    Impossible(Vec<Impossible>),
    #[error("{}", list(.0, ToString::to_string))]
    Refused(Vec<Refusal>),
    /// With the renames that the files may mean.
    #[error("{cycle}")]
    Cycle { cycle: Cycle, likely: Vec<String> },
    #[error(transparent)]
    Rehearse(#[from] RehearseError),
    #[error(transparent)]
    Clone(#[from] CloneError),
    #[error("{} is no snapshot: {message}", .path.display())]
    Snapshot { path: PathBuf, message: String },
}

fn holders(by: &[Blocker]) -> String {
    match by {
        [] => "whose holder is gone by now".to_owned(),
        by => list(by, ToString::to_string),
    }
}

fn list<T>(items: &[T], each: impl Fn(&T) -> String) -> String {
    items.iter().map(each).collect::<Vec<_>>().join("\n")
}

impl PipelineError {
    /// The stable code, with a page in docs/errors.md.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Source(e) => e.code(),
            Self::Connect(e) => e.code(),
            Self::Elaborate { source, .. } => source.code(),
            Self::Scratch(e) => e.code(),
            Self::Read(_) => "catalog::read",
            Self::Locked { .. } => "catalog::locked",
            Self::Server(_) => "server::error",
            Self::Ledger(e) => e.code(),
            Self::Unsupported { .. } => "server::unsupported_version",
            Self::OtherVersion { .. } => "scratch::other_version",
            Self::Impossible(_) => "plan::impossible",
            Self::Refused(_) => "plan::refused",
            Self::Cycle { .. } => "plan::cycle",
            Self::Rehearse(RehearseError::Fails { .. }) => "rehearse::fails",
            Self::Rehearse(_) => "rehearse::error",
            Self::Clone(_) => "rehearse::clone",
            Self::Snapshot { .. } => "source::snapshot",
        }
    }

    pub fn help(&self) -> Option<String> {
        match self {
            Self::Source(e) => e.help(),
            Self::Connect(e) => e.help(),
            Self::Scratch(e) => e.help(),
            Self::Elaborate { source, .. } => match &**source {
                ElaborateError::Scratch(e) => e.help(),
                ElaborateError::Rejected { hint, .. } => hint.clone(),
                _ => None,
            },
            Self::Refused(refusals) => {
                let mut helps: Vec<String> = refusals.iter().map(|r| r.help.clone()).collect();
                helps.dedup();
                Some(helps.join("\n"))
            }
            Self::Cycle { likely, .. } => {
                let parts = "make the change in two plans, a part of it first, and report both schemas: it is a bug";
                let lines = likely.iter().map(String::as_str);
                Some(
                    [parts]
                        .into_iter()
                        .chain(lines)
                        .collect::<Vec<_>>()
                        .join("; "),
                )
            }
            Self::OtherVersion { wanted, .. } => Some(format!(
                "install PostgreSQL {wanted}, or give a server of that version with --scratch URL"
            )),
            Self::Rehearse(RehearseError::Fails { hint, .. }) => hint.clone(),
            Self::Locked { by } => {
                let ends: Vec<String> = by.iter().filter_map(Blocker::remedy).collect();
                Some(match ends.as_slice() {
                    [] => {
                        "run it again, or wait longer for a lock: --set lock.timeout=1m".to_owned()
                    }
                    ends => format!(
                        "run it again when it has ended, or end it: {}",
                        ends.join("; ")
                    ),
                })
            }
            _ => None,
        }
    }

    /// The exit code of the process: 2 for what the user wrote wrongly, 3 for what is refused, 5 for what goes
    /// another time.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Source(_) | Self::Snapshot { .. } => 2,
            Self::Connect(e) if e.is_usage() => 2,
            Self::Elaborate { source, .. } => match **source {
                ElaborateError::Rejected { .. } => 2,
                ElaborateError::Refused { .. } => 3,
                _ => 1,
            },
            Self::Impossible(_) | Self::Refused(_) => 3,
            Self::Locked { .. } => 5,
            _ => 1,
        }
    }
}
