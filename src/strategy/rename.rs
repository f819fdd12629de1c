//! Change: a hint says that an object is an old one under a new name.
//!
//! Why not directly: the old name stops working at once, for whoever still uses it.
//! Steps: a column is copied into one of the new name (`replace`). A table gets an updatable view of the new
//! name (expand); the names are exchanged in one short transaction, and the old one is a view then; that view
//! is dropped last (contract). Everything else takes the plain statement, with the hazard `breaks-queries`.
//! Measured: tests/cases/table/renamed…; the exchange holds ACCESS EXCLUSIVE and reads nothing.
//! Undo: the exchange back; the view again.
//! Limits: what a view cannot do stands in the hazard. 14 has no `security_invoker`: a table with row
//! security is renamed plainly there; so are a partition, a foreign table, and one that moves to another schema.
//! Sources: RULES "Table rename by view"; manual, CREATE VIEW, "Updatable Views".

use crate::catalog::{Catalog, Live};
use crate::diff::rename::Rename;
use crate::kinds::{
    Column, Hazard, HazardKind, KindTag, Name, Object, ObjectId, Table, relation_names,
};
use crate::pg::ident::Literal;
use crate::pg::sql::{List, Word};
use crate::pg::{Ident, Qualified, ServerVersion, Sql};
use crate::plan::step::Reversal;
use crate::plan::{Action, Era, Step, Undo};
use crate::sql;
use std::collections::BTreeSet;

/// What is made under the old name of a table comes in the transaction in which the view that stood in for it goes: nobody
/// sees a moment without the name.
pub fn take_over(steps: &mut [Step]) {
    let goes = |step: &Step| step.strategy == "rename" && step.operation == "drop view";
    let freed = steps.iter().enumerate().filter(|(_, step)| goes(step));
    let freed: Vec<(usize, BTreeSet<Name>)> =
        freed.map(|(i, step)| (i, step.frees.clone())).collect();
    for (at, names) in freed {
        let taken = |step: &Step| step.takes.iter().any(|name| names.contains(name));
        let Some(by) = steps.iter().position(taken) else {
            continue;
        };
        let number = steps[by].together.unwrap_or(usize::MAX / 2 - at);
        steps[by].together = Some(number);
        steps[at].together = Some(number);
    }
}

/// The steps of the renames, in their order; they come before whatever uses the new names. `live` is the
/// catalog before them.
pub fn rename_steps(renames: &[Rename], live: &Catalog<Live>) -> Vec<Step> {
    let mut steps = Vec::new();
    for rename in renames {
        match by_view(rename, renames, live) {
            Some(more) => steps.extend(more),
            None => steps.extend(plain(rename, live)),
        }
    }
    steps
}

/// The views that stand in for a table while both names live.
pub fn stand_ins(renames: &[Rename], live: &Catalog<Live>) -> Vec<ObjectId> {
    let by_view = renames.iter().filter(|r| StandIn::of(r, live).is_some());
    by_view
        .flat_map(|r| [view_id(&r.from), view_id(&r.to)])
        .collect()
}

fn plain(rename: &Rename, live: &Catalog<Live>) -> Option<Step> {
    let (there, back) = rename.statements()?;
    let (from, to) = (&rename.from, &rename.to);
    let (operation, title, why) = match &rename.schemas {
        Some((_, schema)) if from.kind == KindTag::Extension => (
            "move extension",
            format!("move {} to schema {schema}", from.human()),
            "the names of everything in it change with it",
        ),
        Some((_, schema)) => (
            "rename",
            format!("move {} to schema {schema}", from.human()),
            "a hint in the schema files, or the setting renames, says so",
        ),
        None => (
            "rename",
            format!("rename {} to {}", from.human(), name_of(to)),
            "a hint in the schema files, or the setting renames, says so",
        ),
    };
    let back = vec![Action::Transaction(vec![back])];
    let action = Action::Transaction(vec![there]);
    // No query names it.
    let silent = matches!(
        from.kind,
        KindTag::Index
            | KindTag::Trigger
            | KindTag::Policy
            | KindTag::Rule
            | KindTag::Statistics
            | KindTag::ForeignDataWrapper
            | KindTag::Subscription
            | KindTag::ForeignServer
            | KindTag::EventTrigger
    );
    let step = match silent {
        true => Step::expand(rename.result(), action, Reversal::Run(back)),
        false => Step::contract(rename.result(), action, Undo::Run(back)),
    };
    let mut step = step.described(operation, title, why);
    if let Some((old, new)) = &rename.schemas {
        let schema = |name: &Ident| ObjectId::new(KindTag::Schema, [name.raw()]);
        step.requires.insert((schema(new), Era::After));
        step.releases.insert((schema(old), Era::Before));
    }
    let hazard = match from.kind {
        KindTag::Publication => Some((
            HazardKind::Replication,
            format!(
                "the subscribers of {} stop until ALTER SUBSCRIPTION … SET PUBLICATION names the new one",
                Ident::new(name_of(from))
            ),
        )),
        _ if silent => None,
        _ => Some((
            HazardKind::BreaksQueries,
            format!("queries that name {} fail from here on", from.human()),
        )),
    };
    step.hazards
        .extend(hazard.map(|(kind, text)| Hazard::declared(kind, text)));
    renamed(&mut step, rename);
    for (id, now) in rename.along(live) {
        step.destroys.insert((id.clone(), Era::Before));
        step.produces.insert((now, Era::Before));
    }
    // The statement renames what follows it along: the columns of partitions.
    let (old, new) = (from.path.last(), to.path.last());
    for follower in live.followers([from]) {
        if let (true, Some(new)) = (follower.path.last() == old, new) {
            let mut path = follower.path.clone();
            path.pop();
            path.push(new.clone());
            let result = ObjectId::new(follower.kind, path);
            step.destroys.insert((follower, Era::Before));
            step.produces.insert((result, Era::Before));
        }
    }
    Some(step)
}

fn name_of(id: &ObjectId) -> &str {
    let name = match id.kind {
        kind if kind.is_routine() => id.path.get(1),
        _ => id.path.last(),
    };
    name.map_or("", String::as_str)
}

fn renamed(step: &mut Step, rename: &Rename) {
    step.strategy = "rename";
    // What is called otherwise inside, or somewhere else, stays what others hang on: nobody has to let go.
    if rename.object() != rename.result() {
        step.destroys.insert((rename.object(), Era::Before));
    }
    step.produces.insert((rename.result(), Era::Before));
    step.renames = true;
}

/// A table whose two names are to live side by side.
struct StandIn<'a> {
    old: Qualified,
    new: Qualified,
    columns: Vec<&'a Column>,
    /// The view looks with the rights of who uses it, as the table does.
    invoker: bool,
}

impl<'a> StandIn<'a> {
    fn of(rename: &Rename, live: &'a Catalog<Live>) -> Option<Self> {
        let Some(Object::Table(table)) = live.get(&rename.from) else {
            return None;
        };
        let invoker = live.version >= ServerVersion::V15;
        let secured = table.row_security || table.force_row_security;
        let moves = rename.schemas.is_some();
        if moves || table.partition_of.is_some() || table.foreign.is_some() || (secured && !invoker)
        {
            return None;
        }
        let mut columns: Vec<&Column> = live
            .objects
            .values()
            .filter_map(|o| match o {
                Object::Column(c) if c.table_id() == rename.from => Some(c),
                _ => None,
            })
            .collect();
        columns.sort_by_key(|c| c.position);
        let new = name(&rename.to)?;
        (!columns.is_empty()).then(|| Self {
            old: Table::qualified(table),
            new,
            columns,
            invoker,
        })
    }

    /// The view `view` over the table `table`, for the same people.
    fn view(&self, view: &Qualified, table: &Qualified) -> Vec<Sql> {
        self.view_after(&[], view, table)
    }

    /// The same once the columns have other names: the view keeps the old ones.
    fn view_after(&self, moved: &[&Rename], view: &Qualified, table: &Qualified) -> Vec<Sql> {
        let option = Word(match self.invoker {
            true => " WITH (security_invoker = true)",
            false => "",
        });
        let columns = self.columns.iter().map(|c| {
            let rename = moved
                .iter()
                .find(|r| r.from.path.last().is_some_and(|n| n == c.name.raw()));
            match rename.and_then(|r| r.to.path.last()) {
                Some(now) => sql!("{} AS {}", Ident::new(now), c.name),
                None => sql!("{}", c.name),
            }
        });
        vec![
            sql!(
                "CREATE VIEW {}{} AS SELECT {} FROM {}",
                view,
                option,
                List::comma(columns),
                table
            ),
            same_rights(view, table, moved),
        ]
    }
}

/// Gives the view the owner and the rights of the table, whatever they are when it runs.
fn same_rights(view: &Qualified, table: &Qualified, moved: &[&Rename]) -> Sql {
    // The names that the view has kept.
    let last = |id: &ObjectId| id.path.last().cloned().unwrap_or_default();
    let kept = moved.iter().map(|rename| {
        let (was, now) = (last(&rename.from), last(&rename.to));
        sql!("WHEN {} THEN {} ", Literal(&now), Literal(&was))
    });
    let kept: Vec<Sql> = kept.collect();
    let column = match kept.is_empty() {
        true => sql!("p.attname"),
        false => sql!(
            "CASE p.attname {}ELSE p.attname END",
            List::separated("", kept)
        ),
    };
    let (v, t) = (view.to_string(), table.to_string());
    let (v, t) = (Literal(&v), Literal(&t));
    sql!(
        "
DECLARE
    command text;
BEGIN
    FOR command IN
        SELECT pg_catalog.format('GRANT %s%s ON %s TO %s%s', a.privilege_type, a.part, {}
                 , CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
                 , CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM (SELECT x.*, '' AS part FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x
                 WHERE c.oid = {}::pg_catalog.regclass AND x.grantee <> c.relowner
                 UNION ALL
                SELECT x.*, pg_catalog.format(' (%I)', n.attname)
                  FROM pg_catalog.pg_attribute p, pg_catalog.aclexplode(p.attacl) x, pg_catalog.pg_attribute n
                 WHERE p.attrelid = {}::pg_catalog.regclass AND NOT p.attisdropped
                   AND n.attrelid = {}::pg_catalog.regclass AND n.attname = {}) a
         WHERE a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        UNION ALL
        SELECT pg_catalog.format('ALTER VIEW %s OWNER TO %s', {}, c.relowner::pg_catalog.regrole)
          FROM pg_catalog.pg_class c, pg_catalog.pg_class o
         WHERE c.oid = {}::pg_catalog.regclass AND o.oid = {}::pg_catalog.regclass AND o.relowner <> c.relowner
    LOOP
        EXECUTE command;
    END LOOP;
END;
",
        v,
        t,
        t,
        v,
        column,
        v,
        t,
        v
    )
    .block()
}

fn name(id: &ObjectId) -> Option<Qualified> {
    match id.path.as_slice() {
        [schema, name] => Some(Qualified::new(schema.as_str(), name.as_str())),
        _ => None,
    }
}

fn view_id(table: &ObjectId) -> ObjectId {
    ObjectId::new(KindTag::View, table.path.iter().cloned())
}

fn by_view(rename: &Rename, all: &[Rename], live: &Catalog<Live>) -> Option<Vec<Step>> {
    let stand_in = StandIn::of(rename, live)?;
    // Columns that another hint renames have their new names when the view of the old name goes.
    let moved: Vec<&Rename> = all
        .iter()
        .filter(|r| r.from.kind == KindTag::Column && r.from.path.starts_with(&rename.to.path))
        .collect();
    let (old, new) = (&stand_in.old, &stand_in.new);
    let (there, back) = rename.statements()?;
    let why = "a hint in the schema files says so; until the old name is dropped, both work";
    let limits = |name: &Qualified| {
        Hazard::declared(
            HazardKind::BreaksQueries,
            format!(
                "{name} is a view: COPY and TRUNCATE of it, GROUP BY its key alone, ON CONFLICT ON \
                 CONSTRAINT, a foreign key to it and pg_get_serial_sequence do not work"
            ),
        )
    };
    let drop = |view: &Qualified| sql!("DROP VIEW {}", view);

    let mut first = Step::expand(
        view_id(&rename.to),
        Action::Transaction(stand_in.view(new, old)),
        Reversal::Run(vec![Action::Transaction(vec![drop(new)])]),
    )
    .described(
        "create view",
        format!(
            "give {} the name {new} as well, by a view",
            rename.from.human()
        ),
        why,
    );
    first.strategy = "rename";
    first.hazards.push(limits(new));
    first.requires.insert((rename.from.clone(), Era::Before));
    first.produces.insert((view_id(&rename.to), Era::Temp(1)));

    let mut forth = vec![drop(new), there];
    forth.extend(stand_in.view(old, new));
    let mut away = vec![drop(old), back];
    away.extend(stand_in.view(new, old));
    let mut swap = Step::contract(
        rename.to.clone(),
        Action::Transaction(forth),
        Undo::Run(vec![Action::Transaction(away)]),
    )
    .described(
        "rename",
        format!(
            "rename {} to {new}; the old name becomes the view",
            rename.from.human()
        ),
        "one short transaction: nobody sees a moment without either name",
    );
    swap.hazards.push(limits(old));
    swap.requires.insert((view_id(&rename.to), Era::Temp(1)));
    swap.produces.insert((view_id(&rename.from), Era::Temp(1)));
    renamed(&mut swap, rename);

    let mut last = Step::contract(
        view_id(&rename.from),
        Action::Transaction(vec![drop(old)]),
        Undo::Run(vec![Action::Transaction(
            stand_in.view_after(&moved, old, new),
        )]),
    )
    .described("drop view", format!("drop the old name {old}"), "");
    last.strategy = "rename";
    last.hazards.push(Hazard::declared(
        HazardKind::BreaksQueries,
        format!("queries that name {old} fail from here on"),
    ));
    last.requires.insert((view_id(&rename.from), Era::Temp(1)));
    last.requires
        .extend(moved.iter().map(|r| (r.to.clone(), Era::Before)));
    // The view hangs on every column: it goes before one is dropped or takes another type.
    let columns = stand_in.columns.iter().map(|c| {
        let mut now = rename.to.clone();
        now.kind = KindTag::Column;
        now.path.push(c.name.raw().to_owned());
        let moved = moved.iter().find(|r| r.from == now);
        (moved.map_or(now, |r| r.to.clone()), Era::Before)
    });
    last.releases.extend(columns);
    last.frees
        .extend(relation_names(&old.schema, &old.name, true));
    Some(vec![first, swap, last])
}
