//! How each risky change becomes steps while the application is running.
//!
//! A new strategy is one file, one line in [`REGISTRY`], its cases.

mod add_column;
mod checks;
mod constraint;
mod convert;
mod copy;
mod direct;
mod extension;
mod filled;
mod filling;
mod grant;
mod identity;
mod index;
mod key;
mod materialized_view;
mod owner;
mod partition;
mod rename;
mod replace;
mod replication;
mod retire;
mod rewritten;
mod set_not_null;
mod split;
mod volatile_default;

pub use checks::of_fills as check_fills;
pub use direct::fallen::Wholes;
pub use direct::using;
pub use extension::UPDATE as UPDATE_EXTENSION;
pub use rename::{rename_steps, stand_ins, take_over};
pub use replace::bare;
pub use replication::mark as mark_replication;
pub use retire::{DropGate, Drops};

use crate::catalog::{Catalog, Desired, Live, Scope, Size};
use crate::diff::{
    Additions, Change, ChangeSet, ConversionHint, Copies, Renewals, Replacements, Split,
};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::pg::ServerVersion;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// What strategies look at besides the change itself.
pub struct Context<'a> {
    pub live: &'a Catalog<Live>,
    pub desired: &'a Catalog<Desired>,
    pub changes: &'a ChangeSet,
    pub version: ServerVersion,
    pub small: SmallTable,
    /// The most tables that a swap may lock together.
    pub max_tables: usize,
    /// `convert using` hints: the expression by column.
    pub conversions: &'a BTreeMap<ObjectId, ConversionHint>,
    /// The columns that another takes the place of.
    pub replacements: &'a Replacements,
    /// The materialized views that a new one takes the place of.
    pub renewals: &'a Renewals,
    /// The values that rows get in columns without one.
    pub additions: &'a Additions,
    /// What comes before a drop.
    pub drops: Drops,
    /// The tables whose columns move to another one.
    pub splits: &'a [Split],
    /// The tables that a copy takes the place of.
    pub copies: &'a Copies,
    /// What falls with what.
    pub wholes: Wholes,
}

/// The limits under which a table takes the plain statement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmallTable {
    pub rows: u64,
    pub bytes: u64,
}

impl Default for SmallTable {
    fn default() -> Self {
        Self {
            rows: 10_000,
            bytes: 10 * 1024 * 1024,
        }
    }
}

impl SmallTable {
    /// No table is small.
    pub const NONE: Self = Self { rows: 0, bytes: 0 };

    /// Unknown sizes count as large.
    pub fn holds(&self, size: Option<Size>) -> bool {
        size.is_some_and(|s| s.rows.is_some_and(|r| r < self.rows) && s.bytes < self.bytes)
    }
}

/// Whether reading everything under `view` of `catalog` may take long: not every table there is new or known
/// to be small.
pub fn is_heavy<S>(
    view: &ObjectId,
    catalog: &Catalog<S>,
    live: &Catalog<Live>,
    small: SmallTable,
) -> bool {
    let mut queue = vec![view];
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if !seen.insert(id) {
            continue;
        }
        match id.kind {
            KindTag::Table => {
                let size = live.sizes.get(id).copied();
                if live.objects.contains_key(id) && !small.holds(size) {
                    return true;
                }
            }
            KindTag::Schema => {}
            _ => queue.extend(catalog.requires(id)),
        }
    }
    false
}

/// The default of [`Context::max_tables`].
pub const MAX_TABLES: usize = 10;

impl Context<'_> {
    pub fn size(&self, table: &ObjectId) -> Option<Size> {
        self.live.sizes.get(table).copied()
    }

    /// Why the plain statement is safe on `table`, if it is: it is made by this plan, or small.
    pub fn plain_because(&self, table: &ObjectId) -> Option<String> {
        if !self.live.objects.contains_key(table) || self.is_remade(table) {
            return Some("the table is new: nobody uses it yet".to_owned());
        }
        let size = self.size(table)?;
        self.small.holds(Some(size)).then(|| {
            let rows = size.rows.unwrap_or(0);
            format!("the table is small ({rows} rows): the plain statement takes milliseconds")
        })
    }

    /// Whether `id` is a foreign table or a part of one.
    fn is_foreign(&self, id: &ObjectId) -> bool {
        let of_table = matches!(
            id.kind,
            KindTag::Table
                | KindTag::Column
                | KindTag::Constraint
                | KindTag::Trigger
                | KindTag::Attachment
        );
        let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
        let foreign = |object: Option<&Object>| matches!(object, Some(Object::Table(t)) if t.foreign.is_some());
        of_table && (foreign(self.live.get(&table)) || foreign(self.desired.get(&table)))
    }

    fn is_remade(&self, table: &ObjectId) -> bool {
        matches!(
            self.changes.changes.get(table),
            Some(Change::Replace { .. })
        )
    }

    /// A table that certainly has no row.
    pub fn is_empty(&self, table: &ObjectId) -> bool {
        self.size(table).is_some_and(|s| s.bytes == 0)
    }

    /// A name of ours, the same for the same plan.
    pub fn temporary_name(&self, id: &ObjectId, purpose: &str) -> String {
        temporary_name(id, purpose)
    }
}

/// A name of ours for something of `id`, the same for the same plan.
pub fn temporary_name(id: &ObjectId, purpose: &str) -> String {
    format!("{}{}", Scope::OWN_PREFIX, hash(id, purpose))
}

/// The same for a trigger that fires after all of the user's.
pub fn last_name(id: &ObjectId, purpose: &str) -> String {
    format!("{}{}", Scope::OWN_LAST_PREFIX, hash(id, purpose))
}

fn hash(id: &ObjectId, purpose: &str) -> String {
    let digest = Sha256::digest(format!("{purpose} {id}"));
    digest.iter().take(6).map(|b| format!("{b:02x}")).collect()
}

/// Why a change is not planned, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", .object.human())]
pub struct Refusal {
    pub object: ObjectId,
    pub why: String,
    pub help: String,
}

/// One way from a change to steps; no state.
pub trait Strategy: Sync {
    fn name(&self) -> &'static str;

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool;

    /// The steps, in their order.
    ///
    /// # Errors
    /// [`Refusal`] for a change that must not be planned as it stands.
    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal>;
}

/// The strategies; the first that claims a change expands it. `direct` is last and takes the rest.
const REGISTRY: &[&dyn Strategy] = &[
    &copy::Copy,
    &materialized_view::MaterializedView,
    &replace::Replace,
    &split::SplitTable,
    &filled::Filled,
    &identity::Identity,
    &volatile_default::VolatileDefault,
    &add_column::AddColumn,
    &convert::Convert,
    &set_not_null::SetNotNull,
    &partition::DropPartition,
    &partition::Attach,
    &partition::Detach,
    &partition::Adopted,
    &partition::ForeignKey,
    &partition::RedefineIndex,
    &partition::OwnIndex,
    &partition::DropIndex,
    &partition::TriggerState,
    &key::Key,
    &constraint::NotValid,
    &index::Index,
    &retire::Retire,
    &extension::Update,
    &owner::GivenAway,
    &grant::Privileges,
    &direct::Direct,
];

/// Those for foreign tables and their parts: the server has no rows of its own to rewrite, scan or fill there, every
/// statement only writes the catalog. Leaving a parent that has rows is another matter.
const OF_FOREIGN_TABLES: &[&dyn Strategy] = &[&partition::Detach, &direct::Direct];

/// Those for what is left to change in a part that inheritance brings.
const OF_WHAT_IS_LEFT: &[&dyn Strategy] = &[
    &add_column::AddColumn,
    &set_not_null::SetNotNull,
    &direct::Direct,
];

/// What brings a part, or reaches it from where it is inherited: what is left to change there comes after.
fn brought_by(id: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let whole = context.changes.absorbed.get(id).cloned();
    let above = || context.desired.get(id).map(Object::follows);
    let above = whole.map(|whole| vec![whole]).or_else(above);
    direct::nodes(above.iter().flatten(), Era::After)
}

fn registry(id: &ObjectId, context: &Context<'_>) -> &'static [&'static dyn Strategy] {
    match context.is_foreign(id) {
        true => OF_FOREIGN_TABLES,
        false => REGISTRY,
    }
}

/// All steps of all changes, unsorted.
///
/// # Errors
/// Every refusal.
///
/// # Panics
/// Never: `direct` claims everything.
pub fn expand(context: &Context<'_>) -> Result<Vec<Step>, Vec<Refusal>> {
    let mut steps = Vec::new();
    let mut refusals = Vec::new();
    let absorbed = |id: &ObjectId| context.changes.absorbed.contains_key(id);
    let own = context.changes.changes.iter();
    let own = own.filter(|(id, _)| !absorbed(id)).map(|own| (own, false));
    let left = context.changes.left.iter().map(|left| (left, true));
    for ((id, change), is_left) in own.chain(left) {
        let all = match is_left {
            true if !context.is_foreign(id) => OF_WHAT_IS_LEFT,
            _ => registry(id, context),
        };
        let Some(strategy) = all.iter().find(|s| s.claims(id, change, context)) else {
            continue;
        };
        match strategy.expand(id, change, context) {
            Ok(mut expanded) => {
                for step in &mut expanded {
                    if is_left {
                        step.requires.extend(brought_by(id, context));
                    }
                    if context.is_foreign(id) {
                        // Asking about the rows would ask another server.
                        step.checks.clear();
                        step.back_checks.clear();
                    }
                    if step.strategy.is_empty() {
                        step.strategy = strategy.name();
                    }
                    check(strategy.name(), step);
                }
                steps.extend(expanded);
            }
            Err(refusal) => refusals.push(refusal),
        }
    }
    refusals.extend(rewritten::refusals(&steps, context));
    retire::gate_indexes(&mut steps, context);
    partition::order(&mut steps, context);
    direct::inheritance::order(&mut steps, context);
    steps.extend(direct::around(context));
    if refusals.is_empty() {
        Ok(steps)
    } else {
        Err(refusals)
    }
}

/// The steps of the first strategy behind the one called `name` that claims the change: for a
/// strategy that only adds to what another does.
fn expand_after(
    name: &str,
    id: &ObjectId,
    change: &Change,
    context: &Context<'_>,
) -> Result<Vec<Step>, Refusal> {
    let later = REGISTRY.iter().skip_while(|s| s.name() != name).skip(1);
    match later.into_iter().find(|s| s.claims(id, change, context)) {
        Some(strategy) => {
            let mut steps = strategy.expand(id, change, context)?;
            for step in steps.iter_mut().filter(|s| s.strategy.is_empty()) {
                step.strategy = strategy.name();
            }
            Ok(steps)
        }
        None => Ok(Vec::new()),
    }
}

/// What holds after every expansion; a breach is a bug of the strategy named.
fn check(strategy: &str, step: &Step) {
    debug_assert!(
        step.phase() == Phase::Contract || !matches!(step.undo(), Undo::Irreversible { .. }),
        "{strategy}: an {} step without undo",
        step.phase()
    );
    debug_assert!(
        !step.operation.is_empty(),
        "{strategy}: a step without operation"
    );
    debug_assert!(
        !matches!(step.action(), Action::Transaction(s) if s.is_empty()) || step.together.is_some(),
        "{strategy}: {} has a step without statement",
        step.object
    );
}
