//! Comments posted to a server that behaves as the documents of GitHub and GitLab say.

use pgrehearse::render::markdown::marker;
use pgrehearse::render::post::{
    GitHub, GitLab, Patience, PostError, Secret, Token, github_from_environment,
    gitlab_from_environment, upsert_github, upsert_gitlab,
};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Retries without the waiting.
const HASTE: Patience = Patience {
    attempts: 3,
    pause: Duration::from_millis(1),
    longest: Duration::from_secs(1),
};

// ---------------------------------------------------------------- GitHub

struct Request {
    method: String,
    target: String,
    headers: String,
    body: Value,
}

/// Answers each connection with what `answer` says: status, further headers, body.
fn server(
    answer: impl Fn(&Request) -> (u16, String, String) + Send + 'static,
) -> (GitHub, Arc<Mutex<Vec<Request>>>) {
    let (address, seen) = listen(answer);
    (target(&format!("{address}/api/v3/")), seen)
}

fn listen(
    answer: impl Fn(&Request) -> (u16, String, String) + Send + 'static,
) -> (String, Arc<Mutex<Vec<Request>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).unwrap_or(0) == 0 {
                    break;
                }
            }
            let mut words = head.split_whitespace();
            let (method, target) = (
                words.next().unwrap_or_default(),
                words.next().unwrap_or_default(),
            );
            let lower = head.to_lowercase();
            let length = lower
                .split("content-length: ")
                .nth(1)
                .and_then(|r| r.split("\r\n").next()?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            let request = Request {
                method: method.to_owned(),
                target: target.to_owned(),
                headers: lower.clone(),
                body: serde_json::from_slice(&body).unwrap_or_default(),
            };
            let (status, headers, body) = answer(&request);
            log.lock().unwrap().push(request);
            let _ = write!(
                stream,
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (address, seen)
}

fn target(api: &str) -> GitHub {
    GitHub {
        api: api.to_owned(),
        repository: "shop/db".to_owned(),
        number: 7,
        token: Secret::new("ghp_hunter2"),
        proxy: None,
        patience: HASTE,
    }
}

fn comment_json(id: u64, body: &str, login: &str, kind: &str) -> Value {
    json!({"id": id, "body": body, "html_url": format!("https://github.test/shop/db/pull/7#issuecomment-{id}"),
           "user": {"login": login, "type": kind}})
}

fn lines(seen: &Arc<Mutex<Vec<Request>>>) -> Vec<String> {
    seen.lock()
        .unwrap()
        .iter()
        .map(|r| format!("{} {}", r.method, r.target))
        .collect()
}

const COMMENTS: &str = "/api/v3/repos/shop/db/issues/7/comments";

#[test]
fn a_first_comment_is_created() {
    let (github, seen) = server(|r| match r.method.as_str() {
        "GET" => (
            200,
            String::new(),
            json!([comment_json(1, "hello", "amy", "User")]).to_string(),
        ),
        _ => (
            201,
            String::new(),
            comment_json(9, "", "x", "Bot").to_string(),
        ),
    });
    let posted = upsert_github(&github, &marker(None), "BODY é").unwrap();
    assert!(!posted.updated);
    assert_eq!(
        posted.url,
        "https://github.test/shop/db/pull/7#issuecomment-9"
    );
    assert_eq!(
        lines(&seen),
        [
            format!("GET {COMMENTS}?per_page=100"),
            format!("POST {COMMENTS}")
        ]
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen[1].body, json!({"body": "BODY é"}));
    for part in [
        "authorization: bearer ghp_hunter2",
        "x-github-api-version: 2022-11-28",
        "user-agent: pgrehearse/",
    ] {
        assert!(seen[1].headers.contains(part), "{}", seen[1].headers);
    }
}

#[test]
fn our_comment_on_a_later_page_is_updated_and_a_strangers_is_not() {
    let (github, seen) = server(|r| {
        let host = r
            .headers
            .split("host: ")
            .nth(1)
            .unwrap()
            .split("\r\n")
            .next()
            .unwrap()
            .to_owned();
        let mark = marker(None);
        if r.target.ends_with("/user") {
            return (
                403,
                String::new(),
                json!({"message": "Resource not accessible by integration"}).to_string(),
            );
        }
        if r.method == "PATCH" {
            return (
                200,
                String::new(),
                comment_json(3, "", "github-actions[bot]", "Bot").to_string(),
            );
        }
        if r.target.contains("page=2") && !r.target.ends_with("per_page=100") {
            let other = comment_json(4, &marker(Some("prod")), "github-actions[bot]", "Bot");
            let ours = comment_json(3, &format!("{mark}\nold"), "github-actions[bot]", "Bot");
            return (200, String::new(), json!([other, ours]).to_string());
        }
        let link = format!(
            "link: <http://{host}{COMMENTS}?per_page=100&page=2>; rel=\"next\", <http://{host}{COMMENTS}?per_page=100&page=2>; rel=\"last\"\r\n"
        );
        (
            200,
            link,
            json!([
                comment_json(2, &mark, "mallory", "User"),
                comment_json(1, &format!("> {mark}"), "a", "Bot")
            ])
            .to_string(),
        )
    });
    let posted = upsert_github(&github, &marker(None), "new").unwrap();
    assert!(posted.updated);
    assert_eq!(
        lines(&seen)[1..],
        [
            format!("GET {COMMENTS}?per_page=100&page=2"),
            "GET /api/v3/user".to_owned(),
            "PATCH /api/v3/repos/shop/db/issues/comments/3".to_owned(),
        ]
    );
}

#[test]
fn a_persons_token_updates_that_persons_comment_only() {
    let (github, seen) = server(|r| match (r.method.as_str(), r.target.as_str()) {
        ("GET", "/api/v3/user") => (
            200,
            String::new(),
            json!({"login": "Amy", "type": "User"}).to_string(),
        ),
        ("GET", _) => (
            200,
            String::new(),
            json!([
                comment_json(1, &marker(None), "some[bot]", "Bot"),
                comment_json(2, &marker(None), "amy", "User"),
            ])
            .to_string(),
        ),
        _ => (
            200,
            String::new(),
            comment_json(2, "", "amy", "User").to_string(),
        ),
    });
    assert!(
        upsert_github(&github, &marker(None), "new")
            .unwrap()
            .updated
    );
    assert!(lines(&seen).last().unwrap().ends_with("/comments/2"));
}

#[test]
fn each_refusal_has_its_error_and_none_shows_the_token() {
    for (status, headers, body, code) in [
        (
            401,
            "",
            r#"{"message": "Bad credentials"}"#,
            "post::unauthorized",
        ),
        (
            403,
            "",
            r#"{"message": "Resource not accessible by integration ghp_hunter2"}"#,
            "post::forbidden",
        ),
        (
            403,
            "x-ratelimit-remaining: 0\r\n",
            r#"{"message": "API rate limit exceeded"}"#,
            "post::rate_limited",
        ),
        (
            403,
            "retry-after: 60\r\n",
            r#"{"message": "secondary rate limit"}"#,
            "post::rate_limited",
        ),
        (429, "", "{}", "post::rate_limited"),
        (404, "", r#"{"message": "Not Found"}"#, "post::not_found"),
        (
            422,
            "",
            r#"{"message": "Validation Failed", "errors": [{"message": "body is too long"}]}"#,
            "post::rejected",
        ),
        (500, "", "<html>", "post::status"),
        (200, "", "{not json", "post::garbage"),
        (200, "", r#"{"a": 1}"#, "post::garbage"),
        (
            200,
            "link: <https://evil.example/x>; rel=\"next\"\r\n",
            "[]",
            "post::foreign_page",
        ),
        (
            302,
            "location: http://127.0.0.2:9/x\r\n",
            "",
            "post::status",
        ),
    ] {
        let (github, _) = server(move |_| (status, headers.to_owned(), body.to_owned()));
        let error = upsert_github(&github, &marker(None), "x").unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert!(!error.help().is_empty());
        let mut shown = format!("{error} {error:?} {github:?}");
        let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        while let Some(next) = cause {
            shown.push_str(&next.to_string());
            cause = next.source();
        }
        assert!(!shown.contains("hunter2"), "{shown}");
        if status == 422 {
            assert!(
                shown.contains("Validation Failed; body is too long"),
                "{shown}"
            );
        }
    }
}

#[test]
fn a_rejected_post_is_an_error_too() {
    let (github, _) = server(|r| match r.method.as_str() {
        "GET" => (200, String::new(), "[]".to_owned()),
        _ => (
            422,
            String::new(),
            r#"{"message": "Unable to create comment because issue is locked."}"#.to_owned(),
        ),
    });
    let error = upsert_github(&github, &marker(None), "x").unwrap_err();
    assert_eq!(
        error.to_string(),
        "GitHub rejected the comment: Unable to create comment because issue is locked."
    );
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = upsert_github(&target(&api), &marker(None), "x").unwrap_err();
    assert!(matches!(error, PostError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "127.0.0.1 cannot be reached");
}

#[test]
fn a_token_is_not_sent_unencrypted_nor_to_a_made_up_path() {
    let code = |api: &str, repository: &str| {
        let github = GitHub {
            repository: repository.to_owned(),
            ..target(api)
        };
        upsert_github(&github, &marker(None), "x")
            .unwrap_err()
            .code()
    };
    assert_eq!(code("http://github.example", "a/b"), "post::unencrypted");
    assert_eq!(code("ftp://github.example", "a/b"), "post::address");
    assert_eq!(code("nonsense", "a/b"), "post::address");
    for repository in ["a", "a/..", "../b", "a/b/c", "a/b?c", ""] {
        assert_eq!(
            code("https://api.github.com", repository),
            "post::repository",
            "{repository}"
        );
    }
    let github = GitHub {
        token: Secret::new("a\nb"),
        ..target("http://127.0.0.1:1")
    };
    assert_eq!(
        upsert_github(&github, "", "").unwrap_err().code(),
        "post::token"
    );
}

#[test]
fn the_environment_of_actions_names_the_pull_request() {
    let read = |event: Option<&str>, reference: &str, without: &str| {
        let get = |name: &str| {
            let value = match name {
                "GITHUB_TOKEN" => "t\n",
                "GITHUB_REPOSITORY" => "shop/db",
                "GITHUB_API_URL" => "https://ghe.example/api/v3",
                "GITHUB_REF" => reference,
                _ => return None,
            };
            (name != without).then(|| value.to_owned())
        };
        github_from_environment(get, event, None)
            .map(|g| (g.number, g.api))
            .map_err(|e| e.to_string())
    };
    let api = "https://ghe.example/api/v3".to_owned();
    assert_eq!(
        read(Some(r#"{"pull_request": {"number": 5}}"#), "", ""),
        Ok((5, api.clone()))
    );
    assert_eq!(
        read(Some(r#"{"issue": {"number": 6}}"#), "", ""),
        Ok((6, api.clone()))
    );
    assert_eq!(read(Some("garbage"), "refs/pull/8/merge", ""), Ok((8, api)));
    assert_eq!(
        read(None, "refs/heads/main", ""),
        Err("the pull request's number is neither in the event nor in GITHUB_REF".to_owned())
    );
    assert_eq!(
        read(None, "refs/pull/8/merge", "GITHUB_TOKEN"),
        Err("GITHUB_TOKEN is not set".to_owned())
    );
}

#[test]
fn what_a_busy_server_refuses_is_tried_again_and_nothing_is_posted_twice() {
    // The comment is made, but the answer is lost.
    let posts = Arc::new(AtomicUsize::new(0));
    let count = posts.clone();
    let (github, seen) = server(move |r| match (r.method.as_str(), r.target.as_str()) {
        ("GET", "/api/v3/user") => (403, String::new(), "{}".to_owned()),
        ("GET", _) => {
            let there = count.load(Ordering::SeqCst) > 0;
            let ours = comment_json(5, &marker(None), "github-actions[bot]", "Bot");
            let list = if there { json!([ours]) } else { json!([]) };
            (200, String::new(), list.to_string())
        }
        ("POST", _) => {
            count.fetch_add(1, Ordering::SeqCst);
            (502, String::new(), "<html>bad gateway".to_owned())
        }
        _ => (
            200,
            String::new(),
            comment_json(5, "", "x", "Bot").to_string(),
        ),
    });
    assert!(upsert_github(&github, &marker(None), "x").unwrap().updated);
    assert_eq!(posts.load(Ordering::SeqCst), 1);
    assert!(lines(&seen).last().unwrap().starts_with("PATCH "));

    // Three times and no more; a server that asks for too much patience is left at once.
    for (headers, tries) in [
        ("", 3),
        ("retry-after: 0\r\n", 3),
        ("retry-after: 60\r\n", 1),
    ] {
        let (github, seen) = server(move |_| (429, headers.to_owned(), "{}".to_owned()));
        let error = upsert_github(&github, &marker(None), "x").unwrap_err();
        assert_eq!(error.code(), "post::rate_limited");
        assert_eq!(lines(&seen).len(), tries, "{headers}");
    }
}

#[test]
fn a_workflow_run_names_its_only_pull_request() {
    let get = |name: &str| match name {
        "GITHUB_TOKEN" => Some("t".to_owned()),
        "GITHUB_REPOSITORY" => Some("shop/db".to_owned()),
        _ => None,
    };
    let number = |event: &str, given| {
        github_from_environment(get, Some(event), given)
            .map(|g| g.number)
            .ok()
    };
    let one = r#"{"workflow_run": {"pull_requests": [{"number": 4}]}}"#;
    assert_eq!(number(one, None), Some(4));
    assert_eq!(number(one, Some(9)), Some(9));
    assert_eq!(
        number(r#"{"workflow_run": {"pull_requests": []}}"#, None),
        None
    );
}

// ---------------------------------------------------------------- GitLab

const NOTES: &str = "/api/v4/projects/42/merge_requests/7/notes";
const FIRST: &str = "?per_page=100&order_by=created_at&sort=asc";

fn gitlab(
    answer: impl Fn(&Request) -> (u16, String, String) + Send + 'static,
) -> (GitLab, Arc<Mutex<Vec<Request>>>) {
    let (address, seen) = listen(answer);
    let gitlab = GitLab {
        api: format!("{address}/api/v4"),
        project: "42".to_owned(),
        number: 7,
        token: Token::Private(Secret::new("glpat-hunter2")),
        web: Some("https://gitlab.test/shop/db".to_owned()),
        proxy: None,
        patience: HASTE,
    };
    (gitlab, seen)
}

fn note(id: u64, body: &str, author: &str) -> Value {
    json!({"id": id, "body": body, "system": false, "noteable_type": "MergeRequest",
           "author": {"id": 1, "username": author}})
}

#[test]
fn a_first_note_is_created() {
    let (gitlab, seen) = gitlab(|r| match r.method.as_str() {
        "GET" => (
            200,
            String::new(),
            json!([note(1, "hello", "amy")]).to_string(),
        ),
        _ => (201, String::new(), note(9, "", "bot").to_string()),
    });
    let posted = upsert_gitlab(&gitlab, &marker(None), "BODY é").unwrap();
    assert!(!posted.updated);
    assert_eq!(
        posted.url,
        "https://gitlab.test/shop/db/-/merge_requests/7#note_9"
    );
    assert_eq!(
        lines(&seen),
        [format!("GET {NOTES}{FIRST}"), format!("POST {NOTES}")]
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen[1].body, json!({"body": "BODY é"}));
    assert!(seen[1].headers.contains("private-token: glpat-hunter2\r\n"));
    assert!(!seen[1].headers.contains("job-token"));
}

#[test]
fn our_note_on_a_later_page_is_updated_and_neither_a_strangers_nor_a_system_note() {
    let answer = |r: &Request| {
        let host = r.headers.split("host: ").nth(1).unwrap();
        let host = host.split("\r\n").next().unwrap();
        let mark = marker(None);
        match (r.method.as_str(), r.target.as_str()) {
            ("GET", "/api/v4/user") => (
                200,
                String::new(),
                json!({"id": 3, "username": "project_42_bot"}).to_string(),
            ),
            ("GET", target) if target.contains("&page=2") => {
                let mut system = note(4, &mark, "project_42_bot");
                system["system"] = json!(true);
                let ours = note(5, &format!("{mark}\nold"), "project_42_bot");
                (200, String::new(), json!([system, ours]).to_string())
            }
            ("GET", _) => {
                let link = format!(
                    "link: <http://{host}{NOTES}{FIRST}&page=2>; rel=\"next\", <http://{host}{NOTES}{FIRST}&page=1>; rel=\"first\"\r\n"
                );
                let stranger = note(2, &mark, "mallory");
                (
                    200,
                    link,
                    json!([stranger, note(3, &format!("> {mark}"), "amy")]).to_string(),
                )
            }
            _ => (
                200,
                String::new(),
                note(5, "", "project_42_bot").to_string(),
            ),
        }
    };
    let (first, seen) = gitlab(answer);
    assert!(upsert_gitlab(&first, &marker(None), "new").unwrap().updated);
    assert_eq!(
        lines(&seen)[1..],
        [
            format!("GET {NOTES}{FIRST}&page=2"),
            "GET /api/v4/user".to_owned(),
            format!("PUT {NOTES}/5"),
        ]
    );

    // A job's token is the user's who started it, and is not asked for.
    let (mut job, seen) = gitlab(answer);
    job.token = Token::Job {
        token: Secret::new("hunter2"),
        user: Some("project_42_bot".to_owned()),
    };
    assert!(upsert_gitlab(&job, &marker(None), "new").unwrap().updated);
    assert!(!lines(&seen).iter().any(|l| l.ends_with("/user")));
    assert!(
        seen.lock().unwrap()[0]
            .headers
            .contains("job-token: hunter2\r\n")
    );
    // Of an unknown user no note is ours.
    let (mut nobody, seen) = gitlab(answer);
    nobody.token = Token::Job {
        token: Secret::new("hunter2"),
        user: None,
    };
    assert!(
        !upsert_gitlab(&nobody, &marker(None), "new")
            .unwrap()
            .updated
    );
    assert!(lines(&seen).last().unwrap().starts_with("POST "));
}

#[test]
fn each_refusal_of_gitlab_has_its_error_and_none_shows_the_token() {
    for (status, headers, body, code, says) in [
        (
            401,
            "",
            r#"{"message": "401 Unauthorized"}"#,
            "post::unauthorized",
            "401 Unauthorized",
        ),
        (
            403,
            "",
            r#"{"error": "insufficient_scope", "error_description": "needs higher privileges than glpat-hunter2"}"#,
            "post::forbidden",
            "insufficient_scope; needs higher privileges than ***",
        ),
        (
            404,
            "",
            r#"{"message": "404 Project Not Found"}"#,
            "post::not_found",
            "merge request 7 of 42",
        ),
        (
            400,
            "",
            r#"{"message": {"note": ["can't be blank"]}}"#,
            "post::rejected",
            "can't be blank",
        ),
        (
            429,
            "ratelimit-remaining: 0\r\n",
            "Retry later",
            "post::rate_limited",
            "GitLab's rate limit",
        ),
        (503, "", "", "post::status", "503"),
        (200, "", "<html>", "post::garbage", "GitLab's JSON"),
        (
            200,
            "link: <https://evil.example/>; rel=\"next\"\r\n",
            "[]",
            "post::foreign_page",
            "another server",
        ),
    ] {
        let (gitlab, _) = gitlab(move |_| (status, headers.to_owned(), body.to_owned()));
        let error = upsert_gitlab(&gitlab, &marker(None), "x").unwrap_err();
        let shown = format!("{error} {error:?} {gitlab:?} {}", error.help());
        assert_eq!(error.code(), code, "{status} {body}");
        assert!(shown.contains(says), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(!error.help().contains("GITHUB_TOKEN"), "{shown}");
    }
    let (mut job, _) = gitlab(|_| (401, String::new(), r#"{"message": "401"}"#.to_owned()));
    job.token = Token::Job {
        token: Secret::new("hunter2"),
        user: None,
    };
    let error = upsert_gitlab(&job, &marker(None), "x").unwrap_err();
    assert!(
        error.help().contains("set GITLAB_TOKEN"),
        "{}",
        error.help()
    );
}

#[test]
fn the_environment_of_gitlab_names_the_merge_request() {
    let variables = [
        ("CI_API_V4_URL", "https://gitlab.test/api/v4"),
        ("CI_PROJECT_ID", "7"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_IID", "5"),
        (
            "CI_MERGE_REQUEST_PROJECT_URL",
            "https://gitlab.test/shop/db",
        ),
        ("CI_JOB_TOKEN", "job"),
        ("GITLAB_USER_LOGIN", "amy"),
        ("GITLAB_TOKEN", "private"),
    ];
    let read = |without: &[&str]| {
        let get = |name: &str| {
            let found = variables.iter().find(|(n, _)| *n == name)?;
            (!without.contains(&name)).then(|| found.1.to_owned())
        };
        gitlab_from_environment(get, None)
    };
    let all = read(&[]).unwrap();
    assert_eq!((all.project.as_str(), all.number), ("42", 5));
    assert_eq!(all.token, Token::Private(Secret::new("private")));
    let job = read(&["GITLAB_TOKEN", "CI_MERGE_REQUEST_PROJECT_ID"]).unwrap();
    assert_eq!(job.project, "7");
    assert!(matches!(job.token, Token::Job { user: Some(user), .. } if user == "amy"));
    for (without, code) in [
        (vec!["GITLAB_TOKEN", "CI_JOB_TOKEN"], "post::missing"),
        (vec!["CI_API_V4_URL"], "post::missing"),
        (vec!["CI_MERGE_REQUEST_IID"], "post::no_number"),
    ] {
        let error = read(&without).unwrap_err();
        assert_eq!(error.code(), code);
        assert!(!error.help().is_empty());
    }
}

#[test]
fn a_project_of_gitlab_is_one_part_of_the_path() {
    let (mut gitlab, seen) = gitlab(|r| match r.method.as_str() {
        "GET" => (200, String::new(), "[]".to_owned()),
        _ => (201, String::new(), note(1, "", "x").to_string()),
    });
    gitlab.project = "shop/db".to_owned();
    upsert_gitlab(&gitlab, &marker(None), "x").unwrap();
    assert_eq!(
        lines(&seen)[1],
        "POST /api/v4/projects/shop%2Fdb/merge_requests/7/notes"
    );
    for project in ["", "a/..", "a?b", "a#b", "a//b"] {
        gitlab.project = project.to_owned();
        let error = upsert_gitlab(&gitlab, &marker(None), "x").unwrap_err();
        assert_eq!(error.code(), "post::repository", "{project}");
    }
}
