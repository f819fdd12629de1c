//! How edits are applied.

use super::edit::Edit;
use super::model::*;
use super::parts::*;
use super::pick::*;
use super::types::{Meaning, Type};

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
            let stored = table
                .columns
                .iter()
                .filter(|c| c.generated.is_none())
                .count();
            (stored > 1 && !table.is_pinned(gone)).then_some(())?;
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
            column.generated.is_none().then_some(())?;
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
        Edit::LeavePartition { table, part, stays } => {
            leave(model, old?, table, part, stays)?;
        }
        Edit::Partition {
            table,
            column,
            method,
        } => partition(model, old?, table, column, method)?,
        Edit::AddGenerated {
            table,
            name,
            source,
            variant,
        } => {
            let target = of(&model.tables, table)?;
            let name = free_column(target, old, name);
            let source = of(&target.columns, source)?.clone();
            source.generated.is_none().then_some(())?;
            let mut column = computed(model, name, &source, variant);
            column.added = old.is_some();
            of_mut(&mut model.tables, table)?.columns.push(column);
        }
        Edit::AlterGenerated {
            table,
            column,
            variant,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let mut all: Vec<&mut Column> = table
                .columns
                .iter_mut()
                .filter(|c| c.generated.is_some())
                .collect();
            let at = usize::from(column).checked_rem(all.len())?;
            let column = &mut all[at];
            let generated = column.generated.as_mut()?;
            match (variant % 4, generated.variant) {
                // The values stay.
                (3, _) if !column.added => column.generated = None,
                (_, 3) | (3, _) => return None,
                (variant, _) => generated.variant = variant.into(),
            }
        }
        Edit::AddTrigger {
            table,
            name,
            column,
            shape,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let name = fresh(&["stamp", "The Trigger"], name, |name| {
                table.triggers.iter().any(|t| t.name == name)
            });
            let trigger = trigger_on(table, (number, name), column, shape)?;
            table.triggers.push(trigger);
        }
        Edit::AlterTrigger {
            table,
            trigger,
            column,
            shape,
        } => {
            let table = of_mut(&mut model.tables, table)?;
            let was = of(&table.triggers, trigger)?;
            let is = trigger_on(table, (was.number, was.name.clone()), column, shape)?;
            *of_mut(&mut table.triggers, trigger)? = is;
        }
        Edit::DropTrigger { table, trigger } => {
            let table = of_mut(&mut model.tables, table)?;
            let gone = of(&table.triggers, trigger)?.number;
            table.triggers.retain(|t| t.number != gone);
        }
        Edit::Secure { table, level } => {
            of_mut(&mut model.tables, table)?.security = match level % 4 {
                0 | 1 => Security::Enabled,
                2 => Security::Forced,
                _ => Security::Off,
            };
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

/// A partition is dropped, or stays as a table.
fn leave(model: &mut Model, old: &Model, table: Pick, part: Pick, stays: bool) -> Option<()> {
    let partitioned: Vec<Number> = model
        .tables
        .iter()
        .filter(|t| t.partitioning.is_some())
        .map(|t| t.number)
        .collect();
    let chosen = *of(&partitioned, table)?;
    let was = old.table(chosen)?.partitioning.as_ref()?;
    let is_referred = |model: &Model| {
        let mut all = model.tables.iter().flat_map(|t| &t.constraints);
        all.any(|c| matches!(c.rule, Rule::Foreign { table, .. } if table == chosen))
    };
    (!is_referred(model) && !is_referred(old)).then_some(())?;
    let table = model.tables.iter_mut().find(|t| t.number == chosen)?;
    let partitioning = table.partitioning.as_mut()?;
    let kept = partitioning.by == was.by && partitioning.method != Method::Hash;
    (kept && partitioning.parts.len() > 1).then_some(())?;
    let gone = of(&partitioning.parts, part)?.name.clone();
    was.parts.iter().find(|p| p.name == gone)?;
    partitioning.parts.retain(|p| p.name != gone);
    partitioning.gone.push(Gone { part: gone, stays });
    Some(())
}

/// An ordinary table becomes partitioned, or a partitioned one ordinary.
fn partition(
    model: &mut Model,
    old: &Model,
    table: Pick,
    column: Pick,
    method: Pick,
) -> Option<()> {
    let target = of(&model.tables, table)?;
    let was = old.table(target.number)?;
    if target.partitioning.is_some() {
        (method.is_multiple_of(2) && !target.shrinks() && was.partitioning.is_some())
            .then_some(())?;
        of_mut(&mut model.tables, table)?.partitioning = None;
        return Some(());
    }
    was.partitioning.is_none().then_some(())?;
    let identity = |c: &Column| matches!(c.auto, Some(Auto::Always | Auto::ByDefault));
    let fits = |c: &&Column| {
        let before = was.column(c.number);
        c.is_distinct()
            && !c.nulls
            && !c.added
            && !c.tenfold
            && before.is_some_and(|b| b.data_type == c.data_type)
    };
    (!target.columns.iter().any(identity)).then_some(())?;
    let columns: Vec<&Column> = target.columns.iter().filter(fits).collect();
    let by = *of(&columns, column)?;
    let method = match (method % 3, by.meaning, by.data_type) {
        (0, Meaning::Number, t) if t.is_integer() => Method::Range,
        (1, Meaning::Word, t) if t.is_string() => Method::List,
        _ => Method::Hash,
    };
    let number = by.number;
    let partitioning = partitioned(model, number, method, true);
    of_mut(&mut model.tables, table)?.partitioning = Some(partitioning);
    Some(())
}
