//! Layer 1: how much may be asked of GitHub, and when. GitHub bans who goes on after it has said no, so nothing is sent
//! that it would refuse; what waits is known, and until when. Pure: counting is told what was sent, and what time it is.
//!
//! Each installation has a [`Budget`] of its own. Numbers and reasons: reference/performance.md §5.

mod class;
mod coalesce;
mod limits;
mod state;
mod window;

pub use class::{Class, class};
pub use coalesce::progress;
pub use limits::{Ceiling, Limits};
pub use state::{Budget, Figures, Primary, Refusal, Sent, Verdict};

#[cfg(test)]
mod tests;
