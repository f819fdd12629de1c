//! The comments of a domain's constraints: they go with the constraint, whose domain stays.

use super::super::Context;
use crate::kinds::{Comment, Object, ObjectId};
use crate::pg::Sql;

/// Whether the constraint of a domain that `comment` is on goes, and the domain stays.
pub(super) fn falls(comment: &Comment, context: &Context<'_>) -> bool {
    match (
        &comment.of.domain_constraint,
        context.desired.get(&comment.of.target),
    ) {
        (Some(name), Some(Object::Domain(domain))) => {
            !domain.constraints.iter().any(|c| c.name.raw() == name)
        }
        _ => false,
    }
}

/// What makes the comments again that have fallen with constraints of the domain `id`.
pub(super) fn comments_again(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    let fallen = |object: &&Object| match object {
        Object::Comment(comment) => comment.of.target == *id && falls(comment, context),
        _ => false,
    };
    let comments = context.live.objects.values().filter(fallen);
    comments.flat_map(Object::create).collect()
}
