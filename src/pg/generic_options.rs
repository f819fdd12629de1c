//! The options of foreign data: `OPTIONS (name 'value', …)` of wrappers, servers, user mappings, tables, columns.
//!
//! Secrets are never read: the queries leave out the options whose names or values say that they hold one, and tell
//! these names alone.

use super::ident::Literal;
use super::sql::List;
use super::{Ident, Sql};
use crate::sql;

/// A regular expression for the names of options that hold a secret: `password`, `sslpassword`, `aws_secret_access_key`,
/// `auth_token` …, but not `password_required` and not the file names `passfile`, `sslkey`.
const SECRET: &str = "(pass(word|wd|phrase)?|pwd|secret|token|credentials?|(access|api|private|account|secret|service|auth)_?key)$|secret";

/// One for the values that hold a secret, whatever the option is called: `postgres://me:hunter2@host`,
/// `host=h password=hunter2`, `Server=h;Pwd=hunter2`.
const SECRET_VALUE: &str = "://[^/@]*:[^/]*@|(password|pwd|passwd|secret|token|key)[[:space:]]*=";

fn is_secret() -> String {
    format!("(o.option_name ~* '{SECRET}' OR coalesce(o.option_value ~* '{SECRET_VALUE}', false))")
}

/// The options in `array` (`text[]`) as a JSON array of `name=value`, those without a secret.
pub fn options(array: &str) -> String {
    format!(
        "coalesce((SELECT json_agg(o.option_name || '=' || coalesce(o.option_value, '') ORDER BY o.option_name)
                     FROM pg_options_to_table({array}) o WHERE NOT {}), '[]')",
        is_secret()
    )
}

/// The names of the options in `array` that hold a secret.
pub fn secrets(array: &str) -> String {
    format!(
        "coalesce((SELECT json_agg(o.option_name ORDER BY o.option_name)
                     FROM pg_options_to_table({array}) o WHERE {}), '[]')",
        is_secret()
    )
}

fn parts(option: &str) -> (Ident, &str) {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    (Ident::new(name), value)
}

/// ` OPTIONS (…)`, or nothing.
pub fn clause(options: &[String]) -> Sql {
    if options.is_empty() {
        return Sql::constant("");
    }
    let options = options.iter().map(|option| {
        let (name, value) = parts(option);
        sql!("{} {}", name, Literal(value))
    });
    sql!(" OPTIONS ({})", List::comma(options))
}

/// `OPTIONS (ADD …, SET …, DROP …)` that leads from `old` to `new`; `None` where they are equal.
pub fn changes(old: &[String], new: &[String]) -> Option<Sql> {
    let had = |name: &Ident| old.iter().any(|o| parts(o).0 == *name);
    let has = |name: &Ident| new.iter().any(|o| parts(o).0 == *name);
    let mut changes: Vec<Sql> = Vec::new();
    for option in new.iter().filter(|o| !old.contains(o)) {
        let (name, value) = parts(option);
        changes.push(match had(&name) {
            true => sql!("SET {} {}", name, Literal(value)),
            false => sql!("ADD {} {}", name, Literal(value)),
        });
    }
    let gone = old.iter().map(|o| parts(o).0).filter(|name| !has(name));
    changes.extend(gone.map(|name| sql!("DROP {}", name)));
    (!changes.is_empty()).then(|| sql!("OPTIONS ({})", List::comma(changes)))
}

/// `a, b` of the names of secrets, for people.
pub fn named(secrets: &[String]) -> String {
    let names: Vec<String> = secrets
        .iter()
        .map(|name| Ident::new(name.as_str()).to_string())
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_lead_from_old_to_new() {
        let list =
            |options: &[&str]| -> Vec<String> { options.iter().map(|o| (*o).to_owned()).collect() };
        let (old, new) = (
            list(&["a=1", "b=x=y", "c="]),
            list(&["a=1", "b=it's", "D d=2"]),
        );
        assert_eq!(changes(&old, &old), None);
        assert_eq!(
            changes(&old, &new).expect("they differ").as_str(),
            "OPTIONS (SET b 'it''s', ADD \"D d\" '2', DROP c)"
        );
        assert_eq!(clause(&old).as_str(), " OPTIONS (a '1', b 'x=y', c '')");
    }
}
