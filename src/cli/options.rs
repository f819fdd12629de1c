//! From settings and environment to what the library wants to know.

use super::config::{self, Gate, Interval, Settings};
use super::ui::{Progress, Ui};
use super::{CliError, Context, Exit};
use crate::apply::{FillPolicy, Gates, Lag, LockPolicy};
use crate::catalog::{Own, Scope};
use crate::pg::{Ident, ServerVersion};
use crate::pipeline::{self, PipelineError};
use crate::plan::Phase;
use crate::scratch::{Choice, Given, Scratch, ScratchOptions, Search, default_cache_dir};
use crate::source::migrations::Tool;
use crate::source::{Source, database};
use crate::strategy::{DropGate, Drops, SmallTable};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// What a command does on the pipeline: its options, and the line that says what is being done.
pub(super) struct Work {
    pub options: pipeline::Options,
    activity: Activity,
}

/// The moving line; none where standard error is no terminal.
#[derive(Clone)]
struct Activity {
    ui: Ui,
    shown: Rc<RefCell<Option<Progress>>>,
}

impl Activity {
    fn show(&self, text: &str) {
        if !self.ui.has_terminal() {
            return;
        }
        let mut shown = self.shown.borrow_mut();
        match &*shown {
            Some(progress) => progress.update(text),
            None => *shown = Some(self.ui.progress(text, None)),
        }
    }
}

impl Work {
    /// Prepares to work on `sides`; with `--scratch URL` that server is logged in to.
    pub(super) fn new(context: &Context, sides: &[&Source]) -> Result<Self, CliError> {
        let settings = &context.settings;
        let activity = Activity {
            ui: context.ui.clone(),
            shown: Rc::default(),
        };
        let mut scratch = ScratchOptions::new(
            settings.server_version.unwrap_or(ServerVersion::V17),
            search(context),
        );
        scratch.extensions.clone_from(&settings.extensions);
        scratch.limits.statement = limit(settings.elaborate_timeout);
        scratch.trusted = context.trust_files;
        let mut server_version = settings.server_version;
        let mut running = None;
        if let Some(url) = given_server(context, sides)? {
            let (config, connect) = database::server(&url, context.env())?;
            scratch.choice = Choice::Server(Given::new(config, connect));
            let server = Scratch::start(&scratch)?;
            server_version = server_version.or(Some(server.version()));
            running = Some(Arc::new(server));
        }
        let env = context.env().clone();
        // Of the live database; another one may not have it.
        let live = context.database().ok().map(str::to_owned);
        let role = settings.role.clone();
        let shown = activity.clone();
        let options = pipeline::Options {
            cache: Some(scratch.search.cache.clone()),
            scratch,
            scope: scope(settings, sides, context.trust_files),
            small: small(settings),
            max_tables: settings.swap.max_tables.try_into().unwrap_or(usize::MAX),
            drops: drops(settings),
            renames: settings.renames.clone(),
            server_version,
            connect: Box::new(move |url| {
                let role = role.as_deref().filter(|_| live.as_deref() == Some(url));
                database::connect_as(url, &env, role).map_err(PipelineError::from)
            }),
            running,
            queries: settings.queries.iter().map(PathBuf::from).collect(),
            data: data(settings),
            lock_timeout: limit(settings.lock.timeout),
            privileges: settings.privileges,
            owners: settings.owners,
            trust_files: context.trust_files,
            progress: Box::new(move |text| shown.show(text)),
        };
        Ok(Self { options, activity })
    }

    /// Starts the scratch server for all that follows on a live server of `version`.
    pub(super) fn start(&mut self, version: ServerVersion) -> Result<(), CliError> {
        if self.options.running.is_none() {
            (self.options.progress)("starting the scratch server");
            let mut scratch = self.options.scratch.clone();
            scratch.version = version;
            self.options.running = Some(Arc::new(Scratch::start(&scratch)?));
        }
        Ok(())
    }

    /// Takes the moving line away.
    pub(super) fn quiet(&self) {
        self.activity.shown.borrow_mut().take();
    }
}

/// The server that `--scratch` names; `None` for our own.
fn given_server(context: &Context, sides: &[&Source]) -> Result<Option<String>, CliError> {
    let scratch = context.settings.scratch.as_str();
    match scratch {
        "auto" | "embedded" => Ok(None),
        "same" => {
            let side = sides.iter().find_map(|side| match side {
                Source::Database(url) => Some(url.clone()),
                _ => None,
            });
            match side {
                Some(url) => Ok(Some(url)),
                None => context.database().map(|url| Some(url.to_owned())),
            }
        }
        url if database::is_connection(url) => Ok(Some(url.to_owned())),
        _ => {
            let message = "the setting scratch names no server";
            Err(CliError::new("settings::value", message, Exit::Usage)
                .help("it is auto, same, or the URL of a server: postgres://user@host/postgres"))
        }
    }
}

fn search(context: &Context) -> Search {
    let settings = &context.settings;
    let variable = |name: &str| context.env().get(name).filter(|v| !v.is_empty());
    let path = |name: &str| variable(name).map(Path::new);
    let cache: Option<PathBuf> = settings.cache.clone();
    Search {
        dir: settings.binaries.clone(),
        path: variable("PATH").map(Into::into),
        cache: cache.unwrap_or_else(|| {
            let is_root = rustix::process::geteuid().is_root();
            default_cache_dir(path("HOME"), path("XDG_CACHE_HOME"), is_root)
        }),
        mirror: settings.mirror.clone(),
        offline: false,
    }
}

fn scope(settings: &Settings, sides: &[&Source], trusted: bool) -> Scope {
    let mut ignore = settings.ignore.clone();
    // In which a migration tool keeps what it has run.
    if sides
        .iter()
        .any(|side| matches!(side, Source::Migrations(_)))
    {
        ignore.extend(Tool::own_tables().iter().map(|t| (*t).to_owned()));
    }
    Scope {
        schemas: (!settings.schemas.is_empty()).then(|| settings.schemas.clone()),
        ignore,
        ledger_schema: settings.ledger.schema.clone(),
        trusted,
        own: Own::Hidden,
    }
}

fn small(settings: &Settings) -> SmallTable {
    SmallTable {
        rows: settings.small_table.rows,
        bytes: settings.small_table.size.bytes(),
    }
}

/// 0 is "without limit" in the settings.
fn limit(interval: Interval) -> Duration {
    match interval.as_duration() {
        Duration::ZERO => Duration::from_secs(365 * 86_400),
        limit => limit,
    }
}

/// 0 is "not at all" in the settings.
fn some<T: Default + PartialEq>(amount: T) -> Option<T> {
    (amount != T::default()).then_some(amount)
}

/// How much the live server is asked about its rows.
fn data(settings: &Settings) -> crate::data::Limits {
    crate::data::Limits {
        timeout: match settings.data.timeout.as_duration() {
            Duration::ZERO => Duration::from_secs(365 * 86_400),
            timeout => timeout,
        },
        max_bytes: settings.data.size.bytes(),
    }
}

fn drops(settings: &Settings) -> Drops {
    let drops = &settings.drops;
    Drops {
        gate: match drops.gate {
            Gate::Audit => DropGate::Audit,
            Gate::Wait => DropGate::Wait,
            Gate::None => DropGate::None,
        },
        audit: drops.audit.as_duration(),
        wait: drops.wait.as_duration(),
        backup: drops.backup,
    }
}

/// How a plan is applied, and taken back.
pub(super) fn apply(settings: &Settings, phases: BTreeSet<Phase>) -> crate::apply::Options {
    crate::apply::Options {
        phases,
        gates: Gates {
            drops: settings.drops.gate == Gate::None,
            ..Gates::default()
        },
        ledger_schema: Ident::new(settings.ledger.schema.as_str()),
        lock: LockPolicy {
            first: settings.lock.first.as_duration(),
            timeout: settings.lock.timeout.as_duration(),
            attempts: settings.lock.attempts.max(1),
            max_wait: limit(settings.lock.max_wait),
            max_block: limit(settings.lock.max_block),
            ..LockPolicy::default()
        },
        backfill: FillPolicy {
            target: settings.backfill.target.as_duration(),
            min_rows: settings.backfill.min_rows,
            max_rows: settings.backfill.max_rows,
            pause: settings.backfill.pause.as_duration(),
            max_lag: match settings.backfill.max_replica_lag {
                config::Lag::Time(time) => some(time.as_duration()).map(Lag::Time),
                config::Lag::Wal(size) => some(size.bytes()).map(Lag::Wal),
            },
            max_slot_wal: some(settings.backfill.max_slot_wal.bytes()),
            max_wal_rate: some(settings.backfill.max_wal_rate.bytes()),
            ignore_replicas: settings.backfill.ignore_replicas.clone(),
            jobs: settings.backfill.jobs.max(1),
        },
        statement_timeout: limit(settings.statement_timeout),
        data: data(settings),
        max_concurrent_wait: limit(settings.index.max_wait),
        ..crate::apply::Options::default()
    }
}
