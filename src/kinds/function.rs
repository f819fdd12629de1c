//! Functions and procedures.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Name, NameSpace, ObjectId, Verb, attr,
    fragment, text,
};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub schema: Ident,
    pub name: Ident,
    /// The argument types, as in `DROP FUNCTION f(…)`.
    pub identity_arguments: String,
    pub procedure: bool,
    pub returns: Option<String>,
    /// The arguments with their names, modes and defaults.
    pub arguments: String,
    /// The names of all arguments, in order; the server keeps them for life.
    pub argument_names: Vec<String>,
    pub defaults: i32,
    pub language: String,
    /// The whole `CREATE OR REPLACE` statement (`pg_get_functiondef`).
    pub definition: String,
    /// The shells of the types that it reads or writes, and falls with: the catalog fills them in.
    #[serde(default)]
    pub shells: Vec<ObjectId>,
}

impl Function {
    pub(super) fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }
}

/// The types of a list of arguments: a quoted name may have a comma in it.
fn types(arguments: &str) -> Vec<&str> {
    let mut quoted = false;
    let ends = |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    };
    let all = arguments.split(ends).map(str::trim);
    all.filter(|t| !t.is_empty()).collect()
}

/// The name that no other routine of these argument types has.
pub(super) fn routine_name(schema: &Ident, name: &Ident, arguments: &str) -> Name {
    Name {
        space: NameSpace::Routine,
        schema: schema.clone(),
        name: Ident::new(format!("{name}({})", arguments.trim_matches('*'))),
    }
}

impl Kind for Function {
    fn query(_: ServerVersion) -> String {
        // The constructors of range types are in internal, and theirs.
        format!(
            "SELECT 1255::bigint AS classid
                  , p.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , p.proname AS name
                  , oidvectortypes(p.proargtypes) AS identity_arguments
                  , p.prokind = 'p' AS procedure
                  , pg_get_function_result(p.oid) AS returns
                  , pg_get_function_arguments(p.oid) AS arguments
                  , coalesce(to_json(p.proargnames), '[]') AS argument_names
                  , p.pronargdefaults::int AS defaults
                  , l.lanname AS language
                  , rtrim(pg_get_functiondef(p.oid), E'\\n') AS definition
               FROM pg_proc p
               JOIN pg_namespace n ON n.oid = p.pronamespace
               JOIN pg_language l ON l.oid = p.prolang
              WHERE p.prokind <> 'a' AND {} AND {}
                AND NOT (l.lanname = 'internal' AND EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass
                          AND i.objid = p.oid AND i.deptype = 'i'))",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_proc", "p.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_proc WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Function,
            [
                self.schema.raw(),
                self.name.raw(),
                self.identity_arguments.as_str(),
            ],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        self.shells.clone()
    }

    /// Under each number of arguments with which it can be called: beside another one that takes as many, a call is
    /// not unique.
    fn names(&self) -> Vec<Name> {
        let all = types(&self.identity_arguments);
        let least = all.len() - usize::try_from(self.defaults).unwrap_or(0).min(all.len());
        let called = (least..=all.len()).filter_map(|n| all.get(..n));
        called
            .map(|some| routine_name(&self.schema, &self.name, &some.join(", ")))
            .collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            identity_arguments: _,
            procedure,
            returns,
            arguments,
            argument_names: _, // part of `arguments`
            defaults: _,       // part of `arguments`
            language: _,       // part of `definition`
            definition,
            shells: _, // the types' own
        } = self;
        vec![
            attr("procedure", procedure),
            attr("result type", returns),
            text("arguments", arguments),
            text("definition", definition),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        vec![Sql::deparsed(self.definition.clone())]
    }

    fn drop(&self) -> Vec<Sql> {
        let word = Word(if self.procedure {
            "PROCEDURE"
        } else {
            "FUNCTION"
        });
        vec![sql!(
            "DROP {} {}({})",
            word,
            self.qualified(),
            Deparsed(&self.identity_arguments)
        )]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        match attribute {
            "procedure" => Alter::Replace {
                why: "a function cannot become a procedure",
            },
            "result type" => Alter::Replace {
                why: "CREATE OR REPLACE cannot change the result type",
            },
            _ if self.argument_names != old.argument_names => Alter::Replace {
                why: "CREATE OR REPLACE cannot rename an argument",
            },
            _ if self.defaults < old.defaults => Alter::Replace {
                why: "CREATE OR REPLACE cannot remove an argument's default",
            },
            _ => Alter::InPlace(self.create()),
        }
    }

    /// One that is LEAKPROOF runs no other code.
    fn needs_trust(&self) -> bool {
        matches!(self.language.as_str(), "c" | "internal")
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "calls of {}({}) fail, also from string bodies of other functions",
                    self.qualified(),
                    self.identity_arguments
                ),
            )],
        }
    }
}
