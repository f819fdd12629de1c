//! DETACH CONCURRENTLY broken in the middle, on every version: its partition stays DETACH PENDING, which
//! has no way back. Apply completes it, and rollback completes it and attaches the partition again.

mod support;

use pgrehearse::apply::{self, Event, Options, Session, Silent, resume, rollback};
use pgrehearse::pg::Ident;
use pgrehearse::pipeline;
use pgrehearse::plan::Document;
use pgrehearse::source::{DesiredFiles, Source, SourceFile};
use postgres::NoTls;
use std::path::Path;
use std::time::Duration;
use support::{Live, outermost, server};

const OLD: &str = "
    CREATE TABLE accounts (id int PRIMARY KEY);
    CREATE TABLE m (id int NOT NULL, account int REFERENCES accounts) PARTITION BY RANGE (id);
    CREATE TABLE m_1 PARTITION OF m FOR VALUES FROM (0) TO (100);
    CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM (100) TO (200);
    CREATE INDEX m_account ON m (account);";
const NEW: &str = "
    CREATE TABLE accounts (id int PRIMARY KEY);
    CREATE TABLE m (id int NOT NULL, account int REFERENCES accounts) PARTITION BY RANGE (id);
    CREATE TABLE m_1 (id int NOT NULL, account int);
    CREATE TABLE m_2 PARTITION OF m FOR VALUES FROM (100) TO (200);
    CREATE INDEX m_account ON m (account);
    CREATE INDEX m_1_account_idx ON m_1 (account);";

fn files(text: &str) -> DesiredFiles {
    let file = SourceFile::new("schema.sql", text.to_owned());
    DesiredFiles::from_files(vec![file]).expect("a file")
}

/// Partitions with their rows, what is pending, and the constraints of `m_1`.
fn seen(live: &Live) -> String {
    let sql = "
        SELECT (SELECT string_agg(inhrelid::regclass || ' ' || inhdetachpending, ', ' ORDER BY inhrelid::regclass::text)
                  FROM pg_inherits WHERE inhparent = 'm'::regclass)
            || '; rows ' || (SELECT count(*) FROM m) || ' and ' || (SELECT count(*) FROM m_1)
            || '; m_1 ' || coalesce((SELECT string_agg(conname, ', ' ORDER BY conname) FROM pg_constraint
                                      WHERE conrelid = 'm_1'::regclass AND contype <> 'n'), 'has no constraint')";
    let mut client = live.client();
    client.query_one(sql, &[]).expect("look").get(0)
}

fn options() -> Options {
    Options {
        poll: Duration::from_millis(20),
        ..Options::default()
    }
}

/// Applies `plan` until the DETACH waits for a reader of the table, and ends its session there.
fn broken(live: &Live, plan: &Document) {
    let mut reader = live.client();
    let mut admin = live.client();
    let open = || live.config.connect(NoTls);
    let mut session = Session::open(&open).expect("a session");
    let mut observer = |event: Event| match event {
        Event::StepStarted { title, .. } if title.starts_with("detach") => reader
            .batch_execute("BEGIN; SELECT FROM m")
            .expect("a reader"),
        Event::Waiting { .. } => admin
            .batch_execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                  WHERE query LIKE '%DETACH PARTITION%CONCURRENTLY' AND pid <> pg_backend_pid()",
            )
            .expect("end the session"),
        _ => {}
    };
    let error =
        apply::run(&mut session, plan, &options(), &mut observer).expect_err("a broken run");
    assert_eq!(error.code(), "apply::connection_lost", "{error}");
    reader.batch_execute("COMMIT").expect("the reader ends");
}

#[test]
fn a_pending_detach_is_completed_or_taken_back() {
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("detach.sql");
    std::fs::write(&new, NEW).expect("write the new schema");
    for version in outermost() {
        let server = match server(version) {
            Ok(server) => server,
            Err(why) => {
                eprintln!("skipped: {why}");
                continue;
            }
        };
        for back in [false, true] {
            let live = Live::from_files(&server, &files(OLD)).expect("the old schema");
            live.client()
                .batch_execute(
                    "INSERT INTO accounts SELECT i FROM generate_series(1, 200) i;
                     INSERT INTO m SELECT i, i FROM generate_series(1, 150) i",
                )
                .expect("rows");
            let before = seen(&live);
            assert_eq!(
                before,
                "m_1 false, m_2 false; rows 150 and 99; m_1 m_account_fkey"
            );
            let planned = pipeline::plan(
                &live.source(),
                &Source::Files(new.clone()),
                &support::options(&server),
            )
            .unwrap_or_else(|e| panic!("{version}: {e}"));
            let plan = planned.document();
            broken(&live, plan);
            assert!(
                seen(&live).contains("m_1 true"),
                "{version}: {}",
                seen(&live)
            );

            // What apply compares before it goes on: nothing but the mark tells it from before.
            let options_of_plan = support::options(&server);
            let catalog = pipeline::read_live(&live.source(), &plan.touches, &options_of_plan)
                .unwrap_or_else(|e| panic!("{version}: {e}"));
            let found = pipeline::fingerprint_of(&catalog, &plan.touches);
            let position = resume::position(&mut live.client(), plan, &Ident::new("pgrehearse"))
                .unwrap_or_else(|e| panic!("{version}: {e}"));
            assert!(
                position
                    .accepted_fingerprints(plan)
                    .contains(&found.as_str()),
                "{version}"
            );

            let open = || live.config.connect(NoTls);
            let mut session = Session::open(&open).expect("a session");
            if back {
                let undone = rollback::run(&mut session, plan, None, &options(), &mut Silent)
                    .unwrap_or_else(|e| panic!("{version}: {e}"));
                assert_eq!(undone.stopped, None, "{version}");
                assert_eq!(seen(&live), before, "{version}");
            } else {
                let outcome = apply::run(&mut session, plan, &options(), &mut Silent)
                    .unwrap_or_else(|e| panic!("{version}: {e}"));
                assert!(outcome.pending.is_empty(), "{version}: {outcome:?}");
                assert_eq!(
                    seen(&live),
                    "m_2 false; rows 51 and 99; m_1 has no constraint",
                    "{version}"
                );
            }
        }
    }
    pgrehearse::scratch::stop_all();
}
