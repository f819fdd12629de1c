//! The differences between two catalogs, kind-free.

pub(crate) mod absorb;
pub mod addition;
pub mod change;
mod compare;
mod rebuild;
pub mod rename;
pub mod replacement;
pub mod split;

pub use addition::Additions;
pub use change::{AttributeChange, Change, ChangeSet, Impossible};
pub use compare::{alteration, compare};
pub use replacement::{Conversion, ConversionHint, Replacement, Replacements};
pub use split::Split;

use crate::catalog::{Catalog, Desired, Live};

/// Everything that has to change: the differences, and what their ways through force along.
///
/// # Errors
/// Every difference that no statement can make, with its reason.
pub fn changes(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Result<ChangeSet, Vec<Impossible>> {
    let changes = compare(live, desired);
    let mut changes = rebuild::rebuild(live, desired, changes)?;
    absorb::absorb(desired, &mut changes);
    Ok(changes)
}
