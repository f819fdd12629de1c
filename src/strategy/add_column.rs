//! Change: a NOT NULL column without a value is added to a table that may have rows.
//!
//! Why not directly: the server refuses it as soon as there is a row.
//! Steps: none: refused, with the line to paste; with the hint it is filled (`filled`).

use super::{Context, Refusal, Strategy};
use crate::diff::Change;
use crate::kinds::{Column, Hazard, HazardKind, Object, ObjectId};
use crate::plan::Step;

pub struct AddColumn;

impl Strategy for AddColumn {
    fn name(&self) -> &'static str {
        "add column"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let column = match change {
            Change::Create {
                new: Object::Column(new),
            } if !has_value(new, new) => new,
            // What comes with the column of a table above has to be a value for the rows of this one, too.
            Change::Alter {
                old: Object::Column(given),
                new: Object::Column(new),
                attributes,
            } if !context.live.objects.contains_key(id)
                && attributes.iter().any(|a| a.name() == "not null")
                && !has_value(new, given) =>
            {
                new
            }
            _ => return false,
        };
        let table = column.table_id();
        context.live.objects.contains_key(&table) && !context.is_empty(&table)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        _: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let name = match change {
            Change::Create {
                new: Object::Column(c),
            }
            | Change::Alter {
                new: Object::Column(c),
                ..
            } => c.name.to_string(),
            _ => id.human(),
        };
        Err(Refusal {
            object: id.clone(),
            why: "a NOT NULL column without a default cannot be added to a table that may have \
                  rows: there is nothing to fill them with"
                .to_owned(),
            help: match change {
                Change::Alter { .. } => format!(
                    "give the column a DEFAULT where it is inherited from; or leave NOT NULL of {name} out here, fill \
                     the rows, and put it in for the next plan"
                ),
                _ => format!(
                    "put this line above {name}, with the value for the rows that are there: \
                     -- pgrehearse: backfill (EXPRESSION over the other columns); or give {name} a \
                     DEFAULT"
                ),
            },
        })
    }
}

/// Whether existing rows get a value that may stay, by what the column is `given` when it is added.
fn has_value(column: &Column, given: &Column) -> bool {
    column.not_null.as_ref().is_none_or(|n| !n.validated)
        || given.expression.is_some()
        || given.identity.is_some()
}

/// Functions that return rows of `table`: a prepared call keeps the columns that there were (measured: 42804,
/// "structure of query does not match function result type").
pub(super) fn row_functions(table: &ObjectId, context: &Context<'_>) -> Option<Hazard> {
    let returning = context.live.objects.iter().filter(|(id, object)| {
        matches!(object, Object::Function(_)) && context.live.requires(id).any(|need| need == table)
    });
    let names: Vec<String> = returning.map(|(id, _)| id.human()).collect();
    (!names.is_empty()).then(|| {
        Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "{}: prepared calls can fail (42804) until they are prepared again, because rows of {} get \
                 a column more",
                names.join(", "),
                table.human()
            ),
        )
    })
}
