//! When a partition is attached, and what it waits for.

use super::super::bounds::may_overlap;
use super::super::{
    attachment_id, attachments, foreign_keys_above, joining, own_key, partitions, passing_on, tree,
};
use super::change::BOUNDS;
use super::default_check;
use crate::diff::Change;
use crate::kinds::{Alter, Attachment, ConstraintType, KindTag, Object, ObjectId, ParentIndex};
use crate::plan::{Era, Node, Phase};
use crate::strategy::Context;
use std::collections::BTreeSet;

/// When it is attached: a new partition at once, unless something else has to happen before.
pub(super) fn phase_of(id: &ObjectId, new: &Attachment, context: &Context<'_>) -> Phase {
    let tables = [new.table_id(), new.parent_id()];
    let columns = context.changes.changes.iter().filter(|(id, _)| {
        id.kind == KindTag::Column && tables.iter().any(|t| id.path.starts_with(&t.path))
    });
    let mut phase = if context.plain_because(&new.table_id()).is_some()
        && default_check(id, new, context).is_none()
    {
        Phase::Expand
    } else {
        Phase::Migrate
    };
    for (column, change) in columns {
        // A partition that leaves goes before.
        if !joining::gone_before(column, context).is_empty() {
            return Phase::Contract;
        }
        if let Change::Alter { attributes, .. } = change {
            let disturbs = attributes
                .iter()
                .any(|a| matches!(a.alter, Alter::Disturbing(_)));
            let waits = attributes.iter().any(|a| a.name() == "not null");
            if disturbs {
                return Phase::Contract;
            }
            if waits {
                phase = phase.max(Phase::Migrate);
            }
        }
    }
    if gone_before_it(id, new, context).is_empty()
        && passing_on(&new.parent_id(), context).is_empty()
    {
        constraints_before_it(new, context)
            .iter()
            .fold(phase, |phase, id| {
                phase.max(phase_of_constraint(id, context))
            })
    } else {
        Phase::Contract
    }
}

/// When a constraint of the parent is there, and valid.
fn phase_of_constraint(id: &ObjectId, context: &Context<'_>) -> Phase {
    let plain = id.path.get(..2).is_none_or(|table| {
        let table = ObjectId::new(KindTag::Table, table.iter().cloned());
        context.plain_because(&table).is_some()
    });
    match (context.changes.creates(id), plain) {
        (true, true) => Phase::Expand,
        (false, true) => Phase::Contract,
        (_, false) if context.changes.stands_alone(id) => Phase::Migrate,
        _ => Phase::Contract,
    }
}

/// What has to be there before the partition comes: its parent's new foreign keys and CHECKs; for the DEFAULT
/// partition its siblings, whose ATTACH would read it.
pub(super) fn before_it(new: &Attachment, context: &Context<'_>) -> BTreeSet<Node> {
    let keys = constraints_before_it(new, context).into_iter();
    let siblings = partitions(context.desired, &new.parent)
        .filter(|a| new.is_default() && !a.is_default())
        .map(|a| attachment_id(&a.partition()))
        .filter(|a| context.changes.creates(a));
    keys.chain(siblings)
        .map(|id| (id, Era::After))
        .chain(passing_on(&new.parent_id(), context))
        .collect()
}

/// Taken back before them, it does not feel that they are no longer valid, or gone.
fn constraints_before_it(new: &Attachment, context: &Context<'_>) -> Vec<ObjectId> {
    let keys = foreign_keys_above(context.desired, &new.parent).into_iter();
    let keys = keys.map(|key| Object::Constraint(key.clone()).id());
    let checks = new.checks.iter().flat_map(|check| {
        let path = [new.schema.raw(), new.name.raw(), check.raw()];
        let own = context
            .desired
            .get(&ObjectId::new(KindTag::Constraint, path));
        own.map(Object::follows).unwrap_or_default()
    });
    let come = |id: &ObjectId| context.changes.creates(id) || context.changes.replaces(id);
    let checks = checks.filter(come);
    let keys = keys.filter(|key| context.changes.creates(key));
    keys.chain(checks).collect()
}

/// What has to be gone before: partitions whose bounds are in the way, dropped columns of both
/// tables, indexes and keys whose parts ATTACH would make, foreign keys that it would make on a table that is there.
pub(super) fn gone_before_it(
    id: &ObjectId,
    new: &Attachment,
    context: &Context<'_>,
) -> BTreeSet<Node> {
    let parent = new.parent_id();
    let tables = [&parent.path, &new.table_id().path];
    let columns = context.changes.changes.keys().filter(|id| {
        let on_them = tables.iter().any(|table| id.path.starts_with(table));
        id.kind == KindTag::Column && on_them && context.changes.drops(id)
    });
    let exists = context.live.get(&new.table_id()).is_some();
    let keys = foreign_keys_above(context.live, &new.parent).into_iter();
    let keys = keys
        .map(|key| Object::Constraint(key.clone()).id())
        .filter(|key| exists && context.changes.drops(key));
    // One of its own under the name of one that ATTACH makes.
    let part = new.partition();
    let own_keys = foreign_keys_above(context.desired, &new.parent).into_iter();
    let own_keys = own_keys.filter_map(|above| {
        let path = [part.schema.raw(), part.name.raw(), above.name.raw()];
        let own = ObjectId::new(KindTag::Constraint, path);
        let taken_over = own_key(context.live, &part, above).is_some();
        (context.changes.drops(&own) && !taken_over).then_some(own)
    });
    // What has to be on the partition first may wait for those.
    let waiting = new.indexes.iter().map(ParentIndex::id);
    let waiting = waiting.flat_map(|part| tree::gone_before(&part, context));
    // An equal CHECK of both becomes one with ATTACH, and could not be dropped here.
    let checks = context.changes.changes.keys().filter(|id| {
        let on_them = tables.iter().any(|table| id.path.starts_with(table));
        let check = matches!(context.live.get(id), Some(Object::Constraint(c))
            if c.constraint_type == ConstraintType::Check);
        exists && check && on_them && context.changes.drops(id)
    });
    // ATTACH would take an equal index of another name for the parent's.
    let parts = new
        .indexes
        .iter()
        .map(|part| context.desired.get(&part.id()));
    let equal = parts.flat_map(|part| match part {
        Some(Object::Index(index)) => joining::equals(index, context),
        _ => BTreeSet::new(),
    });
    let others = columns
        .chain(checks)
        .cloned()
        .chain(keys)
        .chain(own_keys)
        .chain(tree::dropped_on(&parent, context));
    others
        .chain(equal)
        .map(|id| (id, Era::Before))
        .chain(waiting)
        .chain(in_its_place(id, new, context))
        .collect()
}

/// The partitions whose bounds are in the way of those of `new`, as the end of that.
pub(super) fn in_its_place(
    id: &ObjectId,
    new: &Attachment,
    context: &Context<'_>,
) -> BTreeSet<Node> {
    let others = attachments(context.live)
        .filter(|a| a.parent == new.parent)
        .filter(|a| new.is_default() || may_overlap(&a.bound, &new.bound))
        .map(|a| attachment_id(&a.partition()))
        .filter(|other| other != id);
    let ends = others.filter_map(|other| match context.changes.changes.get(&other)? {
        Change::Drop { .. } | Change::Replace { .. } => Some((other, Era::Before)),
        Change::Alter { .. } => Some((other, BOUNDS)),
        Change::Create { .. } => None,
    });
    ends.collect()
}
