//! An object that is changed in place.

use super::super::partition::states_again;
use super::super::{Context, checks, set_not_null};
use super::{
    comments, fallen, inheritance, inherited, logged, names_of, nodes, one, publication, releases,
    requires, retyped,
};
use crate::diff::AttributeChange;
use crate::kinds::{
    Alter, Column, ConstraintType, Hazard, HazardKind, KindTag, Object, ObjectId, differing,
};
use crate::pg::Sql;
use crate::pg::sql::Deparsed;
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Phase, Step, Undo};
use crate::sql;

/// The operation of a step that takes something away from an application that runs.
pub(in crate::strategy) const WITHDRAW: &str = "withdraw";

/// The same, where the new application has to come at this step.
pub(in crate::strategy) const TAKE_OVER: &str = "take over";

/// Changes in place, one step an object; but what gives a name or a need up and what takes one
/// are two where the identity changes, because the sequence of a serial goes or comes in between, and where
/// such a sequence, which the column owns, goes before the type changes or the NOT NULL goes.
pub(in crate::strategy) fn alter(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Vec<Step> {
    if let (Object::Table(old_table), Object::Table(new_table)) = (old, new)
        && attributes.iter().any(inheritance::is_inheritance)
    {
        let rest = attributes
            .iter()
            .filter(|a| !inheritance::is_inheritance(a));
        let rest: Vec<AttributeChange> = rest.cloned().collect();
        let mut steps = alter(id, old, new, &rest, context);
        steps.extend(inheritance::steps(id, old_table, new_table, context));
        return steps;
    }
    if let Some(steps) = inherited::default_of_retyped(id, old, new, attributes, context) {
        return steps;
    }
    let gains = |a: &AttributeChange| a.name() == "identity" && a.old.value.is_null();
    let loses = |a: &AttributeChange| a.name() == "identity" && a.new.value.is_null();
    let comes_later = attributes
        .iter()
        .any(|a| matches!(a.alter, Alter::Disturbing(_) | Alter::AfterDrops(_)));
    let alone = !context.changes.together.contains_key(id);
    if let (true, Some(steps)) = (alone, null_allowed(id, old, new, attributes, context)) {
        return steps;
    }
    // What this very plan brings takes nothing away.
    let is_new = !context.live.objects.contains_key(id);
    let taken = |a: &AttributeChange| !is_new && new.takes_away(old, a.name()).is_some();
    if !comes_later && alone && attributes.iter().any(taken) {
        return withdraw(id, old, new, attributes, context);
    }
    let replaced = comes_later.then(|| default_of_replaced(id, old, context));
    let with_default: Vec<AttributeChange>;
    let attributes = match replaced.flatten() {
        Some(default) => {
            let others = attributes.iter().filter(|a| a.name() != "default").cloned();
            with_default = others.chain([default]).collect();
            with_default.as_slice()
        }
        None => attributes,
    };
    let mut needs = context.live.requires(id);
    let goes = |need: &ObjectId| context.changes.drops(need) || context.changes.replaces(need);
    let lets_go = comes_later && needs.any(goes);
    let loses =
        |a: &AttributeChange| loses(a) || lets_go && a.name() == "default" && a.new.value.is_null();
    let first: Vec<AttributeChange> = if attributes.iter().any(gains) {
        attributes
            .iter()
            .filter(|a| a.name() == "default")
            .cloned()
            .collect()
    } else {
        attributes.iter().filter(|a| loses(a)).cloned().collect()
    };
    if first.is_empty() || first.len() == attributes.len() {
        return alter_at_once(id, old, new, attributes, context);
    }
    let mut rest: Vec<AttributeChange> = attributes
        .iter()
        .filter(|a| !first.iter().any(|f| f.name() == a.name()))
        .cloned()
        .collect();
    let number = context
        .changes
        .changes
        .keys()
        .position(|k| k == id)
        .unwrap_or(0);
    let together = context
        .changes
        .together
        .get(id)
        .copied()
        .unwrap_or(usize::MAX - number);
    let mut steps = alter_at_once(id, old, new, &first, context);
    for step in &mut steps {
        step.requires.clear();
        step.takes.clear();
        step.produces = nodes([id], Era::Temp(9));
        step.together = Some(together);
    }
    // The default of before comes back with its own step.
    let bare = match old {
        Object::Column(c) if lets_go && c.default().is_some() => Object::Column(Column {
            expression: None,
            ..c.clone()
        }),
        other => other.clone(),
    };
    if bare != *old {
        for change in &mut rest {
            change.alter = new.alter(&bare, change.name());
        }
    }
    for mut step in alter_at_once(id, &bare, new, &rest, context) {
        step.requires.extend(nodes([id], Era::Temp(9)));
        step.frees.clear();
        step.releases.clear();
        step.together = Some(together);
        steps.push(step);
    }
    steps
}

/// The drop of a default that uses what is dropped and made anew: that comes between it and the new type, whose step
/// gives the new default.
fn default_of_replaced(
    id: &ObjectId,
    old: &Object,
    context: &Context<'_>,
) -> Option<AttributeChange> {
    let Object::Column(column) = old else {
        return None;
    };
    column.default()?;
    let mut needs = context.live.requires(id);
    needs.find(|need| need.kind == KindTag::Function && context.changes.replaces(need))?;
    let bare = Object::Column(Column {
        expression: None,
        ..column.clone()
    });
    let changed = differing(old, &bare);
    let (a, b) = changed.into_iter().find(|(a, _)| a.name == "default")?;
    Some(AttributeChange {
        alter: bare.alter(old, b.name),
        old: a,
        new: b,
    })
}

/// DROP NOT NULL, a step of its own beside the other changes. Of all that hangs on a column, a primary key and an index
/// that is the replica identity alone are in its way, and nothing needs that a column may be null.
fn null_allowed(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Option<Vec<Step>> {
    let allows = |a: &AttributeChange| matches!(a.alter, Alter::AfterDrops(_));
    let (null, rest): (Vec<AttributeChange>, Vec<AttributeChange>) =
        attributes.iter().cloned().partition(allows);
    let loses = |a: &AttributeChange| a.name() == "identity" && a.new.value.is_null();
    let bound = |a: &AttributeChange| {
        a.name() == "identity" && !loses(a) || matches!(a.alter, Alter::Disturbing(_))
    };
    if null.is_empty() || rest.iter().any(bound) {
        return None;
    }
    let mut steps = match rest.is_empty() {
        true => Vec::new(),
        false => alter(id, old, new, &rest, context),
    };
    let follows = !steps.is_empty();
    // An identity is NOT NULL.
    let identity = rest.iter().any(loses);
    if identity {
        for step in &mut steps {
            step.produces.extend(nodes([id], Era::Temp(9)));
        }
    }
    let in_the_way = context.live.objects.iter().filter(|(_, object)| {
        let key = matches!(object, Object::Constraint(c) if c.constraint_type == ConstraintType::PrimaryKey);
        // From 18 on it has a comment, which goes with it.
        let said = object.described().is_some_and(|of| of.not_null.is_some());
        key || said || matches!(object, Object::ReplicaIdentity(_))
    });
    let in_the_way = in_the_way.filter(|(of, _)| context.live.requires(of).any(|need| need == id));
    let in_the_way: Vec<&ObjectId> = in_the_way.map(|(of, _)| of).collect();
    let after = nodes(in_the_way.iter().copied(), Era::Before);
    // Another index may take the place of the one that is in the way.
    let moves = |of: &&ObjectId| of.kind == KindTag::ReplicaIdentity;
    let moved = nodes(in_the_way.into_iter().filter(moves), Era::After);
    for mut step in alter_at_once(id, old, new, &null, context) {
        // It neither needs what the column needs now nor lets go of anything.
        step.requires.clear();
        step.releases.clear();
        if identity {
            step.requires.extend(nodes([id], Era::Temp(9)));
            step.lift(Phase::Contract);
        } else if follows {
            step.requires.extend(nodes([id], Era::After));
        }
        step.produces.clear();
        step.disturbs.clear();
        step.after.extend(after.iter().cloned());
        step.requires.extend(moved.iter().cloned());
        steps.push(step);
    }
    Some(steps)
}

/// What takes something away from the old application comes when that is gone, and the rest before.
fn withdraw(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Vec<Step> {
    let why = |a: &AttributeChange| new.takes_away(old, a.name());
    // What is computed until here has no default and takes no other constraint's place before.
    let computed = attributes.iter().any(|a| a.name() == "generated");
    let (later, now): (Vec<AttributeChange>, Vec<AttributeChange>) = attributes
        .iter()
        .cloned()
        .partition(|a| computed || why(a).is_some());
    let mut steps = match now.is_empty() {
        true => Vec::new(),
        false => alter(id, old, new, &now, context),
    };
    let own = one(id);
    let follows = !steps.is_empty();
    for mut step in alter_at_once(id, old, new, &later, context) {
        step.lift(Phase::Contract);
        step.operation = if computed { TAKE_OVER } else { WITHDRAW };
        step.why = later.iter().find_map(why).unwrap_or_default().to_owned();
        if follows {
            step.requires.extend(nodes(&own, Era::After));
        }
        // Others may need a key that is not deferrable, or a column that is written. Nothing else waits for what goes.
        let needed = computed || id.kind == KindTag::Constraint;
        if follows || !needed {
            step.produces.clear();
        }
        // The privileges on the sequence go before it, and so does what uses an attribute.
        if later.iter().any(|a| a.name() == "identity") {
            step.disturbs = nodes(&own, Era::Before);
        } else if id.kind == KindTag::Composite {
            step.disturbs.extend(nodes(&own, Era::Before));
        }
        steps.push(step);
    }
    steps
}

fn alter_at_once(
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
    let aside = context.changes.around.iter().any(|a| a.object == *id);
    for attribute in attributes {
        // A column that steps aside goes without its default and comes back with it.
        if aside && id.kind == KindTag::Column && attribute.name() == "default" {
            continue;
        }
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
    if id.kind == KindTag::Column
        && names
            .iter()
            .any(|name| ["type", "collation"].contains(name))
    {
        add_new(&mut there, &retyped::again(id, context.desired, context));
        add_new(&mut back, &retyped::again(id, context.live, context));
    }
    if names.contains(&"not null") {
        let back_below = set_not_null::again_below(id, context);
        back.extend(back_below.into_iter().filter(|_| required_anew(old, new)));
    }
    if names
        .iter()
        .any(|name| ["constraints", "identity"].contains(name))
    {
        back.extend(comments::again(id, context));
    }
    if [KindTag::Trigger, KindTag::Attachment].contains(&id.kind) {
        there.extend(states_again(id, context.desired, context));
        back.extend(states_again(id, context.live, context));
    }
    let parts = inherited::Parts::of(id, context);
    if let Some(why) = parts.loss {
        irreversible = Some(why);
    }
    if let Some(hint) = context.conversions.get(id) {
        there = there.into_iter().map(|s| using(s, &hint.using)).collect();
    }
    let undo = match (new.undo_leaves(), irreversible) {
        (Some(why), _) => Undo::Leave {
            what: id.clone(),
            why: why.to_owned(),
        },
        (None, None) => Undo::Run(vec![Action::Transaction(back)]),
        (None, Some(_))
            if parts.loss.is_none()
                && old.made_of().is_none()
                && fallen::can_be_made_again(old, context) =>
        {
            let statements = fallen::made_again(old, new, context);
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
    step.back_checks = checks::of_way_back(old, new, context);
    if disturbs {
        step.hazards.push(Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "prepared statements that return {} fail (0A000) until they are prepared again",
                id.human()
            ),
        ));
    }
    for name in &names {
        let hazard = new.hazards_of_change(old, name);
        step.hazards
            .extend(hazard.filter(|h| !step.hazards.contains(h)));
    }
    let own = one(id);
    step.requires = requires(context, &own);
    step.releases = releases(context, &own);
    step.produces = nodes(&own, Era::After);
    // What steps aside for a replaced type changes before that.
    if aside {
        for root in context.changes.in_the_way.get(id).into_iter().flatten() {
            step.requires.remove(&(root.clone(), Era::After));
        }
    }
    if let (true, Object::Table(table)) = (names.contains(&"unlogged"), new) {
        step.requires
            .extend(logged::first(id, table.unlogged, context));
    }
    if names.contains(&"type") {
        inheritance::becomes_typed(&mut step, id, new, context);
    }
    let (before, after) = (
        names_of(context.live, &own),
        names_of(context.desired, &own),
    );
    step.frees = before.difference(&after).cloned().collect();
    step.takes = after.difference(&before).cloned().collect();
    if disturbs || after_drops {
        step.disturbs = nodes(&own, Era::Before);
    }
    publication::exclude(&mut step, new, context);
    step.together = context.changes.together.get(id).copied();
    parts.come_along(&mut step, context);
    vec![step]
}

fn required_anew(old: &Object, new: &Object) -> bool {
    match (old, new) {
        (Object::Column(old), Object::Column(new)) => {
            old.not_null.is_none() && new.not_null.is_some()
        }
        _ => false,
    }
}

fn add_new(statements: &mut Vec<Sql>, more: &[Sql]) {
    for sql in more {
        if !statements.contains(sql) {
            statements.push(sql.clone());
        }
    }
}

/// The statement of a type change with the expression of a hint.
pub fn using(statement: Sql, expression: &str) -> Sql {
    // The one statement of a column's change that a conversion belongs to.
    if statement.as_str().contains(" TYPE ") {
        let plain = statement
            .as_str()
            .split(" USING ")
            .next()
            .unwrap_or_default();
        sql!("{} USING {}", Deparsed(plain), Deparsed(expression))
    } else {
        statement
    }
}
