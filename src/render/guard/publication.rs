//! ALTER PUBLICATION: a member is added where it is not there, and dropped where it is.

use super::{Again, Reader, raw, regclass};
use crate::pg::ident::Literal;

impl Reader<'_> {
    pub(super) fn alter_publication(&mut self) -> Option<Again> {
        let publication = raw(&self.name()?);
        if self.eat("SET") {
            return Some(Again::Harmless);
        }
        let adds = self.eat("ADD");
        if !adds && !self.eat("DROP") {
            return None;
        }
        let members = if self.eat("TABLES IN SCHEMA") {
            let schema = raw(&self.name()?);
            format!(
                "pg_publication_namespace m ON m.pnpubid = p.oid AND m.pnnspid = to_regnamespace(quote_ident({}))",
                Literal(&schema)
            )
        } else {
            if !self.eat("TABLE") {
                return None;
            }
            self.eat("ONLY");
            let table = self.name()?;
            format!(
                "pg_publication_rel m ON m.prpubid = p.oid AND m.prrelid = {}",
                regclass(&table)
            )
        };
        let not = if adds { "NOT " } else { "" };
        Some(Again::When(format!(
            "{not}EXISTS (SELECT FROM pg_catalog.pg_publication p JOIN pg_catalog.{members} WHERE p.pubname = {})",
            Literal(&publication)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Again, guard};

    #[test]
    fn members_are_added_and_dropped_once() {
        for (sql, part) in [
            (
                "ALTER PUBLICATION \"P p\" ADD TABLE ONLY s.t (a) WHERE ((a > 0))",
                "NOT EXISTS (SELECT FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel m",
            ),
            (
                "ALTER PUBLICATION p DROP TABLE ONLY s.t",
                "EXISTS (SELECT FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel m",
            ),
            (
                "ALTER PUBLICATION p ADD TABLES IN SCHEMA s",
                "m.pnnspid = to_regnamespace(quote_ident('s'))",
            ),
        ] {
            match guard(sql).again {
                Again::When(condition) => assert!(condition.contains(part), "{condition}"),
                other => panic!("{sql}: {other:?}"),
            }
        }
        let set = guard("ALTER PUBLICATION p SET (publish = 'insert')");
        assert_eq!(set.again, Again::Harmless);
    }
}
