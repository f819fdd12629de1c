//! `pgrehearse rollback`.

use super::manners::{self, Manners};
use super::observer::Teller;
use super::{CliError, Context, Exit, options, status};
use crate::apply::ledger::Ledger;
use crate::apply::{Session, rollback};
use crate::plan::Phase;
use serde_json::json;

/// Take applied steps back, the last one first
///
/// Stops at a step that cannot be taken back, and says why.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plan, by the head of its id [default: the one begun last]
    #[arg(long, value_name = "ID")]
    pub plan: Option<String>,
    /// Keep the steps up to the end of this phase
    #[arg(long, value_enum, value_name = "PHASE")]
    pub to_phase: Option<KeptPhase>,
    /// Do not ask before the first statement
    #[arg(long, short)]
    pub yes: bool,
    #[command(flatten)]
    pub manners: Manners,
}

/// `--to-phase`: the last phase that stays applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeptPhase {
    Expand,
    Migrate,
}

impl Arguments {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let (config, connect) = context.live()?;
        let connect = || connect(&config);
        let mut session = Session::open(&connect)?;
        let mut options = options::apply(&context.settings, Phase::ALL.into());
        self.manners.set(&mut options);
        let ledger = Ledger::new(&options.ledger_schema);
        let plan = ledger.document(session.client(), self.plan.as_deref())?;
        let id = status::short(&plan.id);
        let keep = self.to_phase.map(|phase| match phase {
            KeptPhase::Expand => Phase::Expand,
            KeptPhase::Migrate => Phase::Migrate,
        });
        if !self.yes {
            let what = match keep {
                Some(phase) => format!("Take plan {id} back to the end of {phase}?"),
                None => format!("Take all of plan {id} back?"),
            };
            if !context.ui.confirm(&what)? {
                let message = "nothing was taken back: the answer was not yes";
                return Err(CliError::new("rollback::declined", message, Exit::Refused));
            }
        }
        let mut teller = Teller::new(&context.ui);
        let gently = manners::stop_by_signal(&options, &context.ui);
        let undone = rollback::run(&mut session, &plan, keep, &options, &mut teller);
        drop((teller, gently));
        let undone = undone?;
        if context.ui.is_json() {
            let left = undone.left.iter();
            context.ui.print_json(&json!({
                "state": match undone.exit_code() { 0 => "done", 5 => "stopped", _ => "failed" },
                "plan": plan.id,
                "undone": undone.undone,
                "remaining": undone.remaining,
                "left": left
                    .map(|l| json!({"step": l.step, "object": l.what, "why": l.why}))
                    .collect::<Vec<_>>(),
                "barrier": undone.barrier.as_ref().map(|b| json!({"step": b.step, "why": b.why})),
                "stopped": undone.stopped.as_ref().map(|stop| json!({
                    "code": stop.code(), "message": stop.to_string(), "help": stop.help(),
                })),
            }));
        } else {
            let steps = undone.undone.len();
            context.ui.print(&match steps {
                0 => format!("nothing to take back of plan {id}"),
                _ => format!("took {steps} steps of plan {id} back"),
            });
            for left in &undone.left {
                let what = left.what.human();
                context
                    .ui
                    .print(&format!("left: {what} ({}): {}", left.step, left.why));
            }
        }
        let state = format!("remaining: {}", undone.remaining.join(", "));
        let error = match (&undone.stopped, &undone.barrier) {
            (Some(stop), _) => CliError::new(stop.code(), stop.to_string(), Exit::Stopped)
                .help(stop.help())
                .state(state),
            (None, Some(barrier)) => {
                let message = format!("{} cannot be taken back: {}", barrier.step, barrier.why);
                CliError::new("rollback::barrier", message, Exit::Failed).state(state)
            }
            (None, None) => return Ok(Exit::Done),
        };
        if context.ui.is_json() {
            context.ui.warn(&error.message);
            return Ok(error.exit);
        }
        Err(error)
    }
}
