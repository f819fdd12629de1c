//! Column types, the values that rows get in them, and the conversions between them.

/// What the values of a column mean; it stays when the type changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Number,
    Word,
    /// A label of an enum of the model, by its number.
    Label(usize),
    Time,
    Uuid,
    Truth,
    Json,
    List,
    Point,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Int2,
    Int4,
    Int8,
    Numeric,
    Numeric12,
    Float8,
    Text,
    /// `text COLLATE "C"`.
    TextC,
    Varchar20,
    Varchar40,
    Char20,
    /// A domain over integer.
    Positive,
    /// A domain over text.
    Named,
    Enum(usize),
    Timestamptz,
    Timestamp,
    Date,
    Uuid,
    Bool,
    Json,
    Jsonb,
    Ints,
    Bigints,
    Texts,
    Point,
}

use Type::*;

/// How the values of one type become those of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The server assigns.
    Assigned,
    /// A cast both ways, in a hint.
    Cast,
    /// Ten times the value, in a hint.
    Tenfold,
}

impl Meaning {
    pub fn types(self) -> Vec<Type> {
        match self {
            Self::Number => vec![
                Int4, Int8, Int2, Numeric, Numeric12, Float8, Text, Varchar20, Positive,
            ],
            Self::Word => vec![Text, Varchar20, Varchar40, TextC, Char20, Named],
            Self::Label(number) => vec![Enum(number), Text, Varchar20],
            Self::Time => vec![Timestamptz, Timestamp, Date, Text],
            Self::Uuid => vec![Uuid, Text],
            Self::Truth => vec![Bool, Int4],
            Self::Json => vec![Jsonb, Json, Text],
            Self::List => vec![Ints, Bigints, Texts],
            Self::Point => vec![Point],
        }
    }

    /// Whether the value of each seeded row is another one.
    pub fn is_distinct(self) -> bool {
        matches!(self, Self::Number | Self::Word | Self::Time | Self::Uuid)
    }

    /// The value of row `i`, to be assigned to a column of `to`.
    pub fn value(self, to: Type, labels: &[String]) -> String {
        match (self, to) {
            (Self::Number, _) if to.is_string() => "i::text".to_owned(),
            (Self::Number, _) => "i".to_owned(),
            (Self::Word, _) => "'w' || i".to_owned(),
            (Self::Label(_), _) => {
                let all: Vec<String> = labels.iter().take(3).map(|l| literal(l)).collect();
                format!("(ARRAY[{}])[1 + i % 3]", all.join(", "))
            }
            (Self::Time, Date) => "date '2024-01-01' + i".to_owned(),
            (Self::Time, Timestamp) => {
                "timestamp '2024-01-01 12:00' + i * interval '1 day'".to_owned()
            }
            (Self::Time, _) => "timestamptz '2024-01-01 12:00Z' + i * interval '1 day'".to_owned(),
            (Self::Uuid, _) => "md5(i::text)::uuid".to_owned(),
            (Self::Truth, Bool) => "i % 2 = 0".to_owned(),
            (Self::Truth, _) => "i % 2".to_owned(),
            (Self::Json, _) => "jsonb_build_object('n', i)".to_owned(),
            (Self::List, _) => "ARRAY[i, i + 1]".to_owned(),
            (Self::Point, _) => "point(i, -i)".to_owned(),
        }
    }

    /// A constant that is a value of some row, too.
    pub fn constant(self, to: Type, variant: usize, labels: &[String]) -> String {
        let n = 1 + variant % 3;
        match self {
            Self::Number if to.is_string() => format!("'{n}'"),
            Self::Number => n.to_string(),
            Self::Word => format!("'w{n}'"),
            Self::Label(_) => literal(labels.get(n - 1).map_or("", String::as_str)),
            Self::Time => format!("'2024-06-0{n}'"),
            Self::Uuid => "'c4ca4238-a0b9-2382-0dcc-509a6f75849b'".to_owned(),
            Self::Truth if to == Bool => "true".to_owned(),
            Self::Truth => "1".to_owned(),
            Self::Json => "'{\"n\": 1}'".to_owned(),
            Self::List => "'{1,2}'".to_owned(),
            Self::Point => "'(1,2)'".to_owned(),
        }
    }

    /// A default that is another value each time; a constant where none is known.
    pub fn volatile(self, to: Type, labels: &[String]) -> String {
        match self {
            Self::Number if to.is_string() => "(1 + floor(random() * 100))::int::text".to_owned(),
            Self::Number => "1 + floor(random() * 100)::int".to_owned(),
            Self::Word => "'w' || left(md5(random()::text), 8)".to_owned(),
            Self::Time => "clock_timestamp()".to_owned(),
            Self::Uuid => "gen_random_uuid()".to_owned(),
            _ => self.constant(to, 0, labels),
        }
    }

    pub fn stable(self, to: Type, labels: &[String]) -> String {
        match self {
            Self::Time => "now()".to_owned(),
            _ => self.constant(to, 1, labels),
        }
    }

    /// A condition on `column` that all values satisfy, NULL among them.
    pub fn condition(self, column: &str, to: Type, variant: usize, labels: &[String]) -> String {
        let of = |list: [&str; 3]| list[variant % 3].replace('@', column);
        if let Self::Label(_) = self {
            let all: Vec<String> = labels.iter().take(3).map(|l| literal(l)).collect();
            return match variant % 3 {
                0 => format!("{column} IN ({})", all.join(", ")),
                _ => format!("{column} = {} OR {column} <> {}", all[0], all[0]),
            };
        }
        match to {
            Int2 | Int4 | Int8 | Numeric | Numeric12 | Float8 | Positive => {
                of(["@ >= 0", "@ < 100000 AND @ <> -1", "@ + 1 > 0"])
            }
            _ if to.is_string() => of(["@ <> ''", "length(@) < 200", "@ NOT IN ('never', 'x')"]),
            Timestamptz | Timestamp | Date => {
                of(["@ > '2000-01-01'", "@ < '2999-01-01'", "@ <> '2000-01-01'"])
            }
            Uuid => of(["@ IS DISTINCT FROM '00000000-0000-0000-0000-000000000000'"; 3]),
            Bool => of([
                "@ OR NOT @",
                "@ IN (true, false)",
                "@ IS TRUE OR @ IS NOT TRUE",
            ]),
            Jsonb => of(["jsonb_typeof(@) = 'object'", "@ ? 'n'", "@ <> '[]'"]),
            Json => of(["json_typeof(@) = 'object'"; 3]),
            Ints | Bigints | Texts => of([
                "cardinality(@) < 9",
                "@ <> '{}'",
                "@[1] IS NOT NULL OR @ IS NULL",
            ]),
            _ => of(["@ IS NULL OR @ IS NOT NULL"; 3]),
        }
    }

    /// An immutable expression over `column` for an index.
    pub fn expression(self, column: &str, to: Type) -> String {
        match to {
            Int2 | Int4 | Int8 | Numeric | Numeric12 | Float8 | Positive => {
                format!("{column} + 1")
            }
            _ if to.is_string() => format!("lower({column})"),
            _ => format!("{column} IS NULL"),
        }
    }
}

impl Type {
    pub fn is_string(self) -> bool {
        matches!(self, Text | TextC | Varchar20 | Varchar40 | Char20 | Named)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Int2 | Int4 | Int8)
    }

    pub fn has_order(self) -> bool {
        !matches!(self, Json | Point)
    }

    /// Whether values of both are equal when they were made of the same row.
    pub fn compares_with(self, other: Self) -> bool {
        self == other || self.is_integer() && other.is_integer()
    }

    pub fn name(self) -> &'static str {
        match self {
            Int2 => "smallint",
            Int4 => "integer",
            Int8 => "bigint",
            Numeric => "numeric",
            Numeric12 => "numeric(12,2)",
            Float8 => "double precision",
            Text | TextC => "text",
            Varchar20 => "varchar(20)",
            Varchar40 => "character varying(40)",
            Char20 => "char(20)",
            Positive => "public.positive",
            Named => "\"Sales Dept\".named",
            Enum(0) => "status",
            Enum(_) => "\"Sales Dept\".\"Mood\"",
            Timestamptz => "timestamptz",
            Timestamp => "timestamp",
            Date => "date",
            Uuid => "uuid",
            Bool => "boolean",
            Json => "json",
            Jsonb => "jsonb",
            Ints => "integer[]",
            Bigints => "bigint[]",
            Texts => "text[]",
            Point => "point",
        }
    }
}

/// How a column of one meaning gets from a type to another.
pub fn conversion(from: Type, to: Type) -> Conversion {
    if from == to || to.is_string() || from.is_string() && to.is_string() {
        return match (from, to) {
            // A domain is assigned values of its own type.
            (Named, _) | (_, Named) if from != Text && to != Text && from != to => Conversion::Cast,
            _ => Conversion::Assigned,
        };
    }
    match (from, to) {
        (Bool, Int4) | (Int4, Bool) | (Ints | Bigints, Texts) | (Texts, _) => Conversion::Cast,
        _ if from.is_string() => Conversion::Cast,
        _ => Conversion::Assigned,
    }
}

pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
