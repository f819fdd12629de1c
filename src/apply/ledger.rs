//! The ledger: our tables in the target database that record what was applied.
//!
//! Small and versioned; times are the server's. Created by the first apply. A step's row and its statements
//! commit together where the step is transactional.

use super::{ApplyError, FillPosition};
use crate::pg::{Ident, Sql, ident::Literal};
use crate::plan::{Document, Phase, StepRecord};
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;

/// The default of `ledger.schema`.
pub const SCHEMA: &str = "pgrehearse";

/// The version of the tables.
pub const FORMAT: i32 = 1;

/// `plan.message` of a rollback begins with it.
pub(super) const ROLLING_BACK: &str = "rolling back";

/// `plan.state`.
pub(super) mod plan_state {
    pub const RUNNING: &str = "running";
    pub const WAITING: &str = "waiting";
    pub const STOPPED: &str = "stopped";
    pub const FAILED: &str = "failed";
    pub const DONE: &str = "done";
    pub const ROLLED_BACK: &str = "rolled back";
}

/// The state of a step's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowState {
    /// A step outside a transaction, or a backfill, was begun.
    Running,
    Done,
    /// Its rollback was begun and is not finished.
    RollingBack,
    RolledBack,
    /// Its plan was taken back, and what the step made stays.
    Left,
}

impl RowState {
    fn parse(text: &str) -> Self {
        match text {
            "done" => Self::Done,
            "rolling back" => Self::RollingBack,
            "rolled back" => Self::RolledBack,
            "left" => Self::Left,
            _ => Self::Running,
        }
    }
}

/// One row of `step`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub step: String,
    pub state: RowState,
    pub attempts: i32,
    /// Statements of the rollback that are done.
    pub undone: i32,
    pub message: Option<String>,
    pub started_at: String,
    pub finished_at: Option<String>,
    /// Of a backfill.
    pub filled: Option<FillPosition>,
}

/// The ledger of one database, by its schema.
#[derive(Clone, Debug)]
pub struct Ledger {
    schema: Ident,
}

impl Ledger {
    pub fn new(schema: &Ident) -> Self {
        Self {
            schema: schema.clone(),
        }
    }

    pub(super) fn schema(&self) -> &Ident {
        &self.schema
    }

    /// Whether it is there and of our format.
    ///
    /// # Errors
    /// [`ApplyError::LedgerFormat`]; [`ApplyError::MissingRight`] when it may not be read.
    pub fn exists(&self, client: &mut Client) -> Result<bool, ApplyError> {
        const THERE: &str = "
            SELECT 1
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = 'ledger'";
        let there = client
            .query_opt(THERE, &[&self.schema.raw()])
            .map_err(ApplyError::ledger)?
            .is_some();
        if !there {
            return Ok(false);
        }
        let query = sql!("SELECT pg_catalog.max(format) FROM {}.ledger", self.schema);
        let row = client
            .query_one(query.as_str(), &[])
            .map_err(|e| self.right(client, e, "read the ledger"))?;
        match row.get::<_, Option<i32>>(0) {
            Some(FORMAT) => Ok(true),
            found => Err(ApplyError::LedgerFormat {
                found: found.unwrap_or(0),
                known: FORMAT,
            }),
        }
    }

    /// Makes the ledger in one transaction, unless it is there.
    ///
    /// # Errors
    /// [`ApplyError::MissingRight`] with the GRANT, and what [`Ledger::exists`] says.
    pub fn create(&self, client: &mut Client) -> Result<(), ApplyError> {
        if self.exists(client)? {
            return Ok(());
        }
        let has_schema = client
            .query_opt(
                "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1",
                &[&self.schema.raw()],
            )
            .map_err(ApplyError::ledger)?
            .is_some();
        let mut batch = vec![Sql::constant("BEGIN")];
        if !has_schema {
            batch.push(sql!("CREATE SCHEMA {}", self.schema));
        }
        batch.extend(self.tables());
        batch.push(Sql::constant("COMMIT"));
        let text: Vec<&str> = batch.iter().map(Sql::as_str).collect();
        client.batch_execute(&text.join(";\n")).map_err(|e| {
            drop(client.batch_execute("ROLLBACK"));
            if has_schema {
                self.right(client, e, "create tables in the schema of the ledger")
            } else {
                self.missing_create(client, e)
            }
        })
    }

    fn missing_create(&self, client: &mut Client, error: postgres::Error) -> ApplyError {
        if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return ApplyError::ledger(error);
        }
        ApplyError::MissingRight {
            what: format!("create the schema {} of the ledger", self.schema),
            grant: grant_create(client),
        }
    }

    fn right(&self, client: &mut Client, error: postgres::Error, what: &str) -> ApplyError {
        if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
            return ApplyError::ledger(error);
        }
        let (schema, (_, role)) = (&self.schema, names(client));
        ApplyError::MissingRight {
            what: what.to_owned(),
            grant: sql!(
                "GRANT USAGE, CREATE ON SCHEMA {} TO {}; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {} TO {}",
                schema,
                role,
                schema,
                role
            )
            .to_string(),
        }
    }

    fn tables(&self) -> Vec<Sql> {
        let s = &self.schema;
        vec![
            sql!(
                "COMMENT ON SCHEMA {} IS 'Ledger of pgrehearse: which schema changes were applied. Drop it only when no plan is in flight.'",
                s
            ),
            sql!(
                "CREATE TABLE {}.ledger (
                    format integer PRIMARY KEY,
                    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
                )",
                s
            ),
            sql!(
                "COMMENT ON TABLE {}.ledger IS 'The format of these tables; a program refuses one that it does not know.'",
                s
            ),
            sql!("INSERT INTO {}.ledger (format) VALUES ({})", s, FORMAT),
            sql!(
                "CREATE TABLE {}.plan (
                    id text PRIMARY KEY,
                    from_source text NOT NULL,
                    to_source text NOT NULL,
                    server_version integer NOT NULL,
                    document text NOT NULL,
                    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
                    started_by text NOT NULL DEFAULT session_user,
                    finished_at timestamptz,
                    state text NOT NULL CHECK (state IN ('running', 'waiting', 'stopped', 'failed', 'done', 'rolled back')),
                    message text
                )",
                s
            ),
            sql!(
                "COMMENT ON TABLE {}.plan IS 'One row a plan that was begun here.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.plan.document IS 'The whole plan as JSON: status and rollback need no file.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.plan.state IS 'running; waiting: what was asked for is done, steps are left; stopped: in a safe state, run it again; failed: see message; done; rolled back'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.plan.message IS 'What the last run ended with, when it did not go through.'",
                s
            ),
            sql!(
                "CREATE TABLE {}.step (
                    plan_id text NOT NULL REFERENCES {}.plan,
                    step_id text NOT NULL,
                    place integer NOT NULL,
                    phase text NOT NULL CHECK (phase IN ('expand', 'migrate', 'contract')),
                    state text NOT NULL CHECK (state IN ('running', 'done', 'rolling back', 'rolled back', 'left')),
                    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
                    finished_at timestamptz,
                    attempts integer NOT NULL DEFAULT 1,
                    undone integer NOT NULL DEFAULT 0,
                    fingerprint_after text NOT NULL,
                    message text,
                    backfill_position jsonb,
                    PRIMARY KEY (plan_id, step_id)
                )",
                s,
                s
            ),
            sql!(
                "COMMENT ON TABLE {}.step IS 'One row a step that was begun. The row of a transactional step commits together with its statements.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.step.place IS 'Place in the plan, from 1.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.step.state IS 'running: begun outside a transaction, its done_when decides, or a backfill that goes on at backfill_position; done; rolling back: begun to be taken back; rolled back'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.step.undone IS 'Statements of the rollback that are done.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.step.fingerprint_after IS 'What the touched objects look like after the step, as the plan expects it.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.step.backfill_position IS 'How far a backfill is, committed with each batch; null for other steps.'",
                s
            ),
        ]
    }

    /// Whether anything was ever audited here.
    pub(super) fn has_audit(&self, client: &mut Client) -> Result<bool, ApplyError> {
        const THERE: &str = "
            SELECT 1
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = 'audit'";
        let found = client.query_opt(THERE, &[&self.schema.raw()]);
        Ok(found.map_err(ApplyError::ledger)?.is_some())
    }

    /// Makes the table of the audits, unless it is there: only who drops something needs it.
    pub(super) fn create_audit(&self, client: &mut Client) -> Result<(), ApplyError> {
        if self.has_audit(client)? {
            return Ok(());
        }
        let s = &self.schema;
        let batch = [
            Sql::constant("BEGIN"),
            sql!(
                "CREATE TABLE {}.audit (
                    object text PRIMARY KEY,
                    looked_at timestamptz NOT NULL,
                    server_started text NOT NULL,
                    stats_reset text,
                    deallocated bigint,
                    calls jsonb NOT NULL
                )",
                s
            ),
            sql!(
                "COMMENT ON TABLE {}.audit IS 'The first look at the queries that name what a plan drops; gone when the audit has passed.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.audit.calls IS 'How often each statement that names it had run, by role and query id of pg_stat_statements.'",
                s
            ),
            sql!(
                "COMMENT ON COLUMN {}.audit.stats_reset IS 'With server_started and deallocated: whether the counts are unbroken since.'",
                s
            ),
            Sql::constant("COMMIT"),
        ];
        let text: Vec<&str> = batch.iter().map(Sql::as_str).collect();
        client.batch_execute(&text.join(";\n")).map_err(|e| {
            drop(client.batch_execute("ROLLBACK"));
            self.right(client, e, "create tables in the schema of the ledger")
        })
    }

    /// Enters the plan, or notes that it goes on.
    pub(super) fn begin_plan(
        &self,
        client: &mut Client,
        plan: &Document,
    ) -> Result<(), ApplyError> {
        let document = serde_json::to_string(plan).map_err(|e| ApplyError::Document {
            plan: plan.id.clone(),
            message: e.to_string(),
        })?;
        let version = i32::try_from(plan.server_version.major()).unwrap_or(0);
        let query = sql!(
            "INSERT INTO {}.plan (id, from_source, to_source, server_version, document, state)
             VALUES ($1, $2, $3, $4, $5, 'running')
             ON CONFLICT (id) DO UPDATE SET state = 'running', finished_at = NULL, message = NULL",
            self.schema
        );
        client
            .execute(
                query.as_str(),
                &[&plan.id, &plan.from, &plan.to, &version, &document],
            )
            .map_err(|e| self.right(client, e, "write to the ledger"))?;
        Ok(())
    }

    /// Notes how a run ended.
    pub(super) fn end_plan(
        &self,
        client: &mut Client,
        plan: &str,
        state: &'static str,
        message: Option<&str>,
    ) -> Result<(), postgres::Error> {
        let query = sql!(
            "UPDATE {}.plan SET
                state = $2,
                message = $3,
                finished_at = CASE WHEN $2 IN ('done', 'rolled back') THEN pg_catalog.clock_timestamp() END
             WHERE id = $1",
            self.schema
        );
        client.execute(query.as_str(), &[&plan, &state, &message])?;
        Ok(())
    }

    /// The rows of a plan's steps, in their order; empty where there is no ledger.
    ///
    /// # Errors
    /// What [`Ledger::exists`] says.
    pub fn rows(&self, client: &mut Client, plan: &str) -> Result<Vec<Row>, ApplyError> {
        if !self.exists(client)? {
            return Ok(Vec::new());
        }
        let query = sql!(
            "SELECT
                step_id,
                state,
                attempts,
                undone,
                message,
                pg_catalog.to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
                pg_catalog.to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
                backfill_position
             FROM {}.step
             WHERE plan_id = $1
             ORDER BY place",
            self.schema
        );
        let rows = client
            .query(query.as_str(), &[&plan])
            .map_err(|e| self.right(client, e, "read the ledger"))?;
        Ok(rows
            .iter()
            .map(|row| Row {
                step: row.get(0),
                state: RowState::parse(row.get(1)),
                attempts: row.get(2),
                undone: row.get(3),
                message: row.get(4),
                started_at: row.get(5),
                finished_at: row.get(6),
                filled: fill_position(row.get(7)),
            })
            .collect())
    }

    /// The plan with this id, as it was applied; without an id the one that was begun last and is not
    /// rolled back. The id may be cut short.
    ///
    /// # Errors
    /// [`ApplyError::NoLedger`], [`ApplyError::UnknownPlan`], [`ApplyError::NothingApplied`],
    /// [`ApplyError::Document`].
    pub fn document(&self, client: &mut Client, id: Option<&str>) -> Result<Document, ApplyError> {
        if !self.exists(client)? {
            return Err(ApplyError::NoLedger);
        }
        let query = sql!(
            "SELECT id, document FROM {}.plan
             WHERE CASE WHEN $1::pg_catalog.text IS NULL THEN state <> 'rolled back'
                        ELSE pg_catalog.starts_with(id, $1) END
             ORDER BY id = $1 DESC, started_at DESC
             LIMIT 1",
            self.schema
        );
        let row = client
            .query_opt(query.as_str(), &[&id])
            .map_err(|e| self.right(client, e, "read the ledger"))?;
        let Some(row) = row else {
            return Err(
                id.map_or(ApplyError::NothingApplied, |id| ApplyError::UnknownPlan {
                    plan: id.to_owned(),
                }),
            );
        };
        let (id, document): (String, String) = (row.get(0), row.get(1));
        serde_json::from_str(&document).map_err(|e| ApplyError::Document {
            plan: id,
            message: e.to_string(),
        })
    }

    /// A step outside a transaction is about to begin; committed before it does.
    pub(super) fn running(&self, plan: &Document, step: &StepRecord, attempts: u32) -> Sql {
        self.upsert(plan, step, "running", attempts, None)
    }

    /// A step is done.
    pub(super) fn done(
        &self,
        plan: &Document,
        step: &StepRecord,
        attempts: u32,
        message: Option<&str>,
    ) -> Sql {
        self.upsert(plan, step, "done", attempts, message)
    }

    fn upsert(
        &self,
        plan: &Document,
        step: &StepRecord,
        state: &'static str,
        attempts: u32,
        message: Option<&str>,
    ) -> Sql {
        let (place, phase) = place(plan, step);
        let message = message.map_or(Sql::constant("NULL"), |m| sql!("{}", Literal(m)));
        sql!(
            "INSERT INTO {}.step AS s (plan_id, step_id, place, phase, state, started_at, finished_at, attempts, fingerprint_after, message)
             VALUES ({}, {}, {}, {}, {},
                LEAST(pg_catalog.now(), pg_catalog.clock_timestamp()),
                CASE WHEN {} = 'done' THEN pg_catalog.clock_timestamp() END,
                {}, {}, {})
             ON CONFLICT (plan_id, step_id) DO UPDATE SET
                state = excluded.state,
                started_at = CASE WHEN s.state = 'running' THEN s.started_at ELSE excluded.started_at END,
                finished_at = excluded.finished_at,
                attempts = s.attempts + excluded.attempts,
                undone = 0,
                message = excluded.message",
            self.schema,
            Literal(&plan.id),
            Literal(&step.id),
            place,
            Literal(phase.name()),
            Literal(state),
            Literal(state),
            attempts,
            Literal(&step.fingerprints.after),
            message
        )
    }

    /// How far the backfill of a step is; the start when it has no position.
    pub(super) fn fill_position(
        &self,
        client: &mut Client,
        plan: &str,
        step: &str,
    ) -> Result<FillPosition, postgres::Error> {
        let query = sql!(
            "SELECT backfill_position FROM {}.step WHERE plan_id = $1 AND step_id = $2",
            self.schema
        );
        let row = client.query_opt(query.as_str(), &[&plan, &step])?;
        Ok(row
            .and_then(|row| fill_position(row.get(0)))
            .unwrap_or_default())
    }

    /// The backfill of a step is so far.
    pub(super) fn filled(&self, plan: &str, step: &str, position: &FillPosition) -> Sql {
        // It has only text keys, which is all that could fail.
        let json = serde_json::to_string(position).unwrap_or_default();
        sql!(
            "UPDATE {}.step SET backfill_position = {}::pg_catalog.jsonb WHERE plan_id = {} AND step_id = {}",
            self.schema,
            Literal(&json),
            Literal(plan),
            Literal(step)
        )
    }

    /// A step's row gets what the server said.
    pub(super) fn note(&self, plan: &str, step: &str, message: &str) -> Sql {
        sql!(
            "UPDATE {}.step SET message = {} WHERE plan_id = {} AND step_id = {}",
            self.schema,
            Literal(message),
            Literal(plan),
            Literal(step)
        )
    }

    /// `undone` statements of a step's rollback are done, or all of them.
    pub(super) fn taken_back(&self, plan: &str, step: &str, undone: usize, all: bool) -> Sql {
        let state = if all { "rolled back" } else { "rolling back" };
        self.backwards(plan, step, undone, state)
    }

    /// The rollback has come by the step, and what it made stays.
    pub(super) fn left(&self, plan: &str, step: &str) -> Sql {
        self.backwards(plan, step, 0, "left")
    }

    fn backwards(&self, plan: &str, step: &str, undone: usize, state: &'static str) -> Sql {
        sql!(
            "UPDATE {}.step SET
                state = {},
                undone = {},
                backfill_position = NULL,
                finished_at = CASE WHEN {} <> 'rolling back' THEN pg_catalog.clock_timestamp() END
             WHERE plan_id = {} AND step_id = {}",
            self.schema,
            Literal(state),
            i64::try_from(undone).unwrap_or(i64::MAX),
            Literal(state),
            Literal(plan),
            Literal(step)
        )
    }
}

// What another version wrote and this one cannot read is walked again: what is filled needs nothing.
fn fill_position(json: Option<serde_json::Value>) -> Option<FillPosition> {
    serde_json::from_value(json?).ok()
}

/// The GRANT that lets the first apply make its ledger.
pub(super) fn grant_create(client: &mut Client) -> String {
    let (database, role) = names(client);
    sql!("GRANT CREATE ON DATABASE {} TO {}", database, role).to_string()
}

// Database and role; stand-ins when the connection is gone.
fn names(client: &mut Client) -> (Ident, Ident) {
    const QUERY: &str = "
        SELECT pg_catalog.current_database()::pg_catalog.text, current_user::pg_catalog.text";
    let row = client.query_one(QUERY, &[]);
    row.map_or_else(
        |_| (Ident::new("DATABASE"), Ident::new("ROLE")),
        |row| {
            (
                Ident::new(row.get::<_, String>(0)),
                Ident::new(row.get::<_, String>(1)),
            )
        },
    )
}

fn place(plan: &Document, step: &StepRecord) -> (i64, Phase) {
    let mut steps = plan.steps().zip(1_i64..);
    let found = steps.find(|((_, s), _)| s.id == step.id);
    found.map_or((0, Phase::Expand), |((phase, _), place)| (place, phase))
}
