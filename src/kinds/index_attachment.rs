//! The attachment of a partition's index to that of the partitioned table.

use super::constraint::{ParentIndex, index_id, parent_index};
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexAttachment {
    pub schema: Ident,
    pub name: Ident,
    pub table: Ident,
    /// The attached index is that of a constraint.
    pub constraint: bool,
    pub parent: ParentIndex,
}

impl IndexAttachment {
    /// The attached index.
    pub fn index_id(&self) -> ObjectId {
        index_id(self.constraint, &self.schema, &self.table, &self.name)
    }
}

impl Kind for IndexAttachment {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , i.relname AS name
                  , t.relname AS table
                  , EXISTS (SELECT FROM pg_constraint k
                             WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')) AS constraint
                  , {} AS parent
               FROM pg_inherits h
               JOIN pg_class i ON i.oid = h.inhrelid AND i.relkind IN ('i', 'I')
               JOIN pg_index x ON x.indexrelid = i.oid
               JOIN pg_class t ON t.oid = x.indrelid
               JOIN pg_namespace n ON n.oid = i.relnamespace
              WHERE {}",
            parent_index("i.oid"),
            fragment::USER_SCHEMA,
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_inherits")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::IndexAttachment,
            [self.schema.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.index_id())
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        // There is no DETACH for indexes: it ends with the table's DETACH, before which the server drops no attached
        // index, or with either index.
        vec![
            ObjectId::new(KindTag::Attachment, [self.schema.raw(), self.table.raw()]),
            self.index_id(),
            self.parent.id(),
        ]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            table: _,
            constraint: _,
            parent,
        } = self;
        vec![attr("parent", parent)]
    }

    fn create(&self) -> Vec<Sql> {
        let parent = Qualified {
            schema: self.parent.schema.clone(),
            name: self.parent.name.clone(),
        };
        let child = Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        };
        vec![sql!("ALTER INDEX {} ATTACH PARTITION {}", parent, child)]
    }

    fn drop(&self) -> Vec<Sql> {
        Vec::new()
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "an index stays attached for life: give the one for the other parent another name",
        }
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![
            self.parent.id(),
            ObjectId::new(KindTag::Attachment, [self.schema.raw(), self.table.raw()]),
        ]
    }
}
