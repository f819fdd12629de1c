//! Statements that begin and end transactions, and those that change the role.

use super::reader::Reader;

/// What a statement does to transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    Begin,
    Commit,
    Rollback,
    /// COMMIT AND CHAIN, ROLLBACK AND CHAIN: the next one begins at once.
    CommitAndBegin,
    RollbackAndBegin,
    /// Any other statement, savepoints among them.
    None,
}

pub fn boundary(sql: &str) -> Boundary {
    let mut reader = Reader::new(sql);
    if reader.sees(&["begin"]) || reader.sees(&["start", "transaction"]) {
        return Boundary::Begin;
    }
    let commits = reader.eat(&["commit"]) || reader.eat(&["end"]);
    if !commits && !reader.eat(&["rollback"]) && !reader.eat(&["abort"]) {
        return Boundary::None;
    }
    let _word = reader.eat(&["work"]) || reader.eat(&["transaction"]);
    if reader.sees(&["to"]) || reader.sees(&["prepared"]) {
        return Boundary::None;
    }
    match (commits, reader.sees(&["and", "chain"])) {
        (true, false) => Boundary::Commit,
        (true, true) => Boundary::CommitAndBegin,
        (false, false) => Boundary::Rollback,
        (false, true) => Boundary::RollbackAndBegin,
    }
}

/// SET ROLE and its like: what comes after is run as the role of the sandbox all the same.
pub fn sets_role(sql: &str) -> bool {
    let mut reader = Reader::new(sql);
    let sets = reader.eat(&["set"]) || reader.eat(&["reset"]);
    let _scope = reader.eat(&["session"]) || reader.eat(&["local"]);
    sets && (reader.sees(&["role"]) || reader.sees(&["authorization"]))
        || reader.sees(&["session", "authorization"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_told_from_savepoints() {
        for (sql, wanted) in [
            ("begin isolation level serializable", Boundary::Begin),
            ("START TRANSACTION", Boundary::Begin),
            ("end", Boundary::Commit),
            ("commit and chain", Boundary::CommitAndBegin),
            ("COMMIT WORK AND NO CHAIN", Boundary::Commit),
            ("rollback to savepoint a", Boundary::None),
            ("rollback transaction to a", Boundary::None),
            ("abort", Boundary::Rollback),
            ("savepoint a", Boundary::None),
            ("rollback prepared 'x'", Boundary::None),
        ] {
            assert_eq!(boundary(sql), wanted, "{sql}");
        }
    }

    #[test]
    fn a_role_may_be_set_in_several_ways() {
        for sql in [
            "SET ROLE a",
            "set local role a",
            "RESET ROLE",
            "set session authorization a",
        ] {
            assert!(sets_role(sql), "{sql}");
        }
        assert!(!sets_role("SET lock_timeout = 1"));
    }
}
