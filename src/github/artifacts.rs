//! Files a workflow run left behind.

use std::io::{Cursor, Read};

use http::StatusCode;
use reqwest::Url;
use serde::Deserialize;

use super::call::{Answer, Call};
use super::client::Installation;
use super::error::{self, GitHubError};
use crate::model::RepositoryName;

/// The largest artifact that is read, packed and unpacked.
const ARTIFACT_LIMIT: usize = 10 * 1024 * 1024;

/// The most files an artifact may have.
const ARTIFACT_FILES: usize = 100;

#[derive(Deserialize)]
struct ArtifactsPage {
    artifacts: Vec<ArtifactItem>,
}

#[derive(Deserialize)]
struct ArtifactItem {
    id: i64,
    name: String,
    #[serde(default)]
    expired: bool,
    #[serde(default)]
    size_in_bytes: usize,
}

impl Installation {
    /// The files of the newest artifact of a run with that name; `None` when there is none, or
    /// it has expired. Names are paths within the artifact; one that leaves it is left out.
    ///
    /// # Errors
    /// `Unreadable` when it is too large or not a zip archive.
    pub async fn artifact(
        &self,
        repository: &RepositoryName,
        run_id: i64,
        name: &str,
    ) -> Result<Option<Vec<(String, Vec<u8>)>>, GitHubError> {
        let path = Call::path(repository, &format!("actions/runs/{run_id}/artifacts"));
        let call = Call::get(path).query("name", name);
        let items = self
            .caller
            .pages(call, |page: ArtifactsPage| page.artifacts)
            .await?;
        let newest = items
            .into_iter()
            .filter(|item| item.name == name && !item.expired)
            .max_by_key(|item| item.id);
        let Some(artifact) = newest else {
            return Ok(None);
        };
        let path = Call::path(
            repository,
            &format!("actions/artifacts/{}/zip", artifact.id),
        );
        let call = Call::get(path);
        if artifact.size_in_bytes > ARTIFACT_LIMIT {
            return Err(unreadable(&call.name(), &too_large()));
        }
        let name = call.name();
        let answer = self.caller.send_anywhere(call).await?;
        let bytes = if answer.status.is_redirection() {
            self.download(&name, &answer).await?
        } else {
            answer.body
        };
        if bytes.len() > ARTIFACT_LIMIT {
            return Err(unreadable(&name, &too_large()));
        }
        let unpacked = tokio::task::spawn_blocking(move || unzip(bytes)).await;
        let unpacked = unpacked.unwrap_or_else(|_| Err(String::from("unpacking it crashed")));
        unpacked
            .map(Some)
            .map_err(|reason| unreadable(&name, &reason))
    }

    /// Fetches what GitHub redirects to. The other host gets no credential of ours: the address
    /// itself is one.
    async fn download(&self, name: &str, redirect: &Answer) -> Result<Vec<u8>, GitHubError> {
        let address = error::text(&redirect.headers, "location").unwrap_or_default();
        let address = Url::parse(address)
            .map_err(|_| redirect.unreadable("the download's address is not one"))?;
        if address.scheme() != "https" && !self.caller.origin.starts_with("http://") {
            return Err(redirect.unreadable("the download is not encrypted"));
        }
        let failed = |error: reqwest::Error| GitHubError::Unknown {
            call: name.to_owned(),
            reason: format!("the download failed: {}", error::http_reason(&error)),
        };
        let request = self.github.downloads().get(address);
        let mut response = request.send().await.map_err(failed)?;
        if response.status() != StatusCode::OK {
            let status = response.status();
            return Err(error::refused(name, status, response.headers(), b""));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > ARTIFACT_LIMIT {
                return Err(unreadable(name, &too_large()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn unreadable(call: &str, reason: &str) -> GitHubError {
    GitHubError::Unreadable {
        call: call.to_owned(),
        reason: reason.to_owned(),
    }
}

fn too_large() -> String {
    format!("the artifact is larger than {ARTIFACT_LIMIT} bytes")
}

/// The files of a zip archive, by their paths within it: at most 100 with 10 MiB together, whatever it claims. One whose
/// path leads out of the archive is left out, and so is what is no file.
///
/// # Errors
/// When it is not an archive, broken, or larger; in words for whoever made it.
pub fn unzip(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))
        .map_err(|error| format!("not a zip archive: {error}"))?;
    if archive.len() > ARTIFACT_FILES {
        return Err(format!("the artifact has more than {ARTIFACT_FILES} files"));
    }
    let mut left = ARTIFACT_LIMIT;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index);
        let mut file = file.map_err(|error| format!("a file in it is broken: {error}"))?;
        let Some(path) = file.enclosed_name().filter(|_| file.is_file()) else {
            continue;
        };
        let mut content = Vec::new();
        // One byte beyond the limit tells "exactly at the limit" from "more than that".
        let mut bounded = file.by_ref().take(left as u64 + 1);
        bounded
            .read_to_end(&mut content)
            .map_err(|error| format!("a file in it is broken: {error}"))?;
        left = left.checked_sub(content.len()).ok_or_else(too_large)?;
        files.push((path.to_string_lossy().into_owned(), content));
    }
    Ok(files)
}
