//! Default privileges: what one role gets on whatever another one makes from now on.

use super::grant::{Grantee, Held};
use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefaultPrivileges {
    /// Who makes the objects. Empty: whoever executes the statement, where that is nobody in particular.
    pub role: Ident,
    /// In this schema alone, besides what holds everywhere.
    pub schema: Option<Ident>,
    pub on: Made,
    pub grantee: Grantee,
    pub privileges: Vec<String>,
    pub grant_options: Vec<String>,
    /// What the role gets where nothing was said.
    pub default: Vec<String>,
}

/// The kinds of object that default privileges are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// Views as well.
    Tables,
    Sequences,
    Routines,
    Types,
    Schemas,
    /// Since 18.
    LargeObjects,
}

impl Made {
    fn word(self) -> Word {
        Word(match self {
            Self::Tables => "TABLES",
            Self::Sequences => "SEQUENCES",
            Self::Routines => "ROUTINES",
            Self::Types => "TYPES",
            Self::Schemas => "SCHEMAS",
            Self::LargeObjects => "LARGE OBJECTS",
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Tables => "tables",
            Self::Sequences => "sequences",
            Self::Routines => "functions",
            Self::Types => "types",
            Self::Schemas => "schemas",
            Self::LargeObjects => "large objects",
        }
    }

    /// What the server gives `grantee` where nothing was said.
    pub fn usual(self, grantee: &Grantee) -> Vec<String> {
        match (self, grantee) {
            (Self::Routines, Grantee::Public) => vec!["EXECUTE".to_owned()],
            (Self::Types, Grantee::Public) => vec!["USAGE".to_owned()],
            _ => Vec::new(),
        }
    }

    /// Of which kinds an object gets them when it is made.
    pub fn of(kind: KindTag) -> Option<Self> {
        match kind {
            KindTag::Table | KindTag::View | KindTag::MaterializedView => Some(Self::Tables),
            KindTag::Sequence => Some(Self::Sequences),
            KindTag::Function | KindTag::Aggregate => Some(Self::Routines),
            KindTag::Enum
            | KindTag::Range
            | KindTag::BaseType
            | KindTag::Domain
            | KindTag::Composite => Some(Self::Types),
            KindTag::Schema => Some(Self::Schemas),
            _ => None,
        }
    }
}

impl DefaultPrivileges {
    /// `default privileges on tables of r in schema s to g`, from the path of an identity.
    pub(super) fn human(path: &[String]) -> String {
        let [schema, role, on, grantee] = path else {
            return "default privileges".to_owned();
        };
        let mut text = format!("default privileges on {on}");
        if !role.is_empty() {
            text.push_str(&format!(" of {}", Ident::new(role)));
        }
        if !schema.is_empty() {
            text.push_str(&format!(" in schema {}", Ident::new(schema)));
        }
        format!("{text} to {}", Grantee::human(grantee))
    }

    fn held(&self) -> Held<'_> {
        Held {
            privileges: &self.privileges,
            options: &self.grant_options,
        }
    }

    fn usual(&self) -> Held<'_> {
        Held {
            privileges: &self.default,
            options: &[],
        }
    }

    fn way(&self, from: Held<'_>, to: Held<'_>) -> Vec<Sql> {
        let mut head = sql!("ALTER DEFAULT PRIVILEGES");
        if !self.role.raw().is_empty() {
            head = sql!("{} FOR ROLE {}", head, self.role);
        }
        if let Some(schema) = &self.schema {
            head = sql!("{} IN SCHEMA {}", head, schema);
        }
        let grantee = match &self.grantee {
            Grantee::Public => sql!("PUBLIC"),
            Grantee::Role(role) => sql!("{}", role),
            Grantee::Owner if self.role.raw().is_empty() => sql!("CURRENT_USER"),
            Grantee::Owner => sql!("{}", self.role),
        };
        let steps = from.steps_to(to);
        let statements = steps.iter().map(|(form, privileges)| {
            let (verb, to, end) = form.words();
            sql!(
                "{} {} {} ON {} {} {}{}",
                head,
                Word(verb),
                List::comma(privileges.iter().map(|p| Deparsed(p))),
                self.on.word(),
                Word(to),
                grantee,
                Word(end)
            )
        });
        statements.collect()
    }
}

impl Kind for DefaultPrivileges {
    fn query(version: ServerVersion) -> String {
        let large = if version >= ServerVersion::V18 {
            "WHEN 'L' THEN 'large-objects'"
        } else {
            ""
        };
        format!(
            "SELECT NULL::bigint AS classid
                  , NULL::bigint AS objid
                  , NULL::int AS objsubid
                  , {} AS role
                  , n.nspname AS schema
                  , CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'routines'
                         WHEN 'T' THEN 'types' {large} ELSE 'schemas' END AS on
                  , CASE e.grantee WHEN 0 THEN 'public' WHEN d.defaclrole THEN ''
                         ELSE pg_get_userbyid(e.grantee)::text END AS grantee
                  , to_json(e.privileges) AS privileges
                  , to_json(e.grant_options) AS grant_options
                  , to_json(e.usual) AS default
               FROM pg_default_acl d
               LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
              CROSS JOIN LATERAL (
                 SELECT grantee
                      , coalesce(now.privileges, '{{}}') AS privileges
                      , coalesce(now.grant_options, '{{}}') AS grant_options
                      , coalesce(usual.privileges, '{{}}') AS usual
                   FROM (SELECT x.grantee
                              , array_agg(DISTINCT x.privilege_type COLLATE \"C\") AS privileges
                              , array_agg(DISTINCT x.privilege_type COLLATE \"C\") FILTER (WHERE x.is_grantable) AS grant_options
                           FROM aclexplode(d.defaclacl) x GROUP BY x.grantee) now
                   FULL JOIN (SELECT x.grantee
                              , array_agg(x.privilege_type COLLATE \"C\" ORDER BY x.privilege_type COLLATE \"C\") AS privileges
                           FROM aclexplode(acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END
                                                     , d.defaclrole)) x
                          WHERE d.defaclnamespace = 0 GROUP BY x.grantee) usual USING (grantee)) e
              WHERE (e.privileges <> e.usual OR e.grant_options <> '{{}}')
                AND (e.grantee IN (0, d.defaclrole) OR pg_get_userbyid(e.grantee) !~ '^pgrh_(root_)?[0-9a-f]{{12}}$')",
            fragment::role("pg_get_userbyid(d.defaclrole)")
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_default_acl")
    }

    fn id(&self) -> ObjectId {
        let schema = self.schema.as_ref().map_or("", Ident::raw);
        let path = [schema, self.role.raw(), self.on.name(), self.grantee.raw()];
        ObjectId::new(KindTag::DefaultPrivileges, path)
    }

    fn parent(&self) -> Option<ObjectId> {
        let schema = self.schema.as_ref()?;
        Some(ObjectId::new(KindTag::Schema, [schema.raw()]))
    }

    /// Gone with whatever it is of, a schema as well.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.parent().into_iter().collect()
    }

    fn roles(&self) -> Vec<&Ident> {
        let grantee = match &self.grantee {
            Grantee::Role(role) => Some(role),
            Grantee::Public | Grantee::Owner => None,
        };
        let role = Some(&self.role).filter(|role| !role.raw().is_empty());
        role.into_iter().chain(grantee).collect()
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            role: _,
            schema: _,
            on: _,
            grantee: _,
            privileges,
            grant_options,
            default: _, // of the kind of object
        } = self;
        vec![
            attr("privileges", privileges),
            attr("grant options", grant_options),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        self.way(self.usual(), self.held())
    }

    fn drop(&self) -> Vec<Sql> {
        self.way(self.held(), self.usual())
    }

    fn alter(&self, old: &Self, _: &str) -> Alter {
        // One way for both attributes: what is said twice is executed once.
        Alter::InPlace(self.way(old.held(), self.held()))
    }
}
