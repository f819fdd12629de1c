//! Operators. What another one only names as its commutator or negator, and nobody has made, is none.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operator {
    pub schema: Ident,
    /// Of signs alone, which are never quoted.
    pub name: String,
    /// None for a prefix operator.
    pub left: Option<String>,
    pub right: String,
    pub function: String,
    pub commutator: Option<Other>,
    pub negator: Option<Other>,
    pub restrict: Option<String>,
    pub join: Option<String>,
    pub hashes: bool,
    pub merges: bool,
}

/// An operator that another one names: its arguments follow from that one's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Other {
    pub schema: Ident,
    pub name: String,
}

impl Other {
    fn named(&self) -> Sql {
        sql!("OPERATOR({}.{})", self.schema, Deparsed(&self.name))
    }
}

/// An operator as statements other than CREATE name it; no left type is `NONE`.
pub(crate) fn signature(schema: &str, name: &str, left: &str, right: &str) -> Sql {
    sql!(
        "{}.{} ({}, {})",
        Ident::new(schema),
        Deparsed(name),
        Deparsed(left),
        Deparsed(right)
    )
}

/// What stands for the left type of a prefix operator.
const NONE: &str = "NONE";

impl Operator {
    fn left(&self) -> &str {
        self.left.as_deref().unwrap_or(NONE)
    }

    fn signature(&self) -> Sql {
        signature(self.schema.raw(), &self.name, self.left(), &self.right)
    }

    /// The commutator and the negator with their argument types.
    fn others(&self) -> Vec<ObjectId> {
        let id = |other: &Other, left: &str, right: &str| {
            ObjectId::new(
                KindTag::Operator,
                [other.schema.raw(), other.name.as_str(), left, right],
            )
        };
        let (left, right) = (self.left(), self.right.as_str());
        let commutator = self.commutator.iter().map(|o| id(o, right, left));
        let negator = self.negator.iter().map(|o| id(o, left, right));
        commutator.chain(negator).collect()
    }
}

fn other(oid: &str) -> String {
    format!(
        "(SELECT json_build_object('schema', tn.nspname, 'name', t.oprname)
            FROM pg_operator t JOIN pg_namespace tn ON tn.oid = t.oprnamespace WHERE t.oid = {oid})"
    )
}

impl Kind for Operator {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 2617::bigint AS classid
                  , o.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , o.oprname AS name
                  , format_type(nullif(o.oprleft, 0), NULL) AS \"left\"
                  , format_type(o.oprright, NULL) AS \"right\"
                  , {} AS function
                  , {} AS commutator
                  , {} AS negator
                  , {} AS restrict
                  , {} AS join
                  , o.oprcanhash AS hashes
                  , o.oprcanmerge AS merges
               FROM pg_operator o
               JOIN pg_namespace n ON n.oid = o.oprnamespace
              WHERE o.oprcode <> 0 AND {} AND {}",
            fragment::function_name("o.oprcode"),
            other("o.oprcom"),
            other("o.oprnegate"),
            fragment::function_name("o.oprrest"),
            fragment::function_name("o.oprjoin"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_operator", "o.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_operator WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [
            self.schema.raw(),
            self.name.as_str(),
            self.left(),
            self.right.as_str(),
        ];
        ObjectId::new(KindTag::Operator, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    /// Of two operators that name each other the first is made with the second still missing.
    fn requires(&self) -> Vec<ObjectId> {
        let own = self.id();
        let mut needed = self.others();
        needed.retain(|other| *other < own);
        let schemas = [&self.commutator, &self.negator].into_iter().flatten();
        needed.extend(schemas.map(|o| ObjectId::new(KindTag::Schema, [o.schema.raw()])));
        needed
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            left: _,
            right: _,
            function,
            commutator,
            negator,
            restrict,
            join,
            hashes,
            merges,
        } = self;
        vec![
            attr("function", function),
            attr("commutator", commutator),
            attr("negator", negator),
            attr("restrict", restrict),
            attr("join", join),
            attr("hashes", hashes),
            attr("merges", merges),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut options = vec![sql!("FUNCTION = {}", Deparsed(&self.function))];
        if let Some(left) = &self.left {
            options.push(sql!("LEFTARG = {}", Deparsed(left)));
        }
        options.push(sql!("RIGHTARG = {}", Deparsed(&self.right)));
        if let Some(other) = &self.commutator {
            options.push(sql!("COMMUTATOR = {}", other.named()));
        }
        if let Some(other) = &self.negator {
            options.push(sql!("NEGATOR = {}", other.named()));
        }
        if let Some(function) = &self.restrict {
            options.push(sql!("RESTRICT = {}", Deparsed(function)));
        }
        if let Some(function) = &self.join {
            options.push(sql!("JOIN = {}", Deparsed(function)));
        }
        if self.hashes {
            options.push(Sql::constant("HASHES"));
        }
        if self.merges {
            options.push(Sql::constant("MERGES"));
        }
        vec![sql!(
            "CREATE OPERATOR {}.{} ({})",
            self.schema,
            Deparsed(&self.name),
            List::comma(options)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP OPERATOR {}", self.signature())]
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        let set = |option: Sql| {
            let alter = sql!("ALTER OPERATOR {} SET ({})", self.signature(), option);
            Alter::InPlace(vec![alter])
        };
        let estimator = |name: Option<&String>| match name {
            Some(function) => sql!("{}", Deparsed(function)),
            None => Sql::constant("NONE"),
        };
        match attribute {
            "restrict" => set(sql!("RESTRICT = {}", estimator(self.restrict.as_ref()))),
            "join" => set(sql!("JOIN = {}", estimator(self.join.as_ref()))),
            // 17 and later add HASHES and MERGES, but take neither away: nothing would undo that.
            _ => Alter::Replace {
                why: "ALTER OPERATOR changes the estimators alone",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that use operator {} fail", self.signature()),
            )],
        }
    }
}
