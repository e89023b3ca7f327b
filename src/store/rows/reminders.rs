//! What a decision wants looked at later, or by another decision: messages of ours in the inbox.

use serde_json::json;

use super::Rows;
use crate::engine::Change;
use crate::model::Timestamp;
use crate::store::database::query;
use crate::store::documents::LIST;
use crate::store::{Result, placeholders, to_json};

impl<'a> Rows<'a> {
    /// What is to be looked at later, or by another decision.
    pub(super) async fn remind(&mut self, change: &'a Change) -> Result<()> {
        match change {
            Change::Replan(package) => {
                let key = format!("replan {package}");
                self.message(&key, "ocuroot.replan", package, None).await
            }
            Change::ReplanAll => {
                self.message("replan all", "ocuroot.replan_all", &(), None)
                    .await
            }
            Change::PreviewAgain(repository_id) => {
                let key = format!("preview again {repository_id}");
                self.message(&key, "ocuroot.preview_again", repository_id, None)
                    .await
            }
            Change::Wake {
                at: None,
                packages,
                environments,
                documents,
            } if packages.is_empty() && environments.is_empty() => {
                self.awaited.extend(documents);
                Ok(())
            }
            Change::Wake {
                at,
                packages,
                environments,
                documents,
            } => {
                self.messages += 1;
                let key = format!("wake {}", self.messages);
                let body = json!({
                    "packages": packages,
                    "environments": environments,
                    "documents": documents,
                });
                self.message(&key, "ocuroot.wake", &body, *at).await
            }
            Change::LetGo(package, environment, pull_request) => {
                let key = format!("let go {package} {environment} {pull_request}");
                let body = json!({
                    "package": package,
                    "environment": environment,
                    "pull_request": pull_request,
                });
                self.message(&key, "ocuroot.let_go", &body, None).await
            }
            _ => Ok(()),
        }
    }

    /// Wakes whoever waits for documents, if anybody still does after this decision.
    pub(super) async fn wake_waiting(&mut self) -> Result<()> {
        let documents: Vec<String> = self.awaited.iter().map(ToString::to_string).collect();
        let mut awaited = Vec::new();
        for chunk in documents.chunks(LIST) {
            let sql = format!(
                "SELECT DISTINCT reference FROM input_edge \
                 WHERE installation_id = $1 AND reference IN {}",
                placeholders(2, chunk.len())
            );
            let mut query = query(sql).bind(self.commit.installation_id);
            for document in chunk {
                query = query.bind(document);
            }
            for row in query.fetch_all(&mut **self.transaction).await? {
                awaited.push(row.get::<String>(0));
            }
        }
        if awaited.is_empty() {
            return Ok(());
        }
        let body = json!({ "packages": [], "environments": [], "documents": awaited });
        self.message("wake waiting", "ocuroot.wake", &body, None)
            .await
    }

    /// The branch that a repository follows now has it read.
    pub(super) async fn intent_declared(&mut self, follower: i64) -> Result<()> {
        let key = format!("intent {follower}");
        let body = json!({ "follower": follower });
        self.message(&key, "ocuroot.intent_declared", &body, None)
            .await
    }

    /// A message of ours in the inbox. Each decision has its own: one that is being worked on may have read what was
    /// so before.
    async fn message<T: serde::Serialize>(
        &mut self,
        key: &str,
        event: &str,
        body: &T,
        due: Option<Timestamp>,
    ) -> Result<()> {
        let (installation_id, version) = (self.commit.installation_id, self.commit.version + 1);
        let now = self.commit.now;
        query(
            "INSERT INTO delivery (key, event, installation_id, body, received_at, due_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING",
        )
        .bind(format!("{installation_id} {version} {key}"))
        .bind(event)
        .bind(installation_id)
        .bind(to_json("message", body)?.into_bytes())
        .bind(now.0)
        .bind(due.unwrap_or(now).0)
        .execute(&mut **self.transaction)
        .await?;
        Ok(())
    }
}
