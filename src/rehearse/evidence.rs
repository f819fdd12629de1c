//! From measurements to what they mean for the running application.

use crate::catalog::{Catalog, Live, Scope};
use crate::kinds::{Hazard, HazardKind, KindTag, ObjectId};
use crate::pg::LockMode;
use crate::plan::Impact;
use crate::plan::document::StatementEvidence;
use crate::strategy::SmallTable;
use std::collections::{BTreeMap, BTreeSet};

/// What a step's transaction means: each lock is held from its statement to the commit, so it
/// covers the work of every later statement too.
pub fn impact(
    statements: &[StatementEvidence],
    live: &Catalog<Live>,
    small: SmallTable,
) -> (Impact, Vec<Hazard>) {
    if statements.iter().any(|s| s.declared.is_some()) {
        return (Impact::Online, Vec::new());
    }
    let mut held: BTreeMap<&str, LockMode> = BTreeMap::new();
    let mut blocked: BTreeMap<String, (LockMode, BTreeSet<String>)> = BTreeMap::new();
    let mut worst = Impact::Online;
    for statement in statements {
        for (relation, mode) in &statement.locks {
            let strongest = held.entry(relation).or_insert(*mode);
            *strongest = (*strongest).max(*mode);
        }
        let work: BTreeSet<&String> = statement
            .rewritten
            .iter()
            .chain(&statement.scanned)
            .chain(&statement.index_builds)
            .collect();
        if work.is_empty() {
            continue;
        }
        let on_small = statement
            .rewritten
            .iter()
            .chain(&statement.scanned)
            .all(|t| table_id(t, live).is_some_and(|id| small.holds(live.sizes.get(&id).copied())))
            && (!statement.rewritten.is_empty() || !statement.scanned.is_empty());
        let held = held.iter().filter(|(relation, _)| !is_ours(relation));
        for (relation, mode) in held.filter(|(_, m)| m.blocks_writes()) {
            worst = worst.max(if on_small {
                Impact::Bounded
            } else {
                Impact::Blocking
            });
            if !on_small {
                let (strongest, works) = blocked
                    .entry((*relation).to_owned())
                    .or_insert_with(|| (*mode, BTreeSet::new()));
                *strongest = (*strongest).max(*mode);
                works.extend(describe(statement));
            }
        }
    }
    let hazards = blocked
        .into_iter()
        .map(|(relation, (mode, works))| {
            let works: Vec<String> = works.into_iter().collect();
            let (kind, whom) = if mode.blocks_reads() {
                (HazardKind::BlocksReads, "reads and writes")
            } else {
                (HazardKind::BlocksWrites, "writes")
            };
            let text = format!("{whom} of {relation} wait while {}", works.join(" and "));
            Hazard::measured(kind, text)
        })
        .collect();
    (worst, hazards)
}

/// Whether a measured relation is one of our own. Those that a plan makes are new to its rehearsal,
/// whose evidence leaves them out; they are there when the plan goes on.
pub fn is_ours(relation: &str) -> bool {
    let name = relation.rsplit('.').next().unwrap_or(relation);
    Scope::is_own(name.trim_start_matches('"'))
}

fn describe(statement: &StatementEvidence) -> Vec<String> {
    let each = |relations: &[String], verb: &str| {
        relations
            .iter()
            .map(|r| format!("{r} is {verb}"))
            .collect::<Vec<_>>()
    };
    let mut works = each(&statement.rewritten, "rewritten");
    works.extend(each(&statement.scanned, "scanned"));
    works.extend(each(&statement.index_builds, "built"));
    works
}

/// The table that a measured name belongs to.
pub fn table_id(name: &str, live: &Catalog<Live>) -> Option<ObjectId> {
    live.sizes
        .keys()
        .find(|id| {
            id.kind == KindTag::Table
                && matches!(id.path.as_slice(), [s, t] if super::measure::relation_name(s, t) == name)
        })
        .cloned()
}
