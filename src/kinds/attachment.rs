//! The attachment of a partition to its parent, with its bounds.
//!
//! An object of its own: a partition is made whole and then attached, as pg_dump does it, since
//! its indexes and keys must have their own names before ATTACH would make them up.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, TakeDown, Verb,
    fragment, relation_id, text,
};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    pub schema: Ident,
    pub name: Ident,
    pub parent: Qualified,
    /// `FOR VALUES FROM (…) TO (…)` or `DEFAULT`.
    pub bound: String,
    /// The indexes and keys that must exist before it is attached.
    pub indexes: Vec<super::constraint::ParentIndex>,
    pub checks: Vec<Ident>,
    /// The columns of the parent's key.
    #[serde(default)]
    pub key: Vec<Ident>,
    #[serde(default)]
    pub columns: Vec<Ident>,
    /// What its bounds and those of the tables above it say of a row; `None` for the DEFAULT
    /// partition without siblings.
    #[serde(default)]
    pub constraint: Option<String>,
    /// The part of `constraint` that comes from the tables above its parent.
    #[serde(default)]
    pub parent_constraint: Option<String>,
    /// The foreign keys that it has from the tables above it.
    #[serde(default)]
    pub foreign_keys: Vec<InheritedKey>,
}

/// A foreign key that a partition has from a table above it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InheritedKey {
    pub name: Ident,
    pub definition: String,
}

impl Attachment {
    pub fn partition(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    pub fn table_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Table, [self.schema.raw(), self.name.raw()])
    }

    pub fn parent_id(&self) -> ObjectId {
        relation_id(KindTag::Table, &self.parent)
    }

    pub fn is_default(&self) -> bool {
        self.bound == "DEFAULT"
    }

    /// What its own bounds say of a row, without those of the tables above its parent.
    pub fn own_constraint(&self) -> Option<&str> {
        let all = self.constraint.as_deref()?;
        let Some(above) = self.parent_constraint.as_deref() else {
            return Some(all);
        };
        // The server joins the terms with AND, those from above first, in one pair of parentheses.
        let inner = all.strip_prefix('(')?.strip_suffix(')')?;
        let terms = above.strip_prefix('(').and_then(|a| a.strip_suffix(')'));
        [Some(above), terms]
            .into_iter()
            .flatten()
            .find_map(|head| inner.strip_prefix(head)?.strip_prefix(" AND "))
    }
}

/// The constraint of a partition, with names in the place of the oids that hash bounds hold.
fn constraint_of(oid: &'static str) -> String {
    format!(
        "(WITH RECURSIVE above AS (
                SELECT row_number() OVER () AS number, relid FROM pg_partition_ancestors({oid})
              ), named (number, said) AS (
                SELECT 0::bigint, pg_get_partition_constraintdef({oid})
                 UNION ALL
                SELECT above.number
                     , replace(said, quote_literal(relid::oid) || '::oid', quote_literal(relid::regclass) || '::regclass')
                  FROM named JOIN above ON above.number = named.number + 1
              )
              SELECT said FROM named ORDER BY number DESC LIMIT 1)"
    )
}

impl Kind for Attachment {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , json_build_object('schema', pn.nspname, 'name', p.relname) AS parent
                  , pg_get_expr(c.relpartbound, c.oid) AS bound
                  , coalesce((SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname
                                   , 'name', i.relname, 'constraint', EXISTS (SELECT FROM pg_constraint k
                                         WHERE k.conindid = i.oid AND k.contype IN ('p', 'u', 'x')))
                                     ORDER BY i.relname)
                                FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
                               WHERE x.indrelid = c.oid), '[]') AS indexes
                  , coalesce((SELECT json_agg(k.conname ORDER BY k.conname) FROM pg_constraint k
                               WHERE k.conrelid = c.oid AND k.contype = 'c'), '[]') AS checks
                  , coalesce((SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns
                  , {} AS constraint
                  , CASE WHEN p.relispartition THEN {} END AS parent_constraint
                  , coalesce((SELECT json_agg(json_build_object('name', k.conname, 'definition'
                                   , regexp_replace(pg_get_constraintdef(k.oid),
                        '( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT ENFORCED)?( NOT VALID)?$', '')) ORDER BY k.conname)
                                FROM pg_constraint k
                               WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid <> 0), '[]') AS foreign_keys
                  , coalesce((SELECT json_agg(a.attname ORDER BY k.place)
                                FROM unnest(pt.partattrs) WITH ORDINALITY k (attnum, place)
                                JOIN pg_attribute a ON a.attrelid = p.oid AND a.attnum = k.attnum), '[]') AS key
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_inherits i ON i.inhrelid = c.oid
               JOIN pg_class p ON p.oid = i.inhparent
               JOIN pg_namespace pn ON pn.oid = p.relnamespace
               JOIN pg_partitioned_table pt ON pt.partrelid = p.oid
              WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f') AND {} AND {}",
            constraint_of("c.oid"),
            constraint_of("p.oid"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_inherits")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Attachment, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(
            KindTag::Table,
            [self.schema.raw(), self.name.raw()],
        ))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            parent,
            bound,
            indexes: _,
            checks: _,
            key: _, // the parent's
            columns: _,
            constraint: _,        // follows from the bounds
            parent_constraint: _, // the parent's own
            foreign_keys: _,      // those of the tables above
        } = self;
        vec![text("bounds", bound), super::attr("parent", parent)]
    }

    fn create(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER TABLE ONLY {} ATTACH PARTITION {} {}",
            self.parent,
            self.partition(),
            Deparsed(&self.bound)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER TABLE {} DETACH PARTITION {}",
            self.parent,
            self.partition()
        )]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        if self.parent != old.parent {
            return Alter::Replace {
                why: "a partition is detached and attached to change its parent",
            };
        }
        // In one transaction: ATTACH takes what DETACH let go of for the parent's again, so that nothing which hangs
        // on the attachment feels it.
        let mut statements = old.drop();
        statements.extend(self.create());
        Alter::InPlace(statements)
    }

    fn takes_away(&self, _: &Self, _: &str) -> Option<&'static str> {
        Some("rows of the old bounds are taken until here")
    }

    fn requires(&self) -> Vec<ObjectId> {
        let mut needed = vec![relation_id(KindTag::Table, &self.parent)];
        needed.extend(self.indexes.iter().map(super::constraint::ParentIndex::id));
        needed.extend(self.checks.iter().map(|c| {
            ObjectId::new(
                KindTag::Constraint,
                [self.schema.raw(), self.name.raw(), c.raw()],
            )
        }));
        // ATTACH wants the columns of both to be the same.
        for table in [&self.partition(), &self.parent] {
            needed.extend(self.columns.iter().map(|c| {
                ObjectId::new(
                    KindTag::Column,
                    [table.schema.raw(), table.name.raw(), c.raw()],
                )
            }));
        }
        needed
    }

    /// Its indexes, checks and columns come before it, but it does not mind their going.
    fn take_down(&self, of: &Object) -> TakeDown {
        match of.tag() {
            KindTag::Index | KindTag::Constraint | KindTag::Column => TakeDown::Around {
                down: Vec::new(),
                up: Vec::new(),
                disturbs: false,
            },
            _ => TakeDown::Replace,
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "queries on {} no longer see the rows of {}",
                    self.parent,
                    self.partition()
                ),
            )],
        }
    }
}
