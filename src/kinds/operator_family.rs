//! Operator families: what their operator classes share, and the operators and functions that belong to none of these.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatorFamily {
    pub schema: Ident,
    pub name: Ident,
    /// The access method.
    pub method: Ident,
    /// Those of no class: most of them are between two types.
    pub members: Vec<Member>,
}

/// An operator or a support function of an operator class or family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its strategy, or that of the support function.
    pub number: i32,
    pub left: String,
    pub right: String,
    pub schema: Ident,
    /// Of an operator signs alone, which are never quoted.
    pub name: String,
    /// The argument types of a function; none for an operator.
    pub arguments: Option<String>,
    /// The family that sorts what an ordering operator returns.
    pub order_by: Option<Qualified>,
}

impl Member {
    /// What DROP says of it.
    fn slot(&self) -> Sql {
        let word = match &self.arguments {
            Some(_) => "FUNCTION",
            None => "OPERATOR",
        };
        sql!(
            "{} {} ({}, {})",
            crate::pg::sql::Word(word),
            self.number,
            Deparsed(&self.left),
            Deparsed(&self.right)
        )
    }

    /// What CREATE and ADD say of it.
    pub(super) fn definition(&self) -> Sql {
        let Some(arguments) = &self.arguments else {
            let operator = sql!(
                "OPERATOR {} {}.{} ({}, {})",
                self.number,
                self.schema,
                Deparsed(&self.name),
                Deparsed(&self.left),
                Deparsed(&self.right)
            );
            return match &self.order_by {
                Some(family) => sql!("{} FOR ORDER BY {}", operator, family),
                None => operator,
            };
        };
        let name = Ident::new(self.name.as_str());
        sql!(
            "{} {}.{}({})",
            self.slot(),
            self.schema,
            name,
            Deparsed(arguments)
        )
    }
}

/// The members as a JSON array that hang on the row of `catalog` with the number `oid`.
pub(super) fn members(catalog: &str, oid: &str) -> String {
    let of = |class: &str| {
        format!(
            "EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{class}'::regclass AND d.objid = x.oid
                        AND d.refclassid = '{catalog}'::regclass AND d.refobjid = {oid})"
        )
    };
    format!(
        "(SELECT coalesce(json_agg(m.member ORDER BY m.is_function, m.number, m.\"left\", m.\"right\"), '[]')
            FROM (SELECT false AS is_function, x.amopstrategy AS number, format_type(x.amoplefttype, NULL) AS \"left\"
                       , format_type(x.amoprighttype, NULL) AS \"right\"
                       , json_build_object('number', x.amopstrategy, 'left', format_type(x.amoplefttype, NULL)
                           , 'right', format_type(x.amoprighttype, NULL), 'schema', mn.nspname, 'name', o.oprname
                           , 'order_by', (SELECT json_build_object('schema', yn.nspname, 'name', y.opfname)
                                            FROM pg_opfamily y JOIN pg_namespace yn ON yn.oid = y.opfnamespace
                                           WHERE y.oid = x.amopsortfamily)) AS member
                    FROM pg_amop x JOIN pg_operator o ON o.oid = x.amopopr JOIN pg_namespace mn ON mn.oid = o.oprnamespace
                   WHERE {}
                  UNION ALL
                  SELECT true, x.amprocnum, format_type(x.amproclefttype, NULL), format_type(x.amprocrighttype, NULL)
                       , json_build_object('number', x.amprocnum, 'left', format_type(x.amproclefttype, NULL)
                           , 'right', format_type(x.amprocrighttype, NULL), 'schema', mn.nspname, 'name', f.proname
                           , 'arguments', oidvectortypes(f.proargtypes))
                    FROM pg_amproc x JOIN pg_proc f ON f.oid = x.amproc JOIN pg_namespace mn ON mn.oid = f.pronamespace
                   WHERE {}) m)",
        of("pg_amop"),
        of("pg_amproc"),
    )
}

impl OperatorFamily {
    /// As every statement names it.
    fn named(&self) -> Sql {
        named(self.schema.raw(), self.name.raw(), self.method.raw())
    }

    fn change(&self, verb: &'static str, members: Vec<Sql>) -> Option<Sql> {
        let verb = crate::pg::sql::Word(verb);
        (!members.is_empty()).then(|| {
            sql!(
                "ALTER OPERATOR FAMILY {} {} {}",
                self.named(),
                verb,
                List::comma(members)
            )
        })
    }

    fn add(&self, had: &[Member]) -> Option<Sql> {
        let new = self.members.iter().filter(|m| !had.contains(m));
        self.change("ADD", new.map(Member::definition).collect())
    }
}

/// An operator family or class as every statement names it.
pub(crate) fn named(schema: &str, name: &str, method: &str) -> Sql {
    sql!(
        "{} USING {}",
        Qualified::new(schema, name),
        Ident::new(method)
    )
}

impl Kind for OperatorFamily {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_opfamily'::regclass::oid::bigint AS classid
                  , y.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , y.opfname AS name
                  , a.amname AS method
                  , {} AS members
               FROM pg_opfamily y
               JOIN pg_namespace n ON n.oid = y.opfnamespace
               JOIN pg_am a ON a.oid = y.opfmethod
              WHERE y.oid >= 16384 AND {} AND {}",
            members("pg_opfamily", "y.oid"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_opfamily", "y.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_opfamily WHERE oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw(), self.method.raw()];
        ObjectId::new(KindTag::OperatorFamily, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            method: _,
            members,
        } = self;
        vec![attr("members", members)]
    }

    fn create(&self) -> Vec<Sql> {
        let create = sql!("CREATE OPERATOR FAMILY {}", self.named());
        std::iter::once(create).chain(self.add(&[])).collect()
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP OPERATOR FAMILY {}", self.named())]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        let gone = old.members.iter().filter(|m| !self.members.contains(m));
        let drop = self.change("DROP", gone.map(Member::slot).collect());
        Alter::InPlace(drop.into_iter().chain(self.add(&old.members)).collect())
    }

    fn needs_trust(&self) -> bool {
        true
    }
}
