//! What the small numbers of an edit pick: names, and members of lists.

use super::model::{Model, Table};

pub const TABLES: &[&str] = &[
    "orders",
    "Order Items",
    "user",
    "t",
    "a_table_with_a_name_of_exactly_sixty_three_bytes_as_long_as_can",
    "größen",
    "we\"ird",
];
pub const COLUMNS: &[&str] = &[
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
pub const OTHERS: &[&str] = &[
    "a",
    "The Rule",
    "größer",
    "a_rule_or_index_with_a_name_of_exactly_sixty_three_bytes_long_e",
    "b",
    "we\"ird rule",
];
pub const SCHEMAS: &[&str] = &["public", "Sales Dept"];

pub type Pick = u8;

pub fn of<T>(list: &[T], pick: Pick) -> Option<&T> {
    list.get(usize::from(pick).checked_rem(list.len())?)
}

pub fn of_mut<T>(list: &mut [T], pick: Pick) -> Option<&mut T> {
    let at = usize::from(pick).checked_rem(list.len())?;
    list.get_mut(at)
}

/// A name out of `list`, with a number where it is taken.
pub fn fresh(list: &[&str], pick: Pick, taken: impl Fn(&str) -> bool) -> String {
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

/// A name is free when no relation has it, or had it in the schema that the change begins with.
pub fn relation(
    model: &Model,
    old: Option<&Model>,
    schema: &str,
    list: &[&str],
    pick: Pick,
) -> String {
    fresh(list, pick, |name| {
        model.has_relation(schema, name) || old.is_some_and(|o| o.has_relation(schema, name))
    })
}

/// A name that no column of the table has or had.
pub fn free_column(table: &Table, old: Option<&Model>, pick: Pick) -> String {
    let was = old.and_then(|o| o.table(table.number));
    fresh(COLUMNS, pick, |name| {
        let mut all = table
            .columns
            .iter()
            .chain(was.into_iter().flat_map(|t| &t.columns));
        all.any(|c| c.name == name)
    })
}
