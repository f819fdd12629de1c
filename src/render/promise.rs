//! What each phase promises the old and the new application, with the exceptions by name.

use super::mask::one_line;
use super::summary::{self, count};
use crate::kinds::HazardKind;
use crate::plan::{Document, Phase, StepRecord};

/// What a phase does, in a few words.
pub(super) fn work(phase: Phase) -> &'static str {
    match phase {
        Phase::Expand => "adds only",
        Phase::Migrate => "fills and validates",
        Phase::Contract => "swaps, retires, drops",
    }
}

/// What holds for the applications, a sentence each: the old one, then the new one.
pub(super) fn promises(document: &Document, phase: Phase) -> Vec<String> {
    let steps: Vec<&StepRecord> = document
        .steps()
        .filter(|(p, _)| *p == phase)
        .map(|(_, step)| step)
        .collect();
    let contract: Vec<&StepRecord> = document
        .steps()
        .filter(|(p, _)| *p == Phase::Contract)
        .map(|(_, step)| step)
        .collect();
    let swaps = list(contract.iter().copied().filter(|s| swaps(s)));
    let goes_on = || {
        let but = exceptions(document, &steps);
        format!("the old application goes on working{but}")
    };
    match phase {
        Phase::Expand => std::iter::once(goes_on())
            .chain(begins(document, &steps))
            .collect(),
        Phase::Migrate => {
            let kept = swaps.map(|ids| format!("what keeps its name: that comes with {ids}"));
            let renamed = list(contract.iter().copied().filter(|s| renames(s)))
                .map(|ids| format!("what is called otherwise: that comes with {ids}"));
            let later: Vec<String> = kept.into_iter().chain(renamed).collect();
            let but = match later.is_empty() {
                true => String::new(),
                false => format!(", but for {}", later.join("; and for ")),
            };
            let mut all = vec![
                goes_on(),
                format!("the new application works from the end of this phase{but}"),
            ];
            all.extend(begins(document, &steps));
            all
        }
        Phase::Contract => {
            let old = match contract.iter().find(|s| takes_away(s)) {
                Some(first) => format!(
                    "the old application must be gone before {}{}",
                    one_line(&first.id),
                    swaps.as_ref().map_or("", |_| {
                        "; until there it works as long as its queries take what the swaps bring"
                    })
                ),
                None => "nothing that the old application names goes".to_owned(),
            };
            let new = match contract.iter().rev().find(|s| self::swaps(s) || renames(s)) {
                Some(last) => format!("the new application works from {} on", one_line(&last.id)),
                None => "the new application works".to_owned(),
            };
            let waits = list(steps.iter().copied().filter(|s| has(s, &BLOCKS)));
            let mut all = vec![old];
            all.extend(fails(document, &steps));
            all.push(new);
            all.extend(waits.map(|ids| format!("both wait during {ids}")));
            all.extend(begins(document, &steps));
            all
        }
    }
}

/// Puts something else under a name that stays.
fn swaps(step: &StepRecord) -> bool {
    // A column that is there gives numbers from then on.
    let alters = step.operation == "alter";
    let becomes_identity = step.strategy == "identity" && alters;
    // Nobody writes longer values before the type takes them.
    let retyped = alters && has(step, &[HazardKind::BreaksQueries]);
    becomes_identity
        || retyped
        || matches!(
            step.operation.as_str(),
            "swap column" | "swap table" | "take over"
        )
}

/// The old name goes and the new one comes at once.
fn renames(step: &StepRecord) -> bool {
    let plainly = matches!(step.operation.as_str(), "rename" | "move extension");
    step.strategy == "rename" && plainly && has(step, &[HazardKind::BreaksQueries])
}

/// After it, what the old application names is not there or no longer kept up to date.
fn takes_away(step: &StepRecord) -> bool {
    let operation = step.operation.as_str();
    // What another object of the same name took the place of is missed by nobody.
    let replaced = matches!(step.strategy.as_str(), "column replacement" | "table copy");
    renames(step)
        || matches!(operation, "stop sync" | "withdraw" | "take over")
        || operation.starts_with("retire ")
        || !replaced
            && matches!(
                operation,
                "drop column" | "drop table" | "drop view" | "drop function"
            )
}

const BLOCKS: [HazardKind; 2] = [HazardKind::BlocksReads, HazardKind::BlocksWrites];

fn has(step: &StepRecord, kinds: &[HazardKind]) -> bool {
    step.hazards.iter().any(|h| kinds.contains(&h.kind))
}

fn exceptions(document: &Document, steps: &[&StepRecord]) -> String {
    let with = |kinds: &[HazardKind]| list(steps.iter().copied().filter(|s| has(s, kinds)));
    let blocked = with(&BLOCKS);
    let rejected = with(&[HazardKind::RejectsWrites]);
    let seen = summary::broken(document);
    let may_break = |s: &&StepRecord| {
        has(s, &[HazardKind::BreaksQueries]) && !seen.iter().any(|b| b.step == s.id)
    };
    let adds_columns = |s: &&StepRecord| s.operation == "add column";
    let listed = list(steps.iter().copied().filter(may_break).filter(adds_columns));
    let others = |s: &&StepRecord| may_break(s) && !adds_columns(s);
    let others = list(steps.iter().copied().filter(others));
    let found: Vec<String> = [
        fails(document, steps),
        blocked.map(|ids| format!("it waits during {ids}")),
        rejected.map(|ids| format!("writes against new rules are rejected from {ids} on")),
        listed.map(|ids| format!("what depends on the list of columns may break at {ids}")),
        others.map(|ids| format!("queries of it may fail, or see other rows, from {ids} on")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match found.as_slice() {
        [] => String::new(),
        found => format!(", but {}", found.join("; ")),
    }
}

/// The queries that were seen to fail from one of `steps` on.
fn fails(document: &Document, steps: &[&StepRecord]) -> Option<String> {
    let broken = summary::broken(document);
    let of = |step: &StepRecord| broken.iter().filter(|b| b.step == step.id).count();
    let queries: usize = steps.iter().map(|s| of(s)).sum();
    let at = list(steps.iter().copied().filter(|s| of(s) > 0))?;
    let verb = if queries == 1 { "fails" } else { "fail" };
    Some(format!("{} of it {verb} from {at} on", queries_of(queries)))
}

/// The queries that were seen to work only from one of `steps` on.
fn begins(document: &Document, steps: &[&StepRecord]) -> Option<String> {
    let new = &document.evidence.checked_queries.new;
    let queries: usize = steps
        .iter()
        .filter_map(|s| new.get(&s.id))
        .map(Vec::len)
        .sum();
    let at = list(steps.iter().copied().filter(|s| new.contains_key(&s.id)))?;
    let verb = if queries == 1 { "works" } else { "work" };
    Some(format!("{} {verb} from {at} on", queries_of(queries)))
}

fn queries_of(n: usize) -> String {
    match n {
        1 => "1 query".to_owned(),
        n => format!("{n} queries"),
    }
}

/// The ids of steps: `expand-1, expand-2, expand-3 and 4 more`; nothing for none.
fn list<'a>(steps: impl Iterator<Item = &'a StepRecord>) -> Option<String> {
    const SHOWN: usize = 3;
    let ids: Vec<String> = steps.map(|s| one_line(&s.id)).collect();
    match ids.len() {
        0 => None,
        1..=SHOWN => Some(ids.join(", ")),
        n => Some(format!(
            "{} and {}",
            ids.get(..SHOWN)?.join(", "),
            count(n - SHOWN, "more step")
        )),
    }
}
