//! A plan that is half way: the next one neither undoes nor repeats what it did.

mod support;

use pgrehearse::apply::{self, Options, Session, Silent};
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Phase};
use pgrehearse::source::{Source, read_files};
use postgres::NoTls;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;
use support::world::{Statements, World};
use support::{Live, options, outermost, server};

fn apply_phases(live: &Live, document: &Document, phases: &[Phase]) {
    let mut config = live.config.clone();
    config.options(&format!("-c role={}", live.database.role()));
    let connect = || config.connect(NoTls);
    let mut session = Session::open(&connect).expect("session");
    let options = Options {
        phases: phases.iter().copied().collect::<BTreeSet<_>>(),
        ..Options::default()
    };
    let outcome = apply::run(&mut session, document, &options, &mut Silent).expect("apply");
    assert!(outcome.stopped.is_none(), "{outcome:?}");
    assert!(outcome.pending.is_empty(), "{outcome:?}");
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn file(folder: &tempfile::TempDir, name: &str, sql: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, sql).expect("write");
    path
}

const OLD: &str = "CREATE TABLE t (id int PRIMARY KEY, n int, old_name text);
    CREATE INDEX t_n ON t (n);
    CREATE VIEW v AS SELECT id, n FROM t;";
const NEW: &str = "CREATE TABLE t (id bigint PRIMARY KEY, n bigint,
    -- pgrehearse: renamed from old_name
    new_name text);
    CREATE INDEX t_n ON t (n);
    CREATE VIEW v AS SELECT id, n FROM t;";

#[test]
fn the_next_plan_starts_from_where_the_one_under_way_leads() {
    // Nothing of it differs between.
    for version in outermost() {
        let server = server(version).expect("server");
        let folder = folder();
        let old = file(&folder, "old.sql", OLD);
        let new = Source::Files(file(&folder, "new.sql", NEW));
        let more = format!("{NEW} CREATE TABLE other (a int);");
        let more = Source::Files(file(&folder, "more.sql", &more));
        let live = Live::from_files(&server, &read_files(&old).expect("files")).expect("live");
        live.client()
            .batch_execute("INSERT INTO public.t SELECT i, i, 'x' FROM generate_series(1, 500) i")
            .expect("rows");
        let options = options(&server);
        let from = live.source();
        let plan = pipeline::plan(&from, &new, &options).expect("plan");
        let document = plan.document();
        // After each phase, and with what comes next.
        for done in [Phase::Expand, Phase::Migrate] {
            apply_phases(&live, document, &[done]);
            let again = pipeline::plan(&from, &new, &options).expect("plan again");
            assert!(again.document().is_empty(), "{version}, after {done}");
            let notices = again.document().notices.join("\n");
            assert!(notices.contains("is under way here"), "{notices}");
            let found = pipeline::differences(&from, &new, &options).expect("differences");
            assert!(
                found.is_empty(),
                "{version}, after {done}: drift is reported"
            );
            let next = pipeline::plan(&from, &more, &options).expect("the next plan");
            let titles: Vec<&str> = next
                .document()
                .steps()
                .map(|(_, s)| s.title.as_str())
                .collect();
            assert_eq!(
                titles,
                ["create table public.other"],
                "{version}, after {done}"
            );
        }
        // What has nothing to do with the plan under way need not wait for it.
        let next = pipeline::plan(&from, &more, &options).expect("the next plan");
        apply_phases(&live, next.document(), &Phase::ALL);
        apply_phases(&live, document, &[Phase::Contract]);
        let last = pipeline::plan(&from, &more, &options).expect("the last plan");
        assert!(last.document().is_empty(), "{version}");
        let wanted = Live::from_files(
            &server,
            &read_files(&folder.path().join("more.sql")).expect("files"),
        )
        .expect("wanted");
        if support::pg_dump().is_ok() {
            live.client()
                .batch_execute("DROP SCHEMA pgrehearse CASCADE")
                .expect("the ledger goes");
            support::dumps_alike(&server, &live, &wanted).expect("pg_dump");
        }
    }
}

#[test]
fn the_old_index_of_a_swap_that_was_half_dropped_is_dropped() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE INDEX t_n ON t (n)";
    let new = "CREATE TABLE t (id int PRIMARY KEY, n int); CREATE INDEX t_n ON t (n DESC)";
    for version in outermost() {
        let world = World::on(version, Statements::NotCounted, old);
        world.write("new.sql", new);
        world
            .run(&["plan", "--to", "new.sql", "--out", "plan.yaml"])
            .exits(0);
        let apply = ["apply", "--plan", "plan.yaml", "--yes"];
        world
            .run(&[&apply[..], &["--until", "contract-1"]].concat())
            .exits(0);
        let mut reader = world.client();
        reader
            .batch_execute("BEGIN; SELECT count(*) FROM t")
            .expect("a reader");
        let mut run = world
            .command(&apply)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start");
        const HALF: &str = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        let (mut look, mut admin) = (world.client(), world.live.client());
        let mut invalid = || -> i64 { look.query_one(HALF, &[]).expect("the index").get(0) };
        while invalid() == 0 {
            assert!(
                run.try_wait().expect("the run").is_none(),
                "it waited for nobody"
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        run.kill().expect("kill");
        run.wait().expect("the end");
        // The server finds out by itself that the program is gone.
        const DROPS: &str =
            "SELECT count(*) FROM pg_stat_activity WHERE query ~ '^DROP INDEX CONCURRENTLY'";
        let mut drops = || -> i64 { admin.query_one(DROPS, &[]).expect("the sessions").get(0) };
        while drops() > 0 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        reader.batch_execute("COMMIT").expect("the end");
        world.run(&apply).exits(0).says("3 of 3 steps done");
        assert_eq!(invalid(), 0);
    }
}

#[test]
fn what_a_done_step_has_made_is_as_new_to_the_next_ones_as_it_was() {
    let old = "CREATE TABLE users (n int PRIMARY KEY)";
    let new = "CREATE TABLE users (n int PRIMARY KEY);
        CREATE TABLE profiles (user_n int PRIMARY KEY REFERENCES users)";
    for version in outermost() {
        let world = World::on(version, Statements::NotCounted, old);
        world.write("new.sql", new);
        world
            .run(&["plan", "--to", "new.sql", "--out", "plan.yaml"])
            .exits(0);
        let apply = ["apply", "--plan", "plan.yaml", "--yes"];
        world
            .run(&[&apply[..], &["--until", "expand-1"]].concat())
            .exits(0)
            .says("1 of 2 steps done");
        world.run(&apply).exits(0).says("2 of 2 steps done");
    }
}
