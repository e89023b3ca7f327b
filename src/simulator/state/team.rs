//! Teams of organizations.

use super::world::World;

impl World {
    /// Makes these people the members of a team; the team is created when it is new.
    pub(crate) fn set_team(&mut self, organization: &str, slug: &str, members: &[&str]) {
        self.owner(organization);
        let members = members.iter().map(|login| {
            self.user(login);
            login.to_lowercase()
        });
        let members = members.collect();
        self.teams.insert(key(organization, slug), members);
    }

    /// Whether a person is in a team.
    pub(crate) fn is_in_team(&self, organization: &str, slug: &str, login: &str) -> bool {
        let members = self.teams.get(&key(organization, slug));
        members.is_some_and(|members| members.contains(&login.to_lowercase()))
    }
}

/// GitHub does not tell upper from lower case in either.
fn key(organization: &str, slug: &str) -> (String, String) {
    (organization.to_lowercase(), slug.to_lowercase())
}
