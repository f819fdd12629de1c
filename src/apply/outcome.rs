//! What came of a run, and its exit code.

use super::{Blocker, Finding, Holder};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Why a run stopped part-way in a safe state: running it again goes on from there.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Another apply works on this database.
    Held { holder: Option<Holder> },
    /// `lock.attempts` attempts at the step's locks failed.
    Attempts {
        step: String,
        attempts: u32,
        /// Why the last one failed.
        why: String,
        blockers: Vec<Blocker>,
    },
    /// Older transactions held conflicting locks longer than `lock.max_wait`, or a statement without
    /// time-outs waited longer than `index.max_wait`.
    Waited {
        step: String,
        waited: Duration,
        blockers: Vec<Blocker>,
    },
    /// Replicas or slots were behind longer than `lock.max_wait`.
    Behind {
        step: String,
        waited: Duration,
        /// Who, and how far.
        why: String,
    },
    /// It was told to stop, by a signal.
    Interrupted,
    /// The pause file exists.
    Paused { file: PathBuf },
    /// The window is closed until `opens`.
    Window { window: String, opens: String },
    /// Rows that came meanwhile are in the way of taking the step back.
    Rows {
        step: String,
        findings: Vec<Finding>,
    },
}

impl Stop {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Held { .. } => "apply::held",
            Self::Attempts { .. } => "apply::lock_attempts",
            Self::Waited { .. } => "apply::lock_wait",
            Self::Behind { .. } => "apply::behind",
            Self::Interrupted => "apply::interrupted",
            Self::Paused { .. } => "apply::paused",
            Self::Window { .. } => "apply::window",
            Self::Rows { .. } => "apply::rows",
        }
    }

    /// The next command.
    pub fn help(&self) -> String {
        match self {
            Self::Held { .. } => {
                "wait until the other run has ended, then run this again".to_owned()
            }
            Self::Behind { .. } => {
                "run it again when it has caught up: it goes on from here; one that is to stay behind is named in \
                 backfill.ignore_replicas"
                    .to_owned()
            }
            Self::Interrupted => "run it again: it goes on from here".to_owned(),
            Self::Paused { file } => {
                format!("remove {} and run it again", file.display())
            }
            Self::Window { opens, .. } => format!("run it again from {opens}"),
            Self::Rows { findings, .. } => {
                let help: Vec<&str> = findings.iter().filter_map(|f| f.help.as_deref()).collect();
                format!(
                    "look at them, mend them, and run it again: it goes on with this step ({})",
                    help.join("; ")
                )
            }
            Self::Attempts { blockers, .. } | Self::Waited { blockers, .. } => {
                let ends: Vec<String> = blockers.iter().filter_map(Blocker::remedy).collect();
                if ends.is_empty() {
                    "run it again: it goes on with this step".to_owned()
                } else {
                    format!(
                        "run it again when they have ended, or end them ({}): it goes on with this step",
                        ends.join("; ")
                    )
                }
            }
        }
    }

    pub fn blockers(&self) -> &[Blocker] {
        match self {
            Self::Attempts { blockers, .. } | Self::Waited { blockers, .. } => blockers,
            _ => &[],
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held {
                holder: Some(holder),
            } => {
                write!(f, "another run works on this database: {holder}")
            }
            Self::Held { holder: None } => {
                f.write_str("another run works on this database; it could not be seen who")
            }
            Self::Attempts {
                step,
                attempts,
                why,
                blockers,
            } => {
                write!(
                    f,
                    "step {step}: {attempts} attempts at its locks failed, the last one: {why}"
                )?;
                list(f, blockers)
            }
            Self::Waited {
                step,
                waited,
                blockers,
            } => {
                write!(
                    f,
                    "step {step}: waited {} s for other transactions",
                    waited.as_secs()
                )?;
                list(f, blockers)
            }
            Self::Behind { step, waited, why } => {
                write!(f, "step {step}: waited {} s: {why}", waited.as_secs())
            }
            Self::Interrupted => f.write_str("stopped, as it was told to"),
            Self::Paused { file } => write!(f, "paused: {} exists", file.display()),
            Self::Window { window, opens } => {
                write!(
                    f,
                    "pending: the window {window} is closed, it opens {opens}"
                )
            }
            Self::Rows { step, findings } => {
                let texts: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
                write!(f, "step {step}: {}", texts.join("; "))
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, blockers: &[Blocker]) -> fmt::Result {
    for (i, blocker) in blockers.iter().enumerate() {
        write!(
            f,
            "{} {blocker}",
            if i == 0 { "; blocked by" } else { " and" }
        )?;
    }
    Ok(())
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Steps that stand done in the ledger, of this run and earlier ones, in the plan's order.
    pub done: Vec<String>,
    /// Those of them that this run did.
    pub now: Vec<String>,
    /// Steps of the asked phases that are not done.
    pub pending: Vec<String>,
    /// The gate that keeps the first pending step, where one does.
    pub gate: Option<String>,
    pub stopped: Option<Stop>,
}

impl Outcome {
    /// The exit code (RULES.md): 0 done or all that gates allow is done, 5 stopped part-way in a safe state.
    ///
    /// With `require_complete`, pending steps are 5 too.
    pub fn exit_code(&self, require_complete: bool) -> i32 {
        if self.stopped.is_some() || (require_complete && !self.pending.is_empty()) {
            5
        } else {
            0
        }
    }
}
