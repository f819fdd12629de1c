//! What is true of the database while the clients stand still.

use super::app::{Moment, Script, Shared};
use super::is_swap;
use crate::support::plans::message;
use crate::support::{self, Live};
use pgrehearse::catalog::{self, Catalog, Scope};
use pgrehearse::plan::{Document, Rollback, StepRecord};
use postgres::{Client, Transaction};
use std::collections::BTreeMap;
use std::sync::PoisonError;

type States = BTreeMap<i64, String>;

pub struct Judge<'a> {
    live: &'a Live,
    scope: Scope,
    old: Script,
    new: Script,
    /// The statements of the swap that rename columns, or tables, and those that take them back.
    renames: Vec<String>,
    back: Vec<String>,
}

/// The schema as our reader and pg_dump see it, with what is left of our own.
pub struct Picture {
    catalog: Catalog<catalog::Live>,
    dump: Option<String>,
}

impl Picture {
    pub fn compare(&self, after: &Self) -> Result<(), String> {
        let (a, b) = (&self.catalog, &after.catalog);
        for (id, object) in &a.objects {
            match b.objects.get(id) {
                Some(other) if other == object && a.requires.get(id) == b.requires.get(id) => {}
                Some(other) => return Err(format!("{}:\n{object:?}\n{other:?}", id.human())),
                None => return Err(format!("{} is gone", id.human())),
            }
        }
        if let Some(id) = b.objects.keys().find(|id| !a.objects.contains_key(id)) {
            return Err(format!("{} is left", id.human()));
        }
        if a.unmodeled != b.unmodeled {
            return Err(format!("{:?}\n{:?}", a.unmodeled, b.unmodeled));
        }
        match (&self.dump, &after.dump) {
            (Some(a), Some(b)) if a != b => {
                let diff = similar::TextDiff::from_lines(a, b);
                let diff = diff.unified_diff().context_radius(2).to_string();
                Err(format!("pg_dump differs after going back:\n{diff}"))
            }
            _ => Ok(()),
        }
    }
}

fn renames_what_is_swapped(step: &StepRecord, sql: &str) -> bool {
    let table = sql.starts_with("ALTER TABLE ") && sql.contains(" RENAME TO ");
    sql.contains(" RENAME COLUMN ") || step.operation == "swap table" && table
}

impl<'a> Judge<'a> {
    pub fn new(live: &'a Live, scope: &Scope, plan: &Document, old: Script, new: Script) -> Self {
        let (mut renames, mut back) = (Vec::new(), Vec::new());
        for (_, step) in plan.steps().filter(|(_, step)| is_swap(step)) {
            let there = step.statements.iter().map(|s| s.sql.clone());
            renames.extend(there.filter(|s| renames_what_is_swapped(step, s)));
        }
        let away = |step: &StepRecord| is_swap(step) || step.retires.is_some();
        for (_, step) in plan.steps().filter(|(_, step)| away(step)) {
            if let Rollback::Run(statements) = &step.rollback {
                let again = statements.iter().map(|s| s.sql.clone());
                back.extend(again.filter(|s| renames_what_is_swapped(step, s)));
            }
        }
        Self {
            live,
            scope: scope.with_own(),
            old,
            new,
            renames,
            back,
        }
    }

    pub fn picture(&self) -> Result<Picture, String> {
        let mut client = self.live.client();
        let catalog = catalog::read(&mut client, &self.scope).map_err(|e| e.to_string())?;
        Ok(Picture {
            catalog,
            dump: support::dump(self.live).ok(),
        })
    }

    /// The states before anybody writes.
    pub fn seed(&self) -> Result<BTreeMap<i64, Option<String>>, String> {
        let mut client = self.live.client();
        let mut transaction = client.transaction().map_err(|e| message(&e))?;
        let states = states(&mut transaction, &self.old.check)?;
        if states.is_empty() {
            return Err("the seed has no rows".to_owned());
        }
        Ok(states.into_iter().map(|(k, v)| (k, Some(v))).collect())
    }

    /// Every acknowledged write is there, and nothing else: under the names that hold now, and where
    /// two columns live side by side in both.
    pub fn look(&self, shared: &Shared) -> Result<(), String> {
        let _standstill = shared.gate.write().unwrap_or_else(PoisonError::into_inner);
        let acknowledged: States = {
            let seen = shared.seen();
            if let Some(problem) = seen.problems.first() {
                return Err(problem.clone());
            }
            let there = seen.acknowledged.iter();
            there.filter_map(|(k, v)| Some((*k, v.clone()?))).collect()
        };
        let here = shared.here();
        let mut client = self.live.client();
        let mut transaction = client.transaction().map_err(|e| message(&e))?;
        let mut expect = |name: &str, renames: &[String], check: &str| -> Result<(), String> {
            // Of several swaps not all need to have happened.
            for statement in renames {
                let mut part = transaction.transaction().map_err(|e| message(&e))?;
                match part.batch_execute(statement) {
                    Ok(()) => part.commit().map_err(|e| message(&e))?,
                    Err(e) if matches!(e.code().map(|c| c.code()), Some("42703" | "42701")) => {}
                    Err(e) => return Err(format!("{here}: {}", message(&e))),
                }
            }
            let states =
                states(&mut transaction, check).map_err(|e| format!("{here}: {name}: {e}"))?;
            differences(&acknowledged, &states)
                .map_err(|e| format!("after {here}, as the {name} application reads: {e}"))
        };
        match shared.moment() {
            Moment::Swapped | Moment::Retiring => {
                expect("new", &[], &self.new.check)?;
                expect("old", &self.back, &self.old.check)
            }
            Moment::Done => expect("new", &[], &self.new.check),
            Moment::Migrated if self.old.replica.is_empty() => {
                expect("old", &[], &self.old.check)?;
                expect("new", &self.renames, &self.new.check)
            }
            _ => expect("old", &[], &self.old.check),
        }
    }

    /// The temporary names instead of `{table.column}`.
    fn with_names(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for statement in &self.renames {
            let words: Vec<&str> = statement.split(' ').collect();
            if let ["ALTER", "TABLE", table, "RENAME", "COLUMN", from, "TO", to] = words[..] {
                let table = table.strip_prefix("public.").unwrap_or(table);
                text = text.replace(&format!("{{{table}.{to}}}"), from);
            }
        }
        text
    }

    pub fn side_by_side(&self, shared: &Shared) -> Result<(), String> {
        let script = self.old.side_by_side.iter();
        let script: Vec<String> = script.map(|s| self.with_names(s)).collect();
        self.hold(shared, &script)
    }

    pub fn at_the_end(&self, shared: &Shared) -> Result<(), String> {
        self.hold(shared, &self.new.at_the_end)
    }

    fn hold(&self, shared: &Shared, script: &[String]) -> Result<(), String> {
        let _standstill = shared.gate.write().unwrap_or_else(PoisonError::into_inner);
        let mut client: Client = self.live.client();
        // The clients know nothing of these rows.
        let mut transaction = client.transaction().map_err(|e| message(&e))?;
        for statement in script {
            let said =
                |e: postgres::Error| format!("{}: {} at {statement}", shared.here(), message(&e));
            let rows = transaction.query(statement.as_str(), &[]).map_err(said)?;
            let is_true = |row: &postgres::Row| row.get::<_, Option<bool>>(0) == Some(true);
            let looks = statement.contains("RETURNING") || statement.starts_with("SELECT");
            if looks && (rows.is_empty() || !rows.iter().all(is_true)) {
                return Err(format!("{}: does not hold: {statement}", shared.here()));
            }
        }
        Ok(())
    }
}

fn states(transaction: &mut Transaction<'_>, check: &str) -> Result<States, String> {
    let rows = transaction.query(check, &[]).map_err(|e| message(&e))?;
    let mut states = States::new();
    for row in rows {
        let state: Option<String> = row.get(1);
        let state = state.unwrap_or_else(|| "NULL".to_owned());
        if let Some(twice) = states.insert(row.get(0), state) {
            return Err(format!(
                "row {} is there twice ({twice})",
                row.get::<_, i64>(0)
            ));
        }
    }
    Ok(states)
}

fn differences(acknowledged: &States, there: &States) -> Result<(), String> {
    let mut lines = Vec::new();
    for (key, state) in acknowledged {
        match there.get(key) {
            Some(other) if other == state => {}
            Some(other) => lines.push(format!("row {key}: acknowledged {state}, there {other}")),
            None => lines.push(format!("row {key}: acknowledged {state}, and is gone")),
        }
    }
    let more = there.keys().filter(|k| !acknowledged.contains_key(k));
    lines.extend(more.map(|key| format!("row {key} was never acknowledged")));
    if lines.is_empty() {
        return Ok(());
    }
    let count = lines.len();
    lines.truncate(5);
    Err(format!(
        "{count} rows differ, such as\n{}",
        lines.join("\n")
    ))
}
