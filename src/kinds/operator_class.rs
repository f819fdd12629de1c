//! Operator classes: which operators and functions an index on a type uses.

use super::operator_family::{Member, members, named};
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorClass {
    pub schema: Ident,
    pub name: Ident,
    /// The access method.
    pub method: Ident,
    /// The one for its type where no other is named.
    pub default: bool,
    pub data_type: String,
    pub family: Qualified,
    /// The type that is stored, where that is another one.
    pub storage: Option<String>,
    pub members: Vec<Member>,
}

impl OperatorClass {
    fn named(&self) -> Sql {
        named(self.schema.raw(), self.name.raw(), self.method.raw())
    }
}

impl Kind for OperatorClass {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_opclass'::regclass::oid::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.opcname AS name
                  , a.amname AS method
                  , c.opcdefault AS default
                  , format_type(c.opcintype, NULL) AS data_type
                  , json_build_object('schema', yn.nspname, 'name', y.opfname) AS family
                  , format_type(nullif(c.opckeytype, 0), NULL) AS storage
                  , {} AS members
               FROM pg_opclass c
               JOIN pg_namespace n ON n.oid = c.opcnamespace
               JOIN pg_am a ON a.oid = c.opcmethod
               JOIN pg_opfamily y ON y.oid = c.opcfamily
               JOIN pg_namespace yn ON yn.oid = y.opfnamespace
              WHERE c.oid >= 16384 AND {} AND {}",
            members("pg_opclass", "c.oid"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_opclass", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_opclass WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw(), self.method.raw()];
        ObjectId::new(KindTag::OperatorClass, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            method: _,
            default,
            data_type,
            family,
            storage,
            members,
        } = self;
        vec![
            attr("default", default),
            attr("type", data_type),
            attr("family", family),
            attr("storage", storage),
            attr("members", members),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let default = match self.default {
            true => Sql::constant("DEFAULT "),
            false => Sql::constant(""),
        };
        let storage = self.storage.as_ref();
        // A class has to say something, and the type itself is what is stored by itself.
        let storage = storage.or_else(|| self.members.is_empty().then_some(&self.data_type));
        let storage = storage.map(|storage| sql!("STORAGE {}", Deparsed(storage)));
        let members = self.members.iter().map(Member::definition).chain(storage);
        vec![sql!(
            "CREATE OPERATOR CLASS {} {}FOR TYPE {} USING {} FAMILY {} AS {}",
            Qualified {
                schema: self.schema.clone(),
                name: self.name.clone(),
            },
            default,
            Deparsed(&self.data_type),
            self.method,
            self.family,
            List::comma(members)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP OPERATOR CLASS {}", self.named())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes an operator class",
        }
    }

    fn needs_trust(&self) -> bool {
        true
    }
}
