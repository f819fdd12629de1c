//! A plan for a reader: terminal, psql script, Markdown, Mermaid, and the pull-request comment.
//!
//! Every renderer is a function from [`Document`](crate::plan::Document) to text: nothing is
//! printed, and nothing is read from the environment. Run times are left out, so the same plan
//! renders to the same bytes as long as the live rows say the same to it.

mod batches;
mod data;
pub mod difference;
mod guard;
pub mod markdown;
mod mask;
pub mod mermaid;
pub mod post;
mod promise;
pub mod schema;
pub mod script;
pub mod script_markdown;
pub mod sql;
mod summary;
pub mod text;

pub use text::Colour;
