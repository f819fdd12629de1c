//! How much of live a rehearsal clones.

use crate::catalog::{Catalog, Desired, Live, closure};
use crate::kinds::ObjectId;
use crate::plan::Document;
use std::collections::BTreeSet;

/// The objects of `live` that the rehearsal of `document` clones.
pub fn hanging_together(
    document: &Document,
    live: &Catalog<Live>,
    desired: Option<&Catalog<Desired>>,
) -> BTreeSet<ObjectId> {
    let touched: BTreeSet<ObjectId> = document.touches.iter().cloned().collect();
    let mut ids = closure(live, &touched);
    if let Some(desired) = desired {
        // What the desired side needs may hang on nothing touched today.
        let needed = closure(desired, &touched);
        ids.extend(closure_of_needed(live, &needed, &touched));
        ids.extend(needed);
    } else {
        // A recorded plan does not say what its new objects need: everything is there.
        ids.extend(live.objects.keys().cloned());
    }
    ids
}

/// What `needed` of the desired side hangs on in the live one.
fn closure_of_needed(
    live: &Catalog<Live>,
    needed: &BTreeSet<ObjectId>,
    touched: &BTreeSet<ObjectId>,
) -> BTreeSet<ObjectId> {
    let mut all = BTreeSet::new();
    let mut queue: Vec<ObjectId> = needed
        .iter()
        .filter(|id| !touched.contains(id))
        .cloned()
        .collect();
    while let Some(id) = queue.pop() {
        if live.objects.contains_key(&id) && all.insert(id.clone()) {
            queue.extend(live.requires(&id).cloned());
        }
    }
    all
}
