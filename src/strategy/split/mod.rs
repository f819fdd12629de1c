//! Change: a hint says that columns of a table move to a new one (split), or back (merge).
//!
//! Why not directly: the values of dropped columns are gone, and the old and the new application
//! each know one place only.
//! Steps: the new table, or the new columns without NOT NULL; triggers on both tables that write the
//! other (expand); a backfill; the columns that stay behind lose NOT NULL, which an INSERT of the
//! new application would trip over (migrate); both tables are compared in batches and mended after the old one;
//! NOT NULL of merged columns the online way; the triggers go, and after them the old columns or the old table,
//! by whatever drops columns and tables (contract).
//! Measured: tests/cases/split, tests/split.rs (writes of both applications between all steps, and
//! during the backfill).
//! Undo: up to the stop of the triggers, what either application wrote is in both tables.
//! Limits: join columns are unique on both sides; no partitions, no inheritance, no forced row
//! security. TRUNCATE is not followed. Two sessions that write one row on both sides at the same time
//! may deadlock: the server ends one. A foreign key without ON UPDATE CASCADE from the narrow table refuses a
//! change of the wide key. The user's triggers on the other table fire with the rights of the functions' owner.
//! Sources: RULES "Two-way triggers"; manual, "Overview of Trigger Behavior", "The Locking Clause".

mod sync;

use super::direct;
use super::replace::key;
use super::retire::null_again::{NullAgain, nulls};
use super::set_not_null;
use super::{Context, Refusal, Strategy};
use crate::diff::split::Direction;
use crate::diff::{Change, Split};
use crate::kinds::{Column, ConstraintType, Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::sql::Word;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Assignment, Backfill, Era, Fill, Phase, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;
use sync::Sync;

pub struct SplitTable;

/// Both tables are written alike; rows of before are there, too; both were compared.
const SYNCED: Era = Era::Temp(21);
const FILLED: Era = Era::Temp(22);
const COMPARED: Era = Era::Temp(23);

impl Strategy for SplitTable {
    fn name(&self) -> &'static str {
        "table split"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        matches!(change, Change::Create { .. }) && claimed(id, context).is_some()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Some(split) = claimed(id, context) else {
            return direct::Direct.expand(id, change, context);
        };
        let mut steps = Vec::new();
        match (split.direction, change) {
            (Direction::Split, Change::Create { new }) => {
                steps.push(direct::create(new, context, Phase::Expand));
            }
            (
                Direction::Merge,
                Change::Create {
                    new: Object::Column(column),
                },
            ) => {
                let bare = Object::Column(Column {
                    not_null: None,
                    ..column.clone()
                });
                let step = direct::create(&bare, context, Phase::Expand);
                steps.push(step);
                steps.extend(not_null(id, column, split, context));
                let first = split.columns.first();
                if first != Some(&column.name) {
                    return Ok(steps);
                }
            }
            _ => {}
        }
        steps.extend(moves(split, context)?);
        Ok(steps)
    }
}

/// The split that `id` is the new part of.
fn claimed<'a>(id: &ObjectId, context: &'a Context<'_>) -> Option<&'a Split> {
    context.splits.iter().find(|split| match split.direction {
        Direction::Split => split.narrow == *id,
        Direction::Merge => columns_of(&split.wide, &split.columns).contains(id),
    })
}

fn columns_of(table: &ObjectId, columns: &[Ident]) -> BTreeSet<ObjectId> {
    let ids = columns.iter().map(|column| {
        let path = table.path.iter().map(String::as_str).chain([column.raw()]);
        ObjectId::new(KindTag::Column, path)
    });
    ids.collect()
}

fn named(columns: &[Ident]) -> String {
    let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// NOT NULL of a merged column, once the old application is gone.
fn not_null(id: &ObjectId, column: &Column, split: &Split, context: &Context<'_>) -> Vec<Step> {
    let Some(not_null) = &column.not_null else {
        return Vec::new();
    };
    let mut steps = set_not_null::chain(id, column, not_null, context);
    for step in &mut steps {
        step.lift(Phase::Contract);
        step.requires
            .extend(direct::nodes([&split.narrow], COMPARED));
    }
    steps
}

fn moves(split: &Split, context: &Context<'_>) -> Result<Vec<Step>, Refusal> {
    let sync = Sync::new(split, context.live, context.desired);
    behind(&sync, context)?;
    let mut steps = vec![keep_alike(&sync, context), fill(&sync, context)];
    if split.direction == Direction::Split {
        steps.extend(optional(&sync, context));
    }
    steps.extend(compare(&sync, context));
    steps.push(stop(&sync, context));
    Ok(steps)
}

/// A trigger of the user after ours would change one side alone.
fn behind(sync: &Sync<'_>, context: &Context<'_>) -> Result<(), Refusal> {
    let tables = [&sync.split.wide, &sync.split.narrow];
    let live = context.live.objects.values();
    let triggers = live.chain(context.desired.objects.values());
    for object in triggers {
        let Object::Trigger(trigger) = object else {
            continue;
        };
        let Some(table) = tables
            .iter()
            .find(|t| object.parent().as_ref() == Some(**t))
        else {
            continue;
        };
        let ours = ["split", "split delete", "split insert"];
        let ours = ours.iter().map(|p| sync.trigger(table, p));
        if ours.into_iter().any(|o| trigger.name.raw() > o.raw()) {
            return Err(Refusal {
                object: object.id(),
                why: "it fires after the triggers that keep both tables alike, and could change one side \
                      alone"
                    .to_owned(),
                help: "rename that trigger so that its name sorts before ~".to_owned(),
            });
        }
    }
    Ok(())
}

fn keep_alike(sync: &Sync<'_>, context: &Context<'_>) -> Step {
    let split = sync.split;
    let (there, away) = sync.statements(context);
    let mut step = Step::expand(
        split.narrow.clone(),
        Action::Transaction(there),
        Reversal::Run(vec![Action::Transaction(away)]),
    )
    .described(
        "start sync",
        format!(
            "keep {} of {} and {} alike, by triggers",
            named(&split.columns),
            sync.wide,
            sync.narrow
        ),
        "a hint in the schema files says so; the old and the new application may both write from \
         here on",
    );
    step.requires = needed(split, context);
    step.produces = direct::nodes([&split.narrow], SYNCED);
    step.hazards.extend(refused_keys(sync, context));
    step
}

/// The new part with what its rows need: key and constraints.
fn needed(split: &Split, context: &Context<'_>) -> BTreeSet<crate::plan::Node> {
    match split.direction {
        Direction::Merge => direct::nodes(&columns_of(&split.wide, &split.columns), Era::After),
        Direction::Split => {
            let parts = context.desired.objects.values().filter(|object| {
                matches!(
                    object,
                    Object::Column(_) | Object::Constraint(_) | Object::Index(_)
                ) && object.parent().as_ref() == Some(&split.narrow)
            });
            let mut needed: BTreeSet<ObjectId> = parts.map(Object::id).collect();
            needed.insert(split.narrow.clone());
            direct::nodes(&needed, Era::After)
        }
    }
}

fn refused_keys(sync: &Sync<'_>, context: &Context<'_>) -> Option<Hazard> {
    let refuses = |object: &Object| match object {
        Object::Constraint(c) => {
            c.constraint_type == ConstraintType::ForeignKey
                && c.table_name() == sync.narrow
                && c.referenced.as_ref() == Some(&sync.wide)
                && !c.definition.contains("ON UPDATE CASCADE")
        }
        _ => false,
    };
    let new = sync.split.direction == Direction::Split;
    (new && context.desired.objects.values().any(refuses)).then(|| {
        Hazard::declared(
            HazardKind::RejectsWrites,
            format!(
                "from here on {} rejects a change of its key: the foreign key of {} has no ON UPDATE \
                 CASCADE",
                sync.wide, sync.narrow
            ),
        )
    })
}

fn assignments(values: Vec<(Ident, Sql)>) -> Vec<Assignment> {
    let values = values.into_iter();
    values
        .map(|(column, value)| Assignment::new(column, value.to_string()))
        .collect()
}

fn inserts(sync: &Sync<'_>, only: &Sql, context: &Context<'_>) -> Backfill {
    Backfill {
        table: sync.wide.clone(),
        key: key(&sync.wide, context),
        work: Fill::Insert {
            into: sync.narrow.clone(),
            set: assignments(sync.row()),
            only: Some(only.to_string()),
            key: Vec::new(),
        },
    }
}

/// The rows of the table `to` that differ get the values of the other one.
fn updates(sync: &Sync<'_>, to: Direction, context: &Context<'_>) -> Backfill {
    let (pending, values) = sync.unequal(to);
    let (table, key) = match to {
        Direction::Merge => (&sync.wide, key(&sync.wide, context)),
        Direction::Split => (&sync.narrow, primary_key(&sync.narrow, context)),
    };
    Backfill {
        table: table.clone(),
        key,
        work: Fill::Update {
            set: assignments(values),
            pending: pending.to_string(),
        },
    }
}

/// Of a table that is new.
fn primary_key(table: &Qualified, context: &Context<'_>) -> Vec<Ident> {
    let keys = context.desired.objects.values().filter_map(|o| match o {
        Object::Constraint(c)
            if c.constraint_type == ConstraintType::PrimaryKey && c.table_name() == *table =>
        {
            Some(c.columns.clone())
        }
        _ => None,
    });
    keys.into_iter().next().unwrap_or_default()
}

fn long_running(table: &Qualified, what: Word) -> Hazard {
    Hazard::declared(
        HazardKind::LongRunning,
        format!("every row of {table} {what}, in batches"),
    )
}

fn fill(sync: &Sync<'_>, context: &Context<'_>) -> Step {
    let split = sync.split;
    let (backfill, title) = match split.direction {
        Direction::Split => (
            inserts(sync, &sync.missing(), context),
            format!("fill {} from {}", sync.narrow, sync.wide),
        ),
        Direction::Merge => (
            updates(sync, Direction::Merge, context),
            format!(
                "fill {} of {} from {}",
                named(&split.columns),
                sync.wide,
                sync.narrow
            ),
        ),
    };
    let mut step = Step::migrate(
        split.narrow.clone(),
        Action::backfill(backfill),
        Reversal::Run(Vec::new()),
    )
    .described(
        "backfill",
        title,
        "one short transaction a batch; rows written meanwhile are filled by the triggers",
    );
    step.hazards
        .push(long_running(&sync.wide, Word("is read once")));
    step.tables = vec![sync.wide.clone()];
    step.requires = direct::nodes([&split.narrow], SYNCED);
    step.produces = direct::nodes([&split.narrow], FILLED);
    step
}

/// The new application leaves the old columns out.
fn optional(sync: &Sync<'_>, context: &Context<'_>) -> Option<Step> {
    let split = sync.split;
    let ids = columns_of(&split.wide, &split.columns);
    let strict: Vec<&Column> = ids
        .iter()
        .filter_map(|id| match context.live.get(id) {
            // Where the new table has it, too, the default is enough.
            Some(Object::Column(c))
                if c.not_null.is_some()
                    && !(sync.defaults.contains_key(&c.name)
                        && sync.required.contains(&c.name)) =>
            {
                Some(c)
            }
            _ => None,
        })
        .collect();
    if strict.is_empty() {
        return None;
    }
    let names: Vec<Ident> = strict.iter().map(|c| c.name.clone()).collect();
    let there = strict.iter().map(|c| {
        sql!(
            "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
            sync.wide,
            c.name
        )
    });
    let again = strict.iter().filter_map(|c| {
        let not_null = c.not_null.as_ref()?;
        let id = Object::Column((*c).clone()).id();
        Some(NullAgain::new(&id, c, not_null, "not null again", context))
    });
    let again: Vec<NullAgain> = again.collect();
    let add = again.iter().map(|a| a.add.clone()).collect();
    let mut back = vec![Action::Transaction(add)];
    back.extend(again.into_iter().flat_map(NullAgain::rest));
    let mut step = Step::migrate(
        split.narrow.clone(),
        Action::Transaction(there.collect()),
        Reversal::Run(back),
    )
    .described(
        "drop not null",
        format!("let {} of {} be NULL", named(&names), sync.wide),
        "the new application inserts without it; rows that it wrote with NULL have to be filled before \
         going back",
    );
    step.back_checks = strict
        .iter()
        .filter(|c| c.not_null.as_ref().is_some_and(|n| n.validated))
        .flat_map(|c| nulls(c, &c.name, context))
        .collect();
    step.hazards.push(Hazard::declared(
        HazardKind::BreaksQueries,
        format!(
            "the old application may read NULL in {} of {}, in rows of the new one",
            named(&names),
            sync.wide
        ),
    ));
    step.requires = direct::nodes([&split.narrow], FILLED);
    step.produces = direct::nodes([&split.narrow], Era::Temp(24));
    Some(step)
}

fn compare(sync: &Sync<'_>, context: &Context<'_>) -> Vec<Step> {
    let split = sync.split;
    let mut works = Vec::new();
    if split.direction == Direction::Split {
        works.push((inserts(sync, &sync.missing_value(), context), &sync.wide));
    }
    let to = updates(sync, split.direction, context);
    let table = match split.direction {
        Direction::Split => &sync.narrow,
        Direction::Merge => &sync.wide,
    };
    works.push((to, table));
    let last = works.len() - 1;
    let mut steps = Vec::new();
    for (i, (backfill, table)) in works.into_iter().enumerate() {
        let what = match &backfill.work {
            Fill::Insert { .. } => "look for rows that are only in",
            _ => "compare with its counterpart every row of",
        };
        let mut step = Step::contract(
            split.narrow.clone(),
            Action::backfill(backfill),
            Undo::Run(Vec::new()),
        )
        .described(
            "compare",
            format!("{what} {table}"),
            "just before the triggers go: a row that a trigger of yours or replication left unequal is \
             mended after the old table",
        );
        step.hazards
            .push(long_running(table, Word("is read once more")));
        step.tables = vec![table.clone()];
        let (before, after) = match (i, i == last) {
            (0, true) => (FILLED, COMPARED),
            (0, false) => (FILLED, Era::Temp(25)),
            _ => (Era::Temp(25), COMPARED),
        };
        step.requires = direct::nodes([&split.narrow], before);
        step.produces = direct::nodes([&split.narrow], after);
        steps.push(step);
    }
    steps
}

fn stop(sync: &Sync<'_>, context: &Context<'_>) -> Step {
    let split = sync.split;
    let (_, away) = sync.statements(context);
    let mut step = Step::contract(
        split.narrow.clone(),
        Action::Transaction(away),
        Undo::Irreversible {
            why: "nothing follows the new values any more: the old ones are out of date".to_owned(),
        },
    )
    .described(
        "stop sync",
        format!(
            "stop keeping {} of {} and {} alike",
            named(&split.columns),
            sync.wide,
            sync.narrow
        ),
        "until here both places work, and rolling back loses nothing",
    );
    step.requires = direct::nodes([&split.narrow], COMPARED);
    let mut old = match split.direction {
        Direction::Split => columns_of(&split.wide, &split.columns),
        Direction::Merge => BTreeSet::from([split.narrow.clone()]),
    };
    // What asks whether the old place is still in use comes before what has no way back.
    step.gate = old.first().and_then(|id| context.drops.audit_of(id));
    old.insert(split.old().clone());
    step.releases = direct::nodes(&old, Era::Before);
    step
}
