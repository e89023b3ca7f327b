//! The demo's story with the server as a process of its own, killed and started again wherever it stands.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ocuroot::demo::{PLATFORM, STOREFRONT, create_repositories, scenes, simulator_options};
use ocuroot::simulator::Simulator;
use tempfile::TempDir;

/// Long enough for the sweep to ask after a workflow run that fell silent (5 minutes) and for a webhook to be asked for a
/// second time (10 minutes): what was lost with a killed server comes back that way at the latest.
const PATIENCE: Duration = Duration::from_secs(1200);

/// Where the server listens. The address is this test's own where the system has more than one loopback address:
/// while the server is dead, no other test can take its port.
const ADDRESS: &str = if cfg!(target_os = "linux") {
    "127.0.0.77"
} else {
    "127.0.0.1"
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ocuroot");

/// A server that can be killed.
pub struct Server {
    child: Child,
    settings: Vec<(&'static str, String)>,
    pub url: String,
}

impl Server {
    /// On an address that is the test's own: while the server is dead, nobody else takes its port.
    pub async fn start(address: &str, github: &Simulator, directory: &TempDir) -> Server {
        let free = TcpListener::bind((address, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let url = format!("http://{address}");
        let app = github.app();
        let database = directory.path().join("ocuroot.db");
        let settings = vec![
            ("OCUROOT_LISTEN", address.to_string()),
            ("OCUROOT_PUBLIC_URL", url.clone()),
            ("DATABASE_URL", format!("sqlite://{}", database.display())),
            ("OCUROOT_GITHUB_APP_ID", app.app_id.to_string()),
            ("OCUROOT_GITHUB_PRIVATE_KEY", app.private_key_pem),
            ("OCUROOT_GITHUB_WEBHOOK_SECRET", app.webhook_secret),
            ("OCUROOT_GITHUB_API_URL", github.url()),
            ("OCUROOT_GITHUB_WEB_URL", github.url()),
            ("OCUROOT_GITHUB_OIDC_ISSUER", github.url()),
        ];
        github.set_webhook_url(&format!("{url}/webhooks/github"));
        let child = spawn(&settings);
        let server = Server {
            child,
            settings,
            url,
        };
        server.ready().await;
        server
    }

    /// `kill -9`, and up again.
    pub async fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.settings);
        self.ready().await;
    }

    async fn ready(&self) {
        let url = format!("{}/readyz", self.url);
        while reqwest::get(&url).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(settings: &[(&'static str, String)]) -> Child {
    Command::new(PROGRAM)
        .arg("serve")
        .envs(settings.iter().cloned())
        .env(
            "RUST_LOG",
            std::env::var("RUST_LOG").unwrap_or("error".into()),
        )
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// Everything that GitHub shows of the releases, a line each.
fn visible(github: &Simulator) -> BTreeSet<String> {
    let checks = [PLATFORM, STOREFRONT]
        .iter()
        .flat_map(|repository| github.all_check_runs(repository))
        .map(|check| format!("{} {:?} {:?}", check.id, check.status, check.title));
    let runs = github.workflow_runs();
    let runs = runs
        .iter()
        .map(|run| format!("{} {:?}", run.id, run.status));
    checks.chain(runs).collect()
}

fn live_in_production(github: &Simulator) -> usize {
    [PLATFORM, STOREFRONT]
        .iter()
        .flat_map(|repository| github.deployments(repository))
        .filter(|place| place.environment == "production" && place.state() == "success")
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_comes_to_its_end_though_the_server_is_killed_at_every_hop() {
    let directory = tempfile::tempdir().unwrap();
    let options = simulator_options(directory.path(), PROGRAM.as_ref()).unwrap();
    let github = Simulator::start(options).await.unwrap();
    let mut server = Server::start(ADDRESS, &github, &directory).await;
    create_repositories(&github).unwrap();
    let mut seen = BTreeSet::new();
    for scene in scenes() {
        (scene.act)(&github).unwrap();
        let whole = async {
            while !(scene.is_over)(&github) {
                let news = github.wait_for(|github| {
                    let now = visible(github);
                    let is_over = (scene.is_over)(github);
                    (is_over || !now.is_subset(&seen)).then_some(now)
                });
                seen.extend(news.await);
                server.kill().await;
            }
        };
        let came = tokio::time::timeout(PATIENCE, whole).await;
        let stands = visible(&github);
        assert!(
            came.is_ok(),
            "it never came to it that {}: {stands:#?}",
            scene.goal
        );
    }
    let both = github.wait_for(|github| (live_in_production(github) == 2).then_some(()));
    let recorded = tokio::time::timeout(PATIENCE, both).await;
    assert!(recorded.is_ok(), "production was not recorded");
    let starts = github.workflow_runs().len();
    assert_eq!(starts, 8, "no step was started twice");
    assert_eq!(github.violations().len(), 0, "{:#?}", github.violations());
}
