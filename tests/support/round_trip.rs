//! inspect → scratch → inspect, in all forms that a schema is written in.

use pgrehearse::kinds::ObjectId;
use pgrehearse::pipeline::{self, Inspected, Options};
use pgrehearse::render::schema;
use pgrehearse::source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq)]
pub enum Forms {
    OneFile,
    All,
}

/// The schema that was inspected is written, run and inspected again.
pub fn comes_back(mut first: Inspected, options: &Options, forms: Forms) -> Result<(), String> {
    let fail = |what: &str, e: &dyn std::fmt::Display| format!("{what}: {e}");
    // Roles belong to no database: the files may make them, no text of ours does.
    first.catalog.unmodeled.retain(|u| u.what != "role");
    let text = schema::file(&first.catalog, &first.steps);

    let folder = tempfile::TempDir::new().map_err(|e| fail("folder", &e))?;
    let one = folder.path().join("one.sql");
    std::fs::write(&one, &text).map_err(|e| fail("write", &e))?;
    let again = inspect(&one, options).map_err(|e| fail("one file", &format!("{e}\n{text}")))?;
    same(&first, &again, &text).map_err(|e| fail("one file", &e))?;
    let second = schema::file(&again.catalog, &again.steps);
    if text != second {
        return Err(fail(
            "one file",
            &format!("the texts differ:\n{}", unified(&text, &second)),
        ));
    }

    if forms == Forms::OneFile {
        return Ok(());
    }
    let tree = folder.path().join("tree");
    let files: BTreeMap<PathBuf, String> = schema::tree(&first.catalog, &first.steps);
    for (name, text) in &files {
        let place = tree.join(name);
        std::fs::create_dir_all(place.parent().unwrap_or(&tree)).map_err(|e| fail("tree", &e))?;
        std::fs::write(place, text).map_err(|e| fail("tree", &e))?;
    }
    if !files.is_empty() {
        let again = inspect(&tree, options).map_err(|e| fail("tree", &e))?;
        same(&first, &again, &text).map_err(|e| fail("tree", &e))?;
        if schema::tree(&again.catalog, &again.steps) != files {
            return Err(fail("tree", &"the files differ"));
        }
    }

    for (name, text) in [
        (
            "s.yaml",
            yaml_serde::to_string(&first.catalog).map_err(|e| fail("yaml", &e))?,
        ),
        (
            "s.json",
            serde_json::to_string(&first.catalog).map_err(|e| fail("json", &e))?,
        ),
    ] {
        let place = folder.path().join(name);
        std::fs::write(&place, text).map_err(|e| fail(name, &e))?;
        let again = inspect(&place, options).map_err(|e| fail(name, &e))?;
        same(&first, &again, "").map_err(|e| fail(name, &e))?;
    }
    Ok(())
}

pub fn inspect(path: &Path, options: &Options) -> Result<Inspected, String> {
    let source = Source::parse(&path.display().to_string()).map_err(|e| e.to_string())?;
    pipeline::inspect(&source, options).map_err(|e| format!("{e} {:?}", e.help()))
}

fn same(a: &Inspected, b: &Inspected, text: &str) -> Result<(), String> {
    let ids = a.catalog.objects.keys().chain(b.catalog.objects.keys());
    let ids = ids
        .cloned()
        .collect::<std::collections::BTreeSet<ObjectId>>();
    let differences = pgrehearse::rehearse::differences(&b.catalog, &a.catalog, &ids);
    match differences.is_empty() {
        true => Ok(()),
        false => Err(format!("{}\n{text}", differences.join("\n"))),
    }
}

fn unified(a: &str, b: &str) -> String {
    let diff = similar::TextDiff::from_lines(a, b);
    diff.unified_diff().context_radius(1).to_string()
}
