//! What a statement does to an extension.

use super::reader::Reader;
use super::statement::{Class, classify};

/// CREATE EXTENSION, or ALTER EXTENSION UPDATE TO.
#[derive(Debug, PartialEq, Eq)]
pub struct Installs {
    pub name: String,
    pub version: Option<String>,
    pub is_update: bool,
}

impl Installs {
    pub fn by(statement: &str) -> Option<Self> {
        if let Class::Extension { name, version, .. } = classify(statement) {
            return Some(Self {
                name,
                version,
                is_update: false,
            });
        }
        let mut reader = Reader::new(statement);
        if !reader.eat(&["alter", "extension"]) {
            return None;
        }
        let name = reader.ident()?;
        let version = reader
            .eat(&["update", "to"])
            .then(|| reader.ident().or_else(|| reader.string()))??;
        Some(Self {
            name,
            version: Some(version),
            is_update: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_a_name_or_a_string() {
        let version = |sql| Installs::by(sql).map(|i| (i.name, i.version, i.is_update));
        let told = |name: &str, version: Option<&str>, is_update| {
            Some((name.to_owned(), version.map(str::to_owned), is_update))
        };
        assert_eq!(
            version("CREATE EXTENSION a WITH SCHEMA s VERSION '1.2'"),
            told("a", Some("1.2"), false)
        );
        assert_eq!(version("create extension a"), told("a", None, false));
        assert_eq!(
            version("ALTER EXTENSION \"uuid-ossp\" UPDATE TO '1.1'"),
            told("uuid-ossp", Some("1.1"), true)
        );
        assert_eq!(version("ALTER EXTENSION a SET SCHEMA s"), None);
        assert_eq!(version("DROP EXTENSION a"), None);
    }
}
