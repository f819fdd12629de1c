//! What can go wrong between "a scratch database" and having one.

use crate::pg::ServerVersion;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

/// An error of the scratch server; no variant holds a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScratchError {
    #[error("PostgreSQL {version} is not supported")]
    UnsupportedVersion { version: ServerVersion },
    #[error("no server binaries of PostgreSQL {version} here, and none fetched: {reason}")]
    NoBinaries {
        version: ServerVersion,
        reason: String,
    },
    #[error("{} is no PostgreSQL {version} server folder: {reason}", dir.display())]
    NotAServerFolder {
        dir: PathBuf,
        version: ServerVersion,
        reason: String,
    },
    #[error("running as root, and neither `postgres` nor `nobody` exists to run the server as")]
    NoUnprivilegedUser,
    #[error("initdb of PostgreSQL {version} failed: {output}")]
    Initdb { version: String, output: String },
    #[error("PostgreSQL {version} did not start: {log}")]
    Start { version: String, log: String },
    #[error("PostgreSQL {version} was not ready after {} s: {log}", waited.as_secs())]
    NotReady {
        version: String,
        waited: Duration,
        log: String,
    },
    #[error("setting {name} cannot be given to the scratch server")]
    Setting { name: String },
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        what: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("address of the scratch server: {reason}")]
    Address { reason: String },
    #[error("cannot log in to scratch database {database}: {}", said(source))]
    Connect {
        database: String,
        source: postgres::Error,
    },
    #[error("cannot {what}: {}", said(source))]
    Statement {
        what: String,
        source: postgres::Error,
    },
    #[error("extension {name} is not on the list of allowed extensions")]
    ExtensionNotAllowed { name: String },
    #[error("the scratch server ({server}) has no extension {name}{}", version.as_ref().map(|v| format!(" version {v}")).unwrap_or_default())]
    ExtensionMissing {
        name: String,
        version: Option<String>,
        server: String,
    },
    #[error("role {name} is reserved by PostgreSQL and is not created on scratch")]
    RoleReserved { name: String },
    #[error("collation {name} is missing on the scratch server and has no ICU counterpart there")]
    CollationMissing { name: String },
    #[error("cannot {what}: statements of the schema files may have run in this database already")]
    TooLate { what: String },
}

impl ScratchError {
    pub(crate) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            what,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn statement(what: impl Into<String>, source: postgres::Error) -> Self {
        Self::Statement {
            what: what.into(),
            source,
        }
    }

    /// The stable code of this error, as in `error[scratch::no_binaries]`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnsupportedVersion { .. } => "scratch::unsupported_version",
            Self::NoBinaries { .. } => "scratch::no_binaries",
            Self::NotAServerFolder { .. } => "scratch::not_a_server_folder",
            Self::NoUnprivilegedUser => "scratch::no_unprivileged_user",
            Self::Initdb { .. } => "scratch::initdb",
            Self::Start { .. } => "scratch::start",
            Self::NotReady { .. } => "scratch::not_ready",
            Self::Setting { .. } => "scratch::setting",
            Self::Io { .. } => "scratch::io",
            Self::Address { .. } => "scratch::address",
            Self::Connect { .. } => "scratch::connect",
            Self::Statement { .. } => "scratch::statement",
            Self::ExtensionNotAllowed { .. } => "scratch::extension_not_allowed",
            Self::ExtensionMissing { .. } => "scratch::extension_missing",
            Self::RoleReserved { .. } => "scratch::role_reserved",
            Self::CollationMissing { .. } => "scratch::collation_missing",
            Self::TooLate { .. } => "scratch::too_late",
        }
    }

    /// The next command or edit, where there is one.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoBinaries { version, .. } => Some(format!(
                "install the package postgresql-{version} (Debian, Ubuntu) or postgresql{version}-server (Red Hat), \
                 or give a server with --scratch URL, or set the address of a mirror of the binaries (scratch.mirror)"
            )),
            Self::NotAServerFolder { .. } => Some(
                "name the folder that holds `initdb` and `postgres` (often …/lib/postgresql/N/bin)"
                    .to_owned(),
            ),
            Self::UnsupportedVersion { .. } => Some("supported are 14 to 18".to_owned()),
            Self::NoUnprivilegedUser => Some(
                "PostgreSQL refuses to run as root: create a user `postgres`, or run as another user"
                    .to_owned(),
            ),
            Self::ExtensionNotAllowed { name } => Some(format!(
                "if you trust it with the machine that plans, add {name} to `extensions` in pgrehearse.yaml"
            )),
            Self::ExtensionMissing { .. } => Some(
                "use a server that has it: --scratch URL, or --scratch same".to_owned(),
            ),
            Self::CollationMissing { .. } => Some(
                "use a server that has it: --scratch URL".to_owned(),
            ),
            Self::RoleReserved { .. } => {
                Some("name an owner that does not begin with pg_".to_owned())
            }
            Self::Start { .. } | Self::NotReady { .. } => {
                Some("another server can be given with --scratch URL".to_owned())
            }
            Self::Address { .. } => {
                Some("give it as postgres://user@host:port/database".to_owned())
            }
            Self::Initdb { .. }
            | Self::Setting { .. }
            | Self::Io { .. }
            | Self::Connect { .. }
            | Self::Statement { .. }
            | Self::TooLate { .. } => None,
        }
    }
}

// `postgres::Error` displays as "db error": what the server said is in its source.
fn said(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}
