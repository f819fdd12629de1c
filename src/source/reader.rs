//! Reads the tokens of one statement from left to right.

use super::token::{Token, TokenKind, Tokenizer};
use crate::pg::ident;

/// A cursor over the tokens of a statement, without its comments.
///
/// ```
/// use pgrehearse::source::reader::Reader;
/// let mut reader = Reader::new("create table App.\"Order\" ()");
/// assert!(reader.eat(&["create", "table"]));
/// assert_eq!(reader.name(), Some(vec!["app".to_owned(), "Order".to_owned()]));
/// ```
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `text` up to its end or to what cannot be a token.
    pub fn new(text: &'a str) -> Self {
        let tokens = Tokenizer::new(text)
            .map_while(Result::ok)
            .filter(|t| !t.is_comment())
            .collect();
        Self {
            text,
            tokens,
            at: 0,
        }
    }

    /// The next token.
    pub fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    /// Takes the next token.
    pub fn advance(&mut self) -> Option<Token> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    pub fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Where the next token starts; at the end of the tokens, the end of the text.
    pub fn offset(&self) -> usize {
        self.peek().map_or(self.text.len(), |t| t.start)
    }

    pub fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.range()).unwrap_or_default()
    }

    /// Whether the next tokens are these key words (lower case) or punctuation.
    pub fn sees(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(n, word)| {
            self.tokens.get(self.at + n).is_some_and(|t| {
                matches!(t.kind, TokenKind::Word | TokenKind::Punct)
                    && self.text_of(*t).eq_ignore_ascii_case(word)
            })
        })
    }

    /// The first of `words` that is the next token.
    pub fn sees_any(&self, words: &[&'static str]) -> Option<&'static str> {
        words.iter().copied().find(|word| self.sees(&[word]))
    }

    /// Takes these key words or punctuation, all or none.
    pub fn eat(&mut self, words: &[&str]) -> bool {
        let seen = self.sees(words);
        if seen {
            self.at += words.len();
        }
        seen
    }

    /// Takes a name without dots, folded to lower case unless quoted.
    pub fn ident(&mut self) -> Option<String> {
        let token = self.peek()?;
        let value = match token.kind {
            TokenKind::Word | TokenKind::QuotedIdent => ident_value(self.text_of(token)),
            _ => return None,
        };
        self.at += 1;
        Some(value)
    }

    /// Takes a name with dots, each part as the catalog holds it.
    pub fn name(&mut self) -> Option<Vec<String>> {
        let mut path = vec![self.ident()?];
        while self.eat(&["."]) {
            path.push(self.ident()?);
        }
        Some(path)
    }

    /// Takes a string constant: its value.
    pub fn string(&mut self) -> Option<String> {
        let token = self.peek().filter(|t| t.kind == TokenKind::String)?;
        self.at += 1;
        Some(string_value(self.text_of(token)))
    }

    /// Takes what follows an opening parenthesis up to its partner, which is taken too: the
    /// bytes between them.
    pub fn parenthesized(&mut self) -> Option<std::ops::Range<usize>> {
        if !self.sees(&["("]) {
            return None;
        }
        let start = self.advance()?.end;
        let mut depth = 1_usize;
        while let Some(token) = self.advance() {
            match self.text_of(token) {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Some(start..token.start);
            }
        }
        None
    }

    /// Takes tokens until `stop` holds for the next one outside parentheses; whether it did.
    pub fn skip_until(&mut self, stop: impl Fn(&Self) -> bool) -> bool {
        while !self.is_done() {
            if stop(self) {
                return true;
            }
            if self.sees(&["("]) && self.parenthesized().is_some() {
                continue;
            }
            self.at += 1;
        }
        false
    }
}

/// The name that `token` stands for: folded unless quoted, cut as the server cuts it.
pub fn ident_value(token: &str) -> String {
    let value = match token.find('"') {
        // Only ASCII is folded: downcase_identifier leaves multi-byte characters alone.
        None => token.to_ascii_lowercase(),
        Some(open) => {
            let inner = token.get(open + 1..token.len().saturating_sub(1));
            let inner = inner.unwrap_or_default().replace("\"\"", "\"");
            if open > 0 { unicode(&inner) } else { inner }
        }
    };
    ident::truncate(&value, ident::MAX_BYTES).to_owned()
}

/// The value of a string constant, whatever its quotes.
pub fn string_value(token: &str) -> String {
    if let Some(rest) = token.strip_prefix('$') {
        let tag = rest.find('$').map_or(0, |n| n + 2);
        return token
            .get(tag..token.len().saturating_sub(tag))
            .unwrap_or_default()
            .to_owned();
    }
    let (prefix, quoted) = token.split_at(token.find('\'').unwrap_or(0));
    let escapes = prefix.eq_ignore_ascii_case("e");
    let mut value = String::new();
    let mut inside = false;
    let mut chars = quoted.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' if inside && chars.next_if_eq(&'\'').is_some() => value.push('\''),
            '\'' => inside = !inside,
            '-' if !inside => while chars.next_if(|c| *c != '\n' && *c != '\r').is_some() {},
            _ if !inside => {}
            '\\' if escapes => value.push(match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            }),
            _ => value.push(c),
        }
    }
    if prefix.contains('&') {
        unicode(&value)
    } else {
        value
    }
}

/// Resolves `\0061` and `\+000061` of `U&` text.
fn unicode(text: &str) -> String {
    let mut value = String::new();
    let mut rest = text;
    while let Some(n) = rest.find('\\') {
        value.push_str(&rest[..n]);
        let tail = &rest[n + 1..];
        let (skip, digits) = if tail.starts_with('+') {
            (1, 6)
        } else {
            (0, 4)
        };
        let code = tail
            .get(skip..skip + digits)
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .and_then(char::from_u32);
        rest = match code {
            Some(c) => {
                value.push(c);
                &tail[skip + digits..]
            }
            None => {
                value.push('\\');
                tail.strip_prefix('\\').unwrap_or(tail)
            }
        };
    }
    value.push_str(rest);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_as_the_server_does() {
        assert_eq!(ident_value("ÉTAT"), "État");
        assert_eq!(ident_value("\"A\"\"b\""), "A\"b");
        assert_eq!(ident_value("U&\"d\\0061t\\+000061\""), "data");
        assert_eq!(ident_value(&"x".repeat(70)).len(), 63);
    }

    #[test]
    fn strings_lose_their_quotes() {
        assert_eq!(string_value("'it''s'"), "it's");
        assert_eq!(string_value("E'a\\'b\\n'"), "a'b\n");
        assert_eq!(string_value("'a' -- it's\n  'b'"), "ab");
        assert_eq!(string_value("$x$a'b$x$"), "a'b");
        assert_eq!(string_value("U&'\\0061\\\\'"), "a\\");
    }

    #[test]
    fn skipping_steps_over_parentheses() {
        let mut reader = Reader::new("a (b, c), d");
        assert!(reader.skip_until(|r| r.sees(&[","])));
        assert_eq!(reader.offset(), 8);
    }
}
