//! Every folder of tests/cases, one way on the newest version and the other on an older one (`PGREHEARSE_ALL_CASES`:
//! both on all): planned, rehearsed, applied on rows, judged by our own reader and by pg_dump. Forward, what is left is
//! rehearsed again after each phase, `between.sql` is what the old application writes after expand, and `after.sql` holds
//! of the result.

mod support;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::{self, Options};
use pgrehearse::plan::{Document, Impact, Phase};
use pgrehearse::source::{Source, read_files};
use pgrehearse::strategy::{DropGate, Drops, SmallTable};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use support::plans::{message, proved, run_steps, show};
use support::{Live, options, pg_dump, server, trusted_server};

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Case {
    min_version: Option<u32>,
    max_version: Option<u32>,
    only: Option<String>,
    reason: Option<String>,
    /// Why what is left is not rehearsed again after a phase.
    in_one_go: Option<String>,
    /// Every step has to be online.
    online: bool,
    /// `audit` or `wait`; dropped at once without.
    drops: Option<String>,
    backup: bool,
    /// A superuser runs the files.
    trusted: bool,
    /// Tables of so many rows take the plain statement; none without.
    small: u64,
}

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let mut trials = Vec::new();
    for (number, folder) in folders(Path::new("tests/cases")).into_iter().enumerate() {
        let name = folder
            .strip_prefix("tests/cases")
            .expect("below")
            .display()
            .to_string();
        let case = read_case(&folder);
        let majors = case.min_version.unwrap_or(0)..=case.max_version.unwrap_or(u32::MAX);
        let versions = support::spread(number, &majors);
        let one_way = versions.len() == 2 && case.only.is_none() && !support::is_whole();
        for (at, &version) in versions.iter().enumerate() {
            let major = version.major();
            for (way, direction) in ["forward", "backward"].into_iter().enumerate() {
                // Either way is taken on the newest version by half of them, whatever the other one is.
                if one_way && (at + way + number / 2 + number / 8) % 2 == 1 {
                    continue;
                }
                if case.only.as_ref().is_some_and(|only| only != direction) {
                    assert!(case.reason.is_some(), "{name}: `only` needs a reason");
                    continue;
                }
                let folder = folder.clone();
                let forward = direction == "forward";
                let case = case.clone();
                trials.push(Trial::test(
                    format!("{name} {direction} on {major}"),
                    move || run(&folder, &case, forward, version).map_err(Failed::from),
                ));
            }
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(root) else {
        return found;
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.sort();
    for path in paths.iter().filter(|p| p.is_dir()) {
        if path.join("old.sql").exists() {
            found.push(path.clone());
        } else {
            found.extend(folders(path));
        }
    }
    found
}

fn read_case(folder: &Path) -> Case {
    let Ok(text) = std::fs::read_to_string(folder.join("case.toml")) else {
        return Case::default();
    };
    // The few `key = value` lines of a case read as YAML once the sign is changed.
    let yaml: String = text
        .lines()
        .filter(|l| !l.trim_start().starts_with('#'))
        .map(|l| l.replacen(" = ", ": ", 1) + "\n")
        .collect();
    yaml_serde::from_str(&yaml).unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
}

fn drops(case: &Case) -> Drops {
    let gate = match case.drops.as_deref() {
        None => DropGate::None,
        Some("wait") => DropGate::Wait,
        Some("audit") => DropGate::Audit,
        Some(other) => panic!("drops = {other}"),
    };
    Drops {
        gate,
        backup: case.backup,
        ..Drops::default()
    }
}

fn run(folder: &Path, case: &Case, forward: bool, version: ServerVersion) -> Result<(), String> {
    let server = match case.trusted {
        true => trusted_server(version)?,
        false => server(version)?,
    };
    let (old, new) = if forward {
        ("old.sql", "new.sql")
    } else {
        ("new.sql", "old.sql")
    };
    let (old, new) = (folder.join(old), folder.join(new));
    let files = |path: &Path| read_files(path).map_err(|e| e.to_string());
    let live = Live::from_files(&server, &files(&old)?)?;
    let own_seed = folder.join(if forward { "seed.sql" } else { "seed.new.sql" });
    let seed = if own_seed.exists() {
        own_seed
    } else {
        folder.join("seed.sql")
    };
    if let Ok(rows) = std::fs::read_to_string(&seed) {
        live.client()
            .batch_execute(&rows)
            .map_err(|e| format!("seed: {}", message(&e)))?;
    }
    let mut options = options(&server);
    options.drops = drops(case);
    let small = std::env::var("PGREHEARSE_SMALL_ROWS").ok();
    let small = small.map_or(Ok(case.small), |rows| rows.parse());
    let small = small.map_err(|e| format!("PGREHEARSE_SMALL_ROWS: {e}"))?;
    if small > 0 {
        let counted = live.client().batch_execute("ANALYZE");
        counted.map_err(|e| message(&e))?;
        options.small = SmallTable {
            rows: small,
            ..SmallTable::default()
        };
    }
    let (from, to) = (live.source(), Source::Files(new.clone()));
    let before = live.counts();
    let plan = pipeline::plan(&from, &to, &options).map_err(|e| {
        format!(
            "plan: {e}{}",
            e.help().map(|h| format!("\nhelp: {h}")).unwrap_or_default()
        )
    })?;
    let document = plan.document();
    let shown = show(document);
    proved(document).map_err(|e| format!("{}\n{shown}", String::from(e)))?;
    // What apply compares before it begins: a rename has two names for everything.
    if std::fs::read_to_string(folder.join("new.sql")).is_ok_and(|text| text.contains("renamed")) {
        let now = pipeline::read_live(&from, &document.touches, &options);
        let now = now.map_err(|e| format!("read again: {e}"))?;
        if pipeline::fingerprint_of(&now, &document.touches) != document.fingerprints.before {
            return Err(format!("apply would say that live has changed:\n{shown}"));
        }
    }
    if case.online && small == case.small && document.evidence.impact != Impact::Online {
        return Err(format!("not every step is online:\n{shown}"));
    }
    let script = |name: &str| match forward {
        true => std::fs::read_to_string(folder.join(name)).ok(),
        false => None,
    };
    let failed = |e: String| format!("apply: {e}\n{shown}");
    run_steps(&live, document, |phase| phase == Phase::Expand).map_err(failed)?;
    if forward && case.in_one_go.is_none() {
        goes_on(&from, document, Phase::Expand, &options).map_err(failed)?;
    }
    let mut before = before;
    if let Some(writes) = script("between.sql") {
        live.client()
            .batch_execute(&writes)
            .map_err(|e| format!("between.sql: {}\n{shown}", message(&e)))?;
        before = live.counts();
    }
    run_steps(&live, document, |phase| phase == Phase::Migrate).map_err(failed)?;
    if forward && case.in_one_go.is_none() {
        goes_on(&from, document, Phase::Migrate, &options).map_err(failed)?;
    }
    run_steps(&live, document, |phase| phase == Phase::Contract).map_err(failed)?;
    let again = pipeline::plan(&from, &to, &options).map_err(|e| format!("second plan: {e}"))?;
    if !again.document().is_empty() {
        return Err(format!(
            "the second plan is not empty:\n{}\nthe first was:\n{shown}",
            show(again.document())
        ));
    }
    if case.backup {
        copies(&live)?;
    }
    let wanted = Live::from_files(&server, &files(&new)?)?;
    match pg_dump() {
        Ok(_) => support::dumps_alike(&server, &live, &wanted)
            .map_err(|diff| format!("pg_dump differs:\n{diff}\n{shown}"))?,
        Err(reason) => eprintln!("pg_dump not compared: {reason}"),
    }
    privileges_alike(&new, &live, &wanted).map_err(|diff| format!("{diff}\n{shown}"))?;
    let after = live.counts();
    for (table, rows) in before {
        if let Some(now) = after.get(&table).filter(|now| **now != rows) {
            return Err(format!("{table} had {rows} rows and has {now}\n{shown}"));
        }
    }
    if let Some(claims) = script("after.sql") {
        live.client()
            .batch_execute(&claims)
            .map_err(|e| format!("after.sql: {}\n{shown}", message(&e)))?;
    }
    Ok(())
}

/// What apply proves before it goes on after `phase`: live is as the plan says there, and the rest leads from a clone of it
/// to the end.
fn goes_on(
    live: &Source,
    document: &Document,
    phase: Phase,
    options: &Options,
) -> Result<(), String> {
    let mut rest = document.clone();
    rest.phases.retain(|record| record.phase > phase);
    let done = document.steps().filter(|(of, _)| *of <= phase);
    let (Some((_, last)), false) = (done.last(), rest.phases.is_empty()) else {
        return Ok(());
    };
    let failed = |e: pipeline::PipelineError| format!("after {phase:?}: {e}");
    let now = pipeline::read_live(live, &document.touches, options).map_err(failed)?;
    if pipeline::fingerprint_of(&now, &document.touches) != last.fingerprints.after {
        return Err(format!("after {phase:?} live is not as the plan says"));
    }
    let again = pipeline::again(document, rest, live, &now, options).map_err(failed)?;
    let fresh = again.rehearsed.document();
    proved(fresh).map_err(|e| format!("after {phase:?}: {}", String::from(e)))?;
    match fresh.fingerprints.after == document.fingerprints.after {
        true => Ok(()),
        false => Err(format!("after {phase:?} the rest leads elsewhere")),
    }
}

/// What the files grant, pg_dump writes of both databases; files that say nothing leave all as it was.
fn privileges_alike(files: &Path, live: &Live, wanted: &Live) -> Result<(), String> {
    let text = std::fs::read_to_string(files).unwrap_or_default();
    let says = ["GRANT ", "REVOKE ", "PRIVILEGES ", "OWNER TO "];
    if pg_dump().is_err() || !says.iter().any(|word| text.contains(word)) {
        return Ok(());
    }
    let got = support::dumped_privileges(&live.config)?;
    let wanted = support::dumped_privileges(&wanted.config)?;
    // Whom the files give nothing to, it belongs to as before.
    let given = |line: &str| {
        line.split_once(" OWNER TO ")
            .map(|(what, _)| what.to_owned())
    };
    let unsaid: Vec<String> = wanted
        .lines()
        .filter(|line| line.contains(" OWNER TO pgrh_"))
        .filter_map(given)
        .collect();
    let said = |text: String| -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.retain(|line| given(line).is_none_or(|what| !unsaid.contains(&what)));
        lines.join("\n")
    };
    let (got, wanted) = (said(got), said(wanted));
    match got == wanted {
        true => Ok(()),
        false => Err(format!("pg_dump writes\n{got}\ninstead of\n{wanted}")),
    }
}

/// The copies of what was dropped hold its rows; they are no part of the schema.
fn copies(live: &Live) -> Result<(), String> {
    let all = live.counts();
    let copies: Vec<_> = all
        .iter()
        .filter(|(t, _)| t.contains("_pgrehearse_backup_"))
        .collect();
    if copies.is_empty() || copies.iter().any(|(_, rows)| **rows == 0) {
        return Err(format!("no rows were kept: {all:?}"));
    }
    let mut client = live.client();
    for (table, _) in copies {
        client
            .batch_execute(&format!("DROP TABLE {table}"))
            .map_err(|e| message(&e))?;
    }
    Ok(())
}
