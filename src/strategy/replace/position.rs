//! Where a sequence stands, remembered from one statement of a transaction to a later one: the sequence of an
//! identity cannot change its column, so another goes on in its place.

use super::super::hash;
use crate::kinds::ObjectId;
use crate::pg::ident::Literal;
use crate::pg::sql::Word;
use crate::pg::{Qualified, Sql};
use crate::sql;

/// One setting a column: several are swapped in one transaction.
fn setting(column: &ObjectId) -> String {
    format!("pgrehearse.position_{}", hash(column, "position"))
}

/// Remembers where `sequence` stands, for `column`.
pub fn keep(sequence: &Qualified, column: &ObjectId) -> Sql {
    sql!(
        "SELECT pg_catalog.set_config({}, last_value || ' ' || is_called, true) FROM {}",
        Literal(&setting(column)),
        sequence
    )
}

/// Puts `sequence` where the one of `column` stood.
pub fn restore(sequence: &Qualified, column: &ObjectId) -> Sql {
    let name = setting(column);
    let part = |n: &'static str| {
        sql!(
            "pg_catalog.split_part(pg_catalog.current_setting({}), ' ', {})",
            Literal(&name),
            Word(n)
        )
    };
    sql!(
        "SELECT pg_catalog.setval({}, {}::bigint, {}::boolean)",
        Literal(&sequence.to_string()),
        part("1"),
        part("2")
    )
}
