//! One run of a story: the server driven step by step, in an order the seed chooses, through what goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use ocuroot::sandbox::Sandbox;
use ocuroot::simulator::FaultsHandle;

use super::fuse::Fuse;
use super::jobs::Play;
use super::plan::{Fault, JobFault, Kind};
use super::promises::Promises;
use super::random::Random;
use super::story::Deed;
use crate::harness::App;
use crate::harness::repositories::shop;

pub(super) const SHOP: &str = "acme/shop";

/// `web` is deployed to staging with what `api` says of itself there.
const WEB: &str = r#"
ocuroot("0.3.0")

def up(environment, url):
    host.shell("deploy " + url)
    return done()

def down(environment, url):
    return done()

phase("staging", tasks=[
    deploy(e, up=up, down=down, inputs={"url": ref("./-/api/release.ocu.star/@/deploy/staging#output/url")})
    for e in environments() if e.attributes["type"] == "staging"
])
"#;

fn environments(size: u32) -> String {
    format!(
        "ocuroot(\"0.3.0\")\n\
         register_environment(environment(\"staging\", {{\"type\": \"staging\", \"size\": \"{size}\"}}))\n\
         register_environment(environment(\"production\", {{\"type\": \"prod\", \"size\": \"1\"}}))\n"
    )
}

/// What the server may be asked to do.
#[derive(Clone, Copy, Debug)]
enum Step {
    Intake,
    Dispatch,
    Sweep,
}

/// Everything there is in one run.
pub(super) struct World {
    pub(super) app: App,
    pub(super) random: Random,
    pub(super) promises: Promises,
    pub(super) plays: BTreeMap<u64, Play>,
    /// Every commit of the story by its place in it: ids depend on the time of day.
    pub(super) labels: Vec<(String, String)>,
    /// Commits whose build fails.
    pub(super) broken: BTreeSet<String>,
    /// Commits that people have asked for.
    pub(super) wanted: BTreeSet<String>,
    pub(super) job_faults: Vec<JobFault>,
    pub(super) open: Option<u64>,
    pub(super) comments: Vec<u64>,
    fuse: Fuse,
    kill_at_request: Option<usize>,
    is_wild: bool,
    is_shuffled: bool,
    is_swept: bool,
    sandbox: Arc<Sandbox>,
    texts: usize,
    /// Since it last was at rest.
    steps: usize,
}

impl World {
    pub(super) async fn start(random: Random, is_wild: bool, sandbox: Arc<Sandbox>) -> World {
        super::fuse::install();
        let mut app = App::with_shop().await;
        app.worker.sandbox = Arc::clone(&sandbox);
        let file = app.settings.database_url.trim_start_matches("sqlite://");
        let fuse = Fuse::of(file);
        let promises = Promises::open(file).await;
        World {
            app,
            random,
            promises,
            plays: BTreeMap::new(),
            labels: Vec::new(),
            broken: BTreeSet::new(),
            wanted: BTreeSet::new(),
            job_faults: Vec::new(),
            open: None,
            comments: Vec::new(),
            fuse,
            kill_at_request: None,
            is_wild,
            is_shuffled: false,
            is_swept: false,
            sandbox,
            texts: 0,
            steps: 0,
        }
    }

    /// Sets what is to go wrong from now on.
    pub(super) fn arm(&mut self, fault: &Fault) {
        let faults: FaultsHandle = self.app.github.faults();
        match &fault.kind {
            Kind::Delivery(event, fault) => faults.deliveries(*event, 1, *fault),
            Kind::Shuffle => self.is_shuffled = true,
            Kind::Request(method, path, times, fault) => {
                faults.requests(method, path, *times, *fault)
            }
            Kind::Stale(seconds) => faults.stale_lists(*seconds),
            Kind::KillAtCommit(commits) => self.fuse.arm(*commits),
            Kind::KillAtRequest(requests) => self.kill_at_request = Some(*requests),
            Kind::Job(fault) => self.job_faults.push(*fault),
            Kind::Sweeps => self.is_swept = true,
        }
    }

    /// The first push.
    pub(super) fn begin(&mut self) {
        let environments = environments(1);
        let mut files = shop();
        files.retain(|(path, _)| *path != "environments.ocu.star");
        files.push(("environments.ocu.star", Some(&environments)));
        files.push(("web/release.ocu.star", Some(WEB)));
        let commit = self.app.push(&files, "Begin");
        self.know(&commit);
        self.wanted.insert(commit);
    }

    fn know(&mut self, commit: &str) {
        let label = format!("c{}", self.labels.len());
        self.labels.push((commit.to_owned(), label));
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}\n", self.texts)
    }

    fn push(&mut self, path: &str, text: &str) -> String {
        let commit = self.app.push(&[(path, Some(text))], "Change");
        self.know(&commit);
        self.wanted.insert(commit.clone());
        commit
    }

    /// Somebody does something.
    pub(super) fn perform(&mut self, deed: &Deed) {
        let text = self.text();
        match (deed, self.open) {
            (Deed::Push, _) => drop(self.push("api/main.txt", &text)),
            (Deed::PushBroken, _) => {
                let commit = self.push("api/main.txt", &text);
                self.broken.insert(commit);
            }
            (Deed::PushWeb, _) => drop(self.push("web/main.txt", &text)),
            (Deed::Resize(size), _) => {
                drop(self.push("environments.ocu.star", &environments(*size)))
            }
            (Deed::Approve, _) => self.approve(),
            (Deed::Propose, _) => {
                let branch = format!("branch-{}", self.texts);
                let number = self.app.propose_on(&branch, &[("api/change.txt", &text)]);
                self.open = Some(number);
                let head = self.app.head(number);
                self.know(&head);
            }
            (Deed::Amend, Some(number)) => {
                let files = [("api/change.txt", Some(text.as_str()))];
                let pushed = self
                    .app
                    .github
                    .push_to_pull_request(SHOP, number, &files, "More", "alice");
                self.know(&pushed.expect("a commit"));
            }
            (Deed::Say(words), Some(number)) => {
                let head = self.app.head(number);
                let comment = self.app.github.comment(SHOP, number, "alice", words);
                self.comments.push(comment.expect("a comment"));
                if words.contains("deploy") {
                    self.wanted.insert(head);
                }
            }
            (Deed::Merge, Some(number)) => {
                let commit = self.app.merge(number);
                self.know(&commit);
                self.wanted.insert(commit);
                self.open = None;
            }
            (Deed::Close, Some(number)) => {
                let closed = self.app.github.close_pull_request(SHOP, number, "alice");
                closed.expect("it is open");
                self.open = None;
            }
            (deed, None) => panic!("{deed}: there is none"),
        }
    }

    fn approve(&mut self) {
        let checks = self.app.github.all_check_runs(SHOP).into_iter();
        let mut waiting: Vec<_> = checks
            .filter(|check| check.name == "ocuroot / api")
            .filter(|check| {
                check
                    .actions
                    .iter()
                    .any(|action| action.identifier == "approve")
            })
            .collect();
        waiting.sort_by_key(|check| self.label(&check.head_sha));
        if let Some(check) = waiting.last() {
            let pressed = self
                .app
                .github
                .press_button(SHOP, check.id, "approve", "alice");
            pressed.expect("the button is there");
        }
    }

    /// The place of a commit in the story.
    pub(super) fn label(&self, commit: &str) -> usize {
        let place = self.labels.iter().position(|(known, _)| known == commit);
        place.unwrap_or(usize::MAX)
    }

    /// Everything that happens by itself while things go wrong, then everything that happens once they do not any more.
    pub(super) async fn come_to_rest(&mut self) {
        self.settle(40).await;
        self.app.github.faults().clear();
        self.fuse.mend();
        self.kill_at_request = None;
        (self.is_shuffled, self.is_swept) = (false, false);
        self.job_faults.clear();
        self.app.github.faults().release_held_deliveries();
        self.end_stuck_jobs();
        assert!(self.settle(400).await, "it does not come to rest");
        self.look_after().await;
        for _ in 0..4 {
            if !self.repair() {
                break;
            }
            assert!(self.settle(400).await, "it does not come to rest");
        }
        Promises::at_rest(self).await;
    }

    /// Sweeps until a sweep changes nothing.
    async fn look_after(&mut self) {
        for _ in 0..8 {
            let before = self.ending().await;
            self.app.pass(1801);
            self.work(Step::Sweep).await;
            self.steps = 0;
            assert!(self.settle(400).await, "it does not come to rest");
            if self.ending().await == before {
                return;
            }
        }
        panic!("each sweep changes something again");
    }

    /// Steps until nothing is left to do. `false` when that takes too long.
    async fn settle(&mut self, patience: usize) -> bool {
        for _ in 0..patience {
            while self.step().await {
                self.steps += 1;
                assert!(self.steps < 20_000, "it does not stop working");
            }
            if !self.app.is_waiting().await {
                return true;
            }
            self.app.pass(30);
        }
        false
    }

    async fn step(&mut self) -> bool {
        let mut order = vec![0, 1, 2, 3];
        if self.is_wild {
            for place in (1..order.len()).rev() {
                order.swap(place, self.random.below(place + 1));
            }
        }
        if self.is_swept && self.random.once_in(8) {
            self.work(Step::Sweep).await;
        }
        for kind in order {
            let has_worked = match kind {
                0 => self.deliver().await,
                1 => self.work(Step::Intake).await,
                2 => self.work(Step::Dispatch).await,
                _ => self.advance_a_job().await,
            };
            if self.fuse.is_blown() {
                self.crash().await;
            }
            if has_worked {
                let promises = &mut self.promises;
                promises.look(self.fuse.commits()).await;
                return true;
            }
        }
        false
    }

    async fn deliver(&mut self) -> bool {
        let pending = self.app.github.pending_deliveries();
        if self.is_shuffled && pending > 1 {
            let index = self.random.below(pending);
            self.app.github.faults().overtake(index);
        }
        self.app.github.deliver_next().await.is_some()
    }

    /// Lets the server make a step, unless it dies within.
    async fn work(&mut self, step: Step) -> bool {
        let before = self.app.github.request_count();
        let limit = self.kill_at_request.map(|requests| before + requests);
        let (github, fuse, worker) = (&self.app.github, &self.fuse, self.app.worker.clone());
        let is_dead =
            || fuse.is_blown() || limit.is_some_and(|limit| github.request_count() >= limit);
        let future = async move {
            match step {
                Step::Intake => worker.intake().await,
                Step::Dispatch => worker.dispatch().await,
                Step::Sweep => worker.sweep().await.map(|()| true),
            }
        };
        let end = until(is_dead, future).await;
        let made = self.app.github.request_count() - before;
        match end {
            Some(end)
                if !self.fuse.is_blown() && limit.is_none_or(|limit| before + made < limit) =>
            {
                self.kill_at_request = self.kill_at_request.map(|left| left - made);
                end.unwrap_or_else(|problem| panic!("{step:?}: {problem}"))
            }
            _ => {
                self.crash().await;
                true
            }
        }
    }

    async fn crash(&mut self) {
        self.fuse.mend();
        self.kill_at_request = None;
        self.app.crash().await;
        self.app.worker.sandbox = Arc::clone(&self.sandbox);
    }
}

/// What a step comes to; nothing if the server dies before.
async fn until<T>(is_dead: impl Fn() -> bool, step: impl Future<Output = T>) -> Option<T> {
    let mut step = std::pin::pin!(step);
    poll_fn(|context| {
        if is_dead() {
            return Poll::Ready(None);
        }
        step.as_mut().poll(context).map(Some)
    })
    .await
}
