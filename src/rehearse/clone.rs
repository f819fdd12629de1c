//! A clone: a catalog planned from nothing with our own CREATE statements.
//!
//! A kind that reads wrongly shows at once: the clone must read back equal.

use super::server_message;
use crate::catalog::{Catalog, Desired, Live, ReadError, Scope, read_objects};
use crate::diff::{self, Additions, Copies, Replacements};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::order;
use crate::plan::{Action, Phase, Step};
use crate::scratch::{Database, ScratchError};
use crate::strategy::{self, Context, Drops, SmallTable, Wholes};
use std::collections::BTreeMap;

/// Why a catalog cannot be cloned.
#[derive(Debug, thiserror::Error)]
pub enum CloneError {
    #[error("{} cannot be made on the clone: {message}", .object.human())]
    Statement {
        object: ObjectId,
        statement: String,
        message: String,
    },
    #[error("the clone cannot be planned: {message}")]
    Plan { message: String },
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the scratch server went away: {source}")]
    Lost {
        #[from]
        source: postgres::Error,
    },
}

/// Statements sent in one go.
const BATCH: usize = 200;

/// Makes the objects of `catalog` in the empty `database`.
///
/// # Errors
/// [`CloneError::Statement`] names the object that cannot be made: it needs something unmodelled.
pub fn build<S>(
    database: &Database,
    catalog: &Catalog<S>,
    scope: &Scope,
) -> Result<(), CloneError> {
    for object in catalog.objects.values() {
        if let Object::Extension(extension) = object {
            let schema = Some(extension.schema.raw());
            database.create_extension(extension.name.raw(), schema, None)?;
        }
    }
    let mut client = database.connect()?;
    let base: Catalog<Live> = read_objects(&mut client, scope)?;
    let steps = creation_script(&base, catalog)?;
    for batch in steps.chunks(BATCH) {
        let script: String = batch
            .iter()
            .flat_map(|s| s.action().statements())
            .map(|sql| format!("{sql};\n"))
            .collect();
        if client.batch_execute(&script).is_ok() {
            continue;
        }
        // One by one: the failing object gets its name.
        for step in batch {
            let Action::Transaction(statements) = step.action() else {
                continue;
            };
            for sql in statements {
                client
                    .batch_execute(sql.as_str())
                    .map_err(|e| CloneError::Statement {
                        object: step.object.clone(),
                        statement: sql.to_string(),
                        message: server_message(&e),
                    })?;
            }
        }
    }
    Ok(())
}

/// The steps that make `catalog` from `base`, what a new database has: each one's statements, in the
/// order in which they run.
///
/// # Errors
/// [`CloneError::Plan`] when the catalog holds what no statement of ours makes.
pub fn creation_script<S>(
    base: &Catalog<Live>,
    catalog: &Catalog<S>,
) -> Result<Vec<Step>, CloneError> {
    let desired: Catalog<Desired> = copy_of(catalog);
    let plan = |message: String| CloneError::Plan { message };
    let changes = diff::changes(base, &desired).map_err(|impossible| {
        plan(
            impossible
                .iter()
                .map(|i| i.why.clone())
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    let context = Context {
        live: base,
        desired: &desired,
        changes: &changes,
        version: catalog.version,
        small: SmallTable::default(),
        max_tables: usize::MAX,
        conversions: &BTreeMap::new(),
        replacements: &Replacements::default(),
        additions: &Additions::default(),
        drops: Drops::at_once(),
        splits: &[],
        copies: &Copies::default(),
        wholes: Wholes::default(),
    };
    let mut steps = strategy::expand(&context).map_err(|r| {
        plan(
            r.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        )
    })?;
    // 18 gives a NOT NULL a name that is free in the schema. A copy of a table has taken the names of
    // the table for its own: it comes behind.
    for step in &mut steps {
        if step.object.kind == KindTag::Table && step.object.path.iter().any(|n| Scope::is_own(n)) {
            step.lift(Phase::Migrate);
        }
    }
    order::sort(steps).map_err(|e| plan(e.to_string()))
}

fn copy_of<S>(catalog: &Catalog<S>) -> Catalog<Desired> {
    let mut copy = Catalog::empty(catalog.version);
    copy.objects = catalog.objects.clone();
    copy.requires = catalog.requires.clone();
    copy
}
