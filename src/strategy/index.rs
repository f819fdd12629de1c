//! Change: an index is created, dropped or redefined.
//!
//! Why not directly: CREATE INDEX holds SHARE on the table while it is built, DROP INDEX takes
//! ACCESS EXCLUSIVE on the table.
//! Steps: create, drop: CONCURRENTLY. Redefine: build the new one under a temporary name,
//! swap the names in one short transaction, drop the old one CONCURRENTLY.
//! Undo: the other direction, CONCURRENTLY too.
//! Limits: an index of a partitioned table is made ON ONLY it (nothing to build) and attached
//! part by part; it has no CONCURRENTLY, and neither has the drop of a part.
//! Sources: manual, CREATE INDEX, "Building Indexes Concurrently"; measured in tests/cases/index.

use super::direct::fallen;
use super::{Context, Refusal, Strategy};
use super::{checks, direct};
use crate::diff::Change;
use crate::kinds::index::Concurrently;
use crate::kinds::{Hazard, HazardKind, Index as IndexObject, KindTag, Object, ObjectId, Verb};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Probe, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Index;

impl Strategy for Index {
    fn name(&self) -> &'static str {
        "index concurrently"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        if id.kind != KindTag::Index || !context.changes.stands_alone(id) {
            return false;
        }
        let concurrent = |object: &Object| match object {
            Object::Index(i) => !i.on_partitioned && context.plain_because(&i.table_id()).is_none(),
            _ => false,
        };
        let attached =
            |object: &Object| matches!(object, Object::Index(i) if i.attached_to.is_some());
        match change {
            Change::Create { new } => concurrent(new),
            Change::Drop { old } => concurrent(old) && !attached(old),
            Change::Replace { old, new, .. } => {
                // Where the partition leaves, it does so before.
                let left = old
                    .parent()
                    .is_some_and(|table| !context.live.keeps_its_parent(context.desired, &table));
                concurrent(old) && concurrent(new) && (left || !attached(old)) && !attached(new)
            }
            Change::Alter { .. } => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        Ok(match change {
            Change::Drop { .. } if becomes_constraint(id, context) => Vec::new(),
            Change::Create {
                new: Object::Index(new),
            } => create(id, new, context),
            Change::Drop {
                old: Object::Index(old),
            } => vec![drop(id, old, context)],
            Change::Replace {
                old: Object::Index(old),
                new: Object::Index(new),
                why,
            } => redefine(id, old, new, why, context),
            _ => return direct::Direct.expand(id, change, context),
        })
    }
}

/// A constraint of the same name takes the index over.
fn becomes_constraint(id: &ObjectId, context: &Context<'_>) -> bool {
    let Some(Object::Index(index)) = context.live.get(id) else {
        return false;
    };
    let path = [index.schema.raw(), index.table.raw(), index.name.raw()];
    super::key::reuses_index(&ObjectId::new(KindTag::Constraint, path), context)
}

/// Whether the index `name` stands, built to the end, with the definition that creating it gives.
pub(super) fn built(schema: &Ident, name: &Ident, definition: &Sql) -> Probe {
    Probe(sql!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_index x \
         JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace \
         WHERE n.nspname = {} AND i.relname = {} AND x.indisvalid \
         AND pg_catalog.pg_get_indexdef(i.oid) = {})",
        Literal(schema.raw()),
        Literal(name.raw()),
        Literal(definition.as_str())
    ))
}

/// Whether no relation has the name.
pub(super) fn gone(schema: &Ident, name: &Ident) -> Probe {
    Probe(sql!(
        "SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_class i \
         JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace \
         WHERE n.nspname = {} AND i.relname = {})",
        Literal(schema.raw()),
        Literal(name.raw())
    ))
}

/// Builds `index` under `name` while writes go on.
pub(super) fn build(index: &IndexObject, name: &Ident) -> Action {
    let named = IndexObject {
        name: name.clone(),
        ..index.clone()
    };
    Action::Outside {
        statement: index.create_as(name, Concurrently::Yes),
        done: built(
            &index.schema,
            name,
            &index.create_as(name, Concurrently::No),
        ),
        clean: vec![named.drop_concurrently()],
    }
}

pub(super) fn unbuild(index: &IndexObject, name: &Ident) -> Action {
    let named = IndexObject {
        name: name.clone(),
        ..index.clone()
    };
    Action::Outside {
        statement: named.drop_concurrently(),
        done: gone(&index.schema, name),
        clean: Vec::new(),
    }
}

/// [`unbuild`] of what has perhaps gone with the index that it was attached to.
pub(super) fn unbuild_part(index: &IndexObject, name: &Ident) -> Action {
    let qualified = crate::pg::Qualified {
        schema: index.schema.clone(),
        name: name.clone(),
    };
    Action::Outside {
        statement: sql!("DROP INDEX CONCURRENTLY IF EXISTS {}", qualified),
        done: gone(&index.schema, name),
        clean: Vec::new(),
    }
}

pub(super) fn not_transactional() -> Hazard {
    Hazard::declared(
        HazardKind::NotTransactional,
        "runs outside a transaction; a broken attempt leaves an INVALID index, which is dropped \
         and built again",
    )
}

fn create(id: &ObjectId, new: &IndexObject, context: &Context<'_>) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    // An attached index goes with the one it is attached to.
    let parent = new.attached_to.as_ref().map(crate::kinds::ParentIndex::id);
    let back = match parent {
        Some(parent) if context.changes.creates(&parent) => unbuild_part(new, &new.name),
        _ => unbuild(new, &new.name),
    };
    let back = vec![back];
    let mut step = Step::expand(id.clone(), build(new, &new.name), Reversal::Run(back)).described(
        "create index",
        format!("create {}", id.human()),
        "CREATE INDEX without CONCURRENTLY blocks writes while it is built",
    );
    step.hazards.push(not_transactional());
    step.checks = checks::index(new, context);
    step.tables = vec![new.table_name()];
    step.requires = direct::requires(context, &own);
    step.produces = direct::nodes(&own, Era::After);
    step.takes.extend(Object::Index(new.clone()).names());
    let mut steps = vec![step];
    let after = new.after_create();
    if !after.is_empty() {
        let mut step = Step::expand(
            id.clone(),
            Action::Transaction(after),
            Reversal::Run(Vec::new()),
        )
        .described("alter index", format!("settings of {}", id.human()), "");
        step.requires = direct::nodes(&own, Era::After);
        steps.push(step);
    }
    steps
}

fn drop(id: &ObjectId, old: &IndexObject, context: &Context<'_>) -> Step {
    let comments = context
        .changes
        .absorbed
        .iter()
        .filter(|(_, whole)| *whole == id);
    let comments: Vec<ObjectId> = comments.map(|(c, _)| c.clone()).collect();
    let mut back = vec![build(old, &old.name)];
    let mut after = old.after_create();
    after.extend(
        comments
            .iter()
            .filter_map(|c| context.live.get(c))
            .flat_map(Object::create),
    );
    if !after.is_empty() {
        back.push(Action::Transaction(after));
    }
    let mut step = Step::contract(id.clone(), unbuild(old, &old.name), Undo::Run(back)).described(
        "drop index",
        format!("drop {}", id.human()),
        "DROP INDEX without CONCURRENTLY takes ACCESS EXCLUSIVE on the table",
    );
    step.tables = vec![old.table_name()];
    step.hazards = Object::Index(old.clone()).hazards(Verb::Drop);
    let destroyed: BTreeSet<ObjectId> = std::iter::once(id.clone()).chain(comments).collect();
    step.releases = direct::releases(context, &destroyed);
    step.destroys = direct::nodes(&destroyed, Era::Before);
    step.frees.extend(Object::Index(old.clone()).names());
    step
}

/// Takes a comment away from the new index before it gets its temporary name back: the step of the
/// comment, which is undone earlier, leaves it there.
pub(super) fn uncomment(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    let objects = context.desired.objects.values();
    objects
        .filter(|o| o.tag().describes() && o.parent().as_ref() == Some(id))
        .flat_map(Object::drop)
        .collect()
}

fn redefine(
    id: &ObjectId,
    old: &IndexObject,
    new: &IndexObject,
    why: &str,
    context: &Context<'_>,
) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    let building = Ident::new(context.temporary_name(id, "new index"));
    let retired = Ident::new(context.temporary_name(id, "old index"));
    let schema = &new.schema;
    let temp: BTreeSet<_> = direct::nodes(&own, Era::Temp(1));

    let mut first = Step::expand(
        id.clone(),
        build(new, &building),
        Reversal::Run(vec![unbuild(new, &building)]),
    )
    .described("create index", format!("build the new {}", id.human()), why);
    first.hazards.push(not_transactional());
    first.checks = checks::index(new, context);
    first.tables = vec![new.table_name()];
    first.requires = direct::requires(context, &own);
    first.produces = temp.clone();

    let rename = |from: &Ident, to: &Ident| {
        sql!(
            "ALTER INDEX {} RENAME TO {}",
            crate::pg::Qualified {
                schema: schema.clone(),
                name: from.clone()
            },
            to
        )
    };
    let mut there = vec![rename(&new.name, &retired), rename(&building, &new.name)];
    there.extend(new.after_create());
    let mut back = uncomment(id, context);
    back.extend([rename(&new.name, &building), rename(&retired, &new.name)]);
    // The new one is as it was built, the old one has what it had, and the table one index to be clustered on.
    let unset = new.statistics.iter().map(|(column, _)| (*column, -1));
    let bare = IndexObject {
        name: building.clone(),
        statistics: unset.collect(),
        clustered: false,
        ..new.clone()
    };
    back.extend(bare.after_create());
    back.extend(old.after_create());
    if new.clustered && !old.clustered {
        back.push(old.cluster_on_none());
    }
    back.extend(fallen::again(context, id));
    let mut swap = Step::contract(
        id.clone(),
        Action::Transaction(there),
        Undo::Run(vec![Action::Transaction(back)]),
    )
    .described(
        "swap index",
        format!("swap {}", id.human()),
        "renaming an index takes SHARE UPDATE EXCLUSIVE only",
    );
    swap.requires = temp;
    swap.requires.extend(direct::requires(context, &own));
    swap.produces = direct::nodes(&own, Era::After);

    let mut last = Step::contract(
        id.clone(),
        unbuild(old, &retired),
        Undo::Run(vec![build(old, &retired)]),
    )
    .described("drop index", format!("drop the old {}", id.human()), why);
    last.tables = vec![old.table_name()];
    last.requires = direct::nodes(&own, Era::After);
    // The old one stands until here on what it was made of.
    last.requires.extend(direct::requires(context, &own));
    last.releases = direct::releases(context, &own);
    vec![first, swap, last]
}
