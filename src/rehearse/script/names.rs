//! What the words of a statement tell, where the server is not asked.

use crate::pg::{Ident, Qualified};
use crate::source::reader::Reader;
use crate::source::{Class, DesiredFiles};
use postgres::Client;
use std::collections::BTreeSet;

/// What belongs to the cluster, to its roles or to another database, and is not run on a clone.
pub fn is_of_cluster(sql: &str, class: &Class) -> bool {
    match class {
        Class::Unmodeled { what, .. } if ["role", "database", "tablespace"].contains(what) => true,
        Class::Unmodeled {
            what: "comment" | "owner",
            ..
        } => true,
        // GRANT role TO role.
        Class::Unmodeled { what: "grant", .. } => {
            let mut reader = Reader::new(sql);
            !reader.skip_until(|r| r.sees(&["on"]))
        }
        _ => false,
    }
}

/// The roles that the files make.
pub fn created_roles(files: &DesiredFiles) -> BTreeSet<Ident> {
    let created = files.statements.iter().filter_map(|statement| {
        let mut reader = Reader::new(files.statement_text(statement));
        if !reader.eat(&["create"]) {
            return None;
        }
        reader.sees_any(&["role", "user", "group"])?;
        let mapping = reader.sees(&["user", "mapping"]);
        reader.advance();
        reader.ident().filter(|_| !mapping).map(Ident::new)
    });
    created.collect()
}

/// Every name in the files, and what strings hold: a DO block or a call may name anything.
pub fn identifiers(files: &DesiredFiles) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for statement in &files.statements {
        collect(files.statement_text(statement), 0, &mut found);
    }
    found
}

fn collect(sql: &str, depth: usize, found: &mut BTreeSet<String>) {
    let mut reader = Reader::new(sql);
    while !reader.is_done() {
        if let Some(name) = reader.ident() {
            found.insert(name);
        } else if let Some(text) = reader.string() {
            if depth < 3 {
                collect(&text, depth + 1, found);
            }
        } else {
            reader.advance();
        }
    }
}

/// The names in a statement and in its strings, with their schemas, as the server would resolve them, quoted.
fn qualified(sql: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    qualify(sql, 0, &mut names);
    names
}

fn qualify(sql: &str, depth: usize, names: &mut BTreeSet<String>) {
    let mut reader = Reader::new(sql);
    while !reader.is_done() {
        let mut parts = Vec::new();
        while let Some(part) = reader.ident() {
            parts.push(Ident::new(part).to_string());
            if !reader.eat(&["."]) {
                break;
            }
        }
        match parts.len() {
            0 => match reader.string() {
                Some(body) if depth < 3 => qualify(&body, depth + 1, names),
                Some(_) => {}
                None => {
                    reader.advance();
                }
            },
            // Three parts would name another database.
            1 | 2 => {
                names.insert(parts.join("."));
            }
            _ => {}
        }
    }
}

/// The tables that a statement names, by itself or by an index of theirs; all, where it names none.
pub fn tables(client: &mut Client, text: &str) -> Result<Vec<Qualified>, postgres::Error> {
    let names: Vec<String> = qualified(text).into_iter().collect();
    let rows = client.query(
        "WITH named AS (
            SELECT to_regclass(name) AS oid FROM unnest($1::text[]) name
         )
         SELECT DISTINCT n.nspname, c.relname
           FROM named
           LEFT JOIN pg_index x ON x.indexrelid = named.oid
           JOIN pg_class c ON c.oid IN (named.oid, x.indrelid) AND c.relkind IN ('r', 'p')
           JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.oid >= 16384
          ORDER BY 1, 2",
        &[&names],
    )?;
    let rows = match rows.is_empty() {
        false => rows,
        true => client.query(
            "SELECT n.nspname, c.relname
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.oid >= 16384 AND c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
              ORDER BY 1, 2
              LIMIT 200",
            &[],
        )?,
    };
    Ok(rows
        .iter()
        .map(|row| Qualified::new(row.get::<_, String>(0), row.get::<_, String>(1)))
        .collect())
}
