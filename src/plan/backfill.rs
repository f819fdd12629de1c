//! Filling the rows of a table, batch by batch.

use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

/// Walks the rows of a table in ranges of its key, one transaction a batch.
///
/// What new and changed rows get is a trigger's or a default's business, installed before: a
/// backfill walks the rows that were there when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backfill {
    /// The table whose rows are walked; of a partitioned one, each partition by itself.
    pub table: Qualified,
    /// The columns of a unique key without NULLs, in its order; empty: by ranges of ctid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Ident>,
    pub work: Fill,
}

/// What happens to the rows of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fill {
    /// Rows that are `pending` get these values.
    Update {
        set: Vec<Assignment>,
        /// An SQL condition on the row: only rows that need it are written.
        pending: String,
    },
    /// A row of `into` for each row, unless it is there already.
    Insert {
        into: Qualified,
        set: Vec<Assignment>,
        /// An SQL condition on the row: only these have a counterpart.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<String>,
        /// What says that a row is there, where `into` has a deferrable key; else every key does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        key: Vec<Ident>,
    },
    /// A row of `into` for each row, called `t`, that `pending` holds for; one that has its `key`
    /// already gets the values.
    Merge {
        into: Qualified,
        key: Vec<Ident>,
        set: Vec<Assignment>,
        pending: String,
    },
    /// Rows, called `t`, that `pending` holds for go.
    Delete { pending: String },
}

/// A column and the SQL expression over the walked row that it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    pub column: Ident,
    pub value: String,
}

impl Assignment {
    pub fn new(column: Ident, value: impl Into<String>) -> Self {
        Self {
            column,
            value: value.into(),
        }
    }
}

impl Backfill {
    /// Whether it writes the rows that it walks.
    pub fn writes_its_table(&self) -> bool {
        matches!(self.work, Fill::Update { .. })
    }

    /// How the rows are walked, in words: `in batches by id`.
    pub fn way(&self) -> String {
        match self.key.as_slice() {
            [] => "in batches of pages, because there is no key".to_owned(),
            [column] => format!("in batches by {column}"),
            columns => format!("in batches by ({})", List::comma(columns)),
        }
    }

    /// The whole work as one statement: for the reader and for the rehearsal.
    pub fn statement(&self) -> Sql {
        self.batch(&self.table, None)
    }

    /// The work on the rows of `table` (the backfill's or one of its partitions) in `range`, an SQL
    /// condition on the key or the ctid.
    pub fn batch(&self, table: &Qualified, range: Option<&Sql>) -> Sql {
        let with = |condition: Option<&str>| {
            let mut parts: Vec<Sql> = range.into_iter().cloned().collect();
            parts.extend(condition.map(|c| sql!("({})", Deparsed(c))));
            match parts.as_slice() {
                [] => Sql::constant(""),
                _ => sql!(" WHERE {}", List::separated(" AND ", parts)),
            }
        };
        match &self.work {
            Fill::Update { set, pending } => {
                let set = set
                    .iter()
                    .map(|a| sql!("{} = {}", a.column, Deparsed(&a.value)));
                sql!(
                    "UPDATE {} SET {}{}",
                    table,
                    List::comma(set),
                    with(Some(pending))
                )
            }
            Fill::Insert {
                into,
                set,
                only,
                key,
            } => {
                let columns = List::comma(set.iter().map(|a| &a.column));
                let values = List::comma(set.iter().map(|a| Deparsed(&a.value)));
                // A deferrable key takes part in no ON CONFLICT (55000).
                let by = match key.as_slice() {
                    [] => Sql::constant(""),
                    key => sql!(" ({})", List::comma(key)),
                };
                // A row that is deleted or changed between our look and our commit would live on in `into`
                // as it was: the trigger that follows such writes does not see our row yet.
                sql!(
                    "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}{} FOR SHARE ON CONFLICT{} DO NOTHING",
                    into,
                    columns,
                    values,
                    table,
                    with(only.as_deref()),
                    by
                )
            }
            Fill::Merge {
                into,
                key,
                set,
                pending,
            } => {
                let columns = List::comma(set.iter().map(|a| &a.column));
                let values = List::comma(set.iter().map(|a| Deparsed(&a.value)));
                let again = set
                    .iter()
                    .map(|a| sql!("{} = EXCLUDED.{}", a.column, a.column));
                sql!(
                    "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS t{} FOR SHARE OF t ON CONFLICT ({}) DO UPDATE SET {}",
                    into,
                    columns,
                    values,
                    table,
                    with(Some(pending)),
                    List::comma(key),
                    List::comma(again)
                )
            }
            Fill::Delete { pending } => {
                sql!("DELETE FROM {} AS t{}", table, with(Some(pending)))
            }
        }
    }
}
