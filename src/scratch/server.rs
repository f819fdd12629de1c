//! A running server on which scratch databases are made: our own cluster, or a given one.

use super::folder::Registration;
use super::watchdog::{Ended, Limits, Watch, Watchdog};
use super::{
    Binaries, Cluster, ClusterOptions, Database, DatabaseSettings, Origin, ScratchError, Search,
    Secret, random_hex,
};
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal, session, sql::Word};
use crate::sql;
use postgres::{Client, Config, NoTls};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Opens a session; the caller's own, so that TLS is decided in one place.
pub type Connect = Arc<dyn Fn(&Config) -> Result<Client, postgres::Error> + Send + Sync>;

/// A given server: how to log in there, with the right to create databases and roles.
#[derive(Clone)]
pub struct Given {
    config: Box<Config>,
    connect: Connect,
}

impl Given {
    pub fn new(config: Config, connect: Connect) -> Self {
        Self {
            config: Box::new(config),
            connect,
        }
    }

    /// A server at `url`, reached without TLS (a local one).
    ///
    /// # Errors
    /// [`ScratchError::Address`] when `url` cannot be read; the message does not repeat it.
    pub fn without_tls(url: &str) -> Result<Self, ScratchError> {
        let config: Config = url
            .parse()
            .map_err(|e: postgres::Error| ScratchError::Address {
                reason: e.to_string(),
            })?;
        Ok(Self::new(config, Arc::new(|config| config.connect(NoTls))))
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("hosts", &self.config.get_hosts())
            .finish_non_exhaustive()
    }
}

/// Which server is used: the setting `scratch`.
#[derive(Clone, Debug)]
pub enum Choice {
    /// Binaries found or fetched; the folder of the settings is [`Search::dir`].
    Embedded,
    /// A given server: `--scratch URL`, `--scratch same`.
    Server(Given),
}

/// How a scratch server is had.
#[derive(Clone, Debug)]
pub struct ScratchOptions {
    /// The version wanted; a given server has the one it has.
    pub version: ServerVersion,
    pub choice: Choice,
    pub search: Search,
    pub temp: PathBuf,
    pub preload: Vec<String>,
    pub extra_settings: Vec<(String, String)>,
    pub listen_tcp: bool,
    pub max_locks_per_transaction: u32,
    /// Extensions allowed beyond [`extension::ALLOWED`](super::extension::ALLOWED).
    pub extensions: Vec<String>,
    pub limits: Limits,
    /// The files and the live catalog are trusted: the sandbox role is a superuser, for what only one may make and what
    /// can run or corrupt code (C functions, operator classes, languages …).
    pub trusted: bool,
}

/// Where clusters are put: in memory where there is room, because making and dropping databases is
/// mostly the file system's work; else /tmp. Both are short enough
/// for a socket's path.
fn default_temp() -> PathBuf {
    const ROOM: u64 = 2 * 1024 * 1024 * 1024;
    let memory = std::path::Path::new("/dev/shm");
    let free = rustix::fs::statvfs(memory).map_or(0, |s| s.f_bavail.saturating_mul(s.f_frsize));
    if free >= ROOM {
        memory.to_owned()
    } else {
        PathBuf::from("/tmp")
    }
}

impl ScratchOptions {
    /// An embedded server of `version`.
    pub fn new(version: ServerVersion, search: Search) -> Self {
        Self {
            version,
            choice: Choice::Embedded,
            search,
            temp: default_temp(),
            preload: Vec::new(),
            extra_settings: Vec::new(),
            listen_tcp: false,
            max_locks_per_transaction: 256,
            extensions: Vec::new(),
            limits: Limits::default(),
            trusted: false,
        }
    }
}

/// A running scratch server. Dropped, it leaves nothing behind; its databases keep it alive.
pub struct Scratch {
    server: Arc<Server>,
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scratch")
            .field(&self.server.description)
            .finish()
    }
}

impl Scratch {
    /// Starts the embedded server, or logs in to the given one, and makes the sandbox role.
    ///
    /// # Errors
    /// No binaries, a server that does not start, a login that is refused.
    pub fn start(options: &ScratchOptions) -> Result<Self, ScratchError> {
        let server = match &options.choice {
            Choice::Embedded => {
                let binaries = Binaries::find(options.version, &options.search)?;
                let cluster = Cluster::start(&binaries, &cluster_options(options))?;
                Server::embedded(cluster, options)?
            }
            Choice::Server(given) => Server::given(given, options)?,
        };
        Ok(Self {
            server: Arc::new(server),
        })
    }

    /// Whether the role of its sessions is a superuser ([`ScratchOptions::trusted`]).
    pub fn is_trusted(&self) -> bool {
        self.server.trusted
    }

    pub fn version(&self) -> ServerVersion {
        self.server.version
    }

    /// `embedded PostgreSQL 17.5 (fetched)`
    pub fn description(&self) -> String {
        self.server.description.clone()
    }

    /// The role that sandbox sessions are logged in as; owner of the databases.
    pub fn role(&self) -> &str {
        &self.server.role
    }

    /// The cluster behind it, when it is embedded.
    pub fn cluster(&self) -> Option<&Cluster> {
        self.server.cluster.as_ref()
    }

    /// Makes an empty database that belongs to the sandbox role.
    ///
    /// `public` belongs to `pg_database_owner` on every version, as it does from 15 on.
    ///
    /// # Errors
    /// What the server says.
    pub fn create_database(&self, settings: &DatabaseSettings) -> Result<Database, ScratchError> {
        Database::create(Arc::clone(&self.server), settings)
    }
}

fn cluster_options(options: &ScratchOptions) -> ClusterOptions {
    ClusterOptions {
        cache: options.search.cache.clone(),
        temp: options.temp.clone(),
        preload: options.preload.clone(),
        extra_settings: options.extra_settings.clone(),
        listen_tcp: options.listen_tcp,
        max_locks_per_transaction: options.max_locks_per_transaction,
        temp_file_bytes: options.limits.temp_file_bytes,
    }
}

/// What we made on a server and take away again.
#[derive(Default)]
pub(crate) struct Made {
    pub(crate) databases: BTreeSet<String>,
    pub(crate) roles: BTreeSet<String>,
}

/// A running server as its databases see it.
pub(crate) struct Server {
    // Fields drop in order: the watchdog's session and ours end before the cluster.
    watchdog: Option<Watchdog>,
    _registration: Option<Registration>,
    admin: Mutex<Client>,
    admin_config: Config,
    connect: Connect,
    pub(crate) cluster: Option<Cluster>,
    pub(crate) version: ServerVersion,
    pub(crate) is_superuser: bool,
    /// Whether the sandbox role is a superuser, too.
    pub(crate) trusted: bool,
    pub(crate) description: String,
    pub(crate) role: String,
    /// What the owners in files are members of, to create things in schemas.
    pub(crate) owners: String,
    password: Secret,
    pub(crate) extensions: Vec<String>,
    pub(crate) made: Arc<Mutex<Made>>,
    ended: Arc<Mutex<Vec<Ended>>>,
}

impl Server {
    fn embedded(cluster: Cluster, options: &ScratchOptions) -> Result<Self, ScratchError> {
        let binaries = cluster.binaries();
        let origin = match binaries.origin {
            Origin::Setting => "from the settings",
            Origin::Local => "installed",
            Origin::Cached | Origin::Fetched => "fetched",
        };
        let description = format!("embedded PostgreSQL {} ({origin})", binaries.release);
        let config = cluster.superuser("postgres");
        let connect: Connect = Arc::new(|config| config.connect(NoTls));
        Self::new(config, connect, Some(cluster), description, options)
    }

    fn given(given: &Given, options: &ScratchOptions) -> Result<Self, ScratchError> {
        let connect = Arc::clone(&given.connect);
        Self::new(
            (*given.config).clone(),
            connect,
            None,
            String::new(),
            options,
        )
    }

    fn new(
        admin_config: Config,
        connect: Connect,
        cluster: Option<Cluster>,
        description: String,
        options: &ScratchOptions,
    ) -> Result<Self, ScratchError> {
        let mut admin = open(&connect, &admin_config)?;
        let version = session::prepare(&mut admin, None)
            .map_err(|e| ScratchError::statement("set up the scratch session", e))?;
        if !version.is_supported() {
            return Err(ScratchError::UnsupportedVersion { version });
        }
        let row = admin
            .query_one(ABOUT, &[])
            .map_err(|e| ScratchError::statement("read the rights on the scratch server", e))?;
        let is_superuser: bool = row.get(0);
        let description = match &cluster {
            Some(_) => description,
            None => format!("given PostgreSQL {}", row.get::<_, String>(1)),
        };
        let folder = cluster.as_ref().map(|cluster| cluster.path().to_owned());
        let mut server = Self {
            watchdog: None,
            _registration: None,
            admin: Mutex::new(admin),
            admin_config,
            connect,
            cluster,
            version,
            is_superuser,
            trusted: options.trusted,
            description,
            role: format!("pgrh_{}", random_hex(6)?),
            owners: format!("pgrh_{}", random_hex(6)?),
            password: Secret::random()?,
            extensions: options.extensions.clone(),
            made: Arc::default(),
            ended: Arc::default(),
        };
        server.create_sandbox_role(&options.limits, options.trusted)?;
        if server.cluster.is_none() {
            server._registration = Some(server.register());
        }
        server.watchdog = Watchdog::start(Watch {
            connect: Arc::clone(&server.connect),
            admin: server.admin_config.clone(),
            role: server.role.clone(),
            limits: options.limits,
            folder,
            ended: Arc::clone(&server.ended),
        })
        .map(Some)
        .map_err(|source| {
            ScratchError::io("start a thread for", std::path::Path::new("limits"), source)
        })?;
        Ok(server)
    }

    fn create_sandbox_role(&self, limits: &Limits, trusted: bool) -> Result<(), ScratchError> {
        let role = Ident::new(self.role.as_str());
        // A plan over rows under forced row-level security needs it (apply asks the same of its role). On a
        // server that is not ours alone it would open other databases' rows.
        let bypass = Word(match self.cluster {
            Some(_) => "BYPASSRLS",
            None => "NOBYPASSRLS",
        });
        let superuser = Word(match trusted {
            true => "SUPERUSER",
            false => "NOSUPERUSER",
        });
        self.run(
            "create the sandbox role",
            &sql!(
                "CREATE ROLE {} LOGIN {} NOCREATEDB NOCREATEROLE NOREPLICATION {} \
                 CONNECTION LIMIT 30 PASSWORD {}",
                role,
                superuser,
                bypass,
                Literal(self.password.reveal())
            ),
        )?;
        self.made().roles.insert(self.role.clone());
        let owners = sql!("CREATE ROLE {} NOLOGIN", Ident::new(self.owners.as_str()));
        self.run("create the role of owners", &owners)?;
        self.made().roles.insert(self.owners.clone());
        if !self.is_superuser {
            // To make it the owner of databases (14–18), and to end its sessions.
            let grant = sql!("GRANT {} TO CURRENT_USER", role);
            self.run("become a member of the sandbox role", &grant)?;
        } else if self.cluster.is_none() {
            // Only a superuser may set it, and so nobody in the sandbox takes it off again.
            let limit = format!("{}kB", limits.temp_file_bytes.div_ceil(1024));
            let set = sql!(
                "ALTER ROLE {} SET temp_file_limit = {}",
                role,
                Literal(&limit)
            );
            self.run("limit the temporary files of the sandbox role", &set)?;
        }
        Ok(())
    }

    fn register(&self) -> Registration {
        let made = Arc::clone(&self.made);
        let connect = Arc::clone(&self.connect);
        let config = self.admin_config.clone();
        Registration::new(move || {
            if let Ok(mut client) = connect(&config) {
                drop_made(&mut client, &made);
            }
        })
    }

    pub(crate) fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn admin(&self) -> MutexGuard<'_, Client> {
        self.admin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `statement` in the superuser's session, which is never in a scratch database.
    pub(crate) fn run(&self, what: &str, statement: &Sql) -> Result<(), ScratchError> {
        self.admin()
            .batch_execute(statement.as_str())
            .map_err(|e| ScratchError::statement(what, e))
    }

    pub(crate) fn open_as_superuser(&self, database: &str) -> Result<Client, ScratchError> {
        let mut config = self.admin_config.clone();
        config.dbname(database);
        let mut client = open(&self.connect, &config)?;
        session::prepare(&mut client, None)
            .map_err(|e| ScratchError::statement("set up the scratch session", e))?;
        Ok(client)
    }

    pub(crate) fn sandbox_config(&self, database: &str) -> Config {
        let mut config = self.admin_config.clone();
        config
            .user(&self.role)
            .password(self.password.reveal())
            .dbname(database);
        config
    }

    /// Takes back what a file may have done to the role itself: `ALTER ROLE CURRENT_USER SET …`.
    pub(crate) fn reset_role(&self) -> Result<(), ScratchError> {
        if self.cluster.is_none() {
            return Ok(());
        }
        let role = Ident::new(self.role.as_str());
        let reset = sql!("ALTER ROLE {} RESET ALL", role);
        self.run("reset the sandbox role", &reset)
    }

    /// A file may have changed the role's password (every role may change its own).
    pub(crate) fn restore_password(&self) -> Result<(), ScratchError> {
        let role = Ident::new(self.role.as_str());
        let set = sql!(
            "ALTER ROLE {} PASSWORD {}",
            role,
            Literal(self.password.reveal())
        );
        self.run("set the sandbox role's password", &set)
    }

    pub(crate) fn open(&self, config: &Config) -> Result<Client, ScratchError> {
        open(&self.connect, config)
    }

    pub(crate) fn ended(&self, database: &str) -> Vec<Ended> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended
            .iter()
            .filter(|e| e.database == database)
            .cloned()
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.watchdog = None;
        if self.cluster.is_none() {
            let made = Arc::clone(&self.made);
            drop_made(&mut self.admin(), &made);
        }
    }
}

const ABOUT: &str = "
SELECT rolsuper,
       pg_catalog.current_setting('server_version')
  FROM pg_catalog.pg_roles
 WHERE rolname = current_user";

fn open(connect: &Connect, config: &Config) -> Result<Client, ScratchError> {
    connect(config).map_err(|source| ScratchError::Connect {
        database: config.get_dbname().unwrap_or_default().to_owned(),
        source,
    })
}

fn drop_made(client: &mut Client, made: &Mutex<Made>) {
    let made = std::mem::take(&mut *made.lock().unwrap_or_else(PoisonError::into_inner));
    for name in made.databases {
        drop(client.batch_execute(super::privileged::remove_all(&name).as_str()));
        let name = Ident::new(name);
        let gone = sql!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name);
        drop(client.batch_execute(gone.as_str()));
    }
    for name in made.roles {
        let name = Ident::new(name);
        drop(client.batch_execute(sql!("DROP ROLE IF EXISTS {}", name).as_str()));
    }
}
