//! E6: what the rows of the live database must not hold, as values that make their queries.

use crate::kinds::ObjectId;
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

mod condition;

/// Rows are counted up to this number: one more is "more than this".
pub const COUNTED: i64 = 1000;
/// Rows that the second query shows.
const SHOWN: i32 = 20;

/// Rows on which a step would fail, and the two queries that find them.
///
/// The names are those at the time of the step; `renamed` says what they are before the renames of
/// the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataCheck {
    /// For people: `NULL in public.orders.note`.
    pub what: String,
    pub table: Qualified,
    /// Without the tables that inherit from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only: bool,
    pub violation: Violation,
    /// The columns that tell a row from the others; shown beside the ones concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Ident>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<Renamed>,
    /// The columns whose values are others until a step has converted them; that becomes [`DataCheck::mended_by`].
    #[serde(skip)]
    pub converted: Vec<ObjectId>,
    /// The id of an earlier step that mends the rows: until it is done, they are in nobody's way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mended_by: Option<String>,
    /// Counts the rows (or keys) in the way, up to 1001; `None` where no query finds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Sql>,
    /// Shows the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub show: Option<Sql>,
}

/// What a table and its columns are called before the renames of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    pub table: Qualified,
    pub was: Qualified,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<RenamedColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenamedColumn {
    pub column: Ident,
    pub was: Ident,
}

/// What is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Violation {
    Null {
        column: Ident,
    },
    /// Several rows with one key; the order of the parts does not matter.
    Duplicate {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        columns: Vec<Ident>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        expressions: Vec<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        nulls_not_distinct: bool,
        /// Of a partial index: only these rows count.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        predicate: Option<String>,
    },
    /// A foreign key that points at nothing.
    Orphan {
        referenced: Qualified,
        /// The referenced table without those that inherit from it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        referenced_only: bool,
        pairs: Vec<Pair>,
        /// MATCH FULL: NULL in some of the columns is wrong, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        match_full: bool,
    },
    /// The condition of a CHECK is false.
    Fails {
        condition: String,
        columns: Vec<Ident>,
    },
    /// The condition of a domain (over `VALUE`) is false.
    DomainFails {
        column: Ident,
        condition: String,
    },
    /// Longer than `length` characters, blanks at the end not counted.
    TooLong {
        column: Ident,
        length: u32,
    },
    /// Outside of what an integer type holds, once rounded.
    OutOfRange {
        column: Ident,
        data_type: IntegerType,
        /// The values are no integers today.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        fractions: bool,
    },
    /// Too large for numeric(precision, scale), once rounded.
    NumericRange {
        column: Ident,
        precision: u32,
        scale: i32,
    },
    /// Text that is no value of the built-in type.
    NotCastable {
        column: Ident,
        data_type: String,
    },
    NotInEnum {
        column: Ident,
        labels: Vec<String>,
        /// The column holds arrays of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        arrays: bool,
    },
    /// A row of a table that is attached as a partition breaks its bounds; or, `in_default`, a row
    /// of the default partition belongs into the new one.
    PartitionBound {
        condition: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_default: bool,
    },
    /// Rows may be in the way, and no query finds them.
    Untested {
        why: String,
    },
}

/// A column of a foreign key and the one it points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub column: Ident,
    pub referenced: Ident,
    /// The schema of the operator `=`, for a type of an extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<Ident>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IntegerType {
    Smallint,
    Integer,
    Bigint,
}

impl IntegerType {
    pub fn of(data_type: &str) -> Option<Self> {
        match data_type {
            "smallint" => Some(Self::Smallint),
            "integer" => Some(Self::Integer),
            "bigint" => Some(Self::Bigint),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Smallint => "smallint",
            Self::Integer => "integer",
            Self::Bigint => "bigint",
        }
    }
}

/// Whether the renames of the plan have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    BeforeRenames,
    AfterRenames,
}

/// How much of the table is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reach {
    Whole,
    /// So many percent of its blocks.
    Sample(f64),
}

impl DataCheck {
    pub fn new(
        what: String,
        table: Qualified,
        violation: Violation,
        version: ServerVersion,
    ) -> Self {
        Self {
            what,
            table,
            only: false,
            violation,
            key: Vec::new(),
            renamed: Vec::new(),
            converted: Vec::new(),
            mended_by: None,
            count: None,
            show: None,
        }
        .written(version)
    }

    /// For tables from which others inherit and the step does not touch.
    #[must_use]
    pub fn only(mut self, only: bool, version: ServerVersion) -> Self {
        self.only = only;
        self.written(version)
    }

    #[must_use]
    pub fn with_key(mut self, key: Vec<Ident>, version: ServerVersion) -> Self {
        self.key = key;
        self.written(version)
    }

    /// Writes both queries anew, as they run before the plan.
    #[must_use]
    pub fn written(mut self, version: ServerVersion) -> Self {
        self.count = self.counting(Names::BeforeRenames, Reach::Whole, version);
        self.show = self.showing(Names::BeforeRenames, version);
        self
    }

    /// The tables that the queries read.
    pub fn reads(&self, names: Names) -> Vec<Qualified> {
        let mut tables = vec![self.name(&self.table, names)];
        if let Violation::Orphan { referenced, .. } = &self.violation {
            tables.push(self.name(referenced, names));
        }
        tables
    }

    /// The columns whose values decide.
    pub fn columns(&self) -> Vec<Ident> {
        match &self.violation {
            Violation::Null { column }
            | Violation::DomainFails { column, .. }
            | Violation::TooLong { column, .. }
            | Violation::OutOfRange { column, .. }
            | Violation::NumericRange { column, .. }
            | Violation::NotCastable { column, .. }
            | Violation::NotInEnum { column, .. } => vec![column.clone()],
            Violation::Duplicate { columns, .. } | Violation::Fails { columns, .. } => {
                columns.clone()
            }
            Violation::Orphan { pairs, .. } => pairs.iter().map(|p| p.column.clone()).collect(),
            Violation::PartitionBound { .. } | Violation::Untested { .. } => Vec::new(),
        }
    }

    /// The expressions of files that the queries evaluate.
    pub fn expressions(&self) -> Vec<&str> {
        match &self.violation {
            Violation::Duplicate {
                expressions,
                predicate,
                ..
            } => expressions
                .iter()
                .chain(predicate)
                .map(String::as_str)
                .collect(),
            Violation::Fails { condition, .. }
            | Violation::DomainFails { condition, .. }
            | Violation::PartitionBound { condition, .. } => vec![condition.as_str()],
            _ => Vec::new(),
        }
    }

    /// The relation over which the expressions stand.
    pub fn rows(&self, names: Names) -> Sql {
        self.from(names, Reach::Whole)
    }

    /// Counts the rows in the way, or the keys that several rows have.
    pub fn counting(&self, names: Names, reach: Reach, version: ServerVersion) -> Option<Sql> {
        let limit = COUNTED + 1;
        let from = self.from(names, reach);
        let found = match &self.violation {
            Violation::Duplicate {
                columns,
                expressions,
                ..
            } => sql!(
                "SELECT {} FROM {}{} GROUP BY {} HAVING count(*) > 1 LIMIT {}",
                keys(columns, expressions),
                from,
                self.counts_where(),
                places(columns.len() + expressions.len()),
                limit
            ),
            _ => sql!(
                "SELECT FROM {} WHERE {} LIMIT {}",
                from,
                self.condition(names, version)?,
                limit
            ),
        };
        Some(sql!("SELECT count(*) FROM ({}) AS found", found))
    }

    /// Shows the first of them.
    pub fn showing(&self, names: Names, version: ServerVersion) -> Option<Sql> {
        let from = self.from(names, Reach::Whole);
        if let Violation::Duplicate {
            columns,
            expressions,
            ..
        } = &self.violation
        {
            return Some(sql!(
                "SELECT {}, count(*) FROM {}{} GROUP BY {} HAVING count(*) > 1 LIMIT {}",
                keys(columns, expressions),
                from,
                self.counts_where(),
                places(columns.len() + expressions.len()),
                SHOWN
            ));
        }
        let mut columns: Vec<Ident> = self.key.clone();
        for column in self.columns() {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        // A domain's condition stands over one column that is called VALUE.
        let columns = match &self.violation {
            Violation::DomainFails { .. } => sql!("value"),
            _ if columns.is_empty() => sql!("*"),
            _ => sql!("{}", List::comma(columns)),
        };
        Some(sql!(
            "SELECT {} FROM {} WHERE {} LIMIT {}",
            columns,
            from,
            self.condition(names, version)?,
            SHOWN
        ))
    }

    /// The rows that a unique key is about: those with NULL in it never clash.
    fn counts_where(&self) -> Sql {
        let Violation::Duplicate {
            columns,
            expressions,
            nulls_not_distinct,
            predicate,
        } = &self.violation
        else {
            return sql!("");
        };
        let mut parts: Vec<Sql> = predicate
            .iter()
            .map(|p| sql!("({})", Deparsed(p)))
            .collect();
        if !nulls_not_distinct {
            parts.extend(columns.iter().map(|c| sql!("{} IS NOT NULL", c)));
            parts.extend(
                expressions
                    .iter()
                    .map(|e| sql!("({}) IS NOT NULL", Deparsed(e))),
            );
        }
        match parts.as_slice() {
            [] => sql!(""),
            _ => sql!(" WHERE {}", List::separated(" AND ", parts)),
        }
    }

    fn from(&self, names: Names, reach: Reach) -> Sql {
        let from = self.relation(&self.table, self.only, names, reach, &self.alias());
        match &self.violation {
            Violation::DomainFails { column, .. } => {
                sql!(
                    "(SELECT {} AS value FROM {}) AS {}",
                    column,
                    from,
                    self.alias()
                )
            }
            _ => from,
        }
    }

    /// The table's own name, since a condition may speak of whole rows.
    fn alias(&self) -> Ident {
        self.table.name.clone()
    }

    fn renaming(&self, table: &Qualified, names: Names) -> Option<&Renamed> {
        match names {
            Names::BeforeRenames => self.renamed.iter().find(|r| r.table == *table),
            Names::AfterRenames => None,
        }
    }

    fn name(&self, table: &Qualified, names: Names) -> Qualified {
        self.renaming(table, names)
            .map_or(table, |r| &r.was)
            .clone()
    }

    fn relation(
        &self,
        table: &Qualified,
        only: bool,
        names: Names,
        reach: Reach,
        alias: &Ident,
    ) -> Sql {
        let only = Word(if only { "ONLY " } else { "" });
        let sample = match reach {
            Reach::Whole => sql!(""),
            // The same blocks each time.
            Reach::Sample(percent) => sql!(
                " TABLESAMPLE SYSTEM ({}) REPEATABLE (1)",
                Deparsed(&format!("{percent:.4}"))
            ),
        };
        let Some(renamed) = self.renaming(table, names) else {
            let name = match table.name == *alias && sample.as_str().is_empty() {
                true => sql!("{}{}", only, table),
                false => sql!("{}{} AS {}", only, table, alias),
            };
            return sql!("{}{}", name, sample);
        };
        let new = renamed
            .columns
            .iter()
            .map(|c| sql!(", was.{} AS {}", c.was, c.column));
        sql!(
            "(SELECT was.*{} FROM {}{} AS was{}) AS {}",
            List::separated("", new),
            only,
            renamed.was,
            sample,
            alias
        )
    }
}

fn keys(columns: &[Ident], expressions: &[String]) -> List {
    let expressions = expressions.iter().map(|e| sql!("({})", Deparsed(e)));
    List::comma(columns.iter().map(|c| sql!("{}", c)).chain(expressions))
}

/// `1, 2, 3`: an expression need not be written twice.
fn places(n: usize) -> List {
    List::comma((1..=n).map(|place| i64::try_from(place).unwrap_or(i64::MAX)))
}

pub(crate) fn literals(labels: &[String]) -> List {
    List::comma(labels.iter().map(|l| Literal(l)))
}
