//! Conditions on the catalog, by the names that a statement has.

use crate::pg::ident::Literal;

pub(super) fn regclass(name: &str) -> String {
    format!("to_regclass({})", Literal(name))
}

pub(super) fn column_exists(relation: &str, column: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND NOT attisdropped)",
        regclass(relation),
        Literal(column)
    )
}

pub(super) fn constraint_exists(table: &str, constraint: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {} AND conname = {})",
        regclass(table),
        Literal(constraint)
    )
}

pub(super) fn inherits(child: &str, parent: &str) -> String {
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = {} AND inhparent = {})",
        regclass(child),
        regclass(parent)
    )
}

/// `name` in the schema of `relation`.
pub(super) fn sibling(relation: &str, name: &str) -> String {
    match relation.rsplit_once('.') {
        Some((schema, _)) => format!("{schema}.{name}"),
        None => name.to_owned(),
    }
}

/// The name as the catalog holds it.
pub(super) fn raw(written: &str) -> String {
    match written.strip_prefix('"').and_then(|w| w.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => written.to_lowercase(),
    }
}
