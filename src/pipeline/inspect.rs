//! One schema as the statements that make it.

use super::{Options, PipelineError, load_one, retired, workshop_for};
use crate::catalog::{Catalog, Live, read};
use crate::kinds::ObjectId;
use crate::plan::Step;
use crate::rehearse::{canonicalize_one, creation_script};
use crate::source::Source;
use std::collections::BTreeSet;

/// A schema in canonical form.
pub struct Inspected {
    pub catalog: Catalog<Live>,
    /// What makes it in a new database, in this order.
    pub steps: Vec<Step>,
    pub notices: Vec<String>,
}

/// Reads the schema of `source` and brings its texts into canonical form, so that the same schema is
/// written the same wherever it comes from.
///
/// # Errors
/// [`PipelineError`] when the source cannot be loaded.
pub fn inspect(source: &Source, options: &Options) -> Result<Inspected, PipelineError> {
    let workshop = workshop_for(source, options)?;
    let loaded = load_one::<Live>(source, &workshop)?;
    let (mut catalog, mut notices) = (loaded.catalog, loaded.notices);
    super::owners::leave_out_the_one(&mut catalog, options.owners);
    retired::leave_out(&mut catalog, source, options)?;
    let ids: BTreeSet<ObjectId> = catalog.objects.keys().cloned().collect();
    let scratch = workshop.scratch()?;
    let scope = &options.scope;
    (options.progress)("bringing the texts into canonical form");
    notices.extend(canonicalize_one(
        scratch,
        &workshop.settings,
        scope,
        &mut catalog,
        &ids,
    )?);
    let database = scratch.create_database(&workshop.settings)?;
    let base: Catalog<Live> = read(&mut database.connect()?, scope)?;
    // A schema without `public` is no reason to write DROP SCHEMA.
    let steps = creation_script(&base.restricted(&ids), &catalog)?;
    Ok(Inspected {
        catalog,
        steps,
        notices,
    })
}
