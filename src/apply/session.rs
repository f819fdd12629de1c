//! The main session of a run and how further ones are had.

use super::{ApplyError, pooler};
use crate::pg::{Ident, ServerVersion, session};
use crate::sql;
use postgres::Client;
use std::time::Instant;

/// Opens a connection to the live database.
pub type Connect<'a> = &'a (dyn Fn() -> Result<Client, postgres::Error> + Sync);

/// What is read between the steps (a `done_when`) waits no longer for somebody's ACCESS EXCLUSIVE. Steps have
/// their own limits.
pub(super) const READING: &str = "SET lock_timeout = '5s'";

/// The session that runs the statements and holds the advisory lock.
pub struct Session<'a> {
    pub(super) client: Client,
    /// The connection to look from, once there was need of it.
    watcher: Option<Client>,
    connect: Connect<'a>,
    version: ServerVersion,
    time_zone: Option<String>,
    pid: i32,
    random: u64,
    /// Until then the window of the run is open.
    pub(super) open_until: Option<Instant>,
}

impl<'a> Session<'a> {
    /// Opens the main session and prepares it as rehearsal does.
    ///
    /// # Errors
    /// [`ApplyError::Connect`]; [`ApplyError::Refused`] when a pooler in transaction mode stands between.
    pub fn open(connect: Connect<'a>) -> Result<Self, ApplyError> {
        let fail = ApplyError::connect;
        let mut client = connect().map_err(fail)?;
        let time_zone = database_time_zone(&mut client).map_err(fail)?;
        let version = session::prepare(&mut client, time_zone.as_deref()).map_err(fail)?;
        notice_our_death(&mut client);
        client.batch_execute(READING).map_err(fail)?;
        let pid: i32 = client
            .query_one("SELECT pg_catalog.pg_backend_pid()", &[])
            .map_err(fail)?
            .get(0);
        let mut session = Self {
            client,
            watcher: None,
            connect,
            version,
            time_zone,
            pid,
            // Two runs never work at once: a process id of the server is random enough for pauses.
            random: u64::from(pid.unsigned_abs()),
            open_until: None,
        };
        pooler::check(&mut session)?;
        Ok(session)
    }

    /// A further session for steps that run beside this one's, which keeps the lock.
    pub(super) fn another(&self) -> Result<Self, ApplyError> {
        Self::open(self.connect)
    }

    /// Another prepared connection, to look from.
    pub(super) fn second(&self) -> Result<Client, postgres::Error> {
        let mut client = (self.connect)()?;
        session::prepare(&mut client, self.time_zone.as_deref())?;
        // What we look at must never wait for long, and nothing that we look with may block.
        client.batch_execute("SET statement_timeout = '10s'; SET lock_timeout = '2s'")?;
        Ok(client)
    }

    /// The main session, and the one to look from; without (no connection was left) nothing is watched.
    ///
    /// It is opened before the work begins: nobody waits for a connection while a lock is held.
    pub(super) fn pair(&mut self) -> (&mut Client, &mut Option<Client>) {
        if self.watcher.as_ref().is_none_or(Client::is_closed) {
            self.watcher = self.second().ok();
        }
        (&mut self.client, &mut self.watcher)
    }

    pub fn version(&self) -> ServerVersion {
        self.version
    }

    /// The server's process of this session.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The session itself, for reading.
    pub fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    // splitmix64: a number of 0 to 1.
    pub(super) fn jitter(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0);
        f64::from(part) / f64::from(u32::MAX)
    }
}

// A role may have a zone of its own; the database's decides, as in rehearsal.
fn database_time_zone(client: &mut Client) -> Result<Option<String>, postgres::Error> {
    const QUERY: &str = "
        SELECT pg_catalog.substr(setting, pg_catalog.strpos(setting, '=') + 1)
        FROM pg_catalog.pg_db_role_setting s
            JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
            CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS setting
        WHERE d.datname = pg_catalog.current_database()
            AND s.setrole = 0
            AND pg_catalog.lower(pg_catalog.split_part(setting, '=', 1)) = 'timezone'";
    Ok(client.query_opt(QUERY, &[])?.map(|row| row.get(0)))
}

// Without it the server builds an index to its end, and keeps our advisory lock, for hours after we are
// gone; a machine that is gone closes no connection, which only the probes of TCP tell. Not every operating
// system has each of these: then it stays as it is.
fn notice_our_death(client: &mut Client) {
    const SETTINGS: [(&str, i64); 4] = [
        ("client_connection_check_interval", 2000),
        ("tcp_keepalives_idle", 30),
        ("tcp_keepalives_interval", 10),
        ("tcp_keepalives_count", 3),
    ];
    for (name, value) in SETTINGS {
        drop(client.batch_execute(sql!("SET {} = {}", Ident::new(name), value).as_str()));
    }
}
