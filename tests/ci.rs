//! action.yml, its script, and the workflows of docs/ci.md.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use yaml_serde::Value;

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The fenced blocks of docs/ci.md in a language.
fn blocks(language: &str) -> Vec<String> {
    let text = read("docs/ci.md");
    let open = format!("```{language}\n");
    let parts = text.split(&open).skip(1);
    parts
        .map(|part| part.split("\n```").next().unwrap().to_owned())
        .collect()
}

/// Every value under a key `run` or `script`, at any depth.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    (Some("run"), Value::String(script)) => found.push(script.clone()),
                    (Some("script"), Value::Sequence(lines)) => {
                        found.extend(lines.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => scripts(value, found),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| scripts(item, found)),
        _ => {}
    }
}

fn documents() -> Vec<(String, Value)> {
    let mut all = vec![("action.yml".to_owned(), read("action.yml"))];
    all.extend(blocks("yaml").into_iter().map(|text| {
        let name = text.lines().next().unwrap_or_default().to_owned();
        (name, text)
    }));
    assert!(all.len() >= 6, "{all:?}");
    all.into_iter()
        .map(|(name, text)| {
            let value = yaml_serde::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            (name, value)
        })
        .collect()
}

#[test]
fn no_script_holds_an_expression() {
    for (name, document) in documents() {
        let mut found = Vec::new();
        scripts(&document, &mut found);
        for script in found {
            assert!(!script.contains("${{"), "{name}: {script}");
        }
    }
}

#[test]
fn every_workflow_says_what_its_token_may_do() {
    let mut workflows = 0;
    for (name, document) in documents() {
        let is_workflow = document.get("jobs").is_some();
        if !is_workflow {
            continue;
        }
        workflows += 1;
        let permissions = document
            .get("permissions")
            .unwrap_or_else(|| panic!("{name}"));
        let text = yaml_serde::to_string(permissions).unwrap();
        assert!(
            !text.contains("write-all") && !text.contains("contents: write"),
            "{name}"
        );
        let whole = yaml_serde::to_string(&document).unwrap();
        assert!(!whole.contains("pull_request_target"), "{name}");
    }
    assert_eq!(workflows, 4);
}

#[test]
fn every_command_is_one_of_the_program() {
    let mut lines: Vec<String> = blocks("sh");
    for (_, document) in documents() {
        scripts(&document, &mut lines);
    }
    let mut helps: BTreeMap<String, String> = BTreeMap::new();
    let mut seen = 0;
    for line in lines.iter().flat_map(|l| l.lines()).map(str::trim) {
        let Some(rest) = line.strip_prefix("pgrehearse ") else {
            continue;
        };
        seen += 1;
        let mut words = rest.split_whitespace();
        let command = words.next().unwrap().to_owned();
        let help = helps.entry(command.clone()).or_insert_with(|| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
            let out = program.args([command.as_str(), "--help"]).output().unwrap();
            assert!(out.status.success(), "{command}");
            String::from_utf8(out.stdout).unwrap()
        });
        for flag in words.filter(|w| w.starts_with("--")) {
            assert!(
                help.contains(&format!("{flag} ")) || help.contains(&format!("{flag}\n")),
                "{line}: {flag}"
            );
        }
    }
    assert!(seen >= 5, "{lines:?}");
}

/// Runs the action's script with a program that says its arguments and variables.
fn action(variables: &[(&str, &str)]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(
        at("program"),
        "#!/bin/sh\necho \"$# token=${GITHUB_TOKEN:-none} database=${DATABASE_URL:-none}\"\n\
         for a in \"$@\"; do echo \"<$a>\"; done\n\
         for a in \"$@\"; do case $a in --out=*) echo x > \"${a#--out=}\";; esac; done\n\
         [ \"$1\" != \"${FAIL:-}\" ] || exit 3\n",
    )
    .unwrap();
    let mut command = Command::new("bash");
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/action"))
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("PGREHEARSE_PROGRAM", at("run"))
        .env("GITHUB_OUTPUT", at("output"))
        .env("GITHUB_TOKEN", "secret")
        .env("DATABASE_URL", "postgres://x")
        .envs([("PLAN", "plan.yaml"), ("PHASE", "all")])
        .envs(variables.iter().copied());
    std::fs::write(
        at("run"),
        format!("#!/bin/sh\nexec sh {} \"$@\"\n", at("program").display()),
    )
    .unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(at("run"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let out = command.output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
    let output = std::fs::read_to_string(at("output")).unwrap_or_default();
    (out.status.code().unwrap(), said, output)
}

#[test]
fn the_action_passes_its_inputs_as_single_arguments() {
    let (code, said, output) = action(&[
        ("COMMAND", "comment"),
        ("FROM", "git:refs/x:$(touch evil)"),
        ("TO", "a b; exit 9"),
        ("ENVIRONMENT", "staging"),
        ("BASE_REF", "main\n--evil"),
        ("ARGUMENTS", "--set=drops.wait=14d\n\n--set=x=`id`\n"),
    ]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        said,
        "7 token=none database=postgres://x\n<plan>\n<--out=plan.yaml>\n\
         <--from=git:refs/x:$(touch evil)>\n<--to=a b; exit 9>\n<--env=staging>\n\
         <--base=refs/pgrehearse/base>\n<--set=drops.wait=14d>\n<--set=x=`id`>\n\
         3 token=secret database=none\n<comment>\n<--plan=staging=plan.yaml>\n<--post=github>\n"
            .replacen("7 token", "8 token", 1)
    );
    assert_eq!(output, "plan=plan.yaml\nexit-code=0\n");
}

#[test]
fn a_plan_that_is_not_proved_is_shown_and_fails_the_job() {
    let (code, said, output) = action(&[("COMMAND", "comment"), ("FAIL", "plan")]);
    assert_eq!(code, 3);
    assert!(said.contains("<comment>"), "{said}");
    assert!(output.contains("exit-code=3"));
    let (code, said, _) = action(&[("COMMAND", "apply"), ("PHASE", "expand")]);
    assert_eq!(code, 0);
    assert!(
        said.contains("<--phase=expand>\n<--yes>\n") && !said.contains("<plan>"),
        "{said}"
    );
    assert_eq!(action(&[("COMMAND", "rm -rf /")]).0, 2);
}
