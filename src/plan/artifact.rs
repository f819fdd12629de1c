//! Plan files: YAML, or the same shape as JSON.

use super::document::{Document, FORMAT};
use super::{Recorded, Rehearsed};
use sha2::{Digest, Sha256};

/// The two spellings of a plan file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Json,
}

/// Why a plan file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        line: usize,
        column: usize,
        message: String,
    },
    #[error("the plan has format {found}, this program reads {FORMAT}")]
    FormatVersion { found: u64 },
    #[error("the plan could not be written: {message}")]
    Write { message: String },
}

/// The plan as text.
///
/// # Errors
/// [`ArtifactError::Write`] when a value has no text form, which no plan of ours has.
pub fn write(plan: &Rehearsed, format: Format) -> Result<String, ArtifactError> {
    write_document(plan.document(), format)
}

pub fn write_document(document: &Document, format: Format) -> Result<String, ArtifactError> {
    let fail = |message: String| ArtifactError::Write { message };
    match format {
        Format::Yaml => yaml_serde::to_string(document).map_err(|e| fail(e.to_string())),
        Format::Json => serde_json::to_string_pretty(document)
            .map(|json| json + "\n")
            .map_err(|e| fail(e.to_string())),
    }
}

/// Reads a plan file of either spelling (JSON is YAML).
///
/// # Errors
/// [`ArtifactError::Syntax`] with the place; [`ArtifactError::FormatVersion`] for another format.
pub fn read(text: &str) -> Result<Recorded, ArtifactError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u64,
    }
    let head: Head = yaml_serde::from_str(text).map_err(|e| syntax(&e))?;
    if head.format != u64::from(FORMAT) {
        return Err(ArtifactError::FormatVersion { found: head.format });
    }
    let document: Document = yaml_serde::from_str(text).map_err(|e| syntax(&e))?;
    let edited = content_id(&document) != document.id;
    Ok(Recorded { document, edited })
}

fn syntax(error: &yaml_serde::Error) -> ArtifactError {
    let (line, column) = error.location().map_or((1, 1), |l| (l.line(), l.column()));
    ArtifactError::Syntax {
        line,
        column,
        message: error.to_string(),
    }
}

/// The id of a plan: SHA-256 over its content without `id` and `evidence.run`.
pub fn content_id(document: &Document) -> String {
    let mut content = document.clone();
    content.id = String::new();
    content.evidence.run.clear();
    // A document is made of strings, numbers and maps with string keys: it always has a JSON form.
    let json = serde_json::to_string(&content).unwrap_or_default();
    let digest = Sha256::digest(json.as_bytes());
    digest.iter().take(16).map(|b| format!("{b:02x}")).collect()
}
