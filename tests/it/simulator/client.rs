//! A world for a test, and a client that signs with the JWT crate (the simulator does not use it).

use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use ocuroot::simulator::{Options, Simulator};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const MANIFEST: &str = include_str!("../../../app-manifest.yml");
pub(crate) const REPOSITORY: &str = "acme/api";
pub(crate) const WORKFLOW: &str = "name: Ocuroot
run-name: ocuroot ${{ inputs.ocuroot_runs }}
on:
  workflow_dispatch:
    inputs:
      ocuroot_runs: {required: true, type: string}
      mode: {type: choice, options: [fast, slow], default: fast}
permissions: {contents: read, id-token: write}
jobs:
  run:
    runs-on: ubuntu-latest
    environment: {name: production, deployment: false}
    steps:
      - run: echo hello
";

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// A simulator with one repository, and the means to call it.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
    pub(crate) version: &'static str,
    _directory: TempDir,
}

impl World {
    /// A repository `acme/api` whose default branch has a README and a workflow.
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// The same with other options.
    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let directory = TempDir::new().expect("a directory");
        let mut options = Options::new(directory.path(), MANIFEST);
        change(&mut options);
        let simulator = Simulator::start(options).await.expect("it starts");
        simulator
            .create_repository(REPOSITORY, true)
            .expect("a repository");
        let files = [
            ("README.md", Some("# API\n")),
            (".github/workflows/ocuroot.yml", Some(WORKFLOW)),
        ];
        simulator
            .push(REPOSITORY, "main", &files, "Begin", "alice")
            .expect("a push");
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Self {
            simulator,
            http: http.expect("a client"),
            version: "2026-03-10",
            _directory: directory,
        }
    }

    /// A token of the App with these lifetimes relative to now.
    pub(crate) fn app_token(&self, issued_at: i64, expires_at: i64) -> String {
        let app = self.simulator.app();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs() as i64;
        let claims =
            json!({"iat": now + issued_at, "exp": now + expires_at, "iss": app.app_id.to_string()});
        let key = EncodingKey::from_rsa_pem(app.private_key_pem.as_bytes()).expect("a PEM key");
        encode(&Header::new(Algorithm::RS256), &claims, &key).expect("a token")
    }

    pub(crate) async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.simulator.url()))
            .bearer_auth(token)
            .header("x-github-api-version", self.version);
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request.send().await.expect("an answer")).await
    }

    /// As the App.
    pub(crate) async fn as_app(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(&self.app_token(-60, 540), method, path, body)
            .await
    }

    /// A token of the installation.
    pub(crate) async fn token(&self) -> String {
        let id = self
            .simulator
            .installation_id(REPOSITORY)
            .expect("it is installed");
        let answer = self
            .as_app(
                Method::POST,
                &format!("/app/installations/{id}/access_tokens"),
                None,
            )
            .await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.body["token"].as_str().expect("a token").to_owned()
    }

    /// As the installation.
    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.call(&self.token().await, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path, Some(body)).await
    }

    /// The tip of the default branch.
    pub(crate) fn tip(&self) -> String {
        self.simulator
            .branch_tip(REPOSITORY, "main")
            .expect("a branch")
    }

    /// Fails when anything was asked that a correct client does not ask.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.simulator.violations(), []);
    }

    /// Fails unless exactly this problem was seen.
    #[track_caller]
    pub(crate) fn assert_violation(&self, part: &str) {
        let seen = self.simulator.take_violations();
        assert!(
            seen.len() == 1 && seen[0].problem.contains(part),
            "{seen:?}"
        );
    }
}

pub(crate) async fn read(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.expect("a body").to_vec();
    Answer {
        status,
        headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        bytes,
    }
}
