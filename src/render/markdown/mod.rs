//! Markdown: the pull-request comment, and `--format markdown`.
//!
//! Names and SQL come from a pull request, perhaps of a stranger: nothing of them may become
//! structure, HTML, a mention or a link. Prose is escaped character by character, names stand in
//! `<code>`, SQL in fences longer than any run of backticks in it.
//! Source: GitHub Flavored Markdown Spec 0.29, "Backslash escapes", "Fenced code blocks".

mod changes;
mod escape;
mod overview;
mod several;
mod steps;

pub use several::{Environment, comment_of_several};

pub(super) use escape::{code, fence as fenced, prose};
pub(super) use overview::list;
pub(super) use steps::names;

use super::{mermaid, summary};
use crate::plan::Document;
use std::fmt::Write as _;

/// The longest comment, with room below GitHub's limit of 65,536 characters.
pub const LIMIT: usize = 65_000;
/// The longest note, with room below GitLab's limit of 1,000,000 characters.
pub const GITLAB_LIMIT: usize = 990_000;

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
/// of the last steps, then the differences, at last their rows in the table. The verdict and the
/// hazards come first and are the last to go.
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
    let title = match &options.environment {
        Some(name) => format!("Schema plan for {}", prose(name)),
        None => "Schema plan".to_owned(),
    };
    let marker = marker(options.environment.as_deref());
    let steps = document.steps().count();
    cut(
        &marker,
        options.limit,
        document,
        |shown| body(document, &title, shown),
        || {
            let verdict = prose(&summary::verdict(document).join(" · "));
            format!(
                "**{verdict}**\n\nNone of {} is shown: the comment would be too long.\n",
                summary::count(steps, "step")
            )
        },
    )
}

/// Reduces part after part of `text` to the most that fits into `limit`; `last` is what is left then.
fn cut(
    marker: &str,
    limit: usize,
    document: &Document,
    text: impl Fn(Shown) -> String,
    last: impl Fn() -> String,
) -> String {
    let whole = |shown: Shown| format!("{marker}\n{}", text(shown));
    let fits = |shown: Shown| size(&whole(shown)) <= limit;
    let steps = document.steps().count();
    let mut shown = Shown::ALL;
    // The next part only where nothing of the one before is left.
    for (part, most) in [
        (Part::Sql, steps),
        (Part::Changes, document.differences.len()),
        (Part::Tail, 50),
        (Part::Graph, 1),
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
    match fits(shown) {
        true => whole(shown),
        false => format!("{marker}\n{}", last()),
    }
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
    Changes,
    Tail,
    Graph,
    Rows,
    Alerts,
}

/// How many of each part are shown.
#[derive(Clone, Copy)]
struct Shown {
    sql: usize,
    changes: usize,
    tail: usize,
    graph: usize,
    rows: usize,
    alerts: usize,
}

impl Shown {
    const ALL: Self = Self {
        sql: usize::MAX,
        changes: usize::MAX,
        tail: usize::MAX,
        graph: usize::MAX,
        rows: usize::MAX,
        alerts: usize::MAX,
    };

    fn with(mut self, part: Part, n: usize) -> Self {
        match part {
            Part::Sql => self.sql = n,
            Part::Changes => self.changes = n,
            Part::Graph => self.graph = n,
            Part::Tail => self.tail = n,
            Part::Rows => self.rows = n,
            Part::Alerts => self.alerts = n,
        }
        self
    }
}

fn body(document: &Document, title: &str, shown: Shown) -> String {
    let mut out = format!("### {title}\n\n{}\n", overview::verdict(document));
    if !document.is_empty() {
        let _ = writeln!(out, "\n{} → {}", code(&document.from), code(&document.to));
    }
    parts(&mut out, document, shown);
    out
}

/// Everything below the verdict.
fn parts(out: &mut String, document: &Document, shown: Shown) {
    overview::doubts(out, document, shown.tail);
    overview::alerts(out, &summary::alerts(document), shown.alerts);
    overview::queries(out, document, shown.alerts);
    overview::rows_in_the_way(out, document, shown.alerts);
    overview::phases(out, document);
    graph(out, document, shown.graph);
    changes::changes(out, document, shown.changes);
    steps::tables(out, document, shown.rows);
    steps::folds(out, document, shown.sql);
    let unmodeled: Vec<String> = document
        .unmodeled
        .iter()
        .map(|u| format!("{} {} ({})", u.what, u.name, u.side))
        .collect();
    let title = "Not compared: exists and is not modelled";
    overview::list(out, title, &unmodeled, shown.tail);
    overview::notices(out, document, shown.tail);
    overview::evidence(out, document, shown.tail);
    if !document.is_empty() {
        let _ = writeln!(
            out,
            "\n<sub>plan {}, PostgreSQL {}, pgrehearse {}</sub>",
            prose(&document.id),
            document.server_version,
            prose(&document.tool)
        );
    }
}

/// Steps up to which a graph shows each; of a longer plan it shows the phases.
const NODES: usize = 40;

/// The phases and their steps as a picture, which GitHub and GitLab draw.
fn graph(out: &mut String, document: &Document, at_most: usize) {
    let steps = document.steps().count();
    if steps < 2 || at_most == 0 {
        return;
    }
    let most = if steps <= NODES { NODES } else { 0 };
    out.push_str("\n<details><summary>The phases as a graph</summary>\n\n");
    escape::fence(out, "mermaid", &mermaid::plan(document, most));
    out.push_str("\n</details>\n");
}
