//! Hazards: what a person must know about a step.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds of hazard, as in docs/glossary.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HazardKind {
    DataLoss,
    BlocksReads,
    BlocksWrites,
    BreaksQueries,
    RejectsWrites,
    Irreversible,
    LongRunning,
    NotTransactional,
    Replication,
}

impl HazardKind {
    pub const ALL: [Self; 9] = [
        Self::DataLoss,
        Self::BlocksReads,
        Self::BlocksWrites,
        Self::BreaksQueries,
        Self::RejectsWrites,
        Self::Irreversible,
        Self::LongRunning,
        Self::NotTransactional,
        Self::Replication,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::DataLoss => "data-loss",
            Self::BlocksReads => "blocks-reads",
            Self::BlocksWrites => "blocks-writes",
            Self::BreaksQueries => "breaks-queries",
            Self::RejectsWrites => "rejects-writes",
            Self::Irreversible => "irreversible",
            Self::LongRunning => "long-running",
            Self::NotTransactional => "not-transactional",
            Self::Replication => "replication",
        }
    }
}

impl fmt::Display for HazardKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a hazard is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Read from the server in the rehearsal.
    Measured,
    /// Known from the statement.
    Declared,
}

/// One hazard of one step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hazard {
    pub kind: HazardKind,
    pub text: String,
    pub basis: Basis,
}

impl Hazard {
    /// A hazard that follows from the statement itself.
    pub fn declared(kind: HazardKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            basis: Basis::Declared,
        }
    }

    /// A hazard that the rehearsal saw.
    pub fn measured(kind: HazardKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
            basis: Basis::Measured,
        }
    }
}
