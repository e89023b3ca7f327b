//! What the engine and the reference model say, as text, line by line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::facts::{Model, described};
use super::rules::Place;
use super::tell::Telling;
use crate::engine::Run;
use crate::engine::snapshot::values_of;
use crate::engine::status::{Waiting, waiting};
use crate::engine::tests::language::short;
use crate::engine::tests::story::Story;
use crate::model::{LockKind, Reference, Registration, RunKind, RunState, SubPathKind};

/// The first difference, with what was told before it.
pub(super) fn difference(telling: &Telling) -> Option<String> {
    let engine = of_engine(&telling.story);
    let model = of_model(&telling.model);
    if engine == model {
        return None;
    }
    let engine_only: Vec<_> = engine
        .difference(&model)
        .map(|line| format!("engine: {line}"))
        .collect();
    let model_only: Vec<_> = model
        .difference(&engine)
        .map(|line| format!("model:  {line}"))
        .collect();
    Some(format!(
        "{}\n\n{}\n{}",
        telling.told.join("\n"),
        engine_only.join("\n"),
        model_only.join("\n"),
    ))
}

fn of_engine(story: &Story) -> BTreeSet<String> {
    let snapshot = &story.snapshot;
    let mut lines = BTreeSet::new();
    for (name, release) in &snapshot.releases {
        for ((key, number), run) in &release.runs {
            // What was cancelled before it began would have been given something, too.
            let values = &run.calls[0].values;
            let has_values = run.started_at.is_some() || !values.is_empty();
            let given = has_values.then_some(values);
            let missing = match waiting(release, key, run, snapshot, story.now()) {
                Some(Waiting::ForInputs(missing)) => missing,
                _ => BTreeSet::new(),
            };
            let action = &run.calls[0].action;
            lines.insert(line(
                &format!("{}", release.run_name(key, *number)),
                (
                    run.kind,
                    run.state,
                    action,
                    given.map(|given| json!(given)),
                    json!(run.outputs),
                    missing,
                ),
            ));
            let _ = name;
        }
    }
    let documents = snapshot.documents.iter().filter(|(reference, _)| {
        let kind = reference.subpath.as_ref().map(|(kind, _)| *kind);
        match kind {
            Some(SubPathKind::Deploy | SubPathKind::Task) => {
                reference.release.as_deref() == Some("")
            }
            Some(SubPathKind::Custom | SubPathKind::Environment) => true,
            _ => false,
        }
    });
    lines.extend(documents.map(|(reference, value)| match reference.subpath {
        Some((SubPathKind::Deploy | SubPathKind::Task, _)) => {
            let what = json!([
                value["run_ref"],
                values_of(&value["input"]),
                value["output"]
            ]);
            is(reference, &what)
        }
        _ => is(reference, value),
    }));
    lines.extend(
        snapshot
            .intents
            .iter()
            .map(|(reference, value)| should_be(reference, value)),
    );
    lines.extend(snapshot.registrations.iter().map(|(name, registration)| {
        format!("environment {name} leaving {}", registration.is_leaving())
    }));
    lines.extend(snapshot.locks.iter().filter_map(|lock| match &lock.kind {
        LockKind::Pin(release) => Some(pinned(&release.to_string(), lock.environment.as_str())),
        _ => None,
    }));
    lines
}

fn of_model(model: &Model) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for (name, release) in &model.releases {
        for (key, attempts) in &release.attempts {
            for (index, run) in attempts.iter().enumerate() {
                let place = (name.clone(), key.clone(), index);
                let missing = match run.state {
                    RunState::Pending => missing(model, &place),
                    _ => BTreeSet::new(),
                };
                let given = run.given.as_ref().map(|given| json!(given));
                lines.insert(line(
                    &format!("{name}/{key}/{}", index + 1),
                    (
                        run.kind,
                        run.state,
                        &run.program,
                        given,
                        json!(run.left),
                        missing,
                    ),
                ));
            }
        }
    }
    for (deployment, (name, index)) in &model.live {
        let attempt = model.live_attempt(deployment).expect("it is live");
        let run = format!("{name}/{}/{}", deployment.key(), index + 1);
        lines.insert(is(
            &deployment.document(),
            &json!([run, attempt.given, attempt.left]),
        ));
    }
    for ((package, key), name) in &model.steps {
        let (index, attempt) = model.releases[name].last_up(key).expect("it is complete");
        let run = format!("{name}/{key}/{}", index + 1);
        let document = crate::model::latest_document(package, key);
        lines.insert(is(&document, &json!([run, attempt.given, attempt.left])));
    }
    lines.extend(
        model
            .values
            .iter()
            .map(|(reference, value)| is(reference, value)),
    );
    lines.extend(
        model
            .intents
            .iter()
            .map(|(reference, value)| should_be(reference, value)),
    );
    for (name, place) in &model.places {
        let document = Reference::global(SubPathKind::Environment, name.as_str());
        lines.insert(is(&document, &described(&place.environment)));
        lines.insert(format!("environment {name} leaving {}", place.is_leaving));
    }
    lines.extend(model.pins.iter().map(|(deployment, release)| {
        pinned(&release.to_string(), deployment.environment.as_str())
    }));
    lines
}

/// What a pending attempt lacks, once nothing else is in its way.
fn missing(model: &Model, place: &Place) -> BTreeSet<Reference> {
    if !model.is_phase_open(place) || model.is_behind(place) {
        return BTreeSet::new();
    }
    let attempt = &model.releases[&place.0].attempts[&place.1][place.2];
    let given = model.given(&place.0, &attempt.declared);
    given.err().unwrap_or_default()
}

fn line(run: &str, what: impl std::fmt::Debug) -> String {
    short(&format!("{run}: {what:?}"))
}

fn is(reference: &Reference, value: &serde_json::Value) -> String {
    short(&format!("{reference} is {value}"))
}

fn should_be(reference: &Reference, value: &serde_json::Value) -> String {
    short(&format!("{reference} should be {value}"))
}

fn pinned(release: &str, place: &str) -> String {
    format!("{release} is pinned in {place}")
}

/// What is live, with what it was given and has left, and which environments there are: not how it came there. What a
/// deployment reads of itself is what it was before.
pub(super) fn what_is_there(telling: &Telling) -> BTreeSet<String> {
    let snapshot = &telling.story.snapshot;
    let live = snapshot.documents.iter().filter(|(reference, _)| {
        let is_deployment = matches!(reference.subpath, Some((SubPathKind::Deploy, _)));
        is_deployment && reference.release.as_deref() == Some("")
    });
    let live = live.map(|(reference, value)| {
        let mut input = values_of(&value["input"]);
        if let Some(input) = input.as_object_mut() {
            input.remove("own");
        }
        is(
            reference,
            &json!([value["release"], input, value["output"]]),
        )
    });
    let registered = snapshot.registrations.keys();
    live.chain(registered.map(ToString::to_string)).collect()
}

/// How often what the rules are about has happened.
pub(super) fn count(telling: &Telling, seen: &mut BTreeMap<&'static str, u32>) {
    let mut see = |what: &'static str, count: usize| {
        *seen.entry(what).or_default() += u32::try_from(count).expect("few");
    };
    let snapshot = &telling.story.snapshot;
    let runs: Vec<&Run> = snapshot
        .releases
        .values()
        .flat_map(|release| release.runs.values())
        .collect();
    let count = |wanted: &dyn Fn(&Run) -> bool| runs.iter().filter(|run| wanted(run)).count();
    let is = |kind: RunKind, state: RunState| count(&|run| run.kind == kind && run.state == state);
    see("ups", is(RunKind::Up, RunState::Complete));
    see("failed ups", is(RunKind::Up, RunState::Failed));
    see("superseded ups", is(RunKind::Up, RunState::Superseded));
    see("cancelled ups", is(RunKind::Up, RunState::Cancelled));
    see("blocked", is(RunKind::Up, RunState::Pending));
    see("downs", is(RunKind::Down, RunState::Complete));
    see("failed downs", is(RunKind::Down, RunState::Failed));
    see("superseded downs", is(RunKind::Down, RunState::Superseded));
    let follows = |state: RunState| {
        count(&|run| run.kind == RunKind::Up && run.cascade.is_some() && run.state == state)
    };
    see("followers", follows(RunState::Complete));
    see("failed followers", follows(RunState::Failed));
    see("superseded followers", follows(RunState::Superseded));
    see("pins", snapshot.locks.len());
    let told = |word: &str| {
        telling
            .told
            .iter()
            .filter(|line| line.starts_with(word))
            .count()
    };
    see("late news", told("(late)"));
    see("retries", told("retry"));
    see("undeployments", told("undeploy"));
    see("packages read again", told("read"));
    see("runs put back", told("put back"));
    see("intents", told("apply"));
    let leaving = |known: &&Registration| known.is_leaving();
    see(
        "environments that stay",
        snapshot.registrations.values().filter(leaving).count(),
    );
}
