//! Whether two bounds of partitions of one table may have a row in common.

use std::cmp::Ordering;

/// Whether partitions with the bounds `a` and `b`, as the server deparses them, could not stand
/// beside each other. What cannot be told counts as overlapping.
pub(super) fn may_overlap(a: &str, b: &str) -> bool {
    match (Bound::parse(a), Bound::parse(b)) {
        (Bound::Default, Bound::Default) => true,
        (Bound::Default, _) | (_, Bound::Default) => false,
        (Bound::List(a), Bound::List(b)) => a.iter().any(|v| b.contains(v)),
        (Bound::Range(a_from, a_to), Bound::Range(b_from, b_to)) => {
            let before = |to: &[Value], from: &[Value]| {
                compare(to, from).is_some_and(|o| o != Ordering::Greater)
            };
            !before(&a_to, &b_from) && !before(&b_to, &a_from)
        }
        _ => true,
    }
}

enum Bound {
    Default,
    List(Vec<Value>),
    Range(Vec<Value>, Vec<Value>),
    /// Hash bounds, and what is not understood.
    Other,
}

#[derive(Debug, PartialEq)]
enum Value {
    Least,
    Greatest,
    Number(i128),
    Text(String),
}

impl Bound {
    fn parse(text: &str) -> Self {
        if text == "DEFAULT" {
            return Self::Default;
        }
        let Some(rest) = text.strip_prefix("FOR VALUES ") else {
            return Self::Other;
        };
        if let Some((values, "")) = rest.strip_prefix("IN ").and_then(list) {
            return Self::List(values);
        }
        let Some((from, rest)) = rest.strip_prefix("FROM ").and_then(list) else {
            return Self::Other;
        };
        match rest.strip_prefix(" TO ").and_then(list) {
            Some((to, "")) => Self::Range(from, to),
            _ => Self::Other,
        }
    }
}

/// The values of a list in parentheses, and what comes after it.
fn list(text: &str) -> Option<(Vec<Value>, &str)> {
    let body = text.strip_prefix('(')?;
    let (mut quoted, mut start) = (false, 0);
    let mut values = Vec::new();
    for (i, c) in body.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            ',' if !quoted => {
                values.push(Value::parse(&body[start..i]));
                start = i + 1;
            }
            ')' if !quoted => {
                values.push(Value::parse(&body[start..i]));
                return Some((values, &body[i + 1..]));
            }
            _ => {}
        }
    }
    None
}

impl Value {
    fn parse(text: &str) -> Self {
        let text = text.trim();
        match text {
            "MINVALUE" => return Self::Least,
            "MAXVALUE" => return Self::Greatest,
            _ => {}
        }
        let bare = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
        match bare.unwrap_or(text).parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Text(text.to_owned()),
        }
    }

    /// `None` where only the type knows.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (a, b) if a == b => Some(Ordering::Equal),
            (Self::Least, _) | (_, Self::Greatest) => Some(Ordering::Less),
            (_, Self::Least) | (Self::Greatest, _) => Some(Ordering::Greater),
            (Self::Number(a), Self::Number(b)) => Some(a.cmp(b)),
            // Dates and times of one form sort as text.
            (Self::Text(a), Self::Text(b))
                if form(a) == form(b) && form(a).starts_with("'dddd-") =>
            {
                Some(a.cmp(b))
            }
            _ => None,
        }
    }
}

fn form(text: &str) -> String {
    let digit = |c: char| if c.is_ascii_digit() { 'd' } else { c };
    text.chars().map(digit).collect()
}

fn compare(a: &[Value], b: &[Value]) -> Option<Ordering> {
    for (a, b) in a.iter().zip(b) {
        match a.compare(b)? {
            Ordering::Equal => {}
            unequal => return Some(unequal),
        }
    }
    Some(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::may_overlap;

    #[test]
    fn ranges_that_touch_do_not_overlap() {
        let year = "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')";
        assert!(!may_overlap(
            year,
            "FOR VALUES FROM ('2025-01-01') TO (MAXVALUE)"
        ));
        assert!(!may_overlap(
            "FOR VALUES FROM (MINVALUE) TO ('2024-01-01')",
            year
        ));
        assert!(may_overlap(
            year,
            "FOR VALUES FROM ('2024-12-01') TO ('2025-02-01')"
        ));
        assert!(may_overlap(
            year,
            "FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
        ));
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let low = "FOR VALUES FROM ('9') TO ('100')";
        assert!(!may_overlap(low, "FOR VALUES FROM (100) TO (1000)"));
        assert!(may_overlap(low, "FOR VALUES FROM ('99') TO (1000)"));
        assert!(!may_overlap(
            "FOR VALUES FROM (1, 'x') TO (2, 'a')",
            "FOR VALUES FROM (3, 'a') TO (4, MAXVALUE)"
        ));
    }

    #[test]
    fn what_only_the_type_knows_counts_as_overlapping() {
        let text = "FOR VALUES FROM ('a') TO ('b')";
        assert!(may_overlap(text, "FOR VALUES FROM ('c') TO ('d')"));
        assert!(!may_overlap(text, "FOR VALUES FROM ('b') TO ('c')"));
        let hash = "FOR VALUES WITH (modulus 2, remainder 0)";
        assert!(may_overlap(
            hash,
            "FOR VALUES WITH (modulus 2, remainder 1)"
        ));
    }

    #[test]
    fn lists_overlap_in_a_value() {
        let list = "FOR VALUES IN ('it''s, (a)', NULL)";
        assert!(may_overlap(list, "FOR VALUES IN ('b', NULL)"));
        assert!(!may_overlap(list, "FOR VALUES IN ('it''s', 'b')"));
        assert!(!may_overlap(list, "DEFAULT"));
        assert!(may_overlap("DEFAULT", "DEFAULT"));
    }
}
