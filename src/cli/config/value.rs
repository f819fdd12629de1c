//! How a setting's value is read: from YAML, or from text parsed as YAML.

use super::units::{Interval, Lag, Size};
use crate::kinds::HazardKind;
use crate::pg::ServerVersion;
use crate::pipeline::Managed;
use std::collections::BTreeMap;
use std::path::PathBuf;
use yaml_serde::Value;

/// What must be true before a column or table is dropped: `drops.gate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gate {
    /// The queries are audited, then the renamed object waits.
    #[default]
    Audit,
    /// The renamed object waits; no audit. Also written `rename`.
    Wait,
    /// Nothing: dropped at once.
    None,
}

/// What a hazard does to a plan: `policies`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Refuse,
    Warn,
    Pass,
}

/// A type that a setting can have.
pub(super) trait Read: Sized {
    /// Reads `value`; the error says what was expected.
    fn read(value: &Value) -> Result<Self, String>;
}

/// The text of a scalar.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

fn parsed<T: std::str::FromStr>(value: &Value, expected: &str) -> Result<T, String> {
    let text = text(value).ok_or_else(|| expected.to_owned())?;
    text.trim().parse().map_err(|_| expected.to_owned())
}

impl Read for String {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err("a text that is not empty".to_owned()),
        }
    }
}

impl Read for PathBuf {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value) {
            Some(text) if !text.is_empty() => Ok(Self::from(text)),
            _ => Err("a path".to_owned()),
        }
    }
}

impl Read for u64 {
    fn read(value: &Value) -> Result<Self, String> {
        parsed(value, "a whole number, 0 or more")
    }
}

impl Read for u32 {
    fn read(value: &Value) -> Result<Self, String> {
        parsed(value, "a whole number, 0 or more")
    }
}

impl Read for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value).as_deref() {
            Some("true" | "yes" | "on") => Ok(true),
            Some("false" | "no" | "off") => Ok(false),
            _ => Err("true or false".to_owned()),
        }
    }
}

impl Read for Interval {
    fn read(value: &Value) -> Result<Self, String> {
        text(value).unwrap_or_default().parse()
    }
}

impl Read for Size {
    fn read(value: &Value) -> Result<Self, String> {
        text(value).unwrap_or_default().parse()
    }
}

impl Read for Lag {
    fn read(value: &Value) -> Result<Self, String> {
        text(value).unwrap_or_default().parse()
    }
}

impl Read for ServerVersion {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = "a major version, 14 to 18";
        let version = Self::from_major(parsed(value, expected)?);
        match version.is_supported() {
            true => Ok(version),
            false => Err(expected.to_owned()),
        }
    }
}

impl Read for Managed {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value).as_deref() {
            Some("auto") => Ok(Self::Auto),
            Some("compare") => Ok(Self::Compare),
            Some("ignore") => Ok(Self::Ignore),
            _ => Err("auto, compare or ignore".to_owned()),
        }
    }
}

impl Read for Gate {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value).as_deref() {
            Some("audit") => Ok(Self::Audit),
            // What happens to the object meanwhile.
            Some("wait" | "rename") => Ok(Self::Wait),
            Some("none") => Ok(Self::None),
            _ => Err("audit, wait or none".to_owned()),
        }
    }
}

impl Read for Policy {
    fn read(value: &Value) -> Result<Self, String> {
        match text(value).as_deref() {
            Some("refuse") => Ok(Self::Refuse),
            Some("warn") => Ok(Self::Warn),
            Some("pass") => Ok(Self::Pass),
            _ => Err("refuse, warn or pass".to_owned()),
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::read(value).map(Some),
        }
    }
}

/// A list, or one scalar with commas: `--set schemas=app,public`.
impl Read for Vec<String> {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = || "a list of texts".to_owned();
        match value {
            Value::Null => Ok(Self::new()),
            Value::Sequence(items) => {
                let items = items.iter().map(|v| text(v).ok_or_else(expected));
                items.collect()
            }
            value => {
                let text = text(value).ok_or_else(expected)?;
                let items = text.split(',').map(str::trim).filter(|s| !s.is_empty());
                Ok(items.map(str::to_owned).collect())
            }
        }
    }
}

impl Read for BTreeMap<String, String> {
    fn read(value: &Value) -> Result<Self, String> {
        let expected = || "pairs of names, OLD: NEW".to_owned();
        pairs(value, expected, |k, v| {
            Ok((k, text(v).ok_or_else(expected)?))
        })
    }
}

impl Read for BTreeMap<HazardKind, Policy> {
    fn read(value: &Value) -> Result<Self, String> {
        let names: Vec<&str> = HazardKind::ALL.iter().map(|k| k.name()).collect();
        let names = format!(
            "pairs HAZARD: refuse|warn|pass, with a hazard of {}",
            names.join(", ")
        );
        let expected = || names.clone();
        pairs(value, expected, |k, v| {
            let kind = HazardKind::ALL.into_iter().find(|kind| kind.name() == k);
            let kind = kind.ok_or_else(expected)?;
            Ok((kind, Policy::read(v).map_err(|_| expected())?))
        })
    }
}

fn pairs<K: Ord, V>(
    value: &Value,
    expected: impl Fn() -> String,
    read: impl Fn(String, &Value) -> Result<(K, V), String>,
) -> Result<BTreeMap<K, V>, String> {
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Mapping(map) => map
            .iter()
            .map(|(key, value)| read(text(key).ok_or_else(&expected)?, value))
            .collect(),
        _ => Err(expected()),
    }
}
