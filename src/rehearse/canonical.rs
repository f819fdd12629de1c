//! Canonical form: deparsed text is no fixpoint, so texts that differ are executed and deparsed
//! again until they stop changing (RULES: "Deparsed text is no fixpoint").

use super::clone::{self, CloneError};
use crate::catalog::{Catalog, Desired, Live, Scope, closure, read_objects};
use crate::kinds::{ObjectId, differing};
use crate::scratch::{DatabaseSettings, Scratch};
use std::collections::BTreeSet;

/// Rounds after which a text that still changes is an error of the server's deparser.
const ROUNDS: usize = 3;

/// Brings the texts in which `live` and `desired` differ into canonical form, on both sides.
///
/// Only those objects, with what they hang together with, are executed. Returns what could not be
/// executed, as remarks.
///
/// # Errors
/// [`CloneError`] when the scratch server fails; an object that cannot be made there is a remark.
pub fn canonicalize(
    scratch: &Scratch,
    settings: &DatabaseSettings,
    scope: &Scope,
    live: &mut Catalog<Live>,
    desired: &mut Catalog<Desired>,
) -> Result<Vec<String>, CloneError> {
    let ids: BTreeSet<ObjectId> = live
        .objects
        .iter()
        .filter_map(|(id, old)| {
            let new = desired.get(id)?;
            let changed = differing(old, new);
            changed.iter().any(|(a, _)| a.deparsed).then(|| id.clone())
        })
        .collect();
    let mut remarks = Vec::new();
    if ids.is_empty() {
        return Ok(remarks);
    }
    settle(scratch, settings, scope, live, &ids, &mut remarks)?;
    settle(scratch, settings, scope, desired, &ids, &mut remarks)?;
    Ok(remarks)
}

/// Whether an object has another text on the other side.
pub fn texts_differ(live: &Catalog<Live>, desired: &Catalog<Desired>) -> bool {
    live.objects.iter().any(|(id, old)| {
        desired.get(id).is_some_and(|new| {
            differing(old, new)
                .iter()
                .any(|(attribute, _)| attribute.deparsed)
        })
    })
}

/// Brings the texts of the objects `ids` of one catalog into canonical form.
///
/// # Errors
/// As [`canonicalize`].
pub fn canonicalize_one<S>(
    scratch: &Scratch,
    settings: &DatabaseSettings,
    scope: &Scope,
    catalog: &mut Catalog<S>,
    ids: &BTreeSet<ObjectId>,
) -> Result<Vec<String>, CloneError> {
    let with_text = |id: &&ObjectId| {
        let object = catalog.objects.get(*id);
        object.is_some_and(|o| {
            o.attributes()
                .iter()
                .any(|a| a.deparsed && !a.value.is_null())
        })
    };
    let ids: BTreeSet<ObjectId> = ids.iter().filter(with_text).cloned().collect();
    let mut remarks = Vec::new();
    if !ids.is_empty() {
        settle(scratch, settings, scope, catalog, &ids, &mut remarks)?;
    }
    Ok(remarks)
}

fn settle<S>(
    scratch: &Scratch,
    settings: &DatabaseSettings,
    scope: &Scope,
    catalog: &mut Catalog<S>,
    ids: &BTreeSet<ObjectId>,
    remarks: &mut Vec<String>,
) -> Result<(), CloneError> {
    for _ in 0..ROUNDS {
        let part = catalog.restricted(&closure(catalog, ids));
        let database = scratch.create_database(settings)?;
        match clone::build(&database, &part, scope) {
            Ok(()) => {}
            Err(error @ (CloneError::Statement { .. } | CloneError::Plan { .. })) => {
                remarks.push(format!("not brought into canonical form: {error}"));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let again: Catalog<S> = read_objects(&mut database.connect()?, scope)?;
        let mut stable = true;
        for id in ids {
            let (Some(before), Some(after)) = (catalog.objects.get(id), again.objects.get(id))
            else {
                continue;
            };
            if differing(before, after).iter().any(|(a, _)| a.deparsed) {
                stable = false;
                catalog.objects.insert(id.clone(), after.clone());
            }
        }
        if stable {
            return Ok(());
        }
    }
    remarks.push("the server's deparsed text does not settle".to_owned());
    Ok(())
}
