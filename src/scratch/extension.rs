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
