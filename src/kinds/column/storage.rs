//! How the values of a column are stored.

use super::Column;
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Sql};
use crate::sql;

impl Column {
    pub(super) fn has_storage_of_type(&self) -> bool {
        let storage = self.storage.as_ref();
        storage.is_none_or(|storage| *storage == self.type_storage)
    }

    pub(super) fn set_storage(&self) -> Vec<Sql> {
        let storage = self.storage.as_deref().unwrap_or(&self.type_storage);
        vec![sql!(
            "{} SET STORAGE {}",
            self.alter_only(),
            Ident::new(storage)
        )]
    }

    /// What a new type makes the server forget.
    pub fn stored_again(&self) -> Vec<Sql> {
        let mut statements = Vec::new();
        if !self.has_storage_of_type() {
            statements.extend(self.set_storage());
        }
        if self.compression.is_some() {
            statements.extend(self.set_compression());
        }
        statements
    }

    pub(super) fn set_compression(&self) -> Vec<Sql> {
        let method = self.compression.as_deref().unwrap_or("default");
        // DEFAULT is a key word here and not a name.
        vec![sql!(
            "{} SET COMPRESSION {}",
            self.alter_only(),
            Deparsed(method)
        )]
    }
}
