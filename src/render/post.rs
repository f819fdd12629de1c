//! Puts the comment on a GitHub pull request, or renews the one that is there.
//!
//! Source: GitHub REST API 2022-11-28, "Issue comments" and "Using pagination".

use reqwest::blocking::{Client, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue, LINK};
use reqwest::{Method, Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

const API: &str = "https://api.github.com";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);
/// 100,000 comments: a server that names ever another next page is not followed for ever.
const MAX_PAGES: usize = 1000;

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

/// The pull request to comment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHub {
    /// The REST API's address: `https://api.github.com`, or a company's `https://HOST/api/v3`.
    pub api: String,
    /// `owner/name`.
    pub repository: String,
    pub number: u64,
    pub token: Secret,
    /// The proxy's address for `https` addresses, if there is one.
    pub proxy: Option<Secret>,
}

/// The comment that stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub url: String,
    /// An earlier comment was renewed; otherwise this one is new.
    pub updated: bool,
}

/// Why the comment was not posted.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    #[error("{name} is not set")]
    Missing { name: &'static str },
    #[error("the pull request's number is neither in the event nor in GITHUB_REF")]
    NoNumber,
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
    #[error("GitHub does not accept the token: {message}")]
    Unauthorized { message: String },
    #[error("the token may not comment on {repository}: {message}")]
    Forbidden { repository: String, message: String },
    #[error("GitHub's rate limit is used up{}", after(.retry_seconds))]
    RateLimited { retry_seconds: Option<u64> },
    #[error("pull request {number} of {repository} is not there for this token")]
    NotFound { repository: String, number: u64 },
    #[error("GitHub rejected the comment: {message}")]
    Rejected { message: String },
    #[error("{host} answered {status}: {message}")]
    Status {
        host: String,
        status: u16,
        message: String,
    },
    #[error("{host} answered with something that is not GitHub's JSON")]
    Garbage { host: String },
    #[error("{host} names a next page at another server")]
    ForeignPage { host: String },
    #[error("more than {MAX_PAGES} pages of comments")]
    TooManyPages,
}

fn after(seconds: &Option<u64>) -> String {
    seconds.map_or_else(String::new, |s| format!(", for another {s} s"))
}

impl PostError {
    /// The stable name of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "post::missing",
            Self::NoNumber => "post::no_number",
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
            Self::TooManyPages => "post::too_many_pages",
        }
    }

    /// What to do next.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "in GitHub Actions set it under env:, for example GITHUB_TOKEN: ${{ github.token }}"
            }
            Self::NoNumber => {
                "run the workflow on: pull_request, or set GITHUB_REF=refs/pull/NUMBER/merge"
            }
            Self::Repository { .. } => "set GITHUB_REPOSITORY=owner/name",
            Self::Address { .. } | Self::Unencrypted { .. } => {
                "set GITHUB_API_URL to an https address, such as https://api.github.com"
            }
            Self::Token => "set GITHUB_TOKEN again, without a line break at its end",
            Self::Certificates => {
                "install the package ca-certificates, or set SSL_CERT_FILE to a file of certificates"
            }
            Self::Unreachable { .. } | Self::TimedOut { .. } => {
                "check GITHUB_API_URL, the network and HTTPS_PROXY; `comment` without --post prints the text"
            }
            Self::Unauthorized { .. } => {
                "set GITHUB_TOKEN to a token that is valid and not expired"
            }
            Self::Forbidden { .. } => {
                "give the job `permissions: pull-requests: write`; a fork's pull request has a \
                 read-only token: post from a workflow on workflow_run"
            }
            Self::RateLimited { .. } => "wait and run it again",
            Self::NotFound { .. } => {
                "check GITHUB_REPOSITORY and the number; a token without access gives this too"
            }
            Self::Rejected { .. } => {
                "the pull request may be locked; `comment` without --post prints the text"
            }
            Self::Status { .. } => "run it again; see https://www.githubstatus.com",
            Self::Garbage { .. } | Self::ForeignPage { .. } | Self::TooManyPages => {
                "check that GITHUB_API_URL is the address of GitHub's REST API"
            }
        }
    }
}

/// Finds out from the variables of GitHub Actions where the comment belongs.
///
/// `get` gives a variable's value, `event_json` is the content of the file at
/// `GITHUB_EVENT_PATH`. The number is the event's `pull_request.number` or `issue.number`, else
/// that of `GITHUB_REF` (`refs/pull/7/merge`).
///
/// ```
/// use pgrehearse::render::post::github_from_environment;
/// let get = |name: &str| match name {
///     "GITHUB_TOKEN" => Some("t".to_owned()),
///     "GITHUB_REPOSITORY" => Some("shop/db".to_owned()),
///     _ => None,
/// };
/// let github = github_from_environment(get, Some(r#"{"pull_request": {"number": 7}}"#)).unwrap();
/// assert_eq!((github.number, github.api.as_str()), (7, "https://api.github.com"));
/// ```
///
/// # Errors
/// [`PostError::Missing`], [`PostError::NoNumber`], and what is wrong with a value.
pub fn github_from_environment(
    get: impl Fn(&str) -> Option<String>,
    event_json: Option<&str>,
) -> Result<GitHub, PostError> {
    let get = |name: &str| {
        get(name)
            .map(|v| v.trim().to_owned())
            .filter(|v| !v.is_empty())
    };
    let need = |name: &'static str| get(name).ok_or(PostError::Missing { name });
    let github = GitHub {
        token: Secret::new(need("GITHUB_TOKEN")?),
        repository: need("GITHUB_REPOSITORY")?,
        api: get("GITHUB_API_URL").unwrap_or_else(|| API.to_owned()),
        number: event_json
            .and_then(number_of_event)
            .or_else(|| get("GITHUB_REF").as_deref().and_then(number_of_ref))
            .ok_or(PostError::NoNumber)?,
        proxy: get("HTTPS_PROXY")
            .or_else(|| get("https_proxy"))
            .map(Secret::new),
    };
    github.comments()?;
    Ok(github)
}

fn number_of_event(json: &str) -> Option<u64> {
    let event: serde_json::Value = serde_json::from_str(json).ok()?;
    ["/pull_request/number", "/issue/number"]
        .iter()
        .find_map(|at| event.pointer(at)?.as_u64())
}

fn number_of_ref(reference: &str) -> Option<u64> {
    let rest = reference.strip_prefix("refs/pull/")?;
    rest.split_once('/')?.0.parse().ok()
}

impl GitHub {
    fn endpoint(&self, path: &str) -> Result<Url, PostError> {
        let address = || PostError::Address {
            text: crate::source::hide_password(&self.api),
        };
        let mut url = Url::parse(&self.api).map_err(|_| address())?;
        let host = url.host_str().ok_or_else(address)?.to_owned();
        let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            "http" => return Err(PostError::Unencrypted { host }),
            _ => return Err(address()),
        }
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url.set_query(None);
        Ok(url)
    }

    /// The address of the pull request's comments.
    fn comments(&self) -> Result<Url, PostError> {
        let path = format!(
            "{}/issues/{}/comments",
            self.repository_path()?,
            self.number
        );
        self.endpoint(&path)
    }

    fn repository_path(&self) -> Result<String, PostError> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|c| c == '.')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        match self.repository.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => {
                Ok(format!("/repos/{}", self.repository))
            }
            _ => Err(PostError::Repository {
                text: self.repository.clone(),
            }),
        }
    }
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    html_url: String,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// Renews the pull request's comment that begins with `marker`, or adds `body` as a new one.
///
/// Anybody can write a comment that begins with the marker, so only one of ours is renewed: by the
/// token's own user, or, with a token that has none (GitHub Actions), by a bot. Each request has
/// 30 s. Safe to run twice.
///
/// # Errors
/// [`PostError`]; none of them holds the token.
pub fn upsert_github(target: &GitHub, marker: &str, body: &str) -> Result<Posted, PostError> {
    let session = Session::open(target)?;
    let candidates = session.candidates(marker)?;
    let login = match candidates.is_empty() {
        true => None,
        false => session.login()?,
    };
    let ours = candidates.into_iter().find(|c| match (&c.user, &login) {
        (Some(user), Some(login)) => user.login.eq_ignore_ascii_case(login),
        (Some(user), None) => user.kind == "Bot",
        (None, _) => false,
    });
    let payload = serde_json::json!({ "body": body });
    let (method, url) = match &ours {
        Some(comment) => {
            let path = format!(
                "{}/issues/comments/{}",
                target.repository_path()?,
                comment.id
            );
            (Method::PATCH, target.endpoint(&path)?)
        }
        None => (Method::POST, target.comments()?),
    };
    let response = session.send(method, url, Some(&payload))?;
    let posted: Comment = session.json(response)?;
    Ok(Posted {
        url: posted.html_url,
        updated: ours.is_some(),
    })
}

struct Session<'a> {
    target: &'a GitHub,
    client: Client,
    host: String,
}

impl<'a> Session<'a> {
    fn open(target: &'a GitHub) -> Result<Self, PostError> {
        let url = target.comments()?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", target.token.0))
            .map_err(|_| PostError::Token)?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/vnd.github+json"),
        );
        headers.insert(
            "x-github-api-version",
            HeaderValue::from_static("2022-11-28"),
        );
        // A renamed repository answers 307; the token goes to no other server.
        let same_server = redirect::Policy::custom(|attempt| {
            let origin = attempt.previous().first().map(Url::origin);
            if attempt.previous().len() > 5 || origin != Some(attempt.url().origin()) {
                attempt.stop()
            } else {
                attempt.follow()
            }
        });
        let mut builder = Client::builder()
            .user_agent(concat!("pgrehearse/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(same_server)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // Without this reqwest reads the environment; the caller has.
            .no_proxy()
            .tls_backend_preconfigured(tls(url.scheme())?);
        if let Some(proxy) = &target.proxy {
            let proxy = reqwest::Proxy::https(&proxy.0).map_err(|_| PostError::Address {
                text: crate::source::hide_password(&proxy.0),
            })?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|source| PostError::Unreachable {
            host: host.clone(),
            source,
        })?;
        Ok(Self {
            target,
            client,
            host,
        })
    }

    /// The comments that begin with the marker, oldest first.
    fn candidates(&self, marker: &str) -> Result<Vec<Comment>, PostError> {
        let first = self.target.comments()?;
        let origin = first.origin();
        let mut found = Vec::new();
        let mut next = Some(first);
        if let Some(url) = &mut next {
            url.set_query(Some("per_page=100"));
        }
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else {
                return Ok(found);
            };
            let response = self.send(Method::GET, url, None)?;
            next = next_page(response.headers());
            if next.as_ref().is_some_and(|url| url.origin() != origin) {
                return Err(PostError::ForeignPage {
                    host: self.host.clone(),
                });
            }
            let page: Vec<Comment> = self.json(response)?;
            found.extend(page.into_iter().filter(|c| {
                let body = c.body.as_deref().unwrap_or_default();
                body.trim_start().starts_with(marker)
            }));
        }
        Err(PostError::TooManyPages)
    }

    /// The token's user; a token of GitHub Actions has none and gets 403.
    fn login(&self) -> Result<Option<String>, PostError> {
        match self.send(Method::GET, self.target.endpoint("/user")?, None) {
            Ok(response) => Ok(Some(self.json::<User>(response)?.login)),
            Err(PostError::Forbidden { .. } | PostError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn send(
        &self,
        method: Method,
        url: Url,
        payload: Option<&serde_json::Value>,
    ) -> Result<Response, PostError> {
        let mut request = self.client.request(method, url);
        if let Some(payload) = payload {
            request = request.json(payload);
        }
        let response = request.send().map_err(|error| self.broken(error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refused(response))
    }

    fn broken(&self, error: reqwest::Error) -> PostError {
        let host = self.host.clone();
        if error.is_timeout() && !error.is_connect() {
            return PostError::TimedOut { host };
        }
        PostError::Unreachable {
            host,
            source: error.without_url(),
        }
    }

    fn refused(&self, response: Response) -> PostError {
        let status = response.status().as_u16();
        let number = |name: &str| -> Option<u64> {
            response.headers().get(name)?.to_str().ok()?.parse().ok()
        };
        let limited = number("x-ratelimit-remaining") == Some(0) || number("retry-after").is_some();
        let retry_seconds = number("retry-after");
        let repository = self.target.repository.clone();
        let message = self.message(response);
        match status {
            403 | 429 if limited || status == 429 => PostError::RateLimited { retry_seconds },
            401 => PostError::Unauthorized { message },
            403 => PostError::Forbidden {
                repository,
                message,
            },
            404 | 410 => PostError::NotFound {
                repository,
                number: self.target.number,
            },
            422 => PostError::Rejected { message },
            _ => PostError::Status {
                host: self.host.clone(),
                status,
                message,
            },
        }
    }

    /// The server's own words, on one line, without the token should it repeat it.
    fn message(&self, response: Response) -> String {
        let json: serde_json::Value = response.json().unwrap_or_default();
        let mut parts: Vec<&str> = json
            .pointer("/message")
            .and_then(|m| m.as_str())
            .into_iter()
            .collect();
        let errors = json.pointer("/errors").and_then(|e| e.as_array());
        parts.extend(
            errors
                .into_iter()
                .flatten()
                .filter_map(|e| e.as_str().or_else(|| e.pointer("/message")?.as_str())),
        );
        let text = match parts.is_empty() {
            true => "no reason given".to_owned(),
            false => super::mask::clip(&super::mask::one_line(&parts.join("; ")), 300),
        };
        match self.target.token.0.is_empty() {
            true => text,
            false => text.replace(&self.target.token.0, "***"),
        }
    }

    fn json<T: serde::de::DeserializeOwned>(&self, response: Response) -> Result<T, PostError> {
        response.json().map_err(|error| match error.is_decode() {
            true => PostError::Garbage {
                host: self.host.clone(),
            },
            false => self.broken(error),
        })
    }
}

/// The address of `rel="next"` in the Link header.
fn next_page(headers: &HeaderMap) -> Option<Url> {
    let link = headers.get(LINK)?.to_str().ok()?;
    link.split(',').find_map(|part| {
        let (address, parameters) = part.split_once(';')?;
        let next = parameters.split(';').any(|p| p.trim() == "rel=\"next\"");
        let address = address.trim().strip_prefix('<')?.strip_suffix('>')?;
        next.then(|| Url::parse(address).ok()).flatten()
    })
}

/// rustls with the system's certificates, as for the database connections.
fn tls(scheme: &str) -> Result<ClientConfig, PostError> {
    let mut roots = RootCertStore::empty();
    if scheme == "https" {
        // Single certificates that cannot be read do not matter while others can.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(PostError::Certificates);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| PostError::Certificates)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
