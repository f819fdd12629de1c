//! The settings: flags, then environment, then `pgrehearse.yaml`, then defaults.
//!
//! `--set` overrides everything. Under `--untrusted` (the default when a pull request of CI is
//! seen) some settings of the file are ignored: see docs/settings.md.

mod init;
mod keys;
mod locate;
mod units;
mod value;

pub use init::settings_file;
pub use keys::{Backfill, Drops, Index, KEYS, Key, Ledger, Lock, Settings, SmallTable, Swap};
pub use units::{Interval, Lag, Size};
pub use value::{Gate, Policy};

use super::error::{CliError, Exit};
use crate::source::SourceFile;
use crate::source::database::Environment;
use locate::{Part, byte_of, locate};
use yaml_serde::{Mapping, Value};

/// The settings file that is read when none is named.
pub const FILE_NAME: &str = "pgrehearse.yaml";

/// Whether the settings file is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Trusted,
    /// It comes from somebody else's pull request.
    Untrusted,
}

impl Trust {
    /// What the flag says, else whether `env` is that of a pull request in CI.
    pub fn of(untrusted: Option<bool>, env: &Environment) -> Self {
        let value = |name: &str| env.get(name).map(String::as_str).filter(|v| !v.is_empty());
        let is_pull_request = || {
            value("GITHUB_EVENT_NAME").is_some_and(|e| e.starts_with("pull_request"))
                || value("CI_PIPELINE_SOURCE") == Some("merge_request_event")
                || value("TRAVIS_EVENT_TYPE") == Some("pull_request")
                || value("BUILDKITE_PULL_REQUEST").is_some_and(|n| n != "false")
                || [
                    "CI_MERGE_REQUEST_ID",
                    "CI_MERGE_REQUEST_IID",
                    "BITBUCKET_PR_ID",
                    "CIRCLE_PULL_REQUEST",
                    "SYSTEM_PULLREQUEST_PULLREQUESTID",
                    "CHANGE_ID",
                ]
                .into_iter()
                .any(|name| value(name).is_some())
        };
        match untrusted.unwrap_or_else(is_pull_request) {
            true => Self::Untrusted,
            false => Self::Trusted,
        }
    }
}

/// Where settings come from, the weakest first.
#[derive(Debug)]
pub struct Inputs<'a> {
    pub file: Option<&'a SourceFile>,
    /// The set of `environments` to use: `--env`.
    pub set_name: Option<&'a str>,
    pub env: &'a Environment,
    /// Settings that have a flag of their own, as (setting, value).
    pub flags: Vec<(&'static str, String)>,
    /// `--set key=value`.
    pub overrides: &'a [String],
    pub trust: Trust,
    /// The settings file of the revision that an untrusted pull request is to be merged into.
    pub base: Option<&'a SourceFile>,
}

impl Settings {
    /// The settings of an empty file.
    ///
    /// ```
    /// use pgrehearse::cli::config::Settings;
    /// let settings = Settings::defaults();
    /// assert_eq!(settings.small_table.rows, 10_000);
    /// assert_eq!(settings.drops.wait.to_string(), "7d");
    /// ```
    pub fn defaults() -> Self {
        let mut settings = Self::default();
        for key in KEYS {
            let set = yaml_serde::from_str(key.default)
                .map_err(|e| e.to_string())
                .and_then(|value| match value {
                    Value::Null => Ok(()),
                    value => (key.set)(&mut settings, &value),
                });
            debug_assert_eq!(set, Ok(()), "default of {}", key.name);
        }
        settings
    }

    /// The settings of all `inputs` together, and notices about what was left out.
    ///
    /// # Errors
    /// `settings::*`: unknown name, wrong value, broken file; with the place, exit 2.
    pub fn load(inputs: &Inputs<'_>) -> Result<(Self, Vec<String>), CliError> {
        let mut settings = Self::defaults();
        let mut notices = Vec::new();
        let take = match inputs.trust {
            Trust::Trusted => Take::All,
            Trust::Untrusted => Take::Unguarded,
        };
        // What a pull request may not set is as the base revision has it.
        if let (Trust::Untrusted, Some(base)) = (inputs.trust, inputs.base) {
            read_file(base, Take::Guarded, inputs, &mut settings, &mut notices)?;
        }
        match inputs.file {
            Some(file) => read_file(file, take, inputs, &mut settings, &mut notices)?,
            None => {
                if let Some(name) = inputs.set_name {
                    return Err(unknown_set(name, &[]).help(format!(
                        "sets are written under `environments` in {FILE_NAME}, which is not here"
                    )));
                }
            }
        }
        for (name, value) in inputs.env {
            if name == "DATABASE_URL" && !value.is_empty() {
                settings.database = Some(value.clone());
            }
        }
        read_variables(inputs.env, &mut settings, &mut notices)?;
        for (name, value) in &inputs.flags {
            settings.set(
                name,
                &Value::String(value.clone()),
                &format!("the flag for {name}"),
            )?;
        }
        for text in inputs.overrides {
            let Some((name, value)) = text.split_once('=') else {
                return Err(usage("settings::form", format!("--set {text} has no ="))
                    .help("write --set key=value, such as --set drops.gate=none"));
            };
            let value = scalar(value);
            settings.set(name.trim(), &value, &format!("--set {name}"))?;
        }
        Ok((settings, notices))
    }

    fn set(&mut self, name: &str, value: &Value, origin: &str) -> Result<(), CliError> {
        let key = keys::key(name).ok_or_else(|| unknown(name))?;
        (key.set)(self, value).map_err(|expected| {
            usage(
                "settings::value",
                format!("{origin}: {name} cannot be {}", shown(name, value)),
            )
            .help(format!("it is {expected}"))
        })
    }
}

fn usage(code: &str, message: impl Into<String>) -> CliError {
    CliError::new(code, message, Exit::Usage)
}

fn unknown(name: &str) -> CliError {
    usage("settings::unknown", format!("unknown setting \"{name}\"")).help(
        match keys::nearest(name) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "docs/settings.md has all; `pgrehearse init` writes them".to_owned(),
        },
    )
}

fn unknown_set(name: &str, known: &[String]) -> CliError {
    usage(
        "settings::unknown_environment",
        format!("there is no environment \"{name}\""),
    )
    .help(match known {
        [] => format!("{FILE_NAME} has no `environments`"),
        known => format!("known are {}", known.join(", ")),
    })
}

/// A value as text, without what may hold a password.
fn shown(name: &str, value: &Value) -> String {
    match value {
        _ if ["database", "scratch", "mirror"].contains(&name) => "that".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        Value::Number(number) => number.to_string(),
        Value::Bool(bool) => bool.to_string(),
        Value::Null => "empty".to_owned(),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) | Value::Tagged(_) => "a mapping".to_owned(),
    }
}

/// A value of the command line or environment: a list or mapping in YAML's short form, else text.
fn scalar(text: &str) -> Value {
    let text = text.trim();
    if text.is_empty() {
        return Value::Null;
    }
    match text.starts_with(['[', '{']) {
        true => yaml_serde::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        false => Value::String(text.to_owned()),
    }
}

fn variable(name: &str) -> String {
    format!("PGREHEARSE_{}", name.replace('.', "_").to_uppercase())
}

fn read_variables(
    env: &Environment,
    settings: &mut Settings,
    notices: &mut Vec<String>,
) -> Result<(), CliError> {
    let known: Vec<String> = KEYS.iter().map(|k| variable(k.name)).collect();
    for (name, value) in env
        .iter()
        .filter(|(n, v)| n.starts_with("PGREHEARSE_") && !v.is_empty())
    {
        if let Some(n) = known.iter().position(|k| k == name) {
            settings.set(KEYS[n].name, &scalar(value), name)?;
            continue;
        }
        // Other variables with this beginning are not ours to judge, unless one is a slip.
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        if let Some(near) = similar::get_close_matches(name.as_str(), &known, 1, 0.9).first() {
            notices.push(format!(
                "variable {name} is no setting; did you mean {near}?"
            ));
        }
    }
    Ok(())
}

/// Which settings of a file count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Take {
    All,
    /// Those that an untrusted file may set.
    Unguarded,
    /// The others: from the base revision.
    Guarded,
}

/// One pair of the file that is a setting.
struct Entry<'a> {
    key: &'static Key,
    path: Vec<String>,
    value: &'a Value,
}

fn read_file(
    file: &SourceFile,
    take: Take,
    inputs: &Inputs<'_>,
    settings: &mut Settings,
    notices: &mut Vec<String>,
) -> Result<(), CliError> {
    let root: Value = yaml_serde::from_str(&file.text).map_err(|e| {
        let message = e.to_string();
        let message = message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        let mut error = usage(
            "settings::syntax",
            format!("{} is not valid YAML: {message}", file.name),
        );
        error.excerpt = byte_of(&file.text, &e).map(|byte| file.excerpt(byte..byte));
        error
    })?;
    let mut root = match root {
        Value::Null => return read_set(file, take, None, inputs, settings, notices),
        Value::Mapping(root) => root,
        _ => {
            return Err(usage(
                "settings::syntax",
                format!("{} holds no settings", file.name),
            )
            .help("write name: value on each line; `pgrehearse init` writes them all"));
        }
    };
    let sets = root.remove("environments");
    apply(file, &[], &root, take, settings, notices)?;
    read_set(file, take, sets.as_ref(), inputs, settings, notices)
}

/// Checks every named set, and applies the chosen one.
fn read_set(
    file: &SourceFile,
    take: Take,
    sets: Option<&Value>,
    inputs: &Inputs<'_>,
    settings: &mut Settings,
    notices: &mut Vec<String>,
) -> Result<(), CliError> {
    let empty = Mapping::new();
    let sets = match sets {
        None | Some(Value::Null) => &empty,
        Some(Value::Mapping(sets)) => sets,
        Some(_) => {
            let path = ["environments".to_owned()];
            let error = usage("settings::value", "environments holds no named sets");
            return Err(at(file, &path, Part::Value, error)
                .help("write a name, and below it settings that differ there"));
        }
    };
    let mut names = Vec::new();
    for (name, set) in sets {
        let Value::String(name) = name else { continue };
        let path = ["environments".to_owned(), name.clone()];
        match set {
            Value::Null => {}
            Value::Mapping(set) if inputs.set_name == Some(name) => {
                apply(file, &path, set, take, settings, notices)?;
            }
            Value::Mapping(set) => {
                let unused = &mut Settings::defaults();
                apply(file, &path, set, Take::All, unused, &mut Vec::new())?;
            }
            _ => {
                let error = usage(
                    "settings::value",
                    format!("environment {name} holds no settings"),
                );
                return Err(at(file, &path, Part::Value, error));
            }
        }
        names.push(name.clone());
    }
    match inputs.set_name {
        // A set may be new.
        _ if take == Take::Guarded => Ok(()),
        Some(name) if !names.iter().any(|n| n == name) => Err(unknown_set(name, &names)),
        _ => Ok(()),
    }
}

fn apply(
    file: &SourceFile,
    above: &[String],
    map: &Mapping,
    take: Take,
    settings: &mut Settings,
    notices: &mut Vec<String>,
) -> Result<(), CliError> {
    let mut entries = Vec::new();
    flatten(file, above, "", map, &mut entries)?;
    for entry in entries {
        let name = entry.key.name;
        let guarded = keys::needs_trust(name);
        if take == Take::Guarded && !guarded {
            continue;
        }
        if take == Take::Unguarded && guarded {
            let mut wanted = settings.clone();
            // What the base revision has as well is no loss.
            if (entry.key.set)(&mut wanted, entry.value).is_ok() && wanted == *settings {
                continue;
            }
            notices.push(format!(
                "{name} in {} is ignored: the file is not trusted here (give it as a flag, --set or {})",
                file.name,
                variable(name),
            ));
            continue;
        }
        // `key:` with nothing behind it is the default, as `init` writes it.
        if *entry.value == Value::Null {
            continue;
        }
        (entry.key.set)(settings, entry.value).map_err(|expected| {
            let message = format!("{name} cannot be {}", shown(name, entry.value));
            let mut error = usage("settings::value", message).help(format!("it is {expected}"));
            error = at(file, &entry.path, Part::Value, error);
            // The line would show what `shown` hides.
            let is_hidden = ["database", "scratch", "mirror"].contains(&name);
            if let (true, Some(excerpt)) = (is_hidden, &mut error.excerpt) {
                excerpt.source_line = format!("{name}: …");
                excerpt.place.column = 1;
                excerpt.width = name.len();
            }
            error
        })?;
    }
    Ok(())
}

fn flatten<'a>(
    file: &SourceFile,
    above: &[String],
    prefix: &str,
    map: &'a Mapping,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), CliError> {
    for (key, value) in map {
        let Value::String(part) = key else {
            let error = usage(
                "settings::unknown",
                format!("unknown setting {}", shown("", key)),
            );
            return Err(at(file, above, Part::Value, error));
        };
        let name = match prefix {
            "" => part.clone(),
            prefix => format!("{prefix}.{part}"),
        };
        let mut path = above.to_vec();
        path.push(part.clone());
        let group = format!("{name}.");
        match (keys::key(&name), value) {
            (Some(key), value) => entries.push(Entry { key, path, value }),
            (None, _) if !KEYS.iter().any(|k| k.name.starts_with(&group)) => {
                return Err(at(file, &path, Part::Key, unknown(&name)));
            }
            (None, Value::Mapping(inner)) => flatten(file, &path, &name, inner, entries)?,
            (None, Value::Null) => {}
            (None, value) => {
                let message = format!("{name} cannot be {}", shown("", value));
                let names = KEYS.iter().filter_map(|k| k.name.strip_prefix(&group));
                let names: Vec<&str> = names.collect();
                let error = usage("settings::value", message)
                    .help(format!("below it stand {}", names.join(", ")));
                return Err(at(file, &path, Part::Value, error));
            }
        }
    }
    Ok(())
}

fn at(file: &SourceFile, path: &[String], part: Part, mut error: CliError) -> CliError {
    let Some(start) = locate(&file.text, path, part) else {
        return error;
    };
    let rest = &file.text[start..];
    let line = rest.lines().next().unwrap_or_default();
    let end = match part {
        Part::Key => path.last().map_or(1, String::len),
        // Up to a comment; in the short form up to the next comma or bracket.
        Part::Value => {
            let line = line.split(" #").next().unwrap_or_default();
            let is_short = !line.starts_with(['[', '{', '"', '\'']);
            let end = is_short.then(|| line.find([',', '}'])).flatten();
            line[..end.unwrap_or(line.len())].trim_end().len()
        }
    };
    error.excerpt = Some(file.excerpt(start..start + end));
    error
}
