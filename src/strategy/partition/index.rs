//! Change: an index of a partitioned table is redefined or dropped.
//!
//! Why not directly: what is dropped and made anew is built under ACCESS EXCLUSIVE.
//! Steps: the new index CONCURRENTLY on each partition and ON ONLY each partitioned table (nothing to
//! build), under temporary names, attached to each other; then all names are swapped in one
//! transaction; then the old one is dropped with its parts. A partition that leaves in the same plan leaves
//! before, one that comes comes after.
//! Measured (14 to 18): ON ONLY takes SHARE on the partitioned table and builds nothing; ALTER INDEX
//! … ATTACH ACCESS EXCLUSIVE on the attached index and ACCESS SHARE on the tables; RENAME
//! SHARE UPDATE EXCLUSIVE; the drop ACCESS EXCLUSIVE on the table with all its partitions, since
//! there is no CONCURRENTLY for it, without a scan.
//! Undo: the names swapped back; what was dropped is built again, CONCURRENTLY on each partition.
//! Limits: ALTER INDEX has no DETACH: what is attached goes with the index it is attached to.
//! Sources: manual, CREATE INDEX, DROP INDEX; measured in tests/cases/partition.

use super::super::direct::{self, fallen};
use super::super::index::{build, not_transactional, unbuild_part, uncomment};
use super::super::{Context, Refusal, Strategy};
use super::step;
use crate::diff::Change;
use crate::kinds::index::Concurrently;
use crate::kinds::{Index, IndexAttachment, KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct RedefineIndex;

impl Strategy for RedefineIndex {
    fn name(&self) -> &'static str {
        "index, partition by partition"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let index = match change {
            Change::Create {
                new: Object::Index(_),
            }
            | Change::Replace {
                new: Object::Index(_),
                ..
            } => id.clone(),
            Change::Create {
                new: Object::IndexAttachment(new),
            }
            | Change::Replace {
                new: Object::IndexAttachment(new),
                ..
            } => new.index_id(),
            _ => return false,
        };
        is_redefined(&context.desired.attached_root(&index), context)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        Ok(match change {
            Change::Create {
                new: Object::Index(new),
            } => {
                let mut step = first(id, new, "", context);
                step.produces.extend(direct::nodes([id], Era::After));
                step.takes.extend(Object::Index(new.clone()).names());
                vec![step]
            }
            Change::Replace {
                old: Object::Index(old),
                new: Object::Index(new),
                why,
            } => redefine(id, old, new, why, context),
            Change::Create {
                new: Object::IndexAttachment(new),
            }
            | Change::Replace {
                new: Object::IndexAttachment(new),
                ..
            } => vec![attach(id, new, context)],
            _ => return direct::Direct.expand(id, change, context),
        })
    }
}

/// Whether the index of a partitioned table is replaced, and nothing with it but its parts and
/// comments.
fn is_redefined(root: &ObjectId, context: &Context<'_>) -> bool {
    let Some(Change::Replace {
        old: Object::Index(old),
        new: Object::Index(new),
        ..
    }) = context.changes.changes.get(root)
    else {
        return false;
    };
    let Some(number) = context.changes.together.get(root) else {
        return false;
    };
    let same = |id: &ObjectId| context.changes.together.get(id) == Some(number);
    let parts = context.changes.together.keys().filter(|id| same(id));
    old.on_partitioned
        && new.on_partitioned
        && old.attached_to.is_none()
        && parts.into_iter().all(|id| {
            matches!(id.kind, KindTag::Index | KindTag::IndexAttachment) || id.kind.describes()
        })
        && !context.changes.around.iter().any(|a| same(&a.object))
}

/// The index attachments of the new tree that this plan makes.
fn attachments_below(root: &ObjectId, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let made = context
        .changes
        .changes
        .iter()
        .filter_map(|(id, change)| match change {
            Change::Create {
                new: Object::IndexAttachment(new),
            }
            | Change::Replace {
                new: Object::IndexAttachment(new),
                ..
            } => (context.desired.attached_root(&new.index_id()) == *root).then(|| id.clone()),
            _ => None,
        });
    made.collect()
}

/// The name until the swap: only what replaces an index of its own name needs another.
fn building(id: &ObjectId, context: &Context<'_>) -> Ident {
    if context.changes.replaces(id) {
        Ident::new(context.temporary_name(id, "new index"))
    } else {
        Ident::new(id.path.last().map_or("", String::as_str))
    }
}

/// The name of the old one after the swap.
fn retired(id: &ObjectId, context: &Context<'_>) -> Ident {
    if context.changes.replaces(id) {
        Ident::new(context.temporary_name(id, "old index"))
    } else {
        Ident::new(id.path.last().map_or("", String::as_str))
    }
}

pub(super) fn index_id(index: &Index) -> ObjectId {
    Object::Index(index.clone()).id()
}

pub(super) fn named(schema: &Ident, name: &Ident) -> Qualified {
    Qualified {
        schema: schema.clone(),
        name: name.clone(),
    }
}

/// Builds the new index, or makes it ON ONLY a partitioned table.
fn first(id: &ObjectId, new: &Index, why: &str, context: &Context<'_>) -> Step {
    let own = BTreeSet::from([id.clone()]);
    let name = building(id, context);
    let title = format!("build the new {}", id.human());
    let mut first = if new.on_partitioned {
        let there = vec![new.create_as(&name, Concurrently::No)];
        // What is attached goes with it.
        let back = if new.attached_to.is_none() {
            sql!("DROP INDEX {}", named(&new.schema, &name))
        } else {
            sql!("DROP INDEX IF EXISTS {}", named(&new.schema, &name))
        };
        let back = vec![back];
        step(Phase::Expand, id, there, back).described("create index", title, why.to_owned())
    } else {
        let action = build(new, &name);
        let undo = vec![unbuild_part(new, &name)];
        let mut step = Step::expand(id.clone(), action, Reversal::Run(undo)).described(
            "create index",
            title,
            why.to_owned(),
        );
        step.hazards.push(not_transactional());
        step.tables = vec![new.table_name()];
        step
    };
    first.requires = new_needs(&own, context);
    // Taking back the one that it is attached to takes it along.
    let root = context.desired.attached_root(id);
    first.part_of = (root != *id).then_some(root);
    // The parts come before it: taken back after it, they have gone with it if they were attached.
    let parts = attachments_below(&context.desired.attached_root(id), context);
    let parts = parts.iter().filter_map(|a| match context.desired.get(a) {
        Some(Object::IndexAttachment(a)) if a.parent.id() == *id => Some(a.index_id()),
        _ => None,
    });
    first
        .requires
        .extend(parts.map(|part| (part, Era::Temp(1))));
    first.produces = direct::nodes(&own, Era::Temp(1));
    first
}

fn redefine(
    id: &ObjectId,
    old: &Index,
    new: &Index,
    why: &str,
    context: &Context<'_>,
) -> Vec<Step> {
    let own = BTreeSet::from([id.clone()]);
    let (fresh, gone) = (building(id, context), retired(id, context));
    let first = first(id, new, why, context);
    let temp: BTreeSet<Node> = first.produces.clone();
    let rename = |from: &Ident, to: &Ident| {
        sql!("ALTER INDEX {} RENAME TO {}", named(&new.schema, from), to)
    };
    let mut there = vec![rename(&new.name, &gone), rename(&fresh, &new.name)];
    there.extend(new.after_create());
    let mut back = uncomment(id, context);
    back.extend([rename(&new.name, &fresh), rename(&gone, &new.name)]);
    back.extend(comments_of(id, context));
    let mut swap = step(Phase::Contract, id, there, back).described(
        "swap index",
        format!("swap {}", id.human()),
        "renaming an index takes SHARE UPDATE EXCLUSIVE only",
    );
    swap.requires = temp;
    swap.requires.extend(new_needs(&own, context));
    // Only when all parts are attached is the new one valid.
    let parts = attachments_below(&context.desired.attached_root(id), context);
    swap.requires.extend(direct::nodes(&parts, Era::Temp(1)));
    swap.releases = direct::releases(context, &own);
    swap.produces = direct::nodes(&own, Era::After);
    swap.together = context.changes.together.get(id).copied();
    let mut steps = vec![first, swap];
    if old.attached_to.is_none() {
        let tree = Tree::below(old, context);
        let name = |index: &Index| retired(&index_id(index), context);
        let mut there = vec![sql!("DROP INDEX {}", named(&old.schema, &gone))];
        let mut back = tree.build(&name);
        for part in &tree.left {
            there.extend(Object::Index((*part).clone()).drop());
            back.push(build(part, &part.name));
        }
        let undo = Undo::Run(back);
        let mut last = Step::contract(id.clone(), Action::Transaction(there), undo).described(
            "drop index",
            format!("drop the old {}", id.human()),
            NO_CONCURRENTLY,
        );
        let all = tree.indexes.iter().map(|i| index_id(i));
        last.requires = all.map(|i| (i, Era::After)).collect();
        last.produces = BTreeSet::from([(id.clone(), DROPPED)]);
        last.after = direct::nodes(&tree.leaving, Era::Before);
        // The old ones stand until here on what they were made of.
        let stood = tree.indexes.iter().map(|i| index_id(i)).collect();
        last.releases = direct::releases(context, &stood);
        last.releases.retain(|node| !last.after.contains(node));
        let fallen = context.changes.absorbs.get(id).into_iter().flatten();
        last.destroys = direct::nodes(fallen, Era::Before);
        steps.push(last);
    }
    steps
}

const NO_CONCURRENTLY: &str = "an index of a partitioned table has no DROP CONCURRENTLY: ACCESS \
     EXCLUSIVE on the table and all its partitions, without reading a row";

/// What an index needs besides the others of its tree, which have temporary names.
fn new_needs(own: &BTreeSet<ObjectId>, context: &Context<'_>) -> BTreeSet<Node> {
    let mut needs = direct::requires(context, own);
    needs.retain(|(id, _)| !matches!(id.kind, KindTag::Index | KindTag::IndexAttachment));
    needs
}

fn comments_of(id: &ObjectId, context: &Context<'_>) -> Vec<Sql> {
    fallen::parts(context, id)
        .iter()
        .filter(|part| part.kind.describes())
        .filter_map(|part| context.live.get(part))
        .flat_map(Object::create)
        .collect()
}

/// The indexes of `table` that are redefined, as the drop of the old ones: ATTACH would build their parts.
pub(super) fn redefined_on(table: &ObjectId, context: &Context<'_>) -> BTreeSet<Node> {
    let indexes = context.desired.objects.iter().filter_map(|(id, object)| {
        let is_on_it = matches!(object, Object::Index(index) if index.table_id() == *table);
        is_on_it.then(|| context.desired.attached_root(id))
    });
    let redefined = indexes.filter(|root| is_redefined(root, context));
    redefined.map(|root| (root, DROPPED)).collect()
}

fn attach(id: &ObjectId, new: &IndexAttachment, context: &Context<'_>) -> Step {
    let (parent, part) = (new.parent.id(), new.index_id());
    let table = Qualified {
        schema: new.schema.clone(),
        name: new.table.clone(),
    };
    // The partition comes when the new index has the name.
    if context.changes.creates(&super::attachment_id(&table)) {
        return direct::create(
            &Object::IndexAttachment(new.clone()),
            context,
            Phase::Expand,
        );
    }
    let there = vec![sql!(
        "ALTER INDEX {} ATTACH PARTITION {}",
        named(&new.parent.schema, &building(&parent, context)),
        named(&new.schema, &building(&part, context))
    )];
    let mut step = step(Phase::Expand, id, there, Vec::new()).described(
        "attach index",
        format!("attach the new {}", part.human()),
        "reads no row",
    );
    step.requires = direct::nodes([&parent, &part], Era::Temp(1));
    let needs = direct::requires(context, &BTreeSet::from([id.clone()]));
    let table = needs
        .into_iter()
        .filter(|(n, _)| n.kind == KindTag::Attachment);
    step.requires.extend(table);
    step.produces = direct::nodes([id], Era::Temp(1));
    step.produces.extend(direct::nodes([id], Era::After));
    step
}

/// When the old index is dropped.
const DROPPED: Era = Era::Temp(2);

/// An index with all that are attached to it.
pub(super) struct Tree<'a> {
    pub(super) indexes: Vec<&'a Index>,
    attachments: Vec<&'a IndexAttachment>,
    /// The attachments of partitions that go in this plan and keep their part: before the tree does.
    leaving: BTreeSet<ObjectId>,
    /// The parts that those had and do not keep, where the index is redefined.
    left: Vec<&'a Index>,
}

impl<'a> Tree<'a> {
    pub(super) fn below(root: &'a Index, context: &'a Context<'_>) -> Self {
        let mut tree = Self {
            indexes: vec![root],
            attachments: Vec::new(),
            leaving: BTreeSet::new(),
            left: Vec::new(),
        };
        let is_redefined = context.changes.replaces(&index_id(root));
        let mut next = 0;
        while let Some(&index) = tree.indexes.get(next) {
            next += 1;
            for object in context.live.objects.values() {
                let Object::IndexAttachment(a) = object else {
                    continue;
                };
                if a.parent.id() != index_id(index) {
                    continue;
                }
                if let Some(Object::Index(part)) = context.live.get(&a.index_id()) {
                    let table = super::attachment_id(&part.table_name());
                    let goes = context.changes.drops(&a.index_id());
                    // What is dropped goes before the partition, with the index that it is attached to; but
                    // not where the partition itself is dropped.
                    let with_table = context.changes.drops(&part.table_id());
                    if context.changes.drops(&table) && (is_redefined || !goes || with_table) {
                        tree.leaving.insert(table);
                        tree.left.extend((goes && !with_table).then_some(part));
                        continue;
                    }
                    tree.indexes.push(part);
                    tree.attachments.push(a);
                }
            }
        }
        tree
    }

    /// Makes the tree anew, each index under the name that `name` gives it.
    pub(super) fn build(&self, name: &dyn Fn(&Index) -> Ident) -> Vec<Action> {
        let (over, with_rows): (Vec<&Index>, Vec<&Index>) =
            self.indexes.iter().partition(|i| i.on_partitioned);
        let only = over
            .iter()
            .map(|i| i.create_as(&name(i), Concurrently::No))
            .collect();
        let mut actions = vec![Action::Transaction(only)];
        actions.extend(with_rows.iter().map(|i| build(i, &name(i))));
        let find = |id: &ObjectId| self.indexes.iter().find(|i| index_id(i) == *id);
        let attach: Vec<Sql> = self
            .attachments
            .iter()
            .filter_map(|a| {
                let (parent, part) = (find(&a.parent.id())?, find(&a.index_id())?);
                Some(sql!(
                    "ALTER INDEX {} ATTACH PARTITION {}",
                    named(&parent.schema, &name(parent)),
                    named(&part.schema, &name(part))
                ))
            })
            .collect();
        if !attach.is_empty() {
            actions.push(Action::Transaction(attach));
        }
        actions
    }
}

pub struct DropIndex;

impl Strategy for DropIndex {
    fn name(&self) -> &'static str {
        "drop index of a partitioned table"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        match change {
            Change::Drop {
                old: Object::Index(old),
            } => {
                old.on_partitioned
                    && old.attached_to.is_none()
                    && context.plain_because(&old.table_id()).is_none()
                    && context.changes.stands_alone(id)
            }
            _ => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let steps = direct::Direct.expand(id, change, context)?;
        let Change::Drop {
            old: Object::Index(old),
        } = change
        else {
            return Ok(steps);
        };
        let tree = Tree::below(old, context);
        Ok(steps
            .into_iter()
            .map(|plain| {
                let mut back = tree.build(&|index| index.name.clone());
                let mut after: Vec<Sql> =
                    tree.indexes.iter().flat_map(|i| i.after_create()).collect();
                let fallen = plain.destroys.iter().map(|(id, _)| id);
                after.extend(
                    fallen
                        .filter(|id| id.kind.describes())
                        .filter_map(|id| context.live.get(id))
                        .flat_map(Object::create),
                );
                if !after.is_empty() {
                    back.push(Action::Transaction(after));
                }
                let action = plain.action().clone();
                let mut step = Step::contract(id.clone(), action, Undo::Run(back)).described(
                    plain.operation,
                    plain.title.clone(),
                    NO_CONCURRENTLY,
                );
                step.after = direct::nodes(&tree.leaving, Era::Before);
                step.hazards = plain.hazards;
                step.releases = plain.releases;
                step.destroys = plain.destroys;
                step.frees = plain.frees;
                step
            })
            .collect())
    }
}
