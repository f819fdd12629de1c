//! Whether the server has the providers of the security labels that the plan gives.

use super::{Finding, Level};
use crate::apply::ApplyError;
use crate::pg::Ident;
use crate::plan::StepRecord;
use crate::scratch::privileged::provider;
use crate::sql;
use postgres::Client;
use postgres::error::SqlState;
use std::collections::BTreeMap;

pub(super) fn check(
    client: &mut Client,
    left: &[&StepRecord],
    findings: &mut Vec<Finding>,
) -> Result<(), ApplyError> {
    let mut providers: BTreeMap<String, &StepRecord> = BTreeMap::new();
    for step in left {
        for statement in &step.statements {
            if let Some(provider) = provider(&statement.sql) {
                providers.entry(provider).or_insert(step);
            }
        }
    }
    for (provider, step) in providers {
        let provider = Ident::new(provider);
        // The provider is looked for before the schema, which nobody has.
        let asks = sql!(
            "SECURITY LABEL FOR {} ON SCHEMA {} IS NULL",
            provider,
            Ident::new("pgrehearse: no schema")
        );
        let answer = client.batch_execute(&format!("BEGIN; {asks}; ROLLBACK"));
        client
            .batch_execute("ROLLBACK")
            .map_err(ApplyError::ledger)?;
        let missing = answer.err().and_then(|e| e.code().cloned());
        if missing == Some(SqlState::INVALID_PARAMETER_VALUE) {
            let message = format!(
                "this server has not loaded the security label provider {provider}, which step {} ({}) needs",
                step.id, step.title
            );
            let help = "load its library: session_preload_libraries or shared_preload_libraries";
            let code = "preflight::label_provider";
            findings.push(Finding::new(Level::Refuse, code, message).help(help));
        }
    }
    Ok(())
}
