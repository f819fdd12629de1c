//! How much of live a rehearsal clones.

use super::measure::relation_name;
use crate::catalog::{Catalog, Desired, Live, closure, needed};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::plan::Document;
use crate::source::Query;
use std::collections::{BTreeMap, BTreeSet};

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

/// What the functions among `cloned` name in their bodies, as far as a word tells: the server does not know that they
/// need it, and still reads it where it checks a constraint or inlines a function, rows or not.
pub fn named_by_functions(
    cloned: &BTreeSet<ObjectId>,
    live: &Catalog<Live>,
    desired: Option<&Catalog<Desired>>,
) -> BTreeSet<ObjectId> {
    let mut by_name: BTreeMap<&str, Vec<&ObjectId>> = BTreeMap::new();
    let whole = |object: &Object| object.parent().is_none_or(|p| p.kind == KindTag::Schema);
    for (id, _) in live.objects.iter().filter(|(_, object)| whole(object)) {
        let name = id.path.get(1).filter(|_| !id.kind.describes());
        if let Some(name) = name {
            by_name.entry(name).or_default().push(id);
        }
    }
    let mut all = BTreeSet::new();
    let mut queue: Vec<ObjectId> = cloned.iter().cloned().collect();
    while let Some(id) = queue.pop() {
        let sides = [live.get(&id), desired.and_then(|desired| desired.get(&id))];
        let bodies = sides
            .into_iter()
            .flatten()
            .filter_map(|object| match object {
                Object::Function(function) => Some(Query::words_of_body(&function.definition)),
                _ => None,
            });
        for word in bodies.flatten().collect::<BTreeSet<String>>() {
            for found in by_name.get(word.as_str()).into_iter().flatten() {
                if !cloned.contains(*found) && all.insert((*found).clone()) {
                    queue.push((*found).clone());
                }
            }
        }
    }
    needed(live, &all)
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

/// The partitions that `document` makes, by their attachments.
pub fn new_partitions(document: &Document, live: &Catalog<Live>) -> BTreeMap<ObjectId, String> {
    let attached = document.steps().map(|(_, step)| &step.object);
    let attached = attached.filter(|id| id.kind == KindTag::Attachment);
    let tables = attached.filter_map(|id| {
        let table = ObjectId::new(KindTag::Table, id.path.iter().cloned());
        let [schema, name] = id.path.as_slice() else {
            return None;
        };
        let is_new = live.get(&table).is_none();
        is_new.then(|| (id.clone(), relation_name(schema, name)))
    });
    tables.collect()
}
