//! A plan of one backfill, written by hand, that counts how often each row was written.
#![allow(dead_code)] // every test binary uses its own part

use pgrehearse::apply::{FillPolicy, LockPolicy, Options};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::{Ident, Qualified, ServerVersion};
use pgrehearse::plan::document::{FORMAT, Fingerprints, PlanEvidence};
use pgrehearse::plan::{
    Assignment, Backfill, Document, Fill, Impact, Phase, PhaseRecord, Rollback, StatementRecord,
    StepEvidence, StepRecord, artifact,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts how often each row was written: `n` is 1 when nothing was done twice and nothing lost.
pub fn counting(schema: &str, table: &str, key: &[&str]) -> Backfill {
    Backfill {
        table: Qualified::new(schema, table),
        key: key.iter().map(|k| Ident::new(*k)).collect(),
        work: Fill::Update {
            set: vec![Assignment::new(Ident::new("n"), "n + 1")],
            pending: "wanted".to_owned(),
        },
    }
}

fn fingerprints() -> Fingerprints {
    Fingerprints {
        before: "1:same".to_owned(),
        after: "1:same".to_owned(),
    }
}

fn step(n: usize, backfill: &Backfill) -> StepRecord {
    let path = [
        backfill.table.schema.raw().to_owned(),
        backfill.table.name.raw().to_owned(),
    ];
    StepRecord {
        id: format!("migrate-{n}"),
        title: "fill it".to_owned(),
        operation: "backfill".to_owned(),
        object: ObjectId::new(KindTag::Table, path),
        strategy: "test".to_owned(),
        why: "the test".to_owned(),
        follows: Vec::new(),
        tables: Vec::new(),
        statements: vec![StatementRecord {
            sql: backfill.statement().to_string(),
            transactional: true,
        }],
        backfill: Some(backfill.clone()),
        done_when: None,
        clean: Vec::new(),
        rollback: Rollback::Run(Vec::new()),
        hazards: Vec::new(),
        gate: None,
        checks: Vec::new(),
        rollback_checks: Vec::new(),
        retires: None,
        fingerprints: fingerprints(),
        evidence: StepEvidence {
            impact: Impact::Online,
            statements: Vec::new(),
        },
    }
}

pub fn plan(version: ServerVersion, backfill: &Backfill) -> Document {
    plan_of(version, std::slice::from_ref(backfill))
}

/// One step a backfill: migrate-1, migrate-2, …
pub fn plan_of(version: ServerVersion, backfills: &[Backfill]) -> Document {
    let steps: Vec<StepRecord> = (1..).zip(backfills).map(|(n, b)| step(n, b)).collect();
    let mut document = Document {
        format: FORMAT,
        id: String::new(),
        tool: "test".to_owned(),
        server_version: version,
        from: "live".to_owned(),
        to: "schemas".to_owned(),
        fingerprints: fingerprints(),
        roles: Vec::new(),
        owners: Vec::new(),
        touches: steps.iter().map(|s| s.object.clone()).collect(),
        phases: vec![PhaseRecord {
            phase: Phase::Migrate,
            steps,
        }],
        unmodeled: Vec::new(),
        notices: Vec::new(),
        differences: Vec::new(),
        evidence: PlanEvidence {
            rehearsed_on: Some("the test".to_owned()),
            not_rehearsed: Vec::new(),
            impact: Impact::Online,
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: String::new(),
            checked_queries: Default::default(),
            data: pgrehearse::plan::DataEvidence::default(),
            run: BTreeMap::new(),
        },
    };
    document.id = artifact::content_id(&document);
    document
}

/// Batches of at most 50 rows, without pauses.
pub fn options() -> Options {
    Options {
        lock: LockPolicy {
            first: Duration::from_millis(40),
            pause: Duration::from_millis(10),
            max_pause: Duration::from_millis(50),
            attempts: 4,
            max_wait: Duration::from_secs(60),
            ..LockPolicy::default()
        },
        backfill: FillPolicy {
            target: Duration::from_secs(5),
            min_rows: 1,
            max_rows: 50,
            pause: Duration::ZERO,
            ..FillPolicy::default()
        },
        wait_for_other: Duration::from_secs(15),
        poll: Duration::from_millis(20),
        ..Options::default()
    }
}
