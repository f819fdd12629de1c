//! Rewrite rules. The rule `_RETURN` of a view is the view itself.

use super::trigger::Enabled;
use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    /// What it stands on.
    pub on: On,
    pub event: Event,
    /// DO INSTEAD: the statement itself is not run.
    pub instead: bool,
    /// `CREATE RULE …` (`pg_get_ruledef`).
    pub definition: String,
    pub enabled: Enabled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    Table,
    View,
    MaterializedView,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Event {
    Insert,
    Update,
    Delete,
}

impl Event {
    pub fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl Rule {
    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    /// Whether it rewrites what an ordinary session sends.
    pub fn is_active(&self) -> bool {
        self.enabled.is_active()
    }

    fn set_enabled(&self) -> Sql {
        let (table, word) = (self.table_name(), self.enabled.word());
        sql!("ALTER TABLE {} {} RULE {}", table, word, self.name)
    }
}

impl Kind for Rule {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 2618::bigint AS classid
                  , r.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , r.rulename AS name
                  , CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized-view' ELSE 'table' END AS \"on\"
                  , CASE r.ev_type WHEN '2' THEN 'UPDATE' WHEN '4' THEN 'DELETE' ELSE 'INSERT' END AS event
                  , r.is_instead AS instead
                  , rtrim(pg_get_ruledef(r.oid), ';') AS definition
                  , {} AS enabled
               FROM pg_rewrite r
               JOIN pg_class c ON c.oid = r.ev_class
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE r.ev_type <> '1' AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relpersistence <> 't'
                AND {} AND {} AND {}",
            Enabled::read("r.ev_enabled"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
            fragment::not_member("pg_rewrite", "r.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_rewrite WHERE ev_type <> '1' AND ev_class >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Rule,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let kind = match self.on {
            On::Table => KindTag::Table,
            On::View => KindTag::View,
            On::MaterializedView => KindTag::MaterializedView,
        };
        Some(ObjectId::new(kind, [self.schema.raw(), self.table.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            on: _, // its parent says so
            // Parts of the definition.
            event: _,
            instead: _,
            definition,
            enabled,
        } = self;
        vec![text("definition", definition), attr("enabled", enabled)]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![Sql::deparsed(self.definition.clone())];
        if self.enabled != Enabled::Origin {
            statements.push(self.set_enabled());
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP RULE {} ON {}", self.name, self.table_name())]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let stops = attribute == "enabled" && old.enabled.is_active() && !self.enabled.is_active();
        stops.then_some("what it does is not done any more from here on")
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        let replace = self.definition.strip_prefix("CREATE RULE ");
        match (attribute, replace) {
            ("enabled", _) => Alter::InPlace(vec![self.set_enabled()]),
            // It stays enabled or disabled as it was.
            (_, Some(rest)) => {
                Alter::InPlace(vec![sql!("CREATE OR REPLACE RULE {}", Deparsed(rest))])
            }
            (_, None) => Alter::Replace {
                why: "its definition is written otherwise than CREATE RULE",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let (event, table, name) = (self.event.name(), self.table_name(), &self.name);
        let text = match (verb, self.instead) {
            (Verb::Create, true) => format!(
                "{event} on {table} does what rule {name} says instead; ON CONFLICT and MERGE do not \
                 work on a table with such a rule"
            ),
            (Verb::Create, false) => format!(
                "{event} on {table} does what rule {name} says as well; ON CONFLICT and MERGE do not \
                 work on a table with such a rule"
            ),
            (Verb::Drop, true) => {
                format!("{event} on {table} no longer does what rule {name} said instead")
            }
            (Verb::Drop, false) => {
                format!("{event} on {table} no longer does what rule {name} said as well")
            }
        };
        vec![Hazard::declared(HazardKind::BreaksQueries, text)]
    }
}
