//! How far a backfill is, as the ledger keeps it.

use serde::{Deserialize, Serialize};

/// `step.backfill_position` of the ledger.
///
/// Tables are kept by name and not by oid: a restored database has other oids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillPosition {
    /// Rows that were walked, whether they needed something or not.
    pub rows: u64,
    /// All rows, as the statistics estimate them.
    pub total: u64,
    /// The partitions that are at their end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) done: Vec<String>,
    /// Where the one at hand is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<At>,
}

impl FillPosition {
    /// The table or partition that is being filled.
    pub fn part(&self) -> Option<&str> {
        self.at.as_ref().map(|at| at.part.as_str())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct At {
    pub part: String,
    pub place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub(super) enum Place {
    /// Done up to and with `last`; the walk ends with `end`. Values as the server writes them.
    Key { last: Vec<String>, end: Vec<String> },
    /// Done before page `next`; the walk ends before `end`.
    Pages { next: i64, end: i64, pass: u32 },
}
