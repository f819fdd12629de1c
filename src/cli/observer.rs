//! What is said while steps run on the live database.

use super::ui::{Progress, Ui};
use crate::apply::{Blocker, Event, Observer};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Without a moving line, waiting for the same transactions is said again after this.
const REPEAT: Duration = Duration::from_secs(15);

/// A session's process, or the name of a prepared transaction.
type Who = (Option<i32>, Option<String>);

/// Says what happens: a line for each step that is done, and for what it waits for.
pub(super) struct Teller {
    ui: Ui,
    shown: Option<Progress>,
    /// What is shown is a bar.
    is_bar: bool,
    titles: BTreeMap<String, String>,
    waiting: Option<(Vec<Who>, Instant)>,
    /// When it was last said how far each one is.
    filled: BTreeMap<String, Instant>,
    /// How far the ones are that are being filled: text, rows, all rows.
    filling: BTreeMap<String, (String, u64, u64)>,
    throttled: Option<Instant>,
}

impl Teller {
    pub(super) fn new(ui: &Ui) -> Self {
        Self {
            ui: ui.clone(),
            shown: None,
            is_bar: false,
            titles: BTreeMap::new(),
            waiting: None,
            filled: BTreeMap::new(),
            filling: BTreeMap::new(),
            throttled: None,
        }
    }

    /// What is happening now: replaced by what comes next.
    fn now(&mut self, text: &str) {
        if !self.ui.has_terminal() {
            return;
        }
        match &self.shown {
            Some(progress) if !self.is_bar => progress.update(text),
            _ => self.show(text, None),
        }
    }

    fn show(&mut self, text: &str, total: Option<u64>) {
        // The one before takes itself off the screen when it goes, and would take the new one with it.
        self.shown = None;
        self.is_bar = total.is_some();
        self.shown = Some(self.ui.progress(text, total));
    }

    /// How far a backfill is: a bar on a terminal, of all that are at work; elsewhere a line now and then.
    fn fill(&mut self, step: &str, text: String, done: u64, total: u64) {
        if self.ui.has_terminal() {
            self.filling.insert(step.to_owned(), (text, done, total));
            let (mut texts, mut done, mut total) = (Vec::new(), 0_u64, 0_u64);
            for (text, rows, of) in self.filling.values() {
                texts.push(text.as_str());
                done = done.saturating_add(*rows);
                total = total.saturating_add(*of);
            }
            let text = texts.join("  ·  ");
            if !self.is_bar {
                self.show(&text, Some(total));
            }
            if let Some(progress) = &self.shown {
                progress.set_total(total);
                progress.set_position(done);
                progress.update(&text);
            }
        } else if self
            .filled
            .get(step)
            .is_none_or(|at| at.elapsed() >= REPEAT)
        {
            self.ui.line(&text);
            self.filled.insert(step.to_owned(), Instant::now());
        }
    }

    /// Why a backfill does not go on: in its bar, elsewhere a line now and then.
    fn throttle(&mut self, text: &str) {
        if self.ui.has_terminal() {
            match &self.shown {
                Some(progress) => progress.update(text),
                None => self.now(text),
            }
        } else if self.throttled.is_none_or(|at| at.elapsed() >= REPEAT) {
            self.ui.line(text);
            self.throttled = Some(Instant::now());
            // That it goes on is said at once.
            self.filled.clear();
        }
    }

    fn wait(&mut self, head: &str, waiting: &[Blocker], since: Duration) {
        let text = format!("{head}waiting {} s for {}", since.as_secs(), list(waiting));
        if self.ui.has_terminal() {
            self.now(&text);
            return;
        }
        // Their ages grow: others are waited for only when it is others.
        let who = waiting
            .iter()
            .map(|b| (b.pid, b.prepared.clone()))
            .collect();
        let said = self.waiting.as_ref();
        if said.is_none_or(|(before, at)| *before != who || at.elapsed() >= REPEAT) {
            self.ui.line(&text);
            self.waiting = Some((who, Instant::now()));
        }
    }
}

impl Observer for Teller {
    fn event(&mut self, event: Event) {
        match event {
            Event::StepStarted { step, title, .. } => {
                self.waiting = None;
                self.throttled = None;
                self.now(&format!("{step}  {title}"));
                self.titles.insert(step, title);
            }
            Event::StepDone { step, took } => {
                self.filling.remove(&step);
                let title = self.titles.get(&step).map_or("", String::as_str);
                self.ui
                    .line(&format!("{step}  {title}  ({})", duration(took)));
            }
            Event::Waiting {
                step,
                phase,
                waiting,
                since,
            } => {
                let step = step.map(|s| format!("{s}  ")).unwrap_or_default();
                let phase = phase.map(|p| format!("{p}: ")).unwrap_or_default();
                self.wait(&format!("{step}{phase}"), &waiting, since);
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
            Event::Filled {
                step,
                done,
                total,
                rate,
                left,
            } => {
                let left = left.map_or_else(String::new, |l| format!(", {} left", duration(l)));
                let text = format!("{step}  {done} of about {total} rows, {rate} rows/s{left}");
                self.fill(&step, text, done, total);
            }
            Event::Throttled { step, why, waited } => {
                let waited = match waited.as_secs() {
                    0 => String::new(),
                    seconds => format!(" for {seconds} s"),
                };
                self.throttle(&format!("{step}  paused{waited}: {why}"));
            }
            Event::Gated { step, gate } => self.ui.line(&format!("{step}  waits: {gate}")),
            Event::Note { text } => self.ui.note(&text),
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
