//! Range types, each with its multirange type.
//!
//! The canonical function of one takes and returns the range: the type is a shell before it
//! ([`ShellType`](super::shell_type::ShellType)), and only a superuser makes one of those.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Name, NameSpace, ObjectId, Verb, attr,
    fragment, shell_type::ShellType,
};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Range {
    pub schema: Ident,
    pub name: Ident,
    pub subtype: String,
    /// Not the default one of the subtype.
    pub operator_class: Option<String>,
    /// Not that of the subtype.
    pub collation: Option<String>,
    pub subtype_diff: Option<String>,
    #[serde(default)]
    pub canonical: Option<Qualified>,
    pub multirange: Qualified,
    /// The constructor functions: they keep the names with which the types were made.
    pub constructor: Qualified,
    pub multirange_constructor: Qualified,
}

impl Range {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// What CREATE TYPE calls the multirange type: where its schema is another one, the constructors are in that of the
    /// range.
    fn multirange_made(&self) -> Qualified {
        match self.canonical {
            Some(_) => Qualified {
                schema: self.schema.clone(),
                name: self.multirange_constructor.name.clone(),
            },
            None => self.multirange_constructor.clone(),
        }
    }

    /// From the names of the types to those with which they were made.
    fn rename_constructors(&self) -> Vec<Sql> {
        let (of, range) = (&self.subtype, self.qualified());
        let bounds = [format!("({of}, {of})"), format!("({of}, {of}, text)")];
        let parts = [
            "()".to_owned(),
            format!("({range})"),
            format!("({range}[])"),
        ];
        let ranges = bounds.iter().map(|s| (&range, s, &self.constructor));
        let made = self.multirange_made();
        let multiranges = parts
            .iter()
            .map(|s| (&made, s, &self.multirange_constructor));
        let all = ranges.chain(multiranges);
        all.flat_map(|(made, signature, now)| renamed("FUNCTION", made, signature, now))
            .collect()
    }
}

/// From the name with which a type or function (`signature`: its argument types) was made to the one it has.
fn renamed(word: &'static str, made: &Qualified, signature: &str, now: &Qualified) -> Vec<Sql> {
    let (word, signature) = (Word(word), Deparsed(signature));
    let mut statements = Vec::new();
    if made.schema != now.schema {
        statements.push(sql!(
            "ALTER {} {}{} SET SCHEMA {}",
            word,
            made,
            signature,
            now.schema
        ));
    }
    if made.name != now.name {
        let moved = Qualified {
            schema: now.schema.clone(),
            name: made.name.clone(),
        };
        statements.push(sql!(
            "ALTER {} {}{} RENAME TO {}",
            word,
            moved,
            signature,
            now.name
        ));
    }
    statements
}

/// The function that makes values of `type_oid` and whose internal name is `source`.
fn constructor(type_oid: &str, source: &str) -> String {
    format!(
        "(SELECT json_build_object('schema', pn.nspname, 'name', p.proname)
            FROM pg_depend d
            JOIN pg_proc p ON p.oid = d.objid AND p.prosrc = '{source}'
            JOIN pg_namespace pn ON pn.oid = p.pronamespace
           WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass
             AND d.refobjid = {type_oid} AND d.deptype = 'i')"
    )
}

impl Kind for Range {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1247::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , format_type(r.rngsubtype, NULL) AS subtype
                  , CASE WHEN NOT o.opcdefault
                         THEN quote_ident(opn.nspname) || '.' || quote_ident(o.opcname) END AS operator_class
                  , CASE WHEN r.rngcollation <> s.typcollation
                         THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation
                  , quote_ident(fn.nspname) || '.' || quote_ident(f.proname) AS subtype_diff
                  , {} AS canonical
                  , json_build_object('schema', mn.nspname, 'name', m.typname) AS multirange
                  , {} AS constructor
                  , {} AS multirange_constructor
               FROM pg_range r
               JOIN pg_type t ON t.oid = r.rngtypid
               JOIN pg_namespace n ON n.oid = t.typnamespace
               JOIN pg_type s ON s.oid = r.rngsubtype
               JOIN pg_type m ON m.oid = r.rngmultitypid
               JOIN pg_namespace mn ON mn.oid = m.typnamespace
               JOIN pg_opclass o ON o.oid = r.rngsubopc
               JOIN pg_namespace opn ON opn.oid = o.opcnamespace
               LEFT JOIN pg_collation co ON co.oid = r.rngcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
               LEFT JOIN pg_proc f ON f.oid = r.rngsubdiff
               LEFT JOIN pg_namespace fn ON fn.oid = f.pronamespace
              WHERE {} AND {}",
            fragment::function_object("r.rngcanonical"),
            constructor("t.oid", "range_constructor2"),
            constructor("m.oid", "multirange_constructor0"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_range WHERE rngtypid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Range, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn requires(&self) -> Vec<ObjectId> {
        let names = [
            &self.multirange,
            &self.constructor,
            &self.multirange_constructor,
        ];
        let schema = |name: &Qualified| ObjectId::new(KindTag::Schema, [name.schema.raw()]);
        names
            .into_iter()
            .map(schema)
            .chain(self.made_of())
            .collect()
    }

    fn made_of(&self) -> Option<ObjectId> {
        let shell = ShellType::id_of(&self.schema, &self.name);
        self.canonical.is_some().then_some(shell)
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        self.made_of().into_iter().collect()
    }

    fn needs_trust(&self) -> bool {
        self.canonical.is_some()
    }

    fn names(&self) -> Vec<Name> {
        let name = |of: Qualified| Name {
            space: NameSpace::Type,
            schema: of.schema,
            name: of.name,
        };
        vec![name(self.qualified()), name(self.multirange.clone())]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            subtype,
            operator_class,
            collation,
            subtype_diff,
            canonical,
            multirange,
            constructor,
            multirange_constructor,
        } = self;
        vec![
            attr("subtype", subtype),
            attr("operator class", operator_class),
            attr("collation", collation),
            attr("subtype difference", subtype_diff),
            attr("canonical function", canonical),
            attr("multirange type", multirange),
            attr("constructors", [constructor, multirange_constructor]),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        // Its canonical function knows the range, and the shell of that, by the name that it has in the end.
        let made = match self.canonical {
            Some(_) => self.qualified(),
            None => self.constructor.clone(),
        };
        let mut options = vec![sql!("SUBTYPE = {}", Deparsed(&self.subtype))];
        if let Some(class) = &self.operator_class {
            options.push(sql!("SUBTYPE_OPCLASS = {}", Deparsed(class)));
        }
        if let Some(collation) = &self.collation {
            options.push(sql!("COLLATION = {}", Deparsed(collation)));
        }
        if let Some(function) = &self.subtype_diff {
            options.push(sql!("SUBTYPE_DIFF = {}", Deparsed(function)));
        }
        if let Some(function) = &self.canonical {
            options.push(sql!("CANONICAL = {}", function));
        }
        let multirange = self.multirange_made();
        options.push(sql!("MULTIRANGE_TYPE_NAME = {}", multirange));
        let mut statements = vec![sql!(
            "CREATE TYPE {} AS RANGE ({})",
            made,
            List::comma(options)
        )];
        match self.canonical {
            Some(_) => statements.extend(self.rename_constructors()),
            None => statements.extend(renamed("TYPE", &self.constructor, "", &self.qualified())),
        }
        statements.extend(renamed("TYPE", &multirange, "", &self.multirange));
        statements
    }

    /// One that is made of a shell goes with that.
    fn drop(&self) -> Vec<Sql> {
        match self.canonical {
            Some(_) => Vec::new(),
            None => vec![sql!("DROP TYPE {}", self.qualified())],
        }
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        Alter::Replace {
            why: match attribute {
                "multirange type" | "constructors" => {
                    "the constructor functions of a range type keep their names for life"
                }
                _ => {
                    "no statement changes what a range type is made of; a type of another name, which the \
                     columns take by a hint `convert`, comes online"
                }
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "queries that name type {}, {} or their constructors fail",
                    self.qualified(),
                    self.multirange
                ),
            )],
        }
    }
}
