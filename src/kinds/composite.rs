//! Composite types.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Composite {
    pub schema: Ident,
    pub name: Ident,
    pub fields: Vec<Field>,
    /// Tables are of it: a change reaches them by CASCADE only. Not compared: it is theirs.
    #[serde(default)]
    pub has_tables: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: Ident,
    pub data_type: String,
    pub collation: Option<String>,
}

impl Field {
    fn definition(&self) -> Sql {
        let plain = sql!("{} {}", self.name, Deparsed(&self.data_type));
        self.typed(plain)
    }

    fn typed(&self, plain: Sql) -> Sql {
        match &self.collation {
            Some(c) => sql!("{} COLLATE {}", plain, Deparsed(c)),
            None => plain,
        }
    }
}

impl Composite {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

impl Composite {
    /// An attribute gets another type.
    pub fn retypes(&self, old: &Self) -> bool {
        let was = |f: &Field| old.fields.iter().any(|o| o.name == f.name && o != f);
        self.fields.iter().any(was)
    }
}

impl Kind for Composite {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1247::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , coalesce((SELECT json_agg(json_build_object(
                                  'name', a.attname
                                , 'data_type', format_type(a.atttypid, a.atttypmod)
                                , 'collation', CASE WHEN a.attcollation <> b.typcollation
                                      THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END)
                                  ORDER BY a.attnum)
                                FROM pg_attribute a
                                JOIN pg_type b ON b.oid = a.atttypid
                                LEFT JOIN pg_collation co ON co.oid = a.attcollation
                                LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
                               WHERE a.attrelid = t.typrelid AND a.attnum > 0
                                 AND NOT a.attisdropped), '[]') AS fields
                  , EXISTS (SELECT FROM pg_class o WHERE o.reloftype = t.oid) AS has_tables
               FROM pg_type t
               JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
               JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE t.typtype = 'c' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relkind = 'c' AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Composite, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn names(&self) -> Vec<super::Name> {
        super::relation_names(&self.schema, &self.name, true)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            fields,
            has_tables: _,
        } = self;
        vec![attr("attributes", fields)]
    }

    fn create(&self) -> Vec<Sql> {
        let fields = List::comma(self.fields.iter().map(Field::definition));
        vec![sql!("CREATE TYPE {} AS ({})", self.qualified(), fields)]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TYPE {}", self.qualified())]
    }

    fn takes_away(&self, old: &Self, _: &str) -> Option<&'static str> {
        let kept = |f: &Field| self.fields.iter().any(|new| new.name == f.name);
        let all = old.fields.iter().all(kept);
        (!all).then_some("an attribute goes: from here on nobody can name it")
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        let by_name =
            |fields: &[Field], name: &Ident| fields.iter().find(|f| f.name == *name).cloned();
        let kept = old
            .fields
            .iter()
            .filter(|f| by_name(&self.fields, &f.name).is_some());
        let added = self
            .fields
            .iter()
            .filter(|f| by_name(&old.fields, &f.name).is_none());
        // The order of attributes is part of a row's text form: only appending keeps it.
        if !kept
            .chain(added.clone())
            .map(|f| &f.name)
            .eq(self.fields.iter().map(|f| &f.name))
        {
            return Alter::Replace {
                why: "attributes can only be appended",
            };
        }
        let name = self.qualified();
        let cascade = Word(match old.has_tables || self.has_tables {
            true => " CASCADE",
            false => "",
        });
        let mut statements = Vec::new();
        for field in &old.fields {
            match by_name(&self.fields, &field.name) {
                None => statements.push(sql!(
                    "ALTER TYPE {} DROP ATTRIBUTE {}{}",
                    name,
                    field.name,
                    cascade
                )),
                Some(new) if new != *field => {
                    let alter = sql!(
                        "ALTER TYPE {} ALTER ATTRIBUTE {} SET DATA TYPE {}",
                        name,
                        new.name,
                        Deparsed(&new.data_type)
                    );
                    statements.push(sql!("{}{}", new.typed(alter), cascade));
                }
                Some(_) => {}
            }
        }
        for field in added {
            statements.push(sql!(
                "ALTER TYPE {} ADD ATTRIBUTE {}{}",
                name,
                field.definition(),
                cascade
            ));
        }
        Alter::InPlace(statements)
    }
}
