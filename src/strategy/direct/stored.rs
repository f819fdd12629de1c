//! A type that changes while columns hold values of it.

use super::super::{Context, Refusal};
use crate::diff::Change;
use crate::kinds::{Kind, KindTag, Object, ObjectId};
use std::collections::BTreeSet;

pub(super) fn refusal(id: &ObjectId, change: &Change, context: &Context<'_>) -> Option<Refusal> {
    match change {
        Change::Replace {
            old: Object::Composite(old),
            new: Object::Composite(new),
            ..
        } if old.attributes() != new.attributes() => other_places(id, context),
        Change::Alter {
            old: Object::Composite(old),
            new: Object::Composite(new),
            ..
        } if new.retypes(old) => {
            let column = columns(id, context).into_iter().next()?;
            Some(Refusal {
                object: id.clone(),
                why: format!(
                    "PostgreSQL changes the type of no attribute while a column holds values of the type: {}",
                    column.human()
                ),
                help: "make a type under a new name, and a new column of it".to_owned(),
            })
        }
        Change::Alter {
            old: Object::Domain(old),
            new: Object::Domain(new),
            ..
        } if new.looks_at_values(old) => {
            let own = new.qualified().to_string();
            // A domain over it is looked through.
            let is_inside = |column: &ObjectId| match context.live.get(column) {
                Some(Object::Column(c)) => c.base_type.is_none() && c.data_type != own,
                _ => false,
            };
            let column = columns(id, context).into_iter().find(is_inside)?;
            Some(Refusal {
                object: id.clone(),
                why: format!(
                    "PostgreSQL does not look at values of a domain inside those of another type: {}",
                    column.human()
                ),
                help: "put NOT VALID behind a CHECK that is new; or make a domain under a new name"
                    .to_owned(),
            })
        }
        _ => None,
    }
}

/// Columns keep their values as text meanwhile, `(1,2)`, where an attribute is known by its place alone: others than
/// before would get them.
fn other_places(id: &ObjectId, context: &Context<'_>) -> Option<Refusal> {
    let holds_rows = |column: &ObjectId| {
        let table = context.live.get(column).and_then(Object::parent);
        !table.is_some_and(|table| context.is_empty(&table))
    };
    let column = columns(id, context).into_iter().find(holds_rows)?;
    Some(Refusal {
        object: id.clone(),
        why: format!(
            "attributes can only be appended, and {} holds values of the type, which would change their places",
            column.human()
        ),
        help: "put new attributes behind those that are there; or make a type under a new name, and a new column of it"
            .to_owned(),
    })
}

/// The columns whose values have the type in them.
fn columns(id: &ObjectId, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let dependents = context.live.dependents();
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut queue = vec![id];
    while let Some(next) = queue.pop() {
        for dependent in dependents.get(next).into_iter().flatten().copied() {
            let Some(object) = context.live.get(dependent) else {
                continue;
            };
            let is_stored =
                dependent.kind == KindTag::Column && context.desired.get(dependent).is_some();
            if is_stored && stores(object, id, context) {
                found.insert(dependent.clone());
            }
            if dependent.kind.is_type() && seen.insert(dependent) {
                queue.push(dependent);
            }
        }
    }
    found
}

/// Not a column of another type whose default only uses it.
fn stores(object: &Object, id: &ObjectId, context: &Context<'_>) -> bool {
    let Object::Column(column) = object else {
        return false;
    };
    let of = column.data_type.trim_end_matches("[]");
    let types = context
        .live
        .objects
        .iter()
        .filter(|(t, _)| t.kind.is_type());
    let mut named = types.filter(|(_, object)| {
        let mut names = object.names().into_iter();
        names.any(|name| name.qualified().to_string() == of)
    });
    named.any(|(of, _)| of == id || needs(of, id, context))
}

fn needs(of: &ObjectId, id: &ObjectId, context: &Context<'_>) -> bool {
    let mut queue = vec![of];
    let mut seen = BTreeSet::new();
    while let Some(next) = queue.pop() {
        for need in context.live.requires(next) {
            if need == id {
                return true;
            }
            if need.kind.is_type() && seen.insert(need) {
                queue.push(need);
            }
        }
    }
    false
}
