//! In which order files are run first: a guess from what they name, so that fewer statements fail
//! and are tried again. The server stays the arbiter: a wrong guess costs time, nothing else.

use crate::source::DesiredFiles;
use crate::source::reader::Reader;
use crate::source::statement::Class;
use sqlparser::ast::{
    ColumnOption, DataType, ObjectName, Statement, TableConstraint, UserDefinedTypeRepresentation,
    visit_relations,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The indices of the files, each after those that create what it names, where that is possible.
///
/// What sqlparser cannot read (a fifth of PostgreSQL's DDL) names nothing here.
pub fn files_in_order(files: &DesiredFiles) -> Vec<usize> {
    let count = files.files.len();
    let mut created: BTreeMap<String, usize> = BTreeMap::new();
    let mut named: Vec<BTreeSet<String>> = vec![BTreeSet::new(); count];
    if count > 1 {
        for statement in files.statements.iter().filter(|s| s.class == Class::Ddl) {
            let text = files.statement_text(statement);
            let Ok(parsed) = Parser::parse_sql(&PostgreSqlDialect {}, text) else {
                continue;
            };
            for parsed in &parsed {
                if let Some(name) = creates(parsed) {
                    created.entry(last(name)).or_insert(statement.file);
                }
                names(parsed, &mut named[statement.file]);
            }
        }
    }
    let mut order = Vec::with_capacity(count);
    let mut state = vec![Visit::No; count];
    for file in 0..count {
        visit(file, &created, &named, &mut state, &mut order);
    }
    order
}

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    No,
    Begun,
}

fn visit(
    file: usize,
    created: &BTreeMap<String, usize>,
    named: &[BTreeSet<String>],
    state: &mut [Visit],
    order: &mut Vec<usize>,
) {
    // Begun and not finished: files that name each other; any order will do.
    if state[file] == Visit::Begun {
        return;
    }
    state[file] = Visit::Begun;
    for needed in named[file].iter().filter_map(|name| created.get(name)) {
        visit(*needed, created, named, state, order);
    }
    order.push(file);
}

/// The last part of a name, as written: schemas are not told apart in a guess.
fn last(name: &ObjectName) -> String {
    let part = name.0.last().and_then(|p| p.as_ident());
    part.map_or_else(String::new, |ident| ident.value.clone())
}

fn creates(statement: &Statement) -> Option<&ObjectName> {
    match statement {
        Statement::CreateTable(table) => Some(&table.name),
        Statement::CreateView(view) => Some(&view.name),
        Statement::CreateType { name, .. } => Some(name),
        Statement::CreateDomain(domain) => Some(&domain.name),
        Statement::CreateFunction(function) => Some(&function.name),
        _ => None,
    }
}

fn names(statement: &Statement, named: &mut BTreeSet<String>) {
    let walk = visit_relations(statement, |relation| {
        named.insert(last(relation));
        ControlFlow::<()>::Continue(())
    });
    debug_assert!(walk.is_continue());
    let mut of_type = |data_type: &DataType| {
        if let DataType::Custom(name, _) = data_type {
            named.insert(last(name));
        }
    };
    match statement {
        Statement::CreateTable(table) => {
            for column in &table.columns {
                of_type(&column.data_type);
            }
            for column in &table.columns {
                for option in &column.options {
                    if let ColumnOption::ForeignKey(key) = &option.option {
                        named.insert(last(&key.foreign_table));
                    }
                }
            }
            for constraint in &table.constraints {
                if let TableConstraint::ForeignKey(key) = constraint {
                    named.insert(last(&key.foreign_table));
                }
            }
        }
        Statement::CreateType {
            representation: Some(UserDefinedTypeRepresentation::Composite { attributes }),
            ..
        } => attributes.iter().for_each(|a| of_type(&a.data_type)),
        _ => {}
    }
}

/// When a statement of several files runs: before the others (negative), with them (0) or after them; `shells`: whether
/// any of them makes a shell type.
///
/// A function that returns a type which is not there makes its shell, and CREATE TYPE in another file would find it there.
/// A partition that comes later would get what is there ON ONLY the partitioned table.
pub fn round(statement: &str, shells: bool) -> i32 {
    match shells {
        true if Reader::new(statement).sees(&["create", "schema"]) => -2,
        true if makes_shell(statement) => -1,
        _ => i32::from(is_on_only(statement)),
    }
}

/// Whether it is CREATE TYPE and a name.
pub fn makes_shell(statement: &str) -> bool {
    let mut rest = Reader::new(statement);
    rest.eat(&["create", "type"]) && rest.name().is_some() && rest.is_done()
}

/// Whether a partitioned table may get an index or a key, and none of its partitions.
fn is_on_only(statement: &str) -> bool {
    let mut rest = Reader::new(statement);
    if rest.eat(&["create"]) {
        rest.eat(&["unique"]);
        return rest.sees(&["index"]) && rest.skip_until(|r| r.sees(&["on", "only"]));
    }
    rest.eat(&["alter", "table"]) && {
        rest.eat(&["if", "exists"]);
        rest.eat(&["only"]) && rest.skip_until(|r| r.sees(&["add", "constraint"]))
    } || rest.eat(&["alter", "index"]) && rest.skip_until(|r| r.sees(&["attach", "partition"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceFile;

    fn order(texts: &[&str]) -> Vec<usize> {
        let files = texts
            .iter()
            .enumerate()
            .map(|(i, t)| SourceFile::new(format!("{i}.sql"), *t));
        files_in_order(&DesiredFiles::from_files(files.collect()).expect("it splits"))
    }

    #[test]
    fn a_file_comes_after_what_it_names() {
        let child = "CREATE TABLE a (b_id int REFERENCES b, s status);";
        let parent = "CREATE TABLE b (id int PRIMARY KEY);";
        let view = "CREATE VIEW v AS SELECT * FROM a JOIN b USING (id);";
        let types = "CREATE TYPE status AS ENUM ('x');";
        assert_eq!(order(&[view, child, parent, types]), [2, 3, 1, 0]);
    }

    #[test]
    fn files_that_name_each_other_end() {
        let one = "CREATE TABLE a (b_id int REFERENCES b);";
        let two = "CREATE TABLE b (a_id int REFERENCES a);";
        assert_eq!(order(&[one, two]), [1, 0]);
        assert_eq!(order(&[two, one]), [1, 0]);
    }

    #[test]
    fn what_cannot_be_read_names_nothing() {
        assert_eq!(order(&["CREATE TABEL x;", "SELECT 1;"]), [0, 1]);
    }
}
