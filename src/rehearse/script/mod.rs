//! Hand-written SQL, measured statement by statement on a clone: what a plan's steps are measured by.
//!
//! Transactions are those of the files: BEGIN … COMMIT as written, any other statement for itself as psql runs it,
//! or each file as one. A statement that the server does not run in a transaction is measured by the ladder.

mod advice;
mod facts;
mod names;
mod prepare;
mod report;
mod run;
mod seed;

pub use report::{Failure, HeldLock, Report, Statement, Transaction, Way};

use super::RehearseError;
use crate::catalog::{Catalog, Live, Scope};
use crate::pg::Ident;
use crate::scratch::elaborate::ElaborateError;
use crate::scratch::{DatabaseSettings, Scratch};
use crate::source::boundary::sets_role;
use crate::source::{Class, DesiredFiles};
use crate::strategy::SmallTable;
use std::collections::BTreeSet;

/// Which statements share a transaction where the files do not say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Each for itself, as psql does it.
    EachStatement,
    /// All of a file, as most migration tools do it.
    EachFile,
}

/// Everything that the files are measured on.
pub struct Request<'a> {
    pub scratch: &'a Scratch,
    pub settings: &'a DatabaseSettings,
    pub scope: &'a Scope,
    /// What is cloned.
    pub live: &'a Catalog<Live>,
    pub files: &'a DesiredFiles,
    pub together: Together,
    pub small: SmallTable,
    /// The schemas in which unqualified names are looked up, as the value of `search_path`.
    pub search_path: &'a str,
    /// The roles of the live server; without one, every role that is named is there.
    pub roles: Option<&'a BTreeSet<String>>,
    /// Told what is being done.
    pub progress: &'a dyn Fn(&str),
}

/// The measurements, and the catalog of the clone before and after them.
pub struct Rehearsal {
    pub report: Report,
    pub before: Catalog<Live>,
    pub after: Catalog<Live>,
}

/// Looks for statements that never run on a scratch server.
///
/// # Errors
/// [`ElaborateError::Refused`] with the place of the first.
pub fn check(files: &DesiredFiles) -> Result<(), ElaborateError> {
    for statement in &files.statements {
        let text = files.statement_text(statement);
        if let Class::Refused { why } = statement.class
            && !sets_role(text)
        {
            return Err(ElaborateError::Refused {
                why: why.to_owned(),
                excerpt: files.excerpt(statement),
            });
        }
    }
    Ok(())
}

/// Clones the catalog, fills a few rows in and runs the files.
///
/// # Errors
/// When the clone cannot be made or the scratch server goes away; a statement that fails is no error but stands in
/// the report.
pub fn measure(request: &Request<'_>) -> Result<Rehearsal, RehearseError> {
    let mut roles: BTreeSet<Ident> = names::created_roles(request.files);
    let known = request.roles.into_iter().flatten();
    let mentioned = names::identifiers(request.files);
    roles.extend(
        known
            .filter(|role| mentioned.contains(*role))
            .map(|role| Ident::new(role.as_str())),
    );
    loop {
        let found = prepare::run(request, &roles)?;
        // Without a server nobody knows which roles there are: they are as the files say.
        let missing = found.report.failure().and_then(Failure::missing_role);
        match missing {
            Some(role) if request.roles.is_none() && roles.insert(Ident::new(role.as_str())) => {}
            _ => return Ok(found),
        }
    }
}
