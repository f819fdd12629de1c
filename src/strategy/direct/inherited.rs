//! What a table has of its own in a column that it inherits.

use super::super::{Context, Refusal};
use super::{alter, nodes, one, requires};
use crate::diff::{AttributeChange, Change};
use crate::kinds::{Alter, Column, Hazard, HazardKind, Kind, Object, ObjectId, Verb};
use crate::pg::{Ident, Sql};
use crate::plan::{Action, Era, Step, Undo};
use std::collections::BTreeSet;

/// What a change makes, drops and changes elsewhere: the columns of the tables of a composite type, and those that inherit
/// the column.
#[derive(Default)]
pub(super) struct Parts<'a> {
    made: BTreeSet<ObjectId>,
    dropped: BTreeSet<ObjectId>,
    changed: BTreeSet<ObjectId>,
    hazards: Vec<Hazard>,
    /// Why what is dropped cannot come back.
    pub loss: Option<&'static str>,
    gone: Option<&'a ObjectId>,
}

impl<'a> Parts<'a> {
    pub fn of(id: &ObjectId, context: &'a Context<'_>) -> Self {
        let mut parts = Self::default();
        let mut queue = vec![id];
        while let Some(whole) = queue.pop() {
            for part in context.changes.absorbs.get(whole).into_iter().flatten() {
                queue.push(part);
                match context.changes.changes.get(part) {
                    Some(Change::Create { new }) if part.kind != id.kind => {
                        parts.made.insert(part.clone());
                        parts.hazards.extend(new.hazards(Verb::Create));
                    }
                    Some(Change::Drop { old }) if part.kind != id.kind => {
                        parts.dropped.insert(part.clone());
                        parts.hazards.extend(old.hazards(Verb::Drop));
                        parts.loss = parts.loss.or(old.irreversible_drop());
                        parts.gone = parts.gone.or(Some(part));
                    }
                    Some(Change::Alter { .. }) => {
                        parts.changed.insert(part.clone());
                    }
                    _ => {}
                }
            }
        }
        parts
    }

    pub fn come_along(self, step: &mut Step, context: &Context<'_>) {
        let stays = self.made.union(&self.changed).cloned().collect();
        let ends = self.dropped.union(&self.changed).cloned().collect();
        step.requires.extend(requires(context, &stays));
        step.produces.extend(nodes(&stays, Era::After));
        step.releases.extend(super::releases(context, &ends));
        step.destroys.extend(nodes(&self.dropped, Era::Before));
        step.disturbs.extend(nodes(&self.changed, Era::Before));
        // Its own type is no obstacle to what is changed with that.
        let own = |era: Era| (step.object.clone(), era);
        step.requires.remove(&own(Era::After));
        step.releases.remove(&own(Era::Before));
        step.hazards.extend(self.hazards);
        if self.loss.is_some() {
            let text = "no rollback brings it back";
            let hazard = Hazard::declared(HazardKind::Irreversible, text);
            step.hazards.push(hazard);
        }
        if let Some(gone) = self.gone {
            step.gate = context.drops.audit_of(gone);
        }
        let mut groups = stays.iter().chain(&ends);
        let group = groups.find_map(|part| context.changes.together.get(part));
        step.together = step.together.or(group.copied());
    }
}

/// From 18 on ALTER TYPE of a table above writes its NOT NULL anew in all tables below, and finds none of another name
/// there (measured on 18.6: 55000).
pub(super) fn refusal(id: &ObjectId, change: &Change, context: &Context<'_>) -> Option<Refusal> {
    let Change::Alter {
        old: Object::Column(old),
        attributes,
        ..
    } = change
    else {
        return None;
    };
    let retyped = |a: &AttributeChange| matches!(a.alter, Alter::Disturbing(_));
    let name = old.not_null.as_ref()?.name.as_ref()?;
    if !attributes.iter().any(retyped) {
        return None;
    }
    let stay = context.desired.followers([id]);
    let below = context.live.followers([id]).into_iter();
    let below = below.filter(|heir| stay.contains(heir));
    let own = below.into_iter().find_map(|heir| {
        let Object::Column(heir) = context.live.get(&heir)? else {
            return None;
        };
        let not_null = heir.not_null.as_ref().filter(|n| n.local)?;
        let other = not_null.name.as_ref().filter(|other| *other != name)?;
        Some((
            heir.table_name(),
            heir.inherited_from.first()?,
            Ident::new(other),
        ))
    });
    let (table, parent, other) = own?;
    Some(Refusal {
        object: id.clone(),
        why: format!(
            "PostgreSQL changes no type while a table below, {table}, has its own NOT NULL under another name"
        ),
        help: format!(
            "give it the name: ALTER TABLE {table} NO INHERIT {parent}; ALTER TABLE {table} RENAME CONSTRAINT {other} TO \
             {}; ALTER TABLE {table} INHERIT {parent}; and CONSTRAINT {} NOT NULL in the files",
            Ident::new(name),
            Ident::new(name)
        ),
    })
}

/// The steps of a default of its own, where the type changes above: the server converts a default together with the
/// type, or refuses to. It goes before, and the new one comes after.
pub(super) fn default_of_retyped(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Option<Vec<Step>> {
    let default = attributes.iter().find(|a| a.name() == "default")?;
    let (Object::Column(old_column), Object::Column(new_column)) = (old, new) else {
        return None;
    };
    if attributes.iter().any(|a| a.name() == "type") {
        return None;
    }
    let retyped = |above: &ObjectId| {
        matches!(context.changes.changes.get(above), Some(Change::Alter { attributes, .. })
            if attributes.iter().any(|a| a.name() == "type" && matches!(a.alter, Alter::Disturbing(_))))
    };
    let mut above: BTreeSet<ObjectId> = BTreeSet::new();
    let mut queue = old.follows();
    while let Some(next) = queue.pop() {
        queue.extend(
            context
                .live
                .get(&next)
                .into_iter()
                .flat_map(Object::follows),
        );
        if retyped(&next) {
            above.insert(next);
        }
    }
    let first = above.first()?;
    let together = context.changes.together.get(first).copied();
    let bare = |column: &Column| Column {
        expression: None,
        ..column.clone()
    };
    let step = |from: &Column, to: &Column| -> Option<Step> {
        let statements = |from: &Column, to: &Column| -> Vec<Sql> {
            match to.alter(from, "default") {
                Alter::InPlace(statements) => statements,
                _ => Vec::new(),
            }
        };
        let (there, back) = (statements(from, to), statements(to, from));
        if there.is_empty() {
            return None;
        }
        let undo = Undo::Run(vec![Action::Transaction(back)]);
        let mut step = Step::contract(id.clone(), Action::Transaction(there), undo).described(
            "alter",
            format!("change {}: default", id.human()),
            "its type changes with that of the table above",
        );
        step.strategy = "direct";
        step.together = together;
        Some(step)
    };
    let mut steps = Vec::new();
    if let Some(mut down) = step(old_column, &bare(old_column)) {
        down.releases = nodes(&above, Era::Before);
        down.releases.extend(super::releases(context, &one(id)));
        steps.push(down);
    }
    if let Some(mut up) = step(&bare(new_column), new_column) {
        up.requires = requires(context, &one(id));
        up.requires.extend(nodes(&above, Era::After));
        steps.push(up);
    }
    if let Some(last) = steps.last_mut() {
        last.produces = nodes(&one(id), Era::After);
    }
    let rest: Vec<AttributeChange> = attributes
        .iter()
        .filter(|a| a.name() != default.name())
        .cloned()
        .collect();
    if !rest.is_empty() {
        steps.extend(alter(id, old, new, &rest, context));
    }
    Some(steps)
}

/// Whether CREATE TABLE … INHERITS would bring it otherwise: a CHECK that is not validated comes to its table by ADD
/// CONSTRAINT above, for a new table would have it validated.
pub(super) fn comes_later(part: &Object) -> bool {
    matches!(part, Object::Constraint(check) if !check.validated && !check.inherited_from.is_empty())
}

/// The new tables to which `id`, a new CHECK, [comes later](comes_later).
pub(super) fn takers(id: &ObjectId, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let is_check =
        matches!(context.desired.get(id), Some(Object::Constraint(check)) if !check.validated);
    let parts = context.desired.objects.values().filter(|_| is_check);
    parts
        .filter(|part| comes_later(part) && part.follows().contains(id))
        .filter_map(Object::parent)
        .filter(|table| {
            let inherits = matches!(context.desired.get(table), Some(Object::Table(t)) if !t.inherits.is_empty());
            inherits && context.changes.creates(table)
        })
        .collect()
}
