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

/// A query of unmodelled things: `what`, `name`, and the schema or null.
pub struct Part {
    /// What follows FROM in a cheap query that has rows wherever `sql` has; without it `sql` always runs.
    pub found_in: Option<String>,
    pub sql: String,
}

/// The queries of everything unmodelled.
pub fn parts() -> Vec<Part> {
    let user = fragment::USER_SCHEMA;
    let part = |found_in: &str, sql: String| Part {
        found_in: Some(found_in.to_owned()),
        sql,
    };
    // What initdb makes has lower numbers.
    let made = |catalog: &str, more: &str| format!("{catalog} x WHERE x.oid >= 16384 AND {more}");
    let named = |what: &str, catalog: &'static str, name: &str, namespace: &str, more: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT {what} AS what, n.nspname || '.' || {name} AS name, n.nspname AS schema
               FROM {catalog} x JOIN pg_namespace n ON n.oid = x.{namespace}
              WHERE x.oid >= 16384 AND {more} AND {user} AND {own}"
        )
    };
    // Of what an extension made in a schema of the server's.
    let of_member = |catalog: &'static str, acl: &str, namespace: &str| {
        Part {
        found_in: None,
        sql: format!(
            "SELECT 'grants on', pg_describe_object(e.classid, e.objid, 0), NULL::name
               FROM pg_depend e JOIN {catalog} x ON x.oid = e.objid JOIN pg_namespace n ON n.oid = x.{namespace}
               LEFT JOIN pg_init_privs i ON i.classoid = e.classid AND i.objoid = e.objid AND i.objsubid = 0
              WHERE e.classid = '{catalog}'::regclass AND e.deptype = 'e' AND NOT ({user})
                AND e.refclassid = 'pg_extension'::regclass AND x.{acl} IS DISTINCT FROM i.initprivs"
        ),
    }
    };
    // What hangs on a grant option.
    let by_others = |catalog: &'static str, acl: &str, owner: &str, namespace: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        Part {
            found_in: Some(made(catalog, &format!("x.{acl} IS NOT NULL"))),
            sql: format!(
                "SELECT 'grants by others on', pg_describe_object('{catalog}'::regclass, x.oid, 0), n.nspname
                   FROM {catalog} x JOIN pg_namespace n ON n.oid = x.{namespace}
                  WHERE EXISTS (SELECT FROM aclexplode(x.{acl}) g WHERE g.grantor <> x.{owner}) AND {user} AND {own}"
            ),
        }
    };
    vec![
        // What no encoding of this database uses.
        part(&made("pg_collation", "true"), named("'collation'", "pg_collation", "x.collname", "collnamespace",
            "x.collencoding NOT IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))")),
        // Those of this database: roles and tablespaces belong to none.
        part("pg_shseclabel", "SELECT 'security label', l.objtype || ' ' || l.objname, NULL::name FROM pg_seclabels l
          WHERE l.objtype = 'database' AND l.objoid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())".to_owned()),
        of_member("pg_class", "relacl", "relnamespace"),
        of_member("pg_proc", "proacl", "pronamespace"),
        of_member("pg_type", "typacl", "typnamespace"),
        by_others("pg_class", "relacl", "relowner", "relnamespace"),
        by_others("pg_proc", "proacl", "proowner", "pronamespace"),
        by_others("pg_type", "typacl", "typowner", "typnamespace"),
        part("pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384", format!(
            "SELECT 'grants by others on', 'column ' || n.nspname || '.' || c.relname || '.' || a.attname, n.nspname
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT a.attisdropped AND {user} AND {}
                AND EXISTS (SELECT FROM aclexplode(a.attacl) g WHERE g.grantor <> c.relowner)",
            fragment::not_member("pg_class", "c.oid")
        )),
        part("pg_namespace WHERE nspacl IS NOT NULL", format!(
            "SELECT 'grants by others on', 'schema ' || n.nspname, n.nspname FROM pg_namespace n
              WHERE {user} AND EXISTS (SELECT FROM aclexplode(n.nspacl) g WHERE g.grantor <> n.nspowner)"
        )),
        part("pg_class WHERE reltablespace <> 0 AND oid >= 16384", format!(
            "SELECT 'tablespace of relation', n.nspname || '.' || c.relname, n.nspname
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.reltablespace <> 0 AND {user}"
        )),
    ]
}
