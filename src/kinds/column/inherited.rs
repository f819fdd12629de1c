//! What a column gets from those that it is inherited from.

use super::{Column, NotNull};
use crate::kinds::{Kind, Object};

/// The attributes that the columns of a table of a composite type have from that.
pub const TYPED: [&str; 2] = ["type", "collation"];

impl Column {
    /// The column as it comes with `whole`: with CREATE TABLE … INHERITS of its own table, or with ADD COLUMN of a
    /// table above; or as it is when ALTER COLUMN above has reached it, `whole`, as it was. What it has besides, it gets
    /// by ALTER TABLE ONLY. `None` where nothing is inherited: a partition is made whole, and then attached.
    pub(super) fn as_given(&self, whole: &Object, origins: &[&Object]) -> Option<Self> {
        let origins = origins.iter().filter_map(|object| match object {
            Object::Column(column) => Some(column),
            _ => None,
        });
        let origins: Vec<&Self> = origins.collect();
        if let Object::Composite(_) = whole {
            return Some(self.added_with(&Self {
                compression: None,
                foreign_options: Vec::new(),
                expression: None,
                identity: None,
                not_null: None,
                ..self.clone()
            }));
        }
        let first = origins.first()?;
        match whole {
            Object::Table(table) if table.inherits.is_empty() => None,
            Object::Table(_) => {
                let mut given = self.made_with_its_table(first);
                if self.generated.is_none() {
                    let mut defaults = origins.iter().filter_map(|o| o.default());
                    let own = self.expression.clone().filter(|_| self.local);
                    given.expression = own.or(defaults.next().map(str::to_owned));
                }
                given.not_null = self.not_null_from(&origins, self.local);
                Some(given)
            }
            Object::Column(before) if before.id() == self.id() => {
                // Up to 17 there is one NOT NULL for all, which goes from the tables below as well.
                let stays = before.not_null.clone().filter(|n| n.local);
                let not_null = stays.or(before.not_null_from(&origins, false));
                Some(Self {
                    not_null,
                    ..self.clone()
                })
            }
            Object::Column(added) => {
                let mut given = self.added_with(added);
                given.not_null = self.not_null_from(&origins, false);
                Some(given)
            }
            _ => None,
        }
    }

    /// What a table that inherits says of it itself.
    pub(in crate::kinds) fn without_inherited(&self) -> Self {
        let mut own = self.clone();
        if self.inherits_not_null() {
            own.not_null = None;
        }
        own
    }

    /// From 18 on a NOT NULL is a constraint, which may be the parent's.
    pub(in crate::kinds) fn inherits_not_null(&self) -> bool {
        let inherited = |n: &NotNull| n.name.is_some() && !n.local;
        !self.inherited_from.is_empty() && self.not_null.as_ref().is_some_and(inherited)
    }

    /// Storage and compression are merged from the parents (`MergeAttributes`); the rest of a column that the table
    /// declares itself is written with it.
    fn made_with_its_table(&self, parent: &Self) -> Self {
        let mut given = self.clone();
        if self.local {
            given.storage = self.storage.clone().or(parent.storage.clone());
            let own = self.compression.clone();
            given.compression = own.or(parent.compression.clone());
        } else {
            given.storage.clone_from(&parent.storage);
            given.compression.clone_from(&parent.compression);
            given.statistics = None;
            given.options = Vec::new();
            given.identity = None;
            given.foreign_options = Vec::new();
        }
        given
    }

    /// ADD COLUMN of the table on top gives those below what stands in its definition; an identity only to partitions.
    fn added_with(&self, parent: &Self) -> Self {
        let mut given = self.clone();
        if self.generated.is_none() {
            given.expression = parent.default().map(str::to_owned);
        }
        given.storage = None;
        given.statistics = None;
        given.options = Vec::new();
        given.compression.clone_from(&parent.compression);
        given.foreign_options.clone_from(&parent.foreign_options);
        if parent.identity.is_none() {
            given.identity = None;
        }
        given
    }

    fn not_null_from(&self, origins: &[&Self], said: bool) -> Option<NotNull> {
        let handed_down = |n: &&NotNull| !n.no_inherit;
        let mut all = origins.iter().filter_map(|o| o.not_null.as_ref());
        let inherited = all.find(handed_down);
        match (&self.not_null, inherited) {
            (Some(own), Some(_)) => Some(own.clone()),
            (Some(own), None) if said => Some(own.clone()),
            (_, inherited) => inherited.cloned(),
        }
    }
}
