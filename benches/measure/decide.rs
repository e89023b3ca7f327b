//! One decision (snapshot, plan, commit) among few and among many live deployments, and the plan alone.

use std::time::Instant;

use ocuroot::engine::plan;
use ocuroot::model::{Package, PackageName, ReleaseNumber, Timestamp};

use crate::measure::Times;
use crate::world::{Costs, World, ended, file, name, push};

const FEW: usize = 1_000;
const MANY: usize = 100_000;
const REPEATS: i64 = 200;

pub async fn run() {
    let worlds = [filled(FEW).await, filled(MANY).await];
    let mut costs = [Costs::default(), Costs::default()];
    let package = file(2);
    for number in 1..=REPEATS {
        // Interleaved, so that a busy neighbour hits both.
        for (world, costs) in worlds.iter().zip(&mut costs) {
            live(world, costs, number, &package).await;
        }
    }
    println!("live deployments | snapshot ms | plan ms | commit ms | together ms | CPU ms");
    let mut together = Vec::new();
    let mut processor = Vec::new();
    for (costs, count) in costs.iter_mut().zip([FEW, MANY]) {
        println!("{count} | {}", costs.line());
        together.push(costs.together());
        processor.push(costs.processor());
    }
    let (time, cpu) = (together[1] / together[0], processor[1] / processor[0]);
    println!("100 times the deployments cost {time:.2} times the time, {cpu:.2} times the CPU");
    plans(&worlds[0]).await;
}

/// `engine::plan` for a push of that many packages, and for the end of one step of twenty.
async fn plans(world: &World) {
    println!("plan alone | median ms");
    for (packages, tasks) in [(1, 2), (1, 20), (250, 2)] {
        let names: Vec<PackageName> = (0..packages)
            .map(|index| name(&format!("new{tasks}-{index}")))
            .collect();
        let (scope, trigger) = push(1, &names, &file(tasks));
        let (snapshot, _) = world.store.snapshot(&scope).await.expect("a snapshot");
        let mut times = Times::default();
        for _ in 0..30 {
            let (copy, triggers) = (snapshot.clone(), [trigger.clone()]);
            let start = Instant::now();
            let plan = plan(copy, &triggers, Timestamp(1));
            times.add(start.elapsed());
            assert!(!plan.changes.is_empty());
        }
        println!(
            "push of {packages} packages of {tasks} deployments | {:.3}",
            times.median()
        );
    }
}

async fn filled(deployments: usize) -> World {
    let world = World::open().await;
    world.fill(deployments).await;
    world
}

/// One release of one package, from its push to its last deployment.
async fn live(world: &World, costs: &mut Costs, number: i64, package: &Package) {
    let name = name("mine");
    let (scope, trigger) = push(number, std::slice::from_ref(&name), package);
    costs.add(world.decide(scope, &[trigger]).await);
    for key in package.tasks().map(|task| &task.key) {
        let (scope, trigger) = ended(&name, ReleaseNumber(number), key);
        costs.add(world.decide(scope, &[trigger]).await);
    }
}
