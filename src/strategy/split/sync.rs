//! The triggers that keep a wide and a narrow table alike while both are written.
//!
//! Each side writes the other only where values differ, so that they do not chase each other.
//! A setting, local to the transaction, names the row that is being written by us: the deletion of a wide
//! row must not write that row again (27000, "already modified by an operation triggered by the
//! current command"), nor the deletion of a narrow row make it anew.
//!
//! The new application inserts into both tables, and the trigger was there first: a table of ours
//! marks the rows that we made, without a value of the old application's, and nobody touched since; an INSERT of such a
//! row takes its place. One with a value stays in the way: ON CONFLICT finds it.
//!
//! The functions run with the rights of their owner, because the old application has none on the new
//! table; nobody else may put them on a table. Everything in them is named with its schema, since the search path
//! is the caller's, and stays so for the triggers of the user that fire below.

use super::super::{Context, last_name, replication, temporary_name};
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::Split;
use crate::diff::split::Direction;
use crate::kinds::{KindTag, Object, ObjectId};
use crate::pg::ident::Literal;
use crate::pg::sql::{Body, Deparsed, List, Word};
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;
use std::collections::BTreeMap;

/// One split with the names of what is made for it.
pub(super) struct Sync<'a> {
    pub split: &'a Split,
    pub wide: Qualified,
    pub narrow: Qualified,
    /// The columns without which there is no narrow row: NOT NULL there, and not here.
    pub required: Vec<Ident>,
    /// What a column of the wide table is without a narrow row, where that is not NULL.
    pub defaults: BTreeMap<Ident, (String, String)>,
    /// What an INSERT into the wide table that does not name a column leaves there, if anybody can know.
    left_out: Vec<(&'a Ident, Sql)>,
}

/// A default that is the same again in the same transaction.
fn is_settled(default: &str) -> bool {
    default == "now()" || !default.contains('(')
}

/// Whether two lists of values are stored alike; works for types without `=`, too.
fn differ(a: &List, b: &List) -> Sql {
    sql!(
        "ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record",
        a,
        b
    )
}

fn fields<'c>(record: &'static str, columns: impl IntoIterator<Item = &'c Ident>) -> List {
    let fields = columns.into_iter().map(|c| sql!("{}.{}", Word(record), c));
    List::comma(fields)
}

fn of_table<'c>(table: &Qualified, columns: impl IntoIterator<Item = &'c Ident>) -> List {
    List::comma(columns.into_iter().map(|c| sql!("{}.{}", table, c)))
}

fn table_name(id: &ObjectId) -> Qualified {
    let part = |i: usize| id.path.get(i).map_or("", String::as_str);
    Qualified::new(part(0), part(1))
}

impl<'a> Sync<'a> {
    pub fn new(split: &'a Split, live: &Catalog<Live>, desired: &Catalog<Desired>) -> Self {
        let (mut required, mut defaults) = (Vec::new(), BTreeMap::new());
        let mut left_out = Vec::new();
        for name in &split.columns {
            let id = |table: &ObjectId| {
                let path = table.path.iter().map(String::as_str).chain([name.raw()]);
                ObjectId::new(KindTag::Column, path)
            };
            let (wide, narrow) = match split.direction {
                Direction::Split => (live.get(&id(&split.wide)), desired.get(&id(&split.narrow))),
                Direction::Merge => (desired.get(&id(&split.wide)), live.get(&id(&split.narrow))),
            };
            if matches!(narrow, Some(Object::Column(c)) if c.not_null.is_some()) {
                required.push(name.clone());
            }
            let Some(Object::Column(c)) = wide else {
                continue;
            };
            if let (Some(_), Some(default)) = (&c.not_null, c.default()) {
                let value = (default.to_owned(), c.data_type.clone());
                defaults.insert(name.clone(), value);
            }
            let value = c.default().unwrap_or("NULL");
            if is_settled(value) {
                let value = sql!("({})::{}", Deparsed(value), Deparsed(&c.data_type));
                left_out.push((name, value));
            }
        }
        Self {
            required,
            defaults,
            left_out,
            wide: table_name(&split.wide),
            narrow: table_name(&split.narrow),
            split,
        }
    }

    fn wide_key(&self) -> impl Iterator<Item = &'a Ident> + use<'a> {
        self.split.key.iter().map(|k| &k.wide)
    }

    fn narrow_key(&self) -> impl Iterator<Item = &'a Ident> + use<'a> {
        self.split.key.iter().map(|k| &k.narrow)
    }

    fn columns(&self) -> impl Iterator<Item = &'a Ident> + use<'a> {
        self.split.columns.iter()
    }

    pub fn trigger(&self, table: &ObjectId, purpose: &str) -> Ident {
        Ident::new(last_name(table, purpose))
    }

    fn function(&self, table: &ObjectId) -> Qualified {
        Qualified {
            schema: table_name(table).schema,
            name: Ident::new(temporary_name(table, "split")),
        }
    }

    /// Keys of the narrow rows that we made and nobody touched.
    fn made(&self) -> Qualified {
        Qualified {
            schema: self.narrow.schema.clone(),
            name: Ident::new(temporary_name(&self.split.narrow, "made")),
        }
    }

    /// The setting that names the row we are writing.
    fn setting(&self) -> String {
        temporary_name(&self.split.narrow, "row").replacen("_pgrehearse_", "pgrehearse.row_", 1)
    }

    /// `alias`'s key columns equal `record`'s.
    fn joined(
        &self,
        alias: &'static str,
        columns: impl Iterator<Item = &'a Ident>,
        record: &'static str,
        others: impl Iterator<Item = &'a Ident>,
    ) -> List {
        let pairs = columns.zip(others).zip(&self.split.key);
        let pairs = pairs.map(|((column, other), key)| {
            sql!(
                "{}.{} OPERATOR({}.=) {}.{}",
                Word(alias),
                column,
                key.operators,
                Word(record),
                other
            )
        });
        List::separated(" AND ", pairs)
    }

    /// The join of the narrow table as `t` with the wide one under its own name.
    fn join(&self) -> List {
        let pairs = self.split.key.iter().map(|key| {
            sql!(
                "t.{} OPERATOR({}.=) {}.{}",
                key.narrow,
                key.operators,
                self.wide,
                key.wide
            )
        });
        List::separated(" AND ", pairs)
    }

    /// The join of the wide table as `t` with the narrow one under its own name.
    fn join_back(&self) -> List {
        let pairs = self.split.key.iter().map(|key| {
            sql!(
                "t.{} OPERATOR({}.=) {}.{}",
                key.wide,
                key.operators,
                self.narrow,
                key.narrow
            )
        });
        List::separated(" AND ", pairs)
    }

    /// Names the row with these key columns as the one we are writing.
    fn mark(&self, record: &'static str, key: impl Iterator<Item = &'a Ident>) -> Sql {
        let setting = self.setting();
        sql!(
            "PERFORM pg_catalog.set_config({}, ROW({})::record::pg_catalog.text, true);",
            Literal(&setting),
            fields(record, key)
        )
    }

    fn unmark(&self) -> Sql {
        let setting = self.setting();
        sql!(
            "PERFORM pg_catalog.set_config({}, outer_row, true);",
            Literal(&setting)
        )
    }

    fn is_marked(&self, record: &'static str, key: impl Iterator<Item = &'a Ident>) -> Sql {
        sql!(
            "outer_row OPERATOR(pg_catalog.=) ROW({})::record::pg_catalog.text",
            fields(record, key)
        )
    }

    /// Values of the wide row that a narrow one can be made of.
    fn complete(&self, of: impl Fn(&Ident) -> Sql) -> List {
        let mut needed: Vec<Sql> = self
            .wide_key()
            .chain(&self.required)
            .map(|c| sql!("{} IS NOT NULL", of(c)))
            .collect();
        // Before a merge a wide row may well be without a narrow one.
        if self.split.direction == Direction::Merge {
            needed.push(self.any_value(of));
        }
        List::separated(" AND ", needed)
    }

    /// Whether NEW, a wide row, has a value that somebody gave it.
    fn is_given(&self) -> Sql {
        if self.left_out.is_empty() {
            return sql!("false");
        }
        let given = self.left_out.iter().map(|(c, _)| sql!("NEW.{}", c));
        let left_out = self.left_out.iter().map(|(_, value)| value.clone());
        differ(&List::comma(given), &List::comma(left_out))
    }

    fn any_value(&self, of: impl Fn(&Ident) -> Sql) -> Sql {
        let values = self.columns().map(|c| match self.defaults.get(c) {
            None => sql!("{} IS NOT NULL", of(c)),
            Some((default, data_type)) => {
                let default = sql!("({})::{}", Deparsed(default), Deparsed(data_type));
                differ(&List::comma([of(c)]), &List::comma([default]))
            }
        });
        sql!("({})", List::separated(" OR ", values))
    }

    fn assign(&self, values: impl Fn(&Ident) -> Sql) -> List {
        List::comma(self.columns().map(|c| sql!("{} = {}", c, values(c))))
    }

    /// What makes the triggers, and what takes them away.
    pub fn statements(&self, context: &Context<'_>) -> (Vec<Sql>, Vec<Sql>) {
        let (wide, narrow) = (&self.split.wide, &self.split.narrow);
        let (on_wide, on_narrow) = (self.function(wide), self.function(narrow));
        let keys = self
            .split
            .key
            .iter()
            .map(|k| sql!("{} {}", k.narrow, Deparsed(&k.data_type)));
        let mut there = vec![sql!(
            "CREATE TABLE {} ({}, PRIMARY KEY ({}))",
            self.made(),
            List::comma(keys),
            List::comma(self.narrow_key())
        )];
        let mut away = Vec::new();
        for (function, body) in [
            (&on_wide, self.wide_body()),
            (&on_narrow, self.narrow_body()),
        ] {
            there.push(plpgsql(function, &body));
            there.push(sql!("REVOKE ALL ON FUNCTION {}() FROM PUBLIC", function));
        }
        let triggers = [
            (
                wide,
                "split",
                "AFTER INSERT OR UPDATE",
                &self.wide,
                &on_wide,
            ),
            (wide, "split delete", "BEFORE DELETE", &self.wide, &on_wide),
            (
                narrow,
                "split insert",
                "BEFORE INSERT",
                &self.narrow,
                &on_narrow,
            ),
            (
                narrow,
                "split",
                "AFTER INSERT OR UPDATE OR DELETE",
                &self.narrow,
                &on_narrow,
            ),
        ];
        for (id, purpose, event, table, function) in triggers {
            let trigger = self.trigger(id, purpose);
            there.push(sql!(
                "CREATE TRIGGER {} {} ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
                trigger,
                Word(event),
                table,
                function
            ));
            there.extend(replication::always(table, &trigger, context));
            away.push(sql!("DROP TRIGGER {} ON {}", trigger, table));
        }
        away.push(sql!("DROP FUNCTION {}()", on_wide));
        away.push(sql!("DROP FUNCTION {}()", on_narrow));
        away.push(sql!("DROP TABLE {}", self.made()));
        (there, away)
    }

    /// On the wide table: AFTER INSERT OR UPDATE, BEFORE DELETE.
    fn wide_body(&self) -> Sql {
        let setting = self.setting();
        let new = |c: &Ident| sql!("NEW.{}", c);
        let key_and_columns =
            |record| fields(record, self.wide_key().chain(self.split.columns.iter()));
        let moved_key = List::comma(
            self.split
                .key
                .iter()
                .map(|k| sql!("{} = NEW.{}", k.narrow, k.wide)),
        );
        sql!(
            "
DECLARE
    outer_row pg_catalog.text := coalesce(pg_catalog.current_setting({}, true), '');
    made pg_catalog.int8;
BEGIN
    IF TG_OP = 'DELETE' THEN
        {}
        DELETE FROM {} AS t WHERE {};
        {}
        RETURN OLD;
    END IF;
    IF {} THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NOT {} THEN
            RETURN NULL;
        END IF;
    END IF;
    {}
    IF TG_OP = 'UPDATE' THEN
        IF {} THEN
            UPDATE {} AS t SET {} WHERE {};
        END IF;
        IF {} THEN
            DELETE FROM {} AS t WHERE {};
        END IF;
    END IF;
    UPDATE {} AS t SET {} WHERE {} AND {};
    IF {} AND NOT EXISTS (SELECT FROM {} AS t WHERE {}) THEN
        INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})
            ON CONFLICT ({}) DO NOTHING;
        GET DIAGNOSTICS made = ROW_COUNT;
        IF made > 0 THEN
            IF NOT {} THEN
                INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING;
            END IF;
        ELSE
            UPDATE {} AS t SET {} WHERE {} AND {};
        END IF;
    END IF;
    {}
    RETURN NULL;
END;
",
            Literal(&setting),
            self.mark("OLD", self.wide_key()),
            self.narrow,
            self.joined("t", self.narrow_key(), "OLD", self.wide_key()),
            self.unmark(),
            self.is_marked("NEW", self.wide_key()),
            differ(&key_and_columns("OLD"), &key_and_columns("NEW")),
            self.mark("NEW", self.wide_key()),
            differ(
                &fields("OLD", self.wide_key()),
                &fields("NEW", self.wide_key())
            ),
            self.narrow,
            moved_key,
            self.joined("t", self.narrow_key(), "OLD", self.wide_key()),
            self.is_given(),
            self.made(),
            self.joined("t", self.narrow_key(), "NEW", self.wide_key()),
            self.narrow,
            self.assign(new),
            self.joined("t", self.narrow_key(), "NEW", self.wide_key()),
            differ(&fields("t", self.columns()), &fields("NEW", self.columns())),
            self.complete(new),
            self.narrow,
            self.joined("t", self.narrow_key(), "NEW", self.wide_key()),
            self.narrow,
            List::comma(self.narrow_key().chain(self.columns())),
            fields("NEW", self.wide_key().chain(self.columns())),
            List::comma(self.narrow_key()),
            self.is_given(),
            self.made(),
            List::comma(self.narrow_key()),
            fields("NEW", self.wide_key()),
            self.narrow,
            self.assign(new),
            self.joined("t", self.narrow_key(), "NEW", self.wide_key()),
            differ(&fields("t", self.columns()), &fields("NEW", self.columns())),
            self.unmark()
        )
    }

    /// On the narrow table: BEFORE INSERT, AFTER INSERT OR UPDATE OR DELETE.
    fn narrow_body(&self) -> Sql {
        let setting = self.setting();
        let new = |c: &Ident| sql!("NEW.{}", c);
        let none = |c: &Ident| match self.defaults.contains_key(c) {
            true => sql!("DEFAULT"),
            false => sql!("NULL"),
        };
        let key_and_columns = |record| fields(record, self.narrow_key().chain(self.columns()));
        let empty = sql!(
            "{}
            UPDATE {} AS t SET {} WHERE {};
            {}",
            self.mark("OLD", self.narrow_key()),
            self.wide,
            self.assign(none),
            self.joined("t", self.wide_key(), "OLD", self.narrow_key()),
            self.unmark()
        );
        sql!(
            "
DECLARE
    outer_row pg_catalog.text := coalesce(pg_catalog.current_setting({}, true), '');
    made pg_catalog.int8;
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        IF NOT {} THEN
            DELETE FROM {} AS t WHERE {};
            GET DIAGNOSTICS made = ROW_COUNT;
            IF made > 0 THEN
                {}
                DELETE FROM {} AS t WHERE {};
                {}
            END IF;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        IF TG_OP = 'DELETE' OR NOT {} THEN
            DELETE FROM {} AS t WHERE {};
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF NOT {} THEN
            {}
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF NOT {} THEN
            RETURN NULL;
        END IF;
        IF {} THEN
            {}
        END IF;
    END IF;
    UPDATE {} AS t SET {} WHERE {} AND {};
    RETURN NULL;
END;
",
            Literal(&setting),
            self.is_marked("NEW", self.narrow_key()),
            self.made(),
            self.joined("t", self.narrow_key(), "NEW", self.narrow_key()),
            self.mark("NEW", self.narrow_key()),
            self.narrow,
            self.joined("t", self.narrow_key(), "NEW", self.narrow_key()),
            self.unmark(),
            self.is_marked("OLD", self.narrow_key()),
            self.made(),
            self.joined("t", self.narrow_key(), "OLD", self.narrow_key()),
            self.is_marked("OLD", self.narrow_key()),
            empty,
            differ(&key_and_columns("OLD"), &key_and_columns("NEW")),
            differ(
                &fields("OLD", self.narrow_key()),
                &fields("NEW", self.narrow_key())
            ),
            empty,
            self.wide,
            self.assign(new),
            self.joined("t", self.wide_key(), "NEW", self.narrow_key()),
            differ(&fields("t", self.columns()), &fields("NEW", self.columns()))
        )
    }

    /// A wide row that has no narrow one and can have: a condition on the wide table.
    pub fn missing(&self) -> Sql {
        let own = |c: &Ident| sql!("{}.{}", self.wide, c);
        sql!(
            "{} AND NOT EXISTS (SELECT FROM {} AS t WHERE {})",
            self.complete(own),
            self.narrow,
            self.join()
        )
    }

    /// Of these, the rows with a value: a narrow row that the new application deleted leaves none.
    pub fn missing_value(&self) -> Sql {
        let own = |c: &Ident| sql!("{}.{}", self.wide, c);
        sql!("{} AND {}", self.missing(), self.any_value(own))
    }

    /// Per column of the narrow row, its value over the wide one.
    pub fn row(&self) -> Vec<(Ident, Sql)> {
        let key = self.split.key.iter();
        let key = key.map(|k| (k.narrow.clone(), sql!("{}.{}", self.wide, k.wide)));
        let columns = self.columns();
        let columns = columns.map(|c| (c.clone(), sql!("{}.{}", self.wide, c)));
        key.chain(columns).collect()
    }

    /// Rows of the table `to` (of the narrow one, or the wide one) that differ from their counterparts: the
    /// condition, and per column its value.
    ///
    /// The counterpart is locked when it is read: else a row that the application changes at the same
    /// time would be seen as it was, because only the row that is written is looked at again.
    pub fn unequal(&self, to: Direction) -> (Sql, Vec<(Ident, Sql)>) {
        let (own, other, join) = match to {
            Direction::Split => (&self.narrow, &self.wide, self.join_back()),
            Direction::Merge => (&self.wide, &self.narrow, self.join()),
        };
        let pending = sql!(
            "EXISTS (SELECT FROM (SELECT {} FROM {} AS t WHERE {} FOR SHARE) AS t WHERE {})",
            fields("t", self.columns()),
            other,
            join,
            differ(&fields("t", self.columns()), &of_table(own, self.columns()))
        );
        let values = self.columns().map(|c| {
            let value = sql!(
                "(SELECT t.{} FROM {} AS t WHERE {} FOR SHARE)",
                c,
                other,
                join
            );
            (c.clone(), value)
        });
        (pending, values.collect())
    }
}

fn plpgsql(name: &Qualified, body: &Sql) -> Sql {
    sql!(
        "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS {}",
        name,
        Body(body)
    )
}
