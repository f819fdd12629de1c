//! What a URL, a service file and the environment say together.

use super::text::parse;
use super::tls::{Mode, TlsSettings};
use super::{ConnectError, Environment};
use postgres::config::{ChannelBinding, SslNegotiation, TargetSessionAttrs};
use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_PORT: u16 = 5432;
/// Where servers put their sockets: Debian and Red Hat, then PostgreSQL's own default.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// libpq's parameters and the variable that gives each one.
const PARAMETERS: &[(&str, Option<&str>)] = &[
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("dbname", Some("PGDATABASE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("service", Some("PGSERVICE")),
    ("servicefile", Some("PGSERVICEFILE")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("options", Some("PGOPTIONS")),
    ("sslmode", Some("PGSSLMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslsni", Some("PGSSLSNI")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
    // Accepted and without effect here.
    ("application_name", None),
    ("fallback_application_name", None),
    ("client_encoding", None),
    ("gssencmode", None),
    ("keepalives", None),
    ("keepalives_idle", None),
    ("keepalives_interval", None),
    ("keepalives_count", None),
    ("tcp_user_timeout", None),
    ("load_balance_hosts", None),
];

/// Variables of libpq that make it refuse servers, and that we do not know how to obey.
const UNSUPPORTED: [&str; 4] = ["PGREQUIREAUTH", "PGREQUIREPEER", "PGSSLCRL", "PGSSLCRLDIR"];

/// One way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// A name, an address, or the folder of a Unix socket; empty when only `address` is given.
    pub name: String,
    pub address: Option<IpAddr>,
    pub port: u16,
}

impl Host {
    pub fn is_socket(&self) -> bool {
        self.address.is_none() && self.name.starts_with(['/', '@'])
    }

    fn shown(&self) -> String {
        match (&self.address, self.name.contains(':')) {
            (Some(address), _) if self.name.is_empty() => address.to_string(),
            (_, true) => format!("[{}]", self.name),
            (_, false) => self.name.clone(),
        }
    }

    /// As in a sentence; the usual port is left out.
    pub fn short(&self) -> String {
        if self.is_socket() {
            format!("socket {}", self.name)
        } else if self.port == DEFAULT_PORT {
            self.shown()
        } else {
            format!("{}:{}", self.shown(), self.port)
        }
    }

    /// As in an error.
    pub fn full(&self) -> String {
        if self.is_socket() {
            format!("{}/.s.PGSQL.{}", self.name, self.port)
        } else {
            format!("{}:{}", self.shown(), self.port)
        }
    }
}

/// Everything needed to connect.
pub(super) struct Target {
    pub hosts: Vec<Host>,
    pub user: String,
    pub password: Option<String>,
    pub database: String,
    pub timeout: Option<Duration>,
    pub options: Option<String>,
    pub session: TargetSessionAttrs,
    /// `prefer-standby`: all hosts are tried for one first.
    pub prefers_standby: bool,
    pub channel_binding: ChannelBinding,
    pub tls: TlsSettings,
    /// The password file, which need not exist.
    pub passfile: Option<PathBuf>,
}

/// Parameters by name.
pub(super) type Values = BTreeMap<String, String>;

impl Target {
    /// Completes `url`, which may also be of the form `host=… dbname=…`.
    pub fn resolve(url: &str, env: &Environment) -> Result<Self, ConnectError> {
        let mut values = parse(url)?;
        let variable = |name: &str| env.get(name).filter(|v| !v.is_empty()).cloned();
        let home = variable("HOME").map(PathBuf::from);
        if let Some(service) = values.get("service").cloned().or(variable("PGSERVICE")) {
            let file = values.get("servicefile").cloned();
            let file = file.or(variable("PGSERVICEFILE")).map(PathBuf::from);
            let file = file.or(home.as_ref().map(|h| h.join(".pg_service.conf")));
            let folder = variable("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common".to_owned());
            let shared = Path::new(&folder).join("pg_service.conf");
            let found = file
                .iter()
                .chain([&shared])
                .find_map(|f| service_of(&fs::read_to_string(f).ok()?, &service));
            for (name, value) in found.ok_or(ConnectError::NoService { name: service })? {
                check_name(&name)?;
                values.entry(name).or_insert(value);
            }
        }
        for (name, variable_name) in PARAMETERS {
            if let Some(value) = variable_name.and_then(variable) {
                values.entry((*name).to_owned()).or_insert(value);
            }
        }
        // libpq would be stricter with them than we are without.
        if let Some(name) = UNSUPPORTED.iter().find(|name| variable(name).is_some()) {
            return Err(ConnectError::UnsupportedParameter {
                name: (*name).to_owned(),
            });
        }
        let mut take = |name: &str| values.remove(name).filter(|v| !v.is_empty());

        let user = match take("user").or_else(system_user).or(variable("USER")) {
            Some(user) => user,
            None => return Err(bad("it names no user")),
        };
        let database = take("dbname").unwrap_or_else(|| user.clone());
        let timeout = match take("connect_timeout") {
            None => Some(DEFAULT_TIMEOUT),
            // As libpq: 0 and less wait for ever.
            Some(text) => match text.trim().parse::<i64>() {
                Ok(seconds) => u64::try_from(seconds)
                    .ok()
                    .filter(|s| *s > 0)
                    .map(Duration::from_secs),
                Err(_) => return Err(unknown_value("connect_timeout", &text, "seconds")),
            },
        };
        let session = take("target_session_attrs");
        let prefers_standby = session.as_deref() == Some("prefer-standby");
        let session = match session.as_deref() {
            None | Some("any") => TargetSessionAttrs::Any,
            Some("prefer-standby") => TargetSessionAttrs::Any,
            Some("read-write" | "primary") => TargetSessionAttrs::ReadWrite,
            Some("read-only" | "standby") => TargetSessionAttrs::ReadOnly,
            Some(other) => {
                return Err(unknown_value(
                    "target_session_attrs",
                    other,
                    "any, read-write, read-only, primary, standby, prefer-standby",
                ));
            }
        };
        let channel_binding = match take("channel_binding").as_deref() {
            None | Some("prefer") => ChannelBinding::Prefer,
            Some("disable") => ChannelBinding::Disable,
            Some("require") => ChannelBinding::Require,
            Some(other) => {
                let valid = "disable, prefer, require";
                return Err(unknown_value("channel_binding", other, valid));
            }
        };
        if take("gssencmode").as_deref() == Some("require") {
            return Err(ConnectError::UnsupportedParameter {
                name: "gssencmode=require".to_owned(),
            });
        }
        let tls = tls_settings(&mut take, home.as_deref())?;
        let port = take("port");
        let hosts = hosts(take("host"), take("hostaddr"), port.as_deref())?;
        Ok(Self {
            hosts,
            user,
            password: take("password"),
            database,
            timeout,
            options: take("options"),
            session,
            prefers_standby,
            channel_binding,
            tls,
            passfile: take("passfile")
                .map(PathBuf::from)
                .or(home.map(|h| h.join(".pgpass"))),
        })
    }
}

fn tls_settings(
    take: &mut impl FnMut(&str) -> Option<String>,
    home: Option<&Path>,
) -> Result<TlsSettings, ConnectError> {
    let roots = take("sslrootcert");
    let uses_system = roots.as_deref() == Some("system");
    let mode = match take("sslmode") {
        // As libpq 16: `system` is worth nothing without the check of the name.
        None if uses_system => Mode::VerifyFull,
        None => Mode::Prefer,
        Some(text) => Mode::parse(&text).ok_or_else(|| {
            let valid = "disable, allow, prefer, require, verify-ca, verify-full";
            unknown_value("sslmode", &text, valid)
        })?,
    };
    if uses_system && mode != Mode::VerifyFull {
        return Err(unknown_value(
            "sslmode",
            "(weaker than verify-full)",
            "verify-full when sslrootcert=system",
        ));
    }
    let in_home = |name: &str| {
        home.map(|h| h.join(".postgresql").join(name))
            .filter(|p| p.exists())
    };
    let negotiation = match take("sslnegotiation").as_deref() {
        None | Some("postgres") => SslNegotiation::Postgres,
        Some("direct") => SslNegotiation::Direct,
        Some(other) => return Err(unknown_value("sslnegotiation", other, "postgres, direct")),
    };
    Ok(TlsSettings {
        mode,
        negotiation,
        roots: match roots {
            Some(_) if uses_system => None,
            Some(path) => Some(PathBuf::from(path)),
            None => in_home("root.crt"),
        },
        certificate: take("sslcert")
            .map(PathBuf::from)
            .or_else(|| in_home("postgresql.crt")),
        key: take("sslkey")
            .map(PathBuf::from)
            .or_else(|| in_home("postgresql.key")),
        sends_name: take("sslsni").as_deref() != Some("0"),
    })
}

fn hosts(
    names: Option<String>,
    addresses: Option<String>,
    ports: Option<&str>,
) -> Result<Vec<Host>, ConnectError> {
    let ports = ports.unwrap_or_default().split(',').map(|p| match p {
        "" => Ok(DEFAULT_PORT),
        p => match p.trim().parse() {
            Ok(port) if port > 0 => Ok(port),
            _ => Err(unknown_value("port", p, "1 to 65535")),
        },
    });
    let ports: Vec<u16> = ports.collect::<Result<_, _>>()?;
    let port_of = |n: usize| *ports.get(n).or(ports.first()).unwrap_or(&DEFAULT_PORT);
    let list = |text: Option<String>| -> Vec<String> {
        let text = text.as_deref().unwrap_or_default();
        text.split(',').map(|s| s.trim().to_owned()).collect()
    };
    let (names, addresses) = (list(names), list(addresses));
    let mut hosts = Vec::new();
    for n in 0..names.len().max(addresses.len()) {
        let port = port_of(n);
        let address = match addresses.get(n).map(String::as_str) {
            None | Some("") => None,
            Some(text) => match text.parse() {
                Ok(address) => Some(address),
                Err(_) => return Err(unknown_value("hostaddr", text, "an IP address")),
            },
        };
        let mut name = names.get(n).cloned().unwrap_or_default();
        if name.is_empty() && address.is_none() {
            name = default_host(port);
        }
        hosts.push(Host {
            name,
            address,
            port,
        });
    }
    if ports.len() > 1 && ports.len() != hosts.len() {
        return Err(bad("it has more ports than hosts, or fewer"));
    }
    Ok(hosts)
}

fn default_host(port: u16) -> String {
    SOCKET_FOLDERS
        .into_iter()
        .find(|folder| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists())
        .unwrap_or("localhost")
        .to_owned()
}

/// Whether a parameter of libpq has this name.
pub(super) fn is_parameter(name: &str) -> bool {
    PARAMETERS.iter().any(|(known, _)| *known == name)
}

pub(super) fn is_default_socket(folder: &str) -> bool {
    SOCKET_FOLDERS.contains(&folder) || folder == "/run/postgresql"
}

/// The name of the user this process runs as: libpq takes it from the system, not from `USER`.
fn system_user() -> Option<String> {
    let uid = fs::metadata("/proc/self").ok()?.uid().to_string();
    fs::read_to_string("/etc/passwd")
        .ok()?
        .lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == uid).then(|| name.to_owned())
        })
}

pub(super) fn bad(reason: &str) -> ConnectError {
    ConnectError::Url {
        reason: reason.to_owned(),
    }
}

fn unknown_value(name: &'static str, value: &str, valid: &'static str) -> ConnectError {
    ConnectError::Value {
        name,
        value: value.to_owned(),
        valid,
    }
}

pub(super) fn check_name(name: &str) -> Result<(), ConnectError> {
    if is_parameter(name) {
        return Ok(());
    }
    let security = [
        "sslcrl",
        "sslcrldir",
        "sslpassword",
        "require_auth",
        "requirepeer",
    ];
    let others = [
        "sslcompression",
        "krbsrvname",
        "gsslib",
        "gssdelegation",
        "replication",
    ];
    if security.contains(&name)
        || others.contains(&name)
        || name.starts_with("ssl_m")
        || name.starts_with("oauth_")
        || name.starts_with("scram_")
    {
        return Err(ConnectError::UnsupportedParameter {
            name: name.to_owned(),
        });
    }
    let known: Vec<&str> = PARAMETERS.iter().map(|(known, _)| *known).collect();
    Err(ConnectError::UnknownParameter {
        name: name.to_owned(),
        nearest: similar::get_close_matches(name, &known, 1, 0.6)
            .first()
            .map(|s| (*s).to_owned()),
    })
}

/// The parameters of `[name]` in a service file.
fn service_of(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('#') {
            continue;
        }
        if let Some(section) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            if found.is_some() {
                break;
            }
            if section == name {
                found = Some(Vec::new());
            }
        } else if let (Some(values), Some((key, value))) = (&mut found, line.split_once('=')) {
            values.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests;
