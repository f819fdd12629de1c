//! Change: an index of a partition becomes part of its parent's, or is its own when that goes.
//!
//! Why not directly: ALTER INDEX has no DETACH, so that dropping the parent's index takes the partition's along; made
//! anew after it, it is built while writes wait, and until then there is none.
//! Steps: becoming a part is ATTACH alone. Where the parent's goes, an equal index is built CONCURRENTLY under a name of
//! ours before, and takes the name when the old one has gone.
//! Measured (14 to 18): ATTACH takes ACCESS EXCLUSIVE on the attached index, the rename SHARE UPDATE EXCLUSIVE.
//! Undo: the parent's is dropped, and the partition's, which goes with it, is built again CONCURRENTLY; the other way
//! the old ones are made again before the spare one is dropped.
//! Limits: while the rollback builds it, the partition has no such index.
//! Sources: manual, ALTER INDEX, DROP INDEX; measured in tests/cases/partition.

use super::super::direct;
use super::super::index::{build, not_transactional, unbuild, uncomment};
use super::super::{Context, Refusal, Strategy};
use super::index::{Tree, index_id, named};
use super::step;
use crate::diff::Change;
use crate::kinds::index::Concurrently;
use crate::kinds::{Object, ObjectId};
use crate::pg::{Ident, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Phase, Step};
use crate::sql;
use std::collections::BTreeSet;

pub struct OwnIndex;

impl Strategy for OwnIndex {
    fn name(&self) -> &'static str {
        "a partition keeps its index"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let Change::Replace {
            old: Object::Index(old),
            new: Object::Index(new),
            ..
        } = change
        else {
            return false;
        };
        let definition = |index: &crate::kinds::Index| index.create_as(&new.name, Concurrently::No);
        let root = context.live.attached_root(&index_id(old));
        old.attached_to.is_some()
            && new.attached_to.is_none()
            && !old.on_partitioned
            && context.changes.drops(&root)
            && definition(old) == definition(new)
            && context.plain_because(&new.table_id()).is_none()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Change::Replace {
            new: Object::Index(new),
            ..
        } = change
        else {
            return direct::Direct.expand(id, change, context);
        };
        let own = BTreeSet::from([id.clone()]);
        let spare = Ident::new(context.temporary_name(id, "own index"));
        let mut first = Step::expand(
            id.clone(),
            build(new, &spare),
            Reversal::Run(vec![unbuild(new, &spare)]),
        )
        .described(
            "create index",
            format!("build another {}", id.human()),
            "it goes with that of the table above, and is there again at once",
        );
        first.hazards.push(not_transactional());
        first.tables = vec![new.table_name()];
        first.requires = direct::requires(context, &own);
        first.produces = direct::nodes(&own, Era::Temp(1));
        let rename = |from: &Ident, to: &Ident| {
            sql!("ALTER INDEX {} RENAME TO {}", named(&new.schema, from), to)
        };
        let mut there = vec![rename(&spare, &new.name)];
        there.extend(new.after_create());
        let mut back = uncomment(id, context);
        back.push(rename(&new.name, &spare));
        let mut last = step(Phase::Contract, id, there, back).described(
            "rename index",
            format!("{} takes its name", id.human()),
            "renaming an index takes SHARE UPDATE EXCLUSIVE only",
        );
        last.requires = direct::nodes(&own, Era::Temp(1));
        let roots = context.changes.in_the_way.get(id);
        last.after = direct::nodes(roots.into_iter().flatten(), Era::Before);
        last.produces = direct::nodes(&own, Era::After);
        Ok(vec![first, last])
    }
}

/// A new index of a partitioned table takes those along that partitions had before and that were attached to it: taking
/// it back makes them again.
pub(super) fn bring_back(steps: &mut [Step], context: &Context<'_>) {
    let adopted = context
        .changes
        .changes
        .values()
        .filter_map(|change| match change {
            Change::Create {
                new: Object::IndexAttachment(new),
            } => match context.live.get(&new.index_id()) {
                Some(Object::Index(index)) if index.attached_to.is_none() => {
                    let root = context.desired.attached_root(&new.index_id());
                    let goes = context.changes.replaces(&new.index_id());
                    (!goes && context.changes.creates(&root)).then_some((index, root))
                }
                _ => None,
            },
            _ => None,
        });
    for (index, root) in adopted {
        let tree = Tree::below(index, context);
        let mut back = tree.build(&|index| index.name.clone());
        back.retain(|action| !matches!(action, Action::Transaction(none) if none.is_empty()));
        let mut after: Vec<Sql> = tree.indexes.iter().flat_map(|i| i.after_create()).collect();
        let described = |o: &&Object| {
            let of_it = o
                .parent()
                .is_some_and(|on| tree.indexes.iter().any(|i| index_id(i) == on));
            o.tag().describes() && of_it
        };
        let comments = context.live.objects.values().filter(described);
        after.extend(comments.flat_map(Object::create));
        if !after.is_empty() {
            back.push(Action::Transaction(after));
        }
        let made = (root.clone(), Era::After);
        for step in steps
            .iter_mut()
            .filter(|s| s.object == root && s.produces.contains(&made))
        {
            step.take_back_then(back.clone());
        }
    }
}
