//! inspect → scratch → inspect is equal: for every schema of tests/cases and for the shop.

#[path = "support/round_trip.rs"]
mod round_trip;
mod support;

use pgrehearse::catalog::{Catalog, Live as LiveSide, ReadError, Reader};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::Options;
use pgrehearse::scratch::elaborate::elaborate;
use pgrehearse::source::read_files;
use round_trip::{Forms, comes_back, inspect};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use support::{Live, options, server, trusted_server};

const VERSION: ServerVersion = ServerVersion::V17;

#[test]
fn the_shop_reads_back_as_one_file_and_as_a_tree() {
    let server = server(VERSION).expect("a server");
    let options = options(&server);
    for version in ["v1", "v2"] {
        round_trip(
            &Path::new("schemas/shop").join(version),
            &options,
            Forms::All,
        )
        .unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn every_case_reads_back_as_one_file_and_as_a_tree() {
    let server = server(VERSION).expect("a server");
    let trusted = options(&trusted_server(VERSION).expect("a server"));
    let options = options(&server);
    let mut failed = Vec::new();
    let mut files = Vec::new();
    collect(Path::new("tests/cases"), &mut files);
    assert!(!files.is_empty(), "no cases");
    // Every sixth takes the time that there is.
    let step = if support::is_whole() { 1 } else { 6 };
    for (n, file) in files.iter().enumerate().step_by(step) {
        // The other forms cost three times as much and hold the same objects.
        let forms = if n % 24 == 0 {
            Forms::All
        } else {
            Forms::OneFile
        };
        let case = std::fs::read_to_string(file.with_file_name("case.toml")).unwrap_or_default();
        let options = match case.contains("trusted = true") {
            true => &trusted,
            false => &options,
        };
        if let Err(message) = round_trip(file, options, forms) {
            failed.push(message);
        }
    }
    assert!(
        failed.is_empty(),
        "{} failed:\n{}",
        failed.len(),
        failed.join("\n\n")
    );
}

#[test]
fn the_file_runs_in_an_empty_database() {
    let server = server(VERSION).expect("a server");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("schema.sql");
    let sql = "CREATE TABLE public.t (id int);
        CREATE FUNCTION public.f() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.t';";
    std::fs::write(&path, sql).expect("write");
    let found = inspect(&path, &options(&server)).expect("inspect");
    let text = pgrehearse::render::schema::file(&found.catalog, &found.steps);
    let live = Live::empty(&server);
    let run = live.client().batch_execute(&text);
    run.unwrap_or_else(|e| panic!("{e:?}\n{text}"));
}

/// The old.sql and new.sql of the cases that this version has.
#[test]
fn two_sessions_read_the_same_catalog_as_one() {
    let server = server(ServerVersion::V17).expect("a server");
    let live = Live::empty(&server);
    let files = read_files(Path::new("schemas/shop/v2")).expect("read the shop");
    elaborate(&live.database, &files).expect("run the shop");
    let scope = options(&server).scope;
    let mut client = live.client();
    let mut read = |reader: Reader| -> Catalog<LiveSide> {
        let mut reader = reader;
        reader.read(&mut client, &scope).expect("read")
    };
    let one = read(Reader::new());
    assert!(one.objects.len() > 100, "{}", one.objects.len());
    assert!(read(Reader::new().beside(live.client())) == one);
    // A session of another database cannot have the snapshot: the first one reads it all.
    let elsewhere = Live::empty(&server);
    assert!(read(Reader::new().beside(elsewhere.client())) == one);
    // What began before the reading ends is seen by neither session or by both.
    let mut writer = live.client();
    let mut open = writer.transaction().expect("begin");
    open.batch_execute("CREATE TABLE not_yet (id bigint PRIMARY KEY)")
        .expect("create a table");
    assert!(read(Reader::new().beside(live.client())) == one);
    open.commit().expect("commit");
    let later = read(Reader::new().beside(live.client()));
    assert_eq!(later.objects.len(), one.objects.len() + 3);
}

#[test]
fn a_schema_that_changes_meanwhile_is_read_as_it_was_at_one_moment() {
    let server = server(ServerVersion::V17).expect("a server");
    let live = Live::empty(&server);
    live.client()
        .batch_execute("CREATE TABLE t (was int, CONSTRAINT small CHECK (was < 10))")
        .expect("a table");
    let scope = options(&server).scope;
    let done = AtomicBool::new(false);
    let mut torn = Vec::new();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut writer = live.client();
            while !done.load(Ordering::Relaxed) {
                for rename in ["was TO is_now", "is_now TO was"] {
                    let rename = format!("ALTER TABLE t RENAME {rename}");
                    writer.batch_execute(&rename).expect("rename the column");
                    std::thread::sleep(std::time::Duration::from_millis(3));
                }
            }
        });
        let mut client = live.client();
        let readers = [Reader::new(), Reader::new().beside(live.client())];
        for mut reader in readers {
            for _ in 0..20 {
                let catalog: Catalog<LiveSide> = match reader.read(&mut client, &scope) {
                    Ok(catalog) => catalog,
                    Err(ReadError::Changing) => continue,
                    Err(error) => {
                        torn.push(error.to_string());
                        continue;
                    }
                };
                let text = |kind: KindTag, path: &[&str]| {
                    let id = ObjectId::new(kind, path.iter().copied());
                    catalog.get(&id).map(|o| format!("{o:?}"))
                };
                let column = text(KindTag::Column, &["public", "t", "was"]);
                let check = text(KindTag::Constraint, &["public", "t", "small"]);
                let check = check.unwrap_or_default();
                if column.is_some() != check.contains("(was < 10)") {
                    torn.push(check);
                }
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(torn.is_empty(), "{torn:#?}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    let case = std::fs::read_to_string(folder.join("case.toml")).unwrap_or_default();
    let bound = |name: &str| {
        let line = case.lines().find_map(|l| l.trim().strip_prefix(name));
        line.and_then(|l| l.trim().strip_prefix('=')?.trim().parse::<u32>().ok())
    };
    let here = VERSION.major();
    if bound("min_version").is_some_and(|m| here < m)
        || bound("max_version").is_some_and(|m| here > m)
    {
        return;
    }
    for path in paths {
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            collect(&path, files);
        } else if ["old.sql", "new.sql"].contains(&name) {
            files.push(path);
        }
    }
}

fn round_trip(path: &Path, options: &Options, forms: Forms) -> Result<(), String> {
    let fail = |what: &str, e: &dyn std::fmt::Display| format!("{}: {what}: {e}", path.display());
    let first = inspect(path, options).map_err(|e| fail("first", &e))?;
    comes_back(first, options, forms).map_err(|e| fail("round trip", &e))
}
