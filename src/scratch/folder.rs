//! Folders of running clusters: made, removed, and swept up after an owner that died.

use super::{ScratchError, host, random_hex};
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

/// Begins the name of every folder of a running cluster.
pub(crate) const PREFIX: &str = "pgrh-";
// Until its lock is held a folder has this name, so that no sweep takes it for an orphan.
const NASCENT: &str = "pgrh_new-";
const LOCK: &str = "owner.lock";
const SERVER: &str = "server.pid";
// sockaddr_un.sun_path holds 108 bytes on Linux, 104 on macOS; "/s/.s.PGSQL.65535" follows the folder.
const LONGEST_BASE: usize = 60;

/// A folder that belongs to this process while the lock in it is held.
///
/// The lock is the kernel's (flock): it ends with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    pub(crate) fn create(base: &Path) -> Result<Self, ScratchError> {
        let base = if base.as_os_str().len() > LONGEST_BASE {
            Path::new("/tmp")
        } else {
            base
        };
        let suffix = random_hex(5)?;
        let nascent = base.join(format!("{NASCENT}{suffix}"));
        let path = base.join(format!("{PREFIX}{suffix}"));
        // Root's folder must be passed through by the server's user; what is in it is closed.
        let mode = if host::is_root() { 0o711 } else { 0o700 };
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&nascent)
            .and_then(|()| fs::set_permissions(&nascent, Permissions::from_mode(mode)))
            .map_err(|source| ScratchError::io("create", &nascent, source))?;
        let lock = File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(nascent.join(LOCK))
            .and_then(|file| {
                file.try_lock()?;
                fs::rename(&nascent, &path)?;
                Ok(file)
            });
        match lock {
            Ok(lock) => Ok(Self { path, _lock: lock }),
            Err(source) => {
                drop(fs::remove_dir_all(&nascent));
                Err(ScratchError::io("lock", &path, source))
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes down which server runs here, for the sweep of a later process.
    pub(crate) fn note_server(&self, pid: u32) {
        if let Some(start) = host::started(pid) {
            drop(fs::write(
                self.path.join(SERVER),
                format!("{pid}\n{start}\n"),
            ));
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Stops the servers and removes the folders of owners that are dead.
///
/// Only folders that belong to our own user are looked at: in a shared /tmp anybody can make one of
/// this name, with any process id in it.
pub(crate) fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        let ours = fs::symlink_metadata(&path)
            .is_ok_and(|meta| meta.is_dir() && meta.uid() == host::own_uid());
        if !ours {
            continue;
        }
        if name.starts_with(NASCENT) {
            if age(&path).is_some_and(|age| age > Duration::from_secs(3600)) {
                drop(fs::remove_dir_all(&path));
            }
        } else if name.starts_with(PREFIX) {
            sweep_one(&path);
        }
    }
}

fn sweep_one(path: &Path) {
    let Ok(lock) = File::options().write(true).open(path.join(LOCK)) else {
        // The lock goes early in a removal that was cut short.
        if age(path).is_some_and(|age| age > Duration::from_secs(60)) {
            drop(fs::remove_dir_all(path));
        }
        return;
    };
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => return,
    }
    if let Ok(text) = fs::read_to_string(path.join(SERVER)) {
        let mut lines = text.lines();
        if let (Some(Ok(pid)), Some(start)) = (lines.next().map(str::parse), lines.next()) {
            host::stop_orphan(pid, start);
        }
    }
    drop(fs::remove_dir_all(path));
}

fn age(path: &Path) -> Option<Duration> {
    let changed = fs::symlink_metadata(path).ok()?.modified().ok()?;
    SystemTime::now().duration_since(changed).ok()
}

type Cleanup = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Live {
    next: u64,
    cleanups: BTreeMap<u64, Cleanup>,
}

fn live() -> MutexGuard<'static, Live> {
    static LIVE: OnceLock<Mutex<Live>> = OnceLock::new();
    LIVE.get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// What must be undone if the process is told to end; forgotten when dropped.
#[derive(Debug)]
pub(crate) struct Registration(u64);

impl Registration {
    pub(crate) fn new(cleanup: impl Fn() + Send + Sync + 'static) -> Self {
        let mut live = live();
        live.next += 1;
        let id = live.next;
        live.cleanups.insert(id, Arc::new(cleanup));
        Self(id)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        live().cleanups.remove(&self.0);
    }
}

/// Stops every scratch server of this process and removes what it left: for before `process::exit`.
pub fn stop_all() {
    let cleanups: Vec<Cleanup> = std::mem::take(&mut live().cleanups).into_values().collect();
    for cleanup in cleanups {
        cleanup();
    }
}

type Told = Box<dyn FnOnce() + Send>;

fn told() -> MutexGuard<'static, Option<Told>> {
    static TOLD: Mutex<Option<Told>> = Mutex::new(None);
    TOLD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, the first signal does not end the process.
#[derive(Debug)]
pub struct Deferred(());

impl Drop for Deferred {
    fn drop(&mut self) {
        told().take();
    }
}

/// Calls `tell` on the first signal, from another thread, in place of ending the process; the next one ends it.
///
/// For work that comes to an end by itself, in a safe state. One at a time.
pub fn defer_signals(tell: impl FnOnce() + Send + 'static) -> Deferred {
    *told() = Some(Box::new(tell));
    Deferred(())
}

/// On SIGINT, SIGTERM and SIGHUP stops every scratch server, removes its folder and exits 130, 143, 129.
///
/// Not on the first one while [`defer_signals`] holds.
///
/// # Errors
/// When the operating system does not let us handle these signals.
pub fn install_signal_cleanup() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let tell = told().take();
                match tell {
                    Some(tell) => tell(),
                    None => {
                        stop_all();
                        std::process::exit(128 + signal);
                    }
                }
            }
        })?;
    Ok(())
}
