//! How the live database is reached: passwords in a file, variables, services, another role.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use support::world::{Said, World};

const OLD: &str = "CREATE TABLE public.t (id int PRIMARY KEY);";
const NEW: &str = "CREATE TABLE public.t (id int PRIMARY KEY); CREATE TABLE public.made (id int);";

/// Host, port, user and database of a world; the password is `geheim`.
fn parts(world: &World) -> [String; 4] {
    let rest = world.url.strip_prefix("postgres://").unwrap();
    let (user, rest) = rest.split_once(":geheim@").unwrap();
    let (host, rest) = rest.split_once(':').unwrap();
    let (port, database) = rest.split_once('/').unwrap();
    [host, port, user, database].map(str::to_owned)
}

/// The program without a URL.
fn bare(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command(arguments);
    command.env_remove("DATABASE_URL");
    command
}

fn said(mut command: Command, pairs: &[(&str, &str)]) -> Said {
    command.envs(pairs.iter().copied());
    Said::of(command)
}

#[test]
fn the_password_comes_from_a_file_and_the_rest_from_variables_or_a_service() {
    let world = World::new(OLD);
    let [host, port, user, database] = parts(&world);
    let file = |name: &str, text: String| {
        let path = world.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    };
    let pass = file("pass", format!("{host}:{port}:*:{user}:geheim\n"));
    let services = file(
        "services",
        format!("[shop]\nhost={host}\nport={port}\nuser={user}\ndbname={database}\n"),
    );
    let place = [
        ("PGHOST", host.as_str()),
        ("PGPORT", &port),
        ("PGUSER", &user),
        ("PGDATABASE", &database),
    ];
    let with = |more: &[(&str, &str)]| {
        let all: Vec<(&str, &str)> = place.iter().chain(more).copied().collect();
        said(bare(&world, &["status"]), &all)
    };
    with(&[("PGPASSFILE", &pass)])
        .exits(0)
        .says("nothing was applied here");
    with(&[("PGPASSWORD", "geheim")]).exits(0);
    with(&[]).exits(1).warns("connect::no_password");
    with(&[("PGPASSWORD", "falsch")])
        .exits(1)
        .warns("connect::wrong_password");
    let service = [
        ("PGSERVICE", "shop"),
        ("PGSERVICEFILE", &services),
        ("PGPASSFILE", &pass),
    ];
    said(bare(&world, &["status"]), &service)
        .exits(0)
        .says("nothing was applied here");
    said(bare(&world, &["status"]), &[])
        .exits(2)
        .warns("cli::no_database");
}

#[test]
fn a_connection_of_pairs_is_one_and_its_password_is_shown_nowhere() {
    let world = World::new(OLD);
    world.write("new.sql", NEW);
    let [host, port, user, database] = parts(&world);
    let db = format!("host={host} port={port} user={user} dbname={database} password='geheim'");
    let run = |arguments: &[&str]| said(bare(&world, arguments), &[]);
    let plan = run(&["plan", "--db", &db, "--to", "new.sql", "--out", "p.yaml"]).exits(0);
    assert!(!format!("{}{}{}", plan.out, plan.err, world.read("p.yaml")).contains("geheim"));
    let diff = run(&["diff", "--from", &db, "--to", "new.sql"])
        .exits(0)
        .says("made");
    assert!(!format!("{}{}", diff.out, diff.err).contains("geheim"));
    let wrong = db.replace("host=", "hots=");
    let error = run(&["status", "--db", &wrong]);
    assert!(error.code == 2 && !error.err.contains("geheim"), "{error}");
}

#[test]
fn every_session_takes_the_role() {
    let world = World::new(OLD);
    let [_, _, user, database] = parts(&world);
    world.write("new.sql", NEW);
    let boss = format!("boss_{database}");
    let mut admin = world.live.client();
    admin
        .batch_execute(&format!(
            "CREATE ROLE {boss};
             ALTER TABLE public.t OWNER TO {boss};
             GRANT CREATE ON DATABASE \"{database}\" TO {boss};
             GRANT USAGE, CREATE ON SCHEMA public TO {boss}"
        ))
        .unwrap();
    let apply = ["apply", "--to", "new.sql", "--yes", "--role", boss.as_str()];
    world
        .run(&apply)
        .exits(1)
        .warns("connect::role")
        .warns(&format!("GRANT {boss} TO {user}"));
    admin
        .batch_execute(&format!("GRANT {boss} TO \"{user}\""))
        .unwrap();
    world.run(&apply).exits(0);
    let owners = "
        SELECT string_agg(DISTINCT relowner::regrole::text, ', ')
        FROM pg_class
        WHERE relname IN ('made', 't') OR relnamespace = 'pgrehearse'::regnamespace";
    let owners: String = admin.query_one(owners, &[]).unwrap().get(0);
    assert_eq!(owners, boss);
    world
        .run(&["status", "--role", &boss])
        .exits(0)
        .says("done");
}
