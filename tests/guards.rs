//! The rules of the house, read from the source text.

use std::collections::BTreeSet;
use std::path::Path;

/// The folders (or single files) of src, lower ones first. Each may use those before it.
const LAYERS: &[&str] = &[
    "pg", "kinds", "catalog", "source", "scratch", "diff", "plan", "strategy", "order", "rehearse",
    "data", "render", "apply", "pipeline", "cli",
];

/// Uses of a higher layer: file, layer, why.
const UPWARD: &[(&str, &str, &str)] = &[(
    "render/difference.rs",
    "pipeline",
    "prints the result of `diff` and `check`, which the pipeline makes; nothing there calls it",
)];

/// Files of generic stages that may name a kind, and why.
const NAMES_KINDS: &[(&str, &str)] = &[
    (
        "render/difference.rs",
        "a column is shown below its table, a comment below its object",
    ),
    (
        "render/schema.rs",
        "the folders of a written tree are named after kinds",
    ),
    (
        "diff/rename.rs",
        "RENAME is spelt differently for each kind",
    ),
    (
        "diff/rename/schema.rs",
        "where the name of a schema stands in an identity differs by kind",
    ),
    (
        "apply/audit.rs",
        "a column is named in other ways than a table",
    ),
    (
        "apply/preflight/rights.rs",
        "who owns an object is asked in another catalog for each kind",
    ),
    (
        "apply/preflight/superuser.rs",
        "what an extension makes belongs to a superuser, whatever kind it is",
    ),
    (
        "apply/preflight/given.rs",
        "a new owner needs CREATE on the schema, that of a schema or publication on the database",
    ),
];

/// Files outside of src/cli that may print, read the environment or exit, and why.
const TOUCHES_PROCESS: &[(&str, &str)] = &[
    ("main.rs", "gives the exit code to the system"),
    (
        "pipeline/desired.rs",
        "the program's own file decides whether a kept catalog is of this build",
    ),
    (
        "scratch/folder.rs",
        "a signal ends the process after the scratch servers are gone",
    ),
];

const LINES: usize = 600;

struct File {
    /// Below src, with `/`.
    name: String,
    text: String,
    /// Without comments and without the tests at its end.
    code: String,
}

impl File {
    fn layer(&self) -> &str {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The lines of code that contain one of `words`, with their numbers.
    fn lines_with<'a>(&'a self, words: &'a [&str]) -> impl Iterator<Item = (usize, &'a str)> {
        let lines = self.code.lines().enumerate().map(|(n, line)| (n + 1, line));
        lines.filter(|(_, line)| words.iter().any(|w| line.contains(w)))
    }
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("read src") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(&root)
                .expect("below src")
                .display()
                .to_string();
            if name.ends_with("tests.rs") || !name.ends_with(".rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("read a source file");
            let own = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let code = own
                .lines()
                .map(|line| {
                    if line.trim_start().starts_with("//") {
                        ""
                    } else {
                        line
                    }
                })
                .collect::<Vec<_>>()
                .join("\n");
            files.push(File { name, text, code });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(files.len() > 80, "src was not found");
    files
}

fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

/// Entries of a list of exceptions that are not needed any more.
fn unused(listed: impl Iterator<Item = String>, used: &BTreeSet<String>) -> Vec<String> {
    listed.filter(|name| !used.contains(name)).collect()
}

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn layers_use_only_lower_ones() {
    let rank = |layer: &str| LAYERS.iter().position(|l| *l == layer);
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|f| rank(f.layer()).is_some()) {
        let own = rank(file.layer());
        for (n, piece) in file.code.split("crate::").enumerate().skip(1) {
            let inside = piece.strip_prefix('{').and_then(|p| p.split('}').next());
            let names = inside.unwrap_or(piece).split(',').map(str::trim);
            let take = if inside.is_some() { usize::MAX } else { 1 };
            for name in names.take(take) {
                let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                let layer = name.split(word).next().unwrap_or_default();
                if rank(layer) <= own {
                    continue;
                }
                let listed = UPWARD
                    .iter()
                    .any(|(f, l, _)| *f == file.name && *l == layer);
                used.insert(format!("{} → {layer}", file.name));
                if !listed {
                    found.push(format!("{}: use {n}: {layer} is a higher layer", file.name));
                }
            }
        }
    }
    report("a layer uses a higher one", &found);
    let listed = UPWARD.iter().map(|(f, l, _)| format!("{f} → {l}"));
    report("exceptions that are not needed", &unused(listed, &used));
}

#[test]
fn every_folder_has_a_layer() {
    let known: BTreeSet<&str> = LAYERS.iter().copied().chain(["lib", "main"]).collect();
    let found: Vec<String> = files()
        .iter()
        .map(|f| f.layer().to_owned())
        .filter(|l| !known.contains(l.as_str()))
        .collect();
    report("folders of src without a place in LAYERS", &found);
}

#[test]
fn stages_name_no_kind() {
    let stages = ["diff", "order", "plan", "apply", "render"];
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|f| stages.contains(&f.layer())) {
        for (n, line) in file.lines_with(&["Object::", "KindTag::"]) {
            let kind = |rest: &str| {
                rest.starts_with(|c: char| c.is_ascii_uppercase()) && !rest.starts_with("ALL")
            };
            let names = line
                .match_indices("Object::")
                .map(|(i, m)| &line[i + m.len()..]);
            let tags = line
                .match_indices("KindTag::")
                .map(|(i, m)| &line[i + m.len()..]);
            if !names.chain(tags).any(kind) {
                continue;
            }
            used.insert(file.name.clone());
            if !NAMES_KINDS.iter().any(|(f, _)| *f == file.name) {
                found.push(format!("{}:{n}: {}", file.name, line.trim()));
            }
        }
    }
    report("a stage names a kind", &found);
    let listed = NAMES_KINDS.iter().map(|(f, _)| (*f).to_owned());
    report("exceptions that are not needed", &unused(listed, &used));
}

#[test]
fn only_the_command_line_prints_reads_the_environment_or_exits() {
    let words = [
        "println!",
        "print!(",
        "eprint!(",
        "dbg!(",
        "io::stdout",
        "io::stderr",
        "env::var",
        "env::args",
        "env::temp_dir",
        "env::home_dir",
        "env::current_",
        "env::set_",
        "process::exit",
        "ExitCode",
    ];
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for file in files().iter().filter(|f| f.layer() != "cli") {
        for (n, line) in file.lines_with(&words) {
            used.insert(file.name.clone());
            if !TOUCHES_PROCESS.iter().any(|(f, _)| *f == file.name) {
                found.push(format!("{}:{n}: {}", file.name, line.trim()));
            }
        }
    }
    report("something besides src/cli touches the process", &found);
    let listed = TOUCHES_PROCESS.iter().map(|(f, _)| (*f).to_owned());
    report("exceptions that are not needed", &unused(listed, &used));
}

#[test]
fn nothing_unwraps() {
    let mut found = Vec::new();
    for file in files() {
        for (n, line) in file.lines_with(&[
            ".unwrap()",
            ".expect(",
            "panic!(",
            "todo!(",
            "unimplemented!(",
        ]) {
            found.push(format!("{}:{n}: {}", file.name, line.trim()));
        }
    }
    report("a panic for what a user may cause", &found);
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for file in files() {
        let lines = file.text.lines().count();
        if lines > LINES {
            found.push(format!("{} has {lines} lines", file.name));
        }
    }
    report("files that are too long", &found);
}

#[test]
fn every_kind_has_a_file_and_a_coverage_row() {
    let coverage = document("docs/coverage.md");
    let mut slugs: BTreeSet<String> = BTreeSet::new();
    for kind in pgrehearse::kinds::KindTag::ALL {
        slugs.insert(kind.slug().to_owned());
        let row = format!("| `{}` | `exists` |", kind.slug());
        assert!(coverage.contains(&row), "docs/coverage.md has no row {row}");
    }
    let found: Vec<String> = files()
        .iter()
        .filter_map(|f| {
            f.name
                .strip_prefix("kinds/")?
                .strip_suffix(".rs")
                .map(str::to_owned)
        })
        // What is in a folder belongs to the kind that the folder is called after.
        .filter(|f| {
            ![
                "mod",
                "id",
                "attribute",
                "described",
                "fragment",
                "hazard",
                "name",
            ]
            .contains(&f.as_str())
                && !f.contains('/')
        })
        // `enum` is a keyword.
        .map(|f| {
            if f == "enumeration" {
                "enum".to_owned()
            } else {
                f.replace('_', "-")
            }
        })
        .filter(|slug| !slugs.contains(slug))
        .collect();
    report("files of src/kinds that are no kind", &found);
}

#[test]
fn every_unmodelled_thing_is_in_the_coverage_table() {
    let coverage = document("docs/coverage.md");
    let file = files()
        .into_iter()
        .find(|f| f.name == "catalog/unmodeled.rs");
    let code = file.expect("catalog/unmodeled.rs").code;
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for line in code.lines().map(str::trim) {
        // Names stand as 'name' in SQL and as the first argument of `global`.
        for call in ["global(\"", "SELECT '", "named(\"'", "THEN '", "ELSE '"] {
            for (at, _) in line.match_indices(call) {
                let rest = &line[at + call.len()..];
                names.extend(rest.split(['\'', '"']).next().filter(|n| !n.contains('{')));
            }
        }
    }
    assert!(
        names.len() > 3,
        "catalog/unmodeled.rs is not understood: {names:?}"
    );
    let found: Vec<String> = names
        .into_iter()
        .filter(|n| !n.is_empty() && !coverage.contains(&format!("`{}`", n.trim())))
        .map(str::to_owned)
        .collect();
    report(
        "unmodelled things that docs/coverage.md does not name",
        &found,
    );
}

#[test]
fn every_error_code_has_a_row() {
    let errors = document("docs/errors.md");
    let modules = [
        "apply",
        "catalog",
        "cli",
        "comment",
        "connect",
        "desired",
        "plan",
        "post",
        "preflight",
        "rehearse",
        "scratch",
        "server",
        "settings",
        "source",
    ];
    let mut found = BTreeSet::new();
    for file in files() {
        for literal in file.code.split('"').skip(1).step_by(2) {
            let Some((module, name)) = literal.split_once("::") else {
                continue;
            };
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            if modules.contains(&module)
                && !name.is_empty()
                && name.chars().all(plain)
                && !errors.contains(&format!("| `{literal}` |"))
            {
                found.insert(format!("{literal} ({})", file.name));
            }
        }
    }
    report(
        "error codes without a row in docs/errors.md",
        &found.into_iter().collect::<Vec<_>>(),
    );
}
