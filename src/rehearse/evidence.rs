//! From measurements to what they mean for the running application.

use crate::catalog::{Catalog, Live, Scope};
use crate::kinds::{Hazard, HazardKind, ObjectId};
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
    let mut held = Held::default();
    let mut blocked: Blocked = BTreeMap::new();
    let mut worst = Impact::Online;
    for statement in statements {
        worst = worst.max(held.cover(statement, live, small, &mut blocked));
    }
    (worst, hazards(blocked))
}

/// Per relation, the lock on it that others wait for, and the work during which it is held.
type Blocked = BTreeMap<String, (LockMode, BTreeSet<String>)>;

/// The locks of a transaction so far.
#[derive(Debug, Default)]
pub struct Held(BTreeMap<String, LockMode>);

impl Held {
    /// What one more statement means under the locks of those before it.
    pub fn add(
        &mut self,
        statement: &StatementEvidence,
        live: &Catalog<Live>,
        small: SmallTable,
    ) -> (Impact, Vec<Hazard>) {
        let mut blocked = BTreeMap::new();
        let impact = self.cover(statement, live, small, &mut blocked);
        (impact, hazards(blocked))
    }

    fn cover(
        &mut self,
        statement: &StatementEvidence,
        live: &Catalog<Live>,
        small: SmallTable,
        blocked: &mut Blocked,
    ) -> Impact {
        for (relation, mode) in &statement.locks {
            let strongest = self.0.entry(relation.clone()).or_insert(*mode);
            *strongest = (*strongest).max(*mode);
        }
        let tables = || statement.rewritten.iter().chain(&statement.scanned);
        if tables().next().is_none() && statement.index_builds.is_empty() {
            return Impact::Online;
        }
        let on_small = tables()
            .all(|t| table_id(t, live).is_some_and(|id| small.holds(live.sizes.get(&id).copied())))
            && tables().next().is_some();
        let mut worst = Impact::Online;
        let held = self.0.iter().filter(|(relation, _)| !is_ours(relation));
        for (relation, mode) in held.filter(|(_, m)| m.blocks_writes()) {
            worst = worst.max(if on_small {
                Impact::Bounded
            } else {
                Impact::Blocking
            });
            if !on_small {
                let (strongest, works) = blocked
                    .entry(relation.clone())
                    .or_insert_with(|| (*mode, BTreeSet::new()));
                *strongest = (*strongest).max(*mode);
                works.extend(describe(statement));
            }
        }
        worst
    }
}

fn hazards(blocked: Blocked) -> Vec<Hazard> {
    blocked
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
        .collect()
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
            matches!(id.path.as_slice(), [s, t] if super::measure::relation_name(s, t) == name)
        })
        .cloned()
}
