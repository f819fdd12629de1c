//! The state of a partitioned table's trigger on one partition, where it is not that of the table above.
//!
//! The trigger itself is the partitioned table's, and comes with ATTACH in the state that it has there. Whatever ALTER
//! TABLE or CREATE OR REPLACE TRIGGER says of it there is said of all partitions (measured, 14–18): what is set below is
//! set again after it.

use super::trigger::Enabled;
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionTrigger {
    pub schema: Ident,
    /// The partition.
    pub table: Ident,
    pub name: Ident,
    pub enabled: Enabled,
    /// What it would be without this: the state that it has on the table above.
    pub usual: Enabled,
    /// The same trigger on the tables above, from the nearest to the one that it was made on.
    pub above: Vec<Above>,
}

/// A trigger of a partitioned table; before 15 a rename of it leaves those of its partitions as they were called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Above {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
}

impl Above {
    fn id(&self, kind: KindTag) -> ObjectId {
        let path = [self.schema.raw(), self.table.raw(), self.name.raw()];
        ObjectId::new(kind, path)
    }

    fn attachment(&self) -> ObjectId {
        ObjectId::new(KindTag::Attachment, [self.schema.raw(), self.table.raw()])
    }
}

impl PartitionTrigger {
    pub fn partition(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    /// The trigger of the partitioned table.
    pub fn trigger(&self) -> Option<ObjectId> {
        self.above.last().map(|above| above.id(KindTag::Trigger))
    }

    /// The attachments by which it comes here, from that of the partition itself.
    pub fn attachments(&self) -> Vec<ObjectId> {
        let own = [self.schema.raw(), self.table.raw()];
        let between = self.above.split_last().map_or(&[][..], |(_, rest)| rest);
        std::iter::once(ObjectId::new(KindTag::Attachment, own))
            .chain(between.iter().map(Above::attachment))
            .collect()
    }

    fn set(&self, enabled: Enabled) -> Sql {
        let (table, word) = (self.partition(), enabled.word());
        sql!("ALTER TABLE {} {} TRIGGER {}", table, word, self.name)
    }
}

impl Kind for PartitionTrigger {
    fn query(version: ServerVersion) -> String {
        // Before 15 every trigger that comes from above is internal, and those of constraints do not come from there.
        let of_the_user = match version >= ServerVersion::V15 {
            true => "NOT t.tgisinternal",
            false => "true",
        };
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , t.tgname AS name
                  , {} AS enabled
                  , {} AS usual
                  , (WITH RECURSIVE above AS (
                            SELECT 1 AS place, u.tgparentid AS next, u.tgrelid, u.tgname
                             UNION ALL
                            SELECT above.place + 1, o.tgparentid, o.tgrelid, o.tgname
                              FROM above JOIN pg_trigger o ON o.oid = above.next)
                     SELECT json_agg(json_build_object('schema', an.nspname, 'table', a.relname, 'name', above.tgname)
                                     ORDER BY above.place)
                       FROM above
                       JOIN pg_class a ON a.oid = above.tgrelid
                       JOIN pg_namespace an ON an.oid = a.relnamespace) AS above
               FROM pg_trigger t
               JOIN pg_trigger u ON u.oid = t.tgparentid
               JOIN pg_class c ON c.oid = t.tgrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE {of_the_user} AND t.tgenabled <> u.tgenabled AND {} AND {}",
            Enabled::read("t.tgenabled"),
            Enabled::read("u.tgenabled"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_trigger WHERE tgparentid <> 0")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::PartitionTrigger,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let path = [self.schema.raw(), self.table.raw()];
        Some(ObjectId::new(KindTag::Table, path))
    }

    /// DETACH takes the trigger along.
    fn falls_with(&self) -> Vec<ObjectId> {
        let whole = self.parent().into_iter().chain(self.trigger());
        whole.chain(self.attachments()).collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            enabled,
            usual: _, // the trigger's own
            above: _, // the attachments'
        } = self;
        vec![attr("enabled", enabled)]
    }

    fn create(&self) -> Vec<Sql> {
        vec![self.set(self.enabled)]
    }

    /// It gets the state that the trigger has above at that moment.
    fn drop(&self) -> Vec<Sql> {
        let block = sql!(
            "
BEGIN
    EXECUTE (SELECT pg_catalog.format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::pg_catalog.regclass
                  , CASE u.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                                     WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname)
               FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_trigger u ON u.oid = t.tgparentid
              WHERE t.tgrelid = {}::pg_catalog.regclass AND t.tgname = {});
END;
",
            Literal(&self.partition().to_string()),
            Literal(self.name.raw())
        );
        vec![block.block()]
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }

    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let stops = attribute == "enabled" && old.enabled.is_active() && !self.enabled.is_active();
        stops.then_some("what it does is not done any more from here on")
    }

    fn requires(&self) -> Vec<ObjectId> {
        let states = self
            .above
            .iter()
            .map(|above| above.id(KindTag::PartitionTrigger));
        let trigger = self.trigger().into_iter();
        trigger.chain(self.attachments()).chain(states).collect()
    }
}
