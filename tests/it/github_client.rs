//! The client against the simulated GitHub, which shares no type with it.

mod actions;
mod app;
mod conversation;
mod faults;
mod people;
mod repository;

use ocuroot::github::{GitHub, GitHubSettings, Installation, PrivateKey};
use ocuroot::model::{CommitSha, RepositoryName};
use ocuroot::simulator::{NewPullRequest, Options, Simulator};
use tempfile::TempDir;

const MANIFEST: &str = include_str!("../../app-manifest.yml");
const REPOSITORY: &str = "acme/api";
const AUDIENCE: &str = "https://ocuroot.example";
const WORKFLOW: &str = "name: Ocuroot
run-name: ocuroot ${{ inputs.ocuroot_run }}
on:
  workflow_dispatch:
    inputs:
      ocuroot_run: {required: true, type: string}
permissions: {contents: read, id-token: write}
jobs:
  run:
    runs-on: ubuntu-latest
    environment: {name: production, deployment: false}
    steps:
      - run: echo hello
";

/// A simulated GitHub with one repository, and our client of it.
struct World {
    simulator: Simulator,
    github: GitHub,
    _directory: TempDir,
}

impl World {
    async fn new() -> World {
        World::with("", MANIFEST).await
    }

    /// The same with the API below a path, as GitHub Enterprise Server has it.
    async fn below(prefix: &str) -> World {
        World::with(prefix, MANIFEST).await
    }

    /// The same with an App that was registered with another manifest.
    async fn with(prefix: &str, manifest: &str) -> World {
        let directory = TempDir::new().expect("a directory");
        let options = Options::new(directory.path(), manifest);
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
        let app = simulator.app();
        let github = GitHub::new(GitHubSettings {
            api_url: format!("{}{prefix}", simulator.url()),
            app_id: app.app_id,
            private_key: PrivateKey::from_pem(&app.private_key_pem).expect("a key"),
            oidc_issuer: simulator.url(),
            oidc_audience: String::from(AUDIENCE),
        })
        .expect("usable settings");
        World {
            simulator,
            github,
            _directory: directory,
        }
    }

    fn installation(&self) -> Installation {
        let id = self.simulator.installation_id(REPOSITORY);
        let id = id.expect("the App is installed");
        self.github.installation(signed(id))
    }

    fn tip(&self) -> CommitSha {
        let tip = self.simulator.branch_tip(REPOSITORY, "main");
        tip.and_then(|tip| tip.parse().ok()).expect("a commit")
    }

    /// Opens a pull request that changes `files`, from a fork or not.
    fn pull_request(&self, fork: bool, files: &[(&str, Option<&str>)]) -> i64 {
        let files = files
            .iter()
            .map(|(path, text)| (String::from(*path), text.map(str::to_owned)))
            .collect();
        let pull = NewPullRequest {
            title: String::from("Improve"),
            branch: String::from("feature/better"),
            files,
            user: String::from("bob"),
            fork,
            ..NewPullRequest::default()
        };
        let number = self.simulator.open_pull_request(REPOSITORY, pull);
        signed(number.expect("a pull request"))
    }

    /// Every test ends with this: nothing was asked that a correct client does not ask.
    #[track_caller]
    fn assert_clean(&self) {
        assert_eq!(self.simulator.violations(), []);
    }

    /// How often a route was asked.
    fn count(&self, method: &str, route_end: &str) -> usize {
        let requests = self.simulator.requests();
        requests
            .iter()
            .filter(|request| request.method == method && request.path.ends_with(route_end))
            .count()
    }
}

fn api() -> RepositoryName {
    REPOSITORY.parse().expect("a name")
}

fn signed(id: u64) -> i64 {
    i64::try_from(id).expect("a small id")
}

fn unsigned(id: i64) -> u64 {
    u64::try_from(id).expect("a positive id")
}
