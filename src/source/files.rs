//! Reads `.sql` files: one, a directory of them, or either from a git revision.

use super::error::SourceError;
use super::text::SourceFile;
use super::{Notice, Place, include};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// The largest file that is read, in bytes.
pub const MAX_BYTES: u64 = 64 << 20;

/// The files of a source in the order of their paths, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub files: Vec<SourceFile>,
    pub notices: Vec<Notice>,
    /// What they take in (`\i`) is among them.
    pub followed: bool,
}

pub(super) fn read(path: &Path) -> Result<Found, SourceError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourceError::Missing {
            path: path.to_owned(),
        },
        _ => unreadable(path, source),
    })?;
    let mut found = Found::default();
    if !metadata.is_dir() {
        found.files.push(read_file(path)?);
        include::follow(path, &mut found)?;
        found.followed = true;
        return Ok(found);
    }
    for file in list(path, &mut found.notices)? {
        found.files.push(read_file(&file)?);
    }
    if found.files.is_empty() {
        return Err(SourceError::NoFiles {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

/// The `.sql` files below `root`, in the order git lists them: by the bytes of the path.
fn list(root: &Path, notices: &mut Vec<Notice>) -> Result<Vec<PathBuf>, SourceError> {
    let real_root = fs::canonicalize(root).map_err(|e| unreadable(root, e))?;
    let mut files = Vec::new();
    let mut directories = vec![root.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory).map_err(|e| unreadable(&directory, e))?;
        for entry in entries {
            let entry = entry.map_err(|e| unreadable(&directory, e))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|e| unreadable(&path, e))?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() {
                directories.push(path);
            } else if is_sql(&path) && (kind.is_file() || links_inside(&path, &real_root)) {
                files.push(path);
            } else if kind.is_symlink() {
                notices.push(Notice {
                    place: Place {
                        file: path.display().to_string(),
                        line: 1,
                        column: 1,
                    },
                    text: "symbolic link skipped (it is no .sql file of this directory)".to_owned(),
                });
            }
        }
    }
    files.sort_by(|a, b| key(a).cmp(key(b)));
    notices.sort_by(|a, b| a.place.file.cmp(&b.place.file));
    Ok(files)
}

fn key(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

fn is_sql(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("sql"))
}

fn links_inside(path: &Path, root: &Path) -> bool {
    fs::canonicalize(path).is_ok_and(|target| target.starts_with(root) && target.is_file())
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> SourceError {
    SourceError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

pub(super) fn read_file(path: &Path) -> Result<SourceFile, SourceError> {
    let file = File::open(path).map_err(|e| unreadable(path, e))?;
    decode_from(&path.display().to_string(), file)
}

/// Reads all of `from`, which errors call `name`.
pub(super) fn decode_from(name: &str, from: impl Read) -> Result<SourceFile, SourceError> {
    let mut bytes = Vec::new();
    // A pipe has no length to look at beforehand.
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(Path::new(name), e))?;
    decode(name.to_owned(), bytes)
}

fn decode(name: String, bytes: Vec<u8>) -> Result<SourceFile, SourceError> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(SourceError::TooLarge {
            path: name,
            limit: MAX_BYTES,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => SourceFile::new(name, rest),
            None => SourceFile::new(name, text),
        }),
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let lossy = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let excerpt = SourceFile::new(&name, lossy).excerpt(offset..offset + 1);
            Err(SourceError::NotUtf8 {
                path: name,
                offset,
                excerpt: Box::new(excerpt),
            })
        }
    }
}

/// Reads one file, counted from `repository`, as of `rev`; nothing where it is not in that revision.
pub(super) fn read_git_file(
    repository: &Path,
    rev: &str,
    path: &str,
) -> Result<Option<SourceFile>, SourceError> {
    let mut prefix = Command::new("git");
    prefix.arg("-C").arg(repository);
    prefix.args(["rev-parse", "--show-prefix"]);
    let prefix = run("rev-parse", prefix, Vec::new())?;
    let prefix = String::from_utf8_lossy(&prefix)
        .trim_end_matches('\n')
        .to_owned();
    let path = path.strip_prefix("./").unwrap_or(path);
    match read_git(repository, rev, &format!("{prefix}{path}")) {
        Ok(found) => Ok(found.files.into_iter().next()),
        Err(SourceError::NotInRevision { .. } | SourceError::NoFiles { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads `path`, counted from the top of the repository around `repository`, as of `rev`.
pub(super) fn read_git(repository: &Path, rev: &str, path: &str) -> Result<Found, SourceError> {
    // A revision with a dash in front would be an option of git.
    if rev.is_empty() || rev.starts_with('-') || rev.contains(|c: char| c.is_control()) {
        return Err(SourceError::BadRevision {
            rev: rev.to_owned(),
        });
    }
    let path = path.strip_prefix("./").unwrap_or(path);
    let path = match path.trim_end_matches('/') {
        "." => "",
        path => path,
    };
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(repository)
            .args(["--literal-pathspecs", "-c", "core.quotePath=false"])
            .args(arguments)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        command
    };
    let tree = format!("{rev}^{{tree}}");
    let tree = run(
        "rev-parse",
        git(&["rev-parse", "--verify", &tree]),
        Vec::new(),
    )?;
    let tree = String::from_utf8_lossy(&tree).trim().to_owned();
    let mut arguments = vec!["ls-tree", "-r", "-l", "-z", "--full-tree", &tree];
    if !path.is_empty() {
        arguments.extend(["--", path]);
    }
    let listing = run("ls-tree", git(&arguments), Vec::new())?;
    let wanted = blobs(&String::from_utf8_lossy(&listing), path, rev)?;
    if wanted.is_empty() {
        let (rev, path) = (rev.to_owned(), path.to_owned());
        return Err(if listing.is_empty() {
            SourceError::NotInRevision { rev, path }
        } else {
            SourceError::NoFiles {
                path: PathBuf::from(format!("git:{rev}:{path}")),
            }
        });
    }
    let ids: String = wanted.iter().map(|b| format!("{}\n", b.id)).collect();
    let batch = run("cat-file", git(&["cat-file", "--batch"]), ids.into_bytes())?;
    let mut rest = batch.as_slice();
    let mut found = Found::default();
    for blob in wanted {
        let content = next_object(&mut rest, &blob).ok_or_else(|| SourceError::Git {
            command: "cat-file",
            message: format!("{} cannot be read", blob.name),
        })?;
        found.files.push(decode(blob.name, content)?);
    }
    Ok(found)
}

struct Blob {
    id: String,
    size: usize,
    name: String,
}

/// The `.sql` files of a listing of `git ls-tree -l -z`, sorted by path.
fn blobs(listing: &str, path: &str, rev: &str) -> Result<Vec<Blob>, SourceError> {
    let mut blobs = Vec::new();
    for line in listing.split_terminator('\0') {
        let Some((meta, file)) = line.split_once('\t') else {
            continue;
        };
        let below = file.strip_prefix(path).unwrap_or(file);
        let hidden = below.split('/').any(|part| part.starts_with('.'));
        let fields: Vec<_> = meta.split_whitespace().collect();
        // Mode 120000 is a symbolic link; its content is a path, not SQL.
        let &["100644" | "100755", "blob", id, size] = fields.as_slice() else {
            continue;
        };
        if file != path && (hidden || !is_sql(Path::new(file))) {
            continue;
        }
        let name = format!("git:{rev}:{file}");
        let size = size.parse().unwrap_or(usize::MAX);
        if size as u64 > MAX_BYTES {
            return Err(SourceError::TooLarge {
                path: name,
                limit: MAX_BYTES,
            });
        }
        let id = id.to_owned();
        blobs.push(Blob { id, size, name });
    }
    blobs.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(blobs)
}

/// Takes one answer of `git cat-file --batch`: a line, the content, a line break.
fn next_object(rest: &mut &[u8], blob: &Blob) -> Option<Vec<u8>> {
    let line_end = rest.iter().position(|b| *b == b'\n')?;
    let header = rest.get(..line_end)?;
    let expected = format!("{} blob {}", blob.id, blob.size);
    let start = line_end + 1;
    let end = start.checked_add(blob.size)?;
    let content = rest
        .get(start..end)
        .filter(|_| header == expected.as_bytes())?;
    let content = content.to_vec();
    *rest = rest.get(end + 1..)?;
    Some(content)
}

fn run(name: &'static str, mut command: Command, input: Vec<u8>) -> Result<Vec<u8>, SourceError> {
    let missing = |source| SourceError::GitMissing { source };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(missing)?;
    // git answers while it reads: both pipes are served at once, or both sides would wait.
    let writer = child.stdin.take().map(|mut pipe| {
        thread::spawn(move || {
            let _ = pipe.write_all(&input);
        })
    });
    let output = child.wait_with_output().map_err(missing)?;
    if let Some(writer) = writer {
        let _ = writer.join();
    }
    if output.status.success() {
        return Ok(output.stdout);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.lines().next_back().unwrap_or("no message").trim();
    Err(SourceError::Git {
        command: name,
        message: message
            .strip_prefix("fatal: ")
            .unwrap_or(message)
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(found: &Found, root: &str) -> Vec<String> {
        let strip = |f: &SourceFile| f.name.strip_prefix(root).unwrap().to_owned();
        found.files.iter().map(strip).collect()
    }

    fn example() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write(root, "s/b.sql", "select 2;");
        write(root, "s/a/z.sql", "\u{feff}select 1;");
        write(root, "s/a.SQL", "select 3;");
        write(root, "s/.hidden/a.sql", "'");
        write(root, "s/.a.sql", "'");
        write(root, "s/readme.md", "'");
        write(root, "out.sql", "'");
        dir
    }

    #[test]
    fn a_directory_gives_its_sql_files_in_order() {
        let dir = example();
        let root = dir.path().join("s");
        std::os::unix::fs::symlink(dir.path().join("out.sql"), root.join("c.sql")).unwrap();
        std::os::unix::fs::symlink(&root, root.join("loop")).unwrap();
        std::os::unix::fs::symlink(root.join("b.sql"), root.join("d.sql")).unwrap();
        let found = read(&root).unwrap();
        let prefix = format!("{}/", root.display());
        assert_eq!(
            names(&found, &prefix),
            ["a.SQL", "a/z.sql", "b.sql", "d.sql"]
        );
        assert_eq!(found.files[1].text, "select 1;");
        assert_eq!(found.notices.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let code = |name: &str| read(&dir.path().join(name)).unwrap_err().code();
        assert_eq!(code(""), "source::no_files");
        assert_eq!(code("x"), "source::missing");
        fs::write(dir.path().join("l.sql"), b"select 1;\n-- \xe9\n").unwrap();
        let error = read(&dir.path().join("l.sql")).unwrap_err();
        assert!(error.to_string().ends_with("is not UTF-8 at byte 13"));
        assert_eq!(
            error.excerpt().map(|e| (e.place.line, e.place.column)),
            Some((2, 4))
        );
        let file = File::create(dir.path().join("big.sql")).unwrap();
        file.set_len(MAX_BYTES + 1).unwrap();
        assert_eq!(code("big.sql"), "source::too_large");
    }

    #[test]
    fn a_revision_gives_the_files_it_had() {
        let dir = example();
        let root = dir.path();
        let git = |arguments: &[&str]| {
            let status = Command::new("git")
                .arg("-C")
                .arg(root)
                .args(["-c", "user.name=a", "-c", "user.email=a@b"])
                .args(arguments)
                .stdout(Stdio::null())
                .status();
            assert!(status.unwrap().success());
        };
        git(&["init", "-q", "-b", "main"]);
        git(&["add", "-f", "."]);
        git(&["commit", "-q", "-m", "x"]);
        fs::remove_dir_all(root.join("s/a")).unwrap();
        let found = read_git(root, "main", "./s/").unwrap();
        assert_eq!(names(&found, "git:main:s/"), ["a.SQL", "a/z.sql", "b.sql"]);
        assert_eq!(found.files[1].text, "select 1;");
        assert_eq!(
            read_git(&root.join("s"), "main", "s/b.sql")
                .unwrap()
                .files
                .len(),
            1
        );
        let code = |rev: &str, path: &str| read_git(root, rev, path).unwrap_err().code();
        assert_eq!(code("main", "t"), "source::not_in_revision");
        assert_eq!(code("nope", "s"), "source::git");
        assert_eq!(code("--output=x", "s"), "source::bad_revision");
        write(root, "main.sql", "\\i s/b.sql\n");
        git(&["add", "main.sql"]);
        git(&["commit", "-q", "-m", "y"]);
        let found = crate::source::read_git_in(root, "main", "main.sql");
        assert_eq!(found.unwrap_err().code(), "source::include");
    }
}
