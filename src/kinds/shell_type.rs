//! Shell types: what a base type, or a range type with a canonical function, is before the functions that read and write
//! it, and where there are none yet a type that nothing can be of.
//!
//! The type needs these functions, and they need the type: that is a circle. The shell, which they need in its place
//! (`catalog::circle`), takes it apart. Shell, functions and type are made in one transaction, and go by one statement.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use super::{Name, NameSpace};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShellType {
    pub schema: Ident,
    pub name: Ident,
    /// What it has become.
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Nothing yet.
    Shell,
    Base,
    Range,
}

impl ShellType {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// Whether no type has been made of it.
    pub fn is_alone(&self) -> bool {
        self.form == Form::Shell
    }

    /// The identity of the shell of a type.
    pub fn id_of(schema: &Ident, name: &Ident) -> ObjectId {
        ObjectId::new(KindTag::ShellType, [schema.raw(), name.raw()])
    }

    /// Fails where the CASCADE, without which the server drops no type that its functions need, would take more along
    /// than these: a column of a table that somebody has made since, or that is in no schema of ours.
    fn guard(&self) -> Sql {
        let name = self.qualified().to_string();
        sql!(
            "
DECLARE
    goes oid := pg_catalog.to_regtype({});
    others text;
BEGIN
    WITH RECURSIVE own (classid, objid) AS (
        SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::oid, goes
        UNION
        SELECT d.classid, d.objid
          FROM own o
          JOIN pg_catalog.pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid
         WHERE d.deptype = 'i' OR d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
           AND EXISTS (SELECT FROM pg_catalog.pg_depend n
                        WHERE n.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND n.objid = goes
                          AND n.refclassid = d.classid AND n.refobjid = d.objid))
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid), ', ')
      INTO others
      FROM own o
      JOIN pg_catalog.pg_depend d ON d.refclassid = o.classid AND d.refobjid = o.objid
     WHERE (d.classid, d.objid) NOT IN (SELECT classid, objid FROM own);
    IF others IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'dependent_objects_still_exist'
            , MESSAGE = 'cannot drop type ' || {} || ' because other objects depend on it: ' || others;
    END IF;
END;
",
            Literal(&name),
            Literal(&name)
        )
        .block()
    }
}

impl Kind for ShellType {
    fn query(_: ServerVersion) -> String {
        // The address of a type that is more than its shell is the type's own.
        format!(
            "SELECT CASE WHEN NOT t.typisdefined THEN 1247::bigint END AS classid
                  , CASE WHEN NOT t.typisdefined THEN t.oid::bigint END AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , CASE WHEN NOT t.typisdefined THEN 'shell' WHEN t.typtype = 'r' THEN 'range' ELSE 'base' END AS form
               FROM pg_type t
               JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE (t.typtype = 'p' AND NOT t.typisdefined
                     OR {}
                     OR t.typtype = 'r' AND EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = t.oid AND r.rngcanonical <> 0))
                AND {} AND {}",
            fragment::BASE_TYPE,
            fragment::USER_SCHEMA,
            fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some(fragment::OWN_INPUT)
    }

    fn id(&self) -> ObjectId {
        Self::id_of(&self.schema, &self.name)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn names(&self) -> Vec<Name> {
        vec![Name {
            space: NameSpace::Type,
            schema: self.schema.clone(),
            name: self.name.clone(),
        }]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            form,
        } = self;
        vec![attr("form", form)]
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!("CREATE TYPE {}", self.qualified())]
    }

    fn drop(&self) -> Vec<Sql> {
        match self.is_alone() {
            true => vec![sql!("DROP TYPE {}", self.qualified())],
            false => vec![self.guard(), sql!("DROP TYPE {} CASCADE", self.qualified())],
        }
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "what a shell type has become, it is for life",
        }
    }

    fn needs_trust(&self) -> bool {
        true
    }

    fn made_with_its_parts(&self) -> bool {
        true
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
