//! Privileges: what one role may do with one object, where that is not what the server gives by itself.
//!
//! An object whose privileges nobody has touched has no entry here, and neither has its owner, who has them all.
//! Everything is relative to the owner: it is another role on the scratch server than on the live one.

mod held;
mod query;
mod statement;

pub(super) use held::Held;

use super::default_privileges::Made;
use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr};
use crate::pg::{Ident, ServerVersion, Sql};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub target: ObjectId,
    pub on: On,
    /// The column of the view `target` that it is on.
    #[serde(default)]
    pub column: Option<Ident>,
    pub grantee: Grantee,
    /// What the role holds; nothing where what it has by default was revoked.
    pub privileges: Vec<String>,
    /// Of these, what it may grant to others.
    pub grant_options: Vec<String>,
    /// What the role has on an object whose privileges nobody has touched.
    pub default: Vec<String>,
    /// The role has privileges on single columns of the table, too, on one side at least: the server revokes
    /// them along with those on the table.
    #[serde(default)]
    pub beside_columns: bool,
    /// `target` is nothing of the schema's own.
    #[serde(default)]
    pub member: Option<Member>,
}

/// What an extension made, or a language of PostgreSQL's own: no object here. What a role has on it by default is what
/// the extension gave itself (`pg_init_privs`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// `None`: it is PostgreSQL's own.
    pub extension: Option<Ident>,
    /// The [slug](KindTag::slug) of the kind that it would be of.
    pub kind: String,
    pub path: Vec<String>,
}

impl Member {
    /// The identity that it would have.
    pub fn target(&self) -> Option<ObjectId> {
        Some(ObjectId::new(
            KindTag::from_slug(&self.kind)?,
            self.path.iter().cloned(),
        ))
    }
}

/// What GRANT calls the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Views as well.
    Table,
    Column,
    Sequence,
    /// The sequence of the identity column `target`, whatever it is called.
    IdentitySequence,
    Routine,
    Aggregate,
    Type,
    Schema,
    ForeignDataWrapper,
    ForeignServer,
    Language,
}

impl On {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Column => "column",
            Self::Sequence => "sequence",
            Self::IdentitySequence => "identity sequence",
            Self::Routine => "routine",
            Self::Aggregate => "aggregate",
            Self::Type => "type",
            Self::Schema => "schema",
            Self::ForeignDataWrapper => "foreign data wrapper",
            Self::ForeignServer => "foreign server",
            Self::Language => "language",
        }
    }
}

/// Written as [`Grantee::raw`] gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Grantee {
    Public,
    /// Whoever the object belongs to.
    Owner,
    Role(Ident),
}

impl From<String> for Grantee {
    fn from(raw: String) -> Self {
        match raw.as_str() {
            "public" => Self::Public,
            "" => Self::Owner,
            role => Self::Role(Ident::new(role)),
        }
    }
}

impl From<Grantee> for String {
    fn from(grantee: Grantee) -> Self {
        grantee.raw().to_owned()
    }
}

impl Grantee {
    /// As part of an identity: no role is called `public` or has an empty name.
    pub fn raw(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Owner => "",
            Self::Role(role) => role.raw(),
        }
    }

    /// How a person reads it, from what [`Grantee::raw`] gave.
    pub(super) fn human(raw: &str) -> String {
        match raw {
            "public" => "PUBLIC".to_owned(),
            "" => "its owner".to_owned(),
            role => Ident::new(role).to_string(),
        }
    }
}

impl Grant {
    /// `grant on table public.t to r`, from the path of an identity.
    pub(super) fn human(path: &[String]) -> String {
        let [of @ .., on, grantee] = path else {
            return "grant".to_owned();
        };
        let names: Vec<String> = match (on.as_str(), of) {
            ("routine" | "aggregate", [schema, name, arguments]) => vec![
                Ident::new(schema).to_string(),
                format!("{}({arguments})", Ident::new(name)),
            ],
            _ => of.iter().map(|p| Ident::new(p).to_string()).collect(),
        };
        let (on, names) = match on.as_str() {
            "identity sequence" => ("identity sequence of column", names.join(".")),
            "routine" => ("function", names.join(".")),
            on => (on, names.join(".")),
        };
        format!("grant on {on} {names} to {}", Grantee::human(grantee))
    }

    /// The object on which a grant is, from the identity of the grant; of a column the column.
    pub fn target_of(id: &ObjectId) -> Option<ObjectId> {
        let [of @ .., on, _] = id.path.as_slice() else {
            return None;
        };
        let kind = match (on.as_str(), of.len()) {
            ("schema", _) => KindTag::Schema,
            ("foreign data wrapper", 1) => KindTag::ForeignDataWrapper,
            ("foreign server", 1) => KindTag::ForeignServer,
            ("language", 1) => KindTag::Language,
            ("routine", _) => KindTag::Function,
            ("aggregate", _) => KindTag::Aggregate,
            ("sequence", _) => KindTag::Sequence,
            ("type", _) => KindTag::Domain,
            ("column" | "identity sequence", _) => KindTag::Column,
            _ => KindTag::Table,
        };
        Some(ObjectId::new(kind, of.iter().cloned()))
    }

    /// The table or view that a column is of.
    pub fn whole(&self) -> Option<ObjectId> {
        match (self.target.kind, self.target.path.as_slice()) {
            (KindTag::Column, [schema, table, _]) => {
                Some(ObjectId::new(KindTag::Table, [schema, table]))
            }
            _ => None,
        }
    }

    /// What `grantee` has on `target`, a whole object; `None` for what has no privileges.
    pub fn held_on(
        target: &ObjectId,
        grantee: &Grantee,
        privileges: Vec<String>,
        grant_options: Vec<String>,
    ) -> Option<Self> {
        let (on, made) = match Made::of(target.kind)? {
            made @ Made::Tables => (On::Table, made),
            made @ Made::Sequences => (On::Sequence, made),
            made @ Made::Routines if target.kind == KindTag::Aggregate => (On::Aggregate, made),
            made @ Made::Routines => (On::Routine, made),
            made @ Made::Types => (On::Type, made),
            made @ (Made::Schemas | Made::LargeObjects) => (On::Schema, made),
        };
        Some(Self {
            target: target.clone(),
            on,
            column: None,
            grantee: grantee.clone(),
            privileges,
            grant_options,
            default: made.usual(grantee),
            beside_columns: false,
            member: None,
        })
    }

    /// What `grantee` has on the sequence of the identity column `target`.
    pub fn held_on_numberer(
        target: &ObjectId,
        grantee: &Grantee,
        privileges: Vec<String>,
        grant_options: Vec<String>,
    ) -> Self {
        Self {
            target: target.clone(),
            on: On::IdentitySequence,
            column: None,
            grantee: grantee.clone(),
            privileges,
            grant_options,
            default: Made::Sequences.usual(grantee),
            beside_columns: false,
            member: None,
        }
    }

    /// Who holds it, as part of an identity.
    pub fn holder(&self) -> &str {
        self.grantee.raw()
    }

    /// The same privileges on another object.
    #[must_use]
    pub fn on_other(&self, target: ObjectId) -> Self {
        Self {
            target,
            ..self.clone()
        }
    }

    fn held(&self) -> Held<'_> {
        Held {
            privileges: &self.privileges,
            options: &self.grant_options,
        }
    }

    fn untouched(&self) -> Held<'_> {
        Held {
            privileges: &self.default,
            options: &[],
        }
    }

    /// What the way from `old` to `new` grants; where one is missing, it is the default.
    pub fn gains(old: Option<&Self>, new: Option<&Self>) -> Vec<Sql> {
        Self::way(old, new).map_or_else(Vec::new, |(grant, from, to)| grant.steps(from, to, true))
    }

    /// What the way from `old` to `new` revokes.
    pub fn losses(old: Option<&Self>, new: Option<&Self>) -> Vec<Sql> {
        Self::way(old, new).map_or_else(Vec::new, |(grant, from, to)| grant.steps(from, to, false))
    }

    fn way<'a>(
        old: Option<&'a Self>,
        new: Option<&'a Self>,
    ) -> Option<(&'a Self, Held<'a>, Held<'a>)> {
        let any = new.or(old)?;
        let from = old.map_or_else(|| any.untouched(), Self::held);
        let to = new.map_or_else(|| any.untouched(), Self::held);
        Some((any, from, to))
    }

    /// What whoever uses the privileges that go must know.
    pub fn loss(old: Option<&Self>, new: Option<&Self>) -> Option<Hazard> {
        let (grant, from, to) = Self::way(old, new)?;
        let lost = from.without(&to);
        if lost.is_empty() {
            return None;
        }
        let on = Self::human(&grant.id().path);
        let (object, _) = on.split_once(" to ")?;
        let who = match &grant.grantee {
            Grantee::Public => "roles without a grant of their own".to_owned(),
            other => Grantee::human(other.raw()),
        };
        Some(Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "{who} may no longer {} on {}",
                lost.join(", "),
                object.trim_start_matches("grant on ")
            ),
        ))
    }
}

impl Kind for Grant {
    fn query(version: ServerVersion) -> String {
        query::grants(version)
    }

    fn id(&self) -> ObjectId {
        let mut path = self.target.path.clone();
        path.extend(self.column.iter().map(|c| c.raw().to_owned()));
        path.push(self.on.name().to_owned());
        path.push(self.grantee.raw().to_owned());
        ObjectId::new(KindTag::Grant, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        match &self.member {
            None => Some(self.target.clone()),
            Some(member) => {
                let extension = member.extension.as_ref()?;
                Some(ObjectId::new(KindTag::Extension, [extension.raw()]))
            }
        }
    }

    /// Gone with whatever it is of, a schema as well.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.parent().into_iter().collect()
    }

    fn roles(&self) -> Vec<&Ident> {
        match &self.grantee {
            Grantee::Role(role) => vec![role],
            Grantee::Public | Grantee::Owner => Vec::new(),
        }
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            target: _,
            on: _,
            column: _,
            grantee: _,
            privileges,
            grant_options,
            default: _,        // of the kind of object
            beside_columns: _, // what other grants say
            member: _,         // the target's
        } = self;
        vec![
            attr("privileges", privileges),
            attr("grant options", grant_options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let mut statements = Self::losses(None, Some(self));
        statements.extend(Self::gains(None, Some(self)));
        statements
    }

    fn drop(&self) -> Vec<Sql> {
        let mut statements = Self::losses(Some(self), None);
        statements.extend(Self::gains(Some(self), None));
        statements
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        // One way for both attributes: what is said twice is executed once.
        let mut statements = Self::losses(Some(old), Some(self));
        statements.extend(Self::gains(Some(old), Some(self)));
        Alter::InPlace(statements)
    }

    fn requires(&self) -> Vec<ObjectId> {
        let own = self.member.is_none();
        self.whole().into_iter().filter(|_| own).collect()
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let loss = match verb {
            Verb::Create => Self::loss(None, Some(self)),
            Verb::Drop => Self::loss(Some(self), None),
        };
        loss.into_iter().collect()
    }
}
