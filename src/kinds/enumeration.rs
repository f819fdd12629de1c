//! Enum types.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::List;
use crate::pg::{Ident, Qualified, ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enum {
    pub schema: Ident,
    pub name: Ident,
    pub values: Vec<String>,
}

impl Enum {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Kind for Enum {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1247::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , coalesce((SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder)
                                FROM pg_enum l WHERE l.enumtypid = t.oid), '[]') AS values
               FROM pg_type t
               JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE t.typtype = 'e' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_type WHERE typtype = 'e'")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Enum, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn names(&self) -> Vec<super::Name> {
        vec![super::Name {
            space: super::NameSpace::Type,
            schema: self.schema.clone(),
            name: self.name.clone(),
        }]
    }

    fn undo_leaves(&self) -> Option<&'static str> {
        Some("PostgreSQL has no statement that removes an enum value; an unused one does no harm")
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            values,
        } = self;
        vec![attr("values", values)]
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!(
            "CREATE TYPE {} AS ENUM ({})",
            self.qualified(),
            List::comma(self.values.iter().map(|v| Literal(v)))
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TYPE {}", self.qualified())]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        let kept: Vec<&String> = self
            .values
            .iter()
            .filter(|v| old.values.contains(v))
            .collect();
        if !kept.into_iter().eq(old.values.iter()) {
            return Alter::Replace {
                why: "PostgreSQL cannot remove or reorder enum values",
            };
        }
        let mut statements = Vec::new();
        let mut have = old.values.clone();
        for (i, value) in self.values.iter().enumerate() {
            if have.contains(value) {
                continue;
            }
            let name = self.qualified();
            // The value before is already there: it was kept or has just been added.
            statements.push(match i.checked_sub(1).and_then(|j| self.values.get(j)) {
                Some(_) if have.last() == self.values.get(i - 1) => {
                    sql!("ALTER TYPE {} ADD VALUE {}", name, Literal(value))
                }
                Some(before) => sql!(
                    "ALTER TYPE {} ADD VALUE {} AFTER {}",
                    name,
                    Literal(value),
                    Literal(before)
                ),
                None => match have.first() {
                    Some(first) => sql!(
                        "ALTER TYPE {} ADD VALUE {} BEFORE {}",
                        name,
                        Literal(value),
                        Literal(first)
                    ),
                    None => sql!("ALTER TYPE {} ADD VALUE {}", name, Literal(value)),
                },
            });
            have.insert(i, value.clone());
        }
        Alter::InPlace(statements)
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that name type {} fail", self.qualified()),
            )],
        }
    }
}
