//! The template that clusters are copies of: made once by initdb, kept in the cache.

use super::owned::{copy_tree, make_dir, write_for};
use super::{ClusterOptions, Login, method};
use crate::pg::ServerVersion;
use crate::scratch::folder::Folder;
use crate::scratch::host::{self, Account};
use crate::scratch::{Binaries, ScratchError, Secret, fetch, random_hex};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

// Goes up when a template is made in another way: older ones in the cache are then left alone.
const TEMPLATE_ALGORITHM: u32 = 1;

// The template of these binaries, made now if it is not in the cache.
pub(super) fn of(
    binaries: &Binaries,
    options: &ClusterOptions,
    account: Option<Account>,
) -> Result<PathBuf, ScratchError> {
    // initdb imports the collations of this system and these binaries: the folder is part of the key.
    let key = format!(
        "{TEMPLATE_ALGORITHM} {} {}",
        binaries.release,
        binaries.dir.display()
    );
    let hash: String = Sha256::digest(key.as_bytes())[..6]
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let name = format!("template-{}-{hash}", binaries.release);
    let target = options.cache.join(&name);
    if target.is_dir() {
        return Ok(target);
    }
    fetch::make_cache(&options.cache)?;
    let lock_path = options.cache.join(format!("{name}.lock"));
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|source| ScratchError::io("lock", &lock_path, source))?;
    if target.is_dir() {
        return Ok(target);
    }
    // Made in the temporary folder, which the server's user can reach, then copied as our own: in the
    // cache of root nobody else may write what a later server reads.
    let folder = Folder::create(&options.temp)?;
    let login = initdb(binaries, folder.path(), account)?;
    let staging = tempfile::Builder::new()
        .prefix(".template-")
        .tempdir_in(&options.cache)
        .map_err(|source| ScratchError::io("create a folder in", &options.cache, source))?;
    copy_tree(
        &folder.path().join("data"),
        &staging.path().join("data"),
        None,
    )
    .map_err(|source| ScratchError::io("copy the template to", staging.path(), source))?;
    let text = format!("{}\n{}\n", login.name, login.password.reveal());
    write_for(&staging.path().join("superuser"), &text, None)?;
    let staging = staging.keep();
    fs::rename(&staging, &target).map_err(|source| {
        drop(fs::remove_dir_all(&staging));
        ScratchError::io("create", &target, source)
    })?;
    drop(lock);
    Ok(target)
}

pub(super) fn initdb(
    binaries: &Binaries,
    folder: &Path,
    account: Option<Account>,
) -> Result<Login, ScratchError> {
    // `OWNER TO postgres` in a file must not meet the superuser: its name is random.
    let login = Login {
        name: format!("pgrh_root_{}", random_hex(6)?),
        password: Secret::random()?,
    };
    let password_file = folder.join("password");
    write_for(&password_file, login.password.reveal(), account)?;
    let data = folder.join("data");
    let mut output = String::new();
    // C.UTF-8 is missing on some systems (macOS, old glibc).
    for locale in ["C.UTF-8", "C"] {
        drop(fs::remove_dir_all(&data));
        make_dir(&data, account)?;
        let mut command = host::command(&binaries.program("initdb"), account);
        command.arg("-D").arg(&data);
        command.args(["-U", &login.name, "-E", "UTF8", "--locale", locale]);
        command.arg("--pwfile").arg(&password_file);
        command.args(["--auth", method(binaries.version)]);
        command.args(["--no-sync", "--no-instructions", "--wal-segsize", "1"]);
        if binaries.version >= ServerVersion::V15 {
            command.args(["--locale-provider", "libc"]);
        }
        if binaries.version >= ServerVersion::V16 {
            command.args(["-c", "scram_iterations=1"]);
        }
        if binaries.version >= ServerVersion::V18 {
            command.arg("--no-data-checksums");
        }
        let done = command
            .output()
            .map_err(|source| ScratchError::io("start", &binaries.program("initdb"), source))?;
        if done.status.success() {
            drop(fs::remove_file(&password_file));
            return Ok(login);
        }
        output = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    }
    Err(ScratchError::Initdb {
        version: binaries.release.clone(),
        output,
    })
}

pub(super) fn read_login(template: &Path) -> Result<Login, ScratchError> {
    let path = template.join("superuser");
    let text =
        fs::read_to_string(&path).map_err(|source| ScratchError::io("read", &path, source))?;
    let mut lines = text.lines().map(str::to_owned);
    match (lines.next(), lines.next()) {
        (Some(name), Some(password)) => Ok(Login {
            name,
            password: Secret(password),
        }),
        _ => Err(ScratchError::io(
            "read",
            &path,
            io::Error::from(io::ErrorKind::InvalidData),
        )),
    }
}
