//! The box around an error: place, line, underline, then what else is known.

use super::CliError;
use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How text is to look where it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// In columns.
    pub width: usize,
    pub colour: bool,
    /// Whether box drawing characters can be shown.
    pub unicode: bool,
}

impl Look {
    /// 80 columns, no colour.
    pub const PLAIN: Self = Self {
        width: 80,
        colour: false,
        unicode: true,
    };

    /// `text` in `style`, or as it is without colours.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self.colour && !text.is_empty() {
            true => format!("{style}{text}{style:#}"),
            false => text.to_owned(),
        }
    }
}

const TAB: &str = "    ";
const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const BLUE: Style = AnsiColor::Blue.on_default().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();

struct Glyphs {
    top: &'static str,
    side: &'static str,
    middle: &'static str,
    bottom: &'static str,
    line: &'static str,
    more: &'static str,
}

const DRAWN: Glyphs = Glyphs {
    top: "╭─",
    side: "│",
    middle: "├",
    bottom: "╰",
    line: "━",
    more: "…",
};

const ASCII: Glyphs = Glyphs {
    top: "-->",
    side: "|",
    middle: "|",
    bottom: "=",
    line: "^",
    more: "...",
};

pub(super) fn render(error: &CliError, look: Look) -> String {
    let glyphs = if look.unicode { DRAWN } else { ASCII };
    let mut out = String::new();
    let title = format!("error[{}]", safe(&error.code));
    let lead = title.width() + 2;
    let mut lines = wrap(&safe(&error.message), look.width, lead, 2).into_iter();
    out.push_str(&look.paint(RED, &title));
    out.push_str(&look.paint(BOLD, &format!(": {}", lines.next().unwrap_or_default())));
    out.push('\n');
    for line in lines {
        out.push_str(&format!("  {}\n", look.paint(BOLD, &line)));
    }

    let number = error
        .excerpt
        .as_ref()
        .map_or(String::new(), |e| e.place.line.to_string());
    let gutter = " ".repeat(number.len().max(2));
    let mut notes: Vec<(&str, &str)> = Vec::new();
    match (&error.excerpt, &error.server) {
        (Some(excerpt), label) => {
            let place = &excerpt.place;
            let place = format!("{}:{}:{}", safe(&place.file), place.line, place.column);
            out.push_str(&format!(
                "{gutter}{} {place}\n",
                look.paint(BLUE, glyphs.top)
            ));
            let (line, before, width) = window(excerpt, look, &glyphs, gutter.len() + 2);
            let margin = format!("{number:>n$}{}", glyphs.side, n = gutter.len());
            out.push_str(format!("{} {line}", look.paint(BLUE, &margin)).trim_end());
            out.push('\n');
            let side = look.paint(BLUE, &format!("{gutter}{}", glyphs.side));
            let underline = look.paint(RED, &glyphs.line.repeat(width));
            let label = label.as_deref().map(safe).unwrap_or_default();
            let used = gutter.len() + 2 + before + width + 1;
            if label.is_empty() || used + label.width() <= look.width {
                let text = look.paint(RED, &label);
                out.push_str(format!("{side} {}{underline} {text}", " ".repeat(before)).trim_end());
                out.push('\n');
            } else {
                out.push_str(&format!("{side} {}{underline}\n", " ".repeat(before)));
                let indent = gutter.len() + 2;
                for text in wrap(&label, look.width, indent, indent) {
                    out.push_str(&format!("{side} {}\n", look.paint(RED, &text)));
                }
            }
        }
        (None, Some(server)) => notes.push(("", server)),
        (None, None) => {}
    }
    notes.extend(error.causes.iter().map(|c| ("because: ", c.as_str())));
    notes.extend(error.also.iter().map(|a| ("also: ", a.as_str())));
    notes.extend(error.state.iter().map(|s| ("state: ", s.as_str())));
    notes.extend(error.help.iter().map(|h| ("help: ", h.as_str())));
    for (n, (name, text)) in notes.iter().enumerate() {
        let is_last = n + 1 == notes.len();
        let corner = if is_last {
            glyphs.bottom
        } else {
            glyphs.middle
        };
        let lead = gutter.len() + 2 + name.len();
        let side = if is_last { " " } else { glyphs.side };
        for (n, line) in wrap(&safe(text), look.width, lead, lead).iter().enumerate() {
            if n == 0 {
                let corner = look.paint(BLUE, corner);
                out.push_str(&format!(
                    "{gutter}{corner} {}{line}\n",
                    look.paint(CYAN, name)
                ));
            } else {
                let side = look.paint(BLUE, side);
                out.push_str(&format!(
                    "{gutter}{side} {}{line}\n",
                    " ".repeat(name.len())
                ));
            }
        }
    }
    match look.unicode {
        true => out,
        // Our own texts have these two; the user's stay as they are in their files.
        false => out.replace('…', "...").replace('→', "->"),
    }
}

/// The part of the line around the underline that fits, the columns before the underline, and its width.
fn window(
    excerpt: &crate::source::Excerpt,
    look: Look,
    glyphs: &Glyphs,
    used: usize,
) -> (String, usize, usize) {
    let expand = |text: &str| safe_keeping_tabs(text).replace('\t', TAB);
    let mut chars = excerpt.source_line.chars();
    let skipped = excerpt.place.column.saturating_sub(1);
    let before = expand(&chars.by_ref().take(skipped).collect::<String>());
    let marked = expand(&chars.by_ref().take(excerpt.width).collect::<String>());
    let after = expand(&chars.collect::<String>());
    let room = look.width.saturating_sub(used).max(20);
    let more = glyphs.more.width();
    let width = marked.width().clamp(1, room - 2 * more);
    if (before.width() + marked.width() + after.width()) <= room {
        return (format!("{before}{marked}{after}"), before.width(), width);
    }
    // Something is cut: a third of the room at most stands before the underline.
    let lead = (room / 3).max(room.saturating_sub(width + after.width() + 2 * more));
    let lead = lead.min(room.saturating_sub(width + 2 * more));
    let shown_before = match before.width() > lead {
        true => format!(
            "{}{}",
            glyphs.more,
            tail(&before, lead.saturating_sub(more))
        ),
        false => before,
    };
    let rest = format!("{marked}{after}");
    let left = room.saturating_sub(shown_before.width());
    let shown_rest = match rest.width() > left {
        true => format!("{}{}", head(&rest, left.saturating_sub(more)), glyphs.more),
        false => rest,
    };
    let before = shown_before.width();
    (
        format!("{shown_before}{shown_rest}"),
        before,
        width.min(room - before),
    )
}

fn head(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

fn tail(text: &str, columns: usize) -> String {
    let reversed: String = text.chars().rev().collect();
    head(&reversed, columns).chars().rev().collect()
}

/// Replaces what would move the cursor or change colours: names and lines come from other people's files.
pub(in crate::cli) fn safe(text: &str) -> String {
    safe_keeping_tabs(text).replace('\t', " ")
}

fn safe_keeping_tabs(text: &str) -> String {
    let is_hidden = |c: char| {
        // Bidirectional marks reorder the line on the screen ("trojan source").
        (c.is_control() && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let one = |c: char| match c {
        '\n' => ' ',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(one).collect()
}

/// Breaks `text` between words; the first line has `lead` columns in front, the others `indent`.
pub(in crate::cli) fn wrap(text: &str, width: usize, lead: usize, indent: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = lead;
    for word in text.split(' ') {
        let word_width = word.width();
        let is_empty = lines.last().is_none_or(String::is_empty);
        if !is_empty && used + 1 + word_width > width {
            lines.push(String::new());
            used = indent;
        } else if !is_empty {
            used += 1;
            lines
                .iter_mut()
                .last()
                .into_iter()
                .for_each(|l| l.push(' '));
        }
        lines
            .iter_mut()
            .last()
            .into_iter()
            .for_each(|l| l.push_str(word));
        used += word_width;
    }
    lines
}
