//! The compared properties of objects, and how one gets from its old to its new value.

use super::Object;
use crate::pg::Sql;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One compared property of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    pub name: &'static str,
    pub value: Value,
    /// The value holds text that the server deparsed from an expression: two spellings may mean
    /// the same, so it is compared in canonical form only.
    pub deparsed: bool,
    /// Whether the object asks for this value. Else whatever the other side has will do.
    pub stated: bool,
}

/// The plain value of an attribute.
pub(crate) fn attr(name: &'static str, value: impl Serialize) -> Attribute {
    // Values are strings, numbers, booleans and lists of them: serialization cannot fail.
    let value = serde_json::to_value(value).unwrap_or(Value::Null);
    Attribute {
        name,
        value,
        deparsed: false,
        stated: true,
    }
}

/// An attribute that holds deparsed text.
pub(crate) fn text(name: &'static str, value: impl Serialize) -> Attribute {
    Attribute {
        deparsed: true,
        ..attr(name, value)
    }
}

/// How an attribute gets from its old to its new value on an empty database.
#[derive(Clone, Debug, PartialEq)]
pub enum Alter {
    /// These statements, while everything that depends on the object stays.
    InPlace(Vec<Sql>),
    /// These statements, once the dependents that are dropped anyway are gone.
    AfterDrops(Vec<Sql>),
    /// These statements, but what depends on the object and does not
    /// [`survive`](Kind::survives_change) has to be taken down before and put back after.
    Disturbing(Vec<Sql>),
    /// The object is dropped and created again.
    Replace { why: &'static str },
    /// There is no way: the plan is refused.
    Impossible { why: &'static str },
}

/// The attributes of two objects that differ, by name, old value first.
pub fn differing(old: &Object, new: &Object) -> Vec<(Attribute, Attribute)> {
    // Of a thousand tables nearly all are equal, and naming their attributes is most of a diff.
    if old == new {
        return Vec::new();
    }
    let old: BTreeMap<&str, Attribute> =
        old.attributes().into_iter().map(|a| (a.name, a)).collect();
    new.attributes()
        .into_iter()
        .filter_map(|n| {
            let o = old.get(n.name)?;
            (n.stated && o.value != n.value).then(|| (o.clone(), n))
        })
        .collect()
}
