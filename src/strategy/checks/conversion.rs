//! Values that a column's new type does not take.

use super::super::Context;
use super::{check, column_id, columns_of_type, has_columns};
use crate::kinds::{Column, Enum, Object, ObjectId};
use crate::pg::ServerVersion;
use crate::plan::DataCheck;
use crate::plan::data_check::{IntegerType, Violation};
use std::collections::BTreeMap;

/// Values that an enum loses while rows hold them.
pub fn removed_labels(old: &Enum, new: &Enum, context: &Context<'_>) -> Vec<DataCheck> {
    if old.values.iter().all(|v| new.values.contains(v)) {
        return Vec::new();
    }
    let name = new.qualified().to_string();
    let columns = columns_of_type(&name, context);
    let mut checks: Vec<DataCheck> = columns
        .map(|column| not_in_enum(column, &name, &new.values, context))
        .collect();
    checks.extend(
        columns_of_type(&format!("{name}[]"), context)
            .map(|column| array_not_in_enum(column, &name, &new.values, context)),
    );
    checks
}

fn array_not_in_enum(
    column: &Column,
    name: &str,
    labels: &[String],
    context: &Context<'_>,
) -> DataCheck {
    let table = column.table_name();
    let what = format!(
        "arrays in {table}.{} with values that {name} lacks",
        column.name
    );
    let violation = Violation::NotInEnum {
        column: column.name.clone(),
        labels: labels.to_vec(),
        arrays: true,
    };
    check(what, table, violation, context)
}

fn not_in_enum(column: &Column, name: &str, labels: &[String], context: &Context<'_>) -> DataCheck {
    let table = column.table_name();
    let what = format!("values of {table}.{} that {name} lacks", column.name);
    let violation = Violation::NotInEnum {
        column: column.name.clone(),
        labels: labels.to_vec(),
        arrays: false,
    };
    check(what, table, violation, context)
}

/// What a `convert` hint says of the values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    None,
    /// The plain cast, which fails where the type does not take a value.
    Cast,
    /// What it fails on is not ours to know.
    Expression,
}

pub(super) fn hint(old: &Column, new: &Column, context: &Context<'_>) -> Hint {
    let id = column_id(&new.table_name(), &new.name);
    let Some(hint) = context.conversions.get(&id) else {
        return Hint::None;
    };
    let bare = |text: &str| text.replace(['(', ')', ' ', '\n'], "");
    let names = [&new.data_type as &str].into_iter().chain(
        SHORT
            .iter()
            .filter(|(_, long)| *long == new.data_type)
            .map(|(short, _)| *short),
    );
    let casts = names.map(|name| bare(&format!("{}::{name}", old.name)));
    match casts.into_iter().any(|cast| cast == bare(&hint.using)) {
        true => Hint::Cast,
        false => Hint::Expression,
    }
}

/// Whether what is said of `new` values cannot be asked of the `old` ones.
pub(super) fn makes_others(old: &Column, new: &Column, context: &Context<'_>) -> bool {
    let (from, to) = (Type::of(&old.data_type).base, Type::of(&new.data_type).base);
    let text = |t: &str| ["text", "character varying", "character"].contains(&t);
    let alike = from == to || is_number(from) && is_number(to) || text(from) && text(to);
    !alike || hint(old, new, context) == Hint::Expression
}

/// Other spellings of types (manual, "Data Types").
const SHORT: &[(&str, &str)] = &[
    ("int2", "smallint"),
    ("int", "integer"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("bool", "boolean"),
    ("timestamptz", "timestamp with time zone"),
    ("timestamp", "timestamp without time zone"),
];

/// Values of `old` that have no counterpart in the type of `new`.
pub fn conversion(old: &Column, new: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let table = old.table_name();
    let hint = hint(old, new, context);
    if let (Some(before), Some(after)) = (element(old), element(new)) {
        return arrays(old, (&before, &after), hint, context);
    }
    // The new column's type has the old one's name when an enum is made anew.
    let enums = (
        named_enum(&context.live.objects, &old.data_type),
        named_enum(&context.desired.objects, &new.data_type),
    );
    if let (Some(before), Some(after)) = enums
        && before.values.iter().all(|v| after.values.contains(v))
    {
        return Vec::new();
    }
    if (old.data_type == new.data_type && enums.1.is_none())
        || hint == Hint::Expression
        || !has_columns(context, &table, [&old.name])
    {
        return Vec::new();
    }
    let mut refused = super::domains(old, new, context);
    let of = |what: String, violation: Violation| {
        vec![check(
            format!("values of {table}.{} {what}", old.name),
            table.clone(),
            violation,
            context,
        )]
    };
    let column = old.name.clone();
    let base = |c: &'_ Column| c.base_type.clone().unwrap_or_else(|| c.data_type.clone());
    let (old_type, new_type) = (base(old), base(new));
    let (from, to) = (Type::of(&old_type), Type::of(&new_type));
    if let Some(target) = enums.1 {
        return vec![not_in_enum(old, &new.data_type, &target.values, context)];
    }
    let own = match (from.base, to.base) {
        // An explicit cast cuts what is too long.
        (_, "character varying" | "character") if hint == Hint::Cast => Vec::new(),
        (_, "character varying" | "character") => match to.length() {
            Some(length) if from.longest().is_none_or(|longest| longest > length) => of(
                format!("longer than {length}"),
                Violation::TooLong { column, length },
            ),
            _ => Vec::new(),
        },
        (a, b) if a == b && b != "numeric" => Vec::new(),
        (a, "numeric") if is_number(a) => {
            let Some((precision, scale)) = to.numeric() else {
                return Vec::new();
            };
            let digits = i64::from(precision) - i64::from(scale);
            match from.digits() {
                Some((before, after)) if before <= digits && after <= i64::from(scale) => {
                    Vec::new()
                }
                // Rounding may carry into one digit more.
                Some((before, _)) if before < digits => Vec::new(),
                _ => of(
                    format!("that do not fit {}", new.data_type),
                    Violation::NumericRange {
                        column,
                        precision,
                        scale,
                    },
                ),
            }
        }
        ("numeric" | "double precision", "real") | ("numeric", "double precision") => of(
            format!("outside of {}", to.base),
            match context.version >= ServerVersion::V16 {
                true => Violation::NotCastable {
                    column,
                    data_type: new_type.clone(),
                },
                false => untested("a number", &new_type, context),
            },
        ),
        ("json", "jsonb") => of(
            "that are no jsonb".to_owned(),
            Violation::NotCastable {
                column,
                data_type: new_type.clone(),
            },
        ),
        (a, b) if is_number(a) => match (IntegerType::of(a), IntegerType::of(b)) {
            (Some(a), Some(b)) if a.digits() <= b.digits() => Vec::new(),
            (source, Some(data_type)) => of(
                format!("outside of {}", b),
                Violation::OutOfRange {
                    column,
                    data_type,
                    fractions: source.is_none(),
                },
            ),
            _ => Vec::new(),
        },
        ("text" | "character varying" | "character", "text") => Vec::new(),
        ("text" | "character varying" | "character", b) => {
            let what = format!("that are no {b}");
            let testable = context.version >= ServerVersion::V16
                || IntegerType::of(&new.data_type).is_some()
                || ["numeric", "real", "double precision", "boolean", "uuid"]
                    .contains(&new.data_type.as_str());
            let builtin = !new.data_type.contains(['.', '[']);
            match (builtin, testable) {
                (true, true) => of(
                    what,
                    Violation::NotCastable {
                        column,
                        data_type: new.data_type.clone(),
                    },
                ),
                _ => of(what, untested("text", &new.data_type, context)),
            }
        }
        _ => Vec::new(),
    };
    refused.extend(own);
    refused
}

fn untested(what: &str, data_type: &str, context: &Context<'_>) -> Violation {
    Violation::Untested {
        why: format!(
            "no query of PostgreSQL {} tells whether {what} is {data_type}",
            context.version
        ),
    }
}

/// The same of arrays, by columns of the types of their elements.
fn arrays(
    old: &Column,
    (before, after): (&Column, &Column),
    hint: Hint,
    context: &Context<'_>,
) -> Vec<DataCheck> {
    let table = old.table_name();
    if hint == Hint::Expression || !has_columns(context, &table, [&old.name]) {
        return Vec::new();
    }
    let mut checks = conversion(before, after, context);
    // What is asked of single values can be asked of their arrays for enums alone.
    for found in &mut checks {
        let violation = match &found.violation {
            Violation::NotInEnum { labels, .. } => {
                *found = array_not_in_enum(old, &after.data_type, labels, context);
                continue;
            }
            _ => Violation::Untested {
                why: "the values inside of arrays are not looked at".to_owned(),
            },
        };
        let what = format!(
            "arrays in {table}.{} with values that are no {}",
            old.name, after.data_type
        );
        *found = check(what, table.clone(), violation, context);
    }
    checks
}

/// A column of the type of the elements of an array.
fn element(column: &Column) -> Option<Column> {
    let data_type = column.data_type.strip_suffix("[]")?.to_owned();
    Some(Column {
        data_type,
        base_type: None,
        ..column.clone()
    })
}

impl IntegerType {
    fn digits(self) -> i64 {
        match self {
            Self::Smallint => 5,
            Self::Integer => 10,
            Self::Bigint => 19,
        }
    }
}

fn is_number(base: &str) -> bool {
    IntegerType::of(base).is_some() || ["numeric", "real", "double precision"].contains(&base)
}

/// A type as the server writes it, `numeric(10,2)`, in parts.
struct Type<'t> {
    base: &'t str,
    modifiers: Vec<i32>,
}

impl<'t> Type<'t> {
    fn of(text: &'t str) -> Self {
        let (base, rest) = text.split_once('(').unwrap_or((text, ""));
        let numbers = rest.split(')').next().unwrap_or_default();
        let array = text.ends_with(']');
        Self {
            base: if array { text } else { base.trim() },
            modifiers: numbers
                .split(',')
                .filter_map(|n| n.trim().parse().ok())
                .collect(),
        }
    }

    fn length(&self) -> Option<u32> {
        self.modifiers.first().and_then(|n| u32::try_from(*n).ok())
    }

    /// The most characters that a value's text has.
    fn longest(&self) -> Option<u32> {
        match self.base {
            "character varying" | "character" => self.length(),
            "boolean" => Some(5),
            "uuid" => Some(36),
            base => IntegerType::of(base).and_then(|t| u32::try_from(t.digits() + 1).ok()),
        }
    }

    fn numeric(&self) -> Option<(u32, i32)> {
        let precision = self.length()?;
        Some((precision, self.modifiers.get(1).copied().unwrap_or(0)))
    }

    /// Digits before and after the point that a value may have.
    fn digits(&self) -> Option<(i64, i64)> {
        if let Some(integer) = IntegerType::of(self.base) {
            return Some((integer.digits(), 0));
        }
        let (precision, scale) = self.numeric().filter(|_| self.base == "numeric")?;
        Some((i64::from(precision) - i64::from(scale), i64::from(scale)))
    }
}

fn named_enum<'a>(objects: &'a BTreeMap<ObjectId, Object>, data_type: &str) -> Option<&'a Enum> {
    objects.values().find_map(|object| match object {
        Object::Enum(e) if e.qualified().to_string() == data_type => Some(e),
        _ => None,
    })
}
