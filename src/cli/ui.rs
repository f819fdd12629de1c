//! The only place that prints, reads the environment or asks.

use super::error::render::wrap;
use super::error::{CliError, Exit, Look};
use crate::source::database::Environment;
use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// Where output goes and how it looks there.
#[derive(Clone)]
pub struct Ui {
    out: Look,
    err: Look,
    env: Arc<Environment>,
    quiet: bool,
    json: bool,
    terminals: Terminals,
    /// The bar on the screen, which messages must not be written into.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Terminals {
    input: bool,
    output: bool,
    error: bool,
}

/// Which messages are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct UiOptions {
    pub color: ColorChoice,
    pub quiet: bool,
    pub json: bool,
}

impl Ui {
    /// The terminal and environment of this process.
    pub fn of_process(options: UiOptions) -> Self {
        // A variable that is not UTF-8 is none that we read.
        let env = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let terminals = Terminals {
            input: io::stdin().is_terminal(),
            output: io::stdout().is_terminal(),
            error: io::stderr().is_terminal(),
        };
        let size = terminal_size::terminal_size_of(io::stderr())
            .or_else(|| terminal_size::terminal_size_of(io::stdout()));
        Self::new(env, terminals, size.map(|(w, _)| usize::from(w.0)), options)
    }

    fn new(
        env: Environment,
        terminals: Terminals,
        size: Option<usize>,
        options: UiOptions,
    ) -> Self {
        let variable = |name: &str| env.get(name).map(String::as_str).filter(|v| !v.is_empty());
        let columns = variable("COLUMNS").and_then(|c| c.parse().ok());
        let width = size.filter(|w| *w > 0).or(columns).unwrap_or(80).max(40);
        let is_dumb = variable("TERM") == Some("dumb");
        let colour = |is_terminal: bool| match options.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !is_dumb && variable("NO_COLOR").is_none(),
        };
        let locale = variable("LC_ALL")
            .or(variable("LC_CTYPE"))
            .or(variable("LANG"));
        // A container has no locale at all, and a terminal around it that speaks UTF-8.
        let unicode = !is_dumb
            && locale.is_none_or(|l| {
                let l = l.to_lowercase();
                l.contains("utf-8") || l.contains("utf8")
            });
        let look = |is_terminal| Look {
            width,
            colour: colour(is_terminal),
            unicode,
        };
        Self {
            out: look(terminals.output),
            err: look(terminals.error),
            env: Arc::new(env),
            quiet: options.quiet,
            json: options.json,
            terminals,
            bar: Arc::default(),
        }
    }

    /// The environment variables of the process.
    pub fn environment(&self) -> &Environment {
        &self.env
    }

    /// How standard output looks.
    pub fn look(&self) -> Look {
        self.out
    }

    /// Whether standard output is a terminal: the default format depends on it.
    pub fn is_terminal(&self) -> bool {
        self.terminals.output
    }

    /// Whether a moving line can be shown.
    pub fn has_terminal(&self) -> bool {
        let is_dumb = self.env.get("TERM").is_some_and(|t| t == "dumb");
        self.terminals.error && !self.quiet && !is_dumb
    }

    /// Whether the result is one JSON document.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Writes `text`, the result, to standard output; adds the last line break.
    pub fn print(&self, text: &str) {
        self.above_bar(|| write(&mut io::stdout().lock(), text));
    }

    /// `text` for standard output from column `indent` on: in lines, where that is a terminal.
    pub fn folded(&self, text: &str, indent: usize) -> String {
        if !self.terminals.output {
            return text.to_owned();
        }
        let lines = wrap(text, self.out.width, indent, indent);
        lines.join(&format!("\n{}", " ".repeat(indent)))
    }

    /// Writes `value` as the one JSON document.
    pub fn print_json(&self, value: &serde_json::Value) {
        // A `Value` has only text keys, which is all that could fail.
        self.print(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// Says something that is good to know; not under `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say("note", AnsiColor::Cyan.on_default().bold(), text);
        }
    }

    /// Says something that should be looked at.
    pub fn warn(&self, text: &str) {
        self.say("warning", AnsiColor::Yellow.on_default().bold(), text);
    }

    /// Shows `error` on standard error; under `--json`, also as the document on standard output.
    pub fn error(&self, error: &CliError) {
        self.complain(error);
        if self.json {
            self.print_json(&error.to_json());
        }
    }

    /// Shows `error` on standard error alone: the result is printed already.
    pub fn complain(&self, error: &CliError) {
        self.above_bar(|| write(&mut io::stderr().lock(), &error.render(self.err)));
    }

    /// Says a line of what is being done; not under `--quiet`.
    pub fn line(&self, text: &str) {
        if !self.quiet {
            let text = super::error::render::safe(text);
            let lines = wrap(&text, self.err.width, 0, 4);
            self.above_bar(|| write(&mut io::stderr().lock(), &lines.join("\n    ")));
        }
    }

    /// Whether somebody is there to answer.
    pub fn can_ask(&self) -> bool {
        self.terminals.input && self.terminals.error
    }

    fn say(&self, kind: &str, style: Style, text: &str) {
        let text = super::error::render::safe(text);
        let lines = wrap(&text, self.err.width, kind.len() + 2, 2);
        let text = format!("{}: {}", self.err.paint(style, kind), lines.join("\n  "));
        self.above_bar(|| write(&mut io::stderr().lock(), &text));
    }

    fn above_bar(&self, print: impl FnOnce()) {
        let bar = self
            .bar
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Begins to show progress of `what`: a moving line on a terminal, plain lines elsewhere,
    /// nothing under `--quiet`. `total` gives a bar.
    pub fn progress(&self, what: &str, total: Option<u64>) -> Progress {
        let what = super::error::render::safe(what);
        if self.quiet {
            return Progress {
                ui: self.clone(),
                bar: None,
                is_plain: false,
            };
        }
        if !self.has_terminal() {
            let progress = Progress {
                ui: self.clone(),
                bar: None,
                is_plain: true,
            };
            progress.update(&what);
            return progress;
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        let template = match (total, self.err.unicode) {
            (Some(_), _) => "{wide_msg} {bar:20} {percent:>3} %",
            (None, _) => "{spinner} {wide_msg} {elapsed}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(match self.err.unicode {
                true => style,
                false => style.tick_chars("|/-\\ ").progress_chars("#- "),
            });
        }
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Progress {
            ui: self.clone(),
            bar: Some(bar),
            is_plain: false,
        }
    }

    /// Asks `question [y/N]`; `false` for anything but yes.
    ///
    /// # Errors
    /// `cli::no_terminal` when nobody can be asked (exit 2).
    pub fn confirm(&self, question: &str) -> Result<bool, CliError> {
        if !self.terminals.input || !self.terminals.error {
            let message = format!("\"{question}\" cannot be asked without a terminal");
            return Err(CliError::new("cli::no_terminal", message, Exit::Usage)
                .help("pass --yes to go on without being asked"));
        }
        let mut answer = String::new();
        self.above_bar(|| {
            let mut err = io::stderr().lock();
            // When the question cannot be shown, the answer below is empty: no.
            let _ = write!(err, "{question} [y/N] ").and_then(|()| err.flush());
            let _ = io::stdin().lock().read_line(&mut answer);
        });
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

/// A line that tells how far something is; gone when dropped.
pub struct Progress {
    ui: Ui,
    bar: Option<ProgressBar>,
    is_plain: bool,
}

impl Progress {
    /// Shows `text` instead of the one before.
    pub fn update(&self, text: &str) {
        let text = super::error::render::safe(text);
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None if self.is_plain => self.ui.above_bar(|| write(&mut io::stderr().lock(), &text)),
            None => {}
        }
    }

    /// Moves the bar; plain output has none.
    pub fn set_position(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        }
    }

    /// Moves the end of the bar.
    pub fn set_total(&self, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
            *self.ui.bar.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Writes all of `text` and a last line break.
fn write(to: &mut impl Write, text: &str) {
    let end = if text.ends_with('\n') || text.is_empty() {
        ""
    } else {
        "\n"
    };
    // A reader that went away (`| head`) is no error of ours, and there is nobody to tell.
    let _ = to
        .write_all(text.as_bytes())
        .and_then(|()| to.write_all(end.as_bytes()))
        .and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(pairs: &[(&str, &str)], size: Option<usize>, color: ColorChoice) -> Look {
        let env = pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let terminals = Terminals {
            input: true,
            output: true,
            error: true,
        };
        Ui::new(
            env,
            terminals,
            size,
            UiOptions {
                color,
                ..UiOptions::default()
            },
        )
        .look()
    }

    #[test]
    fn width_is_the_terminals_then_columns_then_80() {
        assert_eq!(
            look(&[("COLUMNS", "99")], Some(120), ColorChoice::Auto).width,
            120
        );
        assert_eq!(
            look(&[("COLUMNS", "99")], None, ColorChoice::Auto).width,
            99
        );
        assert_eq!(look(&[("COLUMNS", "x")], None, ColorChoice::Auto).width, 80);
    }

    #[test]
    fn colours_follow_the_flag_then_no_color_then_the_terminal() {
        assert!(look(&[], None, ColorChoice::Auto).colour);
        assert!(!look(&[("NO_COLOR", "1")], None, ColorChoice::Auto).colour);
        assert!(!look(&[("TERM", "dumb")], None, ColorChoice::Auto).colour);
        assert!(look(&[("NO_COLOR", "1")], None, ColorChoice::Always).colour);
        assert!(!look(&[], None, ColorChoice::Never).colour);
    }

    #[test]
    fn boxes_are_drawn_where_the_locale_can() {
        let unicode = |pairs: &[(&str, &str)]| look(pairs, None, ColorChoice::Auto).unicode;
        assert!(unicode(&[]) && unicode(&[("LANG", "de_DE.UTF-8")]));
        assert!(!unicode(&[("LANG", "C")]) && !unicode(&[("TERM", "dumb")]));
        assert!(!unicode(&[("LC_ALL", "POSIX"), ("LANG", "en_US.utf8")]));
    }
}
