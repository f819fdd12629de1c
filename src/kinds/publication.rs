//! Publications. The tables and schemas that they are of are objects of their own.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::sql::{List, Word};
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    pub name: Ident,
    pub all_tables: bool,
    /// Of `insert`, `update`, `delete`, `truncate`.
    pub publish: Vec<String>,
    /// Changes of partitions are published as those of the topmost table.
    pub via_root: bool,
    /// `none`, `stored` (18); always none before.
    pub generated_columns: String,
}

/// What is published unless it is said.
const EVERYTHING: [&str; 4] = ["insert", "update", "delete", "truncate"];

impl Publication {
    pub fn publishes(&self, what: &str) -> bool {
        self.publish.iter().any(|p| p == what)
    }

    fn publish(&self) -> Sql {
        sql!("publish = {}", Literal(&self.publish.join(", ")))
    }

    fn via_root(&self) -> Sql {
        let value = Word(if self.via_root { "true" } else { "false" });
        sql!("publish_via_partition_root = {}", value)
    }

    fn generated_columns(&self) -> Sql {
        sql!(
            "publish_generated_columns = {}",
            Literal(&self.generated_columns)
        )
    }
}

impl Kind for Publication {
    fn query(version: ServerVersion) -> String {
        let generated = if version >= ServerVersion::V18 {
            "CASE p.pubgencols WHEN 's' THEN 'stored' ELSE 'none' END"
        } else {
            "'none'"
        };
        format!(
            "SELECT 'pg_publication'::regclass::oid::bigint AS classid
                  , p.oid::bigint AS objid
                  , 0 AS objsubid
                  , p.pubname AS name
                  , p.puballtables AS all_tables
                  , array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END
                                     , CASE WHEN p.pubupdate THEN 'update' END
                                     , CASE WHEN p.pubdelete THEN 'delete' END
                                     , CASE WHEN p.pubtruncate THEN 'truncate' END], NULL) AS publish
                  , p.pubviaroot AS via_root
                  , {generated} AS generated_columns
               FROM pg_publication p
              WHERE {}",
            fragment::not_member("pg_publication", "p.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_publication")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Publication, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            all_tables,
            publish,
            via_root,
            generated_columns,
        } = self;
        vec![
            attr("all tables", all_tables),
            attr("publish", publish),
            attr("via partition root", via_root),
            attr("generated columns", generated_columns),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let of = Word(if self.all_tables {
            " FOR ALL TABLES"
        } else {
            ""
        });
        let mut options = Vec::new();
        if self.publish != EVERYTHING {
            options.push(self.publish());
        }
        if self.via_root {
            options.push(self.via_root());
        }
        if self.generated_columns != "none" {
            options.push(self.generated_columns());
        }
        let options = match options.is_empty() {
            true => Sql::constant(""),
            false => sql!(" WITH ({})", List::comma(options)),
        };
        vec![sql!("CREATE PUBLICATION {}{}{}", self.name, of, options)]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP PUBLICATION {}", self.name)]
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let fewer = old.publish.iter().any(|what| !self.publishes(what));
        let less = attribute == "publish" && fewer;
        less.then_some("subscribers get fewer changes from here on")
    }

    fn alter(&self, _: &Self, attribute: &str) -> Alter {
        let option = match attribute {
            "publish" => self.publish(),
            "via partition root" => self.via_root(),
            "generated columns" => self.generated_columns(),
            _ => {
                return Alter::Replace {
                    why: "no statement makes a publication one of all tables, or the reverse",
                };
            }
        };
        Alter::InPlace(vec![sql!(
            "ALTER PUBLICATION {} SET ({})",
            self.name,
            option
        )])
    }

    fn needs_superuser(&self) -> bool {
        self.all_tables
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => Vec::new(),
            Verb::Drop => vec![Hazard::declared(
                HazardKind::Replication,
                format!(
                    "the subscribers of {} stop (\"publication does not exist\")",
                    self.name
                ),
            )],
        }
    }
}
