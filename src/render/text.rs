//! The terminal rendering: what a person reviews.

use super::data;
use super::mask::{clip, one_line, visible};
use super::promise;
use super::summary::{self, Measured};
use crate::kinds::HazardKind;
use crate::plan::{Document, Impact, Phase, Rollback, StatementRecord, StepRecord, Verdict};
use crate::source::token::{Token, TokenKind, Tokenizer};
use anstyle::{AnsiColor, Style};

/// Whether styles are written as ANSI escape sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    Yes,
    No,
}

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const WARN: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();

/// The narrowest line that still holds a label and some words.
const MIN_WIDTH: usize = 40;
/// Where the text after a label begins.
const INDENT: usize = 13;

/// The plan for a terminal of `width` columns (characters; at least 40 are used).
///
/// Lines are wrapped between words and SQL between tokens, never inside a string or a name, which
/// may stand out over the edge. The same plan gives the same text: run times are not shown.
///
/// ```
/// use pgrehearse::{plan::artifact, render::{Colour, text}};
/// # let yaml = "{format: 1, id: '', tool: '', server_version: 17, from: a, to: b,
/// #   fingerprints: {before: x, after: x}, touches: [], phases: [],
/// #   evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}}";
/// let plan = artifact::read(yaml).unwrap();
/// let shown = text::plan(plan.document(), 80, Colour::No);
/// assert!(shown.starts_with("nothing to do: live is as desired\n"));
/// ```
pub fn plan(document: &Document, width: usize, colour: Colour) -> String {
    let mut page = Page::new(width, colour);
    page.head(document);
    page.alerts(document);
    page.rows_in_the_way(document);
    for record in document.phases.iter().filter(|p| !p.steps.is_empty()) {
        page.phase(document, record.phase, &record.steps);
    }
    page.tail(document);
    page.out
}

/// The first part of [`plan`]: the verdict, what it is based on, and the hazards.
pub fn head(document: &Document, width: usize, colour: Colour) -> String {
    let mut page = Page::new(width, colour);
    page.head(document);
    page.alerts(document);
    page.rows_in_the_way(document);
    page.out
}

/// Text for a terminal, line by line.
pub(super) struct Page {
    out: String,
    width: usize,
    colour: Colour,
}

impl Page {
    pub fn new(width: usize, colour: Colour) -> Self {
        Self {
            out: String::new(),
            width: width.max(MIN_WIDTH),
            colour,
        }
    }

    pub fn finish(self) -> String {
        self.out
    }

    /// The columns beside the labels.
    pub fn room(&self) -> usize {
        self.width.saturating_sub(INDENT)
    }

    /// `text` over the whole width.
    pub fn wrapped(&mut self, text: &str, style: Style) {
        for line in wrap(&one_line(text), self.width) {
            let line = self.paint(style, &line);
            self.line(&line);
        }
    }

    pub fn paint(&self, style: Style, text: &str) -> String {
        match self.colour {
            Colour::Yes => format!("{style}{text}{style:#}"),
            Colour::No => text.to_owned(),
        }
    }

    pub fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// `label` in its column, then `text` wrapped beside it.
    pub fn labelled(
        &mut self,
        at: usize,
        label: &str,
        text: &str,
        label_style: Style,
        style: Style,
    ) {
        let indent = at + INDENT - 4;
        let room = self.width.saturating_sub(indent);
        let mut first = true;
        for line in wrap(text, room) {
            let gap = indent.saturating_sub(at);
            let shown = match first {
                true => {
                    let padded = format!("{label:<gap$}");
                    format!("{:at$}{}", "", self.paint(label_style, &padded))
                }
                false => " ".repeat(indent),
            };
            let text = self.paint(style, &line);
            self.line(&format!("{shown}{text}"));
            first = false;
        }
    }

    pub fn field(&mut self, label: &str, text: &str) {
        self.labelled(4, label, text, DIM, Style::new());
    }

    fn head(&mut self, document: &Document) {
        let impact = document.evidence.impact;
        let bad = !document.evidence.residual.is_empty()
            || summary::data_loss(document) > 0
            || !data::in_the_way(document).is_empty();
        let style = match impact {
            Impact::Blocking => BAD,
            _ if bad => BAD,
            Impact::NotRehearsed if !document.is_empty() => BAD,
            _ => GOOD.bold(),
        };
        self.wrapped(&summary::verdict(document).join(" · "), style);
        if !document.is_empty() || !document.evidence.residual.is_empty() {
            self.labelled(0, "from", &one_line(&document.from), DIM, Style::new());
            self.labelled(0, "to", &one_line(&document.to), DIM, Style::new());
        }
        self.section("Not rehearsed", BAD, &document.evidence.not_rehearsed);
        let title = "Does not arrive: what differs from the desired schema after the last step";
        self.section(title, BAD, &document.evidence.residual);
    }

    pub fn section(&mut self, title: &str, style: Style, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint(style, title);
        self.line(&title);
        for item in items {
            self.item(&one_line(item));
        }
    }

    fn item(&mut self, text: &str) {
        for (n, line) in wrap(text, self.width.saturating_sub(4)).iter().enumerate() {
            let lead = if n == 0 { "  - " } else { "    " };
            self.line(&format!("{lead}{line}"));
        }
    }

    fn alerts(&mut self, document: &Document) {
        let alerts = summary::alerts(document);
        if alerts.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint(BOLD, "Before you apply");
        self.line(&title);
        let steps = alerts.iter().map(|a| a.step.chars().count()).max();
        let steps = steps.unwrap_or(0).min(20);
        for alert in &alerts {
            let severe = matches!(
                alert.what,
                "data-loss" | "blocks-reads" | "blocks-writes" | "blocking"
            );
            let what = self.paint(
                if severe { BAD } else { WARN },
                &format!("{:<14}", alert.what),
            );
            let indent = 2 + 14 + 1 + steps + 2;
            let mut text = one_line(&alert.text);
            if alert.declared {
                text.push_str(" (declared)");
            }
            let step = one_line(alert.step);
            for (n, line) in wrap(&text, self.width.saturating_sub(indent))
                .iter()
                .enumerate()
            {
                match n {
                    0 => self.line(&format!("  {what} {step:<steps$}  {line}")),
                    _ => self.line(&format!("{:indent$}{line}", "")),
                }
            }
        }
    }

    fn rows_in_the_way(&mut self, document: &Document) {
        let found = data::in_the_way(document);
        if found.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint(
            BAD,
            "Rows in the way: apply refuses the plan while they stand",
        );
        self.line(&title);
        for checked in found {
            self.item(&one_line(&format!(
                "{}  {}",
                checked.step.id,
                checked.text()
            )));
            if let Some(show) = &checked.check.show {
                let room = self.width.saturating_sub(6);
                for line in wrap_sql(&visible(show.as_str()), room) {
                    self.line(&format!("      {line}"));
                }
            }
        }
    }

    fn phase(&mut self, document: &Document, phase: Phase, steps: &[StepRecord]) {
        self.line("");
        let name = phase.name().to_uppercase();
        let rest = format!(
            "{} · {}",
            summary::count(steps.len(), "step"),
            promise::work(phase)
        );
        let indent = name.len() + 2;
        let name = self.paint(BOLD, &name);
        for (n, line) in wrap(&rest, self.width - indent).iter().enumerate() {
            match n {
                0 => self.line(&format!("{name}  {line}")),
                _ => self.line(&format!("{:indent$}{line}", "")),
            }
        }
        for promise in promise::promises(document, phase) {
            self.item(&promise);
        }
        for step in steps {
            self.step(document, step);
        }
    }

    fn step(&mut self, document: &Document, step: &StepRecord) {
        self.line("");
        let impact = step.evidence.impact;
        let style = match impact {
            Impact::Online => GOOD,
            Impact::Bounded => WARN,
            Impact::Blocking | Impact::NotRehearsed => BAD,
        };
        let id = one_line(&step.id);
        let lead = 2 + id.chars().count() + 2 + impact.name().len() + 2;
        let shown = format!(
            "{}  {}",
            self.paint(BOLD, &id),
            self.paint(style, impact.name())
        );
        for (n, line) in wrap(&one_line(&step.title), self.width.saturating_sub(lead))
            .iter()
            .enumerate()
        {
            let line = self.paint(BOLD, line);
            match n {
                0 => self.line(&format!("  {shown}  {line}")),
                _ => self.line(&format!("{:lead$}{line}", "")),
            }
        }
        if !step.why.is_empty() {
            self.field("why", &one_line(&step.why));
        }
        if let Some(gate) = &step.gate {
            self.labelled(4, "gate", &one_line(&gate.to_string()), WARN, Style::new());
        }
        if let Some(backfill) = &step.backfill {
            let text = format!("{}, one transaction each", backfill.way());
            self.field("fills", &one_line(&text));
        }
        self.statements(&step.statements);
        self.measured(step);
        self.checks(document, step);
        for hazard in &step.hazards {
            let style = match hazard.kind {
                HazardKind::DataLoss | HazardKind::BlocksReads | HazardKind::BlocksWrites => BAD,
                _ => WARN,
            };
            let text = format!("{}: {}", hazard.kind, one_line(&hazard.text));
            self.labelled(4, "hazard", &text, style, Style::new());
        }
        self.rollback(&step.rollback);
    }

    fn statements(&mut self, statements: &[StatementRecord]) {
        let inside = statements.iter().filter(|s| s.transactional).count();
        if inside > 1 && inside == statements.len() {
            let note = format!("{inside} statements in one transaction");
            self.labelled(4, "", &note, DIM, DIM);
        }
        let room = self.width.saturating_sub(INDENT);
        for statement in statements {
            if !statement.transactional {
                self.labelled(4, "", "outside a transaction", DIM, DIM);
            }
            for (n, line) in wrap_sql(&visible(&statement.sql), room).iter().enumerate() {
                let label = match n {
                    0 => self.paint(DIM, &format!("{:<9}", "sql")),
                    _ => " ".repeat(9),
                };
                self.line(&format!("    {label}{line}"));
            }
        }
    }

    fn measured(&mut self, step: &StepRecord) {
        if !Measured::is_known(step) {
            return;
        }
        let measured = Measured::of(step);
        if let Some(reason) = &measured.declared {
            let text = format!("and not measured: {}", one_line(reason));
            self.labelled(4, "declared", &text, WARN, Style::new());
        }
        if measured.locks.is_empty() {
            self.field("locks", "none on relations that existed before");
        }
        for (n, (mode, relations)) in measured.locks.iter().enumerate() {
            let text = format!("{mode} on {}", one_line(&relations.join(", ")));
            let label = if n == 0 { "locks" } else { "" };
            let style = match (mode.blocks_reads(), mode.blocks_writes()) {
                (true, _) if step.evidence.impact == Impact::Blocking => BAD,
                (_, true) => WARN,
                _ => Style::new(),
            };
            self.labelled(4, label, &text, DIM, style);
        }
        for (label, relations) in [
            ("scans", &measured.scanned),
            ("rewrites", &measured.rewritten),
            ("builds", &measured.index_builds),
        ] {
            if !relations.is_empty() {
                self.field(label, &one_line(&relations.join(", ")));
            }
        }
    }

    fn checks(&mut self, document: &Document, step: &StepRecord) {
        for checked in data::of_step(document, step) {
            let style = match checked.run.map(|r| r.verdict) {
                Some(Verdict::Violated) => BAD,
                Some(Verdict::NotChecked) => WARN,
                _ => DIM,
            };
            let mut text = checked.text();
            if let Some(step) = &checked.check.mended_by {
                text.push_str(&format!("; {step} mends it"));
            }
            self.labelled(4, "rows", &one_line(&text), style, Style::new());
        }
    }

    fn rollback(&mut self, rollback: &Rollback) {
        let room = self.width.saturating_sub(INDENT);
        match rollback {
            Rollback::Run(statements) => {
                let text = match statements.as_slice() {
                    [] => "nothing to undo".to_owned(),
                    [only] => clip(&one_line(&only.sql), room),
                    [first, rest @ ..] => {
                        let more = format!("; and {} more", rest.len());
                        let room = room.saturating_sub(more.chars().count());
                        format!("{}{more}", clip(&one_line(&first.sql), room))
                    }
                };
                self.field("undo", &text);
            }
            Rollback::Leave { what, why } => {
                let text = format!("leaves {}: {}", one_line(&what.human()), one_line(why));
                self.field("undo", &text);
            }
            Rollback::Irreversible { why } => {
                let text = format!("cannot be undone: {}", one_line(why));
                self.labelled(4, "undo", &text, WARN, Style::new());
            }
        }
    }

    fn tail(&mut self, document: &Document) {
        let unmodeled: Vec<String> = document
            .unmodeled
            .iter()
            .map(|u| format!("{} {} ({})", u.what, u.name, u.side))
            .collect();
        self.section("Not compared: exists and is not modelled", WARN, &unmodeled);
        self.section("Notices", BOLD, &document.notices);
        let evidence = summary::evidence(document);
        if evidence.is_empty() || document.is_empty() {
            return;
        }
        self.line("");
        let title = self.paint(BOLD, "Evidence");
        self.line(&title);
        for (label, text) in evidence {
            self.labelled(2, label, &one_line(&text), DIM, Style::new());
        }
    }
}

/// Splits `text` between words into lines of at most `width` characters; a longer word stands
/// alone.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let size = word.chars().count();
        if length > 0 && length + 1 + size > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        }
        if length > 0 {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += size;
    }
    lines.push(line);
    lines
}

/// A statement in lines of at most `width` characters where it can be broken, with its semicolon.
pub fn statement(sql: &str, width: usize) -> String {
    wrap_sql(sql, width).join("\n")
}

/// Splits a statement between tokens into lines of at most `width` characters and ends it with a
/// semicolon.
///
/// The statement's own lines are kept. A line is broken only where white space already stands
/// between two tokens, so strings, names and bodies stay whole however long they are.
pub(super) fn wrap_sql(sql: &str, width: usize) -> Vec<String> {
    let sql = sql.trim_end();
    let tokens: Vec<Token> = Tokenizer::new(sql).map_while(Result::ok).collect();
    let mut lines: Vec<String> = Vec::new();
    let mut start = 0;
    for line in sql.split('\n') {
        let end = start + line.len();
        wrap_line(sql, start, end, &tokens, width, &mut lines);
        start = end + 1;
    }
    let ends_in_comment = tokens
        .last()
        .is_some_and(|t| t.kind == TokenKind::LineComment);
    match lines.last_mut() {
        Some(last) if !ends_in_comment => last.push(';'),
        _ => lines.push(";".to_owned()),
    }
    lines
}

fn wrap_line(
    sql: &str,
    start: usize,
    end: usize,
    tokens: &[Token],
    width: usize,
    lines: &mut Vec<String>,
) {
    let text = |from: usize, to: usize| sql.get(from..to).unwrap_or_default();
    let indent = text(start, end).chars().take_while(|c| *c == ' ').count();
    let hang = " ".repeat((indent + 4).min(width / 2));
    // A token that ends on this line and the next one's start, with white space between.
    let gaps: Vec<(usize, usize, bool)> = tokens
        .windows(2)
        .filter_map(|pair| {
            let (a, b) = (pair.first()?, pair.get(1)?);
            (a.end > start && b.start < end && a.end < b.start).then(|| {
                let nice = text(a.start, a.end) == "," || is_clause(text(b.start, b.end));
                (a.end, b.start, nice)
            })
        })
        .filter(|(a, b, _)| !text(*a, *b).contains('\n'))
        .collect();
    let mut from = start;
    let mut lead = String::new();
    loop {
        let room = width.saturating_sub(lead.len() + 1);
        let length = |to: usize| text(from, to).chars().count();
        if length(end) <= room {
            break;
        }
        let fits = || gaps.iter().filter(|g| g.0 > from && length(g.0) <= room);
        let best = fits()
            .rfind(|g| g.2 && length(g.0) > room / 2)
            .or_else(|| fits().next_back())
            .or_else(|| gaps.iter().find(|g| g.0 > from));
        let Some((break_end, next, _)) = best else {
            break;
        };
        lines.push(format!("{lead}{}", text(from, *break_end)));
        from = *next;
        lead.clone_from(&hang);
    }
    lines.push(format!("{lead}{}", text(from, end)));
}

/// Whether a line break reads well before this word.
fn is_clause(word: &str) -> bool {
    const WORDS: [&str; 23] = [
        "ADD",
        "ALTER",
        "AS",
        "CHECK",
        "DEFAULT",
        "DO",
        "DROP",
        "EXECUTE",
        "FOR",
        "FOREIGN",
        "FROM",
        "INCLUDE",
        "INNER",
        "JOIN",
        "LEFT",
        "NOT",
        "ON",
        "REFERENCES",
        "RENAME",
        "RETURNS",
        "USING",
        "WHERE",
        "WITH",
    ];
    WORDS.iter().any(|w| w.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_broken_between_tokens_only() {
        let sql = "ALTER TABLE public.orders ADD CONSTRAINT orders_status CHECK (status IN ('a very long string', 'b')) NOT VALID";
        let lines = wrap_sql(sql, 40);
        assert!(
            lines.iter().any(|l| l.contains("'a very long string'")),
            "{lines:#?}"
        );
        assert!(lines.iter().all(|l| l.chars().count() <= 40), "{lines:#?}");
        let joined: Vec<&str> = lines.iter().map(|l| l.trim()).collect();
        assert_eq!(joined.join(" "), format!("{sql};"));
    }

    #[test]
    fn a_body_keeps_its_lines() {
        let sql = "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$\n  select   'a string that is longer than the line'\n$$";
        let lines = wrap_sql(sql, 30);
        assert!(lines.contains(&"  select   'a string that is longer than the line'".to_owned()));
        assert_eq!(lines.last().map(String::as_str), Some("$$;"));
    }

    #[test]
    fn the_semicolon_is_not_hidden_in_a_comment() {
        assert_eq!(wrap_sql("SELECT 1 -- one", 40), ["SELECT 1 -- one", ";"]);
    }
}
