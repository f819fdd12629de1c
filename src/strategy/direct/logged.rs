//! SET LOGGED and SET UNLOGGED: a logged table refers to no unlogged one, at no moment.

use super::super::Context;
use super::nodes;
use crate::kinds::{Object, ObjectId};
use crate::plan::{Era, Node};
use std::collections::BTreeSet;

/// The tables whose change has to come before that of `table`, which becomes what `unlogged` says: those that it refers
/// to become logged first, those that refer to it unlogged.
pub(super) fn first(table: &ObjectId, unlogged: bool, context: &Context<'_>) -> BTreeSet<Node> {
    let changes = |other: &ObjectId| {
        let of = |object: Option<&Object>| match object {
            Some(Object::Table(table)) => Some(table.unlogged),
            _ => None,
        };
        of(context.live.get(other)) == Some(!unlogged)
            && of(context.desired.get(other)) == Some(unlogged)
    };
    let keys = context
        .live
        .objects
        .values()
        .filter_map(|object| match object {
            Object::Constraint(key) => {
                let to = crate::kinds::relation_id(
                    crate::kinds::KindTag::Table,
                    key.referenced.as_ref()?,
                );
                Some((key.table_id(), to))
            }
            _ => None,
        });
    let others = keys.filter_map(|(from, to)| match unlogged {
        true if to == *table => Some(from),
        false if from == *table => Some(to),
        _ => None,
    });
    let others: Vec<ObjectId> = others
        .filter(|other| other != table && changes(other))
        .collect();
    nodes(&others, Era::After)
}
