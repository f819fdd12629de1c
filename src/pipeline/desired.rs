//! Desired files become a catalog, or the one kept from the last time.

use super::{Loaded, Managed, PipelineError, Rows, Workshop};
use crate::catalog::{Catalog, Unmodeled, read};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::rehearse::Sight;
use crate::scratch::Database;
use crate::scratch::elaborate::{ElaborateError, Elaborated, elaborate_as};
use crate::scratch::replay::replay;
use crate::source::DesiredFiles;
use crate::source::migrations::Migrations;
use crate::source::statement::Class;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A catalog with what running the files said.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
struct Kept<Side> {
    catalog: Catalog<Side>,
    unmodeled: BTreeSet<Unmodeled>,
    notices: Vec<String>,
    sight: Sight,
}

pub(super) fn load<Side>(
    files: &DesiredFiles,
    description: String,
    workshop: &Workshop<'_>,
) -> Result<Loaded<Side>, PipelineError> {
    let path = place(files, "in any order", workshop);
    let mut loaded = kept_or_run(files, path, description, workshop, |database| {
        (workshop.options.progress)("running the schema files on the scratch server");
        elaborate_as(database, files, owners(files, workshop))
    })?;
    pin_versions(&mut loaded.catalog, files);
    Ok(loaded)
}

/// The versions of extensions that the files state are compared.
fn pin_versions<Side>(catalog: &mut Catalog<Side>, files: &DesiredFiles) {
    for statement in &files.statements {
        if let Class::Extension {
            name,
            version: Some(_),
            ..
        } = &statement.class
            && let Some(Object::Extension(extension)) = catalog
                .objects
                .get_mut(&ObjectId::new(KindTag::Extension, [name.as_str()]))
        {
            extension.pinned = true;
        }
    }
}

/// As [`load`], for files that are run in their order.
pub(super) fn load_history<Side>(
    history: &Migrations,
    description: String,
    workshop: &Workshop<'_>,
) -> Result<Loaded<Side>, PipelineError> {
    let order = format!("{:?}", history.migrations);
    let path = place(&history.files, &order, workshop);
    let mut loaded = kept_or_run(&history.files, path, description, workshop, |database| {
        (workshop.options.progress)("running the migrations on the scratch server");
        replay(database, history, owners(&history.files, workshop))
    })?;
    let count = history.migrations.len();
    loaded.notices.insert(
        0,
        format!(
            "{count} migrations were run, in the order of {}",
            history.tool
        ),
    );
    Ok(loaded)
}

fn kept_or_run<Side>(
    files: &DesiredFiles,
    path: Option<PathBuf>,
    description: String,
    workshop: &Workshop<'_>,
    work: impl FnOnce(&Database) -> Result<Elaborated, ElaborateError>,
) -> Result<Loaded<Side>, PipelineError> {
    let kept = match path.as_deref().and_then(read_kept) {
        Some(kept) => kept,
        None => {
            let kept = run(workshop, work)?;
            if let Some(path) = &path {
                keep(path, &kept);
            }
            kept
        }
    };
    let Kept {
        mut catalog,
        unmodeled,
        notices,
        sight,
    } = kept;
    catalog.unmodeled.extend(unmodeled);
    let grants = |class: &Class| matches!(class, Class::Grant { .. });
    // A DO block may grant, too.
    let says_privileges = files.statements.iter().any(|s| grants(&s.class))
        || catalog
            .objects
            .keys()
            .any(|id| matches!(id.kind, KindTag::Grant | KindTag::DefaultPrivileges));
    Ok(Loaded {
        says_privileges,
        says_owners: owners(files, workshop),
        own: Catalog::empty(workshop.version),
        catalog,
        description,
        hints: files.hints.clone(),
        notices,
        rows: Rows::Read(sight),
    })
}

/// Whether OWNER TO is executed and compared: a dump whose objects all belong to one role says nothing by it.
fn owners(files: &DesiredFiles, workshop: &Workshop<'_>) -> bool {
    match workshop.options.owners {
        Managed::Auto => files.owners().len() > 1,
        Managed::Compare => true,
        Managed::Ignore => false,
    }
}

fn run<Side>(
    workshop: &Workshop<'_>,
    work: impl FnOnce(&Database) -> Result<Elaborated, ElaborateError>,
) -> Result<Kept<Side>, PipelineError> {
    let scratch = workshop.scratch()?;
    let database = scratch.create_database(&workshop.settings)?;
    let elaborated = work(&database).map_err(|source| PipelineError::Elaborate {
        version: workshop.version,
        source: Box::new(source),
    })?;
    let scope = workshop.options.scope.with_own();
    let mut client = database.connect()?;
    let mut catalog: Catalog<Side> = read(&mut client, &scope)?;
    let own = catalog.split_own();
    let ids = catalog.objects.keys().cloned().collect();
    let sight = Sight::look(&mut client, &catalog.addresses, &ids)?;
    let mut notices = elaborated.notices;
    let whole = |id: &&ObjectId| {
        let parent = own.get(id).and_then(Object::parent);
        parent.is_none_or(|parent| !own.objects.contains_key(&parent))
    };
    notices.extend(own.objects.keys().filter(whole).map(|id| {
        format!(
            "{} is left out: names that begin like this are given by steps of pgrehearse for a while",
            id.human()
        )
    }));
    Ok(Kept {
        catalog,
        unmodeled: elaborated.unmodeled,
        notices,
        sight,
    })
}

/// Where the catalog of these files is kept: by everything that decides what it is.
fn place(files: &DesiredFiles, order: &str, workshop: &Workshop<'_>) -> Option<PathBuf> {
    let cache = workshop.options.cache.as_ref()?;
    let mut hash = Sha256::new();
    for part in [
        files.content_hash(),
        order.to_owned(),
        workshop.version.to_string(),
        env!("CARGO_PKG_VERSION").to_owned(),
        build_id(),
        format!("{:?}", workshop.options.scratch.choice),
        workshop.options.scratch.extensions.join(","),
        workshop.options.scratch.trusted.to_string(),
        format!("{:?}", workshop.options.scope),
        format!("{:?}", workshop.settings.time_zone),
        format!("{:?}", workshop.options.owners),
    ] {
        hash.update(part.len().to_string());
        hash.update(":");
        hash.update(part);
    }
    let name: String = hash
        .finalize()
        .iter()
        .take(16)
        .map(|b| format!("{b:02x}"))
        .collect();
    Some(cache.join("catalogs").join(format!("{name}.json")))
}

/// Changes with every build of the program: a catalog read by other code is another one.
fn build_id() -> String {
    let exe = std::env::current_exe().and_then(std::fs::metadata);
    exe.and_then(|m| m.modified())
        .map(|t| format!("{t:?}"))
        .unwrap_or_default()
}

fn read_kept<Side>(path: &Path) -> Option<Kept<Side>> {
    // A file that cannot be read is as good as none: the files are run again.
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn keep<Side>(path: &Path, kept: &Kept<Side>) {
    // Without a cache the next run is slower, no more.
    let Some(folder) = path.parent() else { return };
    let Ok(json) = serde_json::to_string(kept) else {
        return;
    };
    if std::fs::create_dir_all(folder).is_ok()
        && let Ok(mut file) = tempfile::NamedTempFile::new_in(folder)
        && std::io::Write::write_all(&mut file, json.as_bytes()).is_ok()
    {
        file.persist(path).ok();
    }
}

/// Reads a catalog snapshot, YAML or JSON, as `inspect` writes it.
pub(super) fn read_snapshot<Side>(path: &Path) -> Result<Catalog<Side>, PipelineError> {
    let fail = |message: String| PipelineError::Snapshot {
        path: path.to_owned(),
        message,
    };
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
    yaml_serde::from_str(&text).map_err(|e| fail(e.to_string()))
}
