//! What a plan touches beside its changes; and what plans under way have renamed to drop it later, which is theirs and
//! no part of anybody's schema.

use super::{Compared, Options, PipelineError, open_plans};
use crate::catalog::{Catalog, Live};
use crate::kinds::{KindTag, ObjectId};
use crate::plan::Step;
use crate::source::Source;
use std::collections::BTreeSet;

/// Takes what open plans have retired, with all its parts, out of the catalog of `source`.
///
/// # Errors
/// [`PipelineError`] when the ledger cannot be read.
pub(super) fn leave_out(
    catalog: &mut Catalog<Live>,
    source: &Source,
    options: &Options,
) -> Result<(), PipelineError> {
    let open = open_plans(source, &*options.connect, &options.scope.ledger_schema)?;
    let retired: BTreeSet<ObjectId> = open
        .iter()
        .flat_map(|plan| {
            let steps = plan.document.steps().map(|(_, step)| step);
            steps.filter(|step| plan.done.contains(&step.id))
        })
        .filter_map(|step| step.retires.clone())
        .filter(|id| catalog.objects.contains_key(id))
        .collect();
    if !retired.is_empty() {
        let retired = with_parts(catalog, retired);
        drop(catalog.split(|id| retired.contains(id)));
    }
    Ok(())
}

/// The objects, and all that disappears with them.
fn with_parts(catalog: &Catalog<Live>, ids: BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let mut all = ids;
    loop {
        let more: Vec<ObjectId> = catalog
            .objects
            .iter()
            .filter(|(id, object)| {
                !all.contains(id) && object.falls_with().iter().any(|whole| all.contains(whole))
            })
            .map(|(id, _)| id.clone())
            .collect();
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// The names that `steps` give for a while, what these are part of, and the functions that they write again as they
/// are: what a plan touches, too.
pub(super) fn names(steps: &[Step], live: &Catalog<Live>) -> Vec<ObjectId> {
    let mut names = Vec::new();
    for step in steps {
        let again = step.produces.iter().map(|(id, _)| id);
        let again = again.filter(|id| id.kind == KindTag::Function && live.get(id).is_some());
        names.extend(again.cloned());
        if let Some(name) = &step.retires {
            names.push(name.clone());
            let whole = live.get(&step.object).and_then(|o| o.parent());
            names.extend(whole.filter(|w| w.kind != KindTag::Schema));
        }
    }
    names
}

/// The existing tables, views … that get a new part.
///
/// What is new hangs on nothing in live yet: without these, a plan that only adds a column would
/// fit a database without the table, too.
pub(super) fn wholes_of_new(touched: &BTreeSet<ObjectId>, compared: &Compared) -> Vec<ObjectId> {
    let (live, desired) = (&compared.live.objects, &compared.desired);
    let new = touched.iter().filter(|id| !live.contains_key(id));
    new.filter_map(|id| desired.get(id)?.parent())
        .filter(|whole| whole.kind != KindTag::Schema && live.contains_key(whole))
        .collect()
}
