//! How a column becomes NOT NULL again when a step is taken back: no row is read under a lock that anybody
//! waits for.

use super::super::{Context, checks, temporary_name};
use crate::kinds::{Column, NotNull, ObjectId};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::data_check::{Renamed, RenamedColumn};
use crate::plan::{Action, DataCheck, Probe};
use crate::sql;

/// Added without reading, read and proved, made one.
pub(in crate::strategy) struct NullAgain {
    pub add: Sql,
    validate: Option<Sql>,
    end: Vec<Sql>,
}

impl NullAgain {
    /// `column` was NOT NULL as `not_null` says. `purpose` tells the helper from others on the column.
    pub fn new(
        id: &ObjectId,
        column: &Column,
        not_null: &NotNull,
        purpose: &str,
        context: &Context<'_>,
    ) -> Self {
        let table = column.table_name();
        if let (true, Some(name)) = (context.version >= ServerVersion::V18, &not_null.name) {
            let pending = NotNull {
                validated: false,
                ..not_null.clone()
            };
            let name = Ident::new(name.as_str());
            let validate = sql!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, name);
            return Self {
                add: column.add_not_null(&pending),
                validate: not_null.validated.then_some(validate),
                end: Vec::new(),
            };
        }
        let check = Ident::new(temporary_name(id, purpose));
        Self {
            add: sql!(
                "ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID",
                table,
                check,
                column.name
            ),
            validate: Some(sql!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, check)),
            end: vec![
                sql!(
                    "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
                    table,
                    column.name
                ),
                sql!("ALTER TABLE {} DROP CONSTRAINT {}", table, check),
            ],
        }
    }

    /// What follows the transaction that adds it.
    pub fn rest(self) -> Vec<Action> {
        let mut actions: Vec<Action> = self.validate.map(validation).into_iter().collect();
        if !self.end.is_empty() {
            actions.push(Action::Transaction(self.end));
        }
        actions
    }
}

/// A VALIDATE on the way back: it reads every row, and nobody waits for it. Done twice it does no harm.
pub(in crate::strategy) fn validation(statement: Sql) -> Action {
    Action::Outside {
        statement,
        done: Probe(Sql::constant("SELECT true")),
        clean: Vec::new(),
    }
}

/// The rows that stand in the way of NOT NULL; `now` is what the column is called until then.
pub(in crate::strategy) fn nulls(
    column: &Column,
    now: &Ident,
    context: &Context<'_>,
) -> Vec<DataCheck> {
    let checks = checks::null(column, context).into_iter();
    checks
        .map(|c| called(c, &column.table_name(), &column.name, now, context))
        .collect()
}

/// `check` over a column of `table` that is called `now` until the step is taken back.
pub(in crate::strategy) fn called(
    mut check: DataCheck,
    table: &Qualified,
    column: &Ident,
    now: &Ident,
    context: &Context<'_>,
) -> DataCheck {
    if column != now {
        check.renamed = vec![Renamed {
            table: table.clone(),
            was: table.clone(),
            columns: vec![RenamedColumn {
                column: column.clone(),
                was: now.clone(),
            }],
        }];
    }
    check.written(context.version)
}
