//! Finds the columns that a new column takes the place of: those whose change of type was measured
//! to rewrite, scan or build, and what hangs on them.

mod candidates;
mod positions;
mod together;

use super::expression::{assigns, is_implicit, resolve, unseen};
use super::{PipelineError, Workshop, enums, overloads, partitioned_keys, renewals};
use crate::catalog::{self, Catalog, Desired, Live, closure};
use crate::diff::rename::Rename;
use crate::diff::replacement::Expression;
use crate::diff::{ChangeSet, Conversion, ConversionHint, Replacement, Replacements};
use crate::kinds::{Column, Kind, KindTag, Object, ObjectId};
use crate::pg::{Ident, Sql};
use crate::rehearse::{Trial, clone, message_of};
use crate::strategy::{self, Refusal, temporary_name};
use candidates::{Candidate, Way, candidates, renamed};
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};
use together::Bonds;

/// What the hints say of columns.
pub(super) struct Asked<'a> {
    pub conversions: &'a BTreeMap<ObjectId, ConversionHint>,
    /// Renames that are done by a new column.
    pub renames: &'a [Rename],
    /// Those that are done already, plainly.
    pub renamed: &'a [Rename],
}

impl Asked<'_> {
    /// The statements to the names of before, which an expression of a hint sees, and from them.
    fn before(&self, column: &ObjectId) -> (Vec<Sql>, Vec<Sql>) {
        let mut renames = self.renamed.iter();
        let rename = renames.find(|r| r.to == *column && r.from.kind == KindTag::Column);
        let back = rename.and_then(|r| {
            // A table of another name has it already.
            let mut from = column.clone();
            from.path.pop();
            from.path.push(r.from.path.last()?.clone());
            let back = Rename {
                from,
                to: column.clone(),
                schemas: None,
            };
            back.statements()
        });
        match back {
            Some((there, back)) => (vec![back], vec![there]),
            None => (Vec::new(), Vec::new()),
        }
    }
}

/// The columns to replace, with the definitions of everything on them; and the expressions of the hints as the
/// server understands them.
///
/// # Errors
/// [`PipelineError::Refused`] for a hint whose expression the server does not take.
pub(super) fn find(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    changes: &ChangeSet,
    asked: &Asked<'_>,
    workshop: &Workshop<'_>,
) -> Result<(Replacements, BTreeMap<ObjectId, String>), PipelineError> {
    let mut candidates = candidates(live, desired, changes, asked.conversions, workshop);
    candidates.extend(renamed(live, desired, asked));
    let mut found = Replacements::default();
    let enums = enums::find(live, desired, changes, workshop.options.small);
    let bonds = match candidates.is_empty() {
        true => Bonds::default(),
        false => Bonds::read(live, desired),
    };
    let mut plain: BTreeSet<ObjectId> = ids(&candidates, Way::Plain);
    let aside = changes.around.iter().map(|around| &around.object);
    plain.extend(aside.filter(|id| changes.lets_go_of_its_type(id)).cloned());
    leave_small(&mut candidates, &enums, &bonds);
    if candidates.is_empty() && enums.is_empty() {
        return Ok((found, BTreeMap::new()));
    }
    let part = to_try_on(live, desired, &candidates, &enums);
    let scope = workshop.options.scope.with_own();
    let mut trial = Trial::start(workshop.scratch()?, &workshop.settings, &scope, &part)?;
    let mut refused = Vec::new();
    let mut resolved = BTreeMap::new();
    // Those that the plain statement does, unless another one takes them along.
    let mut light = Vec::new();
    for candidate in &mut candidates {
        // The names of a hint are found as the files' are; everything of ours runs without a path.
        let using = candidate.hint.map(|hint| {
            let names = asked.before(&candidate.was);
            resolve(
                trial.client(),
                candidate.old,
                &hint.using,
                (&names.0, &names.1),
            )
            .map_err(|e| candidate.refusal(message_of(&e)))
        });
        let using = match using.transpose() {
            Ok(using) => using,
            Err(refusal) => {
                refused.push(refusal);
                continue;
            }
        };
        if let Some(using) = &using {
            resolved.insert(candidate.id.clone(), using.text.clone());
            let with = |s: &Sql| strategy::using(s.clone(), &using.text);
            candidate.statements = candidate.statements.iter().map(with).collect();
        }
        let candidate = &*candidate;
        match candidate.way {
            Way::Plain => continue,
            Way::Small => {
                light.push((candidate, using));
                continue;
            }
            Way::Measured => {}
        }
        if candidate.was != *candidate.id {
            let why =
                "a hint in the schema files says so; until the old name is dropped, both work";
            match replacement(candidate, why.to_owned(), using, live, trial.client()) {
                Ok(replacement) => {
                    found.columns.insert(candidate.id.clone(), replacement);
                }
                Err(refusal) => refused.push(refusal),
            }
            continue;
        }
        let why = match trial.measure(&candidate.statements)? {
            // A condition or a default on the old type.
            None => "ALTER COLUMN … TYPE does not run with what is on the column".to_owned(),
            Some(evidence) => {
                let mut works = evidence.rewritten;
                works.extend(evidence.scanned);
                works.extend(evidence.index_builds);
                works.sort();
                works.dedup();
                let over = renewals::heavy_over(&candidate.was, live, workshop.options.small);
                match (works.is_empty(), over) {
                    (true, None) => {
                        light.push((candidate, using));
                        continue;
                    }
                    (true, Some(view)) => format!(
                        "ALTER COLUMN … TYPE does not run under {}, and making that anew would hold \
                         ACCESS EXCLUSIVE while its query runs",
                        view.human()
                    ),
                    (false, _) => format!(
                        "ALTER COLUMN … TYPE would hold ACCESS EXCLUSIVE while it rewrites, scans or \
                         builds {}",
                        works.join(", ")
                    ),
                }
            }
        };
        match replacement(candidate, why, using, live, trial.client()) {
            Ok(replacement) => {
                found.columns.insert(candidate.id.clone(), replacement);
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    for of_type in &enums {
        match enums::replacements(of_type, asked.conversions, trial.client()) {
            Ok(columns) => {
                found.types.insert(of_type.id.clone(), of_type.names());
                found.columns.extend(columns);
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    let replaced = |found: &Replacements, id: &ObjectId| found.columns.contains_key(id);
    loop {
        let bound = |(c, _): &(&Candidate<'_>, _)| bonds.to_one(c.id, |id| replaced(&found, id));
        let next = light.iter().enumerate();
        let Some((at, (by, other))) = next.into_iter().find_map(|(at, c)| Some((at, bound(c)?)))
        else {
            break;
        };
        let why = format!(
            "{} binds it together with {}, which a new column takes the place of",
            by.human(),
            other.human()
        );
        let (candidate, using) = light.swap_remove(at);
        match replacement(candidate, why, using, live, trial.client()) {
            Ok(replacement) => {
                found.columns.insert(candidate.id.clone(), replacement);
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    drop(trial);
    give_up(&mut found, plain, &bonds);
    if !refused.is_empty() {
        return Err(PipelineError::Refused(refused));
    }
    if !found.is_empty() {
        twins(&mut found, live, desired, workshop)?;
    }
    Ok((found, resolved))
}

/// Splits off the renames of columns that a new column does: both names live for a while.
///
/// The others (of a partition key, of what is inherited, together with a rename of the table …) stay plain.
pub(super) fn take_renames(
    renames: &mut Vec<Rename>,
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Vec<Rename> {
    let all = renames.clone();
    let fits = |rename: &Rename| {
        let Some(Object::Column(old)) = live.get(&rename.from) else {
            return false;
        };
        let alone = !all
            .iter()
            .any(|o| o != rename && rename.from.path.starts_with(&o.from.path));
        let Some(Object::Table(table)) = live.get(&old.table_id()) else {
            return false;
        };
        let in_key = table
            .partition_key
            .as_ref()
            .is_some_and(|key| key.contains(&old.name.to_string()));
        let dependents = live.dependents();
        let hanging = dependents.get(&rename.from);
        let generated = hanging
            .into_iter()
            .flatten()
            .any(|id| matches!(live.get(id), Some(Object::Column(c)) if c.generated.is_some()));
        alone
            && !in_key
            && !enums::is_remade(&rename.from, live, desired)
            && !generated
            && old.generated.is_none()
            && table.of_type.is_none()
            && table.foreign.is_none()
            && old.follows().is_empty()
            // A new column that takes the old name at once leaves none for the other.
            && desired.get(&rename.from).is_none()
            && !has_heirs(live, &rename.from)
            && !partitioned_keys::holds(live, &rename.from)
    };
    let taken = renames.iter().filter(|r| fits(r)).cloned().collect();
    renames.retain(|r| !fits(r));
    taken
}

fn ids(candidates: &[Candidate<'_>], way: Way) -> BTreeSet<ObjectId> {
    let of_way = candidates.iter().filter(|c| c.way == way);
    of_way.map(|c| c.id.clone()).collect()
}

/// Leaves those to the plain statement that no other column can take along, without a look at them.
fn leave_small(candidates: &mut Vec<Candidate<'_>>, enums: &[enums::Replaced<'_>], bonds: &Bonds) {
    let mut from = ids(candidates, Way::Measured);
    let of_enums = enums.iter().flat_map(|e| e.columns.iter());
    from.extend(of_enums.map(|(id, _, _)| (*id).clone()));
    let reached = bonds.reach(from, &ids(candidates, Way::Small));
    candidates.retain(|c| match c.way {
        Way::Measured => true,
        Way::Small => c.hint.is_some() || reached.contains(c.id),
        Way::Plain => c.hint.is_some(),
    });
}

/// Leaves those to the plain statement that are bound together with one that only the plain statement changes.
fn give_up(found: &mut Replacements, mut plain: BTreeSet<ObjectId>, bonds: &Bonds) {
    loop {
        let bound = found.columns.iter().find(|(id, replacement)| {
            let of_its_own = replacement.of_type.is_none() && !replacement.is_renamed();
            of_its_own && bonds.to_one(id, |other| plain.contains(other)).is_some()
        });
        let Some(id) = bound.map(|(id, _)| id.clone()) else {
            return;
        };
        found.columns.remove(&id);
        plain.insert(id);
    }
}

/// Whether tables that are no partitions inherit the column: a trigger on the parent does not fire
/// for their rows. A foreign partition is no better: a new column of it has no namesake on the other server.
pub(super) fn has_heirs<S>(live: &Catalog<S>, id: &ObjectId) -> bool {
    live.objects.values().any(|object| match object {
        Object::Column(c) if c.follows().contains(id) => {
            let attachment = ObjectId::new(KindTag::Attachment, [c.schema.raw(), c.table.raw()]);
            c.on_foreign_table || !live.objects.contains_key(&attachment)
        }
        _ => false,
    })
}

/// The tables of the candidates with what the server rebuilds by itself, without what is in the way
/// of a change of type.
fn to_try_on(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    candidates: &[Candidate<'_>],
    enums: &[enums::Replaced<'_>],
) -> Catalog<Live> {
    let mut columns: BTreeSet<ObjectId> = candidates.iter().map(|c| c.was.clone()).collect();
    columns.extend(
        enums
            .iter()
            .flat_map(|e| e.columns.iter().map(|(id, _, _)| (*id).clone())),
    );
    let mut ids = closure(live, &columns);
    let dependents = live.dependents();
    let mut queue: Vec<&ObjectId> = columns.iter().collect();
    let mut away = BTreeSet::new();
    while let Some(id) = queue.pop() {
        for dependent in dependents.get(id).into_iter().flatten() {
            // What hangs on something that is away is away, too: a view's comment.
            let stays = !away.contains(id)
                && live.get(dependent).is_some_and(|o| {
                    o.survives_change()
                            || o.parent().as_ref() == Some(id)
                            // A partition stays one: the change reaches it.
                            || matches!(o, Object::Attachment(_))
                });
            if !stays && away.insert(*dependent) {
                queue.push(dependent);
            }
        }
    }
    ids.retain(|id| !away.contains(id));
    let mut part = live.restricted(&ids);
    // The new types: they, or the extension that has them, may be there already, for other columns.
    let is_type = |id: &ObjectId| {
        use KindTag::{Composite, Domain, Enum, Extension, Schema};
        matches!(id.kind, Composite | Domain | Enum | Extension | Schema)
    };
    let is_away = |id: &ObjectId| match live.objects.contains_key(id) {
        true => is_type(id) && !part.objects.contains_key(id),
        false => id.kind != KindTag::Table,
    };
    // What the default calls may be another overload of what is there.
    let of_type = |id: &ObjectId| id.kind.is_type() || id.kind == KindTag::Collation || is_type(id);
    let needed: BTreeSet<ObjectId> = candidates
        .iter()
        .flat_map(|c| desired.requires(c.id))
        .filter(|id| of_type(id) && is_away(id))
        .cloned()
        .collect();
    let mut queue: Vec<ObjectId> = needed.into_iter().collect();
    while let Some(id) = queue.pop() {
        if let Some(object) = desired.get(&id)
            && part.objects.insert(id.clone(), object.clone()).is_none()
        {
            let needs: BTreeSet<ObjectId> = desired.requires(&id).cloned().collect();
            queue.extend(needs.iter().cloned());
            part.requires.insert(id, needs);
        }
    }
    overloads::let_go(&mut part, desired);
    part
}

fn replacement(
    candidate: &Candidate<'_>,
    why: String,
    using: Option<Expression>,
    live: &Catalog<Live>,
    client: &mut Client,
) -> Result<Replacement, Refusal> {
    let Candidate { id, old, new, .. } = candidate;
    let refuse = |why: String| candidate.refusal(why);
    let said = |error: postgres::Error| refuse(message_of(&error));
    let reverse = match candidate.hint.and_then(|h| h.reverse.as_ref()) {
        Some(text) => {
            let first = candidate.beside();
            Conversion::By(resolve(client, new, text, (&first, &[])).map_err(said)?)
        }
        None => reverse_of(client, old, new).map_err(said)?,
    };
    let unseen = using.iter().find_map(|using| unseen(using, old, live));
    if let Some(why) = unseen {
        return Err(refuse(why));
    }
    let using = using.map_or(Conversion::Assignment, Conversion::By);
    // A domain may refuse what the type under it takes.
    let narrows =
        |from: &Column, to: &Column| to.base_type.is_some() && from.data_type != to.data_type;
    let implicit = is_implicit(client, &old.data_type, &new.data_type).map_err(said)?;
    let partial = !implicit || narrows(old, new);
    let renamed = candidate.was != **id;
    if renamed && candidate.hint.is_none() && !new.converts_from(old) {
        return Err(refuse(format!(
            "no cast from {} to {} is used without being asked for",
            old.data_type, new.data_type
        )));
    }
    // By an expression of the hint, what the way back does not take is not known.
    let implicit = is_implicit(client, &new.data_type, &old.data_type).map_err(said)?;
    let reverses = matches!(reverse, Conversion::By(_)) || implicit && !narrows(new, old);
    let temporary = temporary_name(id, "new column");
    let retired = temporary_name(id, "old column");
    Ok(Replacement {
        column: (*id).clone(),
        old: candidate.was.clone(),
        temporary: if renamed {
            new.name.clone()
        } else {
            Ident::new(temporary)
        },
        retired: if renamed {
            old.name.clone()
        } else {
            Ident::new(retired)
        },
        using,
        reverse_after: reverse.clone(),
        reverse,
        of_type: None,
        new_type: new.data_type.clone(),
        retired_type: old.data_type.clone(),
        partial,
        partial_back: !reverses,
        why,
    })
}

/// The way back: as the server assigns where it does, else by an explicit cast.
pub(super) fn reverse_of(
    client: &mut Client,
    old: &Column,
    new: &Column,
) -> Result<Conversion, postgres::Error> {
    let assigns = assigns(client, &new.data_type, &old.data_type)?;
    Ok(if assigns {
        Conversion::Assignment
    } else {
        Conversion::Cast
    })
}

/// Lets the server rename the replaced columns and what is on them, and reads the definitions.
fn twins(
    found: &mut Replacements,
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    workshop: &Workshop<'_>,
) -> Result<(), PipelineError> {
    let columns: BTreeSet<ObjectId> = found.columns.keys().cloned().collect();
    // A partition's column goes with its parent's.
    let mut all = columns.clone();
    // One that comes changes for itself.
    let stays = |id: &ObjectId| live.keeps_its_parent(desired, id) || live.get(id).is_none();
    all.extend(desired.followers_where(&columns, stays));
    let mut was = all.clone();
    for replacement in found.columns.values().filter(|r| r.is_renamed()) {
        was.extend(live.followers([&replacement.old]));
        was.insert(replacement.old.clone());
    }
    let mut renames = Vec::new();
    for (id, object) in &desired.objects {
        let on_column = desired.requires(id).any(|need| all.contains(need));
        let heavy = matches!(
            object,
            Object::Index(_) | Object::Constraint(_) | Object::Statistics(_)
        );
        // What is attached goes with what it is attached to, also where the server calls it otherwise now.
        let root = desired.attached_root(id);
        let hangs = |id: &ObjectId| live.requires(id).any(|need| was.contains(need));
        let stands = hangs(id) || hangs(&root) && partitioned_keys::is_attached(live, object);
        if !on_column || !heavy || !stands {
            continue;
        }
        // An inherited CHECK is renamed with its parent's, and called like it.
        let origin = object.follows().into_iter().next();
        let twin = temporary(id, &outermost(desired, id), "twin");
        if origin.is_none() {
            renames.push(Rename {
                from: id.clone(),
                to: twin.clone(),
                schemas: None,
            });
        }
        found.pairs.insert(id.clone(), twin);
    }
    for (id, replacement) in found.columns.iter().filter(|(_, r)| !r.is_renamed()) {
        let mut to = id.clone();
        to.path.pop();
        to.path.push(replacement.temporary.raw().to_owned());
        renames.push(Rename {
            from: id.clone(),
            to,
            schemas: None,
        });
    }
    for (id, (temporary, _)) in &found.types {
        let mut to = id.clone();
        to.path.pop();
        to.path.push(temporary.raw().to_owned());
        renames.push(Rename {
            from: id.clone(),
            to,
            schemas: None,
        });
    }
    let scope = workshop.options.scope.with_own();
    let ids = closure(desired, &columns);
    let database = workshop.scratch()?.create_database(&workshop.settings)?;
    clone::build(&database, &desired.restricted(&ids), &scope)?;
    let mut client = database.connect()?;
    for (there, _) in renames.iter().filter_map(Rename::statements) {
        client.batch_execute(there.as_str())?;
    }
    found.twins = Some(catalog::read(&mut client, &scope)?);
    Ok(())
}

/// What `id` follows in the end: the CHECK of the outermost parent.
fn outermost(desired: &Catalog<Desired>, id: &ObjectId) -> ObjectId {
    let above = desired.get(id).and_then(|o| o.follows().into_iter().next());
    above.map_or_else(|| id.clone(), |above| outermost(desired, &above))
}

/// The identity of `id` under a name of ours, which is that for `of`.
fn temporary(id: &ObjectId, of: &ObjectId, purpose: &str) -> ObjectId {
    let mut twin = id.clone();
    twin.path.pop();
    twin.path.push(temporary_name(of, purpose));
    twin
}
