//! Room on the server's volumes for what the plan builds and copies.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::apply::amount::Bytes;
use crate::pg::LockMode;
use crate::plan::{Fill, StatementEvidence, StepRecord};
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where the volume cannot be seen, less than this is not worth a word.
const WORTH_A_WORD: u64 = 1 << 30;

/// What a step may add to a volume at most; an estimate by what is there today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Growth {
    /// `a copy of public.orders`.
    what: String,
    /// The folder of the tablespace; `None`: it may not be seen.
    folder: Option<String>,
    bytes: u64,
}

/// What grows with a relation, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    /// All of it is written once more: the old rows stay until VACUUM, or until the old table is dropped.
    Copy,
    /// A part of each row is.
    Index,
}

/// What the steps that are `left` add.
pub(super) fn growths(
    client: &mut Client,
    left: &[&StepRecord],
) -> Result<Vec<Growth>, ApplyError> {
    // A relation that has no rows yet is none.
    const QUERY: &str = "
        SELECT
            pg_catalog.sum(pg_catalog.pg_total_relation_size(p.relid))::pg_catalog.int8,
            pg_catalog.sum(pg_catalog.pg_relation_size(p.relid))::pg_catalog.int8,
            COALESCE(
                NULLIF(pg_catalog.pg_tablespace_location(CASE c.reltablespace WHEN 0 THEN d.dattablespace ELSE c.reltablespace END), ''),
                (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory')
            ) AS folder
        FROM (
                SELECT pg_catalog.to_regclass($1)::pg_catalog.oid AS relid
                UNION
                SELECT relid::pg_catalog.oid
                FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1))
            ) AS p
            JOIN pg_catalog.pg_class c ON c.oid = p.relid
            JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
        GROUP BY folder
        ORDER BY folder";
    let mut growths = Vec::new();
    for step in left {
        for (relation, work) in works(step) {
            let rows = client.query(QUERY, &[&relation]);
            for row in rows.map_err(ApplyError::ledger)? {
                let (total, main): (Option<i64>, Option<i64>) = (row.get(0), row.get(1));
                let (what, bytes) = match work {
                    Work::Copy => (format!("{relation} once more"), total),
                    Work::Index => (format!("an index of {relation}"), main),
                };
                let bytes = bytes.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
                if bytes > 0 {
                    let folder = row.get(2);
                    growths.push(Growth {
                        what,
                        folder,
                        bytes,
                    });
                }
            }
        }
    }
    Ok(growths)
}

fn works(step: &StepRecord) -> BTreeSet<(String, Work)> {
    let mut works = BTreeSet::new();
    if let Some(backfill) = &step.backfill {
        if !matches!(backfill.work, Fill::Delete { .. }) {
            works.insert((backfill.table.to_string(), Work::Copy));
        }
        return works;
    }
    let locked = |evidence: &StatementEvidence, wanted: fn(LockMode) -> bool| {
        let locks = evidence.locks.clone().into_iter();
        locks
            .filter(move |(_, mode)| wanted(*mode))
            .map(|(name, _)| name)
    };
    for evidence in &step.evidence.statements {
        works.extend(
            evidence
                .rewritten
                .iter()
                .map(|name| (name.clone(), Work::Copy)),
        );
        if step.operation == "back up" {
            let read = locked(evidence, |mode| mode == LockMode::AccessShare);
            works.extend(read.map(|name| (name, Work::Copy)));
        }
        if !evidence.index_builds.is_empty() {
            let built = locked(evidence, |mode| mode >= LockMode::ShareUpdateExclusive);
            works.extend(built.map(|name| (name, Work::Index)));
        }
    }
    works
}

/// Compares what the plan adds with what is free, where that can be seen.
pub(super) fn check(
    client: &mut Client,
    growths: &[Growth],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    // The server's volumes are ours when no network lies between.
    const LOCAL: &str = "SELECT pg_catalog.inet_server_addr() IS NULL";
    let mut volumes: BTreeMap<Option<&str>, Vec<&Growth>> = BTreeMap::new();
    for growth in growths {
        volumes
            .entry(growth.folder.as_deref())
            .or_default()
            .push(growth);
    }
    let row = client.query_one(LOCAL, &[]).map_err(ApplyError::ledger)?;
    let is_local: bool = row.get(0);
    for (folder, growths) in volumes {
        let folder = folder.filter(|_| is_local);
        let free = folder.and_then(|folder| free(Path::new(folder)));
        findings.extend(judge(&growths, folder, free));
    }
    Ok(())
}

fn free(folder: &Path) -> Option<u64> {
    let volume = rustix::fs::statvfs(folder).ok()?;
    volume.f_bavail.checked_mul(volume.f_frsize)
}

// The estimate is an upper bound: rows may be filled already, and an index may be of one narrow column. When not a
// tenth of it is free, the volume would fill up all the same.
fn judge(growths: &[&Growth], folder: Option<&str>, free: Option<u64>) -> Option<Finding> {
    let needed = growths
        .iter()
        .fold(0_u64, |sum, g| sum.saturating_add(g.bytes));
    let mut largest = growths.to_vec();
    largest.sort_by_key(|g| std::cmp::Reverse(g.bytes));
    let mut parts: Vec<String> = largest
        .iter()
        .take(3)
        .map(|g| format!("{} {}", g.what, Bytes(g.bytes)))
        .collect();
    if largest.len() > parts.len() {
        parts.push("…".to_owned());
    }
    let head = format!(
        "the plan may add {} to the disk at most ({})",
        Bytes(needed),
        parts.join(", ")
    );
    let Some((free, folder)) = free.zip(folder) else {
        let message = format!("{head}, and how much is free cannot be seen from here");
        return (needed >= WORTH_A_WORD)
            .then(|| Finding::new(Level::Warn, "preflight::disk_room", message));
    };
    let level = match free {
        free if free >= needed => return None,
        free if free >= needed / 10 => Level::Warn,
        _ => Level::Refuse,
    };
    let message = format!("{head}, and {} are free in {folder}", Bytes(free));
    let finding = Finding::new(level, "preflight::disk_room", message);
    Some(finding.help("make room first; VACUUM gives the room of old rows to new ones"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_not_fit_is_warned_of_and_what_cannot_is_refused() {
        let growth = |bytes| Growth {
            what: "public.t once more".to_owned(),
            folder: None,
            bytes,
        };
        let (small, large) = (growth(3 << 20), growth(40 << 30));
        let judge = |growths: &[&Growth], free: Option<u64>| {
            judge(growths, Some("/data"), free).map(|f| (f.level, f.message))
        };
        assert_eq!(judge(&[&large], Some(41 << 30)), None);
        let (level, message) = judge(&[&small, &large], Some(39 << 30)).unwrap();
        assert_eq!(level, Level::Warn);
        assert!(
            message.contains("40 GB, public.t once more 3.0 MB"),
            "{message}"
        );
        let (level, message) = judge(&[&large], Some(1 << 30)).unwrap();
        assert_eq!(level, Level::Refuse);
        assert!(message.ends_with("1.0 GB are free in /data"), "{message}");
        assert_eq!(judge(&[&small], None), None);
        let (level, message) = judge(&[&large], None).unwrap();
        assert_eq!(level, Level::Warn);
        assert!(message.contains("cannot be seen"), "{message}");
    }
}
