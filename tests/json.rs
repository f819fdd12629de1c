//! `--json`: the result of every command is one JSON document on standard output. And what needs no database at all:
//! completions, manual pages.

mod support;

use serde_json::Value;
use support::world::{Said, World, run_in};
use tempfile::TempDir;

fn one_document(said: &Said) -> Value {
    serde_json::from_str(&said.out).unwrap_or_else(|e| panic!("not one document: {e}\n{said}"))
}

#[test]
fn every_command_prints_one_document() {
    let world = World::new("CREATE TABLE t (a int PRIMARY KEY, b text);");
    world.write(
        "new.sql",
        "CREATE TABLE t (a int PRIMARY KEY, b text, c text);",
    );
    world.write("a.sql", "ALTER TABLE t ADD d text;");
    let run = |arguments: &[&str], code: i32, key: &str| {
        let mut all = arguments.to_vec();
        all.push("--json");
        let said = world.run(&all);
        assert_eq!(said.code, code, "{all:?}: {said}");
        let found = one_document(&said);
        assert!(found.get(key).is_some(), "{all:?}: no {key}: {said}");
        found
    };
    let found = run(&["init", "--dir", "made"], 0, "written");
    let written = found["written"].as_array().expect("a list").len();
    assert!(written > 1, "{found}");
    run(&["init", "--dir", "made"], 0, "written");
    run(&["plan", "--to", "new.sql"], 0, "phases");
    run(&["plan", "--to", "new.sql", "--out", "p.yaml"], 0, "phases");
    run(&["plan", "--to", "new.sql", "--exit-code"], 4, "phases");
    run(&["diff", "--to", "new.sql"], 0, "differences");
    run(&["check", "--to", "new.sql"], 4, "differences");
    run(&["rehearse", "a.sql"], 0, "transactions");
    run(&["comment", "--plan", "p.yaml"], 0, "comment");
    run(&["inspect"], 0, "objects");
    run(&["inspect", "--tree", "tree"], 0, "written");
    run(&["inspect", "--out", "one.sql"], 0, "written");
    run(&["apply", "--plan", "p.yaml", "--dry-run"], 0, "state");
    run(&["apply", "--plan", "p.yaml", "--yes"], 0, "state");
    run(&["status"], 0, "plans");
    run(&["rollback", "--yes"], 0, "undone");
    run(&["completions", "bash"], 0, "script");
    run(&["man"], 0, "page");
    run(&["man", "--dir", "pages"], 0, "written");
    // Errors are a document as well.
    run(&["plan", "--to", "missing.sql"], 2, "error");
    run(&["rehearse", "missing.sql"], 2, "error");
    run(&["completions", "tcsh"], 2, "error");
}

#[test]
fn completions_and_pages_need_neither_settings_nor_database() {
    let folder = TempDir::new().expect("a folder");
    std::fs::write(folder.path().join("pgrehearse.yaml"), "no setting: [").expect("write a file");
    let run = |arguments: &[&str]| run_in(folder.path(), None, arguments);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = run(&["completions", shell]).exits(0);
        for word in [
            "pgrehearse",
            "rehearse",
            "allow-blocking",
            "single-transaction",
        ] {
            assert!(said.out.contains(word), "{shell} lacks {word}");
        }
    }
    let said = run(&["man"]).exits(0);
    assert!(said.out.contains(".TH pgrehearse 1"), "{said}");
    run(&["man", "--dir", "pages"]).exits(0);
    let page = |name: &str| {
        std::fs::read_to_string(folder.path().join("pages").join(name)).expect("a page")
    };
    assert!(page("pgrehearse.1").contains("rehearse"));
    assert!(page("pgrehearse-plan.1").contains("exit\\-code"));
    assert!(page("pgrehearse-rehearse.1").contains("single\\-transaction"));
}

#[test]
fn completions_of_bash_are_bash() {
    let folder = TempDir::new().expect("a folder");
    let said = run_in(folder.path(), None, &["completions", "bash"]).exits(0);
    let script = folder.path().join("c.bash");
    std::fs::write(&script, &said.out).expect("write a file");
    let asked = "source c.bash; COMP_WORDS=(pgrehearse re); COMP_CWORD=1; _pgrehearse pgrehearse re pgrehearse; \
                 echo \"${COMPREPLY[@]}\"";
    let Ok(output) = std::process::Command::new("bash")
        .args(["-c", asked])
        .current_dir(folder.path())
        .output()
    else {
        return;
    };
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        words.trim(),
        "rehearse",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
