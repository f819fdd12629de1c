//! The database that a rehearsal begins on: a clone, with what only a superuser may make.

use super::{RehearseError, Request, clone};
use crate::catalog::{Catalog, Live};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::plan::document::Rollback;
use crate::plan::{Document, StepRecord};
use crate::scratch::{Database, DatabaseSettings, Scratch, privileged};
use crate::source::extension::Installs;
use crate::strategy::UPDATE_EXTENSION;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A database with a part of live, and what a superuser did there before its step comes.
pub(super) struct Ground {
    pub database: Database,
    /// Extensions that are made already.
    pub hidden: BTreeSet<ObjectId>,
    /// Extensions that have their new version already.
    pub updated: BTreeSet<ObjectId>,
}

pub(super) fn cloned_to_scratch(
    document: &Document,
    request: &Request<'_>,
    part: &Catalog<Live>,
) -> Result<Ground, RehearseError> {
    let database = request.scratch.create_database(request.settings)?;
    let hidden = untrusted_extensions(document, "create extension", request)?;
    for (id, version) in &hidden {
        let name = id.path.first().map_or("", String::as_str);
        database.create_extension(name, None, version.as_deref())?;
    }
    let updated = untrusted_extensions(document, UPDATE_EXTENSION, request)?;
    let mut part = Cow::Borrowed(part);
    for (id, version) in &updated {
        if let (Some(Object::Extension(extension)), Some(version)) =
            (part.to_mut().objects.get_mut(id), version)
        {
            version.clone_into(&mut extension.version);
        }
    }
    for role in &document.roles {
        clone::make_role(&database, role)?;
    }
    if document.steps().any(|(_, step)| needs_superuser(step)) {
        database.let_privileged_through()?;
    }
    clone::build(&database, &part, request.scope)?;
    Ok(Ground {
        database,
        hidden: hidden.into_keys().collect(),
        updated: updated.into_keys().collect(),
    })
}

/// The extensions with which steps do what a plain role may not, or may have to, and the versions that they state.
fn untrusted_extensions(
    document: &Document,
    operation: &str,
    request: &Request<'_>,
) -> Result<BTreeMap<ObjectId, Option<String>>, RehearseError> {
    let steps = document
        .steps()
        .filter(|(_, s)| s.object.kind == KindTag::Extension && s.operation == operation);
    let installed = steps.map(|(_, step)| {
        let mut statements = step.statements.iter();
        let installs = statements.find_map(|statement| Installs::by(&statement.sql));
        (step.object.clone(), installs.and_then(|i| i.version))
    });
    let mut found: BTreeMap<ObjectId, Option<String>> = installed.collect();
    let name = |id: &ObjectId| id.path.first().cloned().unwrap_or_default();
    let names: Vec<String> = found.keys().map(name).collect();
    let untrusted = untrusted(request.scratch, request.settings, &names)?;
    // What a trusted one makes belongs to the superuser, too: a plain role gives nobody privileges on it.
    let gives = document
        .steps()
        .any(|(_, step)| step.object.kind == KindTag::Grant);
    found.retain(|id, _| gives || untrusted.contains(&name(id)));
    Ok(found)
}

/// Those of the extensions `names` that only a superuser may create.
pub(super) fn untrusted(
    scratch: &Scratch,
    settings: &DatabaseSettings,
    names: &[String],
) -> Result<BTreeSet<String>, RehearseError> {
    let mut untrusted = BTreeSet::new();
    if names.is_empty() {
        return Ok(untrusted);
    }
    let database = scratch.create_database(settings)?;
    let mut client = database.connect()?;
    for name in names {
        let trusted: bool = client
            .query_one(
                "SELECT coalesce(bool_or(trusted OR NOT superuser), true)
                   FROM pg_available_extension_versions WHERE name = $1",
                &[name],
            )?
            .get(0);
        if !trusted {
            untrusted.insert(name.clone());
        }
    }
    Ok(untrusted)
}

/// Whether a step, or its way back, needs what a superuser sets up on scratch.
pub fn needs_superuser(step: &StepRecord) -> bool {
    let back = match &step.rollback {
        Rollback::Run(statements) => statements.as_slice(),
        Rollback::Leave { .. } | Rollback::Irreversible { .. } => &[],
    };
    let mut statements = step.statements.iter().chain(back);
    statements.any(|statement| privileged::needs_setup(&statement.sql))
}
