//! Functions whose bodies name a table whose columns are swapped.
//!
//! A PL/pgSQL function compiles for good what it reads from a row: the type of NEW.x, or of r.x with
//! `r orders` or `r record`. Once x has another type, every later call in that session fails with 42804
//! ("type of parameter … does not match that when preparing the plan"). A new version of its row in pg_proc
//! makes every session compile it again. What a body says itself keeps the old type all the same: RETURNS
//! TABLE (x int) with RETURN QUERY, a row that is built by position. Measured on 14, 17 and 18.

use super::super::Context;
use super::component::Component;
use super::swap::followed;
use crate::kinds::{Hazard, HazardKind, Object, ObjectId};
use crate::source::token::{TokenKind, Tokenizer};
use std::collections::BTreeSet;

/// The functions in PL/pgSQL that stay as they are and read rows of the tables of `component`, or of views over
/// the swapped columns: those of triggers, and those that name one of them.
pub(super) fn functions<'c>(component: &Component<'_>, context: &Context<'c>) -> Vec<&'c Object> {
    let relations = relations(component, context);
    let live = context.live;
    let mut of_triggers: BTreeSet<&ObjectId> = BTreeSet::new();
    for (id, object) in &live.objects {
        let parent = object.parent();
        if matches!(object, Object::Trigger(_)) && parent.is_some_and(|p| relations.contains(&p)) {
            of_triggers.extend(live.requires(id));
        }
    }
    let names: BTreeSet<&str> = relations
        .iter()
        .filter_map(|id| id.path.last().map(String::as_str))
        .collect();
    let found = live.objects.iter().filter(|(id, object)| {
        let Object::Function(function) = object else {
            return false;
        };
        function.language == "plpgsql"
            && context.desired.get(id) == Some(object)
            // One that steps aside is made anew anyway.
            && !context.changes.replaces(id)
            && (of_triggers.contains(id) || any_named(&function.definition, &names))
    });
    found.map(|(_, object)| object).collect()
}

/// Names those that may say the old type themselves.
pub(super) fn hazard(component: &Component<'_>, context: &Context<'_>) -> Option<Hazard> {
    let functions = functions(component, context);
    let own =
        |f: &&&Object| !matches!(f, Object::Function(f) if f.returns.as_deref() == Some("trigger"));
    let names: Vec<String> = functions
        .iter()
        .filter(own)
        .map(|f| f.id().human())
        .collect();
    (!names.is_empty()).then(|| {
        Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "{}: a call that waits for the swap fails once (42804); where it declares the old type (RETURNS TABLE with RETURN QUERY), or builds a row by \
                 position, it fails (42804, 22P02) until it is changed",
                names.join(", ")
            ),
        )
    })
}

/// The tables with a column of another type, and what reads that as a view.
fn relations(component: &Component<'_>, context: &Context<'_>) -> BTreeSet<ObjectId> {
    let retyped = component.columns.iter();
    let retyped = retyped.filter(|p| !p.replacement.is_renamed());
    let columns = retyped.flat_map(|p| followed(context.live, p.old, context));
    let mut relations = BTreeSet::new();
    let mut queue: Vec<ObjectId> = Vec::new();
    for column in columns {
        relations.insert(super::table_id(&column.table_name()));
        queue.push(Object::Column(column.clone()).id());
    }
    let dependents = context.live.dependents();
    while let Some(id) = queue.pop() {
        for dependent in dependents.get(&id).into_iter().flatten() {
            let found = context.live.get(dependent);
            let is_view = matches!(found, Some(Object::View(_) | Object::MaterializedView(_)));
            if is_view && relations.insert((*dependent).clone()) {
                queue.push((*dependent).clone());
            }
        }
    }
    relations
}

/// Whether a token of `text`, or of a string in it, is one of `names`.
fn any_named(text: &str, names: &BTreeSet<&str>) -> bool {
    Tokenizer::new(text).map_while(Result::ok).any(|token| {
        let part = text.get(token.range()).unwrap_or_default();
        match token.kind {
            TokenKind::Word => names.contains(part.to_ascii_lowercase().as_str()),
            TokenKind::QuotedIdent => {
                let inner = part.trim_matches('"').replace("\"\"", "\"");
                names.contains(inner.as_str())
            }
            TokenKind::String => {
                let inner = match part.strip_prefix('$').and_then(|p| p.split_once('$')) {
                    Some((tag, rest)) => rest.get(..rest.len().saturating_sub(tag.len() + 2)),
                    None => part.get(1..part.len().saturating_sub(1)),
                };
                any_named(inner.unwrap_or_default(), names)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_names_a_table_as_a_word_of_its_own() {
        let names = BTreeSet::from(["orders", "Über uns"]);
        let body = |text: &str| format!("CREATE FUNCTION f() AS $function$ {text} $function$");
        for text in [
            "DECLARE r orders; BEGIN END",
            "SELECT * INTO r FROM public.ORDERS",
            "EXECUTE 'SELECT 1 FROM orders'",
            "SELECT 1 FROM \"Über uns\"",
        ] {
            assert!(any_named(&body(text), &names), "{text}");
        }
        for text in ["SELECT 1 FROM old_orders", "-- orders", "SELECT \"ORDERS\""] {
            assert!(!any_named(&body(text), &names), "{text}");
        }
    }
}
