//! Materialized views. What is in them is data: it is as of the last REFRESH, and no statement of ours
//! refreshes one that is there.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaterializedView {
    pub schema: Ident,
    pub name: Ident,
    pub query: String,
    /// Storage parameters, `name=value`, those of the TOAST table as `toast.name=value`.
    pub options: Vec<String>,
    pub access_method: Option<String>,
    /// Its query was run: it can be read. Of one that is there live decides ([`Kind::keep`]).
    pub populated: bool,
    pub columns: Vec<StoredColumn>,
}

/// A column with what `ALTER MATERIALIZED VIEW … ALTER COLUMN` sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredColumn {
    pub name: Ident,
    pub data_type: String,
    /// Where it is not that of the type.
    pub storage: Option<String>,
    pub type_storage: String,
    pub compression: Option<String>,
    pub statistics: Option<i32>,
    pub options: Vec<String>,
}

impl MaterializedView {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn alter_this(&self) -> Sql {
        sql!("ALTER MATERIALIZED VIEW {}", self.qualified())
    }

    fn custom_access_method(&self) -> Option<Ident> {
        let custom = self.access_method.as_deref().filter(|m| *m != "heap");
        custom.map(Ident::new)
    }

    /// The statement that makes it; [`MaterializedView::settings`] come after it.
    pub fn create_alone(&self) -> Sql {
        let mut head = sql!("CREATE MATERIALIZED VIEW {}", self.qualified());
        if let Some(method) = self.custom_access_method() {
            head = sql!("{} USING {}", head, method);
        }
        if !self.options.is_empty() {
            let options = super::table::options_list(&self.options);
            head = sql!("{} WITH ({})", head, options);
        }
        let data = Word(match self.populated {
            true => "WITH DATA",
            false => "WITH NO DATA",
        });
        sql!("{} AS\n{}\n{}", head, Deparsed(&self.query), data)
    }

    /// What CREATE MATERIALIZED VIEW cannot say.
    pub fn settings(&self) -> Vec<Sql> {
        let mut statements = Vec::new();
        for column in &self.columns {
            if column.storage.is_some() {
                statements.push(self.set_storage(column));
            }
            if column.compression.is_some() {
                statements.push(self.set_compression(column));
            }
            if column.statistics.is_some() {
                statements.push(self.set_statistics(column));
            }
            if !column.options.is_empty() {
                let options = super::table::options_list(&column.options);
                statements.push(sql!("{} SET ({})", self.alter_column(column), options));
            }
        }
        statements
    }

    fn alter_column(&self, column: &StoredColumn) -> Sql {
        sql!("{} ALTER COLUMN {}", self.alter_this(), column.name)
    }

    fn set_storage(&self, column: &StoredColumn) -> Sql {
        let storage = column.storage.as_ref().unwrap_or(&column.type_storage);
        sql!(
            "{} SET STORAGE {}",
            self.alter_column(column),
            Ident::new(storage)
        )
    }

    fn set_compression(&self, column: &StoredColumn) -> Sql {
        // DEFAULT is a key word here and not a name.
        let method = column.compression.as_deref().unwrap_or("default");
        sql!(
            "{} SET COMPRESSION {}",
            self.alter_column(column),
            Deparsed(method)
        )
    }

    fn set_statistics(&self, column: &StoredColumn) -> Sql {
        sql!(
            "{} SET STATISTICS {}",
            self.alter_column(column),
            column.statistics.unwrap_or(-1)
        )
    }

    /// The columns with those of `old` of the same place, where `differs` holds.
    fn changed<'a>(
        &'a self,
        old: &'a Self,
        differs: impl Fn(&StoredColumn, &StoredColumn) -> bool,
    ) -> impl Iterator<Item = (&'a StoredColumn, &'a StoredColumn)> {
        let pairs = self.columns.iter().zip(&old.columns);
        pairs.filter(move |(new, old)| differs(new, old))
    }

    /// A setting of the columns that have one, by name.
    fn by_column<'a, T>(
        &'a self,
        setting: impl Fn(&'a StoredColumn) -> Option<T>,
    ) -> Vec<(&'a Ident, T)> {
        let columns = self.columns.iter();
        columns
            .filter_map(|c| Some((&c.name, setting(c)?)))
            .collect()
    }
}

impl Kind for MaterializedView {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1259::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , rtrim(pg_get_viewdef(c.oid), ';') AS query
                  , {storage_parameters} AS options
                  , am.amname AS access_method
                  , c.relispopulated AS populated
                  , coalesce((SELECT json_agg(json_build_object('name', a.attname
                                   , 'data_type', format_type(a.atttypid, a.atttypmod)
                                   , 'storage', CASE WHEN a.attstorage <> t.typstorage THEN {own} END
                                   , 'type_storage', {of_type}
                                   , 'compression', CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END
                                   , 'statistics', nullif(a.attstattarget, -1)
                                   , 'options', coalesce(to_json(a.attoptions), '[]')) ORDER BY a.attnum)
                                FROM pg_attribute a
                                JOIN pg_type t ON t.oid = a.atttypid
                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
                           , '[]') AS columns
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
               LEFT JOIN pg_am am ON am.oid = c.relam
              WHERE c.relkind = 'm' AND c.relpersistence <> 't' AND {user} AND {not_member}",
            own = fragment::storage_name("a.attstorage"),
            of_type = fragment::storage_name("t.typstorage"),
            user = fragment::USER_SCHEMA,
            not_member = fragment::not_member("pg_class", "c.oid"),
            storage_parameters = fragment::STORAGE_PARAMETERS,
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relkind = 'm' AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::MaterializedView, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn names(&self) -> Vec<super::Name> {
        super::relation_names(&self.schema, &self.name, true)
    }

    fn keep(&mut self, live: &Self) {
        self.populated = live.populated;
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            query,
            options,
            access_method,
            populated: _, // data
            columns,
        } = self;
        let types: Vec<_> = columns
            .iter()
            .map(
                |StoredColumn {
                     name,
                     data_type,
                     storage: _,
                     type_storage: _,
                     compression: _,
                     statistics: _,
                     options: _,
                 }| (name, data_type),
            )
            .collect();
        let options_of = |c: &StoredColumn| (!c.options.is_empty()).then(|| c.options.clone());
        vec![
            text("query", query),
            attr("columns", types),
            attr("storage parameters", options),
            attr("access method", access_method),
            attr("column storage", self.by_column(|c| c.storage.as_ref())),
            attr(
                "column compression",
                self.by_column(|c| c.compression.as_ref()),
            ),
            attr("statistics targets", self.by_column(|c| c.statistics)),
            attr("column options", self.by_column(options_of)),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![self.create_alone()];
        statements.extend(self.settings());
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP MATERIALIZED VIEW {}", self.qualified())]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let this = self.alter_this();
        match attribute {
            "storage parameters" => {
                let (set, reset) = super::table::option_changes(&old.options, &self.options);
                let set = set.map(|o| sql!("{} SET ({})", this, o));
                let reset = reset.map(|o| sql!("{} RESET ({})", this, o));
                Alter::InPlace(set.into_iter().chain(reset).collect())
            }
            "column storage" => {
                let changed = self.changed(old, |a, b| a.storage != b.storage);
                Alter::InPlace(changed.map(|(c, _)| self.set_storage(c)).collect())
            }
            "column compression" => {
                let changed = self.changed(old, |a, b| a.compression != b.compression);
                Alter::InPlace(changed.map(|(c, _)| self.set_compression(c)).collect())
            }
            "statistics targets" => {
                let changed = self.changed(old, |a, b| a.statistics != b.statistics);
                Alter::InPlace(changed.map(|(c, _)| self.set_statistics(c)).collect())
            }
            "column options" => {
                let mut statements = Vec::new();
                for (c, before) in self.changed(old, |a, b| a.options != b.options) {
                    let (set, reset) = super::table::option_changes(&before.options, &c.options);
                    let column = self.alter_column(c);
                    statements.extend(set.map(|o| sql!("{} SET ({})", column, o)));
                    statements.extend(reset.map(|o| sql!("{} RESET ({})", column, o)));
                }
                Alter::InPlace(statements)
            }
            // SET ACCESS METHOD is not there before 15, and writes all rows anew as this does.
            "access method" => Alter::Replace {
                why: "its rows are written anew in another access method",
            },
            _ => Alter::Replace {
                why: "no statement changes the query of a materialized view",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let name = self.qualified();
        match verb {
            Verb::Create if self.populated => vec![Hazard::declared(
                HazardKind::LongRunning,
                format!("the query of {name} is run, and all its rows are written"),
            )],
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that name {name} fail"),
            )],
        }
    }
}
