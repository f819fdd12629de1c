//! Finds the changes that another change brings about by itself.

use super::change::{AttributeChange, Change, ChangeSet};
use super::compare::alteration;
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{Object, ObjectId, TYPED};
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use std::collections::{BTreeMap, BTreeSet};

/// Fills [`ChangeSet::absorbed`]: drops of parts of what is dropped, what inheritance makes or makes
/// anew, and creations that stand in the statement of their parent.
pub(super) fn absorb(live: &Catalog<Live>, desired: &Catalog<Desired>, set: &mut ChangeSet) {
    leave_to_origins(live, desired, set);
    let mut absorbed = BTreeMap::new();
    for (id, change) in &set.changes {
        match change {
            Change::Drop { old } => {
                let mut with = old.falls_with();
                with.retain(|w| set.drops(w) || set.replaces(w));
                with.retain(|w| !leaves(live, desired, set, old, w));
                let origins = origins(live, desired, old);
                with.retain(|w| origins.contains(w) || !old.follows().contains(w));
                // Of two columns, the computed one is dropped before what it is computed from.
                let is_last = |whole: &ObjectId| {
                    let mut others = with.iter().filter(|o| o.kind == whole.kind);
                    others.any(|o| live.requires(o).any(|need| need == whole))
                };
                // Of two indexes, the attached one goes with the other, before what either is of.
                let goes_along = |whole: &&ObjectId| {
                    let falls = live.get(whole).map(Object::falls_with).unwrap_or_default();
                    let mut others = with.iter().filter(|o| o.kind == whole.kind);
                    set.drops(whole) && others.any(|o| falls.contains(o) && set.drops(o))
                };
                let along = with.iter().find(goes_along);
                if let Some(whole) = along.or_else(|| with.iter().find(|w| !is_last(w))) {
                    absorbed.insert(id.clone(), whole.clone());
                }
            }
            Change::Create { new } => {
                // A new table is made whole, whatever it inherits.
                let new_parent = new.parent().is_some_and(|p| set.creates(&p));
                let comes = |f: &ObjectId| set.creates(f) || set.replaces(f);
                if let Some(origin) = origins(live, desired, new).into_iter().find(comes)
                    && !new_parent
                    && !inherits_anew(live, desired, set, new, &origin)
                {
                    absorbed.insert(id.clone(), origin);
                }
            }
            Change::Alter {
                new, attributes, ..
            } => {
                let origin = origins(live, desired, new).into_iter().find(|f| {
                    let reaches =
                        |a: &AttributeChange| id.kind.recurses(a.name()) && alike(set, f, a);
                    attributes.iter().all(reaches) && !joins(live, desired, set, new, f)
                });
                if let Some(origin) = origin {
                    absorbed.insert(id.clone(), origin);
                }
            }
            // It goes and comes again with what it is inherited from.
            Change::Replace { old, new, .. } => {
                let goes_with = old.falls_with();
                let mut origins = origins(live, desired, new).into_iter();
                if let Some(origin) = origins.find(|f| goes_with.contains(f) && set.replaces(f)) {
                    absorbed.insert(id.clone(), origin);
                }
            }
        }
    }
    for (id, object) in typed(set) {
        absorbed.insert(id, object);
    }
    for part in in_circles(live, set, &absorbed) {
        absorbed.remove(&part);
    }
    for id in set.changes.keys() {
        let children = inline_children(desired, set, id);
        let Some(Change::Create { new }) = set.changes.get(id) else {
            continue;
        };
        let children: Vec<&Object> = children.into_iter().collect();
        for child in new.create_with(&children).absorbed {
            absorbed.insert(child, id.clone());
        }
    }
    for (part, whole) in &absorbed {
        set.absorbs
            .entry(whole.clone())
            .or_default()
            .push(part.clone());
    }
    set.absorbed = absorbed;
    set.left = left(live, desired, set);
}

/// What inheritance brings is as it is where it comes from: what differs is written when it is there. What it reaches
/// and is to stay as it is, is written once more.
fn left(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    set: &ChangeSet,
) -> BTreeMap<ObjectId, Change> {
    let mut left = BTreeMap::new();
    let origins = |new: &Object| -> Vec<&Object> {
        let follows = new.follows().into_iter();
        follows.filter_map(|id| desired.get(&id)).collect()
    };
    for id in set.absorbed.keys() {
        let whole = desired.get(outermost(&set.absorbed, id));
        let (Some(Change::Create { new }), Some(whole)) = (set.changes.get(id), whole) else {
            continue;
        };
        let given = new.given(whole, &origins(new));
        if let Some(change) = given.and_then(|given| alteration(&given, new)) {
            left.insert(id.clone(), change);
        }
    }
    let reaching: BTreeSet<(&ObjectId, &str)> = set
        .changes
        .iter()
        .flat_map(|(id, change)| {
            let attributes = match change {
                Change::Alter { attributes, .. } => attributes.as_slice(),
                _ => &[],
            };
            let names = attributes.iter().map(AttributeChange::name);
            names.map(move |name| (id, name))
        })
        .filter(|(id, name)| id.kind.recurses(name))
        .collect();
    if reaching.is_empty() {
        return left;
    }
    for (id, new) in desired.objects.iter() {
        let follows = new.follows();
        let Some(old) = live.get(id).filter(|_| !follows.is_empty()) else {
            continue;
        };
        let still = old.follows();
        let reached = |name: &str| {
            let mut above = follows.iter().filter(|f| still.contains(f));
            above.any(|f| reaching.contains(&(f, name))) && !set.absorbed.contains_key(id)
        };
        let given = new.given(old, &origins(new));
        let Some(Change::Alter {
            old,
            new,
            mut attributes,
        }) = given.and_then(|given| alteration(&given, new))
        else {
            continue;
        };
        attributes.retain(|a| reached(a.name()));
        if !attributes.is_empty() {
            let change = Change::Alter {
                old,
                new,
                attributes,
            };
            left.insert(id.clone(), change);
        }
    }
    left
}

/// Whether the table of `part` no longer inherits from that of `origin`: it leaves that before anything there changes.
fn leaves(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    set: &ChangeSet,
    part: &Object,
    origin: &ObjectId,
) -> bool {
    inherits_only(live, desired, set, part, origin)
}

/// Whether `part`, which is made, needs to be there before its table comes to inherit it from that of `origin`. Not what it
/// is to have from there alone, and is still to come there.
fn inherits_anew(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    set: &ChangeSet,
    part: &Object,
    origin: &ObjectId,
) -> bool {
    let comes = |f: &ObjectId| {
        let whole = desired.get(f).and_then(Object::parent);
        set.creates(f) && whole.is_some_and(|w| live.get(&w).is_some())
    };
    let alone = part.falls_with().contains(origin) && part.follows().iter().all(comes);
    !alone && joins(live, desired, set, part, origin)
}

/// What brings the change of `part` about, if it changes. A partition that leaves does so before its parent changes,
/// and one that comes is changed before.
fn origins(live: &Catalog<Live>, desired: &Catalog<Desired>, part: &Object) -> Vec<ObjectId> {
    match live.keeps_its_parent(desired, &part.id()) {
        true => part.follows(),
        false => Vec::new(),
    }
}

/// Whether the table of `part` comes to inherit from that of `origin` in these changes: until then nothing reaches it
/// from there.
fn joins(
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
    set: &ChangeSet,
    part: &Object,
    origin: &ObjectId,
) -> bool {
    inherits_only(desired, live, set, part, origin)
}

/// Whether the inheritance of the table of `part` changes, and it inherits from that of `origin` in `here` and not in
/// `there`.
fn inherits_only<A, B>(
    here: &Catalog<A>,
    there: &Catalog<B>,
    set: &ChangeSet,
    part: &Object,
    origin: &ObjectId,
) -> bool {
    let above = here.get(origin).and_then(Object::parent);
    let (Some(table), Some(above)) = (part.parent(), above) else {
        return false;
    };
    inherits_otherwise(set, &table)
        && table != *origin
        && !there.requires(&table).any(|need| *need == above)
}

fn inherits_otherwise(set: &ChangeSet, table: &ObjectId) -> bool {
    matches!(set.changes.get(table), Some(Change::Alter { attributes, .. })
        if attributes.iter().any(|a| a.name() == "inheritance"))
}

/// What brings `id` about in the end.
fn outermost<'a>(absorbed: &'a BTreeMap<ObjectId, ObjectId>, id: &'a ObjectId) -> &'a ObjectId {
    let mut id = id;
    // A part of a part is the longest chain; the bound ends a circle.
    for _ in 0..8 {
        match absorbed.get(id) {
            Some(whole) => id = whole,
            None => break,
        }
    }
    id
}

/// The dropped parts through which dropped wholes need each other: foreign keys of tables in a circle. They go before
/// any of the wholes.
fn in_circles(
    live: &Catalog<Live>,
    set: &ChangeSet,
    absorbed: &BTreeMap<ObjectId, ObjectId>,
) -> Vec<ObjectId> {
    let mut needs: Vec<(&ObjectId, &ObjectId, &ObjectId)> = Vec::new();
    for part in absorbed.keys() {
        let whole = outermost(absorbed, part);
        let others = live.requires(part).filter(|need| set.drops(need));
        let others = others.map(|need| outermost(absorbed, need));
        needs.extend(
            others
                .filter(|other| *other != whole)
                .map(|other| (part, whole, other)),
        );
    }
    let edges = needs.iter().map(|&(_, whole, other)| (whole, other));
    let graph: DiGraphMap<&ObjectId, ()> = edges.collect();
    let mut circle_of: BTreeMap<&ObjectId, usize> = BTreeMap::new();
    for (n, circle) in tarjan_scc(&graph).into_iter().enumerate() {
        circle_of.extend(circle.into_iter().map(|whole| (whole, n)));
    }
    let within = |(_, whole, other): &&(&ObjectId, &ObjectId, &ObjectId)| {
        circle_of.get(whole) == circle_of.get(other)
    };
    needs
        .iter()
        .filter(within)
        .map(|(part, _, _)| (*part).clone())
        .collect()
}

/// What comes, goes or changes with a type, with that: the columns of the tables of a type are its attributes.
fn typed(set: &ChangeSet) -> BTreeMap<ObjectId, ObjectId> {
    let part = |id: &ObjectId, object: &Object| {
        let changes = |by: &ObjectId| matches!(set.changes.get(by), Some(Change::Alter { .. }));
        let by = object.typed_by().filter(changes)?;
        // A new table has them from the start, and one that goes takes them along.
        let whole = object.parent();
        let stays = whole.is_none_or(|w| !set.creates(&w) && !set.drops(&w));
        stays.then(|| (id.clone(), by))
    };
    let parts = set.changes.iter().filter_map(|(id, change)| match change {
        Change::Create { new: object } | Change::Drop { old: object } => part(id, object),
        Change::Alter {
            new, attributes, ..
        } if attributes.iter().all(|a| TYPED.contains(&a.name())) => part(id, new),
        _ => None,
    });
    parts.collect()
}

/// Of what changes in an inherited part, it does itself what does not come from where it is inherited.
fn leave_to_origins(live: &Catalog<Live>, desired: &Catalog<Desired>, set: &mut ChangeSet) {
    let mut own = Vec::new();
    for (id, change) in &set.changes {
        let Change::Alter {
            new, attributes, ..
        } = change
        else {
            continue;
        };
        let by = new.typed_by();
        let typed = by.is_some_and(|by| matches!(set.changes.get(&by), Some(Change::Alter { .. })));
        let comes = |a: &AttributeChange| {
            if typed && TYPED.contains(&a.name()) {
                return true;
            }
            let mut origins = origins(live, desired, new).into_iter();
            let reaches = |f: &ObjectId| alike(set, f, a) && !joins(live, desired, set, new, f);
            id.kind.recurses(a.name()) && origins.any(|f| reaches(&f))
        };
        let rest: Vec<AttributeChange> = attributes.iter().filter(|a| !comes(a)).cloned().collect();
        if !rest.is_empty() && rest.len() < attributes.len() {
            own.push((id.clone(), rest));
        }
    }
    for (id, rest) in own {
        if let Some(Change::Alter { attributes, .. }) = set.changes.get_mut(&id) {
            *attributes = rest;
        }
    }
}

fn alike(set: &ChangeSet, origin: &ObjectId, own: &AttributeChange) -> bool {
    let Some(Change::Alter { attributes, .. }) = set.changes.get(origin) else {
        return false;
    };
    attributes
        .iter()
        .any(|a| a.name() == own.name() && a.new.value == own.new.value)
}

/// The new parts of the new object `whole` that may stand in its statement: those that do not
/// need anything which itself needs `whole`.
pub(crate) fn inline_children<'a>(
    desired: &'a Catalog<Desired>,
    set: &ChangeSet,
    whole: &ObjectId,
) -> Vec<&'a Object> {
    if !set.creates(whole) {
        return Vec::new();
    }
    // Parts sort directly behind nothing in particular: walk those whose path extends the whole's.
    crate::kinds::KindTag::ALL
        .iter()
        .flat_map(|&kind| {
            let first = ObjectId {
                kind,
                path: whole.path.clone(),
            };
            desired
                .objects
                .range(first..)
                .take_while(move |(id, _)| id.kind == kind && id.path.starts_with(&whole.path))
        })
        .filter(|(id, object)| {
            object.parent().as_ref() == Some(whole)
                && set.creates(id)
                && !needs_back(desired, set, id, whole)
        })
        .map(|(_, object)| object)
        .collect()
}

/// Whether a part needs something new outside of `whole` that needs `whole`.
fn needs_back(
    desired: &Catalog<Desired>,
    set: &ChangeSet,
    part: &ObjectId,
    whole: &ObjectId,
) -> bool {
    let inside = |id: &ObjectId| id == whole || id.path.starts_with(&whole.path);
    let mut queue: Vec<&ObjectId> = desired
        .requires(part)
        .filter(|r| !inside(r) && set.creates(r))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        if id == whole {
            return true;
        }
        if seen.insert(id) {
            queue.extend(desired.requires(id).filter(|r| set.creates(r)));
        }
    }
    false
}
