//! The second eye of the rehearsal sees in the rows of the catalogs what no kind reads.

mod support;

use pgrehearse::pipeline;
use pgrehearse::plan::Document;
use pgrehearse::rehearse::eye::unknown_catalogs;
use pgrehearse::source::{Source, SourceFile};
use std::sync::Arc;
use support::{Live, options, outermost, server, versions};

/// Names that need quotes, too.
const SCHEMA: &str = r#"
    CREATE TABLE parent (id int PRIMARY KEY, "A name" text);
    CREATE TABLE "Child's" (id int PRIMARY KEY, "parent id" int, n int);
    ALTER TABLE "Child's" ADD CONSTRAINT "to parent" FOREIGN KEY ("parent id") REFERENCES parent;
    CREATE TABLE elsewhere (id int PRIMARY KEY, parent_id int);
    CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
"#;

fn database(server: &Arc<pgrehearse::scratch::Scratch>, sql: &str) -> Live {
    let files = vec![SourceFile::new("schema.sql", sql)];
    let files = pgrehearse::source::DesiredFiles::from_files(files).expect("files");
    Live::from_files(server, &files).expect("a database")
}

/// Changes a catalog behind the server's back.
fn by_hand(live: &Live, update: &str) {
    let sql = format!("SET allow_system_table_mods = on; {update}");
    live.client().batch_execute(&sql).expect("update a catalog");
}

fn plan(server: &Arc<pgrehearse::scratch::Scratch>, from: &Live, to: &Source) -> Document {
    let plan = pipeline::plan(&from.source(), to, &options(server)).expect("a plan");
    plan.document().clone()
}

fn only(differences: &[String]) -> &str {
    assert_eq!(differences.len(), 1, "{differences:#?}");
    &differences[0]
}

#[test]
fn every_catalog_of_every_version_is_looked_at_or_left_out_with_a_reason() {
    for version in versions() {
        let server = server(version).expect("a server");
        let live = Live::empty(&server);
        let unknown = unknown_catalogs(&mut live.client()).expect("ask");
        assert!(unknown.is_empty(), "{version}: {unknown:?}");
    }
}

#[test]
fn what_the_clone_lacks_of_live_makes_the_plan_not_rehearsed() {
    for version in outermost() {
        let server = server(version).expect("a server");
        let live = database(&server, SCHEMA);
        let new = database(
            &server,
            &format!("{SCHEMA} CREATE INDEX n ON \"Child's\" (n);"),
        );
        let document = plan(&server, &live, &new.source());
        assert!(document.is_rehearsed(), "{:?}", document.evidence);
        // Nothing that pg_dump writes, and rows that point nowhere from then on.
        by_hand(&live, r#"ALTER TABLE public."Child's" DISABLE TRIGGER ALL"#);
        let document = plan(&server, &live, &new.source());
        assert!(!document.is_rehearsed());
        for difference in &document.evidence.not_rehearsed {
            assert!(
                difference.starts_with(
                    "the clone is not as live: constraint public.\"Child's\".\"to parent\": "
                ),
                "{difference}"
            );
            assert!(difference.contains("pg_trigger"), "{difference}");
        }
        // What has nothing to do with it is rehearsed.
        let new = database(
            &server,
            &format!("{SCHEMA} CREATE INDEX e ON elsewhere (parent_id);"),
        );
        let document = plan(&server, &live, &new.source());
        assert!(document.is_rehearsed(), "{:?}", document.evidence);
    }
}

#[test]
fn what_the_result_lacks_of_the_desired_schema_is_a_residual() {
    let changes = [
        (
            "UPDATE pg_constraint SET conislocal = false WHERE conname = 'to parent'",
            "constraint public.\"Child's\".\"to parent\": conislocal of pg_constraint is true, wanted false; \
             only the rows of the catalog show it",
        ),
        (
            "UPDATE pg_class SET relispartition = true WHERE relname = 'n'",
            "index public.n: relispartition of pg_class is false, wanted true; only the rows of the catalog show it",
        ),
        (
            "UPDATE pg_attribute SET attislocal = false WHERE attname = 'parent id'",
            "column public.\"Child's\".\"parent id\": attislocal of pg_attribute is true, wanted false; \
             only the rows of the catalog show it",
        ),
    ];
    for version in outermost() {
        let server = server(version).expect("a server");
        for (update, said) in changes {
            let live = database(&server, SCHEMA);
            let new = database(
                &server,
                &format!("{SCHEMA} CREATE INDEX n ON \"Child's\" (n);"),
            );
            by_hand(&new, update);
            let document = plan(&server, &live, &new.source());
            assert_eq!(only(&document.evidence.residual), said, "{version}");
        }
    }
}

#[test]
fn a_difference_that_a_kind_sees_is_said_once() {
    let server = server(outermost()[0]).expect("a server");
    let live = database(&server, SCHEMA);
    let new = database(&server, &SCHEMA.replace("SELECT a", "SELECT a + 1"));
    let document = plan(&server, &live, &new.source());
    assert!(document.is_rehearsed(), "{:?}", document.evidence);
    assert!(
        document.evidence.residual.is_empty(),
        "{:?}",
        document.evidence
    );
}
