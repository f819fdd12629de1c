//! The databases of a case, the runs of the program on them, and what they must come to.

use crate::aim::{Aim, Side, Struck, Target};
use crate::proxy::{Judge, Proxy, Verdict};
use crate::server::Server;
use crate::support;
use pgrehearse::apply::status;
use pgrehearse::pg::Ident;
use pgrehearse::pipeline;
use pgrehearse::plan::{Document, Rollback, artifact};
use pgrehearse::source::Source;
use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// After so many kills the application writes no more.
const ROUNDS: usize = 4;

/// One case on one server.
pub struct Shop {
    server: Arc<Server>,
    folder: PathBuf,
    temp: TempDir,
    pub plan: PathBuf,
    pub document: Document,
    writes: Vec<String>,
    databases: AtomicUsize,
}

pub struct Database {
    pub name: String,
    server: Arc<Server>,
    rounds: AtomicUsize,
}

/// What is compared: the dump and the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    dump: String,
    rows: String,
}

/// How a run of the program ended.
pub struct Ran {
    pub struck: Option<Struck>,
    output: Output,
}

const SEED: &str = "seed";
const ROLE: &str = "shop";

impl Shop {
    pub fn open(server: &Arc<Server>, folder: &Path) -> Result<Self, String> {
        let folder = folder.canonicalize().map_err(|e| e.to_string())?;
        let text = |name| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
        let mut admin = server.client("postgres");
        admin
            .batch_execute(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD 'geheim'"))
            .and_then(|()| admin.batch_execute(&format!("CREATE DATABASE {SEED} OWNER {ROLE}")))
            .map_err(|e| format!("{e:?}"))?;
        server
            .client(SEED)
            .batch_execute(&format!(
                "GRANT pg_read_all_stats TO {ROLE}; ALTER SCHEMA public OWNER TO {ROLE};
                 {} SET SESSION AUTHORIZATION {ROLE}; {} {} ANALYZE",
                text("admin.sql").unwrap_or_default(),
                text("old.sql")?,
                text("seed.sql")?
            ))
            .map_err(|e| format!("{e:?}"))?;
        let temp = TempDir::new().map_err(|e| e.to_string())?;
        let plan = temp.path().join("plan.yaml");
        let to = plan.to_string_lossy().into_owned();
        let mut command = command(server, &folder, temp.path(), server.port(), SEED);
        let arguments = ["plan", "--to", "new.sql", "--out", &to];
        let output = command.args(arguments).output().expect("run the program");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let read = std::fs::read_to_string(&plan).map_err(|e| e.to_string())?;
        let recorded = artifact::read(&read).map_err(|e| e.to_string())?;
        for (phase, result) in &recorded.document().evidence.rollback {
            if result.starts_with("fails") || result.starts_with("does not") {
                return Err(format!("rollback of {phase} {result}"));
            }
        }
        let writes = text("writes.sql")?;
        Ok(Self {
            server: Arc::clone(server),
            document: recorded.document().clone(),
            writes: writes.lines().map(str::to_owned).collect(),
            folder,
            temp,
            plan,
            databases: AtomicUsize::new(0),
        })
    }

    /// A fresh one, as it is before the plan.
    pub fn database(&self) -> Result<Database, String> {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.server.client("postgres");
        let create = format!("CREATE DATABASE {name} TEMPLATE {SEED} OWNER {ROLE}");
        admin.batch_execute(&create).map_err(|e| format!("{e:?}"))?;
        Ok(Database {
            name,
            server: Arc::clone(&self.server),
            rounds: AtomicUsize::new(0),
        })
    }

    /// The last step before the first one that cannot be taken back.
    pub fn last_reversible(&self) -> String {
        let mut steps = self.document.steps().map(|(_, step)| step);
        let last = steps
            .by_ref()
            .take_while(|step| !matches!(step.rollback, Rollback::Irreversible { .. }))
            .last();
        last.expect("a step").id.clone()
    }

    // ---- running ----

    /// Runs the program, struck at `aim`.
    pub fn run(
        &self,
        database: &Database,
        arguments: &[&str],
        aim: Option<Aim>,
        target: Target,
    ) -> Ran {
        let Some(aim) = aim else {
            let mut command = self.command(self.server.port(), database);
            let output = command.args(arguments).output().expect("run the program");
            return Ran {
                struck: None,
                output,
            };
        };
        let struck = Arc::new(Mutex::new(None));
        let pid = Arc::new(AtomicUsize::new(0));
        let killer = Killer {
            aim,
            seen: 0,
            in_transaction: false,
            inside: 0,
            target,
            pid: Arc::clone(&pid),
            server: Arc::clone(&self.server),
            database: database.name.clone(),
            blocker: None,
            struck: Arc::clone(&struck),
        };
        let proxy = Proxy::start(self.server.port(), Box::new(killer));
        let child = self
            .command(proxy.port, database)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("run the program");
        pid.store(
            usize::try_from(child.id()).expect("a pid"),
            Ordering::SeqCst,
        );
        let output = child.wait_with_output().expect("wait for the program");
        drop(proxy);
        let struck = struck.lock().unwrap_or_else(PoisonError::into_inner).take();
        if struck.is_some() && target == Target::Server {
            self.server.recover();
        }
        Ran { struck, output }
    }

    fn command(&self, port: u16, database: &Database) -> Command {
        command(
            &self.server,
            &self.folder,
            self.temp.path(),
            port,
            &database.name,
        )
    }

    /// `apply`, of the whole plan.
    pub fn apply(&self) -> [&str; 6] {
        let plan = self.plan.to_str().unwrap();
        [
            "apply",
            "--plan",
            plan,
            "--yes",
            "--allow-data-loss",
            "--json",
        ]
    }

    /// The application writes between two runs, whatever the columns are called by now.
    pub fn goes_on_writing(&self, database: &Database) -> Result<(), String> {
        let round = database.rounds.load(Ordering::Relaxed);
        if round < ROUNDS {
            self.write(&mut database.client(), round)?;
            database.rounds.store(round + 1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What the server acknowledges here outlives its stop.
    fn write(&self, client: &mut Client, round: usize) -> Result<(), String> {
        client
            .batch_execute(&format!(
                "SET SESSION AUTHORIZATION {ROLE}; SET synchronous_commit = on"
            ))
            .map_err(|e| format!("{e:?}"))?;
        for sql in &self.writes {
            let sql = sql.replace('$', &round.to_string());
            match client.batch_execute(&sql) {
                Ok(()) => {}
                // Written with the names of another moment, or written by the line above already.
                Err(e)
                    if matches!(
                        e.code().map(|c| c.code()),
                        Some("42P01" | "42703" | "23505")
                    ) => {}
                Err(e) => return Err(format!("{sql}: {e:?}")),
            }
        }
        Ok(())
    }

    // ---- judging ----

    /// It is as after a run that nobody interrupted, and nothing is left to plan.
    pub fn is_applied(&self, database: &Database) -> Result<(), String> {
        let rounds = database.rounds.load(Ordering::Relaxed);
        let reference = self.database()?;
        let mut client = reference.client();
        for round in 0..rounds {
            self.write(&mut client, round)?;
        }
        while !self
            .run(&reference, &self.apply(), None, Target::Program)
            .comes_to_its_end()?
        {}
        database.stands_as("done")?;
        same(&database.seen()?, &reference.seen()?)?;
        self.nothing_is_planned(database)
    }

    /// It is as if nothing had ever been applied.
    pub fn is_taken_back(&self, database: &Database) -> Result<(), String> {
        database.stands_as("rolled back")?;
        let reference = self.database()?;
        let mut client = reference.client();
        for round in 0..database.rounds.load(Ordering::Relaxed) {
            self.write(&mut client, round)?;
        }
        let mut steps = self.document.steps().map(|(_, step)| &step.rollback);
        if steps.any(|rollback| matches!(rollback, Rollback::Leave { .. })) {
            // The label of the enum.
            client
                .batch_execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'glad'")
                .map_err(|e| format!("{e:?}"))?;
        }
        let mut seen = database.seen()?;
        let wanted = reference.seen()?;
        if seen.dump != wanted.dump && !wanted.dump.contains("'glad'") {
            return same(&seen, &wanted);
        }
        // Whether the label is there depends on how far it had come.
        seen.dump = seen.dump.replace("'cross',\n    'glad'", "'cross'");
        let wanted = Seen {
            dump: wanted.dump.replace("'cross',\n    'glad'", "'cross'"),
            rows: wanted.rows,
        };
        same(&seen, &wanted)
    }

    fn nothing_is_planned(&self, database: &Database) -> Result<(), String> {
        let server = support::server(self.server.version())?;
        let config = self.server.config(&database.name);
        let mut options = support::options(&server);
        options.connect =
            Box::new(move |_| config.connect(NoTls).map_err(pipeline::PipelineError::from));
        let live = Source::Database("postgres:///live".to_owned());
        let wanted = Source::parse(&self.folder.join("new.sql").to_string_lossy())
            .map_err(|e| e.to_string())?;
        let found = pipeline::differences(&live, &wanted, &options).map_err(|e| e.to_string())?;
        let left: Vec<String> = found.changes.keys().map(|id| id.human()).collect();
        match left.is_empty() {
            true => Ok(()),
            false => Err(format!("still to be planned: {left:?}")),
        }
    }
}

fn command(server: &Server, folder: &Path, temp: &Path, port: u16, database: &str) -> Command {
    let url = format!("postgres://{ROLE}:geheim@127.0.0.1:{port}/{database}?sslmode=disable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HOME", temp)
        .env("PGREHEARSE_CACHE", support::search().cache)
        .env("PGREHEARSE_SMALL_TABLE_ROWS", "0")
        .env(
            "PGREHEARSE_SERVER_VERSION",
            server.version().major().to_string(),
        )
        .env("DATABASE_URL", url);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn same(seen: &Seen, wanted: &Seen) -> Result<(), String> {
    for (seen, wanted) in [(&seen.dump, &wanted.dump), (&seen.rows, &wanted.rows)] {
        if seen != wanted {
            let diff = similar::TextDiff::from_lines(wanted, seen);
            let text = diff
                .unified_diff()
                .context_radius(2)
                .header("wanted", "got")
                .to_string();
            return Err(text);
        }
    }
    Ok(())
}

impl Database {
    pub fn client(&self) -> Client {
        self.server.client(&self.name)
    }

    /// What the ledger has as done for good.
    pub fn progress(&self) -> String {
        let mut client = self.client();
        let there = client
            .query_one("SELECT to_regclass('pgrehearse.step') IS NOT NULL", &[])
            .expect("look for the ledger");
        if !there.get::<_, bool>(0) {
            return String::new();
        }
        const QUERY: &str = "
            SELECT coalesce(string_agg(concat_ws(' ', step_id, state, undone, backfill_position), E'\\n' ORDER BY place), '')
            FROM pgrehearse.step
            WHERE state <> 'running' OR backfill_position IS NOT NULL";
        client
            .query_one(QUERY, &[])
            .expect("read the ledger")
            .get(0)
    }

    /// What `status` says of the plan.
    fn stands_as(&self, state: &str) -> Result<(), String> {
        let found = status::read(&mut self.client(), &Ident::new("pgrehearse"))
            .map_err(|e| e.to_string())?;
        match found.plans.as_slice() {
            [plan] if plan.state == state => Ok(()),
            // It was struck before it had begun anything.
            [] => Ok(()),
            plans => Err(format!("not {state}: {plans:?}")),
        }
    }

    fn seen(&self) -> Result<Seen, String> {
        let config = self.server.config(&self.name);
        let dump = match support::pg_dump() {
            Ok(_) => support::dump_of(&config)?,
            Err(why) => {
                eprintln!("dumps are not compared: {why}");
                String::new()
            }
        };
        let mut client = self.client();
        let fail = |e: postgres::Error| format!("{e:?}");
        // What is made up anew in each run is only counted.
        const TABLES: &str = "
            SELECT
                c.oid::regclass::text,
                string_agg(quote_ident(attname), ', ' ORDER BY attname) FILTER (WHERE attname !~ '^any_'),
                coalesce(string_agg(format(', count(DISTINCT %I)', attname), '' ORDER BY attname) FILTER (WHERE attname ~ '^any_'), '')
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
            GROUP BY 1 ORDER BY 1";
        let mut rows = String::new();
        for table in client.query(TABLES, &[]).map_err(fail)? {
            let (name, columns, counts): (String, String, String) =
                (table.get(0), table.get(1), table.get(2));
            let query = format!(
                "SELECT concat_ws(' ', count(*){counts}, md5(string_agg(ROW({columns})::text, E'\\n' ORDER BY ROW({columns})::text))) FROM {name}"
            );
            let found: String = client.query_one(query.as_str(), &[]).map_err(fail)?.get(0);
            // Writing to a String cannot fail.
            let _ = writeln!(rows, "{name}: {found}");
        }
        Ok(Seen { dump, rows })
    }
}

impl Ran {
    pub fn said(&self) -> String {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let Output {
            status,
            stdout,
            stderr,
        } = &self.output;
        format!("{status}\n{}{}", text(stdout), text(stderr))
    }

    /// Whether it is through; `false`: it has to be run again for a reason that passes.
    pub fn comes_to_its_end(&self) -> Result<bool, String> {
        let json: Value = serde_json::from_slice(&self.output.stdout).unwrap_or_default();
        let state = json["state"].as_str().unwrap_or_default();
        match (self.output.status.code(), state) {
            (Some(0), "pending") if json["gate"].is_string() => {
                std::thread::sleep(Duration::from_millis(300));
                Ok(false)
            }
            (Some(0), "done" | "nothing to do" | "pending") => Ok(true),
            // The session of the run that was killed has not noticed yet.
            (Some(5), _) if json["stopped"]["code"] == "apply::held" => Ok(false),
            _ => Err(self.said()),
        }
    }

    /// It was killed; or, when the server was, it says so and that it can be run again.
    pub fn was_struck(&self, target: Target) -> Result<(), String> {
        let status = self.output.status;
        let said = self.said();
        let resumable = said.contains("connection_lost") && said.contains("run it again");
        // Struck behind the last step: it is through, or could not look at the result any more.
        let ends = ["\"state\": \"done\"", "\"state\": \"pending\"", "connect::"];
        let through = ends.iter().any(|end| said.contains(end));
        match (target, status.code()) {
            (Target::Program, None) if status.signal() == Some(9) => Ok(()),
            (Target::Server, Some(1)) if resumable || through => Ok(()),
            (Target::Server, Some(0)) if through => Ok(()),
            _ => Err(said),
        }
    }
}

/// Ends the program or the server at the message that it aims at.
struct Killer {
    aim: Aim,
    /// Messages that commit, so far.
    seen: usize,
    in_transaction: bool,
    /// Statements of the transaction, so far.
    inside: u64,
    target: Target,
    pid: Arc<AtomicUsize>,
    server: Arc<Server>,
    database: String,
    /// Holds what a build has to wait for.
    blocker: Option<Client>,
    struck: Arc<Mutex<Option<Struck>>>,
}

impl Judge for Killer {
    fn judge(&mut self, sql: &str) -> Verdict {
        let commits = sql.contains("COMMIT");
        let begins = sql.starts_with("BEGIN") && !commits;
        if begins {
            (self.in_transaction, self.inside) = (true, 0);
            return Verdict::Pass;
        }
        if !changes(sql, commits) {
            return Verdict::Pass;
        }
        if self.in_transaction && !commits {
            self.inside += 1;
            let is_there = self.seen + 1 == self.aim.message && self.aim.side == Side::Before;
            return match is_there && self.inside == self.aim.delay {
                true => self.struck(sql),
                false => Verdict::Pass,
            };
        }
        self.in_transaction = false;
        self.seen += 1;
        match self.seen >= self.aim.message {
            true => self.struck(sql),
            false => Verdict::Pass,
        }
    }

    fn strike(&mut self) {
        let mut look = self.server.client(&self.database);
        if self.blocker.is_some() {
            until(|| waits(&mut look));
        } else if self.aim.side == Side::After {
            std::thread::sleep(Duration::from_millis(self.aim.delay));
        }
        match self.target {
            Target::Server => self.server.crash(),
            Target::Program => {
                let pid = i32::try_from(self.pid.load(Ordering::SeqCst)).expect("a pid");
                kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("kill it");
            }
        }
        // Gone at once, the build goes on to its end behind us; later, the server finds us dead in it.
        if let Some(blocker) = self.blocker.take()
            && self.target == Target::Program
            && self.aim.delay % 2 == 1
        {
            std::thread::spawn(move || {
                until(|| !waits(&mut look));
                drop(blocker);
            });
        }
    }
}

impl Killer {
    fn struck(&mut self, sql: &str) -> Verdict {
        *self.struck.lock().unwrap_or_else(PoisonError::into_inner) = Some(Struck {
            aim: self.aim,
            sql: sql.to_owned(),
        });
        if self.aim.side == Side::Before {
            return Verdict::CutBefore;
        }
        if sql.contains("CONCURRENTLY") {
            self.block();
        }
        Verdict::CutAfter
    }

    /// Every table gets a writer, for whose end a build or a DETACH waits.
    fn block(&mut self) {
        const TABLES: &str = "
            SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
        let mut client = self.server.client(&self.database);
        let tables: String = client.query_one(TABLES, &[]).expect("the tables").get(0);
        let lock = format!("BEGIN; LOCK TABLE {tables} IN ROW EXCLUSIVE MODE");
        client.batch_execute(&lock).expect("write");
        self.blocker = Some(client);
    }
}

/// Whether the message is more than a look.
fn changes(sql: &str, commits: bool) -> bool {
    let writes = ["UPDATE ", "INSERT ", "CREATE "]
        .iter()
        .any(|word| sql.contains(word));
    let passes = ["SELECT", "WITH", "SET ", "START ", "ROLLBACK", "COMMIT"];
    let looks = passes.iter().any(|head| sql.trim_start().starts_with(head));
    !looks && (writes || !commits) || sql.contains("pg_advisory_unlock")
}

fn waits(client: &mut Client) -> bool {
    const QUERY: &str = "
        SELECT EXISTS (
            SELECT FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'CONCURRENTLY'
        )";
    client.query_one(QUERY, &[]).is_ok_and(|row| row.get(0))
}

/// Waits for it, for 4 s at most.
fn until(mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() && since.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(5));
    }
}
