//! A plan for a reader: terminal, psql script, Markdown, and the pull-request comment.
//!
//! Every renderer is a function from [`Document`](crate::plan::Document) to text: nothing is
//! printed, and nothing is read from the environment. What differs from run to run
//! (`evidence.run`) is left out, so the same plan renders to the same bytes.

mod batches;
pub mod difference;
mod guard;
pub mod markdown;
mod mask;
pub mod post;
pub mod schema;
pub mod sql;
mod summary;
pub mod text;

pub use text::Colour;
