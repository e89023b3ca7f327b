//! The repositories in examples/: what their README.md says can be typed, and pushed to GitHub they are released.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ocuroot::model::Outcome;
use ocuroot::simulator::CheckApp;
use serde_json::{Value, json};

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done};
use crate::local::place::Place;

/// All but the demo, which has tests of its own.
const EXAMPLES: [&str; 8] = [
    "hello",
    "approval",
    "outputs",
    "environments",
    "intent",
    "retries-and-tags",
    "settings",
    "shop",
];

const SERVICES: [&str; 8] = [
    "catalog",
    "database",
    "mailer",
    "network",
    "orders",
    "payments",
    "queue",
    "storefront",
];

const EVERYWHERE: [&str; 4] = ["dev", "production-eu", "production-us", "staging"];

/// Types the lines of the next block of the README.md, each of which must succeed. Answers what they said.
struct Reader {
    place: Place,
    blocks: std::vec::IntoIter<Vec<String>>,
}

impl Reader {
    fn of(example: &str) -> Reader {
        let place = Place::of_example(example);
        let page = fs::read_to_string(place.path("README.md")).expect("README.md");
        let blocks = page.split("```sh\n").skip(1);
        let blocks = blocks.map(|block| {
            let block = block.split("```").next().expect("its end");
            block.lines().map(str::to_owned).collect()
        });
        let blocks: Vec<Vec<String>> = blocks.collect();
        Reader {
            place,
            blocks: blocks.into_iter(),
        }
    }

    #[track_caller]
    fn type_next_block(&mut self) -> String {
        let mut text = String::new();
        for line in self.blocks.next().expect("another block") {
            let said = self.place.shell(&line);
            assert_eq!(said.code, 0, "{line}\n{}", said.text());
            text.push_str(&said.text());
        }
        text
    }

    #[track_caller]
    fn output(&self, reference: &str) -> Value {
        let found = self.place.get(reference);
        found.unwrap_or_else(|| panic!("nothing at {reference}"))
    }

    /// What a glob finds, without the repository.
    fn matching(&self, glob: &str) -> BTreeSet<String> {
        let said = self.place.run(&["state", "match", glob]);
        let lines = said.output.lines();
        lines
            .map(|line| {
                line.split_once("/-/")
                    .map_or(line, |(_, rest)| rest)
                    .to_owned()
            })
            .collect()
    }

    /// Where the package of a file is live.
    fn live(&self, file: &str) -> BTreeSet<String> {
        let prefix = format!("{file}/@/deploy/");
        let found = self.matching("**/@/deploy/*").into_iter();
        found
            .filter_map(|line| line.strip_prefix(&prefix).map(str::to_owned))
            .collect()
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_list_names_every_example() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let page = fs::read_to_string(folder.join("README.md")).expect("README.md");
    let entries = fs::read_dir(folder).expect("examples");
    let entries = entries.map(|entry| entry.expect("an entry"));
    let found: BTreeSet<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        found,
        names(&[&EXAMPLES[..], &["demo"]].concat()),
        "this file knows them"
    );
    for name in found {
        assert!(page.contains(&format!("| [{name}]({name}) |")), "{name}");
    }
}

#[test]
fn hello_is_live_in_both_environments() {
    let mut hello = Reader::of("hello");
    hello.type_next_block();
    assert_eq!(
        hello.live("release.ocu.star"),
        names(&["staging", "production"])
    );
    let says = hello.output("release.ocu.star/@/deploy/production#output/says");
    assert_eq!(says, "Hello, production!");
}

#[test]
fn an_approval_is_waited_for() {
    let mut approval = Reader::of("approval");
    let text = approval.type_next_block();
    assert!(text.contains("/task/approval/1/status/paused"), "{text}");
    assert_eq!(
        approval.live("release.ocu.star"),
        names(&["staging", "production"])
    );
    let by = approval.output("release.ocu.star/@/task/approval#output/approved_by");
    assert_eq!(by, "alice");
}

#[test]
fn a_changed_output_reaches_its_reader() {
    let mut outputs = Reader::of("outputs");
    outputs.type_next_block();
    let read = "api/release.ocu.star/@/deploy/production#output/database";
    assert_eq!(outputs.output(read), "database-16.production.example");
    outputs.type_next_block();
    assert_eq!(outputs.output(read), "database-17.production.example");
    let release = outputs.output("api/release.ocu.star/@/deploy/production#release");
    assert_eq!(release, "outputs/-/api/release.ocu.star/@r1");
}

#[test]
fn environments_come_and_go() {
    let mut environments = Reader::of("environments");
    let file = "release.ocu.star";
    let eu = ["staging", "production-eu"];
    environments.type_next_block();
    assert_eq!(
        environments.live(file),
        names(&[&eu[..], &["production-us"]].concat())
    );
    environments.type_next_block();
    let with_ap = [&eu[..], &["production-ap"]].concat();
    assert!(environments.live(file).contains("production-ap"));
    environments.type_next_block();
    assert_eq!(environments.live(file), names(&with_ap));
    assert!(environments.place.path("deployed/production-ap").exists());
    assert!(!environments.place.path("deployed/production-us").exists());
}

#[test]
fn what_files_want_is_made_so() {
    let mut intent = Reader::of("intent");
    let file = "release.ocu.star";
    let greeting = |intent: &Reader, environment: &str| {
        intent.output(&format!("{file}/@/deploy/{environment}#output/greeting"))
    };
    intent.type_next_block();
    assert_eq!(intent.live(file), names(&["production", "staging"]));
    assert_eq!(greeting(&intent, "staging"), "Hello from staging");
    intent.type_next_block();
    assert_eq!(
        greeting(&intent, "production"),
        "Good morning from production"
    );
    assert!(intent.type_next_block().contains("release.ocu.star/@r1"));
    intent.type_next_block();
    assert_eq!(intent.live(file), names(&["production"]));
}

#[test]
fn what_fails_once_is_tried_again_and_releases_have_names() {
    let mut tags = Reader::of("retries-and-tags");
    tags.type_next_block();
    let ends = "release.ocu.star/@r1/task/fetch";
    assert_eq!(
        tags.matching("**/task/fetch/*/status/*"),
        [
            format!("{ends}/1/status/failed"),
            format!("{ends}/2/status/complete")
        ]
        .into()
    );
    tags.type_next_block();
    let number = tags.output("release.ocu.star/@v1.1.0/task/build#output/number");
    assert_eq!(number, 2);
    let live = tags.output("release.ocu.star/@/deploy/production#output/version");
    assert_eq!(live, "1.1.0");
}

#[test]
fn settings_reach_who_reads_them_and_the_secret_nobody() {
    let mut settings = Reader::of("settings");
    let text = settings.type_next_block();
    assert!(!text.contains("hush"), "{text}");
    assert!(text.contains("<secret>"), "{text}");
    for (environment, replicas) in [("production", 4), ("staging", 1)] {
        let output = format!("api/release.ocu.star/@/deploy/{environment}#output");
        let found = settings.output(&output);
        assert_eq!(
            (&found["replicas"], &found["message"]),
            (&json!(replicas), &json!("Hello"))
        );
    }
}

#[test]
fn the_shop_is_released_in_order_and_a_changed_output_reaches_exactly_its_readers() {
    let mut shop = Reader::of("shop");
    shop.type_next_block();
    for service in SERVICES {
        let file = format!("{service}/release.ocu.star");
        assert_eq!(shop.live(&file), names(&EVERYWHERE), "{service}");
    }
    assert_eq!(applied(&shop, "helm", "orders", "-16"), EVERYWHERE);
    assert!(
        shop.matching("**/deploy/*/2").is_empty(),
        "nobody runs twice"
    );

    shop.type_next_block();
    let again = ["catalog", "orders", "payments"].into_iter();
    let again = again.flat_map(|service| {
        EVERYWHERE.map(|environment| {
            format!("{service}/release.ocu.star/@r1/deploy/{environment}/2/status/complete")
        })
    });
    assert_eq!(shop.matching("**/deploy/*/2/status/*"), again.collect());
    assert!(shop.matching("**/deploy/*/3").is_empty(), "each once");
    assert_eq!(applied(&shop, "helm", "orders", "-17"), EVERYWHERE);

    shop.type_next_block();
    let second: BTreeSet<String> = SERVICES
        .into_iter()
        .filter(|service| {
            !shop
                .matching(&format!("shop/-/{service}/**/@r2"))
                .is_empty()
        })
        .map(str::to_owned)
        .collect();
    assert_eq!(second, names(&["database", "storefront"]));

    shop.type_next_block();
    let rest: Vec<&str> = EVERYWHERE
        .into_iter()
        .filter(|environment| *environment != "production-us")
        .collect();
    for (tool, service) in [
        ("terraform", "network"),
        ("helm", "orders"),
        ("kubectl", "mailer"),
    ] {
        let file = format!("{service}/release.ocu.star");
        assert_eq!(shop.live(&file), names(&rest), "{service}");
        assert_eq!(applied(&shop, tool, service, ""), rest, "{service}");
    }
}

/// The environments for which a tool has applied a service with this text.
fn applied(shop: &Reader, tool: &str, service: &str, text: &str) -> Vec<&'static str> {
    let has = |environment: &&str| {
        let path = shop
            .place
            .path(&format!(".applied/{tool}/{environment}/{service}"));
        fs::read_to_string(path).is_ok_and(|values| values.contains(text))
    };
    EVERYWHERE.into_iter().filter(has).collect()
}

/// Every function ends well, with all that anybody reads.
fn provide(_run: &str, _inputs: &Value) -> Outcome {
    done(json!({
        "address": "database-16.example",
        "greeting": "Hello",
        "image": "registry.example.com/shop/orders:1",
        "number": 1,
        "subnet": "subnet-1",
        "url": "https://example.com",
        "version": "1.0.0",
    }))
}

/// The text files of an example and the workflow that executes functions.
fn files(example: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(example);
    let mut found = vec![(
        ".github/workflows/ocuroot.yml".to_owned(),
        RUNNER_WORKFLOW.to_owned(),
    )];
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).expect("below it").display();
            let text = fs::read_to_string(&path).expect("a text");
            found.push((name.to_string(), text));
        }
    }
    found
}

async fn is_released_on_github(example: &str) {
    let app = App::with_shop().await;
    let files = files(example);
    let pushed: Vec<(&str, Option<&str>)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), Some(text.as_str())))
        .collect();
    let commit = app.push(&pushed, "Begin");
    app.play(provide).await;
    let checks = app.github.check_runs("acme/shop", &commit);
    for check in checks.iter().filter(|check| !check.actions.is_empty()) {
        app.press(&commit, &check.name, "approve", "alice").await;
    }
    app.play(provide).await;

    let checks = app.github.check_runs("acme/shop", &commit);
    let ours: Vec<_> = checks
        .iter()
        .filter(|check| check.app == CheckApp::Ours)
        .collect();
    let packages = files
        .iter()
        .filter(|(path, _)| path.ends_with("release.ocu.star"));
    assert!(
        ours.len() > packages.count(),
        "{example}\n{}",
        app.checks(&commit)
    );
    for check in ours {
        let end = check.conclusion.as_deref();
        assert_eq!(end, Some("success"), "{example}\n{}", app.checks(&commit));
    }
    assert!(app.deployments().contains(" r1 success"), "{example}");
    app.finish().await;
}

#[tokio::test]
async fn every_example_is_released_on_github() {
    for example in EXAMPLES {
        is_released_on_github(example).await;
    }
}
