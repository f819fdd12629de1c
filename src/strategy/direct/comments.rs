//! Comments on a part of an object that goes while the object stays: they go with it.

use crate::kinds::{Comment, Object, ObjectId};
use crate::pg::Sql;
use crate::strategy::Context;

/// Whether the constraint of a domain, or the sequence of an identity, that `comment` is on goes, and the domain or the
/// column stays.
pub(super) fn falls(comment: &Comment, context: &Context<'_>) -> bool {
    let of = &comment.of;
    match (&of.domain_constraint, context.desired.get(&of.target)) {
        (Some(name), Some(Object::Domain(domain))) => {
            !domain.constraints.iter().any(|c| c.name.raw() == name)
        }
        (None, Some(Object::Column(column))) => of.on_numberer && column.identity.is_none(),
        _ => false,
    }
}

/// What makes the comments again that have fallen with parts of `id`.
pub(super) fn again(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    let fallen = |object: &&Object| match object {
        Object::Comment(comment) => comment.of.target == *id && falls(comment, context),
        _ => false,
    };
    let comments = context.live.objects.values().filter(fallen);
    comments.flat_map(Object::create).collect()
}
