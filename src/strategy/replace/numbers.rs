//! The numbers that the server gives a column: they go on in the new column where they stood in the old one,
//! and the other way when the swap is taken back.
//!
//! Where only one of both has a sequence, it begins behind the values that are there; an index leads to the
//! largest one, else the rehearsal measures a scan.

use super::super::{Context, identity, temporary_name};
use super::Script;
use super::position::{keep, restore};
use super::sync::Pair;
use crate::catalog::Catalog;
use crate::kinds::{Column, Identity, Kind, Object, ObjectId, Sequence};
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;

/// Where the numbers of a column come from.
enum Numbers<'a> {
    Identity(&'a Identity),
    /// The default, and a sequence that the column owns.
    Own(&'a Sequence),
}

impl<'a> Numbers<'a> {
    fn of<S>(column: &'a Column, catalog: &'a Catalog<S>) -> Option<Self> {
        if let Some(identity) = &column.identity {
            return Some(Self::Identity(identity));
        }
        let id = Kind::id(column);
        let own = catalog
            .requires(&id)
            .find_map(|need| match catalog.get(need) {
                Some(Object::Sequence(s)) => Some(s),
                _ => None,
            });
        let own = own.filter(|s| s.owner.as_ref().is_some_and(|owner| owner.id() == id));
        own.map(Self::Own)
    }

    fn sequence(&self, column: &Column) -> Qualified {
        match self {
            Self::Identity(identity) => column.sequence(identity),
            Self::Own(sequence) => identity::name_of(sequence),
        }
    }
}

/// The sequence of the old column's identity under a name of ours, where one of the files takes its name.
pub(super) fn stepped_aside(pair: &Pair<'_>, context: &Context<'_>) -> Option<(Qualified, Ident)> {
    let name = pair.old.sequence(pair.old.identity.as_ref()?);
    let Some(Numbers::Own(own)) = Numbers::of(pair.new, context.desired) else {
        return None;
    };
    let ours = || Ident::new(temporary_name(&pair.replacement.column, "old sequence"));
    (identity::name_of(own) == name).then(|| (name, ours()))
}

/// Until the end of the transaction no table is scanned that has an index to the largest value, however few its
/// rows were when it was analyzed.
fn by_index() -> Sql {
    sql!("SELECT pg_catalog.set_config('enable_seqscan', 'off', true)")
}

fn rename(from: &Qualified, to: &Ident) -> Sql {
    sql!("ALTER SEQUENCE {} RENAME TO {}", from, to)
}

/// The new sequence of that name, which the column needs from the swap on.
pub(super) fn own(pair: &Pair<'_>, context: &Context<'_>) -> Option<ObjectId> {
    match Numbers::of(pair.new, context.desired)? {
        Numbers::Own(sequence) => Some(Kind::id(sequence)),
        Numbers::Identity(_) => None,
    }
}

/// The statements of [`stepped_aside`], there and back.
pub(super) fn aside((name, ours): &(Qualified, Ident)) -> (Sql, Sql) {
    (rename(name, ours), rename(&beside(name, ours), &name.name))
}

fn beside(name: &Qualified, ours: &Ident) -> Qualified {
    Qualified {
        schema: name.schema.clone(),
        name: ours.clone(),
    }
}

/// They leave the old column, which is called `now`.
pub(super) fn leave(script: &mut Script, pair: &Pair<'_>, now: &Ident, context: &Context<'_>) {
    let Some(was) = Numbers::of(pair.old, context.live) else {
        return;
    };
    let is = Numbers::of(pair.new, context.desired);
    let column = &pair.replacement.column;
    match (&was, &is) {
        (Numbers::Identity(identity), _) => {
            let mut identity = (*identity).clone();
            if let Some((name, ours)) = stepped_aside(pair, context) {
                identity.sequence = Some(beside(&name, &ours));
            }
            let sequence = pair.old.sequence(&identity);
            let alter = sql!("ALTER TABLE {} ALTER COLUMN {}", pair.old.table_name(), now);
            let mut there = vec![sql!("{} DROP IDENTITY", alter)];
            let mut back = vec![sql!("{} ADD {}", alter, identity.clause())];
            match is {
                Some(_) => {
                    there.insert(0, keep(&sequence, column));
                    back.push(restore(&sequence, column));
                }
                None => back.extend([by_index(), pair.old.begin_behind(&identity)]),
            }
            script.push(there, back);
        }
        (Numbers::Own(own), Some(Numbers::Identity(identity))) => {
            let sequence = identity::name_of(own);
            let there = vec![keep(&sequence, column)];
            script.push(there, vec![restore(&sequence, column)]);
            if sequence == pair.new.sequence(identity) {
                let ours = Ident::new(temporary_name(column, "old sequence"));
                let (there, back) = aside(&(sequence, ours));
                script.push(vec![there], vec![back]);
            }
        }
        (Numbers::Own(own), None) => {
            let back = identity::behind(own, pair.old).into_iter();
            script.push(Vec::new(), back.flat_map(|s| [by_index(), s]).collect());
        }
        // The sequence is the same, or the default names the new one.
        (Numbers::Own(_), Some(Numbers::Own(_))) => {}
    }
}

/// They come to the new column.
pub(super) fn take(script: &mut Script, pair: &Pair<'_>, context: &Context<'_>) {
    let Some(is) = Numbers::of(pair.new, context.desired) else {
        return;
    };
    let was = Numbers::of(pair.old, context.live);
    let column = &pair.replacement.column;
    let sequence = is.sequence(pair.new);
    match (&was, &is) {
        (_, Numbers::Identity(identity)) => {
            let alter = sql!(
                "ALTER TABLE {} ALTER COLUMN {}",
                pair.new.table_name(),
                pair.new.name
            );
            let mut there = vec![sql!("{} ADD {}", alter, identity.clause())];
            let mut back = vec![sql!("{} DROP IDENTITY", alter)];
            match was {
                Some(_) => {
                    there.push(restore(&sequence, column));
                    back.insert(0, keep(&sequence, column));
                }
                None => there.extend([by_index(), pair.new.begin_behind(identity)]),
            }
            script.push(there, back);
        }
        (Some(Numbers::Identity(_)), Numbers::Own(_)) => {
            let there = vec![restore(&sequence, column)];
            script.push(there, vec![keep(&sequence, column)]);
        }
        (Some(Numbers::Own(_)), Numbers::Own(_)) => {}
        // Since it was made, the application has gone on giving numbers of its own.
        (None, Numbers::Own(own)) => {
            let there = identity::behind(own, pair.new).into_iter();
            script.push(there.flat_map(|s| [by_index(), s]).collect(), Vec::new());
        }
    }
}
