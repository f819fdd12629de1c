//! What no kind reads and hangs on what a plan takes away: refused, because nothing would put it back.

use super::Compared;
use crate::catalog::{Catalog, Hanging, HangingOn, Live};
use crate::diff::Change;
use crate::kinds::{Alter, ObjectId};
use crate::strategy::Refusal;
use std::collections::{BTreeMap, BTreeSet};

/// How a plan takes an object from under what hangs on it.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Dropped,
    /// Dropped once another one is in its place.
    Replaced,
    /// The server rebuilds by itself what falls with it.
    Retyped,
}

/// One refusal for everything unmodelled that hangs on what the plan drops, replaces or retypes.
///
/// `before` is the live catalog before the renames of the plan.
pub(super) fn refusals(compared: &Compared, before: &Catalog<Live>) -> Vec<Refusal> {
    let hanging = renamed(&before.hanging, compared);
    if hanging.is_empty() {
        return Vec::new();
    }
    let fates = fates(compared);
    let mut said = BTreeSet::new();
    let mut refusals = Vec::new();
    for (id, all) in &hanging {
        let Some(fate) = fates.get(id) else { continue };
        for one in all {
            let with_its_whole = one
                .of
                .as_ref()
                .is_some_and(|of| fates.get(of) == Some(&Fate::Dropped));
            let rebuilt = *fate == Fate::Retyped && one.falls;
            if !with_its_whole && !rebuilt && said.insert(&one.what) {
                refusals.push(refusal(id, one, *fate));
            }
        }
    }
    refusals
}

fn refusal(id: &ObjectId, one: &Hanging, fate: Fate) -> Refusal {
    let change = match fate {
        Fate::Dropped => "it is dropped",
        Fate::Replaced => "another one takes its place, and it is dropped",
        Fate::Retyped => "its type changes",
    };
    let (what, name) = (&one.what.what, &one.what.name);
    let then = match one.falls {
        true => "would go with it and not come back",
        false => "would stop that",
    };
    Refusal {
        object: id.clone(),
        why: format!(
            "{change}, and {what} {name} hangs on it, which is not modelled yet and {then}"
        ),
        help: format!("drop {what} {name} before the plan, and make it anew after it"),
    }
}

fn renamed(hanging: &HangingOn, compared: &Compared) -> HangingOn {
    let now = |id: &ObjectId| compared.renames.iter().fold(id.clone(), |id, r| r.map(&id));
    let of = |one: &Hanging| Hanging {
        of: one.of.as_ref().map(now),
        ..one.clone()
    };
    let all = hanging.iter();
    all.map(|(id, all)| (now(id), all.iter().map(of).collect()))
        .collect()
}

fn fates(compared: &Compared) -> BTreeMap<ObjectId, Fate> {
    let mut fates = BTreeMap::new();
    for (id, change) in &compared.changes.changes {
        let fate = match change {
            Change::Drop { .. } => Fate::Dropped,
            Change::Replace { .. } => Fate::Replaced,
            Change::Alter { attributes, .. } => {
                let retyped = attributes
                    .iter()
                    .any(|a| matches!(a.alter, Alter::Disturbing(_)));
                if !retyped {
                    continue;
                }
                Fate::Retyped
            }
            Change::Create { .. } => continue,
        };
        fates.insert(id.clone(), fate);
    }
    let replacements = &compared.replacements;
    let replaced = replacements.columns.values().map(|r| &r.old);
    let mut replaced: BTreeSet<ObjectId> =
        replaced.chain(replacements.types.keys()).cloned().collect();
    replaced.extend(compared.live.followers(&replaced));
    fates.extend(replaced.into_iter().map(|id| (id, Fate::Replaced)));
    fates
}
