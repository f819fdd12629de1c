//! Text search parsers.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSearchParser {
    pub schema: Ident,
    pub name: Ident,
    pub start: Qualified,
    pub token: Qualified,
    pub end: Qualified,
    pub lextypes: Qualified,
    pub headline: Option<Qualified>,
}

impl TextSearchParser {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for TextSearchParser {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_ts_parser'::regclass::oid::bigint AS classid
                  , p.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , p.prsname AS name
                  , {} AS start
                  , {} AS token
                  , {} AS end
                  , {} AS lextypes
                  , {} AS headline
               FROM pg_ts_parser p
               JOIN pg_namespace n ON n.oid = p.prsnamespace
              WHERE p.oid >= 16384 AND {} AND {}",
            fragment::function_object("p.prsstart::oid"),
            fragment::function_object("p.prstoken::oid"),
            fragment::function_object("p.prsend::oid"),
            fragment::function_object("p.prslextype::oid"),
            fragment::function_object("p.prsheadline::oid"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_ts_parser", "p.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_ts_parser WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::TextSearchParser, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            start,
            token,
            end,
            lextypes,
            headline,
        } = self;
        let functions = (start, token, end, lextypes, headline);
        vec![attr("functions", functions)]
    }

    fn create(&self) -> Vec<Sql> {
        let headline = match &self.headline {
            Some(function) => sql!(", HEADLINE = {}", function),
            None => Sql::constant(""),
        };
        vec![sql!(
            "CREATE TEXT SEARCH PARSER {} (START = {}, GETTOKEN = {}, END = {}, LEXTYPES = {}{})",
            self.qualified(),
            self.start,
            self.token,
            self.end,
            self.lextypes,
            headline
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TEXT SEARCH PARSER {}", self.qualified())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes a text search parser",
        }
    }

    fn needs_trust(&self) -> bool {
        true
    }
}
