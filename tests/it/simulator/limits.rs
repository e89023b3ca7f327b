//! GitHub's limits, once they are turned on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ocuroot::simulator::{Clock, RequestCounts, RequestLimits};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Answer, REPOSITORY, World};

const HEAD: &str = "/repos/acme/api/git/ref/heads/main";

/// A world with limits, whose time is moved by hand.
struct Limited {
    world: World,
    token: String,
    clock: Arc<AtomicI64>,
}

impl Limited {
    async fn new(limits: RequestLimits) -> Limited {
        let clock = Arc::new(AtomicI64::new(1_795_424_400));
        let seconds = Arc::clone(&clock);
        let world = World::with(|options| {
            options.clock = Clock::new(move || seconds.load(Ordering::SeqCst));
        })
        .await;
        let token = world.token().await;
        world.simulator.limit_requests(limits);
        Limited {
            world,
            token,
            clock,
        }
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    async fn read(&self) -> Answer {
        self.world.call(&self.token, Method::GET, HEAD, None).await
    }

    async fn create(&self) -> Answer {
        let body: Value = json!({"name": "a check", "head_sha": self.world.tip()});
        let path = "/repos/acme/api/check-runs";
        self.world
            .call(&self.token, Method::POST, path, Some(body))
            .await
    }

    fn counts(&self) -> RequestCounts {
        let id = self.world.simulator.installation_id(REPOSITORY);
        self.world.simulator.request_counts(id.expect("an id"))
    }
}

#[tokio::test]
async fn the_eighty_first_creation_of_a_minute_is_refused_and_so_is_whoever_goes_on() {
    let limited = Limited::new(RequestLimits::GITHUB).await;
    for _ in 0..80 {
        assert_eq!(limited.create().await.status, 201);
    }
    limited.pass(59);
    let refused = limited.create().await;
    assert_eq!((refused.status, refused.header("retry-after")), (403, "60"));
    let message = refused.body["message"].to_string();
    assert!(message.contains("secondary rate limit"), "{message}");
    limited.pass(59);
    assert_eq!(limited.read().await.header("retry-after"), "1");
    limited.pass(1);
    assert_eq!(limited.create().await.status, 201);
    let counts = limited.counts();
    assert_eq!(counts.rejected, BTreeMap::from([("content per minute", 1)]));
    assert_eq!((counts.impatient, counts.content), (1, 81));
    assert_eq!(counts.most_content_per_minute, 80);
}

#[tokio::test]
async fn creations_of_an_hour_are_counted_to_the_hour() {
    let limited = Limited::new(RequestLimits {
        content_per_hour: 2,
        ..RequestLimits::GITHUB
    })
    .await;
    assert_eq!(limited.create().await.status, 201);
    limited.pass(1800);
    assert_eq!(limited.create().await.status, 201);
    assert_eq!(limited.create().await.status, 403);
    limited.pass(1800);
    assert_eq!(limited.create().await.status, 201);
    assert_eq!(
        limited.counts().rejected,
        BTreeMap::from([("content per hour", 1)])
    );
}

#[tokio::test]
async fn a_change_is_five_points_and_a_question_one() {
    let limited = Limited::new(RequestLimits {
        points_per_minute: 12,
        ..RequestLimits::GITHUB
    })
    .await;
    assert_eq!(limited.create().await.status, 201);
    assert_eq!(limited.create().await.status, 201);
    assert_eq!(limited.read().await.status, 200);
    assert_eq!(limited.read().await.status, 200);
    assert_eq!(limited.read().await.status, 403);
    let counts = limited.counts();
    assert_eq!(counts.rejected, BTreeMap::from([("points per minute", 1)]));
    assert_eq!(counts.most_points_per_minute, 12);
}

#[tokio::test]
async fn the_requests_of_an_hour_are_told_and_there_are_as_many_again_in_the_next() {
    let limited = Limited::new(RequestLimits {
        requests_per_hour: 2,
        ..RequestLimits::GITHUB
    })
    .await;
    let first = limited.read().await;
    assert_eq!(first.header("x-ratelimit-remaining"), "1");
    let again = limited
        .world
        .http
        .get(format!("{}{HEAD}", limited.world.simulator.url()));
    let again = again
        .bearer_auth(&limited.token)
        .header("x-github-api-version", "2026-03-10")
        .header("if-none-match", first.header("etag"));
    let again = super::client::read(again.send().await.expect("an answer")).await;
    assert_eq!(
        (again.status, again.header("x-ratelimit-remaining")),
        (304, "1")
    );
    assert_eq!(limited.read().await.header("x-ratelimit-remaining"), "0");
    let refused = limited.read().await;
    assert_eq!((refused.status, refused.header("retry-after")), (403, ""));
    assert_eq!(refused.header("x-ratelimit-reset"), "1795428000");
    limited.pass(3600);
    assert_eq!(limited.read().await.status, 200);
    let counts = limited.counts();
    assert_eq!(counts.rejected, BTreeMap::from([("requests per hour", 1)]));
    assert_eq!((counts.reads, counts.unchanged), (3, 1));
}
