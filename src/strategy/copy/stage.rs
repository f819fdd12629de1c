//! The copy before it takes the old table's place: a plan of its own, by the same strategies as everything
//! else.

use super::super::{Context, Refusal, expand as expand_all};
use crate::catalog::{Catalog, Desired, Live, Scope};
use crate::diff::{self, Additions, Copies, Replacements, TableCopy};
use crate::kinds::{Column, Constraint, KindTag, Object, ObjectId};
use crate::plan::Step;

/// Live; that with the empty copy; and that with what waits for its rows.
pub(super) struct Stage {
    base: Catalog<Live>,
    made: Catalog<Desired>,
    ready: Catalog<Desired>,
}

impl Stage {
    pub fn new(copy: &TableCopy, context: &Context<'_>) -> Self {
        let base = context.live.clone();
        let mut made: Catalog<Desired> = base.clone().on_side();
        let twins = &copy.twins;
        let own = |id: &ObjectId| id.path.iter().any(|part| Scope::is_own(part));
        let mut waiting = Vec::new();
        // A comment comes after what it is on: the order of the kinds.
        for (id, object) in twins.objects.iter().filter(|(id, _)| own(id)) {
            let object = match object {
                // An identity comes with the swap: its sequence cannot change its column.
                Object::Column(column) => Object::Column(Column {
                    identity: None,
                    ..column.clone()
                }),
                Object::Constraint(c) if points_at_copy(c) => {
                    waiting.push((id, deferred(c)));
                    continue;
                }
                Object::Comment(_) | Object::SecurityLabel(_)
                    if !object
                        .described()
                        .is_some_and(|of| made.objects.contains_key(&of.target)) =>
                {
                    continue;
                }
                Object::Table(_)
                | Object::Constraint(_)
                | Object::Index(_)
                | Object::IndexAttachment(_)
                | Object::Attachment(_)
                | Object::ReplicaIdentity(_)
                | Object::Comment(_)
                | Object::SecurityLabel(_) => object.clone(),
                // Triggers and the like come with the swap.
                _ => continue,
            };
            insert(&mut made, twins, id, object);
        }
        let mut ready = made.clone();
        for (id, constraint) in waiting {
            insert(&mut ready, twins, id, Object::Constraint(constraint));
        }
        Self { base, made, ready }
    }

    /// Whether the copy is made with `twin`, before the swap.
    pub fn has(&self, twin: &ObjectId) -> bool {
        self.ready.objects.contains_key(twin)
    }

    /// The steps that make the empty copy.
    pub fn make(&self, context: &Context<'_>) -> Result<Vec<Step>, Refusal> {
        steps(&self.base, &self.made, context)
    }

    /// The steps that make what waits for its rows.
    pub fn complete(&self, context: &Context<'_>) -> Result<Vec<Step>, Refusal> {
        steps(&self.made.clone().on_side(), &self.ready, context)
    }
}

fn insert(catalog: &mut Catalog<Desired>, twins: &Catalog<Desired>, id: &ObjectId, object: Object) {
    let needs = twins.requires(id).cloned().collect();
    catalog.requires.insert(id.clone(), needs);
    catalog.objects.insert(id.clone(), object);
}

/// A foreign key to the copy would refuse what the backfill has not come to yet.
fn points_at_copy(constraint: &Constraint) -> bool {
    let referenced = constraint.referenced.as_ref();
    constraint.is_foreign_key() && referenced.is_some_and(|t| Scope::is_own(t.name.raw()))
}

/// Until the swap, rows of one statement come to the copy one after the other.
pub(super) fn deferred(constraint: &Constraint) -> Constraint {
    Constraint {
        deferrable: constraint.enforced,
        deferred: constraint.enforced,
        ..constraint.clone()
    }
}

fn steps(
    base: &Catalog<Live>,
    target: &Catalog<Desired>,
    context: &Context<'_>,
) -> Result<Vec<Step>, Refusal> {
    let refuse = |why: String| Refusal {
        object: ObjectId::new(KindTag::Table, Vec::<String>::new()),
        why,
        help: String::new(),
    };
    let changes = diff::changes(base, target)
        .map_err(|i| refuse(i.into_iter().map(|i| i.why).collect::<Vec<_>>().join("; ")))?;
    let inner = Context {
        live: base,
        desired: target,
        changes: &changes,
        replacements: &Replacements::default(),
        additions: &Additions::default(),
        splits: &[],
        copies: &Copies::default(),
        wholes: crate::strategy::Wholes::default(),
        ..*context
    };
    expand_all(&inner).map_err(|mut refusals| refusals.remove(0))
}
