//! A partition that stays one, with other bounds or under another parent.

use super::super::super::{Context, checks, direct};
use super::super::{BoundCheck, attachment_id, partitions, states_again, step, with_those_above};
use super::waits::{before_it, gone_before_it, in_its_place};
use super::{bound_check, chain, default_check, referred, rejects, rows_in_the_way};
use crate::diff::Change;
use crate::kinds::{Attachment, KindTag, Object, ObjectId};
use crate::plan::data_check::DataCheck;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use std::collections::BTreeSet;

/// The old bounds, which end while the partition goes on to be one: nothing that hangs on the attachment waits.
pub(super) const BOUNDS: Era = Era::Temp(60);

/// It is detached, in the middle of the transaction.
const DETACHED: Era = Era::Temp(61);

/// It has its new bounds.
const CHANGED: Era = Era::Temp(62);

/// DETACH and ATTACH in one transaction that nothing else is a part of. Its tables have the same columns and indexes
/// whenever it comes, and ATTACH takes the parts of indexes, constraints and foreign keys for its own again.
pub(super) fn bounds(
    id: &ObjectId,
    old: &Attachment,
    new: &Attachment,
    context: &Context<'_>,
) -> Vec<Step> {
    let why = "a partition is detached and attached to change its bounds";
    let columns = key_columns(new, context);
    let (mut steps, checks, ready) = prove(id, new, &columns, context);
    let (before, after) = (
        Object::Attachment(old.clone()),
        Object::Attachment(new.clone()),
    );
    let number = context.changes.changes.keys().position(|k| k == id);
    let together = Some(usize::MAX - number.unwrap_or(0));
    let title = format!("change the bounds of {}", new.partition());

    let mut back = before.create();
    back.extend(states_again(id, context.live, context));
    let mut down = step(Phase::Contract, id, before.drop(), back).described(
        "change bounds",
        title.clone(),
        "DETACH and ATTACH in one transaction: nobody sees a row missing",
    );
    down.hazards = referred(&old.parent, &old.partition(), context);
    down.requires = ready;
    down.destroys = direct::nodes([id], BOUNDS);
    down.produces = direct::nodes([id], DETACHED);
    down.together = together;

    let mut there = after.create();
    there.extend(states_again(id, context.desired, context));
    let mut up = step(Phase::Contract, id, there, after.drop()).described(
        "change bounds",
        title,
        "DETACH and ATTACH in one transaction: nobody sees a row missing",
    );
    let checked = |c: &DataCheck| checks.iter().any(|b| b.table == c.table);
    up.checks = checks::attachment(new, context);
    up.checks.retain(|c| !checked(c));
    up.requires = direct::nodes([id], DETACHED);
    up.requires.extend(columns);
    up.requires.extend(parts_to_come(new, context));
    let siblings = partitions(context.desired, &new.parent)
        .filter(|a| new.is_default() && !a.is_default())
        .map(|a| attachment_id(&a.partition()))
        .filter(|a| context.changes.creates(a));
    up.requires.extend(siblings.map(|a| (a, Era::After)));
    up.after = in_its_place(id, new, context);
    up.produces = direct::nodes([id], CHANGED);
    up.together = together;
    steps.extend([down, up]);
    if !checks.is_empty() {
        let there = checks.iter().map(BoundCheck::drop).collect();
        // What cannot be undone may stand between it and what proved the CHECKs.
        let back = vec![
            Action::Transaction(checks.iter().map(BoundCheck::add).collect()),
            Action::Transaction(checks.iter().map(BoundCheck::validate).collect()),
        ];
        let mut last = Step::contract(id.clone(), Action::Transaction(there), Undo::Run(back))
            .described(
                "drop constraint",
                format!("what proved the bounds of {}", new.partition()),
                why,
            );
        last.requires = direct::nodes([id], CHANGED);
        steps.push(last);
    }
    steps
}

/// The columns of the partition keys that the bounds speak of, on both tables.
fn key_columns(new: &Attachment, context: &Context<'_>) -> BTreeSet<Node> {
    let above = with_those_above(context.desired, &new.parent);
    let above = above
        .iter()
        .filter_map(|table| context.desired.get(&attachment_id(table)));
    let mut key: BTreeSet<_> = new.key.iter().collect();
    for attachment in above {
        if let Object::Attachment(attachment) = attachment {
            key.extend(&attachment.key);
        }
    }
    let mut columns = BTreeSet::new();
    for table in [&new.partition(), &new.parent] {
        for name in &key {
            let path = [table.schema.raw(), table.name.raw(), name.raw()];
            columns.insert((ObjectId::new(KindTag::Column, path), Era::After));
        }
    }
    columns
}

/// The indexes of the partition that become parts of its parent's in this plan. Before that ATTACH would build others.
fn parts_to_come(new: &Attachment, context: &Context<'_>) -> BTreeSet<Node> {
    let come = context
        .changes
        .changes
        .iter()
        .filter_map(|(id, change)| match change {
            Change::Create {
                new: Object::IndexAttachment(part),
            }
            | Change::Replace {
                new: Object::IndexAttachment(part),
                ..
            } => (part.schema == new.schema && part.table == new.name).then_some(id),
            _ => None,
        });
    direct::nodes(come, Era::After)
}

/// The CHECKs that prove the bounds, in contract: they reject what the old ones took.
fn prove(
    id: &ObjectId,
    new: &Attachment,
    needs: &BTreeSet<Node>,
    context: &Context<'_>,
) -> (Vec<Step>, Vec<BoundCheck>, BTreeSet<Node>) {
    let mut numbers = 1..;
    let mut ready = BTreeSet::new();
    let mut steps = Vec::new();
    let own_check = bound_check(id, new, Phase::Contract, context);
    let checks: Vec<BoundCheck> = [own_check, default_check(id, new, context)]
        .into_iter()
        .flatten()
        .collect();
    for check in &checks {
        let phases = [Phase::Contract, Phase::Contract];
        let mut pair = check.steps(
            id,
            phases,
            "ATTACH alone would read it under ACCESS EXCLUSIVE",
        );
        pair[0].hazards.push(rejects(check, new));
        pair[0].checks = rows_in_the_way(&check.table, new, context);
        pair[0].requires.clone_from(needs);
        chain(id, &mut numbers, &mut ready, &mut pair);
        steps.extend(pair);
    }
    (steps, checks, ready)
}

/// It leaves one parent and comes to another, with all that hangs on the attachment.
pub(super) fn parent(
    id: &ObjectId,
    old: &Attachment,
    new: &Attachment,
    why: &str,
    context: &Context<'_>,
) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    let needs = direct::requires(context, &own);
    let (mut steps, checks, ready) = prove(id, new, &needs, context);
    let mut swap = direct::replace(
        id,
        &Object::Attachment(old.clone()),
        &Object::Attachment(new.clone()),
        why,
        context,
    );
    for step in &mut swap {
        if step.produces.is_empty() {
            step.operation = "detach partition";
            step.requires.extend(ready.clone());
            step.hazards
                .extend(referred(&old.parent, &old.partition(), context));
        } else {
            step.operation = "attach partition";
            step.requires.extend(before_it(new, context));
            step.after.extend(gone_before_it(id, new, context));
            step.why = "DETACH and ATTACH in one transaction: nobody sees a row missing".to_owned();
            let checked = |c: &DataCheck| checks.iter().any(|b| b.table == c.table);
            step.checks = checks::attachment(new, context);
            step.checks.retain(|c| !checked(c));
        }
    }
    if !checks.is_empty() {
        let there = checks.iter().map(BoundCheck::drop).collect();
        let back = checks.iter().map(BoundCheck::add).collect();
        let mut last = step(Phase::Contract, id, there, back).described(
            "drop constraint",
            format!("replace {}", id.human()),
            why.to_owned(),
        );
        last.requires = direct::nodes(&own, Era::After);
        last.together = context.changes.together.get(id).copied();
        swap.push(last);
    }
    steps.extend(swap);
    steps
}
