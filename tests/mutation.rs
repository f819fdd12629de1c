//! Every attribute that docs/coverage.md calls done is changed by hand on a live database:
//! `pgrehearse check` exits with 0 before and with 4 after, and names object and attribute.

mod support;

#[path = "mutation/table.rs"]
mod table;
#[path = "mutation/template.rs"]
mod template;
#[path = "mutation/trusted.rs"]
mod trusted;

use libtest_mimic::{Arguments, Failed, Trial};
use pgrehearse::catalog::{Catalog, Live as LiveSide};
use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::Scratch;
use postgres::config::Host;
use postgres::{Client, NoTls};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output};
use std::sync::Arc;
use support::Live;
use table::{MUTATIONS, Mutation};
use template::{Rich, copy};
use trusted::TRUSTED;

fn main() {
    let arguments = support::threads(Arguments::from_args());
    let mut trials = vec![Trial::test(
        "coverage: docs, kinds and mutations agree",
        || coverage().map_err(Failed::from),
    )];
    for version in support::outermost() {
        let major = version.major();
        for rich in [Rich::Plain, Rich::Trusted] {
            trials.push(Trial::test(
                format!("an unchanged {rich:?} database has no difference on {major}"),
                move || unchanged(version, rich).map_err(Failed::from),
            ));
        }
    }
    let plain = MUTATIONS.iter().map(|m| (m, Rich::Plain));
    let trusted = TRUSTED.iter().map(|m| (m, Rich::Trusted));
    for (number, (mutation, rich)) in plain.chain(trusted).enumerate() {
        for version in support::by_turns(number, mutation.since) {
            trials.push(Trial::test(
                format!("{} on {}", mutation.name, version.major()),
                move || run(mutation, version, rich).map_err(Failed::from),
            ));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    pgrehearse::scratch::stop_all();
    conclusion.exit();
}

/// The catalog of the files is kept from the first run on: the others need no scratch server, but for texts that
/// differ.
fn template(version: ServerVersion, rich: Rich) -> Result<(Arc<Scratch>, Arc<Live>), String> {
    template::template(version, rich, |server, live| {
        check(server, live.database.name(), rich, &[])?
            .is(0)
            .map(drop)
    })
}

fn connect(server: &Scratch, database: &str) -> Result<Client, String> {
    let cluster = server.cluster().ok_or("no embedded server")?;
    let config = cluster.superuser(database);
    config.connect(NoTls).map_err(|e| e.to_string())
}

/// What a run of the program said.
struct Said {
    out: String,
    err: String,
    code: Option<i32>,
}

impl Said {
    fn is(self, code: i32) -> Result<Self, String> {
        match self.code == Some(code) {
            true => Ok(self),
            false => Err(format!(
                "exit {:?} instead of {code}\n{}{}",
                self.code, self.out, self.err
            )),
        }
    }
}

/// `pgrehearse check` of a database on `server` against a rich schema.
fn check(server: &Scratch, database: &str, rich: Rich, flags: &[&str]) -> Result<Said, String> {
    let cluster = server.cluster().ok_or("no embedded server")?;
    let config = cluster.superuser(database);
    let Some(Host::Unix(socket)) = config.get_hosts().first() else {
        return Err("the test server has no socket".to_owned());
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let password = String::from_utf8_lossy(config.get_password().unwrap_or_default()).into_owned();
    let search = support::search();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgrehearse"));
    command
        .args(["check", "--to", rich.path(), "--db"])
        .arg(format!("postgres:///{database}"))
        .args((rich == Rich::Trusted).then_some("--trust-files"))
        .args(["--set", "extensions=citext,btree_gist"])
        .args(flags)
        .env_clear()
        .env("PGREHEARSE_CACHE", search.cache)
        .env("PGHOST", socket)
        .env("PGPORT", port.to_string())
        .env("PGUSER", config.get_user().unwrap_or_default())
        .env("PGPASSWORD", password);
    if let Some(path) = search.path {
        command.env("PATH", path);
    }
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().map_err(|e| e.to_string())?;
    Ok(Said {
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
        code: status.code(),
    })
}

/// The differences that `check --json` prints, as `(identity, attribute)`; `exists` for what is on
/// one side only.
fn named(json: &str) -> Result<BTreeSet<(String, String)>, String> {
    let found: Value = serde_json::from_str(json).map_err(|e| format!("{e}: {json}"))?;
    let mut all = BTreeSet::new();
    for difference in found["differences"].as_array().into_iter().flatten() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let object = text(&difference["object"]);
        match difference["change"].as_str() {
            Some("create" | "drop") => {
                all.insert((object, "exists".to_owned()));
            }
            _ => {
                let attributes = difference["attributes"].as_array().into_iter().flatten();
                all.extend(attributes.map(|a| (object.clone(), text(&a["name"]))));
            }
        }
    }
    Ok(all)
}

fn unchanged(version: ServerVersion, rich: Rich) -> Result<(), String> {
    let (server, template) = template(version, rich)?;
    let database = copy(&template)?;
    let found = check(&server, database.name(), rich, &["--json"])?.is(0)?;
    match named(&found.out)?.is_empty() {
        true => Ok(()),
        false => Err(found.out),
    }
}

fn run(mutation: &Mutation, version: ServerVersion, rich: Rich) -> Result<(), String> {
    let (server, template) = template(version, rich)?;
    let database = copy(&template)?;
    let before = check(&server, database.name(), rich, &[])?.is(0)?;
    if !before.out.starts_with("no differences\n") {
        return Err(format!("before the mutation: {}", before.out));
    }
    connect(&server, database.name())?
        .batch_execute(mutation.sql)
        .map_err(|e| format!("{}: {}", mutation.sql, pgrehearse::rehearse::message_of(&e)))?;
    let after = check(&server, database.name(), rich, &["--json"])?
        .is(4)
        .map_err(|e| format!("{}\n{e}", mutation.sql))?;
    let found = named(&after.out)?;
    let named = found
        .iter()
        .any(|(id, attribute)| id.starts_with(mutation.object) && attribute == mutation.attribute);
    match named {
        true => Ok(()),
        false => Err(format!(
            "{}\nshould be found as {} of {}; found: {found:#?}",
            mutation.sql, mutation.attribute, mutation.object
        )),
    }
}

/// docs/coverage.md, what the kinds compare, and the mutations say the same.
fn coverage() -> Result<(), String> {
    let text = std::fs::read_to_string("docs/coverage.md").map_err(|e| e.to_string())?;
    let mut documented: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|l| l.contains("| done |")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [kind, attribute, _, _, tests] = cells.as_slice() else {
            return Err(format!(
                "a row of docs/coverage.md has not five cells: {line}"
            ));
        };
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let tests = tests.split(", ").map(plain).collect();
        documented.insert((plain(kind), plain(attribute)), tests);
    }
    let mut mutated: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for mutation in MUTATIONS.iter().chain(TRUSTED) {
        let kind = mutation.object.split(':').next().unwrap_or_default();
        let key = (kind.to_owned(), mutation.attribute.to_owned());
        let names = mutated.entry(key).or_default();
        if !names.insert(mutation.name.to_owned()) {
            return Err(format!("two mutations are called {}", mutation.name));
        }
    }
    if documented != mutated {
        type Rows = BTreeMap<(String, String), BTreeSet<String>>;
        let only = |rows: &Rows, other: &Rows| -> String {
            let mut text = String::new();
            for (key, names) in rows.iter().filter(|(k, n)| other.get(k) != Some(n)) {
                text.push_str(&format!("{key:?}: {names:?}\n"));
            }
            text
        };
        return Err(format!(
            "only in docs/coverage.md:\n{}only in the mutations:\n{}",
            only(&documented, &mutated),
            only(&mutated, &documented)
        ));
    }
    let mut compared: BTreeSet<(String, String)> = BTreeSet::new();
    for rich in [Rich::Plain, Rich::Trusted] {
        let (server, template) = template(ServerVersion::V18, rich)?;
        let database = copy(&template)?;
        let scope = &support::options(&server).scope;
        let mut client = connect(&server, database.name())?;
        if rich == Rich::Plain {
            // 14, which reads the rich schema too, has no statement for it.
            client
                .batch_execute("ALTER PUBLICATION listed ADD TABLES IN SCHEMA ext")
                .map_err(|e| pgrehearse::rehearse::message_of(&e))?;
        }
        let catalog: Catalog<LiveSide> =
            pgrehearse::catalog::read(&mut client, scope).map_err(|e| e.to_string())?;
        for (id, object) in &catalog.objects {
            let kind = id.kind.slug().to_owned();
            compared.insert((kind.clone(), "exists".to_owned()));
            let names = object.attributes().into_iter().map(|a| a.name.to_owned());
            compared.extend(names.map(|name| (kind.clone(), name)));
        }
    }
    let documented: BTreeSet<(String, String)> = documented.into_keys().collect();
    if documented != compared {
        return Err(format!(
            "documented and not compared (or not in the rich schema): {:?}\ncompared and not documented: {:?}",
            documented.difference(&compared).collect::<Vec<_>>(),
            compared.difference(&documented).collect::<Vec<_>>()
        ));
    }
    let kinds: BTreeSet<&str> = compared.iter().map(|(kind, _)| kind.as_str()).collect();
    let missing: Vec<&str> = pgrehearse::kinds::KindTag::ALL
        .iter()
        .map(|k| k.slug())
        .filter(|k| !kinds.contains(k))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "kinds without an object in the rich schema: {missing:?}"
        )),
    }
}
