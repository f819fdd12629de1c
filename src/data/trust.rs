//! Which expressions of schema files may run on the live database at plan time.
//!
//! RULES: READ ONLY does not help, for in such a transaction pg_read_file, pg_switch_wal and
//! set_config run. So the expression is resolved on a scratch clone of live: it may use nothing
//! but PostgreSQL's own functions, operators, casts and types, and all of it must be immutable.

use crate::pg::Sql;
use crate::pg::sql::Deparsed;
use crate::plan::DataCheck;
use crate::plan::data_check::Names;
use crate::sql;
use postgres::Client;

/// Resolves the expressions of `check` in `clone`, which holds live's tables without rows.
///
/// Returns why they may not run; `None` when they may. An index on the expression tells: its
/// creation fails unless all of it is immutable (42P17), and pg_depend then names what it uses.
/// Objects with an oid below 16384 are the server's own (manual, "OID assignment").
///
/// # Errors
/// When the scratch server is gone.
pub fn distrust(
    clone: &mut Client,
    check: &DataCheck,
    names: Names,
) -> Result<Option<String>, postgres::Error> {
    for expression in check.expressions() {
        let mut transaction = clone.transaction()?;
        let copy = sql!(
            "CREATE TEMPORARY TABLE _pgrehearse_vetted AS SELECT * FROM {} WITH NO DATA",
            check.rows(names)
        );
        let index = sql!(
            "CREATE INDEX _pgrehearse_vetted_index ON pg_temp._pgrehearse_vetted \
             (((({}) IS NULL)))",
            Deparsed(expression)
        );
        let mut resolve = |statement: &Sql| transaction.execute(statement.as_str(), &[]);
        if let Err(error) = resolve(&copy).and_then(|_| resolve(&index)) {
            let Some(said) = error.as_db_error() else {
                return Err(error);
            };
            return Ok(Some(format!(
                "user expression: {} ({})",
                said.message(),
                said.code().code()
            )));
        }
        let foreign: Option<String> = transaction.query_one(FOREIGN, &[])?.get(0);
        transaction.rollback()?;
        if let Some(foreign) = foreign {
            return Ok(Some(format!("user expression: it uses {foreign}")));
        }
    }
    Ok(None)
}

// What the index uses and the server did not bring; of the columns, their types. The labels of an
// enum are compared by the server's own functions, a domain's values are those of its base type.
const FOREIGN: &str = "
    WITH used AS (
        SELECT d.refclassid, d.refobjid, d.refobjsubid
          FROM pg_catalog.pg_depend d
         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
           AND d.objid = 'pg_temp._pgrehearse_vetted_index'::pg_catalog.regclass
    )
    SELECT min(what) FROM (
        SELECT pg_catalog.pg_describe_object(refclassid, refobjid, refobjsubid) AS what
          FROM used
         WHERE refobjid >= 16384
           AND refobjid <> 'pg_temp._pgrehearse_vetted'::pg_catalog.regclass
         UNION ALL
        SELECT 'type ' || pg_catalog.format_type(t.oid, NULL)
          FROM used
          JOIN pg_catalog.pg_attribute a
            ON a.attrelid = used.refobjid AND a.attnum = used.refobjsubid
          JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
         WHERE used.refobjid = 'pg_temp._pgrehearse_vetted'::pg_catalog.regclass
           AND t.oid >= 16384
           AND t.typtype <> 'e'
           AND NOT (t.typtype = 'd' AND t.typbasetype < 16384)
    ) AS foreign_objects";
