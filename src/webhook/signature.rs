//! Whether a delivery really comes from GitHub: HMAC-SHA256 over the bytes as they arrived.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The webhook secrets that are accepted at the moment. More than one while a secret is being
/// changed: GitHub signs with the old one until its setting is saved.
#[derive(Clone)]
pub struct Secrets(Vec<Vec<u8>>);

/// Why a list of secrets cannot protect anything. Shown to the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// No secret at all.
    #[error("no webhook secret is set; copy the one of the GitHub App's settings")]
    Missing,
    /// One of the secrets is the empty text, with which anyone could sign.
    #[error("a webhook secret is empty; remove it or set the one of the GitHub App's settings")]
    Empty,
}

/// Why a delivery is not believed. The texts are safe to send to whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header is not `sha256=` followed by 64 hexadecimal digits.
    #[error("the X-Hub-Signature-256 header is not a SHA-256 signature")]
    Malformed,
    /// Signed with another secret, or the body was altered.
    #[error("the signature does not match the body and this server's webhook secret")]
    Mismatch,
}

impl Secrets {
    /// Takes the secrets in any order.
    ///
    /// # Errors
    /// When there is none, or one of them is empty.
    pub fn new<Text: Into<String>>(
        secrets: impl IntoIterator<Item = Text>,
    ) -> Result<Secrets, SecretsError> {
        let secrets: Vec<Vec<u8>> = secrets
            .into_iter()
            .map(|secret| secret.into().into_bytes())
            .collect();
        if secrets.is_empty() {
            return Err(SecretsError::Missing);
        }
        if secrets.iter().any(Vec::is_empty) {
            return Err(SecretsError::Empty);
        }
        Ok(Secrets(secrets))
    }

    /// Checks `header`, the value of `X-Hub-Signature-256`, against the raw `body`.
    ///
    /// # Errors
    /// When the header has another form or no secret produces that signature.
    pub fn verify(&self, header: &[u8], body: &[u8]) -> Result<(), SignatureError> {
        let digits = header
            .strip_prefix(b"sha256=")
            .ok_or(SignatureError::Malformed)?;
        let mut expected = [0_u8; 32];
        hex::decode_to_slice(digits, &mut expected).map_err(|_| SignatureError::Malformed)?;
        let is_signed_with = |secret: &Vec<u8>| {
            let mut code =
                Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
            code.update(body);
            code.verify_slice(&expected).is_ok()
        };
        if self.0.iter().any(is_signed_with) {
            Ok(())
        } else {
            Err(SignatureError::Mismatch)
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secrets({} hidden)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{Secrets, SecretsError, SignatureError};

    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &[u8] =
        b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    #[test]
    fn the_published_example_is_accepted_with_any_of_the_secrets() {
        let secrets = Secrets::new(["old", "It's a Secret to Everybody"]).expect("two secrets");
        assert_eq!(secrets.verify(SIGNATURE, BODY), Ok(()));
    }

    #[test]
    fn an_altered_body_or_another_secret_is_refused() {
        let secrets = Secrets::new(["It's a Secret to Everybody"]).expect("a secret");
        let mismatch = Err(SignatureError::Mismatch);
        assert_eq!(secrets.verify(SIGNATURE, b"Hello, World?"), mismatch);
        let others = Secrets::new(["old", "new"]).expect("two secrets");
        assert_eq!(others.verify(SIGNATURE, BODY), mismatch);
    }

    #[test]
    fn other_forms_of_the_header_are_refused() {
        let secrets = Secrets::new(["It's a Secret to Everybody"]).expect("a secret");
        for header in [
            &b""[..],
            b"sha256=",
            b"sha1=757107ea0eb2509fc211221cce984b8a37570b6d",
            b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
            b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1",
            b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1700",
            b"sha256=\xff\xfe7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ] {
            assert_eq!(secrets.verify(header, BODY), Err(SignatureError::Malformed));
        }
    }

    #[test]
    fn no_secret_and_an_empty_secret_are_refused() {
        let none: [&str; 0] = [];
        assert_eq!(Secrets::new(none).err(), Some(SecretsError::Missing));
        assert_eq!(Secrets::new(["a", ""]).err(), Some(SecretsError::Empty));
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secrets = Secrets::new(["hunter2"]).expect("a secret");
        assert_eq!(format!("{secrets:?}"), "Secrets(1 hidden)");
    }
}
