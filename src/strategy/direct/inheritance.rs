//! A table stops or begins to inherit from others.
//!
//! It leaves before anything of the table above changes, because that would reach it still. It joins when all that it is
//! to inherit is there, and what goes is gone; but what ADD COLUMN of the table above is to bring comes after that.

use super::super::Context;
use super::{nodes, one, releases, requires};
use crate::diff::{AttributeChange, Change};
use crate::kinds::{Alter, Kind, KindTag, Object, ObjectId, Table};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step};
use std::collections::BTreeSet;

const LEFT: Era = Era::Temp(31);
const JOINED: Era = Era::Temp(32);

/// The attribute that says what a table inherits from.
pub(super) const INHERITANCE: &str = "inheritance";

pub(super) fn steps(id: &ObjectId, old: &Table, new: &Table, context: &Context<'_>) -> Vec<Step> {
    let mut between = old.clone();
    between.inherits.retain(|p| new.inherits.contains(p));
    let step = |from: &Table, to: &Table| -> Option<Step> {
        let way = |from: &Table, to: &Table| match to.alter(from, INHERITANCE) {
            Alter::InPlace(statements) if from.inherits != to.inherits => statements,
            _ => Vec::new(),
        };
        let there = Action::Transaction(way(from, to));
        let back = Reversal::Run(vec![Action::Transaction(way(to, from))]);
        let title = format!("change {}: {INHERITANCE}", id.human());
        let differs = from.inherits != to.inherits;
        let mut step = differs.then(|| Step::expand(id.clone(), there, back))?;
        step = step.described("alter", title, "");
        step.together = context.changes.together.get(id).copied();
        Some(step)
    };
    let own = one(id);
    let mut steps = Vec::new();
    if let Some(mut leaves) = step(old, &between) {
        leaves.releases = releases(context, &own);
        let gone = of(old, &between);
        for (part, object) in parts(id, context.live.objects.iter()) {
            let above = object.follows().into_iter();
            let above: Vec<ObjectId> = above.filter(|a| is_part_of_any(a, &gone)).collect();
            if !above.is_empty() {
                leaves.releases.extend(nodes([part], Era::Before));
                leaves.releases.extend(nodes(&above, Era::Before));
            }
        }
        leaves.produces = nodes(&own, LEFT);
        steps.push(leaves);
    }
    if let Some(mut joins) = step(&between, new) {
        joins.requires = requires(context, &own);
        if !steps.is_empty() {
            joins.requires.extend(nodes(&own, LEFT));
        }
        let come = of(new, &between);
        for (part, object) in parts(id, context.desired.objects.iter()) {
            // What a child is to inherit, it has before, and that needs the child as it is.
            let brought = context.changes.absorbed.contains_key(part);
            let changed = |id: &&ObjectId| !brought && context.changes.changes.contains_key(*id);
            let above = object.follows().into_iter();
            let above: BTreeSet<ObjectId> = above.filter(|a| is_part_of_any(a, &come)).collect();
            let own = (!object.follows().is_empty()).then_some(part);
            let waits = above.iter().chain(own).filter(changed);
            joins.requires.extend(nodes(waits, Era::After));
        }
        for above in &come {
            for (part, _) in parts(above, context.live.objects.iter()) {
                if context.changes.drops(part) {
                    joins.after.extend(nodes([part], Era::Before));
                    let mut below = id.clone();
                    below.kind = part.kind;
                    below.path.extend(part.path.last().cloned());
                    joins.after.extend(nodes([&below], Era::Before));
                }
            }
        }
        joins.produces = nodes(&own, JOINED);
        steps.push(joins);
    }
    steps
}

/// A table becomes one of a type when it has the columns of that, and no other.
pub(super) fn becomes_typed(step: &mut Step, id: &ObjectId, new: &Object, context: &Context<'_>) {
    if !matches!(new, Object::Table(table) if table.of_type.is_some()) {
        return;
    }
    for (part, _) in parts(id, context.live.objects.iter()) {
        if part.kind == KindTag::Column && context.changes.drops(part) {
            step.after.extend(nodes([part], Era::Before));
        }
    }
    for (part, _) in parts(id, context.desired.objects.iter()) {
        if part.kind == KindTag::Column && context.changes.changes.contains_key(part) {
            step.requires.extend(nodes([part], Era::After));
            // What is added needs the table as it is.
            step.produces.clear();
        }
    }
}

/// What changes in a table above waits for those that leave it, and what it brings for those that join it.
pub(in crate::strategy) fn order(steps: &mut [Step], context: &Context<'_>) {
    for (id, change) in &context.changes.changes {
        let Change::Alter {
            old: Object::Table(old),
            new: Object::Table(new),
            attributes,
        } = change
        else {
            continue;
        };
        if !attributes.iter().any(is_inheritance) {
            continue;
        }
        let (gone, come) = (of(old, new), of(new, old));
        for step in &mut *steps {
            if step.object == *id {
                continue;
            }
            if is_part_of_any(&step.object, &gone) {
                step.requires.extend(nodes([id], LEFT));
            }
            let brings = || {
                let whole = super::with_absorbed(context, &step.object, false);
                whole
                    .into_iter()
                    .any(|p| is_part_of_any(&p, &BTreeSet::from([id.clone()])))
            };
            if is_part_of_any(&step.object, &come) && brings() {
                step.requires.extend(nodes([id], JOINED));
            }
        }
    }
}

pub(super) fn is_inheritance(attribute: &AttributeChange) -> bool {
    attribute.name() == INHERITANCE
}

/// The parents of `table` that `other` has not.
fn of(table: &Table, other: &Table) -> BTreeSet<ObjectId> {
    let parents = table.inherits.iter();
    let parents = parents.filter(|p| !other.inherits.contains(p));
    let ids = parents.map(|p| ObjectId::new(KindTag::Table, [p.schema.raw(), p.name.raw()]));
    ids.collect()
}

fn is_part_of_any(part: &ObjectId, tables: &BTreeSet<ObjectId>) -> bool {
    let of = |table: &ObjectId| part.path.len() > 2 && part.path.starts_with(&table.path);
    matches!(part.kind, KindTag::Column | KindTag::Constraint) && tables.iter().any(of)
}

/// The columns and constraints of a table.
fn parts<'a>(
    table: &'a ObjectId,
    objects: impl Iterator<Item = (&'a ObjectId, &'a Object)>,
) -> impl Iterator<Item = (&'a ObjectId, &'a Object)> {
    let of = BTreeSet::from([table.clone()]);
    objects.filter(move |(id, _)| is_part_of_any(id, &of))
}
