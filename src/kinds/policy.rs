//! Row security policies. The switches of row security are the table's.

use super::{
    Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment, text,
};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub schema: Ident,
    pub table: Ident,
    pub name: Ident,
    pub permissive: bool,
    pub command: Command,
    /// Nobody named: PUBLIC. An empty name: whoever executes the statement.
    pub roles: Vec<Ident>,
    /// The rows that are there for the command.
    pub using: Option<String>,
    /// The rows that may be written.
    pub check: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    All,
    Select,
    Insert,
    Update,
    Delete,
}

impl Policy {
    pub fn table_name(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.table.clone(),
        }
    }

    fn to(&self) -> Sql {
        if self.roles.is_empty() {
            return sql!(" TO {}", Word("PUBLIC"));
        }
        let roles = self.roles.iter().map(|role| match role.raw() {
            "" => sql!("CURRENT_USER"),
            _ => sql!("{}", role),
        });
        sql!(" TO {}", List::comma(roles))
    }

    fn clause(word: &'static str, expression: Option<&String>) -> Sql {
        match expression {
            Some(e) => sql!(" {} ({})", Word(word), Deparsed(e)),
            None => Sql::constant(""),
        }
    }

    fn clauses(&self) -> Sql {
        sql!(
            "{}{}{}",
            self.to(),
            Self::clause("USING", self.using.as_ref()),
            Self::clause("WITH CHECK", self.check.as_ref())
        )
    }
}

impl Kind for Policy {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 3256::bigint AS classid
                  , p.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS table
                  , p.polname AS name
                  , p.polpermissive AS permissive
                  , CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update'
                         WHEN 'd' THEN 'delete' ELSE 'all' END AS command
                  , coalesce((SELECT json_agg({} ORDER BY r.rolname) FROM pg_roles r
                               WHERE r.oid = ANY (p.polroles)), '[]') AS roles
                  , pg_get_expr(p.polqual, p.polrelid) AS \"using\"
                  , pg_get_expr(p.polwithcheck, p.polrelid) AS \"check\"
               FROM pg_policy p
               JOIN pg_class c ON c.oid = p.polrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE {} AND {}",
            fragment::role("r.rolname"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_policy")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(
            KindTag::Policy,
            [self.schema.raw(), self.table.raw(), self.name.raw()],
        )
    }

    fn parent(&self) -> Option<ObjectId> {
        let path = [self.schema.raw(), self.table.raw()];
        Some(ObjectId::new(KindTag::Table, path))
    }

    fn roles(&self) -> Vec<&Ident> {
        let named = self.roles.iter().filter(|role| !role.raw().is_empty());
        named.collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            table: _,
            name: _,
            permissive,
            command,
            roles,
            using,
            check,
        } = self;
        vec![
            attr("permissive", permissive),
            attr("command", command),
            attr("roles", roles),
            text("using", using),
            text("check", check),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let restrictive = Word(if self.permissive {
            ""
        } else {
            " AS RESTRICTIVE"
        });
        let command = Word(match self.command {
            Command::All => "ALL",
            Command::Select => "SELECT",
            Command::Insert => "INSERT",
            Command::Update => "UPDATE",
            Command::Delete => "DELETE",
        });
        vec![sql!(
            "CREATE POLICY {} ON {}{} FOR {}{}",
            self.name,
            self.table_name(),
            restrictive,
            command,
            self.clauses()
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP POLICY {} ON {}", self.name, self.table_name())]
    }

    fn hazards_of_change(&self, _: &Self, attribute: &str) -> Option<Hazard> {
        let judges = matches!(attribute, "using" | "check" | "roles");
        let text = || {
            format!(
                "what the new {} does not let through in {} is hidden, or rejected",
                self.name,
                self.table_name()
            )
        };
        judges.then(|| Hazard::declared(HazardKind::BreaksQueries, text()))
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let alter = |clause: Sql| {
            Alter::InPlace(vec![sql!(
                "ALTER POLICY {} ON {}{}",
                self.name,
                self.table_name(),
                clause
            )])
        };
        match (attribute, &self.using, &self.check) {
            ("roles", _, _) => alter(self.to()),
            ("using", Some(_), _) => alter(Self::clause("USING", self.using.as_ref())),
            ("check", _, Some(_)) if self.command == old.command => {
                alter(Self::clause("WITH CHECK", self.check.as_ref()))
            }
            _ => Alter::Replace {
                why: "ALTER POLICY changes neither the command nor the kind of a policy, and takes no expression away",
            },
        }
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let table = self.table_name();
        let (kind, text) = match (verb, self.permissive) {
            (Verb::Drop, true) => (
                HazardKind::BreaksQueries,
                format!(
                    "what only {} lets through in {table} is hidden, or rejected",
                    self.name
                ),
            ),
            (Verb::Create, false) => (
                HazardKind::BreaksQueries,
                format!(
                    "what {} does not let through in {table} is hidden, or rejected",
                    self.name
                ),
            ),
            (Verb::Create, true) | (Verb::Drop, false) => return Vec::new(),
        };
        vec![Hazard::declared(kind, text)]
    }
}
