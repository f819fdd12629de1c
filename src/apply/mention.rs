//! Whether a text of SQL names a column or table.
//!
//! By its tokens, not by its meaning: a name too many keeps a gate shut, a name too few opens it too early.

use crate::source::token::{TokenKind, Tokenizer};

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Target {
    oid: u32,
    /// 0: the table itself.
    number: i16,
    schema: String,
    table: String,
    column: Option<String>,
    /// Other relations have a column of that name.
    shared: bool,
}

/// One token that may matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// As the catalog has it: folded, without quotes.
    Name(String),
    Punct(char),
}

/// What is in string literals.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Strings {
    Skipped,
    /// They may be statements: the body of a function builds its own.
    Read,
}

impl Target {
    pub fn table(oid: u32, schema: &str, table: &str) -> Self {
        Self {
            oid,
            number: 0,
            schema: schema.to_owned(),
            table: table.to_owned(),
            column: None,
            shared: false,
        }
    }

    pub fn column(
        oid: u32,
        number: i16,
        schema: &str,
        table: &str,
        column: &str,
        shared: bool,
    ) -> Self {
        Self {
            number,
            column: Some(column.to_owned()),
            shared,
            ..Self::table(oid, schema, table)
        }
    }

    pub fn oid(&self) -> u32 {
        self.oid
    }

    pub fn number(&self) -> i16 {
        self.number
    }

    /// What a text that names it contains, in lower case: to leave out most texts early.
    pub fn hint(&self) -> String {
        let name = self.column.as_ref().unwrap_or(&self.table);
        name.replace('"', "\"\"").to_lowercase()
    }

    /// `on_table`: the text belongs to the table anyway (a function that its triggers call).
    pub fn is_in(&self, words: &[Word], on_table: bool) -> bool {
        match &self.column {
            None => self.names_table(words),
            Some(column) => {
                let named = words
                    .iter()
                    .any(|w| matches!(w, Word::Name(n) if n == column));
                named && (!self.shared || on_table || self.names_table(words))
            }
        }
    }

    // `a.orders` is another schema's table, or a column.
    fn names_table(&self, words: &[Word]) -> bool {
        words.iter().enumerate().any(|(i, word)| {
            let named = matches!(word, Word::Name(n) if *n == self.table);
            let before = |n: usize| i.checked_sub(n).and_then(|at| words.get(at));
            let qualified = before(1) == Some(&Word::Punct('.'));
            let ours = || matches!(before(2), Some(Word::Name(s)) if *s == self.schema);
            named && (!qualified || ours())
        })
    }
}

/// The words of a text; what cannot be read ends it.
pub(super) fn words(text: &str, strings: Strings) -> Vec<Word> {
    let mut words = Vec::new();
    for token in Tokenizer::new(text).map_while(Result::ok) {
        let part = text.get(token.range()).unwrap_or_default();
        match token.kind {
            // Only ASCII is folded for certain; the rest is as it stands.
            TokenKind::Word => words.push(Word::Name(part.to_ascii_lowercase())),
            TokenKind::QuotedIdent => {
                let inner = part.trim_start_matches(|c| c != '"');
                let inner = inner.strip_prefix('"').unwrap_or(inner);
                let inner = inner.strip_suffix('"').unwrap_or(inner);
                words.push(Word::Name(inner.replace("\"\"", "\"")));
            }
            TokenKind::Punct => words.extend(part.chars().next().map(Word::Punct)),
            TokenKind::String if strings == Strings::Read => {
                let inner = part.trim_matches(|c: char| c == '\'' || c == '$');
                // A part of a statement: it ends where it ends.
                words.push(Word::Punct(';'));
                words.extend(self::words(&inner.replace("''", "'"), Strings::Skipped));
                words.push(Word::Punct(';'));
            }
            _ => {}
        }
    }
    words
}

/// The names in a statement, key words and functions among them.
pub(super) fn names(statement: &str) -> impl Iterator<Item = String> {
    let words = words(statement, Strings::Skipped).into_iter();
    words.filter_map(|word| match word {
        Word::Name(name) => Some(name),
        Word::Punct(_) => None,
    })
}

/// Whether a statement is one that an application runs and that would fail without what it names.
///
/// DDL is a person's or our own. COPY … TO STDOUT is pg_dump's, which asks the catalog what to copy. The
/// checks of foreign keys are the server's: it writes `OPERATOR(pg_catalog.=)`.
pub(super) fn is_of_application(words: &[Word]) -> bool {
    let first = words.iter().find_map(|word| match word {
        Word::Name(name) => Some(name.as_str()),
        Word::Punct(_) => None,
    });
    let name = |word: &Word, wanted: &str| matches!(word, Word::Name(n) if n == wanted);
    let pair = |a: &str, b: &str| {
        words
            .windows(2)
            .any(|pair| matches!(pair, [x, y] if name(x, a) && name(y, b)))
    };
    match first {
        Some("copy") => !pair("to", "stdout"),
        Some("select" | "delete" | "update") => !words.windows(3).any(|three| {
            matches!(three, [a, Word::Punct('('), b] if name(a, "operator") && name(b, "pg_catalog"))
        }),
        Some(
            "insert" | "merge" | "with" | "values" | "table" | "declare" | "prepare" | "call" | "do",
        ) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(target: &Target, text: &str) -> bool {
        let words = words(text, Strings::Skipped);
        is_of_application(&words) && target.is_in(&words, false)
    }

    #[test]
    fn a_column_is_a_token_and_a_shared_name_needs_its_table() {
        let fax = Target::column(1, 3, "app", "customers", "fax", false);
        for text in [
            "SELECT c.fax FROM customers c WHERE id = $1",
            "select FAX from v",
            "INSERT INTO app.customers (\"fax\") VALUES ($1)",
            "WITH x AS (SELECT fax FROM customers) SELECT 1 FROM x",
            "COPY customers (id, fax) FROM stdin",
        ] {
            assert!(named(&fax, text), "{text}");
        }
        for text in [
            "SELECT fax_number, telefax FROM customers",
            "SELECT $1 /* fax */ FROM customers -- fax",
            "SELECT \"FAX\" FROM customers",
            "ALTER TABLE customers DROP COLUMN fax",
            "COPY app.customers (id, fax) TO stdout;",
            "SELECT 1 FROM ONLY app.customers x WHERE fax OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x",
        ] {
            assert!(!named(&fax, text), "{text}");
        }
        let id = Target::column(1, 1, "app", "customers", "id", true);
        assert!(named(&id, "SELECT id FROM customers"));
        assert!(!named(&id, "SELECT id FROM orders"));
        assert!(id.is_in(&words("NEW.id := 1", Strings::Read), true));
    }

    #[test]
    fn a_table_of_another_schema_and_a_column_of_its_name_are_others() {
        let orders = Target::table(1, "app", "orders");
        assert!(named(&orders, "SELECT 1 FROM orders"));
        assert!(named(&orders, "DELETE FROM \"app\".orders"));
        assert!(!named(&orders, "SELECT 1 FROM archive.orders"));
        assert!(!named(&orders, "SELECT c.orders FROM customers c"));
    }

    #[test]
    fn a_body_that_builds_its_statement_names_it() {
        let orders = Target::table(1, "app", "orders");
        let body = "BEGIN EXECUTE 'DELETE FROM orders WHERE id = ' || $1; END";
        assert!(orders.is_in(&words(body, Strings::Read), false));
        assert!(!orders.is_in(&words(body, Strings::Skipped), false));
    }
}
