//! Change: an object that is there is given to another role.
//!
//! Why not directly: the server makes the privileges of the new owner part of what an owner has, and the old owner
//! keeps none: going back would not bring back what either had.
//! Steps: one transaction (contract: the old application may come as the old owner): what the new owner was granted
//! is revoked, OWNER TO, what the old owner keeps is granted. A new object is given away in the transaction that makes
//! it.
//! Measured: ACCESS EXCLUSIVE on a table and its indexes, for an entry in the catalog.
//! Undo: the other way round.
//! Limits: grants of others than the owner are neither read nor moved.
//! Sources: manual, ALTER TABLE, "Privileges"; aclnewowner() in src/backend/utils/adt/acl.c; LOCKS 13.

use super::direct::{nodes, releases, requires};
use super::grant::sides;
use super::{Context, Refusal, Strategy};
use crate::catalog::Catalog;
use crate::diff::Change;
use crate::kinds::grant::{Grantee, On};
use crate::kinds::owner::give;
use crate::kinds::{
    Grant, Hazard, HazardKind, Kind, KindTag, Object, ObjectId, Owner, SequenceOwner,
};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::{Action, Era, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct GivenAway;

impl Strategy for GivenAway {
    fn name(&self) -> &'static str {
        "owner"
    }

    fn claims(&self, _: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        Gift::of(change, context).is_some()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Some(gift) = Gift::of(change, context) else {
            return Ok(Vec::new());
        };
        let (mut there, mut lost, mut back) = (Vec::new(), Vec::new(), Vec::new());
        let (mut gone, mut come) = (BTreeSet::new(), BTreeSet::from([id.clone()]));
        let mut kept = Vec::new();
        for (other, change) in &context.changes.changes {
            let own_step = context.copies.covers(other);
            match gift.takes_along(change, context) {
                Some(Along::Goes(grant)) => {
                    there.extend(Grant::losses(Some(grant), None));
                    back.extend(Grant::gains(None, Some(grant)));
                    gone.extend((!own_step).then(|| other.clone()));
                }
                Some(Along::Comes(grant)) if !own_step => {
                    kept.extend(Grant::gains(None, Some(grant)));
                    lost.extend(Grant::losses(Some(grant), None));
                    come.insert(other.clone());
                }
                Some(Along::Comes(_)) | None => {}
            }
        }
        there.extend(gift.new.create());
        there.extend(kept);
        let was = give(&gift.new.target, &gift.back(context));
        lost.extend(was.into_iter().chain(back));
        let undo = Undo::Run(vec![Action::Transaction(lost)]);
        let of = gift.new.target.human();
        let mut step = Step::contract(id.clone(), Action::Transaction(there), undo).described(
            "change owner",
            format!("give {of} to {}", gift.new.role),
            "",
        );
        step.hazards.push(gift.hazard());
        step.requires = requires(context, &come);
        step.releases = releases(context, &gone);
        step.produces = nodes(&come, Era::After);
        step.destroys = nodes(&gone, Era::Before);
        Ok(vec![step])
    }
}

/// One object that gets another owner, and stays as it is otherwise.
struct Gift<'a> {
    old: Option<&'a Ident>,
    new: &'a Owner,
}

/// A privilege that the server moves with the owner.
enum Along<'a> {
    /// What the new owner was granted.
    Goes(&'a Grant),
    /// What the old owner is granted.
    Comes(&'a Grant),
}

impl<'a> Gift<'a> {
    fn of(change: &'a Change, context: &'a Context<'_>) -> Option<Self> {
        let (Change::Create {
            new: Object::Owner(new),
        }
        | Change::Alter {
            new: Object::Owner(new),
            ..
        }) = change
        else {
            return None;
        };
        let target = &new.target;
        let made = context.changes.creates(target) || context.changes.replaces(target);
        if made || !context.live.objects.contains_key(target) {
            return None;
        }
        let old = match change {
            Change::Alter {
                old: Object::Owner(old),
                ..
            } => Some(&old.role),
            _ => context.live.owners.role.as_ref(),
        };
        Some(Self { old, new })
    }

    /// Whom it is given back to.
    fn back(&self, context: &Context<'_>) -> Sql {
        let target = &self.new.target;
        // Neither side names the owner of a database.
        let of_database = match context.live.owners.of.get(target) {
            Some(role) => role.raw() == "pg_database_owner",
            None => {
                target.kind == KindTag::Schema
                    && target.path == ["public"]
                    && context.version >= ServerVersion::V15
                    && self.old.is_none()
            }
        };
        match self.old {
            _ if of_database => sql!("pg_database_owner"),
            Some(role) => sql!("{}", role),
            None => sql!("CURRENT_USER"),
        }
    }

    fn takes_along<'c>(&self, change: &'c Change, context: &Context<'_>) -> Option<Along<'c>> {
        let (grant, along): (&Grant, fn(&'c Grant) -> Along<'c>) = match sides(change)? {
            (Some(old), None) => (old, Along::Goes),
            (None, Some(new)) => (new, Along::Comes),
            _ => return None,
        };
        let Grantee::Role(role) = &grant.grantee else {
            return None;
        };
        let whose = match along(grant) {
            Along::Goes(_) => Some(&self.new.role),
            Along::Comes(_) => self.old,
        };
        (whose == Some(role) && whole(grant, context) == self.new.target).then(|| along(grant))
    }

    fn hazard(&self) -> Hazard {
        let (target, role) = (self.new.target.human(), &self.new.role);
        let old = match self.old {
            Some(old) => old.to_string(),
            None => "who has it now".to_owned(),
        };
        let reads = matches!(
            self.new.target.kind,
            KindTag::View | KindTag::MaterializedView | KindTag::Function
        );
        let text = match reads {
            true => format!(
                "{target} belongs to {role}: what it reads with the rights of its owner is read with theirs, and \
                 {old} needs privileges to use it"
            ),
            false => format!("{target} belongs to {role}: {old} needs privileges to use it"),
        };
        Hazard::declared(HazardKind::BreaksQueries, text)
    }
}

/// The object whose owner decides about a grant.
fn whole(grant: &Grant, context: &Context<'_>) -> ObjectId {
    let whole = grant.whole().unwrap_or_else(|| grant.target.clone());
    match grant.on {
        On::Sequence => {
            let owned = SequenceOwner::of(&whole);
            match context
                .live
                .get(&owned)
                .or_else(|| context.desired.get(&owned))
            {
                Some(Object::SequenceOwner(owner)) => owner.table(),
                _ => whole,
            }
        }
        _ => whole,
    }
}

/// Whether the step of an owner does it.
pub(super) fn brings(change: &Change, context: &Context<'_>) -> bool {
    let (Some((old, new)), changes) = (sides(change), &context.changes.changes) else {
        return false;
    };
    let Some(grant) = old.or(new) else {
        return false;
    };
    let owner = changes.get(&Owner::id_of(&whole(grant, context)));
    let gift = owner.and_then(|change| Gift::of(change, context));
    gift.is_some_and(|gift| gift.takes_along(change, context).is_some())
}

/// The statements that make `object`: a sequence can be owned by a column of a table of the same owner alone.
pub(super) fn made<S>(object: &Object, now: &Catalog<S>, context: &Context<'_>) -> Vec<Sql> {
    let mut statements = Vec::new();
    if let Object::SequenceOwner(of) = object {
        let sequence = ObjectId::new(KindTag::Sequence, of.id().path);
        let table = of.table();
        let of_another =
            now.get(&Owner::id_of(&table)).is_some() || context.live.owners.other(&table).is_some();
        // Whoever that is at the moment: a clone may have its owner, or not.
        let said = of_another.then(|| follow(&sequence, &table)).flatten();
        statements.extend(said);
    }
    statements.extend(object.create());
    statements
}

/// Gives the sequence to whoever the table belongs to: on a clone that is another role.
fn follow(sequence: &ObjectId, table: &ObjectId) -> Option<Sql> {
    let name = |id: &ObjectId| match id.path.as_slice() {
        [schema, name] => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    };
    Some(sql!(
        "
BEGIN
    EXECUTE (SELECT pg_catalog.format('ALTER SEQUENCE %s OWNER TO %I', {}, pg_catalog.pg_get_userbyid(relowner))
               FROM pg_catalog.pg_class WHERE oid = {}::pg_catalog.regclass);
END;
",
        Literal(&name(sequence)?.to_string()),
            Literal(&name(table)?.to_string())
        )
        .block(),
    )
}

/// What was somebody else's becomes theirs again: `id`, which is called `name` at that moment.
pub(super) fn again(id: &ObjectId, name: &ObjectId, context: &Context<'_>) -> Option<Sql> {
    let role = context.live.owners.other(id)?;
    // Only a superuser makes it, or is the owner of it.
    let of_superusers = [
        KindTag::EventTrigger,
        KindTag::ForeignDataWrapper,
        KindTag::Subscription,
    ];
    let for_all = matches!(context.live.get(id), Some(Object::Publication(p)) if p.all_tables);
    if of_superusers.contains(&id.kind) || for_all {
        return None;
    }
    // Where owners are compared, it is a change of its own.
    if context.desired.get(&Owner::id_of(id)).is_some() || role.raw().starts_with("pg_") {
        return None;
    }
    // Whoever may drop what is theirs is a member; a rehearsal on a given server is not.
    let give = give(name, &sql!("{}", role))?;
    Some(
        sql!(
            "
BEGIN
    IF pg_catalog.pg_has_role({}, 'MEMBER') THEN
        {};
    END IF;
END;
",
            Literal(role.raw()),
            give
        )
        .block(),
    )
}
