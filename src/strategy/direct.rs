//! Change: everything that no strategy claims.
//!
//! Why: the plain statement is safe already, or there is no other way; the rehearsal measures
//! which, and its hazards say it.
//! Steps: one, or two in one transaction where an object is dropped and created again.
//! Undo: the statement of the other direction; a drop that loses data has none.

use super::{Context, Refusal, Strategy};
use crate::catalog::Catalog;
use crate::diff::absorb::inline_children;
use crate::diff::{AttributeChange, Change};
use crate::kinds::{Alter, Hazard, HazardKind, KindTag, Object, ObjectId, Verb};
use crate::pg::Sql;
use crate::pg::sql::Deparsed;
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
        Ok(match change {
            Change::Create { new } => vec![create(new, context, Phase::Expand)],
            Change::Drop { old } => drop(old, context).into_iter().collect(),
            Change::Alter {
                old,
                new,
                attributes,
            } => alter(id, old, new, attributes, context),
            Change::Replace { old, new, why } => replace(id, old, new, why, context),
        })
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

/// What is created together with `id` because it follows or stands inside it.
fn with_absorbed(context: &Context<'_>, id: &ObjectId, drops: bool) -> BTreeSet<ObjectId> {
    let mut all = one(id);
    loop {
        let more: Vec<ObjectId> = context
            .changes
            .absorbed
            .iter()
            .filter(|(child, whole)| {
                all.contains(*whole)
                    && !all.contains(*child)
                    && drops == context.changes.drops(child)
            })
            .map(|(child, _)| child.clone())
            .collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
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
    let action = Action::Transaction(bundle.statements);
    let undo = Reversal::Run(vec![Action::Transaction(new.drop())]);
    let step = match phase {
        Phase::Expand => Step::expand(id.clone(), action, undo),
        Phase::Migrate => Step::migrate(id.clone(), action, undo),
        Phase::Contract => Step::contract(id.clone(), action, undo.into()),
    };
    let mut step = step.described(create_word(label), format!("create {}", id.human()), why);
    if on.is_some_and(|t| context.live.objects.contains_key(&t)) || id.kind != KindTag::Column {
        step.hazards = new.hazards(Verb::Create);
    }
    step.requires = requires(context, &produced);
    for product in &produced {
        if let Some(object) = context.desired.get(product) {
            step.takes.extend(object.names());
        }
    }
    step.produces = nodes(&produced, Era::After);
    step
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
        "type" => "create type",
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
    let statements = old.drop();
    if statements.is_empty() {
        return None;
    }
    let destroyed = with_absorbed(context, &id, true);
    let undo = match old.irreversible_drop() {
        Some(why) => Undo::Irreversible {
            why: why.to_owned(),
        },
        None => Undo::Run(vec![Action::Transaction(recreate(
            context, &destroyed, old,
        ))]),
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
    step.releases = releases(context, &destroyed);
    step.frees = names(context.live, &destroyed);
    step.destroys = nodes(&destroyed, Era::Before);
    Some(step)
}

fn names<S>(catalog: &Catalog<S>, ids: &BTreeSet<ObjectId>) -> BTreeSet<crate::kinds::Name> {
    ids.iter()
        .filter_map(|id| catalog.get(id))
        .flat_map(Object::names)
        .collect()
}

/// The object and the parts that fell with it, parents first.
fn recreate(context: &Context<'_>, destroyed: &BTreeSet<ObjectId>, old: &Object) -> Vec<Sql> {
    let mut statements = old.create();
    let parts = destroyed
        .iter()
        .filter(|d| **d != old.id())
        .filter_map(|d| context.live.get(d));
    // What an inherited one follows brings it back.
    let parts = parts.filter(|p| !p.follows().iter().any(|f| destroyed.contains(f)));
    statements.extend(parts.flat_map(Object::create));
    statements
}

/// Changes in place, one step an object; attributes that validate come in migrate.
pub(super) fn alter(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Vec<Step> {
    let mut there: Vec<Sql> = Vec::new();
    let mut back: Vec<Sql> = Vec::new();
    let mut irreversible = None;
    let mut disturbs = false;
    let mut after_drops = false;
    let names: Vec<&str> = attributes.iter().map(AttributeChange::name).collect();
    for attribute in attributes {
        let statements = match &attribute.alter {
            Alter::InPlace(s) => s,
            Alter::AfterDrops(s) => {
                after_drops = true;
                s
            }
            Alter::Disturbing(s) => {
                disturbs = true;
                s
            }
            Alter::Replace { .. } | Alter::Impossible { .. } => continue,
        };
        add_new(&mut there, statements);
        match old.alter(new, attribute.name()) {
            Alter::InPlace(s) | Alter::AfterDrops(s) | Alter::Disturbing(s) => {
                add_new(&mut back, &s);
            }
            Alter::Replace { why } | Alter::Impossible { why } => irreversible = Some(why),
        }
    }
    if there.is_empty() {
        return Vec::new();
    }
    if let Some(expression) = context.conversions.get(id) {
        there = there.into_iter().map(|s| using(s, expression)).collect();
    }
    let undo = match (new.undo_leaves(), irreversible) {
        (Some(why), _) => Undo::Leave {
            what: id.clone(),
            why: why.to_owned(),
        },
        (None, None) => Undo::Run(vec![Action::Transaction(back)]),
        (None, Some(_)) if old.irreversible_drop().is_none() => {
            let mut statements = new.drop();
            statements.extend(old.create());
            Undo::Run(vec![Action::Transaction(statements)])
        }
        (None, Some(why)) => Undo::Irreversible {
            why: why.to_owned(),
        },
    };
    let phase = match &undo {
        Undo::Irreversible { .. } => Phase::Contract,
        _ if disturbs => Phase::Contract,
        _ => Phase::Expand,
    };
    let action = Action::Transaction(there);
    let step = match (phase, undo) {
        (Phase::Expand, Undo::Run(actions)) => {
            Step::expand(id.clone(), action, Reversal::Run(actions))
        }
        (Phase::Expand, Undo::Leave { what, why }) => {
            Step::expand(id.clone(), action, Reversal::Leave { what, why })
        }
        (_, undo) => Step::contract(id.clone(), action, undo),
    };
    let title = format!("change {}: {}", id.human(), names.join(", "));
    let mut step = step.described("alter", title, "");
    if disturbs {
        step.hazards.push(Hazard::declared(
            HazardKind::BreaksQueries,
            "prepared statements that return it fail (0A000) until they are prepared again",
        ));
    }
    let own = one(id);
    step.requires = requires(context, &own);
    step.releases = releases(context, &own);
    step.produces = nodes(&own, Era::After);
    if disturbs || after_drops {
        step.disturbs = nodes(&own, Era::Before);
    }
    step.together = context.changes.together.get(id).copied();
    vec![step]
}

fn add_new(statements: &mut Vec<Sql>, more: &[Sql]) {
    for sql in more {
        if !statements.contains(sql) {
            statements.push(sql.clone());
        }
    }
}

fn using(statement: Sql, expression: &str) -> Sql {
    // The one statement of a column's change that a conversion belongs to.
    if statement.as_str().contains(" TYPE ") {
        sql!("{} USING {}", statement, Deparsed(expression))
    } else {
        statement
    }
}

pub(super) fn replace(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    why: &str,
    context: &Context<'_>,
) -> Vec<Step> {
    let own = one(id);
    let together = context.changes.together.get(id).copied();
    let mut steps = Vec::new();
    let fallen = old.falls_with().iter().any(|whole| {
        matches!(
            context.changes.changes.get(whole),
            Some(Change::Replace { .. } | Change::Drop { .. })
        )
    });
    let statements = if fallen { Vec::new() } else { old.drop() };
    let data = old.irreversible_drop().map(str::to_owned);
    let undo = |actions: Vec<Sql>| match &data {
        Some(why) => Undo::Irreversible { why: why.clone() },
        None => Undo::Run(vec![Action::Transaction(actions)]),
    };
    let back = if fallen { Vec::new() } else { old.create() };
    let mut down = Step::contract(id.clone(), Action::Transaction(statements), undo(back))
        .described(
            drop_word(id.kind.label()),
            format!("replace {}", id.human()),
            why,
        );
    if data.is_some() {
        down.hazards = old.hazards(Verb::Drop);
    }
    down.releases = releases(context, &own);
    down.destroys = nodes(&own, Era::Before);
    down.frees = names(context.live, &own);
    down.together = together;
    steps.push(down);
    let forth = if fallen && data.is_none() {
        Vec::new()
    } else {
        new.drop()
    };
    let mut up = Step::contract(id.clone(), Action::Transaction(new.create()), undo(forth))
        .described("recreate", format!("replace {}", id.human()), why);
    up.requires = requires(context, &own);
    up.produces = nodes(&own, Era::After);
    up.takes = names(context.desired, &own);
    up.together = together;
    steps.push(up);
    steps
}

/// The steps of what stays, but steps aside: down before, up after.
pub(super) fn around(context: &Context<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for around in &context.changes.around {
        let own = one(&around.object);
        let together = context.changes.together.get(&around.object).copied();
        let why = format!("{} is in its way", around.of.human());
        let title = format!("change {} and back", around.object.human());
        let mut down = Step::contract(
            around.object.clone(),
            Action::Transaction(around.down.clone()),
            Undo::Run(vec![Action::Transaction(around.up.clone())]),
        )
        .described("step aside", title.clone(), why.clone());
        down.strategy = "direct";
        down.releases = nodes([&around.of], Era::Before);
        down.disturbs = nodes(&own, Era::Before);
        down.together = together;
        let mut up = Step::contract(
            around.object.clone(),
            Action::Transaction(around.up.clone()),
            Undo::Run(vec![Action::Transaction(around.down.clone())]),
        )
        .described("step back", title, why);
        up.strategy = "direct";
        up.requires = nodes([&around.of], Era::After);
        up.produces = nodes(&own, Era::After);
        up.together = together;
        steps.extend([down, up]);
    }
    steps
}
