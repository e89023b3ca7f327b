//! What people do on GitHub, and what they see there.

use std::fmt::Write as _;

use ocuroot::simulator::{CheckRun, MergeMethod, NewPullRequest};

use super::App;

const SHOP: &str = "acme/shop";

impl App {
    /// Alice proposes these texts in a pull request of `acme/shop`.
    pub fn propose(&self, files: &[(&str, &str)]) -> u64 {
        self.propose_as(files, "alice", false)
    }

    /// Alice proposes these texts on a branch of this name.
    pub fn propose_on(&self, branch: &str, files: &[(&str, &str)]) -> u64 {
        let files = files.iter();
        let new = NewPullRequest {
            title: format!("Change the API on {branch}"),
            branch: branch.to_owned(),
            files: files
                .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())))
                .collect(),
            user: "alice".to_owned(),
            ..NewPullRequest::default()
        };
        let number = self.github.open_pull_request(SHOP, new);
        number.expect("a pull request")
    }

    /// Anyone does, from a branch of the repository or from a fork.
    pub fn propose_as(&self, files: &[(&str, &str)], user: &str, fork: bool) -> u64 {
        let files = files.iter();
        let new = NewPullRequest {
            title: "Change the API".to_owned(),
            branch: "change".to_owned(),
            files: files
                .map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())))
                .collect(),
            user: user.to_owned(),
            fork,
            ..NewPullRequest::default()
        };
        let number = self.github.open_pull_request(SHOP, new);
        number.expect("a pull request")
    }

    /// The head commit of a pull request of `acme/shop`.
    pub fn head(&self, number: u64) -> String {
        let pulls = self.github.pull_requests(SHOP);
        let pull = pulls.into_iter().find(|pull| pull.number == number);
        pull.expect("the pull request").head_sha
    }

    /// Alice merges a pull request; answers the new tip of the default branch.
    pub fn merge(&self, number: u64) -> String {
        let merged = self
            .github
            .merge_pull_request(SHOP, number, MergeMethod::Merge, "alice");
        merged.expect("it can be merged")
    }

    /// Somebody comments on a pull request, and the server reacts. Answers the comment.
    pub async fn say(&self, number: u64, user: &str, words: &str) -> u64 {
        let comment = self.github.comment(SHOP, number, user, words);
        let comment = comment.expect("a comment");
        self.settle().await;
        comment
    }

    /// Somebody presses a button of one of our check runs.
    pub async fn press(&self, commit: &str, check: &str, button: &str, user: &str) {
        let id = self.check(commit, check).id;
        let pressed = self.github.press_button(SHOP, id, button, user);
        pressed.expect("there is such a button");
        self.settle().await;
    }

    /// Our check run of that name.
    pub fn check(&self, commit: &str, name: &str) -> CheckRun {
        let checks = self.github.check_runs(SHOP, commit);
        let found = checks.into_iter().find(|check| check.name == name);
        found.unwrap_or_else(|| panic!("no check {name} in\n{}", self.checks(commit)))
    }

    /// All that one of our check runs shows.
    pub fn page(&self, commit: &str, name: &str) -> String {
        let check = self.check(commit, name);
        let end = check.conclusion.as_deref().unwrap_or(&check.status);
        let mut page = format!(
            "# {} | {end} | {}\n\n{}\n",
            check.name,
            check.title.unwrap_or_default(),
            check.summary.unwrap_or_default()
        );
        for remark in check.annotations {
            let place = format!("{}:{}", remark.path, remark.start_line);
            let level = remark.annotation_level;
            let _ = writeln!(page, "{level} {place} {}", remark.message);
        }
        for button in check.actions {
            let _ = writeln!(page, "[{}] {}", button.label, button.description);
        }
        self.without_addresses(page)
    }

    /// A conversation: who said what, and who reacted how.
    pub fn conversation(&self, number: u64) -> String {
        let mut text = String::new();
        for comment in self.github.comments(SHOP, number) {
            let reactions: Vec<String> = comment
                .reactions
                .iter()
                .map(|reaction| format!(" :{}:", reaction.content))
                .collect();
            let reactions = reactions.concat();
            let _ = write!(
                text,
                "@{}{reactions}\n{}\n---\n",
                comment.user, comment.body
            );
        }
        self.without_addresses(text)
    }

    /// The first comment of a conversation: ours that is edited in place.
    pub fn first_words(&self, number: u64) -> String {
        let comments = self.github.comments(SHOP, number);
        let first = comments.first().expect("a comment");
        self.without_addresses(first.body.clone())
    }

    /// The last entries of the audit record, one a line.
    pub async fn record(&self, most: usize) -> String {
        let installation = self.github.installation_id(SHOP).expect("an installation");
        let installation = i64::try_from(installation).expect("an id");
        let records = self.worker.store.audit(installation, 0, 10_000).await;
        let records = records.expect("the record");
        let lines = records.iter().map(|record| {
            let entry = &record.entry;
            let subject = entry.subject.replace("/-/", " ");
            format!(
                "{} | {} | {} | {:?} | {}",
                entry.actor.as_deref().unwrap_or("-"),
                entry.action,
                subject
                    .rsplit_once(' ')
                    .map_or(subject.as_str(), |(_, rest)| rest),
                entry.verdict,
                entry.reason_code
            )
        });
        let lines: Vec<String> = lines.collect();
        lines[lines.len().saturating_sub(most)..].join("\n")
    }

    /// The last thing that was said in a conversation, without the marks for machines.
    pub fn last_words(&self, number: u64) -> String {
        let comments = self.github.comments(SHOP, number);
        let last = comments.last().expect("a comment");
        let lines = last.body.lines().filter(|line| !line.starts_with("<!--"));
        let lines: Vec<&str> = lines.collect();
        self.without_addresses(format!("@{}\n{}", last.user, lines.join("\n")))
    }

    /// The pull request that holds an environment of a package of `acme/shop`.
    pub async fn holder(&self, package: &str, environment: &str) -> Option<u64> {
        let installation = self.github.installation_id(SHOP).expect("an installation");
        let scope = ocuroot::store::Scope {
            installation_id: i64::try_from(installation).expect("an id"),
            repositories: [format!("{}/{SHOP}", self.worker.reference_host)].into(),
            ..ocuroot::store::Scope::default()
        };
        let (snapshot, _) = self
            .worker
            .store
            .snapshot(&scope)
            .await
            .expect("a snapshot");
        let mut holds = snapshot.holds.iter();
        let held = holds.find(|hold| {
            hold.package.short() == package
                && hold.environment.as_str() == environment
                && hold.granted_at.is_some()
        });
        held.map(|hold| u64::try_from(hold.pull_request).expect("a number"))
    }

    /// How somebody's comment was reacted to, in one word.
    pub fn reactions(&self, comment: u64) -> String {
        let reactions = self.github.reactions(SHOP, comment);
        let words: Vec<String> = reactions
            .into_iter()
            .map(|reaction| reaction.content)
            .collect();
        words.join(" ")
    }

    /// What GitHub's own record says is deployed in `acme/shop`, one a line.
    pub fn deployments(&self) -> String {
        let mut text = String::new();
        for deployment in self.github.deployments(SHOP) {
            let state = deployment.state().to_owned();
            let _ = writeln!(
                text,
                "{} {} {state}",
                deployment.environment,
                deployment.description.unwrap_or_default()
            );
        }
        text
    }

    /// Ports differ from run to run.
    fn without_addresses(&self, text: String) -> String {
        text.replace(&self.github.url(), "https://github.example")
    }
}
