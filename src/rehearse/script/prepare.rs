//! The clone on which files are measured, and the run as a whole.

use super::run::Running;
use super::{Rehearsal, Request, names, seed};
use crate::catalog::{Catalog, Desired, Live, read};
use crate::pg::{Ident, Sql, ident::Literal};
use crate::rehearse::measure::Sessions;
use crate::rehearse::{RehearseError, canonicalize, clone, compare, ground};
use crate::scratch::{Database, privileged};
use crate::source::Class;
use crate::sql;
use std::collections::{BTreeMap, BTreeSet};

/// Runs the files once, on a clone where `roles` are there.
pub fn run(request: &Request<'_>, roles: &BTreeSet<Ident>) -> Result<Rehearsal, RehearseError> {
    (request.progress)("cloning the catalog");
    let database = request.scratch.create_database(request.settings)?;
    let hidden = extensions_beforehand(request, &database)?;
    for role in roles {
        clone::make_role(&database, role)?;
    }
    let texts = request
        .files
        .statements
        .iter()
        .map(|s| request.files.statement_text(s));
    if texts.into_iter().any(privileged::is_another) {
        database.let_privileged_through()?;
    }
    let scope = request.scope.with_own();
    clone::build(&database, request.live, &scope)?;
    let mut sessions = Sessions::open(&database)?;
    if !request.files.owners().is_empty() {
        database.open_to_owners(&mut sessions.client)?;
    }
    let before: Catalog<Live> = read(&mut sessions.observer, &scope)?;
    let mut notices: Vec<String> = Vec::new();
    notices.extend(
        unlike_live(request, &before)?
            .into_iter()
            .map(|difference| format!("the clone is not as live: {difference}")),
    );
    (request.progress)("filling a few rows in");
    sessions
        .client
        .batch_execute(search_path(request).as_str())?;
    let mentioned = names::identifiers(request.files);
    let seeded = seed::fill(&mut sessions.client, request.live, &mentioned)?;
    notices.extend(seeded.notices);
    let mut running = Running::start(request, &database, sessions, hidden)?;
    running.notices = notices;
    running.files()?;
    let mut report = running.report();
    report.seeded = seeded.tables;
    let after = read(&mut database.connect()?, &scope)?;
    Ok(Rehearsal {
        report,
        before,
        after,
    })
}

/// Sets what the user's own session has.
pub fn search_path(request: &Request<'_>) -> Sql {
    sql!(
        "SELECT pg_catalog.set_config('search_path', {}, false)",
        Literal(request.search_path)
    )
}

/// Extensions that a plain role may not create are there before the first statement.
fn extensions_beforehand(
    request: &Request<'_>,
    database: &Database,
) -> Result<BTreeSet<String>, RehearseError> {
    let mut wanted = BTreeMap::new();
    for statement in &request.files.statements {
        if let Class::Extension {
            name,
            schema,
            version,
        } = &statement.class
        {
            wanted.insert(name.clone(), (schema.clone(), version.clone()));
        }
    }
    let names: Vec<String> = wanted.keys().cloned().collect();
    let untrusted = ground::untrusted(request.scratch, request.settings, &names)?;
    wanted.retain(|name, _| untrusted.contains(name));
    for (name, (schema, version)) in &wanted {
        // In a schema that the files make, it is moved there by nobody: it stays where it can be.
        let there = |s: &String| request.live.objects.keys().any(|id| id.path == [s.clone()]);
        let schema = schema.as_ref().filter(|s| there(s)).map(String::as_str);
        database.create_extension(name, schema, version.as_deref())?;
    }
    Ok(wanted.into_keys().collect())
}

fn unlike_live(request: &Request<'_>, clone: &Catalog<Live>) -> Result<Vec<String>, RehearseError> {
    let ids: BTreeSet<_> = request.live.objects.keys().cloned().collect();
    if compare::differences(request.live, clone, &ids).is_empty() {
        return Ok(Vec::new());
    }
    let mut live = request.live.clone();
    let mut again: Catalog<Desired> = clone.clone().on_side();
    canonicalize(
        request.scratch,
        request.settings,
        request.scope,
        &mut live,
        &mut again,
    )?;
    Ok(compare::differences(&live, &again, &ids))
}
