//! Puts steps in the order in which they run.
//!
//! Steps say what they produce, require, destroy and release; edges are made here alone, each
//! with its reason. One graph, one sort; a cycle is a bug of a kind or strategy and is reported.

mod graph;

use crate::kinds::ObjectId;
use crate::plan::{Action, Era, Gate, Phase, Step, Undo};
use graph::{Edges, Reason};
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

/// Steps that wait for each other.
#[derive(Debug, thiserror::Error)]
#[error("these steps wait for each other: {}", .steps.join("; "))]
pub struct Cycle {
    /// `title → title (reason)`.
    pub steps: Vec<String>,
}

/// Sorts `steps`; those of one transaction become one step.
///
/// Ties are decided by phase, kind and identity: the same steps come out in the same order.
///
/// # Errors
/// [`Cycle`] with the steps and the reasons of their edges.
pub fn sort(steps: Vec<Step>) -> Result<Vec<Step>, Cycle> {
    let edges = graph::edges(&steps);
    let inner = topological(&steps, &edges)?;
    let group = groups(&steps, &edges);
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &i in &inner {
        members.entry(group[i]).or_default().push(i);
    }
    let mut slots: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    let mut joined: Vec<Step> = Vec::new();
    let mut place: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, indices) in members {
        let mut parts = indices.into_iter().filter_map(|i| slots[i].take());
        let Some(first) = parts.next() else { continue };
        let rest: Vec<Step> = parts.collect();
        place.insert(number, joined.len());
        joined.push(if rest.is_empty() {
            first
        } else {
            Step::join_group(first, rest)
        });
    }
    let mut contracted: Edges = Edges::new();
    for (&(a, b), &reason) in &edges {
        let (a, b) = (place[&group[a]], place[&group[b]]);
        if a != b {
            contracted.insert((a, b), reason);
        }
    }
    lift(&mut joined, &contracted)?;
    let order = topological(&joined, &contracted)?;
    let mut place: Vec<usize> = vec![0; joined.len()];
    for (at, &i) in order.iter().enumerate() {
        place[i] = at;
    }
    for &(a, b) in contracted.keys() {
        joined[b].follows.insert(place[a]);
    }
    let mut slots: Vec<Option<Step>> = joined.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|i| slots[i].take()).collect())
}

/// The group of each step: its transaction's number, or a number of its own. Groups that wait for
/// each other are one transaction: what lies between a taking down and its putting back has to
/// happen in between.
fn groups(steps: &[Step], edges: &Edges) -> Vec<usize> {
    let mut group: Vec<usize> = (0..steps.len()).collect();
    let mut first: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, step) in steps.iter().enumerate() {
        if let Some(together) = step.together {
            group[i] = *first.entry(together).or_insert(i);
        }
    }
    loop {
        let mut graph: DiGraphMap<usize, ()> = DiGraphMap::new();
        for &(a, b) in edges.keys() {
            if group[a] != group[b] {
                graph.add_edge(group[a], group[b], ());
            }
        }
        let mut merged = false;
        for component in tarjan_scc(&graph) {
            let transactional = |g: usize| {
                (0..steps.len())
                    .filter(|&i| group[i] == g)
                    .all(|i| matches!(steps[i].action(), Action::Transaction(_)))
            };
            let Some(&least) = component.iter().min() else {
                continue;
            };
            if component.len() > 1 && component.iter().all(|&g| transactional(g)) {
                for g in group.iter_mut().filter(|g| component.contains(g)) {
                    *g = least;
                }
                merged = true;
            }
        }
        if !merged {
            return group;
        }
    }
}

/// A step's phase is never earlier than that of a step it depends on, or of what it is a part of.
fn lift(steps: &mut [Step], edges: &Edges) -> Result<(), Cycle> {
    let order = topological(steps, edges)?;
    loop {
        for &i in &order {
            let phase = steps[i].phase();
            for (&(_, b), _) in edges.range((i, 0)..=(i, usize::MAX)) {
                steps[b].lift(phase);
            }
        }
        let makes = |step: &&Step, whole: &ObjectId| {
            let mut produced = step.produces.iter();
            produced.any(|(id, era)| id == whole && matches!(era, Era::After | Era::Temp(1)))
        };
        let late: Vec<(usize, Phase)> = steps
            .iter()
            .enumerate()
            .filter_map(|(i, step)| {
                let whole = step.part_of.as_ref()?;
                let made = steps.iter().filter(|s| makes(s, whole)).map(Step::phase);
                Some((i, made.min()?)).filter(|(_, phase)| *phase > step.phase())
            })
            .collect();
        if late.is_empty() {
            return Ok(());
        }
        for (i, phase) in late {
            steps[i].lift(phase);
        }
    }
}

/// Kahn's algorithm with a heap: petgraph's own sort has no tie key.
fn topological(steps: &[Step], edges: &Edges) -> Result<Vec<usize>, Cycle> {
    type Key<'a> = (Phase, u8, bool, bool, &'a crate::kinds::ObjectId, usize);
    let key = |i: usize| -> Reverse<Key<'_>> {
        let step = &steps[i];
        let rank = Gate::rank(step.gate.as_ref());
        // What cannot go back stands as late as possible.
        let last = matches!(step.undo(), Undo::Irreversible { .. });
        Reverse((step.phase(), rank, last, !step.renames, &step.object, i))
    };
    let mut waiting: Vec<usize> = vec![0; steps.len()];
    for &(_, b) in edges.keys() {
        waiting[b] += 1;
    }
    let mut ready: BinaryHeap<_> = (0..steps.len())
        .filter(|&i| waiting[i] == 0)
        .map(key)
        .collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(Reverse((.., i))) = ready.pop() {
        order.push(i);
        for (&(_, b), _) in edges.range((i, 0)..=(i, usize::MAX)) {
            waiting[b] -= 1;
            if waiting[b] == 0 {
                ready.push(key(b));
            }
        }
    }
    if order.len() == steps.len() {
        Ok(order)
    } else {
        Err(cycle(steps, edges))
    }
}

fn cycle(steps: &[Step], edges: &Edges) -> Cycle {
    let mut graph: DiGraphMap<usize, Reason> = DiGraphMap::new();
    for (&(a, b), &reason) in edges {
        graph.add_edge(a, b, reason);
    }
    let knot = tarjan_scc(&graph)
        .into_iter()
        .find(|c| c.len() > 1)
        .unwrap_or_default();
    let steps = shortest(&knot, edges)
        .windows(2)
        .map(|pair| {
            let reason = edges[&(pair[0], pair[1])];
            let [a, b] = [pair[0], pair[1]].map(|i| &steps[i].title);
            format!("{a} → {b} ({reason})")
        })
        .collect();
    Cycle { steps }
}

/// The shortest way through `knot` that comes back to where it began: the first place twice.
fn shortest(knot: &[usize], edges: &Edges) -> Vec<usize> {
    let round = |&start: &usize| {
        let mut before: BTreeMap<usize, usize> = BTreeMap::new();
        let mut reached = VecDeque::from([start]);
        while let Some(a) = reached.pop_front() {
            for &(_, b) in edges.range((a, 0)..=(a, usize::MAX)).map(|(edge, _)| edge) {
                if knot.contains(&b) && !before.contains_key(&b) {
                    before.insert(b, a);
                    reached.push_back(b);
                }
            }
        }
        let mut way = vec![start];
        let mut at = start;
        loop {
            at = *before.get(&at)?;
            way.push(at);
            if at == start {
                way.reverse();
                return Some(way);
            }
        }
    };
    let rounds = knot.iter().filter_map(round);
    rounds.min_by_key(Vec::len).unwrap_or_default()
}
