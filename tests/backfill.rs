//! Backfills on real servers: every shape of key, partitions, restarts, writers at the same time.
//!
//! Runs on 14 and 18, or on the versions in `PGREHEARSE_TEST_VERSIONS`.

#[path = "support/fill.rs"]
mod fill;
mod support;

use fill::{counting, options, plan, plan_of};
use pgrehearse::apply::{
    self, ApplyError, Event, LockPolicy, Options, Outcome, Session, Silent, StepState, Stop,
    ledger::Ledger, resume, rollback, status,
};
use pgrehearse::catalog::{Scope, read, read::read_sizes};
use pgrehearse::pg::{Ident, LockMode, Qualified, ServerVersion, session};
use pgrehearse::plan::{Assignment, Backfill, Document, Fill, Impact};
use pgrehearse::rehearse::{self, Request, Seen};
use pgrehearse::render::{Colour, markdown, sql, text};
use pgrehearse::scratch::DatabaseSettings;
use pgrehearse::strategy::SmallTable;
use postgres::Client;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{Live, server};

// ---- plans ----

fn each_version(test: impl Fn(ServerVersion, &Live)) {
    for version in support::outermost() {
        let server = server(version).unwrap();
        test(version, &Live::empty(&server));
    }
}

fn newest(test: impl Fn(ServerVersion, &Live)) {
    let version = support::outermost().pop().unwrap();
    test(version, &Live::empty(&server(version).unwrap()));
}

fn run_with(
    live: &Live,
    plan: &Document,
    options: &Options,
    observer: &mut dyn FnMut(Event),
) -> Result<Outcome, ApplyError> {
    let open = || live.config.connect(postgres::NoTls);
    let mut session = Session::open(&open)?;
    let mut observer = |event: Event| observer(event);
    apply::run(&mut session, plan, options, &mut observer)
}

/// Runs the plan to its end; the batches.
fn run(live: &Live, plan: &Document) -> usize {
    let mut batches = 0;
    let outcome = run_with(live, plan, &options(), &mut |event| {
        batches += usize::from(matches!(event, Event::Filled { .. }));
    });
    let outcome = outcome.unwrap();
    assert_eq!(outcome.done, ["migrate-1"], "{outcome:?}");
    batches
}

fn one<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, query: &str) -> T {
    client.query_one(query, &[]).unwrap().get(0)
}

fn position(client: &mut Client) -> Option<serde_json::Value> {
    one(client, "SELECT backfill_position FROM pgrehearse.step")
}

// ---- every key ----

/// Key columns with their types, how they come from `i`, and the key.
const KEYS: &[(&str, &str, &[&str])] = &[
    ("id bigint", "i", &["id"]),
    ("a integer, b text", "i % 3, 'x' || i", &["a", "b"]),
    (
        "a text COLLATE \"C\", b date, c integer",
        "'k' || i % 2, date '2024-01-01' + i % 7, i",
        &["a", "b", "c"],
    ),
    ("id text", "E'it''s \\\\ ' || i || E'\\n\"ü'", &["id"]),
    ("id uuid", "md5(i::text)::uuid", &["id"]),
    ("id character(6)", "i::text", &["id"]),
    ("id varchar(20)", "'v' || i", &["id"]),
    (
        "id timestamptz",
        "timestamptz '2024-01-01' + i * interval '1.000001 s'",
        &["id"],
    ),
    ("id double precision", "i / 3.0::float8", &["id"]),
    ("id bytea", "decode(md5(i::text), 'hex')", &["id"]),
    ("id integer[]", "ARRAY[i % 5, i]", &["id"]),
    (
        "a public.mood, b integer",
        "CASE i % 2 WHEN 0 THEN 'sad' ELSE 'glad' END::public.mood, i",
        &["a", "b"],
    ),
    ("id public.positive", "i", &["id"]),
    (
        "\"Se lect\" integer, \"a\"\"b\" integer",
        "i % 4, i",
        &["Se lect", "a\"b"],
    ),
];

#[test]
fn every_kind_of_key_is_walked_in_batches() {
    each_version(|version, live| {
        let mut client = live.client();
        client
            .batch_execute(
                "CREATE TYPE public.mood AS ENUM ('sad', 'glad');
                 CREATE DOMAIN public.positive AS integer CHECK (VALUE > 0);
                 CREATE SCHEMA \"We ird\"",
            )
            .unwrap();
        for (columns, values, key) in KEYS {
            let quoted: Vec<String> = key
                .iter()
                .map(|k| format!("\"{}\"", k.replace('"', "\"\"")))
                .collect();
            let table = "\"We ird\".\"Ta\"\"ble\"";
            client
                .batch_execute(&format!(
                    "DROP TABLE IF EXISTS {table};
                     CREATE TABLE {table} ({columns}, wanted boolean NOT NULL, n integer NOT NULL DEFAULT 0,
                        CONSTRAINT k PRIMARY KEY ({}));
                     INSERT INTO {table} SELECT {values}, i % 10 <> 0 FROM generate_series(1, 700) i;
                     CREATE TEMP TABLE IF NOT EXISTS seen (x text);
                     TRUNCATE seen; INSERT INTO seen SELECT DISTINCT xmin::text FROM {table}",
                    quoted.join(", ")
                ))
                .unwrap();
            let backfill = counting("We ird", "Ta\"ble", key);
            let plan = plan(version, &backfill);
            let batches = run(live, &plan);
            assert!((14..=20).contains(&batches), "{columns}: {batches} batches");
            let wrong: i64 = one(
                &mut client,
                &format!("SELECT count(*) FROM {table} WHERE n <> wanted::int"),
            );
            assert_eq!(wrong, 0, "{columns} on {version}");
            // What needs nothing is not written; each batch is a transaction of its own.
            let rewritten: i64 = one(
                &mut client,
                &format!(
                    "SELECT count(*) FROM {table} WHERE NOT wanted AND xmin::text NOT IN (SELECT x FROM seen)"
                ),
            );
            assert_eq!(rewritten, 0, "{columns}");
            let largest: i64 = one(
                &mut client,
                &format!(
                    "SELECT max(c) FROM (SELECT count(*) AS c FROM {table} WHERE wanted GROUP BY xmin::text) x"
                ),
            );
            assert!(
                largest <= 50,
                "{columns}: {largest} rows in one transaction"
            );
            client
                .batch_execute("DROP SCHEMA pgrehearse CASCADE")
                .unwrap();
        }
    });
}

#[test]
fn a_table_without_a_key_is_walked_by_pages() {
    each_version(|version, live| {
        let mut client = live.client();
        client
            .batch_execute(
                "CREATE TABLE public.t (id int, wanted boolean, n int DEFAULT 0, pad text);
                 INSERT INTO public.t SELECT i, true, 0, repeat('x', 500) FROM generate_series(1, 2000) i",
            )
            .unwrap();
        client.batch_execute("VACUUM ANALYZE public.t").unwrap();
        let mut backfill = counting("public", "t", &[]);
        let Fill::Update { pending, .. } = &mut backfill.work else {
            unreachable!();
        };
        "n = 0".clone_into(pending);
        let plan = plan(version, &backfill);
        let mut other = live.client();
        let (mut batches, mut moved) = (0, None::<i64>);
        run_with(live, &plan, &options(), &mut |event| {
            if matches!(event, Event::Filled { .. }) {
                batches += 1;
                if batches == 10 {
                    // The last row is not filled yet, and goes to a page that was walked.
                    other.batch_execute("VACUUM public.t").unwrap();
                    other
                        .batch_execute("UPDATE public.t SET pad = pad || 'y' WHERE id = 2000")
                        .unwrap();
                    moved = Some(one(
                        &mut other,
                        "SELECT ((ctid::text::point)[0])::bigint FROM public.t WHERE id = 2000 AND n = 0",
                    ));
                }
            }
        })
        .unwrap();
        assert!(
            moved.is_some_and(|page| page < 25),
            "it moved to page {moved:?}"
        );
        assert!(batches >= 40, "{batches} batches");
        let wrong: i64 = one(&mut client, "SELECT count(*) FROM public.t WHERE n <> 1");
        assert_eq!(wrong, 0);
        let written: i64 = one(
            &mut client,
            "SELECT count(DISTINCT xmin::text) FROM public.t",
        );
        assert!(written >= 30, "{written} transactions");
    });
}

#[test]
fn each_partition_is_walked_and_may_come_and_go() {
    for key in [&["id"][..], &[]] {
        each_version(|version, live| {
            let mut client = live.client();
            client
                .batch_execute(
                    "CREATE TABLE public.t (id int, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0)
                        PARTITION BY RANGE (id);
                     CREATE TABLE public.\"P 2\" PARTITION OF public.t FOR VALUES FROM (300) TO (600) PARTITION BY LIST (id);
                     CREATE TABLE public.p1 PARTITION OF public.t FOR VALUES FROM (0) TO (300);
                     CREATE TABLE public.\"Sub\" PARTITION OF public.\"P 2\" DEFAULT;
                     CREATE TABLE public.zz PARTITION OF public.t FOR VALUES FROM (600) TO (700);
                     CREATE TABLE public.rest PARTITION OF public.t DEFAULT;
                     ALTER TABLE public.t ADD UNIQUE (id);
                     INSERT INTO public.t SELECT i FROM generate_series(0, 999) i;
                     CREATE TABLE public.aa (id int, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0);
                     INSERT INTO public.aa SELECT i FROM generate_series(2000, 2099) i",
                )
                .unwrap();
            let backfill = counting("public", "t", key);
            let mut backfill = backfill;
            if let Fill::Update { pending, .. } = &mut backfill.work {
                "n = 0".clone_into(pending);
            }
            let plan = plan(version, &backfill);
            let mut other = live.client();
            let mut batches = 0;
            run_with(live, &plan, &options(), &mut |event| {
                if matches!(event, Event::Filled { .. }) {
                    batches += 1;
                    if batches == 8 {
                        other
                            .batch_execute(
                                "ALTER TABLE public.t ATTACH PARTITION public.aa FOR VALUES FROM (2000) TO (2100);
                                 DROP TABLE public.zz",
                            )
                            .unwrap();
                    }
                }
            })
            .unwrap();
            let (rows, filled): (i64, i64) = (
                one(&mut client, "SELECT count(*) FROM public.t"),
                one(&mut client, "SELECT count(*) FROM public.t WHERE n = 1"),
            );
            assert_eq!((rows, filled), (1000, 1000), "{key:?} on {version}");
            assert!(batches > 8, "{batches} batches");
        });
    }
}

#[test]
fn rows_of_another_table_are_inserted_unless_they_are_there() {
    each_version(|version, live| {
        let mut client = live.client();
        client
            .batch_execute(
                "CREATE TABLE public.t (id int PRIMARY KEY, name text, wanted boolean);
                 INSERT INTO public.t SELECT i, 'n' || i, i % 2 = 0 FROM generate_series(1, 400) i;
                 CREATE TABLE public.\"Pro file\" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"Na me\" text);
                 INSERT INTO public.\"Pro file\" OVERRIDING SYSTEM VALUE VALUES (10, 'kept')",
            )
            .unwrap();
        let backfill = Backfill {
            table: Qualified::new("public", "t"),
            key: vec![Ident::new("id")],
            work: Fill::Insert {
                into: Qualified::new("public", "Pro file"),
                set: vec![
                    Assignment::new(Ident::new("id"), "id"),
                    Assignment::new(Ident::new("Na me"), "upper(name)"),
                ],
                only: Some("wanted".to_owned()),
                key: Vec::new(),
            },
        };
        let plan = plan(version, &backfill);
        assert!(run(live, &plan) >= 8);
        let check = "SELECT string_agg(DISTINCT CASE WHEN \"Na me\" = upper('n' || id) AND id % 2 = 0 THEN 'right' ELSE \"Na me\" END, ' ')
                     || ' ' || count(*) FROM public.\"Pro file\"";
        assert_eq!(one::<String>(&mut client, check), "kept right 200");
    });
}

#[test]
fn a_row_that_is_deleted_meanwhile_does_not_come_back() {
    newest(|version, live| {
        let mut client = live.client();
        client
            .batch_execute(
                "CREATE TABLE public.t (id int PRIMARY KEY);
                 INSERT INTO public.t SELECT generate_series(1, 10);
                 CREATE TABLE public.copy (id int PRIMARY KEY);
                 CREATE FUNCTION public.follow() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN DELETE FROM public.copy WHERE id = OLD.id; RETURN OLD; END';
                 CREATE TRIGGER follow AFTER DELETE ON public.t FOR EACH ROW EXECUTE FUNCTION public.follow()",
            )
            .unwrap();
        client
            .batch_execute("BEGIN; DELETE FROM public.t WHERE id = 5")
            .unwrap();
        let backfill = Backfill {
            table: Qualified::new("public", "t"),
            key: vec![Ident::new("id")],
            work: Fill::Insert {
                into: Qualified::new("public", "copy"),
                set: vec![Assignment::new(Ident::new("id"), "id")],
                only: None,
                key: Vec::new(),
            },
        };
        let mut waited = false;
        run_with(live, &plan(version, &backfill), &options(), &mut |event| {
            if matches!(event, Event::Waiting { .. } | Event::Retry { .. }) && !waited {
                waited = true;
                client.batch_execute("COMMIT").unwrap();
            }
        })
        .unwrap();
        assert!(waited);
        let mut client = live.client();
        let copied: Vec<i32> = one(
            &mut client,
            "SELECT array_agg(id ORDER BY id) FROM public.copy",
        );
        assert_eq!(copied, [1, 2, 3, 4, 6, 7, 8, 9, 10]);
    });
}

// ---- interruptions ----

const COUNTED: &str = "
    CREATE TABLE public.t (id int PRIMARY KEY, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0);
    INSERT INTO public.t SELECT i FROM generate_series(1, 500) i;
    ANALYZE public.t";

const END_BACKEND: &str = "
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'pgrehearse' AND datname = current_database() AND pid <> pg_backend_pid()";

fn wrong(client: &mut Client) -> i64 {
    one(
        client,
        "SELECT count(*) FROM public.t WHERE n <> wanted::int",
    )
}

#[test]
fn killed_after_any_batch_it_goes_on_and_fills_each_row_once() {
    each_version(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let ledger = Ident::new("pgrehearse");
        let (mut kills, mut before) = (0, 0);
        loop {
            let mut killer = live.client();
            let mut first = None;
            let mut batches = 0;
            let result = run_with(live, &plan, &options(), &mut |event| {
                if let Event::Filled { done, total, .. } = event {
                    assert_eq!(total, 500);
                    first.get_or_insert(done);
                    batches += 1;
                    if batches == 2 {
                        assert!(one::<i64>(&mut killer, END_BACKEND) >= 1);
                    }
                }
            });
            // It goes on where it was, not before.
            assert!(
                first.is_none_or(|done| done > before),
                "{first:?} after {before}"
            );
            match result {
                Ok(outcome) => {
                    assert_eq!(outcome.now, ["migrate-1"]);
                    break;
                }
                Err(error) => assert_eq!(error.code(), "apply::connection_lost", "{error}"),
            }
            kills += 1;
            let found = resume::position(&mut client, &plan, &ledger).unwrap();
            assert_eq!(found.state("migrate-1"), StepState::Filling);
            assert_eq!(found.accepted_fingerprints(&plan), ["1:same"]);
            let found = status::read(&mut client, &ledger).unwrap();
            let next = found.plans[0].next.clone().unwrap();
            let filled = next.filled.unwrap();
            assert!(next.begun && filled.part() == Some("public.t"));
            assert!(filled.rows > before, "{} after {before}", filled.rows);
            before = filled.rows;
        }
        assert!(kills >= 4, "{kills} kills");
        assert_eq!(wrong(&mut client), 0);
        let found = status::read(&mut client, &ledger).unwrap();
        assert_eq!(found.plans[0].next, None);
    });
}

#[test]
fn a_killed_walk_of_partitions_or_pages_goes_on_too() {
    for key in [&["id"][..], &[]] {
        each_version(|version, live| {
            let mut client = live.client();
            client
                .batch_execute(
                    "CREATE TABLE public.t (id int UNIQUE, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0, pad text)
                        PARTITION BY RANGE (id);
                     CREATE TABLE public.p1 PARTITION OF public.t FOR VALUES FROM (0) TO (300);
                     CREATE TABLE public.p2 PARTITION OF public.t FOR VALUES FROM (300) TO (600);
                     INSERT INTO public.t SELECT i, true, 0, repeat('x', 200) FROM generate_series(0, 599) i;
                     ANALYZE public.t",
                )
                .unwrap();
            let mut backfill = counting("public", "t", key);
            if let (Fill::Update { pending, .. }, true) = (&mut backfill.work, key.is_empty()) {
                "n = 0".clone_into(pending);
            }
            let plan = plan(version, &backfill);
            let mut parts = Vec::new();
            for _ in 0..100 {
                let mut killer = live.client();
                let mut batches = 0;
                let result = run_with(live, &plan, &options(), &mut |event| {
                    batches += usize::from(matches!(event, Event::Filled { .. }));
                    if batches == 3 {
                        batches += 1;
                        one::<i64>(&mut killer, END_BACKEND);
                    }
                });
                if result.is_ok() {
                    break;
                }
                let at = position(&mut client).unwrap();
                parts.push(at["at"]["part"].as_str().unwrap().to_owned());
            }
            assert_eq!(wrong(&mut client), 0, "{key:?} on {version}");
            parts.dedup();
            assert_eq!(parts, ["public.p1", "public.p2"], "{key:?}");
        });
    }
}

#[test]
fn a_rolled_back_backfill_forgets_its_position() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let mut killer = live.client();
        let mut batches = 0;
        run_with(live, &plan, &options(), &mut |event| {
            batches += usize::from(matches!(event, Event::Filled { .. }));
            if batches == 3 {
                batches += 1;
                one::<i64>(&mut killer, END_BACKEND);
            }
        })
        .unwrap_err();
        assert!(position(&mut client).is_some());
        let open = || live.config.connect(postgres::NoTls);
        let mut session = Session::open(&open).unwrap();
        let back = |session: &mut Session<'_>| {
            rollback::run(session, &plan, None, &options(), &mut Silent).unwrap()
        };
        assert_eq!(back(&mut session).undone, ["migrate-1"]);
        assert_eq!(position(&mut client), None);
        let found = resume::position(&mut client, &plan, &Ident::new("pgrehearse")).unwrap();
        assert_eq!(found.state("migrate-1"), StepState::RolledBack);
        // From the start: as if the rollback had taken the column away.
        client.batch_execute("UPDATE public.t SET n = 0").unwrap();
        run(live, &plan);
        assert_eq!(wrong(&mut client), 0);
        let rows = Ledger::new(&Ident::new("pgrehearse"))
            .rows(&mut client, &plan.id)
            .unwrap();
        assert_eq!(rows[0].filled.as_ref().unwrap().rows, 500);
        // Done to its end, it is taken back as well.
        assert_eq!(back(&mut session).undone, ["migrate-1"]);
        assert_eq!(position(&mut client), None);
    });
}

#[test]
fn a_row_that_cannot_be_filled_stops_it_and_it_goes_on_there() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        let mut backfill = counting("public", "t", &["id"]);
        backfill.work = Fill::Update {
            set: vec![Assignment::new(
                Ident::new("n"),
                "n + 1 / (CASE id WHEN 333 THEN n ELSE 1 END)",
            )],
            pending: "wanted".to_owned(),
        };
        let plan = plan(version, &backfill);
        let error = run_with(live, &plan, &options(), &mut drop).unwrap_err();
        assert_eq!((error.code(), error.exit_code()), ("apply::statement", 1));
        assert!(error.to_string().contains("division by zero"), "{error}");
        let filled: i64 = one(&mut client, "SELECT count(*) FROM public.t WHERE n = 1");
        assert_eq!(filled, 300);
        client
            .batch_execute("DELETE FROM public.t WHERE id = 333")
            .unwrap();
        run(live, &plan);
        assert_eq!(wrong(&mut client), 0);
    });
}

#[test]
fn a_table_that_is_not_there_is_an_error() {
    newest(|version, live| {
        let error = run_with(
            live,
            &plan(version, &counting("public", "t", &["id"])),
            &options(),
            &mut drop,
        );
        assert_eq!(error.unwrap_err().code(), "apply::statement");
    });
}

// ---- others at work ----

#[test]
fn it_ends_however_many_rows_are_inserted() {
    for key in [&["id"][..], &[]] {
        newest(|version, live| {
            let mut client = live.client();
            client.batch_execute(COUNTED).unwrap();
            let mut backfill = counting("public", "t", key);
            if let Fill::Update { pending, .. } = &mut backfill.work {
                "n = 0 AND wanted".clone_into(pending);
            }
            let plan = plan(version, &backfill);
            let mut other = live.client();
            let mut batches = 0;
            run_with(live, &plan, &options(), &mut |event| {
                if matches!(event, Event::Filled { .. }) {
                    batches += 1;
                    assert!(batches < 400, "it does not end");
                    // More than a batch.
                    other
                        .batch_execute(
                            "INSERT INTO public.t (id, wanted) SELECT m + i, true
                             FROM (SELECT max(id) AS m FROM public.t) x, generate_series(1, 100) i",
                        )
                        .unwrap();
                }
            })
            .unwrap();
            let low: i64 = one(
                &mut client,
                "SELECT count(*) FROM public.t WHERE id <= 500 AND n = 0",
            );
            assert_eq!(low, 0);
            assert!(key.is_empty() || batches <= 12, "{batches} batches");
        });
    }
}

#[test]
fn writers_go_on_and_nothing_is_lost() {
    each_version(|version, live| {
        let mut client = live.client();
        client
            .batch_execute(
                "CREATE TABLE public.t (id int PRIMARY KEY, old int NOT NULL, new text);
                 INSERT INTO public.t SELECT i, i FROM generate_series(1, 5000) i;
                 CREATE FUNCTION public.sync() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN NEW.new := NEW.old::text; RETURN NEW; END';
                 CREATE TRIGGER sync BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.sync()",
            )
            .unwrap();
        let backfill = Backfill {
            table: Qualified::new("public", "t"),
            key: vec![Ident::new("id")],
            work: Fill::Update {
                set: vec![Assignment::new(Ident::new("new"), "old::text")],
                pending: "new IS NULL".to_owned(),
            },
        };
        let plan = plan(version, &backfill);
        let ended = AtomicBool::new(false);
        let written = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|writer: i32| {
                    let (mut client, ended) = (live.client(), &ended);
                    scope.spawn(move || {
                        let mut n: i32 = 0;
                        while !ended.load(Ordering::Relaxed) {
                            let id = (n * 7919 + writer * 13) % 5000 + 1;
                            let statements: [(&str, i32); 3] = [
                                ("UPDATE public.t SET old = old + 1 WHERE id = $1", id),
                                (
                                    "INSERT INTO public.t (id, old) VALUES ($1, 7)",
                                    10_000 + n * 2 + writer,
                                ),
                                ("DELETE FROM public.t WHERE id = $1", (id + 2500) % 5000 + 1),
                            ];
                            for (statement, id) in statements {
                                client.execute(statement, &[&id]).unwrap();
                            }
                            n += 1;
                        }
                        n
                    })
                })
                .collect();
            run(live, &plan);
            ended.store(true, Ordering::Relaxed);
            writers.into_iter().map(|w| w.join().unwrap()).sum::<i32>()
        });
        assert!(written > 20, "only {written} writes");
        let wrong: i64 = one(
            &mut client,
            "SELECT count(*) FROM public.t WHERE new IS DISTINCT FROM old::text",
        );
        assert_eq!(wrong, 0);
    });
}

#[test]
fn a_locked_row_is_waited_for_and_named() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let mut holder = live.client();
        holder
            .batch_execute(
                "SET application_name = 'shop'; BEGIN; UPDATE public.t SET id = id WHERE id = 120",
            )
            .unwrap();
        let short = Options {
            lock: LockPolicy {
                max_wait: Duration::from_millis(200),
                ..options().lock
            },
            ..options()
        };
        let mut named = Vec::new();
        let outcome = run_with(live, &plan, &short, &mut |event| {
            if let Event::Waiting { waiting, .. } = event {
                named.push(waiting[0].to_string());
            }
        })
        .unwrap();
        assert_eq!(outcome.exit_code(false), 5, "{outcome:?}");
        assert!(
            matches!(outcome.stopped, Some(Stop::Waited { .. })),
            "{outcome:?}"
        );
        assert!(named.iter().any(|n| n.contains("shop")), "{named:?}");
        // The rows of its batch are free again, and those before are filled.
        let free: i64 = one(
            &mut client,
            "SELECT count(*) FROM (SELECT FROM public.t FOR UPDATE SKIP LOCKED) x",
        );
        assert_eq!(free, 499);
        assert_eq!(
            one::<i64>(
                &mut client,
                "SELECT count(*) FROM public.t WHERE id <= 100 AND n = 1"
            ),
            100
        );

        let mut held = Some(holder);
        run_with(live, &plan, &options(), &mut |event| {
            if let (Event::Waiting { .. } | Event::Retry { .. }, Some(mut holder)) =
                (event, held.take())
            {
                holder.batch_execute("COMMIT").unwrap();
            }
        })
        .unwrap();
        assert!(held.is_none());
        assert_eq!(wrong(&mut client), 0);
    });
}

#[test]
fn a_batch_that_the_application_waits_for_gives_way() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        // The 60th row that is written takes long, once: a sequence is not rolled back.
        client
            .batch_execute(
                "CREATE SEQUENCE public.s;
                 CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN
                        IF nextval('public.s') = 60 THEN
                            PERFORM pg_sleep(30);
                        END IF;
                        RETURN NEW;
                      END$$;
                 CREATE TRIGGER dawdle BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.dawdle()",
            )
            .unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let polite = Options {
            lock: LockPolicy {
                max_block: Duration::from_millis(100),
                ..options().lock
            },
            ..options()
        };
        let mut said = Vec::new();
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                let mut shop = live.client();
                shop.batch_execute("SET application_name = 'shop'").unwrap();
                let asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
                while shop.query(asleep, &[]).unwrap().is_empty() {
                    std::thread::sleep(Duration::from_millis(10));
                }
                shop.batch_execute("UPDATE public.t SET id = id WHERE id = 52")
                    .unwrap();
            });
            run_with(live, &plan, &polite, &mut |event| {
                if let Event::Retry { why, .. } = event {
                    said.push(why);
                }
            })
            .unwrap();
            writer.join().unwrap();
        });
        assert!(said.len() == 1 && said[0].contains("shop"), "{said:?}");
        assert_eq!(wrong(&mut client), 0);
    });
}

#[test]
fn after_a_batch_that_the_application_waited_for_the_next_is_half_as_large() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        // The 40th row that is written takes until somebody has waited for a while.
        client
            .batch_execute(
                "CREATE SEQUENCE public.s;
                 CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN
                        IF nextval('public.s') = 40 THEN
                            WHILE NOT EXISTS (
                                SELECT FROM pg_locks
                                WHERE NOT granted AND waitstart < clock_timestamp() - interval '100 ms'
                            ) LOOP
                                PERFORM pg_sleep(0.01);
                            END LOOP;
                            PERFORM pg_sleep(0.3);
                        END IF;
                        RETURN NEW;
                      END$$;
                 CREATE TRIGGER dawdle BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.dawdle()",
            )
            .unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let patient = Options {
            lock: LockPolicy {
                max_block: Duration::from_secs(60),
                ..options().lock
            },
            ..options()
        };
        let mut ends = Vec::new();
        std::thread::scope(|threads| {
            let writer = threads.spawn(|| {
                let mut shop = live.client();
                let asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
                while shop.query(asleep, &[]).unwrap().is_empty() {
                    std::thread::sleep(Duration::from_millis(5));
                }
                shop.batch_execute("UPDATE public.t SET id = id WHERE id = 12")
                    .unwrap();
            });
            run_with(live, &plan, &patient, &mut |event| {
                if let Event::Filled { done, .. } = event {
                    ends.push(done);
                }
            })
            .unwrap();
            writer.join().unwrap();
        });
        assert_eq!(ends[..3], [50, 75, 125], "{ends:?}");
        assert_eq!(wrong(&mut client), 0);
    });
}

#[test]
fn a_deadlock_or_serialization_failure_is_tried_again() {
    for code in ["40P01", "40001"] {
        newest(|version, live| {
            let mut client = live.client();
            client.batch_execute(COUNTED).unwrap();
            // A sequence is not rolled back: the trigger fails at the 60th, the 70th … row.
            client
                .batch_execute(&format!(
                    "CREATE SEQUENCE public.s;
                     CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS
                        $$DECLARE place bigint := nextval('public.s');
                          BEGIN
                            IF place IN (60, 70, 300) THEN
                                RAISE EXCEPTION 'as if' USING ERRCODE = '{code}';
                            END IF;
                            RETURN NEW;
                          END$$;
                     CREATE TRIGGER fail BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.fail()"
                ))
                .unwrap();
            let plan = plan(version, &counting("public", "t", &["id"]));
            let mut attempts = Vec::new();
            run_with(live, &plan, &options(), &mut |event| {
                if let Event::Retry { attempt, .. } = event {
                    attempts.push(attempt);
                }
            })
            .unwrap();
            assert_eq!(attempts, [1, 2, 1], "{code}");
            assert_eq!(wrong(&mut client), 0);

            client
                .batch_execute(
                    "ALTER TABLE public.t DISABLE TRIGGER fail; UPDATE public.t SET n = 0",
                )
                .unwrap();
            client
                .batch_execute(&format!(
                    "ALTER TABLE public.t ENABLE TRIGGER fail;
                     CREATE OR REPLACE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS
                        $$BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{code}'; END$$;
                     DROP SCHEMA pgrehearse CASCADE"
                ))
                .unwrap();
            let outcome = run_with(live, &plan, &options(), &mut drop).unwrap();
            assert!(
                matches!(outcome.stopped, Some(Stop::Attempts { attempts: 4, .. })),
                "{outcome:?}"
            );
        });
    }
}

// ---- the rehearsal, and what is shown ----

fn samples() -> Vec<Backfill> {
    let mut by_pages = counting("public", "t", &[]);
    let mut by_key = counting("public", "t", &["a", "b"]);
    for backfill in [&mut by_pages, &mut by_key] {
        if let Fill::Update { pending, .. } = &mut backfill.work {
            "n = 0".clone_into(pending);
        }
    }
    let insert = Backfill {
        work: Fill::Insert {
            into: Qualified::new("public", "copy"),
            set: vec![
                Assignment::new(Ident::new("a"), "a"),
                Assignment::new(Ident::new("b"), "b"),
            ],
            only: Some("wanted".to_owned()),
            key: Vec::new(),
        },
        ..by_key.clone()
    };
    vec![by_key, by_pages, insert]
}

const SAMPLE: &str = "
    CREATE TABLE public.copy (a int, b text, PRIMARY KEY (a, b));
    CREATE TABLE public.t (a int, b text, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0, PRIMARY KEY (a, b))";

#[test]
fn the_rehearsal_measures_it_as_online_and_reports_no_scan_of_the_empty_copy() {
    for version in support::outermost() {
        let server = server(version).unwrap();
        for backfill in samples() {
            let live = Live::empty(&server);
            let mut client = live.client();
            client.batch_execute(SAMPLE).unwrap();
            client
                .batch_execute("INSERT INTO public.t SELECT i, 'x' FROM generate_series(1, 20000) i; ANALYZE public.t")
                .unwrap();
            let settings = DatabaseSettings {
                time_zone: Some("UTC".to_owned()),
                ..Default::default()
            };
            session::prepare(&mut client, settings.time_zone.as_deref()).unwrap();
            let scope = Scope::default();
            let mut catalog = read(&mut client, &scope).unwrap();
            catalog.sizes = read_sizes(&mut client).unwrap();
            let request = Request {
                scratch: &server,
                settings: &settings,
                scope: &scope,
                live: &catalog,
                desired: None,
                seen: Seen::default(),
                small: SmallTable { rows: 0, bytes: 0 },
                queries: &[],
                made: &|_, _| false,
                progress: &|_| {},
            };
            let rehearsed = rehearse::rehearse(plan(version, &backfill), &request).unwrap();
            let document = rehearsed.document();
            let (_, step) = document.steps().next().unwrap();
            assert_eq!(step.evidence.impact, Impact::Online, "{backfill:?}");
            assert_eq!(step.hazards, []);
            assert_eq!(step.fingerprints.before, step.fingerprints.after);
            let [measured] = step.evidence.statements.as_slice() else {
                panic!("{:?}", step.evidence);
            };
            assert!(
                measured.scanned.is_empty() && measured.rewritten.is_empty(),
                "{measured:?}"
            );
            let strongest = measured.locks.values().max();
            assert_eq!(strongest, Some(&LockMode::RowExclusive), "{measured:?}");
            assert_eq!(document.evidence.rollback["migrate"], "leads back");
            assert_eq!(
                document.evidence.run["migrate-1"].live_rows.get("public.t"),
                Some(&20000)
            );
        }
    }
}

#[test]
fn a_plan_says_that_it_fills_in_batches() {
    let [by_key, by_pages, _] = samples().try_into().unwrap();
    for (backfill, said) in [
        (by_key, "in batches by (a, b)"),
        (by_pages, "in batches of pages, because there is no key"),
    ] {
        let plan = plan(ServerVersion::V17, &backfill);
        let shown = [
            text::plan(&plan, 100, Colour::No),
            markdown::plan(&plan),
            sql::plan(&plan),
        ];
        for rendering in &shown {
            assert!(rendering.contains(said), "{rendering}");
        }
        let json: serde_json::Value = serde_json::to_value(&plan).unwrap();
        assert_eq!(
            json["phases"][0]["steps"][0]["backfill"]["work"]["kind"],
            "update"
        );
        assert!(!shown[2].contains("NOT GUARDED"), "{}", shown[2]);
    }
}

#[test]
fn the_script_commits_each_batch_and_may_run_again() {
    each_version(|version, live| {
        for backfill in samples() {
            for partitioned in [false, true] {
                let mut client = live.client();
                let mut schema = format!("DROP TABLE IF EXISTS public.t, public.copy; {SAMPLE}");
                if partitioned {
                    schema.push_str(
                        " PARTITION BY RANGE (a);
                         CREATE TABLE public.p1 PARTITION OF public.t FOR VALUES FROM (0) TO (7);
                         CREATE TABLE public.p2 PARTITION OF public.t DEFAULT",
                    );
                }
                client.batch_execute(&schema).unwrap();
                client
                    .batch_execute("INSERT INTO public.t SELECT i % 10, 'it''s ' || i, i % 2 = 0 FROM generate_series(1, 5000) i")
                    .unwrap();
                let script = sql::plan(&plan(version, &backfill));
                // The statement is a message of its own, as psql sends it.
                let (_, rest) = script.split_once("DO $fill$").unwrap();
                let (body, _) = rest.split_once("$fill$;").unwrap();
                let statement = format!("DO $fill${body}$fill$");
                client.batch_execute("SET search_path = ''").unwrap();
                for _ in 0..2 {
                    client
                        .batch_execute(&statement)
                        .unwrap_or_else(|e| panic!("{e:?}: {statement}"));
                    let (filled, transactions) = match backfill.work {
                        Fill::Update { .. } => (
                            "SELECT count(*) FROM public.t WHERE n = 1",
                            "SELECT count(DISTINCT xmin::text) FROM public.t",
                        ),
                        Fill::Insert { .. } => (
                            "SELECT 2 * count(*) FROM public.copy",
                            "SELECT count(DISTINCT xmin::text) FROM public.copy",
                        ),
                        _ => panic!("{backfill:?} is none of the samples"),
                    };
                    assert_eq!(one::<i64>(&mut client, filled), 5000, "{backfill:?}");
                    let transactions: i64 = one(&mut client, transactions);
                    assert!(
                        transactions >= 2,
                        "{transactions} transactions: {statement}"
                    );
                }
                client.batch_execute("TRUNCATE public.t").unwrap();
                client.batch_execute(&statement).unwrap();
            }
        }
    });
}

// ---- several at a time ----

const THREE: &str = "
    CREATE TABLE public.a (id int PRIMARY KEY, wanted boolean NOT NULL DEFAULT true, n int NOT NULL DEFAULT 0);
    CREATE TABLE public.b (LIKE public.a INCLUDING ALL);
    CREATE TABLE public.c (id int PRIMARY KEY);
    INSERT INTO public.a SELECT i FROM generate_series(1, 200) i;
    INSERT INTO public.b SELECT i FROM generate_series(1, 200) i;";

fn three(version: ServerVersion) -> Document {
    let copy = Backfill {
        table: Qualified::new("public", "a"),
        key: vec![Ident::new("id")],
        work: Fill::Insert {
            into: Qualified::new("public", "c"),
            set: vec![Assignment::new(Ident::new("id"), "id")],
            only: Some("n = 1".to_owned()),
            key: Vec::new(),
        },
    };
    let fills = ["a", "b"].map(|table| counting("public", table, &["id"]));
    plan_of(version, &[fills[0].clone(), fills[1].clone(), copy])
}

fn two_jobs() -> Options {
    let mut options = options();
    options.backfill.jobs = 2;
    options
}

fn counts(client: &mut Client) -> [i64; 3] {
    ["a WHERE n = 1", "b WHERE n = 1", "c"]
        .map(|rows| one(client, &format!("SELECT count(*) FROM public.{rows}")))
}

#[test]
fn several_tables_are_filled_at_the_same_time_and_one_that_needs_another_after_it() {
    newest(|version, live| {
        let mut client = live.client();
        // No row of `a` is filled before one of `b`, which comes after it in the plan.
        client
            .batch_execute(&format!(
                "{THREE}
                 CREATE FUNCTION public.attend() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN
                        FOR i IN 1..2000 LOOP
                            IF EXISTS (SELECT FROM public.b WHERE n = 1) THEN
                                RETURN NEW;
                            END IF;
                            PERFORM pg_sleep(0.01);
                        END LOOP;
                        RAISE 'nobody fills b';
                      END$$;
                 CREATE TRIGGER attend BEFORE UPDATE ON public.a FOR EACH ROW EXECUTE FUNCTION public.attend()"
            ))
            .unwrap();
        let mut seen = Vec::new();
        let outcome = run_with(
            live,
            &three(version),
            &two_jobs(),
            &mut |event| match event {
                Event::StepStarted { step, .. } => seen.push(format!("begin {step}")),
                Event::StepDone { step, .. } => seen.push(format!("end {step}")),
                _ => {}
            },
        )
        .unwrap();
        assert_eq!((outcome.stopped, outcome.done.len()), (None, 3));
        assert_eq!(seen[4..], ["begin migrate-3", "end migrate-3"], "{seen:?}");
        assert_eq!(counts(&mut client), [200, 200, 200]);
    });
}

#[test]
fn when_one_of_several_fails_the_others_stop_and_both_go_on() {
    newest(|version, live| {
        let mut client = live.client();
        // `a` comes to no end by itself before `b` has failed.
        client
            .batch_execute(&format!(
                "{THREE}
                 ALTER TABLE public.b ADD CONSTRAINT not_yet CHECK (id <> 120 OR n = 0);
                 CREATE SEQUENCE public.s;
                 CREATE FUNCTION public.dawdle() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN
                        IF nextval('public.s') > 60 THEN
                            PERFORM pg_sleep(0.02);
                        END IF;
                        RETURN NEW;
                      END$$;
                 CREATE TRIGGER dawdle BEFORE UPDATE ON public.a FOR EACH ROW EXECUTE FUNCTION public.dawdle()"
            ))
            .unwrap();
        let plan = three(version);
        let error = run_with(live, &plan, &two_jobs(), &mut drop).unwrap_err();
        let ApplyError::Statement { step, source, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(step, "migrate-2");
        assert_eq!(source.code().unwrap().code(), "23514");
        let [a, b, c] = counts(&mut client);
        assert!(a < 200 && b == 100 && c == 0, "{a} {b} {c}");
        client
            .batch_execute(
                "ALTER TABLE public.b DROP CONSTRAINT not_yet; DROP TRIGGER dawdle ON public.a",
            )
            .unwrap();
        let outcome = run_with(live, &plan, &two_jobs(), &mut drop).unwrap();
        assert_eq!((outcome.stopped, outcome.done.len()), (None, 3));
        assert_eq!(counts(&mut client), [200, 200, 200]);
    });
}

#[test]
fn after_many_rows_vacuum_is_advised() {
    newest(|version, live| {
        let mut client = live.client();
        client.batch_execute(COUNTED).unwrap();
        let plan = plan(version, &counting("public", "t", &["id"]));
        let mut large = options();
        large.backfill.max_rows = 5000;
        let mut advice = Vec::new();
        let mut run = |rows: u32| {
            client
                .batch_execute(&format!(
                    "DROP SCHEMA IF EXISTS pgrehearse CASCADE;
                     TRUNCATE public.t;
                     INSERT INTO public.t SELECT i FROM generate_series(1, {rows}) i"
                ))
                .unwrap();
            advice.clear();
            run_with(live, &plan, &large, &mut |event| {
                if let Event::Note { text } = event {
                    advice.push(text);
                }
            })
            .unwrap();
            advice.concat()
        };
        assert_eq!(run(9_000), "");
        assert!(run(11_000).contains("VACUUM (ANALYZE) public.t"));
    });
}
