//! What several pages show.

use serde_json::{Map, Value};

use super::MOST;
use super::link::Link;
use super::look::{Look, Runs};
use crate::engine::intent::Step;
use crate::model::Reference;
use crate::store::{Documents, Record};

/// A piece of a text, perhaps a ref.
pub(super) type Piece = (String, Option<Link>);

/// A document beside what it should be, and what is below it.
pub(super) struct RecordView {
    pub(super) above: Vec<Link>,
    pub(super) target: Option<Link>,
    pub(super) state: Option<Vec<Piece>>,
    pub(super) intent: Option<Vec<Piece>>,
    pub(super) children: Vec<Link>,
    pub(super) has_more: bool,
    pub(super) drift: Option<&'static str>,
    pub(super) apply: String,
}

impl RecordView {
    pub(super) async fn of(
        look: &Look,
        reference: &Reference,
        found: Option<&Record>,
    ) -> anyhow::Result<RecordView> {
        let document = reference.document();
        let mut children = look.children(&document, Documents::State).await?;
        for child in look.children(&document, Documents::Intent).await? {
            if !children.contains(&child) {
                children.push(child);
            }
        }
        let has_more = children.len() > MOST;
        children.truncate(MOST);
        let intent = look.record(reference, Documents::Intent).await?;
        let drift = look.intents().await?.drift.get(&document).copied();
        let link = found.filter(|record| record.is_link());
        Ok(RecordView {
            above: above(&document),
            target: link.map(|record| Link::to(&record.target)),
            state: found.map(|record| pieces(&record.value)),
            intent: intent.map(|record| pieces(&record.value)),
            children: children.iter().map(Link::to).collect(),
            has_more,
            drift: drift.map(drift_word),
            apply: document.to_string(),
        })
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.state.is_none() && self.intent.is_none() && self.children.is_empty()
    }
}

/// The package, and the release, that a record belongs to.
fn above(reference: &Reference) -> Vec<Link> {
    let mut links = Vec::new();
    if let Some(package) = reference.package() {
        let own = Reference {
            release: None,
            ..Reference::of_release(&package, "")
        };
        links.push(Link::to(&own));
        if let (Some(release), Some((kind, name))) = (&reference.release, &reference.subpath) {
            let of_release = Reference::of_release(&package, release);
            links.push(Link::called(&format!("@{release}"), &of_release));
            if let Some((task, _)) = name.split_once('/') {
                let of_task = Reference::of_package(&package, release, *kind, task);
                links.push(Link::called(&format!("{}/{task}", kind.as_str()), &of_task));
            }
        }
    }
    links
}

/// In words, what has to be done for what should be.
pub(super) fn drift_word(step: Step) -> &'static str {
    match step {
        Step::Create => "should be here",
        Step::Update => "should be different",
        Step::Delete => "should be gone",
    }
}

/// How bad a word is.
pub(super) fn class(word: &str) -> &'static str {
    match word {
        "complete" => "good",
        "failed" | "cancelled" => "bad",
        "running" | "paused" | "pending" => "wait",
        _ => "muted",
    }
}

/// A document as JSON, the refs in it as links.
pub(super) fn pieces(document: &Value) -> Vec<Piece> {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let mut pieces = Vec::new();
    for line in text.lines() {
        match quoted(line) {
            Some((before, link, after)) => {
                pieces.push((before.to_owned(), None));
                pieces.push((link.text.clone(), Some(link)));
                pieces.push((format!("{after}\n"), None));
            }
            None => pieces.push((format!("{line}\n"), None)),
        }
    }
    pieces
}

/// The ref that a line of JSON ends in, and what is around it.
fn quoted(line: &str) -> Option<(&str, Link, &str)> {
    let end = line.rfind('"')?;
    let begin = line[..end].rfind('"')? + 1;
    let link = Link::within(&line[begin..end])?;
    Some((&line[..begin], link, &line[end..]))
}

/// A value that a step was given or has left, and where it came from.
pub(super) struct ValueView {
    pub(super) name: String,
    pub(super) value: Option<String>,
    pub(super) source: Option<Link>,
    pub(super) default: Option<String>,
}

/// What a function of `reader`, a release or one of its records, is given: descriptors by name.
pub(super) fn inputs(reader: &Reference, descriptors: &Value) -> Vec<ValueView> {
    let inputs = descriptors.as_object().into_iter().flatten();
    inputs
        .map(|(name, descriptor)| ValueView {
            name: name.clone(),
            value: descriptor.get("value").map(shown),
            source: descriptor["ref"]
                .as_str()
                .and_then(|text| Link::read_by(reader, text)),
            default: descriptor.get("default").map(shown),
        })
        .collect()
}

/// What a run has left.
pub(super) fn outputs(values: &Value) -> Vec<ValueView> {
    let none = Map::new();
    let values = values.as_object().unwrap_or(&none);
    values
        .iter()
        .map(|(name, value)| ValueView {
            name: name.clone(),
            value: Some(shown(value)),
            source: value.as_str().and_then(Link::within),
            default: None,
        })
        .collect()
}

/// A text is shown as it is, everything else as JSON.
fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A phase of a release, with its tasks (`deploy/staging`) as the release's document has them.
pub(super) struct Phase<'d> {
    pub(super) name: String,
    pub(super) tasks: Vec<(String, &'d Value)>,
}

/// The phases of a release's document.
pub(super) fn phases(document: &Value) -> Vec<Phase<'_>> {
    let phases = document["package"]["phases"].as_array();
    let task = |task: &'static str, name: &str, entry| {
        let entry: &Value = entry;
        let name = entry[task][name].as_str()?;
        Some((format!("{task}/{name}"), &entry[task]))
    };
    let numbered = phases.into_iter().flatten().enumerate();
    numbered
        .map(|(index, phase)| Phase {
            name: match phase["name"].as_str() {
                None | Some("") => format!("phase {}", index + 1),
                Some(name) => name.to_owned(),
            },
            tasks: phase["tasks"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|entry| {
                    task("task", "name", entry).or_else(|| task("deploy", "environment", entry))
                })
                .collect(),
        })
        .collect()
}

/// Where a phase stands: what is worst among the latest runs of its tasks. A task without a run waits for its turn.
pub(super) fn phase_word(phase: &Phase<'_>, runs: &Runs) -> &'static str {
    let latest = |task: &str| runs.get(task)?.values().next_back().map(String::as_str);
    let mut words = phase.tasks.iter();
    let words: Vec<&str> = words
        .by_ref()
        .map(|(task, _)| latest(task).unwrap_or("pending"))
        .collect();
    let order = [
        "failed",
        "cancelled",
        "running",
        "paused",
        "pending",
        "superseded",
    ];
    let worst = order.into_iter().find(|word| words.contains(word));
    worst.unwrap_or("complete")
}
