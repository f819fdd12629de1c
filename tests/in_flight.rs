//! A plan that is half way: the next one neither undoes nor repeats what it did.

mod support;

use pgrehearse::apply::{self, Options, Session, Silent};
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Phase};
use pgrehearse::source::{Source, read_files};
use postgres::NoTls;
use std::collections::BTreeSet;
use std::path::PathBuf;
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
    pgrehearse::scratch::stop_all();
}
