//! From the push to the dispatch of its first step, with a GitHub that answers at once: what is ours of the wait.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use crate::harness::App;
use crate::harness::repositories::shop;
use crate::measure::Times;

const PUSHES: usize = 20;

pub async fn run() {
    let app = App::with_shop().await;
    app.push(&shop(), "Begin");
    app.settle().await;
    let (stop, stopped) = watch::channel(false);
    let worker = app.worker.clone();
    let loops = tokio::spawn(async move { worker.run(stopped).await });
    let mut times = Times::default();
    for number in 0..PUSHES {
        let before = app.github.workflow_runs().len();
        app.push(&[("api/main.txt", Some(&number.to_string()))], "Change");
        let start = Instant::now();
        app.github.deliver_all().await;
        while app.github.workflow_runs().len() == before {
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "it is dispatched"
            );
            sleep(Duration::from_micros(200)).await;
        }
        times.add(start.elapsed());
    }
    stop.send_replace(true);
    app.worker.wake.notify_waiters();
    loops.await.expect("no panic");
    let (median, slowest) = (times.median(), times.quantile(0.95));
    println!("push delivered to workflow_dispatch | p50 {median:.1} ms | p95 {slowest:.1} ms");
}
