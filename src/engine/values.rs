//! Custom values: what people and tools set for config files to read.

use serde_json::Value;

use super::snapshot::Snapshot;
use super::world::World;
use crate::model::{Reference, ReleaseNumber, SubPathKind};

/// Sets a value, or takes it away.
///
/// What is set for a package (`P/@/custom/x`) is given to its latest release too, and the other way round: so `./custom/x`
/// of the latest release and `./@/custom/x` of every later one read it, while later releases have no `./custom/x` yet
/// (reference/ocuroot.md Q-R4). What should be is what is.
pub(super) fn set(world: &mut World, reference: &Reference, value: Option<&Value>) {
    let reference = resolved(&world.snapshot, reference);
    let twin = twin(&world.snapshot, &reference);
    for reference in [Some(reference), twin].into_iter().flatten() {
        let has_intent = world.snapshot.intents.get(&reference) == value && value.is_some();
        if !has_intent {
            world.put_intent(reference.clone(), value.cloned());
        }
        world.put_document(reference, value.cloned());
    }
}

/// The ref with the release a tag means in place of the tag.
pub(super) fn resolved(snapshot: &Snapshot, reference: &Reference) -> Reference {
    let tag = reference.package().zip(reference.release.clone());
    let number = tag.and_then(|tag| snapshot.tags.get(&tag));
    Reference {
        release: number
            .map(ToString::to_string)
            .or_else(|| reference.release.clone()),
        ..reference.clone()
    }
}

/// The other name of a value of a package's latest release.
fn twin(snapshot: &Snapshot, reference: &Reference) -> Option<Reference> {
    if !matches!(reference.subpath, Some((SubPathKind::Custom, _))) {
        return None;
    }
    let next = snapshot.next_numbers.get(&reference.package()?)?;
    let latest = ReleaseNumber(next.0 - 1);
    if latest.0 < 1 {
        return None;
    }
    let release = match reference.release.as_deref()? {
        "" => latest.to_string(),
        named if named == latest.to_string() => String::new(),
        _ => return None,
    };
    Some(Reference {
        release: Some(release),
        ..reference.clone()
    })
}
