//! Addresses that may be called, and the clients that call them.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Url;
use reqwest::blocking::Client;
use reqwest::redirect::Policy;

use super::error::RunnerError;

/// An `http` or `https` address; plain `http` only on this machine, because tokens travel there.
///
/// # Errors
/// When it is another kind of address, or none.
pub fn parse(text: &str) -> Result<Url, RunnerError> {
    let refused = || RunnerError::Address(text.to_owned());
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_allowed = match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(&url),
        _ => false,
    };
    if is_allowed { Ok(url) } else { Err(refused()) }
}

/// A client for one server. A server on this machine is never asked through a proxy.
pub(super) fn client(url: &Url, timeout: Duration) -> Result<Client, RunnerError> {
    let builder = Client::builder()
        .timeout(timeout)
        .redirect(Policy::none())
        .user_agent(USER_AGENT);
    let builder = match is_loopback(url) {
        true => builder.no_proxy(),
        false => builder,
    };
    builder
        .build()
        .map_err(|error| RunnerError::NoClient(reason(&error)))
}

pub(super) const USER_AGENT: &str = concat!("ocuroot/", env!("CARGO_PKG_VERSION"));

/// Whether the address is one of this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// What went wrong, down to the cause, without the address: it may carry a secret.
pub fn reason(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        "no connection".to_owned()
    } else {
        "the request failed".to_owned()
    };
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.source().is_none() {
            text.push_str(&format!(" ({inner})"));
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn plain_http_is_only_for_this_machine() {
        for good in [
            "https://ocuroot.example",
            "https://ocuroot.example:8443/base/",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:8080",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ocuroot.example",
            "http://ocuroot.example",
            "http://127.0.0.1.example",
            "file:///etc/passwd",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
