//! One decision in which an output changes that others read: against how many read it, and against how many do not.

use ocuroot::engine::{NewReleases, Trigger};
use ocuroot::model::{
    Package, PackageName, Reference, ReleaseNumber, RunNumber, SubPathKind, TaskKey,
};
use ocuroot::store::Scope;
use serde_json::json;

use crate::world::{Costs, World, ended_with, file, name, push};

const TOTALS: [usize; 3] = [1_000, 10_000, 100_000];
/// The number of deployments in the database when the number of readers varies.
const TOTAL: usize = 10_000;
const FAN_OUTS: [usize; 4] = [1, 10, 100, 1_000];
/// The number of readers when the number of deployments varies.
const FAN_OUT: usize = 10;
const REPEATS: i64 = 20;

/// A package, and how many others read what its deployment leaves.
struct Provider {
    name: PackageName,
    readers: Vec<PackageName>,
    costs: Costs,
}

struct Place {
    total: usize,
    world: World,
    providers: Vec<Provider>,
}

pub async fn run() {
    let mut places = Vec::new();
    for total in TOTALS {
        places.push(place(total).await);
    }
    // Interleaved, so that a busy neighbour hits all. The first round warms up.
    for number in 2..=REPEATS + 2 {
        for place in &mut places {
            for provider in &mut place.providers {
                change(&place.world, provider, number).await;
            }
        }
    }
    println!(
        "live deployments | readers | snapshot ms | plan ms | commit ms | together ms | CPU ms"
    );
    let (mut by_total, mut by_readers) = (Vec::new(), Vec::new());
    for Place {
        total, providers, ..
    } in &mut places
    {
        for Provider { readers, costs, .. } in providers {
            let readers = readers.len();
            println!("{total} | {readers} | {}", costs.line());
            let cost = (costs.together(), costs.processor());
            if readers == FAN_OUT {
                by_total.push((*total, cost));
            }
            if *total == TOTAL {
                by_readers.push((readers, cost));
            }
        }
    }
    ratios("live deployments", &by_total);
    ratios("readers", &by_readers);
}

/// Against the smallest of the same run.
fn ratios(what: &str, costs: &[(usize, (f64, f64))]) {
    println!("{what} | time against the smallest | CPU against the smallest");
    let (_, smallest) = costs[0];
    for (count, (time, cpu)) in costs {
        println!(
            "{count} | {:.2} | {:.2}",
            time / smallest.0,
            cpu / smallest.1
        );
    }
}

async fn place(total: usize) -> Place {
    let world = World::open().await;
    let (scope, trigger) = environments();
    world.decide(scope, &[trigger]).await;
    let fan_outs = FAN_OUTS.iter().copied();
    let fan_outs: Vec<usize> = fan_outs
        .filter(|fan_out| total == TOTAL || *fan_out == FAN_OUT)
        .collect();
    let own: usize = fan_outs.iter().map(|fan_out| fan_out + 1).sum();
    world.fill(total - own).await;
    let mut providers = Vec::new();
    for fan_out in fan_outs {
        let name = name(&format!("provider{fan_out}"));
        world.deploy(std::slice::from_ref(&name), &file(1)).await;
        let readers = (0..fan_out).map(|index| reader_name(fan_out, index));
        let readers: Vec<PackageName> = readers.collect();
        world.deploy(&readers, &reader(&name)).await;
        let costs = Costs::default();
        providers.push(Provider {
            name,
            readers,
            costs,
        });
    }
    assert!(world.count().await.abs_diff(total) <= 1, "all are live");
    Place {
        total,
        world,
        providers,
    }
}

fn reader_name(fan_out: usize, index: usize) -> PackageName {
    name(&format!("reader{fan_out}-{index}"))
}

/// One deployment that reads what the provider's leaves.
fn reader(provider: &PackageName) -> Package {
    let reference = format!(
        "{}/-/{}/@/deploy/e0#output/url",
        provider.repository, provider.path
    );
    serde_json::from_value(json!({ "phases": [{ "name": "all", "tasks": [{
        "key": "deploy/e0", "inputs": { "url": { "ref": reference } },
        "action": { "function": { "file": "f", "name": "up" } } }] }] }))
    .expect("a package")
}

/// The environments of the deployments.
fn environments() -> (Scope, Trigger) {
    let (mut scope, trigger) = push(1, &[], &file(0));
    let names = ["e0", "e1"];
    let documents = names.map(|name| Reference::global(SubPathKind::Environment, name));
    scope.writes.extend(documents);
    let Trigger::Release(new) = trigger else {
        unreachable!("a push makes releases")
    };
    let environments = names.map(|name| json!({ "name": name, "attributes": {} }));
    let environments = serde_json::from_value(environments.into_iter().collect());
    let new = NewReleases {
        environments: environments.expect("environments"),
        ..new
    };
    (scope, Trigger::Release(new))
}

/// A release of the provider leaves another output, and its readers are deployed again. Only the end of the provider's
/// deployment is measured: the decision by which every reader gets a run, and every run a call.
async fn change(world: &World, provider: &mut Provider, number: i64) {
    let key: TaskKey = "deploy/e0".parse().expect("a task");
    let release = ReleaseNumber(number);
    let (scope, trigger) = push(number, std::slice::from_ref(&provider.name), &file(1));
    world.decide(scope, &[trigger]).await;
    let outputs = json!({ "url": format!("https://{number}.example") });
    let (scope, trigger) = ended_with(&provider.name, release, &key, RunNumber(1), &outputs);
    let cost = world.decide(scope, &[trigger]).await;
    if number > 2 {
        provider.costs.add(cost);
    }
    for readers in provider.readers.chunks(250) {
        let ends = readers.iter().map(|reader| {
            let outputs = json!({ "url": "https://reader.example" });
            ended_with(reader, ReleaseNumber(1), &key, RunNumber(number), &outputs)
        });
        world.decide_together(ends).await;
    }
}
