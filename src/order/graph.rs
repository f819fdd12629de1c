//! The edges between steps, each with its reason.

use crate::kinds::Name;
use crate::plan::{Era, Node, Step};
use std::collections::BTreeMap;
use std::fmt;

/// From the step that comes first to the one that comes later.
pub type Edges = BTreeMap<(usize, usize), Reason>;

/// Why one step comes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The later one needs what the first makes.
    Needs,
    /// The first lets go of what the later one drops or changes.
    LetsGo,
    /// One name: the old object goes before the new one comes.
    SameName,
    /// The second stepped aside for the first.
    StepsBack,
    /// Everything is planned for the names after the renames.
    Renamed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Needs => "the second needs what the first makes",
            Self::LetsGo => "the first lets go of what the second drops or changes",
            Self::SameName => "the first frees the name that the second takes",
            Self::StepsBack => "the second stepped aside for the first",
            Self::Renamed => "the rename comes first",
        })
    }
}

/// Every edge between `steps`, by their indices.
pub fn edges(steps: &[Step]) -> Edges {
    let mut producers: BTreeMap<&Node, Vec<usize>> = BTreeMap::new();
    let mut releasers: BTreeMap<&Node, Vec<usize>> = BTreeMap::new();
    let mut freers: BTreeMap<&Name, Vec<usize>> = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        for node in &step.produces {
            producers.entry(node).or_default().push(i);
        }
        for node in &step.releases {
            releasers.entry(node).or_default().push(i);
        }
        for name in &step.frees {
            freers.entry(name).or_default().push(i);
        }
    }
    let mut enders: BTreeMap<&Node, Vec<usize>> = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        for node in step.destroys.iter().chain(&step.disturbs) {
            enders.entry(node).or_default().push(i);
        }
    }
    let mut edges = Edges::new();
    let mut add = |a: usize, b: usize, reason: Reason| {
        if a != b {
            edges.entry((a, b)).or_insert(reason);
        }
    };
    let at = |map: &BTreeMap<&Node, Vec<usize>>, node: &Node| -> Vec<usize> {
        map.get(node).cloned().unwrap_or_default()
    };
    for (i, step) in steps.iter().enumerate() {
        for node in &step.requires {
            for p in at(&producers, node) {
                add(p, i, Reason::Needs);
            }
        }
        for node in &step.destroys {
            for r in at(&releasers, node) {
                add(r, i, Reason::LetsGo);
            }
            for p in at(&producers, &(node.0.clone(), Era::After)) {
                add(i, p, Reason::SameName);
            }
        }
        for node in &step.disturbs {
            let after = (node.0.clone(), Era::After);
            for r in at(&releasers, node) {
                // What hangs on it before and after is rebuilt by the server.
                if !steps[r].requires.contains(&after) {
                    add(r, i, Reason::LetsGo);
                }
            }
        }
        for node in &step.after {
            for e in at(&enders, node) {
                add(e, i, Reason::StepsBack);
            }
        }
        for name in &step.takes {
            for f in freers.get(name).into_iter().flatten() {
                add(*f, i, Reason::SameName);
            }
        }
        if step.renames {
            for (j, other) in steps.iter().enumerate() {
                let concerned = step.produces.iter().any(|(id, _)| {
                    let after = (id.clone(), Era::After);
                    let before = (id.clone(), Era::Before);
                    other.object == *id
                        || other.requires.contains(&after)
                        || other.produces.contains(&after)
                        || other.releases.contains(&before)
                        || other.destroys.contains(&before)
                });
                if !other.renames && concerned {
                    add(i, j, Reason::Renamed);
                }
                if other.renames && j > i {
                    add(i, j, Reason::Renamed);
                }
            }
        }
    }
    edges
}
