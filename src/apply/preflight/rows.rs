//! E6 once more, before the first statement.

use super::{Finding, Level};
use crate::apply::{ApplyError, Options, Position, Session};
use crate::data;
use crate::plan::data_check::Names;
use crate::plan::{CheckRun, DataCheck, Document, Verdict};

// E6 once more: the rows may have changed since the plan, or the plan was never asked them. Here
// the expressions of the plan run as its statements will.
pub(super) fn check(
    session: &mut Session<'_>,
    plan: &Document,
    options: &Options,
    position: &Position,
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let left = |id: &str| !position.state(id).is_done();
    let renames = plan
        .steps()
        .any(|(_, s)| s.operation.starts_with("rename") && left(&s.id));
    let names = match renames {
        true => Names::BeforeRenames,
        false => Names::AfterRenames,
    };
    let version = session.version();
    let steps = plan
        .steps()
        .filter(|(phase, s)| options.phases.contains(phase) && left(&s.id));
    let mut asked: Vec<&DataCheck> = Vec::new();
    for check in steps.flat_map(|(_, s)| &s.checks) {
        let mended = check.mended_by.as_deref().is_some_and(left);
        // Adding a constraint and validating it ask the same.
        if mended || asked.contains(&check) {
            continue;
        }
        asked.push(check);
        let run = data::ask(&mut session.client, check, names, version, options.data)
            .map_err(ApplyError::ledger)?;
        let show = || check.showing(names, version).map(|s| s.to_string());
        findings.extend(finding(check, &run, show));
    }
    Ok(())
}

pub(in crate::apply) fn finding(
    check: &DataCheck,
    run: &CheckRun,
    show: impl FnOnce() -> Option<String>,
) -> Option<Finding> {
    let what = &check.what;
    let why = run.why.as_deref().unwrap_or_default();
    match run.verdict {
        Verdict::Allowed => None,
        Verdict::NotChecked => {
            let message = format!("{what}: not checked: {why}");
            Some(Finding::new(Level::Warn, "preflight::not_checked", message))
        }
        Verdict::Violated => {
            let found = match run.found {
                Some(n) => format!(
                    "{}{n}{}",
                    if run.more { "more than " } else { "" },
                    if run.sampled { " in a sample" } else { "" }
                ),
                None => why.to_owned(),
            };
            let message = format!("rows are in the way: {what}: {found}");
            let finding = Finding::new(Level::Refuse, "preflight::rows", message);
            Some(match show() {
                Some(show) => finding.help(show),
                None => finding,
            })
        }
    }
}
