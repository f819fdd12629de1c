//! The plan as a psql script.

use super::guard::{self, Again, Guarded, terminated};
use super::mask::one_line;
use super::promise;
use super::summary::{self, Measured, listed};
use crate::pg::ident::Literal;
use crate::pg::session;
use crate::pg::sql::dollar_quote;
use crate::plan::{Document, Rollback, StatementRecord, StepRecord};
use crate::source::scan;
use crate::source::token::{TokenKind, Tokenizer};
use std::fmt::Write as _;

/// The lock time-out of ordinary statements: `lock.timeout` of the settings by default.
const LOCK_TIMEOUT: &str = "5s";

/// The plan as a script for `psql -f`, which may be run again after a failure or by accident.
///
/// A script has no ledger, so a statement that a second run would not survive is guarded by a look
/// into the catalog; the header names the steps where no guard is known. A step that takes a name
/// away which a later step gives to something new runs only with `psql -v once=1`.
///
/// ```
/// use pgrehearse::{plan::artifact, render::sql};
/// # let yaml = "{format: 1, id: '', tool: '', server_version: 17, from: a, to: b,
/// #   fingerprints: {before: x, after: x}, touches: [], phases: [],
/// #   evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}}";
/// let plan = artifact::read(yaml).unwrap();
/// assert!(sql::plan(plan.document()).contains("-- nothing to do"));
/// ```
pub fn plan(document: &Document) -> String {
    let steps: Vec<Guard> = guards(document);
    let mut out = String::new();
    header(&mut out, document, &steps);
    if document.is_empty() {
        return out;
    }
    settings(&mut out);
    let mut patient = false;
    let mut steps = steps.into_iter();
    for record in document.phases.iter().filter(|p| !p.steps.is_empty()) {
        let _ = writeln!(
            out,
            "\n--\n-- {}: {}",
            record.phase.name().to_uppercase(),
            promise::work(record.phase)
        );
        for line in promise::promises(document, record.phase) {
            let _ = writeln!(out, "-- {line}");
        }
        let _ = writeln!(out, "--");
        for guard in steps.by_ref().take(record.steps.len()) {
            step(&mut out, &guard, &mut patient);
        }
    }
    out
}

/// A step with what a second run makes of it.
struct Guard<'a> {
    step: &'a StepRecord,
    statements: Vec<(&'a StatementRecord, Result<Guarded, &'static str>)>,
    /// A second run would take away what a later statement gave.
    once: bool,
}

impl Guard<'_> {
    fn is_open(&self) -> bool {
        let open = |g: &Result<Guarded, _>| matches!(g, Ok(g) if g.again == Again::Open);
        self.step.done_when.is_none() && self.statements.iter().any(|(_, g)| open(g))
    }
}

fn guards(document: &Document) -> Vec<Guard<'_>> {
    let mut guards: Vec<Guard> = document
        .steps()
        .map(|(_, step)| Guard {
            step,
            // A backfill is a loop of its own, which does no harm again.
            statements: step
                .statements
                .iter()
                .filter(|_| step.backfill.is_none())
                .map(|s| (s, psql_text(&s.sql).map(|t| guard::guard(&t))))
                .collect(),
            once: false,
        })
        .collect();
    let mut given_later: Vec<String> = Vec::new();
    for guard in guards.iter_mut().rev() {
        for (_, statement) in guard.statements.iter().rev() {
            let Ok(statement) = statement else { continue };
            guard.once |= statement
                .takes
                .iter()
                .any(|name| given_later.contains(name));
            given_later.extend(statement.gives.iter().cloned());
        }
    }
    guards
}

/// The statement as psql passes it on unchanged.
///
/// # Errors
/// Why psql would not: it acts on backslashes and splits at semicolons.
fn psql_text(sql: &str) -> Result<String, &'static str> {
    let found = scan::scan(sql).map_err(|_| "it cannot be split into tokens")?;
    if found.statements.len() != 1 || !found.skipped.is_empty() {
        return Err("it is not one SQL statement");
    }
    let tokens: Vec<_> = Tokenizer::new(sql).map_while(Result::ok).collect();
    let mut out = sql.to_owned();
    for pair in tokens.windows(2).rev() {
        let [a, b] = pair else { continue };
        let colon = a.kind == TokenKind::Punct && sql.get(a.range()) == Some(":");
        // psql puts its own variable in the place of :NAME, as in the slice a[1:PORT].
        if colon && a.end == b.start && b.kind != TokenKind::Punct && b.kind != TokenKind::Number {
            let typecast = sql.get(..a.start).is_some_and(|s| s.ends_with(':'));
            if !typecast {
                out.insert(a.end, ' ');
            }
        }
    }
    Ok(out)
}

fn header(out: &mut String, document: &Document, steps: &[Guard]) {
    let mut comment = |text: &str| {
        let _ = writeln!(out, "{}", format!("-- {}", one_line(text)).trim_end());
    };
    comment(&summary::verdict(document).join(" · "));
    comment(&format!("from {} to {}", document.from, document.to));
    comment(&format!(
        "plan {}, PostgreSQL {}, pgrehearse {}",
        document.id, document.server_version, document.tool
    ));
    for difference in &document.evidence.residual {
        comment(&format!("DOES NOT ARRIVE: {difference}"));
    }
    for reason in &document.evidence.not_rehearsed {
        comment(&format!("NOT REHEARSED: {reason}"));
    }
    for alert in summary::alerts(document) {
        comment(&format!("{} in {}: {}", alert.what, alert.step, alert.text));
    }
    for object in &document.unmodeled {
        comment(&format!(
            "not compared: {} {} ({})",
            object.what, object.name, object.side
        ));
    }
    for notice in &document.notices {
        comment(&format!("notice: {notice}"));
    }
    if document.is_empty() {
        return;
    }
    comment("");
    comment("Run with: psql -X -f THIS_FILE DATABASE (not with --single-transaction).");
    comment("There is no ledger here: each statement looks whether it is done already, so that a");
    comment("second run does no harm. `pgrehearse apply` also checks, retries and records.");
    let named = |which: &dyn Fn(&Guard) -> bool| -> Vec<String> {
        steps
            .iter()
            .filter(|g| which(g))
            .map(|g| g.step.id.clone())
            .collect()
    };
    let open = named(&|g: &Guard| g.is_open());
    if !open.is_empty() {
        comment(&format!(
            "NOT GUARDED, a second run repeats them: {}",
            open.join(", ")
        ));
    }
    let once = named(&|g: &Guard| g.once);
    if !once.is_empty() {
        comment(&format!(
            "ONLY WITH psql -v once=1, on the first run alone: {}",
            once.join(", ")
        ));
    }
    let left_out = named(&|g: &Guard| g.statements.iter().any(|(_, s)| s.is_err()));
    if !left_out.is_empty() {
        comment(&format!(
            "STOPS AT, because psql cannot pass it on: {}",
            left_out.join(", ")
        ));
    }
}

fn settings(out: &mut String) {
    out.push_str("\n\\set ON_ERROR_STOP on\n\\set AUTOCOMMIT on\n");
    for (name, value) in session::FIXED {
        // An unprivileged role may not set the first; functions of the user find what they name in the role's own path.
        if !["session_replication_role", "search_path", "lock_timeout"].contains(name) {
            let _ = writeln!(out, "SET {name} = {};", Literal(value));
        }
    }
    let _ = writeln!(out, "{};", session::PATH_OF_THE_ROLE);
    let _ = writeln!(out, "SET lock_timeout = '{LOCK_TIMEOUT}';");
}

fn step(out: &mut String, guard: &Guard, patient: &mut bool) {
    let step = guard.step;
    out.push('\n');
    let mut comment = |text: String| {
        let indent = if text.starts_with(' ') { "  " } else { "" };
        let _ = writeln!(out, "-- {indent}{}", one_line(&text));
    };
    comment(format!(
        "{}: {} [{}]",
        step.id,
        step.title,
        step.evidence.impact.name()
    ));
    if Measured::is_known(step) {
        let measured = Measured::of(step);
        let word = if measured.declared.is_some() {
            "locks (declared)"
        } else {
            "locks"
        };
        for (mode, on) in &measured.locks {
            comment(format!("  {word}: {mode} on {}", listed(on, 10)));
        }
        for (word, on) in [
            ("scans", &measured.scanned),
            ("rewrites", &measured.rewritten),
            ("builds", &measured.index_builds),
        ] {
            if !on.is_empty() {
                comment(format!("  {word}: {}", listed(on, 10)));
            }
        }
    }
    for hazard in &step.hazards {
        comment(format!("  {}: {}", hazard.kind, hazard.text));
    }
    if let Some(gate) = &step.gate {
        comment(format!("  gate: {gate}"));
    }
    if let Some(backfill) = &step.backfill {
        comment(format!(
            "  {}; not inside a transaction, because each batch is committed",
            backfill.way()
        ));
    }
    if let Rollback::Irreversible { why } = &step.rollback {
        comment(format!("  cannot be undone: {why}"));
    }
    if guard.once {
        out.push_str("\\if :{?once}\n\\else\n");
        let _ = writeln!(
            out,
            "\\echo {} takes a name away which a later step gives to something new: run with -v once=1, and only once",
            psql_word(&step.id)
        );
        // A psql \quit ends with 0, which would pass for success.
        out.push_str("DO $$ BEGIN RAISE EXCEPTION 'stopped before the first statement of this step'; END $$;\n\\endif\n");
    }
    wait(out, step, patient);
    let probed = step.done_when.as_deref().and_then(|q| psql_text(q).ok());
    if let Some(query) = &probed {
        let _ = writeln!(
            out,
            "SELECT ({query}\n) AS pgrehearse_done \\gset\n\\if :pgrehearse_done\n\\else"
        );
    }
    if let Some(backfill) = &step.backfill {
        let body = super::batches::body(backfill);
        let quote = dollar_quote(body.as_str(), "fill");
        let _ = writeln!(out, "DO {quote}\n{body}\n{quote};");
    }
    let mut open = false;
    for (statement, text) in &guard.statements {
        if open != statement.transactional {
            out.push_str(if open { "COMMIT;\n" } else { "BEGIN;\n" });
            open = statement.transactional;
        }
        match text {
            Ok(text) => write_statement(out, text, statement.transactional),
            Err(why) => {
                let _ = writeln!(out, "-- not written: {why}");
                for line in statement.sql.lines() {
                    let _ = writeln!(out, "--   {}", one_line(line));
                }
                out.push_str("DO $$ BEGIN RAISE EXCEPTION 'this statement cannot be passed on by psql'; END $$;\n");
            }
        }
    }
    if open {
        out.push_str("COMMIT;\n");
    }
    if probed.is_some() {
        out.push_str("\\endif\n");
    }
}

/// A word that psql takes for nothing else.
fn psql_word(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect()
}

/// CONCURRENTLY and VALIDATE wait for transactions without making others wait; cancelled by
/// `lock_timeout`, the first leaves an invalid index (RULES.md).
fn wait(out: &mut String, step: &StepRecord, patient: &mut bool) {
    let validates = step.statements.iter().any(|s| {
        let tokens: Vec<_> = Tokenizer::new(&s.sql).map_while(Result::ok).collect();
        tokens.iter().any(|t| {
            t.kind == TokenKind::Word
                && s.sql
                    .get(t.range())
                    .is_some_and(|w| w.eq_ignore_ascii_case("VALIDATE"))
        })
    });
    // A batch that waits for a row holds others: it keeps the time-out.
    let needed = step.backfill.is_none() && !step.is_transactional() || validates;
    if needed != *patient {
        let value = if needed { "0" } else { LOCK_TIMEOUT };
        let _ = writeln!(out, "SET lock_timeout = '{value}';");
        *patient = needed;
    }
}

fn write_statement(out: &mut String, guarded: &Guarded, transactional: bool) {
    if let Some(index) = &guarded.builds {
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {index}");
        let condition = format!(
            "EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass({}) AND NOT indisvalid)",
            Literal(index)
        );
        gexec(out, &drop, &condition);
    }
    match &guarded.again {
        Again::When(condition) if transactional => {
            let inner = dollar_quote(&guarded.sql, "sql");
            let body = format!(
                "BEGIN\n  IF {condition} THEN\n    EXECUTE {inner}{}{inner};\n  END IF;\nEND",
                guarded.sql
            );
            let outer = dollar_quote(&body, "do");
            let _ = writeln!(out, "DO {outer}\n{body}\n{outer};");
        }
        Again::When(condition) => gexec(out, &guarded.sql, condition),
        Again::Harmless | Again::Open => {
            let _ = writeln!(out, "{}", terminated(&guarded.sql));
        }
    }
}

fn gexec(out: &mut String, sql: &str, condition: &str) {
    let quote = dollar_quote(sql, "sql");
    let _ = writeln!(
        out,
        "SELECT {quote}{sql}{quote}\n WHERE {condition} \\gexec"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psql_is_given_nothing_to_act_on() {
        assert!(psql_text("SELECT 1 \\! rm").is_err());
        assert!(psql_text("SELECT 1; DROP TABLE t").is_err());
        assert!(psql_text("SELECT 'open").is_err());
        let sql = "SELECT a[1:PORT], 'x'::text, b[2:3], ':PORT'";
        assert_eq!(
            psql_text(sql).unwrap(),
            "SELECT a[1: PORT], 'x'::text, b[2:3], ':PORT'"
        );
        assert_eq!(psql_text("SELECT E'\\\\! x'").unwrap(), "SELECT E'\\\\! x'");
    }

    #[test]
    fn a_dollar_quote_is_not_closed_by_its_text() {
        assert_eq!(dollar_quote("a $sql$ b", "sql"), "$sql2$");
        assert_eq!(dollar_quote("a", "sql"), "$sql$");
    }
}
