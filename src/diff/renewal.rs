//! Views of which a new one is made under another name before it takes the place of the old one.

use crate::kinds::{Object, ObjectId};
use crate::pg::Ident;
use std::collections::{BTreeMap, BTreeSet};

/// One materialized view, or a view under one.
#[derive(Clone, Debug, PartialEq)]
pub struct Renewal {
    /// What the new one is called until the swap.
    pub temporary: Ident,
    /// What the old one is called from the swap until it is dropped.
    pub retired: Ident,
    /// The new one under its temporary name, as the server writes it.
    pub twin: Object,
    /// What the new one needs, by the names of before the swap.
    pub needs: BTreeSet<ObjectId>,
    /// Nothing that it reads takes another's place in the same swap.
    pub alone: bool,
    /// Over names of before the swap it would read others: it is built when all of them have theirs.
    pub late: bool,
}

/// All of a plan.
#[derive(Clone, Debug, Default)]
pub struct Renewals {
    pub views: BTreeMap<ObjectId, Renewal>,
}

impl Renewals {
    /// The one whose twin is called `name` until the swap.
    pub fn by_twin(&self, name: &ObjectId) -> Option<&ObjectId> {
        let is_twin =
            |(id, renewal): &(&ObjectId, &Renewal)| called(id, &renewal.temporary) == *name;
        self.views.iter().find(is_twin).map(|(id, _)| id)
    }
}

/// `id` under another name, in the same schema.
pub fn called(id: &ObjectId, name: &Ident) -> ObjectId {
    let mut called = id.clone();
    called.path.pop();
    called.path.push(name.raw().to_owned());
    called
}
