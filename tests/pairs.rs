//! Two databases that were both changed by hand: the one becomes the other.
//!
//! All kinds and all attributes take part: each side is the rich schema of tests/mutation after some of the mutations,
//! picked from `PGREHEARSE_PAIRS_SEED` and the number of the round. The plan is made twice and applied, judged by our
//! own reader, the rows of the catalogs and pg_dump, and the next plan is empty. `PGREHEARSE_PAIRS_ROUNDS` says how
//! many rounds there are; they alternate between the versions.

mod support;

#[path = "mutation/table.rs"]
mod table;
#[path = "mutation/template.rs"]
mod template;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::{self, PipelineError};
use pgrehearse::scratch::{Scratch, privileged};
use pgrehearse::source::Source;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use support::plans::{message, proved, run_steps, show, written};
use support::{Live, options, pg_dump};
use table::MUTATIONS;
use template::{Rich, copy, template};

/// As many as take about a minute.
const ROUNDS: u64 = 24;
const SEED: u64 = 1;

/// Mutations that take no part, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "table-no-inherit",
        "what a child of it declares after INHERIT, no statement takes back: pg_dump writes it",
    ),
    (
        "extension-version",
        "what a trusted extension makes belongs to a superuser: nobody else gives privileges on it",
    ),
];

static DONE: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let number = |name: &str, usual: u64| match std::env::var(name) {
        Ok(value) => value
            .parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => usual,
    };
    let rounds = number("PGREHEARSE_PAIRS_ROUNDS", ROUNDS);
    let seed = number("PGREHEARSE_PAIRS_SEED", SEED);
    let versions = support::outermost();
    let trials = (0..rounds).zip(versions.iter().copied().cycle());
    let trials = trials.map(|(round, version)| {
        let name = format!("round {round} of seed {seed} on {}", version.major());
        Trial::test(name, move || {
            run(seed, round, version).map_err(Failed::from)
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    pgrehearse::scratch::stop_all();
    let (done, refused) = (
        DONE.load(Ordering::Relaxed),
        REFUSED.load(Ordering::Relaxed),
    );
    eprintln!("{done} plans applied, {refused} refused");
    // A property that refuses most of what it is given says nothing.
    assert!(
        rounds < 20 || refused * 3 < done.max(1),
        "too many are refused"
    );
    conclusion.exit();
}

/// xorshift64*: the same picks everywhere.
struct Picks(u64);

impl Picks {
    fn of(seed: u64, round: u64) -> Self {
        let mut picks = Self((seed << 32) ^ round.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            picks.below(2);
        }
        picks
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(high).expect("31 bits") % n
    }
}

/// A copy after some mutations, with what they change.
fn changed(
    server: &Arc<Scratch>,
    template: &Live,
    picks: &mut Picks,
) -> Result<(Live, Vec<String>), String> {
    let database = copy(template)?;
    let cluster = server.cluster().ok_or("no embedded server")?;
    let config = cluster.superuser(database.name());
    let live = Live { database, config };
    // As the owner of everything.
    let mut client = live.database.connect().map_err(|e| e.to_string())?;
    let mut names = Vec::new();
    for _ in 0..1 + picks.below(6) {
        let mutation = &MUTATIONS[picks.below(MUTATIONS.len())];
        let left_out = LEFT_OUT.iter().any(|(name, _)| *name == mutation.name);
        if left_out || server.version().major() < mutation.since {
            continue;
        }
        // What another one has taken away, or needs a superuser, is left out.
        let sql = privileged::on_scratch(mutation.sql);
        match client.batch_execute(&format!("BEGIN; {sql}; COMMIT")) {
            Ok(()) => names.push(format!(
                "{} ({} of {})",
                mutation.name, mutation.attribute, mutation.object
            )),
            Err(_) => client
                .batch_execute("ROLLBACK")
                .map_err(|e| e.to_string())?,
        }
    }
    Ok((live, names))
}

fn run(seed: u64, round: u64, version: ServerVersion) -> Result<(), String> {
    let (server, template) = template(version, Rich::Plain, |_, live| {
        // The next ATTACH PARTITION of the table would complete it, and nothing leads back from there.
        let incomplete = "DROP INDEX app.events_b";
        let mut client = live.database.connect().map_err(|e| e.to_string())?;
        client.batch_execute(incomplete).map_err(|e| message(&e))
    })?;
    let mut picks = Picks::of(seed, round);
    let (live, old) = changed(&server, &template, &mut picks)?;
    let (wanted, new) = changed(&server, &template, &mut picks)?;
    let round = || format!("from {old:?}\nto {new:?}");
    become_as(&server, &live, &wanted).map_err(|e| format!("{}\n{e}", round()))
}

fn become_as(server: &Arc<Scratch>, live: &Live, wanted: &Live) -> Result<(), String> {
    let options = options(server);
    let (from, to): (Source, Source) = (live.source(), wanted.source());
    let plan = || pipeline::plan(&from, &to, &options).map(|p| p.document().clone());
    let document = match plan() {
        Ok(document) => document,
        Err(PipelineError::Refused(_) | PipelineError::Impossible(_)) => {
            REFUSED.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        Err(e) => return Err(format!("plan: {e}")),
    };
    let shown = show(&document);
    proved(&document).map_err(|e| format!("{}\n{shown}", String::from(e)))?;
    let again = plan().map_err(|e| format!("the same plan: {e}"))?;
    if written(&document)? != written(&again)? {
        return Err(format!(
            "another plan the second time\n{shown}\n{}",
            show(&again)
        ));
    }
    run_steps(live, &document, |_| true).map_err(|e| format!("apply: {e}\n{shown}"))?;
    let next = plan().map_err(|e| format!("the next plan: {e}"))?;
    if !next.is_empty() {
        return Err(format!(
            "the next plan is not empty:\n{}\nthe first was:\n{shown}",
            show(&next)
        ));
    }
    if pg_dump().is_ok() {
        support::dumps_alike(server, live, wanted)
            .map_err(|diff| format!("pg_dump differs:\n{diff}\n{shown}"))?;
    }
    DONE.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
