//! The files, statement by statement.

use super::facts::{FactReader, Facts};
use super::names;
use super::prepare::search_path;
use super::report::{Failure, Report, Statement, Transaction, Way, held_since};
use super::{Request, Together, advice};
use crate::kinds::{Hazard, HazardKind};
use crate::plan::Impact;
use crate::plan::document::StatementEvidence;
use crate::rehearse::RehearseError;
use crate::rehearse::evidence::Held;
use crate::rehearse::measure::Sessions;
use crate::rehearse::statement::{Measured, outside};
use crate::scratch::Database;
use crate::source::boundary::{Boundary, boundary, sets_role};
use crate::source::reader::Reader;
use crate::source::{Class, DATA_IS_NOT_SCHEMA};
use postgres::error::{ErrorPosition, SqlState};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// A transaction that the files have begun.
struct Open {
    way: Way,
    measured: Measured,
    held: Held,
    statements: Vec<Statement>,
    /// Where it begins: the BEGIN, or the first byte of the file.
    begun: usize,
}

/// The files while they run.
pub struct Running<'r> {
    request: &'r Request<'r>,
    database: &'r Database,
    sessions: Sessions,
    reader: FactReader,
    /// As everything was before the first statement.
    start: Facts,
    now: Facts,
    existing: BTreeSet<u32>,
    hidden: BTreeSet<String>,
    open: Option<Open>,
    done: Vec<Transaction>,
    not_run: usize,
    pub notices: Vec<String>,
    /// A strong lock was asked for without a limit: said once.
    unlimited: bool,
}

/// What is done after a statement.
enum Next {
    GoOn,
    /// It failed: nothing more is run.
    Stop,
}

impl<'r> Running<'r> {
    pub fn start(
        request: &'r Request<'r>,
        database: &'r Database,
        mut sessions: Sessions,
        hidden: BTreeSet<String>,
    ) -> Result<Self, RehearseError> {
        let reader = FactReader::new(&mut sessions.client)?;
        let start = reader.read(&mut sessions.client)?;
        let existing = sessions.state()?.oids().collect();
        Ok(Self {
            request,
            database,
            reader,
            now: start.clone(),
            start,
            existing,
            sessions,
            hidden,
            open: None,
            done: Vec::new(),
            not_run: 0,
            notices: Vec::new(),
            unlimited: false,
        })
    }

    pub fn files(&mut self) -> Result<(), RehearseError> {
        let files = self.request.files;
        let total = files.statements.len();
        for file in 0..files.files.len() {
            self.enter_file()?;
            if self.request.together == Together::EachFile {
                self.begin("BEGIN", Way::File, 0)??;
            }
            for (index, statement) in files.statements.iter().enumerate() {
                if statement.file != file {
                    continue;
                }
                (self.request.progress)(&format!("statement {} of {total}", index + 1));
                if let Next::Stop = self.statement(index)? {
                    self.not_run = total - index - 1;
                    return Ok(());
                }
            }
            match self.open.as_ref().map(|open| (open.way, open.begun)) {
                Some((Way::File, _)) => {
                    let last = files.statements.iter().rposition(|s| s.file == file);
                    if let Next::Stop = self.end("COMMIT", last.unwrap_or(0))? {
                        let left = files.statements.iter().filter(|s| s.file > file);
                        self.not_run = left.count();
                        return Ok(());
                    }
                }
                Some((_, begun)) => {
                    let place = files.files[file].place(begun);
                    self.notices.push(format!(
                        "the transaction that begins at {place} is never committed: it is rolled back"
                    ));
                    self.roll_back("ROLLBACK")?;
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Each file finds the settings that psql begins with.
    fn enter_file(&mut self) -> Result<(), RehearseError> {
        let client = &mut self.sessions.client;
        client
            .batch_execute("RESET ALL; SET row_security = off; SET client_min_messages = debug1")?;
        client.batch_execute(search_path(self.request).as_str())?;
        Ok(())
    }

    fn statement(&mut self, index: usize) -> Result<Next, RehearseError> {
        let files = self.request.files;
        let statement = &files.statements[index];
        let text = files.statement_text(statement);
        let place = files.files[statement.file].place(statement.range.start);
        match boundary(text) {
            Boundary::Begin if self.open.is_none() => {
                return match self.begin(text, Way::Block, statement.range.start)? {
                    Ok(()) => Ok(Next::GoOn),
                    Err(error) => Ok(self.fail(index, &error, Way::Own)),
                };
            }
            // The server only warns.
            Boundary::Begin => return Ok(Next::GoOn),
            Boundary::Commit if self.open.is_some() => return self.end(text, index),
            Boundary::Rollback if self.open.is_some() => {
                self.roll_back(text)?;
                return Ok(Next::GoOn);
            }
            Boundary::CommitAndBegin if self.open.is_some() => {
                let stops = self.end("COMMIT", index)?;
                if matches!(stops, Next::GoOn) {
                    self.begin("BEGIN", Way::Block, statement.range.start)??;
                }
                return Ok(stops);
            }
            Boundary::RollbackAndBegin if self.open.is_some() => {
                self.roll_back("ROLLBACK")?;
                self.begin("BEGIN", Way::Block, statement.range.start)??;
                return Ok(Next::GoOn);
            }
            Boundary::Commit
            | Boundary::Rollback
            | Boundary::CommitAndBegin
            | Boundary::RollbackAndBegin => {
                self.notices
                    .push(format!("{place}: there is no transaction to end here"));
                return Ok(Next::GoOn);
            }
            Boundary::None => {}
        }
        if sets_role(text) {
            self.notices.push(format!(
                "{place}: the role is not changed: all runs as one role without rights of its own"
            ));
            return Ok(Next::GoOn);
        }
        // The measuring has asked before it: too late to set anything of the transaction.
        if Reader::new(text).sees(&["set", "transaction"]) {
            return Ok(Next::GoOn);
        }
        if Reader::new(text).sees(&["copy"]) {
            self.notices.push(format!(
                "{place}: COPY is not run: its rows are not part of the file"
            ));
            return Ok(Next::GoOn);
        }
        let declared = match &statement.class {
            Class::Extension { name, .. } if self.hidden.contains(name) => {
                Some("made beforehand: only a superuser may create it")
            }
            class if names::is_of_cluster(text, class) => {
                Some("not run: it is about the server, not about this database")
            }
            _ => None,
        };
        if let Some(reason) = declared {
            self.declare(index, reason);
            return Ok(Next::GoOn);
        }
        if statement.class == Class::Session {
            return Ok(match self.sessions.client.batch_execute(text) {
                Ok(()) => {
                    // What it does to the messages is measured, not shown.
                    self.sessions
                        .client
                        .batch_execute("SET client_min_messages = debug1")?;
                    Next::GoOn
                }
                Err(error) => {
                    let way = self.open.as_ref().map_or(Way::Own, |o| o.way);
                    self.fail(index, &error, way)
                }
            });
        }
        match self.open.take() {
            Some(open) => self.inside(index, open),
            None => self.alone(index),
        }
    }

    fn begin(
        &mut self,
        sql: &str,
        way: Way,
        begun: usize,
    ) -> Result<Result<(), postgres::Error>, RehearseError> {
        if let Err(error) = self.sessions.client.batch_execute(sql) {
            return Ok(Err(error));
        }
        self.open = Some(Open {
            way,
            measured: Measured::start(&mut self.sessions, &self.existing)?,
            held: Held::default(),
            statements: Vec::new(),
            begun,
        });
        Ok(Ok(()))
    }

    /// Ends the open transaction; `index` is its last statement.
    fn end(&mut self, sql: &str, index: usize) -> Result<Next, RehearseError> {
        let Some(mut open) = self.open.take() else {
            return Ok(Next::GoOn);
        };
        let committed = self.sessions.client.batch_execute(sql);
        let end = self.reader.read(&mut self.sessions.client)?;
        for statement in &mut open.statements {
            end.forgive(&mut statement.hazards);
        }
        self.now = end;
        match committed {
            Ok(()) => {
                self.close(open.way, open.statements);
                Ok(Next::GoOn)
            }
            // Deferred constraints are checked here.
            Err(error) => {
                let mut failed = self.failed(index, &error);
                failed.sql = sql.to_owned();
                open.statements.push(failed);
                self.close(open.way, open.statements);
                Ok(Next::Stop)
            }
        }
    }

    fn roll_back(&mut self, sql: &str) -> Result<(), RehearseError> {
        if let Some(mut open) = self.open.take() {
            // What it held others up with has happened; all else has not.
            let held = |h: &Hazard| {
                matches!(
                    h.kind,
                    HazardKind::BlocksReads | HazardKind::BlocksWrites | HazardKind::LongRunning
                )
            };
            for statement in &mut open.statements {
                statement.hazards.retain(held);
            }
            self.sessions.client.batch_execute(sql)?;
            self.now = self.reader.read(&mut self.sessions.client)?;
            self.close(Way::RolledBack, open.statements);
        }
        Ok(())
    }

    fn close(&mut self, way: Way, statements: Vec<Statement>) {
        if statements.is_empty() {
            return;
        }
        let impact = statements.iter().map(|s| s.impact).max();
        self.done.push(Transaction {
            way,
            impact: impact.unwrap_or(Impact::Online),
            statements,
        });
    }

    fn inside(&mut self, index: usize, mut open: Open) -> Result<Next, RehearseError> {
        match self.measured(index, &mut open)? {
            Ok(statement) => {
                open.statements.push(statement);
                self.open = Some(open);
                Ok(Next::GoOn)
            }
            Err(error) => {
                let mut failed = self.failed(index, &error);
                if error.code() == Some(&SqlState::ACTIVE_SQL_TRANSACTION) {
                    let way = match open.way {
                        Way::File => {
                            "run the file without --single-transaction, or move it to a file of its own"
                        }
                        _ => "take it out of BEGIN … COMMIT",
                    };
                    failed.help = Some(way.to_owned());
                }
                open.statements.push(failed);
                self.close(open.way, open.statements);
                self.sessions.client.batch_execute("ROLLBACK").ok();
                Ok(Next::Stop)
            }
        }
    }

    /// A statement for itself: in a transaction if the server lets it.
    fn alone(&mut self, index: usize) -> Result<Next, RehearseError> {
        self.sessions.client.batch_execute("BEGIN")?;
        let mut open = Open {
            way: Way::Own,
            measured: Measured::start(&mut self.sessions, &self.existing)?,
            held: Held::default(),
            statements: Vec::new(),
            begun: 0,
        };
        let needs_none = [
            SqlState::ACTIVE_SQL_TRANSACTION,
            SqlState::INVALID_TRANSACTION_TERMINATION,
        ];
        match self.measured(index, &mut open)? {
            Ok(statement) => {
                open.statements.push(statement);
                self.open = Some(open);
                self.end("COMMIT", index)
            }
            Err(error) if error.code().is_some_and(|code| needs_none.contains(code)) => {
                self.sessions.client.batch_execute("ROLLBACK")?;
                self.outside(index)
            }
            Err(error) => {
                self.sessions.client.batch_execute("ROLLBACK").ok();
                Ok(self.fail(index, &error, Way::Own))
            }
        }
    }

    fn measured(
        &mut self,
        index: usize,
        open: &mut Open,
    ) -> Result<Result<Statement, postgres::Error>, RehearseError> {
        let files = self.request.files;
        let text = files.statement_text(&files.statements[index]);
        // Which rows it reads is the plan of a query, and the clone has hardly any.
        let reads = match files.statements[index].class {
            Class::Data | Class::Ddl if advice::is_query(text) => {
                advice::full_scans(&mut self.sessions.client, text)?
            }
            _ => None,
        };
        let begun = Instant::now();
        let evidence = match open.measured.run(&mut self.sessions, text) {
            Ok(evidence) => evidence,
            Err(error) => return Ok(Err(error)),
        };
        let took_ms = millis(begun);
        let evidence = advice::corrected(text, evidence, reads);
        let (impact, mut hazards) = open
            .held
            .add(&evidence, self.request.live, self.request.small);
        let now = self.reader.read(&mut self.sessions.client)?;
        hazards.extend(now.hazards(&self.now, &self.start));
        hazards.extend(advice::hazards(
            text,
            &evidence,
            self.request.live,
            self.request.small,
        ));
        self.limit_asked(index, &evidence)?;
        let mut statement = self.record(index, evidence, impact, hazards, took_ms);
        if impact != Impact::Online {
            statement.held = held_since(&open.statements);
        }
        statement.help =
            advice::online_way(text, &statement, &self.now, self.request.scratch.version());
        self.now = now;
        Ok(Ok(statement))
    }

    fn outside(&mut self, index: usize) -> Result<Next, RehearseError> {
        let files = self.request.files;
        let text = files.statement_text(&files.statements[index]);
        let tables = names::tables(&mut self.sessions.client, text)?;
        let begun = Instant::now();
        let result = outside(
            &mut self.sessions,
            self.database,
            text,
            &tables,
            &self.existing,
        )?;
        let took_ms = millis(begun);
        let (evidence, polled) = match result {
            Ok(found) => found,
            Err(error) => return Ok(self.fail(index, &error, Way::Outside)),
        };
        // An index that is dropped is locked when the work on it is over.
        let mut of_tables = evidence.clone();
        of_tables.locks.retain(|name, _| self.start.has(name));
        let (impact, mut hazards) =
            Held::default().add(&of_tables, self.request.live, self.request.small);
        let now = self.reader.read(&mut self.sessions.client)?;
        hazards.extend(now.hazards(&self.now, &self.start));
        if Reader::new(text).sees(&["create"]) {
            hazards.push(Hazard::declared(
                HazardKind::NotTransactional,
                "a build that is broken off leaves an INVALID index, which has to be dropped",
            ));
        }
        let mut statement = self.record(index, evidence, impact, hazards, took_ms);
        statement.polled_locks = polled;
        statement.help =
            advice::online_way(text, &statement, &self.now, self.request.scratch.version());
        self.now = now;
        self.close(Way::Outside, vec![statement]);
        Ok(Next::GoOn)
    }

    /// Says once that a lock which the application waits for is asked for without a limit.
    fn limit_asked(
        &mut self,
        index: usize,
        evidence: &StatementEvidence,
    ) -> Result<(), RehearseError> {
        let strong = evidence.locks.iter().find(|(_, mode)| mode.blocks_writes());
        let (Some((relation, mode)), false) = (strong, self.unlimited) else {
            return Ok(());
        };
        let limit: String = self
            .sessions
            .client
            .query_one("SELECT current_setting('lock_timeout')", &[])?
            .get(0);
        if limit == "0" {
            let files = self.request.files;
            let statement = &files.statements[index];
            let place = files.files[statement.file].place(statement.range.start);
            self.notices.push(format!(
                "{place}: {mode} on {relation} is asked for without lock_timeout: behind one long query all later \
                 ones wait too (SET lock_timeout = '1s', and try again)"
            ));
            self.unlimited = true;
        }
        Ok(())
    }

    fn record(
        &self,
        index: usize,
        evidence: StatementEvidence,
        impact: Impact,
        mut hazards: Vec<Hazard>,
        took_ms: f64,
    ) -> Statement {
        let files = self.request.files;
        let statement = &files.statements[index];
        hazards.sort();
        hazards.dedup();
        Statement {
            place: files.files[statement.file].place(statement.range.start),
            sql: files.statement_text(statement).to_owned(),
            impact,
            evidence,
            polled_locks: BTreeMap::new(),
            held: BTreeMap::new(),
            hazards,
            help: None,
            took_ms,
            failure: None,
        }
    }

    fn declare(&mut self, index: usize, reason: &str) {
        let evidence = StatementEvidence {
            declared: Some(reason.to_owned()),
            ..StatementEvidence::default()
        };
        let statement = self.record(index, evidence, Impact::Online, Vec::new(), 0.0);
        match &mut self.open {
            Some(open) => open.statements.push(statement),
            None => self.close(Way::Own, vec![statement]),
        }
    }

    fn failed(&self, index: usize, error: &postgres::Error) -> Statement {
        let files = self.request.files;
        let source = &files.statements[index];
        let evidence = StatementEvidence::default();
        let mut statement = self.record(index, evidence, Impact::NotRehearsed, Vec::new(), 0.0);
        let db = error.as_db_error();
        let excerpt = match db.and_then(|e| e.position()) {
            Some(ErrorPosition::Original(at)) => files.excerpt_at_position(source, *at),
            _ => files.excerpt(source),
        };
        let ended = self.database.ended().into_iter().next();
        statement.failure = Some(Failure {
            place: excerpt.place.clone(),
            message: match (&ended, db) {
                (Some(ended), _) => format!("this statement {}", ended.why),
                (None, Some(e)) => files.said(source, e.message()).to_owned(),
                (None, None) => error.to_string(),
            },
            sqlstate: db.map_or_else(String::new, |e| e.code().code().to_owned()),
            detail: db.and_then(|e| e.detail()).map(str::to_owned),
            hint: db.and_then(|e| e.hint()).map(str::to_owned),
            excerpt,
        });
        statement.help = advice::mend(&statement.sql, error);
        statement
    }

    /// Notes a statement that failed outside an open transaction, and with one, ends that.
    fn fail(&mut self, index: usize, error: &postgres::Error, way: Way) -> Next {
        let failed = self.failed(index, error);
        let mut statements = self.open.take().map_or_else(Vec::new, |o| o.statements);
        statements.push(failed);
        self.close(way, statements);
        self.sessions.client.batch_execute("ROLLBACK").ok();
        Next::Stop
    }

    pub fn report(self) -> Report {
        let mut notices: Vec<String> = self
            .request
            .files
            .notices
            .iter()
            // Rows are part of what is run here, but for those of COPY.
            .filter(|n| n.text.starts_with("COPY block") || !n.text.ends_with(DATA_IS_NOT_SCHEMA))
            .map(|n| format!("{}: {}", n.place, n.text))
            .collect();
        notices.extend(self.notices);
        let impact = self.done.iter().map(|t| t.impact).max();
        Report {
            rehearsed_on: format!("PostgreSQL {}", self.request.scratch.version()),
            impact: impact.unwrap_or(Impact::Online),
            transactions: self.done,
            not_run: self.not_run,
            seeded: 0,
            notices,
        }
    }
}

fn millis(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e5).round() / 1e2
}
