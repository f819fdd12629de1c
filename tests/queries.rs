//! E5 on real servers: the application's queries are prepared after each step, and never run.

mod support;

use pgrehearse::pg::ServerVersion;
use pgrehearse::plan::{Document, artifact};
use support::outermost;
use support::world::{Statements, World};

const OLD: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.customers (
        id bigint PRIMARY KEY,
        full_name text NOT NULL,
        fax text,
        created_at timestamptz NOT NULL
    );
    CREATE TABLE shop.orders (
        id bigint PRIMARY KEY,
        customer_id bigint NOT NULL,
        total integer NOT NULL
    );
    CREATE VIEW shop.big AS SELECT id, total FROM shop.orders WHERE total > 100;
    CREATE TABLE shop.elsewhere (id bigint PRIMARY KEY);
    CREATE FUNCTION shop.harm() RETURNS integer LANGUAGE plpgsql VOLATILE AS
        $$ BEGIN RAISE EXCEPTION 'a query was run'; END $$;";

/// Another name for the customers, no fax, other totals, a new table.
const NEW: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.customers (
        id bigint PRIMARY KEY,
        -- pgrehearse: renamed from full_name
        \"Name\" text NOT NULL,
        created_at timestamptz NOT NULL
    );
    CREATE TABLE shop.orders (
        id bigint PRIMARY KEY,
        customer_id bigint NOT NULL,
        total bigint NOT NULL
    );
    CREATE VIEW shop.big AS SELECT id, total FROM shop.orders WHERE total > 100;
    CREATE TABLE shop.elsewhere (id bigint PRIMARY KEY);
    CREATE TABLE shop.notes (id bigint PRIMARY KEY, text text);
    CREATE FUNCTION shop.harm() RETURNS integer LANGUAGE plpgsql VOLATILE AS
        $$ BEGIN RAISE EXCEPTION 'a query was run'; END $$;";

const QUERIES: &str = "SET search_path TO shop;
SELECT full_name FROM customers WHERE id = $1;
SELECT c.fax FROM shop.customers AS c JOIN orders o ON o.customer_id = c.id;
UPDATE customers SET \"Name\" = $1 WHERE id = $2;
SELECT id, total FROM big;
SELECT id FROM customers WHERE created_at > now() - interval $1 AND id + $2 > $3;
SELECT extract($1 FROM created_at), array[$2], shop.harm() FROM customers;
SELECT id FROM elsewhere WHERE id = 1/0;
INSERT INTO notes VALUES ($1, $2);
SELECT nothing FROM customers;
COPY customers FROM stdin;
\\.
DELETE FROM customers WHERE shop.harm() = 1;
";

fn plan(world: &World, arguments: &[&str]) -> Document {
    let all = [
        &[
            "plan",
            "--to",
            "new.sql",
            "--out",
            "p.yaml",
            "--set",
            "small_table.rows=0",
        ],
        arguments,
    ];
    world.run(&all.concat()).exits(0);
    artifact::read(&world.read("p.yaml"))
        .expect("a plan")
        .document()
        .clone()
}

fn world(version: ServerVersion, statements: Statements) -> World {
    let world = World::on(version, statements, OLD);
    world.write("pgrehearse.yaml", "ignore: [pg_stat_statements]\n");
    world.write("new.sql", NEW);
    world
}

/// The first step whose SQL has all of the words.
fn step(plan: &Document, words: &[&str]) -> String {
    let found = plan.steps().find(|(_, step)| {
        let sql: Vec<&str> = step.statements.iter().map(|s| s.sql.as_str()).collect();
        words.iter().all(|word| sql.join(";").contains(word))
    });
    found
        .unwrap_or_else(|| panic!("no step with {words:?}"))
        .1
        .id
        .clone()
}

#[test]
fn the_step_that_breaks_a_query_says_so() {
    for version in outermost() {
        let world = world(version, Statements::NotCounted);
        world.write("app.sql", QUERIES);
        let plan = plan(&world, &["--queries", "app.sql"]);
        let evidence = &plan.evidence.checked_queries;
        let broken: Vec<(&str, &str)> = evidence
            .broken
            .iter()
            .map(|b| (b.query.as_str(), b.step.as_str()))
            .collect();
        let renamed = step(&plan, &["RENAME COLUMN full_name TO"]);
        let fax = step(&plan, &["RENAME COLUMN fax TO"]);
        for wanted in [("app.sql:2", renamed.as_str()), ("app.sql:3", fax.as_str())] {
            assert!(broken.contains(&wanted), "{version}: {wanted:?} {broken:?}");
        }
        assert_eq!(broken.len(), 2, "{version}: {broken:#?}");
        let message = &evidence
            .broken
            .iter()
            .find(|b| b.query == "app.sql:2")
            .unwrap()
            .message;
        assert!(
            message.contains("does not exist (SQLSTATE 42703)"),
            "{message}"
        );
        // The new application's, from the step that makes what they name.
        let new: Vec<(&str, &str)> = evidence
            .new
            .iter()
            .flat_map(|(step, names)| names.iter().map(move |n| (n.as_str(), step.as_str())))
            .collect();
        let name = step(&plan, &["ADD COLUMN \"Name\""]);
        let notes = step(&plan, &["CREATE TABLE shop.notes"]);
        assert!(
            new.contains(&("app.sql:4", name.as_str())),
            "{version}: {new:?}"
        );
        assert!(
            new.contains(&("app.sql:9", notes.as_str())),
            "{version}: {new:?}"
        );
        assert_eq!(new.len(), 2, "{version}: {new:?}");
        // `SELECT nothing`; `elsewhere`; COPY.
        assert_eq!(
            (evidence.checked, evidence.not_checkable, evidence.untouched),
            (6, 1, 1),
            "{version}: {evidence:#?}"
        );
        let words = &plan.evidence.queries;
        assert!(
            words.starts_with("2 of 6 that are checked stop working"),
            "{words}"
        );
        assert!(
            words.contains("1 statements of the files are no queries"),
            "{words}"
        );
        // A hazard of the step, measured.
        let (_, of) = plan.steps().find(|(_, s)| s.id == renamed).unwrap();
        let hazards: Vec<String> = of.hazards.iter().map(|h| format!("{h:?}")).collect();
        let measured = |h: &String| h.contains("app.sql:2 fails: ") && h.contains("Measured");
        assert!(hazards.iter().any(measured), "{version}: {hazards:#?}");
        // The view's query has another type of column from the swap on.
        let reshaped = plan.steps().any(|(_, s)| {
            let text = |h: &pgrehearse::kinds::Hazard| {
                h.text.contains("app.sql:5") && h.text.contains("0A000")
            };
            s.hazards.iter().any(text)
        });
        assert!(reshaped, "{version}");
        world
            .run(&["comment", "--plan", "p.yaml"])
            .exits(0)
            .says("BREAKS 2 QUERIES");
    }
}

#[test]
fn the_queries_of_the_live_server_have_their_roles_search_path() {
    for version in outermost() {
        let world = world(version, Statements::Counted);
        let mut client = world.client();
        client
            .batch_execute(
                "SET search_path = shop, public;
                 SELECT full_name FROM customers WHERE id = 7;
                 SELECT id FROM customers WHERE created_at > now() - interval '3 days';
                 CREATE TABLE not_a_query ();
                 DROP TABLE not_a_query;",
            )
            .expect("queries of the application");
        let name: String = client
            .query_one("SELECT current_database()", &[])
            .unwrap()
            .get(0);
        client
            .batch_execute(&format!(
                "ALTER DATABASE \"{name}\" SET search_path = shop, public"
            ))
            .unwrap();
        let plan = plan(&world, &[]);
        let evidence = &plan.evidence.checked_queries;
        let broken = evidence.broken.iter().find(|b| b.sql.contains("full_name"));
        let broken =
            broken.unwrap_or_else(|| panic!("{version}: {evidence:#?} {}", plan.evidence.queries));
        assert_eq!(broken.step, step(&plan, &["RENAME COLUMN full_name TO"]));
        assert!(broken.query.starts_with("query "), "{}", broken.query);
        assert!(
            !broken.sql.contains('7'),
            "constants are not in a plan: {}",
            broken.sql
        );
        assert!(
            !plan
                .evidence
                .checked_queries
                .broken
                .iter()
                .any(|b| b.sql.contains("interval"))
        );
    }
}

#[test]
fn without_queries_it_is_said_that_nothing_was_checked() {
    let version = outermost()[0];
    let world = world(version, Statements::NotCounted);
    let none = plan(&world, &[]);
    assert!(none.evidence.checked_queries.is_empty());
    let words = &none.evidence.queries;
    assert!(
        words.starts_with("not checked: no queries are given (--queries)"),
        "{words}"
    );
    // A file that is not there is an error, not silence.
    world.write("app.sql", "SELECT 1 FROM shop.customers;\n");
    world
        .run(&["plan", "--to", "new.sql", "--queries", "gone.sql"])
        .exits(2);
    // The setting counts as well.
    world.write("pgrehearse.yaml", "queries: [app.sql]\n");
    assert_eq!(plan(&world, &[]).evidence.checked_queries.checked, 1);
}
