//! What is done to a model; a schema itself is made by edits on nothing.
//!
//! What an edit is about is picked by small numbers, so that it means something whatever the model
//! looks like; where there is nothing of the kind it does nothing. Shrinking takes edits away and
//! makes the numbers smaller.

use super::model::*;
use super::types::{Meaning, Type};
use proptest::prelude::*;

const TABLES: &[&str] = &[
    "orders",
    "Order Items",
    "user",
    "t",
    "a_table_with_a_name_of_exactly_sixty_three_bytes_as_long_as_can",
    "größen",
    "we\"ird",
];
const COLUMNS: &[&str] = &[
    "n",
    "amount",
    "Name",
    "order",
    "x y",
    "größe",
    "state",
    "a_column_with_a_name_of_exactly_sixty_three_bytes_long_as_can_b",
    "at",
    "qu\"ote",
    "_x",
    "select",
];
const OTHERS: &[&str] = &[
    "a",
    "The Rule",
    "größer",
    "a_rule_or_index_with_a_name_of_exactly_sixty_three_bytes_long_e",
    "b",
    "we\"ird rule",
];
const SCHEMAS: &[&str] = &["public", "Sales Dept"];

type Pick = u8;

#[derive(Clone, Debug)]
pub enum Edit {
    AddTable {
        schema: Pick,
        name: Pick,
        key: Pick,
        method: Pick,
        default: bool,
    },
    DropTable {
        table: Pick,
    },
    RenameTable {
        table: Pick,
        name: Pick,
    },
    AddColumn {
        table: Pick,
        name: Pick,
        of: Pick,
        data_type: Pick,
        fill: Pick,
        required: bool,
    },
    DropColumn {
        table: Pick,
        column: Pick,
    },
    RenameColumn {
        table: Pick,
        column: Pick,
        name: Pick,
    },
    Retype {
        table: Pick,
        column: Pick,
        data_type: Pick,
        tenfold: bool,
        joined: bool,
    },
    Require {
        table: Pick,
        column: Pick,
        from: Pick,
    },
    Release {
        table: Pick,
        column: Pick,
    },
    SetDefault {
        table: Pick,
        column: Pick,
        default: Pick,
    },
    SetAuto {
        table: Pick,
        column: Pick,
        auto: Pick,
    },
    SetPrimary {
        table: Pick,
        columns: [Pick; 2],
        named: Pick,
    },
    AddUnique {
        table: Pick,
        columns: [Pick; 2],
        named: Pick,
        deferrable: bool,
        nulls: bool,
    },
    AddCheck {
        table: Pick,
        column: Pick,
        variant: Pick,
        named: Pick,
    },
    AddForeign {
        table: Pick,
        column: Pick,
        to: Pick,
        action: Pick,
        named: Pick,
    },
    AlterConstraint {
        table: Pick,
        constraint: Pick,
        variant: Pick,
    },
    DropConstraint {
        table: Pick,
        constraint: Pick,
    },
    RenameConstraint {
        table: Pick,
        constraint: Pick,
        name: Pick,
    },
    AddIndex {
        table: Pick,
        keys: [Pick; 2],
        shape: Pick,
        named: Pick,
    },
    AlterIndex {
        table: Pick,
        index: Pick,
        shape: Pick,
    },
    DropIndex {
        table: Pick,
        index: Pick,
    },
    RenameIndex {
        table: Pick,
        index: Pick,
        name: Pick,
    },
    AddLabel {
        number: Pick,
        place: Pick,
    },
    DropLabel {
        number: Pick,
    },
    RenameLabel {
        number: Pick,
        label: Pick,
    },
    ReorderLabels {
        number: Pick,
    },
    AlterDomain {
        check: Pick,
    },
    AddView {
        schema: Pick,
        table: Pick,
        columns: [Pick; 2],
        filter: Pick,
        shape: Pick,
    },
    AlterView {
        view: Pick,
        column: Pick,
    },
    DropView {
        view: Pick,
    },
    AddPartition {
        table: Pick,
    },
    Comment {
        table: Pick,
        column: Pick,
        text: Pick,
    },
}

fn pick() -> std::ops::Range<Pick> {
    0..16
}

fn two() -> impl Strategy<Value = [Pick; 2]> + Clone {
    [pick(), pick()]
}

/// A schema.
pub fn schema() -> impl Strategy<Value = Vec<Edit>> {
    let tables = proptest::collection::vec(add_table(), 1..=3);
    let parts = prop_oneof![
        6 => add_column(),
        1 => add_check(),
        1 => add_unique(),
        1 => set_primary(),
        2 => add_foreign(),
        2 => add_index(),
        1 => add_view(),
        1 => comment(),
    ];
    (tables, proptest::collection::vec(parts, 3..=16)).prop_map(|(mut tables, parts)| {
        tables.extend(parts);
        tables
    })
}

/// Changes of a schema.
pub fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let tables = prop_oneof![
        2 => add_table(),
        1 => pick().prop_map(|table| Edit::DropTable { table }),
        2 => (pick(), pick()).prop_map(|(table, name)| Edit::RenameTable { table, name }),
        2 => pick().prop_map(|table| Edit::AddPartition { table }),
    ];
    let columns = prop_oneof![
        4 => add_column(),
        2 => (pick(), pick()).prop_map(|(table, column)| Edit::DropColumn { table, column }),
        3 => (pick(), pick(), pick())
            .prop_map(|(table, column, name)| Edit::RenameColumn { table, column, name }),
        6 => (pick(), pick(), pick(), proptest::bool::weighted(0.2), any::<bool>()).prop_map(
            |(table, column, data_type, tenfold, joined)| Edit::Retype {
                table, column, data_type, tenfold, joined
            }
        ),
        3 => (pick(), pick(), pick())
            .prop_map(|(table, column, from)| Edit::Require { table, column, from }),
        1 => (pick(), pick()).prop_map(|(table, column)| Edit::Release { table, column }),
        2 => (pick(), pick(), pick())
            .prop_map(|(table, column, default)| Edit::SetDefault { table, column, default }),
        2 => (pick(), pick(), pick())
            .prop_map(|(table, column, auto)| Edit::SetAuto { table, column, auto }),
        1 => comment(),
    ];
    let constraints = prop_oneof![
        2 => set_primary(),
        2 => add_unique(),
        2 => add_check(),
        2 => add_foreign(),
        2 => (pick(), pick(), pick()).prop_map(|(table, constraint, variant)| {
            Edit::AlterConstraint { table, constraint, variant }
        }),
        2 => (pick(), pick())
            .prop_map(|(table, constraint)| Edit::DropConstraint { table, constraint }),
        1 => (pick(), pick(), pick()).prop_map(|(table, constraint, name)| {
            Edit::RenameConstraint { table, constraint, name }
        }),
    ];
    let indexes = prop_oneof![
        3 => add_index(),
        2 => (pick(), pick(), pick())
            .prop_map(|(table, index, shape)| Edit::AlterIndex { table, index, shape }),
        1 => (pick(), pick()).prop_map(|(table, index)| Edit::DropIndex { table, index }),
        1 => (pick(), pick(), pick())
            .prop_map(|(table, index, name)| Edit::RenameIndex { table, index, name }),
    ];
    let others = prop_oneof![
        2 => (pick(), pick()).prop_map(|(number, place)| Edit::AddLabel { number, place }),
        2 => pick().prop_map(|number| Edit::DropLabel { number }),
        1 => (pick(), pick()).prop_map(|(number, label)| Edit::RenameLabel { number, label }),
        1 => pick().prop_map(|number| Edit::ReorderLabels { number }),
        1 => pick().prop_map(|check| Edit::AlterDomain { check }),
        2 => add_view(),
        2 => (pick(), pick()).prop_map(|(view, column)| Edit::AlterView { view, column }),
        1 => pick().prop_map(|view| Edit::DropView { view }),
    ];
    let all = prop_oneof![7 => columns, 3 => constraints, 2 => indexes, 2 => tables, 2 => others];
    proptest::collection::vec(all, 1..=5)
}

fn add_table() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick(), any::<bool>()).prop_map(
        |(schema, name, key, method, default)| Edit::AddTable {
            schema,
            name,
            key,
            method,
            default,
        },
    )
}

fn add_column() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick(), pick(), any::<bool>()).prop_map(
        |(table, name, of, data_type, fill, required)| Edit::AddColumn {
            table,
            name,
            of,
            data_type,
            fill,
            required,
        },
    )
}

fn add_check() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick()).prop_map(|(table, column, variant, named)| Edit::AddCheck {
        table,
        column,
        variant,
        named,
    })
}

fn add_unique() -> impl Strategy<Value = Edit> {
    (
        pick(),
        two(),
        pick(),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.2),
    )
        .prop_map(
            |(table, columns, named, deferrable, nulls)| Edit::AddUnique {
                table,
                columns,
                named,
                deferrable,
                nulls,
            },
        )
}

fn set_primary() -> impl Strategy<Value = Edit> {
    (pick(), two(), pick()).prop_map(|(table, columns, named)| Edit::SetPrimary {
        table,
        columns,
        named,
    })
}

fn add_foreign() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick(), pick()).prop_map(|(table, column, to, action, named)| {
        Edit::AddForeign {
            table,
            column,
            to,
            action,
            named,
        }
    })
}

fn add_index() -> impl Strategy<Value = Edit> {
    (pick(), two(), pick(), pick()).prop_map(|(table, keys, shape, named)| Edit::AddIndex {
        table,
        keys,
        shape,
        named,
    })
}

fn add_view() -> impl Strategy<Value = Edit> {
    (pick(), pick(), two(), pick(), pick()).prop_map(|(schema, table, columns, filter, shape)| {
        Edit::AddView {
            schema,
            table,
            columns,
            filter,
            shape,
        }
    })
}

fn comment() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick()).prop_map(|(table, column, text)| Edit::Comment {
        table,
        column,
        text,
    })
}

fn of<T>(list: &[T], pick: Pick) -> Option<&T> {
    list.get(usize::from(pick).checked_rem(list.len())?)
}

fn of_mut<T>(list: &mut [T], pick: Pick) -> Option<&mut T> {
    let at = usize::from(pick).checked_rem(list.len())?;
    list.get_mut(at)
}

/// A name out of `list`, with a number where it is taken.
fn fresh(list: &[&str], pick: Pick, taken: impl Fn(&str) -> bool) -> String {
    let name = list[usize::from(pick) % list.len()];
    let numbered = (2..).map(|n| {
        let mut end = name.len().min(60);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        format!("{}{n}", &name[..end])
    });
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|n| !taken(n))
        .unwrap_or_default()
}

/// Applies edits one after the other. `old` is the model that the change begins with.
pub fn apply(model: &mut Model, edits: &[Edit], old: Option<&Model>) {
    for edit in edits {
        let mut changed = model.clone();
        if one(&mut changed, edit, old).is_some() {
            changed.repair(old);
            *model = changed;
        }
    }
}

/// A name is free when no relation has it, or had it in the schema that the change begins with.
fn relation(model: &Model, old: Option<&Model>, schema: &str, list: &[&str], pick: Pick) -> String {
    fresh(list, pick, |name| {
        model.has_relation(schema, name) || old.is_some_and(|o| o.has_relation(schema, name))
    })
}

fn one(model: &mut Model, edit: &Edit, old: Option<&Model>) -> Option<()> {
    let number = model.number();
    match *edit {
        Edit::AddTable {
            schema,
            name,
            key,
            method,
            default,
        } => {
            let schema = SCHEMAS[usize::from(schema) % SCHEMAS.len()];
            let name = relation(model, old, schema, TABLES, name);
            add(
                model,
                number,
                schema,
                name,
                (key, method, default),
                old.is_some(),
            );
        }
        Edit::DropTable { table } => {
            let gone = of(&model.tables, table)?.number;
            (model.tables.len() > 1).then_some(())?;
            model.tables.retain(|t| t.number != gone);
        }
        Edit::RenameTable { table, name } => {
            let schema = of(&model.tables, table)?.schema;
            let name = relation(model, old, schema, TABLES, name);
            of_mut(&mut model.tables, table)?.name = name;
        }
        Edit::AddColumn {
            table,
            name,
            of: meaning,
            data_type,
            fill,
            required,
        } => {
            add_a_column(
                model,
                (number, old),
                (table, name),
                meaning,
                data_type,
                (fill, required),
            )?;
        }
        Edit::DropColumn { table, column } => {
            let table = of_mut(&mut model.tables, table)?;
            let gone = of(&table.columns, column)?.number;
            (table.columns.len() > 1 && !table.is_pinned(gone)).then_some(())?;
            table.columns.retain(|c| c.number != gone);
        }
        Edit::RenameColumn {
            table,
            column,
            name,
        } => {
            let free = free_column(of(&model.tables, table)?, old, name);
            of_mut(&mut of_mut(&mut model.tables, table)?.columns, column)?.name = free;
        }
        Edit::Retype {
            table,
            column,
            data_type,
            tenfold,
            joined,
        } => {
            let target = of(&model.tables, table)?;
            let column = of(&target.columns, column)?;
            let to = *of(&column.meaning.types(), data_type)?;
            let columns = match joined {
                true => model.joined(column.number),
                false => [column.number].into(),
            };
            let pinned = model
                .tables
                .iter()
                .any(|t| columns.iter().any(|c| t.is_pinned(*c)));
            (!pinned).then_some(())?;
            for column in model.tables.iter_mut().flat_map(|t| &mut t.columns) {
                if columns.contains(&column.number) {
                    column.data_type = to;
                    column.tenfold = tenfold && !column.added;
                    column.auto = column.auto.filter(|_| to.is_integer());
                }
            }
        }
        Edit::Require {
            table,
            column,
            from,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let others: Vec<Number> = table.columns.iter().map(|c| c.number).collect();
            let column = of_mut(&mut table.columns, column)?;
            column.not_null = true;
            let source = *of(&others, from)?;
            let text = column.meaning == Meaning::Word && column.data_type == Type::Text;
            column.backfill = Some(match text && source != column.number {
                true => Backfill::From(source),
                false => Backfill::Constant,
            });
        }
        Edit::Release { table, column } => {
            of_mut(&mut of_mut(&mut model.tables, table)?.columns, column)?.not_null = false;
        }
        Edit::SetDefault {
            table,
            column,
            default,
        } => {
            let column = of_mut(&mut of_mut(&mut model.tables, table)?.columns, column)?;
            (column.auto.is_none() && !column.added).then_some(())?;
            column.default = match default % 5 {
                0 => None,
                1 => Some(Default::Stable),
                2 => Some(Default::Volatile),
                n => Some(Default::Constant(n.into())),
            };
        }
        Edit::SetAuto {
            table,
            column,
            auto,
        } => {
            let column = of_mut(&mut of_mut(&mut model.tables, table)?.columns, column)?;
            (!column.nulls && !column.added && column.data_type.is_integer()).then_some(())?;
            (column.meaning == Meaning::Number).then_some(())?;
            column.auto = auto_of(auto);
        }
        Edit::SetPrimary {
            table,
            columns,
            named,
        } => {
            let (columns, name) = constraint_on(model, old, table, columns, named)?;
            let table = of_mut(&mut model.tables, table)?;
            let nullable = |c: &Number| table.column(*c).is_none_or(|c| c.nulls && old.is_some());
            (!columns.iter().any(nullable)).then_some(())?;
            table
                .constraints
                .retain(|c| !matches!(c.rule, Rule::Primary(_)));
            table.constraints.push(Constraint {
                number,
                name,
                rule: Rule::Primary(columns),
            });
        }
        Edit::AddUnique {
            table,
            columns,
            named,
            deferrable,
            nulls,
        } => {
            let (columns, name) = constraint_on(model, old, table, columns, named)?;
            let rule = Rule::Unique {
                columns,
                deferrable,
                nulls_not_distinct: nulls,
            };
            let table = of_mut(&mut model.tables, table)?;
            table.constraints.push(Constraint { number, name, rule });
        }
        Edit::AddCheck {
            table,
            column,
            variant,
            named,
        } => {
            let (columns, name) = constraint_on(model, old, table, [column; 2], named)?;
            let rule = Rule::Check {
                column: columns[0],
                variant: variant.into(),
            };
            let table = of_mut(&mut model.tables, table)?;
            table.constraints.push(Constraint { number, name, rule });
        }
        Edit::AddForeign {
            table,
            column,
            to,
            action,
            named,
        } => {
            let (columns, name) = constraint_on(model, old, table, [column; 2], named)?;
            let rule = foreign(model, table, &columns, to, (action, old.is_none()))?;
            let table = of_mut(&mut model.tables, table)?;
            table.constraints.push(Constraint { number, name, rule });
        }
        Edit::AlterConstraint {
            table,
            constraint,
            variant,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            match &mut of_mut(&mut table.constraints, constraint)?.rule {
                Rule::Check { variant: is, .. } => *is = variant.into(),
                Rule::Foreign { action, .. } => *action = variant.into(),
                Rule::Unique { deferrable, .. } => *deferrable = !*deferrable,
                Rule::Primary(columns) => columns.reverse(),
            }
        }
        Edit::DropConstraint { table, constraint } => {
            let table = of_mut(&mut model.tables, table)?;
            let gone = of(&table.constraints, constraint)?.number;
            table.constraints.retain(|c| c.number != gone);
        }
        Edit::RenameConstraint {
            table,
            constraint,
            name,
        } => {
            let schema = of(&model.tables, table)?.schema;
            let free = relation(model, old, schema, OTHERS, name);
            let table = of_mut(&mut model.tables, table)?;
            let constraint = of_mut(&mut table.constraints, constraint)?;
            constraint
                .name
                .is_some()
                .then(|| constraint.name = Some(free))?;
        }
        Edit::AddIndex {
            table,
            keys,
            shape,
            named,
        } => {
            let (keys, name) = constraint_on(model, old, table, keys, named)?;
            let table = of_mut(&mut model.tables, table)?;
            let shape = shape_of(shape, &keys, table);
            table.indexes.push(Index {
                number,
                name,
                keys,
                shape,
            });
        }
        Edit::AlterIndex {
            table,
            index,
            shape,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let keys = of(&table.indexes, index)?.keys.clone();
            let shape = shape_of(shape, &keys, table);
            of_mut(&mut table.indexes, index)?.shape = shape;
        }
        Edit::DropIndex { table, index } => {
            let table = of_mut(&mut model.tables, table)?;
            let gone = of(&table.indexes, index)?.number;
            table.indexes.retain(|i| i.number != gone);
        }
        Edit::RenameIndex { table, index, name } => {
            let schema = of(&model.tables, table)?.schema;
            let free = relation(model, old, schema, OTHERS, name);
            let index = of_mut(&mut of_mut(&mut model.tables, table)?.indexes, index)?;
            index.name.is_some().then(|| index.name = Some(free))?;
        }
        Edit::AddLabel {
            number: of_enum,
            place,
        } => {
            let of_enum = of_mut(&mut model.enums, of_enum)?;
            let text = fresh(&["new", "brand new", "It''s"], place, |name| {
                of_enum.labels.iter().any(|l| l.text == name)
            });
            let spare = of_enum.labels.len() - 3;
            let at = 3 + usize::from(place) % (spare + 1);
            of_enum.labels.insert(at, Label { number, text });
        }
        Edit::DropLabel { number } => {
            let of_enum = of_mut(&mut model.enums, number)?;
            (of_enum.labels.len() > 3).then(|| of_enum.labels.remove(3))?;
        }
        Edit::RenameLabel { number, label } => {
            let of_enum = of_mut(&mut model.enums, number)?;
            let label = of_mut(&mut of_enum.labels, label)?;
            let is_old = old.is_some_and(|o| {
                o.enums
                    .iter()
                    .flat_map(|e| &e.labels)
                    .any(|l| l.number == label.number)
            });
            is_old.then(|| label.text = format!("{}!", label.text))?;
        }
        Edit::ReorderLabels { number } => {
            let of_enum = of_mut(&mut model.enums, number)?;
            of_enum.backwards = !of_enum.backwards;
        }
        Edit::AlterDomain { check } => {
            let check = usize::from(check) % 3;
            match model.positive.contains(&check) {
                true => model.positive.retain(|c| *c != check),
                false => model.positive.push(check),
            }
        }
        Edit::AddView {
            schema,
            table,
            columns,
            filter,
            shape,
        } => {
            let schema = SCHEMAS[usize::from(schema) % SCHEMAS.len()];
            let name = relation(model, old, schema, &["v", "Some View"], filter);
            let table = of(&model.tables, table)?;
            let mut columns: Vec<Number> = columns
                .iter()
                .filter_map(|c| Some(of(&table.columns, *c)?.number))
                .collect();
            columns.dedup();
            let filtered = (filter % 2 == 1)
                .then(|| of(&table.columns, filter))
                .flatten();
            let view = View {
                number,
                schema,
                name,
                table: table.number,
                columns,
                filter: filtered.map(|c| c.number),
                aliased: shape % 2 == 1,
            };
            model.views.push(view);
        }
        Edit::AlterView { view, column } => {
            let tables = model.tables.clone();
            let view = of_mut(&mut model.views, view)?;
            let table = tables.iter().find(|t| t.number == view.table)?;
            let column = of(&table.columns, column)?.number;
            match view.columns.contains(&column) {
                true => view.columns.retain(|c| *c != column),
                false => view.columns.push(column),
            }
        }
        Edit::DropView { view } => {
            let gone = of(&model.views, view)?.number;
            model.views.retain(|v| v.number != gone);
        }
        Edit::AddPartition { table } => {
            let partitioned: Vec<Number> = model
                .tables
                .iter()
                .filter(|t| t.partitioning.is_some())
                .map(|t| t.number)
                .collect();
            let chosen = *of(&partitioned, table)?;
            let schema = model.table(chosen)?.schema;
            let name = relation(model, old, schema, &["part", "Last Part"], table);
            let table = model.tables.iter_mut().find(|t| t.number == chosen)?;
            let partitioning = table.partitioning.as_mut()?;
            (partitioning.method == Method::Range).then_some(())?;
            let last = partitioning.parts.iter().filter_map(|p| p.place).max()?;
            partitioning.parts.push(Part {
                name,
                place: Some(last + 1),
            });
        }
        Edit::Comment {
            table,
            column,
            text,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let text = (text % 4 > 0).then_some(usize::from(text % 4));
            match column {
                0 => table.comment = text,
                _ => of_mut(&mut table.columns, column)?.comment = text,
            }
        }
    }
    Some(())
}

fn auto_of(pick: Pick) -> Option<Auto> {
    match pick % 4 {
        0 => None,
        1 => Some(Auto::Serial),
        2 => Some(Auto::Always),
        _ => Some(Auto::ByDefault),
    }
}

/// A table with a first column, and perhaps a primary key on it or partitions by it.
fn add(
    model: &mut Model,
    number: Number,
    schema: &'static str,
    name: String,
    (key, method, default): (Pick, Pick, bool),
    added: bool,
) {
    let (meaning, data_type, auto) = match key % 6 {
        0 => (Meaning::Number, Type::Int4, None),
        1 => (Meaning::Number, Type::Int4, Some(Auto::Serial)),
        2 => (Meaning::Number, Type::Int8, Some(Auto::Always)),
        3 => (Meaning::Number, Type::Int2, Some(Auto::ByDefault)),
        4 => (Meaning::Uuid, Type::Uuid, None),
        _ => (Meaning::Word, Type::Text, None),
    };
    let method = match method {
        9 | 10 if meaning == Meaning::Number => Some(Method::Range),
        11 if meaning == Meaning::Word => Some(Method::List),
        12 => Some(Method::Hash),
        _ => None,
    };
    let first = Column {
        auto,
        not_null: true,
        added,
        ..bare(model.number(), "id".to_owned(), meaning, data_type)
    };
    let by = first.number;
    let mut table = Table {
        number,
        schema,
        name,
        columns: vec![first],
        constraints: Vec::new(),
        indexes: Vec::new(),
        partitioning: None,
        comment: None,
    };
    if key < 12 {
        let number = model.number();
        table.constraints.push(Constraint {
            number,
            name: None,
            rule: Rule::Primary(vec![by]),
        });
    }
    if let Some(method) = method {
        let places = match method {
            Method::Range => 3,
            Method::List | Method::Hash => 2,
        };
        let mut parts = Vec::new();
        let last = (default && method != Method::Hash) || method == Method::List;
        for place in (0..places).map(Some).chain(last.then_some(None)) {
            let number = model.number();
            let of = place.map_or("rest".to_owned(), |p| p.to_string());
            parts.push(Part {
                name: format!("p{number} {of}"),
                place,
            });
        }
        table.partitioning = Some(Partitioning { by, method, parts });
    }
    model.tables.push(table);
}

fn bare(number: Number, name: String, meaning: Meaning, data_type: Type) -> Column {
    Column {
        number,
        name,
        meaning,
        data_type,
        not_null: false,
        default: None,
        auto: None,
        nulls: false,
        backfill: None,
        added: false,
        tenfold: false,
        comment: None,
    }
}

/// A name that no column of the table has or had.
fn free_column(table: &Table, old: Option<&Model>, pick: Pick) -> String {
    let was = old.and_then(|o| o.table(table.number));
    fresh(COLUMNS, pick, |name| {
        let mut all = table
            .columns
            .iter()
            .chain(was.into_iter().flat_map(|t| &t.columns));
        all.any(|c| c.name == name)
    })
}

fn add_a_column(
    model: &mut Model,
    (number, old): (Number, Option<&Model>),
    (table, name): (Pick, Pick),
    meaning: Pick,
    data_type: Pick,
    (fill, required): (Pick, bool),
) -> Option<()> {
    let table = of_mut(&mut model.tables, table)?;
    let name = free_column(table, old, name);
    let meaning = match meaning {
        0..=3 => Meaning::Number,
        4..=6 => Meaning::Word,
        7 | 8 => Meaning::Label(0),
        9 => Meaning::Label(1),
        10 | 11 => Meaning::Time,
        12 => Meaning::Uuid,
        13 => Meaning::Truth,
        14 if data_type.is_multiple_of(2) => Meaning::Json,
        14 => Meaning::Point,
        _ => Meaning::List,
    };
    let data_type = *of(&meaning.types(), data_type)?;
    let sources: Vec<Number> = table
        .columns
        .iter()
        .filter(|c| !c.added)
        .map(|c| c.number)
        .collect();
    let mut column = Column {
        not_null: required,
        added: old.is_some(),
        nulls: old.is_none() && !required && fill % 2 == 0,
        ..bare(number, name, meaning, data_type)
    };
    match fill {
        4 | 5 => column.default = Some(Default::Constant(fill.into())),
        6 => column.default = Some(Default::Stable),
        7 | 8 => column.default = Some(Default::Volatile),
        9 if meaning == Meaning::Number && data_type.is_integer() => {
            column.auto = auto_of(fill);
            column.nulls = false;
        }
        10 if meaning == Meaning::Number && data_type.is_integer() => {
            column.auto = Some(Auto::Always);
            column.nulls = false;
        }
        11.. if data_type == Type::Text && meaning == Meaning::Word => {
            column.backfill = of(&sources, fill).map(|s| Backfill::From(*s));
        }
        _ => {}
    }
    table.columns.push(column);
    Some(())
}

/// The columns of a constraint or an index, and its name if it has one.
fn constraint_on(
    model: &Model,
    old: Option<&Model>,
    table: Pick,
    columns: [Pick; 2],
    named: Pick,
) -> Option<(Vec<Number>, Option<String>)> {
    let table = of(&model.tables, table)?;
    let mut numbers: Vec<Number> = columns
        .iter()
        .filter_map(|c| Some(of(&table.columns, *c)?.number))
        .collect();
    numbers.dedup();
    let name = (named < 10).then(|| relation(model, old, table.schema, OTHERS, named));
    Some((numbers, name))
}

/// A key in an earlier table, or in any by an edit, that the column can refer to.
fn foreign(
    model: &Model,
    table: Pick,
    columns: &[Number],
    to: Pick,
    (action, earlier): (Pick, bool),
) -> Option<Rule> {
    let at = usize::from(table).checked_rem(model.tables.len())?;
    let column = model.tables[at].column(*columns.first()?)?;
    let last = if earlier { at + 1 } else { model.tables.len() };
    let mut keys = Vec::new();
    for target in &model.tables[..last] {
        for constraint in &target.constraints {
            let (Rule::Primary(key)
            | Rule::Unique {
                columns: key,
                deferrable: false,
                ..
            }) = &constraint.rule
            else {
                continue;
            };
            if let [key] = key.as_slice()
                && *key != column.number
                && target.column(*key).is_some_and(|k| {
                    k.meaning == column.meaning && k.data_type.compares_with(column.data_type)
                })
            {
                keys.push((target.number, *key));
            }
        }
    }
    let (table, key) = *of(&keys, to)?;
    Some(Rule::Foreign {
        columns: vec![column.number],
        table,
        to: vec![key],
        action: action.into(),
    })
}

fn shape_of(pick: Pick, keys: &[Number], table: &Table) -> Shape {
    let plain = Shape::default();
    match pick % 9 {
        1 => Shape {
            unique: true,
            ..plain
        },
        2 => Shape {
            partial: Some(0),
            ..plain
        },
        3 => Shape {
            expression: true,
            ..plain
        },
        4 => {
            let other = table.columns.iter().find(|c| !keys.contains(&c.number));
            Shape {
                include: other.map(|c| c.number),
                ..plain
            }
        }
        5 => Shape {
            descending: true,
            ..plain
        },
        6 => Shape {
            hash: true,
            ..plain
        },
        7 => Shape {
            unique: true,
            partial: Some(1),
            ..plain
        },
        8 => Shape {
            partial: Some(2),
            expression: true,
            ..plain
        },
        _ => plain,
    }
}
