//! Triggers, constraint triggers too.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    pub on_view: bool,
    pub constraint: bool,
    /// `CREATE TRIGGER …` (`pg_get_triggerdef`).
    pub definition: String,
    pub enabled: Enabled,
}

/// When a trigger fires, and a rule rewrites: by the session's `session_replication_role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enabled {
    Origin,
    Disabled,
    Replica,
    Always,
}

impl Enabled {
    /// As an expression of a query; `column` holds the letter of `pg_trigger`, `pg_rewrite`, `pg_event_trigger`.
    pub(super) fn read(column: &'static str) -> String {
        format!(
            "CASE {column} WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' ELSE 'origin' END"
        )
    }

    /// What ALTER says before the kind.
    pub(super) fn word(self) -> Word {
        Word(match self {
            Self::Origin => "ENABLE",
            Self::Disabled => "DISABLE",
            Self::Replica => "ENABLE REPLICA",
            Self::Always => "ENABLE ALWAYS",
        })
    }

    /// Whether it does what it says in the sessions of an application.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Origin | Self::Always)
    }
}

impl Trigger {
    /// Whether it fires for an UPDATE, whichever columns that sets.
    pub fn fires_on_any_update(&self) -> bool {
        let events = [
            format!("CREATE TRIGGER {} ", self.name),
            format!("CREATE CONSTRAINT TRIGGER {} ", self.name),
        ]
        .iter()
        .find_map(|head| self.definition.strip_prefix(head.as_str()))
        .and_then(|rest| rest.split(" ON ").next())
        .unwrap_or_default();
        let active = matches!(self.enabled, Enabled::Origin | Enabled::Always);
        active && events.contains("UPDATE") && !events.contains("UPDATE OF ")
    }

    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    fn set_enabled(&self) -> Sql {
        let (table, word) = (self.table_name(), self.enabled.word());
        sql!("ALTER TABLE {} {} TRIGGER {}", table, word, self.name)
    }

    /// `CREATE OR REPLACE TRIGGER`: of all ways to change one the only that does not block reads.
    fn create_or_replace(&self) -> Option<Sql> {
        let rest = self.definition.strip_prefix("CREATE TRIGGER ")?;
        Some(sql!("CREATE OR REPLACE TRIGGER {}", Deparsed(rest)))
    }
}

impl Kind for Trigger {
    fn query(_: ServerVersion) -> String {
        // The clones of a partitioned table's trigger follow it.
        format!(
            "SELECT 2620::bigint AS classid
                  , t.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , t.tgname AS name
                  , c.relkind = 'v' AS on_view
                  , t.tgconstraint <> 0 AS constraint
                  , pg_get_triggerdef(t.oid) AS definition
                  , {} AS enabled
               FROM pg_trigger t
               JOIN pg_class c ON c.oid = t.tgrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE NOT t.tgisinternal AND t.tgparentid = 0
                AND c.relkind IN ('r', 'p', 'v', 'f') AND c.relpersistence <> 't' AND {} AND {}",
            Enabled::read("t.tgenabled"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_trigger", "t.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_trigger WHERE NOT tgisinternal")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Trigger,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let kind = if self.on_view {
            KindTag::View
        } else {
            KindTag::Table
        };
        Some(ObjectId::new(kind, [self.schema.raw(), self.table.raw()]))
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            on_view: _,
            constraint,
            definition,
            enabled,
        } = self;
        vec![
            attr("constraint trigger", constraint),
            text("definition", definition),
            attr("enabled", enabled),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = vec![Sql::deparsed(self.definition.clone())];
        if self.enabled != Enabled::Origin {
            statements.push(self.set_enabled());
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP TRIGGER {} ON {}", self.name, self.table_name())]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let stops = attribute == "enabled" && old.enabled.is_active() && !self.enabled.is_active();
        // CREATE OR REPLACE says both.
        let alone = self.definition == old.definition;
        (stops && alone).then_some("what it does is not done any more from here on")
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        match (attribute, self.create_or_replace()) {
            ("enabled", _) => Alter::InPlace(vec![self.set_enabled()]),
            ("definition", Some(replace)) => {
                // Replacing enables the trigger again.
                let mut statements = vec![replace];
                if self.enabled != Enabled::Origin {
                    statements.push(self.set_enabled());
                }
                Alter::InPlace(statements)
            }
            _ => Alter::Replace {
                why: "a constraint trigger cannot be replaced in place",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "{} is no longer run for writes to {}",
                    self.name,
                    self.table_name()
                ),
            )],
        }
    }
}
