//! A server that is killed while somebody waits for it.

use std::process::Stdio;
use std::time::Duration;

use ocuroot::demo::simulator_options;
use ocuroot::simulator::Simulator;

use super::checkout::Checkout;
use crate::harness::repositories::with;
use crate::two_processes::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");
const PATIENCE: Duration = Duration::from_secs(240);
const ADDRESS: &str = if cfg!(target_os = "linux") {
    "127.0.0.78"
} else {
    "127.0.0.1"
};

const PACKAGE: &str = r#"
ocuroot("0.3.0")

def build():
    host.shell("echo building")
    return done(outputs={"image": "1"})

def up(environment, image):
    host.shell("echo deploying")
    return done()

def down(environment, image):
    return done()

phase("build", tasks=[task(build, name="build")])
phase("staging", tasks=[
    deploy(e, up=up, down=down, inputs={"image": ref("./task/build#output/image")})
    for e in environments() if e.attributes["type"] == "staging"
])
"#;

/// How many releases of the package have their check, and how many of them are complete.
fn releases(github: &Simulator) -> (usize, usize) {
    let checks = github.all_check_runs("acme/shop");
    let checks = checks.iter().filter(|check| check.name == "ocuroot / api");
    let complete = checks
        .clone()
        .filter(|check| check.conclusion.as_deref() == Some("success"));
    (checks.clone().count(), complete.count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_made_once_and_watched_to_its_end_though_the_server_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let options = simulator_options(directory.path(), PROGRAM.as_ref()).unwrap();
    let github = Simulator::start(options).await.unwrap();
    let mut server = Server::start(ADDRESS, &github, &directory).await;
    github.create_repository("acme/shop", true).unwrap();
    github
        .set_permission("acme/shop", "alice", "write")
        .unwrap();
    let files = with(&[("api/release.ocu.star", PACKAGE)]);
    github
        .push("acme/shop", "main", &files, "Begin", "alice")
        .unwrap();
    let story = async {
        github
            .wait_for(|github| (releases(github) == (1, 1)).then_some(()))
            .await;
        let token = github.user_token("alice", 3600);
        let checkout = Checkout::at(&github.url(), &server.url, token).await;
        let new = ["release", "new", "api", "--force", "--server", &server.url];
        let mut command = checkout.command(&new);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        github
            .wait_for(|github| (releases(github).0 == 2).then_some(()))
            .await;
        server.kill().await;
        github
            .wait_for(|github| (github.workflow_runs().len() == 4).then_some(()))
            .await;
        server.kill().await;
        checkout.said(&output.await.unwrap())
    };
    let said = tokio::time::timeout(PATIENCE, story)
        .await
        .expect("it never ended");
    let said = said.succeeds();
    insta::assert_snapshot!(said.output, @r#"
    github.com/acme/shop/-/api/release.ocu.star/@r2 complete
      ✓ Task: build [1]: complete
          Outputs
            github.com/acme/shop/-/api/release.ocu.star/@r2/task/build#output/image = "1"
      ✓ Deploy to staging [1]: complete
    "#);
    assert!(said.errors.contains("> building"), "{said:?}");
    assert_eq!(releases(&github), (2, 2), "{said:?}");
    assert_eq!(github.workflow_runs().len(), 4, "no step was started twice");
    assert_eq!(github.violations().len(), 0, "{:#?}", github.violations());
}
