//! A release by a real server that logs all it can, and then a search for every secret there was.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ocuroot::simulator::{Delivery, Options, Signer, Simulator, WorkflowRun};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::repositories::shop;

/// With signs that are written differently in addresses and in JSON.
const WEBHOOK_SECRET: &str = "of/the+webhooks&\"quoted\"=7f1c";

struct Served {
    child: Child,
    directory: TempDir,
    github: Simulator,
    url: String,
}

impl Served {
    async fn start() -> Served {
        let directory = tempfile::tempdir().unwrap();
        let mut options = Options::new(directory.path().join("github"), ocuroot::APP_MANIFEST);
        options.webhook_secret = WEBHOOK_SECRET.to_owned();
        options.delivery = Delivery::AtOnce;
        let github = Simulator::start(options).await.unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap().to_string();
        drop(free);
        let url = format!("http://{address}");
        let app = github.app();
        let database = directory.path().join("ocuroot.db");
        let log = File::create(directory.path().join("server.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
            .arg("serve")
            .env("OCUROOT_LISTEN", address)
            .env("OCUROOT_PUBLIC_URL", &url)
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("OCUROOT_GITHUB_APP_ID", app.app_id.to_string())
            .env("OCUROOT_GITHUB_PRIVATE_KEY", app.private_key_pem)
            .env("OCUROOT_GITHUB_WEBHOOK_SECRET", WEBHOOK_SECRET)
            .env("OCUROOT_GITHUB_API_URL", github.url())
            .env("OCUROOT_GITHUB_WEB_URL", github.url())
            .env("OCUROOT_GITHUB_OIDC_ISSUER", github.url())
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        github.set_webhook_url(&format!("{url}/webhooks/github"));
        while reqwest::get(format!("{url}/readyz")).await.is_err() {
            tokio::task::yield_now().await;
        }
        Served {
            child,
            directory,
            github,
            url,
        }
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let request = reqwest::Client::new().post(format!("{}{path}", self.url));
        let answer = request.bearer_auth(token).json(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// Plays the job of a workflow run. Answers the tokens it had.
    async fn play(&self, run: &WorkflowRun) -> Vec<String> {
        self.github.start_workflow_run(run.id).unwrap();
        let entries: Value = serde_json::from_str(&run.inputs["ocuroot_runs"]).unwrap();
        let (id, fence) = (&entries[0]["id"], &entries[0]["fence"]);
        let token = |signer| {
            self.github
                .identity_token(run.id, 0, &self.url, &[], signer)
                .unwrap()
        };
        let (identity, forged) = (token(Signer::Issuer), token(Signer::Stranger));
        let claim = json!({"fence": fence, "nonce": "n", "job_url": null});
        let path = format!("/api/v1/runs/{id}/claim");
        assert_eq!(self.post(&path, &forged, &claim).await.0, 401);
        let (status, assignment) = self.post(&path, &identity, &claim).await;
        assert_eq!(status, 200, "{assignment}");
        let token = assignment["token"].as_str().unwrap().to_owned();
        let logs = json!({"fence": fence, "first": 0, "lines": ["one"]});
        let (status, _) = self
            .post(&format!("/api/v1/runs/{id}/logs"), &token, &logs)
            .await;
        assert_eq!(status, 204);
        let report =
            json!({"fence": fence, "outcome": {"kind": "done", "outputs": {"image": "api:1"}}});
        let (status, _) = self
            .post(&format!("/api/v1/runs/{id}/report"), &token, &report)
            .await;
        assert_eq!(status, 202);
        self.github
            .complete_workflow_run(run.id, "success")
            .unwrap();
        vec![identity, forged, token]
    }

    /// Everything that somebody may get to see, by its name.
    fn left(&self) -> Vec<(String, Vec<u8>)> {
        let mut left: Vec<(String, Vec<u8>)> = Vec::new();
        for entry in std::fs::read_dir(self.directory.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                left.push((name, std::fs::read(path).unwrap()));
            }
        }
        let checks = self.github.all_check_runs("acme/shop");
        left.push(("checks".to_owned(), format!("{checks:?}").into_bytes()));
        let runs = self.github.workflow_runs();
        left.push(("workflow runs".to_owned(), format!("{runs:?}").into_bytes()));
        left
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a secret may be written: as it is, escaped, in an address, in hexadecimal, and in base64 whatever is before it.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned(), hex::encode(secret)];
    forms.push(
        serde_json::to_string(secret)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
    );
    let escaped = secret.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => (byte as char).to_string(),
        byte => format!("%{byte:02X}"),
    });
    forms.push(escaped.collect());
    for before in ["", "x", "xx"] {
        let text = format!("{before}{secret}");
        for encoded in [
            BASE64_STANDARD.encode(&text),
            BASE64_URL_SAFE_NO_PAD.encode(&text),
        ] {
            // What the neighbours have a share in is cut off.
            let encoded = encoded.trim_end_matches('=');
            forms.push(encoded[4.min(encoded.len())..encoded.len() - 2].to_owned());
        }
    }
    forms
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len())
        .any(|window| window == part.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_the_log_or_the_database_or_on_github() {
    let served = Served::start().await;
    let github = &served.github;
    github.create_repository("acme/shop", true).unwrap();
    github
        .set_permission("acme/shop", "alice", "write")
        .unwrap();
    let person = github.user_token("alice", 3600);
    github
        .push("acme/shop", "main", &shop(), "Begin", "alice")
        .unwrap();
    let queued = |github: &Simulator| {
        let mut runs = github.workflow_runs().into_iter();
        runs.find(|run| run.status == "queued")
    };
    let run = github.wait_for(queued).await;
    let mut secrets = served.play(&run).await;
    github.wait_for(queued).await;
    let url = format!(
        "{}/api/v1/repositories/acme/shop/state?ref=@/environment/staging",
        served.url
    );
    for token in [person.as_str(), "github_pat_of_somebody_else"] {
        let answer = reqwest::Client::new()
            .get(&url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert!(
            matches!(answer.status().as_u16(), 200 | 401),
            "{}",
            answer.status()
        );
    }
    secrets.extend(github.issued_tokens());
    secrets.push("github_pat_of_somebody_else".to_owned());
    secrets.push(WEBHOOK_SECRET.to_owned());
    let pem = github.app().private_key_pem;
    let lines = pem
        .lines()
        .filter(|line| !line.starts_with("---"))
        .map(str::to_owned);
    secrets.extend(lines.filter(|line| line.len() > 30));
    assert!(secrets.len() > 20, "{}", secrets.len());
    let left = served.left();
    let log = left
        .iter()
        .find(|(name, _)| name == "server.log")
        .expect("a log");
    assert!(
        contains(&log.1, "TRACE") && contains(&log.1, "acme/shop"),
        "the log has it all"
    );
    assert!(left.iter().any(|(name, _)| name == "ocuroot.db-wal"));
    for (place, text) in &left {
        for secret in &secrets {
            for form in forms(secret) {
                assert!(!contains(text, &form), "{place} has {form}");
            }
        }
        // Whatever token it is: a header of one, in base64.
        assert!(!contains(text, "eyJhbGciOi"), "{place} has a signed token");
    }
}
