//! Every attribute that docs/coverage.md calls done is changed by hand on a live database, and the
//! difference is found under its name.

mod support;

#[path = "mutation/table.rs"]
mod table;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::catalog::{Catalog, Live as LiveSide};
use pgrehearse::diff::Change;
use pgrehearse::kinds::differing;
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::{self, Options, PipelineError};
use pgrehearse::scratch::{Database, Scratch};
use pgrehearse::source::{Source, read_files};
use postgres::{Client, NoTls};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use support::Live;
use table::{MUTATIONS, Mutation};

const RICH: &str = "tests/mutation/rich.sql";

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test(
        "coverage: docs, kinds and mutations agree",
        || coverage().map_err(Failed::from),
    )];
    for version in versions() {
        let major = version.major();
        trials.push(Trial::test(
            format!("an unchanged database has no difference on {major}"),
            move || unchanged(version).map_err(Failed::from),
        ));
        for mutation in MUTATIONS.iter().filter(|m| m.since <= major) {
            trials.push(Trial::test(
                format!("{} on {major}", mutation.name),
                move || run(mutation, version).map_err(Failed::from),
            ));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    // Not there when no test needed it.
    std::fs::remove_dir_all(cache()).ok();
    conclusion.exit();
}

/// The oldest and the newest; others by `PGREHEARSE_TEST_VERSIONS`.
fn versions() -> Vec<ServerVersion> {
    match std::env::var_os("PGREHEARSE_TEST_VERSIONS") {
        Some(_) => support::versions(),
        None => vec![ServerVersion::V14, ServerVersion::V18],
    }
}

/// A database with the rich schema, of which every test takes a copy.
struct Template {
    live: Live,
}

/// Where the catalog of the rich schema is kept for all tests of a process.
fn cache() -> PathBuf {
    std::env::temp_dir().join(format!("pgrehearse-mutation-{}", std::process::id()))
}

fn template(version: ServerVersion) -> Result<(Arc<Scratch>, Arc<Template>), String> {
    type Templates = BTreeMap<u32, Result<Arc<Template>, String>>;
    static MADE: OnceLock<Mutex<Templates>> = OnceLock::new();
    let server = support::server(version)?;
    let mut made = MADE
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let template = made.entry(version.major()).or_insert_with(|| {
        let files = read_files(Path::new(RICH)).map_err(|e| e.to_string())?;
        let live = Live::from_files(&server, &files)?;
        let template = Template { live };
        // Fills the cache.
        compare(&template.live.source(), &options(&server))?;
        Ok(Arc::new(template))
    });
    Ok((Arc::clone(&server), template.clone()?))
}

fn options(server: &Arc<Scratch>) -> Options {
    let mut options = support::options(server);
    options.cache = Some(cache());
    options.scratch.extensions = vec!["citext".to_owned(), "btree_gist".to_owned()];
    options
}

/// The differences as `(identity, attribute)`; `exists` for what is on one side only.
fn compare(from: &Source, options: &Options) -> Result<BTreeSet<(String, String)>, String> {
    let to = Source::Files(PathBuf::from(RICH));
    let pair = pipeline::load(from, &to, options).map_err(|e| e.to_string())?;
    let compared = match pipeline::compare(&pair) {
        Ok(compared) => compared,
        Err(PipelineError::Impossible(all)) => {
            return Ok(all
                .into_iter()
                .map(|i| (i.object.to_string(), i.attribute))
                .collect());
        }
        Err(error) => return Err(error.to_string()),
    };
    let mut found = BTreeSet::new();
    for (id, change) in &compared.changes.changes {
        let names: Vec<String> = match change {
            Change::Create { .. } | Change::Drop { .. } => vec!["exists".to_owned()],
            Change::Alter { old, new, .. } | Change::Replace { old, new, .. } => {
                differing(old, new)
                    .into_iter()
                    .map(|(_, a)| a.name.to_owned())
                    .collect()
            }
        };
        found.extend(names.into_iter().map(|n| (id.to_string(), n)));
    }
    // An extension that moves is a rename of everything in it.
    let moved = compared.renames.iter().filter(|r| r.from == r.to);
    found.extend(moved.map(|r| (r.to.to_string(), "schema".to_owned())));
    Ok(found)
}

/// A database of one test's own: copying the template ends the sessions on it.
fn copy(template: &Template) -> Result<Database, String> {
    static COPYING: Mutex<()> = Mutex::new(());
    let _one = COPYING.lock().unwrap_or_else(PoisonError::into_inner);
    template.live.database.copy().map_err(|e| e.to_string())
}

fn connect(server: &Scratch, database: &Database) -> Result<Client, String> {
    let cluster = server.cluster().ok_or("no embedded server")?;
    let config = cluster.superuser(database.name());
    config.connect(NoTls).map_err(|e| e.to_string())
}

fn source(database: &Database) -> Source {
    Source::Database(format!("postgres:///{}", database.name()))
}

fn unchanged(version: ServerVersion) -> Result<(), String> {
    let (server, template) = template(version)?;
    let database = copy(&template)?;
    let found = compare(&source(&database), &options(&server))?;
    match found.is_empty() {
        true => Ok(()),
        false => Err(format!("{found:?}")),
    }
}

fn run(mutation: &Mutation, version: ServerVersion) -> Result<(), String> {
    let (server, template) = template(version)?;
    let database = copy(&template)?;
    connect(&server, &database)?
        .batch_execute(mutation.sql)
        .map_err(|e| format!("{}: {}", mutation.sql, pgrehearse::rehearse::message_of(&e)))?;
    let found = compare(&source(&database), &options(&server))?;
    let named = found
        .iter()
        .any(|(id, attribute)| id.starts_with(mutation.object) && attribute == mutation.attribute);
    match named {
        true => Ok(()),
        false => Err(format!(
            "{}\nshould be found as {} of {}; found: {found:#?}",
            mutation.sql, mutation.attribute, mutation.object
        )),
    }
}

/// docs/coverage.md, what the kinds compare, and the mutations say the same.
fn coverage() -> Result<(), String> {
    let text = std::fs::read_to_string("docs/coverage.md").map_err(|e| e.to_string())?;
    let mut documented: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|l| l.contains("| done |")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [kind, attribute, _, _, tests] = cells.as_slice() else {
            return Err(format!(
                "a row of docs/coverage.md has not five cells: {line}"
            ));
        };
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let tests = tests.split(", ").map(plain).collect();
        documented.insert((plain(kind), plain(attribute)), tests);
    }
    let mut mutated: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for mutation in MUTATIONS {
        let kind = mutation.object.split(':').next().unwrap_or_default();
        let key = (kind.to_owned(), mutation.attribute.to_owned());
        let names = mutated.entry(key).or_default();
        if !names.insert(mutation.name.to_owned()) {
            return Err(format!("two mutations are called {}", mutation.name));
        }
    }
    if documented != mutated {
        type Rows = BTreeMap<(String, String), BTreeSet<String>>;
        let only = |rows: &Rows, other: &Rows| -> String {
            let mut text = String::new();
            for (key, names) in rows.iter().filter(|(k, n)| other.get(k) != Some(n)) {
                text.push_str(&format!("{key:?}: {names:?}\n"));
            }
            text
        };
        return Err(format!(
            "only in docs/coverage.md:\n{}only in the mutations:\n{}",
            only(&documented, &mutated),
            only(&mutated, &documented)
        ));
    }
    let (server, template) = template(ServerVersion::V18)?;
    let database = copy(&template)?;
    let scope = &options(&server).scope;
    let catalog: Catalog<LiveSide> =
        pgrehearse::catalog::read(&mut connect(&server, &database)?, scope)
            .map_err(|e| e.to_string())?;
    let mut compared: BTreeSet<(String, String)> = BTreeSet::new();
    for (id, object) in &catalog.objects {
        let kind = id.kind.slug().to_owned();
        compared.insert((kind.clone(), "exists".to_owned()));
        let names = object.attributes().into_iter().map(|a| a.name.to_owned());
        compared.extend(names.map(|name| (kind.clone(), name)));
    }
    let documented: BTreeSet<(String, String)> = documented.into_keys().collect();
    if documented != compared {
        return Err(format!(
            "documented and not compared (or not in the rich schema): {:?}\ncompared and not documented: {:?}",
            documented.difference(&compared).collect::<Vec<_>>(),
            compared.difference(&documented).collect::<Vec<_>>()
        ));
    }
    let kinds: BTreeSet<&str> = compared.iter().map(|(kind, _)| kind.as_str()).collect();
    let missing: Vec<&str> = pgrehearse::kinds::KindTag::ALL
        .iter()
        .map(|k| k.slug())
        .filter(|k| !kinds.contains(k))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "kinds without an object in the rich schema: {missing:?}"
        )),
    }
}
