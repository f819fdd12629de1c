//! Extended statistics: CREATE STATISTICS, of tables and of materialized views.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment, text};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    pub schema: Ident,
    pub name: Ident,
    pub table: Qualified,
    #[serde(default)]
    pub on_materialized_view: bool,
    /// `ndistinct`, `dependencies`, `mcv`; none for a single expression.
    pub kinds: Vec<String>,
    /// By name: the server keeps them in the order of the table.
    pub columns: Vec<Ident>,
    pub expressions: Vec<String>,
    /// What ANALYZE collects; `None` for the default of the columns.
    pub target: Option<i32>,
}

impl Statistics {
    /// The same statistics on a relation called `table` in the same schema.
    pub fn moved(&self, table: &Ident, name: &Ident) -> Self {
        let table = Qualified {
            schema: self.table.schema.clone(),
            name: table.clone(),
        };
        Self {
            name: name.clone(),
            table,
            ..self.clone()
        }
    }

    fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    /// What is forgotten when the server makes them again.
    pub fn target_again(&self) -> Option<Sql> {
        self.target.map(|_| self.set_target())
    }

    fn set_target(&self) -> Sql {
        let target = self.target.unwrap_or(-1);
        sql!(
            "ALTER STATISTICS {} SET STATISTICS {}",
            self.qualified(),
            target
        )
    }
}

impl Kind for Statistics {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 3381::bigint AS classid
                  , s.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , s.stxname AS name
                  , json_build_object('schema', tn.nspname, 'name', t.relname) AS \"table\"
                  , t.relkind = 'm' AS on_materialized_view
                  , coalesce((SELECT json_agg(k.name ORDER BY k.name)
                       FROM (VALUES ('d', 'ndistinct'), ('f', 'dependencies'), ('m', 'mcv')) k (letter, name)
                      WHERE k.letter = ANY (s.stxkind::text[])), '[]') AS kinds
                  , coalesce((SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
                               WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys::int2[])), '[]') AS columns
                  , coalesce(to_json(pg_get_statisticsobjdef_expressions(s.oid)), '[]') AS expressions
                  , nullif(s.stxstattarget, -1) AS target
               FROM pg_statistic_ext s
               JOIN pg_namespace n ON n.oid = s.stxnamespace
               JOIN pg_class t ON t.oid = s.stxrelid
               JOIN pg_namespace tn ON tn.oid = t.relnamespace
              WHERE t.relkind IN ('r', 'p', 'm', 'f') AND {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_statistic_ext", "s.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_statistic_ext")
    }

    fn id(&self) -> ObjectId {
        let path = [self.schema.raw(), self.name.raw()];
        ObjectId::new(KindTag::Statistics, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        let kind = super::rows_kind(self.on_materialized_view);
        Some(super::relation_id(kind, &self.table))
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![ObjectId::new(KindTag::Schema, [self.schema.raw()])]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            table,
            on_materialized_view: _, // its parent says so
            kinds,
            columns,
            expressions,
            target,
        } = self;
        vec![
            attr("table", table),
            attr("kinds", kinds),
            attr("columns", columns),
            text("expressions", expressions),
            attr("target", target),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let kinds: Vec<Sql> = self
            .kinds
            .iter()
            .map(|kind| sql!("{}", Deparsed(kind)))
            .collect();
        let kinds = match kinds.is_empty() {
            true => Sql::constant(""),
            false => sql!(" ({})", List::comma(kinds)),
        };
        let columns = self.columns.iter().map(|column| sql!("{}", column));
        let expressions = self.expressions.iter();
        let expressions = expressions.map(|expression| sql!("({})", Deparsed(expression)));
        let mut statements = vec![sql!(
            "CREATE STATISTICS {}{} ON {} FROM {}",
            self.qualified(),
            kinds,
            List::comma(columns.chain(expressions)),
            self.table
        )];
        if self.target.is_some() {
            statements.push(self.set_target());
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP STATISTICS {}", self.qualified())]
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        match attribute {
            "target" => Alter::InPlace(vec![self.set_target()]),
            _ => Alter::Replace {
                why: "no statement changes what statistics are about",
            },
        }
    }

    /// A column whose type changes in place takes its statistics along.
    fn survives_change(&self) -> bool {
        true
    }
}
