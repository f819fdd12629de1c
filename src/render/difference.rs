//! The differences of two schemas, object by object.

use super::Colour;
use super::text::statement;
use crate::diff::{AttributeChange, Change};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::pipeline::Differences;
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const CHANGED: Style = AnsiColor::Yellow.on_default();

/// Values longer than this get a line each.
const SHORT: usize = 60;

/// For a terminal: `+` is only in the second schema, `-` only in the first, `~` differs.
///
/// What an object brings along (the columns of a new table) stands in its statement alone.
pub fn text(found: &Differences, width: usize, colour: Colour) -> String {
    let mut page = Page {
        out: String::new(),
        width: width.max(40),
        colour,
    };
    for rename in &found.renames {
        let line = format!(
            "{} is renamed to {}",
            rename.from.human(),
            rename.to.human()
        );
        page.title('>', CHANGED, &line);
    }
    let mut changes: Vec<(&ObjectId, &Change)> = found
        .changes
        .iter()
        .filter(|(_, change)| !goes_with_its_whole(change, &found.changes))
        .collect();
    changes.sort_by_key(|(id, _)| place(id));
    for (id, change) in changes {
        page.change(id, change, &found.changes);
    }
    if found.is_empty() {
        page.line("no differences");
    }
    if !found.unmodeled.is_empty() {
        page.line("");
        page.line("not compared, because pgrehearse does not model it yet:");
        for one in &found.unmodeled {
            let side = match one.side.as_str() {
                "live" => "only in the first schema",
                "desired" => "only in the second schema",
                _ => "in both",
            };
            page.line(&format!("  {} {} ({side})", one.what, one.name));
        }
    }
    page.out
}

/// The one JSON document of `diff` and `check`.
pub fn json(found: &Differences) -> Value {
    let changes = found.changes.iter().map(|(id, change)| match change {
        Change::Create { new } => json!({
            "object": id, "change": "create", "statements": statements(new),
        }),
        Change::Drop { old } => json!({
            "object": id, "change": "drop", "statements": statements(old),
        }),
        Change::Alter { attributes, .. } => json!({
            "object": id, "change": "alter", "attributes": attributes
                .iter()
                .map(|a| json!({"name": a.name(), "old": a.old.value, "new": a.new.value}))
                .collect::<Vec<_>>(),
        }),
        Change::Replace { why, .. } => json!({
            "object": id, "change": "replace", "why": why,
        }),
    });
    let renames = found.renames.iter();
    json!({
        "differences": changes.collect::<Vec<_>>(),
        "renames": renames.map(|r| json!({"from": r.from, "to": r.to})).collect::<Vec<_>>(),
        "unmodeled": found.unmodeled,
        "notices": found.notices,
    })
}

fn statements(object: &Object) -> Vec<String> {
    object.create().iter().map(ToString::to_string).collect()
}

/// Schema and name first: what belongs to one table stands together.
fn place(id: &ObjectId) -> (Vec<&str>, KindTag, Vec<&str>) {
    let skip = usize::from(id.kind.describes());
    let path: Vec<&str> = id.path.iter().skip(skip).map(String::as_str).collect();
    let of = path.iter().take(2).copied().collect();
    (of, id.kind, path)
}

/// Whether the object comes or goes because what it is part of does.
fn goes_with_its_whole(change: &Change, all: &BTreeMap<ObjectId, Change>) -> bool {
    let (object, is_new) = match change {
        Change::Create { new } => (new, true),
        Change::Drop { old } => (old, false),
        _ => return false,
    };
    // An index or a foreign key is said for itself; a column is part of the statement.
    object.tag() == KindTag::Column
        && object.parent().is_some_and(|whole| match all.get(&whole) {
            Some(Change::Create { .. }) => is_new,
            Some(Change::Drop { .. }) => !is_new,
            _ => false,
        })
}

struct Page {
    out: String,
    width: usize,
    colour: Colour,
}

impl Page {
    fn paint(&self, style: Style, text: &str) -> String {
        match self.colour {
            Colour::Yes => format!("{style}{text}{style:#}"),
            Colour::No => text.to_owned(),
        }
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(&super::mask::visible(text.trim_end()));
        self.out.push('\n');
    }

    fn title(&mut self, sign: char, style: Style, text: &str) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        let sign = self.paint(style, &sign.to_string());
        let text = self.paint(BOLD, &super::mask::visible(text));
        self.out.push_str(&format!("{sign} {text}\n"));
    }

    fn change(&mut self, id: &ObjectId, change: &Change, all: &BTreeMap<ObjectId, Change>) {
        match change {
            Change::Create { new } => {
                self.title('+', ADDED, &id.human());
                self.statements(new, all, ADDED);
            }
            Change::Drop { old } => {
                self.title('-', REMOVED, &id.human());
                self.statements(old, all, REMOVED);
            }
            Change::Alter { attributes, .. } => {
                self.title('~', CHANGED, &id.human());
                for attribute in attributes {
                    self.attribute(attribute);
                }
            }
            Change::Replace { why, .. } => {
                self.title('~', CHANGED, &id.human());
                self.line(&format!("    {why}"));
            }
        }
    }

    fn statements(&mut self, object: &Object, all: &BTreeMap<ObjectId, Change>, style: Style) {
        let id = object.id();
        let columns: Vec<&Object> = all
            .values()
            .filter_map(|change| match change {
                Change::Create { new } => Some(new),
                Change::Drop { old } => Some(old),
                _ => None,
            })
            .filter(|o| o.tag() == KindTag::Column && o.parent().as_ref() == Some(&id))
            .collect();
        for sql in object.create_with(&columns).statements {
            for line in statement(sql.as_str(), self.width.saturating_sub(4)).lines() {
                let line = self.paint(style, &super::mask::visible(line));
                self.out.push_str(&format!("    {line}\n"));
            }
        }
    }

    fn attribute(&mut self, attribute: &AttributeChange) {
        let (name, old, new) = (attribute.name(), &attribute.old.value, &attribute.new.value);
        let (old, new) = (lines_of(old), lines_of(new));
        if let ([old], [new]) = (old.as_slice(), new.as_slice())
            && old.chars().count() + new.chars().count() <= SHORT
        {
            self.line(&format!("    {name}: {old} → {new}"));
            return;
        }
        self.line(&format!("    {name}:"));
        let (old, new) = (old.join("\n") + "\n", new.join("\n") + "\n");
        let diff = TextDiff::from_lines(&old, &new);
        for (n, group) in diff.grouped_ops(2).iter().enumerate() {
            if n > 0 {
                let dots = self.paint(DIM, "…");
                self.out.push_str(&format!("      {dots}\n"));
            }
            for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
                let (sign, style) = match change.tag() {
                    ChangeTag::Delete => ('-', REMOVED),
                    ChangeTag::Insert => ('+', ADDED),
                    ChangeTag::Equal => (' ', Style::new()),
                };
                let text = change.value().trim_end_matches('\n');
                let text = super::mask::visible(text);
                let line = self.paint(style, format!("{sign} {text}").trim_end());
                self.out.push_str(&format!("      {line}\n"));
            }
        }
    }
}

/// A value in lines: a text as it stands, a list with one element a line.
fn lines_of(value: &Value) -> Vec<String> {
    match value {
        Value::Null => vec!["none".to_owned()],
        Value::Bool(true) => vec!["yes".to_owned()],
        Value::Bool(false) => vec!["no".to_owned()],
        Value::String(text) if text.is_empty() => vec!["''".to_owned()],
        Value::String(text) => text.trim_end().lines().map(str::to_owned).collect(),
        Value::Array(items) if items.iter().any(|i| i.is_string() || i.is_array()) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => text.replace('\n', " "),
                other => other.to_string(),
            })
            .collect(),
        other => vec![other.to_string()],
    }
}
