//! Foreign data: no secret gets out, no row of another server is read.

mod support;

use pgrehearse::pg::ServerVersion;
use support::outermost;
use support::world::{Said, Statements, World};

const EXTENSIONS: &str = "CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw;";

fn world(version: ServerVersion, old: &str, new: &str) -> World {
    let world = World::on(version, Statements::NotCounted, "");
    // On live only a superuser makes the extension.
    let mut admin = world.live.client();
    admin
        .batch_execute("CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw")
        .expect("the wrappers");
    let grant = "DO $$ BEGIN EXECUTE format('GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw, file_fdw TO %I',
        (SELECT datdba::regrole FROM pg_database WHERE datname = current_database())); END $$";
    admin.batch_execute(grant).expect("the grant");
    world.client().batch_execute(old).expect(old);
    world.write("new.sql", &format!("{EXTENSIONS} {new}"));
    world
}

fn plan(world: &World) -> Said {
    world.run(&["plan", "--to", "new.sql", "--out", "p.yaml"])
}

/// What live holds, and what the files hold: the one never comes to scratch, neither gets out.
const SECRETS: [&str; 2] = ["hunter2-of-live", "hunter3-of-the-files"];

#[track_caller]
fn silent(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{text}");
    }
}

/// A mapping with a password, a server and tables with secrets by name and by value.
fn secretive(user: &str, secret: &str) -> String {
    format!(
        "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', port '{port}');
         CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (\"user\" '{user}', password '{secret}');
         CREATE SERVER other FOREIGN DATA WRAPPER file_fdw
             OPTIONS (api_key '{secret}', conn_string 'postgres://me:{secret}@nowhere.invalid/x', region '{user}');
         CREATE FOREIGN TABLE t (a int OPTIONS (token '{secret}', name '{user}')) SERVER other
             OPTIONS (auth_token '{secret}', dsn 'Server=nowhere.invalid;Pwd={secret}', path '{user}');",
        port = user.len()
    )
}

#[test]
fn a_secret_is_in_no_plan_and_no_output() {
    for version in outermost() {
        let [of_live, of_files] = SECRETS;
        let world = world(version, "", &secretive("after", of_files));
        let mut admin = world.live.client();
        admin
            .batch_execute("ALTER FOREIGN DATA WRAPPER file_fdw NO VALIDATOR")
            .expect("a wrapper of any options");
        let old = secretive("before", of_live);
        world.client().batch_execute(&old).expect("the old schema");
        let options = "SELECT concat_ws(' ', (SELECT string_agg(umoptions::text, ' ') FROM pg_user_mappings),
            (SELECT string_agg(srvoptions::text, ' ' ORDER BY srvname) FROM pg_foreign_server),
            (SELECT string_agg(ftoptions::text, ' ') FROM pg_foreign_table),
            (SELECT string_agg(attfdwoptions::text, ' ') FROM pg_attribute WHERE attfdwoptions IS NOT NULL))";
        for arguments in [
            ["diff", "--to", "new.sql"].as_slice(),
            &["diff", "--to", "new.sql", "--json"],
            &["check", "--to", "new.sql"],
            &["plan", "--to", "new.sql"],
            &["plan", "--to", "new.sql", "--format", "sql"],
            &["plan", "--to", "new.sql", "--format", "markdown"],
            &["plan", "--to", "new.sql", "--format", "mermaid"],
            &["plan", "--to", "new.sql", "--json"],
            &["inspect", &world.url],
            &["inspect", &world.url, "--format", "yaml"],
            &["inspect", &world.url, "--format", "json"],
            &["inspect", "new.sql", "--format", "json"],
        ] {
            let said = world.run(arguments);
            assert!(said.code == 0 || said.code == 4, "{said}");
            silent(&said.to_string());
        }
        silent(&plan(&world).exits(0).to_string());
        silent(&world.read("p.yaml"));
        silent(
            &world
                .run(&["apply", "--plan", "p.yaml", "--yes"])
                .exits(0)
                .to_string(),
        );
        silent(&world.run(&["status"]).to_string());
        let ledger = "SELECT string_agg(query_to_xml(format('SELECT * FROM %s', c.oid::regclass), true, true, '')::text, ' ')
            FROM pg_class c WHERE c.relnamespace = 'pgrehearse'::regnamespace AND c.relkind = 'r'";
        let ledger: String = admin.query_one(ledger, &[]).expect(ledger).get(0);
        assert!(ledger.contains("after"), "{ledger}");
        silent(&ledger);
        // What was not read was not written: it is as before.
        let kept: String = admin.query_one(options, &[]).expect(options).get(0);
        let wanted = format!("user=after,password={of_live}");
        assert!(kept.contains(&wanted), "{kept}");
        for kept_secret in ["api_key", "auth_token", "token", "Pwd"] {
            assert!(kept.contains(&format!("{kept_secret}={of_live}")), "{kept}");
        }
        assert!(
            !kept.contains(of_files) && !kept.contains("before"),
            "{kept}"
        );
        silent(&plan(&world).exits(0).to_string());
        // Gone it cannot come back by itself.
        world.write("new.sql", EXTENSIONS);
        silent(&plan(&world).exits(0).to_string());
        let refused = world.run(&["apply", "--plan", "p.yaml", "--yes"]).exits(3);
        silent(&refused.warns("password").to_string());
    }
}

/// An error shows the line of the files, and the server quotes what it does not understand.
#[test]
fn a_secret_is_in_no_error() {
    let version = outermost()[0];
    let world = world(version, "", "");
    let secret = SECRETS[1];
    for broken in [
        format!("CREATE USER MAPPING FOR PUBLIC SERVER nowhere OPTIONS (password '{secret}');"),
        format!("CREATE USER MAPPING FOR PUBLIC SERVER nowhere OPTIONS ('{secret}');"),
        format!(
            "CREATE SERVER s FOREIGN DATA WRAPPER nowhere OPTIONS (\n  api_key\n'{secret}' x);"
        ),
        format!("ALTER SERVER nowhere OPTIONS (ADD a E'\\'{secret}', ADD b '{secret}');"),
        format!("CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password '{secret});"),
        format!(
            "ALTER /* a long comment, to be sure of it: a long comment */ USER MAPPING FOR x OPTIONS ('{secret}');"
        ),
    ] {
        world.write("new.sql", &broken);
        let said = plan(&world).exits(2);
        silent(&said.to_string());
    }
}

#[test]
fn no_check_of_rows_reads_another_server() {
    const OLD: &str = "CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
        CREATE TABLE here PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '1');
        CREATE USER MAPPING FOR PUBLIC SERVER far;
        CREATE FOREIGN TABLE there PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') SERVER far;
        INSERT INTO here SELECT g, '2024-06-01' FROM generate_series(1, 100) g;";
    let new = OLD.replace("(id int,", "(id int CONSTRAINT positive CHECK (id > 0),");
    let new = new.split("INSERT").next().unwrap_or_default();
    for version in outermost() {
        let world = world(version, OLD, new);
        plan(&world).exits(0);
        let plan = world.read("p.yaml");
        assert!(
            plan.contains("it would read the foreign table public.there"),
            "{plan}"
        );
    }
}

#[test]
fn who_may_not_use_a_wrapper_is_told_the_grant() {
    for version in outermost() {
        let world = world(
            version,
            "",
            "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;",
        );
        let revoke = "DO $$ BEGIN EXECUTE format('REVOKE USAGE ON FOREIGN DATA WRAPPER postgres_fdw FROM %I',
            (SELECT datdba::regrole FROM pg_database WHERE datname = current_database())); END $$";
        world.live.client().batch_execute(revoke).expect(revoke);
        plan(&world).exits(0);
        world
            .run(&["apply", "--plan", "p.yaml", "--yes"])
            .exits(3)
            .warns("may not use foreign data wrapper postgres_fdw")
            .warns("GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO");
    }
}

/// What a superuser made on live: on scratch no wrapper has a handler, and nothing is lost of it.
#[test]
fn the_handler_of_a_wrapper_comes_and_goes() {
    for version in outermost() {
        let world = World::on(version, Statements::NotCounted, "");
        let bare = "CREATE EXTENSION postgres_fdw;
            CREATE FOREIGN DATA WRAPPER mine OPTIONS (debug '1');
            CREATE SERVER s FOREIGN DATA WRAPPER mine OPTIONS (host 'nowhere.invalid');";
        let mut admin = world.live.client();
        let superuser = "DO $$ BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER',
            (SELECT datdba::regrole FROM pg_database WHERE datname = current_database())); END $$";
        admin.batch_execute(superuser).expect(superuser);
        world.client().batch_execute(bare).expect(bare);
        let state = "SELECT fdwhandler::regproc::text || ' ' || fdwvalidator::regproc || ' ' || fdwoptions::text
            FROM pg_foreign_data_wrapper WHERE fdwname = 'mine'";
        let mut becomes = |desired: &str, wanted: &str| {
            world.write("new.sql", desired);
            plan(&world).exits(0);
            let apply = ["apply", "--plan", "p.yaml", "--yes"];
            world.run(&apply).exits(0);
            let now: String = admin.query_one(state, &[]).expect(state).get(0);
            assert_eq!(now, wanted);
            let again = world.run(&["check", "--to", "new.sql"]);
            again.exits(0);
        };
        let full = bare.replace(
            "mine OPTIONS (debug '1')",
            "mine HANDLER postgres_fdw_handler VALIDATOR postgresql_fdw_validator OPTIONS (debug '1')",
        );
        becomes(
            &full,
            "postgres_fdw_handler postgresql_fdw_validator {debug=1}",
        );
        becomes(bare, "- - {debug=1}");
        becomes(
            &bare.replace(
                "mine OPTIONS (d",
                "mine VALIDATOR postgresql_fdw_validator OPTIONS (d",
            ),
            "- postgresql_fdw_validator {debug=1}",
        );
    }
}
