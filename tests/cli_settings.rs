//! The settings and the command line around them, as a user meets them.

use pgrehearse::cli::config::{
    Gate, Inputs, Interval, KEYS, Policy, Settings, Trust, settings_file,
};
use pgrehearse::cli::error::Look;
use pgrehearse::kinds::HazardKind;
use pgrehearse::source::SourceFile;
use pgrehearse::source::database::Environment;
use std::path::Path;
use std::process::{Command, Output};

#[derive(Clone, Copy)]
struct Case<'a> {
    file: &'a str,
    set_name: Option<&'a str>,
    env: &'a [(&'a str, &'a str)],
    flags: &'a [(&'static str, &'a str)],
    overrides: &'a [&'a str],
    trust: Trust,
    base: Option<&'a str>,
}

const CASE: Case<'_> = Case {
    file: "",
    set_name: None,
    env: &[],
    flags: &[],
    overrides: &[],
    trust: Trust::Trusted,
    base: None,
};

impl Case<'_> {
    fn load(&self) -> Result<(Settings, Vec<String>), String> {
        let file = SourceFile::new("pgrehearse.yaml", self.file);
        let base = self
            .base
            .map(|text| SourceFile::new("git:main:pgrehearse.yaml", text));
        let env = self
            .env
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let env: Environment = env.collect();
        let overrides: Vec<String> = self.overrides.iter().map(|s| (*s).to_owned()).collect();
        let flags = self.flags.iter().map(|(k, v)| (*k, (*v).to_owned()));
        Settings::load(&Inputs {
            file: Some(&file),
            set_name: self.set_name,
            env: &env,
            flags: flags.collect(),
            overrides: &overrides,
            trust: self.trust,
            base: base.as_ref(),
        })
        .map_err(|e| {
            assert_eq!(e.exit as u8, 2);
            e.render(Look::PLAIN)
        })
    }

    fn settings(&self) -> Settings {
        self.load().unwrap().0
    }

    fn error(&self) -> String {
        self.load().unwrap_err()
    }
}

#[test]
fn stronger_inputs_win() {
    let mut case = Case {
        file: "database: postgres://file/x\nlock: {timeout: 1s}\nenvironments:\n  live:\n    lock:\n      timeout: 2s\n",
        ..CASE
    };
    let timeout = |case: &Case<'_>| case.settings().lock.timeout.to_string();
    assert_eq!(timeout(&case), "1s");
    case.set_name = Some("live");
    assert_eq!(timeout(&case), "2s");
    case.env = &[
        ("PGREHEARSE_LOCK_TIMEOUT", "3s"),
        ("DATABASE_URL", "postgres://env/x"),
    ];
    assert_eq!(timeout(&case), "3s");
    assert_eq!(
        case.settings().database.as_deref(),
        Some("postgres://env/x")
    );
    case.flags = &[("database", "postgres://flag/x")];
    case.overrides = &["lock.timeout=4s"];
    assert_eq!(timeout(&case), "4s");
    assert_eq!(
        case.settings().database.as_deref(),
        Some("postgres://flag/x")
    );
}

#[test]
fn every_kind_of_value_is_read() {
    let settings = Case {
        file: "schemas: [app, public]\npolicies: {data-loss: refuse}\nserver_version: 17\n\
               drops: {backup: true, wait: 14d}\nsmall_table.size: 1GB\nrenames: {a.b: c}\nscratch:\n",
        overrides: &["drops.gate=none", "small_table.rows=0", "ignore=a, b", "extensions=[hstore]"],
        ..CASE
    }
    .settings();
    assert_eq!(settings.schemas, ["app", "public"]);
    assert_eq!(settings.ignore, ["a", "b"]);
    assert_eq!(settings.extensions, ["hstore"]);
    assert_eq!(settings.policies[&HazardKind::DataLoss], Policy::Refuse);
    assert_eq!(
        (settings.drops.gate, settings.small_table.rows),
        (Gate::None, 0)
    );
    assert_eq!(settings.drops.wait, Interval::from_millis(14 * 86_400_000));
    assert_eq!(
        (settings.small_table.size.bytes(), settings.drops.backup),
        (1 << 30, true)
    );
    assert_eq!(
        (settings.scratch.as_str(), settings.renames["a.b"].as_str()),
        ("auto", "c")
    );
}

#[test]
fn errors_of_the_file_point_into_it() {
    let error = |file| Case { file, ..CASE }.error();
    assert_eq!(
        error("# mine\ndrops:\n  gaet: none # soon\n"),
        "error[settings::unknown]: unknown setting \"drops.gaet\"\n  \
         ╭─ pgrehearse.yaml:3:3\n \
         3│   gaet: none # soon\n  \
         │   ━━━━\n  \
         ╰ help: did you mean drops.gate?\n"
    );
    assert_eq!(
        error("lock: {timeout: 5, first: 1s}\n"),
        "error[settings::value]: lock.timeout cannot be 5\n  \
         ╭─ pgrehearse.yaml:1:17\n \
         1│ lock: {timeout: 5, first: 1s}\n  \
         │                 ━\n  \
         ╰ help: it is a duration, such as 100ms, 5s, 10m, 24h or 7d\n"
    );
    assert!(error("rows: 5\n").contains("did you mean small_table.rows?"));
    assert!(error("drops: none\n").contains("below it stand gate, audit, wait, backup"));
    assert!(error("a: [\n").contains("╭─ pgrehearse.yaml:"));
    assert!(error("- a\n").contains("holds no settings"));
    assert!(error("lock: {first: 1s}\nlock: {first: 2s}\n").contains("settings::syntax"));
    assert!(error("environments:\n  live:\n    lok: 1\n").contains("pgrehearse.yaml:3:5"));
    assert!(error("policies: {data-lost: warn}\n").contains("hazard of data-loss,"));
    assert!(!error("database: [postgres://u:secret@h/d]\n").contains("secret"));
}

#[test]
fn errors_of_flags_and_variables_name_them() {
    let set = |overrides| Case { overrides, ..CASE }.error();
    assert!(set(&["drop.gate=none"]).contains("did you mean drops.gate?"));
    assert!(set(&["drops.gate"]).contains("has no ="));
    let env = |env| Case { env, ..CASE };
    let error = env(&[("PGREHEARSE_DROPS_WAIT", "soon")]).error();
    assert!(error.contains("PGREHEARSE_DROPS_WAIT: drops.wait cannot be \"soon\""));
    let set_name = Some("live");
    assert!(
        Case { set_name, ..CASE }
            .error()
            .contains("no environment \"live\"")
    );
    let (_, notices) = env(&[("PGREHEARSE_DROPS_WIAT", "1d")]).load().unwrap();
    assert!(notices[0].contains("did you mean PGREHEARSE_DROPS_WAIT?"));
}

#[test]
fn an_untrusted_file_takes_no_safeguard_away() {
    let file = "database: postgres://evil/x\nbinaries: /evil\nmirror: https://evil\ncache: ./evil\n\
                scratch: postgres://evil/x\nextensions: [plpython3u]\npolicies: {data-loss: pass}\n\
                drops: {gate: none}\nsmall_table: {rows: 999999}\nlock: {timeout: 2s}\n\
                elaborate_timeout: 0\nenvironments: {live: {drops: {wait: 0}}}\n";
    let set_name = Some("live");
    let case = Case {
        file,
        set_name,
        trust: Trust::Untrusted,
        ..CASE
    };
    let (settings, notices) = case.load().unwrap();
    let mut expected = Settings::defaults();
    expected.lock.timeout = Interval::from_millis(2_000);
    assert_eq!(settings, expected);
    assert_eq!(notices.len(), 11, "{notices:#?}");
    let overrides = &["drops.gate=none"];
    assert_eq!(Case { overrides, ..case }.settings().drops.gate, Gate::None);
}

#[test]
fn what_an_untrusted_file_may_not_set_is_as_the_base_revision_has_it() {
    let case = Case {
        file: "drops: {gate: none, wait: 3d}\nlock: {timeout: 2s}\nextensions: [postgis]\n\
               environments: {live: {small_table: {rows: 9}}}\n",
        base: Some(
            "drops: {gate: wait, wait: 3d}\nlock: {timeout: 9s}\nextensions: [postgis]\n\
             environments: {live: {small_table: {rows: 5}}}\n",
        ),
        set_name: Some("live"),
        trust: Trust::Untrusted,
        ..CASE
    };
    let (settings, notices) = case.load().unwrap();
    assert_eq!(settings.drops.gate, Gate::Wait);
    assert_eq!(settings.drops.wait.to_string(), "3d");
    assert_eq!(settings.extensions, ["postgis"]);
    assert_eq!(settings.small_table.rows, 5);
    // What is not guarded is the pull request's own.
    assert_eq!(settings.lock.timeout.to_string(), "2s");
    // Only what differs from the base is said.
    assert_eq!(notices.len(), 2, "{notices:#?}");
    assert!(notices[0].starts_with("drops.gate in pgrehearse.yaml is ignored"));
    assert!(notices[1].starts_with("small_table.rows in pgrehearse.yaml is ignored"));
    // A set that the base has not is new; a trusted file needs no base.
    let new = Case {
        base: Some("drops: {gate: wait}\n"),
        ..case
    };
    assert_eq!(new.settings().small_table.rows, 10_000);
    let trusted = Case {
        trust: Trust::Trusted,
        ..case
    };
    assert_eq!(trusted.settings().drops.gate, Gate::None);
}

#[test]
fn the_base_revision_of_a_pull_request_is_its_target_branch() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let git = |arguments: &[&str]| {
        let mut command = std::process::Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@example.org"]);
        let done = command.current_dir(at).args(arguments).output().unwrap();
        assert!(
            done.status.success(),
            "{arguments:?}: {}",
            text(&done.stderr)
        );
    };
    let inner = at.join("db");
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(inner.join("pgrehearse.yaml"), "extensions: [postgis]\n").unwrap();
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "base"]);
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let untrusted = "extensions: [postgis, plpython3u]\n";
    std::fs::write(inner.join("pgrehearse.yaml"), untrusted).unwrap();
    let notes = |arguments: &[&str], branch: &str| {
        let ci = [
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_BASE_REF", branch),
        ];
        let done = run(&inner, &[&["status"], arguments].concat(), &ci);
        text(&done.stderr).to_owned()
    };
    let ignored = "extensions in pgrehearse.yaml is ignored";
    assert!(notes(&[], "main").contains(ignored));
    assert!(notes(&["--base", "HEAD"], "").contains(ignored));
    assert!(notes(&[], "gone").contains("origin/gone is not here"));
    assert!(notes(&["--base", "gone"], "main").contains("error[cli::base]"));
    // As in the base revision: nothing to say.
    std::fs::write(inner.join("pgrehearse.yaml"), "extensions: [postgis]\n").unwrap();
    assert!(!notes(&[], "main").contains("ignored"));
    assert!(notes(&[], "gone").contains(ignored));
}

#[test]
fn a_pull_request_in_ci_is_untrusted() {
    let trust = |flag, name: &str, value: &str| {
        Trust::of(
            flag,
            &Environment::from([(name.to_owned(), value.to_owned())]),
        )
    };
    assert_eq!(
        trust(None, "GITHUB_EVENT_NAME", "pull_request_target"),
        Trust::Untrusted
    );
    assert_eq!(trust(None, "GITHUB_EVENT_NAME", "push"), Trust::Trusted);
    assert_eq!(trust(None, "CI_MERGE_REQUEST_ID", "7"), Trust::Untrusted);
    assert_eq!(
        trust(Some(false), "CI_MERGE_REQUEST_ID", "7"),
        Trust::Trusted
    );
    assert_eq!(trust(Some(true), "CI", "1"), Trust::Untrusted);
}

#[test]
fn the_written_file_holds_every_setting_with_its_default() {
    let text = settings_file("schemas/it's");
    let mut expected = Settings::defaults();
    expected.schema = Some("schemas/it's".to_owned());
    assert_eq!(
        Case {
            file: &text,
            ..CASE
        }
        .settings(),
        expected
    );
    // The same with the commented settings in force.
    let text = text.split("\n# Settings that differ").next().unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) => rest,
        _ => line,
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let in_force = text.lines().filter(|l| is_setting(l)).count();
    let groups = 8;
    assert_eq!(in_force, KEYS.len() + groups, "{text}");
    assert_eq!(
        Case {
            file: &text,
            ..CASE
        }
        .settings(),
        expected,
        "{text}"
    );
}

fn is_setting(line: &str) -> bool {
    let mut names = KEYS.iter().flat_map(|k| k.name.split('.'));
    line.split_once(':')
        .is_some_and(|(name, _)| names.any(|n| n == name.trim()))
}

#[test]
fn the_documents_have_every_setting_and_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let settings = read("docs/settings.md");
    for key in KEYS {
        let row = format!("| `{}` | `{}` |", key.name, key.default);
        assert!(settings.contains(&row), "docs/settings.md lacks {row}");
    }
    let errors = read("docs/errors.md");
    for name in [
        "src/source/error.rs",
        "src/source/database/error.rs",
        "src/cli/mod.rs",
        "src/cli/ui.rs",
        "src/cli/init.rs",
        "src/cli/config.rs",
    ] {
        let text = read(name);
        for code in text.split('"').filter(|t| is_code(t)) {
            assert!(
                errors.contains(&format!("`{code}`")),
                "docs/errors.md lacks {code}"
            );
        }
    }
}

fn is_code(text: &str) -> bool {
    let is_name = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.split_once("::")
        .is_some_and(|(module, name)| is_name(module) && is_name(name))
}

fn run(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
    command
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(folder)
        .args(args);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_program_says_what_is_wrong_and_exits_with_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let help = run(at, &["plan", "--help"], &[]);
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).starts_with("Plan the way"));
    assert!(!text(&help.stdout).contains('\u{1b}'));

    let wrong = run(at, &["plan", "--form", "x"], &[]);
    assert_eq!(wrong.status.code(), Some(2));
    let first = "error[cli::usage]: unexpected argument '--form' found\n";
    assert!(
        text(&wrong.stderr).starts_with(first),
        "{}",
        text(&wrong.stderr)
    );
    assert_eq!(run(at, &[], &[]).status.code(), Some(2));

    let none = run(at, &["status", "--json"], &[("LANG", "C")]);
    assert_eq!(none.status.code(), Some(2));
    let document: serde_json::Value = serde_json::from_slice(&none.stdout).unwrap();
    assert_eq!(document["error"]["code"], "cli::no_database");
    assert!(text(&none.stderr).is_ascii());

    let colour = run(at, &["status", "--color", "always"], &[]);
    assert!(text(&colour.stderr).contains('\u{1b}'));

    let ci = &[("CI_MERGE_REQUEST_ID", "1")];
    let untrusted = run(at, &["diff", "--from", "exec:id", "--to", "x"], ci);
    assert_eq!(untrusted.status.code(), Some(3));
}

#[test]
fn init_writes_the_settings_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["init"], &[]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let path = folder.path().join("pgrehearse.yaml");
    std::fs::write(&path, "schema: mine\n").unwrap();
    let second = run(folder.path(), &["init"], &[]);
    assert!(text(&second.stderr).contains("is there already"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), "schema: mine\n");
}
