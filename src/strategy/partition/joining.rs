//! What a partition that comes or leaves, and goes on to exist, has to do with the changes of the tables above it.
//!
//! ALTER TABLE reaches every partition that is attached at the time. One that leaves does so before its parent's
//! columns and CHECKs change, and changes for itself; one that comes is attached when both have changed.

use super::{attachment_id, with_those_above};
use crate::diff::Change;
use crate::kinds::index::Concurrently;
use crate::kinds::{Attachment, Constraint, Index, KindTag, Object, ObjectId};
use crate::pg::Qualified;
use crate::plan::{Era, Node, Phase, Step};
use crate::strategy::Context;
use std::collections::BTreeSet;

/// The columns of a coming partition and of those above it have all changed.
const ALIKE: Era = Era::Temp(63);

pub(super) fn order(steps: &mut [Step], context: &Context<'_>) {
    let mut comings: BTreeSet<(ObjectId, Vec<Qualified>)> = BTreeSet::new();
    for (id, change) in &context.changes.changes {
        if let Change::Create {
            new: Object::Attachment(new),
        } = change
            && context.live.get(&new.table_id()).is_some()
        {
            let mut tables: Vec<Qualified> = with_those_above(context.live, &new.parent)
                .into_iter()
                .collect();
            tables.push(new.partition());
            comings.insert((id.clone(), tables));
        }
    }
    for step in steps {
        if step.object.kind == KindTag::Attachment {
            if context.changes.creates(&step.object)
                && step.produces.contains(&(step.object.clone(), Era::After))
            {
                step.requires.insert((step.object.clone(), ALIKE));
            }
            continue;
        }
        if step.object.kind == KindTag::Index {
            order_index(step, context);
            continue;
        }
        let Some(table) = table_of(&step.object) else {
            continue;
        };
        step.after.extend(gone_before(&step.object, context));
        let own = attachment_id(&table);
        if step.object.kind == KindTag::Column
            && context.changes.drops(&own)
            && context.desired.get(&step.object).is_some()
        {
            step.after.insert((own, Era::Before));
        }
        // Nothing needs that a column may be null, but for ATTACH both have to be alike.
        if step.produces.is_empty() && reaches_partitions(&step.object, context) {
            let of_them = comings.iter().filter(|(_, tables)| tables.contains(&table));
            step.produces
                .extend(of_them.map(|(id, _)| (id.clone(), ALIKE)));
        }
    }
}

/// An index of a partition that leaves cannot be dropped before. One that takes the place of an equal one of another
/// name comes then, too: on the way back ATTACH would take it for the parent's.
fn order_index(step: &mut Step, context: &Context<'_>) {
    let index = |object: Option<&Object>| match object {
        Some(Object::Index(index)) => Some(index.clone()),
        _ => None,
    };
    let (old, new) = (
        index(context.live.get(&step.object)),
        index(context.desired.get(&step.object)),
    );
    let Some(table) = old.as_ref().or(new.as_ref()).map(Index::table_name) else {
        return;
    };
    let own = attachment_id(&table);
    if !leaving(context).any(|left| left.partition() == table) {
        return;
    }
    let goes = old.is_some() && step.phase() == Phase::Contract;
    let takes_a_place = old.is_none() && new.is_some_and(|new| !equals(&new, context).is_empty());
    if goes || takes_a_place {
        step.after.insert((own, Era::Before));
    }
}

/// The dropped indexes of the table that `new` is equal to but for the name.
pub(super) fn equals(new: &Index, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let is_equal = |old: &Index| {
        old.table_name() == new.table_name()
            && old.create_as(&new.name, Concurrently::No)
                == new.create_as(&new.name, Concurrently::No)
    };
    let equal = context
        .changes
        .changes
        .iter()
        .filter_map(|(id, change)| match change {
            Change::Drop {
                old: Object::Index(old),
            } if is_equal(old) => Some(id.clone()),
            _ => None,
        });
    equal.collect()
}

fn table_of(part: &ObjectId) -> Option<Qualified> {
    match (part.kind, part.path.as_slice()) {
        (KindTag::Column | KindTag::Constraint, [schema, table, _]) => {
            Some(Qualified::new(schema.as_str(), table.as_str()))
        }
        _ => None,
    }
}

/// Whether the change of a column or CHECK reaches the partitions of its table.
fn reaches_partitions(part: &ObjectId, context: &Context<'_>) -> bool {
    let is_check = |object: &Object| match object {
        Object::Constraint(c) => c.index_definition.is_none() && !c.is_foreign_key(),
        _ => true,
    };
    match context.changes.changes.get(part) {
        Some(Change::Alter {
            new, attributes, ..
        }) => is_check(new) && attributes.iter().any(|a| part.kind.recurses(a.name())),
        Some(Change::Create { new: object } | Change::Drop { old: object }) => is_check(object),
        Some(Change::Replace { new, .. }) => is_check(new),
        None => false,
    }
}

/// The partitions that leave before the column or CHECK `part` of a table above them changes.
pub(super) fn gone_before(part: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let Some(table) = table_of(part) else {
        return BTreeSet::new();
    };
    if !reaches_partitions(part, context) {
        return BTreeSet::new();
    }
    let left = leaving(context);
    let below = left.filter(|old| with_those_above(context.live, &old.parent).contains(&table));
    below
        .map(|old| (attachment_id(&old.partition()), Era::Before))
        .collect()
}

/// The partitions that become tables.
pub(super) fn leaving<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a Attachment> {
    context
        .changes
        .changes
        .values()
        .filter_map(|change| match change {
            Change::Drop {
                old: Object::Attachment(old),
            } if context.desired.get(&old.table_id()).is_some() => Some(old),
            _ => None,
        })
}

/// Whether `table` is such a partition, or below one.
pub(super) fn leaves_from(table: &Qualified, context: &Context<'_>) -> bool {
    let tables = with_those_above(context.live, table);
    leaving(context).any(|old| tables.contains(&old.partition()))
}

/// Whether the foreign key `key` of a partitioned table is on a column that changes only when partitions have left.
pub(super) fn is_late(key: &Constraint, context: &Context<'_>) -> bool {
    key.columns.iter().any(|column| {
        let path = [key.schema.raw(), key.table.raw(), column.raw()];
        let id = ObjectId::new(KindTag::Column, path);
        !gone_before(&id, context).is_empty()
    })
}
