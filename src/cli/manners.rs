//! The flags of `apply` and `rollback` that say how the run behaves towards others, and how it is stopped.

use super::config::Interval;
use super::ui::Ui;
use crate::apply::{Options, Window};
use crate::scratch;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Manners {
    /// End sessions in the way that have been idle in their transaction for this long, such as 10m
    #[arg(long, value_name = "AGE")]
    pub cancel_blockers: Option<Interval>,
    /// Begin nothing outside of this time of day: 02:00-05:00, or "22:00-04:30 Europe/Berlin"
    #[arg(long, value_name = "FROM-TO[ZONE]")]
    pub window: Option<Window>,
    /// Stop before the next step or batch once this file exists
    #[arg(long, value_name = "PATH")]
    pub pause_file: Option<PathBuf>,
}

impl Manners {
    pub(super) fn set(&self, options: &mut Options) {
        options.lock.end_idle = self.cancel_blockers.map(Interval::as_duration);
        options.brake.window.clone_from(&self.window);
        options.brake.pause_file.clone_from(&self.pause_file);
    }
}

/// While the result lives, a first signal makes the run of `options` stop after what is running.
pub(super) fn stop_by_signal(options: &Options, ui: &Ui) -> scratch::Deferred {
    let (interrupt, ui) = (options.brake.interrupt.clone(), ui.clone());
    scratch::defer_signals(move || {
        interrupt.set();
        ui.note(
            "stopping after the statement or batch that is running; one that may take long is cancelled; \
             a second signal ends it at once",
        );
    })
}
