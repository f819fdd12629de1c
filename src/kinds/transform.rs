//! Transforms: how a language sees the values of a type.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transform {
    /// That of the type.
    pub schema: String,
    pub data_type: String,
    pub language: Ident,
    /// With their argument types.
    pub from_sql: Option<String>,
    pub to_sql: Option<String>,
}

/// A transform as every statement names it.
pub(crate) fn signature(data_type: &str, language: &str) -> Sql {
    sql!(
        "FOR {} LANGUAGE {}",
        Deparsed(data_type),
        Ident::new(language)
    )
}

impl Transform {
    fn create_by(&self, verb: &'static str) -> Sql {
        let from = self.from_sql.as_ref();
        let to = self.to_sql.as_ref();
        let parts = from
            .map(|f| sql!("FROM SQL WITH FUNCTION {}", Deparsed(f)))
            .into_iter()
            .chain(to.map(|f| sql!("TO SQL WITH FUNCTION {}", Deparsed(f))));
        sql!(
            "{} TRANSFORM {} ({})",
            crate::pg::sql::Word(verb),
            signature(&self.data_type, self.language.raw()),
            List::comma(parts)
        )
    }
}

impl Kind for Transform {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_transform'::regclass::oid::bigint AS classid
                  , x.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , format_type(t.oid, NULL) AS data_type
                  , l.lanname AS language
                  , {} AS from_sql
                  , {} AS to_sql
               FROM pg_transform x
               JOIN pg_type t ON t.oid = x.trftype
               JOIN pg_namespace n ON n.oid = t.typnamespace
               JOIN pg_language l ON l.oid = x.trflang
              WHERE {}",
            fragment::function_signature("x.trffromsql::oid"),
            fragment::function_signature("x.trftosql::oid"),
            fragment::not_member("pg_transform", "x.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_transform")
    }

    fn id(&self) -> ObjectId {
        let path = [
            self.schema.as_str(),
            self.data_type.as_str(),
            self.language.raw(),
        ];
        ObjectId::new(KindTag::Transform, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        super::schema_of_a_type(&self.schema)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            data_type: _,
            language: _,
            from_sql,
            to_sql,
        } = self;
        vec![attr("functions", (from_sql, to_sql))]
    }

    fn create(&self) -> Vec<Sql> {
        vec![self.create_by("CREATE")]
    }

    fn drop(&self) -> Vec<Sql> {
        let named = signature(&self.data_type, self.language.raw());
        vec![sql!("DROP TRANSFORM {}", named)]
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
                format!(
                    "functions in {} that name the transform of {} fail",
                    self.language, self.data_type
                ),
            )],
        }
    }
}
