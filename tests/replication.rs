//! Logical replication: a published table whose columns change, and a table that a subscription writes to.
//!
//! Publisher and subscriber are two databases of one server.

#[path = "support/steps.rs"]
mod steps;
mod support;

use pgrehearse::apply::{Gates, Options};
use pgrehearse::kinds::HazardKind;
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Gate, Phase};
use pgrehearse::scratch::{Scratch, ScratchOptions};
use pgrehearse::source::{Source, read_files};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Live, options, outermost, search};

const OLD: &str = "CREATE TABLE t (id int PRIMARY KEY, v int, w text);\n";
const NEW: &str = "CREATE TABLE t (id int PRIMARY KEY, v bigint, w text, x text);\n";

fn each_version(test: impl Fn(&Arc<Scratch>)) {
    for version in outermost() {
        let mut options = ScratchOptions::new(version, search());
        let settings = [
            ("max_wal_senders", "5"),
            ("max_logical_replication_workers", "4"),
        ];
        options.extra_settings = settings.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let server = Scratch::start(&options).map(Arc::new).expect("a server");
        test(&server);
    }
}

fn live(server: &Arc<Scratch>, text: &str) -> Live {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.sql");
    std::fs::write(&file, text).expect("write");
    Live::from_files(server, &read_files(&file).expect("read")).expect("the tables")
}

fn plan(server: &Arc<Scratch>, live: &Live, text: &str) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.sql");
    std::fs::write(&file, text).expect("write");
    let plan = pipeline::plan(&live.source(), &Source::Files(file), &options(server));
    plan.expect("a plan").document().clone()
}

fn run(live: &Live, sql: &str) {
    live.client().batch_execute(sql).expect(sql);
}

fn number(live: &Live, sql: &str) -> i64 {
    live.client().query_one(sql, &[]).expect(sql).get(0)
}

fn until(what: &str, mut found: impl FnMut() -> bool) {
    let since = Instant::now();
    while !found() {
        assert!(since.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How a subscriber reaches `from`.
fn connection(from: &Live) -> String {
    let config = &from.config;
    let host = match config.get_hosts().first() {
        Some(postgres::config::Host::Unix(path)) => path.display().to_string(),
        other => panic!("{other:?}"),
    };
    format!(
        "host={host} port={} user={} password={} dbname={}",
        config.get_ports().first().copied().unwrap_or(5432),
        config.get_user().unwrap_or_default(),
        String::from_utf8_lossy(config.get_password().unwrap_or_default()),
        from.database.name()
    )
}

/// `to` gets what `from` publishes, from now on.
fn subscribe(from: &Live, to: &Live) {
    run(from, "CREATE PUBLICATION \"Pub lished\" FOR TABLE t");
    let slot = from.database.name().to_owned();
    run(
        from,
        &format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')"),
    );
    run(
        to,
        &format!(
            "CREATE SUBSCRIPTION {slot} CONNECTION '{}'
             PUBLICATION \"Pub lished\" WITH (create_slot = false, slot_name = '{slot}', copy_data = false)",
            connection(from)
        ),
    );
}

fn unsubscribe(from: &Live, to: &Live) {
    let slot = from.database.name();
    run(to, &format!("ALTER SUBSCRIPTION {slot} DISABLE"));
    run(
        to,
        &format!("ALTER SUBSCRIPTION {slot} SET (slot_name = NONE)"),
    );
    run(to, &format!("DROP SUBSCRIPTION {slot}"));
    until("the slot is free", || {
        let free = format!(
            "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{slot}' AND NOT active"
        );
        number(from, &free) == 1
    });
    run(from, &format!("SELECT pg_drop_replication_slot('{slot}')"));
}

fn phase(phase: Phase) -> Options {
    steps::phases(&[phase])
}

#[test]
fn a_column_that_subscribers_lack_waits_until_somebody_says_that_they_have_it() {
    each_version(|server| {
        let live = live(server, OLD);
        run(
            &live,
            "INSERT INTO t SELECT g, g, 'w' FROM generate_series(1, 100) g; ANALYZE t",
        );
        let unpublished = plan(server, &live, NEW);
        assert!(unpublished.steps().all(|(_, step)| step.gate.is_none()));
        run(&live, "CREATE PUBLICATION \"Pub lished\" FOR TABLE t");
        let published = format!("{NEW}CREATE PUBLICATION \"Pub lished\" FOR TABLE t;");
        let document = plan(server, &live, &published);
        let gated: Vec<_> = document
            .steps()
            .filter(|(_, step)| step.gate.is_some())
            .collect();
        // The new column, the one that replaces v, and the name that v gets then.
        assert_eq!(
            gated.len(),
            3,
            "{:?}",
            gated.iter().map(|(_, s)| &s.title).collect::<Vec<_>>()
        );
        for (_, step) in &gated {
            assert!(matches!(step.gate, Some(Gate::Confirm { .. })));
            let said = step
                .hazards
                .iter()
                .find(|h| h.kind == HazardKind::Replication);
            let said = &said.expect("a hazard").text;
            assert!(
                said.contains("public.t is published by \"Pub lished\""),
                "{said}"
            );
        }
        let pending = steps::run(&live.config, &document, &steps::options()).expect("apply");
        assert_eq!(
            pending.pending.len(),
            document.steps().count() - pending.done.len()
        );
        assert!(
            pending
                .gate
                .expect("a gate")
                .contains("--confirm expand-1 says so")
        );
        let confirmed = Options {
            gates: Gates {
                confirmed: gated.iter().map(|(_, step)| step.id.clone()).collect(),
                ..Gates::default()
            },
            ..steps::options()
        };
        let done = steps::run(&live.config, &document, &confirmed).expect("apply");
        assert_eq!(done.pending, Vec::<String>::new());
        assert!(plan(server, &live, &published).is_empty());
    });
}

/// The key of a partitioned table has no new column that could take its place.
#[test]
fn a_plain_rename_waits_too() {
    const TABLE: &str = "CREATE TABLE t (w int NOT NULL) PARTITION BY RANGE (w);
        CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (100);";
    each_version(|server| {
        let live = live(server, TABLE);
        run(&live, "CREATE PUBLICATION p FOR ALL TABLES");
        let new = TABLE
            .replace("(w int", "(\n-- pgrehearse: renamed from w\nx int")
            .replace("RANGE (w)", "RANGE (x)");
        let document = plan(
            server,
            &live,
            &format!("{new} CREATE PUBLICATION p FOR ALL TABLES;"),
        );
        let renames = document.steps().filter(|(_, step)| {
            let mut statements = step.statements.iter();
            statements.any(|s| s.sql.contains("RENAME COLUMN w TO x"))
        });
        let gates: Vec<bool> = renames.map(|(_, step)| step.gate.is_some()).collect();
        assert_eq!(gates, [true], "{document:#?}");
    });
}

#[test]
fn columns_in_a_list_of_the_publication_are_no_concern_of_subscribers() {
    each_version(|server| {
        if server.version().major() < 15 {
            return;
        }
        let live = live(server, OLD);
        run(
            &live,
            "INSERT INTO t SELECT g, g, 'w' FROM generate_series(1, 100) g; ANALYZE t",
        );
        run(&live, "CREATE PUBLICATION p FOR TABLE t (id, w)");
        let added = OLD.replace("w text", "w text, x text");
        let added = format!("{added}CREATE PUBLICATION p FOR TABLE t (id, w);");
        let document = plan(server, &live, &added);
        assert!(document.steps().all(|(_, step)| step.gate.is_none()));
    });
}

fn replication_hazards(document: &Document) -> Vec<String> {
    let hazards = document.steps().flat_map(|(_, step)| &step.hazards);
    let hazards = hazards.filter(|h| h.kind == HazardKind::Replication);
    hazards.map(|h| h.text.clone()).collect()
}

#[test]
fn a_published_table_goes_with_a_word_for_its_subscribers() {
    const PUBLISHED: &str = "CREATE PUBLICATION p FOR TABLE t;";
    each_version(|server| {
        let live = live(server, &format!("{OLD}{PUBLISHED}"));
        let said = replication_hazards(&plan(server, &live, "CREATE PUBLICATION p;"));
        assert_eq!(
            said,
            ["public.t is published by p: its subscribers get no more changes of it"]
        );
        let said =
            replication_hazards(&plan(server, &live, &format!("{OLD}CREATE PUBLICATION p;")));
        assert_eq!(
            said,
            ["the subscribers of p get no more changes of public.t"]
        );
        let said = replication_hazards(&plan(server, &live, OLD));
        assert_eq!(
            said,
            ["the subscribers of p stop (\"publication does not exist\")"]
        );
        let renamed = OLD.replace("TABLE t", "TABLE u");
        let renamed =
            format!("-- pgrehearse: renamed from t\n{renamed}CREATE PUBLICATION p FOR TABLE u;");
        let said = replication_hazards(&plan(server, &live, &renamed));
        assert!(
            said.iter()
                .any(|s| s.contains("until their table is called so")),
            "{said:?}"
        );
    });
}

#[test]
fn a_table_without_identity_is_published_with_a_word_for_its_writers() {
    const BARE: &str = "CREATE TABLE bare (v int); CREATE TABLE whole (v int);
        ALTER TABLE whole REPLICA IDENTITY FULL; CREATE TABLE keyed (id int PRIMARY KEY);";
    let rejected = |document: &Document| -> Vec<String> {
        let hazards = document.steps().flat_map(|(_, step)| &step.hazards);
        let hazards = hazards.filter(|h| h.kind == HazardKind::RejectsWrites);
        hazards.map(|h| h.text.clone()).collect()
    };
    each_version(|server| {
        let live = live(server, BARE);
        run(&live, "INSERT INTO bare VALUES (1)");
        for (publication, named) in [
            ("FOR TABLE bare, whole, keyed", true),
            ("FOR ALL TABLES", true),
            ("FOR ALL TABLES WITH (publish = 'insert, truncate')", false),
            ("FOR TABLE whole, keyed", false),
        ] {
            let new = format!("{BARE} CREATE PUBLICATION p {publication};");
            let document = plan(server, &live, &new);
            let said = rejected(&document);
            let found = said
                .iter()
                .any(|s| s.contains("rejects those of public.bare:"));
            assert_eq!((found, said.len()), (named, usize::from(named)), "{said:?}");
            // What is said is so.
            steps::run(&live.config, &document, &steps::options()).expect("apply");
            assert!(plan(server, &live, &new).is_empty());
            let update = live.client().batch_execute("UPDATE bare SET v = 2");
            assert_eq!(update.is_err(), named, "{publication}: {update:?}");
            run(&live, "DROP PUBLICATION p");
        }
    });
}

#[test]
fn what_a_subscription_writes_reaches_the_new_column_too() {
    each_version(|server| {
        let (from, to) = (live(server, OLD), live(server, OLD));
        for side in [&from, &to] {
            run(
                side,
                "INSERT INTO t SELECT g, g, 'w' FROM generate_series(1, 100) g; ANALYZE t",
            );
        }
        subscribe(&from, &to);
        let arrived = |id: i64| {
            let there = format!("SELECT count(*) FROM t WHERE id = {id}");
            until("the row arrives", || number(&to, &there) == 1);
        };
        run(&from, "INSERT INTO t VALUES (1001, 7, 'w')");
        arrived(1001);
        let new = OLD.replace("v int", "v bigint");
        let document = plan(server, &to, &new);
        steps::run(&to.config, &document, &phase(Phase::Expand)).expect("expand");
        run(
            &from,
            "INSERT INTO t VALUES (1002, 8, 'w'); UPDATE t SET v = 5 WHERE id = 1",
        );
        arrived(1002);
        let column = "SELECT quote_ident(attname) FROM pg_attribute
            WHERE attrelid = 't'::regclass AND attname LIKE '\\_pgrehearse%' AND NOT attisdropped";
        let column: String = to
            .client()
            .query_one(column, &[])
            .expect("the column")
            .get(0);
        let wrong =
            format!("SELECT count(*) FROM t WHERE id IN (1, 1002) AND {column} IS DISTINCT FROM v");
        assert_eq!(number(&to, &wrong), 0, "the trigger has not seen them");
        for rest in [Phase::Migrate, Phase::Contract] {
            steps::run(&to.config, &document, &phase(rest)).expect("apply");
            let id = 1003 + i64::from(rest == Phase::Contract);
            run(&from, &format!("INSERT INTO t VALUES ({id}, {id}, 'w')"));
            arrived(id);
        }
        assert!(plan(server, &to, &new).is_empty());
        let sum = "SELECT sum(v)::bigint FROM t";
        assert_eq!(number(&to, sum), number(&from, sum));
        // A column that the publisher sends cannot go without a word.
        let gone = plan(
            server,
            &to,
            "CREATE TABLE t (id int PRIMARY KEY, v bigint);",
        );
        let said: Vec<_> = gone.steps().flat_map(|(_, step)| &step.hazards).collect();
        assert!(
            said.iter()
                .any(|h| h.kind == HazardKind::Replication
                    && h.text.contains("its publisher sends w")),
            "{said:?}"
        );
        unsubscribe(&from, &to);
    });
}

/// A plan makes it without its connection, and says what is left to do.
#[test]
fn a_subscription_of_a_plan_is_completed_by_hand_and_stays() {
    each_version(|server| {
        let (from, to) = (live(server, OLD), live(server, OLD));
        run(&from, "CREATE PUBLICATION \"Pub lished\" FOR TABLE t");
        let slot = from.database.name();
        let made = format!(
            "{OLD} CREATE SUBSCRIPTION {slot} CONNECTION 'host=elsewhere password=hunter2' PUBLICATION \"Pub lished\" \
             WITH (connect = false);"
        );
        let document = plan(server, &to, &made);
        let text = format!("{document:?}");
        assert!(!text.contains("hunter2"), "{text}");
        let said: Vec<_> = document.steps().flat_map(|(_, s)| &s.hazards).collect();
        let by_hand = format!(
            "pg_create_logical_replication_slot('{slot}', 'pgoutput') on the publisher, ALTER SUBSCRIPTION {slot} \
             CONNECTION '…', ENABLE, REFRESH PUBLICATION by hand"
        );
        assert!(
            said.iter()
                .any(|h| h.kind == HazardKind::Replication && h.text.contains(&by_hand)),
            "{said:?}"
        );
        steps::run(&to.config, &document, &steps::options()).expect("apply");
        // What it says is enough.
        run(
            &from,
            &format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')"),
        );
        for completed in [
            format!("CONNECTION '{}'", connection(&from)),
            "ENABLE".to_owned(),
            "REFRESH PUBLICATION".to_owned(),
        ] {
            run(&to, &format!("ALTER SUBSCRIPTION {slot} {completed}"));
        }
        run(&from, "INSERT INTO t VALUES (1, 7, 'w')");
        until("the row arrives", || {
            number(&to, "SELECT count(*) FROM t WHERE id = 1") == 1
        });
        assert!(plan(server, &to, &made).is_empty());
        // Files that name none say nothing of it, and the clone connects to nobody.
        let document = plan(server, &to, NEW);
        let about = |id: &pgrehearse::kinds::ObjectId| id.to_string().contains("subscription");
        assert!(!document.touches.iter().any(about), "{document:?}");
        // Files that name another one drop it, and its connection is lost.
        let other = made.replace(&format!("SUBSCRIPTION {slot}"), "SUBSCRIPTION another");
        let document = plan(server, &to, &other);
        let gone = document.steps().find(|(_, step)| {
            step.statements
                .iter()
                .any(|s| s.sql.starts_with("DROP SUBSCRIPTION"))
        });
        let (phase, gone) = gone.expect("it goes");
        assert_eq!(phase, Phase::Contract);
        assert!(
            gone.hazards.iter().any(|h| h
                .text
                .contains(&format!("pg_drop_replication_slot('{slot}')"))),
            "{:?}",
            gone.hazards
        );
        steps::run(&to.config, &document, &steps::options()).expect("apply");
        assert!(plan(server, &to, &other).is_empty());
        until("the slot is free", || {
            let free = format!(
                "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '{slot}' AND NOT active"
            );
            number(&from, &free) == 1
        });
        run(&from, &format!("SELECT pg_drop_replication_slot('{slot}')"));
        run(&to, "ALTER SUBSCRIPTION another SET (slot_name = NONE)");
        run(&to, "DROP SUBSCRIPTION another");
    });
}
