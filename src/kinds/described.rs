//! What `COMMENT ON` and `SECURITY LABEL ON` are said of: an object, or a part of one that is no object by itself.

use super::{Comment, KindTag, Object, ObjectId, SecurityLabel};
use crate::pg::ident::Literal;
use crate::pg::sql::{Deparsed, Word};
use crate::pg::{Ident, Qualified, Sql};
use crate::sql;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Described {
    pub target: ObjectId,
    /// The target is a procedure, a composite type …: what the statements call it.
    #[serde(default)]
    pub on_procedure: bool,
    /// The constraint of the domain `target` that it is on.
    #[serde(default)]
    pub domain_constraint: Option<String>,
    /// The target is a foreign table.
    #[serde(default)]
    pub on_foreign_table: bool,
    /// On the index of the constraint `target`.
    #[serde(default)]
    pub on_index: bool,
    /// The NOT NULL constraint of the column `target` that it is on (18).
    #[serde(default)]
    pub not_null: Option<String>,
    /// On the sequence of the identity column `target`, whatever it is called.
    #[serde(default)]
    pub on_numberer: bool,
    /// The column of the view, materialized view or composite type `target` that it is on.
    #[serde(default)]
    pub column: Option<String>,
}

impl Described {
    /// The query of what stands in `catalog`, with `more` columns: `pg_description`, `pg_seclabel`.
    ///
    /// The target is found by its address; the reader fills it in.
    pub(super) fn query(catalog: &str, more: &str) -> String {
        let numberer =
            "d.classoid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c JOIN pg_depend i
                        ON i.classid = d.classoid AND i.objid = c.oid AND i.deptype = 'i'
                     WHERE c.oid = d.objoid AND c.relkind = 'S')";
        // Of what all databases share there are no parts.
        let part = if catalog == "pg_shseclabel" {
            "0"
        } else {
            "d.objsubid"
        };
        format!(
            "SELECT d.classoid::bigint AS classid
              , d.objoid::bigint AS objid
              , {part} AS objsubid
              , 'schema:' AS target
              , {more}
              , CASE WHEN d.classoid = 'pg_proc'::regclass
                     THEN (SELECT p.prokind = 'p' FROM pg_proc p WHERE p.oid = d.objoid)
                     ELSE false END AS on_procedure
              , CASE WHEN d.classoid = 'pg_constraint'::regclass
                     THEN (SELECT k.conname FROM pg_constraint k
                            WHERE k.oid = d.objoid AND k.contypid <> 0) END AS domain_constraint
              , d.classoid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_class c
                     WHERE c.oid = d.objoid AND c.relkind = 'f') AS on_foreign_table
              , d.classoid = 'pg_class'::regclass AND EXISTS (SELECT FROM pg_constraint k
                     WHERE k.conindid = d.objoid AND k.contype IN ('p', 'u', 'x')) AS on_index
              , CASE WHEN d.classoid = 'pg_constraint'::regclass
                     THEN (SELECT k.conname FROM pg_constraint k
                            WHERE k.oid = d.objoid AND k.contype = 'n' AND k.conrelid <> 0) END AS not_null
              , {numberer} AS on_numberer
              , CASE WHEN d.classoid = 'pg_class'::regclass AND {part} > 0
                     THEN (SELECT a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                            WHERE a.attrelid = d.objoid AND a.attnum = {part}
                              AND c.relkind IN ('v', 'm', 'c')) END AS \"column\"
           FROM {catalog} d
          WHERE (d.objoid >= 16384
                 OR d.classoid = 'pg_namespace'::regclass AND d.objoid = (SELECT p.oid FROM pg_namespace p WHERE p.nspname = 'public'))
            AND d.classoid <> 'pg_extension'::regclass"
        )
    }

    /// Of no object that stands at an address of its own.
    pub fn is_of_a_part(&self) -> bool {
        self.column.is_some()
            || self.domain_constraint.is_some()
            || self.not_null.is_some()
            || self.on_index
            || self.on_numberer
    }

    /// The target's kind, the target, and the part: the path of an identity.
    pub(super) fn path(&self) -> Vec<String> {
        let mut path = vec![self.target.kind.slug().to_owned()];
        path.extend(self.target.path.iter().cloned());
        path.extend(self.domain_constraint.clone());
        path.extend(self.column.clone());
        path.extend(self.on_index.then(|| "index".to_owned()));
        path.extend(self.not_null.as_ref().map(|_| "not null".to_owned()));
        path.extend(self.on_numberer.then(|| "sequence".to_owned()));
        path
    }

    /// `verb`, what it is said of, and what is said; `None` for a target that no such statement knows.
    pub(super) fn say(&self, verb: &Sql, said: &Sql) -> Option<Sql> {
        let (true, [schema, table, column]) = (self.on_numberer, self.target.path.as_slice())
        else {
            return Some(sql!("{} {} {}", verb, self.named()?, said));
        };
        // The name of the sequence is known to the server alone.
        let pattern = sql!(
            "{} SEQUENCE %s {}",
            verb,
            Deparsed(&said.as_str().replace('%', "%%"))
        );
        let table = Qualified::new(schema, table).to_string();
        let block = sql!(
            "
BEGIN
    EXECUTE pg_catalog.format({}, pg_catalog.pg_get_serial_sequence({}, {}));
END;
",
            Literal(pattern.as_str()),
            Literal(&table),
            Literal(column)
        );
        Some(block.block())
    }

    /// `TABLE public.t`, `COLUMN public.t.a` …; `None` for a target that neither statement knows.
    fn named(&self) -> Option<Sql> {
        let path: Vec<&str> = self.target.path.iter().map(String::as_str).collect();
        let in_schema = |word: &'static str| match path.as_slice() {
            [schema, name] => Some(sql!("{} {}", Word(word), Qualified::new(*schema, *name))),
            _ => None,
        };
        let on_table = |word: &'static str| match path.as_slice() {
            [schema, table, name] => Some(sql!(
                "{} {} ON {}",
                Word(word),
                Ident::new(*name),
                Qualified::new(*schema, *table)
            )),
            _ => None,
        };
        if let (Some(name), [schema, domain]) = (&self.domain_constraint, path.as_slice()) {
            return Some(sql!(
                "CONSTRAINT {} ON DOMAIN {}",
                Ident::new(name.as_str()),
                Qualified::new(*schema, *domain)
            ));
        }
        if let (true, [schema, _, name]) = (self.on_index, path.as_slice()) {
            return Some(sql!("INDEX {}", Qualified::new(*schema, *name)));
        }
        if let (Some(name), [schema, table, _]) = (&self.not_null, path.as_slice()) {
            return Some(sql!(
                "CONSTRAINT {} ON {}",
                Ident::new(name.as_str()),
                Qualified::new(*schema, *table)
            ));
        }
        if let (Some(column), [schema, relation]) = (&self.column, path.as_slice()) {
            return Some(sql!(
                "COLUMN {}.{}",
                Qualified::new(*schema, *relation),
                Ident::new(column.as_str())
            ));
        }
        match self.target.kind {
            KindTag::Schema => path
                .first()
                .map(|name| sql!("SCHEMA {}", Ident::new(*name))),
            KindTag::Publication => path
                .first()
                .map(|name| sql!("PUBLICATION {}", Ident::new(*name))),
            KindTag::Subscription => path
                .first()
                .map(|name| sql!("SUBSCRIPTION {}", Ident::new(*name))),
            KindTag::EventTrigger => path
                .first()
                .map(|name| sql!("EVENT TRIGGER {}", Ident::new(*name))),
            KindTag::ForeignDataWrapper => path
                .first()
                .map(|name| sql!("FOREIGN DATA WRAPPER {}", Ident::new(*name))),
            KindTag::ForeignServer => path
                .first()
                .map(|name| sql!("SERVER {}", Ident::new(*name))),
            KindTag::Enum
            | KindTag::ShellType
            | KindTag::Range
            | KindTag::BaseType
            | KindTag::Composite => in_schema("TYPE"),
            KindTag::Domain => in_schema("DOMAIN"),
            KindTag::Collation => in_schema("COLLATION"),
            KindTag::Conversion => in_schema("CONVERSION"),
            KindTag::TextSearchDictionary => in_schema("TEXT SEARCH DICTIONARY"),
            KindTag::TextSearchConfiguration => in_schema("TEXT SEARCH CONFIGURATION"),
            KindTag::Operator => match path.as_slice() {
                [schema, name, left, right] => {
                    let on = super::operator_signature(schema, name, left, right);
                    Some(sql!("OPERATOR {}", on))
                }
                _ => None,
            },
            KindTag::OperatorFamily | KindTag::OperatorClass => match path.as_slice() {
                [schema, name, method] => Some(sql!(
                    "{} {}",
                    Word(match self.target.kind {
                        KindTag::OperatorFamily => "OPERATOR FAMILY",
                        _ => "OPERATOR CLASS",
                    }),
                    super::operator_family_name(schema, name, method)
                )),
                _ => None,
            },
            KindTag::Transform => match path.as_slice() {
                [_, data_type, language] => {
                    let on = super::transform_signature(data_type, language);
                    Some(sql!("TRANSFORM {}", on))
                }
                _ => None,
            },
            KindTag::Language => path
                .first()
                .map(|name| sql!("LANGUAGE {}", Ident::new(*name))),
            KindTag::AccessMethod => path
                .first()
                .map(|name| sql!("ACCESS METHOD {}", Ident::new(*name))),
            KindTag::TextSearchParser => in_schema("TEXT SEARCH PARSER"),
            KindTag::TextSearchTemplate => in_schema("TEXT SEARCH TEMPLATE"),
            KindTag::Cast => match path.as_slice() {
                [_, source, target] => {
                    let on = super::cast_signature(source, target);
                    Some(sql!("CAST {}", on))
                }
                _ => None,
            },
            KindTag::Sequence => in_schema("SEQUENCE"),
            KindTag::Table if self.on_foreign_table => in_schema("FOREIGN TABLE"),
            KindTag::Table => in_schema("TABLE"),
            KindTag::View => in_schema("VIEW"),
            KindTag::MaterializedView => in_schema("MATERIALIZED VIEW"),
            KindTag::Statistics => in_schema("STATISTICS"),
            KindTag::Index => in_schema("INDEX"),
            KindTag::Constraint => on_table("CONSTRAINT"),
            KindTag::Trigger => on_table("TRIGGER"),
            KindTag::Policy => on_table("POLICY"),
            KindTag::Rule => on_table("RULE"),
            KindTag::Column => match path.as_slice() {
                [schema, table, column] => Some(sql!(
                    "COLUMN {}.{}",
                    Qualified::new(*schema, *table),
                    Ident::new(*column)
                )),
                _ => None,
            },
            KindTag::Function => match path.as_slice() {
                [schema, name, arguments] => Some(sql!(
                    "{} {}({})",
                    Word(if self.on_procedure {
                        "PROCEDURE"
                    } else {
                        "FUNCTION"
                    }),
                    Qualified::new(*schema, *name),
                    Deparsed(arguments)
                )),
                _ => None,
            },
            KindTag::Aggregate => match path.as_slice() {
                [schema, name, types] => {
                    let on = super::aggregate_signature(&Qualified::new(*schema, *name), types);
                    Some(sql!("AGGREGATE {}", on))
                }
                _ => None,
            },
            KindTag::Extension
            | KindTag::SequenceOwner
            | KindTag::ReplicaIdentity
            | KindTag::PartitionTrigger
            | KindTag::Attachment
            | KindTag::IndexAttachment
            | KindTag::UserMapping
            | KindTag::PublicationTable
            | KindTag::PublicationSchema
            | KindTag::Comment
            | KindTag::SecurityLabel
            | KindTag::Grant
            | KindTag::Owner
            | KindTag::DefaultPrivileges => None,
        }
    }
}

impl Object {
    /// What it is said of, for a comment or a security label.
    pub fn described(&self) -> Option<&Described> {
        match self {
            Self::Comment(Comment { of, .. }) | Self::SecurityLabel(SecurityLabel { of, .. }) => {
                Some(of)
            }
            _ => None,
        }
    }

    pub(crate) fn described_mut(&mut self) -> Option<&mut Described> {
        match self {
            Self::Comment(Comment { of, .. }) | Self::SecurityLabel(SecurityLabel { of, .. }) => {
                Some(of)
            }
            _ => None,
        }
    }
}

impl KindTag {
    /// Whether it is said of another object: its identity begins with that one's kind.
    pub fn describes(self) -> bool {
        matches!(self, Self::Comment | Self::SecurityLabel)
    }
}
