//! The copy of what is dropped.

use super::way::{Way, with_hash};
use super::{COPIED, Context, direct};
use crate::catalog::Scope;
use crate::kinds::{Column, ConstraintType, Hazard, HazardKind, Kind, KindTag, Object, ObjectId};
use crate::pg::sql::List;
use crate::pg::{Ident, Qualified};
use crate::plan::{Action, Step, Undo};
use crate::sql;

/// The copy of what is dropped, in a table that is kept: the column with the primary key (whole rows
/// where there is none), or all rows of the table.
pub(super) fn step(old: &Object, context: &Context<'_>) -> Option<Step> {
    let id = old.id();
    let renamed = match Way::find(old, &direct::with_absorbed(context, &id, true), context) {
        Ok(way) => way.renamed,
        Err(_) => old.clone(),
    };
    let (from, table) = match old {
        Object::Column(column) => (column.table_name(), column.table_id()),
        Object::Table(table) => (table.qualified(), id.clone()),
        _ => return None,
    };
    let from = match &renamed {
        Object::Table(table) => table.qualified(),
        _ => from,
    };
    let mut columns = columns(&table, context);
    if let Object::Column(column) = old {
        let key = primary_key(&table, context);
        if !key.is_empty() {
            columns.retain(|c| c.name == column.name || key.contains(&c.name));
        }
    }
    let columns = columns.into_iter().map(|column| {
        let name = match &renamed {
            Object::Column(new) if column.id() == id => &new.name,
            _ => &column.name,
        };
        // The copy hangs on nothing that a later plan may drop: values of the user's types are text in it.
        match context.live.requires(&column.id()).any(is_type) {
            true => sql!("{}::text AS {}", name, name),
            false => sql!("{}", name),
        }
    });
    let into = Qualified {
        schema: from.schema.clone(),
        name: backup_name(&id),
    };
    let mut step = Step::contract(
        id.clone(),
        Action::Transaction(vec![sql!(
            "CREATE TABLE {} AS SELECT {} FROM {}",
            into,
            List::comma(columns),
            from
        )]),
        Undo::Run(vec![Action::Transaction(vec![sql!("DROP TABLE {}", into)])]),
    )
    .described(
        "back up",
        format!("copy {} to {into}", id.human()),
        "drops.backup; the copy is kept after the plan, and no plan drops it",
    );
    step.hazards.push(Hazard::declared(
        HazardKind::LongRunning,
        format!("every row of {from} is read and written once"),
    ));
    step.produces = direct::nodes([&id], COPIED);
    Some(step)
}

fn is_type(id: &ObjectId) -> bool {
    id.kind.is_type() || id.kind == KindTag::Extension
}

/// The columns of a table in their order.
fn columns<'a>(table: &ObjectId, context: &Context<'a>) -> Vec<&'a Column> {
    let mut columns: Vec<&Column> = context
        .live
        .objects
        .values()
        .filter_map(|object| match object {
            Object::Column(c) if c.table_id() == *table => Some(c),
            _ => None,
        })
        .collect();
    columns.sort_by_key(|c| c.position);
    columns
}

fn primary_key(table: &ObjectId, context: &Context<'_>) -> Vec<Ident> {
    let key = context
        .live
        .objects
        .values()
        .find_map(|object| match object {
            Object::Constraint(c)
                if c.constraint_type == ConstraintType::PrimaryKey && c.table_id() == *table =>
            {
                Some(c.columns.clone())
            }
            _ => None,
        });
    // A key that goes or changes in this plan is no key to put values back by.
    let columns = key.unwrap_or_default();
    let stays = |c: &Ident| {
        let mut path = table.path.clone();
        path.push(c.raw().to_owned());
        let id = ObjectId::new(KindTag::Column, path);
        context.desired.objects.contains_key(&id)
    };
    match columns.iter().all(stays) {
        true => columns,
        false => Vec::new(),
    }
}

fn backup_name(id: &ObjectId) -> Ident {
    let parts = id.path.get(1..).unwrap_or_default().join("_");
    let name = format!("{}{parts}", Scope::BACKUP_PREFIX);
    Ident::new(with_hash(&name, &id.to_string()))
}
