//! What a user, or a stranger's pull request, can give us wrongly: what is said, where, and the exit code.

mod support;

use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::{Scratch, ScratchOptions};
use postgres::{Client, NoTls};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use support::{Live, search};
use tempfile::TempDir;

const PASSWORD: &str = "geheim";
const SHOP: &str = "CREATE TABLE items (id bigint PRIMARY KEY, label text NOT NULL);\n";

fn server() -> Arc<Scratch> {
    static SERVER: OnceLock<Arc<Scratch>> = OnceLock::new();
    let made = SERVER.get_or_init(|| {
        let mut options = ScratchOptions::new(ServerVersion::V17, search());
        options.listen_tcp = true;
        Arc::new(Scratch::start(&options).expect("start a test server"))
    });
    Arc::clone(made)
}

fn port() -> u16 {
    let server = server();
    server.cluster().and_then(|c| c.tcp_port()).expect("a port")
}

/// A folder of its own, where the program runs.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        let parent = path.parent().expect("a parent");
        std::fs::create_dir_all(parent).expect("make the folder");
        std::fs::write(path, text).expect("write a file");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).expect("read a file")
    }

    fn run(&self, url: Option<&str>, arguments: &[&str]) -> Said {
        run(self.0.path(), url, arguments)
    }

    /// Runs `file`, the only text of the desired schema, without a live database.
    fn diff(&self, file: &str, text: &str) -> Said {
        self.write(file, text);
        self.write("empty.sql", "-- nothing yet\n");
        self.run(None, &["diff", "--from", "empty.sql", "--to", file])
    }
}

/// A live database, its owner, and a folder.
struct World {
    folder: Folder,
    live: Live,
    url: String,
}

impl World {
    fn new(schema: &str) -> Self {
        let live = Live::empty(&server());
        let name = live.database.name().to_owned();
        let owner = format!("app_{name}");
        let make = format!(
            "CREATE ROLE \"{owner}\" LOGIN PASSWORD '{PASSWORD}'; ALTER DATABASE \"{name}\" OWNER TO \"{owner}\""
        );
        live.client().batch_execute(&make).expect("make the owner");
        let url = url_of(&owner, &name);
        let folder = Folder::new();
        let world = Self { folder, live, url };
        world
            .client()
            .batch_execute(schema)
            .expect("the live schema");
        world
    }

    fn client(&self) -> Client {
        Client::connect(&self.url, NoTls).expect("log in as the owner")
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.folder.run(Some(&self.url), arguments)
    }

    /// Plans to `text`, the file `to.sql`.
    fn plan(&self, text: &str) -> Said {
        self.folder.write("to.sql", text);
        self.run(&["plan", "--to", "to.sql"])
    }

    /// The URL of another role, made with `attributes`.
    fn role(&self, attributes: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = self.live.database.name();
        let role = format!("other_{}_{name}", COUNT.fetch_add(1, Ordering::Relaxed));
        let make = format!("CREATE ROLE \"{role}\" LOGIN PASSWORD '{PASSWORD}' {attributes}");
        self.live
            .client()
            .batch_execute(&make)
            .expect("make a role");
        url_of(&role, name)
    }
}

fn url_of(role: &str, database: &str) -> String {
    format!(
        "postgres://{role}:{PASSWORD}@127.0.0.1:{}/{database}",
        port()
    )
}

struct Said {
    out: String,
    err: String,
    code: i32,
}

fn run(folder: &Path, url: Option<&str>, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PGREHEARSE_CACHE", search().cache)
        .env("PGREHEARSE_SMALL_TABLE_ROWS", "0")
        .env("PGREHEARSE_SERVER_VERSION", "17")
        .env("TERM", "dumb")
        .env("COLUMNS", "100");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    let output = command.output().expect("run the program");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let said = Said {
        out: text(output.stdout),
        err: text(output.stderr),
        code: output.status.code().expect("an exit code"),
    };
    for forbidden in [PASSWORD, "panicked", "RUST_BACKTRACE", "cli::bug"] {
        let is_in = |text: &str| text.contains(forbidden);
        assert!(
            !is_in(&said.out) && !is_in(&said.err),
            "{forbidden}: {said}"
        );
    }
    if std::env::var_os("SHOW").is_some() {
        eprintln!("$ pgrehearse {}\n{said}", arguments.join(" "));
    }
    said
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { out, err, code } = self;
        write!(f, "exit {code}\n--- out\n{out}--- err\n{err}")
    }
}

/// `text` in one line, without the box around it.
fn unwrapped(text: &str) -> String {
    let lines = text.lines().map(|l| l.trim_start_matches([' ', '|', '=']));
    lines.collect::<Vec<_>>().join(" ")
}

impl Said {
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// In standard output.
    #[track_caller]
    fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text), "no {text:?} in\n{self}");
        self
    }

    /// In standard error, as it stands there or in the words of a wrapped line.
    #[track_caller]
    fn warns(self, text: &str) -> Self {
        let found = self.err.contains(text) || unwrapped(&self.err).contains(text);
        assert!(found, "no {text:?} in\n{self}");
        self
    }

    /// An error with this code, and nothing on standard output.
    #[track_caller]
    fn fails(self, exit: i32, code: &str) -> Self {
        let said = self.exits(exit).warns(&format!("error[{code}]: "));
        assert_eq!(said.out, "", "{said}");
        said
    }

    #[track_caller]
    fn silent(self, text: &str) -> Self {
        assert!(
            !self.out.contains(text) && !self.err.contains(text),
            "{text:?} in\n{self}"
        );
        self
    }
}

// Schema files.

#[test]
fn a_syntax_error_is_shown_at_its_token() {
    let text = "CREATE TABLE t (id int);\n\nCREATE TABLE u (\n    id bigint PRIMRY KEY\n);\n";
    Folder::new()
        .diff("bad.sql", text)
        .fails(2, "desired::syntax_error")
        .warns("syntax error at or near \"PRIMRY\"")
        .warns("--> bad.sql:4:15")
        .warns(" 4|     id bigint PRIMRY KEY")
        .warns("^^^^^^ PostgreSQL 17 said: 42601 syntax_error");
}

#[test]
fn a_view_on_a_missing_table_names_the_table() {
    Folder::new()
        .diff(
            "views.sql",
            "CREATE VIEW v AS\n  SELECT 1 FROM shop.orders;\n",
        )
        .fails(2, "desired::unknown_table")
        .warns("relation \"shop.orders\" does not exist")
        .warns("--> views.sql:2:17")
        .warns(" 2|   SELECT 1 FROM shop.orders")
        .warns("^^^^^^^^^^^ PostgreSQL 17 said: 42P01 undefined_table")
        .warns("help: ");
}

#[test]
fn an_object_twice_in_one_file_is_shown_at_the_second() {
    let text = "CREATE TABLE t (id int);\nCREATE INDEX i ON t (id);\n  CREATE TABLE t (id int);\n";
    Folder::new()
        .diff("twice.sql", text)
        .fails(2, "desired::duplicate_table")
        .warns("relation \"t\" already exists")
        .warns("created here, too (twice.sql:1:1)")
        .warns("--> twice.sql:3:3")
        .warns("PostgreSQL 17 said: 42P07 duplicate_table")
        .warns("help: ");
}

#[test]
fn of_two_files_that_contradict_the_later_is_shown() {
    let folder = Folder::new();
    folder.write("empty.sql", "-- nothing\n");
    folder.write("schema/a.sql", "CREATE TABLE t (id int);\n");
    folder.write(
        "schema/b.sql",
        "-- mine\nCREATE TABLE t (id bigint, name text);\n",
    );
    folder
        .run(None, &["diff", "--from", "empty.sql", "--to", "schema"])
        .fails(2, "desired::duplicate_table")
        .warns("--> schema/b.sql:2:1")
        .warns("also: created here, too (schema/a.sql:1:1)")
        .warns("help: keep one of the two");
}

#[test]
fn an_unknown_hint_is_shown_with_the_known_ones() {
    let text = "CREATE TABLE t (\n    -- pgrehearse: rename from b\n    a int\n);\n";
    Folder::new()
        .diff("hint.sql", text)
        .fails(2, "source::unknown_hint")
        .warns("--> hint.sql:2:")
        .warns("-- pgrehearse: rename from b")
        .warns("help: hints are: renamed from, backfill, convert using, split from");
}

#[test]
fn a_psql_line_is_skipped_with_a_notice_and_never_run() {
    let folder = Folder::new();
    let mark = folder.0.path().join("ran");
    let text = format!("\\! touch {}\nCREATE TABLE t (id int);\n", mark.display());
    folder
        .diff("psql.sql", &text)
        .exits(0)
        .says("+ table public.t")
        .warns("psql.sql:1");
    assert!(!mark.exists());
}

#[test]
fn a_file_name_cannot_forge_lines_of_output() {
    let folder = Folder::new();
    let name = "a'b\"\nerror[forged]: \u{1b}[31mred.sql";
    let said = folder
        .diff(name, "CREATE TABEL t ();\n")
        .fails(2, "desired::syntax_error");
    assert!(!said.err.contains('\u{1b}'), "{said}");
    assert!(
        !said.err.lines().any(|l| l.starts_with("error[forged]")),
        "{said}"
    );
    folder
        .diff(name, "CREATE TABLE t ();\n")
        .exits(0)
        .says("+ table public.t");
}

// Servers.

#[test]
fn a_server_that_does_not_answer_is_named_without_the_password() {
    let folder = Folder::new();
    folder.write("to.sql", SHOP);
    let url = format!("postgres://app:{PASSWORD}@127.0.0.1:1/shop");
    folder
        .run(Some(&url), &["plan", "--to", "to.sql"])
        .fails(1, "connect::unreachable")
        .warns("no server answers at 127.0.0.1:1")
        .warns("help: ");
}

#[test]
fn a_wrong_password_is_not_shown() {
    let world = World::new(SHOP);
    world.folder.write("to.sql", SHOP);
    let url = world.url.replace(PASSWORD, "falsches-wort");
    world
        .folder
        .run(Some(&url), &["plan", "--to", "to.sql"])
        .fails(1, "connect::wrong_password")
        .warns("does not accept the password of app_")
        .warns("help: ")
        .silent("falsches-wort");
}

#[test]
fn a_database_that_does_not_exist_is_named() {
    let world = World::new(SHOP);
    world.folder.write("to.sql", SHOP);
    let name = world.live.database.name();
    let url = world.url.replace(&format!("/{name}"), "/no_such_shop");
    world
        .folder
        .run(Some(&url), &["plan", "--to", "to.sql"])
        .fails(1, "connect::no_database")
        .warns("there is no database no_such_shop on 127.0.0.1:")
        .warns("help: ");
}

#[test]
fn a_role_that_may_not_connect_is_told_so() {
    let world = World::new(SHOP);
    world.folder.write("to.sql", SHOP);
    let name = world.live.database.name();
    let close = format!("REVOKE CONNECT ON DATABASE \"{name}\" FROM PUBLIC");
    world.client().batch_execute(&close).expect("close it");
    world
        .folder
        .run(Some(&world.role("")), &["plan", "--to", "to.sql"])
        .fails(1, "connect::refused")
        .warns("42501");
}

#[test]
fn a_role_without_rights_makes_the_owners_plan_and_may_not_apply_it() {
    let schema = "
        CREATE SCHEMA app;
        CREATE TYPE app.mood AS ENUM ('a', 'b');
        CREATE SEQUENCE app.numbers;
        CREATE TABLE app.items (id bigint PRIMARY KEY, label text DEFAULT 'x' CHECK (label <> ''), mood app.mood);
        CREATE INDEX ON app.items (lower(label));
        CREATE VIEW app.labels AS SELECT label FROM app.items;
        CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        COMMENT ON TABLE app.items IS 'things';";
    let world = World::new(schema);
    let mut owner = world.client();
    owner
        .batch_execute(
            "INSERT INTO app.items SELECT i, 'l' || i FROM generate_series(1, 50) i;
             REVOKE ALL ON SCHEMA app FROM PUBLIC; REVOKE ALL ON FUNCTION app.f() FROM PUBLIC;
             REVOKE ALL ON ALL TABLES IN SCHEMA app FROM PUBLIC; REVOKE ALL ON TYPE app.mood FROM PUBLIC",
        )
        .expect("take every right away");
    let stranger = world.role("");
    Client::connect(&stranger, NoTls)
        .expect("log in")
        .batch_execute("SELECT FROM app.items")
        .expect_err("no right to read");

    world.folder.write("same.sql", schema);
    let more = format!(
        "{schema} ALTER TABLE app.items ADD price int; ALTER TABLE app.items ALTER label SET NOT NULL;"
    );
    world.folder.write("more.sql", &more);
    // The plan's name for the database and its id hold the role.
    let plan = |url: &str, to: &str| {
        let arguments = ["plan", "--to", to, "--format", "sql"];
        let said = world.folder.run(Some(url), &arguments).exits(0);
        let lines = said
            .out
            .lines()
            .filter(|l| !l.starts_with("-- from ") && !l.starts_with("-- plan "));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plan(&stranger, "same.sql"), plan(&world.url, "same.sql"));
    world
        .folder
        .run(Some(&stranger), &["check", "--to", "same.sql"])
        .exits(0)
        .says("no differences");
    let (theirs, owners) = (plan(&stranger, "more.sql"), plan(&world.url, "more.sql"));
    assert!(
        !theirs.contains("DROP TABLE") && !theirs.contains("CREATE TABLE"),
        "{theirs}"
    );
    assert_eq!(theirs, owners);

    let apply = ["apply", "--to", "more.sql", "--yes"];
    world
        .folder
        .run(Some(&stranger), &apply)
        .exits(3)
        .warns("help: ");
    owner
        .batch_execute("SELECT price FROM app.items")
        .expect_err("nothing was applied");
}

// Settings.

#[test]
fn an_unknown_setting_is_shown_with_the_nearest() {
    let folder = Folder::new();
    folder.write("pgrehearse.yaml", "schema: to.sql\nlock:\n  timeoutt: 3s\n");
    folder.write("to.sql", SHOP);
    folder
        .run(None, &["diff", "--from", "to.sql"])
        .fails(2, "settings::unknown")
        .warns("--> pgrehearse.yaml:3:3")
        .warns(" 3|   timeoutt: 3s")
        .warns("lock.timeout");
    folder.write("pgrehearse.yaml", "schema: to.sql\n");
    let set = ["diff", "--from", "to.sql", "--set", "lock.timeoutt=3s"];
    folder
        .run(None, &set)
        .fails(2, "settings::unknown")
        .warns("lock.timeoutt")
        .warns("lock.timeout");
}

// Plan files.

const NEXT: &str = "
    CREATE TABLE items (id bigint PRIMARY KEY, label text NOT NULL, price int);
    CREATE INDEX items_label_idx ON items (label);\n";

/// A live shop, and a plan for it in `p.yaml`.
fn planned() -> World {
    let world = World::new(SHOP);
    world.folder.write("next.sql", NEXT);
    world
        .run(&["plan", "--to", "next.sql", "--out", "p.yaml"])
        .exits(0);
    world
}

fn untouched(world: &World) {
    world
        .client()
        .batch_execute("SELECT price FROM items")
        .expect_err("nothing was applied");
}

const APPLY: [&str; 4] = ["apply", "--plan", "p.yaml", "--yes"];

#[test]
fn a_plan_whose_statements_were_edited_is_refused() {
    let world = planned();
    let text = world.folder.read("p.yaml");
    let edited = text.replacen("ADD COLUMN price", "DROP COLUMN label, ADD COLUMN price", 1);
    assert_ne!(text, edited);
    world.folder.write("p.yaml", &edited);
    world
        .run(&APPLY)
        .fails(3, "apply::edited")
        .warns("p.yaml was edited after it was rehearsed")
        .warns("--allow-edited");
    untouched(&world);
}

#[test]
fn a_forged_plan_is_rehearsed_again_even_with_leave() {
    let world = planned();
    let text = world.folder.read("p.yaml");
    let forged = text.replacen("ADD COLUMN price", "DROP COLUMN label, ADD COLUMN price", 1);
    world.folder.write("p.yaml", &forged);
    let mut apply = APPLY.to_vec();
    apply.push("--allow-edited");
    world
        .run(&apply)
        .fails(3, "rehearse::fails")
        .warns("column \"label\" does not exist")
        .warns("help: ");
    untouched(&world);
    world
        .client()
        .batch_execute("SELECT label FROM items")
        .expect("nothing was lost");
}

#[test]
fn a_plan_made_for_another_database_is_refused() {
    let world = planned();
    let other = World::new("CREATE TABLE customers (id bigint PRIMARY KEY)");
    other.folder.write("p.yaml", &world.folder.read("p.yaml"));
    other
        .run(&APPLY)
        .fails(3, "apply::live_changed")
        .warns("table public.items is missing")
        .warns("help: plan again from this database");
    other
        .client()
        .batch_execute("SELECT FROM pgrehearse.plans")
        .expect_err("no ledger was made");
}

#[test]
fn live_that_changed_since_the_plan_is_refused_and_the_change_named() {
    let world = planned();
    let change = |sql| world.client().batch_execute(sql).expect("a change by hand");
    change("ALTER TABLE items ALTER label DROP NOT NULL");
    world
        .run(&APPLY)
        .fails(3, "apply::live_changed")
        .warns("public.items");
    change("ALTER TABLE items ALTER label SET NOT NULL; ALTER TABLE items ADD price int");
    world
        .run(&APPLY)
        .fails(3, "apply::live_changed")
        .warns("column public.items.price is there already");
    change("DROP TABLE items");
    world
        .run(&APPLY)
        .fails(3, "apply::live_changed")
        .warns("table public.items is missing");
}

#[test]
fn what_is_no_plan_file_is_said_with_its_place() {
    let world = planned();
    let text = world.folder.read("p.yaml");
    let cut: String = text.chars().take(text.chars().count() / 2).collect();
    let of_format = |n: &str| text.replacen("format: 1", n, 1);
    for (name, content, code) in [
        ("yaml", "a: [b\nc: }".to_owned(), "plan::syntax"),
        ("cut", cut, "plan::syntax"),
        ("empty", String::new(), "plan::syntax"),
        (
            "sql",
            "CREATE TABLE t (id int);\n".to_owned(),
            "plan::syntax",
        ),
        (
            "other",
            "schema: a\ndatabase: b\n".to_owned(),
            "plan::syntax",
        ),
        ("list", "- 1\n- 2\n".to_owned(), "plan::syntax"),
        ("newer", of_format("format: 2"), "plan::format"),
        ("word", of_format("format: one"), "plan::syntax"),
        ("nul", "format: 1\n\0".to_owned(), "plan::syntax"),
    ] {
        let file = format!("{name}.yaml");
        world.folder.write(&file, &content);
        world
            .run(&["apply", "--plan", &file, "--yes"])
            .fails(2, code)
            .warns(&format!("--> {file}:"))
            .warns("help: ");
    }
    world
        .run(&["apply", "--plan", "nowhere.yaml", "--yes"])
        .exits(2)
        .warns("nowhere.yaml");
    untouched(&world);
}

// Changes that need a word from the user.

#[test]
fn a_column_that_must_have_a_value_is_refused_where_there_are_rows() {
    let world = World::new(SHOP);
    let rows = "INSERT INTO items VALUES (1, 'a')";
    world.client().batch_execute(rows).expect("a row");
    world
        .plan(
            "CREATE TABLE items (id bigint PRIMARY KEY, label text NOT NULL, weight int NOT NULL);",
        )
        .fails(3, "plan::refused")
        .warns("items.weight")
        .warns("help: ");
}

#[test]
fn a_type_change_without_an_assignment_cast_is_refused_with_the_line_to_add() {
    let world = World::new(SHOP);
    for kind in ["int", "point"] {
        world
            .plan(&format!(
                "CREATE TABLE items (id bigint PRIMARY KEY, label {kind} NOT NULL);"
            ))
            .fails(3, "plan::refused")
            .warns("items.label")
            .warns("convert using");
    }
}

#[test]
fn a_type_change_that_the_rows_do_not_bear_fails_and_leaves_them() {
    let world = World::new(SHOP);
    let rows = "INSERT INTO items VALUES (1, 'a')";
    world.client().batch_execute(rows).expect("a row");
    let to = "CREATE TABLE items (id bigint PRIMARY KEY, label int NOT NULL);";
    world.folder.write("to.sql", to);
    let said = world.run(&[
        "apply",
        "--to",
        "to.sql",
        "--yes",
        "--phase",
        "all",
        "--allow-blocking",
    ]);
    assert!([1, 3].contains(&said.code), "{said}");
    let label: String = world
        .client()
        .query_one("SELECT label FROM items", &[])
        .expect("the row")
        .get(0);
    assert_eq!(label, "a");
}

// Hostile schema files. Live is reached as a superuser: what gets through is seen.

/// A file that a hostile statement would make on the server's host.
fn mark() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("pgrehearse-hostile-{}-{n}", std::process::id()));
    assert!(!path.exists());
    path
}

/// Plans to `text` on a live database with rows, as its superuser; `{mark}` stands for a file.
fn hostile(text: &str) -> Said {
    let world = World::new(SHOP);
    world
        .client()
        .batch_execute("INSERT INTO items VALUES (1, 'a')")
        .expect("a row");
    let mark = mark();
    let text = text.replace("{mark}", &mark.display().to_string());
    world.folder.write("to.sql", &format!("{SHOP}{text}"));
    let boss = world.role("SUPERUSER");
    let roles = "SELECT string_agg(rolname::text || rolsuper, ' ' ORDER BY 1) FROM pg_roles WHERE rolname !~ '^(app|other|pgrh)_'";
    let mut admin = world.live.client();
    let mut all = || -> String { admin.query_one(roles, &[]).expect("the roles").get(0) };
    let before = all();
    let said = world.folder.run(Some(&boss), &["plan", "--to", "to.sql"]);
    assert!(!mark.exists(), "it ran a program or wrote a file: {said}");
    assert_eq!(all(), before, "{said}");
    assert!(
        !said.err.contains("root:x:0") && !said.out.contains("root:x:0"),
        "{said}"
    );
    said
}

const DENIED: &str = "PostgreSQL 17 said: 42501 insufficient_privilege";

#[test]
fn a_do_block_that_resets_its_role_and_runs_a_program_is_denied() {
    hostile(
        "DO $$ BEGIN\n  EXECUTE 'RESET ROLE';\n  EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {mark}''';\nEND $$;",
    )
    .fails(2, "desired::insufficient_privilege")
    .warns("--> to.sql:2:1")
    .warns(DENIED);
}

#[test]
fn a_program_in_copy_is_refused_unread() {
    for text in [
        "COPY items FROM PROGRAM 'touch {mark}';",
        "COPY items TO PROGRAM 'touch {mark}';",
        "COPY items TO '{mark}';",
        "SET ROLE postgres;",
        "RESET SESSION AUTHORIZATION;",
        "ALTER SYSTEM SET archive_command = 'touch {mark}';",
        "LOAD '/tmp/x.so';",
    ] {
        hostile(text)
            .fails(3, "desired::refused")
            .warns("--> to.sql:2:1");
    }
}

#[test]
fn a_default_that_would_make_its_author_superuser_has_no_effect() {
    let text = "
        CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            BEGIN EXECUTE 'ALTER ROLE ' || quote_ident(session_user) || ' SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
            BEGIN EXECUTE 'CREATE ROLE hostile_boss SUPERUSER'; EXCEPTION WHEN OTHERS THEN NULL; END;
            BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {mark}'''; EXCEPTION WHEN OTHERS THEN NULL; END;
            RETURN 1;
        END $$;
        ALTER TABLE items ADD COLUMN owned int NOT NULL DEFAULT evil();
        ALTER TABLE items ADD CONSTRAINT checked CHECK (evil() = 1);
        CREATE INDEX ON items (owned);";
    hostile(text).exits(0).says("owned");
}

#[test]
fn rights_that_a_file_gives_itself_are_denied() {
    for text in [
        "DO $$ BEGIN EXECUTE 'GRANT pg_execute_server_program TO ' || current_user; END $$;",
        "DO $$ BEGIN CREATE ROLE helper CREATEROLE; GRANT pg_execute_server_program TO helper; END $$;",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE ' || current_user || ' SUPERUSER'; END $$;",
        "DO $$ BEGIN EXECUTE 'SET SESSION AUTHORIZATION postgres'; END $$;",
        "DO $$ BEGIN PERFORM pg_read_file('/etc/passwd'); END $$;",
        "CREATE TABLE stolen AS SELECT pg_read_file('/etc/passwd') AS content;",
        "CREATE FUNCTION c() RETURNS int LANGUAGE c AS '/tmp/x.so', 'x';",
        "CREATE FUNCTION i(cstring) RETURNS int LANGUAGE internal AS 'int4in';",
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION pg_catalog.event_trigger_fn();",
    ] {
        let said = hostile(text).exits(2);
        if !text.contains("EVENT") && !text.contains("AUTHORIZATION") {
            said.fails(2, "desired::insufficient_privilege")
                .warns(DENIED)
                .warns("help: ");
        }
    }
}

#[test]
fn createrole_leads_nowhere_on_any_version() {
    let text = "CREATE TABLE t (id int);
DO $$ BEGIN
    CREATE ROLE helper CREATEROLE;
    GRANT pg_execute_server_program TO helper;
END $$;
";
    for version in support::versions() {
        let folder = Folder::new();
        folder.write("bad.sql", text);
        folder.write("empty.sql", "");
        let set = format!("server_version={version}");
        let diff = [
            "diff",
            "--from",
            "empty.sql",
            "--to",
            "bad.sql",
            "--set",
            &set,
        ];
        folder
            .run(None, &diff)
            .fails(2, "desired::insufficient_privilege")
            .warns("permission denied to create role")
            .warns("--> bad.sql:2:1")
            .warns(&format!("PostgreSQL {version} said: 42501"));
    }
}

#[test]
fn an_event_trigger_of_a_file_fires_for_nobody() {
    let text = "
        CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS $$
        BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch {mark}'''; END $$;
        CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION fired();";
    // It is made there, and fires for nobody.
    hostile(text)
        .exits(0)
        .says("public.fired runs at every ddl_command_end");
}

#[test]
fn a_foreign_table_of_a_file_reads_nothing() {
    for option in ["filename '/etc/passwd'", "program 'touch {mark}'"] {
        let text = format!(
            "CREATE EXTENSION file_fdw;
             CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
             CREATE FOREIGN TABLE lines (line text) SERVER files OPTIONS ({option});"
        );
        hostile(&text).exits(0);
        let read = format!("{text} CREATE MATERIALIZED VIEW copy AS SELECT line FROM lines;");
        hostile(&read)
            .fails(2, "desired::rejected")
            .warns("no handler");
    }
}

#[test]
fn roles_and_grants_of_a_file_are_named_and_not_made() {
    let text = "
        CREATE ROLE hostile_maker LOGIN CREATEROLE PASSWORD 'geheim';
        GRANT pg_execute_server_program TO hostile_maker;";
    let world = World::new(SHOP);
    let said = world.plan(&format!("{SHOP}{text}")).exits(0);
    said.says("hostile_maker");
    let there = "SELECT count(*) FROM pg_roles WHERE rolname = 'hostile_maker'";
    let count: i64 = world.client().query_one(there, &[]).expect("count").get(0);
    assert_eq!(count, 0);
}

#[test]
fn a_pg_role_as_owner_is_refused() {
    for text in [
        "ALTER TABLE items OWNER TO pg_execute_server_program;",
        "ALTER TABLE items OWNER TO pg_no_such_role;",
    ] {
        hostile(text)
            .fails(3, "desired::refused")
            .warns("--> to.sql:2:1")
            .warns("pg_");
    }
    hostile("CREATE SCHEMA s AUTHORIZATION pg_write_server_files;")
        .fails(2, "desired::insufficient_privilege");
    hostile("CREATE SCHEMA s AUTHORIZATION pg_no_such_role;")
        .fails(3, "scratch::role_reserved")
        .warns("pg_no_such_role");
    // pg_dump of 15 and later writes this.
    hostile("ALTER SCHEMA public OWNER TO pg_database_owner;").exits(0);
}

#[test]
fn an_extension_that_reaches_the_host_is_refused() {
    for name in ["dblink", "plpython3u", "adminpack"] {
        hostile(&format!("CREATE EXTENSION IF NOT EXISTS {name};"))
            .fails(3, "desired::refused")
            .warns("--> to.sql:2:1")
            .warns(name)
            .warns("`extensions`");
    }
    hostile("CREATE LANGUAGE plpython3u;").fails(3, "desired::refused");
}

#[test]
fn a_file_that_never_ends_is_stopped_by_the_setting() {
    let folder = Folder::new();
    folder.write("empty.sql", "-- nothing yet\n");
    // Nothing that a file sets for itself helps it.
    let endless = [
        ("SELECT pg_sleep(1000)", "this statement", "to.sql:3:1"),
        (
            "DO $$ BEGIN LOOP END LOOP; END $$",
            "this statement",
            "to.sql:3:1",
        ),
        (
            "CREATE TABLE pause AS SELECT pg_sleep(1000)::text",
            "one of the 3 statements from here on",
            "to.sql:1:1",
        ),
    ];
    let arguments = ["diff", "--from", "empty.sql", "--to", "to.sql"];
    let limited = [arguments.as_slice(), &["--set", "elaborate_timeout=1s"]].concat();
    for (statement, what, place) in endless {
        let text = format!("SET statement_timeout = 0;\n{SHOP}{statement};\n");
        folder.write("to.sql", &text);
        let begun = Instant::now();
        let said = folder.run(None, &limited).exits(1);
        said.warns(&format!("[desired::limit]: {what} ran longer than 1 s"))
            .warns(place)
            .warns("elaborate_timeout=10m");
        assert!(begun.elapsed() < Duration::from_secs(60), "{statement}");
    }

    // From the settings file; and not of a pull request, which would hold the machine.
    folder.write("pgrehearse.yaml", "elaborate_timeout: 1500ms\n");
    let said = folder.run(None, &arguments).exits(1);
    said.warns("ran longer than 1500 ms");
    folder.write("pgrehearse.yaml", "elaborate_timeout: 0\n");
    folder.write("to.sql", SHOP);
    folder
        .run(None, &[arguments.as_slice(), &["--untrusted"]].concat())
        .exits(0)
        .warns("elaborate_timeout in pgrehearse.yaml is ignored");
}
