//! One difference, and sets of them.

use crate::kinds::{Alter, Attribute, Object, ObjectId};
use crate::pg::{Ident, Sql};
use std::collections::{BTreeMap, BTreeSet};

/// One object's way from live to desired.
#[derive(Clone, Debug)]
pub enum Change {
    Create {
        new: Object,
    },
    Drop {
        old: Object,
    },
    Alter {
        old: Object,
        new: Object,
        attributes: Vec<AttributeChange>,
    },
    /// Dropped and created again, for its own sake or to make room for another change.
    Replace {
        old: Object,
        new: Object,
        why: String,
    },
}

#[derive(Clone, Debug)]
pub struct AttributeChange {
    pub old: Attribute,
    pub new: Attribute,
    pub alter: Alter,
}

impl AttributeChange {
    pub fn name(&self) -> &'static str {
        self.new.name
    }
}

/// A difference that no statement can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impossible {
    pub object: ObjectId,
    pub attribute: String,
    pub why: String,
}

/// An object that stays, but is changed before a change of another and changed back after.
#[derive(Clone, Debug)]
pub struct Around {
    pub object: ObjectId,
    pub of: ObjectId,
    /// What takes it down as it is, and what would put that back.
    pub down: Vec<Sql>,
    pub back: Vec<Sql>,
    /// What puts it back as it is to be, and what would take that down.
    pub up: Vec<Sql>,
    pub down_again: Vec<Sql>,
}

/// The changes of a plan.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    pub changes: BTreeMap<ObjectId, Change>,
    pub around: Vec<Around>,
    /// Objects whose change another object's brings about, with that object.
    pub absorbed: BTreeMap<ObjectId, ObjectId>,
    /// The other direction of [`ChangeSet::absorbed`].
    pub absorbs: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// What is left to change in objects whose creation or change another object's brings about.
    pub left: BTreeMap<ObjectId, Change>,
    /// Per object that steps aside or is replaced for others: those others. It comes back after
    /// they are gone or changed.
    pub in_the_way: BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    /// Which changes have to happen in one transaction: the same number.
    pub together: BTreeMap<ObjectId, usize>,
}

impl ChangeSet {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The roles that the statements of the new objects name, and those of the old ones to go back.
    pub fn roles(&self) -> BTreeSet<Ident> {
        let named = |object: &Object| object.roles().into_iter().cloned().collect::<Vec<_>>();
        let changes = self.changes.values();
        changes
            .flat_map(|change| match change {
                Change::Create { new: object } | Change::Drop { old: object } => named(object),
                Change::Alter { old, new, .. } | Change::Replace { old, new, .. } => {
                    [named(old), named(new)].concat()
                }
            })
            .collect()
    }

    /// The objects that are created, dropped or changed in any way.
    pub fn touched(&self) -> BTreeSet<ObjectId> {
        self.changes
            .keys()
            .chain(self.around.iter().map(|a| &a.object))
            .cloned()
            .collect()
    }

    fn is_comment(&self, id: &ObjectId) -> bool {
        id.kind.describes() && self.replaces(id)
    }

    pub fn creates(&self, id: &ObjectId) -> bool {
        matches!(self.changes.get(id), Some(Change::Create { .. }))
    }

    pub fn replaces(&self, id: &ObjectId) -> bool {
        matches!(self.changes.get(id), Some(Change::Replace { .. }))
    }

    /// Whether `id` does without its type for a moment, because that is made anew.
    pub fn lets_go_of_its_type(&self, id: &ObjectId) -> bool {
        let mut around = self.around.iter();
        around.any(|a| a.object == *id && a.of.kind.is_type())
    }

    pub fn drops(&self, id: &ObjectId) -> bool {
        matches!(self.changes.get(id), Some(Change::Drop { .. }))
    }

    /// Whether `id` is changed alone, outside every group that is rebuilt in one transaction.
    pub fn stands_alone(&self, id: &ObjectId) -> bool {
        match self.together.get(id) {
            None => true,
            Some(group) => {
                let others = self
                    .together
                    .iter()
                    .filter(|(i, g)| *g == group && *i != id);
                // Comments that fall and come back by themselves do not count.
                others
                    .into_iter()
                    .all(|(i, _)| self.absorbed.contains_key(i) || self.is_comment(i))
                    && !self
                        .around
                        .iter()
                        .any(|a| self.together.get(&a.object) == Some(group))
            }
        }
    }
}
