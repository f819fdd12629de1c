//! Declarative schema changes for PostgreSQL, rehearsed on a scratch clone before they run.
//!
//! One data path; every stage is a plain function from value to value:
//!
//! ```text
//! Source ×2 → scratch::elaborate   desired files become a real catalog: PostgreSQL is the only parser trusted with meaning
//!           → catalog::read ×2     Catalog<Live>, Catalog<Desired>: swapping them does not compile
//!           → diff::compare        → Changes (kind-free); diff::rebuild adds the forced take-down and put-back of dependents
//!           → strategy::expand     Changes → Steps (strategies run before the sort: one graph, at step grain, one sort)
//!           → order::sort          → Plan<Draft>
//!           → rehearse             Plan<Draft> on a clone → Plan<Rehearsed> with measurements and proof
//!           → render | apply       a plan read from a file is Plan<Recorded>: apply rehearses it again before it runs it
//! ```

pub mod apply;
pub mod catalog;
pub mod cli;
pub mod data;
pub mod diff;
pub mod kinds;
pub mod order;
pub mod pg;
pub mod pipeline;
pub mod plan;
pub mod rehearse;
pub mod render;
pub mod scratch;
pub mod source;
pub mod strategy;
