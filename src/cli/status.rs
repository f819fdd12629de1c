//! `pgrehearse status`.

use super::ui::Ui;
use super::{CliError, Context, Exit, options};
use crate::apply::ApplyError;
use crate::apply::status::{self, HalfBack, NextStep, PlanStatus, Status};
use crate::source::database;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Show where each plan stands and what blocks its next step
#[derive(Debug, clap::Args)]
pub struct Arguments {}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut client = database::connect_as(
            context.database()?,
            context.env(),
            context.settings.role.as_deref(),
        )?;
        // It says who holds a lock; it does not wait for it.
        client
            .batch_execute("SET lock_timeout = '5s'")
            .map_err(|source| ApplyError::Connect { source })?;
        let ledger = options::apply(&context.settings, BTreeSet::new()).ledger_schema;
        let found = status::read(&mut client, &ledger)?;
        match context.ui.is_json() {
            true => context.ui.print_json(&document(&found)),
            false => context.ui.print(&text(&found, &context.ui)),
        }
        Ok(Exit::Done)
    }
}

/// The head of a plan's id: enough to name it.
pub(super) fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn text(found: &Status, ui: &Ui) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    if found.plans.is_empty() {
        out.push_str("nothing was applied here\n");
    }
    for plan in &found.plans {
        if !out.is_empty() {
            out.push('\n');
        }
        one(&mut out, plan, ui);
    }
    if let Some(holder) = &found.holder {
        let _ = writeln!(out, "\nat work now: {holder}");
    }
    out
}

fn one(out: &mut String, plan: &PlanStatus, ui: &Ui) {
    let fold = |text: &str| ui.folded(text, 11);
    let _ = writeln!(out, "plan {}  {}", short(&plan.id), plan.state);
    let _ = writeln!(out, "  from     {}", plan.from);
    let _ = writeln!(out, "  to       {}", plan.to);
    let _ = write!(out, "  begun    {} by {}", plan.started_at, plan.started_by);
    match &plan.finished_at {
        Some(at) => {
            let _ = writeln!(out, ", finished {at}");
        }
        None => out.push('\n'),
    }
    for phase in &plan.phases {
        let all = phase.done.len() + phase.pending.len();
        let name = phase.phase.name();
        let _ = writeln!(out, "  {name:<8} {} of {all} steps done", phase.done.len());
    }
    if let Some(message) = &plan.message {
        let _ = writeln!(out, "  last run {}", fold(message));
    }
    if let Some(back) = &plan.rollback {
        let _ = writeln!(out, "  rollback {}", fold(&half_back(back)));
        let _ = writeln!(out, "  go on    {}", fold(&go_on(plan, back)));
    }
    if let Some(next) = &plan.next {
        let begun = if next.begun { " (begun)" } else { "" };
        let _ = writeln!(out, "  next     {}{begun}  {}", next.id, next.title);
        if let Some(filled) = &next.filled {
            let part = filled.part().map(|p| format!(", in {p}"));
            let _ = writeln!(
                out,
                "  filled   {} of about {} rows{}",
                filled.rows,
                filled.total.max(filled.rows),
                part.unwrap_or_default()
            );
        }
        for gate in &plan.gates {
            let gate = format!("{}  {}", gate.step, gate.waits_for);
            let _ = writeln!(out, "  gate     {}", fold(&gate));
        }
        for blocker in &next.blockers {
            let _ = writeln!(out, "  blocked  {}", fold(&format!("by {blocker}")));
        }
    }
}

fn half_back(back: &HalfBack) -> String {
    let mut text = format!("{} steps taken back", back.undone.len());
    if let Some(half) = &back.half {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            ", {} half: {} of {} statements undone",
            half.id, half.undone, half.of
        );
    }
    let _ = write!(text, "; remaining: {}", back.remaining.join(", "));
    text
}

fn go_on(plan: &PlanStatus, back: &HalfBack) -> String {
    let id = short(&plan.id);
    match back.half {
        Some(_) => format!("pgrehearse rollback --plan {id} (apply is refused until then)"),
        None => {
            format!("pgrehearse rollback --plan {id} takes back the rest; apply does all again")
        }
    }
}

fn document(found: &Status) -> Value {
    let next = |next: &NextStep| {
        json!({
            "id": next.id, "title": next.title, "phase": next.phase, "begun": next.begun,
            "gate": next.gate,
            "filled": next.filled.as_ref().map(|filled| json!({
                "rows": filled.rows, "of_about": filled.total, "in": filled.part(),
            })),
            "blockers": next.blockers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    };
    let plans = found.plans.iter().map(|plan| {
        let phases = plan.phases.iter();
        json!({
            "id": plan.id, "state": plan.state, "message": plan.message,
            "from": plan.from, "to": plan.to,
            "started_at": plan.started_at, "started_by": plan.started_by,
            "finished_at": plan.finished_at,
            "phases": phases
                .map(|p| json!({"phase": p.phase, "done": p.done, "pending": p.pending}))
                .collect::<Vec<_>>(),
            "rollback": plan.rollback.as_ref().map(|back| json!({
                "undone": back.undone, "remaining": back.remaining,
                "half": back.half.as_ref().map(|half| json!({
                    "id": half.id, "undone": half.undone, "of": half.of,
                })),
            })),
            "next": plan.next.as_ref().map(next),
            "gates": plan.gates.iter()
                .map(|g| json!({"step": g.step, "waits_for": g.waits_for}))
                .collect::<Vec<_>>(),
        })
    });
    json!({
        "plans": plans.collect::<Vec<_>>(),
        "holder": found.holder.as_ref().map(ToString::to_string),
    })
}
