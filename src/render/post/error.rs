//! Why a comment was not posted.

use super::Forge;
use super::http::{MAX_PAGES, TIMEOUT};
use std::time::Duration;

/// Why the comment was not posted.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("{name} is not set")]
    Missing { name: &'static str },
    #[error("{}", no_number(*.forge))]
    NoNumber { forge: Forge },
    #[error("\"{text}\" is no repository")]
    Repository { text: String },
    #[error("\"{text}\" is no address of an API")]
    Address { text: String },
    #[error("the token would travel unencrypted to {host}")]
    Unencrypted { host: String },
    #[error("the token holds a line break or another character that no token has")]
    Token,
    #[error("the system's certificate store is empty or cannot be read")]
    Certificates,
    #[error("{host} cannot be reached")]
    Unreachable {
        host: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("{host} did not answer within {} s", TIMEOUT.as_secs())]
    TimedOut { host: String },
    #[error("{forge} does not accept the token: {message}")]
    Unauthorized {
        forge: Forge,
        message: String,
        /// It is the token that GitLab gives to each job.
        job: bool,
    },
    #[error("the token may not comment on {repository}: {message}")]
    Forbidden {
        forge: Forge,
        repository: String,
        message: String,
    },
    #[error("{forge}'s rate limit is used up{}", after(.retry_seconds))]
    RateLimited {
        forge: Forge,
        retry_seconds: Option<u64>,
    },
    #[error("{} {number} of {repository} is not there for this token", request(*.forge))]
    NotFound {
        forge: Forge,
        repository: String,
        number: u64,
    },
    #[error("{forge} rejected the comment: {message}")]
    Rejected { forge: Forge, message: String },
    #[error("{host} answered {status}: {message}")]
    Status {
        forge: Forge,
        host: String,
        status: u16,
        message: String,
        retry_seconds: Option<u64>,
    },
    #[error("{host} answered with something that is not {forge}'s JSON")]
    Garbage { forge: Forge, host: String },
    #[error("{host} names a next page at another server")]
    ForeignPage { forge: Forge, host: String },
    #[error("more than {MAX_PAGES} pages of comments")]
    TooManyPages { forge: Forge },
}

fn after(seconds: &Option<u64>) -> String {
    seconds.map_or_else(String::new, |s| format!(", for another {s} s"))
}

fn no_number(forge: Forge) -> &'static str {
    match forge {
        Forge::GitHub => "the pull request's number is neither in the event nor in GITHUB_REF",
        Forge::GitLab => "the merge request's number is not in CI_MERGE_REQUEST_IID",
    }
}

fn request(forge: Forge) -> &'static str {
    match forge {
        Forge::GitHub => "pull request",
        Forge::GitLab => "merge request",
    }
}

impl PostError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "post::missing",
            Self::NoNumber { .. } => "post::no_number",
            Self::Repository { .. } => "post::repository",
            Self::Address { .. } => "post::address",
            Self::Unencrypted { .. } => "post::unencrypted",
            Self::Token => "post::token",
            Self::Certificates => "post::certificates",
            Self::Unreachable { .. } => "post::unreachable",
            Self::TimedOut { .. } => "post::timed_out",
            Self::Unauthorized { .. } => "post::unauthorized",
            Self::Forbidden { .. } => "post::forbidden",
            Self::RateLimited { .. } => "post::rate_limited",
            Self::NotFound { .. } => "post::not_found",
            Self::Rejected { .. } => "post::rejected",
            Self::Status { .. } => "post::status",
            Self::Garbage { .. } => "post::garbage",
            Self::ForeignPage { .. } => "post::foreign_page",
            Self::TooManyPages { .. } => "post::too_many_pages",
        }
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        use Forge::{GitHub, GitLab};
        match self {
            Self::Missing {
                name: "GITHUB_TOKEN" | "GITHUB_REPOSITORY",
            } => {
                "in GitHub Actions set it under env:, for example GITHUB_TOKEN: ${{ github.token }}"
            }
            Self::Missing {
                name: "GITLAB_TOKEN",
            } => {
                "make a project access token with the scope api and the role Reporter, and set it as \
                 a masked variable GITLAB_TOKEN"
            }
            Self::Missing { .. } => "run it in a job of GitLab CI, or set the variable",
            Self::NoNumber { forge: GitHub } => {
                "run the workflow on: pull_request, or pass --number NUMBER"
            }
            Self::NoNumber { forge: GitLab } => {
                "run the job with rules: if: $CI_PIPELINE_SOURCE == \"merge_request_event\", or pass \
                 --number NUMBER"
            }
            Self::Repository { .. } => {
                "set GITHUB_REPOSITORY=owner/name, or CI_PROJECT_ID to a number or group/name"
            }
            Self::Address { .. } | Self::Unencrypted { .. } => {
                "set GITHUB_API_URL or CI_API_V4_URL to an https address, such as \
                 https://api.github.com or https://gitlab.com/api/v4"
            }
            Self::Token => "set the token again, without a line break at its end",
            Self::Certificates => {
                "install the package ca-certificates, or set SSL_CERT_FILE to a file of certificates"
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                "check GITHUB_API_URL or CI_API_V4_URL, the network and HTTPS_PROXY; `comment` \
                 without --post prints the text"
            }
            Self::Unauthorized { forge: GitHub, .. } => {
                "set GITHUB_TOKEN to a token that is valid and not expired"
            }
            Self::Unauthorized { job: true, .. } => {
                "GitLab lets no job token write notes: set GITLAB_TOKEN to a project access token \
                 with the scope api"
            }
            Self::Unauthorized { .. } => {
                "set GITLAB_TOKEN to a project access token that is valid, not expired and has the \
                 scope api"
            }
            Self::Forbidden { forge: GitHub, .. } => {
                "give the job `permissions: pull-requests: write`; a fork's pull request has a \
                 read-only token: post from a workflow on workflow_run"
            }
            Self::Forbidden { forge: GitLab, .. } => {
                "the token needs the scope api and the role Reporter or above in the project of the \
                 merge request"
            }
            Self::RateLimited { .. } => "wait and run it again",
            Self::NotFound { forge: GitHub, .. } => {
                "check GITHUB_REPOSITORY and the number; a token without access gives this too"
            }
            Self::NotFound { forge: GitLab, .. } => {
                "check CI_MERGE_REQUEST_PROJECT_ID and the number; a token without access gives this \
                 too, and a merge request from a fork belongs to the project it is merged into"
            }
            Self::Rejected { .. } => {
                "the discussion may be locked; `comment` without --post prints the text"
            }
            Self::Status { forge: GitHub, .. } => "run it again; see https://www.githubstatus.com",
            Self::Status { forge: GitLab, .. } => "run it again; see https://status.gitlab.com",
            Self::Garbage { forge: GitHub, .. }
            | Self::ForeignPage { forge: GitHub, .. }
            | Self::TooManyPages { forge: GitHub } => {
                "check that GITHUB_API_URL is the address of GitHub's REST API"
            }
            Self::Garbage { .. } | Self::ForeignPage { .. } | Self::TooManyPages { .. } => {
                "check that CI_API_V4_URL is the address of GitLab's REST API"
            }
        }
    }

    /// Whether the same request may succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::TimedOut { .. } => true,
            Self::Status { status, .. } => *status >= 500,
            _ => false,
        }
    }

    /// How long the server asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_seconds, .. } | Self::Status { retry_seconds, .. } => {
                retry_seconds.map(Duration::from_secs)
            }
            _ => None,
        }
    }
}
