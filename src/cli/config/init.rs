//! The settings file that `init` writes.

use super::KEYS;
use std::fmt::Write;

const HEAD: &str = "\
# Settings of pgrehearse. All of them are here with their defaults; a line without # in front holds.
# They are overridden by variables (PGREHEARSE_DROPS_GATE=none), by flags, and by --set drops.gate=none.
";

const FOOT: &str = "
# Settings that differ from place to place, chosen with --env NAME.
# environments:
#   staging:
#     drops.gate: none
#   production:
#     lock.timeout: 2s
";

/// The whole settings file with comments and defaults.
///
/// `schema` is the source that holds the desired schema; it is the only setting that is not
/// commented out.
///
/// ```
/// let text = pgrehearse::cli::config::settings_file("schemas");
/// assert!(text.contains("\nschema: schemas\n"));
/// assert!(text.contains("\n# drops:\n"));
/// ```
pub fn settings_file(schema: &str) -> String {
    let mut text = HEAD.to_owned();
    let mut group = "";
    for key in KEYS {
        let (above, name) = key.name.split_once('.').unwrap_or(("", key.name));
        let indent = if above.is_empty() { "" } else { "  " };
        if above.is_empty() || above != group {
            text.push('\n');
        }
        if !above.is_empty() && above != group {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# {above}:");
        }
        group = above;
        for line in key.doc.lines() {
            let _ = writeln!(text, "#{indent} # {line}");
        }
        let _ = match (key.name, key.default) {
            ("schema", _) => writeln!(text, "schema: {}", quoted(schema)),
            (_, "null") => writeln!(text, "# {indent}{name}:"),
            (_, default) => writeln!(text, "# {indent}{name}: {default}"),
        };
    }
    text.push_str(FOOT);
    text
}

fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}
