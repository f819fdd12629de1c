//! Why a session cannot be opened.

use super::pass::Found;
use super::target::{Host, Target};
use super::tls;
use crate::pg::Ident;
use crate::sql;
use postgres::error::SqlState;
use rustls::{CertificateError, Error as TlsError};
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a session cannot be opened; no field holds a password.
///
/// `server` is `host:port`, or the path of the socket.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    #[error("the connection URL cannot be read: {reason}")]
    Url { reason: String },
    #[error("unknown parameter \"{name}\" in the connection URL")]
    UnknownParameter {
        name: String,
        nearest: Option<String>,
    },
    #[error("connection parameter {name} is not supported")]
    UnsupportedParameter { name: String },
    #[error("connection parameter {name} cannot be \"{value}\"")]
    Value {
        name: &'static str,
        value: String,
        valid: &'static str,
    },
    #[error("there is no service \"{name}\"")]
    NoService { name: String },
    #[error("{} cannot be used: {reason}", path.display())]
    CertificateFile { path: PathBuf, reason: String },
    #[error("the system has no trusted certificates")]
    NoTrustedCertificates,
    #[error("host {host} is not known")]
    UnknownHost { host: String, reason: String },
    #[error("no server answers at {server}")]
    Unreachable { server: String, reason: String },
    #[error("{server} is no PostgreSQL server, or something between here and there is none")]
    NotPostgres { server: String, reason: String },
    #[error("{server} does not offer TLS")]
    NoTls { server: String },
    #[error("the certificate of {server} is not trusted: {reason}")]
    Certificate {
        server: String,
        reason: String,
        names: bool,
    },
    #[error("TLS with {server}: {reason}")]
    Tls { server: String, reason: String },
    #[error("{server} asks for the password of {user}, and none is given")]
    NoPassword {
        server: String,
        user: String,
        /// A password file that is ignored because others may read it.
        ignored: Option<String>,
    },
    #[error("{server} does not accept the password of {user}")]
    WrongPassword { server: String, user: String },
    #[error("there is no database {database} on {server}")]
    NoDatabase { server: String, database: String },
    #[error("{server} does not let {user} connect to database {database}")]
    Refused {
        server: String,
        user: String,
        database: String,
        /// What the server said, with its SQLSTATE.
        said: String,
    },
    #[error("{server} has no free connection")]
    TooMany { server: String, said: String },
    #[error("{server} is not ready yet")]
    NotReady { server: String, said: String },
    #[error("{server} is not of the kind that target_session_attrs asks for")]
    WrongKind { server: String },
    #[error("{user} may not take the role {role}")]
    Role {
        user: String,
        role: String,
        said: String,
    },
    #[error("{server} refuses the session")]
    Server { server: String, said: String },
}

impl ConnectError {
    /// What `error` means when it came from `host`.
    pub(super) fn of(error: &postgres::Error, target: &Target, host: &Host, found: &Found) -> Self {
        let server = host.full();
        let user = target.user.clone();
        if let Some(db) = error.as_db_error() {
            let said = format!("{} {}", db.code().code(), db.message());
            let code = db.code();
            if *code == SqlState::INVALID_PASSWORD {
                // Without one, the client library sends nothing and the server says this, too.
                return Self::WrongPassword { server, user };
            }
            if *code == SqlState::INVALID_CATALOG_NAME {
                let database = target.database.clone();
                return Self::NoDatabase { server, database };
            }
            if *code == SqlState::TOO_MANY_CONNECTIONS {
                return Self::TooMany { server, said };
            }
            if *code == SqlState::CANNOT_CONNECT_NOW {
                return Self::NotReady { server, said };
            }
            return if [
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                SqlState::INSUFFICIENT_PRIVILEGE,
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
            ]
            .contains(code)
            {
                Self::Refused {
                    server,
                    user,
                    database: target.database.clone(),
                    said,
                }
            } else {
                Self::Server { server, said }
            };
        }
        if let Some(error) = tls::failure(error) {
            return Self::of_tls(error, server);
        }
        let reason = innermost(error);
        if reason.contains("password missing") {
            return Self::NoPassword {
                server,
                user,
                ignored: found.ignored.clone(),
            };
        }
        if reason.contains("server does not support TLS") {
            return Self::NoTls { server };
        }
        if reason.contains("database does not allow writes")
            || reason.contains("database is not read only")
        {
            return Self::WrongKind { server };
        }
        if reason.contains("failed to lookup address") {
            return Self::UnknownHost {
                host: host.name.clone(),
                reason,
            };
        }
        match io_kind(error) {
            // Something took the connection, and dropped it at our first words.
            Some(
                io::ErrorKind::UnexpectedEof
                | io::ErrorKind::InvalidData
                | io::ErrorKind::ConnectionReset,
            ) => Self::NotPostgres { server, reason },
            Some(_) => Self::Unreachable { server, reason },
            // Neither the network nor the server: what came back was not understood.
            None if error.to_string().contains("connecting") => {
                Self::Unreachable { server, reason }
            }
            None => Self::NotPostgres { server, reason },
        }
    }

    /// Why `user` could not SET ROLE.
    pub(super) fn role(error: &postgres::Error, role: &str, user: &str) -> Self {
        let said = error.as_db_error().map_or_else(
            || error.to_string(),
            |db| format!("{} {}", db.code().code(), db.message()),
        );
        let (user, role) = (user.to_owned(), role.to_owned());
        Self::Role { user, role, said }
    }

    fn of_tls(error: &TlsError, server: String) -> Self {
        let reason = match error {
            TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
                "no trusted certificate signed it"
            }
            TlsError::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            ) => "it has expired",
            TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => {
                return Self::Certificate {
                    server,
                    reason: "it is for another name".to_owned(),
                    names: true,
                };
            }
            TlsError::InvalidCertificate(other) => {
                return Self::Certificate {
                    server,
                    reason: other.to_string(),
                    names: false,
                };
            }
            other => {
                return Self::Tls {
                    server,
                    reason: other.to_string(),
                };
            }
        };
        Self::Certificate {
            server,
            reason: reason.to_owned(),
            names: false,
        }
    }

    /// Whether another host of the URL may do better.
    pub(super) fn is_about_host(&self) -> bool {
        matches!(
            self,
            Self::UnknownHost { .. }
                | Self::Unreachable { .. }
                | Self::NotPostgres { .. }
                | Self::NotReady { .. }
                | Self::WrongKind { .. }
        )
    }

    /// Whether the URL or a file it names must be changed, rather than the server.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Url { .. }
                | Self::UnknownParameter { .. }
                | Self::UnsupportedParameter { .. }
                | Self::Value { .. }
                | Self::NoService { .. }
                | Self::CertificateFile { .. }
        )
    }

    /// What the server or the system said, when that is more than the message.
    pub fn cause(&self) -> Option<&str> {
        match self {
            Self::UnknownHost { reason, .. }
            | Self::Unreachable { reason, .. }
            | Self::NotPostgres { reason, .. } => Some(reason),
            Self::Refused { said, .. }
            | Self::TooMany { said, .. }
            | Self::NotReady { said, .. }
            | Self::Role { said, .. }
            | Self::Server { said, .. } => Some(said),
            _ => None,
        }
    }

    /// The stable code; docs/errors.md has each.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "connect::url",
            Self::UnknownParameter { .. } => "connect::unknown_parameter",
            Self::UnsupportedParameter { .. } => "connect::unsupported_parameter",
            Self::Value { .. } => "connect::parameter_value",
            Self::NoService { .. } => "connect::no_service",
            Self::CertificateFile { .. } => "connect::certificate_file",
            Self::NoTrustedCertificates => "connect::no_trusted_certificates",
            Self::UnknownHost { .. } => "connect::unknown_host",
            Self::Unreachable { .. } => "connect::unreachable",
            Self::NotPostgres { .. } => "connect::not_postgres",
            Self::NoTls { .. } => "connect::no_tls",
            Self::Certificate { .. } => "connect::certificate",
            Self::Tls { .. } => "connect::tls",
            Self::NoPassword { .. } => "connect::no_password",
            Self::WrongPassword { .. } => "connect::wrong_password",
            Self::NoDatabase { .. } => "connect::no_database",
            Self::Refused { .. } => "connect::refused",
            Self::TooMany { .. } => "connect::too_many_connections",
            Self::NotReady { .. } => "connect::not_ready",
            Self::WrongKind { .. } => "connect::wrong_kind",
            Self::Role { .. } => "connect::role",
            Self::Server { .. } => "connect::server",
        }
    }

    /// The next command or edit.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Url { .. } => {
                "write it as postgres://user:password@host:5432/database; @ : / ? % inside a part are written %40 %3A %2F %3F %25"
            }
            Self::UnknownParameter { nearest, .. } => {
                return Some(match nearest {
                    Some(name) => format!("did you mean {name}?"),
                    None => "the parameters are libpq's: sslmode, sslrootcert, connect_timeout, options, …"
                        .to_owned(),
                });
            }
            Self::UnsupportedParameter { .. } => "take it out of the URL or the service file",
            Self::Value { valid, .. } => return Some(format!("valid is {valid}")),
            Self::NoService { name } => {
                return Some(format!(
                    "add [{name}] to ~/.pg_service.conf, or unset PGSERVICE"
                ));
            }
            Self::CertificateFile { .. } => {
                "name a readable PEM file in sslrootcert, sslcert, sslkey (or PGSSLROOTCERT, …)"
            }
            Self::NoTrustedCertificates => {
                "install the package ca-certificates, or name a file in sslrootcert"
            }
            Self::UnknownHost { .. } => "check the spelling of the host and this machine's DNS",
            Self::Unreachable { .. } => {
                "check host and port, that the server runs and listens there, and the firewall between"
            }
            Self::NotPostgres { .. } => {
                "check the port: PostgreSQL's is usually 5432, PgBouncer's 6432"
            }
            Self::NoTls { .. } => {
                "set ssl = on at the server, or sslmode=prefer where the network is your own"
            }
            Self::Certificate { names: true, .. } => {
                "connect by a name that is in the certificate (as subjectAltName), or use sslmode=verify-ca"
            }
            Self::Certificate { .. } => {
                "name the file of the authority that signed it: sslrootcert=FILE (or PGSSLROOTCERT)"
            }
            Self::Tls { .. } => "TLS 1.2 or 1.3 is needed at the server",
            Self::NoPassword {
                ignored: Some(path),
                ..
            } => {
                return Some(format!(
                    "{path} is ignored because others may read it: chmod 600 {path}"
                ));
            }
            Self::NoPassword { .. } => {
                "set PGPASSWORD, or add a line host:port:database:user:password to ~/.pgpass (mode 0600)"
            }
            Self::WrongPassword { .. } => {
                "check the user and the password (URL, PGPASSWORD or ~/.pgpass); the server does not tell which one is wrong"
            }
            Self::NoDatabase { server, database } => {
                let (host, port) = server.rsplit_once(':').unwrap_or((server, ""));
                return Some(if port.is_empty() {
                    format!("create it with createdb {database}, or list the others with psql -l")
                } else {
                    format!(
                        "create it with createdb -h {host} -p {port} {database}, or list the others with psql -h {host} -p {port} -l"
                    )
                });
            }
            Self::Refused { said, .. } if said.contains("pg_hba.conf") => {
                "add a line for this user, database and address to the server's pg_hba.conf; `no encryption` means that sslmode=require may be enough"
            }
            Self::Refused {
                user,
                database,
                said,
                ..
            } if said.starts_with("42501") => {
                return Some(format!("GRANT CONNECT ON DATABASE {database} TO {user}"));
            }
            Self::Refused { .. } => "connect as another user, or have the server let this one in",
            Self::TooMany { .. } => {
                "try again later, or raise max_connections or the limit of the role"
            }
            Self::NotReady { .. } => "try again in a moment",
            Self::WrongKind { .. } => "name the primary in the URL, or drop target_session_attrs",
            Self::Role { user, role, said } if said.starts_with("42501") => {
                let (role, user) = (Ident::new(role.as_str()), Ident::new(user.as_str()));
                return Some(sql!("GRANT {} TO {}", role, user).to_string());
            }
            Self::Role { .. } => "check the name given with --role, or the setting `role`",
            Self::Server { .. } => return None,
        };
        Some(help.to_owned())
    }
}

fn causes(error: &postgres::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |e| (*e).source())
}

fn innermost(error: &postgres::Error) -> String {
    match causes(error).last() {
        Some(cause) => cause.to_string(),
        None => error.to_string(),
    }
}

fn io_kind(error: &postgres::Error) -> Option<io::ErrorKind> {
    causes(error).find_map(|e| e.downcast_ref::<io::Error>().map(io::Error::kind))
}
