//! Which extensions a superuser of ours creates on scratch for a file that names them.

/// The extensions allowed without a setting.
///
/// The trusted ones of contrib, and those whose functions neither reach programs or files of the host nor
/// other servers nor pages of the database by address. `postgres_fdw` and `file_fdw` are among them because every
/// wrapper of an extension loses its handler as it is made: its foreign tables are catalog entries that nobody can
/// read. Never: dblink, adminpack, pageinspect, `pg_surgery`, `pg_walinspect`, and the untrusted languages. Sorted.
pub const ALLOWED: &[&str] = &[
    "amcheck",
    "autoinc",
    "bloom",
    "bool_plperl",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "dict_xsyn",
    "earthdistance",
    "file_fdw",
    "fuzzystrmatch",
    "hstore",
    "hstore_plperl",
    "insert_username",
    "intagg",
    "intarray",
    "isn",
    "jsonb_plperl",
    "lo",
    "ltree",
    "moddatetime",
    "pg_buffercache",
    "pg_freespacemap",
    "pg_prewarm",
    "pg_stat_statements",
    "pg_trgm",
    "pg_visibility",
    "pgcrypto",
    "pgrowlocks",
    "pgstattuple",
    "plperl",
    "plpgsql",
    "pltcl",
    "postgis",
    "postgis_topology",
    "postgres_fdw",
    "refint",
    "seg",
    "sslinfo",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
    "vector",
    "xml2",
];

/// Whether `name` is in [`ALLOWED`] or in `more`, the setting `extensions`.
pub fn is_allowed(name: &str, more: &[String]) -> bool {
    ALLOWED.binary_search(&name).is_ok() || more.iter().any(|other| other == name)
}

/// The catalogs of what belongs to somebody in an extension, with their columns of the owner and the privileges: ALTER
/// EXTENSION … SET SCHEMA asks for the ownership of every member, and GRANT for that of one.
const OWNED: [(&str, &str, Option<&str>); 12] = [
    ("pg_extension", "extowner", None),
    ("pg_namespace", "nspowner", Some("nspacl")),
    ("pg_type", "typowner", Some("typacl")),
    ("pg_proc", "proowner", Some("proacl")),
    ("pg_class", "relowner", Some("relacl")),
    ("pg_language", "lanowner", Some("lanacl")),
    ("pg_operator", "oprowner", None),
    ("pg_opclass", "opcowner", None),
    ("pg_opfamily", "opfowner", None),
    ("pg_ts_dict", "dictowner", None),
    ("pg_ts_config", "cfgowner", None),
    ("pg_foreign_data_wrapper", "fdwowner", Some("fdwacl")),
];

/// What gives an extension ($1) with all its members to a role ($2), for a superuser.
pub(super) fn hand_over() -> Vec<String> {
    let members = |class: &str, object: &str| {
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = {class} AND d.objid = {object} AND d.deptype = 'e'
                        AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = x.oid)"
        )
    };
    let mut statements: Vec<String> = OWNED
        .iter()
        .map(|(catalog, owner, privileges)| {
            let privileges = privileges.map_or_else(String::new, |column| {
                format!(", {column} = {}", by_the_role(column))
            });
            format!(
                "UPDATE pg_catalog.{catalog} c
                    SET {owner} = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = $2::text::name){privileges}
                   FROM pg_catalog.pg_extension x
                  WHERE x.extname = $1::text::name
                    AND (c.tableoid = 'pg_catalog.pg_extension'::regclass AND c.oid = x.oid OR {})",
                members("c.tableoid", "c.oid")
            )
        })
        .collect();
    statements.push(format!(
        "UPDATE pg_catalog.pg_attribute c SET attacl = {}
           FROM pg_catalog.pg_extension x
          WHERE x.extname = $1::text::name AND $2::text IS NOT NULL AND c.attacl IS NOT NULL AND {}",
        by_the_role("attacl"),
        members("'pg_catalog.pg_class'::regclass", "c.attrelid")
    ));
    statements.push(format!(
        "UPDATE pg_catalog.pg_init_privs c SET initprivs = {}
           FROM pg_catalog.pg_extension x
          WHERE x.extname = $1::text::name AND $2::text IS NOT NULL AND {}",
        by_the_role("initprivs"),
        members("c.classoid", "c.objoid")
    ));
    statements
}

/// The privileges in `column` as if the role $2 had given them, and had itself what who gave them has.
fn by_the_role(column: &str) -> String {
    format!(
        "(SELECT array_agg((CASE WHEN starts_with(i.item, i.giver || '=')
                                 THEN quote_ident($2::text) || substr(i.item, length(i.giver) + 1, length(i.item) - 2 * length(i.giver))
                                 ELSE left(i.item, -length(i.giver)) END || quote_ident($2::text))::aclitem)
            FROM (SELECT u.item::text, regexp_replace(u.item::text, '^.*/', '') AS giver FROM unnest(c.{column}) u (item)) i)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_leaves_out_what_reaches_the_host() {
        assert!(ALLOWED.is_sorted());
        for name in ["dblink", "adminpack", "plpython3u", "plperlu", "pltclu"] {
            assert!(!is_allowed(name, &[]), "{name}");
        }
    }
}
