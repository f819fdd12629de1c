//! One change on a server: planned, applied, taken back, applied again, and looked at.

use super::model::Model;
use super::render::{self, Rows};
use crate::support::plans::{message, proved, show, written};
use crate::support::{self, Live};
use pgrehearse::apply::{self, LockPolicy, Session, Silent, rollback};
use pgrehearse::pipeline::{self, PipelineError};
use pgrehearse::plan::{Document, Phase};
use pgrehearse::scratch::Scratch;
use pgrehearse::source::{DesiredFiles, Source, SourceFile};
use postgres::{Client, Config, NoTls};
use std::sync::Arc;
use std::time::Duration;

/// What is wrong; shrinking stays with one kind.
#[derive(Clone, Debug)]
pub struct Wrong {
    pub kind: &'static str,
    pub text: String,
}

impl Wrong {
    fn new(kind: &'static str, text: impl std::fmt::Display) -> Self {
        let text = text.to_string();
        Self { kind, text }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Applied,
    /// Nothing was to do.
    Nothing,
    /// For a reason that is listed.
    Refused(&'static str),
}

/// Refusals that are right, by words of theirs.
const REFUSALS: &[&str] = &[COPY];

/// A table that becomes partitioned has other changes, too.
const COPY: &str = "and the table cannot be copied, because";
/// The owner without BYPASSRLS sees no row.
const SECURED: &str = "row-level security of";

/// The files and the rows of a change.
pub struct Texts {
    pub old: String,
    pub new: String,
    pub seed: String,
}

impl Texts {
    pub fn of(old: &Model, new: &Model) -> Self {
        Self {
            old: render::schema(old, None),
            new: render::schema(new, Some(old)),
            seed: render::seed(old),
        }
    }
}

struct Change<'a> {
    server: &'a Arc<Scratch>,
    live: Live,
    owner: Config,
    plan: Document,
    old: &'a Model,
    new: &'a Model,
}

pub fn judge(server: &Arc<Scratch>, old: &Model, new: &Model) -> Result<Outcome, Wrong> {
    let texts = Texts::of(old, new);
    let live = Live::from_files(server, &files("old.sql", &texts.old)?)
        .map_err(|e| Wrong::new("old.sql", e))?;
    let wanted = Live::from_files(server, &files("new.sql", &texts.new)?)
        .map_err(|e| Wrong::new("new.sql", e))?;
    run(&mut live.client(), &texts.seed).map_err(|e| Wrong::new("seed.sql", e))?;
    let folder = tempfile::TempDir::new().map_err(|e| Wrong::new("folder", e))?;
    let path = folder.path().join("new.sql");
    std::fs::write(&path, &texts.new).map_err(|e| Wrong::new("folder", e))?;
    let (from, to) = (live.source(), Source::Files(path));
    let options = support::options(server);
    let plan = || pipeline::plan(&from, &to, &options).map(|p| p.document().clone());
    let document = match plan() {
        Ok(document) => document,
        Err(error) => return refusal(&error),
    };
    proved(&document).map_err(|broken| {
        Wrong::new(
            broken.promise,
            format!("{}\n{}", broken.text, show(&document)),
        )
    })?;
    let again = plan().map_err(|e| Wrong::new("same plan", e))?;
    let text = |plan| written(plan).map_err(|e| Wrong::new("same plan", e));
    let (one, two) = (text(&document)?, text(&again)?);
    if one != two {
        let diff = similar::TextDiff::from_lines(&one, &two);
        return Err(Wrong::new(
            "same plan",
            diff.unified_diff().context_radius(2),
        ));
    }
    let owner = support::owner(server, &live).map_err(|e| Wrong::new("owner", e))?;
    let shown = show(&document);
    let change = Change {
        server,
        live,
        owner,
        plan: document,
        old,
        new,
    };
    change.through(&wanted, &plan).or_else(|wrong| {
        if wrong.kind == "apply" && wrong.text.contains(SECURED) {
            return Ok(Outcome::Refused(SECURED));
        }
        Err(Wrong {
            text: format!("{}\n{shown}", wrong.text),
            ..wrong
        })
    })
}

impl Change<'_> {
    fn through(
        &self,
        wanted: &Live,
        plan: &dyn Fn() -> Result<Document, PipelineError>,
    ) -> Result<Outcome, Wrong> {
        let mut client = self.live.client();
        let (old_rows, new_rows) = (
            render::old_rows(self.old, self.new),
            render::new_rows(self.old, self.new),
        );
        let read = |client: &mut Client, rows: &[Rows]| -> Result<Vec<Vec<String>>, Wrong> {
            rows.iter().map(|r| texts(client, &r.before)).collect()
        };
        let (old_before, new_before) =
            (read(&mut client, &old_rows)?, read(&mut client, &new_rows)?);
        let dump = support::dump(&self.live);
        if !self.plan.is_empty() {
            self.apply(&self.plan, &[Phase::Expand, Phase::Migrate], "apply")?;
            compare(&mut client, &old_rows, &old_before, "rows after migrate")?;
            self.roll_back(&dump)?;
            compare(&mut client, &old_rows, &old_before, "rows after rollback")?;
            self.apply(&self.plan, &Phase::ALL, "apply again")?;
        }
        compare(&mut client, &new_rows, &new_before, "rows")?;
        let second = plan().map_err(|e| Wrong::new("second plan", e))?;
        if !second.is_empty() {
            return Err(Wrong::new(
                "second plan",
                format!("is not empty:\n{}", show(&second)),
            ));
        }
        if support::pg_dump().is_ok() {
            support::dumps_alike(self.server, &self.live, wanted)
                .map_err(|diff| Wrong::new("pg_dump", diff))?;
        }
        for query in render::sequences(self.old, self.new) {
            let row = client.query_one(query.as_str(), &[]);
            let row =
                row.map_err(|e| Wrong::new("sequence", format!("{}: {query}", message(&e))))?;
            if row.get::<_, Option<bool>>(0) != Some(true) {
                return Err(Wrong::new(
                    "sequence",
                    format!("gives a number again: {query}"),
                ));
            }
        }
        Ok(match self.plan.is_empty() {
            true => Outcome::Nothing,
            false => Outcome::Applied,
        })
    }

    fn options(&self, phases: &[Phase]) -> apply::Options {
        apply::Options {
            phases: phases.iter().copied().collect(),
            lock: LockPolicy {
                first: Duration::from_secs(2),
                timeout: Duration::from_secs(5),
                ..LockPolicy::default()
            },
            ..apply::Options::default()
        }
    }

    fn apply(&self, plan: &Document, phases: &[Phase], kind: &'static str) -> Result<(), Wrong> {
        let open = || self.owner.connect(NoTls);
        let failed = |e: &dyn std::fmt::Display| Wrong::new(kind, e);
        let mut session = Session::open(&open).map_err(|e| failed(&e))?;
        let outcome = apply::run(&mut session, plan, &self.options(phases), &mut Silent)
            .map_err(|e| failed(&format!("{e}; {:?}", std::error::Error::source(&e))))?;
        if let Some(stop) = outcome.stopped {
            return Err(failed(&stop));
        }
        match outcome.pending.is_empty() || phases.len() < Phase::ALL.len() {
            true => Ok(()),
            false => Err(failed(&format!("{:?} is pending", outcome.pending))),
        }
    }

    fn roll_back(&self, before: &Result<String, String>) -> Result<(), Wrong> {
        let open = || self.owner.connect(NoTls);
        let failed = |e: &dyn std::fmt::Display| Wrong::new("rollback", e);
        let mut session = Session::open(&open).map_err(|e| failed(&e))?;
        let options = self.options(&Phase::ALL);
        let undone = rollback::run(&mut session, &self.plan, None, &options, &mut Silent)
            .map_err(|e| failed(&format!("{e}; {:?}", std::error::Error::source(&e))))?;
        if undone.exit_code() != 0 || !undone.remaining.is_empty() {
            return Err(failed(&format!("{undone:?}")));
        }
        let (Ok(before), Ok(after)) = (before, support::dump(&self.live)) else {
            return Ok(());
        };
        let names: Vec<&str> = undone
            .left
            .iter()
            .filter_map(|l| Some(l.what.path.last()?.as_str()))
            .collect();
        let (before, after) = (without_types(before, &names), without_types(&after, &names));
        if before != after {
            let diff = similar::TextDiff::from_lines(&before, &after);
            return Err(failed(&diff.unified_diff().context_radius(2).to_string()));
        }
        Ok(())
    }
}

/// A dump without the enums of these names.
fn without_types(dump: &str, names: &[&str]) -> String {
    let mut skipping = false;
    let mut kept = Vec::new();
    for line in dump.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TYPE ") {
            skipping = names.iter().any(|n| rest.contains(n));
        }
        if !skipping {
            kept.push(line);
        }
        skipping &= !line.ends_with(");");
    }
    kept.join("\n")
}

fn files(name: &str, text: &str) -> Result<DesiredFiles, Wrong> {
    let file = SourceFile::new(name, text.to_owned());
    DesiredFiles::from_files(vec![file]).map_err(|e| Wrong::new("files", e))
}

fn run(client: &mut Client, script: &str) -> Result<(), String> {
    client.batch_execute(script).map_err(|e| message(&e))
}

fn refusal(error: &PipelineError) -> Result<Outcome, Wrong> {
    let text = error.to_string();
    let listed = REFUSALS.iter().find(|words| text.contains(**words));
    match (error, listed) {
        (PipelineError::Refused(_) | PipelineError::Impossible(_), Some(words)) => {
            Ok(Outcome::Refused(words))
        }
        (PipelineError::Refused(_) | PipelineError::Impossible(_), None) => Err(Wrong::new(
            "refused",
            format!("{text}; {}", error.help().unwrap_or_default()),
        )),
        _ => Err(Wrong::new(error.code(), format!("{error:?}\n{text}"))),
    }
}

fn texts(client: &mut Client, query: &str) -> Result<Vec<String>, Wrong> {
    let rows = client.query(query, &[]);
    let rows = rows.map_err(|e| Wrong::new("rows", format!("{}: {query}", message(&e))))?;
    Ok(rows.iter().map(|r| r.get(0)).collect())
}

fn compare(
    client: &mut Client,
    rows: &[Rows],
    before: &[Vec<String>],
    kind: &'static str,
) -> Result<(), Wrong> {
    for (rows, before) in rows.iter().zip(before) {
        let after = texts(client, &rows.after).map_err(|w| Wrong { kind, ..w })?;
        if *before != after {
            let (one, two) = (before.join("\n"), after.join("\n"));
            let diff = similar::TextDiff::from_lines(&one, &two);
            let diff = diff.unified_diff().context_radius(0).to_string();
            return Err(Wrong::new(
                kind,
                format!("{}: {}\n{diff}", rows.table, rows.after),
            ));
        }
    }
    Ok(())
}
