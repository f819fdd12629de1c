//! Functions of the application name tables without a schema: while a step runs, they find them as in a session of the
//! role, in the rehearsal and in apply; what the plan itself says names its schemas.

mod support;

use pgrehearse::apply::{self, Options, Session, Silent, rollback};
use pgrehearse::pipeline;
use pgrehearse::plan::Phase;
use pgrehearse::source::{DesiredFiles, Source, SourceFile};
use postgres::NoTls;
use std::path::Path;
use support::{Live, outermost, server};

const OLD: &str = "
    CREATE SCHEMA app;
    CREATE SCHEMA \"Other App\";
    CREATE TABLE app.users (id bigint PRIMARY KEY, n int);
    CREATE TABLE \"Other App\".audit (of text NOT NULL, id bigint NOT NULL);
    CREATE TABLE app.least (value bigint NOT NULL);
    CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO audit VALUES (TG_TABLE_NAME, NEW.id); RETURN NEW; END $$;
    CREATE FUNCTION app.fine(n bigint) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT n >= value FROM least';
    CREATE TRIGGER note AFTER UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION app.note();";

fn files(text: &str) -> DesiredFiles {
    let file = SourceFile::new("schema.sql", text.to_owned());
    DesiredFiles::from_files(vec![file]).expect("a file")
}

#[test]
fn a_backfill_fires_a_trigger_that_names_no_schema() {
    let text = OLD.replace("n int", "n bigint CONSTRAINT n_is_fine CHECK (app.fine(n))");
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("search_path.sql");
    std::fs::write(&new, text).expect("write the new schema");
    for version in outermost() {
        let server = match server(version) {
            Ok(server) => server,
            Err(why) => {
                eprintln!("skipped: {why}");
                continue;
            }
        };
        let live = Live::from_files(&server, &files(OLD)).expect("the old schema");
        let set = format!(
            "ALTER DATABASE \"{}\" SET search_path = app, \"Other App\";
             INSERT INTO app.least VALUES (1);
             INSERT INTO app.users SELECT i, i FROM generate_series(1, 20) i",
            live.database.name()
        );
        live.client().batch_execute(&set).expect("set it");
        let planned = pipeline::plan(
            &live.source(),
            &Source::Files(new.clone()),
            &support::options(&server),
        )
        .unwrap_or_else(|e| panic!("{version}: {e}"));
        let plan = planned.document();
        let open = || live.config.connect(NoTls);
        let until = |phases: &[Phase]| {
            let options = Options {
                phases: phases.iter().copied().collect(),
                ..Options::default()
            };
            let mut session = Session::open(&open).expect("a session");
            apply::run(&mut session, plan, &options, &mut Silent)
                .unwrap_or_else(|e| panic!("{version}: {e}"));
        };
        let audited = || -> i64 {
            let count = "SELECT count(*) FROM \"Other App\".audit";
            live.client().query_one(count, &[]).expect("count").get(0)
        };
        until(&[Phase::Expand]);
        until(&[Phase::Migrate]);
        assert_eq!(audited(), 20, "{version}");
        let mut session = Session::open(&open).expect("a session");
        rollback::run(&mut session, plan, None, &Options::default(), &mut Silent)
            .unwrap_or_else(|e| panic!("{version}: {e}"));
        drop(session);
        until(&[Phase::Expand, Phase::Migrate, Phase::Contract]);
        let checked = live
            .client()
            .batch_execute("INSERT INTO app.users VALUES (99, 0)");
        let error = checked.expect_err("the new check");
        assert!(support::plans::message(&error).contains("n_is_fine"));
        let again = pipeline::plan(
            &live.source(),
            &Source::Files(new.clone()),
            &support::options(&server),
        );
        let again = again.unwrap_or_else(|e| panic!("{version}: {e}"));
        assert_eq!(again.document().steps().count(), 0, "{version}");
    }
    pgrehearse::scratch::stop_all();
}
