//! An event trigger fires on live and never in a rehearsal.

#[path = "support/steps.rs"]
mod steps;
mod support;

use pgrehearse::pipeline;
use pgrehearse::plan::Rehearsed;
use pgrehearse::scratch::Scratch;
use pgrehearse::source::Source;
use std::sync::Arc;
use support::{Live, options, outermost, server};

fn plan(server: &Arc<Scratch>, live: &Live, text: &str) -> Rehearsed {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.sql");
    std::fs::write(&file, text).expect("write");
    pipeline::plan(&live.source(), &Source::Files(file), &options(server)).expect("a plan")
}

const REFUSING: &str = "CREATE TABLE t (id int PRIMARY KEY);
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'nobody changes % here', tg_tag; END $$;
    CREATE EVENT TRIGGER frozen ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
        EXECUTE FUNCTION refuse();
    COMMENT ON EVENT TRIGGER frozen IS 'a freeze';";

#[test]
fn it_fires_on_live_alone() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let live = Live::empty(&server);
        let document = plan(&server, &live, REFUSING);
        let done = steps::run(&live.config, document.document(), &steps::options());
        done.expect("applied by a superuser");
        assert!(plan(&server, &live, REFUSING).document().is_empty());
        let mut client = live.client();
        let event = "SELECT evtevent::text FROM pg_event_trigger WHERE evtname = 'frozen'";
        let event: String = client.query_one(event, &[]).expect(event).get(0);
        assert_eq!(event, "ddl_command_start");
        let refused = client.batch_execute("ALTER TABLE t ADD COLUMN v int");
        assert!(refused.is_err());
        // The rehearsal is not stopped by it, and says that live may be.
        let more = REFUSING.replace("KEY)", "KEY, v int)");
        let document = plan(&server, &live, &more);
        let notices = &document.document().notices;
        assert!(
            notices
                .iter()
                .any(|n| n.contains("event triggers run on live") && n.contains("frozen")),
            "{notices:?}"
        );
        let off = format!("{REFUSING} ALTER EVENT TRIGGER frozen DISABLE;");
        let document = plan(&server, &live, &off);
        let done = steps::run(&live.config, document.document(), &steps::options());
        done.expect("applied by a superuser");
        client
            .batch_execute("ALTER TABLE t ADD COLUMN v int")
            .expect("it is off");
    }
}
