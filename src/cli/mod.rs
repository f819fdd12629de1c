//! The command line: arguments, settings and terminal in; a call of the library; an exit code out.
//!
//! One file per command; the doc comment of its arguments is its help text. Only [`ui`] prints,
//! reads the environment or asks. The table of exit codes is at [`Exit`].

#![allow(
    clippy::result_large_err,
    reason = "an error of the command line is made once, and ends the program"
)]

pub mod apply;
mod base;
pub mod check;
pub mod comment;
pub mod completions;
pub mod config;
pub mod diff;
pub mod error;
mod files;
pub mod init;
pub mod inspect;
pub mod man;
pub mod manners;
mod observer;
mod options;
pub mod plan;
pub mod rehearse;
pub mod rollback;
pub mod status;
pub mod ui;

pub use error::{CliError, Exit};

use crate::source::database::{self, Environment};
use crate::source::{Source, SourceFile};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use config::{Inputs, Settings, Trust};
use std::any::Any;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use ui::{ColorChoice, Ui, UiOptions};

/// Declarative schema changes for PostgreSQL, rehearsed on a scratch clone before they run.
#[derive(Debug, Parser)]
#[command(
    name = "pgrehearse",
    version,
    propagate_version = true,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The live database [default: DATABASE_URL, or `database` of the settings]
    #[arg(long, global = true, value_name = "URL")]
    db: Option<String>,
    /// The role that every session on the live database takes (SET ROLE)
    #[arg(long, global = true, value_name = "NAME")]
    role: Option<String>,
    /// The settings file [default: pgrehearse.yaml, when there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Use the settings of this set under `environments`
    #[arg(long, global = true, value_name = "NAME")]
    env: Option<String>,
    /// Override a setting, such as drops.gate=none; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Where to rehearse: auto, same (a database on the live server) or a URL
    #[arg(long, global = true, value_name = "WHERE")]
    scratch: Option<String>,
    /// Trust the settings file less [default: true for a pull request in CI]
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    untrusted: Option<bool>,
    /// The revision whose settings guard an untrusted pull request [default: its target branch in CI]
    #[arg(long, global = true, value_name = "REV")]
    base: Option<String>,
    /// Let the schema files make what only a superuser may (C functions, operator classes …), on scratch as a superuser,
    /// and `plan` run their expressions on the live database, to check its rows
    #[arg(long, global = true)]
    trust_files: bool,
    /// Print the result as one JSON document
    #[arg(long, global = true)]
    json: bool,
    /// Say only the result, warnings and errors
    #[arg(long, short, global = true)]
    quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Plan(plan::Arguments),
    Apply(apply::Arguments),
    Status(status::Arguments),
    Rollback(rollback::Arguments),
    Comment(comment::Arguments),
    Rehearse(rehearse::Arguments),
    Check(check::Arguments),
    Diff(diff::Arguments),
    Inspect(inspect::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// What every command has besides its own arguments.
pub struct Context {
    pub ui: Ui,
    pub settings: Settings,
    pub trust: Trust,
    /// `--trust-files`.
    pub trust_files: bool,
    /// `--env`: the set of settings, which also names the comment on a pull request.
    pub environment: Option<String>,
    /// The settings file that was read.
    pub config: Option<PathBuf>,
}

impl Context {
    pub fn env(&self) -> &Environment {
        self.ui.environment()
    }

    /// The URL of the live database; an empty one, when only libpq's variables name it.
    ///
    /// # Errors
    /// `cli::no_database` when none is given.
    pub fn database(&self) -> Result<&str, CliError> {
        const NAMING: [&str; 4] = ["PGHOST", "PGHOSTADDR", "PGDATABASE", "PGSERVICE"];
        let is_set = |name: &&str| self.env().get(*name).is_some_and(|v| !v.is_empty());
        match &self.settings.database {
            Some(url) => Ok(url),
            None if NAMING.iter().any(is_set) => Ok("postgres://"),
            None => Err(
                CliError::new("cli::no_database", "no live database is given", Exit::Usage).help(
                    "pass --db postgres://user@host/name, or set DATABASE_URL, or PGHOST and PGDATABASE",
                ),
            ),
        }
    }

    /// How further sessions on the live database are opened.
    pub(crate) fn live(&self) -> Result<(postgres::Config, database::Connect), CliError> {
        let role = self.settings.role.as_deref();
        Ok(database::server_as(self.database()?, self.env(), role)?)
    }

    /// The source `text`, or the live database.
    pub(crate) fn source_or_live(&self, text: Option<&str>) -> Result<Source, CliError> {
        match text {
            Some(text) => self.source(text),
            None => Ok(Source::parse(self.database()?)?),
        }
    }

    /// The source `text`, or the setting `schema`.
    pub(crate) fn source_or_desired(&self, text: Option<&str>) -> Result<Source, CliError> {
        match text.or(self.settings.schema.as_deref()) {
            Some(text) => self.source(text),
            None => Err(
                CliError::new("cli::no_schema", "no desired schema is given", Exit::Usage)
                    .help("pass --to SOURCE, or set `schema` in pgrehearse.yaml"),
            ),
        }
    }

    fn source(&self, text: &str) -> Result<Source, CliError> {
        if text.starts_with("exec:") && self.trust == Trust::Untrusted {
            let message = "a source that runs code is refused: this is an untrusted pull request";
            return Err(
                CliError::new("cli::untrusted_source", message, Exit::Refused)
                    .help("give a .sql file or a directory, or pass --untrusted=false"),
            );
        }
        Ok(Source::parse(text)?)
    }
}

/// Runs the arguments of this process and returns its exit code.
pub fn run() -> ExitCode {
    ExitCode::from(run_with(std::env::args_os().collect()) as u8)
}

fn run_with(args: Vec<OsString>) -> Exit {
    // Without it a scratch server outlives Ctrl-C until the next run sweeps it: no reason to stop.
    drop(crate::scratch::install_signal_cleanup());
    let early = Ui::of_process(early_options(&args));
    // The report below is what a person sees, not the hook's.
    std::panic::set_hook(Box::new(|_| {}));
    let done = catch_unwind(AssertUnwindSafe(|| start(args, &early)));
    let result = done.unwrap_or_else(|panic| Err(internal(panic.as_ref())));
    crate::scratch::stop_all();
    match result {
        Ok(exit) => exit,
        Err(error) => {
            early.error(&error);
            error.exit
        }
    }
}

fn internal(panic: &(dyn Any + Send)) -> CliError {
    let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    let version = env!("CARGO_PKG_VERSION");
    CliError::new(
        "cli::bug",
        format!("pgrehearse {version} has a bug here"),
        Exit::Failed,
    )
    .cause(text.unwrap_or_else(|| "no more is known".to_owned()))
    .help("report it with the command line and the two schemas (old.sql, new.sql)")
}

/// How to show errors of the arguments themselves, which are not read yet.
fn early_options(args: &[OsString]) -> UiOptions {
    let mut options = UiOptions::default();
    let texts: Vec<&str> = args.iter().filter_map(|a| a.to_str()).collect();
    for (n, text) in texts.iter().enumerate() {
        let value = text.strip_prefix("--color=").or(match *text {
            "--color" => texts.get(n + 1).copied(),
            _ => None,
        });
        match value {
            Some("always") => options.color = ColorChoice::Always,
            Some("never") => options.color = ColorChoice::Never,
            _ => {}
        }
        options.json |= *text == "--json";
        options.quiet |= ["--quiet", "-q"].contains(text);
    }
    options
}

fn start(args: Vec<OsString>, ui: &Ui) -> Result<Exit, CliError> {
    let width = ui.look().width;
    let command = Cli::command()
        .term_width(width.min(100))
        .color(clap::ColorChoice::Always);
    let parsed = command
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(e) if !e.use_stderr() => {
            ui.print(&shown(&e, ui));
            return Ok(Exit::Done);
        }
        Err(e) => return Err(usage(&e)),
    };
    match &cli.command {
        Command::Completions(arguments) => return arguments.run(Cli::command(), ui),
        Command::Man(arguments) => return arguments.run(Cli::command(), ui),
        _ => {}
    }
    let context = context(&cli.global, ui)?;
    match cli.command {
        Command::Init(arguments) => arguments.run(&context),
        Command::Plan(arguments) => arguments.run(&context),
        Command::Apply(arguments) => arguments.run(&context),
        Command::Status(arguments) => arguments.run(&context),
        Command::Rollback(arguments) => arguments.run(&context),
        Command::Comment(arguments) => arguments.run(&context),
        Command::Rehearse(arguments) => arguments.run(&context),
        Command::Check(arguments) => arguments.run(&context),
        Command::Diff(arguments) => arguments.run(&context),
        Command::Inspect(arguments) => arguments.run(&context),
        Command::Completions(_) | Command::Man(_) => Ok(Exit::Done),
    }
}

fn shown(help: &clap::Error, ui: &Ui) -> String {
    let text = help.render();
    match ui.look().colour {
        true => text.ansi().to_string(),
        false => text.to_string(),
    }
}

/// An error of clap in our form: its first line is the message, its tips are the help.
fn usage(error: &clap::Error) -> CliError {
    let text = error.render().to_string();
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return CliError::new("cli::usage", "no command is given", Exit::Usage)
            .help("pgrehearse --help lists them");
    }
    let mut parts = text.split("\n\n");
    let message = parts.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tips: Vec<String> = parts
        .map(str::trim)
        .filter_map(|p| p.strip_prefix("tip: ").or(p.strip_prefix("Usage: ")))
        .map(words)
        .collect();
    let made = CliError::new("cli::usage", words(message), Exit::Usage);
    match tips.first() {
        Some(tip) => made.help(tip),
        None => made.help("pgrehearse --help shows the arguments"),
    }
}

fn context(global: &Global, ui: &Ui) -> Result<Context, CliError> {
    let env = ui.environment();
    let trust = Trust::of(global.untrusted, env);
    if global.trust_files && trust == Trust::Untrusted {
        let message = "--trust-files is refused: this is an untrusted pull request";
        return Err(
            CliError::new("cli::untrusted_files", message, Exit::Refused)
                .help("leave it out, or say --untrusted=false where you trust who wrote the files"),
        );
    }
    let path = match &global.config {
        Some(path) => Some(path.clone()),
        None => Some(PathBuf::from(config::FILE_NAME)).filter(|p| p.exists()),
    };
    let file = path.as_ref().map(|path| read_settings(path)).transpose()?;
    let mut flags = Vec::new();
    flags.extend(global.db.clone().map(|url| ("database", url)));
    flags.extend(global.role.clone().map(|role| ("role", role)));
    flags.extend(global.scratch.clone().map(|place| ("scratch", place)));
    let base = match (trust, &path) {
        (Trust::Untrusted, Some(path)) => base::settings(global.base.as_deref(), path, ui)?,
        _ => None,
    };
    let (settings, notices) = Settings::load(&Inputs {
        file: file.as_ref(),
        base: base.as_ref(),
        set_name: global.env.as_deref(),
        env,
        flags,
        overrides: &global.overrides,
        trust,
    })?;
    for notice in notices {
        ui.note(&notice);
    }
    Ok(Context {
        ui: ui.clone(),
        settings,
        trust,
        trust_files: global.trust_files,
        environment: global.env.clone(),
        config: path,
    })
}

fn read_settings(path: &std::path::Path) -> Result<SourceFile, CliError> {
    let bytes = std::fs::read(path).map_err(|e| {
        let message = format!("{} cannot be read", path.display());
        CliError::new("settings::unreadable", message, Exit::Usage)
            .cause(e.to_string())
            .help("check the path of --config, or write the file with pgrehearse init")
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("{} is not UTF-8", path.display());
        CliError::new("settings::unreadable", message, Exit::Usage).help("save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    Ok(SourceFile::new(path.display().to_string(), text))
}
