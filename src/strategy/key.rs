//! Change: a UNIQUE constraint or primary key is added or redefined.
//!
//! Why not directly: ADD CONSTRAINT builds its index under ACCESS EXCLUSIVE.
//! Steps: CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX, which reads no row
//! (key columns of a primary key are made NOT NULL first: USING INDEX would scan for it).
//! A deferrable constraint follows its index at once: an index alone is checked at every row.
//! Undo: drop the constraint, or the index.
//! Limits: a partitioned table's key is made ON ONLY it and attached part by part; exclusion
//! constraints and WITHOUT OVERLAPS have no online way.
//! Sources: manual, ALTER TABLE, ADD table_constraint_using_index; measured in
//! tests/cases/constraint.

use super::direct::fallen;
use super::index::{build, not_transactional, unbuild, unbuild_part};
use super::{Context, Refusal, Strategy};
use super::{checks, direct};
use crate::diff::Change;
use crate::kinds::{
    Constraint, ConstraintType, Hazard, HazardKind, Index, KindTag, Name, NameSpace, Object,
    ObjectId,
};
use crate::pg::{Ident, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step, Undo};
use std::collections::BTreeSet;

pub struct Key;

impl Strategy for Key {
    fn name(&self) -> &'static str {
        "key using index"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        if id.kind != KindTag::Constraint {
            return false;
        }
        let fits = |object: &Object| match object {
            Object::Constraint(c) => {
                index_of(c, &c.name).is_some() && context.plain_because(&c.table_id()).is_none()
            }
            _ => false,
        };
        match change {
            Change::Create { new } => fits(new),
            Change::Replace { old, new, .. } => {
                fits(old) && fits(new) && context.changes.stands_alone(id)
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
        let own = BTreeSet::from([id.clone()]);
        let (old, new) = match change {
            Change::Create {
                new: Object::Constraint(new),
            } => (None, new),
            Change::Replace {
                old: Object::Constraint(old),
                new: Object::Constraint(new),
                ..
            } => (Some(old), new),
            _ => return direct::Direct.expand(id, change, context),
        };
        if reuses_index(id, context) {
            return Ok(vec![adopt(id, new, context)]);
        }
        // A redefined key's old index still has the name.
        let name = match old {
            Some(_) => Ident::new(context.temporary_name(id, "key index")),
            None => new.name.clone(),
        };
        let Some(index) = index_of(new, &name) else {
            return direct::Direct.expand(id, change, context);
        };
        let attached = direct::goes_with_its_parent(&Object::Constraint(new.clone()), context);
        let unbuilt = if attached {
            unbuild_part(&index, &name)
        } else {
            unbuild(&index, &name)
        };
        // An index alone is never deferrable: what the old constraint allows it rejects.
        let first = match old {
            Some(old) if old.deferrable => {
                Step::contract(id.clone(), build(&index, &name), Undo::Run(vec![unbuilt]))
            }
            _ => Step::expand(
                id.clone(),
                build(&index, &name),
                Reversal::Run(vec![unbuilt]),
            ),
        };
        let mut first = first.described(
            "create index",
            format!("build the index of {}", id.human()),
            "ADD CONSTRAINT would build it under ACCESS EXCLUSIVE",
        );
        first.hazards.push(not_transactional());
        first.tables = vec![new.table_name()];
        first.hazards.push(duplicates(new));
        first.checks = checks::constraint(new, context);
        first.requires = direct::requires(context, &own);
        let names = Object::Constraint(new.clone()).names().into_iter();
        let (ours, others): (BTreeSet<Name>, _) =
            names.partition(|n| matches!(n.space, NameSpace::PrimaryKey | NameSpace::Clustered));
        if old.is_none() {
            first.takes = others;
        }
        first.produces = direct::nodes(&own, Era::Temp(1));
        let mut there = Vec::new();
        let mut back = Object::Constraint(new.clone()).drop();
        if let Some(old) = old {
            there.extend(Object::Constraint(old.clone()).drop());
            back.extend(Object::Constraint(old.clone()).create());
            back.extend(fallen::again(context, id));
        }
        there.push(new.add_using_index(&name));
        if new.clustered {
            there.extend(Object::Constraint(new.clone()).create().into_iter().skip(1));
        }
        let action = Action::Transaction(there);
        // The index goes with the constraint: what the first step built is built again.
        let undo = vec![Action::Transaction(back), build(&index, &name)];
        let step = match old {
            None if attached => {
                let part = direct::drop_part(&Object::Constraint(new.clone()));
                let undo = vec![Action::Transaction(part)];
                Step::expand(id.clone(), action, Reversal::Run(undo))
            }
            None if new.deferrable => Step::expand(id.clone(), action, Reversal::Run(undo)),
            None => Step::migrate(id.clone(), action, Reversal::Run(undo)),
            Some(_) => Step::contract(id.clone(), action, Undo::Run(undo)),
        };
        let mut last = step.described(
            "add constraint",
            format!("add {} using its index", id.human()),
            "reads no row: the index proves it",
        );
        last.requires = direct::nodes(&own, Era::Temp(1));
        last.requires.extend(direct::requires(context, &own));
        last.produces = direct::nodes(&own, Era::After);
        last.together = context.changes.together.get(id).copied();
        if old.is_none() {
            // The key of another name that it takes the place of goes in the same transaction.
            last.takes = ours;
        } else {
            last.releases = direct::releases(context, &own);
            last.destroys = direct::nodes(&own, Era::Before);
        }
        Ok(vec![first, last])
    }
}

/// What the index of a deferrable constraint rejects before that stands on it, even if another one like it is there.
pub(super) const AT_EVERY_ROW: &str = "row by row until the constraint stands on the index: an UPDATE that passes \
     through a duplicate fails, deferred or not";

/// What the index rejects before the constraint stands on it.
fn duplicates(new: &Constraint) -> Hazard {
    let table = new.table_name();
    let text = match new.deferrable {
        true => format!("from here on {table} rejects duplicates, {AT_EVERY_ROW}"),
        false => format!("from here on {table} rejects duplicates"),
    };
    Hazard::declared(HazardKind::RejectsWrites, text)
}

/// Whether live has the constraint's index already, as a plain unique index of the same name.
pub(super) fn reuses_index(constraint: &ObjectId, context: &Context<'_>) -> bool {
    let Some(Change::Create {
        new: Object::Constraint(new),
    }) = context.changes.changes.get(constraint)
    else {
        return false;
    };
    let index = ObjectId::new(KindTag::Index, [new.schema.raw(), new.name.raw()]);
    match (context.live.get(&index), index_of(new, &new.name)) {
        (Some(Object::Index(old)), Some(wanted)) => {
            context.changes.drops(&index)
                && old.valid
                && old.unique
                && old.definition == wanted.definition
                && old.table == wanted.table
        }
        _ => false,
    }
}

/// The index that stands becomes the constraint's.
fn adopt(id: &ObjectId, new: &Constraint, context: &Context<'_>) -> Step {
    let own = BTreeSet::from([id.clone()]);
    let index = ObjectId::new(KindTag::Index, [new.schema.raw(), new.name.raw()]);
    let mut undo = vec![Action::Transaction(Object::Constraint(new.clone()).drop())];
    undo.extend(index_of(new, &new.name).map(|i| build(&i, &new.name)));
    // The comment on the index stays on it, and goes with it on the way back.
    let said = context.live.objects.values().filter(|object| {
        let of = object.described();
        of.is_some_and(|of| of.target == index)
    });
    let said: Vec<&Object> = said.collect();
    let wanted = context.desired.objects.values().any(|object| {
        let of = object.described();
        of.is_some_and(|of| of.target == *id && of.on_index)
    });
    let mut there = vec![new.add_using_index(&new.name)];
    if !wanted {
        there.extend(said.iter().flat_map(|object| object.drop()));
    }
    let again: Vec<Sql> = said.iter().flat_map(|object| object.create()).collect();
    if !again.is_empty() {
        undo.push(Action::Transaction(again));
    }
    let mut step = Step::migrate(id.clone(), Action::Transaction(there), Reversal::Run(undo))
        .described(
            "add constraint",
            format!("make {} of its index", id.human()),
            "the unique index is there already: no row is read",
        );
    step.requires = direct::requires(context, &own);
    step.produces = direct::nodes(&own, Era::After);
    step.destroys = direct::nodes([&index], Era::Before);
    step
}

/// [`index_of`] for a primary key only.
pub(super) fn primary_key_index(constraint: &Constraint, name: &Ident) -> Option<Index> {
    let mut index = match constraint.constraint_type {
        ConstraintType::PrimaryKey => index_of(constraint, &constraint.name)?,
        _ => return None,
    };
    index.name = name.clone();
    Some(index)
}

/// The unique index of a constraint, as an index of its own under `name`.
fn index_of(constraint: &Constraint, name: &Ident) -> Option<Index> {
    let key = matches!(
        constraint.constraint_type,
        ConstraintType::PrimaryKey | ConstraintType::Unique
    );
    let head = format!("CREATE UNIQUE INDEX {} ", constraint.name);
    let definition = constraint
        .index_definition
        .as_ref()?
        .strip_prefix(&head)?
        .to_owned();
    // WITHOUT OVERLAPS is a GiST index, which USING INDEX does not take.
    (key && !constraint.on_partitioned && definition.contains(" USING btree ")).then(|| Index {
        schema: constraint.schema.clone(),
        name: name.clone(),
        table: constraint.table.clone(),
        unique: true,
        definition,
        options: Vec::new(),
        valid: true,
        clustered: false,
        on_partitioned: false,
        on_materialized_view: false,
        statistics: Vec::new(),
        attached_to: None,
        lacking: Vec::new(),
        columns: constraint.columns.clone(),
        expressions: Vec::new(),
        predicate: None,
        nulls_not_distinct: false,
    })
}
