//! Names that the steps of a plan give for a while, and that somebody else has taken.

use crate::catalog::{Catalog, Live, Scope};
use crate::plan::Document;
use crate::strategy::Refusal;

/// One refusal for every object of `own`, what live has of names like ours, that `plan` would make.
///
/// What plans under way have made is at its end by then: it is another's, or of a plan that the ledger has lost.
pub(super) fn refusals(plan: &Document, own: &Catalog<Live>) -> Vec<Refusal> {
    let statements = plan.steps().flat_map(|(_, step)| &step.statements);
    let statements: Vec<&str> = statements.map(|s| s.sql.as_str()).collect();
    let used = |name: &String| {
        Scope::is_own(name) && statements.iter().any(|sql| sql.contains(name.as_str()))
    };
    let taken = own
        .objects
        .keys()
        .filter(|id| id.path.last().is_some_and(used) || is_function(id, &used));
    taken
        .map(|id| Refusal {
            object: id.clone(),
            why: "the plan gives this name to something of its own for a while, and no plan under way has made it"
                .to_owned(),
            help: format!("drop or rename {}, then plan again", id.human()),
        })
        .collect()
}

/// The name of a function stands before its arguments.
fn is_function(id: &crate::kinds::ObjectId, used: &dyn Fn(&String) -> bool) -> bool {
    id.kind == crate::kinds::KindTag::Function && id.path.get(1).is_some_and(used)
}
