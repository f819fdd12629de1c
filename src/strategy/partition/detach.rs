//! Change: a partition is detached, or dropped, while its parent is in use.
//!
//! Why not directly: DETACH and DROP TABLE of a partition take ACCESS EXCLUSIVE on the parent.
//! Steps: a CHECK that says the bound (NOT VALID, then VALIDATE), DETACH PARTITION … CONCURRENTLY,
//! drop the CHECK and the foreign keys that stay behind unwanted; or drop the table. Without the
//! CHECK the server would add one of its own making, and the way back would read the table under
//! ACCESS EXCLUSIVE.
//! Measured (14 to 18): CONCURRENTLY takes SHARE UPDATE EXCLUSIVE on the parent, waits for the
//! transactions that use it, and ends with ACCESS EXCLUSIVE on the partition alone, SHARE ROW
//! EXCLUSIVE on the tables its foreign keys point at.
//! Undo: ATTACH under the CHECK. A broken attempt stays DETACH PENDING and is finalized.
//! Limits: beside a DEFAULT partition the server refuses CONCURRENTLY: the plain DETACH, ACCESS
//! EXCLUSIVE on the parent and the DEFAULT one, without a scan. Where others refer to the parent,
//! either form reads them and stops their writes.
//! Sources: manual, ALTER TABLE, DETACH PARTITION; measured in tests/cases/partition.

use super::super::direct;
use super::super::{Context, Refusal, Strategy};
use super::attach::referred;
use super::joining;
use super::{
    BoundCheck, add_key, foreign_keys_above, is_same_key, on_table, own_key, partitions,
    states_again, step,
};
use crate::diff::Change;
use crate::kinds::{Attachment, Constraint, Object, ObjectId, Verb};
use crate::pg::ident::Literal;
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::{Action, Era, Phase, Probe, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Detach;

impl Strategy for Detach {
    fn name(&self) -> &'static str {
        "detach concurrently"
    }

    fn claims(&self, _: &ObjectId, change: &Change, _: &Context<'_>) -> bool {
        matches!(
            change,
            Change::Drop {
                old: Object::Attachment(_)
            }
        )
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Change::Drop {
            old: Object::Attachment(old),
        } = change
        else {
            return direct::Direct.expand(id, change, context);
        };
        Ok(detach(id, old, Stays::Yes, context))
    }
}

/// The table of a partition that is dropped is detached before.
pub struct DropPartition;

impl Strategy for DropPartition {
    fn name(&self) -> &'static str {
        "detach, then drop"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        matches!(
            change,
            Change::Drop {
                old: Object::Table(_)
            }
        ) && attachment_of(id, context).is_some_and(|a| !context.changes.drops(&a.parent_id()))
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let mut steps = match attachment_of(id, context) {
            Some(attachment) => {
                let own = super::attachment_id(&attachment.partition());
                detach(&own, attachment, Stays::No, context)
            }
            None => Vec::new(),
        };
        for step in &mut steps {
            step.strategy = self.name();
        }
        steps.extend(super::super::expand_after(
            self.name(),
            id,
            change,
            context,
        )?);
        Ok(steps)
    }
}

fn attachment_of<'a>(table: &ObjectId, context: &'a Context<'_>) -> Option<&'a Attachment> {
    let id = ObjectId {
        kind: crate::kinds::KindTag::Attachment,
        path: table.path.clone(),
    };
    match context.live.get(&id) {
        Some(Object::Attachment(attachment)) => Some(attachment),
        _ => None,
    }
}

/// Whether the table goes on to exist.
#[derive(Clone, Copy, PartialEq)]
enum Stays {
    Yes,
    No,
}

fn detach(id: &ObjectId, old: &Attachment, stays: Stays, context: &Context<'_>) -> Vec<Step> {
    let object = Object::Attachment(old.clone());
    let part = old.partition();
    let keys = inherited_keys(old, context);
    let unwanted: Vec<&Constraint> = keys
        .iter()
        .filter(|k| stays == Stays::Yes && !is_wanted(k, context))
        .collect();
    let drop_keys = unwanted
        .iter()
        .map(|k| sql!("ALTER TABLE {} DROP CONSTRAINT {}", part, k.name));
    let (names, names_back) = match stays {
        Stays::Yes => own_names(&part, context),
        Stays::No => (Vec::new(), Vec::new()),
    };
    let title = format!("detach {part} from {}", old.parent);
    let ends = |step: &mut Step| {
        step.hazards = object.hazards(Verb::Drop);
        step.hazards.extend(referred(&old.parent, &part, context));
        step.releases = direct::releases(context, &BTreeSet::from([id.clone()]));
        // What goes with a dropped index of the parent goes before.
        let falls = |part: &ObjectId| context.changes.absorbed.contains_key(part);
        step.releases.retain(|(part, _)| !falls(part));
        step.destroys = direct::nodes([id], Era::Before);
        // Which foreign keys it leaves with is known.
        let coming = coming_keys(&old.parent, context);
        step.requires
            .extend(coming.map(|k| (key_id(k), Era::After)));
        let standing = foreign_keys_above(context.live, &old.parent).into_iter();
        let going = standing.map(key_id).filter(|k| context.changes.drops(k));
        step.releases.extend(going.map(|k| (k, Era::Before)));
    };
    let default = partitions(context.live, &old.parent).find(|a| a.is_default());
    let check = old.constraint.as_deref().map(|expression| BoundCheck {
        table: part.clone(),
        name: Ident::new(context.temporary_name(id, "bound")),
        expression: sql!("{}", Deparsed(expression)),
        on_new: false,
    });
    let (None, Some(check)) = (default, check) else {
        let mut there = object.drop();
        there.extend(drop_keys);
        there.extend(names);
        let mut back = names_back;
        back.extend(
            unwanted
                .iter()
                .flat_map(|k| Object::Constraint((*k).clone()).create()),
        );
        back.extend(object.create());
        back.extend(states_again(id, context.live, context));
        let mut only = step(Phase::Contract, id, there, back).described(
            "detach partition",
            title,
            "beside a DEFAULT partition the server refuses CONCURRENTLY; no row is read",
        );
        ends(&mut only);
        return vec![only];
    };
    let phases = [Phase::Expand, Phase::Migrate];
    let why = match context.is_foreign(id) {
        true => "CONCURRENTLY would leave a CHECK of its own making without it",
        false => "the way back would read the table under ACCESS EXCLUSIVE without it",
    };
    let [mut add, mut validate] = check.steps(id, phases, why);
    add.produces = direct::nodes([id], Era::Temp(1));
    validate.requires = direct::nodes([id], Era::Temp(1));
    validate.produces = direct::nodes([id], Era::Temp(2));

    let mut back = vec![check.validate()];
    back.extend(unwanted.iter().map(|k| k.validate()));
    back.extend(object.create());
    back.extend(states_again(id, context.live, context));
    let action = Action::Outside {
        statement: sql!(
            "ALTER TABLE {} DETACH PARTITION {} CONCURRENTLY",
            old.parent,
            part
        ),
        done: detached(old),
        clean: vec![finalize(old)],
    };
    let undo = Undo::Run(vec![Action::Transaction(back)]);
    let mut away = Step::contract(id.clone(), action, undo).described(
        "detach partition",
        title,
        "DETACH without CONCURRENTLY takes ACCESS EXCLUSIVE on the parent",
    );
    ends(&mut away);
    away.tables = vec![old.parent.clone()];
    away.requires.insert((id.clone(), Era::Temp(2)));
    away.produces = direct::nodes([id], Era::Temp(3));
    let mut steps = vec![add, validate, away];
    if stays == Stays::Yes {
        let mut there = vec![check.drop()];
        there.extend(drop_keys);
        there.extend(names);
        let mut back = names_back;
        back.push(check.add());
        back.extend(unwanted.iter().flat_map(|k| add_key(k, context.version)));
        let mut last = step(Phase::Contract, id, there, back).described(
            "drop constraint",
            format!("what {part} kept of being a partition"),
            "",
        );
        last.requires = direct::nodes([id], Era::Temp(3));
        let kept = keys.iter().filter(|k| is_wanted(k, context));
        last.produces = kept.map(|k| (key_id(k), Era::After)).collect();
        steps.push(last);
    }
    steps
}

/// From 18 on NOT NULL has a name, which is mostly the parent's in a partition: what gives it the one of the desired
/// table, and takes that back.
pub(super) fn own_names(part: &Qualified, context: &Context<'_>) -> (Vec<Sql>, Vec<Sql>) {
    let name = |object: Option<&Object>| match object {
        Some(Object::Column(c)) if c.table_name() == *part => {
            c.not_null.as_ref().and_then(|n| n.name.clone())
        }
        _ => None,
    };
    let rename = |from: &str, to: &str| {
        sql!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
            part,
            Ident::new(from),
            Ident::new(to)
        )
    };
    let (mut there, mut back) = (Vec::new(), Vec::new());
    for (id, object) in &context.live.objects {
        if let (Some(old), Some(new)) = (name(Some(object)), name(context.desired.get(id)))
            && old != new
            && !context.replacements.covers(id)
        {
            there.push(rename(&old, &new));
            back.push(rename(&new, &old));
        }
    }
    (there, back)
}

/// The foreign keys that the partition has from above when it leaves, as its own: what DETACH makes of them.
fn inherited_keys(old: &Attachment, context: &Context<'_>) -> Vec<Constraint> {
    let part = old.partition();
    let above = foreign_keys_above(context.live, &old.parent);
    let standing = old.foreign_keys.iter().filter_map(|own| {
        let key = above.iter().find(|a| a.definition == own.definition)?;
        let stays = !context.changes.replaces(&key_id(key));
        stays.then(|| on_table(key, &part, &own.name, context.live))
    });
    // Where the partition has the same key, that one becomes part of the parent's.
    let coming = coming_keys(&old.parent, context)
        .filter(|key| own_key(context.live, &part, key).is_none())
        .map(|key| on_table(key, &part, &key.name, context.live));
    standing.chain(coming).collect()
}

fn key_id(key: &Constraint) -> ObjectId {
    Object::Constraint(key.clone()).id()
}

/// The foreign keys that `parent` and the tables above it get in this plan: before the partition leaves, where their
/// columns do not change when it has left.
fn coming_keys<'a>(
    parent: &Qualified,
    context: &'a Context<'_>,
) -> impl Iterator<Item = &'a Constraint> {
    let above = foreign_keys_above(context.desired, parent);
    above.into_iter().filter(|key| {
        let id = key_id(key);
        let comes = context.changes.creates(&id) || context.changes.replaces(&id);
        comes && !context.replacements.covers(&id) && !joining::is_late(key, context)
    })
}

/// Whether the desired schema has the foreign key on the table that is no partition any more.
pub(super) fn is_wanted(key: &Constraint, context: &Context<'_>) -> bool {
    matches!(context.desired.get(&key_id(key)), Some(Object::Constraint(wanted)) if is_same_key(wanted, key))
}

/// Whether `constraint` comes to its table by being detached.
pub(super) fn comes_by_detaching(constraint: &Constraint, context: &Context<'_>) -> bool {
    let id = super::attachment_id(&constraint.table_name());
    let Some(Change::Drop {
        old: Object::Attachment(old),
    }) = context.changes.changes.get(&id)
    else {
        return false;
    };
    inherited_keys(old, context)
        .iter()
        .any(|key| key.name == constraint.name && is_wanted(key, context))
}

fn detached(old: &Attachment) -> Probe {
    Probe(sql!(
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i \
         WHERE i.inhrelid = pg_catalog.to_regclass({}) AND i.inhparent = pg_catalog.to_regclass({}))",
        Literal(&old.partition().to_string()),
        Literal(&old.parent.to_string())
    ))
}

/// Completes a broken attempt; there is no way back from DETACH PENDING.
fn finalize(old: &Attachment) -> Sql {
    let (parent, part) = (&old.parent, old.partition());
    let body = sql!(
        "BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_inherits i \
         WHERE i.inhrelid = pg_catalog.to_regclass({}) AND i.inhdetachpending) \
         THEN ALTER TABLE {} DETACH PARTITION {} FINALIZE; END IF; END",
        Literal(&part.to_string()),
        parent,
        part
    );
    sql!("DO {}", Literal(body.as_str()))
}
