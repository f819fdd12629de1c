//! Renames from hints: executed on a clone, so that every text that mentions the old name is
//! changed by the server itself.

mod attached;
mod wanted;

use super::{PipelineError, Workshop, splits};
use crate::catalog::{self, Catalog, Desired, Live, closure};
use crate::diff::ConversionHint;
use crate::diff::rename::Rename;
use crate::diff::split::Direction;
use crate::kinds::{KindTag, Object, ObjectId};
use crate::rehearse::clone;
use crate::scratch::privileged::on_scratch;
use crate::source::hints::{Hint, HintTarget, Verb};
use std::collections::{BTreeMap, BTreeSet};
use wanted::Finder;

/// What the hints of the files ask for.
#[derive(Default)]
pub(super) struct Hints {
    pub renames: Vec<Rename>,
    pub conversions: BTreeMap<ObjectId, ConversionHint>,
    pub backfills: BTreeMap<ObjectId, String>,
    pub splits: Vec<splits::Asked>,
    pub notices: Vec<String>,
}

/// `setting` is the setting `renames`.
pub(super) fn read(
    hints: &[Hint],
    setting: &BTreeMap<String, String>,
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Hints {
    let mut found = Hints::default();
    Finder::new(live, desired, &mut found).setting(setting);
    for hint in hints {
        match &hint.verb {
            Verb::Renamed { from } => Finder::new(live, desired, &mut found).hint(hint, from),
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
    Finder::new(live, desired, &mut found).along();
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
    // A table before its columns: the hints of columns name the new table. A function's arguments are part of its
    // path; its name is in a schema.
    found.renames.sort_by_key(|r| {
        let depth = match r.from.kind {
            kind if kind.is_routine() => 2,
            _ => r.from.path.len(),
        };
        (depth, r.from.clone())
    });
    found
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
                .filter(|id| r.object() == **id || is_part_of(r, id))
                .chain(r.along(&live).into_iter().map(|(id, _)| id))
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
            client.batch_execute(&on_scratch(there.as_str()))?;
        }
    }
    let mut renamed: Catalog<Live> = catalog::read(&mut client, scope)?;
    renamed.objects.retain(|id, _| {
        id.kind != KindTag::Schema
            || live.objects.contains_key(id)
            || renames.iter().any(|r| r.to == *id)
    });
    live.replace_part(&ids, &renamed);
    let of = std::mem::take(&mut live.owners.of);
    let now = |id: &ObjectId| renames.iter().fold(id.clone(), |id, r| r.map(&id));
    live.owners.of = of.into_iter().map(|(id, role)| (now(&id), role)).collect();
    let sizes = std::mem::take(&mut live.sizes);
    live.sizes = sizes.into_iter().map(|(id, s)| (now(&id), s)).collect();
    let published = std::mem::take(&mut live.replication.published);
    live.replication.published = published.into_iter().map(|(id, p)| (now(&id), p)).collect();
    let subscribed = std::mem::take(&mut live.replication.subscribed);
    live.replication.subscribed = subscribed.iter().map(now).collect();
    Ok(live)
}

/// Renames the indexes and keys of partitions in `live`, and adds that to `renames`. `moves` are the renames that
/// a new column does.
pub(super) fn attached(
    renames: &mut Vec<Rename>,
    moves: &[Rename],
    live: Catalog<Live>,
    desired: &Catalog<Desired>,
    workshop: &Workshop<'_>,
) -> Result<Catalog<Live>, PipelineError> {
    let found = attached::find(&live, desired, moves);
    if found.is_empty() {
        return Ok(live);
    }
    let live = apply(&found, live, workshop)?;
    renames.extend(found);
    Ok(live)
}

/// A part whose whole is renamed before it stands in live under the whole's old name.
fn is_part_of(rename: &Rename, id: &ObjectId) -> bool {
    let object = rename.object();
    object.kind == id.kind && object.path.last() == id.path.last()
}
