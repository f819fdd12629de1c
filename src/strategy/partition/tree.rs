//! The order in which an index or key of a partitioned table and its parts come.
//!
//! The parts come before what they are attached to. Dropping that takes along those that are attached by then;
//! what was built and not attached is taken back by itself. Where a partition leaves in the same plan and has no
//! part, all of them come after it: with it the index would be INVALID, and stay so, since only ATTACH looks
//! whether it has become valid; and on the way back ATTACH would build the part.

use super::super::{Context, direct};
use super::{attachment_id, partitions};
use crate::diff::Change;
use crate::kinds::{KindTag, Object, ObjectId, relation_id};
use crate::pg::Qualified;
use crate::plan::{Era, Node, Step};
use std::collections::{BTreeMap, BTreeSet};

/// The table of an index or key that is attached to none and made on a partitioned table.
pub(in super::super) fn table_of_index(root: &Object) -> Option<Qualified> {
    match root {
        Object::Index(index) if index.on_partitioned => Some(index.table_name()),
        Object::Constraint(key) if key.on_partitioned && key.index_definition.is_some() => {
            Some(key.table_name())
        }
        _ => None,
    }
}

/// Puts the steps of new indexes of partitioned tables in their order.
pub(in super::super) fn order(steps: &mut [Step], context: &Context<'_>) {
    let mut parts: BTreeMap<ObjectId, BTreeSet<ObjectId>> = BTreeMap::new();
    let mut attachments: BTreeMap<ObjectId, Vec<ObjectId>> = BTreeMap::new();
    for (id, object) in &context.desired.objects {
        if let Object::IndexAttachment(attachment) = object {
            let below = attachments.entry(attachment.parent.id()).or_default();
            below.push(id.clone());
        }
        if let Some(parent) = object.attached_to()
            && context.changes.creates(id)
            && direct::comes(&parent, context)
            && !context.changes.absorbed.contains_key(id)
        {
            parts.entry(parent).or_default().insert(id.clone());
        }
    }
    for step in steps {
        let own = (step.object.clone(), Era::After);
        // The server says that a part hangs on what it is attached to: it only needs what that needs.
        let mut part = step.object.clone();
        while let Some(parent) = context.desired.get(&part).and_then(Object::attached_to)
            && parts.get(&parent).is_some_and(|p| p.contains(&part))
        {
            step.requires.remove(&(parent.clone(), Era::After));
            let mut needs = direct::requires(context, &BTreeSet::from([parent.clone()]));
            needs.retain(|(id, _)| matches!(id.kind, KindTag::Column | KindTag::Table));
            step.requires.extend(needs);
            part = parent;
        }
        if part != step.object {
            step.part_of = Some(part);
        }
        if let Some(parts) = parts.get(&step.object)
            && step.produces.contains(&own)
        {
            step.requires.extend(direct::nodes(parts, Era::After));
        }
        step.requires.extend(joined_before(&step.object, context));
        // A foreign key refers to a key that has all its parts.
        if matches!(context.desired.get(&step.object), Some(Object::Constraint(c)) if c.is_foreign_key())
        {
            let mut queue: Vec<ObjectId> =
                context.desired.requires(&step.object).cloned().collect();
            while let Some(key) = queue.pop() {
                for attachment in attachments.get(&key).into_iter().flatten() {
                    let Some(Object::IndexAttachment(a)) = context.desired.get(attachment) else {
                        continue;
                    };
                    // A partition that comes has its part before.
                    let table = Qualified::new(a.schema.raw(), a.table.raw());
                    if !context.changes.creates(&attachment_id(&table)) {
                        step.requires.insert((attachment.clone(), Era::After));
                        queue.push(a.index_id());
                    }
                }
            }
        }
        // Bottom up: the server does not take an index that lacks a part for that of a partition.
        if let Some(Object::IndexAttachment(own)) = context.desired.get(&step.object)
            && context.changes.creates(&step.object)
        {
            let below = attachments.get(&own.index_id()).into_iter().flatten();
            step.requires.extend(below.map(|a| (a.clone(), Era::After)));
        }
        step.after.extend(gone_before(&step.object, context));
    }
}

/// The new partitions of the new table that `key`, a foreign key, is of: one that leaves a table with a foreign key keeps
/// that, and on the way back nothing would drop it before what it refers to.
fn joined_before(key: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let is_new = |table: &Qualified| {
        let id = relation_id(KindTag::Table, table);
        context.changes.creates(&id)
    };
    let mut queue = match context.desired.get(key) {
        Some(Object::Constraint(c)) if c.is_foreign_key() && is_new(&c.table_name()) => {
            vec![c.table_name()]
        }
        _ => Vec::new(),
    };
    let mut joined = BTreeSet::new();
    while let Some(table) = queue.pop() {
        for partition in partitions(context.desired, &table) {
            let partition = partition.partition();
            if is_new(&partition) {
                joined.insert((attachment_id(&partition), Era::After));
                queue.push(partition);
            }
        }
    }
    joined
}

/// The partitions that leave, and have no part of the new index that `part` belongs to.
pub(super) fn gone_before(part: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    if !matches!(part.kind, KindTag::Index | KindTag::Constraint) {
        return BTreeSet::new();
    }
    let root = context.desired.attached_root(part);
    let comes = match context.changes.changes.get(&root) {
        Some(Change::Create { new }) => Some(new),
        Some(Change::Replace {
            new: new @ Object::Index(_),
            ..
        }) => Some(new),
        _ => None,
    };
    match comes.and_then(table_of_index) {
        Some(table) => leaving_below(table, context),
        None => BTreeSet::new(),
    }
}

/// The partitions that leave `table` and those below it.
pub(in super::super) fn leaving_below(table: Qualified, context: &Context<'_>) -> BTreeSet<Node> {
    let mut gone = BTreeSet::new();
    let mut queue = vec![table];
    while let Some(table) = queue.pop() {
        for partition in partitions(context.live, &table) {
            let id = attachment_id(&partition.partition());
            if context.changes.drops(&id) {
                gone.insert((id, Era::Before));
            } else {
                queue.push(partition.partition());
            }
        }
    }
    gone
}

/// The indexes and keys of `table` that this plan drops: ATTACH would build their parts.
pub(super) fn dropped_on(table: &ObjectId, context: &Context<'_>) -> Vec<ObjectId> {
    let dropped = |(id, change): (&ObjectId, &Change)| {
        let Change::Drop { old } = change else {
            return None;
        };
        let is_index = match old {
            Object::Index(_) => true,
            Object::Constraint(key) => key.index_definition.is_some(),
            _ => false,
        };
        (is_index && old.parent().as_ref() == Some(table)).then(|| id.clone())
    };
    context.changes.changes.iter().filter_map(dropped).collect()
}
