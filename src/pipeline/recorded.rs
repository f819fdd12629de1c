//! A plan read from a file, on the live database of today.

use super::{Options, PipelineError, Rows, load_one, workshop_for};
use crate::catalog::{Catalog, Live, closure, decisive, fingerprint};
use crate::kinds::{KindTag, ObjectId};
use crate::pg::Qualified;
use crate::plan::{Document, Phase, Rehearsed, StatementEvidence, StepRecord};
use crate::rehearse::{self, Request, Seen, canonicalize_one};
use crate::source::Source;
use std::collections::BTreeSet;

/// The remaining steps of a recorded plan, rehearsed again.
pub struct Again {
    pub rehearsed: Rehearsed,
    /// Where the new evidence is worse than what the plan says.
    pub worse: Vec<String>,
}

/// Reads the live catalog with what is `touched`, and what hangs on it, in canonical form.
///
/// # Errors
/// [`PipelineError`] when it cannot be read.
pub fn read_live(
    source: &Source,
    touched: &[ObjectId],
    options: &Options,
) -> Result<Catalog<Live>, PipelineError> {
    let workshop = workshop_for(source, options)?;
    let loaded = load_one::<Live>(source, &workshop)?;
    let mut live = loaded.catalog.with_own(&loaded.own);
    let touched: BTreeSet<ObjectId> = touched.iter().cloned().collect();
    super::owners::leave_out(&mut live, &touched);
    let ids = closure(&live, &touched);
    let (settings, scope) = (&workshop.settings, options.scope.with_own());
    canonicalize_one(workshop.scratch()?, settings, &scope, &mut live, &ids)?;
    Ok(live)
}

/// The fingerprint of what is `touched`, as the plan's own.
pub fn fingerprint_of(catalog: &Catalog<Live>, touched: &[ObjectId]) -> String {
    let touched: BTreeSet<ObjectId> = touched.iter().cloned().collect();
    fingerprint(catalog, &decisive(catalog, &touched))
}

/// Rehearses `remaining`, the steps of `plan` that are not done, on a clone of `live` and compares
/// with the evidence it has.
///
/// # Errors
/// [`PipelineError`] when a step does not run.
pub fn again(
    plan: &Document,
    remaining: Document,
    source: &Source,
    live: &Catalog<Live>,
    options: &Options,
) -> Result<Again, PipelineError> {
    let workshop = workshop_for(source, options)?;
    let mut fresh = remaining;
    fresh.evidence.not_rehearsed.clear();
    let rows = match source {
        Source::Database(url) => Rows::Database(url.clone()),
        _ => Rows::Nowhere,
    };
    let ids = rehearse::hanging_together(&fresh, live, None);
    let sight = rows.of(live, &ids, &workshop)?;
    let left: BTreeSet<String> = fresh.steps().map(|(_, s)| s.id.clone()).collect();
    let made = |phase: Phase, relation: &str| {
        let done = plan
            .steps()
            .filter(|(p, s)| *p == phase && !left.contains(&s.id));
        is_made(relation, done.map(|(_, step)| step))
    };
    let request = Request {
        scratch: workshop.scratch()?,
        settings: &workshop.settings,
        scope: &options.scope,
        live,
        desired: None,
        seen: Seen {
            live: sight.as_deref(),
            desired: None,
        },
        small: options.small,
        queries: &[],
        made: &made,
        progress: &*options.progress,
    };
    let rehearsed = rehearse::rehearse(fresh, &request)?;
    let worse = worse(plan, rehearsed.document());
    Ok(Again { rehearsed, worse })
}

/// Whether one of the steps, which are done, has made the relation: a new one locks nobody out, and the evidence of
/// the plan leaves it out.
fn is_made<'s>(relation: &str, mut done: impl Iterator<Item = &'s StepRecord>) -> bool {
    let creates = |sql: &str| {
        let name = sql.strip_prefix("CREATE ").and_then(|rest| {
            let (_, name) = rest.split_at(rest.find(relation)?);
            // `OR REPLACE VIEW `, `UNLOGGED TABLE `: words of ours before it.
            let words = &rest[..rest.len() - name.len()];
            let plain = words.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
            plain.then(|| &name[relation.len()..])
        });
        name.is_some_and(|rest| rest.starts_with([' ', '(', '\n']))
    };
    done.any(|step| is_its_index(relation, step) || step.statements.iter().any(|s| creates(&s.sql)))
}

/// Whether `relation` is the index, or that of the constraint, which the step makes: CREATE INDEX does not name its
/// schema.
fn is_its_index(relation: &str, step: &StepRecord) -> bool {
    let path: Vec<&str> = step.object.path.iter().map(String::as_str).collect();
    let (schema, name) = match (step.object.kind, path.as_slice()) {
        (KindTag::Index, [schema, name]) | (KindTag::Constraint, [schema, _, name]) => {
            (schema, name)
        }
        _ => return false,
    };
    matches!(step.operation.as_str(), "create index" | "add constraint")
        && Qualified::new(*schema, *name).to_string() == relation
}

fn worse(recorded: &Document, fresh: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let is_left = |step: &StepRecord| fresh.steps().any(|(_, s)| s.id == step.id);
    let done = || recorded.steps().map(|(_, s)| s).filter(|s| !is_left(s));
    for (_, new) in fresh.steps() {
        let Some((_, old)) = recorded.steps().find(|(_, s)| s.id == new.id) else {
            continue;
        };
        if new.evidence.impact > old.evidence.impact {
            found.push(format!(
                "{} is {} now, the plan says {}",
                new.id,
                new.evidence.impact.name(),
                old.evidence.impact.name()
            ));
        }
        let none = StatementEvidence::default();
        for (n, statement) in new.evidence.statements.iter().enumerate() {
            let known = old.evidence.statements.get(n).unwrap_or(&none);
            let locks = statement.locks.iter().filter(|(_, m)| m.blocks_writes());
            for (relation, mode) in locks.filter(|(relation, _)| !rehearse::is_ours(relation)) {
                match known.locks.get(relation) {
                    Some(before) if before >= mode => {}
                    Some(before) => found.push(format!(
                        "{} takes {mode} on {relation} now, the plan says {before}",
                        new.id
                    )),
                    None if is_made(relation, done()) => {}
                    None => found.push(format!(
                        "{} takes {mode} on {relation} now, the plan names no lock on it",
                        new.id
                    )),
                }
            }
            for table in &statement.rewritten {
                if !known.rewritten.contains(table) {
                    found.push(format!("{} rewrites {table} now", new.id));
                }
            }
        }
    }
    found
}
