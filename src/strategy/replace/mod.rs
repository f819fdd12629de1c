//! Change: a column's type or collation becomes one whose values are stored or sorted otherwise
//! (widening that rewrites, narrowing, text→int, text→enum, a collation whose indexes are rebuilt).
//!
//! Why not directly: ALTER COLUMN … TYPE holds ACCESS EXCLUSIVE while it rewrites the table and builds
//! its indexes, or scans it. Which changes do is not known from a list: the plain statement is tried on a
//! clone, and this strategy takes those that were seen to work.
//! Steps: a new column under a name of ours, with a trigger that keeps both alike (expand); a backfill,
//! then the indexes and constraints of the column made on the new one by their own strategies, then
//! ANALYZE, because the swap would leave the planner without statistics (migrate); a comparison of all
//! rows in batches, the swap in one short transaction together with what hangs on the column (views,
//! triggers, functions), the drop of the old column (contract). A renamed column's old one goes on being
//! kept alike while it waits under its retired name; just before its drop the trigger goes.
//! Measured: tests/cases/column, enum; every step online but for exclusion constraints.
//! Undo: the swap back; until the old column is dropped, it follows the new one.
//! Limits: columns of a partition key, of the primary key of a partitioned table that others refer to, of inheritance
//! children that are no partitions, and those that a generated column uses are not taken; a table whose BEFORE triggers
//! sort behind ours is refused. Rights on single columns come with the new column.
//! Sources: RULES "Two-way triggers", "Swap of a referenced key"; LOCKS "What a live application feels".

mod bodies;
mod component;
mod numbers;
mod partitioned;
pub(super) mod position;
mod rows;
mod script;
mod stop;
mod swap;
pub(super) mod sync;
mod twins;

use rows::{analyze, compare, fill};
pub(super) use rows::{fired, key, long_running};
pub(super) use script::Script;
pub(super) use stop::kept;
pub use stop::{falls_with_column, retired_on};
pub(in crate::strategy) use swap::on_numberer;
pub use twins::bare;

use super::grant::at_birth_of;
use super::index::{not_transactional, unbuild};
use super::partition::{leaving_below, table_of_index};
use super::{Context, Refusal, Strategy, last_name, temporary_name};
use super::{add_column, checks, direct, key::AT_EVERY_ROW};
use crate::diff::{Change, Replacement, Replacements};
use crate::kinds::{Column, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, Verb};
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Phase, Probe, Step, Undo};
use crate::sql;
use component::{Component, component};
use std::collections::BTreeSet;
use sync::Pair;

pub struct Replace;

/// The moments of a new column: it is there; its rows are filled; everything on it is made; it was
/// compared.
const MADE: Era = Era::Temp(11);
const FILLED: Era = Era::Temp(12);
const READY: Era = Era::Temp(13);
const COMPARED: Era = Era::Temp(14);
const SWAPPED: Era = Era::Temp(15);
const RETIRED: Era = Era::Temp(16);

impl Strategy for Replace {
    fn name(&self) -> &'static str {
        "column replacement"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let kept = match change {
            // Whatever becomes of a grant on what the swap exchanges, the swap brings what is wanted.
            _ if id.kind == KindTag::Grant => return swap::brings(change, context),
            // The twin of a partition's index is attached to that of the parent's.
            Change::Create {
                new: Object::IndexAttachment(new),
            }
            | Change::Replace {
                new: Object::IndexAttachment(new),
                ..
            } => return context.replacements.covers(&new.index_id()),
            // One of a partition has a twin, too, where the server names it otherwise than before.
            Change::Create { .. } => {
                let Replacements { columns, pairs, .. } = context.replacements;
                columns.contains_key(id) || pairs.contains_key(id)
            }
            Change::Drop { .. } => false,
            // The swap brings the defaults of partitions.
            Change::Alter { new, .. } if component::is_part(new, context) => return true,
            // A comment on what the swap exchanges comes with the swap.
            Change::Replace { new, .. } if id.kind.describes() => {
                return new
                    .parent()
                    .is_some_and(|on| context.replacements.covers(&on));
            }
            _ => true,
        };
        kept && context.replacements.covers(id)
    }

    fn expand(
        &self,
        id: &ObjectId,
        _: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let mut steps = Vec::new();
        for lead in component::leaders(id, context) {
            if let Some(component) = component(&lead, context)? {
                steps.extend(component_steps(&lead, &component, context)?);
            }
        }
        Ok(steps)
    }
}

fn component_steps(
    lead: &ObjectId,
    component: &Component<'_>,
    context: &Context<'_>,
) -> Result<Vec<Step>, Refusal> {
    let mut steps = new_types(component, context);
    for (table, pairs) in component.tables() {
        steps.push(add(&table, &pairs, context)?);
        steps.push(fill(&table, &pairs, context));
    }
    let mut made = build(component, context)?;
    let ready: BTreeSet<Node> = made.iter().flat_map(|s| s.produces.clone()).collect();
    steps.append(&mut made);
    for (table, pairs) in component.tables() {
        let mut step = analyze(&table, &pairs, context);
        step.requires.extend(ready.clone());
        steps.push(step);
        steps.push(compare(&table, &pairs, context));
    }
    steps.extend(spares(component, context));
    steps.push(exchange(lead, component, context));
    for (table, pairs) in component.tables() {
        steps.extend(stop::steps(&table, &pairs, component, context));
    }
    steps.extend(old_types(component));
    Ok(steps)
}

/// The new enums, under names of ours.
fn new_types(component: &Component<'_>, context: &Context<'_>) -> Vec<Step> {
    let steps = component.types.iter().filter_map(|(id, (temporary, _))| {
        let mut twin = (*id).clone();
        twin.path.pop();
        twin.path.push(temporary.raw().to_owned());
        let object = component.stage.base.get(&twin)?;
        let undo = Reversal::Run(vec![Action::Transaction(object.drop())]);
        let mut made = object.create();
        made.extend(at_birth_of(id, &twin, context.desired, context));
        let action = Action::Transaction(made);
        let mut step = Step::expand((*id).clone(), action, undo).described(
            "create type",
            format!("create the new {}", id.human()),
            "no statement removes or reorders the values of an enum",
        );
        let own = BTreeSet::from([(*id).clone()]);
        step.requires = direct::requires(context, &own);
        step.produces = direct::nodes([*id], MADE);
        Some(step)
    });
    steps.collect()
}

/// The old enums, once no column is of them.
fn old_types(component: &Component<'_>) -> Vec<Step> {
    let steps = component.types.iter().map(|(id, (_, retired))| {
        let name = Qualified {
            schema: Ident::new(id.path.first().map_or("", String::as_str)),
            name: retired.clone(),
        };
        let undo = Undo::Irreversible {
            why: "the columns of the old type are gone".to_owned(),
        };
        let action = Action::Transaction(vec![sql!("DROP TYPE {}", name)]);
        let mut step = Step::contract((*id).clone(), action, undo).described(
            "drop type",
            format!("drop the old {}", id.human()),
            "",
        );
        step.requires = component.nodes(RETIRED);
        step
    });
    steps.collect()
}

/// Where `need`, by its name before the swap, has its rows: of a new column, once they are filled.
pub(super) fn filled(need: &ObjectId, context: &Context<'_>) -> Node {
    let replacements = context.replacements;
    let new = |r: &&Replacement| temporary_id(r) == *need;
    let mut columns = replacements.columns.values();
    if let Some(replacement) = columns.find(new) {
        return (replacement.column.clone(), FILLED);
    }
    let mut types = replacements.types.iter();
    let of_type = types.find(|(id, (temporary, _))| {
        id.kind == need.kind
            && id.path.first() == need.path.first()
            && need.path.last().is_some_and(|name| name == temporary.raw())
    });
    match of_type {
        Some((id, _)) => (id.clone(), MADE),
        None => (need.clone(), Era::After),
    }
}

/// What an old view hangs on after the swap: of a column whose place was taken, the old one.
pub(super) fn swapped(need: ObjectId, context: &Context<'_>) -> Node {
    // The old type stands under a name of ours until the old columns are dropped.
    if context.replacements.types.contains_key(&need) {
        return (need, SWAPPED);
    }
    let mut columns = context.replacements.columns.values();
    let mut origins = context
        .live
        .get(&need)
        .map(|o| o.follows())
        .unwrap_or_default();
    origins.push(need.clone());
    let taken = columns.find(|r| !r.is_renamed() && origins.contains(&r.old));
    match taken {
        Some(replacement) => (replacement.column.clone(), SWAPPED),
        None => (need, Era::Before),
    }
}

/// What the new column of `replacement` is called until the swap.
fn temporary_id(replacement: &Replacement) -> ObjectId {
    let mut id = replacement.column.clone();
    id.path.pop();
    id.path.push(replacement.temporary.raw().to_owned());
    id
}

fn table_id(table: &Qualified) -> ObjectId {
    ObjectId::new(KindTag::Table, [table.schema.raw(), table.name.raw()])
}

/// What a step about `columns` is about.
fn lead(table: &Qualified, columns: &[&ObjectId]) -> ObjectId {
    let first = columns.first();
    first.map_or_else(|| table_id(table), |c| (*c).clone())
}

fn function_name(table: Qualified) -> Qualified {
    let name = temporary_name(&table_id(&table), "sync");
    Qualified {
        schema: table.schema,
        name: Ident::new(name),
    }
}

fn trigger_name(table: &Qualified) -> Ident {
    Ident::new(last_name(&table_id(table), "sync"))
}

fn named(pairs: &[&Pair<'_>]) -> String {
    let names: Vec<String> = pairs.iter().map(|p| p.new.name.to_string()).collect();
    names.join(", ")
}

/// The new columns and the trigger.
fn add(table: &Qualified, pairs: &[&Pair<'_>], context: &Context<'_>) -> Result<Step, Refusal> {
    let trigger = trigger_name(table);
    let behind = sync::behind(&table_id(table), &trigger, context);
    if let (Some(behind), Some(pair)) = (behind, pairs.first()) {
        return Err(Refusal {
            object: pair.replacement.column.clone(),
            why: format!(
                "{} fires after the trigger that keeps the old and the new column alike, and could \
                 change one side alone",
                behind.human()
            ),
            help: "rename that trigger so that its name sorts before ~".to_owned(),
        });
    }
    let function = function_name(table.clone());
    let blocks: Vec<Sql> = pairs.iter().map(|p| p.both_ways(&p.old.name)).collect();
    let mut there = Vec::new();
    let mut back = vec![
        sql!("DROP TRIGGER {} ON {}", trigger, table),
        sql!("DROP FUNCTION {}()", function),
    ];
    for pair in pairs {
        let bare = Column {
            name: pair.replacement.temporary.clone(),
            data_type: pair.replacement.new_type.clone(),
            ..twins::bare(pair.new)
        };
        there.extend(bare.create());
        there.extend(twins::stored_below(pair, context));
        back.extend(Kind::drop(&bare));
    }
    let aside: Vec<_> = pairs
        .iter()
        .filter_map(|p| numbers::stepped_aside(p, context))
        .collect();
    for sequence in &aside {
        let (rename, rename_back) = numbers::aside(sequence);
        there.push(rename);
        back.push(rename_back);
    }
    there.extend(swap::same_grants(pairs, context));
    there.push(sync::function_of(&function, pairs, &blocks));
    there.push(sql!(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
        trigger,
        table,
        function
    ));
    there.extend(super::replication::always(table, &trigger, context));
    let columns: Vec<&ObjectId> = pairs.iter().map(|p| &p.replacement.column).collect();
    let first = lead(table, &columns);
    let why = pairs.first().map_or("", |p| p.replacement.why.as_str());
    let mut step = Step::expand(
        first,
        Action::Transaction(there),
        Reversal::Run(vec![Action::Transaction(back)]),
    )
    .described(
        "add column",
        format!(
            "add the new {} to {table}, kept like the old by a trigger",
            named(pairs)
        ),
        why,
    );
    step.hazards
        .extend(add_column::row_functions(&table_id(table), context));
    for pair in pairs {
        step.checks
            .extend(checks::column(pair.old, pair.new, context));
        step.hazards.extend(pair.new.hazards(Verb::Create));
        if pair.replacement.is_renamed() {
            step.hazards.extend(skipped_triggers(pair, context));
            step.hazards.extend(pair.narrower());
            step.hazards.extend(pair.null_is_default());
        }
        if pair.replacement.partial {
            step.hazards.push(Hazard::declared(
                HazardKind::RejectsWrites,
                format!(
                    "from here on {table} rejects values of {} that are no {}",
                    pair.old.name, pair.new.data_type
                ),
            ));
        }
        let own = BTreeSet::from([pair.replacement.column.clone()]);
        step.requires.extend(direct::requires(context, &own));
        if let Some(sequence) = numbers::own(pair, context) {
            // Its default comes with the swap.
            step.requires.remove(&(sequence, Era::After));
        }
        if let Some(of_type) = &pair.replacement.of_type {
            // The new type is there under a name of ours; the one of its own name comes with the swap.
            step.requires.remove(&(of_type.clone(), Era::After));
            step.requires.insert((of_type.clone(), MADE));
        }
    }
    for pair in pairs.iter().filter(|_| !aside.is_empty()) {
        step.frees.extend(pair.old.names());
    }
    step.produces = direct::nodes(columns, MADE);
    // A column of a name of its own is the wanted one already: grants and comments on it come after this.
    let renamed = pairs.iter().filter(|pair| pair.replacement.is_renamed());
    let renamed = renamed.map(|pair| &pair.replacement.column);
    step.produces.extend(direct::nodes(renamed, Era::After));
    Ok(step)
}

/// Triggers on an UPDATE of the old column do not fire for a write through the new name.
fn skipped_triggers(pair: &Pair<'_>, context: &Context<'_>) -> Vec<Hazard> {
    let triggers = context.live.objects.values().filter(|object| {
        matches!(object, Object::Trigger(_))
            && context
                .live
                .requires(&object.id())
                .any(|need| *need == pair.replacement.old)
    });
    triggers
        .map(|trigger| {
            Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "{} names {}: it does not fire for an UPDATE of {}",
                    trigger.id().human(),
                    pair.old.name,
                    pair.new.name
                ),
            )
        })
        .collect()
}

/// The twins, by the strategies for indexes and constraints.
fn build(component: &Component<'_>, context: &Context<'_>) -> Result<Vec<Step>, Refusal> {
    let lead = component
        .columns
        .first()
        .map(|p| p.replacement.column.clone());
    let mut steps = component.stage.steps(context).map_err(|refusal| Refusal {
        object: lead.unwrap_or(refusal.object),
        ..refusal
    })?;
    let names: Vec<(String, String)> = component
        .pairs
        .iter()
        .flat_map(|(id, twin)| {
            let index = ObjectId::new(
                KindTag::Index,
                twin.path
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| *i != 1 || twin.path.len() == 2)
                    .map(|(_, p)| p.clone()),
            );
            [
                (twin.human(), format!("the new {}", id.human())),
                (
                    index.human(),
                    format!("the index of the new {}", id.human()),
                ),
            ]
        })
        .chain(component.columns.iter().map(|p| {
            let twin = temporary_id(p.replacement);
            (
                twin.human(),
                format!("the new {}", p.replacement.column.human()),
            )
        }))
        .collect();
    for step in &mut steps {
        for (twin, plain) in &names {
            step.title = step.title.replace(twin.as_str(), plain);
        }
        step.lift(Phase::Migrate);
        // What they reject, the old column rejects already; the trigger fills the new one.
        let stays =
            |h: &Hazard| h.kind != HazardKind::RejectsWrites || h.text.ends_with(AT_EVERY_ROW);
        step.hazards.retain(stays);
        step.checks.clear();
        step.requires.extend(component.nodes(FILLED));
        // Where a partition leaves, the new index would be INVALID with it, and stay so.
        let target = &component.stage.target;
        let whole = match target.get(&step.object) {
            Some(Object::IndexAttachment(part)) => target.get(&part.parent.id()),
            other => other,
        };
        if let Some(table) = whole.and_then(table_of_index) {
            step.after.extend(leaving_below(table, context));
        }
    }
    Ok(steps)
}

/// The indexes that a primary key has after going back.
fn spares(component: &Component<'_>, context: &Context<'_>) -> Vec<Step> {
    let spares = swap::spares(component, context);
    let steps = spares.into_iter().map(|index| {
        let action = super::index::build(&index, &index.name);
        // Going back over the swap has made the key of it.
        let gone = match unbuild(&index, &index.name) {
            Action::Outside { done, clean, .. } => Action::Outside {
                statement: sql!("DROP INDEX CONCURRENTLY IF EXISTS {}", index.qualified()),
                done: Probe(done.0),
                clean,
            },
            action => action,
        };
        let object = Object::Index(index.clone()).id();
        let mut step = Step::contract(object.clone(), action, Undo::Run(vec![gone])).described(
            "create index",
            format!(
                "build a spare index for the primary key of {}",
                index.table_name()
            ),
            "the swap drops the key's own; with it, going back builds nothing under the lock",
        );
        step.hazards.push(not_transactional());
        step.tables = vec![index.table_name()];
        step.requires = component.nodes(READY);
        step.produces = direct::nodes([&object], MADE);
        step
    });
    steps.collect()
}

fn exchange(id: &ObjectId, component: &Component<'_>, context: &Context<'_>) -> Step {
    let swap = swap::swap(component, context);
    let columns: Vec<String> = component
        .columns
        .iter()
        .map(|p| format!("{}.{}", p.new.table_name(), p.new.name))
        .collect();
    let step = Step::contract(
        id.clone(),
        Action::Transaction(swap.there),
        Undo::Run(swap.back),
    );
    let retyped: Vec<&Pair<'_>> = component
        .columns
        .iter()
        .filter(|p| !p.replacement.is_renamed())
        .collect();
    let mut step = if retyped.is_empty() {
        step.described(
            "hand over",
            format!(
                "hand over to the new {} what hangs on the old",
                columns.join(", ")
            ),
            "indexes and constraints take their names, views read the new column; both columns \
             go on working",
        )
    } else {
        step.described(
            "swap column",
            format!("put the new {} in the place of the old", columns.join(", ")),
            "names change and nothing is read: the new application works from here on, the old one \
             as long as its queries take the new type",
        )
    };
    step.hazards.extend(retyped.iter().map(|pair| {
        Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "prepared statements that return {0}.{1} fail (0A000) until they are prepared again; \
                 the order of columns changes: SELECT *, COPY and INSERT without a column list",
                pair.new.table_name(),
                pair.new.name
            ),
        )
    }));
    step.hazards
        .extend(retyped.iter().filter_map(|p| p.narrower()));
    step.back_checks = swap.back_checks;
    step.hazards.extend(bodies::hazard(component, context));
    step.hazards.extend(swap::lost_grants(component, context));
    let retyped: Vec<&ObjectId> = retyped.iter().map(|p| &p.replacement.column).collect();
    // The columns of partitions go along.
    let following = component::followers(retyped.iter().copied(), context);
    let own: BTreeSet<ObjectId> = retyped
        .iter()
        .copied()
        .chain(component.pairs.iter().map(|(pair, _)| *pair))
        .chain(component.types.iter().map(|(id, _)| *id))
        .cloned()
        .collect();
    step.requires = component.nodes(COMPARED);
    let sequences = component
        .columns
        .iter()
        .filter_map(|p| numbers::own(p, context));
    let sequences: Vec<ObjectId> = sequences.collect();
    step.requires.extend(direct::nodes(&sequences, Era::After));
    let spares = swap::spares(component, context);
    let spares: Vec<ObjectId> = spares.into_iter().map(|i| Object::Index(i).id()).collect();
    step.requires.extend(direct::nodes(&spares, MADE));
    let types = component.types.iter().map(|(id, _)| *id);
    step.disturbs = direct::nodes(
        retyped.into_iter().chain(&following).chain(types),
        Era::Before,
    );
    step.after.extend(swap::unsaid(component, context));
    step.releases = direct::releases(context, &own);
    for later in stop::of_old_pairs(component, context) {
        step.releases.remove(&later);
    }
    // What is of a partition that leaves went with it; a copied table has a foreign key of its own.
    step.releases.retain(|(id, _)| {
        context.live.keeps_its_parent(context.desired, id) && !context.copies.covers(id)
    });
    step.produces = direct::nodes(own.iter().chain(&following), Era::After);
    step.produces.extend(component.nodes(SWAPPED));
    let rewritten = bodies::functions(component, context);
    let rewritten: Vec<ObjectId> = rewritten.into_iter().map(Object::id).collect();
    step.produces.extend(direct::nodes(&rewritten, SWAPPED));
    (step.frees, step.takes) = component.names(context);
    step.together = context.changes.together.get(id).copied();
    step
}
