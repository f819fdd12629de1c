//! Finds the tables that a copy takes the place of: those whose plain statement was measured to rewrite them
//! and has no way in place, and those for which no statement exists.

mod fit;
mod standing;

use super::{PipelineError, Workshop};
use crate::catalog::{self, Catalog, Desired, Live, closure};
use crate::diff::rename::Rename;
use crate::diff::{self, Change, ChangeSet, ConversionHint, Copies, Split, TableCopy};
use crate::kinds::{Column, Generated, KindTag, Object, ObjectId};
use crate::pg::Sql;
use crate::rehearse::{Trial, clone};
use crate::strategy::{Refusal, temporary_name};
use std::collections::{BTreeMap, BTreeSet};

/// What is looked at.
pub(super) struct Wanted<'a> {
    pub live: &'a Catalog<Live>,
    pub desired: &'a Catalog<Desired>,
    pub conversions: &'a BTreeMap<ObjectId, ConversionHint>,
    /// Renames that are done by a new column.
    pub renames: &'a [Rename],
    pub splits: &'a [Split],
    /// The expressions of `backfill` hints.
    pub backfills: &'a BTreeMap<ObjectId, String>,
    /// The most tables that a swap may lock together.
    pub max_tables: usize,
    /// The URL of the live server.
    pub server: Option<&'a str>,
}

/// Why a table is copied.
enum Reason<'a> {
    /// The plain statements, which are to be measured.
    Rewrites(Vec<Sql>),
    /// There is no plain statement.
    None(&'a str),
}

/// A table that may be copied.
struct Candidate<'a> {
    table: ObjectId,
    /// With its partitions, on either side.
    tables: BTreeSet<ObjectId>,
    reason: Reason<'a>,
}

/// The tables to copy, the changes with these as one each, and what there is to say of tables that are not
/// copied.
///
/// # Errors
/// [`PipelineError::Refused`] for a change that has no other way; [`PipelineError::Impossible`] for those that
/// have none at all.
pub(super) fn find(
    wanted: &Wanted<'_>,
    workshop: &Workshop<'_>,
) -> Result<(Copies, ChangeSet, Vec<String>), PipelineError> {
    let (mut copies, mut notices, mut refused) = (Copies::default(), Vec::new(), Vec::new());
    let raw = diff::compare(wanted.live, wanted.desired);
    let candidates = wanted.candidates(&raw, workshop);
    for candidate in candidates {
        let covered = wanted.covered(&candidate.tables);
        let part = wanted.to_try_on(&covered);
        let scope = workshop.options.scope.with_own();
        let mut trial = Trial::start(workshop.scratch()?, &workshop.settings, &scope, &part)?;
        let why = match &candidate.reason {
            Reason::None(why) => (*why).to_owned(),
            Reason::Rewrites(statements) => {
                let Some(evidence) = trial.measure(statements)? else {
                    continue;
                };
                let mut works = evidence.rewritten;
                works.extend(evidence.scanned);
                if works.is_empty() {
                    continue;
                }
                works.sort();
                works.dedup();
                format!(
                    "the plain statement would hold ACCESS EXCLUSIVE while it rewrites or scans {}",
                    works.join(", ")
                )
            }
        };
        let other = copies
            .tables
            .iter()
            .find(|o| !o.covered.is_disjoint(&covered));
        let standing = match wanted.server {
            Some(url) => standing::read(url, &candidate.tables, workshop)?,
            None => standing::guess(wanted.live, &candidate.tables),
        };
        let foreign = candidate.tables.iter().find(|table| {
            let foreign = |object: Option<&Object>| matches!(object, Some(Object::Table(t)) if t.foreign.is_some());
            foreign(wanted.live.get(table)) || foreign(wanted.desired.get(table))
        });
        let fit = match (other, standing.first()) {
            _ if foreign.is_some() => Err("one of its partitions is a foreign table".to_owned()),
            (Some(other), _) => Err(format!(
                "a foreign key joins it and {}, which this plan copies: a plan of its own can copy it after \
                 that",
                other.table.human()
            )),
            (None, Some(what)) => Err(format!("{what} stands on it, and a copy would be without")),
            (None, None) => fit::fit(wanted, &raw, &candidate, &covered, trial.client()),
        };
        match (fit, &candidate.reason) {
            (Ok(fit), _) => {
                drop(trial);
                let (twins, names) = twins(wanted, &candidate, &covered, workshop)?;
                copies.tables.push(TableCopy {
                    table: candidate.table,
                    why,
                    tables: candidate.tables,
                    covered,
                    columns: fit.columns,
                    key: fit.key,
                    unique: fit.unique,
                    twins,
                    names,
                });
            }
            (Err(reason), Reason::Rewrites(_)) => notices.push(format!(
                "{}: {why}; it is not copied online, because {reason}",
                candidate.table.human()
            )),
            (Err(reason), Reason::None(_)) => refused.push(Refusal {
                object: candidate.table,
                why: format!("{why}, and the table cannot be copied, because {reason}"),
                help:
                    "change what is in the way in a plan before this one, or move the rows by hand"
                        .to_owned(),
            }),
        }
    }
    if !refused.is_empty() {
        return Err(PipelineError::Refused(refused));
    }
    let copied: Vec<_> = copies.tables.iter().map(|c| &c.covered).collect();
    let changes = diff::changes_with(wanted.live, wanted.desired, &copied)
        .map_err(PipelineError::Impossible)?;
    Ok((copies, changes, notices))
}

const NO_STATEMENT: &str = "no statement changes what a table is partitioned by";

impl<'a> Wanted<'a> {
    fn candidates(
        &self,
        raw: &BTreeMap<ObjectId, Change>,
        workshop: &Workshop<'_>,
    ) -> Vec<Candidate<'a>> {
        let mut found: BTreeMap<ObjectId, Reason<'a>> = BTreeMap::new();
        let small = workshop.options.small;
        for (id, change) in raw {
            if self.changes_partitioning(id, change) {
                let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
                found.insert(self.root(&table), Reason::None(NO_STATEMENT));
                continue;
            }
            let Some((column, statements)) = self.rewriting(id, change) else {
                continue;
            };
            let table = self.root(&column.table_id());
            let is_old =
                self.live.objects.contains_key(&table) && self.desired.objects.contains_key(&table);
            if !is_old || small.holds(self.live.sizes.get(&table).copied()) {
                continue;
            }
            // No copy takes the place of an heir.
            let is_heir = |object: Option<&Object>| matches!(object, Some(Object::Table(t)) if !t.inherits.is_empty());
            if is_heir(self.live.get(&table)) || is_heir(self.desired.get(&table)) {
                continue;
            }
            // What a partition's column follows is changed with it.
            if !column.inherited_from.is_empty() {
                continue;
            }
            match found.entry(table).or_insert(Reason::Rewrites(Vec::new())) {
                Reason::Rewrites(all) => all.extend(statements),
                Reason::None(_) => {}
            }
        }
        let candidates = found.into_iter().map(|(table, reason)| Candidate {
            tables: self.with_partitions(&table),
            table,
            reason,
        });
        candidates.collect()
    }

    /// Whether what a table that stays is partitioned by changes: by what, or the type of that.
    fn changes_partitioning(&self, id: &ObjectId, change: &Change) -> bool {
        let Change::Alter {
            old,
            new,
            attributes,
        } = change
        else {
            return false;
        };
        match (old, new) {
            (Object::Table(_), Object::Table(_)) => {
                attributes.iter().any(|a| a.name() == "partition key")
            }
            (Object::Column(column), Object::Column(_)) => {
                let in_key = self.live.objects.values().any(|object| {
                    matches!(object, Object::Attachment(a)
                        if a.parent == column.table_name() && a.key.contains(&column.name))
                });
                in_key && attributes.iter().any(|a| a.name() == "type") && !id.path.is_empty()
            }
            _ => false,
        }
    }

    /// The column whose change makes the server compute a stored generated column for every row, and the
    /// plain statements.
    fn rewriting(&self, id: &ObjectId, change: &'a Change) -> Option<(&'a Column, Vec<Sql>)> {
        let is_stored = |c: &Column| c.generated == Some(Generated::Stored);
        match change {
            Change::Create {
                new: new @ Object::Column(column),
            } if is_stored(column) => Some((column, new.create())),
            Change::Alter {
                old,
                new: new @ Object::Column(column),
                attributes,
            } => {
                let changes = |name: &str| attributes.iter().any(|a| a.name() == name);
                if changes("generated") {
                    let statements = [old.drop(), new.create()].concat();
                    return is_stored(column).then_some((column, statements));
                }
                if !changes("type") && !changes("collation") {
                    return None;
                }
                let dependents = self.live.dependents();
                let generated: Vec<&ObjectId> = dependents
                    .get(id)?
                    .iter()
                    .filter(|d| matches!(self.live.get(d), Some(Object::Column(c)) if is_stored(c)))
                    .copied()
                    .collect();
                if generated.is_empty() {
                    return None;
                }
                let mut statements: Vec<Sql> = Vec::new();
                let gone = generated.iter().filter_map(|g| self.live.get(g));
                statements.extend(gone.flat_map(Object::drop));
                for attribute in attributes {
                    if let crate::kinds::Alter::Disturbing(retype) = &attribute.alter {
                        statements.extend(retype.iter().cloned());
                    }
                }
                let back = generated.iter().filter_map(|g| self.desired.get(g));
                statements.extend(back.flat_map(Object::create));
                Some((column, statements))
            }
            _ => None,
        }
    }

    /// The table that `table` is, after all, a partition of.
    fn root(&self, table: &ObjectId) -> ObjectId {
        match self.live.get(table) {
            Some(Object::Table(t)) => match &t.partition_of {
                Some(parent) => self.root(&ObjectId::new(
                    KindTag::Table,
                    [parent.schema.raw(), parent.name.raw()],
                )),
                None => table.clone(),
            },
            _ => table.clone(),
        }
    }

    fn with_partitions(&self, table: &ObjectId) -> BTreeSet<ObjectId> {
        let mut tables = BTreeSet::new();
        let mut queue = vec![table.clone()];
        let live = self.live.objects.values();
        let all: Vec<&Object> = live.chain(self.desired.objects.values()).collect();
        while let Some(id) = queue.pop() {
            if !tables.insert(id.clone()) {
                continue;
            }
            queue.extend(all.iter().filter_map(|object| match object {
                Object::Attachment(a) if a.parent_id() == id => Some(a.table_id()),
                _ => None,
            }));
        }
        tables
    }

    /// Every object of the tables, and the foreign keys to them, on either side.
    fn covered(&self, tables: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
        let mut all = covered(self.live, tables);
        all.extend(covered(self.desired, tables));
        all
    }

    /// The tables without what hangs on them and is in the way of a change.
    fn to_try_on(&self, covered: &BTreeSet<ObjectId>) -> Catalog<Live> {
        let kept = covered.iter().filter(|id| {
            self.live.get(id).is_some_and(|object| match object {
                Object::Constraint(c) => !c.is_foreign_key(),
                Object::Table(_)
                | Object::Column(_)
                | Object::Index(_)
                | Object::Attachment(_)
                | Object::IndexAttachment(_) => true,
                _ => false,
            })
        });
        let mut ids = BTreeSet::new();
        let mut part = Catalog::empty(self.live.version);
        let mut queue: Vec<ObjectId> = kept.cloned().collect();
        // The new expressions call what may be new, too. A foreign key has none.
        let is_foreign_key = |id: &ObjectId| matches!(self.desired.get(id), Some(Object::Constraint(c)) if c.is_foreign_key());
        let with_expressions = covered.iter().filter(|id| !is_foreign_key(id));
        let new = with_expressions.flat_map(|id| self.desired.requires(id));
        let new = new.filter(|id| !covered.contains(*id) && id.kind != KindTag::Table);
        queue.extend(new.cloned());
        while let Some(id) = queue.pop() {
            let from_live = self.live.get(&id);
            let Some(object) = from_live.or_else(|| self.desired.get(&id)) else {
                continue;
            };
            if !ids.insert(id.clone()) {
                continue;
            }
            let needs: BTreeSet<ObjectId> = match from_live {
                Some(_) => self.live.requires(&id).cloned().collect(),
                None => self.desired.requires(&id).cloned().collect(),
            };
            queue.extend(needs.iter().cloned());
            part.objects.insert(id.clone(), object.clone());
            part.requires.insert(id, needs);
        }
        part
    }
}

fn covered<S>(catalog: &Catalog<S>, tables: &BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
    let inside = catalog.objects.values().filter(|object| {
        let points_at = match object {
            Object::Constraint(c) if c.is_foreign_key() => c.referenced.as_ref(),
            _ => None,
        };
        points_at.is_some_and(|to| {
            tables.contains(&ObjectId::new(
                KindTag::Table,
                [to.schema.raw(), to.name.raw()],
            ))
        }) || table_of(catalog, object).is_some_and(|table| tables.contains(&table))
    });
    let mut all: BTreeSet<ObjectId> = inside.map(Object::id).collect();
    let said = catalog.objects.values().filter(|object| {
        let of = object.described();
        of.is_some_and(|of| all.contains(&of.target))
    });
    let said: Vec<ObjectId> = said.map(Object::id).collect();
    all.extend(said);
    all
}

/// The table that `object` is or is a part of.
fn table_of<S>(catalog: &Catalog<S>, object: &Object) -> Option<ObjectId> {
    match object {
        Object::Table(_) => return Some(object.id()),
        Object::SequenceOwner(owner) => {
            let table = [owner.owner.schema.raw(), owner.owner.table.raw()];
            return Some(ObjectId::new(KindTag::Table, table));
        }
        _ => {}
    }
    let parent = object.parent()?;
    match parent.kind {
        // It belongs to whom it belongs to at the moment of the swap.
        _ if object.tag() == KindTag::Owner => None,
        KindTag::Table => Some(parent),
        KindTag::Schema => None,
        _ => table_of(catalog, catalog.get(&parent)?),
    }
}

type Twins = (Catalog<Desired>, BTreeMap<ObjectId, ObjectId>);

/// Lets the server rename the tables and what is on them, and reads the definitions.
fn twins(
    wanted: &Wanted<'_>,
    candidate: &Candidate<'_>,
    covered: &BTreeSet<ObjectId>,
    workshop: &Workshop<'_>,
) -> Result<Twins, PipelineError> {
    let desired = wanted.desired;
    let mut names: BTreeMap<ObjectId, ObjectId> = BTreeMap::new();
    let mut renames = Vec::new();
    let renamed = |id: &ObjectId| {
        let mut to = id.clone();
        to.path.pop();
        to.path.push(temporary_name(id, "copy"));
        to
    };
    let here = covered.iter().filter_map(|id| desired.get(id));
    let (mut tables, mut parts) = (Vec::new(), Vec::new());
    for object in here {
        match object {
            Object::Table(_) => tables.push(object.id()),
            Object::Index(_) => parts.push(object.id()),
            Object::Constraint(c)
                if c.index_definition.is_some() || !candidate.tables.contains(&c.table_id()) =>
            {
                parts.push(object.id());
            }
            _ => {}
        }
    }
    for id in parts.into_iter().chain(tables) {
        let to = renamed(&id);
        renames.push(Rename {
            from: id.clone(),
            to: to.clone(),
            schemas: None,
        });
        names.insert(id, to);
    }
    let scope = workshop.options.scope.with_own();
    let ids = closure(desired, &BTreeSet::from([candidate.table.clone()]));
    let database = workshop.scratch()?.create_database(&workshop.settings)?;
    clone::build(&database, &desired.restricted(&ids), &scope)?;
    let mut client = database.connect()?;
    for (there, _) in renames.iter().filter_map(Rename::statements) {
        client.batch_execute(there.as_str())?;
    }
    let twins = catalog::read(&mut client, &scope)?;
    // A part's name follows its table's.
    for (id, to) in &mut names {
        let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
        if let (Some(name), KindTag::Constraint, true) = (
            Some(temporary_name(&table, "copy")),
            id.kind,
            candidate.tables.contains(&table),
        ) && let Some(place) = to.path.get_mut(1)
        {
            *place = name;
        }
    }
    Ok((twins, names))
}
