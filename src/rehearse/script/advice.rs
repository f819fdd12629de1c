//! What is known of a statement besides its measurement: the online way, and what a clone with hardly any rows
//! cannot show.

use super::facts::Facts;
use super::report::Statement;
use crate::catalog::{Catalog, Live};
use crate::kinds::{Hazard, HazardKind};
use crate::pg::{ServerVersion, Sql};
use crate::plan::Impact;
use crate::plan::document::StatementEvidence;
use crate::rehearse::evidence::table_id;
use crate::rehearse::measure::relation_name;
use crate::source::reader::Reader;
use crate::sql;
use crate::strategy::SmallTable;
use postgres::error::SqlState;
use postgres::{Client, SimpleQueryMessage};
use serde_json::Value;
use std::collections::BTreeSet;

/// A statement with a plan of its own, which decides what it reads.
pub fn is_query(sql: &str) -> bool {
    let words = [
        "select", "insert", "update", "delete", "merge", "with", "values", "table",
    ];
    Reader::new(sql).sees_any(&words).is_some()
}

/// The tables that a query reads from end to end because no index serves it; nothing when that cannot be told.
///
/// On a clone with a few rows every table is scanned: what counts is the plan where scans are forbidden.
pub fn full_scans(client: &mut Client, sql: &str) -> Result<Option<Vec<String>>, postgres::Error> {
    client.batch_execute("SAVEPOINT _pgrehearse; SET LOCAL enable_seqscan = off")?;
    let explain = sql!(
        "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) {}",
        Sql::deparsed(sql)
    );
    let found = match client.simple_query(explain.as_str()) {
        Ok(messages) => {
            let text: String = messages
                .iter()
                .filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => row.get(0),
                    _ => None,
                })
                .collect();
            let mut tables = BTreeSet::new();
            if let Ok(plan) = serde_json::from_str::<Value>(&text) {
                collect(&plan, &mut tables);
            }
            Some(tables.into_iter().collect())
        }
        // It fails by itself, then.
        Err(_) => None,
    };
    client.batch_execute("ROLLBACK TO SAVEPOINT _pgrehearse; RELEASE SAVEPOINT _pgrehearse")?;
    Ok(found)
}

fn collect(plan: &Value, tables: &mut BTreeSet<String>) {
    match plan {
        Value::Array(items) => items.iter().for_each(|item| collect(item, tables)),
        Value::Object(node) => {
            let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
            // An index that is read without a condition is read from end to end as well.
            let whole = match text("Node Type") {
                "Seq Scan" => true,
                "Index Scan" | "Index Only Scan" => !node.contains_key("Index Cond"),
                _ => false,
            };
            if whole {
                tables.insert(relation_name(text("Schema"), text("Relation Name")));
            }
            node.values().for_each(|value| collect(value, tables));
        }
        _ => {}
    }
}

/// The evidence without what only the clone shows: `reads` is what a query really has to read.
pub fn corrected(
    sql: &str,
    mut evidence: StatementEvidence,
    reads: Option<Vec<String>>,
) -> StatementEvidence {
    if let Some(reads) = reads {
        evidence.scanned = reads;
    }
    // TRUNCATE makes new storage and builds indexes over nothing: no work that grows with the table.
    if Reader::new(sql).sees(&["truncate"]) {
        evidence.rewritten.clear();
        evidence.scanned.clear();
        evidence.index_builds.clear();
    }
    evidence
}

/// What rows are lost or locked: the words tell it.
pub fn hazards(
    sql: &str,
    evidence: &StatementEvidence,
    live: &Catalog<Live>,
    small: SmallTable,
) -> Vec<Hazard> {
    let mut reader = Reader::new(sql);
    let mut hazards = Vec::new();
    if reader.sees(&["truncate"]) {
        let text = "TRUNCATE removes every row";
        hazards.push(Hazard::declared(HazardKind::DataLoss, text));
    }
    let writes = ["update", "delete", "merge"];
    let Some(word) = reader.sees_any(&writes) else {
        return hazards;
    };
    let everywhere = !reader.skip_until(|r| r.sees(&["where"]) || r.sees(&["using"]));
    if word == "delete" && everywhere {
        let text = "DELETE without WHERE removes every row";
        hazards.push(Hazard::declared(HazardKind::DataLoss, text));
    }
    let is_small = |table: &String| {
        table_id(table, live).is_some_and(|id| small.holds(live.sizes.get(&id).copied()))
    };
    for table in evidence.scanned.iter().filter(|t| !is_small(t)) {
        let what = match everywhere {
            true => format!("every row of {table} is written in one transaction"),
            false => format!("{table} is read from end to end for the rows that are written"),
        };
        let text = format!("{what}: they stay locked until it commits");
        hazards.push(Hazard::declared(HazardKind::LongRunning, text));
    }
    hazards
}

/// One line of how the same is had online; `before` is what was there before the statement.
pub fn online_way(
    sql: &str,
    statement: &Statement,
    before: &Facts,
    version: ServerVersion,
) -> Option<String> {
    let mut reader = Reader::new(sql);
    let writes_all = statement
        .hazards
        .iter()
        .any(|h| h.kind == HazardKind::LongRunning);
    if is_query(sql) {
        let text = "write in batches by key, each in a transaction of its own (a `backfill` hint makes `pgrehearse plan` do it)";
        return writes_all.then(|| text.to_owned());
    }
    if statement.impact != Impact::Blocking && statement.impact != Impact::Bounded {
        return None;
    }
    let evidence = &statement.evidence;
    let on_partitioned = || evidence.locks.keys().any(|t| before.is_partitioned(t));
    let planned = "`pgrehearse plan` makes these steps";
    let help = match reader.sees_any(&["create", "reindex", "refresh", "cluster", "vacuum", "alter"])? {
        "create" => {
            reader.advance();
            reader.eat(&["unique"]);
            match reader.sees(&["index"]) {
                true if on_partitioned() => format!(
                    "CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then ATTACH PARTITION: {planned}"
                ),
                true => "CREATE INDEX CONCURRENTLY, outside a transaction".to_owned(),
                false => return None,
            }
        }
        "reindex" => "REINDEX … CONCURRENTLY, outside a transaction".to_owned(),
        "refresh" => {
            "REFRESH MATERIALIZED VIEW CONCURRENTLY, with a unique index on the view: readers go on".to_owned()
        }
        "cluster" | "vacuum" => {
            "the server has no online way to write a table anew; plain VACUUM makes room for new rows".to_owned()
        }
        _ => return alter(reader, statement, version),
    };
    Some(help)
}

fn alter(reader: Reader<'_>, statement: &Statement, version: ServerVersion) -> Option<String> {
    let evidence = &statement.evidence;
    let builds = !evidence.index_builds.is_empty();
    let rewrites = !evidence.rewritten.is_empty();
    let sees = |words: &[&str]| {
        let mut from = reader.clone();
        from.skip_until(|r| r.sees(words))
    };
    let planned = "`pgrehearse plan` makes these steps";
    let help = if sees(&["attach", "partition"]) {
        "first a CHECK NOT VALID on the table that implies its bounds, VALIDATE it, then ATTACH: nothing is scanned"
            .to_owned()
    } else if sees(&["exclude"]) {
        "PostgreSQL has no online way to an exclusion constraint".to_owned()
    } else if sees(&["type"]) && (rewrites || builds) {
        format!("a new column, kept alike by a trigger, filled in batches, then swapped: {planned}")
    } else if (sees(&["unique"]) || sees(&["primary", "key"])) && builds {
        "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX".to_owned()
    } else if sees(&["validate", "constraint"]) {
        "COMMIT between ADD … NOT VALID and VALIDATE: alone it lets reads and writes go on"
            .to_owned()
    } else if sees(&["set", "not", "null"]) && !rewrites {
        match version >= ServerVersion::V18 {
            true => "ADD CONSTRAINT … NOT NULL column NOT VALID, commit, then VALIDATE CONSTRAINT".to_owned(),
            false => "ADD CHECK (column IS NOT NULL) NOT VALID, commit, VALIDATE, then SET NOT NULL scans nothing; drop the CHECK"
                .to_owned(),
        }
    } else if rewrites && sees(&["add"]) {
        format!("add the column without that default, SET DEFAULT, fill it in batches: {planned}")
    } else if rewrites {
        "PostgreSQL writes the whole table anew for this; `pgrehearse plan` knows whether there is another way".to_owned()
    } else if sees(&["foreign", "key"]) || sees(&["references"]) || sees(&["check"]) {
        "ADD CONSTRAINT … NOT VALID, commit, then VALIDATE CONSTRAINT".to_owned()
    } else {
        "commit before the long work: it runs under the lock of an earlier statement".to_owned()
    };
    Some(help)
}

/// How a statement that fails is mended, where the reason tells it.
pub fn mend(sql: &str, error: &postgres::Error) -> Option<String> {
    let code = error.code()?;
    let help = if *code == SqlState::NOT_NULL_VIOLATION {
        let mut reader = Reader::new(sql);
        match reader.eat(&["alter", "table"]) && reader.skip_until(|r| r.sees(&["add"])) {
            true => {
                "rows that are there have no value for it: give a DEFAULT, or add it nullable, fill it, then SET NOT NULL"
            }
            false => "rows that are there have NULL in it: fill it first",
        }
    } else if *code == SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE {
        "a new label can be used only after the commit of ADD VALUE: put a COMMIT between"
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        "files run as a role without superuser rights: what needs them is not rehearsed"
    } else if *code == SqlState::OBJECT_IN_USE {
        "it has pending trigger events in this transaction: commit between the rows and the ALTER TABLE"
    } else {
        return None;
    };
    Some(help.to_owned())
}
