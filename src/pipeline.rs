//! The data path from two sources to a rehearsed plan, and what its parts share.

mod additions;
mod copies;
mod data;
mod definitions;
mod desired;
mod differences;
mod drafting;
mod enums;
mod error;
mod expression;
mod extensions;
mod hanging;
mod in_flight;
mod inspect;
mod overloads;
mod own_names;
mod owners;
mod partitioned_keys;
mod privileges;
mod queries;
mod recorded;
mod remarks;
mod renames;
mod renewals;
mod replacements;
mod retired;
mod rows;
mod script;
mod server;
mod splits;
mod subscriptions;

pub use differences::{Differences, differences};
pub use error::PipelineError;
pub use in_flight::open_plans;
pub use inspect::{Inspected, inspect};
pub use privileges::Managed;
pub use recorded::{Again, again, fingerprint_of, read_live};
pub use rows::Rows;
pub use script::{Scripted, script};

use crate::catalog::{Catalog, Desired, Live, Scope};
use crate::diff::{
    Additions, ChangeSet, ConversionHint, Copies, Renewals, Replacements, Split, rename,
};
use crate::kinds::ObjectId;
use crate::pg::ServerVersion;
use crate::plan::Rehearsed;
use crate::plan::document::UnmodeledRecord;
use crate::rehearse::{self, Request, canonicalize, texts_differ};
use crate::scratch::{DatabaseSettings, Scratch, ScratchOptions};
use crate::source::migrations::read_migrations;
use crate::source::{self, DesiredFiles, Hint, Source};
use crate::strategy::{Drops, SmallTable};
use drafting::{base_catalog, draft_document};
use postgres::Client;
use remarks::{kept, likely_renames, unmodeled};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a connection to a database of the user is had; the CLI brings TLS and the environment.
pub type Connect = dyn Fn(&str) -> Result<Client, PipelineError>;

/// The settings of a run.
pub struct Options {
    /// Everything but the version, which follows from the sources.
    pub scratch: ScratchOptions,
    pub scope: Scope,
    pub small: SmallTable,
    /// The most tables that a swap may lock together.
    pub max_tables: usize,
    /// What comes before a column or table is dropped.
    pub drops: Drops,
    /// Old name → new name, for those who want no hints in the files.
    pub renames: BTreeMap<String, String>,
    /// The version to use when no side is a server.
    pub server_version: Option<ServerVersion>,
    /// Where desired catalogs are kept; `None` keeps none.
    pub cache: Option<PathBuf>,
    pub connect: Box<Connect>,
    /// A scratch server that runs already, of the right version.
    pub running: Option<Arc<Scratch>>,
    /// Files and folders with the application's queries, besides those of pg_stat_statements (E5).
    pub queries: Vec<PathBuf>,
    /// How much the live server is asked about its rows.
    pub data: crate::data::Limits,
    /// How long a reader of the live catalog waits for one lock.
    pub lock_timeout: Duration,
    /// Whether privileges are compared.
    pub privileges: Managed,
    /// Whether owners are compared.
    pub owners: Managed,
    /// Expressions of the schema files may run on the live database at plan time.
    pub trust_files: bool,
    /// Told what is being done.
    pub progress: Box<dyn Fn(&str)>,
}

/// One schema with what came along.
pub struct Loaded<Side> {
    pub catalog: Catalog<Side>,
    /// What steps of ours made for a while: part of a clone, never of a comparison.
    pub own: Catalog<Side>,
    pub description: String,
    pub hints: Vec<Hint>,
    /// A GRANT or REVOKE is among the files; a database says all there is.
    pub says_privileges: bool,
    /// The files give objects to more than one role; a database says all there is.
    pub says_owners: bool,
    pub notices: Vec<String>,
    pub rows: Rows,
}

/// The scratch server of a run, started when it is first needed.
pub struct Workshop<'a> {
    options: &'a Options,
    pub version: ServerVersion,
    scratch: OnceCell<Arc<Scratch>>,
    pub settings: DatabaseSettings,
}

impl<'a> Workshop<'a> {
    fn new(options: &'a Options, version: ServerVersion, settings: DatabaseSettings) -> Self {
        Self {
            options,
            version,
            scratch: OnceCell::new(),
            settings,
        }
    }

    /// # Errors
    /// [`PipelineError::Scratch`] when no server can be had, and when it is of another version.
    pub fn scratch(&self) -> Result<&Scratch, PipelineError> {
        if let Some(scratch) = self.scratch.get() {
            return Ok(scratch);
        }
        let scratch = match &self.options.running {
            Some(scratch) => Arc::clone(scratch),
            None => {
                (self.options.progress)("starting the scratch server");
                let mut options = self.options.scratch.clone();
                options.version = self.version;
                Arc::new(Scratch::start(&options)?)
            }
        };
        if scratch.version() != self.version {
            return Err(PipelineError::OtherVersion {
                scratch: scratch.version(),
                wanted: self.version,
            });
        }
        Ok(self.scratch.get_or_init(|| scratch))
    }
}

/// Two schemas and the server version they are compared on.
pub struct Pair<'a> {
    pub workshop: Workshop<'a>,
    pub live: Loaded<Live>,
    pub desired: Loaded<Desired>,
    /// The URL of the live server, where the first schema is a database.
    pub server: Option<String>,
}

/// Loads both sides.
///
/// # Errors
/// [`PipelineError`] with the side's own reason.
pub fn load<'a>(
    from: &Source,
    to: &Source,
    options: &'a Options,
) -> Result<Pair<'a>, PipelineError> {
    // A live server decides the version; its catalog is read first.
    let mut server: Option<(ServerVersion, DatabaseSettings)> = None;
    for side in [from, to] {
        if let (Source::Database(url), None) = (side, &server) {
            let mut client = (options.connect)(url)?;
            let version = crate::pg::session::version(&mut client)?;
            server = Some((version, server::settings(&mut client)?));
        }
    }
    let (version, settings) = match server {
        Some(found) => found,
        None => (
            version_without_server(options, &[from, to])?,
            DatabaseSettings::default(),
        ),
    };
    if !version.is_supported() {
        return Err(PipelineError::Unsupported { version });
    }
    let workshop = Workshop::new(options, version, settings);
    let (mut live, open, desired) = match from {
        Source::Database(url) => server::load_beside(url, to, &workshop)?,
        _ => (
            load_one(from, &workshop)?,
            Vec::new(),
            load_one(to, &workshop)?,
        ),
    };
    if !open.is_empty() {
        live = in_flight::carried_through(live, &open, &workshop)?;
    }
    Ok(Pair {
        workshop,
        live,
        desired,
        server: match from {
            Source::Database(url) => Some(url.clone()),
            _ => None,
        },
    })
}

/// Loads a single schema.
///
/// # Errors
/// [`PipelineError`] with its reason.
pub fn load_single<Side>(
    source: &Source,
    options: &Options,
) -> Result<Loaded<Side>, PipelineError> {
    load_one(source, &workshop_for(source, options)?)
}

/// The workshop for what is done with one source alone.
fn workshop_for<'a>(source: &Source, options: &'a Options) -> Result<Workshop<'a>, PipelineError> {
    let settings = match source {
        Source::Database(url) => server::settings(&mut (options.connect)(url)?)?,
        _ => DatabaseSettings::default(),
    };
    Ok(Workshop::new(
        options,
        version_of(source, options)?,
        settings,
    ))
}

fn version_of(source: &Source, options: &Options) -> Result<ServerVersion, PipelineError> {
    match source {
        Source::Database(url) => {
            let mut client = (options.connect)(url)?;
            Ok(crate::pg::session::version(&mut client)?)
        }
        _ => version_without_server(options, &[source]),
    }
}

fn version_without_server(
    options: &Options,
    sides: &[&Source],
) -> Result<ServerVersion, PipelineError> {
    for side in sides {
        if let Source::Snapshot(path) = side {
            return Ok(desired::read_snapshot::<Live>(path)?.version);
        }
    }
    if let Some(version) = options.server_version {
        return Ok(version);
    }
    let local = crate::scratch::Binaries::newest_local(&options.scratch.search);
    Ok(local.map_or(ServerVersion::V17, |b| b.version))
}

fn load_one<Side>(source: &Source, workshop: &Workshop<'_>) -> Result<Loaded<Side>, PipelineError> {
    let options = workshop.options;
    match source {
        Source::Database(url) => {
            let sessions = server::connect_for_reading(url, workshop)?;
            server::read_database(url, sessions, &options.scope, source.to_string())
        }
        Source::Snapshot(path) => Ok(Loaded {
            catalog: desired::read_snapshot(path)?,
            own: Catalog::empty(workshop.version),
            description: source.to_string(),
            hints: Vec::new(),
            says_privileges: true,
            says_owners: true,
            notices: Vec::new(),
            rows: Rows::Nowhere,
        }),
        Source::Files(path) => {
            let files = source::read_files(path)?;
            desired::load(&files, source.to_string(), workshop)
        }
        Source::Git { rev, path } => {
            let files: DesiredFiles = source::read_git(rev, path)?;
            desired::load(&files, source.to_string(), workshop)
        }
        Source::Exec(command) => {
            (options.progress)("running the command that prints the schema");
            let files = source::read_exec(command)?;
            desired::load(&files, source.to_string(), workshop)
        }
        Source::Migrations(path) => {
            let migrations = read_migrations(path)?;
            desired::load_history(&migrations, source.to_string(), workshop)
        }
    }
}

/// What becomes of the renames of columns before the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRenames {
    /// One column under another name: how people see it.
    Executed,
    /// A column that comes and one that goes: how it is planned.
    ByNewColumn,
}

/// Two catalogs that can be compared: after renames and in canonical form.
pub struct Aligned {
    pub live: Catalog<Live>,
    pub desired: Catalog<Desired>,
    pub renames: Vec<rename::Rename>,
    /// Renames of columns that a new column does: in `live` they have not happened.
    pub moves: Vec<rename::Rename>,
    pub conversions: BTreeMap<ObjectId, ConversionHint>,
    /// The expressions of `backfill` hints as they stand in the files.
    pub backfills: BTreeMap<ObjectId, String>,
    splits: Vec<splits::Asked>,
    pub notices: Vec<String>,
    pub unmodeled: Vec<UnmodeledRecord>,
}

/// The differences, with what they force along.
pub struct Compared {
    pub live: Catalog<Live>,
    pub desired: Catalog<Desired>,
    pub changes: ChangeSet,
    pub replacements: Replacements,
    pub renewals: Renewals,
    pub additions: Additions,
    pub splits: Vec<Split>,
    pub copies: Copies,
    pub renames: Vec<rename::Rename>,
    pub conversions: BTreeMap<ObjectId, ConversionHint>,
    pub notices: Vec<String>,
    pub unmodeled: Vec<UnmodeledRecord>,
}

/// Brings a loaded pair to where it can be compared.
///
/// # Errors
/// [`PipelineError`] when the scratch server fails.
pub fn align(pair: &Pair<'_>, columns: ColumnRenames) -> Result<Aligned, PipelineError> {
    let workshop = &pair.workshop;
    let scope = &workshop.options.scope;
    let mut live = pair.live.catalog.clone();
    let mut desired = pair.desired.catalog.clone();
    let mut notices: Vec<String> = Vec::new();
    notices.extend(
        pair.live
            .notices
            .iter()
            .chain(&pair.desired.notices)
            .cloned(),
    );
    let setting = &workshop.options.renames;
    let mut hints = renames::read(&pair.desired.hints, setting, &live, &desired);
    owners::settle(pair, &hints.renames, &mut live, &mut desired);
    notices.extend(hints.notices);
    let moves = match columns {
        ColumnRenames::Executed => Vec::new(),
        ColumnRenames::ByNewColumn => {
            replacements::take_renames(&mut hints.renames, &live, &desired)
        }
    };
    notices.extend(enums::renamed_plainly(&hints.renames, &live, &desired));
    if !hints.renames.is_empty() {
        live = renames::apply(&hints.renames, live, workshop)?;
    }
    if live.objects != desired.objects && texts_differ(&live, &desired) {
        let remarks = canonicalize(
            workshop.scratch()?,
            &workshop.settings,
            scope,
            &mut live,
            &mut desired,
        )?;
        notices.extend(remarks);
    }
    notices.extend(kept(&live, &mut desired));
    notices.extend(extensions::settle(&live, &mut desired, &pair.workshop)?);
    notices.extend(subscriptions::settle(&live, &mut desired));
    live = renames::attached(&mut hints.renames, &moves, live, &desired, workshop)?;
    notices.extend(privileges::settle(pair, &moves, &mut live, &mut desired));
    notices.extend(remarks::about(&live, &desired));
    let unmodeled = unmodeled(
        &pair.live.catalog.unmodeled,
        &pair.desired.catalog.unmodeled,
    );
    Ok(Aligned {
        live,
        desired,
        renames: hints.renames,
        moves,
        conversions: hints.conversions,
        backfills: hints.backfills,
        splits: hints.splits,
        notices,
        unmodeled,
    })
}

/// Compares a loaded pair.
///
/// # Errors
/// [`PipelineError::Impossible`] for differences that no statement makes.
pub fn compare(pair: &Pair<'_>) -> Result<Compared, PipelineError> {
    let Aligned {
        live,
        mut desired,
        renames,
        moves,
        mut conversions,
        backfills,
        splits,
        mut notices,
        unmodeled,
    } = align(pair, ColumnRenames::ByNewColumn)?;
    let (splits, remarks) = splits::find(&splits, &live, &desired)?;
    notices.extend(remarks);
    let wanted = copies::Wanted {
        live: &live,
        desired: &desired,
        conversions: &conversions,
        renames: &moves,
        splits: &splits,
        backfills: &backfills,
        server: pair.server.as_deref(),
        max_tables: pair.workshop.options.max_tables,
    };
    let (copies, changes, remarks) = copies::find(&wanted, &pair.workshop)?;
    notices.extend(remarks);
    let likely = likely_renames(&changes);
    notices.extend(
        likely
            .filter(|(to, _)| !moves.iter().any(|m| m.to == *to))
            .map(|(_, text)| text),
    );
    let (replacements, resolved) = replacements::find(
        &live,
        &desired,
        &changes,
        &replacements::Asked {
            conversions: &conversions,
            renames: &moves,
            renamed: &renames,
        },
        &pair.workshop,
    )?;
    for (id, using) in resolved {
        if let Some(hint) = conversions.get_mut(&id) {
            hint.using = using;
        }
    }
    let wanted = renewals::Wanted {
        live: &live,
        desired: &desired,
        changes: &changes,
        replacements: &replacements,
    };
    let renewals = renewals::find(&wanted, &pair.workshop)?;
    let wanted = additions::Wanted {
        live: &live,
        desired: &desired,
        changes: &changes,
        replacements: &replacements,
        hints: &backfills,
    };
    let (additions, remarks) = additions::find(&wanted, &pair.workshop)?;
    notices.extend(remarks);
    for (id, needs) in &additions.needs {
        let all = desired.requires.entry(id.clone()).or_default();
        all.extend(needs.iter().cloned());
    }
    notices.extend(remarks::stale(&live, &changes));
    let used = (&changes, &replacements, &additions);
    notices.extend(remarks::idle_hints(&conversions, &backfills, used));
    let zone = pair.workshop.settings.time_zone.as_deref();
    let zones = remarks::time_zones(&live, &desired, &conversions, &replacements, zone);
    notices.extend(zones);
    Ok(Compared {
        live,
        desired,
        changes,
        replacements,
        renewals,
        additions,
        splits,
        copies,
        renames,
        conversions,
        notices,
        unmodeled,
    })
}

/// Plans and rehearses the way from one source to the other.
///
/// # Errors
/// [`PipelineError`]; [`PipelineError::exit_code`] is the process's.
pub fn plan(from: &Source, to: &Source, options: &Options) -> Result<Rehearsed, PipelineError> {
    let pair = load(from, to, options)?;
    plan_pair(&pair)
}

/// Plans and rehearses the way between the loaded sides.
///
/// # Errors
/// As [`plan`].
pub fn plan_pair(pair: &Pair<'_>) -> Result<Rehearsed, PipelineError> {
    let compared = compare(pair)?;
    let document = draft_document(pair, &compared)?;
    let workshop = &pair.workshop;
    let options = workshop.options;
    if document.is_empty() {
        return Ok(rehearse::nothing_to_do(document));
    }
    let taken = own_names::refusals(&document, &pair.live.own);
    if !taken.is_empty() {
        return Err(PipelineError::Refused(taken));
    }
    let base = base_catalog(pair, &compared)?;
    let sights = rows::Sights::of(pair, &document, &base, &compared.desired)?;
    let asked = queries::gather(pair)?;
    let request = Request {
        scratch: workshop.scratch()?,
        settings: &workshop.settings,
        scope: &options.scope,
        live: &base,
        desired: Some(&compared.desired),
        seen: sights.seen(),
        small: options.small,
        queries: &asked.queries,
        made: &|_, _| false,
        progress: &*options.progress,
    };
    let rehearsed = asked.said(rehearse::rehearse(document, &request)?);
    data::ask(rehearsed, pair, &base)
}
