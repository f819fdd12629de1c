//! Domains, with their constraints.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, attr, fragment, text};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Domain {
    pub schema: Ident,
    pub name: Ident,
    pub base_type: String,
    pub collation: Option<String>,
    pub default_expr: Option<String>,
    pub not_null: bool,
    pub constraints: Vec<DomainCheck>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DomainCheck {
    pub name: Ident,
    /// `CHECK ((VALUE > 0))`, without `NOT VALID`.
    pub definition: String,
    pub validated: bool,
}

impl Domain {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// What was a value before may be none now.
    pub fn looks_at_values(&self, old: &Self) -> bool {
        let is_new = |check: &DomainCheck| check.validated && !old.holds(&check.definition);
        self.not_null && !old.not_null || self.constraints.iter().any(is_new)
    }

    /// Whether every value satisfies `definition`, under whatever name.
    pub fn holds(&self, definition: &str) -> bool {
        let mut checks = self.constraints.iter();
        checks.any(|c| c.validated && c.definition == definition)
    }

    /// The constraints that have another name than in `old` and are the same else, with the old name.
    fn renamed<'d>(&'d self, old: &'d Self) -> Vec<(&'d Ident, &'d DomainCheck)> {
        let named = |domain: &Self, check: &DomainCheck| {
            domain.constraints.iter().any(|c| c.name == check.name)
        };
        let mut come: Vec<&DomainCheck> = self.constraints.iter().collect();
        come.retain(|check| !named(old, check));
        let mut renamed = Vec::new();
        for gone in old.constraints.iter().filter(|check| !named(self, check)) {
            let same =
                |c: &&DomainCheck| c.definition == gone.definition && c.validated == gone.validated;
            if let Some(at) = come.iter().position(same) {
                renamed.push((&gone.name, come.remove(at)));
            }
        }
        renamed
    }

    fn add(&self, check: &DomainCheck) -> Sql {
        let add = sql!(
            "ALTER DOMAIN {} ADD CONSTRAINT {} {}",
            self.qualified(),
            check.name,
            Deparsed(&check.definition)
        );
        if check.validated {
            add
        } else {
            sql!("{} NOT VALID", add)
        }
    }
}

impl Kind for Domain {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1247::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , t.typname AS name
                  , format_type(t.typbasetype, t.typtypmod) AS base_type
                  , CASE WHEN t.typcollation <> b.typcollation
                         THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                    END AS collation
                  , pg_get_expr(t.typdefaultbin, 'pg_catalog.pg_type'::regclass) AS default_expr
                  , t.typnotnull AS not_null
                  , coalesce((SELECT json_agg(json_build_object(
                                  'name', k.conname
                                , 'definition', regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')
                                , 'validated', k.convalidated) ORDER BY k.conname)
                                FROM pg_constraint k
                               WHERE k.contypid = t.oid AND k.contype = 'c'), '[]') AS constraints
               FROM pg_type t
               JOIN pg_namespace n ON n.oid = t.typnamespace
               JOIN pg_type b ON b.oid = t.typbasetype
               LEFT JOIN pg_collation co ON co.oid = t.typcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE t.typtype = 'd' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_type", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_type WHERE typtype = 'd' AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Domain, [self.schema.raw(), self.name.raw()])
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

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            base_type,
            collation,
            default_expr,
            not_null,
            constraints,
        } = self;
        vec![
            attr("base type", base_type),
            attr("collation", collation),
            text("default", default_expr),
            attr("not null", not_null),
            text("constraints", constraints),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut parts = vec![sql!(
            "CREATE DOMAIN {} AS {}",
            self.qualified(),
            Deparsed(&self.base_type)
        )];
        if let Some(collation) = &self.collation {
            parts.push(sql!("COLLATE {}", Deparsed(collation)));
        }
        if let Some(default) = &self.default_expr {
            parts.push(sql!("DEFAULT {}", Deparsed(default)));
        }
        if self.not_null {
            parts.push(Sql::constant("NOT NULL"));
        }
        for check in self.constraints.iter().filter(|c| c.validated) {
            parts.push(sql!(
                "CONSTRAINT {} {}",
                check.name,
                Deparsed(&check.definition)
            ));
        }
        let mut statements = vec![sql!("{}", List::separated(" ", parts))];
        statements.extend(
            self.constraints
                .iter()
                .filter(|c| !c.validated)
                .map(|c| self.add(c)),
        );
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP DOMAIN {}", self.qualified())]
    }

    fn takes_away(&self, _: &Self, attribute: &str) -> Option<&'static str> {
        let gone = attribute == "default" && self.default_expr.is_none();
        gone.then_some("rows that leave a column of the domain out get no value from here on")
    }

    fn hazards_of_change(&self, old: &Self, attribute: &str) -> Option<Hazard> {
        let more = |check: &DomainCheck| {
            !old.constraints
                .iter()
                .any(|c| c.definition == check.definition)
        };
        let rejects = match attribute {
            "not null" => self.not_null,
            "constraints" => self.constraints.iter().any(more),
            _ => false,
        };
        let text = || {
            format!(
                "from here on values of {} are rejected that were taken before",
                self.qualified()
            )
        };
        rejects.then(|| Hazard::declared(HazardKind::RejectsWrites, text()))
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let name = self.qualified();
        match attribute {
            "default" => Alter::InPlace(vec![match &self.default_expr {
                Some(e) => sql!("ALTER DOMAIN {} SET DEFAULT {}", name, Deparsed(e)),
                None => sql!("ALTER DOMAIN {} DROP DEFAULT", name),
            }]),
            "not null" if self.not_null => {
                Alter::InPlace(vec![sql!("ALTER DOMAIN {} SET NOT NULL", name)])
            }
            "not null" => Alter::InPlace(vec![sql!("ALTER DOMAIN {} DROP NOT NULL", name)]),
            "constraints" => {
                let renamed = self.renamed(old);
                let mut statements = Vec::new();
                for (was, check) in &renamed {
                    let now = &check.name;
                    statements.push(sql!(
                        "ALTER DOMAIN {} RENAME CONSTRAINT {} TO {}",
                        name,
                        was,
                        now
                    ));
                    // A comment is one of the other name.
                    statements.push(sql!(
                        "COMMENT ON CONSTRAINT {} ON DOMAIN {} IS NULL",
                        now,
                        name
                    ));
                }
                for check in old.constraints.iter().filter(|c| {
                    !self.constraints.contains(c) && !renamed.iter().any(|(was, _)| **was == c.name)
                }) {
                    let validated = DomainCheck {
                        validated: true,
                        ..check.clone()
                    };
                    if self.constraints.contains(&validated) {
                        statements.push(sql!(
                            "ALTER DOMAIN {} VALIDATE CONSTRAINT {}",
                            name,
                            check.name
                        ));
                    } else {
                        statements.push(sql!(
                            "ALTER DOMAIN {} DROP CONSTRAINT {}",
                            name,
                            check.name
                        ));
                    }
                }
                for check in self.constraints.iter().filter(|c| {
                    !old.constraints.contains(c)
                        && !renamed.iter().any(|(_, now)| now.name == c.name)
                }) {
                    let pending = DomainCheck {
                        validated: false,
                        ..check.clone()
                    };
                    if !old.constraints.contains(&pending) {
                        statements.push(self.add(check));
                    }
                }
                Alter::InPlace(statements)
            }
            _ => Alter::Replace {
                why: "a domain keeps its base type and collation for life",
            },
        }
    }
}
