//! Markdown: the pull-request comment, and `--format markdown`.
//!
//! Names and SQL come from a pull request, perhaps of a stranger: nothing of them may become
//! structure, HTML, a mention or a link. Prose is escaped character by character, names stand in
//! `<code>`, SQL in fences longer than any run of backticks in it.
//! Source: GitHub Flavored Markdown Spec 0.29, "Backslash escapes", "Fenced code blocks".

use super::data;
use super::mask::{clip, one_line, visible};
use super::promise;
use super::summary::{self, Measured};
use crate::plan::{Document, Impact, Phase, Rollback, StepRecord};
use std::fmt::Write as _;

/// The longest comment, with room below GitHub's limit of 65,536 characters.
pub const LIMIT: usize = 65_000;

/// How a comment is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentOptions {
    /// Names one of several comments on the same pull request.
    pub environment: Option<String>,
    /// The longest text, in UTF-16 code units: what GitHub and GitLab count at most per character.
    pub limit: usize,
}

impl Default for CommentOptions {
    fn default() -> Self {
        Self {
            environment: None,
            limit: LIMIT,
        }
    }
}

/// The hidden first line by which a comment is found again.
///
/// ```
/// use pgrehearse::render::markdown::marker;
/// assert_eq!(marker(None), "<!-- pgrehearse:plan -->");
/// assert_eq!(marker(Some("prod")), "<!-- pgrehearse:plan:prod -->");
/// assert_eq!(marker(Some("a-->b")), "<!-- pgrehearse:plan:a-%2D%3Eb -->");
/// ```
pub fn marker(environment: Option<&str>) -> String {
    let mut out = "<!-- pgrehearse:plan".to_owned();
    if let Some(environment) = environment {
        out.push(':');
        let mut last = b' ';
        for byte in environment.bytes() {
            let plain = byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            // Two hyphens may end an HTML comment.
            if plain && !(byte == b'-' && last == b'-') {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            last = byte;
        }
    }
    out.push_str(" -->");
    out
}

/// The pull-request comment: the marker, then the plan, at most `options.limit` long.
///
/// What is too long is cut at a step and the comment says how many are not shown: first the SQL
/// of the last steps, then their rows in the table. The verdict and the hazards come first and are
/// the last to go.
///
/// ```
/// use pgrehearse::{plan::artifact, render::markdown::{self, CommentOptions}};
/// # let yaml = "{format: 1, id: '', tool: '', server_version: 17, from: a, to: b,
/// #   fingerprints: {before: x, after: x}, touches: [], phases: [],
/// #   evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}}";
/// let plan = artifact::read(yaml).unwrap();
/// let comment = markdown::comment(plan.document(), &CommentOptions::default());
/// assert!(comment.starts_with("<!-- pgrehearse:plan -->\n"));
/// ```
pub fn comment(document: &Document, options: &CommentOptions) -> String {
    let marker = marker(options.environment.as_deref());
    let head = format!("{marker}\n");
    let title = match &options.environment {
        Some(name) => format!("Schema plan for {}", prose(name)),
        None => "Schema plan".to_owned(),
    };
    let whole = |shown: Shown| format!("{head}{}", body(document, &title, shown));
    let fits = |shown: Shown| size(&whole(shown)) <= options.limit;
    let steps = document.steps().count();
    let mut shown = Shown::ALL;
    // Each part in turn is reduced to the most that fits; the next only where nothing of it is left.
    for (part, most) in [
        (Part::Sql, steps),
        (Part::Tail, 50),
        (Part::Rows, steps),
        (Part::Alerts, 50),
    ] {
        if fits(shown) {
            break;
        }
        let (mut low, mut high) = (0, most);
        while low < high {
            let middle = (low + high).div_ceil(2);
            if fits(shown.with(part, middle)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        shown = shown.with(part, low);
    }
    let text = whole(shown);
    if size(&text) <= options.limit {
        return text;
    }
    let verdict = prose(&summary::verdict(document).join(" · "));
    format!(
        "{head}**{verdict}**\n\nNone of {} is shown: the comment would be too long.\n",
        summary::count(steps, "step")
    )
}

/// The same text without marker and limit, for `--format markdown`.
pub fn plan(document: &Document) -> String {
    body(document, "Schema plan", Shown::ALL)
}

fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

#[derive(Clone, Copy)]
enum Part {
    Sql,
    Tail,
    Rows,
    Alerts,
}

/// How many of each part are shown.
#[derive(Clone, Copy)]
struct Shown {
    sql: usize,
    tail: usize,
    rows: usize,
    alerts: usize,
}

impl Shown {
    const ALL: Self = Self {
        sql: usize::MAX,
        tail: usize::MAX,
        rows: usize::MAX,
        alerts: usize::MAX,
    };

    fn with(mut self, part: Part, n: usize) -> Self {
        match part {
            Part::Sql => self.sql = n,
            Part::Tail => self.tail = n,
            Part::Rows => self.rows = n,
            Part::Alerts => self.alerts = n,
        }
        self
    }
}

fn body(document: &Document, title: &str, shown: Shown) -> String {
    let mut out = format!("### {title}\n\n");
    let sign = match document.evidence.impact {
        _ if !document.evidence.residual.is_empty() => "❌",
        _ if !data::in_the_way(document).is_empty() => "⛔",
        _ if summary::data_loss(document) > 0 => "⚠️",
        _ if document.is_empty() => "✅",
        Impact::Online | Impact::Bounded => "✅",
        Impact::Blocking => "⚠️",
        Impact::NotRehearsed => "❔",
    };
    let verdict = prose(&summary::verdict(document).join(" · "));
    let _ = writeln!(out, "{sign} **{verdict}**");
    if !document.is_empty() {
        let _ = writeln!(out, "\n{} → {}", code(&document.from), code(&document.to));
    }
    let evidence = &document.evidence;
    list(
        &mut out,
        "❔ Not rehearsed",
        &evidence.not_rehearsed,
        shown.tail,
    );
    let title = "❌ Does not arrive: what differs from the desired schema after the last step";
    list(&mut out, title, &evidence.residual, shown.tail);
    alerts(&mut out, document, shown.alerts);
    rows_in_the_way(&mut out, document, shown.alerts);
    table(&mut out, document, shown.rows);
    folds(&mut out, document, shown.sql);
    let unmodeled: Vec<String> = document
        .unmodeled
        .iter()
        .map(|u| format!("{} {} ({})", u.what, u.name, u.side))
        .collect();
    list(
        &mut out,
        "Not compared: exists and is not modelled",
        &unmodeled,
        shown.tail,
    );
    list(&mut out, "Notices", &document.notices, shown.tail);
    if !document.is_empty() {
        let lines: Vec<String> = summary::evidence(document)
            .into_iter()
            .map(|(label, text)| format!("{label}: {text}"))
            .collect();
        list(&mut out, "Evidence", &lines, shown.tail);
        let _ = writeln!(
            out,
            "\n<sub>plan {}, PostgreSQL {}, pgrehearse {}</sub>",
            prose(&document.id),
            document.server_version,
            prose(&document.tool)
        );
    }
    out
}

fn list(out: &mut String, title: &str, items: &[String], at_most: usize) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n**{title}**\n");
    for item in items.iter().take(at_most) {
        let _ = writeln!(out, "- {}", prose(&clip(item, 1000)));
    }
    more(out, items.len(), at_most);
}

fn more(out: &mut String, all: usize, at_most: usize) {
    if all > at_most {
        let _ = writeln!(out, "- … and {} more, in the plan file", all - at_most);
    }
}

fn alerts(out: &mut String, document: &Document, at_most: usize) {
    let alerts = summary::alerts(document);
    if alerts.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n**Before you apply**\n");
    for alert in alerts.iter().take(at_most) {
        let declared = if alert.declared { " (declared)" } else { "" };
        let _ = writeln!(
            out,
            "- **{}** in {}: {}{declared}",
            alert.what,
            code(alert.step),
            prose(&clip(&alert.text, 500)),
        );
    }
    more(out, alerts.len(), at_most);
}

fn rows_in_the_way(out: &mut String, document: &Document, at_most: usize) {
    let found = data::in_the_way(document);
    if found.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n**Rows in the way: `apply` refuses the plan while they stand**\n"
    );
    for checked in found.iter().take(at_most) {
        let _ = writeln!(
            out,
            "- {} {}\n",
            code(&checked.step.id),
            prose(&clip(&checked.text(), 500))
        );
        if let Some(show) = &checked.check.show {
            fence(out, &super::guard::terminated(&clip(show.as_str(), 2000)));
            out.push('\n');
        }
    }
    more(out, found.len(), at_most);
}

fn table(out: &mut String, document: &Document, at_most: usize) {
    let steps: Vec<&StepRecord> = document.steps().map(|(_, s)| s).collect();
    if steps.is_empty() {
        return;
    }
    let shown = steps.len().min(at_most);
    if shown > 0 {
        out.push_str(
            "\n| step | impact | what | locks | work | undo |\n|---|---|---|---|---|---|\n",
        );
    }
    for step in steps.iter().take(at_most) {
        let impact = step.evidence.impact;
        let impact = match impact {
            Impact::Blocking | Impact::NotRehearsed => format!("**{}**", impact.name()),
            _ => impact.name().to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {impact} | {} | {} | {} | {} |",
            code(&step.id),
            prose(&clip(&step.title, 300)),
            locks(step),
            work(step),
            undo(&step.rollback),
        );
    }
    if shown < steps.len() {
        let _ = writeln!(
            out,
            "\n⚠️ **{} of {} are not shown**: the comment would be too long; see the plan file.",
            steps.len() - shown,
            summary::count(steps.len(), "step"),
        );
    }
}

/// At most this many relations in one cell: a partitioned table has thousands.
const RELATIONS: usize = 8;

fn names(relations: &[String]) -> String {
    let shown: Vec<String> = relations.iter().take(RELATIONS).map(|r| code(r)).collect();
    match relations.len().saturating_sub(RELATIONS) {
        0 => shown.join(", "),
        n => format!("{} and {n} more", shown.join(", ")),
    }
}

fn locks(step: &StepRecord) -> String {
    if !Measured::is_known(step) {
        return "not measured".to_owned();
    }
    let measured = Measured::of(step);
    let mut lines: Vec<String> = measured
        .locks
        .iter()
        .map(|(mode, on)| format!("{mode} on {}", names(on)))
        .collect();
    if lines.is_empty() {
        lines.push("none".to_owned());
    }
    if let Some(reason) = &measured.declared {
        lines.push(format!("(declared: {})", prose(&clip(reason, 300))));
    }
    lines.join("<br>")
}

fn work(step: &StepRecord) -> String {
    let measured = Measured::of(step);
    let lines: Vec<String> = [
        ("scans", &measured.scanned),
        ("rewrites", &measured.rewritten),
        ("builds", &measured.index_builds),
    ]
    .into_iter()
    .filter(|(_, on)| !on.is_empty())
    .map(|(verb, on)| format!("{verb} {}", names(on)))
    .collect();
    lines.join("<br>")
}

fn undo(rollback: &Rollback) -> String {
    match rollback {
        Rollback::Run(statements) => match statements.len() {
            0 => "nothing to undo".to_owned(),
            n => summary::count(n, "statement"),
        },
        Rollback::Leave { what, why } => format!(
            "leaves {}: {}",
            prose(&clip(&what.human(), 150)),
            prose(&clip(why, 200))
        ),
        Rollback::Irreversible { why } => format!("**none**: {}", prose(&clip(why, 200))),
    }
}

fn folds(out: &mut String, document: &Document, at_most: usize) {
    let mut left = at_most;
    for record in document.phases.iter().filter(|p| !p.steps.is_empty()) {
        let shown = record.steps.len().min(left);
        left -= shown;
        if shown > 0 {
            fold(out, document, record.phase, &record.steps, shown);
        }
    }
    let steps = document.steps().count();
    if steps > at_most {
        let _ = writeln!(
            out,
            "\n⚠️ **The SQL of {} of {} is not shown**: the comment would be too long; see the plan file.",
            steps - at_most,
            summary::count(steps, "step"),
        );
    }
}

fn fold(out: &mut String, document: &Document, phase: Phase, steps: &[StepRecord], shown: usize) {
    let _ = writeln!(
        out,
        "\n<details><summary><b>{phase}</b>: {} · {}</summary>",
        summary::count(steps.len(), "step"),
        promise::work(phase),
    );
    out.push('\n');
    for promise in promise::promises(document, phase) {
        let _ = writeln!(out, "- {}", prose(&promise));
    }
    for step in steps.iter().take(shown) {
        let _ = writeln!(
            out,
            "\n**{}** {}\n",
            code(&step.id),
            prose(&clip(&step.title, 300))
        );
        if !step.why.is_empty() {
            let _ = writeln!(out, "{}\n", prose(&clip(&step.why, 1000)));
        }
        if let Some(gate) = &step.gate {
            let _ = writeln!(out, "Gate: {}\n", prose(&clip(&gate.to_string(), 500)));
        }
        for hazard in &step.hazards {
            let _ = writeln!(
                out,
                "- {}: {}",
                hazard.kind,
                prose(&clip(&hazard.text, 500))
            );
        }
        let checks = data::of_step(document, step);
        for checked in &checks {
            let _ = writeln!(out, "- rows: {}", prose(&clip(&checked.text(), 500)));
        }
        if !step.hazards.is_empty() || !checks.is_empty() {
            out.push('\n');
        }
        let mut sql = String::new();
        let several = step.statements.len() > 1 && step.is_transactional();
        if several {
            let _ = writeln!(
                sql,
                "-- {} statements in one transaction",
                step.statements.len()
            );
        }
        if let Some(backfill) = &step.backfill {
            let way = one_line(&backfill.way());
            let _ = writeln!(sql, "-- {way}, one transaction each");
        }
        for statement in &step.statements {
            if !statement.transactional {
                sql.push_str("-- outside a transaction\n");
            }
            sql.push_str(&super::guard::terminated(&statement.sql));
            sql.push('\n');
        }
        fence(out, &sql);
        if let Rollback::Run(statements) = &step.rollback
            && !statements.is_empty()
        {
            let sql: Vec<String> = statements
                .iter()
                .map(|s| super::guard::terminated(&s.sql))
                .collect();
            out.push_str("\nUndo:\n\n");
            fence(out, &(sql.join("\n") + "\n"));
        }
    }
    out.push_str("\n</details>\n");
}

/// A fenced block of SQL, whose fence is longer than any run of backticks in it.
fn fence(out: &mut String, sql: &str) {
    let sql = visible(sql);
    let longest = sql
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    let _ = writeln!(out, "{fence}sql\n{}\n{fence}", sql.trim_end());
}

/// A name in `<code>`, where neither mentions nor references are made.
fn code(name: &str) -> String {
    format!("<code>{}</code>", prose(&clip(name, 200)))
}

/// Foreign text as text: on one line, no Markdown, no HTML, no mention, no link.
fn prose(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() * 2);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A backslash before a pipe is taken by the table, one before a backtick by nobody
            // inside a table cell: entities are never structure.
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '\\' => out.push_str("&#92;"),
            // GitHub looks for mentions and issue numbers in the rendered text, where an escape
            // is gone: only another character keeps them apart.
            '@' => out.push_str("@\u{200b}"),
            '#' => out.push_str("\\#\u{200b}"),
            '!' if characters.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str("\\!\u{200b}");
            }
            // Bare addresses become links; GH-12 an issue.
            ':' if characters.peek() == Some(&'/') => out.push_str(":\u{200b}"),
            '.' if ends_with(&out, "www") => out.push_str(".\u{200b}"),
            '-' if ends_with(&out, "gh") => out.push_str("\\-\u{200b}"),
            // `1. ` at the start of an item would begin a list.
            '.' if out.bytes().all(|b| b.is_ascii_digit()) => out.push_str("\\."),
            '*' | '_' | '[' | ']' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // The start of a list, or a part of a rule or a comment.
            '-' | '+' | '=' if out.is_empty() || out.ends_with(c) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len());
    tail.and_then(|n| text.get(n..))
        .is_some_and(|t| t.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_mentions_nobody_and_links_nothing() {
        let text = prose("@octocat #12 GH-12 !7 https://evil.example www.evil.example <img src=x>");
        for bad in ["@o", "#1", "GH-1", "H\\-1", "!7", "://", "www.e", "<img"] {
            assert!(!text.contains(bad), "{bad}: {text}");
        }
    }

    #[test]
    fn foreign_text_is_no_structure() {
        let text = prose("a|b`c\\|d\n- e *f* [g](h) &#124;");
        assert!(!text.contains(['|', '`', '\n']), "{text}");
        assert!(text.contains("&amp;\\#"), "{text}");
        assert!(text.contains("\\[g\\](h)"), "{text}");
    }

    #[test]
    fn a_fence_is_longer_than_the_backticks_in_it() {
        let mut out = String::new();
        fence(&mut out, "SELECT '````'\n```\n</details>");
        assert!(
            out.starts_with("`````sql\n") && out.ends_with("\n`````\n"),
            "{out}"
        );
    }
}
