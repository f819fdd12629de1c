//! Conversions between encodings.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Conversion {
    pub schema: Ident,
    pub name: Ident,
    pub source: String,
    pub target: String,
    pub function: String,
    pub default: bool,
}

impl Conversion {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for Conversion {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 2607::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.conname AS name
                  , pg_encoding_to_char(c.conforencoding) AS source
                  , pg_encoding_to_char(c.contoencoding) AS target
                  , quote_ident(fn.nspname) || '.' || quote_ident(f.proname) AS function
                  , c.condefault AS \"default\"
               FROM pg_conversion c
               JOIN pg_namespace n ON n.oid = c.connamespace
               JOIN pg_proc f ON f.oid = c.conproc
               JOIN pg_namespace fn ON fn.oid = f.pronamespace
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_conversion", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_conversion WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Conversion, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            source,
            target,
            function,
            default,
        } = self;
        vec![
            attr("encodings", [source, target]),
            attr("function", function),
            attr("default", default),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let default = Word(if self.default { "DEFAULT " } else { "" });
        vec![sql!(
            "CREATE {}CONVERSION {} FOR {} TO {} FROM {}",
            default,
            self.qualified(),
            Literal(&self.source),
            Literal(&self.target),
            Deparsed(&self.function)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP CONVERSION {}", self.qualified())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes what a conversion does",
        }
    }
}
