//! What reads the input of others neither panics nor hangs, whatever stands there: the splitter, the
//! hints, the settings, the plan files.
//!
//! Texts are made of the pieces that these languages care about, and of real files with edits.
//! `PGREHEARSE_FUZZ=1000000` tries that many of each instead of some thousand.

mod fuzz_support {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestCaseError, TestRunner};
    use std::path::{Path, PathBuf};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// An input that takes longer hangs.
    const LIMIT: Duration = Duration::from_secs(60);

    pub fn count(default: u32) -> u32 {
        let asked = std::env::var("PGREHEARSE_FUZZ").ok();
        asked.and_then(|n| n.parse().ok()).unwrap_or(default)
    }

    /// Runs `check` on `cases` of the texts; one that panics or fails is made smaller and shown.
    pub fn run(
        cases: u32,
        texts: impl FnOnce() -> BoxedStrategy<String> + Send + 'static,
        check: fn(&str) -> Result<(), TestCaseError>,
    ) {
        let (beat, beats) = channel();
        let current = Arc::new(Mutex::new(String::new()));
        let shown = Arc::clone(&current);
        let work = std::thread::spawn(move || {
            let config = Config {
                cases,
                failure_persistence: None,
                max_shrink_iters: 20_000,
                ..Config::default()
            };
            TestRunner::new(config).run(&texts(), |text| {
                current.lock().expect("alone").clone_from(&text);
                beat.send(()).ok();
                check(&text)
            })
        });
        loop {
            match beats.recv_timeout(LIMIT) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("hangs: {:?}", shown.lock().expect("alone"));
                }
            }
        }
        if let Err(error) = work.join().expect("the runner itself") {
            panic!("{error}");
        }
    }

    /// Texts of `pieces`, now and then with any character between.
    pub fn soup(pieces: &'static [&'static str], most: usize) -> BoxedStrategy<String> {
        let piece = prop_oneof![
            30 => prop::sample::select(pieces).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        let soup = prop::collection::vec(piece, 0..most);
        soup.prop_map(|v| v.concat()).boxed()
    }

    /// Parts of real files with some edits.
    pub fn edited(files: Vec<String>, most: usize) -> BoxedStrategy<String> {
        let edits =
            prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8, any::<char>()), 0..5);
        let part = (
            prop::sample::select(files),
            any::<prop::sample::Index>(),
            1..most,
        );
        (part, edits)
            .prop_map(|((file, from, length), edits)| {
                let from = file.floor_char_boundary(from.index(file.len() + 1));
                let end = file.floor_char_boundary((from + length).min(file.len()));
                let mut text = file[from..end].to_owned();
                for (place, edit, character) in edits {
                    let at = text.floor_char_boundary(place.index(text.len() + 1));
                    match edit {
                        0 => text.insert(at, character),
                        1 => text.truncate(at),
                        2 => text = text.split_off(at),
                        3 if at < text.len() => drop(text.remove(at)),
                        4 => {
                            let tail = text[at..].to_owned();
                            text.insert_str(at, &tail);
                        }
                        _ => text.insert_str(at, ["'", "\"", "$$", "/*", "\n", "\\"][at % 6]),
                    }
                }
                text
            })
            .boxed()
    }

    /// The files below `folders` with one of `extensions`, but for those without text.
    pub fn files(folders: &[&str], extensions: &[&str]) -> Vec<String> {
        let mut paths: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
        let mut texts = Vec::new();
        while let Some(path) = paths.pop() {
            if path.is_dir() {
                let entries = std::fs::read_dir(&path).expect("read a folder");
                paths.extend(entries.map(|e| e.expect("an entry").path()));
                continue;
            }
            let extension = |p: &Path| p.extension().map(|e| e.to_string_lossy().into_owned());
            if extension(&path).is_some_and(|e| extensions.contains(&e.as_str())) {
                texts.push(std::fs::read_to_string(&path).expect("read a file"));
            }
        }
        texts.retain(|text| !text.is_empty());
        texts.sort();
        texts
    }
}

use fuzz_support::{count, edited, files, run, soup};
use pgrehearse::cli::config::{Inputs, Settings, Trust};
use pgrehearse::plan::artifact::{self, Format};
use pgrehearse::source::scan::{Skipped, scan};
use pgrehearse::source::{DesiredFiles, SourceFile};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;

#[rustfmt::skip]
const SQL: &[&str] = &[
    "'", "\"", "$$", "$a$", "$é$", "$1", "--", "/*", "*/", "\n", "\r\n", "\r", "\t", " ", "\u{a0}", "\u{feff}",
    "\0", ";", "(", ")", "[", "]", ",", ".", "::", "\\", "\\.", "\n\\.\n", "\\\\", "\\;", "\\gexec\n", "\\echo x\n",
    "\\if :x\n", "\\copy t from stdin\n", "COPY t (a) FROM stdin;\n", "copy t from stdin", "1\t2\n", "E'", "e'\\'",
    "U&'", "u&\"", "B'0'", "x'f'", "N'", "é", "\u{1f600}", "1", "1.5e10", "a", "Z_9", "_", "=", "<>", "->", "@-",
    "create function f() returns int ", "create or replace procedure p() ", "begin atomic ", "BEGIN;", "end", " END; ",
    " case ", " when ", "select ", "create table t (", "a int, ", "create type e as enum (", "'x', ", "language sql",
    "as $$select 1$$", "return ", "set search_path = ", "SELECT set_config('search_path', '', false);", "do ",
    "alter table t add ", "constraint c check (", "create rule r as on insert to t do also (",
    "create view v as select 1", "insert into t values (1)", "comment on table t is 'x'", "declare", "grant ",
];

#[rustfmt::skip]
const HINTS: &[&str] = &[
    "-- pgrehearse: ", "-- pgrehearse+ ", "--pgrehearse:", "/* pgrehearse: x */", "pgrehearse", "renamed from ",
    "backfill ", "convert using ", " reverse ", "split from ", "merge from ", " on ", "(", ")", "(a, b)", "(lower(a))",
    "'sent out'", "\"A b\"", "a.b", "users", "app.users", ".", "=", "a.id = b.id", " and ", "--", "\n", "\n\n", "\r\n",
    "    ", "create table t (\n", "create table app.\"T x\" (\n", "a int", "b text not null,\n", ")", ");\n", ";",
    "constraint c check (a > 0)", "create type e as enum (\n", "'x',\n", "'y'\n", "create view v as select 1;\n",
    "create function f(a int) returns int language sql as 'select 1';\n", "create index i on t (a);\n",
    "alter table t add column c int;\n", "alter table t add constraint c unique (a);\n", "create trigger g ",
    "after insert on t execute function f();\n", "create policy p on t using (true);\n", "create schema s;\n",
    "set search_path = app;\n", "$$", "'", "\"", "/*", "*/", "é", "\0",
];

#[rustfmt::skip]
const SETTINGS: &[&str] = &[
    "database: ", "schema: ", "scratch: ", "schemas: ", "ignore: ", "small_table:\n", "small_table.rows: ", "  rows: ",
    "  size: ", "10MB", "10 000", "-1", "1e400", "99999999999999999999", "server_version: ", "17", "ledger:\n",
    "  schema: ", "drops:\n", "  gate: ", "none", "audit", "  wait: ", "7d", "1h30m", "1 fortnight", "  backup: ",
    "true", "no", "lock:\n", "lock.timeout: ", "100ms", "0", "backfill:\n", "  target: ", "queries: ", "extensions: ",
    "renames:\n", "  a.b: c.d\n", "policies:\n", "  data-loss: ", "refuse", "environments:\n", "  staging:\n",
    "    database: x\n", "[a, b]", "[", "]", "{a: b}", "{", "}", "- ", "? ", ": ", "\n", "\r\n", "  ", "\t", "#", " # c\n",
    "\"", "'", "\"\\u0041\"", "|\n", ">-\n  a\n", "&a ", "*a", "<<: *a\n", "!!str ", "!x ", "---\n", "...\n", "%YAML 1.2\n",
    "null", "~", ".inf", ".nan", "0x1F", "2026-01-01", "é", "\u{feff}", "\0", "\u{85}", "\u{2028}",
];

#[rustfmt::skip]
const PLAN: &[&str] = &[
    "format: 1\n", "format: 2\n", "format: x\n", "id: ''\n", "tool: ''\n", "server_version: 17\n", "from: a\n", "to: b\n",
    "fingerprints: {before: x, after: x}\n", "touches: []\n", "touches: ['table:public.t']\n", "touches: ['x', '', ':']\n",
    "phases: []\n", "phases:\n- phase: expand\n  steps:\n", "  - id: 1\n", "    title: t\n", "    statements: []\n",
    "    object: 'table:public.t'\n", "    gate: {}\n", "    rollback: {}\n", "    backfill: {}\n",
    "evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}\n", "evidence: {}\n",
    "notices: []\n", "unmodeled: []\n", "roles: []\n", "\n", " ", "  ", "- ", ": ", "'", "\"", "[", "]", "{", "}", "&a ",
    "*a", "|\n", "!!x ", "null", "-1", "1e999", "18446744073709551616", "true", "\t", "#", "é", "\0", "\u{feff}",
];

const WHOLE_PLAN: &str = "{format: 1, id: '', tool: '', server_version: 17, from: a, to: b,
    fingerprints: {before: x, after: x}, touches: [], phases: [],
    evidence: {rehearsed_on: '17.5', impact: online, residual: [], rollback: {}, queries: ''}}";

fn sql_files() -> Vec<String> {
    files(&["tests/cases", "tests/mutation", "schemas"], &["sql"])
}

/// The ranges of a scan, in order, are disjoint, and between them stands nothing that says anything.
fn splits(text: &str) -> Result<(), TestCaseError> {
    let found = match scan(text) {
        Ok(found) => found,
        Err(error) => {
            prop_assert!(text.get(error.range).is_some());
            return Ok(());
        }
    };
    let statements: Vec<&str> = found
        .statements
        .iter()
        .map(|s| text.get(s.range.clone()).unwrap_or("out of range"))
        .collect();
    let mut ranges: Vec<_> = found.statements.iter().map(|s| s.range.clone()).collect();
    ranges.extend(found.skipped.iter().map(|s| match s {
        Skipped::PsqlCommand { range, .. } | Skipped::CopyBlock { range } => range.clone(),
    }));
    ranges.extend(
        found
            .comments
            .iter()
            .map(pgrehearse::source::token::Token::range),
    );
    ranges.sort_by_key(|r| (r.start, r.end));
    let mut end = 0;
    for range in ranges
        .into_iter()
        .chain(std::iter::once(text.len()..text.len()))
    {
        prop_assert!(end <= range.start, "overlap at {}", range.start);
        let gap = &text[end..range.start];
        let silent = gap.replace("\\;", "");
        let silent = silent.strip_prefix('\u{feff}').unwrap_or(&silent);
        prop_assert!(
            silent
                .chars()
                .all(|c| c.is_ascii_whitespace() || c == '\u{b}' || c == ';'),
            "left out: {gap:?}"
        );
        end = range.end;
    }
    // Without psql's commands and data, the statements alone are the same script.
    let script = statements.join("\n;\n");
    // At the beginning of a file it is a byte order mark.
    let is_mark = script.starts_with('\u{feff}');
    if !text.contains('\\') && found.skipped.is_empty() && !is_mark {
        let again = scan(&script).map_err(|e| TestCaseError::fail(format!("again: {e:?}")))?;
        let again: Vec<&str> = again
            .statements
            .iter()
            .map(|s| &script[s.range.clone()])
            .collect();
        prop_assert_eq!(again, statements);
    }
    Ok(())
}

/// The files are read with their hints; what is refused has an excerpt of the text.
fn reads(text: &str) -> Result<(), TestCaseError> {
    let file = SourceFile::new("a.sql", text);
    match DesiredFiles::from_files(vec![file]) {
        Ok(desired) => {
            let lines = text.split('\n').count();
            for hint in &desired.hints {
                prop_assert!(hint.place.line <= lines);
            }
            for statement in &desired.statements {
                prop_assert!(!desired.statement_text(statement).is_empty());
            }
        }
        Err(error) => {
            let excerpt = error.excerpt();
            prop_assert!(excerpt.is_some_and(|e| is_of(&e.source_line, text)));
            prop_assert!(!error.to_string().is_empty());
            error.help();
        }
    }
    Ok(())
}

/// `line` is in `text`; of what may be a password it has stars.
fn is_of(line: &str, text: &str) -> bool {
    let is_starred = |l: &str| {
        let mut pairs = l.chars().zip(line.chars());
        l.chars().count() == line.chars().count() && pairs.all(|(a, b)| a == b || b == '*')
    };
    text.contains(line) || text.lines().any(is_starred)
}

fn sets(text: &str) -> Result<(), TestCaseError> {
    let file = SourceFile::new("pgrehearse.yaml", text);
    let line = text.lines().next().unwrap_or_default().to_owned();
    let env = BTreeMap::from([("PGREHEARSE_LOCK_TIMEOUT".to_owned(), line.clone())]);
    for (file, overrides, env) in [
        (Some(&file), Vec::new(), BTreeMap::new()),
        (None, vec![line], BTreeMap::new()),
        (None, Vec::new(), env),
    ] {
        let inputs = Inputs {
            file,
            set_name: Some("staging").filter(|_| file.is_some()),
            env: &env,
            flags: Vec::new(),
            overrides: &overrides,
            trust: Trust::Untrusted,
            base: None,
        };
        if let Err(error) = Settings::load(&inputs) {
            prop_assert!(error.code.starts_with("settings::"), "{}", error.code);
            prop_assert!(error.excerpt.is_none_or(|e| text.contains(&e.source_line)));
        }
    }
    Ok(())
}

/// A plan that is read is written and read again as the same.
fn plans(text: &str) -> Result<(), TestCaseError> {
    let Ok(plan) = artifact::read(text) else {
        return Ok(());
    };
    for format in [Format::Yaml, Format::Json] {
        let written = artifact::write_document(plan.document(), format);
        let written = written.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let again = artifact::read(&written);
        let again = again.map_err(|e| TestCaseError::fail(format!("{e}: {written}")))?;
        prop_assert_eq!(again.document(), plan.document());
    }
    Ok(())
}

#[test]
fn statements_cover_any_text_that_can_be_split() {
    run(count(4_000), || soup(SQL, 30), splits);
}

#[test]
fn statements_cover_edited_files() {
    run(count(1_000), || edited(sql_files(), 400), splits);
}

#[test]
fn any_file_is_read_or_refused_with_an_excerpt() {
    run(count(2_000), || soup(SQL, 30), reads);
}

#[test]
fn any_hint_is_read_or_refused_with_an_excerpt() {
    run(count(4_000), || soup(HINTS, 20), reads);
}

#[test]
fn edited_files_are_read_or_refused_with_an_excerpt() {
    run(count(1_000), || edited(sql_files(), 400), reads);
}

#[test]
fn any_settings_are_read_or_refused() {
    let texts = || {
        let whole = pgrehearse::cli::config::settings_file("schemas");
        prop_oneof![soup(SETTINGS, 20), edited(vec![whole], 400)].boxed()
    };
    run(count(2_000), texts, sets);
}

#[test]
fn any_plan_file_is_read_or_refused() {
    let texts = || {
        let whole = edited(vec![WHOLE_PLAN.to_owned()], WHOLE_PLAN.len() * 2);
        prop_oneof![soup(PLAN, 30), whole, edited(vec![sample()], 400)].boxed()
    };
    run(count(2_000), texts, plans);
}

#[test]
fn an_edited_plan_of_a_real_change_is_read_or_refused() {
    // The whole takes long to read: few are enough beside the parts of it above.
    let texts = || {
        let lines: Vec<String> = sample().lines().map(str::to_owned).collect();
        let place = any::<prop::sample::Index>();
        let without = place.prop_map(move |place| {
            let mut lines = lines.clone();
            lines.remove(place.index(lines.len()));
            lines.join("\n")
        });
        without.boxed()
    };
    run(count(4_000) / 1_000, texts, plans);
}

fn sample() -> String {
    std::fs::read_to_string("plans/shop.yaml").expect("the sample")
}

#[test]
fn aliases_that_multiply_do_not_hang() {
    let mut yaml = "format: 1\na0: &a0 [x, x]\n".to_owned();
    for n in 1..40 {
        yaml += &format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1);
    }
    assert!(artifact::read(&yaml).is_err());
    sets(&yaml).expect("refused");
}
