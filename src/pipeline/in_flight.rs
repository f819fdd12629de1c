//! Plans that are half way: the next plan starts from where they lead.
//!
//! What they have made already, and what they have retired, is neither undone nor repeated: their remaining steps
//! are executed on a clone, and the catalog that comes of it is compared in the place of live.

use super::{Connect, Loaded, PipelineError, Workshop};
use crate::apply::status::{self, OpenPlan};
use crate::catalog::{Catalog, Live, closure, read};
use crate::kinds::ObjectId;
use crate::pg::Ident;
use crate::rehearse::{clone, message_of, needs_superuser};
use crate::scratch::privileged;
use crate::source::Source;
use std::collections::BTreeSet;

/// The plans that the ledger of `source`, a live database, has under way.
///
/// # Errors
/// [`PipelineError`] when the ledger cannot be read.
pub fn open_plans(
    source: &Source,
    connect: &Connect,
    ledger_schema: &str,
) -> Result<Vec<OpenPlan>, PipelineError> {
    let Source::Database(url) = source else {
        return Ok(Vec::new());
    };
    let mut client = connect(url)?;
    let plans = status::open_plans(&mut client, &Ident::new(ledger_schema));
    plans.map_err(|e| PipelineError::Ledger(Box::new(e)))
}

/// `live` as it will be when `open` are through.
///
/// # Errors
/// [`PipelineError`] when the scratch server fails; a step that does not run any more is a notice, and its plan is
/// then taken as it stands.
pub(super) fn carried_through(
    live: Loaded<Live>,
    open: &[OpenPlan],
    workshop: &Workshop<'_>,
) -> Result<Loaded<Live>, PipelineError> {
    let mut live = live;
    for plan in open {
        let short: String = plan.document.id.chars().take(12).collect();
        match end_of(plan, &live, workshop)? {
            Ok(end) => {
                live.notices.push(format!(
                    "plan {short} is under way here, {} of its steps are left: this one starts from where that leads",
                    plan.remaining().count()
                ));
                // What the plan changes is no more as the server has it.
                let was = live.catalog.clone().with_own(&live.own);
                let mut end = end;
                end.addresses
                    .forget(|id| was.get(id) != end.objects.get(id));
                live.own = Catalog::empty(end.version);
                live.catalog = end;
                live.own = live.catalog.split_own();
            }
            Err(reason) => live.notices.push(format!(
                "plan {short} is under way here and cannot go on as live is now: {reason}"
            )),
        }
    }
    Ok(live)
}

type End = Result<Catalog<Live>, String>;

fn end_of(
    plan: &OpenPlan,
    live: &Loaded<Live>,
    workshop: &Workshop<'_>,
) -> Result<End, PipelineError> {
    let scope = workshop.options.scope.with_own();
    let mut whole = live.catalog.clone().with_own(&live.own);
    let touched: BTreeSet<ObjectId> = plan.document.touches.iter().cloned().collect();
    let mut ids = closure(&whole, &touched);
    // What the remaining steps need may hang on nothing that is touched today.
    ids.extend(
        whole
            .objects
            .keys()
            .filter(|id| !touched.contains(id))
            .cloned(),
    );
    let database = workshop.scratch()?.create_database(&workshop.settings)?;
    if plan.remaining().any(needs_superuser) {
        database.let_privileged_through()?;
    }
    clone::build(&database, &whole.restricted(&ids), &scope)?;
    let mut client = database.connect()?;
    for step in plan.remaining() {
        let transactional = step.is_transactional();
        let mut run = || -> Result<(), postgres::Error> {
            if transactional {
                client.batch_execute("BEGIN")?;
            }
            for statement in &step.statements {
                client.batch_execute(&privileged::on_scratch(&statement.sql))?;
            }
            if transactional {
                client.batch_execute("COMMIT")?;
            }
            Ok(())
        };
        if let Err(error) = run() {
            return Ok(Err(format!("{}: {}", step.id, message_of(&error))));
        }
    }
    let end: Catalog<Live> = read(&mut client, &scope)?;
    whole.replace_part(&ids, &end);
    Ok(Ok(whole))
}
