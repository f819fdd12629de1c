//! E5: the application's queries are prepared on the clone after each step.
//!
//! Only Parse and Describe of the extended protocol are sent: the server takes one statement there, and
//! never runs it. The session is the sandbox's.

use super::RehearseError;
use crate::catalog::{Catalog, Live, closure};
use crate::kinds::{Hazard, HazardKind, KindTag, ObjectId};
use crate::plan::StepRecord;
use crate::plan::document::{BrokenQuery, QueryEvidence};
use crate::scratch::Database;
use crate::source::Query;
use crate::source::token::{Token, TokenKind, Tokenizer};
use postgres::Client;
use postgres::error::{ErrorPosition, SqlState};
use std::collections::BTreeSet;

/// Queries that one step names.
const NAMED: usize = 5;
/// Parameters that get a type before a query counts as one that cannot be prepared.
const GUESSES: usize = 40;

/// What a session may keep of a query: it has to be prepared again when this changes.
type Shape = Vec<(String, u32, i32)>;

enum State {
    Works(Shape),
    Broken,
    /// Not even on the schema of today.
    Never,
}

struct Watched<'q> {
    query: &'q Query,
    /// With types for the parameters that need one.
    sql: String,
    words: BTreeSet<String>,
    state: State,
    /// The step that it was looked at after.
    seen: usize,
}

/// The queries that name something the plan touches.
pub(super) struct Watch<'q> {
    queries: Vec<Watched<'q>>,
    evidence: QueryEvidence,
    steps: usize,
}

/// Of `queries`, those that name one of `ids`, and what else of `live` they name.
pub(super) fn relevant<'q>(
    queries: &'q [Query],
    ids: &BTreeSet<ObjectId>,
    live: &Catalog<Live>,
) -> (Vec<&'q Query>, BTreeSet<ObjectId>) {
    let touched: BTreeSet<&str> = ids.iter().filter_map(name).collect();
    let mut found = Vec::new();
    let mut words = BTreeSet::new();
    for query in queries {
        let of = Query::words(&query.sql);
        if of.iter().any(|word| touched.contains(word.as_str())) {
            words.extend(of);
            found.push(query);
        }
    }
    let named: BTreeSet<ObjectId> = live
        .objects
        .iter()
        .filter(|(_, object)| object.parent().is_none_or(|p| p.kind == KindTag::Schema))
        .map(|(id, _)| id)
        .filter(|id| name(id).is_some_and(|n| words.contains(n)))
        .cloned()
        .collect();
    let needed = closure(live, &named);
    (found, needed)
}

/// What a query calls the object or the one it is part of: the name of the table, of the function.
fn name(id: &ObjectId) -> Option<&str> {
    let skip = usize::from(id.kind.describes());
    let path = id.path.get(skip..)?;
    path.get(1).or(path.first()).map(String::as_str)
}

impl<'q> Watch<'q> {
    /// Prepares `queries` on the clone as it is before the first step.
    pub fn start(
        database: &Database,
        queries: Vec<&'q Query>,
        all: usize,
    ) -> Result<Self, RehearseError> {
        let mut evidence = QueryEvidence {
            untouched: all - queries.len(),
            ..QueryEvidence::default()
        };
        let mut watched = Vec::new();
        if !queries.is_empty() {
            let mut client = database.connect()?;
            for query in queries {
                let (sql, prepared) = with_types(&mut client, query)?;
                let state = match prepared {
                    Ok(shape) => {
                        evidence.checked += 1;
                        State::Works(shape)
                    }
                    Err(_) => {
                        evidence.not_checkable += 1;
                        State::Never
                    }
                };
                watched.push(Watched {
                    query,
                    sql,
                    words: Query::words(&query.sql),
                    state,
                    seen: 0,
                });
            }
        }
        Ok(Self {
            queries: watched,
            evidence,
            steps: 0,
        })
    }

    /// Prepares again what shares a name with the step; the step says what it breaks.
    pub fn after_step(
        &mut self,
        database: &Database,
        step: &mut StepRecord,
    ) -> Result<(), RehearseError> {
        self.steps += 1;
        let words: BTreeSet<String> = step
            .statements
            .iter()
            .flat_map(|s| Query::words(&s.sql))
            .collect();
        self.look(database, step, |w| !w.words.is_disjoint(&words))
    }

    /// Prepares again all the others: a view may stand between a query and what was changed.
    pub fn after_phase(
        &mut self,
        database: &Database,
        step: &mut StepRecord,
    ) -> Result<(), RehearseError> {
        let steps = self.steps;
        self.look(database, step, |w| w.seen < steps)
    }

    fn look(
        &mut self,
        database: &Database,
        step: &mut StepRecord,
        wanted: impl Fn(&Watched<'_>) -> bool,
    ) -> Result<(), RehearseError> {
        if !self.queries.iter().any(&wanted) {
            return Ok(());
        }
        let mut client = database.connect()?;
        let (mut broken, mut reshaped) = (Vec::new(), Vec::new());
        for watched in self.queries.iter_mut().filter(|w| wanted(w)) {
            watched.seen = self.steps;
            let name = &watched.query.name;
            let now = prepare(&mut client, watched.query, &watched.sql)?;
            match (&watched.state, now) {
                (State::Works(before), Ok(now)) => {
                    if *before != now {
                        reshaped.push(name.clone());
                        watched.state = State::Works(now);
                    }
                }
                (State::Works(_), Err(error)) => {
                    let message = super::server_message(&error);
                    let text = format!("{name} fails: {message}");
                    broken.push(text);
                    self.evidence.broken.push(BrokenQuery {
                        step: step.id.clone(),
                        query: name.clone(),
                        sql: watched.query.sql.clone(),
                        message,
                        mended_by: None,
                    });
                    watched.state = State::Broken;
                }
                (State::Broken, Ok(now)) => {
                    watched.state = State::Works(now);
                    let mut of = self.evidence.broken.iter_mut().rev();
                    if let Some(entry) = of.find(|b| b.query == *name) {
                        entry.mended_by = Some(step.id.clone());
                    }
                }
                (State::Never, Ok(now)) => {
                    // It is the new application's.
                    watched.state = State::Works(now);
                    self.evidence.not_checkable -= 1;
                    self.evidence
                        .new
                        .entry(step.id.clone())
                        .or_default()
                        .push(name.clone());
                }
                (State::Never, Err(_)) => {
                    // Its parameters may get their types now.
                    let (sql, prepared) = with_types(&mut client, watched.query)?;
                    if let Ok(shape) = prepared {
                        watched.sql = sql;
                        watched.state = State::Works(shape);
                        self.evidence.not_checkable -= 1;
                        let new = self.evidence.new.entry(step.id.clone()).or_default();
                        new.push(name.clone());
                    }
                }
                (State::Broken, Err(_)) => {}
            }
        }
        let hazard = |text| Hazard::measured(HazardKind::BreaksQueries, text);
        let more = broken.len().saturating_sub(NAMED);
        step.hazards
            .extend(broken.into_iter().take(NAMED).map(hazard));
        if more > 0 {
            let text = format!("{more} more queries fail from here on");
            step.hazards.push(hazard(text));
        }
        if !reshaped.is_empty() {
            let more = reshaped.len().saturating_sub(NAMED);
            reshaped.truncate(NAMED);
            let and = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            step.hazards.push(hazard(format!(
                "prepared statements of {}{and} fail (0A000) until they are prepared again: their \
                 result has other columns",
                reshaped.join(", ")
            )));
        }
        step.hazards.sort();
        step.hazards.dedup();
        Ok(())
    }

    pub fn evidence(self) -> QueryEvidence {
        self.evidence
    }
}

type Prepared = Result<Shape, postgres::Error>;

fn prepare(client: &mut Client, query: &Query, sql: &str) -> Result<Prepared, RehearseError> {
    client.query(
        "SELECT pg_catalog.set_config('search_path', $1, false)",
        &[&query.search_path],
    )?;
    let prepared = client.prepare(sql).map(|statement| {
        let columns = statement.columns().iter();
        columns
            .map(|c| (c.name().to_owned(), c.type_().oid(), c.type_modifier()))
            .collect()
    });
    match prepared {
        Err(error) if error.as_db_error().is_none() => Err(error.into()),
        other => Ok(other),
    }
}

/// Prepares a query; where the server cannot tell the type of a parameter, it gets one.
///
/// pg_stat_statements puts `$n` where constants stood: `interval $1` is no syntax, `$1 + $2` no
/// operator.
fn with_types(client: &mut Client, query: &Query) -> Result<(String, Prepared), RehearseError> {
    let mut sql = query.sql.clone();
    let mut prepared = prepare(client, query, &sql)?;
    for _ in 0..GUESSES {
        let Err(error) = &prepared else {
            break;
        };
        let Some(next) = guess(&sql, error) else {
            break;
        };
        sql = next;
        prepared = prepare(client, query, &sql)?;
    }
    Ok((sql, prepared))
}

/// The text with one parameter told apart, where the error says that it is a parameter's fault.
fn guess(sql: &str, error: &postgres::Error) -> Option<String> {
    let db = error.as_db_error()?;
    let tokens: Vec<Token> = Tokenizer::new(sql).map_while(Result::ok).collect();
    let code = db.code();
    if *code == SqlState::INDETERMINATE_DATATYPE {
        let number = db.message().rsplit('$').next()?;
        let number: String = number.chars().take_while(char::is_ascii_digit).collect();
        let text = format!("${number}");
        let mut typed = String::new();
        let mut from = 0;
        for token in tokens
            .iter()
            .filter(|t| sql.get(t.range()) == Some(text.as_str()))
        {
            typed.push_str(&sql[from..token.end]);
            typed.push_str("::text");
            from = token.end;
        }
        typed.push_str(&sql[from..]);
        return (from > 0).then_some(typed);
    }
    let at = match db.position() {
        Some(ErrorPosition::Original(n)) => {
            let n = usize::try_from(*n).ok()?.checked_sub(1)?;
            sql.char_indices()
                .nth(n)
                .map_or(sql.len(), |(byte, _)| byte)
        }
        _ => return None,
    };
    let here = tokens.iter().position(|t| t.end > at)?;
    let parameter = |n: usize| {
        tokens
            .get(n)
            .filter(|t| t.kind == TokenKind::Parameter)
            .copied()
    };
    let replace = |token: Token, with: &str| {
        Some(format!(
            "{}{with}{}",
            &sql[..token.start],
            &sql[token.end..]
        ))
    };
    if *code == SqlState::SYNTAX_ERROR {
        // `interval $1`, `extract($1 FROM …)`: constants, of a type or among words.
        let token = parameter(here)?;
        let before = here.checked_sub(1).and_then(|n| tokens.get(n))?;
        let word = sql.get(before.range())?.to_ascii_lowercase();
        let constant = match word.as_str() {
            "(" => "'epoch'",
            "interval" => "'1 day'",
            "date" | "timestamp" | "timestamptz" => "'2000-01-01'",
            "time" | "timetz" => "'00:00'",
            "zone" => "'UTC'",
            "json" | "jsonb" => "'{}'",
            "uuid" => "'00000000-0000-0000-0000-000000000000'",
            _ => return None,
        };
        return Some(with_constant(sql, &tokens, token, constant));
    }
    if [SqlState::AMBIGUOUS_FUNCTION, SqlState::UNDEFINED_FUNCTION].contains(code)
        && db.message().contains("unknown")
    {
        // An operator between two, or a function whose first arguments they are.
        let untyped = |n: usize| {
            let cast = tokens.get(n + 1).is_some_and(|t| &sql[t.range()] == ":");
            parameter(n).filter(|_| !cast)
        };
        let before = here.checked_sub(1).and_then(untyped);
        let token = before.or_else(|| (here..here + 8).find_map(untyped))?;
        return replace(token, &format!("{}::integer", &sql[token.range()]));
    }
    None
}

/// `constant` in place of one parameter; where that was its only place, those after it move up: the
/// server wants a type for each number up to the last.
fn with_constant(sql: &str, tokens: &[Token], token: Token, constant: &str) -> String {
    let number = |t: &Token| -> Option<u32> {
        let text = sql.get(t.range())?;
        text.strip_prefix('$')?.parse().ok()
    };
    let parameters = || tokens.iter().filter(|t| t.kind == TokenKind::Parameter);
    let gone = number(&token);
    let stays = parameters().any(|t| *t != token && number(t) == gone);
    let mut out = String::new();
    let mut from = 0;
    for other in parameters() {
        out.push_str(&sql[from..other.start]);
        match (number(other), gone) {
            _ if *other == token => out.push_str(constant),
            (Some(n), Some(gone)) if n > gone && !stays => out.push_str(&format!("${}", n - 1)),
            _ => out.push_str(&sql[other.range()]),
        }
        from = other.end;
    }
    out.push_str(&sql[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_takes_the_number_of_its_parameter_away() {
        let with = |sql: &str, at: usize| {
            let tokens: Vec<Token> = Tokenizer::new(sql).map_while(Result::ok).collect();
            let parameters = tokens.iter().filter(|t| t.kind == TokenKind::Parameter);
            let token = *parameters.clone().nth(at).unwrap();
            with_constant(sql, &tokens, token, "'x'")
        };
        assert_eq!(with("a $1 b $2 c '$2' $10", 0), "a 'x' b $1 c '$2' $9");
        assert_eq!(with("a $1 b $2 c $1", 0), "a 'x' b $2 c $1");
        assert_eq!(with("a $1 b $2", 1), "a $1 b 'x'");
    }
}
