//! What only a superuser makes and what can run code ([`Object::needs_trust`]), where nobody trusts the files: named and
//! left alone on both sides, as what no kind reads.

use super::hanging::{Hanging, HangingOn};
use super::unmodeled::Unmodeled;
use crate::kinds::{KindTag, Object, ObjectId};
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
    // A shell that has become a type is part of that.
    let types = distrusted
        .iter()
        .filter_map(|id| objects.get(id)?.made_of());
    let shells: BTreeSet<ObjectId> = types.collect();
    for id in distrusted.difference(&shells) {
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
    distrusted.difference(&shells).map(named).collect()
}

fn named(id: &ObjectId) -> Unmodeled {
    let (label, human) = (id.kind.label(), id.human());
    let what = match id.kind {
        // Others are made by everybody.
        KindTag::Range => "range type with a canonical function",
        _ => label,
    };
    Unmodeled {
        what: what.to_owned(),
        name: human
            .strip_prefix(label)
            .unwrap_or(&human)
            .trim()
            .to_owned(),
    }
}
