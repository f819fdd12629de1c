//! The trigger by which one of both tables follows the other: the copy the old table, and after the
//! swap the old table the new one. One direction at a time, so that nothing chases itself.
//!
//! It fires after the row is written and copies the row as it stands then, whatever triggers of the user
//! did to it: a statement that an AFTER trigger of theirs ran in between was followed first, and NEW is out
//! of date.
//!
//! The function runs with the rights of its owner, because the application has none on the other table; nobody
//! else may put it on a table. Everything in it is named with its schema, since the search path is the
//! caller's, as it is for the CHECKs and expressions of the table itself.

use super::super::{Context, last_name, replication, temporary_name};
use super::table_name;
use crate::diff::copy::{CopiedColumn, CopyKey};
use crate::diff::{Conversion, TableCopy};
use crate::kinds::hangs_on_settings;
use crate::pg::ident::Literal;
use crate::pg::sql::{Body, Deparsed, List, Word};
use crate::pg::{Ident, Qualified, Sql, session};
use crate::plan::Assignment;
use crate::sql;

/// Which table follows which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Before the swap: the copy follows the old table.
    Forth,
    /// After it: the old table follows the new one.
    Back,
}

/// How rows of one table are written to the other.
pub(super) struct Sync<'a> {
    pub copy: &'a TableCopy,
    direction: Direction,
    source: Qualified,
    target: Qualified,
    /// A foreign key points at the copied table.
    pub referenced: bool,
}

impl<'a> Sync<'a> {
    pub fn new(copy: &'a TableCopy, direction: Direction, referenced: bool) -> Self {
        let source = table_name(&copy.table);
        let target = match direction {
            Direction::Forth => super::temporary(copy),
            Direction::Back => super::retired(&copy.table),
        };
        Self {
            copy,
            direction,
            source,
            target,
            referenced,
        }
    }

    /// The value of `column` in the target over the row `record` of the source.
    fn value(&self, column: &CopiedColumn, record: Record) -> Option<Sql> {
        let (conversion, data_type) = match self.direction {
            Direction::Forth => (&column.forth, &column.new_type),
            Direction::Back => (&column.back, &column.old_type),
        };
        let conversion = conversion.as_ref()?;
        Some(value(conversion, record, &column.name, data_type))
    }

    /// The same as it is stored there.
    fn stored(&self, column: &CopiedColumn, record: Record) -> Option<Sql> {
        let value = self.value(column, record)?;
        if column.old_type == column.new_type {
            return Some(value);
        }
        let data_type = match self.direction {
            Direction::Forth => &column.new_type,
            Direction::Back => &column.old_type,
        };
        Some(sql!("({})::{}", value, Deparsed(data_type)))
    }

    fn column(&self, name: &Ident) -> Option<&'a CopiedColumn> {
        self.copy.columns.iter().find(|c| c.name == *name)
    }

    /// The columns that are written in the target.
    pub fn columns(&self) -> impl Iterator<Item = &'a CopiedColumn> {
        let direction = self.direction;
        self.copy.columns.iter().filter(move |c| match direction {
            Direction::Forth => c.forth.is_some(),
            Direction::Back => c.back.is_some(),
        })
    }

    fn names(&self) -> List {
        List::comma(self.columns().map(|c| &c.name))
    }

    /// The unique key of the target.
    fn unique(&self) -> &'a [Ident] {
        match self.direction {
            Direction::Forth => &self.copy.unique.1,
            Direction::Back => &self.copy.unique.0,
        }
    }

    /// `alias` of the target is the counterpart of `record`.
    fn joined(&self, alias: &'static str, record: Record) -> List {
        let pairs = self.copy.key.iter().filter_map(|key| {
            let (old, new) = &key.operators;
            let operators = match self.direction {
                Direction::Forth => new,
                Direction::Back => old,
            };
            let value = self.stored(self.column(&key.name)?, record)?;
            Some(sql!(
                "{}.{} OPERATOR({}.=) {}",
                Word(alias),
                key.name,
                operators,
                value
            ))
        });
        List::separated(" AND ", pairs)
    }

    /// `s` of the source is the row `record` of it.
    fn itself(&self, record: Word) -> List {
        let operators = |key: &CopyKey| match self.direction {
            Direction::Forth => key.operators.0.clone(),
            Direction::Back => key.operators.1.clone(),
        };
        let pairs = self.copy.key.iter().map(|key| {
            sql!(
                "s.{} OPERATOR({}.=) {}.{}",
                key.name,
                operators(key),
                record,
                key.name
            )
        });
        List::separated(" AND ", pairs)
    }

    fn function_name(&self) -> Qualified {
        let purpose = match self.direction {
            Direction::Forth => "copy",
            Direction::Back => "copy back",
        };
        Qualified {
            schema: self.source.schema.clone(),
            name: Ident::new(temporary_name(&self.copy.table, purpose)),
        }
    }

    /// An application may have others than the session that copies.
    fn settings(&self) -> Sql {
        let hangs = |column: &CopiedColumn| {
            let said = [&column.forth, &column.back];
            hangs_on_settings(&column.old_type, &column.new_type)
                || said.iter().any(|by| matches!(by, Some(Conversion::By(_))))
        };
        match self.columns().any(hangs) {
            true => session::conversions_as_here(),
            false => sql!(""),
        }
    }

    /// What makes the triggers on the source, and what takes them away.
    pub fn statements(&self, context: &Context<'_>) -> (Vec<Sql>, Vec<Sql>) {
        let function = self.function_name();
        let mut there = vec![
            sql!(
                "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER{} AS {}",
                function,
                self.settings(),
                Body(&self.body())
            ),
            sql!("REVOKE ALL ON FUNCTION {}() FROM PUBLIC", function),
        ];
        let mut away = Vec::new();
        for (purpose, event) in [
            (
                "copy",
                "AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW",
            ),
            ("copy truncate", "AFTER TRUNCATE ON {} FOR EACH STATEMENT"),
        ] {
            let trigger = Ident::new(last_name(&self.copy.table, purpose));
            let (event, each) = event.split_once(" ON {} ").unwrap_or((event, ""));
            there.push(sql!(
                "CREATE TRIGGER {} {} ON {} {} EXECUTE FUNCTION {}()",
                trigger,
                Word(event),
                self.source,
                Word(each),
                function
            ));
            there.extend(replication::always(&self.source, &trigger, context));
            away.push(sql!("DROP TRIGGER {} ON {}", trigger, self.source));
        }
        away.push(sql!("DROP FUNCTION {}()", function));
        (there, away)
    }

    fn body(&self) -> Sql {
        // A TRUNCATE of a table that a foreign key points at truncates that one, too, which is being done.
        let empty = match self.referenced {
            true => sql!("DELETE FROM {}", self.target),
            false => sql!("TRUNCATE {}", self.target),
        };
        let keys = |record| {
            let fields = self
                .copy
                .key
                .iter()
                .map(|k| sql!("{}.{}", Word(record), k.name));
            List::comma(fields)
        };
        let values = self
            .columns()
            .filter_map(|c| self.value(c, Record::Named("s")));
        let again = self
            .columns()
            .map(|c| sql!("{} = EXCLUDED.{}", c.name, c.name));
        sql!(
            "
#variable_conflict use_column
DECLARE
    moved pg_catalog.bool := TG_OP IN ('UPDATE', 'DELETE');
    written pg_catalog.int8;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        {};
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        moved := ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record;
    END IF;
    IF moved THEN
        DELETE FROM {} AS t WHERE {}
            AND NOT EXISTS (SELECT FROM {} AS s WHERE {});
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO {} AS t ({}) OVERRIDING SYSTEM VALUE
            SELECT {} FROM {} AS s WHERE {}
            ON CONFLICT ({}) DO UPDATE SET {}{};
    END IF;
    RETURN NULL;
END;
",
            empty,
            keys("OLD"),
            keys("NEW"),
            self.target,
            self.joined("t", Record::Named("OLD")),
            self.source,
            self.itself(Word("OLD")),
            self.target,
            self.names(),
            List::comma(values),
            self.source,
            self.itself(Word("NEW")),
            List::comma(self.unique()),
            List::comma(again),
            self.other_rows()
        )
    }

    /// Where the target's key is the narrower one, a row of the source that is another one is an error, as it
    /// is for whoever writes the target itself.
    fn other_rows(&self) -> Sql {
        if self.unique().len() == self.copy.key.len() {
            return Sql::constant("");
        }
        let same = self.copy.key.iter().map(|key| {
            sql!(
                "t.{} OPERATOR({}.=) EXCLUDED.{}",
                key.name,
                match self.direction {
                    Direction::Forth => &key.operators.1,
                    Direction::Back => &key.operators.0,
                },
                key.name
            )
        });
        let message = format!(
            "duplicate key ({}): unique until the old {} is dropped",
            List::comma(self.unique()),
            self.source
        );
        sql!(
            "
            WHERE {};
        GET DIAGNOSTICS written = ROW_COUNT;
        IF written = 0 AND EXISTS (SELECT FROM {} AS s WHERE {}) THEN
            RAISE unique_violation USING MESSAGE = {};
        END IF",
            List::separated(" AND ", same),
            self.source,
            self.itself(Word("NEW")),
            Literal(&message)
        )
    }

    /// Per column of the target its value over a row without a name.
    pub fn row(&self) -> Vec<Assignment> {
        self.assigned(Record::Unnamed)
    }

    /// The same over the row `t`.
    pub fn row_of_t(&self) -> Vec<Assignment> {
        self.assigned(Record::Named("t"))
    }

    fn assigned(&self, record: Record) -> Vec<Assignment> {
        let columns = self.columns().filter_map(|c| {
            let value = self.value(c, record)?;
            Some(Assignment::new(c.name.clone(), value.to_string()))
        });
        columns.collect()
    }

    /// A row `t` of the source has no equal in the target.
    pub fn unequal(&self) -> Sql {
        let columns = self.columns().map(|c| sql!("c.{}", c.name));
        let values = self
            .columns()
            .filter_map(|c| self.stored(c, Record::Named("t")));
        sql!(
            "NOT EXISTS (SELECT FROM {} AS c WHERE {} AND ROW({})::record OPERATOR(pg_catalog.*=) ROW({})::record)",
            self.target,
            self.joined("c", Record::Named("t")),
            List::comma(columns),
            List::comma(values)
        )
    }

    /// A row `t` of the target has no counterpart in the source.
    pub fn orphaned(&self) -> Sql {
        // The source's index is looked up with values of the source's type.
        let other = match self.direction {
            Direction::Forth => Direction::Back,
            Direction::Back => Direction::Forth,
        };
        let back = Self {
            copy: self.copy,
            direction: other,
            source: self.target.clone(),
            target: self.source.clone(),
            referenced: self.referenced,
        };
        sql!(
            "NOT EXISTS (SELECT FROM {} AS s WHERE {})",
            self.source,
            back.joined("s", Record::Named("t"))
        )
    }
}

/// What the row is called that a value is computed from.
#[derive(Clone, Copy, Debug)]
enum Record {
    Named(&'static str),
    Unnamed,
}

impl Record {
    fn field(self, name: &Ident) -> Sql {
        match self {
            Self::Named(record) => sql!("{}.{}", Word(record), name),
            Self::Unnamed => sql!("{}", name),
        }
    }
}

fn value(conversion: &Conversion, record: Record, name: &Ident, data_type: &str) -> Sql {
    let now = record.field(name);
    match conversion {
        Conversion::Assignment => now,
        Conversion::Cast => sql!("{}::{}", now, Deparsed(data_type)),
        Conversion::Text => sql!("{}::text::{}", now, Deparsed(data_type)),
        Conversion::By(expression) => {
            let Record::Named(_) = record else {
                return sql!("({})", Deparsed(&expression.text));
            };
            let columns = expression.columns.iter();
            let columns: Vec<Sql> = columns
                .map(|column| sql!("{} AS {}", record.field(column), column))
                .collect();
            if columns.is_empty() {
                return sql!("({})", Deparsed(&expression.text));
            }
            sql!(
                "(SELECT {} FROM (SELECT {}) AS \"row\")",
                Deparsed(&expression.text),
                List::comma(columns)
            )
        }
    }
}
