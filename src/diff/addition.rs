//! What is known about the values that existing rows get in a column.

use super::replacement::Expression;
use crate::kinds::ObjectId;
use std::collections::{BTreeMap, BTreeSet};

/// Measurements and hints about columns whose rows have no value yet.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    /// The new columns whose plain ADD COLUMN was measured to rewrite or scan, with what it does.
    pub rewriting: BTreeMap<ObjectId, String>,
    /// The expressions of `backfill` hints, over the columns that are there before.
    pub backfills: BTreeMap<ObjectId, Expression>,
    /// What those expressions call and name.
    pub needs: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
}
