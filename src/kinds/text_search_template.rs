//! Text search templates.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSearchTemplate {
    pub schema: Ident,
    pub name: Ident,
    pub init: Option<Qualified>,
    pub lexize: Qualified,
}

impl TextSearchTemplate {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for TextSearchTemplate {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_ts_template'::regclass::oid::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.tmplname AS name
                  , {} AS init
                  , {} AS lexize
               FROM pg_ts_template t
               JOIN pg_namespace n ON n.oid = t.tmplnamespace
              WHERE t.oid >= 16384 AND {} AND {}",
            fragment::function_object("t.tmplinit::oid"),
            fragment::function_object("t.tmpllexize::oid"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_ts_template", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_ts_template WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::TextSearchTemplate, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            init,
            lexize,
        } = self;
        vec![attr("functions", (init, lexize))]
    }

    fn create(&self) -> Vec<Sql> {
        let init = match &self.init {
            Some(function) => sql!("INIT = {}, ", function),
            None => Sql::constant(""),
        };
        vec![sql!(
            "CREATE TEXT SEARCH TEMPLATE {} ({}LEXIZE = {})",
            self.qualified(),
            init,
            self.lexize
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TEXT SEARCH TEMPLATE {}", self.qualified())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes a text search template",
        }
    }

    fn needs_trust(&self) -> bool {
        true
    }
}
