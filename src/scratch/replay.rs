//! Runs migrations in a scratch database, each after the other: the history of a schema.
//!
//! Unlike the files of a schema they have an order, and rows are part of them: what one inserts another may need. A
//! migration is one transaction where it can be; one that begins or ends transactions itself, is marked to have none,
//! or holds a statement that runs in none is sent statement by statement.

use super::elaborate::{ElaborateError, Elaborated, lost, missing_role, rejection};
use super::{Database, ScratchError, privileged};
use crate::catalog::Unmodeled;
use crate::pg::{Ident, ident::Literal};
use crate::source::boundary::{Boundary, boundary, sets_role};
use crate::source::migrations::{Migration, Migrations};
use crate::source::reader::Reader;
use crate::source::{Class, Statement};
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What every migration finds: the settings of a new session.
const START: &str =
    "RESET ALL; SET search_path = public; SET client_min_messages = error; SET row_security = off;";

/// Runs `migrations` in `database`, in their order; `owners`: whether OWNER TO is executed, too.
///
/// # Errors
/// [`ElaborateError::Rejected`] with the place and the server's message for the first statement that fails.
pub fn replay(
    database: &Database,
    migrations: &Migrations,
    owners: bool,
) -> Result<Elaborated, ElaborateError> {
    let files = &migrations.files;
    let mut outcome = Elaborated::default();
    outcome.notices.extend(
        files
            .notices
            .iter()
            .map(|n| format!("{}: {}", n.place, n.text)),
    );
    for statement in &files.statements {
        if let Class::Refused { why } = statement.class
            && !sets_role(files.statement_text(statement))
        {
            return Err(ElaborateError::Refused {
                why: why.to_owned(),
                excerpt: files.excerpt(statement),
            });
        }
    }
    let beforehand = extensions(database, migrations)?;
    let texts = files.statements.iter().map(|s| files.statement_text(s));
    if texts.into_iter().any(privileged::is_another) {
        database.let_privileged_through()?;
    }
    let mut client = database.connect()?;
    if owners {
        database.open_to_owners(&mut client)?;
    }
    let mut run = Run {
        database,
        migrations,
        owners,
        client,
        time_zone: String::new(),
        beforehand,
        roles: BTreeSet::new(),
        unmodeled: BTreeSet::new(),
    };
    run.time_zone = run
        .client
        .query_one("SHOW TimeZone", &[])
        .map_err(lost)?
        .get(0);
    for migration in &migrations.migrations {
        run.migration(migration)?;
    }
    outcome.unmodeled = run.unmodeled;
    Ok(outcome)
}

/// Extensions that only a superuser may create are there before the first migration.
fn extensions(
    database: &Database,
    migrations: &Migrations,
) -> Result<BTreeSet<String>, ElaborateError> {
    let files = &migrations.files;
    let mut made = BTreeSet::new();
    for statement in &files.statements {
        let Class::Extension { name, version, .. } = &statement.class else {
            continue;
        };
        match database.create_extension(name, None, version.as_deref()) {
            Ok(()) => {
                made.insert(name.clone());
            }
            Err(
                error @ (ScratchError::ExtensionNotAllowed { .. }
                | ScratchError::ExtensionMissing { .. }),
            ) => {
                let help = error
                    .help()
                    .map(|help| format!(" ({help})"))
                    .unwrap_or_default();
                return Err(ElaborateError::Refused {
                    why: format!("{error}{help}"),
                    excerpt: files.excerpt(statement),
                });
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(made)
}

struct Run<'a> {
    database: &'a Database,
    migrations: &'a Migrations,
    /// Whether objects are given to others.
    owners: bool,
    client: Client,
    time_zone: String,
    /// Extensions that are there already, and have not been created by the migrations yet.
    beforehand: BTreeSet<String>,
    roles: BTreeSet<String>,
    unmodeled: BTreeSet<Unmodeled>,
}

/// What is done with a statement.
enum Act {
    Run,
    Skip,
    /// Something else in its place.
    Instead(String),
}

impl Run<'_> {
    fn migration(&mut self, migration: &Migration) -> Result<(), ElaborateError> {
        let statements = &self.migrations.files.statements[migration.statements.clone()];
        let mut acts = Vec::with_capacity(statements.len());
        for statement in statements {
            acts.push(self.act(statement)?);
        }
        let whole =
            migration.transactional && !statements.iter().any(|s| self.ends_transactions(s));
        loop {
            self.enter()?;
            if whole && self.together(statements, &acts) {
                return Ok(());
            }
            let Err((index, error)) = self.one_by_one(statements, &acts, whole)? else {
                return Ok(());
            };
            // A role that nobody has made is there on the live server.
            let role = error.as_db_error().and_then(missing_role);
            if let Some(role) = role
                && self.roles.insert(role.clone())
                && whole
            {
                self.database.create_role(&role)?;
                continue;
            }
            return Err(self.failed(&statements[index], &error));
        }
    }

    fn ends_transactions(&self, statement: &Statement) -> bool {
        let text = self.migrations.files.statement_text(statement);
        boundary(text) != Boundary::None
    }

    fn act(&mut self, statement: &Statement) -> Result<Act, ElaborateError> {
        let text = self.migrations.files.statement_text(statement);
        Ok(match &statement.class {
            Class::Extension { name, schema, .. } if self.beforehand.remove(name) => match schema {
                Some(schema) => Act::Instead(
                    sql!(
                        "ALTER EXTENSION {} SET SCHEMA {}",
                        Ident::new(name.as_str()),
                        Ident::new(schema.as_str())
                    )
                    .to_string(),
                ),
                None => Act::Skip,
            },
            Class::Unmodeled { what, subject } => {
                let created = Reader::new(text).sees(&["create"]);
                let name = subject.split_whitespace().nth(1).unwrap_or_default();
                if *what == "role" && created && self.roles.insert(name.to_owned()) {
                    let mut name = Reader::new(name);
                    if let Some(name) = name.ident() {
                        self.database.create_role(&name)?;
                    }
                }
                self.unmodeled.insert(Unmodeled {
                    what: (*what).to_owned(),
                    name: subject.clone(),
                });
                Act::Skip
            }
            Class::Refused { .. } => Act::Skip,
            Class::Owner { .. } if !self.owners => Act::Skip,
            // Rows out of a file or a pipe are not here.
            Class::Data if Reader::new(text).sees(&["copy"]) => Act::Skip,
            _ => Act::Run,
        })
    }

    fn enter(&mut self) -> Result<(), ElaborateError> {
        let zone = sql!("SET TimeZone = {}", Literal(&self.time_zone));
        self.client
            .batch_execute(START)
            .and_then(|()| self.client.batch_execute(zone.as_str()))
            .map_err(lost)
    }

    fn text<'t>(&'t self, statement: &Statement, act: &'t Act) -> Option<Cow<'t, str>> {
        match act {
            Act::Run => {
                let text = self.migrations.files.statement_text(statement);
                Some(privileged::on_scratch(text))
            }
            Act::Skip => None,
            Act::Instead(text) => Some(Cow::Borrowed(text)),
        }
    }

    /// Sends the whole migration at once; whether that went well.
    fn together(&mut self, statements: &[Statement], acts: &[Act]) -> bool {
        let mut script = "BEGIN;\n".to_owned();
        for (statement, act) in statements.iter().zip(acts) {
            if let Some(text) = self.text(statement, act) {
                script.push_str(&text);
                // A comment may end it.
                script.push_str("\n;\n");
            }
        }
        script.push_str("COMMIT");
        let done = self.client.batch_execute(&script).is_ok();
        if !done {
            // What does not go through is told one by one.
            self.client.batch_execute("ROLLBACK").ok();
        }
        done
    }

    /// Sends one statement after the other, in a transaction if `whole`; without one where the server wants none.
    fn one_by_one(
        &mut self,
        statements: &[Statement],
        acts: &[Act],
        whole: bool,
    ) -> Result<Result<(), (usize, postgres::Error)>, ElaborateError> {
        let outside = [
            SqlState::ACTIVE_SQL_TRANSACTION,
            SqlState::INVALID_TRANSACTION_TERMINATION,
            // A label of an enum can be used after the commit only.
            SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE,
        ];
        let mut inside = whole;
        loop {
            if inside {
                self.client.batch_execute("BEGIN").map_err(lost)?;
            }
            let mut failed = None;
            for (index, (statement, act)) in statements.iter().zip(acts).enumerate() {
                let Some(text) = self.text(statement, act).map(Cow::into_owned) else {
                    continue;
                };
                let Err(error) = self.client.batch_execute(&text) else {
                    continue;
                };
                let missing = error
                    .as_db_error()
                    .and_then(missing_role)
                    .filter(|_| !inside);
                if let Some(role) = missing
                    && self.roles.insert(role.clone())
                {
                    self.database.create_role(&role)?;
                    if let Err(error) = self.client.batch_execute(&text) {
                        failed = Some((index, error));
                        break;
                    }
                    continue;
                }
                failed = Some((index, error));
                break;
            }
            let ended = match (&failed, inside) {
                (None, true) => self
                    .client
                    .batch_execute("COMMIT")
                    .map_err(|e| (statements.len().saturating_sub(1), e)),
                _ => Ok(()),
            };
            let failed = failed.or(ended.err());
            self.client.batch_execute("ROLLBACK").ok();
            match failed {
                None => return Ok(Ok(())),
                Some((_, error)) if inside && error.code().is_some_and(|c| outside.contains(c)) => {
                    inside = false;
                    self.enter()?;
                }
                Some(failed) => return Ok(Err(failed)),
            }
        }
    }

    fn failed(&self, statement: &Statement, error: &postgres::Error) -> ElaborateError {
        if let Some(ended) = self.database.ended().into_iter().next() {
            return ElaborateError::Ended {
                why: ended.why,
                excerpt: self.migrations.files.excerpt(statement),
                statements: 1,
            };
        }
        rejection(&self.migrations.files, statement, error)
    }
}
