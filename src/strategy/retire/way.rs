//! How a column or table stands aside under another name, and comes back.

use super::super::checks;
use super::null_again::{NullAgain, called, nulls, validation};
use super::{Context, DropGate};
use crate::kinds::{
    Column, Constraint, ConstraintType, Described, KindTag, Object, ObjectId, Table,
};
use crate::pg::{Ident, Qualified, Sql, ident};
use crate::plan::{Action, DataCheck};
use crate::sql;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// How an object stands aside.
pub(super) struct Way {
    /// What it is called until it is dropped.
    pub renamed: Object,
    pub there: Vec<Sql>,
    pub back: Vec<Action>,
    /// Rows on which coming back would fail.
    pub back_checks: Vec<DataCheck>,
    pub why: String,
}

impl Way {
    pub fn find(
        old: &Object,
        gone: &BTreeSet<ObjectId>,
        context: &Context<'_>,
    ) -> Result<Self, &'static str> {
        if context.drops.gate == DropGate::None {
            return Err("");
        }
        let rebuilt = context.changes.in_the_way.values();
        if rebuilt.flatten().any(|root| gone.contains(root)) {
            return Err("it cannot wait renamed: what hangs on it is made anew together with it");
        }
        match old {
            Object::Column(column) => Self::of_column(column, gone, context),
            Object::Table(table) => Ok(Self::of_table(table, context)),
            _ => Err(""),
        }
    }

    fn of_table(table: &Table, context: &Context<'_>) -> Self {
        let taken = |name: &str| {
            let schema = |object: &Object| {
                let names = object.names();
                names
                    .iter()
                    .any(|n| n.schema == table.schema && n.name.raw() == name)
            };
            let all = context.live.objects.values();
            all.chain(context.desired.objects.values()).any(schema)
        };
        let name = deprecated(table.name.raw(), &taken);
        let renamed = Table {
            name: name.clone(),
            ..table.clone()
        };
        let new = Qualified {
            schema: table.schema.clone(),
            name: name.clone(),
        };
        let old = table.qualified();
        Self {
            there: vec![sql!("ALTER TABLE {} RENAME TO {}", old, name)],
            back: vec![Action::Transaction(vec![sql!(
                "ALTER TABLE {} RENAME TO {}",
                new,
                table.name
            )])],
            renamed: Object::Table(renamed),
            back_checks: Vec::new(),
            why: String::new(),
        }
    }

    fn of_column(
        column: &Column,
        gone: &BTreeSet<ObjectId>,
        context: &Context<'_>,
    ) -> Result<Self, &'static str> {
        let id = column_id(column, &column.name);
        // RENAME reaches every table that inherits the column.
        let heirs = context.live.followers([&id]);
        if !column.inherited_from.is_empty() || !heirs.is_subset(gone) {
            return Err("it cannot wait renamed: the rename would reach a column that stays");
        }
        let fallen = |id: &ObjectId| context.live.get(id);
        let constraints: Vec<&Constraint> = gone
            .iter()
            .filter_map(|id| match fallen(id) {
                Some(Object::Constraint(c)) if c.table_id() == column.table_id() => Some(c),
                _ => None,
            })
            .collect();
        let given = column.expression.is_some() || column.identity.is_some();
        let of_key = |c: &&Constraint| c.constraint_type == ConstraintType::PrimaryKey;
        if column.not_null.is_some() && !given && constraints.iter().any(of_key) {
            return Err(
                "it cannot wait renamed: as part of the primary key every new row needs a value",
            );
        }
        let taken = |name: &str| {
            let name = Ident::new(name);
            let tables = heirs.iter().chain([&id]);
            let mut ids = tables.map(|heir| {
                let mut path = heir.path.clone();
                path.truncate(2);
                path.push(name.raw().to_owned());
                ObjectId::new(KindTag::Column, path)
            });
            ids.any(|id| {
                context.live.objects.contains_key(&id) || context.desired.objects.contains_key(&id)
            })
        };
        let name = deprecated(column.name.raw(), &taken);
        let table = column.table_name();
        let mut there = Vec::new();
        let mut first = vec![sql!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            table,
            name,
            column.name
        )];
        let (mut outside, mut then) = (Vec::new(), Vec::new());
        let (mut why, mut back_checks) = (Vec::new(), Vec::new());
        for check in constraints.iter().filter(|c| {
            c.constraint_type == ConstraintType::Check && c.enforced && c.inherited_from.is_empty()
        }) {
            there.extend(drop_check(check));
            first.push(check.add_not_valid());
            if check.validated {
                outside.push(validation(check.validate()));
                let rows = checks::constraint(check, context).into_iter();
                back_checks.extend(rows.map(|c| called(c, &table, &column.name, &name, context)));
            }
            then.extend(comments_on(
                &Object::Constraint((*check).clone()),
                gone,
                context,
            ));
            why.push("its CHECKs");
        }
        // The old column of a renamed one takes NULL from when nothing fills it any more.
        let mut renamed = context.replacements.columns.values();
        let let_go = renamed.any(|r| r.is_renamed() && r.old == id);
        if let Some(not_null) = column.not_null.as_ref().filter(|_| !given && !let_go) {
            there.push(sql!(
                "ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL",
                table,
                column.name
            ));
            let again = NullAgain::new(&id, column, not_null, "not null again", context);
            first.push(again.add.clone());
            outside.extend(again.rest());
            if not_null.validated {
                back_checks.extend(nulls(column, &name, context));
            }
            then.extend(comments_on_not_null(&id, gone, context));
            why.push("NOT NULL");
        }
        there.push(sql!(
            "ALTER TABLE {} RENAME COLUMN {} TO {}",
            table,
            column.name,
            name
        ));
        let mut back = vec![Action::Transaction(first)];
        back.extend(outside);
        if !then.is_empty() {
            back.push(Action::Transaction(then));
        }
        why.dedup();
        let why = match why.is_empty() {
            true => String::new(),
            false => format!(
                "; without {}, because the new application gives it no value (to go back, rows \
                 without one have to be filled first)",
                why.join(" and ")
            ),
        };
        Ok(Self {
            renamed: Object::Column(Column {
                name,
                ..column.clone()
            }),
            there,
            back,
            back_checks,
            why,
        })
    }
}

fn column_id(column: &Column, name: &Ident) -> ObjectId {
    ObjectId::new(
        KindTag::Column,
        [column.schema.raw(), column.table.raw(), name.raw()],
    )
}

fn drop_check(check: &Constraint) -> Vec<Sql> {
    Object::Constraint(check.clone()).drop()
}

/// The comments on `object` that go with it.
fn comments_on(object: &Object, gone: &BTreeSet<ObjectId>, context: &Context<'_>) -> Vec<Sql> {
    let target = object.id();
    comments(gone, context, |of| of.target == target)
}

fn comments_on_not_null(
    column: &ObjectId,
    gone: &BTreeSet<ObjectId>,
    context: &Context<'_>,
) -> Vec<Sql> {
    comments(gone, context, |of| {
        of.not_null.is_some() && of.target == *column
    })
}

fn comments(
    gone: &BTreeSet<ObjectId>,
    context: &Context<'_>,
    wanted: impl Fn(&Described) -> bool,
) -> Vec<Sql> {
    gone.iter()
        .filter_map(|id| context.live.get(id))
        .filter(|object| object.described().is_some_and(&wanted))
        .flat_map(Object::create)
        .collect()
}

const PREFIX: &str = "_deprecated_";

/// `_deprecated_NAME`; cut, with a hash, where that is too long or taken.
fn deprecated(name: &str, taken: &dyn Fn(&str) -> bool) -> Ident {
    let plain = format!("{PREFIX}{name}");
    if plain.len() <= ident::MAX_BYTES && !taken(&plain) {
        return Ident::new(plain);
    }
    let mut tries = 0_u32;
    loop {
        let hashed = with_hash(&plain, &format!("{name} {tries}"));
        if !taken(&hashed) {
            return Ident::new(hashed);
        }
        tries += 1;
    }
}

pub fn with_hash(name: &str, of: &str) -> String {
    let digest = Sha256::digest(of.as_bytes());
    let hash: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
    let room = ident::MAX_BYTES - hash.len() - 1;
    format!("{}_{hash}", ident::truncate(name, room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_taken_name_gets_a_hash_and_fits() {
        let free = |_: &str| false;
        assert_eq!(deprecated("note", &free).raw(), "_deprecated_note");
        let long = deprecated(&"é".repeat(31), &free);
        assert!(long.raw().len() <= ident::MAX_BYTES, "{long}");
        assert!(long.raw().starts_with("_deprecated_éé"), "{long}");
        let other = deprecated(&format!("{}x", "é".repeat(30)), &free);
        assert_ne!(long, other);
        let taken = deprecated("note", &|name| name == "_deprecated_note");
        assert!(taken.raw().starts_with("_deprecated_note_"), "{taken}");
        let first = taken.raw().to_owned();
        let again = deprecated("note", &|name| {
            name == "_deprecated_note" || name == first.as_str()
        });
        assert_ne!(again.raw(), first);
    }
}
