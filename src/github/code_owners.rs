//! Finding the `CODEOWNERS` file.

use super::client::Installation;
use super::error::GitHubError;
use crate::model::RepositoryName;

/// Where GitHub looks, in its order; the first file counts, alone.
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// GitHub does not load a file of this size or more, in bytes.
const SIZE_LIMIT: usize = 3 * 1024 * 1024;

impl Installation {
    /// The text of the `CODEOWNERS` file on `branch`; `None` when there is none, or no such branch. Costs one request
    /// for each place that GitHub looks in, until the file is found.
    ///
    /// # Errors
    /// `Unreadable` when it is too large for GitHub to load, or not UTF-8.
    pub async fn code_owners(
        &self,
        repository: &RepositoryName,
        branch: &str,
    ) -> Result<Option<String>, GitHubError> {
        for path in PLACES {
            // A file that moves from a later place to an earlier one in between is missed: the next look finds it.
            let Some(text) = self.file_text(repository, path, branch).await? else {
                continue;
            };
            if text.len() >= SIZE_LIMIT {
                return Err(GitHubError::Unreadable {
                    call: format!("{path} of {repository}"),
                    reason: String::from("GitHub does not load code owners of 3 MB or more"),
                });
            }
            return Ok(Some(text));
        }
        Ok(None)
    }
}
