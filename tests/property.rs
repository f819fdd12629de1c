//! Schemas and changes of them that nobody thought of: each is planned twice, applied on rows up to
//! the end of migrate, taken back, applied whole, and planned again.
//!
//! A round is one schema with one list of edits, made from `PGREHEARSE_PROPERTY_SEED` and its number;
//! `PGREHEARSE_PROPERTY_ROUNDS` says how many there are. They alternate between the versions. A
//! failing one is made smaller, edit by edit, and written as a folder for tests/cases.

#[path = "property/apply.rs"]
mod apply;
#[path = "property/edit.rs"]
mod edit;
#[path = "property/judge.rs"]
mod judge;
#[path = "property/model.rs"]
mod model;
#[path = "property/parts.rs"]
mod parts;
#[path = "property/pick.rs"]
mod pick;
#[path = "property/render.rs"]
mod render;
mod support;
#[path = "property/types.rs"]
mod types;

use edit::Edit;
use judge::{Outcome, Texts, Wrong};
use libtest_mimic::{Arguments, Failed, Trial};
use model::Model;
use pgrehearse::pg::ServerVersion;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// As many as take about two minutes on two cores.
const ROUNDS: u64 = 24;
const SEED: u64 = 1;
/// Steps of making a failing round smaller.
const SHRINKS: u32 = 120;

static OUTCOMES: Mutex<BTreeMap<Outcome, usize>> = Mutex::new(BTreeMap::new());

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let (rounds, seed) = (
        number("PGREHEARSE_PROPERTY_ROUNDS", ROUNDS),
        number("PGREHEARSE_PROPERTY_SEED", SEED),
    );
    let versions = support::outermost();
    let trials = (0..rounds)
        .zip(versions.iter().cycle())
        .map(|(round, version)| {
            let version = *version;
            let name = format!("round {round} of seed {seed} on {}", version.major());
            Trial::test(name, move || {
                run(seed, round, version).map_err(Failed::from)
            })
        });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    pgrehearse::scratch::stop_all();
    let outcomes = OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut refused, mut all) = (0, 0);
    for (outcome, count) in outcomes.iter() {
        eprintln!("{count} × {outcome:?}");
        all += count;
        refused += if let Outcome::Refused(_) = outcome {
            *count
        } else {
            0
        };
    }
    if 2 * refused > all {
        eprintln!("{refused} of {all} rounds were refused: nothing much was shown");
        std::process::exit(1);
    }
    conclusion.exit();
}

fn number(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|e| panic!("{variable}={text}: {e}")),
        Err(_) => otherwise,
    }
}

/// The schemas before and after.
fn models(version: ServerVersion, schema: &[Edit], edits: &[Edit]) -> (Model, Model) {
    let mut old = Model::new(version.major());
    apply::apply(&mut old, schema, None);
    let mut new = old.clone();
    apply::apply(&mut new, edits, Some(&old));
    new.settle(&old);
    (old, new)
}

fn run(seed: u64, round: u64, version: ServerVersion) -> Result<(), String> {
    let server = support::server(version)?;
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&round.to_le_bytes());
    let config = Config {
        cases: 1,
        max_shrink_iters: number("PGREHEARSE_PROPERTY_SHRINKS", SHRINKS.into()) as u32,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let first: RefCell<Option<Wrong>> = RefCell::new(None);
    let last: RefCell<Option<Wrong>> = RefCell::new(None);
    // Edits shrink before the schema that they begin with.
    let strategy = (edit::edits(), edit::schema());
    let result = runner.run(&strategy, |(edits, schema)| {
        let (old, new) = models(version, &schema, &edits);
        match judge::judge(&server, &old, &new) {
            Ok(outcome) => {
                if first.borrow().is_none() {
                    let mut all = OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner);
                    *all.entry(outcome).or_default() += 1;
                }
                Ok(())
            }
            Err(wrong) => {
                let is_other = first
                    .borrow()
                    .as_ref()
                    .is_some_and(|f| f.kind != wrong.kind);
                if is_other {
                    return Ok(());
                }
                first.borrow_mut().get_or_insert_with(|| wrong.clone());
                let reason = wrong.kind;
                *last.borrow_mut() = Some(wrong);
                Err(TestCaseError::fail(reason))
            }
        }
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(_, (edits, schema))) => {
            let (old, new) = models(version, &schema, &edits);
            let texts = Texts::of(&old, &new);
            let wrong = last.borrow_mut().take();
            let (kind, text) = wrong.map_or(("?", String::new()), |w| (w.kind, w.text));
            let why = format!("{kind}: {text}\n{edits:#?}");
            let folder = write(seed, round, version, &texts, &why).map_err(|e| e.to_string())?;
            Err(format!(
                "{why}\n{}:\n--- old.sql\n{}--- new.sql\n{}--- seed.sql\n{}",
                folder.display(),
                texts.old,
                texts.new,
                texts.seed
            ))
        }
        Err(TestError::Abort(why)) => Err(why.to_string()),
    }
}

/// Writes the folder of a case.
fn write(
    seed: u64,
    round: u64,
    version: ServerVersion,
    texts: &Texts,
    why: &str,
) -> std::io::Result<PathBuf> {
    let name = format!("{seed}-{round}-on-{}", version.major());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("property")
        .join(name);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("old.sql"), &texts.old)?;
    std::fs::write(folder.join("new.sql"), &texts.new)?;
    std::fs::write(folder.join("seed.sql"), &texts.seed)?;
    std::fs::write(folder.join("why.txt"), why)?;
    let case =
        "only = \"forward\"\nreason = \"the hints and the rows are those of this direction\"\n";
    std::fs::write(folder.join("case.toml"), case)?;
    Ok(folder)
}
