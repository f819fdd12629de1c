//! Sqitch: the order is that of `sqitch.plan`.

use super::Chosen;
use crate::source::error::SourceError;
use crate::source::files;
use std::collections::BTreeMap;
use std::path::Path;

pub fn read(root: &Path) -> Result<Vec<Chosen>, SourceError> {
    let plan = files::read_file(&root.join("sqitch.plan"))?;
    // A reworked change has several scripts: the earlier ones are named after the first tag behind them.
    let mut changes: Vec<(String, Option<String>, usize)> = Vec::new();
    let mut open: BTreeMap<String, usize> = BTreeMap::new();
    let mut start = 0;
    for line in plan.text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        let text = line.split('#').next().unwrap_or_default().trim();
        if text.is_empty() || text.starts_with('%') {
            continue;
        }
        let word = text.split_whitespace().next().unwrap_or_default();
        if let Some(tag) = word.strip_prefix('@') {
            for (_, index) in std::mem::take(&mut open) {
                if let Some(change) = changes.get_mut(index) {
                    change.1 = Some(tag.to_owned());
                }
            }
            continue;
        }
        let excerpt = || Box::new(plan.excerpt(at..at + line.trim_end().len()));
        if word.starts_with('-') {
            return Err(SourceError::SqitchPlan {
                what: "a line that takes a change back",
                excerpt: excerpt(),
            });
        }
        let name = word.trim_start_matches('+');
        if name.is_empty() || name.split(['/', '\\']).any(|part| part == "..") {
            return Err(SourceError::SqitchPlan {
                what: "a name of a change that cannot be a file",
                excerpt: excerpt(),
            });
        }
        open.insert(name.to_owned(), changes.len());
        changes.push((name.to_owned(), None, at));
    }
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, (name, ..)) in changes.iter().enumerate() {
        last.insert(name, index);
    }
    let mut chosen = Vec::with_capacity(changes.len());
    for (index, (name, tag, at)) in changes.iter().enumerate() {
        let file = match (last.get(name.as_str()) == Some(&index), tag) {
            (false, Some(tag)) => format!("{name}@{tag}.sql"),
            _ => format!("{name}.sql"),
        };
        let path = root.join("deploy").join(file);
        if !path.is_file() {
            let line = plan.text[*at..].lines().next().unwrap_or_default();
            return Err(SourceError::SqitchPlan {
                what: "a change without its script in deploy/",
                excerpt: Box::new(plan.excerpt(*at..*at + line.len())),
            });
        }
        chosen.push(Chosen {
            file: files::read_file(&path)?,
            transactional: true,
        });
    }
    Ok(chosen)
}
