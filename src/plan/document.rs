//! The plan as it is written, read, shown and applied.

use super::{Backfill, DataCheck, Gate, Phase};
use crate::kinds::{Hazard, ObjectId};
use crate::pg::{Ident, LockMode, Qualified, ServerVersion};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the file format.
pub const FORMAT: u32 = 1;

/// A whole plan with its evidence. Contains no data and no credentials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub format: u32,
    /// SHA-256 of the content without `id` and `evidence.run`: finds accidents, not attackers.
    pub id: String,
    /// The version of pgrehearse that made it.
    pub tool: String,
    pub server_version: ServerVersion,
    /// Where the two schemas came from, without credentials.
    pub from: String,
    pub to: String,
    pub fingerprints: Fingerprints,
    /// The objects that the plan touches; what hangs on them is found in the live catalog.
    pub touches: Vec<ObjectId>,
    /// The roles that the statements name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Ident>,
    /// Whom the statements give what to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<OwnerRecord>,
    /// The phases in order; a phase without steps is left out.
    pub phases: Vec<PhaseRecord>,
    /// What exists on either side and is not compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unmodeled: Vec<UnmodeledRecord>,
    /// Remarks for the reader: likely renames with the hint to paste, and the like.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<String>,
    /// What comes, goes and differs, each with what is part of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceRecord>,
    pub evidence: PlanEvidence,
}

/// An object that a statement gives to a role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerRecord {
    pub object: ObjectId,
    pub role: Ident,
}

/// What the touched objects, with what hangs on them, look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprints {
    pub before: String,
    pub after: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnmodeledRecord {
    /// `live`, `desired` or `both`.
    pub side: String,
    pub what: String,
    pub name: String,
}

/// One object, such as a table with its columns, constraints and indexes, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DifferenceRecord {
    pub object: ObjectId,
    pub change: DifferenceKind,
    /// What it is called before the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<ObjectId>,
    /// Its SQL before and after as a unified diff; of what is created, the steps are the text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub diff: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    Create,
    Change,
    Drop,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseRecord {
    pub phase: Phase,
    pub steps: Vec<StepRecord>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRecord {
    /// `expand-1`: phase and place.
    pub id: String,
    pub title: String,
    /// `create index`, `validate constraint` …
    pub operation: String,
    /// The object it is about.
    pub object: ObjectId,
    pub strategy: String,
    pub why: String,
    /// The ids of the steps that it has to come after, without those that these come after themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<String>,
    /// The tables that a statement outside a transaction works on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Qualified>,
    /// One SQL statement each. The transactional ones of a step run in one transaction.
    pub statements: Vec<StatementRecord>,
    /// The rows that are filled in batches; `statements` then holds the whole work as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<Backfill>,
    /// A query that returns one boolean: whether the step has happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_when: Option<String>,
    /// What removes a half-done state before the step is tried again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clean: Vec<String>,
    pub rollback: Rollback,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hazards: Vec<Hazard>,
    /// A condition that must hold before the step may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// E6: rows on which it would fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<DataCheck>,
    /// Rows on which taking it back would fail; what they call `renamed` is what is called otherwise
    /// until then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollback_checks: Vec<DataCheck>,
    /// What the object is called from this step on, until a later one drops it; so long it belongs
    /// to the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retires: Option<ObjectId>,
    pub fingerprints: Fingerprints,
    pub evidence: StepEvidence,
}

impl StepRecord {
    pub fn is_transactional(&self) -> bool {
        self.backfill.is_none() && self.statements.iter().all(|s| s.transactional)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRecord {
    pub sql: String,
    pub transactional: bool,
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "RollbackShape", from = "RollbackShape")]
pub enum Rollback {
    /// These statements; consecutive transactional ones in one transaction.
    Run(Vec<StatementRecord>),
    /// A harmless remainder stays.
    Leave {
        what: ObjectId,
        why: String,
    },
    Irreversible {
        why: String,
    },
}

/// A [`Rollback`] as it is written, the same in YAML and JSON.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum RollbackShape {
    Run { statements: Vec<StatementRecord> },
    Leave { what: ObjectId, why: String },
    Irreversible { why: String },
}

impl From<Rollback> for RollbackShape {
    fn from(rollback: Rollback) -> Self {
        match rollback {
            Rollback::Run(statements) => Self::Run { statements },
            Rollback::Leave { what, why } => Self::Leave { what, why },
            Rollback::Irreversible { why } => Self::Irreversible { why },
        }
    }
}

impl From<RollbackShape> for Rollback {
    fn from(shape: RollbackShape) -> Self {
        match shape {
            RollbackShape::Run { statements } => Self::Run(statements),
            RollbackShape::Leave { what, why } => Self::Leave { what, why },
            RollbackShape::Irreversible { why } => Self::Irreversible { why },
        }
    }
}

/// E1 and E3 of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepEvidence {
    pub impact: Impact,
    /// One entry a statement, in their order.
    pub statements: Vec<StatementEvidence>,
}

/// What a step means for the running application; computed from measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// No lock that blocks reads or writes is held over work that grows with the table.
    Online,
    /// Such work, but on tables under the small-table limits.
    Bounded,
    Blocking,
    /// Nothing was measured: another major version, or something that cannot be cloned.
    NotRehearsed,
}

impl Impact {
    pub fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Bounded => "bounded",
            Self::Blocking => "blocking",
            Self::NotRehearsed => "not rehearsed",
        }
    }
}

/// What the server showed while one statement ran on the clone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementEvidence {
    /// Per relation that existed before the statement's transaction, the strongest lock it takes.
    pub locks: BTreeMap<String, LockMode>,
    /// Relations whose storage is written anew.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewritten: Vec<String>,
    /// Tables that are read from end to end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scanned: Vec<String>,
    /// Indexes that are built on existing rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub index_builds: Vec<String>,
    /// Set where nothing could be measured, with the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
}

/// E1 to E6 of the whole plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanEvidence {
    /// What the plan was rehearsed on; `None` when it was not.
    pub rehearsed_on: Option<String>,
    /// Why it was not, or not wholly, rehearsed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_rehearsed: Vec<String>,
    /// The worst impact of any step.
    pub impact: Impact,
    /// E2: what differs from the desired schema after the last step; empty when it arrives.
    pub residual: Vec<String>,
    /// E4: per phase, whether its rollback leads back; a phase that cannot is named with the reason.
    pub rollback: BTreeMap<String, String>,
    /// E5, in words.
    pub queries: String,
    /// E5.
    #[serde(default, skip_serializing_if = "QueryEvidence::is_empty")]
    pub checked_queries: QueryEvidence,
    /// E6: what came of the checks of the steps is in `run`.
    #[serde(default)]
    pub data: DataEvidence,
    /// What differs from run to run.
    #[serde(default)]
    pub run: BTreeMap<String, StepRun>,
}

/// E5: what became of the application's queries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryEvidence {
    /// Those that are prepared on the schema of today, and again after each step.
    pub checked: usize,
    /// Those that cannot be prepared today and at no later time.
    pub not_checkable: usize,
    /// Those that name nothing the plan touches.
    pub untouched: usize,
    /// Those that stop working.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<BrokenQuery>,
    /// Those that begin to work, by the step from which they do: the new application's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub new: BTreeMap<String, Vec<String>>,
}

impl QueryEvidence {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A query that worked on the schema of today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokenQuery {
    /// The step that breaks it.
    pub step: String,
    pub query: String,
    pub sql: String,
    /// What the server says.
    pub message: String,
    /// The step from which it works again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mended_by: Option<String>,
}

/// E6 of the whole plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataEvidence {
    /// How many checks the steps have.
    pub checks: usize,
    /// Why none of them was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_checked: Option<String>,
}

/// What the live database said to a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Allowed,
    Violated,
    NotChecked,
}

/// The result of one check, in the order of the step's checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckRun {
    pub verdict: Verdict,
    /// Rows in the way (keys, for duplicates); in a sample, those of the sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
    /// There are more than `found`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Only a part of the table was read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sampled: bool,
    /// Why it was not checked, or what a row made the server say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl CheckRun {
    pub fn not_checked(why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::NotChecked,
            found: None,
            more: false,
            sampled: false,
            why: Some(why.into()),
        }
    }
}

/// Run times, locks that polling happened to see, and what the live rows said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRun {
    /// Milliseconds on the clone.
    pub took_ms: f64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub polled_locks: BTreeMap<String, LockMode>,
    /// Live rows of the tables that are scanned or rewritten.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub live_rows: BTreeMap<String, u64>,
    /// E6: the results of the step's checks, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckRun>,
}

impl Document {
    pub fn steps(&self) -> impl Iterator<Item = (Phase, &StepRecord)> {
        self.phases
            .iter()
            .flat_map(|p| p.steps.iter().map(move |s| (p.phase, s)))
    }

    pub fn is_empty(&self) -> bool {
        self.phases.iter().all(|p| p.steps.is_empty())
    }

    /// Whether every step is online or bounded.
    pub fn is_online(&self) -> bool {
        matches!(self.evidence.impact, Impact::Online | Impact::Bounded)
    }

    pub fn is_rehearsed(&self) -> bool {
        self.evidence.rehearsed_on.is_some() && self.evidence.not_rehearsed.is_empty()
    }
}
