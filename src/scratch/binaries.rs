//! Server binaries: found on this machine, in the cache, or fetched.

use super::{ScratchError, fetch, host};
use crate::pg::ServerVersion;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where to look for server binaries.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The folder named in the settings: then nothing else is looked at.
    pub dir: Option<PathBuf>,
    /// The caller's `PATH`.
    pub path: Option<OsString>,
    /// Holds what was fetched, and the templates of clusters; see [`default_cache_dir`].
    pub cache: PathBuf,
    /// Root of a Maven repository to fetch from in place of the public one.
    pub mirror: Option<String>,
    /// Whether the network may be used.
    pub offline: bool,
}

/// How binaries came to be here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Setting,
    Local,
    Cached,
    Fetched,
}

/// A folder with `initdb` and `postgres` of one version, both seen to run.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub dir: PathBuf,
    pub version: ServerVersion,
    /// The version as the server says it: `17.5`, `18beta1`.
    pub release: String,
    pub origin: Origin,
}

/// The cache folder of a user.
///
/// Root's must be passed through by the user that runs the server, so it is not in root's home.
///
/// ```
/// use pgrehearse::scratch::default_cache_dir;
/// use std::path::Path;
/// let dir = default_cache_dir(Some(Path::new("/home/ada")), None, false);
/// assert_eq!(dir, Path::new("/home/ada/.cache/pgrehearse"));
/// ```
pub fn default_cache_dir(home: Option<&Path>, xdg_cache: Option<&Path>, is_root: bool) -> PathBuf {
    if is_root {
        return PathBuf::from("/var/cache/pgrehearse");
    }
    match (xdg_cache.filter(|dir| dir.is_absolute()), home) {
        (Some(xdg), _) => xdg.join("pgrehearse"),
        (None, Some(home)) => home.join(".cache/pgrehearse"),
        (None, None) => PathBuf::from("/tmp/pgrehearse-cache"),
    }
}

impl Binaries {
    /// Finds binaries of `version`: settings, this machine, cache, network, in this order.
    ///
    /// # Errors
    /// [`ScratchError::NotAServerFolder`] for a wrong folder in the settings,
    /// [`ScratchError::NoBinaries`] when there are none and none can be fetched.
    pub fn find(version: ServerVersion, search: &Search) -> Result<Self, ScratchError> {
        if !version.is_supported() {
            return Err(ScratchError::UnsupportedVersion { version });
        }
        if let Some(dir) = &search.dir {
            return named(dir, version);
        }
        local_dirs(version, search)
            .find_map(|dir| {
                look(&dir, Origin::Local)
                    .ok()
                    .filter(|b| b.version == version)
            })
            .or_else(|| Self::cached(version, search))
            .map_or_else(|| fetched(version, search), Ok)
    }

    /// The newest supported version installed on this machine, without the cache or the network.
    pub fn newest_local(search: &Search) -> Option<Self> {
        if let Some(dir) = &search.dir {
            return look(dir, Origin::Setting).ok();
        }
        ServerVersion::SUPPORTED.iter().rev().find_map(|version| {
            local_dirs(*version, search).find_map(|dir| {
                look(&dir, Origin::Local)
                    .ok()
                    .filter(|b| b.version == *version)
            })
        })
    }

    /// The newest release of `version` that an earlier run fetched.
    pub fn cached(version: ServerVersion, search: &Search) -> Option<Self> {
        let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(&search.cache)
            .ok()?
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let release = name.strip_prefix(fetch::PREFIX)?;
                let numbers: Vec<u32> = release.split('.').filter_map(|n| n.parse().ok()).collect();
                (numbers.first() == Some(&version.major())).then(|| (numbers, entry.path()))
            })
            .collect();
        found.sort();
        found
            .into_iter()
            .rev()
            .find_map(|(_, dir)| look(&dir.join("bin"), Origin::Cached).ok())
            .filter(|b| b.version == version)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

fn named(dir: &Path, version: ServerVersion) -> Result<Binaries, ScratchError> {
    let inner = dir.join("bin");
    let dir = if dir.join("initdb").exists() || !inner.is_dir() {
        dir
    } else {
        &inner
    };
    let refused = |reason| ScratchError::NotAServerFolder {
        dir: dir.to_owned(),
        version,
        reason,
    };
    let binaries = look(dir, Origin::Setting).map_err(refused)?;
    if binaries.version != version {
        return Err(refused(format!("it holds version {}", binaries.release)));
    }
    Ok(binaries)
}

fn fetched(version: ServerVersion, search: &Search) -> Result<Binaries, ScratchError> {
    let refused = |reason| ScratchError::NoBinaries { version, reason };
    if search.offline {
        return Err(refused("the network may not be used".to_owned()));
    }
    let dir = fetch::fetch(version, &search.cache, search.mirror.as_deref())?;
    let origin = Origin::Fetched;
    look(&dir.join("bin"), origin).map_err(|reason| refused(format!("what was fetched: {reason}")))
}

// A client package has psql and pg_config but no server: a folder counts only if both programs run,
// and as the user who will run them.
fn look(dir: &Path, origin: Origin) -> Result<Binaries, String> {
    let release = said_version(&dir.join("postgres"))?;
    let of_initdb = said_version(&dir.join("initdb"))?;
    if release != of_initdb {
        return Err(format!("initdb says {of_initdb}, postgres {release}"));
    }
    let digits = release.find(|c: char| !c.is_ascii_digit());
    let major = release[..digits.unwrap_or(release.len())]
        .parse()
        .map_err(|_| format!("it says version {release}"))?;
    Ok(Binaries {
        dir: dir.to_owned(),
        version: ServerVersion::from_major(major),
        release,
        origin,
    })
}

fn said_version(program: &Path) -> Result<String, String> {
    let name = || program.file_name().unwrap_or_default().to_string_lossy();
    if !program.is_file() {
        return Err(format!("it has no {}", name()));
    }
    let account = host::account().map_err(|e| e.to_string())?;
    let output = host::command(program, account)
        .arg("--version")
        .output()
        .map_err(|e| format!("{} does not run: {e}", name()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
    match text.split_once("(PostgreSQL) ") {
        Some((_, rest)) if output.status.success() => Ok(rest
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()),
        _ => Err(format!(
            "{} does not run: {}",
            name(),
            String::from_utf8_lossy(&output.stderr).trim()
        )),
    }
}

fn local_dirs(version: ServerVersion, search: &Search) -> impl Iterator<Item = PathBuf> {
    let path = search.path.clone().unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .collect();
    let config = on_path
        .iter()
        .map(|dir| dir.join("pg_config"))
        .find(|program| program.is_file());
    let usual = [
        format!("/usr/lib/postgresql/{version}/bin"),
        format!("/usr/pgsql-{version}/bin"),
        format!("/usr/libexec/postgresql{version}"),
        format!("/usr/lib/postgresql{version}/bin"),
        format!("/opt/homebrew/opt/postgresql@{version}/bin"),
        format!("/usr/local/opt/postgresql@{version}/bin"),
        format!("/home/linuxbrew/.linuxbrew/opt/postgresql@{version}/bin"),
        format!("/Applications/Postgres.app/Contents/Versions/{version}/bin"),
        format!("/Library/PostgreSQL/{version}/bin"),
        format!("/opt/postgresql/{version}/bin"),
        format!("/opt/pgsql-{version}/bin"),
        "/opt/homebrew/bin".to_owned(),
        "/usr/local/pgsql/bin".to_owned(),
    ];
    on_path
        .into_iter()
        .chain(config.into_iter().filter_map(|program| bindir(&program)))
        .chain(usual.into_iter().map(PathBuf::from))
}

fn bindir(pg_config: &Path) -> Option<PathBuf> {
    let output = Command::new(pg_config).arg("--bindir").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(text.trim())).filter(|dir| dir.is_absolute())
}
