//! Change: a column's type becomes one to which no cast leads by itself.
//!
//! Why not directly: the server refuses it without USING, and which expression is meant is not
//! ours to guess.
//! Steps: none: refused, with the line to paste; with the hint the plain statement is direct.

use super::{Context, Refusal, Strategy};
use crate::diff::Change;
use crate::kinds::{Column, Object, ObjectId};
use crate::plan::Step;

pub struct Convert;

fn columns(change: &Change) -> Option<(&Column, &Column)> {
    match change {
        Change::Alter {
            old: Object::Column(old),
            new: Object::Column(new),
            ..
        } => Some((old, new)),
        _ => None,
    }
}

impl Strategy for Convert {
    fn name(&self) -> &'static str {
        "convert"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        columns(change).is_some_and(|(old, new)| !new.converts_from(old))
            && !context.conversions.contains_key(id)
            && !context.replacements.covers(id)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        _: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let (from, to) = columns(change)
            .map(|(old, new)| (old.data_type.clone(), new.data_type.clone()))
            .unwrap_or_default();
        let name = id.path.last().map_or_else(String::new, |n| {
            crate::pg::Ident::new(n.as_str()).to_string()
        });
        Err(Refusal {
            object: id.clone(),
            why: format!("no cast from {from} to {to} is used without being asked for"),
            help: format!(
                "put this line above the column: \
                 -- pgrehearse: convert using ({name}::{to}) reverse ({name}::{from})"
            ),
        })
    }
}
