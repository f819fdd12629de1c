//! Makes the indexes and constraints of the new columns while both columns live: a plan of its own,
//! by the same strategies as everything else.

use super::super::{Context, Refusal, SmallTable, expand as expand_all, key};
use super::component::followers;
use super::{Pair, partitioned};
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::{self, Replacements};
use crate::kinds::{Column, Kind, KindTag, Object, ObjectId};
use crate::pg::{Ident, Sql};
use crate::plan::Step;
use std::collections::{BTreeMap, BTreeSet};

/// Live with the new columns, still bare, and that with everything on them.
pub(super) struct Stage {
    pub base: Catalog<Live>,
    pub target: Catalog<Desired>,
}

/// The new column without what comes later: default, identity, NOT NULL.
pub fn bare(column: &Column) -> Column {
    Column {
        not_null: None,
        expression: None,
        identity: None,
        ..column.clone()
    }
}

/// What partitions have of their own in the new column: storage, statistics target, options.
pub fn stored_below(pair: &Pair<'_>, context: &Context<'_>) -> Vec<Sql> {
    let below = followers([&pair.replacement.column], context);
    let columns = below.iter().filter_map(|id| match context.desired.get(id) {
        Some(Object::Column(column)) => Some(Column {
            name: pair.replacement.temporary.clone(),
            data_type: pair.replacement.new_type.clone(),
            ..bare(column)
        }),
        _ => None,
    });
    // The column itself came with that of the table.
    columns
        .flat_map(|column| column.create().into_iter().skip(1))
        .collect()
}

impl Stage {
    /// `columns` are the new columns, by what they are called until the swap.
    pub fn new(
        context: &Context<'_>,
        twins: &Catalog<Desired>,
        columns: &BTreeSet<ObjectId>,
    ) -> Self {
        let stays = |id: &ObjectId| context.live.keeps_its_parent(context.desired, id);
        let followers = twins.followers_where(columns, stays);
        let own = |id: &ObjectId| {
            let new = columns.contains(id) || followers.contains(id);
            new || id.path.iter().any(|p| crate::catalog::Scope::is_own(p))
        };
        let mut base = context.live.clone();
        let mut made: BTreeMap<ObjectId, Object> = BTreeMap::new();
        let mut renamed: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
        for (id, object) in twins.objects.iter().filter(|(id, _)| own(id)) {
            match object {
                // A partition that comes is made as it is to be.
                Object::Column(column)
                    if !context.live.objects.contains_key(&column.table_id()) => {}
                Object::Column(column) => {
                    let bare = Object::Column(bare(column));
                    base.objects.insert(id.clone(), bare);
                    base.requires
                        .insert(id.clone(), needs(twins, id, &BTreeMap::new()));
                    // A partition's NOT NULL is inherited, with the name of the parent's.
                    let name = super::super::temporary_name(&origin(twins, id), "not null");
                    let mut column = Column {
                        expression: None,
                        identity: None,
                        ..column.clone()
                    };
                    if let Some(not_null) = &mut column.not_null
                        && not_null.name.is_some()
                    {
                        not_null.name = Some(name);
                        // A name of its own would make the parent's unlike that of its partitions.
                        not_null.default_name = true;
                    }
                    made.insert(id.clone(), Object::Column(column));
                }
                // That of a partitioned table comes with the swap, over the indexes of the partitions.
                Object::Constraint(_) if partitioned::is_whole(object) => {}
                Object::IndexAttachment(a)
                    if twins.get(&a.parent.id()).is_some_and(partitioned::is_whole) => {}
                // A table has one primary key: the twin is its index alone until the swap.
                Object::Constraint(c) => match key::primary_key_index(c, &c.name) {
                    Some(index) => {
                        let object = Object::Index(index);
                        renamed.insert(id.clone(), object.id());
                        made.insert(object.id(), object);
                    }
                    None => {
                        made.insert(id.clone(), object.clone());
                    }
                },
                Object::Enum(_) => {
                    base.objects.insert(id.clone(), object.clone());
                    base.requires
                        .insert(id.clone(), needs(twins, id, &BTreeMap::new()));
                }
                Object::Index(_) | Object::IndexAttachment(_) | Object::Statistics(_) => {
                    made.insert(id.clone(), object.clone());
                }
                _ => {}
            }
        }
        let mut target: Catalog<Desired> = base.clone().on_side();
        for (id, object) in made {
            let source = renamed
                .iter()
                .find(|(_, to)| **to == id)
                .map_or(&id, |(from, _)| from);
            target
                .requires
                .insert(id.clone(), needs(twins, source, &renamed));
            target.objects.insert(id, object);
        }
        Self { base, target }
    }

    /// The steps that lead from the one to the other.
    pub fn steps(&self, context: &Context<'_>) -> Result<Vec<Step>, Refusal> {
        let refuse = |why: String| Refusal {
            object: ObjectId::new(KindTag::Table, Vec::<String>::new()),
            why,
            help: String::new(),
        };
        let changes = diff::changes(&self.base, &self.target)
            .map_err(|i| refuse(i.into_iter().map(|i| i.why).collect::<Vec<_>>().join("; ")))?;
        let inner = Context {
            live: &self.base,
            desired: &self.target,
            changes: &changes,
            replacements: &Replacements::default(),
            wholes: crate::strategy::Wholes::default(),
            // The swap counts on the names and halves of the online ways, on a small table as well.
            small: SmallTable::NONE,
            ..*context
        };
        expand_all(&inner).map_err(|mut refusals| refusals.remove(0))
    }
}

/// The column of the topmost parent that `id` comes from.
fn origin(twins: &Catalog<Desired>, id: &ObjectId) -> ObjectId {
    let above = twins.get(id).and_then(|o| o.follows().into_iter().next());
    above.map_or_else(|| id.clone(), |above| origin(twins, &above))
}

fn needs(
    twins: &Catalog<Desired>,
    id: &ObjectId,
    renamed: &BTreeMap<ObjectId, ObjectId>,
) -> BTreeSet<ObjectId> {
    twins
        .requires(id)
        .map(|need| renamed.get(need).unwrap_or(need).clone())
        .collect()
}

/// The unique index of a live primary key under another name: kept through the swap, so that going
/// back builds nothing.
pub(super) fn spare(context: &Context<'_>, id: &ObjectId) -> Option<crate::kinds::Index> {
    let Some(Object::Constraint(live)) = context.live.get(id) else {
        return None;
    };
    let name = Ident::new(super::super::temporary_name(id, "spare index"));
    key::primary_key_index(live, &name)
}
