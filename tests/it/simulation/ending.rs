//! How things stand at rest: what GitHub shows and what the record says, in words that do not depend on the way there.

use std::collections::BTreeMap;

use ocuroot::simulator::CheckApp;
use serde_json::Value;
use sqlx::{ConnectOptions, Row};

use super::world::{SHOP, World};

impl World {
    /// Presses Retry where a step has failed that should not have. `false` when there is none.
    pub(super) fn repair(&self) -> bool {
        let checks = self.app.github.all_check_runs(SHOP).into_iter();
        let mut is_needed = false;
        for check in checks {
            let is_wanted = check
                .actions
                .iter()
                .any(|action| action.identifier == "retry");
            let is_broken = check.name == "ocuroot / api" && self.broken.contains(&check.head_sha);
            if is_wanted && !is_broken {
                let pressed = self
                    .app
                    .github
                    .press_button(SHOP, check.id, "retry", "alice");
                pressed.expect("the button is there");
                is_needed = true;
            }
        }
        is_needed
    }

    /// How things stand, one a line.
    pub(super) async fn ending(&self) -> String {
        let mut lines = self.checks_at_rest();
        for deployment in self.app.github.deployments(SHOP) {
            let what = deployment.description.clone().unwrap_or_default();
            lines.push(format!(
                "deployment {} {what} {}",
                deployment.environment,
                deployment.state()
            ));
        }
        let file = self
            .app
            .settings
            .database_url
            .trim_start_matches("sqlite://");
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(file)
            .read_only(true);
        let mut record = options.connect().await.expect("the record can be read");
        for table in ["state", "intent"] {
            let sql = format!(
                "SELECT reference, body FROM {table} WHERE kind IN ('deploy', 'environment', 'custom')"
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                .fetch_all(&mut record)
                .await;
            for row in rows.expect("the documents") {
                let body: Value = serde_json::from_str(row.get(1)).expect("JSON");
                lines.push(format!(
                    "{table} {} {}",
                    row.get::<String, _>(0),
                    told(&body)
                ));
            }
        }
        // Ids of commits differ from run to run.
        let named = lines.into_iter().map(|line| {
            let labels = self.labels.iter();
            labels.fold(line, |line, (commit, label)| line.replace(commit, label))
        });
        let named: std::collections::BTreeSet<String> = named.collect();
        named.into_iter().collect::<Vec<String>>().join("\n")
    }

    /// The newest of each name on each commit: a step that was tried again has several.
    fn checks_at_rest(&self) -> Vec<String> {
        let mut newest = BTreeMap::new();
        for check in self.app.github.all_check_runs(SHOP) {
            if check.app == CheckApp::Ours {
                let end = check.conclusion.unwrap_or(check.status);
                let title = check.title.unwrap_or_default();
                // Whether a try is begun before it turns out not to be needed depends on what comes first.
                if title.ends_with("is not needed any more") {
                    continue;
                }
                let line = format!("{end} {title}");
                newest.insert((check.head_sha, check.name), line);
            }
        }
        let lines = newest.into_iter();
        lines
            .map(|((commit, name), line)| format!("{commit} {name} {line}"))
            .collect()
    }
}

/// What of a document does not depend on when and at which try it came to be.
fn told(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        for name in [
            "run",
            "run_ref",
            "updated_at",
            "created_at",
            "since",
            "at",
            "finished_at",
            "entrypoint",
            "approved_at",
        ] {
            fields.remove(name);
        }
    }
    body
}
