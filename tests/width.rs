//! What is in a database is cloned and written whole: every extension of contrib with things that use it, and three
//! of every kind with something in every attribute. Judged by our own reader and by the rows of the catalogs.

#[path = "support/round_trip.rs"]
mod round_trip;
mod support;

use pgrehearse::catalog::{Catalog, Live as LiveSide, Scope, read};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::rehearse::{Sight, clone, differences};
use pgrehearse::scratch::{Database, Scratch, ScratchOptions};
use pgrehearse::source::{DesiredFiles, Source, SourceFile};
use round_trip::{Forms, comes_back};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use support::{Live, options, outermost, search, server, trusted_server};

/// The clone of `live` is as it is, and so is what `inspect` writes of it.
fn whole(server: &Arc<Scratch>, scratch: &Arc<Scratch>, live: &Live) {
    let mut options = options(server);
    options.running = Some(Arc::clone(scratch));
    let scope: &Scope = &options.scope;
    let mut client = live.client();
    let catalog: Catalog<LiveSide> = read(&mut client, scope).expect("read");
    let named: Vec<String> = catalog.unmodeled.iter().map(ToString::to_string).collect();
    assert!(named.is_empty(), "{named:#?}");
    let ids: BTreeSet<ObjectId> = catalog.objects.keys().cloned().collect();
    let seen = Sight::look(&mut client, &catalog.addresses, &ids).expect("look");

    let database: Database = scratch
        .create_database(&pgrehearse::scratch::DatabaseSettings::default())
        .expect("a database");
    clone::build(&database, &catalog, scope).unwrap_or_else(|e| panic!("{e}"));
    let mut client = database.connect().expect("connect");
    let cloned: Catalog<LiveSide> = read(&mut client, scope).expect("read the clone");
    let found = differences(&cloned, &catalog, &ids);
    assert!(found.is_empty(), "{found:#?}");
    let again = Sight::look(&mut client, &cloned.addresses, &ids).expect("look at the clone");
    let found = again.differences(&seen, &ids);
    assert!(found.is_empty(), "{found:#?}");

    let inspected = pipeline::inspect(&live.source(), &options).expect("inspect");
    comes_back(inspected, &options, Forms::All).unwrap_or_else(|e| panic!("{e}"));
}

/// The schemas, as SQL writes them.
const NAMES: [&str; 3] = ["first", "\"the \"\"second\"\"\"", "\"Dritté\""];

const RICH: &str = include_str!("mutation/rich.sql");

/// The rich schema in the schema `name`, and what is in none under another name.
fn rich(number: usize, name: &str) -> String {
    let others = |line: &&str| !is_of_all(line);
    let lines: Vec<&str> = RICH.lines().filter(others).collect();
    lines
        .join("\n")
        .replace("app.", &format!("{name}."))
        .replace("SCHEMA app", &format!("SCHEMA {name}"))
        .replace(
            "PUBLICATION listed",
            &format!("PUBLICATION listed_{number}"),
        )
        .replace(
            "PUBLICATION everything",
            &format!("PUBLICATION everything_{number}"),
        )
        .replace("rich_maker", &format!("rich_maker_{number}"))
        .replace("WRAPPER wrapping", &format!("WRAPPER wrapping_{number}"))
        .replace(
            "SUBSCRIPTION following",
            &format!("SUBSCRIPTION following_{number}"),
        )
        .replace("SERVER far", &format!("SERVER is_far_{number}_"))
        .replace("SERVER nearest", &format!("SERVER nearest_{number}"))
        .replace("TRIGGER watching", &format!("TRIGGER watching_{number}"))
}

fn is_of_all(line: &str) -> bool {
    line.contains("EXTENSION") || line.contains("SCHEMA ext;")
}

#[test]
fn three_of_every_kind_are_cloned_and_come_back() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let mut text: Vec<String> = RICH
            .lines()
            .filter(|l| is_of_all(l))
            .map(str::to_owned)
            .collect();
        for (number, name) in NAMES.into_iter().enumerate() {
            text.push(rich(number, name));
            if version >= ServerVersion::V15 {
                text.push(format!(
                    "CREATE PUBLICATION whole_{number} FOR TABLES IN SCHEMA {name};"
                ));
            }
        }
        let text = text.join("\n");
        let files =
            DesiredFiles::from_files(vec![SourceFile::new("rich.sql", text)]).expect("files");
        let live = Live::from_files(&server, &files).expect("a database");
        whole(&server, &server, &live);
        let catalog: Catalog<LiveSide> =
            read(&mut live.client(), &options(&server).scope).expect("read");
        let mut of: BTreeMap<KindTag, usize> = BTreeMap::new();
        for id in catalog.objects.keys() {
            *of.entry(id.kind).or_default() += 1;
        }
        for kind in KindTag::ALL {
            let wanted = match kind {
                kind if OF_SUPERUSERS.contains(kind) => 0,
                // Once in a database; the other test has all there are.
                KindTag::Extension => 2,
                KindTag::PublicationSchema if version < ServerVersion::V15 => 0,
                _ => 3,
            };
            let there = of.get(kind).copied().unwrap_or(0);
            assert!(there >= wanted, "{version}: {kind}: {of:?}");
        }
    }
}

/// What only a superuser makes: its kinds.
const OF_SUPERUSERS: [KindTag; 9] = [
    KindTag::ShellType,
    KindTag::BaseType,
    KindTag::OperatorFamily,
    KindTag::OperatorClass,
    KindTag::Language,
    KindTag::Transform,
    KindTag::AccessMethod,
    KindTag::TextSearchParser,
    KindTag::TextSearchTemplate,
];

#[test]
fn what_only_a_superuser_makes_is_cloned_and_comes_back_where_it_is_trusted() {
    const TRUSTED: &str = include_str!("mutation/trusted.sql");
    for version in outermost() {
        let server = trusted_server(version).expect("a server");
        let mut text: Vec<String> = Vec::new();
        for (number, name) in NAMES.into_iter().enumerate() {
            // A cast is between two types, of no schema's.
            let lines = TRUSTED.lines();
            let lines: Vec<&str> = lines
                .filter(|l| number == 0 || !l.contains("CAST"))
                .collect();
            let mut ours = lines
                .join("\n")
                .replace("app.", &format!("{name}."))
                .replace("SCHEMA app", &format!("SCHEMA {name}"));
            for global in ["LANGUAGE mine", "METHOD spare", "METHOD ours", "USING ours"] {
                let (word, called) = global.split_once(' ').expect("two words");
                ours = ours.replace(global, &format!("{word} \"{called} {number}\""));
            }
            text.push(ours);
        }
        let text = text.join("\n");
        let files =
            DesiredFiles::from_files(vec![SourceFile::new("trusted.sql", text)]).expect("files");
        let live = Live::from_files(&server, &files).expect("a database");
        whole(&server, &server, &live);
        let catalog: Catalog<LiveSide> =
            read(&mut live.client(), &options(&server).scope).expect("read");
        for kind in OF_SUPERUSERS {
            let there = catalog.objects.keys().filter(|id| id.kind == kind).count();
            assert!(there >= 3, "{version}: {there} of {kind}");
        }
        let canonical = catalog.objects.values();
        let canonical = canonical.filter(|o| o.tag() == KindTag::Range && o.needs_trust());
        assert_eq!(canonical.count(), 3, "{version}");
    }
}

/// A function makes the shell of the type that it returns, and CREATE TYPE, in another file, would find it there.
#[test]
fn a_shell_type_comes_before_the_functions_of_other_files() {
    for version in outermost() {
        let server = trusted_server(version).expect("a server");
        let functions = "CREATE SCHEMA own; CREATE FUNCTION own.i(cstring) RETURNS own.amount LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
            CREATE FUNCTION own.o(own.amount) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';";
        let types = "CREATE TYPE own.amount;
            CREATE TYPE own.amount (INPUT = own.i, OUTPUT = own.o, INTERNALLENGTH = 4, PASSEDBYVALUE);";
        let files = vec![
            SourceFile::new("functions.sql", functions),
            SourceFile::new("types.sql", types),
        ];
        let files = DesiredFiles::from_files(files).expect("files");
        whole(
            &server,
            &server,
            &Live::from_files(&server, &files).expect("a database"),
        );
    }
}

/// Things that use what the extensions bring: types, operator classes, access methods, functions, templates.
const USES: &[(&str, &str)] = &[
    (
        "autoinc",
        "CREATE TRIGGER next BEFORE INSERT ON u.t FOR EACH ROW EXECUTE FUNCTION x.autoinc('id', 'u.s')",
    ),
    (
        "bloom",
        "CREATE INDEX t_bloom ON u.t USING bloom (id, n x.int4_ops) WITH (length = 40, col1 = 3)",
    ),
    (
        "btree_gin",
        "CREATE INDEX t_gin ON u.t USING gin (n x.int4_ops)",
    ),
    (
        "btree_gist",
        "ALTER TABLE u.t ADD CONSTRAINT t_n_excl EXCLUDE USING gist (n WITH =)",
    ),
    (
        "citext",
        "ALTER TABLE u.t ADD a_citext x.citext DEFAULT 'A'; CREATE UNIQUE INDEX t_ci ON u.t (a_citext)",
    ),
    (
        "cube",
        "ALTER TABLE u.t ADD a_cube x.cube; CREATE INDEX t_cube ON u.t USING gist (a_cube)",
    ),
    (
        "dict_int",
        "CREATE TEXT SEARCH DICTIONARY u.ints (TEMPLATE = x.intdict_template, MAXLEN = 4)",
    ),
    (
        "dict_xsyn",
        "CREATE TEXT SEARCH DICTIONARY u.syn (TEMPLATE = x.xsyn_template)",
    ),
    (
        "earthdistance",
        "CREATE FUNCTION u.far(a x.earth) RETURNS x.earth LANGUAGE sql AS 'SELECT a'",
    ),
    (
        "fuzzystrmatch",
        "CREATE INDEX t_sound ON u.t (x.soundex(name))",
    ),
    (
        "hstore",
        "ALTER TABLE u.t ADD a_hstore x.hstore DEFAULT ''; CREATE INDEX t_h ON u.t USING gin (a_hstore)",
    ),
    (
        "insert_username",
        "CREATE TRIGGER who BEFORE UPDATE ON u.t FOR EACH ROW EXECUTE FUNCTION x.insert_username('name')",
    ),
    (
        "intarray",
        "CREATE INDEX t_ints ON u.t USING gin (ints x.gin__int_ops)",
    ),
    ("isn", "ALTER TABLE u.t ADD an_isbn x.isbn UNIQUE"),
    (
        "lo",
        "ALTER TABLE u.t ADD a_lo x.lo; CREATE TRIGGER los BEFORE DELETE ON u.t FOR EACH ROW EXECUTE FUNCTION x.lo_manage('a_lo')",
    ),
    (
        "ltree",
        "ALTER TABLE u.t ADD a_ltree x.ltree; CREATE INDEX t_l ON u.t USING gist (a_ltree x.gist_ltree_ops (siglen = 100))",
    ),
    (
        "moddatetime",
        "CREATE TRIGGER moved BEFORE UPDATE ON u.t FOR EACH ROW EXECUTE FUNCTION x.moddatetime('at')",
    ),
    (
        "pg_trgm",
        "CREATE INDEX t_trgm ON u.t USING gist (name x.gist_trgm_ops)",
    ),
    (
        "pgcrypto",
        "ALTER TABLE u.t ADD a_hash bytea DEFAULT x.digest('a', 'sha256')",
    ),
    (
        "refint",
        "CREATE TRIGGER there AFTER INSERT ON u.t FOR EACH ROW EXECUTE FUNCTION x.check_primary_key('n', 'u.t', 'id')",
    ),
    (
        "seg",
        "ALTER TABLE u.t ADD a_seg x.seg; CREATE INDEX t_seg ON u.t USING gist (a_seg)",
    ),
    (
        "tablefunc",
        "CREATE FUNCTION u.pivot() RETURNS SETOF x.tablefunc_crosstab_2 LANGUAGE sql AS 'SELECT NULL::text, NULL::text, NULL::text'",
    ),
    (
        "tcn",
        "CREATE TRIGGER told AFTER UPDATE ON u.t FOR EACH ROW EXECUTE FUNCTION x.triggered_change_notification()",
    ),
    (
        "unaccent",
        "CREATE TEXT SEARCH CONFIGURATION u.plain (COPY = pg_catalog.simple);
        ALTER TEXT SEARCH CONFIGURATION u.plain ALTER MAPPING FOR word WITH x.unaccent, simple",
    ),
    (
        "uuid-ossp",
        "ALTER TABLE u.t ADD a_uuid uuid DEFAULT x.uuid_generate_v4()",
    ),
    (
        "xml2",
        "CREATE VIEW u.marked AS SELECT x.xpath_string(name, '/a') AS a FROM u.t",
    ),
];

#[test]
fn what_uses_the_extensions_of_contrib_is_cloned_and_comes_back() {
    for version in outermost() {
        // The untrusted ones, too, as a setting allows them.
        let mut settings = ScratchOptions::new(version, search());
        let server = server(version).expect("a server");
        let live = Live::empty(&server);
        let mut client = live.client();
        // What a superuser makes belongs to nobody that a clone knows.
        let mut owner = live.database.connect().expect("connect");
        owner
            .batch_execute(
                "CREATE SCHEMA x; CREATE SCHEMA u; CREATE SEQUENCE u.s;
                 CREATE TABLE u.t (id int PRIMARY KEY, n int, name text, ints int[], at timestamp)",
            )
            .expect("a table");
        let available = client
            .query(
                "SELECT name::text FROM pg_available_extensions ORDER BY name = 'plpgsql', name",
                &[],
            )
            .expect("list");
        let (mut made, mut missing) = (Vec::new(), Vec::new());
        for row in available {
            let name: String = row.get(0);
            let create = format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" SCHEMA x CASCADE");
            let plain = format!("CREATE EXTENSION IF NOT EXISTS \"{name}\" CASCADE");
            match client
                .batch_execute(&create)
                .or_else(|_| client.batch_execute(&plain))
            {
                Ok(()) => made.push(name),
                Err(e) => {
                    missing.push(format!("{name} ({})", pgrehearse::rehearse::message_of(&e)))
                }
            }
        }
        println!(
            "{version}: {} extensions; not {}",
            made.len(),
            missing.join(", ")
        );
        for (extension, sql) in USES {
            assert!(
                made.iter().any(|m| m == extension),
                "{version}: {extension}: {missing:?}"
            );
            owner.batch_execute(sql).unwrap_or_else(|e| {
                panic!("{extension}: {}", pgrehearse::rehearse::message_of(&e))
            });
        }
        settings.extensions = made;
        let scratch = Arc::new(Scratch::start(&settings).expect("a scratch server"));
        whole(&server, &scratch, &live);
    }
}

#[test]
fn an_extension_that_only_a_superuser_makes_is_rehearsed() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let folder = tempfile::TempDir::new().expect("a folder");
        let table = "CREATE TABLE t (a int, b int);";
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("write");
            Source::Files(path)
        };
        let old = file("old.sql", table.to_owned());
        let index = "CREATE EXTENSION bloom; CREATE INDEX t_ab ON t USING bloom (a, b);";
        let new = file("new.sql", format!("{table} {index}"));
        let plan = pipeline::plan(&old, &new, &options(&server)).expect("a plan");
        let evidence = &plan.document().evidence;
        assert!(evidence.residual.is_empty(), "{:?}", evidence.residual);
        assert!(
            evidence.not_rehearsed.is_empty(),
            "{:?}",
            evidence.not_rehearsed
        );
        for result in evidence.rollback.values() {
            assert_eq!(result, "leads back", "{version}");
        }
    }
}
