//! Who belongs to which team.

use serde::Deserialize;

use super::call::{Call, segment};
use super::client::Installation;
use super::error::GitHubError;

#[derive(Deserialize)]
struct Membership {
    state: String,
}

impl Installation {
    /// Whether `login` is a member of `@organization/slug` at this moment, directly or through a team below it. An
    /// invitation that was not accepted does not count. Nobody belongs to a team that does not exist, or that
    /// the installation does not see: GitHub answers the same for both.
    ///
    /// # Errors
    /// `Forbidden` while the organization has not granted the App `members: read`; and whatever else keeps GitHub from
    /// answering: nobody belongs to a team on a guess.
    pub async fn is_team_member(
        &self,
        organization: &str,
        slug: &str,
        login: &str,
    ) -> Result<bool, GitHubError> {
        let (organization, slug, login) = (segment(organization), segment(slug), segment(login));
        let path = format!("/orgs/{organization}/teams/{slug}/memberships/{login}");
        match self.caller.json::<Membership>(Call::get(path)).await {
            Ok(membership) => Ok(membership.state == "active"),
            Err(GitHubError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
