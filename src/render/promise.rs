//! What each phase promises the old and the new application, with the exceptions by name.

use super::mask::one_line;
use super::summary::count;
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
    let goes_on = || format!("the old application goes on working{}", exceptions(&steps));
    match phase {
        Phase::Expand => vec![goes_on()],
        Phase::Migrate => {
            let but = swaps.map_or_else(String::new, |ids| {
                format!(", but for what keeps its name: that comes with {ids}")
            });
            vec![
                goes_on(),
                format!("the new application works from the end of this phase{but}"),
            ]
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
            let new = match contract.iter().rev().find(|s| self::swaps(s)) {
                Some(last) => format!("the new application works from {} on", one_line(&last.id)),
                None => "the new application works".to_owned(),
            };
            vec![old, new]
        }
    }
}

/// Puts something else under a name that stays.
fn swaps(step: &StepRecord) -> bool {
    // A column that is there gives numbers from then on.
    let becomes_identity = step.strategy == "identity" && step.operation == "alter";
    becomes_identity || matches!(step.operation.as_str(), "swap column" | "swap table")
}

/// After it, what the old application names is not there or no longer kept up to date.
fn takes_away(step: &StepRecord) -> bool {
    let operation = step.operation.as_str();
    // What another object of the same name took the place of is missed by nobody.
    let replaced = matches!(step.strategy.as_str(), "column replacement" | "table copy");
    operation == "stop sync"
        || operation.starts_with("retire ")
        || !replaced
            && matches!(
                operation,
                "drop column" | "drop table" | "drop view" | "drop function"
            )
}

fn exceptions(steps: &[&StepRecord]) -> String {
    let with = |kinds: &[HazardKind]| {
        let has = |s: &&StepRecord| s.hazards.iter().any(|h| kinds.contains(&h.kind));
        list(steps.iter().copied().filter(has))
    };
    let blocked = with(&[HazardKind::BlocksReads, HazardKind::BlocksWrites]);
    let rejected = with(&[HazardKind::RejectsWrites]);
    let broken = with(&[HazardKind::BreaksQueries]);
    let found: Vec<String> = [
        blocked.map(|ids| format!("it waits during {ids}")),
        rejected.map(|ids| format!("writes against new rules are rejected from {ids} on")),
        broken.map(|ids| format!("what depends on the list of columns may break at {ids}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match found.as_slice() {
        [] => String::new(),
        found => format!(", but {}", found.join("; ")),
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
