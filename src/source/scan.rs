//! Splits SQL text into statements, byte for byte, the way psql does.
//!
//! sqlparser is not used for this: half of its spans are empty and it parses 78 % of
//! PostgreSQL's DDL. Source: `src/fe_utils/psqlscan.l`.

use super::token::{LexError, Problem, Token, TokenKind, Tokenizer};
use std::ops::Range;

/// One statement: from its first token to its last, without comments around it and without
/// the semicolon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawStatement {
    pub range: Range<usize>,
}

/// What a psql script holds besides statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// A meta-command with its arguments; `name` without the backslash.
    PsqlCommand { range: Range<usize>, name: String },
    /// `COPY … FROM stdin;` (or `\copy`) with its data and the closing `\.`.
    CopyBlock { range: Range<usize> },
}

/// The parts of a text, each list in the order of the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    pub statements: Vec<RawStatement>,
    pub skipped: Vec<Skipped>,
    /// The comments that are outside every statement: hints are among them.
    pub comments: Vec<Token>,
}

/// Splits `text` into statements.
///
/// A semicolon ends a statement unless it is inside a string, a comment, parentheses
/// (`CREATE RULE … DO (a; b)`) or the body of a `BEGIN ATOMIC … END` routine.
///
/// ```
/// use pgrehearse::source::scan::scan;
/// let sql = "\\restrict k\ncreate table a (); -- one\ncreate table b ()";
/// let found = scan(sql).unwrap();
/// let texts: Vec<_> = found.statements.iter().map(|s| &sql[s.range.clone()]).collect();
/// assert_eq!(texts, ["create table a ()", "create table b ()"]);
/// assert_eq!(found.skipped.len(), 1);
/// ```
///
/// # Errors
/// [`LexError`] at the opening of a string, name, dollar quote, comment or COPY block that is
/// never closed, at a NUL byte, and at a psql command in the middle of a statement.
pub fn scan(text: &str) -> Result<Scan, LexError> {
    if let Some(nul) = text.find('\0') {
        return Err(LexError::new(Problem::NulByte, nul..nul + 1));
    }
    let mut tokens = Tokenizer::new(text);
    if text.starts_with('\u{feff}') {
        tokens.seek('\u{feff}'.len_utf8());
    }
    let mut scan = Scan::default();
    let mut open: Option<Open> = None;
    while let Some(token) = tokens.next().transpose()? {
        if token.is_comment() {
            match &mut open {
                Some(open) => open.behind.push(token),
                None => scan.comments.push(token),
            }
            continue;
        }
        let word = &text[token.range()];
        if token.kind == TokenKind::Punct && word == "\\" {
            let next = psql_command(text, token.start, open.take(), &mut scan)?;
            tokens.seek(next);
            continue;
        }
        let ends = token.kind == TokenKind::Punct
            && word == ";"
            && open.as_ref().is_none_or(Open::is_complete);
        if !ends {
            open.get_or_insert_with(|| Open::at(token.start))
                .take(token, word);
            continue;
        }
        let Some(statement) = open.take() else {
            continue;
        };
        if statement.from_stdin {
            let end = copy_data(text, &statement, tokens.position())?;
            scan.skipped.push(Skipped::CopyBlock {
                range: statement.start..end,
            });
            tokens.seek(end);
        } else {
            statement.finish(&mut scan);
        }
    }
    if let Some(open) = open {
        open.finish(&mut scan);
    }
    Ok(scan)
}

/// A statement whose end is not reached yet.
struct Open<'a> {
    start: usize,
    end: usize,
    parentheses: usize,
    /// The first words; enough to know `CREATE OR REPLACE FUNCTION`.
    head: Vec<&'a str>,
    previous: &'a str,
    /// 0 outside a `BEGIN ATOMIC` body, else 1 + the number of open `CASE`.
    atomic: usize,
    from_stdin: bool,
    /// The comments since `end`: outside of the statement, if nothing more comes.
    behind: Vec<Token>,
}

impl<'a> Open<'a> {
    fn at(start: usize) -> Self {
        Self {
            start,
            end: start,
            parentheses: 0,
            head: Vec::with_capacity(4),
            previous: "",
            atomic: 0,
            from_stdin: false,
            behind: Vec::new(),
        }
    }

    fn take(&mut self, token: Token, word: &'a str) {
        self.end = token.end;
        self.behind.clear();
        if self.head.len() < 4 {
            self.head.push(word);
        }
        match token.kind {
            TokenKind::Punct if word == "(" => self.parentheses += 1,
            TokenKind::Punct if word == ")" => {
                self.parentheses = self.parentheses.saturating_sub(1);
            }
            TokenKind::Word if self.parentheses == 0 => self.take_word(word),
            _ => {}
        }
        self.previous = word;
    }

    fn take_word(&mut self, word: &str) {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let after = |name: &str| self.previous.eq_ignore_ascii_case(name);
        if self.atomic == 0 {
            if is("atomic") && after("begin") && self.creates_routine() {
                self.atomic = 1;
            }
            if is("stdin") && after("from") && self.starts_with(0, "copy") {
                self.from_stdin = true;
            }
            return;
        }
        // `AS end` and `t.end` are names.
        if after(".") || after("as") {
            return;
        }
        if is("case") {
            self.atomic += 1;
        } else if is("end") {
            self.atomic -= 1;
        }
    }

    fn starts_with(&self, index: usize, word: &str) -> bool {
        self.head
            .get(index)
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
    }

    fn creates_routine(&self) -> bool {
        let replaced = self.starts_with(1, "or") && self.starts_with(2, "replace");
        let kind = if replaced { 3 } else { 1 };
        self.starts_with(0, "create")
            && (self.starts_with(kind, "function") || self.starts_with(kind, "procedure"))
    }

    fn is_complete(&self) -> bool {
        self.parentheses == 0 && self.atomic == 0
    }

    fn finish(self, scan: &mut Scan) {
        scan.statements.push(RawStatement {
            range: self.start..self.end,
        });
        scan.comments.extend(self.behind);
    }
}

/// Handles the backslash at `start`; returns where the SQL goes on.
fn psql_command(
    text: &str,
    start: usize,
    open: Option<Open>,
    scan: &mut Scan,
) -> Result<usize, LexError> {
    let line = line_at(text, start);
    let arguments = &text[start + 1..line.end];
    let name: String = match arguments.chars().next() {
        Some(c) if c.is_alphanumeric() => arguments
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '\\' && *c != ';')
            .collect(),
        Some(c) => c.to_string(),
        None => String::new(),
    };
    if let Some(open) = open {
        if name == ";" {
            open.finish(scan);
            return Ok(start + 2);
        }
        // These send what was read so far (psql manual, \g and its relatives).
        let sends = name.starts_with('g')
            || ["watch", "crosstabview", "bind", "bind_named", "parse"].contains(&name.as_str());
        if !sends {
            let end = start + 1 + name.len();
            return Err(LexError::new(Problem::PsqlInsideStatement, start..end));
        }
        open.finish(scan);
    }
    let lower = arguments.to_ascii_lowercase();
    if name == "copy" && lower.split_whitespace().any(|w| w == "stdin") && lower.contains("from") {
        let Some(end) = data_end(text, line.next) else {
            return Err(LexError::new(Problem::UnterminatedCopy, start..start + 5));
        };
        scan.skipped.push(Skipped::CopyBlock { range: start..end });
        return Ok(end);
    }
    scan.skipped.push(Skipped::PsqlCommand {
        range: start..line.end,
        name,
    });
    Ok(line.end)
}

/// The end of the data after a `COPY … FROM stdin` whose semicolon ends at `from`.
fn copy_data(text: &str, statement: &Open, from: usize) -> Result<usize, LexError> {
    let line = line_at(text, from);
    let rest = text[from..line.end].trim();
    if !rest.is_empty() && !rest.starts_with("--") {
        let at = line.end - text[from..line.end].trim_start().len();
        return Err(LexError::new(Problem::TextAfterCopy, at..at + rest.len()));
    }
    data_end(text, line.next).ok_or_else(|| {
        LexError::new(
            Problem::UnterminatedCopy,
            statement.start..statement.start + "copy".len(),
        )
    })
}

/// The end of the first line `\.` at or after `from`.
fn data_end(text: &str, mut from: usize) -> Option<usize> {
    while from < text.len() {
        let line = line_at(text, from);
        if &text[from..line.end] == "\\." {
            return Some(line.end);
        }
        from = line.next;
    }
    None
}

struct LineEnd {
    /// Where the text of the line ends, before its line break.
    end: usize,
    /// Where the next line starts.
    next: usize,
}

fn line_at(text: &str, from: usize) -> LineEnd {
    let rest = &text[from..];
    let (line, next) = match rest.find('\n') {
        Some(n) => (&rest[..n], from + n + 1),
        None => (rest, text.len()),
    };
    let line = line.strip_suffix('\r').unwrap_or(line);
    LineEnd {
        end: from + line.len(),
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(sql: &str) -> Vec<&str> {
        let scan = scan(sql).expect("the text can be split");
        scan.statements
            .iter()
            .map(|s| &sql[s.range.clone()])
            .collect()
    }

    fn skipped(sql: &str) -> Vec<String> {
        let scan = scan(sql).expect("the text can be split");
        scan.skipped
            .into_iter()
            .map(|s| match s {
                Skipped::PsqlCommand { name, .. } => name,
                Skipped::CopyBlock { range } => sql[range].to_owned(),
            })
            .collect()
    }

    fn problem(sql: &str) -> (Problem, &str) {
        let error = scan(sql).expect_err("the text cannot be split");
        (error.problem, &sql[error.range])
    }

    #[test]
    fn comments_around_a_statement_are_not_part_of_it() {
        let sql = "-- a;\nselect 1 /* x; */ + 1 -- b\n; /* c */ ; ;\nselect 2";
        assert_eq!(split(sql), ["select 1 /* x; */ + 1", "select 2"]);
        let comments = |sql| scan(sql).unwrap().comments.len();
        assert_eq!(comments(sql), 3);
        assert_eq!(comments("select (1 -- a\n-- b"), 2);
        assert_eq!(comments("select /* a */ 1 /* b */ \\; -- c"), 2);
    }

    #[test]
    fn semicolons_in_quotes_and_parentheses_end_nothing() {
        assert_eq!(
            split("create rule r as on update to t do also (select 1; select 2); select 3"),
            [
                "create rule r as on update to t do also (select 1; select 2)",
                "select 3"
            ]
        );
        assert_eq!(split("do $$ begin; end $$; select ';', \"a;b\";").len(), 2);
    }

    #[test]
    fn an_atomic_body_is_one_statement() {
        let sql = "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC\n\
                   SELECT CASE WHEN true THEN 1 ELSE (CASE WHEN x THEN 1 END) END AS end;\n\
                   SELECT t.end FROM t; END; SELECT 2;";
        assert_eq!(split(sql).len(), 2);
        assert!(split(sql)[0].ends_with("END"));
        assert_eq!(
            split("create procedure begin() begin atomic end; select 1").len(),
            2
        );
    }

    #[test]
    fn begin_outside_a_routine_is_a_statement() {
        assert_eq!(split("begin; create table t (); end;").len(), 3);
        assert_eq!(split("begin atomic; select 1").len(), 2);
        assert_eq!(
            split("create function begin() returns int return 1; select 1").len(),
            2
        );
    }

    #[test]
    fn psql_lines_are_skipped() {
        let sql = "\\restrict a'b\r\n\\set x 'y\n\\.\nselect 1;\n\\connect - postgres";
        assert_eq!(split(sql), ["select 1"]);
        assert_eq!(skipped(sql), ["restrict", "set", ".", "connect"]);
    }

    #[test]
    fn a_sending_command_ends_the_statement() {
        assert_eq!(
            split("select 1 \\gexec\nselect 2 \\; select 3;"),
            ["select 1", "select 2", "select 3"]
        );
        assert_eq!(
            problem("select\n\\echo x\n1;"),
            (Problem::PsqlInsideStatement, "\\echo")
        );
    }

    #[test]
    fn copy_data_is_skipped() {
        let sql = "COPY t (a) FROM stdin; -- data\r\n1\t';\r\n\\.\r\nselect 1;";
        assert_eq!(split(sql), ["select 1"]);
        assert!(skipped(sql)[0].ends_with("\\."));
        assert_eq!(split("\\copy t from stdin\n'\n\\.\nselect 1").len(), 1);
        assert_eq!(split("copy t from stdin;\n\\.").len(), 0);
        assert_eq!(split("copy (select 1 from stdin) to stdout; x").len(), 2);
        assert_eq!(
            problem("select 1; copy t from stdin;\n1\n"),
            (Problem::UnterminatedCopy, "copy")
        );
        assert_eq!(
            problem("copy t from stdin; select 1;\n\\.\n"),
            (Problem::TextAfterCopy, "select 1;")
        );
    }

    #[test]
    fn a_byte_order_mark_and_crlf_change_nothing() {
        assert_eq!(
            split("\u{feff}select 1;\r\nselect\r\n2"),
            ["select 1", "select\r\n2"]
        );
    }

    #[test]
    fn what_is_not_closed_is_named_at_its_opening() {
        assert_eq!(
            problem("select 'a;\nselect 2;"),
            (Problem::UnterminatedString, "'")
        );
        assert_eq!(problem("/* a"), (Problem::UnterminatedComment, "/*"));
        assert_eq!(
            problem("do $x$ $y$"),
            (Problem::UnterminatedDollarQuote, "$x$")
        );
        assert_eq!(problem("a\0"), (Problem::NulByte, "\0"));
    }

    #[test]
    fn an_unclosed_parenthesis_is_left_to_the_server() {
        assert_eq!(split("create table t (a int; select 1;").len(), 1);
        assert_eq!(split("select 1); select 2").len(), 2);
    }

    fn pieces() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("'"),
            Just("\""),
            Just("$$"),
            Just("$a$"),
            Just("--"),
            Just("/*"),
            Just("*/"),
            Just("\n"),
            Just("\r\n"),
            Just(";"),
            Just("("),
            Just(")"),
            Just("\\"),
            Just("\\."),
            Just("copy t from stdin;"),
            Just("create function "),
            Just("begin atomic "),
            Just("end "),
            Just("case "),
            Just("é"),
            Just("E'"),
            Just("U&"),
            Just("1"),
            Just("\\g"),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|v| v.concat())
    }

    fn check(text: &str) -> Result<(), TestCaseError> {
        let scan = match scan(text) {
            Ok(scan) => scan,
            Err(e) => {
                prop_assert!(text.get(e.range).is_some());
                return Ok(());
            }
        };
        let mut ranges: Vec<_> = scan.statements.into_iter().map(|s| s.range).collect();
        prop_assert!(ranges.is_sorted_by_key(|r| r.start));
        ranges.extend(scan.skipped.into_iter().map(|s| match s {
            Skipped::PsqlCommand { range, .. } | Skipped::CopyBlock { range } => range,
        }));
        ranges.extend(scan.comments.iter().map(Token::range));
        ranges.sort_by_key(|r| (r.start, r.end));
        let mut end = 0;
        for range in ranges {
            prop_assert!(end <= range.start && range.start < range.end);
            prop_assert!(text.get(range.clone()).is_some());
            end = range.end;
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_text_gives_disjoint_ordered_ranges(text in any::<String>()) {
            check(&text)?;
        }

        #[test]
        fn any_mix_of_delimiters_gives_disjoint_ordered_ranges(text in pieces()) {
            check(&text)?;
        }
    }
}
