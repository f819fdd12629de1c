//! Models as SQL: the files with their hints, the rows, and what becomes of the rows.

use super::model::*;
use super::types::{Conversion, Meaning, Type, literal};
use pgrehearse::pg::{Ident, Qualified};

pub fn ident(name: &str) -> String {
    Ident::new(name).to_string()
}

pub fn relation(table: &Table) -> String {
    Qualified::new(table.schema, table.name.as_str()).to_string()
}

fn list<'a>(table: &Table, columns: impl IntoIterator<Item = &'a Number>) -> String {
    let names = columns
        .into_iter()
        .filter_map(|c| Some(ident(&table.column(*c)?.name)));
    names.collect::<Vec<_>>().join(", ")
}

/// The value that the change gives rows without one, over the names before it.
fn backfill(model: &Model, was: &Table, column: &Column) -> Option<String> {
    let constant = || {
        column
            .meaning
            .constant(column.data_type, 0, &model.labels(column.meaning))
    };
    Some(match column.backfill? {
        Backfill::Constant => constant(),
        Backfill::From(source) => match was.column(source) {
            Some(source) => format!("coalesce({}::text, 'none')", ident(&source.name)),
            None => constant(),
        },
    })
}

/// The schema. With the model that it comes from, the hints are there, too.
pub fn schema(model: &Model, old: Option<&Model>) -> String {
    let mut sql = String::from("CREATE SCHEMA \"Sales Dept\";\n");
    for (number, of_enum) in model.enums.iter().enumerate() {
        let mut labels: Vec<String> = Vec::new();
        for label in &of_enum.labels {
            let was = old.and_then(|o| {
                let mut all = o.enums.iter().flat_map(|e| &e.labels);
                all.find(|l| l.number == label.number && l.text != label.text)
            });
            let hint =
                was.map(|w| format!("-- pgrehearse: renamed from {}\n    ", literal(&w.text)));
            labels.push(format!(
                "    {}{}",
                hint.unwrap_or_default(),
                literal(&label.text)
            ));
        }
        if of_enum.backwards {
            labels.reverse();
        }
        let name = Type::Enum(number).name();
        sql += &format!("CREATE TYPE {name} AS ENUM (\n{}\n);\n", labels.join(",\n"));
    }
    let checks = model.positive.iter().map(|check| {
        let condition = ["VALUE > 0", "VALUE < 100000", "VALUE <> -7"][*check];
        format!(" CONSTRAINT rule_{check} CHECK ({condition})")
    });
    sql += &format!(
        "CREATE DOMAIN positive AS integer{};\n",
        checks.collect::<String>()
    );
    sql += "CREATE DOMAIN \"Sales Dept\".named AS text CHECK (VALUE <> '');\n";
    for table in &model.tables {
        sql += &create_table(model, table, old);
    }
    for table in &model.tables {
        let was = old.and_then(|o| o.table(table.number));
        for constraint in table.constraints.iter().filter(|c| is_foreign(c)) {
            let (hint, text) = (
                renamed(constraint, was),
                constraint_text(model, table, constraint),
            );
            sql += &format!("{hint}ALTER TABLE {} ADD {text};\n", relation(table));
        }
        for index in &table.indexes {
            sql += &create_index(model, table, index, was);
        }
        for trigger in &table.triggers {
            sql += &create_trigger(table, trigger);
        }
        let security: &[&str] = match table.security {
            Security::Off => &[],
            Security::Enabled => &["ENABLE"],
            Security::Forced => &["ENABLE", "FORCE"],
        };
        for word in security {
            sql += &format!(
                "ALTER TABLE {} {word} ROW LEVEL SECURITY;\n",
                relation(table)
            );
        }
    }
    for view in &model.views {
        sql += &create_view(model, view);
    }
    for table in &model.tables {
        if let Some(text) = table.comment {
            sql += &format!("COMMENT ON TABLE {} IS 'table {text}';\n", relation(table));
        }
        for column in &table.columns {
            if let Some(text) = column.comment {
                let (table, column) = (relation(table), ident(&column.name));
                sql += &format!("COMMENT ON COLUMN {table}.{column} IS 'it''s {text}';\n");
            }
        }
    }
    sql
}

fn is_foreign(constraint: &Constraint) -> bool {
    matches!(constraint.rule, Rule::Foreign { .. })
}

fn hint_of_rename(old: &str) -> String {
    format!("-- pgrehearse: renamed from {}\n", ident(old))
}

fn renamed(constraint: &Constraint, was: Option<&Table>) -> String {
    let old = was.and_then(|t| t.constraints.iter().find(|c| c.number == constraint.number));
    match (old.and_then(|c| c.name.as_ref()), &constraint.name) {
        (Some(old), Some(new)) if old != new => hint_of_rename(old),
        _ => String::new(),
    }
}

fn create_table(model: &Model, table: &Table, old: Option<&Model>) -> String {
    let was = old.and_then(|o| o.table(table.number));
    let mut sql = String::new();
    if let Some(was) = was.filter(|w| w.name != table.name) {
        sql += &hint_of_rename(&was.name);
    }
    sql += &format!("CREATE TABLE {} (\n", relation(table));
    let mut lines: Vec<String> = Vec::new();
    for column in &table.columns {
        let mut hints: Vec<String> = Vec::new();
        let before = was.and_then(|t| t.column(column.number));
        if let Some(before) = before {
            if before.name != column.name {
                hints.push(hint_of_rename(&before.name));
            }
            let (name, was) = (ident(&before.name), before.data_type.name());
            let (now, is) = (ident(&column.name), column.data_type.name());
            hints.extend(match conversion_of(before, column) {
                Conversion::Assigned => None,
                Conversion::Cast => Some(format!(
                    "-- pgrehearse: convert using ({name}::{is}) reverse ({now}::{was})\n"
                )),
                Conversion::Tenfold => Some(format!(
                    "-- pgrehearse: convert using ({name} * 10) reverse ({now} / 10)\n"
                )),
            });
        }
        if let Some(value) = was.and_then(|was| backfill(model, was, column)) {
            hints.push(format!("-- pgrehearse: backfill ({value})\n"));
        }
        let hints: String = hints.iter().map(|h| format!("    {h}")).collect();
        lines.push(format!("{hints}    {}", column_text(model, table, column)));
    }
    for constraint in table.constraints.iter().filter(|c| !is_foreign(c)) {
        let hint = renamed(constraint, was);
        let hint = if hint.is_empty() {
            hint
        } else {
            format!("    {hint}")
        };
        lines.push(format!(
            "{hint}    {}",
            constraint_text(model, table, constraint)
        ));
    }
    sql += &lines.join(",\n");
    let Some(partitioning) = &table.partitioning else {
        return sql + "\n);\n";
    };
    let method = match partitioning.method {
        Method::Range => "RANGE",
        Method::List => "LIST",
        Method::Hash => "HASH",
    };
    sql += &format!(
        "\n) PARTITION BY {method} ({});\n",
        list(table, [&partitioning.by])
    );
    for part in &partitioning.parts {
        let bounds = match (partitioning.method, part.place) {
            (_, None) => "DEFAULT".to_owned(),
            (Method::Range, Some(place)) => {
                format!(
                    "FOR VALUES FROM ({}) TO ({})",
                    place * WIDTH,
                    (place + 1) * WIDTH
                )
            }
            (Method::List, Some(place)) => {
                format!("FOR VALUES IN ('w{}', 'w{}')", 2 * place + 1, 2 * place + 2)
            }
            (Method::Hash, Some(place)) => {
                format!("FOR VALUES WITH (MODULUS 2, REMAINDER {place})")
            }
        };
        let name = Qualified::new(table.schema, part.name.as_str());
        sql += &format!(
            "CREATE TABLE {name} PARTITION OF {} {bounds};\n",
            relation(table)
        );
    }
    sql
}

fn column_text(model: &Model, table: &Table, column: &Column) -> String {
    let labels = model.labels(column.meaning);
    let data_type = match (column.auto, column.data_type) {
        (Some(Auto::Serial), Type::Int2) => "smallserial",
        (Some(Auto::Serial), Type::Int8) => "bigserial",
        (Some(Auto::Serial), _) => "serial",
        (_, data_type) => data_type.name(),
    };
    let mut text = format!("{} {data_type}", ident(&column.name));
    if column.data_type == Type::TextC {
        text += " COLLATE \"C\"";
    }
    match column.auto {
        Some(Auto::Always) => text += " GENERATED ALWAYS AS IDENTITY",
        Some(Auto::ByDefault) => text += " GENERATED BY DEFAULT AS IDENTITY",
        _ => {}
    }
    if let Some(value) = computed(model, table, column) {
        text += &format!(" GENERATED ALWAYS AS ({value}) STORED");
    }
    if let Some(default) = column.default {
        let value = match default {
            Default::Constant(n) => column.meaning.constant(column.data_type, n, &labels),
            Default::Stable => column.meaning.stable(column.data_type, &labels),
            Default::Volatile => column.meaning.volatile(column.data_type, &labels),
        };
        text += &format!(" DEFAULT {value}");
    }
    if column.not_null && column.auto.is_none() && table.requires(column) {
        text += " NOT NULL";
    }
    text
}

/// The expression of a generated column.
fn computed(model: &Model, table: &Table, column: &Column) -> Option<String> {
    let generated = column.generated?;
    let source = table.column(generated.source)?;
    let name = ident(&source.name);
    Some(match (generated.variant, column.meaning) {
        (3, Meaning::Number) => format!("{name}::numeric + 1"),
        (3, Meaning::Word) => format!("upper({name}::text)"),
        (variant, _) => condition(model, source, variant),
    })
}

fn condition(model: &Model, column: &Column, variant: usize) -> String {
    let labels = model.labels(column.meaning);
    column
        .meaning
        .condition(&ident(&column.name), column.data_type, variant, &labels)
}

fn constraint_text(model: &Model, table: &Table, constraint: &Constraint) -> String {
    let name = constraint
        .name
        .as_ref()
        .map(|n| format!("CONSTRAINT {} ", ident(n)));
    let rule = match &constraint.rule {
        Rule::Primary(columns) => format!("PRIMARY KEY ({})", list(table, columns)),
        Rule::Unique {
            columns,
            deferrable,
            nulls_not_distinct,
        } => {
            let nulls = if *nulls_not_distinct {
                " NULLS NOT DISTINCT"
            } else {
                ""
            };
            let deferrable = if *deferrable { " DEFERRABLE" } else { "" };
            format!("UNIQUE{nulls} ({}){deferrable}", list(table, columns))
        }
        Rule::Check { column, variant } => {
            let text = table.column(*column).map(|c| condition(model, c, *variant));
            format!("CHECK ({})", text.unwrap_or_default())
        }
        Rule::Foreign {
            columns,
            table: target,
            to,
            action,
        } => {
            let action = [
                "",
                " ON DELETE CASCADE",
                " ON UPDATE CASCADE ON DELETE SET NULL",
                " DEFERRABLE INITIALLY DEFERRED",
            ][action % 4];
            let own = list(table, columns);
            let target = model
                .table(*target)
                .map(|t| format!("{} ({})", relation(t), list(t, to)));
            format!(
                "FOREIGN KEY ({own}) REFERENCES {}{action}",
                target.unwrap_or_default()
            )
        }
    };
    name.unwrap_or_default() + &rule
}

fn create_index(model: &Model, table: &Table, index: &Index, was: Option<&Table>) -> String {
    let old = was.and_then(|t| t.indexes.iter().find(|i| i.number == index.number));
    let mut sql = match (old.and_then(|i| i.name.as_ref()), &index.name) {
        (Some(old), Some(new)) if old != new => hint_of_rename(old),
        _ => String::new(),
    };
    let shape = &index.shape;
    let unique = if shape.unique { "UNIQUE " } else { "" };
    let name = index
        .name
        .as_ref()
        .map(|n| format!("{} ", ident(n)))
        .unwrap_or_default();
    let method = if shape.hash { "USING hash " } else { "" };
    let keys = index.keys.iter().enumerate().filter_map(|(at, key)| {
        let column = table.column(*key)?;
        let name = ident(&column.name);
        Some(match (shape.expression && at == 0, shape.descending) {
            (true, _) => format!("({})", column.meaning.expression(&name, column.data_type)),
            (false, true) => format!("{name} DESC"),
            (false, false) => name,
        })
    });
    let keys = keys.collect::<Vec<_>>().join(", ");
    sql += &format!(
        "CREATE {unique}INDEX {name}ON {} {method}({keys})",
        relation(table)
    );
    if let Some(column) = shape.include {
        sql += &format!(" INCLUDE ({})", list(table, [&column]));
    }
    if let (Some(variant), Some(column)) = (
        shape.partial,
        index.keys.first().and_then(|k| table.column(*k)),
    ) {
        sql += &format!(" WHERE {}", condition(model, column, variant));
    }
    sql + ";\n"
}

fn create_trigger(table: &Table, trigger: &Trigger) -> String {
    let name = |number: Number| table.column(number).map(|c| ident(&c.name));
    let function = ident(&format!("of trigger {}", trigger.number));
    let body = name(trigger.body).unwrap_or_default();
    let (time, body) = match trigger.after {
        true => ("AFTER", format!("PERFORM NEW.{body} IS NULL; RETURN NULL;")),
        false => ("BEFORE", format!("NEW.{body} := NEW.{body}; RETURN NEW;")),
    };
    let of = trigger.of.and_then(name).map(|c| format!(" OF {c}"));
    let when = trigger.when.and_then(name);
    let when = when.map(|c| format!(" WHEN (NEW.{c} IS NOT NULL)"));
    format!(
        "CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;\n\
         CREATE TRIGGER {} {time} INSERT OR UPDATE{} ON {} FOR EACH ROW{} EXECUTE FUNCTION {function}();\n",
        ident(&trigger.name),
        of.unwrap_or_default(),
        relation(table),
        when.unwrap_or_default()
    )
}

fn create_view(model: &Model, view: &View) -> String {
    let Some(table) = model.table(view.table) else {
        return String::new();
    };
    let columns = view.columns.iter().filter_map(|number| {
        let name = ident(&table.column(*number)?.name);
        Some(match view.aliased {
            true => format!("t.{name} AS c{number}"),
            false => format!("t.{name}"),
        })
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let name = Qualified::new(view.schema, view.name.as_str());
    let filter = view.filter.and_then(|c| table.column(c));
    let filter = filter.map(|c| format!(" WHERE {}", condition(model, c, 1)));
    format!(
        "CREATE VIEW {name} AS SELECT {columns} FROM {} t{};\n",
        relation(table),
        filter.unwrap_or_default()
    )
}

/// Rows that satisfy the old schema, and the new one after the change.
pub fn seed(model: &Model) -> String {
    let mut sql = String::new();
    for table in &model.tables {
        let mut values = Vec::new();
        let stored = || table.columns.iter().filter(|c| c.generated.is_none());
        for column in stored() {
            let value = column
                .meaning
                .value(column.data_type, &model.labels(column.meaning));
            let value = format!("({value})::{}", column.data_type.name());
            values.push(match column.nulls {
                true => format!("CASE WHEN i % 7 > 0 THEN {value} END"),
                false => value,
            });
        }
        let columns = list(table, stored().map(|c| &c.number));
        sql += &format!(
            "INSERT INTO {} ({columns}) OVERRIDING SYSTEM VALUE\n    SELECT {} FROM generate_series(1, {ROWS}) i;\n",
            relation(table),
            values.join(", ")
        );
        for column in table.columns.iter().filter(|c| c.auto.is_some()) {
            let (table, column) = (literal(&relation(table)), literal(&column.name));
            sql += &format!("SELECT setval(pg_get_serial_sequence({table}, {column}), 1000);\n");
        }
    }
    sql
}

fn rows_of(from: &str, values: &[String]) -> String {
    let values = match values.is_empty() {
        true => "'a row'".to_owned(),
        false => values.join(", "),
    };
    format!("SELECT jsonb_build_array({values})::text FROM {from} ORDER BY 1")
}

/// The table without the partitions that leave with the change.
fn rest_of(was: &Table, is: &Table) -> String {
    let gone = is.partitioning.iter().flat_map(|p| &p.gone);
    let gone: Vec<String> = gone
        .map(|g| {
            let name = Qualified::new(was.schema, g.part.as_str()).to_string();
            format!("{}::regclass", literal(&name))
        })
        .collect();
    match gone.is_empty() {
        true => relation(was),
        false => format!(
            "{} WHERE tableoid NOT IN ({})",
            relation(was),
            gone.join(", ")
        ),
    }
}

/// One table's rows as they are before and as they have to be afterwards; both queries give one text a row.
pub struct Rows {
    pub table: String,
    pub before: String,
    pub after: String,
}

/// The rows of the old schema, by its names; what `backfill` gives a column that is there stays there.
pub fn old_rows(old: &Model, new: &Model) -> Vec<Rows> {
    let each = old.tables.iter().map(|table| {
        let is = new.table(table.number);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        // What fills a column changes those that are computed from it.
        for column in table.columns.iter().filter(|c| c.generated.is_none()) {
            let name = ident(&column.name);
            let filled = is.and_then(|t| backfill(new, table, t.column(column.number)?));
            before.push(match filled {
                Some(value) => format!(
                    "coalesce({name}, ({value})::{})::text",
                    column.data_type.name()
                ),
                None => format!("{name}::text"),
            });
            after.push(format!("{name}::text"));
        }
        Rows {
            table: relation(table),
            before: rows_of(&relation(table), &before),
            after: rows_of(&relation(table), &after),
        }
    });
    each.collect()
}

/// The rows of the tables that stay, in the words of the new schema.
pub fn new_rows(old: &Model, new: &Model) -> Vec<Rows> {
    let each = new.tables.iter().filter_map(|table| {
        let (was, from) = match &table.was_part {
            Some(part) => {
                let was = old.table(part.of)?;
                let name = Qualified::new(was.schema, part.part.as_str());
                (was, name.to_string())
            }
            None => {
                let was = old.table(table.number)?;
                (was, rest_of(was, table))
            }
        };
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for column in &table.columns {
            if let Some(value) = expected(new, was, column) {
                before.push(relabelled(old, new, column, &value));
                after.push(format!("{}::text", ident(&column.name)));
            }
        }
        Some(Rows {
            table: relation(table),
            before: rows_of(&from, &before),
            after: rows_of(&relation(table), &after),
        })
    });
    each.collect()
}

/// A value as an expression over the old row; `None` where any will do.
fn expected(new: &Model, was: &Table, column: &Column) -> Option<String> {
    let computed = was
        .column(column.number)
        .is_some_and(|c| c.generated.is_some());
    if computed || column.generated.is_some() {
        return None;
    }
    let data_type = column.data_type.name();
    let filled = backfill(new, was, column).map(|v| format!("({v})::{data_type}"));
    let Some(before) = was.column(column.number) else {
        return match (filled, column.default, column.auto) {
            (Some(value), ..) => Some(value),
            (None, Some(Default::Constant(n)), None) => {
                let labels = new.labels(column.meaning);
                let value = column.meaning.constant(column.data_type, n, &labels);
                // The type may not be there yet.
                Some(match column.data_type {
                    Type::Enum(_) => format!("{value}::text"),
                    _ => format!("({value})::{data_type}"),
                })
            }
            (None, None, None) => Some("NULL".to_owned()),
            _ => None,
        };
    };
    let name = ident(&before.name);
    let converted = match conversion_of(before, column) {
        Conversion::Assigned | Conversion::Cast => format!("{name}::{data_type}"),
        Conversion::Tenfold => format!("({name} * 10)::{data_type}"),
    };
    Some(match filled {
        Some(value) => format!("coalesce({converted}, {value})"),
        None => converted,
    })
}

fn relabelled(old: &Model, new: &Model, column: &Column, value: &str) -> String {
    let Type::Enum(number) = column.data_type else {
        return format!("({value})::text");
    };
    let renamed = new.enums[number].labels.iter().filter_map(|label| {
        let was = old.enums[number]
            .labels
            .iter()
            .find(|l| l.number == label.number)?;
        (was.text != label.text)
            .then(|| format!("WHEN {} THEN {} ", literal(&was.text), literal(&label.text)))
    });
    let renamed: String = renamed.collect();
    match renamed.is_empty() {
        true => format!("({value})::text"),
        false => format!("CASE ({value})::text {renamed}ELSE ({value})::text END"),
    }
}

/// For each column with numbers of its own: whether the next one is behind all that are there, and
/// behind those it gave.
pub fn sequences(old: &Model, new: &Model) -> Vec<String> {
    let all = new.columns().filter(|(_, c)| c.auto.is_some());
    let each = all.map(|(table, column)| {
        let was = old.table(table.number).and_then(|t| t.column(column.number));
        let is_identity = |c: &Column| matches!(c.auto, Some(Auto::Always | Auto::ByDefault));
        let goes_on = was.is_some_and(|w| w.auto.is_some() && is_identity(w) == is_identity(column));
        // An identity that takes the place of a serial begins behind the values that are there.
        let least = if goes_on { 1000 } else { 0 };
        let (name, relation) = (ident(&column.name), relation(table));
        format!(
            "SELECT nextval(pg_get_serial_sequence({}, {})) > greatest({least}, (SELECT max({name}) FROM {relation}))",
            literal(&relation),
            literal(&column.name)
        )
    });
    each.collect()
}
