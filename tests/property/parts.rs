//! The tables, columns, constraints and indexes that edits make.

use super::model::*;
use super::pick::*;
use super::types::{Meaning, Type};

pub fn auto_of(pick: Pick) -> Option<Auto> {
    match pick % 4 {
        0 => None,
        1 => Some(Auto::Serial),
        2 => Some(Auto::Always),
        _ => Some(Auto::ByDefault),
    }
}

/// A table with a first column, and perhaps a primary key on it or partitions by it.
pub fn add(
    model: &mut Model,
    number: Number,
    schema: &'static str,
    name: String,
    (key, method, default): (Pick, Pick, bool),
    added: bool,
) {
    let (meaning, data_type, auto) = match key % 6 {
        0 => (Meaning::Number, Type::Int4, None),
        1 => (Meaning::Number, Type::Int4, Some(Auto::Serial)),
        2 => (Meaning::Number, Type::Int8, Some(Auto::Always)),
        3 => (Meaning::Number, Type::Int2, Some(Auto::ByDefault)),
        4 => (Meaning::Uuid, Type::Uuid, None),
        _ => (Meaning::Word, Type::Text, None),
    };
    let method = match method {
        9 | 10 if meaning == Meaning::Number => Some(Method::Range),
        11 if meaning == Meaning::Word => Some(Method::List),
        12 => Some(Method::Hash),
        _ => None,
    };
    let first = Column {
        auto,
        not_null: true,
        added,
        ..bare(model.number(), "id".to_owned(), meaning, data_type)
    };
    let by = first.number;
    let mut table = Table {
        number,
        schema,
        name,
        columns: vec![first],
        constraints: Vec::new(),
        indexes: Vec::new(),
        triggers: Vec::new(),
        partitioning: None,
        security: Security::Off,
        comment: None,
        was_part: None,
    };
    if key < 12 {
        let number = model.number();
        table.constraints.push(Constraint {
            number,
            name: None,
            rule: Rule::Primary(vec![by]),
        });
    }
    if let Some(method) = method {
        table.partitioning = Some(partitioned(model, by, method, default));
    }
    model.tables.push(table);
}

/// Partitions by the column, all of the seeded rows among them.
pub fn partitioned(model: &mut Model, by: Number, method: Method, default: bool) -> Partitioning {
    let places = match method {
        Method::Range => 3,
        Method::List | Method::Hash => 2,
    };
    let mut parts = Vec::new();
    let last = (default && method != Method::Hash) || method == Method::List;
    for place in (0..places).map(Some).chain(last.then_some(None)) {
        let number = model.number();
        let of = place.map_or("rest".to_owned(), |p| p.to_string());
        parts.push(Part {
            name: format!("p{number} {of}"),
            place,
        });
    }
    Partitioning {
        by,
        method,
        parts,
        gone: Vec::new(),
    }
}

/// A column that the server computes from `source`, with its meaning and type.
pub fn computed(model: &mut Model, name: String, source: &Column, variant: Pick) -> Column {
    let variant = usize::from(variant % 4);
    let (meaning, data_type) = match (variant, source.meaning) {
        (3, Meaning::Number) => (Meaning::Number, Type::Numeric),
        (3, Meaning::Word) => (Meaning::Word, Type::Text),
        _ => (Meaning::Truth, Type::Bool),
    };
    Column {
        generated: Some(Generated {
            source: source.number,
            variant,
        }),
        nulls: true,
        ..bare(model.number(), name, meaning, data_type)
    }
}

pub fn bare(number: Number, name: String, meaning: Meaning, data_type: Type) -> Column {
    Column {
        number,
        name,
        meaning,
        data_type,
        not_null: false,
        default: None,
        auto: None,
        nulls: false,
        backfill: None,
        added: false,
        tenfold: false,
        generated: None,
        comment: None,
    }
}

pub fn add_a_column(
    model: &mut Model,
    (number, old): (Number, Option<&Model>),
    (table, name): (Pick, Pick),
    meaning: Pick,
    data_type: Pick,
    (fill, required): (Pick, bool),
) -> Option<()> {
    let table = of_mut(&mut model.tables, table)?;
    let name = free_column(table, old, name);
    let meaning = match meaning {
        0..=3 => Meaning::Number,
        4..=6 => Meaning::Word,
        7 | 8 => Meaning::Label(0),
        9 => Meaning::Label(1),
        10 | 11 => Meaning::Time,
        12 => Meaning::Uuid,
        13 => Meaning::Truth,
        14 if data_type.is_multiple_of(2) => Meaning::Json,
        14 => Meaning::Point,
        _ => Meaning::List,
    };
    let data_type = *of(&meaning.types(), data_type)?;
    let sources: Vec<Number> = table
        .columns
        .iter()
        .filter(|c| !c.added)
        .map(|c| c.number)
        .collect();
    let mut column = Column {
        not_null: required,
        added: old.is_some(),
        nulls: old.is_none() && !required && fill % 2 == 0,
        ..bare(number, name, meaning, data_type)
    };
    match fill {
        4 | 5 => column.default = Some(Default::Constant(fill.into())),
        6 => column.default = Some(Default::Stable),
        7 | 8 => column.default = Some(Default::Volatile),
        9 if meaning == Meaning::Number && data_type.is_integer() => {
            column.auto = auto_of(fill);
            column.nulls = false;
        }
        10 if meaning == Meaning::Number && data_type.is_integer() => {
            column.auto = Some(Auto::Always);
            column.nulls = false;
        }
        11.. if data_type == Type::Text && meaning == Meaning::Word => {
            column.backfill = of(&sources, fill).map(|s| Backfill::From(*s));
        }
        _ => {}
    }
    table.columns.push(column);
    Some(())
}

/// The columns of a constraint or an index, and its name if it has one.
pub fn constraint_on(
    model: &Model,
    old: Option<&Model>,
    table: Pick,
    columns: [Pick; 2],
    named: Pick,
) -> Option<(Vec<Number>, Option<String>)> {
    let table = of(&model.tables, table)?;
    let mut numbers: Vec<Number> = columns
        .iter()
        .filter_map(|c| Some(of(&table.columns, *c)?.number))
        .collect();
    numbers.dedup();
    let name = (named < 10).then(|| relation(model, old, table.schema, OTHERS, named));
    Some((numbers, name))
}

/// A key in an earlier table, or in any by an edit, that the column can refer to.
pub fn foreign(
    model: &Model,
    table: Pick,
    columns: &[Number],
    to: Pick,
    (action, earlier): (Pick, bool),
) -> Option<Rule> {
    let at = usize::from(table).checked_rem(model.tables.len())?;
    let column = model.tables[at].column(*columns.first()?)?;
    let last = if earlier { at + 1 } else { model.tables.len() };
    let mut keys = Vec::new();
    for target in &model.tables[..last] {
        for constraint in &target.constraints {
            let (Rule::Primary(key)
            | Rule::Unique {
                columns: key,
                deferrable: false,
                ..
            }) = &constraint.rule
            else {
                continue;
            };
            if let [key] = key.as_slice()
                && *key != column.number
                && target.column(*key).is_some_and(|k| {
                    k.meaning == column.meaning && k.data_type.compares_with(column.data_type)
                })
            {
                keys.push((target.number, *key));
            }
        }
    }
    let (table, key) = *of(&keys, to)?;
    Some(Rule::Foreign {
        columns: vec![column.number],
        table,
        to: vec![key],
        action: action.into(),
    })
}

pub fn shape_of(pick: Pick, keys: &[Number], table: &Table) -> Shape {
    let plain = Shape::default();
    match pick % 9 {
        1 => Shape {
            unique: true,
            ..plain
        },
        2 => Shape {
            partial: Some(0),
            ..plain
        },
        3 => Shape {
            expression: true,
            ..plain
        },
        4 => {
            let other = table.columns.iter().find(|c| !keys.contains(&c.number));
            Shape {
                include: other.map(|c| c.number),
                ..plain
            }
        }
        5 => Shape {
            descending: true,
            ..plain
        },
        6 => Shape {
            hash: true,
            ..plain
        },
        7 => Shape {
            unique: true,
            partial: Some(1),
            ..plain
        },
        8 => Shape {
            partial: Some(2),
            expression: true,
            ..plain
        },
        _ => plain,
    }
}

pub fn trigger_on(
    table: &Table,
    (number, name): (Number, String),
    column: Pick,
    shape: Pick,
) -> Option<Trigger> {
    let columns: Vec<Number> = table
        .columns
        .iter()
        .filter(|c| c.generated.is_none())
        .map(|c| c.number)
        .collect();
    let other = of(&columns, column.wrapping_add(shape)).copied();
    Some(Trigger {
        number,
        name,
        body: *of(&columns, column)?,
        of: other.filter(|_| shape & 1 > 0),
        when: other.filter(|_| shape & 2 > 0),
        after: shape & 4 > 0,
    })
}
