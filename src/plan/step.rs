//! One logical unit of work.

use super::{Backfill, DataCheck, Gate};
use crate::kinds::{Hazard, Name, ObjectId};
use crate::pg::{Qualified, Sql};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// When a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Adds; the old application goes on working.
    Expand,
    /// Backfills and validates.
    Migrate,
    /// Swaps, retires and drops, when the old application is gone.
    Contract,
}

impl Phase {
    pub const ALL: [Self; 3] = [Self::Expand, Self::Migrate, Self::Contract];

    pub fn name(self) -> &'static str {
        match self {
            Self::Expand => "expand",
            Self::Migrate => "migrate",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of the objects of one name is meant: in a swap one name is two objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    Before,
    /// The n-th object in between, under a temporary name.
    Temp(u8),
    After,
}

/// An object at a time.
pub type Node = (ObjectId, Era);

/// A query that returns one boolean: whether a step's work stands in the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Probe(pub Sql);

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// These statements in one transaction, together with the ledger row.
    Transaction(Vec<Sql>),
    /// One statement that cannot run in a transaction: it must bring the probe that tells whether
    /// it finished, and the cleaning of its half-done state.
    Outside {
        statement: Sql,
        done: Probe,
        clean: Vec<Sql>,
    },
    /// Rows are filled in batches, one transaction each; the ledger keeps the position.
    Backfill {
        backfill: Backfill,
        /// The whole work as one statement.
        statement: Sql,
    },
}

impl Action {
    pub fn backfill(backfill: Backfill) -> Self {
        let statement = backfill.statement();
        Self::Backfill {
            backfill,
            statement,
        }
    }

    pub fn statements(&self) -> &[Sql] {
        match self {
            Self::Transaction(statements) => statements,
            Self::Outside { statement, .. } | Self::Backfill { statement, .. } => {
                std::slice::from_ref(statement)
            }
        }
    }
}

/// How an expand or migrate step is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reversal {
    Run(Vec<Action>),
    /// A harmless remainder stays (an enum label).
    Leave {
        what: ObjectId,
        why: String,
    },
}

/// How any step is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undo {
    Run(Vec<Action>),
    Leave { what: ObjectId, why: String },
    Irreversible { why: String },
}

impl From<Reversal> for Undo {
    fn from(reversal: Reversal) -> Self {
        match reversal {
            Reversal::Run(actions) => Self::Run(actions),
            Reversal::Leave { what, why } => Self::Leave { what, why },
        }
    }
}

/// A step before it is rehearsed. Built with [`Step::expand`], [`Step::migrate`] or
/// [`Step::contract`]: an irreversible expand step has no constructor.
#[derive(Clone, Debug)]
pub struct Step {
    phase: Phase,
    action: Action,
    undo: Undo,
    /// The object it is about.
    pub object: ObjectId,
    /// `create index`, `validate constraint` …
    pub operation: &'static str,
    pub title: String,
    pub strategy: &'static str,
    pub why: String,
    pub hazards: Vec<Hazard>,
    pub produces: BTreeSet<Node>,
    pub requires: BTreeSet<Node>,
    pub destroys: BTreeSet<Node>,
    /// The objects this step no longer hangs on afterwards: it comes before they are destroyed.
    pub releases: BTreeSet<Node>,
    /// It comes after these are destroyed or disturbed: it stepped aside for that.
    pub after: BTreeSet<Node>,
    /// Changed in place after all dropped dependents are gone.
    pub disturbs: BTreeSet<Node>,
    /// Names in shared name spaces that it gives up and takes.
    pub frees: BTreeSet<Name>,
    pub takes: BTreeSet<Name>,
    /// A condition that must hold before it may run.
    pub gate: Option<Gate>,
    /// Rows on which it would fail.
    pub checks: Vec<DataCheck>,
    /// Rows on which taking it back would fail; the names before its renames are those after the step.
    pub back_checks: Vec<DataCheck>,
    /// What the object is called from this step on, until a later one drops it.
    pub retires: Option<ObjectId>,
    /// The tables that a statement outside a transaction works on.
    pub tables: Vec<Qualified>,
    /// A rename from a hint: everything else is planned for the names after it.
    pub renames: bool,
    /// Taking this object's steps back takes the step's own work along: it comes in no earlier phase.
    pub part_of: Option<ObjectId>,
    /// Steps of one number share one transaction: what is taken down and put back.
    pub together: Option<usize>,
    /// The places of the steps that it has to come after, in the order that `order::sort` gives them.
    pub follows: BTreeSet<usize>,
}

impl Step {
    fn new(phase: Phase, object: ObjectId, action: Action, undo: Undo) -> Self {
        Self {
            phase,
            action,
            undo,
            title: object.human(),
            object,
            operation: "",
            strategy: "",
            why: String::new(),
            hazards: Vec::new(),
            produces: BTreeSet::new(),
            requires: BTreeSet::new(),
            destroys: BTreeSet::new(),
            releases: BTreeSet::new(),
            after: BTreeSet::new(),
            disturbs: BTreeSet::new(),
            frees: BTreeSet::new(),
            takes: BTreeSet::new(),
            gate: None,
            checks: Vec::new(),
            back_checks: Vec::new(),
            retires: None,
            tables: Vec::new(),
            renames: false,
            part_of: None,
            together: None,
            follows: BTreeSet::new(),
        }
    }

    pub fn expand(object: ObjectId, action: Action, undo: Reversal) -> Self {
        Self::new(Phase::Expand, object, action, undo.into())
    }

    pub fn migrate(object: ObjectId, action: Action, undo: Reversal) -> Self {
        Self::new(Phase::Migrate, object, action, undo.into())
    }

    pub fn contract(object: ObjectId, action: Action, undo: Undo) -> Self {
        Self::new(Phase::Contract, object, action, undo)
    }

    /// Sets what a person reads: the operation (`create index`), its title and its reason.
    pub fn described(
        mut self,
        operation: &'static str,
        title: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        self.operation = operation;
        self.title = title.into();
        self.why = why.into();
        self
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    pub fn action(&self) -> &Action {
        &self.action
    }

    pub fn undo(&self) -> &Undo {
        &self.undo
    }

    /// A step's phase is never earlier than that of a step it depends on.
    pub(crate) fn lift(&mut self, phase: Phase) {
        self.phase = self.phase.max(phase);
    }

    /// The step ends with `statements`, in the same transaction.
    pub(crate) fn also(&mut self, statements: Vec<Sql>) {
        if let Action::Transaction(all) = &mut self.action {
            all.extend(statements);
        }
    }

    /// The step begins with `statement`, in the same transaction.
    pub(crate) fn begin_with(&mut self, statement: Sql) {
        if let Action::Transaction(statements) = &mut self.action {
            statements.insert(0, statement);
        }
    }

    /// Taking the step back begins with `statements`, in the same transaction.
    pub(crate) fn take_back_first(&mut self, statements: Vec<Sql>) {
        if let Undo::Run(actions) = &mut self.undo {
            let before = std::mem::take(actions);
            *actions = joined(vec![Action::Transaction(statements)], before);
        }
    }

    /// Taking the step back goes on with `actions`, after its transaction.
    pub(crate) fn take_back_then(&mut self, actions: Vec<Action>) {
        if let Undo::Run(back) = &mut self.undo {
            back.extend(actions);
        }
    }

    /// Taking the step back ends with `statements`, in the same transaction.
    pub(crate) fn take_back_last(&mut self, statements: Vec<Sql>) {
        if let Undo::Run(actions) = &mut self.undo {
            let before = std::mem::take(actions);
            *actions = joined(before, vec![Action::Transaction(statements)]);
        }
    }

    /// Joins the steps of one transaction, and tells it by what it is about: the object whose
    /// change made the others step aside.
    pub(crate) fn join_group(first: Self, rest: Vec<Self>) -> Self {
        let titles: BTreeSet<String> = std::iter::once(&first)
            .chain(&rest)
            .map(|s| s.title.clone())
            .collect();
        let lead = std::iter::once(&first)
            .chain(&rest)
            .find(|s| {
                let changes = matches!(s.operation, "alter" | "swap column" | "hand over");
                s.operation == "swap table" || changes && !s.disturbs.is_empty()
            })
            .or_else(|| {
                let swapped = |s: &&Self| s.operation == "swap materialized view";
                std::iter::once(&first).chain(&rest).find(swapped)
            })
            .or_else(|| {
                std::iter::once(&first)
                    .chain(&rest)
                    .find(|s| s.operation == "recreate")
            })
            // A type comes after what it is made of.
            .or_else(|| rest.iter().rfind(|s| s.operation == "create type"))
            .map(|s| {
                (
                    s.object.clone(),
                    s.operation,
                    s.title.clone(),
                    s.why.clone(),
                    s.strategy,
                )
            });
        let mut joined = Self::join(first, rest);
        if let Some((object, operation, title, why, strategy)) = lead {
            joined.object = object;
            joined.operation = operation;
            joined.strategy = strategy;
            let others = titles.len().saturating_sub(1);
            joined.why = if why.is_empty() || others == 0 {
                why
            } else {
                format!("{why}; one transaction with what hangs on it")
            };
            joined.title = match others {
                0 => title,
                1 => format!("{title} (and 1 object with it)"),
                n => format!("{title} (and {n} objects with it)"),
            };
        }
        joined
    }

    /// Joins transactional steps, in order, into one transaction.
    fn join(mut first: Self, rest: impl IntoIterator<Item = Self>) -> Self {
        for step in rest {
            first.phase = first.phase.max(step.phase);
            if let (Action::Transaction(all), Action::Transaction(more)) =
                (&mut first.action, step.action)
            {
                all.extend(more);
            }
            first.undo = match (first.undo, step.undo) {
                (Undo::Irreversible { why }, _) | (_, Undo::Irreversible { why }) => {
                    Undo::Irreversible { why }
                }
                // Taken back in reverse, in one transaction too.
                (Undo::Run(before), Undo::Run(after)) => Undo::Run(joined(after, before)),
                (leave @ Undo::Leave { .. }, Undo::Run(_)) | (_, leave) => leave,
            };
            first.gate = first.gate.or(step.gate);
            first.retires = first.retires.or(step.retires);
            first.hazards.extend(step.hazards);
            first.checks.extend(step.checks);
            first.back_checks.extend(step.back_checks);
            first.produces.extend(step.produces);
            first.requires.extend(step.requires);
            first.destroys.extend(step.destroys);
            first.releases.extend(step.releases);
            first.after.extend(step.after);
            first.disturbs.extend(step.disturbs);
            first.frees.extend(step.frees);
            first.takes.extend(step.takes);
        }
        first
    }
}

/// Index builds at the end of `first` come after `second`: what that makes must not settle on them, and what was one
/// transaction is taken back in one.
fn joined(mut first: Vec<Action>, second: Vec<Action>) -> Vec<Action> {
    let is_transaction = |action: &Action| matches!(action, Action::Transaction(_));
    let last = first.iter().rposition(is_transaction);
    let builds = first.split_off(last.map_or(0, |at| at + 1));
    let mut actions: Vec<Action> = Vec::new();
    for action in first.into_iter().chain(second).chain(builds) {
        match (actions.last_mut(), action) {
            (Some(Action::Transaction(all)), Action::Transaction(more)) => all.extend(more),
            (_, action) => actions.push(action),
        }
    }
    actions
}
