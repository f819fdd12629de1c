//! Names that several kinds share.

use crate::pg::{Ident, Qualified};

/// A name in a name space that several kinds share: a view cannot take a table's name before the
/// table has given it up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub space: NameSpace,
    pub schema: Ident,
    pub name: Ident,
}

impl Name {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameSpace {
    /// Tables, views, indexes, sequences, composite types (`pg_class`).
    Relation,
    /// Types, and the row types of tables and views (`pg_type`).
    Type,
    /// The primary keys, called like their tables: a table has one.
    PrimaryKey,
    /// The indexes of CLUSTER ON, called like their tables: WITHOUT CLUSTER means whichever it is.
    Clustered,
    /// Functions, procedures and aggregates, with the types of their arguments.
    Routine,
}

/// The name of a relation, and that of its row type where it has one.
pub(crate) fn relation_names(schema: &Ident, name: &Ident, row_type: bool) -> Vec<Name> {
    let mut spaces = vec![NameSpace::Relation];
    if row_type {
        spaces.push(NameSpace::Type);
    }
    spaces
        .into_iter()
        .map(|space| Name {
            space,
            schema: schema.clone(),
            name: name.clone(),
        })
        .collect()
}
