//! What people do in a simulation: drawn from a seed, readable.

use std::fmt;

use super::random::Random;

/// One thing that somebody does. After each, everybody waits until it has come to its end.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Deed {
    /// Alice pushes to the default branch: `api`.
    Push,
    /// The same; the build of this commit fails.
    PushBroken,
    /// Alice pushes to the default branch: `web`.
    PushWeb,
    /// Alice changes what an environment is: what reads it is deployed again.
    Resize(u32),
    /// Alice presses Approve on the newest release of `api`, if it has the button.
    Approve,
    /// Alice proposes a change of `api`.
    Propose,
    /// Alice pushes to the open pull request.
    Amend,
    /// Alice comments on the open pull request.
    Say(&'static str),
    /// Alice merges the open pull request.
    Merge,
    /// Alice closes the open pull request.
    Close,
}

impl fmt::Display for Deed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Deed::Push => formatter.write_str("alice pushes a change of api"),
            Deed::PushBroken => {
                formatter.write_str("alice pushes a change of api that does not build")
            }
            Deed::PushWeb => formatter.write_str("alice pushes a change of web"),
            Deed::Resize(size) => write!(formatter, "alice makes staging size {size}"),
            Deed::Approve => formatter.write_str("alice approves the newest release of api"),
            Deed::Propose => formatter.write_str("alice proposes a change of api"),
            Deed::Amend => formatter.write_str("alice pushes to the pull request"),
            Deed::Say(words) => write!(formatter, "alice says `{words}`"),
            Deed::Merge => formatter.write_str("alice merges the pull request"),
            Deed::Close => formatter.write_str("alice closes the pull request"),
        }
    }
}

/// A story of three to eight deeds after the beginning, all of which are possible in their place.
pub(super) fn story(random: &mut Random) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let mut is_open = false;
    for _ in 0..3 + random.below(6) {
        let deed = match random.below(if is_open { 14 } else { 9 }) {
            0 => Deed::Push,
            1 => Deed::PushBroken,
            2 => Deed::PushWeb,
            3 => Deed::Resize(u32::try_from(random.below(3)).expect("it is small") + 2),
            4 | 5 => Deed::Approve,
            _ if !is_open => Deed::Propose,
            6 => Deed::Amend,
            7 | 8 => Deed::Say("/ocuroot deploy staging"),
            9 => Deed::Say("/ocuroot status"),
            10 => Deed::Say("/ocuroot lock staging"),
            11 => Deed::Say("/ocuroot unlock staging"),
            12 => Deed::Merge,
            _ => Deed::Close,
        };
        is_open = match deed {
            Deed::Propose => true,
            Deed::Merge | Deed::Close => false,
            _ => is_open,
        };
        deeds.push(deed);
    }
    deeds
}
