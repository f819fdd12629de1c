//! Runs statements one by one and reads what each of them did.

use super::measure::{Sessions, State, evidence};
use super::run::foreign_key_tables;
use super::{RehearseError, concurrent};
use crate::pg::{LockMode, Qualified};
use crate::plan::document::StatementEvidence;
use crate::scratch::{Database, privileged};
use std::collections::{BTreeMap, BTreeSet};

/// An open transaction whose statements are measured.
pub struct Measured {
    existing: BTreeSet<u32>,
    start: State,
    before: State,
    held: BTreeMap<u32, LockMode>,
}

impl Measured {
    /// To be called in the transaction, before its first statement. Relations that are not among
    /// `existing` have no rows and no users.
    pub fn start(
        sessions: &mut Sessions,
        existing: &BTreeSet<u32>,
    ) -> Result<Self, postgres::Error> {
        let before = sessions.state()?;
        Ok(Self {
            existing: existing.clone(),
            start: before.clone().only(existing),
            before,
            held: BTreeMap::new(),
        })
    }

    /// Runs `sql`; its evidence names the locks that it takes besides those held already.
    ///
    /// # Errors
    /// What the server says to it: the transaction is then to be rolled back.
    pub fn run(
        &mut self,
        sessions: &mut Sessions,
        sql: &str,
    ) -> Result<StatementEvidence, postgres::Error> {
        sessions.forget_messages();
        sessions
            .client
            .batch_execute(&privileged::on_scratch(sql))?;
        let locks = sessions.locks()?;
        let messages = sessions.messages();
        let after = sessions.state()?;
        let client = &mut sessions.client;
        let mut measured = evidence(&self.start, &self.before, &after, &messages, |name| {
            foreign_key_tables(client, name)
        })?;
        for ((oid, name), mode) in &locks {
            if self.existing.contains(oid) && self.held.get(oid).is_none_or(|h| h < mode) {
                measured.locks.insert(name.clone(), *mode);
            }
        }
        self.held = locks
            .into_iter()
            .map(|((oid, _), mode)| (oid, mode))
            .collect();
        self.before = after;
        Ok(measured)
    }
}

/// What a statement outside a transaction did, and the locks that polling happened to see.
pub type Outside = (StatementEvidence, BTreeMap<String, LockMode>);

/// Runs `sql`, which cannot run in a transaction, against sessions that hold `tables`.
///
/// # Errors
/// The inner error is what the server says to the statement.
pub fn outside(
    sessions: &mut Sessions,
    database: &Database,
    sql: &str,
    tables: &[Qualified],
    existing: &BTreeSet<u32>,
) -> Result<Result<Outside, postgres::Error>, RehearseError> {
    let now = sessions.state()?;
    let start = now.clone().only(existing);
    let before = now.uncounted();
    sessions.forget_messages();
    let (ladder, result) = concurrent::run(sessions, database, sql, tables)?;
    if let Err(error) = result {
        return Ok(Err(error));
    }
    let after = sessions.state()?;
    let messages = sessions.messages();
    let client = &mut sessions.client;
    let mut measured = evidence(&start, &before, &after, &messages, |name| {
        foreign_key_tables(client, name)
    })?;
    for ((oid, _), mode) in ladder.locks {
        if let Some(name) = start.name(oid) {
            measured.locks.insert(name.to_owned(), mode);
        }
    }
    let mut polled = BTreeMap::new();
    for ((oid, _), mode) in ladder.polled {
        let Some(name) = start.name(oid) else {
            continue;
        };
        if measured.locks.get(name).is_none_or(|k| *k < mode) {
            polled.insert(name.to_owned(), mode);
        }
    }
    Ok(Ok((measured, polled)))
}
