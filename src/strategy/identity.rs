//! Change: a column of an existing table becomes an identity; the column is new, or there.
//!
//! Why not directly: ADD COLUMN … GENERATED AS IDENTITY rewrites the table under ACCESS EXCLUSIVE; on a
//! column that is there, NOT NULL must hold first, and where the sequence goes on is the largest value,
//! which without an index is a scan under that lock.
//! Steps, new: the column with a sequence of ours as its default (expand); a backfill from it, NOT NULL
//! by its own steps, then in one transaction the default is dropped, the identity added, and its
//! sequence put where ours stands, which is read under the lock: no row is (migrate).
//! Steps, there: an index where none leads to the largest value (expand); NOT NULL by its own steps
//! (migrate); the identity, which begins behind that value, when no old application gives numbers of its
//! own any more; the index is dropped (contract).
//! Measured: tests/cases/column/an-identity-…; every step online.
//! Undo: the column is dropped; between, the default takes over from where the identity stood.
//! Limits: partitioned tables and those that others inherit from keep the plain statement. While the
//! column is filled, everyone may take numbers from the sequence: who inserts has no rights on it, and
//! an identity asks for none.
//! Sources: RULES "Generated columns, identity"; manual, ALTER TABLE.

use super::filling::{FILLED, INDEXED, NOT_NULL, fill};
use super::index::{build, not_transactional, unbuild};
use super::volatile_default::{add, set_default};
use super::{Context, Refusal, Strategy, direct, set_not_null, temporary_name};
use crate::diff::{AttributeChange, Change};
use crate::kinds::{
    self, Column, Hazard, HazardKind, Index, Kind, KindTag, Object, ObjectId, Sequence,
};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Phase, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct Identity;

impl Strategy for Identity {
    fn name(&self) -> &'static str {
        "identity"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        match change {
            Change::Create {
                new: Object::Column(new),
            } => new.identity.is_some() && context.additions.rewriting.contains_key(id),
            Change::Alter {
                old: Object::Column(old),
                new: Object::Column(new),
                ..
            } => {
                let gains = old.identity.is_none() && new.identity.is_some();
                let loses = old.identity.is_some() && new.identity.is_none();
                let handled = gains
                    && context.plain_because(&new.table_id()).is_none()
                    && !is_spread(id, new, context);
                handled || loses && own_sequence(id, context).is_some()
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
        match change {
            Change::Create {
                new: Object::Column(column),
            } => match &column.identity {
                Some(identity) => Ok(new_column(id, column, identity, context)),
                None => direct::Direct.expand(id, change, context),
            },
            Change::Alter {
                old,
                new,
                attributes,
            } => match new {
                Object::Column(column) if column.identity.is_none() => {
                    Ok(to_default(id, (old, new), attributes, context))
                }
                Object::Column(column) => {
                    Ok(column_there(id, (old, new), column, attributes, context))
                }
                _ => direct::Direct.expand(id, change, context),
            },
            _ => direct::Direct.expand(id, change, context),
        }
    }
}

fn new_column(
    id: &ObjectId,
    column: &Column,
    identity: &kinds::Identity,
    context: &Context<'_>,
) -> Vec<Step> {
    let produced = direct::with_absorbed(context, id, false);
    let helper = Helper::new(id, column, identity);
    let mut then = helper.create();
    then.push(set_default(column, helper.next().as_str()));
    let mut first = add(id, column, then, context);
    // The default that hangs on the sequence goes with the column.
    first.take_back_last(helper.drop());
    let mut steps = vec![first, fill(id, column, helper.next().as_str(), context)];
    let mut ready = FILLED;
    let mut chain = super::volatile_default::not_null(id, column, context);
    if let Some(last) = chain.last_mut() {
        last.produces.extend(direct::nodes([id], NOT_NULL));
        ready = NOT_NULL;
    }
    steps.extend(chain);
    let (there, back) = helper.hand_over();
    let mut last = Step::migrate(
        id.clone(),
        Action::Transaction(there),
        Reversal::Run(vec![Action::Transaction(back)]),
    )
    .described(
        "alter",
        format!("make {} an identity", id.human()),
        "goes on where the sequence of the default stands; no row is read",
    );
    last.requires = direct::nodes([id], ready);
    last.takes.extend(column.names());
    last.produces = direct::nodes(&produced, Era::After);
    steps.push(last);
    steps
}

/// The sequence that gives values until the identity does.
struct Helper<'a> {
    column: &'a Column,
    identity: &'a kinds::Identity,
    sequence: Sequence,
}

impl<'a> Helper<'a> {
    fn new(id: &ObjectId, column: &'a Column, identity: &'a kinds::Identity) -> Self {
        Self {
            column,
            identity,
            sequence: Sequence {
                schema: column.schema.clone(),
                name: Ident::new(temporary_name(id, "sequence")),
                data_type: identity.sequence_type.clone(),
                options: identity.options.clone(),
                unlogged: false,
                owner: None,
            },
        }
    }

    fn name(&self) -> Qualified {
        name_of(&self.sequence)
    }

    fn literal(name: &Qualified) -> Sql {
        sql!("{}", Literal(&name.to_string()))
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = self.sequence.create();
        statements.push(sql!("GRANT USAGE ON SEQUENCE {} TO PUBLIC", self.name()));
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        Kind::drop(&self.sequence)
    }

    fn next(&self) -> Sql {
        sql!("nextval({}::regclass)", Self::literal(&self.name()))
    }

    /// From the default to the identity, and back.
    fn hand_over(&self) -> (Vec<Sql>, Vec<Sql>) {
        let table = self.column.table_name();
        let own = self.column.sequence(self.identity);
        let column = sql!("ALTER TABLE {} ALTER COLUMN {}", table, self.column.name);
        let copy = |from: &Qualified, to: &Qualified| {
            sql!(
                "SELECT pg_catalog.setval({}, s.last_value, s.is_called) FROM {} AS s",
                Self::literal(to),
                from
            )
        };
        let mut there = vec![
            sql!("{} DROP DEFAULT", column),
            sql!("{} ADD {}", column, self.identity.clause()),
            copy(&self.name(), &own),
        ];
        there.extend(self.drop());
        let mut back = vec![sql!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table)];
        back.extend(self.create());
        back.push(copy(&own, &self.name()));
        back.push(sql!("{} DROP IDENTITY", column));
        back.push(set_default(self.column, self.next().as_str()));
        (there, back)
    }
}

fn column_there(
    id: &ObjectId,
    (old, new): (&Object, &Object),
    column: &Column,
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut ready: BTreeSet<Node> = BTreeSet::new();
    let nullable = matches!(old, Object::Column(c) if c.not_null.is_none());
    if let (true, Some(not_null)) = (nullable, &column.not_null) {
        let mut chain = set_not_null::chain(id, column, not_null, context);
        if let Some(first) = chain.first_mut() {
            first.hazards.push(set_not_null::rejects(column));
        }
        if let Some(last) = chain.last_mut() {
            last.produces.extend(direct::nodes([id], NOT_NULL));
            ready.extend(direct::nodes([id], NOT_NULL));
        }
        steps.extend(chain);
    }
    let index = (!has_index(column, context)).then(|| index_on(id, column));
    if let Some(index) = &index {
        let mut step = Step::expand(
            id.clone(),
            build(index, &index.name),
            Reversal::Run(vec![unbuild(index, &index.name)]),
        )
        .described(
            "create index",
            format!("build an index on {} for a while", id.human()),
            "without one, the largest value is found by a scan under ACCESS EXCLUSIVE",
        );
        step.hazards.push(not_transactional());
        step.tables = vec![column.table_name()];
        step.produces = direct::nodes([id], INDEXED);
        ready.extend(direct::nodes([id], INDEXED));
        steps.push(step);
    }
    let rest: Vec<AttributeChange> = attributes
        .iter()
        .filter(|a| !(nullable && a.name() == "not null"))
        .cloned()
        .collect();
    let mut changes = direct::alter(id, old, new, &rest, context);
    for step in &mut changes {
        step.requires.extend(ready.clone());
        step.lift(Phase::Contract);
    }
    if let Some(step) = changes.last_mut() {
        step.why = "begins behind the largest value, to which an index leads; while the old \
                    application gives numbers of its own, they would meet those of the sequence"
            .to_owned();
        step.hazards.extend(switch(column, old));
    }
    steps.extend(changes);
    if let Some(index) = &index {
        let mut step = Step::contract(
            id.clone(),
            unbuild(index, &index.name),
            Undo::Run(vec![build(index, &index.name)]),
        )
        .described(
            "drop index",
            format!("drop the index on {} again", id.human()),
            "",
        );
        step.hazards.push(not_transactional());
        step.tables = vec![column.table_name()];
        step.requires = direct::nodes([id], Era::After);
        steps.push(step);
    }
    steps
}

/// Who cannot write before the column is an identity, and who cannot after that.
fn switch(column: &Column, old: &Object) -> Option<Hazard> {
    let (table, name) = (column.table_name(), &column.name);
    let after = column.identity.as_ref().is_some_and(|i| i.always);
    let before = matches!(old, Object::Column(c) if c.default().is_none());
    let without = format!("an INSERT that leaves {name} out");
    let with = format!("an INSERT or UPDATE that gives {name} a value of its own");
    let text = match (before, after) {
        (false, false) => return None,
        (true, false) => format!("until here {table} rejects {without}"),
        (false, true) => format!("from here on {table} rejects {with}"),
        (true, true) => format!(
            "until here {table} rejects {without}, from here on {with}: the new application takes over \
             at this step (GENERATED BY DEFAULT takes both from here on)"
        ),
    };
    Some(Hazard::declared(HazardKind::RejectsWrites, text))
}

/// From an identity to a sequence of the column's own, which goes on where that of the identity stands.
fn to_default(
    id: &ObjectId,
    (old, new): (&Object, &Object),
    attributes: &[AttributeChange],
    context: &Context<'_>,
) -> Vec<Step> {
    // The sequence of the identity is gone when the other, often of its name, is there.
    const NEXT: &str = "pgrehearse.next";
    let mut steps = direct::alter(id, old, new, attributes, context);
    if let (Object::Column(column), Some(sequence), [first, .., last]) =
        (old, own_sequence(id, context), steps.as_mut_slice())
        && let Some(identity) = &column.identity
    {
        first.begin_with(sql!(
            "SELECT pg_catalog.set_config({}, least(CASE WHEN s.is_called THEN s.last_value + {} \
             ELSE s.last_value END, {})::text, true) FROM {} AS s",
            Literal(NEXT),
            identity.options.increment,
            sequence.options.max,
            column.sequence(identity)
        ));
        last.begin_with(sql!(
            "SELECT pg_catalog.setval({}, pg_catalog.current_setting({})::bigint, false)",
            Helper::literal(&name_of(sequence)),
            Literal(NEXT)
        ));
    }
    steps
}

/// The new sequence that the column owns.
fn own_sequence<'a>(id: &ObjectId, context: &Context<'a>) -> Option<&'a Sequence> {
    let mut objects = context.desired.objects.values();
    objects.find_map(|object| match object {
        Object::Sequence(s) if s.owner.as_ref().is_some_and(|o| o.id() == *id) => {
            context.changes.creates(&object.id()).then_some(s)
        }
        _ => None,
    })
}

pub(super) fn name_of(sequence: &Sequence) -> Qualified {
    Qualified {
        schema: sequence.schema.clone(),
        name: sequence.name.clone(),
    }
}

fn index_on(id: &ObjectId, column: &Column) -> Index {
    Index {
        schema: column.schema.clone(),
        name: Ident::new(temporary_name(id, "index")),
        table: column.table.clone(),
        unique: false,
        definition: sql!("ON {} USING btree ({})", column.table_name(), column.name).to_string(),
        options: Vec::new(),
        valid: true,
        clustered: false,
        on_partitioned: false,
        on_materialized_view: false,
        statistics: Vec::new(),
        attached_to: None,
        lacking: Vec::new(),
        columns: vec![column.name.clone()],
        expressions: Vec::new(),
        predicate: None,
        nulls_not_distinct: false,
    }
}

/// Whether an index of live leads to the column's largest value.
fn has_index(column: &Column, context: &Context<'_>) -> bool {
    let head = format!(" USING btree ({}", column.name);
    let leads = |definition: &str| {
        definition
            .split_once(&head)
            .is_some_and(|(_, rest)| rest.starts_with([',', ')', ' ']) && !rest.contains(" WHERE "))
    };
    context.live.objects.values().any(|object| match object {
        Object::Index(i) => {
            i.table_name() == column.table_name() && i.valid && leads(&i.definition)
        }
        Object::Constraint(c) => {
            c.table_name() == column.table_name()
                && c.index_definition.as_deref().is_some_and(leads)
        }
        _ => false,
    })
}

/// A sequence of a column that is there goes on behind its values.
pub(super) fn behind_the_rows(sequence: &Sequence, context: &Context<'_>) -> Option<Sql> {
    let owner = sequence.owner.as_ref()?.id();
    let Some(Object::Column(column)) = context.live.get(&owner) else {
        return None;
    };
    match column.identity {
        None => behind(sequence, column),
        Some(_) => None,
    }
}

/// `sequence` goes on behind the values of `column`, where they are numbers it can give.
pub(super) fn behind(sequence: &Sequence, column: &Column) -> Option<Sql> {
    let is_integer = matches!(column.data_type.as_str(), "smallint" | "integer" | "bigint");
    let farthest = match sequence.options.increment > 0 {
        true => sql!("pg_catalog.max({})", column.name),
        false => sql!("pg_catalog.min({})", column.name),
    };
    is_integer.then(|| {
        sql!(
            "SELECT pg_catalog.setval({}, {}) FROM {} HAVING {} BETWEEN {} AND {}",
            Literal(&name_of(sequence).to_string()),
            farthest,
            column.table_name(),
            farthest,
            sequence.options.min,
            sequence.options.max
        )
    })
}

/// Whether other tables have the column from this one, or the reverse.
fn is_spread(id: &ObjectId, column: &Column, context: &Context<'_>) -> bool {
    let table = context.live.get(&column.table_id());
    let partitioned = matches!(table, Some(Object::Table(t)) if t.partition_key.is_some());
    let mut objects = context.live.objects.values();
    let heirs = objects.any(|o| o.tag() == KindTag::Column && o.follows().contains(id));
    partitioned || heirs || !column.inherited_from.is_empty()
}
