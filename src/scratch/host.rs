//! The machine: who we are, as whom the server runs, and how its programs are started.

use super::ScratchError;
use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The user as whom the server runs when we are root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

pub(crate) fn is_root() -> bool {
    geteuid().is_root()
}

pub(crate) fn own_uid() -> u32 {
    geteuid().as_raw()
}

/// The unprivileged user for the server; `None` when we are one ourselves.
///
/// PostgreSQL refuses to run as root (manual, "The PostgreSQL User Account").
pub(crate) fn account() -> Result<Option<Account>, ScratchError> {
    if !is_root() {
        return Ok(None);
    }
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| {
            Some(Account {
                uid: id("-u", name)?,
                gid: id("-g", name)?,
            })
        })
        .filter(|account| account.uid != 0)
        .map(Some)
        .ok_or(ScratchError::NoUnprivilegedUser)
}

fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").arg(which).arg(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A command of the server's, run as `account`, away from our environment and our terminal.
///
/// The environment stays behind because code in the database can read the server's (`%ENV` of plperl),
/// and ours may hold `DATABASE_URL`. Its own process group: Ctrl-C is for us; we stop the server.
pub(crate) fn command(program: &Path, account: Option<Account>) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", "/usr/bin:/bin:/usr/local/bin")
        .current_dir("/")
        .stdin(Stdio::null())
        .process_group(0);
    if let Some(account) = account {
        // With uid(), a root parent also gives up its supplementary groups (std's own setgroups(0)).
        command.gid(account.gid).uid(account.uid);
    }
    command
}

/// When the process `pid` started, in the system's own unit; `None` when it does not exist.
#[cfg(target_os = "linux")]
pub(crate) fn started(pid: u32) -> Option<String> {
    // Field 22 of /proc/PID/stat; the command name before it may hold blanks and parentheses.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = &stat[stat.rfind(')')? + 1..];
    after_name.split_whitespace().nth(19).map(str::to_owned)
}

/// When the process `pid` started, in the system's own unit; `None` when it does not exist.
#[cfg(not(target_os = "linux"))]
pub(crate) fn started(pid: u32) -> Option<String> {
    let output = Command::new("ps")
        .args(["-o", "lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Stops a server of ours that has lost its owner: SIGQUIT (immediate shutdown), after 3 s SIGKILL.
pub(crate) fn stop_orphan(pid: u32, start: &str) {
    let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return;
    };
    let alive = || started(pid).as_deref() == Some(start) && test_kill_process(target).is_ok();
    for (signal, patience) in [
        (Signal::QUIT, Duration::from_secs(3)),
        (Signal::KILL, Duration::from_secs(1)),
    ] {
        if !alive() {
            return;
        }
        let _ = kill_process(target, signal);
        let since = Instant::now();
        while alive() && since.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
