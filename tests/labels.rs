//! Security labels on servers that have their provider, which no scratch server has.
#![cfg(target_os = "linux")] // the library is built for the servers of Linux

#[path = "support/steps.rs"]
mod steps;
mod support;

use pgrehearse::apply::{ApplyError, Level};
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline;
use pgrehearse::plan::Document;
use pgrehearse::source::{Source, read_files};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use support::{Live, options, outermost, server};

/// The library for `version`; every user of this machine may read it.
fn provider(version: ServerVersion, folder: &tempfile::TempDir) -> PathBuf {
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("permissions");
    let library = folder.path().join("anon.so");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command
        .args(["--edition=2024", "--crate-type=cdylib", "-Cpanic=abort"])
        .arg(format!("--cfg=pg{}", version.major()))
        .arg("-o")
        .arg(&library)
        .arg("tests/labels/provider.rs");
    let built = command.output().expect("rustc runs");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    library
}

const OLD: &str = "
CREATE TABLE people (id int PRIMARY KEY, mail varchar(90), note text);
SECURITY LABEL FOR anon ON COLUMN people.mail IS 'MASKED WITH VALUE NULL';
SECURITY LABEL FOR anon ON COLUMN people.note IS 'MASKED WITH VALUE ''x''';
";

const NEW: &str = "
CREATE TABLE people (id bigint PRIMARY KEY, mail varchar(20), note text);
CREATE VIEW mails AS SELECT mail FROM people;
SECURITY LABEL FOR anon ON COLUMN people.mail IS 'MASKED WITH VALUE NULL';
SECURITY LABEL FOR anon ON COLUMN people.id IS 'MASKED WITH VALUE 0';
SECURITY LABEL FOR anon ON VIEW mails IS 'a view';
";

fn plan(live: &Live, text: &str, version: ServerVersion) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.sql");
    std::fs::write(&file, text).expect("write");
    let scratch = server(version).expect("a server");
    let plan = pipeline::plan(&live.source(), &Source::Files(file), &options(&scratch));
    plan.expect("a plan").document().clone()
}

fn live(version: ServerVersion, text: &str) -> Live {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.sql");
    std::fs::write(&file, text).expect("write");
    let scratch = server(version).expect("a server");
    Live::from_files(&scratch, &read_files(&file).expect("read")).expect("the tables")
}

fn labels(live: &Live) -> Vec<String> {
    let rows = live.client().query(
        "SELECT provider || ': ' || objname || ': ' || label FROM pg_seclabels ORDER BY 1",
        &[],
    );
    rows.expect("the labels")
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// From now on the sessions of `live` have the provider.
fn load(live: &Live, version: ServerVersion, folder: &tempfile::TempDir) {
    let library = provider(version, folder);
    let name = live.database.name();
    let set = format!(
        "ALTER DATABASE {name} SET session_preload_libraries = '{}'",
        library.display()
    );
    live.client().batch_execute(&set).expect("set");
}

#[test]
fn labels_are_given_where_their_provider_is_and_taken_back() {
    for version in outermost() {
        let folder = tempfile::tempdir().expect("a folder");
        let live = live(version, OLD);
        let before = labels(&live);
        assert_eq!(before.len(), 2);
        let rows = "INSERT INTO people SELECT g, 'm' || g, 'n' FROM generate_series(1, 100) g";
        live.client().batch_execute(rows).expect("rows");
        let document = plan(&live, NEW, version);
        let said = document.notices.join("\n");
        assert!(
            said.contains("security labels of anon: the rehearsal writes them down"),
            "{said}"
        );

        // Where it is missing, nothing is run.
        match steps::run(&live.config, &document, &steps::options()) {
            Err(ApplyError::Refused { findings }) => {
                assert_eq!(findings[0].level, Level::Refuse);
                assert_eq!(findings[0].code, "preflight::label_provider");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(labels(&live), before);

        load(&live, version, &folder);
        steps::run(&live.config, &document, &steps::options()).expect("applied");
        let after = [
            "anon: mails: a view",
            "anon: people.id: MASKED WITH VALUE 0",
            "anon: people.mail: MASKED WITH VALUE NULL",
        ];
        assert_eq!(labels(&live), after);
        assert!(plan(&live, NEW, version).is_empty());

        let back = plan(&live, OLD, version);
        steps::run(&live.config, &back, &steps::options()).expect("applied back");
        assert_eq!(labels(&live), before);
    }
}

#[test]
fn a_label_that_the_provider_refuses_stops_the_phase_and_says_so() {
    for version in outermost() {
        let folder = tempfile::tempdir().expect("a folder");
        let live = live(version, "CREATE TABLE t (a int);");
        let wanted = "CREATE TABLE t (a int); SECURITY LABEL FOR anon ON TABLE t IS 'refused';";
        let document = plan(&live, wanted, version);
        load(&live, version, &folder);
        let error = steps::run(&live.config, &document, &steps::options()).expect_err("refused");
        let said = error.to_string();
        assert!(said.contains("anon does not take this label"), "{said}");
        assert_eq!(labels(&live), Vec::<String>::new());
    }
}
