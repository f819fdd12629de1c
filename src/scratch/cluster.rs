//! A cluster of our own: copied from a template, started as a child, gone with its owner.

mod owned;
mod template;

use super::folder::{self, Folder, Registration};
use super::host::{self, Account};
use super::{Binaries, ScratchError, Secret};
use crate::pg::{Ident, ServerVersion, ident::Literal};
use crate::sql;
use owned::{copy_tree, make_dir, write_for};
use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, kill_process};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(30);
const SOCKET_PORT: u16 = 5432;

/// How a cluster is run.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Holds the templates.
    pub cache: PathBuf,
    /// Where the running cluster's folder is made; /tmp when the path is too long for a socket.
    pub temp: PathBuf,
    /// `shared_preload_libraries`.
    pub preload: Vec<String>,
    /// Settings written after ours, so that they win.
    pub extra_settings: Vec<(String, String)>,
    /// Also listens on a free port of 127.0.0.1, with passwords.
    pub listen_tcp: bool,
    pub max_locks_per_transaction: u32,
    /// `temp_file_limit`, in bytes per session.
    pub temp_file_bytes: u64,
}

impl ClusterOptions {
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            temp: PathBuf::from("/tmp"),
            preload: Vec::new(),
            extra_settings: Vec::new(),
            listen_tcp: false,
            max_locks_per_transaction: 256,
            temp_file_bytes: 1 << 30,
        }
    }
}

/// A running server of ours; stopped and removed on drop.
#[derive(Debug)]
pub struct Cluster {
    // Fields drop in order: the registration first, so that no signal cleans up a second time.
    _registration: Registration,
    running: Arc<Running>,
    folder: Folder,
    binaries: Binaries,
    login: Login,
    port: u16,
    listens_tcp: bool,
}

#[derive(Clone, Debug)]
struct Login {
    name: String,
    password: Secret,
}

impl Cluster {
    /// Starts a server; about 100 ms once the template of this version is in the cache.
    ///
    /// # Errors
    /// [`ScratchError::Start`] or [`ScratchError::NotReady`] with the end of the server's log.
    pub fn start(binaries: &Binaries, options: &ClusterOptions) -> Result<Self, ScratchError> {
        folder::sweep(&options.temp);
        if options.temp != Path::new("/tmp") {
            folder::sweep(Path::new("/tmp"));
        }
        let account = host::account()?;
        let template = template::of(binaries, options, account)?;
        // Between looking for a free port and using it another program may take it.
        let mut attempts = if options.listen_tcp { 5 } else { 1 };
        loop {
            attempts -= 1;
            match Self::start_once(binaries, options, account, &template) {
                Err(ScratchError::Start { .. }) if attempts > 0 => {}
                result => return result,
            }
        }
    }

    fn start_once(
        binaries: &Binaries,
        options: &ClusterOptions,
        account: Option<Account>,
        template: &Path,
    ) -> Result<Self, ScratchError> {
        let folder = Folder::create(&options.temp)?;
        let data = folder.path().join("data");
        copy_tree(&template.join("data"), &data, account)
            .map_err(|source| ScratchError::io("copy the template to", &data, source))?;
        let sockets = folder.path().join("s");
        make_dir(&sockets, account)?;
        let port = if options.listen_tcp {
            free_port(folder.path())?
        } else {
            SOCKET_PORT
        };
        // In our folder, not in the data folder: as root we do not write where another user may.
        let hba = folder.path().join("pg_hba.conf");
        let conf = folder.path().join("postgresql.conf");
        write_for(&hba, &access(binaries.version, options), account)?;
        let settings = settings(binaries.version, options, &sockets, &hba, port)?;
        write_for(&conf, &settings, account)?;

        let log_path = folder.path().join("log");
        let log = File::options()
            .create_new(true)
            .append(true)
            .mode(0o600)
            .open(&log_path)
            .map_err(|source| ScratchError::io("create", &log_path, source))?;
        let mut command = host::command(&binaries.program("postgres"), account);
        command.arg("-D").arg(&data);
        command.arg(format!("--config-file={}", conf.display()));
        let stdout = log.try_clone();
        command
            .stdout(stdout.map_err(|source| ScratchError::io("open", &log_path, source))?)
            .stderr(log);
        let running = Running::spawn(command, folder.path().to_owned())
            .map_err(|source| ScratchError::io("start", &binaries.program("postgres"), source))?;
        folder.note_server(running.pid);
        let running = Arc::new(running);
        let for_signals = Arc::clone(&running);
        let mut cluster = Self {
            _registration: Registration::new(move || for_signals.stop_and_remove()),
            running,
            folder,
            binaries: binaries.clone(),
            login: template::read_login(template)?,
            port,
            listens_tcp: options.listen_tcp,
        };
        cluster.change_password()?;
        Ok(cluster)
    }

    // The template's password is in the cache; the cluster's own is in this process only.
    fn change_password(&mut self) -> Result<(), ScratchError> {
        let mut client = self.wait_until_ready()?;
        let password = Secret::random()?;
        let name = Ident::new(self.login.name.as_str());
        let change = sql!(
            "ALTER ROLE {} PASSWORD {}",
            name,
            Literal(password.reveal())
        );
        client
            .batch_execute(change.as_str())
            .map_err(|e| ScratchError::statement("set the superuser's password", e))?;
        self.login.password = password;
        Ok(())
    }

    fn wait_until_ready(&self) -> Result<Client, ScratchError> {
        let since = Instant::now();
        let config = self.superuser("postgres");
        let socket = self.folder.path().join(format!("s/.s.PGSQL.{}", self.port));
        loop {
            if self.running.has_ended() {
                return Err(ScratchError::Start {
                    version: self.binaries.release.clone(),
                    log: self.log_tail(),
                });
            }
            let refused = if socket.exists() {
                match config.connect(NoTls) {
                    Ok(client) => return Ok(client),
                    Err(e) => Some(e),
                }
            } else {
                None
            };
            // "the database system is starting up" passes; a wrong password does not.
            let hopeless = refused
                .as_ref()
                .and_then(postgres::Error::code)
                .is_some_and(|code| *code != postgres::error::SqlState::CANNOT_CONNECT_NOW);
            if let (true, Some(source)) = (hopeless, refused) {
                return Err(ScratchError::Connect {
                    database: "postgres".to_owned(),
                    source,
                });
            }
            if since.elapsed() > READY_WITHIN {
                return Err(ScratchError::NotReady {
                    version: self.binaries.release.clone(),
                    waited: READY_WITHIN,
                    log: self.log_tail(),
                });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn version(&self) -> ServerVersion {
        self.binaries.version
    }

    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The process id of the server.
    pub fn pid(&self) -> u32 {
        self.running.pid
    }

    /// The folder of this cluster: data, sockets, log.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The port on 127.0.0.1, with [`ClusterOptions::listen_tcp`].
    pub fn tcp_port(&self) -> Option<u16> {
        self.listens_tcp.then_some(self.port)
    }

    /// How to log in as the superuser, to `database`.
    pub fn superuser(&self, database: &str) -> postgres::Config {
        let mut config = self.login_as(&self.login.name, self.login.password.reveal());
        config.dbname(database);
        config
    }

    pub(crate) fn login_as(&self, role: &str, password: &str) -> postgres::Config {
        let mut config = postgres::Config::new();
        config
            .host_path(self.folder.path().join("s"))
            .port(self.port)
            .user(role)
            .password(password)
            .connect_timeout(Duration::from_secs(10));
        config
    }

    fn log_tail(&self) -> String {
        let text = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.running.stop_and_remove();
    }
}

/// The server's process, kept by a thread of its own.
#[derive(Debug)]
struct Running {
    pid: u32,
    ended: Arc<(Mutex<Option<io::Result<ExitStatus>>>, Condvar)>,
    path: PathBuf,
}

impl Running {
    // The thread that starts a child is the "parent" whose death sends the signal (prctl(2),
    // PR_SET_PDEATHSIG): it must live as long as the server.
    fn spawn(mut command: Command, path: PathBuf) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        die_with_owner(&mut command);
        let ended = Arc::new((Mutex::new(None), Condvar::new()));
        let for_keeper = Arc::clone(&ended);
        let (sender, receiver) = mpsc::channel();
        std::thread::Builder::new()
            .name("scratch server".to_owned())
            .spawn(move || match command.spawn() {
                Ok(mut child) => {
                    drop(sender.send(Ok(child.id())));
                    let status = child.wait();
                    let (slot, changed) = &*for_keeper;
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
                    changed.notify_all();
                }
                Err(e) => drop(sender.send(Err(e))),
            })?;
        let pid = receiver.recv().map_err(io::Error::other)??;
        Ok(Self { pid, ended, path })
    }

    fn has_ended(&self) -> bool {
        self.ended_within(Duration::ZERO)
    }

    fn ended_within(&self, patience: Duration) -> bool {
        let (slot, changed) = &*self.ended;
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        let (slot, _) = changed
            .wait_timeout_while(slot, patience, |status| status.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        slot.is_some()
    }

    // SIGQUIT is the immediate shutdown: nothing here is worth a checkpoint.
    fn stop_and_remove(&self) {
        for (signal, patience) in [(Signal::QUIT, 5), (Signal::KILL, 5)] {
            if self.has_ended() {
                break;
            }
            if let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, signal);
            }
            self.ended_within(Duration::from_secs(patience));
        }
        drop(fs::remove_dir_all(&self.path));
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn die_with_owner(command: &mut Command) {
    use rustix::process::{getpid, getppid, set_parent_process_death_signal};
    let owner = getpid();
    // SAFETY: the closure runs in the forked child before exec. It makes two system calls (prctl, getppid)
    // and builds an error from a number: no allocation, no lock, nothing that is not async-signal-safe.
    // It runs after std has changed the user, which would clear the signal again.
    unsafe {
        command.pre_exec(move || {
            set_parent_process_death_signal(Some(Signal::QUIT))?;
            // The owner may have died before the line above.
            if getppid() == Some(owner) {
                Ok(())
            } else {
                Err(io::Error::from_raw_os_error(libc::ESRCH))
            }
        });
    }
}

fn free_port(path: &Path) -> Result<u16, ScratchError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| ScratchError::io("find a port for", path, source))
}

// md5 up to 15: SCRAM's 4,096 rounds cost more than the rest of a login and protect guessable passwords;
// ours have 192 random bits. From 16 on the rounds can be set.
fn method(version: ServerVersion) -> &'static str {
    if version >= ServerVersion::V16 {
        "scram-sha-256"
    } else {
        "md5"
    }
}

fn access(version: ServerVersion, options: &ClusterOptions) -> String {
    let method = method(version);
    let mut text = format!("local all all {method}\n");
    if options.listen_tcp {
        let _ = writeln!(text, "host all all 127.0.0.1/32 {method}");
    }
    text
}

fn settings(
    version: ServerVersion,
    options: &ClusterOptions,
    sockets: &Path,
    hba: &Path,
    port: u16,
) -> Result<String, ScratchError> {
    let address = if options.listen_tcp { "127.0.0.1" } else { "" };
    let mut all: Vec<(String, String)> = [
        ("listen_addresses", address),
        ("unix_socket_permissions", "0700"),
        ("password_encryption", method(version)),
        ("max_connections", "50"),
        ("shared_buffers", "32MB"),
        ("huge_pages", "off"),
        // In the data folder, which goes with the cluster; POSIX segments would outlive a SIGKILL.
        ("dynamic_shared_memory_type", "mmap"),
        ("fsync", "off"),
        ("synchronous_commit", "off"),
        ("full_page_writes", "off"),
        // Below `logical`, CREATE PUBLICATION warns; `minimal` would hide what a rewrite costs.
        ("wal_level", "logical"),
        ("max_wal_senders", "0"),
        ("max_logical_replication_workers", "0"),
        ("max_wal_size", "1GB"),
        ("min_wal_size", "8MB"),
        ("wal_init_zero", "off"),
        ("checkpoint_timeout", "1h"),
        ("bgwriter_lru_maxpages", "0"),
        ("autovacuum", "off"),
        ("jit", "off"),
        ("max_parallel_workers_per_gather", "0"),
        ("max_parallel_maintenance_workers", "0"),
        ("lc_messages", "C"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("default_text_search_config", "pg_catalog.english"),
        ("update_process_title", "off"),
        // The log is for a server that does not start, never for texts of statements.
        ("log_min_messages", "log"),
        ("log_min_error_statement", "panic"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let mut set = |name: &str, value: String| all.push((name.to_owned(), value));
    set("port", port.to_string());
    set(
        "unix_socket_directories",
        format!("\"{}\"", sockets.display()),
    );
    set("hba_file", hba.display().to_string());
    set(
        "max_locks_per_transaction",
        options.max_locks_per_transaction.to_string(),
    );
    set(
        "temp_file_limit",
        format!("{}kB", options.temp_file_bytes.div_ceil(1024)),
    );
    set("shared_preload_libraries", options.preload.join(","));
    if version >= ServerVersion::V16 {
        set("scram_iterations", "1".to_owned());
    }
    if version >= ServerVersion::V18 {
        // The default starts three workers for reads that are all in memory here.
        set("io_method", "sync".to_owned());
    }
    all.extend(options.extra_settings.iter().cloned());
    let mut text = String::new();
    for (name, value) in all {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let fits =
            !name.is_empty() && name.chars().all(plain) && !value.contains(['\n', '\r', '\0']);
        if !fits {
            return Err(ScratchError::Setting { name });
        }
        let value = value.replace('\\', "\\\\").replace('\'', "''");
        let _ = writeln!(text, "{name} = '{value}'");
    }
    Ok(text)
}
