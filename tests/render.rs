//! The renderings of one plan that has something of everything, and the comment's way to GitHub.

use pgrehearse::kinds::{Hazard, HazardKind, KindTag, ObjectId};
use pgrehearse::pg::{LockMode, ServerVersion};
use pgrehearse::plan::document::{Fingerprints, PlanEvidence, StepRun, UnmodeledRecord};
use pgrehearse::plan::{
    Document, Impact, Phase, PhaseRecord, Rollback, StatementEvidence, StatementRecord,
    StepEvidence, StepRecord,
};
use pgrehearse::render::markdown::{self, CommentOptions, marker};
use pgrehearse::render::post::{GitHub, PostError, Secret, github_from_environment, upsert_github};
use pgrehearse::render::{Colour, sql, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

struct StepOf(StepRecord);

impl StepOf {
    fn new(id: &str, kind: KindTag, path: &[&str], title: &str) -> Self {
        Self(StepRecord {
            tables: Vec::new(),
            id: id.to_owned(),
            title: title.to_owned(),
            operation: title.split(' ').take(2).collect::<Vec<_>>().join(" "),
            object: ObjectId::new(kind, path.iter().copied()),
            strategy: "direct".to_owned(),
            why: "it is in the desired schema and not in the live one".to_owned(),
            statements: Vec::new(),
            done_when: None,
            clean: Vec::new(),
            rollback: Rollback::Run(Vec::new()),
            hazards: Vec::new(),
            gate: None,
            checks: Vec::new(),
            rollback_checks: Vec::new(),
            retires: None,
            backfill: None,
            fingerprints: fingerprints(),
            evidence: StepEvidence {
                impact: Impact::Online,
                statements: Vec::new(),
            },
        })
    }

    fn why(mut self, why: &str) -> Self {
        self.0.why = why.to_owned();
        self
    }

    fn sql(mut self, sql: &str, locks: &[(&str, LockMode)]) -> Self {
        self.0.statements.push(statement(sql, true));
        self.0.evidence.statements.push(StatementEvidence {
            locks: locks.iter().map(|(r, m)| ((*r).to_owned(), *m)).collect(),
            ..StatementEvidence::default()
        });
        self
    }

    fn outside(mut self, sql: &str, locks: &[(&str, LockMode)]) -> Self {
        self = self.sql(sql, locks);
        self.0.statements.last_mut().unwrap().transactional = false;
        self
    }

    fn seen(mut self, change: impl Fn(&mut StatementEvidence)) -> Self {
        change(self.0.evidence.statements.last_mut().unwrap());
        self
    }

    fn undo(mut self, sql: &[&str]) -> Self {
        self.0.rollback = Rollback::Run(
            sql.iter()
                .map(|s| statement(s, !s.contains("CONCURRENTLY")))
                .collect(),
        );
        self
    }

    fn with(mut self, change: impl Fn(&mut StepRecord)) -> Self {
        change(&mut self.0);
        self
    }
}

fn statement(sql: &str, transactional: bool) -> StatementRecord {
    StatementRecord {
        sql: sql.to_owned(),
        transactional,
    }
}

fn fingerprints() -> Fingerprints {
    Fingerprints {
        before: "1:aa".to_owned(),
        after: "1:bb".to_owned(),
    }
}

fn document(phases: Vec<(Phase, Vec<StepOf>)>) -> Document {
    let phases: Vec<PhaseRecord> = phases
        .into_iter()
        .map(|(phase, steps)| PhaseRecord {
            phase,
            steps: steps.into_iter().map(|s| s.0).collect(),
        })
        .collect();
    let impact = phases
        .iter()
        .flat_map(|p| &p.steps)
        .map(|s| s.evidence.impact)
        .max();
    Document {
        format: 1,
        id: "0123456789abcdef".to_owned(),
        tool: "0.1.0".to_owned(),
        server_version: ServerVersion::V17,
        from: "schemas/shop/v1".to_owned(),
        to: "schemas/shop/v2".to_owned(),
        fingerprints: fingerprints(),
        touches: Vec::new(),
        phases,
        unmodeled: Vec::new(),
        notices: Vec::new(),
        evidence: PlanEvidence {
            rehearsed_on: Some("PostgreSQL 17.5".to_owned()),
            not_rehearsed: Vec::new(),
            impact: impact.unwrap_or(Impact::Online),
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: String::new(),
            data: pgrehearse::plan::DataEvidence::default(),
            run: BTreeMap::new(),
        },
    }
}

/// Eight steps: most of what a plan can hold.
fn shop() -> Document {
    use LockMode::*;
    let orders = "public.orders";
    let expand = vec![
        StepOf::new("expand-1", KindTag::Enum, &["public", "order_status"], "add value 'refunded' to type public.order_status")
            .sql("ALTER TYPE public.order_status ADD VALUE 'refunded' AFTER 'paid'", &[])
            .with(|s| {
                s.rollback = Rollback::Leave {
                    what: ObjectId::new(KindTag::Enum, ["public", "order_status"]),
                    why: "the label 'refunded' stays; PostgreSQL cannot drop one".to_owned(),
                };
            }),
        StepOf::new("expand-2", KindTag::Index, &["public", "orders_customer_placed_idx"], "create index public.orders_customer_placed_idx")
            .why("built CONCURRENTLY: a plain CREATE INDEX holds SHARE on the table for the whole build and writes wait")
            .outside("CREATE INDEX CONCURRENTLY orders_customer_placed_idx ON public.orders USING btree (customer_id, placed_at DESC) INCLUDE (total) WHERE (status <> 'cancelled'::public.order_status)", &[(orders, ShareUpdateExclusive)])
            .seen(|e| {
                e.scanned.push("public.orders".to_owned());
                e.index_builds.push("public.orders_customer_placed_idx".to_owned());
            })
            .undo(&["DROP INDEX CONCURRENTLY public.orders_customer_placed_idx"])
            .with(|s| {
                s.done_when = None;
                s.clean = vec!["DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer_placed_idx".to_owned()];
                s.hazards = vec![Hazard::declared(HazardKind::NotTransactional, "an interrupted build leaves an invalid index, which is dropped and built again")];
            }),
        StepOf::new("expand-3", KindTag::Constraint, &["public", "orders", "orders_customer_id_fkey"], "add foreign key public.orders.orders_customer_id_fkey, not valid")
            .why("NOT VALID first: the existing rows are checked in migrate, without a lock that blocks writes")
            .sql("ALTER TABLE public.orders ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES public.customers(id) ON DELETE RESTRICT NOT VALID", &[(orders, ShareRowExclusive), ("public.customers", ShareRowExclusive)])
            .undo(&["ALTER TABLE public.orders DROP CONSTRAINT orders_customer_id_fkey"])
            .with(|s| s.hazards = vec![Hazard::declared(HazardKind::RejectsWrites, "orders without a customer are refused from now on")]),
    ];
    let migrate = vec![
        StepOf::new(
            "migrate-1",
            KindTag::Constraint,
            &["public", "orders", "orders_customer_id_fkey"],
            "validate foreign key public.orders.orders_customer_id_fkey",
        )
        .sql(
            "ALTER TABLE public.orders VALIDATE CONSTRAINT orders_customer_id_fkey",
            &[
                (orders, ShareUpdateExclusive),
                ("public.customers", RowShare),
            ],
        )
        .seen(|e| e.scanned.push("public.orders".to_owned())),
    ];
    let contract = vec![
        StepOf::new("contract-1", KindTag::Column, &["public", "orders", "total"], "change type of column public.orders.total to numeric(12,2), rebuild view public.order_totals")
            .why("integer to numeric has another storage: the table is written anew; the view selects the column")
            .sql("DROP VIEW public.order_totals", &[("public.order_totals", AccessExclusive)])
            .sql("ALTER TABLE public.orders ALTER COLUMN total TYPE numeric(12,2) USING ((total)::numeric / 100)", &[(orders, AccessExclusive), ("public.orders_total_idx", AccessExclusive)])
            .seen(|e| {
                e.rewritten.push("public.orders".to_owned());
                e.scanned.push("public.orders".to_owned());
                e.index_builds.push("public.orders_total_idx".to_owned());
            })
            .sql("CREATE VIEW public.order_totals AS\n SELECT o.customer_id,\n    sum(o.total) AS total\n   FROM public.orders o\n  GROUP BY o.customer_id", &[(orders, AccessShare)])
            .undo(&["DROP VIEW public.order_totals", "ALTER TABLE public.orders ALTER COLUMN total TYPE integer USING ((total * 100)::integer)", "CREATE VIEW public.order_totals AS\n SELECT 1"])
            .with(|s| {
                s.evidence.impact = Impact::Blocking;
                s.hazards = vec![
                    Hazard::measured(HazardKind::BlocksReads, "nobody reads or writes public.orders while it is rewritten"),
                    Hazard::declared(HazardKind::BreaksQueries, "prepared statements that select total fail until they are prepared again"),
                ];
            }),
        StepOf::new("contract-2", KindTag::Column, &["public", "orders", "note"], "rename column public.orders.note to remark")
            .sql("ALTER TABLE public.orders RENAME COLUMN note TO remark", &[(orders, AccessExclusive)])
            .undo(&["ALTER TABLE public.orders RENAME COLUMN remark TO note"]),
        StepOf::new("contract-3", KindTag::Trigger, &["public", "orders", "orders_audit"], "create trigger orders_audit on public.orders")
            .sql("CREATE TRIGGER orders_audit AFTER UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public.audit()", &[(orders, ShareRowExclusive)])
            .undo(&["DROP TRIGGER orders_audit ON public.orders"])
            .with(|s| s.evidence.impact = Impact::Bounded),
        StepOf::new("contract-4", KindTag::Table, &["public", "legacy_carts"], "drop table public.legacy_carts")
            .why("it is not in the desired schema")
            .sql("DROP TABLE public.legacy_carts", &[("public.legacy_carts", AccessExclusive), ("public.customers", AccessExclusive)])
            .with(|s| {
                s.gate = Some(pgrehearse::plan::Gate::Confirm {
                    what: "no query has named it for 24 h".to_owned(),
                });
                s.rollback = Rollback::Irreversible { why: "the rows of public.legacy_carts are gone".to_owned() };
                s.hazards = vec![Hazard::declared(HazardKind::DataLoss, "the rows of public.legacy_carts are lost")];
            }),
    ];
    let mut plan = document(vec![
        (Phase::Expand, expand),
        (Phase::Migrate, migrate),
        (Phase::Contract, contract),
    ]);
    plan.touches = plan.steps().map(|(_, s)| s.object.clone()).collect();
    plan.unmodeled = vec![UnmodeledRecord {
        side: "live".to_owned(),
        what: "publication".to_owned(),
        name: "app_changes".to_owned(),
    }];
    plan.notices = vec!["column public.customers.user_name is dropped and username added: if it is a rename, write -- pgrehearse: renamed from user_name above username".to_owned()];
    plan.evidence.rollback = [
        ("expand", "leads back, but for type public.order_status"),
        ("contract", "cannot: contract-4"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into();
    plan.evidence.queries = "not checked: no queries were given".to_owned();
    plan.evidence.run = BTreeMap::from([(
        "expand-2".to_owned(),
        StepRun {
            took_ms: 3.25,
            polled_locks: BTreeMap::from([(
                "public.orders".to_owned(),
                LockMode::ShareUpdateExclusive,
            )]),
            live_rows: BTreeMap::from([("public.orders".to_owned(), 1_000_000)]),
            checks: Vec::new(),
        },
    )]);
    plan
}

/// Where PGREHEARSE_RENDER_DIR is set, a rendering is left there to be looked at.
fn show(name: &str, text: &str) {
    if let Some(dir) = std::env::var_os("PGREHEARSE_RENDER_DIR") {
        std::fs::write(std::path::Path::new(&dir).join(name), text).unwrap();
    }
}

// ---------------------------------------------------------------- terminal

#[test]
fn the_verdict_is_the_first_line() {
    let shown = text::plan(&shop(), 120, Colour::No);
    let first = shown.lines().next().unwrap();
    assert_eq!(
        first,
        "BLOCKING · DATA LOSS · 8 steps in 3 phases · rehearsed on PostgreSQL 17.5 · arrives at the desired schema"
    );
    show("plan.120.txt", &shown);
    show("plan.80.txt", &text::plan(&shop(), 80, Colour::No));
    show("plan.80.ansi", &text::plan(&shop(), 80, Colour::Yes));
    show("plan.120.ansi", &text::plan(&shop(), 120, Colour::Yes));
}

#[test]
fn a_step_shows_its_evidence() {
    let shown = text::plan(&shop(), 120, Colour::No);
    for part in [
        "ACCESS EXCLUSIVE on public.order_totals, public.orders, public.orders_total_idx",
        "rewrites public.orders",
        "builds   public.orders_customer_placed_idx",
        "undo     leaves type public.order_status",
        "undo     cannot be undone: the rows of public.legacy_carts are gone",
        "undo     DROP VIEW public.order_totals; and 2 more",
        "3 statements in one transaction",
        "outside a transaction",
        "gate     no query has named it for 24 h",
        "publication app_changes (live)",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let data_loss = shown.find("data-loss").unwrap();
    assert!(data_loss < shown.find("blocks-reads").unwrap());
    assert!(shown.find("blocks-reads").unwrap() < shown.find("EXPAND").unwrap());
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [80, 100, 120] {
        for line in text::plan(&shop(), width, Colour::No).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let coloured = text::plan(&shop(), 80, Colour::Yes);
    assert!(coloured.contains('\u{1b}'));
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    let trim = |t: &str| {
        t.lines()
            .map(|l| l.trim_end().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(trim(&plain), trim(&text::plan(&shop(), 80, Colour::No)));
}

#[test]
fn run_facts_are_in_no_rendering() {
    let (with, mut without) = (shop(), shop());
    without.evidence.run.clear();
    assert_eq!(
        text::plan(&with, 80, Colour::No),
        text::plan(&without, 80, Colour::No)
    );
    assert_eq!(markdown::plan(&with), markdown::plan(&without));
    assert_eq!(sql::plan(&with), sql::plan(&without));
}

#[test]
fn an_empty_plan_says_so() {
    let empty = document(Vec::new());
    assert_eq!(
        text::plan(&empty, 80, Colour::No),
        "nothing to do: live is as desired\n"
    );
    assert!(markdown::plan(&empty).contains("nothing to do: live is as desired"));
    assert!(!sql::plan(&empty).contains("SET "));
}

#[test]
fn what_is_left_and_what_was_not_rehearsed_is_loud() {
    let mut plan = shop();
    plan.evidence.residual = vec!["column public.orders.note: default".to_owned()];
    let shown = text::plan(&plan, 120, Colour::No);
    assert!(
        shown
            .lines()
            .next()
            .unwrap()
            .ends_with("DOES NOT ARRIVE: 1 difference left")
    );
    assert!(shown.contains("  - column public.orders.note: default"));
    plan.evidence.residual.clear();
    plan.evidence.rehearsed_on = None;
    plan.evidence.not_rehearsed = vec!["live is 16, rehearsed would be 17".to_owned()];
    let shown = text::plan(&plan, 120, Colour::No);
    let first = shown.lines().next().unwrap();
    assert!(
        first.contains("NOT REHEARSED") && !first.contains("arrives"),
        "{first}"
    );
    assert!(shown.contains("live is 16"));
}

#[test]
fn a_name_cannot_steer_the_terminal() {
    let mut plan = shop();
    plan.phases[0].steps[0].title = "a\u{1b}[2Jb\u{202e}c".to_owned();
    plan.phases[0].steps[0].statements[0].sql = "SELECT '\u{1b}[1A'".to_owned();
    let shown = text::plan(&plan, 80, Colour::No);
    assert!(!shown.contains(['\u{1b}', '\u{202e}']));
    assert!(shown.contains("a\\u{1b}[2Jb\\u{202e}c"));
}

// ---------------------------------------------------------------- script

#[test]
fn the_script_guards_every_statement_that_a_second_run_would_repeat() {
    let script = sql::plan(&shop());
    show("plan.sql", &script);
    for part in [
        "ADD VALUE IF NOT EXISTS 'refunded'",
        "SELECT $sql$DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer_placed_idx$sql$\n WHERE EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = to_regclass('public.orders_customer_placed_idx') AND NOT indisvalid) \\gexec",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_customer_placed_idx",
        "conname = 'orders_customer_id_fkey') THEN",
        "DROP VIEW IF EXISTS public.order_totals;\nDO $do$",
        "$do$;\nCREATE OR REPLACE VIEW",
        "IS DISTINCT FROM 'numeric(12,2)'",
        "CREATE OR REPLACE TRIGGER",
        "DROP TABLE IF EXISTS public.legacy_carts;",
    ] {
        assert!(script.contains(part), "{part}\n{script}");
    }
    assert!(!script.contains("NOT GUARDED"), "{script}");
}

#[test]
fn a_concurrent_build_is_outside_the_transaction_and_waits() {
    let script = sql::plan(&shop());
    let create = script.find("CREATE INDEX CONCURRENTLY IF").unwrap();
    let before = &script[..create];
    assert_eq!(
        before.matches("BEGIN;\n").count(),
        before.matches("COMMIT;\n").count()
    );
    let last = before.rfind("SET lock_timeout").unwrap();
    assert!(before[last..].starts_with("SET lock_timeout = '0';"));
}

#[test]
fn a_step_that_would_take_away_the_new_object_runs_once_only() {
    let again = vec![
        StepOf::new("contract-1", KindTag::Table, &["s", "t"], "drop").sql("DROP TABLE s.t", &[]),
        StepOf::new("contract-2", KindTag::Table, &["s", "t"], "create")
            .sql("CREATE TABLE s.t (a int)", &[]),
        StepOf::new("contract-3", KindTag::Table, &["s", "t"], "fill")
            .sql("UPDATE s.t SET a = a + 1", &[]),
    ];
    let script = sql::plan(&document(vec![(Phase::Contract, again)]));
    assert!(
        script.contains("on the first run alone: contract-1\n"),
        "{script}"
    );
    assert!(
        script.contains("NOT GUARDED, a second run repeats them: contract-3\n"),
        "{script}"
    );
    assert!(
        script.find("\\if :{?once}").unwrap() < script.find("DROP TABLE IF EXISTS s.t").unwrap()
    );
}

#[test]
fn a_title_cannot_leave_its_comment_and_sql_cannot_reach_psql() {
    let mut plan = shop();
    plan.phases[0].steps[0].title = "x\nDROP TABLE a; \\! rm".to_owned();
    plan.notices = vec!["y\r\\! rm".to_owned()];
    plan.phases[0].steps[1].statements[0].sql = "SELECT 1 \\! rm".to_owned();
    let script = sql::plan(&plan);
    assert!(
        script
            .lines()
            .filter(|l| l.contains("! rm"))
            .all(|l| l.starts_with("--")),
        "{script}"
    );
    assert!(script.contains("STOPS AT, because psql cannot pass it on: expand-2"));
}

// ---------------------------------------------------------------- Markdown

#[test]
fn the_comment_begins_with_its_marker_and_shows_hazards_before_steps() {
    let options = CommentOptions {
        environment: Some("prod".to_owned()),
        ..CommentOptions::default()
    };
    let comment = markdown::comment(&shop(), &options);
    show("comment.md", &comment);
    assert!(comment.starts_with("<!-- pgrehearse:plan:prod -->\n### Schema plan for prod\n"));
    let at = |part: &str| {
        comment
            .find(part)
            .unwrap_or_else(|| panic!("{part}\n{comment}"))
    };
    assert!(at("**BLOCKING · DATA LOSS") < at("**data-loss** in"));
    assert!(at("**data-loss** in") < at("| step | impact |"));
    assert!(at("| step | impact |") < at("<details>"));
    assert!(at("ACCESS EXCLUSIVE on <code>public.orders</code>") < at("<details>"));
    at("- publication app\\_changes (live)");
    assert!(!markdown::plan(&shop()).contains("<!--"));
}

#[test]
fn foreign_text_cannot_break_out_of_the_comment() {
    let evil = "a | b\n\n</details><script>x</script> --> <!-- pgrehearse:plan --> @octocat `c` [l](http://e.example) ```";
    let mut plan = shop();
    plan.from = evil.to_owned();
    plan.notices = vec![evil.to_owned()];
    plan.evidence.residual = vec![evil.to_owned()];
    plan.unmodeled[0].name = evil.to_owned();
    for step in plan.phases.iter_mut().flat_map(|p| &mut p.steps) {
        step.title = evil.to_owned();
        step.why = evil.to_owned();
        step.gate = Some(pgrehearse::plan::Gate::Confirm {
            what: evil.to_owned(),
        });
        step.hazards
            .push(Hazard::declared(HazardKind::DataLoss, evil));
        step.statements[0].sql = format!("SELECT '{evil}'");
        step.evidence.statements[0]
            .locks
            .insert(evil.to_owned(), LockMode::Share);
    }
    let comment = markdown::comment(
        &plan,
        &CommentOptions {
            environment: Some(evil.to_owned()),
            limit: 200_000,
        },
    );
    let mut fence: Option<String> = None;
    let (mut opened, mut closed) = (0, 0);
    for (n, line) in comment.lines().enumerate() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => continue,
            None if line.starts_with("```") => {
                fence = Some(line.trim_end_matches("sql").to_owned())
            }
            None => {
                for bad in ["<script", "@o", "http://", "```"] {
                    assert!(!line.contains(bad), "{bad}: {line}");
                }
                assert!(!line.replace("\\]", "").contains("]("), "{line}");
                assert!(n == 0 || !line.contains("<!--"), "{line}");
                if line.starts_with('|') {
                    assert_eq!(line.matches('|').count(), 7, "{line}");
                }
                opened += line.matches("<details>").count();
                closed += line.matches("</details>").count();
            }
        }
    }
    assert!(fence.is_none());
    assert_eq!((opened, closed), (3, 3));
    assert_eq!(comment.lines().next().unwrap().matches("-->").count(), 1);
}

#[test]
fn a_long_comment_is_cut_at_a_step_and_says_so() {
    let many = |n: usize, body: usize| {
        let steps = (1..=n).map(|i| {
            let sql = format!("SELECT '{}'", "x".repeat(body));
            StepOf::new(
                &format!("expand-{i}"),
                KindTag::Table,
                &["s", "t"],
                &format!("title {i}."),
            )
            .sql(&sql, &[])
        });
        document(vec![(Phase::Expand, steps.collect())])
    };
    let size = |c: &str| c.encode_utf16().count();
    let limit = CommentOptions::default().limit;
    let comment = markdown::comment(&many(100, 2000), &CommentOptions::default());
    assert!(
        size(&comment) <= limit && size(&comment) > limit - 5000,
        "{}",
        size(&comment)
    );
    let shown = comment.matches("```sql").count();
    assert!(comment.contains(&format!(
        "The SQL of {} of 100 steps is not shown",
        100 - shown
    )));
    assert!(comment.contains("title 100."), "the table is whole");
    assert_eq!(
        comment.matches("<details>").count(),
        comment.matches("</details>").count()
    );

    let comment = markdown::comment(&many(3000, 10), &CommentOptions::default());
    assert!(size(&comment) <= limit);
    assert!(
        comment.contains("of 3000 steps are not shown"),
        "{}",
        &comment[..400]
    );
    for limit in [0, 300, 1000, 3000] {
        let comment = markdown::comment(
            &shop(),
            &CommentOptions {
                environment: None,
                limit,
            },
        );
        assert!(comment.starts_with(&marker(None)));
        assert!(limit < 400 || size(&comment) <= limit, "{limit}: {comment}");
    }
}

// ---------------------------------------------------------------- GitHub

struct Request {
    method: String,
    target: String,
    headers: String,
    body: Value,
}

/// Answers each connection with what `answer` says: status, further headers, body.
fn server(
    answer: impl Fn(&Request) -> (u16, String, String) + Send + 'static,
) -> (GitHub, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}/api/v3/", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or(0) == 0 {
                    break;
                }
            }
            let mut words = head.split_whitespace();
            let (method, target) = (
                words.next().unwrap_or_default(),
                words.next().unwrap_or_default(),
            );
            let lower = head.to_lowercase();
            let length = lower
                .split("content-length: ")
                .nth(1)
                .and_then(|r| r.split("\r\n").next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            let request = Request {
                method: method.to_owned(),
                target: target.to_owned(),
                headers: lower.clone(),
                body: serde_json::from_slice(&body).unwrap_or_default(),
            };
            let (status, headers, body) = answer(&request);
            log.lock().unwrap().push(request);
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (target(&api), seen)
}

fn target(api: &str) -> GitHub {
    GitHub {
        api: api.to_owned(),
        repository: "shop/db".to_owned(),
        number: 7,
        token: Secret::new("ghp_hunter2"),
        proxy: None,
    }
}

fn comment_json(id: u64, body: &str, login: &str, kind: &str) -> Value {
    json!({"id": id, "body": body, "html_url": format!("https://github.test/shop/db/pull/7#issuecomment-{id}"),
           "user": {"login": login, "type": kind}})
}

fn lines(seen: &Arc<Mutex<Vec<Request>>>) -> Vec<String> {
    seen.lock()
        .unwrap()
        .iter()
        .map(|r| format!("{} {}", r.method, r.target))
        .collect()
}

const COMMENTS: &str = "/api/v3/repos/shop/db/issues/7/comments";

#[test]
fn a_first_comment_is_created() {
    let (github, seen) = server(|r| match r.method.as_str() {
        "GET" => (
            200,
            String::new(),
            json!([comment_json(1, "hello", "amy", "User")]).to_string(),
        ),
        _ => (
            201,
            String::new(),
            comment_json(9, "", "x", "Bot").to_string(),
        ),
    });
    let posted = upsert_github(&github, &marker(None), "BODY é").unwrap();
    assert!(!posted.updated);
    assert_eq!(
        posted.url,
        "https://github.test/shop/db/pull/7#issuecomment-9"
    );
    assert_eq!(
        lines(&seen),
        [
            format!("GET {COMMENTS}?per_page=100"),
            format!("POST {COMMENTS}")
        ]
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen[1].body, json!({"body": "BODY é"}));
    for part in [
        "authorization: bearer ghp_hunter2",
        "x-github-api-version: 2022-11-28",
        "user-agent: pgrehearse/",
    ] {
        assert!(seen[1].headers.contains(part), "{}", seen[1].headers);
    }
}

#[test]
fn our_comment_on_a_later_page_is_updated_and_a_strangers_is_not() {
    let (github, seen) = server(|r| {
        let host = r
            .headers
            .split("host: ")
            .nth(1)
            .unwrap()
            .split("\r\n")
            .next()
            .unwrap()
            .to_owned();
        let mark = marker(None);
        if r.target.ends_with("/user") {
            return (
                403,
                String::new(),
                json!({"message": "Resource not accessible by integration"}).to_string(),
            );
        }
        if r.method == "PATCH" {
            return (
                200,
                String::new(),
                comment_json(3, "", "github-actions[bot]", "Bot").to_string(),
            );
        }
        if r.target.contains("page=2") && !r.target.ends_with("per_page=100") {
            let other = comment_json(4, &marker(Some("prod")), "github-actions[bot]", "Bot");
            let ours = comment_json(3, &format!("{mark}\nold"), "github-actions[bot]", "Bot");
            return (200, String::new(), json!([other, ours]).to_string());
        }
        let link = format!(
            "link: <http://{host}{COMMENTS}?per_page=100&page=2>; rel=\"next\", <http://{host}{COMMENTS}?per_page=100&page=2>; rel=\"last\"\r\n"
        );
        (
            200,
            link,
            json!([
                comment_json(2, &mark, "mallory", "User"),
                comment_json(1, &format!("> {mark}"), "a", "Bot")
            ])
            .to_string(),
        )
    });
    let posted = upsert_github(&github, &marker(None), "new").unwrap();
    assert!(posted.updated);
    assert_eq!(
        lines(&seen)[1..],
        [
            format!("GET {COMMENTS}?per_page=100&page=2"),
            "GET /api/v3/user".to_owned(),
            "PATCH /api/v3/repos/shop/db/issues/comments/3".to_owned(),
        ]
    );
}

#[test]
fn a_persons_token_updates_that_persons_comment_only() {
    let (github, seen) = server(|r| match (r.method.as_str(), r.target.as_str()) {
        ("GET", "/api/v3/user") => (
            200,
            String::new(),
            json!({"login": "Amy", "type": "User"}).to_string(),
        ),
        ("GET", _) => (
            200,
            String::new(),
            json!([
                comment_json(1, &marker(None), "some[bot]", "Bot"),
                comment_json(2, &marker(None), "amy", "User"),
            ])
            .to_string(),
        ),
        _ => (
            200,
            String::new(),
            comment_json(2, "", "amy", "User").to_string(),
        ),
    });
    assert!(
        upsert_github(&github, &marker(None), "new")
            .unwrap()
            .updated
    );
    assert!(lines(&seen).last().unwrap().ends_with("/comments/2"));
}

#[test]
fn each_refusal_has_its_error_and_none_shows_the_token() {
    for (status, headers, body, code) in [
        (
            401,
            "",
            r#"{"message": "Bad credentials"}"#,
            "post::unauthorized",
        ),
        (
            403,
            "",
            r#"{"message": "Resource not accessible by integration ghp_hunter2"}"#,
            "post::forbidden",
        ),
        (
            403,
            "x-ratelimit-remaining: 0\r\n",
            r#"{"message": "API rate limit exceeded"}"#,
            "post::rate_limited",
        ),
        (
            403,
            "retry-after: 60\r\n",
            r#"{"message": "secondary rate limit"}"#,
            "post::rate_limited",
        ),
        (429, "", "{}", "post::rate_limited"),
        (404, "", r#"{"message": "Not Found"}"#, "post::not_found"),
        (
            422,
            "",
            r#"{"message": "Validation Failed", "errors": [{"message": "body is too long"}]}"#,
            "post::rejected",
        ),
        (500, "", "<html>", "post::status"),
        (200, "", "{not json", "post::garbage"),
        (200, "", r#"{"a": 1}"#, "post::garbage"),
        (
            200,
            "link: <https://evil.example/x>; rel=\"next\"\r\n",
            "[]",
            "post::foreign_page",
        ),
        (
            302,
            "location: http://127.0.0.2:9/x\r\n",
            "",
            "post::status",
        ),
    ] {
        let (github, _) = server(move |_| (status, headers.to_owned(), body.to_owned()));
        let error = upsert_github(&github, &marker(None), "x").unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert!(!error.help().is_empty());
        let mut shown = format!("{error} {error:?} {github:?}");
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        while let Some(next) = cause {
            shown.push_str(&next.to_string());
            cause = next.source();
        }
        assert!(!shown.contains("hunter2"), "{shown}");
        if status == 422 {
            assert!(
                shown.contains("Validation Failed; body is too long"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_rejected_post_is_an_error_too() {
    let (github, _) = server(|r| match r.method.as_str() {
        "GET" => (200, String::new(), "[]".to_owned()),
        _ => (
            422,
            String::new(),
            r#"{"message": "Unable to create comment because issue is locked."}"#.to_owned(),
        ),
    });
    let error = upsert_github(&github, &marker(None), "x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "GitHub rejected the comment: Unable to create comment because issue is locked."
    );
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = upsert_github(&target(&api), &marker(None), "x").unwrap_err();
    assert!(matches!(error, PostError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "127.0.0.1 cannot be reached");
}

#[test]
fn a_token_is_not_sent_unencrypted_nor_to_a_made_up_path() {
    let code = |api: &str, repository: &str| {
        let github = GitHub {
            repository: repository.to_owned(),
            ..target(api)
        };
        upsert_github(&github, &marker(None), "x")
            .unwrap_err()
            .code()
    };
    assert_eq!(code("http://github.example", "a/b"), "post::unencrypted");
    assert_eq!(code("ftp://github.example", "a/b"), "post::address");
    assert_eq!(code("nonsense", "a/b"), "post::address");
    for repository in ["a", "a/..", "../b", "a/b/c", "a/b?c", ""] {
        assert_eq!(
            code("https://api.github.com", repository),
            "post::repository",
            "{repository}"
        );
    }
    let github = GitHub {
        token: Secret::new("a\nb"),
        ..target("http://127.0.0.1:1")
    };
    assert_eq!(
        upsert_github(&github, "", "").unwrap_err().code(),
        "post::token"
    );
}

#[test]
fn the_environment_of_actions_names_the_pull_request() {
    let read = |event: Option<&str>, reference: &str, without: &str| {
        let get = |name: &str| {
            let value = match name {
                "GITHUB_TOKEN" => "t\n",
                "GITHUB_REPOSITORY" => "shop/db",
                "GITHUB_API_URL" => "https://ghe.example/api/v3",
                "GITHUB_REF" => reference,
                _ => return None,
            };
            (name != without).then(|| value.to_owned())
        };
        github_from_environment(get, event)
            .map(|g| (g.number, g.api))
            .map_err(|e| e.to_string())
    };
    let api = "https://ghe.example/api/v3".to_owned();
    assert_eq!(
        read(Some(r#"{"pull_request": {"number": 5}}"#), "", ""),
        Ok((5, api.clone()))
    );
    assert_eq!(
        read(Some(r#"{"issue": {"number": 6}}"#), "", ""),
        Ok((6, api.clone()))
    );
    assert_eq!(read(Some("garbage"), "refs/pull/8/merge", ""), Ok((8, api)));
    assert_eq!(
        read(None, "refs/heads/main", ""),
        Err("the pull request's number is neither in the event nor in GITHUB_REF".to_owned())
    );
    assert_eq!(
        read(None, "refs/pull/8/merge", "GITHUB_TOKEN"),
        Err("GITHUB_TOKEN is not set".to_owned())
    );
}

// ---------------------------------------------------------------- schema

/// The part of JSON Schema that plan.schema.json uses; any other key word is an error.
fn check(schema: &Value, root: &Value, value: &Value, at: &str, errors: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else {
        return;
    };
    let mut own = Vec::new();
    let mut fail = |what: String| own.push(format!("{at}: {what}"));

    for (key, rule) in rules {
        match key.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "properties" | "pattern"
            | "minimum" => {}
            "type" => {
                let names: Vec<&str> = rule.as_array().map_or_else(
                    || rule.as_str().into_iter().collect(),
                    |a| a.iter().filter_map(Value::as_str).collect(),
                );
                let is = |name: &&str| match *name {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    _ => false,
                };
                if !names.iter().any(is) {
                    fail(format!("is no {names:?}"));
                }
            }
            "const" if rule != value => fail(format!("is not {rule}")),
            "const" => {}
            "enum" if !rule.as_array().unwrap().contains(value) => {
                fail(format!("{value} is not in {rule}"))
            }
            "enum" => {}
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        fail(format!("lacks {name}"));
                    }
                }
            }
            "additionalProperties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    let at = format!("{at}/{name}");
                    match rules.get("properties").and_then(|p| p.get(name)) {
                        Some(described) => check(described, root, inner, &at, errors),
                        None if *rule == Value::Bool(false) => {
                            errors.push(format!("{at}: not described"))
                        }
                        None => check(rule, root, inner, &at, errors),
                    }
                }
            }
            "items" => {
                for (n, inner) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, root, inner, &format!("{at}/{n}"), errors);
                }
            }
            "oneOf" => {
                let fits = rule.as_array().unwrap().iter().filter(|s| {
                    let mut inner = Vec::new();
                    check(s, root, value, at, &mut inner);
                    inner.is_empty()
                });
                let n = fits.count();
                if n != 1 {
                    fail(format!("fits {n} forms instead of one"));
                }
            }
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                check(root.pointer(pointer).unwrap(), root, value, at, errors);
            }
            other => fail(format!("key word {other} is not known to this test")),
        }
    }
    errors.extend(own);
}

fn violations(value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(include_str!("../plans/plan.schema.json")).unwrap();
    let mut errors = Vec::new();
    check(&schema, &schema, value, "", &mut errors);
    errors
}

#[test]
fn the_schema_describes_a_plan_as_it_is_written() {
    let mut plan = shop();
    plan.evidence.not_rehearsed = vec!["x".to_owned()];
    let step = &mut plan.phases[0].steps[0];
    step.done_when = Some("SELECT true".to_owned());
    step.evidence.statements[0].declared = Some("x".to_owned());
    let value = serde_json::to_value(&plan).unwrap();
    assert_eq!(violations(&value), Vec::<String>::new());
    plan.evidence.rehearsed_on = None;
    assert_eq!(
        violations(&serde_json::to_value(document(Vec::new())).unwrap()),
        Vec::<String>::new()
    );
}

#[test]
fn the_schema_refuses_what_serde_refuses() {
    let good = serde_json::to_value(shop()).unwrap();
    for (pointer, bad) in [
        ("/format", json!(2)),
        ("/evidence/impact", json!("fast")),
        ("/phases/0/phase", json!("later")),
        (
            "/phases/0/steps/0/rollback",
            json!({"run": [], "leave": {}}),
        ),
        (
            "/phases/0/steps/1/evidence/statements/0/locks/public.orders",
            json!("ShareLock"),
        ),
        (
            "/phases/0/steps/0/statements/0",
            json!({"sql": "x", "transactional": true, "extra": 1}),
        ),
        ("/phases/0/steps/0", json!({})),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(pointer).unwrap() = bad;
        assert!(!violations(&value).is_empty(), "{pointer}");
        // The version is checked by artifact::read, before the rest.
        assert!(
            pointer == "/format" || serde_json::from_value::<Document>(value).is_err(),
            "{pointer}"
        );
    }
}

#[test]
fn the_schema_names_every_variant() {
    let schema: Value = serde_json::from_str(include_str!("../plans/plan.schema.json")).unwrap();
    let names = |pointer: &str| schema.pointer(pointer).unwrap().clone();
    assert_eq!(names("/$defs/lockMode/enum"), json!(LockMode::ALL));
    assert_eq!(
        names("/$defs/hazard/properties/kind/enum"),
        json!(HazardKind::ALL)
    );
    assert_eq!(
        names("/$defs/phase/properties/phase/enum"),
        json!(Phase::ALL)
    );
}
