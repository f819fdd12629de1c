//! A schema as data: what old.sql and new.sql are rendered from.
//!
//! Objects have a number that stays through renames and changes, so that two models tell what became
//! of what. After every edit [`Model::repair`] drops what cannot stand any more.

use super::types::{Conversion, Meaning, Type, conversion};
use std::collections::BTreeSet;

pub type Number = usize;

/// Rows a table is seeded with.
pub const ROWS: usize = 40;
/// Width of the range of a partition.
pub const WIDTH: usize = 15;

#[derive(Clone, Debug, Default)]
pub struct Model {
    pub major: u32,
    pub enums: Vec<Enum>,
    /// Which checks the domain over integer has.
    pub positive: Vec<usize>,
    pub tables: Vec<Table>,
    pub views: Vec<View>,
    next: Number,
}

#[derive(Clone, Debug)]
pub struct Enum {
    /// The first three have rows.
    pub labels: Vec<Label>,
    /// The order of the labels, as places in `labels`.
    pub backwards: bool,
}

#[derive(Clone, Debug)]
pub struct Label {
    pub number: Number,
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Table {
    pub number: Number,
    pub schema: &'static str,
    pub name: String,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub indexes: Vec<Index>,
    pub triggers: Vec<Trigger>,
    pub partitioning: Option<Partitioning>,
    pub security: Security,
    pub comment: Option<usize>,
    /// The partition that it was before the change.
    pub was_part: Option<Was>,
}

/// A partition that a table of its own was.
#[derive(Clone, Debug)]
pub struct Was {
    pub of: Number,
    pub part: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    Off,
    Enabled,
    Forced,
}

/// A row trigger with a function of its own.
#[derive(Clone, Debug)]
pub struct Trigger {
    pub number: Number,
    pub name: String,
    /// The column that the function reads and writes.
    pub body: Number,
    /// The column of `UPDATE OF`.
    pub of: Option<Number>,
    pub when: Option<Number>,
    pub after: bool,
}

#[derive(Clone, Debug)]
pub struct Partitioning {
    pub by: Number,
    pub method: Method,
    pub parts: Vec<Part>,
    /// Those that leave with the change.
    pub gone: Vec<Gone>,
}

#[derive(Clone, Debug)]
pub struct Gone {
    pub part: String,
    /// It stays as a table of its own.
    pub stays: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Range,
    List,
    Hash,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub name: String,
    /// Its place; `None` is the default partition.
    pub place: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub number: Number,
    pub name: String,
    pub meaning: Meaning,
    pub data_type: Type,
    pub not_null: bool,
    pub default: Option<Default>,
    pub auto: Option<Auto>,
    /// Every seventh seeded row has NULL.
    pub nulls: bool,
    /// The value of rows without one.
    pub backfill: Option<Backfill>,
    /// It comes with the edits: its rows have what the change gives them.
    pub added: bool,
    /// The values are ten times the seeded ones.
    pub tenfold: bool,
    pub generated: Option<Generated>,
    pub comment: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    pub source: Number,
    pub variant: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    Constant(usize),
    Stable,
    Volatile,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auto {
    Serial,
    Always,
    ByDefault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backfill {
    Constant,
    /// The text of another column.
    From(Number),
}

#[derive(Clone, Debug)]
pub struct Constraint {
    pub number: Number,
    /// `None` leaves the name to the server.
    pub name: Option<String>,
    pub rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Primary(Vec<Number>),
    Unique {
        columns: Vec<Number>,
        deferrable: bool,
        nulls_not_distinct: bool,
    },
    Check {
        column: Number,
        variant: usize,
    },
    Foreign {
        columns: Vec<Number>,
        table: Number,
        to: Vec<Number>,
        action: usize,
    },
}

#[derive(Clone, Debug)]
pub struct Index {
    pub number: Number,
    pub name: Option<String>,
    pub keys: Vec<Number>,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    pub unique: bool,
    pub expression: bool,
    pub partial: Option<usize>,
    pub include: Option<Number>,
    pub descending: bool,
    pub hash: bool,
}

#[derive(Clone, Debug)]
pub struct View {
    pub number: Number,
    pub schema: &'static str,
    pub name: String,
    pub table: Number,
    pub columns: Vec<Number>,
    pub filter: Option<Number>,
    /// The columns have names of their own.
    pub aliased: bool,
}

impl Table {
    pub fn column(&self, number: Number) -> Option<&Column> {
        self.columns.iter().find(|c| c.number == number)
    }

    pub fn primary(&self) -> Option<&[Number]> {
        self.constraints.iter().find_map(|c| match &c.rule {
            Rule::Primary(columns) => Some(columns.as_slice()),
            _ => None,
        })
    }

    /// Whether NULL is refused.
    pub fn requires(&self, column: &Column) -> bool {
        column.not_null
            || column.auto.is_some()
            || self.primary().is_some_and(|k| k.contains(&column.number))
    }

    fn is_key(&self, columns: &[Number]) -> bool {
        let sorted = |list: &[Number]| list.iter().copied().collect::<BTreeSet<_>>();
        self.constraints.iter().any(|c| match &c.rule {
            Rule::Primary(of) => sorted(of) == sorted(columns),
            Rule::Unique {
                columns: of,
                deferrable,
                ..
            } => !deferrable && sorted(of) == sorted(columns),
            _ => false,
        })
    }

    /// Whether a partition leaves with the change.
    pub fn shrinks(&self) -> bool {
        self.partitioning
            .as_ref()
            .is_some_and(|p| !p.gone.is_empty())
    }

    /// Whether the type of the column has to stay.
    pub fn is_pinned(&self, column: Number) -> bool {
        self.partitioning.as_ref().is_some_and(|p| p.by == column)
    }
}

impl Column {
    /// No two rows have the same value.
    pub fn is_distinct(&self) -> bool {
        if self.generated.is_some() {
            return false;
        }
        let seeded = !self.added && self.meaning.is_distinct();
        let own = self.added && self.auto.is_some();
        self.data_type.has_order() && (seeded && self.backfill.is_none() || own)
    }

    /// The values are those of other columns of its meaning, or NULL.
    fn may_refer(&self) -> bool {
        if self.generated.is_some() {
            return false;
        }
        let given = match self.added {
            true => {
                self.auto.is_none()
                    && !matches!(self.default, Some(Default::Volatile))
                    && !matches!(self.backfill, Some(Backfill::From(_)))
            }
            false => true,
        };
        given && self.meaning.is_distinct() && self.meaning != Meaning::Time && !self.tenfold
    }
}

impl Model {
    pub fn new(major: u32) -> Self {
        let mut model = Self {
            major,
            positive: vec![0],
            ..Self::default()
        };
        for texts in [
            ["open", "sent out", "done", "void", "lost"],
            ["calm", "it's", "Cross", "tired", "gone"],
        ] {
            let labels = texts.map(|text| Label {
                number: model.number(),
                text: text.to_owned(),
            });
            model.enums.push(Enum {
                labels: labels.into(),
                backwards: false,
            });
        }
        model
    }

    pub fn number(&mut self) -> Number {
        self.next += 1;
        self.next
    }

    pub fn table(&self, number: Number) -> Option<&Table> {
        self.tables.iter().find(|t| t.number == number)
    }

    /// The labels of an enum that have rows, then the others.
    pub fn labels(&self, meaning: Meaning) -> Vec<String> {
        let Meaning::Label(number) = meaning else {
            return Vec::new();
        };
        self.enums[number]
            .labels
            .iter()
            .map(|l| l.text.clone())
            .collect()
    }

    /// Whether a relation has the name.
    pub fn has_relation(&self, schema: &str, name: &str) -> bool {
        let tables = self.tables.iter().filter(|t| t.schema == schema);
        tables.clone().any(|t| t.name == name)
            || tables.clone().any(|t| {
                let parts = t.partitioning.iter().flat_map(|p| &p.parts);
                let indexes = t.indexes.iter().filter_map(|i| i.name.as_deref());
                let keys = t.constraints.iter().filter_map(|c| c.name.as_deref());
                let mut all = parts.map(|p| p.name.as_str()).chain(indexes).chain(keys);
                all.any(|n| n == name)
            })
            || self
                .views
                .iter()
                .any(|v| v.schema == schema && v.name == name)
    }

    /// The columns that foreign keys join with `column`, itself among them.
    pub fn joined(&self, column: Number) -> BTreeSet<Number> {
        let mut all = BTreeSet::from([column]);
        loop {
            let before = all.len();
            for constraint in self.tables.iter().flat_map(|t| &t.constraints) {
                if let Rule::Foreign { columns, to, .. } = &constraint.rule {
                    for (a, b) in columns.iter().zip(to) {
                        if all.contains(a) || all.contains(b) {
                            all.extend([*a, *b]);
                        }
                    }
                }
            }
            if all.len() == before {
                return all;
            }
        }
    }

    pub fn columns(&self) -> impl Iterator<Item = (&Table, &Column)> {
        self.tables
            .iter()
            .flat_map(|t| t.columns.iter().map(move |c| (t, c)))
    }

    /// Drops what cannot stand any more, until all can.
    pub fn repair(&mut self, old: Option<&Self>) {
        loop {
            let before = format!("{self:?}");
            self.repair_generated();
            self.repair_columns(old);
            for at in 0..self.tables.len() {
                let table = &self.tables[at];
                let stands = |c: &Constraint| self.stands(table, c, old);
                let constraints: Vec<_> = table
                    .constraints
                    .iter()
                    .filter(|c| stands(c))
                    .cloned()
                    .collect();
                let indexes: Vec<_> = table
                    .indexes
                    .iter()
                    .filter(|i| fits(table, i))
                    .cloned()
                    .collect();
                let table = &mut self.tables[at];
                table.constraints = constraints;
                table.indexes = indexes;
                let columns = table.columns.clone();
                let plain = |number: Number| {
                    columns
                        .iter()
                        .any(|c| c.number == number && c.generated.is_none())
                };
                table.triggers.retain_mut(|trigger| {
                    trigger.of = trigger.of.filter(|c| plain(*c));
                    trigger.when = trigger.when.filter(|c| plain(*c));
                    plain(trigger.body)
                });
            }
            let tables = self.tables.clone();
            self.views.retain_mut(|view| {
                let Some(table) = tables.iter().find(|t| t.number == view.table) else {
                    return false;
                };
                view.columns.retain(|c| table.column(*c).is_some());
                view.filter = view.filter.filter(|c| table.column(*c).is_some());
                !view.columns.is_empty()
            });
            if format!("{self:?}") == before {
                return;
            }
        }
    }

    fn repair_generated(&mut self) {
        for table in &mut self.tables {
            let columns = table.columns.clone();
            table.columns.retain_mut(|column| {
                let Some(generated) = column.generated else {
                    return true;
                };
                let source = columns.iter().find(|c| c.number == generated.source);
                column.not_null = false;
                column.auto = None;
                column.default = None;
                column.backfill = None;
                column.tenfold = false;
                column.nulls = true;
                source.is_some_and(|s| s.generated.is_none())
            });
        }
    }

    fn repair_columns(&mut self, old: Option<&Self>) {
        let before = |table: Number, column: Number| old?.table(table)?.column(column);
        for table in &mut self.tables {
            let keys: Vec<Number> = table.primary().unwrap_or_default().to_vec();
            let is_partitioned = table.partitioning.is_some();
            let is_new = old.is_some_and(|o| o.table(table.number).is_none());
            for column in &mut table.columns {
                let required = column.not_null || keys.contains(&column.number);
                if column.auto.is_some()
                    && (!column.data_type.is_integer()
                        || is_partitioned && column.auto != Some(Auto::Serial))
                {
                    column.auto = None;
                }
                if old.is_none() && required && column.generated.is_none() {
                    column.nulls = false;
                }
                if column.auto.is_some() {
                    column.default = None;
                    column.backfill = None;
                    column.not_null = true;
                }
                let was = before(table.number, column.number);
                let empty = match was {
                    Some(was) => was.nulls,
                    None => column.added && column.default.is_none() && !is_new,
                };
                let computed = column.generated.is_some();
                let filled = empty && column.auto.is_none() && required && !computed;
                match filled {
                    true if column.backfill.is_none() => column.backfill = Some(Backfill::Constant),
                    false => column.backfill = None,
                    true => {}
                }
                if let Some(was) = was {
                    // The hint `backfill` does not go with another type.
                    if column.backfill.is_some() || column.auto.is_some() && was.auto.is_none() {
                        column.data_type = was.data_type;
                        column.tenfold = false;
                    }
                    let numeric = is_numeric(was.data_type) && is_numeric(column.data_type);
                    if !numeric || was.data_type == column.data_type {
                        column.tenfold = false;
                    }
                }
            }
        }
    }

    fn stands(&self, table: &Table, constraint: &Constraint, old: Option<&Self>) -> bool {
        let all = |columns: &[Number]| columns.iter().all(|c| table.column(*c).is_some());
        let unique = |columns: &[Number]| {
            let of: Vec<&Column> = columns.iter().filter_map(|c| table.column(*c)).collect();
            let by = table.partitioning.as_ref().map(|p| p.by);
            of.len() == columns.len()
                && !of.is_empty()
                && of.iter().all(|c| c.data_type.has_order())
                && of.iter().any(|c| c.is_distinct())
                && by.is_none_or(|by| columns.contains(&by))
        };
        match &constraint.rule {
            Rule::Primary(columns) => {
                let first = table
                    .constraints
                    .iter()
                    .find(|c| matches!(c.rule, Rule::Primary(_)));
                let computed = |c: &Number| table.column(*c).is_some_and(|c| c.generated.is_some());
                unique(columns)
                    && !columns.iter().any(computed)
                    && first.is_some_and(|f| f.number == constraint.number)
            }
            Rule::Unique {
                columns,
                nulls_not_distinct,
                ..
            } => {
                let nulls = |c: &Number| table.column(*c).is_some_and(|c| c.nulls || c.added);
                unique(columns)
                    && (!nulls_not_distinct || self.major >= 15 && !columns.iter().any(nulls))
            }
            Rule::Check { column, .. } => all(&[*column]),
            Rule::Foreign {
                columns,
                table: target,
                to,
                ..
            } => {
                let Some(target) = self.table(*target) else {
                    return false;
                };
                let joins = columns.iter().zip(to).all(|(from, to)| {
                    match (table.column(*from), target.column(*to)) {
                        (Some(from), Some(to)) => {
                            from.meaning == to.meaning
                                && from.may_refer()
                                && to.may_refer()
                                && !to.added
                                && from.data_type.compares_with(to.data_type)
                                && self.alike_before((table, from), (target, to), old)
                        }
                        _ => false,
                    }
                });
                let seeded = old.is_none_or(|o| o.table(target.number).is_some());
                joins
                    && seeded
                    && !target.shrinks()
                    && target.is_key(to)
                    && columns.len() == to.len()
            }
        }
    }

    /// The values are equal only if the conversions began alike.
    fn alike_before(
        &self,
        from: (&Table, &Column),
        to: (&Table, &Column),
        old: Option<&Self>,
    ) -> bool {
        let Some(old) = old else {
            return true;
        };
        let was = |(table, column): (&Table, &Column)| {
            let column = old.table(table.number)?.column(column.number)?;
            Some(column.data_type)
        };
        match (was(from), was(to)) {
            (Some(a), Some(b)) => a.compares_with(b),
            (None, Some(b)) => b.compares_with(to.1.data_type),
            _ => true,
        }
    }

    /// Undoes what does not go with another edit.
    pub fn settle(&mut self, old: &Self) {
        // A conversion between text and enum and a new name of a label: which one does it see?
        for number in 0..self.enums.len() {
            let meaning = Meaning::Label(number);
            let retyped = self.columns().any(|(table, column)| {
                let was = old
                    .table(table.number)
                    .and_then(|t| t.column(column.number));
                column.meaning == meaning && was.is_some_and(|w| w.data_type != column.data_type)
            });
            if retyped {
                self.enums[number] = old.enums[number].clone();
            }
        }
        self.release(old);
        self.repair(Some(old));
    }

    /// Makes tables of the partitions that stay without their parent.
    fn release(&mut self, old: &Self) {
        let mut made = Vec::new();
        for table in &self.tables {
            let Some(was) = old.table(table.number) else {
                continue;
            };
            let gone = table.partitioning.iter().flat_map(|p| &p.gone);
            for gone in gone.filter(|g| g.stays) {
                let mut own = was.clone();
                own.name.clone_from(&gone.part);
                own.was_part = Some(Was {
                    of: was.number,
                    part: gone.part.clone(),
                });
                own.partitioning = None;
                own.triggers.clear();
                own.security = Security::Off;
                own.comment = None;
                made.push(own);
            }
        }
        for mut table in made {
            table.number = self.number();
            for column in &mut table.columns {
                column.auto = None;
                column.default = None;
                column.comment = None;
            }
            for constraint in &mut table.constraints {
                constraint.number = self.number();
                // The index of a key has the name for the server to choose.
                if matches!(constraint.rule, Rule::Primary(_) | Rule::Unique { .. }) {
                    constraint.name = None;
                }
            }
            for index in &mut table.indexes {
                index.number = self.number();
                index.name = None;
            }
            self.tables.push(table);
        }
    }
}

fn is_numeric(data_type: Type) -> bool {
    data_type.is_integer() || matches!(data_type, Type::Numeric | Type::Numeric12 | Type::Float8)
}

fn fits(table: &Table, index: &Index) -> bool {
    let by = table.partitioning.as_ref().map(|p| p.by);
    let shape = &index.shape;
    let keys: Vec<&Column> = index.keys.iter().filter_map(|k| table.column(*k)).collect();
    let unique = keys.iter().any(|c| c.is_distinct())
        && !shape.expression
        && by.is_none_or(|by| index.keys.contains(&by));
    keys.len() == index.keys.len()
        && !keys.is_empty()
        && keys
            .iter()
            .enumerate()
            .all(|(at, c)| c.data_type.has_order() || shape.expression && at == 0)
        && (!shape.unique || unique)
        && shape
            .include
            .is_none_or(|c| table.column(c).is_some() && !index.keys.contains(&c))
        && shape.partial.is_none_or(|_| keys[0].data_type.has_order())
        && !(shape.hash
            && (shape.unique || keys.len() > 1 || shape.include.is_some() || shape.descending))
}

/// How a column that was there gets to its type.
pub fn conversion_of(was: &Column, is: &Column) -> Conversion {
    match is.tenfold {
        true => Conversion::Tenfold,
        false => conversion(was.data_type, is.data_type),
    }
}
