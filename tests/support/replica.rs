//! A streaming replica beside an embedded server.
#![allow(dead_code)] // every test binary uses its own part

use pgrehearse::pg::ServerVersion;
use pgrehearse::scratch::Cluster;
use postgres::{Client, Config, NoTls, config::Host};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a server needs besides to have replicas.
pub const SETTINGS: [(&str, &str); 1] = [("max_wal_senders", "5")];

/// A hot standby; stopped on drop. Its folder is in the primary's, and goes with it.
pub struct Replica {
    server: Child,
    pub config: Config,
}

impl Replica {
    /// Copies `primary` while it runs, and follows it as `name` from then on.
    pub fn of(primary: &Cluster, name: &str) -> Self {
        let folder = primary.path().join(name);
        let (data, sockets) = (folder.join("data"), folder.join("s"));
        let owner = fs::metadata(primary.path().join("data")).unwrap();
        for path in [&folder, &sockets] {
            fs::create_dir(path).unwrap();
            chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let hba = primary.path().join("pg_hba.conf");
        let mut rules = fs::OpenOptions::new().append(true).open(&hba).unwrap();
        rules.write_all(b"local replication all trust\n").unwrap();

        let superuser = primary.superuser("postgres");
        let mut admin = superuser.connect(NoTls).unwrap();
        admin.batch_execute("SELECT pg_reload_conf()").unwrap();
        copy(&mut admin, primary, &data);
        let socket = match superuser.get_hosts() {
            [Host::Unix(path)] => path.clone(),
            other => panic!("{other:?}"),
        };
        let conf = folder.join("postgresql.conf");
        let settings = fs::read_to_string(primary.path().join("postgresql.conf")).unwrap();
        fs::write(
            &conf,
            format!(
                "{settings}\nunix_socket_directories = '{}'\nprimary_conninfo = 'host={} port=5432 user={} application_name={name}'\n",
                sockets.display(),
                socket.display(),
                superuser.get_user().unwrap()
            ),
        )
        .unwrap();
        let mut command = Command::new(primary.binaries().dir.join("postgres"));
        command
            .arg("-D")
            .arg(&data)
            .arg(format!("--config-file={}", conf.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.join("log")).unwrap());
        if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.uid(owner.uid()).gid(owner.gid());
        }
        let server = command.spawn().unwrap();
        let mut config = Config::new();
        config
            .host_path(sockets)
            .port(5432)
            .user(superuser.get_user().unwrap())
            .password(superuser.get_password().unwrap())
            .dbname("postgres");
        let replica = Self { server, config };
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        until(log, || replica.config.connect(NoTls).is_ok());
        until(log, || {
            let query = "SELECT FROM pg_stat_replication WHERE application_name = $1 AND state = 'streaming'";
            !admin.query(query, &[&name]).unwrap().is_empty()
        });
        replica
    }

    pub fn client(&self) -> Client {
        self.config.connect(NoTls).unwrap()
    }

    /// Stops applying what it receives.
    pub fn pause(&self) {
        let mut client = self.client();
        client
            .batch_execute("SELECT pg_wal_replay_pause()")
            .unwrap();
        until(String::new, || {
            let state = client.query_one("SELECT pg_get_wal_replay_pause_state()", &[]);
            state.unwrap().get::<_, String>(0) == "paused"
        });
    }

    pub fn resume(&self) {
        let mut client = self.client();
        client
            .batch_execute("SELECT pg_wal_replay_resume()")
            .unwrap();
    }

    /// Receives nothing from now on.
    pub fn cut(&self) {
        let mut client = self.client();
        client
            .batch_execute("ALTER SYSTEM SET primary_conninfo = ''")
            .unwrap();
        client.batch_execute("SELECT pg_reload_conf()").unwrap();
        until(String::new, || {
            let receivers = client.query("SELECT FROM pg_stat_wal_receiver", &[]);
            receivers.unwrap().is_empty()
        });
    }

    /// Makes it a server of its own, with what it has received.
    pub fn promote(&self) {
        let promoted = self.client().query_one("SELECT pg_promote()", &[]);
        assert!(promoted.unwrap().get::<_, bool>(0));
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

// As pg_basebackup, which the embedded servers lack.
fn copy(admin: &mut Client, primary: &Cluster, data: &PathBuf) {
    let (start, stop) = match primary.version() < ServerVersion::V15 {
        true => (
            "pg_start_backup('copy', true, false)",
            "pg_stop_backup(false)",
        ),
        false => ("pg_backup_start('copy', true)", "pg_backup_stop()"),
    };
    admin.batch_execute(&format!("SELECT {start}")).unwrap();
    let copied = Command::new("cp")
        .arg("-a")
        .arg(primary.path().join("data"))
        .arg(data)
        .status();
    assert!(copied.unwrap().success());
    let label = admin
        .query_one(&format!("SELECT labelfile FROM {stop}"), &[])
        .unwrap();
    fs::remove_file(data.join("postmaster.pid")).unwrap();
    fs::write(data.join("backup_label"), label.get::<_, String>(0)).unwrap();
    fs::write(data.join("standby.signal"), "").unwrap();
    let owner = fs::metadata(data).unwrap();
    for name in ["backup_label", "standby.signal"] {
        chown(data.join(name), Some(owner.uid()), Some(owner.gid())).unwrap();
    }
}

fn until(why_not: impl Fn() -> String, mut found: impl FnMut() -> bool) {
    let since = Instant::now();
    while !found() {
        assert!(since.elapsed() < Duration::from_secs(60), "{}", why_not());
        std::thread::sleep(Duration::from_millis(20));
    }
}
