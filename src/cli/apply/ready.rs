//! From a plan file or a source to a plan that may run here and now.

use super::leave::{self, Leave};
use crate::apply::{ApplyError, Position, StepState, resume};
use crate::catalog::{Catalog, Live, closure};
use crate::cli::options::Work;
use crate::cli::{CliError, Context, Exit, files};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::pg::{Ident, LockMode};
use crate::pipeline::{self, Again, PipelineError};
use crate::plan::{Document, Phase, PhaseRecord, artifact};
use crate::rehearse::{self, RehearseError};
use crate::source::Source;
use postgres::Client;
use std::collections::BTreeSet;
use std::path::Path;

/// A plan with the evidence of a rehearsal of today.
pub(super) struct Ready {
    pub document: Document,
    /// The steps that are not done.
    pub remaining: BTreeSet<String>,
    /// The live catalog that was rehearsed on.
    live: Catalog<Live>,
    half: HalfDone,
}

/// Reads the plan file; an edited one needs leave.
pub(super) fn read_file(
    path: &Path,
    allow_edited: bool,
    context: &Context,
) -> Result<Document, CliError> {
    let file = files::read(path)?;
    let recorded = artifact::read(&file.text).map_err(|e| CliError::of_plan_file(&file, &e))?;
    if recorded.is_edited() {
        let message = format!("{} was edited after it was rehearsed", path.display());
        if !allow_edited {
            return Err(CliError::new("apply::edited", message, Exit::Refused)
                .help("write it again with pgrehearse plan --out, or pass --allow-edited"));
        }
        context.ui.warn(&message);
    }
    let mut document = recorded.document().clone();
    // The ledger knows the plan by what it is, not by what it says it is.
    document.id = artifact::content_id(&document);
    Ok(document)
}

/// Where the plan stands; `None` when all of it is done.
pub(super) fn position(
    client: &mut Client,
    document: &Document,
    ledger: &Ident,
) -> Result<Position, CliError> {
    let position = resume::position(client, document, ledger)?;
    let back = position
        .steps()
        .iter()
        .find(|(_, state)| matches!(state, StepState::RollingBack { .. }));
    if let Some((step, _)) = back {
        return Err(ApplyError::RollbackUnderWay {
            plan: document.id.clone(),
            step: step.clone(),
        }
        .into());
    }
    Ok(position)
}

/// Rehearses the steps of a recorded plan that are not done, on a clone of live as it is.
pub(super) fn again(
    document: Document,
    position: &Position,
    live: &Source,
    allow_blocking: bool,
    work: &Work,
) -> Result<Ready, CliError> {
    proved(&document)?;
    let remaining: BTreeSet<String> = document
        .steps()
        .filter(|(_, step)| !position.state(&step.id).is_done())
        .map(|(_, step)| step.id.clone())
        .collect();
    let mut catalog = pipeline::read_live(live, &document.touches, &work.options)?;
    let half = HalfDone::of(&document, position, &catalog);
    half.mend(&mut catalog);
    let found = pipeline::fingerprint_of(&catalog, &document.touches);
    let accepted = position.accepted_fingerprints(&document);
    // After a rollback that left something, the end that is proved below has to do.
    if !accepted.contains(&found.as_str()) && !position.has_left() {
        return Err(changed(&document, &remaining, &catalog));
    }
    let Again { rehearsed, worse } = pipeline::again(
        &document,
        restricted(&document, &remaining),
        live,
        &catalog,
        &work.options,
    )
    .map_err(not_today)?;
    let fresh = rehearsed.document();
    proved(fresh)?;
    if !worse.is_empty() && !allow_blocking {
        let mut worse = worse.into_iter();
        let first = worse.next().unwrap_or_default();
        let message = format!("the rehearsal of today is worse than the plan: {first}");
        let mut error = CliError::new("apply::worse", message, Exit::Refused)
            .help("plan again, or give leave with --allow-blocking");
        error.also = worse.collect();
        return Err(error);
    }
    if fresh.fingerprints.after != document.fingerprints.after {
        let message = "the steps lead to another schema today than when the plan was made";
        return Err(CliError::new("apply::elsewhere", message, Exit::Refused)
            .help("plan again from this database"));
    }
    Ok(Ready {
        document: with_evidence(document, fresh),
        remaining,
        live: catalog,
        half,
    })
}

/// A plan that does not run on a clone of today is refused: nothing was changed.
fn not_today(error: PipelineError) -> CliError {
    let fails = matches!(error, PipelineError::Rehearse(RehearseError::Fails { .. }));
    let error = CliError::from(error);
    match fails {
        false => error,
        true => CliError {
            exit: Exit::Refused,
            help: Some(
                "live or the plan file is not as it was: plan again from this database".to_owned(),
            ),
            ..error
        },
    }
}

/// Plans the way to `desired` and rehearses it.
pub(super) fn fresh(live: &Source, desired: &Source, work: &Work) -> Result<Ready, CliError> {
    let rehearsed = pipeline::plan(live, desired, &work.options)?;
    let document = rehearsed.document().clone();
    let remaining = document.steps().map(|(_, step)| step.id.clone()).collect();
    if document.is_empty() {
        // It may differ and have no step: then it is not as desired.
        residual(&document)?;
        return Ok(Ready {
            live: Catalog::empty(document.server_version),
            document,
            remaining,
            half: HalfDone::default(),
        });
    }
    proved(&document)?;
    let catalog = pipeline::read_live(live, &document.touches, &work.options)?;
    let found = pipeline::fingerprint_of(&catalog, &document.touches);
    if found != document.fingerprints.before {
        return Err(changed(&document, &remaining, &catalog));
    }
    Ok(Ready {
        document,
        remaining,
        live: catalog,
        half: HalfDone::default(),
    })
}

impl Ready {
    /// Whether anything of `phases` is left to do.
    pub(super) fn has_work(&self, phases: &BTreeSet<Phase>) -> bool {
        self.document
            .steps()
            .any(|(phase, step)| phases.contains(&phase) && self.remaining.contains(&step.id))
    }

    /// The remaining steps up to the last one that is asked for, and before the one whose gate is certainly
    /// closed: leave is asked for these.
    pub(super) fn able(&self, hold: Option<&str>, until: Option<&str>) -> BTreeSet<String> {
        let mut ids = self.document.steps().map(|(_, step)| step.id.as_str());
        let last = until.and_then(|until| ids.position(|id| id == until));
        self.document
            .steps()
            .take(last.map_or(usize::MAX, |n| n + 1))
            .map(|(_, step)| step.id.clone())
            .take_while(|id| Some(id.as_str()) != hold)
            .filter(|id| self.remaining.contains(id))
            .collect()
    }

    /// Refuses what needs leave; gives the losses that a yes gives leave for.
    pub(super) fn losses(
        &self,
        phases: &BTreeSet<Phase>,
        able: &BTreeSet<String>,
        leave: Leave,
        context: &Context,
    ) -> Result<Vec<String>, CliError> {
        let mut warn = |text: &str| context.ui.warn(text);
        let settings = &context.settings;
        leave::check(&self.document, phases, able, leave, settings, &mut warn)
    }

    /// Looks once more: a rehearsal, and a person, take their time.
    pub(super) fn still(&self, live: &Source, work: &Work) -> Result<(), CliError> {
        let mut now = pipeline::read_live(live, &self.document.touches, &work.options)?;
        self.half.mend(&mut now);
        let touched: BTreeSet<ObjectId> = self.document.touches.iter().cloned().collect();
        let mut ids = closure(&self.live, &touched);
        ids.extend(closure(&now, &touched));
        let changes = rehearse::differences(&now, &self.live, &ids);
        if changes.is_empty() {
            return Ok(());
        }
        let message = "live was changed while the plan was rehearsed";
        let mut error = CliError::new("apply::live_changed", message, Exit::Refused)
            .help("run it again: it starts from live as it is");
        error.also = changes;
        Err(error)
    }
}

/// Refuses a plan whose evidence does not prove it.
fn proved(document: &Document) -> Result<(), CliError> {
    let evidence = &document.evidence;
    if evidence.rehearsed_on.is_none() || !evidence.not_rehearsed.is_empty() {
        let message = "the plan was not wholly rehearsed";
        let mut error = CliError::new("apply::not_rehearsed", message, Exit::Refused)
            .help("plan again where it can be rehearsed, for example with --scratch URL");
        error.causes.clone_from(&evidence.not_rehearsed);
        return Err(error);
    }
    residual(document)
}

fn residual(document: &Document) -> Result<(), CliError> {
    if document.evidence.residual.is_empty() {
        return Ok(());
    }
    let message = "the plan does not arrive at the desired schema";
    let mut error = CliError::new("apply::residual", message, Exit::Refused)
        .help("report it with the two schemas (old.sql, new.sql)");
    error.also.clone_from(&document.evidence.residual);
    Err(error)
}

/// Live is not as the plan expects: what can be told of it.
fn changed(document: &Document, remaining: &BTreeSet<String>, live: &Catalog<Live>) -> CliError {
    let message = "live is not as the plan expects";
    let mut error = CliError::new("apply::live_changed", message, Exit::Refused)
        .help("plan again from this database; pgrehearse status shows what was applied here");
    let steps = document
        .steps()
        .filter(|(_, step)| remaining.contains(&step.id));
    let mut made: BTreeSet<&ObjectId> = BTreeSet::new();
    let renamed: BTreeSet<&ObjectId> = document
        .steps()
        .filter(|(_, step)| step.retires.is_some())
        .map(|(_, step)| &step.object)
        .collect();
    // A table that no step makes, by whatever operation, has to be there.
    let of_steps: BTreeSet<&ObjectId> = document.steps().map(|(_, s)| &s.object).collect();
    let renames = document
        .steps()
        .any(|(_, s)| s.operation.starts_with("rename"));
    let missing = document.touches.iter().filter(|id| {
        !renames
            && id.kind == KindTag::Table
            && !of_steps.contains(id)
            && !live.objects.contains_key(id)
    });
    let missing = missing.map(|id| format!("{} is missing", id.human()));
    error.also.extend(missing);
    for (_, step) in steps {
        let is_there = live.objects.contains_key(&step.object);
        let makes = step.operation.starts_with("create") || step.operation.starts_with("add");
        match (makes, is_there) {
            (true, true) => error
                .also
                .push(format!("{} is there already", step.object.human())),
            (false, false)
                if !made.contains(&step.object)
                    && !renamed.contains(&step.object)
                    && step.operation.starts_with("drop") =>
            {
                error
                    .also
                    .push(format!("{} is missing", step.object.human()));
            }
            _ => {}
        }
        if makes {
            made.insert(&step.object);
        }
    }
    error.also.dedup();
    if error.also.is_empty() {
        let names: Vec<String> = document
            .touches
            .iter()
            .filter(|id| live.objects.contains_key(id))
            .take(8)
            .map(ObjectId::human)
            .collect();
        error.causes.push(format!(
            "one of these, or something that hangs together with them, was changed: {}",
            names.join(", ")
        ));
    }
    error
}

/// The invalid indexes that steps in doubt have left: neither built nor dropped.
#[derive(Default)]
struct HalfDone {
    builds: BTreeSet<ObjectId>,
    drops: BTreeSet<ObjectId>,
}

impl HalfDone {
    fn of(document: &Document, position: &Position, live: &Catalog<Live>) -> Self {
        let steps = document.steps().map(|(_, step)| step);
        let half = steps.filter(|step| position.state(&step.id) == StepState::HalfDone);
        let mut found = Self::default();
        for step in half {
            let evidence = step.evidence.statements.iter();
            let builds: BTreeSet<&str> = evidence
                .clone()
                .flat_map(|s| s.index_builds.iter().map(String::as_str))
                .collect();
            // The one to drop may have another name than the object of the step: a swap gave it away.
            let locked: BTreeSet<&str> = evidence
                .flat_map(|s| s.locks.iter())
                .filter(|(_, mode)| **mode >= LockMode::ShareUpdateExclusive)
                .map(|(name, _)| name.as_str())
                .collect();
            for (id, object) in &live.objects {
                let Object::Index(index) = object else {
                    continue;
                };
                let name = index.qualified().to_string();
                if index.valid {
                    continue;
                } else if builds.contains(name.as_str()) {
                    found.builds.insert(id.clone());
                } else if locked.contains(name.as_str()) {
                    found.drops.insert(id.clone());
                }
            }
        }
        found
    }

    /// The catalog as it was before these steps, from which they are done again.
    fn mend(&self, catalog: &mut Catalog<Live>) {
        catalog.objects.retain(|id, _| !self.builds.contains(id));
        for id in &self.drops {
            if let Some(Object::Index(index)) = catalog.objects.get_mut(id) {
                index.valid = true;
            }
        }
        // The rows of the catalogs still say INVALID.
        catalog.addresses.forget(|id| self.drops.contains(id));
    }
}

/// The plan with the remaining steps alone.
fn restricted(document: &Document, remaining: &BTreeSet<String>) -> Document {
    let mut part = document.clone();
    part.phases = document
        .phases
        .iter()
        .map(|record| PhaseRecord {
            phase: record.phase,
            steps: record
                .steps
                .iter()
                .filter(|s| remaining.contains(&s.id))
                .cloned()
                .collect(),
        })
        .filter(|record| !record.steps.is_empty())
        .collect();
    part
}

/// The plan with the evidence of the steps of `fresh` in place of what the file claims.
fn with_evidence(mut document: Document, fresh: &Document) -> Document {
    for step in document.phases.iter_mut().flat_map(|p| &mut p.steps) {
        if let Some((_, new)) = fresh.steps().find(|(_, s)| s.id == step.id) {
            step.evidence = new.evidence.clone();
            step.hazards.clone_from(&new.hazards);
        }
    }
    document
}
