//! Renames: explicit ones from hints, likely ones as suggestions.

mod schema;

use super::change::{Change, ChangeSet};
use crate::catalog::{Catalog, Live};
use crate::kinds::{Attribute, Column, Grant, KindTag, Object, ObjectId, Owner, Table};
use crate::pg::ident::Literal;
use crate::pg::sql::Deparsed;
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;
use std::collections::BTreeSet;

/// A rename that a hint asks for, or a move to another schema.
///
/// A label of an enum is named below its type: `enum:public/mood/sad`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    pub from: ObjectId,
    pub to: ObjectId,
    /// The schemas between which an extension moves (every object in it gets another name), or a relation.
    pub schemas: Option<(Ident, Ident)>,
}

impl Rename {
    /// The plain statement there, and the one back.
    pub fn statements(&self) -> Option<(Sql, Sql)> {
        if let Some((old, new)) = &self.schemas {
            let there = set_schema(&self.from, new)?;
            return Some((there, set_schema(&self.to, old)?));
        }
        Some((rename(&self.from, &self.to)?, rename(&self.to, &self.from)?))
    }

    /// The identity after the rename of what had `id` before it: the object itself or a part.
    pub fn map(&self, id: &ObjectId) -> ObjectId {
        if let (KindTag::Schema, [old], [new]) = (self.from.kind, &*self.from.path, &*self.to.path)
        {
            return schema::map(id, old, new);
        }
        let mut mapped = id.clone();
        let offset = usize::from(id.kind.describes());
        let mut own = id.path.get(offset..).unwrap_or_default();
        let kind = match (id.kind, id.path.first()) {
            (said, Some(slug)) if said.describes() => KindTag::from_slug(slug),
            (KindTag::Owner, _) => {
                own = own.split_last().map_or(own, |(_, of)| of);
                Owner::target_of(id).map(|of| of.kind)
            }
            (KindTag::Grant, _) => match Grant::target_of(id).map(|of| of.kind) {
                Some(of) if of.is_global() => Some(of),
                _ => Some(id.kind),
            },
            _ => Some(id.kind),
        };
        if self.from.kind.is_global() || kind.is_some_and(KindTag::is_global) {
            return self.map_global(mapped, kind, offset);
        }
        // A constraint may be called like a column.
        let itself = own.len() > self.from.path.len() || kind == Some(self.from.kind);
        if itself && own.starts_with(&self.from.path) {
            for (i, part) in self.to.path.iter().enumerate() {
                if let Some(place) = mapped.path.get_mut(offset + i) {
                    place.clone_from(part);
                }
            }
        }
        mapped
    }

    /// What is in no schema has a name space of its own; its parts are in that of their tables.
    fn map_global(&self, mut id: ObjectId, kind: Option<KindTag>, offset: usize) -> ObjectId {
        let [from, to] = [&self.from, &self.to].map(|id| id.path.first());
        let member = matches!(
            kind,
            Some(KindTag::PublicationTable | KindTag::PublicationSchema)
        );
        let named = match (kind == Some(self.from.kind), member) {
            (true, _) => id.path.get_mut(offset),
            (false, true) if self.from.kind == KindTag::Publication => id.path.last_mut(),
            (false, _)
                if self.from.kind == KindTag::ForeignServer
                    && kind == Some(KindTag::UserMapping) =>
            {
                id.path.first_mut()
            }
            (false, _) => None,
        };
        if let (Some(place), Some(from), Some(to)) = (named, from, to)
            && place == from
        {
            place.clone_from(to);
        }
        id
    }

    /// The identity before the rename of what has `id` after it.
    pub fn back(&self, id: &ObjectId) -> ObjectId {
        let back = Self {
            from: self.to.clone(),
            to: self.from.clone(),
            schemas: None,
        };
        back.map(id)
    }

    /// What a renamed schema, or a table that moves to another, takes along in `live`: before and after.
    pub fn along<'a>(&self, live: &'a Catalog<Live>) -> Vec<(&'a ObjectId, ObjectId)> {
        let all = live.objects.iter();
        match (&self.schemas, self.from.kind) {
            (None, KindTag::Schema) => all
                .map(|(id, _)| (id, self.map(id)))
                .filter(|(id, now)| *id != now)
                .collect(),
            (Some((_, new)), _) => all
                .filter(|(_, object)| self.is_in_its_schema(object))
                .map(|(id, _)| {
                    let mut now = id.clone();
                    if let Some(schema) = now.path.first_mut() {
                        new.raw().clone_into(schema);
                    }
                    (id, now)
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it stands in the schema of the table that it belongs to, and moves with that.
    fn is_in_its_schema(&self, object: &Object) -> bool {
        match object {
            Object::Index(index) => index.table_id() == self.from,
            Object::Sequence(sequence) => sequence
                .owner
                .as_ref()
                .is_some_and(|column| column.id().path.starts_with(&self.from.path)),
            _ => false,
        }
    }

    /// The object before the rename: of a label, its type.
    pub fn object(&self) -> ObjectId {
        whole_of(&self.from)
    }

    /// The object after the rename.
    pub fn result(&self) -> ObjectId {
        whole_of(&self.to)
    }
}

fn is_label(id: &ObjectId) -> bool {
    id.kind == KindTag::Enum && id.path.len() == 3
}

fn whole_of(id: &ObjectId) -> ObjectId {
    let mut whole = id.clone();
    if is_label(id) {
        whole.path.pop();
    }
    whole
}

fn set_schema(of: &ObjectId, schema: &Ident) -> Option<Sql> {
    let name = |i: usize| of.path.get(i).map(|n| Ident::new(n.as_str()));
    let relation = || {
        Some(Qualified {
            schema: name(0)?,
            name: name(1)?,
        })
    };
    Some(match of.kind {
        KindTag::Extension => sql!("ALTER EXTENSION {} SET SCHEMA {}", name(0)?, schema),
        KindTag::Table => sql!("ALTER TABLE {} SET SCHEMA {}", relation()?, schema),
        KindTag::View => sql!("ALTER VIEW {} SET SCHEMA {}", relation()?, schema),
        KindTag::MaterializedView => {
            sql!(
                "ALTER MATERIALIZED VIEW {} SET SCHEMA {}",
                relation()?,
                schema
            )
        }
        KindTag::Sequence => sql!("ALTER SEQUENCE {} SET SCHEMA {}", relation()?, schema),
        KindTag::Domain => sql!("ALTER DOMAIN {} SET SCHEMA {}", relation()?, schema),
        KindTag::Enum | KindTag::Composite if !is_label(of) => {
            sql!("ALTER TYPE {} SET SCHEMA {}", relation()?, schema)
        }
        KindTag::Function => sql!(
            "ALTER ROUTINE {}({}) SET SCHEMA {}",
            relation()?,
            Deparsed(of.path.get(2)?),
            schema
        ),
        _ => return None,
    })
}

fn rename(from: &ObjectId, to: &ObjectId) -> Option<Sql> {
    let (f, new) = (&from.path, Ident::new(to.path.get(name_at(to))?.as_str()));
    let name = |i: usize| f.get(i).map(|n| Ident::new(n.as_str()));
    let relation = Qualified {
        schema: name(0)?,
        name: name(1).unwrap_or(Ident::new("")),
    };
    Some(match from.kind {
        KindTag::Schema => sql!("ALTER SCHEMA {} RENAME TO {}", name(0)?, new),
        KindTag::Publication => sql!("ALTER PUBLICATION {} RENAME TO {}", name(0)?, new),
        KindTag::EventTrigger => sql!("ALTER EVENT TRIGGER {} RENAME TO {}", name(0)?, new),
        KindTag::Subscription => sql!("ALTER SUBSCRIPTION {} RENAME TO {}", name(0)?, new),
        KindTag::ForeignDataWrapper => {
            sql!("ALTER FOREIGN DATA WRAPPER {} RENAME TO {}", name(0)?, new)
        }
        KindTag::ForeignServer => sql!("ALTER SERVER {} RENAME TO {}", name(0)?, new),
        KindTag::Table => sql!("ALTER TABLE {} RENAME TO {}", relation, new),
        KindTag::View => sql!("ALTER VIEW {} RENAME TO {}", relation, new),
        KindTag::MaterializedView => {
            sql!("ALTER MATERIALIZED VIEW {} RENAME TO {}", relation, new)
        }
        KindTag::Sequence => sql!("ALTER SEQUENCE {} RENAME TO {}", relation, new),
        KindTag::Statistics => sql!("ALTER STATISTICS {} RENAME TO {}", relation, new),
        KindTag::Index => sql!("ALTER INDEX {} RENAME TO {}", relation, new),
        KindTag::Enum if is_label(from) => sql!(
            "ALTER TYPE {} RENAME VALUE {} TO {}",
            relation,
            Literal(f.last()?),
            Literal(to.path.last()?)
        ),
        KindTag::Collation => sql!("ALTER COLLATION {} RENAME TO {}", relation, new),
        KindTag::Conversion => sql!("ALTER CONVERSION {} RENAME TO {}", relation, new),
        KindTag::TextSearchDictionary => {
            sql!(
                "ALTER TEXT SEARCH DICTIONARY {} RENAME TO {}",
                relation,
                new
            )
        }
        KindTag::TextSearchConfiguration => {
            sql!(
                "ALTER TEXT SEARCH CONFIGURATION {} RENAME TO {}",
                relation,
                new
            )
        }
        KindTag::Aggregate => sql!(
            "ALTER AGGREGATE {} RENAME TO {}",
            crate::kinds::aggregate_signature(&relation, f.get(2)?),
            new
        ),
        // The word for functions and procedures.
        KindTag::Function => sql!(
            "ALTER ROUTINE {}({}) RENAME TO {}",
            relation,
            Deparsed(f.get(2)?),
            new
        ),
        KindTag::Enum | KindTag::Composite => sql!("ALTER TYPE {} RENAME TO {}", relation, new),
        KindTag::Domain => sql!("ALTER DOMAIN {} RENAME TO {}", relation, new),
        KindTag::Column => {
            sql!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                relation,
                name(2)?,
                new
            )
        }
        KindTag::Constraint => {
            sql!(
                "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                relation,
                name(2)?,
                new
            )
        }
        KindTag::Trigger => {
            sql!(
                "ALTER TRIGGER {} ON {} RENAME TO {}",
                name(2)?,
                relation,
                new
            )
        }
        KindTag::Rule => sql!("ALTER RULE {} ON {} RENAME TO {}", name(2)?, relation, new),
        KindTag::Policy => {
            sql!(
                "ALTER POLICY {} ON {} RENAME TO {}",
                name(2)?,
                relation,
                new
            )
        }
        _ => return None,
    })
}

/// A drop and a creation that look like one object under two names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    pub from: ObjectId,
    pub to: ObjectId,
    /// The line to paste above the object in the schema files.
    pub hint: String,
}

/// The likely renames among the changes: reported, never guessed.
pub fn likely(changes: &ChangeSet) -> Vec<Likely> {
    let mut found = Vec::new();
    for (from, change) in &changes.changes {
        let Change::Drop { old } = change else {
            continue;
        };
        let candidates: Vec<&ObjectId> = changes
            .changes
            .iter()
            .filter_map(|(to, change)| match change {
                Change::Create { new } if alike(changes, old, new) => Some(to),
                _ => None,
            })
            .collect();
        // Two candidates are no likeness but a coincidence.
        if let [to] = candidates.as_slice() {
            let name = from.path.get(name_at(from)).map_or("", String::as_str);
            let hint = format!("-- pgrehearse: renamed from {}", Ident::new(name));
            found.push(Likely {
                from: from.clone(),
                to: (*to).clone(),
                hint,
            });
        }
    }
    found
}

fn alike(changes: &ChangeSet, old: &Object, new: &Object) -> bool {
    match (old, new) {
        (Object::Column(a), Object::Column(b)) => {
            !changes.drops(&a.table_id())
                && a.table_name() == b.table_name()
                && a.data_type == b.data_type
                && Column {
                    name: b.name.clone(),
                    position: b.position,
                    ..a.clone()
                } == *b
        }
        (Object::Table(a), Object::Table(b)) => {
            let same = Table {
                name: b.name.clone(),
                ..a.clone()
            } == *b;
            same && a.schema == b.schema && columns(changes, a, true) == columns(changes, b, false)
        }
        (Object::Schema(a), Object::Schema(b)) => {
            let gone = inside(changes, a.name.raw(), true);
            let come = inside(changes, b.name.raw(), false);
            gone == come && !gone.is_empty()
        }
        _ => alike_but_for_the_name(changes, &old.id(), old, new),
    }
}

/// What stays where it is, with everything that is compared of it.
fn alike_but_for_the_name(
    changes: &ChangeSet,
    from: &ObjectId,
    old: &Object,
    new: &Object,
) -> bool {
    let to = new.id();
    let at = name_at(from);
    let (Some(name), Some(new_name)) = (from.path.get(at), to.path.get(at)) else {
        return false;
    };
    let mut renamed = from.clone();
    renamed.path[at].clone_from(new_name);
    let [name, new_name] = [name, new_name].map(|name| Ident::new(name.as_str()).to_string());
    // A definition names what it is of.
    let same = |(a, b): (Attribute, Attribute)| match (a.value.as_str(), b.value.as_str()) {
        (Some(text), Some(other)) if text != other => text.replacen(&name, &new_name, 1) == other,
        _ => a == b,
    };
    let stays = old.parent().is_none_or(|parent| !changes.drops(&parent));
    renamed == to
        && stays
        && rename(from, &to).is_some()
        && old.attributes().into_iter().zip(new.attributes()).all(same)
}

/// Where in the path of an identity the name stands that a rename changes.
fn name_at(id: &ObjectId) -> usize {
    match id.kind.is_routine() {
        true => 1,
        false => id.path.len().saturating_sub(1),
    }
}

/// What is dropped with the schema or made in it: kinds and names.
fn inside<'a>(changes: &'a ChangeSet, schema: &str, dropped: bool) -> BTreeSet<(KindTag, &'a str)> {
    let changes = changes.changes.iter().filter(|(id, change)| {
        id.path.first().is_some_and(|s| s == schema)
            && match change {
                Change::Drop { .. } => dropped,
                Change::Create { .. } => !dropped,
                _ => false,
            }
    });
    let named = |id: &'a ObjectId| Some((id.kind, id.path.get(1)?.as_str()));
    changes.filter_map(|(id, _)| named(id)).collect()
}

fn columns(changes: &ChangeSet, table: &Table, dropped: bool) -> Vec<(String, String)> {
    let of_table = |c: &Column| c.table_name() == table.qualified();
    changes
        .changes
        .values()
        .filter_map(|change| match change {
            Change::Drop {
                old: Object::Column(c),
            } if dropped && of_table(c) => Some(c),
            Change::Create {
                new: Object::Column(c),
            } if !dropped && of_table(c) => Some(c),
            _ => None,
        })
        .map(|c| (c.name.raw().to_owned(), c.data_type.clone()))
        .collect()
}
