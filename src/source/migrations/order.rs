//! In which order files are run: what their names say.

use super::{Entry, Tool};
use std::collections::BTreeMap;
use std::fmt;

/// The place of a migration; later ones are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Flyway's B: a new database begins here.
    Baseline(Parts),
    Versioned(Parts),
    /// Flyway's R: after all others, by their descriptions.
    Repeatable(String),
    Undo,
}

/// The numbers of a version: 1.10 comes after 1.9, and 1.0 is 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parts {
    numbers: Vec<Digits>,
    /// Where several may have one number: the name.
    name: String,
}

/// A whole number of any length: longer ones are greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Digits(usize, String);

impl Digits {
    fn read(text: &str) -> Option<Self> {
        let all = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let trimmed = text.trim_start_matches('0');
        all.then(|| Self(trimmed.len(), trimmed.to_owned()))
    }
}

impl Parts {
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text
            .split(['.', '_'])
            .map(Digits::read)
            .collect::<Option<Vec<_>>>()?;
        while numbers.len() > 1 && numbers.last().is_some_and(|d| d.0 == 0) {
            numbers.pop();
        }
        Some(Self {
            numbers,
            name: String::new(),
        })
    }

    fn one(digits: &str) -> Option<Self> {
        Some(Self {
            numbers: vec![Digits::read(digits)?],
            name: String::new(),
        })
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: Vec<&str> = self
            .numbers
            .iter()
            .map(|d| if d.0 == 0 { "0" } else { d.1.as_str() })
            .collect();
        f.write_str(&shown.join("."))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Baseline(parts) | Self::Versioned(parts) => parts.fmt(f),
            Self::Repeatable(description) => f.write_str(description),
            Self::Undo => f.write_str("undo"),
        }
    }
}

impl Version {
    pub fn is_undo(&self) -> bool {
        *self == Self::Undo
    }
}

/// `V1_2__add_login.sql`, `R__views.sql`, `U1_2__add_login.sql`, `B5__base.sql`.
pub fn flyway(name: &str) -> Option<Version> {
    let stem = name.strip_suffix(".sql")?;
    let (head, description) = stem.split_once("__")?;
    let mut letters = head.chars();
    let kind = letters.next()?;
    let version = letters.as_str();
    match kind {
        'V' => Parts::read(version).map(Version::Versioned),
        'B' => Parts::read(version).map(Version::Baseline),
        'U' => Parts::read(version).map(|_| Version::Undo),
        'R' if version.is_empty() => Some(Version::Repeatable(description.to_owned())),
        _ => None,
    }
}

/// `0001_add_login.up.sql`; the number is any unsigned one.
pub fn up(name: &str) -> Option<Version> {
    let stem = match name.strip_suffix(".up.sql") {
        Some(stem) => stem,
        None => {
            let _down = name.strip_suffix(".down.sql")?;
            return Some(Version::Undo);
        }
    };
    let (number, _) = stem.split_once('_')?;
    Parts::one(number).map(Version::Versioned)
}

/// `20260101120000_init/migration.sql`, `2026-01-01-120000_init/up.sql`: by the name of the folder.
pub fn folder(tool: Tool, name: &str, folder: &str) -> Option<Version> {
    let wanted = match tool {
        Tool::Prisma => "migration.sql",
        _ => "up.sql",
    };
    let is_version = folder.starts_with(|c: char| c.is_ascii_digit());
    match name == wanted && is_version {
        true => Some(Version::Versioned(Parts {
            numbers: Vec::new(),
            name: folder.to_owned(),
        })),
        false => None,
    }
}

/// `001_init.sql`, `20260101120000-init.sql`, `2/010.sql`: by the numbers in front, those of folders first.
/// Only plain files may share a number: then the rest of the name decides.
pub fn numbered(tool: Tool, name: &str, folder: &str) -> Option<Version> {
    let stem = name.strip_suffix(".sql")?;
    if is_taking_back(name) {
        return Some(Version::Undo);
    }
    let mut numbers = Vec::new();
    for part in folder.split('/').filter(|p| !p.is_empty()).chain([stem]) {
        let part = part.strip_prefix(['V', 'v']).unwrap_or(part);
        let end = part
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(part.len());
        numbers.push(Digits::read(&part[..end])?);
    }
    let name = match tool {
        Tool::Numbered => stem.to_owned(),
        _ => String::new(),
    };
    Some(Version::Versioned(Parts { numbers, name }))
}

/// What takes a migration back.
pub fn is_taking_back(name: &str) -> bool {
    let undone = [".down.sql", ".undo.sql", ".rollback.sql", "_down.sql"];
    name == "down.sql" || undone.iter().any(|end| name.ends_with(end))
}

/// A migration in a language that is not SQL.
pub fn is_code(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else {
        return false;
    };
    let numbered = stem
        .trim_start_matches(['V', 'v', 'R'])
        .starts_with(|c: char| c.is_ascii_digit());
    let alembic = stem
        .split_once('_')
        .is_some_and(|(id, _)| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    let test = stem.ends_with("_test");
    !test
        && (numbered || alembic)
        && [
            "go", "py", "rb", "js", "ts", "mjs", "cjs", "java", "kt", "php", "ex", "exs", "xml",
            "yaml", "yml", "toml",
        ]
        .contains(&ending)
}

/// A new database begins at the last baseline.
pub(super) fn from_baseline(ordered: &mut BTreeMap<Version, Entry>) {
    let last = ordered.keys().rev().find_map(|version| match version {
        Version::Baseline(parts) => Some(parts.clone()),
        _ => None,
    });
    if let Some(base) = last {
        ordered.retain(|version, _| match version {
            Version::Baseline(parts) => *parts == base,
            Version::Versioned(parts) => *parts > base,
            _ => true,
        });
    }
}
