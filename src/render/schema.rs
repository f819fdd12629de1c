//! A schema as SQL files that a person likes to read.

use super::text::statement;
use crate::catalog::{Catalog, Live};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::plan::Step;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Columns of a line, where a statement can be broken.
const WIDTH: usize = 100;

/// The whole schema as one file, in an order in which it can be executed.
pub fn file(catalog: &Catalog<Live>, steps: &[Step]) -> String {
    let mut out = unmodeled(catalog);
    // What a body names may come after it.
    let is_routine = |step: &Step| matches!(catalog.get(&step.object), Some(Object::Function(_)));
    if steps.iter().any(is_routine) {
        out.push_str("SET check_function_bodies = off;\n");
    }
    for step in steps {
        write(&mut out, step);
    }
    out
}

/// The schema as files by their paths: one a table, with what is its own; the other objects together
/// by kind. With several schemas each has a folder.
pub fn tree(catalog: &Catalog<Live>, steps: &[Step]) -> BTreeMap<PathBuf, String> {
    let schemas: BTreeSet<&str> = steps.iter().filter_map(|s| schema_of(&s.object)).collect();
    let mut names = Names::default();
    let mut files: BTreeMap<PathBuf, String> = BTreeMap::new();
    let head = unmodeled(catalog);
    if !head.is_empty() {
        files.insert(PathBuf::from("not_modelled.sql"), head);
    }
    for step in steps {
        let home = home(catalog, &step.object);
        let mut path = PathBuf::new();
        if let Some(schema) = schema_of(&home).filter(|_| schemas.len() > 1) {
            path.push(names.of(&[schema], schema));
        }
        let name = match home.path.as_slice() {
            [schema, table] if home.kind == KindTag::Table => {
                names.of(&[schema.as_str(), table.as_str()], table)
            }
            _ => shelf(home.kind).to_owned(),
        };
        path.push(format!("{name}.sql"));
        write(files.entry(path).or_default(), step);
    }
    files
}

fn write(out: &mut String, step: &Step) {
    for sql in step.action().statements() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&statement(sql.as_str(), WIDTH));
        out.push('\n');
    }
}

/// What is there and not written is said in the file.
fn unmodeled(catalog: &Catalog<Live>) -> String {
    if catalog.unmodeled.is_empty() {
        return String::new();
    }
    let mut out = "-- Not in this file, because pgrehearse does not model it yet:\n".to_owned();
    for one in &catalog.unmodeled {
        out.push_str(&format!(
            "--   {}\n",
            super::mask::one_line(&one.to_string())
        ));
    }
    out
}

fn schema_of(id: &ObjectId) -> Option<&str> {
    let skip = usize::from(id.kind.describes());
    match id.kind {
        KindTag::Schema => None,
        kind if kind.is_global() => None,
        _ if id.path.len() > skip + 1 => id.path.get(skip).map(String::as_str),
        _ => None,
    }
}

/// The object whose file an object stands in: its table, or itself.
fn home(catalog: &Catalog<Live>, id: &ObjectId) -> ObjectId {
    let mut home = id.clone();
    while let Some(object) = catalog.get(&home) {
        let owner = match object {
            // A serial column's sequence.
            Object::Sequence(_) => object.falls_with().into_iter().next(),
            Object::PublicationTable(member) => Some(member.publication_id()),
            Object::PublicationSchema(member) => Some(member.publication_id()),
            _ => None,
        };
        match owner.or_else(|| object.parent()) {
            Some(parent) if parent.kind != KindTag::Schema && parent != home => home = parent,
            _ => break,
        }
    }
    home
}

/// The file of everything that is no table's.
fn shelf(kind: KindTag) -> &'static str {
    match kind {
        KindTag::Schema => "schemas",
        KindTag::Extension => "extensions",
        kind if kind.is_type() || kind == KindTag::ShellType => "types",
        KindTag::Sequence | KindTag::SequenceOwner => "sequences",
        KindTag::Function | KindTag::Aggregate => "functions",
        KindTag::Cast
        | KindTag::Operator
        | KindTag::OperatorFamily
        | KindTag::OperatorClass
        | KindTag::AccessMethod => "operators",
        KindTag::Language | KindTag::Transform => "languages",
        KindTag::Collation => "collations",
        KindTag::TextSearchDictionary
        | KindTag::TextSearchConfiguration
        | KindTag::TextSearchParser
        | KindTag::TextSearchTemplate => "text_search",
        KindTag::View | KindTag::MaterializedView => "views",
        KindTag::Publication => "publications",
        KindTag::Subscription => "subscriptions",
        KindTag::DefaultPrivileges => "default_privileges",
        KindTag::ForeignDataWrapper | KindTag::ForeignServer | KindTag::UserMapping => "servers",
        KindTag::EventTrigger => "event_triggers",
        _ => "other",
    }
}

/// File names, each given once, also where capitals do not count.
#[derive(Default)]
struct Names {
    given: BTreeMap<Vec<String>, String>,
    taken: BTreeSet<(String, String)>,
}

impl Names {
    fn of(&mut self, path: &[&str], name: &str) -> String {
        let key: Vec<String> = path.iter().map(|p| (*p).to_owned()).collect();
        if let Some(given) = self.given.get(&key) {
            return given.clone();
        }
        let plain = |c: char| match c {
            c if c.is_alphanumeric() || c == '_' || c == '-' => c,
            _ => '_',
        };
        let plain: String = name.chars().map(plain).collect();
        let folder = match path {
            [_] => String::new(),
            path => path.first().map(|p| (*p).to_owned()).unwrap_or_default(),
        };
        // No table's file is called like that of others.
        let reserved: BTreeSet<&str> = KindTag::ALL.iter().map(|kind| shelf(*kind)).collect();
        let is_reserved = |name: &str| reserved.contains(name) || name == "not_modelled";
        let mut given = plain.clone();
        let mut n = 1;
        while is_reserved(&given.to_lowercase())
            || !self.taken.insert((folder.clone(), given.to_lowercase()))
        {
            n += 1;
            given = format!("{plain}_{n}");
        }
        self.given.insert(key, given.clone());
        given
    }
}
