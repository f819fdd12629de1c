//! What a hint says.

use super::error::HintProblem;
use super::hints::{HintTarget, qualify};
use super::reader::Reader;
use super::token::Tokenizer;
use serde::{Deserialize, Serialize};

/// What a hint says; expressions are SQL as written, without the parentheses around them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verb {
    /// `renamed from NAME`: schema and name for what is in a schema, else the name alone.
    Renamed { from: Vec<String> },
    /// `backfill (E)`: the value of rows that have none.
    Backfill { expression: String },
    /// `convert using (E) reverse (E)`: `using` sees the old names, `reverse` the new ones.
    Convert {
        using: String,
        reverse: Option<String>,
    },
    /// `split from T (columns) on J`: `from` is schema and name, `on` the join condition.
    Split(Moved),
    /// `merge from T (columns) on J`: the table gets the columns of `from`, which goes.
    Merge(Moved),
}

/// Columns of the table `from` that another table gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Schema and name.
    pub from: Vec<String>,
    pub columns: Vec<String>,
    /// The condition that joins both tables, as written.
    pub on: String,
}

const RENAMED: &str = "renamed from NAME";
const BACKFILL: &str = "backfill (EXPRESSION)";
const CONVERT: &str = "convert using (EXPRESSION) reverse (EXPRESSION)";
const SPLIT: &str = "split from TABLE (COLUMN, …) on CONDITION";
const MERGE: &str = "merge from TABLE (COLUMN, …) on CONDITION";

impl Verb {
    /// Reads `body`, the text after `pgrehearse:`; `schema` is that of unqualified names.
    pub(super) fn parse(
        body: &str,
        target: &HintTarget,
        schema: &str,
    ) -> Result<Self, HintProblem> {
        let mut reader = Reader::new(body);
        let verb = reader.peek().map(|t| reader.text_of(t)).unwrap_or_default();
        let verb = verb.to_owned();
        let known = reader.sees_any(&["renamed", "backfill", "convert", "split", "merge"]);
        reader.advance();
        let (form, parsed) = match known {
            Some("renamed") => (RENAMED, renamed(&mut reader, target)),
            Some("backfill") => (BACKFILL, backfill(&mut reader, body)),
            Some("convert") => (CONVERT, convert(&mut reader, body)),
            Some("split") => (SPLIT, moved(&mut reader, body, schema).map(Verb::Split)),
            Some("merge") => (MERGE, moved(&mut reader, body, schema).map(Verb::Merge)),
            _ => return Err(HintProblem::UnknownVerb { verb }),
        };
        let readable = Tokenizer::new(body).all(|t| t.is_ok());
        match parsed {
            Some(parsed) if readable && reader.is_done() => parsed.fits(target),
            _ => Err(HintProblem::Malformed { form }),
        }
    }

    fn fits(self, target: &HintTarget) -> Result<Self, HintProblem> {
        let is_column = matches!(target, HintTarget::Column { .. });
        let kind = match target {
            HintTarget::Column { .. } => "column",
            HintTarget::EnumValue { .. } => "enum label",
            HintTarget::Object { kind, .. } => kind,
        };
        let (verb, fits) = match self {
            Self::Renamed { .. } => ("renamed", true),
            Self::Backfill { .. } => ("backfill", is_column),
            Self::Convert { .. } => ("convert", is_column),
            Self::Split(_) => ("split", kind == "table"),
            Self::Merge(_) => ("merge", kind == "table"),
        };
        if fits {
            return Ok(self);
        }
        Err(HintProblem::WrongTarget {
            verb,
            kind: kind.to_owned(),
        })
    }
}

fn renamed(reader: &mut Reader, target: &HintTarget) -> Option<Verb> {
    if !reader.eat(&["from"]) {
        return None;
    }
    let label = match target {
        HintTarget::EnumValue { .. } => reader.string(),
        _ => None,
    };
    let path = match label {
        Some(label) => vec![label],
        None => reader.name()?,
    };
    let from = match target {
        // Two parts: the object is in a schema, and so was the old one.
        HintTarget::Object { name, .. } if name.len() == 2 => qualify(path, &name[0]),
        _ if path.len() == 1 => path,
        _ => return None,
    };
    Some(Verb::Renamed { from })
}

fn expression(reader: &mut Reader, body: &str) -> Option<String> {
    let inner = body.get(reader.parenthesized()?)?.trim();
    let holds_sql = !Reader::new(inner).is_done();
    holds_sql.then(|| inner.to_owned())
}

fn backfill(reader: &mut Reader, body: &str) -> Option<Verb> {
    let expression = expression(reader, body)?;
    Some(Verb::Backfill { expression })
}

fn convert(reader: &mut Reader, body: &str) -> Option<Verb> {
    if !reader.eat(&["using"]) {
        return None;
    }
    let using = expression(reader, body)?;
    let reverse = match reader.eat(&["reverse"]) {
        true => Some(expression(reader, body)?),
        false => None,
    };
    Some(Verb::Convert { using, reverse })
}

fn moved(reader: &mut Reader, body: &str, schema: &str) -> Option<Moved> {
    if !reader.eat(&["from"]) {
        return None;
    }
    let from = qualify(reader.name()?, schema);
    let mut columns = Vec::new();
    if !reader.eat(&["("]) {
        return None;
    }
    loop {
        columns.push(reader.ident()?);
        if reader.eat(&[")"]) {
            break;
        }
        if !reader.eat(&[","]) {
            return None;
        }
    }
    if !reader.eat(&["on"]) {
        return None;
    }
    let start = reader.offset();
    let mut end = start;
    while let Some(token) = reader.advance() {
        if reader.text_of(token) == ";" {
            return None;
        }
        end = token.end;
    }
    let on = body.get(start..end)?.to_owned();
    (!on.is_empty()).then_some(Moved { from, columns, on })
}
