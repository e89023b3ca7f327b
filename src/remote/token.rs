//! Who gives the command: a token of theirs, wherever people keep them.

use std::collections::BTreeMap;
use std::fmt;
use std::process::{Command, Stdio};

use anyhow::bail;

/// The first of these that is set counts.
const VARIABLES: [&str; 3] = ["OCUROOT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN"];

/// A GitHub token. It shows itself nowhere.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// The token of the environment, else that of `gh`.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(variables: &BTreeMap<String, String>) -> anyhow::Result<Token> {
        let set = VARIABLES.iter().filter_map(|name| variables.get(*name));
        let mut set = set
            .map(|token| token.trim())
            .filter(|token| !token.is_empty());
        let token = set.next().map(str::to_owned).or_else(of_gh);
        match token {
            Some(token) => Ok(Token(token)),
            None => bail!(
                "the server wants to know who you are: set OCUROOT_TOKEN to a GitHub token of yours (a fine-grained one \
                 without any permission will do), or sign in with `gh auth login`"
            ),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// What GitHub's own program is signed in with, if it is there.
fn of_gh() -> Option<String> {
    let mut gh = Command::new("gh");
    let gh = gh.args(["auth", "token"]).stdin(Stdio::null());
    let output = gh.stderr(Stdio::null()).output().ok()?;
    let token = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::Token;
    use std::collections::BTreeMap;

    #[test]
    fn the_token_for_ocuroot_comes_first_and_shows_itself_nowhere() {
        let variables = [
            ("GITHUB_TOKEN", "b"),
            ("OCUROOT_TOKEN", " a\n"),
            ("GH_TOKEN", "c"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let token = Token::find(&BTreeMap::from(variables)).expect("a token");
        assert_eq!(token.text(), "a");
        assert_eq!(format!("{token:?}"), "Token");
    }
}
