//! What exists in a database and no kind reads: named, never passed over.

use crate::kinds::fragment;
use crate::pg::ServerVersion;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One object (or property) that is not compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmodeled {
    /// `materialized view`, `policy`, `grants on table` …
    pub what: String,
    pub name: String,
}

impl fmt::Display for Unmodeled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.what, self.name)
    }
}

/// The query of everything unmodelled: `what`, `name`, and the schema or null.
pub fn query(version: ServerVersion) -> String {
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
    let granted = |what: &str, catalog: &'static str, name: &str, acl: &str, namespace: &str| {
        let own = fragment::not_member(catalog, "x.oid");
        format!(
            "SELECT 'grants on {what}', n.nspname || '.' || {name}, n.nspname
               FROM {catalog} x JOIN pg_namespace n ON n.oid = x.{namespace}
              WHERE x.{acl} IS NOT NULL AND {user} AND {own}"
        )
    };
    let mut parts = vec![
        named(
            "CASE x.relkind WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END",
            "pg_class", "x.relname", "relnamespace", "x.relkind IN ('m', 'f')",
        ),
        named(
            "CASE x.typtype WHEN 'r' THEN 'range type' ELSE 'base type' END",
            "pg_type", "x.typname", "typnamespace",
            "(x.typtype = 'r' OR x.typtype = 'b' AND NOT EXISTS
                (SELECT FROM pg_type e WHERE e.typarray = x.oid))",
        ),
        named(
            "CASE WHEN x.prokind = 'a' THEN 'aggregate' ELSE 'function in ' || l.lanname END",
            "pg_proc", "x.proname || '(' || pg_get_function_identity_arguments(x.oid) || ')'",
            "pronamespace",
            "(x.prokind = 'a' OR l.lanname IN ('c', 'internal'))",
        )
        .replace("FROM pg_proc x", "FROM pg_proc x JOIN pg_language l ON l.oid = x.prolang"),
        named("'operator'", "pg_operator",
            "x.oprname || '(' || format_type(nullif(x.oprleft, 0), NULL) || ', ' || format_type(x.oprright, NULL) || ')'",
            "oprnamespace", "true"),
        named("'operator class'", "pg_opclass", "x.opcname", "opcnamespace", "true"),
        named("'operator family'", "pg_opfamily", "x.opfname", "opfnamespace",
            "NOT EXISTS (SELECT FROM pg_opclass o WHERE o.opcfamily = x.oid AND o.opcname = x.opfname)"),
        named("'collation'", "pg_collation", "x.collname", "collnamespace", "true"),
        named("'conversion'", "pg_conversion", "x.conname", "connamespace", "true"),
        named("'text search configuration'", "pg_ts_config", "x.cfgname", "cfgnamespace", "true"),
        named("'text search dictionary'", "pg_ts_dict", "x.dictname", "dictnamespace", "true"),
        named("'text search parser'", "pg_ts_parser", "x.prsname", "prsnamespace", "true"),
        named("'text search template'", "pg_ts_template", "x.tmplname", "tmplnamespace", "true"),
        named("'extended statistics'", "pg_statistic_ext", "x.stxname", "stxnamespace", "true"),
        global("event trigger", "pg_event_trigger", "evtname", "true"),
        global("publication", "pg_publication", "pubname", "true"),
        global("foreign data wrapper", "pg_foreign_data_wrapper", "fdwname", "true"),
        global("foreign server", "pg_foreign_server", "srvname", "true"),
        global("language", "pg_language", "lanname", "true"),
        global("access method", "pg_am", "amname", "true"),
        format!(
            "SELECT 'subscription', x.subname::text, NULL::name FROM pg_subscription x
              WHERE x.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                AND {}",
            fragment::not_member("pg_subscription", "x.oid")
        ),
        "SELECT 'cast', format_type(x.castsource, NULL) || ' AS ' || format_type(x.casttarget, NULL), NULL::name
           FROM pg_cast x WHERE x.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e
                WHERE e.classid = 'pg_cast'::regclass AND e.objid = x.oid AND e.deptype = 'e')".to_owned(),
        "SELECT 'transform', format_type(x.trftype, NULL) || ' for ' || l.lanname, NULL::name
           FROM pg_transform x JOIN pg_language l ON l.oid = x.trflang WHERE NOT EXISTS (SELECT FROM pg_depend e
                WHERE e.classid = 'pg_transform'::regclass AND e.objid = x.oid AND e.deptype = 'e')".to_owned(),
        format!(
            "SELECT 'rule', n.nspname || '.' || c.relname || '.' || x.rulename, n.nspname
               FROM pg_rewrite x JOIN pg_class c ON c.oid = x.ev_class
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE x.rulename <> '_RETURN' AND {user} AND {}",
            fragment::not_member("pg_class", "c.oid")
        ),
        format!(
            "SELECT 'policy', n.nspname || '.' || c.relname || '.' || x.polname, n.nspname
               FROM pg_policy x JOIN pg_class c ON c.oid = x.polrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE {user} AND {}",
            fragment::not_member("pg_policy", "x.oid")
        ),
        "SELECT 'user mapping', s.srvname || ' for ' || coalesce(u.rolname, 'public'), NULL::name
           FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
           LEFT JOIN pg_roles u ON u.oid = m.umuser".to_owned(),
        "SELECT 'default privileges', coalesce(n.nspname, 'all schemas') || ' for ' || pg_get_userbyid(x.defaclrole), NULL::name
           FROM pg_default_acl x LEFT JOIN pg_namespace n ON n.oid = x.defaclnamespace".to_owned(),
        "SELECT 'security label', l.objname, NULL::name FROM pg_seclabels l WHERE l.objtype <> 'role'".to_owned(),
        granted("relation", "pg_class", "x.relname", "relacl", "relnamespace"),
        granted("function", "pg_proc", "x.proname", "proacl", "pronamespace"),
        granted("type", "pg_type", "x.typname", "typacl", "typnamespace"),
        format!(
            "SELECT 'grants on column', n.nspname || '.' || c.relname || '.' || a.attname, n.nspname
               FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND {user} AND {}",
            fragment::not_member("pg_class", "c.oid")
        ),
        format!(
            "SELECT 'grants on schema', n.nspname::text, n.nspname FROM pg_namespace n
              WHERE n.nspacl IS NOT NULL AND n.nspname <> 'public' AND {user}"
        ),
        format!(
            "SELECT 'trigger on foreign table', n.nspname || '.' || c.relname || '.' || x.tgname, n.nspname
               FROM pg_trigger x JOIN pg_class c ON c.oid = x.tgrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT x.tgisinternal AND c.relkind = 'f' AND {user}"
        ),
        format!(
            "SELECT 'tablespace of relation', n.nspname || '.' || c.relname, n.nspname
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.reltablespace <> 0 AND {user}"
        ),
    ];
    if version >= ServerVersion::V15 {
        parts.push(
            "SELECT 'publication of schema', p.pubname || '.' || n.nspname, NULL::name
               FROM pg_publication_namespace x JOIN pg_publication p ON p.oid = x.pnpubid
               JOIN pg_namespace n ON n.oid = x.pnnspid"
                .to_owned(),
        );
    }
    parts.join("\nUNION ALL\n")
}
