//! Enums that lose or reorder values: the type and every column of it are made anew.

use super::expression::resolve;
use super::replacements::has_heirs;
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::rename::Rename;
use crate::diff::{self, Change, ChangeSet, Conversion, ConversionHint, Replacement};
use crate::kinds::{Alter, Column, Kind, KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified, Sql};
use crate::rehearse::message_of;
use crate::strategy::{Refusal, SmallTable, temporary_name};
use postgres::Client;
use std::collections::BTreeMap;

/// An enum whose columns are all replaced.
pub(super) struct Replaced<'a> {
    pub id: &'a ObjectId,
    old: &'a Object,
    new: &'a Object,
    /// Each column with its old and new form.
    pub columns: Vec<(&'a ObjectId, &'a Column, &'a Column)>,
}

/// The enums whose plain way is a rewrite of their columns, if all of these can be replaced.
pub(super) fn find<'a>(
    live: &'a Catalog<Live>,
    desired: &'a Catalog<Desired>,
    changes: &'a ChangeSet,
    small: SmallTable,
) -> Vec<Replaced<'a>> {
    if changes.changes.is_empty() {
        return Vec::new();
    }
    let dependents = live.dependents();
    let changed = changes
        .changes
        .iter()
        .filter_map(|(id, change)| match change {
            Change::Replace { old, new, .. } if id.kind == KindTag::Enum => Some((id, old, new)),
            _ => None,
        });
    changed
        .filter_map(|(id, old, new)| {
            let mut columns = Vec::new();
            for dependent in dependents.get(id).into_iter().flatten() {
                match (live.get(dependent), desired.get(dependent)) {
                    (Some(Object::Column(old)), Some(Object::Column(new))) => {
                        let fits = old.generated.is_none()
                            && old.data_type == new.data_type
                            && !has_heirs(live, dependent)
                            && !is_used_by_generated(live, dependent);
                        if !fits {
                            return None;
                        }
                        if old.follows().is_empty() {
                            columns.push((*dependent, old, new));
                        }
                    }
                    // A column that is dropped is in nobody's way.
                    (Some(Object::Column(_)), None) => {}
                    (Some(Object::Domain(_) | Object::Composite(_)), _) => return None,
                    _ => {}
                }
            }
            let all_small = columns
                .iter()
                .all(|(_, c, _)| small.holds(live.sizes.get(&c.table_id()).copied()));
            (!all_small).then_some(Replaced {
                id,
                old,
                new,
                columns,
            })
        })
        .collect()
}

/// Whether the enum of a column loses or reorders values.
pub(super) fn is_remade(
    column: &ObjectId,
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> bool {
    live.requires(column).any(|id| {
        let (Some(old), Some(new)) = (live.get(id), desired.get(id)) else {
            return false;
        };
        let change = (id.kind == KindTag::Enum).then(|| diff::alteration(old, new));
        matches!(change.flatten(), Some(Change::Alter { attributes, .. })
            if attributes.iter().any(|a| matches!(a.alter, Alter::Replace { .. })))
    })
}

/// Of `renames`, what is said of the columns whose old name does not live on beside the new one.
pub(super) fn renamed_plainly(
    renames: &[Rename],
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Vec<String> {
    let plain = renames.iter();
    let plain = plain.filter(|r| is_remade(&r.from, live, desired));
    plain
        .map(|rename| {
            format!(
                "{} is renamed at once, and its old name stops working then: its type is made anew in the \
                 same plan; in two plans both names would live side by side",
                rename.from.human()
            )
        })
        .collect()
}

fn is_used_by_generated(live: &Catalog<Live>, column: &ObjectId) -> bool {
    live.objects.iter().any(|(id, object)| {
        matches!(object, Object::Column(c) if c.generated.is_some())
            && live.requires(id).any(|need| need == column)
    })
}

impl Replaced<'_> {
    /// The new type has a value that the old one has not.
    fn has_more(&self) -> bool {
        match (self.old, self.new) {
            (Object::Enum(old), Object::Enum(new)) => {
                new.values.iter().any(|v| !old.values.contains(v))
            }
            _ => true,
        }
    }

    /// What the new type is called before the swap, and the old one after it.
    pub fn names(&self) -> (Ident, Ident) {
        (
            Ident::new(temporary_name(self.id, "new type")),
            Ident::new(temporary_name(self.id, "old type")),
        )
    }

    fn rename(&self, from: &Ident, to: &Ident) -> Option<Sql> {
        let named = |name: &Ident| {
            let mut id = self.id.clone();
            id.path.pop();
            id.path.push(name.raw().to_owned());
            id
        };
        let rename = Rename {
            from: named(from),
            to: named(to),
            schemas: None,
        };
        rename.statements().map(|(there, _)| there)
    }
}

/// `of` with the name of its type changed to `name`.
fn retyped(of: &Column, id: &ObjectId, name: &Ident) -> String {
    let schema = Ident::new(id.path.first().map_or("", String::as_str));
    let qualified = Qualified {
        schema,
        name: name.clone(),
    };
    let array = if of.data_type.ends_with("[]") {
        "[]"
    } else {
        ""
    };
    format!("{qualified}{array}")
}

/// The replacements of the columns of one enum.
///
/// # Errors
/// [`Refusal`] for a hint whose expression the server does not take.
pub(super) fn replacements(
    of: &Replaced<'_>,
    hints: &BTreeMap<ObjectId, ConversionHint>,
    client: &mut Client,
) -> Result<BTreeMap<ObjectId, Replacement>, Refusal> {
    let (temporary, retired) = of.names();
    let own = Ident::new(of.id.path.last().map_or("", String::as_str));
    // The hint's names are those of the files: the new type has its name while the hint is read.
    let mut first: Vec<Sql> = of.rename(&own, &retired).into_iter().collect();
    first.extend(of.new.create());
    let mut before: Vec<Sql> = of.rename(&own, &temporary).into_iter().collect();
    before.extend(of.rename(&retired, &own));
    let mut found = BTreeMap::new();
    for (id, old, new) in &of.columns {
        let hint = hints.get(*id);
        let mut read = |column: &Column, text: &str, swap: &[Sql], then: &[Sql]| {
            let mut all = first.clone();
            all.extend(swap.iter().cloned());
            resolve(client, column, text, (&all, then))
                .map(Conversion::By)
                .map_err(|e| Refusal {
                    object: (*id).clone(),
                    why: message_of(&e),
                    help: "mend the hint `convert using (…) reverse (…)` above the column"
                        .to_owned(),
                })
        };
        // For the way back the column has the new type.
        let to_new: Vec<Sql> = vec![
            crate::sql!(
                "ALTER TABLE {} DROP COLUMN {} CASCADE",
                old.table_name(),
                old.name
            ),
            crate::sql!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                old.table_name(),
                old.name,
                crate::pg::sql::Deparsed(&new.data_type)
            ),
        ];
        let (mut using, mut reverse, mut reverse_after) =
            (Conversion::Text, Conversion::Text, Conversion::Text);
        if let Some(hint) = hint {
            using = read(old, &hint.using, &[], &before)?;
            if let Some(text) = &hint.reverse {
                reverse = read(new, text, &to_new, &before)?;
                reverse_after = read(new, text, &to_new, &[])?;
            }
        }
        let replacement = Replacement {
            column: (*id).clone(),
            old: (*id).clone(),
            temporary: Ident::new(temporary_name(id, "new column")),
            retired: Ident::new(temporary_name(id, "old column")),
            partial_back: matches!(reverse_after, Conversion::Text) && of.has_more(),
            using,
            reverse,
            reverse_after,
            of_type: Some(of.id.clone()),
            new_type: retyped(new, of.id, &temporary),
            retired_type: retyped(old, of.id, &retired),
            partial: true,
            why:
                "PostgreSQL cannot remove or reorder enum values; rewriting the column to another \
                  type would hold ACCESS EXCLUSIVE"
                    .to_owned(),
        };
        found.insert((*id).clone(), replacement);
    }
    Ok(found)
}
