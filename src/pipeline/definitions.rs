//! The difference object by object, as a reviewer reads it: the SQL of each whole before and after.

use super::Compared;
use crate::catalog::Catalog;
use crate::kinds::{KindTag, Object, ObjectId};
use crate::plan::document::{DifferenceKind, DifferenceRecord};
use crate::render::text::statement;
use similar::{ChangeTag, TextDiff};
use std::collections::{BTreeMap, BTreeSet};

/// Columns of a line, where a statement can be broken.
const WIDTH: usize = 100;
/// Equal lines around a difference.
const CONTEXT: usize = 3;
/// Lines of one difference that are kept; how many more there are is said.
const MOST_LINES: usize = 400;

/// What comes, goes and differs: tables with their columns, constraints, indexes and triggers as one.
pub(super) fn differences(compared: &Compared) -> Vec<DifferenceRecord> {
    let (live, desired) = (&compared.live, &compared.desired);
    let mut roots: BTreeSet<ObjectId> = BTreeSet::new();
    for id in compared.changes.changes.keys() {
        // What is dropped has its place in the old schema only.
        let root = match desired.get(id) {
            Some(_) => whole(desired, id),
            None => whole(live, id),
        };
        roots.insert(root);
    }
    let renamed: BTreeMap<ObjectId, ObjectId> = compared
        .renames
        .iter()
        .map(|r| (r.result(), r.object()))
        .collect();
    roots.extend(renamed.keys().map(|id| whole(desired, id)));
    let (old, new) = (parts(live, &roots), parts(desired, &roots));
    let places = places(&old);
    let mut found = Vec::new();
    for root in roots {
        let was = renamed.get(&root).filter(|from| **from != root).cloned();
        let (before, after) = (old.get(&root), new.get(&root));
        let lines = |parts: Option<&Vec<&Object>>| parts.map(|p| definition(&root, p, &places));
        let (change, diff) = match (lines(before), lines(after)) {
            // The steps that make it are its definition.
            (None, Some(_)) => (DifferenceKind::Create, String::new()),
            (Some(before), None) => (DifferenceKind::Drop, unified(&before, "")),
            (Some(before), Some(after)) => (DifferenceKind::Change, unified(&before, &after)),
            (None, None) => continue,
        };
        if change == DifferenceKind::Change && diff.is_empty() && was.is_none() {
            continue;
        }
        found.push(DifferenceRecord {
            object: root,
            change,
            renamed_from: was,
            diff,
        });
    }
    found
}

/// The object that `id` is a part of, at any depth: its table, or itself.
fn whole<Side>(catalog: &Catalog<Side>, id: &ObjectId) -> ObjectId {
    let mut whole = id.clone();
    while let Some(object) = catalog.get(&whole) {
        let owner = match object {
            // A serial column's sequence.
            Object::Sequence(_) => object.falls_with().into_iter().next(),
            _ => None,
        };
        match owner.or_else(|| object.parent()) {
            Some(parent) if parent.kind != KindTag::Schema && parent != whole => whole = parent,
            _ => break,
        }
    }
    whole
}

/// The objects of each of `roots`, itself first.
fn parts<'c, Side>(
    catalog: &'c Catalog<Side>,
    roots: &BTreeSet<ObjectId>,
) -> BTreeMap<ObjectId, Vec<&'c Object>> {
    let mut parts: BTreeMap<ObjectId, Vec<&Object>> = BTreeMap::new();
    for (id, object) in catalog.objects.iter() {
        let root = whole(catalog, id);
        if roots.contains(&root) && catalog.get(&root).is_some() {
            let of = parts.entry(root.clone()).or_default();
            match *id == root {
                true => of.insert(0, object),
                false => of.push(object),
            }
        }
    }
    parts
}

/// Where the columns of today stand: their order is not compared, so no difference shows it.
fn places(old: &BTreeMap<ObjectId, Vec<&Object>>) -> BTreeMap<ObjectId, i32> {
    let all = old.values().flatten();
    all.filter_map(|object| match object {
        Object::Column(column) => Some((object.id(), column.position)),
        _ => None,
    })
    .collect()
}

fn definition(root: &ObjectId, parts: &[&Object], places: &BTreeMap<ObjectId, i32>) -> String {
    let placed: Vec<Object> = parts
        .iter()
        .map(|object| match object {
            Object::Column(column) => {
                let mut column = column.clone();
                // A new column comes last, as on the server.
                let last = i32::from(i16::MAX) + column.position;
                column.position = places.get(&object.id()).copied().unwrap_or(last);
                Object::Column(column)
            }
            other => (*other).clone(),
        })
        .collect();
    let Some((first, children)) = placed.split_first().filter(|(o, _)| o.id() == *root) else {
        return String::new();
    };
    let children: Vec<&Object> = children.iter().collect();
    let bundle = first.create_with(&children);
    let rest = children
        .into_iter()
        .filter(|o| !bundle.absorbed.contains(&o.id()))
        .flat_map(Object::create);
    let mut out = String::new();
    for sql in bundle.statements.into_iter().chain(rest) {
        out.push_str(&statement(sql.as_str(), WIDTH));
        out.push('\n');
    }
    out
}

/// The lines that differ with [`CONTEXT`] around them; `…` where equal ones are left out.
fn unified(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut lines: Vec<String> = Vec::new();
    for (n, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if n > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{sign} {}", change.value()).trim_end().to_owned());
        }
    }
    if let Some(more) = lines.len().checked_sub(MOST_LINES).filter(|n| *n > 0) {
        lines.truncate(MOST_LINES);
        lines.push(format!("… and {more} more lines"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_with_three_lines_around_it() {
        let before = "a\nb\nc\nd\ne\nf\ng\n";
        let after = "a\nb\nc\nd\ne\nF\ng\n";
        assert_eq!(unified(before, after), "  c\n  d\n  e\n- f\n+ F\n  g");
        assert_eq!(unified(before, before), "");
        let long: String = (0..500).map(|n| format!("{n}\n")).collect();
        let shown = unified(&long, "");
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
        assert!(shown.ends_with("… and 100 more lines"), "{shown}");
    }
}
