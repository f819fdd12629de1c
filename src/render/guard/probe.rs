//! Conditions on the catalog, by the names that a statement has.

use crate::pg::ident::Literal;
use crate::source::reader::Reader as Words;

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

/// Whether the type is more than a shell; null where there is none.
pub(super) fn defined_type(name: &str) -> String {
    let path = Words::new(name).name().unwrap_or_default();
    let part = |n: usize| path.get(n).map_or("", String::as_str);
    format!(
        "(SELECT t.typisdefined FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         WHERE n.nspname = {} AND t.typname = {})",
        Literal(part(0)),
        Literal(part(1))
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
