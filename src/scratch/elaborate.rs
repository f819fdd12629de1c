//! Runs desired files in a scratch database: PostgreSQL is the only parser trusted with meaning.

use super::{Database, EndedWhy, ScratchError, arrange, privileged};
use crate::catalog::Unmodeled;
use crate::source::reader::Reader;
use crate::source::statement::{Class, Statement};
use crate::source::{DesiredFiles, Excerpt};
use postgres::Client;
use postgres::error::{DbError, ErrorPosition, SqlState};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What came of running the files, besides the catalog.
#[derive(Debug, Default)]
pub struct Elaborated {
    /// What the files say and no kind models: owners, grants, roles …
    pub unmodeled: BTreeSet<Unmodeled>,
    pub notices: Vec<String>,
}

/// Why the files do not make a schema.
#[derive(Debug, thiserror::Error)]
pub enum ElaborateError {
    /// The server rejects a statement.
    #[error("{message}")]
    Rejected {
        message: String,
        code: String,
        condition: &'static str,
        detail: Option<String>,
        hint: Option<String>,
        excerpt: Excerpt,
        /// Other statements that were rejected too.
        others: Vec<(String, Excerpt)>,
    },
    /// A statement that the sandbox does not run.
    #[error("this statement is refused: {why}")]
    Refused { why: String, excerpt: Excerpt },
    /// A session over its [`Limits`](super::Limits); it ran `statements`, from `excerpt` on.
    #[error("{} {why}", match statements {
        1 => "this statement".to_owned(),
        n => format!("one of the {n} statements from here on"),
    })]
    Ended {
        why: EndedWhy,
        excerpt: Excerpt,
        statements: usize,
    },
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error("the scratch server went away: {message}")]
    Lost { message: String },
}

impl ElaborateError {
    pub fn excerpt(&self) -> Option<&Excerpt> {
        match self {
            Self::Rejected { excerpt, .. }
            | Self::Refused { excerpt, .. }
            | Self::Ended { excerpt, .. } => Some(excerpt),
            _ => None,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected { condition, .. } => condition,
            Self::Refused { .. } => "desired::refused",
            Self::Ended { .. } => "desired::limit",
            Self::Scratch(e) => e.code(),
            Self::Lost { .. } => "scratch::lost",
        }
    }
}

/// Statements sent in one go; more do not get faster (measured: batches of 300 beat one by one).
const BATCH: usize = 300;
/// A failing batch of at most this many is run one by one.
const SMALL: usize = 4;

/// What every file finds at its beginning, whatever the one before it has set: psql's defaults.
const FILE_START: &str = "RESET ALL; SET search_path = public; SET check_function_bodies = off; \
     SET client_min_messages = error; SET row_security = off;";

/// Runs `files` in `database`, in any order that works.
///
/// What fails is tried again after the rest, with the settings (`SET search_path` …) that stood
/// above it, until a round gets nothing done.
///
/// # Errors
/// [`ElaborateError::Rejected`] with the place and the server's message for the first statement
/// that never works.
pub fn elaborate(database: &Database, files: &DesiredFiles) -> Result<Elaborated, ElaborateError> {
    elaborate_as(database, files, files.owners().len() > 1)
}

/// The same; `owners`: whether OWNER TO is executed, too.
///
/// # Errors
/// As [`elaborate`].
pub fn elaborate_as(
    database: &Database,
    files: &DesiredFiles,
    owners: bool,
) -> Result<Elaborated, ElaborateError> {
    let mut outcome = Elaborated::default();
    outcome.notices.extend(
        files
            .notices
            .iter()
            .map(|n| format!("{}: {}", n.place, n.text)),
    );
    let mut work: Vec<Item> = Vec::new();
    let mut schemas: BTreeSet<String> = BTreeSet::new();
    let mut environment: Vec<usize> = Vec::new();
    let mut file = usize::MAX;
    for (index, statement) in files.statements.iter().enumerate() {
        if statement.file != file {
            file = statement.file;
            environment.clear();
        }
        match &statement.class {
            Class::Transaction | Class::Data => {}
            Class::Extension {
                name,
                schema,
                version,
            } => {
                let made = database.create_extension(name, schema.as_deref(), version.as_deref());
                made.map_err(|e| extension_error(files, statement, e))?;
                schemas.extend(schema.clone());
            }
            Class::Unmodeled { what, subject } => {
                outcome.unmodeled.insert(Unmodeled {
                    what: (*what).to_owned(),
                    name: subject.clone(),
                });
            }
            Class::Refused { why } => {
                let excerpt = files.excerpt(statement);
                return Err(ElaborateError::Refused {
                    why: (*why).to_owned(),
                    excerpt,
                });
            }
            Class::Session => {
                environment.push(index);
                work.push(Item {
                    index,
                    environment: environment.clone(),
                });
            }
            Class::Owner { .. } if !owners => {}
            Class::Ddl | Class::Grant { .. } | Class::Owner { .. } => work.push(Item {
                index,
                environment: environment.clone(),
            }),
        }
    }
    let mut place = vec![0; files.files.len()];
    for (at, file) in arrange::files_in_order(files).into_iter().enumerate() {
        place[file] = at;
    }
    // Of several files none is the last one. ALL TABLES IN SCHEMA means those of all files.
    let mut texts = work.iter().map(|item| &files.statements[item.index]);
    let shells = texts.any(|s| arrange::makes_shell(files.statement_text(s)));
    let last = |item: &Item| {
        let statement = &files.statements[item.index];
        match &statement.class {
            // Who gets a server has to have the use of its wrapper, which a dump gives at its end.
            Class::Owner { subject, .. } if is_server(subject) => 3,
            _ if files.files.len() == 1 => 0,
            Class::Grant { .. } => 2,
            _ => arrange::round(files.statement_text(statement), shells),
        }
    };
    work.sort_by_cached_key(|item| (last(item), place[files.statements[item.index].file]));
    let mut executed = work.iter().map(|item| &files.statements[item.index]);
    if executed.any(|s| privileged::needs_setup(files.statement_text(s))) {
        database.let_privileged_through()?;
    }
    let client = database.connect()?;
    let mut run = Run::new(database, files, client, schemas)?;
    if owners {
        database.open_to_owners(&mut run.client)?;
    }
    run.all(work)?;
    for index in run.not_ours {
        let (what, subject) = match &files.statements[index].class {
            Class::Grant { what, subject } => (*what, subject),
            Class::Owner { subject, .. } => ("owner", subject),
            _ => continue,
        };
        outcome.unmodeled.insert(Unmodeled {
            what: what.to_owned(),
            name: subject.clone(),
        });
    }
    Ok(outcome)
}

/// Whether an owner is of `SERVER name`.
fn is_server(subject: &str) -> bool {
    subject
        .split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("server"))
}

fn extension_error(
    files: &DesiredFiles,
    statement: &Statement,
    error: ScratchError,
) -> ElaborateError {
    match error {
        ScratchError::ExtensionNotAllowed { .. } | ScratchError::ExtensionMissing { .. } => {
            let why = match error.help() {
                Some(help) => format!("{error} ({help})"),
                None => error.to_string(),
            };
            ElaborateError::Refused {
                why,
                excerpt: files.excerpt(statement),
            }
        }
        other => other.into(),
    }
}

/// One statement with the settings above it in its file.
#[derive(Clone)]
struct Item {
    index: usize,
    environment: Vec<usize>,
}

struct Failure {
    item: Item,
    error: postgres::Error,
}

struct Run<'a> {
    database: &'a Database,
    files: &'a DesiredFiles,
    client: Client,
    time_zone: String,
    /// Schemas that exist already because an extension needed them.
    premade: BTreeSet<String>,
    roles: BTreeSet<String>,
    /// Grants on, and owners of, what does not belong to the role that runs the files.
    not_ours: Vec<usize>,
    /// The statements before whose second try the schemas were opened to owners again.
    opened: BTreeSet<usize>,
    /// The settings in force: those of these statements, in this file.
    current: Option<(usize, Vec<usize>)>,
}

impl<'a> Run<'a> {
    fn new(
        database: &'a Database,
        files: &'a DesiredFiles,
        mut client: Client,
        premade: BTreeSet<String>,
    ) -> Result<Self, ElaborateError> {
        let time_zone = client.query_one("SHOW TimeZone", &[]).map_err(lost)?.get(0);
        let roles = BTreeSet::new();
        Ok(Self {
            database,
            files,
            client,
            time_zone,
            premade,
            roles,
            not_ours: Vec::new(),
            opened: BTreeSet::new(),
            current: None,
        })
    }

    fn all(&mut self, work: Vec<Item>) -> Result<(), ElaborateError> {
        let mut left = work;
        loop {
            let before = left.len();
            let mut failures = Vec::new();
            for chunk in by_file(self.files, &left) {
                self.batch(chunk, &mut failures)?;
            }
            if failures.is_empty() {
                return Ok(());
            }
            // Settings of statements that wait are replayed with them.
            let done = before - failures.len();
            let hopeless = failures.iter().any(|f| is_final(&f.error));
            if done == 0 || hopeless {
                return Err(self.rejected(failures));
            }
            left = failures.into_iter().map(|f| f.item).collect();
        }
    }

    fn batch(&mut self, items: &[Item], failures: &mut Vec<Failure>) -> Result<(), ElaborateError> {
        let [first, rest @ ..] = items else {
            return Ok(());
        };
        self.enter(first)?;
        let mut script = String::new();
        for item in items {
            script.push_str(&self.text(item));
            script.push_str(";\n");
        }
        let error = match self.client.batch_execute(&script) {
            Ok(()) => {
                self.passed(items);
                return Ok(());
            }
            Err(error) => error,
        };
        // The session may not know yet that it is closed.
        let ended = self.database.ended().into_iter().next();
        if let Some(ended) = ended {
            let excerpt = self.files.excerpt(&self.files.statements[first.index]);
            return Err(ElaborateError::Ended {
                why: ended.why,
                excerpt,
                statements: items.len(),
            });
        }
        if self.client.is_closed() {
            return Err(lost(error));
        }
        self.current = None;
        if rest.is_empty() {
            return self.single(first, error, failures);
        }
        let middle = if items.len() <= SMALL {
            1
        } else {
            items.len() / 2
        };
        let (head, tail) = items.split_at(middle);
        self.batch(head, failures)?;
        self.batch(tail, failures)
    }

    fn single(
        &mut self,
        item: &Item,
        error: postgres::Error,
        failures: &mut Vec<Failure>,
    ) -> Result<(), ElaborateError> {
        let Some(db) = error.as_db_error() else {
            return Err(lost(error));
        };
        if *db.code() == SqlState::DUPLICATE_SCHEMA
            && self
                .premade
                .iter()
                .any(|s| db.message().contains(&format!("\"{s}\"")))
        {
            self.premade
                .retain(|s| !db.message().contains(&format!("\"{s}\"")));
            return Ok(());
        }
        // A dump of a newer pg_dump sets what an older server does not know.
        let session = matches!(self.files.statements[item.index].class, Class::Session);
        if session
            && db
                .message()
                .starts_with("unrecognized configuration parameter")
        {
            return Ok(());
        }
        let class = &self.files.statements[item.index].class;
        let others = matches!(class, Class::Grant { .. } | Class::Owner { .. });
        if others && *db.code() == SqlState::INSUFFICIENT_PRIVILEGE {
            // A schema that was made for somebody is not open to the other owners yet.
            if matches!(class, Class::Owner { .. }) && self.opened.insert(item.index) {
                self.database.open_to_owners(&mut self.client)?;
                return self.batch(std::slice::from_ref(item), failures);
            }
            self.not_ours.push(item.index);
            return Ok(());
        }
        if let Some(role) = missing_role(db)
            && self.roles.insert(role.clone())
        {
            self.database.create_role(&role)?;
            return self.batch(std::slice::from_ref(item), failures);
        }
        failures.push(Failure {
            item: item.clone(),
            error,
        });
        Ok(())
    }

    /// What is executed of a statement.
    fn text(&self, item: &Item) -> Cow<'a, str> {
        let statement = &self.files.statements[item.index];
        privileged::on_scratch(self.files.statement_text(statement))
    }

    fn file(&self, item: &Item) -> usize {
        self.files.statements[item.index].file
    }

    /// Puts the settings in force that stand above `item` in its file.
    fn enter(&mut self, item: &Item) -> Result<(), ElaborateError> {
        let session = matches!(self.files.statements[item.index].class, Class::Session);
        let above = item.environment.len() - usize::from(session);
        let wanted = (self.file(item), item.environment[..above].to_vec());
        if self.current.as_ref() == Some(&wanted) {
            return Ok(());
        }
        self.client.batch_execute(FILE_START).map_err(lost)?;
        let zone = crate::sql!(
            "SET TimeZone = {}",
            crate::pg::ident::Literal(&self.time_zone)
        );
        self.client.batch_execute(zone.as_str()).map_err(lost)?;
        for index in &wanted.1 {
            let text = self.files.statement_text(&self.files.statements[*index]);
            // One that fails is reported at its own place.
            self.client.batch_execute(text).ok();
        }
        self.current = Some(wanted);
        Ok(())
    }

    fn passed(&mut self, items: &[Item]) {
        let Some(last) = items.last() else { return };
        self.current = Some((self.file(last), last.environment.clone()));
    }

    fn rejected(&self, mut failures: Vec<Failure>) -> ElaborateError {
        // What can never work comes before what only misses something.
        failures.sort_by_key(|f| (!is_final(&f.error), f.item.index));
        let twice = failures.first().filter(|f| is_duplicate(&f.error));
        let other = twice
            .and_then(|f| self.files.other_creator(f.item.index))
            .map(|s| ("created here, too".to_owned(), self.files.excerpt(s)));
        let mut described = failures.iter().filter_map(|f| {
            let db = f.error.as_db_error()?;
            let statement = &self.files.statements[f.item.index];
            let message = self.files.said(statement, db.message()).to_owned();
            Some((db, message, place_of(self.files, statement, db)))
        });
        let Some((db, message, excerpt)) = described.next() else {
            return ElaborateError::Lost {
                message: "the server gave no reason".to_owned(),
            };
        };
        ElaborateError::Rejected {
            message,
            code: db.code().code().to_owned(),
            condition: condition(db.code()),
            detail: db.detail().map(str::to_owned),
            hint: missing_locale(db).or_else(|| db.hint().map(str::to_owned)),
            excerpt,
            others: other
                .into_iter()
                .chain(described.map(|(_, message, place)| (message, place)))
                .collect(),
        }
    }
}

/// The part of a statement that the server complains about.
fn place_of(files: &DesiredFiles, statement: &Statement, error: &DbError) -> Excerpt {
    // What is executed in its place has other positions.
    let as_written = !privileged::is_another(files.statement_text(statement));
    match error.position() {
        Some(ErrorPosition::Original(at)) if as_written => {
            files.excerpt_at_position(statement, *at)
        }
        _ => files.excerpt(statement),
    }
}

/// What the server says to a statement that is run in its turn.
pub(super) fn rejection(
    files: &DesiredFiles,
    statement: &Statement,
    error: &postgres::Error,
) -> ElaborateError {
    let Some(db) = error.as_db_error() else {
        return ElaborateError::Lost {
            message: error.to_string(),
        };
    };
    ElaborateError::Rejected {
        message: files.said(statement, db.message()).to_owned(),
        code: db.code().code().to_owned(),
        condition: condition(db.code()),
        detail: db.detail().map(str::to_owned),
        hint: db.hint().map(str::to_owned),
        excerpt: place_of(files, statement, db),
        others: Vec::new(),
    }
}

pub(super) fn lost(error: postgres::Error) -> ElaborateError {
    ElaborateError::Lost {
        message: error.to_string(),
    }
}

/// Runs of statements of one file, at most [`BATCH`] long.
///
/// Statements that may run for ever go alone, so that one that does is known.
fn by_file<'i>(files: &DesiredFiles, items: &'i [Item]) -> Vec<&'i [Item]> {
    let statement = |item: &Item| &files.statements[item.index];
    let runs_code = |item: &Item| {
        let words = ["do", "call", "select", "with", "values", "table"];
        let text = files.statement_text(statement(item));
        let start = Reader::new(text.get(..64).unwrap_or(text));
        statement(item).class == Class::Ddl && start.sees_any(&words).is_some()
    };
    items
        .chunk_by(|a, b| statement(a).file == statement(b).file && !runs_code(a) && !runs_code(b))
        .flat_map(|run| run.chunks(BATCH))
        .collect()
}

/// Trying again cannot help: the statement is wrong, forbidden, or says the same thing twice.
fn is_final(error: &postgres::Error) -> bool {
    let hopeless = [SqlState::SYNTAX_ERROR, SqlState::INSUFFICIENT_PRIVILEGE];
    // No error of syntax, whatever its code says: the type is in a file that comes later.
    let of_shell = "type modifier cannot be specified for shell type";
    let waits = |db: &DbError| db.message().starts_with(of_shell);
    if error.as_db_error().is_some_and(waits) {
        return false;
    }
    is_duplicate(error) || error.code().is_some_and(|code| hopeless.contains(code))
}

fn is_duplicate(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| {
        [
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_COLUMN,
            SqlState::DUPLICATE_OBJECT,
            SqlState::DUPLICATE_FUNCTION,
            SqlState::DUPLICATE_SCHEMA,
        ]
        .contains(code)
    })
}

pub(super) fn missing_role(error: &DbError) -> Option<String> {
    let rest = error.message().strip_prefix("role \"")?;
    let name = rest.strip_suffix("\" does not exist")?;
    (*error.code() == SqlState::UNDEFINED_OBJECT).then(|| name.to_owned())
}

/// What helps where the host of the scratch server lacks a locale of libc: which ones there are is not PostgreSQL's.
fn missing_locale(error: &DbError) -> Option<String> {
    let lacks = error.routine() == Some("report_newlocale_failure");
    lacks.then(|| {
        "the host of the scratch server lacks this locale: install it there, or use a server that has it \
         (--scratch URL); collations of ICU (provider = icu) are the same on every host"
            .to_owned()
    })
}

/// The stable code of an error for a SQLSTATE (docs/errors.md).
fn condition(state: &SqlState) -> &'static str {
    let known: BTreeMap<&str, &'static str> = [
        ("42601", "desired::syntax_error"),
        ("42501", "desired::insufficient_privilege"),
        ("42P01", "desired::unknown_table"),
        ("42703", "desired::unknown_column"),
        ("42704", "desired::unknown_object"),
        ("42883", "desired::unknown_function"),
        ("3F000", "desired::unknown_schema"),
        ("42P07", "desired::duplicate_table"),
        ("42701", "desired::duplicate_column"),
        ("42710", "desired::duplicate_object"),
        ("42723", "desired::duplicate_function"),
        ("42P06", "desired::duplicate_schema"),
    ]
    .into();
    known
        .get(state.code())
        .copied()
        .unwrap_or("desired::rejected")
}
