//! Keys and indexes of partitioned tables under a replaced column.

use crate::catalog::{Catalog, Live};
use crate::kinds::{ConstraintType, KindTag, Object, ObjectId};

/// Whether the column stays plain: it is in the primary key of a partitioned table that others refer to, or refers to one.
/// The new foreign key would need the new key before the swap, and a table has one.
pub(super) fn holds(live: &Catalog<Live>, column: &ObjectId) -> bool {
    let dependents = live.dependents();
    let on = |column: &ObjectId| dependents.get(column).into_iter().flatten().copied();
    let is_key = |id: &ObjectId| {
        matches!(live.get(id), Some(Object::Constraint(key))
            if key.on_partitioned && key.constraint_type == ConstraintType::PrimaryKey)
    };
    let is_foreign = |id: &&ObjectId| matches!(live.get(id), Some(Object::Constraint(key)) if key.is_foreign_key());
    on(column)
        .filter(is_foreign)
        .any(|key| live.requires(key).any(is_key))
}

/// Whether the table of an index or key is a partition already.
pub(super) fn is_attached(live: &Catalog<Live>, of: &Object) -> bool {
    of.parent().is_some_and(|table| {
        live.get(&ObjectId::new(KindTag::Attachment, table.path))
            .is_some()
    })
}
