//! What the page shows, made from a draft.

use askama::Template;

use super::Draft;
use crate::model::{Action, Diagnostic, Environment, Input, Package, Severity, Task, TaskKey};
use crate::report::markdown;

/// Longer values are cut: the page is for the shape.
const LONGEST_VALUE: usize = 200;

/// The page of a config file.
#[derive(Template, Default)]
#[template(path = "web/preview.html")]
pub(super) struct Page {
    file: String,
    problem: Option<String>,
    findings: Vec<Finding>,
    phases: Vec<PhaseView>,
    is_package: bool,
    counts: Vec<String>,
    environments: Vec<EnvironmentView>,
    registered: Vec<EnvironmentView>,
    rules: Vec<String>,
    releases_when: Vec<String>,
    runner: Option<String>,
    loads: Vec<String>,
    prints: Vec<String>,
}

struct Finding {
    class: &'static str,
    word: &'static str,
    place: String,
    message: String,
}

struct PhaseView {
    number: usize,
    name: String,
    tasks: Vec<TaskView>,
}

struct TaskView {
    kind: &'static str,
    name: String,
    attributes: Vec<String>,
    calls: Vec<(&'static str, String)>,
    inputs: Vec<InputView>,
    notes: Vec<String>,
}

struct InputView {
    name: String,
    reference: Option<String>,
    value: Option<String>,
    /// Nobody but a person can give it.
    waits: bool,
}

struct EnvironmentView {
    name: String,
    attributes: Vec<String>,
    phase: Option<String>,
}

impl Page {
    /// The page of a file that was read.
    pub(super) fn of(draft: &Draft) -> Page {
        let evaluation = &draft.evaluation;
        let package = evaluation.package.as_ref();
        let phases = package.map(|package| phases(package, &draft.environments));
        let mut page = Page {
            file: draft.file.clone(),
            findings: evaluation.diagnostics.iter().map(finding).collect(),
            is_package: package.is_some(),
            phases: phases.unwrap_or_default(),
            environments: package.map_or_else(Vec::new, |package| {
                let all = draft.environments.iter();
                all.map(|environment| of_environment(environment, Some(package)))
                    .collect()
            }),
            registered: evaluation
                .environments
                .iter()
                .map(|environment| of_environment(environment, None))
                .collect(),
            rules: draft.rules.clone(),
            runner: package.and_then(|package| package.runner.clone()),
            loads: evaluation.loads.iter().cloned().collect(),
            prints: evaluation.prints.clone(),
            ..Page::default()
        };
        if let Some(package) = package {
            page.counts = counts(package);
            page.releases_when = releases_when(package, &draft.file);
        }
        page
    }

    /// The page when there is nothing to show.
    pub(super) fn without(problem: &str) -> Page {
        Page {
            problem: Some(problem.to_owned()),
            ..Page::default()
        }
    }

    fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.class == "bad")
    }
}

fn finding(diagnostic: &Diagnostic) -> Finding {
    let (class, word) = match diagnostic.severity {
        Severity::Error => ("bad", "error"),
        Severity::Warning => ("wait", "warning"),
        Severity::Notice => ("muted", "notice"),
    };
    let place = match diagnostic.line {
        0 => diagnostic.path.clone(),
        line => format!("{}:{line}", diagnostic.path),
    };
    Finding {
        class,
        word,
        place,
        message: diagnostic.message.clone(),
    }
}

fn counts(package: &Package) -> Vec<String> {
    let count = |number: usize, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {more}")),
    };
    let deployments = package.tasks().filter(|task| is_deployment(task)).count();
    let tasks = package.tasks().count() - deployments;
    [
        count(package.phases.len(), "phase", "phases"),
        count(tasks, "task", "tasks"),
        count(deployments, "deployment", "deployments"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn is_deployment(task: &Task) -> bool {
    task.key.environment().is_some()
}

fn phases(package: &Package, environments: &[Environment]) -> Vec<PhaseView> {
    let numbered = package.phases.iter().enumerate();
    numbered
        .map(|(index, phase)| PhaseView {
            number: index + 1,
            name: phase.name.clone(),
            tasks: phase
                .tasks
                .iter()
                .map(|task| of_task(task, environments))
                .collect(),
        })
        .collect()
}

fn of_task(task: &Task, environments: &[Environment]) -> TaskView {
    let (kind, name) = match &task.key {
        TaskKey::Task(name) => ("task", name.clone()),
        TaskKey::Deploy(environment) => ("deploy", environment.to_string()),
    };
    let known = environments
        .iter()
        .find(|environment| Some(&environment.name) == task.key.environment());
    let first = if kind == "task" { "calls" } else { "up" };
    let mut calls = vec![(first, of_action(&task.action))];
    calls.extend(task.down.iter().map(|down| ("down", of_action(down))));
    let mut notes = Vec::new();
    let timeout = task.timeout_seconds;
    notes.extend(timeout.map(|seconds| format!("at most {}", markdown::duration(seconds * 1000))));
    match task.retries {
        0 => {}
        1 => notes.push("1 retry".to_owned()),
        retries => notes.push(format!("{retries} retries")),
    }
    notes.push(format!("line {}", task.line));
    // A deployment is given its environment by itself.
    let is_own = |name: &str| kind != "deploy" || name != "environment";
    TaskView {
        kind,
        name,
        attributes: known.map_or_else(Vec::new, attributes),
        calls,
        inputs: task
            .inputs
            .iter()
            .filter(|(name, _)| is_own(name))
            .map(|(name, input)| of_input(name, input))
            .collect(),
        notes,
    }
}

fn of_action(action: &Action) -> String {
    match action {
        Action::Function(function) => format!("{} in {}", function.name, function.file),
        Action::Workflow(call) => format!("workflow {}", call.file),
    }
}

fn of_input(name: &str, input: &Input) -> InputView {
    let (reference, value) = match input {
        Input::Value { value } => (None, Some(value)),
        Input::Reference { reference, default } => (Some(reference.to_string()), default.as_ref()),
    };
    let is_custom = |reference: &String| reference.contains("custom/");
    InputView {
        name: name.to_owned(),
        waits: value.is_none() && reference.as_ref().is_some_and(is_custom),
        reference,
        value: value.map(|value| shortened(value.to_string())),
    }
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_VALUE {
        text.truncate(text.floor_char_boundary(LONGEST_VALUE));
        text.push('…');
    }
    text
}

fn of_environment(environment: &Environment, package: Option<&Package>) -> EnvironmentView {
    let phase = package.and_then(|package| {
        let phase = package.phase_of(&TaskKey::Deploy(environment.name.clone()))?;
        let name = &package.phases[phase].name;
        Some(match name.as_str() {
            "" => format!("phase {}", phase + 1),
            name => name.to_owned(),
        })
    });
    EnvironmentView {
        name: environment.name.to_string(),
        attributes: attributes(environment),
        phase,
    }
}

fn attributes(environment: &Environment) -> Vec<String> {
    let attributes = environment.attributes.iter();
    attributes
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

fn releases_when(package: &Package, file: &str) -> Vec<String> {
    match (&package.watch, file.rsplit_once('/')) {
        (Some(globs), _) => globs.clone(),
        (None, Some((folder, _))) => vec![format!("{folder}/**")],
        (None, None) => vec!["everything that belongs to no package of a folder".to_owned()],
    }
}
