use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::keys::Keys;
use super::{OidcError, OidcVerifier};
use crate::github::tests::{PEM, Stub, json_answer, new_pem, ok};

const AUDIENCE: &str = "https://ocuroot.example";

/// An issuer whose key set a test can change.
struct Issuer {
    stub: Stub,
    keys: Arc<Mutex<Vec<Value>>>,
}

impl Issuer {
    async fn start() -> Issuer {
        let keys = Arc::new(Mutex::new(vec![public("k1", &PEM)]));
        let served = Arc::clone(&keys);
        let stub = Stub::start(move |seen| {
            let host = format!("http://{}", seen.header("host").expect("a host"));
            let served = served.lock().expect("no test panicked").clone();
            match seen.path.as_str() {
                _ if served.is_empty() => json_answer(StatusCode::BAD_GATEWAY, &json!({})),
                "/.well-known/openid-configuration" => {
                    ok(&json!({"issuer": host, "jwks_uri": format!("{host}/keys")}))
                }
                _ => ok(&json!({"keys": served})),
            }
        })
        .await;
        Issuer { stub, keys }
    }

    fn publish(&self, keys: Vec<Value>) {
        *self.keys.lock().expect("no test panicked") = keys;
    }

    fn verifier(&self) -> OidcVerifier {
        OidcVerifier::new(&self.stub.url(), AUDIENCE, reqwest::Client::new())
    }

    /// A verifier that may fetch the keys again at once.
    fn impatient(&self) -> OidcVerifier {
        let http = reqwest::Client::new();
        OidcVerifier {
            keys: Keys::new(&self.stub.url(), http, Duration::ZERO),
            ..self.verifier()
        }
    }

    fn claims(&self) -> Value {
        let now = now();
        json!({
            "iss": self.stub.url(), "aud": AUDIENCE, "sub": "repo:acme@1/api@11:ref:refs/heads/main",
            "jti": "one", "iat": now, "nbf": now - 10, "exp": now + 300,
            "repository_id": "11", "repository_owner_id": "1", "run_id": "30433642",
            "run_attempt": "2", "check_run_id": "4", "event_name": "workflow_dispatch",
            "environment": "production",
            "job_workflow_ref": "acme/api/.github/workflows/ocuroot.yml@refs/heads/main",
        })
    }

    fn with(&self, claim: &str, value: Value) -> Value {
        let mut claims = self.claims();
        claims[claim] = value;
        claims
    }

    fn without(&self, claim: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().expect("an object").remove(claim);
        claims
    }
}

fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.expect("after 1970").as_secs()
}

fn private(pem: &str) -> EncodingKey {
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("a key")
}

fn public(kid: &str, pem: &str) -> Value {
    let key = Jwk::from_encoding_key(&private(pem), Algorithm::RS256).expect("a public half");
    let mut key = serde_json::to_value(key).expect("JSON");
    key["kid"] = json!(kid);
    key["use"] = json!("sig");
    key
}

fn sign(kid: &str, pem: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, &private(pem)).expect("a token")
}

fn reason(result: Result<super::RunnerClaims, OidcError>) -> String {
    match result.expect_err("refused") {
        OidcError::Refused(reason) => reason,
        other => panic!("refused, not {other:?}"),
    }
}

#[tokio::test]
async fn a_jobs_token_tells_who_it_is() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let token = sign("k1", &PEM, &issuer.claims());
    let claims = verifier.verify(&token).await.expect("accepted");
    assert_eq!((claims.repository_id, claims.repository_owner_id), (11, 1));
    assert_eq!((claims.run_id, claims.run_attempt), (30_433_642, 2));
    assert_eq!(claims.check_run_id, Some(4));
    assert_eq!(claims.event_name, "workflow_dispatch");
    assert_eq!(claims.environment.as_deref(), Some("production"));
    let mut sparse = issuer.without("environment");
    sparse["check_run_id"] = Value::Null;
    let token = sign("k1", &PEM, &sparse);
    let claims = verifier.verify(&token).await.expect("accepted");
    assert_eq!((claims.environment, claims.check_run_id), (None, None));
    assert_eq!(issuer.stub.calls().len(), 2, "the keys are fetched once");
}

#[tokio::test]
async fn a_token_for_somebody_else_or_another_time_is_refused() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let now = now();
    let strangers = "its claims are not those of a workflow job";
    let cases = [
        (
            issuer.with("aud", json!("https://other.example")),
            "it is for another audience",
        ),
        (issuer.with("aud", json!([AUDIENCE, "x"])), strangers),
        (
            issuer.with("iss", json!("https://evil.example")),
            "it has another issuer",
        ),
        (issuer.with("exp", json!(now - 61)), "it has expired"),
        (issuer.with("nbf", json!(now + 120)), "it is not valid yet"),
        (issuer.without("aud"), strangers),
        (issuer.without("iss"), strangers),
        (issuer.without("exp"), strangers),
        (issuer.without("nbf"), strangers),
        (issuer.without("jti"), strangers),
    ];
    for (claims, expected) in cases {
        let token = sign("k1", &PEM, &claims);
        let result = verifier.verify(&token).await;
        assert_eq!(reason(result), expected, "{claims}");
    }
    let early = issuer.with("nbf", json!(now + 30));
    let late = issuer.with("exp", json!(now - 30));
    for claims in [early, late] {
        let result = verifier.verify(&sign("k1", &PEM, &claims)).await;
        assert!(result.is_ok(), "clocks may differ by a minute");
    }
}

#[tokio::test]
async fn claims_of_another_type_are_refused() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let cases = [
        ("repository_id", json!(11)),
        ("repository_id", json!("11 or 1=1")),
        ("repository_id", json!("-11")),
        ("repository_id", json!("")),
        ("run_id", json!(["30433642"])),
        ("run_id", json!("99999999999999999999")),
        ("run_attempt", Value::Null),
        ("check_run_id", json!(4)),
        ("event_name", json!({})),
        ("exp", json!("tomorrow")),
    ];
    for (claim, value) in cases {
        let claims = issuer.with(claim, value.clone());
        let result = verifier.verify(&sign("k1", &PEM, &claims)).await;
        let refused = matches!(result, Err(OidcError::Refused(_)));
        assert!(refused, "{claim} {value}: {result:?}");
    }
}

#[tokio::test]
async fn only_rs256_by_a_key_of_the_issuer_is_believed() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    let claims = issuer.claims();
    // The public key is no secret: taken as an HMAC secret it must not sign.
    let modulus = public("k1", &PEM)["n"].to_string();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(String::from("k1"));
    let key = EncodingKey::from_secret(modulus.as_bytes());
    let symmetric = encode(&header, &claims, &key).expect("a token");
    let result = verifier.verify(&symmetric).await;
    assert_eq!(reason(result), "it is not signed with RS256");
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(json!({"alg": "none", "kid": "k1", "typ": "JWT"}));
    let unsigned = format!("{header}.{}.", part(claims.clone()));
    assert_eq!(
        reason(verifier.verify(&unsigned).await),
        "it is not a signed token"
    );
    let forged = sign("k1", &new_pem(), &claims);
    assert_eq!(
        reason(verifier.verify(&forged).await),
        "its signature is wrong"
    );
    let genuine = sign("k1", &PEM, &claims);
    let mut parts: Vec<_> = genuine.split('.').map(str::to_owned).collect();
    parts[1] = part(issuer.with("repository_id", json!("12")));
    let altered = parts.join(".");
    assert_eq!(
        reason(verifier.verify(&altered).await),
        "its signature is wrong"
    );
    let nameless = encode(&Header::new(Algorithm::RS256), &claims, &private(&PEM));
    let nameless = nameless.expect("a token");
    assert_eq!(reason(verifier.verify(&nameless).await), "it names no key");
    for odd in ["", "a.b", "a.b.c", &"x".repeat(20_000)] {
        assert!(matches!(
            verifier.verify(odd).await,
            Err(OidcError::Refused(_))
        ));
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let issuer = Issuer::start().await;
    let verifier = issuer.impatient();
    let first = sign("k1", &PEM, &issuer.claims());
    verifier.verify(&first).await.expect("accepted");
    let pem = new_pem();
    let second = sign("k2", &pem, &issuer.claims());
    let unknown = "it is signed with an unknown key";
    assert_eq!(reason(verifier.verify(&second).await), unknown);
    issuer.publish(vec![public("k2", &pem)]);
    verifier.verify(&second).await.expect("accepted");
    assert_eq!(reason(verifier.verify(&first).await), unknown);
}

#[tokio::test]
async fn unknown_keys_do_not_make_the_server_ask_the_issuer_each_time() {
    let issuer = Issuer::start().await;
    let verifier = issuer.verifier();
    for number in 0..20 {
        let token = sign(&format!("x{number}"), &PEM, &issuer.claims());
        let unknown = "it is signed with an unknown key";
        assert_eq!(reason(verifier.verify(&token).await), unknown);
    }
    assert_eq!(issuer.stub.calls().len(), 2);
}

#[tokio::test]
async fn keys_of_other_kinds_are_skipped() {
    let issuer = Issuer::start().await;
    let mut encryption = public("k2", &PEM);
    encryption["use"] = json!("enc");
    let keys = vec![
        json!({"kty": "AKP", "kid": "pq", "alg": "ML-DSA-44", "pub": "x"}),
        json!({"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}),
        json!("nonsense"),
        encryption,
        public("k1", &PEM),
    ];
    issuer.publish(keys);
    let verifier = issuer.verifier();
    let token = sign("k1", &PEM, &issuer.claims());
    verifier.verify(&token).await.expect("accepted");
    let token = sign("k2", &PEM, &issuer.claims());
    assert!(verifier.verify(&token).await.is_err());
}

#[tokio::test]
async fn without_the_issuer_tokens_are_neither_accepted_nor_refused() {
    let issuer = Issuer::start().await;
    let token = sign("k1", &PEM, &issuer.claims());
    let keys = std::mem::take(&mut *issuer.keys.lock().expect("no test panicked"));
    let verifier = issuer.verifier();
    for _ in 0..3 {
        assert_eq!(verifier.verify(&token).await, Err(OidcError::Unavailable));
    }
    assert_eq!(
        issuer.stub.calls().len(),
        1,
        "no storm on an issuer in trouble"
    );
    issuer.publish(keys);
    issuer.verifier().verify(&token).await.expect("accepted");
}
