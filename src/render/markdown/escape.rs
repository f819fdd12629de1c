//! Foreign text in Markdown: shown, never obeyed.

use crate::render::mask::{clip, one_line, visible};
use std::fmt::Write as _;

/// A fenced block, whose fence is longer than any run of backticks in it.
pub(in crate::render) fn fence(out: &mut String, language: &str, text: &str) {
    let text = visible(text);
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    let _ = writeln!(out, "{fence}{language}\n{}\n{fence}", text.trim_end());
}

/// A name in `<code>`, where neither mentions nor references are made.
pub(in crate::render) fn code(name: &str) -> String {
    format!("<code>{}</code>", prose(&clip(name, 200)))
}

/// A name in the line of a `<summary>`, where Markdown is not read: a backslash would be seen.
pub(super) fn html_code(name: &str) -> String {
    let mut out = "<code>".to_owned();
    for c in one_line(&clip(name, 200)).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '`' => out.push_str("&#96;"),
            _ => out.push(c),
        }
    }
    out.push_str("</code>");
    out
}

/// Foreign text as text: on one line, no Markdown, no HTML, no mention, no link.
pub(in crate::render) fn prose(text: &str) -> String {
    let text = one_line(text);
    let mut out = String::with_capacity(text.len() * 2);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // An epic of GitLab.
            '&' if characters.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str("&amp;\u{200b}");
            }
            '&' => out.push_str("&amp;"),
            // A backslash before a pipe is taken by the table, one before a backtick by nobody
            // inside a table cell: entities are never structure.
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '\\' => out.push_str("&#92;"),
            // GitHub looks for mentions and issue numbers in the rendered text, where an escape
            // is gone: only another character keeps them apart.
            '@' => out.push_str("@\u{200b}"),
            '#' => out.push_str("\\#\u{200b}"),
            '!' if characters.peek().is_some_and(char::is_ascii_digit) => {
                out.push_str("\\!\u{200b}");
            }
            // Bare addresses become links; GH-12 an issue.
            ':' if characters.peek() == Some(&'/') => out.push_str(":\u{200b}"),
            '.' if ends_with(&out, "www") => out.push_str(".\u{200b}"),
            '-' if ends_with(&out, "gh") => out.push_str("\\-\u{200b}"),
            // `1. ` and `1) ` at the start of an item would begin a list.
            '.' | ')' if !out.is_empty() && out.bytes().all(|b| b.is_ascii_digit()) => {
                out.push('\\');
                out.push(c);
            }
            // A label, a snippet.
            '~' | '$' => {
                out.push('\\');
                out.push(c);
                if characters.peek().is_some_and(|n| n.is_alphanumeric()) {
                    out.push('\u{200b}');
                }
            }
            '*' | '_' | '[' | ']' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // A line that begins with `/close` is a command to GitLab, `::include` one to its wiki.
            '/' if out.is_empty() => out.push_str("&#47;"),
            ':' if out.is_empty() => out.push_str("&#58;"),
            // References of GitLab: an epic, a milestone, an alert.
            '%' | '^' if characters.peek().is_some_and(|n| !n.is_whitespace()) => {
                out.push(c);
                out.push('\u{200b}');
            }
            // The start of a list, or a part of a rule or a comment.
            '-' | '+' | '=' if out.is_empty() || out.ends_with(c) => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn ends_with(text: &str, end: &str) -> bool {
    let tail = text.len().checked_sub(end.len());
    tail.and_then(|n| text.get(n..))
        .is_some_and(|t| t.eq_ignore_ascii_case(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_mentions_nobody_and_links_nothing() {
        let text = prose("@octocat #12 GH-12 !7 https://evil.example www.evil.example <img src=x>");
        for bad in ["@o", "#1", "GH-1", "H\\-1", "!7", "://", "www.e", "<img"] {
            assert!(!text.contains(bad), "{bad}: {text}");
        }
    }

    #[test]
    fn foreign_text_is_no_structure() {
        let text = prose("a|b`c\\|d\n- e *f* [g](h) &#124;");
        assert!(!text.contains(['|', '`', '\n']), "{text}");
        assert!(text.contains("&amp;\\#"), "{text}");
        assert!(text.contains("\\[g\\](h)"), "{text}");
    }

    #[test]
    fn foreign_text_is_no_command_to_gitlab() {
        assert_eq!(prose("/close"), "&#47;close");
        let text = prose("see %12 &3 ~bug $4 ^5 [[_TOC_]]");
        for bad in ["%1", "&amp;3", "~b", "$4", "^5", "[["] {
            assert!(!text.contains(bad), "{bad}: {text}");
        }
    }

    #[test]
    fn a_fence_is_longer_than_the_backticks_in_it() {
        let mut out = String::new();
        fence(&mut out, "sql", "SELECT '````'\n```\n</details>");
        assert!(
            out.starts_with("`````sql\n") && out.ends_with("\n`````\n"),
            "{out}"
        );
    }
}
