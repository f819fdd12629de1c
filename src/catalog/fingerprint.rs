//! A short value that is equal for equal schemas.

use super::Catalog;
use crate::kinds::ObjectId;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The version of the algorithm, in front of every fingerprint: fingerprints of different
/// versions are never equal.
const ALGORITHM: &str = "f1";

/// The fingerprint of the objects `ids` of a catalog in canonical form.
///
/// Covers identities and compared attributes, never sizes, statistics or column order.
pub fn fingerprint<S>(catalog: &Catalog<S>, ids: &BTreeSet<ObjectId>) -> String {
    let mut hash = Sha256::new();
    for id in ids {
        let Some(object) = catalog.get(id) else {
            continue;
        };
        hash.update(id.to_string());
        hash.update([0]);
        for attribute in object.attributes() {
            hash.update(attribute.name);
            hash.update([1]);
            hash.update(attribute.value.to_string());
            hash.update([2]);
        }
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().take(16).map(|b| format!("{b:02x}")).collect();
    format!("{ALGORITHM}:{hex}")
}
