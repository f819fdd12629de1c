//! The primary key of a partitioned table: it takes no USING INDEX, but is made ON ONLY each level over keys of the
//! partitions that do, and these are attached. No row is read.

use crate::catalog::Catalog;
use crate::kinds::{Constraint, IndexAttachment, Object, ObjectId};
use crate::pg::{Ident, Sql};

/// What makes the key `root` of `catalog` on all levels, those of the partitions with the indexes that `index` names;
/// without the partitions that it names none for: those that come or leave bring their own.
pub(super) fn make<S>(
    catalog: &Catalog<S>,
    root: &ObjectId,
    index: impl Fn(&ObjectId) -> Option<Ident>,
) -> Vec<Sql> {
    let mut keys: Vec<(ObjectId, &Constraint)> = Vec::new();
    let mut attachments: Vec<&IndexAttachment> = Vec::new();
    let mut queue = vec![root.clone()];
    while let Some(id) = queue.pop() {
        if let Some(Object::Constraint(key)) = catalog.get(&id) {
            keys.push((id.clone(), key));
        }
        for object in catalog.objects.values() {
            if let Object::IndexAttachment(attachment) = object
                && attachment.parent.id() == id
                && index(&attachment.index_id()).is_some()
            {
                attachments.push(attachment);
                queue.push(attachment.index_id());
            }
        }
    }
    let (over, with_rows): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(_, k)| k.on_partitioned);
    let with_rows = with_rows.into_iter();
    let mut statements: Vec<Sql> = with_rows
        .filter_map(|(id, key)| Some(key.add_using_index(&index(&id)?)))
        .collect();
    let only = over.into_iter();
    statements.extend(only.flat_map(|(_, key)| Object::Constraint(key.clone()).create()));
    // The deepest first: the server does not take an index that lacks a part for that of a partition.
    let attach = attachments.into_iter().rev();
    statements.extend(attach.flat_map(|a| Object::IndexAttachment(a.clone()).create()));
    statements
}

/// Whether it is the primary key of a partitioned table.
pub(super) fn is_whole(object: &Object) -> bool {
    matches!(object, Object::Constraint(key) if key.on_partitioned)
        && super::swap::is_primary(Some(object))
}
