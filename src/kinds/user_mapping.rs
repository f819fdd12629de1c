//! User mappings: as whom a role, or everybody, logs in to a foreign server.
//!
//! Their secrets are never read ([`crate::pg::generic_options`]); the options of a mapping of somebody else are shown to superusers
//! alone.

use super::{Alter, Attribute, Hazard, HazardKind, Kind, KindTag, ObjectId, Verb, attr, fragment};
use crate::pg::{Ident, ServerVersion, Sql, generic_options};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserMapping {
    pub server: Ident,
    /// `None` for PUBLIC.
    pub user: Option<Ident>,
    /// `None` where the role that reads may not see them.
    pub options: Option<Vec<String>>,
    /// The names of options whose values nobody reads.
    pub secrets: Vec<String>,
}

impl UserMapping {
    fn for_whom(&self) -> Sql {
        match &self.user {
            Some(user) => sql!("USER MAPPING FOR {} SERVER {}", user, self.server),
            None => sql!("USER MAPPING FOR PUBLIC SERVER {}", self.server),
        }
    }
}

impl Kind for UserMapping {
    fn query(_: ServerVersion) -> String {
        // The view hides the options as NULL, which a mapping without any has, too.
        let hidden = "m.umoptions IS NULL AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user)
                      AND NOT (CASE m.umuser WHEN 0 THEN pg_has_role(s.srvowner, 'USAGE')
                               ELSE m.usename = current_user END)
                      AND pg_get_viewdef('pg_catalog.pg_user_mappings'::regclass) ~ 'CASE'";
        format!(
            "SELECT 'pg_user_mapping'::regclass::oid::bigint AS classid
                  , m.umid::bigint AS objid
                  , 0 AS objsubid
                  , s.srvname AS server
                  , CASE WHEN m.umuser <> 0 THEN m.usename END AS \"user\"
                  , CASE WHEN NOT ({hidden}) THEN {} END AS options
                  , {} AS secrets
               FROM pg_user_mappings m
               JOIN pg_foreign_server s ON s.oid = m.srvid
              WHERE {}",
            generic_options::options("m.umoptions"),
            generic_options::secrets("m.umoptions"),
            fragment::not_member("pg_user_mapping", "m.umid"),
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_foreign_server")
    }

    fn id(&self) -> ObjectId {
        let user = self.user.as_ref().map_or("public", Ident::raw);
        ObjectId::new(KindTag::UserMapping, [self.server.raw(), user])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::ForeignServer, [self.server.raw()]))
    }

    /// The server refuses to go while it has mappings.
    fn falls_with(&self) -> Vec<ObjectId> {
        Vec::new()
    }

    fn roles(&self) -> Vec<&Ident> {
        self.user.iter().collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            server: _,
            user: _,
            options,
            secrets: _,
        } = self;
        vec![attr("options", options)]
    }

    fn create(&self) -> Vec<Sql> {
        let options = self.options.as_deref().unwrap_or_default();
        vec![sql!(
            "CREATE {}{}",
            self.for_whom(),
            generic_options::clause(options)
        )]
    }

    fn drop(&self) -> Vec<Sql> {
        vec![sql!("DROP {}", self.for_whom())]
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        let (Some(old), Some(new)) = (&old.options, &self.options) else {
            return Alter::Impossible {
                why: "only a superuser may read the options of somebody else's user mapping: read it as one, or \
                      leave it out with the setting ignore",
            };
        };
        let change = generic_options::changes(old, new);
        let change = change.map(|change| sql!("ALTER {} {}", self.for_whom(), change));
        Alter::InPlace(change.into_iter().collect())
    }

    fn needs_superuser(&self) -> bool {
        // To make it no, to read its options yes.
        true
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        if self.secrets.is_empty() {
            return Vec::new();
        }
        let secrets = generic_options::named(&self.secrets);
        let mapping = self.for_whom();
        vec![match verb {
            Verb::Create => Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "no plan holds the {secrets}: set it by hand (ALTER {mapping} OPTIONS (ADD …)) before it is used"
                ),
            ),
            Verb::Drop => Hazard::declared(
                HazardKind::DataLoss,
                format!("the {secrets} of this user mapping is in no plan and lost"),
            ),
        }]
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        (!self.secrets.is_empty()).then_some("its secret options are in no plan")
    }
}
