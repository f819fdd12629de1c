//! Schemas.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, fragment};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub name: Ident,
}

impl Kind for Schema {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 2615::bigint AS classid
                  , n.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS name
               FROM pg_namespace n
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_namespace", "n.oid"),
        )
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Schema, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self { name: _ } = self;
        Vec::new()
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!("CREATE SCHEMA {}", self.name)]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP SCHEMA {}", self.name)]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(Vec::new())
    }
}
