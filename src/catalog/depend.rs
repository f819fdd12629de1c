//! `pg_depend` as identities.

use crate::kinds::{Address, KindTag, Object, ObjectId};
use crate::pg::Ident;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which object an address of the catalogs belongs to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Addresses {
    objects: HashMap<Address, ObjectId>,
    aliases: HashMap<(u32, u32), Address>,
}

/// Addresses that stand for another object: the rule of a view, the default of a column, the row
/// type of a table, the multirange type and the constructors of a range type, the index of a constraint, the members of operator classes, families and extensions …
pub const ALIASES: &str = "
    SELECT 'pg_rewrite'::regclass::oid::bigint, r.oid::bigint, 'pg_class'::regclass::oid::bigint, r.ev_class::bigint, 0
      FROM pg_rewrite r WHERE r.oid >= 16384
    UNION ALL
    SELECT 'pg_attrdef'::regclass::oid::bigint, d.oid::bigint, 'pg_class'::regclass::oid::bigint, d.adrelid::bigint, d.adnum::int
      FROM pg_attrdef d WHERE d.oid >= 16384
    UNION ALL
    SELECT 'pg_type'::regclass::oid::bigint, t.oid::bigint, 'pg_class'::regclass::oid::bigint, c.oid::bigint, 0
      FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid AND c.relkind <> 'c' WHERE t.oid >= 16384
    UNION ALL
    SELECT 'pg_class'::regclass::oid::bigint, c.oid::bigint, 'pg_type'::regclass::oid::bigint, c.reltype::bigint, 0
      FROM pg_class c WHERE c.relkind = 'c' AND c.oid >= 16384
    UNION ALL
    SELECT 'pg_type'::regclass::oid::bigint, t.typarray::bigint, 'pg_type'::regclass::oid::bigint, t.oid::bigint, 0
      FROM pg_type t WHERE t.typarray >= 16384
    UNION ALL
    SELECT 'pg_type'::regclass::oid::bigint, r.rngmultitypid::bigint, 'pg_type'::regclass::oid::bigint, r.rngtypid::bigint, 0
      FROM pg_range r WHERE r.rngtypid >= 16384
    UNION ALL
    SELECT d.classid::bigint, d.objid::bigint, d.refclassid::bigint, d.refobjid::bigint, 0
      FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND d.deptype = 'i'
    UNION ALL
    SELECT 'pg_class'::regclass::oid::bigint, k.conindid::bigint, 'pg_constraint'::regclass::oid::bigint, k.oid::bigint, 0
      FROM pg_constraint k WHERE k.contype IN ('p', 'u', 'x') AND k.oid >= 16384
    UNION ALL
    SELECT 'pg_constraint'::regclass::oid::bigint, k.oid::bigint, 'pg_type'::regclass::oid::bigint, k.contypid::bigint, 0
      FROM pg_constraint k WHERE k.contypid <> 0 AND k.oid >= 16384
    UNION ALL
    SELECT 'pg_constraint'::regclass::oid::bigint, k.oid::bigint, 'pg_class'::regclass::oid::bigint, k.conrelid::bigint, k.conkey[1]::int
      FROM pg_constraint k WHERE k.contype = 'n' AND k.conrelid <> 0 AND k.oid >= 16384
    UNION ALL
    SELECT 'pg_constraint'::regclass::oid::bigint, k.oid::bigint, 'pg_constraint'::regclass::oid::bigint, k.conparentid::bigint, 0
      FROM pg_constraint k WHERE k.contype = 'f' AND k.conparentid <> 0
    UNION ALL
    SELECT 'pg_constraint'::regclass::oid::bigint, t.tgconstraint::bigint, 'pg_trigger'::regclass::oid::bigint, t.oid::bigint, 0
      FROM pg_trigger t WHERE t.tgconstraint <> 0 AND NOT t.tgisinternal
    UNION ALL
    SELECT 'pg_trigger'::regclass::oid::bigint, t.oid::bigint, 'pg_trigger'::regclass::oid::bigint, t.tgparentid::bigint, 0
      FROM pg_trigger t WHERE t.tgparentid <> 0 AND NOT t.tgisinternal
    UNION ALL
    SELECT d.classid::bigint, d.objid::bigint, d.refclassid::bigint, d.refobjid::bigint, d.refobjsubid
      FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i'
    UNION ALL
    SELECT d.classid::bigint, d.objid::bigint, d.refclassid::bigint, d.refobjid::bigint, 0
      FROM pg_depend d WHERE d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
       AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass) AND d.deptype IN ('a', 'i')
    UNION ALL
    SELECT d.classid::bigint, d.objid::bigint, d.refclassid::bigint, d.refobjid::bigint, 0
      FROM pg_depend d WHERE d.deptype = 'e'";

/// Which object needs which. A sequence does not need the column that owns it: that is the
/// ownership's ([`KindTag::SequenceOwner`]). Nor does a trigger or a foreign key need the partitions that it has
/// come to.
pub const DEPENDENCIES: &str = "
    SELECT d.classid::bigint, d.objid::bigint, d.objsubid
         , d.refclassid::bigint, d.refobjid::bigint, d.refobjsubid
      FROM pg_depend d
     WHERE d.objid >= 16384 AND d.refobjid >= 16384
       AND d.deptype IN ('n', 'a', 'i', 'P', 'S', 'x')
       AND NOT (d.deptype = 'a' AND d.classid = 'pg_class'::regclass
                AND EXISTS (SELECT FROM pg_class s WHERE s.oid = d.objid AND s.relkind = 'S'))
       AND NOT (d.classid = 'pg_trigger'::regclass
                AND EXISTS (SELECT FROM pg_trigger t WHERE t.oid = d.objid AND t.tgparentid <> 0))
       AND NOT (d.classid = 'pg_constraint'::regclass
                AND EXISTS (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'f' AND k.conparentid <> 0))";

impl Addresses {
    pub fn insert(&mut self, address: Address, id: ObjectId) {
        self.objects.insert(address, id);
    }

    pub fn alias(&mut self, from: (u32, u32), to: Address) {
        self.aliases.insert(from, to);
    }

    /// The object at exactly this address.
    pub fn exact(&self, address: Address) -> Option<&ObjectId> {
        self.objects.get(&address)
    }

    /// The object whose state a row of the catalogs at `address` is part of.
    ///
    /// Members of an extension are the extension's business, and a column that a table has and the
    /// catalog has not is left alone (`ignore`).
    pub fn owner(&self, address: Address) -> Option<&ObjectId> {
        if let Some(exact) = self.objects.get(&address) {
            return Some(exact);
        }
        let id = self.resolve(address)?;
        match id.kind {
            KindTag::Extension => None,
            KindTag::Table => (address.2 == 0 && !self.is_of_column(address)).then_some(id),
            _ => Some(id),
        }
    }

    /// Whether the alias of `address` is a column: that of its default, of its NOT NULL.
    fn is_of_column(&self, (class, object, _): Address) -> bool {
        let alias = self.aliases.get(&(class, object));
        alias.is_some_and(|(_, _, part)| *part != 0)
    }

    /// The catalogs and oids of everything that belongs to `ids`.
    pub fn of(&self, ids: &BTreeSet<ObjectId>) -> (BTreeSet<u32>, Vec<u32>) {
        let exact = self.objects.keys().copied();
        let aliases = self
            .aliases
            .keys()
            .map(|&(class, object)| (class, object, 0));
        let mut classes = BTreeSet::new();
        let mut oids = BTreeSet::new();
        for address in exact.chain(aliases) {
            if self.owner(address).is_some_and(|id| ids.contains(id)) {
                classes.insert(address.0);
                oids.insert(address.1);
            }
        }
        (classes, oids.into_iter().collect())
    }

    /// Forgets where the objects are that `is_gone` holds for.
    pub fn forget(&mut self, is_gone: impl Fn(&ObjectId) -> bool) {
        self.objects.retain(|_, id| !is_gone(id));
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The object that `address` belongs to, through aliases and from part to whole.
    pub fn resolve(&self, mut address: Address) -> Option<&ObjectId> {
        // A chain is array type → row type → table at its longest; the bound ends a cycle.
        for _ in 0..8 {
            if let Some(id) = self.objects.get(&address) {
                return Some(id);
            }
            let (class, object, part) = address;
            address = match self.aliases.get(&(class, object)) {
                Some(&to) => to,
                None if part != 0 => (class, object, 0),
                None => return None,
            };
        }
        None
    }
}

/// Adds the edges of `pg_depend` to `requires`.
pub fn add_edges(
    addresses: &Addresses,
    rows: impl IntoIterator<Item = (Address, Address)>,
    requires: &mut BTreeMap<ObjectId, BTreeSet<ObjectId>>,
) {
    for (dependent, referenced) in rows {
        let (Some(dependent), Some(referenced)) =
            (addresses.resolve(dependent), addresses.resolve(referenced))
        else {
            continue;
        };
        // A table's row type in one of its own columns' expressions is no edge to itself, and a
        // column of a table "needs" its table already as its parent.
        if dependent == referenced || is_part_of(referenced, dependent) {
            continue;
        }
        requires
            .entry(dependent.clone())
            .or_default()
            .insert(referenced.clone());
    }
}

fn is_part_of(part: &ObjectId, whole: &ObjectId) -> bool {
    whole.kind == KindTag::Table
        && matches!(
            part.kind,
            KindTag::Column
                | KindTag::Constraint
                | KindTag::Trigger
                | KindTag::Policy
                | KindTag::PublicationTable
        )
        && part.path.starts_with(&whole.path)
}

/// A view needs the casts of the types that it names: the server records their functions at best,
/// and none for a cast WITH INOUT.
pub fn add_casts(requires: &mut BTreeMap<ObjectId, BTreeSet<ObjectId>>) {
    let casts: Vec<ObjectId> = requires
        .keys()
        .filter(|id| id.kind == KindTag::Cast)
        .cloned()
        .collect();
    for cast in casts {
        let own = requires.get(&cast).into_iter().flatten();
        let parts: BTreeSet<ObjectId> = own
            .filter(|id| id.kind != KindTag::Schema)
            .cloned()
            .collect();
        // A cast of a view's own rows needs the view.
        let mut needed = BTreeSet::new();
        let mut queue: Vec<&ObjectId> = parts.iter().collect();
        while let Some(id) = queue.pop() {
            if needed.insert(id.clone()) {
                queue.extend(requires.get(id).into_iter().flatten());
            }
        }
        let views = requires.iter_mut().filter(|(id, needs)| {
            id.kind == KindTag::View && !needed.contains(id) && !needs.is_disjoint(&parts)
        });
        for (_, needs) in views {
            needs.insert(cast.clone());
        }
    }
}

/// A view over a function that returns rows of a table needs the columns that it takes of them: the servers before 16
/// record the function alone.
pub fn add_columns_of_rows(
    objects: &BTreeMap<ObjectId, Object>,
    requires: &mut BTreeMap<ObjectId, BTreeSet<ObjectId>>,
) {
    let mut more: Vec<(ObjectId, ObjectId)> = Vec::new();
    for (id, object) in objects {
        let query = match object {
            Object::View(view) => &view.query,
            Object::MaterializedView(view) => &view.query,
            _ => continue,
        };
        for need in requires.get(id).into_iter().flatten() {
            let Some(Object::Function(function)) = objects.get(need) else {
                continue;
            };
            let returns = function.returns.as_deref().unwrap_or_default();
            for table in requires.get(need).into_iter().flatten() {
                let Some(Object::Table(of)) = objects.get(table) else {
                    continue;
                };
                if !returns.ends_with(&of.qualified().to_string()) {
                    continue;
                }
                let first = ObjectId::new(KindTag::Column, table.path.iter().cloned());
                let columns = objects.range(&first..).map(|(column, _)| column);
                let columns = columns
                    .take_while(|c| c.kind == KindTag::Column && c.path.starts_with(&table.path));
                let named = columns.filter(|column| {
                    let name = column.path.last().map_or("", String::as_str);
                    query.contains(&Ident::new(name).to_string())
                });
                more.extend(named.map(|column| (id.clone(), column.clone())));
            }
        }
    }
    for (view, column) in more {
        requires.entry(view).or_default().insert(column);
    }
}
