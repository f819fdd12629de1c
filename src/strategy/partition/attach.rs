//! Change: a partition is attached to a partitioned table that is in use, or its bounds change.
//!
//! Why not directly: CREATE TABLE … PARTITION OF takes ACCESS EXCLUSIVE on the parent, ATTACH only
//! SHARE UPDATE EXCLUSIVE; but ATTACH reads the partition, and the DEFAULT partition beside it,
//! under ACCESS EXCLUSIVE, and creates the parent's foreign keys by reading both tables.
//! Steps: a CHECK that implies the bound on a partition that has rows (NOT VALID, then VALIDATE),
//! the same with NOT on the DEFAULT partition, the parent's foreign keys on the partition (NOT
//! VALID, then VALIDATE): ATTACH finds all proved and reads no row. It drops the CHECKs with it.
//! Changed bounds: DETACH and ATTACH under these CHECKs in one transaction: nobody sees a row
//! missing, and whatever else changes on the tables changes before or after it.
//! Measured (14 to 18): ATTACH takes SHARE UPDATE EXCLUSIVE on the parent and its indexes, ACCESS
//! EXCLUSIVE on the partition and the DEFAULT one; on a table that a foreign key points at SHARE ROW
//! EXCLUSIVE where the key is created (a new partition: nothing to read) and ACCESS EXCLUSIVE
//! where the partition's own is taken over, both without a scan. DETACH takes ACCESS EXCLUSIVE on
//! the parent, the partition, the DEFAULT one and the tables that refer to the parent.
//! Undo: DETACH; what ATTACH took over stays, the foreign keys it created are dropped. It makes no index.
//! Limits: rows of the new partition that lie in the DEFAULT partition fail its VALIDATE: they
//! have to be moved before. Where others refer to the parent, DETACH reads them (measured).
//! Sources: manual, ALTER TABLE, ATTACH PARTITION; measured in tests/cases/partition.

mod change;
mod waits;

use waits::{before_it, gone_before_it, phase_of};

use super::super::{Context, Refusal, Strategy, checks, direct};
use super::detach::own_names;
use super::{BoundCheck, foreign_keys_above, own_key, partitions, referrers, step};
use crate::diff::Change;
use crate::kinds::{Attachment, Constraint, Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::data_check::DataCheck;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Attach;

impl Strategy for Attach {
    fn name(&self) -> &'static str {
        "attach under a check"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        match change {
            Change::Create {
                new: Object::Attachment(new),
            }
            | Change::Replace {
                new: Object::Attachment(new),
                ..
            }
            | Change::Alter {
                new: Object::Attachment(new),
                ..
            } => {
                let parent = new.parent_id();
                context.live.objects.contains_key(&parent) && !context.changes.replaces(&parent)
            }
            _ => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        Ok(match change {
            Change::Create {
                new: Object::Attachment(new),
            } => attach(id, new, context),
            Change::Replace {
                old: Object::Attachment(old),
                new: Object::Attachment(new),
                why,
            } => change::parent(id, old, new, why, context),
            Change::Alter {
                old: Object::Attachment(old),
                new: Object::Attachment(new),
                ..
            } => change::bounds(id, old, new, context),
            _ => return direct::Direct.expand(id, change, context),
        })
    }
}

fn attach(id: &ObjectId, new: &Attachment, context: &Context<'_>) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    let mut numbers = 1..;
    let mut ready = BTreeSet::new();
    let mut steps = Vec::new();
    let phase = phase_of(id, new, context);
    let (taken_over, created) = keys(
        id,
        new,
        phase,
        context,
        &mut numbers,
        &mut ready,
        &mut steps,
    );
    let checks: Vec<BoundCheck> = [
        bound_check(id, new, phase, context),
        default_check(id, new, context),
    ]
    .into_iter()
    .flatten()
    .collect();
    for check in &checks {
        let is_own = check.table == new.partition();
        if check.on_new {
            let mut step = step(Phase::Expand, id, vec![check.add()], vec![check.drop()]).described(
                "add constraint",
                format!("check rows of {} against a bound", check.table),
                "the table is new; when it is attached it may have rows, which need not be read then",
            );
            step.requires = direct::requires(context, &own);
            let node = (id.clone(), Era::Temp(numbers.next().unwrap_or(u8::MAX)));
            step.produces.insert(node.clone());
            ready.insert(node);
            steps.push(step);
            continue;
        }
        // The DEFAULT partition has to refuse rows for as short as it gets.
        let phases = if is_own {
            [Phase::Expand, phase]
        } else {
            [phase, phase]
        };
        let mut pair = check.steps(
            id,
            phases,
            "ATTACH alone would read it under ACCESS EXCLUSIVE",
        );
        pair[0].hazards.push(rejects(check, new));
        pair[0].checks = rows_in_the_way(&check.table, new, context);
        pair[0].requires = direct::requires(context, &own);
        if !is_own {
            pair[0].requires.extend(ready.clone());
        }
        chain(id, &mut numbers, &mut ready, &mut pair);
        steps.extend(pair);
    }
    let part = new.partition();
    let (mut there, names_back) = own_names(&part, context);
    there.extend(Object::Attachment(new.clone()).create());
    there.extend(checks.iter().map(BoundCheck::drop));
    let mut back = Object::Attachment(new.clone()).drop();
    back.extend(names_back);
    back.extend(
        created
            .iter()
            .map(|name| sql!("ALTER TABLE {} DROP CONSTRAINT {}", part, name)),
    );
    back.extend(checks.iter().map(BoundCheck::add));
    let why = if checks.is_empty() {
        "takes SHARE UPDATE EXCLUSIVE on the parent; PARTITION OF would take ACCESS EXCLUSIVE"
    } else {
        "the validated CHECKs prove the bound: no row is read"
    };
    let phase = if steps.is_empty() {
        Phase::Expand
    } else {
        phase
    };
    let proved: Vec<Sql> = checks
        .iter()
        .filter(|c| !c.on_new)
        .map(BoundCheck::validate)
        .collect();
    let last = match phase {
        // What cannot be undone may stand between it and what proved the CHECKs.
        Phase::Contract if !proved.is_empty() => {
            let back = vec![Action::Transaction(back), Action::Transaction(proved)];
            Step::contract(id.clone(), Action::Transaction(there), Undo::Run(back))
        }
        _ => step(phase, id, there, back),
    };
    let mut last = last.described(
        "attach partition",
        format!("attach {part} to {}", new.parent),
        why,
    );
    let checked = |c: &DataCheck| checks.iter().any(|b| b.table == c.table);
    last.checks = checks::attachment(new, context);
    last.checks.retain(|c| !checked(c));
    last.requires = direct::requires(context, &own);
    last.requires.extend(ready);
    last.requires.extend(before_it(new, context));
    last.after = gone_before_it(id, new, context);
    last.produces = direct::nodes(&own, Era::After);
    last.destroys = direct::nodes(&taken_over, Era::Before);
    steps.push(last);
    steps
}

/// The rows of `table` (the partition or the DEFAULT one) that are on the wrong side of the bound.
fn rows_in_the_way(table: &Qualified, new: &Attachment, context: &Context<'_>) -> Vec<DataCheck> {
    let mut found = checks::attachment(new, context);
    found.retain(|check| check.table == *table);
    found
}

/// Numbers the two steps: each needs the one before.
fn chain(
    id: &ObjectId,
    numbers: &mut impl Iterator<Item = u8>,
    ready: &mut BTreeSet<Node>,
    pair: &mut [Step; 2],
) {
    let [first, second] = pair;
    let node = |n: Option<u8>| (id.clone(), Era::Temp(n.unwrap_or(u8::MAX)));
    let (a, b) = (node(numbers.next()), node(numbers.next()));
    first.produces.insert(a.clone());
    second.requires.insert(a);
    second.produces.insert(b.clone());
    ready.insert(b);
}

/// The CHECK that says the bound of a partition with rows.
fn bound_check(
    id: &ObjectId,
    new: &Attachment,
    phase: Phase,
    context: &Context<'_>,
) -> Option<BoundCheck> {
    let table = new.table_id();
    let exists = context.live.objects.contains_key(&table);
    let on_new = !exists && phase > Phase::Expand;
    if context.plain_because(&table).is_some() && !on_new {
        return None;
    }
    let expression = new.constraint.as_deref()?;
    Some(BoundCheck {
        table: new.partition(),
        name: Ident::new(context.temporary_name(id, "bound")),
        expression: sql!("{}", Deparsed(expression)),
        on_new,
    })
}

/// The CHECK that the DEFAULT partition holds no row of the new bound.
fn default_check(id: &ObjectId, new: &Attachment, context: &Context<'_>) -> Option<BoundCheck> {
    let default = default_partition(id, new, context)?;
    if context.plain_because(&default.table_id()).is_some() {
        return None;
    }
    let expression = new.own_constraint()?;
    Some(BoundCheck {
        table: default.partition(),
        name: Ident::new(context.temporary_name(id, "not in the default partition")),
        expression: sql!("NOT ({})", Deparsed(expression)),
        on_new: false,
    })
}

fn default_partition<'a>(
    id: &ObjectId,
    new: &'a Attachment,
    context: &'a Context<'_>,
) -> Option<&'a Attachment> {
    partitions(context.live, &new.parent)
        .find(|a| a.is_default() && super::attachment_id(&a.partition()) != *id)
}

fn rejects(check: &BoundCheck, new: &Attachment) -> Hazard {
    let text = if check.table == new.partition() {
        format!(
            "from here on {} rejects rows that do not belong to it as a partition of {}",
            check.table, new.parent
        )
    } else {
        format!(
            "from here until {} is attached, rows of its bounds are rejected; those that {} holds \
             have to be moved before, else the next step fails",
            new.partition(),
            check.table
        )
    };
    Hazard::declared(HazardKind::RejectsWrites, text)
}

/// DETACH looks up whether a row is referred to.
pub(super) fn referred(
    parent: &Qualified,
    partition: &Qualified,
    context: &Context<'_>,
) -> Vec<Hazard> {
    referrers(context.live, parent)
        .iter()
        .map(|key| {
            let table = key.table_name();
            Hazard::declared(
                HazardKind::BlocksWrites,
                format!("DETACH fails while a row of {table} refers to one of {partition}, and reads {table} for it"),
            )
        })
        .collect()
}

/// The parent's foreign keys: those that the partition keeps as they are, and those that ATTACH
/// creates. In between, what makes the partition's own fit.
fn keys(
    id: &ObjectId,
    new: &Attachment,
    phase: Phase,
    context: &Context<'_>,
    numbers: &mut impl Iterator<Item = u8>,
    ready: &mut BTreeSet<Node>,
    steps: &mut Vec<Step>,
) -> (Vec<ObjectId>, Vec<Ident>) {
    let part = new.partition();
    let exists = context.live.objects.contains_key(&new.table_id());
    let (mut taken_over, mut created) = (Vec::new(), Vec::new());
    if !exists && phase > Phase::Expand {
        new_keys(id, new, context, numbers, ready, steps);
    }
    if !exists {
        if phase == Phase::Expand {
            created.extend(names_of_keys(new, context));
        }
        return (taken_over, created);
    }
    let plain = context.plain_because(&new.table_id()).is_some();
    for above in foreign_keys_above(context.desired, &new.parent) {
        if let Some(own) = own_key(context.live, &part, above) {
            taken_over.push(Object::Constraint(own.clone()).id());
            if !own.validated && above.validated && !plain {
                let back = vec![drop_key(own), own.add_not_valid()];
                let mut step = step(phase, id, vec![own.validate()], back).described(
                    "validate constraint",
                    format!("validate {}", Object::Constraint(own.clone()).id().human()),
                    "ATTACH would read both tables for it",
                );
                let node = (id.clone(), Era::Temp(numbers.next().unwrap_or(u8::MAX)));
                step.produces.insert(node.clone());
                ready.insert(node);
                steps.push(step);
            }
            continue;
        }
        let own = ObjectId::new(
            KindTag::Constraint,
            [part.schema.raw(), part.name.raw(), above.name.raw()],
        );
        // Another one of that name goes before.
        let goes = context.changes.drops(&own);
        let free = goes || !context.live.objects.contains_key(&own);
        let key = super::on_table(above, &part, &above.name, context.live);
        if plain || !free || !above.validated || key.on_partitioned {
            created.extend(free.then(|| above.name.clone()));
            continue;
        }
        let mut pair = key_steps(id, &key, context);
        pair[1].lift(phase);
        pair[0].requires = direct::requires(context, &BTreeSet::from([id.clone()]));
        if goes {
            pair[0].lift(phase);
            pair[0].after.insert((own, Era::Before));
        }
        chain(id, numbers, ready, &mut pair);
        steps.extend(pair);
    }
    (taken_over, created)
}

/// The parent's foreign keys on a new partition that is attached later, when it may have rows.
fn new_keys(
    id: &ObjectId,
    new: &Attachment,
    context: &Context<'_>,
    numbers: &mut impl Iterator<Item = u8>,
    ready: &mut BTreeSet<Node>,
    steps: &mut Vec<Step>,
) {
    for above in foreign_keys_above(context.desired, &new.parent) {
        let key = super::on_table(above, &new.partition(), &above.name, context.desired);
        let there = Object::Constraint(key.clone()).create();
        let mut step = step(Phase::Expand, id, there, vec![drop_key(&key)]).described(
            "add constraint",
            format!("add {} to {}", key.name, key.table_name()),
            "the table is new; ATTACH takes it over",
        );
        step.requires = direct::requires(context, &BTreeSet::from([id.clone()]));
        let above = Object::Constraint(above.clone()).id();
        step.requires
            .extend(direct::requires(context, &BTreeSet::from([above])));
        let node = (id.clone(), Era::Temp(numbers.next().unwrap_or(u8::MAX)));
        step.produces.insert(node.clone());
        ready.insert(node);
        steps.push(step);
    }
}

/// What ATTACH calls the foreign keys that it makes on a new partition.
fn names_of_keys(new: &Attachment, context: &Context<'_>) -> Vec<Ident> {
    let part = new.partition();
    let taken = |name: &Ident| {
        let path = [part.schema.raw(), part.name.raw(), name.raw()];
        let id = ObjectId::new(KindTag::Constraint, path);
        context.desired.objects.contains_key(&id)
    };
    let keys = foreign_keys_above(context.desired, &new.parent).into_iter();
    let names = keys.map(|key| key.name.clone());
    names.filter(|name| !taken(name)).collect()
}

fn drop_key(key: &Constraint) -> Sql {
    sql!(
        "ALTER TABLE {} DROP CONSTRAINT {}",
        key.table_name(),
        key.name
    )
}

/// A foreign key of one partition: NOT VALID, then VALIDATE.
pub(super) fn key_steps(id: &ObjectId, key: &Constraint, context: &Context<'_>) -> [Step; 2] {
    let table = key.table_name();
    let mut add = step(
        Phase::Expand,
        id,
        vec![key.add_not_valid()],
        vec![drop_key(key)],
    )
    .described(
        "add constraint",
        format!("add {} to {table} as NOT VALID", key.name),
        "checking the existing rows comes later, under a lock that blocks nobody",
    );
    add.hazards.push(Hazard::declared(
        HazardKind::RejectsWrites,
        format!(
            "from here on {table} rejects new and updated rows that break {}",
            key.name
        ),
    ));
    let back = vec![drop_key(key), key.add_not_valid()];
    let validate = step(Phase::Migrate, id, vec![key.validate()], back).described(
        "validate constraint",
        format!("validate {} of {table}", key.name),
        "reads every row, while reads and writes go on",
    );
    add.checks = checks::constraint(key, context);
    [add, validate]
}
