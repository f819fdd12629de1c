//! The second eye: the rows of the catalogs as the server has them, compared without any kind.
//!
//! A kind that does not read a property is blind to it on both sides. Here every column of every
//! catalog counts that looks.rs does not leave out with a reason. Numbers of objects become their
//! names, expressions whether there is one: their texts are the kinds', in canonical form.

mod looks;

use crate::catalog::Addresses;
use crate::kinds::ObjectId;
use looks::{
    CATALOGS_LEFT_OUT, COLUMNS_LEFT_OUT, Columns, IN_NO_ORDER, IN_SOME_ROWS, LOOKS, Look,
    REFERENCES,
};
use postgres::{Client, Row};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The rows that belong to the objects of one schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// The columns of each look.
    columns: Vec<Vec<String>>,
    /// Per object, the numbers of the looks and the values as a JSON array of texts.
    rows: BTreeMap<ObjectId, BTreeSet<(usize, String)>>,
}

impl Sight {
    /// Looks at the objects `ids` of the database whose catalog gave `addresses`.
    ///
    /// Two queries, whatever the number of objects; names nothing that needs a lock.
    ///
    /// # Errors
    /// What the server says.
    pub fn look(
        client: &mut Client,
        addresses: &Addresses,
        ids: &BTreeSet<ObjectId>,
    ) -> Result<Self, postgres::Error> {
        let (classes, oids) = addresses.of(ids);
        if oids.is_empty() {
            return Ok(Self::default());
        }
        let mut transaction = client.transaction()?;
        transaction.batch_execute("SET LOCAL jit = off; SET LOCAL search_path = ''")?;
        let described = Described::read(&mut transaction)?;
        let mut sight = Self::default();
        let mut queries = Vec::new();
        for (number, look) in LOOKS.iter().enumerate() {
            let columns = described.columns(look);
            let concerned = described
                .class(look.class)
                .is_some_and(|class| classes.contains(&class));
            if concerned && !columns.is_empty() {
                queries.push(query(number, look, &columns));
            }
            let names = columns.iter().map(|c| c.name.clone());
            sight.columns.push(names.collect());
        }
        if queries.is_empty() {
            return Ok(sight);
        }
        let rows = transaction.query(&queries.join("\nUNION ALL\n"), &[&oids])?;
        transaction.rollback()?;
        for row in rows {
            let number = |column| u32::try_from(row.get::<_, i64>(column)).unwrap_or(0);
            let address = (number(1), number(2), row.get(3));
            let Some(id) = addresses.owner(address).filter(|id| ids.contains(*id)) else {
                continue;
            };
            let look = usize::try_from(row.get::<_, i32>(0)).unwrap_or(0);
            let values = sight.rows.entry(id.clone()).or_default();
            values.insert((look, row.get(4)));
        }
        Ok(sight)
    }

    /// What differs between the rows of the objects `ids` in this sight and in that `wanted`.
    pub fn differences<'i>(
        &self,
        wanted: &Self,
        ids: impl IntoIterator<Item = &'i ObjectId>,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for id in ids {
            // Not every object has rows of its own, and of a plan that is under way not every one was looked at.
            let (Some(is), Some(wanted_rows)) = (self.rows.get(id), wanted.rows.get(id)) else {
                continue;
            };
            if is == wanted_rows {
                continue;
            }
            let mut missing: Vec<_> = wanted_rows.difference(is).map(Cells::of).collect();
            for row in is.difference(wanted_rows).map(Cells::of) {
                let like = missing.iter().enumerate();
                let like = like.filter(|(_, other)| other.look == row.look);
                let nearest = like.min_by_key(|(_, other)| row.different(other).count());
                let Some(at) = nearest.map(|(at, _)| at) else {
                    found.push(row.alone(id, "is there, not wanted"));
                    continue;
                };
                let other = missing.remove(at);
                for column in row.different(&other) {
                    let name = self.columns.get(row.look).and_then(|c| c.get(column));
                    found.push(format!(
                        "{}: {} of {} is {}, wanted {}; only the rows of the catalog show it",
                        id.human(),
                        name.map_or("a column", String::as_str),
                        row.catalog(),
                        row.shown(column),
                        other.shown(column),
                    ));
                }
            }
            found.extend(missing.iter().map(|row| row.alone(id, "is missing")));
        }
        found
    }
}

/// One row.
struct Cells {
    look: usize,
    values: Vec<Option<String>>,
}

impl Cells {
    fn of((look, values): &(usize, String)) -> Self {
        Self {
            look: *look,
            // The query makes nothing but arrays of texts.
            values: serde_json::from_str(values).unwrap_or_default(),
        }
    }

    fn catalog(&self) -> &'static str {
        LOOKS.get(self.look).map_or("", |look| look.catalog)
    }

    fn different<'c>(&'c self, other: &'c Self) -> impl Iterator<Item = usize> + 'c {
        let both = self.values.iter().zip(&other.values).enumerate();
        both.filter(|(_, (a, b))| a != b).map(|(at, _)| at)
    }

    fn shown(&self, column: usize) -> &str {
        let value = self.values.get(column).and_then(Option::as_deref);
        value.unwrap_or("null")
    }

    fn alone(&self, id: &ObjectId, what: &str) -> String {
        let values: Vec<&str> = (0..self.values.len()).map(|c| self.shown(c)).collect();
        format!(
            "{}: a row of {} {what}: {}",
            id.human(),
            self.catalog(),
            values.join(", ")
        )
    }
}

/// What a server says of its own catalogs.
struct Described {
    classes: BTreeMap<String, u32>,
    columns: BTreeMap<String, Vec<Column>>,
}

struct Column {
    name: String,
    data_type: String,
    reference: Option<Reference>,
}

/// What the numbers in a column are.
struct Reference {
    catalog: String,
    is_list: bool,
    /// The column with the relation, for numbers of columns.
    relation: String,
}

const DESCRIBE: &str = "
    SELECT c.relname::text, c.oid::bigint, a.attname::text, a.atttypid::regtype::text
         , k.pk::text, k.is_array, k.relation
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN (SELECT f.fktable AS fk, f.pktable AS pk, f.is_array, f.fkcols[1] AS relation
                      , f.fkcols[cardinality(f.fkcols)] AS name
                   FROM pg_get_catalog_foreign_keys() f) k ON k.fk = c.oid AND k.name = a.attname
     WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'
     ORDER BY c.relname, a.attnum";

impl Described {
    fn read(client: &mut impl postgres::GenericClient) -> Result<Self, postgres::Error> {
        let mut described = Self {
            classes: BTreeMap::new(),
            columns: BTreeMap::new(),
        };
        for row in client.query(DESCRIBE, &[])? {
            let catalog: String = row.get(0);
            let class = u32::try_from(row.get::<_, i64>(1)).unwrap_or(0);
            described.classes.insert(catalog.clone(), class);
            let columns = described.columns.entry(catalog).or_default();
            columns.push(Column::of(&row));
        }
        Ok(described)
    }

    fn class(&self, catalog: &str) -> Option<u32> {
        self.classes.get(catalog).copied()
    }

    /// The columns that are looked at; none for a catalog that this version does not have.
    fn columns(&self, look: &Look) -> Vec<&Column> {
        let all = self.columns.get(look.catalog).into_iter().flatten();
        let left_out: HashSet<&str> = COLUMNS_LEFT_OUT
            .iter()
            .filter(|(catalog, _, _)| *catalog == "*" || *catalog == look.catalog)
            .flat_map(|(_, columns, _)| columns.iter().copied())
            .collect();
        all.filter(|c| match look.columns {
            Columns::All => true,
            Columns::Only(names) => names.contains(&c.name.as_str()),
            Columns::AllBut(names) => !names.contains(&c.name.as_str()),
        })
        .filter(|c| !left_out.contains(c.name.as_str()))
        .collect()
    }
}

impl Column {
    fn of(row: &Row) -> Self {
        let name: String = row.get(2);
        let listed = row.get::<_, Option<String>>(4).map(|catalog| Reference {
            catalog,
            is_list: row.get::<_, Option<bool>>(5).unwrap_or(false),
            relation: row.get::<_, Option<String>>(6).unwrap_or_default(),
        });
        let known = REFERENCES.iter().find(|(column, _, _)| *column == name);
        let known = known.map(|(_, catalog, relation)| Reference {
            catalog: (*catalog).to_owned(),
            is_list: true,
            relation: (*relation).to_owned(),
        });
        Self {
            name,
            data_type: row.get(3),
            reference: listed.or(known),
        }
    }

    /// The value as a text that is the same in every database.
    fn expression(&self, catalog: &str) -> String {
        let Self {
            name,
            data_type,
            reference,
        } = self;
        let ordered = |value: &str| match IN_NO_ORDER.contains(&name.as_str()) {
            true => value.to_owned(),
            false => "u.n".to_owned(),
        };
        let of_some =
            |special: &&(&str, &str, &str, &str)| special.0 == catalog && special.1 == name;
        if let Some((_, _, expression, _)) = IN_SOME_ROWS.iter().find(of_some) {
            return format!("({expression})::text");
        }
        match reference {
            // Of what is in an expression, only the kinds know whether it means the same.
            _ if data_type == "pg_node_tree" => format!("(x.{name} IS NOT NULL)::text"),
            Some(reference) if reference.is_list => {
                let (numbers, value) = match reference.catalog.as_str() {
                    "pg_attribute" => (
                        format!("x.{name}::int2[]"),
                        column_name(&reference.relation, "u.v"),
                    ),
                    catalog => (format!("x.{name}::oid[]"), object_name(catalog, "u.v")),
                };
                let order = match name.as_str() {
                    // Of a CHECK the columns stand in the order in which its expression names them.
                    "conkey" => format!("CASE x.contype WHEN 'c' THEN {value} END, u.n"),
                    _ => ordered(&value),
                };
                format!(
                    "(SELECT array_agg({value} ORDER BY {order})
                        FROM unnest({numbers}) WITH ORDINALITY u(v, n))::text"
                )
            }
            Some(reference) if reference.catalog == "pg_attribute" => {
                column_name(&reference.relation, &format!("x.{name}"))
            }
            Some(reference) => object_name(&reference.catalog, &format!("x.{name}::oid")),
            None if IN_NO_ORDER.contains(&name.as_str()) => {
                format!("(SELECT array_agg(v ORDER BY v) FROM unnest(x.{name}) v)::text")
            }
            None => format!("x.{name}::text"),
        }
    }
}

fn column_name(relation: &str, number: &str) -> String {
    format!(
        "(SELECT c.attname::text FROM pg_attribute c WHERE c.attrelid = x.{relation} AND c.attnum = {number})"
    )
}

/// The name of the object `number` of `catalog`, with its schema; quicker than `pg_identify_object` where there is a way.
fn object_name(catalog: &str, number: &str) -> String {
    let alias = match catalog {
        "pg_class" => "regclass",
        "pg_type" => "regtype",
        "pg_proc" => "regprocedure",
        "pg_operator" => "regoperator",
        "pg_namespace" => "regnamespace",
        "pg_authid" => "regrole",
        "pg_collation" => "regcollation",
        "pg_ts_config" => "regconfig",
        "pg_ts_dict" => "regdictionary",
        "pg_am" => return format!("(SELECT m.amname::text FROM pg_am m WHERE m.oid = {number})"),
        "pg_opclass" => {
            return format!(
                "(SELECT o.opcnamespace::regnamespace || '.' || o.opcname FROM pg_opclass o WHERE o.oid = {number})"
            );
        }
        other => {
            return format!("(pg_identify_object('{other}'::regclass, {number}, 0)).identity");
        }
    };
    format!("{number}::{alias}::text")
}

fn query(number: usize, look: &Look, columns: &[&Column]) -> String {
    let Look {
        catalog,
        class,
        object,
        part,
        filter,
        columns: _,
    } = look;
    let values: Vec<String> = columns.iter().map(|c| c.expression(catalog)).collect();
    format!(
        "SELECT {number}, '{class}'::regclass::oid::bigint, {object}::oid::bigint, {part}::int
              , array_to_json(ARRAY[{}]::text[])::text
           FROM {catalog} x
          WHERE {object}::oid = ANY ($1) AND {filter}",
        values.join("\n, ")
    )
}

/// The catalogs of a server that are neither looked at nor left out with a reason: none.
///
/// # Errors
/// What the server says.
pub fn unknown_catalogs(client: &mut Client) -> Result<Vec<String>, postgres::Error> {
    let described = Described::read(client)?;
    let known: HashSet<&str> = LOOKS
        .iter()
        .map(|look| look.catalog)
        .chain(CATALOGS_LEFT_OUT.iter().map(|(catalog, _)| *catalog))
        .collect();
    let catalogs = described.classes.into_keys();
    Ok(catalogs
        .filter(|catalog| !known.contains(catalog.as_str()))
        .collect())
}
