//! Renames from the setting, and what is said of those that are done or match nothing.

mod support;

use pgrehearse::pipeline;
use pgrehearse::plan::Document;
use pgrehearse::render::text::{self, Colour};
use pgrehearse::source::{DesiredFiles, Source, read_files};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use support::{Live, options, server, versions};

static FILES: AtomicUsize = AtomicUsize::new(0);

fn file(name: &str, sql: &str) -> PathBuf {
    // Tests run side by side.
    let n = FILES.fetch_add(1, Ordering::Relaxed);
    let folder =
        std::env::temp_dir().join(format!("pgrehearse-renames-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, sql).expect("write a file");
    path
}

fn read(path: &Path) -> DesiredFiles {
    read_files(path).expect("read the files")
}

/// The plan from `old` to `new` with the setting, and the one after it was applied.
fn plans(old: &str, new: &str, setting: &[(&str, &str)]) -> [Document; 2] {
    let version = *versions().last().expect("a version");
    let server = server(version).expect("a server");
    let live = Live::from_files(&server, &read(&file("old.sql", old))).expect("make the schema");
    let mut options = options(&server);
    for (from, to) in setting {
        options.renames.insert((*from).to_owned(), (*to).to_owned());
    }
    let to = Source::Files(file("new.sql", new));
    let first = pipeline::plan(&live.source(), &to, &options).expect("a plan");
    let first = first.document().clone();
    assert_eq!(first.evidence.residual, Vec::<String>::new());
    for (phase, result) in &first.evidence.rollback {
        assert!(
            !result.starts_with("fails") && !result.starts_with("does not"),
            "{phase}: {result}"
        );
    }
    let mut client = live.database.connect().expect("connect");
    for (_, step) in first.steps() {
        for statement in &step.statements {
            client.batch_execute(&statement.sql).expect(&step.title);
        }
    }
    let second = pipeline::plan(&live.source(), &to, &options).expect("a second plan");
    [first, second.document().clone()]
}

fn operations(document: &Document) -> Vec<&str> {
    document
        .steps()
        .map(|(_, s)| s.operation.as_str())
        .collect()
}

#[test]
fn the_setting_renames_what_has_the_name() {
    let old = "CREATE TYPE mood AS ENUM ('sad', 'so so');
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE clients (id int CONSTRAINT old_key PRIMARY KEY, \"User Name\" text, m mood DEFAULT 'sad');
        CREATE INDEX by_name ON clients (\"User Name\");";
    let new = "CREATE TYPE mood AS ENUM ('unhappy', 'so so');
        CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION g(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE customers (id int CONSTRAINT new_key PRIMARY KEY, username text, m mood DEFAULT 'unhappy');
        CREATE INDEX customers_by_name ON customers (username);";
    let [first, second] = plans(
        old,
        new,
        &[
            ("public.clients.\"User Name\"", "username"),
            ("public.clients", "customers"),
            ("public.clients.old_key", "new_key"),
            ("public.by_name", "customers_by_name"),
            ("public.mood.sad", "unhappy"),
            ("public.f", "g"),
        ],
    );
    let operations = operations(&first);
    for dropped in operations
        .iter()
        .filter(|o| o.starts_with("drop") || o.starts_with("add"))
    {
        assert_eq!(*dropped, "drop view", "{operations:?}");
    }
    assert_eq!(
        operations.iter().filter(|o| **o == "rename").count(),
        7,
        "{operations:?}"
    );
    assert!(second.is_empty(), "{:?}", self::operations(&second));
    let done = second
        .notices
        .iter()
        .filter(|n| n.ends_with("it is done"))
        .count();
    assert_eq!(done, 6, "{:?}", second.notices);
}

#[test]
fn what_matches_nothing_or_is_done_is_said_and_changes_nothing() {
    let new = "-- pgrehearse: renamed from gone
        CREATE TYPE mood AS ENUM (
            -- pgrehearse: renamed from 'nothing'
            'sad'
        );
        -- pgrehearse: renamed from before
        CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE t (a int, b int);";
    let old = "CREATE TYPE mood AS ENUM ('sad');
        CREATE FUNCTION before(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE TABLE t (a int, b int);";
    let [first, _] = plans(
        old,
        new,
        &[
            ("public.t.c", "d"),
            ("public.t.a", "b"),
            ("a b", "c"),
            ("public.t", "public.t u"),
        ],
    );
    let notices = first.notices.join("\n");
    for said in [
        "nothing to rename from type public.gone: it is done",
        "nothing to rename from type public.mood.nothing: it is done",
        "nothing to rename from function public.before(integer): live has no such object",
        "nothing to rename from public.t.c: live has no such object",
        "nothing to rename from public.t.a: it is done",
        "renames: a b is no name",
        "renames: public.t u is no name",
    ] {
        assert!(notices.contains(said), "{said} is missing in\n{notices}");
    }
    assert_eq!(operations(&first), ["create function", "drop function"]);
}

#[test]
fn a_hint_that_fits_two_functions_renames_none() {
    let old = "CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(text) RETURNS int LANGUAGE sql AS 'SELECT 1';";
    let new = "-- pgrehearse: renamed from f
        CREATE FUNCTION g(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION g(text) RETURNS int LANGUAGE sql AS 'SELECT 1';";
    let [first, _] = plans(old, new, &[]);
    let notices = first.notices.join("\n");
    assert!(
        notices.contains("fits 2 functions of the old name"),
        "{notices}"
    );
    assert!(!operations(&first).contains(&"rename"));
}

#[test]
fn a_schema_takes_along_what_is_in_it() {
    let old = "CREATE SCHEMA shop; CREATE TYPE shop.mood AS ENUM ('sad');
        CREATE TABLE shop.goods (id int PRIMARY KEY, m shop.mood);
        CREATE FUNCTION public.is_sad(shop.mood[]) RETURNS bool LANGUAGE sql AS 'SELECT true';";
    let new = old.replace("shop", "store");
    let [asked, second] = plans(old, &new, &[("shop", "store")]);
    assert_eq!(operations(&asked), ["rename"]);
    assert!(second.is_empty(), "{:?}", operations(&second));
    let said = text::plan(&asked, 80, Colour::No);
    assert!(
        said.contains("the old application must be gone before contract-1\n")
            && said.contains("the new application works from contract-1 on\n"),
        "{said}"
    );
    // Nobody says so: it is dropped and made anew, and the line to paste is said once.
    let [guessed, _] = plans(old, &new, &[]);
    assert!(operations(&guessed).contains(&"drop table"));
    let likely: Vec<&String> = guessed
        .notices
        .iter()
        .filter(|n| n.contains("-- pgrehearse: renamed from shop"))
        .collect();
    assert_eq!(likely.len(), 1, "{:?}", guessed.notices);
}

#[test]
fn a_likely_rename_is_said_whatever_the_kind() {
    let old = "CREATE TABLE t (id int CONSTRAINT t_one PRIMARY KEY, n text);
        CREATE INDEX i_one ON t (n);
        CREATE FUNCTION f_one(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE VIEW v_one AS SELECT id FROM t;
        CREATE SEQUENCE s_one;
        CREATE TYPE e_one AS ENUM ('a', 'b');
        CREATE POLICY p_one ON t USING (id > 1);
        CREATE RULE r_one AS ON DELETE TO t DO ALSO NOTHING;";
    let [guessed, _] = plans(old, &old.replace("_one", "_two"), &[]);
    let said = guessed.notices.join("\n");
    for name in ["t", "i", "f", "v", "s", "e", "p", "r"] {
        let line = format!("-- pgrehearse: renamed from {name}_one");
        assert!(said.contains(&line), "{line}: {said}");
    }
    // Another definition, or two that fit, is no likeness.
    let two =
        "CREATE TABLE t (id int, n text); CREATE INDEX a ON t (id); CREATE INDEX b ON t (id);";
    let one = "CREATE TABLE t (id int, n text); CREATE INDEX c ON t (id); CREATE INDEX d ON t (n);";
    let [guessed, _] = plans(one, two, &[]);
    assert_eq!(guessed.notices, [""; 0]);
}
