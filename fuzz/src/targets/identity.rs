//! The identity token of a job.
//!
//! Input that begins with `{` is the header in the first line and the claims in the rest, signed as GitHub would, so
//! that what lies behind the signature is reached, too; `ISSUER` in it is where the key is. All else is a token as it is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use ocuroot::github::{OidcError, OidcVerifier, RunnerClaims};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const AUDIENCE: &str = "https://ocuroot.example";

struct Issuer {
    url: String,
    key: RsaKeyPair,
    verifier: OidcVerifier,
    runtime: Runtime,
}

static ISSUER: LazyLock<Issuer> = LazyLock::new(Issuer::start);

pub fn run(data: &[u8]) {
    let issuer = &*ISSUER;
    if data.first() != Some(&b'{') {
        if let Ok(token) = std::str::from_utf8(data) {
            let result = issuer.verify(token);
            assert!(matches!(result, Err(OidcError::Refused(_))), "{result:?}");
        }
        return;
    }
    let Some((header, claims)) = super::first_line_of_text(data) else {
        return;
    };
    let claims = claims.trim_end().replace("ISSUER", &issuer.url);
    let token = issuer.sign(header, &claims);
    match issuer.verify(&token) {
        Ok(accepted) => issuer.check(header, &claims, &accepted),
        Err(OidcError::Refused(reason)) => assert!(reason.len() <= 100, "{reason}"),
        Err(OidcError::Unavailable) => panic!("the issuer is there"),
    }
    // Without its signature, or with one letter of it changed, no token is believed.
    let (unsigned, signature) = token.rsplit_once('.').expect("a signed token");
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    for forged in [
        format!("{unsigned}."),
        format!("{unsigned}.{first}{}", &signature[1..]),
    ] {
        let result = issuer.verify(&forged);
        assert!(matches!(result, Err(OidcError::Refused(_))), "{result:?}");
    }
}

impl Issuer {
    fn start() -> Issuer {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let der: Pkcs8V1Der<'_> = key.as_der().expect("an encoding");
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::prelude::BASE64_STANDARD.encode(der.as_ref())
        );
        let private = EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key");
        let public = Jwk::from_encoding_key(&private, Algorithm::RS256).expect("a public half");
        let mut public = serde_json::to_value(public).expect("JSON");
        public["kid"] = json!("k1");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let answers = [
            json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string(),
            json!({"keys": [public]}).to_string(),
        ];
        std::thread::spawn(move || serve(&listener, &answers));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let http = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build();
        let verifier = OidcVerifier::new(&url, AUDIENCE, http.expect("a client"));
        Issuer {
            url,
            key,
            verifier,
            runtime,
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .expect("a signature");
        format!("{text}.{}", BASE64.encode(signature))
    }

    fn verify(&self, token: &str) -> Result<RunnerClaims, OidcError> {
        self.runtime.block_on(self.verifier.verify(token))
    }

    /// What must be true of each token that is believed.
    fn check(&self, header: &str, claims: &str, accepted: &RunnerClaims) {
        let header: Value = serde_json::from_str(header).expect("the header is JSON");
        assert_eq!(
            (&header["alg"], &header["kid"]),
            (&json!("RS256"), &json!("k1"))
        );
        let claims: Value = serde_json::from_str(claims).expect("the claims are JSON");
        assert_eq!(claims["aud"], AUDIENCE);
        assert!(claims["iss"].to_string().contains(&self.url), "{claims}");
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs_f64();
        let time = |name: &str| claims[name].as_f64().expect("a time");
        assert!(
            time("exp") + 62.0 > now && time("nbf") - 62.0 < now,
            "{claims}"
        );
        let ids = [
            ("repository_id", accepted.repository_id),
            ("run_id", accepted.run_id),
            ("run_attempt", accepted.run_attempt),
        ];
        for (name, id) in ids {
            let text = claims[name].as_str().expect("ids are texts");
            assert!(
                id > 0 && text.trim_start_matches(['+', '0']) == id.to_string(),
                "{text}"
            );
        }
        assert_eq!(claims["event_name"], accepted.event_name.as_str());
        assert_eq!(claims["jti"], accepted.jti.as_str());
    }
}

/// Answers the two questions that are asked of an issuer.
fn serve(listener: &TcpListener, answers: &[String; 2]) {
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let mut request = [0; 4096];
        let length = stream.read(&mut request).expect("a request");
        let is_discovery = request[..length]
            .windows(11)
            .any(|part| part == b"/.well-know");
        let body = &answers[usize::from(!is_discovery)];
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // Whoever has gone does not want it.
        let _ = stream.write_all((head + body).as_bytes());
    }
}
