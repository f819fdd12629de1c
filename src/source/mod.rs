//! Where schemas come from: files, git, databases, snapshots; and the files' statements.
//!
//! A file is split by a byte-exact scanner ([`scan`]), its statements are told apart
//! ([`statement`]) and its hints are read ([`hints`]). Nothing is executed here.

pub mod boundary;
pub mod database;
mod error;
mod exec;
pub mod extension;
mod files;
pub mod hints;
mod include;
pub mod migrations;
mod query;
pub mod reader;
pub mod scan;
pub mod statement;
mod text;
pub mod token;
mod verb;

pub use error::{HintProblem, SourceError};
pub use exec::read_exec;
use files::Found;
pub use files::MAX_BYTES;
pub use hints::{Hint, HintTarget, Moved, Verb};
pub use query::{DEFAULT_PATH, Query, read_queries};
pub use statement::{Class, Statement};
pub use text::{Excerpt, Place, SourceFile};

use scan::{Scan, Skipped};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};
use text::Lines;

/// Where a schema comes from.
///
/// `Display` and `Debug` hide passwords.
///
/// ```
/// use pgrehearse::source::Source;
/// let source = Source::parse("postgres://app:secret@db/shop").unwrap();
/// assert_eq!(source.to_string(), "postgres://app:***@db/shop");
/// assert!(matches!(Source::parse("schemas").unwrap(), Source::Files(_)));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A connection URL, with its password.
    Database(String),
    /// A `.sql` file or a directory of them.
    Files(PathBuf),
    /// The same as of a git revision; `path` is counted from the top of the repository.
    Git { rev: String, path: String },
    /// The directory of a migration tool, whose files are run in their order.
    Migrations(PathBuf),
    /// A command whose standard output is SQL.
    Exec(String),
    /// A catalog written by `inspect`, as YAML or JSON.
    Snapshot(PathBuf),
}

impl Source {
    /// Reads a source as the command line gives it.
    ///
    /// # Errors
    /// [`SourceError`] when the form is unknown or not supported yet; files are not looked at.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.trim().is_empty() {
            return Err(SourceError::Empty);
        }
        if database::is_connection(text) {
            return Ok(Self::Database(text.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("git:") {
            return match rest.split_once(':') {
                Some((rev, path)) if !rev.is_empty() => Ok(Self::Git {
                    rev: rev.to_owned(),
                    path: path.to_owned(),
                }),
                _ => Err(SourceError::GitForm {
                    text: text.to_owned(),
                }),
            };
        }
        for (prefix, make) in [
            (
                "migrations:",
                (|rest| Self::Migrations(PathBuf::from(rest))) as fn(&str) -> Self,
            ),
            ("exec:", |rest| Self::Exec(rest.to_owned())),
        ] {
            match text.strip_prefix(prefix).map(str::trim) {
                Some("") => return Err(SourceError::Empty),
                Some(rest) => return Ok(make(rest)),
                None => {}
            }
        }
        if text.contains("://") {
            return Err(SourceError::UnknownScheme {
                text: hide_password(text),
            });
        }
        let path = PathBuf::from(text);
        let snapshot = path.extension().is_some_and(|e| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|s| e.eq_ignore_ascii_case(s))
        });
        Ok(if snapshot {
            Self::Snapshot(path)
        } else {
            Self::Files(path)
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(url) => f.write_str(&hide_password(url)),
            Self::Files(path) | Self::Snapshot(path) => write!(f, "{}", path.display()),
            Self::Git { rev, path } => write!(f, "git:{rev}:{path}"),
            Self::Migrations(path) => write!(f, "migrations:{}", path.display()),
            Self::Exec(command) => write!(f, "exec:{}", exec::shown(command)),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self})")
    }
}

/// Replaces the password of a URL by `***`, in the user part and in the parameters.
///
/// Hides rather too much: a password with an unescaped `@`, `/` or `?` is hidden too.
pub fn hide_password(url: &str) -> String {
    if database::is_conninfo(url) {
        return hide_in_pairs(url);
    }
    let (scheme, rest) = match url.find("://") {
        Some(n) => url.split_at(n + 3),
        None => ("", url),
    };
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let mut shown = scheme.to_owned();
    if let Some(user) = user {
        match user.split_once([':', '?', '/']) {
            Some((name, _)) => shown.push_str(&format!("{name}:***@")),
            None => shown.push_str(&format!("{user}@")),
        }
    }
    let (address, parameters) = match rest.split_once('?') {
        Some((address, parameters)) => (address, Some(parameters)),
        None => (rest, None),
    };
    shown.push_str(address);
    for (n, parameter) in parameters.iter().flat_map(|p| p.split('&')).enumerate() {
        shown.push(if n == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            // libpq decodes %xx in names too.
            Some((name, _)) if name.to_lowercase().contains("pass") || name.contains('%') => {
                shown.push_str(&format!("{name}=***"));
            }
            _ => shown.push_str(parameter),
        }
    }
    shown
}

fn hide_in_pairs(conninfo: &str) -> String {
    let Ok(pairs) = database::pairs(conninfo) else {
        return "a connection that cannot be read".to_owned();
    };
    let shown = pairs.into_iter().map(|(name, value)| {
        if name.to_lowercase().contains("pass") {
            format!("{name}=***")
        } else if value.is_empty() || value.contains([' ', '\'', '\\']) {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            format!("{name}='{value}'")
        } else {
            format!("{name}={value}")
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// How the notice ends that rows are left out.
pub const DATA_IS_NOT_SCHEMA: &str = " (data is not schema)";

/// Something that was left out, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The first of them, when there are several alike in a file.
    pub place: Place,
    pub text: String,
}

/// The desired schema as files: their statements and hints in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredFiles {
    pub files: Vec<SourceFile>,
    pub statements: Vec<Statement>,
    pub hints: Vec<Hint>,
    pub notices: Vec<Notice>,
}

/// Reads a `.sql` file, or all of them below a directory in the order of their paths.
///
/// Hidden files and links that lead out of the directory are left out.
///
/// # Errors
/// [`SourceError`] when there is no such file, or one of them cannot be read or split.
pub fn read_files(path: &Path) -> Result<DesiredFiles, SourceError> {
    let found = files::read(path)?;
    DesiredFiles::new(found)
}

/// Reads a file from standard input.
///
/// # Errors
/// As [`read_files`].
pub fn standard_input() -> Result<SourceFile, SourceError> {
    files::decode_from("-", std::io::stdin().lock())
}

/// Reads the same from a revision of the git repository around the current directory.
///
/// # Errors
/// As [`read_files`], and when git is missing or does not know the revision.
pub fn read_git(rev: &str, path: &str) -> Result<DesiredFiles, SourceError> {
    read_git_in(Path::new("."), rev, path)
}

/// Reads the same from a revision of the git repository around `repository`.
///
/// # Errors
/// As [`read_git`].
pub fn read_git_in(repository: &Path, rev: &str, path: &str) -> Result<DesiredFiles, SourceError> {
    let found = files::read_git(repository, rev, path)?;
    // A folder holds what its files take in.
    if let [file] = found.files.as_slice()
        && path.to_ascii_lowercase().ends_with(".sql")
    {
        include::none(file)?;
    }
    DesiredFiles::new(found)
}

/// Reads one file of any kind as of a revision of the git repository around `repository`, from which
/// `path` is counted; nothing where that revision has no such file.
///
/// # Errors
/// [`SourceError::GitMissing`], [`SourceError::Git`] when there is no such revision.
pub fn read_git_file(
    repository: &Path,
    rev: &str,
    path: &str,
) -> Result<Option<SourceFile>, SourceError> {
    files::read_git_file(repository, rev, path)
}

impl DesiredFiles {
    /// Splits files that are in memory already.
    ///
    /// ```
    /// use pgrehearse::source::{Class, DesiredFiles, SourceFile};
    /// let files = vec![SourceFile::new("a.sql", "create table t (); grant all on t to bob;")];
    /// let desired = DesiredFiles::from_files(files).unwrap();
    /// assert_eq!(desired.statements[0].class, Class::Ddl);
    /// assert_eq!(desired.statement_text(&desired.statements[1]), "grant all on t to bob");
    /// ```
    ///
    /// # Errors
    /// [`SourceError::Syntax`] and [`SourceError::Hint`] with the place.
    pub fn from_files(files: Vec<SourceFile>) -> Result<Self, SourceError> {
        Self::new(Found {
            files,
            ..Found::default()
        })
    }

    fn new(found: Found) -> Result<Self, SourceError> {
        let Found {
            files,
            notices,
            followed,
        } = found;
        let mut desired = Self {
            notices,
            ..Self::default()
        };
        for (index, file) in files.iter().enumerate() {
            let scan = scan::scan(&file.text).map_err(|error| {
                let before = file.text.get(..error.range.start).unwrap_or_default();
                let start = before.rfind(';').map_or(0, |at| at + 1);
                let mut excerpt = file.excerpt(error.range);
                if may_hold_a_secret(&before[start..]) {
                    excerpt = excerpt.without_rest();
                }
                SourceError::Syntax {
                    problem: error.problem,
                    excerpt: Box::new(excerpt),
                }
            })?;
            desired.hints.extend(hints::read(file, &scan)?);
            desired.take(index, file, scan, followed);
        }
        desired.files = files;
        Ok(desired)
    }

    fn take(&mut self, index: usize, file: &SourceFile, scan: Scan, followed: bool) {
        let mut skipped: Vec<(usize, String, &str)> = Vec::new();
        for item in scan.skipped {
            skipped.push(match item {
                Skipped::PsqlCommand { name, .. } if followed && include::is_include(&name) => {
                    continue;
                }
                Skipped::PsqlCommand { range, name } => {
                    (range.start, format!("psql command \\{name}"), "")
                }
                Skipped::CopyBlock { range } => {
                    (range.start, "COPY block".to_owned(), DATA_IS_NOT_SCHEMA)
                }
            });
        }
        for statement in scan.statements {
            let range = statement.range;
            let sql = file.text.get(range.clone()).unwrap_or_default();
            let class = statement::classify(sql);
            if class == Class::Data {
                let reader = reader::Reader::new(sql.get(..64).unwrap_or(sql));
                let word = reader.peek().map(|t| reader.text_of(t)).unwrap_or_default();
                let word = match word.to_ascii_uppercase() {
                    w if w == "SELECT" => "SELECT setval".to_owned(),
                    w => w,
                };
                skipped.push((range.start, word, DATA_IS_NOT_SCHEMA));
            }
            self.statements.push(Statement {
                file: index,
                range,
                class,
            });
        }
        self.notices.extend(notices(file, skipped));
    }

    /// The roles that the files give objects to, but for whoever owns the database or executes the plan.
    pub fn owners(&self) -> BTreeSet<&str> {
        const NOBODY: [&str; 4] = [
            "pg_database_owner",
            "current_user",
            "session_user",
            "current_role",
        ];
        let roles = self.statements.iter().filter_map(|s| match &s.class {
            Class::Owner { role, .. } => Some(role.as_str()),
            _ => None,
        });
        roles.filter(|role| !NOBODY.contains(role)).collect()
    }

    /// The other statement that creates the object of statement number `index`, as far as their
    /// first words tell; `None` also for one of several overloads.
    pub fn other_creator(&self, index: usize) -> Option<&Statement> {
        let mut schema = String::new();
        let mut file = usize::MAX;
        let mut created = Vec::with_capacity(self.statements.len());
        for statement in &self.statements {
            if statement.file != file {
                file = statement.file;
                schema = hints::DEFAULT_SCHEMA.to_owned();
            }
            let sql = self.statement_text(statement);
            if let Some(set) = statement::search_path(sql) {
                schema = set.unwrap_or_else(|| hints::DEFAULT_SCHEMA.to_owned());
            }
            created.push(hints::created(sql, &schema));
        }
        let wanted = created.get(index)?.as_ref()?;
        let mut others = (0..)
            .zip(&created)
            .filter(|(n, target)| *n != index && target.as_ref().is_some_and(|t| t.clashes(wanted)))
            .filter_map(|(n, _): (usize, _)| self.statements.get(n));
        let first = others.next();
        let is_only = others.next().is_none();
        first.filter(|_| is_only || !wanted.is_routine())
    }

    /// The text of one of these statements, without the semicolon.
    pub fn statement_text(&self, statement: &Statement) -> &str {
        self.files
            .get(statement.file)
            .and_then(|file| file.text.get(statement.range.clone()))
            .unwrap_or_default()
    }

    /// The first line of one of these statements.
    pub fn excerpt(&self, statement: &Statement) -> Excerpt {
        let text = self.statement_text(statement);
        let end = text.find('\n').unwrap_or(text.len());
        let range = statement.range.start..statement.range.start + end;
        self.shown(statement, self.files[statement.file].excerpt(range))
    }

    /// The line of one of these statements that the server complains about: `position` as in
    /// [`SourceFile::excerpt_at_position`].
    pub fn excerpt_at_position(&self, statement: &Statement, position: u32) -> Excerpt {
        let file = &self.files[statement.file];
        self.shown(
            statement,
            file.excerpt_at_position(&statement.range, position),
        )
    }

    /// What the server says of one of these statements: a syntax error quotes the constant at its place.
    pub fn said<'m>(&self, statement: &Statement, message: &'m str) -> &'m str {
        let quotes = message.find(" at or near ");
        match quotes.filter(|_| may_hold_a_secret(self.statement_text(statement))) {
            Some(at) => &message[..at],
            None => message,
        }
    }

    fn shown(&self, statement: &Statement, excerpt: Excerpt) -> Excerpt {
        match may_hold_a_secret(self.statement_text(statement)) {
            true => self.files[statement.file].without_strings(&statement.range, excerpt),
            false => excerpt,
        }
    }

    /// The SHA-256 of the names and texts in order, in hexadecimal.
    pub fn content_hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in self.files.iter().flat_map(|f| [&f.name, &f.text]) {
            // The length keeps the end of a name apart from the start of a text.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Whether string constants of the statement may be passwords: options of foreign data, of a role, of a subscription.
fn may_hold_a_secret(sql: &str) -> bool {
    let mut reader = reader::Reader::new(sql);
    let verb = reader.sees_any(&["create", "alter"]);
    reader.advance();
    let what = ["server", "foreign", "user", "role", "group", "subscription"];
    verb.is_some() && reader.sees_any(&what).is_some()
}

/// One notice for all that is alike in a file: a dump may hold a hundred thousand INSERTs.
fn notices(file: &SourceFile, skipped: Vec<(usize, String, &str)>) -> Vec<Notice> {
    if skipped.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<(String, &str), (usize, usize)> = BTreeMap::new();
    for (start, what, why) in skipped {
        let (first, count) = groups.entry((what, why)).or_insert((start, 0));
        *first = start.min(*first);
        *count += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (first, _))| *first);
    let lines = Lines::of(file);
    let notice = |((what, why), (first, count))| Notice {
        place: lines.place(first),
        text: match count {
            1 => format!("{what} skipped{why}"),
            n => format!("{what} skipped, {n} times{why}"),
        },
    };
    groups.into_iter().map(notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn desired(sql: &str) -> DesiredFiles {
        DesiredFiles::from_files(vec![SourceFile::new("a.sql", sql)]).unwrap()
    }

    #[test]
    fn each_form_of_source_is_told() {
        let parse = |text| Source::parse(text).map_err(|e| e.code());
        assert_eq!(parse("schemas/"), Ok(Source::Files("schemas/".into())));
        assert_eq!(parse("a.YAML"), Ok(Source::Snapshot("a.YAML".into())));
        let git = Source::Git {
            rev: "main".to_owned(),
            path: "a:b".to_owned(),
        };
        assert_eq!(parse("git:main:a:b"), Ok(git));
        assert_eq!(parse("git:main"), Err("source::git_form"));
        assert_eq!(parse("exec: a b"), Ok(Source::Exec("a b".to_owned())));
        assert_eq!(parse("exec: "), Err("source::empty"));
        assert_eq!(parse("migrations:x"), Ok(Source::Migrations("x".into())));
        assert_eq!(parse("mysql://a"), Err("source::unknown_scheme"));
        assert_eq!(parse(" "), Err("source::empty"));
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgres://u:hunter2@h:5432/d?sslmode=require",
            "postgres://u:hunter2@x@h/d",
            "postgres://u:hunter2/x?y@h/d",
            "postgresql://h/d?user=u&PASSWORD=hunter2&a=b",
            "postgresql://h/d?p%61ssword=hunter2",
            "postgresql://h/d?password=hunter2@x",
            "postgresql://h?sslpassword=hunter2",
        ] {
            let source = Source::parse(url).unwrap();
            assert!(!format!("{source} {source:?}").contains("hunter2"), "{url}");
        }
        let plain = "postgres://u@h:5432/d?sslmode=require&x=1";
        assert_eq!(Source::parse(plain).unwrap().to_string(), plain);
    }

    #[test]
    fn what_is_left_out_is_said_once_per_file() {
        let found = desired(
            "\\restrict k\ncopy t from stdin;\n1\n\\.\ninsert into t values (1);\n\
             create table t ();\nINSERT INTO t VALUES (2);\nselect setval('s', 1);",
        );
        let texts: Vec<_> = found
            .notices
            .iter()
            .map(|n| (n.place.line, n.text.as_str()))
            .collect();
        assert_eq!(
            texts,
            [
                (1, "psql command \\restrict skipped"),
                (2, "COPY block skipped (data is not schema)"),
                (5, "INSERT skipped, 2 times (data is not schema)"),
                (8, "SELECT setval skipped (data is not schema)"),
            ]
        );
        assert_eq!(found.statements.len(), 4);
    }

    #[test]
    fn an_error_points_at_the_opening() {
        let files = vec![SourceFile::new("a.sql", "select 1;\n  select 'é;\n")];
        let error = DesiredFiles::from_files(files).unwrap_err();
        assert_eq!(error.code(), "source::unterminated_string");
        let excerpt = error.excerpt().unwrap();
        assert_eq!((excerpt.place.line, excerpt.place.column), (2, 10));
        assert_eq!(excerpt.source_line, "  select 'é;");
    }

    #[test]
    fn the_hash_covers_names_texts_and_order() {
        let hash = |pairs: &[(&str, &str)]| {
            let files = pairs.iter().map(|(n, t)| SourceFile::new(*n, *t)).collect();
            DesiredFiles::from_files(files).unwrap().content_hash()
        };
        let one = hash(&[("a", "b"), ("c", "d")]);
        assert_eq!(one.len(), 64);
        assert_eq!(one, hash(&[("a", "b"), ("c", "d")]));
        assert_ne!(one, hash(&[("c", "d"), ("a", "b")]));
        assert_ne!(hash(&[("ab", "c")]), hash(&[("a", "bc")]));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>(), at in any::<u32>()) {
            let file = SourceFile::new("a.sql", text);
            if let Ok(found) = DesiredFiles::from_files(vec![file.clone()]) {
                for statement in &found.statements {
                    prop_assert!(!found.statement_text(statement).is_empty());
                    file.excerpt_at_position(&statement.range, at % 64);
                }
            }
        }

        #[test]
        fn any_words_are_classified(
            words in prop::collection::vec("(?i)(create|alter|owner|to|set|role|on|grant|copy|from|select|set_config|'|\\(|,|\\.|\"x|a|is|extension|version)", 0..12)
        ) {
            let sql = words.join(" ");
            statement::classify(&sql);
            statement::search_path(&sql);
        }
    }
}
