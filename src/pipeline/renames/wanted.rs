//! Which objects the hints and the setting `renames` mean.

use super::Hints;
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::rename::Rename;
use crate::kinds::{ConstraintType, KindTag, Object, ObjectId, Sequence};
use crate::pg::Ident;
use crate::source::hints::{Hint, HintTarget};
use crate::source::reader::Reader;
use std::collections::BTreeMap;

/// Both sides, and what was found so far.
pub(super) struct Finder<'a> {
    live: &'a Catalog<Live>,
    desired: &'a Catalog<Desired>,
    found: &'a mut Hints,
}

/// What became of one wish.
enum Fit {
    Rename(Rename),
    Done,
    Missing,
    /// No statement does it.
    Impossible,
}

impl<'a> Finder<'a> {
    pub fn new(
        live: &'a Catalog<Live>,
        desired: &'a Catalog<Desired>,
        found: &'a mut Hints,
    ) -> Self {
        Self {
            live,
            desired,
            found,
        }
    }

    pub fn hint(&mut self, hint: &Hint, from: &[String]) {
        let place = hint.place.to_string();
        let targets = self.targets(&hint.target);
        if targets.is_empty() {
            let text = format!("{place}: the hint fits no object that is read");
            self.found.notices.push(text);
            return;
        }
        let mut fits = Vec::new();
        for to in &targets {
            let old = self.before(to, from);
            fits.push((old.clone(), self.fit(old, to.clone())));
        }
        // Of several functions of the new name, only those are meant whose arguments an old one has.
        let mut renames = Vec::new();
        let mut others = Vec::new();
        for (old, fit) in fits {
            match fit {
                Fit::Rename(rename) => renames.push(rename),
                other => others.push((old, other)),
            }
        }
        match (renames.len(), others.first()) {
            (0, Some((old, fit))) => self.nothing(&place, old, fit),
            (1, _) => self.found.renames.extend(renames),
            _ => {
                let text = format!(
                    "{place}: the hint fits {} functions of the old name, so nothing is renamed; the \
                     setting renames takes them all",
                    renames.len()
                );
                self.found.notices.push(text);
            }
        }
    }

    /// The setting: names of today, each with its new last part. Wholes come before their parts.
    pub fn setting(&mut self, renames: &BTreeMap<String, String>) {
        let mut all: Vec<(Vec<String>, &String, &String)> = Vec::new();
        for (old, new) in renames {
            match path(old) {
                Some(parts) => all.push((parts, old, new)),
                None => self
                    .found
                    .notices
                    .push(format!("the setting renames: {old} is no name")),
            }
        }
        all.sort_by_key(|(parts, _, _)| parts.len());
        let mut wholes: Vec<(Vec<String>, Vec<String>)> = Vec::new();
        for (parts, old, new) in all {
            let Some(name) = path(new).and_then(|mut p| p.pop()) else {
                let text = format!("the setting renames: {new} is no name");
                self.found.notices.push(text);
                continue;
            };
            let mut any = false;
            for id in self.of_path(&parts) {
                let now = self.renamed_whole(&id);
                let to = renamed(&now, &name);
                // Another object of this name may be meant: this one stays, or goes.
                if self.stands(&now) || !self.stands(&to) {
                    continue;
                }
                if let Fit::Rename(rename) = self.fit(now, to) {
                    self.found.renames.push(rename);
                    any = true;
                }
            }
            // Where the whole was renamed, too, its part stands under the new name by now.
            let mut after = parts.clone();
            after.pop();
            after.push(name);
            let whole = wholes.iter().find(|(old, _)| after.starts_with(old));
            if let Some((_, new)) = whole {
                for (place, part) in after.iter_mut().zip(new) {
                    place.clone_from(part);
                }
            }
            if !any {
                let why = match !self.of_path(&after).is_empty() {
                    true => "it is done",
                    false => "live has no such object, or it stays",
                };
                self.found.notices.push(format!(
                    "the setting renames: nothing to rename from {old}: {why}"
                ));
            }
            wholes.push((parts, after));
        }
    }

    /// What the server named after a renamed table, and the sequences of renamed columns and tables: they
    /// would be dropped and made anew otherwise.
    pub fn along(&mut self) {
        let mut wanted: Vec<(ObjectId, ObjectId)> = Vec::new();
        for rename in self
            .found
            .renames
            .iter()
            .filter(|r| matches!(r.from.kind, KindTag::Table | KindTag::MaterializedView))
        {
            let (Some(old), Some(new)) = (rename.from.path.last(), rename.to.path.last()) else {
                continue;
            };
            let on_table = self.live.objects.values().filter(|o| {
                matches!(o, Object::Index(_) | Object::Constraint(_))
                    && o.parent().as_ref() == Some(&rename.from)
            });
            for object in on_table {
                let now = self.renamed_whole(&object.id());
                let rest = now.path.last().and_then(|n| n.strip_prefix(old.as_str()));
                if let Some(rest) = rest.filter(|r| r.starts_with('_')) {
                    let to = renamed(&now, &format!("{new}{rest}"));
                    wanted.push((now, to));
                }
            }
        }
        wanted.extend(self.primary_keys());
        for (id, object) in &self.live.objects {
            if let Object::Sequence(sequence) = object
                && let Some(to) = self.sequence_of(sequence)
            {
                wanted.push((id.clone(), to));
            }
        }
        for (from, to) in wanted {
            if self.stands(&to)
                && !self.stands(&from)
                && let Fit::Rename(rename) = self.fit(from, to)
            {
                self.found.renames.push(rename);
            }
        }
    }

    /// The primary keys of tables with renamed columns that are called otherwise: a table has one, and drops none whose
    /// column lives on under another name.
    fn primary_keys(&self) -> Vec<(ObjectId, ObjectId)> {
        let columns = self.found.renames.iter();
        let columns = columns.filter(|r| r.from.kind == KindTag::Column);
        let of_column = |rename: &Rename| {
            let old = primary_key(self.live, &self.in_live(&rename.from))?;
            let new = primary_key(self.desired, &rename.to)?;
            let now = self.renamed_whole(&old);
            (now.path.last() != new.path.last()).then_some((now, new))
        };
        let mut found: Vec<(ObjectId, ObjectId)> = columns.filter_map(of_column).collect();
        found.dedup();
        found
    }

    /// The desired sequence of the column that owns `sequence`, if that is renamed or its table.
    fn sequence_of(&self, sequence: &Sequence) -> Option<ObjectId> {
        let owner = sequence.owner.as_ref()?.id();
        let now = self.renamed_whole(&owner);
        let of_column = self.found.renames.iter().find(|r| r.from == now);
        let now = of_column.map_or(now, |r| r.to.clone());
        if now == owner {
            return None;
        }
        let mut owned = self
            .desired
            .objects
            .iter()
            .filter(|(_, object)| match object {
                Object::Sequence(other) => {
                    other.schema == sequence.schema
                        && other.owner.as_ref().is_some_and(|o| o.id() == now)
                }
                _ => false,
            });
        match (owned.next(), owned.next()) {
            (Some((id, _)), None) => Some(id.clone()),
            _ => None,
        }
    }

    fn nothing(&mut self, place: &str, old: &ObjectId, fit: &Fit) {
        let why = match fit {
            Fit::Done => "it is done",
            Fit::Impossible => {
                "no statement renames it with all that belongs to it; one that moves to another schema keeps its \
                 name in that plan"
            }
            _ => "live has no such object",
        };
        let text = format!("{place}: nothing to rename from {}: {why}", old.human());
        self.found.notices.push(text);
    }

    /// `from` and `to` are named as after the renames of the wholes they are in.
    fn fit(&self, from: ObjectId, to: ObjectId) -> Fit {
        let found = self.found.renames.iter().any(|r| r.to == to);
        if found || self.is_live(&to) || self.is_live(&self.in_live(&to)) {
            return Fit::Done;
        }
        if !self.is_live(&self.in_live(&from)) {
            return Fit::Missing;
        }
        let (old, new) = (from.path.first().cloned(), to.path.first().cloned());
        let moves = from.path.len() > 1 && old != new;
        if moves && from.path.get(1..) != to.path.get(1..) {
            return Fit::Impossible;
        }
        let schemas = old.zip(new).filter(|_| moves);
        let rename = Rename {
            from,
            to,
            schemas: schemas.map(|(old, new)| (Ident::new(old), Ident::new(new))),
        };
        match rename.statements() {
            Some(_) => Fit::Rename(rename),
            None => Fit::Impossible,
        }
    }

    /// The identity in live of what has `id` after the renames found so far.
    fn in_live(&self, id: &ObjectId) -> ObjectId {
        let mut id = id.clone();
        let whole = self
            .found
            .renames
            .iter()
            .find(|r| r.to.path.len() < id.path.len() && id.path.starts_with(&r.to.path));
        if let Some(whole) = whole {
            for (place, part) in id.path.iter_mut().zip(&whole.from.path) {
                place.clone_from(part);
            }
        }
        id
    }

    /// The identity after the renames found so far of what has `id` in live.
    fn renamed_whole(&self, id: &ObjectId) -> ObjectId {
        let mut id = id.clone();
        let whole = self
            .found
            .renames
            .iter()
            .find(|r| r.from.path.len() < id.path.len() && id.path.starts_with(&r.from.path));
        if let Some(whole) = whole {
            for (place, part) in id.path.iter_mut().zip(&whole.to.path) {
                place.clone_from(part);
            }
        }
        id
    }

    fn is_live(&self, id: &ObjectId) -> bool {
        is_there(self.live, id)
    }

    fn stands(&self, id: &ObjectId) -> bool {
        is_there(self.desired, id)
    }

    /// What `from` of a hint above `to` is called before the rename.
    fn before(&self, to: &ObjectId, from: &[String]) -> ObjectId {
        let old = match from.last() {
            Some(name) => renamed(to, name),
            None => to.clone(),
        };
        match (from, to.kind) {
            // A label has no schema.
            (_, KindTag::Enum) if to.path.len() > 2 => old,
            (
                [schema, _],
                KindTag::Table
                | KindTag::View
                | KindTag::MaterializedView
                | KindTag::Sequence
                | KindTag::Enum
                | KindTag::Composite
                | KindTag::Domain
                | KindTag::Function,
            ) => {
                let mut old = old;
                if let Some(place) = old.path.first_mut() {
                    place.clone_from(schema);
                }
                old
            }
            _ => old,
        }
    }

    /// The desired objects that may stand below a hint.
    fn targets(&self, target: &HintTarget) -> Vec<ObjectId> {
        let candidates: Vec<ObjectId> = match target {
            HintTarget::Column { table, column } => {
                let path = table.iter().chain([column]).cloned();
                vec![ObjectId::new(KindTag::Column, path)]
            }
            HintTarget::EnumValue { type_name, value } => {
                let path = type_name.iter().chain([value]).cloned();
                vec![ObjectId::new(KindTag::Enum, path)]
            }
            HintTarget::Object { kind, name }
                if matches!(kind.as_str(), "function" | "procedure" | "aggregate") =>
            {
                let tag = match kind.as_str() {
                    "aggregate" => KindTag::Aggregate,
                    _ => KindTag::Function,
                };
                let first = ObjectId::new(tag, name.iter().cloned());
                self.desired
                    .objects
                    .range(first..)
                    .map(|(id, _)| id)
                    .take_while(|id| id.kind == tag && id.path.starts_with(name))
                    .cloned()
                    .collect()
            }
            HintTarget::Object { kind, name } => KindTag::ALL
                .iter()
                .filter(|k| {
                    k.label() == kind
                        || k.slug() == kind
                        || **k == KindTag::Table && kind == "foreign table"
                })
                .map(|&k| ObjectId::new(k, name.iter().cloned()))
                .collect(),
        };
        candidates
            .into_iter()
            .filter(|id| self.stands(id))
            .collect()
    }

    /// The objects in live that `path` may mean.
    fn of_path(&self, path: &[String]) -> Vec<ObjectId> {
        let can_be_renamed = |id: &ObjectId| {
            let itself = Rename {
                from: id.clone(),
                to: id.clone(),
                schemas: None,
            };
            itself.statements().is_some()
        };
        let mut all: Vec<ObjectId> = KindTag::ALL
            .iter()
            .map(|&kind| ObjectId::new(kind, path.iter().cloned()))
            .filter(|id| self.is_live(id) && can_be_renamed(id))
            .collect();
        let functions = self
            .live
            .objects
            .keys()
            .filter(|id| id.kind.is_routine() && path.len() == 2 && id.path.starts_with(path));
        all.extend(functions.cloned());
        all
    }
}

/// The primary key that `column` is in.
fn primary_key<S>(catalog: &Catalog<S>, column: &ObjectId) -> Option<ObjectId> {
    let table = column.path.get(..2)?;
    let name = column.path.last()?;
    let found = catalog.objects.iter().find(|(id, object)| {
        id.path.starts_with(table)
            && matches!(object, Object::Constraint(c)
                if c.constraint_type == ConstraintType::PrimaryKey
                    && c.columns.iter().any(|c| c.raw() == name))
    });
    found.map(|(id, _)| id.clone())
}

/// `id` with another name of its own: a function's comes before its arguments.
fn renamed(id: &ObjectId, name: &str) -> ObjectId {
    let mut id = id.clone();
    let place = match id.kind {
        kind if kind.is_routine() => id.path.get_mut(1),
        _ => id.path.last_mut(),
    };
    if let Some(place) = place {
        name.clone_into(place);
    }
    id
}

/// Whether the object is there; a label of an enum is named below its type.
fn is_there<S>(catalog: &Catalog<S>, id: &ObjectId) -> bool {
    match (id.kind, id.path.as_slice()) {
        (KindTag::Enum, [schema, name, label]) => {
            let of_type = ObjectId::new(KindTag::Enum, [schema.as_str(), name.as_str()]);
            matches!(catalog.get(&of_type), Some(Object::Enum(e)) if e.values.contains(label))
        }
        _ => catalog.objects.contains_key(id),
    }
}

/// The parts of a dotted name.
fn path(name: &str) -> Option<Vec<String>> {
    let mut reader = Reader::new(name);
    let parts = reader.name()?;
    reader.is_done().then_some(parts)
}
