//! `/ocuroot why <ref>`: where something that is recorded comes from.

use std::fmt::Write;

use super::markdown;
use crate::engine::Run;
use crate::model::{Input, Presence, Reference, Registration, RunName};

/// What of a value is shown, in characters.
const VALUE: usize = 200;

/// Where a record comes from that a run has left.
pub fn origin(reference: &Reference, name: &RunName, run: &Run) -> String {
    let mut text = format!(
        "{} is what {} left",
        markdown::code(&reference.to_string()),
        markdown::code(&name.to_string())
    );
    if let Some(end) = run.finished_at {
        let _ = write!(text, " at {}", markdown::time(end));
    }
    text.push_str(".\n");
    if let Some(cascade) = run.cascade.as_ref().filter(|it| !it.changed.is_empty()) {
        let changed: Vec<String> = cascade
            .changed
            .iter()
            .map(|changed| markdown::code(&changed.to_string()))
            .collect();
        let _ = writeln!(
            text,
            "\nIt ran because this changed: {}.",
            markdown::listed(&changed)
        );
    }
    text.push_str(&inputs(run));
    text
}

/// What the run's first function was given, and from where.
fn inputs(run: &Run) -> String {
    let Some(first) = run.calls.first().filter(|first| !first.values.is_empty()) else {
        return "\nIt was given nothing.\n".to_owned();
    };
    let mut text = "\n| input | value | from |\n| --- | --- | --- |\n".to_owned();
    for (name, value) in &first.values {
        let from = match first.inputs.get(name) {
            _ if first.given.contains(name) => "what people have said".to_owned(),
            Some(Input::Reference { reference, .. }) => markdown::code(&reference.to_string()),
            Some(Input::Value { .. }) | None => "the file".to_owned(),
        };
        let value = markdown::shortened(&value.to_string(), VALUE);
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            markdown::cell(&markdown::code(name)),
            markdown::cell(&markdown::code(&value)),
            markdown::cell(&from)
        );
    }
    text
}

/// Where a record comes from that no run has left; an environment has its registration.
pub fn no_origin(
    reference: &Reference,
    is_there: bool,
    registration: Option<&Registration>,
) -> String {
    let name = markdown::code(&reference.to_string());
    let Some(registration) = registration else {
        return if is_there {
            format!("{name} is what people have set.")
        } else {
            format!("There is no {name}.")
        };
    };
    let by = match (&registration.path, &registration.repository) {
        (Some(path), Some(repository)) => {
            format!("{} of {}", markdown::code(path), markdown::code(repository))
        }
        _ => "people".to_owned(),
    };
    match registration.presence {
        Presence::Registered => format!("{name} is registered by {by}."),
        Presence::Dropped => format!(
            "{name} was registered by {by}, which does not do so any more. It stays until somebody removes it: {}.",
            markdown::code(&format!("/ocuroot unset {reference}"))
        ),
        Presence::Leaving => format!(
            "{name}, registered by {by}, is being emptied: once nothing is left there, it is gone."
        ),
    }
}
