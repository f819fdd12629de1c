//! What a plan says beside its steps.

use crate::catalog::{Catalog, Desired, Live, Unmodeled};
use crate::diff::{Additions, Change, ChangeSet, ConversionHint, Replacements, rename};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::plan::document::UnmodeledRecord;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn extension_versions(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Vec<String> {
    let kind = KindTag::Extension;
    live.objects
        .iter()
        .filter(|(id, _)| id.kind == kind)
        .filter_map(|(id, old)| match (old, desired.get(id)?) {
            (Object::Extension(a), Object::Extension(b)) if a.version != b.version => {
                Some(format!(
                    "extension {}: version {} in the first schema, {} in the second: versions are \
                     not compared",
                    a.name, a.version, b.version
                ))
            }
            _ => None,
        })
        .collect()
}

/// Hints above a column that this plan does nothing with.
pub(super) fn idle_hints(
    conversions: &BTreeMap<ObjectId, ConversionHint>,
    backfills: &BTreeMap<ObjectId, String>,
    (changes, replacements, additions): (&ChangeSet, &Replacements, &Additions),
) -> Vec<String> {
    let retyped = |id: &ObjectId| match changes.changes.get(id) {
        Some(Change::Alter { attributes, .. }) => attributes
            .iter()
            .any(|a| matches!(a.name(), "type" | "collation")),
        // A table is copied.
        Some(Change::Replace {
            old: Object::Column(old),
            new: Object::Column(new),
            ..
        }) => old.data_type != new.data_type || old.collation != new.collation,
        _ => false,
    };
    let idle = conversions.keys().filter(|id| {
        changes.changes.contains_key(id) && !retyped(id) && !replacements.columns.contains_key(id)
    });
    let mut notices: Vec<String> = idle
        .map(|id| {
            let id = id.human();
            format!("{id}: the hint convert has no effect here: the column's type stays")
        })
        .collect();
    let idle = backfills.keys();
    let idle = idle.filter(|id| replacements.columns.contains_key(id));
    notices.extend(idle.map(|id| {
        let id = id.human();
        format!(
            "{id}: the hint backfill has no effect here: the values come from the old column; \
             convert using (…) makes others of them"
        )
    }));
    // Unchanged, it was filled by an earlier plan.
    let unused = |id: &ObjectId| {
        changes.changes.contains_key(id)
            && !replacements.columns.contains_key(id)
            && !additions.backfills.contains_key(id)
    };
    notices.extend(backfills.keys().filter(|id| unused(id)).map(|id| {
        let id = id.human();
        format!(
            "{id}: the hint backfill has no effect here: it fills a new column, or one that becomes \
             NOT NULL, of a table that is there"
        )
    }));
    notices
}

pub(super) fn unmodeled(
    live: &BTreeSet<Unmodeled>,
    desired: &BTreeSet<Unmodeled>,
) -> Vec<UnmodeledRecord> {
    live.union(desired)
        .map(|u| {
            let side = match (live.contains(u), desired.contains(u)) {
                (true, true) => "both",
                (true, false) => "live",
                _ => "desired",
            };
            UnmodeledRecord {
                side: side.to_owned(),
                what: u.what.clone(),
                name: u.name.clone(),
            }
        })
        .collect()
}

pub(super) fn likely_renames(changes: &ChangeSet) -> impl Iterator<Item = (ObjectId, String)> {
    rename::likely(changes).into_iter().map(|likely| {
        let text = format!(
            "{} is dropped and {} created: if it is a rename, put this line above it: {}",
            likely.from.human(),
            likely.to.human(),
            likely.hint
        );
        (likely.to, text)
    })
}
