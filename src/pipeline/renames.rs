//! Renames from hints: executed on a clone, so that every text that mentions the old name is
//! changed by the server itself.

use super::{PipelineError, Workshop, splits};
use crate::catalog::{self, Catalog, Desired, Live, closure};
use crate::diff::ConversionHint;
use crate::diff::rename::Rename;
use crate::diff::split::Direction;
use crate::kinds::{KindTag, Object, ObjectId};
use crate::rehearse::clone;
use crate::source::hints::{Hint, HintTarget, Verb};
use std::collections::{BTreeMap, BTreeSet};

/// What the hints of the files ask for.
#[derive(Default)]
pub(super) struct Hints {
    pub renames: Vec<Rename>,
    pub conversions: BTreeMap<ObjectId, ConversionHint>,
    pub backfills: BTreeMap<ObjectId, String>,
    pub splits: Vec<splits::Asked>,
    pub notices: Vec<String>,
}

pub(super) fn read(hints: &[Hint], live: &Catalog<Live>, desired: &Catalog<Desired>) -> Hints {
    let mut found = Hints::default();
    for hint in hints {
        match &hint.verb {
            Verb::Renamed { from } => rename(hint, from, live, desired, &mut found),
            Verb::Convert { using, reverse } => {
                if let HintTarget::Column { table, column } = &hint.target {
                    let path = table.iter().chain([column]).cloned();
                    let id = ObjectId::new(KindTag::Column, path);
                    let hint = ConversionHint {
                        using: format!("({using})"),
                        reverse: reverse.as_ref().map(|r| format!("({r})")),
                    };
                    found.conversions.insert(id, hint);
                }
            }
            Verb::Backfill { expression } => {
                if let HintTarget::Column { table, column } = &hint.target {
                    let path = table.iter().chain([column]).cloned();
                    let id = ObjectId::new(KindTag::Column, path);
                    found.backfills.insert(id, format!("({expression})"));
                }
            }
            Verb::Split(moved) => {
                let asked = splits::Asked::of(hint, moved, Direction::Split);
                found.splits.extend(asked);
            }
            Verb::Merge(moved) => {
                let asked = splits::Asked::of(hint, moved, Direction::Merge);
                found.splits.extend(asked);
            }
        }
    }
    for (id, old) in &live.objects {
        if let (Object::Extension(old), Some(Object::Extension(new))) = (old, desired.get(id))
            && old.schema != new.schema
            && old.relocatable
        {
            found.renames.push(Rename {
                from: id.clone(),
                to: id.clone(),
                schemas: Some((old.schema.clone(), new.schema.clone())),
            });
        }
    }
    // A table before its columns: the hints of columns name the new table.
    found
        .renames
        .sort_by_key(|r| (r.from.path.len(), r.from.clone()));
    found
}

fn rename(
    hint: &Hint,
    from: &[String],
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    found: &mut Hints,
) {
    let Some(to) = target(&hint.target, desired) else {
        found.notices.push(format!(
            "{}: the hint fits no object that is read",
            hint.place
        ));
        return;
    };
    let mut old = to.clone();
    let keep = old.path.len().saturating_sub(1);
    old.path.truncate(keep);
    old.path.extend(from.last().cloned());
    if let ([schema, _], KindTag::Table | KindTag::View) = (from, to.kind)
        && let Some(place) = old.path.first_mut()
    {
        *place = schema.clone();
    }
    // Where the table is renamed too, live has the column under the table's old name.
    let in_live = found
        .renames
        .iter()
        .find(|r| old.path.starts_with(&r.to.path) && r.to.path.len() < old.path.len())
        .map_or_else(
            || old.clone(),
            |r| {
                let mut id = old.clone();
                for (i, part) in r.from.path.iter().enumerate() {
                    id.path[i].clone_from(part);
                }
                id
            },
        );
    let done = live.objects.contains_key(&to);
    if done || !live.objects.contains_key(&in_live) {
        found.notices.push(format!(
            "{}: nothing to rename from {}: {}",
            hint.place,
            old.human(),
            if done {
                "it is done"
            } else {
                "live has no such object"
            }
        ));
        return;
    }
    found.renames.push(Rename {
        from: old,
        to,
        schemas: None,
    });
}

fn target(target: &HintTarget, desired: &Catalog<Desired>) -> Option<ObjectId> {
    let candidates: Vec<ObjectId> = match target {
        HintTarget::Column { table, column } => {
            let path = table.iter().chain([column]).cloned();
            vec![ObjectId::new(KindTag::Column, path)]
        }
        HintTarget::EnumValue { .. } => Vec::new(),
        HintTarget::Object { kind, name } => KindTag::ALL
            .iter()
            .filter(|k| k.label() == kind || k.slug() == kind)
            .map(|&k| ObjectId::new(k, name.iter().cloned()))
            .collect(),
    };
    candidates
        .into_iter()
        .find(|id| desired.objects.contains_key(id))
}

/// Executes the renames on a clone of what they concern and puts the result into `live`.
pub(super) fn apply(
    renames: &[Rename],
    mut live: Catalog<Live>,
    workshop: &Workshop<'_>,
) -> Result<Catalog<Live>, PipelineError> {
    let scratch = workshop.scratch()?;
    let scope = &workshop.options.scope;
    let concerned: BTreeSet<ObjectId> = renames
        .iter()
        .flat_map(|r| {
            live.objects
                .keys()
                .filter(|id| r.from == **id || is_column_of(r, id))
        })
        .cloned()
        .collect();
    let ids = closure(&live, &concerned);
    let database = scratch.create_database(&workshop.settings)?;
    clone::build(&database, &live.restricted(&ids), scope)?;
    let mut client = database.connect()?;
    for rename in renames {
        if let Some((_, new)) = &rename.schemas {
            // The schema may be one that the plan makes.
            let make = crate::sql!("CREATE SCHEMA IF NOT EXISTS {}", new);
            client.batch_execute(make.as_str())?;
        }
        if let Some((there, _)) = rename.statements() {
            client.batch_execute(there.as_str())?;
        }
    }
    let mut renamed: Catalog<Live> = catalog::read(&mut client, scope)?;
    renamed.objects.retain(|id, _| {
        id.kind != KindTag::Schema
            || live.objects.contains_key(id)
            || renames.iter().any(|r| r.to == *id)
    });
    live.replace_part(&ids, &renamed);
    for rename in renames {
        if let Some(size) = live.sizes.remove(&rename.from) {
            live.sizes.insert(rename.to.clone(), size);
        }
    }
    Ok(live)
}

/// A column whose table is renamed before it stands in live under the table's old name.
fn is_column_of(rename: &Rename, id: &ObjectId) -> bool {
    rename.from.kind == KindTag::Column
        && id.kind == KindTag::Column
        && id.path.last() == rename.from.path.last()
}
