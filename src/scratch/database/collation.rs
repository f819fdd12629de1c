//! Collations of a live server that the scratch server has not.

use super::Database;
use crate::pg::{Qualified, ident::Literal};
use crate::scratch::ScratchError;
use crate::sql;

impl Database {
    /// Creates an ICU collation in place of a missing libc one, before any sandbox session.
    ///
    /// Returns what to tell the user; `None` when the collation is there.
    ///
    /// # Errors
    /// [`ScratchError::CollationMissing`] when the server knows no such language;
    /// [`ScratchError::TooLate`] after [`Database::connect`].
    pub fn create_collation_stand_in(&self, name: &str) -> Result<Option<String>, ScratchError> {
        let mut client = self.superuser(&format!("create collation {name}"))?;
        let failed = |e| ScratchError::statement(format!("create collation {name}"), e);
        if client
            .query_opt(COLLATION, &[&name])
            .map_err(failed)?
            .is_some()
        {
            return Ok(None);
        }
        let tag = language_tag(name);
        let known = client
            .query_opt(ICU_LANGUAGE, &[&language(&tag)])
            .map_err(failed)?;
        if tag.is_empty() || known.is_none() {
            return Err(ScratchError::CollationMissing {
                name: name.to_owned(),
            });
        }
        let create = sql!(
            "CREATE COLLATION {} (provider = icu, locale = {})",
            Qualified::new("pg_catalog", name),
            Literal(&tag)
        );
        client
            .batch_execute("SET allow_system_table_mods = on")
            .and_then(|()| client.batch_execute(create.as_str()))
            .map_err(failed)?;
        Ok(Some(format!(
            "collation \"{name}\" does not exist on the scratch server: ICU \"{tag}\" stands in for it"
        )))
    }
}

// "de_DE.utf8@phonebook" is "de-DE" to ICU.
fn language_tag(name: &str) -> String {
    let name = name.split(['.', '@']).next().unwrap_or_default();
    name.replace('_', "-")
}
// Of this encoding or of any (-1).
const COLLATION: &str = "
SELECT
  FROM pg_catalog.pg_collation
 WHERE collname = $1::text::name
   AND collnamespace = 'pg_catalog'::regnamespace
   AND collencoding IN (-1, pg_catalog.pg_char_to_encoding(pg_catalog.getdatabaseencoding()))
 LIMIT 1";
const ICU_LANGUAGE: &str = "
SELECT
  FROM pg_catalog.pg_collation
 WHERE collprovider = 'i'
   AND collname = ($1::text || '-x-icu')::name
 LIMIT 1";

fn language(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_libc_locale_becomes_a_language_tag() {
        assert_eq!(language_tag("de_DE.utf8"), "de-DE");
        assert_eq!(language_tag("sr_RS@latin"), "sr-RS");
        assert_eq!(language(&language_tag("en_US")), "en");
    }
}
