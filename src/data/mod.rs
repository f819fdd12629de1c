//! E6: asks the live database whether its rows allow a plan.
//!
//! Only reads. An expression that comes from schema files is evaluated there at plan time only
//! when [`trust`] finds nothing in it but PostgreSQL's own immutable functions.

mod ask;
mod statements;
pub mod trust;

pub use ask::{Limits, ask};
pub use statements::{Statements, statements};
