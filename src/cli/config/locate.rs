//! Where a key or value stands in a YAML file: the values of `yaml_serde` do not know.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::fmt;

/// Which part of a `key: value` pair is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// The byte at which the pair at `path` stands.
///
/// Reads the file once more and stops with an error at the place: errors do know where they are.
pub(super) fn locate(text: &str, path: &[String], part: Part) -> Option<usize> {
    let error = Find { path, part }
        .deserialize(yaml_serde::Deserializer::from_str(text))
        .err()?;
    byte_of(text, &error)
}

/// The byte at which `error` is.
pub(super) fn byte_of(text: &str, error: &yaml_serde::Error) -> Option<usize> {
    Some(error.location()?.index().min(text.len()))
}

struct Find<'a> {
    path: &'a [String],
    part: Part,
}

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.path.is_empty() {
            return Here.deserialize(deserializer);
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((name, rest)) = self.path.split_first() else {
            return Ok(());
        };
        let stop_at_key = rest.is_empty() && self.part == Part::Key;
        while let Some(found) = map.next_key_seed(Name {
            name,
            stop: stop_at_key,
        })? {
            if found {
                let (path, part) = (rest, self.part);
                map.next_value_seed(Find { path, part })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A key: tells whether it is the one, or stops there.
struct Name<'a> {
    name: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        match text == self.name {
            true if self.stop => Err(E::custom("here")),
            is_it => Ok(is_it),
        }
    }
}

/// Stops at any value.
struct Here;

impl<'de> DeserializeSeed<'de> for Here {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // No visit method is there, so that every value is an error at its place.
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Here {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another value")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_found_in_both_styles() {
        let text = "# é\nlock: {timeout: 5s, first: no}\ndrops:\n  gate: audit\n  wait: [7]\n";
        let at = |path: &[&str], part| {
            let path: Vec<String> = path.iter().map(|s| (*s).to_owned()).collect();
            locate(text, &path, part).map(|byte| &text[byte..])
        };
        assert_eq!(
            at(&["lock", "first"], Part::Key).map(|s| &s[..9]),
            Some("first: no")
        );
        assert!(
            at(&["lock", "first"], Part::Value)
                .unwrap()
                .starts_with("no}")
        );
        assert!(
            at(&["drops", "gate"], Part::Value)
                .unwrap()
                .starts_with("audit\n")
        );
        assert!(
            at(&["drops", "wait"], Part::Value)
                .unwrap()
                .starts_with("[7]")
        );
        assert!(at(&["drops"], Part::Key).unwrap().starts_with("drops:"));
        assert_eq!(at(&["none"], Part::Key), None);
    }
}
