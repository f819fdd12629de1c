//! Aggregates.
//!
//! Those with a state of type `internal` are none of these: only a superuser can make one.

use super::function::routine_name;
use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Name, ObjectId, Verb, attr, fragment,
};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    pub schema: Ident,
    pub name: Ident,
    /// The argument types, direct and aggregated ones.
    pub identity_arguments: String,
    /// The arguments with their names and modes, `ORDER BY` between direct and aggregated ones.
    pub arguments: String,
    pub form: Form,
    pub result: String,
    pub state: State,
    pub final_function: Option<FinalFunction>,
    pub combine_function: Option<String>,
    /// How a state of type internal goes to another process, and comes from it.
    #[serde(default)]
    pub serial_functions: Option<(String, String)>,
    pub initial_value: Option<String>,
    /// What a window frame uses whose start moves.
    pub moving: Option<Moving>,
    /// `OPERATOR(schema.name)`.
    pub sort_operator: Option<String>,
    pub parallel: Parallel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    Ordinary,
    OrderedSet,
    Hypothetical,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub function: String,
    pub data_type: String,
    /// Bytes, estimated; 0 for what the type says.
    pub space: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalFunction {
    pub function: String,
    /// Gets the arguments, too.
    pub extra: bool,
    pub modify: Modify,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modify {
    ReadOnly,
    Shareable,
    ReadWrite,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moving {
    pub state: State,
    pub inverse: String,
    pub final_function: Option<FinalFunction>,
    pub initial_value: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parallel {
    Safe,
    Restricted,
    Unsafe,
}

impl Aggregate {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// `name(types)` for every statement but CREATE.
    fn signature(&self) -> Sql {
        signature(&self.qualified(), &self.identity_arguments)
    }

    fn options(&self) -> Vec<Sql> {
        let mut options = vec![
            sql!("SFUNC = {}", Deparsed(&self.state.function)),
            sql!("STYPE = {}", Deparsed(&self.state.data_type)),
        ];
        if self.state.space != 0 {
            options.push(sql!("SSPACE = {}", self.state.space));
        }
        if let Some(last) = &self.final_function {
            options.push(sql!("FINALFUNC = {}", Deparsed(&last.function)));
            if last.extra {
                options.push(Sql::constant("FINALFUNC_EXTRA"));
            }
            options.push(sql!("FINALFUNC_MODIFY = {}", last.modify.word()));
        }
        if let Some(function) = &self.combine_function {
            options.push(sql!("COMBINEFUNC = {}", Deparsed(function)));
        }
        if let Some((to, from)) = &self.serial_functions {
            options.push(sql!("SERIALFUNC = {}", Deparsed(to)));
            options.push(sql!("DESERIALFUNC = {}", Deparsed(from)));
        }
        if let Some(value) = &self.initial_value {
            options.push(sql!("INITCOND = {}", Literal(value)));
        }
        if let Some(moving) = &self.moving {
            options.push(sql!("MSFUNC = {}", Deparsed(&moving.state.function)));
            options.push(sql!("MINVFUNC = {}", Deparsed(&moving.inverse)));
            options.push(sql!("MSTYPE = {}", Deparsed(&moving.state.data_type)));
            if moving.state.space != 0 {
                options.push(sql!("MSSPACE = {}", moving.state.space));
            }
            if let Some(last) = &moving.final_function {
                options.push(sql!("MFINALFUNC = {}", Deparsed(&last.function)));
                if last.extra {
                    options.push(Sql::constant("MFINALFUNC_EXTRA"));
                }
                options.push(sql!("MFINALFUNC_MODIFY = {}", last.modify.word()));
            }
            if let Some(value) = &moving.initial_value {
                options.push(sql!("MINITCOND = {}", Literal(value)));
            }
        }
        if let Some(operator) = &self.sort_operator {
            options.push(sql!("SORTOP = {}", Deparsed(operator)));
        }
        if self.parallel != Parallel::Unsafe {
            options.push(sql!(
                "PARALLEL = {}",
                Word(match self.parallel {
                    Parallel::Safe => "SAFE",
                    Parallel::Restricted => "RESTRICTED",
                    Parallel::Unsafe => "UNSAFE",
                })
            ));
        }
        if self.form == Form::Hypothetical {
            options.push(Sql::constant("HYPOTHETICAL"));
        }
        options
    }

    fn create_by(&self, verb: &'static str) -> Sql {
        let arguments = match self.arguments.as_str() {
            "" => "*",
            arguments => arguments,
        };
        sql!(
            "{} AGGREGATE {}({}) ({})",
            Word(verb),
            self.qualified(),
            Deparsed(arguments),
            List::comma(self.options())
        )
    }
}

impl Modify {
    fn word(self) -> Word {
        Word(match self {
            Self::ReadOnly => "READ_ONLY",
            Self::Shareable => "SHAREABLE",
            Self::ReadWrite => "READ_WRITE",
        })
    }
}

/// An aggregate as statements other than CREATE name it: the types in one list.
pub(crate) fn signature(name: &Qualified, types: &str) -> Sql {
    match types {
        "" => sql!("{}(*)", name),
        types => sql!("{}({})", name, Deparsed(types)),
    }
}

fn final_function(prefix: &str) -> String {
    format!(
        "CASE WHEN a.agg{prefix}finalfn <> 0 THEN json_build_object(
                'function', {}
              , 'extra', a.agg{prefix}finalextra
              , 'modify', CASE a.agg{prefix}finalmodify WHEN 'r' THEN 'read-only' WHEN 's' THEN 'shareable' ELSE 'read-write' END) END",
        fragment::function_name(&format!("a.agg{prefix}finalfn"))
    )
}

impl Kind for Aggregate {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1255::bigint AS classid
                  , p.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , p.proname AS name
                  , oidvectortypes(p.proargtypes) AS identity_arguments
                  , pg_get_function_arguments(p.oid) AS arguments
                  , CASE a.aggkind WHEN 'n' THEN 'ordinary' WHEN 'o' THEN 'ordered-set' ELSE 'hypothetical' END AS form
                  , pg_get_function_result(p.oid) AS result
                  , json_build_object('function', {transition}
                                    , 'data_type', format_type(a.aggtranstype, NULL)
                                    , 'space', a.aggtransspace) AS state
                  , {last} AS final_function
                  , {combine} AS combine_function
                  , CASE WHEN a.aggserialfn <> 0 THEN json_build_array({serial}, {deserial}) END AS serial_functions
                  , a.agginitval AS initial_value
                  , CASE WHEN a.aggmtransfn <> 0 THEN json_build_object(
                        'state', json_build_object('function', {moving}
                                                 , 'data_type', format_type(a.aggmtranstype, NULL)
                                                 , 'space', a.aggmtransspace)
                      , 'inverse', {inverse}
                      , 'final_function', {moving_last}
                      , 'initial_value', a.aggminitval) END AS moving
                  , (SELECT 'OPERATOR(' || quote_ident(sn.nspname) || '.' || o.oprname || ')'
                       FROM pg_operator o JOIN pg_namespace sn ON sn.oid = o.oprnamespace
                      WHERE o.oid = a.aggsortop) AS sort_operator
                  , CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel
               FROM pg_aggregate a
               JOIN pg_proc p ON p.oid = a.aggfnoid
               JOIN pg_namespace n ON n.oid = p.pronamespace
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_proc", "p.oid"),
            transition = fragment::function_name("a.aggtransfn"),
            last = final_function(""),
            combine = fragment::function_name("a.aggcombinefn"),
            serial = fragment::function_name("a.aggserialfn"),
            deserial = fragment::function_name("a.aggdeserialfn"),
            moving = fragment::function_name("a.aggmtransfn"),
            inverse = fragment::function_name("a.aggminvtransfn"),
            moving_last = final_function("m"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_aggregate WHERE aggfnoid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Aggregate,
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

    fn names(&self) -> Vec<Name> {
        let arguments = &self.identity_arguments;
        vec![routine_name(&self.schema, &self.name, arguments)]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            identity_arguments: _,
            arguments,
            form,
            result: _, // follows from the state and the final function
            state,
            final_function,
            combine_function,
            serial_functions,
            initial_value,
            moving,
            sort_operator,
            parallel,
        } = self;
        vec![
            attr("arguments", arguments),
            attr("form", form),
            attr("state", state),
            attr("final function", final_function),
            attr("combine function", combine_function),
            attr("serial functions", serial_functions),
            attr("initial value", initial_value),
            attr("moving", moving),
            attr("sort operator", sort_operator),
            attr("parallel", parallel),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        vec![self.create_by("CREATE")]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP AGGREGATE {}", self.signature())]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        let why = match () {
            () if self.form != old.form => {
                "CREATE OR REPLACE cannot change the kind of an aggregate"
            }
            () if self.arguments != old.arguments => {
                "CREATE OR REPLACE cannot change the arguments"
            }
            () if self.result != old.result => "CREATE OR REPLACE cannot change the result type",
            () => return Alter::InPlace(vec![self.create_by("CREATE OR REPLACE")]),
        };
        Alter::Replace { why }
    }

    fn needs_trust(&self) -> bool {
        let moving = self.moving.iter().map(|m| &m.state);
        let mut states = std::iter::once(&self.state).chain(moving);
        states.any(|state| state.data_type == "internal")
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "calls of {} fail, also from string bodies of functions",
                    self.signature()
                ),
            )],
        }
    }
}
