//! The renderings of one plan that has something of everything, and the comment's way to GitHub.

use pgrehearse::kinds::{Hazard, HazardKind, KindTag, ObjectId};
use pgrehearse::pg::{LockMode, ServerVersion};
use pgrehearse::plan::document::{
    BrokenQuery, DifferenceKind, DifferenceRecord, Fingerprints, PlanEvidence, StepRun,
    UnmodeledRecord,
};
use pgrehearse::plan::{
    Document, Impact, Phase, PhaseRecord, QueryEvidence, Rollback, StatementEvidence,
    StatementRecord, StepEvidence, StepRecord,
};
use pgrehearse::render::markdown::{self, CommentOptions, marker};
use pgrehearse::render::{Colour, sql, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

struct StepOf(StepRecord);

impl StepOf {
    fn new(id: &str, kind: KindTag, path: &[&str], title: &str) -> Self {
        Self(StepRecord {
            follows: Vec::new(),
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
        roles: Vec::new(),
        owners: Vec::new(),
        touches: Vec::new(),
        phases,
        unmodeled: Vec::new(),
        notices: Vec::new(),
        differences: Vec::new(),
        evidence: PlanEvidence {
            rehearsed_on: Some("PostgreSQL 17.5".to_owned()),
            not_rehearsed: Vec::new(),
            impact: impact.unwrap_or(Impact::Online),
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: String::new(),
            checked_queries: Default::default(),
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
    plan.differences = vec![
        DifferenceRecord {
            object: ObjectId::new(KindTag::Table, ["public", "orders"]),
            change: DifferenceKind::Change,
            renamed_from: None,
            diff: "  CREATE TABLE public.orders (\n-     total integer,\n+     total numeric(12,2),\n…\n  );".to_owned(),
        },
        DifferenceRecord {
            object: ObjectId::new(KindTag::Table, ["public", "legacy_carts"]),
            change: DifferenceKind::Drop,
            renamed_from: None,
            diff: "- CREATE TABLE public.legacy_carts ();".to_owned(),
        },
        DifferenceRecord {
            object: ObjectId::new(KindTag::Trigger, ["public", "orders", "orders_audit"]),
            change: DifferenceKind::Create,
            renamed_from: None,
            diff: String::new(),
        },
    ];
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
    assert!(at("**data-loss** in") < at("**What the running application meets**"));
    assert!(at("**What the running application meets**") < at("| step | what |"));
    assert!(at("| step | what |") < at("SQL of <b>expand</b>"));
    assert!(at("ACCESS EXCLUSIVE on <code>public.orders</code>") < at("SQL of <b>expand</b>"));
    // A hint to paste stands by itself.
    at("```sql\n-- pgrehearse: renamed from user_name above username\n```");
    at("- locks: measured for every step");
    at("- queries: not checked: no queries were given");
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
    plan.evidence.checked_queries.broken = vec![BrokenQuery {
        step: "contract-2".to_owned(),
        query: evil.to_owned(),
        sql: format!("SELECT '{evil}'\n```"),
        message: evil.to_owned(),
        mended_by: Some(evil.to_owned()),
    }];
    plan.unmodeled[0].name = evil.to_owned();
    for difference in &mut plan.differences {
        difference.object.path = vec![evil.to_owned()];
        difference.renamed_from = Some(difference.object.clone());
        if !difference.diff.is_empty() {
            difference.diff = format!("+ {evil}\n- ```\n");
        }
    }
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
                fence = Some(line.trim_end_matches(char::is_alphabetic).to_owned())
            }
            None => {
                // Of a name in <code>, forges make neither mentions nor links.
                let outside: String = line
                    .split("<code>")
                    .enumerate()
                    .map(|(n, part)| match n {
                        0 => part,
                        _ => part.split_once("</code>").map_or(part, |(_, rest)| rest),
                    })
                    .collect();
                for bad in ["@o", "http://"] {
                    assert!(!outside.contains(bad), "{bad}: {line}");
                }
                for bad in ["<script", "```"] {
                    assert!(!line.contains(bad), "{bad}: {line}");
                }
                assert!(!outside.replace("\\]", "").contains("]("), "{line}");
                assert!(n == 0 || !line.contains("<!--"), "{line}");
                if line.starts_with('|') {
                    assert_eq!(line.matches('|').count(), 5, "{line}");
                }
                opened += line.matches("<details>").count();
                closed += line.matches("</details>").count();
            }
        }
    }
    assert!(fence.is_none());
    assert_eq!(opened, closed);
    // A query, the graph, the SQL of three phases, two differences.
    assert_eq!(opened, 7);
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

fn environments<'d>(
    staging: &'d Document,
    production: &'d Document,
) -> [markdown::Environment<'d>; 2] {
    [("staging", staging), ("production", production)]
        .map(|(name, document)| markdown::Environment { name, document })
}

#[test]
fn a_query_that_breaks_is_said_first_and_shown() {
    let mut plan = shop();
    plan.evidence.checked_queries = QueryEvidence {
        checked: 3,
        broken: vec![BrokenQuery {
            step: "contract-2".to_owned(),
            query: "app.sql:3".to_owned(),
            sql: "SELECT note FROM orders".to_owned(),
            message: "column \"note\" does not exist (SQLSTATE 42703)".to_owned(),
            mended_by: None,
        }],
        new: BTreeMap::from([("contract-2".to_owned(), vec!["app.sql:9".to_owned()])]),
        ..QueryEvidence::default()
    };
    let text = text::plan(&plan, 100, Colour::No);
    assert!(
        text.lines().next().unwrap().contains("BREAKS 1 QUERY"),
        "{text}"
    );
    let comment = markdown::plan(&plan);
    show("queries.md", &comment);
    for part in [
        "BREAKS 1 QUERY",
        "**Queries that stop working**",
        "<code>contract-2</code> breaks <code>app.sql:3</code>: column \"note\" does not exist",
        "```sql\nSELECT note FROM orders\n```",
        "1 query of it fails from contract-2 on",
        "1 query works from contract-2 on",
    ] {
        assert!(comment.contains(part), "{part}\n{comment}");
    }
}

#[test]
fn several_environments_stand_in_one_comment_and_what_is_equal_is_said_once() {
    let production = shop();
    let mut staging = shop();
    staging.from = "postgres://staging.example/shop".to_owned();
    let options = CommentOptions::default();
    let comment = markdown::comment_of_several(&environments(&staging, &production), &options);
    assert!(
        comment
            .starts_with("<!-- pgrehearse:plan -->\n### Schema plan for staging and production\n"),
        "{comment}"
    );
    assert!(
        comment.contains("| **staging** | ⚠️ **BLOCKING · DATA LOSS"),
        "{comment}"
    );
    assert!(
        comment.contains("The plans are equal, step by step."),
        "{comment}"
    );
    assert_eq!(comment.matches("SQL of <b>contract</b>").count(), 1);

    // Staging lacks a step, does another, and there the rewrite is bounded.
    let contract = &mut staging.phases[2].steps;
    contract.remove(3);
    contract[0].evidence.impact = Impact::Bounded;
    contract[0].hazards.clear();
    contract[1].title = "rename column public.orders.note to @remark".to_owned();
    contract[1].statements[0].sql =
        "ALTER TABLE public.orders RENAME COLUMN note TO \"@remark\"".to_owned();
    staging.evidence.impact = Impact::Bounded;
    let comment = markdown::comment_of_several(&environments(&staging, &production), &options);
    show("several.md", &comment);
    let at = |part: &str| {
        comment
            .find(part)
            .unwrap_or_else(|| panic!("{part}\n{comment}"))
    };
    assert!(at("| **production** | ⚠️ **BLOCKING") < at("#### What differs from production"));
    assert!(
        at("**1 step that production has not**")
            < at("**2 steps of production that staging has not**")
    );
    at("- drop table public.legacy\\_carts");
    at(": bounded here, blocking there");
    assert!(at("RENAME COLUMN note TO \"@remark\"") < at("### The plan of production\n"));
    assert!(!comment.contains("equal, step by step"));
    assert_eq!(comment.matches("SQL of <b>contract</b>").count(), 1);

    for limit in [600, 3000, 8000] {
        let options = CommentOptions {
            limit,
            ..CommentOptions::default()
        };
        let comment = markdown::comment_of_several(&environments(&staging, &production), &options);
        assert!(
            comment.encode_utf16().count() <= limit,
            "{limit}: {comment}"
        );
        assert!(comment.contains("production"), "{comment}");
    }
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
