//! Tries single statements on a clone and takes them back: what would they rewrite, scan, build?

use super::measure::{Sessions, evidence};
use super::{RehearseError, clone};
use crate::catalog::{Catalog, Live, Scope};
use crate::pg::Sql;
use crate::plan::StatementEvidence;
use crate::scratch::{Database, DatabaseSettings, Scratch};
use postgres::Client;

/// A clone on which nothing stays.
pub struct Trial {
    sessions: Sessions,
    _database: Database,
}

impl Trial {
    /// # Errors
    /// [`RehearseError`] when `part` cannot be cloned.
    pub fn start(
        scratch: &Scratch,
        settings: &DatabaseSettings,
        scope: &Scope,
        part: &Catalog<Live>,
    ) -> Result<Self, RehearseError> {
        let database = scratch.create_database(settings)?;
        clone::build(&database, part, scope)?;
        Ok(Self {
            sessions: Sessions::open(&database)?,
            _database: database,
        })
    }

    /// What `statements` do together; `None` when the server refuses one of them.
    ///
    /// # Errors
    /// [`RehearseError::Lost`] when the scratch server goes away.
    pub fn measure(
        &mut self,
        statements: &[Sql],
    ) -> Result<Option<StatementEvidence>, RehearseError> {
        let start = self.sessions.state()?;
        self.sessions.client.batch_execute("BEGIN")?;
        self.sessions.forget_messages();
        for sql in statements {
            if self.sessions.client.batch_execute(sql.as_str()).is_err() {
                self.sessions.client.batch_execute("ROLLBACK")?;
                return Ok(None);
            }
        }
        let after = self.sessions.state()?;
        let messages = self.sessions.messages();
        let client = &mut self.sessions.client;
        let found = evidence(&start, &start, &after, &messages, |name| {
            super::run::foreign_key_tables(client, name)
        })?;
        self.sessions.client.batch_execute("ROLLBACK")?;
        Ok(Some(found))
    }

    /// The session of the trial, as the role that runs the files.
    pub fn client(&mut self) -> &mut Client {
        &mut self.sessions.client
    }
}
