//! What can go wrong, each with a stable code, help and exit code.

use super::{Finding, pooler};
use crate::plan::Phase;
use postgres::error::SqlState;
use std::fmt;

/// What stands done and what does not, as the ledger has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: Vec<String>,
    pub pending: Vec<String>,
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.done.len() + self.pending.len();
        write!(f, "{} of {all} steps done", self.done.len())
    }
}

/// Why a plan could not be applied or taken back.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("no connection to the server: {}", said(source))]
    Connect { source: postgres::Error },
    #[error("{}", refusal(findings))]
    Refused { findings: Vec<Finding> },
    #[error("phase {wanted} cannot run before {missing} is done: step {step} is pending")]
    PhaseOrder {
        wanted: Phase,
        missing: Phase,
        step: String,
    },
    #[error("plan {plan} is being rolled back: step {step} is half taken back")]
    RollbackUnderWay { plan: String, step: String },
    #[error("the plan has no step {step}")]
    UnknownStep { step: String },
    #[error("the window cannot be told: {}", said(source))]
    TimeZone {
        zone: String,
        source: postgres::Error,
    },
    #[error("role has no right to {what}")]
    MissingRight { what: String, grant: String },
    #[error("the ledger has format {found}, this program knows {known}")]
    LedgerFormat { found: i32, known: i32 },
    #[error("there is no ledger in this database: nothing was applied here")]
    NoLedger,
    #[error("the ledger has no plan {plan}")]
    UnknownPlan { plan: String },
    #[error("the ledger has no plan that could be rolled back")]
    NothingApplied,
    #[error("the document of plan {plan} in the ledger cannot be read: {message}")]
    Document { plan: String, message: String },
    #[error("somebody holds a lock on what has to be read: {}", said(source))]
    Locked { source: postgres::Error },
    #[error("ledger: {}", said(source))]
    Ledger { source: postgres::Error },
    #[error("step {step}, statement {place}: {}", said(source))]
    Statement {
        step: String,
        /// From 1; of the rollback's statements when it is taken back.
        place: usize,
        source: postgres::Error,
        state: Box<Progress>,
    },
    #[error("the connection was lost{}: {}", in_step(step.as_deref()), said(source))]
    ConnectionLost {
        step: Option<String>,
        source: postgres::Error,
        state: Box<Progress>,
    },
    #[error("step {step}: its statements ran, but its `done_when` query says it has not happened")]
    NotDone { step: String, state: Box<Progress> },
    #[error("step {step}: {name} exists already and this plan did not make it")]
    NameTaken {
        step: String,
        name: String,
        state: Box<Progress>,
    },
    #[error("step {step} was begun and cannot be decided: it has no `done_when`")]
    Undecidable { step: String },
    #[error("step {step} cannot be taken back: {why}")]
    Irreversible { step: String, why: String },
}

impl ApplyError {
    /// The stable code, as in `error[apply::statement]`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "apply::connect",
            Self::Refused { .. } => "apply::refused",
            Self::PhaseOrder { .. } => "apply::phase_order",
            Self::RollbackUnderWay { .. } => "apply::rollback_under_way",
            Self::UnknownStep { .. } => "apply::unknown_step",
            Self::TimeZone { .. } => "apply::time_zone",
            Self::MissingRight { .. } => "apply::missing_right",
            Self::LedgerFormat { .. } => "apply::ledger_format",
            Self::NoLedger => "apply::no_ledger",
            Self::UnknownPlan { .. } => "apply::unknown_plan",
            Self::NothingApplied => "apply::nothing_applied",
            Self::Document { .. } => "apply::document",
            Self::Locked { .. } => "apply::locked",
            Self::Ledger { .. } => "apply::ledger",
            Self::Statement { .. } => "apply::statement",
            Self::ConnectionLost { .. } => "apply::connection_lost",
            Self::NotDone { .. } => "apply::not_done",
            Self::NameTaken { .. } => "apply::name_taken",
            Self::Undecidable { .. } => "apply::undecidable",
            Self::Irreversible { .. } => "apply::irreversible",
        }
    }

    /// The next command or edit.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused { findings } => {
                let mut help: Vec<&str> = Vec::new();
                for one in findings.iter().filter_map(|f| f.help.as_deref()) {
                    if !help.contains(&one) {
                        help.push(one);
                    }
                }
                (!help.is_empty()).then(|| help.join("; "))
            }
            Self::PhaseOrder { missing, .. } => {
                Some(format!("run `pgrehearse apply --phase {missing}` first"))
            }
            Self::RollbackUnderWay { plan, .. } => Some(format!(
                "run `pgrehearse rollback --plan {plan}` to its end"
            )),
            Self::UnknownStep { .. } => Some(
                "the ids are those of the plan, such as expand-3; `pgrehearse status` lists the next ones"
                    .to_owned(),
            ),
            Self::TimeZone { zone, .. } => Some(format!(
                "{zone} is no time zone of this server; one is Europe/Berlin"
            )),
            Self::MissingRight { grant, .. } => {
                Some(format!("as the owner of the database: {grant}"))
            }
            Self::LedgerFormat { .. } => Some("use the newer pgrehearse that wrote it".to_owned()),
            Self::Locked { .. } => Some(
                "run it again when it is gone; pg_locks of the server shows ACCESS EXCLUSIVE and who has it"
                    .to_owned(),
            ),
            Self::UnknownPlan { .. } => Some("`pgrehearse status` lists the plans".to_owned()),
            Self::Statement { state, source, .. } => Some(format!(
                "{state}, this one is not; {} and run it again: it goes on with this step",
                first(source)
            )),
            Self::ConnectionLost { state, .. } => Some(format!(
                "{state} for certain; run it again: the ledger decides what else is done and it goes on from there"
            )),
            Self::NameTaken { name, .. } => Some(format!(
                "look at {name}: drop or rename it, then plan again"
            )),
            Self::NotDone { .. } => {
                Some("something else changed the object meanwhile; run it again".to_owned())
            }
            Self::Connect { .. }
            | Self::NoLedger
            | Self::NothingApplied
            | Self::Document { .. }
            | Self::Ledger { .. }
            | Self::Undecidable { .. }
            | Self::Irreversible { .. } => None,
        }
    }

    /// The exit code (RULES.md): 2 and 3 when it was refused before the first statement, 5 when it goes another
    /// time, else 1.
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::UnknownStep { .. } | Self::TimeZone { .. } => 2,
            Self::Locked { .. } => 5,
            Self::Refused { .. }
            | Self::PhaseOrder { .. }
            | Self::RollbackUnderWay { .. }
            | Self::MissingRight { .. }
            | Self::LedgerFormat { .. }
            | Self::NoLedger
            | Self::UnknownPlan { .. }
            | Self::NothingApplied
            | Self::Document { .. }
            | Self::Undecidable { .. }
            | Self::Irreversible { .. } => 3,
            Self::Connect { .. }
            | Self::Ledger { .. }
            | Self::Statement { .. }
            | Self::ConnectionLost { .. }
            | Self::NotDone { .. }
            | Self::NameTaken { .. } => 1,
        }
    }

    /// What was done, where a step failed.
    pub fn state(&self) -> Option<&Progress> {
        match self {
            Self::Statement { state, .. }
            | Self::ConnectionLost { state, .. }
            | Self::NotDone { state, .. }
            | Self::NameTaken { state, .. } => Some(state),
            _ => None,
        }
    }

    /// A session that cannot be opened, or not be used as one.
    pub(super) fn connect(source: postgres::Error) -> Self {
        match pooler::is_lent(&source) {
            true => pooler::refusal(),
            false => Self::Connect { source },
        }
    }

    /// A failed query on the ledger or the catalog.
    pub(super) fn ledger(source: postgres::Error) -> Self {
        if is_lost(&source) {
            Self::ConnectionLost {
                step: None,
                source,
                state: Box::default(),
            }
        } else if source.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
            Self::Locked { source }
        } else {
            Self::Ledger { source }
        }
    }
}

/// Whether the session is gone: the socket closed, or the server said that it ends it.
pub(super) fn is_lost(error: &postgres::Error) -> bool {
    match error.code() {
        // 57P01 to 57P05: shutdown, crash, starting up, database dropped, idle session; 08: connection;
        // 25P03, 25P04: ended by idle_in_transaction_session_timeout, transaction_timeout.
        Some(code) => {
            let code = code.code();
            code.starts_with("57P") || code.starts_with("08") || code == "25P03" || code == "25P04"
        }
        None => {
            error.is_closed()
                || std::error::Error::source(error)
                    .is_some_and(|source| source.is::<std::io::Error>())
        }
    }
}

// `postgres::Error` displays as "db error": what the server said is in its source. The detail is left
// out: it may quote rows.
pub(super) fn said(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

// What has to be done before it is run again: 53 is a lack of disk, memory or connections.
fn first(error: &postgres::Error) -> &'static str {
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => "make room on the server's disk",
        Some(code) if code.code().starts_with("53") => "wait until the server has room",
        // A statement_timeout has the same code, and says so in its message.
        Some(code) if *code == SqlState::QUERY_CANCELED => {
            "find out who cancelled it or why it took so long"
        }
        _ => "mend the cause",
    }
}

fn in_step(step: Option<&str>) -> String {
    step.map_or_else(String::new, |step| format!(" in step {step}"))
}

fn refusal(findings: &[Finding]) -> String {
    let texts: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    texts.join("; ")
}
