//! The rows of a replaced column: filled, analysed, compared.

use super::super::{Context, direct};
use super::sync::Pair;
use super::{COMPARED, FILLED, MADE, READY, named, table_id};
use crate::kinds::{ConstraintType, Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::sql::List;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Assignment, Backfill, Era, Fill, Step, Undo};
use crate::sql;

fn backfill(table: &Qualified, pairs: &[&Pair<'_>], context: &Context<'_>) -> Backfill {
    let pending: Vec<Sql> = pairs.iter().map(|p| p.pending()).collect();
    let set = pairs
        .iter()
        .map(|p| Assignment::new(p.replacement.temporary.clone(), p.new_value().to_string()));
    Backfill {
        table: table.clone(),
        key: key(table, context),
        work: Fill::Update {
            set: set.collect(),
            pending: List::separated(" OR ", pending).to_string(),
        },
    }
}

/// The triggers of the user that fire for every row that is filled, in words for a `why`.
pub fn fired(table: &Qualified, context: &Context<'_>) -> String {
    let names = context.live.fired_by_backfills(table);
    match names.as_slice() {
        [] => String::new(),
        [one] => format!("; your trigger {one} fires for what is filled"),
        _ => format!(
            "; your triggers {} fire for what is filled",
            names.join(", ")
        ),
    }
}

/// The columns of the table's primary key, whose ranges are the batches.
pub fn key(table: &Qualified, context: &Context<'_>) -> Vec<Ident> {
    let keys = context.live.objects.values().filter_map(|o| match o {
        Object::Constraint(c)
            if c.constraint_type == ConstraintType::PrimaryKey && c.table_name() == *table =>
        {
            Some(c.columns.clone())
        }
        _ => None,
    });
    keys.into_iter().next().unwrap_or_default()
}

pub(super) fn fill(table: &Qualified, pairs: &[&Pair<'_>], context: &Context<'_>) -> Step {
    let columns: Vec<&ObjectId> = pairs.iter().map(|p| &p.replacement.column).collect();
    let first = columns
        .first()
        .map_or_else(|| table_id(table), |c| (*c).clone());
    let mut step = Step::migrate(
        first,
        Action::backfill(backfill(table, pairs, context)),
        Reversal::Run(Vec::new()),
    )
    .described(
        "backfill",
        format!("fill the new {} of {table}", named(pairs)),
        format!(
            "one short transaction a batch; rows written meanwhile are filled by the trigger{}",
            fired(table, context)
        ),
    );
    step.hazards.push(long_running(table, "is written once"));
    step.tables = vec![table.clone()];
    step.requires = direct::nodes(columns.iter().copied(), MADE);
    step.produces = direct::nodes(columns, FILLED);
    // Under its own name a renamed column serves from here on.
    let renamed = pairs.iter().filter(|p| p.replacement.is_renamed());
    let renamed = renamed.map(|p| &p.replacement.column);
    step.produces.extend(direct::nodes(renamed, Era::After));
    step
}

pub fn long_running(table: &Qualified, what: &'static str) -> Hazard {
    Hazard::declared(
        HazardKind::LongRunning,
        format!("every row of {table} {what}, in batches"),
    )
}

/// The statistics that are made on the new columns, each with all its columns.
fn extended_statistics(
    table: &Qualified,
    columns: &[&ObjectId],
    context: &Context<'_>,
) -> Vec<(ObjectId, Vec<Ident>)> {
    let Some(twins) = &context.replacements.twins else {
        return Vec::new();
    };
    let made = twins.objects.iter().filter(|(id, object)| {
        matches!(object, Object::Statistics(s) if s.table == *table)
            && twins.requires(id).any(|need| columns.contains(&need))
    });
    made.map(|(id, _)| {
        let read = twins.requires(id).filter(|n| n.kind == KindTag::Column);
        let names = read.filter_map(|c| Some(Ident::new(c.path.last()?.as_str())));
        (id.clone(), names.collect())
    })
    .collect()
}

pub(super) fn analyze(table: &Qualified, pairs: &[&Pair<'_>], context: &Context<'_>) -> Step {
    let columns: Vec<&ObjectId> = pairs.iter().map(|p| &p.replacement.column).collect();
    let first = columns
        .first()
        .map_or_else(|| table_id(table), |c| (*c).clone());
    let mut names: Vec<Ident> = Vec::new();
    names.extend(pairs.iter().map(|p| p.replacement.temporary.clone()));
    let extended = extended_statistics(table, &columns, context);
    // Extended statistics are collected when all their columns are.
    for (_, others) in &extended {
        let missing: Vec<&Ident> = others.iter().filter(|o| !names.contains(o)).collect();
        names.extend(missing.into_iter().cloned());
    }
    let names = List::comma(&names);
    let mut step = Step::migrate(
        first,
        Action::Transaction(vec![sql!("ANALYZE {} ({})", table, names)]),
        Reversal::Run(Vec::new()),
    )
    .described(
        "analyze",
        format!("collect statistics of the new {} of {table}", named(pairs)),
        "after the swap the planner would know nothing of the column",
    );
    step.requires = direct::nodes(columns.iter().copied(), FILLED);
    let extended = extended.into_iter().map(|(id, _)| (id, Era::After));
    step.requires.extend(extended);
    step.produces = direct::nodes(columns, READY);
    step
}

pub(super) fn compare(table: &Qualified, pairs: &[&Pair<'_>], context: &Context<'_>) -> Step {
    let columns: Vec<&ObjectId> = pairs.iter().map(|p| &p.replacement.column).collect();
    let first = columns
        .first()
        .map_or_else(|| table_id(table), |c| (*c).clone());
    let mut step = Step::contract(
        first,
        Action::backfill(backfill(table, pairs, context)),
        Undo::Run(Vec::new()),
    )
    .described(
        "compare",
        format!("compare the old and the new {} of {table}", named(pairs)),
        "just before the swap: a row that a trigger of yours or replication left unequal is mended",
    );
    step.hazards.push(long_running(table, "is read once more"));
    step.tables = vec![table.clone()];
    step.requires = direct::nodes(columns.iter().copied(), READY);
    step.produces = direct::nodes(columns, COMPARED);
    step
}
