//! What exists in a database and no kind reads: named, never passed over.

use crate::kinds::fragment;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One object (or property) that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmodeled {
    /// `subscription`, `base type`, `grants on relation` …
    pub what: String,
    pub name: String,
}

impl fmt::Display for Unmodeled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.name)
    }
}

/// The query of everything unmodelled: `what`, `name`, and the schema or null.
pub fn query() -> String {
    let user = fragment::USER_SCHEMA;
    let named = |what: &str, catalog: &'static str, name: &str, namespace: &str, more: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT {what} AS what, n.nspname || '.' || {name} AS name, n.nspname AS schema
               FROM {catalog} x JOIN pg_namespace n ON n.oid = x.{namespace}
              WHERE {more} AND {user} AND {own}"
        )
    };
    let global = |what: &str, catalog: &'static str, name: &str, more: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT '{what}', x.{name}::text, NULL::name FROM {catalog} x
              WHERE x.oid >= 16384 AND {more} AND {own}"
        )
    };
    let granted = |what: &str, catalog: &'static str, name: &str, acl: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT 'grants on {what}', x.{name}::text, NULL::name FROM {catalog} x
              WHERE x.{acl} IS NOT NULL AND x.oid >= 16384 AND {own}"
        )
    };
    // Of what an extension made, the extension has the privileges it gave itself.
    let of_member = |catalog: &'static str, acl: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT 'grants on', pg_describe_object('{catalog}'::regclass, x.oid, 0), NULL::name FROM {catalog} x
               LEFT JOIN pg_init_privs i ON i.classoid = '{catalog}'::regclass AND i.objoid = x.oid AND i.objsubid = 0
              WHERE NOT {own} AND x.{acl} IS DISTINCT FROM i.initprivs"
        )
    };
    // What hangs on a grant option.
    let by_others = |catalog: &'static str, acl: &str, owner: &str, namespace: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT 'grants by others on', pg_describe_object('{catalog}'::regclass, x.oid, 0), n.nspname
               FROM {catalog} x JOIN pg_namespace n ON n.oid = x.{namespace}
              WHERE EXISTS (SELECT FROM aclexplode(x.{acl}) g WHERE g.grantor <> x.{owner}) AND {user} AND {own}"
        )
    };
    let parts = [
        named(
            "CASE x.typtype WHEN 'r' THEN 'range type with a canonical function' ELSE 'base type' END",
            "pg_type", "x.typname", "typnamespace",
            "(EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = x.oid AND r.rngcanonical <> 0)
              OR x.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = x.oid))",
        ),
        named(
            "CASE WHEN x.prokind = 'a' THEN 'aggregate with an internal state' ELSE 'function in ' || l.lanname END",
            "pg_proc", "x.proname || '(' || pg_get_function_identity_arguments(x.oid) || ')'",
            "pronamespace",
            // The constructors of range types are in internal, and theirs.
            &format!(
                "(EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = x.oid AND NOT ({}))
                  OR x.prokind <> 'a' AND l.lanname IN ('c', 'internal') AND NOT EXISTS (SELECT FROM pg_depend i
                       WHERE i.classid = 'pg_proc'::regclass AND i.objid = x.oid AND i.deptype = 'i'))",
                crate::kinds::MODELLED_AGGREGATE
            ),
        )
        .replace("FROM pg_proc x", "FROM pg_proc x JOIN pg_language l ON l.oid = x.prolang"),
        named("'operator class'", "pg_opclass", "x.opcname", "opcnamespace", "true"),
        named("'operator family'", "pg_opfamily", "x.opfname", "opfnamespace",
            "NOT EXISTS (SELECT FROM pg_opclass o WHERE o.opcfamily = x.oid AND o.opcname = x.opfname)"),
        // What no encoding of this database uses.
        named("'collation'", "pg_collation", "x.collname", "collnamespace",
            "x.collencoding NOT IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))"),
        named("'text search parser'", "pg_ts_parser", "x.prsname", "prsnamespace", "true"),
        named("'text search template'", "pg_ts_template", "x.tmplname", "tmplnamespace", "true"),
        global("foreign data wrapper", "pg_foreign_data_wrapper", "fdwname", "true"),
        global("language", "pg_language", "lanname", "true"),
        global("access method", "pg_am", "amname", "true"),
        format!(
            "SELECT 'subscription', x.subname::text, NULL::name FROM pg_subscription x
              WHERE x.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                AND {}",
            fragment::not_member("pg_subscription", "x.oid")
        ),
        format!("SELECT CASE c.castmethod WHEN 'b' THEN 'cast without function' ELSE 'cast' END
                     , format_type(s.oid, NULL) || ' AS ' || format_type(t.oid, NULL), NULL::name
                  FROM pg_cast c JOIN pg_type s ON s.oid = c.castsource JOIN pg_type t ON t.oid = c.casttarget
                 WHERE c.oid >= 16384 AND NOT ({}) AND NOT EXISTS (SELECT FROM pg_depend e
                    WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))",
            crate::kinds::MODELLED_CAST),
        "SELECT 'transform', format_type(x.trftype, NULL) || ' for ' || l.lanname, NULL::name
           FROM pg_transform x JOIN pg_language l ON l.oid = x.trflang WHERE NOT EXISTS (SELECT FROM pg_depend e
                WHERE e.classid = 'pg_transform'::regclass AND e.objid = x.oid AND e.deptype = 'e')".to_owned(),
        "SELECT 'security label', l.objname, NULL::name FROM pg_seclabels l WHERE l.objtype <> 'role'".to_owned(),
        granted("foreign data wrapper", "pg_foreign_data_wrapper", "fdwname", "fdwacl"),
        granted("foreign server", "pg_foreign_server", "srvname", "srvacl"),
        "SELECT 'grants on language', x.lanname::text, NULL::name FROM pg_language x
           LEFT JOIN pg_init_privs i ON i.classoid = 'pg_language'::regclass AND i.objoid = x.oid
          WHERE x.lanacl IS DISTINCT FROM i.initprivs".to_owned(),
        of_member("pg_class", "relacl"),
        of_member("pg_proc", "proacl"),
        of_member("pg_type", "typacl"),
        by_others("pg_class", "relacl", "relowner", "relnamespace"),
        by_others("pg_proc", "proacl", "proowner", "pronamespace"),
        by_others("pg_type", "typacl", "typowner", "typnamespace"),
        format!(
            "SELECT 'grants by others on', 'column ' || n.nspname || '.' || c.relname || '.' || a.attname, n.nspname
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT a.attisdropped AND {user} AND {}
                AND EXISTS (SELECT FROM aclexplode(a.attacl) g WHERE g.grantor <> c.relowner)",
            fragment::not_member("pg_class", "c.oid")
        ),
        format!(
            "SELECT 'grants by others on', 'schema ' || n.nspname, n.nspname FROM pg_namespace n
              WHERE {user} AND EXISTS (SELECT FROM aclexplode(n.nspacl) g WHERE g.grantor <> n.nspowner)"
        ),
        format!(
            "SELECT 'tablespace of relation', n.nspname || '.' || c.relname, n.nspname
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.reltablespace <> 0 AND {user}"
        ),
    ];
    parts.join("\nUNION ALL\n")
}
