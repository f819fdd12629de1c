//! Apply: runs a plan on the live server without stopping the application, and takes it back.
//!
//! Nothing here prints: what happens is told to an [`Observer`], what came of it is a value. A step and its
//! row in the [`ledger`] commit together, so that a killed run goes on where it was ([`resume`]); a step
//! that cannot run in a transaction is decided by its `done_when`. Locks that block the application are
//! asked for as [`lock_retry`] says.

mod amount;
mod audit;
mod backfill;
mod blocker;
mod brake;
mod error;
mod event;
mod executor;
mod forecast;
mod gate;
pub mod ledger;
mod lock;
mod lock_retry;
mod mention;
mod options;
mod outcome;
mod outside;
mod pooler;
pub mod preflight;
mod replication;
pub mod resume;
pub mod rollback;
mod session;
pub mod status;
mod together;
mod watch;

pub use backfill::FillPosition;
pub use blocker::{Autovacuum, Blocker, keeping_readers_out};
pub use brake::{Brake, Interrupt, Window};
pub use error::{ApplyError, Progress};
pub use event::{Event, Observer, Silent};
pub use executor::run;
pub use forecast::{Forecast, Foreseen, forecast};
pub use gate::first_waiting;
pub use lock::Holder;
pub use options::{FillPolicy, Gates, Lag, LockPolicy, Options};
pub use outcome::{Outcome, Stop};
pub use preflight::{Finding, Level};
pub use resume::{Position, StepState};
pub use session::{Connect, Session};
