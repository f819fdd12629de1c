//! What changes on partitioned tables while they are in use.

mod attach;
mod bounds;
mod detach;
mod foreign_key;
mod index;
mod joining;
mod own_index;
mod tree;
mod trigger;

pub(super) use attach::Attach;
pub(super) use detach::{Detach, DropPartition};
pub(super) use foreign_key::{Adopted, ForeignKey};
pub(super) use index::{DropIndex, RedefineIndex};
pub(super) use own_index::OwnIndex;
pub(super) use tree::{leaving_below, table_of_index};
pub(super) use trigger::{TriggerState, states_again};

use super::Context;
use crate::catalog::Catalog;
use crate::kinds::{Attachment, Constraint, KindTag, Object, ObjectId};
use crate::pg::sql::Word;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Node, Phase, Step};
use crate::sql;
use std::collections::BTreeSet;

/// Puts the steps about partitions and their indexes in their order.
pub(super) fn order(steps: &mut [Step], context: &Context<'_>) {
    tree::order(steps, context);
    joining::order(steps, context);
    own_index::bring_back(steps, context);
}

/// What is on `table` under names of ours for a while, as the end of that: ATTACH would ask for the columns, and
/// build the parts of the indexes.
fn passing_on(table: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let mut nodes = index::redefined_on(table, context);
    nodes.extend(super::replace::retired_on(table, context));
    nodes
}

/// A CHECK of our own that proves a bound to ATTACH, which then reads no row.
struct BoundCheck {
    table: Qualified,
    name: Ident,
    expression: Sql,
    /// The table is made by this plan: it has no row to look at.
    on_new: bool,
}

impl BoundCheck {
    fn add(&self) -> Sql {
        let word = Word(if self.on_new { "" } else { " NOT VALID" });
        sql!(
            "ALTER TABLE {} ADD CONSTRAINT {} CHECK ({}){}",
            self.table,
            self.name,
            self.expression,
            word
        )
    }

    fn validate(&self) -> Sql {
        sql!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            self.table,
            self.name
        )
    }

    fn drop(&self) -> Sql {
        sql!("ALTER TABLE {} DROP CONSTRAINT {}", self.table, self.name)
    }

    /// NOT VALID and VALIDATE, as two steps about `id`.
    fn steps(&self, id: &ObjectId, phases: [Phase; 2], why: &str) -> [Step; 2] {
        let add = step(phases[0], id, vec![self.add()], vec![self.drop()]).described(
            "add constraint",
            format!("check new rows of {} against a bound", self.table),
            why.to_owned(),
        );
        let back = vec![self.drop(), self.add()];
        let validate = step(phases[1], id, vec![self.validate()], back).described(
            "validate constraint",
            format!("check the rows of {} against a bound", self.table),
            "reads every row, while reads and writes go on",
        );
        [add, validate]
    }
}

/// A step of one transaction that can be taken back by another.
fn step(phase: Phase, id: &ObjectId, there: Vec<Sql>, back: Vec<Sql>) -> Step {
    let action = Action::Transaction(there);
    let back = if back.is_empty() {
        Vec::new()
    } else {
        vec![Action::Transaction(back)]
    };
    let undo = Reversal::Run(back);
    match phase {
        Phase::Expand => Step::expand(id.clone(), action, undo),
        Phase::Migrate => Step::migrate(id.clone(), action, undo),
        Phase::Contract => Step::contract(id.clone(), action, undo.into()),
    }
}

fn attachments<S>(catalog: &Catalog<S>) -> impl Iterator<Item = &Attachment> {
    catalog.objects.values().filter_map(|object| match object {
        Object::Attachment(attachment) => Some(attachment),
        _ => None,
    })
}

/// The attachments of the partitions of `parent`.
fn partitions<'a, S>(
    catalog: &'a Catalog<S>,
    parent: &'a Qualified,
) -> impl Iterator<Item = &'a Attachment> {
    attachments(catalog).filter(move |a| a.parent == *parent)
}

fn is_partitioned<S>(catalog: &Catalog<S>, table: &ObjectId) -> bool {
    matches!(catalog.get(table), Some(Object::Table(t)) if t.partition_key.is_some())
}

/// The tables with rows below `table`, however deep.
fn leaves<S>(catalog: &Catalog<S>, table: &Qualified) -> Vec<Qualified> {
    let mut found = Vec::new();
    for attachment in partitions(catalog, table) {
        if is_partitioned(catalog, &attachment.table_id()) {
            found.extend(leaves(catalog, &attachment.partition()));
        } else {
            found.push(attachment.partition());
        }
    }
    found
}

/// `table` and the partitioned tables it is in, however high.
fn with_those_above<S>(catalog: &Catalog<S>, table: &Qualified) -> BTreeSet<Qualified> {
    let mut tables = BTreeSet::from([table.clone()]);
    let mut table = table.clone();
    while let Some(Object::Attachment(above)) = catalog.get(&attachment_id(&table)) {
        table = above.parent.clone();
        if !tables.insert(table.clone()) {
            break;
        }
    }
    tables
}

fn foreign_keys<S>(catalog: &Catalog<S>) -> impl Iterator<Item = &Constraint> {
    catalog.objects.values().filter_map(|object| match object {
        Object::Constraint(c) if c.is_foreign_key() => Some(c),
        _ => None,
    })
}

/// The foreign keys of `table` and of the tables above it: those its partitions have.
fn foreign_keys_above<'a, S>(catalog: &'a Catalog<S>, table: &Qualified) -> Vec<&'a Constraint> {
    let tables = with_those_above(catalog, table);
    foreign_keys(catalog)
        .filter(|c| tables.contains(&c.table_name()))
        .collect()
}

/// The foreign keys that point at `table` or a table above it.
fn referrers<'a, S>(catalog: &'a Catalog<S>, table: &Qualified) -> Vec<&'a Constraint> {
    let tables = with_those_above(catalog, table);
    foreign_keys(catalog)
        .filter(|c| c.referenced.as_ref().is_some_and(|r| tables.contains(r)))
        .collect()
}

fn attachment_id(table: &Qualified) -> ObjectId {
    ObjectId::new(KindTag::Attachment, [table.schema.raw(), table.name.raw()])
}

/// `key` as a foreign key of `table` alone, under `name`.
fn on_table<S>(
    key: &Constraint,
    table: &Qualified,
    name: &Ident,
    catalog: &Catalog<S>,
) -> Constraint {
    let id = crate::kinds::relation_id(KindTag::Table, table);
    Constraint {
        schema: table.schema.clone(),
        table: table.name.clone(),
        name: name.clone(),
        on_partitioned: is_partitioned(catalog, &id),
        validated: true,
        ..key.clone()
    }
}

/// Whether ATTACH, or a foreign key of the table above, takes `own` for `above`.
fn is_same_key(own: &Constraint, above: &Constraint) -> bool {
    own.is_foreign_key()
        && own.definition == above.definition
        && own.deferrable == above.deferrable
        && own.deferred == above.deferred
        && own.enforced == above.enforced
}

/// The foreign key of the table itself (not one it has from above) that is the same as `above`.
fn own_key<'a, S>(
    catalog: &'a Catalog<S>,
    table: &Qualified,
    above: &Constraint,
) -> Option<&'a Constraint> {
    catalog.objects.values().find_map(|object| match object {
        Object::Constraint(c) if c.table_name() == *table && is_same_key(c, above) => Some(c),
        _ => None,
    })
}

/// ADD FOREIGN KEY without reading a row, where the server can (a partitioned table: from 18).
fn add_key(key: &Constraint, version: ServerVersion) -> Vec<Sql> {
    if key.on_partitioned && version < ServerVersion::V18 {
        Object::Constraint(key.clone()).create()
    } else {
        vec![key.add_not_valid()]
    }
}
