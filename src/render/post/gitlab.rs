//! Notes of a merge request.
//!
//! Source: GitLab REST API, "Notes" (merge requests), "Pagination" (Link header), "Authentication";
//! "Predefined CI/CD variables"; "CI/CD job token" (its list of endpoints has no notes).

use super::http::{Login, Session, endpoint, proxy, variable};
use super::{Forge, Patience, PostError, Posted, Secret};
use reqwest::{Method, Url};
use serde::Deserialize;

/// The merge request to comment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitLab {
    /// The REST API's address: `https://gitlab.com/api/v4`.
    pub api: String,
    /// The number of the project, or its path `group/name`.
    pub project: String,
    /// The number within the project.
    pub number: u64,
    pub token: Token,
    /// Where people see the merge request's project.
    pub web: Option<String>,
    /// The proxy's address for `https` addresses, if there is one.
    pub proxy: Option<Secret>,
    pub patience: Patience,
}

/// What shows who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// Of a person, a project or a group.
    Private(Secret),
    /// Of the job, which acts for the user who started it.
    Job { token: Secret, user: Option<String> },
}

/// Finds out from the variables of GitLab CI where the comment belongs.
///
/// `CI_API_V4_URL`; `CI_MERGE_REQUEST_PROJECT_ID` (the project that is merged into, also when the
/// pipeline runs in a fork), else `CI_PROJECT_ID`; `number`, else `CI_MERGE_REQUEST_IID`;
/// `GITLAB_TOKEN` (sent as PRIVATE-TOKEN), else `CI_JOB_TOKEN` (JOB-TOKEN).
///
/// # Errors
/// [`PostError::Missing`], [`PostError::NoNumber`], and what is wrong with a value.
pub fn gitlab_from_environment(
    get: impl Fn(&str) -> Option<String>,
    number: Option<u64>,
) -> Result<GitLab, PostError> {
    let need = |name: &'static str| variable(&get, name).ok_or(PostError::Missing { name });
    let of_request = || variable(&get, "CI_MERGE_REQUEST_IID")?.parse().ok();
    let token = match (
        variable(&get, "GITLAB_TOKEN"),
        variable(&get, "CI_JOB_TOKEN"),
    ) {
        (Some(token), _) => Token::Private(Secret::new(token)),
        (None, Some(token)) => Token::Job {
            token: Secret::new(token),
            user: variable(&get, "GITLAB_USER_LOGIN"),
        },
        (None, None) => {
            let name = "GITLAB_TOKEN";
            return Err(PostError::Missing { name });
        }
    };
    let forge = Forge::GitLab;
    let gitlab = GitLab {
        api: need("CI_API_V4_URL")?,
        project: match variable(&get, "CI_MERGE_REQUEST_PROJECT_ID") {
            Some(project) => project,
            None => need("CI_PROJECT_ID")?,
        },
        number: number
            .or_else(of_request)
            .ok_or(PostError::NoNumber { forge })?,
        token,
        web: variable(&get, "CI_MERGE_REQUEST_PROJECT_URL")
            .or_else(|| variable(&get, "CI_PROJECT_URL")),
        proxy: proxy(&get),
        patience: Patience::default(),
    };
    gitlab.notes(&[])?;
    Ok(gitlab)
}

impl GitLab {
    /// The address of the merge request's notes, or of one of them.
    fn notes(&self, note: &[&str]) -> Result<Url, PostError> {
        let plain = |part: &str| {
            !part.is_empty()
                && !part.chars().all(|c| c == '.')
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if !self.project.split('/').all(plain) {
            return Err(PostError::Repository {
                text: self.project.clone(),
            });
        }
        let number = self.number.to_string();
        let mut path = vec![
            "projects",
            self.project.as_str(),
            "merge_requests",
            &number,
            "notes",
        ];
        path.extend(note);
        endpoint(&self.api, &path)
    }

    fn url_of(&self, note: u64) -> String {
        match &self.web {
            Some(web) => format!(
                "{}/-/merge_requests/{}#note_{note}",
                web.trim_end_matches('/'),
                self.number
            ),
            None => format!("note {note} of merge request {}", self.number),
        }
    }
}

#[derive(Deserialize)]
struct Note {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    system: bool,
    #[serde(default)]
    author: Option<User>,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

/// Renews the merge request's note that begins with `marker`, or adds `body` as a new one.
///
/// Anybody can write a note that begins with the marker, so only one of the token's own user is
/// renewed. Each request has 30 s; what a busy or broken server refuses is tried again. Safe to
/// run twice.
///
/// # Errors
/// [`PostError`]; none of them holds the token.
pub fn upsert_gitlab(target: &GitLab, marker: &str, body: &str) -> Result<Posted, PostError> {
    target.patience.keep(|| once(target, marker, body))
}

fn once(target: &GitLab, marker: &str, body: &str) -> Result<Posted, PostError> {
    let mut list = target.notes(&[])?;
    let (header, token) = match &target.token {
        Token::Private(token) => ("private-token", token),
        Token::Job { token, .. } => ("job-token", token),
    };
    let login = Login {
        forge: Forge::GitLab,
        token,
        header,
        prefix: "",
        headers: &[("accept", "application/json")],
        proxy: target.proxy.as_ref(),
        repository: &target.project,
        number: target.number,
    };
    let session = Session::open(&list, login)?;
    // The oldest first, so that the same note is found each time.
    list.set_query(Some("per_page=100&order_by=created_at&sort=asc"));
    let candidates: Vec<Note> = session.pages(list, |note: &Note| {
        let body = note.body.as_deref().unwrap_or_default();
        !note.system && body.trim_start().starts_with(marker)
    })?;
    let login = match (candidates.is_empty(), &target.token) {
        (true, _) => None,
        (false, Token::Job { user, .. }) => user.clone(),
        (false, Token::Private(_)) => {
            let response = session.send(Method::GET, endpoint(&target.api, &["user"])?, None)?;
            Some(session.json::<User>(response)?.username)
        }
    };
    let ours = candidates.into_iter().find(|note| {
        let author = note.author.as_ref().map(|a| a.username.as_str());
        login.is_some() && author == login.as_deref()
    });
    let payload = serde_json::json!({ "body": body });
    let (method, url) = match &ours {
        Some(note) => (Method::PUT, target.notes(&[&note.id.to_string()])?),
        None => (Method::POST, target.notes(&[])?),
    };
    let response = session.send(method, url, Some(&payload))?;
    let posted: Note = session.json(response)?;
    Ok(Posted {
        url: target.url_of(posted.id),
        updated: ours.is_some(),
    })
}
