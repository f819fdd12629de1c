//! Apply on real servers: locks that are not to be had, kills at every statement, restarts, rollback.
//!
//! Runs on every version of 14 to 18 that is installed or cached; one that is not to be had is named on
//! standard error.

#[path = "support/steps.rs"]
mod steps;

use pgrehearse::apply::rollback;
use pgrehearse::apply::{
    self, ApplyError, Event, Gates, LockPolicy, Options, Session, StepState, Stop, resume, status,
};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::{Ident, LockMode, ServerVersion};
use pgrehearse::plan::{Phase, Rollback};
use pgrehearse::scratch::Cluster;
use postgres::{Config, NoTls};
use rustix::process::{Pid, Signal, getpid, kill_process};
use std::process::Command;
use std::time::{Duration, Instant};
use steps::*;

// ---- tests ----

#[test]
fn a_plan_is_applied_once_and_taken_back_to_the_start() {
    each_version(|cluster| {
        let config = database(cluster, "whole");
        let before = catalog(&config);
        let plan = whole(cluster.version());
        let outcome = run(&config, &plan, &options()).unwrap();
        assert_eq!(outcome.done.len(), 5);
        assert_eq!(outcome.exit_code(true), 0);
        let after = catalog(&config);
        assert!(
            after.contains("note text")
                && after.contains("t_v")
                && after.contains("_deprecated_old")
        );

        let mut client = connect(&config);
        let again = run(&config, &plan, &options()).unwrap();
        assert_eq!((again.now.len(), again.done.len()), (0, 5));
        let found = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
        assert_eq!(found.plans[0].state, "done");
        assert_eq!(found.plans[0].next, None);
        assert!(found.plans[0].finished_at.is_some());

        // From the ledger, without the file.
        let ledger = apply::ledger::Ledger::new(&Ident::new("pgrehearse"));
        let recorded = ledger.document(&mut client, None).unwrap();
        assert_eq!(recorded, plan);
        let undone = roll_back(&config, &recorded, Some(Phase::Expand)).unwrap();
        assert_eq!(undone.undone, ids(&["contract-1", "migrate-1"]));
        let undone = roll_back(&config, &recorded, None).unwrap();
        assert_eq!(undone.undone, ids(&["expand-3", "expand-2", "expand-1"]));
        assert_eq!(undone.exit_code(), 0);
        assert_eq!(catalog(&config), before);
        let found = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
        assert_eq!(found.plans[0].state, "rolled back");

        run(&config, &plan, &options()).unwrap();
        assert_eq!(catalog(&config), after);
    });
}

#[test]
fn phases_go_separately_and_in_order() {
    any_version(|cluster| {
        let config = database(cluster, "phases");
        let plan = whole(cluster.version());
        let error = run(&config, &plan, &phases(&[Phase::Migrate])).unwrap_err();
        assert!(matches!(error, ApplyError::PhaseOrder { .. }), "{error}");
        assert_eq!(error.exit_code(), 3);
        // Nothing was changed, not even a ledger made.
        let mut client = connect(&config);
        let none = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
        assert!(none.plans.is_empty());

        let outcome = run(&config, &plan, &phases(&[Phase::Expand])).unwrap();
        assert_eq!(outcome.done, ids(&["expand-1", "expand-2", "expand-3"]));
        assert_eq!((outcome.pending.len(), outcome.exit_code(true)), (0, 0));
        let found = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
        assert_eq!(found.plans[0].state, "waiting");
        assert_eq!(found.plans[0].next.as_ref().unwrap().id, "migrate-1");
        let error = run(&config, &plan, &phases(&[Phase::Contract])).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        run(&config, &plan, &phases(&[Phase::Migrate])).unwrap();
        let outcome = run(&config, &plan, &phases(&[Phase::Contract])).unwrap();
        assert_eq!(outcome.now, ids(&["contract-1"]));
    });
}

#[test]
fn a_closed_gate_leaves_the_rest_pending() {
    any_version(|cluster| {
        let config = database(cluster, "gate");
        let mut plan = whole(cluster.version());
        plan.phases[2].steps[0].gate = Some(pgrehearse::plan::Gate::Confirm {
            what: "wait 7 days".to_owned(),
        });
        let outcome = run(&config, &plan, &options()).unwrap();
        assert_eq!(outcome.pending, ids(&["contract-1"]));
        assert_eq!(
            outcome.gate.as_deref(),
            Some("wait 7 days; --confirm contract-1 says so")
        );
        assert_eq!((outcome.exit_code(false), outcome.exit_code(true)), (0, 5));
        let confirmed = |step: &str| Options {
            gates: Gates {
                confirmed: [step.to_owned()].into(),
                ..Gates::default()
            },
            ..options()
        };
        let unknown = run(&config, &plan, &confirmed("contract-7")).unwrap_err();
        assert!(unknown.to_string().contains("contract-7"), "{unknown}");
        let open = confirmed("contract-1");
        assert!(run(&config, &plan, &open).unwrap().pending.is_empty());
    });
}

#[test]
fn an_audit_that_cannot_be_made_needs_a_yes() {
    any_version(|cluster| {
        let config = database(cluster, "unaudited");
        let mut plan = whole(cluster.version());
        let column = ObjectId::new(KindTag::Column, ["public", "t", "old"]);
        plan.phases[2].steps[0].gate = Some(pgrehearse::plan::Gate::Audit {
            object: column,
            seconds: 0,
        });
        let outcome = run(&config, &plan, &options()).unwrap();
        let gate = outcome.gate.unwrap();
        assert!(gate.starts_with("unaudited: "), "{gate}");
        assert!(outcome.pending.contains(&"contract-1".to_owned()));
        let yes = Options {
            yes: true,
            ..options()
        };
        let outcome = run(&config, &plan, &yes).unwrap();
        assert!(outcome.pending.is_empty(), "{outcome:?}");
    });
}

#[test]
fn an_irreversible_step_stops_the_rollback() {
    any_version(|cluster| {
        let config = database(cluster, "irreversible");
        let mut plan = whole(cluster.version());
        plan.phases[2].steps[0].rollback = Rollback::Irreversible {
            why: "the data are gone".to_owned(),
        };
        run(&config, &plan, &options()).unwrap();
        let before = catalog(&config);
        let error = roll_back(&config, &plan, None).unwrap_err();
        assert_eq!(
            (error.exit_code(), error.code()),
            (3, "apply::irreversible")
        );
        assert_eq!(catalog(&config), before);
        let nothing = roll_back(&config, &plan, Some(Phase::Contract)).unwrap();
        assert!(nothing.undone.is_empty());
    });
}

#[test]
fn a_step_that_leaves_something_says_so_and_is_done_when_the_plan_is_applied_again() {
    any_version(|cluster| {
        let config = database(cluster, "leave");
        let mut step = add_column("expand-1");
        let what = ObjectId::new(KindTag::Column, ["public", "t", "note"]);
        step.rollback = Rollback::Leave {
            what: what.clone(),
            why: "harmless".to_owned(),
        };
        let plan = plan(cluster.version(), vec![step]);
        run(&config, &plan, &options()).unwrap();
        for _ in 0..2 {
            let undone = roll_back(&config, &plan, None).unwrap();
            assert_eq!(undone.left[0].what, what);
            let twice = roll_back(&config, &plan, None).unwrap();
            assert!(
                twice.undone.is_empty() && twice.left.is_empty(),
                "{twice:?}"
            );
            let again = run(&config, &plan, &options()).unwrap();
            assert!(
                again.now.is_empty() && again.pending.is_empty(),
                "{again:?}"
            );
        }
    });
}

#[test]
fn a_reader_that_goes_away_is_waited_for_outside_the_queue() {
    any_version(|cluster| {
        let config = database(cluster, "goes");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut reader = connect(&config);
        reader
            .batch_execute(
                "SET application_name = 'report'; BEGIN; SELECT 'secret' FROM public.t LIMIT 1",
            )
            .unwrap();
        // Older than `first`.
        std::thread::sleep(Duration::from_millis(100));
        let gone = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(600));
            reader.batch_execute("COMMIT").unwrap();
        });
        let mut named = Vec::new();
        let mut retries = 0;
        let outcome = run_with(&config, &plan, &options(), &mut |event| match event {
            Event::Waiting { waiting, .. } => named.push(waiting[0].to_string()),
            Event::Retry { .. } => retries += 1,
            _ => {}
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        gone.join().unwrap();
        assert_eq!(
            retries, 0,
            "it asked for the lock while the reader was there"
        );
        assert!(
            named[0].contains("report") && named[0].contains("idle in transaction"),
            "{named:?}"
        );
        assert!(!named[0].contains("secret"), "{named:?}");
    });
}

#[test]
fn a_reader_that_stays_ends_in_a_safe_stop() {
    any_version(|cluster| {
        let config = database(cluster, "stays");
        let plan = whole(cluster.version());
        let mut reader = connect(&config);
        reader
            .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
            .unwrap();
        let short = Options {
            lock: LockPolicy {
                max_wait: Duration::from_millis(300),
                ..options().lock
            },
            ..options()
        };
        let outcome = run(&config, &plan, &short).unwrap();
        assert!(
            matches!(outcome.stopped, Some(Stop::Waited { .. })),
            "{outcome:?}"
        );
        assert_eq!((outcome.exit_code(false), outcome.pending.len()), (5, 5));
        assert_eq!(outcome.stopped.unwrap().blockers().len(), 1);
        let mut client = connect(&config);
        let found = status::read(&mut client, &Ident::new("pgrehearse")).unwrap();
        assert_eq!(found.plans[0].state, "stopped");
        assert_eq!(found.plans[0].next.as_ref().unwrap().blockers.len(), 1);

        // Younger than `first`: it counts on the time-out, and its attempts are limited.
        let hasty = Options {
            lock: LockPolicy {
                first: Duration::from_secs(3600),
                timeout: Duration::from_millis(50),
                attempts: 3,
                ..options().lock
            },
            ..options()
        };
        let mut retries = 0;
        let outcome = run_with(&config, &plan, &hasty, &mut |event| {
            retries += usize::from(matches!(event, Event::Retry { .. }));
        })
        .unwrap();
        assert!(
            matches!(&outcome.stopped, Some(Stop::Attempts { attempts: 3, blockers, .. }) if blockers.len() == 1),
            "{outcome:?}"
        );
        assert_eq!(retries, 2);
        drop(reader);
        assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 5);
    });
}

#[test]
fn only_one_run_works_on_a_database() {
    any_version(|cluster| {
        let config = database(cluster, "two");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let other = Options {
            wait_for_other: Duration::ZERO,
            ..options()
        };
        let mut second = None;
        run_with(&config, &plan, &options(), &mut |event| {
            if matches!(event, Event::StepStarted { .. }) {
                second = Some(run(&config, &plan, &other).unwrap());
            }
        })
        .unwrap();
        let second = second.unwrap();
        assert_eq!(second.exit_code(false), 5);
        let Some(Stop::Held {
            holder: Some(holder),
        }) = second.stopped
        else {
            panic!("{second:?}");
        };
        assert!(holder.pid > 0 && holder.since.is_some());
        assert_eq!(holder.application.as_deref(), Some("pgrehearse"));
    });
}

#[test]
fn a_missing_right_is_refused_with_its_grant() {
    any_version(|cluster| {
        let config = database(cluster, "rights");
        let login = role(cluster, &config, "deployer");
        let before = catalog(&config);
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let error = run(&login, &plan, &options()).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        let help = error.help().unwrap();
        assert!(
            help.contains("GRANT CREATE ON DATABASE rights TO deployer"),
            "{help}"
        );
        assert!(error.to_string().contains("public.t belongs to"), "{error}");
        assert_eq!(catalog(&config), before);

        let mut admin = connect(&config);
        admin
            .batch_execute("ALTER TABLE public.t OWNER TO deployer; GRANT CREATE ON DATABASE rights TO deployer; GRANT CREATE ON SCHEMA public TO deployer")
            .unwrap();
        assert_eq!(run(&login, &plan, &options()).unwrap().done.len(), 1);

        // The ledger is deployer's; another role may not read it.
        let other = role(cluster, &config, "reader");
        let error = status::read(&mut connect(&other), &Ident::new("pgrehearse")).unwrap_err();
        assert!(error.help().unwrap().contains("TO reader"), "{error:?}");
    });
}

#[test]
fn preflight_refuses_and_warns() {
    any_version(|cluster| {
        let config = database(cluster, "preflight");
        let mut plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut admin = connect(&config);
        admin
            .batch_execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.t_pkey'::regclass")
            .unwrap();
        let error = run(&config, &plan, &options()).unwrap_err();
        assert_eq!(
            error.help().as_deref(),
            Some("DROP INDEX CONCURRENTLY public.t_pkey")
        );
        admin
            .batch_execute("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'public.t_pkey'::regclass")
            .unwrap();

        admin
            .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1; PREPARE TRANSACTION 'left behind'")
            .unwrap();
        let short = Options {
            lock: LockPolicy {
                max_wait: Duration::from_millis(100),
                ..options().lock
            },
            ..options()
        };
        let mut said = Vec::new();
        let outcome = run_with(&config, &plan, &short, &mut |event| {
            if let Event::Message { text } = event {
                said.push(text);
            }
        })
        .unwrap();
        assert!(said[0].contains("left behind"), "{said:?}");
        let stop = outcome.stopped.unwrap();
        let help = stop.help();
        assert!(help.contains("ROLLBACK PREPARED 'left behind'"), "{help}");
        let stop = stop.to_string();
        assert!(
            stop.contains("prepared transaction \"left behind\""),
            "{stop}"
        );
        admin
            .batch_execute("ROLLBACK PREPARED 'left behind'")
            .unwrap();

        admin
            .batch_execute("ALTER DATABASE preflight SET default_transaction_read_only = on")
            .unwrap();
        let error = run(&config, &plan, &options()).unwrap_err();
        assert!(error.to_string().contains("read-only"), "{error}");
        admin
            .batch_execute("ALTER DATABASE preflight RESET default_transaction_read_only")
            .unwrap();

        plan.server_version = ServerVersion::from_major(13);
        let error = run(&config, &plan, &options()).unwrap_err();
        assert_eq!(error.exit_code(), 3);
        assert!(error.to_string().contains("PostgreSQL 13"), "{error}");
    });
}

#[test]
fn an_invalid_index_of_ours_is_built_again() {
    each_version(|cluster| {
        let config = database(cluster, "invalid");
        let plan = plan(cluster.version(), vec![index("expand-1")]);
        // A reader of the table makes the build wait; the build is then cancelled from outside.
        let mut reader = connect(&config);
        reader
            .batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
            .unwrap();
        let mut admin = connect(&config);
        let mut waited_for = None;
        let error = run_with(&config, &plan, &options(), &mut |event| {
            if let Event::Waiting { waiting, .. } = event {
                waited_for = waiting[0].pid;
                admin
                    .batch_execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%'")
                    .unwrap();
                reader.batch_execute("SELECT 1").unwrap();
                if !reader.is_closed() {
                    reader.batch_execute("COMMIT").unwrap();
                }
            }
        });
        assert!(waited_for.is_some());
        // Cancelled by a person: it ends, cleaned. Or it was through before the cancel came.
        if let Err(error) = error {
            assert_eq!((error.exit_code(), error.code()), (1, "apply::statement"));
            assert!(
                !catalog(&config).contains("INDEX t_v"),
                "{}",
                catalog(&config)
            );
        }

        // As after a crash in the middle of the build: INVALID, and the row says running.
        let mut client = connect(&config);
        client
            .batch_execute(
                "DROP INDEX IF EXISTS public.t_v; CREATE INDEX t_v ON public.t (v);
                 UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.t_v'::regclass;
                 UPDATE pgrehearse.step SET state = 'running'",
            )
            .unwrap();
        let schema = Ident::new("pgrehearse");
        let position = resume::position(&mut client, &plan, &schema).unwrap();
        assert_eq!(position.state("expand-1"), StepState::HalfDone);
        assert_eq!(
            position.accepted_fingerprints(&plan),
            ["before", "before expand-1", "after expand-1"]
        );
        assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 1);
        assert!(
            catalog(&config).contains("(v) truetrue"),
            "{}",
            catalog(&config)
        );
    });
}

#[test]
fn a_deadlock_of_the_build_is_tried_again() {
    any_version(|cluster| {
        let config = database(cluster, "deadlock");
        let plan = plan(cluster.version(), vec![index("expand-1")]);
        let mut writer = connect(&config);
        writer
            .batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
            .unwrap();
        // The build waits for the writer; when the writer asks for a lock that conflicts with the build's,
        // the server cancels the one that looks first: the build has to be the victim.
        writer
            .batch_execute("SET deadlock_timeout = '60s'; SET LOCAL lock_timeout = 0")
            .unwrap();
        let mut writer = Some(writer);
        let mut other = None;
        let mut retries = 0;
        let outcome = run_with(&config, &plan, &options(), &mut |event| match event {
            Event::Waiting { .. } => {
                if let Some(mut writer) = writer.take() {
                    other = Some(std::thread::spawn(move || {
                        writer
                            .batch_execute(
                                "LOCK TABLE public.t IN SHARE UPDATE EXCLUSIVE MODE; COMMIT",
                            )
                            .unwrap();
                    }));
                }
            }
            Event::Retry { .. } => retries += 1,
            _ => {}
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        other.unwrap().join().unwrap();
        assert_eq!(retries, 1);
        assert!(catalog(&config).contains("(v) truetrue"));
    });
}

#[test]
fn somebody_elses_index_of_that_name_is_left_alone() {
    any_version(|cluster| {
        let config = database(cluster, "taken");
        connect(&config)
            .batch_execute("CREATE INDEX t_v ON public.t (old)")
            .unwrap();
        let mut step = index("expand-1");
        // As if the probe compared definitions.
        step.done_when = Some("SELECT false".to_owned());
        let plan = plan(cluster.version(), vec![step.clone()]);
        let error = run(&config, &plan, &options()).unwrap_err();
        assert_eq!(error.code(), "apply::name_taken");
        assert!(catalog(&config).contains("t_v ON public.t USING btree (old)"));
        // Without evidence to know the name by, the server's answer decides, and stays decided.
        step.evidence.statements.clear();
        let blind = self::plan(cluster.version(), vec![step]);
        for _ in 0..2 {
            let error = run(&config, &blind, &options()).unwrap_err();
            assert_eq!(error.code(), "apply::statement", "{error}");
            assert!(catalog(&config).contains("t_v ON public.t USING btree (old)"));
        }
    });
}

#[test]
fn a_build_that_waits_too_long_is_stopped() {
    any_version(|cluster| {
        let config = database(cluster, "patience");
        let plan = plan(cluster.version(), vec![index("expand-1")]);
        let mut writer = connect(&config);
        writer
            .batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
            .unwrap();
        let short = Options {
            max_concurrent_wait: Duration::from_millis(200),
            ..options()
        };
        let outcome = run(&config, &plan, &short).unwrap();
        assert!(
            matches!(outcome.stopped, Some(Stop::Waited { .. })),
            "{outcome:?}"
        );
        writer.batch_execute("COMMIT").unwrap();
        assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 1);
    });
}

#[test]
fn a_failing_statement_leaves_nothing_of_its_step() {
    any_version(|cluster| {
        let config = database(cluster, "fails");
        let bad = step(
            "expand-2",
            &[
                "ALTER TABLE public.t ADD COLUMN more int",
                "ALTER TABLE public.t ADD CHECK (v > 50)",
            ],
            LockMode::AccessExclusive,
            &[],
        );
        let plan = plan(cluster.version(), vec![add_column("expand-1"), bad]);
        let error = run(&config, &plan, &options()).unwrap_err();
        assert!(
            matches!(&error, ApplyError::Statement { place: 2, .. }),
            "{error}"
        );
        assert_eq!(error.exit_code(), 1);
        assert_eq!(error.state().unwrap().done, ids(&["expand-1"]));
        assert!(!catalog(&config).contains("more"));
        connect(&config)
            .batch_execute("UPDATE public.t SET v = 51")
            .unwrap();
        assert_eq!(
            run(&config, &plan, &options()).unwrap().now,
            ids(&["expand-2"])
        );
    });
}

// ---- kills ----

fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn a_server_crash_in_the_middle_is_resumed() {
    for at in 0..14 {
        any_version(|cluster| {
            let config = database(cluster, "crash");
            let plan = whole(cluster.version());
            let mut events = 0;
            let open = || config.connect(NoTls);
            let mut session = Session::open(&open).unwrap();
            let backend = u32::try_from(session.pid()).unwrap();
            // A backend that dies makes the server end all sessions and recover.
            let mut observer = |_: Event| {
                if events == at {
                    kill(backend);
                    std::thread::sleep(Duration::from_millis(100));
                }
                events += 1;
            };
            match apply::run(&mut session, &plan, &options(), &mut observer) {
                Err(error) => {
                    assert_eq!(
                        (error.code(), error.exit_code()),
                        ("apply::connection_lost", 1),
                        "{error}"
                    );
                    assert!(error.help().unwrap().contains("run it again"));
                }
                Ok(outcome) => panic!("killed at {at}: {outcome:?}"),
            }
            drop(session);
            let since = Instant::now();
            while config.connect(NoTls).is_err() && since.elapsed() < Duration::from_secs(20) {
                std::thread::sleep(Duration::from_millis(20));
            }
            assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 5);
            let whole = database(cluster, "reference");
            run(&whole, &plan, &options()).unwrap();
            assert_eq!(catalog(&config), catalog(&whole), "killed at {at}");
        });
    }
}

const CHILD: &str = "PGREHEARSE_TEST_CHILD";

// Not a test of its own: what the next one starts in a process that kills itself at an event.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else {
        return;
    };
    let words: Vec<&str> = task.split('\n').collect();
    let [host, user, password, database, version, direction, at] = words.as_slice() else {
        panic!("{words:?}");
    };
    let mut config = Config::new();
    config
        .host_path(host)
        .port(5432)
        .user(user)
        .password(*password)
        .dbname(database);
    let plan = whole(ServerVersion::from_major(version.parse().unwrap()));
    let at: usize = at.parse().unwrap();
    let mut events = 0;
    let mut observer = |_: Event| {
        if events == at {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        events += 1;
    };
    let open = || config.connect(NoTls);
    let mut session = Session::open(&open).unwrap();
    if *direction == "back" {
        rollback::run(&mut session, &plan, None, &options(), &mut observer).unwrap();
    } else {
        apply::run(&mut session, &plan, &options(), &mut observer).unwrap();
    }
}

/// Runs the plan in a process that is killed at an event; whether it was.
fn killed(cluster: &Cluster, config: &Config, direction: &str, at: usize) -> bool {
    let sockets = cluster.path().join("s");
    let password = String::from_utf8(config.get_password().unwrap().to_vec()).unwrap();
    let task = [
        sockets.to_str().unwrap(),
        config.get_user().unwrap(),
        &password,
        config.get_dbname().unwrap(),
        &cluster.version().to_string(),
        direction,
        &at.to_string(),
    ]
    .join("\n");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--test-threads=1"])
        .env(CHILD, task)
        .output()
        .unwrap();
    use std::os::unix::process::ExitStatusExt;
    assert!(
        output.status.success() || output.status.signal() == Some(9),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    !output.status.success()
}

#[test]
fn killed_at_any_event_it_is_resumed_and_ends_the_same() {
    each_version(|cluster| {
        let plan = whole(cluster.version());
        let reference = database(cluster, "reference");
        let before = catalog(&reference);
        run(&reference, &plan, &options()).unwrap();
        let after = catalog(&reference);
        let mut at = 0;
        loop {
            let config = database(cluster, &format!("k{at}"));
            let was_killed = killed(cluster, &config, "forth", at);
            // Every second time it is not resumed but taken back.
            if at % 2 == 0 {
                let outcome = run(&config, &plan, &options()).unwrap();
                assert_eq!(outcome.done.len(), 5, "killed at {at}: {outcome:?}");
                assert_eq!(catalog(&config), after, "killed at {at}");
            } else {
                let undone = roll_back(&config, &plan, None).unwrap();
                assert_eq!(undone.stopped, None, "killed at {at}");
                assert_eq!(catalog(&config), before, "killed at {at}");
            }
            if !was_killed {
                break;
            }
            at += 1;
        }
        assert!(at >= 17, "only {at} kills");
        eprintln!("PostgreSQL {}: {at} kills forth", cluster.version());
    });
}

#[test]
fn a_rollback_killed_at_any_event_goes_on() {
    each_version(|cluster| {
        let plan = whole(cluster.version());
        let mut at = 0;
        loop {
            let config = database(cluster, &format!("b{at}"));
            let before = catalog(&config);
            run(&config, &plan, &options()).unwrap();
            let was_killed = killed(cluster, &config, "back", at);
            let undone = roll_back(&config, &plan, None).unwrap();
            assert_eq!(
                (undone.stopped, undone.remaining),
                (None, Vec::new()),
                "killed at {at}"
            );
            assert_eq!(catalog(&config), before, "killed at {at}");
            if !was_killed {
                break;
            }
            at += 1;
        }
        assert!(at >= 10, "only {at} kills");
        eprintln!("PostgreSQL {}: {at} kills back", cluster.version());
    });
}
