//! The text of a source file, and places in it.

use super::token::{TokenKind, Tokenizer};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

/// A file of the desired schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user would write it.
    pub name: String,
    /// The text, without byte order mark.
    pub text: String,
}

/// Where something stands in a source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// One line of a source file with a part of it underlined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub place: Place,
    /// The line at `place`, without its line break.
    pub source_line: String,
    /// The number of characters underlined, at least 1.
    pub width: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl SourceFile {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The place of the character that holds `byte`; past the end, the place after the last one.
    ///
    /// ```
    /// use pgrehearse::source::SourceFile;
    /// let place = SourceFile::new("a.sql", "é;\nselect").place(4);
    /// assert_eq!((place.line, place.column), (2, 1));
    /// ```
    pub fn place(&self, byte: usize) -> Place {
        let byte = self.text.floor_char_boundary(byte);
        let before = &self.text[..byte];
        let line_start = before.rfind('\n').map_or(0, |n| n + 1);
        Place {
            file: self.name.clone(),
            line: 1 + before.bytes().filter(|b| *b == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }

    /// The line at the start of `range`, with as much of `range` underlined as is on that line.
    pub fn excerpt(&self, range: Range<usize>) -> Excerpt {
        let start = self.text.floor_char_boundary(range.start);
        let line_start = self.text[..start].rfind('\n').map_or(0, |n| n + 1);
        let line_end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |n| start + n);
        let line = &self.text[line_start..line_end];
        let line = line.strip_suffix('\r').unwrap_or(line);
        let end = self
            .text
            .floor_char_boundary(range.end)
            .min(line_start + line.len());
        let width = self.text.get(start..end).map_or(0, |s| s.chars().count());
        Excerpt {
            place: self.place(start),
            source_line: line.to_owned(),
            width: width.max(1),
        }
    }

    /// The excerpt for an error position of the server: `position` is in characters, counted
    /// from 1, within the text of `statement`.
    ///
    /// Underlines the token there, a qualified name as a whole.
    pub fn excerpt_at_position(&self, statement: &Range<usize>, position: u32) -> Excerpt {
        let Some(sql) = self.text.get(statement.clone()) else {
            return self.excerpt(statement.clone());
        };
        let skipped = usize::try_from(position).unwrap_or(usize::MAX).max(1) - 1;
        let at = sql
            .char_indices()
            .nth(skipped)
            .map_or(sql.len(), |(byte, _)| byte);
        let mut tokens = Tokenizer::new(sql).map_while(Result::ok);
        let range = match tokens.find(|t| t.end > at) {
            Some(token) if token.start <= at => {
                let mut end = token.end;
                let is_name = |kind| matches!(kind, TokenKind::Word | TokenKind::QuotedIdent);
                while is_name(token.kind) && sql[end..].starts_with('.') {
                    match tokens.nth(1) {
                        Some(next) if is_name(next.kind) && next.start == end + 1 => end = next.end,
                        _ => break,
                    }
                }
                token.start..end
            }
            _ => at..at,
        };
        self.excerpt(statement.start + range.start..statement.start + range.end)
    }

    /// `excerpt`, which is of `statement`, with stars for the characters of string constants.
    pub(super) fn without_strings(
        &self,
        statement: &Range<usize>,
        mut excerpt: Excerpt,
    ) -> Excerpt {
        let sql = self.text.get(statement.clone()).unwrap_or_default();
        let mut shown = self
            .text
            .get(..statement.start)
            .unwrap_or_default()
            .to_owned();
        let mut end = 0;
        let tokens = Tokenizer::new(sql).map_while(Result::ok);
        for token in tokens.filter(|t| t.kind == TokenKind::String) {
            shown.push_str(&sql[end..token.start]);
            let stars = |c: char| {
                if matches!(c, '\'' | '\n' | '\r') {
                    c
                } else {
                    '*'
                }
            };
            shown.extend(sql[token.range()].chars().map(stars));
            end = token.end;
        }
        shown.push_str(&sql[end..]);
        shown.push_str(self.text.get(statement.end..).unwrap_or_default());
        let line = shown.lines().nth(excerpt.place.line - 1);
        excerpt.source_line = line.unwrap_or_default().to_owned();
        excerpt
    }
}

impl Excerpt {
    /// The same with stars behind its place.
    #[must_use]
    pub(super) fn without_rest(mut self) -> Self {
        let kept = self.place.column;
        let line = self.source_line.chars().enumerate();
        let stars = line.map(|(at, c)| if at < kept { c } else { '*' });
        self.source_line = stars.collect();
        self
    }
}

/// The line starts of a text: places in it without reading it again each time.
pub(super) struct Lines<'a> {
    file: &'a SourceFile,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(file: &'a SourceFile) -> Self {
        let breaks = file.text.match_indices('\n').map(|(n, _)| n + 1);
        Self {
            file,
            starts: std::iter::once(0).chain(breaks).collect(),
        }
    }

    pub(super) fn place(&self, byte: usize) -> Place {
        let byte = self.file.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        Place {
            file: self.file.name.clone(),
            line,
            column: 1 + self.file.text[start..byte].chars().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_a_place_agree() {
        let file = SourceFile::new("a.sql", "é\r\n\nselect ü\n");
        let lines = Lines::of(&file);
        for byte in 0..file.text.len() + 3 {
            assert_eq!(file.place(byte), lines.place(byte));
        }
    }

    #[test]
    fn an_excerpt_stays_on_its_line() {
        let file = SourceFile::new("a.sql", "a 'b\r\nc';");
        let excerpt = file.excerpt(2..8);
        assert_eq!((excerpt.source_line.as_str(), excerpt.width), ("a 'b", 2));
        assert_eq!(file.excerpt(90..99).width, 1);
    }

    #[test]
    fn strings_can_be_hidden() {
        let text =
            "x 'y';\nALTER OPTIONS (\"user\" 'me', password $a$it\nis$a$, b 'it''s \u{e9}') -- 'c'";
        let file = SourceFile::new("a.sql", text);
        let statement = text.find("ALTER").unwrap()..text.find(" --").unwrap();
        let line = |at: &str| {
            let start = text.find(at).unwrap();
            let excerpt = file.excerpt(start..start + 1);
            file.without_strings(&statement, excerpt).source_line
        };
        assert_eq!(line("x"), "x 'y';");
        assert_eq!(
            line("ALTER"),
            "ALTER OPTIONS (\"user\" '**', password *****"
        );
        assert_eq!(line("b "), "*****, b '**''***') -- 'c'");
    }

    #[test]
    fn a_position_of_the_server_counts_characters() {
        let file = SourceFile::new("a.sql", "x;\ncreate table é (a app.\"Money\" not null)");
        let statement = 3..file.text.len();
        let excerpt = file.excerpt_at_position(&statement, 19);
        assert_eq!((excerpt.place.line, excerpt.place.column), (2, 19));
        assert_eq!(excerpt.width, "app.\"Money\"".len());
        let end = file.excerpt_at_position(&statement, 4_000);
        assert_eq!((end.place.line, end.width), (2, 1));
        assert_eq!(file.excerpt_at_position(&statement, 0).width, 6);
    }
}
