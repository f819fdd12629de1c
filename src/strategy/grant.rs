//! Change: a role gets privileges on an object that is there, or loses some.
//!
//! Why not directly: one statement each way is safe, but not in one step: what the new application needs has to be
//! there before it comes, and what the old one uses has to stay until it is gone.
//! Steps: GRANT (expand); REVOKE (contract), with the hazard `breaks-queries`. On a new object both stand in the
//! transaction that makes it, and need no step.
//! Measured: no lock on the relation on 14, ACCESS SHARE on 18; only the catalogs are written.
//! Undo: the other statement.
//! Limits: what a role with a grant option has granted to others is neither read nor revoked: where it hangs on an
//! option that the plan revokes, the server refuses the REVOKE. `REVOKE` on a table takes the privileges on
//! its columns along: they are put back in the same statement.
//! Sources: manual, GRANT, REVOKE, "Privileges".

use super::direct::{nodes, releases, requires};
use super::{Context, Refusal, Strategy, owner};
use crate::catalog::{Catalog, Owners};
use crate::diff::Change;
use crate::kinds::default_privileges::Made;
use crate::kinds::grant::Grantee;
use crate::kinds::{Grant, KindTag, Object, ObjectId, Owner};
use crate::pg::Sql;
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step, Undo};
use std::collections::{BTreeMap, BTreeSet};

pub struct Privileges;

/// Both states of a grant that changes in place.
pub(super) fn sides(change: &Change) -> Option<(Option<&Grant>, Option<&Grant>)> {
    match change {
        Change::Create {
            new: Object::Grant(new),
        } => Some((None, Some(new))),
        Change::Drop {
            old: Object::Grant(old),
        } => Some((Some(old), None)),
        Change::Alter {
            old: Object::Grant(old),
            new: Object::Grant(new),
            ..
        } => Some((Some(old), Some(new))),
        _ => None,
    }
}

/// What gives a new object the privileges that it has in `wanted`, where default privileges of either side make others
/// of it. Where they do not hold (on a clone, or any more), the statements change nothing.
pub(super) fn at_birth<S>(new: &ObjectId, wanted: &Catalog<S>, context: &Context<'_>) -> Vec<Sql> {
    at_birth_of(new, new, wanted, context)
}

/// The same for what is `new` in `wanted` and called `called` at that moment.
pub(super) fn at_birth_of<S>(
    new: &ObjectId,
    called: &ObjectId,
    wanted: &Catalog<S>,
    context: &Context<'_>,
) -> Vec<Sql> {
    let numbered =
        |id: &ObjectId| matches!(wanted.get(id), Some(Object::Column(c)) if c.identity.is_some());
    let made = match new.kind {
        KindTag::Column if numbered(new) => Some(Made::Sequences),
        kind => Made::of(kind),
    };
    let owners = &context.live.owners;
    let (true, Some(made)) = (owners.compared, made) else {
        return Vec::new();
    };
    let mut statements = Vec::new();
    for have in given(new, made, context.live, owners)
        .into_iter()
        .chain(given(new, made, context.desired, owners))
    {
        // What default privileges give to whom it then belongs to is part of what an owner has.
        let owner = wanted.get(&Owner::id_of(new));
        if matches!((owner, &have.grantee), (Some(Object::Owner(o)), Grantee::Role(r)) if o.role == *r)
        {
            continue;
        }
        let want = match wanted.get(&Object::Grant(have.clone()).id()) {
            Some(Object::Grant(want)) => Some(want.on_other(called.clone())),
            _ => None,
        };
        let (have, want) = (have.on_other(called.clone()), want.as_ref());
        let mut more = Grant::losses(Some(&have), want);
        if want.is_none() {
            more.extend(Grant::gains(Some(&have), None));
        }
        statements.extend(more);
    }
    let mut said = BTreeSet::new();
    statements.retain(|sql| said.insert(sql.clone()));
    statements
}

/// What whoever executes the plan gives others on `new`, or on the sequence of this column, by making it.
fn given<S>(new: &ObjectId, made: Made, catalog: &Catalog<S>, owners: &Owners) -> Vec<Grant> {
    let maker = owners.role.as_ref().map_or("", |role| role.raw());
    let schema = new.path.first().filter(|_| new.kind != KindTag::Schema);
    let first = ObjectId::new(KindTag::DefaultPrivileges, Vec::<String>::new());
    let mut all: BTreeMap<Grantee, (Vec<String>, Vec<String>)> = BTreeMap::new();
    // Those of all schemas come first.
    for object in catalog.objects.range(first..).map(|(_, object)| object) {
        let Object::DefaultPrivileges(default) = object else {
            continue;
        };
        let here = match &default.schema {
            None => true,
            Some(of) => schema.is_some_and(|name| name == of.raw()),
        };
        let own = default.role.raw() == maker && default.on == made;
        if !here || !own || default.grantee == Grantee::Owner {
            continue;
        }
        let (privileges, options) = all.entry(default.grantee.clone()).or_insert_with(|| {
            let usual = match default.schema {
                None => Vec::new(),
                Some(_) => default.on.usual(&default.grantee),
            };
            (usual, Vec::new())
        });
        privileges.extend(default.privileges.iter().cloned());
        options.extend(default.grant_options.iter().cloned());
    }
    all.into_iter()
        .filter_map(|(grantee, (privileges, options))| match new.kind {
            KindTag::Column => Some(Grant::held_on_numberer(new, &grantee, privileges, options)),
            _ => Grant::held_on(new, &grantee, privileges, options),
        })
        .collect()
}

impl Strategy for Privileges {
    fn name(&self) -> &'static str {
        "grant"
    }

    fn claims(&self, _: &ObjectId, change: &Change, _: &Context<'_>) -> bool {
        sides(change).is_some()
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        let Some((old, new)) = sides(change) else {
            return Ok(Vec::new());
        };
        if owner::brings(change, context) {
            return Ok(Vec::new());
        }
        let on = id.human();
        let (gains, losses) = (Grant::gains(old, new), Grant::losses(old, new));
        let back = Action::Transaction(Grant::losses(new, old));
        let forth = Action::Transaction(Grant::gains(new, old));
        let mut steps = Vec::new();
        if !gains.is_empty() {
            let undo = Reversal::Run(vec![back]);
            let step = Step::expand(id.clone(), Action::Transaction(gains), undo);
            steps.push(step.described("grant", on.clone(), ""));
        }
        if !losses.is_empty() {
            let undo = Undo::Run(vec![forth]);
            let step = Step::contract(id.clone(), Action::Transaction(losses), undo);
            let title = format!("revoke: {on}");
            let mut step = step.described("revoke", title, "");
            step.hazards.extend(Grant::loss(old, new));
            steps.push(step);
        }
        let own = BTreeSet::from([id.clone()]);
        for step in &mut steps {
            step.requires = requires(context, &own);
            step.releases = releases(context, &own);
        }
        if let [first, second] = steps.as_mut_slice() {
            first.produces = nodes(&own, Era::Temp(1));
            second.requires.extend(nodes(&own, Era::Temp(1)));
        }
        if let Some(last) = steps.last_mut() {
            match new {
                Some(_) => last.produces.extend(nodes(&own, Era::After)),
                None => last.destroys = nodes(&own, Era::Before),
            }
        }
        Ok(steps)
    }
}
