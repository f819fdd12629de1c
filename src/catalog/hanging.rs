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
/// An operator or function in an operator family stands for the family. Members of extensions are the extension's.
pub const QUERY: &str = "
    SELECT i.type, i.identity, d.deptype = 'a', NULL::bigint
         , d.refclassid::bigint, d.refobjid::bigint, d.refobjsubid
      FROM pg_depend d
      LEFT JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
      LEFT JOIN pg_language l ON l.oid = f.prolang
      LEFT JOIN pg_aggregate a ON d.classid = 'pg_proc'::regclass AND a.aggfnoid = d.objid
      LEFT JOIN pg_range g ON d.classid = 'pg_type'::regclass AND g.rngtypid = d.objid
      LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
      LEFT JOIN pg_amproc ap ON d.classid = 'pg_amproc'::regclass AND ap.oid = d.objid
      LEFT JOIN pg_amop ao ON d.classid = 'pg_amop'::regclass AND ao.oid = d.objid
      LEFT JOIN pg_opfamily y ON y.oid = coalesce(ap.amprocfamily, ao.amopfamily) AND y.oid >= 16384
     CROSS JOIN LATERAL (
        SELECT CASE WHEN y.oid IS NOT NULL THEN 'pg_opfamily'::regclass ELSE d.classid END AS classid
             , coalesce(y.oid, d.objid) AS objid) h
     CROSS JOIN LATERAL pg_identify_object(h.classid, h.objid, 0) i
     WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a')
       AND (d.classid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_amproc'::regclass, 'pg_amop'::regclass
                , 'pg_transform'::regclass
                , 'pg_ts_parser'::regclass, 'pg_ts_template'::regclass
                , 'pg_foreign_data_wrapper'::regclass, 'pg_language'::regclass, 'pg_am'::regclass)
            OR d.classid = 'pg_cast'::regclass
               AND EXISTS (SELECT FROM pg_cast k WHERE k.oid = d.objid AND k.castmethod = 'b')
            OR d.classid = 'pg_proc'::regclass AND f.prokind = 'a' AND 'internal'::regtype IN (a.aggtranstype, a.aggmtranstype)
            OR d.classid = 'pg_proc'::regclass AND f.prokind <> 'a' AND l.lanname IN ('c', 'internal')
            OR d.classid = 'pg_type'::regclass AND t.typtype = 'b' AND t.typelem = 0
            OR d.classid = 'pg_type'::regclass AND g.rngcanonical <> 0)
       AND NOT EXISTS (SELECT FROM pg_depend i
                        WHERE d.classid = 'pg_proc'::regclass
                          AND i.classid = d.classid AND i.objid = d.objid AND i.deptype = 'i')
       AND NOT EXISTS (SELECT FROM pg_depend e
                        WHERE e.classid = h.classid AND e.objid = h.objid AND e.deptype = 'e')";

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
