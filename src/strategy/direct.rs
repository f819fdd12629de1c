//! Change: everything that no strategy claims.
//!
//! Why: the plain statement is safe already, or there is no other way; the rehearsal measures
//! which, and its hazards say it.
//! Steps: one, or two in one transaction where an object is dropped and created again.
//! Undo: the statement of the other direction; a drop that loses data has none.

mod alter;
mod comments;
pub(super) mod fallen;
pub(super) mod inheritance;
mod inherited;
mod logged;
mod publication;
mod retyped;
mod stored;

pub(super) use alter::alter;
pub use alter::using;

use super::grant::at_birth;
use super::{Context, Refusal, Strategy, add_column, checks, owner};
use crate::catalog::Catalog;
use crate::diff::Change;
use crate::diff::absorb::inline_children;
use crate::diff::split::Direction;
use crate::kinds::{Column, Hazard, HazardKind, KindTag, Object, ObjectId, Verb};
use crate::pg::Sql;
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Direct;

impl Strategy for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn claims(&self, _: &ObjectId, _: &Change, _: &Context<'_>) -> bool {
        true
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let refusal = stored::refusal(id, change, context);
        if let Some(refusal) = refusal.or_else(|| inherited::refusal(id, change, context)) {
            return Err(refusal);
        }
        let mut steps = match change {
            Change::Create { new } => vec![create(new, context, Phase::Expand)],
            Change::Drop { old } => drop(old, context).into_iter().collect(),
            Change::Alter {
                old,
                new,
                attributes,
            } => alter(id, old, new, attributes, context),
            Change::Replace { old, new, why } => replace(id, old, new, why, context),
        };
        // What is taken down first does not look at rows.
        if let Some(step) = steps.last_mut() {
            step.checks.extend(checks::of(id, change, context));
        }
        Ok(steps)
    }
}

pub(super) fn nodes<'a>(ids: impl IntoIterator<Item = &'a ObjectId>, era: Era) -> BTreeSet<Node> {
    ids.into_iter().map(|id| (id.clone(), era)).collect()
}

fn needs<S>(catalog: &Catalog<S>, ids: &BTreeSet<ObjectId>, era: Era) -> BTreeSet<Node> {
    let needed = ids
        .iter()
        .flat_map(|id| catalog.requires(id))
        .filter(|n| !ids.contains(n));
    nodes(needed, era)
}

/// What `produced` needs, as nodes after the change.
pub(super) fn requires(context: &Context<'_>, produced: &BTreeSet<ObjectId>) -> BTreeSet<Node> {
    needs(context.desired, produced, Era::After)
}

/// What `destroyed` hung on, as nodes before the change.
pub(super) fn releases(context: &Context<'_>, destroyed: &BTreeSet<ObjectId>) -> BTreeSet<Node> {
    needs(context.live, destroyed, Era::Before)
}

fn one(id: &ObjectId) -> BTreeSet<ObjectId> {
    BTreeSet::from([id.clone()])
}

/// What is created or dropped together with `id` because it follows or stands inside it.
pub(super) fn with_absorbed(
    context: &Context<'_>,
    id: &ObjectId,
    drops: bool,
) -> BTreeSet<ObjectId> {
    let mut all = one(id);
    let mut queue = vec![id.clone()];
    while let Some(whole) = queue.pop() {
        for part in context.changes.absorbs.get(&whole).into_iter().flatten() {
            if drops == context.changes.drops(part) && all.insert(part.clone()) {
                queue.push(part.clone());
            }
        }
    }
    all
}

pub(super) fn create(new: &Object, context: &Context<'_>, phase: Phase) -> Step {
    let id = new.id();
    let children = inline_children(context.desired, context.changes, &id);
    let bundle = new.create_with(&children);
    let produced = with_absorbed(context, &id, false);
    let label = id.kind.label();
    let on = new.parent().filter(|p| p.kind == KindTag::Table);
    let why = match &on {
        _ if on.is_none() => String::new(),
        Some(table) => context.plain_because(table).unwrap_or_default(),
        None => String::new(),
    };
    let mut statements = match new {
        Object::SequenceOwner(of) if context.live.get(&of.table()).is_some() => {
            owner::made(new, context.live, context)
        }
        Object::SequenceOwner(_) => owner::made(new, context.desired, context),
        _ => bundle.statements,
    };
    statements.extend(at_birth(&id, context.desired, context));
    let parts = produced
        .iter()
        .filter(|part| **part != id && part.kind == KindTag::Column);
    statements.extend(parts.flat_map(|part| at_birth(part, context.desired, context)));
    if let Object::Sequence(sequence) = new {
        statements.extend(super::identity::behind_the_rows(sequence, context));
    }
    let action = Action::Transaction(statements);
    let back = if goes_with_its_parent(new, context) {
        drop_part(new)
    } else if is_part_of_one_making(new, context) {
        Vec::new()
    } else {
        new.drop()
    };
    let undo = Reversal::Run(vec![Action::Transaction(back)]);
    let step = match phase {
        Phase::Expand => Step::expand(id.clone(), action, undo),
        Phase::Migrate => Step::migrate(id.clone(), action, undo),
        Phase::Contract => Step::contract(id.clone(), action, undo.into()),
    };
    let mut step = step.described(create_word(label), format!("create {}", id.human()), why);
    if on
        .as_ref()
        .is_some_and(|t| context.live.objects.contains_key(t))
        || id.kind != KindTag::Column
    {
        step.hazards = new.hazards(Verb::Create);
    }
    if let (Object::Column(_), Some(table)) = (new, &on) {
        step.hazards
            .extend(add_column::row_functions(table, context));
    }
    step.requires = requires(context, &produced);
    if matches!(new, Object::Table(table) if !table.inherits.is_empty()) {
        // What it inherits it gets as it is then.
        let parts = produced.iter().filter_map(|part| context.desired.get(part));
        let parts = parts.filter(|part| !inherited::comes_later(part));
        let above: BTreeSet<ObjectId> = parts.flat_map(Object::follows).collect();
        let above = above.iter().filter(|above| !produced.contains(*above));
        step.requires.extend(nodes(above, Era::After));
    }
    step.requires
        .extend(nodes(&inherited::takers(&id, context), Era::After));
    for product in &produced {
        if let Some(object) = context.desired.get(product) {
            step.takes.extend(object.names());
        }
    }
    step.produces = nodes(&produced, Era::After);
    step.after = fallen::givers(&id, context);
    if new.made_with_its_parts() || is_part_of_one_making(new, context) {
        step.together = context.changes.together.get(&id).copied();
    }
    publication::exclude(&mut step, new, context);
    step
}

/// An index attached to one that this plan makes too is dropped with that one; alone only while it is not
/// attached ([`drop_part`]).
pub(super) fn goes_with_its_parent(new: &Object, context: &Context<'_>) -> bool {
    new.falls_with().iter().any(|whole| {
        matches!(whole.kind, KindTag::Index | KindTag::Constraint) && comes(whole, context)
    })
}

/// Whether it is made in one transaction with something that this plan makes, whose drop takes it along.
fn is_part_of_one_making(new: &Object, context: &Context<'_>) -> bool {
    new.falls_with().iter().any(|whole| {
        let at_once = context.desired.get(whole);
        let made = context.changes.creates(whole) || context.changes.replaces(whole);
        made && at_once.is_some_and(Object::made_with_its_parts)
    })
}

/// Whether this plan makes the index or key of a partitioned table: a key that is made anew lets go of its parts.
pub(super) fn comes(whole: &ObjectId, context: &Context<'_>) -> bool {
    let again = whole.kind == KindTag::Constraint && context.changes.replaces(whole);
    again || context.changes.creates(whole)
}

/// Drops an index or key that has perhaps gone with what it was attached to.
pub(super) fn drop_part(part: &Object) -> Vec<Sql> {
    match part {
        Object::Index(index) => vec![sql!("DROP INDEX IF EXISTS {}", index.qualified())],
        Object::Constraint(key) if key.attached_to.is_some() => vec![sql!(
            "ALTER TABLE {} DROP CONSTRAINT IF EXISTS {}",
            key.table_name(),
            key.name
        )],
        _ => Vec::new(),
    }
}

/// `create table` and its kin, as constant text.
fn create_word(label: &'static str) -> &'static str {
    match label {
        "table" => "create table",
        "column" => "add column",
        "index" => "create index",
        "constraint" => "add constraint",
        "view" => "create view",
        "function" => "create function",
        "trigger" => "create trigger",
        "sequence" => "create sequence",
        "schema" => "create schema",
        "extension" => "create extension",
        "comment on" => "comment",
        "domain" => "create domain",
        "type" | "base type" => "create type",
        "attachment of partition" => "attach partition",
        "attachment of index" => "attach index",
        _ => "create",
    }
}

fn drop_word(label: &'static str) -> &'static str {
    match label {
        "table" => "drop table",
        "column" => "drop column",
        "index" => "drop index",
        "constraint" => "drop constraint",
        "view" => "drop view",
        "function" => "drop function",
        "trigger" => "drop trigger",
        "comment on" => "remove comment",
        "attachment of partition" => "detach partition",
        _ => "drop",
    }
}

pub(super) fn drop(old: &Object, context: &Context<'_>) -> Option<Step> {
    let id = old.id();
    if super::replace::falls_with_column(old, context).is_some() {
        return None;
    }
    if matches!(old, Object::Comment(comment) if comments::falls(comment, context)) {
        return None;
    }
    let statements = old.drop();
    if statements.is_empty() {
        return None;
    }
    let mut gone = with_absorbed(context, &id, true);
    if old.made_with_its_parts() {
        // What is made anew without it lets go first, too.
        gone.extend(fallen::parts(context, &id));
    }
    let moved = moved_to(old, context).map(ObjectId::human);
    let undo = match old.irreversible_drop() {
        Some(why) => Undo::Irreversible {
            why: match &moved {
                Some(to) => format!("{to} has its values: nothing writes them back from there"),
                None => why.to_owned(),
            },
        },
        None => {
            let mut back = recreate(context, &gone, old);
            // What falls with it and is made anew by steps of its own.
            let others = fallen::parts(context, &id).into_iter();
            let others = others.filter(|part| !gone.contains(part));
            back.extend(fallen::create(context, others));
            Undo::Run(vec![Action::Transaction(back)])
        }
    };
    let mut step = Step::contract(id.clone(), Action::Transaction(statements), undo).described(
        drop_word(id.kind.label()),
        format!("drop {}", id.human()),
        "",
    );
    step.hazards = old.hazards(Verb::Drop);
    let last_value = step.hazards.iter().any(|h| h.kind == HazardKind::DataLoss);
    if old.irreversible_drop().is_some() && last_value {
        step.hazards.push(Hazard::declared(
            HazardKind::Irreversible,
            "no rollback brings it back",
        ));
    }
    if moved.is_some() {
        step.hazards.retain(|h| h.kind != HazardKind::DataLoss);
    }
    if matches!(step.undo(), Undo::Run(_)) {
        step.back_checks = checks::of_making_again(old, context);
    }
    step.releases = releases(context, &gone);
    step.frees = names_of(context.live, &gone);
    step.destroys = nodes(&gone, Era::Before);
    Some(step)
}

/// Where the values of `old` are by the time it is dropped, if a hint moved them.
fn moved_to<'a>(old: &Object, context: &'a Context<'_>) -> Option<&'a ObjectId> {
    let id = old.id();
    let mut renamed = context.replacements.columns.values();
    if let Some(replacement) = renamed.find(|r| r.is_renamed() && r.old == id) {
        return Some(&replacement.column);
    }
    context
        .splits
        .iter()
        .find_map(|split| match (old, split.direction) {
            (Object::Column(column), Direction::Split) => (column.table_id() == split.wide
                && split.columns.contains(&column.name))
            .then_some(&split.narrow),
            (Object::Table(_), Direction::Merge) => {
                let goes_along = |column: &Column| {
                    split.columns.contains(&column.name)
                        || split.key.iter().any(|k| k.narrow == column.name)
                };
                let whole = context.live.objects.values().all(|object| match object {
                    Object::Column(column) => column.table_id() != id || goes_along(column),
                    _ => true,
                });
                (id == split.narrow && whole).then_some(&split.wide)
            }
            _ => None,
        })
}

pub(super) fn names_of<S>(
    catalog: &Catalog<S>,
    ids: &BTreeSet<ObjectId>,
) -> BTreeSet<crate::kinds::Name> {
    ids.iter()
        .filter_map(|id| catalog.get(id))
        .flat_map(Object::names)
        .collect()
}

/// The object and the parts that fell with it, parents first.
fn recreate(context: &Context<'_>, destroyed: &BTreeSet<ObjectId>, old: &Object) -> Vec<Sql> {
    let mut statements = owner::made(old, context.live, context);
    let mut parts = destroyed.clone();
    parts.remove(&old.id());
    let parts = fallen::in_order(context, parts);
    let parts = parts.iter().filter_map(|d| context.live.get(d));
    // What an inherited one follows brings it back.
    let parts = parts.filter(|p| !p.follows().iter().any(|f| destroyed.contains(f)));
    // INHERITS has brought what the table does not declare itself.
    let inherits = matches!(old, Object::Table(table) if !table.inherits.is_empty());
    let parts = parts.filter(|part| match part {
        Object::Column(column) => !inherits || column.local,
        Object::Constraint(constraint) => !inherits || constraint.local,
        _ => true,
    });
    statements.extend(parts.flat_map(|part| owner::made(part, context.live, context)));
    statements.extend(owner::again(&old.id(), &old.id(), context));
    statements.extend(at_birth(&old.id(), context.live, context));
    statements
}

pub(super) fn replace(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    why: &str,
    context: &Context<'_>,
) -> Vec<Step> {
    // With those that inherit it.
    let own = with_absorbed(context, id, false);
    let together = context.changes.together.get(id).copied();
    let mut steps = Vec::new();
    // What is of a partition that leaves falls with nothing of the tables above it.
    let table = old.parent();
    let stays = |table: &ObjectId| context.live.keeps_its_parent(context.desired, table);
    let left = table.as_ref().is_some_and(|table| !stays(table));
    let whole = old.falls_with().into_iter().find(|whole| {
        let falls = context.changes.replaces(whole) || context.changes.drops(whole);
        falls && (!left || table.as_ref() == Some(whole))
    });
    let data = old.irreversible_drop().map(str::to_owned);
    let undo = |actions: Vec<Sql>| match &data {
        Some(why) => Undo::Irreversible { why: why.clone() },
        None => Undo::Run(vec![Action::Transaction(actions)]),
    };
    if whole.is_none() {
        // Rolling back brings back what fell with it, too.
        let mut back = owner::made(old, context.live, context);
        back.extend(owner::again(id, id, context));
        back.extend(at_birth(id, context.live, context));
        back.extend(fallen::again(context, id));
        let mut down = Step::contract(id.clone(), Action::Transaction(old.drop()), undo(back))
            .described(
                drop_word(id.kind.label()),
                format!("replace {}", id.human()),
                why,
            );
        if data.is_some() {
            down.hazards = old.hazards(Verb::Drop);
        }
        let mut gone = own.clone();
        gone.extend(fallen::parts(context, id));
        down.releases = releases(context, &gone);
        // A partition that leaves takes its part of a trigger along.
        let of_own = |of: &ObjectId| of.path.get(..2) == id.path.get(..2);
        let is_trigger = id.kind == KindTag::Trigger;
        down.releases
            .retain(|(of, _)| !is_trigger || of_own(of) || stays(of));
        // What hangs on a part that falls with it lets go first.
        down.destroys = nodes(&gone, Era::Before);
        down.frees = names_of(context.live, &own);
        down.together = together;
        steps.push(down);
    }
    // What fell with another comes after it; a comment need not be in the same transaction.
    let apart = whole
        .as_ref()
        .is_some_and(|w| id.kind.describes() && context.changes.stands_alone(w));
    let together = if apart { None } else { together };
    // A step of its own may be the last that is taken back.
    // What fell with one that does not come again, and is attached to no other, is there by itself now.
    let again = |whole: &ObjectId| {
        context.changes.replaces(whole)
            || new.falls_with().contains(whole)
            || new.attached_to().is_some()
            || new.drop().is_empty()
    };
    let falls = whole.as_ref().is_some_and(again) && !apart && !new.falls_with().is_empty();
    let forth = if falls || is_part_of_one_making(new, context) {
        Vec::new()
    } else {
        new.drop()
    };
    let mut made = owner::made(new, context.live, context);
    made.extend(owner::again(id, id, context));
    made.extend(at_birth(id, context.desired, context));
    // The type is what such a transaction is about, and not its shell and functions.
    let is_part = is_part_of_one_making(new, context) && new.made_of().is_none();
    let operation = match is_part || new.made_with_its_parts() {
        true => "recreate along",
        false => "recreate",
    };
    let mut up = Step::contract(id.clone(), Action::Transaction(made), undo(forth)).described(
        operation,
        format!("replace {}", id.human()),
        why,
    );
    up.requires = requires(context, &own);
    up.produces = nodes(&own, Era::After);
    up.takes = names_of(context.desired, &own);
    up.after = stepped_aside_for(context, id);
    // What it fell with has its name until then.
    let dropped = whole.filter(|whole| context.changes.drops(whole));
    up.after.extend(nodes(&dropped, Era::Before));
    up.together = together;
    steps.push(up);
    steps
}

fn stepped_aside_for(context: &Context<'_>, id: &ObjectId) -> BTreeSet<Node> {
    let roots = context.changes.in_the_way.get(id);
    nodes(
        roots.into_iter().flatten().filter(|root| *root != id),
        Era::Before,
    )
}

/// Whether another column takes the place of `id`, or of one that it follows.
fn is_replaced(id: &ObjectId, context: &Context<'_>) -> bool {
    context.replacements.columns.contains_key(id)
        || context.live.get(id).is_some_and(|object| {
            let mut follows = object.follows().into_iter();
            follows.any(|above| is_replaced(&above, context))
        })
}

/// The steps of what stays, but steps aside: down before, up after.
pub(super) fn around(context: &Context<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for around in &context.changes.around {
        // A replaced column does not step aside: another takes its place.
        if context.replacements.types.contains_key(&around.of)
            && is_replaced(&around.object, context)
        {
            continue;
        }
        let follows = context.live.get(&around.object).map(Object::follows);
        let follows = follows.unwrap_or_default();
        let own = one(&around.object);
        let together = context.changes.together.get(&around.object).copied();
        let why = format!("{} is in its way", around.of.human());
        let title = format!("change {} and back", around.object.human());
        let mut down = Step::contract(
            around.object.clone(),
            Action::Transaction(around.down.clone()),
            Undo::Run(vec![Action::Transaction(around.back.clone())]),
        )
        .described("step aside", title.clone(), why.clone());
        down.strategy = "direct";
        down.releases = nodes(follows.iter().chain([&around.of]), Era::Before);
        down.disturbs = nodes(&own, Era::Before);
        down.together = together;
        let mut up = Step::contract(
            around.object.clone(),
            Action::Transaction(around.up.clone()),
            Undo::Run(vec![Action::Transaction(around.down_again.clone())]),
        )
        .described("step back", title, why);
        up.strategy = "direct";
        up.requires = requires(context, &own);
        up.requires
            .extend(nodes(follows.iter().chain([&around.of]), Era::After));
        up.after = nodes([&around.of], Era::Before);
        up.produces = nodes(&own, Era::After);
        up.together = together;
        steps.extend([down, up]);
    }
    steps
}
