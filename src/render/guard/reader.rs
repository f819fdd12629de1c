//! Reads a statement word by word.

use crate::source::token::{Token, TokenKind, Tokenizer};

/// The words of a statement, and what is put between them.
pub(super) struct Reader<'a> {
    pub(super) sql: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) inserts: Vec<(usize, &'static str)>,
    pub(super) builds: Option<String>,
    pub(super) gives: Vec<String>,
    pub(super) takes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        let tokens = Tokenizer::new(sql)
            .map_while(Result::ok)
            .filter(|t| !t.is_comment())
            .collect();
        Self {
            sql,
            tokens,
            at: 0,
            inserts: Vec::new(),
            builds: None,
            gives: Vec::new(),
            takes: Vec::new(),
        }
    }

    pub(super) fn rewritten(&self) -> String {
        let mut out = self.sql.to_owned();
        let mut inserts = self.inserts.clone();
        inserts.sort();
        for (at, text) in inserts.into_iter().rev() {
            out.insert_str(at, text);
        }
        out
    }

    pub(super) fn text(&self, n: usize) -> &'a str {
        self.tokens
            .get(n)
            .and_then(|t| self.sql.get(t.range()))
            .unwrap_or_default()
    }

    pub(super) fn is_word(&self, n: usize, word: &str) -> bool {
        self.tokens
            .get(n)
            .is_some_and(|t| t.kind == TokenKind::Word)
            && self.text(n).eq_ignore_ascii_case(word)
    }

    /// Goes over these words, separated by spaces, if they come next.
    pub(super) fn eat(&mut self, words: &str) -> bool {
        let words: Vec<&str> = words.split(' ').collect();
        let all = words
            .iter()
            .enumerate()
            .all(|(n, w)| self.is_word(self.at + n, w));
        if all {
            self.at += words.len();
        }
        all
    }

    pub(super) fn eat_any(&mut self, choices: &[&str]) -> bool {
        choices.iter().any(|c| self.eat(c))
    }

    pub(super) fn eat_punct(&mut self, punct: &str) -> bool {
        let found = self
            .tokens
            .get(self.at)
            .is_some_and(|t| t.kind == TokenKind::Punct)
            && self.text(self.at) == punct;
        self.at += usize::from(found);
        found
    }

    pub(super) fn insert(&mut self, text: &'static str) {
        if let Some(token) = self.tokens.get(self.at) {
            self.inserts.push((token.start, text));
        }
    }

    /// Puts IF [NOT] EXISTS here unless it is there.
    pub(super) fn insert_if(&mut self, text: &'static str) {
        if !self.eat(text.trim_end()) {
            self.insert(text);
        }
    }

    /// A name as written, with its schema.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let token = self.tokens.get(self.at)?;
            if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent) {
                return None;
            }
            name.push_str(self.text(self.at));
            self.at += 1;
            if !self.eat_punct(".") {
                return Some(name);
            }
            name.push('.');
        }
    }

    /// Goes to the next comma outside parentheses and over it.
    pub(super) fn next_action(&mut self) -> bool {
        let mut depth = 0_i32;
        while self.at < self.tokens.len() {
            let token = self.text(self.at);
            self.at += 1;
            match token {
                "(" | "[" => depth += 1,
                ")" | "]" => depth -= 1,
                "," if depth == 0 => return true,
                _ => {}
            }
        }
        false
    }

    /// Goes to the first of these words.
    pub(super) fn seek(&mut self, word: &str) -> bool {
        while self.at < self.tokens.len() {
            if self.eat(word) {
                return true;
            }
            self.at += 1;
        }
        false
    }

    /// Stops at the parenthesis that closes the one here.
    pub(super) fn skip_parentheses(&mut self) -> bool {
        let mut depth = 0;
        while self.at < self.tokens.len() {
            match self.text(self.at) {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return true;
            }
            self.at += 1;
        }
        false
    }
}
