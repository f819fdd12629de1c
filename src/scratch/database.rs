//! One scratch database, and the sessions of the sandbox role on it.

mod collation;
mod subscriptions;

use super::server::Server;
use super::watchdog::Ended;
use super::{ScratchError, extension, privileged, random_hex};
use crate::pg::sql::Word;
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal, session};
use crate::sql;
use postgres::error::{DbError, SqlState};
use postgres::{Client, Config};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a database is made with.
#[derive(Clone, Debug, Default)]
pub struct DatabaseSettings {
    /// The live database's time zone: it decides whether timestamp → timestamptz rewrites.
    pub time_zone: Option<String>,
    /// The live role's, with its own name for `$user`: functions of the user find in it what they name without schema.
    pub search_path: Option<String>,
}

/// A scratch database; dropped with its sessions when the value is.
pub struct Database {
    server: Arc<Server>,
    name: String,
    settings: DatabaseSettings,
    // Once a sandbox session was open, user code may be in here, and no superuser session comes any more.
    used: AtomicBool,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.name).finish()
    }
}

impl Database {
    pub(crate) fn create(
        server: Arc<Server>,
        settings: &DatabaseSettings,
    ) -> Result<Self, ScratchError> {
        let database = Self::from_template(server, "template0", settings.clone(), false)?;
        if database.server.version < ServerVersion::V15 {
            // As on 15 and later, owned by whoever owns the database.
            database.as_superuser("open schema public", |client| {
                client.batch_execute("ALTER SCHEMA public OWNER TO pg_database_owner")
            })?;
        }
        Ok(database)
    }

    fn from_template(
        server: Arc<Server>,
        template: &str,
        settings: DatabaseSettings,
        used: bool,
    ) -> Result<Self, ScratchError> {
        let name = format!("pgrh_{}", random_hex(6)?);
        // Copying files beats logging pages where a checkpoint costs nothing; 14 knows no other way.
        let strategy = if server.version >= ServerVersion::V15 && server.cluster.is_some() {
            "STRATEGY file_copy"
        } else {
            ""
        };
        server.run(
            "create a scratch database",
            &sql!(
                "CREATE DATABASE {} OWNER {} TEMPLATE {} {}",
                Ident::new(name.as_str()),
                Ident::new(server.role.as_str()),
                Ident::new(template),
                Word(strategy)
            ),
        )?;
        server.made().databases.insert(name.clone());
        let database = Self {
            server,
            name,
            settings,
            used: AtomicBool::new(used),
        };
        // As the owner of a publication has to have it; a copy of a database has none of its privileges.
        let open = sql!(
            "GRANT CREATE ON DATABASE {} TO {}",
            Ident::new(database.name.as_str()),
            Ident::new(database.server.owners.as_str())
        );
        database.server.run("open the database to owners", &open)?;
        if let Some(zone) = &database.settings.time_zone {
            let set = sql!(
                "ALTER DATABASE {} SET TimeZone = {}",
                Ident::new(database.name.as_str()),
                Literal(zone)
            );
            database.server.run("set the time zone", &set)?;
        }
        Ok(database)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The role that sessions of [`Database::connect`] are logged in as.
    pub fn role(&self) -> &str {
        &self.server.role
    }

    /// Whether the role of its sessions is a superuser ([`ScratchOptions::trusted`](super::ScratchOptions)).
    pub fn is_trusted(&self) -> bool {
        self.server.trusted
    }

    pub fn version(&self) -> ServerVersion {
        self.server.version
    }

    /// Opens a session logged in as the sandbox role, with [`session::FIXED`] set.
    ///
    /// From now on nothing runs here as a superuser.
    ///
    /// # Errors
    /// [`ScratchError::Connect`] when the server refuses.
    pub fn connect(&self) -> Result<Client, ScratchError> {
        self.open(self.server.sandbox_config(&self.name))
    }

    /// As [`Database::connect`]; the server's notices go to `sink`.
    ///
    /// # Errors
    /// [`ScratchError::Connect`] when the server refuses.
    pub fn connect_with_notices(
        &self,
        sink: impl Fn(DbError) + Send + Sync + 'static,
    ) -> Result<Client, ScratchError> {
        let mut config = self.server.sandbox_config(&self.name);
        config.notice_callback(sink);
        self.open(config)
    }

    fn open(&self, mut config: Config) -> Result<Client, ScratchError> {
        if let Some(path) = &self.settings.search_path {
            // So that it is what RESET goes back to.
            let path = path.replace('\\', "\\\\").replace(' ', "\\ ");
            let given = config.get_options().unwrap_or_default().to_owned();
            config.options(&format!("{given} -c search_path={path}"));
        }
        self.used.store(true, Ordering::SeqCst);
        self.server.reset_role()?;
        let mut client = match self.server.open(&config) {
            Err(ScratchError::Connect { source, .. })
                if source.code() == Some(&SqlState::INVALID_PASSWORD) =>
            {
                self.server.restore_password()?;
                self.server.open(&config)?
            }
            other => other?,
        };
        session::prepare(&mut client, self.settings.time_zone.as_deref())
            .map_err(|e| ScratchError::statement("set up the scratch session", e))?;
        Ok(client)
    }

    fn as_superuser<T>(
        &self,
        what: &str,
        act: impl FnOnce(&mut Client) -> Result<T, postgres::Error>,
    ) -> Result<T, ScratchError> {
        let mut client = self.superuser(what)?;
        act(&mut client).map_err(|e| ScratchError::statement(what, e))
    }

    fn superuser(&self, what: &str) -> Result<Client, ScratchError> {
        if self.used.load(Ordering::SeqCst) {
            return Err(ScratchError::TooLate {
                what: what.to_owned(),
            });
        }
        self.server.open_as_superuser(&self.name)
    }

    /// Makes the functions through which the sandbox role does what only a superuser may
    /// ([`privileged::on_scratch`]).
    ///
    /// # Errors
    /// [`ScratchError::TooLate`] after [`Database::connect`]; what the server says.
    pub fn let_privileged_through(&self) -> Result<(), ScratchError> {
        let what = "make what only a superuser may make";
        self.as_superuser(what, |client| client.batch_execute(&privileged::setup()))
    }

    /// Creates an extension with the superuser's rights and hands it to the sandbox role.
    ///
    /// What it requires is created with it, if that is allowed too. An extension that is there already
    /// is handed over only.
    ///
    /// # Errors
    /// [`ScratchError::ExtensionNotAllowed`], [`ScratchError::ExtensionMissing`];
    /// [`ScratchError::TooLate`] after [`Database::connect`].
    pub fn create_extension(
        &self,
        name: &str,
        schema: Option<&str>,
        version: Option<&str>,
    ) -> Result<(), ScratchError> {
        self.check_allowed(name)?;
        let mut client = self.superuser(&format!("create extension {name}"))?;
        self.create_extension_in(&mut client, name, schema, version, &mut BTreeSet::new())
    }

    fn check_allowed(&self, name: &str) -> Result<(), ScratchError> {
        if extension::is_allowed(name, &self.server.extensions) {
            return Ok(());
        }
        Err(ScratchError::ExtensionNotAllowed {
            name: name.to_owned(),
        })
    }

    fn create_extension_in(
        &self,
        client: &mut Client,
        name: &str,
        schema: Option<&str>,
        version: Option<&str>,
        under_way: &mut BTreeSet<String>,
    ) -> Result<(), ScratchError> {
        self.check_allowed(name)?;
        let what = format!("create extension {name}");
        let failed = |e| ScratchError::statement(what.clone(), e);
        if !under_way.insert(name.to_owned()) {
            return Ok(());
        }
        let Some(row) = client
            .query_opt(AVAILABLE, &[&name, &version])
            .map_err(failed)?
        else {
            return Err(ScratchError::ExtensionMissing {
                name: name.to_owned(),
                version: version.map(str::to_owned),
                server: self.server.description.clone(),
            });
        };
        let (installed, requires): (bool, Vec<String>) = (row.get(0), row.get(1));
        if !installed {
            for required in requires {
                self.create_extension_in(client, &required, schema, None, under_way)?;
            }
            let statement = self
                .creation(client, name, schema, version)
                .map_err(failed)?;
            client.batch_execute(statement.as_str()).map_err(failed)?;
            let wrappers = client.query(WRAPPERS, &[&name]).map_err(failed)?;
            for wrapper in wrappers {
                let wrapper = Ident::new(wrapper.get::<_, String>(0));
                // Nobody reaches another server or a file of the host through a wrapper without handler, and no
                // validator asks whether the sandbox role may name a file. It stays so: only a superuser alters wrappers.
                let disarm = sql!(
                    "ALTER FOREIGN DATA WRAPPER {} NO HANDLER NO VALIDATOR",
                    wrapper
                );
                client.batch_execute(disarm.as_str()).map_err(failed)?;
            }
        }
        if self.server.is_superuser {
            for statement in extension::hand_over() {
                client
                    .execute(&statement, &[&name, &self.server.role])
                    .map_err(failed)?;
            }
        }
        Ok(())
    }

    fn creation(
        &self,
        client: &mut Client,
        name: &str,
        schema: Option<&str>,
        version: Option<&str>,
    ) -> Result<Sql, postgres::Error> {
        let name = Ident::new(name);
        // With an empty search_path an extension has no schema to go to by default.
        let schema = schema.unwrap_or("public");
        let there = "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1";
        if client.query_opt(there, &[&schema])?.is_none() {
            let make = sql!(
                "CREATE SCHEMA {} AUTHORIZATION {}",
                Ident::new(schema),
                Ident::new(self.server.role.as_str())
            );
            client.batch_execute(make.as_str())?;
        }
        // An extension that fixes its own schema refuses another one.
        let fixed: Option<String> = client
            .query_one(FIXED_SCHEMA, &[&name.raw(), &version])?
            .get(0);
        let schema = Ident::new(fixed.as_deref().unwrap_or(schema));
        Ok(match (fixed.is_some(), version) {
            (true, None) => sql!("CREATE EXTENSION {}", name),
            (true, Some(v)) => sql!("CREATE EXTENSION {} VERSION {}", name, Literal(v)),
            (false, None) => sql!("CREATE EXTENSION {} SCHEMA {}", name, schema),
            (false, Some(v)) => {
                sql!(
                    "CREATE EXTENSION {} SCHEMA {} VERSION {}",
                    name,
                    schema,
                    Literal(v)
                )
            }
        })
    }

    /// Creates a plain NOLOGIN role for a name met in a file, so that it can own and be granted things.
    ///
    /// The role has no right; the sandbox role becomes its member, as `OWNER TO` asks. A role of a given
    /// server that is not ours is left as it is and nobody becomes its member.
    ///
    /// # Errors
    /// [`ScratchError::RoleReserved`] for `pg_*` and the names that SQL reserves.
    pub fn create_role(&self, name: &str) -> Result<(), ScratchError> {
        if name.starts_with("pg_") || name == "public" || name == "none" {
            return Err(ScratchError::RoleReserved {
                name: name.to_owned(),
            });
        }
        let what = format!("create role {name}");
        let mut made = self.server.made();
        if made.roles.contains(name) {
            return Ok(());
        }
        let there = "SELECT FROM pg_catalog.pg_roles WHERE rolname = $1";
        let exists = self
            .server
            .admin()
            .query_opt(there, &[&name])
            .map_err(|e| ScratchError::statement(what.clone(), e))?
            .is_some();
        if exists {
            return Ok(());
        }
        let role = Ident::new(name);
        let create = sql!(
            "CREATE ROLE {} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
            role
        );
        self.server.run(&what, &create)?;
        made.roles.insert(name.to_owned());
        drop(made);
        let sandbox = Ident::new(self.server.role.as_str());
        let owners = Ident::new(self.server.owners.as_str());
        self.server
            .run(&what, &sql!("GRANT {} TO {}", role, sandbox))?;
        self.server
            .run(&what, &sql!("GRANT {} TO {}", owners, role))
    }

    /// Lets the roles of the files own what is in the schemas of this database, as OWNER TO asks, by a role of ours
    /// that all of them are members of. No reader names it.
    ///
    /// # Errors
    /// What the server says.
    pub fn open_to_owners(&self, client: &mut Client) -> Result<(), ScratchError> {
        let role = Ident::new(self.server.owners.as_str());
        let what = "open the schemas to owners";
        let failed = |e| ScratchError::statement(what, e);
        let schemas = client.query(OWN_SCHEMAS, &[]).map_err(failed)?;
        let there = schemas.iter().map(|row| {
            sql!(
                "GRANT USAGE, CREATE ON SCHEMA {} TO {}",
                Ident::new(row.get::<_, String>(0)),
                role
            )
        });
        let new = sql!(
            "ALTER DEFAULT PRIVILEGES GRANT USAGE, CREATE ON SCHEMAS TO {}",
            role
        );
        there
            .chain([new])
            .try_for_each(|statement| client.batch_execute(statement.as_str()).map_err(failed))
    }

    /// Makes a copy of this database; every session on this one is ended first.
    ///
    /// # Errors
    /// What the server says.
    pub fn copy(&self) -> Result<Self, ScratchError> {
        self.terminate_sessions()?;
        let used = self.used.load(Ordering::SeqCst);
        let server = Arc::clone(&self.server);
        // The time zone is one of the settings copied below, in the one row that holds them all.
        let zone = self.settings.time_zone.clone();
        let settings = DatabaseSettings {
            time_zone: zone.filter(|_| !self.server.is_superuser),
            ..self.settings.clone()
        };
        let mut copy = Self::from_template(server, &self.name, settings, used)?;
        copy.settings = self.settings.clone();
        // Settings of a database (ALTER DATABASE … SET) are not copied with it.
        if self.server.is_superuser {
            self.server
                .admin()
                .execute(COPY_SETTINGS, &[&self.name, &copy.name])
                .map_err(|e| ScratchError::statement("copy the settings of the database", e))?;
            copy.take_subscriptions_of(&self.name)?;
        }
        Ok(copy)
    }

    /// Ends every session on this database and waits until they are gone.
    ///
    /// # Errors
    /// What the server says.
    pub fn terminate_sessions(&self) -> Result<(), ScratchError> {
        let mut admin = self.server.admin();
        for _ in 0..1000 {
            let left = admin
                .query(TERMINATE, &[&self.name])
                .map_err(|e| ScratchError::statement("end the sessions of the database", e))?;
            if left.is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        Ok(())
    }

    /// The sessions here that were ended for a [limit](super::Limits), oldest first.
    pub fn ended(&self) -> Vec<Ended> {
        self.server.ended(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = Ident::new(self.name.as_str());
        let gone = sql!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name);
        let unsubscribe = privileged::remove_all(&self.name);
        // Nothing keeps a database of ours but that; what goes wrong here shows in the next statement.
        drop(self.server.run("remove the subscriptions", &unsubscribe));
        if self.server.run("drop the scratch database", &gone).is_ok() {
            self.server.made().databases.remove(&self.name);
        }
    }
}

const AVAILABLE: &str = "
SELECT EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE e.extname = a.name),
       coalesce(v.requires::text[], '{}')
  FROM pg_catalog.pg_available_extensions() a
  JOIN pg_catalog.pg_available_extension_versions() v ON v.name = a.name
 WHERE a.name = $1::text::name
   AND v.version = coalesce($2::text, a.default_version)";
const FIXED_SCHEMA: &str = "
SELECT max(v.schema::text)
  FROM pg_catalog.pg_available_extensions() a
  JOIN pg_catalog.pg_available_extension_versions() v ON v.name = a.name
 WHERE a.name = $1::text::name
   AND v.version = coalesce($2::text, a.default_version)";
const WRAPPERS: &str = "
SELECT w.fdwname::text
  FROM pg_catalog.pg_foreign_data_wrapper w
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_foreign_data_wrapper'::regclass
   AND d.objid = w.oid AND d.deptype = 'e'
  JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
 WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass
   AND x.extname = $1::text::name
   AND (w.fdwhandler <> 0 OR w.fdwvalidator <> 0)";

const OWN_SCHEMAS: &str = "
SELECT nspname::text
  FROM pg_catalog.pg_namespace
 WHERE nspname !~ '^pg_'
   AND nspname <> 'information_schema'
   AND pg_catalog.pg_has_role(nspowner, 'USAGE')";
const COPY_SETTINGS: &str = "
INSERT INTO pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)
SELECT target.oid,
       s.setrole,
       s.setconfig
  FROM pg_catalog.pg_db_role_setting s
  JOIN pg_catalog.pg_database source ON source.oid = s.setdatabase
  JOIN pg_catalog.pg_database target ON target.datname = $2::text::name
 WHERE source.datname = $1::text::name
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_db_role_setting t
                    WHERE t.setdatabase = target.oid
                      AND t.setrole = s.setrole)";
const TERMINATE: &str = "
SELECT pg_catalog.pg_terminate_backend(pid)
  FROM pg_catalog.pg_stat_activity
 WHERE datname = $1::text::name
   AND pid <> pg_catalog.pg_backend_pid()";
