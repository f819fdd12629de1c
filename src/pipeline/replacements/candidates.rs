//! The columns whose type changes, and those that are renamed beside their old name.

use super::super::{Workshop, partitioned_keys, renewals};
use super::{Asked, has_heirs, positions};
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::{Change, ChangeSet, ConversionHint};
use crate::kinds::{Column, ConstraintType, Kind, KindTag, Object, ObjectId};
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Sql};
use crate::sql;
use crate::strategy::{Refusal, temporary_name};
use std::collections::BTreeMap;

/// What is looked at.
pub(super) struct Candidate<'a> {
    /// In the desired catalog.
    pub id: &'a ObjectId,
    /// In the live one.
    pub was: ObjectId,
    pub old: &'a Column,
    pub new: &'a Column,
    pub hint: Option<&'a ConversionHint>,
    /// The plain statement.
    pub statements: Vec<Sql>,
    pub way: Way,
}

/// How a column gets its new type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By a new column, if the plain statement is seen to rewrite, scan or build.
    Measured,
    /// By the plain statement, for the table is small; by a new column where one is bound together with it.
    Small,
    /// By the plain statement, whatever that does: no new column can take its place.
    Plain,
}

impl Candidate<'_> {
    /// The new column under its name, whatever is on the old one.
    pub fn beside(&self) -> Vec<Sql> {
        if self.was != *self.id {
            return self.statements.clone();
        }
        let (table, name) = (self.old.table_name(), &self.new.name);
        let aside = Ident::new(temporary_name(self.id, "old column"));
        let of_type = Deparsed(&self.new.data_type);
        vec![
            sql!("ALTER TABLE {} RENAME COLUMN {} TO {}", table, name, aside),
            sql!("ALTER TABLE {} ADD COLUMN {} {}", table, name, of_type),
        ]
    }

    pub fn is_renamed(&self) -> bool {
        self.was != *self.id
    }

    pub fn refusal(&self, why: String) -> Refusal {
        let (old, new) = (&self.old.name, &self.new.name);
        let help = match self.hint {
            None => format!(
                "put this line above the column: -- pgrehearse: convert using (EXPRESSION over the \
                 old value) reverse (EXPRESSION over the new value of {new})"
            ),
            Some(_) => format!(
                "correct the hint `convert` above the column: `using` sees the columns as they were, \
                 `reverse` as they will be{}",
                match self.is_renamed() {
                    true => format!(": {old} there, {new} here"),
                    false => String::new(),
                }
            ),
        };
        Refusal {
            object: self.id.clone(),
            why,
            help,
        }
    }
}

pub(super) fn candidates<'a>(
    live: &'a Catalog<Live>,
    desired: &Catalog<Desired>,
    changes: &'a ChangeSet,
    hints: &'a BTreeMap<ObjectId, ConversionHint>,
    workshop: &Workshop<'_>,
) -> Vec<Candidate<'a>> {
    if changes.changes.is_empty() {
        return Vec::new();
    }
    let dependents = live.dependents();
    let small = workshop.options.small;
    let mut found = Vec::new();
    for (id, change) in &changes.changes {
        let Change::Alter {
            old: Object::Column(old),
            new: Object::Column(new),
            attributes,
        } = change
        else {
            continue;
        };
        let table = new.table_id();
        let retyped = attributes
            .iter()
            .find(|a| matches!(a.name(), "type" | "collation"));
        let Some(crate::kinds::Alter::Disturbing(statements)) = retyped.map(|a| &a.alter) else {
            continue;
        };
        let hint = hints.get(id);
        let generated = |id: &ObjectId| matches!(live.get(id), Some(Object::Column(c)) if c.generated.is_some());
        let hanging = dependents.get(id);
        let has_generated = hanging.is_some_and(|d| d.iter().any(|d| generated(d)));
        if hint.is_none() && !new.converts_from(old) {
            continue;
        }
        let stays = changes.replaces(&table)
            || has_generated
            || generated(id)
            || !new.follows().is_empty()
            || new.of_type.is_some()
            || has_heirs(live, id)
            || has_heirs(desired, id)
            || partitioned_keys::holds(live, id)
            || is_in_a_temporal_key(live, hanging)
            || positions::are_counted(&table, live)
            || positions::are_counted(&table, desired)
            || is_under_a_replaced_routine(live, changes, id, hanging);
        let is_small = small.holds(live.sizes.get(&table).copied())
            && !live.keeps_rows_of(&table)
            && renewals::heavy_over(id, live, small).is_none();
        let way = match (stays, is_small) {
            (true, _) => Way::Plain,
            (false, true) => Way::Small,
            (false, false) => Way::Measured,
        };
        found.push(Candidate {
            id,
            was: id.clone(),
            old,
            new,
            hint,
            statements: statements.clone(),
            way,
        });
    }
    found
}

/// The renamed columns. After the statements a column is as the desired one, so that the expression of
/// the way back can be read there.
pub(super) fn renamed<'a>(
    live: &'a Catalog<Live>,
    desired: &'a Catalog<Desired>,
    asked: &Asked<'a>,
) -> Vec<Candidate<'a>> {
    let renames = asked.renames.iter();
    renames
        .filter_map(|rename| {
            let (Object::Column(old), Object::Column(new)) =
                (live.get(&rename.from)?, desired.get(&rename.to)?)
            else {
                return None;
            };
            let retype = sql!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                old.table_name(),
                new.name,
                Deparsed(&new.data_type)
            );
            Some(Candidate {
                id: &rename.to,
                was: rename.from.clone(),
                old,
                new,
                hint: asked.conversions.get(&rename.to),
                statements: vec![retype],
                way: Way::Measured,
            })
        })
        .collect()
}

/// Whether the default of the column, an index or a constraint calls what is dropped and made anew under its name: the
/// old and the new column would each need another one at a time.
fn is_under_a_replaced_routine(
    live: &Catalog<Live>,
    changes: &ChangeSet,
    column: &ObjectId,
    hanging: Option<&Vec<&ObjectId>>,
) -> bool {
    let calls = |id: &ObjectId| {
        let mut needs = live.requires(id);
        needs.any(|need| {
            let called = need.kind.is_routine() || need.kind == KindTag::Operator;
            called && changes.replaces(need)
        })
    };
    let heavy = |id: &&&ObjectId| matches!(id.kind, KindTag::Index | KindTag::Constraint);
    let over = hanging.into_iter().flatten().filter(heavy);
    calls(column) || over.into_iter().any(|id| calls(id))
}

/// Whether the column is in a primary key WITHOUT OVERLAPS (18): its index cannot be made beforehand (USING INDEX takes
/// none of GiST), and a table has one primary key.
fn is_in_a_temporal_key(live: &Catalog<Live>, hanging: Option<&Vec<&ObjectId>>) -> bool {
    let mut over = hanging.into_iter().flatten();
    over.any(|id| match live.get(id) {
        Some(Object::Constraint(key)) => {
            let definition = key.index_definition.as_deref();
            key.constraint_type == ConstraintType::PrimaryKey
                && definition.is_some_and(|d| !d.contains(" USING btree "))
        }
        _ => false,
    })
}
