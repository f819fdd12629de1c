//! What queries of an application depend on, read before and after a statement: hazards are what changed.

use crate::kinds::{Hazard, HazardKind};
use postgres::{Client, Statement};
use std::collections::BTreeMap;

/// What the application can name or runs into.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    relations: BTreeMap<u32, Relation>,
    columns: BTreeMap<(u32, i16), Column>,
    /// Constraints and unique indexes: table, description.
    rules: BTreeMap<u32, (u32, String)>,
    functions: BTreeMap<u32, String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Relation {
    kind: char,
    name: String,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    data_type: String,
    not_null: bool,
}

const RELATIONS: &str = "
    SELECT c.oid, c.relkind::text, format('%I.%I', n.nspname, c.relname)
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')
       AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'";
const COLUMNS: &str = "
    SELECT a.attrelid, a.attnum, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attnotnull
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
     WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')";
// A constraint that takes over a unique index is that index: it brings nothing new.
const RULES: &str = "
    SELECT CASE WHEN c.contype IN ('p', 'u', 'x') THEN c.conindid ELSE c.oid END, c.conrelid
         , CASE c.contype WHEN 'c' THEN 'CHECK ' WHEN 'f' THEN 'foreign key ' WHEN 'p' THEN 'primary key '
                          WHEN 'u' THEN 'unique constraint ' ELSE 'exclusion constraint ' END
           || quote_ident(c.conname)
      FROM pg_constraint c
     WHERE c.conrelid >= 16384 AND c.contype IN ('c', 'f', 'p', 'u', 'x')
     UNION ALL
    SELECT x.indexrelid, x.indrelid, 'unique index ' || quote_ident(i.relname)
      FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
     WHERE x.indisunique AND x.indrelid >= 16384
       AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x'))";
const FUNCTIONS: &str = "
    SELECT p.oid, p.oid::regprocedure::text FROM pg_proc p WHERE p.oid >= 16384";

/// Reads [`Facts`] in one session.
pub struct FactReader {
    queries: [Statement; 4],
}

impl FactReader {
    pub fn new(client: &mut Client) -> Result<Self, postgres::Error> {
        Ok(Self {
            queries: [
                client.prepare(RELATIONS)?,
                client.prepare(COLUMNS)?,
                client.prepare(RULES)?,
                client.prepare(FUNCTIONS)?,
            ],
        })
    }

    pub fn read(&self, client: &mut Client) -> Result<Facts, postgres::Error> {
        let [relations, columns, rules, functions] = &self.queries;
        let mut facts = Facts::default();
        for row in client.query(relations, &[])? {
            let kind: String = row.get(1);
            let kind = kind.chars().next().unwrap_or(' ');
            let name = row.get(2);
            facts.relations.insert(row.get(0), Relation { kind, name });
        }
        for row in client.query(columns, &[])? {
            let column = Column {
                name: row.get(2),
                data_type: row.get(3),
                not_null: row.get(4),
            };
            facts.columns.insert((row.get(0), row.get(1)), column);
        }
        for row in client.query(rules, &[])? {
            facts.rules.insert(row.get(0), (row.get(1), row.get(2)));
        }
        for row in client.query(functions, &[])? {
            facts.functions.insert(row.get(0), row.get(1));
        }
        Ok(facts)
    }
}

impl Facts {
    /// Whether a relation that is no index, or a function, has this name.
    pub fn has(&self, name: &str) -> bool {
        self.relations.values().any(|r| r.name == name)
            || self.functions.values().any(|f| f == name)
    }

    pub fn is_partitioned(&self, name: &str) -> bool {
        self.relations
            .values()
            .any(|r| r.name == name && r.kind == 'p')
    }

    /// What the way from `before` to `self` means for what was there at `start`.
    pub fn hazards(&self, before: &Self, start: &Self) -> Vec<Hazard> {
        let mut hazards = Vec::new();
        let mut add = |kind: HazardKind, text: String| hazards.push(Hazard::measured(kind, text));
        for (oid, was) in &before.relations {
            if !start.relations.contains_key(oid) {
                continue;
            }
            match self.relations.get(oid) {
                None => {
                    if matches!(was.kind, 'r' | 'p') {
                        let text = format!("table {} and its rows go", was.name);
                        add(HazardKind::DataLoss, text);
                    }
                    add(HazardKind::BreaksQueries, format!("{}{}", was.name, GONE));
                }
                Some(now) if now.name != was.name => {
                    let text = format!("{} is called {} from here on", was.name, now.name);
                    add(HazardKind::BreaksQueries, text);
                }
                Some(_) => {}
            }
        }
        for (oid, now) in &self.relations {
            if start.relations.contains_key(oid) {
                self.columns(before, *oid, now, &mut add);
            }
        }
        for (oid, (table, what)) in &self.rules {
            if let (None, Some(on)) = (before.rules.get(oid), start.relations.get(table)) {
                let text = format!(
                    "writes of {} against {what} are rejected from here on",
                    on.name
                );
                add(HazardKind::RejectsWrites, text);
            }
        }
        for (oid, name) in &before.functions {
            if start.functions.contains_key(oid) && !self.functions.contains_key(oid) {
                add(HazardKind::BreaksQueries, format!("{name}{GONE}"));
            }
        }
        hazards
    }

    fn columns(
        &self,
        before: &Self,
        table: u32,
        of: &Relation,
        add: &mut impl FnMut(HazardKind, String),
    ) {
        let range = (table, i16::MIN)..=(table, i16::MAX);
        for (key, was) in before.columns.range(range.clone()) {
            let name = format!("{}.{}", of.name, was.name);
            let Some(now) = self.columns.get(key) else {
                if matches!(of.kind, 'r' | 'p') {
                    let text = format!("column {name} and its values go");
                    add(HazardKind::DataLoss, text);
                }
                add(HazardKind::BreaksQueries, format!("column {name}{GONE}"));
                continue;
            };
            if now.name != was.name {
                let text = format!("column {name} is called {} from here on", now.name);
                add(HazardKind::BreaksQueries, text);
            }
            if now.data_type != was.data_type {
                let text = format!(
                    "prepared statements that return column {name} fail (0A000) until they are prepared again: {} \
                     becomes {}",
                    was.data_type, now.data_type
                );
                add(HazardKind::BreaksQueries, text);
            }
            if now.not_null && !was.not_null {
                let text = format!("NULL in {name} is rejected from here on");
                add(HazardKind::RejectsWrites, text);
            }
        }
        let had = before.columns.range(range.clone()).next().is_some();
        let new = self
            .columns
            .range(range)
            .any(|(key, _)| !before.columns.contains_key(key));
        if had && new {
            let text = format!(
                "SELECT * from {} returns other columns; COPY and INSERT without a list of columns take others",
                of.name
            );
            add(HazardKind::BreaksQueries, text);
        }
    }

    /// What is dropped and made anew breaks nothing: takes out what a later statement of the same transaction has put back.
    pub fn forgive(&self, hazards: &mut Vec<Hazard>) {
        hazards.retain(|hazard| {
            let gone = hazard.text.strip_suffix(GONE);
            !gone.is_some_and(|name| self.has(name))
        });
    }
}

/// How the text of a hazard ends whose object is not there any more.
const GONE: &str = " is not there any more";
