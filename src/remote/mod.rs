//! Layer 4: the same verbs, done by a server.
//!
//! ```text
//! Token::find       who we are: a GitHub token of the person, which goes to that server and nowhere else
//! Remote::open      which repository this is, and how the server calls it
//! Client            questions are asked again until answered; a command keeps its key, so that it is done once
//! Remote::ask       a command: acknowledged, carried out in its turn, answered
//! Remote::follow    a release, watched to its end
//! ```

mod client;
mod follow;
mod protocol;
mod token;

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::command::Request;
use crate::local::Project;
use crate::model::CommitSha;

use client::Client;
use protocol::Facts;

pub use client::Failure;
pub use follow::Watched;
pub use protocol::{Answer, Deployment, Diagnostic, ReleaseView, WorkItem};
pub use token::Token;

/// A repository as a server knows it.
pub struct Remote {
    /// Where the command was given, under the name by which the server's refs call it.
    pub project: Project,
    client: Client,
}

impl Remote {
    /// Finds out which repository of the server at `address` the project is.
    ///
    /// # Errors
    /// When the address cannot be used, nobody is known by the token, or the repository is not there.
    pub async fn open(mut project: Project, address: &str) -> anyhow::Result<Remote> {
        let name = repository_name(&project)?;
        let token = Token::find(&project.variables)?;
        let client = Client::new(address, &name, token)?;
        let facts: Facts = client.get("", &[]).await?;
        project.name = facts.reference_name;
        Ok(Remote { project, client })
    }

    /// A record; `None` when there is none that this person may read.
    ///
    /// # Errors
    /// When the server cannot say.
    pub async fn record(&self, reference: &str, is_intent: bool) -> anyhow::Result<Option<Value>> {
        let query = [("ref", reference), ("intent", word(is_intent))];
        match self
            .client
            .get::<protocol::OneRecord>("/state", &query)
            .await
        {
            Ok(record) => Ok(Some(record.value)),
            Err(Failure::Refused { status: 404, .. }) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The refs of records that a glob means.
    ///
    /// # Errors
    /// When it is no glob, or the server cannot say.
    pub async fn matching(
        &self,
        glob: &str,
        is_intent: bool,
        no_links: bool,
    ) -> anyhow::Result<Vec<String>> {
        let query = [
            ("glob", glob),
            ("intent", word(is_intent)),
            ("no_links", word(no_links)),
        ];
        let found: protocol::References = self.client.get("/match", &query).await?;
        Ok(found.references)
    }

    /// What is not as it should be, each with what would have to be done.
    ///
    /// # Errors
    /// When the server cannot say.
    pub async fn diff(&self) -> anyhow::Result<Vec<protocol::Drift>> {
        let found: protocol::Drifts = self.client.get("/diff", &[]).await?;
        Ok(found.drift)
    }

    /// What is deployed again if something changes.
    ///
    /// # Errors
    /// When there is nothing of the kind, or the server cannot say.
    pub async fn impact(&self, reference: &str) -> anyhow::Result<Vec<String>> {
        let query = [("ref", reference)];
        let found: protocol::References = self.client.get("/impact", &query).await?;
        Ok(found.references)
    }

    /// What is not done yet.
    ///
    /// # Errors
    /// When the server cannot say.
    pub async fn work(&self) -> anyhow::Result<Vec<WorkItem>> {
        let found: protocol::Work = self.client.get("/work", &[]).await?;
        Ok(found.items)
    }

    /// The live deployments whose release was made from one of `commits`.
    ///
    /// # Errors
    /// When the server cannot say.
    pub async fn deployed_from(
        &self,
        commits: &BTreeSet<CommitSha>,
    ) -> anyhow::Result<Vec<Deployment>> {
        let found: protocol::Deployments = self.client.get("/deployments", &[]).await?;
        let live = found.deployments.into_iter();
        let is_meant = |place: &Deployment| {
            let commit = place.commit.as_ref();
            commit.is_some_and(|commit| commits.contains(commit))
        };
        Ok(live.filter(is_meant).collect())
    }

    /// Has something done, and waits for what it comes to.
    ///
    /// # Errors
    /// When the server does not take it on, or cannot carry it out.
    pub async fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        self.client.ask(request).await
    }
}

fn word(is_so: bool) -> &'static str {
    if is_so { "true" } else { "false" }
}

/// `owner/name` on GitHub.
fn repository_name(project: &Project) -> anyhow::Result<String> {
    let address = project.address().context(
        "nobody can tell which repository of GitHub this is: git knows no remote called `origin`. Name it with \
         OCU_REPO_URL_OVERRIDE=https://github.com/<owner>/<name>",
    )?;
    let mut parts = address.rsplit('/');
    let is_name = |part: &str| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        part.bytes().all(is_allowed) && !matches!(part, "" | "." | "..")
    };
    match (parts.next(), parts.next(), parts.next()) {
        (Some(name), Some(owner), Some(_)) if is_name(name) && is_name(owner) => {
            Ok(format!("{owner}/{name}"))
        }
        _ => bail!("`{address}` is no address of a repository on GitHub: <host>/<owner>/<name>"),
    }
}
