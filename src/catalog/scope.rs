//! Which objects of a database are ours to manage.

use crate::kinds::{Grant, KindTag, ObjectId};

/// Which part of a database is managed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// The managed schemas; `None` for all of the user's.
    pub schemas: Option<Vec<String>>,
    /// Patterns (`schema.name`, `*` for any part of a name) of objects that are left alone.
    pub ignore: Vec<String>,
    /// The schema of our own ledger.
    pub ledger_schema: String,
    /// Whether what only a superuser makes and what can run code is compared: it is made on scratch where it is trusted.
    pub trusted: bool,
    /// Whether the objects that steps of ours make for a while are read.
    pub own: Own,
}

/// Whether the temporary objects of our own steps are part of a catalog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Own {
    /// They are no part of anybody's schema.
    #[default]
    Hidden,
    Shown,
}

impl Scope {
    /// The names of temporary objects of ours begin like this.
    pub const OWN_PREFIX: &'static str = "_pgrehearse_";

    /// The names of what has to sort behind every name of the user: triggers fire in the order of
    /// their names.
    pub const OWN_LAST_PREFIX: &'static str = "~pgrehearse_";

    /// The names of copies of what was dropped (`drops.backup`): they stay, and nobody compares them.
    pub const BACKUP_PREFIX: &'static str = "_pgrehearse_backup_";

    /// Whether a name is one that steps of ours give for a while.
    pub fn is_own(name: &str) -> bool {
        name.starts_with(Self::OWN_PREFIX) || name.starts_with(Self::OWN_LAST_PREFIX)
    }

    /// The same scope, with what steps of ours make for a while: for clones and what becomes of
    /// them.
    #[must_use]
    pub fn with_own(&self) -> Self {
        Self {
            own: Own::Shown,
            ..self.clone()
        }
    }

    pub(super) fn covers(&self, id: &ObjectId) -> bool {
        let (kind, path) = match (id.kind, id.path.split_first()) {
            (said, Some((of, path))) if said.describes() => (KindTag::from_slug(of), path),
            (KindTag::Grant, _) => (Grant::target_of(id).map(|of| of.kind), id.path.as_slice()),
            _ => (Some(id.kind), id.path.as_slice()),
        };
        if kind == Some(KindTag::Extension) {
            return !self.ignores(path);
        }
        if kind.is_some_and(KindTag::is_global) {
            // Who manages some schemas alone leaves to others what is in none.
            return self.schemas.is_none()
                && (self.own == Own::Shown || !path.iter().any(|p| Self::is_own(p)))
                && !self.ignores(path);
        }
        // In no schema: for all of them.
        if id.kind == KindTag::DefaultPrivileges && path.first().is_some_and(String::is_empty) {
            return self.schemas.is_none();
        }
        let schema = path.first().map_or("", String::as_str);
        let managed = self
            .schemas
            .as_ref()
            .is_none_or(|s| s.iter().any(|m| m == schema));
        managed
            && schema != self.ledger_schema
            && (self.own == Own::Shown || !path.iter().any(|p| Self::is_own(p)))
            && !path.iter().any(|p| p.starts_with(Self::BACKUP_PREFIX))
            && !self.ignores(path)
    }

    /// Whether an object is in no schema and so nobody's who manages some schemas alone: named, not compared.
    pub(super) fn leaves_to_others(&self, id: &ObjectId) -> bool {
        let own = id.path.iter().any(|p| Self::is_own(p));
        let left = id.kind.is_global() && id.kind != KindTag::Extension;
        left && self.schemas.is_some() && !own && !self.ignores(&id.path)
    }

    pub(super) fn covers_schema(&self, schema: Option<&str>) -> bool {
        schema.is_none_or(|s| {
            s != self.ledger_schema
                && self
                    .schemas
                    .as_ref()
                    .is_none_or(|m| m.iter().any(|m| m == s))
        })
    }

    fn ignores(&self, path: &[String]) -> bool {
        self.ignore.iter().any(|pattern| {
            let parts: Vec<&str> = pattern.split('.').collect();
            parts.len() <= path.len() && parts.iter().zip(path).all(|(p, n)| glob(p, n))
        })
    }
}

fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, tail)) => name.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices()
                .map(|(i, _)| i)
                .chain([rest.len()])
                .any(|i| glob(tail, &rest[i..]))
        }),
    }
}
