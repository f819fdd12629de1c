//! Connecting to a database by its URL (or `host=… dbname=…`), as libpq does it.
//!
//! Nothing here reads the environment: its variables come as an [`Environment`]. Files that libpq
//! reads (`.pgpass`, `.pg_service.conf`, `.postgresql/root.crt`) are read below its `HOME`.
//! No error, and nothing printed by `Debug`, holds a password.

mod error;
mod pass;
mod target;
mod text;
mod tls;

pub use error::ConnectError;
pub use text::is_connection;
pub(crate) use text::{is_conninfo, pairs};

use crate::pg::Ident;
use crate::pg::session::APPLICATION_NAME;
use crate::sql;
use postgres::{
    Client, Config, NoTls,
    config::{SslMode, TargetSessionAttrs},
    error::{DbError, SqlState},
};
use std::{collections::BTreeMap, sync::Arc};
use target::{Host, Target};
use tls::{Mode, Tls};

/// Environment variables by name (`PGHOST`, `PGPASSFILE`, `HOME`, …).
pub type Environment = BTreeMap<String, String>;

/// Takes the notices of a session, while its statements run.
pub type OnNotice = Arc<dyn Fn(DbError) + Send + Sync>;

/// Opens further sessions with the way of connecting that worked.
pub type Connect = Arc<dyn Fn(&Config) -> Result<Client, postgres::Error> + Send + Sync>;

/// Opens a session at `url`.
///
/// What the URL leaves out comes from `PGSERVICE`, then from the other variables of libpq, then
/// from its defaults; a password also from `.pgpass`. Of several hosts the first that answers is
/// taken. `sslmode` is libpq's, with two differences: without a root certificate file, `verify-ca`
/// and `verify-full` trust the system's certificates, and a connection attempt ends after 10 s
/// when neither the URL nor `PGCONNECT_TIMEOUT` (seconds) says otherwise.
///
/// # Errors
/// [`ConnectError`], with the address and a help line, never with a password.
///
/// ```
/// use pgrehearse::source::database::{ConnectError, Environment, connect};
/// let error = connect("postgres://app:secret@127.0.0.1:1/shop", &Environment::new(), None).err();
/// assert!(matches!(error, Some(ConnectError::Unreachable { .. })));
/// assert!(!format!("{error:?}").contains("secret"));
/// ```
pub fn connect(
    url: &str,
    env: &Environment,
    on_notice: Option<OnNotice>,
) -> Result<Client, ConnectError> {
    open(&Target::resolve(url, env)?, on_notice).map(|(client, ..)| client)
}

/// The server at `url` as others can log in there again: for `--scratch URL`.
///
/// One session is opened to find the host and the kind of encryption that work, and closed again.
///
/// # Errors
/// As [`connect`].
pub fn server(url: &str, env: &Environment) -> Result<(Config, Connect), ConnectError> {
    let (client, config, tls) = open(&Target::resolve(url, env)?, None)?;
    // What the server said in between does not matter: the session did its work.
    client.close().ok();
    Ok((config, connector(tls)))
}

/// As [`server`], for sessions that all take `role` (SET ROLE).
///
/// # Errors
/// As [`connect_as`].
pub fn server_as(
    url: &str,
    env: &Environment,
    role: Option<&str>,
) -> Result<(Config, Connect), ConnectError> {
    let Some(role) = role else {
        return server(url, env);
    };
    connect_as(url, env, Some(role))?.close().ok();
    let (config, connect) = server(url, env)?;
    let role = role.to_owned();
    let connect: Connect = Arc::new(move |config| {
        let mut client = connect(config)?;
        client.batch_execute(set_role(&role).as_str())?;
        Ok(client)
    });
    Ok((config, connect))
}

/// As [`connect`], and the session takes `role` (SET ROLE).
///
/// # Errors
/// [`ConnectError::Role`] when it may not; as [`connect`].
pub fn connect_as(
    url: &str,
    env: &Environment,
    role: Option<&str>,
) -> Result<Client, ConnectError> {
    let target = Target::resolve(url, env)?;
    let (mut client, ..) = open(&target, None)?;
    if let Some(role) = role {
        let taken = client.batch_execute(set_role(role).as_str());
        taken.map_err(|e| ConnectError::role(&e, role, &target.user))?;
    }
    Ok(client)
}

fn set_role(role: &str) -> crate::pg::Sql {
    sql!("SET ROLE {}", Ident::new(role))
}

/// Names the database at `url` without user, password or parameters.
///
/// ```
/// use pgrehearse::source::database::describe;
/// assert_eq!(describe("postgres://ann:secret@db.example.com/shop"), "database shop on db.example.com");
/// assert_eq!(describe("postgres://db:5433/shop?sslmode=require"), "database shop on db:5433");
/// assert_eq!(describe("postgres:///shop?host=/run/pg"), "database shop on socket /run/pg");
/// ```
pub fn describe(url: &str) -> String {
    describe_in(url, &Environment::new())
}

/// As [`describe`], with what the URL leaves out taken from `env`.
pub fn describe_in(url: &str, env: &Environment) -> String {
    match Target::resolve(url, env) {
        Ok(target) => {
            let hosts: Vec<String> = target.hosts.iter().map(Host::short).collect();
            format!("database {} on {}", target.database, hosts.join(", "))
        }
        Err(_) => "a database with an unreadable URL".to_owned(),
    }
}

fn connector(tls: Option<Tls>) -> Connect {
    match tls {
        Some(tls) => Arc::new(move |config| config.connect(tls.clone())),
        None => Arc::new(|config| config.connect(NoTls)),
    }
}

fn open(
    target: &Target,
    on_notice: Option<OnNotice>,
) -> Result<(Client, Config, Option<Tls>), ConnectError> {
    let any = [target.session];
    let standby_first = [TargetSessionAttrs::ReadOnly, target.session];
    let kinds = match target.prefers_standby {
        true => standby_first.as_slice(),
        false => any.as_slice(),
    };
    let tries = kinds.iter().flat_map(|kind| {
        let hosts = target.hosts.iter();
        hosts.map(move |host| (*kind, host))
    });
    let mut last = None;
    for (kind, host) in tries {
        match open_host(target, host, kind, on_notice.as_ref()) {
            // As libpq: another host is tried when this one did not answer, not when it said no.
            Err(e) if e.is_about_host() => last = Some(e),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| ConnectError::Url {
        reason: "it names no host".to_owned(),
    }))
}

fn open_host(
    target: &Target,
    host: &Host,
    kind: TargetSessionAttrs,
    on_notice: Option<&OnNotice>,
) -> Result<(Client, Config, Option<Tls>), ConnectError> {
    let mut config = Config::new();
    config
        .user(&target.user)
        .dbname(&target.database)
        .application_name(APPLICATION_NAME)
        .port(host.port)
        .target_session_attrs(kind)
        .channel_binding(target.channel_binding);
    if let Some(time) = target.timeout {
        config.connect_timeout(time);
    }
    if let Some(options) = &target.options {
        config.options(options);
    }
    match host.address {
        // The name stays beside the address: the certificate is for the name.
        Some(address) => {
            let name = match host.name.as_str() {
                "" => address.to_string(),
                name => name.to_owned(),
            };
            config.host(&name);
            config.hostaddr(address);
        }
        None => {
            config.host(&host.name);
        }
    }
    let found = pass::find(target, host);
    if let Some(password) = &found.password {
        config.password(password);
    }
    if let Some(sink) = on_notice {
        let sink = Arc::clone(sink);
        config.notice_callback(move |notice| sink(notice));
    }

    let plain = |config: &Config| config.clone().ssl_mode(SslMode::Disable).to_owned();
    let encrypted = |config: &Config| {
        config
            .clone()
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(target.tls.negotiation)
            .to_owned()
    };
    let failed = |e: &postgres::Error| ConnectError::of(e, target, host, &found);
    // libpq encrypts nothing on a Unix socket, whatever sslmode says.
    if host.is_socket() || target.tls.mode == Mode::Disable {
        let config = plain(&config);
        return match config.connect(NoTls) {
            Ok(client) => Ok((client, config, None)),
            Err(e) => Err(failed(&e)),
        };
    }
    let tls = tls::new(&target.tls, host)?;
    match target.tls.mode {
        Mode::Allow => {
            let first = plain(&config);
            match first.connect(NoTls) {
                Ok(client) => Ok((client, first, None)),
                Err(e) if is_rejected(&e) => {
                    let second = encrypted(&config);
                    match second.connect(tls.clone()) {
                        Ok(client) => Ok((client, second, Some(tls))),
                        Err(_) => Err(failed(&e)),
                    }
                }
                Err(e) => Err(failed(&e)),
            }
        }
        Mode::Prefer => {
            let mut first = encrypted(&config);
            first.ssl_mode(SslMode::Prefer);
            match first.connect(tls.clone()) {
                Ok(client) => Ok((client, first, Some(tls))),
                // `hostnossl` in pg_hba.conf, or a handshake that failed.
                Err(e) if is_rejected(&e) || tls::failure(&e).is_some() => {
                    let second = plain(&config);
                    match second.connect(NoTls) {
                        Ok(client) => Ok((client, second, None)),
                        Err(_) => Err(failed(&e)),
                    }
                }
                Err(e) => Err(failed(&e)),
            }
        }
        _ => {
            let config = encrypted(&config);
            match config.connect(tls.clone()) {
                Ok(client) => Ok((client, config, Some(tls))),
                Err(e) => Err(failed(&e)),
            }
        }
    }
}

fn is_rejected(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

#[cfg(test)]
mod tests;
