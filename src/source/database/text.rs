//! The two forms in which a connection is written: a URL, and `host=… dbname=…`.

use super::ConnectError;
use super::target::{Values, bad, check_name, is_parameter};

/// Whether `text` is a connection of either form.
///
/// ```
/// use pgrehearse::source::database::is_connection;
/// assert!(is_connection("postgres://ann@db/shop"));
/// assert!(is_connection("host=db dbname=shop"));
/// assert!(!is_connection("schemas/host=db.sql"));
/// assert!(!is_connection("git:main:schemas"));
/// ```
pub fn is_connection(text: &str) -> bool {
    is_url(text) || is_conninfo(text)
}

fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Whether `text` is of the form `host=… dbname=…`.
pub(crate) fn is_conninfo(text: &str) -> bool {
    text.split_once('=')
        .is_some_and(|(name, _)| is_parameter(name.trim()))
}

/// The parameters of a connection of either form.
pub(super) fn parse(text: &str) -> Result<Values, ConnectError> {
    if is_url(text) {
        return parse_url(text);
    }
    if !text.contains('=') {
        return Err(bad("it does not begin with postgres://"));
    }
    let mut values = Values::new();
    for (name, value) in pairs(text)? {
        check_name(&name)?;
        if !value.is_empty() {
            values.insert(name, value);
        }
    }
    Ok(values)
}

/// The pairs of `name=value`: spaces around `=` do not count, a value with spaces stands in '…', and `\` takes the
/// meaning from what follows.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, ConnectError> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start().chars().peekable();
    while rest.peek().is_some() {
        let mut name = String::new();
        loop {
            match rest.next() {
                Some('=') => break,
                Some(c) => name.push(c),
                None => return Err(bad("a parameter has no =")),
            }
        }
        let name = name.trim().to_owned();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(bad("a parameter has no ="));
        }
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
        let is_quoted = rest.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match rest.next() {
                Some('\\') => value.extend(rest.next()),
                Some('\'') if is_quoted => break,
                Some(c) if c.is_whitespace() && !is_quoted => break,
                Some(c) => value.push(c),
                None if is_quoted => return Err(bad("a value is opened with ' and never closed")),
                None => break,
            }
        }
        pairs.push((name, value));
        while rest.next_if(|c| c.is_whitespace()).is_some() {}
    }
    Ok(pairs)
}

fn parse_url(url: &str) -> Result<Values, ConnectError> {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let mut values = Values::new();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (user, hosts),
        None => ("", authority),
    };
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    if path.contains('@') {
        return Err(bad("a / in its user or password is not written as %2F"));
    }
    if query.contains('@') && !authority.contains('@') && authority.contains(':') {
        return Err(bad("a ? in its user or password is not written as %3F"));
    }
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((name, port)) => (name, port.strip_prefix(':').unwrap_or(port)),
                None => return Err(bad("its IPv6 address has no ]")),
            },
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decode(name)?);
        ports.push(port.to_owned());
    }
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            values.insert(name.to_owned(), value);
        }
    };
    put("user", decode(user)?);
    put("password", decode(password)?);
    put("dbname", decode(path)?);
    if names.iter().any(|n| !n.is_empty()) {
        put("host", names.join(","));
    }
    if ports.iter().any(|p| !p.is_empty()) {
        put("port", ports.join(","));
    }
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err(bad("a parameter after ? has no value"));
        };
        let (name, value) = (decode(name)?, decode(value)?);
        // As libpq: the form of JDBC.
        if name == "ssl" && value == "true" {
            put("sslmode", "require".to_owned());
            continue;
        }
        check_name(&name)?;
        put(&name, value);
    }
    Ok(values)
}

fn decode(text: &str) -> Result<String, ConnectError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(bad(
                "a % is not followed by two hexadecimal digits (write % as %25)",
            ));
        };
        match u8::try_from(high * 16 + low) {
            Ok(0) | Err(_) => return Err(bad("it holds %00")),
            Ok(byte) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| bad("it is not UTF-8"))
}
