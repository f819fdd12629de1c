//! Change: a foreign key of a partitioned table is added or redefined, to PostgreSQL 17.
//!
//! Why not directly: ADD FOREIGN KEY reads every partition and the referenced table under SHARE
//! ROW EXCLUSIVE on all of them, and NOT VALID is refused on a partitioned table before 18.
//! Steps: ADD … NOT VALID and VALIDATE on each partition with rows, however deep, then ADD on the
//! partitioned table, which takes the partitions' keys over and reads no row.
//! Measured (14 to 17): NOT VALID takes SHARE ROW EXCLUSIVE on the partition and the referenced
//! table; VALIDATE SHARE UPDATE EXCLUSIVE and ROW SHARE, and reads both; the last ADD SHARE ROW
//! EXCLUSIVE on the tree and ACCESS EXCLUSIVE on the referenced table, without a scan and without
//! "validating foreign key constraint" in DEBUG1. 18 goes the way of any table.
//! Undo: drop it; the partitions' keys come back as they were, and are dropped one by one.
//! Limits: a redefined key's old one is read again when it is put back.
//! Sources: manual, ALTER TABLE, ADD table_constraint; measured in tests/cases/partition.

use super::super::direct::{self, fallen};
use super::super::{Context, Refusal, Strategy};
use super::attach::key_steps;
use super::detach::comes_by_detaching;
use super::joining;
use super::{foreign_keys_above, leaves, on_table, own_key, partitions, step};
use crate::diff::Change;
use crate::kinds::{Attachment, Constraint, KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::{Era, Phase, Step};
use crate::sql;
use std::collections::BTreeSet;

pub struct ForeignKey;

impl Strategy for ForeignKey {
    fn name(&self) -> &'static str {
        "foreign key, partition by partition"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        if context.version >= ServerVersion::V18 {
            return false;
        }
        let fits = |object: &Object| match object {
            Object::Constraint(c) => {
                c.is_foreign_key()
                    && c.on_partitioned
                    && c.validated
                    && context.live.objects.contains_key(&c.table_id())
                    && context.plain_because(&c.table_id()).is_none()
            }
            _ => false,
        };
        match change {
            Change::Create { new } => fits(new) && names_are_free(new, context),
            Change::Replace { new, .. } => fits(new) && context.changes.stands_alone(id),
            _ => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let (old, new) = match change {
            Change::Create {
                new: Object::Constraint(new),
            } => (None, new),
            Change::Replace {
                old: Object::Constraint(old),
                new: Object::Constraint(new),
                ..
            } => (Some(old), new),
            _ => return direct::Direct.expand(id, change, context),
        };
        Ok(by_partition(id, old, new, context))
    }
}

fn by_partition(
    id: &ObjectId,
    old: Option<&Constraint>,
    new: &Constraint,
    context: &Context<'_>,
) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    // The partitions' old keys have the name until the old one is dropped.
    let name = match old {
        Some(_) => Ident::new(context.temporary_name(id, "new foreign key")),
        None => new.name.clone(),
    };
    let mut steps = Vec::new();
    let mut there = Vec::new();
    let mut back = drop_key(new);
    let mut ready = BTreeSet::new();
    let mut taken_over = BTreeSet::new();
    if let Some(old) = old {
        there.extend(drop_key(old));
        back.extend(Object::Constraint(old.clone()).create());
        back.extend(fallen::again(context, id));
    }
    for table in leaves(context.live, &new.table_name()) {
        if joining::is_late(new, context) && joining::leaves_from(&table, context) {
            continue;
        }
        let standing = own_key(context.live, &table, new).filter(|k| old.is_none() && k.validated);
        if let Some(standing) = standing {
            // Taken over as it is; dropping the parent's takes it along.
            back.extend(Object::Constraint(standing.clone()).create());
            taken_over.insert(Object::Constraint(standing.clone()).id());
            continue;
        }
        let key = on_table(new, &table, &name, context.live);
        let leaf = Object::Constraint(key.clone()).id();
        let [mut add, mut validate] = key_steps(&leaf, &key, context);
        add.requires = direct::requires(context, &own);
        add.produces = direct::nodes([&leaf], Era::Temp(1));
        validate.requires = direct::nodes([&leaf], Era::Temp(1));
        validate.produces = direct::nodes([&leaf], Era::Temp(2));
        ready.extend(validate.produces.clone());
        steps.extend([add, validate]);
        if old.is_some() {
            there.push(sql!(
                "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                table,
                name,
                new.name
            ));
        }
        back.push(key.add_not_valid());
        if old.is_some() {
            back.push(key.validate());
        }
    }
    there.extend(Object::Constraint(new.clone()).create());
    let phase = if old.is_some() {
        Phase::Contract
    } else {
        Phase::Migrate
    };
    let mut last = step(phase, id, there, back).described(
        "add constraint",
        format!("add {} over those of the partitions", id.human()),
        "takes the validated keys of the partitions over: no row is read",
    );
    last.requires = direct::requires(context, &own);
    last.requires.extend(ready);
    last.produces = direct::nodes(&own, Era::After);
    last.destroys = direct::nodes(&taken_over, Era::Before);
    if old.is_some() {
        last.releases = direct::releases(context, &own);
        last.destroys.extend(direct::nodes(&own, Era::Before));
    }
    steps.push(last);
    steps
}

fn drop_key(key: &Constraint) -> Vec<Sql> {
    Object::Constraint(key.clone()).drop()
}

fn names_are_free(new: &Object, context: &Context<'_>) -> bool {
    let Object::Constraint(new) = new else {
        return false;
    };
    leaves(context.live, &new.table_name()).iter().all(|table| {
        let path = [table.schema.raw(), table.name.raw(), new.name.raw()];
        own_key(context.live, table, new).is_some()
            || !context
                .live
                .objects
                .contains_key(&ObjectId::new(KindTag::Constraint, path))
    })
}

/// Change: a partition's foreign key becomes that of the table above, or the other way.
///
/// Why not directly: the server does it with the attachment; dropping and adding it would take
/// ACCESS EXCLUSIVE on the referenced table and read the rows.
/// Steps: none of its own. Undo: that of the attachment or of the key above.
pub struct Adopted;

impl Strategy for Adopted {
    fn name(&self) -> &'static str {
        "comes with the attachment"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        match change {
            Change::Drop {
                old: Object::Constraint(own),
            } => own.is_foreign_key() && is_taken_over(own, context),
            Change::Create {
                new: Object::Constraint(own),
            } => own.is_foreign_key() && comes_by_detaching(own, context),
            _ => false,
        }
    }

    fn expand(&self, _: &ObjectId, _: &Change, _: &Context<'_>) -> Result<Vec<Step>, Refusal> {
        Ok(Vec::new())
    }
}

/// Whether the partition is attached to a table with the same key in this plan, or stays attached
/// to one that gets it.
fn is_taken_over(own: &Constraint, context: &Context<'_>) -> bool {
    let table = own.table_name();
    let Some(Object::Attachment(attachment)) = context.desired.get(&super::attachment_id(&table))
    else {
        return false;
    };
    foreign_keys_above(context.desired, &attachment.parent)
        .iter()
        .filter(|above| is_first(own, above, context))
        .any(|above| comes_now(above, attachment, &table, context))
}

fn is_first(own: &Constraint, above: &Constraint, context: &Context<'_>) -> bool {
    own_key(context.live, &own.table_name(), above).is_some_and(|k| k.name == own.name)
}

fn comes_now(
    above: &Constraint,
    attachment: &Attachment,
    table: &Qualified,
    context: &Context<'_>,
) -> bool {
    let in_use = context.live.objects.contains_key(&attachment.parent_id())
        && partitions(context.desired, &attachment.parent).any(|a| a.partition() == *table);
    let attached = context.changes.creates(&super::attachment_id(table));
    let key = Object::Constraint(above.clone()).id();
    in_use && (attached || (context.changes.creates(&key) && context.version < ServerVersion::V18))
}
