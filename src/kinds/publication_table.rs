//! The tables of a publication, with their column lists and row filters (15 and later).
//!
//! A part of the table, as a policy is: it goes with it, and hangs on its columns.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicationTable {
    pub schema: Ident,
    pub table: Ident,
    pub publication: Ident,
    /// By name: the server keeps them in the order of the table. `None` for all, those to come too.
    pub columns: Option<Vec<Ident>>,
    /// The rows that are published.
    pub filter: Option<String>,
}

impl PublicationTable {
    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    pub fn publication_id(&self) -> ObjectId {
        ObjectId::new(KindTag::Publication, [self.publication.raw()])
    }
}

impl Kind for PublicationTable {
    fn query(version: ServerVersion) -> String {
        let (columns, filter) = if version >= ServerVersion::V15 {
            (
                "(SELECT json_agg(a.attname ORDER BY a.attname) FROM pg_attribute a
                   WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[]))",
                "pg_get_expr(r.prqual, r.prrelid)",
            )
        } else {
            ("NULL::json", "NULL::text")
        };
        format!(
            "SELECT 'pg_publication_rel'::regclass::oid::bigint AS classid
                  , r.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS \"table\"
                  , p.pubname AS publication
                  , {columns} AS columns
                  , {filter} AS filter
               FROM pg_publication_rel r
               JOIN pg_publication p ON p.oid = r.prpubid
               JOIN pg_class c ON c.oid = r.prrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE {} AND {}",
            fragment::USER_SCHEMA,
            fragment::not_member("pg_publication", "p.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_publication_rel")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::PublicationTable,
            [self.schema.raw(), self.table.raw(), self.publication.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let path = [self.schema.raw(), self.table.raw()];
        Some(ObjectId::new(KindTag::Table, path))
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![self.publication_id()]
    }

    /// Where both go, it goes with the publication, and that before the other.
    fn falls_with(&self) -> Vec<ObjectId> {
        let mut with = vec![self.publication_id()];
        with.extend(self.parent());
        with
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            publication: _,
            columns,
            filter,
        } = self;
        vec![attr("columns", columns), text("row filter", filter)]
    }

    fn create(&self) -> Vec<Sql> {
        let columns = match &self.columns {
            Some(columns) => sql!(" ({})", List::comma(columns)),
            None => Sql::constant(""),
        };
        let filter = match &self.filter {
            // The server's text of an operator has parentheses, that of a column or a function none.
            Some(filter) => sql!(" WHERE ({})", Deparsed(filter)),
            None => Sql::constant(""),
        };
        // With ONLY: of the tables that inherit from it each is a member of its own.
        vec![sql!(
            "ALTER PUBLICATION {} ADD TABLE ONLY {}{}{}",
            self.publication,
            self.table_name(),
            columns,
            filter
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!(
            "ALTER PUBLICATION {} DROP TABLE ONLY {}",
            self.publication,
            self.table_name()
        )]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        // SET TABLE takes the other tables away: in one transaction nobody sees it gone.
        let mut statements = Kind::drop(old);
        statements.extend(self.create());
        Alter::InPlace(statements)
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create => vec![Hazard::declared(
                HazardKind::Replication,
                format!(
                    "the subscribers of {} get nothing of {} before ALTER SUBSCRIPTION … REFRESH PUBLICATION",
                    self.publication,
                    self.table_name()
                ),
            )],
            Verb::Drop => vec![Hazard::declared(
                HazardKind::Replication,
                format!(
                    "the subscribers of {} get no more changes of {}",
                    self.publication,
                    self.table_name()
                ),
            )],
        }
    }
}
