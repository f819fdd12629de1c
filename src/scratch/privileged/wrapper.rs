//! Foreign data wrappers: made and changed without handler and validator, whose names stand among their options.
//! The server knows that the wrapper depends on them.

use crate::kinds::{HANDLER, VALIDATOR};
use crate::pg::sql::{List, Word};
use crate::pg::{Ident, Sql, ident::Literal};
use crate::source::reader::Reader;
use crate::sql;

/// `handler` and `validator`: zero for none, null to leave them as they are. `changes`: verb, option, value.
pub(super) fn setup() -> String {
    format!(
        "
CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_wrapper(called name, made boolean, handler regprocedure
       , validator regprocedure, changes text[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    change text[];
BEGIN
    IF made THEN
        EXECUTE format('CREATE FOREIGN DATA WRAPPER %I', called);
        UPDATE pg_catalog.pg_foreign_data_wrapper
           SET fdwowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user)
         WHERE fdwname = called;
    END IF;
    IF cardinality(changes) > 0 THEN
        FOREACH change SLICE 1 IN ARRAY changes LOOP
            EXECUTE format('ALTER FOREIGN DATA WRAPPER %I OPTIONS (', called)
                 || CASE change[1]
                      WHEN 'drop' THEN format('DROP %I)', change[2])
                      WHEN 'set' THEN format('SET %I %L)', change[2], change[3])
                      ELSE format('ADD %I %L)', change[2], change[3]) END;
        END LOOP;
    END IF;
    UPDATE pg_catalog.pg_foreign_data_wrapper w
       SET fdwoptions = (SELECT nullif(array_agg(o.text), '{{}}')
              FROM (SELECT x AS text FROM unnest(w.fdwoptions) x
                     WHERE NOT (handler IS NOT NULL AND x LIKE '{HANDLER}=%')
                       AND NOT (validator IS NOT NULL AND x LIKE '{VALIDATOR}=%')
                    UNION ALL
                    SELECT f.option || '=' || json_build_object('schema', n.nspname, 'name', p.proname)
                      FROM (VALUES ('{HANDLER}', handler), ('{VALIDATOR}', validator)) f (option, function)
                      JOIN pg_catalog.pg_proc p ON p.oid = f.function
                      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace) o)
     WHERE w.fdwname = called;
    DELETE FROM pg_catalog.pg_depend d
     USING pg_catalog.pg_foreign_data_wrapper w
     WHERE w.fdwname = called AND d.objid = w.oid AND d.classid = 'pg_foreign_data_wrapper'::regclass
       AND d.refclassid = 'pg_proc'::regclass;
    INSERT INTO pg_catalog.pg_depend
    SELECT DISTINCT 'pg_foreign_data_wrapper'::regclass, w.oid, 0, 'pg_proc'::regclass, p.oid, 0, 'n'::\"char\"
      FROM pg_catalog.pg_foreign_data_wrapper w, unnest(w.fdwoptions) o
      JOIN pg_catalog.pg_proc p ON o LIKE 'pgrehearse:%' AND p.oid >= 16384
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     WHERE w.fdwname = called
       AND substr(o, strpos(o, '=') + 1)::jsonb = jsonb_build_object('schema', n.nspname, 'name', p.proname);
END $$;"
    )
}

/// `None` for what the owner of a wrapper may do: RENAME TO.
pub(super) fn on_scratch(statement: &str) -> Option<Sql> {
    let mut reader = Reader::new(statement);
    let made = reader.eat(&["create"]);
    if !made {
        reader.eat(&["alter"]);
    }
    reader.eat(&["foreign", "data", "wrapper"]);
    let name = reader.ident()?;
    let (mut handler, mut validator) = (sql!("NULL"), sql!("NULL"));
    let mut changes: Vec<Sql> = Vec::new();
    while !reader.is_done() {
        let none = reader.eat(&["no"]);
        if reader.eat(&["handler"]) {
            handler = function(&mut reader, none, "")?;
        } else if reader.eat(&["validator"]) {
            let types = "pg_catalog.text[], pg_catalog.oid";
            validator = function(&mut reader, none, types)?;
        } else if reader.eat(&["options", "("]) {
            options(&mut reader, &mut changes)?;
        } else {
            return None;
        }
    }
    let made = Word(if made { "true" } else { "false" });
    Some(sql!(
        "SELECT pg_catalog.pgrehearse_wrapper({}, {}, {}, {}, ARRAY[{}]::pg_catalog.text[])",
        Literal(&name),
        made,
        handler,
        validator,
        List::comma(changes)
    ))
}

fn function(reader: &mut Reader<'_>, none: bool, types: &str) -> Option<Sql> {
    if none {
        return Some(sql!("0::pg_catalog.regprocedure"));
    }
    let name = reader.name()?.into_iter().map(Ident::new);
    let name = sql!("{}", List::separated(".", name));
    let signature = format!("{name}({types})");
    Some(sql!("{}::pg_catalog.regprocedure", Literal(&signature)))
}

fn options(reader: &mut Reader<'_>, changes: &mut Vec<Sql>) -> Option<()> {
    loop {
        let verb = reader.sees_any(&["add", "set", "drop"]);
        // An option may be called like a verb: it is followed by its value.
        let mut after = reader.clone();
        after.advance();
        let verb = verb.filter(|_| after.string().is_none());
        if verb.is_some() {
            reader.advance();
        }
        let name = reader.ident()?;
        let value = match verb {
            Some("drop") => String::new(),
            _ => reader.string()?,
        };
        changes.push(sql!(
            "[{}, {}, {}]",
            Literal(verb.unwrap_or("add")),
            Literal(&name),
            Literal(&value)
        ));
        if !reader.eat(&[","]) {
            break;
        }
    }
    reader.eat(&[")"]).then_some(())
}

#[cfg(test)]
mod tests {
    use super::on_scratch;

    #[test]
    fn handler_validator_and_options_are_handed_over_by_name() {
        let made = on_scratch(
            "CREATE FOREIGN DATA WRAPPER \"W w\" HANDLER app.h NO VALIDATOR OPTIONS (debug 'it''s', \"set\" '1')",
        );
        assert_eq!(
            made.expect("it is one").as_str(),
            "SELECT pg_catalog.pgrehearse_wrapper('W w', true, 'app.h()'::pg_catalog.regprocedure, \
             0::pg_catalog.regprocedure, ARRAY[['add', 'debug', 'it''s'], ['add', 'set', '1']]::pg_catalog.text[])"
        );
        let changed = on_scratch(
            "alter foreign data wrapper w validator v options (add a '1', set b '2', drop c)",
        );
        assert_eq!(
            changed.expect("it is one").as_str(),
            "SELECT pg_catalog.pgrehearse_wrapper('w', false, NULL, \
             'v(pg_catalog.text[], pg_catalog.oid)'::pg_catalog.regprocedure, \
             ARRAY[['add', 'a', '1'], ['set', 'b', '2'], ['drop', 'c', '']]::pg_catalog.text[])"
        );
        assert!(on_scratch("ALTER FOREIGN DATA WRAPPER w RENAME TO x").is_none());
    }
}
