//! Conditions that must hold before a step may run.

use crate::kinds::ObjectId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A condition that must hold before a step may run; until then the step, and what comes after it,
/// stays pending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Gate {
    /// No query names the object any more: two looks at pg_stat_statements, so many seconds apart,
    /// without a reset in between (RULES: "The gate").
    Audit { object: ObjectId, seconds: u64 },
    /// So many seconds have passed, by the server's clock, since `after` was done.
    Wait {
        /// The id of an earlier step; filled in when the plan is sorted.
        after: String,
        seconds: u64,
    },
    /// Something outside of this database has to be done first; the person says so.
    Confirm { what: String },
}

impl Gate {
    /// Where steps with such a gate go among those that could run: what waits longest comes last, so
    /// that nothing else waits behind it.
    pub(crate) fn rank(gate: Option<&Self>) -> u8 {
        match gate {
            None => 0,
            Some(Self::Audit { .. } | Self::Confirm { .. }) => 1,
            Some(Self::Wait { .. }) => 2,
        }
    }

    /// A [`Gate::Wait`] since the step before of the same object.
    pub fn wait(duration: Duration) -> Self {
        Self::Wait {
            after: String::new(),
            seconds: duration.as_secs(),
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Audit { object, seconds } => write!(
                f,
                "no query names {} in two looks at pg_stat_statements, {} apart",
                object.human(),
                interval(*seconds)
            ),
            Self::Wait { after, seconds } => write!(f, "{} after {after}", interval(*seconds)),
            Self::Confirm { what } => f.write_str(what),
        }
    }
}

/// `7 days`, `24 h`, `90 s`.
pub(crate) fn interval(seconds: u64) -> String {
    const HOUR: u64 = 3600;
    match seconds {
        s if s >= 48 * HOUR && s % (24 * HOUR) == 0 => format!("{} days", s / (24 * HOUR)),
        s if s >= HOUR && s % HOUR == 0 => format!("{} h", s / HOUR),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}
