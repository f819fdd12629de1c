//! Text search configurations, with the dictionaries of each kind of token.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextSearchConfiguration {
    pub schema: Ident,
    pub name: Ident,
    pub parser: Qualified,
    /// In the order of the parser's token types.
    pub mappings: Vec<Mapping>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    pub token: Ident,
    /// In the order in which they are asked.
    pub dictionaries: Vec<Qualified>,
}

impl TextSearchConfiguration {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn alter_mapping(&self, verb: &'static str, of: &[&Mapping]) -> Vec<Sql> {
        // One statement for all tokens that the same dictionaries get.
        let groups = of.chunk_by(|a, b| a.dictionaries == b.dictionaries);
        groups
            .map(|group| {
                sql!(
                    "ALTER TEXT SEARCH CONFIGURATION {} {} MAPPING FOR {} WITH {}",
                    self.qualified(),
                    Word(verb),
                    List::comma(group.iter().map(|m| &m.token)),
                    List::comma(group.iter().take(1).flat_map(|m| &m.dictionaries))
                )
            })
            .collect()
    }
}

impl Kind for TextSearchConfiguration {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 3602::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.cfgname AS name
                  , json_build_object('schema', pn.nspname, 'name', p.prsname) AS parser
                  , coalesce((SELECT json_agg(json_build_object('token', t.alias, 'dictionaries', t.dictionaries)
                                              ORDER BY t.tokid)
                       FROM (SELECT k.tokid, k.alias
                                  , json_agg(json_build_object('schema', dn.nspname, 'name', d.dictname)
                                             ORDER BY m.mapseqno) AS dictionaries
                               FROM pg_ts_config_map m
                               JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.maptokentype
                               JOIN pg_ts_dict d ON d.oid = m.mapdict
                               JOIN pg_namespace dn ON dn.oid = d.dictnamespace
                              WHERE m.mapcfg = c.oid
                              GROUP BY k.tokid, k.alias) t), '[]') AS mappings
               FROM pg_ts_config c
               JOIN pg_namespace n ON n.oid = c.cfgnamespace
               JOIN pg_ts_parser p ON p.oid = c.cfgparser
               JOIN pg_namespace pn ON pn.oid = p.prsnamespace
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_ts_config", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_ts_config WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::TextSearchConfiguration, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            parser,
            mappings,
        } = self;
        vec![attr("parser", parser), attr("mappings", mappings)]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![sql!(
            "CREATE TEXT SEARCH CONFIGURATION {} (PARSER = {})",
            self.qualified(),
            self.parser
        )];
        let all: Vec<&Mapping> = self.mappings.iter().collect();
        statements.extend(self.alter_mapping("ADD", &all));
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TEXT SEARCH CONFIGURATION {}", self.qualified())]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        if self.parser != old.parser {
            return Alter::Replace {
                why: "no statement gives a text search configuration another parser",
            };
        }
        fn of<'m>(all: &'m [Mapping], token: &Ident) -> Option<&'m Mapping> {
            all.iter().find(|m| m.token == *token)
        }
        let gone = old.mappings.iter().map(|m| &m.token);
        let gone: Vec<&Ident> = gone
            .filter(|token| of(&self.mappings, token).is_none())
            .collect();
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for mapping in &self.mappings {
            match of(&old.mappings, &mapping.token) {
                None => added.push(mapping),
                Some(before) if before != mapping => changed.push(mapping),
                Some(_) => {}
            }
        }
        let mut statements = Vec::new();
        if !gone.is_empty() {
            statements.push(sql!(
                "ALTER TEXT SEARCH CONFIGURATION {} DROP MAPPING FOR {}",
                self.qualified(),
                List::comma(gone)
            ));
        }
        statements.extend(self.alter_mapping("ALTER", &changed));
        statements.extend(self.alter_mapping("ADD", &added));
        Alter::InPlace(statements)
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "queries that name text search configuration {} fail",
                    self.qualified()
                ),
            )],
        }
    }
}
