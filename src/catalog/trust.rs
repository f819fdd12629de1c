//! What only a superuser makes and what can run code ([`Object::needs_trust`]), where nobody trusts the files: named and
//! left alone on both sides, as what no kind reads.

use super::hanging::{Hanging, HangingOn};
use super::unmodeled::Unmodeled;
use crate::kinds::{Object, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

/// Takes it out of `objects` and `requires`, with its comments, grants and owners.
pub(super) fn leave_alone(
    objects: &mut BTreeMap<ObjectId, Object>,
    requires: &mut BTreeMap<ObjectId, BTreeSet<ObjectId>>,
    hanging: &mut HangingOn,
) -> BTreeSet<Unmodeled> {
    let distrusted = objects.iter().filter(|(_, object)| object.needs_trust());
    let distrusted: BTreeSet<ObjectId> = distrusted.map(|(id, _)| id.clone()).collect();
    if distrusted.is_empty() {
        return BTreeSet::new();
    }
    for id in &distrusted {
        for need in requires.get(id).into_iter().flatten() {
            hanging.entry(need.clone()).or_default().insert(Hanging {
                what: named(id),
                of: None,
                falls: false,
            });
        }
    }
    let goes = |id: &ObjectId, object: &Object| {
        let of = object.parent();
        distrusted.contains(id) || of.is_some_and(|whole| distrusted.contains(&whole))
    };
    objects.retain(|id, object| !goes(id, object));
    requires.retain(|id, _| objects.contains_key(id));
    for needs in requires.values_mut() {
        needs.retain(|need| !distrusted.contains(need));
    }
    distrusted.iter().map(named).collect()
}

fn named(id: &ObjectId) -> Unmodeled {
    let (what, human) = (id.kind.label(), id.human());
    Unmodeled {
        what: what.to_owned(),
        name: human.strip_prefix(what).unwrap_or(&human).trim().to_owned(),
    }
}
