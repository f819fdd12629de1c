//! What no kind reads and yet hangs on what a kind does: a change of the one breaks the other.

use super::{ObjectId, Unmodeled};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something unmodelled that needs an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hanging {
    pub what: Unmodeled,
    /// The table or view that it is part of, and is dropped with.
    pub of: Option<ObjectId>,
    /// It goes silently with what it needs (`DEPENDENCY_AUTO`); else the server refuses the drop.
    pub falls: bool,
}

/// Per object, what hangs on it.
pub type HangingOn = BTreeMap<ObjectId, BTreeSet<Hanging>>;
