//! NOT NULL of a column: an attribute up to 17, a constraint with a name from 18 on.

use super::{Column, NotNull};
use crate::pg::{Ident, Sql};
use crate::sql;

impl Column {
    /// `ADD CONSTRAINT … NOT NULL column` of PostgreSQL 18.
    pub fn add_not_null(&self, not_null: &NotNull) -> Sql {
        let mut add = sql!("{} ADD", self.alter_table());
        if let Some(name) = &not_null.name {
            add = sql!("{} CONSTRAINT {}", add, Ident::new(name));
        }
        add = sql!("{} NOT NULL {}", add, self.name);
        if not_null.no_inherit {
            add = sql!("{} NO INHERIT", add);
        }
        if not_null.validated {
            add
        } else {
            sql!("{} NOT VALID", add)
        }
    }

    pub(super) fn alter_not_null(&self, old: &Self) -> Vec<Sql> {
        let set = sql!(
            "{} ALTER COLUMN {} SET NOT NULL",
            self.alter_table(),
            self.name
        );
        let drop = sql!(
            "{} ALTER COLUMN {} DROP NOT NULL",
            self.alter_table(),
            self.name
        );
        match (&old.not_null, &self.not_null) {
            (_, None) => vec![drop],
            (None, Some(new)) if new.default_name && new.validated && !new.no_inherit => vec![set],
            (None, Some(new)) => vec![self.add_not_null(new)],
            (Some(old), Some(new)) => {
                if old.no_inherit != new.no_inherit || (old.validated && !new.validated) {
                    return vec![drop, self.add_not_null(new)];
                }
                let mut statements = Vec::new();
                if let (Some(old_name), Some(new_name)) = (&old.name, &new.name)
                    && old_name != new_name
                {
                    statements.push(sql!(
                        "{} RENAME CONSTRAINT {} TO {}",
                        self.alter_table(),
                        Ident::new(old_name),
                        Ident::new(new_name)
                    ));
                }
                if let Some(name) = new
                    .name
                    .as_ref()
                    .filter(|_| !old.validated && new.validated)
                {
                    statements.push(sql!(
                        "{} VALIDATE CONSTRAINT {}",
                        self.alter_table(),
                        Ident::new(name)
                    ));
                }
                statements
            }
        }
    }
}
