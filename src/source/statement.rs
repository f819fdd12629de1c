//! What a statement of a schema file is to us: run, replayed, skipped or refused.
//!
//! Told from the first words only, so it never fails: what is not known is DDL, and the server
//! is the arbiter. The sandbox protects the host; a refusal here only says it earlier.

use super::reader::Reader;
use std::ops::Range;

/// One statement of the desired files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The index of its file.
    pub file: usize,
    /// Its bytes in that file, without the semicolon.
    pub range: Range<usize>,
    pub class: Class,
}

/// What is done with a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// Changes settings of the session: replayed before later statements of its file.
    Session,
    /// BEGIN, COMMIT and their like: skipped silently.
    Transaction,
    /// Rows and maintenance: not schema, skipped with a notice.
    Data,
    /// CREATE EXTENSION.
    Extension {
        name: String,
        schema: Option<String>,
        version: Option<String>,
    },
    /// GRANT or REVOKE of privileges, or of default ones: executed. `subject`: on what.
    Grant { what: &'static str, subject: String },
    /// ALTER … OWNER TO: executed where the files give objects to more than one role.
    Owner { role: String, subject: String },
    /// Skipped, but named: `what` is the topic ("owner"), `subject` the object as written.
    Unmodeled { what: &'static str, subject: String },
    /// Never executed.
    Refused { why: &'static str },
    /// Everything else: executed.
    Ddl,
}

/// Tells what `sql`, one statement, is.
///
/// ```
/// use pgrehearse::source::statement::{Class, classify};
/// assert_eq!(classify("create table t ()"), Class::Ddl);
/// assert_eq!(classify("insert into t values (1)"), Class::Data);
/// ```
pub fn classify(sql: &str) -> Class {
    const DATA: &[&str] = &[
        "insert",
        "update",
        "delete",
        "merge",
        "truncate",
        "refresh",
        "analyze",
        "analyse",
        "vacuum",
        "reindex",
        "explain",
        "show",
        "checkpoint",
        "listen",
        "unlisten",
        "notify",
        "execute",
        "deallocate",
        "declare",
        "fetch",
        "move",
        "close",
    ];
    // LOCK TABLE works inside a transaction block only, and BEGIN is skipped.
    const TRANSACTION: &[&str] = &[
        "begin",
        "commit",
        "rollback",
        "abort",
        "end",
        "start",
        "savepoint",
        "release",
        "lock",
    ];
    let reader = Reader::new(sql);
    if reader.sees_any(DATA).is_some() {
        return Class::Data;
    }
    if reader.sees_any(TRANSACTION).is_some() {
        return Class::Transaction;
    }
    let first = [
        "set", "reset", "select", "with", "copy", "prepare", "cluster", "load", "discard",
        "import", "create", "alter", "drop", "grant", "revoke", "reassign", "security", "comment",
    ];
    let mut rest = reader.clone();
    let word = rest.sees_any(&first).unwrap_or_default();
    rest.advance();
    match word {
        "set" => set(rest),
        "reset" => reset(rest),
        "select" => select(rest),
        "with" => with(rest),
        "copy" => copy(rest),
        "prepare" if rest.sees(&["transaction"]) => Class::Transaction,
        "prepare" => Class::Data,
        // CLUSTER t USING i marks the index in the catalog; CLUSTER alone only moves rows.
        "cluster" if rest.is_done() => Class::Data,
        "import" if rest.sees(&["foreign", "schema"]) => Class::Refused {
            why: "IMPORT FOREIGN SCHEMA asks another server: write the foreign tables that it makes",
        },
        "load" => Class::Refused {
            why: "LOAD runs a library of the server's host",
        },
        "discard" => Class::Refused {
            why: "DISCARD resets the session the files run in",
        },
        "create" => create(rest),
        "alter" => alter(sql, rest),
        "drop" => drop_object(sql, rest),
        "grant" | "revoke" => grant(sql, rest),
        "reassign" => unmodeled("owner", sql, rest, &[]),
        "security" => security_label(sql, rest),
        "comment" => comment(sql, rest),
        _ => Class::Ddl,
    }
}

/// The schema in which a statement of class [`Class::Session`] lets unqualified names be made.
///
/// `None` when it leaves the search path alone, `Some(None)` when it sets it back.
pub fn search_path(sql: &str) -> Option<Option<String>> {
    let mut reader = Reader::new(sql);
    if reader.eat(&["reset"]) {
        let resets = reader.sees(&["all"]) || reader.sees(&["search_path"]);
        return resets.then_some(None);
    }
    if reader.eat(&["select"]) {
        eat_catalog(&mut reader);
        let set = reader.eat(&["set_config", "("]) && reader.string()? == "search_path";
        if !set || !reader.eat(&[","]) {
            return None;
        }
        let value = reader.string()?;
        return Some(first_schema(Reader::new(&value)));
    }
    if !reader.eat(&["set"]) {
        return None;
    }
    let _scope = reader.eat(&["local"]) || reader.eat(&["session"]);
    if reader.eat(&["schema"]) {
        return Some(reader.string());
    }
    if reader.ident()? != "search_path" {
        return None;
    }
    let _sign = reader.eat(&["to"]) || reader.eat(&["="]);
    Some(first_schema(reader))
}

/// The first schema of a list that objects are created in.
fn first_schema(mut list: Reader) -> Option<String> {
    if list.sees(&["default"]) {
        return None;
    }
    loop {
        let name = list.ident().or_else(|| list.string())?;
        let skipped = ["", "$user", "pg_catalog", "pg_temp"].contains(&name.as_str());
        if !skipped {
            return Some(name);
        }
        if !list.eat(&[","]) {
            return None;
        }
    }
}

const ROLE: Class = Class::Refused {
    why: "the files run as one unprivileged role, which they cannot change",
};

fn eat_catalog(reader: &mut Reader) {
    reader.eat(&["pg_catalog", "."]);
}

fn is_role_setting(name: &str) -> bool {
    name.eq_ignore_ascii_case("role") || name.eq_ignore_ascii_case("session_authorization")
}

fn set(mut rest: Reader) -> Class {
    if rest.sees(&["session", "authorization"]) {
        return ROLE;
    }
    let characteristics = rest.sees(&["session", "characteristics"]);
    if characteristics || rest.sees(&["constraints"]) || rest.sees(&["transaction"]) {
        return Class::Transaction;
    }
    let _scope = rest.eat(&["local"]) || rest.eat(&["session"]);
    if rest.sees(&["session", "authorization"]) {
        return ROLE;
    }
    match rest.ident() {
        Some(name) if is_role_setting(&name) => ROLE,
        _ => Class::Session,
    }
}

fn reset(mut rest: Reader) -> Class {
    if rest.sees(&["session", "authorization"]) {
        return ROLE;
    }
    match rest.ident() {
        Some(name) if is_role_setting(&name) => ROLE,
        _ => Class::Session,
    }
}

fn select(mut rest: Reader) -> Class {
    eat_catalog(&mut rest);
    if rest.eat(&["set_config", "("]) {
        return match rest.string() {
            Some(name) if is_role_setting(&name) => ROLE,
            _ => Class::Session,
        };
    }
    if rest.sees(&["setval", "("]) {
        return Class::Data;
    }
    Class::Ddl
}

fn with(mut rest: Reader) -> Class {
    let writes = ["insert", "update", "delete", "merge"];
    if rest.skip_until(|r| r.sees_any(&writes).is_some()) {
        Class::Data
    } else {
        Class::Ddl
    }
}

fn copy(mut rest: Reader) -> Class {
    rest.skip_until(|r| r.sees_any(&["from", "to"]).is_some());
    rest.advance();
    if rest.sees(&["program"]) {
        return Class::Refused {
            why: "COPY … PROGRAM runs a program on the server's host",
        };
    }
    if rest.string().is_some() {
        return Class::Refused {
            why: "COPY with a file reads or writes the server's host",
        };
    }
    Class::Data
}

fn create(mut rest: Reader) -> Class {
    if rest.eat(&["extension"]) {
        return extension(rest);
    }
    if rest.sees(&["user", "mapping"]) {
        return Class::Ddl;
    }
    if let Some(class) = cluster_wide(&mut rest) {
        return class;
    }
    rest.eat(&["or", "replace"]);
    rest.eat(&["trusted"]);
    rest.eat(&["procedural"]);
    if rest.eat(&["language"]) {
        let name = rest.ident().or_else(|| rest.string()).unwrap_or_default();
        if ["plperlu", "plpython3u", "plpythonu", "pltclu"].contains(&name.as_str()) {
            return Class::Refused {
                why: "an untrusted language can do anything on the server's host",
            };
        }
    }
    Class::Ddl
}

fn extension(mut rest: Reader) -> Class {
    rest.eat(&["if", "not", "exists"]);
    let Some(name) = rest.ident() else {
        return Class::Ddl;
    };
    let (mut schema, mut version) = (None, None);
    while !rest.is_done() {
        if rest.eat(&["schema"]) {
            schema = rest.ident();
        } else if rest.eat(&["version"]) {
            version = rest.ident().or_else(|| rest.string());
        } else {
            rest.advance();
        }
    }
    Class::Extension {
        name,
        schema,
        version,
    }
}

/// CREATE, ALTER or DROP of what belongs to the cluster, not to a database.
///
/// The subject is the name alone: the rest may hold a password.
fn cluster_wide(rest: &mut Reader) -> Option<Class> {
    let (what, kind) = match rest.sees_any(&["role", "user", "group", "database", "tablespace"])? {
        "role" => ("role", "ROLE"),
        "user" => ("role", "USER"),
        "group" => ("role", "GROUP"),
        "database" => ("database", "DATABASE"),
        _ => ("tablespace", "TABLESPACE"),
    };
    rest.advance();
    rest.eat(&["if", "exists"]);
    let start = rest.peek();
    let name = start.map(|t| rest.text_of(t)).unwrap_or_default();
    Some(Class::Unmodeled {
        what,
        subject: format!("{kind} {name}"),
    })
}

fn alter(sql: &str, mut rest: Reader) -> Class {
    if rest.sees(&["system"]) {
        return Class::Refused {
            why: "ALTER SYSTEM changes the server's settings",
        };
    }
    if rest.sees(&["user", "mapping"]) {
        return Class::Ddl;
    }
    if rest.eat(&["default", "privileges"]) {
        return match unmodeled("default privileges", sql, rest, &[]) {
            Class::Unmodeled { what, subject } => Class::Grant { what, subject },
            other => other,
        };
    }
    if let Some(class) = cluster_wide(&mut rest) {
        return class;
    }
    match lone_owner(rest.clone()) {
        Some(owner) if is_reserved_role(&owner) => Class::Refused {
            why: "a role of PostgreSQL's own (pg_…) owns nothing of a schema",
        },
        Some(role) => match unmodeled("owner", sql, rest.clone(), &["owner"]) {
            Class::Unmodeled { subject, .. } if !rest.sees(&["large"]) => {
                Class::Owner { role, subject }
            }
            other => other,
        },
        None => Class::Ddl,
    }
}

/// `pg_*`, but for the one that pg_dump of 15 and later writes as the owner of schema public.
fn is_reserved_role(name: &str) -> bool {
    name.starts_with("pg_") && name != "pg_database_owner"
}

/// The role of a statement that ends in `OWNER TO role` and has no other action.
fn lone_owner(mut rest: Reader) -> Option<String> {
    let mut before = ["", ""];
    while let Some(token) = rest.peek() {
        if rest.sees(&["("]) && rest.parenthesized().is_some() {
            continue;
        }
        let word = rest.text_of(token);
        if word == "," {
            return None;
        }
        if rest.eat(&["owner", "to"]) {
            // RENAME COLUMN owner TO x renames a column called owner.
            let renames = before.iter().any(|w| w.eq_ignore_ascii_case("rename"));
            let owner = rest.ident()?;
            return (!renames && rest.is_done()).then_some(owner);
        }
        before = [before[1], word];
        rest.advance();
    }
    None
}

fn drop_object(sql: &str, mut rest: Reader) -> Class {
    if rest.sees(&["user", "mapping"]) {
        return Class::Ddl;
    }
    if rest.sees(&["owned"]) {
        return unmodeled("owner", sql, rest, &[]);
    }
    cluster_wide(&mut rest).unwrap_or(Class::Ddl)
}

fn grant(sql: &str, rest: Reader) -> Class {
    // What no kind reads, or no role of a sandbox may grant.
    const OTHERS: &[&str] = &["database", "large", "parameter", "tablespace"];
    let mut object = rest.clone();
    // A grant of a role has no ON: its subject is the role.
    if !object.skip_until(|r| r.sees(&["on"])) {
        return unmodeled("grant", sql, rest, &["to", "from"]);
    }
    object.advance();
    let stop = &["to", "from"];
    let others = object.sees_any(OTHERS).is_some();
    let Class::Unmodeled { what, subject } = unmodeled("grant", sql, object.clone(), stop) else {
        return Class::Ddl;
    };
    if others || of_language(object.clone()) || of_server(object) {
        return Class::Unmodeled { what, subject };
    }
    Class::Grant { what, subject }
}

/// Whether it is of a language that is not trusted: the server refuses it.
fn of_language(mut object: Reader) -> bool {
    const OTHERS: [&str; 6] = [
        "internal",
        "c",
        "plperlu",
        "pltclu",
        "plpythonu",
        "plpython3u",
    ];
    if !object.eat(&["language"]) {
        return false;
    }
    while object.peek().is_some() && object.sees_any(&["to", "from"]).is_none() {
        match object.ident() {
            Some(name) if OTHERS.contains(&name.as_str()) => return true,
            Some(_) => {}
            None => {
                object.advance();
            }
        }
    }
    false
}

/// Whether one of the objects that a GRANT names is PostgreSQL's own: the files own none of these.
fn of_server(mut object: Reader) -> bool {
    while object.peek().is_some() && object.sees_any(&["to", "from"]).is_none() {
        // The types of a function's arguments.
        if object.sees(&["("]) && object.parenthesized().is_some() {
            continue;
        }
        // An extension may call what it makes in another schema so, too.
        let path = object.name();
        match path.as_deref().and_then(<[String]>::first) {
            Some(name) if name.starts_with("pg_") || name == "information_schema" => return true,
            Some(_) => {}
            None => {
                object.advance();
            }
        }
    }
    false
}

fn comment(sql: &str, mut rest: Reader) -> Class {
    rest.eat(&["on"]);
    // Only their owner may comment on these, and the owner is not the role that runs the files. An
    // extension is handed to that role; plpgsql is the server's own.
    let foreign = ["database", "role", "tablespace"];
    let mut name = rest.clone();
    let of_server = name.eat(&["extension"]) && name.sees(&["plpgsql"]);
    match of_server || rest.sees_any(&foreign).is_some() {
        true => unmodeled("comment", sql, rest, &["is"]),
        false => Class::Ddl,
    }
}

fn security_label(sql: &str, mut rest: Reader) -> Class {
    rest.eat(&["label"]);
    if !rest.sees(&["for"]) {
        return Class::Refused {
            why: "which provider is meant, depends on the server: write SECURITY LABEL FOR provider ON …",
        };
    }
    rest.skip_until(|r| r.sees(&["on"]));
    rest.eat(&["on"]);
    // Of the whole server, or no schema.
    let foreign = ["database", "role", "tablespace", "large"];
    match rest.sees_any(&foreign).is_some() {
        true => unmodeled("security label", sql, rest, &["is"]),
        false => Class::Ddl,
    }
}

/// The class of a statement whose subject goes from the next token to the first of `stop`.
fn unmodeled(
    what: &'static str,
    sql: &str,
    mut rest: Reader,
    stop: &'static [&'static str],
) -> Class {
    let start = rest.offset();
    let mut end = start;
    while let Some(token) = rest.peek() {
        if end > start && rest.sees_any(stop).is_some() {
            break;
        }
        end = token.end;
        rest.advance();
    }
    let words = sql.get(start..end).unwrap_or_default().split_whitespace();
    Class::Unmodeled {
        what,
        subject: words.collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests;
