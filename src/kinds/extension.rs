//! Extensions.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr};
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub name: Ident,
    pub schema: Ident,
    /// The installed version. Which there are depends on the packages of the server: it is compared where the files
    /// state one.
    pub version: String,
    /// The files say VERSION.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    pub relocatable: bool,
    /// The comment, where it is not the one of the control file.
    pub comment: Option<String>,
}

impl Extension {
    /// The update to its version.
    pub fn update(&self) -> Sql {
        sql!(
            "ALTER EXTENSION {} UPDATE TO {}",
            self.name,
            Literal(&self.version)
        )
    }

    fn comment_sql(&self) -> Sql {
        match &self.comment {
            Some(text) => sql!("COMMENT ON EXTENSION {} IS {}", self.name, Literal(text)),
            None => sql!("COMMENT ON EXTENSION {} IS NULL", self.name),
        }
    }
}

impl Kind for Extension {
    fn query(_: ServerVersion) -> String {
        // plpgsql is part of every database and of no dump.
        "SELECT 3079::bigint AS classid
              , x.oid::bigint AS objid
              , 0 AS objsubid
              , x.extname AS name
              , n.nspname AS schema
              , x.extversion AS version
              , false AS pinned
              , x.extrelocatable AS relocatable
              , nullif(d.description, a.comment) AS comment
           FROM pg_extension x
           JOIN pg_namespace n ON n.oid = x.extnamespace
           LEFT JOIN pg_description d
                  ON d.classoid = 'pg_extension'::regclass AND d.objoid = x.oid
           LEFT JOIN pg_available_extensions a ON a.name = x.extname
          WHERE x.extname <> 'plpgsql'"
            .to_owned()
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Extension, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            schema,
            version,
            pinned,
            relocatable: _,
            comment,
        } = self;
        let version = Attribute {
            stated: *pinned,
            ..attr("version", version)
        };
        vec![attr("schema", schema), version, attr("comment", comment)]
    }

    fn create(&self) -> Vec<Sql> {
        let mut create = sql!("CREATE EXTENSION {} WITH SCHEMA {}", self.name, self.schema);
        if self.pinned {
            create = sql!("{} VERSION {}", create, Literal(&self.version));
        }
        let mut statements = vec![create];
        if self.comment.is_some() {
            statements.push(self.comment_sql());
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP EXTENSION {}", self.name)]
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        match attribute {
            "schema" if self.relocatable => Alter::InPlace(vec![sql!(
                "ALTER EXTENSION {} SET SCHEMA {}",
                self.name,
                self.schema
            )]),
            "schema" => Alter::Replace {
                why: "the extension is not relocatable",
            },
            "version" => Alter::InPlace(vec![self.update()]),
            _ => Alter::InPlace(vec![self.comment_sql()]),
        }
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![ObjectId::new(KindTag::Schema, [self.schema.raw()])]
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that use extension {} fail", self.name),
            )],
        }
    }
}
