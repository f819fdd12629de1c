//! The short transaction in which the copy takes the place of the old table.
//!
//! It reads no row: everything was built before. The old table keeps its indexes and constraints under
//! names of ours, so that going back builds nothing.

use super::super::replace::position::{keep, restore};
use super::super::replace::{Script, on_numberer};
use super::super::temporary_name;
use super::{Plan, points_at, retired, table_name};
use crate::diff::rename::Rename;
use crate::kinds::{
    Alter, Column, Comment, Constraint, Kind, KindTag, Object, ObjectId, SecurityLabel,
};
use crate::pg::ident::Literal;
use crate::pg::sql::List;
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;
use std::collections::BTreeSet;

/// What an index or constraint of the old table is called from the swap on.
pub(super) fn retired_name(id: &ObjectId) -> Ident {
    Ident::new(temporary_name(id, "of the old table"))
}

fn named(id: &ObjectId, name: &Ident) -> ObjectId {
    let mut named = id.clone();
    named.path.pop();
    named.path.push(name.raw().to_owned());
    named
}

/// The foreign keys of other tables that point at the old table.
pub(super) fn old_keys<'p>(plan: &'p Plan<'_>) -> Vec<&'p Constraint> {
    keys(plan, |id| plan.context.live.get(id))
}

pub(super) fn new_keys<'p>(plan: &'p Plan<'_>) -> Vec<&'p Constraint> {
    keys(plan, |id| plan.context.desired.get(id))
}

fn keys<'p>(
    plan: &'p Plan<'_>,
    get: impl Fn(&ObjectId) -> Option<&'p Object>,
) -> Vec<&'p Constraint> {
    let covered = plan.copy.covered.iter();
    let keys = covered.filter_map(|id| match get(id)? {
        Object::Constraint(c)
            if points_at(c, plan.copy) && !plan.copy.tables.contains(&c.table_id()) =>
        {
            Some(c)
        }
        _ => None,
    });
    keys.collect()
}

pub(super) fn script(plan: &Plan<'_>) -> Script {
    let mut script = Script::default();
    script.push(vec![lock(plan, &plan.new)], Vec::new());
    let (follow, away) = plan.forth.statements(plan.context);
    script.push(away, follow);
    leave(&mut script, plan);
    rename_old(&mut script, plan);
    rename_new(&mut script, plan);
    script.push(vec![owners(plan)], Vec::new());
    arrive(&mut script, plan);
    script.push(vec![touch(plan)], vec![touch(plan)]);
    let (follow, away) = plan.back.statements(plan.context);
    script.push(follow, away);
    script.push(Vec::new(), vec![lock(plan, &retired(&plan.copy.table))]);
    script
}

/// In one statement and one order, whoever swaps: no deadlock with another swap.
fn lock(plan: &Plan<'_>, other: &Qualified) -> Sql {
    let mut tables: BTreeSet<Qualified> = BTreeSet::from([plan.old.clone(), other.clone()]);
    let keys = old_keys(plan).into_iter().chain(new_keys(plan));
    tables.extend(keys.map(Constraint::table_name));
    sql!(
        "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
        List::comma(tables.iter())
    )
}

/// What one of both tables has alone: it goes from the old to the new one in the swap.
fn is_loose(object: &Object, plan: &Plan<'_>) -> bool {
    match object {
        Object::Table(_)
        | Object::Column(_)
        | Object::Constraint(_)
        | Object::Index(_)
        | Object::IndexAttachment(_)
        | Object::Attachment(_)
        | Object::ReplicaIdentity(_)
        | Object::SequenceOwner(_) => false,
        Object::Comment(Comment { of, .. }) | Object::SecurityLabel(SecurityLabel { of, .. }) => {
            let on = plan.context.live.get(&of.target);
            on.is_some_and(|on| is_loose(on, plan))
        }
        _ => true,
    }
}

fn leave(script: &mut Script, plan: &Plan<'_>) {
    let live = plan.context.live;
    let covered = || {
        plan.copy
            .covered
            .iter()
            .filter_map(|id| live.get(id).map(|object| (id, object)))
    };
    // Comments after what they are on: taken back in the order of the kinds.
    // Both tables have grants of their own.
    let loose: Vec<&Object> = covered()
        .map(|(_, object)| object)
        .filter(|object| is_loose(object, plan) && !matches!(object, Object::Grant(_)))
        .collect();
    for object in loose.iter().rev() {
        script.push(object.drop(), object.create());
    }
    for (_, object) in covered() {
        match object {
            Object::SequenceOwner(_) => script.push(Vec::new(), object.create()),
            Object::Column(column) => leave_identity(script, column, plan),
            _ => {}
        }
    }
}

fn alter(column: &Column) -> Sql {
    sql!(
        "ALTER TABLE {} ALTER COLUMN {}",
        column.table_name(),
        column.name
    )
}

fn leave_identity(script: &mut Script, column: &Column, plan: &Plan<'_>) {
    if let (Some(identity), true) = (&column.identity, column.inherited_from.is_empty()) {
        let (sequence, id) = (column.sequence(identity), Kind::id(column));
        let add = sql!("{} ADD {}", alter(column), identity.clause());
        let mut back = vec![add, restore(&sequence, &id)];
        back.extend(on_numberer(&id, plan.context));
        script.push(
            vec![
                keep(&sequence, &id),
                sql!("{} DROP IDENTITY", alter(column)),
            ],
            back,
        );
    }
}

fn arrive_identity(script: &mut Script, column: &Column, was_identity: bool) {
    if let (Some(identity), true) = (&column.identity, column.inherited_from.is_empty()) {
        let (sequence, id) = (column.sequence(identity), Kind::id(column));
        let mut there = vec![sql!("{} ADD {}", alter(column), identity.clause())];
        there.extend(was_identity.then(|| restore(&sequence, &id)));
        let drop = sql!("{} DROP IDENTITY", alter(column));
        script.push(there, vec![keep(&sequence, &id), drop]);
    }
}

fn rename_old(script: &mut Script, plan: &Plan<'_>) {
    let live = plan.context.live;
    let olds = || plan.copy.covered.iter().filter_map(|id| live.get(id));
    for object in olds() {
        let id = object.id();
        match object {
            Object::Constraint(c) if points_at(c, plan.copy) => {
                // Rows of one statement come to the old table one after the other from here on.
                alter_timing(script, c, &super::stage::deferred(c));
                if !plan.copy.tables.contains(&c.table_id()) {
                    script.rename(&id, &named(&id, &retired_name(&id)));
                }
            }
            Object::Constraint(c) if c.index_definition.is_some() => {
                script.rename(&id, &named(&id, &retired_name(&id)));
            }
            Object::Index(_) => script.rename(&id, &named(&id, &retired_name(&id))),
            _ => {}
        }
    }
    for object in olds() {
        if let Object::Table(_) = object {
            let id = object.id();
            script.rename(&id, &named(&id, &retired(&id).name));
        }
    }
}

fn rename_new(script: &mut Script, plan: &Plan<'_>) {
    let names = plan.copy.names.iter();
    let (tables, parts): (Vec<_>, Vec<_>) = names.partition(|(id, _)| id.kind == KindTag::Table);
    for (id, twin) in parts.into_iter().chain(tables) {
        let name = Ident::new(id.path.last().map_or("", String::as_str));
        script.rename(twin, &named(twin, &name));
    }
    for id in &plan.copy.covered {
        if let Some(Object::Constraint(c)) = plan.context.desired.get(id)
            && points_at(c, plan.copy)
        {
            alter_timing(script, &super::stage::deferred(c), c);
        }
    }
}

/// When a foreign key is checked.
fn alter_timing(script: &mut Script, from: &Constraint, to: &Constraint) {
    if (from.deferrable, from.deferred) == (to.deferrable, to.deferred) {
        return;
    }
    let way = |from: &Constraint, to: &Constraint| match Object::Constraint(to.clone())
        .alter(&Object::Constraint(from.clone()), "deferrable")
    {
        Alter::InPlace(statements) => statements,
        _ => Vec::new(),
    };
    script.push(way(from, to), way(to, from));
}

fn arrive(script: &mut Script, plan: &Plan<'_>) {
    let (live, desired) = (plan.context.live, plan.context.desired);
    let covered = || {
        plan.copy
            .covered
            .iter()
            .filter_map(|id| desired.get(id).map(|object| (id, object)))
    };
    for (id, object) in covered() {
        match object {
            Object::SequenceOwner(_) => script.push(object.create(), Vec::new()),
            Object::Column(column) => {
                let was = matches!(live.get(id), Some(Object::Column(c)) if c.identity.is_some());
                arrive_identity(script, column, was);
            }
            _ => {}
        }
    }
    for (_, object) in covered() {
        let comes = match object.described() {
            Some(of) => {
                let on = plan.copy.names.get(&of.target);
                let made = plan.stage.has(&twin_of(plan, &object.id()));
                !made && (on.is_some() || desired.get(&of.target).is_some())
            }
            None => is_loose(object, plan),
        };
        if comes {
            script.push(object.create(), object.drop());
        }
    }
}

/// The comment `id` as it stands on the copy.
fn twin_of(plan: &Plan<'_>, id: &ObjectId) -> ObjectId {
    let mut twin = id.clone();
    for (from, to) in &plan.copy.names {
        let rename = Rename {
            from: from.clone(),
            to: to.clone(),
            schemas: None,
        };
        // Constraints before tables: a twin of a constraint has its table's twin in it already.
        let mapped = rename.map(id);
        if mapped != *id && (from.kind != KindTag::Table || twin == *id) {
            twin = mapped;
        }
    }
    twin
}

/// Makes every session compile the PL/pgSQL functions again whose text names the table.
///
/// A variable of the table's row type keeps the type that it had when the session first ran the function, that
/// of the old table, until the function's row in pg_proc has a new version.
fn touch(plan: &Plan<'_>) -> Sql {
    sql!(
        "
DECLARE
    alter pg_catalog.text;
BEGIN
    FOR alter IN
        SELECT pg_catalog.format('ALTER ROUTINE %s SECURITY %s', p.oid::regprocedure
                    , CASE WHEN p.prosecdef THEN 'DEFINER' ELSE 'INVOKER' END)
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_language l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
         WHERE pg_catalog.strpos(p.prosrc, {}) > 0 AND pg_catalog.pg_has_role(p.proowner, 'USAGE')
    LOOP
        EXECUTE alter;
    END LOOP;
END
",
        Literal(plan.old.name.raw())
    )
    .block()
}

/// The owners are those of the old tables at that moment.
fn owners(plan: &Plan<'_>) -> Sql {
    let live = plan.context.live;
    let desired = plan.context.desired;
    let of = |id: &ObjectId| -> Option<ObjectId> {
        let same = live.objects.contains_key(id).then(|| id.clone());
        // A new partition has those of the table.
        Some(same.unwrap_or_else(|| plan.copy.table.clone()))
    };
    let pairs = plan
        .copy
        .tables
        .iter()
        .filter(|id| desired.objects.contains_key(id))
        .filter_map(|id| {
            let old = retired(&of(id)?).to_string();
            let new = table_name(id).to_string();
            Some(sql!(
                "({}::regclass, {}::regclass)",
                Literal(&old),
                Literal(&new)
            ))
        });
    sql!(
        "
DECLARE
    pair record;
    revoke text;
BEGIN
    FOR pair IN SELECT * FROM (VALUES {}) AS p (old, new) LOOP
        PERFORM FROM pg_catalog.pg_class o, pg_catalog.pg_class n
          WHERE o.oid = pair.old AND n.oid = pair.new AND o.relowner <> n.relowner;
        IF FOUND THEN
            EXECUTE (SELECT pg_catalog.format('ALTER TABLE %s OWNER TO %I', pair.new, pg_catalog.pg_get_userbyid(relowner))
                       FROM pg_catalog.pg_class WHERE oid = pair.old);
        END IF;
        -- What default privileges have given.
        FOR revoke IN
            SELECT pg_catalog.format('REVOKE ALL ON %s FROM %s', pair.new
                        , CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
              FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
             WHERE c.oid = pair.new AND a.grantee <> c.relowner
        LOOP
            EXECUTE revoke;
        END LOOP;
    END LOOP;
END
",
        List::comma(pairs)
    )
    .block()
}
