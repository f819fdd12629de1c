//! A publication is of whole schemas or has lists of columns, never both (manual, CREATE PUBLICATION; 15 and later).

use super::super::Context;
use crate::diff::Change;
use crate::kinds::{Object, PublicationTable};
use crate::plan::{Era, Step};

/// What makes the one waits for what takes the other away.
pub(super) fn exclude(step: &mut Step, new: &Object, context: &Context<'_>) {
    let changes = &context.changes.changes;
    match new {
        Object::PublicationTable(member) if member.columns.is_some() => {
            for (id, change) in changes {
                if let Change::Drop {
                    old: Object::PublicationSchema(other),
                } = change
                    && other.publication == member.publication
                {
                    step.after.insert((id.clone(), Era::Before));
                }
            }
        }
        Object::PublicationSchema(member) => {
            let listed = |other: &PublicationTable| {
                other.columns.is_some() && other.publication == member.publication
            };
            for (id, change) in changes {
                match change {
                    Change::Drop {
                        old: Object::PublicationTable(other),
                    } if listed(other) => {
                        step.after.insert((id.clone(), Era::Before));
                    }
                    Change::Alter {
                        old: Object::PublicationTable(other),
                        ..
                    } if listed(other) => {
                        step.requires.insert((id.clone(), Era::After));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}
