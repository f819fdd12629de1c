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
            attributes,
        } if attributes.iter().any(|a| a.name() == "type") => Some((old, new)),
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
        let Some((old, new)) = columns(change) else {
            return Ok(Vec::new());
        };
        let (from, to) = (&old.data_type, &new.data_type);
        let name = &new.name;
        let help = match new.casts_from(old) {
            true => format!(
                "put this line above the column: \
                 -- pgrehearse: convert using ({name}::{to}) reverse ({name}::{from})"
            ),
            false => format!(
                "put this line above the column, with an expression of {name} that makes {to}, and one that makes \
                 {from} again: -- pgrehearse: convert using (EXPRESSION) reverse (EXPRESSION)"
            ),
        };
        Err(Refusal {
            object: id.clone(),
            why: format!("no cast from {from} to {to} is used without being asked for"),
            help,
        })
    }
}
