//! Killed at any moment, `apply` and `rollback` go on and end the same.
//!
//! Every folder of tests/kill is a plan on tables with rows: old.sql, new.sql, seed.sql, pgrehearse.yaml (and
//! admin.sql, run before by the superuser), and
//! writes.sql, what the application writes between two runs (`$` is the number of the kill). The program
//! talks to the server through a proxy, which counts its messages and at the chosen one ends the program
//! (SIGKILL) or the server (`pg_ctl stop -m immediate`), before the message reaches the server or while it is
//! at work; then it is run again, killed again a little later, until it is through. A build that is struck is
//! made to wait for a lock of the application, so that it is struck in its middle.
//!
//! The end must be that of a run that nobody interrupted: the same pg_dump, the same rows, and (forth) a second
//! plan that is empty.
//!
//! By default a sample of the moments; with `PGREHEARSE_KILLS=all`, every one between two statements.

#[path = "kill/aim.rs"]
mod aim;
#[path = "kill/proxy.rs"]
mod proxy;
#[path = "kill/server.rs"]
mod server;
#[path = "kill/shop.rs"]
mod shop;
mod support;

use aim::{Aims, Target};
use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::pg::ServerVersion;
use server::Server;
use shop::{Database, Shop};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// What is killed, and what is run meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `apply`, to its end.
    Forth,
    /// `apply` to the last step that can be taken back, then `rollback`.
    Back,
    /// `apply`, somewhere, and from there `rollback`.
    Return,
    /// The server, under `apply`.
    Crash,
    /// The server, under `rollback`.
    CrashBack,
}

impl Way {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Forth, "forth"),
        (Self::Back, "back"),
        (Self::Return, "forth, then back"),
        (Self::Crash, "server stopped, forth"),
        (Self::CrashBack, "server stopped, back"),
    ];

    fn target(self) -> Target {
        match self {
            Self::Crash | Self::CrashBack => Target::Server,
            Self::Forth | Self::Back | Self::Return => Target::Program,
        }
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let all = std::env::var("PGREHEARSE_KILLS").is_ok_and(|value| value == "all");
    let versions = match std::env::var_os("PGREHEARSE_TEST_VERSIONS") {
        Some(_) => support::versions(),
        None => vec![ServerVersion::V14, ServerVersion::V18],
    };
    let kills: Arc<Mutex<BTreeMap<&str, usize>>> = Arc::default();
    let mut trials = Vec::new();
    for (n, folder) in ["columns", "drops", "keys", "partitions", "tables"]
        .into_iter()
        .enumerate()
    {
        for (m, (way, name)) in Way::ALL.into_iter().enumerate() {
            for (v, version) in versions.iter().enumerate() {
                // A sample goes over the plans, the ways and the versions.
                let crossed = versions.len() > 1 && (n + m) % versions.len() != v;
                let rare = way != Way::Forth && (n + m) % 5 != 0;
                if !all && arguments.filter.is_none() && (crossed || rare) {
                    continue;
                }
                let (version, kills) = (*version, Arc::clone(&kills));
                let label = format!("{folder}, {name}, on {}", version.major());
                trials.push(Trial::test(label.clone(), move || {
                    let path = Path::new("tests/kill").join(folder);
                    let made = run(&label, &path, way, version, all)
                        .inspect_err(|why| eprintln!("{label}: {why}"))
                        .map_err(Failed::from)?;
                    let mut kills = kills.lock().unwrap_or_else(PoisonError::into_inner);
                    *kills.entry(name).or_default() += made;
                    Ok(())
                }));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    for (way, kills) in &*kills.lock().unwrap_or_else(PoisonError::into_inner) {
        eprintln!("{kills} kills: {way}");
    }
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

/// One plan, killed again and again; how often.
fn run(
    label: &str,
    folder: &Path,
    way: Way,
    version: ServerVersion,
    all: bool,
) -> Result<usize, String> {
    let server = Arc::new(Server::start(version)?);
    let shop = Shop::open(&server, folder)?;
    let aims = |wide| match (all, way) {
        (true, Way::Forth) => Aims::every(label),
        _ => Aims::sample(label, wide),
    };
    let database = shop.database()?;
    let apply = shop.apply();
    let until = shop.last_reversible();
    let some = [&apply[..], &["--until", &until]].concat();
    let id = &shop.document.id;
    let back = ["rollback", "--plan", id, "--yes", "--json"];
    // From one strike to the next, in messages.
    let span = match way.target() {
        _ if all => 2..12,
        Target::Program => 4..16,
        Target::Server => 6..24,
    };
    let mut kills = 0;
    match way {
        Way::Forth | Way::Crash => kills += chain(&shop, &database, &apply, aims(span), way)?,
        Way::Back | Way::CrashBack => {
            chain(&shop, &database, &some, Aims::none(), way)?;
            kills += chain(&shop, &database, &back, aims(span), way)?;
        }
        Way::Return => {
            let runs = if all { 3 } else { 1 };
            for n in 0..runs {
                let mut database = shop.database()?;
                // A short plan is through before a late moment.
                for most in [60, 20, 8] {
                    let mut aims = Aims::once(&format!("{label} {n}"), 3..most);
                    let struck = strike_once(&shop, &database, &some, &mut aims)?;
                    kills += struck;
                    if struck > 0 {
                        break;
                    }
                    database = shop.database()?;
                }
                let aims = Aims::sample(label, span.clone());
                kills += chain(&shop, &database, &back, aims, way)?;
                shop.is_taken_back(&database)?;
            }
        }
    }
    match way {
        Way::Forth | Way::Crash => shop.is_applied(&database)?,
        Way::Back | Way::CrashBack => shop.is_taken_back(&database)?,
        Way::Return => {}
    }
    eprintln!("{label}: {kills} kills");
    match kills {
        0 => Err("nothing was killed".to_owned()),
        _ => Ok(kills),
    }
}

/// Runs `arguments` until it is through, and strikes on the way.
fn chain(
    shop: &Shop,
    database: &Database,
    arguments: &[&str],
    mut aims: Aims,
    way: Way,
) -> Result<usize, String> {
    let mut kills = 0;
    let mut last = String::from("no kill");
    for _ in 0..1500 {
        let before = database.progress();
        let ran = shop.run(database, arguments, aims.next(), way.target());
        let Some(struck) = &ran.struck else {
            match ran.comes_to_its_end() {
                Ok(true) => return Ok(kills),
                Ok(false) => {
                    if std::env::var_os("PGREHEARSE_KILLS_TRACE").is_some() {
                        eprintln!("again: {}", ran.said());
                    }
                    continue;
                }
                Err(why) => return Err(format!("after {kills} kills, the last {last}: {why}")),
            }
        };
        last = struck.to_string();
        if std::env::var_os("PGREHEARSE_KILLS_TRACE").is_some() {
            eprintln!("{kills}: {last}");
        }
        kills += 1;
        ran.was_struck(way.target())
            .map_err(|why| format!("{last}: {why}"))?;
        shop.goes_on_writing(database)?;
        aims.after(struck, database.progress() != before);
    }
    Err(format!("it does not come to its end; the last kill {last}"))
}

/// Runs `arguments` and kills it once, unless it is through before.
fn strike_once(
    shop: &Shop,
    database: &Database,
    arguments: &[&str],
    aims: &mut Aims,
) -> Result<usize, String> {
    let ran = shop.run(database, arguments, aims.next(), Target::Program);
    match &ran.struck {
        Some(_) => ran.was_struck(Target::Program).map(|()| 1),
        None => ran.comes_to_its_end().map(|_| 0),
    }
}
