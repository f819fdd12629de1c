//! Collations.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::ident::Literal;
use crate::pg::sql::{List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collation {
    pub schema: Ident,
    pub name: Ident,
    pub provider: Provider,
    pub locale: Locale,
    /// Rules of ICU beside those of the locale (16).
    pub rules: Option<String>,
    pub deterministic: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    Libc,
    Icu,
    Builtin,
}

/// One locale, or those of libc for order and for character classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Locale {
    pub collate: String,
    pub ctype: String,
}

impl Collation {
    pub(super) fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for Collation {
    fn query(version: ServerVersion) -> String {
        // Where the locale of ICU stands, and whether there are rules.
        let (locale, rules) = match version {
            v if v >= ServerVersion::V17 => ("c.colllocale", "c.collicurules"),
            v if v >= ServerVersion::V16 => ("c.colliculocale", "c.collicurules"),
            v if v >= ServerVersion::V15 => ("c.colliculocale", "NULL"),
            _ => ("NULL", "NULL"),
        };
        format!(
            "SELECT 3456::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.collname AS name
                  , CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider
                  , json_build_object('collate', coalesce({locale}, c.collcollate)
                                    , 'ctype', coalesce({locale}, c.collctype)) AS locale
                  , {rules} AS rules
                  , c.collisdeterministic AS deterministic
               FROM pg_collation c
               JOIN pg_namespace n ON n.oid = c.collnamespace
              WHERE c.collprovider IN ('c', 'i', 'b')
                AND c.collencoding IN (-1, (SELECT d.encoding FROM pg_database d WHERE d.datname = current_database()))
                AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_collation", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_collation WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Collation, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            provider,
            locale,
            rules,
            deterministic,
        } = self;
        vec![
            attr("provider", provider),
            attr("locale", locale),
            attr("rules", rules),
            attr("deterministic", deterministic),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let Locale { collate, ctype } = &self.locale;
        let mut options = vec![sql!(
            "PROVIDER = {}",
            Word(match self.provider {
                Provider::Libc => "libc",
                Provider::Icu => "icu",
                Provider::Builtin => "builtin",
            })
        )];
        if collate == ctype {
            options.push(sql!("LOCALE = {}", Literal(collate)));
        } else {
            options.push(sql!("LC_COLLATE = {}", Literal(collate)));
            options.push(sql!("LC_CTYPE = {}", Literal(ctype)));
        }
        if let Some(rules) = &self.rules {
            options.push(sql!("RULES = {}", Literal(rules)));
        }
        if !self.deterministic {
            options.push(Sql::constant("DETERMINISTIC = false"));
        }
        vec![sql!(
            "CREATE COLLATION {} ({})",
            self.qualified(),
            List::comma(options)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP COLLATION {}", self.qualified())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes what a collation is; a collation of another name, which the \
                  columns take, comes online",
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that name collation {} fail", self.qualified()),
            )],
        }
    }
}
