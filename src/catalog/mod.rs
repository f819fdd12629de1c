//! The schema as read back from a server.

mod circle;
mod closure;
mod depend;
mod fetch;
mod fingerprint;
mod hanging;
pub mod owners;
pub mod read;
pub mod replication;
mod scope;
mod shared;
mod trust;
mod unmodeled;

pub use closure::{closure, decisive, needed};
pub use depend::Addresses;
pub use fingerprint::fingerprint;
pub use hanging::{Hanging, HangingOn};
pub use owners::Owners;
pub use read::{ReadError, Reader, read, read_objects};
pub use replication::Replication;
pub use scope::{Own, Scope};
pub use shared::Shared;
pub use unmodeled::Unmodeled;

use crate::kinds::{KindTag, Object, ObjectId};
use crate::pg::{Qualified, ServerVersion};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::marker::PhantomData;

/// Marks the catalog of the database as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Live {}

/// Marks the catalog that the schema files describe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Desired {}

/// One schema: its objects and what each of them needs.
///
/// `Side` is [`Live`] or [`Desired`]: swapping them does not compile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Catalog<Side> {
    pub version: ServerVersion,
    pub objects: Shared<BTreeMap<ObjectId, Object>>,
    /// Per object, what must exist before it: from `pg_depend`, the parent, and the kind.
    pub requires: Shared<BTreeMap<ObjectId, BTreeSet<ObjectId>>>,
    /// What exists and no kind reads.
    pub unmodeled: BTreeSet<Unmodeled>,
    /// Of that, what needs one of the objects.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hanging: HangingOn,
    /// Size of each table; empty for a catalog without a live server.
    pub sizes: BTreeMap<ObjectId, Size>,
    /// Nothing for a catalog without a live server.
    #[serde(default, skip_serializing_if = "Replication::is_empty")]
    pub replication: Replication,
    /// Where the objects are on the server they were read from; empty where there is none.
    #[serde(skip)]
    pub addresses: Shared<Addresses>,
    /// Nothing for a catalog without a live server.
    #[serde(skip)]
    pub owners: Owners,
    #[serde(skip)]
    side: PhantomData<fn() -> Side>,
}

/// How large a table is, its partitions included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Estimated rows; `None` when the table was never analysed.
    pub rows: Option<u64>,
    /// Bytes of the heap, without indexes and TOAST.
    pub bytes: u64,
}

impl<Side> Catalog<Side> {
    pub fn empty(version: ServerVersion) -> Self {
        Self {
            version,
            objects: Shared::default(),
            requires: Shared::default(),
            unmodeled: BTreeSet::new(),
            hanging: HangingOn::new(),
            sizes: BTreeMap::new(),
            replication: Replication::default(),
            addresses: Shared::default(),
            owners: Owners::default(),
            side: PhantomData,
        }
    }

    /// The same catalog on another side: for the clone of a live database and for tests.
    pub fn on_side<Other>(self) -> Catalog<Other> {
        Catalog {
            version: self.version,
            objects: self.objects,
            requires: self.requires,
            unmodeled: self.unmodeled,
            hanging: self.hanging,
            sizes: self.sizes,
            replication: self.replication,
            addresses: self.addresses,
            owners: self.owners,
            side: PhantomData,
        }
    }

    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    pub fn requires(&self, id: &ObjectId) -> impl Iterator<Item = &ObjectId> {
        self.requires.get(id).into_iter().flatten()
    }

    /// The other direction of [`Catalog::requires`].
    /// The dependents of each are in order.
    pub fn dependents(&self) -> HashMap<&ObjectId, Vec<&ObjectId>> {
        let mut dependents: HashMap<&ObjectId, Vec<&ObjectId>> = HashMap::new();
        for (id, needs) in &self.requires {
            for need in needs {
                dependents.entry(need).or_default().push(id);
            }
        }
        dependents
    }

    /// The names of the user's triggers that fire for every row of `table` that a backfill writes.
    pub fn fired_by_backfills(&self, table: &Qualified) -> Vec<String> {
        let triggers = self.objects.values().filter_map(|object| match object {
            Object::Trigger(trigger)
                if trigger.table_name() == *table && trigger.fires_on_any_update() =>
            {
                Some(trigger.name.to_string())
            }
            _ => None,
        });
        triggers.collect()
    }

    /// Whether a column of another table keeps rows of `table`, by itself or within another type: the server then
    /// rewrites nothing there (0A000).
    pub fn keeps_rows_of(&self, table: &ObjectId) -> bool {
        let dependents = self.dependents();
        let mut seen = BTreeSet::from([table]);
        let mut queue = vec![table];
        while let Some(id) = queue.pop() {
            for dependent in dependents.get(id).into_iter().flatten().copied() {
                let of_another = dependent.path.get(..2) != table.path.get(..2);
                match dependent.kind {
                    // One that is inherited needs the table for another reason.
                    KindTag::Column
                        if of_another
                            && self.get(dependent).is_some_and(|c| c.follows().is_empty()) =>
                    {
                        return true;
                    }
                    kind if kind.is_type() && seen.insert(dependent) => queue.push(dependent),
                    _ => {}
                }
            }
        }
        false
    }

    /// The index or key that `id` is attached to in the end; itself where it is attached to none.
    pub fn attached_root(&self, id: &ObjectId) -> ObjectId {
        let mut root = id.clone();
        while let Some(parent) = self.get(&root).and_then(Object::attached_to) {
            root = parent;
        }
        root
    }

    /// What follows one of `ids`, at any depth: the columns of partitions, and of their partitions.
    pub fn followers<'i>(&self, ids: impl IntoIterator<Item = &'i ObjectId>) -> BTreeSet<ObjectId> {
        self.followers_where(ids, |_| true)
    }

    /// The same, without what `within` does not hold for and what follows that.
    pub fn followers_where<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i ObjectId>,
        within: impl Fn(&ObjectId) -> bool,
    ) -> BTreeSet<ObjectId> {
        let mut heirs: BTreeMap<ObjectId, Vec<&ObjectId>> = BTreeMap::new();
        for (id, object) in &self.objects {
            for origin in object.follows() {
                heirs.entry(origin).or_default().push(id);
            }
        }
        let mut found = BTreeSet::new();
        let mut queue: Vec<&ObjectId> = ids.into_iter().collect();
        while let Some(heirs) = queue.pop().map(|id| heirs.get(id)) {
            for heir in heirs.into_iter().flatten().copied() {
                if within(heir) && found.insert(heir.clone()) {
                    queue.push(heir);
                }
            }
        }
        found
    }

    /// Whether the table of `part` is a partition of the same table here and in `other`, or of none in both.
    pub fn keeps_its_parent<T>(&self, other: &Catalog<T>, part: &ObjectId) -> bool {
        let table = part.path.iter().take(2).cloned();
        let id = ObjectId::new(KindTag::Attachment, table);
        match (self.get(&id), other.get(&id)) {
            (Some(Object::Attachment(a)), Some(Object::Attachment(b))) => a.parent == b.parent,
            (None, None) => true,
            _ => false,
        }
    }

    /// Takes out what steps of ours made for a while: a catalog of that alone.
    #[must_use]
    pub fn split_own(&mut self) -> Self {
        self.split(|id| id.path.iter().any(|part| Scope::is_own(part)))
    }

    /// Takes out the objects that `goes` holds for: a catalog of them alone.
    #[must_use]
    pub fn split(&mut self, goes: impl Fn(&ObjectId) -> bool) -> Self {
        let mut own = Self::empty(self.version);
        let ids: Vec<ObjectId> = self.objects.keys().filter(|id| goes(id)).cloned().collect();
        for id in ids {
            if let Some(object) = self.objects.remove(&id) {
                own.objects.insert(id.clone(), object);
            }
            if let Some(needs) = self.requires.remove(&id) {
                own.requires.insert(id, needs);
            }
        }
        for (id, needs) in self.requires.iter_mut() {
            let ours: BTreeSet<ObjectId> = needs.iter().filter(|n| goes(n)).cloned().collect();
            if !ours.is_empty() {
                needs.retain(|n| !ours.contains(n));
                own.requires.insert(id.clone(), ours);
            }
        }
        own
    }

    /// Puts back what [`Catalog::split`] took out.
    #[must_use]
    pub fn with_own<Other>(mut self, own: &Catalog<Other>) -> Self {
        self.objects.extend(own.objects.clone());
        for (id, needs) in &own.requires {
            if self.objects.contains_key(id) {
                let mut needs = needs.clone();
                needs.retain(|n| self.objects.contains_key(n));
                self.requires.entry(id.clone()).or_default().extend(needs);
            }
        }
        self
    }

    /// Only the objects in `ids`.
    pub fn restricted(&self, ids: &BTreeSet<ObjectId>) -> Self {
        let objects: BTreeMap<_, _> = ids
            .iter()
            .filter_map(|id| Some((id.clone(), self.objects.get(id)?.clone())))
            .collect();
        let requires: BTreeMap<ObjectId, BTreeSet<ObjectId>> = self
            .requires
            .iter()
            .filter(|(id, _)| objects.contains_key(id))
            .map(|(id, needs)| {
                (
                    id.clone(),
                    needs
                        .iter()
                        .filter(|n| objects.contains_key(n))
                        .cloned()
                        .collect(),
                )
            })
            .collect();
        Self {
            version: self.version,
            requires: requires.into(),
            objects: objects.into(),
            unmodeled: self.unmodeled.clone(),
            hanging: self.hanging.clone(),
            sizes: self.sizes.clone(),
            replication: self.replication.clone(),
            addresses: self.addresses.clone(),
            owners: self.owners.clone(),
            side: PhantomData,
        }
    }

    /// Puts the objects of `other` in the place of those in `ids`.
    pub fn replace_part<Other>(&mut self, ids: &BTreeSet<ObjectId>, other: &Catalog<Other>) {
        for id in ids {
            self.objects.remove(id);
            self.requires.remove(id);
        }
        for (id, object) in &other.objects {
            self.objects.insert(id.clone(), object.clone());
        }
        for (id, needs) in &other.requires {
            self.requires.insert(id.clone(), needs.clone());
        }
    }
}
