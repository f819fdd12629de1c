//! What a running application feels of a change: the plain statement beside our plan.
//!
//! `cargo bench --bench load` prints a table. Each change runs on a fresh table of 500,000 rows under
//! clients that begin a request at fixed times, whether or not the last one has ended (open loop: a
//! request that waits counts from when it should have begun), beside a reader whose transaction lasts 8 s,
//! every 20 s. Half of the clients prepare a statement again when the server says 0A000, the others connect
//! again. `PGREHEARSE_LOAD_ROWS`, `_SECONDS` (of load before and after a change), `_ONLY=name,name` and
//! `PGREHEARSE_BENCH_VERSION` change it.

#[path = "../tests/support/mod.rs"]
mod support;

use pgrehearse::apply::{self, Session};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Phase};
use pgrehearse::source::{Source, read_files};
use postgres::{Client, Config, NoTls, Statement};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::{Live, options};

const CLIENTS: u64 = 4;
/// Between two requests of one client.
const EVERY: Duration = Duration::from_millis(20);
const READER_EVERY: Duration = Duration::from_secs(20);
const READER_LASTS: Duration = Duration::from_secs(8);

const TABLES: &str = "
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer bigint NOT NULL,
    amount integer NOT NULL,
    status text NOT NULL DEFAULT 'open',
    code text NOT NULL,
    note text,
    legacy text,
    at timestamptz NOT NULL DEFAULT now(),
    region text DEFAULT 'eu'
);
CREATE INDEX orders_amount ON orders (amount);
";

/// One kind of change: what becomes of the text of the tables, and the plain statement.
struct Change {
    name: &'static str,
    edit: fn(&str) -> String,
    plain: &'static str,
    /// The column that the new application reads and writes in the place of `note`, once it is there.
    renamed: Option<&'static str>,
    /// The column that a new one takes the place of.
    replaced: Option<&'static str>,
}

fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

const CHANGES: &[Change] = &[
    Change {
        name: "int to bigint, indexed",
        edit: |t| replace(t, "amount integer", "amount bigint"),
        plain: "ALTER TABLE orders ALTER COLUMN amount TYPE bigint",
        renamed: None,
        replaced: Some("amount"),
    },
    Change {
        name: "NOT NULL",
        edit: |t| replace(t, "region text", "region text NOT NULL"),
        plain: "ALTER TABLE orders ALTER COLUMN region SET NOT NULL",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "foreign key",
        edit: |t| {
            replace(
                t,
                "customer bigint NOT NULL",
                "customer bigint NOT NULL REFERENCES customers",
            )
        },
        plain: "ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "CHECK",
        edit: |t| {
            replace(
                t,
                "amount integer NOT NULL",
                "amount integer NOT NULL CHECK (amount >= 0)",
            )
        },
        plain: "ALTER TABLE orders ADD CHECK (amount >= 0)",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "UNIQUE",
        edit: |t| replace(t, "code text NOT NULL", "code text NOT NULL UNIQUE"),
        plain: "ALTER TABLE orders ADD UNIQUE (code)",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "rename column",
        edit: |t| {
            replace(
                t,
                "    note text",
                "    -- pgrehearse: renamed from note\n    remark text",
            )
        },
        plain: "ALTER TABLE orders RENAME COLUMN note TO remark",
        renamed: Some("remark"),
        replaced: Some("note"),
    },
    Change {
        name: "index",
        edit: |t| format!("{t}\nCREATE INDEX orders_customer ON orders (customer);\n"),
        plain: "CREATE INDEX orders_customer ON orders (customer)",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "volatile default",
        edit: |t| {
            replace(
                t,
                "legacy text",
                "legacy text,\n    token uuid NOT NULL DEFAULT gen_random_uuid()",
            )
        },
        plain: "ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid()",
        renamed: None,
        replaced: None,
    },
    Change {
        name: "text to enum",
        edit: |t| {
            let typed = replace(
                t,
                "    status text NOT NULL DEFAULT 'open'",
                "    -- pgrehearse: convert using (status::state) reverse (status::text)\n    status state NOT NULL DEFAULT 'open'",
            );
            format!("CREATE TYPE state AS ENUM ('open', 'paid');\n{typed}")
        },
        plain: "CREATE TYPE state AS ENUM ('open', 'paid'); \
                ALTER TABLE orders ALTER COLUMN status DROP DEFAULT, \
                ALTER COLUMN status TYPE state USING status::state, \
                ALTER COLUMN status SET DEFAULT 'open'",
        renamed: None,
        replaced: Some("status"),
    },
    Change {
        name: "gated drop",
        edit: |t| replace(t, "    legacy text,\n", ""),
        plain: "ALTER TABLE orders DROP COLUMN legacy",
        renamed: None,
        replaced: None,
    },
];

#[derive(Default)]
struct Seen {
    longest: Duration,
    requests: u64,
    /// By SQLSTATE; of the clients that prepare again, and of those that connect again.
    errors: [BTreeMap<String, u64>; 2],
    /// The last acknowledged amount of a row.
    acknowledged: BTreeMap<i64, i64>,
}

struct Load {
    config: Config,
    stop: AtomicBool,
    /// Which name of the renamed column the application uses.
    new: AtomicU8,
    renamed: Option<&'static str>,
    next: AtomicI64,
    rows: i64,
    seen: Mutex<Seen>,
}

impl Load {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self) -> &'static str {
        match self.renamed {
            Some(name) if self.new.load(Ordering::SeqCst) == 1 => name,
            _ => "note",
        }
    }

    /// One client; `again` prepares again where the server says that a plan's result has changed.
    fn client(&self, number: u64, again: bool) {
        let mut client = self.config.connect(NoTls).expect("connect");
        let mut prepared: BTreeMap<String, Statement> = BTreeMap::new();
        let begun = Instant::now() + Duration::from_millis(number * 5);
        for request in 0_u32.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let due = begun + EVERY * request;
            if let Some(early) = due.checked_duration_since(Instant::now()) {
                thread::sleep(early);
            }
            // A refused request is sent once more, as an application does.
            for attempt in 0..50 {
                match self.request(&mut client, &mut prepared, request, number) {
                    Ok(()) => break,
                    Err(error) => {
                        let code = error.code().map_or("lost", |c| c.code()).to_owned();
                        let mut seen = self.seen();
                        *seen.errors[usize::from(!again)]
                            .entry(code.clone())
                            .or_default() += 1;
                        drop(seen);
                        if code == "42703" && self.renamed.is_some() {
                            // The application is deployed anew because it must be.
                            self.new.store(1, Ordering::SeqCst);
                        }
                        if again {
                            prepared.clear();
                        } else if attempt > 0 {
                            client = self.config.connect(NoTls).expect("connect");
                            prepared.clear();
                        }
                    }
                }
            }
            let took = due.elapsed();
            let mut seen = self.seen();
            seen.requests += 1;
            seen.longest = seen.longest.max(took);
        }
    }

    fn request(
        &self,
        client: &mut Client,
        prepared: &mut BTreeMap<String, Statement>,
        request: u32,
        number: u64,
    ) -> Result<(), postgres::Error> {
        let mut prepare = |client: &mut Client, sql: String| {
            if let Some(statement) = prepared.get(&sql) {
                return Ok(statement.clone());
            }
            let statement = client.prepare(&sql)?;
            prepared.insert(sql, statement.clone());
            Ok::<_, postgres::Error>(statement)
        };
        let note = self.note();
        // A client owns the rows whose number is its own modulo the clients.
        let clients = i64::try_from(CLIENTS).expect("few");
        let own = i64::try_from(number).expect("few");
        let pick = i64::from(request).wrapping_mul(7919) % (self.rows / clients) * clients + own;
        let amount = i64::from(request % 1000);
        match request % 4 {
            0 => {
                let id = self.next.fetch_add(1, Ordering::SeqCst);
                let sql = format!(
                    "INSERT INTO orders (id, customer, amount, code, {note})
                     VALUES ($1::bigint, $1::bigint % 1000, $2::text::integer, 'n' || $1::bigint, 'x')"
                );
                let statement = prepare(client, sql)?;
                client.execute(&statement, &[&id, &amount.to_string()])?;
                self.seen().acknowledged.insert(id, amount);
            }
            1 => {
                let sql = format!(
                    "UPDATE orders SET amount = $2::text::integer, {note} = 'y' WHERE id = $1"
                );
                let statement = prepare(client, sql)?;
                if client.execute(&statement, &[&pick, &amount.to_string()])? == 1 {
                    self.seen().acknowledged.insert(pick, amount);
                }
            }
            _ => {
                let sql = format!("SELECT amount, status, {note} FROM orders WHERE id = $1");
                let statement = prepare(client, sql)?;
                client.query(&statement, &[&pick])?;
            }
        }
        Ok(())
    }

    /// The first transaction begins after `first`: just before the change.
    fn reader(&self, first: Duration) {
        let mut client = self.config.connect(NoTls).expect("connect");
        let mut next = Instant::now() + first;
        while !self.stop.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(50));
            if Instant::now() < next {
                continue;
            }
            next += READER_EVERY;
            client
                .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM orders WHERE id < 1000")
                .expect("read");
            let end = Instant::now() + READER_LASTS;
            while Instant::now() < end && !self.stop.load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(50));
            }
            client.batch_execute("COMMIT").expect("commit");
        }
    }
}

/// What one run showed.
struct Run {
    seen: Seen,
    took: Duration,
    lost: usize,
    /// Rows in which the old and the new column differ just before the switch.
    differ: Option<i64>,
    plan: Option<Document>,
}

fn number(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// The tables with their rows; with `ours`, and the plan of the change.
fn prepare(
    server: &Arc<pgrehearse::scratch::Scratch>,
    change: &Change,
    ours: bool,
) -> (Live, Option<Document>) {
    let rows = number("PGREHEARSE_LOAD_ROWS", 500_000);
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("old.sql"), folder.path().join("new.sql"));
    std::fs::write(&old, TABLES).expect("write");
    std::fs::write(&new, (change.edit)(TABLES)).expect("write");
    let live = Live::from_files(server, &read_files(&old).expect("read")).expect("the tables");
    let mut client = live.client();
    client
        .batch_execute(&format!(
            "INSERT INTO customers SELECT g, 'c' || g FROM generate_series(0, 999) g;
             INSERT INTO orders SELECT g, g % 1000, g % 100, 'open', 'c' || g, 'n', 'l', now()
               FROM generate_series(0, {rows} - 1) g;"
        ))
        .expect("the rows");
    client.batch_execute("VACUUM ANALYZE").expect("analyze");
    if !ours {
        return (live, None);
    }
    let mut options = options(server);
    if change.name == "gated drop" {
        options.drops = pgrehearse::strategy::Drops {
            audit: Duration::from_secs(1),
            wait: Duration::from_secs(1),
            ..Default::default()
        };
    }
    let plan = pipeline::plan(&live.source(), &Source::Files(new), &options);
    let document = plan.expect("a plan").document().clone();
    (live, Some(document))
}

fn run(server: &Arc<pgrehearse::scratch::Scratch>, change: &Change, ours: bool) -> Run {
    let around = Duration::from_secs(number("PGREHEARSE_LOAD_SECONDS", 5));
    let (live, document) = prepare(server, change, ours);
    let mut client = live.client();
    let rows = i64::try_from(number("PGREHEARSE_LOAD_ROWS", 500_000)).expect("rows");
    let load = Arc::new(Load {
        config: live.config.clone(),
        stop: AtomicBool::new(false),
        new: AtomicU8::new(0),
        renamed: change.renamed,
        next: AtomicI64::new(rows),
        rows,
        seen: Mutex::default(),
    });
    let mut workers: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let load = Arc::clone(&load);
            thread::spawn(move || load.client(n, n % 2 == 0))
        })
        .collect();
    let reader = Arc::clone(&load);
    workers.push(thread::spawn(move || reader.reader(around)));
    thread::sleep(around + Duration::from_millis(500));
    let begun = Instant::now();
    let mut differ = None;
    match &document {
        Some(document) => {
            for phase in Phase::ALL {
                if phase == Phase::Contract {
                    load.new.store(1, Ordering::SeqCst);
                    differ = change
                        .replaced
                        .map(|old| different(&mut client, change, old));
                }
                apply(&live, document, phase);
            }
        }
        None => client
            .batch_execute(change.plain)
            .expect("the plain statement"),
    }
    let took = begun.elapsed();
    thread::sleep(around);
    load.stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.join().expect("a client");
    }
    let seen = std::mem::take(&mut *load.seen());
    let mut lost = 0;
    let now: BTreeMap<i64, i64> = client
        .query("SELECT id, amount::bigint FROM orders", &[])
        .expect("the rows")
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    for (id, amount) in &seen.acknowledged {
        lost += usize::from(now.get(id) != Some(amount));
    }
    Run {
        seen,
        took,
        lost,
        differ,
        plan: document,
    }
}

fn apply(live: &Live, document: &Document, phase: Phase) {
    if document.phases.iter().all(|p| p.phase != phase) {
        return;
    }
    let options = apply::Options {
        phases: [phase].into(),
        yes: true,
        ..apply::Options::default()
    };
    for attempt in 0..60 {
        let open = || live.config.connect(NoTls);
        let mut session = Session::open(&open).expect("connect");
        let outcome = apply::run(&mut session, document, &options, &mut |_| {}).expect("apply");
        assert!(outcome.stopped.is_none(), "{:?}", outcome.stopped);
        if outcome.pending.is_empty() {
            return;
        }
        assert!(attempt < 59, "{:?} is pending", outcome.pending);
        thread::sleep(Duration::from_secs(1));
    }
}

/// The name of the column that is to replace another.
fn new_column(client: &mut Client) -> String {
    client
        .query_one(
            "SELECT quote_ident(attname) FROM pg_attribute
              WHERE attrelid = 'orders'::regclass AND attname LIKE '\\_pgrehearse%' AND NOT attisdropped",
            &[],
        )
        .expect("the new column")
        .get(0)
}

fn different(client: &mut Client, change: &Change, old: &str) -> i64 {
    let new = change.renamed.map(str::to_owned);
    let new = new.unwrap_or_else(|| new_column(client));
    let count =
        format!("SELECT count(*) FROM orders WHERE {old}::text IS DISTINCT FROM {new}::text");
    client.query_one(&count, &[]).expect("the columns").get(0)
}

/// How long our backfill takes with nobody else there, beside a loop written by hand that pauses never:
/// the same column, triggers and rows, 10,000 rows a transaction.
fn throughput(server: &Arc<pgrehearse::scratch::Scratch>) {
    let change = &CHANGES[0];
    let rows = i64::try_from(number("PGREHEARSE_LOAD_ROWS", 500_000)).expect("rows");
    let (live, document) = prepare(server, change, true);
    apply(&live, &document.expect("a plan"), Phase::Expand);
    let mut client = live.client();
    let column = new_column(&mut client);
    let update = client
        .prepare(&format!(
            "UPDATE orders SET {column} = amount WHERE id >= $1 AND id < $1 + 10000 AND {column} IS DISTINCT FROM amount"
        ))
        .expect("prepare");
    let begun = Instant::now();
    for first in (0..rows).step_by(10_000) {
        client.execute(&update, &[&first]).expect("a batch");
    }
    let by_hand = begun.elapsed();
    let (live, document) = prepare(server, change, true);
    let document = document.expect("a plan");
    apply(&live, &document, Phase::Expand);
    apply(&live, &document, Phase::Migrate);
    let backfill = document.steps().find(|(_, step)| step.backfill.is_some());
    let seconds: f64 = live
        .client()
        .query_one(
            "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM pgrehearse.step WHERE step_id = $1",
            &[&backfill.expect("a backfill").1.id],
        )
        .expect("the ledger")
        .get(0);
    println!(
        "backfill of {rows} rows: by hand {:.1} s, ours {seconds:.1} s",
        by_hand.as_secs_f64()
    );
}

fn errors(seen: &Seen) -> String {
    let each = |errors: &BTreeMap<String, u64>| {
        let all: Vec<String> = errors.iter().map(|(c, n)| format!("{n} × {c}")).collect();
        if all.is_empty() {
            "0".to_owned()
        } else {
            all.join(", ")
        }
    };
    format!("{} / {}", each(&seen.errors[0]), each(&seen.errors[1]))
}

fn main() {
    let version = ServerVersion::from_major(
        u32::try_from(number("PGREHEARSE_BENCH_VERSION", 17)).expect("a version"),
    );
    let server = support::server(version).expect("a scratch server");
    println!("{}", server.description());
    println!(
        "| change | stall, plain | stall, ours | errors, plain | errors, ours (prepares again / connects again) | took, plain | took, ours | writes lost | old and new column differ |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let only = std::env::var("PGREHEARSE_LOAD_ONLY").unwrap_or_default();
    let mut failed = Vec::new();
    for change in CHANGES {
        if !only.is_empty() && !only.split(',').any(|o| change.name.contains(o)) {
            continue;
        }
        let plain = run(&server, change, false);
        let ours = run(&server, change, true);
        println!(
            "| {} | {:.2} s | {:.3} s | {} | {} | {:.1} s | {:.1} s ({} steps) | {} | {} |",
            change.name,
            plain.seen.longest.as_secs_f64(),
            ours.seen.longest.as_secs_f64(),
            errors(&plain.seen),
            errors(&ours.seen),
            plain.took.as_secs_f64(),
            ours.took.as_secs_f64(),
            ours.plan.as_ref().map_or(0, |p| p.steps().count()),
            ours.lost,
            ours.differ
                .map_or_else(String::new, |rows| rows.to_string()),
        );
        eprintln!(
            "{}: {} and {} requests, {} acknowledged writes looked at",
            change.name,
            plain.seen.requests,
            ours.seen.requests,
            ours.seen.acknowledged.len()
        );
        if ours.lost > 0 || plain.lost > 0 || ours.differ.is_some_and(|rows| rows > 0) {
            failed.push(change.name);
        }
    }
    if only.is_empty() || "backfill".contains(&only) {
        throughput(&server);
    }
    pgrehearse::scratch::stop_all();
    assert!(
        failed.is_empty(),
        "acknowledged writes are lost, or the columns differ: {failed:?}"
    );
}
