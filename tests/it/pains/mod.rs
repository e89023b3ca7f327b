//! What hurts users of other tools (reference/peers.md §b), each as the story that shows it does not hurt here.

mod github;
mod missed;
mod moved_head;
mod permission;
mod product;
mod stuck_locks;
mod stuck_runs;
mod trust;

use crate::harness::repositories::{ENVIRONMENTS, RUNNER_WORKFLOW};
use crate::harness::{App, succeed};

/// A package that is built and deployed to every environment, in the order of their attribute `stage`.
pub const PACKAGE: &str = r#"
ocuroot("0.3.0")

def build():
    host.shell("make")
    return done(outputs={"image": "1"})

def up(environment, image):
    host.shell("deploy " + image)
    return done(outputs={"url": "https://" + environment["name"] + ".example"})

def down(environment, image):
    host.shell("remove " + image)
    return done()

def deployments(type):
    return [
        deploy(e, up=up, down=down, inputs={"image": ref("./task/build#output/image")})
        for e in environments() if e.attributes["type"] == type
    ]

phase("build", tasks=[task(build, name="build")])
phase("staging", tasks=deployments("staging"))
phase("production", tasks=deployments("prod"))
"#;

/// `acme/shop` with the packages `api` and `web` and these rules, released once. Alice, bob and carol may push, rita
/// may read, root is an administrator.
pub async fn shop(rules: &str) -> App {
    shop_that_is(true, rules).await
}

/// The same, private or public.
pub async fn shop_that_is(private: bool, rules: &str) -> App {
    let app = App::start().await;
    app.github
        .create_repository("acme/shop", private)
        .expect("a repository");
    for (person, permission) in [
        ("alice", "write"),
        ("bob", "write"),
        ("carol", "write"),
        ("rita", "read"),
        ("root", "admin"),
    ] {
        app.github
            .set_permission("acme/shop", person, permission)
            .expect("a permission");
    }
    let environments = format!("{ENVIRONMENTS}\n{rules}\n");
    let files = [
        ("repo.ocu.star", Some("ocuroot(\"0.3.0\")\n")),
        ("environments.ocu.star", Some(environments.as_str())),
        ("api/release.ocu.star", Some(PACKAGE)),
        ("api/main.txt", Some("one\n")),
        ("web/release.ocu.star", Some(PACKAGE)),
        ("web/main.txt", Some("one\n")),
        (".github/workflows/ocuroot.yml", Some(RUNNER_WORKFLOW)),
    ];
    app.push(&files, "Begin");
    app.play(succeed).await;
    app
}

/// Alice proposes a change of the API; the preview is there.
pub async fn proposed(app: &App) -> u64 {
    let number = app.propose(&[("api/main.txt", "two\n")]);
    app.settle().await;
    number
}

/// Mallory, who may push, sneaks another commit into a pull request.
pub fn sneak(app: &App, number: u64) -> String {
    let evil = [("api/main.txt", Some("evil\n"))];
    let pushed = app
        .github
        .push_to_pull_request("acme/shop", number, &evil, "Sneak in", "mallory");
    pushed.expect("a commit")
}
