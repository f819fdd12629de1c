//! Schemas of real projects, each version to the next and back: planned, rehearsed and applied onto a server
//! with rows in it, judged by our own reader and by pg_dump.
//!
//! `PGREHEARSE_REAL_SCHEMAS` names the folder (`temporal/v1.sql` …); without it nothing is run, and
//! that is said. On version 17, or those of `PGREHEARSE_TEST_VERSIONS`.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::apply::{self, Session, Silent};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Impact};
use pgrehearse::source::{Source, read_files};
use postgres::{Client, NoTls};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;
use support::plans::{message, proved, show};
use support::{Live, options, pg_dump, server, versions};

const FOLDER: &str = "PGREHEARSE_REAL_SCHEMAS";

/// Each with its number of versions.
const PROJECTS: [(&str, u32); 2] = [("temporal", 6), ("danbooru", 6)];

/// Rows that a table gets.
const ROWS: u32 = 5;

/// What the running servers know of the tables.
#[derive(Clone, Copy)]
enum Statistics {
    Fresh,
    /// Never analysed: `reltuples` is -1.
    None,
}

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let folder = std::env::var_os(FOLDER).map(PathBuf::from);
    let mut trials = Vec::new();
    for version in versions_here() {
        for (project, last) in PROJECTS {
            let forward = (1..last).map(|v| (v, v + 1));
            let back = (1..last).map(|v| (v + 1, v));
            for (from, to) in forward.chain(back) {
                let name = format!("{project} v{from} to v{to} on {}", version.major());
                let folder = folder.clone();
                let ignored = folder.is_none();
                let trial = Trial::test(name.clone(), move || match folder {
                    Some(folder) => {
                        let files =
                            [from, to].map(|v| folder.join(project).join(format!("v{v}.sql")));
                        run(&name, files, from, version).map_err(Failed::from)
                    }
                    None => Err(Failed::from(format!("{FOLDER} is not set"))),
                });
                trials.push(trial.with_ignored_flag(ignored));
            }
        }
    }
    if folder.is_none() && !arguments.list {
        println!("skipped: real schemas: {FOLDER} does not name their folder");
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

fn versions_here() -> Vec<ServerVersion> {
    if std::env::var_os("PGREHEARSE_TEST_VERSIONS").is_some() {
        versions()
    } else {
        vec![ServerVersion::V17]
    }
}

fn run(
    name: &str,
    [old, new]: [PathBuf; 2],
    from: u32,
    version: ServerVersion,
) -> Result<(), String> {
    let server = server(version)?;
    let files = |path: &Path| read_files(path).map_err(|e| e.to_string());
    let live = Live::from_files(&server, &files(&old)?)?;
    let wanted = Live::from_files(&server, &files(&new)?)?;

    let unfillable = unfillable(&mut live.client(), &mut wanted.client());
    let seeded = seed(&mut live.client(), &unfillable);
    let statistics = if from % 2 == 1 {
        Statistics::Fresh
    } else {
        Statistics::None
    };
    if matches!(statistics, Statistics::Fresh) {
        let analyzed = live.client().batch_execute("ANALYZE");
        analyzed.map_err(|e| format!("ANALYZE: {}", message(&e)))?;
    }
    let said = tell_rows(&seeded, &unfillable, statistics);
    if seeded.filled.len() * 10 < seeded.tables * 9 {
        return Err(format!("too few tables have rows: {said}"));
    }

    let options = options(&server);
    let (source, target) = (live.source(), Source::Files(new));
    let before = live.counts();
    let begun = Instant::now();
    let plan = pipeline::plan(&source, &target, &options).map_err(|e| {
        format!(
            "plan: {e}{}",
            e.help().map(|h| format!("\nhelp: {h}")).unwrap_or_default()
        )
    })?;
    let planned = begun.elapsed();
    let document = plan.document();
    let shown = show(document);
    check(document).map_err(|e| format!("{e}\n{shown}"))?;
    let begun = Instant::now();
    apply(&live, document).map_err(|e| format!("apply: {e}\n{shown}"))?;
    let applied = begun.elapsed();
    tell(
        name,
        document,
        &said,
        planned.as_secs_f64(),
        applied.as_secs_f64(),
    );

    let again =
        pipeline::plan(&source, &target, &options).map_err(|e| format!("second plan: {e}"))?;
    if !again.document().is_empty() {
        return Err(format!(
            "the second plan is not empty:\n{}\nthe first was:\n{shown}",
            show(again.document())
        ));
    }
    let (after, existing) = (live.counts(), wanted.counts());
    for (table, rows) in before {
        match after.get(&table) {
            Some(now) if *now != rows => {
                return Err(format!("{table} had {rows} rows and has {now}\n{shown}"));
            }
            None if existing.contains_key(&table) => {
                return Err(format!("{table} is gone\n{shown}"));
            }
            _ => {}
        }
    }
    match pg_dump() {
        Ok(_) => {
            let forgotten = live
                .client()
                .batch_execute("DROP SCHEMA pgrehearse CASCADE");
            forgotten.map_err(|e| format!("the ledger: {}", message(&e)))?;
            support::dumps_alike(&server, &live, &wanted)
                .map_err(|diff| format!("pg_dump differs:\n{diff}\n{shown}"))
        }
        Err(reason) => {
            println!("not compared: {reason}");
            Ok(())
        }
    }
}

/// Tables of the old schema to which the new one adds a NOT NULL column that nothing fills.
fn unfillable(old: &mut Client, new: &mut Client) -> BTreeSet<String> {
    let columns = |client: &mut Client, only: &str| -> BTreeSet<(String, String)> {
        let query = format!(
            "SELECT table_schema || '.' || table_name, column_name::text
               FROM information_schema.columns
              WHERE table_schema NOT IN ('pg_catalog', 'information_schema') {only}"
        );
        let rows = client.query(&query, &[]).expect("list the columns");
        rows.iter().map(|r| (r.get(0), r.get(1))).collect()
    };
    let had = columns(old, "");
    let tables: BTreeSet<&String> = had.iter().map(|(table, _)| table).collect();
    let unfilled = "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
                    AND is_generated = 'NEVER'";
    columns(new, unfilled)
        .into_iter()
        .filter(|column| !had.contains(column))
        .map(|(table, _)| table)
        .filter(|table| tables.contains(table))
        .collect()
}

/// What was given rows.
struct Seeded {
    tables: usize,
    filled: Vec<String>,
    /// With the server's reason.
    failed: Vec<String>,
}

struct Column {
    name: String,
    value: String,
    is_optional: bool,
}

/// Gives every table but `left_empty` a few rows: the row number in each column, after its type. So
/// keys are unique, and references lead to rows.
fn seed(client: &mut Client, left_empty: &BTreeSet<String>) -> Seeded {
    const TABLES: &str = "
        SELECT c.oid, n.nspname || '.' || c.relname, c.oid::regclass::text
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
         ORDER BY 2";
    let tables = client.query(TABLES, &[]).expect("list the tables");
    let mut seeded = Seeded {
        tables: tables.len(),
        filled: Vec::new(),
        failed: Vec::new(),
    };
    // Neither triggers nor references are looked at, in whatever order the tables come.
    client
        .batch_execute("SET session_replication_role = replica")
        .expect("a superuser");
    for table in &tables {
        let (oid, name, quoted): (u32, String, String) = (table.get(0), table.get(1), table.get(2));
        if left_empty.contains(&name) {
            continue;
        }
        let columns = columns(client, oid);
        let mandatory: Vec<&Column> = columns.iter().filter(|c| !c.is_optional).collect();
        let all: Vec<&Column> = columns.iter().collect();
        // A CHECK may want the defaults, or a single row.
        let attempts = [(all, ROWS), (mandatory.clone(), ROWS), (mandatory, 1)];
        let mut reason = None;
        for (columns, rows) in attempts {
            match client.batch_execute(&insert(&quoted, &columns, rows)) {
                Ok(()) => {
                    reason = None;
                    break;
                }
                Err(error) => reason = reason.or(Some(message(&error))),
            }
        }
        match reason {
            None => seeded.filled.push(name),
            Some(reason) => seeded.failed.push(format!("{name}: {reason}")),
        }
    }
    seeded
}

fn insert(table: &str, columns: &[&Column], rows: u32) -> String {
    if columns.is_empty() {
        return format!("INSERT INTO {table} DEFAULT VALUES");
    }
    let join = |part: fn(&Column) -> &str| {
        let parts: Vec<&str> = columns.iter().map(|c| part(c)).collect();
        parts.join(", ")
    };
    format!(
        "INSERT INTO {table} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series(1, {rows}) n",
        join(|c| &c.name),
        join(|c| &c.value)
    )
}

/// The columns that take a value of ours.
fn columns(client: &mut Client, table: u32) -> Vec<Column> {
    const COLUMNS: &str = "
        SELECT quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
               coalesce(e.typname, b.typname)::text, coalesce(e.typtype, b.typtype)::text,
               coalesce(e.oid, b.oid)::regtype::text, e.oid IS NOT NULL,
               a.atthasdef OR NOT a.attnotnull OR a.attidentity <> ''
          FROM pg_attribute a
          JOIN pg_type t ON t.oid = a.atttypid
          JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
          LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
         WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
         ORDER BY a.attnum";
    let rows = client.query(COLUMNS, &[&table]).expect("list the columns");
    let mut columns = Vec::new();
    for row in &rows {
        let (whole, base, kind): (String, String, String) = (row.get(1), row.get(2), row.get(3));
        let (full, is_array): (String, bool) = (row.get(4), row.get(5));
        let is_optional = row.get(6);
        let Some(value) = value(&base, &kind, &full) else {
            if is_optional {
                continue;
            }
            columns.push(Column {
                name: row.get(0),
                value: "NULL".to_owned(),
                is_optional,
            });
            continue;
        };
        let value = if is_array {
            format!("ARRAY[{value}]")
        } else {
            value
        };
        columns.push(Column {
            name: row.get(0),
            // The explicit cast cuts a text to the length of its column.
            value: format!("({value})::{whole}"),
            is_optional,
        });
    }
    columns
}

/// A value of row `n` for a type; `None` for one of which nothing is known here.
fn value(name: &str, kind: &str, full: &str) -> Option<String> {
    if kind == "e" {
        return Some(format!("(enum_range(NULL::{full}))[1]"));
    }
    let value = match name {
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid" => "n",
        "text" | "varchar" | "bpchar" | "name" | "char" => "n::text || ' text'",
        "bool" => "n % 2 = 0",
        "date" => "date '2024-01-01' + n",
        "timestamp" | "timestamptz" => "timestamp '2024-01-01' + n * interval '1 hour'",
        "time" | "timetz" => "time '01:00' + n * interval '1 minute'",
        "interval" => "n * interval '1 minute'",
        "uuid" => "lpad(to_hex(n), 32, '0')::uuid",
        "json" => "json_build_object('n', n)",
        "jsonb" => "jsonb_build_object('n', n)",
        "bytea" => "int4send(n)",
        "inet" | "cidr" => "inet '10.0.0.0' + n",
        "tsvector" => "to_tsvector('simple', 'word' || n)",
        "bit" | "varbit" => "n::bit(8)",
        _ => return None,
    };
    Some(value.to_owned())
}

fn tell_rows(seeded: &Seeded, left_empty: &BTreeSet<String>, statistics: Statistics) -> String {
    let mut said = format!(
        "{} of {} tables with rows, {}",
        seeded.filled.len(),
        seeded.tables,
        match statistics {
            Statistics::Fresh => "analysed",
            Statistics::None => "never analysed",
        }
    );
    for table in left_empty {
        said.push_str(&format!(
            "\n    {table} is left empty: the next version adds a NOT NULL column without a default"
        ));
    }
    for failed in &seeded.failed {
        said.push_str(&format!("\n    no rows in {failed}"));
    }
    said
}

fn tell(name: &str, document: &Document, rows: &str, planned: f64, applied: f64) {
    let mut text = format!(
        "{name}: {} steps, {} statements, {}; planned in {planned:.1} s, applied in {applied:.1} s; {rows}\n",
        document.steps().count(),
        document
            .steps()
            .map(|(_, s)| s.statements.len())
            .sum::<usize>(),
        document.evidence.impact.name(),
    );
    for (_, step) in document.steps() {
        if step.evidence.impact == Impact::Blocking {
            text.push_str(&format!(
                "    blocking: {} ({})\n",
                step.title, step.strategy
            ));
        }
    }
    for unmodeled in &document.unmodeled {
        text.push_str(&format!(
            "    unmodelled on {}: {} {}\n",
            unmodeled.side, unmodeled.what, unmodeled.name
        ));
    }
    for notice in &document.notices {
        text.push_str(&format!("    notice: {notice}\n"));
    }
    print!("{text}");
}

/// E1 and E2, and that every statement was measured.
fn check(document: &Document) -> Result<(), String> {
    if document.is_empty() {
        return Err("there is no difference".to_owned());
    }
    proved(document)?;
    for (_, step) in document.steps() {
        let measured = &step.evidence.statements;
        if step.evidence.impact == Impact::NotRehearsed {
            return Err(format!("{} is not measured", step.id));
        }
        if let Some(reason) = measured.iter().find_map(|s| s.declared.as_ref()) {
            return Err(format!("{} is declared only: {reason}", step.id));
        }
    }
    Ok(())
}

/// As `pgrehearse apply` does, by the owner of everything.
fn apply(live: &Live, document: &Document) -> Result<(), String> {
    let owner = live
        .client()
        .query_one(
            "SELECT pg_get_userbyid(datdba)::text FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .map_err(|e| message(&e))?;
    let owner: String = owner.get(0);
    let mut config = live.config.clone();
    config.options(&format!("-c role={owner}"));
    let connect = || config.connect(NoTls);
    let mut session = Session::open(&connect).map_err(|e| e.to_string())?;
    let options = apply::Options::default();
    let outcome =
        apply::run(&mut session, document, &options, &mut Silent).map_err(|e| e.to_string())?;
    let steps = document.steps().count();
    if outcome.stopped.is_some() || !outcome.pending.is_empty() || outcome.done.len() != steps {
        return Err(format!("not all is done: {outcome:?}"));
    }
    Ok(())
}
