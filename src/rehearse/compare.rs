//! What is different between two catalogs.

use crate::catalog::Catalog;
use crate::kinds::ObjectId;
use std::collections::BTreeSet;

/// The differences between two catalogs among `ids`, for people.
pub fn differences<A, B>(
    old: &Catalog<A>,
    new: &Catalog<B>,
    ids: &BTreeSet<ObjectId>,
) -> Vec<String> {
    let mut found = Vec::new();
    for id in ids {
        match (old.get(id), new.get(id)) {
            (Some(a), Some(b)) => {
                for (x, y) in crate::kinds::differing(a, b) {
                    let line = format!(
                        "{}: {} is {}, wanted {}",
                        id.human(),
                        x.name,
                        x.value,
                        y.value
                    );
                    found.push(line);
                }
            }
            (Some(_), None) => found.push(format!("{} is there, not wanted", id.human())),
            (None, Some(_)) => found.push(format!("{} is missing", id.human())),
            (None, None) => {}
        }
    }
    found
}

/// Those of `ids` that are in both catalogs and in which no kind sees a difference.
pub(super) fn alike<A, B>(
    old: &Catalog<A>,
    new: &Catalog<B>,
    ids: &BTreeSet<ObjectId>,
) -> BTreeSet<ObjectId> {
    let same = |id: &&ObjectId| match (old.get(id), new.get(id)) {
        (Some(old), Some(new)) => crate::kinds::differing(old, new).is_empty(),
        _ => false,
    };
    ids.iter().filter(same).cloned().collect()
}
