//! The statements of a swap, each group with what takes it back.

use crate::diff::rename::Rename;
use crate::kinds::ObjectId;
use crate::pg::Sql;

#[derive(Default)]
pub struct Script {
    pub there: Vec<Sql>,
    /// In groups, last first.
    back: Vec<Vec<Sql>>,
}

impl Script {
    pub fn push(&mut self, there: Vec<Sql>, back: Vec<Sql>) {
        self.there.extend(there);
        self.back.push(back);
    }

    pub fn rename(&mut self, from: &ObjectId, to: &ObjectId) {
        let rename = Rename {
            from: from.clone(),
            to: to.clone(),
            schemas: None,
        };
        if let Some((there, back)) = rename.statements() {
            self.push(vec![there], vec![back]);
        }
    }

    pub fn back(&self) -> Vec<Sql> {
        self.back.iter().rev().flatten().cloned().collect()
    }
}
