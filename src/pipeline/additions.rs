//! Finds the new columns that the plain statement would fill by rewriting the table, and reads the
//! expressions of `backfill` hints.

use super::expression::{resolve, unseen};
use super::replacements::has_heirs;
use super::{PipelineError, Workshop};
use crate::catalog::{Catalog, Desired, Live, closure};
use crate::diff::replacement::Expression;
use crate::diff::{Additions, Change, ChangeSet, Replacements};
use crate::kinds::{Column, Kind, KindTag, Object, ObjectId};
use crate::pg::sql::Deparsed;
use crate::pg::{Qualified, Sql};
use crate::rehearse::{Trial, message_of};
use crate::sql;
use crate::strategy::{self, Refusal};
use postgres::Client;
use std::collections::{BTreeMap, BTreeSet};

/// What is looked at.
pub(super) struct Wanted<'a> {
    pub live: &'a Catalog<Live>,
    pub desired: &'a Catalog<Desired>,
    pub changes: &'a ChangeSet,
    pub replacements: &'a Replacements,
    /// The expressions of `backfill` hints, in parentheses.
    pub hints: &'a BTreeMap<ObjectId, String>,
}

/// What is known about the values of the columns that rows have none of, with notices.
///
/// # Errors
/// [`PipelineError::Refused`] for a hint whose expression the server does not take.
pub(super) fn find(
    wanted: &Wanted<'_>,
    workshop: &Workshop<'_>,
) -> Result<(Additions, Vec<String>), PipelineError> {
    let hinted = wanted.hinted();
    let measured = wanted.measured(workshop);
    let mut found = Additions::default();
    let mut notices = Vec::new();
    if hinted.is_empty() && measured.is_empty() {
        return Ok((found, notices));
    }
    let part = wanted.to_try_on(
        hinted
            .iter()
            .map(|(c, _)| *c)
            .chain(measured.iter().copied()),
    );
    let scope = workshop.options.scope.with_own();
    let mut trial = Trial::start(workshop.scratch()?, &workshop.settings, &scope, &part)?;
    let mut refused = Vec::new();
    for (column, expression) in hinted {
        let id = Kind::id(column);
        if has_heirs(wanted.desired, &id) {
            refused.push(Refusal {
                object: id,
                why: "tables inherit the column, and a trigger does not fire for the rows of those"
                    .to_owned(),
                help: "take the hint away, add the column without NOT NULL and fill it yourself"
                    .to_owned(),
            });
            continue;
        }
        let bare = strategy::bare(column).create();
        let first = if wanted.live.objects.contains_key(&id) {
            Vec::new()
        } else {
            bare
        };
        match value(trial.client(), column, expression, &first) {
            Ok(value) if let Some(why) = unseen(&value, column, wanted.live) => {
                refused.push(Refusal {
                    object: id,
                    why: format!("the hint `backfill {expression}`: {why}"),
                    help: "a trigger fills what the old application leaves out".to_owned(),
                });
            }
            Ok(value) => {
                found.needs.insert(id.clone(), wanted.named_in(&value.text));
                found.backfills.insert(id, value);
            }
            Err(error) => refused.push(Refusal {
                object: id,
                why: format!("the hint `backfill {expression}`: {}", message_of(&error)),
                help: format!(
                    "write an expression over the columns that {} has before",
                    column.table_name()
                ),
            }),
        }
    }
    for column in measured {
        let id = Kind::id(column);
        if wanted.live.keeps_rows_of(&column.table_id()) {
            let why = "a column of another table keeps rows of this one: the server adds none with a default";
            found.rewriting.insert(id, why.to_owned());
            continue;
        }
        let works = measure(&mut trial, &column.create())?;
        if works.is_empty() {
            continue;
        }
        let alone = measure(&mut trial, &strategy::bare(column).create())?;
        if alone.is_empty() {
            let why = format!(
                "the plain ADD COLUMN would hold ACCESS EXCLUSIVE while it rewrites or scans {}",
                works.join(", ")
            );
            found.rewriting.insert(id, why);
        } else {
            notices.push(format!(
                "{}: its type {} alone makes the server rewrite {}: no online way is known; a \
                 column of the domain's base type with a CHECK has one",
                id.human(),
                column.data_type,
                alone.join(", ")
            ));
        }
    }
    if refused.is_empty() {
        Ok((found, notices))
    } else {
        Err(PipelineError::Refused(refused))
    }
}

impl<'a> Wanted<'a> {
    fn is_old(&self, table: &ObjectId) -> bool {
        self.live.objects.contains_key(table) && !self.changes.replaces(table)
    }

    /// The columns with a hint that get a value by this plan.
    fn hinted(&self) -> Vec<(&'a Column, &'a String)> {
        let hints = self.hints.iter().filter_map(|(id, expression)| {
            let column = match self.changes.changes.get(id)? {
                Change::Create {
                    new: Object::Column(new),
                } => new,
                Change::Alter {
                    old: Object::Column(old),
                    new: Object::Column(new),
                    ..
                } if old.not_null.is_none() && new.not_null.is_some() => new,
                _ => return None,
            };
            let by_itself = column.generated.is_some() || column.identity.is_some();
            let other = self.replacements.covers(id) || self.changes.absorbed.contains_key(id);
            (self.is_old(&column.table_id()) && !by_itself && !other)
                .then_some((column, expression))
        });
        hints.collect()
    }

    /// The new columns with a default or identity on tables that are not small.
    fn measured(&self, workshop: &Workshop<'_>) -> Vec<&'a Column> {
        let small = workshop.options.small;
        let new = self.changes.changes.iter().filter_map(|(id, change)| {
            let Change::Create {
                new: Object::Column(column),
            } = change
            else {
                return None;
            };
            let table = column.table_id();
            let has_value = column.default().is_some() || column.identity.is_some();
            // Identities of partitioned tables reach the partitions in different ways by version.
            let spread = column.identity.is_some() && self.is_followed(id);
            let later = column.not_null.as_ref().is_some_and(|n| !n.validated);
            let small = small.holds(self.live.sizes.get(&table).copied());
            let takes = has_value
                && column.generated.is_none()
                && self.is_old(&table)
                && (!small || self.live.keeps_rows_of(&table))
                && !self.changes.absorbed.contains_key(id)
                && !self.hints.contains_key(id)
                && !spread
                && !later
                && !has_heirs(self.desired, id);
            takes.then_some(column)
        });
        new.collect()
    }

    fn is_followed(&self, id: &ObjectId) -> bool {
        let mut objects = self.desired.objects.values();
        objects.any(|o| o.follows().contains(id))
    }

    /// What an expression may name, of both sides.
    fn callable(&self) -> impl Iterator<Item = &'a ObjectId> {
        let all = self.live.objects.keys().chain(self.desired.objects.keys());
        all.filter(|id| {
            matches!(
                id.kind,
                KindTag::Function
                    | KindTag::Sequence
                    | KindTag::Enum
                    | KindTag::Range
                    | KindTag::BaseType
                    | KindTag::Collation
                    | KindTag::Domain
                    | KindTag::Composite
            )
        })
    }

    /// What the deparsed `text` names, and more where a literal looks like it: every name of a user
    /// stands there with its schema.
    fn named_in(&self, text: &str) -> BTreeSet<ObjectId> {
        let named = |id: &&ObjectId| match id.path.as_slice() {
            [schema, name, ..] => {
                text.contains(&Qualified::new(schema.as_str(), name.as_str()).to_string())
            }
            _ => false,
        };
        let mut found: BTreeSet<ObjectId> = self.callable().filter(named).cloned().collect();
        let extensions = self
            .live
            .objects
            .values()
            .filter_map(|object| match object {
                Object::Extension(e) if text.contains(&format!("{}.", e.schema)) => {
                    Some(object.id())
                }
                _ => None,
            });
        found.extend(extensions);
        found
    }

    /// The tables of `columns` with what hangs on them, and what the values need.
    fn to_try_on(&self, columns: impl Iterator<Item = &'a Column>) -> Catalog<Live> {
        let mut live: BTreeSet<ObjectId> = BTreeSet::new();
        let mut new: BTreeSet<ObjectId> = BTreeSet::new();
        let mut queue: Vec<ObjectId> = Vec::new();
        for column in columns {
            live.insert(column.table_id());
            queue.extend(self.desired.requires(&Kind::id(column)).cloned());
        }
        // A hint's expression may call what no table uses yet; its name stands in it.
        let mentioned = self.callable().filter(|id| {
            let name = id.path.get(1).map(String::as_str).unwrap_or_default();
            self.hints.values().any(|hint| hint.contains(name))
        });
        queue.extend(mentioned.cloned());
        while let Some(id) = queue.pop() {
            if self.live.objects.contains_key(&id) {
                live.insert(id);
            } else if self.desired.objects.contains_key(&id) && new.insert(id.clone()) {
                queue.extend(self.desired.requires(&id).cloned());
            }
        }
        live.retain(|id| id.kind != KindTag::Schema);
        let mut ids = closure(self.live, &live);
        if !self.hints.is_empty() {
            let extensions = self.live.objects.keys();
            let extensions = extensions.filter(|id| id.kind == KindTag::Extension);
            for id in extensions {
                ids.extend(self.live.requires(id).cloned());
                ids.insert(id.clone());
            }
        }
        let mut part = self.live.restricted(&ids);
        for id in new {
            if let Some(object) = self.desired.get(&id) {
                part.objects.insert(id.clone(), object.clone());
                let needs = self.desired.requires(&id).cloned().collect();
                part.requires.insert(id, needs);
            }
        }
        super::overloads::let_go(&mut part, self.desired);
        part
    }
}

/// What `statements` rewrite, scan and build; nothing when the server refuses them.
fn measure(trial: &mut Trial, statements: &[Sql]) -> Result<Vec<String>, PipelineError> {
    let Some(evidence) = trial.measure(statements)? else {
        return Ok(Vec::new());
    };
    let mut works = evidence.rewritten;
    works.extend(evidence.scanned);
    works.extend(evidence.index_builds);
    works.sort();
    works.dedup();
    Ok(works)
}

/// The expression of a hint, which must be assignable to the column after `first`.
fn value(
    client: &mut Client,
    column: &Column,
    expression: &str,
    first: &[Sql],
) -> Result<Expression, postgres::Error> {
    let plain = resolve(client, column, expression, (first, &[]))?;
    let Err(error) = assign(client, column, &plain, first) else {
        return Ok(plain);
    };
    // A literal alone was taken for text.
    let cast = sql!(
        "CAST({} AS {})",
        Deparsed(expression),
        Deparsed(&column.data_type)
    );
    if !expression.trim_start_matches('(').starts_with('\'') {
        return Err(error);
    }
    let cast = resolve(client, column, cast.as_str(), (first, &[]))?;
    assign(client, column, &cast, first)?;
    Ok(cast)
}

fn assign(
    client: &mut Client,
    column: &Column,
    value: &Expression,
    first: &[Sql],
) -> Result<(), postgres::Error> {
    let mut script: Vec<String> = vec!["BEGIN".to_owned()];
    script.extend(first.iter().map(Sql::to_string));
    let update = sql!(
        "UPDATE {} SET {} = {} WHERE false",
        column.table_name(),
        column.name,
        Deparsed(&value.text)
    );
    script.push(update.to_string());
    let result = client.batch_execute(&script.join(";\n"));
    client.batch_execute("ROLLBACK")?;
    result
}
