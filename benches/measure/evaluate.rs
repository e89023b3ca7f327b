//! Config files evaluated in the child processes of the sandbox.

use std::path::PathBuf;
use std::time::Instant;

use ocuroot::config::SourceTree;
use ocuroot::model::Environment;
use ocuroot::sandbox::{Sandbox, Settings};

use crate::harness::repositories::API;
use crate::measure::Times;

pub async fn run() {
    let executable = PathBuf::from(env!("CARGO_BIN_EXE_ocuroot"));
    let sandbox = Sandbox::new(executable, Settings::default());
    let environments: Vec<Environment> = ["staging", "production"]
        .iter()
        .map(|name| {
            let kind = if *name == "staging" {
                "staging"
            } else {
                "prod"
            };
            let text = format!(r#"{{"name":"{name}","attributes":{{"type":"{kind}"}}}}"#);
            serde_json::from_str(&text).expect("an environment")
        })
        .collect();
    println!("packages | first ms | warm median ms | warm ms/package");
    for count in [1, 100, 1000] {
        let (tree, paths) = repository(count);
        let start = Instant::now();
        evaluate(&sandbox, &tree, &paths, &environments).await;
        let first = start.elapsed().as_secs_f64() * 1000.0;
        let mut times = Times::default();
        for _ in 0..if count == 1 { 50 } else { 7 } {
            let work = evaluate(&sandbox, &tree, &paths, &environments);
            crate::measure::timed(&mut times, work).await;
        }
        let median = times.median();
        println!(
            "{count} | {first:.1} | {median:.1} | {:.2}",
            median / count as f64
        );
    }
}

/// Every package has a build, two deployments and an approval.
fn repository(count: usize) -> (SourceTree, Vec<String>) {
    let mut tree = SourceTree::new();
    tree.insert("repo.ocu.star", "ocuroot(\"0.3.0\")\n");
    let mut paths = Vec::new();
    for index in 0..count {
        let path = format!("services/s{index:04}/release.ocu.star");
        tree.insert(&path, format!("{API}\n# {index}\n"));
        paths.push(path);
    }
    (tree, paths)
}

async fn evaluate(
    sandbox: &Sandbox,
    tree: &SourceTree,
    paths: &[String],
    environments: &[Environment],
) {
    let found = sandbox.evaluate(tree, paths, environments).await;
    let found = found.expect("a child");
    assert!(
        found
            .iter()
            .all(|(_, evaluation)| evaluation.package.is_some())
    );
}
