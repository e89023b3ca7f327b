//! What is told, as failures show it.

use serde_json::json;

use crate::engine::Trigger;
use crate::engine::tests::language::short;
use crate::model::{Input, Outcome, Package};

/// A trigger as failures show it.
pub(super) fn words(trigger: &Trigger) -> String {
    let text = match trigger {
        Trigger::Release(new) => {
            let environments: Vec<String> = new
                .environments
                .iter()
                .map(|environment| format!("{} {:?}", environment.name, environment.attributes))
                .collect();
            let packages: Vec<String> = new
                .packages
                .iter()
                .map(|candidate| format!("{} {}", candidate.name, tasks(&candidate.package)))
                .collect();
            let forced = if new.is_forced { " again" } else { "" };
            format!(
                "push {}{forced} {} {}",
                new.commit.short(),
                environments.join(" "),
                packages.join("\n       ")
            )
        }
        Trigger::Replanned { release, package } => format!("read {release} {}", tasks(package)),
        Trigger::SetCustom { reference, value } => format!("set {reference} {value:?}"),
        Trigger::Intend { reference, value } => format!("intend {reference} {value:?}"),
        Trigger::Apply(wish) => format!("apply {} retry {}", wish.reference, wish.is_retry),
        Trigger::Ended {
            run,
            fence,
            outcome,
        } => match outcome {
            Outcome::Done { outputs, .. } => {
                format!("done {run} {fence} {}", json!(outputs))
            }
            _ => format!("failed {run} {fence}"),
        },
        Trigger::Claimed { run, fence } => format!("claimed {run} {fence}"),
        Trigger::PutBack { run, fence } => format!("put back {run} {fence}"),
        Trigger::Retry(wish) => format!("retry {}", wish.release),
        Trigger::Cancel(wish) => format!("cancel {}", wish.release),
        Trigger::Undeploy {
            package,
            environment,
            ..
        } => format!("undeploy {package} {environment}"),
        other => format!("{other:?}"),
    };
    short(&text)
}

fn tasks(package: &Package) -> String {
    let phases = package.phases.iter().map(|phase| {
        let tasks = phase.tasks.iter().map(|task| {
            let inputs = task.inputs.iter().map(|(name, input)| match input {
                Input::Value { value } => format!(" {name}:={value}"),
                Input::Reference { reference, default } => {
                    let default = default.as_ref().map(|value| format!("?{value}"));
                    format!(" {name}={reference}{}", default.unwrap_or_default())
                }
            });
            format!("{}{}", task.key, inputs.collect::<String>())
        });
        tasks.collect::<Vec<_>>().join(", ")
    });
    phases.collect::<Vec<_>>().join(" | ")
}
