//! What a release asks of GitHub: its limits, not our speed, are what bounds a large installation.

use std::collections::BTreeMap;

use ocuroot::simulator::RequestRecord;
use serde_json::json;

use crate::harness::repositories::RUNNER_WORKFLOW;
use crate::harness::{App, done};

const PHASES: usize = 4;
const STEPS: usize = 20;

pub async fn run() {
    let app = App::with_shop().await;
    let release = release();
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("release.ocu.star", Some(release.as_str())),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
        ("main.txt", Some("one\n")),
    ];
    app.push(&files, "Begin");
    app.play(|_, _| done(json!({}))).await;
    // The first release reads every file; the second is what each day looks like.
    let before = app.github.requests().len();
    app.push(&[("main.txt", Some("two\n"))], "Change");
    app.play(|_, _| done(json!({}))).await;
    let requests = app.github.requests().split_off(before);
    let count = |wanted: fn(&RequestRecord) -> bool| {
        requests.iter().filter(|request| wanted(request)).count()
    };
    // Which creations GitHub counts as content is not public: all are taken to be.
    let creating = count(|request| request.method == "POST" && is_in_a_repository(request));
    let writes = count(|request| matches!(request.method.as_str(), "PATCH" | "PUT" | "DELETE"));
    let reads = count(|request| request.method == "GET");
    let per_step = |count: usize| count as f64 / STEPS as f64;
    println!("{STEPS} steps in {PHASES} phases | count | per step");
    println!("creating | {creating} | {:.2}", per_step(creating));
    println!("other writes | {writes} | {:.2}", per_step(writes));
    println!("reads | {reads} | {:.2}", per_step(reads));
    let mut routes: BTreeMap<String, usize> = BTreeMap::new();
    for request in &requests {
        let route = request.route.as_deref().unwrap_or(&request.path);
        *routes
            .entry(format!("{} {route}", request.method))
            .or_default() += 1;
    }
    for (route, count) in routes {
        println!("  {count} x {route}");
    }
    app.finish().await;
}

fn is_in_a_repository(request: &RequestRecord) -> bool {
    request.path.starts_with("/repos/")
}

/// Four phases of five steps that each need a machine.
fn release() -> String {
    let mut text =
        "ocuroot(\"0.3.0\")\n\ndef step():\n    host.shell(\"make\")\n    return done()\n\n"
            .to_owned();
    for phase in 0..PHASES {
        let tasks: Vec<String> = (0..STEPS / PHASES)
            .map(|step| format!("task(step, name=\"p{phase}s{step}\")"))
            .collect();
        text += &format!("phase(\"p{phase}\", tasks=[{}])\n", tasks.join(", "));
    }
    text
}
