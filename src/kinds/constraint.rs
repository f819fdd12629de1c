//! Table constraints: primary key, unique, foreign key, check, exclusion.
//!
//! NOT NULL is an attribute of its column, on 18 with the constraint's name; a constraint trigger
//! is a trigger.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, TakeDown, Verb, attr,
    fragment, relation_id, text,
};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstraintType {
    PrimaryKey,
    Unique,
    ForeignKey,
    Check,
    Exclusion,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    pub constraint_type: ConstraintType,
    /// `pg_get_constraintdef` without its trailing DEFERRABLE, NOT VALID and NOT ENFORCED.
    pub definition: String,
    pub deferrable: bool,
    pub deferred: bool,
    pub validated: bool,
    pub enforced: bool,
    pub columns: Vec<Ident>,
    pub local: bool,
    pub inherited_from: Vec<Qualified>,
    pub on_partitioned: bool,
    /// The table that a foreign key points at.
    pub referenced: Option<Qualified>,
    /// Its columns, in the order of `columns`.
    #[serde(default)]
    pub referenced_columns: Vec<Ident>,
    /// A foreign key with MATCH FULL.
    #[serde(default)]
    pub match_full: bool,
    /// Storage parameters of the index.
    pub index_options: Vec<String>,
    pub clustered: bool,
    /// The definition of the index (`CREATE UNIQUE INDEX …`); part of `definition`.
    pub index_definition: Option<String>,
    /// The index of the partitioned table that this one's is attached to.
    pub attached_to: Option<ParentIndex>,
    /// The partitions without a part of this key: it was made ON ONLY their parent.
    #[serde(default)]
    pub lacking: Vec<Qualified>,
}

/// The index (perhaps of a constraint) of a partitioned table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParentIndex {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    pub constraint: bool,
}

impl ParentIndex {
    pub fn id(&self) -> ObjectId {
        index_id(self.constraint, &self.schema, &self.table, &self.name)
    }
}

impl Object {
    /// The index or key of the partitioned table that this one of a partition belongs to.
    pub fn attached_to(&self) -> Option<ObjectId> {
        let parent = match self {
            Self::Index(index) => index.attached_to.as_ref(),
            Self::Constraint(constraint) => constraint.attached_to.as_ref(),
            _ => None,
        };
        parent.map(ParentIndex::id)
    }
}

/// The identity of an index: that of its constraint, where it has one.
pub(super) fn index_id(constraint: bool, schema: &Ident, table: &Ident, name: &Ident) -> ObjectId {
    if constraint {
        ObjectId::new(KindTag::Constraint, [schema.raw(), table.raw(), name.raw()])
    } else {
        ObjectId::new(KindTag::Index, [schema.raw(), name.raw()])
    }
}

/// The query text of a [`ParentIndex`] for the index `oid`.
pub(super) fn parent_index(oid: &'static str) -> String {
    format!(
        "(SELECT json_build_object(
              'schema', xn.nspname, 'table', xt.relname, 'name', x.relname
            , 'constraint', EXISTS (SELECT FROM pg_constraint xk
                             WHERE xk.conindid = x.oid AND xk.contype IN ('p', 'u', 'x')))
           FROM pg_inherits xi
           JOIN pg_class x ON x.oid = xi.inhparent
           JOIN pg_namespace xn ON xn.oid = x.relnamespace
           JOIN pg_index xx ON xx.indexrelid = x.oid
           JOIN pg_class xt ON xt.oid = xx.indrelid
          WHERE xi.inhrelid = {oid})"
    )
}

/// The query text of the partitions of `table` in which nothing is attached to its index. `row` is the index's
/// row of pg_index: a valid one lacks none, and is not looked at.
pub(super) fn lacking(row: &'static str) -> String {
    format!(
        "CASE WHEN {row}.indisvalid THEN '[]' ELSE
         coalesce((SELECT json_agg(json_build_object('schema', ln.nspname, 'name', l.relname)
                          ORDER BY ln.nspname, l.relname)
                     FROM pg_inherits li
                     JOIN pg_class l ON l.oid = li.inhrelid
                     JOIN pg_namespace ln ON ln.oid = l.relnamespace
                    WHERE li.inhparent = {row}.indrelid AND l.relispartition
                      AND NOT EXISTS (SELECT FROM pg_inherits lp
                                        JOIN pg_index lx ON lx.indexrelid = lp.inhrelid
                                       WHERE lp.inhparent = {row}.indexrelid AND lx.indrelid = l.oid)), '[]') END"
    )
}

/// A partition that has no part of an index of its parent is attached before that index is made: ATTACH would
/// make the part.
pub(super) fn attachments_of(partitions: &[Qualified]) -> Vec<ObjectId> {
    let id = |partition| relation_id(KindTag::Attachment, partition);
    partitions.iter().map(id).collect()
}

/// An index or key does not mind what becomes of a partition that it has no part in.
pub(super) fn take_down(of: &Object) -> TakeDown {
    match of.tag() {
        KindTag::Attachment => TakeDown::Around {
            down: Vec::new(),
            up: Vec::new(),
            disturbs: false,
        },
        _ => TakeDown::Replace,
    }
}

impl Constraint {
    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    pub fn table_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Table, [self.schema.raw(), self.table.raw()])
    }

    pub fn is_foreign_key(&self) -> bool {
        self.constraint_type == ConstraintType::ForeignKey
    }

    fn attributes_clause(&self) -> Sql {
        let deferrable = Word(if self.deferrable { " DEFERRABLE" } else { "" });
        let deferred = Word(if self.deferred {
            " INITIALLY DEFERRED"
        } else {
            ""
        });
        sql!("{}{}", deferrable, deferred)
    }

    /// The definition with the index's storage parameters and DEFERRABLE.
    fn full_definition(&self) -> Sql {
        let mut definition = sql!("{}", Deparsed(&self.definition));
        if !self.index_options.is_empty() {
            let options = super::table::options_list(&self.index_options);
            definition = sql!("{} WITH ({})", definition, options);
        }
        let enforced = Word(if self.enforced { "" } else { " NOT ENFORCED" });
        sql!("{}{}{}", definition, self.attributes_clause(), enforced)
    }

    /// `CONSTRAINT name …`, as it stands in CREATE TABLE.
    pub fn definition_with_name(&self) -> Sql {
        sql!("CONSTRAINT {} {}", self.name, self.full_definition())
    }

    /// `ALTER TABLE … ADD CONSTRAINT …` in the form that checks no row.
    pub fn add_not_valid(&self) -> Sql {
        sql!(
            "{} ADD {} NOT VALID",
            self.alter_table(),
            self.definition_with_name()
        )
    }

    pub fn validate(&self) -> Sql {
        sql!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            self.table_name(),
            self.name
        )
    }

    /// `ADD CONSTRAINT … UNIQUE | PRIMARY KEY USING INDEX …`.
    pub fn add_using_index(&self, index: &Ident) -> Sql {
        let word = Word(match self.constraint_type {
            ConstraintType::PrimaryKey => "PRIMARY KEY",
            _ => "UNIQUE",
        });
        sql!(
            "ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}{}",
            self.table_name(),
            self.name,
            word,
            index,
            self.attributes_clause()
        )
    }

    fn alter_table(&self) -> Sql {
        // Keys of a partitioned table are made part by part and attached (pg_dump does the same);
        // its checks and foreign keys have to reach the partitions.
        let only = matches!(
            self.constraint_type,
            ConstraintType::PrimaryKey | ConstraintType::Unique | ConstraintType::Exclusion
        );
        let only = Word(if only && self.on_partitioned {
            "ONLY "
        } else {
            ""
        });
        sql!("ALTER TABLE {}{}", only, self.table_name())
    }
}

impl Constraint {
    fn rejects_writes(&self) -> Hazard {
        let text = format!(
            "from here on {} rejects new and updated rows that break {}",
            self.table_name(),
            self.name
        );
        Hazard::declared(HazardKind::RejectsWrites, text)
    }
}

impl Kind for Constraint {
    fn query(version: ServerVersion) -> String {
        let enforced = if version >= ServerVersion::V18 {
            "k.conenforced"
        } else {
            "true"
        };
        let parent = parent_index("k.conindid");
        let lacking = lacking("x");
        let columns = fragment::column_names("k.conrelid", "unnest(k.conkey)");
        let referenced_columns = fragment::column_names("k.confrelid", "unnest(k.confkey)");
        let user = fragment::USER_SCHEMA;
        let own = fragment::not_member("pg_class", "c.oid");
        format!(
            "SELECT 2606::bigint AS classid
                  , k.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , k.conname AS name
                  , CASE k.contype WHEN 'p' THEN 'primary-key' WHEN 'u' THEN 'unique'
                         WHEN 'f' THEN 'foreign-key' WHEN 'c' THEN 'check'
                         ELSE 'exclusion' END AS constraint_type
                  , CASE WHEN k.condeferrable OR NOT k.convalidated OR NOT {enforced}
                         THEN regexp_replace(pg_get_constraintdef(k.oid),
                              '( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT ENFORCED)?( NOT VALID)?$', '')
                         ELSE pg_get_constraintdef(k.oid) END AS definition
                  , k.condeferrable AS deferrable
                  , k.condeferred AS deferred
                  , k.convalidated OR NOT {enforced} AS validated
                  , {enforced} AS enforced
                  , {columns} AS columns
                  , k.conislocal AS local
                  , CASE WHEN k.coninhcount = 0 OR k.contype <> 'c' THEN '[]' ELSE
                    coalesce((SELECT json_agg(json_build_object('schema', pn.nspname, 'name', p.relname)
                                     ORDER BY i.inhseqno)
                                FROM pg_inherits i
                                JOIN pg_class p ON p.oid = i.inhparent
                                JOIN pg_namespace pn ON pn.oid = p.relnamespace
                                JOIN pg_constraint pk ON pk.conrelid = p.oid AND pk.conname = k.conname
                               WHERE i.inhrelid = c.oid), '[]') END AS inherited_from
                  , c.relkind = 'p' AS on_partitioned
                  , (SELECT json_build_object('schema', fn.nspname, 'name', f.relname)
                       FROM pg_class f JOIN pg_namespace fn ON fn.oid = f.relnamespace
                      WHERE f.oid = k.confrelid) AS referenced
                  , {referenced_columns} AS referenced_columns
                  , k.confmatchtype = 'f' AS match_full
                  , coalesce((SELECT to_json(ic.reloptions) FROM pg_class ic
                               WHERE ic.oid = k.conindid AND k.contype IN ('p', 'u', 'x')), '[]') AS index_options
                  , coalesce((SELECT x.indisclustered FROM pg_index x
                               WHERE x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')), false) AS clustered
                  , CASE WHEN k.contype IN ('p', 'u', 'x') THEN pg_get_indexdef(k.conindid) END AS index_definition
                  , CASE WHEN k.contype IN ('p', 'u', 'x') THEN {parent} END AS attached_to
                  , coalesce((SELECT {lacking} FROM pg_index x
                               WHERE x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')), '[]') AS lacking
               FROM pg_constraint k
               JOIN pg_class c ON c.oid = k.conrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE k.contype IN ('p', 'u', 'f', 'c', 'x')
                AND (k.contype <> 'f' OR k.conparentid = 0)
                AND c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND {user} AND {own}"
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_constraint WHERE conrelid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Constraint,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.table_id())
    }

    fn requires(&self) -> Vec<ObjectId> {
        attachments_of(&self.lacking)
    }

    fn take_down(&self, of: &Object) -> TakeDown {
        take_down(of)
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.table_id()];
        with.extend(self.attached_to.as_ref().map(ParentIndex::id));
        if !self.local {
            with.extend(self.follows());
        }
        // Dropping a column takes the constraints on it along.
        with.extend(self.columns.iter().map(|c| {
            ObjectId::new(
                KindTag::Column,
                [self.schema.raw(), self.table.raw(), c.raw()],
            )
        }));
        with
    }

    fn follows(&self) -> Vec<ObjectId> {
        self.inherited_from
            .iter()
            .map(|p| {
                ObjectId::new(
                    KindTag::Constraint,
                    [p.schema.raw(), p.name.raw(), self.name.raw()],
                )
            })
            .collect()
    }

    fn recurses(attribute: &str) -> bool {
        attribute == "validated"
    }

    fn names(&self) -> Vec<super::Name> {
        let mut names = match self.index_definition {
            Some(_) => super::relation_names(&self.schema, &self.name, false),
            None => Vec::new(),
        };
        if self.constraint_type == ConstraintType::PrimaryKey {
            names.push(super::Name {
                space: super::NameSpace::PrimaryKey,
                schema: self.schema.clone(),
                name: self.table.clone(),
            });
        }
        if self.clustered {
            names.push(super::Name {
                space: super::NameSpace::Clustered,
                schema: self.schema.clone(),
                name: self.table.clone(),
            });
        }
        names
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            constraint_type,
            definition,
            deferrable,
            deferred,
            validated,
            enforced,
            columns: _, // part of the definition
            local: _,
            inherited_from: _, // the table's inheritance and attachment
            on_partitioned: _,
            // Parts of the definition.
            referenced: _,
            referenced_columns: _,
            match_full: _,
            index_options,
            clustered,
            index_definition: _, // part of the definition
            attached_to: _,      // an object of its own
            lacking: _,          // what is not attached
        } = self;
        vec![
            attr("kind", constraint_type),
            text("definition", definition),
            attr("deferrable", (deferrable, deferred)),
            attr("validated", validated),
            attr("enforced", enforced),
            attr("storage parameters", index_options),
            attr("clustered", clustered),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![if self.validated {
            sql!("{} ADD {}", self.alter_table(), self.definition_with_name())
        } else {
            self.add_not_valid()
        }];
        if self.clustered {
            statements.push(sql!(
                "ALTER TABLE {} CLUSTER ON {}",
                self.table_name(),
                self.name
            ));
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER TABLE {} DROP CONSTRAINT {}",
            self.table_name(),
            self.name
        )]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let sooner = old.deferrable && !self.deferrable || old.deferred && !self.deferred;
        let deferred = attribute == "deferrable" && sooner;
        deferred.then_some("it is checked at each statement from here on, and no longer at COMMIT")
    }

    fn hazards_of_change(&self, _: &Self, attribute: &str) -> Option<Hazard> {
        let rejects = attribute == "enforced" && self.enforced;
        rejects.then(|| self.rejects_writes())
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let excludes = self.constraint_type == ConstraintType::Exclusion;
        match verb {
            Verb::Create if excludes => vec![self.rejects_writes()],
            Verb::Create | Verb::Drop => Vec::new(),
        }
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let name = self.table_name();
        match attribute {
            "validated" if self.validated => Alter::InPlace(vec![self.validate()]),
            "validated" => Alter::Replace {
                why: "a validated constraint stays validated",
            },
            "deferrable" if self.is_foreign_key() => {
                let word = Word(match (self.deferrable, self.deferred) {
                    (false, _) => "NOT DEFERRABLE",
                    (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
                    (true, true) => "DEFERRABLE INITIALLY DEFERRED",
                });
                Alter::InPlace(vec![sql!(
                    "ALTER TABLE {} ALTER CONSTRAINT {} {}",
                    name,
                    self.name,
                    word
                )])
            }
            "enforced" if self.is_foreign_key() => {
                let word = Word(if self.enforced {
                    "ENFORCED"
                } else {
                    "NOT ENFORCED"
                });
                Alter::InPlace(vec![sql!(
                    "ALTER TABLE {} ALTER CONSTRAINT {} {}",
                    name,
                    self.name,
                    word
                )])
            }
            "storage parameters" => {
                let (set, reset) =
                    super::table::option_changes(&old.index_options, &self.index_options);
                let index = Qualified {
                    schema: self.schema.clone(),
                    name: self.name.clone(),
                };
                let set = set.map(|o| sql!("ALTER INDEX {} SET ({})", index, o));
                let reset = reset.map(|o| sql!("ALTER INDEX {} RESET ({})", index, o));
                Alter::InPlace(set.into_iter().chain(reset).collect())
            }
            "clustered" if self.clustered => {
                Alter::InPlace(vec![sql!("ALTER TABLE {} CLUSTER ON {}", name, self.name)])
            }
            "clustered" => Alter::InPlace(vec![sql!("ALTER TABLE {} SET WITHOUT CLUSTER", name)]),
            _ => Alter::Replace {
                why: "no statement changes a constraint's definition",
            },
        }
    }

    /// A foreign key takes the primary key first, then any unique index over the same columns.
    fn chooses(&self, need: &ObjectId) -> bool {
        self.is_foreign_key() && matches!(need.kind, KindTag::Constraint | KindTag::Index)
    }

    /// But for a foreign key over periods, which compares values of one type alone.
    fn survives_change(&self) -> bool {
        !(self.is_foreign_key() && self.definition.contains(" PERIOD "))
    }

    /// The server checks a foreign key again after each of both columns.
    fn survives_estrangement(&self) -> bool {
        !self.is_foreign_key()
    }

    /// As an index of GiST.
    fn survives_another_type(&self) -> bool {
        self.constraint_type != ConstraintType::Exclusion
    }
}
