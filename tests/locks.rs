//! What a rehearsal on the empty clone measures, against what a second session sees while the same
//! statement runs on tables with rows: locks, rewrites, scans and index builds, shape by shape.
//!
//! The two sides share no code: the rehearsal is the product's; the other side reads `pg_locks`,
//! filenodes and scan counters with queries of its own. `shows` in the table below is the third
//! witness: what PostgreSQL did when the shape was written.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::catalog::{Catalog, Desired, Live as LiveSide, Scope, read, read::read_sizes};
use pgrehearse::diff;
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::{LockMode, Qualified, ServerVersion, session};
use pgrehearse::plan::document::{
    FORMAT, Fingerprints, PlanEvidence, StatementEvidence, StatementRecord, StepEvidence,
};
use pgrehearse::plan::{Document, Impact, Phase, PhaseRecord, Rollback, StepRecord};
use pgrehearse::rehearse::{self, Request};
use pgrehearse::scratch::{DatabaseSettings, Scratch};
use pgrehearse::strategy::SmallTable;
use postgres::{Client, NoTls};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};
use support::{Live, server};

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let shapes = shapes();
    assert!(shapes.len() >= 45, "only {} shapes", shapes.len());
    let names: BTreeSet<&str> = shapes.iter().map(|s| s.name).collect();
    assert_eq!(names.len(), shapes.len(), "two shapes of one name");
    let mut trials = Vec::new();
    for shape in shapes {
        for version in support::outermost() {
            let major = version.major();
            if (shape.since..=18).contains(&major) {
                let shape = shape.clone();
                trials.push(Trial::test(
                    format!("{} on {major}", shape.name),
                    move || shape.check(version).map_err(Failed::from),
                ));
            }
        }
    }
    for version in support::outermost() {
        let major = version.major();
        trials.push(Trial::test(
            format!("a rehearsal of another statement is found out on {major}"),
            move || another_statement_is_found_out(version).map_err(Failed::from),
        ));
        trials.push(Trial::test(
            format!("a wrong line in the table is found out on {major}"),
            move || wrong_line_is_found_out(version).map_err(Failed::from),
        ));
    }
    trials.push(Trial::test("every kind of difference is found", || {
        every_difference_is_found();
        Ok(())
    }));
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

// ---- what is compared ----

/// What one statement did, by either side. Relations are named without `public.`.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    locks: BTreeMap<String, LockMode>,
    rewritten: BTreeSet<String>,
    scanned: BTreeSet<String>,
    built: BTreeSet<String>,
    /// Outside a transaction: locks that were seen, but not while the statement waited.
    brief: BTreeMap<String, LockMode>,
}

fn short(name: &str) -> String {
    name.strip_prefix("public.").unwrap_or(name).to_owned()
}

impl Seen {
    fn of(evidence: &StatementEvidence, polled: &BTreeMap<String, LockMode>) -> Self {
        let set = |names: &[String]| names.iter().map(|n| short(n)).collect();
        let map = |locks: &BTreeMap<String, LockMode>| {
            locks.iter().map(|(n, m)| (short(n), *m)).collect()
        };
        Self {
            locks: map(&evidence.locks),
            rewritten: set(&evidence.rewritten),
            scanned: set(&evidence.scanned),
            built: set(&evidence.index_builds),
            brief: map(polled),
        }
    }

    /// `AX t, AS t_pkey | rewrites t | scans t | builds t_pkey`, strongest lock first.
    fn line(&self) -> String {
        let mut locks: Vec<_> = self.locks.iter().collect();
        locks.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
        let locks: Vec<String> = locks
            .iter()
            .map(|(name, mode)| format!("{} {name}", letters(**mode)))
            .collect();
        let mut parts = vec![locks.join(", ")];
        for (verb, names) in [
            ("rewrites", &self.rewritten),
            ("scans", &self.scanned),
            ("builds", &self.built),
        ] {
            if !names.is_empty() {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                parts.push(format!("{verb} {}", names.join(", ")));
            }
        }
        parts.join(" | ")
    }
}

/// The modes as LOCKS and the manual's readers abbreviate them.
fn letters(mode: LockMode) -> &'static str {
    match mode {
        LockMode::AccessShare => "AS",
        LockMode::RowShare => "RS",
        LockMode::RowExclusive => "RX",
        LockMode::ShareUpdateExclusive => "SUX",
        LockMode::Share => "S",
        LockMode::ShareRowExclusive => "SRX",
        LockMode::Exclusive => "X",
        LockMode::AccessExclusive => "AX",
    }
}

/// A lock that the clone shows weaker or not at all, as LOCKS says it must.
#[derive(Clone, Copy, Debug)]
struct Known {
    relation: &'static str,
    with_rows: LockMode,
    why: &'static str,
}

/// How the rehearsal's account differs from that of the second session; empty when it does not.
fn differences(rehearsed: &Seen, second: &Seen, known: &[Known]) -> Vec<String> {
    let mut wanted = second.clone();
    let mut found = Vec::new();
    for exception in known {
        let name = exception.relation;
        let ours = rehearsed.locks.get(name).copied();
        let theirs = wanted.locks.get(name).copied();
        if theirs != Some(exception.with_rows) || ours >= theirs {
            found.push(format!("no exception, though {}: {name}", exception.why));
        }
        match ours {
            Some(ours) => wanted.locks.insert(name.to_owned(), ours),
            None => wanted.locks.remove(name),
        };
    }
    let names: BTreeSet<&String> = rehearsed.locks.keys().chain(wanted.locks.keys()).collect();
    for name in names {
        let (ours, theirs) = (rehearsed.locks.get(name), wanted.locks.get(name));
        // Which brief locks polling sees is a matter of luck, on either side.
        let lucky = ours.is_some() && ours <= wanted.brief.get(name) && ours >= theirs;
        if ours != theirs && !lucky {
            found.push(format!(
                "lock of {name}: rehearsed {ours:?}, with rows {theirs:?}"
            ));
        }
    }
    for (what, ours, theirs) in [
        ("rewritten", &rehearsed.rewritten, &wanted.rewritten),
        ("scanned", &rehearsed.scanned, &wanted.scanned),
        ("built", &rehearsed.built, &wanted.built),
    ] {
        if ours != theirs {
            found.push(format!("{what}: rehearsed {ours:?}, with rows {theirs:?}"));
        }
    }
    found
}

// ---- one shape ----

/// A statement, or several of one transaction, and the schema it runs on.
#[derive(Clone, Debug)]
struct Shape {
    name: &'static str,
    since: u32,
    time_zone: &'static str,
    /// Executed after [`BASE`].
    setup: &'static str,
    statements: Vec<&'static str>,
    /// Set for a statement that runs outside a transaction: the tables it works on.
    outside: Option<&'static [&'static str]>,
    /// What it is about, where our own comparison of before and after does not tell.
    touches: &'static [&'static str],
    known: &'static [Known],
    /// One line a statement, from this version on; the last that fits counts.
    shows: Vec<(u32, &'static str)>,
}

fn shape(name: &'static str, statement: &'static str) -> Shape {
    Shape {
        name,
        since: 14,
        time_zone: "UTC",
        setup: "",
        statements: vec![statement],
        outside: None,
        touches: &[],
        known: &[],
        shows: Vec::new(),
    }
}

impl Shape {
    fn since(mut self, major: u32) -> Self {
        self.since = major;
        self
    }

    fn time_zone(mut self, zone: &'static str) -> Self {
        self.time_zone = zone;
        self
    }

    fn after(mut self, setup: &'static str) -> Self {
        self.setup = setup;
        self
    }

    fn then(mut self, statement: &'static str) -> Self {
        self.statements.push(statement);
        self
    }

    fn outside(mut self, tables: &'static [&'static str]) -> Self {
        self.outside = Some(tables);
        self
    }

    fn touches(mut self, objects: &'static [&'static str]) -> Self {
        self.touches = objects;
        self
    }

    fn except(mut self, known: &'static [Known]) -> Self {
        self.known = known;
        self
    }

    fn shows(self, line: &'static str) -> Self {
        self.shows_on(14, line)
    }

    fn shows_on(mut self, major: u32, line: &'static str) -> Self {
        self.shows.push((major, line));
        self
    }

    fn check(&self, version: ServerVersion) -> Result<(), String> {
        self.check_with(version, &self.statements)
    }

    /// Runs the shape with rows, rehearses `rehearsed` in its place, and compares.
    fn check_with(&self, version: ServerVersion, rehearsed: &[&str]) -> Result<(), String> {
        let server = server(version)?;
        let scope = Scope {
            ledger_schema: "pgrehearse".to_owned(),
            ..Scope::default()
        };
        let settings = DatabaseSettings {
            time_zone: Some(self.time_zone.to_owned()),
            ..Default::default()
        };
        let live = self.live(&server, &settings)?;
        let mut reader = self.session(&live);
        let mut before: Catalog<LiveSide> = read(&mut reader, &scope).map_err(|e| e.to_string())?;
        before.sizes = read_sizes(&mut reader).map_err(text)?;
        let second = match self.outside {
            None => self.in_transaction(&live)?,
            Some(tables) => vec![self.watched(&live, tables, version)?],
        };
        let after: Catalog<Desired> = read(&mut reader, &scope).map_err(|e| e.to_string())?;
        drop(reader);
        let touches = self.touched(&before, &after)?;
        let request = Request {
            scratch: &server,
            settings: &settings,
            scope: &scope,
            live: &before,
            desired: (self.touches.is_empty()).then_some(&after),
            seen: rehearse::Seen::default(),
            small: SmallTable { rows: 0, bytes: 0 },
            queries: &[],
            made: &|_, _| false,
            progress: &|_| {},
        };
        let document = self.document(version, touches, rehearsed);
        let rehearsal =
            rehearse::rehearse(document, &request).map_err(|e| format!("rehearse: {e}"))?;
        let evidence = &rehearsal.document().evidence;
        let mut found: Vec<String> = Vec::new();
        let unlike = evidence.not_rehearsed.join("; ");
        if !unlike.is_empty() {
            found.push(format!("not rehearsed: {unlike}"));
        }
        found.extend(evidence.residual.iter().map(|n| format!("residual: {n}")));
        let (_, step) = rehearsal.document().steps().next().ok_or("no step")?;
        let run = evidence.run.get("expand-1").cloned().unwrap_or_default();
        let ours: Vec<Seen> = step
            .evidence
            .statements
            .iter()
            .map(|s| Seen::of(s, &run.polled_locks))
            .collect();
        if ours.len() != second.len() {
            found.push(format!(
                "{} statements measured of {}",
                ours.len(),
                second.len()
            ));
        }
        for (ours, second) in ours.iter().zip(&second) {
            found.extend(differences(ours, second, self.known));
        }
        let lines: Vec<String> = second.iter().map(Seen::line).collect();
        let line = lines.join(" ; ");
        let shows = self
            .shows
            .iter()
            .rev()
            .find(|(since, _)| *since <= version.major());
        if shows.is_none_or(|(_, s)| *s != line) {
            found.push(format!(
                "the table says\n  {:?}\nseen with rows\n  {line:?}",
                shows.map_or("", |s| s.1)
            ));
        }
        if found.is_empty() {
            return Ok(());
        }
        let ours: Vec<String> = ours.iter().map(Seen::line).collect();
        Err(format!(
            "{}\nrehearsed\n  {}\nwith rows\n  {line}",
            found.join("\n"),
            ours.join(" ; ")
        ))
    }

    fn live(&self, server: &Arc<Scratch>, settings: &DatabaseSettings) -> Result<Live, String> {
        let database = server
            .create_database(settings)
            .map_err(|e| e.to_string())?;
        let cluster = server.cluster().ok_or("no embedded server")?;
        let config = cluster.superuser(database.name());
        let live = Live { database, config };
        let mut client = live.client();
        for (what, sql) in [
            ("base", BASE),
            ("setup", self.setup),
            ("analyze", "ANALYZE"),
        ] {
            client
                .batch_execute(sql)
                .map_err(|e| format!("{what}: {}", text(e)))?;
        }
        Ok(live)
    }

    fn session(&self, live: &Live) -> Client {
        let mut client = live
            .config
            .connect(NoTls)
            .expect("connect to the test server");
        session::prepare(&mut client, Some(self.time_zone)).expect("prepare the session");
        client
    }

    fn touched(
        &self,
        before: &Catalog<LiveSide>,
        after: &Catalog<Desired>,
    ) -> Result<Vec<ObjectId>, String> {
        if !self.touches.is_empty() {
            return self
                .touches
                .iter()
                .map(|t| t.parse().map_err(|e| format!("{t}: {e:?}")))
                .collect();
        }
        let changes = diff::changes(before, after).map_err(|e| format!("diff: {e:?}"))?;
        let touched: Vec<ObjectId> = changes.touched().into_iter().collect();
        if touched.is_empty() {
            return Err("our diff sees no change: name what it touches".to_owned());
        }
        Ok(touched)
    }

    fn document(
        &self,
        version: ServerVersion,
        touches: Vec<ObjectId>,
        rehearsed: &[&str],
    ) -> Document {
        let none = || Fingerprints {
            before: String::new(),
            after: String::new(),
        };
        let statements = rehearsed
            .iter()
            .map(|sql| StatementRecord {
                sql: (*sql).to_owned(),
                transactional: self.outside.is_none(),
            })
            .collect();
        let step = StepRecord {
            id: "expand-1".to_owned(),
            title: self.name.to_owned(),
            operation: "measure".to_owned(),
            object: ObjectId::new(KindTag::Table, ["public", "t"]),
            strategy: "direct".to_owned(),
            why: "to measure it".to_owned(),
            follows: Vec::new(),
            tables: self
                .outside
                .unwrap_or_default()
                .iter()
                .map(|t| Qualified::new("public", *t))
                .collect(),
            statements,
            done_when: None,
            clean: Vec::new(),
            rollback: Rollback::Irreversible {
                why: "only measured".to_owned(),
            },
            hazards: Vec::new(),
            gate: None,
            checks: Vec::new(),
            rollback_checks: Vec::new(),
            retires: None,
            backfill: None,
            fingerprints: none(),
            evidence: StepEvidence {
                impact: Impact::NotRehearsed,
                statements: Vec::new(),
            },
        };
        Document {
            format: FORMAT,
            id: String::new(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            server_version: version,
            from: "before".to_owned(),
            to: "after".to_owned(),
            fingerprints: none(),
            roles: Vec::new(),
            owners: Vec::new(),
            touches,
            phases: vec![PhaseRecord {
                phase: Phase::Expand,
                steps: vec![step],
            }],
            unmodeled: Vec::new(),
            notices: Vec::new(),
            differences: Vec::new(),
            evidence: PlanEvidence {
                rehearsed_on: None,
                not_rehearsed: Vec::new(),
                impact: Impact::NotRehearsed,
                residual: Vec::new(),
                rollback: BTreeMap::new(),
                queries: String::new(),
                checked_queries: Default::default(),
                data: pgrehearse::plan::DataEvidence::default(),
                run: BTreeMap::new(),
            },
        }
    }
}

fn text(error: postgres::Error) -> String {
    rehearse::message_of(&error)
}

// ---- the second session ----

const RELATIONS: &str = "
    SELECT c.oid
         , quote_ident(c.relnamespace::regnamespace::text) || '.' || quote_ident(c.relname)
         , c.relkind::text
         , coalesce(pg_relation_filenode(c.oid), 0)
         , coalesce(pg_stat_get_xact_numscans(c.oid), 0)
         , coalesce(pg_stat_get_numscans(c.oid), 0)
         , (SELECT i.indrelid FROM pg_index i WHERE i.indexrelid = c.oid)
      FROM pg_class c
     WHERE c.oid >= 16384
       AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'";

const HELD: &str = "
    SELECT relation, mode FROM pg_locks
     WHERE pid = $1 AND locktype = 'relation' AND relation IS NOT NULL AND relation = ANY ($2)";

#[derive(Clone, Debug)]
struct Relation {
    name: String,
    kind: String,
    filenode: u32,
    scans: i64,
    /// As flushed to the shared counters.
    all_scans: i64,
    table: Option<u32>,
}

fn relations(client: &mut Client) -> Result<BTreeMap<u32, Relation>, String> {
    let rows = client.query(RELATIONS, &[]).map_err(text)?;
    let relation = |row: &postgres::Row| Relation {
        name: short(row.get(1)),
        kind: row.get(2),
        filenode: row.get(3),
        scans: row.get(4),
        all_scans: row.get(5),
        table: row.get(6),
    };
    Ok(rows.iter().map(|row| (row.get(0), relation(row))).collect())
}

fn held(
    observer: &mut Client,
    pid: i32,
    there: &BTreeMap<u32, Relation>,
) -> Result<BTreeMap<String, LockMode>, String> {
    let oids: Vec<u32> = there.keys().copied().collect();
    let mut strongest = BTreeMap::new();
    for row in observer.query(HELD, &[&pid, &oids]).map_err(text)? {
        let oid: u32 = row.get(0);
        let mode = LockMode::parse(row.get(1)).ok_or("an unknown lock mode")?;
        keep_strongest(&mut strongest, &there[&oid].name, mode);
    }
    Ok(strongest)
}

fn keep_strongest(locks: &mut BTreeMap<String, LockMode>, name: &str, mode: LockMode) {
    let strongest = locks.entry(name.to_owned()).or_insert(mode);
    *strongest = (*strongest).max(mode);
}

/// What happened to the relations between two moments; `there` is what existed at the beginning.
fn worked_on(
    there: &BTreeMap<u32, Relation>,
    before: &BTreeMap<u32, Relation>,
    after: &BTreeMap<u32, Relation>,
    scans: fn(&Relation) -> i64,
) -> Seen {
    let mut seen = Seen::default();
    let storage: BTreeSet<u32> = before.values().map(|r| r.filenode).collect();
    for (oid, now) in after {
        let was = before.get(oid);
        let first = there.get(oid);
        match now.kind.as_str() {
            "r" | "m" => {
                let (Some(was), Some(first)) = (was, first) else {
                    continue;
                };
                if was.filenode != now.filenode {
                    seen.rewritten.insert(first.name.clone());
                }
                if scans(now) > scans(was) {
                    seen.scanned.insert(first.name.clone());
                }
            }
            "i" if now.table.is_some_and(|t| there.contains_key(&t))
                && !storage.contains(&now.filenode) =>
            {
                seen.built.insert(now.name.clone());
            }
            _ => {}
        }
    }
    seen
}

impl Shape {
    /// The statements in one transaction on the tables with rows, rolled back to be read, then run.
    fn in_transaction(&self, live: &Live) -> Result<Vec<Seen>, String> {
        let mut client = self.session(live);
        let mut observer = self.session(live);
        let pid: i32 = client
            .query_one("SELECT pg_backend_pid()", &[])
            .map_err(text)?
            .get(0);
        client.batch_execute("BEGIN").map_err(text)?;
        let there = relations(&mut client)?;
        let mut before = there.clone();
        let mut had: BTreeMap<String, LockMode> = BTreeMap::new();
        let mut all = Vec::new();
        for statement in &self.statements {
            client
                .batch_execute(statement)
                .map_err(|e| format!("with rows: {}", text(e)))?;
            let locks = held(&mut observer, pid, &there)?;
            let after = relations(&mut client)?;
            let mut seen = worked_on(&there, &before, &after, |r| r.scans);
            seen.locks = locks.clone();
            seen.locks
                .retain(|name, mode| had.get(name).is_none_or(|h| h < mode));
            (had, before) = (locks, after);
            all.push(seen);
        }
        client.batch_execute("ROLLBACK; BEGIN").map_err(text)?;
        for statement in &self.statements {
            client.batch_execute(statement).map_err(text)?;
        }
        client.batch_execute("COMMIT").map_err(text)?;
        Ok(all)
    }

    /// The statement outside a transaction, while two sessions by turns read and write its tables.
    fn watched(
        &self,
        live: &Live,
        tables: &[&str],
        version: ServerVersion,
    ) -> Result<Seen, String> {
        let [statement] = self.statements.as_slice() else {
            return Err("one statement at a time outside a transaction".to_owned());
        };
        let mut client = self.session(live);
        let mut observer = self.session(live);
        let pid: i32 = client
            .query_one("SELECT pg_backend_pid()", &[])
            .map_err(text)?
            .get(0);
        flush(&mut client, version)?;
        let there = relations(&mut observer)?;
        let mut blockers = [self.session(live), self.session(live)];
        block(&mut blockers[0], tables)?;
        let (mut waiting, mut all) = (BTreeMap::new(), BTreeMap::new());
        let outcome = std::thread::scope(|scope| {
            let (sender, done) = mpsc::channel();
            let client = &mut client;
            scope.spawn(move || sender.send(client.batch_execute(statement)).ok());
            let begun = Instant::now();
            let mut turn = 0;
            let mut still = 0;
            let outcome = loop {
                match done.try_recv() {
                    Ok(result) => break result.map_err(|e| format!("with rows: {}", text(e))),
                    Err(TryRecvError::Disconnected) => break Err("the session died".to_owned()),
                    Err(TryRecvError::Empty) => {}
                }
                if begun.elapsed() > Duration::from_secs(60) {
                    break Err("it waits for ever".to_owned());
                }
                let looked = held(&mut observer, pid, &there)
                    .and_then(|locks| Ok((locks, waits(&mut observer, pid)?)));
                let (locks, waits) = match looked {
                    Ok(seen) => seen,
                    Err(e) => break Err(e),
                };
                // The same wait before and after: the locks between were those of a waiting session.
                for (name, mode) in &locks {
                    keep_strongest(&mut all, name, *mode);
                    if waits && still > 0 {
                        keep_strongest(&mut waiting, name, *mode);
                    }
                }
                still = if waits { still + 1 } else { 0 };
                if still > 5 {
                    let next = 1 - turn;
                    // Behind a waiting ACCESS EXCLUSIVE nobody gets in: then there is no next one.
                    let took = block(&mut blockers[next], tables).is_ok();
                    if !took {
                        blockers[next].batch_execute("ROLLBACK").ok();
                    }
                    blockers[turn].batch_execute("COMMIT").ok();
                    (turn, still) = (next, 0);
                }
                std::thread::sleep(Duration::from_millis(1));
            };
            for blocker in &mut blockers {
                blocker.batch_execute("ROLLBACK").ok();
            }
            outcome
        });
        outcome?;
        flush(&mut client, version)?;
        let after = relations(&mut observer)?;
        let mut seen = worked_on(&there, &there, &after, |r| r.all_scans);
        seen.locks = waiting;
        seen.brief = all;
        Ok(seen)
    }
}

fn waits(observer: &mut Client, pid: i32) -> Result<bool, String> {
    let sql = "SELECT count(*) > 0 FROM pg_locks WHERE pid = $1 AND NOT granted";
    Ok(observer.query_one(sql, &[&pid]).map_err(text)?.get(0))
}

/// A reader and writer of the tables, with a snapshot.
fn block(client: &mut Client, tables: &[&str]) -> Result<(), String> {
    client
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '300ms'")
        .map_err(text)?;
    for table in tables {
        let sql = format!("UPDATE public.{table} SET id = id WHERE id = -1");
        client.batch_execute(&sql).map_err(text)?;
    }
    Ok(())
}

/// Sees to it that the session's scans are in the counters that everybody reads.
fn flush(client: &mut Client, version: ServerVersion) -> Result<(), String> {
    if version >= ServerVersion::V15 {
        return client
            .batch_execute("SELECT pg_stat_force_next_flush()")
            .map_err(text);
    }
    // 14 sends them to a collector at most every half second, which writes them as often.
    std::thread::sleep(Duration::from_millis(700));
    client.batch_execute("SELECT 1").map_err(text)?;
    std::thread::sleep(Duration::from_millis(700));
    Ok(())
}

// ---- the comparison bites ----

fn named(name: &str) -> Shape {
    let mut found = shapes();
    found.retain(|s| s.name == name);
    found.remove(0)
}

fn another_statement_is_found_out(version: ServerVersion) -> Result<(), String> {
    let shape = named("add check");
    shape.check(version)?;
    let not_valid = "ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0) NOT VALID";
    let error = shape
        .check_with(version, &[not_valid])
        .err()
        .unwrap_or_default();
    if !error.contains("scanned: rehearsed {}, with rows {\"t\"}") {
        return Err(format!("the missing scan is not named: {error}"));
    }
    let shape = named("add foreign key");
    let other = "ALTER TABLE public.c ADD CONSTRAINT c_p_fk CHECK (p_id > 0) NOT VALID";
    let error = shape
        .check_with(version, &[other])
        .err()
        .unwrap_or_default();
    if !error.contains("lock of p: rehearsed None, with rows Some(ShareRowExclusive)") {
        return Err(format!("the missing lock is not named: {error}"));
    }
    Ok(())
}

fn wrong_line_is_found_out(version: ServerVersion) -> Result<(), String> {
    let mut shape = named("add column");
    shape.shows = vec![(14, "SUX t")];
    let error = shape.check(version).err().unwrap_or_default();
    if !error.contains("the table says\n  \"SUX t\"\nseen with rows\n  \"AX t\"") {
        return Err(format!("the wrong line is not named: {error}"));
    }
    Ok(())
}

fn every_difference_is_found() {
    let set = |names: &[&str]| {
        names
            .iter()
            .map(|n| (*n).to_owned())
            .collect::<BTreeSet<_>>()
    };
    let seen = Seen {
        locks: [
            ("t".to_owned(), LockMode::AccessExclusive),
            ("p".to_owned(), LockMode::RowShare),
        ]
        .into(),
        rewritten: set(&["t"]),
        scanned: set(&["p"]),
        built: set(&["t_pkey"]),
        brief: BTreeMap::new(),
    };
    assert!(differences(&seen, &seen, &[]).is_empty());
    let changes: [fn(&mut Seen); 6] = [
        |s| s.locks.clear(),
        |s| {
            s.locks.insert("p".to_owned(), LockMode::AccessShare);
        },
        |s| {
            s.locks.insert("q".to_owned(), LockMode::AccessShare);
        },
        |s| s.rewritten.clear(),
        |s| s.scanned.clear(),
        |s| s.built.clear(),
    ];
    for change in changes {
        let mut other = seen.clone();
        change(&mut other);
        assert!(!differences(&seen, &other, &[]).is_empty(), "{other:?}");
        assert!(!differences(&other, &seen, &[]).is_empty(), "{other:?}");
    }
    let idle = Known {
        relation: "q",
        with_rows: LockMode::RowExclusive,
        why: "there is no such lock",
    };
    assert_eq!(
        differences(&seen, &seen, &[idle]).len(),
        1,
        "an exception that excuses nothing"
    );
}

// ---- the table ----

const BASE: &str = "
    CREATE TABLE public.p (id int PRIMARY KEY, code text NOT NULL, n int);
    INSERT INTO public.p SELECT i, 'c' || i, i FROM generate_series(1, 3000) i;
    CREATE INDEX p_code_idx ON public.p (code);
    CREATE TABLE public.t (id int PRIMARY KEY, n int, s varchar(20), txt text, ts timestamp, label text);
    INSERT INTO public.t SELECT i, i, 's' || i, 't' || i, '2024-01-01'::timestamp + i * interval '1 hour', 'l'
      FROM generate_series(1, 3000) i;
    CREATE INDEX t_s_idx ON public.t (s);
    CREATE TABLE public.c (id int PRIMARY KEY, t_id int CONSTRAINT c_t_fk REFERENCES public.t, p_id int);
    INSERT INTO public.c SELECT i, i, i FROM generate_series(1, 3000) i;
    CREATE VIEW public.v AS SELECT id, label FROM public.t;
    CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TABLE public.pt (id int NOT NULL, n int, d text) PARTITION BY RANGE (id);
    CREATE TABLE public.pt_1 PARTITION OF public.pt FOR VALUES FROM (0) TO (2000);
    CREATE TABLE public.pt_2 PARTITION OF public.pt FOR VALUES FROM (2000) TO (4000);
    INSERT INTO public.pt SELECT i, i, 'd' FROM generate_series(1, 3000) i;";

#[rustfmt::skip] // a table: one shape a paragraph
fn shapes() -> Vec<Shape> {
    const P_CODE_IDX: Known = Known {
        relation: "p_code_idx",
        with_rows: LockMode::AccessShare,
        why: "a plain index of a table that is only needed is not cloned; planning the check opens it",
    };
    const NEXTVAL: Known = Known {
        relation: "sq",
        with_rows: LockMode::RowExclusive,
        why: "nextval runs once a row",
    };
    const TRIGGER: &str =
        "CREATE TRIGGER trg BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch()";
    const DOMAIN: &str =
        "CREATE DOMAIN public.dom AS int; ALTER TABLE public.t ADD COLUMN d public.dom DEFAULT 5";
    vec![
        // columns
        shape("add column", "ALTER TABLE public.t ADD COLUMN x int")
            .shows("AX t"),
        shape("add column if not exists, there already",
            "ALTER TABLE public.t ADD COLUMN IF NOT EXISTS n int")
            .touches(&["table:public/t"])
            .shows("AX t"),
        shape("add column not null with constant default",
            "ALTER TABLE public.t ADD COLUMN x int NOT NULL DEFAULT 7")
            .shows("AX t"),
        shape("add column with stable default", "ALTER TABLE public.t ADD COLUMN x timestamptz DEFAULT now()")
            .shows("AX t"),
        shape("add column with volatile default",
            "ALTER TABLE public.t ADD COLUMN x timestamptz DEFAULT clock_timestamp()")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("add column with nextval", "ALTER TABLE public.t ADD COLUMN x int DEFAULT nextval('public.sq')")
            .after("CREATE SEQUENCE public.sq")
            .except(&[NEXTVAL])
            .shows("AX t, AX t_pkey, AX t_s_idx, RX sq | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("add column generated stored",
            "ALTER TABLE public.t ADD COLUMN x int GENERATED ALWAYS AS (n + 1) STORED")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("add column generated virtual",
            "ALTER TABLE public.t ADD COLUMN x int GENERATED ALWAYS AS (n + 1) VIRTUAL")
            .since(18)
            .shows("AX t"),
        shape("add column identity", "ALTER TABLE public.t ADD COLUMN x int GENERATED ALWAYS AS IDENTITY")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("add column with reference",
            "ALTER TABLE public.t ADD COLUMN x int CONSTRAINT t_x_fk REFERENCES public.p")
            .shows("AX t, SRX p, AS p_pkey")
            .shows_on(15, "AX t, SRX p")
            .shows_on(16, "AX t, SRX p, AS p_pkey"),
        shape("add column with reference and default",
            "ALTER TABLE public.t ADD COLUMN x int DEFAULT 1 CONSTRAINT t_x_fk REFERENCES public.p")
            .except(&[P_CODE_IDX])
            .shows("AX t, SRX p, AS p_code_idx, AS p_pkey, AS t_pkey, AS t_s_idx | scans p, t"),
        shape("add column unique", "ALTER TABLE public.t ADD COLUMN x int CONSTRAINT t_x_key UNIQUE")
            .shows("AX t | scans t | builds t_x_key"),
        shape("add column with check",
            "ALTER TABLE public.t ADD COLUMN x int CONSTRAINT t_x_ck CHECK (x > 0)")
            .shows("AX t | scans t"),
        shape("add column of a constrained domain", "ALTER TABLE public.t ADD COLUMN x public.dom")
            .after("CREATE DOMAIN public.dom AS int CHECK (value > 0)")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("drop column", "ALTER TABLE public.t DROP COLUMN n")
            .shows("AX t"),
        shape("drop column with index", "ALTER TABLE public.t DROP COLUMN s")
            .shows("AX t, AX t_s_idx"),
        shape("drop column with foreign key", "ALTER TABLE public.c DROP COLUMN t_id")
            .shows("AX c, AX t"),
        shape("set default", "ALTER TABLE public.t ALTER COLUMN n SET DEFAULT 3")
            .shows("AX t"),
        shape("drop default", "ALTER TABLE public.t ALTER COLUMN n DROP DEFAULT")
            .after("ALTER TABLE public.t ALTER COLUMN n SET DEFAULT 3")
            .shows("AX t"),
        shape("set not null", "ALTER TABLE public.t ALTER COLUMN n SET NOT NULL")
            .shows("AX t | scans t"),
        shape("set not null with valid check", "ALTER TABLE public.t ALTER COLUMN n SET NOT NULL")
            .after("ALTER TABLE public.t ADD CONSTRAINT ck CHECK (n IS NOT NULL)")
            .shows("AX t"),
        shape("set not null with unvalidated check", "ALTER TABLE public.t ALTER COLUMN n SET NOT NULL")
            .after("ALTER TABLE public.t ADD CONSTRAINT ck CHECK (n IS NOT NULL) NOT VALID")
            .shows("AX t | scans t"),
        shape("set not null, then drop the check", "ALTER TABLE public.t ALTER COLUMN n SET NOT NULL")
            .then("ALTER TABLE public.t DROP CONSTRAINT ck")
            .after("ALTER TABLE public.t ADD CONSTRAINT ck CHECK (n IS NOT NULL)")
            .shows("AX t ; "),
        shape("set not null and drop the check at once",
            "ALTER TABLE public.t ALTER COLUMN n SET NOT NULL, DROP CONSTRAINT ck")
            .after("ALTER TABLE public.t ADD CONSTRAINT ck CHECK (n IS NOT NULL)")
            .shows("AX t | scans t"),
        shape("drop not null", "ALTER TABLE public.p ALTER COLUMN code DROP NOT NULL")
            .shows("AX p"),
        shape("add not null not valid", "ALTER TABLE public.t ADD CONSTRAINT t_n_nn NOT NULL n NOT VALID")
            .since(18)
            .shows("AX t"),
        shape("validate not null", "ALTER TABLE public.t VALIDATE CONSTRAINT t_n_nn")
            .after("ALTER TABLE public.t ADD CONSTRAINT t_n_nn NOT NULL n NOT VALID")
            .since(18)
            .shows("SUX t | scans t"),
        shape("rename column", "ALTER TABLE public.t RENAME COLUMN n TO m")
            .shows("AX t"),
        shape("set storage", "ALTER TABLE public.t ALTER COLUMN txt SET STORAGE EXTERNAL")
            .shows("AX t"),
        shape("set compression", "ALTER TABLE public.t ALTER COLUMN txt SET COMPRESSION pglz")
            .shows("AX t"),
        shape("set statistics", "ALTER TABLE public.t ALTER COLUMN n SET STATISTICS 500")
            .shows("SUX t"),
        shape("add identity", "ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY")
            .shows("AX t"),
        shape("set generated", "ALTER TABLE public.t ALTER COLUMN id SET GENERATED ALWAYS")
            .after("ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY")
            .shows("AX t, SRX t_id_seq"),
        shape("drop identity", "ALTER TABLE public.t ALTER COLUMN id DROP IDENTITY")
            .after("ALTER TABLE public.t ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY")
            .shows("AX t, AX t_id_seq"),
        shape("drop expression", "ALTER TABLE public.t ALTER COLUMN g DROP EXPRESSION")
            .after("ALTER TABLE public.t ADD COLUMN g int GENERATED ALWAYS AS (n + 1) STORED")
            .shows("AX t"),
        shape("set expression", "ALTER TABLE public.t ALTER COLUMN g SET EXPRESSION AS (n + 2)")
            .after("ALTER TABLE public.t ADD COLUMN g int GENERATED ALWAYS AS (n + 1) STORED")
            .since(17)
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        // types
        shape("widen varchar", "ALTER TABLE public.p ALTER COLUMN v TYPE varchar(50)")
            .after("ALTER TABLE public.p ADD COLUMN v varchar(20)")
            .shows("AX p"),
        shape("widen indexed varchar", "ALTER TABLE public.t ALTER COLUMN s TYPE varchar(50)")
            .shows("AX t, AX t_s_idx"),
        shape("widen varchar with check", "ALTER TABLE public.t ALTER COLUMN s TYPE varchar(50)")
            .after("ALTER TABLE public.t ADD CONSTRAINT ck CHECK (s <> '')")
            .shows("AX t, AX t_s_idx | scans t"),
        shape("widen varchar with expression index", "ALTER TABLE public.t ALTER COLUMN s TYPE varchar(50)")
            .after("CREATE INDEX t_lower_idx ON public.t (lower(s))")
            .shows("AX t, AX t_lower_idx, AX t_s_idx | scans t | builds t_lower_idx"),
        shape("narrow varchar", "ALTER TABLE public.t ALTER COLUMN s TYPE varchar(10)")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("int to bigint", "ALTER TABLE public.t ALTER COLUMN n TYPE bigint")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("indexed int to bigint", "ALTER TABLE public.t ALTER COLUMN n TYPE bigint")
            .after("CREATE INDEX t_n_idx ON public.t (n)")
            .shows("AX t, AX t_n_idx, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_n_idx, t_pkey, t_s_idx"),
        shape("referenced int to bigint", "ALTER TABLE public.p ALTER COLUMN id TYPE bigint")
            .after("ALTER TABLE public.c ADD CONSTRAINT c_p_fk FOREIGN KEY (p_id) REFERENCES public.p")
            .shows("AX c, AX p, AX p_code_idx, AX p_pkey, AS c_pkey | rewrites p | scans c, p | builds p_code_idx, p_pkey"),
        shape("timestamp to timestamptz", "ALTER TABLE public.t ALTER COLUMN ts TYPE timestamptz")
            .shows("AX t"),
        shape("timestamp to timestamptz in New York", "ALTER TABLE public.t ALTER COLUMN ts TYPE timestamptz")
            .time_zone("America/New_York")
            .shows("AX t, AX t_pkey, AX t_s_idx | rewrites t | scans t | builds t_pkey, t_s_idx"),
        shape("indexed timestamp to timestamptz", "ALTER TABLE public.t ALTER COLUMN ts TYPE timestamptz")
            .after("CREATE INDEX t_ts_idx ON public.t (ts)")
            .shows("AX t, AX t_ts_idx | scans t | builds t_ts_idx"),
        shape("collation of an indexed column",
            "ALTER TABLE public.t ALTER COLUMN txt TYPE text COLLATE \"C\"")
            .after("CREATE INDEX t_txt_idx ON public.t (txt)")
            .shows("AX t, AX t_txt_idx | scans t | builds t_txt_idx"),
        // constraints
        shape("add check", "ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0)")
            .shows("AX t | scans t"),
        shape("add check not valid", "ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0) NOT VALID")
            .shows("AX t"),
        shape("validate check", "ALTER TABLE public.t VALIDATE CONSTRAINT t_ck")
            .after("ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0) NOT VALID")
            .shows("SUX t | scans t"),
        shape("drop check", "ALTER TABLE public.t DROP CONSTRAINT t_ck")
            .after("ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0)")
            .shows("AX t"),
        shape("add foreign key",
            "ALTER TABLE public.c ADD CONSTRAINT c_p_fk FOREIGN KEY (p_id) REFERENCES public.p")
            .except(&[P_CODE_IDX])
            .shows("SRX c, SRX p, AS c_pkey, AS p_code_idx, AS p_pkey | scans c, p"),
        shape("add foreign key not valid",
            "ALTER TABLE public.c ADD CONSTRAINT c_p_fk FOREIGN KEY (p_id) REFERENCES public.p NOT VALID")
            .shows("SRX c, SRX p, AS p_pkey")
            .shows_on(15, "SRX c, SRX p")
            .shows_on(16, "SRX c, SRX p, AS p_pkey"),
        shape("validate foreign key", "ALTER TABLE public.c VALIDATE CONSTRAINT c_p_fk")
            .after("ALTER TABLE public.c ADD CONSTRAINT c_p_fk FOREIGN KEY (p_id) REFERENCES public.p NOT VALID")
            .except(&[P_CODE_IDX])
            .shows("SUX c, RS p, AS c_pkey, AS p_code_idx, AS p_pkey | scans c, p"),
        shape("validate foreign key beside another of its name", "ALTER TABLE public.c VALIDATE CONSTRAINT fk")
            .after("ALTER TABLE public.c ADD CONSTRAINT fk FOREIGN KEY (p_id) REFERENCES public.p NOT VALID;
                    ALTER TABLE public.t ADD CONSTRAINT fk FOREIGN KEY (n) REFERENCES public.p NOT VALID")
            .except(&[P_CODE_IDX])
            .shows("SUX c, RS p, AS c_pkey, AS p_code_idx, AS p_pkey | scans c, p"),
        shape("add foreign key to a partitioned table",
            "ALTER TABLE public.c ADD CONSTRAINT c_pk_fk FOREIGN KEY (p_id) REFERENCES public.pk")
            .after("CREATE TABLE public.pk (id int PRIMARY KEY) PARTITION BY RANGE (id);
                    CREATE TABLE public.pk_1 PARTITION OF public.pk FOR VALUES FROM (0) TO (5000);
                    INSERT INTO public.pk SELECT generate_series(1, 3000)")
            .shows("SRX c, SRX pk, SRX pk_1, AS c_pkey, AS pk_1_pkey, AS pk_pkey | scans c, pk_1")
            .shows_on(15, "SRX c, SRX pk, SRX pk_1, AS c_pkey, AS pk_1_pkey | scans c, pk_1")
            .shows_on(16, "SRX c, SRX pk, SRX pk_1, AS c_pkey, AS pk_1_pkey, AS pk_pkey | scans c, pk_1"),
        shape("attach partition with foreign key",
            "ALTER TABLE public.pt ATTACH PARTITION public.pt_3 FOR VALUES FROM (4000) TO (8000)")
            .after("ALTER TABLE public.pt ADD CONSTRAINT pt_p_fk FOREIGN KEY (n) REFERENCES public.p;
                    CREATE TABLE public.pt_3 (id int NOT NULL, n int, d text);
                    INSERT INTO public.pt_3 SELECT i, i % 3000 + 1 FROM generate_series(4000, 7000) i")
            .except(&[P_CODE_IDX])
            .shows("AX pt_3, SRX p, SUX pt, AS p_code_idx, AS p_pkey | scans p, pt_3"),
        shape("drop partition", "DROP TABLE public.pt_2").shows("AX pt, AX pt_2"),
        shape("add check not enforced", "ALTER TABLE public.t ADD CONSTRAINT t_ck CHECK (n >= 0) NOT ENFORCED")
            .since(18)
            .shows("AX t"),
        shape("drop foreign key", "ALTER TABLE public.c DROP CONSTRAINT c_t_fk")
            .shows("AX c, AX t"),
        shape("add foreign key to itself",
            "ALTER TABLE public.t ADD CONSTRAINT t_n_fk FOREIGN KEY (n) REFERENCES public.t")
            .shows("SRX t, AS t_pkey, AS t_s_idx | scans t"),
        shape("add foreign key of a partitioned table",
            "ALTER TABLE public.pt ADD CONSTRAINT pt_p_fk FOREIGN KEY (n) REFERENCES public.p")
            .except(&[P_CODE_IDX])
            .shows("SRX p, SRX pt, SRX pt_1, SRX pt_2, AS p_code_idx, AS p_pkey | scans p, pt_1, pt_2"),
        shape("make foreign key deferrable", "ALTER TABLE public.c ALTER CONSTRAINT c_t_fk DEFERRABLE")
            .shows("AX c"),
        shape("add unique", "ALTER TABLE public.t ADD CONSTRAINT t_n_key UNIQUE (n)")
            .shows("AX t | scans t | builds t_n_key"),
        shape("add unique using index",
            "ALTER TABLE public.t ADD CONSTRAINT t_n_key UNIQUE USING INDEX t_n_idx")
            .after("CREATE UNIQUE INDEX t_n_idx ON public.t (n)")
            .shows("AX t, SUX t_n_idx"),
        shape("drop unique", "ALTER TABLE public.t DROP CONSTRAINT t_n_key")
            .after("ALTER TABLE public.t ADD CONSTRAINT t_n_key UNIQUE (n)")
            .shows("AX t, AX t_n_key"),
        shape("add primary key", "ALTER TABLE public.k ADD CONSTRAINT k_pkey PRIMARY KEY (id)")
            .after("CREATE TABLE public.k AS SELECT id FROM public.t")
            .shows("AX k | scans k | builds k_pkey"),
        shape("add primary key using index",
            "ALTER TABLE public.k ADD CONSTRAINT k_pkey PRIMARY KEY USING INDEX k_idx")
            .after("CREATE TABLE public.k AS SELECT id FROM public.t;
                    ALTER TABLE public.k ALTER COLUMN id SET NOT NULL;
                    CREATE UNIQUE INDEX k_idx ON public.k (id)")
            .shows("AX k, SUX k_idx"),
        shape("add primary key using index on a nullable column",
            "ALTER TABLE public.k ADD CONSTRAINT k_pkey PRIMARY KEY USING INDEX k_idx")
            .after("CREATE TABLE public.k AS SELECT id FROM public.t; CREATE UNIQUE INDEX k_idx ON public.k (id)")
            .shows("AX k, SUX k_idx | scans k"),
        shape("add exclusion", "ALTER TABLE public.t ADD CONSTRAINT t_n_excl EXCLUDE USING btree (n WITH =)")
            .shows("AX t | scans t | builds t_n_excl"),
        shape("rename constraint", "ALTER TABLE public.c RENAME CONSTRAINT c_t_fk TO c_to_t")
            .shows("AX c"),
        // indexes
        shape("create index", "CREATE INDEX t_n_idx ON public.t (n)")
            .shows("S t | scans t | builds t_n_idx"),
        shape("create index concurrently", "CREATE INDEX CONCURRENTLY t_n_idx ON public.t (n)")
            .outside(&["t"])
            .shows("SUX t | scans t | builds t_n_idx"),
        shape("create unique index concurrently", "CREATE UNIQUE INDEX CONCURRENTLY t_n_idx ON public.t (n)")
            .outside(&["t"])
            .shows("SUX t | scans t | builds t_n_idx"),
        shape("drop index", "DROP INDEX public.t_s_idx")
            .shows("AX t, AX t_s_idx"),
        shape("drop index concurrently", "DROP INDEX CONCURRENTLY public.t_s_idx")
            .outside(&["t"])
            .shows("SUX t, SUX t_s_idx"),
        shape("reindex concurrently", "REINDEX INDEX CONCURRENTLY public.t_s_idx")
            .outside(&["t"])
            .touches(&["index:public/t_s_idx"])
            .shows("SUX t, SUX t_s_idx | scans t | builds t_s_idx"),
        shape("rename index", "ALTER INDEX public.t_s_idx RENAME TO t_s2_idx")
            .shows("SUX t_s_idx"),
        shape("rename index by alter table", "ALTER TABLE public.t_s_idx RENAME TO t_s2_idx")
            .shows("AX t_s_idx"),
        shape("set fillfactor of an index", "ALTER INDEX public.t_s_idx SET (fillfactor = 70)")
            .shows("SUX t_s_idx"),
        shape("create index on only", "CREATE INDEX pt_n_idx ON ONLY public.pt (n)")
            .shows("S pt"),
        shape("create index on a partitioned table", "CREATE INDEX pt_n_idx ON public.pt (n)")
            .shows("S pt, S pt_1, S pt_2 | scans pt_1, pt_2 | builds pt_1_n_idx, pt_2_n_idx"),
        shape("attach index", "ALTER INDEX public.pt_n_idx ATTACH PARTITION public.pt_1_n_idx")
            .after("CREATE INDEX pt_n_idx ON ONLY public.pt (n); CREATE INDEX pt_1_n_idx ON public.pt_1 (n)")
            .shows("AX pt_1_n_idx, SUX pt_n_idx, AS pt, AS pt_1"),
        shape("cluster on", "ALTER TABLE public.t CLUSTER ON t_s_idx")
            .touches(&["table:public/t"])
            .shows("SUX t, SUX t_s_idx"),
        shape("set without cluster", "ALTER TABLE public.t SET WITHOUT CLUSTER")
            .after("ALTER TABLE public.t CLUSTER ON t_s_idx")
            .touches(&["table:public/t"])
            .shows("SUX t"),
        // triggers, views, functions
        shape("create trigger", TRIGGER)
            .shows("SRX t"),
        shape("create or replace trigger",
            "CREATE OR REPLACE TRIGGER trg BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch()")
            .after(TRIGGER)
            .shows("SRX t"),
        shape("drop trigger", "DROP TRIGGER trg ON public.t")
            .after(TRIGGER)
            .shows("AX t"),
        shape("disable trigger", "ALTER TABLE public.t DISABLE TRIGGER trg")
            .after(TRIGGER)
            .shows("SRX t"),
        shape("enable trigger always", "ALTER TABLE public.t ENABLE ALWAYS TRIGGER trg")
            .after(TRIGGER)
            .shows("SRX t"),
        shape("rename trigger", "ALTER TRIGGER trg ON public.t RENAME TO trg2")
            .after(TRIGGER)
            .shows("AX t"),
        shape("create view", "CREATE VIEW public.w AS SELECT n FROM public.t")
            .shows("AS t"),
        shape("create or replace view",
            "CREATE OR REPLACE VIEW public.v AS SELECT id, label, n FROM public.t")
            .shows("AX v, AS t"),
        shape("drop view", "DROP VIEW public.v")
            .shows("AX v"),
        shape("set security barrier", "ALTER VIEW public.v SET (security_barrier = true)")
            .shows("AX v"),
        shape("create or replace function",
            "CREATE OR REPLACE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'")
            .after(TRIGGER)
            .shows(""),
        shape("replace function of an index",
            "CREATE OR REPLACE FUNCTION public.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 2'")
            .after("CREATE FUNCTION public.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1';
                    CREATE INDEX t_f_idx ON public.t (public.f(n))")
            .shows(""),
        // tables
        shape("create table with foreign key",
            "CREATE TABLE public.d (id int CONSTRAINT d_pkey PRIMARY KEY, t_id int CONSTRAINT d_t_fk REFERENCES public.t)")
            .shows("SRX t, AS t_pkey")
            .shows_on(15, "SRX t")
            .shows_on(16, "SRX t, AS t_pkey"),
        shape("drop table with foreign key", "DROP TABLE public.c")
            .shows("AX c, AX c_pkey, AX t"),
        shape("drop referenced table", "DROP TABLE public.t CASCADE")
            .after("DROP VIEW public.v")
            .shows("AX c, AX t, AX t_pkey, AX t_s_idx"),
        shape("rename table", "ALTER TABLE public.c RENAME TO c2")
            .shows("AX c"),
        shape("set fillfactor", "ALTER TABLE public.t SET (fillfactor = 70)")
            .shows("SUX t"),
        shape("set autovacuum", "ALTER TABLE public.t SET (autovacuum_enabled = false)")
            .shows("SUX t"),
        shape("replica identity full", "ALTER TABLE public.t REPLICA IDENTITY FULL")
            .shows("AX t"),
        shape("replica identity index", "ALTER TABLE public.p REPLICA IDENTITY USING INDEX p_code_key")
            .after("CREATE UNIQUE INDEX p_code_key ON public.p (code)")
            .shows("AX p, S p_code_key"),
        shape("enable row level security", "ALTER TABLE public.t ENABLE ROW LEVEL SECURITY")
            .shows("AX t"),
        shape("force row level security", "ALTER TABLE public.t FORCE ROW LEVEL SECURITY")
            .shows("AX t"),
        shape("comment on table", "COMMENT ON TABLE public.t IS 'x'")
            .shows("SUX t"),
        shape("comment on column", "COMMENT ON COLUMN public.t.n IS 'x'")
            .shows("SUX t"),
        shape("comment on constraint", "COMMENT ON CONSTRAINT c_t_fk ON public.c IS 'x'")
            .shows("AS c"),
        shape("comment on index", "COMMENT ON INDEX public.t_s_idx IS 'x'")
            .shows("SUX t_s_idx"),
        shape("set unlogged", "ALTER TABLE public.c SET UNLOGGED")
            .shows("AX c, AX c_pkey | rewrites c | scans c | builds c_pkey"),
        shape("set logged", "ALTER TABLE public.k SET LOGGED")
            .after("CREATE UNLOGGED TABLE public.k (id int PRIMARY KEY);
                    INSERT INTO public.k SELECT generate_series(1, 3000)")
            .shows("AX k, AX k_pkey | rewrites k | scans k | builds k_pkey"),
        shape("inherit", "ALTER TABLE public.k INHERIT public.p")
            .after("CREATE TABLE public.k (id int NOT NULL, code text NOT NULL, n int);
                    INSERT INTO public.k SELECT * FROM public.p")
            .shows("AX k, SUX p"),
        shape("no inherit", "ALTER TABLE public.k NO INHERIT public.p")
            .after("CREATE TABLE public.k () INHERITS (public.p)")
            .shows("AX k, AS p"),
        // partitions
        shape("create partition",
            "CREATE TABLE public.pt_3 PARTITION OF public.pt FOR VALUES FROM (4000) TO (5000)")
            .shows("AX pt"),
        shape("create partition beside a default",
            "CREATE TABLE public.pt_3 PARTITION OF public.pt FOR VALUES FROM (4000) TO (5000)")
            .after("CREATE TABLE public.pt_d PARTITION OF public.pt DEFAULT;
                    INSERT INTO public.pt SELECT i FROM generate_series(6000, 7000) i")
            .shows("AX pt, AX pt_d | scans pt_d"),
        shape("attach partition",
            "ALTER TABLE public.pt ATTACH PARTITION public.pt_3 FOR VALUES FROM (4000) TO (8000)")
            .after("CREATE TABLE public.pt_3 (id int NOT NULL, n int, d text);
                    INSERT INTO public.pt_3 SELECT i FROM generate_series(4000, 7000) i")
            .shows("AX pt_3, SUX pt | scans pt_3"),
        shape("attach checked partition",
            "ALTER TABLE public.pt ATTACH PARTITION public.pt_3 FOR VALUES FROM (4000) TO (8000)")
            .after("CREATE TABLE public.pt_3 (id int NOT NULL, n int, d text, CONSTRAINT ck CHECK (id >= 4000 AND id < 8000));
                    INSERT INTO public.pt_3 SELECT i FROM generate_series(4000, 7000) i")
            .shows("AX pt_3, SUX pt"),
        shape("attach partition beside a default",
            "ALTER TABLE public.pt ATTACH PARTITION public.pt_3 FOR VALUES FROM (4000) TO (8000)")
            .after("CREATE TABLE public.pt_3 (id int NOT NULL, n int, d text);
                    CREATE TABLE public.pt_d PARTITION OF public.pt DEFAULT;
                    INSERT INTO public.pt SELECT i FROM generate_series(9000, 9100) i")
            .shows("AX pt_3, AX pt_d, SUX pt | scans pt_3, pt_d"),
        shape("detach partition", "ALTER TABLE public.pt DETACH PARTITION public.pt_2")
            .shows("AX pt, AX pt_2"),
        shape("detach partition concurrently",
            "ALTER TABLE public.pt DETACH PARTITION public.pt_2 CONCURRENTLY")
            .outside(&["pt", "pt_2"])
            .shows("AX pt_2, SUX pt"),
        // sequences, domains, enums
        shape("alter sequence", "ALTER SEQUENCE public.sq INCREMENT 5")
            .after("CREATE SEQUENCE public.sq")
            .shows("SRX sq"),
        shape("set owner of sequence", "ALTER SEQUENCE public.sq OWNED BY public.t.id")
            .after("CREATE SEQUENCE public.sq")
            .shows("SRX sq, AS t"),
        shape("add domain check", "ALTER DOMAIN public.dom ADD CONSTRAINT dom_ck CHECK (value > 0)")
            .after(DOMAIN)
            .shows("S t | scans t"),
        shape("add domain check not valid",
            "ALTER DOMAIN public.dom ADD CONSTRAINT dom_ck CHECK (value > 0) NOT VALID")
            .after(DOMAIN)
            .shows(""),
        shape("validate domain check", "ALTER DOMAIN public.dom VALIDATE CONSTRAINT dom_ck")
            .after("CREATE DOMAIN public.dom AS int;
                    ALTER TABLE public.t ADD COLUMN d public.dom DEFAULT 5;
                    ALTER DOMAIN public.dom ADD CONSTRAINT dom_ck CHECK (value > 0) NOT VALID")
            .shows("S t | scans t"),
        shape("set domain not null", "ALTER DOMAIN public.dom SET NOT NULL")
            .after(DOMAIN)
            .shows("S t | scans t"),
        shape("drop domain check", "ALTER DOMAIN public.dom DROP CONSTRAINT dom_ck")
            .after("CREATE DOMAIN public.dom AS int CONSTRAINT dom_ck CHECK (value > 0);
                    ALTER TABLE public.t ADD COLUMN d public.dom DEFAULT 5")
            .shows(""),
        shape("add enum value", "ALTER TYPE public.mood ADD VALUE 'meh'")
            .after("CREATE TYPE public.mood AS ENUM ('good', 'bad');
                    ALTER TABLE public.t ADD COLUMN m public.mood DEFAULT 'good'")
            .shows(""),
        shape("rename enum value", "ALTER TYPE public.mood RENAME VALUE 'bad' TO 'poor'")
            .after("CREATE TYPE public.mood AS ENUM ('good', 'bad');
                    ALTER TABLE public.t ADD COLUMN m public.mood DEFAULT 'good'")
            .shows(""),
        // several in one transaction
        shape("swap indexes by name", "ALTER INDEX public.t_s_idx RENAME TO t_s_old")
            .then("ALTER INDEX public.t_s_new RENAME TO t_s_idx")
            .after("CREATE INDEX t_s_new ON public.t (s)")
            .shows("SUX t_s_idx ; SUX t_s_new"),
    ]
}
