//! Hand-written files, measured on a clone of a schema.

use super::{Differences, Loaded, Options, PipelineError, load_one, remarks, server, workshop_for};
use crate::catalog::{Catalog, Desired, Live};
use crate::diff;
use crate::rehearse::script::{self, Report, Together};
use crate::source::{DesiredFiles, Source};

/// What the files do to a schema.
pub struct Scripted {
    pub report: Report,
    /// What the catalog differs in afterwards.
    pub differences: Differences,
}

/// Runs `files` on a clone of the schema of `from`, as they stand, and measures them.
///
/// # Errors
/// [`PipelineError`] when the schema cannot be loaded or cloned, or a statement is refused; one that fails stands in
/// the report.
pub fn script(
    from: &Source,
    files: &DesiredFiles,
    together: Together,
    options: &Options,
) -> Result<Scripted, PipelineError> {
    let workshop = workshop_for(from, options)?;
    script::check(files).map_err(|source| PipelineError::Elaborate {
        version: workshop.version,
        source: Box::new(source),
    })?;
    let loaded: Loaded<Live> = load_one(from, &workshop)?;
    let surroundings = match from {
        Source::Database(url) => Some(server::surroundings(&mut (options.connect)(url)?)?),
        _ => None,
    };
    let path = surroundings.as_ref().map_or("public", |s| &s.search_path);
    let live = loaded.catalog.with_own(&loaded.own);
    let request = script::Request {
        scratch: workshop.scratch()?,
        settings: &workshop.settings,
        scope: &options.scope,
        live: &live,
        files,
        together,
        small: options.small,
        search_path: path,
        roles: surroundings.as_ref().map(|s| &s.roles),
        progress: &*options.progress,
    };
    let script::Rehearsal {
        mut report,
        before,
        after,
    } = script::measure(&request)?;
    let mut notices = loaded.notices;
    let missing = live.unmodeled.iter();
    notices.extend(missing.map(|one| format!("{one} is not on the clone: it is not modelled yet")));
    notices.append(&mut report.notices);
    report.notices = notices;
    Ok(Scripted {
        report,
        differences: differences(&before, after),
    })
}

fn differences(before: &Catalog<Live>, after: Catalog<Live>) -> Differences {
    let after: Catalog<Desired> = after.on_side();
    let unmodeled = remarks::unmodeled(&before.unmodeled, &after.unmodeled)
        .into_iter()
        .filter(|one| one.side != "both")
        .collect();
    Differences {
        renames: Vec::new(),
        changes: diff::compare(before, &after),
        notices: Vec::new(),
        unmodeled,
    }
}
