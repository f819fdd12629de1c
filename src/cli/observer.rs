//! What is said while steps run on the live database.

use super::ui::{Progress, Ui};
use crate::apply::{Blocker, Event, Observer};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Without a moving line, waiting for the same transactions is said again after this.
const REPEAT: Duration = Duration::from_secs(15);

/// Says what happens: a line for each step that is done, and for what it waits for.
pub(super) struct Teller {
    ui: Ui,
    shown: Option<Progress>,
    titles: BTreeMap<String, String>,
    waiting: Option<(String, Instant)>,
}

impl Teller {
    pub(super) fn new(ui: &Ui) -> Self {
        Self {
            ui: ui.clone(),
            shown: None,
            titles: BTreeMap::new(),
            waiting: None,
        }
    }

    /// What is happening now: replaced by what comes next.
    fn now(&mut self, text: &str) {
        if !self.ui.has_terminal() {
            return;
        }
        match &self.shown {
            Some(progress) => progress.update(text),
            None => self.shown = Some(self.ui.progress(text, None)),
        }
    }

    fn wait(&mut self, text: &str, since: Duration) {
        if self.ui.has_terminal() {
            let text = format!("{text}, for {} s", since.as_secs());
            self.now(&text);
            return;
        }
        let said = self.waiting.as_ref();
        if said.is_none_or(|(before, at)| before != text || at.elapsed() >= REPEAT) {
            self.ui.line(&format!("{text}, for {} s", since.as_secs()));
            self.waiting = Some((text.to_owned(), Instant::now()));
        }
    }
}

impl Observer for Teller {
    fn event(&mut self, event: Event) {
        match event {
            Event::StepStarted { step, title, .. } => {
                self.waiting = None;
                self.now(&format!("{step}  {title}"));
                self.titles.insert(step, title);
            }
            Event::StepDone { step, took } => {
                let title = self.titles.get(&step).map_or("", String::as_str);
                self.ui
                    .line(&format!("{step}  {title}  ({})", duration(took)));
            }
            Event::Waiting {
                step,
                waiting,
                since,
            } => {
                let step = step.map(|s| format!("{s}  ")).unwrap_or_default();
                self.wait(&format!("{step}waiting for {}", list(&waiting)), since);
            }
            Event::Retry {
                step,
                attempt,
                of,
                pause,
                why,
                blockers,
            } => {
                let by = match blockers.as_slice() {
                    [] => String::new(),
                    blockers => format!("; blocked by {}", list(blockers)),
                };
                self.ui.line(&format!(
                    "{step}  attempt {attempt} of {of}: {why}{by}; again in {}",
                    duration(pause)
                ));
            }
            Event::Progress {
                step,
                done,
                total,
                what,
            } => self.now(&format!("{step}  {done} of {total} {what}")),
            Event::Gated { step, gate } => self.ui.line(&format!("{step}  waits: {gate}")),
            Event::Message { text } => self.ui.warn(&text),
            Event::Statement { .. } | Event::Recording { .. } => {}
        }
    }
}

fn list(blockers: &[Blocker]) -> String {
    let texts: Vec<String> = blockers.iter().map(ToString::to_string).collect();
    texts.join(" and ")
}

/// `12 ms`, `3.4 s`, `2 min 5 s`.
pub(super) fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..=59 => format!("{:.1} s", duration.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
