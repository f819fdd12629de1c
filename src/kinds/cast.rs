//! Casts. One WITHOUT FUNCTION, or between two of the server's own types, only a superuser can make.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cast {
    /// That of the source type, or of the target type where the source is the server's own.
    pub schema: String,
    pub source: String,
    pub target: String,
    /// With its argument types; none for a cast WITH INOUT or WITHOUT FUNCTION.
    pub function: Option<String>,
    /// The values of the one type are those of the other as they are.
    #[serde(default)]
    pub binary: bool,
    pub context: Context,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    Explicit,
    Assignment,
    Implicit,
}

/// A cast as every statement names it.
pub(crate) fn signature(source: &str, target: &str) -> Sql {
    sql!("({} AS {})", Deparsed(source), Deparsed(target))
}

/// The schema of the cast `c` between the types `s` and `t`.
const SCHEMA: &str = "
    (SELECT n.nspname FROM pg_namespace n
      WHERE n.oid = CASE WHEN s.oid >= 16384 THEN s.typnamespace ELSE t.typnamespace END)";

impl Cast {
    fn signature(&self) -> Sql {
        signature(&self.source, &self.target)
    }
}

impl Kind for Cast {
    fn query(_: ServerVersion) -> String {
        // Those of a range type to its multirange type are the range type's ('i').
        format!(
            "SELECT 2605::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , {SCHEMA} AS schema
                  , format_type(s.oid, NULL) AS source
                  , format_type(t.oid, NULL) AS target
                  , {} AS function
                  , c.castmethod = 'b' AS binary
                  , CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END AS context
               FROM pg_cast c
               JOIN pg_type s ON s.oid = c.castsource
               JOIN pg_type t ON t.oid = c.casttarget
              WHERE c.oid >= 16384
                AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_cast'::regclass
                                   AND e.objid = c.oid AND e.deptype IN ('e', 'i'))",
            fragment::function_signature("c.castfunc")
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_cast WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [&self.schema, &self.source, &self.target];
        ObjectId::new(KindTag::Cast, path.map(String::as_str))
    }

    fn parent(&self) -> Option<ObjectId> {
        super::schema_of_a_type(&self.schema)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            source: _,
            target: _,
            function,
            binary,
            context,
        } = self;
        let how = match binary {
            true => Some("WITHOUT FUNCTION"),
            false => function.as_deref(),
        };
        vec![attr("function", how), attr("context", context)]
    }

    fn create(&self) -> Vec<Sql> {
        let how = match &self.function {
            Some(function) => sql!("WITH FUNCTION {}", Deparsed(function)),
            None if self.binary => Sql::constant("WITHOUT FUNCTION"),
            None => Sql::constant("WITH INOUT"),
        };
        let context = Word(match self.context {
            Context::Explicit => "",
            Context::Assignment => " AS ASSIGNMENT",
            Context::Implicit => " AS IMPLICIT",
        });
        vec![sql!("CREATE CAST {} {}{}", self.signature(), how, context)]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP CAST {}", self.signature())]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::Replace {
            why: "no statement changes a cast",
        }
    }

    fn needs_trust(&self) -> bool {
        self.binary || self.schema == "pg_catalog"
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let (source, target) = (&self.source, &self.target);
        let text = match (verb, self.context) {
            (Verb::Create, Context::Implicit) => format!(
                "calls and operators that took {source} may take {target} too, and fail as ambiguous"
            ),
            (Verb::Create, _) => return Vec::new(),
            (Verb::Drop, _) => {
                format!("queries that need the cast of {source} to {target} fail")
            }
        };
        vec![Hazard::declared(HazardKind::BreaksQueries, text)]
    }
}
