//! The schemas all of whose tables a publication is of (15 and later).

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, fragment};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicationSchema {
    pub schema: Ident,
    pub publication: Ident,
}

impl PublicationSchema {
    pub fn publication_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Publication, [self.publication.raw()])
    }
}

impl Kind for PublicationSchema {
    fn query(version: ServerVersion) -> String {
        if version < ServerVersion::V15 {
            return "SELECT NULL::bigint AS classid, NULL::bigint AS objid, NULL::int AS objsubid
                         , NULL::name AS schema, NULL::name AS publication WHERE false"
                .to_owned();
        }
        format!(
            "SELECT 'pg_publication_namespace'::regclass::oid::bigint AS classid
                  , x.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , p.pubname AS publication
               FROM pg_publication_namespace x
               JOIN pg_publication p ON p.oid = x.pnpubid
               JOIN pg_namespace n ON n.oid = x.pnnspid
              WHERE {}",
            fragment::not_member("pg_publication", "p.oid"),
        )
    }

    fn found_in(version: ServerVersion) -> Option<&'static str> {
        Some(match version >= ServerVersion::V15 {
            true => "pg_publication_namespace",
            false => "pg_publication WHERE false",
        })
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::PublicationSchema,
            [self.schema.raw(), self.publication.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![self.publication_id()]
    }

    /// Where both go, it goes with the publication, and that before the other.
    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.publication_id()];
        with.extend(self.parent());
        with
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            publication: _,
        } = self;
        Vec::new()
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER PUBLICATION {} ADD TABLES IN SCHEMA {}",
            self.publication,
            self.schema
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER PUBLICATION {} DROP TABLES IN SCHEMA {}",
            self.publication,
            self.schema
        )]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn needs_superuser(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let (publication, schema) = (&self.publication, &self.schema);
        let text = match verb {
            Verb::Create => format!(
                "the subscribers of {publication} get nothing of the tables of schema {schema} before ALTER \
                 SUBSCRIPTION … REFRESH PUBLICATION"
            ),
            Verb::Drop => format!(
                "the subscribers of {publication} get no more changes of the tables of schema {schema}"
            ),
        };
        vec![Hazard::declared(HazardKind::Replication, text)]
    }
}
