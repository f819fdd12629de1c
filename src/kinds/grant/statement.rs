//! GRANT and REVOKE as statements.

use super::held::{Form, Held};
use super::{Grant, Grantee, On};
use crate::kinds::KindTag;
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;

impl Grant {
    /// The statements from `from` to `to` that give, or those that take.
    pub(super) fn steps(&self, from: Held<'_>, to: Held<'_>, gives: bool) -> Vec<Sql> {
        let steps = from.steps_to(to).into_iter();
        let steps = steps.filter(|(form, _)| form.gives() == gives);
        steps
            .filter_map(|(form, privileges)| self.statement(&privileges, form))
            .collect()
    }

    fn statement(&self, privileges: &[&str], form: Form) -> Option<Sql> {
        let column = self.column_name();
        let privileges = privileges.iter().map(|p| match &column {
            Some(column) => sql!("{} ({})", Deparsed(p), column),
            None => sql!("{}", Deparsed(p)),
        });
        let privileges = self.in_format(&sql!("{}", List::comma(privileges)));
        let on = self.named()?;
        let grantee = match &self.grantee {
            Grantee::Public => sql!("PUBLIC"),
            Grantee::Role(role) => self.in_format(&sql!("{}", role)),
            Grantee::Owner => sql!("%2$I"),
        };
        let takes_columns = !form.gives() && self.on == On::Table && self.beside_columns;
        let (verb, to, end) = form.words();
        let (verb, to, end) = (Word(verb), Word(to), Word(end));
        let statement = sql!(
            "{} {} ON {} {} {}{}",
            verb,
            privileges,
            on,
            to,
            grantee,
            end
        );
        if !self.is_named_late() && !takes_columns {
            return Some(statement);
        }
        Some(self.block(&statement, takes_columns))
    }

    /// The owner and the sequence of an identity column are known to the server alone.
    fn is_named_late(&self) -> bool {
        self.grantee == Grantee::Owner || self.on == On::IdentitySequence
    }

    /// In the text of `format`, every `%` of a name is doubled.
    fn in_format(&self, part: &Sql) -> Sql {
        match self.is_named_late() {
            true => Sql::deparsed(part.as_str().replace('%', "%%")),
            false => part.clone(),
        }
    }

    fn column_name(&self) -> Option<Ident> {
        if self.on != On::Column {
            return None;
        }
        let of_table = || {
            self.target
                .path
                .last()
                .map(|name| Ident::new(name.as_str()))
        };
        self.column.clone().or_else(of_table)
    }

    fn named(&self) -> Option<Sql> {
        let path: Vec<&str> = self.target.path.iter().map(String::as_str).collect();
        let late = |sql: Sql| self.in_format(&sql);
        let relation = || match path.as_slice() {
            [schema, name, ..] => Some(Qualified::new(*schema, *name)),
            _ => None,
        };
        Some(match self.on {
            On::Table | On::Column => late(sql!("TABLE {}", relation()?)),
            On::Sequence => late(sql!("SEQUENCE {}", relation()?)),
            On::IdentitySequence => sql!("SEQUENCE %1$s"),
            On::Type => late(sql!("TYPE {}", relation()?)),
            On::Schema => late(sql!("SCHEMA {}", Ident::new(*path.first()?))),
            On::ForeignDataWrapper => {
                late(sql!("FOREIGN DATA WRAPPER {}", Ident::new(*path.first()?)))
            }
            On::ForeignServer => late(sql!("FOREIGN SERVER {}", Ident::new(*path.first()?))),
            On::Language => late(sql!("LANGUAGE {}", Ident::new(*path.first()?))),
            On::Routine | On::Aggregate => late(sql!("ROUTINE {}", self.routine()?)),
        })
    }

    fn routine(&self) -> Option<Sql> {
        match (self.target.kind, self.target.path.as_slice()) {
            (KindTag::Function | KindTag::Aggregate, [schema, name, arguments]) => Some(sql!(
                "{}({})",
                Qualified::new(schema, name),
                Deparsed(arguments)
            )),
            _ => None,
        }
    }

    /// The statement with the names that only the server knows, and with what it takes along put back.
    fn block(&self, statement: &Sql, takes_columns: bool) -> Sql {
        let execute = match self.is_named_late() {
            true => sql!(
                "EXECUTE pg_catalog.format({}, {}, {})",
                Literal(statement.as_str()),
                self.sequence(),
                self.owner()
            ),
            false => statement.clone(),
        };
        if !takes_columns {
            return sql!(
                "
BEGIN
    {};
END;
",
                execute
            )
            .block();
        }
        let grantee = match &self.grantee {
            Grantee::Public => sql!("0"),
            Grantee::Role(role) => sql!("{}::pg_catalog.regrole", Literal(&role.to_string())),
            Grantee::Owner => sql!("{}::pg_catalog.regrole", self.owner()),
        };
        let table = self.named_table();
        sql!(
            "
DECLARE
    columns pg_catalog.text;
BEGIN
    -- The server revokes the privileges on the columns, too.
    SELECT pg_catalog.string_agg(pg_catalog.format('GRANT %s (%I) ON %s TO %s%s', x.privilege_type, a.attname
             , a.attrelid::pg_catalog.regclass
             , CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::pg_catalog.regrole::pg_catalog.text END
             , CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), '; ')
      INTO columns
      FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x
     WHERE a.attrelid = {}::pg_catalog.regclass AND NOT a.attisdropped AND x.grantee = {};
    {};
    IF columns IS NOT NULL THEN
        EXECUTE columns;
    END IF;
END;
",
            Literal(&table),
            grantee,
            execute
        )
        .block()
    }

    fn named_table(&self) -> String {
        match self.target.path.as_slice() {
            [schema, name, ..] => Qualified::new(schema, name).to_string(),
            _ => String::new(),
        }
    }

    fn sequence(&self) -> Sql {
        match (self.on, self.target.path.last()) {
            (On::IdentitySequence, Some(column)) => sql!(
                "pg_catalog.pg_get_serial_sequence({}, {})",
                Literal(&self.named_table()),
                Literal(column)
            ),
            _ => sql!("NULL"),
        }
    }

    fn owner(&self) -> Sql {
        if self.grantee != Grantee::Owner {
            return sql!("NULL");
        }
        let of = |catalog: &'static str, owner: &'static str, oid: Sql| {
            sql!(
                "(SELECT pg_catalog.pg_get_userbyid({}) FROM pg_catalog.{} WHERE oid = {})",
                Word(owner),
                Word(catalog),
                oid
            )
        };
        let table = self.named_table();
        let by_name = |catalog: &'static str, owner: &'static str, name: &'static str| {
            let called = self.target.path.first().map_or("", String::as_str);
            sql!(
                "(SELECT pg_catalog.pg_get_userbyid({}) FROM pg_catalog.{} WHERE {} = {})",
                Word(owner),
                Word(catalog),
                Word(name),
                Literal(called)
            )
        };
        match self.on {
            On::ForeignDataWrapper => by_name("pg_foreign_data_wrapper", "fdwowner", "fdwname"),
            On::ForeignServer => by_name("pg_foreign_server", "srvowner", "srvname"),
            On::Language => by_name("pg_language", "lanowner", "lanname"),
            On::Table | On::Column | On::Sequence => {
                let oid = sql!("{}::pg_catalog.regclass", Literal(&table));
                of("pg_class", "relowner", oid)
            }
            On::IdentitySequence => {
                let oid = sql!("{}::pg_catalog.regclass", self.sequence());
                of("pg_class", "relowner", oid)
            }
            On::Type => {
                let oid = sql!("{}::pg_catalog.regtype", Literal(&table));
                of("pg_type", "typowner", oid)
            }
            On::Routine | On::Aggregate => {
                let name = self.routine().map(|r| r.to_string()).unwrap_or_default();
                let oid = sql!("{}::pg_catalog.regprocedure", Literal(&name));
                of("pg_proc", "proowner", oid)
            }
            On::Schema => by_name("pg_namespace", "nspowner", "nspname"),
        }
    }
}
