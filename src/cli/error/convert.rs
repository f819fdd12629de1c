//! Errors of the library as errors of the command line: code, place, causes, help, exit.

use super::{CliError, Exit, Look};
use crate::apply::ApplyError;
use crate::pg::ServerVersion;
use crate::pipeline::PipelineError;
use crate::plan::ArtifactError;
use crate::rehearse::RehearseError;
use crate::render::Colour;
use crate::render::post::PostError;
use crate::scratch::EndedWhy;
use crate::scratch::ScratchError;
use crate::scratch::elaborate::ElaborateError;
use crate::source::database::ConnectError;
use crate::source::{SourceError, SourceFile};

/// Rejected statements that are named besides the first.
const OTHERS: usize = 5;

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        let exit = match error {
            SourceError::Git { .. }
            | SourceError::GitMissing { .. }
            | SourceError::ExecMissing { .. }
            | SourceError::ExecFailed { .. }
            | SourceError::Unreadable { .. } => Exit::Failed,
            _ => Exit::Usage,
        };
        let mut made = Self::of(error.code(), &error, exit)
            .excerpt(error.excerpt().cloned())
            .maybe_help(error.help());
        made.causes.extend(error.printed().map(str::to_owned));
        made
    }
}

impl From<ConnectError> for CliError {
    fn from(error: ConnectError) -> Self {
        let exit = match error.is_usage() {
            true => Exit::Usage,
            false => Exit::Failed,
        };
        let mut made = Self::of(error.code(), &error, exit).maybe_help(error.help());
        made.causes.extend(error.cause().map(str::to_owned));
        made
    }
}

impl From<PipelineError> for CliError {
    fn from(error: PipelineError) -> Self {
        let (code, help) = (error.code(), error.help());
        let exit = exit(error.exit_code());
        match error {
            PipelineError::Source(e) => e.into(),
            PipelineError::Connect(e) => e.into(),
            PipelineError::Scratch(e) => e.into(),
            PipelineError::Elaborate { version, source } => elaborate(version, *source),
            PipelineError::Refused(refusals) => list(
                code,
                refusals.iter().map(|r| (r.to_string(), Some(&r.help))),
            ),
            PipelineError::Impossible(all) => {
                let texts = all
                    .iter()
                    .map(|i| format!("{}: {}: {}", i.object.human(), i.attribute, i.why));
                list(code, texts.map(|t| (t, None)))
            }
            PipelineError::Rehearse(RehearseError::Fails { ref statement, .. }) => {
                Self::new(code, error.to_string(), exit)
                    .cause(format!("the statement is: {statement}"))
                    .maybe_help(help)
            }
            error => Self::of(code, &error, exit).maybe_help(help),
        }
    }
}

/// The first is the message, the others are causes: what cannot be done, all at once.
fn list<'h>(code: &str, items: impl Iterator<Item = (String, Option<&'h String>)>) -> CliError {
    let mut made: Option<CliError> = None;
    let mut helps: Vec<&str> = Vec::new();
    for (text, help) in items {
        if let Some(help) = help.filter(|h| !helps.contains(&h.as_str())) {
            helps.push(help);
        }
        made = Some(match made {
            None => CliError::new(code, text, Exit::Refused),
            Some(mut first) => {
                first.also.push(text);
                first
            }
        });
    }
    let made = made.unwrap_or_else(|| CliError::new(code, "it cannot be planned", Exit::Refused));
    made.maybe_help((!helps.is_empty()).then(|| helps.join("; ")))
}

fn elaborate(version: ServerVersion, error: ElaborateError) -> CliError {
    let code = error.code();
    match error {
        ElaborateError::Rejected {
            message,
            code: state,
            detail,
            hint,
            excerpt,
            others,
            ..
        } => {
            let named = match state_name(&state) {
                Some(name) => format!("{state} {name}"),
                None => state,
            };
            let mut made = CliError::new(code, message, Exit::Usage)
                .excerpt(Some(excerpt))
                .server(format!("PostgreSQL {version} said: {named}"))
                .maybe_help(hint.or_else(|| rejected_help(code).map(str::to_owned)));
            made.causes.extend(detail);
            let more = others.len().saturating_sub(OTHERS);
            for (message, excerpt) in others.into_iter().take(OTHERS) {
                made.also.push(format!("{message} ({})", excerpt.place));
            }
            if more > 0 {
                made.also.push(format!("{more} more like these"));
            }
            made
        }
        ElaborateError::Refused { ref excerpt, .. } => {
            let place = Some(excerpt.clone());
            CliError::new(code, error.to_string(), Exit::Refused).excerpt(place)
        }
        ElaborateError::Ended {
            why, ref excerpt, ..
        } => {
            let made = CliError::new(code, error.to_string(), Exit::Failed);
            made.excerpt(Some(excerpt.clone())).maybe_help(match why {
                EndedWhy::Statement { .. } => Some(
                    "mend what does not end, or give it more time: --set elaborate_timeout=10m"
                        .to_owned(),
                ),
                EndedWhy::Disk { .. } => None,
            })
        }
        ElaborateError::Scratch(e) => e.into(),
        error @ ElaborateError::Lost { .. } => CliError::of(code, &error, Exit::Failed),
    }
}

/// What to do about a rejected statement when the server gives no hint.
fn rejected_help(code: &str) -> Option<&'static str> {
    Some(match code {
        "desired::unknown_table" | "desired::unknown_object" | "desired::unknown_function" => {
            "add the statement that creates it to the files (their order does not matter), or mend the name"
        }
        "desired::unknown_schema" => "add CREATE SCHEMA to the files, or mend the name",
        "desired::duplicate_table"
        | "desired::duplicate_column"
        | "desired::duplicate_object"
        | "desired::duplicate_function"
        | "desired::duplicate_schema" => "keep one of the two",
        "desired::insufficient_privilege" => {
            "schema files run as a plain role: take out what needs more, or, where you trust them, run them as a superuser \
             of the scratch server (--trust-files)"
        }
        _ => return None,
    })
}

/// The name that the manual (Appendix A) gives a SQLSTATE.
fn state_name(state: &str) -> Option<&'static str> {
    Some(match state {
        "0A000" => "feature_not_supported",
        "22P02" => "invalid_text_representation",
        "3F000" => "invalid_schema_name",
        "42501" => "insufficient_privilege",
        "42601" => "syntax_error",
        "42602" => "invalid_name",
        "42611" => "invalid_column_definition",
        "42622" => "name_too_long",
        "42701" => "duplicate_column",
        "42702" => "ambiguous_column",
        "42703" => "undefined_column",
        "42704" => "undefined_object",
        "42710" => "duplicate_object",
        "42723" => "duplicate_function",
        "42725" => "ambiguous_function",
        "42803" => "grouping_error",
        "42804" => "datatype_mismatch",
        "42809" => "wrong_object_type",
        "42830" => "invalid_foreign_key",
        "42883" => "undefined_function",
        "428C9" => "generated_always",
        "42P01" => "undefined_table",
        "42P06" => "duplicate_schema",
        "42P07" => "duplicate_table",
        "42P13" => "invalid_function_definition",
        "42P16" => "invalid_table_definition",
        "42P17" => "invalid_object_definition",
        _ => return None,
    })
}

impl From<ScratchError> for CliError {
    fn from(error: ScratchError) -> Self {
        let exit = match error {
            ScratchError::Address { .. }
            | ScratchError::NotAServerFolder { .. }
            | ScratchError::UnsupportedVersion { .. } => Exit::Usage,
            ScratchError::ExtensionNotAllowed { .. } | ScratchError::RoleReserved { .. } => {
                Exit::Refused
            }
            _ => Exit::Failed,
        };
        Self::of(error.code(), &error, exit).maybe_help(error.help())
    }
}

impl From<ApplyError> for CliError {
    fn from(error: ApplyError) -> Self {
        let mut made =
            Self::of(error.code(), &error, exit(error.exit_code())).maybe_help(error.help());
        // Its message has what the server said.
        made.causes.clear();
        made.state = error.state().map(|state| {
            let list = |ids: &[String]| match ids {
                [] => "none".to_owned(),
                ids => ids.join(", "),
            };
            format!(
                "{state}; done {}; pending {}",
                list(&state.done),
                list(&state.pending)
            )
        });
        made
    }
}

impl From<PostError> for CliError {
    fn from(error: PostError) -> Self {
        let exit = match error {
            PostError::Missing { .. }
            | PostError::NoNumber { .. }
            | PostError::Repository { .. }
            | PostError::Address { .. }
            | PostError::Unencrypted { .. }
            | PostError::Token => Exit::Usage,
            _ => Exit::Failed,
        };
        Self::of(error.code(), &error, exit).help(error.help())
    }
}

impl From<Look> for Colour {
    fn from(look: Look) -> Self {
        match look.colour {
            true => Self::Yes,
            false => Self::No,
        }
    }
}

impl CliError {
    /// An error of the plan file `file`.
    pub(in crate::cli) fn of_plan_file(file: &SourceFile, error: &ArtifactError) -> Self {
        match error {
            ArtifactError::Syntax {
                line,
                column,
                message,
            } => {
                let start: usize = file
                    .text
                    .split_inclusive('\n')
                    .take(line.saturating_sub(1))
                    .map(str::len)
                    .sum();
                let rest = file.text.get(start..).unwrap_or_default();
                let shown = rest.lines().next().unwrap_or_default();
                let before: usize = shown
                    .chars()
                    .take(column.saturating_sub(1))
                    .map(char::len_utf8)
                    .sum();
                let end = start + shown.trim_end().len();
                let at = (start + before).min(end);
                let message = message.split(" at line ").next().unwrap_or(message);
                Self::new(
                    "plan::syntax",
                    format!("this is no plan: {message}"),
                    Exit::Usage,
                )
                .excerpt(Some(file.excerpt(at..end)))
                .help("write it with pgrehearse plan --out FILE")
            }
            ArtifactError::FormatVersion { .. } => {
                Self::new("plan::format", error.to_string(), Exit::Usage)
                    .excerpt(file.text.find("format").map(|at| file.excerpt(at..at + 6)))
                    .help("plan again with this pgrehearse, or apply with the one that wrote it")
            }
            ArtifactError::Write { .. } => Self::of("plan::write", error, Exit::Failed),
        }
    }
}

/// The exit code that a library module names by its number.
fn exit(code: i32) -> Exit {
    match code {
        0 => Exit::Done,
        2 => Exit::Usage,
        3 => Exit::Refused,
        4 => Exit::Different,
        5 => Exit::Stopped,
        _ => Exit::Failed,
    }
}
