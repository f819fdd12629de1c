//! The condition under which a row is in the way.

use super::{DataCheck, IntegerType, Names, Pair, Reach, Violation, literals};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;

impl DataCheck {
    /// `None` where no condition tells it.
    pub(super) fn condition(&self, names: Names, version: ServerVersion) -> Option<Sql> {
        Some(match &self.violation {
            Violation::Null { column } => sql!("{} IS NULL", column),
            Violation::Orphan {
                referenced,
                referenced_only,
                pairs,
                match_full,
            } => self.orphan(referenced, *referenced_only, pairs, *match_full, names),
            // A CHECK lets NULL pass.
            Violation::Fails { condition, .. }
            | Violation::DomainFails { condition, .. }
            | Violation::PartitionBound {
                condition,
                in_default: false,
            } => sql!("({}) IS FALSE", Deparsed(condition)),
            Violation::PartitionBound {
                condition,
                in_default: true,
            } => sql!("({}) IS TRUE", Deparsed(condition)),
            Violation::TooLong { column, length } => sql!(
                "char_length(rtrim({}::text, ' ')) > {}",
                column,
                i64::from(*length)
            ),
            Violation::OutOfRange {
                column,
                data_type,
                fractions,
            } => {
                let (min, max) = bounds(*data_type);
                let (min, max) = (Word(min), Word(max));
                if *fractions {
                    // Rounded first, as the cast does; NaN is greater than every number.
                    sql!("round({}::numeric) NOT BETWEEN {} AND {}", column, min, max)
                } else {
                    sql!("({} < {} OR {} > {})", column, min, column, max)
                }
            }
            Violation::NumericRange {
                column,
                precision,
                scale,
            } => sql!(
                // NaN fits every numeric, infinity none that has a precision.
                "{}::numeric <> 'NaN' AND abs(round({}::numeric, {})) >= {}",
                column,
                column,
                *scale,
                Deparsed(&power_of_ten(i64::from(*precision) - i64::from(*scale)))
            ),
            Violation::NotCastable { column, data_type } => {
                not_castable(column, data_type, version)?
            }
            Violation::NotInEnum {
                column,
                labels,
                arrays: true,
            } => sql!(
                "EXISTS (SELECT FROM unnest({}::text[]) AS v (v) WHERE v <> ALL (ARRAY[{}]::text[]))",
                column,
                literals(labels)
            ),
            Violation::NotInEnum { column, labels, .. } if labels.is_empty() => {
                sql!("{} IS NOT NULL", column)
            }
            Violation::NotInEnum { column, labels, .. } => {
                sql!("{}::text NOT IN ({})", column, literals(labels))
            }
            Violation::Duplicate { .. } | Violation::Untested { .. } => return None,
        })
    }

    fn orphan(
        &self,
        referenced: &Qualified,
        only: bool,
        pairs: &[Pair],
        match_full: bool,
        names: Names,
    ) -> Sql {
        let own = self.alias();
        // In a foreign key of a table to itself both sides have the same name.
        let other = Ident::new(match own.raw() {
            "referenced" => "referenced_row",
            _ => "referenced",
        });
        let equal = pairs.iter().map(|pair| {
            let (a, b) = (
                sql!("{}.{}", other, pair.referenced),
                sql!("{}.{}", own, pair.column),
            );
            match &pair.operator {
                None => sql!("{} = {}", a, b),
                Some(schema) => sql!("{} OPERATOR({}.=) {}", a, schema, b),
            }
        });
        let lost = sql!(
            "NOT EXISTS (SELECT FROM {} WHERE {})",
            self.relation(referenced, only, names, Reach::Whole, &other),
            List::separated(" AND ", equal)
        );
        let null = |word: &'static str| -> Vec<Sql> {
            let each = |p: &Pair| sql!("{}.{} IS {}", own, p.column, Word(word));
            pairs.iter().map(each).collect()
        };
        if match_full && pairs.len() > 1 {
            sql!(
                "NOT ({}) AND ({} OR {})",
                List::separated(" AND ", null("NULL")),
                List::separated(" OR ", null("NULL")),
                lost
            )
        } else {
            sql!(
                "{} AND {}",
                List::separated(" AND ", null("NOT NULL")),
                lost
            )
        }
    }
}

/// The smallest and the largest value.
fn bounds(data_type: IntegerType) -> (&'static str, &'static str) {
    match data_type {
        IntegerType::Smallint => ("-32768", "32767"),
        IntegerType::Integer => ("-2147483648", "2147483647"),
        IntegerType::Bigint => ("-9223372036854775808", "9223372036854775807"),
    }
}

/// 10 to the power of `n`, as a numeric literal.
fn power_of_ten(n: i64) -> String {
    let digits = usize::try_from(n.unsigned_abs()).unwrap_or(0);
    match n {
        0.. => format!("1{}", "0".repeat(digits)),
        _ => format!("0.{}1", "0".repeat(digits.saturating_sub(1))),
    }
}

/// Text that the type's input function refuses.
///
/// From 16 the server is asked (`pg_input_is_valid`); before, only types whose grammar a regular
/// expression tells without doubt are tested, so that nothing valid is ever refused.
fn not_castable(column: &Ident, data_type: &str, version: ServerVersion) -> Option<Sql> {
    if version >= ServerVersion::from_major(16) {
        return Some(sql!(
            "NOT pg_input_is_valid({}::text, {})",
            column,
            Literal(data_type)
        ));
    }
    const NUMBER: &str = r"^\s*[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$|^\s*[-+]?(nan|inf|infinity)\s*$";
    let text = sql!("{}::text", column);
    if let Some(integer) = IntegerType::of(data_type) {
        let (min, max) = bounds(integer);
        // CASE, because AND does not promise an order.
        return Some(sql!(
            "CASE WHEN {} ~ {} THEN btrim({}, E' \\t\\n\\r\\f\\013')::numeric NOT BETWEEN {} AND {} ELSE {} IS NOT NULL END",
            text,
            Literal(r"^\s*[-+]?[0-9]+\s*$"),
            text,
            Word(min),
            Word(max),
            column
        ));
    }
    match data_type {
        "numeric" | "real" | "double precision" => Some(sql!("{} !~* {}", text, Literal(NUMBER))),
        "boolean" => Some(sql!(
            "{} !~* {}",
            text,
            Literal(r"^\s*(t|tr|tru|true|y|ye|yes|on|1|f|fa|fal|fals|false|n|no|of|off|0)\s*$")
        )),
        "uuid" => Some(sql!(
            "{} !~* {}",
            text,
            Literal(r"^(\{[0-9a-f]{4}(-?[0-9a-f]{4}){7}\}|[0-9a-f]{4}(-?[0-9a-f]{4}){7})$")
        )),
        // What json takes and jsonb does not: no character, and halves of one.
        "jsonb" => Some(sql!("{} ~* {}", text, Literal(NO_JSONB))),
        _ => None,
    }
}

/// `\u0000`, and a surrogate without its other half (manual, "JSON Types"), none of them escaped.
const NO_JSONB: &str = concat!(
    r"(?<!\\)(\\\\)*\\u(0000|d[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2}))",
    r"|(?<!\\ud[89ab][0-9a-f]{2})(?<!\\)(\\\\)*\\ud[c-f][0-9a-f]{2}"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_have_no_exponent() {
        assert_eq!(power_of_ten(3), "1000");
        assert_eq!(power_of_ten(0), "1");
        assert_eq!(power_of_ten(-2), "0.01");
    }
}
