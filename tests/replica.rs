//! Backfills beside readers of the WAL: a streaming replica that stands still, a slot that nobody reads.
//!
//! Runs on 14 and 18, or on the versions in `PGREHEARSE_TEST_VERSIONS`; one that is not to be had is named on
//! standard error.

#[path = "support/fill.rs"]
mod fill;
#[path = "support/replica.rs"]
mod replica;
#[path = "support/steps.rs"]
mod steps;
mod support;

use fill::{counting, plan};
use pgrehearse::apply::{self, Event, FillPolicy, Lag, LockPolicy, Options, Session, Stop};
use pgrehearse::pg::ServerVersion;
use pgrehearse::plan::Document;
use pgrehearse::scratch::{Binaries, Cluster, ClusterOptions};
use pgrehearse::source::database::{Environment, connect as connect_to};
use postgres::{Config, NoTls, config::Host};
use replica::Replica;
use std::time::Duration;
use steps::{connect, role, run_with};
use support::world::World;

const ROWS: &str = "
    CREATE TABLE public.fill (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, wanted bool NOT NULL DEFAULT true);
    INSERT INTO public.fill SELECT i FROM generate_series(1, 1000) i;
    ANALYZE public.fill;";

fn each_version(test: impl Fn(&Cluster)) {
    let chosen = std::env::var("PGREHEARSE_TEST_VERSIONS").unwrap_or("14,18".to_owned());
    let search = steps::search();
    for major in chosen.split(',').filter_map(|v| v.trim().parse().ok()) {
        let version = ServerVersion::from_major(major);
        match Binaries::find(version, &search) {
            Ok(binaries) => {
                let mut options = ClusterOptions::new(&search.cache);
                let settings = replica::SETTINGS.map(|(k, v)| (k.to_owned(), v.to_owned()));
                options.extra_settings = settings.to_vec();
                test(&Cluster::start(&binaries, &options).unwrap());
            }
            Err(e) => eprintln!("skipped on {version}: {e}"),
        }
    }
}

/// A database with rows to fill.
fn database(cluster: &Cluster, name: &str) -> Config {
    let config = steps::database(cluster, name);
    connect(&config).batch_execute(ROWS).unwrap();
    config
}

/// Twenty batches, and a replica may be behind by `lag`.
fn options(lag: Option<Lag>) -> Options {
    let options = fill::options();
    Options {
        backfill: FillPolicy {
            pause: Duration::from_millis(20),
            max_lag: lag,
            ..options.backfill
        },
        ..options
    }
}

fn filled(config: &Config) -> i64 {
    let query = "SELECT count(*) FROM public.fill WHERE n = 1";
    connect(config).query_one(query, &[]).unwrap().get(0)
}

/// Runs the backfill to its end; at the fifth look at who is behind, `mend` is called. What was said.
fn held_up(cluster: &Cluster, config: &Config, options: &Options, mend: impl Fn()) -> Vec<String> {
    let plan = plan(cluster.version(), &counting("public", "fill", &["id"]));
    let mut said = Vec::new();
    let mut held = Vec::new();
    let outcome = run_with(config, &plan, options, &mut |event| {
        if let Event::Throttled { step, why, .. } = event {
            assert_eq!(step, "migrate-1");
            said.push(why);
            if said.len() <= 5 {
                held.push(filled(config));
            }
            if said.len() == 5 {
                mend();
            }
        }
    });
    assert_eq!(outcome.unwrap().done, ["migrate-1"]);
    assert!(said.len() >= 5, "it was not held up: {said:?}");
    assert!(held.iter().all(|n| *n == held[0]), "it went on: {held:?}");
    assert!(held[0] < 1000, "it was at its end: {held:?}");
    assert_eq!(filled(config), 1000);
    said
}

#[test]
fn a_replica_whose_replay_is_paused_is_waited_for() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let replica = Replica::of(cluster, "standby1");
        for lag in [Lag::Time(Duration::from_millis(150)), Lag::Wal(8192)] {
            connect(&config)
                .batch_execute("UPDATE public.fill SET n = 0")
                .unwrap();
            connect(&config)
                .batch_execute("DROP SCHEMA IF EXISTS pgrehearse CASCADE")
                .unwrap();
            replica.pause();
            let said = held_up(cluster, &config, &options(Some(lag)), || replica.resume());
            assert!(said[0].starts_with("replica standby1 is "), "{said:?}");
            assert!(said[0].contains("behind"), "{said:?}");
        }
    });
}

#[test]
fn a_replica_that_is_ignored_or_stays_behind_does_not_hold_it_for_ever() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let replica = Replica::of(cluster, "standby1");
        replica.pause();
        // Written when it commits: else it is no lag for up to 0.2 s.
        connect(&config)
            .batch_execute("SET synchronous_commit = on; UPDATE public.t SET v = v")
            .unwrap();
        let plan = plan(cluster.version(), &counting("public", "fill", &["id"]));
        let mut short = options(Some(Lag::Wal(1)));
        short.lock = LockPolicy {
            max_wait: Duration::from_millis(100),
            ..short.lock
        };
        let outcome = run_with(&config, &plan, &short, &mut drop).unwrap();
        assert_eq!(outcome.exit_code(false), 5);
        let Some(stop @ Stop::Behind { .. }) = &outcome.stopped else {
            panic!("{outcome:?}");
        };
        assert!(stop.to_string().contains("standby1"), "{stop}");
        assert!(stop.help().contains("backfill.ignore_replicas"));
        assert_eq!(filled(&config), 0);

        short.backfill.ignore_replicas = vec!["standby1".to_owned()];
        let outcome = run_with(&config, &plan, &short, &mut drop).unwrap();
        assert_eq!((outcome.stopped, filled(&config)), (None, 1000));
        replica.resume();
    });
}

/// Runs `plan` until the event at which the primary is lost; the replica, which has had nothing since `cut`
/// said so, is promoted. Where the plan goes on.
fn failed_over(
    cluster: &Cluster,
    (config, replica): (&Config, &Replica),
    plan: &Document,
    cut: impl Fn(&Event) -> bool,
    lost: impl Fn(&Event) -> bool,
) -> Config {
    let open = || config.connect(NoTls);
    let mut session = Session::open(&open).unwrap();
    let pid = session.pid();
    let (mut is_cut, mut is_lost) = (false, false);
    let options = options(None);
    let outcome = apply::run(&mut session, plan, &options, &mut |event| {
        if !is_cut && cut(&event) {
            is_cut = true;
            // The server sends what it has committed within 0.2 s (wal_writer_delay).
            std::thread::sleep(Duration::from_millis(600));
            replica.cut();
        }
        if is_cut && !is_lost && lost(&event) {
            is_lost = true;
            let mut admin = connect(&cluster.superuser("postgres"));
            let end = admin.execute("SELECT pg_terminate_backend($1)", &[&pid]);
            end.unwrap();
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert!(is_lost && outcome.is_err(), "{outcome:?}");
    replica.promote();
    let mut config = replica.config.clone();
    config.dbname("shop");
    config
}

#[test]
fn a_backfill_goes_on_where_a_promoted_replica_came_to() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let replica = Replica::of(cluster, "standby1");
        let plan = plan(cluster.version(), &counting("public", "fill", &["id"]));
        let walked = |rows| move |event: &Event| matches!(event, Event::Filled { done, .. } if *done >= rows);
        let there = failed_over(
            cluster,
            (&config, &replica),
            &plan,
            walked(300),
            walked(600),
        );
        let has = filled(&there);
        assert!((1..600).contains(&has), "the replica has {has} of the rows");
        let outcome = run_with(&there, &plan, &options(None), &mut drop).unwrap();
        assert_eq!(outcome.done, ["migrate-1"]);
        assert_eq!(filled(&there), 1000, "a row was lost, or written twice");
    });
}

#[test]
fn a_plan_goes_on_from_the_step_that_a_promoted_replica_came_to() {
    each_version(|cluster| {
        let plan = steps::whole(cluster.version());
        let reference = steps::database(cluster, "reference");
        run_with(&reference, &plan, &options(None), &mut drop).unwrap();
        let config = steps::database(cluster, "shop");
        let replica = Replica::of(cluster, "standby1");
        let begins = |id: &'static str| move |event: &Event| matches!(event, Event::Statement { step, .. } if step == id);
        let there = failed_over(
            cluster,
            (&config, &replica),
            &plan,
            begins("expand-2"),
            begins("migrate-1"),
        );
        assert_ne!(steps::catalog(&there), steps::catalog(&reference));
        run_with(&there, &plan, &options(None), &mut drop).unwrap();
        assert_eq!(steps::catalog(&there), steps::catalog(&reference));
    });
}

#[test]
fn a_role_that_may_not_see_replicas_is_told_so() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        let app = role(cluster, &config, "app");
        admin
            .batch_execute(
                "ALTER TABLE public.fill OWNER TO app; GRANT CREATE ON DATABASE shop TO app",
            )
            .unwrap();
        let _replica = Replica::of(cluster, "standby1");
        let plan = plan(cluster.version(), &counting("public", "fill", &["id"]));
        let mut said = Vec::new();
        let mut run = |lag| {
            said.clear();
            let outcome = run_with(&app, &plan, &options(lag), &mut |event| {
                if let Event::Message { text } = event {
                    said.push(text);
                }
            });
            assert_eq!(outcome.unwrap().exit_code(true), 0);
            said.concat()
        };
        let text = run(Some(Lag::Wal(1 << 30)));
        assert!(
            text.contains("may not see how far replicas are behind (1 connected)"),
            "{text}"
        );
        assert!(text.contains("(GRANT pg_monitor TO app)"), "{text}");
        for again in ["GRANT pg_monitor TO app", "REVOKE pg_monitor FROM app"] {
            connect(&config)
                .batch_execute("DROP SCHEMA pgrehearse CASCADE")
                .unwrap();
            admin.batch_execute(again).unwrap();
            // Seen, or not wanted.
            let lag = again.starts_with("GRANT").then_some(Lag::Wal(1 << 30));
            assert_eq!(run(lag), "");
        }
    });
}

#[test]
fn a_slot_that_nobody_reads_is_waited_for() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let mut admin = connect(&config);
        admin
            .batch_execute("SELECT pg_create_physical_replication_slot('left', true)")
            .unwrap();
        let mut options = options(None);
        options.backfill.max_slot_wal = Some(16 << 10);
        let drop_it = || {
            let drop_it = "SELECT pg_drop_replication_slot('left')";
            connect(&config).batch_execute(drop_it).unwrap();
        };
        let said = held_up(cluster, &config, &options, drop_it);
        assert!(
            said[0].starts_with("replication slot left keeps "),
            "{said:?}"
        );
    });
}

#[test]
fn the_pause_grows_with_the_wal() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        connect(&config)
            .batch_execute("DELETE FROM public.fill WHERE id > 50")
            .unwrap();
        let mut options = options(None);
        options.backfill.max_wal_rate = Some(4 << 10);
        let plan = plan(cluster.version(), &counting("public", "fill", &["id"]));
        let mut said = Vec::new();
        run_with(&config, &plan, &options, &mut |event| {
            if let Event::Throttled { why, .. } = event {
                said.push(why);
            }
        })
        .unwrap();
        assert!(said.concat().contains("backfill.max_wal_rate"), "{said:?}");
    });
}

#[test]
fn of_several_hosts_the_one_of_the_wanted_kind_is_taken() {
    each_version(|cluster| {
        let config = database(cluster, "shop");
        let replica = Replica::of(cluster, "standby1");
        let folder = |config: &Config| match config.get_hosts() {
            [Host::Unix(path)] => path.display().to_string(),
            other => panic!("{other:?}"),
        };
        let (primary, standby) = (folder(&config), folder(&replica.config));
        let user = config.get_user().unwrap();
        let password = String::from_utf8_lossy(config.get_password().unwrap()).into_owned();
        // CREATE DATABASE has to arrive first.
        while replica
            .client()
            .query("SELECT FROM pg_database WHERE datname = 'shop'", &[])
            .unwrap()
            .is_empty()
        {
            std::thread::sleep(Duration::from_millis(20));
        }
        let is_standby = |hosts: [&str; 2], kind: &str| -> bool {
            let conninfo = format!(
                "host={} user={user} password='{password}' dbname=shop target_session_attrs={kind}",
                hosts.join(",")
            );
            let mut client = connect_to(&conninfo, &Environment::new(), None).unwrap();
            let query = "SELECT pg_is_in_recovery()";
            client.query_one(query, &[]).unwrap().get(0)
        };
        let (first, last) = ([standby.as_str(), &primary], [primary.as_str(), &standby]);
        assert!(!is_standby(first, "read-write"));
        assert!(!is_standby(first, "primary"));
        assert!(is_standby(first, "any"));
        assert!(is_standby(last, "standby"));
        assert!(is_standby(last, "prefer-standby"));
        assert!(!is_standby([&primary, &primary], "prefer-standby"));
    });
}

#[test]
fn the_progress_line_names_what_is_behind() {
    let world = World::new(
        "CREATE TABLE public.t (id int PRIMARY KEY, v int);
         INSERT INTO public.t SELECT i, i FROM generate_series(1, 500) i",
    );
    world.write(
        "new.sql",
        "CREATE TABLE public.t (
             id int PRIMARY KEY,
             v int,
             -- pgrehearse: backfill (v + 1)
             w int NOT NULL
         );",
    );
    let mut admin = world.live.client();
    admin
        .batch_execute("SELECT pg_create_physical_replication_slot('left', true)")
        .unwrap();
    let apply = [
        "apply",
        "--to",
        "new.sql",
        "--yes",
        "--set",
        "lock.max_wait=1s",
    ];
    let late = [&apply[..], &["--set", "backfill.max_slot_wal=1kB"]].concat();
    world
        .run(&late)
        .exits(5)
        .warns("paused: replication slot left keeps ")
        .warns("apply::behind");
    let ignored = [&late[..], &["--set", "backfill.ignore_replicas=left"]].concat();
    let said = world.run(&ignored).exits(0);
    assert!(!said.err.contains("paused"), "{said}");
    let filled = "SELECT count(*) FROM public.t WHERE w = v + 1";
    assert_eq!(admin.query_one(filled, &[]).unwrap().get::<_, i64>(0), 500);
    admin
        .batch_execute("SELECT pg_drop_replication_slot('left')")
        .unwrap();
}
