//! The queries of the application, as they stand in files.

use super::reader::ident_value;
use super::token::{Token, TokenKind, Tokenizer};
use super::{SourceError, SourceFile, files, scan, statement};
use std::collections::BTreeSet;
use std::path::Path;

/// One query of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// For people: `queries/orders.sql:12`, or what pg_stat_statements calls it.
    pub name: String,
    pub sql: String,
    /// As in SET search_path.
    pub search_path: String,
}

/// The path of a session for which nothing is set.
pub const DEFAULT_PATH: &str = "\"$user\", public";

impl Query {
    /// Whether a text can be a query that PREPARE takes: SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE.
    ///
    /// ```
    /// use pgrehearse::source::Query;
    /// assert!(Query::is_query("/* app */ SELECT 1"));
    /// assert!(Query::is_query("with x as (select 1) select * from x"));
    /// assert!(!Query::is_query("COPY t FROM stdin"));
    /// ```
    pub fn is_query(sql: &str) -> bool {
        let first = tokens(sql).next().map(|t| &sql[t.range()]);
        first.is_some_and(|word| {
            let word = word.to_ascii_lowercase();
            let words = [
                "select", "values", "insert", "update", "delete", "merge", "with", "table", "(",
            ];
            words.contains(&word.as_str())
        })
    }

    /// The same of the definition of a function with what stands in its strings: the body, and what that executes.
    pub fn words_of_body(definition: &str) -> BTreeSet<String> {
        fn within(text: &str, depth: u8, all: &mut BTreeSet<String>) {
            all.extend(Query::words(text));
            let strings = tokens(text).filter(|token| token.kind == TokenKind::String);
            let strings = strings.filter_map(|token| inside(text.get(token.range())?));
            for string in strings.filter(|_| depth > 0) {
                within(string, depth - 1, all);
            }
        }
        let mut all = BTreeSet::new();
        within(definition, 2, &mut all);
        all
    }

    /// The names in it, as the server reads them, key words among them.
    pub fn words(sql: &str) -> BTreeSet<String> {
        tokens(sql)
            .filter_map(|token| {
                let text = sql.get(token.range())?;
                let is_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
                is_name.then(|| ident_value(text))
            })
            .collect()
    }
}

/// What stands between the quotes of a string.
fn inside(string: &str) -> Option<&str> {
    let (open, close) = match string.strip_prefix('$') {
        Some(rest) => {
            let quote = rest.find('$')? + 2;
            (quote, quote)
        }
        None => (string.find('\'')? + 1, 1),
    };
    string.get(open..string.len().checked_sub(close)?)
}

fn tokens(sql: &str) -> impl Iterator<Item = Token> {
    let tokens = Tokenizer::new(sql).map_while(Result::ok);
    tokens.filter(|token| !token.is_comment())
}

/// The queries of a file or of the `.sql` files of a folder, and how many statements are none
/// (COPY, SET and the like).
///
/// `SET search_path` holds for what follows it in its file.
///
/// # Errors
/// [`SourceError`] when a file cannot be read or split.
pub fn read_queries(path: &Path) -> Result<(Vec<Query>, usize), SourceError> {
    let found = files::read(path)?;
    let mut queries = Vec::new();
    let mut others = 0;
    for file in &found.files {
        others += read(file, &mut queries)?;
    }
    Ok((queries, others))
}

fn read(file: &SourceFile, queries: &mut Vec<Query>) -> Result<usize, SourceError> {
    let scan = scan::scan(&file.text).map_err(|error| SourceError::Syntax {
        problem: error.problem,
        excerpt: Box::new(file.excerpt(error.range)),
    })?;
    let mut search_path = DEFAULT_PATH.to_owned();
    let mut others = scan.skipped.len();
    for raw in scan.statements {
        let sql = file.text.get(raw.range.clone()).unwrap_or_default();
        if Query::is_query(sql) && statement::search_path(sql).is_none() {
            queries.push(Query {
                name: format!("{}:{}", file.name, file.place(raw.range.start).line),
                sql: sql.to_owned(),
                search_path: search_path.clone(),
            });
        } else if let Some(schema) = statement::search_path(sql) {
            search_path = match schema {
                Some(schema) => crate::pg::Ident::new(schema.as_str()).to_string(),
                None => DEFAULT_PATH.to_owned(),
            };
        } else {
            others += 1;
        }
    }
    Ok(others)
}
