//! Security labels: what a provider, a library of the server, is told about an object (SECURITY LABEL).
//!
//! The provider judges a label when it is given. No scratch server has the libraries of live: there a label is written
//! down unjudged ([`scratch::privileged`](crate::scratch::privileged)).

use super::described::Described;
use super::owner::OF_SUBSCRIPTIONS;
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr};
use crate::pg::{Ident, ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityLabel {
    #[serde(flatten)]
    pub of: Described,
    pub provider: Ident,
    pub label: String,
}

impl SecurityLabel {
    fn set(&self, label: Option<&str>) -> Vec<Sql> {
        let said = match label {
            Some(label) => sql!("IS {}", Literal(label)),
            None => sql!("IS NULL"),
        };
        let verb = sql!("SECURITY LABEL FOR {} ON", self.provider);
        self.of.say(&verb, &said).into_iter().collect()
    }

    /// `security label of anon on column public.t.a`, from the path of an identity.
    pub(super) fn human(path: &[String]) -> String {
        let [kind, of @ .., provider] = path else {
            return "security label".to_owned();
        };
        let of = match KindTag::from_slug(kind) {
            Some(kind) => ObjectId::new(kind, of.iter().cloned()).human(),
            None => of.join("."),
        };
        format!(
            "security label of {} on {of}",
            Ident::new(provider.as_str())
        )
    }
}

impl Kind for SecurityLabel {
    fn query(_: ServerVersion) -> String {
        // On a live server those of subscriptions stand in a catalog that all databases share.
        let more = "d.provider, d.label";
        let shared = Described::query("pg_shseclabel", more);
        let own = Described::query("pg_seclabel", more);
        format!(
            "{own} AND d.provider <> '{OF_SUBSCRIPTIONS}'
             UNION ALL
             {shared} AND d.classoid = 'pg_subscription'::regclass AND EXISTS (SELECT FROM pg_subscription s
                 WHERE s.oid = d.objoid AND s.subdbid = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))"
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_seclabels")
    }

    fn id(&self) -> ObjectId {
        let mut path = self.of.path();
        path.push(self.provider.raw().to_owned());
        ObjectId::new(KindTag::SecurityLabel, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.of.target.clone())
    }

    /// Gone with whatever it is of, a schema as well.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.parent().into_iter().collect()
    }

    /// Its owner gives it where the provider is, which is nowhere on scratch.
    fn needs_superuser(&self) -> bool {
        true
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            of: _,
            provider: _, // part of the identity
            label,
        } = self;
        vec![attr("label", label)]
    }

    fn create(&self) -> Vec<Sql> {
        self.set(Some(&self.label))
    }

    fn drop(&self) -> Vec<Sql> {
        self.set(None)
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }
}
