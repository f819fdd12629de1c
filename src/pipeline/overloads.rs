//! Functions of which a catalog to try on has the one of before and the one of after.

use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{KindTag, Object, ObjectId};
use std::collections::BTreeSet;

/// Takes the functions out of `part` that the desired schema has with other parameters only, where that one is in
/// `part`, too: a call could mean either (42725). A default that is of before goes with them.
pub(super) fn let_go(part: &mut Catalog<Live>, desired: &Catalog<Desired>) {
    let new: BTreeSet<(String, String)> = functions(part)
        .filter(|id| desired.get(id).is_some())
        .filter_map(named)
        .collect();
    let gone: Vec<ObjectId> = functions(part)
        .filter(|id| desired.get(id).is_none() && named(id).is_some_and(|name| new.contains(&name)))
        .cloned()
        .collect();
    for function in gone {
        let dependents = part.dependents();
        let users = dependents.get(&function).into_iter().flatten();
        let users: Vec<ObjectId> = users.map(|id| (*id).clone()).collect();
        let is_default = |id: &ObjectId| matches!(part.get(id), Some(Object::Column(c)) if c.default().is_some());
        if !users.iter().all(is_default) {
            continue;
        }
        for user in users {
            if let Some(Object::Column(column)) = part.get(&user) {
                let mut bare = column.clone();
                bare.expression = None;
                part.objects.insert(user.clone(), Object::Column(bare));
            }
            let mut needs: BTreeSet<ObjectId> = part.requires(&user).cloned().collect();
            needs.remove(&function);
            part.requires.insert(user, needs);
        }
        part.objects.remove(&function);
        part.requires.remove(&function);
    }
}

fn functions(part: &Catalog<Live>) -> impl Iterator<Item = &ObjectId> {
    let ids = part.objects.keys();
    ids.filter(|id| id.kind == KindTag::Function)
}

fn named(id: &ObjectId) -> Option<(String, String)> {
    match id.path.as_slice() {
        [schema, name, ..] => Some((schema.clone(), name.clone())),
        _ => None,
    }
}
