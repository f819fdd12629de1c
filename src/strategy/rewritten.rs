//! Backfills of tables on which a rule would write otherwise: refused.

use super::{Context, Refusal};
use crate::kinds::rule::Event;
use crate::kinds::{Object, Rule};
use crate::pg::Qualified;
use crate::plan::{Action, Backfill, Fill, Step};
use crate::sql;

/// One refusal for each backfill whose statement a rule of live rewrites: with INSTEAD its rows would never be
/// filled, with ALSO each batch would do what the rule says for an UPDATE of the application.
pub(super) fn refusals(steps: &[Step], context: &Context<'_>) -> Vec<Refusal> {
    let rules = context.live.objects.values();
    let rules: Vec<&Rule> = rules
        .filter_map(|object| match object {
            Object::Rule(rule) if rule.is_active() => Some(rule),
            _ => None,
        })
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let refused = steps.iter().filter_map(|step| {
        let Action::Backfill { backfill, .. } = step.action() else {
            return None;
        };
        let rule = rules.iter().find(|rule| rewrites(rule, backfill))?;
        let disable = sql!(
            "ALTER TABLE {} DISABLE RULE {}",
            rule.table_name(),
            rule.name
        );
        Some(Refusal {
            object: step.object.clone(),
            why: format!(
                "its rows are filled in batches, and rule {} of {} rewrites {}",
                rule.name,
                rule.table_name(),
                rule.event.name()
            ),
            help: format!("{disable}, for the time of the plan and in the files, or drop the rule"),
        })
    });
    refused.collect()
}

fn rewrites(rule: &Rule, backfill: &Backfill) -> bool {
    let writes: &[(&Qualified, Event)] = match &backfill.work {
        Fill::Update { .. } => &[(&backfill.table, Event::Update)],
        Fill::Insert { into, .. } => &[(into, Event::Insert)],
        Fill::Merge { into, .. } => &[(into, Event::Insert), (into, Event::Update)],
        Fill::Delete { .. } => &[(&backfill.table, Event::Delete)],
    };
    let mut writes = writes.iter();
    writes.any(|(table, event)| rule.table_name() == **table && rule.event == *event)
}
