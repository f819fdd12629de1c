//! Whether subscriptions are compared: where the desired schema has any.
//!
//! Most people make them by hand, for they hold a password, and one that is dropped cannot be made again from a plan.

use crate::catalog::{Catalog, Desired, Live};
use crate::kinds::{KindTag, ObjectId};
use crate::pg::Ident;

/// Leaves the subscriptions of live as they are where the desired schema has none.
pub(super) fn settle(live: &Catalog<Live>, desired: &mut Catalog<Desired>) -> Option<String> {
    let is_one = |id: &ObjectId| id.kind == KindTag::Subscription;
    if desired.objects.keys().any(is_one) {
        return None;
    }
    let mut names = Vec::new();
    for (id, object) in &live.objects {
        let of_one = object.described().is_some_and(|of| is_one(&of.target));
        if !is_one(id) && !of_one {
            continue;
        }
        if let [name] = id.path.as_slice() {
            names.push(Ident::new(name.as_str()).to_string());
        }
        let needs = object.parent().into_iter().collect();
        desired.requires.insert(id.clone(), needs);
        desired.objects.insert(id.clone(), object.clone());
    }
    let names = (!names.is_empty()).then(|| names.join(", "))?;
    Some(format!(
        "subscriptions are not compared: the desired schema has none; those of the first schema stay: {names}"
    ))
}
