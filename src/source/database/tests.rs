//! A local server with passwords and TLS; skipped, and said so, where there is none.

use super::{ConnectError, Environment, connect, server};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const SECRET: &str = "s3cret:pw";

/// A server in a folder of its own; stopped on drop.
struct Local {
    folder: tempfile::TempDir,
    binaries: PathBuf,
    port: u16,
}

impl Local {
    /// Starts one, or says why not.
    fn start() -> Result<Self, String> {
        let binaries = fs::read_dir("/usr/lib/postgresql")
            .map_err(|_| "no folder /usr/lib/postgresql")?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|bin| bin.join("initdb").exists())
            .max()
            .ok_or("no initdb below /usr/lib/postgresql")?;
        let folder = tempfile::Builder::new().prefix("pgr").tempdir_in("/tmp");
        let folder = folder.map_err(|e| e.to_string())?;
        if is_root() {
            let (uid, gid) = user("postgres").ok_or("no user postgres to run the server as")?;
            chown(folder.path(), Some(uid), Some(gid)).map_err(|e| e.to_string())?;
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        drop(listener);
        let local = Self {
            folder,
            binaries,
            port,
        };
        let at = local.folder.path().display().to_string();
        let bin = local.binaries.display();
        local.run(&format!(
            "{bin}/initdb -D {at}/data -U postgres -A trust -N >/dev/null"
        ))?;
        local.run(&format!(
            "cd {at} && openssl req -new -x509 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
             -keyout data/server.key -out data/server.crt 2>/dev/null && chmod 600 data/server.key"
        ))?;
        local.write(
            "data/pg_hba.conf",
            "local all postgres trust\nhostnossl all plain_only all scram-sha-256\n\
             hostssl all tls_only all scram-sha-256\nhost all tls_only,plain_only all reject\n\
             host all postgres,app,weak all scram-sha-256\n",
        )?;
        local.run(&format!(
            "{bin}/pg_ctl -D {at}/data -w -l {at}/log -o \"-p {port} -k {at} -c listen_addresses=127.0.0.1 -c ssl=on -c fsync=off\" start >/dev/null"
        ))?;
        Ok(local)
    }

    fn run(&self, script: &str) -> Result<(), String> {
        let mut command = match is_root() {
            true => {
                let mut su = Command::new("su");
                su.args(["postgres", "-s", "/bin/sh", "-c", script]);
                su
            }
            false => {
                let mut sh = Command::new("sh");
                sh.args(["-c", script]);
                sh
            }
        };
        let done = command.stdin(Stdio::null()).stderr(Stdio::null()).status();
        match done {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("{script}: {other:?}")),
        }
    }

    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        fs::write(self.folder.path().join(name), text).map_err(|e| e.to_string())
    }

    fn socket(&self) -> String {
        format!(
            "postgres://postgres@/postgres?host={}&port={}",
            self.path(),
            self.port
        )
    }

    fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    fn url(&self, user: &str, host: &str, query: &str) -> String {
        format!(
            "postgres://{user}:s3cret%3Apw@{host}:{}/postgres?{query}",
            self.port
        )
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let (bin, at) = (self.binaries.display(), self.path());
        self.run(&format!(
            "{bin}/pg_ctl -D {at}/data -m immediate stop >/dev/null"
        ))
        .ok();
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

fn user(name: &str) -> Option<(u32, u32)> {
    fs::read_to_string("/etc/passwd")
        .ok()?
        .lines()
        .find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            match fields[..] {
                [n, _, uid, gid, ..] if n == name => Some((uid.parse().ok()?, gid.parse().ok()?)),
                _ => None,
            }
        })
}

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

fn encrypted(url: &str) -> Result<bool, String> {
    let query = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()";
    let mut client = connect(url, &env(&[]), None).map_err(|e| format!("{} {e}", e.code()))?;
    Ok(client
        .query_one(query, &[])
        .map_err(|e| e.to_string())?
        .get(0))
}

fn code(url: &str, pairs: &[(&str, &str)]) -> String {
    match connect(url, &env(pairs), None) {
        Ok(_) => "connected".to_owned(),
        Err(e) => {
            let shown = format!("{e} {e:?} {:?} {:?}", e.help(), e.cause());
            assert!(
                !shown.contains(SECRET) && !shown.contains("s3cret"),
                "{shown}"
            );
            assert!(e.help().is_some(), "no help: {shown}");
            e.code().to_owned()
        }
    }
}

#[test]
fn sessions_open_as_libpq_opens_them() {
    let local = match Local::start() {
        Ok(local) => local,
        Err(why) => return println!("skipped: no local PostgreSQL server: {why}"),
    };
    let notices = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&notices);
    let on_notice = Arc::new(move |n: postgres::error::DbError| {
        sink.lock().unwrap().push(n.message().to_owned());
    });
    let mut admin = connect(&local.socket(), &env(&[]), Some(on_notice)).unwrap();
    // CREATE DATABASE does not run in a batch with others.
    for sql in [
        format!("CREATE ROLE app LOGIN PASSWORD '{SECRET}'"),
        format!("CREATE ROLE weak LOGIN PASSWORD '{SECRET}' CONNECTION LIMIT 0"),
        format!("CREATE ROLE plain_only LOGIN PASSWORD '{SECRET}'"),
        format!("CREATE ROLE tls_only LOGIN PASSWORD '{SECRET}'"),
        "CREATE DATABASE closed".to_owned(),
        "REVOKE CONNECT ON DATABASE closed FROM PUBLIC".to_owned(),
        "DO $$ BEGIN RAISE NOTICE 'hello'; END $$".to_owned(),
    ] {
        admin.batch_execute(&sql).unwrap();
    }
    assert!(notices.lock().unwrap().iter().any(|n| n == "hello"));
    let name = "SELECT current_setting('application_name')";
    assert_eq!(
        admin.query_one(name, &[]).unwrap().get::<_, String>(0),
        "pgrehearse"
    );

    let port = local.port.to_string();
    let to = |host: &str, query: &str| local.url("app", host, query);
    assert_eq!(encrypted(&to("localhost", "")), Ok(true));
    assert_eq!(encrypted(&to("localhost", "sslmode=disable")), Ok(false));
    assert_eq!(encrypted(&to("localhost", "sslmode=allow")), Ok(false));
    assert_eq!(encrypted(&to("127.0.0.1", "sslmode=require")), Ok(true));
    // pg_hba.conf decides: prefer and allow take the other kind.
    assert_eq!(
        encrypted(&local.url("tls_only", "localhost", "sslmode=allow")),
        Ok(true)
    );
    assert_eq!(
        encrypted(&local.url("plain_only", "localhost", "sslmode=prefer")),
        Ok(false)
    );
    assert_eq!(
        code(
            &local.url("plain_only", "localhost", "sslmode=require"),
            &[]
        ),
        "connect::refused"
    );

    let root = local.folder.path().join("root.crt");
    fs::copy(local.folder.path().join("data/server.crt"), &root).unwrap();
    let roots = format!("sslrootcert={}", root.display());
    assert_eq!(
        code(&to("localhost", "sslmode=verify-full"), &[]),
        "connect::certificate"
    );
    assert_eq!(
        code(&to("localhost", "sslrootcert=system"), &[]),
        "connect::certificate"
    );
    assert_eq!(
        encrypted(&to("localhost", &format!("sslmode=verify-full&{roots}"))),
        Ok(true)
    );
    assert_eq!(
        encrypted(&to("127.0.0.1", &format!("sslmode=verify-ca&{roots}"))),
        Ok(true)
    );
    assert_eq!(
        encrypted(&to("127.0.0.1", &format!("sslmode=require&{roots}"))),
        Ok(true)
    );
    assert_eq!(
        code(
            &to("127.0.0.1", &format!("sslmode=verify-full&{roots}")),
            &[]
        ),
        "connect::certificate"
    );
    assert_eq!(
        code(&to("localhost", "sslmode=verify-ca&sslrootcert=/none"), &[]),
        "connect::certificate_file"
    );

    let bare = format!("postgres://app@127.0.0.1:{port}/postgres");
    assert_eq!(code(&bare, &[]), "connect::no_password");
    assert_eq!(code(&bare, &[("PGPASSWORD", SECRET)]), "connected");
    assert_eq!(
        code(&bare, &[("PGPASSWORD", "s3cret")]),
        "connect::wrong_password"
    );
    let pass = local.folder.path().join("pass");
    fs::write(
        &pass,
        format!("other:*:*:*:x\n127.0.0.1:{port}:*:app:s3cret\\:pw\n"),
    )
    .unwrap();
    set_mode(&pass, 0o600);
    let passfile = pass.display().to_string();
    assert_eq!(code(&bare, &[("PGPASSFILE", &passfile)]), "connected");
    set_mode(&pass, 0o644);
    match connect(&bare, &env(&[("PGPASSFILE", &passfile)]), None) {
        Err(
            e @ ConnectError::NoPassword {
                ignored: Some(_), ..
            },
        ) => {
            assert!(e.help().unwrap().contains("chmod 600"));
        }
        other => panic!("{:?}", other.err()),
    }

    let database = |name: &str| to("127.0.0.1", "").replace("/postgres?", &format!("/{name}?"));
    assert_eq!(code(&database("nope"), &[]), "connect::no_database");
    assert_eq!(code(&database("closed"), &[]), "connect::refused");
    assert_eq!(
        code(&local.url("weak", "127.0.0.1", ""), &[]),
        "connect::too_many_connections"
    );
    assert_eq!(
        code(&local.url("nobody", "127.0.0.1", ""), &[]),
        "connect::refused"
    );
    assert_eq!(
        code("postgres://app@127.0.0.1:1/x", &[]),
        "connect::unreachable"
    );
    assert_eq!(
        code("postgres://app@host.invalid/x", &[]),
        "connect::unknown_host"
    );
    assert_eq!(
        code("postgres://app@/x?host=/nowhere", &[]),
        "connect::unreachable"
    );

    // The second host answers.
    let both = format!("postgres://app:s3cret%3Apw@127.0.0.1:1,127.0.0.1:{port}/postgres");
    assert_eq!(encrypted(&both), Ok(true));
    let (config, open) = server(&to("localhost", "sslmode=require"), &env(&[])).unwrap();
    assert!(open(&config).is_ok());
}

#[test]
fn what_is_no_postgres_server_is_said() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.unwrap();
            let mut bytes = [0; 8];
            stream.read_exact(&mut bytes).ok();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").ok();
        }
    });
    let url = format!("postgres://app@127.0.0.1:{port}/x?sslmode=disable");
    let error = connect(&url, &env(&[]), None)
        .err()
        .map(|e| format!("{e:?}"));
    assert_eq!(code(&url, &[]), "connect::not_postgres", "{error:?}");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
