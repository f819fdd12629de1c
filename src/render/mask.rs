//! Makes foreign text visible: a plan may come from a pull request of a stranger.

/// Replaces what a terminal or a browser would obey instead of show by `\u{…}`.
///
/// Line breaks and tabs stay. Bidirectional controls can show SQL in another order than the
/// server reads it (CVE-2021-42574), escape sequences can hide lines of a terminal.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || c == '\t' || !is_hidden(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

/// [`visible`] text on one line.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" "))
}

/// The first `characters` of `text`, with `…` where something is left out.
pub(super) fn clip(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(characters.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_obeyed_instead_of_shown_becomes_visible() {
        assert_eq!(
            visible("a\u{1b}[2Kb\u{202e}c\n\td"),
            "a\\u{1b}[2Kb\\u{202e}c\n\td"
        );
        assert_eq!(one_line("a\n  b\r\nc"), "a b c");
    }

    #[test]
    fn a_clipped_text_has_the_length_asked_for() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöüß", 3), "äö…");
    }
}
