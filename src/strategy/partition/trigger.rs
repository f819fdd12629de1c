//! Change: the trigger of a partitioned table fires otherwise on one of its partitions.
//!
//! Why not directly: where it stops, the old application may count on what it did.
//! Steps: ALTER TABLE … ENABLE or DISABLE TRIGGER on the partition: contract where it stops, expand elsewhere. What
//! changes the trigger itself, or detaches and attaches the partition, sets its state again in the same transaction.
//! Measured: SHARE ROW EXCLUSIVE on the partition and what is below it.
//! Undo: the state of before, or that which the trigger has above at that moment.
//! Limits: the trigger's own functions decide what that means; nobody asks them.
//! Sources: manual, ALTER TABLE, "DISABLE/ENABLE TRIGGER"; measured, 14–18 (kinds/partition_trigger.rs).

use super::super::direct::{self, nodes, releases, requires};
use super::super::{Context, Refusal, Strategy};
use crate::catalog::Catalog;
use crate::diff::Change;
use crate::kinds::{Kind, KindTag, Object, ObjectId, PartitionTrigger};
use crate::pg::Sql;
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step, Undo};
use std::collections::BTreeSet;

pub struct TriggerState;

impl Strategy for TriggerState {
    fn name(&self) -> &'static str {
        "state of a trigger"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        let of_one_that_stays = |state: &PartitionTrigger| stays(state, id, context);
        id.kind == KindTag::PartitionTrigger && sides(change).is_some_and(of_one_that_stays)
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let (state, there, back, stops) = match change {
            Change::Create {
                new: Object::PartitionTrigger(new),
            } => {
                let stops = new.usual.is_active() && !new.enabled.is_active();
                (new, new.create(), new.drop(), stops)
            }
            Change::Drop {
                old: Object::PartitionTrigger(old),
            } => {
                let stops = old.enabled.is_active() && !old.usual.is_active();
                (old, old.drop(), old.create(), stops)
            }
            _ => return direct::Direct.expand(id, change, context),
        };
        let (there, back) = (Action::Transaction(there), vec![Action::Transaction(back)]);
        let step = match stops {
            true => Step::contract(id.clone(), there, Undo::Run(back)),
            false => Step::expand(id.clone(), there, Reversal::Run(back)),
        };
        let why = match stops {
            true => "what it does is not done any more from here on",
            false => "",
        };
        let title = format!("change {}", id.human());
        let mut step = step.described("alter", title, why);
        let own = BTreeSet::from([id.clone()]);
        match context.desired.get(id) {
            Some(_) => {
                step.requires = requires(context, &own);
                step.produces = nodes(&own, Era::After);
            }
            None => {
                step.releases = releases(context, &own);
                step.destroys = nodes(&own, Era::Before);
            }
        }
        step.requires
            .extend(state.trigger().map(|trigger| (trigger, Era::After)));
        Ok(vec![step])
    }
}

fn sides(change: &Change) -> Option<&PartitionTrigger> {
    match change {
        Change::Create {
            new: Object::PartitionTrigger(state),
        }
        | Change::Drop {
            old: Object::PartitionTrigger(state),
        } => Some(state),
        _ => None,
    }
}

/// Whether the trigger is on the partition all the time, but for what happens to `id`.
fn stays(state: &PartitionTrigger, id: &ObjectId, context: &Context<'_>) -> bool {
    let (live, desired) = (&context.live.objects, &context.desired.objects);
    let wholes = state.trigger().into_iter().chain(state.attachments());
    let mut others = wholes.filter(|whole| whole != id);
    others.all(|id| {
        let anew = context.changes.replaces(&id) || context.copies.covers(&id);
        live.contains_key(&id) && desired.contains_key(&id) && !anew
    })
}

/// What sets the states in `catalog` again where a statement about `id`, a trigger or an attachment, has reset them.
pub(in super::super) fn states_again<S>(
    id: &ObjectId,
    catalog: &Catalog<S>,
    context: &Context<'_>,
) -> Vec<Sql> {
    let states = catalog.objects.values().filter_map(|object| match object {
        Object::PartitionTrigger(state) => Some(state),
        _ => None,
    });
    let reset =
        |state: &&PartitionTrigger| state.falls_with().contains(id) && stays(state, id, context);
    let mut states: Vec<&PartitionTrigger> = states.filter(reset).collect();
    // What is said of a table is said of those below it.
    states.sort_by_key(|state| state.above.len());
    states.into_iter().flat_map(Kind::create).collect()
}
