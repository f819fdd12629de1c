//! Views whose text counts the columns of a table: `FROM t a(x, y)`, or `FROM f() a(x, y)` where f returns rows of it.
//! A new column stands behind the old one until that is dropped, and the names would be given to others. A function or rule
//! with ON CONFLICT DO UPDATE counts, too: for the server its `excluded` reads every column of the table, and so the old
//! one could not be dropped.

use crate::catalog::Catalog;
use crate::kinds::{KindTag, Object, ObjectId};
use crate::source::token::{Token, TokenKind, Tokenizer};
use std::collections::BTreeSet;

/// Whether a view, function or rule of `catalog` counts the columns of `table`.
pub(super) fn are_counted<S>(table: &ObjectId, catalog: &Catalog<S>) -> bool {
    let dependents = catalog.dependents();
    let mut rows: BTreeSet<&str> = table.path.get(1).map(String::as_str).into_iter().collect();
    let mut views: Vec<&ObjectId> = Vec::new();
    let on_columns = catalog
        .objects
        .keys()
        .filter(|id| id.kind == KindTag::Column && id.path.get(..2) == table.path.get(..2));
    for id in std::iter::once(table).chain(on_columns) {
        for dependent in dependents.get(id).into_iter().flatten().copied() {
            match dependent.kind {
                KindTag::Function => {
                    rows.extend(dependent.path.get(1).map(String::as_str));
                    let over = dependents.get(dependent).into_iter().flatten();
                    views.extend(over.copied());
                    views.push(dependent);
                }
                _ => views.push(dependent),
            }
        }
    }
    views.into_iter().any(|id| match catalog.get(id) {
        Some(Object::View(view)) => counts(&view.query, &rows),
        Some(Object::MaterializedView(view)) => counts(&view.query, &rows),
        Some(Object::Function(function)) => merges(&function.definition),
        Some(Object::Rule(rule)) => merges(&rule.definition),
        _ => false,
    })
}

/// Whether the statement, as the server writes it, has ON CONFLICT DO UPDATE.
fn merges(definition: &str) -> bool {
    let tokens: Vec<Token> = Tokenizer::new(definition).map_while(Result::ok).collect();
    let words: Vec<&str> = tokens
        .iter()
        .filter_map(|token| definition.get(token.range()))
        .collect();
    words.contains(&"excluded")
        || words
            .windows(3)
            .any(|three| three == ["DO", "UPDATE", "SET"])
}

/// Whether `query`, as the server writes it, gives names to the columns of one of `rows`: key words stand there in capital
/// letters, and before the parenthesis of such a list stands no space.
fn counts(query: &str, rows: &BTreeSet<&str>) -> bool {
    let tokens: Vec<Token> = Tokenizer::new(query).map_while(Result::ok).collect();
    let text = |at: usize| tokens.get(at).and_then(|token| query.get(token.range()));
    let name = |at: usize| {
        let text = text(at)?;
        match tokens.get(at)?.kind {
            TokenKind::Word if text.chars().any(char::is_lowercase) => Some(text.to_owned()),
            TokenKind::QuotedIdent => Some(text.trim_matches('"').replace("\"\"", "\"")),
            _ => None,
        }
    };
    let is_row = |at: usize| name(at).is_some_and(|name| rows.contains(name.as_str()));
    (1..tokens.len().saturating_sub(1)).any(|at| {
        let list = text(at + 1) == Some("(") && tokens[at].end == tokens[at + 1].start;
        if name(at).is_none() || !list {
            return false;
        }
        match text(at - 1) {
            Some(")") => {
                let mut depth = 0_usize;
                let open = (0..at).rev().find(|&i| {
                    match text(i) {
                        Some(")") => depth += 1,
                        Some("(") => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    depth == 0
                });
                open.is_some_and(|open| open > 0 && is_row(open - 1))
            }
            _ => is_row(at - 1),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lists_after_the_table_count() {
        let rows = BTreeSet::from(["job", "due", "Other Job"]);
        for query in [
            " SELECT a FROM public.job j(a, b);",
            " SELECT id FROM public.due(1, f(2)) due(id, state)",
            " SELECT a FROM x JOIN \"Other Job\" \"J\"(a, b) ON true",
        ] {
            assert!(counts(query, &rows), "{query}");
        }
        for query in [
            " SELECT job.id, lower(job.state) FROM public.job WHERE f(job.id)",
            " SELECT a FROM public.job, generate_series(1, 2) g(a)",
            " SELECT due.id FROM public.due(1) due",
            " SELECT s.a FROM ( SELECT job.id FROM public.job) s(a)",
            " SELECT count(job.*) OVER (PARTITION BY job.id) FROM public.job",
        ] {
            assert!(!counts(query, &rows), "{query}");
        }
    }
}
