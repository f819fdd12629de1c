//! What falls with a whole that is dropped, without a statement of its own.

use super::super::Context;
use super::nodes;
use crate::diff::Change;
use crate::kinds::{Object, ObjectId};
use crate::pg::Sql;
use crate::plan::{Era, Node};
use std::collections::BTreeSet;

/// What is dropped and leaves its parts to `id`: going back, `id` takes the new parts away before the
/// old ones come back.
pub fn givers(id: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let mut givers = BTreeSet::new();
    for change in context.changes.changes.values() {
        if let Change::Replace { old, new, .. } = change
            && new.falls_with().contains(id)
        {
            let wholes = old.falls_with().into_iter();
            givers.extend(wholes.filter(|whole| context.changes.drops(whole)));
        }
    }
    nodes(&givers, Era::Before)
}

/// The parts that go when `id` goes and are not dropped or made by steps of their own.
pub fn parts(context: &Context<'_>, id: &ObjectId) -> BTreeSet<ObjectId> {
    let mut parts = BTreeSet::new();
    let mut queue = vec![id.clone()];
    while let Some(whole) = queue.pop() {
        for (part, change) in &context.changes.changes {
            let old = match change {
                Change::Replace { old, .. } | Change::Drop { old } => old,
                _ => continue,
            };
            if old.falls_with().contains(&whole) && parts.insert(part.clone()) {
                queue.push(part.clone());
            }
        }
    }
    parts
}

/// The statements that bring the fallen parts of `id` back, wholes before their parts.
pub fn again(context: &Context<'_>, id: &ObjectId) -> Vec<Sql> {
    create(context, parts(context, id))
}

pub fn create(context: &Context<'_>, parts: impl IntoIterator<Item = ObjectId>) -> Vec<Sql> {
    let parts = parts.into_iter();
    parts
        .filter_map(|part| context.live.get(&part))
        // What an inherited one follows brings it back.
        .filter(|part| part.follows().is_empty())
        .flat_map(Object::create)
        .collect()
}
