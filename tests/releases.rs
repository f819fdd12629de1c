//! Whole releases by the program, on a live server on which one role owns everything: planned, applied at once, checked,
//! and planned again.

mod support;

use support::world::{Statements, World};

/// The schema before, rows, and the schema after.
const RELEASES: [(&str, &str, &str, &str); 4] = [
    (
        "a schema gets another name",
        "CREATE SCHEMA app; CREATE TABLE app.users (id int PRIMARY KEY, mail text);",
        "INSERT INTO app.users VALUES (1, 'a')",
        "-- pgrehearse: renamed from app
         CREATE SCHEMA core; CREATE TABLE core.users (id int PRIMARY KEY, mail text);",
    ),
    (
        "a type, and a function and an operator that take it",
        "CREATE TABLE t (id int PRIMARY KEY);",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE t (id int PRIMARY KEY);
         CREATE TYPE colour AS ENUM ('red', 'blue');
         CREATE TYPE pair AS (a int, b int);
         CREATE FUNCTION shade(colour, t) RETURNS int LANGUAGE sql AS 'SELECT 1';
         CREATE FUNCTION same(pair, pair) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE OPERATOR === (FUNCTION = same, LEFTARG = pair, RIGHTARG = pair);",
    ),
    (
        "a table that an audit trigger watches gets a larger key",
        "CREATE TABLE users (id int PRIMARY KEY, mail text);
         CREATE TABLE audit_log (of text NOT NULL, id bigint);
         CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO audit_log VALUES (TG_TABLE_NAME, NEW.id); RETURN NEW; END $$;
         CREATE TRIGGER audit AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();",
        "INSERT INTO users SELECT g, 'm' || g FROM generate_series(1, 100) g",
        "CREATE TABLE users (id bigint PRIMARY KEY, mail text);
         CREATE TABLE audit_log (of text NOT NULL, id bigint);
         CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN INSERT INTO audit_log VALUES (TG_TABLE_NAME, NEW.id); RETURN NEW; END $$;
         CREATE TRIGGER audit AFTER INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION audit();",
    ),
    (
        "everything gets a tenant",
        "CREATE TABLE tenants (id bigint PRIMARY KEY);
         CREATE TABLE users (id bigint PRIMARY KEY, mail text UNIQUE);
         CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, body text);",
        "INSERT INTO tenants VALUES (1); INSERT INTO users VALUES (1, 'a'), (2, 'b');
         INSERT INTO notes (user_id, body) VALUES (1, 'x'), (2, 'y')",
        "CREATE TABLE tenants (id bigint PRIMARY KEY);
         CREATE TABLE users (id bigint PRIMARY KEY, mail text,
             -- pgrehearse: backfill (1)
             tenant_id bigint NOT NULL REFERENCES tenants,
             UNIQUE (tenant_id, mail), UNIQUE (tenant_id, id));
         CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, body text,
             -- pgrehearse: backfill (1)
             tenant_id bigint NOT NULL,
             FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id));
         CREATE INDEX ON notes (tenant_id, user_id);",
    ),
];

#[test]
fn a_release_is_applied_and_nothing_is_left_to_do() {
    for version in support::outermost() {
        for (name, old, rows, new) in RELEASES {
            if let Err(why) = support::server(version) {
                eprintln!("skipped: {why}");
                continue;
            }
            let world = World::on(version, Statements::NotCounted, old);
            world.client().batch_execute(rows).expect("rows");
            world.write("new.sql", new);
            // As large tables: by new columns, backfills and swaps.
            let large = ["--set", "small_table.rows=0"];
            let apply = ["apply", "--to", "new.sql", "--yes"];
            let said = world.run(&[&apply[..], &large[..]].concat());
            assert_eq!(
                said.code, 0,
                "{name} on {version}: {}{}",
                said.out, said.err
            );
            let said = world.run(&["check", "--to", "new.sql"]);
            assert_eq!(
                said.code, 0,
                "{name} on {version}: {}{}",
                said.out, said.err
            );
        }
    }
}

/// A column that gets a time zone, alone and in a table that is copied.
const ZONED: [(&str, &str, &str); 2] = [
    (
        "a replaced column",
        "CREATE TABLE ev (id int PRIMARY KEY, at timestamp NOT NULL);",
        "CREATE TABLE ev (id int PRIMARY KEY, at timestamptz NOT NULL);",
    ),
    (
        "a copied table",
        "CREATE TABLE ev (id int PRIMARY KEY, at timestamp NOT NULL, note text);",
        "CREATE TABLE ev (id int PRIMARY KEY, at timestamptz NOT NULL, note text,
             upper text GENERATED ALWAYS AS (upper(note)) STORED);",
    ),
];

/// Before contract the application may have written to both; what compares them has passed the rows when the swap comes.
#[test]
fn a_writer_in_another_time_zone_gets_the_values_of_the_others() {
    for version in support::outermost() {
        for (name, old, new) in ZONED {
            if let Err(why) = support::server(version) {
                eprintln!("skipped: {why}");
                continue;
            }
            let world = World::on(version, Statements::NotCounted, old);
            let mut client = world.client();
            let noon = "timestamp '2026-06-01 12:00'";
            let rows = format!(
                "INSERT INTO ev (id, at) SELECT g, {noon} FROM generate_series(1, 4) g;
                 DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Europe/Berlin''', current_database()); END $$"
            );
            client.batch_execute(&rows).expect("rows");
            world.write("new.sql", new);
            let write = |id: i32| {
                let mut application = world.client();
                let text = format!(
                    "SET timezone = 'Asia/Tokyo'; SET datestyle = 'German';
                     INSERT INTO ev (id, at) VALUES ({}, {noon});
                     UPDATE ev SET at = {noon} + interval '0' WHERE id = {id};
                     UPDATE ev SET at = at + interval '1 minute' WHERE id = {id};
                     UPDATE ev SET at = at - interval '1 minute' WHERE id = {id}",
                    100 + id
                );
                application
                    .batch_execute(&text)
                    .expect("the application writes");
            };
            let said = world.run(&[
                "plan",
                "--to",
                "new.sql",
                "--out",
                "plan.yaml",
                "--set",
                "small_table.rows=0",
            ]);
            assert_eq!(said.code, 0, "{}{}", said.out, said.err);
            let plan = world.read("plan.yaml");
            assert!(plan.contains("(Europe/Berlin)"), "{plan}");
            let parts: [&[&str]; 4] = [
                &["--phase", "expand"],
                &["--phase", "migrate"],
                &["--phase", "contract", "--until", "contract-1"],
                &["--phase", "contract"],
            ];
            for (number, part) in (1..).zip(parts) {
                let apply = ["apply", "--plan", "plan.yaml", "--yes"];
                let said = world.run(&[&apply[..], part].concat());
                assert_eq!(said.code, 0, "{name}: {part:?}: {}{}", said.out, said.err);
                // The last one writes through the new column.
                if number < 4 {
                    write(number);
                }
            }
            let query =
                "SELECT count(*) FROM ev WHERE at <> timestamptz '2026-06-01 12:00 Europe/Berlin'";
            let others: i64 = client.query_one(query, &[]).expect("a count").get(0);
            assert_eq!(others, 0, "{name} on {version}");
        }
    }
}

/// A trigger that fills by a hint runs with the rights of who writes, and databases revoke EXECUTE from PUBLIC.
#[test]
fn who_may_not_call_the_function_of_a_hint_is_named_before_anything_runs() {
    const SLUG: &str =
        "CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
         REVOKE EXECUTE ON FUNCTION slug(text) FROM PUBLIC; GRANT INSERT ON users TO PUBLIC;";
    const HELP: &str = "GRANT EXECUTE ON FUNCTION public.slug(text) TO PUBLIC";
    for version in support::outermost() {
        if let Err(why) = support::server(version) {
            eprintln!("skipped: {why}");
            continue;
        }
        let old = format!("CREATE TABLE users (id int PRIMARY KEY, mail text); {SLUG}");
        let world = World::on(version, Statements::NotCounted, &old);
        let mut client = world.client();
        let rows = "INSERT INTO users SELECT g, 'A' || g FROM generate_series(1, 10) g";
        client.batch_execute(rows).expect("rows");
        let new = format!(
            "CREATE TABLE users (id int PRIMARY KEY, mail text,
                 -- pgrehearse: backfill (slug(mail))
                 slug text NOT NULL); {SLUG}"
        );
        world.write("new.sql", &new);
        let apply = [
            "apply",
            "--to",
            "new.sql",
            "--yes",
            "--set",
            "small_table.rows=0",
        ];
        let said = world.run(&apply);
        assert_eq!(said.code, 3, "{version}: {}{}", said.out, said.err);
        let err = said.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(err.contains(HELP), "{err}");
        client.batch_execute(HELP).expect("the help");
        world.write("new.sql", &format!("{new}\n{HELP};"));
        let said = world.run(&apply);
        assert_eq!(said.code, 0, "{version}: {}{}", said.out, said.err);
    }
}

/// What is written between the comparison of both columns and the swap, by an UPDATE of another column that the hint reads.
#[test]
fn a_converted_column_follows_every_column_that_its_hint_reads() {
    const OLD: &str =
        "CREATE TABLE t (id int PRIMARY KEY, price numeric(10, 2) NOT NULL, vat int NOT NULL);";
    const NEW: &str = "CREATE TABLE t (id int PRIMARY KEY,
        -- pgrehearse: convert using ((price * (100 + vat))::bigint) reverse (price / (100.0 + vat))
        price bigint NOT NULL, vat int NOT NULL);";
    for version in support::outermost() {
        if let Err(why) = support::server(version) {
            eprintln!("skipped: {why}");
            continue;
        }
        let world = World::on(version, Statements::NotCounted, OLD);
        let mut client = world.client();
        let rows = "INSERT INTO t VALUES (1, 10, 20), (2, 10, 20), (3, 10, 20), (4, 10, 20)";
        client.batch_execute(rows).expect("rows");
        world.write("new.sql", NEW);
        let large = ["--set", "small_table.rows=0"];
        let plan = ["plan", "--to", "new.sql", "--out", "plan.yaml"];
        let said = world.run(&[&plan[..], &large[..]].concat());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let parts: [&[&str]; 4] = [
            &["--phase", "expand"],
            &["--phase", "migrate"],
            &["--phase", "contract", "--until", "contract-1"],
            &["--phase", "contract"],
        ];
        for (row, part) in (1..).zip(parts) {
            let apply = ["apply", "--plan", "plan.yaml", "--yes"];
            let said = world.run(&[&apply[..], part].concat());
            assert_eq!(
                said.code, 0,
                "{version}: {part:?}: {}{}",
                said.out, said.err
            );
            if row < 4 {
                let write = format!("UPDATE t SET vat = 7 WHERE id = {row}");
                client
                    .batch_execute(&write)
                    .expect("the old application writes");
            }
        }
        let query = "SELECT array_agg(price ORDER BY id) FROM t";
        let prices: Vec<i64> = client.query_one(query, &[]).expect("prices").get(0);
        assert_eq!(prices, [1070, 1070, 1070, 1200], "{version}");
    }
}

/// The plan of the next release, made while the one before waits for its gate.
#[test]
fn a_plan_is_told_that_another_one_is_half_way() {
    for version in support::outermost() {
        if let Err(why) = support::server(version) {
            eprintln!("skipped: {why}");
            continue;
        }
        let old = "CREATE TABLE t (id int PRIMARY KEY, a int, gone int);";
        let world = World::on(version, Statements::NotCounted, old);
        world.write("one.sql", "CREATE TABLE t (id int PRIMARY KEY, a int);");
        let apply = ["apply", "--to", "one.sql", "--yes", "--allow-data-loss"];
        world.run(&apply).exits(0).says("pending");
        world.write(
            "two.sql",
            "CREATE TABLE t (id int PRIMARY KEY, a int, b int);",
        );
        world
            .run(&["plan", "--to", "two.sql", "--out", "two.yaml"])
            .exits(0);
        world
            .run(&["apply", "--plan", "two.yaml", "--yes"])
            .exits(3)
            .warns("is half way and in the way of this one");
    }
}
