//! Sequences, without those of identity columns, which belong to their column.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    pub schema: Ident,
    pub name: Ident,
    pub data_type: String,
    #[serde(flatten)]
    pub options: SequenceOptions,
    pub unlogged: bool,
    /// The column that owns it; compared as an object of its own ([`super::KindTag::SequenceOwner`]).
    pub owner: Option<OwnerColumn>,
}

/// What `ALTER SEQUENCE` sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceOptions {
    pub start: i64,
    pub increment: i64,
    pub min: i64,
    pub max: i64,
    pub cache: i64,
    pub cycle: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OwnerColumn {
    pub schema: Ident,
    pub table: Ident,
    pub column: Ident,
}

impl OwnerColumn {
    pub(crate) fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Column,
            [self.schema.raw(), self.table.raw(), self.column.raw()],
        )
    }
}

impl SequenceOptions {
    /// The defaults for a type and a direction, of which CREATE SEQUENCE itself only assumes the
    /// increment 1.
    pub fn of_type(data_type: &str, ascending: bool) -> Self {
        let bound = match data_type {
            "smallint" => i64::from(i16::MAX),
            "integer" => i64::from(i32::MAX),
            _ => i64::MAX,
        };
        if ascending {
            Self {
                start: 1,
                increment: 1,
                min: 1,
                max: bound,
                cache: 1,
                cycle: false,
            }
        } else {
            Self {
                start: -1,
                increment: 1,
                min: -bound - 1,
                max: -1,
                cache: 1,
                cycle: false,
            }
        }
    }

    /// The options that differ from `base`, as they stand in CREATE and ALTER SEQUENCE.
    pub fn clauses(&self, base: &Self) -> Vec<Sql> {
        let mut clauses = Vec::new();
        if self.increment != base.increment {
            clauses.push(sql!("INCREMENT BY {}", self.increment));
        }
        if self.min != base.min {
            clauses.push(sql!("MINVALUE {}", self.min));
        }
        if self.max != base.max {
            clauses.push(sql!("MAXVALUE {}", self.max));
        }
        if self.start != base.start {
            clauses.push(sql!("START WITH {}", self.start));
        }
        if self.cache != base.cache {
            clauses.push(sql!("CACHE {}", self.cache));
        }
        if self.cycle != base.cycle {
            clauses.push(sql!(
                "{}",
                Word(if self.cycle { "CYCLE" } else { "NO CYCLE" })
            ));
        }
        clauses
    }
}

impl Sequence {
    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn ascending(&self) -> bool {
        self.options.increment > 0
    }
}

impl Kind for Sequence {
    fn query(version: ServerVersion) -> String {
        let unlogged = if version >= ServerVersion::V15 {
            "c.relpersistence = 'u'"
        } else {
            "false"
        };
        format!(
            "SELECT 1259::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , format_type(s.seqtypid, NULL) AS data_type
                  , s.seqstart AS start
                  , s.seqincrement AS increment
                  , s.seqmin AS min
                  , s.seqmax AS max
                  , s.seqcache AS cache
                  , s.seqcycle AS cycle
                  , {unlogged} AS unlogged
                  , (SELECT json_build_object('schema', tn.nspname, 'table', t.relname, 'column', a.attname)
                       FROM pg_depend d
                       JOIN pg_class t ON t.oid = d.refobjid
                       JOIN pg_namespace tn ON tn.oid = t.relnamespace
                       JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                        AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a') AS owner
               FROM pg_sequence s
               JOIN pg_class c ON c.oid = s.seqrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT EXISTS (SELECT FROM pg_depend i
                                 WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid
                                   AND i.deptype = 'i')
                AND c.relpersistence <> 't' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_sequence")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Sequence, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        self.owner.iter().map(OwnerColumn::id).collect()
    }

    fn names(&self) -> Vec<super::Name> {
        // Before 15 it has a row type.
        super::relation_names(&self.schema, &self.name, true)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            data_type,
            options,
            unlogged,
            owner: _,
        } = self;
        let SequenceOptions {
            start,
            increment,
            min,
            max,
            cache,
            cycle,
        } = options;
        vec![
            attr("type", data_type),
            attr("increment", increment),
            attr("minimum", min),
            attr("maximum", max),
            attr("start", start),
            attr("cache", cache),
            attr("cycle", cycle),
            attr("unlogged", unlogged),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let word = Word(if self.unlogged {
            "UNLOGGED SEQUENCE"
        } else {
            "SEQUENCE"
        });
        let mut parts = vec![sql!("CREATE {} {}", word, self.qualified())];
        if self.data_type != "bigint" {
            parts.push(sql!("AS {}", Deparsed(&self.data_type)));
        }
        let base = SequenceOptions::of_type(&self.data_type, self.ascending());
        parts.extend(self.options.clauses(&base));
        vec![sql!("{}", List::separated(" ", parts))]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP SEQUENCE {}", self.qualified())]
    }

    /// One statement changes all of it.
    fn takes_away(&self, old: &Self, _: &str) -> Option<&'static str> {
        let (is, was) = (&self.options, &old.options);
        let fewer = is.max < was.max || is.min > was.min || was.cycle && !is.cycle;
        fewer.then_some("there are fewer numbers from here on")
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let name = self.qualified();
        if attribute == "unlogged" {
            let word = Word(if self.unlogged { "UNLOGGED" } else { "LOGGED" });
            return Alter::InPlace(vec![sql!("ALTER SEQUENCE {} SET {}", name, word)]);
        }
        // All options in one statement: each alone may contradict the others' old values. Changing
        // the type moves bounds that stood at the old type's limits, hence every bound is named.
        let mut parts = vec![sql!("ALTER SEQUENCE {}", name)];
        if self.data_type != old.data_type {
            parts.push(sql!("AS {}", Deparsed(&self.data_type)));
            parts.push(sql!(
                "MINVALUE {} MAXVALUE {}",
                self.options.min,
                self.options.max
            ));
            let bounds = SequenceOptions {
                min: self.options.min,
                max: self.options.max,
                ..old.options.clone()
            };
            parts.extend(self.options.clauses(&bounds));
        } else {
            parts.extend(self.options.clauses(&old.options));
        }
        Alter::InPlace(vec![sql!("{}", List::separated(" ", parts))])
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::DataLoss,
                format!("the last value of sequence {} is lost", self.qualified()),
            )],
        }
    }
}
