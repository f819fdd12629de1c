//! Columns that move to a new table, and back: what both applications write between and during the
//! steps is in both tables until the triggers go.

mod support;

use pgrehearse::pipeline::{self, PipelineError};
use pgrehearse::plan::{Document, Impact, Phase, StepRecord};
use pgrehearse::scratch::Scratch;
use pgrehearse::source::{Source, read_files};
use pgrehearse::strategy::Drops;
use postgres::Client;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use support::{Live, options, outermost, server};

const WIDE: &str = "
-- pgrehearse: merge from profiles (bio, site) on profiles.user_id = users.id
CREATE TABLE users (id int PRIMARY KEY, name text, bio text NOT NULL DEFAULT '', site text);";
const NARROW: &str = "
CREATE TABLE users (id int PRIMARY KEY, name text);
-- pgrehearse: split from users (bio, site) on profiles.user_id = users.id
CREATE TABLE profiles (user_id int PRIMARY KEY REFERENCES users ON UPDATE CASCADE, bio text DEFAULT '', site text, likes int DEFAULT 0);";

static FILES: AtomicUsize = AtomicUsize::new(0);

fn in_file(name: &str, sql: &str) -> PathBuf {
    // Tests run side by side.
    let n = FILES.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("pgrehearse-split-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, sql).expect("write a file");
    path
}

fn live_with(server: &Arc<Scratch>, name: &str, sql: &str, rows: &str) -> Live {
    let files = read_files(&in_file(name, sql)).expect("read the files");
    let live = Live::from_files(server, &files).expect("make the schema");
    live.client().batch_execute(rows).expect("seed");
    live
}

fn plan(
    server: &Arc<Scratch>,
    live: &Live,
    name: &str,
    sql: &str,
) -> Result<Document, PipelineError> {
    let path = in_file(name, sql);
    let plan = pipeline::plan(&live.source(), &Source::Files(path), &options(server))?;
    Ok(plan.document().clone())
}

/// A session with rights on `tables` alone.
fn app(live: &Live, tables: &[&str]) -> Client {
    let mut client = live.client();
    let role = format!("app_{}_{}", live.database.name(), tables.join("_"));
    client
        .batch_execute(&format!(
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role}; END IF; END $$"
        ))
        .expect("a role");
    for table in tables {
        client
            .batch_execute(&format!(
                "GRANT ALL ON {table} TO {role}; GRANT USAGE ON SCHEMA public TO {role}"
            ))
            .expect("grant");
    }
    client
        .batch_execute(&format!("SET ROLE {role}"))
        .expect("set role");
    client
}

fn run(live: &Live, step: &StepRecord) {
    let mut client = live.database.connect().expect("connect");
    let all: Vec<&str> = step.statements.iter().map(|s| s.sql.as_str()).collect();
    let script = format!("BEGIN; {}; COMMIT", all.join(";\n"));
    for _ in 0..20 {
        match client.batch_execute(&script) {
            Ok(()) => return,
            // A deadlock ends one of both: the batch is done again.
            Err(error) if error.code().is_some_and(|c| c.code() == "40P01") => {
                client.batch_execute("ROLLBACK").expect("roll back");
            }
            Err(error) => panic!("{}: {error:?}", step.title),
        }
    }
    panic!("{} does not come through", step.title);
}

/// Rows whose two places differ, and rows that have one place only although they have values.
fn unlike(live: &Live) -> Vec<String> {
    let rows = live
        .client()
        .query(
            "SELECT coalesce(u.id, p.user_id)::text || ': ' || coalesce(u.bio, '-') || '/' || coalesce(p.bio, '-')
               FROM users u FULL JOIN profiles p ON p.user_id = u.id
              WHERE u.id IS NULL
                 OR p.user_id IS NULL AND coalesce(u.bio, '') <> ''
                 OR p.user_id IS NOT NULL AND ROW(u.bio, u.site)::record *<> ROW(p.bio, p.site)::record",
            &[],
        )
        .expect("compare");
    rows.iter().map(|r| r.get(0)).collect()
}

/// What the application with one table does, with ids from `id` to `id + 9`.
fn wide_writes(client: &mut Client, id: i32) {
    let script = "
        INSERT INTO users (id, name, bio, site) VALUES (1001, 'a', 'a1', 's'), (1002, 'b', 'b1', NULL);
        INSERT INTO users (id, name) VALUES (1003, 'c');
        UPDATE users SET bio = 'a2' WHERE id = 1001;
        UPDATE users SET name = 'a3' WHERE id = 1001;
        UPDATE users SET bio = 'c2', site = 's' WHERE id = 1003;
        UPDATE users SET id = 1004 WHERE id = 1002;
        INSERT INTO users (id, bio) VALUES (1005, 'gone');
        DELETE FROM users WHERE id = 1005;
        INSERT INTO users (id, bio) VALUES (1001, 'x') ON CONFLICT (id) DO UPDATE SET bio = 'a4';
        UPDATE users SET bio = 'all' WHERE id BETWEEN 1006 AND 1009;
        UPDATE users SET bio = bio || '+' WHERE id <= 3;";
    client
        .batch_execute(&moved(script, id))
        .expect("the writes of the wide application");
}

/// What the application with two tables does.
fn narrow_writes(client: &mut Client, id: i32) {
    let script = "
        INSERT INTO users (id, name) VALUES (1001, 'a'), (1002, 'b'), (1003, 'c'), (1004, 'd'), (1005, 'e');
        INSERT INTO profiles (user_id, bio, likes) VALUES (1001, 'a1', 7);
        INSERT INTO profiles (user_id, likes) VALUES (1002, 8);
        UPDATE profiles SET likes = 9 WHERE user_id = 1002;
        INSERT INTO profiles (user_id, bio) VALUES (1002, 'b2') ON CONFLICT (user_id) DO UPDATE SET bio = EXCLUDED.bio;
        UPDATE profiles SET bio = 'a2', site = 's' WHERE user_id = 1001;
        INSERT INTO profiles (user_id, bio) VALUES (1003, 'c1') ON CONFLICT DO NOTHING;
        DELETE FROM profiles WHERE user_id = 1003;
        BEGIN;
        INSERT INTO profiles (user_id, bio) VALUES (1004, 'd1');
        DELETE FROM profiles WHERE user_id = 1004;
        DELETE FROM users WHERE id = 1004;
        COMMIT;
        UPDATE profiles SET bio = bio || '-' WHERE user_id <= 3;";
    client
        .batch_execute(&moved(script, id))
        .expect("the writes of the narrow application");
    let row = client
        .query_one(
            &moved("SELECT (SELECT likes FROM profiles WHERE user_id = 1001), (SELECT likes FROM profiles WHERE user_id = 1002)
                  , (SELECT bio FROM profiles WHERE user_id = 1002), EXISTS (SELECT FROM profiles WHERE user_id = 1003)", id),
            &[],
        )
        .expect("read");
    let read: (i32, i32, String, bool) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!(read, (7, 9, "b2".to_owned(), false));
}

/// The application with one table writes values, and that with two finds the rows in the way of its INSERT.
fn upserts(wide: &mut Client, narrow: &mut Client, id: i32) {
    let old = "
        INSERT INTO users (id, name, bio, site) VALUES (1001, 'a', 'a1', 's');
        INSERT INTO users (id, name) VALUES (1002, 'b'), (1003, 'c');
        UPDATE users SET site = 'late' WHERE id = 1002;";
    wide.batch_execute(&moved(old, id)).expect("values");
    let new = "
        INSERT INTO profiles (user_id, bio) VALUES (1001, 'new') ON CONFLICT (user_id) DO UPDATE SET bio = EXCLUDED.bio;
        INSERT INTO profiles (user_id) VALUES (1002) ON CONFLICT DO NOTHING;
        INSERT INTO profiles (user_id, bio) VALUES (1003, 'first');";
    narrow.batch_execute(&moved(new, id)).expect("upserts");
    let read = moved(
        "SELECT string_agg(concat_ws('/', u.bio, u.site, p.bio, p.site), ' ' ORDER BY u.id)
           FROM users u JOIN profiles p ON p.user_id = u.id WHERE u.id IN (1001, 1002, 1003)",
        id,
    );
    let both: String = narrow.query_one(&read, &[]).expect("read").get(0);
    assert_eq!(both, "new/s/new/s /late//late first/first");
}

/// `script` with its ids, from 1000 on, moved to `id`.
fn moved(script: &str, id: i32) -> String {
    (1..10).fold(script.to_owned(), |s, n| {
        s.replace(&(1000 + n).to_string(), &(id + n).to_string())
    })
}

fn until_stop(document: &Document) -> usize {
    let stop = document
        .steps()
        .position(|(_, s)| s.operation == "stop sync");
    stop.expect("the triggers go")
}

#[test]
fn both_applications_write_between_all_steps_of_a_split() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let live = live_with(
            &server,
            "wide.sql",
            WIDE,
            "INSERT INTO users SELECT g, 'u' || g, 'b' || g FROM generate_series(1, 50) g",
        );
        let document = plan(&server, &live, "narrow.sql", NARROW).expect("a plan");
        assert!(
            document.evidence.residual.is_empty(),
            "{:?}",
            document.evidence
        );
        let mut id = 10_000;
        let stop = until_stop(&document);
        let mut synced = false;
        for (n, (phase, step)) in document.steps().enumerate() {
            assert_eq!(
                step.evidence.impact,
                Impact::Online,
                "{}: {:?}",
                step.title,
                step.evidence
            );
            if n <= stop {
                wide_writes(&mut app(&live, &["users"]), id);
                id += 100;
                if synced {
                    // Before the end of migrate, users.bio is NOT NULL, but has a default.
                    let after = phase == Phase::Contract;
                    if after {
                        let mut narrow = app(&live, &["users", "profiles"]);
                        narrow_writes(&mut narrow, id);
                        id += 100;
                        upserts(&mut app(&live, &["users"]), &mut narrow, id);
                        id += 100;
                    }
                    let unfilled = step.operation == "backfill";
                    assert!(
                        unfilled || unlike(&live).is_empty(),
                        "{version} {}: {:?}",
                        step.title,
                        unlike(&live)
                    );
                }
            }
            run(&live, step);
            synced |= step.operation == "start sync";
        }
        let again = plan(&server, &live, "narrow.sql", NARROW).expect("a second plan");
        assert!(again.is_empty(), "{again:?}");
        let left: i64 = live
            .client()
            .query_one(
                "SELECT count(*) FROM pg_class WHERE relname LIKE '%pgrehearse%'",
                &[],
            )
            .expect("count")
            .get(0);
        assert_eq!(left, 0);
        let bio: String = live
            .client()
            .query_one("SELECT bio FROM profiles WHERE user_id = 1", &[])
            .expect("read")
            .get(0);
        assert!(bio.starts_with("b1++") && bio.ends_with('-'), "{bio}");
        let rows: i64 = live
            .client()
            .query_one(
                "SELECT count(*) FROM profiles WHERE user_id <= 50 AND bio LIKE 'b%'",
                &[],
            )
            .expect("count")
            .get(0);
        assert_eq!(rows, 50);
    }
}

#[test]
fn both_applications_write_between_all_steps_of_a_merge() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let live = live_with(
            &server,
            "narrow.sql",
            NARROW,
            "INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 50) g;
             INSERT INTO profiles SELECT g, 'b' || g FROM generate_series(1, 50) g",
        );
        let document = plan(&server, &live, "wide.sql", WIDE).expect("a plan");
        assert!(
            document.evidence.residual.is_empty(),
            "{:?}",
            document.evidence
        );
        let mut id = 10_000;
        let stop = until_stop(&document);
        let mut synced = false;
        for (n, (phase, step)) in document.steps().enumerate() {
            assert_eq!(
                step.evidence.impact,
                Impact::Online,
                "{}: {:?}",
                step.title,
                step.evidence
            );
            if n <= stop {
                let not_null =
                    step.operation.ends_with("not null") || step.operation.ends_with("constraint");
                if phase != Phase::Contract || step.operation == "compare" {
                    narrow_writes(&mut app(&live, &["users", "profiles"]), id);
                    id += 100;
                }
                if synced && !not_null {
                    wide_writes(&mut app(&live, &["users"]), id);
                    id += 100;
                }
                if step.operation == "compare" {
                    assert!(
                        unlike(&live).is_empty(),
                        "{version} {}: {:?}",
                        step.title,
                        unlike(&live)
                    );
                    // What a trigger of nobody saw is mended after the table that goes.
                    live.client()
                        .batch_execute(
                            "SET session_replication_role = replica;
                             UPDATE users SET bio = 'wrong' WHERE id = 7",
                        )
                        .expect("write behind the triggers");
                }
            }
            run(&live, step);
            synced |= step.operation == "start sync";
        }
        let again = plan(&server, &live, "wide.sql", WIDE).expect("a second plan");
        assert!(again.is_empty(), "{again:?}");
        let bios: (String, i64) = {
            let row = live
                .client()
                .query_one("SELECT (SELECT bio FROM users WHERE id = 7), (SELECT count(*) FROM users WHERE id <= 50 AND bio LIKE 'b%')", &[])
                .expect("read");
            (row.get(0), row.get(1))
        };
        assert_eq!(bios, ("b7".to_owned(), 50));
    }
}

/// While a batch waits for a row, that row changes on the other side: the batch must not write the value
/// it saw first.
#[test]
fn a_row_that_changes_under_the_backfill_keeps_its_new_value() {
    for version in outermost() {
        let server = server(version).expect("a server");
        for (from, to, seed, write) in [
            (
                WIDE,
                NARROW,
                "INSERT INTO users SELECT g, 'u', 'old' FROM generate_series(1, 20) g",
                "UPDATE users SET bio = 'new' WHERE id = 5",
            ),
            (
                NARROW,
                WIDE,
                "INSERT INTO users SELECT g, 'u' FROM generate_series(1, 20) g; INSERT INTO profiles SELECT g, 'old' FROM generate_series(1, 20) g",
                "UPDATE profiles SET bio = 'new' WHERE user_id = 5",
            ),
        ] {
            let live = live_with(&server, "from.sql", from, seed);
            let document = plan(&server, &live, "to.sql", to).expect("a plan");
            for (_, step) in document.steps().take(until_stop(&document)) {
                if step.operation != "backfill" {
                    run(&live, step);
                    continue;
                }
                let mut client = live.client();
                let mut transaction = client.transaction().expect("begin");
                transaction.batch_execute(write).expect("write");
                std::thread::scope(|scope| {
                    let batch = scope.spawn(|| run(&live, step));
                    wait_for_a_lock(&live);
                    transaction.commit().expect("commit");
                    batch.join().expect("the batch");
                });
                assert_eq!(unlike(&live), Vec::<String>::new());
                let bio: String = live
                    .client()
                    .query_one("SELECT bio FROM profiles WHERE user_id = 5", &[])
                    .expect("read")
                    .get(0);
                assert_eq!(bio, "new", "{version}");
            }
        }
    }
}

fn wait_for_a_lock(live: &Live) {
    let mut client = live.client();
    for _ in 0..600 {
        let waits: bool = client
            .query_one(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')",
                &[],
            )
            .expect("look")
            .get(0);
        if waits {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("the batch waits for no row");
}

/// Two clients write all the time, each rows of its own; whatever was acknowledged is there in the end.
#[test]
fn nothing_that_is_written_during_the_steps_is_lost() {
    for version in outermost() {
        let server = server(version).expect("a server");
        for (from, to, seed) in [
            (
                WIDE,
                NARROW,
                "INSERT INTO users SELECT g, 'u', '0' FROM generate_series(1, 200) g",
            ),
            (
                NARROW,
                WIDE,
                "INSERT INTO users SELECT g, 'u' FROM generate_series(1, 200) g; INSERT INTO profiles SELECT g, '0' FROM generate_series(1, 200) g",
            ),
        ] {
            let live = live_with(&server, "from.sql", from, seed);
            let document = plan(&server, &live, "to.sql", to).expect("a plan");
            let split = from == WIDE;
            let (synced, done) = (AtomicBool::new(false), AtomicBool::new(false));
            let stop = until_stop(&document);
            let counts = std::thread::scope(|scope| {
                let write = |wide: bool| {
                    let (live, synced, done) = (&live, &synced, &done);
                    move || {
                        // The new application starts when both places are there.
                        while wide != split && !synced.load(Ordering::SeqCst) {
                            std::thread::yield_now();
                        }
                        let mut client = live.client();
                        let statement = match wide {
                            true => "UPDATE users SET bio = $1 WHERE id = $2",
                            false => {
                                "INSERT INTO profiles (user_id, bio) VALUES ($2, $1) ON CONFLICT (user_id) DO UPDATE SET bio = EXCLUDED.bio"
                            }
                        };
                        let mut last = [0_i32; 200];
                        let mut n = 0;
                        while !done.load(Ordering::SeqCst) {
                            n += 1;
                            let id = (n * 2) % 200 + i32::from(wide) + 1;
                            if id > 200 {
                                continue;
                            }
                            match client.execute(statement, &[&n.to_string(), &id]) {
                                Ok(_) => last[(id - 1) as usize] = n,
                                Err(e) => assert_eq!(
                                    e.code().map(|c| c.code().to_owned()).as_deref(),
                                    Some("40P01"),
                                    "{e:?}"
                                ),
                            }
                        }
                        last
                    }
                };
                let (a, b) = (scope.spawn(write(true)), scope.spawn(write(false)));
                for (_, step) in document.steps().take(stop) {
                    run(&live, step);
                    if step.operation == "start sync" {
                        synced.store(true, Ordering::SeqCst);
                    }
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
                done.store(true, Ordering::SeqCst);
                [a.join().expect("a client"), b.join().expect("a client")]
            });
            assert_eq!(unlike(&live), Vec::<String>::new());
            let mut written = 0;
            for row in live
                .client()
                .query("SELECT user_id, bio FROM profiles ORDER BY 1", &[])
                .expect("read")
            {
                let (id, bio): (i32, String) = (row.get(0), row.get(1));
                let at = (id - 1) as usize;
                let expected = counts[0][at].max(counts[1][at]);
                assert_eq!(bio, expected.to_string(), "row {id} on {version}");
                written += expected;
            }
            assert!(written > 200, "the clients wrote {written}");
            for (_, step) in document.steps().skip(stop) {
                run(&live, step);
            }
        }
    }
}

/// With the gate, what is left behind is renamed first, and dropped at last.
#[test]
fn what_is_left_behind_goes_through_the_gate_after_the_triggers() {
    for version in outermost() {
        let server = server(version).expect("a server");
        for (from, to, retired) in [
            (WIDE, NARROW, ["retire column", "retire column"].as_slice()),
            (NARROW, WIDE, ["retire table"].as_slice()),
        ] {
            let live = live_with(
                &server,
                "from.sql",
                from,
                "INSERT INTO users SELECT g FROM generate_series(1, 5) g",
            );
            let mut options = options(&server);
            options.drops = Drops::default();
            let to = Source::Files(in_file("to.sql", to));
            let plan = pipeline::plan(&live.source(), &to, &options).expect("a plan");
            let document = plan.document();
            assert_eq!(document.evidence.residual, Vec::<String>::new());
            assert_eq!(document.evidence.not_rehearsed, Vec::<String>::new());
            for (phase, result) in &document.evidence.rollback {
                let fails = result.starts_with("fails") || result.starts_with("does not");
                assert!(!fails, "{phase}: {result}");
            }
            let stop = until_stop(document);
            let after: Vec<&str> = document
                .steps()
                .skip(stop + 1)
                .map(|(_, s)| s.operation.as_str())
                .filter(|o| o.starts_with("retire"))
                .collect();
            assert_eq!(after, retired, "{version}");
            assert!(document.steps().take(stop).all(|(_, s)| s.gate.is_none()));
        }
    }
}

fn refusal(server: &Arc<Scratch>, from: &str, to: &str) -> (String, String) {
    let live = live_with(server, "old.sql", from, "");
    match plan(server, &live, "new.sql", to) {
        Err(error) => {
            assert_eq!(error.exit_code(), 3, "{error}");
            (error.to_string(), error.help().unwrap_or_default())
        }
        Ok(document) => panic!("planned: {document:?}"),
    }
}

#[test]
fn what_cannot_be_split_is_refused_with_what_to_change() {
    let version = *outermost().last().expect("a version");
    let server = server(version).expect("a server");
    let wide = "CREATE TABLE users (id int PRIMARY KEY, bio text);";
    let split = |on: &str, table: &str| {
        format!(
            "CREATE TABLE users (id int PRIMARY KEY);
             -- pgrehearse: split from users (bio) on {on}
             CREATE TABLE profiles ({table});"
        )
    };
    let usual = "profiles.user_id = users.id";
    for (on, table, why, help) in [
        (
            usual,
            "user_id int, bio text",
            "is not unique",
            "add PRIMARY KEY (user_id) or UNIQUE (user_id)",
        ),
        (
            usual,
            "user_id int UNIQUE DEFERRABLE, bio text",
            "is not unique",
            "not deferrable",
        ),
        (
            "profiles.user_id > users.id",
            "user_id int PRIMARY KEY, bio text",
            "no conjunction",
            "profiles.COLUMN = users.COLUMN",
        ),
        (
            "profiles.user_id = users.nothing",
            "user_id int PRIMARY KEY, bio text",
            "no conjunction",
            "joined by AND",
        ),
        (
            usual,
            "user_id int PRIMARY KEY, bio varchar(9)",
            "it is character varying(9)",
            "in a plan of its own",
        ),
        (
            usual,
            "user_id int PRIMARY KEY, bio text, x int NOT NULL",
            "NOT NULL without a default",
            "give it a default",
        ),
        (
            usual,
            "user_id int PRIMARY KEY",
            "not all of bio",
            "stand in the new one",
        ),
    ] {
        let (said, helped) = refusal(&server, wide, &split(on, table));
        assert!(said.contains(why), "{said}");
        assert!(helped.contains(help), "{helped}");
    }
    let secured = format!(
        "{} ALTER TABLE profiles FORCE ROW LEVEL SECURITY;",
        split(usual, "user_id int PRIMARY KEY, bio text")
    );
    assert!(
        refusal(&server, wide, &secured)
            .0
            .contains("row-level security is forced")
    );
    let there = format!("{wide} CREATE TABLE profiles (user_id int PRIMARY KEY);");
    let (said, _) = refusal(
        &server,
        &there,
        &split(usual, "user_id int PRIMARY KEY, bio text"),
    );
    assert!(said.contains("it is there already"), "{said}");
}
