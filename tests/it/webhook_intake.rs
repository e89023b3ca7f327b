//! The simulated GitHub delivers to the real route; what was recorded is then parsed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ocuroot::simulator::{
    DeliveryFault, DeliveryRecord, MergeMethod, NewPullRequest, Options, Simulator,
};
use ocuroot::webhook::{
    Event, GroupSink, GroupTask, IncomingDelivery, Intake, Parsed, PullRequestAction, Secrets,
    SinkError, parse, routes, spawn_group_writer,
};
use tempfile::TempDir;

const REPOSITORY: &str = "acme/api";

type Inbox = Arc<Mutex<HashMap<String, IncomingDelivery>>>;

/// An inbox in memory, with the rule a table's unique key has.
struct Memory(Inbox);

impl GroupSink for Memory {
    async fn write(&mut self, batch: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
        let mut inbox = self.0.lock().map_err(|_| "a test panicked")?;
        let insert = |delivery: IncomingDelivery| {
            let id = delivery.id.to_string();
            inbox.insert(id, delivery).is_none()
        };
        Ok(batch.into_iter().map(insert).collect())
    }
}

/// A simulated GitHub whose App's webhook is the real route.
struct World {
    simulator: Simulator,
    inbox: Inbox,
    _task: GroupTask,
    _directory: TempDir,
}

impl World {
    async fn new() -> World {
        let directory = TempDir::new().expect("a directory");
        let options = Options::new(directory.path(), include_str!("../../app-manifest.yml"));
        let simulator = Simulator::start(options).await.expect("it starts");
        let inbox = Inbox::default();
        let (log, task) = spawn_group_writer(Memory(Arc::clone(&inbox)), 16);
        let secret = simulator.app().webhook_secret;
        let secrets = Secrets::new(["an older secret", &secret]).expect("two secrets");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let router = routes(Intake { secrets, log });
        tokio::spawn(async move { axum::serve(listener, router).await });
        simulator.set_webhook_url(&format!("http://{address}/webhooks/github"));
        simulator
            .create_repository(REPOSITORY, true)
            .expect("a repository");
        simulator
            .push(REPOSITORY, "main", &[("a", Some("1"))], "Begin", "alice")
            .expect("a push");
        World {
            simulator,
            inbox,
            _task: task,
            _directory: directory,
        }
    }

    /// Delivers everything that waits, and parses what was recorded of it.
    async fn deliver(&self) -> Vec<Parsed> {
        let records = self.simulator.deliver_all().await;
        records.iter().map(|record| self.parsed(record)).collect()
    }

    fn parsed(&self, record: &DeliveryRecord) -> Parsed {
        assert_eq!(record.status_code, 202, "{}", record.response_body);
        let inbox = self.inbox.lock().expect("no test panicked");
        let delivery = inbox.get(&record.guid).expect("it is recorded");
        assert_eq!(delivery.event, record.event);
        assert_eq!(delivery.action, record.action);
        assert_eq!(delivery.body, record.body.as_bytes());
        let signed = |id: Option<u64>| id.map(|id| i64::try_from(id).expect("a small id"));
        assert_eq!(delivery.repository_id, signed(record.repository_id));
        assert_eq!(delivery.installation_id, signed(record.installation_id));
        parse(&delivery.event, &delivery.body).expect("a readable payload")
    }
}

#[tokio::test]
async fn what_people_do_arrives_as_the_events_we_act_on() {
    let world = World::new().await;
    world.deliver().await;
    let simulator = &world.simulator;
    let pull = NewPullRequest {
        title: String::from("Improve"),
        branch: String::from("feature/x"),
        files: vec![(String::from("b"), Some(String::from("2")))],
        user: String::from("mallory"),
        fork: true,
        ..NewPullRequest::default()
    };
    let number = simulator
        .open_pull_request(REPOSITORY, pull)
        .expect("a pull request");
    let events = world.deliver().await;
    let opened = events.iter().find_map(|parsed| match &parsed.event {
        Event::PullRequest(pull) => Some(pull),
        _ => None,
    });
    let opened = opened.expect("it was opened");
    assert_eq!(opened.action, PullRequestAction::Opened);
    assert!(opened.ends.is_fork);
    assert_eq!(opened.ends.base_ref, "main");
    simulator
        .comment(REPOSITORY, number, "alice", "/ocuroot plan")
        .expect("a comment");
    let events = world.deliver().await;
    let [Parsed { event, sender, .. }] = &events[..] else {
        panic!("one event: {events:?}")
    };
    let Event::Comment(comment) = event else {
        panic!("a comment: {event:?}")
    };
    assert_eq!(comment.body, "/ocuroot plan");
    assert!(comment.on_pull_request);
    assert_eq!(&comment.author, sender, "who wrote it is who sent it");
    simulator
        .merge_pull_request(REPOSITORY, number, MergeMethod::Squash, "alice")
        .expect("a merge");
    let events = world.deliver().await;
    let is_merge = |parsed: &Parsed| match &parsed.event {
        Event::PullRequest(pull) => pull.action == PullRequestAction::Closed { merged: true },
        _ => false,
    };
    assert!(events.iter().any(is_merge), "{events:?}");
    let tip = simulator.branch_tip(REPOSITORY, "main");
    let is_push = |parsed: &Parsed| match &parsed.event {
        Event::Push(push) => {
            push.branch.as_deref() == Some("main") && Some(push.after.to_string()) == tip
        }
        _ => false,
    };
    assert!(events.iter().any(is_push), "{events:?}");
}

#[tokio::test]
async fn a_delivery_that_comes_twice_or_late_is_recorded_once() {
    let world = World::new().await;
    world.deliver().await;
    let before = world.inbox.lock().expect("no test panicked").len();
    let faults = world.simulator.faults();
    faults.deliveries(Some("push"), 1, DeliveryFault::Duplicate);
    world
        .simulator
        .push(REPOSITORY, "main", &[("a", Some("2"))], "Go on", "alice")
        .expect("a push");
    let pushes = |records: Vec<DeliveryRecord>| {
        let guids: Vec<String> = records
            .into_iter()
            .filter(|record| record.event == "push" && record.status_code == 202)
            .map(|record| record.guid)
            .collect();
        guids
    };
    let guids = pushes(world.simulator.deliver_all().await);
    assert_eq!(guids.len(), 2);
    assert_eq!(guids[0], guids[1]);
    assert!(world.simulator.redeliver(&guids[0]));
    let again = pushes(world.simulator.deliver_all().await);
    assert_eq!(again, guids[..1]);
    let inbox = world.inbox.lock().expect("no test panicked");
    let recorded = inbox.values().filter(|delivery| delivery.event == "push");
    assert_eq!(recorded.count(), 2, "the first push and this one");
    assert!(inbox.len() > before);
}

#[tokio::test]
async fn the_repositories_own_changes_arrive_with_their_old_names() {
    let world = World::new().await;
    let events = world.deliver().await;
    let is_installation = |parsed: &Parsed| {
        matches!(
            parsed.event,
            Event::Installation { .. } | Event::InstallationRepositories { .. }
        )
    };
    assert!(events.iter().any(is_installation), "{events:?}");
    world
        .simulator
        .rename_repository(REPOSITORY, "backend", "alice")
        .expect("a new name");
    let events = world.deliver().await;
    let renamed = events.iter().find_map(|parsed| match &parsed.event {
        Event::Repository { old_name, .. } => {
            Some((old_name.clone(), parsed.repository.as_ref()?.name.clone()))
        }
        _ => None,
    });
    let (old_name, name) = renamed.expect("it was renamed");
    assert_eq!(
        old_name.map(|name| name.to_string()).as_deref(),
        Some(REPOSITORY)
    );
    assert_eq!(name.as_str(), "acme/backend");
}
