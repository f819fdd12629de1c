//! E6: which rows would make a change fail, as checks for its steps.
//!
//! Only what exists in live is asked about: a table or column of this very plan has no rows of its
//! own yet.

mod computed;
mod conversion;

pub use computed::{filled, generated, of_fills};
pub use conversion::{conversion, removed_labels};

use super::Context;
use crate::diff::Change;
use crate::kinds::{
    Attachment, Column, Constraint, ConstraintType, Domain, Index, KindTag, NameSpace, Object,
    ObjectId,
};
use crate::pg::{Ident, Qualified};
use crate::plan::DataCheck;
use crate::plan::data_check::{Pair, Violation};

/// The checks of a change, whatever strategy expands it.
pub fn of(id: &ObjectId, change: &Change, context: &Context<'_>) -> Vec<DataCheck> {
    match change {
        Change::Create { new } | Change::Replace { new, .. } => match new {
            Object::Constraint(new) if new.validated && new.enforced => constraint(new, context),
            Object::Index(new) => index(new, context),
            Object::Column(new) => computed::generated(new, context),
            Object::Attachment(new) => attachment(new, context),
            Object::Enum(new) => match context.live.get(id) {
                Some(Object::Enum(old)) => removed_labels(old, new, context),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        },
        Change::Alter { old, new, .. } => match (old, new) {
            (Object::Constraint(old), Object::Constraint(new)) => {
                let proved = old.validated && old.enforced;
                match !proved && new.validated && new.enforced {
                    true => constraint(new, context),
                    false => Vec::new(),
                }
            }
            (Object::Column(old), Object::Column(new)) => column(old, new, context),
            (Object::Domain(old), Object::Domain(new)) => domain(old, new, context),
            _ => Vec::new(),
        },
        Change::Drop { .. } => Vec::new(),
    }
}

/// Rows on which an object that was changed in place could not be changed back.
pub fn of_way_back(old: &Object, new: &Object, context: &Context<'_>) -> Vec<DataCheck> {
    match (old, new) {
        (Object::Column(old), Object::Column(new)) => {
            let required = |c: &Column| c.not_null.as_ref().is_some_and(|n| n.validated);
            match required(old) && !required(new) {
                true => null(old, context),
                false => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// Rows on which an object that was dropped could not be made again.
pub fn of_making_again(old: &Object, context: &Context<'_>) -> Vec<DataCheck> {
    match old {
        Object::Constraint(old) if old.validated && old.enforced => constraint(old, context),
        Object::Index(old) => unique_index(old, context),
        _ => Vec::new(),
    }
}

/// Values of a column that its new definition does not take.
pub fn column(old: &Column, new: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let mut checks = conversion(old, new, context);
    checks.extend(computed::merged(old, new, context));
    let required = |c: &Column| c.not_null.as_ref().is_some_and(|n| n.validated);
    // An expression of a hint may well fill NULL.
    let own = conversion::hint(old, new, context) == conversion::Hint::Expression;
    if required(new) && !required(old) && !own {
        checks.extend(null(old, context));
    }
    checks
}

/// NULL in a column that becomes NOT NULL.
pub fn null(column: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let table = column.table_name();
    if !has_columns(context, &table, [&column.name]) {
        return Vec::new();
    }
    let what = format!("NULL in {table}.{}", column.name);
    let violation = Violation::Null {
        column: column.name.clone(),
    };
    let only = column.not_null.as_ref().is_some_and(|n| n.no_inherit);
    vec![check(what, table, violation, context).only(only, context.version)]
}

/// Rows that break a constraint that is added or validated.
pub fn constraint(new: &Constraint, context: &Context<'_>) -> Vec<DataCheck> {
    let converted = converted(&new.table_name(), &new.columns, context);
    let mut checks = of_constraint(new, context);
    // One that stands in live judges the values there are.
    let mut there = context.live.objects.values();
    if !there.any(|object| matches!(object, Object::Constraint(c) if c == new)) {
        for check in &mut checks {
            check.converted.clone_from(&converted);
        }
    }
    checks
}

fn of_constraint(new: &Constraint, context: &Context<'_>) -> Vec<DataCheck> {
    let table = new.table_name();
    if !has_columns(context, &table, &new.columns) {
        return Vec::new();
    }
    let named = |violation, what: String| vec![check(what, table.clone(), violation, context)];
    match new.constraint_type {
        ConstraintType::Check => {
            let Some((condition, no_inherit)) = condition_of(&new.definition) else {
                return Vec::new();
            };
            let violation = Violation::Fails {
                condition: condition.to_owned(),
                columns: new.columns.clone(),
            };
            let what = format!("rows of {table} that break {}", new.name);
            let found = named(violation, what).into_iter();
            found.map(|c| c.only(no_inherit, context.version)).collect()
        }
        ConstraintType::ForeignKey => foreign_key(new, context),
        ConstraintType::PrimaryKey | ConstraintType::Unique
            if new.definition.contains(" WITHOUT OVERLAPS") =>
        {
            untested_overlap(new, context)
        }
        ConstraintType::PrimaryKey | ConstraintType::Unique => {
            let mut checks = Vec::new();
            if new.constraint_type == ConstraintType::PrimaryKey {
                checks.extend(nulls_of_key(new, context));
            }
            checks.extend(duplicates(
                Key {
                    table: &table,
                    columns: &new.columns,
                    expressions: &[],
                    predicate: None,
                    nulls_not_distinct: new.definition.starts_with("UNIQUE NULLS NOT DISTINCT"),
                    on_partitioned: new.on_partitioned,
                },
                context,
            ));
            checks
        }
        ConstraintType::Exclusion => untested_overlap(new, context),
    }
}

/// The columns of a primary key become NOT NULL; those whose own change says so are asked there.
fn nulls_of_key(key: &Constraint, context: &Context<'_>) -> Vec<DataCheck> {
    let column = |name: &Ident| match context.live.get(&column_id(&key.table_name(), name)) {
        Some(Object::Column(column)) if column.not_null.is_none() => Some(column),
        _ => None,
    };
    let columns = key.columns.iter().filter_map(column);
    let unsaid = columns.filter(|c| {
        let id = column_id(&key.table_name(), &c.name);
        !matches!(context.changes.changes.get(&id), Some(Change::Alter { .. }))
    });
    unsaid.flat_map(|c| null(c, context)).collect()
}

fn untested_overlap(new: &Constraint, context: &Context<'_>) -> Vec<DataCheck> {
    let table = new.table_name();
    let violation = Violation::Untested {
        why: "every row would have to be compared with every other".to_owned(),
    };
    let what = format!("rows of {table} that exclude each other under {}", new.name);
    vec![check(what, table, violation, context)]
}

fn foreign_key(new: &Constraint, context: &Context<'_>) -> Vec<DataCheck> {
    let (table, Some(referenced)) = (new.table_name(), new.referenced.clone()) else {
        return Vec::new();
    };
    let own = List(&new.columns);
    let what = format!("rows of {table} ({own}) that point at no row of {referenced}");
    let untested = |why: &str| {
        let violation = Violation::Untested {
            why: why.to_owned(),
        };
        vec![check(what.clone(), table.clone(), violation, context)]
    };
    if new.definition.contains(" PERIOD ") {
        return untested("a period may be covered by several rows");
    }
    if !has_columns(context, &referenced, &new.referenced_columns) {
        return untested("what it points at is made by this plan");
    }
    let pairs = new.columns.iter().zip(&new.referenced_columns);
    let violation = Violation::Orphan {
        referenced_only: !is_partitioned(context, &referenced),
        pairs: pairs
            .map(|(column, to)| Pair {
                column: column.clone(),
                referenced: to.clone(),
                operator: operator_schema(context, &column_id(&referenced, to)),
            })
            .collect(),
        referenced,
        match_full: new.match_full,
    };
    let only = !new.on_partitioned;
    vec![check(what, table, violation, context).only(only, context.version)]
}

/// Rows that a new index is in the way of.
pub fn index(new: &Index, context: &Context<'_>) -> Vec<DataCheck> {
    let mut checks = unique_index(new, context);
    checks.extend(computed::index(new, context));
    checks
}

/// Rows with the same key under a unique index.
fn unique_index(new: &Index, context: &Context<'_>) -> Vec<DataCheck> {
    // One of a partition is made for the one of the whole, which is asked about.
    if !new.unique || new.attached_to.is_some() {
        return Vec::new();
    }
    let key = Key {
        table: &new.table_name(),
        columns: &new.columns,
        expressions: &new.expressions,
        predicate: new.predicate.clone(),
        nulls_not_distinct: new.nulls_not_distinct,
        on_partitioned: new.on_partitioned,
    };
    let mut found = duplicates(key, context);
    if let Some(check) = &mut found {
        check.converted = converted(&new.table_name(), &new.columns, context);
    }
    found.into_iter().collect()
}

struct Key<'k> {
    table: &'k Qualified,
    columns: &'k [Ident],
    expressions: &'k [String],
    predicate: Option<String>,
    nulls_not_distinct: bool,
    on_partitioned: bool,
}

fn duplicates(key: Key<'_>, context: &Context<'_>) -> Option<DataCheck> {
    if !has_columns(context, key.table, key.columns)
        || (key.columns.is_empty() && key.expressions.is_empty())
    {
        return None;
    }
    let mut parts: Vec<String> = key.columns.iter().map(ToString::to_string).collect();
    parts.extend(key.expressions.iter().cloned());
    let what = format!("duplicates of ({}) in {}", parts.join(", "), key.table);
    let violation = Violation::Duplicate {
        columns: key.columns.to_vec(),
        expressions: key.expressions.to_vec(),
        nulls_not_distinct: key.nulls_not_distinct,
        predicate: key.predicate,
    };
    let found = check(what, key.table.clone(), violation, context);
    Some(found.only(!key.on_partitioned, context.version))
}

/// Rows outside of a partition's bounds, and those of the default partition that belong into it.
pub fn attachment(new: &Attachment, context: &Context<'_>) -> Vec<DataCheck> {
    let partition = new.partition();
    let mut checks = Vec::new();
    let bound = |in_default: bool| match &new.constraint {
        Some(condition) if !condition.contains("satisfies_hash_partition") => {
            Violation::PartitionBound {
                condition: condition.clone(),
                in_default,
            }
        }
        _ => Violation::Untested {
            why: "the bounds of a hash partition are known to the server alone".to_owned(),
        },
    };
    let live = |table: &Qualified| has_columns(context, table, &new.key);
    let id = Object::Attachment(new.clone()).id();
    let changed = context.live.objects.contains_key(&id);
    let moves = |table: &Qualified| matches!(context.live.get(&table_id(table)), Some(Object::Table(t)) if changed || t.partition_of.is_none());
    if live(&partition) && moves(&partition) {
        let what = format!("rows of {partition} outside of {}", new.bound);
        checks.push(check(what, partition.clone(), bound(false), context));
    }
    let default = context
        .live
        .objects
        .values()
        .find_map(|object| match object {
            Object::Attachment(a) if a.parent == new.parent && a.is_default() => {
                Some(a.partition())
            }
            _ => None,
        });
    if let Some(default) = default.filter(|d| *d != partition && live(d) && !new.is_default()) {
        let what = format!("rows of the default partition {default} that belong into {partition}");
        checks.push(check(what, default, bound(true), context));
    }
    checks
}

/// Rows of `table` that no partition takes which it is going to have.
pub fn partitions(table: &Qualified, context: &Context<'_>) -> Vec<DataCheck> {
    let desired = || context.desired.objects.values();
    let below = |parent: &Qualified| {
        desired().any(|o| matches!(o, Object::Attachment(a) if a.parent == *parent))
    };
    let (mut conditions, mut queue, mut known) = (Vec::new(), vec![table.clone()], true);
    while let Some(parent) = queue.pop() {
        for object in desired() {
            let Object::Attachment(part) = object else {
                continue;
            };
            if part.parent != parent {
                continue;
            }
            if part.is_default() && parent == *table && !below(&part.partition()) {
                return Vec::new();
            }
            if below(&part.partition()) {
                queue.push(part.partition());
                continue;
            }
            let key = part.key.iter().map(|name| {
                let path = [table.schema.raw(), table.name.raw(), name.raw()];
                ObjectId::new(KindTag::Column, path)
            });
            let same = |id: &ObjectId| match (context.live.get(id), context.desired.get(id)) {
                (Some(Object::Column(a)), Some(Object::Column(b))) => a.data_type == b.data_type,
                _ => false,
            };
            match &part.constraint {
                Some(condition)
                    if !condition.contains("satisfies_hash_partition")
                        && key.into_iter().all(|id| same(&id)) =>
                {
                    conditions.push(format!("({condition})"));
                }
                _ => known = false,
            }
        }
    }
    let violation = match conditions.is_empty() {
        _ if !known => Violation::Untested {
            why: "the bounds of its partitions cannot be asked of the table as it is".to_owned(),
        },
        true => return Vec::new(),
        false => Violation::PartitionBound {
            condition: conditions.join(" OR "),
            in_default: false,
        },
    };
    let what = format!("rows of {table} that no partition takes");
    vec![check(what, table.clone(), violation, context)]
}

/// Values that a domain's new constraints refuse, in every column of it.
pub fn domain(old: &Domain, new: &Domain, context: &Context<'_>) -> Vec<DataCheck> {
    let name = new.qualified().to_string();
    let checks = new.constraints.iter();
    let added: Vec<_> = checks
        .filter(|c| c.validated && !old.holds(&c.definition))
        .collect();
    let mut checks = Vec::new();
    for column in columns_of_type(&name, context) {
        let table = column.table_name();
        if new.not_null && !old.not_null {
            checks.extend(null(column, context));
        }
        for constraint in &added {
            let Some((condition, _)) = condition_of(&constraint.definition) else {
                continue;
            };
            let what = format!(
                "values of {table}.{} that break {} of {name}",
                column.name, constraint.name
            );
            let violation = Violation::DomainFails {
                column: column.name.clone(),
                condition: condition.to_owned(),
            };
            checks.push(check(what, table.clone(), violation, context));
        }
    }
    checks
}

/// Values of `old` that the domains of `new` refuse, where they are the same in its type.
pub fn domains(old: &Column, new: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let table = old.table_name();
    let mut checks = Vec::new();
    let mut data_type = new.data_type.as_str();
    while let Some(Object::Domain(domain)) = object_of_type(data_type, context) {
        let constraints = domain.constraints.iter();
        let conditions = constraints.filter_map(|c| Some((c, condition_of(&c.definition)?.0)));
        for (constraint, condition) in conditions.filter(|_| new.converts_from(old)) {
            let name = domain.qualified();
            let what = format!(
                "values of {table}.{} that break {} of {name}",
                old.name, constraint.name
            );
            let violation = Violation::DomainFails {
                column: old.name.clone(),
                condition: condition.to_owned(),
            };
            checks.push(check(what, table.clone(), violation, context));
        }
        data_type = &domain.base_type;
    }
    checks
}

/// The condition of `CHECK ((…))`, and whether it is NO INHERIT.
fn condition_of(definition: &str) -> Option<(&str, bool)> {
    let body = definition.strip_prefix("CHECK (")?;
    match body.strip_suffix(") NO INHERIT") {
        Some(condition) => Some((condition, true)),
        None => Some((body.strip_suffix(')')?, false)),
    }
}

fn check(what: String, table: Qualified, violation: Violation, context: &Context<'_>) -> DataCheck {
    let key = key_of(&table, context);
    DataCheck::new(what, table, violation, context.version).with_key(key, context.version)
}

/// Of `constraint`'s or `index`'s `columns`, those that a step before it gives other values.
fn converted(table: &Qualified, columns: &[Ident], context: &Context<'_>) -> Vec<ObjectId> {
    let ids = columns.iter().map(|column| column_id(table, column));
    let other = |id: &ObjectId| match (context.live.get(id), context.desired.get(id)) {
        (Some(Object::Column(old)), Some(Object::Column(new))) => {
            conversion::makes_others(old, new, context)
        }
        _ => false,
    };
    ids.filter(other).collect()
}

/// The columns of the primary key of a live table.
fn key_of(table: &Qualified, context: &Context<'_>) -> Vec<Ident> {
    let keys = context
        .live
        .objects
        .values()
        .find_map(|object| match object {
            Object::Constraint(c)
                if c.constraint_type == ConstraintType::PrimaryKey && c.table_name() == *table =>
            {
                Some(c.columns.clone())
            }
            _ => None,
        });
    keys.unwrap_or_default()
}

/// Whether live has the table, with its rows, and the columns.
fn has_columns<'a>(
    context: &Context<'_>,
    table: &Qualified,
    columns: impl IntoIterator<Item = &'a Ident>,
) -> bool {
    let id = table_id(table);
    let view = ObjectId::new(KindTag::MaterializedView, id.path.iter().cloned());
    // A copy gets the rows.
    let stays = |id: &ObjectId| {
        let change = context.changes.changes.get(id);
        !matches!(change, Some(Change::Replace { .. })) || context.copies.covers(id)
    };
    if let Some(Object::MaterializedView(found)) = context.live.get(&view) {
        let has = |column: &Ident| found.columns.iter().any(|c| c.name == *column);
        return found.populated && stays(&view) && columns.into_iter().all(has);
    }
    context.live.objects.contains_key(&id)
        && stays(&id)
        && columns.into_iter().all(|column| {
            let id = column_id(table, column);
            context.live.objects.contains_key(&id) && stays(&id)
        })
}

fn is_partitioned(context: &Context<'_>, table: &Qualified) -> bool {
    matches!(context.live.get(&table_id(table)), Some(Object::Table(t)) if t.partition_key.is_some())
}

fn table_id(table: &Qualified) -> ObjectId {
    ObjectId::new(KindTag::Table, [table.schema.raw(), table.name.raw()])
}

fn column_id(table: &Qualified, column: &Ident) -> ObjectId {
    ObjectId::new(
        KindTag::Column,
        [table.schema.raw(), table.name.raw(), column.raw()],
    )
}

/// The live columns of a type of the user's.
fn columns_of_type<'a>(
    name: &'a str,
    context: &'a Context<'_>,
) -> impl Iterator<Item = &'a Column> {
    let columns = context.live.objects.values().filter_map(|o| match o {
        Object::Column(column) => Some(column),
        _ => None,
    });
    // A partition has the parent's rows: they are asked for once. A value of a domain is one of the type under it.
    columns.filter(move |c| {
        let of_type = c.data_type == name || c.base_type.as_deref() == Some(name);
        of_type && c.generated.is_none() && c.inherited_from.is_empty()
    })
}

fn object_of_type<'a>(data_type: &str, context: &'a Context<'_>) -> Option<&'a Object> {
    context
        .desired
        .objects
        .values()
        .find(|object| match object {
            object if object.tag().is_type() => {
                let mut types = object.names().into_iter();
                types.any(|n| n.space == NameSpace::Type && n.qualified().to_string() == data_type)
            }
            _ => false,
        })
}

/// Where the operator `=` of a column's type is, when it is not PostgreSQL's own: an extension's
/// is in the schema of its types.
fn operator_schema(context: &Context<'_>, column: &ObjectId) -> Option<Ident> {
    let Some(Object::Column(column)) = context.live.get(column) else {
        return None;
    };
    let mut data_type = column.data_type.as_str();
    while let Some(Object::Domain(domain)) = object_of_type(data_type, context) {
        data_type = &domain.base_type;
    }
    let own = object_of_type(data_type, context).is_some();
    let (schema, _) = data_type.split_once('.').filter(|_| !own)?;
    Some(Ident::new(schema.trim_matches('"').replace("\"\"", "\"")))
}

struct List<'l>(&'l [Ident]);

impl std::fmt::Display for List<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(", "))
    }
}
