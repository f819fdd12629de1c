//! The trigger that keeps an old and a new column alike while both are written.
//!
//! Its rules (RULES: "Two-way triggers"), each from a measurement: a BEFORE trigger sees defaults, so
//! the new column has none until the swap; an INSERT with a new value takes that; an UPDATE takes
//! the side that changed, the new one where both did; it has no column list, because a filler with
//! `UPDATE OF x` misses an UPDATE of another column; its name sorts behind every other one, because
//! a trigger after it would change one side alone.

use super::super::Context;
use crate::diff::replacement::Expression;
use crate::diff::{Conversion, Replacement};
use crate::kinds::{Column, Hazard, HazardKind, Object, ObjectId};
use crate::pg::sql::{Body, Deparsed, List, Word};
use crate::pg::{Ident, Qualified, Sql, session};
use crate::sql;

/// One column with its two names and types.
pub(super) struct Pair<'a> {
    pub replacement: &'a Replacement,
    pub old: &'a Column,
    pub new: &'a Column,
}

/// Whether two values are stored alike; works for types without `=`, too.
fn differ(a: &Sql, b: &Sql) -> Sql {
    // With the casts, because ROW(a) op ROW(b) is written out as a op b.
    sql!(
        "ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record",
        a,
        b
    )
}

fn field(record: &'static str, name: &Ident) -> Sql {
    sql!("{}.{}", Word(record), name)
}

impl<'a> Pair<'a> {
    pub fn of(replacement: &'a Replacement, context: &Context<'a>) -> Option<Self> {
        match (
            context.live.get(&replacement.old),
            context.desired.get(&replacement.column),
        ) {
            (Some(Object::Column(old)), Some(Object::Column(new))) => Some(Self {
                replacement,
                old,
                new,
            }),
            _ => None,
        }
    }

    /// The new value from the old one, over a row with the names before the swap.
    pub fn new_value(&self) -> Sql {
        let replacement = self.replacement;
        value(&replacement.using, &self.old.name, &replacement.new_type)
    }

    /// Rows whose new value is not that of the old one.
    pub fn pending(&self) -> Sql {
        let new = sql!("{}", self.replacement.temporary);
        differ(&new, &self.cast(&self.new_value()))
    }

    /// Whether the values, there or back, hang on settings of the session.
    fn hangs_on_settings(&self) -> bool {
        let replacement = self.replacement;
        let said = [
            &replacement.using,
            &replacement.reverse,
            &replacement.reverse_after,
        ];
        self.new.hangs_on_settings(self.old)
            || said.iter().any(|by| matches!(by, Conversion::By(_)))
    }

    /// As long as the new column is written to the old one as well, it takes no other values.
    pub fn narrower(&self) -> Option<Hazard> {
        let text = || {
            format!(
                "until the old column is dropped, {} rejects values of {} that are no {}",
                self.new.table_name(),
                self.new.name,
                self.old.data_type
            )
        };
        let narrow = self.replacement.partial_back;
        narrow.then(|| Hazard::declared(HazardKind::RejectsWrites, text()))
    }

    /// An INSERT through a new name, while the old one has a default.
    pub fn null_is_default(&self) -> Option<Hazard> {
        let default = self.old.default().filter(|_| self.new.not_null.is_none())?;
        let name = &self.new.name;
        let text = format!(
            "until the old column is dropped, an INSERT that says NULL for {name} of {} gets {default}: a trigger \
             cannot tell it from one that leaves {name} out",
            self.new.table_name()
        );
        Some(Hazard::declared(HazardKind::BreaksQueries, text))
    }

    /// With the type of the new column: what is stored.
    fn cast(&self, value: &Sql) -> Sql {
        sql!("({})::{}", value, Deparsed(&self.replacement.new_type))
    }

    /// From the old value in NEW.
    fn forth(&self, from: &Ident) -> Sql {
        let from = (&self.old.name, from);
        in_row(&self.replacement.using, from, &self.replacement.new_type)
    }

    /// From the new value in NEW, before the swap.
    fn back(&self) -> Sql {
        let from = (&self.new.name, &self.replacement.temporary);
        in_row(&self.replacement.reverse, from, &self.old.data_type)
    }

    /// From the new value in NEW, after the swap.
    fn back_after(&self) -> Sql {
        let replacement = self.replacement;
        let from = (&self.new.name, &self.new.name);
        in_row(&replacement.reverse_after, from, &replacement.retired_type)
    }

    /// Before the swap: both applications may write. `old` is what the old column is called.
    pub fn both_ways(&self, old: &Ident) -> Sql {
        let new = &self.replacement.temporary;
        let (new_now, old_now) = (field("NEW", new), field("NEW", old));
        let (forth, back) = (self.forth(old), self.back());
        sql!(
            "    IF TG_OP = 'INSERT' THEN
        IF {} IS NOT NULL THEN
            {} := {};
        ELSE
            {} := {};
        END IF;
    ELSIF {} THEN
        IF {} THEN
            {} := {};
        END IF;
    ELSIF {} IS NULL OR {} THEN
        {} := {};
    END IF;",
            new_now,
            old_now,
            back,
            new_now,
            forth,
            differ(&new_now, &field("OLD", new)),
            differ(&new_now, &self.cast(&forth)),
            old_now,
            back,
            new_now,
            self.reads_other(&self.replacement.using, (&self.old.name, old)),
            new_now,
            forth
        )
    }

    /// Whether an UPDATE changes what the value is made of: the column `names.0`, which is called `names.1`, and whatever
    /// else an expression reads.
    fn reads_other(&self, conversion: &Conversion, names: (&Ident, &Ident)) -> Sql {
        let mut columns = vec![names.1];
        if let Conversion::By(expression) = conversion {
            columns.extend(expression.columns.iter().filter(|c| *c != names.0));
        }
        let [now, before] = ["NEW", "OLD"].map(|record| {
            let fields = columns.iter().map(|column| field(record, column));
            sql!("{}", List::comma(fields))
        });
        differ(&now, &before)
    }

    /// After the swap: the old column, under its retired name, follows the new one.
    pub fn backwards(&self) -> Sql {
        let (new, old) = (&self.new.name, &self.replacement.retired);
        sql!(
            "    IF TG_OP = 'INSERT' OR {} THEN
        {} := {};
    END IF;",
            self.reads_other(&self.replacement.reverse_after, (new, new)),
            field("NEW", old),
            self.back_after()
        )
    }
}

/// The value over a row whose column is called `from`.
fn value(conversion: &Conversion, from: &Ident, data_type: &str) -> Sql {
    match conversion {
        Conversion::Assignment => sql!("{}", from),
        Conversion::Cast => sql!("{}::{}", from, Deparsed(data_type)),
        Conversion::Text => sql!(
            "{}::text{}::{}",
            from,
            array(data_type),
            Deparsed(data_type)
        ),
        Conversion::By(expression) => sql!("{}", Deparsed(&expression.text)),
    }
}

/// An array goes by an array of texts.
fn array(data_type: &str) -> Word {
    Word(if data_type.ends_with("[]") { "[]" } else { "" })
}

/// The value over NEW, where the column that the expression calls `names.0` is called `names.1`.
fn in_row(conversion: &Conversion, names: (&Ident, &Ident), data_type: &str) -> Sql {
    let now = field("NEW", names.1);
    match conversion {
        Conversion::Assignment => now,
        Conversion::Cast => sql!("{}::{}", now, Deparsed(data_type)),
        Conversion::Text => sql!("{}::text{}::{}", now, array(data_type), Deparsed(data_type)),
        Conversion::By(expression) => {
            over_new(
                expression,
                |column| {
                    if column == names.0 { names.1 } else { column }
                },
            )
        }
    }
}

/// The expression over NEW, where a column is called what `now` says.
pub fn over_new<'a>(expression: &'a Expression, now: impl Fn(&'a Ident) -> &'a Ident) -> Sql {
    let columns = expression
        .columns
        .iter()
        .map(|column| sql!("{} AS {}", field("NEW", now(column)), column));
    let columns: Vec<Sql> = columns.collect();
    if columns.is_empty() {
        return sql!("({})", Deparsed(&expression.text));
    }
    sql!(
        "(SELECT {} FROM (SELECT {}) AS \"row\")",
        Deparsed(&expression.text),
        List::comma(columns)
    )
}

/// A trigger of the user on `table` that fires after ours.
pub fn behind(table: &ObjectId, trigger: &Ident, context: &Context<'_>) -> Option<ObjectId> {
    context.live.objects.values().find_map(|o| match o {
        Object::Trigger(t)
            if o.parent().as_ref() == Some(table) && t.name.raw() > trigger.raw() =>
        {
            Some(o.id())
        }
        _ => None,
    })
}

/// `CREATE OR REPLACE FUNCTION` of the trigger that keeps `pairs` alike, with `blocks` as its body.
pub(super) fn function_of(name: &Qualified, pairs: &[&Pair<'_>], blocks: &[Sql]) -> Sql {
    let settings = pairs.iter().any(|pair| pair.hangs_on_settings());
    function(name, blocks, settings)
}

/// `CREATE OR REPLACE FUNCTION` of the trigger with `blocks` as its body; `settings`: they hang on those of the session,
/// and a backfill has others than an application.
pub fn function(name: &Qualified, blocks: &[Sql], settings: bool) -> Sql {
    let settings = match settings {
        true => session::conversions_as_here(),
        false => sql!(""),
    };
    let body = sql!(
        "\nBEGIN\n{}\n    RETURN NEW;\nEND;\n",
        List::separated("\n", blocks)
    );
    sql!(
        "CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql{} AS {}",
        name,
        settings,
        Body(&body)
    )
}
