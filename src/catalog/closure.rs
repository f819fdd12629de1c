//! What hangs together with some objects: the part of a catalog that a plan rehearses.

use super::Catalog;
use crate::kinds::{KindTag, Object, ObjectId, SequenceOwner};
use std::collections::{BTreeMap, BTreeSet};

/// The objects that `touched` hang together with in `catalog`.
///
/// *Hot* are the touched objects, the table or view each is part of with all its parts, and what
/// depends on any of these, transitively. *Needed* is what hot objects need to exist; of a table
/// that is only needed, its columns come along, but not its indexes, triggers and foreign keys.
pub fn closure<S>(catalog: &Catalog<S>, touched: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let parts = parts(catalog);
    let dependents = catalog.dependents();
    let mut all: BTreeSet<ObjectId> = BTreeSet::new();
    // A grant on a table says nothing about what is on that table.
    let more_than_it = touched
        .iter()
        .filter(|id| !matches!(id.kind, KindTag::Grant | KindTag::Owner));
    let mut queue: Vec<ObjectId> = more_than_it.map(|id| whole(catalog, id)).collect();
    queue.extend(touched.iter().cloned());
    // Attaching and detaching concern the parent with all its partitions: bounds, the default one.
    let attachments = touched.iter().filter(|id| id.kind == KindTag::Attachment);
    queue.extend(attachments.flat_map(|id| catalog.requires(id)).cloned());
    while let Some(id) = queue.pop() {
        if !catalog.objects.contains_key(&id) || !all.insert(id.clone()) {
            continue;
        }
        let more = parts.get(&id).into_iter().flatten();
        // Everything is "in" its schema, but only its objects' names hang on it.
        let hanging = dependents
            .get(&id)
            .into_iter()
            .flatten()
            .filter(|_| id.kind != KindTag::Schema)
            .copied();
        queue.extend(more.copied().chain(hanging).cloned());
    }
    needed(catalog, &all)
}

/// `ids` and what they need to exist, transitively; of a table its columns and what looks at no other table.
pub fn needed<S>(catalog: &Catalog<S>, ids: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let parts = parts(catalog);
    let partitions = partitions(catalog);
    let mut queue: Vec<ObjectId> = ids.iter().cloned().collect();
    let mut needed: BTreeSet<ObjectId> = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !catalog.objects.contains_key(&id) || !needed.insert(id.clone()) {
            continue;
        }
        queue.extend(catalog.requires(&id).cloned());
        // It is a foreign key to every partition, which it locks and looks into.
        if let Some(Object::Constraint(key)) = catalog.get(&id)
            && let Some(to) = &key.referenced
        {
            let mut tables = vec![ObjectId::new(
                KindTag::Table,
                [to.schema.raw(), to.name.raw()],
            )];
            while let Some(table) = tables.pop() {
                for attachment in partitions.get(&table).into_iter().flatten() {
                    queue.push((*attachment).clone());
                    tables.push(ObjectId::new(KindTag::Table, attachment.path.clone()));
                }
            }
        }
        // It falls with the column that owns it.
        if id.kind == KindTag::Sequence {
            queue.push(SequenceOwner::of(&id));
        }
        let columns = parts.get(&id).into_iter().flatten();
        let own = |p: &&ObjectId| {
            catalog
                .get(p)
                .is_some_and(|o| o.parent().as_ref() == Some(&id))
        };
        let columns = columns
            .copied()
            .filter(own)
            .filter(|p| makes_the_table(catalog, p));
        queue.extend(columns.cloned());
    }
    needed
}

/// Of the closure of `touched`, what decides whether a schema is the one that a plan was made for: what others may do
/// with an object that the plan leaves alone does not.
pub fn decisive<S>(catalog: &Catalog<S>, touched: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let mut ids = closure(catalog, touched);
    ids.retain(|id| !matches!(id.kind, KindTag::Grant | KindTag::Owner) || touched.contains(id));
    ids
}

/// Whether a part of a table comes along where the table is only needed: its columns, and the
/// constraints that look at no other table (what inherits from it gets them).
fn makes_the_table<S>(catalog: &Catalog<S>, part: &ObjectId) -> bool {
    match catalog.get(part) {
        Some(Object::Column(_)) => true,
        Some(Object::Constraint(c)) => !c.is_foreign_key(),
        // A partition is none without its attachment, nor its index without that index's.
        Some(Object::Attachment(_) | Object::IndexAttachment(_)) => true,
        _ => false,
    }
}

/// Per object, what is part of it and goes with it.
fn parts<S>(catalog: &Catalog<S>) -> BTreeMap<ObjectId, Vec<&ObjectId>> {
    let mut parts: BTreeMap<ObjectId, Vec<&ObjectId>> = BTreeMap::new();
    for (id, object) in &catalog.objects {
        for whole in object.falls_with() {
            parts.entry(whole).or_default().push(id);
        }
    }
    parts
}

/// Per partitioned table, the attachments of its partitions.
fn partitions<S>(catalog: &Catalog<S>) -> BTreeMap<ObjectId, Vec<&ObjectId>> {
    let mut partitions: BTreeMap<ObjectId, Vec<&ObjectId>> = BTreeMap::new();
    for (id, object) in &catalog.objects {
        if let Object::Attachment(attachment) = object {
            let parent = attachment.parent_id();
            partitions.entry(parent).or_default().push(id);
        }
    }
    partitions
}

/// The outermost object that `id` is part of (its table, seldom more).
fn whole<S>(catalog: &Catalog<S>, id: &ObjectId) -> ObjectId {
    let mut id = id.clone();
    while let Some(parent) = catalog.get(&id).and_then(|o| o.parent()) {
        if parent.kind == KindTag::Schema || !catalog.objects.contains_key(&parent) {
            break;
        }
        id = parent;
    }
    id
}
