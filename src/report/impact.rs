//! `/ocuroot impact`: what follows if something changes.

use super::markdown;
use crate::model::{Dependent, Reference};

/// The deployments that follow a change, those that read it first.
pub fn impact(reference: &Reference, dependents: &[Dependent]) -> String {
    let name = markdown::code(&reference.to_string());
    let count = match dependents.len() {
        0 => {
            return format!(
                "Nothing that is deployed reads {name}: if it changes, nothing is deployed again."
            );
        }
        1 => "this is".to_owned(),
        count => format!("these {count} are"),
    };
    let mut text = format!("If {name} changes, {count} deployed again:\n\n");
    for dependent in dependents {
        text.push_str(&line(reference, dependent));
    }
    text
}

fn line(reference: &Reference, dependent: &Dependent) -> String {
    let deployment = &dependent.deployment;
    let is_direct = |read: &Reference| {
        read.subpath == reference.subpath && read.package() == reference.package()
    };
    let through: Vec<String> = dependent
        .reads
        .iter()
        .filter(|read| !is_direct(read))
        .map(|read| markdown::code(&read.to_string()))
        .collect();
    let why = if through.is_empty() {
        "reads it".to_owned()
    } else {
        format!("reads {}", markdown::listed(&through))
    };
    format!(
        "- {} in {}, which {why}\n",
        markdown::code(deployment.package.short()),
        markdown::code(deployment.environment.as_str())
    )
}
