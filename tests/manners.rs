//! Locks on real servers with somebody else at work: who is waited for, who is given way to, what is said.

#[path = "support/steps.rs"]
mod steps;

use pgrehearse::apply::{
    self, Autovacuum, Brake, Event, LockPolicy, Options, Session, Silent, Stop, Window, rollback,
};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::LockMode;
use pgrehearse::plan::{Impact, StepRecord};
use pgrehearse::scratch::Cluster;
use postgres::{Client, Config};
use std::collections::BTreeMap;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use steps::*;

fn lock(policy: LockPolicy) -> Options {
    Options {
        lock: policy,
        ..options()
    }
}

/// Waits until `found` says yes.
fn until(what: &str, mut found: impl FnMut() -> bool) {
    let since = Instant::now();
    while !found() {
        assert!(since.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn text(blockers: &[apply::Blocker]) -> String {
    let texts: Vec<String> = blockers.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

fn client(config: &Config, name: &str) -> Client {
    let mut config = config.clone();
    config.application_name(name);
    connect(&config)
}

/// A plain role that owns the table.
fn owner(cluster: &Cluster, config: &Config) -> Config {
    let plain = role(cluster, config, "deployer");
    let database = config.get_dbname().unwrap();
    connect(config)
        .batch_execute(&format!(
            "ALTER TABLE public.t OWNER TO deployer;
             GRANT CREATE ON DATABASE {database} TO deployer;
             GRANT CREATE ON SCHEMA public TO deployer"
        ))
        .unwrap();
    plain
}

/// A step that holds ACCESS EXCLUSIVE on the table for some seconds.
fn slow(id: &str, seconds: u32) -> StepRecord {
    let sleep = format!("SELECT pg_sleep({seconds})");
    let statements = ["ALTER TABLE public.t ADD COLUMN note text", sleep.as_str()];
    let mut step = step(id, &statements, LockMode::AccessExclusive, &[]);
    step.evidence.statements[1].locks = BTreeMap::new();
    step
}

/// Starts a query of the application as soon as the step's second statement is sent, and says how it ended.
struct Reader {
    done: std::sync::mpsc::Receiver<()>,
    began: bool,
    sender: std::sync::mpsc::Sender<()>,
    config: Config,
}

impl Reader {
    fn new(config: &Config) -> Self {
        let (sender, done) = channel();
        Self {
            done,
            began: false,
            sender,
            config: config.clone(),
        }
    }

    fn see(&mut self, event: &Event) {
        if self.began || !matches!(event, Event::Statement { place: 2, .. }) {
            return;
        }
        self.began = true;
        let (config, sender) = (self.config.clone(), self.sender.clone());
        std::thread::spawn(move || {
            client(&config, "shop")
                .batch_execute("SELECT FROM public.t LIMIT 1")
                .unwrap();
            sender.send(()).unwrap();
        });
    }
}

#[test]
fn every_relation_of_the_transaction_is_looked_at() {
    any_version(|cluster| {
        let config = database(cluster, "relations");
        connect(&config)
            .batch_execute("CREATE TABLE public.u (id int)")
            .unwrap();
        let mut step = step(
            "expand-1",
            &[
                "ALTER TABLE public.t ADD COLUMN note text",
                "ALTER TABLE public.u ADD COLUMN note text",
            ],
            LockMode::AccessExclusive,
            &[],
        );
        step.evidence.statements[1].locks =
            BTreeMap::from([("public.u".to_owned(), LockMode::AccessExclusive)]);
        let plan = plan(cluster.version(), vec![step]);
        let mut reader = client(&config, "report");
        reader
            .batch_execute("BEGIN; SELECT FROM public.u LIMIT 1")
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let mut reader = Some(reader);
        let mut said = Vec::new();
        let outcome = run_with(&config, &plan, &options(), &mut |event| match event {
            Event::Waiting { waiting, .. } => {
                said.push(text(&waiting));
                // Nothing is locked while it waits.
                let mut other = connect(&config);
                other
                    .batch_execute(
                        "SET lock_timeout = '1s'; UPDATE public.t SET v = v WHERE id = 1",
                    )
                    .unwrap();
                drop(reader.take());
            }
            Event::Retry { .. } => panic!("{event:?}"),
            _ => {}
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        assert!(
            said[0].contains("report") && said[0].contains("which has ACCESS SHARE on public.u"),
            "{said:?}"
        );
    });
}

#[test]
fn a_step_that_others_wait_for_gives_way() {
    each_version(|cluster| {
        let config = database(cluster, "gives_way");
        // Who waits is seen without any right beyond its own.
        let plain = owner(cluster, &config);
        let plan = plan(cluster.version(), vec![slow("expand-1", 20)]);
        let short = lock(LockPolicy {
            attempts: 2,
            max_block: Duration::from_millis(100),
            ..options().lock
        });
        let mut reader = Reader::new(&config);
        let mut why = Vec::new();
        let outcome = run_with(&plain, &plan, &short, &mut |event| {
            reader.see(&event);
            if let Event::Retry { why: said, .. } = &event {
                why.push(said.clone());
                reader.done.recv_timeout(Duration::from_secs(10)).unwrap();
                reader.began = false;
            }
        })
        .unwrap();
        let Some(stop @ Stop::Attempts { attempts: 2, .. }) = &outcome.stopped else {
            panic!("{outcome:?}");
        };
        assert_eq!(outcome.exit_code(false), 5);
        assert!(
            why[0].contains("(shop, role") && why[0].ends_with("ms for it (lock.max_block)"),
            "{why:?}"
        );
        assert!(stop.to_string().contains("shop"), "{stop}");
        assert!(
            !catalog(&config).contains("note"),
            "the step was rolled back"
        );
    });
}

// A session belongs to its login: another role may not cancel it.
#[test]
fn a_step_under_another_role_gives_way_as_well() {
    any_version(|cluster| {
        let config = database(cluster, "role");
        owner(cluster, &config);
        let mut login = role(cluster, &config, "login");
        connect(&config)
            .batch_execute("GRANT deployer TO login")
            .unwrap();
        login.options("-c role=deployer");
        let plan = plan(cluster.version(), vec![slow("expand-1", 20)]);
        let short = lock(LockPolicy {
            attempts: 1,
            max_block: Duration::from_millis(100),
            ..options().lock
        });
        let mut reader = Reader::new(&config);
        let outcome = run_with(&login, &plan, &short, &mut |event| reader.see(&event)).unwrap();
        let Some(Stop::Attempts { why, .. }) = &outcome.stopped else {
            panic!("{outcome:?}");
        };
        assert!(why.ends_with("ms for it (lock.max_block)"), "{why}");
    });
}

#[test]
fn a_step_with_leave_to_block_goes_on() {
    any_version(|cluster| {
        let config = database(cluster, "leave_to_block");
        let mut slow = slow("expand-1", 1);
        slow.evidence.impact = Impact::Blocking;
        let plan = plan(cluster.version(), vec![slow]);
        let short = lock(LockPolicy {
            max_block: Duration::from_millis(50),
            ..options().lock
        });
        let mut reader = Reader::new(&config);
        let outcome = run_with(&config, &plan, &short, &mut |event| {
            reader.see(&event);
            assert!(!matches!(event, Event::Retry { .. }), "{event:?}");
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        reader.done.recv_timeout(Duration::from_secs(10)).unwrap();
    });
}

#[test]
fn in_the_queue_even_a_step_with_leave_gives_way() {
    any_version(|cluster| {
        let config = database(cluster, "queue");
        let mut step = add_column("expand-1");
        step.evidence.impact = Impact::Blocking;
        let plan = plan(cluster.version(), vec![step]);
        let mut report = client(&config, "report");
        report
            .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
            .unwrap();
        // It is taken for young, so that the lock is asked for; and the lock is waited for long.
        let policy = lock(LockPolicy {
            first: Duration::from_secs(60),
            timeout: Duration::from_secs(60),
            max_block: Duration::from_millis(100),
            ..options().lock
        });
        let mut report = Some(report);
        let mut said = Vec::new();
        std::thread::scope(|threads| {
            let outcome = run_with(&config, &plan, &policy, &mut |event| match event {
                Event::Statement { .. } if report.is_some() => {
                    let config = &config;
                    threads.spawn(move || {
                        let mut shop = client(config, "shop");
                        until("the step waits", || {
                            let waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'public.t'::regclass";
                            shop.query_opt(waits, &[]).unwrap().is_some()
                        });
                        shop.batch_execute(
                            "SET statement_timeout = '20s'; SELECT FROM public.t LIMIT 1",
                        )
                        .unwrap();
                    });
                }
                Event::Retry { why, blockers, .. } => {
                    said.push(format!("{why}; {}", text(&blockers)));
                    drop(report.take());
                }
                _ => {}
            });
            assert_eq!(outcome.unwrap().done.len(), 1);
        });
        assert!(
            said[0].contains("ms for it (") && said[0].contains("report"),
            "{said:?}"
        );
    });
}

/// A table whose vacuum takes long, and a worker of autovacuum that is at it.
fn vacuumed(config: &Config, to_prevent_wraparound: bool) {
    let mut admin = connect(config);
    // Two batches: ALTER SYSTEM cannot run in the transaction that a batch is.
    for set in ["autovacuum = on", "autovacuum_naptime = '1s'"] {
        admin
            .batch_execute(&format!("ALTER SYSTEM SET {set}"))
            .unwrap();
    }
    admin
        .batch_execute(
            "ALTER TABLE public.t SET (
                 autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1,
                 autovacuum_vacuum_threshold = 1, autovacuum_vacuum_scale_factor = 0,
                 autovacuum_analyze_threshold = 1000000, autovacuum_freeze_max_age = 100000);
             INSERT INTO public.t SELECT i, 1, repeat('x', 500) FROM generate_series(10001, 30000) i",
        )
        .unwrap();
    if to_prevent_wraparound {
        // Each EXCEPTION block that writes takes a transaction id.
        admin
            .batch_execute(
                "CREATE TABLE public.burn (n int);
                 DO $$
                 BEGIN
                     FOR i IN 1..110000 LOOP
                         BEGIN
                             INSERT INTO public.burn VALUES (i);
                         EXCEPTION WHEN division_by_zero THEN NULL;
                         END;
                     END LOOP;
                 END $$;
                 DROP TABLE public.burn",
            )
            .unwrap();
    } else {
        admin
            .batch_execute("DELETE FROM public.t WHERE id % 2 = 0")
            .unwrap();
    }
    admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    let query = format!(
        "SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)
          WHERE l.relation = 'public.t'::regclass AND a.backend_type = 'autovacuum worker'
            AND (a.query LIKE '%prevent wraparound%') = {to_prevent_wraparound}"
    );
    until("an autovacuum of the table", || {
        !admin.query(&query, &[]).unwrap().is_empty()
    });
}

#[test]
fn an_autovacuum_yields_and_nobody_stalls() {
    any_version(|cluster| {
        let config = database(cluster, "vacuumed");
        vacuumed(&config, false);
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut seen = Vec::new();
        let outcome = run_with(&config, &plan, &options(), &mut |event| {
            if matches!(event, Event::Waiting { .. } | Event::Retry { .. }) {
                seen.push(format!("{event:?}"));
            }
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        assert!(seen.is_empty(), "{seen:?}");
    });
}

#[test]
fn an_autovacuum_that_prevents_wraparound_is_named_and_waited_for() {
    any_version(|cluster| {
        let config = database(cluster, "wraparound");
        let plain = owner(cluster, &config);
        vacuumed(&config, true);
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let short = lock(LockPolicy {
            max_wait: Duration::from_millis(500),
            ..options().lock
        });
        // A plain role does not see what the worker does.
        for config in [&plain, &config] {
            let mut warned = Vec::new();
            let outcome = run_with(config, &plan, &short, &mut |event| {
                if let Event::Message { text } = event {
                    warned.push(text);
                }
            })
            .unwrap();
            let Some(stop @ Stop::Waited { .. }) = &outcome.stopped else {
                panic!("{outcome:?}");
            };
            assert_eq!(stop.blockers()[0].autovacuum, Some(Autovacuum::Stays));
            for text in [&stop.to_string(), &warned.join("\n")] {
                assert!(
                    text.contains("prevent wraparound, which does not yield"),
                    "{text}"
                );
            }
            assert!(
                !stop.help().contains("pg_terminate_backend"),
                "{}",
                stop.help()
            );
        }
    });
}

#[test]
fn only_blockers_that_are_idle_long_enough_are_ended() {
    any_version(|cluster| {
        let config = database(cluster, "enders");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut idle = client(&config, "forgotten");
        let mut busy = client(&config, "busy");
        for client in [&mut idle, &mut busy] {
            client
                .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
                .unwrap();
        }
        let busy = std::thread::spawn(move || {
            busy.batch_execute("SELECT pg_sleep(3); COMMIT").unwrap();
        });
        let ending = lock(LockPolicy {
            end_idle: Some(Duration::from_millis(500)),
            ..options().lock
        });
        let mut said = Vec::new();
        let outcome = run_with(&config, &plan, &ending, &mut |event| {
            if let Event::Message { text } = event {
                said.push(text);
            }
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        busy.join().unwrap();
        assert!(idle.is_closed() || idle.batch_execute("SELECT 1").is_err());
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].starts_with("ended pid") && said[0].contains("forgotten"),
            "{said:?}"
        );
    });
}

#[test]
fn an_idle_blocker_stays_without_leave() {
    any_version(|cluster| {
        let config = database(cluster, "stays");
        let plain = owner(cluster, &config);
        let plan = plan(
            cluster.version(),
            vec![add_column("expand-1"), index("expand-2")],
        );
        let mut idle = client(&config, "forgotten");
        idle.batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
            .unwrap();
        let short = lock(LockPolicy {
            max_wait: Duration::from_millis(300),
            ..options().lock
        });
        let outcome = run(&config, &plan, &short).unwrap();
        let stop = outcome.stopped.unwrap();
        assert!(
            stop.help().contains("pg_terminate_backend"),
            "{}",
            stop.help()
        );

        // Nor with it, where the right is missing: that is said, once.
        let ending = lock(LockPolicy {
            end_idle: Some(Duration::ZERO),
            ..short.lock
        });
        connect(&config)
            .batch_execute("DROP SCHEMA pgrehearse CASCADE")
            .unwrap();
        for (right, why) in [
            ("SELECT 1", "is hidden from this role"),
            ("GRANT pg_read_all_stats TO deployer", "(42501)"),
        ] {
            connect(&config).batch_execute(right).unwrap();
            let mut said = Vec::new();
            let outcome = run_with(&plain, &plan, &ending, &mut |event| {
                if let Event::Message { text } = event {
                    said.push(text);
                }
            });
            assert!(outcome.unwrap().stopped.is_some());
            assert!(
                said.len() == 1 && said[0].starts_with("could not end pid"),
                "{said:?}"
            );
            assert!(said[0].contains(why), "{said:?}");
        }
        idle.batch_execute("COMMIT").unwrap();
    });
}

#[test]
fn an_index_build_ends_the_idle_session_that_it_waits_for() {
    any_version(|cluster| {
        let config = database(cluster, "build");
        let plan = plan(cluster.version(), vec![index("expand-1")]);
        let mut idle = client(&config, "forgotten");
        idle.batch_execute("BEGIN; UPDATE public.t SET v = v WHERE id = 1")
            .unwrap();
        let ending = lock(LockPolicy {
            end_idle: Some(Duration::from_millis(300)),
            ..options().lock
        });
        let mut said = Vec::new();
        let outcome = run_with(&config, &plan, &ending, &mut |event| match event {
            Event::Message { text } => said.push(text),
            Event::Waiting { waiting, .. } => said.push(text(&waiting)),
            _ => {}
        });
        assert_eq!(outcome.unwrap().done.len(), 1);
        assert!(said.iter().any(|s| s.starts_with("ended pid")), "{said:?}");
        assert!(said[0].contains("forgotten"), "{said:?}");
    });
}

#[test]
fn a_detach_that_readers_wait_for_gives_way() {
    each_version(|cluster| {
        let config = database(cluster, "detach");
        connect(&config)
            .batch_execute(
                "CREATE TABLE public.pt (id int NOT NULL) PARTITION BY RANGE (id);
                 CREATE TABLE public.pt_1 PARTITION OF public.pt FOR VALUES FROM (0) TO (10)",
            )
            .unwrap();
        let mut step = step(
            "expand-1",
            &["ALTER TABLE public.pt DETACH PARTITION public.pt_1 CONCURRENTLY"],
            LockMode::ShareUpdateExclusive,
            &[],
        );
        step.object = ObjectId::new(KindTag::Table, ["public", "pt_1"]);
        step.done_when = Some(
            "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = 'public.pt_1'::pg_catalog.regclass)"
                .to_owned(),
        );
        step.clean = vec!["ALTER TABLE public.pt DETACH PARTITION public.pt_1 FINALIZE".to_owned()];
        let plan = plan(cluster.version(), vec![step]);
        let mut report = client(&config, "report");
        report
            .batch_execute("BEGIN; SELECT FROM public.pt_1 LIMIT 1")
            .unwrap();
        let policy = lock(LockPolicy {
            max_block: Duration::from_millis(100),
            ..options().lock
        });
        let mut report = Some(report);
        let (served, answer) = channel();
        let mut has_answer = false;
        std::thread::scope(|threads| {
            let mut shop = Some(client(&config, "shop"));
            let outcome = run_with(&config, &plan, &policy, &mut |event| {
                let Event::Waiting { waiting, since, .. } = event else {
                    return;
                };
                assert_eq!(waiting[0].application.as_deref(), Some("report"));
                if let Some(mut shop) = shop.take() {
                    let served = served.clone();
                    threads.spawn(move || {
                        shop.batch_execute("SELECT FROM public.pt_1 LIMIT 1")
                            .unwrap();
                        served.send(()).unwrap();
                    });
                }
                // The report is still at it, and so is the step: yet the shop had its answer.
                let answered = answer.try_recv().is_ok();
                has_answer |= answered;
                if answered || since > Duration::from_secs(30) {
                    drop(report.take());
                }
            });
            assert_eq!(outcome.unwrap().done.len(), 1);
        });
        assert!(has_answer, "the shop waited for the report");
    });
}

#[test]
fn a_new_table_is_dropped_when_its_reader_is_gone() {
    any_version(|cluster| {
        let config = database(cluster, "new_table");
        let mut step = step(
            "expand-1",
            &["CREATE TABLE public.n (id int)"],
            LockMode::AccessShare,
            &["DROP TABLE public.n"],
        );
        step.object = ObjectId::new(KindTag::Table, ["public", "n"]);
        step.evidence.statements[0].locks = BTreeMap::new();
        let plan = plan(cluster.version(), vec![step]);
        run(&config, &plan, &options()).unwrap();
        let mut report = client(&config, "report");
        report
            .batch_execute("BEGIN; SELECT FROM public.n LIMIT 1")
            .unwrap();
        std::thread::sleep(Duration::from_millis(100));
        let mut report = Some(report);
        let mut said = Vec::new();
        let open = || config.connect(postgres::NoTls);
        let mut session = Session::open(&open).unwrap();
        let mut observer = |event: Event| match event {
            Event::Waiting { waiting, .. } => {
                said.push(text(&waiting));
                drop(report.take());
            }
            Event::Retry { .. } => panic!("{event:?}"),
            _ => {}
        };
        let undone = rollback::run(&mut session, &plan, None, &options(), &mut observer).unwrap();
        assert_eq!(undone.undone, ids(&["expand-1"]));
        assert!(said[0].contains("public.n"), "{said:?}");
        drop(rollback::run(
            &mut session,
            &plan,
            None,
            &options(),
            &mut Silent,
        ));
    });
}

// ---- stopping ----

/// Nothing of the plan stands, not even a ledger.
fn is_untouched(config: &Config) -> bool {
    let query = "SELECT FROM pg_namespace WHERE nspname = 'pgrehearse'";
    connect(config).query(query, &[]).unwrap().is_empty()
}

fn with_brake(brake: Brake) -> Options {
    Options { brake, ..options() }
}

/// A window around the server's time, in minutes from now.
fn window(config: &Config, from: i32, to: i32, zone: &str) -> Window {
    let query = "SELECT to_char(clock_timestamp() AT TIME ZONE $3 + make_interval(mins => $1), 'HH24:MI') || '-'
                     || to_char(clock_timestamp() AT TIME ZONE $3 + make_interval(mins => $2), 'HH24:MI') || $3";
    let row = connect(config).query_one(query, &[&from, &to, &zone]);
    row.unwrap().get::<_, String>(0).parse().unwrap()
}

#[test]
fn outside_of_the_window_nothing_begins() {
    any_version(|cluster| {
        let config = database(cluster, "outside");
        let plan = whole(cluster.version());
        for zone in ["UTC", "Asia/Kolkata"] {
            let closed = with_brake(Brake {
                window: Some(window(&config, 120, 180, zone)),
                ..Brake::default()
            });
            let outcome = run(&config, &plan, &closed).unwrap();
            assert_eq!((outcome.exit_code(false), outcome.pending.len()), (5, 5));
            let stop = outcome.stopped.unwrap();
            let query = "SELECT to_char(clock_timestamp() AT TIME ZONE $1 + interval '2 hours', 'YYYY-MM-DD HH24:MI ') || $1";
            let opens: String = connect(&config).query_one(query, &[&zone]).unwrap().get(0);
            assert_eq!(stop.code(), "apply::window");
            // The minute may have passed meanwhile.
            assert!(
                stop.to_string().contains(&opens[..14]) && stop.to_string().ends_with(zone),
                "{stop}, not {opens}"
            );
            assert!(is_untouched(&config));
        }
        let nowhere = with_brake(Brake {
            window: Some("02:00-05:00 Middle/Earth".parse().unwrap()),
            ..Brake::default()
        });
        let error = run(&config, &plan, &nowhere).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("apply::time_zone", 2));
        let open = with_brake(Brake {
            window: Some(window(&config, -60, 60, "Asia/Kolkata")),
            ..Brake::default()
        });
        assert_eq!(run(&config, &plan, &open).unwrap().done.len(), 5);
    });
}

#[test]
fn the_pause_file_and_a_signal_stop_between_steps() {
    any_version(|cluster| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pause");
        let brake = Brake {
            pause_file: Some(file.clone()),
            ..Brake::default()
        };
        let (pausing, signalled) = (with_brake(brake), options());
        for (options, code) in [
            (&pausing, "apply::paused"),
            (&signalled, "apply::interrupted"),
        ] {
            let config = database(cluster, &code.replace("::", "_"));
            let plan = whole(cluster.version());
            let outcome = run_with(&config, &plan, options, &mut |event| {
                // In the middle of the second step.
                if matches!(&event, Event::Statement { step, .. } if step == "expand-2") {
                    match code {
                        "apply::paused" => std::fs::write(&file, "").unwrap(),
                        _ => options.brake.interrupt.set(),
                    }
                }
            })
            .unwrap();
            assert_eq!(outcome.now, ids(&["expand-1", "expand-2"]));
            assert_eq!(outcome.exit_code(false), 5);
            assert_eq!(outcome.stopped.unwrap().code(), code);
            if code == "apply::paused" {
                let again = run(&config, &plan, options).unwrap();
                assert_eq!((again.now.len(), again.done.len()), (0, 2));
                std::fs::remove_file(&file).unwrap();
                assert_eq!(run(&config, &plan, options).unwrap().done.len(), 5);
            } else {
                let fresh = self::options();
                assert_eq!(run(&config, &plan, &fresh).unwrap().done.len(), 5);
            }
        }
    });
}

#[test]
fn while_it_waits_for_others_it_stops_at_once() {
    any_version(|cluster| {
        let config = database(cluster, "stops_waiting");
        let plan = plan(cluster.version(), vec![add_column("expand-1")]);
        let mut report = client(&config, "report");
        report
            .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
            .unwrap();
        let options = options();
        let outcome = run_with(&config, &plan, &options, &mut |event| {
            if matches!(event, Event::Waiting { .. }) {
                options.brake.interrupt.set();
            }
        });
        // The reader is still there.
        assert_eq!(outcome.unwrap().stopped, Some(Stop::Interrupted));
        report.batch_execute("COMMIT").unwrap();
    });
}

#[test]
fn until_a_step_runs_no_further() {
    any_version(|cluster| {
        let config = database(cluster, "until");
        let plan = whole(cluster.version());
        let to = |step: &str| Options {
            until: Some(step.to_owned()),
            ..options()
        };
        let error = run(&config, &plan, &to("expand-9")).unwrap_err();
        assert_eq!(
            (error.code(), error.exit_code()),
            ("apply::unknown_step", 2)
        );
        assert!(is_untouched(&config));
        let outcome = run(&config, &plan, &to("expand-2")).unwrap();
        assert_eq!(outcome.done, ids(&["expand-1", "expand-2"]));
        assert_eq!((outcome.pending.len(), outcome.exit_code(true)), (0, 0));
        let outcome = run(&config, &plan, &to("migrate-1")).unwrap();
        assert_eq!(outcome.now, ids(&["expand-3", "migrate-1"]));
        assert_eq!(run(&config, &plan, &options()).unwrap().done.len(), 5);
    });
}

#[test]
fn a_forecast_tells_what_a_run_does_and_writes_nothing() {
    any_version(|cluster| {
        let config = database(cluster, "forecast");
        let mut plan = whole(cluster.version());
        plan.phases[2].steps[0].gate = Some(pgrehearse::plan::Gate::Confirm {
            what: "wait 7 days".to_owned(),
        });
        let before = catalog(&config);
        let mut report = client(&config, "report");
        report
            .batch_execute("BEGIN; SELECT FROM public.t LIMIT 1")
            .unwrap();
        let open = || config.connect(postgres::NoTls);
        let mut session = Session::open(&open).unwrap();
        let found = apply::forecast(&mut session, &plan, &options(), &mut Silent).unwrap();
        let steps: Vec<&str> = found.steps.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(steps, ["expand-1", "expand-2", "expand-3", "migrate-1"]);
        assert_eq!(
            found.steps[0].blockers[0].application.as_deref(),
            Some("report")
        );
        assert!(found.steps[1].blockers.is_empty(), "{:?}", found.steps[1]);
        let stops = found.stops.unwrap();
        assert!(
            stops.contains("contract-1") && stops.contains("7 days"),
            "{stops}"
        );
        assert!(is_untouched(&config) && catalog(&config) == before);

        report.batch_execute("COMMIT").unwrap();
        let outcome = run(&config, &plan, &options()).unwrap();
        assert_eq!(outcome.now, steps);
        let found = apply::forecast(&mut session, &plan, &options(), &mut Silent).unwrap();
        assert!(found.steps.is_empty());
        plan.server_version = pgrehearse::pg::ServerVersion::from_major(13);
        let error = apply::forecast(&mut session, &plan, &options(), &mut Silent).unwrap_err();
        assert_eq!(error.exit_code(), 3);
    });
}
