//! E5: where the application's queries come from, and what is said of them.

use super::{Pair, PipelineError};
use crate::data::{self, Statements};
use crate::plan::{QueryEvidence, Rehearsed, artifact};
use crate::source::{self, Query};

/// The queries of the application, and what is not among them.
pub(super) struct Asked {
    pub queries: Vec<Query>,
    /// Statements of the files that are no queries: COPY and the like.
    others: usize,
    /// Why the server's statistics give none.
    unseen: Option<String>,
}

/// The queries of the files in the options, and those of pg_stat_statements of the live server.
///
/// # Errors
/// [`PipelineError`] when a file cannot be read, or the server not be reached.
pub(super) fn gather(pair: &Pair<'_>) -> Result<Asked, PipelineError> {
    let options = pair.workshop.options;
    let mut asked = Asked {
        queries: Vec::new(),
        others: 0,
        unseen: None,
    };
    for path in &options.queries {
        let (queries, others) = source::read_queries(path)?;
        asked.queries.extend(queries);
        asked.others += others;
    }
    match &pair.server {
        None => asked.unseen = Some("no live server with pg_stat_statements".to_owned()),
        Some(url) => {
            (options.progress)("reading the queries of the application");
            let mut client = (options.connect)(url)?;
            let zone = pair.workshop.settings.time_zone.as_deref();
            crate::pg::session::prepare(&mut client, zone)?;
            match data::statements(&mut client)? {
                Statements::Seen { queries, hidden } => {
                    asked.queries.extend(queries);
                    if hidden > 0 {
                        asked.unseen = Some(format!(
                            "the texts of {hidden} statements of other roles are hidden: GRANT \
                             pg_read_all_stats"
                        ));
                    }
                }
                Statements::Unseen(why) => asked.unseen = Some(why),
            }
        }
    }
    Ok(asked)
}

impl Asked {
    /// The plan with E5 in words.
    pub fn said(&self, rehearsed: Rehearsed) -> Rehearsed {
        let mut document = rehearsed.document().clone();
        document.evidence.queries = self.words(&document.evidence.checked_queries);
        document.id = artifact::content_id(&document);
        Rehearsed::new(document)
    }

    fn words(&self, found: &QueryEvidence) -> String {
        let Self {
            queries,
            others,
            unseen,
        } = self;
        let unseen = |text: String| match unseen {
            Some(why) => format!("{text}; {why}"),
            None => text,
        };
        if queries.is_empty() {
            return unseen("not checked: no queries are given (--queries)".to_owned());
        }
        let broken = found
            .broken
            .iter()
            .filter(|b| b.mended_by.is_none())
            .count();
        let mended = found.broken.len() - broken;
        let mut parts = vec![match (found.checked, broken) {
            (0, _) => "none names what the plan touches and can be checked".to_owned(),
            (all, 0) => format!("all {all} that are checked work after each step"),
            (all, n) => format!("{n} of {all} that are checked stop working: see breaks-queries"),
        }];
        let new: usize = found.new.values().map(Vec::len).sum();
        for (n, what) in [
            (mended, "fail between two steps"),
            (new, "work from a step on"),
            (
                found.not_checkable,
                "not checkable: they cannot be prepared on the schema of today",
            ),
            (found.untouched, "name nothing that the plan touches"),
            (
                *others,
                "statements of the files are no queries (COPY and the like)",
            ),
        ] {
            if n > 0 {
                parts.push(format!("{n} {what}"));
            }
        }
        unseen(parts.join("; "))
    }
}
