//! Columns of tables.

mod conversion;
mod inherited;
mod not_null;
mod property;
mod storage;

pub use self::{conversion::hangs_on_settings, inherited::TYPED};
pub use property::{Generated, Identity, NotNull};

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, Table, TakeDown, Verb,
    attr, fragment, text,
};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql, generic_options};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    /// The place in the table. Not compared: the order of columns is not desired state, because
    /// no statement changes it.
    pub position: i32,
    pub data_type: String,
    /// What its domain is over, through all domains.
    #[serde(default)]
    pub base_type: Option<String>,
    /// The base type of the user's own that it is of, or its domain is over.
    #[serde(default)]
    pub own_base_type: Option<Qualified>,
    /// The collation, where it is not the type's.
    pub collation: Option<String>,
    pub not_null: Option<NotNull>,
    /// The default, or the expression of a generated column.
    pub expression: Option<String>,
    pub generated: Option<Generated>,
    pub identity: Option<Identity>,
    /// `plain`, `external`, `extended` or `main`, where it is not the type's, or may cease to be: a base type
    /// of the user's own gets another one, and its columns keep theirs.
    pub storage: Option<String>,
    /// What the type has.
    pub type_storage: String,
    pub compression: Option<String>,
    pub statistics: Option<i32>,
    pub options: Vec<String>,
    /// The column is one of a foreign table: its values are another server's.
    #[serde(default)]
    pub on_foreign_table: bool,
    #[serde(default)]
    pub foreign_options: Vec<String>,
    /// Declared on this table itself, not only inherited. Not compared: no statement changes it.
    pub local: bool,
    /// The composite type that its table is of.
    #[serde(default)]
    pub of_type: Option<Qualified>,
    /// The parent tables that have it too.
    pub inherited_from: Vec<Qualified>,
}

impl Column {
    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    pub fn table_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Table, [self.schema.raw(), self.table.raw()])
    }

    /// `ALTER TABLE … ` before an action on this table and those that inherit from it.
    fn alter_table(&self) -> Sql {
        sql!("ALTER TABLE {}", self.table_name())
    }

    /// `ALTER TABLE ONLY … ALTER COLUMN …`: for attributes of which every partition has its own.
    fn alter_only(&self) -> Sql {
        sql!(
            "ALTER TABLE ONLY {} ALTER COLUMN {}",
            self.table_name(),
            self.name
        )
    }

    pub fn default(&self) -> Option<&str> {
        self.expression
            .as_deref()
            .filter(|_| self.generated.is_none())
    }

    /// The column as it stands in CREATE TABLE of `table`.
    pub(super) fn definition_in(&self, table: &Table) -> Sql {
        if table.of_type.is_some() {
            return sql!("{} WITH OPTIONS{}", self.name, self.clauses());
        }
        self.definition()
    }

    /// The column as it stands in ADD COLUMN.
    pub fn definition(&self) -> Sql {
        let mut head = sql!("{} {}", self.name, Deparsed(&self.data_type));
        if let Some(method) = &self.compression {
            head = sql!("{} COMPRESSION {}", head, Ident::new(method));
        }
        head = sql!("{}{}", head, generic_options::clause(&self.foreign_options));
        if let Some(collation) = &self.collation {
            head = sql!("{} COLLATE {}", head, Deparsed(collation));
        }
        sql!("{}{}", head, self.clauses())
    }

    fn clauses(&self) -> Sql {
        let mut clauses = Sql::constant("");
        if let Some(default) = self.default() {
            clauses = sql!("{} DEFAULT {}", clauses, Deparsed(default));
        }
        if let (Some(generated), Some(expression)) = (self.generated, &self.expression) {
            clauses = sql!(
                "{} GENERATED ALWAYS AS ({}) {}",
                clauses,
                Deparsed(expression),
                Word(match generated {
                    Generated::Stored => "STORED",
                    Generated::Virtual => "VIRTUAL",
                })
            );
        }
        if let Some(identity) = &self.identity {
            clauses = sql!("{} {}", clauses, identity.clause());
        }
        match &self.not_null {
            Some(n) if n.validated => {
                if let Some(name) = n.name.as_deref().filter(|_| !n.default_name) {
                    clauses = sql!("{} CONSTRAINT {}", clauses, Ident::new(name));
                }
                let inherit = Word(if n.no_inherit { " NO INHERIT" } else { "" });
                sql!("{} NOT NULL{}", clauses, inherit)
            }
            _ => clauses,
        }
    }

    /// What cannot stand in the definition.
    pub(super) fn storage_statements(&self) -> Vec<Sql> {
        let mut statements = Vec::new();
        if !self.has_storage_of_type() {
            statements.extend(self.set_storage());
        }
        if self.statistics.is_some() {
            statements.extend(self.set_statistics());
        }
        if !self.options.is_empty() {
            let options = super::table::options_list(&self.options);
            statements.push(sql!("{} SET ({})", self.alter_only(), options));
        }
        if let Some(n) = self.not_null.as_ref().filter(|n| !n.validated) {
            statements.push(self.add_not_null(n));
        }
        statements
    }

    fn set_statistics(&self) -> Vec<Sql> {
        vec![sql!(
            "{} SET STATISTICS {}",
            self.alter_only(),
            self.statistics.unwrap_or(-1)
        )]
    }

    /// The name of the sequence of its identity.
    pub fn sequence(&self, identity: &Identity) -> Qualified {
        let derived = format!("{}_{}_seq", self.table.raw(), self.name.raw());
        let sequence = identity.sequence.clone();
        sequence.unwrap_or_else(|| Qualified::new(self.schema.raw(), derived))
    }

    /// Its sequence goes on behind the values that are there.
    pub fn begin_behind(&self, identity: &Identity) -> Sql {
        let word = Word(if identity.options.increment > 0 {
            "max"
        } else {
            "min"
        });
        sql!(
            "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence({}, {}), \
             coalesce({}({}) + {}, {}), false) FROM {}",
            Literal(&self.table_name().to_string()),
            Literal(self.name.raw()),
            word,
            self.name,
            identity.options.increment,
            identity.options.start,
            self.table_name()
        )
    }

    fn alter_identity(&self, old_column: &Self) -> Vec<Sql> {
        let column = sql!("{} ALTER COLUMN {}", self.alter_table(), self.name);
        match (&old_column.identity, &self.identity) {
            (Some(_), None) => vec![sql!("{} DROP IDENTITY", column)],
            (None, Some(new)) => {
                vec![
                    sql!("{} ADD {}", column, new.clause()),
                    self.begin_behind(new),
                ]
            }
            (Some(old), Some(new)) => {
                let word = (old.always != new.always).then(|| sql!("GENERATED {}", new.word()));
                let parts = word.into_iter().chain(new.options.clauses(&old.options));
                let parts: Vec<Sql> = parts.map(|part| sql!("SET {}", part)).collect();
                let mut statements = Vec::new();
                if !parts.is_empty() {
                    statements.push(sql!("{} {}", column, List::separated(" ", parts)));
                }
                let (from, Qualified { name, .. }) = (old_column.sequence(old), self.sequence(new));
                if from.name != name {
                    statements.push(sql!("ALTER SEQUENCE {} RENAME TO {}", from, name));
                }
                statements
            }
            (None, None) => Vec::new(),
        }
    }

    fn alter_generated(&self, old: &Self) -> Alter {
        match (old.generated, self.generated) {
            (Some(Generated::Stored), None) => Alter::InPlace(vec![sql!(
                "{} ALTER COLUMN {} DROP EXPRESSION",
                self.alter_table(),
                self.name
            )]),
            (Some(a), Some(b)) if a != b => Alter::Replace {
                why: "a generated column stays stored or virtual for life",
            },
            (Some(_), Some(_)) => {
                // SET EXPRESSION exists since 17 only; replacing costs the same rewrite.
                Alter::Replace {
                    why: "the stored values follow from the expression",
                }
            }
            (None, Some(_)) => Alter::Replace {
                why: "no statement makes a filled column generated",
            },
            (Some(Generated::Virtual), None) => Alter::Replace {
                why: "a virtual column has no values to keep",
            },
            (None, None) => Alter::InPlace(Vec::new()),
        }
    }
}

impl Kind for Column {
    fn query(version: ServerVersion) -> String {
        let not_null = if version >= ServerVersion::V18 {
            "CASE WHEN a.attnotnull THEN
                    coalesce((SELECT json_build_object(
                          'name', k.conname
                        , 'default_name', k.conname = left(c.relname || '_' || a.attname, 54) || '_not_null'
                        , 'validated', k.convalidated
                        , 'no_inherit', k.connoinherit
                        , 'local', k.conislocal)
                       FROM pg_constraint k
                      WHERE k.conrelid = c.oid AND k.contype = 'n' AND k.conkey[1] = a.attnum)
                    , '{\"name\": null, \"default_name\": true, \"validated\": true, \"no_inherit\": false}')
             END"
        } else {
            "CASE WHEN a.attnotnull THEN
                  '{\"name\": null, \"default_name\": true, \"validated\": true, \"no_inherit\": false}'::json
             END"
        };
        let user = fragment::USER_SCHEMA;
        let own = fragment::not_member("pg_class", "c.oid");
        format!(
            "SELECT 1259::bigint AS classid
                  , c.oid::bigint AS objid
                  , a.attnum AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , a.attname AS name
                  , a.attnum AS position
                  , format_type(a.atttypid, a.atttypmod) AS data_type
                  , CASE WHEN t.typtype = 'd' THEN (
                        WITH RECURSIVE base (oid, modifier) AS (
                            SELECT t.typbasetype, t.typtypmod UNION ALL
                            SELECT d.typbasetype, d.typtypmod FROM base b
                              JOIN pg_type d ON d.oid = b.oid AND d.typtype = 'd')
                        SELECT format_type(b.oid, b.modifier) FROM base b
                          JOIN pg_type p ON p.oid = b.oid AND p.typtype <> 'd') END AS base_type
                  , CASE WHEN own.name IS NOT NULL
                         THEN json_build_object('schema', own.schema, 'name', own.name) END AS own_base_type
                  , CASE WHEN a.attcollation <> t.typcollation
                         THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname)
                    END AS collation
                  , {not_null} AS not_null
                  , pg_get_expr(d.adbin, d.adrelid) AS expression
                  , CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated
                  , CASE WHEN a.attidentity <> '' THEN
                    (SELECT json_build_object(
                          'always', a.attidentity = 'a'
                        , 'sequence', CASE WHEN sn.nspname <> n.nspname
                               OR sc.relname <> c.relname || '_' || a.attname || '_seq'
                               THEN json_build_object('schema', sn.nspname, 'name', sc.relname) END
                        , 'sequence_type', format_type(s.seqtypid, NULL)
                        , 'start', s.seqstart, 'increment', s.seqincrement
                        , 'min', s.seqmin, 'max', s.seqmax
                        , 'cache', s.seqcache, 'cycle', s.seqcycle)
                       FROM pg_depend i
                       JOIN pg_sequence s ON s.seqrelid = i.objid
                       JOIN pg_class sc ON sc.oid = s.seqrelid
                       JOIN pg_namespace sn ON sn.oid = sc.relnamespace
                      WHERE i.classid = 'pg_class'::regclass AND i.deptype = 'i'
                        AND i.refclassid = 'pg_class'::regclass
                        AND i.refobjid = c.oid AND i.refobjsubid = a.attnum) END AS identity
                  , CASE WHEN a.attstorage <> t.typstorage OR own.name IS NOT NULL THEN {attstorage} END AS storage
                  , {typstorage} AS type_storage
                  , CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression
                  , nullif(a.attstattarget, -1) AS statistics
                  , coalesce(to_json(a.attoptions), '[]') AS options
                  , c.relkind = 'f' AS on_foreign_table
                  , {foreign_options} AS foreign_options
                  , a.attislocal AS local
                  , (SELECT json_build_object('schema', yn.nspname, 'name', y.typname)
                       FROM pg_type y JOIN pg_namespace yn ON yn.oid = y.typnamespace
                      WHERE y.oid = c.reloftype) AS of_type
                  , CASE WHEN a.attinhcount = 0 THEN '[]' ELSE
                    coalesce((SELECT json_agg(json_build_object('schema', pn.nspname, 'name', p.relname)
                                     ORDER BY i.inhseqno)
                                FROM pg_inherits i
                                JOIN pg_class p ON p.oid = i.inhparent
                                JOIN pg_namespace pn ON pn.oid = p.relnamespace
                                JOIN pg_attribute pa ON pa.attrelid = p.oid AND pa.attname = a.attname
                               WHERE i.inhrelid = c.oid), '[]') END AS inherited_from
               FROM pg_attribute a
               JOIN pg_class c ON c.oid = a.attrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_type t ON t.oid = a.atttypid
               LEFT JOIN LATERAL (
                    SELECT bn.nspname AS schema, b.typname AS name
                      FROM pg_type b JOIN pg_namespace bn ON bn.oid = b.typnamespace
                     WHERE t.oid >= 16384 AND t.typlen = -1 AND b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
                       AND b.oid >= 16384 AND b.typtype = 'b' AND b.typinput <> 'array_in'::regproc AND {own_base}) own ON true
               LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
               LEFT JOIN pg_collation co ON co.oid = a.attcollation
               LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't'
                AND a.attnum > 0 AND NOT a.attisdropped AND {user} AND {own}",
            foreign_options = generic_options::options("a.attfdwoptions"),
            attstorage = fragment::storage_name("a.attstorage"),
            own_base = fragment::not_member("pg_type", "b.oid"),
            typstorage = fragment::storage_name("t.typstorage"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relkind IN ('r', 'p', 'f') AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Column,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.table_id())
    }

    /// A column of a domain is stored as the base type of that is.
    fn requires(&self) -> Vec<ObjectId> {
        let path = self.own_base_type.as_ref();
        let path = path.map(|of| [of.schema.raw(), of.name.raw()]);
        path.map(|path| ObjectId::new(KindTag::BaseType, path))
            .into_iter()
            .collect()
    }

    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.table_id()];
        if !self.local {
            with.extend(self.follows());
        }
        with
    }

    fn follows(&self) -> Vec<ObjectId> {
        self.inherited_from
            .iter()
            .map(|p| {
                ObjectId::new(
                    KindTag::Column,
                    [p.schema.raw(), p.name.raw(), self.name.raw()],
                )
            })
            .collect()
    }

    fn typed_by(&self) -> Option<ObjectId> {
        let name = self.of_type.as_ref()?;
        Some(super::relation_id(KindTag::Composite, name))
    }

    fn given(&self, whole: &Object, origins: &[&Object]) -> Option<Self> {
        self.as_given(whole, origins)
    }

    /// The sequence of an identity.
    fn names(&self) -> Vec<super::Name> {
        let Some(identity) = &self.identity else {
            return Vec::new();
        };
        let Qualified { schema, name } = self.sequence(identity);
        super::relation_names(&schema, &name, false)
    }

    fn recurses(attribute: &str) -> bool {
        matches!(
            attribute,
            "type" | "collation" | "not null" | "generated" | "identity"
        )
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            position: _,
            base_type: _, // the domain's own
            own_base_type: _,
            data_type,
            collation,
            not_null,
            expression,
            generated,
            identity,
            storage,
            type_storage: _,
            compression,
            statistics,
            options,
            on_foreign_table: _, // the table's own
            foreign_options,
            local: _,
            of_type: _, // the table's own
            inherited_from,
        } = self;
        let not_null = not_null.as_ref().map(|n| {
            let NotNull {
                name,
                default_name,
                validated,
                no_inherit,
                local: _, // says only whether it stays when the parent's goes
            } = n;
            // An inherited one is named by the parent's.
            let own = !default_name && inherited_from.is_empty();
            (name.as_ref().filter(|_| own), validated, no_inherit)
        });
        vec![
            attr("type", data_type),
            attr("collation", collation),
            text("generated", generated.map(|g| (g, expression))),
            text(
                "default",
                expression.as_ref().filter(|_| generated.is_none()),
            ),
            attr("not null", not_null),
            attr("identity", identity),
            attr("storage", storage),
            attr("compression", compression),
            attr("statistics target", statistics),
            attr("options", options),
            attr("foreign options", foreign_options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![sql!(
            "{} ADD COLUMN {}",
            self.alter_table(),
            self.definition()
        )];
        statements.extend(self.storage_statements());
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("{} DROP COLUMN {}", self.alter_table(), self.name)]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let bare = self.expression.is_none() && self.identity.is_none();
        let always = |column: &Self| column.identity.as_ref().is_some_and(|i| i.always);
        match attribute {
            "default" if bare => Some("rows that leave the column out get no value from here on"),
            "generated" if self.generated.is_none() && old.generated.is_some() => Some(
                "until here nobody writes it, from here on whoever leaves it out leaves it empty",
            ),
            "identity" if bare => Some("rows that leave the column out get no number from here on"),
            "identity" if always(self) && !always(old) && old.identity.is_some() => {
                Some("rows that give the column a value of their own are rejected from here on")
            }
            _ => None,
        }
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        match attribute {
            "type" | "collation" => Alter::Disturbing(self.retype(old)),
            "default" => Alter::InPlace(vec![match self.default() {
                Some(e) => sql!("{} SET DEFAULT {}", self.alter_only(), Deparsed(e)),
                // DROP EXPRESSION has already taken it away.
                None if old.default().is_none() => return Alter::InPlace(Vec::new()),
                None => sql!("{} DROP DEFAULT", self.alter_only()),
            }]),
            "generated" => self.alter_generated(old),
            "not null" if self.not_null.is_none() => Alter::AfterDrops(self.alter_not_null(old)),
            "not null" => Alter::InPlace(self.alter_not_null(old)),
            "identity" => Alter::InPlace(self.alter_identity(old)),
            // It comes with the type.
            "storage" if self.data_type != old.data_type && self.has_storage_of_type() => {
                Alter::InPlace(Vec::new())
            }
            "storage" => Alter::InPlace(self.set_storage()),
            "compression" => Alter::InPlace(self.set_compression()),
            "statistics target" => Alter::InPlace(self.set_statistics()),
            "options" => {
                let (set, reset) = super::table::option_changes(&old.options, &self.options);
                let set = set.map(|o| sql!("{} SET ({})", self.alter_only(), o));
                let reset = reset.map(|o| sql!("{} RESET ({})", self.alter_only(), o));
                Alter::InPlace(set.into_iter().chain(reset).collect())
            }
            "foreign options" => {
                let change = generic_options::changes(&old.foreign_options, &self.foreign_options);
                let table = self.table_name();
                let change = change.map(|change| {
                    sql!(
                        "ALTER FOREIGN TABLE {} ALTER COLUMN {} {}",
                        table,
                        self.name,
                        change
                    )
                });
                Alter::InPlace(change.into_iter().collect())
            }
            // Attaching and detaching decide it; nothing else can.
            _ => Alter::InPlace(Vec::new()),
        }
    }

    fn take_down(&self, of: &Object) -> TakeDown {
        let computed_from = matches!(of.tag(), KindTag::Column | KindTag::Function);
        let falls = self.generated.is_some() && computed_from;
        if falls || Some(of.id()) == self.parent() {
            return TakeDown::Replace;
        }
        self.step_aside(of)
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let table = self.table_name();
        match verb {
            Verb::Create => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "SELECT * from {table} returns one column more; COPY and INSERT without a \
                     column list, and prepared SELECT *, can fail"
                ),
            )],
            Verb::Drop => {
                let loss = (!self.on_foreign_table).then(|| {
                    Hazard::declared(
                        HazardKind::DataLoss,
                        format!("the values of {table}.{} are lost", self.name),
                    )
                });
                let queries = Hazard::declared(
                    HazardKind::BreaksQueries,
                    format!("queries that name {table}.{} fail", self.name),
                );
                loss.into_iter().chain([queries]).collect()
            }
        }
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        match self.generated {
            None if !self.on_foreign_table => Some("the column's values are gone"),
            _ => None,
        }
    }
}
