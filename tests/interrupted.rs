//! Runs that somebody or something breaks off in the middle: what is said, what is left, how it goes on.

#[path = "support/steps.rs"]
mod steps;

use pgrehearse::apply::rollback;
use pgrehearse::apply::status::{self, PlanStatus};
use pgrehearse::apply::{self, ApplyError, Event, Options, Session, Stop};
use pgrehearse::pg::{Ident, LockMode};
use postgres::{Client, Config, NoTls};
use std::time::Duration;
use steps::*;

fn status_of(config: &Config) -> PlanStatus {
    let mut client = connect(config);
    let mut found = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
    found.plans.remove(0)
}

/// A writer of the table, for whose end a build waits.
fn writer(config: &Config) -> Client {
    let mut writer = connect(config);
    writer
        .batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
        .unwrap();
    writer
}

/// Does `what` to the session that builds or drops an index.
fn to_the_build(config: &Config, what: &str) {
    let sql = format!(
        "SELECT {what}(pid) FROM pg_stat_activity
          WHERE query LIKE '%INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
    );
    connect(config).batch_execute(&sql).unwrap();
}

#[test]
fn a_run_that_is_told_to_stop_cancels_a_build_and_says_what_it_leaves() {
    any_version(|cluster| {
        let config = database(cluster, "told");
        let plan = plan(cluster.version(), vec![index("expand-1")]);
        let mut writer = writer(&config);
        let options = options();
        let mut said = Vec::new();
        let outcome = run_with(&config, &plan, &options, &mut |event| match event {
            Event::Waiting { .. } => options.brake.interrupt.set(),
            Event::Message { text } => said.push(text),
            _ => {}
        })
        .unwrap();
        // The writer is still there.
        assert_eq!(outcome.stopped, Some(Stop::Interrupted));
        assert_eq!(outcome.exit_code(false), 5);
        assert!(said[0].contains("public.t_v is left INVALID"), "{said:?}");
        assert!(catalog(&config).contains("(v) false"));
        let found = status_of(&config);
        assert_eq!(found.state, "stopped");
        assert!(found.next.unwrap().begun);
        writer.batch_execute("COMMIT").unwrap();
        run(&config, &plan, &self::options()).unwrap();
        assert!(catalog(&config).contains("(v) truetrue"));
    });
}

#[test]
fn a_validation_that_waits_is_cancelled_and_leaves_nothing() {
    any_version(|cluster| {
        let config = database(cluster, "validation");
        let constraint = step(
            "expand-1",
            &["ALTER TABLE public.t ADD CONSTRAINT positive CHECK (v >= 0) NOT VALID"],
            LockMode::AccessExclusive,
            &["ALTER TABLE public.t DROP CONSTRAINT positive"],
        );
        let validation = step(
            "migrate-1",
            &["ALTER TABLE public.t VALIDATE CONSTRAINT positive"],
            LockMode::ShareUpdateExclusive,
            &[],
        );
        let plan = plan(cluster.version(), vec![constraint, validation]);
        let options = options();
        let mut other = None;
        let outcome = run_with(&config, &plan, &options, &mut |event| match event {
            Event::StepStarted { step, .. } if step == "migrate-1" => {
                let mut client = connect(&config);
                client
                    .batch_execute("BEGIN; LOCK TABLE public.t IN SHARE UPDATE EXCLUSIVE MODE")
                    .unwrap();
                other = Some(client);
            }
            Event::Waiting { .. } => options.brake.interrupt.set(),
            _ => {}
        })
        .unwrap();
        assert_eq!(outcome.stopped, Some(Stop::Interrupted));
        assert_eq!(outcome.done, ids(&["expand-1"]));
        assert!(catalog(&config).contains("NOT VALID"));
        drop(other);
        assert_eq!(run(&config, &plan, &self::options()).unwrap().done.len(), 2);
    });
}

#[test]
fn what_an_administrator_cancels_is_resumed() {
    each_version(|cluster| {
        for (name, what, code) in [
            ("cancelled", "pg_cancel_backend", "apply::statement"),
            ("ended", "pg_terminate_backend", "apply::connection_lost"),
        ] {
            let config = database(cluster, name);
            let plan = whole(cluster.version());
            let mut writer = Some(writer(&config));
            // The first step takes ACCESS EXCLUSIVE: the writer comes after it.
            writer.as_mut().unwrap().batch_execute("COMMIT").unwrap();
            let error = run_with(&config, &plan, &options(), &mut |event| match event {
                Event::StepStarted { step, .. } if step == "expand-2" => {
                    writer = Some(self::writer(&config));
                }
                Event::Waiting { .. } => {
                    to_the_build(&config, what);
                    drop(writer.take());
                }
                _ => {}
            })
            .unwrap_err();
            assert_eq!((error.code(), error.exit_code()), (code, 1), "{error}");
            assert_eq!(error.state().unwrap().done, ids(&["expand-1"]));
            let help = error.help().unwrap();
            assert!(help.contains("run it again"), "{help}");
            assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 5);
            assert!(catalog(&config).contains("(v) truetrue"));
        }
    });
}

#[test]
fn a_full_disk_is_named_and_resumed() {
    any_version(|cluster| {
        let config = database(cluster, "disk");
        let mut admin = connect(&config);
        admin
            .batch_execute(
                "CREATE FUNCTION public.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
                     BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
                 CREATE TRIGGER full_disk BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.full_disk()",
            )
            .unwrap();
        let fill = step(
            "migrate-1",
            &["UPDATE public.t SET note = 'x'"],
            LockMode::RowExclusive,
            &[],
        );
        let plan = plan(cluster.version(), vec![add_column("expand-1"), fill]);
        let error = run(&config, &plan, &options()).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("apply::statement", 1));
        let help = error.help().unwrap();
        assert!(
            help.contains("1 of 2 steps done") && help.contains("make room"),
            "{help}"
        );
        admin
            .batch_execute("DROP TRIGGER full_disk ON public.t")
            .unwrap();
        assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 2);
    });
}

#[test]
fn status_says_how_far_a_rollback_is_and_how_it_goes_on() {
    any_version(|cluster| {
        let config = database(cluster, "half");
        let before = catalog(&config);
        let plan = whole(cluster.version());
        run(&config, &plan, &options()).unwrap();
        assert_eq!(status_of(&config).rollback, None);

        // Ended while it drops the index of the second step.
        let mut writer = None;
        let open = || config.connect(NoTls);
        let mut session = Session::open(&open).unwrap();
        let mut observer = |event: Event| match event {
            Event::StepStarted { step, .. } if step == "expand-2" => {
                writer = Some(self::writer(&config));
            }
            Event::Waiting { .. } => {
                to_the_build(&config, "pg_terminate_backend");
                drop(writer.take());
            }
            _ => {}
        };
        let error =
            rollback::run(&mut session, &plan, None, &options(), &mut observer).unwrap_err();
        assert_eq!(error.code(), "apply::connection_lost", "{error}");
        drop(session);

        let found = status_of(&config);
        assert_eq!(found.state, "interrupted");
        let back = found.rollback.unwrap();
        assert_eq!(back.undone, ids(&["expand-3", "migrate-1", "contract-1"]));
        assert_eq!(back.remaining, ids(&["expand-2", "expand-1"]));
        let half = back.half.unwrap();
        assert_eq!((half.id.as_str(), half.undone, half.of), ("expand-2", 0, 1));
        let error = run(&config, &plan, &options()).unwrap_err();
        assert!(
            matches!(error, ApplyError::RollbackUnderWay { .. }),
            "{error}"
        );

        // Stopped between two steps, apply may go forth again.
        let stopping = options();
        let mut observer = |event: Event| {
            if let Event::StepDone { .. } = event {
                stopping.brake.interrupt.set();
            }
        };
        let mut session = Session::open(&open).unwrap();
        let undone =
            apply::rollback::run(&mut session, &plan, None, &stopping, &mut observer).unwrap();
        assert_eq!(undone.remaining, ids(&["expand-1"]));
        drop(session);
        let found = status_of(&config);
        assert_eq!(found.state, "stopped");
        let back = found.rollback.unwrap();
        assert_eq!((back.half, back.remaining), (None, ids(&["expand-1"])));
        run(&config, &plan, &options()).unwrap();
        assert_eq!(status_of(&config).rollback, None);

        roll_back(&config, &plan, None).unwrap();
        let found = status_of(&config);
        assert_eq!(
            (found.state.as_str(), found.rollback),
            ("rolled back", None)
        );
        assert_eq!(catalog(&config), before);
    });
}

#[test]
fn an_index_that_a_rollback_has_half_built_is_built_again() {
    each_version(|cluster| {
        let config = database(cluster, "back");
        connect(&config)
            .batch_execute("CREATE INDEX t_v ON public.t (v)")
            .unwrap();
        // As in a swap: the step is about the table, and the index is only in its statements.
        let drop = step(
            "contract-1",
            &["DROP INDEX public.t_v"],
            LockMode::AccessExclusive,
            &[
                "COMMENT ON TABLE public.t IS 'back'",
                "CREATE INDEX CONCURRENTLY t_v ON public.t (v)",
            ],
        );
        let plan = plan(cluster.version(), vec![drop]);
        run(&config, &plan, &options()).unwrap();
        let mut writer = None;
        let open = || config.connect(NoTls);
        let mut session = Session::open(&open).unwrap();
        let mut observer = |event: Event| match event {
            Event::Statement { place: 2, .. } => writer = Some(self::writer(&config)),
            Event::Waiting { .. } => {
                to_the_build(&config, "pg_terminate_backend");
                std::mem::drop(writer.take());
            }
            _ => {}
        };
        rollback::run(&mut session, &plan, None, &options(), &mut observer).unwrap_err();
        assert!(
            catalog(&config).contains("(v) false"),
            "{}",
            catalog(&config)
        );
        roll_back(&config, &plan, None).unwrap();
        assert!(
            catalog(&config).contains("(v) truetrue"),
            "{}",
            catalog(&config)
        );
    });
}

#[test]
fn an_index_that_a_run_has_half_dropped_comes_back() {
    each_version(|cluster| {
        let config = database(cluster, "half_dropped");
        connect(&config)
            .batch_execute("CREATE INDEX t_v ON public.t (v)")
            .unwrap();
        let mut drop = step(
            "contract-1",
            &["DROP INDEX CONCURRENTLY public.t_v"],
            LockMode::ShareUpdateExclusive,
            &["CREATE INDEX CONCURRENTLY t_v ON public.t (v)"],
        );
        drop.done_when = Some("SELECT pg_catalog.to_regclass('public.t_v') IS NULL".to_owned());
        let plan = plan(cluster.version(), vec![drop]);
        let mut writer = Some(self::writer(&config));
        run_with(&config, &plan, &options(), &mut |event| {
            if let Event::Waiting { .. } = event {
                to_the_build(&config, "pg_terminate_backend");
                std::mem::drop(writer.take());
            }
        })
        .unwrap_err();
        assert!(catalog(&config).contains("(v) false"));
        roll_back(&config, &plan, None).unwrap();
        assert!(
            catalog(&config).contains("(v) truetrue"),
            "{}",
            catalog(&config)
        );
    });
}

#[test]
fn a_run_that_was_killed_at_its_very_end_is_done() {
    any_version(|cluster| {
        let config = database(cluster, "very_end");
        let plan = whole(cluster.version());
        run(&config, &plan, &options()).unwrap();
        let mut client = connect(&config);
        let forget = "UPDATE pgrehearse.plan SET state = 'running', finished_at = NULL";
        client.batch_execute(forget).unwrap();
        assert_eq!(status_of(&config).state, "done");
        roll_back(&config, &plan, None).unwrap();
        client.batch_execute(forget).unwrap();
        assert_eq!(status_of(&config).state, "rolled back");
        // The next one notes it.
        roll_back(&config, &plan, None).unwrap();
        let state: String = client
            .query_one("SELECT state FROM pgrehearse.plan", &[])
            .unwrap()
            .get(0);
        assert_eq!(state, "rolled back");
    });
}

#[test]
fn a_run_waits_until_the_session_of_a_killed_one_is_gone() {
    let options = Options::default();
    assert!(options.wait_for_other >= Duration::from_secs(4));
}
