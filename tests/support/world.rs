//! The program as a person runs it, in a folder, on a live database of its own.

use super::{Live, search};
use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::{Scratch, ScratchOptions};
use postgres::{Client, NoTls};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tempfile::TempDir;

/// Whether the server counts its statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statements {
    Counted,
    NotCounted,
}

fn server(version: ServerVersion, statements: Statements) -> Arc<Scratch> {
    type Servers = BTreeMap<(u32, Statements), Arc<Scratch>>;
    static SERVERS: OnceLock<Mutex<Servers>> = OnceLock::new();
    let servers = SERVERS.get_or_init(Mutex::default);
    let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
    let made = servers
        .entry((version.major(), statements))
        .or_insert_with(|| {
            let mut options = ScratchOptions::new(version, search());
            options.listen_tcp = true;
            if statements == Statements::Counted {
                options.preload = vec!["pg_stat_statements".to_owned()];
            }
            Arc::new(Scratch::start(&options).expect("start a test server"))
        });
    Arc::clone(made)
}

/// A folder with files, a live database, and the program in it.
pub struct World {
    pub folder: TempDir,
    pub live: Live,
    pub url: String,
}

pub struct Said {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl World {
    pub fn new(live: &str) -> Self {
        Self::on(ServerVersion::V17, Statements::NotCounted, live)
    }

    pub fn on(version: ServerVersion, statements: Statements, live: &str) -> Self {
        let server = server(version, statements);
        let database = Live::empty(&server);
        let port = server.cluster().and_then(|c| c.tcp_port()).expect("a port");
        let mut admin = database.client();
        // Files of a user's database belong to the user: one without superuser rights.
        let name = database.database.name().to_owned();
        let role = format!("app_{name}");
        admin
            .batch_execute(&format!(
                "CREATE ROLE \"{role}\" LOGIN PASSWORD 'geheim';
                 ALTER DATABASE \"{name}\" OWNER TO \"{role}\""
            ))
            .expect("make the owner");
        if statements == Statements::Counted {
            admin
                .batch_execute(&format!(
                    "CREATE EXTENSION pg_stat_statements;
                     GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO \"{role}\";
                     GRANT pg_read_all_stats TO \"{role}\""
                ))
                .expect("count the statements");
        }
        let world = Self {
            folder: TempDir::new().expect("a folder"),
            live: database,
            url: format!("postgres://{role}:geheim@127.0.0.1:{port}/{name}"),
        };
        world.client().batch_execute(live).expect("the live schema");
        world
    }

    /// A session of the database's owner.
    pub fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).expect("log in as the owner")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("write a file");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("read a file")
    }

    pub fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).exists()
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        run_in(self.folder.path(), Some(&self.url), arguments)
    }

    /// The same, to be started by the test.
    pub fn command(&self, arguments: &[&str]) -> Command {
        command_in(self.folder.path(), Some(&self.url), arguments)
    }
}

pub fn run_in(folder: &Path, url: Option<&str>, arguments: &[&str]) -> Said {
    Said::of(command_in(folder, url, arguments))
}

fn command_in(folder: &Path, url: Option<&str>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PGREHEARSE_CACHE", search().cache)
        .env("PGREHEARSE_SMALL_TABLE_ROWS", "0")
        .env("PGREHEARSE_SERVER_VERSION", "17");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    command
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { out, err, code } = self;
        write!(f, "exit {code}\n--- out\n{out}--- err\n{err}")
    }
}

impl Said {
    /// Runs `command` to its end.
    pub fn of(mut command: Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("run the program");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let said = Self {
            out: text(stdout),
            err: text(stderr),
            code: status.code().expect("an exit code"),
        };
        assert!(
            !said.out.contains("geheim") && !said.err.contains("geheim"),
            "a password: {said}"
        );
        said
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(
            self.out.contains(text),
            "no {text:?} in standard output\n{self}"
        );
        self
    }

    #[track_caller]
    pub fn warns(self, text: &str) -> Self {
        let err = self.err.replace("\n  ", " ");
        assert!(err.contains(text), "no {text:?} in standard error\n{self}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n{self}"))
    }
}
