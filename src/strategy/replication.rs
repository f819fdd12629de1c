//! What a step means for logical replication (RULES: "Logical replication").
//!
//! Measured: an added column of a published table stops its subscribers ("missing replicated column") until their
//! table has it; on a subscriber a trigger fires only when it is ENABLE ALWAYS.

use super::Context;
use crate::kinds::{ConstraintType, Hazard, HazardKind, KindTag, Object, ObjectId};
use crate::pg::{Ident, Qualified, Sql};
use crate::plan::{Era, Gate, Step};
use crate::source::token::{TokenKind, Tokenizer};
use crate::sql;
use std::collections::BTreeSet;

/// Lets a trigger of ours on `table` fire for what a subscription writes, too; nothing without one.
pub(super) fn always(table: &Qualified, trigger: &Ident, context: &Context<'_>) -> Option<Sql> {
    let id = ObjectId::new(KindTag::Table, [table.schema.raw(), table.name.raw()]);
    let subscribed = context.live.replication.subscribed.contains(&id);
    subscribed.then(|| sql!("ALTER TABLE {} ENABLE ALWAYS TRIGGER {}", table, trigger))
}

/// Says what a step does to subscribers, and waits for the person who has seen to them.
pub fn mark(steps: &mut [Step], context: &Context<'_>) {
    for step in steps.iter_mut() {
        step.hazards.extend(without_identity(step, context));
    }
    let replication = &context.live.replication;
    if replication.is_empty() {
        return;
    }
    let mut tables: BTreeSet<&ObjectId> = replication.published.keys().collect();
    tables.extend(&replication.subscribed);
    for step in steps {
        for id in &tables {
            let [schema, name] = id.path.as_slice() else {
                continue;
            };
            let table = Qualified::new(schema.as_str(), name.as_str());
            let mut names = Names::of(step, &table);
            // From here on it has the name that the files give it.
            if step.renames && step.produces.contains(&((*id).clone(), Era::Before)) {
                names.table = Some(Gone::Renamed);
            }
            if let Some(publications) = replication.published.get(id)
                && !names.come.is_empty()
            {
                let publications: Vec<String> = publications
                    .iter()
                    .map(|p| Ident::new(p.as_str()).to_string())
                    .collect();
                let (of, what) = (publications.join(", "), listed(&names.come));
                step.hazards.push(Hazard::declared(
                    HazardKind::Replication,
                    format!(
                        "{table} is published by {of}: a subscriber whose table has no {what} stops (\"missing \
                         replicated column\") until it has"
                    ),
                ));
                let gate = Gate::Confirm {
                    what: format!(
                        "the subscribers of {of} have {what} in their {table}, or need no new column of it"
                    ),
                };
                step.gate.get_or_insert(gate);
            }
            if let Some(publications) = replication.published.get(id)
                && let Some(way) = names.table
            {
                let of: Vec<String> = publications
                    .iter()
                    .map(|p| Ident::new(p.as_str()).to_string())
                    .collect();
                let then = match way {
                    Gone::Dropped => "its subscribers get no more changes of it",
                    Gone::Renamed => {
                        "its subscribers stop until their table is called so, too (\"relation does not exist\")"
                    }
                };
                step.hazards.push(Hazard::declared(
                    HazardKind::Replication,
                    format!("{table} is published by {}: {then}", of.join(", ")),
                ));
            }
            if replication.subscribed.contains(id) && !names.go.is_empty() {
                let what = listed(&names.go);
                step.hazards.push(Hazard::declared(
                    HazardKind::Replication,
                    format!(
                        "a subscription writes to {table}: it stops (\"missing replicated column\") while its publisher \
                         sends {what}"
                    ),
                ));
            }
        }
    }
}

fn listed(names: &BTreeSet<String>) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|n| Ident::new(n.as_str()).to_string())
        .collect();
    names.join(", ")
}

/// The names of columns that a step gives to a table, and takes from it.
#[derive(Default)]
struct Names {
    come: BTreeSet<String>,
    go: BTreeSet<String>,
    /// How the name of the table itself goes.
    table: Option<Gone>,
}

#[derive(Clone, Copy)]
enum Gone {
    Dropped,
    Renamed,
}

/// A published table without primary key and replica identity takes no UPDATE and DELETE (55000), if these are
/// published.
fn without_identity(step: &Step, context: &Context<'_>) -> Vec<Hazard> {
    let objects = &context.desired.objects;
    let publication = |name: &Ident| {
        let id = ObjectId::new(KindTag::Publication, [name.raw()]);
        match context.desired.get(&id) {
            Some(Object::Publication(p)) => Some(p),
            _ => None,
        }
    };
    let mut hazards = Vec::new();
    for (id, _) in step.produces.iter().filter(|(_, era)| *era == Era::After) {
        let (publication, tables): (_, Vec<&ObjectId>) = match context.desired.get(id) {
            Some(Object::PublicationTable(member)) => {
                let table = ObjectId::new(KindTag::Table, id.path.iter().take(2).cloned());
                let table = objects.get_key_value(&table).map(|(id, _)| id);
                (
                    publication(&member.publication),
                    table.into_iter().collect(),
                )
            }
            Some(Object::PublicationSchema(member)) => {
                let all = objects
                    .keys()
                    .filter(|t| t.kind == KindTag::Table && t.path.first() == id.path.first());
                (publication(&member.publication), all.collect())
            }
            Some(Object::Publication(p)) if p.all_tables => {
                let all = objects.keys().filter(|t| t.kind == KindTag::Table);
                (Some(p), all.collect())
            }
            _ => continue,
        };
        let Some(publication) =
            publication.filter(|p| p.publishes("update") || p.publishes("delete"))
        else {
            continue;
        };
        let bare: BTreeSet<String> = tables
            .into_iter()
            .filter(|table| !is_identified(table, context))
            .filter_map(|table| match table.path.as_slice() {
                [schema, name] => Some(Qualified::new(schema.as_str(), name.as_str()).to_string()),
                _ => None,
            })
            .collect();
        if !bare.is_empty() {
            let names: Vec<String> = bare.into_iter().collect();
            hazards.push(Hazard::declared(
                HazardKind::RejectsWrites,
                format!(
                    "{} publishes updates and deletes, and the server rejects those of {}: no primary key, no \
                     replica identity",
                    publication.name,
                    names.join(", ")
                ),
            ));
        }
    }
    hazards
}

fn is_identified(table: &ObjectId, context: &Context<'_>) -> bool {
    context.desired.objects.values().any(|object| match object {
        Object::Constraint(c) => {
            c.constraint_type == ConstraintType::PrimaryKey && c.table_id() == *table
        }
        Object::ReplicaIdentity(_) => object.parent().as_ref() == Some(table),
        _ => false,
    })
}

impl Names {
    fn of(step: &Step, table: &Qualified) -> Self {
        let mut names = Self::default();
        let head = sql!("ALTER TABLE {} ", table);
        let drop = sql!("DROP TABLE {}", table);
        for statement in step.action().statements() {
            if *statement == drop {
                names.table = Some(Gone::Dropped);
            }
            if let Some(rest) = statement.as_str().strip_prefix(head.as_str()) {
                if rest.starts_with("RENAME TO ") {
                    names.table = Some(Gone::Renamed);
                }
                names.read(rest);
            }
        }
        names
    }

    /// `ADD COLUMN a …`, `DROP COLUMN a`, `RENAME COLUMN a TO b`, and several of them.
    fn read(&mut self, text: &str) {
        let tokens: Vec<(TokenKind, &str)> = Tokenizer::new(text)
            .map_while(Result::ok)
            .map(|token| (token.kind, text.get(token.range()).unwrap_or_default()))
            .collect();
        let name = |at: usize| tokens.get(at).and_then(|(kind, text)| named(*kind, text));
        for (at, pair) in tokens.windows(2).enumerate() {
            let [(_, verb), (_, "COLUMN")] = pair else {
                continue;
            };
            match (*verb, name(at + 2), name(at + 4)) {
                ("ADD", Some(new), _) => self.comes(new),
                ("DROP", Some(old), _) => self.goes(old),
                ("RENAME", Some(old), Some(new)) => {
                    self.goes(old);
                    self.comes(new);
                }
                _ => {}
            }
        }
    }

    fn comes(&mut self, name: String) {
        if !self.go.remove(&name) {
            self.come.insert(name);
        }
    }

    fn goes(&mut self, name: String) {
        if !self.come.remove(&name) {
            self.go.insert(name);
        }
    }
}

fn named(kind: TokenKind, text: &str) -> Option<String> {
    match kind {
        TokenKind::Word => Some(text.to_owned()),
        TokenKind::QuotedIdent => {
            let inner = text.strip_prefix('"')?.strip_suffix('"')?;
            Some(inner.replace("\"\"", "\""))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_gives_one_name_and_takes_one() {
        let mut names = Names::default();
        names.read("RENAME COLUMN a TO \"the \"\"old\"\"\"");
        names.read("RENAME COLUMN new TO a");
        assert_eq!(names.come, BTreeSet::from(["the \"old\"".to_owned()]));
        assert_eq!(names.go, BTreeSet::from(["new".to_owned()]));
    }

    #[test]
    fn every_added_column_is_seen_and_no_text_in_a_string() {
        let mut names = Names::default();
        names.read(
            "ADD COLUMN a text DEFAULT 'ADD COLUMN x', ADD COLUMN \"B c\" int, DROP COLUMN d",
        );
        let two = ["a", "B c"].map(str::to_owned);
        assert_eq!(names.come, BTreeSet::from(two));
        assert_eq!(names.go, BTreeSet::from(["d".to_owned()]));
    }
}
