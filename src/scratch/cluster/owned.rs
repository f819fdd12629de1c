//! Files and folders that belong to the account of a server.

use crate::scratch::ScratchError;
use crate::scratch::host::Account;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, lchown};
use std::path::Path;

pub(super) fn make_dir(path: &Path, account: Option<Account>) -> Result<(), ScratchError> {
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
        .and_then(|()| give(path, account))
        .map_err(|source| ScratchError::io("create", path, source))
}

pub(super) fn write_for(
    path: &Path,
    text: &str,
    account: Option<Account>,
) -> Result<(), ScratchError> {
    File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| give(path, account))
        .map_err(|source| ScratchError::io("write", path, source))
}

pub(super) fn give(path: &Path, account: Option<Account>) -> io::Result<()> {
    match account {
        Some(Account { uid, gid }) => lchown(path, Some(uid), Some(gid)),
        None => Ok(()),
    }
}

// fs::copy is copy_file_range on Linux: where the file system shares blocks, nothing is copied.
// A folder changes hands after all that is in it, so that the new owner cannot come between.
pub(super) fn copy_tree(from: &Path, to: &Path, account: Option<Account>) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, account)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            give(&target, account)?;
        }
    }
    give(to, account)
}
