//! A release: its phases, their steps, and what ran.

use askama::Template;

use super::link::Link;
use super::look::{Look, Runs, time};
use super::parts::{Phase, RecordView, ValueView, class, inputs, phase_word, phases};
use super::run::RunView;
use crate::model::{PackageName, Reference, SubPathKind};
use crate::store::Record;

/// The page of a release.
#[derive(Template)]
#[template(path = "web/state/release.html")]
pub(super) struct Page {
    name: String,
    commit: String,
    since: String,
    phases: Vec<PhaseView>,
    record: RecordView,
}

struct PhaseView {
    number: usize,
    name: String,
    word: &'static str,
    class: &'static str,
    tasks: Vec<TaskView>,
}

struct TaskView {
    kind: String,
    name: String,
    last: Option<RunView>,
    earlier: Vec<(Link, String, &'static str)>,
    /// What it will be given, while it has no run.
    inputs: Vec<ValueView>,
}

impl Page {
    pub(super) async fn of(
        look: &Look,
        found: &Record,
        record: RecordView,
    ) -> anyhow::Result<Page> {
        let release = found.target.release.clone().unwrap_or_default();
        let package = found.target.package().unwrap_or_else(|| PackageName {
            repository: String::new(),
            path: String::new(),
        });
        let commit = found.value["commit"].as_str().unwrap_or_default();
        let made = Reference::of_package(&package, &release, SubPathKind::Commit, commit);
        let mut runs = look.runs(&package, &release).await?;
        let runs = runs.remove(&release).unwrap_or_default();
        let planned = phases(&found.value);
        let mut shown = Vec::new();
        for (index, phase) in planned.iter().enumerate() {
            shown.push(of_phase(look, &found.target, phase, &runs, index + 1).await?);
        }
        let is_planned = |task: &String| {
            planned
                .iter()
                .any(|phase| phase.tasks.iter().any(|(known, _)| known == task))
        };
        let others = runs.keys().filter(|task| !is_planned(task));
        let no_inputs = serde_json::Value::Null;
        let others = Phase {
            name: "no longer planned".to_owned(),
            tasks: others.map(|task| (task.clone(), &no_inputs)).collect(),
        };
        if !others.tasks.is_empty() {
            let number = planned.len() + 1;
            shown.push(of_phase(look, &found.target, &others, &runs, number).await?);
        }
        Ok(Page {
            name: found.target.to_string(),
            commit: commit.to_owned(),
            since: time(&look.document(&made).await?),
            phases: shown,
            record,
        })
    }
}

async fn of_phase(
    look: &Look,
    release: &Reference,
    phase: &Phase<'_>,
    runs: &Runs,
    number: usize,
) -> anyhow::Result<PhaseView> {
    let mut tasks = Vec::new();
    for (task, document) in &phase.tasks {
        let (kind, name) = task.split_once('/').unwrap_or(("task", task));
        let mut last = None;
        let mut earlier = Vec::new();
        for (number, word) in runs.get(task).into_iter().flatten().rev() {
            let run: Reference = format!("{release}/{task}/{number}").parse()?;
            match last {
                None => last = RunView::of(look, &run).await?,
                Some(_) => earlier.push((
                    Link::called(&number.to_string(), &run),
                    word.clone(),
                    class(word),
                )),
            }
        }
        let planned = match last {
            Some(_) => Vec::new(),
            None => inputs(release, &document["inputs"]),
        };
        tasks.push(TaskView {
            kind: kind.to_owned(),
            name: name.to_owned(),
            inputs: planned,
            last,
            earlier,
        });
    }
    let word = phase_word(phase, runs);
    Ok(PhaseView {
        number,
        name: phase.name.clone(),
        word,
        class: class(word),
        tasks,
    })
}
