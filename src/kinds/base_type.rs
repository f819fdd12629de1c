//! Base types: how values are read, written and stored is told by functions, in C as a rule.
//!
//! What it is before these functions is its shell ([`ShellType`](super::shell_type::ShellType)); the type of its
//! arrays is part of it.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Name, NameSpace, Object};
use super::{ObjectId, TakeDown, Verb, attr, fragment, shell_type::ShellType};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BaseType {
    pub schema: Ident,
    pub name: Ident,
    pub input: Qualified,
    pub output: Qualified,
    pub receive: Option<Qualified>,
    pub send: Option<Qualified>,
    pub typmod_in: Option<Qualified>,
    pub typmod_out: Option<Qualified>,
    pub analyze: Option<Qualified>,
    pub subscript: Option<Qualified>,
    /// Bytes; -1: variable; -2: a string that ends with a zero byte.
    pub length: i32,
    pub passed_by_value: bool,
    /// `char`, `int2`, `int4` or `double`.
    pub alignment: String,
    /// `plain`, `external`, `extended` or `main`.
    pub storage: String,
    /// One character.
    pub category: String,
    pub preferred: bool,
    pub default: Option<String>,
    pub element: Option<String>,
    /// One character, between the elements of an array.
    pub delimiter: String,
    pub collatable: bool,
}

impl BaseType {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// The functions that ALTER TYPE takes away and gives again: attribute, word, function.
    fn exchangeable(&self) -> [(&'static str, &'static str, Option<&Qualified>); 6] {
        [
            ("receive function", "RECEIVE", self.receive.as_ref()),
            ("send function", "SEND", self.send.as_ref()),
            ("type modifier input", "TYPMOD_IN", self.typmod_in.as_ref()),
            (
                "type modifier output",
                "TYPMOD_OUT",
                self.typmod_out.as_ref(),
            ),
            ("analyze function", "ANALYZE", self.analyze.as_ref()),
            ("subscript function", "SUBSCRIPT", self.subscript.as_ref()),
        ]
    }

    fn set(&self, word: &'static str, value: Option<&Qualified>) -> Sql {
        let value = match value {
            Some(function) => sql!("{}", function),
            None => Sql::constant("NONE"),
        };
        sql!(
            "ALTER TYPE {} SET ({} = {})",
            self.qualified(),
            Word(word),
            value
        )
    }

    /// Lets go of the functions called `of`, and takes them back.
    fn without(&self, of: &Qualified) -> (Vec<Sql>, Vec<Sql>) {
        let mut down = Vec::new();
        let mut up = Vec::new();
        for (_, word, function) in self.exchangeable() {
            if function == Some(of) {
                down.push(self.set(word, None));
                up.push(self.set(word, function));
            }
        }
        (down, up)
    }
}

/// What a length of -1 is called.
fn length(bytes: i32) -> Sql {
    match bytes {
        -1 => Sql::constant("VARIABLE"),
        bytes => sql!("{}", bytes),
    }
}

fn boolean(is: bool) -> Word {
    Word(if is { "true" } else { "false" })
}

impl Kind for BaseType {
    fn query(_: ServerVersion) -> String {
        let function = fragment::function_object;
        format!(
            "SELECT 1247::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , {input} AS input
                  , {output} AS output
                  , {receive} AS receive
                  , {send} AS send
                  , {typmod_in} AS typmod_in
                  , {typmod_out} AS typmod_out
                  , {analyze} AS analyze
                  , {subscript} AS subscript
                  , t.typlen::int AS length
                  , t.typbyval AS passed_by_value
                  , CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'i' THEN 'int4' ELSE 'double' END AS alignment
                  , {storage} AS storage
                  , t.typcategory::text AS category
                  , t.typispreferred AS preferred
                  , t.typdefault AS default
                  , format_type(nullif(t.typelem, 0), NULL) AS element
                  , t.typdelim::text AS delimiter
                  , t.typcollation <> 0 AS collatable
               FROM pg_type t
               JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE {base} AND {user} AND {own}",
            input = function("t.typinput"),
            output = function("t.typoutput"),
            receive = function("t.typreceive"),
            send = function("t.typsend"),
            typmod_in = function("t.typmodin"),
            typmod_out = function("t.typmodout"),
            analyze = function("t.typanalyze"),
            subscript = function("t.typsubscript"),
            storage = fragment::storage_name("t.typstorage"),
            base = fragment::BASE_TYPE,
            user = fragment::USER_SCHEMA,
            own = fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some(fragment::OWN_INPUT)
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::BaseType, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn requires(&self) -> Vec<ObjectId> {
        self.made_of().into_iter().collect()
    }

    fn made_of(&self) -> Option<ObjectId> {
        Some(ShellType::id_of(&self.schema, &self.name))
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        self.made_of().into_iter().collect()
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
            input,
            output,
            receive: _,    // exchangeable
            send: _,       // exchangeable
            typmod_in: _,  // exchangeable
            typmod_out: _, // exchangeable
            analyze: _,    // exchangeable
            subscript: _,  // exchangeable
            length,
            passed_by_value,
            alignment,
            storage,
            category,
            preferred,
            default,
            element,
            delimiter,
            collatable,
        } = self;
        let mut attributes = vec![
            attr("input function", input),
            attr("output function", output),
            attr("length", length),
            attr("passed by value", passed_by_value),
            attr("alignment", alignment),
            attr("storage", storage),
            attr("category", category),
            attr("preferred", preferred),
            attr("default", default),
            attr("element", element),
            attr("delimiter", delimiter),
            attr("collatable", collatable),
        ];
        let functions = self.exchangeable().into_iter();
        attributes.extend(functions.map(|(name, _, function)| attr(name, function)));
        attributes
    }

    fn create(&self) -> Vec<Sql> {
        let mut options = vec![
            sql!("INPUT = {}", self.input),
            sql!("OUTPUT = {}", self.output),
        ];
        for (_, word, function) in self.exchangeable() {
            options.extend(function.map(|function| sql!("{} = {}", Word(word), function)));
        }
        options.push(sql!("INTERNALLENGTH = {}", length(self.length)));
        if self.passed_by_value {
            options.push(Sql::constant("PASSEDBYVALUE"));
        }
        options.push(sql!("ALIGNMENT = {}", Ident::new(self.alignment.as_str())));
        options.push(sql!("STORAGE = {}", Ident::new(self.storage.as_str())));
        options.push(sql!("CATEGORY = {}", Literal(&self.category)));
        options.push(sql!("PREFERRED = {}", boolean(self.preferred)));
        if let Some(default) = &self.default {
            options.push(sql!("DEFAULT = {}", Literal(default)));
        }
        if let Some(element) = &self.element {
            options.push(sql!("ELEMENT = {}", Deparsed(element)));
        }
        options.push(sql!("DELIMITER = {}", Literal(&self.delimiter)));
        options.push(sql!("COLLATABLE = {}", boolean(self.collatable)));
        vec![sql!(
            "CREATE TYPE {} ({})",
            self.qualified(),
            List::comma(options)
        )]
    }

    /// It goes with its shell.
    fn drop(&self) -> Vec<Sql> {
        Vec::new()
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        let mut functions = self.exchangeable().into_iter();
        if let Some((_, word, function)) = functions.find(|(name, ..)| *name == attribute) {
            return Alter::InPlace(vec![self.set(word, function)]);
        }
        match attribute {
            // Values that are stored otherwise already cannot become plain.
            "storage" if self.storage != "plain" => Alter::InPlace(vec![sql!(
                "ALTER TYPE {} SET (STORAGE = {})",
                self.qualified(),
                Ident::new(self.storage.as_str())
            )]),
            _ => Alter::Replace {
                why: "no statement changes how values of a base type are read, written and stored; a type of another \
                      name, which the columns take by a hint `convert`, comes online",
            },
        }
    }

    fn take_down(&self, of: &Object) -> TakeDown {
        let Object::Function(function) = of else {
            return TakeDown::Replace;
        };
        let named = function.qualified();
        if [&self.input, &self.output].contains(&&named) {
            return TakeDown::Replace;
        }
        let (down, up) = self.without(&named);
        TakeDown::Around {
            down,
            up,
            disturbs: false,
        }
    }

    fn needs_trust(&self) -> bool {
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
