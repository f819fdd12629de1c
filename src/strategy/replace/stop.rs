//! The end of keeping old and new columns alike, as late as possible: it has no way back.
//!
//! The old columns of another type go with the trigger. A renamed column's old one is retired first, as
//! every dropped column is, and goes on being kept alike under its retired name: until its wait is over
//! it can come back with all that was written since. Just before its drop the trigger goes.

use super::super::{Context, direct, retire, temporary_name};
use super::sync::{self, Pair};
use super::{Component, RETIRED, SWAPPED, function_name, named, swap, table_id, trigger_name};
use crate::kinds::{ConstraintType, Kind, KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::{Action, Era, Gate, Node, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

/// An old column that stays alike with its new one while it is retired.
pub(in crate::strategy) struct Kept {
    /// Goes with the rename, and back.
    pub there: Sql,
    pub back: Sql,
    pub requires: BTreeSet<Node>,
}

/// What is to be done when `old` is retired, if another column keeps it alike until then and after.
pub(in crate::strategy) fn kept(old: &ObjectId, context: &Context<'_>) -> Option<Kept> {
    let replacements = context.replacements.columns.values();
    let of_old = |r: &&crate::diff::Replacement| r.is_renamed() && r.old == *old;
    let replacement = replacements.into_iter().find(of_old)?;
    let table: Vec<String> = replacement.column.path.iter().take(2).cloned().collect();
    let pairs = pairs(&table, context);
    let renamed: Vec<&Pair<'_>> = pairs.iter().filter(|p| is_renamed(p)).collect();
    let names = late(&renamed, context)?;
    let place = renamed.iter().position(|p| p.replacement.old == *old)?;
    let name = function_name(renamed[place].old.table_name());
    let mut requires = direct::nodes([&replacement.column], SWAPPED);
    // One after the other: each names in the function those that are renamed already.
    if let Some(before) = place.checked_sub(1).and_then(|i| renamed.get(i)) {
        requires.extend(direct::nodes([&before.replacement.old], retire::RENAMED));
    }
    if let Some(retyped) = pairs.iter().find(|p| !is_renamed(p)) {
        requires.extend(direct::nodes([&retyped.replacement.column], RETIRED));
    }
    Some(Kept {
        there: following(&name, &renamed, &names, place + 1),
        back: following(&name, &renamed, &names, place),
        requires,
    })
}

fn is_renamed(pair: &Pair<'_>) -> bool {
    pair.replacement.is_renamed()
}

fn pairs<'a>(table: &[String], context: &Context<'a>) -> Vec<Pair<'a>> {
    let replacements = context.replacements.columns.values();
    let of_table = replacements.filter(|r| r.column.path.starts_with(table));
    of_table.filter_map(|r| Pair::of(r, context)).collect()
}

/// The names under which the old columns of `renamed` wait to be dropped, if all of them do.
fn late(renamed: &[&Pair<'_>], context: &Context<'_>) -> Option<Vec<Ident>> {
    // An expression over several of them would have to follow every single rename.
    let entangled = renamed.iter().any(|pair| {
        let others = renamed.iter().filter(|o| o.old.name != pair.old.name);
        let mut others = others.map(|o| &o.old.name);
        others.any(|name| pair.replacement.using.columns().contains(name))
    });
    if entangled {
        return None;
    }
    let names = renamed.iter();
    names
        .map(|p| retire::retired_name(&p.replacement.old, context))
        .collect()
}

/// The function of the trigger, once the first `renamed` columns are called what `names` says.
fn following(name: &Qualified, pairs: &[&Pair<'_>], names: &[Ident], renamed: usize) -> Sql {
    let blocks = pairs.iter().zip(names).enumerate();
    let blocks = blocks.map(|(i, (pair, retired))| match i < renamed {
        true => pair.both_ways(retired),
        false => pair.both_ways(&pair.old.name),
    });
    sync::function_of(name, pairs, &blocks.collect::<Vec<_>>())
}

/// The steps that end it on `table`.
pub(super) fn steps(
    table: &Qualified,
    pairs: &[&Pair<'_>],
    component: &Component<'_>,
    context: &Context<'_>,
) -> Vec<Step> {
    let (renamed, retyped): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) =
        pairs.iter().partition(|p| is_renamed(p));
    let names = match renamed.is_empty() {
        true => None,
        false => late(&renamed, context),
    };
    let mut steps = Vec::new();
    match names {
        // The old columns of another type do not wait for those of another name.
        Some(names) => {
            if !retyped.is_empty() {
                let rest = following(&function_name(table.clone()), &renamed, &names, 0);
                steps.push(drop(table, &retyped, vec![rest], component, context));
            }
            steps.push(stop(table, &renamed, Some(&names), component, context));
        }
        None if retyped.is_empty() => steps.push(stop(table, &renamed, None, component, context)),
        None => {
            let mut first = let_go(table, &renamed, None, context);
            first.extend(without_trigger(table));
            let mut step = drop(table, &retyped, first, component, context);
            step.releases.extend(old(&renamed, Era::Before));
            let new = renamed.iter().map(|p| &p.replacement.column);
            step.produces.extend(direct::nodes(new, RETIRED));
            steps.push(step);
        }
    }
    steps
}

fn without_trigger(table: &Qualified) -> [Sql; 2] {
    [
        sql!("DROP TRIGGER {} ON {}", trigger_name(table), table),
        sql!("DROP FUNCTION {}()", function_name(table.clone())),
    ]
}

fn old(pairs: &[&Pair<'_>], era: Era) -> BTreeSet<Node> {
    direct::nodes(pairs.iter().map(|p| &p.replacement.old), era)
}

/// The defaults go to the new columns, and nobody fills the old ones any more.
fn let_go(
    table: &Qualified,
    renamed: &[&Pair<'_>],
    names: Option<&[Ident]>,
    context: &Context<'_>,
) -> Vec<Sql> {
    let now = |i: usize| match names.and_then(|n| n.get(i)) {
        Some(name) => name,
        None => &renamed[i].old.name,
    };
    let mut there = Vec::new();
    for (i, pair) in renamed.iter().enumerate() {
        there.extend(swap::defaults_move(pair, now(i), context));
    }
    // A primary key that nothing takes the place of goes with the old column, whose NOT NULL goes now.
    there.extend(dropped_key(table, renamed, context));
    let filled = renamed.iter().enumerate();
    let filled = filled.filter(|(_, p)| p.old.not_null.is_some());
    there.extend(filled.map(|(i, _)| {
        sql!(
            "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
            table,
            now(i)
        )
    }));
    there
}

fn dropped_key(table: &Qualified, renamed: &[&Pair<'_>], context: &Context<'_>) -> Option<Sql> {
    let mut live = context.live.objects.iter();
    live.find_map(|(id, object)| match object {
        Object::Constraint(key) if key.table_name() == *table => {
            let is_on = renamed.iter().any(|p| key.columns.contains(&p.old.name));
            let goes = swap::is_primary(Some(object)) && context.changes.drops(id);
            (is_on && goes).then(|| sql!("ALTER TABLE {} DROP CONSTRAINT {}", table, key.name))
        }
        _ => None,
    })
}

fn irreversible() -> Undo {
    Undo::Irreversible {
        why: "nothing follows the new values any more: the old ones are out of date".to_owned(),
    }
}

fn stop(
    table: &Qualified,
    renamed: &[&Pair<'_>],
    names: Option<&[Ident]>,
    component: &Component<'_>,
    context: &Context<'_>,
) -> Step {
    let mut there = let_go(table, renamed, names, context);
    there.extend(without_trigger(table));
    there.extend(old_constraints(table, component, context));
    let last = renamed.last().map(|p| p.replacement.old.clone());
    let last = last.unwrap_or_else(|| table_id(table));
    let plain: Vec<String> = renamed.iter().map(|p| p.old.name.to_string()).collect();
    let action = Action::Transaction(there);
    let mut step = Step::contract(last.clone(), action, irreversible()).described(
        "stop sync",
        format!("stop keeping the old {} of {table} alike", plain.join(", ")),
        "until here rolling back loses nothing",
    );
    step.requires = component.nodes(SWAPPED);
    step.produces = direct::nodes(renamed.iter().map(|p| &p.replacement.column), RETIRED);
    match names {
        Some(_) => {
            step.requires.extend(old(renamed, retire::RENAMED));
            step.releases = old(renamed, retire::DROPPED);
            step.gate = Some(Gate::wait(context.drops.wait));
        }
        None => {
            step.releases = old(renamed, Era::Before);
            // What asks whether the old name is still in use comes before what has no way back.
            step.gate = context.drops.audit_of(&last);
        }
    }
    // What an expression reads is there as long as the trigger is.
    let read = renamed.iter().flat_map(|p| {
        let columns = p.replacement.using.columns().iter();
        columns.map(|c| {
            let mut id = p.replacement.old.clone();
            id.path.pop();
            id.path.push(c.raw().to_owned());
            id
        })
    });
    let own: BTreeSet<&ObjectId> = renamed.iter().map(|p| &p.replacement.old).collect();
    let read: Vec<ObjectId> = read.filter(|id| !own.contains(id)).collect();
    step.releases.extend(direct::nodes(&read, Era::Before));
    step
}

/// The old columns of another type go after `first`.
fn drop(
    table: &Qualified,
    retyped: &[&Pair<'_>],
    first: Vec<Sql>,
    component: &Component<'_>,
    context: &Context<'_>,
) -> Step {
    let columns: Vec<&ObjectId> = retyped.iter().map(|p| &p.replacement.column).collect();
    let lead = columns
        .first()
        .map_or_else(|| table_id(table), |c| (*c).clone());
    let mut there = first;
    if there.is_empty() {
        there.extend(without_trigger(table));
    }
    there.extend(old_constraints(table, component, context));
    there.extend(retyped.iter().map(|p| {
        sql!(
            "ALTER TABLE {} DROP COLUMN {}",
            table,
            p.replacement.retired
        )
    }));
    let mut step = Step::contract(lead, Action::Transaction(there), irreversible()).described(
        "drop column",
        format!("drop the old {} of {table}", named(retyped)),
        "until here, rolling back swaps the old column back with all that was written since",
    );
    step.requires = component.nodes(SWAPPED);
    // What still reads the old columns goes first.
    step.disturbs = direct::nodes(columns.iter().copied(), SWAPPED);
    step.produces = direct::nodes(columns, RETIRED);
    // A type or function that only the old column needs is dropped after it.
    let gone: BTreeSet<ObjectId> = retyped.iter().map(|p| p.replacement.old.clone()).collect();
    let swapped = |node: &Node| component.types.iter().any(|(id, _)| **id == node.0);
    let needs = direct::releases(context, &gone).into_iter();
    step.releases = needs.filter(|n| !swapped(n)).collect();
    step.releases.extend(of_old_pairs(component, context));
    for sequence in context.live.objects.values() {
        let owner = falls_with_column(sequence, context);
        if owner.is_some_and(|owner| gone.contains(&owner)) {
            let fallen = direct::with_absorbed(context, &sequence.id(), true);
            step.destroys.extend(direct::nodes(&fallen, Era::Before));
            step.frees.extend(sequence.names());
        }
    }
    step
}

/// The functions, operators and the like that old indexes and constraints are made of: under names of ours they stand
/// until the old columns are dropped.
pub(super) fn of_old_pairs(component: &Component<'_>, context: &Context<'_>) -> BTreeSet<Node> {
    let pairs: BTreeSet<ObjectId> = component
        .pairs
        .iter()
        .map(|(id, _)| (*id).clone())
        .collect();
    let needs = direct::releases(context, &pairs).into_iter();
    needs
        .filter(|(need, _)| {
            use KindTag::{Collation, Operator, OperatorClass, OperatorFamily};
            let kind = need.kind;
            kind.is_routine()
                || matches!(kind, Collation | Operator | OperatorClass | OperatorFamily)
        })
        .collect()
}

/// Drops the old constraints that do not go with the old columns of `table` by themselves: foreign keys that refer to it,
/// and exclusions with a condition. Where an old column that they are on went before, they are gone.
fn old_constraints(
    table: &Qualified,
    component: &Component<'_>,
    context: &Context<'_>,
) -> Vec<Sql> {
    let keys = component.pairs.iter().filter_map(|(id, _)| {
        let Some(Object::Constraint(key)) = context.live.get(id) else {
            return None;
        };
        let refers = key.is_foreign_key() && key.referenced.as_ref() == Some(table)
            || key.constraint_type == ConstraintType::Exclusion && key.table_name() == *table;
        // Those to a primary key have gone with it in the swap.
        let mut needs = context.live.requires(id);
        let gone = needs.any(|need| swap::is_primary(context.live.get(need)));
        (refers && !gone && key.follows().is_empty()).then(|| {
            sql!(
                "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
                key.table_name(),
                Ident::new(temporary_name(id, "retired"))
            )
        })
    });
    keys.collect()
}

/// The replaced columns of `table`, as the drop of the old ones.
pub fn retired_on(table: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let replaced = context.replacements.columns.keys().filter(|column| {
        let followers = context.desired.followers([*column]);
        let mut all = followers.iter().chain([*column]);
        all.any(|c| c.path.starts_with(&table.path))
    });
    direct::nodes(replaced, RETIRED)
}

/// The column with which a sequence goes that nothing needs any more: until then, going back finds it
/// where it stands.
pub fn falls_with_column(sequence: &Object, context: &Context<'_>) -> Option<ObjectId> {
    let Object::Sequence(sequence) = sequence else {
        return None;
    };
    let owner = sequence.owner.as_ref()?.id();
    let replacement = context.replacements.columns.get(&owner)?;
    let goes = context.changes.drops(&Kind::id(sequence)) && !replacement.is_renamed();
    goes.then_some(owner)
}
