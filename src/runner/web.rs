//! `http.*` of config files.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use reqwest::Method;
use reqwest::blocking::{Client, Response};

use super::address;
use crate::config::{HttpRequest, HttpResponse};

const TIMEOUT: Duration = Duration::from_secs(60);
/// A larger answer is an error: half a document misleads.
const MAX_BODY: u64 = 16 << 20;

/// Sends one request. Any status is an answer.
pub(super) fn send(request: &HttpRequest) -> Result<HttpResponse, String> {
    let url = reqwest::Url::parse(&request.url)
        .map_err(|error| format!("`{}` is not an address: {error}", request.url))?;
    let problem = |error: &reqwest::Error| {
        let HttpRequest { method, url, .. } = request;
        format!("{method} {url}: {}", address::reason(error))
    };
    let mut builder = Client::builder()
        .timeout(TIMEOUT)
        .user_agent(address::USER_AGENT);
    if address::is_loopback(&url) {
        builder = builder.no_proxy();
    }
    let client = builder.build().map_err(|error| problem(&error))?;
    let method = Method::from_bytes(request.method.as_bytes())
        .map_err(|_| format!("`{}` is not a method", request.method))?;
    let mut call = client.request(method, url);
    for (name, value) in &request.headers {
        call = call.header(name, value);
    }
    if !request.body.is_empty() {
        call = call.body(request.body.clone());
    }
    let response = call.send().map_err(|error| problem(&error))?;
    answer(response).map_err(|reason| format!("{} {}: {reason}", request.method, request.url))
}

fn answer(response: Response) -> Result<HttpResponse, String> {
    let status = response.status();
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in response.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    let mut body = Vec::new();
    response
        .take(MAX_BODY + 1)
        .read_to_end(&mut body)
        .map_err(|error| format!("the answer broke off: {error}"))?;
    if body.len() as u64 > MAX_BODY {
        return Err(format!("the answer has more than {} MiB", MAX_BODY >> 20));
    }
    Ok(HttpResponse {
        status_code: status.as_u16(),
        status_text: status.canonical_reason().unwrap_or("").to_owned(),
        headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
