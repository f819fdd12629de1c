//! What the strategies for columns without values share: the backfill, and the moments of the column.

use super::replace::{fired, key, long_running};
use super::{Context, direct};
use crate::kinds::{Column, ObjectId};
use crate::plan::step::Reversal;
use crate::plan::{Action, Assignment, Backfill, Era, Fill, Step};
use crate::sql;

/// New rows get a value; all rows have one; the column is NOT NULL; an index helps.
pub(super) const MADE: Era = Era::Temp(4);
pub(super) const FILLED: Era = Era::Temp(5);
pub(super) const NOT_NULL: Era = Era::Temp(6);
pub(super) const INDEXED: Era = Era::Temp(7);

/// The rows without a value get `value`.
pub(super) fn fill(id: &ObjectId, column: &Column, value: &str, context: &Context<'_>) -> Step {
    let table = column.table_name();
    let backfill = Backfill {
        table: table.clone(),
        key: key(&table, context),
        work: Fill::Update {
            set: vec![Assignment::new(column.name.clone(), value)],
            pending: sql!("{} IS NULL", column.name).to_string(),
        },
    };
    let mut step = Step::migrate(
        id.clone(),
        Action::backfill(backfill),
        Reversal::Run(Vec::new()),
    )
    .described(
        "backfill",
        format!("fill {} of {table}", column.name),
        format!(
            "one short transaction a batch; rows written meanwhile have a value already{}",
            fired(&table, context)
        ),
    );
    step.hazards.push(long_running(&table, "is written once"));
    step.tables = vec![table];
    step.requires = direct::nodes([id], MADE);
    step.produces = direct::nodes([id], FILLED);
    step
}
