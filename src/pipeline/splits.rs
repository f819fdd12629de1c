//! What `split` and `merge` hints ask for, checked against both catalogs.

use super::PipelineError;
use crate::catalog::{Catalog, Desired, Live};
use crate::diff::Split;
use crate::diff::split::{Direction, KeyPair};
use crate::kinds::{Column, ConstraintType, KindTag, Object, ObjectId, Table};
use crate::pg::{Ident, Qualified};
use crate::source::hints::{Hint, HintTarget};
use crate::source::reader::Reader;
use crate::source::{Moved, Place};
use crate::strategy::Refusal;

/// One hint.
pub(super) struct Asked {
    place: Place,
    direction: Direction,
    wide: Qualified,
    narrow: Qualified,
    columns: Vec<Ident>,
    on: String,
}

impl Asked {
    pub(super) fn of(hint: &Hint, moved: &Moved, direction: Direction) -> Option<Self> {
        let HintTarget::Object { name, .. } = &hint.target else {
            return None;
        };
        let ([schema, table], [from_schema, from_table]) = (name.as_slice(), moved.from.as_slice())
        else {
            return None;
        };
        let target = Qualified::new(schema.as_str(), table.as_str());
        let from = Qualified::new(from_schema.as_str(), from_table.as_str());
        let (wide, narrow) = match direction {
            Direction::Split => (from, target),
            Direction::Merge => (target, from),
        };
        Some(Self {
            place: hint.place.clone(),
            direction,
            wide,
            narrow,
            columns: moved.columns.iter().map(Ident::new).collect(),
            on: moved.on.clone(),
        })
    }

    fn verb(&self) -> &'static str {
        match self.direction {
            Direction::Split => "split",
            Direction::Merge => "merge",
        }
    }

    fn refusal(&self, object: ObjectId, why: String, help: String) -> Refusal {
        Refusal {
            object,
            why: format!("{} (the hint `{}` at {})", why, self.verb(), self.place),
            help,
        }
    }
}

/// The splits and merges to plan, and what is to be said of the other hints.
///
/// # Errors
/// [`PipelineError::Refused`] for a hint that cannot be followed as it stands.
pub(super) fn find(
    asked: &[Asked],
    live: &Catalog<Live>,
    desired: &Catalog<Desired>,
) -> Result<(Vec<Split>, Vec<String>), PipelineError> {
    let (mut found, mut notices, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for asked in asked {
        let sides = Sides {
            asked,
            live,
            desired,
        };
        match sides.state() {
            Ok(None) => match sides.split() {
                Ok(split) => found.push(split),
                Err(refusal) => refused.push(refusal),
            },
            Ok(Some(why)) => notices.push(format!(
                "{}: nothing to {}: {why}",
                asked.place,
                asked.verb()
            )),
            Err(refusal) => refused.push(refusal),
        }
    }
    if refused.is_empty() {
        Ok((found, notices))
    } else {
        Err(PipelineError::Refused(refused))
    }
}

fn table_id(table: &Qualified) -> ObjectId {
    ObjectId::new(KindTag::Table, [table.schema.raw(), table.name.raw()])
}

fn column_id(table: &Qualified, column: &Ident) -> ObjectId {
    let path = [table.schema.raw(), table.name.raw(), column.raw()];
    ObjectId::new(KindTag::Column, path)
}

fn has<S>(catalog: &Catalog<S>, id: &ObjectId) -> bool {
    catalog.objects.contains_key(id)
}

fn column<'a, S>(catalog: &'a Catalog<S>, table: &Qualified, column: &Ident) -> Option<&'a Column> {
    match catalog.get(&column_id(table, column)) {
        Some(Object::Column(c)) => Some(c),
        _ => None,
    }
}

/// How many of the columns `table` has.
#[derive(PartialEq)]
enum Share {
    All,
    Some,
    None,
}

fn share<S>(catalog: &Catalog<S>, table: &Qualified, columns: &[Ident]) -> Share {
    let there = columns
        .iter()
        .filter(|c| column(catalog, table, c).is_some());
    match there.count() {
        0 => Share::None,
        n if n == columns.len() => Share::All,
        _ => Share::Some,
    }
}

struct Sides<'a> {
    asked: &'a Asked,
    live: &'a Catalog<Live>,
    desired: &'a Catalog<Desired>,
}

impl<'a> Sides<'a> {
    /// Why there is nothing to do, if so.
    fn state(&self) -> Result<Option<String>, Refusal> {
        let Asked {
            wide,
            narrow,
            columns,
            ..
        } = self.asked;
        let (wide_id, narrow_id) = (table_id(wide), table_id(narrow));
        let refuse = |object: ObjectId, why: String, help: &str| {
            Err(self.asked.refusal(object, why, help.to_owned()))
        };
        let names = || -> String {
            let names: Vec<String> = columns.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        let live_wide = share(self.live, wide, columns);
        match self.asked.direction {
            Direction::Split => {
                if !has(self.live, &wide_id) {
                    return Ok(Some(format!("live has no {}", wide_id.human())));
                }
                if live_wide == Share::None {
                    let done = has(self.live, &narrow_id);
                    return Ok(Some(if done {
                        "it is done".to_owned()
                    } else {
                        format!("{} has no column {} in live", wide_id.human(), names())
                    }));
                }
                match share(self.desired, wide, columns) {
                    Share::All => {
                        return Ok(Some(format!("{} keeps its columns", wide_id.human())));
                    }
                    Share::Some => {
                        return refuse(
                            wide_id,
                            format!("the schema files keep some of {} in it", names()),
                            "name only the columns that move, or remove them all from the table",
                        );
                    }
                    Share::None => {}
                }
                if has(self.live, &narrow_id) {
                    return refuse(
                        narrow_id,
                        "it is there already, and only a new table is filled".to_owned(),
                        "fill it by hand and remove the hint",
                    );
                }
                if live_wide == Share::Some || share(self.desired, narrow, columns) != Share::All {
                    return refuse(
                        narrow_id,
                        format!("not all of {} are in both tables", names()),
                        "name the columns that leave the old table and stand in the new one",
                    );
                }
            }
            Direction::Merge => {
                if !has(self.live, &narrow_id) {
                    let done = live_wide == Share::All;
                    return Ok(Some(if done {
                        "it is done".to_owned()
                    } else {
                        format!("live has no {}", narrow_id.human())
                    }));
                }
                if has(self.desired, &narrow_id) {
                    return Ok(Some(format!("{} stays", narrow_id.human())));
                }
                if !has(self.live, &wide_id) {
                    return Ok(Some(format!("live has no {}", wide_id.human())));
                }
                if live_wide != Share::None {
                    return refuse(
                        wide_id,
                        format!(
                            "some of {} are in it already, and only new columns are filled",
                            names()
                        ),
                        "fill them by hand and remove the hint",
                    );
                }
                if share(self.live, narrow, columns) != Share::All
                    || share(self.desired, wide, columns) != Share::All
                {
                    return refuse(
                        narrow_id,
                        format!("not all of {} are in both tables", names()),
                        "name columns of the table that goes which stand in the one that stays",
                    );
                }
            }
        }
        Ok(None)
    }

    /// The wide column and the narrow one.
    fn pair(&self, name: &Ident) -> (Option<&'a Column>, Option<&'a Column>) {
        let Asked { wide, narrow, .. } = self.asked;
        match self.asked.direction {
            Direction::Split => (
                column(self.live, wide, name),
                column(self.desired, narrow, name),
            ),
            Direction::Merge => (
                column(self.desired, wide, name),
                column(self.live, narrow, name),
            ),
        }
    }

    fn narrow_objects(&self) -> Box<dyn Iterator<Item = &'a Object> + 'a> {
        match self.asked.direction {
            Direction::Split => Box::new(self.desired.objects.values()),
            Direction::Merge => Box::new(self.live.objects.values()),
        }
    }

    fn split(&self) -> Result<Split, Refusal> {
        let asked = self.asked;
        let (wide_id, narrow_id) = (table_id(&asked.wide), table_id(&asked.narrow));
        for id in [&wide_id, &narrow_id] {
            self.plain_table(id)?;
        }
        for name in &asked.columns {
            let (Some(wide), Some(narrow)) = self.pair(name) else {
                continue;
            };
            let id = column_id(&asked.narrow, name);
            if wide.data_type != narrow.data_type {
                return Err(asked.refusal(
                    id,
                    format!(
                        "it is {} here and {} in {}",
                        narrow.data_type, wide.data_type, asked.wide
                    ),
                    "move it with its type, and change the type in a plan of its own".to_owned(),
                ));
            }
            if wide.generated.is_some() || narrow.generated.is_some() {
                return Err(asked.refusal(
                    id,
                    "it is generated: nothing can be written to it".to_owned(),
                    "leave it out of the hint: it is computed where it is declared".to_owned(),
                ));
            }
        }
        let key = self.key()?;
        let narrow_key: Vec<&Ident> = key.iter().map(|k| &k.narrow).collect();
        let wide_key: Vec<&Ident> = key.iter().map(|k| &k.wide).collect();
        self.unique(&asked.narrow, &narrow_key, self.narrow_objects())?;
        self.unique(&asked.wide, &wide_key, self.live.objects.values())?;
        for object in self.narrow_objects() {
            let Object::Column(c) = object else { continue };
            let filled = asked.columns.contains(&c.name) || narrow_key.contains(&&c.name);
            let optional = c.not_null.is_none()
                || c.expression.is_some()
                || c.identity.is_some()
                || c.generated.is_some();
            if c.table_name() == asked.narrow && !filled && !optional {
                return Err(asked.refusal(
                    column_id(&asked.narrow, &c.name),
                    format!(
                        "it is NOT NULL without a default: a row of {} has no value for it",
                        asked.wide
                    ),
                    "give it a default, or add its NOT NULL in a later plan".to_owned(),
                ));
            }
        }
        Ok(Split {
            direction: asked.direction,
            wide: wide_id,
            narrow: narrow_id,
            columns: asked.columns.clone(),
            key,
        })
    }

    /// Row triggers see all of its rows, and may write them.
    fn plain_table(&self, id: &ObjectId) -> Result<(), Refusal> {
        let sides = [self.live.get(id), self.desired.get(id)];
        for object in sides.into_iter().flatten() {
            let Object::Table(table) = object else {
                continue;
            };
            let problem = self.problem_of(table);
            if let Some((why, help)) = problem {
                return Err(self
                    .asked
                    .refusal(id.clone(), why.to_owned(), help.to_owned()));
            }
        }
        Ok(())
    }

    fn problem_of(&self, table: &Table) -> Option<(&'static str, &'static str)> {
        let name = table.qualified();
        let has_heirs = self
            .live
            .objects
            .values()
            .any(|o| matches!(o, Object::Table(t) if t.inherits.contains(&name)));
        if table.force_row_security {
            return Some((
                "row-level security is forced on it: its policies would judge what keeps both \
                 tables alike",
                "ALTER TABLE … NO FORCE ROW LEVEL SECURITY until the columns have moved",
            ));
        }
        // A row that moves to another partition is deleted and inserted to a row trigger.
        let partitioned = table.partition_key.is_some() || table.partition_of.is_some();
        (partitioned || has_heirs || !table.inherits.is_empty()).then_some((
            "it is partitioned or inherits, and its triggers do not see a row as one",
            "move the columns by hand, and remove the hint",
        ))
    }

    fn unique(
        &self,
        table: &Qualified,
        key: &[&Ident],
        objects: impl Iterator<Item = &'a Object>,
    ) -> Result<(), Refusal> {
        let mut objects = objects;
        let unique = objects.any(|object| match object {
            Object::Constraint(c) => {
                matches!(
                    c.constraint_type,
                    ConstraintType::PrimaryKey | ConstraintType::Unique
                ) && c.table_name() == *table
                    && !c.deferrable
                    && c.columns.len() == key.len()
                    && c.columns.iter().all(|column| key.contains(&column))
            }
            _ => false,
        });
        if unique {
            return Ok(());
        }
        let names: Vec<String> = key.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        Err(self.asked.refusal(
            table_id(table),
            format!("{names} is not unique in it: a row would have more than one counterpart"),
            format!("add PRIMARY KEY ({names}) or UNIQUE ({names}), not deferrable, to {table}"),
        ))
    }

    /// The join: `a.x = b.y AND …`.
    fn key(&self) -> Result<Vec<KeyPair>, Refusal> {
        let asked = self.asked;
        let no_join = || {
            asked.refusal(
                table_id(&asked.narrow),
                format!(
                    "`{}` is no conjunction of equal columns of both tables",
                    asked.on
                ),
                format!(
                    "write it as {}.COLUMN = {}.COLUMN, more of them joined by AND",
                    asked.narrow.name, asked.wide.name
                ),
            )
        };
        let equalities = equalities(&asked.on).ok_or_else(no_join)?;
        let mut key = Vec::new();
        for (a, b) in equalities {
            let wide = self.side(&a, &asked.wide, &b, &asked.narrow);
            let (w, n) = match wide {
                true => (a, b),
                false if self.side(&b, &asked.wide, &a, &asked.narrow) => (b, a),
                false => return Err(no_join()),
            };
            let last = |path: &[String]| Ident::new(path.last().map_or("", String::as_str));
            let (w, n) = (last(&w), last(&n));
            let (Some(wide), Some(narrow)) = (column(self.live, &asked.wide, &w), self.pair(&n).1)
            else {
                return Err(no_join());
            };
            if wide.data_type != narrow.data_type || asked.columns.contains(&n) {
                return Err(no_join());
            }
            key.push(KeyPair {
                operators: operators(self.live, wide),
                data_type: wide.data_type.clone(),
                wide: w,
                narrow: n,
            });
        }
        Ok(key)
    }

    /// Whether `a` is a column of `table` and `b` one of `other`.
    fn side(&self, a: &[String], table: &Qualified, b: &[String], other: &Qualified) -> bool {
        names(a, table) && names(b, other)
    }
}

/// The schema of the `=` that the index of the column uses.
pub(super) fn operators<S>(catalog: &Catalog<S>, column: &Column) -> Ident {
    let builtin = Ident::new("pg_catalog");
    let mut reader = Reader::new(&column.data_type);
    let path = reader.name().unwrap_or_default();
    let [schema, name] = path.as_slice() else {
        return builtin;
    };
    let named = Qualified::new(schema.as_str(), name.as_str());
    let mut types = catalog.objects.values().filter(|o| o.tag().is_type());
    let ours = types.any(|o| o.names().iter().any(|n| n.qualified() == named));
    if ours {
        builtin
    } else {
        Ident::new(schema.as_str())
    }
}

/// Whether `path` is a column of `table`, by its table's name.
fn names(path: &[String], table: &Qualified) -> bool {
    match path {
        [name, _] => name == table.name.raw(),
        [schema, name, _] => schema == table.schema.raw() && name == table.name.raw(),
        _ => false,
    }
}

/// The paths of the columns on both sides of each `=`; `None` for anything else.
fn equalities(on: &str) -> Option<Vec<(Vec<String>, Vec<String>)>> {
    let mut reader = Reader::new(on);
    if let Some(inner) = reader.parenthesized() {
        if reader.is_done() {
            return equalities(on.get(inner)?);
        }
        reader = Reader::new(on);
    }
    let mut found = Vec::new();
    loop {
        let mut inside = reader.clone();
        if let Some(inner) = inside.parenthesized() {
            found.extend(equalities(on.get(inner)?)?);
            reader = inside;
        } else {
            let left = reader.name()?;
            if !reader.eat(&["="]) {
                return None;
            }
            found.push((left, reader.name()?));
        }
        if reader.is_done() {
            return Some(found);
        }
        if !reader.eat(&["and"]) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::equalities;

    fn read(on: &str) -> Option<Vec<String>> {
        let pairs = equalities(on)?;
        Some(
            pairs
                .into_iter()
                .map(|(a, b)| format!("{}={}", a.join("."), b.join(".")))
                .collect(),
        )
    }

    #[test]
    fn a_join_is_a_conjunction_of_equal_columns() {
        assert_eq!(read("a.x = b.y").unwrap(), ["a.x=b.y"]);
        assert_eq!(
            read("(s.a.x = b.\"Y\" AND (a.z=b.z))").unwrap(),
            ["s.a.x=b.Y", "a.z=b.z"]
        );
        for other in [
            "a.x < b.y",
            "a.x = b.y or a.z = b.z",
            "a.x = 1",
            "a.x = b.y and",
            "true",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
