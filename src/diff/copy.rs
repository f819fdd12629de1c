//! Tables whose rows are copied into a new table that takes their place.

use super::replacement::Conversion;
use crate::catalog::{Catalog, Desired};
use crate::kinds::ObjectId;
use crate::pg::Ident;
use std::collections::{BTreeMap, BTreeSet};

/// One column of the key by which a row and its copy are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyKey {
    pub name: Ident,
    /// Where the `=` of the old and of the new type is.
    pub operators: (Ident, Ident),
}

/// One column that both tables have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedColumn {
    pub name: Ident,
    pub old_type: String,
    pub new_type: String,
    /// From the old value to the new one; `None`: the new table computes it.
    pub forth: Option<Conversion>,
    /// From the new value to the old one; `None`: the old table computes it.
    pub back: Option<Conversion>,
}

/// One table that a copy takes the place of.
#[derive(Clone, Debug)]
pub struct TableCopy {
    pub table: ObjectId,
    /// What the plain statement was measured to do, or why there is none.
    pub why: String,
    /// The table with its partitions, on either side.
    pub tables: BTreeSet<ObjectId>,
    /// Every object of these tables, and the foreign keys that point at them, on either side.
    pub covered: BTreeSet<ObjectId>,
    pub columns: Vec<CopiedColumn>,
    /// Not NULL and unique in both tables, perhaps because a part of it is.
    pub key: Vec<CopyKey>,
    /// The columns of a unique key of the old table and of the new one, all of them in `key`.
    pub unique: (Vec<Ident>, Vec<Ident>),
    /// The desired catalog after the server renamed the table, its partitions, their indexes and the
    /// foreign keys on them to temporary names: it writes every definition, we substitute nothing.
    pub twins: Catalog<Desired>,
    /// What was renamed there, each with its twin.
    pub names: BTreeMap<ObjectId, ObjectId>,
}

/// All copied tables of a plan.
#[derive(Clone, Debug, Default)]
pub struct Copies {
    pub tables: Vec<TableCopy>,
}

impl Copies {
    /// The copy that `id` is part of.
    pub fn of(&self, id: &ObjectId) -> Option<&TableCopy> {
        self.tables.iter().find(|copy| copy.covered.contains(id))
    }

    /// Whether `id` is made anew together with a table.
    pub fn covers(&self, id: &ObjectId) -> bool {
        self.of(id).is_some()
    }
}
