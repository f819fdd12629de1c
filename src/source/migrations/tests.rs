use super::*;
use std::collections::BTreeMap;

/// A directory with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The tool, and each statement that is run.
fn read(files: &[(&str, &str)]) -> Result<(Tool, Vec<String>), &'static str> {
    let folder = folder(files);
    let found = read_migrations(folder.path()).map_err(|e| e.code())?;
    let texts = found
        .files
        .statements
        .iter()
        .map(|s| found.files.statement_text(s).to_owned());
    Ok((found.tool, texts.collect()))
}

fn order(files: &[(&str, &str)], tool: Tool, wanted: &[&str]) {
    let (found, texts) = read(files).unwrap();
    assert_eq!(found, tool);
    assert_eq!(texts, wanted, "{tool}");
}

#[test]
fn flyway_versions_are_numbers_repeatable_ones_come_last() {
    order(
        &[
            ("V1__a.sql", "select 1"),
            ("V1_10__c.sql", "select 3"),
            ("V1_9__b.sql", "select 2"),
            ("sub/V2__d.sql", "select 4"),
            ("U2__d.sql", "select 0"),
            ("R__views.sql", "select 6"),
            ("R__a.sql", "select 5"),
            ("beforeMigrate.sql", "select 0"),
        ],
        Tool::Flyway,
        &[
            "select 1", "select 2", "select 3", "select 4", "select 5", "select 6",
        ],
    );
    let baseline = [
        ("V1__a.sql", "select 1"),
        ("B2__b.sql", "select 2"),
        ("V2__b.sql", "select 0"),
        ("V3__c.sql", "select 3"),
    ];
    order(&baseline, Tool::Flyway, &["select 2", "select 3"]);
    let twice = [("V1__a.sql", ""), ("V1.0__b.sql", "")];
    assert_eq!(read(&twice), Err("source::same_version"));
}

#[test]
fn golang_migrate_goes_up_in_the_order_of_numbers() {
    let files = [
        ("10_c.up.sql", "select 3"),
        ("9_b.up.sql", "select 2"),
        ("9_b.down.sql", "select 0"),
        ("000001_a.up.sql", "select 1"),
        ("embed.go", "package migrations"),
    ];
    order(
        &files,
        Tool::GolangMigrate,
        &["select 1", "select 2", "select 3"],
    );
}

#[test]
fn sections_of_dbmate_and_goose_keep_their_places() {
    let dbmate = "-- migrate:up transaction:false\nselect 1;\n\n-- migrate:down\nselect 0;\n";
    order(&[("20260101_a.sql", dbmate)], Tool::Dbmate, &["select 1"]);
    let goose = "-- +goose Up\n-- +goose NO TRANSACTION\n-- +goose StatementBegin\nselect 1;\n-- +goose StatementEnd\n\
                 -- +goose Down\nselect 0;\n";
    order(&[("00001_a.sql", goose)], Tool::Goose, &["select 1"]);

    let folder = folder(&[
        ("00001_a.sql", goose),
        ("00002_b.sql", "-- +goose Up\nselect é;"),
    ]);
    let found = read_migrations(folder.path()).unwrap();
    assert!(!found.migrations[0].transactional);
    assert!(found.migrations[1].transactional);
    let last = &found.files.statements[1];
    let place = found.files.files[last.file].place(last.range.start);
    assert_eq!((place.line, place.column), (2, 1));

    let without = [("00001_a.sql", goose), ("00002_b.sql", "select 1")];
    assert_eq!(read(&without), Err("source::no_up_section"));
}

#[test]
fn sqitch_goes_by_its_plan_and_reworked_changes_by_their_tags() {
    let plan = "%syntax-version=1.0.0\n%project=shop\n\n\
                base 2026-01-01T00:00:00Z A <a@b> # first\n\
                more [base] 2026-01-02T00:00:00Z A <a@b>\n\
                @v1 2026-01-03T00:00:00Z A <a@b>\n\
                base [base@v1] 2026-01-04T00:00:00Z A <a@b> # again\n";
    let files = [
        ("sqitch.plan", plan),
        ("deploy/base@v1.sql", "select 1"),
        ("deploy/more.sql", "select 2"),
        ("deploy/base.sql", "select 3"),
        ("revert/base.sql", "select 0"),
    ];
    order(&files, Tool::Sqitch, &["select 1", "select 2", "select 3"]);
    let missing = [("sqitch.plan", "a 2026-01-01T00:00:00Z A <a@b>\n")];
    assert_eq!(read(&missing), Err("source::sqitch_plan"));
    let outside = [("sqitch.plan", "../a 2026-01-01T00:00:00Z A <a@b>\n")];
    assert_eq!(read(&outside), Err("source::sqitch_plan"));
}

#[test]
fn folders_numbers_and_a_structure_are_known() {
    let prisma = [
        ("20260102_b/migration.sql", "select 2"),
        ("20260101_a/migration.sql", "select 1"),
        ("migration_lock.toml", ""),
    ];
    order(&prisma, Tool::Prisma, &["select 1", "select 2"]);
    let diesel = [
        ("2026-01-01-000000_a/up.sql", "select 1"),
        ("2026-01-01-000000_a/down.sql", "select 0"),
    ];
    order(&diesel, Tool::Folders, &["select 1"]);
    order(
        &[("structure.sql", "select 1")],
        Tool::Structure,
        &["select 1"],
    );
    let numbered = [
        ("2-b.sql", "select 2"),
        ("10_d.sql", "select 4"),
        ("2_c.sql", "select 3"),
        ("001.sql", "select 1"),
        ("atlas.sum", ""),
    ];
    order(
        &numbered,
        Tool::Numbered,
        &["select 1", "select 2", "select 3", "select 4"],
    );
    let unnumbered = [("1.sql", ""), ("later.sql", "")];
    assert_eq!(read(&unnumbered), Err("source::no_number"));
}

#[test]
fn a_migration_that_is_code_is_no_hole() {
    let goose = [
        ("00001_a.sql", "-- +goose Up\nselect 1"),
        ("00002_b.go", "package x"),
    ];
    assert_eq!(read(&goose), Err("source::code_migration"));
    assert_eq!(
        read(&[("versions/1a2b3c4d5e6f_x.py", "")]),
        Err("source::code_migration")
    );
    assert_eq!(
        read(&[("20260101000000_x.rb", "")]),
        Err("source::code_migration")
    );
    assert_eq!(read(&[("README.md", "")]), Err("source::no_migrations"));
}

#[test]
fn marks_of_other_tools_are_read() {
    let folder = folder(&[
        ("1_a.sql", "-- atlas:txmode none\n\nselect 1;"),
        ("2_b.sql", "-- no-transaction\nselect 2;"),
        ("3_c.sql", "select 3;"),
    ]);
    let found = read_migrations(folder.path()).unwrap();
    let transactional: BTreeMap<usize, bool> = found
        .migrations
        .iter()
        .enumerate()
        .map(|(n, m)| (n, m.transactional))
        .collect();
    assert_eq!(
        transactional,
        BTreeMap::from([(0, false), (1, false), (2, true)])
    );
}
