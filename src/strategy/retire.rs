//! Change: a column or a table that exists is dropped.
//!
//! Why not directly: the values are gone for good at once, and whatever still names the object fails.
//! Steps, all in contract: NOT NULL and the CHECKs that a new application's INSERT would trip over
//! come off and the object is renamed to `_deprecated_NAME`, in one short transaction, behind the
//! audit of the queries (`drops.audit`); with `drops.backup` its values are copied to a table that is
//! kept; behind the wait (`drops.wait`) it is dropped.
//! Measured: rename and DROP NOT NULL hold ACCESS EXCLUSIVE and read no row (tests/cases/retire).
//! Undo: the old name; NOT NULL and CHECKs come back NOT VALID and are validated outside the
//! transaction. The drop has none.
//! Limits: what cannot stand renamed beside the new application is dropped behind the audit alone: a
//! key column without default, a column that another table inherits and keeps, and what is rebuilt in
//! one transaction with others. A default that is not unique still meets a unique index.
//! A partition that leaves its table is dropped directly: its rows are that change.
//! Sources: manual, ALTER TABLE; RULES "The gate"; tests/cases/retire.

mod backup;
pub(super) mod null_again;
mod way;

use super::direct;
use super::{Context, Refusal, Strategy};
use crate::diff::Change;
use crate::kinds::{Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::Ident;
use crate::plan::{Action, Era, Gate, Node, Step, Undo};
use std::collections::BTreeSet;
use std::time::Duration;
use way::Way;

/// What has to be true before a column or table is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropGate {
    /// No query names it, then it waits under another name.
    #[default]
    Audit,
    /// It waits under another name.
    Wait,
    /// Nothing: it is dropped at once.
    None,
}

/// The settings `drops.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drops {
    pub gate: DropGate,
    /// Between the two looks at the queries.
    pub audit: Duration,
    /// From the rename to the drop.
    pub wait: Duration,
    /// Whether what is dropped is copied first.
    pub backup: bool,
}

impl Default for Drops {
    fn default() -> Self {
        Self {
            gate: DropGate::Audit,
            audit: Duration::from_secs(24 * 3600),
            wait: Duration::from_secs(7 * 24 * 3600),
            backup: false,
        }
    }
}

impl Drops {
    /// Everything is dropped at once.
    pub fn at_once() -> Self {
        Self {
            gate: DropGate::None,
            audit: Duration::ZERO,
            wait: Duration::ZERO,
            backup: false,
        }
    }

    pub(super) fn audit_of(&self, object: &ObjectId) -> Option<Gate> {
        (self.gate == DropGate::Audit).then(|| Gate::Audit {
            object: object.clone(),
            seconds: self.audit.as_secs(),
        })
    }
}

pub struct Retire;

/// Renamed, until it is dropped.
pub(super) const RENAMED: Era = Era::Temp(1);
/// What hangs on another retired object is dropped before that one is; not before it is renamed.
pub(super) const DROPPED: Era = Era::Temp(2);
const COPIED: Era = Era::Temp(3);

impl Strategy for Retire {
    fn name(&self) -> &'static str {
        "retired before it is dropped"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let Change::Drop { old } = change else {
            return false;
        };
        let whole = match old {
            Object::Column(_) => true,
            Object::Table(table) => table.partition_of.is_none(),
            _ => false,
        };
        whole && (context.drops.gate != DropGate::None || context.drops.backup)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Change::Drop { old } = change else {
            return direct::Direct.expand(id, change, context);
        };
        let Some(plain) = direct::drop(old, context) else {
            return Ok(Vec::new());
        };
        let gone = direct::with_absorbed(context, id, true);
        let way = Way::find(old, &gone, context);
        let mut steps = Vec::new();
        let mut last = match way {
            Ok(way) => {
                let mut rename = way.rename(old, &gone, context);
                let mut drop = way.drop(plain, &gone, context);
                if let Some(kept) = super::replace::kept(id, context) {
                    rename.also(vec![kept.there]);
                    rename.take_back_first(vec![kept.back]);
                    rename.requires.extend(kept.requires);
                    // What ends the keeping has waited.
                    drop.gate = None;
                }
                steps.push(rename);
                drop
            }
            Err(why) => {
                let mut step = plain;
                step.gate = context.drops.audit_of(id);
                why.clone_into(&mut step.why);
                step
            }
        };
        if context.drops.backup
            && let Some(mut copy) = backup::step(old, context)
        {
            if let Some(rename) = steps.first() {
                copy.requires.extend(rename.produces.clone());
            }
            // The step that comes first waits; the drop then follows at once.
            copy.gate = last.gate.take();
            last.requires.extend(copy.produces.clone());
            steps.push(copy);
        }
        steps.push(last);
        Ok(steps)
    }
}

/// What the column `id`, which is dropped, is called while it waits for that.
pub(super) fn retired_name(id: &ObjectId, context: &Context<'_>) -> Option<Ident> {
    let change = context.changes.changes.get(id)?;
    let Change::Drop { old } = change else {
        return None;
    };
    if !Retire.claims(id, change, context) {
        return None;
    }
    let gone = direct::with_absorbed(context, id, true);
    match Way::find(old, &gone, context).ok()?.renamed {
        Object::Column(column) => Some(column.name),
        _ => None,
    }
}

/// Indexes that fall because their column does wait for the same audit: until it is passed, queries
/// may still need them.
pub(super) fn gate_indexes(steps: &mut [Step], context: &Context<'_>) {
    if context.drops.gate != DropGate::Audit {
        return;
    }
    let audited: Vec<(ObjectId, Gate)> = steps
        .iter()
        .filter_map(|s| Some((s.object.clone(), s.gate.clone()?)))
        .filter(|(_, gate)| matches!(gate, Gate::Audit { .. }))
        .collect();
    let falling = |s: &&mut Step| s.object.kind == KindTag::Index && s.gate.is_none();
    for step in steps.iter_mut().filter(falling) {
        if !context.changes.drops(&step.object) {
            continue;
        }
        let audit = audited
            .iter()
            .find(|(id, _)| step.releases.contains(&(id.clone(), Era::Before)));
        step.gate = audit.map(|(_, gate)| gate.clone());
    }
}

impl Way {
    fn rename(&self, old: &Object, gone: &BTreeSet<ObjectId>, context: &Context<'_>) -> Step {
        let id = old.id();
        let new = self.renamed.id();
        let (operation, called) = match id.kind {
            KindTag::Table => ("retire table", new.path.last()),
            _ => ("retire column", new.path.last()),
        };
        let called = called.map_or("", String::as_str);
        let mut step = Step::contract(
            id.clone(),
            Action::Transaction(self.there.clone()),
            Undo::Run(self.back.clone()),
        )
        .described(
            operation,
            format!("retire {} as {called}", id.human()),
            format!(
                "under another name it shows who still needs it, and can come back{}",
                self.why
            ),
        );
        step.hazards.push(Hazard::declared(
            HazardKind::BreaksQueries,
            format!("queries that name {} fail from here on", id.human()),
        ));
        step.back_checks = self.back_checks.clone();
        step.gate = context.drops.audit_of(&id);
        step.disturbs = direct::nodes(gone, Era::Before);
        step.produces = direct::nodes([&id], RENAMED);
        step.frees = old.names().into_iter().filter(|_| moves(old)).collect();
        step.retires = Some(new);
        step
    }

    /// `plain` is the step that would drop it under its own name.
    fn drop(&self, plain: Step, gone: &BTreeSet<ObjectId>, context: &Context<'_>) -> Step {
        let id = plain.object.clone();
        let why = match plain.undo() {
            Undo::Irreversible { why } => why.clone(),
            // A generated column: to write it anew reads and rewrites the table.
            _ => "its values would have to be computed anew".to_owned(),
        };
        let mut step = Step::contract(
            id.clone(),
            Action::Transaction(self.renamed.drop()),
            Undo::Irreversible { why },
        )
        .described(
            plain.operation,
            plain.title.clone(),
            "until here it can come back",
        );
        step.hazards = plain.hazards.clone();
        step.hazards.retain(|h| h.kind != HazardKind::BreaksQueries);
        step.gate = Some(Gate::wait(context.drops.wait));
        step.requires = direct::nodes([&id], RENAMED);
        step.destroys = plain.destroys.clone();
        step.destroys.extend(direct::nodes(gone, DROPPED));
        step.releases = plain
            .releases
            .iter()
            .map(|node| later(node, context))
            .collect();
        let freed: BTreeSet<_> = match context.live.get(&id) {
            Some(old) if moves(old) => old.names().into_iter().collect(),
            _ => BTreeSet::new(),
        };
        step.frees = plain.frees.difference(&freed).cloned().collect();
        step
    }
}

/// Whether the names that an object takes in its schema go with the rename.
fn moves(object: &Object) -> bool {
    matches!(object, Object::Table(_))
}

/// What is retired itself is let go of before it is dropped, and need not wait to be renamed.
fn later(node: &Node, context: &Context<'_>) -> Node {
    let mut root = &node.0;
    while let Some(whole) = context.changes.absorbed.get(root) {
        root = whole;
    }
    let retired = context.changes.changes.get(root).is_some_and(|change| {
        let Change::Drop { old } = change else {
            return false;
        };
        let gone = direct::with_absorbed(context, root, true);
        Retire.claims(root, change, context) && Way::find(old, &gone, context).is_ok()
    });
    (node.0.clone(), if retired { DROPPED } else { node.1 })
}
