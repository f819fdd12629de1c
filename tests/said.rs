//! What a plan says of its steps and of the hints it was given, and that it is true.

mod support;

use pgrehearse::apply::{self, Session, Silent};
use pgrehearse::kinds::HazardKind;
use pgrehearse::pipeline::{self, PipelineError};
use pgrehearse::plan::{Document, StepRecord};
use pgrehearse::source::{DesiredFiles, Source, SourceFile};
use postgres::error::SqlState;
use postgres::{Client, NoTls};
use support::{Live, options, server, versions};

fn files(sql: &str) -> DesiredFiles {
    let file = SourceFile::new("schema.sql", sql.to_owned());
    DesiredFiles::from_files(vec![file]).expect("the files")
}

/// A live database with rows, and the plan from it.
struct World {
    live: Live,
    plan: Result<Document, PipelineError>,
}

impl World {
    fn new(old: &str, rows: &str, new: &str) -> Self {
        let version = *versions().last().expect("a version");
        let server = server(version).expect("a server");
        let live = Live::from_files(&server, &files(old)).expect("make the schema");
        live.client().batch_execute(rows).expect("the rows");
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("new.sql");
        std::fs::write(&path, new).expect("write a file");
        let plan = pipeline::plan(&live.source(), &Source::Files(path), &options(&server));
        let plan = plan.map(|plan| plan.document().clone());
        Self { live, plan }
    }

    fn plan(&self) -> &Document {
        self.plan.as_ref().expect("a plan")
    }

    fn step(&self, words: &str) -> &StepRecord {
        let mut steps = self.plan().steps().map(|(_, step)| step);
        steps.find(|s| s.title.contains(words)).expect(words)
    }

    /// Applies the plan up to `step`.
    fn apply(&self, step: &StepRecord) -> Client {
        let version = *versions().last().expect("a version");
        let server = server(version).expect("a server");
        let owner = support::owner(&server, &self.live).expect("the owner");
        let open = || owner.connect(NoTls);
        let mut session = Session::open(&open).expect("a session");
        let options = apply::Options {
            until: Some(step.id.clone()),
            ..apply::Options::default()
        };
        apply::run(&mut session, self.plan(), &options, &mut Silent).expect("apply");
        self.live.client()
    }

    fn notices(&self) -> String {
        self.plan().notices.join("\n")
    }

    fn refusal(&self) -> String {
        let error = self.plan.as_ref().expect_err("a refusal");
        format!("{error}\n{}", error.help().unwrap_or_default())
    }
}

fn rejected(step: &StepRecord) -> Vec<&str> {
    let hazards = step.hazards.iter();
    let rejects = hazards.filter(|h| h.kind == HazardKind::RejectsWrites);
    rejects.map(|h| h.text.as_str()).collect()
}

fn count(client: &mut Client, query: &str) -> i64 {
    client.query_one(query, &[]).expect(query).get(0)
}

const ROWS: &str = "INSERT INTO t SELECT g, g FROM generate_series(1, 20) g";

#[test]
fn what_the_old_column_cannot_hold_is_rejected_until_it_is_dropped() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n int);";
    let world = World::new(old, ROWS, "CREATE TABLE t (id int PRIMARY KEY, n bigint);");
    let said = "until the old column is dropped, public.t rejects values of n that are no integer";
    let swap = world.step("in the place of the old");
    assert_eq!(rejected(swap), [said]);
    let mut client = world.apply(swap);
    let insert = "INSERT INTO t VALUES (21, 5000000000)";
    let error = client.batch_execute(insert).expect_err("it is rejected");
    assert_eq!(error.code(), Some(&SqlState::NUMERIC_VALUE_OUT_OF_RANGE));
    let mut client = world.apply(world.step("drop the old n"));
    client.batch_execute(insert).expect("it is taken");
}

#[test]
fn nothing_is_rejected_where_the_old_column_holds_every_value() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n bigint);";
    let world = World::new(old, ROWS, "CREATE TABLE t (id int PRIMARY KEY, n int);");
    let swap = world.step("in the place of the old");
    assert_eq!(rejected(swap), Vec::<&str>::new());
}

#[test]
fn the_triggers_that_fire_for_what_is_filled_are_named() {
    let triggers = "
        CREATE TABLE log (what text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO public.log VALUES (TG_NAME);
            RETURN NEW;
        END $$;
        CREATE TRIGGER any_update AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
        CREATE TRIGGER any_write BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
        CREATE TRIGGER of_id AFTER UPDATE OF id ON t FOR EACH ROW EXECUTE FUNCTION note();
        CREATE TRIGGER an_insert AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION note();";
    let schema = |of: &str| format!("CREATE TABLE t (id int PRIMARY KEY, n {of});{triggers}");
    let rows = format!("{ROWS}; TRUNCATE log");
    let world = World::new(&schema("int"), &rows, &schema("bigint"));
    let fill = world.step("fill the new n");
    let said = "your triggers any_update, any_write fire for what is filled";
    assert!(fill.why.ends_with(said), "{}", fill.why);
    let mut client = world.apply(fill);
    let fired = "SELECT string_agg(what, ' ') FROM (SELECT DISTINCT what FROM log ORDER BY 1) l";
    let fired: String = client.query_one(fired, &[]).expect("the log").get(0);
    assert_eq!(fired, "any_update any_write");
    let all = "SELECT count(*) FROM log";
    assert_eq!(count(&mut client, all), 40);
}

#[test]
fn an_identity_says_who_cannot_write_before_and_after_it() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n int);";
    let rejects = |kind: &str| {
        let new =
            format!("CREATE TABLE t (id int GENERATED {kind} AS IDENTITY PRIMARY KEY, n int);");
        let world = World::new(old, ROWS, &new);
        let said = rejected(world.step("identity")).join("");
        (said, world)
    };
    let (always, world) = rejects("ALWAYS");
    assert!(
        always.contains("until here public.t rejects an INSERT that leaves id out"),
        "{always}"
    );
    assert!(
        always.contains("from here on an INSERT or UPDATE that gives id a value"),
        "{always}"
    );
    let mut client = world.live.client();
    let without = "INSERT INTO t (n) VALUES (1)";
    let with = "INSERT INTO t VALUES (99, 1)";
    client.batch_execute(without).expect_err("before");
    client.batch_execute(with).expect("before");
    let mut client = world.apply(world.step("identity"));
    client.batch_execute(without).expect("after");
    client.batch_execute(with).expect_err("after");
    let (by_default, _) = rejects("BY DEFAULT");
    assert_eq!(
        by_default,
        "until here public.t rejects an INSERT that leaves id out"
    );
}

#[test]
fn a_backfill_hint_that_is_not_used_is_said_to_be() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n int);";
    for (column, why) in [
        ("n bigint NOT NULL", "the values come from the old column"),
        (
            "n int DEFAULT 3",
            "it fills a new column, or one that becomes NOT NULL",
        ),
    ] {
        let new =
            format!("CREATE TABLE t (id int PRIMARY KEY,\n-- pgrehearse: backfill (0)\n{column});");
        let world = World::new(old, ROWS, &new);
        assert!(world.notices().contains(why), "{}", world.notices());
    }
    let used = "CREATE TABLE t (id int PRIMARY KEY,\n-- pgrehearse: backfill (0)\nn int NOT NULL);";
    assert_eq!(World::new(old, ROWS, used).notices(), "");
    let done = "CREATE TABLE t (id int PRIMARY KEY,\n-- pgrehearse: backfill (0)\nn int);";
    assert_eq!(World::new(old, ROWS, done).notices(), "");
}

#[test]
fn a_domain_takes_by_assignment_what_the_type_under_it_takes() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(20));";
    let new = "CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
        CREATE DOMAIN shorter AS short CHECK (length(VALUE) < 5);
        CREATE DOMAIN positive AS int CHECK (VALUE > 0);
        CREATE TABLE t (id int PRIMARY KEY, n positive, v shorter);";
    let rows = "INSERT INTO t SELECT g, g, 'v' || g FROM generate_series(1, 20) g";
    let world = World::new(old, rows, new);
    let said = rejected(world.step("add the new"));
    assert_eq!(
        said,
        [
            "from here on public.t rejects values of n that are no public.positive",
            "from here on public.t rejects values of v that are no public.shorter",
        ]
    );
    let steps: Vec<&StepRecord> = world.plan().steps().map(|(_, step)| step).collect();
    let mut client = world.apply(steps.last().expect("a step"));
    assert_eq!(
        count(&mut client, "SELECT count(*) FROM t WHERE v = 'v' || n"),
        20
    );
    let back = World::new(
        old,
        rows,
        "CREATE DOMAIN short AS text; CREATE TABLE t (id int PRIMARY KEY, n int, v int);",
    );
    assert!(
        back.refusal().contains("convert using"),
        "{}",
        back.refusal()
    );
}

#[test]
fn a_convert_hint_sees_the_names_of_before_also_under_a_plain_rename() {
    let old = "CREATE TABLE t (id int PRIMARY KEY, v text);";
    let new = |using: &str| {
        format!(
            "-- pgrehearse: renamed from t\n\
             CREATE TABLE u (id int PRIMARY KEY,\n\
             -- pgrehearse: renamed from v\n\
             -- pgrehearse: convert using ({using}) reverse (w::text)\n\
             w int);"
        )
    };
    let rows = "INSERT INTO t SELECT g, g FROM generate_series(1, 20) g";
    let world = World::new(old, rows, &new("v::int + 1"));
    let steps: Vec<&StepRecord> = world.plan().steps().map(|(_, step)| step).collect();
    let mut client = world.apply(steps.last().expect("a step"));
    assert_eq!(
        count(&mut client, "SELECT count(*) FROM u WHERE w = id + 1"),
        20
    );
    let wrong = World::new(old, rows, &new("x::int"));
    let said = wrong.refusal();
    assert!(said.contains("correct the hint `convert`"), "{said}");
    assert!(!said.contains("put this line"), "{said}");
}
