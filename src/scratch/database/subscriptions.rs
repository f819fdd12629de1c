//! The subscriptions of a copy: they are of the whole server, and CREATE DATABASE … TEMPLATE copies none.

use super::Database;
use crate::scratch::ScratchError;

/// `$1`: the database they are of, `$2`: the other one. The numbers of the new ones, and of the old.
const COPY: &str = "
INSERT INTO pg_catalog.pg_subscription
SELECT (c.made).*
  FROM (SELECT pg_catalog.jsonb_populate_record(s, pg_catalog.jsonb_build_object(
                   'oid', pg_catalog.pg_nextoid('pg_catalog.pg_subscription', 'oid', 'pg_catalog.pg_subscription_oid_index')
                 , 'subdbid', target.oid)) AS made
          FROM pg_catalog.pg_subscription s
          JOIN pg_catalog.pg_database source ON source.oid = s.subdbid
          JOIN pg_catalog.pg_database target ON target.datname = $2::text::name
         WHERE source.datname = $1::text::name
        OFFSET 0) c
RETURNING oid::bigint
        , (SELECT o.oid::bigint FROM pg_catalog.pg_subscription o JOIN pg_catalog.pg_database d ON d.oid = o.subdbid
            WHERE d.datname = $1::text::name AND o.subname = pg_subscription.subname)";

impl Database {
    /// Gives this copy of `other` the same. Their comments are moved by the sandbox role: user code may be in here.
    pub(super) fn take_subscriptions_of(&self, other: &str) -> Result<(), ScratchError> {
        let failed = |e| ScratchError::statement("copy the subscriptions", e);
        let any = "SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
            WHERE d.datname = $1::text::name)";
        let copied = {
            let mut admin = self.server.admin();
            if !admin
                .query_one(any, &[&other])
                .map_err(failed)?
                .get::<_, bool>(0)
            {
                return Ok(());
            }
            admin.query(COPY, &[&other, &self.name]).map_err(failed)?
        };
        let mut client = self.connect()?;
        for row in copied {
            let (new, old): (i64, i64) = (row.get(0), row.get(1));
            let moved =
                "SELECT pg_catalog.pgrehearse_subscription_is($1::bigint::oid, $2::bigint::oid)";
            client.execute(moved, &[&old, &new]).map_err(failed)?;
        }
        Ok(())
    }
}
