//! Runs a plan on a clone of the live catalog: every lock, rewrite and scan is measured.

pub mod canonical;
pub mod clone;
mod compare;
mod concurrent;
mod evidence;
mod extent;
pub mod eye;
mod ground;
mod measure;
mod queries;
mod run;
pub mod script;
mod statement;
mod trial;

pub use canonical::{canonicalize, canonicalize_one, texts_differ};
pub use clone::{CloneError, creation_script};
pub use compare::differences;
pub use evidence::is_ours;
pub use extent::hanging_together;
pub use eye::Sight;
pub use ground::needs_superuser;
pub use run::{Request, Seen, rehearse};
pub use server_message as message_of;
pub use trial::Trial;

use crate::catalog::ReadError;
use crate::plan::{Document, Rehearsed, artifact};
use crate::scratch::ScratchError;

/// Why a plan could not be rehearsed to its end.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// E1 fails: a statement does not run on the clone.
    #[error("step \"{step}\" does not run: {message}")]
    Fails {
        step: String,
        statement: String,
        message: String,
        hint: Option<String>,
    },
    #[error(transparent)]
    Clone(#[from] CloneError),
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the scratch server went away: {source}")]
    Lost {
        #[from]
        source: postgres::Error,
    },
}

/// What the server says, in one line.
pub fn server_message(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(e) => {
            let detail = e.detail().map(|d| format!(": {d}")).unwrap_or_default();
            format!("{}{detail} (SQLSTATE {})", e.message(), e.code().code())
        }
        None => error.to_string(),
    }
}

/// A plan without steps needs no rehearsal: live is as desired.
pub fn nothing_to_do(mut document: Document) -> Rehearsed {
    document.id = artifact::content_id(&document);
    Rehearsed::new(document)
}
