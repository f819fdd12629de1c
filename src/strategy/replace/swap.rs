//! The short transaction in which new columns take the place of the old ones.
//!
//! It reads no row: everything was built before. What stays of the old columns (indexes, constraints)
//! keeps its work under a name of ours until the old column is dropped, so that going back builds
//! nothing but what a primary key forces.

use super::super::grant::at_birth;
use super::super::retire::null_again::{NullAgain, nulls, validation};
use super::super::{Context, direct, temporary_name};
use super::component::followers;
use super::sync::{self, Pair};
use super::{Component, Script, bodies, numbers, partitioned, twins};
use crate::diff::Change;
use crate::diff::rename::Rename;
use crate::kinds::grant::On;
use crate::kinds::{Column, Constraint, ConstraintType, Grant, Hazard, KindTag, Object, ObjectId};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::plan::{Action, DataCheck, Era, Node};
use crate::sql;
use std::collections::{BTreeMap, BTreeSet};

/// The transaction there, and the actions back.
pub(super) struct Swap {
    pub there: Vec<Sql>,
    pub back: Vec<Action>,
    /// Rows on which going back would fail.
    pub back_checks: Vec<DataCheck>,
}

pub(super) fn swap(component: &Component<'_>, context: &Context<'_>) -> Swap {
    let mut script = Script::default();
    let lock = lock(component);
    script.push(vec![lock.clone()], Vec::new());
    numberers(&mut script, component, context);
    let (mut again, mut proved) = (Vec::new(), Vec::new());
    let retired = |id: &ObjectId| named(id, &Ident::new(temporary_name(id, "retired")));
    let keys: BTreeSet<&ObjectId> = component
        .pairs
        .iter()
        .filter(|(id, _)| is_primary(context.live.get(id)))
        .map(|(id, _)| *id)
        .collect();
    // Foreign keys first: those that use a primary key's index go with it.
    let mut pairs: Vec<&(&ObjectId, &ObjectId)> = component.pairs.iter().collect();
    pairs.sort_by_key(|(id, _)| !is_foreign(context.live.get(id)));
    for (id, twin) in &pairs {
        let Some(old) = context.live.get(id) else {
            continue;
        };
        if is_foreign(Some(old)) && context.live.requires(id).any(|need| keys.contains(need)) {
            let (add, validate) = without_reading(old, context);
            script.push(old.drop(), add);
            proved.extend(validate);
            if let Some(twin) = twin_of(component, twin) {
                let (add, validate) = without_reading(twin, context);
                again.extend(add);
                proved.extend(validate);
            }
        } else if let Object::Constraint(key) = old
            && keys.contains(id)
        {
            if key.attached_to.is_some() {
                // It goes and comes with the one that it is attached to.
                continue;
            }
            if key.on_partitioned {
                let stays = |part: &ObjectId| component.pairs.iter().any(|(id, _)| *id == part);
                let name = |part: &ObjectId| Ident::new(temporary_name(part, "spare index"));
                let spare = |part: &ObjectId| stays(part).then(|| name(part));
                let mut back = partitioned::make(context.live, id, spare);
                back.extend(comments_on(id, context));
                script.push(old.drop(), back);
                continue;
            }
            let spare = Ident::new(temporary_name(id, "spare index"));
            let mut back = vec![key.add_using_index(&spare)];
            back.extend(comments_on(id, context));
            script.push(old.drop(), back);
        } else if !goes_along(old, component) {
            script.rename(id, &retired(id));
        }
    }
    let (renamed, retyped): (Vec<&Pair<'_>>, Vec<&Pair<'_>>) = component
        .columns
        .iter()
        .partition(|p| p.replacement.is_renamed());
    // Defaults are written with the name that their type has at that moment.
    for pair in &retyped {
        leave_defaults(&mut script, pair, &pair.old.name, context);
    }
    for (id, (temporary, old)) in &component.types {
        script.rename(id, &named(id, old));
        script.rename(&named(id, temporary), id);
    }
    let mut back_checks = Vec::new();
    for pair in renamed.iter().chain(&retyped) {
        if let Some(null) = columns(&mut script, pair, context) {
            proved.extend(null.rest());
            back_checks.extend(nulls(pair.old, &pair.replacement.retired, context));
        }
    }
    for pair in &retyped {
        take_defaults(&mut script, pair, context);
    }
    let mut rebuilt = Vec::new();
    for (id, twin) in pairs.iter().rev() {
        match context.desired.get(id) {
            Some(object @ Object::Constraint(key)) if is_primary(Some(object)) => {
                let index = ObjectId::new(KindTag::Index, [key.schema.raw(), last(twin).raw()]);
                if let Some(Object::Index(index)) = component.stage.target.get(&index) {
                    rebuilt.push(super::super::index::build(index, &index.name));
                }
                if key.attached_to.is_some() {
                    continue;
                }
                let mut back = object.drop();
                // Those that hang on its index, under their last names.
                let hanging = component.pairs.iter().filter(|(fk, _)| {
                    is_foreign(context.desired.get(fk))
                        && context.desired.requires(fk).any(|need| need == *id)
                });
                let mut first: Vec<Sql> = hanging
                    .filter_map(|(fk, _)| context.desired.get(fk))
                    .flat_map(Object::drop)
                    .collect();
                first.append(&mut back);
                let there = if key.on_partitioned {
                    let twin = |part: &ObjectId| {
                        let mut all = component.pairs.iter();
                        all.find(|(id, _)| *id == part).map(|(_, twin)| last(twin))
                    };
                    partitioned::make(context.desired, id, twin)
                } else {
                    vec![key.add_using_index(&last(twin))]
                };
                script.push(there, first);
            }
            Some(object) if !goes_along(object, component) => {
                let on_key = is_foreign(Some(object))
                    && context.desired.requires(id).any(|need| keys.contains(need));
                let rename = Rename {
                    from: (*twin).clone(),
                    to: (*id).clone(),
                    schemas: None,
                };
                if let Some((there, back)) = rename.statements() {
                    // One on a key's index is made anew after that.
                    let back = if on_key { Vec::new() } else { vec![back] };
                    script.push(vec![there], back);
                }
            }
            _ => {}
        }
        if let Some(Object::Index(index)) = context.desired.get(id) {
            script.push(index.after_create(), Vec::new());
        }
    }
    parts(&mut script, component, context);
    script.push(touch(component, context), touch(component, context));
    for (table, pairs) in component.tables() {
        let name = super::function_name(table);
        let both: Vec<Sql> = pairs.iter().map(|p| p.both_ways(&p.old.name)).collect();
        let after = pairs.iter().map(|p| match p.replacement.is_renamed() {
            true => p.both_ways(&p.old.name),
            false => p.backwards(),
        });
        let after: Vec<Sql> = after.collect();
        if after == both {
            continue;
        }
        script.push(
            vec![sync::function_of(&name, &pairs, &after)],
            vec![sync::function_of(&name, &pairs, &both)],
        );
    }
    script.push(Vec::new(), vec![lock]);
    let mut back = vec![Action::Transaction(script.back())];
    back.extend(rebuilt);
    if !again.is_empty() {
        back.push(Action::Transaction(again));
    }
    back.extend(proved);
    Swap {
        there: script.there,
        back,
        back_checks,
    }
}

/// Whether a CHECK is renamed with the one that it is inherited from.
fn goes_along(check: &Object, component: &Component<'_>) -> bool {
    let mut origins = check.follows().into_iter();
    origins.any(|origin| component.pairs.iter().any(|(id, _)| **id == origin))
}

/// Writes the functions once more, as they are, that have compiled the old type ([`bodies`]).
fn touch(component: &Component<'_>, context: &Context<'_>) -> Vec<Sql> {
    let functions = bodies::functions(component, context);
    functions.into_iter().flat_map(Object::create).collect()
}

/// In one statement and one order, whoever swaps: no deadlock with another swap.
fn lock(component: &Component<'_>) -> Sql {
    sql!(
        "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        List::comma(component.locked.iter())
    )
}

fn alter(column: &Column) -> Sql {
    sql!(
        "ALTER TABLE {} ALTER COLUMN {}",
        column.table_name(),
        column.name
    )
}

/// Default and identity leave the old column, which is called `now`.
fn leave_defaults(script: &mut Script, pair: &Pair<'_>, now: &Ident, context: &Context<'_>) {
    // Every partition has a default of its own.
    for column in followed(context.live, pair.old, context) {
        if let Some(default) = column.default() {
            let only = only(column, now);
            script.push(
                vec![sql!("{} DROP DEFAULT", only)],
                vec![sql!("{} SET DEFAULT {}", only, Deparsed(default))],
            );
        }
    }
    // Going back, the sequence has its name again before the default names it.
    numbers::leave(script, pair, now, context);
}

/// Default and identity come to the new column.
fn take_defaults(script: &mut Script, pair: &Pair<'_>, context: &Context<'_>) {
    for column in followed(context.desired, pair.new, context) {
        if let Some(default) = column.default() {
            let only = only(column, &column.name);
            script.push(
                vec![sql!("{} SET DEFAULT {}", only, Deparsed(default))],
                vec![sql!("{} DROP DEFAULT", only)],
            );
        }
    }
    numbers::take(script, pair, context);
}

/// While both names live, the old column keeps its default: what the old application leaves out would else
/// look like a value that the new one wrote.
pub(super) fn defaults_move(pair: &Pair<'_>, now: &Ident, context: &Context<'_>) -> Vec<Sql> {
    let mut script = Script::default();
    leave_defaults(&mut script, pair, now, context);
    take_defaults(&mut script, pair, context);
    script.there
}

/// A foreign key as it is added without reading both tables, and what reads them afterwards.
fn without_reading(key: &Object, context: &Context<'_>) -> (Vec<Sql>, Option<Action>) {
    match key {
        // To 17 the server refuses NOT VALID on a partitioned table.
        Object::Constraint(c)
            if c.validated
                && c.enforced
                && (!c.on_partitioned || context.version >= ServerVersion::V18) =>
        {
            (vec![c.add_not_valid()], Some(validation(c.validate())))
        }
        key => (key.create(), None),
    }
}

/// What makes the old column NOT NULL again on the way back, where the new one is not.
fn columns(script: &mut Script, pair: &Pair<'_>, context: &Context<'_>) -> Option<NullAgain> {
    let (old, new) = (pair.old, pair.new);
    let replacement = pair.replacement;
    let table = old.table_name();
    let renamed = replacement.is_renamed();
    let mut again = None;
    if let (Some(not_null), None) = (&old.not_null, &new.not_null) {
        let id = Object::Column(old.clone()).id();
        let null = NullAgain::new(&id, old, not_null, "not null again", context);
        script.push(
            vec![sql!("{} DROP NOT NULL", alter(old))],
            vec![null.add.clone()],
        );
        again = Some(null);
    }
    let constraint = |from: &str, to: &str| {
        sql!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
            table,
            Ident::new(from),
            Ident::new(to)
        )
    };
    let not_null = |c: &Column| c.not_null.as_ref().and_then(|n| n.name.clone());
    let wanted = not_null(new);
    if let Some(name) = not_null(old).filter(|name| wanted.as_ref() == Some(name)) {
        let to = temporary_name(&replacement.column, "retired not null");
        script.push(vec![constraint(&name, &to)], vec![constraint(&to, &name)]);
    }
    let rename =
        |from: &Ident, to: &Ident| sql!("ALTER TABLE {} RENAME COLUMN {} TO {}", table, from, to);
    if !renamed {
        for (from, to) in [
            (&old.name, &replacement.retired),
            (&replacement.temporary, &new.name),
        ] {
            script.push(vec![rename(from, to)], vec![rename(to, from)]);
        }
    }
    if let Some(name) = wanted {
        let from = temporary_name(&super::temporary_id(replacement), "not null");
        script.push(
            vec![constraint(&from, &name)],
            vec![constraint(&name, &from)],
        );
    }
    again
}

/// The column and those of the partitions that follow it before the changes and after.
pub(super) fn followed<'c, S>(
    catalog: &'c crate::catalog::Catalog<S>,
    column: &Column,
    context: &Context<'_>,
) -> Vec<&'c Column> {
    followed_where(catalog, column, |id| {
        context.live.keeps_its_parent(context.desired, id)
    })
}

fn followed_where<'c, S>(
    catalog: &'c crate::catalog::Catalog<S>,
    column: &Column,
    within: impl Fn(&ObjectId) -> bool,
) -> Vec<&'c Column> {
    let id = Object::Column(column.clone()).id();
    let mut ids = catalog.followers_where([&id], within);
    ids.insert(id);
    let columns = ids.iter().filter_map(|id| match catalog.get(id) {
        Some(Object::Column(column)) => Some(column),
        _ => None,
    });
    columns.collect()
}

fn only(column: &Column, name: &Ident) -> Sql {
    sql!(
        "ALTER TABLE ONLY {} ALTER COLUMN {}",
        column.table_name(),
        name
    )
}

/// The replaced columns, those of partitions, and the replaced types: what a grant is on, if the swap brings it.
fn exchanged(context: &Context<'_>) -> BTreeSet<ObjectId> {
    let columns = context.replacements.columns.values();
    let columns = columns.filter(|r| !r.is_renamed()).map(|r| &r.column);
    let mut all = followers(columns.clone(), context);
    all.extend(columns.chain(context.replacements.types.keys()).cloned());
    all
}

/// Whether the swap makes of a grant what is wanted.
pub(super) fn brings(change: &Change, context: &Context<'_>) -> bool {
    let (Change::Create { new: grant }
    | Change::Drop { old: grant }
    | Change::Alter { new: grant, .. }
    | Change::Replace { new: grant, .. }) = change;
    let on = grant.parent();
    on.is_some_and(|on| exchanged(context).contains(&on))
}

/// What those lose who use a column that is exchanged.
pub(super) fn lost_grants(component: &Component<'_>, context: &Context<'_>) -> Vec<Hazard> {
    let tables: BTreeSet<ObjectId> = component
        .columns
        .iter()
        .map(|pair| pair.new.table_id())
        .collect();
    let of_table = |grant: &Grant| grant.whole().is_some_and(|table| tables.contains(&table));
    let changes = context.changes.changes.values();
    let changes = changes.filter(|change| brings(change, context));
    let sides = changes.filter_map(super::super::grant::sides);
    let sides = sides.filter(|(old, new)| old.or(*new).is_some_and(of_table));
    sides
        .filter_map(|(old, new)| Grant::loss(old, new))
        .collect()
}

/// Comments, grants and the like that stand on the columns and their indexes.
fn parts(script: &mut Script, component: &Component<'_>, context: &Context<'_>) {
    let replaced = component.columns.iter().map(|c| &c.replacement);
    let columns = replaced.filter(|r| !r.is_renamed()).map(|r| &r.column);
    let below = followers(columns, context);
    let on = |id: &ObjectId| {
        below.contains(id)
            || component.pairs.iter().any(|(p, _)| *p == id)
            || component.types.iter().any(|(t, _)| *t == id)
            || component
                .columns
                .iter()
                .any(|c| c.replacement.column == *id && !c.replacement.is_renamed())
    };
    for (id, object) in &context.desired.objects {
        let light = object.tag().describes() || matches!(object, Object::ReplicaIdentity(_));
        // A new comment has a step of its own.
        if !light || !context.live.objects.contains_key(id) {
            continue;
        }
        if !context.desired.requires(id).any(on) {
            continue;
        }
        let back = match object {
            Object::ReplicaIdentity(_) => Vec::new(),
            _ => object.drop(),
        };
        script.push(object.create(), back);
    }
    grants(script, component, context);
}

/// The comments and labels that go, on what is exchanged: going back, they would be said of the new one.
pub(super) fn unsaid(component: &Component<'_>, context: &Context<'_>) -> BTreeSet<Node> {
    let exchanged = |id: &ObjectId| component.pairs.iter().any(|(pair, _)| *pair == id);
    let goes = context.changes.changes.iter().filter(|(id, change)| {
        id.kind.describes()
            && matches!(change, Change::Drop { .. })
            && context.live.requires(id).any(exchanged)
    });
    direct::nodes(goes.map(|(id, _)| id), Era::Before)
}

/// The new columns have the grants of the old ones since they were added; a new type has none.
fn grants(script: &mut Script, component: &Component<'_>, context: &Context<'_>) {
    for pair in &component.columns {
        let id = Object::Column(pair.new.clone()).id();
        script.push(at_birth(&id, context.desired, context), Vec::new());
    }
    let columns = component.columns.iter().map(|pair| &pair.replacement);
    let columns = columns.filter(|r| !r.is_renamed()).map(|r| &r.column);
    let mut on = followers(columns.clone(), context);
    on.extend(
        columns
            .chain(component.types.iter().map(|(id, _)| *id))
            .cloned(),
    );
    let here = |object: &Object| object.parent().is_some_and(|target| on.contains(&target));
    let mut all: BTreeMap<&ObjectId, (Option<&Grant>, Option<&Grant>)> = BTreeMap::new();
    for (id, object) in context.live.objects.iter().filter(|(_, o)| here(o)) {
        if let Object::Grant(old) = object
            && old.on == On::Column
        {
            all.entry(id).or_default().0 = Some(old);
        }
    }
    for (id, object) in context.desired.objects.iter().filter(|(_, o)| here(o)) {
        if let Object::Grant(new) = object {
            all.entry(id).or_default().1 = Some(new);
        }
    }
    for (old, new) in all.into_values() {
        let way = |from, to| [Grant::losses(from, to), Grant::gains(from, to)].concat();
        script.push(way(old, new), way(new, old));
    }
}

/// An identity that comes back has a sequence of its own again, without privileges and comment.
fn numberers(script: &mut Script, component: &Component<'_>, context: &Context<'_>) {
    for pair in &component.columns {
        let id = Object::Column(pair.old.clone()).id();
        let mut back = at_birth(&id, context.live, context);
        back.extend(on_numberer(&id, context));
        script.push(Vec::new(), back);
    }
}

/// The privileges and the comment on the sequence of the identity column `id` in live.
pub(in crate::strategy) fn on_numberer(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    let on_it = |object: &&Object| match object {
        Object::Grant(grant) => grant.on == On::IdentitySequence && grant.target == *id,
        Object::Comment(comment) => comment.of.on_numberer && comment.of.target == *id,
        _ => false,
    };
    let there = context.live.objects.values().filter(on_it);
    there.flat_map(Object::create).collect()
}

/// What gives the new columns the grants of the old ones: a role that may use all columns of a table, one by one, may
/// not use all of them otherwise.
pub(super) fn same_grants(pairs: &[&Pair<'_>], context: &Context<'_>) -> Vec<Sql> {
    let mut statements = Vec::new();
    for pair in pairs.iter().filter(|p| !p.replacement.is_renamed()) {
        // A partition whose table is dropped has them until then.
        let there = |id: &ObjectId| {
            let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
            context.live.keeps_its_parent(context.desired, id) || context.changes.drops(&table)
        };
        for column in followed_where(context.live, pair.old, there) {
            let old = Object::Column(column.clone()).id();
            let new = named(&old, &pair.replacement.temporary);
            let grants = context
                .live
                .objects
                .values()
                .filter_map(|object| match object {
                    Object::Grant(grant) if grant.target == old && grant.on == On::Column => {
                        Some(grant)
                    }
                    _ => None,
                });
            let grants = grants.map(|grant| Object::Grant(grant.on_other(new.clone())));
            statements.extend(grants.flat_map(|grant| grant.create()));
        }
    }
    statements
}

pub(super) fn is_primary(object: Option<&Object>) -> bool {
    matches!(
        object,
        Some(Object::Constraint(Constraint {
            constraint_type: ConstraintType::PrimaryKey,
            ..
        }))
    )
}

pub(super) fn is_foreign(object: Option<&Object>) -> bool {
    matches!(object, Some(Object::Constraint(c)) if c.is_foreign_key())
}

/// The comments that a constraint has in live: one that is made anew has none.
fn comments_on(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    let comments = context.live.objects.values();
    let comments = comments.filter(|o| o.tag().describes() && o.parent().as_ref() == Some(id));
    comments.flat_map(Object::create).collect()
}

fn twin_of<'c>(component: &'c Component<'_>, twin: &ObjectId) -> Option<&'c Object> {
    component.stage.target.get(twin)
}

fn named(id: &ObjectId, name: &Ident) -> ObjectId {
    let mut named = id.clone();
    named.path.pop();
    named.path.push(name.raw().to_owned());
    named
}

fn last(id: &ObjectId) -> Ident {
    Ident::new(id.path.last().map_or("", String::as_str))
}

/// The spare indexes of the primary keys that the swap drops.
pub(super) fn spares(component: &Component<'_>, context: &Context<'_>) -> Vec<crate::kinds::Index> {
    let keys = component.pairs.iter().map(|(id, _)| *id);
    keys.filter_map(|id| twins::spare(context, id)).collect()
}
