//! Databases with the rich schema.

use super::support::{self, Live};
use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::{Database, Scratch};
use pgrehearse::source::read_files;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The schemas; the second holds what only a superuser makes, and is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rich {
    Plain,
    #[allow(dead_code, reason = "tests/pairs.rs has the plain one alone")]
    Trusted,
}

impl Rich {
    pub fn path(self) -> &'static str {
        match self {
            Self::Plain => "tests/mutation/rich.sql",
            Self::Trusted => "tests/mutation/trusted.sql",
        }
    }
}

/// The one of this version, of which every test takes copies; `first` is done with it when it is made.
pub fn template(
    version: ServerVersion,
    rich: Rich,
    first: impl FnOnce(&Arc<Scratch>, &Live) -> Result<(), String>,
) -> Result<(Arc<Scratch>, Arc<Live>), String> {
    type Templates = BTreeMap<(u32, Rich), Result<Arc<Live>, String>>;
    static MADE: OnceLock<Mutex<Templates>> = OnceLock::new();
    let server = match rich {
        Rich::Plain => support::server(version)?,
        Rich::Trusted => support::trusted_server(version)?,
    };
    let mut made = MADE
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let template = made.entry((version.major(), rich)).or_insert_with(|| {
        let files = read_files(Path::new(rich.path())).map_err(|e| e.to_string())?;
        let live = Live::from_files(&server, &files)?;
        first(&server, &live)?;
        Ok(Arc::new(live))
    });
    Ok((Arc::clone(&server), template.clone()?))
}

/// A database of one test's own: copying the template ends the sessions on it.
pub fn copy(template: &Live) -> Result<Database, String> {
    static COPYING: Mutex<()> = Mutex::new(());
    let _one = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
    template.database.copy().map_err(|e| e.to_string())
}
