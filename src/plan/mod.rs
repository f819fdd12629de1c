//! Plans and their steps, as values.

pub mod artifact;
pub mod backfill;
pub mod data_check;
pub mod document;
pub mod draft;
pub mod gate;
pub mod step;

pub use crate::kinds::hazard;
pub use artifact::{ArtifactError, Format};
pub use backfill::{Assignment, Backfill, Fill};
pub use data_check::{DataCheck, Violation};
pub use document::{
    BrokenQuery, CheckRun, DataEvidence, DifferenceKind, DifferenceRecord, Document, Impact,
    OwnerRecord, PhaseRecord, QueryEvidence, Rollback, StatementEvidence, StatementRecord,
    StepEvidence, StepRecord, Verdict,
};
pub use gate::Gate;
pub use step::{Action, Era, Node, Phase, Probe, Step, Undo};

use crate::pg::{Ident, ServerVersion};
use std::collections::BTreeSet;

use crate::kinds::ObjectId;

/// A plan that was sorted and not yet rehearsed.
#[derive(Clone, Debug)]
pub struct Draft {
    pub server_version: ServerVersion,
    /// In the order in which they run, phase by phase.
    pub steps: Vec<Step>,
    /// The objects that any step touches.
    pub touched: BTreeSet<ObjectId>,
    /// The roles that the statements name.
    pub roles: BTreeSet<Ident>,
    /// Whom they give what to.
    pub owners: BTreeSet<OwnerRecord>,
    pub notices: Vec<String>,
}

/// A plan with the evidence of a rehearsal by this process: the only thing `apply` runs.
///
/// Only the rehearsal can make one:
///
/// ```compile_fail
/// use pgrehearse::plan::{Document, Rehearsed};
/// fn forge(document: Document) -> Rehearsed { Rehearsed { document } }
/// ```
#[derive(Clone, Debug)]
pub struct Rehearsed {
    document: Document,
}

impl Rehearsed {
    pub(crate) fn new(document: Document) -> Self {
        Self { document }
    }

    pub fn document(&self) -> &Document {
        &self.document
    }
}

/// A plan read from a file: its evidence is a claim until it is rehearsed again.
#[derive(Clone, Debug)]
pub struct Recorded {
    document: Document,
    /// The content does not hash to the id: somebody edited the file.
    edited: bool,
}

impl Recorded {
    pub fn document(&self) -> &Document {
        &self.document
    }

    pub fn is_edited(&self) -> bool {
        self.edited
    }
}
