//! Indexes and keys of partitions that have another name in the files than in live.
//!
//! A partition has one index attached to an index of its parent, whatever it is called; the server
//! makes its name up from the columns, as they are called when it is made.

use crate::catalog::{Catalog, Desired, Live};
use crate::diff::alteration;
use crate::diff::change::Change;
use crate::diff::rename::Rename;
use crate::kinds::{Alter, Name, Object, ObjectId, ParentIndex};
use std::collections::{BTreeMap, BTreeSet};

/// The renames of those that stay, and of those that `moves` of columns replace under their names; the ones
/// nearer to the root first. Both sides are in canonical form, and every other rename is done.
pub(super) fn find(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    moves: &[Rename],
) -> Vec<Rename> {
    let wanted: BTreeMap<(ObjectId, ObjectId), &Object> = desired
        .objects
        .values()
        .filter_map(|o| Some((place(o)?, o)))
        .collect();
    // With the columns of partitions.
    let moved: Vec<(BTreeSet<ObjectId>, BTreeSet<ObjectId>)> = moves
        .iter()
        .map(|m| (live.followers([&m.from]), desired.followers([&m.to])))
        .collect();
    let taken: BTreeSet<Name> = live.objects.values().flat_map(Object::names).collect();
    let mut now: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for (id, old) in &live.objects {
            let Some((table, parent)) = place(old) else {
                continue;
            };
            let above = now.get(&parent).unwrap_or(&parent);
            let Some(&new) = wanted.get(&(table, above.clone())) else {
                continue;
            };
            let to = new.id();
            let own = old.names();
            let is_free = |name: &Name| own.contains(name) || !taken.contains(name);
            let moved = moved.iter().any(|(old, new)| {
                live.requires(id).any(|need| old.contains(need))
                    && desired.requires(&to).any(|need| new.contains(need))
            });
            let goes_on = moved
                || stays(Some(old), Some(new)) && stays(live.get(&parent), desired.get(above));
            if to == *id
                || now.contains_key(id)
                || to.kind != id.kind
                || !goes_on
                || !new.names().iter().all(is_free)
            {
                continue;
            }
            now.insert(id.clone(), to.clone());
            found.push(Rename {
                from: id.clone(),
                to,
                schemas: None,
            });
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The partition of an attached index, and what that is attached to.
fn place(object: &Object) -> Option<(ObjectId, ObjectId)> {
    let (table, parent): (ObjectId, &ParentIndex) = match object {
        Object::Index(i) => (i.table_id(), i.attached_to.as_ref()?),
        Object::Constraint(c) => (c.table_id(), c.attached_to.as_ref()?),
        _ => return None,
    };
    Some((table, parent.id()))
}

/// Whether no difference but that of the name makes it anew.
fn stays(old: Option<&Object>, new: Option<&Object>) -> bool {
    let (Some(old), Some(new)) = (old, new) else {
        return false;
    };
    match alteration(old, new) {
        Some(Change::Alter { attributes, .. }) => !attributes
            .iter()
            .any(|a| matches!(a.alter, Alter::Replace { .. })),
        _ => true,
    }
}
