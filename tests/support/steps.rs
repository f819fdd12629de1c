//! Servers that outlast a crash, a small table, and plans written by hand for it.
#![allow(dead_code)] // every test binary uses its own part

use pgrehearse::apply::rollback;
use pgrehearse::apply::{self, ApplyError, Event, LockPolicy, Options, Outcome, Session, Silent};
use pgrehearse::kinds::{KindTag, ObjectId};
use pgrehearse::pg::{LockMode, ServerVersion};
use pgrehearse::plan::document::{FORMAT, Fingerprints, PlanEvidence};
use pgrehearse::plan::{
    DataEvidence, Document, Impact, Phase, PhaseRecord, Rollback, StatementEvidence,
    StatementRecord, StepEvidence, StepRecord, artifact,
};
use pgrehearse::scratch::{Binaries, Cluster, ClusterOptions, Search, default_cache_dir};
use postgres::{Client, Config, NoTls};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

// ---- servers ----

pub fn search() -> Search {
    use std::os::unix::fs::MetadataExt;
    let var = |name| std::env::var_os(name).map(PathBuf::from);
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
    let (home, xdg) = (var("HOME"), var("XDG_CACHE_HOME"));
    Search {
        path: std::env::var_os("PATH"),
        cache: var("PGREHEARSE_CACHE")
            .unwrap_or_else(|| default_cache_dir(home.as_deref(), xdg.as_deref(), is_root)),
        ..Search::default()
    }
}

pub fn start(version: ServerVersion) -> Option<Cluster> {
    let search = search();
    let binaries = Binaries::find(version, &search)
        .map_err(|e| eprintln!("skipped on {version}: {e}"))
        .ok()?;
    let mut options = ClusterOptions::new(&search.cache);
    // What is committed must outlast a crash.
    let settings = [
        ("max_prepared_transactions", "5"),
        ("synchronous_commit", "on"),
    ];
    options.extra_settings = settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    Some(Cluster::start(&binaries, &options).unwrap())
}

pub fn each_version(test: impl Fn(&Cluster)) {
    for version in ServerVersion::SUPPORTED {
        if let Some(cluster) = start(version) {
            test(&cluster);
        }
    }
}

// The oldest and the newest that is to be had: for tests whose subject is not the server.
pub fn any_version(test: impl Fn(&Cluster)) {
    let newest = ServerVersion::SUPPORTED.into_iter().rev().find_map(start);
    test(&newest.expect("no server binaries of any version"));
}

pub fn connect(config: &Config) -> Client {
    config.connect(NoTls).unwrap()
}

pub const SCHEMA: &str = "
    CREATE TABLE public.t (id int PRIMARY KEY, v int NOT NULL, old text);
    INSERT INTO public.t SELECT i, i % 100, 'x' FROM generate_series(1, 2000) i;
    ANALYZE public.t;";

pub fn database(cluster: &Cluster, name: &str) -> Config {
    let mut admin = connect(&cluster.superuser("postgres"));
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let config = cluster.superuser(name);
    connect(&config).batch_execute(SCHEMA).unwrap();
    config
}

pub fn role(cluster: &Cluster, config: &Config, name: &str) -> Config {
    let mut admin = connect(&cluster.superuser("postgres"));
    admin
        .batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD 'geheim'"))
        .unwrap();
    let mut config = config.clone();
    config.user(name).password("geheim");
    config
}

/// Everything of the table that the plan could change, as text.
pub fn catalog(config: &Config) -> String {
    const QUERY: &str = "
        SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
            SELECT 'column ' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull AS line
            FROM pg_attribute WHERE attrelid = 'public.t'::regclass AND attnum > 0 AND NOT attisdropped
            UNION ALL
            SELECT pg_get_indexdef(indexrelid) || ' ' || indisvalid || indisready
            FROM pg_index WHERE indrelid = 'public.t'::regclass
            UNION ALL
            SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'public.t'::regclass
            UNION ALL
            SELECT 'comment ' || description FROM pg_description WHERE objoid = 'public.t'::regclass
            UNION ALL
            SELECT 'rows ' || count(*) || ' ' || sum(v) FROM public.t
        ) x";
    connect(config).query_one(QUERY, &[]).unwrap().get(0)
}

// ---- plans ----

pub fn statement(sql: &str) -> StatementRecord {
    StatementRecord {
        sql: sql.to_owned(),
        transactional: !sql.contains("CONCURRENTLY"),
    }
}

pub fn step(id: &str, statements: &[&str], lock: LockMode, back: &[&str]) -> StepRecord {
    let evidence = |sql: &&str| StatementEvidence {
        locks: BTreeMap::from([("public.t".to_owned(), lock)]),
        scanned: if sql.contains("VALIDATE") && !sql.contains("NOT VALID") {
            vec!["public.t".to_owned()]
        } else {
            Vec::new()
        },
        ..StatementEvidence::default()
    };
    StepRecord {
        id: id.to_owned(),
        title: format!("do {id}"),
        operation: "alter table".to_owned(),
        object: ObjectId::new(KindTag::Table, ["public", "t"]),
        strategy: "direct".to_owned(),
        why: "the test".to_owned(),
        follows: Vec::new(),
        tables: Vec::new(),
        statements: statements.iter().map(|s| statement(s)).collect(),
        done_when: None,
        clean: Vec::new(),
        rollback: Rollback::Run(back.iter().map(|s| statement(s)).collect()),
        hazards: Vec::new(),
        gate: None,
        retires: None,
        backfill: None,
        checks: Vec::new(),
        rollback_checks: Vec::new(),
        fingerprints: Fingerprints {
            before: format!("before {id}"),
            after: format!("after {id}"),
        },
        evidence: StepEvidence {
            impact: Impact::Online,
            statements: statements.iter().map(evidence).collect(),
        },
    }
}

pub fn index(id: &str) -> StepRecord {
    let mut step = step(
        id,
        &["CREATE INDEX CONCURRENTLY t_v ON public.t (v)"],
        LockMode::ShareUpdateExclusive,
        &["DROP INDEX CONCURRENTLY public.t_v"],
    );
    step.object = ObjectId::new(KindTag::Index, ["public", "t_v"]);
    step.evidence.statements[0].index_builds = vec!["public.t_v".to_owned()];
    step.done_when = Some(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass('public.t_v') AND indisvalid)"
            .to_owned(),
    );
    step.clean = vec!["DROP INDEX CONCURRENTLY IF EXISTS public.t_v".to_owned()];
    step
}

pub fn add_column(id: &str) -> StepRecord {
    step(
        id,
        &["ALTER TABLE public.t ADD COLUMN note text"],
        LockMode::AccessExclusive,
        &["ALTER TABLE public.t DROP COLUMN note"],
    )
}

pub fn plan(version: ServerVersion, steps: Vec<StepRecord>) -> Document {
    let phases = Phase::ALL.into_iter().map(|phase| PhaseRecord {
        phase,
        steps: steps
            .iter()
            .filter(|s| s.id.starts_with(phase.name()))
            .cloned()
            .collect(),
    });
    let mut document = Document {
        format: FORMAT,
        id: String::new(),
        tool: "test".to_owned(),
        server_version: version,
        from: "live".to_owned(),
        to: "schemas".to_owned(),
        fingerprints: Fingerprints {
            before: "before".to_owned(),
            after: "after".to_owned(),
        },
        roles: Vec::new(),
        owners: Vec::new(),
        touches: vec![ObjectId::new(KindTag::Table, ["public", "t"])],
        phases: phases.filter(|p| !p.steps.is_empty()).collect(),
        unmodeled: Vec::new(),
        notices: Vec::new(),
        differences: Vec::new(),
        evidence: PlanEvidence {
            rehearsed_on: Some("the test".to_owned()),
            not_rehearsed: Vec::new(),
            impact: Impact::Online,
            residual: Vec::new(),
            rollback: BTreeMap::new(),
            queries: String::new(),
            checked_queries: Default::default(),
            data: DataEvidence::default(),
            run: BTreeMap::new(),
        },
    };
    document.id = artifact::content_id(&document);
    document
}

/// One of each: transactional, CONCURRENTLY, several statements, VALIDATE, contract.
pub fn whole(version: ServerVersion) -> Document {
    plan(
        version,
        vec![
            add_column("expand-1"),
            index("expand-2"),
            step(
                "expand-3",
                &[
                    "ALTER TABLE public.t ADD CONSTRAINT positive CHECK (v >= 0) NOT VALID",
                    "COMMENT ON TABLE public.t IS 'it''s new'",
                ],
                LockMode::AccessExclusive,
                &[
                    "COMMENT ON TABLE public.t IS NULL",
                    "ALTER TABLE public.t DROP CONSTRAINT positive",
                ],
            ),
            step(
                "migrate-1",
                &["ALTER TABLE public.t VALIDATE CONSTRAINT positive"],
                LockMode::ShareUpdateExclusive,
                &[],
            ),
            step(
                "contract-1",
                &["ALTER TABLE public.t RENAME COLUMN old TO _deprecated_old"],
                LockMode::AccessExclusive,
                &["ALTER TABLE public.t RENAME COLUMN _deprecated_old TO old"],
            ),
        ],
    )
}

pub fn options() -> Options {
    Options {
        lock: LockPolicy {
            first: Duration::from_millis(50),
            timeout: Duration::from_millis(200),
            attempts: 4,
            max_wait: Duration::from_secs(20),
            pause: Duration::from_millis(20),
            max_pause: Duration::from_millis(100),
            ..LockPolicy::default()
        },
        wait_for_other: Duration::from_secs(15),
        poll: Duration::from_millis(20),
        ..Options::default()
    }
}

pub fn phases(phases: &[Phase]) -> Options {
    Options {
        phases: phases.iter().copied().collect(),
        ..options()
    }
}

pub fn run_with(
    config: &Config,
    plan: &Document,
    options: &Options,
    observer: &mut dyn FnMut(Event),
) -> Result<Outcome, ApplyError> {
    let open = || config.connect(NoTls);
    let mut session = Session::open(&open)?;
    let mut observer = |event: Event| observer(event);
    apply::run(&mut session, plan, options, &mut observer)
}

pub fn run(config: &Config, plan: &Document, options: &Options) -> Result<Outcome, ApplyError> {
    run_with(config, plan, options, &mut drop)
}

pub fn roll_back(
    config: &Config,
    plan: &Document,
    to: Option<Phase>,
) -> Result<rollback::Undone, ApplyError> {
    let open = || config.connect(NoTls);
    let mut session = Session::open(&open)?;
    rollback::run(&mut session, plan, to, &options(), &mut Silent)
}

pub fn ids(steps: &[&str]) -> Vec<String> {
    steps.iter().map(|s| (*s).to_owned()).collect()
}
