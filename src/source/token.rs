//! The lexical rules of PostgreSQL: where a name, a string or a comment begins and ends.
//!
//! Source: PostgreSQL manual, "Lexical Structure", and `src/backend/parser/scan.l`.

use std::{fmt, ops::Range};

/// What a [`Token`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A key word or an unquoted name.
    Word,
    /// `"name"` or `U&"name"`.
    QuotedIdent,
    /// `'…'`, with prefix (`E`, `B`, `X`, `N`, `U&`) and continuation lines, or `$tag$…$tag$`.
    String,
    Number,
    /// `$1`.
    Parameter,
    /// One ASCII character that is none of the above; `::` is two of them.
    Punct,
    /// `-- …` up to the end of the line, without the line break.
    LineComment,
    /// `/* … */`, nested.
    BlockComment,
}

/// One lexical unit: its kind and the bytes it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
}

impl Token {
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether the server sees the token at all.
    pub fn is_comment(&self) -> bool {
        matches!(self.kind, TokenKind::LineComment | TokenKind::BlockComment)
    }
}

/// What keeps a text from being split into statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    UnterminatedString,
    UnterminatedName,
    UnterminatedDollarQuote,
    UnterminatedComment,
    /// `COPY … FROM stdin;` without the line `\.` after its data.
    UnterminatedCopy,
    /// Something else on the line of `COPY … FROM stdin;`, where psql would see data next.
    TextAfterCopy,
    /// A psql meta-command that psql would run before the statement around it is complete.
    PsqlInsideStatement,
    NulByte,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnterminatedString => "string is opened here and never closed",
            Self::UnterminatedName => "quoted name is opened here and never closed",
            Self::UnterminatedDollarQuote => "dollar quote is opened here and never closed",
            Self::UnterminatedComment => "comment is opened here and never closed",
            Self::UnterminatedCopy => "COPY block has no closing line \\.",
            Self::TextAfterCopy => "text after COPY … FROM stdin; on the same line",
            Self::PsqlInsideStatement => "psql command inside a statement",
            Self::NulByte => "NUL byte in SQL text",
        })
    }
}

/// A [`Problem`] and the bytes to point at: the opening of what is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LexError {
    pub problem: Problem,
    pub range: Range<usize>,
}

impl LexError {
    pub(super) fn new(problem: Problem, range: Range<usize>) -> Self {
        Self { problem, range }
    }
}

/// The tokens of a text in order, comments included; ends after the first error.
///
/// ```
/// use pgrehearse::source::token::{TokenKind, Tokenizer};
/// let sql = "select E'it\\'s' -- why";
/// let kinds: Vec<_> = Tokenizer::new(sql).map(|t| t.unwrap().kind).collect();
/// assert_eq!(kinds, [TokenKind::Word, TokenKind::String, TokenKind::LineComment]);
/// ```
#[derive(Clone, Debug)]
pub struct Tokenizer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokenizer<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
        }
    }

    /// The first byte that is not read yet.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes on at `byte`, which must be a character boundary.
    pub(super) fn seek(&mut self, byte: usize) {
        self.at = byte;
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn while_from(&self, from: usize, holds: impl Fn(u8) -> bool) -> usize {
        self.bytes
            .iter()
            .skip(from)
            .position(|b| !holds(*b))
            .map_or(self.bytes.len(), |n| from + n)
    }

    fn lex(&mut self) -> Result<Option<Token>, LexError> {
        let start = self.while_from(self.at, is_space);
        let Some(first) = self.byte(start) else {
            self.at = start;
            return Ok(None);
        };
        let second = self.byte(start + 1);
        let (kind, end) = match (first, second) {
            (b'-', Some(b'-')) => (TokenKind::LineComment, self.line_end(start)),
            (b'/', Some(b'*')) => (TokenKind::BlockComment, self.block_comment(start)?),
            (b'\'', _) => (TokenKind::String, self.string(start, start, false)?),
            (b'"', _) => (TokenKind::QuotedIdent, self.quoted(start, start)?),
            (b'$', _) => self.dollar(start)?,
            (b'0'..=b'9', _) | (b'.', Some(b'0'..=b'9')) => (TokenKind::Number, self.number(start)),
            (b'e' | b'E', Some(b'\'')) => (TokenKind::String, self.string(start, start + 1, true)?),
            (b'b' | b'B' | b'x' | b'X' | b'n' | b'N', Some(b'\'')) => {
                (TokenKind::String, self.string(start, start + 1, false)?)
            }
            (b'u' | b'U', Some(b'&')) if self.byte(start + 2) == Some(b'\'') => {
                (TokenKind::String, self.string(start, start + 2, false)?)
            }
            (b'u' | b'U', Some(b'&')) if self.byte(start + 2) == Some(b'"') => {
                (TokenKind::QuotedIdent, self.quoted(start, start + 2)?)
            }
            (b, _) if starts_name(b) => (TokenKind::Word, self.while_from(start, continues_name)),
            _ => (TokenKind::Punct, start + 1),
        };
        self.at = end;
        Ok(Some(Token { kind, start, end }))
    }

    fn line_end(&self, from: usize) -> usize {
        self.while_from(from, |b| b != b'\n' && b != b'\r')
    }

    fn block_comment(&self, start: usize) -> Result<usize, LexError> {
        let mut depth = 0_usize;
        let mut at = start;
        loop {
            match (self.byte(at), self.byte(at + 1)) {
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    at += 2;
                }
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                (Some(_), _) => at += 1,
                (None, _) => {
                    return Err(LexError::new(
                        Problem::UnterminatedComment,
                        start..start + 2,
                    ));
                }
            }
        }
    }

    fn string(&self, start: usize, open: usize, escapes: bool) -> Result<usize, LexError> {
        let mut at = open + 1;
        loop {
            match self.byte(at) {
                None => {
                    return Err(LexError::new(Problem::UnterminatedString, start..open + 1));
                }
                Some(b'\\') if escapes => at += 2,
                Some(b'\'') if self.byte(at + 1) == Some(b'\'') => at += 2,
                Some(b'\'') => match self.continuation(at + 1) {
                    Some(next) => at = next + 1,
                    None => return Ok(at + 1),
                },
                Some(_) => at += 1,
            }
        }
    }

    // A string goes on in the next quotes when a line break stands between, and keeps its
    // escapes: E'a' and '\'' on the next line are one string (quotecontinue in scan.l).
    fn continuation(&self, from: usize) -> Option<usize> {
        let mut at = from;
        let mut line_break = false;
        loop {
            match self.byte(at)? {
                b'\n' | b'\r' => line_break = true,
                b'-' if self.byte(at + 1) == Some(b'-') => {
                    at = self.line_end(at);
                    continue;
                }
                b'\'' if line_break => return Some(at),
                b if is_space(b) => {}
                _ => return None,
            }
            at += 1;
        }
    }

    fn quoted(&self, start: usize, open: usize) -> Result<usize, LexError> {
        let mut at = open + 1;
        loop {
            match self.byte(at) {
                None => return Err(LexError::new(Problem::UnterminatedName, start..open + 1)),
                Some(b'"') if self.byte(at + 1) == Some(b'"') => at += 2,
                Some(b'"') => return Ok(at + 1),
                Some(_) => at += 1,
            }
        }
    }

    fn dollar(&self, start: usize) -> Result<(TokenKind, usize), LexError> {
        let first = self.byte(start + 1);
        if first.is_some_and(|b| b.is_ascii_digit()) {
            return Ok((
                TokenKind::Parameter,
                self.while_from(start + 1, |b| b.is_ascii_digit()),
            ));
        }
        let tag_end = self.while_from(start + 1, |b| continues_name(b) && b != b'$');
        if self.byte(tag_end) != Some(b'$') {
            return Ok((TokenKind::Punct, start + 1));
        }
        let body = tag_end + 1;
        let delimiter = &self.text[start..body];
        match self.text[body..].find(delimiter) {
            Some(n) => Ok((TokenKind::String, body + n + delimiter.len())),
            None => Err(LexError::new(Problem::UnterminatedDollarQuote, start..body)),
        }
    }

    fn number(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(b) = self.byte(at) {
            let next = self.byte(at + 1);
            at += match b {
                b'e' | b'E' if next == Some(b'\'') => break,
                b'e' | b'E' if matches!(next, Some(b'+' | b'-')) => {
                    if !self.byte(at + 2).is_some_and(|d| d.is_ascii_digit()) {
                        break;
                    }
                    2
                }
                b'.' if next == Some(b'.') => break,
                b'.' | b'_' => 1,
                b if b.is_ascii_alphanumeric() => 1,
                _ => break,
            };
        }
        at
    }
}

impl Iterator for Tokenizer<'_> {
    type Item = Result<Token, LexError>;

    fn next(&mut self) -> Option<Self::Item> {
        let token = self.lex();
        if token.is_err() {
            self.at = self.bytes.len();
        }
        token.transpose()
    }
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

// Every byte of a character outside ASCII is part of a name (ident_start in scan.l), so a
// token can never end inside a character.
fn starts_name(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b >= 0x80
}

fn continues_name(b: u8) -> bool {
    starts_name(b) || b.is_ascii_digit() || b == b'$'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> Vec<&str> {
        Tokenizer::new(sql)
            .map(|t| t.map(|t| &sql[t.range()]).unwrap_or("!"))
            .collect()
    }

    #[test]
    fn a_dollar_inside_a_name_opens_no_quote() {
        assert_eq!(words("a$b$ c$$ $1 ;"), ["a$b$", "c$$", "$1", ";"]);
        assert_eq!(words("$1$$x$$"), ["$1", "$$x$$"]);
        assert_eq!(words("$x y"), ["$", "x", "y"]);
    }

    #[test]
    fn a_dollar_quote_ends_at_its_own_tag() {
        assert_eq!(words("$a$ $b$ $$ ' $a$;"), ["$a$ $b$ $$ ' $a$", ";"]);
        assert_eq!(words("$é$;$é$"), ["$é$;$é$"]);
        assert_eq!(words("$a$ $$a$"), ["$a$ $$a$"]);
    }

    #[test]
    fn strings_follow_their_prefix() {
        assert_eq!(words(r"'a\' 'b'"), [r"'a\'", "'b'"]);
        assert_eq!(words(r"E'a\'b' c"), [r"E'a\'b'", "c"]);
        assert_eq!(words(r"e'\\' x"), [r"e'\\'", "x"]);
        assert_eq!(words(r"U&'d\0061' U&x"), [r"U&'d\0061'", "U", "&", "x"]);
        assert_eq!(words("type'a'"), ["type", "'a'"]);
        assert_eq!(words("E'a'\n  '\\';' b"), ["E'a'\n  '\\';'", "b"]);
        assert_eq!(words("'a' 'b'"), ["'a'", "'b'"]);
        assert_eq!(words("'a' -- x '\n 'b'"), ["'a' -- x '\n 'b'"]);
    }

    #[test]
    fn comments_nest() {
        assert_eq!(words("/* /* ; */ ' */ a"), ["/* /* ; */ ' */", "a"]);
        assert_eq!(words("a+--b\nc"), ["a", "+", "--b", "c"]);
        assert_eq!(words("-- a\rb"), ["-- a", "b"]);
    }

    #[test]
    fn numbers_keep_their_exponent() {
        assert_eq!(
            words("1e-5+.5 0x1F 1_000;"),
            ["1e-5", "+", ".5", "0x1F", "1_000", ";"]
        );
    }

    #[test]
    fn what_is_not_closed_is_an_error_at_its_opening() {
        let problem = |sql: &str| Tokenizer::new(sql).find_map(|t| t.err());
        let expect = |sql, problem_, range| {
            assert_eq!(problem(sql), Some(LexError::new(problem_, range)), "{sql}");
        };
        expect("a 'b", Problem::UnterminatedString, 2..3);
        expect("a E'b\\'", Problem::UnterminatedString, 2..4);
        expect("a E'b\\", Problem::UnterminatedString, 2..4);
        expect("a \"b", Problem::UnterminatedName, 2..3);
        expect("a U&\"b", Problem::UnterminatedName, 2..5);
        expect("a $x$ b", Problem::UnterminatedDollarQuote, 2..5);
        expect("a /* /* */", Problem::UnterminatedComment, 2..4);
    }
}
