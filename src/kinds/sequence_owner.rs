//! `OWNED BY`: which column a sequence falls with. An object of its own, because the column's
//! default needs the sequence first and the ownership needs the column first.

use super::sequence::OwnerColumn;
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequenceOwner {
    pub schema: Ident,
    pub name: Ident,
    pub owner: OwnerColumn,
}

impl SequenceOwner {
    /// The identity of the ownership of `sequence`.
    pub fn of(sequence: &ObjectId) -> ObjectId {
        ObjectId::new(KindTag::SequenceOwner, sequence.path.iter().cloned())
    }

    /// The table whose column it falls with.
    pub fn table(&self) -> ObjectId {
        let path = [self.owner.schema.raw(), self.owner.table.raw()];
        ObjectId::new(KindTag::Table, path)
    }

    fn sequence(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for SequenceOwner {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , json_build_object('schema', tn.nspname, 'table', t.relname, 'column', a.attname) AS owner
               FROM pg_depend d
               JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
               JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_class t ON t.oid = d.refobjid
               JOIN pg_namespace tn ON tn.oid = t.relnamespace
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
              WHERE d.classid = 'pg_class'::regclass AND d.objsubid = 0
                AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a'
                AND c.relpersistence <> 't' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_sequence")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::SequenceOwner, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(
            KindTag::Sequence,
            [self.schema.raw(), self.name.raw()],
        ))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            owner,
        } = self;
        vec![attr("owned by", owner)]
    }

    fn create(&self) -> Vec<Sql> {
        let table = Qualified {
            schema: self.owner.schema.clone(),
            name: self.owner.table.clone(),
        };
        vec![sql!(
            "ALTER SEQUENCE {} OWNED BY {}.{}",
            self.sequence(),
            table,
            self.owner.column
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("ALTER SEQUENCE {} OWNED BY NONE", self.sequence())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![self.owner.id()]
    }
}
