//! Views.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub schema: Ident,
    pub name: Ident,
    pub query: String,
    /// `security_barrier=true`, `security_invoker=true`, `check_option=local`.
    pub options: Vec<String>,
    pub columns: Vec<ViewColumn>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewColumn {
    pub name: Ident,
    pub data_type: String,
    pub default_expr: Option<String>,
}

impl View {
    pub fn has_column(&self, name: &Ident) -> bool {
        self.columns.iter().any(|c| c.name == *name)
    }

    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn create_or_replace(&self) -> Sql {
        let mut head = sql!("CREATE OR REPLACE VIEW {}", self.qualified());
        if !self.options.is_empty() {
            head = sql!(
                "{} WITH ({})",
                head,
                super::table::options_list(&self.options)
            );
        }
        sql!("{} AS\n{}", head, Deparsed(&self.query))
    }

    fn set_default(&self, column: &ViewColumn) -> Sql {
        let head = sql!(
            "ALTER VIEW {} ALTER COLUMN {}",
            self.qualified(),
            column.name
        );
        match &column.default_expr {
            Some(e) => sql!("{} SET DEFAULT {}", head, Deparsed(e)),
            None => sql!("{} DROP DEFAULT", head),
        }
    }

    fn defaults(&self) -> Vec<(&Ident, &String)> {
        self.columns
            .iter()
            .filter_map(|c| Some((&c.name, c.default_expr.as_ref()?)))
            .collect()
    }
}

impl Kind for View {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1259::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , rtrim(pg_get_viewdef(c.oid), ';') AS query
                  , coalesce((SELECT json_agg(o ORDER BY o) FROM unnest(c.reloptions) o), '[]') AS options
                  , coalesce((SELECT json_agg(json_build_object('name', a.attname
                                   , 'data_type', format_type(a.atttypid, a.atttypmod)
                                   , 'default_expr', pg_get_expr(d.adbin, d.adrelid)) ORDER BY a.attnum)
                                FROM pg_attribute a
                                LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
                           , '[]') AS columns
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind = 'v' AND c.relpersistence <> 't' AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relkind = 'v' AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::View, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    fn names(&self) -> Vec<super::Name> {
        super::relation_names(&self.schema, &self.name, true)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            query,
            options,
            columns,
        } = self;
        let types: Vec<_> = columns
            .iter()
            .map(
                |ViewColumn {
                     name,
                     data_type,
                     default_expr: _,
                 }| (name, data_type),
            )
            .collect();
        vec![
            text("query", query),
            attr("options", options),
            attr("columns", types),
            text("column defaults", self.defaults()),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut head = sql!("CREATE VIEW {}", self.qualified());
        if !self.options.is_empty() {
            head = sql!(
                "{} WITH ({})",
                head,
                super::table::options_list(&self.options)
            );
        }
        let mut statements = vec![sql!("{} AS\n{}", head, Deparsed(&self.query))];
        let defaults = self.columns.iter().filter(|c| c.default_expr.is_some());
        statements.extend(defaults.map(|c| self.set_default(c)));
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP VIEW {}", self.qualified())]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let checks = |view: &Self| view.options.iter().any(|o| o.starts_with("check_option="));
        let bare = |name: &Ident| {
            self.columns
                .iter()
                .any(|c| c.name == *name && c.default_expr.is_none())
        };
        let mut with_default = old.columns.iter().filter(|c| c.default_expr.is_some());
        match attribute {
            // CREATE OR REPLACE says both.
            "options" if checks(self) && !checks(old) && self.query == old.query => {
                Some("rows that the view would not show are rejected from here on")
            }
            "column defaults" if with_default.any(|c| bare(&c.name)) => {
                Some("rows that leave the column out get no value from here on")
            }
            _ => None,
        }
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let same = |a: &ViewColumn, b: &ViewColumn| a.name == b.name && a.data_type == b.data_type;
        match attribute {
            "options" => {
                let (set, reset) = super::table::option_changes(&old.options, &self.options);
                let set = set.map(|o| sql!("ALTER VIEW {} SET ({})", self.qualified(), o));
                let reset = reset.map(|o| sql!("ALTER VIEW {} RESET ({})", self.qualified(), o));
                Alter::InPlace(set.into_iter().chain(reset).collect())
            }
            "column defaults" => {
                let changed = self.columns.iter().filter(|c| {
                    let before = old.columns.iter().find(|o| o.name == c.name);
                    before.and_then(|b| b.default_expr.as_ref()) != c.default_expr.as_ref()
                });
                Alter::InPlace(changed.map(|c| self.set_default(c)).collect())
            }
            _ if self.columns.len() >= old.columns.len()
                && old
                    .columns
                    .iter()
                    .zip(&self.columns)
                    .all(|(a, b)| same(a, b)) =>
            {
                Alter::InPlace(vec![self.create_or_replace()])
            }
            _ => Alter::Replace {
                why: "CREATE OR REPLACE VIEW can only append columns",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that name {} fail", self.qualified()),
            )],
        }
    }
}
