//! The rehearsal itself: steps in order, measured, and what came of them.

use super::compare::{alike, differences};
use super::extent::{hanging_together, named_by_functions, new_partitions};
use super::ground::{Ground, cloned_to_scratch};
use super::measure::Sessions;
use super::queries::{self, Watch};
use super::statement::{Measured, outside};
use super::{RehearseError, Sight, canonicalize, evidence, server_message};
use crate::catalog::{Catalog, Desired, Live, Reader, Scope, decisive, fingerprint, read_objects};
use crate::kinds::{KindTag, ObjectId};
use crate::pg::session::PATH_OF_THE_ROLE;
use crate::plan::document::{
    Fingerprints, Rollback, StatementEvidence, StatementRecord, StepEvidence, StepRun,
};
use crate::plan::{Document, Impact, Phase, PhaseRecord, Rehearsed, StepRecord, artifact};
use crate::scratch::{Database, DatabaseSettings, Scratch, privileged};
use crate::source::Query;
use crate::strategy::{SmallTable, UPDATE_EXTENSION};
use postgres::error::SqlState;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Everything a rehearsal needs besides the plan.
pub struct Request<'a> {
    pub scratch: &'a Scratch,
    pub settings: &'a DatabaseSettings,
    pub scope: &'a Scope,
    /// The live catalog, in canonical form, before the first of the steps.
    pub live: &'a Catalog<Live>,
    /// Where the plan should arrive; `None` for a recorded plan, whose last fingerprint says it.
    pub desired: Option<&'a Catalog<Desired>>,
    /// What the second eye saw of both sides; `None` where a side is no database.
    pub seen: Seen<'a>,
    pub small: SmallTable,
    /// The application's queries (E5).
    pub queries: &'a [Query],
    /// Whether a relation of this name was made in this phase by a step that is done: nobody uses it before the phase
    /// is over.
    pub made: &'a dyn Fn(Phase, &str) -> bool,
    /// Told the title of each step as it begins.
    pub progress: &'a dyn Fn(&str),
}

/// The rows of the catalogs of both sides.
#[derive(Clone, Copy, Default)]
pub struct Seen<'a> {
    pub live: Option<&'a Sight>,
    pub desired: Option<&'a Sight>,
}

/// Rehearses the steps of `document` on a clone and returns it with fresh evidence.
///
/// # Errors
/// [`RehearseError::Fails`] when a statement does not run (E1). An end that is not the desired
/// schema (E2) is no error but stands in the evidence as residual.
pub fn rehearse(document: Document, request: &Request<'_>) -> Result<Rehearsed, RehearseError> {
    // What steps make for a while is part of what is proved.
    let scope = request.scope.with_own();
    let request = &Request {
        scope: &scope,
        ..*request
    };
    let mut run = Run::start(&document, request)?;
    let mut document = document;
    let mut rollback = BTreeMap::new();
    let mut phases: Vec<PhaseRecord> = Vec::new();
    let before = run.fingerprint();
    let mut now = before.clone();
    let partitions = new_partitions(&document, &run.catalog);
    for PhaseRecord { phase, steps } in document.phases {
        let state = run.sessions.state()?;
        // A partition that this plan makes has no rows and no users before it is attached.
        let unused = partitions
            .iter()
            .filter(|(attachment, _)| run.catalog.get(attachment).is_none());
        let unused: BTreeSet<&str> = unused.map(|(_, name)| name.as_str()).collect();
        let is_unused = |oid: &u32| {
            state
                .table_name(*oid)
                .is_some_and(|name| unused.contains(name))
        };
        let made = |oid: &u32| {
            let name = state.name(*oid);
            name.is_some_and(|name| (request.made)(phase, name))
        };
        let existing = state.oids().filter(|oid| !made(oid) && !is_unused(oid));
        run.existing = existing.collect();
        let mut states = vec![run.catalog.clone()];
        let mut records: Vec<StepRecord> = Vec::new();
        let (mut at_gates, mut can_go_back) = (None, true);
        for step in steps {
            // Before a gate a plan stands for days, and can be taken back from there; what cannot be
            // taken back hides how all before it is.
            let waits = at_gates.is_none() && step.gate.is_some();
            let ends = can_go_back && matches!(step.rollback, Rollback::Irreversible { .. });
            if (waits || ends) && !records.is_empty() {
                let result = run.take_back(&records, &states)?;
                let wrong = is_wrong(&result).then(|| format!("{result} (before {})", step.id));
                at_gates = at_gates.or(wrong);
            }
            can_go_back &= !matches!(step.rollback, Rollback::Irreversible { .. });
            (request.progress)(&step.title);
            let mut record = run.step(step, now)?;
            run.watch.after_step(&run.database, &mut record)?;
            now = record.fingerprints.after.clone();
            records.push(record);
            states.push(run.catalog.clone());
        }
        if let Some(last) = records.last_mut() {
            run.watch.after_phase(&run.database, last)?;
        }
        let result = run.take_back(&records, &states)?;
        let result = at_gates.filter(|_| !is_wrong(&result)).unwrap_or(result);
        rollback.insert(phase.name().to_owned(), result);
        phases.push(PhaseRecord {
            phase,
            steps: records,
        });
    }
    document.phases = phases;
    document.fingerprints = Fingerprints { before, after: now };
    document.evidence.residual = run.residual()?;
    // Not the minor version nor where the server came from: the same input is the same plan.
    document.evidence.rehearsed_on = Some(format!("PostgreSQL {}", request.scratch.version()));
    document.evidence.not_rehearsed.extend(run.not_rehearsed);
    document.evidence.rollback = rollback;
    if !request.queries.is_empty() {
        document.evidence.checked_queries = run.watch.evidence();
    }
    document.evidence.run = run.timings;
    let impacts = document.steps().map(|(_, s)| s.evidence.impact);
    document.evidence.impact = impacts.max().unwrap_or(Impact::Online);
    document.id = artifact::content_id(&document);
    Ok(Rehearsed::new(document))
}

/// Whether E4 says that a phase cannot be taken back as the plan promises.
fn is_wrong(result: &str) -> bool {
    result.starts_with("fails") || result.starts_with("does not")
}

struct Run<'r> {
    request: &'r Request<'r>,
    database: Database,
    sessions: Sessions,
    /// Of the observing session.
    reader: Reader,
    /// The clone as it is now.
    catalog: Catalog<Live>,
    touched: BTreeSet<ObjectId>,
    /// The relations that existed when the phase began.
    existing: BTreeSet<u32>,
    /// What was cloned, and what the desired side needs besides.
    cloned: BTreeSet<ObjectId>,
    /// Extensions that are there from the beginning, because only a superuser may make them, and
    /// whose step has not come yet.
    hidden: BTreeSet<ObjectId>,
    /// Extensions that have the version of their step from the beginning, because only a superuser may update them.
    updated: BTreeSet<ObjectId>,
    timings: BTreeMap<String, StepRun>,
    watch: Watch<'r>,
    /// What was cloned for the queries and the bodies of functions alone: nobody compares it.
    besides: BTreeSet<ObjectId>,
    not_rehearsed: Vec<String>,
}

impl<'r> Run<'r> {
    fn start(document: &Document, request: &'r Request<'r>) -> Result<Self, RehearseError> {
        let touched: BTreeSet<ObjectId> = document.touches.iter().cloned().collect();
        let cloned = hanging_together(document, request.live, request.desired);
        // A query joins what the plan touches with what it does not.
        let (watched, mut besides) = queries::relevant(request.queries, &cloned, request.live);
        besides.retain(|id| !cloned.contains(id));
        let mut named = named_by_functions(&cloned, request.live, request.desired);
        named.retain(|id| !cloned.contains(id) && !besides.contains(id));
        let all = &(&cloned | &besides) | &named;
        let mut part = request.live.restricted(&all);
        let ground = match cloned_to_scratch(document, request, &part) {
            // What a function seems to name may hang on something that no clone has.
            Err(RehearseError::Clone(error)) if error.is_of(&named) => {
                named.clear();
                part = request.live.restricted(&(&cloned | &besides));
                cloned_to_scratch(document, request, &part)?
            }
            made => made?,
        };
        besides.append(&mut named);
        let Ground {
            database,
            hidden,
            updated,
        } = ground;
        let watch = Watch::start(&database, watched, request.queries.len())?;
        let mut sessions = Sessions::open(&database)?;
        if !document.roles.is_empty() {
            database.open_to_owners(&mut sessions.client)?;
        }
        let mut run = Self {
            watch,
            besides,
            request,
            database,
            sessions,
            reader: Reader::of_objects(),
            catalog: part.clone(),
            touched,
            cloned,
            existing: BTreeSet::new(),
            hidden,
            updated,
            timings: BTreeMap::new(),
            not_rehearsed: Vec::new(),
        };
        run.catalog = run.read()?;
        // A clone that does not read back equal proves nothing.
        if !differences(&part, &run.catalog, &run.cloned).is_empty() {
            let mut again: Catalog<Desired> = run.catalog.clone().on_side();
            let Request {
                scratch,
                settings,
                scope,
                ..
            } = request;
            canonicalize(scratch, settings, scope, &mut part, &mut again)?;
        }
        let mut different = differences(&part, &run.catalog, &run.cloned);
        if let Some(live) = request.seen.live {
            let alike = alike(&part, &run.catalog, &run.cloned);
            different.extend(run.look(&alike)?.differences(live, &alike));
        }
        let different = different.iter();
        let different = different.map(|d| format!("the clone is not as live: {d}"));
        run.not_rehearsed.extend(different);
        Ok(run)
    }

    fn read(&mut self) -> Result<Catalog<Live>, RehearseError> {
        let mut catalog = self
            .reader
            .read(&mut self.sessions.observer, self.request.scope)?;
        self.leave_out(&mut catalog);
        Ok(catalog)
    }

    /// What the second eye sees of the clone as it is now.
    fn look(&mut self, ids: &BTreeSet<ObjectId>) -> Result<Sight, RehearseError> {
        let addresses = &self.catalog.addresses;
        Ok(Sight::look(&mut self.sessions.observer, addresses, ids)?)
    }

    /// What is there and no part of the comparison: what a superuser made beforehand, and the owners that nobody
    /// compares (what is made anew gets back the one that it had).
    fn leave_out(&self, catalog: &mut Catalog<Live>) {
        let compared = |id: &ObjectId| self.touched.contains(id) || self.cloned.contains(id);
        catalog.objects.retain(|id, _| {
            !self.hidden.contains(id) && (id.kind != KindTag::Owner || compared(id))
        });
    }

    fn fingerprint(&self) -> String {
        fingerprint(&self.catalog, &decisive(&self.catalog, &self.touched))
    }

    /// `before` is the fingerprint of what the step before this one has left.
    fn step(&mut self, mut step: StepRecord, before: String) -> Result<StepRecord, RehearseError> {
        let begun = Instant::now();
        let mut polled = BTreeMap::new();
        let is_update = step.operation == UPDATE_EXTENSION && self.updated.contains(&step.object);
        let statements = if is_update || self.hidden.remove(&step.object) {
            let reason = match is_update {
                true => "updated beforehand: only a superuser may do that",
                false => "made beforehand: only a superuser may create it",
            };
            let declared = StatementEvidence {
                declared: Some(reason.to_owned()),
                ..Default::default()
            };
            vec![declared; step.statements.len()]
        } else if step.backfill.is_some() {
            // What it reads is the plan of a query over rows, which the clone does not have (LOCKS.md,
            // "Where a schema-only (empty) copy lies").
            let mut measured = self.transaction(&step)?;
            for statement in &mut measured {
                statement.scanned.clear();
            }
            measured
        } else if step.is_transactional() {
            self.transaction(&step)?
        } else {
            let mut all = Vec::new();
            for statement in &step.statements {
                all.push(self.outside(&step, statement, &mut polled)?);
            }
            all
        };
        let took_ms = (begun.elapsed().as_secs_f64() * 1e5).round() / 1e2;
        self.catalog = self.read()?;
        let (impact, hazards) =
            evidence::impact(&statements, self.request.live, self.request.small);
        step.hazards
            .retain(|h| h.basis == crate::kinds::hazard::Basis::Declared);
        step.hazards.extend(hazards);
        step.hazards.sort();
        step.hazards.dedup();
        let filled = step.backfill.as_ref().map(|b| b.table.to_string());
        let live_rows = statements
            .iter()
            .flat_map(|s| s.scanned.iter().chain(&s.rewritten))
            .chain(&filled)
            .filter_map(|t| {
                let id = evidence::table_id(t, self.request.live)?;
                Some((t.clone(), self.request.live.sizes.get(&id)?.rows?))
            })
            .collect();
        self.timings.insert(
            step.id.clone(),
            StepRun {
                took_ms,
                polled_locks: polled,
                live_rows,
                checks: Vec::new(),
            },
        );
        step.evidence = StepEvidence { impact, statements };
        step.fingerprints = Fingerprints {
            before,
            after: self.fingerprint(),
        };
        Ok(step)
    }

    fn transaction(&mut self, step: &StepRecord) -> Result<Vec<StatementEvidence>, RehearseError> {
        self.sessions.client.batch_execute("BEGIN")?;
        let mut transaction = Measured::start(&mut self.sessions, &self.existing)?;
        let mut all = Vec::new();
        for statement in &step.statements {
            match transaction.run(&mut self.sessions, &statement.sql) {
                Ok(measured) => all.push(measured),
                Err(error) => {
                    self.sessions.client.batch_execute("ROLLBACK").ok();
                    return Err(fails(step, &statement.sql, &error));
                }
            }
        }
        if let Err(error) = self.sessions.client.batch_execute("COMMIT") {
            return Err(fails(step, "COMMIT", &error));
        }
        Ok(all)
    }

    fn outside(
        &mut self,
        step: &StepRecord,
        statement: &StatementRecord,
        polled: &mut BTreeMap<String, crate::pg::LockMode>,
    ) -> Result<StatementEvidence, RehearseError> {
        let (measured, seen) = outside(
            &mut self.sessions,
            &self.database,
            &statement.sql,
            &step.tables,
            &self.existing,
        )?
        .map_err(|error| fails(step, &statement.sql, &error))?;
        polled.extend(seen);
        Ok(measured)
    }

    /// E4: executes the rollback of a phase on a copy and compares with what was before it.
    fn take_back(
        &mut self,
        steps: &[StepRecord],
        states: &[Catalog<Live>],
    ) -> Result<String, RehearseError> {
        let copy = self.copy()?;
        let mut client = copy.connect()?;
        client.batch_execute(PATH_OF_THE_ROLE)?;
        let mut leaves = Vec::new();
        let mut reached = 0;
        let mut stopped = None;
        for (i, step) in steps.iter().enumerate().rev() {
            match &step.rollback {
                Rollback::Run(statements) => {
                    if let Err((sql, error)) = take_back(&mut client, statements) {
                        let refused = error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
                        if refused && step.object.kind == KindTag::Extension {
                            client.batch_execute("ROLLBACK")?;
                            let again = step.object.human();
                            stopped = Some(format!(
                                "back to {}, which is not rehearsed: only a superuser makes {again} again",
                                step.id
                            ));
                            reached = i + 1;
                            break;
                        }
                        let message = server_message(&error);
                        return Ok(format!("fails at {}: {message} ({sql})", step.id));
                    }
                }
                Rollback::Leave { what, why } => leaves.push((what.clone(), why.clone())),
                Rollback::Irreversible { why } => {
                    stopped = Some(format!(
                        "back to {}, which cannot be undone: {why}",
                        step.id
                    ));
                    reached = i + 1;
                    break;
                }
            }
        }
        let mut back: Catalog<Live> = read_objects(&mut client, self.request.scope)?;
        self.leave_out(&mut back);
        let Some(expected) = states.get(reached) else {
            return Ok(String::new());
        };
        let mut ids: BTreeSet<ObjectId> = back.objects.keys().cloned().collect();
        ids.extend(expected.objects.keys().cloned());
        for (what, _) in &leaves {
            ids.remove(what);
        }
        let mut expected: Catalog<Live> = expected.clone();
        let mut found: Catalog<Desired> = back.on_side();
        if !differences(&expected, &found, &ids).is_empty() {
            let Request {
                scratch,
                settings,
                scope,
                ..
            } = self.request;
            canonicalize(scratch, settings, scope, &mut expected, &mut found)?;
        }
        let different = differences(&found, &expected, &ids);
        if !different.is_empty() {
            return Ok(format!("does not lead back: {}", different.join("; ")));
        }
        let left: Vec<String> = leaves
            .iter()
            .map(|(w, why)| format!("leaves {}: {why}", w.human()))
            .collect();
        Ok(match (stopped, left.is_empty()) {
            (Some(stopped), _) => stopped,
            (None, true) => "leads back".to_owned(),
            (None, false) => format!("leads back; {}", left.join("; ")),
        })
    }

    /// A copy of the clone; copying ends all sessions on it.
    fn copy(&mut self) -> Result<Database, RehearseError> {
        let copy = self.database.copy()?;
        self.sessions = Sessions::open(&self.database)?;
        self.reader = Reader::of_objects();
        Ok(copy)
    }

    /// E2: what differs from the desired schema.
    fn residual(&mut self) -> Result<Vec<String>, RehearseError> {
        let Some(desired) = self.request.desired else {
            return Ok(Vec::new());
        };
        let mut reached = self.catalog.clone();
        let mut ids = self.cloned.clone();
        ids.extend(reached.objects.keys().cloned());
        ids.retain(|id| !self.besides.contains(id));
        // What was there before the plan and is another one's.
        let own = self.request.live.clone().split_own();
        let mut wanted = desired.restricted(&ids).with_own(&own.restricted(&ids));
        if !differences(&reached, &wanted, &ids).is_empty() {
            let Request {
                scratch,
                settings,
                scope,
                ..
            } = self.request;
            canonicalize(scratch, settings, scope, &mut reached, &mut wanted)?;
        }
        let mut different = differences(&reached, &wanted, &ids);
        if let Some(desired) = self.request.seen.desired {
            let alike = alike(&reached, &wanted, &ids);
            different.extend(self.look(&alike)?.differences(desired, &alike));
        }
        Ok(different)
    }
}

fn take_back(
    client: &mut postgres::Client,
    statements: &[StatementRecord],
) -> Result<(), (String, postgres::Error)> {
    for run in statements.chunk_by(|a, b| a.transactional && b.transactional) {
        let transactional = run.iter().all(|s| s.transactional);
        let at = |sql: &str, e| (sql.to_owned(), e);
        if transactional {
            client.batch_execute("BEGIN").map_err(|e| at("BEGIN", e))?;
        }
        for statement in run {
            client
                .batch_execute(&privileged::on_scratch(&statement.sql))
                .map_err(|e| at(&statement.sql, e))?;
        }
        if transactional {
            client
                .batch_execute("COMMIT")
                .map_err(|e| at("COMMIT", e))?;
        }
    }
    Ok(())
}

pub(super) fn foreign_key_tables(
    client: &mut postgres::Client,
    name: &str,
) -> Result<Vec<(u32, bool)>, postgres::Error> {
    // The message names the constraint only, and other tables may have one of that name: theirs are
    // not locked by us. A partitioned table is read partition by partition, those that are locked.
    // pg_partition_tree would lock them.
    let sql = "
          WITH RECURSIVE held AS (
                SELECT relation, mode FROM pg_locks
                 WHERE pid = pg_backend_pid() AND locktype = 'relation'
             ), side (relation, child) AS (
                SELECT x.relation, x.child
                  FROM pg_constraint c
                  JOIN held ON held.relation = c.conrelid
                   AND held.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')
                 CROSS JOIN LATERAL (VALUES (c.conrelid, true), (c.confrelid, false)) x (relation, child)
                 WHERE c.conname = $1 AND c.contype = 'f'
                 UNION
                SELECT i.inhrelid, side.child
                  FROM side
                  JOIN pg_class p ON p.oid = side.relation AND p.relkind = 'p'
                  JOIN pg_inherits i ON i.inhparent = side.relation
             )
        SELECT DISTINCT c.oid, side.child
          FROM side
          JOIN held ON held.relation = side.relation
          JOIN pg_class c ON c.oid = side.relation AND c.relkind = 'r'";
    let rows = client.query(sql, &[&name])?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn fails(step: &StepRecord, statement: &str, error: &postgres::Error) -> RehearseError {
    let denied = error.code() == Some(&postgres::error::SqlState::INSUFFICIENT_PRIVILEGE);
    let trust = (denied && privileged::runs_code(statement)).then(|| {
        "only a superuser makes it, and it can run code: --trust-files makes it on scratch"
            .to_owned()
    });
    RehearseError::Fails {
        step: step.title.clone(),
        statement: statement.to_owned(),
        message: server_message(error),
        hint: trust.or_else(|| error.as_db_error()?.hint().map(str::to_owned)),
    }
}
