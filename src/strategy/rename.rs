//! Change: a hint says that an object is an old one under a new name.
//!
//! Why not directly: the old name stops working at once. For now the plain statement with that
//! hazard.
//! Steps: one. Undo: the rename back.

use crate::diff::rename::Rename;
use crate::kinds::{Hazard, HazardKind, KindTag, ObjectId};
use crate::pg::Ident;
use crate::plan::{Action, Era, Step, Undo};

/// The steps of the renames, in their order; they come before whatever uses the new names.
pub fn rename_steps(renames: &[Rename]) -> Vec<Step> {
    let mut steps = Vec::new();
    for rename in renames {
        let Some((there, back)) = rename.statements() else {
            continue;
        };
        let (from, to) = (&rename.from, &rename.to);
        let (operation, title, why) = match &rename.schemas {
            Some((_, schema)) => (
                "move extension",
                format!("move {} to schema {schema}", from.human()),
                "the names of everything in it change with it",
            ),
            None => (
                "rename",
                format!(
                    "rename {} to {}",
                    from.human(),
                    to.path.last().map_or("", String::as_str)
                ),
                "a hint in the schema files says so",
            ),
        };
        let mut step = Step::contract(
            to.clone(),
            Action::Transaction(vec![there]),
            Undo::Run(vec![Action::Transaction(vec![back])]),
        )
        .described(operation, title, why);
        if let Some((old, new)) = &rename.schemas {
            let schema = |name: &Ident| ObjectId::new(KindTag::Schema, [name.raw()]);
            step.requires.insert((schema(new), Era::After));
            step.releases.insert((schema(old), Era::Before));
        }
        step.strategy = "rename";
        step.hazards.push(Hazard::declared(
            HazardKind::BreaksQueries,
            format!("queries that name {} fail from here on", from.human()),
        ));
        step.destroys.insert((from.clone(), Era::Before));
        step.produces.insert((to.clone(), Era::Before));
        step.renames = true;
        steps.push(step);
    }
    steps
}
