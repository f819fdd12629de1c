//! Change: a column with a volatile default (`gen_random_uuid()`, `clock_timestamp()`, a serial's
//! `nextval`) is added to an existing table.
//!
//! Why not directly: each row gets a value of its own, so ADD COLUMN rewrites the table under ACCESS
//! EXCLUSIVE. Which defaults do is not known from a list: the plain statement is tried on a clone, and
//! this strategy takes those that were seen to work.
//! Steps: the column without a value, then its default, in one transaction: new rows have it (expand);
//! a backfill with the same expression, then NOT NULL by its own steps (migrate).
//! Measured: tests/cases/column/add-with-a-volatile-default, a-bigserial-is-added; every step online.
//! Undo: the column is dropped.
//! Limits: a domain with constraints makes the server rewrite whatever the default is: it stays the
//! plain statement, and the plan says so; so do columns that tables which are no partitions inherit.
//! Sources: manual, ALTER TABLE, Notes; LOCKS, surprise 5.

use super::filling::{FILLED, MADE, fill};
use super::{Context, Refusal, Strategy, direct, replace, set_not_null};
use crate::diff::Change;
use crate::kinds::{Column, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, Verb};
use crate::pg::Sql;
use crate::pg::sql::Deparsed;
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step};
use crate::sql;
use std::collections::BTreeSet;

pub struct VolatileDefault;

impl Strategy for VolatileDefault {
    fn name(&self) -> &'static str {
        "backfilled default"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        matches!(change, Change::Create { .. }) && context.additions.rewriting.contains_key(id)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Change::Create {
            new: Object::Column(column),
        } = change
        else {
            return direct::Direct.expand(id, change, context);
        };
        let Some(default) = column.default() else {
            return direct::Direct.expand(id, change, context);
        };
        let produced = direct::with_absorbed(context, id, false);
        let mut first = add(id, column, vec![set_default(column, default)], context);
        let mut needs = context.desired.requires(id);
        if let Some(sequence) = needs.find(|n| n.kind == KindTag::Sequence) {
            first.hazards.push(Hazard::declared(
                HazardKind::RejectsWrites,
                format!(
                    "from here on an INSERT into {} needs USAGE on {}",
                    column.table_name(),
                    sequence.human()
                ),
            ));
        }
        let mut steps = vec![first, fill(id, column, default, context)];
        steps.extend(not_null(id, column, context));
        if let Some(last) = steps.last_mut() {
            last.produces.extend(direct::nodes(&produced, Era::After));
        }
        Ok(steps)
    }
}

/// `SET DEFAULT` for the table and its partitions.
pub(super) fn set_default(column: &Column, default: &str) -> Sql {
    sql!(
        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}",
        column.table_name(),
        column.name,
        Deparsed(default)
    )
}

/// Adds the column without a value, and then, in the same transaction, what gives new rows one.
pub(super) fn add(id: &ObjectId, column: &Column, then: Vec<Sql>, context: &Context<'_>) -> Step {
    let bare = replace::bare(column);
    let mut there = bare.create();
    there.extend(then);
    let why = context.additions.rewriting.get(id);
    let mut step = Step::expand(
        id.clone(),
        Action::Transaction(there),
        Reversal::Run(vec![Action::Transaction(Kind::drop(&bare))]),
    )
    .described(
        "add column",
        format!("add {}, with a value in new rows", id.human()),
        why.cloned().unwrap_or_default(),
    );
    step.hazards = column.hazards(Verb::Create);
    let produced: BTreeSet<ObjectId> = direct::with_absorbed(context, id, false);
    step.requires = direct::requires(context, &produced);
    step.produces = direct::nodes([id], MADE);
    step
}

/// The steps that make the filled column NOT NULL, where it is to be.
pub(super) fn not_null(id: &ObjectId, column: &Column, context: &Context<'_>) -> Vec<Step> {
    let mut steps = match &column.not_null {
        Some(not_null) => set_not_null::chain(id, column, not_null, context),
        None => Vec::new(),
    };
    if let Some(first) = steps.first_mut() {
        // Before, an UPDATE of a row that is not filled yet would be refused.
        first.requires.extend(direct::nodes([id], FILLED));
    }
    steps
}
