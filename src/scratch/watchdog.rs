//! Limits from outside the session: a file may say `SET statement_timeout = 0`.

use super::server::Connect;
use postgres::Client;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

const TICK: Duration = Duration::from_millis(250);

/// What sandbox sessions may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long one statement may run, or the statements that are sent in one go.
    pub statement: Duration,
    /// Bytes of temporary files per session (`temp_file_limit`).
    pub temp_file_bytes: u64,
    /// Bytes of the whole data folder, or of our databases on a given server.
    pub disk_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(300),
            temp_file_bytes: 1 << 30,
            disk_bytes: 4 << 30,
        }
    }
}

/// A session that was ended for a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub database: String,
    pub why: EndedWhy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedWhy {
    Statement { limit: Duration },
    Disk { limit: u64 },
}

impl fmt::Display for EndedWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Statement { limit } if limit.subsec_millis() > 0 => {
                write!(f, "ran longer than {} ms", limit.as_millis())
            }
            Self::Statement { limit } => write!(f, "ran longer than {} s", limit.as_secs()),
            Self::Disk { limit } => {
                write!(
                    f,
                    "left the scratch server with more than {} MB",
                    limit >> 20
                )
            }
        }
    }
}

/// What the watchdog looks at; no reference to the server it watches, which stops it on drop.
pub(crate) struct Watch {
    pub(crate) connect: Connect,
    pub(crate) admin: postgres::Config,
    pub(crate) role: String,
    pub(crate) limits: Limits,
    /// The folder of an embedded cluster.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) ended: Arc<Mutex<Vec<Ended>>>,
}

pub(crate) struct Watchdog {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    pub(crate) fn start(watch: Watch) -> std::io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("scratch limits".to_owned())
            .spawn(move || {
                let mut session: Option<Client> = None;
                while !stopped_within(&told, TICK) {
                    if session.as_ref().is_none_or(Client::is_closed) {
                        session = (watch.connect)(&watch.admin).ok();
                    }
                    if let Some(client) = &mut session {
                        // A lost session is opened again at the next tick.
                        drop(watch.look(client));
                    }
                }
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

fn stopped_within(stop: &(Mutex<bool>, Condvar), patience: Duration) -> bool {
    let (flag, changed) = stop;
    let flag = flag.lock().unwrap_or_else(PoisonError::into_inner);
    let (flag, _) = changed
        .wait_timeout_while(flag, patience, |stop| !*stop)
        .unwrap_or_else(PoisonError::into_inner);
    *flag
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

// pg_stat_activity.usename is the role that logged in: SET ROLE does not change it.
const LONG: &str = "
SELECT datname::text,
       pg_catalog.pg_terminate_backend(pid)
  FROM pg_catalog.pg_stat_activity
 WHERE usename = $1
   AND state IN ('active', 'fastpath function call')
   AND pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - query_start) > $2::pg_catalog.float8";
const ALL: &str = "
SELECT datname::text,
       pg_catalog.pg_terminate_backend(pid)
  FROM pg_catalog.pg_stat_activity
 WHERE usename = $1";
const SIZE: &str = "
SELECT coalesce(pg_catalog.sum(pg_catalog.pg_database_size(d.oid)), 0)::pg_catalog.int8
  FROM pg_catalog.pg_database d
  JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
 WHERE r.rolname = $1";

impl Watch {
    fn look(&self, client: &mut Client) -> Result<(), postgres::Error> {
        // Held while sessions are ended: who asks why right after must find the answer.
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = self.limits.statement;
        let long = client.query(LONG, &[&self.role, &limit.as_secs_f64()])?;
        note(&mut ended, &long, EndedWhy::Statement { limit });
        let used = match &self.folder {
            Some(folder) => bytes_under(folder),
            None => {
                let sum: i64 = client.query_one(SIZE, &[&self.role])?.get(0);
                u64::try_from(sum).unwrap_or(0)
            }
        };
        if used > self.limits.disk_bytes {
            let all = client.query(ALL, &[&self.role])?;
            let limit = self.limits.disk_bytes;
            note(&mut ended, &all, EndedWhy::Disk { limit });
        }
        Ok(())
    }
}

fn note(ended: &mut Vec<Ended>, rows: &[postgres::Row], why: EndedWhy) {
    ended.extend(rows.iter().map(|row| Ended {
        database: row.get::<_, Option<String>>(0).unwrap_or_default(),
        why,
    }));
}

// What the file system gave, not what the files claim: a sparse file is small.
fn bytes_under(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_under(&entry.path()),
            Ok(meta) => meta.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}
