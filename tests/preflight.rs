//! What apply finds before the first statement, on real servers.

#[path = "support/pooler.rs"]
mod pooler;
#[path = "support/steps.rs"]
mod steps;

use pgrehearse::apply::{ApplyError, Event, Level, Options};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::{Ident, LockMode};
use pgrehearse::plan::{Document, OwnerRecord, StepRecord};
use postgres::Config;
use std::fs;
use steps::{
    add_column, any_version, connect, database, each_version, index, options, plan, role, run,
    run_with, step,
};

/// The code and help of what refuses the plan.
fn refused(config: &Config, plan: &Document) -> (&'static str, String) {
    match run(config, plan, &options()) {
        Err(error @ ApplyError::Refused { .. }) => {
            assert_eq!(error.exit_code(), 3);
            let ApplyError::Refused { findings } = error else {
                unreachable!()
            };
            let found = &findings[0];
            assert_eq!(found.level, Level::Refuse);
            (found.code, found.help.clone().unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

/// The warnings of a run that comes to its end.
fn warned(config: &Config, plan: &Document, options: &Options) -> String {
    let mut said = Vec::new();
    let outcome = run_with(config, plan, options, &mut |event| {
        if let Event::Message { text } = event {
            said.push(text);
        }
    });
    assert_eq!(outcome.unwrap().pending, Vec::<String>::new());
    said.join("\n")
}

fn about(mut step: StepRecord, kind: KindTag, path: &[&str]) -> StepRecord {
    step.object = ObjectId::new(kind, path.iter().copied());
    step
}

#[test]
fn an_index_that_a_reindex_left_is_named() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let (mut reader, mut admin) = (connect(&config), connect(&config));
        reader
            .batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
            .unwrap();
        admin.batch_execute("SET lock_timeout = '100ms'").unwrap();
        let broken = admin.batch_execute("REINDEX INDEX CONCURRENTLY public.t_pkey");
        assert!(broken.is_err());
        reader.batch_execute("COMMIT").unwrap();
        let (code, help) = refused(&config, &plan);
        assert_eq!(code, "preflight::invalid_index");
        assert_eq!(help, "DROP INDEX CONCURRENTLY public.t_pkey_ccnew");
        admin.batch_execute("SET lock_timeout = 0").unwrap();
        admin.batch_execute(&help).unwrap();
        assert_eq!(warned(&config, &plan, &options()), "");
    });
}

#[test]
fn a_detach_that_was_broken_off_is_named() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute(
                "CREATE TABLE public.m (id int) PARTITION BY RANGE (id);
                 CREATE TABLE public.m_1 PARTITION OF public.m FOR VALUES FROM (0) TO (100)",
            )
            .unwrap();
        let mut reader = connect(&config);
        reader.batch_execute("BEGIN; SELECT FROM public.m").unwrap();
        admin.batch_execute("SET lock_timeout = '100ms'").unwrap();
        let detach = "ALTER TABLE public.m DETACH PARTITION public.m_1 CONCURRENTLY";
        assert!(admin.batch_execute(detach).is_err());
        reader.batch_execute("COMMIT").unwrap();

        let mut plan = plan(cluster.version(), vec![add_column("expand-1")]);
        plan.touches
            .push(ObjectId::new(KindTag::Table, ["public", "m"]));
        let (code, help) = refused(&config, &plan);
        assert_eq!(code, "preflight::detach_pending");
        assert_eq!(
            help,
            "ALTER TABLE public.m DETACH PARTITION public.m_1 FINALIZE"
        );
        admin.batch_execute(&help).unwrap();
        assert_eq!(warned(&config, &plan, &options()), "");
    });
}

#[test]
fn a_schema_that_is_out_of_reach_is_named() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute("CREATE SCHEMA s; CREATE TABLE s.a (id int PRIMARY KEY)")
            .unwrap();
        let app = role(cluster, &config, "app");
        let mut plan = plan(cluster.version(), vec![add_column("expand-1")]);
        plan.touches.push(ObjectId::new(KindTag::Table, ["s", "a"]));
        let (code, help) = refused(&app, &plan);
        assert_eq!(code, "preflight::schema_right");
        assert_eq!(help, "GRANT USAGE ON SCHEMA s TO app");
    });
}

#[test]
fn an_extension_without_a_package_is_named() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute("CREATE EXTENSION pg_trgm VERSION '1.4'")
            .unwrap();
        let said = |statement: &str| {
            let step = step("expand-1", &[statement], LockMode::AccessShare, &[]);
            let plan = plan(cluster.version(), vec![step]);
            match run(&config, &plan, &options()) {
                Err(ApplyError::Refused { findings }) => {
                    assert_eq!(findings[0].code, "preflight::extension");
                    findings[0].message.clone()
                }
                Ok(_) => String::new(),
                Err(other) => panic!("{other:?}"),
            }
        };
        for (statement, missing) in [
            (
                "CREATE EXTENSION not_there WITH SCHEMA public",
                "no extension not_there",
            ),
            (
                "CREATE EXTENSION hstore WITH SCHEMA public VERSION '99'",
                "no version 99 of extension hstore",
            ),
            (
                "ALTER EXTENSION pg_trgm UPDATE TO '1.3'",
                "no way from the version of extension pg_trgm to 1.3",
            ),
        ] {
            let said = said(statement);
            assert!(
                said.starts_with(&format!("this server has {missing}, which step")),
                "{said}"
            );
        }
        assert_eq!(said("ALTER EXTENSION pg_trgm UPDATE TO '1.5'"), "");
    });
}

#[test]
fn each_missing_right_comes_with_its_grant() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute(
                "CREATE TYPE public.mood AS ENUM ('glad');
                 CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE TABLE public.other (id int PRIMARY KEY);
                 CREATE ROLE owner;
                 ALTER TYPE public.mood OWNER TO owner;
                 ALTER FUNCTION public.f(int) OWNER TO owner;
                 ALTER TABLE public.t OWNER TO owner;
                 REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            )
            .unwrap();
        let app = role(cluster, &config, "app");
        let mut foreign = step(
            "expand-3",
            &[
                "ALTER TABLE public.t ADD CONSTRAINT fk FOREIGN KEY (v) REFERENCES public.other NOT VALID",
            ],
            LockMode::ShareRowExclusive,
            &[],
        );
        let locks = &mut foreign.evidence.statements[0].locks;
        locks.insert("public.other".to_owned(), LockMode::ShareRowExclusive);
        let schema = about(
            step("expand-1", &["CREATE SCHEMA s"], LockMode::AccessShare, &[]),
            KindTag::Schema,
            &["s"],
        );
        let mut plan = plan(
            cluster.version(),
            vec![
                StepRecord {
                    operation: "create schema".to_owned(),
                    ..schema
                },
                index("expand-2"),
                foreign,
            ],
        );
        plan.touches.extend([
            ObjectId::new(KindTag::Enum, ["public", "mood"]),
            ObjectId::new(KindTag::Function, ["public", "f", "integer"]),
        ]);
        let ApplyError::Refused { findings } = run(&app, &plan, &options()).unwrap_err() else {
            panic!("not refused");
        };
        let mut grants: Vec<String> = Vec::new();
        for finding in &findings {
            assert_eq!(finding.level, Level::Refuse, "{finding:?}");
            grants.push(finding.help.clone().unwrap());
        }
        let expected = [
            "GRANT owner TO app",
            "GRANT owner TO app",
            "GRANT owner TO app",
            "GRANT CREATE ON DATABASE shop TO app",
            "GRANT CREATE ON DATABASE shop TO app",
            "GRANT USAGE, CREATE ON SCHEMA public TO app",
            "GRANT REFERENCES ON public.other TO app",
        ];
        assert_eq!(grants, expected, "{findings:?}");
        grants.dedup();
        for grant in grants {
            admin.batch_execute(&grant).unwrap();
        }
        // The row of the ledger's own schema needs a new look at the rights of `owner`, which `app` has now.
        assert_eq!(warned(&app, &plan, &options()), "");
    });
}

#[test]
fn whom_a_plan_gives_objects_to_needs_rights_and_the_giver_membership() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        let app = role(cluster, &config, "app");
        admin
            .batch_execute(
                "CREATE ROLE heir;
                 REVOKE CREATE ON SCHEMA public FROM PUBLIC;
                 GRANT CREATE ON DATABASE shop TO app;
                 GRANT USAGE, CREATE ON SCHEMA public TO app;
                 CREATE PUBLICATION news;
                 ALTER PUBLICATION news OWNER TO app;
                 ALTER TABLE public.t OWNER TO app",
            )
            .unwrap();
        let give = step(
            "contract-1",
            &["ALTER TABLE public.t OWNER TO heir"],
            LockMode::AccessExclusive,
            &[],
        );
        let given = |kind: KindTag, path: &[&str]| OwnerRecord {
            object: ObjectId::new(kind, path.iter().copied()),
            role: Ident::new("heir"),
        };
        let mut plan = plan(cluster.version(), vec![give]);
        plan.roles = vec![Ident::new("heir"), Ident::new("nobody there")];
        plan.owners = vec![
            given(KindTag::Table, &["public", "t"]),
            given(KindTag::Table, &["made", "t"]),
            given(KindTag::Publication, &["news"]),
        ];
        let ApplyError::Refused { findings } = run(&app, &plan, &options()).unwrap_err() else {
            panic!("not refused");
        };
        let helps: Vec<String> = findings.iter().map(|f| f.help.clone().unwrap()).collect();
        let expected = [
            "CREATE ROLE \"nobody there\" NOLOGIN",
            "GRANT heir TO app",
            "GRANT USAGE, CREATE ON SCHEMA made TO heir, in the schema files",
            "GRANT USAGE, CREATE ON SCHEMA public TO heir",
            "GRANT CREATE ON DATABASE shop TO heir",
        ];
        assert_eq!(helps, expected, "{findings:?}");
        for help in helps.iter().filter(|help| !help.contains("files")) {
            admin.batch_execute(help).unwrap();
        }
        // The files give the right along with the schema.
        let grant = ["made", "schema", "heir"];
        plan.touches.push(ObjectId::new(KindTag::Grant, grant));
        assert_eq!(warned(&app, &plan, &options()), "");
    });
}

#[test]
fn what_is_no_relation_is_changed_by_its_owner_alone() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute(
                "CREATE ROLE other;
                 GRANT CREATE ON SCHEMA public TO other;
                 SET ROLE other;
                 CREATE TYPE public.\"a span\" AS RANGE (SUBTYPE = integer);
                 CREATE TYPE public.pair AS (a integer);
                 CREATE COLLATION public.sorted FROM \"C\";
                 CREATE FUNCTION public.next(integer, integer, text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
                 CREATE FUNCTION public.minus(public.pair) RETURNS integer LANGUAGE sql AS 'SELECT 1';
                 CREATE AGGREGATE public.total(integer, text) (SFUNC = public.next, STYPE = integer);
                 CREATE OPERATOR public.-! (FUNCTION = public.minus, RIGHTARG = public.pair);
                 CREATE CAST (public.pair AS text) WITH INOUT;
                 CREATE CONVERSION public.latin FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
                 CREATE TEXT SEARCH DICTIONARY public.stems (TEMPLATE = simple);
                 CREATE TEXT SEARCH CONFIGURATION public.search (PARSER = \"default\");
                 RESET ROLE",
            )
            .unwrap();
        let app = role(cluster, &config, "app");
        let mut plan = plan(cluster.version(), vec![add_column("expand-1")]);
        plan.touches = [
            ObjectId::new(KindTag::Range, ["public", "a span"]),
            ObjectId::new(KindTag::Aggregate, ["public", "total", "integer, text"]),
            ObjectId::new(KindTag::Operator, ["public", "-!", "NONE", "public.pair"]),
            ObjectId::new(KindTag::Cast, ["public", "public.pair", "text"]),
            ObjectId::new(KindTag::Collation, ["public", "sorted"]),
            ObjectId::new(KindTag::Conversion, ["public", "latin"]),
            ObjectId::new(KindTag::TextSearchDictionary, ["public", "stems"]),
            ObjectId::new(KindTag::TextSearchConfiguration, ["public", "search"]),
            // Whose types are still to come.
            ObjectId::new(KindTag::Function, ["public", "next", "public.soon"]),
            ObjectId::new(KindTag::Operator, ["public", "-!", "NONE", "public.soon"]),
            ObjectId::new(KindTag::Cast, ["public", "public.soon", "text"]),
        ]
        .into();
        let ApplyError::Refused { findings } = run(&app, &plan, &options()).unwrap_err() else {
            panic!("not refused");
        };
        let not_owner = findings.iter().filter(|f| f.code == "preflight::not_owner");
        assert_eq!(not_owner.count(), 8, "{findings:?}");
    });
}

#[test]
fn transaction_ids_that_run_out_are_said() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut admin = connect(&config);
        let mut age = |age: i64| {
            admin
                .batch_execute(&format!(
                    "UPDATE pg_database
                     SET datfrozenxid = mod(pg_current_xact_id()::text::int8 - {age} + 4294967296, 4294967296)::text::xid
                     WHERE datname = 'shop'"
                ))
                .unwrap();
        };
        age(2_120_000_000);
        let (code, help) = refused(&config, &plan);
        assert_eq!(code, "preflight::wraparound");
        assert_eq!(help, "VACUUM (FREEZE) in that database, as its owner");
        age(1_700_000_000);
        let said = warned(&config, &plan, &options());
        assert!(said.contains("database shop has 447 million"), "{said}");
    });
}

#[test]
fn a_volume_that_is_too_small_is_refused() {
    any_version(|cluster| {
        let config = database(cluster, "shop");
        let mut client = connect(&config);
        let path = client
            .query_one("SELECT pg_relation_filepath('public.t')", &[])
            .unwrap();
        let main = cluster.path().join("data").join(path.get::<_, String>(0));
        let volume = rustix::fs::statvfs(&main).unwrap();
        // Holes need no room, and count as size: eleven times what is free, in files of 1 GB.
        let files = volume.f_bavail * volume.f_frsize / (1 << 30) * 11 + 1;
        if files > 20_000 {
            return eprintln!("skipped: the volume has too much room");
        }
        let make = |n: u64| {
            let name = match n {
                0 => main.clone(),
                n => main.with_extension(n.to_string()),
            };
            let file = fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&name)
                .unwrap();
            file.set_len(1 << 30).unwrap();
        };
        (0..files).for_each(make);
        let builds = plan(cluster.version(), vec![index("expand-1")]);
        let (code, help) = refused(&config, &builds);
        assert_eq!(code, "preflight::disk_room");
        assert!(help.contains("make room"), "{help}");
        // What copies and builds nothing needs no room.
        let brief = plan(cluster.version(), vec![add_column("expand-1")]);
        assert_eq!(warned(&config, &brief, &options()), "");
    });
}

#[test]
fn a_pooler_in_transaction_mode_is_refused() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        for size in [1, 2, 5] {
            let through = pooler::start(cluster, "shop", size);
            let (code, help) = refused(&through, &plan);
            assert_eq!(code, "preflight::pooler", "{size}");
            assert!(help.contains("pool in session mode"), "{help}");
        }
        assert_eq!(warned(&config, &plan, &options()), "");
    });
}
