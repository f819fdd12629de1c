//! Whether owners are compared.

use super::{Managed, Pair};
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::rename::Rename;
use crate::kinds::{KindTag, Object, ObjectId};
use std::collections::BTreeSet;

/// Leaves of the owners of both sides those that the desired schema names; `renames` are still to come in `live`.
pub(super) fn settle(
    pair: &Pair<'_>,
    renames: &[Rename],
    live: &mut Catalog<Live>,
    desired: &mut Catalog<Desired>,
) {
    let compared = match pair.workshop.options.owners {
        Managed::Auto => pair.desired.says_owners,
        Managed::Compare => true,
        Managed::Ignore => false,
    };
    if !compared {
        leave_out(desired, &BTreeSet::new());
    }
    leave_out(live, &before(of(desired), renames));
}

/// What the owners are called before the renames.
pub(super) fn before<'a>(
    ids: impl Iterator<Item = &'a ObjectId>,
    renames: &[Rename],
) -> BTreeSet<ObjectId> {
    let back = |id: &ObjectId| {
        let renames = renames.iter().rev();
        renames.fold(id.clone(), |id, rename| rename.back(&id))
    };
    ids.map(back).collect()
}

pub(super) fn of<S>(catalog: &Catalog<S>) -> impl Iterator<Item = &ObjectId> {
    let first = ObjectId::new(KindTag::Owner, Vec::<String>::new());
    let all = catalog.objects.range(first..).map(|(id, _)| id);
    all.take_while(|id| id.kind == KindTag::Owner)
}

/// Takes out the owners that are not in `named`.
pub(super) fn leave_out<S>(catalog: &mut Catalog<S>, named: &BTreeSet<ObjectId>) {
    let others: Vec<ObjectId> = of(catalog)
        .filter(|id| !named.contains(id))
        .cloned()
        .collect();
    for id in others {
        catalog.objects.remove(&id);
        catalog.requires.remove(&id);
    }
}

/// Takes out the owners where the whole schema belongs to one role: nobody need say it.
pub(super) fn leave_out_the_one<S>(catalog: &mut Catalog<S>, setting: Managed) {
    let roles: BTreeSet<&str> = catalog
        .objects
        .values()
        .filter_map(|object| match object {
            Object::Owner(owner) => Some(owner.role.raw()),
            _ => None,
        })
        .collect();
    let said = match setting {
        Managed::Auto => roles.len() > 1,
        Managed::Compare => true,
        Managed::Ignore => false,
    };
    if !said {
        leave_out(catalog, &BTreeSet::new());
    }
}
