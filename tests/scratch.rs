//! The scratch server: what starts, what is left behind, and what a hostile file cannot do.
//!
//! Runs on every version of 14 to 18 that is installed, cached or can be fetched; one that is not to be
//! had is named on standard error.

use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::{
    Binaries, Choice, Database, DatabaseSettings, EndedWhy, Given, Scratch, ScratchError,
    ScratchOptions, Search, default_cache_dir,
};
use postgres::Client;
use postgres::error::SqlState;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn search() -> Search {
    use std::os::unix::fs::MetadataExt;
    let var = |name| std::env::var_os(name).map(PathBuf::from);
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    let (home, xdg) = (var("HOME"), var("XDG_CACHE_HOME"));
    Search {
        path: std::env::var_os("PATH"),
        cache: var("PGREHEARSE_CACHE")
            .unwrap_or_else(|| default_cache_dir(home.as_deref(), xdg.as_deref(), is_root)),
        ..Search::default()
    }
}

fn each_version(test: impl Fn(ScratchOptions)) {
    for version in ServerVersion::SUPPORTED {
        match Binaries::find(version, &search()) {
            Ok(_) => test(ScratchOptions::new(version, search())),
            Err(e) => eprintln!("skipped on {version}: {e}"),
        }
    }
}

fn database(scratch: &Scratch) -> Database {
    scratch
        .create_database(&DatabaseSettings::default())
        .unwrap()
}

fn sandbox(scratch: &Scratch) -> (Database, Client) {
    let database = database(scratch);
    let client = database.connect().unwrap();
    (database, client)
}

fn code(result: Result<(), postgres::Error>) -> String {
    match result {
        Ok(()) => "done".to_owned(),
        Err(e) => e.code().map_or(e.to_string(), |c| c.code().to_owned()),
    }
}

#[test]
fn a_cluster_starts_and_leaves_nothing() {
    each_version(|options| {
        let version = options.version;
        let since = Instant::now();
        let scratch = Scratch::start(&options).unwrap();
        let started = since.elapsed();
        assert_eq!(scratch.version(), version);
        let path = scratch.cluster().unwrap().path().to_owned();
        let since = Instant::now();
        let (database, mut client) = sandbox(&scratch);
        client
            .batch_execute("CREATE TABLE public.t (a int)")
            .unwrap();
        let made = since.elapsed();
        drop((client, database));
        let since = Instant::now();
        drop(scratch);
        assert!(!path.exists());
        let stopped = since.elapsed();
        eprintln!("PostgreSQL {version}: start {started:?}, database {made:?}, stop {stopped:?}");
    });
}

#[test]
fn public_belongs_to_the_owner_of_the_database_on_every_version() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let (_database, mut client) = sandbox(&scratch);
        let query = "SELECT nspowner::regrole::text, nspacl::text FROM pg_namespace WHERE nspname = 'public'";
        let row = client.query_one(query, &[]).unwrap();
        assert_eq!(row.get::<_, String>(0), "pg_database_owner");
        // Up to 14 everybody may create things there: files may say otherwise.
        let everybody = match options.version < ServerVersion::V15 {
            true => "UC",
            false => "U",
        };
        assert_eq!(
            row.get::<_, String>(1),
            format!("{{pg_database_owner=UC/pg_database_owner,={everybody}/pg_database_owner}}")
        );
    });
}

const REFUSED: &[&str] = &[
    "DO $$ BEGIN EXECUTE 'RESET ROLE'; EXECUTE 'COPY (SELECT 1) TO PROGRAM ''cat'''; END $$",
    "DO $$ BEGIN EXECUTE 'RESET SESSION AUTHORIZATION'; EXECUTE 'COPY (SELECT 1) TO PROGRAM ''cat'''; END $$",
    "CREATE TEMP TABLE x (a text); COPY x FROM PROGRAM 'id'",
    "COPY (SELECT 1) TO '/tmp/pgrehearse-test'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(lo_create(0), '/tmp/pgrehearse-test')",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE c AS '/lib/x', 'y'",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE internal AS 'int4in'",
    "CREATE LANGUAGE l HANDLER plpgsql_call_handler",
    "ALTER SYSTEM SET archive_command = 'id'",
    "CREATE ROLE r",
    "CREATE ROLE r SUPERUSER",
    "CREATE DATABASE d",
    "CREATE TABLESPACE t LOCATION '/tmp'",
    "GRANT pg_execute_server_program TO CURRENT_USER",
    "GRANT pg_read_server_files TO CURRENT_USER",
    "SET ROLE pg_write_server_files",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE postgres SUPERUSER",
    "GRANT {root} TO CURRENT_USER",
    "SET SESSION AUTHORIZATION {root}",
    "SET ROLE {root}",
    "ALTER ROLE {root} PASSWORD 'x'",
    "ALTER ROLE {root} SET search_path = public",
    "COMMENT ON ROLE {root} IS 'x'",
    "SET session_replication_role = replica",
    "SET session_preload_libraries = 'x'",
    "SET temp_file_limit = -1",
    "SET allow_system_table_mods = on",
    "UPDATE pg_catalog.pg_authid SET rolsuper = true",
    "SELECT rolpassword FROM pg_catalog.pg_authid",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{root}'",
    "CREATE TYPE public.base; CREATE TYPE public.base (INPUT = int4in, OUTPUT = int4out)",
];

#[test]
fn a_hostile_file_is_refused() {
    each_version(|mut options| {
        let version = options.version;
        options.limits.temp_file_bytes = 1 << 20;
        let scratch = Scratch::start(&options).unwrap();
        let (database, mut client) = sandbox(&scratch);
        let query = "SELECT rolname::text FROM pg_roles WHERE oid = 10";
        let root: String = client.query_one(query, &[]).unwrap().get(0);
        assert_ne!(root, "postgres");
        database.create_role("postgres").unwrap();
        for statement in REFUSED {
            let statement = statement.replace("{root}", &root);
            let said = code(client.batch_execute(&statement));
            assert_eq!(said, "42501", "{version}: {statement}");
        }
        for name in [
            "dblink",
            "file_fdw",
            "postgres_fdw",
            "plpython3u",
            "adminpack",
        ] {
            let said =
                code(client.batch_execute(&format!("CREATE EXTENSION {name} SCHEMA public")));
            // Insufficient privilege, or not there at all.
            assert!(
                ["42501", "58P01", "0A000"].contains(&said.as_str()),
                "{version}: {said} for {name}"
            );
        }
        let bomb = "SELECT count(*) FROM (SELECT i, repeat('x', 200) FROM generate_series(1, 200000) i ORDER BY 2, 1 OFFSET 1) s";
        client.batch_execute("SET work_mem = '64kB'").unwrap();
        assert_eq!(code(client.batch_execute(bomb)), "53400");
        assert!(!Path::new("/tmp/pgrehearse-test").exists());
    });
}

#[test]
fn a_file_cannot_lock_us_out_or_change_later_sessions() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let (database, mut client) = sandbox(&scratch);
        let change = "ALTER ROLE CURRENT_USER PASSWORD 'mine'; ALTER ROLE CURRENT_USER SET work_mem = '64kB'";
        client.batch_execute(change).unwrap();
        let mut again = database.connect().unwrap();
        let memory: String = again.query_one("SHOW work_mem", &[]).unwrap().get(0);
        assert_ne!(memory, "64kB");
    });
}

#[test]
fn a_statement_that_runs_for_ever_is_ended() {
    each_version(|mut options| {
        options.limits.statement = Duration::from_millis(500);
        let scratch = Scratch::start(&options).unwrap();
        let (database, mut client) = sandbox(&scratch);
        let since = Instant::now();
        let endless = "SET statement_timeout = 0; DO $$ BEGIN LOOP END LOOP; END $$";
        assert!(client.batch_execute(endless).is_err());
        assert!(since.elapsed() < Duration::from_secs(10));
        assert!(matches!(
            database.ended()[0].why,
            EndedWhy::Statement { .. }
        ));
        assert!(
            database
                .connect()
                .unwrap()
                .batch_execute("SELECT 1")
                .is_ok()
        );
    });
}

#[test]
fn a_disk_that_fills_up_is_noticed() {
    each_version(|mut options| {
        options.limits.disk_bytes = 150 << 20;
        let scratch = Scratch::start(&options).unwrap();
        let (database, mut client) = sandbox(&scratch);
        let fill = "CREATE TABLE public.t AS SELECT repeat(i::text, 100) FROM generate_series(1, 100000000) i";
        assert!(client.batch_execute(fill).is_err());
        assert!(matches!(database.ended()[0].why, EndedWhy::Disk { .. }));
    });
}

#[test]
fn extensions_come_from_the_list_and_belong_to_the_sandbox() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let database = database(&scratch);
        for name in ["dblink", "plpython3u"] {
            let error = database.create_extension(name, None, None).unwrap_err();
            assert!(matches!(error, ScratchError::ExtensionNotAllowed { .. }));
        }
        let error = database
            .create_extension("vector", None, Some("0.0.9"))
            .unwrap_err();
        assert!(
            matches!(error, ScratchError::ExtensionMissing { .. }),
            "{error}"
        );
        assert!(error.help().unwrap().contains("--scratch URL"));
        database
            .create_extension("earthdistance", None, None)
            .unwrap();
        database
            .create_extension("pgstattuple", Some("tools"), None)
            .unwrap();
        database.create_extension("plpgsql", None, None).unwrap();
        let mut client = database.connect().unwrap();
        let query = "SELECT extname::text, extowner::regrole::text FROM pg_extension ORDER BY 1";
        let owners = client.query(query, &[]).unwrap();
        let names: Vec<String> = owners.iter().map(|row| row.get(0)).collect();
        assert_eq!(names, ["cube", "earthdistance", "pgstattuple", "plpgsql"]);
        assert!(
            owners
                .iter()
                .all(|row| row.get::<_, String>(1) == database.role())
        );
        let change = "COMMENT ON EXTENSION cube IS 'x'; DROP EXTENSION pgstattuple";
        client.batch_execute(change).unwrap();
        let error = database.create_extension("hstore", None, None).unwrap_err();
        assert!(matches!(error, ScratchError::TooLate { .. }));
    });
}

#[test]
fn roles_of_a_file_are_plain() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let (database, mut client) = sandbox(&scratch);
        let error = database.create_role("pg_read_all_data").unwrap_err();
        assert!(matches!(error, ScratchError::RoleReserved { .. }));
        database.create_role("Ada \"x\"").unwrap();
        database.create_role("postgres").unwrap();
        let dump = "CREATE SCHEMA s AUTHORIZATION postgres; CREATE TABLE public.t (a int);
             GRANT CREATE ON SCHEMA public TO postgres; ALTER TABLE public.t OWNER TO postgres;
             ALTER TABLE public.t ADD b int; GRANT SELECT ON public.t TO \"Ada \"\"x\"\"\"";
        client.batch_execute(dump).unwrap();
    });
}

#[test]
fn a_copy_has_the_rows_and_the_settings() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let time_zone = Some("Europe/Vienna".to_owned());
        let database = scratch
            .create_database(&DatabaseSettings {
                time_zone,
                search_path: None,
            })
            .unwrap();
        let mut client = database.connect().unwrap();
        let name = database.name();
        let fill = format!(
            "CREATE TABLE public.t AS SELECT 1 AS a; ALTER DATABASE {name} SET work_mem = '5MB'"
        );
        client.batch_execute(&fill).unwrap();
        let copy = database.copy().unwrap();
        let mut client = copy.connect().unwrap();
        let query = "SELECT a::text, current_setting('work_mem'), current_setting('TimeZone') FROM public.t";
        let row = client.query_one(query, &[]).unwrap();
        let values: [String; 3] = [row.get(0), row.get(1), row.get(2)];
        assert_eq!(values, ["1", "5MB", "Europe/Vienna"]);
        let error = copy.create_extension("hstore", None, None).unwrap_err();
        assert!(matches!(error, ScratchError::TooLate { .. }));
    });
}

#[test]
fn a_missing_collation_gets_a_stand_in() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let database = database(&scratch);
        assert_eq!(database.create_collation_stand_in("C").unwrap(), None);
        let said = database.create_collation_stand_in("de_DE.utf8").unwrap();
        assert!(said.unwrap().contains("\"de-DE\""));
        let error = database
            .create_collation_stand_in("qq_nowhere")
            .unwrap_err();
        assert!(matches!(error, ScratchError::CollationMissing { .. }));
        let mut client = database.connect().unwrap();
        let used = "CREATE TABLE public.t (a text COLLATE \"de_DE.utf8\")";
        client.batch_execute(used).unwrap();
    });
}

#[test]
fn notices_reach_the_sink() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let database = database(&scratch);
        let said = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&said);
        let mut client = database
            .connect_with_notices(move |n| sink.lock().unwrap().push(n.message().to_owned()))
            .unwrap();
        let speak = "DO $$ BEGIN RAISE NOTICE 'hello'; END $$; CREATE PUBLICATION p";
        client.batch_execute(speak).unwrap();
        assert_eq!(*said.lock().unwrap(), ["hello"]);
    });
}

#[test]
fn a_given_server_gets_back_all_that_was_made_there() {
    each_version(|mut options| {
        options.preload = vec!["pg_stat_statements".to_owned()];
        options.listen_tcp = true;
        let scratch = Scratch::start(&options).unwrap();
        let cluster = scratch.cluster().unwrap();
        let database = database(&scratch);
        database
            .create_extension("pg_stat_statements", None, None)
            .unwrap();
        let mut client = database.connect().unwrap();
        client
            .batch_execute("SELECT FROM public.pg_stat_statements")
            .unwrap();
        let port = cluster.tcp_port().unwrap();
        let stranger = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
        assert!(Client::connect(&stranger, postgres::NoTls).is_err());

        let connect = Arc::new(|c: &postgres::Config| c.connect(postgres::NoTls));
        let mut other = ScratchOptions::new(options.version, search());
        other.choice = Choice::Server(Given::new(cluster.superuser("postgres"), connect));
        let other = Scratch::start(&other).unwrap();
        assert!(other.description().starts_with("given PostgreSQL"));
        let (guest, mut session) = sandbox(&other);
        session
            .batch_execute("CREATE TABLE public.t (a int)")
            .unwrap();
        guest.create_role("app").unwrap();
        let names = [guest.role().to_owned(), "app".to_owned()];
        assert_eq!(
            code(session.batch_execute("SET temp_file_limit = -1")),
            "42501"
        );
        drop((session, guest, other));
        let query = "SELECT count(*) FROM pg_roles WHERE rolname::text = ANY ($1)";
        let left: i64 = client.query_one(query, &[&&names[..]]).unwrap().get(0);
        assert_eq!(left, 0);
    });
}

#[test]
fn a_server_folder_must_be_one() {
    let mut wrong = search();
    wrong.dir = Some(PathBuf::from("/usr/bin"));
    let error = Binaries::find(ServerVersion::V17, &wrong).unwrap_err();
    assert!(
        matches!(error, ScratchError::NotAServerFolder { .. }),
        "{error}"
    );
    let offline = Search {
        cache: PathBuf::from("/nonexistent"),
        offline: true,
        ..Search::default()
    };
    // Only where the machine has no 14 of its own.
    if let Err(error) = Binaries::find(ServerVersion::V14, &offline) {
        let help = error.help().unwrap();
        let ways = ["postgresql-14", "--scratch URL", "mirror"];
        assert!(ways.iter().all(|way| help.contains(way)), "{help}");
    }
}

// Runs only as the child of the tests below: holds a server and says where.
#[test]
#[ignore = "a helper process of other tests"]
fn owner() {
    pgrehearse::scratch::install_signal_cleanup().unwrap();
    let version = std::env::var("OWNER_OF").unwrap().parse().unwrap();
    let options = ScratchOptions::new(ServerVersion::from_major(version), search());
    let scratch = Scratch::start(&options).unwrap();
    let (_database, _client) = sandbox(&scratch);
    let cluster = scratch.cluster().unwrap();
    println!("\nowner {} {}", cluster.pid(), cluster.path().display());
    std::thread::sleep(Duration::from_secs(60));
}

struct Owner {
    process: std::process::Child,
    server: u32,
    folder: PathBuf,
}

fn start_owner(version: ServerVersion) -> Owner {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "owner", "--ignored", "--nocapture"])
        .env("OWNER_OF", version.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.find_map(|line| line.ok().filter(|l| l.starts_with("owner ")));
    let line = line.unwrap();
    let mut words = line.split(' ').skip(1);
    Owner {
        process,
        server: words.next().unwrap().parse().unwrap(),
        folder: PathBuf::from(words.next().unwrap()),
    }
}

// A zombie in a container without init is dead, too.
fn is_alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_of_an_owner_that_was_killed() {
    each_version(|options| {
        let mut owner = start_owner(options.version);
        assert!(is_alive(owner.server) && owner.folder.exists());
        owner.process.kill().unwrap();
        owner.process.wait().unwrap();
        drop(Scratch::start(&options).unwrap());
        // A test that runs at the same time may have been first at it, and still be removing.
        let since = Instant::now();
        while owner.folder.exists() && since.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(!owner.folder.exists());
        assert!(!is_alive(owner.server));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_takes_the_server_along() {
    each_version(|options| {
        for (signal, exit) in [("-INT", 130), ("-TERM", 143)] {
            let mut owner = start_owner(options.version);
            let pid = owner.process.id().to_string();
            Command::new("kill").args([signal, &pid]).status().unwrap();
            let status = owner.process.wait().unwrap();
            assert_eq!(status.code(), Some(exit));
            assert!(!owner.folder.exists());
            assert!(!is_alive(owner.server));
        }
    });
}

#[test]
fn nobody_reads_through_a_foreign_data_wrapper() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let database = database(&scratch);
        for extension in ["file_fdw", "postgres_fdw"] {
            database.create_extension(extension, None, None).unwrap();
        }
        let mut client = database.connect().unwrap();
        let make = "CREATE SERVER host FOREIGN DATA WRAPPER file_fdw;
            CREATE FOREIGN TABLE public.users (line text) SERVER host OPTIONS (filename '/etc/passwd');
            CREATE FOREIGN TABLE public.out (line text) SERVER host OPTIONS (program 'id');
            CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1');
            CREATE USER MAPPING FOR PUBLIC SERVER far;
            CREATE FOREIGN TABLE public.far (line text) SERVER far";
        client.batch_execute(make).unwrap();
        for hostile in [
            "TABLE public.users",
            "TABLE public.out",
            "TABLE public.far",
            "INSERT INTO public.far VALUES ('x')",
            "IMPORT FOREIGN SCHEMA public FROM SERVER far INTO public",
        ] {
            let error = client.batch_execute(hostile).unwrap_err();
            let said = error.as_db_error().unwrap().message().to_owned();
            assert!(said.contains("has no handler"), "{hostile}: {said}");
        }
        for hostile in [
            "ALTER FOREIGN DATA WRAPPER file_fdw HANDLER public.file_fdw_handler",
            "CREATE FOREIGN DATA WRAPPER mine HANDLER public.file_fdw_handler",
        ] {
            let error = client.batch_execute(hostile).unwrap_err();
            assert_eq!(
                error.code(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE),
                "{hostile}"
            );
        }
    });
}

/// The functions that make what a plain role may not are there for the files to call: nothing comes of it.
#[test]
fn an_event_trigger_never_runs_its_function_with_more_rights() {
    each_version(|options| {
        let scratch = Scratch::start(&options).unwrap();
        let database = database(&scratch);
        database.let_privileged_through().unwrap();
        let mut client = database.connect().unwrap();
        let trap = "
            CREATE SCHEMA mine;
            CREATE TABLE mine.ran (by name, of name);
            CREATE FUNCTION mine.trap() RETURNS event_trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO mine.ran VALUES (current_user, session_user); END $$;
            SELECT pg_catalog.pgrehearse_event_trigger('a', 'ddl_command_start', '{}', 'mine.trap()');
            SELECT pg_catalog.pgrehearse_event_trigger('b', 'ddl_command_end', '{}', 'mine.trap()');
            SELECT pg_catalog.pgrehearse_event_trigger('c', 'sql_drop', '{}', 'mine.trap()');
            ALTER EVENT TRIGGER a ENABLE ALWAYS;
            ALTER EVENT TRIGGER b ENABLE ALWAYS;
            ALTER EVENT TRIGGER c ENABLE ALWAYS;
            CREATE PUBLICATION p;
            SELECT pg_catalog.pgrehearse_publish_all('p');
            CREATE TABLE mine.t ();
            DROP TABLE mine.t;";
        client.batch_execute(trap).unwrap();
        if options.version >= ServerVersion::V15 {
            let by_a_superuser =
                "CREATE PUBLICATION q; SELECT pg_catalog.pgrehearse_publish_schema('q', 'mine')";
            client.batch_execute(by_a_superuser).unwrap();
        }
        let ran = "SELECT count(*) FROM mine.ran";
        assert_eq!(client.query_one(ran, &[]).unwrap().get::<_, i64>(0), 0);
        // Names are no statements, and nothing else lets one in.
        for hostile in [
            "SELECT pg_catalog.pgrehearse_event_trigger('x', 'sql_drop EXECUTE FUNCTION mine.trap(); --', '{}', 'mine.trap()')",
            "SELECT pg_catalog.pgrehearse_event_trigger('x', 'sql_drop', '{TABLE}) EXECUTE FUNCTION mine.trap(); --}', 'mine.trap()')",
            "CREATE EVENT TRIGGER x ON sql_drop EXECUTE FUNCTION mine.trap()",
            "UPDATE pg_catalog.pg_event_trigger SET evtevent = 'sql_drop'",
            "CREATE OR REPLACE FUNCTION pg_catalog.pgrehearse_publish_all(publication name) RETURNS void LANGUAGE sql AS ''",
        ] {
            assert!(client.batch_execute(hostile).is_err(), "{hostile}");
        }
        let super_user =
            "SELECT bool_or(rolsuper) FROM pg_catalog.pg_roles WHERE rolname = session_user";
        assert!(!client.query_one(super_user, &[]).unwrap().get::<_, bool>(0));
    });
}
