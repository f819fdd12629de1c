//! What a renamed schema renames along: everything in it, and the types of it in signatures.

use crate::kinds::{Grant, KindTag, ObjectId, Owner};
use crate::pg::Ident;
use crate::source::reader::ident_value;
use crate::source::token::{TokenKind, Tokenizer};

/// The identity of `id` once the schema `old` is called `new`.
pub(super) fn map(id: &ObjectId, old: &str, new: &str) -> ObjectId {
    let again = |id: &ObjectId| map(id, old, new);
    match (id.kind, id.path.split_first()) {
        (said, Some((slug, of))) if said.describes() => {
            let Some(kind) = KindTag::from_slug(slug) else {
                return id.clone();
            };
            let of = again(&ObjectId::new(kind, of.iter().cloned()));
            ObjectId::new(id.kind, std::iter::once(slug.clone()).chain(of.path))
        }
        (KindTag::Owner, _) => match Owner::target_of(id) {
            Some(of) => Owner::id_of(&again(&of)),
            None => id.clone(),
        },
        (KindTag::Grant, _) if Grant::target_of(id).is_some_and(|of| of.kind.is_global()) => {
            id.clone()
        }
        (kind, Some((schema, rest))) if !kind.is_global() => {
            let signed = kind.is_routine() || matches!(kind, KindTag::Operator | KindTag::Cast);
            let part = |part: &String| match signed {
                true => requalified(part, old, new),
                false => part.clone(),
            };
            let schema = if schema == old { new } else { schema.as_str() };
            let first = std::iter::once(schema.to_owned());
            ObjectId::new(id.kind, first.chain(rest.iter().map(part)))
        }
        _ => id.clone(),
    }
}

/// The types of the server's own text with the new name for the schema.
fn requalified(types: &str, old: &str, new: &str) -> String {
    let mut text = String::with_capacity(types.len());
    let mut end = 0;
    for token in Tokenizer::new(types).map_while(Result::ok) {
        let names = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent);
        let is_schema = types[token.end..].starts_with('.') && !types[..token.start].ends_with('.');
        if names && is_schema && ident_value(&types[token.range()]) == old {
            text.push_str(&types[end..token.start]);
            text.push_str(&Ident::new(new).to_string());
            end = token.end;
        }
    }
    text.push_str(&types[end..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(id: &str) -> String {
        let id: ObjectId = id.parse().expect("an identity");
        map(&id, "shop", "The Store").to_string()
    }

    #[test]
    fn everything_in_the_schema_goes_along() {
        for (before, after) in [
            ("schema:shop", "schema:The Store"),
            ("table:shop/shop", "table:The Store/shop"),
            ("table:public/shop", "table:public/shop"),
            ("publication:shop", "publication:shop"),
            ("comment:table/shop/t", "comment:table/The Store/t"),
            ("comment:publication/shop", "comment:publication/shop"),
            ("owner:shop/t/table", "owner:The Store/t/table"),
            ("grant:shop/t/table/ann", "grant:The Store/t/table/ann"),
            (
                "function:public/f/shop.mood[], text",
                "function:public/f/\"The Store\".mood[], text",
            ),
            ("function:public/f/x.shop", "function:public/f/x.shop"),
        ] {
            assert_eq!(mapped(before), after);
        }
    }
}
