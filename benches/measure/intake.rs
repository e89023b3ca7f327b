//! Signed deliveries over real HTTP into a real database file, against the same route that records nothing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use ocuroot::clock::Clock;
use ocuroot::server::{Limits, guarded};
use ocuroot::store::Store;
use ocuroot::webhook::{
    Appended, DeliveryLog, GroupSink, IncomingDelivery, Intake, LogError, Secrets, SinkError,
    routes, spawn_group_writer,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::measure::{Times, process_cpu, thread_cpu};

const SECRET: &str = "a secret of the benchmark";
/// The median size of GitHub's example payloads.
const BODY: usize = 7_678;
const ROUND: Duration = Duration::from_millis(1500);
const ROUNDS: usize = 3;

/// Acknowledges and forgets.
struct Nothing;

impl DeliveryLog for Nothing {
    async fn append(&self, _: IncomingDelivery) -> Result<Appended, LogError> {
        Ok(Appended::New)
    }
}

struct Inbox(Store);

impl GroupSink for Inbox {
    async fn write(&mut self, batch: Vec<IncomingDelivery>) -> Result<Vec<bool>, SinkError> {
        Ok(self
            .0
            .append_deliveries(&batch, Clock::System.now())
            .await?)
    }
}

#[derive(Default)]
struct Load {
    times: Times,
    elapsed: Duration,
    server_cpu: Duration,
}

impl Load {
    fn rate(&self) -> f64 {
        self.times.count() as f64 / self.elapsed.as_secs_f64()
    }

    fn cpu_microseconds(&self) -> f64 {
        self.server_cpu.as_secs_f64() * 1e6 / self.times.count() as f64
    }
}

pub async fn run() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("inbox.db").display());
    let store = Store::open(&url).await.expect("a database");
    let (log, _task) = spawn_group_writer(Inbox(store.clone()), 4096);
    let durable = serve(log).await;
    let forgetful = serve(Nothing).await;
    println!(
        "connections | route | accepted/s | p50 ms | p99 ms | CPU us/delivery | rate vs verify only"
    );
    let mut accepted = 0;
    for connections in [1, 16, 64] {
        let mut loads = [Load::default(), Load::default()];
        // Interleaved, so that a busy neighbour hits both.
        for _ in 0..ROUNDS {
            for (address, load) in [durable, forgetful].into_iter().zip(&mut loads) {
                let run = move || drive(address, connections);
                let round = tokio::task::spawn_blocking(run).await.expect("no panic");
                load.times.extend(round.times);
                load.elapsed += round.elapsed;
                load.server_cpu += round.server_cpu;
            }
        }
        accepted += loads[0].times.count();
        let baseline = loads[1].rate();
        for (name, mut load) in ["recorded", "verified only"].into_iter().zip(loads) {
            let (rate, cpu) = (load.rate(), load.cpu_microseconds());
            let (p50, p99) = (load.times.median(), load.times.quantile(0.99));
            let ratio = rate / baseline;
            println!(
                "{connections} | {name} | {rate:.0} | {p50:.2} | {p99:.2} | {cpu:.0} | {ratio:.2}"
            );
        }
    }
    let (recorded, _) = store.pending_deliveries().await.expect("the inbox");
    let recorded = usize::try_from(recorded).expect("a count");
    assert!(recorded >= accepted, "{recorded} of {accepted} are there");
    println!("{accepted} accepted, {recorded} in the database");
}

async fn serve(log: impl DeliveryLog) -> SocketAddr {
    let secrets = Secrets::new([SECRET]).expect("a secret");
    let router = guarded(routes(Intake { secrets, log }), Limits::INTAKE);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Sends deliveries for a round over that many connections, from this thread alone.
fn drive(address: SocketAddr, connections: usize) -> Load {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (own, all, start) = (thread_cpu(), process_cpu(), Instant::now());
    let until = start + ROUND;
    let times = runtime.block_on(async {
        let clients = (0..connections).map(|_| tokio::spawn(client(address, until)));
        let mut times = Times::default();
        for client in clients.collect::<Vec<_>>() {
            times.extend(client.await.expect("no panic"));
        }
        times
    });
    let own = thread_cpu() - own;
    Load {
        times,
        elapsed: start.elapsed(),
        server_cpu: (process_cpu() - all).saturating_sub(own),
    }
}

async fn client(address: SocketAddr, until: Instant) -> Times {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option");
    let body = body();
    let mut code = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    code.update(body.as_bytes());
    let signature = hex::encode(code.finalize().into_bytes());
    let mut times = Times::default();
    let mut answer = [0; 1024];
    while Instant::now() < until {
        let request = format!(
            "POST /webhooks/github HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: {}\r\n\
             X-Hub-Signature-256: sha256={signature}\r\n\r\n{body}",
            body.len(),
            delivery_id(),
        );
        let start = Instant::now();
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it is read");
        let read = stream.read(&mut answer).await.expect("an answer");
        assert!(
            answer[..read].starts_with(b"HTTP/1.1 202"),
            "it is accepted"
        );
        times.add(start.elapsed());
    }
    times
}

fn body() -> String {
    let begin = r#"{"installation":{"id":7},"repository":{"id":11},"filler":""#;
    let filler = "x".repeat(BODY - begin.len() - 2);
    format!("{begin}{filler}\"}}")
}

/// Ids without order: the worst case for the index that keeps a delivery from being recorded twice.
fn delivery_id() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
    hex::encode(bytes)
}
