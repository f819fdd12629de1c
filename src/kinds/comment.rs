//! Comments. Those of extensions belong to the extension, which brings its own.

use super::described::Described;
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr};
use crate::pg::{ServerVersion, Sql, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    #[serde(flatten)]
    pub of: Described,
    pub text: String,
}

impl Comment {
    fn set(&self, text: Option<&str>) -> Vec<Sql> {
        let said = match text {
            Some(text) => sql!("IS {}", Literal(text)),
            None => sql!("IS NULL"),
        };
        let statement = self.of.say(&sql!("COMMENT ON"), &said);
        statement.into_iter().collect()
    }
}

impl Kind for Comment {
    fn query(_: ServerVersion) -> String {
        Described::query("pg_description", "d.description AS text")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Comment, self.of.path())
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.of.target.clone())
    }

    /// Gone with whatever it is of, a schema as well.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.parent().into_iter().collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self { of: _, text } = self;
        vec![attr("text", text)]
    }

    fn create(&self) -> Vec<Sql> {
        self.set(Some(&self.text))
    }

    fn drop(&self) -> Vec<Sql> {
        self.set(None)
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }
}
