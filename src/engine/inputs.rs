//! Inputs: what a run needs, what of it is there, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::snapshot::{Call, Snapshot};
use crate::model::{Input, Reference, ReleaseName};

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

/// `reference` as read from `release`.
pub(super) fn absolute(release: &ReleaseName, reference: &Reference) -> Reference {
    reference.relative_to(&release.package, &release.number.to_string())
}

/// Every document (absolute, without fragment) that these inputs read from `release`: what must be loaded to decide
/// about a run that has them, or would have them if it were tried again.
pub fn documents_read(
    release: &ReleaseName,
    inputs: &BTreeMap<String, Input>,
) -> BTreeSet<Reference> {
    inputs
        .values()
        .filter_map(|input| match input {
            Input::Value { .. } => None,
            Input::Reference { reference, .. } => Some(absolute(release, reference).document()),
        })
        .collect()
}
