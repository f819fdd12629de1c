//! Types that exist as a shell before the functions that read and write them: `pg_depend` says that each needs the other.

use crate::kinds::{KindTag, Object, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

/// Where a type needs a function and this the type, the function needs the shell of the type in its place, and falls
/// with that.
pub(super) fn cut(
    objects: &mut BTreeMap<ObjectId, Object>,
    requires: &mut BTreeMap<ObjectId, BTreeSet<ObjectId>>,
) {
    let types = objects.iter();
    let types: Vec<(ObjectId, ObjectId)> = types
        .filter_map(|(id, object)| Some((id.clone(), object.made_of()?)))
        .collect();
    for (of, shell) in types {
        let needs = requires.get(&of).into_iter().flatten();
        let functions = needs.filter(|need| need.kind == KindTag::Function);
        let own: Vec<ObjectId> = functions
            .filter(|f| requires.get(f).is_some_and(|back| back.contains(&of)))
            .cloned()
            .collect();
        for id in own {
            if let Some(back) = requires.get_mut(&id) {
                back.remove(&of);
                back.insert(shell.clone());
            }
            if let Some(Object::Function(function)) = objects.get_mut(&id) {
                function.shells.push(shell.clone());
            }
        }
    }
}
