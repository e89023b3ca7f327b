//! RSA keys and random values. Written on `aws-lc-rs` directly, not on the JWT crate the client uses.

use std::sync::OnceLock;

use anyhow::{Context, anyhow};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// An RSA key of 2048 bits.
pub(crate) struct Key {
    pair: RsaKeyPair,
    public_der: Vec<u8>,
    private_pem: String,
}

/// Why a JSON web token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TokenProblem {
    Malformed,
    WrongSignature,
}

impl Key {
    /// The key the App signs with. Fresh for the process: generating one takes longer than most tests.
    pub(crate) fn of_app() -> anyhow::Result<&'static Self> {
        static KEY: OnceLock<Key> = OnceLock::new();
        Self::once(&KEY)
    }

    /// The key the OIDC issuer signs with.
    pub(crate) fn of_issuer() -> anyhow::Result<&'static Self> {
        static KEY: OnceLock<Key> = OnceLock::new();
        Self::once(&KEY)
    }

    /// A key nobody published: signs tokens that must be refused.
    pub(crate) fn of_stranger() -> anyhow::Result<&'static Self> {
        static KEY: OnceLock<Key> = OnceLock::new();
        Self::once(&KEY)
    }

    fn once(cell: &'static OnceLock<Self>) -> anyhow::Result<&'static Self> {
        if cell.get().is_none() {
            let key = Self::generate()?;
            let _ = cell.set(key);
        }
        cell.get().ok_or_else(|| anyhow!("no RSA key"))
    }

    fn generate() -> anyhow::Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| anyhow!("cannot generate an RSA key"))?;
        let private: Pkcs8V1Der<'static> = pair
            .as_der()
            .map_err(|_| anyhow!("cannot encode the RSA key"))?;
        let public: PublicKeyX509Der<'static> = pair
            .public_key()
            .as_der()
            .map_err(|_| anyhow!("cannot encode the public key"))?;
        let (public_der, private_pem) = (
            public.as_ref().to_vec(),
            pem("PRIVATE KEY", private.as_ref()),
        );
        Ok(Self {
            pair,
            public_der,
            private_pem,
        })
    }

    /// PKCS#8 PEM.
    pub(crate) fn private_pem(&self) -> &str {
        &self.private_pem
    }

    /// The public half as a JSON web key.
    pub(crate) fn public_jwk(&self, key_id: &str) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": key_id,
            "n": URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// A compact RS256 token with these claims.
    pub(crate) fn sign(&self, key_id: &str, claims: &Map<String, Value>) -> anyhow::Result<String> {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": key_id, "x5t": key_id});
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims).context("claims are JSON")?)
        );
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message.as_bytes(),
                &mut signature,
            )
            .map_err(|_| anyhow!("cannot sign a token"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a token that this key signed.
    pub(crate) fn verify(&self, token: &str) -> Result<Map<String, Value>, TokenProblem> {
        let (message, signature) = token.rsplit_once('.').ok_or(TokenProblem::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(TokenProblem::Malformed)?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| TokenProblem::Malformed)
        };
        let header: Value =
            serde_json::from_slice(&decode(header)?).map_err(|_| TokenProblem::Malformed)?;
        if header["alg"] != "RS256" {
            return Err(TokenProblem::WrongSignature);
        }
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public_der)
            .verify(message.as_bytes(), &decode(signature)?)
            .map_err(|_| TokenProblem::WrongSignature)?;
        serde_json::from_slice(&decode(claims)?).map_err(|_| TokenProblem::Malformed)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// Random bytes, as hexadecimal digits.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    SystemRandom::new()
        .fill(&mut buffer)
        .expect("the system's random source works");
    hex::encode(buffer)
}

/// A random UUID (version 4), as GitHub uses for `X-GitHub-Delivery`.
pub(crate) fn random_guid() -> String {
    let digits = random_hex(16);
    format!(
        "{}-{}-4{}-a{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}
