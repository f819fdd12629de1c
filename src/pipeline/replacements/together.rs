//! Columns that are bound together: a foreign key, an index or statistics over both has a twin that needs both new
//! columns, so the plain change of one would wait for the swap of the other, which waits for the twin.

use super::outermost;
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{KindTag, Object, ObjectId};
use std::collections::BTreeSet;

/// The columns that each of the objects over several columns binds together.
#[derive(Default)]
pub(super) struct Bonds(Vec<(ObjectId, BTreeSet<ObjectId>)>);

impl Bonds {
    pub fn read(live: &Catalog<Live>, desired: &Catalog<Desired>) -> Self {
        let over_several = |(id, object): (&ObjectId, &Object)| {
            let binds = matches!(
                object,
                Object::Constraint(_) | Object::Index(_) | Object::Statistics(_)
            );
            if !binds || !live.objects.contains_key(id) {
                return None;
            }
            let columns = desired.requires(id).filter(|n| n.kind == KindTag::Column);
            // The column of a partition is changed with its parent's.
            let columns: BTreeSet<ObjectId> = columns.map(|c| outermost(desired, c)).collect();
            (columns.len() > 1).then(|| (id.clone(), columns))
        };
        Self(desired.objects.iter().filter_map(over_several).collect())
    }

    /// What binds `column` to another one that `is_one` holds for.
    pub fn to_one<'a>(
        &'a self,
        column: &ObjectId,
        is_one: impl Fn(&ObjectId) -> bool,
    ) -> Option<(&'a ObjectId, &'a ObjectId)> {
        let with = self.0.iter().filter(|(_, all)| all.contains(column));
        with.into_iter().find_map(|(by, all)| {
            let other = all.iter().find(|other| *other != column && is_one(other))?;
            Some((by, other))
        })
    }

    /// `from` and all that is bound to it, through `among` alone.
    pub fn reach(
        &self,
        mut from: BTreeSet<ObjectId>,
        among: &BTreeSet<ObjectId>,
    ) -> BTreeSet<ObjectId> {
        loop {
            let next = among
                .iter()
                .filter(|id| !from.contains(*id))
                .find(|id| self.to_one(id, |other| from.contains(other)).is_some());
            let Some(next) = next else { return from };
            from.insert(next.clone());
        }
    }
}
