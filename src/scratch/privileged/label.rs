//! Security labels: no scratch server has the libraries that judge them. A superuser's function writes them down.

use crate::pg::sql::Deparsed;
use crate::pg::{Sql, ident::Literal};
use crate::source::reader::Reader;
use crate::sql;

/// What is called instead of SECURITY LABEL.
///
/// COMMENT ON takes the same words for the same objects and asks the same of who says it: a comment that is taken back
/// shows which row of the catalogs is meant. Nobody reads here what a label says.
pub(super) const SETUP: &str = "
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_label_at(class oid, object oid, part int, by text, said text)
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM pg_catalog.pg_seclabel l
     WHERE l.classoid = class AND l.objoid = object AND l.objsubid = part AND l.provider = by;
    IF said IS NOT NULL THEN
        INSERT INTO pg_catalog.pg_seclabel (classoid, objoid, objsubid, provider, label)
        VALUES (class, object, part, by, said);
    END IF;
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_label(on_what text, by text, said text)
    RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    mark pg_catalog.text := 'pgrehearse ' || pg_catalog.gen_random_uuid();
    found pg_catalog.pg_description;
    comment pg_catalog.text;
BEGIN
    IF on_what OPERATOR(pg_catalog.!~*) '^(aggregate|column|domain|event\\s+trigger|(foreign\\s+)?table|function|(procedural\\s+)?language|materialized\\s+view|procedure|publication|routine|schema|sequence|type|view)\\M' THEN
        RAISE EXCEPTION 'security labels are not supported for this type of object'
            USING ERRCODE = 'wrong_object_type';
    END IF;
    BEGIN
        EXECUTE 'COMMENT ON ' || on_what || ' IS ' || pg_catalog.quote_literal(mark);
        SELECT * INTO found FROM pg_catalog.pg_description d WHERE d.description OPERATOR(pg_catalog.=) mark;
        RAISE EXCEPTION USING ERRCODE = 'PGRHL';
    EXCEPTION WHEN SQLSTATE 'PGRHL' THEN
        NULL;
    END;
    SELECT d.description INTO comment FROM pg_catalog.pg_description d
     WHERE (d.classoid, d.objoid, d.objsubid) OPERATOR(pg_catalog.=) (found.classoid, found.objoid, found.objsubid);
    -- It locks what SECURITY LABEL locks, and changes nothing.
    EXECUTE 'COMMENT ON ' || on_what || ' IS ' || pg_catalog.quote_nullable(comment);
    PERFORM pg_catalog.pgrehearse_label_at(found.classoid, found.objoid, found.objsubid, by, said);
END $$;";

/// `None` for what is no label of a named provider.
pub(super) fn on_scratch(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    if reader.eat(&["do"]) {
        return on_numberer(&reader.string()?);
    }
    let provider = provider(statement)?;
    reader.eat(&["security", "label", "for"]);
    reader.advance();
    reader.eat(&["on"]).then_some(())?;
    let start = reader.offset();
    // The last word is the label; an object may be called `is`.
    let mut is = None;
    while !reader.is_done() {
        if reader.sees(&["is"]) {
            is = Some(reader.clone());
        }
        reader.advance();
    }
    let mut rest = is?;
    let object = statement.get(start..rest.offset())?.trim();
    rest.eat(&["is"]);
    let label = match rest.string() {
        Some(label) => sql!("{}", Literal(&label)),
        None => rest.eat(&["null"]).then_some(sql!("NULL"))?,
    };
    let mut subscription = Reader::new(object);
    if subscription.eat(&["subscription"]) {
        // It is the superuser's there.
        return Some(sql!(
            "SELECT pg_catalog.pgrehearse_label_at('pg_catalog.pg_subscription'::pg_catalog.regclass, s.oid, 0, {}, {}) \
             FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid \
             WHERE s.subname = {} AND d.datname = pg_catalog.current_database()",
            Literal(&provider),
            label,
            Literal(&subscription.ident()?)
        ));
    }
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_label({}, {}, {})",
        Literal(object),
        Literal(&provider),
        label
    ))
}

/// Whose label a statement gives or takes.
pub fn provider(statement: &str) -> Option<String> {
    let mut reader = Reader::new(statement);
    if reader.eat(&["do"]) {
        let (said, _, _) = of_numberer(&reader.string()?)?;
        return provider(&said);
    }
    reader.eat(&["security", "label", "for"]).then_some(())?;
    reader.ident().or_else(|| reader.string())
}

/// On the sequence of an identity column, whose name is asked for ([`Described`](crate::kinds::Described)): what is
/// said, table and column.
fn of_numberer(block: &str) -> Option<(String, String, String)> {
    let mut reader = Reader::new(block);
    let format = ["begin", "execute", "pg_catalog", ".", "format", "("];
    reader.eat(&format).then_some(())?;
    let pattern = reader.string()?;
    let sequence = [",", "pg_catalog", ".", "pg_get_serial_sequence", "("];
    reader.eat(&sequence).then_some(())?;
    let table = reader.string()?;
    reader.eat(&[","]).then_some(())?;
    let said = pattern.replacen("SEQUENCE %s", "SEQUENCE s", 1);
    Some((said.replace("%%", "%"), table, reader.string()?))
}

fn on_numberer(block: &str) -> Option<Sql> {
    let (said, table, column) = of_numberer(block)?;
    let call = on_scratch(&said)?;
    let rest = call
        .as_str()
        .strip_prefix("SELECT pg_catalog.pgrehearse_label('SEQUENCE s'")?;
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_label('SEQUENCE ' || pg_catalog.pg_get_serial_sequence({}, {}){}",
        Literal(&table),
        Literal(&column),
        Deparsed(rest)
    ))
}

#[cfg(test)]
mod tests {
    use super::on_scratch;

    #[track_caller]
    fn becomes(statement: &str, arguments: &str) {
        let call = on_scratch(statement).expect("it is a label");
        let expected = format!("SELECT pg_catalog.pgrehearse_label({arguments})");
        assert_eq!(call.as_str(), expected);
    }

    #[test]
    fn a_label_is_written_down() {
        becomes(
            "SECURITY LABEL FOR anon ON COLUMN public.t.\"Is\" IS 'MASKED WITH FUNCTION anon.fake()'",
            "'COLUMN public.t.\"Is\"', 'anon', 'MASKED WITH FUNCTION anon.fake()'",
        );
        becomes(
            "security label for 'An on' on function is(text, int) is null",
            "'function is(text, int)', 'An on', NULL",
        );
        becomes(
            "SECURITY LABEL FOR \"P\" ON TABLE a.b IS E'it\\'s'",
            "'TABLE a.b', 'P', 'it''s'",
        );
    }

    #[test]
    fn the_sequence_of_an_identity_column_is_asked_for() {
        let block = "DO $pgrehearse$\nBEGIN\n    EXECUTE pg_catalog.format('SECURITY LABEL FOR anon ON SEQUENCE %s IS ''5 %%s''', \
                     pg_catalog.pg_get_serial_sequence('a.t', 'id'));\nEND;\n$pgrehearse$";
        assert_eq!(super::provider(block).as_deref(), Some("anon"));
        let call = on_scratch(block).expect("it is a label");
        assert_eq!(
            call.as_str(),
            "SELECT pg_catalog.pgrehearse_label('SEQUENCE ' || pg_catalog.pg_get_serial_sequence('a.t', 'id'), 'anon', '5 %s')"
        );
        assert!(on_scratch("DO 'BEGIN PERFORM 1; END'").is_none());
    }

    #[test]
    fn who_is_told_must_be_named() {
        assert!(on_scratch("SECURITY LABEL ON TABLE t IS 'x'").is_none());
        assert!(on_scratch("SECURITY LABEL FOR p ON TABLE t").is_none());
    }
}
