//! A clone: a catalog planned from nothing with our own CREATE statements.
//!
//! A kind that reads wrongly shows at once: the clone must read back equal.

use super::server_message;
use crate::catalog::{Catalog, Desired, Live, ReadError, Scope, read_objects};
use crate::diff::{self, Additions, Copies, Renewals, Replacements};
use crate::kinds::{KindTag, Object, ObjectId};
use crate::order;
use crate::pg::Ident;
use crate::pg::session::PATH_OF_THE_ROLE;
use crate::plan::{Action, Era, Phase, Step};
use crate::scratch::{Database, ScratchError, privileged};
use crate::sql;
use crate::strategy::{self, Context, Drops, SmallTable, Wholes};
use std::collections::{BTreeMap, BTreeSet};

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

impl CloneError {
    /// Whether one of `objects` may be what no clone has.
    pub fn is_of(&self, objects: &BTreeSet<ObjectId>) -> bool {
        match self {
            Self::Statement { object, .. } => objects.contains(object),
            Self::Plan { .. }
            | Self::Scratch(
                ScratchError::ExtensionNotAllowed { .. } | ScratchError::ExtensionMissing { .. },
            ) => !objects.is_empty(),
            _ => false,
        }
    }
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
    let distrusted = |object: &&Object| object.needs_trust() && !database.is_trusted();
    if let Some(object) = catalog.objects.values().find(distrusted) {
        let statements = object.create();
        return Err(CloneError::Statement {
            object: object.id(),
            statement: statements
                .first()
                .map(ToString::to_string)
                .unwrap_or_default(),
            message:
                "only a superuser makes it, and it can run code: --trust-files makes it on scratch"
                    .to_owned(),
        });
    }
    for role in catalog.objects.values().flat_map(Object::roles) {
        make_role(database, role)?;
    }
    for object in catalog.objects.values() {
        if let Object::Extension(extension) = object {
            let (name, schema) = (extension.name.raw(), Some(extension.schema.raw()));
            let like_live =
                database.create_extension(name, schema, Some(extension.version.as_str()));
            // The packages of the scratch server are its own.
            if like_live.is_err() {
                database.create_extension(name, schema, None)?;
            }
        }
    }
    if catalog.objects.values().any(Object::needs_superuser) {
        database.let_privileged_through()?;
    }
    let mut client = database.connect()?;
    if catalog
        .objects
        .values()
        .any(|o| matches!(o, Object::Owner(_)))
    {
        database.open_to_owners(&mut client)?;
    }
    let mut base: Catalog<Live> = read_objects(&mut client, scope)?;
    // One that a step creates may be there already, because only a superuser makes it; and so may the schema that
    // it moves to.
    base.objects.retain(|id, _| {
        let made = match id.kind {
            KindTag::Schema => id.path != ["public"],
            kind => kind == KindTag::Extension,
        };
        !made || catalog.get(id).is_some()
    });
    let steps = creation_script(&base, &with_names(catalog))?;
    // What has moved in a catalog may stand in a schema that is still to come.
    let objects = catalog.objects.values();
    let needs = objects.flat_map(|object| object.parent().into_iter().chain(object.requires()));
    let schemas: BTreeSet<ObjectId> = needs
        .filter(|id| id.kind == KindTag::Schema && catalog.get(id).is_none())
        // Extensions in pg_catalog.
        .filter(|id| id.path.first().is_some_and(|name| !name.starts_with("pg_")))
        .collect();
    for schema in schemas.iter().filter_map(|id| id.path.first()) {
        let make = sql!(
            "CREATE SCHEMA IF NOT EXISTS {}",
            Ident::new(schema.as_str())
        );
        client.batch_execute(make.as_str())?;
    }
    client.batch_execute(PATH_OF_THE_ROLE)?;
    for batch in steps.chunks(BATCH) {
        let script: String = batch
            .iter()
            .flat_map(|s| s.action().statements())
            .map(|sql| format!("{};\n", privileged::on_scratch(sql.as_str())))
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
                    .batch_execute(&privileged::on_scratch(sql.as_str()))
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

/// Makes sure that `role`, which a statement names, is there; `pg_*` are.
///
/// # Errors
/// [`CloneError::Scratch`] when the server refuses it.
pub fn make_role(database: &Database, role: &Ident) -> Result<(), CloneError> {
    match database.create_role(role.raw()) {
        Err(ScratchError::RoleReserved { .. }) => Ok(()),
        made => Ok(made?),
    }
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
        renewals: &Renewals::default(),
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
        if let Some(Object::Constraint(key)) = catalog.get(&step.object)
            && key.is_foreign_key()
        {
            let above = keys_from_above(catalog, &key.table_id());
            step.requires
                .extend(above.into_iter().map(|id| (id, Era::After)));
        }
        // They hold for what is made later, which is nothing.
        if step.object.kind == KindTag::DefaultPrivileges {
            step.lift(Phase::Contract);
        }
    }
    order::sort(steps).map_err(|e| plan(e.to_string()))
}

/// What has come to the partition `table` before its own foreign keys: its attachments, and the foreign keys of the tables
/// above, which would take one like them for their part.
fn keys_from_above<S>(catalog: &Catalog<S>, table: &ObjectId) -> BTreeSet<ObjectId> {
    let mut above = BTreeSet::new();
    let mut table = table.clone();
    loop {
        let attachment = ObjectId::new(KindTag::Attachment, table.path);
        let Some(Object::Attachment(attached)) = catalog.get(&attachment) else {
            return above;
        };
        table = attached.parent_id();
        above.insert(attachment);
        let keys = catalog.objects.iter().filter(|(_, object)| {
            matches!(object, Object::Constraint(c) if c.is_foreign_key() && c.table_id() == table)
        });
        above.extend(keys.map(|(id, _)| id.clone()));
    }
}

/// Says the names that the server would choose for NOT NULL where another table has one of that name: it would choose
/// another then (18).
fn with_names<S>(catalog: &Catalog<S>) -> Catalog<Desired> {
    let mut named = copy_of(catalog);
    let mut tables: BTreeMap<(Ident, String), BTreeSet<Ident>> = BTreeMap::new();
    for object in catalog.objects.values() {
        if let Object::Column(column) = object
            && let Some(name) = column.not_null.as_ref().and_then(|n| n.name.clone())
        {
            let of = tables.entry((column.schema.clone(), name)).or_default();
            of.insert(column.table.clone());
        }
    }
    for object in named.objects.values_mut() {
        if let Object::Column(column) = object
            && let Some(not_null) = &mut column.not_null
            && let Some(name) = not_null.name.clone()
        {
            let of = tables.get(&(column.schema.clone(), name));
            not_null.default_name &= of.is_none_or(|tables| tables.len() < 2);
        }
    }
    named
}

fn copy_of<S>(catalog: &Catalog<S>) -> Catalog<Desired> {
    let mut copy = Catalog::empty(catalog.version);
    copy.objects = catalog.objects.clone();
    copy.requires = catalog.requires.clone();
    copy
}
