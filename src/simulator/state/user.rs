//! People, organizations and bots.

use super::world::World;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// GitHub's id.
    pub id: u64,
    /// The name in URLs.
    pub login: String,
    /// `User`, `Organization` or `Bot`.
    pub kind: &'static str,
}

/// The login that Actions works under.
pub(crate) const ACTIONS_BOT: &str = "github-actions[bot]";

impl World {
    /// The account with this login. The first mention of a login registers it.
    pub(crate) fn user(&mut self, login: &str) -> User {
        let kind = if login.ends_with("[bot]") {
            "Bot"
        } else {
            "User"
        };
        self.account(login, kind)
    }

    /// The account that owns repositories; registered as an organization when it is new.
    pub(crate) fn owner(&mut self, login: &str) -> User {
        self.account(login, "Organization")
    }

    fn account(&mut self, login: &str, kind: &'static str) -> User {
        if let Some(user) = self.users.get(&login.to_lowercase()) {
            return user.clone();
        }
        let user = User {
            id: self.ids.next("user"),
            login: login.to_owned(),
            kind,
        };
        self.users.insert(login.to_lowercase(), user.clone());
        user
    }

    /// The account with this login, if it was ever mentioned.
    pub(crate) fn known_user(&self, login: &str) -> Option<User> {
        self.users.get(&login.to_lowercase()).cloned()
    }

    /// The login of the App's bot.
    pub(crate) fn bot(&self) -> String {
        format!("{}[bot]", self.app.slug)
    }
}
