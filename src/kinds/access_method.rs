//! Access methods of tables and indexes that no extension made.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::Word;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessMethod {
    pub name: Ident,
    /// Of tables, not of indexes.
    pub of_tables: bool,
    pub handler: Qualified,
}

impl Kind for AccessMethod {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_am'::regclass::oid::bigint AS classid
                  , a.oid::bigint AS objid
                  , 0 AS objsubid
                  , a.amname AS name
                  , a.amtype = 't' AS of_tables
                  , {} AS handler
               FROM pg_am a
              WHERE a.oid >= 16384 AND {}",
            fragment::function_object("a.amhandler"),
            fragment::not_member("pg_am", "a.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_am WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::AccessMethod, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            of_tables,
            handler,
        } = self;
        vec![attr("handler", (of_tables, handler))]
    }

    fn create(&self) -> Vec<Sql> {
        let of = Word(if self.of_tables { "TABLE" } else { "INDEX" });
        vec![sql!(
            "CREATE ACCESS METHOD {} TYPE {} HANDLER {}",
            self.name,
            of,
            self.handler
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP ACCESS METHOD {}", self.name)]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes an access method",
        }
    }

    fn needs_trust(&self) -> bool {
        true
    }
}
