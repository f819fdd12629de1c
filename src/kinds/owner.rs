//! Whose an object is, where that is not whoever executes the plan: OWNER TO.

use super::{Alter, Attribute, Kind, KindTag, ObjectId, attr, fragment};
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Owner {
    pub target: ObjectId,
    pub role: Ident,
    /// Of a server: the wrapper, which its owner has to have the use of.
    #[serde(default)]
    pub wrapper: Option<Ident>,
}

impl Owner {
    /// The identity of the owner of `target`.
    pub fn id_of(target: &ObjectId) -> ObjectId {
        let mut path = target.path.clone();
        path.push(target.kind.slug().to_owned());
        ObjectId::new(KindTag::Owner, path)
    }

    /// What an owner is of, from its identity.
    pub fn target_of(id: &ObjectId) -> Option<ObjectId> {
        let [of @ .., kind] = id.path.as_slice() else {
            return None;
        };
        Some(ObjectId::new(KindTag::from_slug(kind)?, of.iter().cloned()))
    }

    /// `owner of table public.t`, from the path of an identity.
    pub(super) fn human(path: &[String]) -> String {
        let target = Self::target_of(&ObjectId::new(KindTag::Owner, path.iter().cloned()));
        target.map_or_else(
            || "owner".to_owned(),
            |target| format!("owner of {}", target.human()),
        )
    }
}

/// Gives `target` to `role`; `None` for what belongs to whoever owns the whole.
pub fn give(target: &ObjectId, role: &Sql) -> Option<Sql> {
    let path: Vec<&str> = target.path.iter().map(String::as_str).collect();
    let (word, name) = match (target.kind, path.as_slice()) {
        (KindTag::Schema, [schema]) => ("SCHEMA", sql!("{}", Ident::new(*schema))),
        (KindTag::Publication, [name]) => ("PUBLICATION", sql!("{}", Ident::new(*name))),
        (KindTag::ForeignServer, [name]) => ("SERVER", sql!("{}", Ident::new(*name))),
        (KindTag::EventTrigger, [name]) => ("EVENT TRIGGER", sql!("{}", Ident::new(*name))),
        (KindTag::ForeignDataWrapper, [name]) => {
            ("FOREIGN DATA WRAPPER", sql!("{}", Ident::new(*name)))
        }
        (KindTag::Subscription, [name]) => ("SUBSCRIPTION", sql!("{}", Ident::new(*name))),
        (KindTag::Language, [name]) => ("LANGUAGE", sql!("{}", Ident::new(*name))),
        (KindTag::Function, [schema, name, arguments]) => {
            let name = Qualified::new(*schema, *name);
            ("ROUTINE", sql!("{}({})", name, Deparsed(arguments)))
        }
        (KindTag::Aggregate, [schema, name, types]) => {
            let name = Qualified::new(*schema, *name);
            ("AGGREGATE", super::aggregate_signature(&name, types))
        }
        (KindTag::Operator, [schema, name, left, right]) => (
            "OPERATOR",
            super::operator_signature(schema, name, left, right),
        ),
        (kind, [schema, name]) => (in_schema(kind)?, sql!("{}", Qualified::new(*schema, *name))),
        _ => return None,
    };
    Some(sql!("ALTER {} {} OWNER TO {}", Word(word), name, role))
}

/// What ALTER calls an object that has a schema and a name.
fn in_schema(kind: KindTag) -> Option<&'static str> {
    Some(match kind {
        KindTag::Table => "TABLE",
        KindTag::View => "VIEW",
        KindTag::MaterializedView => "MATERIALIZED VIEW",
        KindTag::Sequence => "SEQUENCE",
        KindTag::Enum
        | KindTag::ShellType
        | KindTag::Range
        | KindTag::BaseType
        | KindTag::Composite => "TYPE",
        KindTag::Domain => "DOMAIN",
        KindTag::Collation => "COLLATION",
        KindTag::Conversion => "CONVERSION",
        KindTag::TextSearchDictionary => "TEXT SEARCH DICTIONARY",
        KindTag::TextSearchConfiguration => "TEXT SEARCH CONFIGURATION",
        KindTag::Statistics => "STATISTICS",
        _ => return None,
    })
}

/// The catalogs of what belongs to somebody: catalog, schema, owner, which rows.
const OWNED: [(&str, Option<&str>, &str, &str); 16] = [
    // The sequence of a column belongs to whoever owns the table.
    (
        "pg_class",
        Some("relnamespace"),
        "relowner",
        "o.relkind IN ('r', 'p', 'f', 'v', 'm')
            OR o.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
               AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))",
    ),
    ("pg_proc", Some("pronamespace"), "proowner", "true"),
    (
        "pg_type",
        Some("typnamespace"),
        "typowner",
        "o.typtype IN ('e', 'd', 'c', 'r') OR o.typtype IN ('b', 'p') AND o.typinput <> 'array_in'::regproc",
    ),
    ("pg_operator", Some("oprnamespace"), "oprowner", "true"),
    ("pg_collation", Some("collnamespace"), "collowner", "true"),
    ("pg_conversion", Some("connamespace"), "conowner", "true"),
    ("pg_ts_dict", Some("dictnamespace"), "dictowner", "true"),
    ("pg_ts_config", Some("cfgnamespace"), "cfgowner", "true"),
    ("pg_statistic_ext", Some("stxnamespace"), "stxowner", "true"),
    ("pg_publication", None, "pubowner", "true"),
    ("pg_event_trigger", None, "evtowner", "true"),
    (
        "pg_subscription",
        None,
        "subowner",
        "o.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())",
    ),
    ("pg_foreign_data_wrapper", None, "fdwowner", "true"),
    ("pg_foreign_server", None, "srvowner", "true"),
    ("pg_language", None, "lanowner", "o.oid >= 16384"),
    ("pg_namespace", None, "nspowner", fragment::USER_SCHEMA),
];

/// The provider of the labels that say on a scratch server whose a subscription is to be: nobody but a superuser may own
/// one there.
pub const OF_SUBSCRIPTIONS: &str = "pgrehearse: owner";

/// One row for each object: its address, and the role it belongs to where that has a name of its own: the role of a
/// scratch server stands for whoever executes a plan.
pub fn rows() -> String {
    let of = |(catalog, schema, owner, which): &(&str, Option<&str>, &str, &str)| {
        // The rows of pg_namespace are called as the fragment calls them.
        let row = if *catalog == "pg_namespace" { "n" } else { "o" };
        let (join, user) = match schema {
            Some(schema) => (
                // What initdb makes has lower numbers, and there are thousands of it.
                format!("JOIN pg_namespace n ON n.oid = o.{schema} AND o.oid >= 16384"),
                fragment::USER_SCHEMA,
            ),
            None => (String::new(), "true"),
        };
        let wrapper = match *catalog {
            "pg_foreign_server" => {
                "(SELECT w.fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = o.srvfdw)"
            }
            _ => "NULL::name",
        };
        let role = match *catalog {
            "pg_subscription" => format!(
                "coalesce((SELECT l.label FROM pg_seclabel l WHERE l.classoid = 'pg_subscription'::regclass
                              AND l.objoid = o.oid AND l.provider = '{OF_SUBSCRIPTIONS}')
                        , pg_get_userbyid(o.subowner)::text)"
            ),
            _ => format!("pg_get_userbyid({row}.{owner})::text"),
        };
        format!(
            "SELECT '{catalog}'::regclass::oid::bigint AS classid, {row}.oid::bigint AS objid, 0 AS objsubid
                  , 'schema:' AS target, {role} AS role
                  , {wrapper} AS wrapper
               FROM {catalog} {row} {join}
              WHERE ({which}) AND {user} AND {role} !~ '^pgrh_(root_)?[0-9a-f]{{12}}$'
                AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass
                     AND e.objid = {row}.oid AND e.deptype = 'e')"
        )
    };
    let all: Vec<String> = OWNED.iter().map(of).collect();
    all.join("\n UNION ALL\n")
}

impl Kind for Owner {
    fn query(_: ServerVersion) -> String {
        // Whoever owns the database owns what belongs to this role: schema public, until somebody gives it away.
        format!(
            "SELECT * FROM ({}) r WHERE role <> 'pg_database_owner'",
            rows()
        )
    }

    fn id(&self) -> ObjectId {
        Self::id_of(&self.target)
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(self.target.clone())
    }

    /// Gone with whatever it is of, a schema as well.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.parent().into_iter().collect()
    }

    /// Who owns what is in a schema may create things there, unless a superuser says it.
    fn requires(&self) -> Vec<ObjectId> {
        if let Some(wrapper) = &self.wrapper {
            let holders = ["public", self.role.raw()];
            let path = |holder| [wrapper.raw(), "foreign data wrapper", holder];
            let grants = holders.map(|holder| ObjectId::new(KindTag::Grant, path(holder)));
            let itself = ObjectId::new(KindTag::ForeignDataWrapper, [wrapper.raw()]);
            return grants.into_iter().chain([Self::id_of(&itself)]).collect();
        }
        let schema = self.target.path.first();
        let inside = self.target.kind != KindTag::Schema && !self.target.kind.is_global();
        let grant = schema.filter(|_| inside).map(|schema| {
            ObjectId::new(KindTag::Grant, [schema.as_str(), "schema", self.role.raw()])
        });
        grant.into_iter().collect()
    }

    fn roles(&self) -> Vec<&Ident> {
        vec![&self.role]
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            target: _,
            role,
            wrapper: _, // of the server
        } = self;
        vec![attr("role", role)]
    }

    fn create(&self) -> Vec<Sql> {
        give(&self.target, &sql!("{}", self.role))
            .into_iter()
            .collect()
    }

    /// Everything belongs to somebody.
    fn drop(&self) -> Vec<Sql> {
        give(&self.target, &sql!("CURRENT_USER"))
            .into_iter()
            .collect()
    }

    fn alter(&self, _: &Self, _: &str) -> Alter {
        Alter::InPlace(self.create())
    }
}
