//! Rows on which something that is computed from them fails: the expressions of indexes and generated columns, the value of
//! a hint; and rows that a backfill may not write.

use super::super::Context;
use super::{check, condition_of, constraint, has_columns, null};
use crate::diff::replacement::Expression;
use crate::kinds::{Column, Constraint, ConstraintType, Index, Kind, KindTag, Object, ObjectId};
use crate::pg::Qualified;
use crate::plan::data_check::Violation;
use crate::plan::{Action, DataCheck, Step};

/// Rows that the expressions and the condition of a new index cannot be computed for.
pub fn index(new: &Index, context: &Context<'_>) -> Vec<DataCheck> {
    let mut computed = new.expressions.iter().chain(&new.predicate);
    if new.attached_to.is_some() || !computed.any(|e| may_fail(e)) {
        return Vec::new();
    }
    let table = new.table_name();
    if !are_as_before(&new.id(), &table, context) {
        return Vec::new();
    }
    let tried: Vec<String> = new.expressions.iter().map(|e| tried(e)).collect();
    let tried = match tried.is_empty() {
        true => "true".to_owned(),
        false => tried.join(" AND "),
    };
    let condition = match &new.predicate {
        Some(predicate) => format!("CASE WHEN {predicate} THEN {tried} ELSE true END"),
        None => tried,
    };
    let what = format!("rows of {table} that {} cannot be computed for", new.name);
    vec![fails(what, table, condition, context)]
}

/// Rows that a new generated column cannot be computed for.
pub fn generated(new: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let (Some(_), Some(expression)) = (&new.generated, &new.expression) else {
        return Vec::new();
    };
    let table = new.table_name();
    if !new.inherited_from.is_empty() || !are_as_before(&new.id(), &table, context) {
        return Vec::new();
    }
    let value = format!("({expression})::{}", new.data_type);
    let what = format!("rows of {table} that {} cannot be computed for", new.name);
    vec![fails(what, table, tried(&value), context)]
}

/// Rows for which the expression of a hint gives NULL where that is refused.
pub fn filled(new: &Column, value: &Expression, context: &Context<'_>) -> Vec<DataCheck> {
    let table = new.table_name();
    let required = new.not_null.as_ref().is_some_and(|n| n.validated);
    if !required || !has_columns(context, &table, []) {
        return Vec::new();
    }
    let what = format!(
        "rows of {table} for which the hint of {} gives NULL",
        new.name
    );
    let condition = format!("(({}) IS NOT NULL)", value.text);
    // The rows that have a value keep it.
    let condition = match context.live.objects.contains_key(&new.id()) {
        true => format!("({} IS NOT NULL OR {condition})", new.name),
        false => condition,
    };
    vec![fails(what, table, condition, context)]
}

/// Rows that break what stands NOT VALID: every write of a row is judged by it, a backfill's as well.
pub fn of_fills(steps: &mut [Step], context: &Context<'_>) {
    for step in steps {
        let Action::Backfill { backfill, .. } = step.action() else {
            continue;
        };
        if !backfill.writes_its_table() {
            continue;
        }
        let table = backfill.table.clone();
        let objects = context.live.objects.values();
        let checks = objects.flat_map(|object| match object {
            Object::Constraint(c)
                if c.constraint_type == ConstraintType::Check
                    && c.table_name() == table
                    && !c.validated
                    && c.enforced
                    && condition_of(&c.definition).is_some() =>
            {
                constraint(c, context)
            }
            Object::Column(c)
                if c.table_name() == table && c.not_null.as_ref().is_some_and(|n| !n.validated) =>
            {
                null(c, context)
            }
            _ => Vec::new(),
        });
        let checks: Vec<DataCheck> = checks.filter(|c| !step.checks.contains(c)).collect();
        step.checks.extend(checks);
    }
}

/// Keys whose values may become the same in the new type of a column.
pub fn merged(old: &Column, new: &Column, context: &Context<'_>) -> Vec<DataCheck> {
    let own = super::conversion::hint(old, new, context) == super::conversion::Hint::Expression;
    // One of the files' own tells its values apart.
    let of_files = super::object_of_type(&new.data_type, context).is_some();
    if own || of_files || keeps_apart(&old.data_type, &new.data_type) {
        return Vec::new();
    }
    let table = new.table_name();
    let key = |unique: bool, columns: &[crate::pg::Ident], id: ObjectId| {
        let concerned = unique && columns.contains(&new.name);
        concerned && context.live.objects.contains_key(&id)
    };
    let mut checks = Vec::new();
    for object in context.desired.objects.values() {
        let (columns, predicate) = match object {
            Object::Constraint(c)
                if c.table_name() == table
                    && !c.definition.contains(" WITHOUT OVERLAPS")
                    && key(is_key(c), &c.columns, c.id()) =>
            {
                (&c.columns, None)
            }
            Object::Index(i)
                if i.table_name() == table
                    && i.expressions.is_empty()
                    && key(i.unique && i.attached_to.is_none(), &i.columns, i.id()) =>
            {
                (&i.columns, i.predicate.clone())
            }
            _ => continue,
        };
        if !has_columns(context, &table, columns) {
            continue;
        }
        let (same, cast): (Vec<_>, Vec<_>) = columns.iter().cloned().partition(|c| *c != new.name);
        let cast = cast.iter().map(|c| format!("({c})::{}", new.data_type));
        let violation = Violation::Duplicate {
            columns: same,
            expressions: cast.collect(),
            nulls_not_distinct: false,
            predicate,
        };
        let name = object.id().path.last().cloned().unwrap_or_default();
        let what = format!(
            "duplicates under {name} of {table} once its column is {}",
            new.data_type
        );
        checks.push(check(what, table.clone(), violation, context));
    }
    checks
}

fn is_key(constraint: &Constraint) -> bool {
    matches!(
        constraint.constraint_type,
        ConstraintType::PrimaryKey | ConstraintType::Unique
    )
}

/// Whether values that differ in `old` differ in `new`, too, as far as the names of the types tell: not where numbers and
/// times lose digits, nor for a type of an extension, which may compare otherwise (citext).
fn keeps_apart(old: &str, new: &str) -> bool {
    const WHOLE: [&str; 3] = ["smallint", "integer", "bigint"];
    let plain = |t: &str| t.split('(').next().unwrap_or(t).trim().to_owned();
    let rounds = ["numeric", "real", "double precision", "interval"].contains(&&*plain(new))
        || WHOLE.contains(&new)
        || new.starts_with("time")
        || new == "date";
    let less = rounds
        && !WHOLE.contains(&old)
        && plain(new) != "double precision"
        && new != "numeric"
        && !is_text(old)
        && !(old == "date" && plain(new) != "time without time zone")
        && !(plain(old) == plain(new) && new == plain(new))
        && !(plain(old) == "timestamp without time zone" && new == "timestamp with time zone");
    !(less || is_text(old) && new.contains('.'))
}

fn is_text(data_type: &str) -> bool {
    ["text", "character varying", "character"]
        .iter()
        .any(|t| data_type.starts_with(t))
}

/// Whether some row may make `expression`, as the server writes it, fail: a cast, arithmetic, a function of which we do not
/// know that it takes everything.
fn may_fail(expression: &str) -> bool {
    const SAFE: [&str; 11] = [
        "lower",
        "upper",
        "btrim",
        "ltrim",
        "rtrim",
        "length",
        "md5",
        "date_trunc",
        "to_tsvector",
        "COALESCE",
        "NULLIF",
    ];
    // That of a literal is done once, and fails or not whatever the rows are.
    let casts = expression.match_indices("::").filter_map(|(at, _)| {
        let literal = expression[..at].ends_with('\'');
        (!literal).then(|| &expression[at + 2..])
    });
    let to_text = |cast: &str| {
        ["text", "character varying", "name", "tsvector", "regconfig"]
            .iter()
            .any(|t| cast.starts_with(t))
    };
    let mut calls = expression.match_indices('(').filter_map(|(at, _)| {
        let before = &expression[..at];
        let name = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
        let word = &before[before.trim_end_matches(name).len()..];
        (!word.is_empty()).then_some(word)
    });
    casts.into_iter().any(|cast| !to_text(cast))
        || [" / ", " % ", " * ", " + ", " - ", " ^ "]
            .iter()
            .any(|o| expression.contains(o))
        || calls.any(|word| !SAFE.contains(&word))
}

/// True, if it can be computed at all.
fn tried(expression: &str) -> String {
    format!("(pg_catalog.num_nulls({expression}) >= 0)")
}

fn fails(what: String, table: Qualified, condition: String, context: &Context<'_>) -> DataCheck {
    let violation = Violation::Fails {
        condition,
        columns: Vec::new(),
    };
    check(what, table, violation, context)
}

/// Whether the columns that `id` needs are there today with the types that it means.
fn are_as_before(id: &ObjectId, table: &Qualified, context: &Context<'_>) -> bool {
    let needs = context.desired.requires(id);
    let mut columns = needs.filter(|need| need.kind == KindTag::Column && *need != id);
    has_columns(context, table, [])
        && columns.all(
            |need| match (context.live.get(need), context.desired.get(need)) {
                (Some(Object::Column(a)), Some(Object::Column(b))) => {
                    a.data_type == b.data_type && a.generated.is_none() && b.generated.is_none()
                }
                _ => false,
            },
        )
}
