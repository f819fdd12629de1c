//! Identities: the one key of every object, and its one text form.

use super::KindTag;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

impl KindTag {
    /// Whether objects of the kind belong to the database, not to a schema: their paths begin with no schema.
    pub fn is_global(self) -> bool {
        matches!(
            self,
            Self::Extension
                | Self::Publication
                | Self::ForeignDataWrapper
                | Self::ForeignServer
                | Self::UserMapping
                | Self::EventTrigger
                | Self::Subscription
                | Self::Language
                | Self::AccessMethod
        )
    }

    /// Whether objects of this kind are data types by themselves, not the row types of others.
    pub fn is_type(self) -> bool {
        use KindTag::{BaseType, Composite, Domain, Enum, Range};
        matches!(self, Enum | Range | BaseType | Domain | Composite)
    }

    /// Whether objects of this kind are told apart by their argument types: schema, name, types.
    pub fn is_routine(self) -> bool {
        matches!(self, KindTag::Function | KindTag::Aggregate)
    }
}

/// What an object is called: its kind and its path (schema, name, arguments …), raw names.
///
/// The text form is `kind:part/part`, with `%`, `/` and control characters percent-encoded,
/// so that it is unique, ordered, and readable in a plan file.
///
/// ```
/// use pgrehearse::kinds::{KindTag, ObjectId};
/// let id = ObjectId::new(KindTag::Column, ["public", "orders", "a/b"]);
/// assert_eq!(id.to_string(), "column:public/orders/a%2Fb");
/// assert_eq!(id.to_string().parse::<ObjectId>().unwrap(), id);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    pub kind: KindTag,
    pub path: Vec<String>,
}

impl ObjectId {
    pub fn new<S: Into<String>>(kind: KindTag, path: impl IntoIterator<Item = S>) -> Self {
        Self {
            kind,
            path: path.into_iter().map(Into::into).collect(),
        }
    }

    /// How a person reads it: `column public.orders.note`.
    pub fn human(&self) -> String {
        let names: Vec<String> = self
            .path
            .iter()
            .map(|p| crate::pg::Ident::new(p.as_str()).to_string())
            .collect();
        match self.kind {
            KindTag::Comment => match self.path.split_first() {
                Some((kind, path)) => match KindTag::from_slug(kind) {
                    Some(kind) => {
                        let on = ObjectId::new(kind, path.iter().cloned());
                        format!("comment on {}", on.human())
                    }
                    None => format!("comment on {kind} {}", path.join(".")),
                },
                None => "comment".to_owned(),
            },
            KindTag::SecurityLabel => super::SecurityLabel::human(&self.path),
            KindTag::Grant => super::Grant::human(&self.path),
            KindTag::Owner => super::Owner::human(&self.path),
            KindTag::DefaultPrivileges => super::DefaultPrivileges::human(&self.path),
            kind if kind.is_routine() => match self.path.as_slice() {
                [_, _, arguments] => {
                    format!("{} {}.{}({arguments})", self.kind, names[0], names[1])
                }
                _ => format!("{} {}", self.kind, names.join(".")),
            },
            KindTag::Operator => match self.path.as_slice() {
                [_, name, left, right] => {
                    format!("{} {}.{name}({left}, {right})", self.kind, names[0])
                }
                _ => format!("{} {}", self.kind, names.join(".")),
            },
            KindTag::OperatorFamily | KindTag::OperatorClass => match names.as_slice() {
                [schema, name, method] => format!("{} {schema}.{name} of {method}", self.kind),
                _ => format!("{} {}", self.kind, names.join(".")),
            },
            KindTag::Transform => match self.path.as_slice() {
                [_, data_type, _] => format!("{} of {data_type} for {}", self.kind, names[2]),
                _ => format!("{} {}", self.kind, names.join(".")),
            },
            KindTag::Cast => match self.path.as_slice() {
                [_, source, target] => format!("{} ({source} AS {target})", self.kind),
                _ => format!("{} {}", self.kind, names.join(".")),
            },
            _ => format!("{} {}", self.kind, names.join(".")),
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.kind.slug())?;
        for (i, part) in self.path.iter().enumerate() {
            if i > 0 {
                f.write_str("/")?;
            }
            for c in part.chars() {
                if c == '%' || c == '/' || c.is_control() {
                    let mut buffer = [0; 4];
                    for byte in c.encode_utf8(&mut buffer).bytes() {
                        write!(f, "%{byte:02X}")?;
                    }
                } else {
                    write!(f, "{c}")?;
                }
            }
        }
        Ok(())
    }
}

/// An identity that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("\"{text}\" is no object identity (kind:schema/name)")]
pub struct ParseIdError {
    text: String,
}

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let fail = || ParseIdError {
            text: text.to_owned(),
        };
        let (kind, path) = text.split_once(':').ok_or_else(fail)?;
        let kind = KindTag::from_slug(kind).ok_or_else(fail)?;
        let path = path
            .split('/')
            .map(|p| decode(p).ok_or_else(fail))
            .collect::<Result<_, _>>()?;
        Ok(Self { kind, path })
    }
}

fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&b, tail)) = rest.split_first() {
        if b == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(b);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
