//! Change: a stored generated column is added to a table, or its expression or the type of a column it uses
//! changes; a table becomes partitioned or ordinary; the key it is partitioned by changes.
//!
//! Why not directly: no statement makes a filled column generated, and ADD COLUMN … GENERATED rewrites the
//! table under ACCESS EXCLUSIVE; no statement changes what a table is partitioned by.
//! Steps: a new table under a name of ours, complete but for triggers, identity and the foreign keys that
//! point at it, and a trigger on the old table that copies each row as it stands (expand); a backfill in ranges
//! of the key, ANALYZE, the foreign keys that point at it (migrate); a comparison of both tables in batches,
//! the swap of their names in one short transaction together with what hangs on the table (views, triggers,
//! functions), after which the old table follows the new one; the drop of the old table (contract).
//! Measured: tests/cases/copy, tests/lifecycle/copy-*; every step online.
//! Undo: the swap back; until the old table is dropped, it has every row of the new one.
//! Limits: a key that is unique and not NULL in both tables; no inheritance, no forced row security, nothing
//! on it that we do not read (policies, rules, publications, extended statistics: the plan says so). As after
//! every rewrite, a transaction whose snapshot is older than the backfill does not see the new table's rows. A
//! TRUNCATE of a single partition is not followed, nor is one detached or dropped. Rows written with
//! session_replication_role = replica are mended just before the swap, and not followed after it.
//! Sources: RULES "Generated columns, identity", "Partitions"; manual, ALTER TABLE, "Caveats" (MVCC),
//! "Overview of Trigger Behavior".

mod stage;
mod swap;
mod sync;

use super::replace::long_running;
use super::{Context, Refusal, Strategy, checks, direct, temporary_name};
use crate::diff::{Change, TableCopy};
use crate::kinds::{Constraint, Hazard, HazardKind, KindTag, Object, ObjectId, Owner};
use crate::pg::{Ident, Qualified};
use crate::plan::step::Reversal;
use crate::plan::{Action, Backfill, Era, Fill, Node, Phase, Step, Undo};
use crate::sql;
use stage::Stage;
use std::collections::BTreeSet;
use sync::{Direction, Sync};

pub struct Copy;

/// The copy follows; rows of before are there, too; everything on it is made; both were compared; the
/// copy has the table's name.
const SYNCED: Era = Era::Temp(31);
const FILLED: Era = Era::Temp(32);
const READY: Era = Era::Temp(33);
const CLEANED: Era = Era::Temp(34);
const COMPARED: Era = Era::Temp(35);
const SWAPPED: Era = Era::Temp(36);

impl Strategy for Copy {
    fn name(&self) -> &'static str {
        "table copy"
    }

    fn claims(&self, id: &ObjectId, _: &Change, context: &Context<'_>) -> bool {
        context.copies.covers(id)
    }

    fn expand(
        &self,
        id: &ObjectId,
        _: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        match context.copies.of(id).filter(|copy| copy.table == *id) {
            Some(copy) => Plan::new(copy, context).steps(),
            // The table's own steps make it.
            None => Ok(Vec::new()),
        }
    }
}

fn table_name(id: &ObjectId) -> Qualified {
    let part = |i: usize| id.path.get(i).map_or("", String::as_str);
    Qualified::new(part(0), part(1))
}

/// What the copy is called until the swap.
fn temporary(copy: &TableCopy) -> Qualified {
    copy.names
        .get(&copy.table)
        .map_or_else(|| table_name(&copy.table), table_name)
}

/// What a table of the old ones is called from the swap on.
fn retired(id: &ObjectId) -> Qualified {
    Qualified {
        schema: table_name(id).schema,
        name: Ident::new(temporary_name(id, "retired")),
    }
}

struct Plan<'a> {
    copy: &'a TableCopy,
    context: &'a Context<'a>,
    old: Qualified,
    new: Qualified,
    forth: Sync<'a>,
    back: Sync<'a>,
    stage: Stage,
}

impl<'a> Plan<'a> {
    fn new(copy: &'a TableCopy, context: &'a Context<'a>) -> Self {
        let referenced = copy.covered.iter().any(|id| {
            let sides = [context.live.get(id), context.desired.get(id)];
            let mut sides = sides.into_iter().flatten();
            sides.any(|o| matches!(o, Object::Constraint(c) if points_at(c, copy)))
        });
        Self {
            copy,
            context,
            old: table_name(&copy.table),
            new: temporary(copy),
            forth: Sync::new(copy, Direction::Forth, referenced),
            back: Sync::new(copy, Direction::Back, referenced),
            stage: Stage::new(copy, context),
        }
    }

    fn nodes(&self, era: Era) -> BTreeSet<Node> {
        direct::nodes([&self.copy.table], era)
    }

    fn steps(&self) -> Result<Vec<Step>, Refusal> {
        let mut steps = self.made(self.stage.make(self.context)?, Phase::Expand);
        let ready: BTreeSet<Node> = steps.iter().flat_map(|s| s.produces.clone()).collect();
        let mut follow = self.follow();
        follow.requires.extend(ready);
        steps.push(follow);
        steps.push(self.fill());
        let mut complete = self.made(self.stage.complete(self.context)?, Phase::Migrate);
        for step in &mut complete {
            self.pass_over_replaced(&mut step.requires);
            step.requires.extend(self.nodes(FILLED));
        }
        let complete_nodes: BTreeSet<Node> =
            complete.iter().flat_map(|s| s.produces.clone()).collect();
        steps.append(&mut complete);
        let mut analyze = self.analyze();
        analyze.requires.extend(complete_nodes);
        steps.push(analyze);
        steps.extend(self.compare());
        steps.push(self.swap());
        steps.push(self.retire());
        Ok(steps)
    }

    /// Steps of the stage, told by the names of the table that they are for.
    fn made(&self, mut steps: Vec<Step>, phase: Phase) -> Vec<Step> {
        for step in &mut steps {
            for (id, twin) in &self.copy.names {
                let plain = format!("the copy of {}", id.human());
                step.title = step.title.replace(&twin.human(), &plain);
            }
            for (id, twin) in &self.copy.names {
                let named = |id: &ObjectId| match id.kind {
                    KindTag::Table => table_name(id).to_string(),
                    _ => Ident::new(id.path.last().map_or("", String::as_str)).to_string(),
                };
                step.title = step.title.replace(&named(twin), &named(id));
            }
            step.lift(phase);
            step.strategy = "table copy";
            // Nobody uses it yet, and what it rejects the old table rejects, too.
            step.hazards.retain(|h| h.kind == HazardKind::LongRunning);
            step.checks.clear();
        }
        steps
    }

    fn follow(&self) -> Step {
        let (there, away) = self.forth.statements(self.context);
        let mut step = Step::expand(
            self.copy.table.clone(),
            Action::Transaction(there),
            Reversal::Run(vec![Action::Transaction(away)]),
        )
        .described(
            "start sync",
            format!("let the copy follow {}, by a trigger", self.old),
            self.copy.why.clone(),
        );
        step.produces = self.nodes(SYNCED);
        for id in &self.copy.covered {
            if let (Some(Object::Column(old)), Some(Object::Column(new))) =
                (self.context.live.get(id), self.context.desired.get(id))
                && old.generated.is_none()
                && new.generated.is_none()
                && old.table_id() == self.copy.table
            {
                step.checks.extend(checks::column(old, new, self.context));
            }
        }
        for id in self
            .copy
            .covered
            .iter()
            .filter(|id| !self.context.live.objects.contains_key(*id))
        {
            if let Some(Object::Column(new)) = self.context.desired.get(id) {
                step.checks.extend(checks::generated(new, self.context));
            }
        }
        if is_partitioned(self.context.desired.get(&self.copy.table)) {
            step.checks
                .extend(checks::partitions(&self.old, self.context));
        }
        step.hazards.push(Hazard::declared(
            HazardKind::RejectsWrites,
            format!(
                "from here on {} rejects a row that the new table would reject",
                self.old
            ),
        ));
        step
    }

    /// The key of the copy, where it has others that are deferrable.
    fn key_beside_deferrable(&self) -> Vec<Ident> {
        let mut covered = self.copy.covered.iter();
        let deferrable = covered.any(|id| match self.context.desired.get(id) {
            Some(Object::Constraint(c)) => {
                c.deferrable
                    && c.index_definition.is_some()
                    && self.copy.tables.contains(&c.table_id())
            }
            _ => false,
        });
        match deferrable {
            true => self.copy.unique.1.clone(),
            false => Vec::new(),
        }
    }

    fn fill(&self) -> Step {
        let backfill = Backfill {
            table: self.old.clone(),
            key: self.copy.unique.0.clone(),
            work: Fill::Insert {
                into: self.new.clone(),
                set: self.forth.row(),
                only: None,
                key: self.key_beside_deferrable(),
            },
        };
        let mut step = Step::migrate(
            self.copy.table.clone(),
            Action::backfill(backfill),
            Reversal::Run(Vec::new()),
        )
        .described(
            "backfill",
            format!("fill the copy of {}", self.old),
            "one short transaction a batch; rows written meanwhile are copied by the trigger",
        );
        step.hazards.push(long_running(&self.old, "is read once"));
        step.tables = vec![self.old.clone()];
        step.requires = self.nodes(SYNCED);
        step.produces = self.nodes(FILLED);
        step
    }

    fn analyze(&self) -> Step {
        let mut step = Step::migrate(
            self.copy.table.clone(),
            Action::Transaction(vec![sql!("ANALYZE {}", self.new)]),
            Reversal::Run(Vec::new()),
        )
        .described(
            "analyze",
            format!("collect statistics of the copy of {}", self.old),
            "after the swap the planner would know nothing of the table",
        );
        step.requires = self.nodes(FILLED);
        step.produces = self.nodes(READY);
        step
    }

    /// Rows of the copy that have no counterpart go first: they could be in the way of those that have.
    fn compare(&self) -> [Step; 2] {
        let orphans = Backfill {
            table: self.new.clone(),
            key: self.copy.unique.1.clone(),
            work: Fill::Delete {
                pending: self.forth.orphaned().to_string(),
            },
        };
        let unequal = Backfill {
            table: self.old.clone(),
            key: self.copy.unique.0.clone(),
            work: Fill::Merge {
                into: self.new.clone(),
                key: self.copy.unique.1.clone(),
                set: self.forth.row_of_t(),
                pending: self.forth.unequal().to_string(),
            },
        };
        let step = |backfill: Backfill, title: String, before: Era, after: Era| {
            let table = backfill.table.clone();
            let mut step = Step::contract(
                self.copy.table.clone(),
                Action::backfill(backfill),
                Undo::Run(Vec::new()),
            )
            .described(
                "compare",
                title,
                "just before the swap: a row that replication or a snapshot older than the copy left \
                 unequal is mended after the old table",
            );
            step.hazards
                .push(long_running(&self.old, "is read once more"));
            step.tables = vec![table];
            step.requires = self.nodes(before);
            step.produces = self.nodes(after);
            step
        };
        [
            step(
                orphans,
                format!("look for rows that only the copy of {} has", self.old),
                READY,
                CLEANED,
            ),
            step(
                unequal,
                format!("compare every row of {} with its copy", self.old),
                CLEANED,
                COMPARED,
            ),
        ]
    }

    fn covered(&self, of: impl Fn(&ObjectId) -> bool) -> BTreeSet<ObjectId> {
        let covered = self.copy.covered.iter();
        covered.filter(|id| of(id)).cloned().collect()
    }

    fn swap(&self) -> Step {
        let script = swap::script(self);
        let back = script.back();
        let mut step = Step::contract(
            self.copy.table.clone(),
            Action::Transaction(script.there),
            Undo::Run(vec![Action::Transaction(back)]),
        )
        .described(
            "swap table",
            format!("put the copy in the place of {}", self.old),
            "names change and nothing is read; from here on the old table follows the new one",
        );
        step.hazards.push(Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "prepared statements that return rows of {} fail (0A000) until they are prepared again, \
                 where its columns or their order change: SELECT *; COPY and INSERT without a column list",
                self.old
            ),
        ));
        let old = self.covered(|id| self.context.live.objects.contains_key(id));
        let new = self.covered(|id| self.context.desired.objects.contains_key(id));
        step.requires = direct::requires(self.context, &new);
        self.pass_over_replaced(&mut step.requires);
        step.requires.extend(self.nodes(COMPARED));
        // It takes over whom the old one belongs to.
        let owners: Vec<ObjectId> = self.copy.tables.iter().map(Owner::id_of).collect();
        step.requires.extend(direct::nodes(&owners, Era::After));
        step.releases = direct::releases(self.context, &old);
        step.destroys = direct::nodes(&old, Era::Before);
        step.produces = direct::nodes(&new, Era::After);
        step.produces.extend(self.nodes(SWAPPED));
        let together = &self.context.changes.together;
        step.together = together.get(&self.copy.table).copied();
        step
    }

    fn retire(&self) -> Step {
        let (_, mut there) = self.back.statements(self.context);
        there.extend(swap::old_keys(self).into_iter().map(|c| {
            sql!(
                "ALTER TABLE {} DROP CONSTRAINT {}",
                c.table_name(),
                swap::retired_name(&Object::Constraint(c.clone()).id())
            )
        }));
        there.push(sql!("DROP TABLE {}", retired(&self.copy.table)));
        let undo = Undo::Irreversible {
            why: "nothing follows the new rows any more".to_owned(),
        };
        let mut step = Step::contract(self.copy.table.clone(), Action::Transaction(there), undo)
            .described(
                "drop table",
                format!("drop the old {}", self.old),
                "until here, rolling back swaps the old table back with all that was written since",
            );
        let lost = self.copy.columns.iter();
        let lost = lost.filter(|c| c.forth.is_none() && c.back.is_some());
        step.hazards.extend(lost.map(|c| {
            Hazard::declared(
                HazardKind::DataLoss,
                format!(
                    "the values of {}.{} are lost: the new ones are computed",
                    self.old, c.name
                ),
            )
        }));
        step.requires = self.nodes(SWAPPED);
        // A type or function that only the old table needs is dropped after it.
        let old = self.covered(|id| self.context.live.objects.contains_key(id));
        step.releases = direct::releases(self.context, &old);
        self.pass_over_replaced(&mut step.releases);
        step
    }

    /// A foreign key to the copy is on the column of before, which a new one takes the place of later, with a foreign
    /// key of its own: the two columns have types that can be compared.
    fn pass_over_replaced(&self, nodes: &mut BTreeSet<Node>) {
        let keys = swap::old_keys(self).into_iter().chain(swap::new_keys(self));
        let columns = |key: &Constraint| -> Vec<ObjectId> {
            let table = key.table_name();
            let path = |column: &Ident| {
                [table.schema.raw(), table.name.raw(), column.raw()].map(str::to_owned)
            };
            let columns = key.columns.iter();
            columns
                .map(|column| ObjectId::new(KindTag::Column, path(column)))
                .collect()
        };
        let columns: BTreeSet<ObjectId> = keys.flat_map(columns).collect();
        let replaced = &self.context.replacements.columns;
        nodes.retain(|(id, _)| !(columns.contains(id) && replaced.contains_key(id)));
    }
}

fn is_partitioned(table: Option<&Object>) -> bool {
    matches!(table, Some(Object::Table(t)) if t.partition_key.is_some())
}

/// A foreign key to one of the copied tables.
fn points_at(constraint: &Constraint, copy: &TableCopy) -> bool {
    let referenced = constraint.referenced.as_ref();
    constraint.is_foreign_key()
        && referenced.is_some_and(|to| {
            let id = ObjectId::new(KindTag::Table, [to.schema.raw(), to.name.raw()]);
            copy.tables.contains(&id)
        })
}
