//! Passwords: of the URL, else of the password file.

use super::target::{Host, Target, is_default_socket};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// What was found, and why the file was not looked at.
pub(super) struct Found {
    pub password: Option<String>,
    /// The password file, when others may read it: libpq ignores it then, and so do we.
    pub ignored: Option<String>,
}

pub(super) fn find(target: &Target, host: &Host) -> Found {
    let mut found = Found {
        password: target.password.clone(),
        ignored: None,
    };
    if found.password.is_some() {
        return found;
    }
    let Some(path) = &target.passfile else {
        return found;
    };
    let Ok(metadata) = fs::metadata(path) else {
        return found;
    };
    if !metadata.is_file() {
        return found;
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        found.ignored = Some(path.display().to_string());
        return found;
    }
    let name = match &host.address {
        Some(address) if host.name.is_empty() => address.to_string(),
        // In the file, the default socket folder is called localhost.
        _ if host.is_socket() && is_default_socket(&host.name) => "localhost".to_owned(),
        _ => host.name.clone(),
    };
    let port = host.port.to_string();
    let wanted = [&name, &port, &target.database, &target.user];
    if let Ok(text) = fs::read_to_string(path) {
        found.password = text.lines().find_map(|line| password_of(line, wanted));
    }
    found
}

/// The password of a line `host:port:database:user:password` that fits: `*` fits all, and `\`
/// takes the meaning from a `:` or `\` after it.
fn password_of(line: &str, wanted: [&String; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line.chars();
    for wanted in wanted {
        let mut field = String::new();
        let mut escaped = false;
        loop {
            match rest.next()? {
                '\\' => {
                    field.push(rest.next()?);
                    escaped = true;
                }
                ':' => break,
                c => field.push(c),
            }
        }
        let fits_all = field == "*" && !escaped;
        if !fits_all && field != *wanted {
            return None;
        }
    }
    let mut password = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' => password.extend(rest.next()),
            // libpq ends the password at a further colon.
            ':' => break,
            c => password.push(c),
        }
    }
    Some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_by_field_star_and_escape() {
        let wanted = ["h", "5432", "d:b", "u"].map(str::to_owned);
        let wanted = [&wanted[0], &wanted[1], &wanted[2], &wanted[3]];
        let password = |line: &str| password_of(line, wanted);
        assert_eq!(
            password(r"h:5432:d\:b:u:a\:b\\c").as_deref(),
            Some(r"a:b\c")
        );
        assert_eq!(password("*:*:*:*:p q ").as_deref(), Some("p q "));
        assert_eq!(password("*:*:*:*:").as_deref(), Some(""));
        assert_eq!(password(r"\*:*:*:*:p"), None);
        assert_eq!(password("#*:*:*:*:p"), None);
        assert_eq!(password("h:5433:*:*:p"), None);
        assert_eq!(password("h:5432:*"), None);
    }
}
