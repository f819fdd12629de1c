//! Change: a materialized view is created, or gets another query, other columns or another access method,
//! also because what it reads takes another's place.
//!
//! Why not directly: no statement changes its query. Dropped and created again, its query runs and its
//! indexes are built under ACCESS EXCLUSIVE on everything of that transaction, and its readers wait as long.
//! Steps: the new one is built under a name of ours beside the old one, then its indexes, its extended
//! statistics and ANALYZE (migrate); one short transaction in which the names are exchanged, with those of
//! its indexes, and what hangs on it (views, comments, functions) is put on the new one; the drop of the old
//! one (contract). Views between it and what changes under it are made and exchanged in the same way. A
//! new one is made in migrate, when backfills are through.
//! Measured: tests/cases/materialized-view; the exchange holds ACCESS EXCLUSIVE on both and reads no row.
//! Undo: the exchange back; the old one again by its query, where nothing it reads took another's place.
//! Limits: its rows are as of the build, until the next REFRESH, which is never ours. One that is not
//! populated, or reads small tables alone, takes the plain statements. So does one in whose way a type
//! changes in place, or a function that it calls is made anew, and one that takes the name of a view on which
//! others stand.
//! Sources: RULES "Dependents of a replaced column"; manual, CREATE and REFRESH MATERIALIZED VIEW.

use super::grant::at_birth_of;
use super::index::built;
use super::replace::{self, Script};
use super::{Context, Refusal, Strategy, direct, is_heavy, owner, temporary_name};
use crate::diff::renewal::called;
use crate::diff::{Change, Renewal};
use crate::kinds::index::Concurrently;
use crate::kinds::{
    Hazard, HazardKind, Index, Kind, KindTag, MaterializedView as View, Object, ObjectId,
    Statistics, differing,
};
use crate::pg::ident::Literal;
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Node, Phase, Probe, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

pub struct MaterializedView;

/// The moments of a new one: it is there; everything on it is. And of the old one: it waits to be dropped.
const BUILT: Era = Era::Temp(21);
const READY: Era = Era::Temp(22);
const RETIRED: Era = Era::Temp(23);

impl Strategy for MaterializedView {
    fn name(&self) -> &'static str {
        "materialized view"
    }

    fn claims(&self, id: &ObjectId, change: &Change, context: &Context<'_>) -> bool {
        match change {
            Change::Create {
                new: Object::MaterializedView(new),
            } => new.populated,
            Change::Create { new } => part_of(new, context).is_some(),
            Change::Replace { new, .. } => {
                context.renewals.views.contains_key(id) || part_of(new, context).is_some()
            }
            Change::Drop { .. } | Change::Alter { .. } => false,
        }
    }

    fn expand(
        &self,
        id: &ObjectId,
        change: &Change,
        context: &Context<'_>,
    ) -> Result<Vec<Step>, Refusal> {
        match (change, context.renewals.views.get(id)) {
            (Change::Replace { old, new, why }, Some(renewal)) => {
                let renewed = Renewed {
                    id,
                    old,
                    new,
                    why,
                    renewal,
                    context,
                };
                Ok(renewed.steps())
            }
            (
                Change::Create {
                    new: new @ Object::MaterializedView(_),
                },
                _,
            ) => Ok(create(new, context)),
            // Its whole brings it.
            _ => Ok(Vec::new()),
        }
    }
}

/// A new one, when backfills are through; by itself and without time-outs where its query may take long.
fn create(new: &Object, context: &Context<'_>) -> Vec<Step> {
    let mut step = direct::create(new, context, Phase::Migrate);
    step.together = context.changes.together.get(&step.object).copied();
    if step.together.is_some() {
        // It takes the name of what others stand on until then.
        return vec![step];
    }
    let (Object::MaterializedView(view), Action::Transaction(statements)) = (new, step.action())
    else {
        return vec![step];
    };
    if !is_heavy(&step.object, context.desired, context.live, context.small) {
        return vec![step];
    }
    let settings = statements.get(1..).unwrap_or_default().to_vec();
    let id = step.object.clone();
    let undo = Reversal::Run(vec![Action::Transaction(new.drop())]);
    let mut first = Step::migrate(id.clone(), create_alone(view), undo).described(
        step.operation,
        step.title,
        step.why,
    );
    first.hazards = step.hazards;
    first.requires = step.requires;
    first.produces = step.produces;
    first.takes = step.takes;
    first.after = step.after;
    let mut steps = vec![first];
    if !settings.is_empty() {
        let undo = Reversal::Run(Vec::new());
        let mut step = Step::migrate(id.clone(), Action::Transaction(settings), undo).described(
            "alter",
            format!("settings of {}", id.human()),
            "",
        );
        step.requires = direct::nodes([&id], Era::After);
        steps.push(step);
    }
    steps
}

/// The new form of an index or of statistics on a renewed one, as it is until the swap.
fn part_of(part: &Object, context: &Context<'_>) -> Option<Part> {
    if !matches!(part, Object::Index(_) | Object::Statistics(_)) {
        return None;
    }
    let renewal = context.renewals.views.get(&part.parent()?)?;
    let name = Ident::new(temporary_name(&part.id(), "new part"));
    Part::of(part, &renewal.temporary, &name)
}

/// An index, or extended statistics.
enum Part {
    Index(Index),
    Statistics(Statistics),
}

impl Part {
    /// `object` on the relation called `table`, under `name`.
    fn of(object: &Object, table: &Ident, name: &Ident) -> Option<Self> {
        match object {
            Object::Index(index) => index.moved(table, name).map(Self::Index),
            Object::Statistics(statistics) => Some(Self::Statistics(statistics.moved(table, name))),
            _ => None,
        }
    }

    fn id(&self) -> ObjectId {
        match self {
            Self::Index(index) => index.id(),
            Self::Statistics(statistics) => statistics.id(),
        }
    }
}

/// One materialized view, or a view under one, with its change.
struct Renewed<'a> {
    id: &'a ObjectId,
    old: &'a Object,
    new: &'a Object,
    why: &'a str,
    renewal: &'a Renewal,
    context: &'a Context<'a>,
}

impl Renewed<'_> {
    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.build()];
        if let Object::MaterializedView(twin) = &self.renewal.twin {
            let parts = self.parts();
            let indexes = parts.iter().filter_map(|(id, part)| match part {
                Part::Index(index) => Some(self.index(id, index)),
                Part::Statistics(_) => None,
            });
            steps.extend(indexes);
            steps.push(self.finish(twin, &parts));
        }
        steps.push(self.swap());
        steps.push(self.drop());
        steps
    }

    /// The new indexes and statistics, each as it is until the swap.
    fn parts(&self) -> Vec<(ObjectId, Part)> {
        let objects = self.context.desired.objects.iter();
        let own = objects.filter(|(_, object)| object.parent().as_ref() == Some(self.id));
        own.filter_map(|(id, object)| Some((id.clone(), part_of(object, self.context)?)))
            .collect()
    }

    /// The old indexes and statistics.
    fn old_parts(&self) -> Vec<&Object> {
        let objects = self.context.live.objects.values();
        let own = objects.filter(|object| object.parent().as_ref() == Some(self.id));
        own.filter(|object| matches!(object, Object::Index(_) | Object::Statistics(_)))
            .collect()
    }

    fn build(&self) -> Step {
        let twin = &self.renewal.twin;
        let action = match twin {
            Object::MaterializedView(twin) => create_alone(twin),
            other => {
                let mut made = other.create();
                made.extend(self.at_birth(&twin.id()));
                made.extend(owner::again(self.id, &twin.id(), self.context));
                Action::Transaction(made)
            }
        };
        let operation = match twin {
            Object::MaterializedView(_) => "build materialized view",
            _ => "create view",
        };
        let undo = Reversal::Run(vec![Action::Transaction(twin.drop())]);
        let mut step = Step::migrate(self.id.clone(), action, undo).described(
            operation,
            format!("build the new {} beside the old", self.id.human()),
            self.why,
        );
        if let Object::MaterializedView(_) = twin {
            step.hazards.push(Hazard::declared(
                HazardKind::LongRunning,
                format!(
                    "the query of {} is run, and all its rows are written; what is written to its tables \
                     from then on is in it after the next REFRESH",
                    self.id.human()
                ),
            ));
        }
        step.requires = self.renewal.needs.iter().map(|n| self.before(n)).collect();
        step.produces = direct::nodes([self.id], BUILT);
        step
    }

    /// It gets none of what default privileges give and the old one has not.
    fn at_birth(&self, called: &ObjectId) -> Vec<Sql> {
        at_birth_of(self.id, called, self.context.desired, self.context)
    }

    /// What the new one needs, before the swap.
    fn before(&self, need: &ObjectId) -> Node {
        let twin = self.context.renewals.by_twin(need);
        match twin {
            Some(id) if id.kind == KindTag::View => (id.clone(), BUILT),
            Some(id) => (id.clone(), READY),
            None => replace::filled(need, self.context),
        }
    }

    fn index(&self, id: &ObjectId, index: &Index) -> Step {
        // Nobody uses it yet: without CONCURRENTLY it is built in one pass, and there is wholly or not at all.
        let statement = index.create_as(&index.name, Concurrently::No);
        let action = Action::Outside {
            done: built(&index.schema, &index.name, &statement),
            statement,
            clean: Vec::new(),
        };
        let undo = Reversal::Run(vec![Action::Transaction(Kind::drop(index))]);
        let mut step = Step::migrate(self.id.clone(), action, undo).described(
            "create index",
            format!("build {} on the new {}", id.human(), self.id.human()),
            "nobody uses the new one yet",
        );
        step.requires = direct::nodes([self.id], BUILT);
        step.produces = direct::nodes([id], BUILT);
        step
    }

    /// What stands on the new one besides its indexes.
    fn finish(&self, twin: &View, parts: &[(ObjectId, Part)]) -> Step {
        let mut statements = twin.settings();
        for (_, part) in parts {
            match part {
                Part::Index(index) => statements.extend(index.after_create()),
                Part::Statistics(statistics) => statements.extend(statistics.create()),
            }
        }
        statements.push(sql!("ANALYZE {}", twin.qualified()));
        let called = called(self.id, &twin.name);
        statements.extend(self.at_birth(&called));
        statements.extend(owner::again(self.id, &called, self.context));
        let undo = Reversal::Run(Vec::new());
        let mut step = Step::migrate(self.id.clone(), Action::Transaction(statements), undo)
            .described(
                "analyze",
                format!("collect statistics of the new {}", self.id.human()),
                "after the swap the planner would know nothing of it",
            );
        step.requires = direct::nodes([self.id], BUILT);
        step.requires
            .extend(direct::nodes(parts.iter().filter_map(index_id), BUILT));
        step.produces = direct::nodes([self.id], READY);
        step
    }

    /// The old objects that go, and the new ones that come, with the swap.
    fn own(&self) -> (BTreeSet<ObjectId>, BTreeSet<ObjectId>) {
        let old = self.old_parts().into_iter().map(Object::id);
        let new = self.parts().into_iter().map(|(id, _)| id);
        let whole = || std::iter::once(self.id.clone());
        (whole().chain(old).collect(), whole().chain(new).collect())
    }

    fn swap(&self) -> Step {
        let mut script = Script::default();
        for part in self.old_parts() {
            script.rename(&part.id(), &retired(&part.id()));
        }
        script.rename(self.id, &called(self.id, &self.renewal.retired));
        script.rename(&called(self.id, &self.renewal.temporary), self.id);
        for (id, part) in self.parts() {
            script.rename(&part.id(), &id);
        }
        let (old, new) = self.own();
        // What other steps have put on the new one would stay on it when it goes back.
        let objects = self.context.desired.objects.values().rev();
        let put = objects.filter(|object| {
            let on_it = object.parent().is_some_and(|parent| new.contains(&parent));
            on_it && !new.contains(&object.id())
        });
        script.push(Vec::new(), put.flat_map(Object::drop).collect());
        let mut back = script.back();
        back.extend(self.put_back());
        let back = Undo::Run(vec![Action::Transaction(back)]);
        let mut step = Step::contract(self.id.clone(), Action::Transaction(script.there), back)
            .described(
                match self.id.kind {
                    KindTag::MaterializedView => "swap materialized view",
                    _ => "swap view",
                },
                format!("put the new {} in the place of the old", self.id.human()),
                "names change and nothing is read",
            );
        let mut changed = differing(self.old, self.new).into_iter();
        if changed.any(|(attribute, _)| attribute.name == "columns") {
            step.hazards.push(Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "prepared statements that return columns of {} fail (0A000) until they are prepared \
                     again, and queries fail that name a column it no longer has",
                    self.id.human()
                ),
            ));
        }
        if let KindTag::MaterializedView = self.id.kind {
            step.hazards.push(Hazard::declared(
                HazardKind::LongRunning,
                format!(
                    "{} shows the rows of when it was built: REFRESH MATERIALIZED VIEW brings it up to date",
                    self.id.human()
                ),
            ));
        }
        let ready = match self.id.kind {
            KindTag::MaterializedView => READY,
            _ => BUILT,
        };
        step.requires = direct::nodes([self.id], ready);
        step.requires.extend(direct::requires(self.context, &new));
        step.disturbs = direct::nodes(&old, Era::Before);
        step.produces = direct::nodes(&new, Era::After);
        let before = direct::names_of(self.context.live, &old);
        let after = direct::names_of(self.context.desired, &new);
        step.frees = before.difference(&after).cloned().collect();
        step.takes = after.difference(&before).cloned().collect();
        let together = self.context.changes.together.get(self.id).copied();
        step.together = together.filter(|_| !self.renewal.late);
        step
    }

    /// What stands on the old one: made anew by its query it has come back without ([`Renewed::again`]).
    fn put_back(&self) -> Vec<Sql> {
        match self.old {
            Object::MaterializedView(_) if self.renewal.alone => {}
            _ => return Vec::new(),
        }
        let (old, _) = self.own();
        let objects = self.context.live.objects.values();
        let on_it = objects.filter(|object| {
            object.parent().is_some_and(|parent| old.contains(&parent))
                && !old.contains(&object.id())
        });
        on_it
            .filter(|object| !is_once(object))
            .flat_map(Object::create)
            .collect()
    }

    fn drop(&self) -> Step {
        let old = renamed(self.old, &self.renewal.retired);
        let undo = match self.again(&old) {
            Some(actions) => Undo::Run(actions),
            None => Undo::Irreversible {
                why: "what it read has another name or is gone".to_owned(),
            },
        };
        let mut step = Step::contract(self.id.clone(), Action::Transaction(old.drop()), undo)
            .described(
                match self.id.kind {
                    KindTag::MaterializedView => "drop materialized view",
                    _ => "drop view",
                },
                format!("drop the old {}", self.id.human()),
                "until here, rolling back swaps the old one back",
            );
        let (own, _) = self.own();
        step.requires = direct::nodes([self.id], Era::After);
        let needs = direct::releases(self.context, &own).into_iter();
        step.releases = needs.map(|(need, _)| self.after(need)).collect();
        step.disturbs = direct::nodes([self.id], RETIRED);
        step
    }

    /// What the old one hangs on, after the swap.
    fn after(&self, need: ObjectId) -> Node {
        match self.context.renewals.views.contains_key(&need) {
            true => (need, RETIRED),
            false => replace::swapped(need, self.context),
        }
    }

    /// Whether the old one reads, also through views, what another takes the place of.
    fn reads_replaced(&self) -> bool {
        let mut queue = vec![self.id];
        let mut seen = BTreeSet::new();
        while let Some(id) = queue.pop() {
            for need in self.context.live.requires(id) {
                if self.context.replacements.columns.contains_key(need) {
                    return true;
                }
                let is_view = matches!(need.kind, KindTag::View | KindTag::MaterializedView);
                if is_view && seen.insert(need) {
                    queue.push(need);
                }
            }
        }
        false
    }

    /// The old one once more under its last name, with what is on it.
    fn again(&self, old: &Object) -> Option<Vec<Action>> {
        let Object::MaterializedView(view) = old else {
            return None;
        };
        let objects = self.context.live.objects.values();
        let mut ruled = objects.filter(|object| object.parent().as_ref() == Some(self.id));
        if !self.renewal.alone || self.reads_replaced() || ruled.any(is_once) {
            return None;
        }
        let mut actions = vec![create_alone(view)];
        let mut rest = view.settings();
        rest.extend(owner::again(self.id, &old.id(), self.context));
        for part in self.old_parts() {
            match Part::of(part, &view.name, &last(&retired(&part.id())))? {
                Part::Index(index) => {
                    let statement = index.create_as(&index.name, Concurrently::No);
                    actions.push(Action::Outside {
                        done: built(&index.schema, &index.name, &statement),
                        statement,
                        clean: Vec::new(),
                    });
                    rest.extend(index.after_create());
                }
                Part::Statistics(statistics) => rest.extend(statistics.create()),
            }
        }
        if !rest.is_empty() {
            actions.push(Action::Transaction(rest));
        }
        Some(actions)
    }
}

/// What a second statement does not make again without an error.
fn is_once(object: &Object) -> bool {
    matches!(object, Object::Rule(_))
}

fn index_id(part: &(ObjectId, Part)) -> Option<&ObjectId> {
    matches!(part.1, Part::Index(_)).then_some(&part.0)
}

/// What an old index or old statistics are called from the swap on.
fn retired(id: &ObjectId) -> ObjectId {
    called(id, &Ident::new(temporary_name(id, "old part")))
}

fn last(id: &ObjectId) -> Ident {
    Ident::new(id.path.last().map_or("", String::as_str))
}

fn renamed(object: &Object, name: &Ident) -> Object {
    let mut object = object.clone();
    match &mut object {
        Object::MaterializedView(view) => view.name = name.clone(),
        Object::View(view) => view.name = name.clone(),
        _ => {}
    }
    object
}

/// Runs the query as long as it takes: a time-out of the session would end it.
fn create_alone(view: &View) -> Action {
    let Qualified { schema, name } = view.qualified();
    Action::Outside {
        statement: view.create_alone(),
        done: populated(&schema, &name),
        clean: Vec::new(),
    }
}

fn populated(schema: &Ident, name: &Ident) -> Probe {
    Probe(sql!(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relname = {} AND c.relkind = 'm' AND c.relispopulated)",
        Literal(schema.raw()),
        Literal(name.raw())
    ))
}
