//! A server that can be stopped in the middle of everything and started again.

use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::{Binaries, Cluster, ClusterOptions};
use postgres::{Client, Config, NoTls};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

pub struct Server {
    // Dropped first: the folder goes with the cluster.
    again: Mutex<Option<Again>>,
    recovered: AtomicUsize,
    cluster: Cluster,
}

impl Server {
    /// `synchronous_commit` is off, as a crash may lose the end of what was committed: what is left is what a
    /// standby would have, too.
    pub fn start(version: ServerVersion) -> Result<Self, String> {
        let search = crate::support::search();
        let binaries = Binaries::find(version, &search).map_err(|e| e.to_string())?;
        let mut options = ClusterOptions::new(&search.cache);
        options.listen_tcp = true;
        options.preload = vec!["pg_stat_statements".to_owned()];
        let cluster = Cluster::start(&binaries, &options).map_err(|e| e.to_string())?;
        Ok(Self {
            again: Mutex::default(),
            recovered: AtomicUsize::new(0),
            cluster,
        })
    }

    pub fn version(&self) -> ServerVersion {
        self.cluster.version()
    }

    pub fn port(&self) -> u16 {
        self.cluster.tcp_port().expect("it listens")
    }

    /// The superuser, in `database`.
    pub fn config(&self, database: &str) -> Config {
        self.cluster.superuser(database)
    }

    pub fn client(&self, database: &str) -> Client {
        self.config(database).connect(NoTls).expect("connect")
    }

    fn program(&self, name: &str) -> Command {
        let data = self.data();
        let owner = std::fs::metadata(&data).expect("the data folder");
        let program = self.cluster.binaries().dir.join(name);
        let mut command = Command::new("sh");
        // The server does not outlive this process: then its end of the pipe is closed.
        command.args(match name {
            "postgres" => [
                "-c",
                "\"$@\" & read -r _; kill -QUIT $! 2>/dev/null; wait $!",
                "sh",
            ],
            _ => ["-c", "\"$@\"", "sh"],
        });
        command.arg(program).arg("-D").arg(data);
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        command.env("PATH", "/usr/bin:/bin").process_group(0);
        if is_root() {
            command.gid(owner.gid()).uid(owner.uid());
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.cluster.path().join("data")
    }

    /// `pg_ctl stop -m immediate`: as a crash, without a checkpoint.
    pub fn crash(&self) {
        let done = self
            .program("pg_ctl")
            .args(["stop", "-m", "immediate"])
            .output()
            .expect("run pg_ctl");
        assert!(done.status.success(), "{done:?}");
        self.again().take();
    }

    /// Starts it again and waits until it has recovered; every other time as a standby that is promoted, with a
    /// timeline of its own.
    pub fn recover(&self) {
        let promoted = self.recovered.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        if promoted {
            let signal = self.data().join("recovery.signal");
            std::fs::write(signal, "").expect("ask for a recovery that ends in a new timeline");
        }
        let conf = self.cluster.path().join("postgresql.conf");
        let log = std::fs::File::create(self.cluster.path().join("log-again")).expect("a log");
        let child = self
            .program("postgres")
            .arg(format!("--config-file={}", conf.display()))
            .args(["-c", "restore_command=false"])
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("start the server");
        *self.again() = Some(Again(child));
        let since = Instant::now();
        while !self.takes_writes() {
            assert!(since.elapsed() < Duration::from_secs(60), "no recovery");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn takes_writes(&self) -> bool {
        let client = self.config("postgres").connect(NoTls);
        let row = client.and_then(|mut c| c.query_one("SELECT NOT pg_is_in_recovery()", &[]));
        row.is_ok_and(|row| row.get(0))
    }

    fn again(&self) -> std::sync::MutexGuard<'_, Option<Again>> {
        self.again.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

struct Again(Child);

impl Drop for Again {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}
