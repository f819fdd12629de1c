//! What a plan may do only with leave.

use crate::cli::config::{Policy, Settings};
use crate::cli::{CliError, Exit};
use crate::kinds::{Hazard, HazardKind};
use crate::plan::{Document, Impact, Phase};
use std::collections::BTreeSet;

/// The leave that the command line gives.
#[derive(Clone, Copy, Debug)]
pub struct Leave {
    pub blocking: bool,
    pub data_loss: bool,
    /// Somebody can be asked: a yes to the named losses is leave as well.
    pub asking: bool,
}

/// What the question names: the losses that a yes gives leave for.
pub fn check(
    document: &Document,
    phases: &BTreeSet<Phase>,
    remaining: &BTreeSet<String>,
    leave: Leave,
    settings: &Settings,
    warn: &mut dyn FnMut(&str),
) -> Result<Vec<String>, CliError> {
    let mut losses = Vec::new();
    let mut refused: Vec<(HazardKind, String)> = Vec::new();
    let steps = document
        .steps()
        .filter(|(phase, step)| phases.contains(phase) && remaining.contains(&step.id));
    for (_, step) in steps {
        let blocks = step.hazards.iter().any(|h| is_blocking(h.kind));
        let found = step.hazards.iter().map(|h| (step.id.clone(), h));
        let (lost, no) = weigh(found, leave, settings, warn);
        losses.extend(lost);
        refused.extend(no);
        // Work on a table of this very plan blocks nobody, and has no hazard.
        if step.evidence.impact == Impact::NotRehearsed {
            let text = format!("{}: it was not rehearsed", step.id);
            return Err(CliError::new("apply::not_rehearsed", text, Exit::Refused)
                .help("plan again where it can be rehearsed: --scratch URL"));
        }
        if step.evidence.impact == Impact::Blocking && !blocks && !leave.blocking {
            let text = format!("{}: {}", step.id, step.title);
            refused.push((HazardKind::BlocksWrites, text));
        }
    }
    match refusal(&PLAN, refused) {
        Some(error) => Err(error),
        None => Ok(losses),
    }
}

/// What the settings and the command line say to hazards, each with where it is: the losses that may be asked for, and
/// what is refused.
pub fn weigh<'h>(
    found: impl IntoIterator<Item = (String, &'h Hazard)>,
    leave: Leave,
    settings: &Settings,
    warn: &mut dyn FnMut(&str),
) -> (Vec<String>, Vec<(HazardKind, String)>) {
    let (mut losses, mut refused) = (Vec::new(), Vec::new());
    for (place, hazard) in found {
        let text = format!("{place}: {}", hazard.text);
        let kind = hazard.kind;
        let set = settings.policies.get(&kind).copied();
        match set.unwrap_or_else(|| default(kind)) {
            Policy::Pass => {}
            Policy::Warn => warn(&text),
            Policy::Refuse if kind == HazardKind::DataLoss && leave.data_loss => {}
            Policy::Refuse if kind == HazardKind::DataLoss && leave.asking && set.is_none() => {
                losses.push(text);
            }
            Policy::Refuse if is_blocking(kind) && leave.blocking => {}
            Policy::Refuse => refused.push((kind, text)),
        }
    }
    (losses, refused)
}

fn is_blocking(kind: HazardKind) -> bool {
    matches!(kind, HazardKind::BlocksReads | HazardKind::BlocksWrites)
}

fn default(kind: HazardKind) -> Policy {
    match kind {
        HazardKind::DataLoss | HazardKind::BlocksReads | HazardKind::BlocksWrites => Policy::Refuse,
        _ => Policy::Pass,
    }
}

/// How a refusal is worded.
pub struct Words {
    /// What is refused: "the plan".
    pub whole: &'static str,
    pub data_loss: &'static str,
    pub blocking: &'static str,
    pub policy: &'static str,
}

const PLAN: Words = Words {
    whole: "the plan",
    data_loss: "apply::data_loss",
    blocking: "apply::blocking",
    policy: "apply::policy",
};

/// What is refused, as one error.
pub fn refusal(words: &Words, refused: Vec<(HazardKind, String)>) -> Option<CliError> {
    let (kind, first) = refused.first()?;
    let whole = words.whole;
    let (code, what) = match kind {
        HazardKind::DataLoss => (words.data_loss, format!("{whole} loses data")),
        kind if is_blocking(*kind) => (words.blocking, format!("{whole} blocks the application")),
        kind => (words.policy, format!("the settings refuse {kind}")),
    };
    let mut error = CliError::new(code, format!("{what}: {first}"), Exit::Refused);
    error.also = refused
        .iter()
        .skip(1)
        .map(|(kind, text)| format!("{kind}: {text}"))
        .collect();
    let mut helps: Vec<String> = Vec::new();
    let kinds: BTreeSet<HazardKind> = refused.iter().map(|(kind, _)| *kind).collect();
    for kind in kinds {
        let help = match kind {
            HazardKind::DataLoss => "give leave with --allow-data-loss".to_owned(),
            kind if is_blocking(kind) => "give leave with --allow-blocking".to_owned(),
            kind => format!("policies.{kind} of the settings decides"),
        };
        if !helps.contains(&help) {
            helps.push(help);
        }
    }
    Some(error.help(helps.join("; ")))
}
