//! Errors as a person sees them: code, place in their file, what the server said, what to do next.

mod convert;
pub(in crate::cli) mod render;

pub use render::Look;

use crate::source::Excerpt;
use serde_json::{Value, json};
use std::error::Error;

/// The exit codes; pipelines hang on them.
///
/// | code | meaning |
/// |---|---|
/// | 0 | done, or all that gates allow is done (`pending` is said) |
/// | 1 | it failed; `state` says what was done, and it can be run again |
/// | 2 | wrong usage or settings |
/// | 3 | refused before the first statement: nothing was changed |
/// | 4 | changes or drift found (`check`; `plan` and `diff` with `--exit-code`) |
/// | 5 | stopped part-way in a safe state: run it again |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Refused = 3,
    Different = 4,
    Stopped = 5,
}

/// An error ready to be shown.
///
/// ```
/// use pgrehearse::cli::error::{CliError, Exit, Look};
/// let error = CliError::new("connect::unreachable", "no server answers at db:5432", Exit::Failed)
///     .cause("connection refused")
///     .help("check host and port");
/// assert_eq!(
///     error.render(Look::PLAIN),
///     "error[connect::unreachable]: no server answers at db:5432\n  \
///      ├ because: connection refused\n  ╰ help: check host and port\n",
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CliError {
    /// Stable, as in docs/errors.md: `source::missing`.
    pub code: String,
    /// What happened; one line, lower case, no full stop.
    pub message: String,
    pub excerpt: Option<Excerpt>,
    /// What the server said: `PostgreSQL 17 said: 42704 undefined_object`.
    pub server: Option<String>,
    /// Why, from the outside in.
    pub causes: Vec<String>,
    /// What is wrong besides.
    pub also: Vec<String>,
    /// The next command or edit.
    pub help: Option<String>,
    pub exit: Exit,
    /// What was done before it failed.
    pub state: Option<String>,
}

impl CliError {
    pub fn new(code: impl Into<String>, message: impl Into<String>, exit: Exit) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            excerpt: None,
            server: None,
            causes: Vec::new(),
            also: Vec::new(),
            help: None,
            exit,
            state: None,
        }
    }

    /// An error of a library module: its `Display`, and its `source` chain as causes.
    pub fn of(code: &str, error: &dyn Error, exit: Exit) -> Self {
        let mut made = Self::new(code, error.to_string(), exit);
        let mut shown = made.message.clone();
        for cause in std::iter::successors(error.source(), |e| (*e).source()) {
            let text = cause.to_string();
            // Some errors put their source into their own text.
            if !shown.contains(&text) {
                made.causes.push(text.clone());
                shown = text;
            }
        }
        made
    }

    #[must_use]
    pub fn excerpt(mut self, excerpt: Option<Excerpt>) -> Self {
        self.excerpt = excerpt;
        self
    }

    #[must_use]
    pub fn server(mut self, server: impl Into<String>) -> Self {
        self.server = Some(server.into());
        self
    }

    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// The error as text that ends with a line break.
    pub fn render(&self, look: Look) -> String {
        render::render(self, look)
    }

    /// The error as the one JSON document of `--json`.
    pub fn to_json(&self) -> Value {
        let place = self.excerpt.as_ref().map(|e| {
            json!({
                "file": e.place.file, "line": e.place.line, "column": e.place.column,
                "width": e.width, "text": e.source_line,
            })
        });
        json!({
            "error": {
                "code": self.code, "message": self.message, "place": place,
                "server": self.server, "causes": self.causes, "also": self.also, "help": self.help,
                "state": self.state, "exit": self.exit as u8,
            }
        })
    }
}
