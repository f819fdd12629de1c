//! What is done to a model, and how often; a schema itself is made by edits on nothing.
//!
//! What an edit is about is picked by small numbers, so that it means something whatever the model
//! looks like; where there is nothing of the kind it does nothing. Shrinking takes edits away and
//! makes the numbers smaller.

use super::pick::Pick;
use proptest::prelude::*;

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
    LeavePartition {
        table: Pick,
        part: Pick,
        stays: bool,
    },
    Partition {
        table: Pick,
        column: Pick,
        method: Pick,
    },
    AddGenerated {
        table: Pick,
        name: Pick,
        source: Pick,
        variant: Pick,
    },
    AlterGenerated {
        table: Pick,
        column: Pick,
        variant: Pick,
    },
    AddTrigger {
        table: Pick,
        name: Pick,
        column: Pick,
        shape: Pick,
    },
    AlterTrigger {
        table: Pick,
        trigger: Pick,
        column: Pick,
        shape: Pick,
    },
    DropTrigger {
        table: Pick,
        trigger: Pick,
    },
    Secure {
        table: Pick,
        level: Pick,
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
        1 => add_generated(),
        2 => add_trigger(),
        1 => secure(),
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
        2 => (pick(), pick(), any::<bool>())
            .prop_map(|(table, part, stays)| Edit::LeavePartition { table, part, stays }),
        1 => (pick(), pick(), pick())
            .prop_map(|(table, column, method)| Edit::Partition { table, column, method }),
        1 => secure(),
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
        1 => add_generated(),
        1 => (pick(), pick(), pick()).prop_map(|(table, column, variant)| {
            Edit::AlterGenerated { table, column, variant }
        }),
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
        2 => add_trigger(),
        2 => (pick(), pick(), pick(), pick()).prop_map(|(table, trigger, column, shape)| {
            Edit::AlterTrigger { table, trigger, column, shape }
        }),
        1 => (pick(), pick()).prop_map(|(table, trigger)| Edit::DropTrigger { table, trigger }),
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

fn add_generated() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick()).prop_map(|(table, name, source, variant)| Edit::AddGenerated {
        table,
        name,
        source,
        variant,
    })
}

fn add_trigger() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick(), pick()).prop_map(|(table, name, column, shape)| Edit::AddTrigger {
        table,
        name,
        column,
        shape,
    })
}

fn secure() -> impl Strategy<Value = Edit> {
    (pick(), pick()).prop_map(|(table, level)| Edit::Secure { table, level })
}

fn comment() -> impl Strategy<Value = Edit> {
    (pick(), pick(), pick()).prop_map(|(table, column, text)| Edit::Comment {
        table,
        column,
        text,
    })
}
