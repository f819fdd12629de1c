//! Columns that move between a wide table and a narrow one.

use crate::kinds::ObjectId;
use crate::pg::Ident;

/// Which of both tables is the new home of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The narrow table is new and takes the columns of the wide one.
    Split,
    /// The wide table takes the columns, and the narrow one goes.
    Merge,
}

/// A column of the wide table and the one of the narrow table that is equal in joined rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPair {
    pub wide: Ident,
    pub narrow: Ident,
    /// Where the type's `=` is: user types have it in their own schema.
    pub operators: Ident,
    pub data_type: String,
}

/// A table that is split, or two that become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub direction: Direction,
    pub wide: ObjectId,
    pub narrow: ObjectId,
    /// The columns that move; of one name and type in both tables.
    pub columns: Vec<Ident>,
    /// Unique on both sides: one row of the wide table has one of the narrow table.
    pub key: Vec<KeyPair>,
}

impl Split {
    /// The table that is there first.
    pub fn old(&self) -> &ObjectId {
        match self.direction {
            Direction::Split => &self.wide,
            Direction::Merge => &self.narrow,
        }
    }
}
