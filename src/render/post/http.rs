//! The requests: one server, one token, JSON.

use super::{Forge, PostError, Secret};
use reqwest::blocking::{Client, Response};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use reqwest::{Method, Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// 100,000 comments: a server that names ever another next page is not followed for ever.
pub(super) const MAX_PAGES: usize = 1000;

/// An address below the API's own, from the raw parts of its path.
pub(super) fn endpoint(api: &str, path: &[&str]) -> Result<Url, PostError> {
    let address = || PostError::Address {
        text: crate::source::hide_password(api),
    };
    let mut url = Url::parse(api).map_err(|_| address())?;
    let host = url.host_str().ok_or_else(address)?.to_owned();
    let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    match url.scheme() {
        "https" => {}
        "http" if local => {}
        "http" => return Err(PostError::Unencrypted { host }),
        _ => return Err(address()),
    }
    url.set_query(None);
    match url.path_segments_mut() {
        Ok(mut segments) => segments.pop_if_empty().extend(path),
        Err(()) => return Err(address()),
    };
    Ok(url)
}

/// How a session shows who it is.
pub(super) struct Login<'a> {
    pub forge: Forge,
    pub token: &'a Secret,
    /// The header that carries the token, and what stands before it.
    pub header: &'static str,
    pub prefix: &'static str,
    pub headers: &'static [(&'static str, &'static str)],
    pub proxy: Option<&'a Secret>,
    /// Named in errors.
    pub repository: &'a str,
    pub number: u64,
}

pub(super) struct Session<'a> {
    login: Login<'a>,
    client: Client,
    host: String,
}

impl<'a> Session<'a> {
    pub fn open(url: &Url, login: Login<'a>) -> Result<Self, PostError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut token = HeaderValue::from_str(&format!("{}{}", login.prefix, login.token.0))
            .map_err(|_| PostError::Token)?;
        token.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(login.header), token);
        for (name, value) in login.headers {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
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
        if let Some(proxy) = login.proxy {
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
            login,
            client,
            host,
        })
    }

    /// All items of a list, page after page, that `keep` holds back.
    pub fn pages<T: DeserializeOwned>(
        &self,
        first: Url,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, PostError> {
        let forge = self.login.forge;
        let origin = first.origin();
        let mut found = Vec::new();
        let mut next = Some(first);
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else {
                return Ok(found);
            };
            let response = self.send(Method::GET, url, None)?;
            next = next_page(response.headers());
            if next.as_ref().is_some_and(|url| url.origin() != origin) {
                let host = self.host.clone();
                return Err(PostError::ForeignPage { forge, host });
            }
            let page: Vec<T> = self.json(response)?;
            found.extend(page.into_iter().filter(&keep));
        }
        Err(PostError::TooManyPages { forge })
    }

    pub fn send(
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
        let retry_seconds = number("retry-after");
        // GitHub's and GitLab's names.
        let used_up = ["x-ratelimit-remaining", "ratelimit-remaining"];
        let limited =
            retry_seconds.is_some() || used_up.into_iter().any(|name| number(name) == Some(0));
        let forge = self.login.forge;
        let repository = self.login.repository.to_owned();
        let message = self.message(response);
        match status {
            403 | 429 if limited || status == 429 => PostError::RateLimited {
                forge,
                retry_seconds,
            },
            401 => PostError::Unauthorized {
                forge,
                message,
                job: self.login.header == "job-token",
            },
            403 => PostError::Forbidden {
                forge,
                repository,
                message,
            },
            404 | 410 => PostError::NotFound {
                forge,
                repository,
                number: self.login.number,
            },
            400 | 422 => PostError::Rejected { forge, message },
            _ => PostError::Status {
                forge,
                host: self.host.clone(),
                status,
                message,
                retry_seconds,
            },
        }
    }

    /// The server's own words, on one line, without the token should it repeat it.
    fn message(&self, response: Response) -> String {
        let json: serde_json::Value = response.json().unwrap_or_default();
        let mut parts: Vec<String> = Vec::new();
        // GitLab: a text, a list of texts for each field, or the two fields of OAuth.
        for at in ["/message", "/error", "/error_description"] {
            match json.pointer(at) {
                Some(serde_json::Value::String(text)) => parts.push(text.clone()),
                Some(value @ serde_json::Value::Object(_)) => parts.push(value.to_string()),
                _ => {}
            }
        }
        let errors = json.pointer("/errors").and_then(|e| e.as_array());
        let texts = errors.into_iter().flatten();
        let texts = texts.filter_map(|e| e.as_str().or_else(|| e.pointer("/message")?.as_str()));
        parts.extend(texts.map(str::to_owned));
        // Before anything is cut off: half a token is one too many.
        let mut text = parts.join("; ");
        if !self.login.token.0.is_empty() {
            text = text.replace(&self.login.token.0, "***");
        }
        match text.is_empty() {
            true => "no reason given".to_owned(),
            false => crate::render::mask::clip(&crate::render::mask::one_line(&text), 300),
        }
    }

    pub fn json<T: DeserializeOwned>(&self, response: Response) -> Result<T, PostError> {
        response.json().map_err(|error| match error.is_decode() {
            true => PostError::Garbage {
                forge: self.login.forge,
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

/// A variable's value, trimmed; none where it is empty.
pub(super) fn variable(get: &impl Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    get(name)
        .map(|v| v.trim().to_owned())
        .filter(|v| !v.is_empty())
}

/// The proxy for `https` addresses.
pub(super) fn proxy(get: &impl Fn(&str) -> Option<String>) -> Option<Secret> {
    variable(get, "HTTPS_PROXY")
        .or_else(|| variable(get, "https_proxy"))
        .map(Secret::new)
}
