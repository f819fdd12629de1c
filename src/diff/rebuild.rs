//! Adds what a change forces along: dependents are taken down before it and put back after it.

use super::change::{Around, Change, ChangeSet, Impossible};
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{Alter, Name, NameSpace, Object, ObjectId, TakeDown, differing};
use petgraph::unionfind::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

/// How much of a change its dependents feel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Force {
    /// The object is dropped: every dependent has to go.
    Drop,
    /// The object is changed in place: what the server rebuilds by itself stays.
    Disturb,
    /// A column is of another type for a while.
    Retype,
    /// A column gets a type that does not compare with the one it had.
    Estrange,
}

pub(super) fn rebuild(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    compared: BTreeMap<ObjectId, Change>,
    copied: &[&BTreeSet<ObjectId>],
) -> Result<ChangeSet, Vec<Impossible>> {
    let is_copied = |id: &ObjectId| copied.iter().any(|part| part.contains(id));
    let mut set = ChangeSet {
        changes: compared,
        ..ChangeSet::default()
    };
    let mut impossible = Vec::new();
    let mut queue: Vec<(ObjectId, Force)> = Vec::new();
    let mut dropped = BTreeSet::new();
    for (id, change) in &mut set.changes {
        if is_copied(id) {
            continue;
        }
        if let Change::Drop { .. } = change {
            // What depended on it and stays as it is has to be made anew, on what is left.
            queue.push((id.clone(), Force::Drop));
            dropped.insert(id.clone());
        }
        let Change::Alter {
            old,
            new,
            attributes,
        } = change
        else {
            continue;
        };
        let mut replace = None;
        for attribute in attributes.iter() {
            match &attribute.alter {
                Alter::Replace { why } => replace = replace.or(Some(*why)),
                Alter::Impossible { why } => impossible.push(Impossible {
                    object: id.clone(),
                    attribute: attribute.name().to_owned(),
                    why: (*why).to_owned(),
                }),
                Alter::Disturbing(_) => {
                    let force = match old.compares_with(new) {
                        true => Force::Disturb,
                        false => Force::Estrange,
                    };
                    queue.push((id.clone(), force));
                }
                Alter::InPlace(_) | Alter::AfterDrops(_) => {}
            }
        }
        if let Some(why) = replace {
            queue.push((id.clone(), Force::Drop));
            *change = Change::Replace {
                old: old.clone(),
                new: new.clone(),
                why: why.to_owned(),
            };
        }
    }
    if !impossible.is_empty() {
        return Err(impossible);
    }
    let replaced = set.changes.keys().filter(|id| set.replaces(id));
    let replaced: Vec<ObjectId> = replaced.cloned().collect();
    for id in replaced {
        queue.extend(take_along(&id, live, desired, &mut set));
    }
    if set.changes.is_empty() && copied.is_empty() {
        return Ok(set);
    }
    let dependents = live.dependents();
    let retaken = retaken(&set);
    let mut groups = Groups::default();
    for (part, id) in copied
        .iter()
        .flat_map(|part| part.iter().map(move |id| (part, id)))
    {
        let Some(old) = live.get(id) else { continue };
        queue.push((id.clone(), Force::Drop));
        if let Some(first) = part.first() {
            groups.join(first, id);
        }
        if let Some(new) = desired.get(id) {
            let replace = Change::Replace {
                old: old.clone(),
                new: new.clone(),
                why: "the table is copied".to_owned(),
            };
            set.changes.insert(id.clone(), replace);
        }
    }
    let mut seen: BTreeSet<(ObjectId, Force)> = BTreeSet::new();
    while let Some((root, force)) = queue.pop() {
        if !seen.insert((root.clone(), force)) {
            continue;
        }
        groups.add(&root);
        for &dependent in dependents.get(&root).into_iter().flatten() {
            let (Some(old), Some(new)) = (live.get(dependent), desired.get(dependent)) else {
                continue;
            };
            if is_copied(dependent) || let_go(live, desired, dependent, &root) {
                continue;
            }
            // A part of the whole is no obstacle to a change of the whole, and the other way.
            let stays = match force {
                Force::Drop => false,
                Force::Disturb => old.survives_change() || is_part(&root, old),
                Force::Retype => old.survives_another_type() || is_part(&root, old),
                Force::Estrange => old.survives_estrangement() || is_part(&root, old),
            };
            if stays {
                continue;
            }
            // A change of its own lets go of what is dropped, but not of one whose name another takes.
            let another = retaken.get(&root).map(|by| {
                let made_of = desired.get(by).and_then(Object::made_of);
                let mut needs = desired.requires(dependent);
                needs.any(|n| n == by || Some(n) == made_of.as_ref())
            });
            if dropped.contains(&root)
                && set.changes.contains_key(dependent)
                && another != Some(true)
                && !new.chooses(&root)
            {
                continue;
            }
            let roots = set.in_the_way.entry(dependent.clone()).or_default();
            roots.insert(root.clone());
            if let Some(Change::Replace { .. }) = set.changes.get(dependent) {
                groups.join(&root, dependent);
                continue;
            }
            let Some(root_object) = live.get(&root) else {
                continue;
            };
            let after = desired.get(&root).unwrap_or(root_object);
            match (old.take_down(root_object), new.take_down(after)) {
                (TakeDown::Around { disturbs: true, .. }, _) if another == Some(true) => {
                    impossible.push(Impossible {
                        object: dependent.clone(),
                        attribute: "type".to_owned(),
                        why: format!(
                            "another sort of type takes the name of {}: give it a name of its own",
                            root.human()
                        ),
                    });
                }
                (
                    TakeDown::Around {
                        down,
                        up: back,
                        disturbs,
                    },
                    TakeDown::Around {
                        up,
                        down: down_again,
                        ..
                    },
                ) => {
                    let nothing = down.is_empty() && up.is_empty();
                    if retyped(set.changes.get(dependent)) || (nothing && !disturbs) {
                        continue;
                    }
                    groups.join(&root, dependent);
                    if disturbs {
                        queue.push((dependent.clone(), Force::Retype));
                    }
                    // What it follows takes it along.
                    if nothing {
                        continue;
                    }
                    set.around.push(Around {
                        object: dependent.clone(),
                        of: root.clone(),
                        down,
                        back,
                        up,
                        down_again,
                    });
                    brought_back(&mut set, dependent);
                }
                _ => {
                    let why = format!("{} is in the way of it", root.human());
                    let replace = Change::Replace {
                        old: old.clone(),
                        new: new.clone(),
                        why,
                    };
                    set.changes.insert(dependent.clone(), replace);
                    groups.join(&root, dependent);
                    queue.push((dependent.clone(), Force::Drop));
                    queue.extend(take_along(dependent, live, desired, &mut set));
                }
            }
        }
    }
    impossible.extend(stuck(&set));
    if !impossible.is_empty() {
        return Err(impossible);
    }
    join_names(&set, desired, &mut groups);
    join_parts(&set, desired, &mut groups);
    set.around
        .sort_by(|a, b| (&a.object, &a.of).cmp(&(&b.object, &b.of)));
    set.together = groups.numbers();
    Ok(set)
}

/// Whether `dependent` is of a partition that leaves: until `of`, on a table above it, changes, it does not hang on
/// that any more.
fn let_go(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    dependent: &ObjectId,
    of: &ObjectId,
) -> bool {
    let table = |id: &ObjectId| live.get(id).and_then(Object::parent);
    match (table(dependent), table(of)) {
        (Some(own), Some(other)) => {
            own != other && own.kind == other.kind && !live.keeps_its_parent(desired, &own)
        }
        _ => false,
    }
}

/// Makes anew what the replaced object `id` is made of.
fn take_along(
    id: &ObjectId,
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    set: &mut ChangeSet,
) -> Option<(ObjectId, Force)> {
    let shell = live.get(id)?.made_of()?;
    let (old, new) = (live.get(&shell)?, desired.get(&shell)?);
    if set.replaces(&shell) {
        return None;
    }
    let replace = Change::Replace {
        old: old.clone(),
        new: new.clone(),
        why: format!("{} is made of it", id.human()),
    };
    set.changes.insert(shell.clone(), replace);
    Some((shell, Force::Drop))
}

/// What is made with its parts comes with them in one transaction.
fn join_parts(set: &ChangeSet, desired: &Catalog<Desired>, groups: &mut Groups) {
    let comes = |id: &ObjectId| set.creates(id) || set.replaces(id);
    for id in set.changes.keys().filter(|id| comes(id)) {
        let wholes = desired.get(id).into_iter().flat_map(Object::falls_with);
        let at_once = |whole: &ObjectId| {
            comes(whole) && desired.get(whole).is_some_and(Object::made_with_its_parts)
        };
        for whole in wholes.filter(at_once) {
            groups.join(&whole, id);
        }
    }
}

/// What steps aside comes back with the default that it is to have.
fn brought_back(set: &mut ChangeSet, id: &ObjectId) {
    let Some(Change::Alter { attributes, .. }) = set.changes.get_mut(id) else {
        return;
    };
    attributes.retain(|a| a.name() != "default");
    if attributes.is_empty() {
        set.changes.remove(id);
    }
}

/// What is dropped, with what is made under its name: a type with another sort of type.
fn retaken(set: &ChangeSet) -> BTreeMap<ObjectId, ObjectId> {
    let created = set.changes.iter().filter_map(|(id, change)| match change {
        Change::Create { new } => Some(new.names().into_iter().map(move |name| (name, id))),
        _ => None,
    });
    let created: BTreeMap<Name, &ObjectId> = created.flatten().collect();
    let dropped = set.changes.iter().filter_map(|(id, change)| match change {
        Change::Drop { old } => {
            let by = old
                .names()
                .into_iter()
                .find_map(|n| created.get(&n).copied())?;
            Some((id.clone(), by.clone()))
        }
        _ => None,
    });
    dropped.collect()
}

/// What is to be made anew, but ends only with another object, and that one stays.
fn stuck(set: &ChangeSet) -> Vec<Impossible> {
    let goes = |id: &ObjectId| {
        let change = set.changes.get(id);
        matches!(change, Some(Change::Drop { .. } | Change::Replace { .. }))
    };
    let stuck = set.changes.iter().filter_map(|(id, change)| {
        let Change::Replace { old, new, why } = change else {
            return None;
        };
        let with = old.falls_with();
        if with.is_empty() || !old.drop().is_empty() || with.iter().any(goes) {
            return None;
        }
        let attribute = differing(old, new).first().map(|(a, _)| a.name.to_owned());
        Some(Impossible {
            object: id.clone(),
            attribute: attribute.unwrap_or_default(),
            why: why.clone(),
        })
    });
    stuck.collect()
}

/// What takes the name that another one frees comes in the transaction in which that goes, where the one
/// without the other will not do: a table is never without a primary key, and what stepped aside for the old
/// one needs the new one.
fn join_names(set: &ChangeSet, desired: &Catalog<Desired>, groups: &mut Groups) {
    let mut gone: BTreeMap<Name, &ObjectId> = BTreeMap::new();
    let mut come: BTreeMap<Name, &ObjectId> = BTreeMap::new();
    for (id, change) in &set.changes {
        let (old, new) = match change {
            Change::Create { new } => (None, Some(new)),
            Change::Drop { old } => (Some(old), None),
            Change::Replace { old, new, .. } => (Some(old), Some(new)),
            Change::Alter { .. } => (None, None),
        };
        gone.extend(old.iter().flat_map(|o| o.names()).map(|name| (name, id)));
        come.extend(new.iter().flat_map(|o| o.names()).map(|name| (name, id)));
    }
    let waits = |old: &ObjectId, new: &ObjectId| {
        let mut aside = set.in_the_way.iter();
        aside.any(|(id, roots)| roots.contains(old) && desired.requires(id).any(|r| r == new))
    };
    for (name, new) in come {
        let Some(old) = gone.get(&name) else { continue };
        if name.space == NameSpace::PrimaryKey || waits(old, new) {
            groups.join(old, new);
        }
    }
}

/// Comments and attachments hang on an object without minding a change of it.
fn is_part(root: &ObjectId, dependent: &Object) -> bool {
    dependent.parent().as_ref() == Some(root)
}

fn retyped(change: Option<&Change>) -> bool {
    let Some(Change::Alter { attributes, .. }) = change else {
        return false;
    };
    attributes
        .iter()
        .any(|a| matches!(a.alter, Alter::Disturbing(_)))
}

/// Which objects change in one transaction.
#[derive(Default)]
struct Groups {
    indices: BTreeMap<ObjectId, usize>,
    pairs: Vec<(usize, usize)>,
}

impl Groups {
    fn add(&mut self, id: &ObjectId) -> usize {
        let next = self.indices.len();
        *self.indices.entry(id.clone()).or_insert(next)
    }

    fn join(&mut self, a: &ObjectId, b: &ObjectId) {
        let pair = (self.add(a), self.add(b));
        self.pairs.push(pair);
    }

    fn numbers(self) -> BTreeMap<ObjectId, usize> {
        let mut sets = UnionFind::new(self.indices.len());
        for (a, b) in self.pairs {
            sets.union(a, b);
        }
        self.indices
            .into_iter()
            .map(|(id, i)| (id, sets.find(i)))
            .collect()
    }
}
