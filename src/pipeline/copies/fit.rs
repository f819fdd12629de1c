//! Whether a table can be copied row by row: by which key, and what of it is in the way.

use super::super::expression::{is_implicit, resolve};
use super::super::replacements::{has_heirs, reverse_of};
use super::super::splits::operators;
use super::{Candidate, Reason, Wanted};
use crate::diff::copy::{CopiedColumn, CopyKey};
use crate::diff::{Change, Conversion};
use crate::kinds::{Column, Constraint, ConstraintType, KindTag, Object, ObjectId, Table};
use crate::pg::{Ident, Qualified};
use crate::rehearse::message_of;
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// The unique keys of the old table and of the new one.
type Keys = (Vec<Ident>, Vec<Ident>);

/// How rows are copied there and back.
pub(super) struct Fit {
    pub columns: Vec<CopiedColumn>,
    pub key: Vec<CopyKey>,
    pub unique: Keys,
}

struct Look<'a> {
    wanted: &'a Wanted<'a>,
    raw: &'a BTreeMap<ObjectId, Change>,
    candidate: &'a Candidate<'a>,
    covered: &'a BTreeSet<ObjectId>,
    /// Columns whose values in the copy may be others than those in the table.
    differing: BTreeSet<Ident>,
}

/// How the table is copied, or what is in the way.
pub(super) fn fit(
    wanted: &Wanted<'_>,
    raw: &BTreeMap<ObjectId, Change>,
    candidate: &Candidate<'_>,
    covered: &BTreeSet<ObjectId>,
    client: &mut Client,
) -> Result<Fit, String> {
    let mut look = Look {
        wanted,
        raw,
        candidate,
        covered,
        differing: BTreeSet::new(),
    };
    look.hints()?;
    look.tables()?;
    look.changes()?;
    look.dependents()?;
    let columns = look.columns(client)?;
    look.uniqueness()?;
    let (unique, key) = look.key()?;
    Ok(Fit {
        columns,
        key,
        unique,
    })
}

impl Look<'_> {
    fn table_name(&self) -> Qualified {
        let part = |i: usize| self.candidate.table.path.get(i).map_or("", String::as_str);
        Qualified::new(part(0), part(1))
    }

    fn is_inside(&self, id: &ObjectId) -> bool {
        let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
        self.candidate.tables.contains(&table)
    }

    fn hints(&self) -> Result<(), String> {
        if let Some(rename) = self.wanted.renames.iter().find(|r| self.is_inside(&r.to)) {
            return Err(format!(
                "{} is renamed: do that in a plan of its own",
                rename.to.human()
            ));
        }
        let mut splits = self.wanted.splits.iter();
        let splits = splits.find(|s| {
            self.candidate.tables.contains(&s.wide) || self.candidate.tables.contains(&s.narrow)
        });
        if splits.is_some() {
            return Err(
                "its columns move to another table: do that in a plan of its own".to_owned(),
            );
        }
        match self.wanted.backfills.keys().find(|id| self.is_inside(id)) {
            Some(id) if self.raw.contains_key(id) => Err(format!(
                "{} has a `backfill` hint: add it in a plan of its own",
                id.human()
            )),
            _ => Ok(()),
        }
    }

    fn tables(&self) -> Result<(), String> {
        for id in &self.candidate.tables {
            let sides = [self.wanted.live.get(id), self.wanted.desired.get(id)];
            for object in sides.into_iter().flatten() {
                let Object::Table(table) = object else {
                    continue;
                };
                if let Some(why) = problem(table) {
                    return Err(format!("{} {why}", id.human()));
                }
            }
        }
        let heirs = self
            .covered
            .iter()
            .find(|id| has_heirs(self.wanted.live, id));
        if heirs.is_some() {
            return Err("tables inherit from it, whose rows its triggers do not see".to_owned());
        }
        let mut constraints = Vec::new();
        for id in self.covered {
            let sides = [self.wanted.live.get(id), self.wanted.desired.get(id)];
            constraints.extend(
                sides
                    .into_iter()
                    .flatten()
                    .filter_map(|object| match object {
                        Object::Constraint(c) => Some(c),
                        _ => None,
                    }),
            );
        }
        let outside = |c: &Constraint| !self.candidate.tables.contains(&c.table_id());
        if let Some(key) = constraints.iter().find(|c| c.on_partitioned && outside(c)) {
            return Err(format!(
                "a foreign key of the partitioned table {} points at it",
                key.table_name()
            ));
        }
        let keys = constraints.into_iter().map(Constraint::table_id);
        let locked: BTreeSet<ObjectId> = keys
            .filter(|t| !self.candidate.tables.contains(t))
            .collect();
        if locked.len() >= self.wanted.max_tables {
            return Err(format!(
                "foreign keys of {} tables point at it, and the swap would lock all of them \
                 (swap.max_tables = {})",
                locked.len(),
                self.wanted.max_tables
            ));
        }
        Ok(())
    }

    /// The changes that come along have to be of a kind that copying does as well.
    fn changes(&self) -> Result<(), String> {
        let partitioning = matches!(self.candidate.reason, Reason::None(_));
        for (id, change) in self.raw.iter().filter(|(id, _)| self.covered.contains(*id)) {
            let fits = match change {
                Change::Create { new } => match new {
                    // A partition's are the table's.
                    Object::Column(c) if !self.wanted.live.objects.contains_key(&c.table_id()) => {
                        true
                    }
                    Object::Column(c) => {
                        let optional = c.not_null.is_none() || c.expression.is_some();
                        c.identity.is_none() && optional
                    }
                    Object::Constraint(c) => {
                        is_key(c) || !self.wanted.live.objects.contains_key(&c.table_id())
                    }
                    Object::Table(_) | Object::Attachment(_) => partitioning,
                    Object::SequenceOwner(_) => false,
                    _ => true,
                },
                Change::Drop { old } => match old {
                    // A partition's columns go with it.
                    Object::Column(c) => {
                        c.generated.is_some()
                            || !self.wanted.desired.objects.contains_key(&c.table_id())
                    }
                    Object::Constraint(c) => {
                        is_key(c) || !self.wanted.desired.objects.contains_key(&c.table_id())
                    }
                    Object::Table(_) | Object::Attachment(_) => partitioning,
                    Object::SequenceOwner(_) => false,
                    _ => true,
                },
                Change::Alter {
                    new, attributes, ..
                } => match new {
                    Object::Column(_) => attributes
                        .iter()
                        .all(|a| !matches!(a.name(), "not null" | "identity")),
                    Object::Constraint(c) => {
                        is_key(c) || attributes.iter().all(|a| a.name() == "local")
                    }
                    Object::Table(_) => attributes.iter().all(|a| match a.name() {
                        "storage parameters" | "partition key" => true,
                        // A partitioned table has none.
                        "access method" => a.old.value.is_null() || a.new.value.is_null(),
                        _ => false,
                    }),
                    Object::Attachment(_) => partitioning,
                    Object::SequenceOwner(_) => false,
                    _ => true,
                },
                Change::Replace { .. } => true,
            };
            if !fits {
                return Err(format!(
                    "{} changes with it: do that in a plan of its own",
                    id.human()
                ));
            }
        }
        Ok(())
    }

    /// What depends on the table is taken down and put back in the swap, which must read no row.
    fn dependents(&self) -> Result<(), String> {
        let dependents = self.wanted.live.dependents();
        let mut queue: Vec<&ObjectId> = self.covered.iter().collect();
        let mut seen: BTreeSet<&ObjectId> = BTreeSet::new();
        while let Some(id) = queue.pop() {
            let hanging = self.wanted.live.hanging.get(id);
            if let Some(one) = hanging.and_then(|all| all.first()) {
                return Err(format!(
                    "{} hangs on {}, which we do not read",
                    one.what,
                    id.human()
                ));
            }
            for &dependent in dependents.get(id).into_iter().flatten() {
                if self.covered.contains(dependent) || !seen.insert(dependent) {
                    continue;
                }
                let stays = matches!(
                    dependent.kind,
                    KindTag::View
                        | KindTag::Function
                        | KindTag::Trigger
                        | KindTag::Rule
                        | KindTag::Comment
                        | KindTag::SecurityLabel
                        | KindTag::Grant
                );
                if !stays {
                    return Err(format!(
                        "{} depends on it and cannot be made anew without reading rows",
                        dependent.human()
                    ));
                }
                queue.push(dependent);
            }
        }
        Ok(())
    }

    fn pairs(&self) -> impl Iterator<Item = (&Column, &Column)> {
        let table = self.table_name();
        let live = self.wanted.live.objects.values();
        live.filter_map(move |object| match object {
            Object::Column(old) if old.table_name() == table => {
                match self.wanted.desired.get(&object.id())? {
                    Object::Column(new) => Some((old, new)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    fn columns(&mut self, client: &mut Client) -> Result<Vec<CopiedColumn>, String> {
        let mut columns = Vec::new();
        let mut differing = BTreeSet::new();
        for object in self.wanted.desired.objects.values() {
            if let Object::Column(c) = object
                && c.table_name() == self.table_name()
                && !self.wanted.live.objects.contains_key(&object.id())
            {
                differing.insert(c.name.clone());
            }
        }
        for (old, new) in self.pairs() {
            let id = Object::Column(new.clone()).id();
            let said = |e: postgres::Error| format!("{}: {}", id.human(), message_of(&e));
            let retyped = old.data_type != new.data_type || old.collation != new.collation;
            let computed = |c: &Column| c.generated.is_some();
            let (mut forth, mut back) = (Conversion::Assignment, Conversion::Assignment);
            if retyped && !computed(old) && !computed(new) {
                match self.wanted.conversions.get(&id) {
                    Some(hint) => {
                        let using = resolve(client, old, &hint.using, (&[], &[]));
                        forth = Conversion::By(using.map_err(said)?);
                        let Some(text) = &hint.reverse else {
                            return Err(format!(
                                "the hint of {} says no way back (`reverse`)",
                                id.human()
                            ));
                        };
                        let first = new.retype(old);
                        let reverse = resolve(client, new, text, (&first, &[]));
                        back = Conversion::By(reverse.map_err(said)?);
                    }
                    None if !new.converts_from(old) => {
                        return Err(format!(
                            "no cast from {} to {} is used without being asked for: a `convert` hint above \
                             {} says how",
                            old.data_type,
                            new.data_type,
                            id.human()
                        ));
                    }
                    None => back = reverse_of(client, old, new).map_err(said)?,
                }
                let implicit = is_implicit(client, &old.data_type, &new.data_type).map_err(said)?;
                if !implicit || self.wanted.conversions.contains_key(&id) {
                    differing.insert(new.name.clone());
                }
            }
            if computed(new) && (self.raw.contains_key(&id) || retyped) {
                differing.insert(new.name.clone());
            }
            columns.push(CopiedColumn {
                name: new.name.clone(),
                old_type: old.data_type.clone(),
                new_type: new.data_type.clone(),
                forth: (!computed(new)).then_some(forth),
                back: (!computed(old)).then_some(back),
            });
        }
        columns.sort_by_key(|c| {
            let new = self.wanted.desired.get(&self.column_id(&c.name));
            match new {
                Some(Object::Column(c)) => c.position,
                _ => 0,
            }
        });
        // What is computed from a column that changes changes, too.
        let mut computed = BTreeSet::new();
        for (_, new) in self.pairs() {
            let id = self.column_id(&new.name);
            let needs = self.wanted.desired.requires(&id);
            let mut needs = needs.filter(|n| n.kind == KindTag::Column);
            let over = |n: &ObjectId| {
                let name = n.path.last().map_or("", String::as_str);
                differing.contains(&Ident::new(name))
            };
            if new.generated.is_some() && needs.any(over) {
                computed.insert(new.name.clone());
            }
        }
        self.differing.extend(differing);
        self.differing.extend(computed);
        Ok(columns)
    }

    fn column_id(&self, name: &Ident) -> ObjectId {
        let table = self.table_name();
        let path = [table.schema.raw(), table.name.raw(), name.raw()];
        ObjectId::new(KindTag::Column, path)
    }

    /// A row that breaks what is unique in the copy alone would be left out.
    fn uniqueness(&self) -> Result<(), String> {
        let old: Vec<Vec<Ident>> = unique_columns(self.wanted.live, &self.table_name());
        for id in self.covered {
            let (columns, partial) = match self.wanted.desired.get(id) {
                Some(Object::Constraint(c)) if is_key(c) => (c.columns.clone(), false),
                Some(Object::Constraint(c)) if c.constraint_type == ConstraintType::Exclusion => {
                    (Vec::new(), true)
                }
                Some(Object::Index(i)) if i.unique => (
                    i.columns.clone(),
                    i.predicate.is_some() || !i.expressions.is_empty(),
                ),
                _ => continue,
            };
            if !self.is_inside_table(id) {
                continue;
            }
            let kept: Vec<&Ident> = columns
                .iter()
                .filter(|c| !self.differing.contains(c))
                .collect();
            let implied = old.iter().any(|o| o.iter().all(|c| kept.contains(&c)));
            let over_differing = self.wanted.desired.requires(id).any(|need| {
                let name = need.path.last().map_or("", String::as_str);
                need.kind == KindTag::Column && self.differing.contains(&Ident::new(name))
            });
            let unchanged = partial && !self.raw.contains_key(id) && !over_differing;
            if !implied && !unchanged {
                return Err(format!(
                    "rows that are different today may be equal to {}: do that in a plan of its own",
                    id.human()
                ));
            }
        }
        Ok(())
    }

    /// Of the table itself and not of a partition.
    fn is_inside_table(&self, id: &ObjectId) -> bool {
        let table = match self.wanted.desired.get(id) {
            Some(Object::Index(i)) => i.table_id(),
            Some(Object::Constraint(c)) => c.table_id(),
            _ => return false,
        };
        table == self.candidate.table
    }

    /// The unique keys of both tables, and the columns of both.
    fn key(&self) -> Result<(Keys, Vec<CopyKey>), String> {
        let required = |name: &Ident| {
            let id = self.column_id(name);
            let both = [self.wanted.live.get(&id), self.wanted.desired.get(&id)];
            both.into_iter().all(|c| {
                matches!(c, Some(Object::Column(c)) if c.not_null.is_some() && c.generated.is_none())
            })
        };
        let fits = |key: &Vec<Ident>| key.iter().all(required);
        let table = self.table_name();
        let mut old = unique_columns(self.wanted.live, &table);
        let mut new = unique_columns(self.wanted.desired, &table);
        old.retain(fits);
        new.retain(fits);
        let pairs = old
            .iter()
            .flat_map(|o| new.iter().map(move |n| (o, n)))
            .filter(|(o, n)| {
                o.iter()
                    .all(|c| n.contains(c) && !self.differing.contains(c))
            });
        let best = pairs.min_by_key(|(o, n)| n.len() - o.len());
        let Some((o, n)) = best else {
            return Err(
                "no key that is NOT NULL and not deferrable is unique in it before and after"
                    .to_owned(),
            );
        };
        let key = n.iter().filter_map(|name| {
            let id = self.column_id(name);
            match (self.wanted.live.get(&id)?, self.wanted.desired.get(&id)?) {
                (Object::Column(old), Object::Column(new)) => Some(CopyKey {
                    name: name.clone(),
                    operators: (
                        operators(self.wanted.live, old),
                        operators(self.wanted.desired, new),
                    ),
                }),
                _ => None,
            }
        });
        Ok(((o.clone(), n.clone()), key.collect()))
    }
}

fn problem(table: &Table) -> Option<&'static str> {
    if table.force_row_security {
        return Some("has row-level security forced: its policies would judge what is copied");
    }
    if !table.inherits.is_empty() {
        return Some("inherits from another table");
    }
    if table.of_type.is_some() {
        return Some("is of a composite type");
    }
    None
}

fn is_key(constraint: &Constraint) -> bool {
    matches!(
        constraint.constraint_type,
        ConstraintType::PrimaryKey | ConstraintType::Unique
    )
}

/// The columns of each key, the primary one first; not of those that are deferrable, which ON CONFLICT
/// does not take.
fn unique_columns<S>(catalog: &crate::catalog::Catalog<S>, table: &Qualified) -> Vec<Vec<Ident>> {
    let mut keys: Vec<&Constraint> = catalog
        .objects
        .values()
        .filter_map(|object| match object {
            Object::Constraint(c) if is_key(c) && c.table_name() == *table && !c.deferrable => {
                Some(c)
            }
            _ => None,
        })
        .filter(|c| !c.definition.contains(" WITHOUT OVERLAPS"))
        .collect();
    keys.sort_by_key(|c| c.constraint_type != ConstraintType::PrimaryKey);
    keys.into_iter().map(|c| c.columns.clone()).collect()
}
