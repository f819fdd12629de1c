//! Two clients that write all the time, and what the server acknowledged to them.

use postgres::types::{FromSql, Type};
use postgres::{Client, Config, NoTls, Row, Statement};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub const CLIENTS: usize = 2;
/// Seed rows have numbers below it.
const FIRST_FRESH: i64 = 1_000_000;

/// A script of an application; the format is told in tests/lifecycle.rs.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub inserts: Vec<String>,
    pub updates: Vec<String>,
    pub deletes: Vec<String>,
    pub reads: Vec<String>,
    /// Inserts of a session with session_replication_role = replica.
    pub replica: Vec<String>,
    pub check: String,
    /// What is run, and has to be true, once the two columns live side by side: `{table.column}`
    /// is the temporary name of the new one.
    pub side_by_side: Vec<String>,
    /// The same at the end.
    pub at_the_end: Vec<String>,
}

impl Script {
    pub fn parse(text: &str) -> Self {
        let mut script = Self::default();
        let mut section = String::new();
        let mut statement = String::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("-- ")
                && statement.is_empty()
            {
                // `-- insert: and a remark`
                name.split(':')
                    .next()
                    .unwrap_or(name)
                    .clone_into(&mut section);
                continue;
            }
            if line.trim().is_empty() && statement.is_empty() {
                continue;
            }
            statement.push_str(line);
            statement.push('\n');
            if line.ends_with(';') {
                let text = std::mem::take(&mut statement);
                match section.as_str() {
                    "insert" => script.inserts.push(text),
                    "update" => script.updates.push(text),
                    "delete" => script.deletes.push(text),
                    "read" => script.reads.push(text),
                    "replica" => script.replica.push(text),
                    "side by side" => script.side_by_side.push(text),
                    "at the end" => script.at_the_end.push(text),
                    "check" => script.check = text,
                    other => panic!("no such section: {other:?}"),
                }
            }
        }
        assert!(statement.trim().is_empty(), "no ; after {statement}");
        assert!(!script.check.is_empty(), "no check");
        script
    }
}

/// How far the plan is, as far as an application has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Moment {
    Start,
    Expanding,
    Migrating,
    Migrated,
    /// Before the swap.
    Contracting,
    Swapping,
    Swapped,
    /// From before the drop of what is old.
    Retiring,
    Done,
    Never,
}

impl Moment {
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Expanding,
        Self::Migrating,
        Self::Migrated,
        Self::Contracting,
        Self::Swapping,
        Self::Swapped,
        Self::Retiring,
        Self::Done,
        Self::Never,
    ];
}

/// An SQLSTATE that the plan announces from a moment on.
#[derive(Clone, Debug)]
pub struct Announced {
    pub from: Moment,
    pub code: String,
    /// There are no more than these.
    pub most: Option<usize>,
}

pub struct Rules {
    pub old: Script,
    pub new: Script,
    /// When the second client becomes the new application.
    pub new_from: Moment,
    /// When the first one stops being the old.
    pub old_until: Moment,
    pub announced: Vec<Announced>,
}

/// What the clients and the test tell each other.
pub struct Shared {
    rules: Rules,
    /// Held for reading around every statement: whoever holds it for writing sees a standstill.
    pub gate: RwLock<()>,
    moment: AtomicU8,
    farthest: AtomicU8,
    stop: AtomicBool,
    label: Mutex<String>,
    pub seen: Mutex<Seen>,
}

#[derive(Default)]
pub struct Seen {
    /// Per number of a row, its state; `None` where it was deleted.
    pub acknowledged: BTreeMap<i64, Option<String>>,
    /// Acknowledged writes per client and application since the last look.
    pub writes: BTreeMap<(usize, &'static str), usize>,
    pub total: usize,
    /// Announced errors by SQLSTATE.
    pub errors: BTreeMap<String, usize>,
    pub longest: Duration,
    pub problems: Vec<String>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self {
            rules,
            gate: RwLock::default(),
            moment: AtomicU8::new(0),
            farthest: AtomicU8::new(0),
            stop: AtomicBool::new(false),
            label: Mutex::default(),
            seen: Mutex::default(),
        })
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        locked(&self.seen)
    }

    /// No statement runs while it changes.
    pub fn enter(&self, moment: Moment) {
        let _standstill = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.moment.store(moment as u8, Ordering::SeqCst);
        self.farthest.fetch_max(moment as u8, Ordering::SeqCst);
    }

    pub fn moment(&self) -> Moment {
        Moment::ALL[usize::from(self.moment.load(Ordering::SeqCst))]
    }

    pub fn label(&self, text: &str) {
        text.clone_into(&mut locked(&self.label));
    }

    pub fn here(&self) -> String {
        locked(&self.label).clone()
    }

    /// Waits until each client has had `count` writes acknowledged from now on.
    pub fn let_them_write(&self, count: usize) -> Result<(), String> {
        let done = |seen: &Seen, client: usize| -> usize {
            let of = seen.writes.iter().filter(|((c, _), _)| *c == client);
            of.map(|(_, n)| n).sum()
        };
        let from: Vec<usize> = (0..CLIENTS).map(|c| done(&self.seen(), c)).collect();
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let seen = self.seen();
            if let Some(problem) = seen.problems.first() {
                return Err(problem.clone());
            }
            if (0..CLIENTS).all(|c| done(&seen, c) >= from[c] + count) {
                return Ok(());
            }
            drop(seen);
            if Instant::now() > until {
                return Err(format!(
                    "{}: a client could not write for 60 s",
                    self.here()
                ));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The writes of each client since the last call.
    pub fn take_writes(&self) -> BTreeMap<(usize, &'static str), usize> {
        std::mem::take(&mut self.seen().writes)
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    fn is_announced(&self, code: &str) -> bool {
        // A prepared statement that nobody has run since fails after going back, too.
        let now = match code {
            "0A000" => Moment::ALL[usize::from(self.farthest.load(Ordering::SeqCst))],
            _ => self.moment(),
        };
        let mut announced = self.rules.announced.iter();
        let so_far = self.seen().errors.get(code).copied().unwrap_or(0);
        let few = |a: &Announced| a.most.is_none_or(|most| so_far < most);
        announced.any(|a| a.code == code && now >= a.from && few(a))
    }
}

/// Any value, unread.
struct Unread;

impl<'a> FromSql<'a> for Unread {
    fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn state(row: &Row) -> String {
    let state: Option<String> = row.get(0);
    state.unwrap_or_else(|| "NULL".to_owned())
}

struct Worker {
    number: usize,
    shared: Arc<Shared>,
    client: Client,
    replica: Option<Client>,
    prepared: HashMap<String, Statement>,
    turn: usize,
    fresh: i64,
    random: u64,
}

pub fn start(
    number: usize,
    shared: &Arc<Shared>,
    app: &Config,
    superuser: &Config,
) -> Result<JoinHandle<()>, String> {
    let open = |config: &Config| -> Result<Client, String> {
        let mut client = config.connect(NoTls).map_err(|e| e.to_string())?;
        client
            .batch_execute("SET statement_timeout = '60s'")
            .map_err(|e| e.to_string())?;
        Ok(client)
    };
    let replica = if shared.rules.old.replica.is_empty() {
        None
    } else {
        let mut client = open(superuser)?;
        client
            .batch_execute("SET session_replication_role = replica")
            .map_err(|e| e.to_string())?;
        Some(client)
    };
    let mut worker = Worker {
        number,
        shared: Arc::clone(shared),
        client: open(app)?,
        replica,
        prepared: HashMap::new(),
        turn: number,
        fresh: FIRST_FRESH + i64::try_from(number).unwrap_or(0),
        random: 0x9e37_79b9 + number as u64,
    };
    Ok(std::thread::spawn(move || {
        let shared = Arc::clone(&worker.shared);
        while !shared.stop.load(Ordering::SeqCst) {
            let pause = shared.gate.read().unwrap_or_else(PoisonError::into_inner);
            let result = worker.step();
            drop(pause);
            if let Err(problem) = result {
                shared.seen().problems.push(problem);
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }))
}

#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Insert,
    Update,
    Delete,
    Read,
    Replica,
}

impl Worker {
    fn application(&self) -> (&'static str, Script) {
        let rules = &self.shared.rules;
        let now = self.shared.moment();
        let is_new = match self.number {
            0 => now >= rules.old_until,
            _ => now >= rules.new_from,
        };
        if is_new {
            ("new", rules.new.clone())
        } else {
            ("old", rules.old.clone())
        }
    }

    /// One statement.
    fn step(&mut self) -> Result<(), String> {
        let (name, script) = self.application();
        let mut all: Vec<(Verb, &String)> = Vec::new();
        for (verb, statements) in [
            (Verb::Insert, &script.inserts),
            (Verb::Update, &script.updates),
            (Verb::Delete, &script.deletes),
            (Verb::Read, &script.reads),
        ] {
            all.extend(statements.iter().map(|s| (verb, s)));
        }
        if self.shared.moment() < Moment::Contracting {
            all.extend(script.replica.iter().map(|s| (Verb::Replica, s)));
        }
        self.turn += 1;
        let (verb, text) = all[self.turn % all.len()];
        let is_insert = matches!(verb, Verb::Insert | Verb::Replica);
        let key = if is_insert {
            self.fresh += i64::try_from(CLIENTS).unwrap_or(1);
            self.fresh
        } else {
            match self.some_key(verb) {
                Some(key) => key,
                None => return Ok(()),
            }
        };
        let since = Instant::now();
        let result = self.execute(verb, text, key);
        let took = since.elapsed();
        let mut seen = self.shared.seen();
        seen.longest = seen.longest.max(took);
        match result {
            Ok(state) => {
                let missing = format!("row {key} is gone: {name} application at {text}");
                match (verb, state) {
                    (Verb::Read, Some(_)) => return Ok(()),
                    (Verb::Delete, Some(_)) => seen.acknowledged.insert(key, None),
                    (_, Some(state)) => seen.acknowledged.insert(key, Some(state)),
                    (_, None) => return Err(format!("{}: {missing}", self.shared.here())),
                };
                *seen.writes.entry((self.number, name)).or_default() += 1;
                seen.total += 1;
                Ok(())
            }
            Err(error) => {
                drop(seen);
                let Some(db) = error.as_db_error() else {
                    return Err(format!(
                        "{}: {name} application: {error}",
                        self.shared.here()
                    ));
                };
                let code = db.code().code().to_owned();
                if self.shared.is_announced(&code) {
                    *self.shared.seen().errors.entry(code).or_default() += 1;
                    return Ok(());
                }
                Err(format!(
                    "{}: the {name} application got {code} {}{} at {text}with {key}",
                    self.shared.here(),
                    db.message(),
                    db.detail().map(|d| format!(" ({d})")).unwrap_or_default()
                ))
            }
        }
    }

    /// A row of this client's own.
    fn some_key(&mut self, verb: Verb) -> Option<i64> {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let parity = i64::try_from(self.number).unwrap_or(0);
        let clients = i64::try_from(CLIENTS).unwrap_or(1);
        let seen = self.shared.seen();
        // Deleted are fresh rows only: the seed is there to be filled.
        let lowest = if verb == Verb::Delete { FIRST_FRESH } else { 0 };
        let own: Vec<i64> = seen
            .acknowledged
            .range(lowest..)
            .filter(|(key, state)| *key % clients == parity && state.is_some())
            .map(|(key, _)| *key)
            .collect();
        let place = (self.random >> 33) as usize;
        own.get(place.checked_rem(own.len())?).copied()
    }

    /// The state of the row after it; one more try after what a driver answers by preparing anew.
    fn execute(
        &mut self,
        verb: Verb,
        text: &str,
        key: i64,
    ) -> Result<Option<String>, postgres::Error> {
        if let (Verb::Replica, Some(client)) = (verb, &mut self.replica) {
            let row = client.query_opt(text, &[&key])?;
            return Ok(row.as_ref().map(state));
        }
        for attempt in 0..2 {
            let statement = match self.prepared.get(text) {
                Some(statement) => statement.clone(),
                None => {
                    let statement = self.client.prepare(text)?;
                    self.prepared.insert(text.to_owned(), statement.clone());
                    statement
                }
            };
            match self.client.query_opt(&statement, &[&key]) {
                Ok(row) if verb == Verb::Read => {
                    return Ok(row.map(|row| {
                        let _: Option<Unread> = row.get(0);
                        String::new()
                    }));
                }
                Ok(row) => return Ok(row.as_ref().map(state)),
                Err(error)
                    if attempt == 0
                        && error.code().is_some_and(|c| c.code() == "0A000")
                        && self.shared.is_announced("0A000") =>
                {
                    self.prepared.remove(text);
                    *self
                        .shared
                        .seen()
                        .errors
                        .entry("0A000".to_owned())
                        .or_default() += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
