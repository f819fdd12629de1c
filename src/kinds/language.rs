//! Procedural languages that no extension made.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Language {
    pub name: Ident,
    /// Everybody may use it.
    pub trusted: bool,
    pub handler: Qualified,
    /// Runs DO blocks.
    pub inline: Option<Qualified>,
    pub validator: Option<Qualified>,
}

impl Language {
    fn create_by(&self, verb: &'static str) -> Sql {
        let trusted = match self.trusted {
            true => Sql::constant("TRUSTED "),
            false => Sql::constant(""),
        };
        let part = |word: &'static str, function: &Option<Qualified>| match function {
            Some(function) => sql!(" {} {}", crate::pg::sql::Word(word), function),
            None => Sql::constant(""),
        };
        sql!(
            "{} {}LANGUAGE {} HANDLER {}{}{}",
            crate::pg::sql::Word(verb),
            trusted,
            self.name,
            self.handler,
            part("INLINE", &self.inline),
            part("VALIDATOR", &self.validator)
        )
    }
}

impl Kind for Language {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_language'::regclass::oid::bigint AS classid
                  , l.oid::bigint AS objid
                  , 0 AS objsubid
                  , l.lanname AS name
                  , l.lanpltrusted AS trusted
                  , {} AS handler
                  , {} AS inline
                  , {} AS validator
               FROM pg_language l
              WHERE l.oid >= 16384 AND l.lanplcallfoid <> 0 AND {}",
            fragment::function_object("l.lanplcallfoid"),
            fragment::function_object("l.laninline"),
            fragment::function_object("l.lanvalidator"),
            fragment::not_member("pg_language", "l.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_language WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Language, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            trusted,
            handler,
            inline,
            validator,
        } = self;
        vec![
            attr("trusted", trusted),
            attr("handler", handler),
            attr("inline handler", inline),
            attr("validator", validator),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        vec![self.create_by("CREATE")]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP LANGUAGE {}", self.name)]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(vec![self.create_by("CREATE OR REPLACE")])
    }

    fn needs_trust(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("DO blocks in {} fail", self.name),
            )],
        }
    }
}
