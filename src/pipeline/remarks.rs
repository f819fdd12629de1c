//! What a plan says beside its steps.

use crate::catalog::{Catalog, Desired, Live, Unmodeled};
use crate::kinds::{KindTag, Object};
use crate::plan::document::UnmodeledRecord;
use std::collections::BTreeSet;

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
