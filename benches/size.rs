//! One plan at real size: what each step takes, what an application waits meanwhile, how much WAL it writes.
//!
//! `cargo bench --bench size` prints a table. `PGREHEARSE_SIZE_ROWS` (1,000,000), `PGREHEARSE_SIZE_FOLDER` (where
//! the server's files go, the folder for temporary files) and `PGREHEARSE_BENCH_VERSION` change it. The server
//! is one of ours, with fsync, full page writes, synchronous commits and autovacuum on, as a real one has them.

#[path = "../tests/support/mod.rs"]
mod support;

use pgrehearse::apply::{self, Event, Session};
use pgrehearse::pg::{LockMode, ServerVersion};
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, StepRecord};
use pgrehearse::scratch::{Limits, Scratch, ScratchOptions};
use pgrehearse::source::{Source, read_files};
use postgres::{Client, NoTls};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use support::{Live, options};

const OLD: &str = "
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
    id integer PRIMARY KEY,
    customer integer,
    amount integer NOT NULL,
    status text NOT NULL DEFAULT 'open',
    note text,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer ON orders (customer);
";

const NEW: &str = "
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer integer NOT NULL REFERENCES customers,
    amount integer NOT NULL CHECK (amount >= 0),
    status text NOT NULL DEFAULT 'open',
    note text,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_at ON orders (at);
";

/// One request of an application after the other; how long the longest took.
#[derive(Default)]
struct Probe {
    stop: AtomicBool,
    seen: Mutex<(Duration, Option<Instant>)>,
}

impl Probe {
    fn seen(&self) -> std::sync::MutexGuard<'_, (Duration, Option<Instant>)> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut client: Client, rows: i64) {
        let mut id = 0;
        while !self.stop.load(Ordering::SeqCst) {
            id = (id + 7919) % rows;
            self.seen().1 = Some(Instant::now());
            let update = format!("UPDATE orders SET amount = amount + 1 WHERE id = {id}");
            client.batch_execute(&update).expect("an update");
            let mut seen = self.seen();
            let took = seen.1.take().map_or(Duration::ZERO, |b| b.elapsed());
            seen.0 = seen.0.max(took);
            drop(seen);
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The longest since the last call, one that is under way with it.
    fn longest(&self) -> Duration {
        let mut seen = self.seen();
        let open = seen.1.map_or(Duration::ZERO, |begun| begun.elapsed());
        std::mem::take(&mut seen.0).max(open)
    }
}

fn number(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok();
    value.and_then(|v| v.parse().ok()).unwrap_or(default)
}

fn start(version: ServerVersion) -> Arc<Scratch> {
    let mut options = ScratchOptions::new(version, support::search());
    options.temp =
        std::env::var_os("PGREHEARSE_SIZE_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let settings = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("autovacuum", "on"),
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("maintenance_work_mem", "256MB"),
    ];
    options.extra_settings = settings.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    options.limits = Limits {
        statement: Duration::from_secs(6 * 3600),
        temp_file_bytes: 1 << 40,
        disk_bytes: 1 << 40,
    };
    Arc::new(Scratch::start(&options).expect("a server"))
}

fn wal(client: &mut Client) -> i64 {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint";
    client.query_one(sql, &[]).expect("the WAL").get(0)
}

fn strongest(step: &StepRecord) -> String {
    let locks = step.evidence.statements.iter().flat_map(|s| &s.locks);
    let on_orders = locks.filter(|(table, _)| table.ends_with("orders"));
    on_orders
        .map(|(_, mode)| *mode)
        .max()
        .map_or_else(|| "none".to_owned(), |mode: LockMode| mode.to_string())
}

fn main() {
    let rows = i64::try_from(number("PGREHEARSE_SIZE_ROWS", 1_000_000)).expect("rows");
    let version = number("PGREHEARSE_BENCH_VERSION", 17);
    let version = ServerVersion::from_major(u32::try_from(version).expect("a version"));
    let server = start(version);
    println!("{}", server.description());
    let folder = tempfile::tempdir().expect("a folder");
    let (old, new) = (folder.path().join("old.sql"), folder.path().join("new.sql"));
    std::fs::write(&old, OLD).expect("write");
    std::fs::write(&new, NEW).expect("write");
    let live = Live::from_files(&server, &read_files(&old).expect("read")).expect("the tables");
    let mut client = live.client();
    client
        .batch_execute(&format!(
            "INSERT INTO customers SELECT g, 'c' || g FROM generate_series(0, 99999) g;
             INSERT INTO orders SELECT g, g % 100000, g % 100, 'open', repeat(md5(g::text), 5), now()
               FROM generate_series(0, {rows} - 1) g;"
        ))
        .expect("the rows");
    client.batch_execute("VACUUM ANALYZE").expect("analyze");
    let size =
        "SELECT pg_size_pretty(pg_table_size('orders')), pg_size_pretty(pg_indexes_size('orders'))";
    let row = client.query_one(size, &[]).expect("the size");
    println!(
        "{rows} rows, table {}, indexes {}",
        row.get::<_, String>(0),
        row.get::<_, String>(1)
    );
    let begun = Instant::now();
    let plan = pipeline::plan(
        &live.source(),
        &Source::Files(new.clone()),
        &options(&server),
    );
    let document = plan.expect("a plan").document().clone();
    println!(
        "plan: {} steps in {:.1} s, {}",
        document.steps().count(),
        begun.elapsed().as_secs_f64(),
        document.evidence.impact.name()
    );
    let probe = Arc::new(Probe::default());
    let asks = Arc::clone(&probe);
    let connection = live.client();
    let application = thread::spawn(move || asks.run(connection, rows));
    thread::sleep(Duration::from_secs(5));
    println!("before: longest request {} ms", probe.longest().as_millis());
    println!("| step | strongest lock on the table | took | longest request | WAL |");
    println!("|---|---|---|---|---|");
    let begun = Instant::now();
    run(&live, &document, &probe, &mut client);
    println!("whole: {:.0} s", begun.elapsed().as_secs_f64());
    probe.stop.store(true, Ordering::SeqCst);
    application.join().expect("the application");
    let again = pipeline::plan(&live.source(), &Source::Files(new), &options(&server));
    assert!(again.expect("a plan").document().is_empty(), "not arrived");
    drop(client);
    drop(live);
    pgrehearse::scratch::stop_all();
}

fn run(live: &Live, document: &Document, probe: &Probe, client: &mut Client) {
    let options = apply::Options {
        yes: true,
        ..apply::Options::default()
    };
    let open = || live.config.connect(NoTls);
    let mut session = Session::open(&open).expect("connect");
    let mut before = 0;
    let outcome = apply::run(&mut session, document, &options, &mut |event| match event {
        Event::StepStarted { .. } => {
            probe.longest();
            before = wal(client);
        }
        Event::StepDone { step, took } => {
            let longest = probe.longest();
            let written = wal(client) - before;
            let found = document.steps().find(|(_, s)| s.id == step);
            let (phase, record) = found.expect("a step of the plan");
            println!(
                "| {}: {} | {} | {:.1} s | {} ms | {} MB |",
                phase.name(),
                record.title,
                strongest(record),
                took.as_secs_f64(),
                longest.as_millis(),
                written >> 20
            );
        }
        _ => {}
    });
    let outcome = outcome.expect("apply");
    assert!(outcome.stopped.is_none(), "{:?}", outcome.stopped);
    assert!(
        outcome.pending.is_empty(),
        "{:?} is pending",
        outcome.pending
    );
}
