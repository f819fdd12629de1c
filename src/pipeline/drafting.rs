//! The changes become a plan that is not rehearsed yet.

use super::remarks::{fired_triggers, likely_renames};
use super::{Compared, Pair, PipelineError, data, definitions, hanging, owners, retired};
use crate::catalog::{Catalog, Live};
use crate::diff::Change;
use crate::kinds::{KindTag, Object, ObjectId, Owner, owner};
use crate::order;
use crate::pg::Ident;
use crate::plan::{Document, Draft, OwnerRecord, draft};
use crate::sql;
use crate::strategy::{self, Context, Wholes};
use std::collections::BTreeSet;

/// The live catalog before the renames, in canonical form: what is cloned.
pub(super) fn base_catalog(
    pair: &Pair<'_>,
    compared: &Compared,
) -> Result<Catalog<Live>, PipelineError> {
    if compared.renames.is_empty() {
        return Ok(compared.live.clone().with_own(&pair.live.own));
    }
    let mut catalog = pair.live.catalog.clone();
    let named = owners::before(owners::of(&compared.live), &compared.renames);
    owners::leave_out(&mut catalog, &named);
    Ok(catalog.with_own(&pair.live.own))
}

/// The roles that statements name, those among them that get back what was theirs.
fn roles(compared: &Compared) -> BTreeSet<Ident> {
    let mut roles = compared.changes.roles();
    let owners = &compared.live.owners;
    let changes = compared.changes.changes.iter();
    let made_again = changes.filter_map(|(id, change)| match change {
        Change::Replace { .. } | Change::Drop { .. } => owners.other(id),
        _ => None,
    });
    let others = made_again.filter(|role| !role.raw().starts_with("pg_"));
    roles.extend(others.cloned());
    roles
}

/// Whom the statements give what to.
fn given(compared: &Compared) -> BTreeSet<OwnerRecord> {
    let owners = &compared.live.owners;
    let changes = compared.changes.changes.iter();
    let given = changes.filter_map(|(id, change)| match change {
        Change::Create {
            new: Object::Owner(new),
        }
        | Change::Alter {
            new: Object::Owner(new),
            ..
        }
        | Change::Replace {
            new: Object::Owner(new),
            ..
        } => Some((new.target.clone(), new.role.clone())),
        Change::Replace { .. } => {
            let said = compared.desired.get(&Owner::id_of(id)).is_some();
            let role = owners.other(id).filter(|_| !said)?;
            owner::give(id, &sql!("{}", role))?;
            Some((id.clone(), role.clone()))
        }
        _ => None,
    });
    let copied = compared.copies.tables.iter().flat_map(|copy| &copy.tables);
    // A copy takes over whom the table belongs to.
    let copied = copied.filter_map(|id| Some((id.clone(), owners.other(id)?.clone())));
    given
        .chain(copied)
        .filter(|(_, role)| !role.raw().starts_with("pg_"))
        .map(|(object, role)| OwnerRecord { object, role })
        .collect()
}

pub(super) fn draft_document(
    pair: &Pair<'_>,
    compared: &Compared,
) -> Result<Document, PipelineError> {
    let context = Context {
        live: &compared.live,
        desired: &compared.desired,
        changes: &compared.changes,
        version: pair.workshop.version,
        small: pair.workshop.options.small,
        max_tables: pair.workshop.options.max_tables,
        conversions: &compared.conversions,
        replacements: &compared.replacements,
        renewals: &compared.renewals,
        additions: &compared.additions,
        drops: pair.workshop.options.drops,
        splits: &compared.splits,
        copies: &compared.copies,
        wholes: Wholes::default(),
    };
    let before = &pair.live.catalog;
    let refused = hanging::refusals(compared, before);
    if !refused.is_empty() {
        return Err(PipelineError::Refused(refused));
    }
    let mut steps = strategy::expand(&context).map_err(PipelineError::Refused)?;
    steps.extend(strategy::rename_steps(&compared.renames, before));
    strategy::take_over(&mut steps);
    strategy::mark_replication(&mut steps, &context);
    strategy::check_fills(&mut steps, &context);
    data::name_as_live(&mut steps, pair, compared);
    let steps = order::sort(steps).map_err(|cycle| {
        let likely = likely_renames(&compared.changes).map(|(_, text)| text);
        let likely = likely.collect();
        PipelineError::Cycle { cycle, likely }
    })?;
    let mut touched = compared.changes.touched();
    touched.extend(retired::wholes_of_new(&touched, compared));
    touched.extend(retired::names(&steps, &compared.live));
    for rename in &compared.renames {
        touched.extend([rename.object(), rename.result()]);
        // Owners that nobody compares are not what the plan was made for.
        let compared =
            |now: &ObjectId| now.kind != KindTag::Owner || compared.live.objects.contains_key(now);
        let along = rename.along(before).into_iter();
        let along = along.filter(|(_, now)| compared(now));
        touched.extend(along.flat_map(|(id, now)| [id.clone(), now]));
    }
    touched.extend(strategy::stand_ins(&compared.renames, before));
    let mut notices = compared.notices.clone();
    notices.extend(fired_triggers(&steps, &compared.live));
    let draft = Draft {
        server_version: pair.workshop.version,
        steps,
        touched,
        roles: roles(compared),
        owners: given(compared),
        notices,
    };
    let (from, to) = (
        pair.live.description.clone(),
        pair.desired.description.clone(),
    );
    let mut document = draft::document(&draft, from, to, compared.unmodeled.clone());
    document.differences = definitions::differences(compared);
    if pair.server.is_none() && document.evidence.data.checks > 0 {
        document.evidence.data.not_checked = Some(data::NO_SERVER.to_owned());
    }
    Ok(document)
}
