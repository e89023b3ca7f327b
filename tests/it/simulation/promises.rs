//! What holds after every step (design §10), looked up in the record itself.

use std::collections::{BTreeMap, BTreeSet};

use ocuroot::model::Outcome;
use ocuroot::simulator::CheckApp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};

use super::world::{SHOP, World};

/// A run as the record has it.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    name: String,
    place: String,
    state: String,
    fence: i64,
    outputs: String,
}

impl Kept {
    fn is_over(&self) -> bool {
        matches!(
            self.state.as_str(),
            "complete" | "failed" | "cancelled" | "superseded"
        )
    }

    fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "starting" | "running" | "cancelling")
    }
}

/// What was seen so far, and a connection to look with.
pub(super) struct Promises {
    record: SqliteConnection,
    commits: u64,
    runs: BTreeMap<i64, Kept>,
    executed: BTreeSet<String>,
    acknowledged: BTreeMap<String, &'static str>,
}

const RUNS: &str = "SELECT run.id, package.repository || '/-/' || package.path || '/@r' || release.number || '/' \
    || run.task || '/' || run.number, package.path || ' ' || run.task, run.state, run.fence, \
    run.outputs || coalesce(run.error, '') FROM run \
    JOIN release ON release.id = run.release_id JOIN package ON package.id = release.package_id";

impl Promises {
    pub(super) async fn open(file: &str) -> Promises {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        Promises {
            record: options.connect().await.expect("the record can be read"),
            commits: 0,
            runs: BTreeMap::new(),
            executed: BTreeSet::new(),
            acknowledged: BTreeMap::new(),
        }
    }

    /// Looks at the runs if something was written since the last look.
    pub(super) async fn look(&mut self, commits: u64) {
        if self.commits == commits {
            return;
        }
        self.commits = commits;
        let rows = sqlx::query(RUNS).fetch_all(&mut self.record).await;
        let mut active: BTreeMap<String, String> = BTreeMap::new();
        for row in rows.expect("the runs") {
            let run = Kept {
                name: row.get(1),
                place: row.get(2),
                state: row.get(3),
                fence: row.get(4),
                outputs: row.get(5),
            };
            if run.is_active() && run.place.contains("deploy/") {
                let other = active.insert(run.place.clone(), run.name.clone());
                assert_eq!(other, None, "two are active in one place: {}", run.name);
            }
            if let Some(before) = self.runs.get(&row.get(0)) {
                assert!(
                    run.fence >= before.fence,
                    "the fence goes back: {before:?} {run:?}"
                );
                assert!(
                    !before.is_over() || *before == run,
                    "a result is overwritten: {before:?} {run:?}"
                );
            }
            self.runs.insert(row.get(0), run);
        }
    }

    /// A job executes a run. Each number of a run is executed by one job.
    pub(super) fn executes(&mut self, run: &str, fence: i64) {
        let is_first = self.executed.insert(run.to_owned());
        assert!(is_first, "{run} is executed twice (start {fence})");
    }

    /// A job was told that its report is kept.
    pub(super) async fn acknowledged(&mut self, run: &str, outcome: &Outcome) {
        self.commits = 0;
        self.look(u64::MAX).await;
        let kept = self.runs.values().find(|kept| kept.name == run);
        if kept.is_some_and(|kept| kept.state == "running" || kept.state == "starting") {
            let state = match outcome {
                Outcome::Failed { .. } => "failed",
                _ => "complete",
            };
            self.acknowledged.insert(run.to_owned(), state);
        }
    }

    /// What must be so once nothing happens any more.
    pub(super) async fn at_rest(world: &mut World) {
        let promises = &mut world.promises;
        promises.look(u64::MAX).await;
        for (run, state) in &promises.acknowledged {
            let kept = promises.runs.values().find(|kept| kept.name == *run);
            let kept = kept.unwrap_or_else(|| panic!("{run} is gone"));
            assert_eq!(
                kept.state, *state,
                "{run} was reported and that was acknowledged: {kept:?}"
            );
        }
        let active = promises.runs.values().find(|run| run.is_active());
        assert_eq!(active, None, "nothing happens any more, but it is active");
        let keys = sqlx::query("SELECT key FROM delivery")
            .fetch_all(&mut promises.record)
            .await;
        let keys = keys.expect("the inbox");
        let keys: BTreeSet<String> = keys.iter().map(|row| row.get(0)).collect();
        for delivery in world.app.github.deliveries() {
            assert!(
                !delivery.is_ok() || keys.contains(&delivery.guid),
                "acknowledged and lost: {delivery:?}"
            );
        }
        world.on_github();
        let store = &world.app.worker.store;
        let (_, _, failed) = store.pending_effects().await.expect("the outbox");
        assert_eq!(failed, Vec::<String>::new(), "calls were given up");
        let failed = store.failed_deliveries().await.expect("the inbox");
        assert_eq!(failed, Vec::<String>::new(), "deliveries were given up");
    }
}

impl World {
    /// Nothing is there twice, and every check and every command has its answer.
    fn on_github(&self) {
        let github = &self.app.github;
        let violations = github.violations();
        assert!(violations.is_empty(), "GitHub complains: {violations:#?}");
        let mut checks = BTreeSet::new();
        let ours = github.all_check_runs(SHOP).into_iter();
        for check in ours.filter(|check| check.app == CheckApp::Ours) {
            let is_first = checks.insert((check.external_id.clone(), check.head_sha.clone()));
            assert!(
                is_first,
                "a check run is there twice: {} {:?}",
                check.name, check.external_id
            );
            let title = check.title.clone().unwrap_or_default();
            let is_explained = check.status == "completed" || title.contains("wait");
            assert!(is_explained, "it is left open: {} {title}", check.name);
        }
        let mut deployments = BTreeSet::new();
        for deployment in github.deployments(SHOP) {
            let is_first = deployments.insert(deployment.payload.to_string());
            assert!(is_first, "a deployment is there twice: {deployment:?}");
        }
        for number in github.pull_requests(SHOP).iter().map(|pull| pull.number) {
            let mut marks = BTreeSet::new();
            for comment in github
                .comments(SHOP, number)
                .into_iter()
                .filter(|comment| comment.by_app)
            {
                let mark = comment.body.lines().next().unwrap_or_default().to_owned();
                assert!(marks.insert(mark), "said twice: {}", comment.body);
            }
        }
        for comment in &self.comments {
            assert_ne!(self.app.reactions(*comment), "", "a command has no answer");
        }
    }
}
