//! The program as a person runs it: standard output, standard error and exit code, on servers of our own.

mod support;

use support::world::{World, run_in};
use tempfile::TempDir;

const OLD: &str = "
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, fax text);
    CREATE FUNCTION greet(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT 'hello ' || name
    $$;";

/// Two columns more, an index, a CHECK: steps in expand and migrate.
const NEW: &str = "
    CREATE TABLE customers (
        id bigint PRIMARY KEY,
        name text NOT NULL,
        fax text,
        email text,
        CONSTRAINT name_is_there CHECK (name <> '')
    );
    CREATE INDEX customers_name_idx ON customers (name);
    CREATE FUNCTION greet(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT 'good day ' || name
    $$;";

/// The fax is gone.
const LOSSY: &str = "
    CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
    CREATE FUNCTION greet(name text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
        SELECT 'hello ' || name
    $$;";

#[test]
fn a_plan_is_made_applied_shown_and_taken_back() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let rows = "INSERT INTO customers SELECT i, 'n' || i FROM generate_series(1, 100) i";
    world.client().batch_execute(rows).expect("rows");

    let plan = ["plan", "--to", "new.sql"];
    world
        .run(&plan)
        .exits(0)
        .says("online")
        .says("CREATE INDEX CONCURRENTLY customers_name_idx")
        .says("arrives at the");
    world
        .run(&["plan", "--to", "new.sql", "--exit-code"])
        .exits(4);
    world
        .run(&["plan", "--to", "new.sql", "--out", "plans/p.yaml"])
        .exits(0)
        .says("online")
        .warns("wrote plans/p.yaml");
    let file = world.read("plans/p.yaml");
    assert!(
        file.contains("format: 1") && !file.contains("geheim"),
        "{file}"
    );

    world
        .run(&["status"])
        .exits(0)
        .says("nothing was applied here");
    world.run(&["check", "--to", "new.sql"]).exits(4);
    world
        .run(&["apply", "--plan", "plans/p.yaml"])
        .exits(2)
        .warns("pass --yes");
    world
        .run(&["apply", "--plan", "plans/p.yaml", "--yes"])
        .exits(0)
        .says("live is as the plan promised")
        .warns("create index public.customers_name_idx");
    world
        .run(&["check", "--to", "new.sql"])
        .exits(0)
        .says("no differences");
    world
        .run(&["plan", "--to", "new.sql", "--exit-code"])
        .exits(0)
        .says("nothing to do");
    world
        .run(&["apply", "--plan", "plans/p.yaml", "--yes"])
        .exits(0)
        .says("applied already");
    world.run(&["status"]).exits(0).says("done").says("expand");

    let undone = world.run(&["rollback", "--yes", "--json"]).exits(0).json();
    assert_eq!(undone["state"], "done", "{undone}");
    world.write("old.sql", OLD);
    world.run(&["check", "--to", "old.sql"]).exits(0);
    let status = world.run(&["status", "--json"]).exits(0).json();
    assert_eq!(status["plans"][0]["state"], "rolled back", "{status}");
    let count: i64 = world
        .client()
        .query_one("SELECT count(*) FROM customers", &[])
        .expect("count")
        .get(0);
    assert_eq!(count, 100);
}

#[test]
fn a_plan_is_applied_again_after_a_rollback_that_left_an_enum_label() {
    let world = World::new(
        "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE t (id int PRIMARY KEY, m mood);",
    );
    world.write(
        "new.sql",
        "CREATE TYPE mood AS ENUM ('good', 'bad');
         CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'bad', n int);",
    );
    world.run(&["plan", "--to", "new.sql", "--out", "p.json"]);
    let apply = ["apply", "--plan", "p.json", "--yes"];
    for _ in 0..2 {
        world
            .run(&apply)
            .exits(0)
            .says("live is as the plan promised");
        world.run(&["check", "--to", "new.sql"]).exits(0);
        world
            .run(&["rollback", "--yes"])
            .exits(0)
            .says("type public.mood");
    }
    // What the rollback did not leave is still looked at.
    world
        .client()
        .batch_execute("ALTER TABLE t ADD stranger int")
        .expect("alter");
    world.run(&apply).exits(3);
}

#[test]
fn phases_go_one_by_one_and_in_order() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    world
        .run(&["plan", "--to", "new.sql", "--out", "p.json"])
        .exits(0);
    let apply = |phase| {
        let arguments = [
            "apply", "--plan", "p.json", "--yes", "--json", "--phase", phase,
        ];
        world.run(&arguments)
    };
    let early = apply("migrate").exits(3);
    assert_eq!(
        early.json()["error"]["code"],
        "apply::phase_order",
        "{early}"
    );
    let expand = apply("expand").exits(0).json();
    assert_eq!(expand["state"], "pending", "{expand}");
    assert!(!expand["pending"].as_array().expect("a list").is_empty());
    // What is under way is no drift, and it is said.
    world.run(&["check", "--to", "new.sql"]).exits(0);
    world.run(&["status"]).exits(0).says("waiting").says("next");
    let again = apply("expand").exits(0).json();
    assert_eq!(again["state"], "nothing to do", "{again}");
    let migrate = apply("migrate").exits(0).json();
    assert_eq!(migrate["state"], "done", "{migrate}");
    world.run(&["check", "--to", "new.sql"]).exits(0);
    world
        .run(&["rollback", "--yes", "--to-phase", "expand"])
        .exits(0);
    world.run(&["check", "--to", "new.sql"]).exits(0);
}

#[test]
fn apply_to_a_schema_plans_rehearses_and_applies_in_one_go() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let arguments = [
        "apply", "--to", "new.sql", "--phase", "all", "--yes", "--json",
    ];
    let done = world.run(&arguments).exits(0).json();
    assert_eq!(done["state"], "done", "{done}");
    let again = world.run(&arguments).exits(0).json();
    assert_eq!(again["state"], "nothing to do", "{again}");
}

#[test]
fn lost_data_needs_leave() {
    let world = World::new(OLD);
    world.write("lossy.sql", LOSSY);
    let at_once = ["--set", "drops.gate=none"];
    let apply = [
        "apply",
        "--to",
        "lossy.sql",
        "--yes",
        at_once[0],
        at_once[1],
    ];
    world
        .run(&apply)
        .exits(3)
        .warns("error[apply::data_loss]")
        .warns("customers.fax")
        .warns("--allow-data-loss");
    world
        .client()
        .batch_execute("SELECT fax FROM customers")
        .expect("it is there");
    world
        .run(&[&apply[..], &["--allow-data-loss"]].concat())
        .exits(0);
    world
        .client()
        .batch_execute("SELECT fax FROM customers")
        .expect_err("it is gone");
    world
        .run(&["rollback", "--yes"])
        .exits(3)
        .warns("error[apply::irreversible]");
}

#[test]
fn a_policy_of_the_settings_gives_leave_too() {
    let world = World::new(OLD);
    world.write("lossy.sql", LOSSY);
    let policy = "policies={data-loss: warn}";
    world
        .run(&[
            "apply",
            "--to",
            "lossy.sql",
            "--yes",
            "--set",
            policy,
            "--set",
            "drops.gate=none",
        ])
        .exits(0)
        .warns("customers.fax");
}

#[test]
fn a_plan_is_refused_where_live_was_changed_since() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    world
        .run(&["plan", "--to", "new.sql", "--out", "p.yaml"])
        .exits(0);
    world
        .client()
        .batch_execute("ALTER TABLE customers ADD COLUMN email text")
        .expect("a change by hand");
    world
        .run(&["apply", "--plan", "p.yaml", "--yes"])
        .exits(3)
        .warns("error[apply::live_changed]")
        .warns("column public.customers.email is there already");
    // What the plan does not touch may change as it likes.
    world
        .client()
        .batch_execute("ALTER TABLE customers DROP COLUMN email; CREATE TABLE other (id int)")
        .expect("another change");
    world.run(&["apply", "--plan", "p.yaml", "--yes"]).exits(0);
}

#[test]
fn an_edited_plan_needs_leave_and_a_broken_one_shows_the_place() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    world
        .run(&["plan", "--to", "new.sql", "--out", "p.yaml"])
        .exits(0);
    let text = world.read("p.yaml");
    world.write(
        "edited.yaml",
        &text.replacen("title: create", "title: make", 1),
    );
    let apply = ["apply", "--plan", "edited.yaml", "--yes"];
    world.run(&apply).exits(3).warns("error[apply::edited]");
    world.write("format.yaml", &text.replacen("format: 1", "format: 9", 1));
    world
        .run(&["apply", "--plan", "format.yaml", "--yes"])
        .exits(2)
        .warns("error[plan::format]")
        .warns("format.yaml:1:1");
    world.write("broken.yaml", &text.replacen("touches:", "touches: [", 1));
    world
        .run(&["apply", "--plan", "broken.yaml", "--yes"])
        .exits(2)
        .warns("error[plan::syntax]")
        .warns("broken.yaml:");
    world
        .run(&["apply", "--plan", "edited.yaml", "--yes", "--allow-edited"])
        .exits(0);
}

#[test]
fn a_lock_that_is_not_to_be_had_stops_in_a_safe_state() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let mut other = world.client();
    let mut open = other.transaction().expect("a transaction");
    open.batch_execute("LOCK TABLE customers IN ACCESS SHARE MODE")
        .expect("a lock");
    let limits = [
        "apply",
        "--to",
        "new.sql",
        "--yes",
        "--set",
        "lock.max_wait=1s",
        "--set",
        "lock.attempts=2",
        "--set",
        "lock.timeout=200ms",
    ];
    world
        .run(&limits)
        .exits(5)
        .warns("waiting 0 s for pid")
        .warns("run it again");
    open.rollback().expect("end it");
    world.run(&["apply", "--to", "new.sql", "--yes"]).exits(0);
    world.run(&["check", "--to", "new.sql"]).exits(0);
}

#[test]
fn a_dry_run_and_until_stop_where_they_say() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    world.write("lossy.sql", LOSSY);
    let said = world
        .run(&["apply", "--to", "new.sql", "--dry-run"])
        .exits(0)
        .says("steps of plan")
        .says("expand-1  ")
        .says("dry run: nothing was written");
    assert!(!said.out.contains("would stop"), "{said}");
    world
        .run(&["status"])
        .exits(0)
        .says("nothing was applied here");
    let found = world
        .run(&["apply", "--to", "new.sql", "--dry-run", "--json"])
        .exits(0)
        .json();
    assert_eq!(found["state"], "dry run");
    assert!(found["would_run"].as_array().is_some_and(|s| s.len() >= 3));
    // What is refused is refused here, too, and what a person would be asked is said.
    let lossy = ["apply", "--to", "lossy.sql", "--dry-run"];
    world
        .run(&lossy)
        .exits(0)
        .says("it would stop: the gate of contract-1");
    world
        .run(&[&lossy[..], &["--set", "drops.gate=none"]].concat())
        .exits(0)
        .says("contract-1  ")
        .warns("data loss: ");

    world
        .run(&["apply", "--to", "new.sql", "--yes", "--until", "expand-9"])
        .exits(2)
        .warns("error[apply::unknown_step]: the plan has no step expand-9");
    world
        .run(&["apply", "--to", "new.sql", "--yes", "--until", "expand-1"])
        .exits(0)
        .says("1 of ");
    // Half way, it goes on to the step asked for and begins nothing new.
    world
        .run(&["apply", "--to", "new.sql", "--yes", "--until", "expand-2"])
        .exits(0)
        .says("2 of ");
    world.run(&["apply", "--to", "new.sql", "--yes"]).exits(0);
    world.run(&["check", "--to", "new.sql"]).exits(0);
}

#[test]
fn wrong_manners_are_wrong_usage() {
    let folder = TempDir::new().expect("a folder");
    for (flag, value, said) in [
        ("--window", "25:00-26:00", "is no time of day"),
        ("--window", "02:00-05:00+02", "is no time of day"),
        ("--cancel-blockers", "ten", "a duration, such as"),
    ] {
        run_in(
            folder.path(),
            None,
            &["apply", "--to", "new.sql", flag, value],
        )
        .exits(2)
        .warns(said);
    }
}

#[test]
fn a_signal_stops_a_run_that_waits() {
    use rustix::process::{Pid, Signal, kill_process};
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let mut other = world.client();
    let mut open = other.transaction().expect("a transaction");
    open.batch_execute("LOCK TABLE customers IN ACCESS SHARE MODE")
        .expect("a lock");
    let mut command = world.command(&["apply", "--to", "new.sql", "--yes"]);
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("start the program");
    let err = child.stderr.take().expect("standard error");
    let mut said = String::new();
    for line in std::io::BufRead::lines(std::io::BufReader::new(err)) {
        let line = line.expect("a line");
        if line.contains("waiting 0 s for pid") {
            let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            kill_process(pid.expect("a process"), Signal::TERM).expect("tell it");
        }
        said.push_str(&line);
        said.push('\n');
    }
    let status = child.wait().expect("its end");
    assert_eq!(status.code(), Some(5), "{said}");
    assert!(
        said.contains("note: stopping after") && said.contains("error[apply::interrupted]"),
        "{said}"
    );
    open.rollback().expect("end it");
    world.run(&["apply", "--to", "new.sql", "--yes"]).exits(0);
}

#[test]
fn a_catalog_behind_a_lock_is_not_waited_for_without_end() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let mut other = world.client();
    let mut open = other.transaction().expect("a transaction");
    open.batch_execute("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
        .expect("a lock");
    for command in ["plan", "check", "apply"] {
        let said = world
            .run(&[command, "--to", "new.sql", "--set", "lock.timeout=300ms"])
            .exits(5)
            .warns("error[catalog::locked]")
            .warns("pg_terminate_backend(");
        assert!(said.err.contains("public.customers"), "{said}");
    }
    world.run(&["status"]).exits(0);
}

#[test]
fn differences_are_shown_object_by_object() {
    let world = World::new(OLD);
    world.write("old.sql", OLD);
    world.write("new.sql", NEW);
    let diff = [
        "diff",
        "--from",
        "old.sql",
        "--to",
        "new.sql",
        "--exit-code",
    ];
    world
        .run(&diff)
        .exits(4)
        .says("+ column public.customers.email")
        .says("+ index public.customers_name_idx")
        .says("~ function public.greet(text)")
        .says("-         SELECT 'hello ' || name")
        .says("+         SELECT 'good day ' || name");
    let json = world
        .run(&["diff", "--from", "old.sql", "--to", "new.sql", "--json"])
        .exits(0)
        .json();
    let objects: Vec<&str> = json["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|d| d["object"].as_str())
        .collect();
    assert!(objects.contains(&"column:public/customers/email"), "{json}");
    world
        .run(&[
            "diff",
            "--from",
            "old.sql",
            "--to",
            "old.sql",
            "--exit-code",
        ])
        .exits(0)
        .says("no differences");
}

#[test]
fn what_is_not_modelled_is_named_and_is_no_drift() {
    let world = World::new(OLD);
    world.write("old.sql", OLD);
    world
        .live
        .client()
        .batch_execute("CREATE OPERATOR FAMILY public.totals USING btree")
        .expect("an operator family");
    world
        .run(&["check", "--to", "old.sql"])
        .exits(0)
        .says("operator family public.totals")
        .warns("alone they are no drift");
}

#[test]
fn inspect_writes_what_it_reads() {
    let world = World::new(NEW);
    let sql = world.run(&["inspect"]).exits(0);
    world.write("one.sql", &sql.out);
    world.run(&["check", "--to", "one.sql"]).exits(0);
    world.run(&["inspect", "--tree", "tree"]).exits(0);
    assert!(world.has("tree/customers.sql") && world.has("tree/functions.sql"));
    world.run(&["check", "--to", "tree"]).exits(0);
    world.run(&["inspect", "--tree", "tree"]).exits(2);
    world.run(&["inspect", "--out", "snapshot.yaml"]).exits(0);
    world.run(&["check", "--to", "snapshot.yaml"]).exits(0);
    world.run(&["inspect", "--out", "snapshot.json"]).exits(0);
    world
        .run(&[
            "diff",
            "--from",
            "snapshot.json",
            "--exit-code",
            "--to",
            "one.sql",
        ])
        .exits(0);
    let again = world.run(&["inspect", "tree"]).exits(0);
    assert_eq!(again.out, sql.out);
}

#[test]
fn init_writes_settings_and_schema_and_leaves_what_is_there() {
    let world = World::new(OLD);
    world.run(&["init"]).exits(0).warns("wrote pgrehearse.yaml");
    assert!(
        world
            .read("pgrehearse.yaml")
            .contains("\nschema: schemas\n")
    );
    assert!(world.has("schemas/customers.sql"));
    world.run(&["check"]).exits(0);
    world.write("pgrehearse.yaml", "schema: schemas\n");
    world
        .run(&["init"])
        .exits(0)
        .warns("is there already and stays");
    assert_eq!(world.read("pgrehearse.yaml"), "schema: schemas\n");
    world.run(&["init", "--force"]).exits(0);
    assert_ne!(world.read("pgrehearse.yaml"), "schema: schemas\n");
}

#[test]
fn bad_input_is_shown_with_its_place() {
    let world = World::new(OLD);
    world.write(
        "bad.sql",
        "CREATE TABLE t (\n    total money_eur NOT NULL\n);\nCREATE INDEX ON t (x);\n",
    );
    world
        .run(&["plan", "--to", "bad.sql"])
        .exits(2)
        .warns("error[desired::unknown_object]")
        .warns("bad.sql:2:11")
        .warns("PostgreSQL 17 said: 42704 undefined_object")
        .warns("also: relation \"t\" does not exist (bad.sql:4:1)");
    world.write("quote.sql", "CREATE TABLE t (a text DEFAULT 'x);");
    world
        .run(&["plan", "--to", "quote.sql"])
        .exits(2)
        .warns("quote.sql:1:32");
    world
        .run(&["plan", "--to", "missing.sql"])
        .exits(2)
        .warns("does not exist");
    world.write("program.sql", "COPY t FROM PROGRAM 'id';");
    world.run(&["plan", "--to", "program.sql"]).exits(3);
    world
        .run(&["plan", "--to", "bad.sql", "--out", "plan.txt"])
        .exits(2);
    world.write("null.sql", "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, fax text, age int NOT NULL);");
    world
        .client()
        .batch_execute("INSERT INTO customers VALUES (1, 'a')")
        .expect("a row");
    world
        .run(&["plan", "--to", "null.sql"])
        .exits(3)
        .warns("error[plan::refused]");
}

#[test]
fn a_server_that_is_not_there_is_said() {
    let folder = TempDir::new().expect("a folder");
    let url = Some("postgres://app:geheim@127.0.0.1:1/shop");
    run_in(folder.path(), url, &["status"])
        .exits(1)
        .warns("error[connect::unreachable]");
    run_in(folder.path(), None, &["status"])
        .exits(2)
        .warns("--db");
}

#[test]
fn a_wrong_password_is_said_and_not_shown() {
    let world = World::new(OLD);
    let wrong = world.url.replace("geheim", "falsch");
    let said = run_in(world.folder.path(), Some(&wrong), &["inspect"]).exits(1);
    assert!(!said.err.contains("falsch"), "{said}");
    said.warns("error[connect::wrong_password]");
}

#[test]
fn the_comment_is_printed() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    world
        .run(&["plan", "--to", "new.sql", "--out", "p.yaml"])
        .exits(0);
    world
        .run(&["comment", "--plan", "p.yaml"])
        .exits(0)
        .says("<!-- pgrehearse:plan -->")
        .says("Schema plan");
    world
        .run(&["comment", "--plan", "p.yaml", "--post", "github"])
        .exits(2)
        .warns("GITHUB_TOKEN");
}
