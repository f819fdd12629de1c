//! What PostgreSQL is: names and their quoting, SQL text, lock modes, versions, sessions.

pub mod generic_options;
pub mod ident;
pub mod lock;
pub mod session;
pub mod sql;
pub mod version;

pub use ident::{Ident, Qualified};
pub use lock::LockMode;
pub use sql::Sql;
pub use version::ServerVersion;
