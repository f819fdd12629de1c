//! Fills rows in batches, one transaction each.
//!
//! A batch is a range of the key, found by walking the key's index; without a key it is a range of pages.
//! Where a table ends is looked up once, when its walk begins: rows that are written later have their values
//! from a trigger or a default, so the walk ends however many are inserted. What a batch did and how far the
//! walk is are committed together (`backfill_position` of the ledger).
//!
//! `statement_timeout` is off (RULES.md, "Lock time-outs and CONCURRENTLY"): a batch is short because it is
//! small, and a slow one makes the next one smaller. `lock_timeout` is not: there the rule protects an index
//! build, which a time-out leaves INVALID. A batch that waits for a row of the application holds the rows it
//! has already written, and the application waits for those; given up after `lock.first`, it loses one batch
//! of work and nothing else.

mod parts;
mod position;
mod send;
mod throttle;

pub use position::FillPosition;

use super::ledger::Ledger;
use super::lock_retry::Failure;
use super::{Event, Observer, Options, Session, brake};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, List};
use crate::pg::{Qualified, Sql};
use crate::plan::{Backfill, Document, Fill, StepRecord};
use crate::sql;
use parts::Part;
use position::{At, Place};
use send::{Sent, Trouble};
use std::time::Instant;
use throttle::Throttle;

/// A backfill that has walked fewer rows leaves nothing behind that is worth a word.
const MANY: u64 = 10_000;

/// How often the pages of a table without a key are walked at most.
const PASSES: u32 = 3;

/// A step that is a backfill, and where its position is kept.
pub(super) struct Job<'r> {
    pub ledger: &'r Ledger,
    pub plan: &'r Document,
    pub step: &'r StepRecord,
    pub backfill: &'r Backfill,
}

/// Fills the rows of a step, from where an earlier run came to.
///
/// A batch that ends by a lock time-out, a deadlock or a serialization failure is tried again.
pub(super) fn run(
    session: &mut Session<'_>,
    job: &Job<'_>,
    options: &Options,
    observer: &mut dyn Observer,
) -> Result<(), Failure> {
    observer.event(Event::Statement {
        step: job.step.id.clone(),
        place: 1,
        of: 1,
    });
    let client = &mut session.client;
    let position = job
        .ledger
        .fill_position(client, &job.plan.id, &job.step.id)
        .map_err(failed)?;
    // What does not exist has no parts and would count as filled.
    let there = sql!("SELECT 1 FROM {} LIMIT 0", job.backfill.table);
    client.batch_execute(there.as_str()).map_err(failed)?;
    let types = parts::key_types(client, job.backfill).map_err(failed)?;
    let policy = &options.backfill;
    let mut run = Run {
        session,
        job,
        options,
        observer,
        types,
        began: (Instant::now(), position.rows),
        position,
        size: policy.next(1000, policy.target),
        trouble: None,
        throttle: Throttle::default(),
        kept_waiting: false,
    };
    run.wait_for_readers()?;
    run.note_wal();
    run.parts()?;
    run.advise();
    Ok(())
}

fn failed(source: postgres::Error) -> Failure {
    Failure::Statement { place: 1, source }
}

struct Run<'r, 's> {
    session: &'r mut Session<'s>,
    job: &'r Job<'r>,
    options: &'r Options,
    observer: &'r mut dyn Observer,
    /// Of the key's columns.
    types: Vec<String>,
    position: FillPosition,
    /// When this run began, and the rows that were walked before.
    began: (Instant, u64),
    /// The rows of the next batch.
    size: u64,
    /// Of the batch that is being tried.
    trouble: Option<Trouble>,
    throttle: Throttle,
    /// The application waited for the batch before.
    kept_waiting: bool,
}

impl Run<'_, '_> {
    // The partitions are listed again after each one: one may have come or gone.
    fn parts(&mut self) -> Result<(), Failure> {
        loop {
            let parts = self.list()?;
            // Once: what is filled leaves dead rows behind, which would count as well.
            if self.position.total == 0 {
                self.position.total = parts
                    .iter()
                    .fold(0, |sum: u64, part| sum.saturating_add(part.rows));
            }
            let at = self.position.at.as_ref().map(|at| at.part.as_str());
            let begun = parts.iter().find(|part| at == Some(&part.text));
            let next = begun.or_else(|| {
                let mut open = parts
                    .iter()
                    .filter(|p| !self.position.done.contains(&p.text));
                open.next()
            });
            let Some(part) = next.cloned() else {
                return Ok(());
            };
            match self.part(&part) {
                Err(Failure::Statement { source, .. })
                    if super::executor::is_missing(&source)
                        && self.list()?.iter().all(|p| p.text != part.text) => {}
                result => result?,
            }
            self.position.at = None;
            self.position.done.push(part.text);
        }
    }

    fn list(&mut self) -> Result<Vec<Part>, Failure> {
        parts::list(&mut self.session.client, &self.job.backfill.table).map_err(failed)
    }

    fn part(&mut self, part: &Part) -> Result<(), Failure> {
        let at = self.position.at.take();
        let place = at.filter(|at| at.part == part.text).map(|at| at.place);
        if part.is_foreign {
            // It has no pages, and whether its key has an index is the other server's business.
            while self.batch(part, None, None, part.rows)?.is_none() {}
            return Ok(());
        }
        match (self.job.backfill.key.is_empty(), place) {
            (false, Some(Place::Key { last, end })) => self.keys(part, Some(last), &end),
            (false, _) => match self.last_key(part)? {
                Some(end) => self.keys(part, None, &end),
                None => Ok(()),
            },
            (true, Some(Place::Pages { next, end, pass })) => self.pages(part, next, end, pass),
            (true, _) => self.pages(part, 0, part.pages, 1),
        }
    }

    // ---- by key ----

    fn keys(
        &mut self,
        part: &Part,
        mut last: Option<Vec<String>>,
        end: &[String],
    ) -> Result<(), Failure> {
        loop {
            let since = Instant::now();
            let Sent::Done(found) = self.next_key(part, last.as_deref(), end)? else {
                continue;
            };
            let Some(Next { to, rows }) = found else {
                return Ok(());
            };
            let range = self.between(last.as_deref(), &to);
            let place = Place::Key {
                last: to.clone(),
                end: end.to_vec(),
            };
            if self.batch(part, Some(&range), Some(place), rows)?.is_none() {
                continue;
            }
            last = Some(to);
            self.rest(since, rows)?;
        }
    }

    fn last_key(&mut self, part: &Part) -> Result<Option<Vec<String>>, Failure> {
        let key = &self.job.backfill.key;
        let down = key.iter().map(|column| sql!("{} DESC", column));
        let query = sql!(
            "SELECT {} FROM {} ORDER BY {} LIMIT 1",
            List::comma(key),
            part.name,
            List::comma(down)
        );
        loop {
            if let Sent::Done(row) = self.look(&query)? {
                return Ok(row);
            }
        }
    }

    /// The next batch after `last`.
    fn next_key(
        &mut self,
        part: &Part,
        last: Option<&[String]>,
        end: &[String],
    ) -> Result<Sent<Option<Next>>, Failure> {
        let key = List::comma(&self.job.backfill.key);
        let down = self.job.backfill.key.iter();
        let down = List::comma(down.map(|column| sql!("{} DESC", column)));
        let query = sql!(
            "SELECT {}, pg_catalog.count(*) OVER () FROM (SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}) AS batch ORDER BY {} LIMIT 1",
            key,
            key,
            part.name,
            self.between(last, end),
            key,
            i64::try_from(self.size).unwrap_or(i64::MAX),
            down
        );
        Ok(match self.look(&query)? {
            Sent::Again => Sent::Again,
            Sent::Done(row) => Sent::Done(row.and_then(|mut values| {
                let rows = values.pop()?.parse().ok()?;
                Some(Next { to: values, rows })
            })),
        })
    }

    /// The rows after `last`, up to and with `end`.
    fn between(&self, last: Option<&[String]>, end: &[String]) -> Sql {
        let key = List::comma(&self.job.backfill.key);
        let values = |values: &[String]| {
            let typed = values.iter().zip(&self.types);
            List::comma(typed.map(|(v, t)| sql!("{}::{}", Literal(v), Deparsed(t))))
        };
        let upper = sql!("({}) <= ({})", key, values(end));
        match last {
            Some(last) => sql!("({}) > ({}) AND {}", key, values(last), upper),
            None => upper,
        }
    }

    // ---- by pages ----

    // An UPDATE by the application moves a row that is not filled yet to another page, perhaps to one that
    // was walked already. So the pages are walked again until a whole walk found nothing.
    fn pages(&mut self, part: &Part, next: i64, end: i64, pass: u32) -> Result<(), Failure> {
        let repeats = matches!(self.job.backfill.work, Fill::Update { .. });
        let (mut next, mut end, mut pass) = (next, end, pass);
        // What an interrupted run wrote in this pass is not known.
        let mut written = u64::from(next > 0);
        loop {
            if next >= end {
                if !repeats || written == 0 || pass >= PASSES {
                    return Ok(());
                }
                let parts = self.list()?;
                end = parts
                    .iter()
                    .find(|p| p.text == part.text)
                    .map_or(end, |p| p.pages);
                (next, pass, written) = (0, pass + 1, 0);
                continue;
            }
            let since = Instant::now();
            let step = i64::try_from(self.size / part.density()).unwrap_or(i64::MAX);
            let to = next.saturating_add(step.max(1)).min(end);
            let pages = u64::try_from(to - next).unwrap_or(0);
            let rows = pages.saturating_mul(part.density());
            let range = sql!(
                "ctid >= '({},0)'::pg_catalog.tid AND ctid < '({},0)'::pg_catalog.tid",
                next,
                to
            );
            let place = Place::Pages {
                next: to,
                end,
                pass,
            };
            let counted = if pass == 1 { rows } else { 0 };
            let Some(filled) = self.batch(part, Some(&range), Some(place), counted)? else {
                continue;
            };
            written += filled;
            next = to;
            self.rest(since, rows)?;
        }
    }

    // ---- one batch ----

    /// Fills one range and moves the position; the rows that were written, or `None`: again.
    fn batch(
        &mut self,
        part: &Part,
        range: Option<&Sql>,
        place: Option<Place>,
        rows: u64,
    ) -> Result<Option<u64>, Failure> {
        let Job {
            ledger,
            plan,
            step,
            backfill,
        } = self.job;
        let mut position = self.position.clone();
        position.rows = position.rows.saturating_add(rows);
        position.at = place.map(|place| At {
            part: part.text.clone(),
            place,
        });
        let work = backfill.batch(&part.name, range);
        let record = ledger.filled(&plan.id, &step.id, &position);
        let Sent::Done(written) = self.fill(&work, &record)? else {
            return Ok(None);
        };
        self.position = position;
        Ok(Some(written))
    }

    /// Each row that was written has left an old one behind.
    fn advise(&mut self) {
        let table = match &self.job.backfill.work {
            Fill::Update { .. } | Fill::Delete { .. } => &self.job.backfill.table,
            Fill::Merge { into, .. } => into,
            Fill::Insert { .. } => return,
        };
        if self.position.rows >= MANY {
            let vacuum = sql!("VACUUM (ANALYZE) {}", table);
            self.observer.event(Event::Note {
                text: format!(
                    "{}: the room of the old rows is free for new ones after {vacuum}; autovacuum does it some time",
                    self.job.step.id
                ),
            });
        }
    }

    /// After a batch: says how far it is, chooses the next size, lets others work.
    fn rest(&mut self, since: Instant, rows: u64) -> Result<(), Failure> {
        let policy = &self.options.backfill;
        let batch = since.elapsed();
        if std::mem::take(&mut self.kept_waiting) {
            self.size = policy.smaller(self.size);
        } else if rows.saturating_mul(2) >= self.size {
            // The last batch of a table may be small: it tells nothing about a whole one.
            self.size = policy.next(self.size, batch);
        }
        let (began, before) = self.began;
        let (done, total) = (self.position.rows, self.position.total);
        let now = u128::from(done.saturating_sub(before));
        let took = began.elapsed().as_millis().max(1);
        let rate = u64::try_from(now * 1000 / took).unwrap_or(u64::MAX);
        self.observer.event(Event::Filled {
            step: self.job.step.id.clone(),
            done,
            total: total.max(done),
            rate,
            left: total
                .saturating_sub(done)
                .checked_div(rate)
                .map(std::time::Duration::from_secs),
        });
        let pause = self.pause(batch);
        brake::rest(pause, self.options);
        self.wait_for_readers()?;
        self.note_wal();
        Ok(())
    }
}

/// A batch by key: its last key, and its rows.
struct Next {
    to: Vec<String>,
    rows: u64,
}

impl Part {
    fn density(&self) -> u64 {
        let pages = u64::try_from(self.pages).unwrap_or(0).max(1);
        (self.rows / pages).max(1)
    }
}

/// The name of a part as it is kept and compared.
fn text(name: &Qualified) -> String {
    name.to_string()
}
