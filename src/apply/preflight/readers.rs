//! Who reads the WAL that the plan writes.

use super::{Finding, Level};
use crate::apply::amount::{Bytes, Seconds};
use crate::apply::error::is_lost;
use crate::apply::replication::{self, Readers};
use crate::apply::{ApplyError, Lag, Options};
use crate::pg::Ident;
use crate::pg::ident::Literal;
use crate::plan::StepRecord;
use crate::sql;
use postgres::Client;

/// A slot that nobody reads and that keeps no more than this is of a reader that will be back.
const FORGOTTEN: u64 = 1 << 30;

/// Warns of readers that are behind or cannot be seen. A backfill waits for those that can.
pub(super) fn check(
    client: &mut Client,
    left: &[&StepRecord],
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let fills = left.iter().any(|step| step.backfill.is_some());
    let readers = match replication::read(client) {
        Ok(readers) => readers,
        Err(e) if is_lost(&e) => return Err(ApplyError::ledger(e)),
        // A backfill says the same when it begins.
        Err(_) => return Ok(()),
    };
    if fills && options.backfill.max_lag.is_some() && readers.hidden > 0 {
        let row = client.query_one("SELECT current_user::pg_catalog.text", &[]);
        let role = Ident::new(row.map_err(ApplyError::ledger)?.get::<_, String>(0));
        let grant = sql!("GRANT pg_monitor TO {}", role);
        let message = format!(
            "role {role} may not see how far replicas are behind ({} connected): backfills do not wait for them",
            readers.hidden
        );
        findings.push(
            Finding::new(Level::Warn, "preflight::hidden_replicas", message)
                .help(grant.to_string()),
        );
    }
    findings.extend(found(&readers, options));
    Ok(())
}

fn found(readers: &Readers, options: &Options) -> Vec<Finding> {
    let waits_for = |name: &String| !options.backfill.ignore_replicas.contains(name);
    let mut findings = Vec::new();
    for replica in readers.replicas.iter().filter(|r| waits_for(&r.name)) {
        let lag = replica.lag.unwrap_or_default();
        let behind = match options.backfill.max_lag {
            Some(Lag::Time(limit)) if replica.behind > 0 && lag > limit => Seconds(lag).to_string(),
            Some(Lag::Wal(limit)) if replica.behind > limit => Bytes(replica.behind).to_string(),
            _ => continue,
        };
        let message = format!("{replica} is {behind} behind already");
        findings.push(Finding::new(Level::Warn, "preflight::replica_lag", message));
    }
    for slot in readers.slots.iter().filter(|s| waits_for(&s.name)) {
        let name = &slot.name;
        let message = if slot.is_lost {
            format!("replication slot {name} has lost WAL that its reader needs")
        } else if let Some(left) = slot.soon_lost {
            format!(
                "replication slot {name} is lost after {} more of WAL (max_slot_wal_keep_size)",
                Bytes(left)
            )
        } else if !slot.is_active && slot.kept > FORGOTTEN {
            format!(
                "nobody reads replication slot {name}, for which {} of WAL are kept: what the plan writes is kept, too",
                Bytes(slot.kept)
            )
        } else {
            continue;
        };
        let drop = sql!("SELECT pg_drop_replication_slot({})", Literal(name));
        findings.push(
            Finding::new(Level::Warn, "preflight::slot", message)
                .help(format!("if nobody needs it: {drop}")),
        );
    }
    findings
}
