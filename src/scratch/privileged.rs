//! Statements that only a superuser may run, and how the sandbox role gets what they make.
//!
//! A plain role creates no publication of all tables or of a schema, no event trigger, no subscription and no foreign data
//! wrapper, and nobody gives a security label whose provider is not there. On scratch it calls a function of the superuser instead ([`setup`]), made before anybody's code is in the database, which does the one thing
//! that takes the right and hands the object over. Its arguments are names, never statements; the rest of the
//! statement is run by the sandbox role itself. The options of user mappings, which the server shows to their users
//! and to superusers, are shown to the sandbox role: nothing secret of live comes here.
//!
//! Why this is sound, although the files may call these functions too: they run no code of anybody's. They look
//! up names in pg_catalog only (`SET search_path`), and what they make is harmless in the hands of the sandbox role.
//! An event trigger, whose function is anybody's code, would run that in the functions here, with the superuser's
//! rights. So each gets an event that the server does not know, in the transaction that makes it: whoever enables it, it
//! never fires (the server's cache of event triggers passes over unknown events, 14–18; its owner can enable it but not
//! give it another event). No other way makes one, and CREATE EVENT TRIGGER itself is no event. That the sandbox role
//! owns it lets the steps of a plan enable, rename and drop it as on live.

mod label;
mod owner;
mod subscription;
mod wrapper;

use crate::kinds::DISARMED;
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Sql, ident::Literal};
use crate::source::reader::Reader;
use crate::sql;
use std::borrow::Cow;

pub use label::provider;
pub(super) use subscription::remove_all;

/// Makes the functions; for a superuser, in a database that nobody has used yet.
///
/// They are in `pg_catalog`, which is nobody's schema: no reader of ours and no dump looks there.
pub fn setup() -> String {
    SETUP.to_owned() + label::SETUP + owner::SETUP + subscription::SETUP + &wrapper::setup()
}

const SETUP: &str = "
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_publish_all(publication name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pg_catalog.pg_publication SET puballtables = true WHERE pubname = publication;
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_publish_schema(publication name, schema name) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', publication, schema);
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_event_trigger(called name, event text, tags text[], function regprocedure)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    filter text := '';
BEGIN
    IF cardinality(tags) > 0 THEN
        SELECT ' WHEN TAG IN (' || string_agg(quote_literal(tag), ', ') || ')' INTO filter FROM unnest(tags) tag;
    END IF;
    EXECUTE format('CREATE EVENT TRIGGER %I ON %I%s EXECUTE FUNCTION %s', called, event, filter, function);
    UPDATE pg_catalog.pg_event_trigger
       SET evtevent = ('disarmed:' || evtevent)::name
         , evtowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user)
     WHERE evtname = called;
END $$;
UPDATE pg_catalog.pg_language SET lanowner = (SELECT datdba FROM pg_catalog.pg_database
         WHERE datname = current_database())
 WHERE lanpltrusted AND oid < 16384;
SET allow_system_table_mods = on;
CREATE OR REPLACE VIEW pg_catalog.pg_user_mappings AS
    SELECT m.oid AS umid, s.oid AS srvid, s.srvname, m.umuser
         , coalesce(r.rolname, 'public'::name) AS usename, m.umoptions
      FROM pg_catalog.pg_user_mapping m
      JOIN pg_catalog.pg_foreign_server s ON s.oid = m.umserver
      LEFT JOIN pg_catalog.pg_authid r ON r.oid = m.umuser;
RESET allow_system_table_mods;";

/// Whether `statement` needs [`setup`]: to be run, or for what it makes to be read.
pub fn needs_setup(statement: &str) -> bool {
    let head = Reader::new(statement.get(..64).unwrap_or(statement));
    let mapping = ["create", "alter"]
        .iter()
        .any(|verb| head.sees(&[verb, "user", "mapping"]));
    // Whoever runs the files gets the languages that PostgreSQL brings: it is only warned where it does not own one.
    let of_language = head.sees_any(&["grant", "revoke"]).is_some()
        && Reader::new(statement).skip_until(|r| r.sees(&["on", "language"]));
    mapping || of_language || is_another(statement)
}

/// Whether the sandbox role runs something else in its place.
pub fn is_another(statement: &str) -> bool {
    matches!(on_scratch(statement), Cow::Owned(_))
}

/// Whether only a superuser may run `statement` on a live server; the owner of a subscription may change it.
pub fn is_needed(statement: &str) -> bool {
    let head = Reader::new(statement.get(..64).unwrap_or(statement));
    let own = [
        ["alter", "subscription"].as_slice(),
        &["drop", "subscription"],
        &["comment", "on"],
        &["security", "label"],
    ];
    let by_owner = own.iter().any(|words| head.sees(words)) || owner::of_publication(statement);
    runs_code(statement) || !by_owner && is_another(statement)
}

/// Whether `statement`, one of ours, makes what can run or corrupt code: no function here does that
/// ([`ScratchOptions::trusted`](super::ScratchOptions)).
pub fn runs_code(statement: &str) -> bool {
    let head = Reader::new(statement.get(..64).unwrap_or(statement));
    let always = [
        ["create", "operator", "class"].as_slice(),
        &["create", "operator", "family"],
        &["alter", "operator", "family"],
        &["create", "language"],
        &["create", "trusted", "language"],
        &["create", "or", "replace", "language"],
        &["create", "or", "replace", "trusted", "language"],
        &["create", "access", "method"],
        &["create", "text", "search", "parser"],
        &["create", "text", "search", "template"],
    ];
    if always.iter().any(|words| head.sees(words)) || is_of_base_type(statement) {
        return true;
    }
    let holds = |words: &[&str]| Reader::new(statement).skip_until(|r| r.sees(words));
    if head.sees(&["create", "cast"]) {
        return holds(&["without", "function"]);
    }
    let aggregate = [
        ["create", "aggregate"].as_slice(),
        &["create", "or", "replace", "aggregate"],
    ];
    if aggregate.iter().any(|words| head.sees(words)) {
        return statement.contains("STYPE = internal");
    }
    let function = ["create", "or", "replace", "function"];
    // As the server writes one: its properties stand on lines of their own before the body.
    let mut lines = statement
        .lines()
        .take_while(|line| !line.starts_with("AS "));
    head.sees(&function)
        && lines.any(|line| {
            [" LANGUAGE c", " LANGUAGE internal"].contains(&line) || line.contains(" LEAKPROOF")
        })
}

/// A shell type, what becomes of one, and what of it changes in place.
fn is_of_base_type(statement: &str) -> bool {
    let mut reader = Reader::new(statement);
    if reader.eat(&["create", "type"]) {
        return reader.name().is_some() && (reader.is_done() || reader.sees(&["("]));
    }
    reader.eat(&["alter", "type"]) && reader.name().is_some() && reader.sees(&["set", "("])
}

/// What the sandbox role runs of `statement`: itself, where it may.
///
/// ```
/// use pgrehearse::scratch::privileged::on_scratch;
/// assert_eq!(on_scratch("CREATE PUBLICATION p"), "CREATE PUBLICATION p");
/// assert_eq!(
///     on_scratch("create publication p for all tables"),
///     "CREATE PUBLICATION p; SELECT pg_catalog.pgrehearse_publish_all('p')"
/// );
/// ```
pub fn on_scratch(statement: &str) -> Cow<'_, str> {
    // Most statements are told by their first words; the others are read whole.
    let head = Reader::new(statement.get(..64).unwrap_or(statement));
    let publication = ["create", "alter"]
        .iter()
        .any(|verb| head.sees(&[verb, "publication"]));
    let of_subscription = [
        ["create", "subscription"].as_slice(),
        &["alter", "subscription"],
        &["drop", "subscription"],
        &["comment", "on", "subscription"],
    ];
    let other = if let Some(owner) = owner::on_scratch(statement) {
        Some(owner)
    } else if publication {
        of_publication(statement)
    } else if head.sees(&["create", "event", "trigger"]) {
        create_event_trigger(statement)
    } else if head.sees(&["create", "foreign", "data"]) || head.sees(&["alter", "foreign", "data"])
    {
        wrapper::on_scratch(statement)
    } else if of_subscription.iter().any(|words| head.sees(words)) {
        subscription::on_scratch(statement)
    } else if head.sees(&["security", "label"]) || head.sees(&["do"]) {
        label::on_scratch(statement)
    } else {
        None
    };
    match other {
        Some(other) => Cow::Owned(other.to_string()),
        None => Cow::Borrowed(statement),
    }
}

fn of_publication(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    if reader.eat(&["create", "publication"]) {
        return create_publication(statement, reader);
    }
    reader.eat(&["alter", "publication"]);
    let publication = reader.ident()?;
    if !reader.eat(&["add"]) {
        return None;
    }
    let members = Members::read(statement, &mut reader)?;
    let name = Ident::new(publication.as_str());
    let tables = members.tables.as_ref();
    let tables = tables.map(|t| sql!("ALTER PUBLICATION {} ADD TABLE {}; ", name, t));
    members.schemas(&publication, &tables.unwrap_or(Sql::constant("")))
}

fn create_event_trigger(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    reader.eat(&["create", "event", "trigger"]);
    let name = reader.ident()?;
    reader.eat(&["on"]).then_some(())?;
    let event = reader.ident()?;
    let event = event.strip_prefix(DISARMED).unwrap_or(&event).to_owned();
    let mut tags: Vec<String> = Vec::new();
    if reader.eat(&["when"]) {
        loop {
            reader.eat(&["tag", "in", "("]).then_some(())?;
            loop {
                tags.push(reader.string()?);
                if !reader.eat(&[","]) {
                    break;
                }
            }
            reader.eat(&[")"]).then_some(())?;
            if !reader.eat(&["and"]) {
                break;
            }
        }
    }
    let executes = reader.eat(&["execute", "function"]) || reader.eat(&["execute", "procedure"]);
    executes.then_some(())?;
    let function = reader.name()?.into_iter().map(Ident::new);
    let function = sql!("{}()", List::separated(".", function));
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_event_trigger({}, {}, ARRAY[{}]::pg_catalog.text[], {}::pg_catalog.regprocedure)",
        Literal(&name),
        Literal(&event),
        List::comma(tags.iter().map(|tag| Literal(tag))),
        Literal(function.as_str())
    ))
}

fn create_publication(statement: &str, mut reader: Reader<'_>) -> Option<Sql> {
    let publication = reader.ident()?;
    let name = Ident::new(publication.as_str());
    if reader.eat(&["for", "all", "tables"]) {
        let rest = rest(statement, &reader);
        return Some(sql!(
            "CREATE PUBLICATION {}{}; SELECT pg_catalog.pgrehearse_publish_all({})",
            name,
            rest,
            Literal(&publication)
        ));
    }
    if !reader.eat(&["for"]) {
        return None;
    }
    let members = Members::read(statement, &mut reader)?;
    let tables = members.tables.as_ref().map(|t| sql!(" FOR TABLE {}", t));
    let create = sql!(
        "CREATE PUBLICATION {}{}{}; ",
        name,
        tables.unwrap_or(Sql::constant("")),
        rest(statement, &reader)
    );
    members.schemas(&publication, &create)
}

/// What `reader` has not read yet, with a space before it.
fn rest(statement: &str, reader: &Reader<'_>) -> Sql {
    match statement.get(reader.offset()..).unwrap_or_default().trim() {
        "" => Sql::constant(""),
        rest => sql!(" {}", Deparsed(rest)),
    }
}

/// What a publication is of: `TABLE a, b, TABLES IN SCHEMA c`.
struct Members {
    /// As written, for the sandbox role to run.
    tables: Option<Sql>,
    schemas: Vec<Sql>,
}

impl Members {
    /// `None` without a schema.
    fn read(statement: &str, reader: &mut Reader<'_>) -> Option<Self> {
        let mut tables: Vec<Sql> = Vec::new();
        let mut schemas: Vec<Sql> = Vec::new();
        let mut of_schemas = false;
        loop {
            if reader.eat(&["tables", "in", "schema"]) {
                of_schemas = true;
            } else if reader.eat(&["table"]) {
                of_schemas = false;
            }
            if of_schemas {
                let current = reader.sees(&["current_schema"]);
                let name = reader.ident()?;
                schemas.push(match current {
                    true => sql!("pg_catalog.current_schema()"),
                    false => sql!("{}", Literal(&name)),
                });
            } else {
                let start = reader.offset();
                // A row filter stands in parentheses, and so does WITH's list of options.
                reader.skip_until(|r| r.sees(&[","]) || r.sees(&["with"]));
                let text = statement.get(start..reader.offset())?.trim();
                tables.push(sql!("{}", Deparsed(text)));
            }
            if !reader.eat(&[","]) {
                break;
            }
        }
        let list = |parts: Vec<Sql>| sql!("{}", List::comma(parts));
        (!schemas.is_empty()).then(|| Self {
            tables: (!tables.is_empty()).then(|| list(tables)),
            schemas,
        })
    }

    fn schemas(&self, publication: &str, before: &Sql) -> Option<Sql> {
        let calls = self.schemas.iter().map(|schema| {
            sql!(
                "pg_catalog.pgrehearse_publish_schema({}, {})",
                Literal(publication),
                schema
            )
        });
        let calls = List::comma(calls);
        Some(sql!("{}SELECT {}", before, calls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn becomes(statement: &str, expected: &str) {
        assert_eq!(on_scratch(statement), expected);
    }

    #[test]
    fn a_publication_of_all_tables_keeps_its_options() {
        becomes(
            "CREATE PUBLICATION \"P p\" FOR ALL TABLES WITH (publish = 'insert')",
            "CREATE PUBLICATION \"P p\" WITH (publish = 'insert'); \
             SELECT pg_catalog.pgrehearse_publish_all('P p')",
        );
    }

    #[test]
    fn the_schemas_of_a_publication_are_added_apart_from_its_tables() {
        becomes(
            "create publication p for tables in schema a, \"B\", table t (x, y) where (x in (1, 2)), only u with (publish = '')",
            "CREATE PUBLICATION p FOR TABLE t (x, y) where (x in (1, 2)), only u with (publish = ''); \
             SELECT pg_catalog.pgrehearse_publish_schema('p', 'a'), pg_catalog.pgrehearse_publish_schema('p', 'B')",
        );
        becomes(
            "ALTER PUBLICATION p ADD TABLES IN SCHEMA CURRENT_SCHEMA",
            "SELECT pg_catalog.pgrehearse_publish_schema('p', pg_catalog.current_schema())",
        );
    }

    #[test]
    fn an_event_trigger_is_made_by_its_parts() {
        becomes(
            "create event trigger \"E t\" on ddl_command_end when tag in ('CREATE TABLE', 'it''s') and tag in ('X') \
             execute procedure \"App\".f()",
            "SELECT pg_catalog.pgrehearse_event_trigger('E t', 'ddl_command_end', \
             ARRAY['CREATE TABLE', 'it''s', 'X']::pg_catalog.text[], '\"App\".f()'::pg_catalog.regprocedure)",
        );
        becomes(
            "CREATE EVENT TRIGGER e ON \"disarmed:sql_drop\" EXECUTE FUNCTION f()",
            "SELECT pg_catalog.pgrehearse_event_trigger('e', 'sql_drop', ARRAY[]::pg_catalog.text[], \
             'f()'::pg_catalog.regprocedure)",
        );
    }

    #[test]
    fn what_can_run_code_needs_a_superuser_on_live() {
        for statement in [
            "CREATE OPERATOR CLASS a.b FOR TYPE integer USING btree FAMILY a.b AS STORAGE integer",
            "CREATE OR REPLACE TRUSTED LANGUAGE l HANDLER h",
            "CREATE TYPE a.\"b c\"",
            "CREATE TYPE a.b (INPUT = a.c, OUTPUT = a.d)",
            "ALTER TYPE a.b SET (SEND = NONE)",
            "CREATE CAST (integer AS date) WITHOUT FUNCTION",
            "CREATE OR REPLACE AGGREGATE a.b(numeric) (SFUNC = f, STYPE = internal)",
            "CREATE OR REPLACE FUNCTION a.b()\n RETURNS integer\n LANGUAGE c\nAS 'x', 'y'",
            "CREATE OR REPLACE FUNCTION a.b()\n RETURNS integer\n LANGUAGE sql\n STRICT LEAKPROOF\nAS 'SELECT 1'",
        ] {
            assert!(is_needed(statement), "{statement}");
        }
        for statement in [
            "CREATE CAST (a.b AS date) WITH INOUT",
            "CREATE AGGREGATE a.b(numeric) (SFUNC = f, STYPE = integer)",
            "CREATE OR REPLACE FUNCTION a.b()\n RETURNS integer\n LANGUAGE sql\nAS ' LEAKPROOF\n LANGUAGE c'",
            "ALTER SUBSCRIPTION s DISABLE",
            "CREATE TYPE a.b AS (c integer)",
            "ALTER TYPE a.b SET SCHEMA c",
        ] {
            assert!(!is_needed(statement), "{statement}");
        }
    }

    #[test]
    fn what_a_plain_role_may_do_stays_as_it_is() {
        for statement in [
            "CREATE PUBLICATION p",
            "CREATE PUBLICATION p WITH (publish = 'insert')",
            "CREATE PUBLICATION p FOR TABLE t, u",
            "ALTER PUBLICATION p ADD TABLE t",
            "ALTER PUBLICATION p DROP TABLES IN SCHEMA s",
            "ALTER PUBLICATION p SET (publish = 'insert')",
            "CREATE TABLE t ()",
        ] {
            assert!(!is_needed(statement), "{statement}");
        }
    }
}
