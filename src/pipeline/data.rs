//! E6 at plan time: the checks of a rehearsed plan, asked on the live server.

use super::{Compared, Pair, PipelineError};
use crate::catalog::{Catalog, Live, closure};
use crate::data::{self, trust};
use crate::diff::rename::Rename;
use crate::kinds::{KindTag, ObjectId};
use crate::pg::{Ident, Qualified, ServerVersion};
use crate::plan::data_check::{Names, Renamed, RenamedColumn};
use crate::plan::{CheckRun, DataCheck, Document, Rehearsed, Step};
use crate::rehearse::{self, CloneError};
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// What the checks say where no database was asked.
pub(super) const NO_SERVER: &str = "no live server";

/// Tells the checks what their tables and columns are called before the plan's renames.
pub(super) fn name_as_live(steps: &mut [Step], pair: &Pair<'_>, compared: &Compared) {
    if compared.renames.is_empty() {
        return;
    }
    let renamed = renamed(&pair.live.catalog, &compared.renames);
    let version = pair.workshop.version;
    for check in steps.iter_mut().flat_map(|s| &mut s.checks) {
        let tables = check.reads(Names::AfterRenames);
        check.renamed = renamed
            .iter()
            .filter(|r| tables.contains(&r.table))
            .cloned()
            .collect();
        if !check.renamed.is_empty() {
            *check = check.clone().written(version);
        }
    }
}

fn renamed(live: &Catalog<Live>, renames: &[Rename]) -> Vec<Renamed> {
    let mut tables: BTreeMap<Qualified, Renamed> = BTreeMap::new();
    let relation = |path: &[String]| match path {
        [schema, name, ..] => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    };
    let columns = live.objects.keys().filter(|id| id.kind == KindTag::Column);
    for id in columns {
        let to = renames.iter().fold(id.clone(), |id, r| r.map(&id));
        if to == *id {
            continue;
        }
        let (Some(was), Some(table)) = (relation(&id.path), relation(&to.path)) else {
            continue;
        };
        let entry = tables.entry(table.clone()).or_insert(Renamed {
            table,
            was,
            columns: Vec::new(),
        });
        if let (Some(was), Some(column)) = (id.path.last(), to.path.last())
            && was != column
        {
            entry.columns.push(RenamedColumn {
                column: Ident::new(column.as_str()),
                was: Ident::new(was.as_str()),
            });
        }
    }
    tables.into_values().collect()
}

/// Asks the live server, and puts the answers beside the run times.
///
/// # Errors
/// [`PipelineError`] when the live or the scratch server cannot be reached.
pub(super) fn ask(
    rehearsed: Rehearsed,
    pair: &Pair<'_>,
    base: &Catalog<Live>,
) -> Result<Rehearsed, PipelineError> {
    let Some(url) = &pair.server else {
        return Ok(rehearsed);
    };
    let mut document = rehearsed.document().clone();
    if document.evidence.data.checks == 0 {
        return Ok(rehearsed);
    }
    let options = pair.workshop.options;
    (options.progress)("asking the live rows");
    let distrusted = match options.trust_files {
        true => BTreeMap::new(),
        false => distrusted(&document, pair, base)?,
    };
    let mut client = (options.connect)(url)?;
    let zone = pair.workshop.settings.time_zone.as_deref();
    let version = crate::pg::session::prepare(&mut client, zone)?;
    let runs = runs(&mut client, &document, &distrusted, version, options.data)?;
    for (step, checks) in runs {
        document.evidence.run.entry(step).or_default().checks = checks;
    }
    Ok(Rehearsed::new(document))
}

fn runs(
    client: &mut Client,
    document: &Document,
    distrusted: &BTreeMap<String, String>,
    version: ServerVersion,
    limits: data::Limits,
) -> Result<Vec<(String, Vec<CheckRun>)>, PipelineError> {
    // Adding a constraint and validating it ask the same.
    let mut known: Vec<(&DataCheck, CheckRun)> = Vec::new();
    let mut all = Vec::new();
    for (_, step) in document.steps().filter(|(_, s)| !s.checks.is_empty()) {
        let mut runs = Vec::new();
        for check in &step.checks {
            let asked = known.iter().find(|(c, _)| *c == check);
            let run = match (asked, &check.mended_by) {
                (Some((_, run)), _) => run.clone(),
                (None, Some(step)) => CheckRun::not_checked(format!("{step} mends the rows")),
                (None, None) => match distrusted.get(&check.what) {
                    Some(why) => CheckRun::not_checked(why.as_str()),
                    None => data::ask(client, check, Names::BeforeRenames, version, limits)?,
                },
            };
            known.push((check, run.clone()));
            runs.push(run);
        }
        all.push((step.id.clone(), runs));
    }
    Ok(all)
}

/// The checks whose expressions may not run on live, with the reason.
fn distrusted(
    document: &Document,
    pair: &Pair<'_>,
    base: &Catalog<Live>,
) -> Result<BTreeMap<String, String>, PipelineError> {
    let checks = document.steps().flat_map(|(_, s)| &s.checks);
    let suspect: Vec<&DataCheck> = checks.filter(|c| !c.expressions().is_empty()).collect();
    let mut reasons = BTreeMap::new();
    if suspect.is_empty() {
        return Ok(reasons);
    }
    let tables = suspect.iter().flat_map(|c| c.reads(Names::BeforeRenames));
    let tables: BTreeSet<ObjectId> = tables
        .map(|t| ObjectId::new(KindTag::Table, [t.schema.raw(), t.name.raw()]))
        .collect();
    let workshop = &pair.workshop;
    let scope = workshop.options.scope.with_own();
    let part = base.restricted(&closure(base, &tables));
    let database = workshop.scratch()?.create_database(&workshop.settings)?;
    let mut clone = match rehearse::clone::build(&database, &part, &scope) {
        Ok(()) => database.connect()?,
        Err(error @ (CloneError::Statement { .. } | CloneError::Plan { .. })) => {
            // What cannot be resolved is not trusted.
            for check in suspect {
                reasons.insert(check.what.clone(), format!("user expression: {error}"));
            }
            return Ok(reasons);
        }
        Err(error) => return Err(error.into()),
    };
    for check in suspect {
        if let Some(why) = trust::distrust(&mut clone, check, Names::BeforeRenames)? {
            reasons.insert(check.what.clone(), why);
        }
    }
    Ok(reasons)
}
