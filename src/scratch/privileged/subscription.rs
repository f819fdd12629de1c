//! Subscriptions: made unconnected and never enabled; they belong to the superuser, so nobody else enables one.

use crate::pg::sql::List;
use crate::pg::{Sql, ident::Literal};
use crate::source::reader::Reader;
use crate::sql;

/// What the sandbox role calls instead of a statement about a subscription.
pub(super) const SETUP: &str = "
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_subscription(verb text, called name, names text[], options text[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    listed text := (SELECT string_agg(quote_ident(n), ', ') FROM unnest(names) n);
    given text := '';
    option text[];
BEGIN
    IF cardinality(options) > 0 THEN
        FOREACH option SLICE 1 IN ARRAY options LOOP
            -- A newer pg_dump writes what an older server always does.
            CONTINUE WHEN current_setting('server_version_num')::int < 160000
                AND (option[1], option[2]) IN (('run_as_owner', 'true'), ('origin', 'any'));
            given := given || format(', %I = %L', option[1], option[2]);
        END LOOP;
    END IF;
    CASE verb
        WHEN 'create' THEN
            EXECUTE format('CREATE SUBSCRIPTION %I CONNECTION '''' PUBLICATION %s WITH (connect = false%s)', called, listed, given);
        WHEN 'set publication', 'add publication', 'drop publication' THEN
            EXECUTE format('ALTER SUBSCRIPTION %I %s %s WITH (refresh = false)', called, upper(verb), listed);
        WHEN 'set' THEN
            EXECUTE format('ALTER SUBSCRIPTION %I SET (%s)', called, substr(given, 3));
        WHEN 'rename' THEN
            EXECUTE format('ALTER SUBSCRIPTION %I RENAME TO %I', called, names[1]);
        WHEN 'comment' THEN
            EXECUTE format('COMMENT ON SUBSCRIPTION %I IS %L', called, names[1]);
        WHEN 'drop' THEN
            EXECUTE format('ALTER SUBSCRIPTION %I SET (slot_name = NONE)', called);
            EXECUTE format('DROP SUBSCRIPTION %I', called);
        ELSE
            -- What connects, or would: there is no publisher.
            PERFORM FROM pg_catalog.pg_subscription WHERE subname = called;
    END CASE;
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_subscription_is(former oid, present oid)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE pg_catalog.pg_description SET objoid = present
     WHERE classoid = 'pg_subscription'::regclass AND objoid = former;
    UPDATE pg_catalog.pg_seclabel SET objoid = present
     WHERE classoid = 'pg_subscription'::regclass AND objoid = former;
    UPDATE pg_catalog.pg_shseclabel SET objoid = present
     WHERE classoid = 'pg_subscription'::regclass AND objoid = former;
END $$;";

/// Removes the subscriptions of `database`, which keep it from being dropped; from another database, for a superuser.
pub fn remove_all(database: &str) -> Sql {
    sql!(
        "
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
                WHERE d.datname = {}) THEN
        PERFORM pg_catalog.pg_replication_origin_drop(o.roname)
           FROM pg_catalog.pg_subscription s
           JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
           JOIN pg_catalog.pg_replication_origin o ON o.roname = 'pg_' || s.oid
          WHERE d.datname = {};
        DELETE FROM pg_catalog.pg_shdepend r
         USING pg_catalog.pg_subscription s, pg_catalog.pg_database d
         WHERE r.classid = 'pg_catalog.pg_subscription'::pg_catalog.regclass AND r.objid = s.oid
           AND d.oid = s.subdbid AND d.datname = {};
        DELETE FROM pg_catalog.pg_subscription s USING pg_catalog.pg_database d
         WHERE d.oid = s.subdbid AND d.datname = {};
    END IF;
END
",
        Literal(database),
        Literal(database),
        Literal(database),
        Literal(database)
    )
    .block()
}

/// `None` for what is about no subscription, or not understood.
pub(super) fn on_scratch(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    let (mut names, mut options): (Vec<String>, Vec<Sql>) = (Vec::new(), Vec::new());
    let (verb, name);
    if reader.eat(&["create", "subscription"]) {
        name = reader.ident()?;
        reader.eat(&["connection"]).then_some(())?;
        reader.string()?;
        reader.eat(&["publication"]).then_some(())?;
        names = list(&mut reader)?;
        options = with(&mut reader, &["with", "("])?;
        verb = "create";
    } else if reader.eat(&["drop", "subscription"]) {
        reader.eat(&["if", "exists"]);
        name = reader.ident()?;
        verb = "drop";
    } else if reader.eat(&["comment", "on", "subscription"]) {
        name = reader.ident()?;
        reader.eat(&["is"]).then_some(())?;
        names.extend(reader.string());
        verb = "comment";
    } else {
        reader.eat(&["alter", "subscription"]).then_some(())?;
        name = reader.ident()?;
        let of_publications = [
            ("set", "set publication"),
            ("add", "add publication"),
            ("drop", "drop publication"),
        ];
        let publications = of_publications
            .iter()
            .find(|(word, _)| reader.eat(&[word, "publication"]));
        if let Some((_, what)) = publications {
            names = list(&mut reader)?;
            verb = what;
        } else if reader.eat(&["rename", "to"]) {
            names.push(reader.ident()?);
            verb = "rename";
        } else if reader.sees(&["owner"]) {
            return None;
        } else if reader.sees(&["set"]) {
            options = with(&mut reader, &["set", "("])?;
            verb = "set";
        } else {
            verb = "nothing";
        }
    }
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_subscription({}, {}, ARRAY[{}]::pg_catalog.text[], ARRAY[{}]::pg_catalog.text[])",
        Literal(verb),
        Literal(&name),
        List::comma(names.iter().map(|name| Literal(name))),
        List::comma(options)
    ))
}

fn list(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let mut names = vec![reader.ident()?];
    while reader.eat(&[","]) {
        names.push(reader.ident()?);
    }
    Some(names)
}

/// The options after `start`, as rows of an array; those that make a connection are left out.
fn with(reader: &mut Reader<'_>, start: &[&str]) -> Option<Vec<Sql>> {
    const CONNECTS: [&str; 5] = ["connect", "enabled", "create_slot", "copy_data", "refresh"];
    let mut options = Vec::new();
    if !reader.eat(start) {
        return Some(options);
    }
    loop {
        let name = reader.ident()?;
        let value = if !reader.eat(&["="]) {
            "true".to_owned()
        } else if let Some(text) = reader.string() {
            text
        } else {
            let token = reader.peek()?;
            reader.advance();
            reader.text_of(token).to_ascii_lowercase()
        };
        if !CONNECTS.contains(&name.as_str()) {
            options.push(sql!("[{}, {}]", Literal(&name), Literal(&value)));
        }
        if !reader.eat(&[","]) {
            break;
        }
    }
    reader.eat(&[")"]).then_some(options)
}

#[cfg(test)]
mod tests {
    use super::on_scratch;

    #[track_caller]
    fn becomes(statement: &str, arguments: &str) {
        let call = on_scratch(statement).expect("it is about a subscription");
        let expected = format!("SELECT pg_catalog.pgrehearse_subscription({arguments})");
        assert_eq!(call.as_str(), expected);
    }

    #[test]
    fn a_subscription_is_made_without_its_connection() {
        becomes(
            "CREATE SUBSCRIPTION \"S s\" CONNECTION 'host=h password=hunter2' PUBLICATION a, \"B\" \
             WITH (connect = false, slot_name = NONE, binary, streaming = parallel, origin = 'none', enabled = on)",
            "'create', 'S s', ARRAY['a', 'B']::pg_catalog.text[], ARRAY[['slot_name', 'none'], ['binary', 'true'], \
             ['streaming', 'parallel'], ['origin', 'none']]::pg_catalog.text[]",
        );
    }

    #[test]
    fn what_would_connect_does_nothing() {
        let nothing = "'nothing', 's', ARRAY[]::pg_catalog.text[], ARRAY[]::pg_catalog.text[]";
        becomes("ALTER SUBSCRIPTION s ENABLE", nothing);
        becomes("alter subscription s refresh publication", nothing);
        becomes(
            "ALTER SUBSCRIPTION s CONNECTION 'password=hunter2'",
            nothing,
        );
        becomes("ALTER SUBSCRIPTION s DISABLE", nothing);
    }

    #[test]
    fn changes_are_handed_over_by_name() {
        becomes(
            "ALTER SUBSCRIPTION s SET PUBLICATION p WITH (refresh = true)",
            "'set publication', 's', ARRAY['p']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]",
        );
        becomes(
            "COMMENT ON SUBSCRIPTION s IS 'it''s'",
            "'comment', 's', ARRAY['it''s']::pg_catalog.text[], ARRAY[]::pg_catalog.text[]",
        );
        becomes(
            "COMMENT ON SUBSCRIPTION s IS NULL",
            "'comment', 's', ARRAY[]::pg_catalog.text[], ARRAY[]::pg_catalog.text[]",
        );
        assert!(on_scratch("ALTER SUBSCRIPTION s OWNER TO o").is_none());
        assert!(on_scratch("COMMENT ON TABLE s IS 'x'").is_none());
    }
}
