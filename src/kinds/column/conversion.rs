//! How the type of a column becomes another.

use super::Column;
use crate::kinds::{Name, NameSpace, Object, TakeDown};
use crate::pg::Sql;
use crate::pg::sql::{Deparsed, Word};
use crate::sql;

impl Column {
    /// Whether values of `old`'s type become `self`'s by a cast that needs no asking
    /// (`pg_cast.castcontext` in `a`, `i`; any type becomes text; text becomes no other type).
    /// Arrays are cast as their elements are.
    pub fn converts_from(&self, old: &Self) -> bool {
        let (from, to) = (old.family(), self.family());
        match (old.is_array(), self.is_array()) {
            (false, true) => false,
            (true, false) => to == Family::Text,
            (true, true) | (false, false) => {
                from == to || to == Family::Text || (from == Family::Other && to == Family::Other)
            }
        }
    }

    /// Whether `old::type` is likely to be a cast: text is cast to and from everything.
    pub fn casts_from(&self, old: &Self) -> bool {
        let (from, to) = (old.family(), self.family());
        let by_text = from == Family::Text || to == Family::Text;
        let numbers = ["integer", "boolean"].map(str::to_owned);
        let by_number = numbers.contains(&old.data_type) && numbers.contains(&self.data_type);
        self.converts_from(old) || by_number || by_text && old.is_array() == self.is_array()
    }

    /// Whether what values of `old`'s type become as `self`'s hangs on settings of the session ([`hangs_on_settings`]).
    pub fn hangs_on_settings(&self, old: &Self) -> bool {
        hangs_on_settings(old.plain_type(), self.plain_type())
    }

    /// Whether one of both types knows the time zone, and the other takes that of the session.
    pub fn hangs_on_the_time_zone(&self, old: &Self) -> bool {
        let (from, to) = (old.plain_type(), self.plain_type());
        let zoned = |name: &str| name.contains("with time zone");
        zoned(from) != zoned(to)
    }

    fn is_array(&self) -> bool {
        self.plain_type().ends_with("[]")
    }

    /// Of an array, that of its elements.
    fn family(&self) -> Family {
        family(self.plain_type().trim_end_matches("[]"))
    }

    /// The type, or what it is a domain over.
    fn plain_type(&self) -> &str {
        self.base_type.as_ref().unwrap_or(&self.data_type)
    }

    /// The plain statements that give `old` the type of this one.
    pub fn retype(&self, old: &Self) -> Vec<Sql> {
        let mut statements = Vec::new();
        // The old default need not be castable to the new type.
        if old.default().is_some() && old.expression != self.expression {
            statements.push(sql!("{} DROP DEFAULT", old.alter_only()));
        }
        let mut alter = sql!(
            "{} ALTER COLUMN {} TYPE {}",
            self.alter_table(),
            self.name,
            Deparsed(&self.data_type)
        );
        if let Some(collation) = &self.collation {
            alter = sql!("{} COLLATE {}", alter, Deparsed(collation));
        }
        // A foreign table has no values to convert, and takes no USING.
        if !self.converts_from(old) && !self.on_foreign_table {
            let target = Deparsed(&self.data_type);
            alter = if old.family() == Family::Text {
                sql!("{} USING {}::{}", alter, self.name, target)
            } else {
                sql!("{} USING {}::text::{}", alter, self.name, target)
            };
        }
        statements.push(alter);
        if old.expression != self.expression
            && let Some(default) = self.default()
        {
            statements.push(sql!(
                "{} SET DEFAULT {}",
                self.alter_only(),
                Deparsed(default)
            ));
        }
        statements
    }

    /// Lets go of `of`, its type, its collation or something that its default uses, and takes it back.
    pub(super) fn step_aside(&self, of: &Object) -> TakeDown {
        let mut down = Vec::new();
        let mut up = Vec::new();
        if let Some(default) = self.default() {
            down.push(sql!("{} DROP DEFAULT", self.alter_only()));
            up.push(sql!(
                "{} SET DEFAULT {}",
                self.alter_only(),
                Deparsed(default)
            ));
        }
        let mut disturbs = self.has_type(of);
        // One that is inherited goes along with what it follows.
        let inherits = !self.inherited_from.is_empty();
        if disturbs && !inherits {
            let array = self.data_type.ends_with("[]");
            let text = Word(if array { "text[]" } else { "text" });
            let collate = match &self.collation {
                Some(collation) => sql!(" COLLATE {}", Deparsed(collation)),
                None => Sql::constant(""),
            };
            let column = sql!("{} ALTER COLUMN {} TYPE", self.alter_table(), self.name);
            let back = sql!("{} {}{}", column, Deparsed(&self.data_type), collate);
            if self.on_foreign_table {
                down.push(sql!("{} {}", column, text));
                up.insert(0, back);
            } else {
                down.push(sql!("{} {} USING {}::{}", column, text, self.name, text));
                let data_type = Deparsed(&self.data_type);
                let back = sql!("{} USING {}::{}::{}", back, self.name, text, data_type);
                up.insert(0, back);
            }
        }
        if disturbs {
            // With another type it loses these.
            if !self.has_storage_of_type() {
                up.extend(self.set_storage());
            }
            if self.compression.is_some() {
                up.extend(self.set_compression());
            }
        }
        if let (Object::Collation(of), Some(own)) = (of, &self.collation)
            && of.qualified().to_string() == *own
        {
            let column = sql!(
                "{} ALTER COLUMN {} TYPE {} COLLATE",
                self.alter_table(),
                self.name,
                Deparsed(&self.data_type)
            );
            if !inherits {
                down.push(sql!("{} pg_catalog.\"default\"", column));
                up.insert(0, sql!("{} {}", column, Deparsed(own)));
            }
            disturbs = true;
        }
        TakeDown::Around { down, up, disturbs }
    }

    fn has_type(&self, object: &Object) -> bool {
        let own = self.data_type.trim_end_matches("[]");
        let is_own = |of: &Name| {
            let of = of.qualified().to_string();
            own == of
                || own
                    .strip_prefix(&of)
                    .is_some_and(|rest| rest.starts_with('('))
        };
        let names = object.names();
        let mut types = names.iter().filter(|n| n.space == NameSpace::Type);
        types.any(is_own)
    }
}

/// Whether what values of one type become as another hangs on settings of the session
/// ([`conversions_as_here`](crate::pg::session::conversions_as_here)); what is not known does.
pub fn hangs_on_settings(from: &str, to: &str) -> bool {
    const PLAIN: [&str; 16] = [
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "text",
        "character varying",
        "character",
        "name",
        "\"char\"",
        "boolean",
        "uuid",
        "json",
        "jsonb",
        "inet",
        "cidr",
        "bit varying",
    ];
    let [from, to] = [from, to].map(|name| {
        let element = name.trim_end_matches("[]");
        element.split('(').next().unwrap_or(element).trim()
    });
    let plain = |name: &str| PLAIN.contains(&name) || name.ends_with(".citext");
    let number = |name: &str| family(name) == Family::Number && name != "money";
    let known = plain(from) && plain(to) || number(from) && number(to);
    from != to && !known
}

/// Types among which assignment casts exist (pg_cast; manual, "Type Conversion").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Text,
    Number,
    Time,
    Json,
    Network,
    Bits,
    Boolean,
    /// A built-in type of which we do not know better: the server decides.
    Other,
    /// A user's enum or composite; by a hash of the name.
    Own(u64),
}

fn family(data_type: &str) -> Family {
    let base = data_type.split('(').next().unwrap_or(data_type).trim();
    match base {
        // An extension's type whose casts from and to text are assignment casts.
        _ if base.ends_with(".citext") => Family::Text,
        "text" | "character varying" | "character" | "name" | "\"char\"" => Family::Text,
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "money" => {
            Family::Number
        }
        "date"
        | "time"
        | "timestamp"
        | "interval"
        | "timestamp without time zone"
        | "timestamp with time zone"
        | "time without time zone"
        | "time with time zone" => Family::Time,
        "json" | "jsonb" => Family::Json,
        "inet" | "cidr" => Family::Network,
        "bit" | "bit varying" => Family::Bits,
        "boolean" => Family::Boolean,
        // No cast leads from one range type to another.
        _ if base.contains('.') || base.ends_with("range") => {
            use std::hash::{DefaultHasher, Hash, Hasher};
            let mut hasher = DefaultHasher::new();
            base.hash(&mut hasher);
            Family::Own(hasher.finish())
        }
        _ => Family::Other,
    }
}

impl Object {
    /// Whether values of a column still compare, with an operator of an index, with those of the column that it was: a
    /// foreign key between them holds. All else is as it was.
    pub fn compares_with(&self, new: &Self) -> bool {
        let (Self::Column(old), Self::Column(new)) = (self, new) else {
            return true;
        };
        const FAMILIES: [&[&str]; 4] = [
            &["smallint", "integer", "bigint"],
            &["real", "double precision"],
            &["text", "character varying", "name"],
            &[
                "date",
                "timestamp without time zone",
                "timestamp with time zone",
            ],
        ];
        let plain = |column: &Column| {
            let text = column.plain_type();
            text.split('(').next().unwrap_or(text).trim().to_owned()
        };
        let (old, new) = (plain(old), plain(new));
        let both = |family: &&[&str]| family.contains(&&*old) && family.contains(&&*new);
        old == new || FAMILIES.iter().any(both)
    }
}
