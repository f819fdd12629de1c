//! Change: an extension gets the version that the files state.
//!
//! Why not directly: the statement is the plain one, but no statement goes back: few extensions bring scripts from a
//! newer version to an older one.
//! Steps: ALTER EXTENSION UPDATE (expand), beside what else changes of it.
//! Measured: what its scripts lock, in the rehearsal, where the scratch server has both versions.
//! Undo: none: the newer version stays.
//! Limits: what the scripts do to rows is theirs to know.
//! Sources: RULES "Undo has the form Leave"; manual, ALTER EXTENSION, "Extension Updates".

use super::direct::{self, nodes};
use super::{Context, Refusal, Strategy};
use crate::diff::{AttributeChange, Change};
use crate::kinds::{Extension, Object, ObjectId};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step};

/// The operation of the step.
pub const UPDATE: &str = "update extension";

pub struct Update;

fn updated(change: &Change) -> Option<(&Extension, &Extension, &[AttributeChange])> {
    match change {
        Change::Alter {
            old: Object::Extension(old),
            new: Object::Extension(new),
            attributes,
        } if attributes.iter().any(|a| a.name() == "version") => Some((old, new, attributes)),
        _ => None,
    }
}

impl Strategy for Update {
    fn name(&self) -> &'static str {
        "extension"
    }

    fn claims(&self, _: &ObjectId, change: &Change, _: &Context<'_>) -> bool {
        updated(change).is_some()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Some((old, new, attributes)) = updated(change) else {
            return Ok(Vec::new());
        };
        let rest = attributes.iter().filter(|a| a.name() != "version");
        let rest: Vec<AttributeChange> = rest.cloned().collect();
        let mut steps = match rest.is_empty() {
            true => Vec::new(),
            false => {
                let objects = (
                    Object::Extension(old.clone()),
                    Object::Extension(new.clone()),
                );
                direct::alter(id, &objects.0, &objects.1, &rest, context)
            }
        };
        let mut update = Step::expand(
            id.clone(),
            Action::Transaction(vec![new.update()]),
            Reversal::Leave {
                what: id.clone(),
                why: format!(
                    "it stays at version {}: an extension seldom has a way back to {}",
                    new.version, old.version
                ),
            },
        )
        .described(
            UPDATE,
            format!("update extension {} to {}", new.name, new.version),
            format!(
                "from {}: its own scripts run in one transaction",
                old.version
            ),
        );
        update.produces = nodes([id], Era::After);
        steps.push(update);
        Ok(steps)
    }
}
