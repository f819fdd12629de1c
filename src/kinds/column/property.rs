//! What a column may be besides its type: NOT NULL, generated, an identity.

use crate::kinds::sequence::SequenceOptions;
use crate::pg::sql::{List, Word};
use crate::pg::{Qualified, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotNull {
    /// The constraint's name; `None` before PostgreSQL 18, where it is no constraint.
    pub name: Option<String>,
    /// The name is the one the server would have chosen.
    pub default_name: bool,
    pub validated: bool,
    pub no_inherit: bool,
    /// From PostgreSQL 18 on: declared on this table itself.
    #[serde(default)]
    pub local: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generated {
    Stored,
    Virtual,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub always: bool,
    /// The sequence, where its name is not the one the server would have chosen.
    pub sequence: Option<Qualified>,
    pub sequence_type: String,
    #[serde(flatten)]
    pub options: SequenceOptions,
}

impl Identity {
    pub(super) fn word(&self) -> Word {
        Word(if self.always { "ALWAYS" } else { "BY DEFAULT" })
    }

    pub fn clause(&self) -> Sql {
        let base = SequenceOptions::of_type(&self.sequence_type, self.options.increment > 0);
        let mut options = Vec::new();
        if let Some(sequence) = &self.sequence {
            options.push(sql!("SEQUENCE NAME {}", sequence));
        }
        options.extend(self.options.clauses(&base));
        let clause = sql!("GENERATED {} AS IDENTITY", self.word());
        if options.is_empty() {
            clause
        } else {
            sql!("{} ({})", clause, List::separated(" ", options))
        }
    }
}
