//! Foreign data wrappers that no extension made.
//!
//! Only a superuser makes one. On scratch it has neither handler nor validator, so nothing reaches another server; what
//! they are called stands among its options ([`HANDLER`], [`VALIDATOR`]).

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::{Ident, Qualified, ServerVersion, Sql, generic_options};
use crate::sql;
use serde::{Deserialize, Serialize};

/// The option of a wrapper on scratch that names its handler, as JSON.
pub const HANDLER: &str = "pgrehearse:handler";
/// The option of a wrapper on scratch that names its validator, as JSON.
pub const VALIDATOR: &str = "pgrehearse:validator";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignDataWrapper {
    pub name: Ident,
    pub handler: Option<Qualified>,
    pub validator: Option<Qualified>,
    pub options: Vec<String>,
    /// The names of options whose values nobody reads.
    pub secrets: Vec<String>,
}

/// `HANDLER f` or `NO HANDLER`.
fn function(word: &'static str, function: Option<&Qualified>) -> Sql {
    match function {
        Some(name) => sql!("{} {}", crate::pg::sql::Word(word), name),
        None => sql!("NO {}", crate::pg::sql::Word(word)),
    }
}

impl Kind for ForeignDataWrapper {
    fn query(_: ServerVersion) -> String {
        let named = |option: &str, column: &str| {
            format!(
                "coalesce((SELECT o.option_value::json FROM pg_options_to_table(w.fdwoptions) o
                            WHERE o.option_name = '{option}')
                        , {})",
                fragment::function_object(&format!("w.{column}"))
            )
        };
        let own = "ARRAY(SELECT o FROM unnest(w.fdwoptions) o WHERE o NOT LIKE 'pgrehearse:%')";
        format!(
            "SELECT 'pg_foreign_data_wrapper'::regclass::oid::bigint AS classid
                  , w.oid::bigint AS objid
                  , 0 AS objsubid
                  , w.fdwname AS name
                  , {} AS handler
                  , {} AS validator
                  , {} AS options
                  , {} AS secrets
               FROM pg_foreign_data_wrapper w
              WHERE {}",
            named(HANDLER, "fdwhandler"),
            named(VALIDATOR, "fdwvalidator"),
            generic_options::options(own),
            generic_options::secrets(own),
            fragment::not_member("pg_foreign_data_wrapper", "w.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_foreign_data_wrapper")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::ForeignDataWrapper, [self.name.raw()])
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            handler,
            validator,
            options,
            secrets: _,
        } = self;
        vec![
            attr("handler", handler),
            attr("validator", validator),
            attr("options", options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let part = |word: &'static str, name: &Option<Qualified>| match name {
            Some(_) => sql!(" {}", function(word, name.as_ref())),
            None => Sql::constant(""),
        };
        vec![sql!(
            "CREATE FOREIGN DATA WRAPPER {}{}{}{}",
            self.name,
            part("HANDLER", &self.handler),
            part("VALIDATOR", &self.validator),
            generic_options::clause(&self.options)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP FOREIGN DATA WRAPPER {}", self.name)]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let change = match attribute {
            "handler" => Some(function("HANDLER", self.handler.as_ref())),
            "validator" => Some(function("VALIDATOR", self.validator.as_ref())),
            _ => generic_options::changes(&old.options, &self.options),
        };
        let change =
            change.map(|change| sql!("ALTER FOREIGN DATA WRAPPER {} {}", self.name, change));
        Alter::InPlace(change.into_iter().collect())
    }

    fn needs_superuser(&self) -> bool {
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        if self.secrets.is_empty() {
            return Vec::new();
        }
        let secrets = generic_options::named(&self.secrets);
        vec![match verb {
            Verb::Create => Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "no plan holds {secrets} of wrapper {}: set it by hand (ALTER FOREIGN DATA WRAPPER {} OPTIONS (ADD …)) \
                     before it is used",
                    self.name, self.name
                ),
            ),
            Verb::Drop => Hazard::declared(
                HazardKind::DataLoss,
                format!("{secrets} of wrapper {} is in no plan and lost", self.name),
            ),
        }]
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        (!self.secrets.is_empty()).then_some("its secret options are in no plan")
    }
}
