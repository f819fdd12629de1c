//! The plan as a Mermaid flow chart: phases as boxes, steps as nodes, what comes after what as arrows.
//!
//! GitHub and GitLab draw it inside a fence ```` ```mermaid ````. Names come from a pull request, perhaps of a
//! stranger: whatever Mermaid would obey instead of show is written as an entity.
//! Source: Mermaid 11, "Flowcharts" and "Configuration" (maxTextSize 50,000, maxEdges 500).

use super::mask::{clip, one_line};
use super::promise;
use super::summary::{self, count};
use crate::kinds::HazardKind;
use crate::plan::{Document, Impact, PhaseRecord, StepRecord};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The most steps that a graph shows whole: more can be neither read nor drawn.
pub const MOST_STEPS: usize = 60;
/// The most arrows that Mermaid draws with its own settings, less those between the phases.
const MOST_EDGES: usize = 490;
/// The longest title in a node.
const TITLE: usize = 70;

/// The flow chart of `document`, without a fence around it.
///
/// Of more than `most` steps the first of each phase are shown, then how many there are besides; with
/// 0, the phases alone.
///
/// ```
/// use pgrehearse::{plan::artifact, render::mermaid};
/// # let yaml = "{format: 1, id: '', tool: '', server_version: 17, from: a, to: b,
/// #   fingerprints: {before: x, after: x}, touches: [], phases: [],
/// #   evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}}";
/// let plan = artifact::read(yaml).unwrap();
/// let chart = mermaid::plan(plan.document(), mermaid::MOST_STEPS);
/// assert_eq!(chart, "flowchart LR\n    nothing[\"nothing to do: live is as desired\"]\n");
/// ```
pub fn plan(document: &Document, most: usize) -> String {
    let mut out = "flowchart LR\n".to_owned();
    let phases: Vec<&PhaseRecord> = document
        .phases
        .iter()
        .filter(|p| !p.steps.is_empty())
        .collect();
    if phases.is_empty() {
        let verdict = summary::verdict(document).join(" · ");
        let _ = writeln!(out, "    nothing[\"{}\"]", label(&verdict));
        return out;
    }
    let shown = shares(&phases, most);
    let mut nodes: BTreeMap<&str, String> = BTreeMap::new();
    let mut classes: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for (record, shown) in phases.iter().zip(shown) {
        let phase = record.phase;
        let _ = writeln!(
            out,
            "    subgraph {phase}[\"{} · {}\"]",
            phase.name().to_uppercase(),
            promise::work(phase)
        );
        // Steps that hang on nothing stand below each other: side by side nobody could read them.
        out.push_str("        direction LR\n");
        for (n, step) in record.steps.iter().take(shown).enumerate() {
            let node = format!("{phase}{}", n + 1);
            let _ = writeln!(out, "        {node}{}", shape(step));
            classes.entry(class(step)).or_default().push(node.clone());
            nodes.insert(&step.id, node);
        }
        let (_, rest) = record.steps.split_at(shown.min(record.steps.len()));
        if !rest.is_empty() {
            let _ = writeln!(out, "        {phase}more[\"{}\"]", more(rest, shown));
            let node = format!("{phase}more");
            let worst = rest.iter().max_by_key(|s| s.evidence.impact);
            let class = worst.map_or("online", class);
            classes.entry(class).or_default().push(node);
        }
        out.push_str("    end\n");
    }
    for pair in phases.windows(2) {
        if let [before, after] = pair {
            let _ = writeln!(out, "    {} ==> {}", before.phase, after.phase);
        }
    }
    let edges = edges(&phases, &nodes);
    for (from, to) in edges.iter().take(MOST_EDGES) {
        let _ = writeln!(out, "    {from} --> {to}");
    }
    if edges.len() > MOST_EDGES {
        let left = count(edges.len() - MOST_EDGES, "more arrow");
        let _ = writeln!(out, "    %% {left}: Mermaid draws 500");
    }
    for (class, nodes) in classes {
        let style = match class {
            "online" => "fill:#dcfce7,stroke:#16a34a,color:#14532d",
            "bounded" => "fill:#fef9c3,stroke:#ca8a04,color:#713f12",
            "blocking" => "fill:#fee2e2,stroke:#dc2626,color:#7f1d1d,stroke-width:3px",
            _ => "fill:#f3f4f6,stroke:#6b7280,color:#1f2937,stroke-dasharray:5 4",
        };
        let _ = writeln!(out, "    classDef {class} {style}");
        let _ = writeln!(out, "    class {} {class}", nodes.join(","));
    }
    out
}

/// How many steps of each phase are shown: all, or those phases cut that have the most.
fn shares(phases: &[&PhaseRecord], most: usize) -> Vec<usize> {
    let all: Vec<usize> = phases.iter().map(|p| p.steps.len()).collect();
    if all.iter().sum::<usize>() <= most {
        return all;
    }
    let total = |each: usize| all.iter().map(|n| (*n).min(each)).sum::<usize>();
    let each = (1..=most).take_while(|each| total(*each) <= most).last();
    let each = each.unwrap_or(most.min(1));
    all.into_iter().map(|n| n.min(each)).collect()
}

/// An arrow where one step has to come after another; the phases' own order is no arrow.
fn edges<'p>(
    phases: &[&'p PhaseRecord],
    nodes: &'p BTreeMap<&str, String>,
) -> Vec<(&'p str, &'p str)> {
    let mut edges = Vec::new();
    for step in phases.iter().flat_map(|p| &p.steps) {
        let Some(to) = nodes.get(step.id.as_str()) else {
            continue;
        };
        for before in &step.follows {
            if let Some(from) = nodes.get(before.as_str()) {
                edges.push((from.as_str(), to.as_str()));
            }
        }
    }
    edges
}

fn class(step: &StepRecord) -> &'static str {
    match step.evidence.impact {
        Impact::Online => "online",
        Impact::Bounded => "bounded",
        Impact::Blocking => "blocking",
        Impact::NotRehearsed => "unknown",
    }
}

/// A node: rows that are filled are a cylinder, a step with a gate is a hexagon.
fn shape(step: &StepRecord) -> String {
    let mut lines = vec![
        format!("{} · {}", one_line(&step.id), step.evidence.impact.name()),
        clip(&one_line(&step.title), TITLE),
    ];
    if let Some(gate) = &step.gate {
        lines.push(format!(
            "gate: {}",
            clip(&one_line(&gate.to_string()), TITLE)
        ));
    }
    let severe = |h: &HazardKind| {
        matches!(
            h,
            HazardKind::DataLoss | HazardKind::BlocksReads | HazardKind::BlocksWrites
        )
    };
    let mut hazards: Vec<HazardKind> = step.hazards.iter().map(|h| h.kind).collect();
    hazards.retain(severe);
    hazards.dedup();
    lines.extend(hazards.iter().map(|h| format!("⚠ {h}")));
    let text = lines.iter().map(|l| label(l)).collect::<Vec<_>>();
    let text = text.join("<br/>");
    match (&step.gate, &step.backfill) {
        (Some(_), _) => format!("{{{{\"{text}\"}}}}"),
        (None, Some(_)) => format!("[(\"{text}\")]"),
        (None, None) => format!("[\"{text}\"]"),
    }
}

/// What is not shown one by one: how many, and what a reader must know of them.
fn more(rest: &[StepRecord], shown: usize) -> String {
    let blocking = rest
        .iter()
        .filter(|s| s.evidence.impact == Impact::Blocking)
        .count();
    let gates = rest.iter().filter(|s| s.gate.is_some()).count();
    let lose = |s: &&StepRecord| s.hazards.iter().any(|h| h.kind == HazardKind::DataLoss);
    let losing = rest.iter().filter(lose).count();
    let noun = if shown == 0 { "step" } else { "more step" };
    let mut text = count(rest.len(), noun);
    for (n, what) in [
        (blocking, "blocking"),
        (gates, "at gates"),
        (losing, "with data-loss"),
    ] {
        if n > 0 {
            let _ = write!(text, "<br/>{n} {what}");
        }
    }
    text
}

/// `text` inside the quotes of a node.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        // An underscore between letters is no emphasis.
        let inner = last.is_alphanumeric() && rest.peek().is_some_and(|n| n.is_alphanumeric());
        let plain = match c {
            '_' => inner,
            '"' | '#' | '<' | '>' | '&' | '`' | '*' | '~' | '[' | ']' | '{' | '}' | '|' | '\\'
            | '%' | '$' | '@' | ';' => false,
            // `fa:name` would be an icon.
            ':' => rest.peek().is_none_or(|n| n.is_whitespace()),
            _ => true,
        };
        if plain {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
        last = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_mermaid_would_obey_is_an_entity() {
        assert_eq!(label("add order_items: _x"), "add order_items: #95;x");
        assert_eq!(
            label("\"]%%{init: x}<b>fa:fa-bug"),
            "#34;#93;#37;#37;#123;init: x#125;#60;b#62;fa#58;fa-bug"
        );
    }
}
