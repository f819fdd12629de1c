//! What one role has on one object, and the way from there to something else.

/// What one role has on one object.
#[derive(Clone, Copy)]
pub(in crate::kinds) struct Held<'a> {
    pub privileges: &'a [String],
    /// Of these, what it may grant to others.
    pub options: &'a [String],
}

/// A statement, but for its privileges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::kinds) enum Form {
    Grant,
    GrantWithOption,
    Revoke,
    RevokeOption,
}

impl Form {
    /// What comes before the privileges, before the role, and last.
    pub fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Grant => ("GRANT", "TO", ""),
            Self::GrantWithOption => ("GRANT", "TO", " WITH GRANT OPTION"),
            Self::Revoke => ("REVOKE", "FROM", ""),
            Self::RevokeOption => ("REVOKE GRANT OPTION FOR", "FROM", ""),
        }
    }

    pub fn gives(self) -> bool {
        matches!(self, Self::Grant | Self::GrantWithOption)
    }
}

impl<'a> Held<'a> {
    /// The privileges that `other` lacks.
    pub fn without(&self, other: &Held<'_>) -> Vec<&'a str> {
        let all = self.privileges.iter().map(String::as_str);
        all.filter(|p| !has(other.privileges, p)).collect()
    }

    /// The statements that lead to `to`: first what takes, then what gives.
    pub fn steps_to(self, to: Held<'a>) -> Vec<(Form, Vec<&'a str>)> {
        let options = |held: &Held<'a>| held.options.iter().map(String::as_str);
        let kept = |p: &&str| has(to.privileges, p) && !has(to.options, p);
        let plain = |p: &&str| !has(to.options, p);
        let new = |p: &&str| !has(self.options, p);
        let mut steps = vec![
            (Form::Revoke, self.without(&to)),
            (Form::RevokeOption, options(&self).filter(kept).collect()),
            (
                Form::Grant,
                to.without(&self).into_iter().filter(plain).collect(),
            ),
            (Form::GrantWithOption, options(&to).filter(new).collect()),
        ];
        steps.retain(|(_, privileges)| !privileges.is_empty());
        steps
    }
}

fn has(all: &[String], one: &str) -> bool {
    all.iter().any(|p| p == one)
}
