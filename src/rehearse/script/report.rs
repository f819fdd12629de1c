//! What came of running hand-written files.

use crate::kinds::Hazard;
use crate::pg::LockMode;
use crate::plan::Impact;
use crate::plan::document::StatementEvidence;
use crate::source::{Excerpt, Place};
use serde::Serialize;
use std::collections::BTreeMap;

/// The measurements of all statements, in their order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub rehearsed_on: String,
    pub impact: Impact,
    pub transactions: Vec<Transaction>,
    /// Statements after the one that failed.
    pub not_run: usize,
    /// Tables of the clone that got a few rows.
    pub seeded: usize,
    /// What is to be known besides.
    pub notices: Vec<String>,
}

/// Statements that hold their locks together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transaction {
    pub way: Way,
    pub impact: Impact,
    pub statements: Vec<Statement>,
}

/// How statements came into one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A statement for itself.
    Own,
    /// BEGIN … COMMIT of the file.
    Block,
    /// BEGIN … ROLLBACK of the file, or never ended.
    RolledBack,
    /// The whole file.
    File,
    /// A statement that the server does not run in a transaction.
    Outside,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    pub place: Place,
    pub sql: String,
    pub impact: Impact,
    #[serde(flatten)]
    pub evidence: StatementEvidence,
    /// Locks that polling happened to see while the statement was not waiting.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub polled_locks: BTreeMap<String, LockMode>,
    /// Locks of earlier statements of the transaction that writers wait for while this one works.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<String, HeldLock>,
    pub hazards: Vec<Hazard>,
    /// The online way, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Milliseconds on the clone.
    pub took_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A lock of an earlier statement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldLock {
    pub mode: LockMode,
    pub since: Place,
}

/// What the server said to a statement that fails.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    pub place: Place,
    pub message: String,
    pub sqlstate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip)]
    pub excerpt: Excerpt,
}

impl Failure {
    /// The role that the statement names and the scratch server does not have.
    pub(super) fn missing_role(&self) -> Option<String> {
        let rest = self.message.strip_prefix("role \"")?;
        let name = rest.strip_suffix("\" does not exist")?;
        (self.sqlstate == "42704").then(|| name.to_owned())
    }
}

impl Report {
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.transactions.iter().flat_map(|t| &t.statements)
    }

    /// The statement that failed; it is the last one.
    pub fn failed(&self) -> Option<&Statement> {
        self.statements().find(|s| s.failure.is_some())
    }

    pub fn failure(&self) -> Option<&Failure> {
        self.failed().and_then(|s| s.failure.as_ref())
    }
}

/// The locks that writers wait for, each with the statement that took it.
pub(super) fn held_since(statements: &[Statement]) -> BTreeMap<String, HeldLock> {
    let mut held: BTreeMap<String, HeldLock> = BTreeMap::new();
    for statement in statements {
        for (relation, mode) in &statement.evidence.locks {
            let stronger = held.get(relation).is_none_or(|lock| lock.mode < *mode);
            if mode.blocks_writes() && stronger {
                let lock = HeldLock {
                    mode: *mode,
                    since: statement.place.clone(),
                };
                held.insert(relation.clone(), lock);
            }
        }
    }
    held
}
