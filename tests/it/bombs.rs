//! Hostile config files against the real sandbox: each ends in a finding on its own file, in bounded time, and
//! nobody else notices.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use ocuroot::config::{Evaluation, SourceTree};
use ocuroot::model::{FunctionName, Invocation, Outcome};
use ocuroot::sandbox::{Sandbox, Settings};

const NORMAL: &str = "def build(): return done(outputs={\"n\": 1})\n\ntask(build, \"build\")\n";
const ENDLESS: &str = "def f():\n  x = \"a\"\n  for i in range(40):\n    x += x\n  return done()\n";

/// Generous, because other tests share the machine; a bomb that is not stopped takes minutes.
const BOUND: Duration = Duration::from_secs(15);

fn settings() -> Settings {
    Settings {
        processes: 1,
        wall_clock: Duration::from_millis(1500),
        ..Settings::default()
    }
}

fn sandbox(settings: Settings) -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_ocuroot").into(), settings)
}

fn tree(files: &[(&str, &str)]) -> SourceTree {
    let mut tree = SourceTree::new();
    for (path, text) in files {
        tree.insert(*path, *text);
    }
    tree
}

async fn evaluate(sandbox: &Sandbox, tree: &SourceTree) -> Vec<(String, Evaluation)> {
    let paths: Vec<String> = tree.paths().map(str::to_owned).collect();
    sandbox
        .evaluate(tree, &paths, &[])
        .await
        .expect("a sandbox that starts")
}

fn is_normal(evaluation: &Evaluation) -> bool {
    evaluation.diagnostics.is_empty() && evaluation.package.is_some()
}

fn bombs() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bombs");
    let mut bombs: Vec<(String, String)> = std::fs::read_dir(folder)
        .expect("the folder of bombs")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let text = std::fs::read_to_string(entry.path()).expect("a bomb");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect();
    bombs.sort();
    bombs
}

/// Evaluates a bomb and a normal file in one request, the bomb first.
async fn detonate(sandbox: &Sandbox, name: &str, text: &str) {
    let tree = tree(&[(name, text), ("normal.ocu.star", NORMAL)]);
    let start = Instant::now();
    let results = evaluate(sandbox, &tree).await;
    assert!(start.elapsed() < BOUND, "{name} took {:?}", start.elapsed());
    let (path, bomb) = &results[0];
    assert_eq!(path, name);
    assert!(bomb.package.is_none(), "{name} was accepted");
    let errors: Vec<_> = bomb.diagnostics.iter().filter(|it| it.is_error()).collect();
    assert!(!errors.is_empty(), "{name} has no error");
    assert!(errors.iter().all(|it| it.path == name), "{errors:?}");
    assert!(
        is_normal(&results[1].1),
        "{name} hit the next file: {:?}",
        results[1]
    );
}

#[tokio::test]
async fn every_bomb_ends_in_a_finding_on_its_file_and_the_next_file_is_fine() {
    let bombs = bombs();
    assert_eq!(bombs.len(), 29);
    let lanes = [0, 1].map(|lane| {
        let bombs = bombs.iter().skip(lane).step_by(2);
        async move {
            let sandbox = sandbox(settings());
            for (name, text) in bombs {
                detonate(&sandbox, name, text).await;
            }
        }
    });
    join_all(lanes).await;
}

#[tokio::test]
async fn many_files_share_what_they_load_and_come_back_in_order() {
    let mut tree = tree(&[(
        "lib.star",
        "def build(): return done()\n\nprint(\"loaded\")\n",
    )]);
    let paths: Vec<String> = (0..100)
        .rev()
        .map(|n| format!("p{n}/release.ocu.star"))
        .collect();
    for path in &paths {
        tree.insert(
            path.clone(),
            "load(\"//lib.star\", \"build\")\n\ntask(build, \"build\")\n",
        );
    }
    let sandbox = sandbox(Settings {
        processes: 2,
        ..settings()
    });
    let results = sandbox
        .evaluate(&tree, &paths, &[])
        .await
        .expect("a sandbox that starts");
    let order: Vec<&String> = results.iter().map(|(path, _)| path).collect();
    assert_eq!(order, paths.iter().collect::<Vec<_>>());
    assert!(
        results
            .iter()
            .all(|(_, evaluation)| is_normal(evaluation) && evaluation.prints == ["loaded"])
    );
}

#[tokio::test]
async fn a_child_is_replaced_after_its_jobs() {
    let sandbox = sandbox(Settings {
        jobs_per_process: 1,
        ..settings()
    });
    let tree = tree(&[
        ("a.ocu.star", NORMAL),
        ("b.ocu.star", NORMAL),
        ("c.ocu.star", NORMAL),
    ]);
    let results = evaluate(&sandbox, &tree).await;
    assert!(
        results.iter().all(|(_, evaluation)| is_normal(evaluation)),
        "{results:?}"
    );
}

#[tokio::test]
async fn a_commit_full_of_bombs_is_given_up_early() {
    let sandbox = sandbox(Settings {
        max_failures: 1,
        ..settings()
    });
    let bomb = format!("{ENDLESS}f()\n");
    let tree = tree(&[
        ("a.ocu.star", &bomb),
        ("b.ocu.star", &bomb),
        ("c.ocu.star", NORMAL),
    ]);
    let results = evaluate(&sandbox, &tree).await;
    let last = &results[2].1.diagnostics[0].message;
    assert!(last.contains("too many other files"), "{last}");
}

#[tokio::test]
async fn a_function_is_called_or_fails_or_needs_a_host() {
    let text = format!("{NORMAL}{ENDLESS}def touch(): shell(\"ls\")\n");
    let tree = tree(&[("a.ocu.star", &text)]);
    let sandbox = sandbox(settings());
    let call = async |name: &str| {
        let function = FunctionName {
            file: "a.ocu.star".to_owned(),
            name: name.to_owned(),
        };
        sandbox
            .invoke(&tree, "a.ocu.star", &function, &BTreeMap::new(), &[])
            .await
            .expect("a sandbox that starts")
    };
    let failed = call("f").await;
    assert!(
        matches!(&failed, Invocation::Finished { outcome: Outcome::Failed { message }, .. }
            if message.contains("a.ocu.star:f: this needs more memory")),
        "{failed:?}"
    );
    let done = call("build").await;
    assert!(
        matches!(&done, Invocation::Finished { outcome: Outcome::Done { outputs, .. }, .. }
            if outputs["n"] == 1),
        "{done:?}"
    );
    let capability = "host.shell".to_owned();
    assert_eq!(call("touch").await, Invocation::NeedsHost { capability });
}

#[tokio::test]
async fn a_sandbox_that_cannot_start_blames_no_file() {
    let sandbox = Sandbox::new("/nonexistent/ocuroot".into(), settings());
    let tree = tree(&[("a.ocu.star", NORMAL)]);
    let error = sandbox
        .evaluate(&tree, &["a.ocu.star".to_owned()], &[])
        .await;
    let text = error.expect_err("nothing to start").to_string();
    assert!(
        text.starts_with("cannot start a process to evaluate config files"),
        "{text}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_ready_child_is_confined() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ocuroot"))
        .arg("eval-worker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut ready = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    output.read_line(&mut ready).expect("its first line");
    let of = |file: &str| {
        std::fs::read_to_string(format!("/proc/{}/{file}", child.id())).expect("its state")
    };
    let (status, limits) = (of("status"), of("limits"));
    child.kill().expect("it ends");
    child.wait().expect("it ended");
    assert_eq!(ready, "{\"has_filter\":true}\n");
    assert!(status.contains("Seccomp:\t2"), "{status}");
    let limit = |name: &str| {
        let line = limits
            .lines()
            .find(|line| line.starts_with(name))
            .expect(name);
        line[name.len()..]
            .split_whitespace()
            .next()
            .map(str::to_owned)
    };
    assert_eq!(limit("Max address space").as_deref(), Some("1073741824"));
    assert_eq!(limit("Max cpu time").as_deref(), Some("120"));
    assert_eq!(limit("Max open files").as_deref(), Some("16"));
    assert_eq!(limit("Max file size").as_deref(), Some("0"));
    assert_eq!(limit("Max core file size").as_deref(), Some("0"));
}
