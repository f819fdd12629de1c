//! Foreign servers.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::{Ident, ServerVersion, Sql, generic_options, ident::Literal};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForeignServer {
    pub name: Ident,
    pub wrapper: Ident,
    pub server_type: Option<String>,
    pub version: Option<String>,
    pub options: Vec<String>,
    /// The names of options whose values nobody reads.
    pub secrets: Vec<String>,
}

impl Kind for ForeignServer {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 'pg_foreign_server'::regclass::oid::bigint AS classid
                  , s.oid::bigint AS objid
                  , 0 AS objsubid
                  , s.srvname AS name
                  , w.fdwname AS wrapper
                  , s.srvtype AS server_type
                  , s.srvversion AS version
                  , {} AS options
                  , {} AS secrets
               FROM pg_foreign_server s
               JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
              WHERE {}",
            generic_options::options("s.srvoptions"),
            generic_options::secrets("s.srvoptions"),
            fragment::not_member("pg_foreign_server", "s.oid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_foreign_server")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::ForeignServer, [self.name.raw()])
    }

    fn requires(&self) -> Vec<ObjectId> {
        vec![ObjectId::new(
            KindTag::ForeignDataWrapper,
            [self.wrapper.raw()],
        )]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            name: _,
            wrapper,
            server_type,
            version,
            options,
            secrets: _,
        } = self;
        vec![
            attr("wrapper", wrapper),
            attr("type", server_type),
            attr("version", version),
            attr("options", options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (server_type, version) = (text(&self.server_type), text(&self.version));
        let server_type = match server_type.is_empty() {
            true => Sql::constant(""),
            false => sql!(" TYPE {}", Literal(&server_type)),
        };
        let version = match version.is_empty() {
            true => Sql::constant(""),
            false => sql!(" VERSION {}", Literal(&version)),
        };
        vec![sql!(
            "CREATE SERVER {}{}{} FOREIGN DATA WRAPPER {}{}",
            self.name,
            server_type,
            version,
            self.wrapper,
            generic_options::clause(&self.options)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP SERVER {}", self.name)]
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let change = match (attribute, &self.version) {
            ("options", _) => generic_options::changes(&old.options, &self.options),
            ("version", Some(version)) => Some(sql!("VERSION {}", Literal(version))),
            ("version", None) => Some(Sql::constant("VERSION NULL")),
            _ => {
                return Alter::Replace {
                    why: "a foreign server keeps its type and its wrapper",
                };
            }
        };
        let change = change.map(|change| sql!("ALTER SERVER {} {}", self.name, change));
        Alter::InPlace(change.into_iter().collect())
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match verb {
            Verb::Create if !self.secrets.is_empty() => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "no plan holds {} of server {}: set it by hand (ALTER SERVER {} OPTIONS (ADD …)) before it is used",
                    generic_options::named(&self.secrets),
                    self.name,
                    self.name
                ),
            )],
            Verb::Drop if !self.secrets.is_empty() => vec![Hazard::declared(
                HazardKind::DataLoss,
                format!(
                    "{} of server {} is in no plan and lost",
                    generic_options::named(&self.secrets),
                    self.name
                ),
            )],
            Verb::Create | Verb::Drop => Vec::new(),
        }
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        (!self.secrets.is_empty()).then_some("its secret options are in no plan")
    }
}
