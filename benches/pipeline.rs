//! What each stage of a plan takes, at 100 and 1,000 tables.
//!
//! `cargo bench --bench pipeline` prints a table of medians. `PGREHEARSE_BENCH_TABLES=100,1000` and
//! `PGREHEARSE_BENCH_VERSION=17` choose the sizes and the server.

#[path = "../tests/support/mod.rs"]
mod support;

use pgrehearse::catalog::{Catalog, Desired, Live as LiveSide, Reader, read};
use pgrehearse::diff;
use pgrehearse::order;
use pgrehearse::pg::{ServerVersion, session};
use pgrehearse::pipeline::{self, Options};
use pgrehearse::plan::Document;
use pgrehearse::rehearse::clone;
use pgrehearse::scratch::{DatabaseSettings, Scratch, elaborate::elaborate};
use pgrehearse::source::{Source, read_files};
use pgrehearse::strategy::{self, Context, Drops, SmallTable};
use postgres::{Config, NoTls};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn main() {
    let sizes: Vec<usize> = std::env::var("PGREHEARSE_BENCH_TABLES")
        .unwrap_or_else(|_| "100,1000".to_owned())
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let version = std::env::var("PGREHEARSE_BENCH_VERSION")
        .ok()
        .and_then(|v| v.parse().ok())
        .map_or(ServerVersion::V17, ServerVersion::from_major);
    let server = support::server(version).expect("a scratch server");
    println!("{}", server.description());
    for tables in sizes {
        measure(&server, tables);
    }
    pgrehearse::scratch::stop_all();
}

fn measure(server: &Arc<Scratch>, tables: usize) {
    let runs = if tables > 300 { 3 } else { 5 };
    println!("\n{tables} tables, median of {runs}");
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, split, changed) = (
        folder.path().join("schema.sql"),
        folder.path().join("split"),
        folder.path().join("changed.sql"),
    );
    std::fs::write(&whole, schema(tables, 0).concat()).expect("write the schema");
    std::fs::write(&changed, schema(tables, 10).concat()).expect("write the changed schema");
    std::fs::create_dir(&split).expect("a folder");
    for (i, text) in schema(tables, 0).iter().enumerate() {
        std::fs::write(split.join(format!("t{i:04}.sql")), text).expect("write a table");
    }
    let settings = DatabaseSettings {
        time_zone: Some("UTC".to_owned()),
        ..Default::default()
    };
    let options = support::options(server);

    time("read and split the files", runs, || {
        read_files(&whole).expect("read").statements.len()
    });
    let load = |path: &Path| {
        let files = read_files(path).expect("read the files");
        let live = support::Live::empty(server);
        let begun = Instant::now();
        elaborate(&live.database, &files).expect("run the files");
        (begun.elapsed(), live)
    };
    let one = timed("load: one file", runs, || load(&whole).0);
    timed("load: a file per table", runs, || load(&split).0);
    let live = load(&whole).1;
    let mut client = live.client();
    session::prepare(&mut client, None).expect("prepare the session");

    let catalog: Catalog<LiveSide> = read(&mut client, &options.scope).expect("read");
    time("read the catalog", runs, || {
        read::<LiveSide>(&mut client, &options.scope)
            .expect("read")
            .objects
            .len()
    });
    let mut reader = Reader::new();
    time("  again, with the same reader", runs + 1, || {
        let catalog: Catalog<LiveSide> = reader.read(&mut client, &options.scope).expect("read");
        catalog.objects.len()
    });
    line(
        "  queries for it",
        &queries(&live.config, &options).to_string(),
    );
    line("  objects in it", &catalog.objects.len().to_string());
    timed("clone of all of it", runs, || {
        let database = server.create_database(&settings).expect("a database");
        let begun = Instant::now();
        clone::build(&database, &catalog, &options.scope).expect("clone");
        begun.elapsed()
    });

    let after: Catalog<Desired> = {
        let (_, live) = load(&changed);
        let mut client = live.client();
        session::prepare(&mut client, None).expect("prepare the session");
        read(&mut client, &options.scope).expect("read")
    };
    let same: Catalog<Desired> = catalog.clone().on_side();
    let nothing: Catalog<LiveSide> = Catalog::empty(catalog.version);
    time("diff: nothing changed", runs, || {
        diff::changes(&catalog, &same).expect("diff").changes.len()
    });
    time("diff: ten tables changed", runs, || {
        diff::changes(&catalog, &after).expect("diff").changes.len()
    });
    time("diff: everything is new", runs, || {
        diff::changes(&nothing, &same).expect("diff").changes.len()
    });
    let changes = diff::changes(&nothing, &same).expect("diff");
    let context = Context {
        live: &nothing,
        desired: &same,
        changes: &changes,
        version: catalog.version,
        small: SmallTable::default(),
        max_tables: strategy::MAX_TABLES,
        replacements: &pgrehearse::diff::Replacements::default(),
        renewals: &pgrehearse::diff::Renewals::default(),
        splits: &[],
        copies: &pgrehearse::diff::Copies::default(),
        additions: &pgrehearse::diff::Additions::default(),
        conversions: &BTreeMap::new(),
        drops: Drops::default(),
        wholes: pgrehearse::strategy::Wholes::default(),
    };
    time("expand: everything is new", runs, || {
        strategy::expand(&context).expect("expand").len()
    });
    timed("sort: everything is new", runs, || {
        let steps = strategy::expand(&context).expect("expand");
        let begun = Instant::now();
        order::sort(steps).expect("sort");
        begun.elapsed()
    });

    let from = live.source();
    let plan = |to: &Path, options: &Options| -> Document {
        let plan = pipeline::plan(&from, &Source::Files(to.to_owned()), options);
        plan.expect("plan").document().clone()
    };
    let cold = || Options {
        running: None,
        ..support::options(server)
    };
    let kept = || Options {
        cache: Some(folder.path().join("cache")),
        ..cold()
    };
    let empty = time("plan, cold: nothing changed", runs, || {
        plan(&whole, &cold()).is_empty()
    });
    line(
        "  of the load",
        &format!("{:.2} ×", empty.as_secs_f64() / one.as_secs_f64()),
    );
    plan(&whole, &kept());
    plan(&changed, &kept());
    time("plan, desired catalog kept: nothing changed", runs, || {
        plan(&whole, &kept()).is_empty()
    });
    time("plan, cold: ten tables changed", runs, || {
        plan(&changed, &cold()).steps().count()
    });
    time(
        "plan, desired catalog kept: ten tables changed",
        runs,
        || plan(&changed, &kept()).steps().count(),
    );
    let plan = plan(&changed, &kept());
    line("  steps rehearsed", &plan.steps().count().to_string());
    let took: f64 = plan.evidence.run.values().map(|run| run.took_ms).sum();
    line("  of it in the statements", &format!("{took:.1} ms"));
}

/// The texts of `tables` tables, one each; the first `changed` with a new column, index and check.
fn schema(tables: usize, changed: usize) -> Vec<String> {
    (0..tables)
        .map(|i| {
            let mut text = String::new();
            // Ten to a family; every table but the first of a family has a foreign key to it.
            let parent = i / 10 * 10;
            let reference = if i == parent { i.saturating_sub(10) } else { parent };
            let more = if i < changed { ",\n    note text DEFAULT ''" } else { "" };
            write!(
                text,
                "CREATE TABLE t{i:04} (
    id bigint GENERATED ALWAYS AS IDENTITY,
    parent_id bigint NOT NULL,
    name text NOT NULL,
    code varchar(40) NOT NULL,
    state text NOT NULL DEFAULT 'new',
    amount numeric(12,2) NOT NULL DEFAULT 0,
    quantity integer NOT NULL DEFAULT 1,
    active boolean NOT NULL DEFAULT true,
    payload jsonb,
    tags text[],
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz{more},
    CONSTRAINT t{i:04}_pkey PRIMARY KEY (id),
    CONSTRAINT t{i:04}_amount_check CHECK (amount >= 0),
    CONSTRAINT t{i:04}_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES t{reference:04} (id)
);
CREATE INDEX t{i:04}_parent_id_idx ON t{i:04} (parent_id);
CREATE INDEX t{i:04}_code_idx ON t{i:04} (code, created_at DESC);
"
            )
            .expect("text");
            if i < changed {
                writeln!(text, "CREATE INDEX t{i:04}_note_idx ON t{i:04} (note);\nALTER TABLE t{i:04} ADD CONSTRAINT t{i:04}_quantity_check CHECK (quantity > 0);")
                    .expect("text");
            }
            if i % 10 == 0 {
                write!(
                    text,
                    "CREATE VIEW v{i:04} AS SELECT id, name, amount * quantity AS total FROM t{i:04} WHERE active;
CREATE FUNCTION touch{i:04}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE TRIGGER t{i:04}_touch BEFORE UPDATE ON t{i:04} FOR EACH ROW EXECUTE FUNCTION touch{i:04}();
"
                )
                .expect("text");
            }
            text
        })
        .collect()
}

fn time<T>(what: &str, runs: usize, mut run: impl FnMut() -> T) -> Duration {
    timed(what, runs, || {
        let begun = Instant::now();
        std::hint::black_box(run());
        begun.elapsed()
    })
}

/// For what must not be timed as a whole: `run` gives the time of its part.
fn timed(what: &str, runs: usize, mut run: impl FnMut() -> Duration) -> Duration {
    let mut all: Vec<Duration> = (0..runs).map(|_| run()).collect();
    all.sort();
    let median = all[all.len() / 2];
    line(what, &format!("{:.1} ms", median.as_secs_f64() * 1e3));
    median
}

fn line(what: &str, value: &str) {
    println!("{what:<52}{value:>12}");
}

/// How many queries one reading of the catalog sends, counted on the wire.
fn queries(config: &Config, options: &Options) -> usize {
    let Some(postgres::config::Host::Unix(folder)) = config.get_hosts().first() else {
        return 0;
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let socket = folder.join(format!(".s.PGSQL.{port}"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("accept");
        let server = UnixStream::connect(socket).expect("the server's socket");
        let (mut back, mut answers) = (
            client.try_clone().expect("clone"),
            server.try_clone().expect("clone"),
        );
        std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        forward(client, server, &counted);
    });
    let mut through = Config::new();
    through
        .host("127.0.0.1")
        .port(address.port())
        .user(config.get_user().unwrap_or_default())
        .password(config.get_password().unwrap_or_default())
        .dbname(config.get_dbname().unwrap_or_default());
    let mut client = through.connect(NoTls).expect("connect through the counter");
    session::prepare(&mut client, None).expect("prepare the session");
    count.store(0, Ordering::SeqCst);
    let catalog: Catalog<LiveSide> = read(&mut client, &options.scope).expect("read");
    std::hint::black_box(catalog.objects.len());
    count.load(Ordering::SeqCst)
}

/// Passes messages on and counts `Query` and `Execute`.
fn forward(mut client: TcpStream, mut server: UnixStream, count: &AtomicUsize) {
    let mut first = true;
    loop {
        let mut head = vec![0; if first { 4 } else { 5 }];
        if client.read_exact(&mut head).is_err() {
            return;
        }
        let kind = if first { 0 } else { head[0] };
        let length = u32::from_be_bytes(head[head.len() - 4..].try_into().expect("four bytes"));
        let mut body = vec![0; length as usize - 4];
        if client.read_exact(&mut body).is_err() {
            return;
        }
        first = false;
        if matches!(kind, b'Q' | b'E') {
            count.fetch_add(1, Ordering::SeqCst);
        }
        head.extend(body);
        if server.write_all(&head).is_err() {
            return;
        }
    }
}
