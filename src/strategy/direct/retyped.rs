//! What ALTER COLUMN … TYPE forgets and is said again after it (14–18: tests/cases/column/what-a-new-type-makes-the-server-forget):
//! the storage and compression of the column and of those that follow it, the target of extended statistics, comments
//! on the indexes and constraints of partitions and heirs.

use super::super::Context;
use crate::catalog::Catalog;
use crate::kinds::{Object, ObjectId};
use crate::pg::Sql;
use std::collections::BTreeSet;

/// As `catalog` has it, of the two sides of `context`.
pub(super) fn again<S>(id: &ObjectId, catalog: &Catalog<S>, context: &Context<'_>) -> Vec<Sql> {
    let stays = |id: &ObjectId| {
        context.live.objects.contains_key(id) && context.desired.objects.contains_key(id)
    };
    let mut columns = catalog.followers([id]);
    columns.insert(id.clone());
    columns.retain(stays);
    let mut statements = Vec::new();
    for column in &columns {
        if let Some(Object::Column(column)) = catalog.get(column) {
            statements.extend(column.stored_again());
        }
    }
    let dependents = catalog.dependents();
    let on_them = columns.iter().filter_map(|column| dependents.get(column));
    let on_them: BTreeSet<&ObjectId> = on_them.flatten().copied().collect();
    let untouched = |id: &&&ObjectId| stays(id) && !context.changes.changes.contains_key(**id);
    for dependent in on_them.iter().filter(untouched) {
        let part = match catalog.get(dependent) {
            Some(Object::Statistics(statistics)) => {
                statements.extend(statistics.target_again());
                false
            }
            Some(Object::Index(index)) => index.attached_to.is_some(),
            Some(Object::Constraint(constraint)) => {
                constraint.attached_to.is_some() || !constraint.inherited_from.is_empty()
            }
            _ => false,
        };
        let said = dependents.get(*dependent).into_iter().flatten();
        for comment in said.filter(|said| part && stays(said)) {
            if let Some(comment @ Object::Comment(_)) = catalog.get(comment) {
                statements.extend(comment.create());
            }
        }
    }
    statements
}
