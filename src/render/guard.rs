//! Statements that do no harm when a script runs a second time.
//!
//! A script has no ledger. A statement gets IF [NOT] EXISTS or OR REPLACE where its form has it,
//! a condition on the catalog where it has not, and is called open where neither is known.
//! Source: PostgreSQL manual 14-18, "SQL Commands"; RULES.md, "IF [NOT] EXISTS".

mod probe;
mod publication;
mod reader;

use crate::pg::ident::Literal;
use crate::source::token::{TokenKind, Tokenizer};
use probe::{column_exists, constraint_exists, defined_type, inherits, raw, regclass, sibling};
use reader::Reader;

/// What a second run makes of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It does nothing, or the same once more.
    Harmless,
    /// It runs only where this SQL condition holds.
    When(String),
    /// Not known.
    Open,
}

/// A statement as a script has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Guarded {
    pub sql: String,
    pub again: Again,
    /// The index that a concurrent build may leave invalid.
    pub builds: Option<String>,
    /// The tables, columns and sequences whose names it gives and takes away: what is taken away
    /// first and given later must not be taken away by a second run.
    pub gives: Vec<String>,
    pub takes: Vec<String>,
}

/// The statement with its semicolon, which a comment at its end does not swallow.
pub(super) fn terminated(sql: &str) -> String {
    let sql = sql.trim_end();
    let last = Tokenizer::new(sql).map_while(Result::ok).last();
    match last.is_some_and(|t| t.kind == TokenKind::LineComment) {
        true => format!("{sql}\n;"),
        false => format!("{sql};"),
    }
}

/// Makes `sql`, one statement, fit for a second run.
pub(super) fn guard(sql: &str) -> Guarded {
    let mut reader = Reader::new(sql);
    let again = reader.statement();
    Guarded {
        sql: reader.rewritten(),
        again,
        builds: reader.builds,
        gives: reader.gives,
        takes: reader.takes,
    }
}

const NOT_EXISTS: &str = "IF NOT EXISTS ";
const EXISTS: &str = "IF EXISTS ";

impl Reader<'_> {
    fn statement(&mut self) -> Again {
        if self.eat("CREATE") {
            return self.create().unwrap_or(Again::Open);
        }
        if self.eat("DROP") {
            return self.drop_object();
        }
        if self.eat("ALTER") {
            return self.alter().unwrap_or(Again::Open);
        }
        const REPEATABLE: [&str; 8] = [
            "COMMENT",
            "GRANT",
            "REVOKE",
            "SECURITY LABEL",
            "ANALYZE",
            "REINDEX",
            "REFRESH",
            "VACUUM",
        ];
        match self.eat_any(&REPEATABLE) {
            true => Again::Harmless,
            false => Again::Open,
        }
    }

    fn create(&mut self) -> Option<Again> {
        const REPLACED: [&str; 9] = [
            "VIEW",
            "RECURSIVE VIEW",
            "FUNCTION",
            "PROCEDURE",
            "AGGREGATE",
            "RULE",
            "TRIGGER",
            "LANGUAGE",
            "TRANSFORM",
        ];
        if self.eat("OR REPLACE") {
            return Some(Again::Harmless);
        }
        let here = self.at;
        if self.eat_any(&REPLACED) {
            self.at = here;
            self.insert("OR REPLACE ");
            return Some(Again::Harmless);
        }
        if self.eat_any(&["UNIQUE INDEX", "INDEX"]) {
            return self.create_index();
        }
        if self.eat_any(&[
            "TABLE",
            "UNLOGGED TABLE",
            "FOREIGN TABLE",
            "MATERIALIZED VIEW",
            "SEQUENCE",
        ]) {
            self.insert_if(NOT_EXISTS);
            let name = self.name()?;
            self.gives.push(name);
            return Some(Again::Harmless);
        }
        if self.eat_any(&["SCHEMA", "EXTENSION", "SERVER", "STATISTICS", "COLLATION"])
            || self.eat("USER MAPPING")
        {
            self.insert_if(NOT_EXISTS);
            return Some(Again::Harmless);
        }
        if self.eat_any(&["TYPE", "DOMAIN"]) {
            let name = self.name()?;
            // Of a shell type a type is made: to_regtype() finds none, and fails on 14.
            let of_shell = matches!(self.text(self.at), "" | "(") || self.eat("AS RANGE");
            return Some(Again::When(match of_shell {
                true => self.type_is_missing(&name),
                false => format!("to_regtype({}) IS NULL", Literal(&name)),
            }));
        }
        for (words, catalog, relation, column) in [
            ("CONSTRAINT TRIGGER", "pg_trigger", "tgrelid", "tgname"),
            ("POLICY", "pg_policy", "polrelid", "polname"),
        ] {
            if self.eat(words) {
                let name = raw(&self.name()?);
                self.seek("ON");
                let table = self.name()?;
                return Some(Again::When(format!(
                    "NOT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {relation} = {} AND {column} = {})",
                    regclass(&table),
                    Literal(&name)
                )));
            }
        }
        for (words, catalog, column) in [
            ("PUBLICATION", "pg_publication", "pubname"),
            ("EVENT TRIGGER", "pg_event_trigger", "evtname"),
        ] {
            if self.eat(words) {
                let name = raw(&self.name()?);
                return Some(Again::When(format!(
                    "NOT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = {})",
                    Literal(&name)
                )));
            }
        }
        None
    }

    fn create_index(&mut self) -> Option<Again> {
        let concurrently = self.eat("CONCURRENTLY");
        if self.is_word(self.at, "ON") {
            return None;
        }
        self.insert_if(NOT_EXISTS);
        let index = self.name()?;
        if !self.eat("ON") {
            return None;
        }
        self.eat("ONLY");
        let table = self.name()?;
        if concurrently {
            // An index stands in the schema of its table.
            let schema = table.rsplit_once('.').map(|(schema, _)| schema);
            self.builds = Some(schema.map_or(index.clone(), |s| format!("{s}.{index}")));
        }
        Some(Again::Harmless)
    }

    fn drop_object(&mut self) -> Again {
        const KINDS: [&str; 34] = [
            "TABLE",
            "FOREIGN TABLE",
            "MATERIALIZED VIEW",
            "VIEW",
            "INDEX CONCURRENTLY",
            "INDEX",
            "SEQUENCE",
            "SCHEMA",
            "EXTENSION",
            "TYPE",
            "DOMAIN",
            "FUNCTION",
            "PROCEDURE",
            "AGGREGATE",
            "ROUTINE",
            "EVENT TRIGGER",
            "TRIGGER",
            "RULE",
            "POLICY",
            "STATISTICS",
            "COLLATION",
            "CONVERSION",
            "PUBLICATION",
            "SUBSCRIPTION",
            "SERVER",
            "CAST",
            "OPERATOR CLASS",
            "OPERATOR FAMILY",
            "OPERATOR",
            "FOREIGN DATA WRAPPER",
            "USER MAPPING",
            "TEXT SEARCH CONFIGURATION",
            "TEXT SEARCH DICTIONARY",
            "LANGUAGE",
        ];
        let here = self.at;
        if !self.eat_any(&KINDS) {
            return Again::Open;
        }
        let kind = self.text(here).to_ascii_uppercase();
        self.insert_if(EXISTS);
        if ["TABLE", "FOREIGN", "MATERIALIZED", "SEQUENCE"].contains(&kind.as_str()) {
            while let Some(name) = self.name() {
                self.takes.push(name);
                if !self.eat_punct(",") {
                    break;
                }
            }
        }
        Again::Harmless
    }

    fn alter(&mut self) -> Option<Again> {
        if self.eat_any(&["TABLE", "FOREIGN TABLE"]) {
            return self.alter_table();
        }
        if self.eat_any(&["INDEX", "VIEW", "MATERIALIZED VIEW", "SEQUENCE"]) {
            self.eat("IF EXISTS");
            let name = self.name()?;
            if self.eat_any(&["RENAME COLUMN", "RENAME TO"]) {
                self.at -= 2;
                return self.rename(&name);
            }
            // A sequence set back a second time gives the same numbers again.
            return (!self.seek("RESTART") && !self.sql.to_uppercase().contains("SET SCHEMA"))
                .then_some(Again::Harmless);
        }
        if self.eat("TYPE") {
            return self.alter_type();
        }
        if self.eat("DOMAIN") {
            return self.alter_domain();
        }
        if self.eat("PUBLICATION") {
            return self.alter_publication();
        }
        let known = self.eat_any(&[
            "DEFAULT PRIVILEGES",
            "EXTENSION",
            "FUNCTION",
            "PROCEDURE",
            "SCHEMA",
            "STATISTICS",
        ]);
        (known && !self.seek("RENAME")).then_some(Again::Harmless)
    }

    fn type_is_missing(&self, name: &str) -> String {
        let defined = defined_type(name);
        match self.text(self.at) {
            "" => format!("{defined} IS NULL"),
            _ => format!("{defined} IS NOT TRUE"),
        }
    }

    fn alter_type(&mut self) -> Option<Again> {
        let name = self.name()?;
        if self.eat("ADD VALUE") {
            self.insert_if(NOT_EXISTS);
            return Some(Again::Harmless);
        }
        if self.eat("RENAME VALUE") {
            let label = self.text(self.at);
            return Some(Again::When(format!(
                "EXISTS (SELECT FROM pg_catalog.pg_enum WHERE enumtypid = to_regtype({}) AND enumlabel = {label})",
                Literal(&name)
            )));
        }
        if self.eat("RENAME TO") {
            let new = sibling(&name, &self.name()?);
            return Some(Again::When(format!(
                "to_regtype({}) IS NOT NULL AND to_regtype({}) IS NULL",
                Literal(&name),
                Literal(&new)
            )));
        }
        if self.eat("ADD ATTRIBUTE") {
            let attribute = raw(&self.name()?);
            let single = !self.next_action();
            return single
                .then(|| Again::When(format!("NOT {}", column_exists(&name, &attribute))));
        }
        if self.eat("DROP ATTRIBUTE") {
            self.insert_if(EXISTS);
            return (!self.next_action()).then_some(Again::Harmless);
        }
        self.eat_any(&["OWNER", "SET", "ALTER ATTRIBUTE"])
            .then_some(Again::Harmless)
    }

    fn alter_domain(&mut self) -> Option<Again> {
        let name = self.name()?;
        if self.eat("ADD CONSTRAINT") {
            let constraint = raw(&self.name()?);
            return Some(Again::When(format!(
                "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE contypid = to_regtype({}) AND conname = {})",
                Literal(&name),
                Literal(&constraint)
            )));
        }
        if self.eat("DROP CONSTRAINT") {
            self.insert_if(EXISTS);
            return Some(Again::Harmless);
        }
        self.eat_any(&[
            "SET DEFAULT",
            "SET NOT NULL",
            "DROP DEFAULT",
            "DROP NOT NULL",
            "VALIDATE",
            "OWNER",
        ])
        .then_some(Again::Harmless)
    }

    fn alter_table(&mut self) -> Option<Again> {
        let has_if = self.eat("IF EXISTS");
        let after_table = self.at;
        self.eat("ONLY");
        let table = self.name()?;
        if self.eat("RENAME") {
            self.at -= 1;
            return self.rename(&table);
        }
        let mut conditions = Vec::new();
        let mut actions = 0;
        let mut removes_only = true;
        loop {
            actions += 1;
            let start = self.at;
            match self.table_action(&table)? {
                Again::When(condition) => conditions.push(condition),
                Again::Harmless => {}
                Again::Open => return None,
            }
            removes_only &= self.is_word(start, "DROP");
            if !self.next_action() {
                break;
            }
        }
        if removes_only && !has_if {
            // The table itself may be dropped by a later step.
            self.at = after_table;
            self.insert(EXISTS);
        }
        match (conditions.pop(), actions) {
            (None, _) => Some(Again::Harmless),
            (Some(condition), 1) => Some(Again::When(condition)),
            _ => None,
        }
    }

    fn table_action(&mut self, table: &str) -> Option<Again> {
        if self.eat("ADD COLUMN") {
            self.insert_if(NOT_EXISTS);
            let column = self.name()?;
            self.gives.push(format!("{table}.{column}"));
            return Some(Again::Harmless);
        }
        if self.eat("ADD CONSTRAINT") {
            let constraint = raw(&self.name()?);
            return Some(Again::When(format!(
                "NOT {}",
                constraint_exists(table, &constraint)
            )));
        }
        if self.eat("ADD NOT NULL") {
            let column = raw(&self.name()?);
            return Some(Again::When(format!(
                "NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_attribute a \
                 ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
                 WHERE c.conrelid = {} AND c.contype = 'n' AND a.attname = {})",
                regclass(table),
                Literal(&column)
            )));
        }
        if self.eat("DROP CONSTRAINT") {
            self.insert_if(EXISTS);
            return Some(Again::Harmless);
        }
        if self.eat("DROP COLUMN") {
            self.insert_if(EXISTS);
            let column = self.name()?;
            self.takes.push(format!("{table}.{column}"));
            return Some(Again::Harmless);
        }
        if self.eat("ATTACH PARTITION") {
            let child = self.name()?;
            return Some(Again::When(format!("NOT {}", inherits(&child, table))));
        }
        if self.eat("DETACH PARTITION") {
            let child = self.name()?;
            return Some(Again::When(inherits(&child, table)));
        }
        if self.eat("NO INHERIT") {
            let parent = self.name()?;
            return Some(Again::When(inherits(table, &parent)));
        }
        if self.eat("INHERIT") {
            let parent = self.name()?;
            return Some(Again::When(format!("NOT {}", inherits(table, &parent))));
        }
        if self.eat_any(&["ALTER COLUMN"]) {
            return self.column_action(table);
        }
        if self.eat("SET SCHEMA") {
            return None;
        }
        self.eat_any(&[
            "VALIDATE CONSTRAINT",
            "SET",
            "RESET",
            "ENABLE",
            "DISABLE",
            "FORCE",
            "NO FORCE",
            "CLUSTER ON",
            "REPLICA IDENTITY",
            "OWNER TO",
            "OF",
            "NOT OF",
            "ALTER CONSTRAINT",
        ])
        .then_some(Again::Harmless)
    }

    fn column_action(&mut self, table: &str) -> Option<Again> {
        let column = raw(&self.name()?);
        if self.eat_any(&["DROP IDENTITY", "DROP EXPRESSION"]) {
            if !self.eat("IF EXISTS") {
                // At the end of the statement there is no token to stand before.
                let end = self.tokens.get(self.at.checked_sub(1)?)?.end;
                self.inserts.push((end, " IF EXISTS"));
            }
            return Some(Again::Harmless);
        }
        if self.eat("ADD GENERATED") {
            return Some(Again::When(format!(
                "EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {} AND attname = {} AND attidentity = '')",
                regclass(table),
                Literal(&column)
            )));
        }
        if self.eat_any(&["TYPE", "SET DATA TYPE"]) {
            let start = self.tokens.get(self.at)?.start;
            let mut end = self.sql.len();
            let mut converts = false;
            while self.at < self.tokens.len() && self.text(self.at) != "," {
                if self.is_word(self.at, "USING") || self.is_word(self.at, "COLLATE") {
                    end = end.min(self.tokens.get(self.at)?.start);
                    converts |= self.is_word(self.at, "USING");
                }
                if self.text(self.at) == "(" && !self.skip_parentheses() {
                    return None;
                }
                self.at += 1;
            }
            if !converts {
                return Some(Again::Harmless);
            }
            // A conversion that is done twice may not give the same (cents of cents).
            let of = self.sql.get(start..end)?.trim();
            return Some(Again::When(format!(
                "(SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute \
                 WHERE attrelid = {} AND attname = {}) IS DISTINCT FROM {}",
                regclass(table),
                Literal(&column),
                Literal(of)
            )));
        }
        // RESTART of an identity gives the same numbers again.
        let harmless = self.eat_any(&["DROP DEFAULT", "DROP NOT NULL", "SET", "RESET"]);
        (harmless && !self.sql.to_ascii_uppercase().contains("RESTART")).then_some(Again::Harmless)
    }

    fn rename(&mut self, relation: &str) -> Option<Again> {
        if self.eat("RENAME TO") {
            let new = sibling(relation, &self.name()?);
            self.takes.push(relation.to_owned());
            self.gives.push(new.clone());
            return Some(Again::When(format!(
                "{} IS NOT NULL AND {} IS NULL",
                regclass(relation),
                regclass(&new)
            )));
        }
        if self.eat("RENAME CONSTRAINT") {
            let old = raw(&self.name()?);
            return Some(Again::When(constraint_exists(relation, &old)));
        }
        if self.eat("RENAME COLUMN") {
            let old = self.name()?;
            if !self.eat("TO") {
                return None;
            }
            let new = self.name()?;
            self.takes.push(format!("{relation}.{old}"));
            self.gives.push(format!("{relation}.{new}"));
            return Some(Again::When(format!(
                "{} AND NOT {}",
                column_exists(relation, &raw(&old)),
                column_exists(relation, &raw(&new))
            )));
        }
        None
    }
}

#[cfg(test)]
mod tests;
