//! What a plan, an apply or a rollback refuses before its first statement, and the way out that it names.

mod support;

use pgrehearse::pg::ServerVersion;
use support::outermost;
use support::world::{Said, Statements, World};

fn world(version: ServerVersion, old: &str, new: &str) -> World {
    let world = World::on(version, Statements::NotCounted, old);
    world.write("new.sql", new);
    world
}

fn plan(world: &World) -> Said {
    world.run(&["plan", "--to", "new.sql", "--out", "p.yaml"])
}

fn apply(world: &World) -> Said {
    world.run(&["apply", "--plan", "p.yaml", "--yes", "--allow-data-loss"])
}

fn run(world: &World, sql: &str) {
    world.client().batch_execute(sql).expect(sql);
}

fn as_superuser(world: &World, sql: &str) {
    world.live.client().batch_execute(sql).expect(sql);
}

fn number(world: &World, sql: &str) -> i64 {
    let mut admin = world.live.client();
    admin.query_one(sql, &[]).expect(sql).get(0)
}

#[test]
fn rows_that_a_policy_hides_from_the_role_are_never_skipped() {
    const OLD: &str = "
        CREATE TABLE t (n bigint PRIMARY KEY, v int, secret bool NOT NULL DEFAULT false);
        INSERT INTO t SELECT g, g, g % 5 = 0 FROM generate_series(1, 100) g;
        ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY visible ON t USING (NOT secret);";
    const NEW: &str = "
        CREATE TABLE t (n bigint PRIMARY KEY, v bigint, secret bool NOT NULL DEFAULT false);
        ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY visible ON t USING (NOT secret);";
    for version in outermost() {
        let world = world(version, OLD, NEW);
        plan(&world).exits(0);
        apply(&world)
            .exits(3)
            .warns("row-level security of public.t applies to role app_")
            .warns("BYPASSRLS");
        assert_eq!(
            number(
                &world,
                "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgrehearse'"
            ),
            0
        );
        let role = world
            .url
            .split(['/', ':'])
            .nth(3)
            .expect("the role")
            .to_owned();
        as_superuser(&world, &format!("ALTER ROLE \"{role}\" BYPASSRLS"));
        apply(&world).exits(0);
        let all = "SELECT count(*) FROM t WHERE v = n AND pg_typeof(v) = 'bigint'::regtype";
        assert_eq!(number(&world, all), 100);
    }
}

#[test]
fn values_of_a_composite_type_do_not_change_their_places() {
    const OLD: &str =
        "CREATE TYPE pair AS (a integer, b integer); CREATE TABLE t (p pair, many pair[]);";
    for version in outermost() {
        let world = world(
            version,
            OLD,
            &OLD.replace("a integer, b integer", "b integer, a integer"),
        );
        run(&world, "INSERT INTO t VALUES (ROW(1, 2), NULL)");
        plan(&world).exits(3).warns("change their places");
    }
}

#[test]
fn a_type_inside_the_type_of_a_column_stays_as_it_is() {
    let composite = "CREATE TYPE iv AS (a int); CREATE TABLE q (i iv);";
    let domain = "CREATE DOMAIN pi AS int CHECK (VALUE > 0); CREATE TABLE t (l pi[], p pi);";
    for version in outermost() {
        plan(&world(
            version,
            composite,
            &composite.replace("a int", "a bigint"),
        ))
        .exits(3)
        .warns("column public.q.i");
        plan(&world(version, domain, &domain.replace("> 0", "> 1")))
            .exits(3)
            .warns("column public.t.l");
        // Less needs no look at the values.
        let less = "CREATE DOMAIN pi AS int; CREATE TABLE t (l pi[], p pi);";
        plan(&world(version, domain, less)).exits(0);
    }
}

#[test]
fn a_not_null_of_another_name_below_is_in_the_way_of_a_type() {
    let old =
        "CREATE TABLE base (id int NOT NULL); CREATE TABLE kid (id int NOT NULL) INHERITS (base);";
    let new = old.replace("id int", "id bigint");
    for version in outermost() {
        let world = world(version, old, &new);
        if version < ServerVersion::V18 {
            plan(&world).exits(0);
            continue;
        }
        plan(&world).exits(3).warns("NOT NULL under another name");
        run(
            &world,
            "ALTER TABLE kid NO INHERIT base; ALTER TABLE kid RENAME CONSTRAINT kid_id_not_null TO base_id_not_null;
             ALTER TABLE kid INHERIT base",
        );
        world.write(
            "new.sql",
            &new.replace(
                "kid (id bigint",
                "kid (id bigint CONSTRAINT base_id_not_null",
            ),
        );
        plan(&world).exits(0);
    }
}

#[test]
fn no_cast_leads_from_one_range_type_to_another() {
    for version in outermost() {
        let (old, new) = (
            "CREATE TABLE t (r int4range);",
            "CREATE TABLE t (r int8range);",
        );
        plan(&world(version, old, new))
            .exits(3)
            .warns("no cast from int4range to int8range");
    }
}

#[test]
fn what_is_not_modelled_and_hangs_on_a_type_stops_the_plan() {
    const OLD: &str = "CREATE TYPE pair AS (a integer);
        CREATE FUNCTION hash_of(pair) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';";
    for version in outermost() {
        let world = world(version, OLD, &format!("{OLD} CREATE TABLE t (n int);"));
        as_superuser(
            &world,
            "CREATE OPERATOR CLASS public.pair_hash FOR TYPE public.pair USING hash
                 AS FUNCTION 1 public.hash_of(public.pair)",
        );
        plan(&world).exits(0);
        world.write("new.sql", "CREATE TABLE t (n int);");
        plan(&world)
            .exits(3)
            .warns("operator class")
            .warns("public.pair_hash of hash")
            .warns("before the plan");
    }
}

#[test]
fn a_rule_that_would_write_what_a_backfill_writes_stops_the_plan() {
    const OLD: &str = "
        CREATE TABLE t (n bigint PRIMARY KEY, v int);
        CREATE RULE \"Not v\" AS ON UPDATE TO t WHERE old.n = 1 DO INSTEAD NOTHING;
        INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;";
    const NEW: &str = "
        CREATE TABLE t (n bigint PRIMARY KEY, v bigint);
        CREATE RULE \"Not v\" AS ON UPDATE TO t WHERE old.n = 1 DO INSTEAD NOTHING;";
    for version in outermost() {
        let world = world(version, OLD, NEW);
        plan(&world)
            .exits(3)
            .warns("rule \"Not v\" of public.t rewrites UPDATE")
            .warns("ALTER TABLE public.t DISABLE RULE \"Not v\"");
        let off = "ALTER TABLE public.t DISABLE RULE \"Not v\";";
        run(&world, off);
        world.write("new.sql", &format!("{NEW} {off}"));
        plan(&world).exits(0);
        apply(&world).exits(0);
        let all = "SELECT count(*) FROM t WHERE v = n AND pg_typeof(v) = 'bigint'::regtype";
        assert_eq!(number(&world, all), 100);
    }
}

#[test]
fn a_locale_that_the_scratch_server_lacks_is_said() {
    const NEW: &str = "CREATE COLLATION far (LOCALE = 'xx_XX.utf8');";
    for version in outermost() {
        plan(&world(version, "", NEW))
            .exits(2)
            .warns("could not create locale \"xx_XX.utf8\"")
            .warns("the host of the scratch server lacks this locale")
            .warns("--scratch URL");
    }
}

#[test]
fn what_only_a_superuser_makes_is_named_and_in_the_way_of_a_drop() {
    const OLD: &str = "CREATE TYPE pair AS (a integer);
        CREATE FUNCTION hash_of(pair) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ($1).a';";
    for version in outermost() {
        let world = world(version, OLD, &format!("{OLD} CREATE TABLE t (n int);"));
        as_superuser(
            &world,
            "CREATE AGGREGATE public.kept(numeric) (SFUNC = numeric_accum, STYPE = internal, FINALFUNC = numeric_avg);
             CREATE CAST (bigint AS timestamp) WITHOUT FUNCTION;
             CREATE OPERATOR CLASS public.pair_hash FOR TYPE public.pair USING hash AS FUNCTION 1 public.hash_of(public.pair);
             CREATE FUNCTION public.magnitude(integer) RETURNS integer LANGUAGE internal AS 'int4abs';
             CREATE OPERATOR FAMILY public.pairs USING btree;
             CREATE TEXT SEARCH TEMPLATE public.words (LEXIZE = dsimple_lexize)",
        );
        let said = world.run(&["plan", "--to", "new.sql", "--json"]).exits(0);
        for (what, name) in [
            ("aggregate", "public.kept(numeric)"),
            ("cast", "bigint AS timestamp without time zone"),
            ("operator class", "public.pair_hash"),
            ("function", "public.magnitude(integer)"),
            ("operator family", "public.pairs"),
            ("text search template", "public.words"),
        ] {
            let is_named = said.out.contains(what) && said.out.contains(name);
            assert!(is_named, "{what} {name}: {said}");
        }
        world.write("new.sql", "CREATE TYPE pair AS (a integer);");
        plan(&world)
            .exits(3)
            .warns("operator class public.pair_hash of hash hangs on it");
    }
}

#[test]
fn a_range_type_keeps_its_constructors_and_is_not_renamed() {
    const OLD: &str = "CREATE TYPE span AS RANGE (SUBTYPE = integer);";
    const NEW: &str = "-- pgrehearse: renamed from span
        CREATE TYPE stretch AS RANGE (SUBTYPE = integer);";
    for version in outermost() {
        let said = world(version, OLD, NEW).run(&["plan", "--to", "new.sql", "--json"]);
        let why = "nothing to rename from type public.span: no statement renames it with all that belongs to it";
        assert!(said.out.contains(why), "{said}");
    }
}

#[test]
fn a_name_like_ours_that_somebody_has_taken_is_not_overwritten() {
    const OLD: &str = "CREATE TABLE t (n bigint PRIMARY KEY, v int);
        INSERT INTO t SELECT g, g FROM generate_series(1, 100) g;";
    const NEW: &str = "CREATE TABLE t (n bigint PRIMARY KEY, v bigint);";
    for version in outermost() {
        let world = world(version, OLD, NEW);
        plan(&world).exits(0);
        let text = world.read("p.yaml");
        let own = |before: &str| {
            let name = text.split(before).nth(1).expect(before);
            name.split([' ', '(']).next().expect("a name").to_owned()
        };
        let column = own("ALTER TABLE public.t ADD COLUMN ");
        let function = own("CREATE OR REPLACE FUNCTION public.");
        assert!(column.starts_with("_pgrehearse_") && function.starts_with("_pgrehearse_"));
        run(&world, &format!("ALTER TABLE t ADD COLUMN {column} text"));
        plan(&world).exits(3).warns(&column).warns("drop or rename");
        run(&world, &format!("ALTER TABLE t DROP COLUMN {column}"));
        let mine = format!(
            "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        );
        run(&world, &mine);
        plan(&world)
            .exits(3)
            .warns(&function)
            .warns("drop or rename");
        run(&world, &format!("DROP FUNCTION {function}()"));
        // Another of such names is in nobody's way; in the files it is said that it stays out.
        run(&world, "CREATE TABLE _pgrehearse_mine (id int)");
        world.write(
            "new.sql",
            &format!("{NEW} CREATE TABLE _pgrehearse_mine (id int);"),
        );
        let said = world.run(&["plan", "--to", "new.sql"]).exits(0).to_string();
        let words: Vec<&str> = said.split_whitespace().collect();
        let left_out = "table public._pgrehearse_mine is left out";
        assert!(words.join(" ").contains(left_out), "{said}");
        apply(&world).exits(0);
    }
}

/// The new application gives no value to what the old column demands.
#[test]
fn rows_in_the_way_of_going_back_are_shown_and_nothing_is_taken_back() {
    const OLD: &str = "
        CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, fax text NOT NULL CONSTRAINT fax_is_there CHECK (fax <> ''));
        INSERT INTO customers SELECT i, 'n', '+49' || i FROM generate_series(1, 50) i;";
    const NEW: &str = "CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);";
    for version in outermost() {
        let world = world(version, OLD, NEW);
        let sets = [
            "plan",
            "--to",
            "new.sql",
            "--out",
            "p.yaml",
            "--set",
            "drops.gate=rename",
        ];
        world.run(&sets).exits(0);
        apply(&world).exits(0).says("pending");
        run(
            &world,
            "INSERT INTO customers (id, name) VALUES (1000, 'new'), (1001, 'new')",
        );
        let said = world
            .run(&["rollback", "--yes"])
            .exits(3)
            .warns("NULL in public.customers.fax: 2")
            .warns("_deprecated_fax");
        // The query that it names shows them.
        let err = said.err.replace("\n  ", " ");
        let query = err.split("help: ").nth(1).expect("a help");
        let rows = world.client().query(query.trim(), &[]).expect(query);
        let ids: Vec<i64> = rows.iter().map(|r| r.get("id")).collect();
        assert_eq!(ids, [1000, 1001]);
        run(
            &world,
            "UPDATE customers SET _deprecated_fax = '' WHERE id = 1000; DELETE FROM customers WHERE id = 1001",
        );
        world
            .run(&["rollback", "--yes"])
            .exits(3)
            .warns("rows of public.customers that break fax_is_there: 1");
        run(
            &world,
            "UPDATE customers SET _deprecated_fax = 'none' WHERE id = 1000",
        );
        world.run(&["rollback", "--yes"]).exits(0);
        world.write("old.sql", OLD.split("INSERT").next().expect("the table"));
        world.run(&["check", "--to", "old.sql"]).exits(0);
    }
}

/// Going on with an audit, after a swap that needs none: nothing without a way back has happened.
#[test]
fn a_renamed_columns_old_one_can_come_back_until_its_wait_is_over() {
    const OLD: &str = "
        CREATE TABLE users (n bigint PRIMARY KEY, first_name text NOT NULL DEFAULT 'x', last_name text NOT NULL, age int);
        INSERT INTO users SELECT g, 'f' || g, 'l' || g, g FROM generate_series(1, 50) g;";
    const NEW: &str = "
        CREATE TABLE users (n bigint PRIMARY KEY,
            -- pgrehearse: renamed from first_name
            given_name text NOT NULL DEFAULT 'x',
            -- pgrehearse: renamed from last_name
            family_name text NOT NULL,
            age bigint);";
    for version in outermost() {
        let world = world(version, OLD, NEW);
        let sets = [
            "plan",
            "--to",
            "new.sql",
            "--out",
            "p.yaml",
            "--set",
            "drops.gate=rename",
        ];
        world.run(&sets).exits(0);
        apply(&world).exits(0).says("pending");
        run(
            &world,
            "INSERT INTO users (n, given_name, family_name, age) VALUES (100, 'g', 'h', 5000000000);
             INSERT INTO users (n, family_name) VALUES (101, 'i');
             UPDATE users SET given_name = 'new', family_name = 'newer' WHERE n = 1",
        );
        let alike = "SELECT count(*) FROM users WHERE given_name = _deprecated_first_name AND family_name = _deprecated_last_name";
        assert_eq!(number(&world, alike), 52);
        // Its old column is gone: the int could not have held what the new application writes.
        world.run(&["rollback", "--yes"]).exits(1);
        let back =
            "SELECT count(*) FROM users WHERE given_name = first_name AND family_name = last_name";
        assert_eq!(number(&world, back), 52);
        apply(&world).exits(0).says("pending");
        run(
            &world,
            "UPDATE pgrehearse.step SET finished_at = finished_at - interval '8 days'",
        );
        apply(&world).exits(0);
        world.run(&["check", "--to", "new.sql"]).exits(0);
        run(
            &world,
            "INSERT INTO users (n, family_name) VALUES (102, 'j')",
        );
        assert_eq!(
            number(
                &world,
                "SELECT count(*) FROM users WHERE given_name = 'x' AND n = 102"
            ),
            1
        );
    }
}

#[test]
fn a_swap_locks_no_more_tables_than_the_setting_says() {
    let schema = |of: &str| {
        let child = |n| format!("CREATE TABLE c{n} (id int PRIMARY KEY, t {of} REFERENCES t);");
        let children: String = (1..=3).map(child).collect();
        format!("CREATE TABLE t (id {of} PRIMARY KEY);{children}")
    };
    let world = world(outermost()[0], &schema("int"), &schema("bigint"));
    let plan = |most: &str| {
        let all = ["small_table.rows=0", most];
        let set = all.into_iter().flat_map(|s| ["--set", s]);
        let arguments: Vec<&str> = ["plan", "--to", "new.sql"].into_iter().chain(set).collect();
        world.run(&arguments)
    };
    plan("swap.max_tables=4").exits(0);
    plan("swap.max_tables=3")
        .exits(3)
        .warns("would lock 4 tables")
        .warns("swap.max_tables (now 3)");
}

#[test]
fn a_role_that_a_policy_names_has_to_be_there() {
    const OLD: &str = "CREATE TABLE t (n bigint PRIMARY KEY, v int);";
    let new = format!("{OLD} CREATE POLICY seen ON t TO \"Some One\", pg_monitor USING (v > 0);");
    for version in outermost() {
        let world = world(version, OLD, &new);
        let apply = ["apply", "--to", "new.sql", "--yes"];
        world
            .run(&apply)
            .exits(3)
            .warns("the role \"Some One\" does not exist here")
            .warns("CREATE ROLE \"Some One\" NOLOGIN");
        as_superuser(&world, "CREATE ROLE \"Some One\"");
        world.run(&apply).exits(0);
        plan(&world).exits(0);
    }
}

#[test]
fn what_only_a_superuser_may_run_is_refused_to_others() {
    const OLD: &str = "CREATE TABLE t (n bigint PRIMARY KEY);";
    let new = format!("{OLD} CREATE PUBLICATION \"All of\" FOR ALL TABLES;");
    for version in outermost() {
        let world = world(version, OLD, &new);
        plan(&world).exits(0);
        apply(&world)
            .exits(3)
            .warns("lets only a superuser run step expand-1")
            .warns("create publication \"All of\"");
        as_superuser(&world, "CREATE PUBLICATION \"All of\" FOR ALL TABLES");
        plan(&world).exits(0);
        // It belongs to somebody else.
        world.write("new.sql", OLD);
        plan(&world).exits(0);
        apply(&world)
            .exits(3)
            .warns("publication \"All of\" belongs to");
    }
}

#[test]
fn an_index_of_a_partition_does_not_change_parents_while_both_stay() {
    const OLD: &str = "CREATE TABLE t (a int, b int) PARTITION BY RANGE (a);
        CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE INDEX one ON t (b);
        CREATE INDEX two ON ONLY t (b);";
    const NEW: &str = "CREATE TABLE t (a int, b int) PARTITION BY RANGE (a);
        CREATE TABLE p PARTITION OF t FOR VALUES FROM (0) TO (10);
        CREATE INDEX one ON ONLY t (b);
        CREATE INDEX two ON t (b);";
    for version in outermost() {
        plan(&world(version, OLD, NEW))
            .exits(3)
            .warns("error[plan::impossible]")
            .warns("attachment of index public.p_b_idx")
            .warns("give the one for the other parent another name");
    }
}

#[test]
fn another_sort_of_type_does_not_take_a_name_under_columns() {
    const OLD: &str = "CREATE TYPE mood AS ENUM ('glad', 'sad');
        CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'sad');";
    const NEW: &str = "CREATE DOMAIN mood AS text CHECK (VALUE IN ('glad', 'sad'));
        CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'sad');";
    for version in outermost() {
        for (old, new) in [(OLD, NEW), (NEW, OLD)] {
            plan(&world(version, old, new))
                .exits(3)
                .warns("error[plan::impossible]: column public.t.m: type")
                .warns("give it a name of its own");
        }
    }
}

/// C functions and operator classes can run any code: only files that somebody trusts may make them.
#[test]
fn what_only_a_superuser_makes_needs_files_that_are_trusted() {
    const NEW: &str = "
        CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE internal IMMUTABLE AS 'int4abs';
        CREATE FUNCTION compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
        CREATE OPERATOR CLASS backwards FOR TYPE integer USING btree AS
            OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 compare(integer, integer);
        CREATE TABLE t (a integer);
        CREATE INDEX t_a ON t (a backwards);";
    for version in outermost() {
        let world = world(version, "", NEW);
        plan(&world).exits(2).warns("(--trust-files)");
        let arguments = [
            "plan",
            "--to",
            "new.sql",
            "--out",
            "p.yaml",
            "--trust-files",
        ];
        world
            .run(&[arguments.as_slice(), &["--untrusted"]].concat())
            .exits(3)
            .warns("untrusted pull request");
        world.run(&arguments).exits(0);
        let apply = ["apply", "--plan", "p.yaml", "--yes", "--trust-files"];
        world.run(&apply).exits(3).warns("only a superuser");
        assert_eq!(
            number(&world, "SELECT count(*) FROM pg_class WHERE relname = 't'"),
            0
        );
        let role = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER', (SELECT datdba::regrole
            FROM pg_database WHERE datname = current_database())); END $$";
        as_superuser(&world, role);
        world.run(&apply).exits(0);
        world
            .run(&["check", "--to", "new.sql", "--trust-files"])
            .exits(0);
        // What is in live and has nothing to do with a plan is in nobody's way; what has, needs trust.
        world.write(
            "new.sql",
            "CREATE TABLE t (a integer); CREATE TABLE u (a integer);",
        );
        // The index that is in the way hangs on the class that nobody trusts.
        let refused = plan(&world);
        assert!(refused.code == 1 || refused.code == 3, "{refused}");
        world.run(&arguments).exits(0);
        world.run(&apply).exits(0);
        world.run(&["check", "--to", "new.sql"]).exits(0);
    }
}

/// A base type and its functions are named and left alone where nobody trusts them; what is dropped under one is refused.
#[test]
fn a_base_type_that_nobody_trusts_is_named_and_left_alone() {
    const OLD: &str = "CREATE SCHEMA own; CREATE TABLE t (a integer);";
    for version in outermost() {
        let world = world(version, OLD, &format!("{OLD} CREATE TABLE u (a integer);"));
        as_superuser(
            &world,
            "CREATE TYPE own.amount; CREATE TYPE own.alone; CREATE TYPE own.days;
             CREATE FUNCTION own.i(cstring) RETURNS own.amount LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
             CREATE FUNCTION own.o(own.amount) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
             CREATE TYPE own.amount (INPUT = own.i, OUTPUT = own.o, INTERNALLENGTH = 4, PASSEDBYVALUE);
             CREATE FUNCTION own.whole(own.days) RETURNS own.days LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
             CREATE TYPE own.days AS RANGE (SUBTYPE = integer, CANONICAL = own.whole);
             COMMENT ON TYPE own.amount IS 'how much'",
        );
        world
            .run(&["plan", "--to", "new.sql"])
            .exits(0)
            .says("base type own.amount")
            .says("shell type own.alone")
            .says("range type with a canonical function own.days");
        plan(&world).exits(0);
        apply(&world).exits(0);
        let types = "SELECT count(*) FROM pg_type WHERE typname IN ('amount', 'alone', 'days')";
        assert_eq!(number(&world, types), 3);
        world.write("new.sql", "CREATE TABLE t (a integer);");
        plan(&world).exits(3).warns("own.amount hangs on it");
    }
}

/// DROP TYPE … CASCADE, which takes the type's own functions along, takes nothing else: what came since is in its way.
#[test]
fn a_base_type_takes_nothing_but_its_functions_along() {
    const OLD: &str = "CREATE TYPE amount;
        CREATE FUNCTION i(cstring) RETURNS amount LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
        CREATE FUNCTION o(amount) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
        CREATE TYPE amount (INPUT = i, OUTPUT = o, INTERNALLENGTH = 4, PASSEDBYVALUE);";
    for version in outermost() {
        let world = world(version, "", "");
        world.write("new.sql", "CREATE TABLE t (a integer);");
        as_superuser(&world, OLD);
        let role = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER', (SELECT datdba::regrole
            FROM pg_database WHERE datname = current_database())); END $$";
        as_superuser(&world, role);
        // The table is in no schema that the plan is about.
        let others = "CREATE SCHEMA theirs; CREATE TABLE theirs.t (a public.amount); INSERT INTO theirs.t VALUES ('1')";
        as_superuser(&world, others);
        let apply = [
            "apply",
            "--to",
            "new.sql",
            "--yes",
            "--trust-files",
            "--set",
            "schemas=public",
            "--set",
            "drops.gate=none",
        ];
        let refused = world.run(&apply);
        assert!(refused.code != 0, "{refused}");
        refused.warns("column a of table theirs.t");
        assert_eq!(
            number(&world, "SELECT count(*) FROM theirs.t WHERE a::text = '1'"),
            1
        );
        as_superuser(&world, "DROP SCHEMA theirs CASCADE");
        world.run(&apply).exits(0);
        assert_eq!(
            number(
                &world,
                "SELECT count(*) FROM pg_type WHERE typname = 'amount'"
            ),
            0
        );
    }
}

/// A trigger fills before the row is written: there are no generated columns yet, and no row.
#[test]
fn a_hint_that_reads_what_a_trigger_cannot_see_is_refused() {
    const OLD: &str = "CREATE TABLE t (id int PRIMARY KEY, a text, up text GENERATED ALWAYS AS (upper(a)) STORED, n int);";
    let new = |column: &str| {
        format!(
            "CREATE TABLE t (id int PRIMARY KEY, a text, up text GENERATED ALWAYS AS (upper(a)) STORED, {column});"
        )
    };
    let hints = [
        (
            "n int, \n-- pgrehearse: backfill (lower(up))\n slug text NOT NULL",
            "it reads up, which is generated",
        ),
        (
            "n int, \n-- pgrehearse: backfill (to_jsonb(t.*))\n slug jsonb NOT NULL",
            "it reads the whole row",
        ),
        (
            "\n-- pgrehearse: convert using (n::text || up) reverse (length(n))\n n text",
            "it reads up, which is generated",
        ),
    ];
    for version in outermost() {
        for (column, why) in hints {
            let world = world(version, OLD, &new(column));
            let arguments = ["plan", "--to", "new.sql", "--set", "small_table.rows=0"];
            world.run(&arguments).exits(3).warns(why);
        }
    }
}
