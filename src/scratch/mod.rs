//! Scratch: throw-away databases in which desired files are executed and plans are rehearsed.
//!
//! [`Scratch`] is a running server, [`Database`] one database on it. The server is *embedded* (binaries
//! found or fetched by [`binaries`], run by [`cluster`]) or a given one ([`server`]). Sessions handed out
//! are logged in as a role without any right beyond its own databases; what a superuser must do is done
//! before the first of them is opened.

mod arrange;
pub mod binaries;
pub mod cluster;
pub mod database;
pub mod elaborate;
mod error;
pub mod extension;
mod fetch;
mod folder;
mod host;
pub mod privileged;
pub mod replay;
pub mod server;
mod watchdog;

pub use binaries::{Binaries, Origin, Search, default_cache_dir};
pub use cluster::{Cluster, ClusterOptions};
pub use database::{Database, DatabaseSettings};
pub use error::ScratchError;
pub use folder::{Deferred, defer_signals, install_signal_cleanup, stop_all};
pub use server::{Choice, Given, Scratch, ScratchOptions};
pub use watchdog::{Ended, EndedWhy, Limits};

use std::fmt;
use std::io::Read;

/// A password: neither `Debug` nor an error shows it.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn random() -> Result<Self, ScratchError> {
        Ok(Self(random_hex(24)?))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `bytes` random bytes of the operating system, as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> Result<String, ScratchError> {
    let device = std::path::Path::new("/dev/urandom");
    let mut buffer = vec![0; bytes];
    std::fs::File::open(device)
        .and_then(|mut file| file.read_exact(&mut buffer))
        .map_err(|source| ScratchError::io("read", device, source))?;
    Ok(buffer.iter().map(|b| format!("{b:02x}")).collect())
}
