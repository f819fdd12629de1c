//! Puts the comment on a pull request of GitHub or a merge request of GitLab, or renews the one
//! that is there.

mod error;
mod github;
mod gitlab;
mod http;

pub use error::PostError;
pub use github::{GitHub, github_from_environment, upsert_github};
pub use gitlab::{GitLab, Token, gitlab_from_environment, upsert_gitlab};

use std::fmt;
use std::time::Duration;

/// A text that is never shown: `Debug` writes `***` and there is no `Display`.
///
/// ```
/// use pgrehearse::render::post::Secret;
/// assert_eq!(format!("{:?}", Secret::new("ghp_abc")), "***");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a comment is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    GitHub,
    GitLab,
}

impl fmt::Display for Forge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GitHub => "GitHub",
            Self::GitLab => "GitLab",
        })
    }
}

/// The comment that stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub url: String,
    /// An earlier comment was renewed; otherwise this one is new.
    pub updated: bool,
}

/// How often a server that is out of order or overloaded is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// All tries, the first one included.
    pub attempts: u32,
    /// The first pause, which doubles each time; a server's Retry-After comes first.
    pub pause: Duration,
    /// A Retry-After longer than this is an error at once.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 4,
            pause: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// Repeats `work` while it fails with what may pass.
    ///
    /// The whole of it: after a POST that broke off nobody knows whether the comment is there, so
    /// it is looked for again.
    fn keep<T>(self, mut work: impl FnMut() -> Result<T, PostError>) -> Result<T, PostError> {
        let mut pause = self.pause;
        for _ in 1..self.attempts {
            let error = match work() {
                Err(error) if error.may_pass() => error,
                done => return done,
            };
            let wait = match error.retry_after() {
                Some(wait) if wait > self.longest => return Err(error),
                Some(wait) => wait,
                None => pause,
            };
            std::thread::sleep(wait);
            pause = pause.saturating_mul(2);
        }
        work()
    }
}
