//! Where the rows of the catalogs are that the second eye of the rehearsal looks at.

use super::{Pair, PipelineError, Workshop, server};
use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::ObjectId;
use crate::plan::Document;
use crate::rehearse::{Seen, Sight, hanging_together};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The rows behind a loaded schema.
pub enum Rows {
    /// A snapshot holds only what the kinds read.
    Nowhere,
    /// Of a scratch database that is gone.
    Read(Sight),
    /// In the database at this URL: of a large one only the rows that a plan concerns are read.
    Database(String),
}

impl Rows {
    /// Those of the objects `ids` of `catalog`, which was read from there.
    pub(super) fn of<Side>(
        &self,
        catalog: &Catalog<Side>,
        ids: &BTreeSet<ObjectId>,
        workshop: &Workshop<'_>,
    ) -> Result<Option<Cow<'_, Sight>>, PipelineError> {
        Ok(match self {
            Self::Nowhere => None,
            Self::Read(sight) => Some(Cow::Borrowed(sight)),
            Self::Database(url) => {
                let mut client = server::session_of(url, workshop)?;
                let sight = Sight::look(&mut client, &catalog.addresses, ids)?;
                Some(Cow::Owned(sight))
            }
        })
    }
}

/// What the second eye sees of both sides of a plan.
pub(super) struct Sights<'p> {
    live: Option<Cow<'p, Sight>>,
    desired: Option<Cow<'p, Sight>>,
}

impl<'p> Sights<'p> {
    pub fn of(
        pair: &'p Pair<'_>,
        document: &Document,
        live: &Catalog<Live>,
        desired: &Catalog<Desired>,
    ) -> Result<Self, PipelineError> {
        let ids = hanging_together(document, live, Some(desired));
        Ok(Self {
            live: pair.live.rows.of(live, &ids, &pair.workshop)?,
            desired: pair.desired.rows.of(desired, &ids, &pair.workshop)?,
        })
    }

    pub fn seen(&self) -> Seen<'_> {
        Seen {
            live: self.live.as_deref(),
            desired: self.desired.as_deref(),
        }
    }
}
