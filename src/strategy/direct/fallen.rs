//! What falls with a whole that is dropped, without a statement of its own.

use super::super::{Context, owner};
use super::{nodes, recreate};
use crate::diff::Change;
use crate::kinds::{Object, ObjectId};
use crate::pg::Sql;
use crate::plan::{Era, Node};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

/// The changed parts by their wholes, found when they are first asked for.
#[derive(Default)]
pub struct Wholes(OnceCell<ByWhole>);

#[derive(Default)]
struct ByWhole {
    /// The parts that are dropped or replaced, by each whole that they fall with.
    old: HashMap<ObjectId, Vec<ObjectId>>,
    /// The parts that are replaced, by each whole that their new form will fall with.
    new: HashMap<ObjectId, Vec<ObjectId>>,
}

impl Wholes {
    fn of(&self, context: &Context<'_>) -> &ByWhole {
        self.0.get_or_init(|| {
            let mut by = ByWhole::default();
            for (part, change) in &context.changes.changes {
                let (old, new) = match change {
                    Change::Replace { old, new, .. } => (old, Some(new)),
                    Change::Drop { old } => (old, None),
                    _ => continue,
                };
                for whole in old.falls_with() {
                    by.old.entry(whole).or_default().push(part.clone());
                }
                for whole in new.into_iter().flat_map(Object::falls_with) {
                    by.new.entry(whole).or_default().push(part.clone());
                }
            }
            by
        })
    }
}

/// What is dropped and leaves its parts to `id`: going back, `id` takes the new parts away before the
/// old ones come back.
pub fn givers(id: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let parts = context.wholes.of(context).new.get(id);
    let mut givers = BTreeSet::new();
    for part in parts.into_iter().flatten() {
        if let Some(Change::Replace { old, .. }) = context.changes.changes.get(part) {
            let wholes = old.falls_with().into_iter();
            givers.extend(wholes.filter(|whole| context.changes.drops(whole)));
        }
    }
    nodes(&givers, Era::Before)
}

/// The parts that go when `id` goes and are not dropped or made by steps of their own.
pub fn parts(context: &Context<'_>, id: &ObjectId) -> BTreeSet<ObjectId> {
    let by_whole = &context.wholes.of(context).old;
    let mut parts = BTreeSet::new();
    let mut queue = vec![id];
    while let Some(whole) = queue.pop() {
        for part in by_whole.get(whole).into_iter().flatten() {
            if parts.insert(part.clone()) {
                queue.push(part);
            }
        }
    }
    // What falls with something else that goes, too, comes back with that.
    let all = parts.clone();
    let absorbed = &context.changes.absorbed;
    let comes_back = |part: &ObjectId| {
        let mut by = absorbed.get(part);
        while let Some(whole) = by.filter(|whole| *whole != id) {
            if !all.contains(whole) {
                return false;
            }
            by = absorbed.get(whole);
        }
        true
    };
    parts.retain(comes_back);
    parts
}

/// The statements that bring the fallen parts of `id` back, wholes before their parts.
pub fn again(context: &Context<'_>, id: &ObjectId) -> Vec<Sql> {
    create(context, parts(context, id))
}

pub fn create(context: &Context<'_>, parts: impl IntoIterator<Item = ObjectId>) -> Vec<Sql> {
    let parts = in_order(context, parts.into_iter().collect());
    let parts = parts.iter();
    parts
        .filter_map(|part| context.live.get(part))
        // What an inherited one follows brings it back.
        .filter(|part| part.follows().is_empty())
        .flat_map(|part| owner::made(part, context.live, context))
        .collect()
}

/// The order of `ids`, but each after what it needs of them in live: a base type after the functions that read and
/// write it.
pub(super) fn in_order(context: &Context<'_>, mut ids: BTreeSet<ObjectId>) -> Vec<ObjectId> {
    fn put(
        id: &ObjectId,
        context: &Context<'_>,
        ids: &mut BTreeSet<ObjectId>,
        order: &mut Vec<ObjectId>,
    ) {
        if ids.remove(id) {
            for need in context.live.requires(id) {
                put(need, context, ids, order);
            }
            order.push(id.clone());
        }
    }
    let mut order = Vec::with_capacity(ids.len());
    while let Some(id) = ids.first().cloned() {
        put(&id, context, &mut ids, &mut order);
    }
    order
}

/// Takes `new` away and makes `old` again, with what is on it and what hangs on it in live: what the plan makes there is
/// gone by then.
pub fn made_again(old: &Object, new: &Object, context: &Context<'_>) -> Vec<Sql> {
    let wholes = hanging(&old.id(), context);
    let all: Vec<&Object> = wholes.iter().filter_map(|w| context.live.get(w)).collect();
    let mut statements: Vec<Sql> = Vec::new();
    let others = || all.iter().filter(|o| o.id() != old.id());
    // Rows are not put at risk: the server refuses to drop what they hang on.
    if others().all(|o| o.irreversible_drop().is_none()) {
        statements.extend(others().rev().flat_map(|o| o.drop()));
    }
    statements.extend(new.drop());
    for whole in all {
        let mut own = BTreeSet::from([whole.id()]);
        own.extend(parts_in_live(&whole.id(), context));
        statements.extend(recreate(context, &own, whole));
    }
    statements
}

/// Whether [`made_again`] puts no row at risk.
pub fn can_be_made_again(old: &Object, context: &Context<'_>) -> bool {
    let wholes = hanging(&old.id(), context);
    let mut all = wholes.iter().filter_map(|whole| context.live.get(whole));
    all.all(|whole| whole.irreversible_drop().is_none())
}

/// What hangs on `id`, at any depth, and is no part of anything there: itself first, each after what it needs.
fn hanging(id: &ObjectId, context: &Context<'_>) -> Vec<ObjectId> {
    let dependents = context.live.dependents();
    let mut wholes = BTreeSet::from([id.clone()]);
    let mut queue = vec![id.clone()];
    while let Some(next) = queue.pop() {
        for dependent in dependents.get(&next).into_iter().flatten().copied() {
            let object = context.live.get(dependent);
            let is_part = object.is_some_and(|o| o.falls_with().contains(&next));
            if !is_part && wholes.insert(dependent.clone()) {
                queue.push(dependent.clone());
            }
        }
    }
    let mut order: Vec<ObjectId> = Vec::new();
    while !wholes.is_empty() {
        let waits = |w: &ObjectId| {
            context
                .live
                .requires(w)
                .any(|need| need != w && wholes.contains(need))
        };
        let ready: Vec<ObjectId> = wholes.iter().filter(|w| !waits(w)).cloned().collect();
        if ready.is_empty() {
            order.extend(std::mem::take(&mut wholes));
            break;
        }
        wholes.retain(|w| !ready.contains(w));
        order.extend(ready);
    }
    order
}

fn parts_in_live(id: &ObjectId, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let mut parts = BTreeSet::new();
    let mut queue = vec![id.clone()];
    while let Some(whole) = queue.pop() {
        for (part, object) in &context.live.objects {
            if object.falls_with().contains(&whole) && parts.insert(part.clone()) {
                queue.push(part.clone());
            }
        }
    }
    parts
}
