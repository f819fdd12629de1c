//! Which catalogs the second eye reads, and what it leaves out, with the reasons.

/// One look at a catalog: which object each of its rows belongs to, as `pg_depend` points at it.
///
/// The expressions see a row as `x` and the oids of all objects that are looked at as `$1`.
pub struct Look {
    pub catalog: &'static str,
    /// The catalog of the object.
    pub class: &'static str,
    pub object: &'static str,
    pub part: &'static str,
    pub filter: &'static str,
    pub columns: Columns,
}

/// Of the columns that [`COLUMNS_LEFT_OUT`] does not name.
pub enum Columns {
    All,
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// A catalog whose rows are objects.
const fn objects(catalog: &'static str) -> Look {
    Look {
        catalog,
        class: catalog,
        object: "x.oid",
        part: "0",
        filter: "true",
        columns: Columns::All,
    }
}

/// A catalog whose rows are parts of objects of another one.
const fn parts(catalog: &'static str, class: &'static str, object: &'static str) -> Look {
    Look {
        class,
        object,
        ..objects(catalog)
    }
}

const INDEX: &str = "EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = x.attrelid)";

pub const LOOKS: &[Look] = &[
    objects("pg_namespace"),
    objects("pg_extension"),
    Look {
        // The server chooses the name of an identity column's sequence where nobody does.
        filter:
            "NOT (x.relkind = 'S' AND EXISTS (SELECT FROM pg_depend d
                   WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid AND d.deptype = 'i'))",
        ..objects("pg_class")
    },
    Look {
        part: "x.attnum",
        filter: "x.attnum > 0 AND NOT x.attisdropped
                 AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = x.attrelid)
                 AND NOT EXISTS (SELECT FROM pg_sequence s WHERE s.seqrelid = x.attrelid)",
        columns: Columns::AllBut(&["attnum"]),
        ..parts("pg_attribute", "pg_class", "x.attrelid")
    },
    Look {
        part: "x.attnum",
        filter: INDEX,
        // Names come from the columns as they were called then; storage and compression follow them.
        columns: Columns::Only(&[
            "attnum",
            "atttypid",
            "atttypmod",
            "attcollation",
            "attstattarget",
            "attoptions",
        ]),
        ..parts("pg_attribute", "pg_class", "x.attrelid")
    },
    objects("pg_attrdef"),
    Look {
        // Those of partitions follow from the one of the partitioned table.
        filter: "NOT (x.contype IN ('f', 't') AND x.conparentid <> 0)",
        ..objects("pg_constraint")
    },
    parts("pg_index", "pg_class", "x.indexrelid"),
    parts("pg_inherits", "pg_class", "x.inhrelid"),
    parts("pg_partitioned_table", "pg_class", "x.partrelid"),
    parts("pg_sequence", "pg_class", "x.seqrelid"),
    parts("pg_foreign_table", "pg_class", "x.ftrelid"),
    objects("pg_rewrite"),
    Look {
        // A clone of a partitioned table's trigger belongs to it, on the partitions that are looked at.
        filter: "NOT x.tgisinternal AND (x.tgparentid = 0 OR x.tgrelid = ANY ($1))",
        ..objects("pg_trigger")
    },
    Look {
        // Which there are follows from the constraint, and on which partitions, from those.
        filter: "x.tgisinternal AND x.tgconstraint <> 0",
        columns: Columns::Only(&["tgenabled"]),
        ..parts("pg_trigger", "pg_constraint", "x.tgconstraint")
    },
    objects("pg_policy"),
    objects("pg_statistic_ext"),
    Look {
        // The server chooses the name of an array type; the rest follows from the element.
        filter: "NOT (x.typelem <> 0 AND x.typsubscript = 'array_subscript_handler'::regproc)",
        ..objects("pg_type")
    },
    parts("pg_enum", "pg_type", "x.enumtypid"),
    parts("pg_range", "pg_type", "x.rngtypid"),
    objects("pg_proc"),
    parts("pg_aggregate", "pg_proc", "x.aggfnoid"),
    objects("pg_operator"),
    objects("pg_opclass"),
    objects("pg_opfamily"),
    parts("pg_amop", "pg_opfamily", "x.amopfamily"),
    parts("pg_amproc", "pg_opfamily", "x.amprocfamily"),
    objects("pg_am"),
    objects("pg_cast"),
    objects("pg_collation"),
    objects("pg_conversion"),
    objects("pg_event_trigger"),
    objects("pg_foreign_data_wrapper"),
    objects("pg_foreign_server"),
    objects("pg_language"),
    objects("pg_publication"),
    objects("pg_publication_rel"),
    objects("pg_publication_namespace"),
    objects("pg_transform"),
    objects("pg_ts_config"),
    parts("pg_ts_config_map", "pg_ts_config", "x.mapcfg"),
    objects("pg_ts_dict"),
    objects("pg_ts_parser"),
    objects("pg_ts_template"),
];

/// Columns that are no desired state: catalog (`*` for all), columns, why.
pub const COLUMNS_LEFT_OUT: &[(&str, &[&str], &str)] = &[
    ("*", &["oid"], "the number that the server gave it"),
    (
        "pg_class",
        &[
            "relfilenode",
            "relpages",
            "reltuples",
            "relallvisible",
            "relallfrozen",
            "relfrozenxid",
            "relminmxid",
            "relrewrite",
            "relispopulated",
        ],
        "says something of the rows, not of the schema",
    ),
    (
        "pg_class",
        &[
            "relhasindex",
            "relhasrules",
            "relhastriggers",
            "relhassubclass",
            "reltoastrelid",
        ],
        "stays when what it speaks of is gone",
    ),
    (
        "pg_class",
        &["reltype"],
        "the row type has a row of its own",
    ),
    (
        "pg_class",
        &["relnatts", "relchecks"],
        "counts what has rows of its own",
    ),
    (
        "pg_class",
        &["relreplident"],
        "REPLICA IDENTITY is an object of its own, which a clone may lack",
    ),
    (
        "pg_class",
        &["reltablespace"],
        "a scratch server has no tablespaces; named as unmodelled",
    ),
    (
        "pg_attribute",
        &["attrelid", "attisdropped", "attcacheoff"],
        "which column it is, said otherwise",
    ),
    (
        "pg_attribute",
        &["attlen", "attbyval", "attalign"],
        "a copy of what the type has",
    ),
    (
        "pg_attribute",
        &["attndims"],
        "how many brackets were written: integer[] and integer[][] are one type",
    ),
    (
        "pg_attribute",
        &["atthasmissing", "attmissingval"],
        "how rows are stored that are older than the column",
    ),
    (
        "pg_constraint",
        &["conindid", "conparentid"],
        "which of several equal indexes the server took; the parent has a row of its own",
    ),
    ("pg_index", &["indexrelid", "indrelid"], "which index it is"),
    (
        "pg_index",
        &["indcheckxmin"],
        "which transactions may use it",
    ),
    (
        "pg_index",
        &["indisreplident"],
        "REPLICA IDENTITY is an object of its own, which a clone may lack",
    ),
    ("pg_inherits", &["inhrelid"], "which table it is"),
    (
        "pg_partitioned_table",
        &["partrelid", "partdefid"],
        "which table it is; the default partition says so itself",
    ),
    ("pg_sequence", &["seqrelid"], "which sequence it is"),
    (
        "pg_foreign_table",
        &["ftrelid", "ftoptions"],
        "which table it is; options may hold secrets",
    ),
    ("pg_rewrite", &["ev_class"], "which view it is"),
    (
        "pg_trigger",
        &["tgparentid", "tgconstraint", "tgconstrindid"],
        "a number; the other one has a row of its own",
    ),
    ("pg_type", &["typarray", "typrelid"], "has a row of its own"),
    (
        "pg_type",
        &["typndims"],
        "how many brackets were written: integer[] and integer[][] are one type",
    ),
    (
        "pg_type",
        &["typdefault"],
        "deparsed text: two spellings may mean the same",
    ),
    (
        "pg_enum",
        &["enumtypid", "enumsortorder"],
        "labels that came later have fractions",
    ),
    (
        "pg_extension",
        &["extversion"],
        "the plan says where it differs",
    ),
    ("pg_collation", &["collversion"], "the operating system's"),
    (
        "pg_collation",
        &["collencoding"],
        "FROM \"C\" copies that for any encoding, LOCALE takes the database's",
    ),
    (
        "pg_attribute",
        &["attfdwoptions"],
        "options may hold secrets",
    ),
    (
        "pg_foreign_data_wrapper",
        &["fdwoptions"],
        "options may hold secrets",
    ),
    (
        "pg_foreign_data_wrapper",
        &["fdwhandler", "fdwvalidator"],
        "on scratch no wrapper has them: kinds/foreign_data_wrapper compares their names",
    ),
    (
        "pg_foreign_server",
        &["srvoptions"],
        "options may hold secrets",
    ),
    (
        "*",
        &[
            "relowner",
            "nspowner",
            "extowner",
            "typowner",
            "proowner",
            "oprowner",
            "opcowner",
            "opfowner",
            "collowner",
            "conowner",
            "evtowner",
            "fdwowner",
            "srvowner",
            "lanowner",
            "pubowner",
            "stxowner",
            "cfgowner",
            "dictowner",
        ],
        "another role on a scratch server: kinds/owner compares those that the files name",
    ),
    (
        "*",
        &[
            "relacl", "attacl", "nspacl", "typacl", "proacl", "fdwacl", "srvacl", "lanacl",
        ],
        "who owns it is another role on a scratch server: kinds/grant compares them relative to the owner",
    ),
];

/// Catalogs without a look, and why.
pub const CATALOGS_LEFT_OUT: &[(&str, &str)] = &[
    (
        "pg_depend",
        "follows from the other rows but for DEPENDS ON EXTENSION, which is not compared",
    ),
    (
        "pg_description",
        "read row by row; what belongs to nothing known is named",
    ),
    ("pg_init_privs", "grants of extensions"),
    (
        "pg_default_acl",
        "relative to the owner: kinds/default_privileges compares them",
    ),
    (
        "pg_seclabel",
        "read row by row; what belongs to nothing known is named",
    ),
    ("pg_user_mapping", "holds secrets"),
    (
        "pg_subscription",
        "holds secrets: kinds/subscription compares the rest",
    ),
    ("pg_subscription_rel", "how far a subscription is"),
    ("pg_statistic", "says something of the rows"),
    ("pg_statistic_ext_data", "says something of the rows"),
    ("pg_largeobject", "rows"),
    ("pg_largeobject_metadata", "rows"),
    ("pg_replication_origin", "how far replication is"),
    ("pg_authid", "of the whole server"),
    ("pg_auth_members", "of the whole server"),
    ("pg_database", "of the whole server"),
    ("pg_db_role_setting", "of the whole server"),
    ("pg_parameter_acl", "of the whole server"),
    ("pg_shdepend", "of the whole server"),
    ("pg_shdescription", "of the whole server"),
    ("pg_shseclabel", "of the whole server"),
    ("pg_tablespace", "of the whole server"),
];

/// Columns that are desired state in some rows only: catalog, column, expression, why.
pub const IN_SOME_ROWS: &[(&str, &str, &str, &str)] = &[
    (
        "pg_event_trigger",
        "evtevent",
        "regexp_replace(x.evtevent, '^disarmed:', '')",
        "on a scratch server the event is one that never happens",
    ),
    (
        "pg_constraint",
        "connoinherit",
        "CASE WHEN x.contype IN ('c', 'n') THEN x.connoinherit END",
        "keys and foreign keys are never inherited: it says which way they were made",
    ),
    (
        "pg_constraint",
        "conislocal",
        "CASE WHEN x.coninhcount = 0 THEN x.conislocal END",
        "of what is inherited no statement changes it",
    ),
    (
        "pg_attribute",
        "attislocal",
        "CASE WHEN x.attinhcount = 0 THEN x.attislocal END",
        "of what is inherited no statement changes it",
    ),
    (
        "pg_inherits",
        "inhseqno",
        "(SELECT count(*) FROM pg_inherits i WHERE i.inhrelid = x.inhrelid AND i.inhseqno <= x.inhseqno)",
        "the first parent of a table may have gone: what counts is which is first of those that are left",
    ),
    (
        "pg_constraint",
        "conname",
        "CASE WHEN x.contype <> 'n'
                OR NOT (SELECT c.relispartition FROM pg_class c WHERE c.oid = x.conrelid) THEN x.conname END",
        "the NOT NULL of an attached partition keeps the name that it had as a table; of others the column compares it",
    ),
];

/// Lists whose order says nothing.
pub const IN_NO_ORDER: &[&str] = &[
    "reloptions",
    "attoptions",
    "polroles",
    "stxkeys",
    "tgattr",
    "prattrs",
    "evttags",
];

/// References that `pg_get_catalog_foreign_keys()` does not list: column, the catalog, the column of the relation.
pub const REFERENCES: &[(&str, &str, &str)] = &[
    ("prattrs", "pg_attribute", "prrelid"),
    ("confdelsetcols", "pg_attribute", "conrelid"),
];
