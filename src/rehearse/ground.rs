//! The database that a rehearsal begins on: a clone, with what only a superuser may make.

use super::{RehearseError, Request, clone};
use crate::catalog::{Catalog, Live};
use crate::kinds::{KindTag, ObjectId};
use crate::plan::document::Rollback;
use crate::plan::{Document, StepRecord};
use crate::scratch::{Database, DatabaseSettings, Scratch, privileged};
use std::collections::BTreeSet;

/// A database with `part` of live, and the extensions in it whose step has not come yet.
pub(super) fn cloned_to_scratch(
    document: &Document,
    request: &Request<'_>,
    part: &Catalog<Live>,
) -> Result<(Database, BTreeSet<ObjectId>), RehearseError> {
    let database = request.scratch.create_database(request.settings)?;
    let mut hidden = BTreeSet::new();
    for id in untrusted_extensions(document, request)? {
        let name = id.path.first().map_or("", String::as_str);
        database.create_extension(name, None, None)?;
        hidden.insert(id);
    }
    for role in &document.roles {
        clone::make_role(&database, role)?;
    }
    if document.steps().any(|(_, step)| needs_superuser(step)) {
        database.let_privileged_through()?;
    }
    clone::build(&database, part, request.scope)?;
    Ok((database, hidden))
}

/// The extensions that steps create and a plain role may not.
fn untrusted_extensions(
    document: &Document,
    request: &Request<'_>,
) -> Result<Vec<ObjectId>, RehearseError> {
    let created = document
        .steps()
        .filter(|(_, s)| s.object.kind == KindTag::Extension && s.operation == "create extension")
        .map(|(_, s)| s.object.clone());
    let created: Vec<ObjectId> = created.collect();
    let name = |id: &ObjectId| id.path.first().cloned().unwrap_or_default();
    let names: Vec<String> = created.iter().map(name).collect();
    let untrusted = untrusted(request.scratch, request.settings, &names)?;
    let mut created = created;
    created.retain(|id| untrusted.contains(&name(id)));
    Ok(created)
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
