//! E6 on real servers: what the rows of the live database say to a plan, and that apply heeds it.

mod support;

use pgrehearse::apply::{self, ApplyError, Options as ApplyOptions, Session, Silent};
use pgrehearse::data::Limits;
use pgrehearse::pg::ServerVersion;
use pgrehearse::pipeline::{self, Options, PipelineError};
use pgrehearse::plan::{CheckRun, DataCheck, Document, Verdict};
use pgrehearse::render::{Colour, markdown, text};
use pgrehearse::source::{Source, read_files};
use pgrehearse::strategy::SmallTable;
use postgres::NoTls;
use std::path::PathBuf;
use std::sync::Arc;
use support::{Live, options, server};

/// 14 has neither pg_input_is_valid nor NULLS NOT DISTINCT, 18 has NOT NULL as a constraint.
fn versions() -> Vec<ServerVersion> {
    let wanted = support::versions();
    [ServerVersion::V14, ServerVersion::V18]
        .into_iter()
        .filter(|v| wanted.contains(v))
        .collect()
}

struct Case {
    name: &'static str,
    from: ServerVersion,
    old: &'static str,
    new: &'static str,
    /// Rows that the plan allows, and one or more beside them that it does not.
    good: &'static str,
    bad: &'static str,
    /// What the check says it looks for, and how many it finds.
    what: &'static str,
    found: Option<u64>,
    /// What takes the bad rows away.
    mend: &'static str,
}

const CASE: Case = Case {
    name: "",
    from: ServerVersion::V14,
    old: "",
    new: "",
    good: "",
    bad: "",
    what: "",
    found: Some(1),
    mend: "",
};

const CASES: &[Case] = &[
    Case {
        name: "null, quoted names",
        old: r#"CREATE SCHEMA "My App"; CREATE TABLE "My App"."Or""ders" (id int PRIMARY KEY, "No te" text);"#,
        new: r#"CREATE SCHEMA "My App"; CREATE TABLE "My App"."Or""ders" (id int PRIMARY KEY, "No te" text NOT NULL);"#,
        good: r#"INSERT INTO "My App"."Or""ders" VALUES (1, 'a')"#,
        bad: r#"INSERT INTO "My App"."Or""ders" VALUES (2, NULL), (3, NULL)"#,
        what: r#"NULL in "My App"."Or""ders"."No te""#,
        found: Some(2),
        mend: r#"UPDATE "My App"."Or""ders" SET "No te" = '' WHERE "No te" IS NULL"#,
        ..CASE
    },
    Case {
        name: "null in a renamed table",
        old: "CREATE TABLE public.s (id int PRIMARY KEY, b text);",
        new: "-- pgrehearse: renamed from s\nCREATE TABLE public.t (id int PRIMARY KEY, b text NOT NULL);",
        good: "INSERT INTO public.s VALUES (1, 'a')",
        bad: "INSERT INTO public.s VALUES (2, NULL)",
        what: "NULL in public.t.b",
        mend: "DELETE FROM public.s WHERE id = 2",
        ..CASE
    },
    Case {
        name: "null in a renamed column",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY,\n-- pgrehearse: renamed from a\nb text NOT NULL);",
        good: "INSERT INTO public.t VALUES (1, 'a')",
        bad: "INSERT INTO public.t VALUES (2, NULL)",
        what: "NULL in public.t.a",
        mend: "DELETE FROM public.t WHERE id = 2",
        ..CASE
    },
    Case {
        name: "check",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, n int);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, n int CONSTRAINT positive CHECK (n > 0));",
        good: "INSERT INTO public.t VALUES (1, 1), (2, NULL)",
        bad: "INSERT INTO public.t VALUES (3, 0), (4, -1), (5, -1)",
        what: "rows of public.t that break positive",
        found: Some(3),
        mend: "DELETE FROM public.t WHERE n < 1",
        ..CASE
    },
    Case {
        name: "check that fails on a row",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, n int);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, n int CONSTRAINT share CHECK (100 / n > 1));",
        good: "INSERT INTO public.t VALUES (1, 5), (2, NULL)",
        bad: "INSERT INTO public.t VALUES (3, 0)",
        what: "rows of public.t that break share",
        found: None,
        mend: "DELETE FROM public.t WHERE n = 0",
        ..CASE
    },
    Case {
        name: "not valid check is validated",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, n int); ALTER TABLE public.t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID;",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, n int CONSTRAINT positive CHECK (n > 0));",
        good: "INSERT INTO public.t VALUES (1, 1)",
        bad: "ALTER TABLE public.t DROP CONSTRAINT positive; INSERT INTO public.t VALUES (3, 0); \
              ALTER TABLE public.t ADD CONSTRAINT positive CHECK (n > 0) NOT VALID",
        what: "rows of public.t that break positive",
        mend: "DELETE FROM public.t WHERE n < 1",
        ..CASE
    },
    Case {
        name: "foreign key",
        old: "CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.c (id int PRIMARY KEY, p int);",
        new: "CREATE TABLE public.p (id int PRIMARY KEY); CREATE TABLE public.c (id int PRIMARY KEY, p int REFERENCES public.p);",
        good: "INSERT INTO public.p VALUES (1); INSERT INTO public.c VALUES (1, 1), (2, NULL)",
        bad: "INSERT INTO public.c VALUES (3, 7), (4, 8)",
        what: "rows of public.c (p) that point at no row of public.p",
        found: Some(2),
        mend: "DELETE FROM public.c WHERE p > 6",
        ..CASE
    },
    Case {
        name: "foreign key, match full, to itself",
        old: "CREATE TABLE public.referenced (a int, b int, x int, y int, PRIMARY KEY (a, b));",
        new: "CREATE TABLE public.referenced (a int, b int, x int, y int, PRIMARY KEY (a, b), \
              CONSTRAINT up FOREIGN KEY (x, y) REFERENCES public.referenced (a, b) MATCH FULL);",
        good: "INSERT INTO public.referenced VALUES (1, 1, NULL, NULL), (1, 2, 1, 1)",
        bad: "INSERT INTO public.referenced VALUES (1, 3, 1, NULL), (1, 4, 9, 9)",
        what: "rows of public.referenced (x, y) that point at no row of public.referenced",
        found: Some(2),
        mend: "DELETE FROM public.referenced WHERE b > 2",
        ..CASE
    },
    Case {
        name: "unique",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a int, b text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a int, b text, UNIQUE (a, b));",
        good: "INSERT INTO public.t VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, NULL), (4, 1, NULL)",
        bad: "INSERT INTO public.t VALUES (5, 1, 'x'), (6, 1, 'x'), (7, 1, 'y')",
        what: "duplicates of (a, b) in public.t",
        found: Some(2),
        mend: "DELETE FROM public.t WHERE id > 4",
        ..CASE
    },
    Case {
        name: "unique, nulls not distinct",
        from: ServerVersion::V15,
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a int);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a int, UNIQUE NULLS NOT DISTINCT (a));",
        good: "INSERT INTO public.t VALUES (1, 1), (2, NULL)",
        bad: "INSERT INTO public.t VALUES (3, NULL)",
        what: "duplicates of (a) in public.t",
        mend: "DELETE FROM public.t WHERE id = 3",
        ..CASE
    },
    Case {
        name: "primary key on a nullable column",
        old: "CREATE TABLE public.t (a int, b int);",
        new: "CREATE TABLE public.t (a int, b int, PRIMARY KEY (a));",
        good: "INSERT INTO public.t VALUES (1, 1)",
        bad: "INSERT INTO public.t VALUES (NULL, 2)",
        what: "NULL in public.t.a",
        mend: "DELETE FROM public.t WHERE a IS NULL",
        ..CASE
    },
    Case {
        name: "unique index on an expression, partial",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text, gone boolean);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a text, gone boolean); \
              CREATE UNIQUE INDEX one ON public.t (lower(a)) WHERE NOT gone;",
        good: "INSERT INTO public.t VALUES (1, 'x', false), (2, 'X', true), (3, 'X', NULL)",
        bad: "INSERT INTO public.t VALUES (4, 'X', false)",
        what: "duplicates of (lower(a)) in public.t",
        mend: "DELETE FROM public.t WHERE id = 4",
        ..CASE
    },
    Case {
        name: "domain",
        old: "CREATE DOMAIN public.share AS int; CREATE TABLE public.t (id int PRIMARY KEY, value int, s public.share);",
        new: "CREATE DOMAIN public.share AS int CONSTRAINT small CHECK (VALUE < 100); \
              CREATE TABLE public.t (id int PRIMARY KEY, value int, s public.share);",
        good: "INSERT INTO public.t VALUES (1, 500, 1), (2, 500, NULL)",
        bad: "INSERT INTO public.t VALUES (3, 1, 100)",
        what: "values of public.t.s that break small of public.share",
        mend: "DELETE FROM public.t WHERE id = 3",
        ..CASE
    },
    Case {
        name: "too long",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a varchar(3));",
        good: "INSERT INTO public.t VALUES (1, 'abc'), (2, 'äöü   '), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 'abcd'), (5, 'a  d')",
        what: "values of public.t.a longer than 3",
        found: Some(2),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "text that is no integer",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY,\n-- pgrehearse: convert using (a::int) reverse (a::text)\na int);",
        good: "INSERT INTO public.t VALUES (1, ' -2147483648'), (2, '+7 '), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, '1.5'), (5, ''), (6, '2147483648')",
        what: "values of public.t.a that are no integer",
        found: Some(3),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "text that is no boolean",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY,\n-- pgrehearse: convert using (a::boolean) reverse (a::text)\na boolean);",
        good: "INSERT INTO public.t VALUES (1, ' YES'), (2, 'of'), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 'o'), (5, '2')",
        what: "values of public.t.a that are no boolean",
        found: Some(2),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "text that is no label",
        old: "CREATE TYPE public.mood AS ENUM ('good', 'bad'); CREATE TABLE public.t (id int PRIMARY KEY, m public.mood, a text);",
        new: "CREATE TYPE public.mood AS ENUM ('good', 'bad'); CREATE TABLE public.t (id int PRIMARY KEY, m public.mood,\n\
              -- pgrehearse: convert using (a::public.mood) reverse (a::text)\na public.mood);",
        good: "INSERT INTO public.t VALUES (1, 'bad', 'good'), (2, NULL, NULL)",
        bad: "INSERT INTO public.t VALUES (3, 'bad', 'Good')",
        what: "values of public.t.a that public.mood lacks",
        mend: "DELETE FROM public.t WHERE id > 2",
        ..CASE
    },
    Case {
        name: "json that is no jsonb",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a json);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a jsonb);",
        good: r#"INSERT INTO public.t VALUES (1, '{"a": "\\u0000 \ud83d\ude00 \u00e9"}'), (2, '"\\\\u0000"'), (3, NULL)"#,
        bad: r#"INSERT INTO public.t VALUES (4, '"\u0000"'), (5, '["\\\u0000"]'), (6, '"\ud83d"'), (7, '"a\ude00"')"#,
        what: "values of public.t.a that are no jsonb",
        found: Some(4),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "too large and too small for real",
        from: ServerVersion::V16,
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a double precision, b numeric);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a real, b double precision);",
        good: "INSERT INTO public.t VALUES (1, 3.4e38, 1e308), (2, 'Infinity', 'NaN'), (3, NULL, 0)",
        bad: "INSERT INTO public.t VALUES (4, 3.5e38, 1), (5, 1e-60, 1)",
        what: "values of public.t.a outside of real",
        found: Some(2),
        mend: "DELETE FROM public.t WHERE id > 3",
    },
    Case {
        name: "integer out of range",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a bigint);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a smallint);",
        good: "INSERT INTO public.t VALUES (1, 32767), (2, -32768), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 32768), (5, -32769)",
        what: "values of public.t.a outside of smallint",
        found: Some(2),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "number that is rounded out of range",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a double precision);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a smallint);",
        good: "INSERT INTO public.t VALUES (1, 32767.4), (2, -32768.4), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 32767.6), (5, 'NaN'), (6, '-Infinity')",
        what: "values of public.t.a outside of smallint",
        found: Some(3),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "numeric out of range",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a numeric);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a numeric(4,2));",
        good: "INSERT INTO public.t VALUES (1, 99.994), (2, 'NaN'), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 99.995), (5, -100), (6, 'Infinity')",
        what: "values of public.t.a that do not fit numeric(4,2)",
        found: Some(3),
        mend: "DELETE FROM public.t WHERE id > 3",
        ..CASE
    },
    Case {
        name: "a plain table is attached",
        old: "CREATE TABLE public.p (id int, d date NOT NULL) PARTITION BY RANGE (d); CREATE TABLE public.q (id int, d date NOT NULL);",
        new: "CREATE TABLE public.p (id int, d date NOT NULL) PARTITION BY RANGE (d); \
              CREATE TABLE public.q PARTITION OF public.p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');",
        good: "INSERT INTO public.q VALUES (1, '2024-01-01'), (2, '2024-12-31')",
        bad: "INSERT INTO public.q VALUES (3, '2025-01-01')",
        what: "rows of public.q outside of FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        mend: "DELETE FROM public.q WHERE id = 3",
        ..CASE
    },
    Case {
        name: "rows of the default partition",
        old: "CREATE TABLE public.p (id int, k text) PARTITION BY LIST (k); CREATE TABLE public.rest PARTITION OF public.p DEFAULT;",
        new: "CREATE TABLE public.p (id int, k text) PARTITION BY LIST (k); CREATE TABLE public.rest PARTITION OF public.p DEFAULT; \
              CREATE TABLE public.de PARTITION OF public.p FOR VALUES IN ('de', 'at');",
        good: "INSERT INTO public.p VALUES (1, 'fr'), (2, NULL)",
        bad: "INSERT INTO public.p VALUES (3, 'at')",
        what: "rows of the default partition public.rest that belong into public.de",
        mend: "DELETE FROM public.p WHERE id = 3",
        ..CASE
    },
    Case {
        name: "an enum loses a label",
        old: "CREATE TYPE public.mood AS ENUM ('good', 'it''s ok', 'bad'); CREATE TABLE public.t (id int PRIMARY KEY, m public.mood);",
        new: "CREATE TYPE public.mood AS ENUM ('good', 'it''s ok'); CREATE TABLE public.t (id int PRIMARY KEY, m public.mood);",
        good: "INSERT INTO public.t VALUES (1, 'good'), (2, 'it''s ok'), (3, NULL)",
        bad: "INSERT INTO public.t VALUES (4, 'bad')",
        what: "values of public.t.m that public.mood lacks",
        mend: "DELETE FROM public.t WHERE id = 4",
        ..CASE
    },
    Case {
        name: "expressions of an index",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text, j jsonb);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a text, j jsonb);
            CREATE INDEX ti ON public.t ((a::int), ((j ->> 'n')::numeric)) WHERE id > 0;",
        good: "INSERT INTO public.t VALUES (1, '1', '{\"n\": 2}'), (2, NULL, NULL), (0, 'x', NULL)",
        bad: "INSERT INTO public.t VALUES (3, '1', '{\"n\": \"y\"}')",
        what: "rows of public.t that ti cannot be computed for",
        found: None,
        mend: "DELETE FROM public.t WHERE id = 3",
        ..CASE
    },
    Case {
        name: "a generated column out of range",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a int);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED);",
        good: "INSERT INTO public.t VALUES (1, 1), (2, NULL)",
        bad: "INSERT INTO public.t VALUES (3, 2000000000)",
        what: "rows of public.t that b cannot be computed for",
        found: None,
        mend: "DELETE FROM public.t WHERE id = 3",
        ..CASE
    },
    Case {
        name: "a hint that gives null",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, a text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, a text,\n-- pgrehearse: backfill (lower(a))\nb text NOT NULL);",
        good: "INSERT INTO public.t VALUES (1, 'X')",
        bad: "INSERT INTO public.t VALUES (2, NULL)",
        what: "rows of public.t for which the hint of b gives NULL",
        mend: "DELETE FROM public.t WHERE id = 2",
        ..CASE
    },
    Case {
        name: "a backfill over rows that break what is not valid",
        old: "CREATE TABLE public.t (id int PRIMARY KEY, n int, m text);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, n bigint, m text);
            ALTER TABLE public.t ADD CONSTRAINT m_ok CHECK (m <> '') NOT VALID;",
        good: "INSERT INTO public.t VALUES (1, 1, 'a'); ALTER TABLE public.t ADD CONSTRAINT m_ok CHECK (m <> '') NOT VALID",
        bad: "ALTER TABLE public.t DROP CONSTRAINT m_ok; INSERT INTO public.t VALUES (2, 2, '');
            ALTER TABLE public.t ADD CONSTRAINT m_ok CHECK (m <> '') NOT VALID",
        what: "rows of public.t that break m_ok",
        mend: "DELETE FROM public.t WHERE id = 2",
        ..CASE
    },
    Case {
        name: "keys that the new type takes for one",
        old:
            "CREATE TABLE public.t (id int PRIMARY KEY, at timestamp, n numeric(5,2), UNIQUE (at));
            CREATE UNIQUE INDEX t_n ON public.t (id, n);",
        new: "CREATE TABLE public.t (id int PRIMARY KEY, at date, n numeric(5,2), UNIQUE (at));
            CREATE UNIQUE INDEX t_n ON public.t (id, n);",
        good: "INSERT INTO public.t VALUES (1, '2020-01-01 10:00', 1.01), (2, '2020-01-02 10:00', 1.02), (3, NULL, NULL)",
        bad: "INSERT INTO public.t VALUES (4, '2020-01-01 11:00', 1.03)",
        what: "duplicates under t_at_key of public.t once its column is date",
        mend: "DELETE FROM public.t WHERE id = 4",
        ..CASE
    },
    Case {
        name: "labels inside of arrays",
        old: "CREATE TYPE public.s AS ENUM ('a', 'b', 'c'); CREATE TABLE public.t (id int PRIMARY KEY, l public.s[]);",
        new: "CREATE TYPE public.s AS ENUM ('a', 'b'); CREATE TABLE public.t (id int PRIMARY KEY, l public.s[]);",
        good: "INSERT INTO public.t VALUES (1, '{a,NULL,b}'), (2, '{}'), (3, NULL), (4, '{{a,b},{b,a}}')",
        bad: "INSERT INTO public.t VALUES (5, '{a,c}')",
        what: "arrays in public.t.l with values that public.s lacks",
        mend: "DELETE FROM public.t WHERE id = 5",
        ..CASE
    },
];

/// The schema in a file of its own; gone with the value.
struct File(PathBuf);

impl File {
    fn new(sql: &str) -> Self {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let n = NUMBER.fetch_add(1, Ordering::SeqCst);
        let path =
            std::env::temp_dir().join(format!("pgrehearse-data-{}-{n}.sql", std::process::id()));
        std::fs::write(&path, sql).expect("write a schema file");
        Self(path)
    }

    fn source(&self) -> Source {
        Source::Files(self.0.clone())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

fn live(version: ServerVersion, old: &str, rows: &str) -> Live {
    let server = server(version).expect("a server");
    let files = read_files(&File::new(old).0).expect("read the schema");
    let live = Live::from_files(&server, &files).expect("make the schema");
    live.database
        .connect()
        .map(|mut c| c.batch_execute(rows))
        .expect("connect")
        .expect("insert the rows");
    live
}

fn plan_with(live: &Live, version: ServerVersion, new: &str, options: &Options) -> Document {
    let _ = version;
    let file = File::new(new);
    let plan = pipeline::plan(&live.source(), &file.source(), options);
    plan.unwrap_or_else(|e| panic!("plan: {e}"))
        .document()
        .clone()
}

fn plan(live: &Live, version: ServerVersion, new: &str) -> Document {
    let server = server(version).expect("a server");
    plan_with(live, version, new, &options(&server))
}

/// The checks with what came of them.
fn results(document: &Document) -> Vec<(&DataCheck, &CheckRun)> {
    let steps = document.steps().filter(|(_, s)| !s.checks.is_empty());
    steps
        .flat_map(|(_, s)| {
            let runs = &document.evidence.run[&s.id].checks;
            assert_eq!(s.checks.len(), runs.len(), "{}", s.id);
            s.checks.iter().zip(runs)
        })
        .collect()
}

fn apply(live: &Live, document: &Document) -> Result<(), ApplyError> {
    let config = &live.config;
    let connect = || config.connect(NoTls);
    let mut session = Session::open(&connect)?;
    let options = ApplyOptions {
        gates: pgrehearse::apply::Gates {
            drops: true,
            ..pgrehearse::apply::Gates::default()
        },
        ..ApplyOptions::default()
    };
    apply::run(&mut session, document, &options, &mut Silent).map(drop)
}

/// All of the statements, without asking first: what the rows really allow.
fn execute(live: &Live, document: &Document) -> Result<(), String> {
    let mut client = live.client();
    for (_, step) in document.steps() {
        let all: Vec<&str> = step.statements.iter().map(|s| s.sql.as_str()).collect();
        let script = match step.is_transactional() {
            true => format!("BEGIN; {}; COMMIT", all.join(";\n")),
            false => all.join(";\n"),
        };
        client
            .batch_execute(&script)
            .map_err(|e| pgrehearse::rehearse::message_of(&e))?;
    }
    Ok(())
}

fn schema_of(live: &Live) -> String {
    let row = live.client().query_one(
        "SELECT coalesce(string_agg(x, E'\\n' ORDER BY x), '') FROM (
            SELECT c.relname || ' ' || c.relkind::text AS x FROM pg_class c
             WHERE c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
            UNION ALL
            SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint) s",
        &[],
    );
    row.expect("read the catalog").get(0)
}

#[test]
fn the_rows_decide_as_the_server_would() {
    let judge_on = |version: ServerVersion| {
        let cases = CASES.iter().filter(|c| version >= c.from);
        let mut failures = Vec::new();
        for case in cases {
            let name = format!("{} on {version}", case.name);
            let judged = std::panic::catch_unwind(|| judge(case, version, &name));
            if judged.is_err() {
                failures.push(name);
            }
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let versions = versions().into_iter();
        let judged: Vec<_> = versions.map(|v| scope.spawn(move || judge_on(v))).collect();
        let failures = judged.into_iter().map(|j| j.join().expect("a judgement"));
        failures.flatten().collect()
    });
    assert!(failures.is_empty(), "{failures:#?}");
}

fn judge(case: &Case, version: ServerVersion, name: &str) {
    {
        {
            let good = live(version, case.old, case.good);
            let document = plan(&good, version, case.new);
            let all = results(&document);
            assert!(
                all.iter().any(|(c, _)| c.what == case.what),
                "{name}: {:?}",
                all.iter().map(|(c, _)| &c.what).collect::<Vec<_>>()
            );
            for (check, run) in &all {
                assert_eq!(run.verdict, Verdict::Allowed, "{name}: {check:?} {run:?}");
                assert!(!run.sampled, "{name}");
            }
            apply(&good, &document).unwrap_or_else(|e| panic!("{name}: {e}"));

            let rows = format!("{}; {}", case.good, case.bad);
            let bad = live(version, case.old, &rows);
            let document = plan(&bad, version, case.new);
            let all = results(&document);
            let (check, run) = all
                .iter()
                .find(|(c, _)| c.what == case.what)
                .unwrap_or_else(|| panic!("{name}: not asked"));
            assert_eq!(run.verdict, Verdict::Violated, "{name}: {check:?} {run:?}");
            assert_eq!(run.found, case.found, "{name}: {check:?}");
            if let (Some(found), Some(show)) = (case.found, &check.show) {
                let shown = bad.client().query(show.as_str(), &[]);
                let shown = shown.unwrap_or_else(|e| panic!("{name}: {show}: {e}"));
                assert_eq!(shown.len() as u64, found, "{name}: {show}");
            }
            let text = text::plan(&document, 100, Colour::No);
            assert!(text.contains("ROWS IN THE WAY"), "{name}: {text}");

            let before = schema_of(&bad);
            let error = apply(&bad, &document).expect_err(name);
            assert_eq!(error.exit_code(), 3, "{name}: {error}");
            assert!(error.to_string().contains(case.what), "{name}: {error}");
            assert_eq!(schema_of(&bad), before, "{name}: something was changed");

            let copy = live(version, case.old, &rows);
            let said = execute(&copy, &document);
            assert!(said.is_err(), "{name}: the server allows it");

            bad.client()
                .batch_execute(case.mend)
                .expect("mend the rows");
            apply(&bad, &document).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}

#[test]
fn a_function_of_the_files_is_not_run_on_live_at_plan_time() {
    let function = "CREATE FUNCTION public.harm(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS \
         $$ BEGIN RAISE EXCEPTION 'it was run'; END $$;";
    let table = "CREATE TABLE public.t (id int PRIMARY KEY, n int";
    for version in versions() {
        let server = server(version).expect("a server");
        // A trap on live itself, of the same name as what the files use.
        let live = live(
            version,
            &format!("{function} {table});"),
            "INSERT INTO public.t VALUES (1, 1)",
        );
        for (condition, why) in [
            ("public.harm(n)", "harm"),
            ("n > (now()::text = '')::int", "42P17"),
            ("n > random()", "42P17"),
        ] {
            let new = format!("{function} {table} CONSTRAINT c CHECK ({condition}));");
            let document = plan(&live, version, &new);
            for (_, run) in results(&document) {
                assert_eq!(run.verdict, Verdict::NotChecked, "{condition}: {run:?}");
                let said = run.why.as_deref().unwrap_or_default();
                assert!(
                    said.starts_with("user expression") && said.contains(why),
                    "{condition}: {said}"
                );
            }
            assert!(!results(&document).is_empty(), "{condition}");
        }
        // With leave it is run, and raises.
        let new = format!("{function} {table} CONSTRAINT c CHECK (public.harm(n)));");
        let trusting = Options {
            trust_files: true,
            ..options(&server)
        };
        let document = plan_with(&live, version, &new, &trusting);
        let (_, run) = results(&document)[0];
        let said = run.why.as_deref().unwrap_or_default();
        assert!(said.contains("refused the query (P0001)"), "{run:?}");
    }
}

#[test]
fn a_large_table_is_sampled_unless_an_index_tells() {
    for version in versions() {
        let server = server(version).expect("a server");
        let live = live(
            version,
            "CREATE TABLE public.t (id int PRIMARY KEY, a int, b int); CREATE INDEX t_b ON public.t (b);",
            "INSERT INTO public.t SELECT i, CASE WHEN i > 10 THEN NULL ELSE 1 END, i FROM generate_series(1, 50000) i",
        );
        live.client()
            .batch_execute("ANALYZE public.t")
            .expect("analyze");
        let small = Options {
            data: Limits {
                max_bytes: 1_000_000,
                ..Limits::default()
            },
            ..options(&server)
        };
        let new = "CREATE TABLE public.t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL); CREATE INDEX t_b ON public.t (b);";
        let document = plan_with(&live, version, new, &small);
        let of = |column: &str| {
            let what = format!("NULL in public.t.{column}");
            let all = results(&document);
            let found = all.iter().find(|(c, _)| c.what == what);
            found.map(|(_, run)| (*run).clone()).expect("it is asked")
        };
        let a = of("a");
        assert!(a.sampled && a.more && a.found == Some(1000), "{a:?}");
        assert_eq!(a.verdict, Verdict::Violated);
        let b = of("b");
        assert!(!b.sampled && b.verdict == Verdict::Allowed, "{b:?}");
        let shown = markdown::plan(&document);
        assert!(
            shown.contains("more than 1000 in a sample: NULL in public.t.a"),
            "{shown}"
        );
    }
}

#[test]
fn a_query_that_takes_long_and_a_table_that_is_not_readable_are_not_checked() {
    for version in versions() {
        let server = server(version).expect("a server");
        let old = "CREATE TABLE public.t (id int PRIMARY KEY, a int);";
        let new = "CREATE TABLE public.t (id int PRIMARY KEY, a int NOT NULL);";
        let live = live(
            version,
            old,
            "INSERT INTO public.t SELECT i, 1 FROM generate_series(1, 200000) i",
        );
        let impatient = Options {
            data: Limits {
                timeout: std::time::Duration::from_millis(1),
                ..Limits::default()
            },
            ..options(&server)
        };
        let document = plan_with(&live, version, new, &impatient);
        let (_, run) = results(&document)[0];
        assert_eq!(run.verdict, Verdict::NotChecked, "{run:?}");
        let said = run.why.clone().unwrap_or_default();
        assert!(said.contains("longer than 1 ms"), "{said}");

        live.client()
            .batch_execute("DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA public TO reader")
            .expect("make the role");
        let mut config = live.config.clone();
        config.user("reader").password("x");
        let reading = Options {
            connect: Box::new(move |_| config.connect(NoTls).map_err(PipelineError::from)),
            ..options(&server)
        };
        let document = plan_with(&live, version, new, &reading);
        let (_, run) = results(&document)[0];
        assert_eq!(run.verdict, Verdict::NotChecked, "{run:?}");
        let said = run.why.clone().unwrap_or_default();
        assert!(
            said.ends_with("GRANT SELECT ON public.t TO reader"),
            "{said}"
        );
        live.client()
            .batch_execute("DROP OWNED BY reader; DROP ROLE reader")
            .expect("drop the role");
    }
}

/// What a hint makes of a column is not there yet: neither at plan time nor before the swap.
#[test]
fn what_is_converted_is_asked_for_its_new_values() {
    let old = "CREATE TABLE public.t (id int PRIMARY KEY, price numeric NOT NULL, code text NOT NULL, state int);";
    let new = "CREATE TABLE public.t (id int PRIMARY KEY,
        -- pgrehearse: convert using ((price * 100)::bigint) reverse (price / 100.0)
        price bigint NOT NULL CHECK (price >= 100),
        -- pgrehearse: convert using (code || id) reverse (code)
        code varchar(40) NOT NULL UNIQUE,
        state text CHECK (state IN ('1', '2')));";
    let rows = "INSERT INTO public.t SELECT i, i, 'same', 1 FROM generate_series(1, 20) i";
    for (version, break_one) in versions().into_iter().flat_map(|v| [(v, false), (v, true)]) {
        let live = live(version, old, rows);
        if break_one {
            let rows = "INSERT INTO public.t VALUES (21, 0.5, 'same', 1)";
            live.client().batch_execute(rows).expect("a row");
        }
        let document = plan(&live, version, new);
        let results = results(&document);
        for what in ["t_price_check", "(code)", "t_state_check"] {
            let (check, run) = results
                .iter()
                .find(|(check, _)| check.what.contains(what))
                .unwrap_or_else(|| panic!("{what} is not asked about"));
            assert!(check.mended_by.is_some(), "{what}");
            assert_eq!(run.verdict, Verdict::NotChecked, "{what}");
        }
        if break_one {
            let error = apply(&live, &document).expect_err("a row is in the way");
            assert!(!matches!(error, ApplyError::Refused { .. }), "{error}");
            let error = apply(&live, &document).expect_err("a row is in the way");
            assert!(matches!(error, ApplyError::Refused { .. }), "{error}");
            let mend = "UPDATE public.t SET price = 200 WHERE id = 21";
            live.client().batch_execute(mend).expect("mended");
        }
        apply(&live, &document).unwrap_or_else(|e| panic!("{version}: {e}"));
    }
}

#[test]
fn the_plan_is_the_same_whatever_the_rows_say() {
    let version = *versions().last().expect("a version");
    let old = "CREATE TABLE public.t (id int PRIMARY KEY, a int);";
    let new = "CREATE TABLE public.t (id int PRIMARY KEY, a int NOT NULL);";
    let live = live(version, old, "INSERT INTO public.t VALUES (1, 1)");
    let server = server(version).expect("a server");
    let file = File::new(new);
    let plan = || {
        let plan = pipeline::plan(&live.source(), &file.source(), &options(&server));
        plan.expect("a plan").document().clone()
    };
    let one = plan();
    live.client()
        .batch_execute("INSERT INTO public.t VALUES (2, NULL)")
        .expect("insert");
    let two = plan();
    assert_ne!(one.evidence.run, two.evidence.run);
    assert_eq!(one.id, two.id);
    let yaml = pgrehearse::plan::artifact::write_document(&two, pgrehearse::plan::Format::Yaml)
        .expect("a plan has a text form");
    let read = pgrehearse::plan::artifact::read(&yaml).expect("our own file is read");
    assert_eq!(read.document(), &two);
}

#[test]
fn without_a_live_server_nothing_is_claimed() {
    let version = *versions().last().expect("a version");
    let server = server(version).expect("a server");
    let old = File::new("CREATE TABLE public.t (id int PRIMARY KEY, a int);");
    let new = File::new(
        "CREATE TABLE public.t (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL DEFAULT 1 CHECK (b > 0));",
    );
    let options = Options {
        small: SmallTable { rows: 0, bytes: 0 },
        ..options(&server)
    };
    let plan = pipeline::plan(&old.source(), &new.source(), &options).expect("a plan");
    let data = &plan.document().evidence.data;
    assert_eq!(data.not_checked.as_deref(), Some("no live server"));
    // The new column has no rows yet: only the old one's NULLs, for the adding and the validating.
    let checks: Vec<&str> = plan
        .document()
        .steps()
        .flat_map(|(_, s)| &s.checks)
        .map(|c| c.what.as_str())
        .collect();
    assert_eq!(checks, ["NULL in public.t.a", "NULL in public.t.a"]);
    let _ = Arc::strong_count(&server);
}
