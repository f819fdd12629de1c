//! Event triggers.
//!
//! On scratch they have an event that never happens ([`DISARMED`]): their functions are the user's code, and everything a
//! rehearsal does would run them.

use super::trigger::Enabled;
use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

/// How the event begins of those that are made on scratch.
pub const DISARMED: &str = "disarmed:";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventTrigger {
    pub name: Ident,
    /// `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login` (17).
    pub event: String,
    /// The commands that it fires for, sorted; none for all.
    pub tags: Vec<String>,
    pub function: Qualified,
    pub enabled: Enabled,
}

impl EventTrigger {
    /// Whether it fires in the sessions of an application.
    pub fn fires(&self) -> bool {
        self.enabled.is_active()
    }

    fn set_enabled(&self) -> Sql {
        sql!("ALTER EVENT TRIGGER {} {}", self.name, self.enabled.word())
    }
}

impl Kind for EventTrigger {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_event_trigger'::regclass::oid::bigint AS classid
                  , v.oid::bigint AS objid
                  , 0 AS objsubid
                  , v.evtname AS name
                  , regexp_replace(v.evtevent, '^{DISARMED}', '') AS event
                  , coalesce((SELECT json_agg(t.tag ORDER BY t.tag) FROM unnest(v.evttags) t (tag)), '[]') AS tags
                  , json_build_object('schema', n.nspname, 'name', p.proname) AS function
                  , {} AS enabled
               FROM pg_event_trigger v
               JOIN pg_proc p ON p.oid = v.evtfoid
               JOIN pg_namespace n ON n.oid = p.pronamespace
              WHERE {}",
            Enabled::read("v.evtenabled"),
            fragment::not_member("pg_event_trigger", "v.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_event_trigger")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::EventTrigger, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            event,
            tags,
            function,
            enabled,
        } = self;
        vec![
            attr("event", event),
            attr("tags", tags),
            attr("function", function),
            attr("enabled", enabled),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let tags = match self.tags.is_empty() {
            true => Sql::constant(""),
            false => {
                let tags = List::comma(self.tags.iter().map(|tag| Literal(tag)));
                sql!(" WHEN TAG IN ({})", tags)
            }
        };
        let mut statements = vec![sql!(
            "CREATE EVENT TRIGGER {} ON {}{} EXECUTE FUNCTION {}()",
            self.name,
            Deparsed(&self.event),
            tags,
            self.function
        )];
        if self.enabled != Enabled::Origin {
            statements.push(self.set_enabled());
        }
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP EVENT TRIGGER {}", self.name)]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let stops = attribute == "enabled" && old.enabled.is_active() && !self.enabled.is_active();
        stops.then_some("what it does is not done any more from here on")
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        match attribute {
            "enabled" => Alter::InPlace(vec![self.set_enabled()]),
            _ => Alter::Replace {
                why: "ALTER EVENT TRIGGER changes nothing but whether it fires",
            },
        }
    }

    fn needs_superuser(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let (name, function) = (&self.name, &self.function);
        let text = match (verb, self.event.as_str()) {
            (Verb::Create, _) if !self.fires() => return Vec::new(),
            (Verb::Create, "login") => format!(
                "{function} runs at every login from here on: where it fails, nobody logs in (on scratch it does not \
                 run)"
            ),
            (Verb::Create, event) => format!(
                "{function} runs at every {event} from here on, also of the statements of this plan: where it fails, \
                 they fail (on scratch it does not run)"
            ),
            (Verb::Drop, event) => format!("{name} no longer runs {function} at {event}"),
        };
        vec![Hazard::declared(HazardKind::BreaksQueries, text)]
    }
}
