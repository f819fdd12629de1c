//! SQL text as a value: one statement, built from typed parts.

use serde::{Deserialize, Serialize};
use std::fmt;

/// One SQL statement without its closing semicolon.
///
/// Made by the [`sql!`](crate::sql) macro, whose arguments must be [`Part`]s: a name enters only as
/// [`Ident`](super::Ident) or [`Qualified`](super::Qualified), text of the user only as
/// [`Literal`](super::ident::Literal), and what the server deparsed (types, expressions,
/// definitions) as [`Deparsed`]. A bare `&str` or `String` does not compile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sql(String);

impl Sql {
    /// SQL that is a constant of this program.
    pub fn constant(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// SQL that the server itself wrote (`pg_get_viewdef` and its kin).
    pub fn deparsed(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// DO with these statements, a PL/pgSQL block with its declarations.
    #[must_use]
    pub fn block(&self) -> Self {
        Self(format!("DO {}", Body(self)))
    }

    #[doc(hidden)]
    pub fn from_parts(arguments: fmt::Arguments<'_>) -> Self {
        Self(arguments.to_string())
    }
}

impl fmt::Display for Sql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Text that the server deparsed: a type, an expression, a list of options.
#[derive(Clone, Copy, Debug)]
pub struct Deparsed<'a>(pub &'a str);

impl fmt::Display for Deparsed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A constant of this program inside a statement.
#[derive(Clone, Copy, Debug)]
pub struct Word(pub &'static str);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A block or function body in dollar quotes that nothing in it closes: it holds names and text of the user.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a>(pub &'a Sql);

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = dollar_quote(self.0.as_str(), "pgrehearse");
        write!(f, "{quote}{}{quote}", self.0)
    }
}

/// A dollar quote that does not occur in `text`.
pub fn dollar_quote(text: &str, tag: &str) -> String {
    let mut quote = format!("${tag}$");
    let mut n = 1;
    // `$sql` at the end of the text would close together with the quote's first character.
    while text.contains(quote.trim_end_matches('$')) {
        n += 1;
        quote = format!("${tag}{n}$");
    }
    quote
}

/// What may stand in a statement.
pub trait Part: fmt::Display {}
impl Part for Sql {}
impl Part for super::Ident {}
impl Part for super::Qualified {}
impl Part for super::ident::Literal<'_> {}
impl Part for Deparsed<'_> {}
impl Part for Word {}
impl Part for Body<'_> {}
impl Part for List {}
impl Part for i64 {}
impl Part for i32 {}
impl Part for u32 {}
impl<T: Part> Part for &T {}

/// Parts with a separator between them.
#[derive(Clone, Debug)]
pub struct List(String);

impl List {
    /// Parts separated by `, `.
    pub fn comma<P: Part>(parts: impl IntoIterator<Item = P>) -> Self {
        Self::separated(", ", parts)
    }

    pub fn separated<P: Part>(separator: &'static str, parts: impl IntoIterator<Item = P>) -> Self {
        let parts: Vec<String> = parts.into_iter().map(|p| p.to_string()).collect();
        Self(parts.join(separator))
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[doc(hidden)]
pub fn part<P: Part>(part: P) -> P {
    part
}

/// Builds an [`Sql`](crate::pg::Sql) from a constant pattern and typed [`Part`](crate::pg::sql::Part)s.
///
/// ```
/// use pgrehearse::{sql, pg::{Ident, Qualified}};
/// let table = Qualified::new("public", "order");
/// let s = sql!("ALTER TABLE {} DROP COLUMN {}", table, Ident::new("a b"));
/// assert_eq!(s.as_str(), "ALTER TABLE public.\"order\" DROP COLUMN \"a b\"");
/// ```
///
/// ```compile_fail
/// use pgrehearse::sql;
/// let name = String::from("orders; DROP TABLE users");
/// sql!("DROP TABLE {}", name);
/// ```
#[macro_export]
macro_rules! sql {
    ($pattern:literal $(, $part:expr)* $(,)?) => {
        $crate::pg::Sql::from_parts(format_args!($pattern $(, $crate::pg::sql::part(&$part))*))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_body_closes_its_quote() {
        for inner in [
            "a",
            "$pgrehearse$",
            "$pgrehearse",
            "$pgrehearse$ $pgrehearse2$",
        ] {
            let body = Sql::deparsed(inner);
            let quoted = Body(&body).to_string();
            let quote = quoted.strip_suffix('$').and_then(|q| q.rsplit('$').next());
            let quote = format!("${}$", quote.expect("a tag"));
            assert_eq!(quoted, format!("{quote}{inner}{quote}"));
            let at = quoted[1..].find(&quote).expect("it ends") + 1;
            assert_eq!(at, quote.len() + inner.len(), "{quoted}");
        }
    }
}
