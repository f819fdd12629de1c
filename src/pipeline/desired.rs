//! Desired files become a catalog, or the one kept from the last time.

use super::{Loaded, PipelineError, Workshop};
use crate::catalog::{Catalog, Unmodeled, read};
use crate::kinds::{Object, ObjectId};
use crate::scratch::elaborate::elaborate;
use crate::source::DesiredFiles;
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
}

pub(super) fn load<Side>(
    files: &DesiredFiles,
    description: String,
    workshop: &Workshop<'_>,
) -> Result<Loaded<Side>, PipelineError> {
    let path = place(files, workshop);
    let kept = match path.as_deref().and_then(read_kept) {
        Some(kept) => kept,
        None => {
            let kept = run(files, workshop)?;
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
    } = kept;
    catalog.unmodeled.extend(unmodeled);
    Ok(Loaded {
        own: Catalog::empty(workshop.version),
        catalog,
        description,
        hints: files.hints.clone(),
        notices,
    })
}

fn run<Side>(files: &DesiredFiles, workshop: &Workshop<'_>) -> Result<Kept<Side>, PipelineError> {
    let scratch = workshop.scratch()?;
    (workshop.options.progress)("running the schema files on the scratch server");
    let database = scratch.create_database(&workshop.settings)?;
    let elaborated = elaborate(&database, files).map_err(|source| PipelineError::Elaborate {
        version: workshop.version,
        source: Box::new(source),
    })?;
    let scope = workshop.options.scope.with_own();
    let mut catalog: Catalog<Side> = read(&mut database.connect()?, &scope)?;
    let own = catalog.split_own();
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
    })
}

/// Where the catalog of these files is kept: by everything that decides what it is.
fn place(files: &DesiredFiles, workshop: &Workshop<'_>) -> Option<PathBuf> {
    let cache = workshop.options.cache.as_ref()?;
    let mut hash = Sha256::new();
    for part in [
        files.content_hash(),
        workshop.version.to_string(),
        env!("CARGO_PKG_VERSION").to_owned(),
        build_id(),
        format!("{:?}", workshop.options.scratch.choice),
        workshop.options.scratch.extensions.join(","),
        format!("{:?}", workshop.options.scope),
        format!("{:?}", workshop.settings.time_zone),
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
