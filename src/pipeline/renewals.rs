//! Finds the materialized views of which a new one is built before it takes the place of the old one.

use super::{PipelineError, Workshop};
use crate::catalog::{self, Catalog, Desired, Live, closure};
use crate::diff::rename::Rename;
use crate::diff::renewal::called;
use crate::diff::{Change, ChangeSet, Renewal, Renewals, Replacements};
use crate::kinds::{Alter, KindTag, Object, ObjectId};
use crate::pg::Ident;
use crate::rehearse::clone;
use crate::strategy::{SmallTable, is_heavy, temporary_name};
use std::collections::{BTreeMap, BTreeSet};

/// Both sides, and how the one becomes the other.
pub(super) struct Wanted<'a> {
    pub live: &'a Catalog<Live>,
    pub desired: &'a Catalog<Desired>,
    pub changes: &'a ChangeSet,
    pub replacements: &'a Replacements,
}

/// A populated materialized view over `id` whose query may take long.
pub(super) fn heavy_over<'a>(
    id: &'a ObjectId,
    live: &'a Catalog<Live>,
    small: SmallTable,
) -> Option<&'a ObjectId> {
    let dependents = live.dependents();
    let mut queue = vec![id];
    let mut seen = BTreeSet::new();
    while let Some(id) = queue.pop() {
        for &dependent in dependents.get(id).into_iter().flatten() {
            if !is_renewable(dependent) || !seen.insert(dependent) {
                continue;
            }
            let populated =
                matches!(live.get(dependent), Some(Object::MaterializedView(v)) if v.populated);
            if populated && is_heavy(dependent, live, live, small) {
                return Some(dependent);
            }
            queue.push(dependent);
        }
    }
    None
}

fn is_renewable(id: &ObjectId) -> bool {
    matches!(id.kind, KindTag::View | KindTag::MaterializedView)
}

/// # Errors
/// [`PipelineError`] when the scratch server fails.
pub(super) fn find(
    wanted: &Wanted<'_>,
    workshop: &Workshop<'_>,
) -> Result<Renewals, PipelineError> {
    let small = workshop.options.small;
    let mut views: BTreeSet<ObjectId> = BTreeSet::new();
    for (id, change) in &wanted.changes.changes {
        if let Change::Replace {
            old: Object::MaterializedView(old),
            new: Object::MaterializedView(_),
            ..
        } = change
            && old.populated
            && is_heavy(id, wanted.live, wanted.live, small)
            && let Some(path) = wanted.path(id)
        {
            views.extend(path);
        }
    }
    let mut renewals = Renewals::default();
    if views.is_empty() {
        return Ok(renewals);
    }
    let followed = wanted.replaced();
    let is_alone = |id: &ObjectId| {
        let mut needs = wanted.desired.requires(id);
        !needs.any(|need| views.contains(need) || followed.contains(need))
    };
    let (alone, joined): (Vec<&ObjectId>, Vec<&ObjectId>) =
        views.iter().partition(|id| is_alone(id));
    for id in alone {
        let temporary = temporary(id);
        if let Some(twin) = wanted.desired.get(id).and_then(|o| renamed(o, &temporary)) {
            let needs = wanted.desired.requires(id).cloned().collect();
            renewals
                .views
                .insert(id.clone(), renewal(id, twin, needs, true));
        }
    }
    if joined.is_empty() {
        return Ok(renewals);
    }
    // After the swap, over the names of the desired schema.
    let after = wanted.twins(&views, &BTreeMap::new(), workshop)?;
    let before = wanted.twins(&views, &wanted.before(), workshop)?;
    let same = |id: &&ObjectId| {
        let twin = called(id, &temporary(id));
        lists(before.get(&twin)) == lists(after.get(&twin))
    };
    // A query that groups by a key alone needs the constraint: the old one keeps it from going, the new one waits for it.
    let rests_on_a_key = |id: &&ObjectId| {
        let twin = called(id, &temporary(id));
        before
            .requires(&twin)
            .any(|need| need.kind == KindTag::Constraint)
    };
    if joined.iter().any(rests_on_a_key) {
        return Ok(renewals);
    }
    let late = !joined.iter().all(same);
    let twins = if late { after } else { before };
    for id in joined {
        let twin = called(id, &temporary(id));
        if let Some(object) = twins.get(&twin) {
            let needs = twins.requires(&twin).cloned().collect();
            let renewal = Renewal {
                late,
                ..renewal(id, object.clone(), needs, false)
            };
            renewals.views.insert(id.clone(), renewal);
        }
    }
    Ok(renewals)
}

/// How many names stand right before a parenthesis: calls, and the names of columns after an alias. Over columns that are
/// called otherwise than what joins them (`USING`) the server writes such lists, which count the columns of a table,
/// and the new ones stand elsewhere in live than in a table made for their names.
fn lists(view: Option<&Object>) -> usize {
    let text = match view {
        Some(Object::View(view)) => &view.query,
        Some(Object::MaterializedView(view)) => &view.query,
        _ => return 0,
    };
    let ends = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let pairs = text.chars().zip(text.chars().skip(1));
    pairs.filter(|&(a, b)| ends(a) && b == '(').count()
}

fn renewal(id: &ObjectId, twin: Object, needs: BTreeSet<ObjectId>, alone: bool) -> Renewal {
    Renewal {
        temporary: temporary(id),
        retired: Ident::new(temporary_name(id, "old view")),
        twin,
        needs,
        alone,
        late: false,
    }
}

fn temporary(id: &ObjectId) -> Ident {
    Ident::new(temporary_name(id, "new view"))
}

fn renamed(object: &Object, name: &Ident) -> Option<Object> {
    let mut object = object.clone();
    match &mut object {
        Object::MaterializedView(view) => view.name = name.clone(),
        Object::View(view) => view.name = name.clone(),
        _ => return None,
    }
    Some(object)
}

impl Wanted<'_> {
    /// The columns and types that others take the place of, with those that follow them.
    fn replaced(&self) -> BTreeSet<ObjectId> {
        let replacements = self.replacements;
        let retyped = replacements.columns.iter().filter(|(_, r)| !r.is_renamed());
        let mut all: BTreeSet<ObjectId> = retyped.map(|(id, _)| id.clone()).collect();
        all.extend(self.desired.followers(&all));
        all.extend(replacements.types.keys().cloned());
        all
    }

    /// The materialized view `id` with the views under it that are made anew as well; `None` where something
    /// under it is made anew or changes in the very transaction of the swap.
    fn path(&self, id: &ObjectId) -> Option<BTreeSet<ObjectId>> {
        let replaced = self.replaced();
        let mut path = BTreeSet::from([id.clone()]);
        let mut queue = vec![id.clone()];
        while let Some(id) = queue.pop() {
            for need in self.desired.requires(&id) {
                if self.changes.lets_go_of_its_type(need) {
                    return None;
                }
                match self.changes.changes.get(need) {
                    Some(Change::Replace { .. }) if is_renewable(need) => {
                        let seen = !path.insert(need.clone());
                        queue.extend((!seen).then(|| need.clone()));
                    }
                    Some(Change::Replace { .. }) if !replaced.contains(need) => return None,
                    Some(Change::Alter { attributes, .. }) if !replaced.contains(need) => {
                        let mut alters = attributes.iter().map(|a| &a.alter);
                        if alters.any(|alter| matches!(alter, Alter::Disturbing(_))) {
                            return None;
                        }
                    }
                    _ => {}
                }
            }
        }
        Some(path)
    }

    /// The names that the replaced columns and types have before the swap.
    fn before(&self) -> BTreeMap<&ObjectId, Ident> {
        let replacements = self.replacements;
        let retyped = replacements.columns.iter().filter(|(_, r)| !r.is_renamed());
        let mut names: BTreeMap<&ObjectId, Ident> = retyped
            .map(|(id, replacement)| (id, replacement.temporary.clone()))
            .collect();
        let types = replacements.types.iter();
        names.extend(types.map(|(id, (temporary, _))| (id, temporary.clone())));
        names
    }

    /// The desired catalog around `views` after the server gave them names of ours, and what is under them `names`.
    fn twins<'a>(
        &'a self,
        views: &'a BTreeSet<ObjectId>,
        names: &BTreeMap<&'a ObjectId, Ident>,
        workshop: &Workshop<'_>,
    ) -> Result<Catalog<Desired>, PipelineError> {
        let ids = closure(self.desired, views);
        let mut names = names.clone();
        names.extend(views.iter().map(|id| (id, temporary(id))));
        let renames = names.into_iter().filter(|(id, _)| ids.contains(*id));
        let renames = renames.map(|(id, name)| Rename {
            from: id.clone(),
            to: called(id, &name),
            schemas: None,
        });
        let scope = workshop.options.scope.with_own();
        let database = workshop.scratch()?.create_database(&workshop.settings)?;
        clone::build(&database, &self.desired.restricted(&ids), &scope)?;
        let mut client = database.connect()?;
        for rename in renames {
            if let Some((there, _)) = rename.statements() {
                client.batch_execute(there.as_str())?;
            }
        }
        Ok(catalog::read(&mut client, &scope)?)
    }
}
