//! The differences between two catalogs, kind-free.

pub(crate) mod absorb;
pub mod addition;
pub mod change;
mod compare;
pub mod copy;
mod rebuild;
pub mod rename;
pub mod renewal;
pub mod replacement;
pub mod split;

pub use addition::Additions;
pub use change::{AttributeChange, Change, ChangeSet, Impossible};
pub use compare::{alteration, compare};
pub use copy::{Copies, TableCopy};
pub use renewal::{Renewal, Renewals};
pub use replacement::{Conversion, ConversionHint, Replacement, Replacements};
pub use split::Split;

use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::ObjectId;
use std::collections::BTreeSet;

/// Everything that has to change: the differences, and what their ways through force along.
///
/// # Errors
/// Every difference that no statement can make, with its reason.
pub fn changes(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Result<ChangeSet, Vec<Impossible>> {
    changes_with(live, desired, &[])
}

/// The same, where the objects of each set of `copied` are made anew as one: what depends on them and is
/// none of them is taken down and put back.
///
/// # Errors
/// As [`changes`], for every other object.
pub fn changes_with(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    copied: &[&BTreeSet<ObjectId>],
) -> Result<ChangeSet, Vec<Impossible>> {
    let changes = compare(live, desired);
    let mut changes = rebuild::rebuild(live, desired, changes, copied)?;
    absorb::absorb(live, desired, &mut changes);
    Ok(changes)
}
