//! Whether privileges are compared, and what becomes of those of the live database where they are not.

use super::Pair;
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::rename::Rename;
use crate::kinds::grant::{Grantee, On};
use crate::kinds::{Grant, KindTag, Object, ObjectId, Owner, SequenceOwner};
use crate::pg::Ident;
use std::collections::BTreeSet;

/// Whether something is compared: the settings `privileges`, `owners`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Managed {
    /// Where the desired schema says anything about it.
    #[default]
    Auto,
    Compare,
    Ignore,
}

/// Makes the privileges of both sides comparable: what nobody asks for stays as it is in live.
pub(super) fn settle(
    pair: &Pair<'_>,
    moves: &[Rename],
    live: &mut Catalog<Live>,
    desired: &mut Catalog<Desired>,
) -> Vec<String> {
    let setting = pair.workshop.options.privileges;
    let compared = match setting {
        Managed::Auto => pair.desired.says_privileges,
        Managed::Compare => true,
        Managed::Ignore => false,
    };
    let mut notices = Vec::new();
    name_whoever_executes(live, desired);
    live.owners.compared = compared;
    leave_out_members(compared, live, desired);
    if compared {
        leave_out_owners(live, desired);
    } else {
        let kept = adopt(moves, live, desired);
        if kept > 0 && setting == Managed::Auto {
            notices.push(
                "privileges are not compared: the desired schema has no GRANT and no REVOKE; those of the \
                 first schema stay (setting `privileges`)"
                    .to_owned(),
            );
        }
    }
    let beside = beside_columns(live)
        .union(&beside_columns(desired))
        .cloned()
        .collect();
    mark(live, &beside);
    mark(desired, &beside);
    notices
}

fn grants<S>(catalog: &Catalog<S>) -> impl Iterator<Item = (&ObjectId, &Grant)> {
    let first = ObjectId::new(KindTag::Grant, Vec::<String>::new());
    catalog
        .objects
        .range(first..)
        .filter_map(|(id, object)| match object {
            Object::Grant(grant) => Some((id, grant)),
            _ => None,
        })
}

/// A role needs no grant on what belongs to it: on the scratch server everything is somebody else's.
fn leave_out_owners(live: &Catalog<Live>, desired: &mut Catalog<Desired>) {
    let owned = |grant: &Grant| matches!(&grant.grantee, Grantee::Role(role) if Some(role) == owner(grant, live, desired));
    let ids: Vec<ObjectId> = grants(desired)
        .filter(|(_, grant)| owned(grant))
        .map(|(id, _)| id.clone())
        .collect();
    remove(desired, &ids);
}

/// Who is to own what the grant is on, where `grant` is one on something in `desired`.
fn owner<'a>(
    grant: &Grant,
    live: &'a Catalog<Live>,
    desired: &'a Catalog<Desired>,
) -> Option<&'a Ident> {
    if grant.member.is_some() {
        return None;
    }
    let mut whole = grant.whole().unwrap_or_else(|| grant.target.clone());
    if let Some(Object::SequenceOwner(of)) = desired.get(&SequenceOwner::of(&whole))
        && grant.on == On::Sequence
    {
        whole = of.table();
    }
    match desired.get(&Owner::id_of(&whole)) {
        Some(Object::Owner(owner)) => Some(&owner.role),
        _ => live.owners.of(&whole),
    }
}

/// What the files say of CURRENT_USER, or of default privileges of nobody in particular, is said of the role that reads
/// the live database: that which will execute the plan.
fn name_whoever_executes(live: &Catalog<Live>, desired: &mut Catalog<Desired>) {
    let Some(role) = &live.owners.role else {
        return;
    };
    let nobody = |object: &Object| match object {
        Object::Policy(policy) => policy.roles.iter().any(|r| r.raw().is_empty()),
        Object::DefaultPrivileges(default) => default.role.raw().is_empty(),
        _ => false,
    };
    let concerned = desired.objects.iter().filter(|(_, object)| nobody(object));
    let concerned: Vec<ObjectId> = concerned.map(|(id, _)| id.clone()).collect();
    for id in concerned {
        let Some(mut object) = desired.objects.remove(&id) else {
            continue;
        };
        match &mut object {
            Object::Policy(policy) => {
                for name in policy.roles.iter_mut().filter(|r| r.raw().is_empty()) {
                    name.clone_from(role);
                }
                policy.roles.sort();
                policy.roles.dedup();
            }
            Object::DefaultPrivileges(default) => default.role = role.clone(),
            _ => {}
        }
        let needs = desired.requires.remove(&id).unwrap_or_default();
        desired.requires.insert(object.id(), needs);
        desired.objects.insert(object.id(), object);
    }
}

/// What an extension made comes with privileges that its provider may have given, too: they are compared where the files
/// say any of the same object.
fn leave_out_members(compared: bool, live: &mut Catalog<Live>, desired: &mut Catalog<Desired>) {
    let of_members = |grant: &Grant| grant.member.is_some();
    let said = grants(desired).filter(|(_, grant)| compared && of_members(grant));
    let said: BTreeSet<ObjectId> = said.map(|(_, grant)| grant.target.clone()).collect();
    let left =
        |(_, grant): &(&ObjectId, &Grant)| of_members(grant) && !said.contains(&grant.target);
    let of_live: Vec<ObjectId> = grants(live)
        .filter(left)
        .map(|(id, _)| id.clone())
        .collect();
    let of_desired = grants(desired).filter(left).map(|(id, _)| id.clone());
    let of_desired: Vec<ObjectId> = of_desired.collect();
    remove(live, &of_live);
    remove(desired, &of_desired);
}

fn remove<S>(catalog: &mut Catalog<S>, ids: &[ObjectId]) {
    for id in ids {
        catalog.objects.remove(id);
        catalog.requires.remove(id);
    }
}

/// Gives what is on both sides the privileges that it has in live; says how many there are.
fn adopt(moves: &[Rename], live: &Catalog<Live>, desired: &mut Catalog<Desired>) -> usize {
    let is_said = |id: &&ObjectId| matches!(id.kind, KindTag::Grant | KindTag::DefaultPrivileges);
    let said: Vec<ObjectId> = desired.objects.keys().filter(is_said).cloned().collect();
    remove(desired, &said);
    let mut kept = 0;
    for (id, object) in &live.objects {
        let here = object
            .parent()
            .is_none_or(|p| desired.objects.contains_key(&p));
        if id.kind == KindTag::DefaultPrivileges && here {
            desired
                .requires
                .insert(id.clone(), object.parent().into_iter().collect());
            desired.objects.insert(id.clone(), object.clone());
            kept += 1;
        }
    }
    for (_, grant) in grants(live) {
        let moved = moves.iter().find(|r| r.from == grant.target);
        let grant = grant.on_other(moved.map_or(&grant.target, |r| &r.to).clone());
        // What the new owner was granted becomes part of what an owner has.
        let owned = matches!(&grant.grantee, Grantee::Role(role) if Some(role) == owner(&grant, live, desired));
        if !has(desired, &grant) || owned {
            continue;
        }
        let needs = [Some(grant.target.clone()), grant.whole()];
        let object = Object::Grant(grant);
        let id = object.id();
        desired
            .requires
            .insert(id.clone(), needs.into_iter().flatten().collect());
        desired.objects.insert(id, object);
        kept += 1;
    }
    kept
}

/// Whether what the grant is on is there.
fn has(desired: &Catalog<Desired>, grant: &Grant) -> bool {
    match (desired.get(&grant.target), &grant.column, grant.on) {
        (Some(Object::View(view)), Some(column), _) => view.has_column(column),
        (Some(Object::Column(column)), _, On::IdentitySequence) => column.identity.is_some(),
        (target, _, _) => target.is_some(),
    }
}

type Holder = (ObjectId, String);

/// The tables with the roles that have privileges on single columns.
fn beside_columns<S>(catalog: &Catalog<S>) -> BTreeSet<Holder> {
    let columns = grants(catalog).filter(|(_, grant)| grant.on == On::Column);
    columns
        .map(|(_, grant)| {
            let whole = grant.whole().unwrap_or_else(|| grant.target.clone());
            (whole, grant.holder().to_owned())
        })
        .collect()
}

fn mark<S>(catalog: &mut Catalog<S>, beside: &BTreeSet<Holder>) {
    let marked = |grant: &Grant| {
        grant.on == On::Table && beside.contains(&(grant.target.clone(), grant.holder().to_owned()))
    };
    let wrong: Vec<(ObjectId, bool)> = grants(catalog)
        .filter(|(_, grant)| grant.beside_columns != marked(grant))
        .map(|(id, grant)| (id.clone(), marked(grant)))
        .collect();
    for (id, mark) in wrong {
        if let Some(Object::Grant(grant)) = catalog.objects.get_mut(&id) {
            grant.beside_columns = mark;
        }
    }
}
