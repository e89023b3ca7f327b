//! One API request, as its handler sees it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::answer::Answer;
use super::route::Parameters;
use super::state::manifest::Manifest;
use super::state::refusal::Refusal;
use super::state::repository::Repository;
use super::state::world::World;
use super::tokens::Caller;

/// A request whose caller, permission and repository were checked.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) parameters: Parameters,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// Names in lower case.
    pub(crate) headers: &'a BTreeMap<String, String>,
    pub(crate) body: &'a [u8],
    pub(crate) caller: Caller,
    pub(crate) api_version: String,
    /// The full name; empty on routes without a repository.
    pub(crate) repository: String,
}

impl Call<'_> {
    /// A part of the path.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name).map_or("", String::as_str)
    }

    /// A part of the path that is a number; anything else is not found.
    pub(crate) fn number(&self, name: &str) -> Result<u64, Refusal> {
        self.parameter(name)
            .parse()
            .map_err(|_| Refusal::not_found())
    }

    /// The repository of the path.
    pub(crate) fn repo(&self) -> Result<&Repository, Refusal> {
        self.world.repository(&self.repository)
    }

    /// The JSON body. A field that does not exist is what a correct client never sends.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let body: &[u8] = if self.body.is_empty() {
            b"{}"
        } else {
            self.body
        };
        serde_json::from_slice(body).map_err(|error| {
            let status = if error.is_data() { 422 } else { 400 };
            let mut refusal = Refusal::new(status, format!("Problems parsing JSON: {error}"));
            refusal.violation = true;
            refusal
        })
    }

    /// The login that the caller acts under.
    pub(crate) fn login(&self) -> String {
        self.world.bot()
    }

    /// Whether the caller's token carries a permission.
    pub(crate) fn may(&self, permission: &str, level: &str) -> bool {
        matches!(&self.caller, Caller::Installation(token) if Manifest::grants(&token.permissions, permission, level))
    }

    /// Whether the answer follows the API of 2026-03-10 or later.
    pub(crate) fn is_newer_api(&self) -> bool {
        self.api_version.as_str() >= "2026-03-10"
    }

    /// Whether the bytes are wanted instead of JSON.
    pub(crate) fn wants_raw(&self) -> bool {
        self.headers
            .get("accept")
            .is_some_and(|accept| accept.contains("raw"))
    }

    /// One page of a list, within an object when it has a name, with links to the other pages.
    pub(crate) fn page(&self, name: Option<&str>, items: &[Value]) -> Result<Answer, Refusal> {
        let (shown, next) = self.window(items)?;
        let answer = match name {
            None => Answer::json(200, &json!(shown)),
            Some(name) => Answer::json(200, &json!({"total_count": items.len(), name: shown})),
        };
        Ok(with_link(answer, next))
    }

    /// The part of a list that is asked for, and the address of the next one.
    pub(crate) fn window<'items, T>(
        &self,
        items: &'items [T],
    ) -> Result<(&'items [T], Option<String>), Refusal> {
        let number = |key: &str, default: usize| match self.query.get(key) {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| Refusal::unprocessable(format!("{key} is not a number"))),
        };
        let size = number("per_page", 30)?.clamp(1, 100);
        let page = number("page", 1)?.max(1);
        let start = size.saturating_mul(page - 1).min(items.len());
        let end = start.saturating_add(size).min(items.len());
        let next = (end < items.len()).then(|| {
            let mut query = self.query.clone();
            query.insert("page".to_owned(), (page + 1).to_string());
            self.link(&query)
        });
        Ok((&items[start..end], next))
    }

    /// The URL of this call with another query.
    pub(crate) fn link(&self, query: &BTreeMap<String, String>) -> String {
        let pairs: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        format!("{}{}?{}", self.world.url, self.path, pairs.join("&"))
    }
}

/// Tells where the next page is, if there is one.
pub(crate) fn with_link(answer: Answer, next: Option<String>) -> Answer {
    match next {
        Some(next) => answer.with("Link", format!("<{next}>; rel=\"next\"")),
        None => answer,
    }
}

fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
