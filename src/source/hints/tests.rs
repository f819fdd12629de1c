use super::*;
use crate::source::scan::scan;
use proptest::prelude::*;

fn hints(sql: &str) -> Result<Vec<Hint>, SourceError> {
    let scan = scan(sql).expect("the text can be split");
    read(&SourceFile::new("a.sql", sql), &scan)
}

fn problem(sql: &str) -> HintProblem {
    match hints(sql) {
        Err(SourceError::Hint { problem, .. }) => problem,
        other => panic!("no problem found: {other:?}"),
    }
}

fn path(name: &str) -> Vec<String> {
    name.split('.').map(str::to_owned).collect()
}

fn object(kind: &str, name: &str) -> HintTarget {
    HintTarget::Object {
        kind: kind.to_owned(),
        name: path(name),
    }
}

fn column(table: &str, column: &str) -> HintTarget {
    HintTarget::Column {
        table: path(table),
        column: column.to_owned(),
    }
}

#[test]
fn the_example_of_the_manual_is_read() {
    let sql = "
CREATE TABLE users (
    id bigint PRIMARY KEY,
    -- pgrehearse: renamed from user_name
    username text NOT NULL,
    -- pgrehearse: backfill (lower(email))
    Login text NOT NULL DEFAULT f(1, 2),
    -- pgrehearse: convert using (status::order_status) reverse (status::text)
    \"Status\" order_status NOT NULL,
    -- pgrehearse: renamed from users_login_key
    CONSTRAINT login_key UNIQUE (login)
);
-- pgrehearse: split from users (display_name, avatar_url) on user_profiles.user_id = users.id
CREATE TABLE user_profiles (a int);";
    let found = hints(sql).unwrap();
    let targets: Vec<_> = found.iter().map(|h| h.target.clone()).collect();
    assert_eq!(
        targets,
        [
            column("public.users", "username"),
            column("public.users", "login"),
            column("public.users", "Status"),
            object("constraint", "public.users.login_key"),
            object("table", "public.user_profiles"),
        ]
    );
    assert_eq!(found[0].place.line, 4);
    assert_eq!(
        found[2].verb,
        Verb::Convert {
            using: "status::order_status".to_owned(),
            reverse: Some("status::text".to_owned()),
        }
    );
    assert_eq!(
        found[4].verb,
        Verb::Split(Moved {
            from: path("public.users"),
            columns: path("display_name.avatar_url"),
            on: "user_profiles.user_id = users.id".to_owned(),
        })
    );
}

#[test]
fn several_hints_and_continuations_have_one_target() {
    let sql = "create table t (
  -- pgrehearse: renamed from a
  -- pgrehearse: convert using (
  -- pgrehearse+   a::int
  -- pgrehearse+ )
  -- an ordinary comment
  b int);";
    let found = hints(sql).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].target, column("public.t", "b"));
    let convert = Verb::Convert {
        using: "a::int".to_owned(),
        reverse: None,
    };
    assert_eq!(found[1].verb, convert);
}

#[test]
fn a_merge_is_read_like_a_split_and_is_for_tables_only() {
    let sql = "set search_path = app;
-- pgrehearse: merge from profiles (\"Name\") on profiles.user_id = users.id
create table users (id int);";
    let merge = Verb::Merge(Moved {
        from: path("app.profiles"),
        columns: path("Name"),
        on: "profiles.user_id = users.id".to_owned(),
    });
    assert_eq!(hints(sql).unwrap()[0].verb, merge);
    assert!(matches!(
        problem("-- pgrehearse: merge from a (b) on a.x = v.x\ncreate view v as select 1;"),
        HintProblem::WrongTarget { verb: "merge", .. }
    ));
    assert!(matches!(
        problem("-- pgrehearse: merge from a (b)\ncreate table t (b int);"),
        HintProblem::Malformed { .. }
    ));
}

#[test]
fn every_kind_gets_its_path() {
    let cases = [
        (
            "create unlogged table if not exists App.T ()",
            object("table", "app.t"),
        ),
        (
            "create materialized view v as select 1",
            object("materialized view", "s.v"),
        ),
        (
            "create or replace function f(a int) returns int",
            object("function", "s.f"),
        ),
        (
            "create unique index concurrently i on only b.t (x)",
            object("index", "b.i"),
        ),
        (
            "create trigger g after insert on t execute function f()",
            object("trigger", "s.t.g"),
        ),
        (
            "create rule r as on insert to t do nothing",
            object("rule", "s.t.r"),
        ),
        ("create schema x", object("schema", "x")),
        (
            "alter table only t add constraint c check (true)",
            object("constraint", "s.t.c"),
        ),
        (
            "alter table t add column if not exists c int",
            column("s.t", "c"),
        ),
    ];
    for (sql, target) in cases {
        let text = format!("set search_path = s;\n-- pgrehearse: renamed from old\n{sql};");
        assert_eq!(hints(&text).unwrap()[0].target, target, "{sql}");
    }
}

#[test]
fn an_old_name_is_completed_like_its_object() {
    let from = |sql: &str| match hints(sql).unwrap().remove(0).verb {
        Verb::Renamed { from } => from,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        from("-- pgrehearse: renamed from Old\ncreate table a.t ();"),
        path("a.old")
    );
    assert_eq!(
        from("-- pgrehearse: renamed from b.\"Old\"\ncreate table a.t ();"),
        path("b.Old")
    );
    assert_eq!(
        from("create type t as enum (\n'a',\n-- pgrehearse: renamed from 'b c'\n'd');"),
        ["b c"]
    );
}

#[test]
fn an_enum_label_is_a_target() {
    let sql = "create type mood as enum ('a',\n-- pgrehearse: renamed from b\n'it''s');";
    let target = HintTarget::EnumValue {
        type_name: path("public.mood"),
        value: "it's".to_owned(),
    };
    assert_eq!(hints(sql).unwrap()[0].target, target);
}

#[test]
fn text_in_strings_and_other_comments_is_no_hint() {
    let sql =
        "-- about pgrehearse\ndo $$\n-- pgrehearse: nonsense\n$$;\nselect '\n-- pgrehearse: x';";
    assert_eq!(hints(sql).unwrap(), []);
}

#[test]
fn an_unknown_verb_is_named_at_its_place() {
    let sql = "create table t (\n  -- pgrehearse: rename from x\n  a int);";
    let error = hints(sql).unwrap_err();
    let excerpt = error.excerpt().unwrap();
    assert_eq!(error.code(), "source::unknown_hint");
    assert_eq!(
        (excerpt.place.line, excerpt.place.column, excerpt.width),
        (2, 18, 6)
    );
}

#[test]
fn misplaced_hints_are_errors() {
    let in_table = |text: &str| problem(&format!("create table t (\n{text}\n);"));
    assert_eq!(
        in_table("a int, -- pgrehearse: renamed from b\nb int"),
        HintProblem::Trailing
    );
    assert_eq!(
        in_table("/* pgrehearse: renamed from b */\nb int"),
        HintProblem::BlockComment
    );
    assert_eq!(
        in_table("-- pgrehearse+ renamed from b\nb int"),
        HintProblem::NothingToContinue
    );
    assert_eq!(
        in_table("-- pgrehearse: renamed from b\n\nb int"),
        HintProblem::Detached
    );
    assert!(matches!(
        in_table("-- pgrehearse: renamed from b\ncheck (true)"),
        HintProblem::Misplaced { .. }
    ));
    assert!(matches!(
        in_table("a\n-- pgrehearse: renamed from b\nint"),
        HintProblem::Misplaced { .. }
    ));
    assert_eq!(
        problem("create table t (); -- pgrehearse: renamed from b\n"),
        HintProblem::Trailing
    );
    assert_eq!(
        problem("-- pgrehearse: renamed from b\n"),
        HintProblem::Detached
    );
    assert_eq!(
        problem("-- pgrehearse: renamed from b\n\\connect x\nselect 1"),
        HintProblem::Misplaced {
            what: "a statement that creates nothing hints are for"
        }
    );
    assert!(matches!(
        problem("-- pgrehearse: backfill (1)\ncreate table t ();"),
        HintProblem::WrongTarget { .. }
    ));
}

#[test]
fn malformed_hints_show_the_form() {
    for body in [
        "renamed",
        "renamed from",
        "renamed from a.b",
        "renamed from a b",
        "backfill",
        "backfill 1",
        "backfill ()",
        "backfill (1",
        "backfill (1) x",
        "convert (a)",
        "convert using (a) reverse",
        "convert using (a) reverse ('x)",
        "split from t (a) on",
        "split from t () on a = b",
        "split from t on a = b",
    ] {
        let sql = format!("create table t (\n-- pgrehearse: {body}\na int);");
        assert!(
            matches!(problem(&sql), HintProblem::Malformed { .. }),
            "{body}"
        );
    }
}

#[test]
fn the_example_in_the_manual_page_is_read() {
    let page = include_str!("../../../docs/hints.md");
    let (_, rest) = page
        .split_once("```sql\n")
        .expect("the page has an example");
    let (sql, _) = rest.split_once("```").expect("the example ends");
    assert_eq!(hints(sql).unwrap().len(), 7);
}

proptest! {
    #[test]
    fn any_hint_text_is_read_or_refused(body in "\\PC*", below in "\\PC*") {
        let sql = format!("create table t (\n-- pgrehearse: {body}\n-- pgrehearse+ {below}\na int);\n-- pgrehearse: {body}\n{below}");
        if let Ok(scan) = scan(&sql) {
            let _ = read(&SourceFile::new("a.sql", sql), &scan);
        }
    }
}
