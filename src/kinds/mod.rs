//! The object kinds: one file each holds all we know of one kind.
//!
//! A kind knows the DDL one would type on an empty database. How to get there while the
//! application is running is `strategy/`'s. A new kind is one file, one line in [`kinds!`] below,
//! its cases, and a row in docs/coverage.md.

mod access_method;
mod aggregate;
mod attachment;
mod attribute;
mod base_type;
mod cast;
mod collation;
mod column;
mod comment;
mod composite;
mod constraint;
mod conversion;
pub mod default_privileges;
mod described;
mod domain;
mod enumeration;
mod event_trigger;
mod extension;
mod foreign_data_wrapper;
mod foreign_server;
pub(crate) mod fragment;
mod function;
pub mod grant;
pub mod hazard;
pub mod id;
pub mod index;
mod index_attachment;
mod language;
mod materialized_view;
mod name;
mod operator;
mod operator_class;
mod operator_family;
pub mod owner;
mod partition_trigger;
mod policy;
mod publication;
mod publication_schema;
mod publication_table;
mod range;
mod replica_identity;
pub mod rule;
mod schema;
mod security_label;
mod sequence;
mod sequence_owner;
mod shell_type;
mod statistics;
mod subscription;
mod table;
mod text_search_configuration;
mod text_search_dictionary;
mod text_search_parser;
mod text_search_template;
mod transform;
mod trigger;
mod user_mapping;
mod view;

pub(crate) use aggregate::signature as aggregate_signature;
pub use attachment::Attachment;
pub use attribute::{Alter, Attribute, differing};
pub(crate) use attribute::{attr, text};
pub(crate) use cast::signature as cast_signature;
pub use column::{Column, Generated, Identity, NotNull, TYPED, hangs_on_settings};
pub use comment::Comment;
pub use constraint::{Constraint, ConstraintType, ParentIndex};
pub use default_privileges::DefaultPrivileges;
pub use described::Described;
pub use domain::Domain;
pub use enumeration::Enum;
pub use event_trigger::{DISARMED, EventTrigger};
pub use extension::Extension;
pub use foreign_data_wrapper::{HANDLER, VALIDATOR};
pub use grant::Grant;
pub use id::ObjectId;
pub use index::Index;
pub use index_attachment::IndexAttachment;
pub use materialized_view::MaterializedView;
pub(crate) use name::relation_names;
pub use name::{Name, NameSpace};
pub(crate) use operator::signature as operator_signature;
pub(crate) use operator_family::named as operator_family_name;
pub use owner::Owner;
pub use partition_trigger::PartitionTrigger;
pub use policy::Policy;
pub use publication::Publication;
pub use publication_schema::PublicationSchema;
pub use publication_table::PublicationTable;
pub use rule::Rule;
pub use security_label::SecurityLabel;
pub use sequence::Sequence;
pub use sequence_owner::SequenceOwner;
pub use statistics::Statistics;
pub use table::Table;

pub(crate) use transform::signature as transform_signature;

use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::sql;
pub use hazard::{Hazard, HazardKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the server keeps an object: `(classid, objid, objsubid)` as in `pg_depend`.
pub type Address = (u32, u32, i32);

/// What creating or dropping an object together with its children takes.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    pub statements: Vec<Sql>,
    /// The children whose creation the statements include.
    pub absorbed: Vec<ObjectId>,
}

impl Bundle {
    /// Nobody sees a new object with other privileges than it is to have.
    fn add_privileges(&mut self, kind: KindTag, children: &[&Object]) {
        // The statements of columns are made in many places, and grants on them give and never take.
        if kind == KindTag::Column || kind == KindTag::Sequence {
            return;
        }
        // The privileges are those of whoever it then belongs to.
        let owners = children.iter().filter(|c| matches!(c, Object::Owner(_)));
        let grants = children.iter().filter(|c| matches!(c, Object::Grant(_)));
        for child in owners.chain(grants) {
            self.statements.extend(child.create());
            self.absorbed.push(child.id());
        }
    }
}

/// All we know of one object kind.
pub trait Kind: Sized + Clone + PartialEq + Serialize + for<'de> Deserialize<'de> {
    /// The catalog query: one row an object, with `classid`, `objid`, `objsubid` (null where
    /// `pg_depend` cannot point at it) and one column a field.
    fn query(version: ServerVersion) -> String;

    /// Where its objects come from, after `FROM`: with no row there is nothing to ask [`Kind::query`] for, whose
    /// planning takes longer than its rows. `None`: always asked for.
    fn found_in(version: ServerVersion) -> Option<&'static str> {
        let _ = version;
        None
    }

    fn id(&self) -> ObjectId;

    /// The object this one is a part of.
    fn parent(&self) -> Option<ObjectId> {
        None
    }

    /// Takes over from the object that is there in live what is data and no part of the schema.
    fn keep(&mut self, live: &Self) {
        let _ = live;
    }

    /// Every compared property. Begins with `let Self { … } = self;` without `..`: a field that
    /// is added and not thought of does not compile.
    fn attributes(&self) -> Vec<Attribute>;

    fn create(&self) -> Vec<Sql>;

    /// The creation together with those of `children` that can stand in the same statement.
    fn create_with(&self, children: &[&Object]) -> Bundle {
        let _ = children;
        Bundle {
            statements: self.create(),
            absorbed: Vec::new(),
        }
    }

    fn drop(&self) -> Vec<Sql>;

    /// How `attribute` of `old` becomes that of `self`.
    fn alter(&self, old: &Self, attribute: &str) -> Alter;

    /// What the change of `attribute` from `old` takes away from an application that runs: it comes when that is gone.
    fn takes_away(&self, old: &Self, attribute: &str) -> Option<&'static str> {
        let _ = (old, attribute);
        None
    }

    /// What must exist first and is not in `pg_depend`.
    fn requires(&self) -> Vec<ObjectId> {
        Vec::new()
    }

    /// The roles that its statements name: they belong to no database, and no statement of ours makes one.
    fn roles(&self) -> Vec<&Ident> {
        Vec::new()
    }

    /// Whether only a superuser may run [`Kind::create`], or read all of it: on scratch a function or view of the
    /// superuser does it ([`scratch::privileged`](crate::scratch::privileged)).
    fn needs_superuser(&self) -> bool {
        false
    }

    /// Whether only a superuser may make it, and it can run or corrupt code: on scratch it is made where the files and the
    /// live catalog are trusted ([`ScratchOptions::trusted`](crate::scratch::ScratchOptions)).
    fn needs_trust(&self) -> bool {
        false
    }

    /// The objects with any of which this one disappears by itself. A schema is dropped when it is empty.
    fn falls_with(&self) -> Vec<ObjectId> {
        let whole = self.parent().into_iter();
        whole.filter(|id| id.kind != KindTag::Schema).collect()
    }

    /// The object that this one is made of, and that is made anew where this one is: a shell type.
    fn made_of(&self) -> Option<ObjectId> {
        None
    }

    /// Whether it and what falls with it are made in one transaction, and taken back by the drop of it alone.
    fn made_with_its_parts(&self) -> bool {
        false
    }

    /// The objects whose creation or change brings this one's about (inheritance).
    fn follows(&self) -> Vec<ObjectId> {
        Vec::new()
    }

    /// The object as it comes with `whole` (one of `origins`, which it follows, or what it stands in), or as it is when
    /// their changes have reached `whole`, itself before: the rest is left to write. `None`: nothing is.
    fn given(&self, whole: &Object, origins: &[&Object]) -> Option<Self> {
        let _ = (whole, origins);
        None
    }

    /// The type whose change makes and drops this one and changes its type ([`TYPED`]).
    fn typed_by(&self) -> Option<ObjectId> {
        None
    }

    /// Whether a change of `attribute` reaches the objects that follow this one.
    fn recurses(attribute: &str) -> bool {
        let _ = attribute;
        false
    }

    /// Whether the server chose `need` among equals, so that one made before another goes may hang on that.
    fn chooses(&self, need: &ObjectId) -> bool {
        let _ = need;
        false
    }

    /// Whether this object lives through a disturbing change of one it depends on, because the
    /// server rebuilds it by itself.
    fn survives_change(&self) -> bool {
        false
    }

    /// Whether it also lives through a column it depends on being of another type for a while.
    fn survives_another_type(&self) -> bool {
        self.survives_change()
    }

    /// Whether it also lives through the values of a column not comparing with those of before.
    fn survives_estrangement(&self) -> bool {
        self.survives_change()
    }

    /// How this object gets out of the way of `of`, on which it depends, and comes back.
    fn take_down(&self, of: &Object) -> TakeDown {
        let _ = of;
        TakeDown::Replace
    }

    fn hazards(&self, verb: Verb) -> Vec<Hazard> {
        let _ = verb;
        Vec::new()
    }

    /// What the change of `attribute` from `old` means for an application that runs.
    fn hazards_of_change(&self, old: &Self, attribute: &str) -> Option<Hazard> {
        let _ = (old, attribute);
        None
    }

    /// Why dropping the object cannot be undone, if it cannot.
    fn irreversible_drop(&self) -> Option<&'static str> {
        None
    }

    /// Why a change in place cannot be undone and leaves a harmless remainder, if so.
    fn undo_leaves(&self) -> Option<&'static str> {
        None
    }

    /// The names it takes in name spaces that it shares with other kinds.
    fn names(&self) -> Vec<Name> {
        Vec::new()
    }
}

/// How a dependent object is taken down and put back.
#[derive(Clone, Debug, PartialEq)]
pub enum TakeDown {
    /// Dropped and created again.
    Replace,
    /// Changed before and changed back after; the object itself stays. `disturbs`: what depends
    /// on it has to get out of the way as well.
    Around {
        down: Vec<Sql>,
        up: Vec<Sql>,
        disturbs: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Create,
    Drop,
}

macro_rules! kinds {
    ($($tag:ident = $module:ident :: $type:ident, $slug:literal, $label:literal;)*) => {
        /// The kinds, in the order in which equals are created.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KindTag { $($tag),* }

        impl KindTag {
            pub const ALL: &'static [KindTag] = &[$(KindTag::$tag),*];

            /// The name in identities: `sequence-owner`.
            pub fn slug(self) -> &'static str {
                match self { $(KindTag::$tag => $slug),* }
            }

            /// The name for people: `foreign key`.
            pub fn label(self) -> &'static str {
                match self { $(KindTag::$tag => $label),* }
            }

            pub fn from_slug(slug: &str) -> Option<Self> {
                match slug { $($slug => Some(KindTag::$tag),)* _ => None }
            }

            /// The catalog query of the kind.
            pub fn query(self, version: ServerVersion) -> String {
                match self { $(KindTag::$tag => <$module::$type as Kind>::query(version)),* }
            }

            /// Where the objects of the kind come from, after `FROM`.
            pub fn found_in(self, version: ServerVersion) -> Option<&'static str> {
                match self { $(KindTag::$tag => <$module::$type as Kind>::found_in(version)),* }
            }

            /// Reads one row of [`KindTag::query`] as JSON.
            ///
            /// # Errors
            /// The row has not the fields of the kind: a bug in its query.
            pub fn decode(self, row: &str) -> Result<Object, serde_json::Error> {
                Ok(match self {
                    $(KindTag::$tag => Object::$tag(serde_json::from_str(row)?)),*
                })
            }

            /// Whether a change of `attribute` reaches the objects that follow the changed one.
            pub fn recurses(self, attribute: &str) -> bool {
                match self { $(KindTag::$tag => <$module::$type as Kind>::recurses(attribute)),* }
            }
        }

        /// One object of any kind.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind", rename_all = "kebab-case")]
        pub enum Object { $($tag($module::$type)),* }

        impl Object {
            pub fn tag(&self) -> KindTag {
                match self { $(Object::$tag(_) => KindTag::$tag),* }
            }
            pub fn id(&self) -> ObjectId {
                match self { $(Object::$tag(o) => o.id()),* }
            }
            pub fn parent(&self) -> Option<ObjectId> {
                match self { $(Object::$tag(o) => o.parent()),* }
            }
            /// Takes over from the object that is there in live what is data and no part of the schema.
            pub fn keep(&mut self, live: &Object) {
                match (self, live) {
                    $((Object::$tag(o), Object::$tag(live)) => o.keep(live),)*
                    _ => {}
                }
            }
            pub fn attributes(&self) -> Vec<Attribute> {
                match self { $(Object::$tag(o) => o.attributes()),* }
            }
            pub fn create(&self) -> Vec<Sql> {
                match self { $(Object::$tag(o) => o.create()),* }
            }
            /// The creation together with those of `children` that can stand in the same transaction.
            pub fn create_with(&self, children: &[&Object]) -> Bundle {
                let mut bundle = match self { $(Object::$tag(o) => o.create_with(children)),* };
                bundle.add_privileges(self.tag(), children);
                bundle
            }
            pub fn drop(&self) -> Vec<Sql> {
                match self { $(Object::$tag(o) => Kind::drop(o)),* }
            }
            /// How `attribute` of `old` becomes that of `self`.
            pub fn alter(&self, old: &Object, attribute: &str) -> Alter {
                match (self, old) {
                    $((Object::$tag(new), Object::$tag(old)) => new.alter(old, attribute),)*
                    _ => Alter::Replace { why: "it becomes another kind of object" },
                }
            }
            pub fn takes_away(&self, old: &Object, attribute: &str) -> Option<&'static str> {
                match (self, old) {
                    $((Object::$tag(new), Object::$tag(old)) => new.takes_away(old, attribute),)*
                    _ => None,
                }
            }
            pub fn requires(&self) -> Vec<ObjectId> {
                match self { $(Object::$tag(o) => o.requires()),* }
            }
            pub fn roles(&self) -> Vec<&Ident> {
                match self { $(Object::$tag(o) => o.roles()),* }
            }
            pub fn needs_superuser(&self) -> bool {
                match self { $(Object::$tag(o) => o.needs_superuser()),* }
            }
            pub fn needs_trust(&self) -> bool {
                match self { $(Object::$tag(o) => o.needs_trust()),* }
            }
            pub fn falls_with(&self) -> Vec<ObjectId> {
                match self { $(Object::$tag(o) => o.falls_with()),* }
            }
            pub fn made_of(&self) -> Option<ObjectId> {
                match self { $(Object::$tag(o) => o.made_of()),* }
            }
            pub fn made_with_its_parts(&self) -> bool {
                match self { $(Object::$tag(o) => o.made_with_its_parts()),* }
            }
            pub fn follows(&self) -> Vec<ObjectId> {
                match self { $(Object::$tag(o) => o.follows()),* }
            }
            pub fn chooses(&self, need: &ObjectId) -> bool {
                match self { $(Object::$tag(o) => o.chooses(need)),* }
            }
            pub fn typed_by(&self) -> Option<ObjectId> {
                match self { $(Object::$tag(o) => o.typed_by()),* }
            }
            pub fn given(&self, whole: &Object, origins: &[&Object]) -> Option<Object> {
                match self { $(Object::$tag(o) => o.given(whole, origins).map(Object::$tag)),* }
            }
            pub fn survives_change(&self) -> bool {
                match self { $(Object::$tag(o) => o.survives_change()),* }
            }
            pub fn survives_another_type(&self) -> bool {
                match self { $(Object::$tag(o) => o.survives_another_type()),* }
            }
            pub fn survives_estrangement(&self) -> bool {
                match self { $(Object::$tag(o) => o.survives_estrangement()),* }
            }
            pub fn take_down(&self, of: &Object) -> TakeDown {
                match self { $(Object::$tag(o) => o.take_down(of)),* }
            }
            pub fn hazards(&self, verb: Verb) -> Vec<Hazard> {
                match self { $(Object::$tag(o) => o.hazards(verb)),* }
            }
            pub fn hazards_of_change(&self, old: &Object, attribute: &str) -> Option<Hazard> {
                match (self, old) {
                    $((Object::$tag(new), Object::$tag(old)) => new.hazards_of_change(old, attribute),)*
                    _ => None,
                }
            }
            pub fn irreversible_drop(&self) -> Option<&'static str> {
                match self { $(Object::$tag(o) => o.irreversible_drop()),* }
            }
            pub fn undo_leaves(&self) -> Option<&'static str> {
                match self { $(Object::$tag(o) => o.undo_leaves()),* }
            }
            pub fn names(&self) -> Vec<Name> {
                match self { $(Object::$tag(o) => o.names()),* }
            }
        }
    };
}

kinds! {
    Schema = schema::Schema, "schema", "schema";
    Extension = extension::Extension, "extension", "extension";
    Collation = collation::Collation, "collation", "collation";
    Enum = enumeration::Enum, "enum", "type";
    ShellType = shell_type::ShellType, "shell-type", "shell type";
    Range = range::Range, "range", "type";
    BaseType = base_type::BaseType, "base-type", "base type";
    Domain = domain::Domain, "domain", "domain";
    Composite = composite::Composite, "composite", "type";
    Sequence = sequence::Sequence, "sequence", "sequence";
    Function = function::Function, "function", "function";
    Language = language::Language, "language", "language";
    Transform = transform::Transform, "transform", "transform";
    AccessMethod = access_method::AccessMethod, "access-method", "access method";
    Cast = cast::Cast, "cast", "cast";
    Operator = operator::Operator, "operator", "operator";
    OperatorFamily = operator_family::OperatorFamily, "operator-family", "operator family";
    OperatorClass = operator_class::OperatorClass, "operator-class", "operator class";
    Aggregate = aggregate::Aggregate, "aggregate", "aggregate";
    Conversion = conversion::Conversion, "conversion", "conversion";
    TextSearchParser = text_search_parser::TextSearchParser, "text-search-parser", "text search parser";
    TextSearchTemplate = text_search_template::TextSearchTemplate, "text-search-template", "text search template";
    TextSearchDictionary = text_search_dictionary::TextSearchDictionary, "text-search-dictionary", "text search dictionary";
    TextSearchConfiguration = text_search_configuration::TextSearchConfiguration, "text-search-configuration", "text search configuration";
    ForeignDataWrapper = foreign_data_wrapper::ForeignDataWrapper, "foreign-data-wrapper", "foreign data wrapper";
    ForeignServer = foreign_server::ForeignServer, "foreign-server", "server";
    UserMapping = user_mapping::UserMapping, "user-mapping", "user mapping";
    Table = table::Table, "table", "table";
    Column = column::Column, "column", "column";
    SequenceOwner = sequence_owner::SequenceOwner, "sequence-owner", "owner of sequence";
    Constraint = constraint::Constraint, "constraint", "constraint";
    Index = index::Index, "index", "index";
    ReplicaIdentity = replica_identity::ReplicaIdentity, "replica-identity", "replica identity of";
    Attachment = attachment::Attachment, "attachment", "attachment of partition";
    IndexAttachment = index_attachment::IndexAttachment, "index-attachment", "attachment of index";
    MaterializedView = materialized_view::MaterializedView, "materialized-view", "materialized view";
    View = view::View, "view", "view";
    Trigger = trigger::Trigger, "trigger", "trigger";
    PartitionTrigger = partition_trigger::PartitionTrigger, "partition-trigger", "state of trigger";
    Policy = policy::Policy, "policy", "policy";
    Rule = rule::Rule, "rule", "rule";
    Statistics = statistics::Statistics, "statistics", "statistics";
    Publication = publication::Publication, "publication", "publication";
    PublicationTable = publication_table::PublicationTable, "publication-table", "publication of table";
    PublicationSchema = publication_schema::PublicationSchema, "publication-schema", "publication of schema";
    Subscription = subscription::Subscription, "subscription", "subscription";
    EventTrigger = event_trigger::EventTrigger, "event-trigger", "event trigger";
    Comment = comment::Comment, "comment", "comment on";
    SecurityLabel = security_label::SecurityLabel, "security-label", "security label";
    Owner = owner::Owner, "owner", "owner of";
    Grant = grant::Grant, "grant", "grant on";
    DefaultPrivileges = default_privileges::DefaultPrivileges, "default-privileges", "default privileges";
}

impl fmt::Display for KindTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The kind of what holds the rows that an index or statistics are about.
pub(crate) fn rows_kind(materialized: bool) -> KindTag {
    match materialized {
        true => KindTag::MaterializedView,
        false => KindTag::Table,
    }
}

/// `ALTER TABLE name`, or the same of a materialized view.
pub(crate) fn alter_rows(materialized: bool, name: &Qualified) -> Sql {
    match materialized {
        true => sql!("ALTER MATERIALIZED VIEW {}", name),
        false => sql!("ALTER TABLE {}", name),
    }
}

/// The schema of a type, for what is as old as its type and perhaps the server's own.
pub(crate) fn schema_of_a_type(schema: &str) -> Option<ObjectId> {
    (schema != "pg_catalog").then(|| ObjectId::new(KindTag::Schema, [schema]))
}

/// A name with its schema, as the catalog queries write it: `{"schema": …, "name": …}`.
pub(crate) fn relation_id(kind: KindTag, name: &Qualified) -> ObjectId {
    ObjectId::new(kind, [name.schema.raw(), name.name.raw()])
}
