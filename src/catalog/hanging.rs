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
/// The rule of a materialized view stands for the view. Members of extensions are the extension's.
pub const QUERY: &str = "
    SELECT i.type, i.identity, d.deptype = 'a', h.part::bigint
         , d.refclassid::bigint, d.refobjid::bigint, d.refobjsubid
      FROM pg_depend d
      LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
      LEFT JOIN pg_class c ON c.oid = CASE d.classid WHEN 'pg_class'::regclass THEN d.objid ELSE r.ev_class END
      LEFT JOIN pg_proc f ON d.classid = 'pg_proc'::regclass AND f.oid = d.objid
      LEFT JOIN pg_language l ON l.oid = f.prolang
      LEFT JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
     CROSS JOIN LATERAL (
        SELECT CASE d.classid
                 WHEN 'pg_policy'::regclass THEN (SELECT p.polrelid FROM pg_policy p WHERE p.oid = d.objid)
                 WHEN 'pg_statistic_ext'::regclass THEN (SELECT s.stxrelid FROM pg_statistic_ext s WHERE s.oid = d.objid)
                 WHEN 'pg_publication_rel'::regclass THEN (SELECT p.prrelid FROM pg_publication_rel p WHERE p.oid = d.objid)
                 WHEN 'pg_rewrite'::regclass THEN CASE WHEN c.relkind <> 'm' THEN r.ev_class END
               END AS part
             , CASE WHEN c.relkind = 'm' THEN 'pg_class'::regclass ELSE d.classid END AS classid
             , CASE WHEN c.relkind = 'm' THEN c.oid ELSE d.objid END AS objid) h
     CROSS JOIN LATERAL pg_identify_object(h.classid, h.objid, 0) i
     WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype IN ('n', 'a')
       AND (d.classid IN ('pg_policy'::regclass, 'pg_statistic_ext'::regclass, 'pg_publication_rel'::regclass
                , 'pg_operator'::regclass, 'pg_opclass'::regclass, 'pg_opfamily'::regclass, 'pg_cast'::regclass
                , 'pg_transform'::regclass, 'pg_conversion'::regclass, 'pg_ts_config'::regclass
                , 'pg_ts_dict'::regclass, 'pg_ts_parser'::regclass, 'pg_ts_template'::regclass
                , 'pg_event_trigger'::regclass, 'pg_foreign_data_wrapper'::regclass
                , 'pg_foreign_server'::regclass, 'pg_language'::regclass, 'pg_am'::regclass)
            OR d.classid = 'pg_rewrite'::regclass AND (c.relkind = 'm' OR r.rulename <> '_RETURN')
            OR d.classid = 'pg_class'::regclass AND c.relkind IN ('m', 'f')
            OR d.classid = 'pg_proc'::regclass AND (f.prokind = 'a' OR l.lanname IN ('c', 'internal'))
            OR d.classid = 'pg_type'::regclass AND t.typtype IN ('r', 'b') AND t.typelem = 0)
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
