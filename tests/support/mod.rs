//! Servers, databases and judges that the tests share.
#![allow(dead_code)] // every test binary uses its own part

pub mod plans;
pub mod world;

use libtest_mimic::Arguments;
use pgrehearse::catalog::Scope;
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::{Options, PipelineError};
use pgrehearse::scratch::{
    Binaries, Database, DatabaseSettings, Scratch, ScratchOptions, Search, default_cache_dir,
    elaborate::elaborate,
};
use pgrehearse::source::{DesiredFiles, Source};
use pgrehearse::strategy::{Drops, MAX_TABLES, SmallTable};
use postgres::{Client, Config, NoTls};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The major versions under test: `PGREHEARSE_TEST_VERSIONS=14,18`, else all five.
pub fn versions() -> Vec<ServerVersion> {
    match std::env::var("PGREHEARSE_TEST_VERSIONS") {
        Ok(list) => list
            .split(',')
            .filter_map(|v| v.trim().parse().ok())
            .map(ServerVersion::from_major)
            .collect(),
        Err(_) => ServerVersion::SUPPORTED.to_vec(),
    }
}

/// The oldest and the newest version, which differ most; all that `PGREHEARSE_TEST_VERSIONS` names.
pub fn outermost() -> Vec<ServerVersion> {
    match std::env::var_os("PGREHEARSE_TEST_VERSIONS") {
        Some(_) => versions(),
        None => vec![ServerVersion::V14, ServerVersion::V18],
    }
}

/// Whether everything is run on every version that a test knows, not a sample: `PGREHEARSE_ALL_CASES`, or versions named.
pub fn is_whole() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some();
    set("PGREHEARSE_ALL_CASES") || set("PGREHEARSE_TEST_VERSIONS")
}

/// How many tests run at once, unless it is said: one more than there are processors. A test and its server wait for
/// each other by turns.
pub fn threads(arguments: Arguments) -> Arguments {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    Arguments {
        test_threads: arguments.test_threads.or(Some(processors + 1)),
        ..arguments
    }
}

/// Where the `number`th of many cases alike, for the versions in `majors`, is run: on the newest version and one older
/// one, for half of them the oldest.
pub fn spread(number: usize, majors: &std::ops::RangeInclusive<u32>) -> Vec<ServerVersion> {
    let mut here = versions();
    here.retain(|version| majors.contains(&version.major()));
    if is_whole() || here.len() < 3 {
        return here;
    }
    let newest = here.len() - 1;
    let older = match number % 2 {
        0 => 0,
        _ => number / 2 % newest,
    };
    vec![here[older], here[newest]]
}

/// Where the `number`th of many long cases from `since` on is run: on the oldest and the newest version by turns.
pub fn by_turns(number: usize, since: u32) -> Vec<ServerVersion> {
    let mut here = outermost();
    here.retain(|version| version.major() >= since);
    if is_whole() || here.is_empty() {
        return here;
    }
    vec![here[number % here.len()]]
}

pub fn search() -> Search {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|o| o.stdout == b"0\n");
    Search {
        cache: default_cache_dir(home.as_deref(), xdg.as_deref(), root),
        path: std::env::var_os("PATH"),
        ..Search::default()
    }
}

/// One running server a version, shared by the tests of a process.
pub fn server(version: ServerVersion) -> Result<Arc<Scratch>, String> {
    shared(version, &[], false)
}

/// One whose files are trusted: a superuser runs them.
pub fn trusted_server(version: ServerVersion) -> Result<Arc<Scratch>, String> {
    shared(version, &[], true)
}

/// The same with pg_stat_statements.
pub fn counting_server(version: ServerVersion) -> Result<Arc<Scratch>, String> {
    shared(version, &["pg_stat_statements"], false)
}

fn shared(version: ServerVersion, preload: &[&str], trusted: bool) -> Result<Arc<Scratch>, String> {
    type Servers = BTreeMap<(u32, usize, bool), Result<Arc<Scratch>, String>>;
    static SERVERS: OnceLock<Mutex<Servers>> = OnceLock::new();
    let servers = SERVERS.get_or_init(Mutex::default);
    let mut servers = servers.lock().unwrap_or_else(PoisonError::into_inner);
    servers
        .entry((version.major(), preload.len(), trusted))
        .or_insert_with(|| {
            let mut options = ScratchOptions::new(version, search());
            options.trusted = trusted;
            options.preload = preload.iter().map(|p| (*p).to_owned()).collect();
            Scratch::start(&options)
                .map(Arc::new)
                .map_err(|e| format!("{e}; {}", e.help().unwrap_or_default()))
        })
        .clone()
}

/// A database that stands for the user's own.
pub struct Live {
    pub database: Database,
    pub config: Config,
}

impl Live {
    pub fn empty(server: &Arc<Scratch>) -> Self {
        let settings = DatabaseSettings {
            time_zone: Some("UTC".to_owned()),
            ..Default::default()
        };
        let database = server
            .create_database(&settings)
            .expect("create a database");
        // For plans that the owner of everything applies, who is no superuser.
        database
            .let_privileged_through()
            .expect("before anybody uses it");
        let cluster = server.cluster().expect("an embedded server");
        let config = cluster.superuser(database.name());
        Self { database, config }
    }

    pub fn from_files(server: &Arc<Scratch>, files: &DesiredFiles) -> Result<Self, String> {
        let live = Self::empty(server);
        elaborate(&live.database, files).map_err(|e| format!("{e} at {:?}", e.excerpt()))?;
        Ok(live)
    }

    pub fn client(&self) -> Client {
        self.config
            .connect(NoTls)
            .expect("connect to the test server")
    }

    pub fn source(&self) -> Source {
        Source::Database(format!("postgres:///{}", self.database.name()))
    }

    /// Rows of every plain table, by name.
    pub fn counts(&self) -> BTreeMap<String, i64> {
        let mut client = self.client();
        let tables = client
            .query(
                "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgrehearse')",
                &[],
            )
            .expect("list the tables");
        tables
            .iter()
            .map(|row| {
                let table: String = row.get(0);
                let count = client.query_one(&format!("SELECT count(*) FROM ONLY {table}"), &[]);
                (table, count.expect("count the rows").get(0))
            })
            .collect()
    }
}

/// A login that acts as the owner of everything, and is no superuser.
pub fn owner(server: &Arc<Scratch>, live: &Live) -> Result<Config, String> {
    let role = server.role();
    let login = format!("{role}_app");
    let mut client = live.client();
    let there = client
        .query_one(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)",
            &[&login],
        )
        .map_err(|e| pgrehearse::rehearse::message_of(&e))?;
    if !there.get::<_, bool>(0) {
        // Two tests may come here at once.
        let create = format!("CREATE ROLE {login} LOGIN PASSWORD 'geheim' IN ROLE {role}");
        match client.batch_execute(&create) {
            Err(e) if !matches!(e.code().map(|c| c.code()), Some("42710" | "23505")) => {
                return Err(pgrehearse::rehearse::message_of(&e));
            }
            _ => {}
        }
    }
    let mut config = live.config.clone();
    config
        .user(&login)
        .password("geheim")
        .options(&format!("-c role={role}"));
    Ok(config)
}

/// Options for planning on `server`, with the small-table rule and the gate before drops off.
pub fn options(server: &Arc<Scratch>) -> Options {
    let cluster = Arc::clone(server);
    Options {
        scratch: ScratchOptions::new(server.version(), search()),
        scope: Scope {
            ledger_schema: "pgrehearse".to_owned(),
            trusted: server.is_trusted(),
            ..Scope::default()
        },
        small: SmallTable { rows: 0, bytes: 0 },
        max_tables: MAX_TABLES,
        drops: Drops::at_once(),
        renames: BTreeMap::new(),
        server_version: Some(server.version()),
        cache: None,
        connect: Box::new(move |url| {
            let name = url.rsplit('/').next().unwrap_or_default();
            let cluster = cluster.cluster().expect("an embedded server");
            cluster
                .superuser(name)
                .connect(NoTls)
                .map_err(PipelineError::from)
        }),
        running: Some(Arc::clone(server)),
        data: pgrehearse::data::Limits::default(),
        lock_timeout: std::time::Duration::from_secs(5),
        privileges: pgrehearse::pipeline::Managed::Auto,
        owners: pgrehearse::pipeline::Managed::Auto,
        trust_files: false,
        queries: Vec::new(),
        progress: Box::new(|_| {}),
    }
}

/// A pg_dump that reads every version, or why there is none.
pub fn pg_dump() -> Result<PathBuf, String> {
    static FOUND: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let named = std::env::var_os("PGREHEARSE_PG_DUMP").map(PathBuf::from);
            let local = Binaries::newest_local(&search()).map(|b| b.dir.join("pg_dump"));
            named.or(local.filter(|p| p.exists())).ok_or_else(|| {
                "no pg_dump here; name one that reads PostgreSQL 18 in PGREHEARSE_PG_DUMP"
                    .to_owned()
            })
        })
        .clone()
}

/// `pg_dump -s` with the columns of each table sorted and volatile lines left out.
pub fn dump(live: &Live) -> Result<String, String> {
    dump_of(&live.config)
}

/// The same, of the database that `config` names.
pub fn dump_of(config: &Config) -> Result<String, String> {
    raw_dump(config).map(|text| normalize(&text))
}

fn raw_dump(config: &Config) -> Result<String, String> {
    dumped(config, &["--no-owner", "--no-privileges"])
}

fn dumped(config: &Config, flags: &[&str]) -> Result<String, String> {
    let program = pg_dump()?;
    let host = match config.get_hosts().first() {
        Some(postgres::config::Host::Unix(path)) => path.clone(),
        _ => return Err("the test server has no socket".to_owned()),
    };
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    let output = Command::new(&program)
        .args([
            "-s",
            "-N",
            "pgrehearse",
            "-d",
            config.get_dbname().unwrap_or_default(),
            "-h",
        ])
        .arg(host)
        .args(flags)
        .args(["-U", config.get_user().unwrap_or_default()])
        .args([
            "-p",
            &config
                .get_ports()
                .first()
                .copied()
                .unwrap_or(5432)
                .to_string(),
        ])
        .env("PGPASSWORD", password)
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        if message.contains("server version mismatch") {
            return Err(format!("{} does not read this version", program.display()));
        }
        panic!("pg_dump: {message}");
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The GRANT, REVOKE and OWNER TO statements of `pg_dump -s`, and those of default privileges.
pub fn dumped_privileges(config: &Config) -> Result<String, String> {
    let text = dumped(config, &[])?;
    let said = ["GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES "];
    let said = |line: &&str| {
        // What a scratch database lets owners do.
        let ours = line.contains("TO pgrh_") && !line.starts_with("ALTER DEFAULT");
        said.iter().any(|word| line.starts_with(word)) && !ours
            || line.starts_with("ALTER ") && line.contains(" OWNER TO ")
    };
    let lines = text.lines().filter(said);
    let mut lines: Vec<&str> = lines.collect();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}

/// Whether two databases dump alike. Deparsed text is no fixpoint: where the dumps differ, both
/// are loaded again and dumped, until they are alike or settle unlike.
pub fn dumps_alike(server: &Arc<Scratch>, a: &Live, b: &Live) -> Result<(), String> {
    let (mut one, mut two) = (dump(a)?, dump(b)?);
    for _ in 0..2 {
        if one == two {
            return Ok(());
        }
        let reload = |live: &Live| -> Result<(String, Live), String> {
            let text = raw_dump(&live.config)?;
            let file = pgrehearse::source::SourceFile::new("dump.sql", text);
            let files = DesiredFiles::from_files(vec![file]).map_err(|e| e.to_string())?;
            let again = Live::from_files(server, &files)?;
            Ok((dump(&again)?, again))
        };
        let (first, second) = (reload(a)?, reload(b)?);
        (one, two) = (first.0, second.0);
    }
    if one == two {
        return Ok(());
    }
    let diff = similar::TextDiff::from_lines(&two, &one);
    Err(diff
        .unified_diff()
        .context_radius(2)
        .header("wanted", "got")
        .to_string())
}

/// Column order is not desired state, and pg_dump writes random and version lines.
fn normalize(dump: &str) -> String {
    let mut statements: Vec<String> = Vec::new();
    let mut block: Vec<String> = Vec::new();
    for line in dump.lines() {
        let comment = line.starts_with("--") || line.starts_with('\\') || line.is_empty();
        if comment && (block.is_empty() || line.starts_with('\\')) {
            continue;
        }
        block.push(sorted_published(&sorted_statistics(&sorted_options(line))));
        if line.ends_with(';') && !in_body(&block) {
            statements.push(sorted_columns(&std::mem::take(&mut block)));
        }
    }
    statements.extend(block);
    statements.sort();
    statements.join("\n")
}

/// The order of storage parameters is that of the statements that set them.
fn sorted_options(line: &str) -> String {
    let Some((head, rest)) = line.split_once("WITH (") else {
        return line.to_owned();
    };
    let Some((list, tail)) = rest.split_once(')') else {
        return line.to_owned();
    };
    if !list.contains('=') {
        return line.to_owned();
    }
    let mut options: Vec<&str> = list.split(", ").collect();
    options.sort_unstable();
    format!("{head}WITH ({}){tail}", options.join(", "))
}

/// Extended statistics list their columns in the order of the table, which is not compared.
fn sorted_statistics(line: &str) -> String {
    let parts = line
        .strip_prefix("CREATE STATISTICS ")
        .and_then(|rest| rest.split_once(" ON ")?.1.split_once(" FROM "));
    let Some((list, _)) = parts.filter(|(list, _)| !list.contains('(')) else {
        return line.to_owned();
    };
    let mut columns: Vec<&str> = list.split(", ").collect();
    columns.sort_unstable();
    line.replacen(list, &columns.join(", "), 1)
}

/// A publication lists the columns of a table in the table's order, which is not compared.
fn sorted_published(line: &str) -> String {
    let parts = line
        .strip_prefix("ALTER PUBLICATION ")
        .and_then(|rest| rest.split_once(" ADD TABLE ONLY ")?.1.split_once(" ("))
        .filter(|(table, _)| !table.ends_with(" WHERE"))
        .and_then(|(_, rest)| rest.split_once(')'));
    let Some((list, _)) = parts else {
        return line.to_owned();
    };
    let mut columns: Vec<&str> = list.split(", ").collect();
    columns.sort_unstable();
    line.replacen(list, &columns.join(", "), 1)
}

/// Whether a block stops inside a function body.
fn in_body(block: &[String]) -> bool {
    let text = block.join("\n");
    let dollar = ["$$", "$_$", "$function$", "$procedure$"]
        .iter()
        .any(|tag| text.matches(tag).count() % 2 == 1);
    let atomic = text.contains("BEGIN ATOMIC") && !text.trim_end().ends_with("END;");
    dollar || atomic
}

fn sorted_columns(block: &[String]) -> String {
    let first = block.first().map_or("", String::as_str);
    if !first.starts_with("CREATE") || !first.contains(" TABLE ") || !first.ends_with('(') {
        return block.join("\n");
    }
    let end = block
        .iter()
        .position(|l| l.starts_with(')'))
        .unwrap_or(block.len());
    let mut columns: Vec<String> = block[1..end]
        .iter()
        .map(|l| l.trim_end_matches(',').to_owned())
        .collect();
    columns.sort();
    let mut lines = vec![first.to_owned()];
    lines.extend(columns);
    lines.extend(block[end..].iter().cloned());
    lines.join("\n")
}
