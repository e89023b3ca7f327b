//! A person's clone of `acme/shop`, and what the program says there.

use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;

use ocuroot::model::Outcome;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{App, succeed};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");
const HOUR: i64 = 3600;

pub(super) struct Checkout {
    directory: TempDir,
    server: String,
    github: String,
    pub(super) token: String,
}

/// What a command came to.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) output: String,
    pub(super) errors: String,
}

impl Said {
    #[track_caller]
    pub(super) fn succeeds(self) -> Said {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    #[track_caller]
    pub(super) fn fails(self) -> Said {
        assert_eq!(self.code, Some(1), "{self:#?}");
        self
    }

    /// All of it, for a snapshot.
    pub(super) fn text(&self) -> String {
        let code = self.code.unwrap_or(-1);
        format!("{}---\n{}---\n{code}", self.output, self.errors)
    }
}

impl Checkout {
    /// What `login` has cloned.
    pub(super) async fn of(app: &App, login: &str) -> Checkout {
        let token = app.github.user_token(login, HOUR);
        Checkout::at(&app.github.url(), &app.url, token).await
    }

    pub(super) async fn at(github: &str, server: &str, token: String) -> Checkout {
        let checkout = Checkout {
            directory: TempDir::new().unwrap(),
            server: server.to_owned(),
            github: github.to_owned(),
            token,
        };
        let url = format!("{github}/acme/shop.git");
        checkout
            .git_in(".", &["clone", "--quiet", &url, "shop"])
            .await;
        checkout
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.directory.path().join("shop")
    }

    pub(super) async fn git(&self, arguments: &[&str]) -> String {
        self.git_in("shop", arguments).await
    }

    async fn git_in(&self, folder: &str, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.directory.path().join(folder))
            .args(["-c", "user.name=alice", "-c", "user.email=a@example.com"])
            .env("GIT_AUTHOR_DATE", "2026-11-23T09:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-11-23T09:00:00Z")
            .args(arguments);
        // The simulated GitHub answers in this process.
        let output = tokio::task::spawn_blocking(move || git.output().unwrap())
            .await
            .unwrap();
        assert!(output.status.success(), "{arguments:?} {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The program as it is called here, without `--server`.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap())
            .env("HOME", self.directory.path())
            .env("OCUROOT_TOKEN", &self.token)
            .stdin(std::process::Stdio::null());
        command
    }

    /// The same by the server, while that works and every job succeeds.
    pub(super) async fn run(&self, app: &App, arguments: &[&str]) -> Said {
        self.run_while(app, arguments, succeed).await
    }

    /// While jobs end as `outcome` says.
    pub(super) async fn run_while(
        &self,
        app: &App,
        arguments: &[&str],
        outcome: impl Fn(&str, &Value) -> Outcome,
    ) -> Said {
        let mut command = self.command(arguments);
        command.args(["--server", &self.server]);
        let mut output = pin!(tokio::task::spawn_blocking(move || command
            .output()
            .unwrap()));
        loop {
            let mut woken = pin!(app.worker.wake.notified());
            woken.as_mut().enable();
            app.play(&outcome).await;
            tokio::select! {
                output = &mut output => return self.said(&output.unwrap()),
                () = woken => {}
            }
        }
    }

    /// Ports and times differ from run to run.
    pub(super) fn said(&self, output: &std::process::Output) -> Said {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let text = text.replace(&self.server, "https://ocuroot.example");
            let text = text.replace(&self.github, "https://github.example");
            let lines = text.lines().map(|line| {
                let took = line.rfind(" (").filter(|_| line.ends_with("s)"));
                let line = took.map_or(line, |at| &line[..at]);
                format!("{line}\n")
            });
            lines.collect()
        };
        Said {
            code: output.status.code(),
            output: text(&output.stdout),
            errors: text(&output.stderr),
        }
    }
}

/// Commit ids begin with what the test cannot know.
pub(super) fn without_commits(text: &str) -> String {
    let is_commit =
        |word: &&str| word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut text = text.to_owned();
    let words: Vec<String> = text
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(is_commit)
        .map(str::to_owned)
        .collect();
    for word in words {
        text = text.replace(&word, "<commit>");
    }
    text
}
