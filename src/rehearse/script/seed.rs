//! A few rows in the tables of the clone: an empty table lets through what fails on the first row.
//!
//! Values are made up per type; what a CHECK, an enum or the bounds of a partition want is taken from their text.
//! A table that takes no row stays empty, and is named.

use crate::catalog::{Catalog, Live};
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Ident, Qualified, Sql, ident::Literal};
use crate::rehearse::evidence::table_id;
use crate::source::reader::Reader;
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;
use std::collections::{BTreeMap, BTreeSet};

/// What came of it.
#[derive(Debug, Default)]
pub struct Seeded {
    pub tables: usize,
    pub notices: Vec<String>,
}

/// Rows for each table.
const ROWS: usize = 3;
/// With more tables than this only those are filled that the files name, with what foreign keys join to them.
const MANY: usize = 300;
/// How often the values of one row are changed before the table is left alone.
const ATTEMPTS: usize = 40;

struct Table {
    oid: u32,
    name: Qualified,
    columns: Vec<Column>,
    /// Own columns → referenced table and its columns.
    keys: Vec<Key>,
    /// The text of CHECKs and of the partition's bounds, by name; the bounds have none.
    checks: BTreeMap<String, (BTreeSet<i16>, String)>,
}

struct Column {
    number: i16,
    name: Ident,
    data_type: String,
    category: char,
    not_null: bool,
    has_default: bool,
    labels: Vec<String>,
}

struct Key {
    columns: Vec<i16>,
    table: u32,
    referenced: Vec<Ident>,
    of: Qualified,
}

/// Fills rows into tables of `live` whose size is unknown or not zero.
///
/// # Errors
/// When the server goes away.
pub fn fill(
    client: &mut Client,
    live: &Catalog<Live>,
    mentioned: &BTreeSet<String>,
) -> Result<Seeded, postgres::Error> {
    let mut tables = tables(client)?;
    tables.retain(|_, table| {
        let size = table_id(&table.name.to_string(), live).and_then(|id| live.sizes.get(&id));
        // A table that was never analysed has no estimate, but it has pages.
        size.is_none_or(|size| size.bytes > 0)
    });
    if tables.len() > MANY {
        let wanted = joined(&tables, mentioned);
        tables.retain(|oid, _| wanted.contains(oid));
    }
    let mut seeded = Seeded::default();
    let mut seeder = Seeder {
        client,
        taken: BTreeMap::new(),
    };
    for oid in parents_first(&tables) {
        let table = &tables[&oid];
        match seeder.rows(table)? {
            Ok(()) => seeded.tables += 1,
            Err(why) if mentioned.contains(table.name.name.raw()) => seeded.notices.push(format!(
                "{} has no rows on the clone ({why}): what fails on rows only does not show there",
                table.name
            )),
            Err(_) => {}
        }
    }
    Ok(seeded)
}

/// The tables that the files name, and those that foreign keys join to them.
fn joined(tables: &BTreeMap<u32, Table>, mentioned: &BTreeSet<String>) -> BTreeSet<u32> {
    let named = |t: &Table| mentioned.contains(t.name.name.raw());
    let mut wanted: BTreeSet<u32> = BTreeSet::new();
    let mut queue: Vec<u32> = tables
        .values()
        .filter(|t| named(t))
        .map(|t| t.oid)
        .collect();
    while let Some(oid) = queue.pop() {
        if wanted.insert(oid) {
            queue.extend(
                tables
                    .get(&oid)
                    .into_iter()
                    .flat_map(|t| t.keys.iter().map(|k| k.table)),
            );
        }
    }
    wanted
}

fn parents_first(tables: &BTreeMap<u32, Table>) -> Vec<u32> {
    fn visit(
        oid: u32,
        tables: &BTreeMap<u32, Table>,
        seen: &mut BTreeSet<u32>,
        order: &mut Vec<u32>,
    ) {
        if !tables.contains_key(&oid) || !seen.insert(oid) {
            return;
        }
        for key in tables.get(&oid).into_iter().flat_map(|t| &t.keys) {
            visit(key.table, tables, seen, order);
        }
        order.push(oid);
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    for oid in tables.keys() {
        visit(*oid, tables, &mut seen, &mut order);
    }
    order
}

/// Why a table takes no row.
type Refusal = String;

struct Seeder<'c> {
    client: &'c mut Client,
    /// Whether a type takes a text, by type and text.
    taken: BTreeMap<(String, String), bool>,
}

impl Seeder<'_> {
    fn rows(&mut self, table: &Table) -> Result<Result<(), Refusal>, postgres::Error> {
        let mut why = String::new();
        for n in 1..=ROWS {
            let mut candidates: BTreeMap<i16, Vec<Sql>> = BTreeMap::new();
            for column in &table.columns {
                candidates.insert(column.number, self.candidates(table, column, n)?);
            }
            let client = &mut *self.client;
            // Per column, which of its candidates is tried.
            let mut choice: BTreeMap<i16, usize> = BTreeMap::new();
            for _ in 0..ATTEMPTS {
                let insert = insert(table, &candidates, &choice);
                client.batch_execute("BEGIN")?;
                match client.batch_execute(insert.as_str()) {
                    Ok(()) => match client.batch_execute("COMMIT") {
                        Ok(()) => {
                            why.clear();
                            break;
                        }
                        Err(error) => {
                            why = crate::rehearse::message_of(&error);
                            break;
                        }
                    },
                    Err(error) => {
                        client.batch_execute("ROLLBACK")?;
                        why = crate::rehearse::message_of(&error);
                        let Some(columns) = at_fault(table, &error) else {
                            break;
                        };
                        let next = columns.iter().find(|c| {
                            let all = candidates.get(*c).map_or(0, Vec::len);
                            choice.get(*c).copied().unwrap_or(0) + 1 < all
                        });
                        let Some(next) = next.copied() else { break };
                        *choice.entry(next).or_default() += 1;
                        // The ones before it begin anew, as a counter does.
                        for column in columns.iter().take_while(|c| **c != next) {
                            choice.remove(column);
                        }
                    }
                }
            }
            if !why.is_empty() {
                // The first row decides; a second one may only break a key.
                return Ok(if n == 1 { Err(why) } else { Ok(()) });
            }
        }
        Ok(Ok(()))
    }

    /// The values to try for a column of row `n`, the likeliest first.
    fn candidates(
        &mut self,
        table: &Table,
        column: &Column,
        n: usize,
    ) -> Result<Vec<Sql>, postgres::Error> {
        let mut all: Vec<Sql> = Vec::new();
        let key = table.keys.iter().find_map(|key| {
            let at = key.columns.iter().position(|c| *c == column.number)?;
            Some((key.referenced.get(at)?, &key.of))
        });
        if let Some((referenced, of)) = key {
            for skip in [i64::try_from(n - 1).unwrap_or(0), 0] {
                all.push(sql!(
                    "(SELECT k.{} FROM {} k ORDER BY k.{} OFFSET {} LIMIT 1)",
                    referenced,
                    of,
                    referenced,
                    skip
                ));
            }
        }
        if column.has_default {
            all.push(Sql::constant("DEFAULT"));
        }
        for text in texts(table, column, n) {
            if self.takes(&column.data_type, &text)? {
                all.push(sql!("{}::{}", Literal(&text), Deparsed(&column.data_type)));
            }
        }
        if !column.not_null {
            all.push(Sql::constant("NULL"));
        }
        Ok(all)
    }

    fn takes(&mut self, data_type: &str, text: &str) -> Result<bool, postgres::Error> {
        let key = (data_type.to_owned(), text.to_owned());
        if let Some(known) = self.taken.get(&key) {
            return Ok(*known);
        }
        let asked = sql!("SELECT {}::{}", Literal(text), Deparsed(data_type));
        let taken = match self.client.batch_execute(asked.as_str()) {
            Ok(()) => true,
            Err(error) if error.as_db_error().is_some() => false,
            Err(error) => return Err(error),
        };
        self.taken.insert(key, taken);
        Ok(taken)
    }
}

/// The columns whose values the server does not take.
fn at_fault(table: &Table, error: &postgres::Error) -> Option<BTreeSet<i16>> {
    let db = error.as_db_error()?;
    let filled = || table.columns.iter().map(|c| c.number);
    if *db.code() == SqlState::CHECK_VIOLATION {
        let check = db.constraint().and_then(|name| table.checks.get(name));
        let check = check.or_else(|| table.checks.get(""));
        return Some(match check {
            Some((columns, _)) if !columns.is_empty() => columns.clone(),
            _ => filled().collect(),
        });
    }
    let of_value = ["22", "23"]
        .iter()
        .any(|class| db.code().code().starts_with(class));
    of_value.then(|| match db.column() {
        Some(name) => table
            .columns
            .iter()
            .filter(|c| c.name.raw() == name)
            .map(|c| c.number)
            .collect(),
        None => filled().collect(),
    })
}

fn insert(
    table: &Table,
    candidates: &BTreeMap<i16, Vec<Sql>>,
    choice: &BTreeMap<i16, usize>,
) -> Sql {
    let mut names: Vec<Ident> = Vec::new();
    let mut values: Vec<Sql> = Vec::new();
    for column in &table.columns {
        let at = choice.get(&column.number).copied().unwrap_or(0);
        let all = candidates.get(&column.number);
        if let Some(value) = all.and_then(|all| all.get(at).or_else(|| all.last())) {
            names.push(column.name.clone());
            values.push(value.clone());
        }
    }
    match names.is_empty() {
        true => sql!("INSERT INTO {} DEFAULT VALUES", table.name),
        false => sql!(
            "INSERT INTO {} ({}) VALUES ({})",
            table.name,
            List::comma(names),
            List::comma(values)
        ),
    }
}

/// Texts that a column of row `n` may take, the likeliest first.
fn texts(table: &Table, column: &Column, n: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    // What the rules of the table say in so many words is likely to be taken.
    for (columns, text) in table.checks.values() {
        if columns.is_empty() || columns.contains(&column.number) {
            all.extend(turned(literals(text), n));
        }
    }
    let letter = char::from(b'a' + u8::try_from(n % 26).unwrap_or(0)).to_string();
    let typed: Vec<String> = match column.category {
        'N' => vec![
            n.to_string(),
            "0".to_owned(),
            (n * 10).to_string(),
            (n * 1000).to_string(),
        ],
        'B' => turned(vec![true.to_string(), false.to_string()], n),
        'D' => vec![
            format!("2026-01-0{n}"),
            format!("0{n}:00"),
            format!("2020-01-0{n} 00:00:00"),
        ],
        'T' => vec![format!("{n} days")],
        'E' => turned(column.labels.clone(), n),
        'I' => vec![format!("10.0.0.{n}"), format!("10.0.{n}.0/24")],
        'S' => vec![
            letter.clone(),
            letter.repeat(3),
            letter.repeat(10),
            format!("{letter}@example.org"),
            format!("https://{letter}.example"),
        ],
        _ => Vec::new(),
    };
    all.extend(typed);
    // Types that no category tells: uuid, json, xml, bytea, ranges, those of extensions.
    if !matches!(column.category, 'N' | 'B' | 'D' | 'T' | 'E' | 'I') {
        all.extend([
            format!("00000000-0000-4000-8000-00000000000{n}"),
            format!("[{n},{})", n + 1),
            format!("[2026-01-0{n},2026-01-0{})", n + 1),
        ]);
        let others = [
            "{}",
            "1",
            "a",
            "0",
            "(0,0)",
            "<a/>",
            "2026-01-01",
            "{1}",
            "[]",
            "00000000",
            "empty",
            "",
        ];
        all.extend(others.map(str::to_owned));
    }
    all
}

/// The list from another place on for each row.
fn turned(list: Vec<String>, n: usize) -> Vec<String> {
    let turn = n.saturating_sub(1) % list.len().max(1);
    let mut list = list;
    list.rotate_left(turn);
    list
}

/// The constants in an expression.
fn literals(text: &str) -> Vec<String> {
    let mut reader = Reader::new(text);
    let mut found = Vec::new();
    while !reader.is_done() {
        if let Some(text) = reader.string() {
            found.push(text);
        } else if let Some(token) = reader.advance() {
            let word = reader.text_of(token);
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                found.push(word.to_owned());
                // A bound is likelier to be passed than to be met.
                found.extend(
                    word.parse::<i64>()
                        .ok()
                        .map(|n| n.saturating_add(1).to_string()),
                );
            }
        }
    }
    found
}

fn tables(client: &mut Client) -> Result<BTreeMap<u32, Table>, postgres::Error> {
    let mut tables = BTreeMap::new();
    for row in client.query(
        "SELECT c.oid, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid)
           FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind = 'r' AND c.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
            AND c.relpersistence <> 't'",
        &[],
    )? {
        let mut checks = BTreeMap::new();
        if let Some(bound) = row.get::<_, Option<String>>(3) {
            checks.insert(String::new(), (BTreeSet::new(), bound));
        }
        let table = Table {
            oid: row.get(0),
            name: Qualified::new(row.get::<_, String>(1), row.get::<_, String>(2)),
            columns: Vec::new(),
            keys: Vec::new(),
            checks,
        };
        tables.insert(table.oid, table);
    }
    for row in client.query(
        "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory::text
              , a.attnotnull, a.atthasdef OR a.attidentity <> ''
              , (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
                  WHERE e.enumtypid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END)
           FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
           JOIN pg_type t ON t.oid = a.atttypid
          WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
            AND a.attgenerated = '' AND a.attidentity <> 'a'
          ORDER BY a.attrelid, a.attnum",
        &[],
    )? {
        let category: String = row.get(4);
        let column = Column {
            number: row.get(1),
            name: Ident::new(row.get::<_, String>(2)),
            data_type: row.get(3),
            category: category.chars().next().unwrap_or('U'),
            not_null: row.get(5),
            has_default: row.get(6),
            labels: row.get::<_, Option<Vec<String>>>(7).unwrap_or_default(),
        };
        if let Some(table) = tables.get_mut(&row.get::<_, u32>(0)) {
            table.columns.push(column);
        }
    }
    for row in client.query(
        "SELECT c.conrelid, c.conname, coalesce(c.conkey, '{}'), pg_get_constraintdef(c.oid), c.contype::text
              , c.confrelid, fn.nspname, f.relname
              , ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k (attnum, at)
                        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.at)
           FROM pg_constraint c
           LEFT JOIN pg_class f ON f.oid = c.confrelid
           LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
          WHERE c.conrelid >= 16384 AND c.contype IN ('c', 'f') AND (c.contype = 'c' OR c.conparentid = 0)",
        &[],
    )? {
        let Some(table) = tables.get_mut(&row.get::<_, u32>(0)) else {
            continue;
        };
        let columns: Vec<i16> = row.get(2);
        if row.get::<_, String>(4) == "c" {
            let check = (columns.into_iter().collect(), row.get(3));
            table.checks.insert(row.get(1), check);
            continue;
        }
        let referenced: Vec<String> = row.get(8);
        table.keys.push(Key {
            columns,
            table: row.get(5),
            referenced: referenced.into_iter().map(Ident::new).collect(),
            of: Qualified::new(row.get::<_, String>(6), row.get::<_, String>(7)),
        });
    }
    Ok(tables)
}
