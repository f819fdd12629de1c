//! Tables whose columns have to be swapped in one transaction.

use super::super::{Context, Refusal, direct};
use super::sync::Pair;
use super::temporary_id;
use super::twins::Stage;
use crate::catalog::{Catalog, Desired, Scope};
use crate::diff::Replacement;
use crate::kinds::{Name, Object, ObjectId};
use crate::pg::{Ident, Qualified};
use crate::plan::{Era, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Tables whose replaced columns are swapped together, because foreign keys join them.
pub(super) struct Component<'a> {
    pub columns: Vec<Pair<'a>>,
    /// The indexes and constraints on them, each with its twin.
    pub pairs: Vec<(&'a ObjectId, &'a ObjectId)>,
    /// Every table the swap touches, in the order of their names.
    pub locked: BTreeSet<Qualified>,
    pub stage: Stage,
    /// The enums that are replaced with them: names of the new type before, of the old after the swap.
    pub types: Vec<(&'a ObjectId, &'a (Ident, Ident))>,
}

impl<'a> Component<'a> {
    pub fn tables(&self) -> BTreeMap<Qualified, Vec<&Pair<'a>>> {
        let mut tables: BTreeMap<Qualified, Vec<&Pair<'a>>> = BTreeMap::new();
        for pair in &self.columns {
            tables.entry(pair.new.table_name()).or_default().push(pair);
        }
        tables
    }

    /// The names that the swap frees and takes: a key may become primary, or no longer be it.
    pub fn names(&self, context: &Context<'_>) -> (BTreeSet<Name>, BTreeSet<Name>) {
        let (mut frees, mut takes) = (BTreeSet::new(), BTreeSet::new());
        for (pair, _) in &self.pairs {
            let names = |object: Option<&Object>| object.map(Object::names).unwrap_or_default();
            let (old, new) = (
                names(context.live.get(pair)),
                names(context.desired.get(pair)),
            );
            takes.extend(new.iter().filter(|n| !old.contains(n)).cloned());
            frees.extend(old.into_iter().filter(|n| !new.contains(n)));
        }
        (frees, takes)
    }

    pub fn nodes(&self, era: Era) -> BTreeSet<Node> {
        direct::nodes(self.columns.iter().map(|p| &p.replacement.column), era)
    }
}

/// What follows the new columns `ids`, in partitions that are there before and after: one that comes is attached when
/// it has changed for itself, one that leaves is gone before the swap.
pub(super) fn followers<'i>(
    ids: impl IntoIterator<Item = &'i ObjectId>,
    context: &Context<'_>,
) -> BTreeSet<ObjectId> {
    let stays = |id: &ObjectId| context.live.keeps_its_parent(context.desired, id);
    context.desired.followers_where(ids, stays)
}

/// Whether it is a partition's part of a column that is replaced.
pub(super) fn is_part(object: &Object, context: &Context<'_>) -> bool {
    let column = matches!(object, Object::Column(_));
    column
        && context.live.keeps_its_parent(context.desired, &object.id())
        && object
            .follows()
            .iter()
            .any(|f| context.replacements.covers(f))
}

/// The columns that may lead a component when `id` is expanded: itself, or those of an enum that have no
/// change of their own.
pub(super) fn leaders(id: &ObjectId, context: &Context<'_>) -> Vec<ObjectId> {
    if !context.replacements.types.contains_key(id) {
        return vec![id.clone()];
    }
    let columns = context.replacements.columns.values();
    columns
        .filter(|r| r.of_type.as_ref() == Some(id))
        .map(|r| r.column.clone())
        .filter(|column| !context.changes.changes.contains_key(column))
        .collect()
}

/// The component that `id` leads; `None` for what another column's steps cover.
pub(super) fn component<'a>(
    id: &ObjectId,
    context: &Context<'a>,
) -> Result<Option<Component<'a>>, Refusal> {
    let replacements = context.replacements;
    let Some(twin_catalog) = &replacements.twins else {
        return Ok(None);
    };
    if !replacements.columns.contains_key(id) {
        return Ok(None);
    }
    let table_of =
        |column: &ObjectId| -> Vec<String> { column.path.iter().take(2).cloned().collect() };
    // The tables that foreign keys join, starting from this column's.
    let mut tables = BTreeSet::from([table_of(id)]);
    let mut links: Vec<(Vec<String>, Vec<String>)> = replacements
        .pairs
        .keys()
        .filter_map(|pair| match context.desired.get(pair) {
            Some(Object::Constraint(c)) if c.is_foreign_key() => {
                let to = c.referenced.as_ref()?;
                let ends = (
                    vec![c.schema.raw().to_owned(), c.table.raw().to_owned()],
                    vec![to.schema.raw().to_owned(), to.name.raw().to_owned()],
                );
                Some(ends)
            }
            _ => None,
        })
        .collect();
    // Columns of one enum are swapped with it.
    for of_type in replacements.types.keys() {
        let mut columns = replacements
            .columns
            .values()
            .filter(|r| r.of_type.as_ref() == Some(of_type))
            .map(|r| table_of(&r.column));
        if let Some(first) = columns.next() {
            links.extend(columns.map(|other| (first.clone(), other)));
        }
    }
    loop {
        let before = tables.len();
        for (a, b) in &links {
            if tables.contains(a) || tables.contains(b) {
                tables.extend([a.clone(), b.clone()]);
            }
        }
        if tables.len() == before {
            break;
        }
    }
    let of_component: Vec<&Replacement> = replacements
        .columns
        .values()
        .filter(|r| tables.contains(&table_of(&r.column)))
        .collect();
    if of_component.first().is_none_or(|r| r.column != *id) {
        return Ok(None);
    }
    let columns: Vec<Pair<'a>> = of_component
        .into_iter()
        .filter_map(|replacement| Pair::of(replacement, context))
        .collect();
    let mut parts: BTreeSet<ObjectId> = columns
        .iter()
        .map(|p| p.replacement.column.clone())
        .collect();
    parts.extend(followers(&parts, context));
    let pairs: Vec<(&ObjectId, &ObjectId)> = replacements
        .pairs
        .iter()
        .filter(|(pair, _)| context.desired.requires(pair).any(|n| parts.contains(n)))
        .collect();
    let mut locked: BTreeSet<Qualified> = columns.iter().map(|p| p.new.table_name()).collect();
    locked.extend(tables.iter().filter_map(|path| match path.as_slice() {
        [schema, name] => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    }));
    if locked.len() > context.max_tables {
        return Err(too_many(id, &locked, context.max_tables));
    }
    let types: Vec<(&ObjectId, &(Ident, Ident))> = replacements
        .types
        .iter()
        .filter(|(id, _)| {
            columns
                .iter()
                .any(|p| p.replacement.of_type.as_ref() == Some(id))
        })
        .collect();
    let new = columns
        .iter()
        .map(|p| temporary_id(p.replacement))
        .collect();
    let stage = Stage::new(
        context,
        &restricted(twin_catalog, &columns, &pairs, &types),
        &new,
    );
    Ok(Some(Component {
        columns,
        pairs,
        locked,
        stage,
        types,
    }))
}

fn too_many(id: &ObjectId, locked: &BTreeSet<Qualified>, most: usize) -> Refusal {
    Refusal {
        object: id.clone(),
        why: format!(
            "the swap of it would lock {} tables at the same time, because foreign keys or a type join \
             their columns",
            locked.len()
        ),
        help: format!(
            "allow as many with swap.max_tables (now {most}), or drop some of the keys first"
        ),
    }
}

/// Only the twins of this component.
fn restricted(
    twins: &Catalog<Desired>,
    columns: &[Pair<'_>],
    pairs: &[(&ObjectId, &ObjectId)],
    types: &[(&ObjectId, &(Ident, Ident))],
) -> Catalog<Desired> {
    let names: BTreeSet<&str> = columns
        .iter()
        .map(|p| p.replacement.temporary.raw())
        .chain(types.iter().map(|(_, (temporary, _))| temporary.raw()))
        .chain(
            pairs
                .iter()
                .filter_map(|(_, twin)| twin.path.last().map(String::as_str)),
        )
        .collect();
    let mut catalog = twins.clone();
    catalog.objects.retain(|id, _| {
        let own = id.path.iter().filter(|p| Scope::is_own(p));
        own.into_iter().all(|p| names.contains(p.as_str()))
    });
    catalog
}
