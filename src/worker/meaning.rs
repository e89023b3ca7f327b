//! What refs mean that people write: which release, and what can be intended. Where nothing is meant, why, in words.

use crate::model::{Reference, ReleaseName};
use crate::store::{Scope, Store, StoreError};

/// What is meant, or why nothing is.
pub type Meaning<T> = Result<Result<T, String>, StoreError>;

/// The release that a ref means: its number, its tag, or the latest of the package.
///
/// # Errors
/// When the record cannot be read.
pub async fn release_meant(
    store: &Store,
    installation_id: i64,
    reference: &Reference,
) -> Meaning<ReleaseName> {
    let Some(package) = reference.package() else {
        return Ok(Err(format!(
            "`{reference}` names no package: give its file, such as release.ocu.star"
        )));
    };
    let word = reference.release.as_deref().unwrap_or("");
    let found = match word.parse() {
        Ok(number) => {
            let name = ReleaseName {
                package: package.clone(),
                number,
            };
            let scope = Scope::of_release(installation_id, &name);
            let (snapshot, _) = store.snapshot(&scope).await?;
            snapshot.releases.contains_key(&name).then_some(name)
        }
        Err(_) if word.is_empty() => store.newest_release(installation_id, &package).await?,
        Err(_) => {
            store
                .tagged_release(installation_id, &package, word)
                .await?
        }
    };
    Ok(match found {
        Some(name) => Ok(name),
        None if word.is_empty() => Err(format!(
            "{package} has no release yet: `ocuroot release new {}` makes one",
            package.path
        )),
        None => Err(format!(
            "{package} has no release `{word}`: neither a number nor a tag of it"
        )),
    })
}

/// The ref by which something is intended: a tag means the release that it is on now.
///
/// # Errors
/// When the record cannot be read.
pub async fn intendable(
    store: &Store,
    installation_id: i64,
    reference: &Reference,
) -> Meaning<Reference> {
    if reference.fragment.is_some() {
        return Ok(Err(format!(
            "`{reference}` is a part of a record: only whole ones can be set"
        )));
    }
    if !reference.can_be_intended() {
        return Ok(Err(format!(
            "`{reference}` cannot be set: what can are environments (@/environment/<name>), custom values \
             (…/custom/<name>) and live deployments (<file>/@/deploy/<environment>)"
        )));
    }
    let is_latest = reference.release.as_deref().is_none_or(str::is_empty);
    let mut document = reference.clone();
    if document.release.is_none() {
        document.release = Some(String::new());
    }
    if is_latest {
        return Ok(Ok(document));
    }
    let release = release_meant(store, installation_id, reference).await?;
    Ok(release.map(|name| {
        document.release = Some(name.number.to_string());
        document
    }))
}
