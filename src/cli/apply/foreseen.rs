//! The result of `apply --dry-run`.

use crate::apply::Forecast;
use crate::cli::{Context, status};
use crate::plan::Document;
use serde_json::json;
use std::fmt::Write;

pub(super) fn show(document: &Document, found: &Forecast, context: &Context) {
    if context.ui.is_json() {
        let steps = found.steps.iter().map(|step| {
            json!({
                "id": step.id, "title": step.title, "phase": step.phase, "begun": step.begun,
                "blockers": step.blockers.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        context.ui.print_json(&json!({
            "state": "dry run",
            "plan": document.id,
            "would_run": steps.collect::<Vec<_>>(),
            "stops": found.stops,
        }));
        return;
    }
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = match found.steps.len() {
        0 => writeln!(
            out,
            "no step of plan {} would run",
            status::short(&document.id)
        ),
        n => writeln!(
            out,
            "{n} steps of plan {} would run:",
            status::short(&document.id)
        ),
    };
    for step in &found.steps {
        let begun = if step.begun { " (begun)" } else { "" };
        let _ = writeln!(out, "  {}{begun}  {}", step.id, step.title);
        for blocker in &step.blockers {
            let waits = context.ui.folded(&format!("would wait for {blocker}"), 6);
            let _ = writeln!(out, "    {waits}");
        }
    }
    if let Some(why) = &found.stops {
        let _ = writeln!(
            out,
            "{}",
            context.ui.folded(&format!("it would stop: {why}"), 2)
        );
    }
    out.push_str("dry run: nothing was written to the live database");
    context.ui.print(&out);
}
