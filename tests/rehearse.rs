//! Hand-written SQL, measured: the program as a person runs it.

mod support;

use pgrehearse::pg::ServerVersion;
use serde_json::Value;
use support::world::{Said, Statements, World, run_in};
use tempfile::TempDir;

const LIVE: &str = "
    CREATE TYPE state AS ENUM ('new', 'paid');
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email varchar(40));
    CREATE TABLE orders (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer bigint NOT NULL,
        state state NOT NULL,
        code text NOT NULL CHECK (code IN ('A1', 'B2')),
        total numeric(10,2) NOT NULL CHECK (total > 100),
        placed timestamp NOT NULL DEFAULT now()
    );
    CREATE VIEW paid AS SELECT id, total FROM orders WHERE state = 'paid';
    INSERT INTO customers SELECT i, 'n' || i FROM generate_series(1, 50) i;
    INSERT INTO orders (customer, state, code, total) SELECT i, 'new', 'A1', 200 FROM generate_series(1, 50) i;";

trait Reads {
    /// Standard output holds these words, however they are broken into lines.
    fn reads(self, text: &str) -> Self;
}

impl Reads for Said {
    #[track_caller]
    fn reads(self, text: &str) -> Self {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat(&self.out).contains(&flat(text)),
            "no {text:?} in standard output\n{self}"
        );
        self
    }
}

fn world() -> World {
    World::new(LIVE)
}

fn json(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("{e}: {said}"))
}

/// The impact of each statement.
fn impacts(report: &Value) -> Vec<&str> {
    let transactions = report["transactions"].as_array().expect("transactions");
    let statements = transactions
        .iter()
        .flat_map(|t| t["statements"].as_array().expect("statements"));
    statements
        .map(|s| s["impact"].as_str().expect("impact"))
        .collect()
}

#[test]
fn each_statement_is_measured_and_the_online_way_said() {
    let world = world();
    world.write(
        "a.sql",
        "SET lock_timeout = '1s';\n\
         ALTER TABLE orders ADD COLUMN note text;\n\
         CREATE INDEX orders_code ON orders (code);\n\
         ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer) REFERENCES customers;\n\
         ALTER TABLE customers ALTER email TYPE text, ALTER id TYPE numeric;\n\
         ALTER TABLE customers ALTER email SET NOT NULL;\n\
         ALTER TABLE customers ADD UNIQUE (name);\n\
         CREATE INDEX CONCURRENTLY orders_state ON orders (state);\n",
    );
    let said = world
        .run(&["rehearse", "a.sql"])
        .exits(3)
        .reads("BLOCKING")
        .reads("2:1  online")
        .reads("3:1  blocking")
        .reads("CREATE INDEX CONCURRENTLY, outside a transaction")
        .reads("ADD CONSTRAINT … NOT VALID, commit, then VALIDATE CONSTRAINT")
        .reads("CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX")
        .reads("8:1  online  outside a transaction")
        .reads("+ index public.orders_code")
        .warns("error[rehearse::blocking]");
    assert!(!said.out.contains("\u{1b}["), "{said}");
    let said = world.run(&["rehearse", "a.sql", "--json", "--allow-blocking"]);
    assert_eq!(said.code, 0, "{said}");
    let report = json(&said);
    let found = impacts(&report);
    let wanted = [
        "online", "blocking", "blocking", "blocking", "blocking", "blocking", "online",
    ];
    assert_eq!(found, wanted, "{said}");
    let statement = &report["transactions"][6]["statements"][0];
    assert_eq!(
        statement["locks"]["public.orders"], "ShareUpdateExclusive",
        "{said}"
    );
    assert_eq!(report["transactions"][6]["way"], "outside");
    let names: Vec<&Value> = report["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|d| &d["object"])
        .collect();
    assert!(
        names.iter().any(|n| n.to_string().contains("orders_state")),
        "{said}"
    );
    // Nothing happened on the live database.
    let rows = world
        .client()
        .query("SELECT FROM pg_indexes WHERE tablename = 'orders'", &[])
        .expect("indexes");
    assert_eq!(rows.len(), 1);
}

#[test]
fn a_lock_is_held_over_the_work_of_its_transaction() {
    let world = world();
    let held =
        "BEGIN;\nALTER TABLE orders ADD note text;\nUPDATE orders SET note = code;\nCOMMIT;\n";
    world.write("held.sql", held);
    world
        .run(&["rehearse", "held.sql"])
        .exits(3)
        .reads("2 statements in one transaction")
        .reads("2:1  online")
        .reads("3:1  blocking")
        .reads("held ACCESS EXCLUSIVE on public.orders since 2:1")
        .reads("reads and writes of public.orders wait while public.orders is scanned");
    world.write(
        "apart.sql",
        &held.replace("BEGIN;\n", "").replace("COMMIT;\n", ""),
    );
    world
        .run(&["rehearse", "apart.sql"])
        .exits(0)
        .reads("long-running");
    world
        .run(&["rehearse", "apart.sql", "--single-transaction"])
        .exits(3)
        .reads("the whole file");
    // By its key a row is found without a scan.
    let one = "BEGIN;\nALTER TABLE orders ADD note text;\nUPDATE orders SET note = code WHERE id = 5;\nCOMMIT;\n";
    world.write("one.sql", one);
    world.run(&["rehearse", "one.sql"]).exits(0);
    let valid = "BEGIN;\nALTER TABLE orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID;\n\
                 ALTER TABLE orders VALIDATE CONSTRAINT c;\nCOMMIT;\n";
    world.write("valid.sql", valid);
    world
        .run(&["rehearse", "valid.sql"])
        .exits(3)
        .reads("COMMIT between ADD … NOT VALID and VALIDATE");
    world.write(
        "valid.sql",
        &valid.replace("BEGIN;\n", "").replace("COMMIT;\n", ""),
    );
    world.run(&["rehearse", "valid.sql"]).exits(0);
    world.write(
        "back.sql",
        "BEGIN;\nDROP TABLE customers;\nROLLBACK;\nBEGIN;\nSELECT 1;\n",
    );
    world
        .run(&["rehearse", "back.sql"])
        .exits(0)
        .reads("taken back")
        .reads("is never committed")
        .reads("no differences");
}

#[test]
fn what_fails_is_shown_with_its_place_and_stops_the_rest() {
    let world = world();
    let cases = [
        // It passes on an empty table.
        (
            "ALTER TABLE orders ADD owner bigint NOT NULL;",
            "1:1",
            "contains null values",
            "give a DEFAULT",
        ),
        (
            "SELECT 1;\nALTER TABLE orders DROP COLUMN totl;",
            "2:1",
            "column \"totl\" of relation \"orders\" does not exist",
            "",
        ),
        (
            "SELECT 1;\n  SELECT nme FROM customers;",
            "2:10",
            "column \"nme\" does not exist",
            "",
        ),
        (
            "BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (code);\nCOMMIT;",
            "2:1",
            "cannot run inside a transaction block",
            "take it out of BEGIN … COMMIT",
        ),
        (
            "ALTER TABLE orders ALTER total TYPE text;",
            "1:1",
            "cannot alter type of a column used by a view",
            "",
        ),
        (
            "GRANT SELECT ON orders TO nobody_here;",
            "1:1",
            "role \"nobody_here\" does not exist",
            "",
        ),
    ];
    for (sql, place, message, help) in cases {
        world.write("bad.sql", &format!("{sql}\nSELECT 2;\n"));
        let said = world
            .run(&["rehearse", "bad.sql"])
            .exits(1)
            .reads("FAILS at bad.sql:")
            .reads(message)
            .reads("not run")
            .warns("error[rehearse::fails]")
            .warns(message)
            .warns(&format!("bad.sql:{place}"));
        assert!(said.out.contains(help), "{said}");
        let report = json(&world.run(&["rehearse", "bad.sql", "--json"]).exits(1));
        assert_eq!(
            report["not_run"],
            if sql.ends_with("COMMIT;") { 2 } else { 1 },
            "{report}"
        );
    }
    world.write("quote.sql", "SELECT 1;\nSELECT 'x;\n");
    world
        .run(&["rehearse", "quote.sql"])
        .exits(2)
        .warns("quote.sql:2:8");
    world
        .run(&["rehearse", "missing.sql"])
        .exits(2)
        .warns("source::missing");
    world.run(&["rehearse"]).exits(2);
}

#[test]
fn what_is_not_trusted_runs_nothing_on_the_host() {
    let world = world();
    for (sql, code, text) in [
        ("COPY customers TO PROGRAM 'id';", 3, "desired::refused"),
        (
            "SELECT 1;\nALTER SYSTEM SET fsync = off;",
            3,
            "desired::refused",
        ),
        (
            "DO $$ BEGIN EXECUTE 'COPY customers TO PROGRAM ''id'''; END $$;",
            1,
            "permission denied",
        ),
        (
            "SELECT pg_read_file('/etc/passwd');",
            1,
            "permission denied",
        ),
        (
            "DO $$ BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'CREATE ROLE x SUPERUSER'; END $$;",
            1,
            "permission denied",
        ),
    ] {
        world.write("evil.sql", sql);
        let said = world.run(&["rehearse", "evil.sql", "--untrusted"]);
        assert_eq!(said.code, code, "{sql}: {said}");
        assert!(said.err.contains(text), "{sql}: {said}");
    }
    world.write(
        "role.sql",
        "SET ROLE postgres;\nCREATE ROLE reader;\nGRANT SELECT ON orders TO reader;\n",
    );
    world
        .run(&["rehearse", "role.sql"])
        .exits(0)
        .reads("the role is not changed")
        .reads("not run: it is about the server");
}

#[test]
fn hazards_follow_the_policies() {
    let world = world();
    world.write(
        "drop.sql",
        "ALTER TABLE customers DROP COLUMN email;\nALTER TABLE orders RENAME TO purchases;\n",
    );
    world
        .run(&["rehearse", "drop.sql"])
        .exits(3)
        .reads("DATA LOSS")
        .reads("data-loss: column public.customers.email and its values go")
        .reads("breaks-queries: public.orders is called public.purchases from here on")
        .warns("error[rehearse::data_loss]");
    world
        .run(&["rehearse", "drop.sql", "--allow-data-loss"])
        .exits(0);
    let refuse = [
        "rehearse",
        "drop.sql",
        "--allow-data-loss",
        "--set",
        "policies={breaks-queries: refuse}",
    ];
    world
        .run(&refuse)
        .exits(3)
        .warns("error[rehearse::policy]")
        .warns("policies.breaks-queries of the settings decides");
    world
        .run(&[
            "rehearse",
            "drop.sql",
            "--set",
            "policies={data-loss: warn}",
        ])
        .exits(0)
        .warns("warning: drop.sql:1:1: column public.customers.email");
    let said = world.run(&["rehearse", "drop.sql", "--json"]);
    assert_eq!(said.code, 3, "{said}");
    let refused = json(&said)["refused"].clone();
    assert!(
        refused.to_string().contains("public.customers.email"),
        "{said}"
    );
    // What comes back in the same transaction breaks nothing.
    world.write(
        "view.sql",
        "BEGIN;\nDROP VIEW paid;\nCREATE VIEW paid AS SELECT id, total, code FROM orders WHERE state = 'paid';\nCOMMIT;\n",
    );
    let said = world.run(&["rehearse", "view.sql"]).exits(0);
    assert!(!said.out.contains("is not there any more"), "{said}");
}

#[test]
fn every_form_and_width_holds_the_same() {
    let world = world();
    world.write(
        "a.sql",
        "CREATE INDEX a_rather_long_name_for_an_index_of_orders ON orders (code, placed) WHERE state = 'paid' AND total > 500;\n\
         ALTER TABLE orders ADD \"odd `name` | <b>\" text;\n",
    );
    let markdown = world
        .run(&["rehearse", "a.sql", "--format", "markdown"])
        .exits(3);
    assert!(
        markdown.out.starts_with("### Hand-written SQL, measured\n"),
        "{markdown}"
    );
    assert!(
        markdown
            .out
            .contains("| where | impact | statement | locks | work |"),
        "{markdown}"
    );
    assert!(markdown.out.contains("**blocks-writes**"), "{markdown}");
    let row = |line: &&str| line.starts_with('|') && line.contains("odd");
    let row = markdown.out.lines().find(row).expect("a row of the table");
    assert!(
        !row.contains("<b>") && !row.contains('`') && row.matches(" | ").count() == 4,
        "{row}"
    );
    for width in ["80", "120"] {
        let mut command = world.command(&["rehearse", "a.sql"]);
        command.env("COLUMNS", width);
        let said = Said::of(command);
        let limit: usize = width.parse().expect("a number");
        let wide = said.out.lines().find(|l| l.chars().count() > limit);
        assert_eq!(wide, None, "{said}");
        let mut command = world.command(&["rehearse", "a.sql", "--color", "always"]);
        command.env("COLUMNS", width);
        let coloured = Said::of(command);
        let plain = anstream::adapter::strip_str(&coloured.out).to_string();
        assert_eq!(plain, said.out);
        assert_ne!(coloured.out, said.out);
    }
}

#[test]
fn files_alone_are_enough() {
    let folder = TempDir::new().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("write a file")
    };
    write("schema.sql", LIVE);
    write(
        "a.sql",
        "ALTER TABLE \"customers\" ALTER name SET NOT NULL; ALTER TABLE orders OWNER TO app;\n",
    );
    write("b.sql", "ALTER TABLE orders ALTER customer TYPE int;\n");
    run_in(
        folder.path(),
        None,
        &["rehearse", "--from", "schema.sql", "a.sql", "b.sql"],
    )
    .exits(3)
    .reads("a.sql")
    .reads("b.sql")
    .reads("rewrites public.orders");
    run_in(folder.path(), None, &["rehearse", "a.sql"])
        .exits(2)
        .warns("error[cli::no_database]");
}

#[test]
fn small_tables_are_bounded_and_versions_are_those_of_live() {
    for version in [ServerVersion::V14, ServerVersion::V18] {
        let world = World::on(version, Statements::NotCounted, LIVE);
        world.client().batch_execute("ANALYZE").expect("statistics");
        world.write(
            "a.sql",
            "CREATE INDEX ON orders (code);\nVACUUM orders;\nREINDEX TABLE CONCURRENTLY orders;\n",
        );
        let small = [
            "rehearse",
            "a.sql",
            "--set",
            "small_table.rows=10000",
            "--json",
        ];
        let said = world.run(&small);
        assert_eq!(said.code, 0, "{said}");
        let report = json(&said);
        assert_eq!(impacts(&report), ["bounded", "online", "online"], "{said}");
        assert_eq!(report["rehearsed_on"], format!("PostgreSQL {version}"));
        world
            .run(&["rehearse", "a.sql"])
            .exits(3)
            .warns("error[rehearse::blocking]");
    }
}

#[test]
fn rows_are_made_that_checks_keys_and_partitions_take() {
    let world = World::new(
        "CREATE DOMAIN positive AS int CHECK (VALUE > 0);
         CREATE TABLE parents (code char(2) PRIMARY KEY CHECK (code ~ '^[A-Z]{2}$' OR code = 'DE'));
         CREATE TABLE \"Odd Names\" (
             \"Id\" uuid PRIMARY KEY, parent char(2) NOT NULL REFERENCES parents, amount positive NOT NULL,
             days daterange NOT NULL, tags text[] NOT NULL, data jsonb NOT NULL, at timestamptz NOT NULL,
             size text NOT NULL CHECK (size = ANY (ARRAY['S', 'M'])), CHECK (lower(days) IS NOT NULL)
         );
         CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('1999-01-01') TO ('1999-02-01');
         CREATE TABLE never (a int NOT NULL CHECK (false));
         INSERT INTO parents VALUES ('DE');
         INSERT INTO \"Odd Names\" VALUES (gen_random_uuid(), 'DE', 1, '[2020-01-01,2020-02-01)', '{}', '{}', now(), 'S');
         INSERT INTO events VALUES (1, '1999-01-02');",
    );
    for table in ["parents", "\"Odd Names\"", "events"] {
        world.write(
            "a.sql",
            &format!("ALTER TABLE {table} ADD COLUMN must text NOT NULL;"),
        );
        let said = world.run(&["rehearse", "a.sql"]);
        assert_eq!(said.code, 1, "{table}: {said}");
        said.reads("contains null values");
    }
    // Live has no row in it either: nothing to fail on.
    world.write("a.sql", "ALTER TABLE never ADD COLUMN must text NOT NULL;");
    world
        .run(&["rehearse", "a.sql", "--allow-blocking"])
        .exits(0);
}
