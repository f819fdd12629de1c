//! Change: a column of an existing table becomes NOT NULL.
//!
//! Why not directly: SET NOT NULL reads the whole table under ACCESS EXCLUSIVE, unless a validated
//! CHECK proves it.
//! Steps: to 17: ADD CHECK (column IS NOT NULL) NOT VALID → VALIDATE → SET NOT NULL and DROP the
//! CHECK, two statements of one transaction (one ALTER TABLE with both would scan: the drop comes
//! first in it and takes the proof away). From 18: ADD NOT NULL … NOT VALID → VALIDATE.
//! Undo: each step's other direction.
//! Sources: manual, ALTER TABLE; measured in tests/cases/column.

use super::{Context, Refusal, Strategy};
use super::{checks, direct};
use crate::diff::{AttributeChange, Change};
use crate::kinds::{Column, Hazard, HazardKind, NotNull, Object, ObjectId};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Step};
use crate::sql;
use std::collections::BTreeSet;

pub struct SetNotNull;

impl Strategy for SetNotNull {
    fn name(&self) -> &'static str {
        "not null by a validated check"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let Change::Alter {
            old: Object::Column(old),
            new: Object::Column(new),
            attributes,
        } = change
        else {
            return false;
        };
        // That of a partition may come with its parent's, and only the rest be its own.
        attributes.iter().any(|a| a.name() == "not null")
            && old.not_null.is_none()
            && new.not_null.as_ref().is_some_and(|n| n.validated)
            && context.plain_because(&new.table_id()).is_none()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Change::Alter {
            old,
            new,
            attributes,
        } = change
        else {
            return direct::Direct.expand(id, change, context);
        };
        let (Object::Column(column), Some(not_null)) = (new, not_null(new)) else {
            return direct::Direct.expand(id, change, context);
        };
        let (mut steps, before) = rest(id, old, new, attributes, context);
        let mut ours = chain(id, column, &not_null, context);
        if let Some(first) = ours.first_mut() {
            first
                .requires
                .extend(direct::requires(context, &BTreeSet::from([id.clone()])));
            first.requires.extend(before);
            first.hazards.push(rejects(column));
            first.checks = checks::null(column, context);
        }
        if let Some(last) = ours.last_mut() {
            last.produces.extend(direct::nodes([id], Era::After));
        }
        steps.extend(ours);
        Ok(steps)
    }
}

pub(super) fn rejects(column: &Column) -> Hazard {
    Hazard::declared(
        HazardKind::RejectsWrites,
        format!(
            "from here on {} rejects NULL in {}, also in an UPDATE of another column of a row that \
             has it",
            column.table_name(),
            column.name
        ),
    )
}

/// The changes of the other attributes, which come first, and what they produce: a new default or
/// type is what the NOT NULL is about.
pub(super) fn rest(
    id: &ObjectId,
    old: &Object,
    new: &Object,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> (Vec<Step>, BTreeSet<Node>) {
    let rest: Vec<AttributeChange> = attributes
        .iter()
        .filter(|a| a.name() != "not null")
        .cloned()
        .collect();
    let mut steps = direct::alter(id, old, new, &rest, context);
    // What takes something away comes later.
    let first = |step: &&mut Step| !step.produces.is_empty();
    let mut produced = BTreeSet::new();
    for step in steps.iter_mut().filter(first) {
        step.produces = direct::nodes([id], Era::Temp(1));
        produced.clone_from(&step.produces);
        if let (Object::Column(old), Object::Column(new)) = (old, new) {
            step.checks = checks::conversion(old, new, context);
        }
    }
    (steps, produced)
}

/// The steps that make the column NOT NULL: the first rejects new NULLs, the next reads the rows.
/// The caller says what the first requires and the last produces.
pub(super) fn chain(
    id: &ObjectId,
    column: &Column,
    not_null: &NotNull,
    context: &Context<'_>,
) -> Vec<Step> {
    let mut steps = if context.version >= ServerVersion::V18 {
        by_not_valid(id, column, not_null, context)
    } else {
        by_check(id, column, context)
    };
    if let Some(validates) = steps.get_mut(1) {
        validates.checks = checks::null(column, context);
    }
    steps
}

fn not_null(object: &Object) -> Option<NotNull> {
    match object {
        Object::Column(c) => c.not_null.clone(),
        _ => None,
    }
}

fn by_check(id: &ObjectId, column: &Column, context: &Context<'_>) -> Vec<Step> {
    let table = column.table_name();
    let check = Ident::new(context.temporary_name(id, "not null"));
    let add = sql!(
        "ALTER TABLE {} ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID",
        table,
        check,
        column.name
    );
    let drop = sql!("ALTER TABLE {} DROP CONSTRAINT {}", table, check);
    let set = sql!(
        "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
        table,
        column.name
    );
    let unset = sql!(
        "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
        table,
        column.name
    );
    let validate = sql!("ALTER TABLE {} VALIDATE CONSTRAINT {}", table, check);
    let run = |statements: Vec<Sql>| Reversal::Run(vec![Action::Transaction(statements)]);

    let mut first = Step::expand(
        id.clone(),
        Action::Transaction(vec![add.clone()]),
        run(vec![drop.clone()]),
    )
    .described(
        "add constraint",
        format!("refuse new NULLs in {}", id.human()),
        "SET NOT NULL alone would read the whole table under ACCESS EXCLUSIVE",
    );
    first.produces = direct::nodes([id], Era::Temp(2));
    let mut second = Step::migrate(
        id.clone(),
        Action::Transaction(vec![validate]),
        run(vec![drop.clone(), add.clone()]),
    )
    .described(
        "validate constraint",
        format!("check the rows of {}", id.human()),
        "reads every row, while reads and writes go on",
    );
    second.requires = direct::nodes([id], Era::Temp(2));
    second.produces = direct::nodes([id], Era::Temp(3));
    let mut back = vec![unset];
    back.extend(again_below(id, context));
    back.push(add);
    let mut third = Step::migrate(id.clone(), Action::Transaction(vec![set, drop]), run(back))
        .described(
            "set not null",
            format!("set {} NOT NULL", id.human()),
            "the validated CHECK proves it: no row is read",
        );
    third.requires = direct::nodes([id], Era::Temp(3));
    vec![first, second, third]
}

fn by_not_valid(
    id: &ObjectId,
    column: &Column,
    not_null: &NotNull,
    context: &Context<'_>,
) -> Vec<Step> {
    let table = column.table_name();
    let name = not_null
        .name
        .clone()
        .unwrap_or_else(|| context.temporary_name(id, "not null"));
    let pending = NotNull {
        name: Some(name.clone()),
        validated: false,
        ..not_null.clone()
    };
    let add = column.add_not_null(&pending);
    let unset = |column: &Column| {
        sql!(
            "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
            column.table_name(),
            column.name
        )
    };
    // A primary key of a partition makes the inherited NOT NULL its own, which then stays behind.
    let mut drop = vec![unset(column)];
    drop.extend(below(id, context).into_iter().map(unset));
    let validate = sql!(
        "ALTER TABLE {} VALIDATE CONSTRAINT {}",
        table,
        Ident::new(name)
    );
    let run = |statements: Vec<Sql>| Reversal::Run(vec![Action::Transaction(statements)]);
    let mut first = Step::expand(
        id.clone(),
        Action::Transaction(vec![add.clone()]),
        run(drop.clone()),
    )
    .described(
        "add constraint",
        format!("refuse new NULLs in {}", id.human()),
        "SET NOT NULL alone would read the whole table under ACCESS EXCLUSIVE",
    );
    first.produces = direct::nodes([id], Era::Temp(2));
    let mut second = Step::migrate(
        id.clone(),
        Action::Transaction(vec![validate]),
        run(drop.into_iter().chain([add]).collect()),
    )
    .described(
        "validate constraint",
        format!("check the rows of {}", id.human()),
        "reads every row, while reads and writes go on",
    );
    second.requires = direct::nodes([id], Era::Temp(2));
    vec![first, second]
}

/// Up to 17 DROP NOT NULL of `id` takes those of the tables below along, which were there before this plan.
pub(super) fn again_below(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    if context.version >= ServerVersion::V18 {
        return Vec::new();
    }
    let below = inheriting(id, context).into_iter();
    let kept = below.filter(|column| column.not_null.is_some());
    kept.map(|column| {
        sql!(
            "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
            column.table_name(),
            column.name
        )
    })
    .collect()
}

/// The nullable columns that inherit the column `id`, however deep.
fn below<'a>(id: &ObjectId, context: &'a Context<'_>) -> Vec<&'a Column> {
    let mut all = inheriting(id, context);
    all.retain(|column| column.not_null.is_none());
    all
}

/// The columns that inherit the column `id`, however deep.
fn inheriting<'a>(id: &ObjectId, context: &'a Context<'_>) -> Vec<&'a Column> {
    let mut found: Vec<&Column> = Vec::new();
    let mut queue = vec![id.clone()];
    while let Some(above) = queue.pop() {
        for (part, object) in &context.live.objects {
            let Object::Column(column) = object else {
                continue;
            };
            if object.follows().contains(&above) {
                queue.push(part.clone());
                found.push(column);
            }
        }
    }
    found
}
