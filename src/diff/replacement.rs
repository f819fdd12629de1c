//! Columns whose values are copied into a new column that takes their place.

use crate::catalog::{Catalog, Desired};
use crate::kinds::ObjectId;
use crate::pg::Ident;
use std::collections::BTreeMap;

/// An SQL expression over the columns of a row, as the server deparsed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    pub text: String,
    /// The columns it reads.
    pub columns: Vec<Ident>,
    /// It names the row itself.
    pub whole_row: bool,
}

/// How a value of one column becomes one of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// By assignment, as INSERT and UPDATE convert: a value that does not fit is an error, where
    /// an explicit cast would cut it.
    Assignment,
    /// By an explicit cast to the type.
    Cast,
    /// By its text: an enum's label is one of another enum that has it.
    Text,
    /// By an expression of a hint.
    By(Expression),
}

impl Conversion {
    /// The columns that an expression of a hint reads.
    pub fn columns(&self) -> &[Ident] {
        match self {
            Self::By(expression) => &expression.columns,
            Self::Assignment | Self::Cast | Self::Text => &[],
        }
    }
}

/// What a `convert` hint says: expressions as they stand in the file, in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionHint {
    pub using: String,
    pub reverse: Option<String>,
}

/// One column that another takes the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The column in the desired catalog.
    pub column: ObjectId,
    /// The column in the live one: of another name where it is renamed.
    pub old: ObjectId,
    /// What the new column is called until the swap; a renamed one has its own name at once.
    pub temporary: Ident,
    /// What the old column is called from the swap until it is dropped.
    pub retired: Ident,
    /// From the old value to the new one; sees the names before the swap.
    pub using: Conversion,
    /// From the new value to the old one, while both types have the names of before the swap; sees the
    /// new names of columns.
    pub reverse: Conversion,
    /// The same, with the names of types after the swap.
    pub reverse_after: Conversion,
    /// The enum that is replaced together with its columns.
    pub of_type: Option<ObjectId>,
    /// The new type's name before the swap.
    pub new_type: String,
    /// The old type's name after the swap.
    pub retired_type: String,
    /// Values may be there, or be written, that have no counterpart.
    pub partial: bool,
    /// The new column takes values that the old one cannot hold.
    pub partial_back: bool,
    /// What the plain statement was measured to do.
    pub why: String,
}

impl Replacement {
    /// Both columns have names of their own, which both applications use until the old one goes.
    pub fn is_renamed(&self) -> bool {
        self.old != self.column
    }
}

/// All replaced columns of a plan.
#[derive(Clone, Debug, Default)]
pub struct Replacements {
    pub columns: BTreeMap<ObjectId, Replacement>,
    /// The enums that lose or reorder values, each with the names of the new type before and of the old
    /// type after the swap.
    pub types: BTreeMap<ObjectId, (Ident, Ident)>,
    /// The desired catalog after the server renamed the replaced columns, and the indexes and
    /// constraints on them, to temporary names: it writes every definition, we substitute nothing.
    pub twins: Option<Catalog<Desired>>,
    /// The indexes and constraints on replaced columns, each with its twin.
    pub pairs: BTreeMap<ObjectId, ObjectId>,
}

impl Replacements {
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Whether `id` is replaced, or is made anew together with a replaced column.
    pub fn covers(&self, id: &ObjectId) -> bool {
        self.columns.contains_key(id) || self.pairs.contains_key(id) || self.types.contains_key(id)
    }
}
