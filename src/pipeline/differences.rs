//! The differences of two sources, object by object.

use super::remarks::likely_renames;
use super::{ColumnRenames, Options, PipelineError, align, load};
use crate::diff::{self, Change, ChangeSet, rename};
use crate::kinds::ObjectId;
use crate::plan::document::UnmodeledRecord;
use crate::source::Source;
use std::collections::BTreeMap;

/// The differences alone, also those that no statement makes.
pub struct Differences {
    pub renames: Vec<rename::Rename>,
    pub changes: BTreeMap<ObjectId, Change>,
    pub notices: Vec<String>,
    pub unmodeled: Vec<UnmodeledRecord>,
}

impl Differences {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.renames.is_empty()
    }
}

/// Compares two sources object by object.
///
/// # Errors
/// [`PipelineError`] when a side cannot be loaded.
pub fn differences(
    from: &Source,
    to: &Source,
    options: &Options,
) -> Result<Differences, PipelineError> {
    let pair = load(from, to, options)?;
    let aligned = align(&pair, ColumnRenames::Executed)?;
    let mut set = ChangeSet {
        changes: diff::compare(&aligned.live, &aligned.desired),
        ..ChangeSet::default()
    };
    // What moves to another schema keeps its name: here it is an attribute that differs.
    let (moves, renames): (Vec<_>, Vec<_>) =
        aligned.renames.into_iter().partition(|r| r.from == r.to);
    for id in moves.into_iter().map(|moved| moved.to) {
        let sides = (pair.live.catalog.get(&id), aligned.desired.get(&id));
        if let (Some(old), Some(new)) = sides
            && let Some(change) = diff::alteration(old, new)
        {
            set.changes.insert(id, change);
        }
    }
    let mut notices = aligned.notices;
    notices.extend(likely_renames(&set).map(|(_, text)| text));
    Ok(Differences {
        renames,
        changes: set.changes,
        notices,
        unmodeled: aligned.unmodeled,
    })
}
