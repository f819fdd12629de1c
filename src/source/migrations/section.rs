//! The part of a file that is run, and whether in a transaction.

use super::{Chosen, Tool};
use crate::source::error::SourceError;
use crate::source::text::SourceFile;
use std::path::Path;

/// Takes what is not run out of a file.
///
/// # Errors
/// When a file of dbmate or goose has no part that is run.
pub fn up(tool: Tool, file: SourceFile) -> Result<Chosen, SourceError> {
    match tool {
        Tool::Dbmate => marked(file, "migrate:up", "migrate:down"),
        Tool::Goose => marked(file, "+goose up", "+goose down"),
        _ => {
            let transactional = !says_without(&file.text);
            Ok(Chosen {
                file,
                transactional,
            })
        }
    }
}

/// A section from its mark to that of the other one.
fn marked(file: SourceFile, up: &str, down: &str) -> Result<Chosen, SourceError> {
    let mut text = String::with_capacity(file.text.len());
    let mut inside = false;
    let mut found = false;
    let mut transactional = true;
    for line in file.text.split_inclusive('\n') {
        let mark = comment(line).map(str::to_ascii_lowercase);
        match mark.as_deref() {
            Some(words) if words.starts_with(up) => {
                inside = true;
                found = true;
                transactional &= !words.replace(' ', "").contains("transaction:false");
            }
            Some(words) if words.starts_with(down) => inside = false,
            Some(words) if words.starts_with("+goose no transaction") => transactional = false,
            _ => {}
        }
        match inside {
            true => text.push_str(line),
            // As long as before: places count on it.
            false => text.extend(line.bytes().map(|b| if b == b'\n' { '\n' } else { ' ' })),
        }
    }
    if !found {
        let end = file.text.find('\n').unwrap_or(file.text.len());
        return Err(SourceError::NoUpSection {
            mark: up.to_owned(),
            excerpt: Box::new(file.excerpt(0..end)),
        });
    }
    Ok(Chosen {
        file: SourceFile::new(file.name, text),
        transactional,
    })
}

/// The text of a comment line.
fn comment(line: &str) -> Option<&str> {
    Some(line.trim().strip_prefix("--")?.trim_start())
}

/// What other tools write above a migration without a transaction: Atlas, sqlx, Liquibase, refinery, node-pg-migrate.
fn says_without(text: &str) -> bool {
    let comments = text.lines().take(20).filter_map(comment);
    comments
        .map(|c| c.to_ascii_lowercase().replace([' ', '-', '_'], ""))
        .any(|c| {
            c.starts_with("atlas:txmodenone")
                || c.starts_with("notransaction")
                || c.starts_with("disabletransaction")
                || c.contains("runintransaction:false")
        })
}

/// Flyway has a settings file beside a migration: `executeInTransaction=false`.
pub fn is_configured_without(tool: Tool, path: &Path) -> bool {
    if tool != Tool::Flyway {
        return false;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".conf");
    let text = std::fs::read_to_string(beside).unwrap_or_default();
    let mut lines = text
        .lines()
        .map(|l| l.replace(' ', "").to_ascii_lowercase());
    lines.any(|l| l == "executeintransaction=false")
}
