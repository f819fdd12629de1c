//! What no kind reads and yet hangs on what a kind does: a change of the one breaks the other.

use super::depend::Addresses;
use super::{ObjectId, Unmodeled};
use crate::kinds::Address;
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

/// What is unmodelled and needs something: its type and identity, the relation it is part of, what it needs.
///
/// Members of extensions are the extension's.
pub const QUERY: &str = "
    SELECT i.type, i.identity, d.deptype = 'a', NULL::bigint
         , d.refclassid::bigint, d.refobjid::bigint, d.refobjsubid
      FROM pg_depend d
      JOIN pg_type t ON t.oid = d.objid
      LEFT JOIN pg_range g ON g.rngtypid = d.objid
     CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) i
     WHERE d.classid = 'pg_type'::regclass AND d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a')
       AND (t.typtype = 'b' AND t.typelem = 0 OR g.rngcanonical <> 0)
       AND NOT EXISTS (SELECT FROM pg_depend e
                        WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')";

/// One row of [`QUERY`].
pub struct Row {
    pub what: Unmodeled,
    pub falls: bool,
    /// The relation that it is part of.
    pub part: Option<Address>,
    pub needs: Address,
}

/// Per object of `addresses`, what of `rows` hangs on it.
pub fn by_object(addresses: &Addresses, rows: impl IntoIterator<Item = Row>) -> HangingOn {
    let mut hanging = HangingOn::new();
    for row in rows {
        let Some(needs) = addresses.resolve(row.needs) else {
            continue;
        };
        let of = row.part.and_then(|part| addresses.resolve(part)).cloned();
        hanging.entry(needs.clone()).or_default().insert(Hanging {
            what: row.what,
            of,
            falls: row.falls,
        });
    }
    hanging
}
