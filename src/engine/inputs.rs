//! Inputs: what a run needs, what of it is there, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::plan::Change;
use super::snapshot::{Call, Snapshot};
use super::world::World;
use crate::model::{Input, Package, Reference, ReleaseName};

/// The inputs of a call, resolved; or the refs (with fragment, absolute) that have nothing to read yet.
///
/// A value wins over a reference by construction; a reference that reads nothing falls back to its default.
pub(super) fn resolve(
    snapshot: &Snapshot,
    release: &ReleaseName,
    call: &Call,
) -> Result<BTreeMap<String, Value>, BTreeSet<Reference>> {
    let mut values = BTreeMap::new();
    let mut missing = BTreeSet::new();
    for (name, input) in &call.inputs {
        match input {
            Input::Value { value } => {
                values.insert(name.clone(), value.clone());
            }
            Input::Reference { reference, default } => {
                let absolute = absolute(release, reference);
                match snapshot.read(&absolute).or(default.as_ref()) {
                    Some(value) => {
                        values.insert(name.clone(), value.clone());
                    }
                    None => {
                        missing.insert(absolute);
                    }
                }
            }
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(missing)
    }
}

/// The inputs, each falling back on the value it had when there is nothing to read any more and the file names no
/// default: what is known last is kept (reference/ocuroot.md Q-E19).
pub(super) fn sticky(
    inputs: &BTreeMap<String, Input>,
    known: &BTreeMap<String, Value>,
) -> BTreeMap<String, Input> {
    let keep = |(name, input): (&String, &Input)| {
        let kept = match input {
            Input::Value { .. } => input.clone(),
            Input::Reference { reference, default } => Input::Reference {
                reference: reference.clone(),
                default: default.clone().or_else(|| known.get(name).cloned()),
            },
        };
        (name.clone(), kept)
    };
    inputs.iter().map(keep).collect()
}

/// The ref of the tag by which `reference` (absolute) names a release: it changes when the tag moves on.
pub(super) fn tag_of(reference: &Reference) -> Option<Reference> {
    Some(Reference::of_release(
        &reference.package()?,
        reference.tag()?,
    ))
}

/// `reference` as read from `release`.
pub(super) fn absolute(release: &ReleaseName, reference: &Reference) -> Reference {
    reference.relative_to(&release.package, &release.number.to_string())
}

/// Every document (absolute, without fragment) that the call reads: what must be loaded to decide about it.
pub fn documents_read(release: &ReleaseName, call: &Call) -> BTreeSet<Reference> {
    inputs_read(release, &call.inputs)
}

/// Every document (absolute, without fragment) that these inputs of `release` read.
pub fn inputs_read(release: &ReleaseName, inputs: &BTreeMap<String, Input>) -> BTreeSet<Reference> {
    references_read(release, inputs)
        .map(|reference| reference.document())
        .collect()
}

/// Every ref (absolute, with fragment) that these inputs of `release` read.
fn references_read<'a>(
    release: &'a ReleaseName,
    inputs: &'a BTreeMap<String, Input>,
) -> impl Iterator<Item = Reference> + 'a {
    inputs.values().filter_map(|input| match input {
        Input::Value { .. } => None,
        Input::Reference { reference, .. } => Some(absolute(release, reference)),
    })
}

/// Remembers what the package reads of other packages, for those who are about to change that.
pub(super) fn put_readers(world: &mut World, release: &ReleaseName, package: &Package) {
    let read = package
        .tasks()
        .flat_map(|task| references_read(release, &task.inputs));
    let is_of_others = |reference: &Reference| {
        let of = reference.package();
        of.is_some_and(|package| package != release.package)
    };
    let read = read.filter(is_of_others).collect();
    world.change(Change::PutReaders(release.package.clone(), read));
}
