//! Versions of extensions that nothing leads to.

use super::{PipelineError, Workshop};
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{Extension, Object};

/// Whether the scratch server knows both versions, and no script leads from the one to the other.
const NO_WAY: &str = "
    SELECT EXISTS (SELECT FROM pg_catalog.pg_extension_update_paths($1::text::name)
                    WHERE source = $2::text AND target = $3::text AND path IS NULL)";

/// Leaves to `desired` the versions of live from which no script leads to those that the files state, as after a
/// rollback. Says which.
pub(super) fn settle(
    live: &Catalog<Live>,
    desired: &mut Catalog<Desired>,
    workshop: &Workshop<'_>,
) -> Result<Vec<String>, PipelineError> {
    let mut stay = Vec::new();
    for (id, object) in desired.objects.iter() {
        if let (Some(Object::Extension(old)), Object::Extension(new)) = (live.get(id), object)
            && new.pinned
            && new.version != old.version
            && no_way(old, new, workshop)?
        {
            stay.push((id.clone(), old.version.clone()));
        }
    }
    let mut notices = Vec::new();
    for (id, version) in stay {
        if let Some(Object::Extension(new)) = desired.objects.get_mut(&id) {
            notices.push(format!(
                "extension {} stays at version {version}: no script leads to {}, which the files state",
                new.name, new.version
            ));
            new.version = version;
        }
    }
    Ok(notices)
}

fn no_way(
    old: &Extension,
    new: &Extension,
    workshop: &Workshop<'_>,
) -> Result<bool, PipelineError> {
    let database = workshop.scratch()?.create_database(&workshop.settings)?;
    let (name, from, to) = (new.name.raw(), &old.version, &new.version);
    let row = database.connect()?.query_one(NO_WAY, &[&name, from, to])?;
    Ok(row.get(0))
}
