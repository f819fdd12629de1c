//! Drops through the gate: audited, renamed, waited for, dropped; and taken back on the way.

mod support;

use pgrehearse::pg::ServerVersion;
use std::time::Duration;
use support::outermost;
use support::world::{Said, Statements, World};

const OLD: &str = "
    CREATE TABLE customers (
        id bigint PRIMARY KEY,
        name text NOT NULL,
        fax text NOT NULL CONSTRAINT fax_is_there CHECK (fax <> ''),
        _deprecated_by_us text
    );
    CREATE INDEX customers_fax ON customers (fax);";

const NEW: &str = "
    CREATE TABLE customers (
        id bigint PRIMARY KEY,
        name text NOT NULL,
        _deprecated_by_us text
    );";

/// A world with a plan for the drop of the fax.
fn planned(version: ServerVersion, statements: Statements, sets: &[&str]) -> World {
    let world = World::on(version, statements, OLD);
    let rows = "INSERT INTO customers SELECT i, 'n', '+49' || i FROM generate_series(1, 50) i";
    world.client().batch_execute(rows).expect("rows");
    // An administrator's extension, in no file of the application.
    world.write("pgrehearse.yaml", "ignore: [pg_stat_statements]\n");
    world.write("old.sql", OLD);
    world.write("new.sql", NEW);
    let mut plan = vec!["plan", "--to", "new.sql", "--out", "p.yaml"];
    for set in sets {
        plan.extend(["--set", set]);
    }
    world.run(&plan).exits(0);
    world
}

fn apply(world: &World) -> Said {
    world.run(&["apply", "--plan", "p.yaml", "--yes"])
}

fn run(world: &World, sql: &str) {
    world.client().batch_execute(sql).expect(sql);
}

fn has_column(world: &World, column: &str) -> bool {
    let query = "SELECT EXISTS (SELECT FROM pg_attribute
                  WHERE attrelid = 'customers'::regclass AND attname = $1 AND NOT attisdropped)";
    let row = world.client().query_one(query, &[&column]);
    row.expect("read the columns").get(0)
}

/// The first look, or the rename, was earlier than it was.
fn earlier(world: &World) {
    run(
        world,
        "UPDATE pgrehearse.step SET finished_at = finished_at - interval '8 days'",
    );
    let audits = "SELECT to_regclass('pgrehearse.audit') IS NOT NULL";
    let row = world.client().query_one(audits, &[]).expect("look");
    if row.get(0) {
        run(
            world,
            "UPDATE pgrehearse.audit SET looked_at = looked_at - interval '2 days'",
        );
    }
}

#[test]
fn a_column_is_audited_renamed_taken_back_and_dropped_in_the_end() {
    for version in outermost() {
        let sets = ["drops.audit=1s", "drops.wait=1h"];
        let world = planned(version, Statements::Counted, &sets);
        // No leave for the loss is asked for: it cannot come yet.
        apply(&world).exits(0).says("pending").says("first look");
        assert!(has_column(&world, "fax"));
        run(&world, "SELECT 'customers_fax'::regclass");
        std::thread::sleep(Duration::from_millis(1100));
        apply(&world).exits(0).says("pending").says("until 20");
        assert!(has_column(&world, "_deprecated_fax"));
        // The new application gives it no value.
        run(
            &world,
            "INSERT INTO customers (id, name) VALUES (1000, 'new')",
        );
        run(&world, "DELETE FROM customers WHERE id = 1000");

        // It belongs to the plan; what the user named like that does not.
        world.run(&["check", "--to", "new.sql"]).exits(0);
        world
            .run(&["plan", "--to", "new.sql", "--exit-code"])
            .exits(0);
        let said = world.run(&["inspect"]).exits(0).says("_deprecated_by_us");
        assert!(!said.out.contains("_deprecated_fax"), "{said}");
        world
            .run(&["status"])
            .exits(0)
            .says("gate")
            .says("until 20");

        // Back it is exact.
        world.run(&["rollback", "--yes"]).exits(0);
        world.run(&["check", "--to", "old.sql"]).exits(0);

        // What was seen before counts no more.
        apply(&world).exits(0).says("first look");
        earlier(&world);
        apply(&world).exits(0).says("until 20");
        earlier(&world);
        apply(&world)
            .exits(3)
            .warns("error[apply::data_loss]")
            .warns("customers.fax");
        world
            .run(&["apply", "--plan", "p.yaml", "--yes", "--allow-data-loss"])
            .exits(0)
            .says("live is as the plan promised");
        assert!(!has_column(&world, "_deprecated_fax"));
        world.run(&["check", "--to", "new.sql"]).exits(0);
        world
            .run(&["rollback", "--yes"])
            .exits(3)
            .warns("error[apply::irreversible]")
            .warns("values are gone");
    }
}

#[test]
fn what_still_names_it_keeps_the_gate_shut() {
    let world = planned(ServerVersion::V17, Statements::Counted, &[]);
    run(
        &world,
        "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$
            BEGIN RETURN (SELECT fax FROM customers LIMIT 1); END $$",
    );
    apply(&world)
        .exits(0)
        .says("the body of function public.f() uses column");
    run(&world, "DROP FUNCTION f()");
    run(&world, "SELECT fax FROM customers WHERE id = 1");
    apply(&world).exits(0).says("first look");
    apply(&world).exits(0).says("no query has named");
    earlier(&world);
    // The same statement again, with another constant; and pg_dump's, which is no use of it.
    run(&world, "SELECT fax FROM customers WHERE id = 2");
    apply(&world)
        .exits(0)
        .says("ran 1 times (SELECT fax FROM customers WHERE id = $1)")
        .says("starts over");
    earlier(&world);
    run(&world, "UPDATE customers SET \"fax\" = '1' WHERE id = 1");
    apply(&world).exits(0).says("UPDATE customers SET");
    assert!(has_column(&world, "fax"));
    // Quiet from here on; nothing else opens it.
    let rest = world.run(&["apply", "--plan", "p.yaml", "--yes", "--require-complete"]);
    rest.exits(5).says("pending");
    earlier(&world);
    apply(&world).exits(0).says("until 20");
    assert!(has_column(&world, "_deprecated_fax"));
}

#[test]
fn a_reset_in_between_starts_the_audit_over() {
    let world = planned(ServerVersion::V17, Statements::Counted, &[]);
    apply(&world).exits(0).says("first look");
    earlier(&world);
    let mut admin = world.live.client();
    admin
        .batch_execute("SELECT pg_stat_statements_reset()")
        .expect("reset");
    apply(&world)
        .exits(0)
        .says("pg_stat_statements was reset")
        .says("starts over");
    assert!(has_column(&world, "fax"));
}

#[test]
fn what_cannot_be_audited_is_opened_by_yes_and_says_so() {
    let sets = ["drops.wait=1s"];
    let world = planned(ServerVersion::V17, Statements::NotCounted, &sets);
    let first = apply(&world);
    first
        .exits(0)
        .warns("unaudited")
        .warns("pg_stat_statements is not in this database")
        .says("pending: contract-3");
    assert!(has_column(&world, "_deprecated_fax"));
    // The second is the server's.
    std::thread::sleep(Duration::from_millis(1100));
    let leave = ["apply", "--plan", "p.yaml", "--yes", "--allow-data-loss"];
    world.run(&leave).exits(0).says("3 of 3 steps done");
    assert!(!has_column(&world, "_deprecated_fax"));
}

#[test]
fn a_table_waits_with_what_hangs_on_it_and_apply_to_goes_on_with_it() {
    let world = World::new(
        "CREATE TYPE mood AS ENUM ('good');
         CREATE TABLE visits (id serial PRIMARY KEY, mood mood);
         CREATE TABLE other (id int PRIMARY KEY);
         INSERT INTO visits (mood) VALUES ('good');",
    );
    world.write("new.sql", "CREATE TABLE other (id int PRIMARY KEY);");
    let apply = |more: &[&str]| {
        let words = ["apply", "--to", "new.sql", "--yes"];
        let sets = ["--set", "drops.gate=rename", "--set", "drops.backup=true"];
        world.run(&[&words[..], &sets[..], more].concat())
    };
    apply(&[]).exits(0).says("7 days after contract-1, until");
    run(&world, "SELECT mood FROM _deprecated_visits");
    world.run(&["check", "--to", "new.sql"]).exits(0);
    apply(&[])
        .exits(0)
        .warns("going on with plan")
        .says("pending");
    apply(&["--require-complete"]).exits(5);
    earlier(&world);
    apply(&[]).exits(3).warns("error[apply::data_loss]");
    apply(&["--allow-data-loss"]).exits(0);
    world.run(&["check", "--to", "new.sql"]).exits(0);
    let copy =
        "SELECT relname::text FROM pg_class WHERE relname LIKE '\\_pgrehearse\\_backup\\_visits%'";
    let name: String = world
        .client()
        .query_one(copy, &[])
        .expect("one copy")
        .get(0);
    let kept = format!("SELECT mood FROM {name} WHERE id = 1");
    let mood: String = world.client().query_one(&kept, &[]).expect("a row").get(0);
    assert_eq!(mood, "good");
    run(&world, "SELECT 1 WHERE to_regtype('mood') IS NULL");
}
