//! Change: a column with a `backfill` hint is added to an existing table, or becomes NOT NULL.
//!
//! Why not directly: the rows have no value yet, and the running application goes on writing rows
//! without one.
//! Steps: the column, and a trigger that gives it the hint's value where a write leaves it NULL
//! (expand); new NULLs are refused, a backfill gives the rows that are there the same value, then NOT
//! NULL as everywhere (migrate); the trigger is dropped, and a default is set, when the old application
//! is gone (contract).
//! Measured: tests/cases/column/a-hint-fills-…; every step online.
//! Undo: the column is dropped; an existing one keeps the values it was given.
//! Limits: until contract an explicit NULL is filled as well; the expression reads columns and calls
//! functions that are there before; no tables that inherit and are no partitions; a table whose BEFORE
//! triggers sort behind ours is refused.
//! Sources: RULES "Two-way triggers": no column list (`UPDATE OF x` misses an UPDATE of another
//! column), a name behind every other, no default before contract (a BEFORE trigger sees it).

use super::filling::{FILLED, MADE, fill};
use super::replace::sync;
use super::volatile_default::{add, set_default};
use super::{Context, Refusal, Strategy, checks, direct, last_name, set_not_null, temporary_name};
use crate::diff::Change;
use crate::diff::replacement::Expression;
use crate::kinds::{Column, Hazard, HazardKind, Object, ObjectId};
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Filled;

impl Strategy for Filled {
    fn name(&self) -> &'static str {
        "filled by a trigger"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        matches!(change, Change::Create { .. } | Change::Alter { .. })
            && context.additions.backfills.contains_key(id)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let (Some(value), (Some(new), old)) = (
            context.additions.backfills.get(id),
            match change {
                Change::Create { new } => (Some(new), None),
                Change::Alter {
                    old,
                    new,
                    attributes,
                } => (Some(new), Some((old, attributes))),
                _ => (None, None),
            },
        ) else {
            return direct::Direct.expand(id, change, context);
        };
        let Object::Column(column) = new else {
            return direct::Direct.expand(id, change, context);
        };
        let filler = Filler::new(id, column, value);
        filler.must_fire_last(context)?;
        let produced = direct::with_absorbed(context, id, false);
        let mut steps = Vec::new();
        let mut first = match old {
            None => add(id, column, filler.create(context), context),
            Some((old, attributes)) => {
                let (rest, before) = set_not_null::rest(id, old, new, attributes, context);
                steps.extend(rest);
                let mut step = filler.install(context);
                step.requires = direct::requires(context, &BTreeSet::from([id.clone()]));
                step.requires.extend(before);
                step
            }
        };
        filler.complete(&mut first, old.is_none());
        first.checks.extend(checks::filled(column, value, context));
        steps.push(first);
        let mut fill = fill(id, column, &value.text, context);
        let mut chain = match &column.not_null {
            Some(not_null) if not_null.validated => {
                set_not_null::chain(id, column, not_null, context)
            }
            _ => Vec::new(),
        };
        if let Some(refuses) = chain.first_mut() {
            // The trigger fills what it would refuse.
            refuses.requires.extend(direct::nodes([id], MADE));
            fill.requires.extend(refuses.produces.clone());
        }
        if let Some(validates) = chain.get_mut(1) {
            validates.requires.extend(direct::nodes([id], FILLED));
        }
        chain.insert(chain.len().min(1), fill);
        if let Some(last) = chain.last_mut() {
            last.produces.extend(direct::nodes(&produced, Era::After));
        }
        steps.extend(chain);
        let default = column.default().filter(|_| old.is_none());
        let mut retire = filler.retire(default, context);
        let named = context.additions.needs.get(id).into_iter().flatten();
        retire.releases.extend(direct::nodes(named, Era::Before));
        steps.push(retire);
        Ok(steps)
    }
}

/// The trigger that fills what is left out.
struct Filler<'a> {
    id: &'a ObjectId,
    column: &'a Column,
    value: &'a Expression,
    trigger: Ident,
    function: Qualified,
}

impl<'a> Filler<'a> {
    fn new(id: &'a ObjectId, column: &'a Column, value: &'a Expression) -> Self {
        Self {
            id,
            column,
            value,
            trigger: Ident::new(last_name(id, "filler")),
            function: Qualified {
                schema: column.schema.clone(),
                name: Ident::new(temporary_name(id, "filler")),
            },
        }
    }

    fn must_fire_last(&self, context: &Context<'_>) -> Result<(), Refusal> {
        match sync::behind(&self.column.table_id(), &self.trigger, context) {
            None => Ok(()),
            Some(behind) => Err(Refusal {
                object: self.id.clone(),
                why: format!(
                    "{} fires after the trigger that fills the column, and could change what that \
                     reads",
                    behind.human()
                ),
                help: "rename that trigger so that its name sorts before ~".to_owned(),
            }),
        }
    }

    fn create(&self, context: &Context<'_>) -> Vec<Sql> {
        let name = &self.column.name;
        let block = sql!(
            "    IF NEW.{} IS NULL THEN
        NEW.{} := {};
    END IF;",
            name,
            name,
            sync::over_new(self.value, |column| column)
        );
        let table = self.column.table_name();
        let mut there = vec![
            sync::function(&self.function, &[block], true),
            sql!(
                "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
                self.trigger,
                table,
                self.function
            ),
        ];
        there.extend(super::replication::always(&table, &self.trigger, context));
        there
    }

    fn drop(&self) -> Vec<Sql> {
        vec![
            sql!(
                "DROP TRIGGER {} ON {}",
                self.trigger,
                self.column.table_name()
            ),
            sql!("DROP FUNCTION {}()", self.function),
        ]
    }

    /// On a column that is there.
    fn install(&self, context: &Context<'_>) -> Step {
        let mut step = Step::expand(
            self.id.clone(),
            Action::Transaction(self.create(context)),
            Reversal::Run(vec![Action::Transaction(self.drop())]),
        )
        .described("create trigger", String::new(), String::new());
        step.produces = direct::nodes([self.id], MADE);
        step
    }

    /// What the step that installs the trigger says and takes back.
    fn complete(&self, step: &mut Step, is_new: bool) {
        let name = &self.column.name;
        step.title = if is_new {
            format!("add {}, filled by a trigger", self.id.human())
        } else {
            format!("fill {} by a trigger where it is left out", self.id.human())
        };
        step.why = format!(
            "the application may go on leaving {name} out; until contract an explicit NULL is \
             filled as well"
        );
        if is_new {
            step.take_back_first(self.drop());
        }
    }

    /// Drops the trigger, and sets the default that it stood in for.
    fn retire(&self, default: Option<&str>, context: &Context<'_>) -> Step {
        let mut there = self.drop();
        let mut back = self.create(context);
        if let Some(default) = default {
            there.push(set_default(self.column, default));
            back.insert(
                0,
                sql!(
                    "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
                    self.column.table_name(),
                    self.column.name
                ),
            );
        }
        let mut step = Step::contract(
            self.id.clone(),
            Action::Transaction(there),
            Undo::Run(vec![Action::Transaction(back)]),
        )
        .described(
            "drop trigger",
            format!("no longer fill {}", self.id.human()),
            "by now every writer gives a value",
        );
        if self.column.not_null.is_some() && self.column.default().is_none() {
            step.hazards.push(Hazard::declared(
                HazardKind::RejectsWrites,
                format!(
                    "from here on {} rejects a row without {}",
                    self.column.table_name(),
                    self.column.name
                ),
            ));
        }
        step.requires = direct::nodes([self.id], Era::After);
        let mut reads = self.id.clone();
        let columns = self.value.columns.iter().map(|column| {
            reads.path.pop();
            reads.path.push(column.raw().to_owned());
            (reads.clone(), Era::Before)
        });
        step.releases = columns.collect();
        step
    }
}
