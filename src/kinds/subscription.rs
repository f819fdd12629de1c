//! Subscriptions of logical replication.
//!
//! Their connection is never read and in no plan: it may hold a password. So a plan makes one as pg_dump writes it, not
//! connected, and whether one is enabled is not compared (manual, CREATE SUBSCRIPTION, pg_dump "Notes"). On scratch none
//! connects to anything ([`scratch::privileged`](crate::scratch::privileged)).

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::List;
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    pub name: Ident,
    /// As they were written; their order means nothing.
    pub publications: Vec<Ident>,
    /// That of the publisher; none where there is none.
    pub slot: Option<String>,
    /// What WITH gives, by name: `binary`, `streaming`, `synchronous_commit`; 15: `two_phase`, `disable_on_error`; 16:
    /// `password_required`, `run_as_owner`, `origin`; 17: `failover`.
    pub options: BTreeMap<String, String>,
}

/// The options that a statement changes on the publisher as well.
const OF_THE_PUBLISHER: [&str; 2] = ["two_phase", "failover"];

/// What is not said; `streaming` differs between versions.
const DEFAULTS: [(&str, &str); 8] = [
    ("binary", "false"),
    ("disable_on_error", "false"),
    ("failover", "false"),
    ("origin", "any"),
    ("password_required", "true"),
    ("run_as_owner", "false"),
    ("synchronous_commit", "off"),
    ("two_phase", "false"),
];

impl Subscription {
    fn publications(&self) -> Sql {
        sql!("{}", List::comma(self.publications.iter()))
    }

    fn slot(&self) -> Sql {
        match &self.slot {
            Some(slot) => sql!("slot_name = {}", Literal(slot)),
            None => Sql::constant("slot_name = NONE"),
        }
    }
}

fn assignment((name, value): (&String, &String)) -> Sql {
    sql!("{} = {}", Ident::new(name.as_str()), Literal(value))
}

impl Kind for Subscription {
    fn query(version: ServerVersion) -> String {
        let word = |column: &str| format!("CASE WHEN s.{column} THEN 'true' ELSE 'false' END");
        let streaming = match version >= ServerVersion::V16 {
            true => "CASE s.substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' ELSE 'off' END"
                .to_owned(),
            false => "CASE WHEN s.substream THEN 'on' ELSE 'off' END".to_owned(),
        };
        let mut options = vec![
            ("binary", word("subbinary")),
            ("streaming", streaming),
            ("synchronous_commit", "s.subsynccommit".to_owned()),
        ];
        if version >= ServerVersion::V15 {
            let two_phase = "CASE s.subtwophasestate WHEN 'd' THEN 'false' ELSE 'true' END";
            options.push(("two_phase", two_phase.to_owned()));
            options.push(("disable_on_error", word("subdisableonerr")));
        }
        if version >= ServerVersion::V16 {
            options.push(("password_required", word("subpasswordrequired")));
            options.push(("run_as_owner", word("subrunasowner")));
            options.push(("origin", "s.suborigin".to_owned()));
        }
        if version >= ServerVersion::V17 {
            options.push(("failover", word("subfailover")));
        }
        let options: Vec<String> = options
            .into_iter()
            .map(|(name, value)| format!("'{name}', {value}"))
            .collect();
        format!(
            "SELECT 'pg_subscription'::regclass::oid::bigint AS classid
                  , s.oid::bigint AS objid
                  , 0 AS objsubid
                  , s.subname AS name
                  , to_json(s.subpublications) AS publications
                  , s.subslotname AS slot
                  , json_build_object({}) AS options
               FROM pg_subscription s
              WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND {}",
            options.join(", "),
            fragment::not_member("pg_subscription", "s.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_subscription")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Subscription, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            publications,
            slot,
            options,
        } = self;
        let mut publications: Vec<&Ident> = publications.iter().collect();
        publications.sort();
        vec![
            attr("publications", publications),
            attr("slot", slot),
            attr("options", options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let said = |(name, value): &(&String, &String)| {
            !DEFAULTS.contains(&(name.as_str(), value.as_str()))
        };
        let options = self.options.iter().filter(said).map(assignment);
        let options = std::iter::once(self.slot()).chain(options);
        vec![sql!(
            "CREATE SUBSCRIPTION {} CONNECTION '' PUBLICATION {} WITH (connect = false, {})",
            self.name,
            self.publications(),
            List::comma(options)
        )]
    }

    /// The slot stays: what the publisher does is in no transaction of ours.
    fn drop(&self) -> Vec<Sql> {
        let mut statements = Vec::new();
        if self.slot.is_some() {
            statements.push(sql!("ALTER SUBSCRIPTION {} DISABLE", self.name));
            statements.push(sql!(
                "ALTER SUBSCRIPTION {} SET (slot_name = NONE)",
                self.name
            ));
        }
        statements.push(sql!("DROP SUBSCRIPTION {}", self.name));
        statements
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let fewer = old
            .publications
            .iter()
            .any(|p| !self.publications.contains(p));
        let less = attribute == "publications" && fewer;
        less.then_some("tables of what goes are not kept up to date from here on")
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let change = match attribute {
            "publications" => sql!(
                "SET PUBLICATION {} WITH (refresh = false)",
                self.publications()
            ),
            "slot" => sql!("SET ({})", self.slot()),
            _ => {
                let differs =
                    |(name, value): &(&String, &String)| old.options.get(*name) != Some(value);
                let changed: Vec<(&String, &String)> =
                    self.options.iter().filter(differs).collect();
                if changed
                    .iter()
                    .any(|(name, _)| OF_THE_PUBLISHER.contains(&name.as_str()))
                {
                    return Alter::Impossible {
                        why: "two_phase and failover of a subscription are changed on the publisher as well, outside \
                              of any transaction: change them by hand (ALTER SUBSCRIPTION … DISABLE, SET (…), ENABLE)",
                    };
                }
                sql!("SET ({})", List::comma(changed.into_iter().map(assignment)))
            }
        };
        // A slot that another subscription does not follow any more is let go of.
        let disable = attribute == "slot" && self.slot.is_none();
        let disable = disable.then(|| sql!("ALTER SUBSCRIPTION {} DISABLE", self.name));
        let change = sql!("ALTER SUBSCRIPTION {} {}", self.name, change);
        Alter::InPlace(disable.into_iter().chain([change]).collect())
    }

    fn needs_superuser(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let name = &self.name;
        let text = match (verb, &self.slot) {
            (Verb::Create, slot) => {
                let make = match slot {
                    Some(slot) => format!(
                        "pg_create_logical_replication_slot({}, 'pgoutput') on the publisher, ",
                        Literal(slot)
                    ),
                    None => String::new(),
                };
                format!(
                    "subscription {name} does nothing yet, for no plan holds its connection: {make}ALTER SUBSCRIPTION \
                     {name} CONNECTION '…', ENABLE, REFRESH PUBLICATION by hand"
                )
            }
            (Verb::Drop, Some(slot)) => format!(
                "changes no longer arrive; slot {slot} stays on the publisher and keeps its WAL, until \
                 pg_drop_replication_slot({}) there",
                Literal(slot)
            ),
            (Verb::Drop, None) => "changes no longer arrive".to_owned(),
        };
        vec![Hazard::declared(HazardKind::Replication, text)]
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        Some("its connection is in no plan")
    }
}
