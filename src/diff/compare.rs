//! Compares two catalogs object by object.

use super::change::{AttributeChange, Change};
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{Object, ObjectId, differing};
use std::collections::BTreeMap;

/// The differences, one change an object. Both catalogs are in canonical form.
pub fn compare(live: &Catalog<Live>, desired: &Catalog<Desired>) -> BTreeMap<ObjectId, Change> {
    let mut changes = BTreeMap::new();
    for (id, old) in &live.objects {
        let Some(new) = desired.get(id) else {
            changes.insert(id.clone(), Change::Drop { old: old.clone() });
            continue;
        };
        if let Some(change) = alteration(old, new) {
            changes.insert(id.clone(), change);
        }
    }
    for (id, new) in &desired.objects {
        if !live.objects.contains_key(id) {
            changes.insert(id.clone(), Change::Create { new: new.clone() });
        }
    }
    changes
}

/// What differs between two states of one object; `None` when nothing does.
pub fn alteration(old: &Object, new: &Object) -> Option<Change> {
    if old == new {
        return None;
    }
    let attributes: Vec<AttributeChange> = differing(old, new)
        .into_iter()
        .map(|(a, b)| AttributeChange {
            alter: new.alter(old, b.name),
            old: a,
            new: b,
        })
        .collect();
    (!attributes.is_empty()).then(|| Change::Alter {
        old: old.clone(),
        new: new.clone(),
        attributes,
    })
}
