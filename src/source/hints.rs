//! Finds the hints of a file and what each of them is about. Grammar: docs/hints.md.

use super::error::{HintProblem, SourceError};
use super::reader::Reader;
use super::scan::Scan;
use super::statement;
use super::text::{Lines, Place, SourceFile};
use super::token::{Token, TokenKind, Tokenizer};
pub use super::verb::{Moved, Verb};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A hint with what it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub target: HintTarget,
    pub verb: Verb,
    /// Where its comment starts.
    pub place: Place,
}

/// What stands below a hint; names as the catalog holds them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HintTarget {
    /// A column in CREATE TABLE or ALTER TABLE … ADD COLUMN; `table` is schema and name.
    Column { table: Vec<String>, column: String },
    /// A label in CREATE TYPE … AS ENUM; `type_name` is schema and name.
    EnumValue {
        type_name: Vec<String>,
        value: String,
    },
    /// Any other object.
    ///
    /// `kind` is in the words of CREATE, lower case ("materialized view"). `name` is schema and
    /// name; for a constraint, trigger, policy or rule schema, table and name; the name alone
    /// for what is in no schema.
    Object { kind: String, name: Vec<String> },
}

impl HintTarget {
    /// The kind whose names `kind` shares: a view cannot be called like a table.
    fn clashes_as(kind: &str) -> &str {
        match kind {
            "view" | "materialized view" | "foreign table" | "sequence" => "table",
            "domain" => "type",
            "procedure" | "aggregate" => "function",
            kind => kind,
        }
    }

    /// Whether only one of both can be there.
    pub(super) fn clashes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Object { kind: a, name: x }, Self::Object { kind: b, name: y }) => {
                x == y && Self::clashes_as(a) == Self::clashes_as(b)
            }
            (a, b) => a == b,
        }
    }

    /// Whether several of one name can be there, told apart by their arguments.
    pub(super) fn is_routine(&self) -> bool {
        matches!(self, Self::Object { kind, .. } if Self::clashes_as(kind) == "function")
    }
}

type Target = Result<HintTarget, HintProblem>;

/// The schema of unqualified names when the file sets no search path.
pub(super) const DEFAULT_SCHEMA: &str = "public";

/// Reads the hints of `file`, which was split into `scan`.
///
/// # Errors
/// [`SourceError::Hint`] at the first hint that is not understood or is above nothing.
pub fn read(file: &SourceFile, scan: &Scan) -> Result<Vec<Hint>, SourceError> {
    if !file.text.contains("pgrehearse") {
        return Ok(Vec::new());
    }
    let mut found = Finder {
        file,
        lines: Lines::of(file),
        schema: DEFAULT_SCHEMA.to_owned(),
        hints: Vec::new(),
    };
    let mut comments = scan.comments.as_slice();
    for statement in &scan.statements {
        let start = statement.range.start;
        let above = comments.partition_point(|c| c.start < start);
        let sql = file.text.get(statement.range.clone()).unwrap_or_default();
        found.take(&comments[..above], start, |schema| {
            of_statement(sql, schema)
        })?;
        comments = &comments[above..];
        if sql.contains("pgrehearse") {
            found.inside(sql, start)?;
        }
        if let Some(schema) = statement::search_path(sql) {
            found.schema = schema.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
        }
    }
    found.take(comments, file.text.len(), |_| Err(HintProblem::Detached))?;
    Ok(found.hints)
}

struct Finder<'a> {
    file: &'a SourceFile,
    lines: Lines<'a>,
    schema: String,
    hints: Vec<Hint>,
}

/// One hint: its text with continuation lines joined, and the bytes of its comments.
struct RawHint {
    body: String,
    range: Range<usize>,
    /// Where `body` starts in the file.
    body_start: usize,
}

impl Finder<'_> {
    /// Takes the hints among `comments`; `below` is where the next token starts.
    fn take(
        &mut self,
        comments: &[Token],
        below: usize,
        target: impl FnOnce(&str) -> Target,
    ) -> Result<(), SourceError> {
        let raw = self.gather(comments)?;
        let Some(first) = raw.first() else {
            return Ok(());
        };
        let target = target(&self.schema).map_err(|p| self.error(p, first.range.clone()))?;
        for hint in raw {
            let gap = self.file.text.get(hint.range.end..below);
            if !gap.is_some_and(is_direct) {
                return Err(self.error(HintProblem::Detached, hint.range));
            }
            let verb = Verb::parse(&hint.body, &target, &self.schema).map_err(|problem| {
                let range = match &problem {
                    HintProblem::UnknownVerb { verb } if !verb.is_empty() => {
                        hint.body_start..hint.body_start + verb.len()
                    }
                    _ => hint.range.clone(),
                };
                self.error(problem, range)
            })?;
            self.hints.push(Hint {
                target: target.clone(),
                verb,
                place: self.lines.place(hint.range.start),
            });
        }
        Ok(())
    }

    /// Takes the hints inside the statement `sql` that starts at `start` in the file.
    fn inside(&mut self, sql: &str, start: usize) -> Result<(), SourceError> {
        let elements = elements(sql, &self.schema);
        let mut comments = Vec::new();
        for mut token in Tokenizer::new(sql).map_while(Result::ok) {
            let at = token.start;
            token.start += start;
            token.end += start;
            if token.is_comment() {
                comments.push(token);
                continue;
            }
            if comments.is_empty() {
                continue;
            }
            let element = elements
                .binary_search_by_key(&at, |(start, _)| *start)
                .ok()
                .and_then(|n| elements.get(n));
            self.take(&comments, token.start, |_| match element {
                Some((_, target)) => target.clone(),
                None => Err(HintProblem::Misplaced {
                    what: "something that is no column, constraint or enum label",
                }),
            })?;
            comments.clear();
        }
        Ok(())
    }

    fn gather(&self, comments: &[Token]) -> Result<Vec<RawHint>, SourceError> {
        let mut hints: Vec<RawHint> = Vec::new();
        for comment in comments {
            let text = self.file.text.get(comment.range()).unwrap_or_default();
            let content = text.get(2..).unwrap_or_default().trim_start();
            let continues = content.strip_prefix("pgrehearse+");
            let Some(body) = content.strip_prefix("pgrehearse:").or(continues) else {
                continue;
            };
            let range = comment.range();
            if comment.kind == TokenKind::BlockComment {
                return Err(self.error(HintProblem::BlockComment, range));
            }
            let line_start = self.file.text[..range.start]
                .rfind('\n')
                .map_or(0, |n| n + 1);
            if !self.file.text[line_start..range.start].trim().is_empty() {
                return Err(self.error(HintProblem::Trailing, range));
            }
            if continues.is_none() {
                hints.push(RawHint {
                    body: body.trim().to_owned(),
                    body_start: range.end - body.trim_start().len(),
                    range,
                });
                continue;
            }
            let directly = |end: usize| {
                let gap = self.file.text.get(end..range.start).unwrap_or_default();
                gap.matches('\n').count() == 1 && gap.trim().is_empty()
            };
            match hints.last_mut() {
                Some(hint) if directly(hint.range.end) => {
                    hint.body.push('\n');
                    hint.body.push_str(body.trim());
                    hint.range.end = range.end;
                }
                _ => return Err(self.error(HintProblem::NothingToContinue, range)),
            }
        }
        Ok(hints)
    }

    fn error(&self, problem: HintProblem, range: Range<usize>) -> SourceError {
        SourceError::Hint {
            problem,
            excerpt: Box::new(self.file.excerpt(range)),
        }
    }
}

/// Whether only comment lines are in `gap`, which goes from a hint to the token below it.
fn is_direct(gap: &str) -> bool {
    let mut lines = gap.split('\n');
    let end_of_hint = lines.next().unwrap_or_default();
    let Some(indent) = lines.next_back() else {
        return false;
    };
    end_of_hint.trim().is_empty()
        && indent.trim().is_empty()
        && lines.all(|line| line.trim_start().starts_with("--"))
}

/// Gives an unqualified name its schema.
pub(super) fn qualify(mut path: Vec<String>, schema: &str) -> Vec<String> {
    if path.len() == 1 {
        path.insert(0, schema.to_owned());
    }
    // A name of three parts starts with the database.
    path.split_off(path.len().saturating_sub(2))
}

/// What `CREATE …` or `ALTER TABLE … ADD …` is about.
fn of_statement(sql: &str, schema: &str) -> Target {
    let mut reader = Reader::new(sql);
    if reader.eat(&["alter"]) {
        return addition(reader, schema).ok_or(HintProblem::Misplaced {
            what: "a statement that creates nothing",
        });
    }
    let Some(kind) = created_kind(&mut reader) else {
        return Err(HintProblem::Misplaced {
            what: "a statement that creates nothing hints are for",
        });
    };
    created_name(reader, kind, schema)
        .map(|name| HintTarget::Object {
            kind: kind.to_owned(),
            name,
        })
        .ok_or(HintProblem::Misplaced {
            what: "an object without a name",
        })
}

/// The object that `sql` creates; names without a schema are in `schema`.
pub(super) fn created(sql: &str, schema: &str) -> Option<HintTarget> {
    of_statement(sql, schema).ok()
}

/// Takes `CREATE … kind`.
fn created_kind(reader: &mut Reader) -> Option<&'static str> {
    const MODIFIERS: &[&str] = &[
        "global",
        "local",
        "temp",
        "temporary",
        "unlogged",
        "unique",
        "recursive",
    ];
    const KINDS: &[(&[&str], &str)] = &[
        (&["materialized", "view"], "materialized view"),
        (&["foreign", "table"], "foreign table"),
        (&["foreign", "data", "wrapper"], "foreign data wrapper"),
        (&["event", "trigger"], "event trigger"),
        (&["constraint", "trigger"], "trigger"),
        (&["table"], "table"),
        (&["view"], "view"),
        (&["index"], "index"),
        (&["function"], "function"),
        (&["procedure"], "procedure"),
        (&["aggregate"], "aggregate"),
        (&["type"], "type"),
        (&["domain"], "domain"),
        (&["sequence"], "sequence"),
        (&["schema"], "schema"),
        (&["trigger"], "trigger"),
        (&["policy"], "policy"),
        (&["rule"], "rule"),
        (&["statistics"], "statistics"),
        (&["collation"], "collation"),
        (&["conversion"], "conversion"),
        (&["default", "conversion"], "conversion"),
        (
            &["text", "search", "configuration"],
            "text search configuration",
        ),
        (&["text", "search", "dictionary"], "text search dictionary"),
        (&["publication"], "publication"),
        (&["subscription"], "subscription"),
        (&["server"], "server"),
    ];
    if !reader.eat(&["create"]) {
        return None;
    }
    reader.eat(&["or", "replace"]);
    while reader.sees_any(MODIFIERS).is_some() {
        reader.advance();
    }
    let (_, kind) = KINDS.iter().find(|(words, _)| reader.eat(words))?;
    Some(kind)
}

fn created_name(mut reader: Reader, kind: &str, schema: &str) -> Option<Vec<String>> {
    reader.eat(&["concurrently"]);
    reader.eat(&["if", "not", "exists"]);
    if kind == "schema" {
        reader.eat(&["authorization"]);
    }
    if reader.sees(&["on"]) {
        return None;
    }
    let path = reader.name()?;
    match kind {
        "trigger" | "policy" | "rule" | "index" => {
            // CREATE RULE r AS ON event TO t; the others say ON t.
            let word = if kind == "rule" { "to" } else { "on" };
            reader.skip_until(|r| r.sees(&[word]));
            reader.advance();
            reader.eat(&["only"]);
            let mut table = qualify(reader.name()?, schema);
            if kind == "index" {
                table.pop();
            }
            table.extend(path.into_iter().next_back());
            Some(table)
        }
        "schema"
        | "publication"
        | "subscription"
        | "server"
        | "event trigger"
        | "foreign data wrapper" => Some(path),
        _ => Some(qualify(path, schema)),
    }
}

/// The first action of `ALTER TABLE … ADD …`.
fn addition(mut reader: Reader, schema: &str) -> Option<HintTarget> {
    if !reader.eat(&["table"]) {
        return None;
    }
    reader.eat(&["if", "exists"]);
    reader.eat(&["only"]);
    let table = qualify(reader.name()?, schema);
    if !reader.eat(&["add"]) {
        return None;
    }
    if reader.eat(&["column"]) {
        reader.eat(&["if", "not", "exists"]);
    }
    table_element(&mut reader, &table).ok()
}

/// Where each element of CREATE TABLE or CREATE TYPE … AS ENUM starts, and what it is.
fn elements(sql: &str, schema: &str) -> Vec<(usize, Target)> {
    let mut found = Vec::new();
    let mut reader = Reader::new(sql);
    let kind = created_kind(&mut reader);
    reader.eat(&["if", "not", "exists"]);
    let Some(owner) = reader.name().map(|path| qualify(path, schema)) else {
        return found;
    };
    let is_enum = match kind {
        Some("table" | "foreign table") => {
            if reader.eat(&["of"]) || reader.eat(&["partition", "of"]) {
                let _parent = reader.name();
            }
            false
        }
        Some("type") if reader.eat(&["as", "enum"]) => true,
        _ => return found,
    };
    let Some(list) = reader.parenthesized() else {
        return found;
    };
    let mut reader = Reader::new(&sql[list.clone()]);
    while !reader.is_done() {
        let start = list.start + reader.offset();
        let target = if is_enum {
            enum_element(&mut reader, &owner)
        } else {
            table_element(&mut reader, &owner)
        };
        found.push((start, target));
        reader.skip_until(|r| r.sees(&[","]));
        reader.advance();
    }
    found
}

fn enum_element(reader: &mut Reader, owner: &[String]) -> Target {
    match reader.string() {
        Some(value) => Ok(HintTarget::EnumValue {
            type_name: owner.to_vec(),
            value,
        }),
        None => Err(HintProblem::Misplaced {
            what: "something that is no enum label",
        }),
    }
}

fn table_element(reader: &mut Reader, table: &[String]) -> Target {
    let unnamed = HintProblem::Misplaced {
        what: "a constraint without a name",
    };
    // All but EXCLUDE are reserved words: no column is called so without quotes.
    let reserved = ["check", "unique", "primary", "foreign", "not"];
    let excludes = reader.sees(&["exclude", "("]) || reader.sees(&["exclude", "using"]);
    if reader.sees_any(&reserved).is_some() || excludes {
        return Err(unnamed);
    }
    if reader.sees(&["like"]) {
        return Err(HintProblem::Misplaced { what: "LIKE" });
    }
    let constraint = reader.eat(&["constraint"]);
    let name = reader.ident().ok_or(unnamed)?;
    if !constraint {
        return Ok(HintTarget::Column {
            table: table.to_vec(),
            column: name,
        });
    }
    let mut path = table.to_vec();
    path.push(name);
    Ok(HintTarget::Object {
        kind: "constraint".to_owned(),
        name: path,
    })
}

#[cfg(test)]
mod tests;
