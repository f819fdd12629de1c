//! Comments of a pull request.
//!
//! Source: GitHub REST API 2022-11-28, "Issue comments" and "Using pagination".

use super::http::{Login, Session, endpoint, proxy, variable};
use super::{Forge, Patience, PostError, Posted, Secret};
use reqwest::{Method, Url};
use serde::Deserialize;

const API: &str = "https://api.github.com";

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
    pub patience: Patience,
}

/// Finds out from the variables of GitHub Actions where the comment belongs.
///
/// `get` gives a variable's value, `event_json` is the content of the file at
/// `GITHUB_EVENT_PATH`. The number is `number`, else the event's `pull_request.number`,
/// `issue.number` or the only one of `workflow_run.pull_requests`, else that of `GITHUB_REF`
/// (`refs/pull/7/merge`).
///
/// ```
/// use pgrehearse::render::post::github_from_environment;
/// let get = |name: &str| match name {
///     "GITHUB_TOKEN" => Some("t".to_owned()),
///     "GITHUB_REPOSITORY" => Some("shop/db".to_owned()),
///     _ => None,
/// };
/// let event = r#"{"pull_request": {"number": 7}}"#;
/// let github = github_from_environment(get, Some(event), None).unwrap();
/// assert_eq!((github.number, github.api.as_str()), (7, "https://api.github.com"));
/// ```
///
/// # Errors
/// [`PostError::Missing`], [`PostError::NoNumber`], and what is wrong with a value.
pub fn github_from_environment(
    get: impl Fn(&str) -> Option<String>,
    event_json: Option<&str>,
    number: Option<u64>,
) -> Result<GitHub, PostError> {
    let need = |name: &'static str| variable(&get, name).ok_or(PostError::Missing { name });
    let of_ref = || {
        variable(&get, "GITHUB_REF")
            .as_deref()
            .and_then(number_of_ref)
    };
    let forge = Forge::GitHub;
    let github = GitHub {
        token: Secret::new(need("GITHUB_TOKEN")?),
        repository: need("GITHUB_REPOSITORY")?,
        api: variable(&get, "GITHUB_API_URL").unwrap_or_else(|| API.to_owned()),
        number: number
            .or_else(|| event_json.and_then(number_of_event))
            .or_else(of_ref)
            .ok_or(PostError::NoNumber { forge })?,
        proxy: proxy(&get),
        patience: Patience::default(),
    };
    github.comments()?;
    Ok(github)
}

fn number_of_event(json: &str) -> Option<u64> {
    let event: serde_json::Value = serde_json::from_str(json).ok()?;
    let direct = ["/pull_request/number", "/issue/number"];
    let direct = direct.iter().find_map(|at| event.pointer(at)?.as_u64());
    direct.or_else(|| {
        // Of a fork's pull request the list is empty.
        let requests = event.pointer("/workflow_run/pull_requests")?.as_array()?;
        match requests.as_slice() {
            [only] => only.pointer("/number")?.as_u64(),
            _ => None,
        }
    })
}

fn number_of_ref(reference: &str) -> Option<u64> {
    let rest = reference.strip_prefix("refs/pull/")?;
    rest.split_once('/')?.0.parse().ok()
}

impl GitHub {
    fn at(&self, path: &[&str]) -> Result<Url, PostError> {
        let (owner, name) = self.owner_and_name()?;
        let mut whole = vec!["repos", owner, name];
        whole.extend(path);
        endpoint(&self.api, &whole)
    }

    /// The address of the pull request's comments.
    fn comments(&self) -> Result<Url, PostError> {
        self.at(&["issues", &self.number.to_string(), "comments"])
    }

    fn owner_and_name(&self) -> Result<(&str, &str), PostError> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|c| c == '.')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        match self.repository.split_once('/') {
            Some((owner, name)) if plain(owner) && plain(name) => Ok((owner, name)),
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
/// 30 s; what a busy or broken server refuses is tried again. Safe to run twice.
///
/// # Errors
/// [`PostError`]; none of them holds the token.
pub fn upsert_github(target: &GitHub, marker: &str, body: &str) -> Result<Posted, PostError> {
    target.patience.keep(|| once(target, marker, body))
}

fn once(target: &GitHub, marker: &str, body: &str) -> Result<Posted, PostError> {
    let mut list = target.comments()?;
    let login = Login {
        forge: Forge::GitHub,
        token: &target.token,
        header: "authorization",
        prefix: "Bearer ",
        headers: &[
            ("accept", "application/vnd.github+json"),
            ("x-github-api-version", "2022-11-28"),
        ],
        proxy: target.proxy.as_ref(),
        repository: &target.repository,
        number: target.number,
    };
    let session = Session::open(&list, login)?;
    list.set_query(Some("per_page=100"));
    let candidates: Vec<Comment> = session.pages(list, |c: &Comment| {
        let body = c.body.as_deref().unwrap_or_default();
        body.trim_start().starts_with(marker)
    })?;
    let login = match candidates.is_empty() {
        true => None,
        false => user(&session, target)?,
    };
    let ours = candidates.into_iter().find(|c| match (&c.user, &login) {
        (Some(user), Some(login)) => user.login.eq_ignore_ascii_case(login),
        (Some(user), None) => user.kind == "Bot",
        (None, _) => false,
    });
    let payload = serde_json::json!({ "body": body });
    let (method, url) = match &ours {
        Some(comment) => (
            Method::PATCH,
            target.at(&["issues", "comments", &comment.id.to_string()])?,
        ),
        None => (Method::POST, target.comments()?),
    };
    let response = session.send(method, url, Some(&payload))?;
    let posted: Comment = session.json(response)?;
    Ok(Posted {
        url: posted.html_url,
        updated: ours.is_some(),
    })
}

/// The token's user; a token of GitHub Actions has none and gets 403.
fn user(session: &Session<'_>, target: &GitHub) -> Result<Option<String>, PostError> {
    match session.send(Method::GET, endpoint(&target.api, &["user"])?, None) {
        Ok(response) => Ok(Some(session.json::<User>(response)?.login)),
        Err(PostError::Forbidden { .. } | PostError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
