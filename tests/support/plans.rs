//! What holds of every plan, and how one is shown.

use super::Live;
use pgrehearse::plan::document::Rollback;
use pgrehearse::plan::{Document, Phase, artifact};
use pgrehearse::scratch::privileged;
use std::collections::BTreeMap;

pub use pgrehearse::rehearse::message_of as message;

/// A promise that a plan does not keep.
#[derive(Debug)]
pub struct Broken {
    pub promise: &'static str,
    pub text: String,
}

impl From<Broken> for String {
    fn from(broken: Broken) -> Self {
        format!("{}: {}", broken.promise, broken.text)
    }
}

/// E2, E3 and E4, and that everything was rehearsed.
pub fn proved(document: &Document) -> Result<(), Broken> {
    let evidence = &document.evidence;
    let broken = |promise, text| Err(Broken { promise, text });
    if !evidence.residual.is_empty() {
        return broken("E2", evidence.residual.join("\n"));
    }
    if !evidence.not_rehearsed.is_empty() {
        return broken("not rehearsed", evidence.not_rehearsed.join("\n"));
    }
    for (phase, result) in &evidence.rollback {
        if result.starts_with("fails") || result.starts_with("does not") {
            return broken("E4", format!("rollback of {phase} {result}"));
        }
    }
    for (_, step) in document.steps() {
        if step.evidence.statements.len() != step.statements.len() {
            return broken("E3", format!("{} is not measured", step.id));
        }
    }
    Ok(())
}

/// The plan file without what differs from run to run.
pub fn written(document: &Document) -> Result<String, String> {
    let mut document = document.clone();
    document.evidence.run = BTreeMap::new();
    artifact::write_document(&document, artifact::Format::Yaml).map_err(|e| e.to_string())
}

/// The steps with what they do, cost and take back.
pub fn show(document: &Document) -> String {
    let mut text = String::new();
    for (phase, step) in document.steps() {
        let impact = step.evidence.impact.name();
        text += &format!(
            "[{phase}] {}: {} ({}; {impact})\n",
            step.operation, step.title, step.strategy
        );
        for (n, statement) in step.statements.iter().enumerate() {
            text += &format!("    {};\n", statement.sql);
            if let Some(evidence) = step.evidence.statements.get(n) {
                text += &format!("        {evidence:?}\n");
            }
        }
        for hazard in &step.hazards {
            text += &format!("    ! {}: {}\n", hazard.kind, hazard.text);
        }
        if let Rollback::Run(back) = &step.rollback {
            for statement in back {
                text += &format!("    <- {};\n", statement.sql);
            }
        }
    }
    text
}

/// Runs the steps of the phases that `takes` holds for, statement by statement, as the owner of everything, who is no
/// superuser.
pub fn run_steps(
    live: &Live,
    document: &Document,
    takes: impl Fn(Phase) -> bool,
) -> Result<(), String> {
    let mut client = live.database.connect().map_err(|e| e.to_string())?;
    // As in apply.
    let path = client.batch_execute(pgrehearse::pg::session::PATH_OF_THE_ROLE);
    path.map_err(|e| message(&e))?;
    for (_, step) in document.steps().filter(|(phase, _)| takes(*phase)) {
        let all = step.statements.iter();
        let all: Vec<_> = all.map(|s| privileged::on_scratch(&s.sql)).collect();
        let script = match step.is_transactional() {
            true => format!("BEGIN; {}; COMMIT", all.join(";\n")),
            false => all.join(";\n"),
        };
        client
            .batch_execute(&script)
            .map_err(|e| format!("{}: {}", step.title, message(&e)))?;
    }
    Ok(())
}
