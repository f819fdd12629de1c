//! Change: a CHECK or foreign key is added, redefined or validated.
//!
//! Why not directly: ADD CONSTRAINT reads every row under SHARE ROW EXCLUSIVE on both tables
//! (foreign key) or ACCESS EXCLUSIVE (CHECK).
//! Steps: ADD … NOT VALID (new rows are checked, no row is read), then VALIDATE CONSTRAINT, which
//! reads the rows under SHARE UPDATE EXCLUSIVE (and ROW SHARE on the referenced table).
//! Undo: drop it; a validated one is put back as NOT VALID.
//! Limits: a foreign key of a partitioned table has no NOT VALID before 18.
//! Sources: manual, ALTER TABLE; measured in tests/cases/constraint.

use super::direct::fallen;
use super::{Context, Refusal, Strategy};
use super::{checks, direct};
use crate::diff::Change;
use crate::kinds::{Constraint, ConstraintType, Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step};

pub struct NotValid;

impl Strategy for NotValid {
    fn name(&self) -> &'static str {
        "not valid, then validate"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        if id.kind != KindTag::Constraint {
            return false;
        }
        let fits = |object: &Object| match object {
            Object::Constraint(c) => {
                let kind = match c.constraint_type {
                    ConstraintType::Check => true,
                    ConstraintType::ForeignKey => {
                        !c.on_partitioned || context.version >= ServerVersion::V18
                    }
                    _ => false,
                };
                kind && c.validated && c.enforced && context.plain_because(&c.table_id()).is_none()
            }
            _ => false,
        };
        match change {
            Change::Create { new } => fits(new),
            // A key that goes leaves in contract: ON CONFLICT of the old application needs it.
            Change::Replace { old, new, .. } => {
                !is_key(old) && fits(new) && context.changes.stands_alone(id)
            }
            Change::Alter {
                new, attributes, ..
            } => fits(new) && attributes.iter().all(|a| a.name() == "validated"),
            Change::Drop { .. } => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        // With those of the partitions.
        let own = direct::with_absorbed(context, id, false);
        let (old, new) = match change {
            Change::Create {
                new: Object::Constraint(new),
            } => (None, new),
            Change::Replace {
                old: Object::Constraint(old),
                new: Object::Constraint(new),
                ..
            } => (Some(old), new),
            Change::Alter {
                new: Object::Constraint(new),
                ..
            } => {
                let mut step = validate(id, new);
                step.checks = checks::of(id, change, context);
                step.produces = direct::nodes(&own, Era::After);
                step.requires = direct::requires(context, &own);
                return Ok(vec![step]);
            }
            _ => return direct::Direct.expand(id, change, context),
        };
        let mut there = Vec::new();
        let mut back = drop(new);
        if let Some(old) = old {
            there.extend(drop(old));
            // The rows were checked under the old definition until now: putting it back as it was
            // would read them all again.
            if old.validated && old.enforced {
                back.extend([old.add_not_valid(), old.validate()]);
            } else {
                back.extend(Object::Constraint(old.clone()).create());
            }
            back.extend(fallen::again(context, id));
        }
        there.push(new.add_not_valid());
        let mut add = Step::expand(
            id.clone(),
            Action::Transaction(there),
            Reversal::Run(vec![Action::Transaction(back)]),
        )
        .described(
            "add constraint",
            format!("add {} as NOT VALID", id.human()),
            "checking the existing rows comes later, under a lock that blocks nobody",
        );
        add.hazards.push(Hazard::declared(
            HazardKind::RejectsWrites,
            format!(
                "from here on {} rejects new and updated rows that break {}",
                new.table_name(),
                new.name
            ),
        ));
        add.checks = checks::constraint(new, context);
        add.requires = direct::requires(context, &own);
        add.produces = direct::nodes(&own, Era::Temp(1));
        add.after = direct::nodes(&rivals(new, context), Era::Before);
        if old.is_some() {
            add.releases = direct::releases(context, &own);
            add.destroys = direct::nodes(&own, Era::Before);
        }
        let mut last = validate(id, new);
        last.checks = checks::constraint(new, context);
        last.requires = direct::nodes(&own, Era::Temp(1));
        last.produces = direct::nodes(&own, Era::After);
        Ok(vec![add, last])
    }
}

/// The keys and unique indexes that go and that a new foreign key would be bound to while they are there: the server takes
/// any over the columns.
fn rivals(new: &Constraint, context: &Context<'_>) -> Vec<ObjectId> {
    let Some(referenced) = new.referenced.as_ref().filter(|_| new.is_foreign_key()) else {
        return Vec::new();
    };
    let same = |columns: &[Ident]| {
        columns.len() == new.referenced_columns.len()
            && columns.iter().all(|c| new.referenced_columns.contains(c))
    };
    let fits = |object: &Object| match object {
        Object::Constraint(key) => {
            is_key(object) && key.table_name() == *referenced && same(&key.columns)
        }
        Object::Index(index) => {
            index.unique && index.table_name() == *referenced && same(&index.columns)
        }
        _ => false,
    };
    let goes = |id: &ObjectId| context.changes.drops(id) || context.changes.replaces(id);
    let there = context.live.objects.iter();
    let rivals = there.filter(|(id, object)| fits(object) && goes(id));
    rivals.map(|(id, _)| id.clone()).collect()
}

fn is_key(object: &Object) -> bool {
    matches!(object, Object::Constraint(c) if !matches!(
        c.constraint_type,
        ConstraintType::Check | ConstraintType::ForeignKey
    ))
}

fn drop(constraint: &Constraint) -> Vec<Sql> {
    Object::Constraint(constraint.clone()).drop()
}

fn validate(id: &ObjectId, constraint: &Constraint) -> Step {
    let mut back = drop(constraint);
    back.push(constraint.add_not_valid());
    Step::migrate(
        id.clone(),
        Action::Transaction(vec![constraint.validate()]),
        Reversal::Run(vec![Action::Transaction(back)]),
    )
    .described(
        "validate constraint",
        format!("validate {}", id.human()),
        "reads every row, while reads and writes go on",
    )
}
