//! Tables: plain, partitioned, unlogged, inheriting, typed, foreign.

use super::{
    Alter, Attribute, Bundle, Constraint, ConstraintType, Hazard, HazardKind, Kind, KindTag,
    Object, ObjectId, TakeDown, Verb, attr, fragment, text,
};
use crate::pg::sql::{Deparsed, List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql, generic_options};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub schema: Ident,
    pub name: Ident,
    pub unlogged: bool,
    /// `RANGE (created_at)`; `None` for a plain table.
    pub partition_key: Option<String>,
    /// The parents of classical inheritance.
    pub inherits: Vec<Qualified>,
    /// The partitioned table it is attached to; compared as an object of its own
    /// ([`KindTag::Attachment`]).
    pub partition_of: Option<Qualified>,
    /// Storage parameters, `name=value`, those of the TOAST table as `toast.name=value`.
    pub options: Vec<String>,
    pub access_method: Option<String>,
    pub row_security: bool,
    pub force_row_security: bool,
    pub of_type: Option<String>,
    /// Its rows are another server's: no statement of a plan reads or writes them.
    #[serde(default)]
    pub foreign: Option<Foreign>,
}

/// What makes a table a foreign one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    pub server: Ident,
    pub options: Vec<String>,
    /// The names of options whose values nobody reads.
    pub secrets: Vec<String>,
}

impl Table {
    pub fn qualified(&self) -> Qualified {
        Qualified {
            schema: self.schema.clone(),
            name: self.name.clone(),
        }
    }

    fn create_with_body(&self, body: List) -> Vec<Sql> {
        let word = Word(match (self.unlogged, &self.foreign) {
            (_, Some(_)) => "FOREIGN TABLE",
            (true, None) => "UNLOGGED TABLE",
            (false, None) => "TABLE",
        });
        let mut parts = Vec::new();
        match &self.of_type {
            Some(t) => {
                parts.push(sql!(
                    "CREATE {} {} OF {}",
                    word,
                    self.qualified(),
                    Deparsed(t)
                ));
                if !body.to_string().is_empty() {
                    parts.push(sql!("(\n    {}\n)", body));
                }
            }
            None if body.to_string().is_empty() => {
                parts.push(sql!("CREATE {} {} ()", word, self.qualified()));
            }
            None => parts.push(sql!(
                "CREATE {} {} (\n    {}\n)",
                word,
                self.qualified(),
                body
            )),
        }
        if !self.inherits.is_empty() {
            parts.push(sql!("INHERITS ({})", List::comma(&self.inherits)));
        }
        if let Some(foreign) = &self.foreign {
            let options = generic_options::clause(&foreign.options);
            parts.push(sql!("SERVER {}{}", foreign.server, options));
        }
        if let Some(key) = &self.partition_key {
            parts.push(sql!("PARTITION BY {}", Deparsed(key)));
        }
        if let Some(method) = self.custom_access_method() {
            parts.push(sql!("USING {}", method));
        }
        if !self.options.is_empty() {
            parts.push(sql!("WITH ({})", options_list(&self.options)));
        }
        let mut statements = vec![sql!("{}", List::separated(" ", parts))];
        if self.row_security {
            statements.push(sql!(
                "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
                self.qualified()
            ));
        }
        if self.force_row_security {
            statements.push(sql!(
                "ALTER TABLE {} FORCE ROW LEVEL SECURITY",
                self.qualified()
            ));
        }
        statements
    }

    fn custom_access_method(&self) -> Option<Ident> {
        self.access_method
            .as_deref()
            .filter(|m| *m != "heap")
            .map(Ident::new)
    }

    /// Whether a constraint may stand inside CREATE TABLE: not foreign keys, which are nodes of
    /// their own so that cycles between tables are no problem, and not what is NOT VALID.
    fn takes_inline(&self, constraint: &Constraint, children: &[&Object]) -> bool {
        // From 18 on a primary key in CREATE TABLE makes a NOT NULL of its own, also where one is inherited.
        let inherits_not_null = |object: &&Object| match object {
            Object::Column(c) => constraint.columns.contains(&c.name) && c.inherits_not_null(),
            _ => false,
        };
        let makes_not_null = constraint.constraint_type == ConstraintType::PrimaryKey
            && !self.inherits.is_empty()
            && children.iter().any(inherits_not_null);
        // Of two keys alike in one CREATE TABLE the server makes one (transformIndexConstraints).
        let is_twin = |object: &&Object| match object {
            Object::Constraint(other) => {
                other.columns == constraint.columns
                    && match other.constraint_type {
                        ConstraintType::PrimaryKey => true,
                        ConstraintType::Unique => other.name < constraint.name,
                        _ => false,
                    }
            }
            _ => false,
        };
        let comes_twice =
            constraint.constraint_type == ConstraintType::Unique && children.iter().any(is_twin);
        !constraint.is_foreign_key()
            && !comes_twice
            && constraint.validated
            && !constraint.clustered
            && !makes_not_null
    }
}

/// `name=value` pairs of the catalog as `name = 'value'`.
pub(super) fn options_list(options: &[String]) -> List {
    List::comma(options.iter().map(|o| {
        let (name, value) = o.split_once('=').unwrap_or((o, "true"));
        option_name(name, Some(value))
    }))
}

fn option_name(name: &str, value: Option<&str>) -> Sql {
    let name = match name.split_once('.') {
        Some((namespace, rest)) => sql!("{}.{}", Ident::new(namespace), Ident::new(rest)),
        None => sql!("{}", Ident::new(name)),
    };
    match value {
        Some(v) => sql!("{} = {}", name, crate::pg::ident::Literal(v)),
        None => name,
    }
}

/// The SET and RESET clauses between two lists of options.
pub(super) fn option_changes(old: &[String], new: &[String]) -> (Option<List>, Option<List>) {
    let name = |o: &String| o.split_once('=').map_or(o.as_str(), |(n, _)| n).to_owned();
    let set: Vec<String> = new.iter().filter(|o| !old.contains(o)).cloned().collect();
    let reset: Vec<Sql> = old
        .iter()
        .map(name)
        .filter(|o| !new.iter().any(|n| name(n) == *o))
        .map(|o| option_name(&o, None))
        .collect();
    (
        (!set.is_empty()).then(|| options_list(&set)),
        (!reset.is_empty()).then(|| List::comma(reset)),
    )
}

impl Kind for Table {
    fn query(_: ServerVersion) -> String {
        format!(
            "SELECT 1259::bigint AS classid
                  , c.oid::bigint AS objid
                  , 0 AS objsubid
                  , n.nspname AS schema
                  , c.relname AS name
                  , c.relpersistence = 'u' AS unlogged
                  , pg_get_partkeydef(c.oid) AS partition_key
                  , coalesce((SELECT json_agg(json_build_object('schema', pn.nspname, 'name', p.relname)
                                     ORDER BY i.inhseqno)
                                FROM pg_inherits i
                                JOIN pg_class p ON p.oid = i.inhparent
                                JOIN pg_namespace pn ON pn.oid = p.relnamespace
                               WHERE i.inhrelid = c.oid AND NOT c.relispartition), '[]') AS inherits
                  , (SELECT json_build_object('schema', pn.nspname, 'name', p.relname)
                       FROM pg_inherits i
                       JOIN pg_class p ON p.oid = i.inhparent
                       JOIN pg_namespace pn ON pn.oid = p.relnamespace
                      WHERE i.inhrelid = c.oid AND c.relispartition) AS partition_of
                  , {storage_parameters} AS options
                  , am.amname AS access_method
                  , c.relrowsecurity AS row_security
                  , c.relforcerowsecurity AS force_row_security
                  , CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type
                  , (SELECT json_build_object('server', s.srvname, 'options', {}, 'secrets', {})
                       FROM pg_foreign_table ft JOIN pg_foreign_server s ON s.oid = ft.ftserver
                      WHERE ft.ftrelid = c.oid) AS \"foreign\"
               FROM pg_class c
               JOIN pg_namespace n ON n.oid = c.relnamespace
               LEFT JOIN pg_am am ON am.oid = c.relam
              WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND {} AND {}",
            generic_options::options("ft.ftoptions"),
            generic_options::secrets("ft.ftoptions"),
            fragment::USER_SCHEMA,
            fragment::not_member("pg_class", "c.oid"),
            storage_parameters = fragment::STORAGE_PARAMETERS,
        )
    }

    fn found_in(_: ServerVersion) -> Option<&'static str> {
        Some("pg_class WHERE relkind IN ('r', 'p', 'f') AND oid >= 16384")
    }

    fn id(&self) -> ObjectId {
        ObjectId::new(KindTag::Table, [self.schema.raw(), self.name.raw()])
    }

    fn parent(&self) -> Option<ObjectId> {
        Some(ObjectId::new(KindTag::Schema, [self.schema.raw()]))
    }

    /// A partition goes with the table it is attached to.
    fn falls_with(&self) -> Vec<ObjectId> {
        self.partition_of
            .iter()
            .map(|p| super::relation_id(KindTag::Table, p))
            .collect()
    }

    fn names(&self) -> Vec<super::Name> {
        super::relation_names(&self.schema, &self.name, true)
    }

    fn attributes(&self) -> Vec<Attribute> {
        let Self {
            schema: _,
            name: _,
            unlogged,
            partition_key,
            inherits,
            partition_of: _,
            options,
            access_method,
            row_security,
            force_row_security,
            of_type,
            foreign,
        } = self;
        let foreign = foreign.as_ref().map(|foreign| {
            let Foreign {
                server,
                options,
                secrets: _,
            } = foreign;
            (server, options)
        });
        vec![
            attr("unlogged", unlogged),
            text("partition key", partition_key),
            attr("inheritance", inherits),
            attr("storage parameters", options),
            attr("access method", access_method),
            attr("row security", row_security),
            attr("forced row security", force_row_security),
            attr("type", of_type),
            attr("server", foreign.map(|(server, _)| server)),
            attr("foreign options", foreign.map(|(_, options)| options)),
        ]
    }

    fn create(&self) -> Vec<Sql> {
        self.create_with_body(List::comma(Vec::<Sql>::new()))
    }

    fn create_with(&self, children: &[&Object]) -> Bundle {
        let mut bundle = Bundle::default();
        let mut columns: Vec<_> = children
            .iter()
            .filter_map(|o| match o {
                Object::Column(c) => Some(c),
                _ => None,
            })
            .collect();
        columns.sort_by_key(|c| c.position);
        let mut body = Vec::new();
        let mut after = Vec::new();
        for column in columns {
            bundle.absorbed.push(column.id());
            // Inherited columns come with INHERITS; a partition is made whole and then attached.
            if self.inherits.is_empty() {
                body.push(column.definition_in(self));
            } else if column.local {
                body.push(column.without_inherited().definition_in(self));
            } else {
                continue;
            }
            after.extend(column.storage_statements());
        }
        for object in children {
            if let Object::Constraint(constraint) = object {
                let inherited = !constraint.local && !self.inherits.is_empty();
                if inherited {
                    bundle.absorbed.push(constraint.id());
                } else if self.takes_inline(constraint, children) {
                    bundle.absorbed.push(constraint.id());
                    body.push(constraint.definition_with_name());
                }
            }
        }
        bundle.statements = self.create_with_body(List::separated(",\n    ", body));
        bundle.statements.extend(after);
        bundle
    }

    fn drop(&self) -> Vec<Sql> {
        vec![match self.foreign {
            Some(_) => sql!("DROP FOREIGN TABLE {}", self.qualified()),
            None => sql!("DROP TABLE {}", self.qualified()),
        }]
    }

    fn takes_away(&self, _: &Self, attribute: &str) -> Option<&'static str> {
        let closes = match attribute {
            "row security" => self.row_security,
            "forced row security" => self.force_row_security,
            _ => false,
        };
        closes.then_some("rows that no policy allows are neither seen nor written from here on")
    }

    fn alter(&self, old: &Self, attribute: &str) -> Alter {
        let name = self.qualified();
        let one = |sql: Sql| Alter::InPlace(vec![sql]);
        match attribute {
            "unlogged" => one(sql!(
                "ALTER TABLE {} SET {}",
                name,
                Word(if self.unlogged { "UNLOGGED" } else { "LOGGED" })
            )),
            "inheritance" => {
                // A parent comes behind those that are there: what is to stand before them makes them come again.
                let kept = old.inherits.iter().filter(|p| self.inherits.contains(p));
                let stay = kept.zip(&self.inherits).take_while(|(a, b)| a == b).count();
                let stay = &self.inherits[..stay];
                let gone = old.inherits.iter().filter(|p| !stay.contains(p));
                let new = self.inherits.iter().filter(|p| !stay.contains(p));
                let statements = gone
                    .map(|p| sql!("ALTER TABLE {} NO INHERIT {}", name, p))
                    .chain(new.map(|p| sql!("ALTER TABLE {} INHERIT {}", name, p)));
                Alter::InPlace(statements.collect())
            }
            "storage parameters" => {
                let (set, reset) = option_changes(&old.options, &self.options);
                let set = set.map(|o| sql!("ALTER TABLE {} SET ({})", name, o));
                let reset = reset.map(|o| sql!("ALTER TABLE {} RESET ({})", name, o));
                Alter::InPlace(set.into_iter().chain(reset).collect())
            }
            "access method" => match &self.access_method {
                Some(method) => one(sql!(
                    "ALTER TABLE {} SET ACCESS METHOD {}",
                    name,
                    Ident::new(method)
                )),
                None => Alter::InPlace(Vec::new()),
            },
            "row security" => one(sql!(
                "ALTER TABLE {} {} ROW LEVEL SECURITY",
                name,
                Word(if self.row_security {
                    "ENABLE"
                } else {
                    "DISABLE"
                })
            )),
            "forced row security" => one(sql!(
                "ALTER TABLE {} {} ROW LEVEL SECURITY",
                name,
                Word(if self.force_row_security {
                    "FORCE"
                } else {
                    "NO FORCE"
                })
            )),
            "type" => one(match &self.of_type {
                Some(t) => sql!("ALTER TABLE {} OF {}", name, Deparsed(t)),
                None => sql!("ALTER TABLE {} NOT OF", name),
            }),
            "server" if old.foreign.is_some() == self.foreign.is_some() => Alter::Replace {
                why: "a foreign table stays with its server",
            },
            "server" => Alter::Impossible {
                why: "no statement makes a table a foreign one, or the reverse: drop it, and make the other under \
                      a new name",
            },
            "foreign options" => {
                let options = |table: &Self| {
                    let foreign = table.foreign.as_ref();
                    foreign.map(|f| f.options.clone()).unwrap_or_default()
                };
                let change = generic_options::changes(&options(old), &options(self));
                let change = change.map(|c| sql!("ALTER FOREIGN TABLE {} {}", name, c));
                Alter::InPlace(change.into_iter().collect())
            }
            _ => Alter::Impossible {
                why: "a table's partition key cannot be changed while it keeps its rows",
            },
        }
    }

    /// While its type is made anew it is of none, and keeps its rows.
    fn take_down(&self, of: &Object) -> TakeDown {
        match (&self.of_type, of) {
            (Some(of_type), Object::Composite(_)) => TakeDown::Around {
                down: vec![sql!("ALTER TABLE {} NOT OF", self.qualified())],
                up: vec![sql!(
                    "ALTER TABLE {} OF {}",
                    self.qualified(),
                    Deparsed(of_type)
                )],
                disturbs: false,
            },
            _ => TakeDown::Replace,
        }
    }

    fn requires(&self) -> Vec<ObjectId> {
        let server = self.foreign.iter().map(|foreign| {
            let server = [foreign.server.raw()];
            ObjectId::new(KindTag::ForeignServer, server)
        });
        self.inherits
            .iter()
            .map(|p| super::relation_id(KindTag::Table, p))
            .chain(server)
            .collect()
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        match (verb, &self.foreign) {
            (Verb::Create, Some(foreign)) if !foreign.secrets.is_empty() => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!(
                    "no plan holds {} of {}: set it by hand (ALTER FOREIGN TABLE {} OPTIONS (ADD …)) before it is \
                     used",
                    generic_options::named(&foreign.secrets),
                    self.qualified(),
                    self.qualified()
                ),
            )],
            (Verb::Create, _) => Vec::new(),
            (Verb::Drop, Some(_)) => vec![Hazard::declared(
                HazardKind::BreaksQueries,
                format!("queries that name {} fail", self.qualified()),
            )],
            (Verb::Drop, None) => vec![
                Hazard::declared(
                    HazardKind::DataLoss,
                    format!("every row of {} is lost", self.qualified()),
                ),
                Hazard::declared(
                    HazardKind::BreaksQueries,
                    format!("queries that name {} fail", self.qualified()),
                ),
            ],
        }
    }

    fn irreversible_drop(&self) -> Option<&'static str> {
        match &self.foreign {
            Some(foreign) if foreign.secrets.is_empty() => None,
            Some(_) => Some("its secret options are in no plan"),
            None => Some("the rows are gone"),
        }
    }
}
