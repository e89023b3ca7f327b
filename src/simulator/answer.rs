//! What goes back over HTTP.

use serde_json::{Value, json};

use super::state::refusal::Refusal;

/// An answer before it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A JSON answer.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::bytes(
            status,
            "application/json; charset=utf-8",
            value.to_string().into_bytes(),
        )
    }

    /// Any other answer.
    pub(crate) fn bytes(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", content_type.to_owned())],
            body,
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// To somewhere else.
    pub(crate) fn redirect(status: u16, location: String) -> Self {
        Self::empty(status).with("Location", location)
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl From<&Refusal> for Answer {
    fn from(refusal: &Refusal) -> Self {
        let mut body = json!({
            "message": refusal.message, "status": refusal.status.to_string(),
            "documentation_url": "https://docs.github.com/rest",
        });
        if !refusal.errors.is_empty() {
            body["errors"] = json!(refusal.errors);
        }
        Self::json(refusal.status, &body)
    }
}
